/* test_guest_http.c - what the simulated guest agent answers to requests, right and wrong ones: paths, arguments, statuses. */
#include "tests/support/dstack_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static guest *g;

static int set_up(void **state)
{
    (void)state;
    g = guest_of_seed("http");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    guest_free(g);
    return 0;
}

/* The answer is 400 with an error that contains `said`. */
static void refused(guest_api api, const char *path, const char *body, const char *said)
{
    json_t *answer = call_guest(g, api, path, body, 400);
    assert_non_null(answer);
    assert_int_equal(json_object_size(answer), 1);
    if (strstr(text_member(answer, "error"), said) == NULL) {
        fail_msg("%s %s: '%s' does not say '%s'", path, body == NULL ? "" : body, text_member(answer, "error"), said);
    }
    json_decref(answer);
}

static void served(guest_api api, const char *path, const char *body)
{
    json_t *answer = call_guest(g, api, path, body, 200);
    assert_non_null(answer);
    json_decref(answer);
}

static void not_mounted(guest_api api, const char *path)
{
    assert_null(call_guest(g, api, path, "{}", 404)); /* a page of HTML */
}

/* ----------------------------------------------------------------------- paths ---- */

static void test_paths(void **state)
{
    (void)state;
    served(GUEST_API_DSTACK, "/Version", "{}");
    served(GUEST_API_DSTACK, "/v0/Version", "{}");
    served(GUEST_API_DSTACK, "/Version", "");
    served(GUEST_API_TAPPD, "/prpc/Version", "{}");
    served(GUEST_API_TAPPD, "/prpc/Tappd.Version", "{}");
    served(GUEST_API_BOTH, "/Version", "{}");
    served(GUEST_API_BOTH, "/prpc/Tappd.Version", "{}");
    not_mounted(GUEST_API_DSTACK, "/prpc/Tappd.Version");
    not_mounted(GUEST_API_TAPPD, "/Version");
    not_mounted(GUEST_API_DSTACK, "/v1/Version");
    not_mounted(GUEST_API_DSTACK, "/");
    not_mounted(GUEST_API_DSTACK, "Version");
    not_mounted(GUEST_API_TAPPD, "/prpc/");
    not_mounted(GUEST_API_TAPPD, "/prpc/Tappd.");
    refused(GUEST_API_DSTACK, "/DstackGuest.GetKey", "{}", "Service not found: DstackGuest.GetKey");
    refused(GUEST_API_DSTACK, "/DeriveKey", "{}", "Service not found: DeriveKey");
    refused(GUEST_API_DSTACK, "/getkey", "{}", "Service not found: getkey");
    refused(GUEST_API_TAPPD, "/prpc/Tappd.GetKey", "{}", "Service not found: GetKey");
    refused(GUEST_API_DSTACK, "/GpuInfo", "{}", "Service not found");
    refused(GUEST_API_DSTACK, "/GpuInfo", "{", "Service not found: GpuInfo"); /* before anybody reads the body */
}

/* ------------------------------------------------------------------- arguments ---- */

static void test_json_arguments(void **state)
{
    (void)state;
    served(GUEST_API_DSTACK, "/GetKey", "{\"path\":\"a\",\"not known\":{\"x\":[1,2]}}");
    served(GUEST_API_DSTACK, "/GetTlsKey", "{\"not_before\":null,\"not_after\":null}");
    served(GUEST_API_DSTACK, "/GetTlsKey", "{\"path\":5}"); /* it has no such member, and the old client sends one */
    served(GUEST_API_DSTACK, "/GetKey", "{\"report_data\":\"zz\",\"not_before\":\"x\"}");
    served(GUEST_API_DSTACK, "/Info", "{\"path\":null,\"alt_names\":1}");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":5}", "path");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":null}", "path");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":\"a\"", "invalid request");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":\"a\"}x", "invalid request");
    refused(GUEST_API_DSTACK, "/GetKey", "[]", "invalid request");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":\"a\",\"path\":\"a\"}", "a key twice");
    refused(GUEST_API_DSTACK, "/GetKey", "{\"path\":\"\\ud800\"}", "invalid request");
    refused(GUEST_API_DSTACK, "/GetQuote", "{\"report_data\":null}", "report_data");
    refused(GUEST_API_DSTACK, "/GetQuote", "{\"report_data\":\"0\"}", "Odd number of digits");
    refused(GUEST_API_DSTACK, "/GetQuote", "{\"report_data\":\"0x0\"}", "Odd number of digits");
    refused(GUEST_API_DSTACK, "/GetQuote", "{\"report_data\":\"0g\"}", "Invalid character");
    refused(GUEST_API_DSTACK, "/GetQuote", "{\"report_data\":\"x0\"}", "Invalid character");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"usage_ra_tls\":\"true\"}", "usage_ra_tls");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"usage_ra_tls\":1}", "usage_ra_tls");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"not_before\":-1}", "not_before");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"not_before\":\"1\"}", "not_before");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"alt_names\":\"a\"}", "alt_names");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"alt_names\":[1]}", "alt_names");
#define EIGHT "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\""
    served(GUEST_API_DSTACK, "/GetTlsKey", "{\"alt_names\":[" EIGHT "," EIGHT "," EIGHT "," EIGHT "]}");
    refused(GUEST_API_DSTACK, "/GetTlsKey", "{\"alt_names\":[" EIGHT "," EIGHT "," EIGHT "," EIGHT ",\"a\"]}",
            "alt_names: more than 32");
}

static void test_long_arguments(void **state)
{
    char body[2 * GUEST_MAX_TEXT], text[GUEST_MAX_TEXT + 2] = { 0 };
    (void)state;
    memset(text, 'a', GUEST_MAX_TEXT);
    (void)snprintf(body, sizeof body, "{\"path\":\"%s\"}", text);
    served(GUEST_API_DSTACK, "/GetKey", body);
    text[GUEST_MAX_TEXT] = 'a';
    (void)snprintf(body, sizeof body, "{\"path\":\"%s\"}", text);
    refused(GUEST_API_DSTACK, "/GetKey", body, "path: too long");
}

static void test_queries(void **state)
{
    static const struct {
        const char *query, *body;
    } same[] = {
        { "/GetKey?path=a&purpose=b", "{\"path\":\"a\",\"purpose\":\"b\"}" },
        { "/GetKey?path=a%2Fb+c%2bd&algorithm=k256", "{\"path\":\"a/b c+d\"}" },
        { "/GetKey?&&path=a&unknown=%zz&x", "{\"path\":\"a\"}" },
        { "/GetKey?path&json", "{}" },
        { "/GetQuote?report_data=0xAB", "{\"report_data\":\"ab\"}" },
        { "/Sign?algorithm=ed25519&data=00ff", "{\"algorithm\":\"ed25519\",\"data\":\"00ff\"}" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(same); i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(same[i].query, "?"), same[i].query);
        json_t *by_query = call_guest(g, GUEST_API_DSTACK, same[i].query, NULL, 200);
        json_t *by_body = call_guest(g, GUEST_API_DSTACK, path, same[i].body, 200);
        if (json_equal(by_query, by_body) != 1) {
            fail_msg("%s is not as %s", same[i].query, same[i].body);
        }
        json_decref(by_query);
        json_decref(by_body);
    }
    served(GUEST_API_DSTACK, "/GetKey?report_data=abc&usage_ra_tls=1", NULL); /* nothing of this method */
    served(GUEST_API_DSTACK, "/GetTlsKey?usage_ra_tls=true&alt_names=a&alt_names=b&not_after=1800000000&not_before=1", NULL);
    refused(GUEST_API_DSTACK, "/GetTlsKey?usage_ra_tls=1", NULL, "neither true nor false");
    refused(GUEST_API_DSTACK, "/GetTlsKey?not_after=1x", NULL, "not a number");
    refused(GUEST_API_DSTACK, "/GetTlsKey?not_after=18446744073709551616", NULL, "not a number");
    refused(GUEST_API_DSTACK, "/GetTlsKey?not_after=18446744073709551615", NULL, "year 9999");
    refused(GUEST_API_DSTACK, "/GetQuote?report_data=abc", NULL, "Odd number");
    refused(GUEST_API_DSTACK, "/GetKey?path=%4", NULL, "broken escape");
    refused(GUEST_API_DSTACK, "/GetKey?path=%4g", NULL, "broken escape");
    refused(GUEST_API_DSTACK, "/GetKey?path=%00", NULL, "broken escape");
    refused(GUEST_API_DSTACK, "/GetKey?path=%c3%a9", NULL, "broken escape");
}

/* ----------------------------------------------------------- what is not JSON ---- */

static guest_reply raw_call(const char *type, const char *query, bool too_large)
{
    guest_reply reply;
    const guest_request request = { .api = GUEST_API_DSTACK,
                                    .method = "POST",
                                    .path = "/GetKey",
                                    .query = query,
                                    .content_type = type,
                                    .body = slice_text("{}"),
                                    .body_too_large = too_large };
    assert_int_equal(guest_handle(g, &request, &reply, NULL), CHAOS_OK);
    return reply;
}

static void expect_raw(const char *type, const char *query, bool too_large, int status, const char *answer_type,
                       const char *said)
{
    guest_reply reply = raw_call(type, query, too_large);
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.content_type, answer_type);
    assert_non_null(strstr((const char *)reply.body.data, said)); /* a NUL follows a buffer */
    guest_reply_clear(&reply);
}

static void test_content_types(void **state)
{
    (void)state;
    expect_raw("application/json", "", false, 200, "application/json", "\"key\"");
    expect_raw("Application/JSON", "", false, 200, "application/json", "\"key\"");
    expect_raw("application/json; charset=utf-8", "", false, 200, "application/json", "\"key\"");
    expect_raw("application/json ;charset=utf-8", "", false, 200, "application/json", "\"key\"");
    expect_raw("application/jsonx", "", false, 400, "application/octet-stream", "JSON only");
    expect_raw("application/jso", "", false, 400, "application/octet-stream", "JSON only");
    expect_raw("application/octet-stream", "json", false, 200, "application/json", "\"key\"");
    expect_raw("", "a=b&json=1", false, 200, "application/json", "\"key\"");
    expect_raw("", "json=true", false, 200, "application/json", "\"key\"");
    expect_raw("", "json=0", false, 400, "application/octet-stream", "JSON only");
    expect_raw("", "jsonx", false, 400, "application/octet-stream", "JSON only");
    expect_raw("application/octet-stream", "", false, 400, "application/octet-stream", "JSON only");
    expect_raw("application/json", "", true, 400, "application/octet-stream", "payload too large");
    expect_raw("application/json", "json", true, 400, "application/json", "payload too large");
}

/* A name beyond ASCII comes back, in ASCII. */
static void test_answers_are_ascii(void **state)
{
    guest_reply reply;
    chaos_error err;
    static const char body[] = "{\"report_data\":\"00\",\"prefix\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91\"}";
    const guest_request request = { .api = GUEST_API_TAPPD,
                                    .method = "POST",
                                    .path = "/prpc/Tappd.TdxQuote",
                                    .query = "",
                                    .content_type = "application/json",
                                    .body = slice_text(body) };
    (void)state;
    assert_int_equal(guest_handle(g, &request, &reply, &err), CHAOS_OK);
    for (size_t i = 0; i < reply.body.size; i++) {
        assert_true(reply.body.data[i] < 0x80);
    }
    json_t *parsed = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    assert_string_equal(text_member(parsed, "prefix"), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91");
    json_decref(parsed);
    guest_reply_clear(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_json_arguments),
        cmocka_unit_test(test_long_arguments),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_answers_are_ascii),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
