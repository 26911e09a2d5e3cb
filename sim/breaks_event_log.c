/* breaks_event_log.c - breaks of the guest's event log, and of the RTMRs that it must replay to. */
#include "sim/recipe.h"

static void extend_log(recipe *r, uint8_t imr, const char *name)
{
    event_log_spec *log = &r->log;
    log->events[log->count] = (event_spec){
        .imr = imr,
        .type = imr == 3 ? EVENT_TYPE_RUNTIME : 0x80000007u,
        .name = name,
        .version = 1,
        .written = true,
    };
    log->count++;
}

static void extra_rtmr0(recipe *r)
{
    extend_log(r, 0, "");
}

static void extra_rtmr3(recipe *r)
{
    extend_log(r, 3, "application");
}

static void hidden_rtmr3(recipe *r)
{
    extend_log(r, 3, "application");
    r->log.events[r->log.count - 1].measured = true;
    r->log.events[r->log.count - 1].written = false;
}

static void stripped_other_payload(recipe *r)
{
    r->log.events[EVENT_COMPOSE_HASH].digest = DIGEST_STRIPPED;
    r->log.events[EVENT_COMPOSE_HASH].payload_flipped = true;
}

static void nothing_written(recipe *r)
{
    for (size_t i = 0; i < r->log.count; i++) {
        r->log.events[i].written = false;
    }
}

#define FORMAT(name, code, from, to, summary) BREAK("log-" name, code, TDX, EDIT(log.edit, from, to), summary)

static const break_row rows[] = {
    /* replay */
    BREAK("log-rtmr0-event-missing", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR0_FIRST].written, false),
          "the log leaves out an event of RTMR0"),
    BREAK("log-rtmr1-event-missing", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR1_FIRST].written, false),
          "the log leaves out an event of RTMR1"),
    BREAK("log-rtmr2-event-missing", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR2_FIRST].written, false),
          "the log leaves out an event of RTMR2"),
    BREAK("log-rtmr3-event-missing", RTMR3_MISMATCH, TDX, SET(log.events[EVENT_COMPOSE_HASH].written, false),
          "the log leaves out compose-hash"),
    BREAK("log-rtmr0-event-not-measured", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR0_FIRST].measured, false),
          "the log has an event that RTMR0 does not"),
    BREAK("log-rtmr1-event-not-measured", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR1_FIRST].measured, false),
          "the log has an event that RTMR1 does not"),
    BREAK("log-rtmr2-event-not-measured", RTMR_MISMATCH, TDX, SET(log.events[EVENT_RTMR2_FIRST].measured, false),
          "the log has an event that RTMR2 does not"),
    BREAK("log-rtmr3-event-not-measured", RTMR3_MISMATCH, TDX, SET(log.events[EVENT_BOOT_DONE].measured, false),
          "the log has an event that RTMR3 does not"),
    BREAK("log-rtmr0-swapped", RTMR_MISMATCH, TDX, SET(log.swapped, 1),
          "two events of RTMR0 the wrong way round"),
    BREAK("log-rtmr1-swapped", RTMR_MISMATCH, TDX, SET(log.swapped, EVENT_RTMR1_SECOND),
          "two events of RTMR1 the wrong way round"),
    BREAK("log-rtmr2-swapped", RTMR_MISMATCH, TDX, SET(log.swapped, EVENT_RTMR2_FIRST),
          "two events of RTMR2 the wrong way round"),
    BREAK("log-rtmr3-swapped", RTMR3_MISMATCH, TDX, SET(log.swapped, EVENT_APP_ID),
          "app-id and compose-hash the wrong way round"),
    BREAK("log-rtmr0-extra-event", RTMR_MISMATCH, TDX, CALL(extra_rtmr0),
          "an event at the end that RTMR0 does not have"),
    BREAK("log-rtmr3-extra-event", RTMR3_MISMATCH, TDX, CALL(extra_rtmr3),
          "an event at the end that RTMR3 does not have"),
    BREAK("log-rtmr3-hidden-event", RTMR3_MISMATCH, TDX, CALL(hidden_rtmr3),
          "RTMR3 was extended once more than the log says"),
    BREAK("log-rtmr0-preloaded", RTMR_MISMATCH, TDX, SET(quote.body[TD_RTMR], 1),
          "RTMR0 did not start from zero"),
    BREAK("log-rtmr1-preloaded", RTMR_MISMATCH, TDX, SET(quote.body[TD_RTMR + 48], 1),
          "RTMR1 did not start from zero"),
    BREAK("log-rtmr2-preloaded", RTMR_MISMATCH, TDX, SET(quote.body[TD_RTMR + 96], 1),
          "RTMR2 did not start from zero"),
    BREAK("log-rtmr3-preloaded", RTMR3_MISMATCH, TDX, SET(quote.body[TD_RTMR + 144], 1),
          "RTMR3 did not start from zero"),
    BREAK("log-empty-array", RTMR3_MISMATCH, TDX, CALL(nothing_written), "no event at all"),
    BREAK("log-stripped-other-payload", RTMR3_MISMATCH, TDX, CALL(stripped_other_payload),
          "another compose-hash, and the digest left out"),
    /* digests */
    BREAK("log-digest-of-other-content", EVENT_DIGEST, TDX,
          SET(log.events[EVENT_COMPOSE_HASH].digest, DIGEST_OF_OTHER_CONTENT),
          "RTMR3 has the event's digest, but it is not of what the event says"),
    BREAK("log-other-payload", EVENT_DIGEST, TDX, SET(log.events[EVENT_COMPOSE_HASH].payload_flipped, true),
          "another compose-hash under the old digest"),
    BREAK("log-app-id-other-payload", EVENT_DIGEST, TDX, SET(log.events[EVENT_APP_ID].payload_flipped, true),
          "another app-id under the old digest"),
    BREAK("log-version-2-digest-of-1", EVENT_DIGEST, TDX, SET(log.events[EVENT_COMPOSE_HASH].version, 2),
          "an event of version 2 with the digest of version 1"),
    FORMAT("other-name", EVENT_DIGEST, "\"event\":\"app-id\"", "\"event\":\"app-ie\"",
           "another name under the old digest"),
    /* form */
    FORMAT("imr-4", EVENT_LOG_FORMAT, "\"imr\":0", "\"imr\":4", "an event of RTMR4"),
    FORMAT("imr-negative", EVENT_LOG_FORMAT, "\"imr\":0", "\"imr\":-1", "an event of RTMR-1"),
    FORMAT("runtime-event-in-rtmr0", EVENT_LOG_FORMAT, "\"imr\":3", "\"imr\":0",
           "a runtime event outside RTMR3"),
    FORMAT("firmware-event-in-rtmr3", EVENT_LOG_FORMAT, "\"imr\":3,\"event_type\":134217729",
           "\"imr\":3,\"event_type\":4", "a firmware event in RTMR3"),
    FORMAT("type-too-large", EVENT_LOG_FORMAT, "\"event_type\":134217729", "\"event_type\":4294967296",
           "an event type of more than 32 bits"),
    FORMAT("digest-47-bytes", EVENT_LOG_FORMAT, "\",\"event\":\"app-id\"", "00\",\"event\":\"app-id\"",
           "a digest of 49 bytes"),
    BREAK("log-firmware-digest-stripped", EVENT_LOG_FORMAT, TDX,
          SET(log.events[EVENT_RTMR0_FIRST].digest, DIGEST_STRIPPED), "a firmware event without its digest"),
    FORMAT("version-3", EVENT_LOG_FORMAT, "\"event\":\"app-id\",", "\"event\":\"app-id\",\"version\":3,",
           "a version that nobody knows"),
    FORMAT("name-empty", EVENT_LOG_FORMAT, "\"event\":\"app-id\"", "\"event\":\"\"",
           "a runtime event without a name"),
    FORMAT("name-with-colon", EVENT_LOG_FORMAT, "\"event\":\"app-id\"", "\"event\":\"app:id\"",
           "a colon, which makes the digest ambiguous"),
    FORMAT("payload-not-hex", EVENT_LOG_FORMAT, "\"app-id\",\"event_payload\":\"",
           "\"app-id\",\"event_payload\":\"xx", "a payload that is not hex"),
    FORMAT("payload-odd", EVENT_LOG_FORMAT, "\"app-id\",\"event_payload\":\"",
           "\"app-id\",\"event_payload\":\"0", "an odd number of hex digits"),
    FORMAT("no-imr", EVENT_LOG_FORMAT, "\"imr\":0,", "", "an event without imr"),
    FORMAT("no-type", EVENT_LOG_FORMAT, "\"event_type\"", "\"x\"", "an event without event_type"),
    FORMAT("no-digest", EVENT_LOG_FORMAT, "\"digest\"", "\"x\"", "an event without digest"),
    FORMAT("no-name", EVENT_LOG_FORMAT, "\"event\"", "\"x\"", "an event without event"),
    FORMAT("no-payload", EVENT_LOG_FORMAT, "\"event_payload\"", "\"x\"", "an event without event_payload"),
    FORMAT("duplicate-key", JSON_DUPLICATE_KEY, "\"imr\":0,", "\"imr\":0,\"imr\":0,", "a member comes twice"),
    FORMAT("object", EVENT_LOG_FORMAT, "[", "{\"events\":[", "an object, not an array"),
    FORMAT("trailing-text", JSON, NULL, "x", "text after the array"),
    FORMAT("trailing-comma", JSON, "}]", "},]", "a comma after the last event"),
};

BREAK_GROUP(breaks_event_log, rows);
