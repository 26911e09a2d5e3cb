/* test_dstack_measurements.c - recorded guests of dstack: fields of their quotes, the replay of their logs, and the values
 * that dstack derives from both. Two of them under Intel's root, with statements of Intel of that time. */
#include "tests/support/dstack_kit.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MR_CONFIG_ID = 184,          /* three fields of 48 bytes */
    QUOTE_REPORT_AT = 1783209600 /* 2026-07-05 */
};

/* A recorded guest: its quote, its log, its line in measurements-expected.json. */
typedef struct recorded {
    const json_t *row;
    chaos_buffer quote;
    char *log;
    dcap_quote read;
} recorded;

/* ------------------------------------------------------------------- the files ---- */

static void load_pair(const char *folder, recorded *r)
{
    char name[256];
    chaos_buffer text;
    (void)snprintf(name, sizeof name, "dstack/%s/quote.hex", folder);
    assert_true(read_vector(name, &text));
    while (text.size > 0 && text.data[text.size - 1] <= ' ') {
        text.size--;
    }
    r->quote = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE);
    uint8_t *room = buffer_reserve(&r->quote, text.size / 2);
    assert_true(room != NULL && hex_decode(bytes_of(&text), room, text.size / 2));
    r->quote.size = text.size / 2;
    chaos_buffer_free(&text);
    (void)snprintf(name, sizeof name, "dstack/%s/eventlog.json", folder);
    json_t *log = read_vector_json(name);
    r->log = json_dumps(log, JSON_COMPACT);
    json_decref(log);
}

static void load_report(const char *file, recorded *r)
{
    char name[256];
    (void)snprintf(name, sizeof name, "dstack/%s", file);
    json_t *report = read_vector_json(name);
    hex_member_buffer(report, "quote", &r->quote);
    r->log = strdup(text_member(report, "event_log"));
    json_decref(report);
}

/* The blob of an attestation, taken apart to its last byte; shorter or longer ones are not well-formed. */
static void load_attestation(const char *file, recorded *r)
{
    char name[256];
    chaos_buffer blob;
    (void)snprintf(name, sizeof name, "dstack/%s", file);
    assert_true(read_vector(name, &blob));
    json_t *parts = attestation_to_json(bytes_of(&blob));
    assert_non_null(parts);
    hex_member_buffer(parts, "quote", &r->quote);
    r->log = json_dumps(json_object_get(parts, "event_log"), JSON_COMPACT);
    assert_null(attestation_to_json(slice(blob.data, blob.size - 1)));
    json_decref(parts);
    chaos_buffer_free(&blob);
}

static void load(const json_t *row, recorded *r)
{
    const char *file = text_member(row, "file");
    const char *end = strstr(file, "/quote.hex + ");
    char folder[128];
    fault why = { 0 };
    *r = (recorded){ .row = row };
    if (end != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(end - file), file);
        load_pair(folder, r);
    } else if (strstr(file, ".bin") != NULL) {
        load_attestation(file, r);
    } else {
        load_report(file, r);
    }
    assert_non_null(r->log);
    if (!dcap_quote_read(bytes_of(&r->quote), &r->read, &why)) {
        fail_msg("%s: %s", file, why.reason);
    }
}

static void unload(recorded *r)
{
    chaos_buffer_free(&r->quote);
    free(r->log);
}

/* ------------------------------------------------------------------- the quote ---- */

static void expect_bytes(const json_t *row, const char *key, chaos_slice found)
{
    uint8_t wanted[64];
    hex_member(row, key, wanted, found.size);
    if (memcmp(found.data, wanted, found.size) != 0) {
        fail_msg("%s: %s differs", text_member(row, "file"), key);
    }
}

static void check_quote(const recorded *r)
{
    static const struct {
        const char *key;
        size_t offset, size;
    } fields[] = {
        { "tee_tcb_svn", TD_TEE_TCB_SVN, 16 },
        { "td_attributes", TD_ATTRIBUTES, 8 },
        { "xfam", TD_XFAM, 8 },
        { "mr_signer_seam", TD_MR_SIGNER_SEAM, 48 },
        { "mr_td", TD_MR_TD, 48 },
        { "mr_config_id", MR_CONFIG_ID, 48 },
        { "rtmr0", TD_RTMR, 48 },
        { "rtmr1", TD_RTMR + 48, 48 },
        { "rtmr2", TD_RTMR + 96, 48 },
        { "rtmr3", TD_RTMR + 144, 48 },
        { "report_data", TD_REPORT_DATA, 64 },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(fields); i++) {
        expect_bytes(r->row, fields[i].key, slice(r->read.body.data + fields[i].offset, fields[i].size));
    }
    assert_int_equal(r->quote.size, json_integer_value(json_object_get(r->row, "quote_len")));
    assert_int_equal(r->read.consumed, json_integer_value(json_object_get(r->row, "quote_end")));
}

/* ------------------------------------------------------------------- the replay ---- */

typedef struct replayed {
    uint8_t rtmr[4][SHA384_SIZE], boot_done[SHA384_SIZE];
    size_t counts[4], runtime;
    chaos_buffer key_provider;
} replayed;

static void check_runtime_event(const json_t *row, const log_event *event, const uint8_t digest[SHA384_SIZE])
{
    char payload[2 * 4096 + 1] = { 0 };
    memcpy(payload, event->payload_hex.data, event->payload_hex.size);
    assert_string_equal(payload, text_member(row, "payload_hex"));
    assert_true(slice_is(event->name, text_member(row, "event")));
    uint8_t wanted[SHA384_SIZE];
    hex_member(row, "digest_v1", wanted, sizeof wanted);
    assert_memory_equal(digest, wanted, sizeof wanted);
    assert_int_equal(event->has_digest, text_member(row, "digest_in_log")[0] != '\0');
}

static void replay(const recorded *r, replayed *out)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event event;
    const json_t *runtime = json_object_get(r->row, "runtime_events");
    *out = (replayed){ .key_provider = CHAOS_BUFFER_INIT(4096) };
    event_log_begin(&reading, slice_text(r->log), &storage);
    while (event_log_next(&reading, &event)) {
        uint8_t digest[SHA384_SIZE];
        memcpy(digest, event.digest, sizeof digest);
        if (event.event_type == EVENT_TYPE_RUNTIME) {
            assert_true(event_digest(&event, digest));
            check_runtime_event(json_array_get(runtime, out->runtime++), &event, digest);
        }
        hash_sha384_two(slice(out->rtmr[event.imr], SHA384_SIZE), slice(digest, sizeof digest), out->rtmr[event.imr]);
        out->counts[event.imr]++;
        if (slice_is(event.name, "boot-mr-done")) {
            memcpy(out->boot_done, out->rtmr[3], SHA384_SIZE);
        }
        if (slice_is(event.name, "key-provider") && out->key_provider.size == 0) {
            uint8_t *room = buffer_reserve(&out->key_provider, event.payload_hex.size / 2);
            assert_true(room != NULL && hex_decode(event.payload_hex, room, event.payload_hex.size / 2));
            out->key_provider.size = event.payload_hex.size / 2;
        }
    }
    assert_int_equal(event_log_fault(&reading)->status, CHAOS_OK);
    assert_int_equal(out->runtime, json_array_size(runtime));
}

static size_t check_replay(const recorded *r, const replayed *played)
{
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(played->counts[i], json_integer_value(json_array_get(json_object_get(r->row, "event_counts"), i)));
        assert_true(json_is_true(json_array_get(json_object_get(r->row, "replay_matches"), i)));
        assert_memory_equal(played->rtmr[i], r->read.body.data + TD_RTMR + i * SHA384_SIZE, SHA384_SIZE);
    }
    expect_bytes(r->row, "rtmr3_boot_mr_done", slice(played->boot_done, SHA384_SIZE));
    return 4;
}

/* The simulator's own sums, over the registers of this guest. */
static void check_derived(const recorded *r, const replayed *played)
{
    guest *g = guest_of_seed("sums");
    event_spec *provider = &g->r.log.events[EVENT_KEY_PROVIDER];
    assert_true(played->key_provider.size <= sizeof provider->payload);
    memcpy(provider->payload, played->key_provider.data, played->key_provider.size);
    provider->payload_size = played->key_provider.size;
    memcpy(g->r.quote.body, r->read.body.data, r->read.body.size);
    chaos_sha256 of_system = guest_mr_system(g), aggregated = guest_mr_aggregated(g);
    chaos_sha256 of_provider = hash_sha256(bytes_of(&played->key_provider));
    expect_bytes(r->row, "mr_key_provider", slice(of_provider.bytes, 32));
    expect_bytes(r->row, "mr_system", slice(of_system.bytes, 32));
    expect_bytes(r->row, "mr_aggregated", slice(aggregated.bytes, 32));
    guest_free(g);
}

static void test_measurements(void **state)
{
    json_t *vectors, *row;
    const char *name;
    size_t guests = 0, registers = 0, events = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/measurements-expected.json");
    json_object_foreach(json_object_get(vectors, "fixtures"), name, row)
    {
        recorded r;
        replayed played;
        load(row, &r);
        check_quote(&r);
        replay(&r, &played);
        registers += check_replay(&r, &played);
        events += played.runtime;
        check_derived(&r, &played);
        guests++;
        chaos_buffer_free(&played.key_provider);
        unload(&r);
    }
    assert_true(guests > 0);
    print_message("measurements: %zu guests, %zu registers replayed, %zu runtime events\n", guests, registers, events);
    json_decref(vectors);
}

/* ---------------------------------------------------------- under Intel's root ---- */

static json_t *judge(const recorded *r, const char *log, const char *collateral_name, int64_t now, int *exit_code)
{
    chaos_buffer collateral;
    assert_true(read_vector(collateral_name, &collateral));
    const check_input input = { .quote = bytes_of(&r->quote),
                                .event_log = slice_text(log),
                                .collateral = bytes_of(&collateral),
                                .no_policy = true,
                                .now = now };
    json_t *verdict = check_to_json(&input, exit_code);
    chaos_buffer_free(&collateral);
    return verdict;
}

static void expect_verdict(const recorded *r, const char *log, const char *collateral, const char *code)
{
    int exit_code = -1;
    json_t *verdict = judge(r, log, collateral, QUOTE_REPORT_AT, &exit_code);
    if (strcmp(verdict_error_code(verdict), code) != 0) {
        fail_msg("%s: expected '%s', found '%s'", text_member(r->row, "file"), code, verdict_error_code(verdict));
    }
    assert_int_equal(exit_code == 0, code[0] == '\0');
    json_decref(verdict);
}

/* The first digit of the payload of this event becomes another one. */
static char *with_other_payload(const char *log, const char *event)
{
    char *copy = strdup(log);
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "\"event\":\"%s\",\"event_payload\":\"", event);
    char *place = strstr(copy, pattern);
    if (place == NULL) {
        fail_msg("the log has no %s", pattern);
    }
    place += strlen(pattern);
    *place = *place == '0' ? '1' : '0';
    return copy;
}

/* Two guests of 2025 and 2026 as one of the time could have judged them: their logs replay, one of them stripped, and an
 * altered payload is seen whether or not the log has the digest. */
static void test_real_guests(void **state)
{
    static const char collateral[] = "dcap/collateral/tdx_v3_90c06f000000_eval19_20260629014247__20260629014243_a777_c114.json";
    static const struct {
        const char *file, *altered;
    } guests[] = {
        { "verifier/quote-report.json", "EVENT_DIGEST" },
        { "verifier/tdx-lite-getquote.json", "RTMR3_MISMATCH" }, /* no digest to compare with */
    };
    (void)state;
    REQUIRE_VECTORS();
    json_t *vectors = read_vector_json("dstack/vectors/measurements-expected.json");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(guests); i++) {
        recorded r;
        load(json_object_get(json_object_get(vectors, "fixtures"), guests[i].file), &r);
        expect_verdict(&r, r.log, collateral, "");
        char *altered = with_other_payload(r.log, "compose-hash");
        expect_verdict(&r, altered, collateral, guests[i].altered);
        free(altered);
        r.quote.data[48 + TD_REPORT_DATA] ^= 1; /* as dstack's own simulator rewrites its recorded quote */
        expect_verdict(&r, r.log, collateral, "QUOTE_SIGNATURE");
        unload(&r);
    }
    print_message("real guests: %zu verified under Intel's root\n", CHAOS_ARRAY_SIZE(guests));
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measurements),
        cmocka_unit_test(test_real_guests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
