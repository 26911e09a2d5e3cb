/* test_tee_host.c - what a plug-in is lent: results under their rules, JSON by places, keys, HTTP within
 * its limits; and what its failures become. */
#include "tee/internal.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static tee_host made;

static int set_up(void **state)
{
    (void)state;
    tee_host_init(&made, NULL, "mock");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tee_host_clear(&made);
    return 0;
}

static void expect_text(const chaos_error *err, const char *text)
{
    if (strstr(err->text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, err->text);
    }
}

/* ---------------------------------------------------------------- results ---- */

static chaos_status emit(const char *name, const char *text)
{
    return made.host.emit(&made.host, name, text == NULL ? slice(NULL, 0) : slice_text(text), NULL);
}

static void test_members(void **state)
{
    const void *const *member = (const void *const *)(const void *)&made.host.log;
    const size_t count = (sizeof made.host - offsetof(chaos_host, log)) / sizeof *member;

    (void)state;
    assert_int_equal(made.host.abi, CHAOS_PROVIDER_ABI);
    assert_int_equal(made.host.size, sizeof made.host);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(member[i]);
    }
}

static void test_emit(void **state)
{
    chaos_error err;

    (void)state;
    tee_host_begin(&made, HOST_CALL_ATTEST);
    assert_int_equal(emit("tdx-quote", "quote"), CHAOS_OK);
    assert_int_equal(emit("x509-chain", "chain"), CHAOS_OK);
    assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_OK);
    assert_true(slice_is(tee_host_part(&made, "tdx-quote"), "quote"));
    assert_true(slice_is(tee_host_part(&made, "x509-chain"), "chain"));
    assert_null(tee_host_part(&made, "sgx-quote").data);
    tee_host_begin(&made, HOST_CALL_KEY); /* the parts of the call before are gone */
    assert_null(tee_host_part(&made, "tdx-quote").data);
    assert_int_equal(emit("public-key", "key"), CHAOS_OK);
    assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_OK);
    tee_host_clear(&made);
    assert_null(tee_host_part(&made, "public-key").data);
}

typedef struct emit_rule {
    host_call call;
    const char *first, *second; /* names; NULL: no such call to emit */
    const char *bytes;
    const char *text; /* NULL: sound */
} emit_rule;

static const emit_rule emit_rules[] = {
    { HOST_CALL_KEY, "public-key", "dstack-kms-chain", "x", NULL },
    { HOST_CALL_KEY, "public-key", "public-key", "x", "twice" },
    { HOST_CALL_KEY, "public-key", "tdx-quote", "x", "a name that this call does not have" },
    { HOST_CALL_KEY, "Public-key", NULL, "x", "a name that this call does not have" },
    { HOST_CALL_ATTEST, "tdx-quote", "dstack-event-log", "x", NULL },
    { HOST_CALL_ATTEST, "dstack-kms-chain", NULL, "x", "a name that this call does not have" },
    { HOST_CALL_ATTEST, "public-key", NULL, "x", "a name that this call does not have" },
    { HOST_CALL_ATTEST, "", NULL, "x", "a name that this call does not have" },
    { HOST_CALL_ATTEST, "tdx-quote", NULL, "", "an empty result" },
    { HOST_CALL_ATTEST, "tdx-quote", NULL, NULL, "an empty result" },
    { HOST_CALL_INVOKE, "reply", NULL, "x", NULL },
    { HOST_CALL_INVOKE, "public-key", NULL, "x", "a name that this call does not have" },
    { HOST_CALL_NONE, "public-key", NULL, "x", "outside of a call" },
};

static void test_emit_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(emit_rules); i++) {
        const emit_rule *rule = &emit_rules[i];
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

        tee_host_begin(&made, rule->call);
        (void)emit(rule->first, rule->bytes);
        (void)(rule->second == NULL ? CHAOS_OK : emit(rule->second, rule->bytes));
        if (rule->text == NULL) {
            assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_OK);
            continue;
        }
        /* Whether the plug-in takes notice or not. */
        assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_E_PROVIDER);
        expect_text(&err, rule->text);
        expect_text(&err, "the provider mock breaks the provider protocol");
        assert_int_equal(made.part_count, 0);
        tee_host_begin(&made, rule->call);
        assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_OK); /* and the next call is a new one */
    }
}

static void test_emit_size(void **state)
{
    const chaos_slice most = { calloc(1, HOST_MAX_EMITTED), HOST_MAX_EMITTED };
    const chaos_host *host = &made.host;
    chaos_error err;

    (void)state;
    assert_non_null(most.data);
    tee_host_begin(&made, HOST_CALL_ATTEST);
    assert_int_equal(host->emit(host, "tdx-quote", slice(most.data, most.size - 1), &err), CHAOS_OK);
    assert_int_equal(host->emit(host, "x509-chain", slice(most.data, 1), &err), CHAOS_OK);
    assert_int_equal(host->emit(host, "sgx-quote", slice(most.data, 1), &err), CHAOS_E_PROVIDER);
    expect_text(&err, "larger than 1 MiB");
    assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_E_PROVIDER);
    free((void *)(uintptr_t)most.data);
}

static void test_late_emit_fails_the_next_call(void **state)
{
    chaos_error err;

    (void)state;
    assert_int_equal(emit("public-key", "late"), CHAOS_E_PROVIDER);
    tee_host_begin(&made, HOST_CALL_KEY);
    assert_int_equal(emit("public-key", "now"), CHAOS_OK);
    assert_int_equal(tee_host_end(&made, CHAOS_OK, &err), CHAOS_E_PROVIDER);
    expect_text(&err, "outside of a call");
}

static void test_failed_call_gives_nothing(void **state)
{
    chaos_error err = { CHAOS_E_NETWORK, NULL, 0, "", "", "no route" };

    (void)state;
    tee_host_begin(&made, HOST_CALL_ATTEST);
    assert_int_equal(emit("tdx-quote", "quote"), CHAOS_OK);
    assert_int_equal(tee_host_end(&made, CHAOS_E_NETWORK, &err), CHAOS_E_NETWORK);
    assert_null(tee_host_part(&made, "tdx-quote").data);
}

/* --------------------------------------------------------------- failures ---- */

typedef struct failure_case {
    chaos_status given;
    const char *text;
    chaos_status status;
    const char *shown;
} failure_case;

static const failure_case failures[] = {
    { CHAOS_E_USAGE, "no such option", CHAOS_E_USAGE, "no such option" },
    { CHAOS_E_TEE_UNAVAILABLE, "no socket", CHAOS_E_TEE_UNAVAILABLE, "no socket" },
    { CHAOS_E_GUEST_AGENT, "said \"no\"\n", CHAOS_E_GUEST_AGENT, "said \"no\"\\x0a" },
    { CHAOS_E_NETWORK, "", CHAOS_E_NETWORK, "a server could not be reached" },
    { CHAOS_E_TIMEOUT, "late", CHAOS_E_TIMEOUT, "late" },
    { CHAOS_E_NOT_AVAILABLE, "not here", CHAOS_E_NOT_AVAILABLE, "not here" },
    { CHAOS_E_PROVIDER, "my own fault", CHAOS_E_PROVIDER, "my own fault" },
    { CHAOS_E_QUOTE_SIGNATURE, "it says", CHAOS_E_PROVIDER, "failed with QUOTE_SIGNATURE (0x319): it says" },
    { CHAOS_E_FILE_IO, "", CHAOS_E_PROVIDER, "failed with FILE_IO (0x403)" },
    { CHAOS_E_MEMORY, "none left", CHAOS_E_PROVIDER, "failed with MEMORY (0x501): none left" },
    { (chaos_status)0x7777, "what", CHAOS_E_PROVIDER, "failed with UNKNOWN (0x7777): what" },
};

static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(failures); i++) {
        chaos_error err = { CHAOS_OK, (const char *)(uintptr_t)1, 77, "", "", "" };

        (void)snprintf(err.text, sizeof err.text, "%s", failures[i].text);
        memset(err.expected, 'A', sizeof err.expected); /* no NUL */
        memset(err.found, 0xff, sizeof err.found);
        assert_int_equal(plugin_failure("mock", failures[i].given, &err), failures[i].status);
        assert_int_equal(plugin_failure("mock", failures[i].given, NULL), failures[i].status);
        assert_int_equal(err.status, failures[i].status);
        assert_null(err.field);
        assert_true(err.offset == CHAOS_NO_OFFSET);
        expect_text(&err, failures[i].shown);
        assert_int_equal(strlen(err.expected), sizeof err.expected - 1);
        assert_string_equal(err.expected + sizeof err.expected - 4, "...");
        assert_memory_equal(err.found, "\\xff\\xff", 8);
    }
}

static void test_printable(void **state)
{
    char out[12];

    (void)state;
    assert_string_equal(text_printable(out, sizeof out, "plain", 100), "plain");
    assert_string_equal(text_printable(out, sizeof out, "plain", 3), "pla");
    assert_string_equal(text_printable(out, sizeof out, NULL, 3), "");
    assert_string_equal(text_printable(out, sizeof out, "eleven char", 100), "eleven char");
    assert_string_equal(text_printable(out, sizeof out, "twelve chars", 100), "twelve c...");
    assert_string_equal(text_printable(out, sizeof out, "a\x1b[2J", 100), "a\\x1b[2J");
    assert_string_equal(text_printable(out, sizeof out, "1234567\x1b[2J", 100), "1234567...");
    assert_string_equal(text_printable(out, 2, "abc", 100), "");
}

/* ------------------------------------------------------------------- JSON ---- */

#define TEXT                                                                                         \
    "{\"a\":{\"b\":[\"x\",{\"c-1\":\"4A4b\"},[7]]},\"n\":18446744073709551615,\"e\":\"\\u00e9\\n\"," \
    "\"z\":null,\"zero\":\"\\u0000\",\"empty\":\"\",\"odd\":\"abc\",\"not\":\"0x00\",\"minus\":-1,\"a_b\":true}"

typedef struct json_case {
    char call; /* t text, b bytes, u unsigned, r raw */
    const char *text, *place;
    chaos_status status;
    const char *shown; /* the value, or a piece of the error */
} json_case;

static const json_case json_cases[] = {
    { 't', TEXT, "a.b[0]", CHAOS_OK, "x" },
    { 't', TEXT, "e", CHAOS_OK, "\xc3\xa9\n" },
    { 't', TEXT, "empty", CHAOS_OK, "" },
    { 't', TEXT, "zero", CHAOS_E_GUEST_AGENT, "member \"zero\"" },
    { 't', TEXT, "z", CHAOS_E_GUEST_AGENT, "it is null" },
    { 't', TEXT, "y", CHAOS_E_GUEST_AGENT, "member \"y\" of the JSON text: it is missing" },
    { 't', TEXT, "n", CHAOS_E_GUEST_AGENT, "a string is expected" },
    { 't', TEXT, "a.b[3]", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 't', TEXT, "a.b.c", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 't', TEXT, "a[0]", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 't', TEXT, "e.x", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 't', "[1]", "a", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 't', "\"a\"", "a", CHAOS_E_GUEST_AGENT, "it is missing" },
    { 'b', TEXT, "a.b[1].c-1", CHAOS_OK, "JK" },
    { 'b', TEXT, "empty", CHAOS_OK, "" },
    { 'b', TEXT, "odd", CHAOS_E_GUEST_AGENT, "not hex digits" },
    { 'b', TEXT, "not", CHAOS_E_GUEST_AGENT, "not hex digits" },
    { 'b', TEXT, "e", CHAOS_E_GUEST_AGENT, "has escapes" },
    { 'u', TEXT, "n", CHAOS_OK, "18446744073709551615" },
    { 'u', TEXT, "a.b[2][0]", CHAOS_OK, "7" },
    { 'u', TEXT, "minus", CHAOS_E_GUEST_AGENT, "not an unsigned integer" },
    { 'u', TEXT, "odd", CHAOS_E_GUEST_AGENT, "a number is expected" },
    { 'r', TEXT, "a.b", CHAOS_OK, "[\"x\",{\"c-1\":\"4A4b\"},[7]]" },
    { 'r', TEXT, "a_b", CHAOS_OK, "true" },
    { 'r', TEXT, "z", CHAOS_E_GUEST_AGENT, "it is null" },
    /* The whole text has to be JSON, wherever the member stands. */
    { 'r', "{\"a\":1} x", "a", CHAOS_E_GUEST_AGENT, "text follows the value" },
    { 'r', "{\"a\":1,\"b\":{\"c\":2,\"c\":3}}", "a", CHAOS_E_GUEST_AGENT, "twice" },
    { 'r', "{\"a\":1,\"a\":2}", "a", CHAOS_E_GUEST_AGENT, "twice" },
    { 'r', "{\"a\":[1,[2]", "a[0]", CHAOS_E_GUEST_AGENT, "ends too soon" },
    { 'r', "{\"a\":1,\"b\":\"\xff\"}", "a", CHAOS_E_GUEST_AGENT, "not UTF-8" },
    { 'r', "", "a", CHAOS_E_GUEST_AGENT, "ends too soon" },
    { 'r', NULL, "a", CHAOS_E_GUEST_AGENT, "ends too soon" },
    /* Places that are none. */
    { 'r', TEXT, "", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, NULL, CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, ".a", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a.", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a..b", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "[0]", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[]", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[0", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[01]", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[-1]", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[99999999999999999999]", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a[0]b", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a b", CHAOS_E_USAGE, "a place is written" },
    { 'r', TEXT, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", CHAOS_E_USAGE, "a place is written" },
};

static chaos_status read_case(const json_case *c, char shown[64], chaos_error *err)
{
    const chaos_host *host = &made.host;
    const chaos_slice text = c->text == NULL ? slice(NULL, 0) : slice_text(c->text);
    chaos_status status;
    chaos_slice raw = { NULL, 0 };
    uint64_t number = 0;
    size_t size = 0;

    shown[0] = '\0';
    switch (c->call) {
    case 't':
        return host->json_text(host, text, c->place, shown, 64, err);
    case 'b':
        status = host->json_bytes(host, text, c->place, (uint8_t *)shown, 63, &size, err);
        shown[size] = '\0';
        return status;
    case 'u':
        status = host->json_unsigned(host, text, c->place, UINT64_MAX, &number, err);
        (void)snprintf(shown, 64, "%llu", (unsigned long long)number);
        return status;
    default:
        status = host->json_raw(host, text, c->place, &raw, err);
        (void)snprintf(shown, 64, "%.*s", (int)raw.size, raw.data == NULL ? "" : (const char *)raw.data);
        return status;
    }
}

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(json_cases); i++) {
        const json_case *c = &json_cases[i];
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
        char shown[64];
        const chaos_status status = read_case(c, shown, &err);

        if (status != c->status) {
            fail_msg("%c %s: %s (%s)", c->call, c->place, chaos_status_name(status), err.text);
        }
        if (c->status == CHAOS_OK) {
            assert_string_equal(shown, c->shown);
        } else {
            expect_text(&err, c->shown);
            assert_true(c->status == CHAOS_E_USAGE || err.field == c->place);
        }
    }
}

static void test_json_fits(void **state)
{
    const chaos_host *host = &made.host;
    const chaos_slice text = slice_text("{\"t\":\"ab\\u0063\",\"n\":256,\"b\":\"00ff\"}");
    char out[4];
    uint8_t bytes[2];
    uint64_t number = 5;
    size_t size = 9;
    chaos_error err;

    (void)state;
    assert_int_equal(host->json_text(host, text, "t", out, 4, &err), CHAOS_OK);
    assert_string_equal(out, "abc");
    assert_int_equal(host->json_text(host, text, "t", out, 3, &err), CHAOS_E_GUEST_AGENT);
    assert_string_equal(err.expected, "at most 2 bytes");
    assert_string_equal(out, "abc"); /* untouched */
    assert_int_equal(host->json_text(host, text, "t", out, 0, &err), CHAOS_E_USAGE);
    assert_int_equal(host->json_bytes(host, text, "b", bytes, 2, &size, &err), CHAOS_OK);
    assert_int_equal(size, 2);
    assert_memory_equal(bytes, "\x00\xff", 2);
    assert_int_equal(host->json_bytes(host, text, "b", bytes, 1, &size, &err), CHAOS_E_GUEST_AGENT);
    assert_string_equal(err.found, "2 bytes");
    assert_int_equal(host->json_unsigned(host, text, "n", 256, &number, &err), CHAOS_OK);
    assert_int_equal(host->json_unsigned(host, text, "n", 255, &number, &err), CHAOS_E_GUEST_AGENT);
    expect_text(&err, "too large");
    assert_int_equal(number, 256);
}

static void test_json_keys(void **state)
{
    static const char *const known[] = { "url", "timeout", NULL };
    static const char *const none[] = { NULL };
    const chaos_host *host = &made.host;
    chaos_error err;

    (void)state;
    assert_int_equal(host->json_keys(host, slice_text("{\"timeout\":1,\"url\":{\"x\":2}}"), known, &err),
                     CHAOS_OK);
    assert_int_equal(host->json_keys(host, slice_text("{}"), none, &err), CHAOS_OK);
    assert_int_equal(host->json_keys(host, slice_text("{\"url\":1,\"\xc3\xa9\":1,\"x\":2}"), known, &err),
                     CHAOS_E_USAGE);
    expect_text(&err, "unknown member \"\\xc3\\xa9\"; known are url, timeout");
    assert_int_equal(host->json_keys(host, slice_text("{\"x\":2}"), none, &err), CHAOS_E_USAGE);
    expect_text(&err, "none is known");
    assert_int_equal(host->json_keys(host, slice_text("{\"x\":2,}"), known, &err), CHAOS_E_GUEST_AGENT);
    assert_int_equal(host->json_keys(host, slice_text("[]"), known, &err), CHAOS_E_GUEST_AGENT);
}

static void test_json_quote(void **state)
{
    static const char *const bad[] = { "\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xff", "a\xe2\x82" };
    const chaos_host *host = &made.host;
    char out[64];
    chaos_error err;

    (void)state;
    assert_int_equal(host->json_quote(host, "", out, sizeof out, &err), CHAOS_OK);
    assert_string_equal(out, "\"\"");
    assert_int_equal(
        host->json_quote(host, "a\"\\/\n\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", out, sizeof out, &err),
        CHAOS_OK);
    assert_string_equal(out, "\"a\\\"\\\\/\\u000a\\u007f\\u00e9\\u20ac\\ud83d\\ude00\"");
    for (size_t capacity = 0; capacity < 5; capacity++) {
        assert_int_equal(host->json_quote(host, "ab", out, capacity, &err), CHAOS_E_USAGE);
    }
    assert_int_equal(host->json_quote(host, "ab", out, 5, &err), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        assert_int_equal(host->json_quote(host, bad[i], out, sizeof out, &err), CHAOS_E_USAGE);
        expect_text(&err, "not UTF-8");
        assert_int_equal(out[0], '\0');
    }
}

/* ------------------------------------------------------------ keys and HTTP ---- */

static void test_keys(void **state)
{
    const chaos_host *host = &made.host;
    const chaos_keccak digest = hash_keccak(slice_text("digest"));
    uint8_t secret[32], public_key[65], rsv[65];
    chaos_host_key *key = NULL;
    k1_point point;
    chaos_error err;

    (void)state;
    memset(secret, 1, sizeof secret);
    assert_int_equal(host->key_import(host, secret, &key, &err), CHAOS_OK);
    assert_true(slice_is_zero(slice(secret, sizeof secret)));
    host->key_public(host, key, public_key);
    assert_int_equal(host->key_sign(host, key, digest.bytes, rsv, &err), CHAOS_OK);
    assert_in_range(rsv[64], 27, 28);
    assert_int_equal(k1_recover(digest.bytes, rsv, rsv + 32, rsv[64] - 27u, &point), K1_GOOD);
    assert_int_equal(public_key[0], 4);
    assert_memory_equal(public_key + 1, point.x, 32);
    assert_memory_equal(public_key + 33, point.y, 32);
    host->key_free(host, key);
    host->key_free(host, NULL);
    assert_int_equal(host->key_generate(host, &key, &err), CHAOS_OK);
    host->key_free(host, key);
    memset(secret, 0xff, sizeof secret);
    assert_int_equal(host->key_import(host, secret, &key, &err), CHAOS_E_USAGE); /* no scalar of the curve */
    assert_true(slice_is_zero(slice(secret, sizeof secret)));
    memset(secret, 7, sizeof secret);
    host->wipe(host, secret, sizeof secret);
    assert_true(slice_is_zero(slice(secret, sizeof secret)));
}

static void expect_request(const chaos_http_request *request, const char *field)
{
    const chaos_host *host = &made.host;
    chaos_http_reply *reply = NULL;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    assert_int_equal(host->http(host, request, &reply, &err), CHAOS_E_USAGE);
    assert_null(reply);
    assert_string_equal(err.field, field);
}

static void test_http_limits(void **state)
{
    const chaos_http_request good = { .method = "POST", .url = "http://127.0.0.1:1/" };
    chaos_http_request bad = good;
    char long_text[2050];

    (void)state;
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    expect_request(NULL, "request");
    bad.method = "PUT";
    expect_request(&bad, "method");
    bad = good;
    bad.url = long_text;
    expect_request(&bad, "url");
    bad = good;
    bad.unix_socket = long_text;
    expect_request(&bad, "unix_socket");
    bad = good;
    bad.body = slice(long_text, 1024 * 1024 + 1);
    expect_request(&bad, "body");
    bad.body = slice(NULL, 1);
    expect_request(&bad, "body");
    bad = good;
    bad.connect_timeout_ms = 60001;
    expect_request(&bad, "connect_timeout_ms");
    bad = good;
    bad.total_timeout_ms = 600001;
    expect_request(&bad, "total_timeout_ms");
    bad = good;
    bad.max_reply = 16u * 1024 * 1024 + 1;
    expect_request(&bad, "max_reply");
    made.host.http_free(&made.host, NULL);
}

#define HOST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOST_TEST(test_members),
        HOST_TEST(test_emit),
        HOST_TEST(test_emit_rules),
        HOST_TEST(test_emit_size),
        HOST_TEST(test_late_emit_fails_the_next_call),
        HOST_TEST(test_failed_call_gives_nothing),
        HOST_TEST(test_failures),
        HOST_TEST(test_printable),
        HOST_TEST(test_json),
        HOST_TEST(test_json_fits),
        HOST_TEST(test_json_keys),
        HOST_TEST(test_json_quote),
        HOST_TEST(test_keys),
        HOST_TEST(test_http_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
