/* test_policy.c - which policies are read, which are refused, and what the refusal says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "appraise/internal.h"

#define SCHEMA "\"schema\":\"chaoschain/policy/1\""
#define H6 "50806f000000"
#define H16 "000102030405060708090a0b0c0d0e0f"
#define H20 "000102030405060708090a0b0c0d0e0f10111213"
#define H32 H16 H16
#define H33 H32 "ff"
#define H48 H32 H16

static chaos_status parse(const char *text, chaos_policy **policy, chaos_error *err)
{
    return chaos_policy_parse(slice_text(text), policy, err);
}

static void assert_refused(const char *text, chaos_status status, const char *field)
{
    CHAOS_AUTO(chaos_policy, policy);
    chaos_error err;

    chaos_status got = parse(text, &policy, &err);
    bool right_field = field == NULL || (err.field != NULL && strcmp(err.field, field) == 0);
    if (got != status || policy != NULL || !right_field) {
        fail_msg("%s: expected %s at %s, got %s at %s (%s)", text, chaos_status_name(status),
                 field == NULL ? "any field" : field, chaos_status_name(got), err.field == NULL ? "none" : err.field,
                 err.text);
    }
    assert_int_equal(err.status, status);
    assert_string_not_equal(err.text, "");
}

static void assert_accepted(const char *text)
{
    CHAOS_AUTO(chaos_policy, policy);
    chaos_error err;

    chaos_status got = parse(text, &policy, &err);
    if (got != CHAOS_OK) {
        fail_msg("%s: refused with %s at %s (%s)", text, chaos_status_name(got), err.field, err.text);
    }
    assert_non_null(policy);
}

/* -------------------------------------------------------- every key ---- */

typedef struct key_case {
    const char *path;
    const char *good[3]; /* values that are taken; unused ones are NULL */
    const char *bad[6];  /* values of the right type that are not */
} key_case;

#define HEX_LIST(path, hex)                                                                     \
    {                                                                                           \
        path, { "[\"" hex "\"]", "[\"" hex "\",\"" hex "\"]", "\"any\"" },                      \
        {                                                                                       \
            "[\"" hex "0\"]", "[\"" hex "00\"]", "[\"0x" hex "\"]", "[\"\"]", "[\"zz\"]", "[7]" \
        }                                                                                       \
    }
#define TEXT_LIST(path)                                               \
    {                                                                 \
        path, { "[\"INTEL-SA-00001\"]", "[\"a\",\"b\"]", "\"any\"" }, \
        {                                                             \
            "[\"\"]", "[\"a b\"]", "[\"\\u0041\"]", "[1]"             \
        }                                                             \
    }
#define NUMBER(path, over)                           \
    {                                                \
        path, { "0", "1", NULL },                    \
        {                                            \
            "-1", "1.5", "1e3", over, "\"1\"", "[1]" \
        }                                            \
    }
#define GOOD_MASK "{\"mask\":\"0000003000000000\",\"value\":\"0000001000000000\"}"
#define FULL_MASK "{\"$comment\":\"c\",\"value\":\"0000000000000000\",\"mask\":\"FFFFFFFFFFFFFFFF\"}"
#define NO_VALUE "{\"mask\":\"0000003000000000\"}"
#define NO_MASK "{\"value\":\"0000000000000000\"}"
#define OUTSIDE_MASK "{\"mask\":\"0000003000000000\",\"value\":\"0000004000000000\"}"
#define SHORT_MASK "{\"mask\":\"00\",\"value\":\"00\"}"
#define NUMBER_MASK "{\"mask\":1,\"value\":\"0000001000000000\"}"
#define MASK(path)                                                         \
    {                                                                      \
        path, { GOOD_MASK, FULL_MASK },                                    \
        {                                                                  \
            "{}", NO_VALUE, NO_MASK, OUTSIDE_MASK, SHORT_MASK, NUMBER_MASK \
        }                                                                  \
    }
#define FLAG(path)                               \
    {                                            \
        path, { "true", "false", NULL },         \
        {                                        \
            "0", "1", "\"true\"", "[true]", NULL \
        }                                        \
    }

/* A key, what it takes, what it refuses. */
/* clang-format off */
static const key_case key_cases[] = {
    { "anchors", { "[\"vendor\"]", "[\"simulated\",\"custom\"]", "\"any\"" },
      { "[\"VENDOR\"]", "[\"unknown\"]", "[1]", "[\"vendor\",\"\"]" } },
    { "simulated_chains", { "[31337]", "[0,9007199254740991]", "\"any\"" },
      { "[9007199254740992]", "[-1]", "[\"31337\"]", "31337" } },
    { "tcb.affirming", { "[\"UpToDate\"]", "[\"UpToDate\",\"SWHardeningNeeded\"]", "\"any\"" },
      { "[\"Revoked\"]", "[\"Unknown\"]", "[\"uptodate\"]", "[1]" } },
    { "tcb.warning", { "[\"OutOfDate\"]", "[\"TDRelaunchAdvised\"]", "\"any\"" },
      { "[\"Revoked\"]", "[\"\"]", "[true]" } },
    TEXT_LIST("tcb.accept_advisories"),
    TEXT_LIST("tcb.reject_advisories"),
    NUMBER("tcb.min_evaluation_number", "4294967296"),
    { "tcb.min_tcb_date", { "\"2025-01-31T00:00:00Z\"", "\"1970-01-01T00:00:00Z\"", NULL },
      { "\"2025-01-31\"", "\"2025-02-30T00:00:00Z\"", "\"\"", "1738281600", "\"any\"" } },
    NUMBER("tcb.collateral_grace_s", "3162240001"),
    NUMBER("tcb.platform_grace_s", "3162240001"),
    HEX_LIST("tdx.mr_td", H48),
    HEX_LIST("tdx.rtmr0", H48),
    HEX_LIST("tdx.rtmr1", H48),
    HEX_LIST("tdx.rtmr2", H48),
    HEX_LIST("tdx.rtmr3", H48),
    HEX_LIST("tdx.mr_seam", H48),
    HEX_LIST("tdx.mr_config_id", H48),
    HEX_LIST("tdx.mr_owner", H48),
    HEX_LIST("tdx.mr_owner_config", H48),
    HEX_LIST("tdx.mr_service_td", H48),
    MASK("tdx.attributes"),
    MASK("tdx.xfam"),
    { "tdx.min_tee_tcb_svn", { "\"" H16 "\"", "\"000102030405060708090A0B0C0D0E0F\"", NULL },
      { "\"00\"", "\"" H16 "00\"", "[\"" H16 "\"]", "\"any\"", "0" } },
    FLAG("tdx.allow_debug"),
    HEX_LIST("sgx.mr_enclave", H32),
    HEX_LIST("sgx.mr_signer", H32),
    { "sgx.isv_prod_id", { "[0]", "[1,65535]", "\"any\"" }, { "[65536]", "[-1]", "[\"1\"]", "1" } },
    NUMBER("sgx.min_isv_svn", "65536"),
    FLAG("sgx.allow_debug"),
    HEX_LIST("platform.fmspc", H6),
    HEX_LIST("platform.ppid", H16),
    HEX_LIST("dstack.app_id", H20),
    HEX_LIST("dstack.compose_hash", H32),
    HEX_LIST("dstack.os_image_hash", H32),
    HEX_LIST("dstack.instance_id", H20),
    HEX_LIST("dstack.device_id", H32),
    TEXT_LIST("dstack.key_provider"),
    HEX_LIST("dstack.kms_root", H33),
    { "binding.stages", { "[0]", "[1,2,3,4,5]", "\"any\"" }, { "[6]", "[-1]", "[\"1\"]" } },
    TEXT_LIST("binding.conventions"),
    NUMBER("binding.max_age_s", "3162240001"),
    NUMBER("binding.max_anchor_age_blocks", "4294967296"),
};
/* clang-format on */

/* {"schema":…,"object":{"key":value}} */
static const char *policy_with(char text[2048], const char *path, const char *value)
{
    const char *dot = strchr(path, '.');
    int length = dot == NULL ? snprintf(text, 2048, "{" SCHEMA ",\"%s\":%s}", path, value)
                             : snprintf(text, 2048, "{" SCHEMA ",\"%.*s\":{\"%s\":%s}}", (int)(dot - path), path,
                                        dot + 1, value);
    assert_true(length > 0 && length < 2048);
    return text;
}

static void every_key_takes_its_values(void **state)
{
    char text[2048];
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(key_cases); i++) {
        for (size_t v = 0; v < CHAOS_ARRAY_SIZE(key_cases[i].good) && key_cases[i].good[v] != NULL; v++) {
            assert_accepted(policy_with(text, key_cases[i].path, key_cases[i].good[v]));
        }
    }
}

static void every_key_refuses_other_values(void **state)
{
    static const char *const never[] = { "null", "[]", "[[]]", "[null]", "\"other\"", "[{}]", "{\"a\":1}" };
    char text[2048];
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(key_cases); i++) {
        const key_case *key = &key_cases[i];
        for (size_t v = 0; v < CHAOS_ARRAY_SIZE(never); v++) {
            assert_refused(policy_with(text, key->path, never[v]), CHAOS_E_POLICY_FORMAT, key->path);
        }
        for (size_t v = 0; v < CHAOS_ARRAY_SIZE(key->bad) && key->bad[v] != NULL; v++) {
            assert_refused(policy_with(text, key->path, key->bad[v]), CHAOS_E_POLICY_FORMAT, key->path);
        }
    }
}

/* A key belongs to its own object only. */
static void keys_do_not_wander(void **state)
{
    static const char *const objects[] = { "tcb", "tdx", "sgx", "platform", "dstack", "binding" };
    char text[2048];
    char path[64];
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(key_cases); i++) {
        const char *dot = strchr(key_cases[i].path, '.');
        const char *name = dot == NULL ? key_cases[i].path : dot + 1;
        for (size_t o = 0; o < CHAOS_ARRAY_SIZE(objects); o++) {
            (void)snprintf(path, sizeof path, "%s.%s", objects[o], name);
            bool known = strcmp(path, key_cases[i].path) == 0 || strcmp(path, "sgx.allow_debug") == 0 ||
                         strcmp(path, "tdx.allow_debug") == 0;
            if (!known) {
                assert_refused(policy_with(text, path, key_cases[i].good[0]), CHAOS_E_POLICY_FORMAT, objects[o]);
            }
        }
        if (dot != NULL) {
            (void)snprintf(text, sizeof text, "{" SCHEMA ",\"%s\":%s}", key_cases[i].path, key_cases[i].good[0]);
            assert_refused(text, CHAOS_E_POLICY_FORMAT, "policy");
            (void)snprintf(text, sizeof text, "{" SCHEMA ",\"%s\":%s}", name, key_cases[i].good[0]);
            assert_refused(text, CHAOS_E_POLICY_FORMAT, "policy");
        }
    }
}

/* ------------------------------------------------------------ refusals ---- */

static const struct {
    const char *text;
    chaos_status status;
    const char *field;
} refusals[] = {
    { "", CHAOS_E_JSON, NULL },
    { "x", CHAOS_E_JSON, NULL },
    { "{}", CHAOS_E_POLICY_FORMAT, "schema" },
    { "[]", CHAOS_E_POLICY_FORMAT, "policy" },
    { "null", CHAOS_E_POLICY_FORMAT, "policy" },
    { "{\"schema\":\"chaoschain/policy/2\"}", CHAOS_E_POLICY_FORMAT, "schema" },
    { "{\"schema\":1}", CHAOS_E_POLICY_FORMAT, "schema" },
    { "{\"tcb\":{}}", CHAOS_E_POLICY_FORMAT, "schema" },
    { "{" SCHEMA "} x", CHAOS_E_JSON, NULL },
    { "{" SCHEMA "}{}", CHAOS_E_JSON, NULL },
    { "{" SCHEMA ",}", CHAOS_E_JSON, NULL },
    { "{" SCHEMA "," SCHEMA "}", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { "{" SCHEMA ",\"tcb\":{},\"tcb\":{}}", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { "{" SCHEMA ",\"tdx\":{\"allow_debug\":true,\"allow_debug\":false}}", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { "{" SCHEMA ",\"$comment\":1}", CHAOS_E_POLICY_FORMAT, NULL },
    { "{" SCHEMA ",\"tcb\":{\"$comment\":{}}}", CHAOS_E_POLICY_FORMAT, NULL },
    { "{" SCHEMA ",\"tcb\":[]}", CHAOS_E_POLICY_FORMAT, "tcb" },
    { "{" SCHEMA ",\"tdx\":null}", CHAOS_E_POLICY_FORMAT, "tdx" },
    { "{" SCHEMA ",\"sgx\":\"any\"}", CHAOS_E_POLICY_FORMAT, "sgx" },
    { "{" SCHEMA ",\"\":1}", CHAOS_E_POLICY_FORMAT, "policy" },
    { "{" SCHEMA ",\"tcb\":{\"affirming\":[\"OutOfDate\"],\"warning\":[\"OutOfDate\"]}}", CHAOS_E_POLICY_FORMAT,
      "tcb.warning" },
};

static void malformed_policies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(refusals); i++) {
        assert_refused(refusals[i].text, refusals[i].status, refusals[i].field);
    }
}

static void unknown_keys_are_named(void **state)
{
    static const struct {
        const char *text, *field;
    } cases[] = {
        { "{" SCHEMA ",\"nosuch\\b\":1}", NULL }, /* an escape in a key is refused by the JSON reader itself */
        { "{" SCHEMA ",\"nosuch\":1}", "policy" },
        { "{" SCHEMA ",\"tcb\":{\"nosuch\":1}}", "tcb" },
        { "{" SCHEMA ",\"tdx\":{\"nosuch\":1}}", "tdx" },
        { "{" SCHEMA ",\"sgx\":{\"nosuch\":1}}", "sgx" },
        { "{" SCHEMA ",\"platform\":{\"nosuch\":1}}", "platform" },
        { "{" SCHEMA ",\"dstack\":{\"nosuch\":1}}", "dstack" },
        { "{" SCHEMA ",\"binding\":{\"nosuch\":1}}", "binding" },
        { "{" SCHEMA ",\"tdx\":{\"xfam\":{\"nosuch\":1}}}", "tdx.xfam" },
        { "{" SCHEMA ",\"tdx\":{\"attributes\":{\"nosuch\":1}}}", "tdx.attributes" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_policy, policy);
        chaos_error err;
        chaos_status status = parse(cases[i].text, &policy, &err);
        assert_int_not_equal(status, CHAOS_OK);
        if (cases[i].field != NULL) {
            assert_int_equal(status, CHAOS_E_POLICY_FORMAT);
            assert_string_equal(err.field, cases[i].field);
            assert_string_equal(err.found, "nosuch");
            assert_memory_equal(cases[i].text + err.offset, "nosuch", 6);
        }
    }
}

static void a_strange_key_cannot_steer_a_terminal(void **state)
{
    CHAOS_AUTO(chaos_policy, policy);
    chaos_error err;
    (void)state;

    assert_int_equal(parse("{" SCHEMA ",\"a\xc2\x9b"
                           "b\":1}",
                           &policy, &err),
                     CHAOS_E_POLICY_FORMAT);
    assert_string_equal(err.found, "a\\xc2\\x9bb");
}

static void truncated_policies_are_refused(void **state)
{
    size_t length = strlen(default_policy_text);
    (void)state;
    while (length > 0 && default_policy_text[length - 1] == '\n') {
        length--;
    }
    for (size_t size = 0; size < length; size++) {
        CHAOS_AUTO(chaos_policy, policy);
        uint8_t *copy = malloc(size + 1); /* on the heap, so that a read past the end is seen */
        assert_non_null(copy);
        memcpy(copy, default_policy_text, size);
        chaos_status status = chaos_policy_parse(slice(copy, size), &policy, NULL);
        free(copy);
        assert_int_not_equal(status, CHAOS_OK);
        assert_null(policy);
    }
}

static void flipped_bytes_do_no_harm(void **state)
{
    char text[2048];
    size_t length = strlen(default_policy_text);
    (void)state;
    assert_true(length < sizeof text);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            CHAOS_AUTO(chaos_policy, policy);
            memcpy(text, default_policy_text, length);
            text[i] = (char)((unsigned char)text[i] ^ (1u << bit));
            if (chaos_policy_parse(slice(text, length), &policy, NULL) != CHAOS_OK) {
                assert_null(policy);
            }
        }
    }
}

static void large_policies_are_refused(void **state)
{
    CHAOS_AUTO(chaos_policy, policy);
    chaos_error err;
    size_t size = CHAOS_MAX_POLICY;
    char *text = malloc(size + 1);
    (void)state;

    assert_non_null(text);
    memset(text, ' ', size + 1);
    memcpy(text, "{" SCHEMA "}", strlen("{" SCHEMA "}"));
    assert_int_equal(chaos_policy_parse(slice(text, size), &policy, &err), CHAOS_OK);
    chaos_policy_free(policy);
    policy = NULL;
    chaos_status status = chaos_policy_parse(slice(text, size + 1), &policy, &err);
    free(text);
    assert_int_equal(status, CHAOS_E_POLICY_FORMAT);
}

/* As many of the smallest items as fit: the block made for them has to be large enough. */
static void the_densest_list_fits(void **state)
{
    static const char head[] = "{" SCHEMA ",\"simulated_chains\":[0";
    static const char tail[] = "]}";
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_POLICY);
    size_t count = 1;
    (void)state;

    assert_true(buffer_append_text(&text, head));
    while (text.size + strlen(tail) + 2 <= CHAOS_MAX_POLICY) {
        assert_true(buffer_append_text(&text, ",0"));
        count++;
    }
    assert_true(buffer_append_text(&text, tail));
    assert_int_equal(chaos_policy_parse(buffer_slice(&text), &policy, NULL), CHAOS_OK);
    assert_int_equal(policy->simulated_chains.count, count);
}

static void usage_is_told(void **state)
{
    chaos_policy *policy = NULL;
    chaos_error err;
    (void)state;
    assert_int_equal(chaos_policy_parse(slice_text("{" SCHEMA "}"), NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_policy_parse(slice(NULL, 3), &policy, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_policy_parse(slice(NULL, 0), &policy, &err), CHAOS_E_JSON);
    assert_int_equal(chaos_policy_none(NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_policy_default(NULL, &err), CHAOS_E_USAGE);
    chaos_policy_free(NULL);
    assert_null(policy);
}

/* ------------------------------------------------------------- meaning ---- */

#define BIT(status) (1u << CHAOS_TCB_##status)

static void absent_statuses_have_defaults(void **state)
{
    static const uint32_t soft = BIT(SW_HARDENING_NEEDED) | BIT(CONFIGURATION_NEEDED) |
                                 BIT(CONFIGURATION_AND_SW_HARDENING_NEEDED) | BIT(TD_RELAUNCH_ADVISED) |
                                 BIT(TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    const struct {
        const char *tcb;
        uint32_t affirming, warning;
    } cases[] = {
        { "{}", BIT(UP_TO_DATE), soft },
        { "{\"affirming\":[\"UpToDate\"]}", BIT(UP_TO_DATE), 0 },
        { "{\"affirming\":[\"SWHardeningNeeded\"]}", BIT(SW_HARDENING_NEEDED), 0 },
        { "{\"warning\":[\"OutOfDate\"]}", BIT(UP_TO_DATE), BIT(OUT_OF_DATE) },
        { "{\"warning\":[\"UpToDate\"]}", 0, BIT(UP_TO_DATE) },
        { "{\"warning\":\"any\"}", BIT(UP_TO_DATE), 0x1fe },
        { "{\"affirming\":\"any\"}", 0x1fe, 0 },
        { "{\"affirming\":[\"UpToDate\"],\"warning\":\"any\"}", BIT(UP_TO_DATE), 0x1fe },
    };
    char text[2048];
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_policy, policy);
        assert_int_equal(parse(policy_with(text, "tcb", cases[i].tcb), &policy, NULL), CHAOS_OK);
        assert_int_equal(policy->tcb.affirming.bits, cases[i].affirming);
        assert_int_equal(policy->tcb.warning.bits, cases[i].warning);
        assert_int_equal(policy->tcb.affirming.bits & (BIT(REVOKED) | BIT(UNKNOWN)), 0);
        assert_int_equal(policy->tcb.warning.bits & (BIT(REVOKED) | BIT(UNKNOWN)), 0);
    }
}

static void simulated_is_never_any(void **state)
{
    static const struct {
        const char *text;
        uint32_t bits;
    } cases[] = {
        { "{" SCHEMA "}", 1u << CHAOS_ANCHOR_VENDOR | 1u << CHAOS_ANCHOR_CUSTOM },
        { "{" SCHEMA ",\"anchors\":\"any\"}", 1u << CHAOS_ANCHOR_VENDOR | 1u << CHAOS_ANCHOR_CUSTOM },
        { "{" SCHEMA ",\"anchors\":[\"vendor\"]}", 1u << CHAOS_ANCHOR_VENDOR },
        { "{" SCHEMA ",\"anchors\":[\"simulated\"]}", 1u << CHAOS_ANCHOR_SIMULATED },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_policy, policy);
        assert_int_equal(parse(cases[i].text, &policy, NULL), CHAOS_OK);
        assert_int_equal(policy->anchors.bits, cases[i].bits);
    }
}

static void lists_hold_what_was_written(void **state)
{
    CHAOS_AUTO(chaos_policy, policy);
    static const char text[] = "{" SCHEMA ",\"$comment\":\"\\u00e9 \\\" free text\","
                               "\"platform\":{\"$comment\":\"x\",\"fmspc\":[\"50806F000000\",\"00906ed50000\"]},"
                               "\"tcb\":{\"reject_advisories\":[\"INTEL-SA-1\",\"INTEL-SA-22\"],"
                               "\"min_tcb_date\":\"1970-01-02T00:00:00Z\"},"
                               "\"sgx\":{\"isv_prod_id\":[7,65535]}}";
    static const uint8_t fmspc[] = { 0x00, 0x90, 0x6e, 0xd5, 0, 0, 0x50, 0x80, 0x6f, 0, 0, 0 };
    (void)state;

    assert_int_equal(parse(text, &policy, NULL), CHAOS_OK);
    assert_true(list_has(&policy->platform.fmspc, slice(fmspc, 6)));
    assert_true(list_has(&policy->platform.fmspc, slice(fmspc + 6, 6)));
    assert_false(list_has(&policy->platform.fmspc, slice(fmspc + 3, 6))); /* not across two items */
    assert_false(list_has(&policy->platform.fmspc, slice(fmspc, 5)));
    assert_false(list_has(&policy->platform.fmspc, slice(fmspc, 0)));
    assert_true(list_has(&policy->tcb.reject_advisories, slice_text("INTEL-SA-22")));
    assert_false(list_has(&policy->tcb.reject_advisories, slice_text("INTEL-SA-2")));
    assert_false(list_has(&policy->tcb.reject_advisories, slice_text("INTEL-SA-221")));
    assert_true(list_has_number(&policy->sgx.isv_prod_id, 65535));
    assert_false(list_has_number(&policy->sgx.isv_prod_id, 8));
    assert_int_equal(policy->tcb.min_tcb_date.value, 86400);
    assert_true(policy->sgx.given && policy->tcb.given && !policy->tdx.given);
}

static void lists_of_an_envelope_are_held(void **state)
{
    CHAOS_AUTO(chaos_policy, policy);
    static const char text[] = "{" SCHEMA ",\"binding\":{\"stages\":[0,5],\"conventions\":[\"dip-1\",\"chaoschain/1\"],"
                               "\"max_age_s\":60,\"max_anchor_age_blocks\":9},"
                               "\"dstack\":{\"app_id\":[\"" H20 "\"],\"instance_id\":\"any\",\"kms_root\":[\"" H33 "\"],"
                               "\"key_provider\":[\"local-sgx\",\"kms\"]}}";
    const policy_list *asked[] = { NULL, NULL };
    uint8_t key[33];
    (void)state;

    assert_int_equal(parse(text, &policy, NULL), CHAOS_OK);
    assert_true(list_has_number(&policy->binding.stages, 0) && list_has_number(&policy->binding.stages, 5));
    assert_false(list_has_number(&policy->binding.stages, 1));
    assert_true(list_has(&policy->binding.conventions, slice_text("chaoschain/1")));
    assert_false(list_has(&policy->binding.conventions, slice_text("chaoschain/")));
    assert_true(policy->binding.max_age_s.given && policy->binding.max_age_s.value == 60);
    assert_true(policy->binding.max_anchor_age_blocks.given && policy->binding.max_anchor_age_blocks.value == 9);
    assert_true(list_has(&policy->dstack.key_provider, slice_text("kms")));
    assert_false(list_has(&policy->dstack.key_provider, slice_text("")));
    assert_true(hex_decode(slice_text(H33), key, sizeof key));
    assert_true(list_has(&policy->dstack.kms_root, slice(key, sizeof key)));
    assert_false(list_has(&policy->dstack.kms_root, slice(key, 32)));
    asked[0] = &policy->dstack.instance_id;  /* any */
    asked[1] = &policy->dstack.compose_hash; /* absent */
    assert_false(any_list_has_values(asked, 2));
    asked[1] = &policy->dstack.app_id;
    assert_true(any_list_has_values(asked, 2));
}

/* --------------------------------------------------------------- files ---- */

static bool load(const char *name, chaos_buffer *out)
{
    char path[512];
    char block[1024];
    size_t got;

    (void)snprintf(path, sizeof path, "%s/data/policies/%s", SOURCE_ROOT, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool ok = true;
    while (ok && (got = fread(block, 1, sizeof block, file)) > 0) {
        ok = buffer_append(out, slice(block, got));
    }
    (void)fclose(file);
    return ok;
}

static void the_default_is_its_file(void **state)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_POLICY);
    CHAOS_AUTO(chaos_policy, policy);
    (void)state;

    assert_true(load("default.json", &file));
    assert_int_equal(file.size, strlen(default_policy_text));
    assert_memory_equal(file.data, default_policy_text, file.size);
    assert_int_equal(chaos_policy_default(&policy, NULL), CHAOS_OK);
    chaos_keccak hash = hash_keccak(buffer_slice(&file));
    assert_memory_equal(policy->hash.bytes, hash.bytes, sizeof hash.bytes);
}

/* What the default file writes out is what a policy without these keys means. */
static void the_default_is_the_bare_schema(void **state)
{
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO(chaos_policy, bare);
    (void)state;

    assert_int_equal(chaos_policy_default(&policy, NULL), CHAOS_OK);
    assert_int_equal(parse("{" SCHEMA "}", &bare, NULL), CHAOS_OK);
    assert_int_equal(policy->anchors.bits, bare->anchors.bits);
    assert_int_equal(policy->tcb.affirming.bits, bare->tcb.affirming.bits);
    assert_int_equal(policy->tcb.warning.bits, bare->tcb.warning.bits);
    assert_false(policy->tdx.allow_debug || policy->sgx.allow_debug);
}

static void shipped_policies_are_read(void **state)
{
    static const char *const names[] = { "default.json", "strict.json", "simulated.json" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        CHAOS_AUTO_BUFFER(file, CHAOS_MAX_POLICY);
        CHAOS_AUTO(chaos_policy, policy);
        chaos_error err;
        assert_true(load(names[i], &file));
        chaos_status status = chaos_policy_parse(buffer_slice(&file), &policy, &err);
        if (status != CHAOS_OK) {
            fail_msg("%s: %s (%s)", names[i], err.text, err.field);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_policies_are_refused),
        cmocka_unit_test(unknown_keys_are_named),
        cmocka_unit_test(a_strange_key_cannot_steer_a_terminal),
        cmocka_unit_test(every_key_refuses_other_values),
        cmocka_unit_test(every_key_takes_its_values),
        cmocka_unit_test(keys_do_not_wander),
        cmocka_unit_test(truncated_policies_are_refused),
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(large_policies_are_refused),
        cmocka_unit_test(the_densest_list_fits),
        cmocka_unit_test(usage_is_told),
        cmocka_unit_test(absent_statuses_have_defaults),
        cmocka_unit_test(simulated_is_never_any),
        cmocka_unit_test(lists_hold_what_was_written),
        cmocka_unit_test(lists_of_an_envelope_are_held),
        cmocka_unit_test(the_default_is_its_file),
        cmocka_unit_test(the_default_is_the_bare_schema),
        cmocka_unit_test(shipped_policies_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
