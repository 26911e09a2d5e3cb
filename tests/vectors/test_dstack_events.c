/* test_dstack_events.c - recorded digests: of runtime events, of report data, of compose files. */
#include "tests/support/dstack_kit.h"

#include <stdio.h>
#include <stdlib.h>

static void check_version(const json_t *row, unsigned version, const char *key)
{
    uint8_t wanted[SHA384_SIZE], found[SHA384_SIZE];
    const log_event event = { .imr = 3,
                              .event_type = EVENT_TYPE_RUNTIME,
                              .name = slice_text(text_member(row, "event")),
                              .payload_hex = slice_text(text_member(row, "payload_hex")),
                              .version = version };
    hex_member(row, key, wanted, sizeof wanted);
    assert_true(event_digest(&event, found));
    assert_memory_equal(found, wanted, sizeof wanted);
}

static void check_extension(const json_t *row)
{
    uint8_t digest[SHA384_SIZE], wanted[SHA384_SIZE], found[SHA384_SIZE] = { 0 };
    hex_member(row, "v1_sha384", digest, sizeof digest);
    hex_member(row, "v1_extend_from_zero", wanted, sizeof wanted);
    hash_sha384_two(slice(found, sizeof found), slice(digest, sizeof digest), found);
    assert_memory_equal(found, wanted, sizeof wanted);
}

static void test_event_digests(void **state)
{
    json_t *vectors, *row;
    size_t i, checked = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/event-digest.json");
    json_array_foreach(json_object_get(vectors, "vectors"), i, row)
    {
        check_version(row, 1, "v1_sha384");
        check_version(row, 2, "v2_sha384");
        check_extension(row);
        checked++;
    }
    assert_true(checked > 0);
    print_message("event digests: %zu checked, each in both versions\n", checked);
    json_decref(vectors);
}

/* What the simulator extends is what is recorded: the event's digest in the log, and RTMR3 one step further. */
static void test_emitted_event(void **state)
{
    uint8_t before[SHA384_SIZE], digest[SHA384_SIZE], wanted[SHA384_SIZE], found[SHA384_SIZE];
    json_t *vectors;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/event-digest.json");
    const json_t *row = json_array_get(json_object_get(vectors, "vectors"), 0);
    guest *g = guest_of_seed("events");
    memcpy(before, g->r.quote.body + TD_RTMR + 3 * SHA384_SIZE, sizeof before);
    json_t *arguments = json_pack("{s:s,s:s}", "event", text_member(row, "event"), "payload",
                                  text_member(row, "payload_hex"));
    char *body = json_dumps(arguments, 0);
    json_decref(call_guest(g, GUEST_API_DSTACK, "/EmitEvent", body, 200));
    hex_member(row, "v1_sha384", digest, sizeof digest);
    hash_sha384_two(slice(before, sizeof before), slice(digest, sizeof digest), wanted);
    memcpy(found, g->r.quote.body + TD_RTMR + 3 * SHA384_SIZE, sizeof found);
    assert_memory_equal(found, wanted, sizeof wanted);
    free(body);
    json_decref(arguments);
    json_decref(vectors);
    guest_free(g);
}

/* ------------------------------------------------------------------ report data ---- */

/* Through the API: the quote that comes back has them. */
static void check_tdx_quote(guest *g, const json_t *row)
{
    const char *tag = text_member(row, "tag");
    bool is_default = strcmp(tag, "app-data") == 0;
    json_t *arguments = json_pack("{s:s,s:s,s:s}", "report_data", text_member(row, "data_hex"), "hash_algorithm",
                                  text_member(row, "hash_algorithm"), "prefix", is_default ? "" : tag);
    char *body = json_dumps(arguments, 0);
    json_t *answer = call_guest(g, GUEST_API_TAPPD, "/prpc/Tappd.TdxQuote", body, 200);
    const char *quote = text_member(answer, "quote");
    assert_memory_equal(quote + 2 * 568, text_member(row, "report_data"), 128);
    assert_string_equal(text_member(answer, "hash_algorithm"), text_member(row, "hash_algorithm"));
    assert_string_equal(text_member(answer, "prefix"), tag);
    free(body);
    json_decref(arguments);
    json_decref(answer);
}

static void test_report_data(void **state)
{
    json_t *vectors, *row;
    size_t i, checked = 0;
    char body[256];
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/report-data.json");
    guest *g = guest_of_seed("report data");
    json_array_foreach(json_object_get(vectors, "vectors"), i, row)
    {
        check_tdx_quote(g, row);
        checked++;
    }
    assert_true(checked > 0);
    const json_t *padded = json_object_get(vectors, "get_quote_right_pad");
    (void)snprintf(body, sizeof body, "{\"report_data\":\"%s\"}", text_member(padded, "data_hex"));
    json_t *answer = call_guest(g, GUEST_API_DSTACK, "/GetQuote", body, 200);
    assert_string_equal(text_member(answer, "report_data"), text_member(padded, "report_data"));
    assert_memory_equal(text_member(answer, "quote") + 2 * 568, text_member(padded, "report_data"), 128);
    json_decref(answer);
    print_message("report data: %zu hashes and the padding checked\n", checked);
    json_decref(vectors);
    guest_free(g);
}

/* Our slow Keccak is the library's where both are. */
static void test_keccak(void **state)
{
    uint8_t bytes[300];
    (void)state;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t found[KECCAK_SIZE];
        memset(bytes, (int)size, sizeof bytes);
        sim_keccak(slice(bytes, size), found, sizeof found);
        assert_memory_equal(found, hash_keccak(slice(bytes, size)).bytes, sizeof found);
    }
}

/* ---------------------------------------------------------------- compose files ---- */

/* A guest that is given the file measures its bytes. */
static void test_compose_hashes(void **state)
{
    json_t *vectors, *row;
    size_t i, checked = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/compose-hash.json");
    json_array_foreach(json_object_get(vectors, "files"), i, row)
    {
        char name[256];
        chaos_buffer file;
        guest *g = NULL;
        chaos_error err = { 0 };
        (void)snprintf(name, sizeof name, "dstack/%s", text_member(row, "file"));
        assert_true(read_vector(name, &file));
        const guest_options options = { .seed = "compose", .now = 1767225600, .app_compose = bytes_of(&file) };
        if (guest_new(&options, &g, &err) != CHAOS_OK) {
            fail_msg("%s: %s", name, err.text);
        }
        json_t *info = call_guest(g, GUEST_API_DSTACK, "/Info", NULL, 200);
        assert_string_equal(text_member(info, "compose_hash"), text_member(row, "raw_sha256"));
        checked++;
        json_decref(info);
        guest_free(g);
        chaos_buffer_free(&file);
    }
    assert_true(checked > 0);
    print_message("compose files: %zu checked; the client's canonical form is checked with the client\n", checked);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_digests),
        cmocka_unit_test(test_emitted_event),
        cmocka_unit_test(test_report_data),
        cmocka_unit_test(test_keccak),
        cmocka_unit_test(test_compose_hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
