/* breaks_envelope.c - breaks of the envelope's form, and of what its parts say of the application: system events,
 * compose file, KMS chain. */
#include "sim/recipe.h"

#define PREFIX "application/vnd.chaoschain."
#define LINK_OF_ZEROS                                                   \
    "00000000000000000000000000000000000000000000000000000000000000000" \
    "00000000000000000000000000000000000000000000000000000000000000000"
#define NAME_TOO_LONG "abcdefghijklmnopqrstuvwxyz-01234" /* 32 characters */

/* --------------------------------------------------------- system events ---- */

static void bare_app_id(recipe *r)
{
    r->log.events[EVENT_APP_ID].name = "app-ie";
}

/* Where the application, too, can put it: after system-ready. */
static void late_app_id(recipe *r)
{
    event_log_spec *log = &r->log;
    log->events[log->count++] = log->events[EVENT_APP_ID];
    bare_app_id(r);
}

static void bare_compose_hash(recipe *r)
{
    r->log.events[EVENT_COMPOSE_HASH].name = "compose-hasi";
}

static void late_compose_hash(recipe *r)
{
    event_log_spec *log = &r->log;
    log->events[log->count++] = log->events[EVENT_COMPOSE_HASH];
    bare_compose_hash(r);
}

/* The first counts: an application that repeats the event does not change what was measured. */
static void second_compose_hash(recipe *r)
{
    event_log_spec *log = &r->log;
    event_spec *first = &log->events[EVENT_COMPOSE_HASH];
    log->events[EVENT_SYSTEM_READY + 1] = log->events[EVENT_SYSTEM_READY];
    log->events[EVENT_SYSTEM_READY] = *first;
    log->count++;
    first->payload[0] ^= 0x01;
}

static void set_key_provider(recipe *r, const char *text)
{
    event_spec *event = &r->log.events[EVENT_KEY_PROVIDER];
    event->payload_size = strlen(text);
    memcpy(event->payload, text, event->payload_size);
}

static void key_provider_empty(recipe *r)
{
    set_key_provider(r, "");
}

static void key_provider_not_json(recipe *r)
{
    set_key_provider(r, "kms");
}

static void key_provider_nameless(recipe *r)
{
    set_key_provider(r, "{\"id\":\"00\"}");
}

static void key_provider_no_name(recipe *r)
{
    set_key_provider(r, "{\"name\":\"\",\"id\":\"00\"}");
}

static void key_provider_long_name(recipe *r)
{
    set_key_provider(r, "{\"name\":\"a-provider-of-keys\",\"id\":\"00\"}");
}

/* ------------------------------------------------------------- KMS chain ---- */

static void without_log(recipe *r)
{
    r->envelope.omitted = 1u << PART_DSTACK_EVENT_LOG | 1u << PART_DSTACK_APP_COMPOSE;
}

static void compose_without_log(recipe *r)
{
    r->envelope.omitted = 1u << PART_DSTACK_EVENT_LOG;
}

#define SYNTAX(name, code, from, to, summary) \
    ENVELOPE_BREAK("envelope-" name, code, summary, EDIT(envelope.edit, from, to))
#define FORM(name, from, to, summary) SYNTAX(name, ENVELOPE_FORMAT, from, to, summary)
#define CUT(name, after, summary) \
    ENVELOPE_BREAK("envelope-" name, ENVELOPE_FORMAT, summary, SET_TEXT(envelope.cut_after, after))
#define PART_AS(name, from, to, summary) FORM(name, PREFIX from, PREFIX to, summary)
#define EVENT(name, summary, ...) ENVELOPE_BREAK("event-" name, EVENT_LOG_FORMAT, summary, __VA_ARGS__)
#define KMS_FORM(name, from, to, summary) \
    ENVELOPE_BREAK("kms-" name, KMS_CHAIN_FORMAT, summary, EDIT(envelope.kms_edit, from, to))
#define KMS(name, summary, ...) ENVELOPE_BREAK("kms-" name, KMS_CHAIN, summary, __VA_ARGS__)

static const break_row rows[] = {
    /* members */
    FORM("schema-2", "chaoschain/envelope/1", "chaoschain/envelope/2", "a schema that nobody knows"),
    FORM("unknown-member", "\"collateral\":null", "\"collateral\":null,\"comment\":null",
         "a member that nobody knows"),
    FORM("no-binding", "{\"binding\"", "{\"bindinh\"", "no binding"),
    FORM("no-collateral", "\"collateral\":null,", "", "no member collateral, not even null"),
    FORM("no-endorsement", "\"endorsement\":null,", "", "no member endorsement, not even null"),
    FORM("no-evidence", "\"evidence\":", "\"evidencf\":", "no evidence"),
    FORM("no-possession", "\"possession\"", "\"possessioo\"", "no possession"),
    FORM("no-provider", "\"provider\":\"simulated\",", "", "no provider"),
    FORM("no-schema", ",\"schema\":\"chaoschain/envelope/1\"", "", "no schema"),
    FORM("binding-null", "{\"binding\":\"0x", "{\"binding\":null,\"collateral\":\"", "a binding of null"),
    FORM("endorsement-false", "\"endorsement\":null", "\"endorsement\":false", "an endorsement of false"),
    FORM("endorsement-empty", "\"endorsement\":null", "\"endorsement\":\"0x\"", "an endorsement of no bytes"),
    FORM("collateral-empty", "\"collateral\":null", "\"collateral\":\"\"", "collateral without text"),
    FORM("collateral-object", "\"collateral\":null", "\"collateral\":{}",
         "collateral as an object, not as text"),
    FORM("provider-upper-case", "\"simulated\"", "\"Simulated\"", "a provider's name has lower-case letters"),
    FORM("provider-empty", "\"simulated\"", "\"\"", "a provider without a name"),
    FORM("provider-too-long", "\"simulated\"", "\"" NAME_TOO_LONG "\"", "a provider's name of 32 letters"),
    CUT("binding-479-bytes", "{\"binding\":\"0x", "a binding of 479 bytes"),
    FORM("binding-481-bytes", "{\"binding\":\"0x", "{\"binding\":\"0x00", "a binding of 481 bytes"),
    FORM("binding-no-prefix", "{\"binding\":\"0x", "{\"binding\":\"", "a binding without 0x"),
    FORM("binding-upper-case", "{\"binding\":\"0xfbfe", "{\"binding\":\"0xFBFE",
         "upper-case hex: another hash, one meaning"),
    FORM("binding-not-hex", "{\"binding\":\"0xf", "{\"binding\":\"0xg", "a binding that is not hex"),
    CUT("possession-64-bytes", "\"possession\":\"0x", "a signature without v"),
    FORM("possession-66-bytes", "\"possession\":\"0x", "\"possession\":\"0x00", "a signature of 66 bytes"),
    FORM("possession-no-prefix", "\"possession\":\"0x", "\"possession\":\"", "a signature without 0x"),
    FORM("possession-0x-upper", "\"possession\":\"0x", "\"possession\":\"0X", "a signature with 0X"),
    /* parts */
    FORM("evidence-object", "\"evidence\":[", "\"evidence\":{\"parts\":[", "the parts in an object"),
    PART_AS("parts-unsorted", "dstack-app-compose", "x509-chain", "the last name comes first"),
    PART_AS("part-twice", "dstack-app-compose", "dstack-event-log", "two event logs"),
    PART_AS("part-unknown", "dstack-app-compose", "dstack-app-compost", "a part that nobody knows"),
    FORM("part-other-prefix", "\"" PREFIX "dstack-app-compose\"",
         "\"application/vnd.chaos.dstack-app-compose\"",
         "a media type of somebody else"),
    FORM("part-with-parameter", "dstack-app-compose\"", "dstack-app-compose;v=1\"",
         "a media type with a parameter"),
    PART_AS("two-quotes", "dstack-kms-chain", "sgx-quote", "an SGX quote beside the TDX quote"),
    PART_AS("no-quote", "tdx-quote", "x509-chain", "no quote"),
    ENVELOPE_BREAK("envelope-quote-omitted", ENVELOPE_FORMAT, "everything but the quote",
                   SET(envelope.omitted, 1u << PART_TDX_QUOTE)),
    FORM("part-unknown-member", "\"media_type\"", "\"encoding\":\"base64\",\"media_type\"",
         "a part has a strange member"),
    FORM("part-no-data", "{\"data\":", "{\"datb\":", "a part without data"),
    FORM("part-no-media-type", "\"media_type\"", "\"media_typf\"", "a part without a media type"),
    CUT("part-base64-cut", "{\"data\":\"", "base64 that does not come in fours"),
    FORM("part-base64-blank", "{\"data\":\"", "{\"data\":\"    ", "blanks in base64"),
    FORM("part-base64-url", "{\"data\":\"", "{\"data\":\"____", "the alphabet of URLs"),
    FORM("part-empty", "{\"data\":\"",
         "{\"data\":\"\",\"media_type\":\"" PREFIX "dstack-app-compose\"},{\"data\":\"",
         "a part of no bytes"),
    /* JSON */
    SYNTAX("duplicate-member", JSON_DUPLICATE_KEY, "\"collateral\":null",
           "\"collateral\":null,\"collateral\":null",
           "a member comes twice"),
    SYNTAX("trailing-text", JSON, NULL, "x", "text after the object"),
    SYNTAX("trailing-comma", JSON, "chaoschain/envelope/1\"}", "chaoschain/envelope/1\",}",
           "a comma after the last member"),
    SYNTAX("byte-order-mark", JSON, "", "\xef\xbb\xbf", "a byte order mark"),
    SYNTAX("array", ENVELOPE_FORMAT, "", "[", "an array, not an object"),
    /* system events */
    EVENT("app-id-19-bytes", "an app-id of 19 bytes", SET(log.events[EVENT_APP_ID].payload_size, 19)),
    EVENT("app-id-21-bytes", "an app-id of 21 bytes", SET(log.events[EVENT_APP_ID].payload_size, 21)),
    EVENT("app-id-empty", "an app-id of no bytes", SET(log.events[EVENT_APP_ID].payload_size, 0)),
    EVENT("compose-hash-31-bytes", "a compose-hash of 31 bytes",
          SET(log.events[EVENT_COMPOSE_HASH].payload_size, 31)),
    EVENT("compose-hash-33-bytes", "a compose-hash of 33 bytes",
          SET(log.events[EVENT_COMPOSE_HASH].payload_size, 33)),
    EVENT("instance-id-19-bytes", "an instance-id of 19 bytes",
          SET(log.events[EVENT_INSTANCE_ID].payload_size, 19)),
    EVENT("os-image-hash-31-bytes", "an os-image-hash of 31 bytes",
          SET(log.events[EVENT_OS_IMAGE_HASH].payload_size, 31)),
    EVENT("key-provider-empty", "a key-provider of no bytes", CALL(key_provider_empty)),
    EVENT("key-provider-not-json", "a key-provider that is not JSON", CALL(key_provider_not_json)),
    EVENT("key-provider-without-name", "a key-provider without a name", CALL(key_provider_nameless)),
    EVENT("key-provider-empty-name", "a key-provider with an empty name", CALL(key_provider_no_name)),
    EVENT("key-provider-long-name", "a key-provider with a name that is too long",
          CALL(key_provider_long_name)),
    /* compose file */
    ENVELOPE_BREAK("compose-changed", APP_COMPOSE, "another compose file than the one that was measured",
                   SET_TEXT(envelope.app_compose, "{\"manifest_version\":2}")),
    ENVELOPE_BREAK("compose-hash-missing", APP_COMPOSE, "no compose file was measured",
                   CALL(bare_compose_hash)),
    ENVELOPE_BREAK("compose-hash-late", APP_COMPOSE,
                   "the compose-hash comes after system-ready, where the application itself writes",
                   CALL(late_compose_hash)),
    ENVELOPE_BREAK("compose-hash-second", APP_COMPOSE,
                   "the second compose-hash is of this file; the first counts",
                   CALL(second_compose_hash)),
    ENVELOPE_BREAK("compose-without-log", APP_COMPOSE, "a compose file, but no event log",
                   CALL(compose_without_log)),
    /* KMS chain */
    KMS("purpose", "a chain for another purpose", SET_TEXT(envelope.purpose, "signing")),
    KMS("purpose-longer", "the purpose only begins rightly", SET_TEXT(envelope.purpose, "chaoschain-agent2")),
    KMS("purpose-empty", "a chain for no purpose", SET_TEXT(envelope.purpose, "")),
    KMS("app-id-missing", "no app-id was measured", CALL(bare_app_id)),
    KMS("app-id-late", "the app-id comes after system-ready, where the application itself writes",
        CALL(late_app_id)),
    KMS("without-log", "a chain, but no event log that says whose", CALL(without_log)),
    KMS("key-link-v-4", "v of the first link is 4", SET(envelope.key_link.v, 4)),
    KMS("key-link-v-27", "v of the first link is 27: dstack counts from 0", SET(envelope.key_link.v, 27)),
    KMS("key-link-high-s", "n - s: the second form of the first link", SET(envelope.key_link.form, K1_HIGH_S)),
    KMS("key-link-r-zero", "r of the first link is 0", SET(envelope.key_link.form, K1_R_ZERO)),
    KMS("key-link-s-zero", "s of the first link is 0", SET(envelope.key_link.form, K1_S_ZERO)),
    KMS("key-link-r-order", "r of the first link is n", SET(envelope.key_link.form, K1_R_ORDER)),
    KMS("key-link-r-no-point", "no point of the curve has the first r",
        SET(envelope.key_link.form, K1_R_NO_POINT)),
    KMS("root-link-v-4", "v of the second link is 4", SET(envelope.root_link.v, 4)),
    KMS("root-link-v-28", "v of the second link is 28: dstack counts from 0", SET(envelope.root_link.v, 28)),
    KMS("root-link-high-s", "n - s: the second form of the second link",
        SET(envelope.root_link.form, K1_HIGH_S)),
    KMS("root-link-r-zero", "r of the second link is 0", SET(envelope.root_link.form, K1_R_ZERO)),
    KMS("root-link-s-zero", "s of the second link is 0", SET(envelope.root_link.form, K1_S_ZERO)),
    KMS("root-link-r-order", "r of the second link is n", SET(envelope.root_link.form, K1_R_ORDER)),
    KMS("root-link-r-no-point", "no point of the curve has the second r",
        SET(envelope.root_link.form, K1_R_NO_POINT)),
    KMS_FORM("algorithm", "\"secp256k1\",", "\"ed25519\",", "a chain of another algorithm"),
    KMS_FORM("no-algorithm", "\"algorithm\":\"secp256k1\",", "", "no algorithm"),
    KMS_FORM("no-path", "\"path\"", "\"pati\"", "no path"),
    KMS_FORM("no-purpose", "\"purpose\":\"chaoschain-agent\",", "", "no purpose"),
    KMS_FORM("no-chain", "\"signature_chain\"", "\"signature_chaim\"", "no signatures"),
    KMS_FORM("unknown-member", "{\"algorithm\"", "{\"a\":0,\"algorithm\"", "a member that nobody knows"),
    KMS_FORM("no-links", "\"signature_chain\":[", "\"signature_chain\":[],\"z\":[", "an empty chain"),
    KMS_FORM("three-links", "[\"", "[\"" LINK_OF_ZEROS "\",\"", "three links"),
    KMS_FORM("link-odd", "[\"", "[\"0", "an odd number of hex digits"),
    KMS_FORM("link-66-bytes", "[\"", "[\"00", "a link of 66 bytes"),
    KMS_FORM("link-0x", "[\"", "[\"0x", "a link with 0x"),
    KMS_FORM("array", "{", "[{", "an array, not an object"),
    ENVELOPE_BREAK("kms-duplicate-member", JSON_DUPLICATE_KEY, "a member comes twice",
                   EDIT(envelope.kms_edit, "{", "{\"path\":\"\",")),
    ENVELOPE_BREAK("kms-trailing-text", JSON, "text after the object", EDIT(envelope.kms_edit, NULL, "x")),
};

BREAK_GROUP(breaks_envelope, rows);
