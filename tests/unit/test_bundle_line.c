/* test_bundle_line.c - one line of a bundle read by itself: each kind of line once right, with its neighbours that have one
 * thing changed; and what the writers of lines refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/edit.h"
#include "wire/wire.h"

#define REGISTRY "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
#define HEADER "{\"agent_id\":\"7\",\"agent_registry\":\"" REGISTRY "\",\"schema\":\"chaoschain/bundle/1\"}"
#define HASH "0xa69e94c0ce0a1b4b7f9f4b6ef6b9d8a6e0c3f2f1d5b6a79880716253443526ab"
#define CONTENT "{\"content\":{\"data\":\"bG9n\",\"hash\":\"" HASH "\"}}"
#define COLLATERAL "{\"collateral\":\"{\\\"a\\\":1}\"}"
#define ENVELOPE "{\"envelope\":{\"a\":[1]}}"
#define LARGEST_U256 "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static const chaos_u256 chain = { { 0 } };

/* Reads from an allocation of exactly the line's size, so that a sanitizer sees a read outside of it. */
static bool read_exact(chaos_slice text, chaos_buffer *storage, bundle_line *line, fault *why)
{
    uint8_t *copy = malloc(text.size > 0 ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    const bool good = bundle_line_read(slice(copy, text.size), &chain, storage, line, why);
    free(copy);
    return good;
}

static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_BUNDLE_LINE + 1);
    bundle_line line;
    fault why;
    const bool good = read_exact(text, &storage, &line, &why);
    const bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (good != (status == CHAOS_OK) || why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, expected %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
}

/* ------------------------------------------------------------------ reading ---- */

#define BAD CHAOS_E_BUNDLE_FORMAT
static const struct {
    const char *base, *from, *to;
    chaos_status status;
    const char *field;
} edits[] = {
    { HEADER, "{", "{ ", CHAOS_OK, NULL },
    { HEADER, "{", " {", BAD, "line" },
    { HEADER, "1\"}", "1\"} ", BAD, "line" },
    { HEADER, "{\"agent_id\":\"7\",", "{", BAD, "line" },
    { HEADER, ",\"schema\":\"chaoschain/bundle/1\"", "", BAD, "line" },
    { HEADER, "\"agent_registry\":\"" REGISTRY "\",", "", BAD, "line" },
    { HEADER, "bundle/1\"", "bundle/2\"", BAD, "schema" },
    { HEADER, "bundle/1\"", "bundle/1\",\"zone\":1", BAD, "key" },
    { HEADER, "bundle/1\"", "bundle/1\",\"collateral\":\"{}\"", BAD, "line" },
    { HEADER, "bundle/1\"", "bundle/1\",\"agent_id\":\"7\"", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    /* agent_id */
    { HEADER, "\"7\"", "\"0\"", CHAOS_OK, NULL },
    { HEADER, "\"7\"", "\"" LARGEST_U256 "\"", CHAOS_OK, NULL },
    { HEADER, "\"7\"", "\"" LARGEST_U256 "0\"", BAD, "agent_id" },
    { HEADER, "\"7\"", "\"07\"", BAD, "agent_id" },
    { HEADER, "\"7\"", "\"-7\"", BAD, "agent_id" },
    { HEADER, "\"7\"", "\"\"", BAD, "agent_id" },
    { HEADER, "\"7\"", "7", BAD, "agent_id" },
    /* agent_registry */
    { HEADER, ":31337:", ":1:", CHAOS_OK, NULL },
    { HEADER, ":31337:", ":" LARGEST_U256 ":", CHAOS_OK, NULL },
    { HEADER, ":31337:", ":" LARGEST_U256 "0:", BAD, "agent_registry" },
    { HEADER, ":31337:", ":0:", BAD, "agent_registry" },
    { HEADER, ":31337:", ":031337:", BAD, "agent_registry" },
    { HEADER, ":31337:", "::", BAD, "agent_registry" },
    { HEADER, ":31337:", ":", BAD, "agent_registry" },
    { HEADER, "eip155:", "eip156:", BAD, "agent_registry" },
    { HEADER, "eip155:", "", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":1x5f", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":0X5f", BAD, "agent_registry" },
    { HEADER, ":0x5f", "-0x5f", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":0x5F", BAD, "agent_registry" },
    { HEADER, ":0x5fb", ":0x5fA", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":0x5g", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":0x", BAD, "agent_registry" },
    { HEADER, ":0x5f", ":0x005f", BAD, "agent_registry" },
    { HEADER, "5fbdb2315678afecb367f032d93f642f64180aa3", "0000000000000000000000000000000000000000", BAD,
      "agent_registry" },
    { HEADER, "5fbdb2315678afecb367f032d93f642f64180aa3", "0000000000000000000000000000000000000001", CHAOS_OK, NULL },
    { HEADER, "\"" REGISTRY "\"", "\"\"", BAD, "agent_registry" },
    { HEADER, "\"" REGISTRY "\"", "\"eip155:\"", BAD, "agent_registry" },
    { HEADER, "\"" REGISTRY "\"", "\":0x5fbdb2315678afecb367f032d93f642f64180aa3\"", BAD, "agent_registry" },
    { HEADER, "\"" REGISTRY "\"", "null", BAD, "agent_registry" },
    /* collateral */
    { COLLATERAL, "{\\\"a\\\":1}", "x", CHAOS_OK, NULL }, /* what it says is read elsewhere */
    { COLLATERAL, "{\\\"a\\\":1}", "", BAD, "collateral" },
    { COLLATERAL, "\"{\\\"a\\\":1}\"", "{\"a\":1}", BAD, "collateral" },
    { COLLATERAL, "\"{\\\"a\\\":1}\"", "null", BAD, "collateral" },
    { COLLATERAL, "1}\"", "1}\",\"envelope\":{}", BAD, "line" },
    /* envelope */
    { ENVELOPE, "{\"a\":[1]}", "{}", CHAOS_OK, NULL }, /* as above */
    { ENVELOPE, "{\"a\":[1]}", "[]", BAD, "envelope" },
    { ENVELOPE, "{\"a\":[1]}", "\"{}\"", BAD, "envelope" },
    { ENVELOPE, "{\"a\":[1]}", "null", BAD, "envelope" },
    { ENVELOPE, "{\"a\":[1]}", "{\"a\":[1}", CHAOS_E_JSON, NULL },
    /* content */
    { CONTENT, "bG9n", "", CHAOS_OK, NULL },
    { CONTENT, "bG9n", "bA==", CHAOS_OK, NULL },
    { CONTENT, "bG9n", "bA=", BAD, "data" },
    { CONTENT, "bG9n", "bG9-", BAD, "data" },
    { CONTENT, "\"bG9n\"", "null", BAD, "data" },
    { CONTENT, "\"data\":\"bG9n\",", "", BAD, "data" },
    { CONTENT, ",\"hash\":\"" HASH "\"", "", BAD, "hash" },
    { CONTENT, HASH, HASH "00", BAD, "hash" },
    { CONTENT, "\"data\"", "\"text\"", BAD, "key" },
    { CONTENT, "{\"data\":\"bG9n\",\"hash\":\"" HASH "\"}", "[]", BAD, "content" },
    /* receipt: its members are test_receipt's */
    { "{\"receipt\":{}}", "{}", "[]", CHAOS_E_RECEIPT_FORMAT, NULL },
    { "{\"receipt\":{}}", "{}", "{}", CHAOS_E_RECEIPT_FORMAT, NULL },
    { "{}", "{}", "{}", BAD, "line" },
};

static void test_one_change(void **state)
{
    static const char *const good[] = { HEADER, CONTENT, COLLATERAL, ENVELOPE };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(good); i++) {
        expect(slice_text(good[i]), CHAOS_OK, NULL, good[i]);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *text = edited(edits[i].base, edits[i].from, edits[i].to);
        expect(slice_text(text), edits[i].status, edits[i].field, text);
        free(text);
    }
}

/* Also no bytes at all, and each beginning, are no line. */
static void test_every_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof HEADER - 1; size++) {
        expect(slice(HEADER, size), BAD, "line", "cut");
    }
}

static void test_values(void **state)
{
    CHAOS_AUTO_BUFFER(storage, 4096);
    bundle_line line;
    fault why;
    (void)state;
    assert_true(bundle_line_read(slice_text(HEADER), &chain, &storage, &line, &why));
    assert_int_equal(line.kind, BUNDLE_HEADER);
    assert_int_equal(line.header.agent_id.bytes[31], 7);
    assert_int_equal(line.header.chain_id.bytes[30], 31337 >> 8);
    assert_int_equal(line.header.chain_id.bytes[31], 31337 & 0xff);
    assert_int_equal(line.header.agent_registry.bytes[19], 0xa3);
    assert_true(bundle_line_read(slice_text(COLLATERAL), &chain, &storage, &line, &why));
    assert_int_equal(line.kind, BUNDLE_COLLATERAL);
    assert_true(slice_is(line.collateral, "{\"a\":1}"));
    assert_true(bundle_line_read(slice_text(ENVELOPE), &chain, &storage, &line, &why));
    assert_int_equal(line.kind, BUNDLE_ENVELOPE);
    assert_true(slice_is(line.envelope, "{\"a\":[1]}"));
    assert_true(bundle_line_read(slice_text(CONTENT), &chain, &storage, &line, &why));
    assert_int_equal(line.kind, BUNDLE_CONTENT);
    assert_true(slice_is(line.content, "log"));
    assert_int_equal(line.content_hash.bytes[31], 0xab);
}

/* `before`, `size` times `fill`, `after`. */
static chaos_slice long_line(chaos_buffer *out, const char *before, char fill, size_t size, const char *after)
{
    out->size = 0;
    assert_true(buffer_append_text(out, before));
    uint8_t *room = buffer_reserve(out, size);
    assert_non_null(room);
    memset(room, fill, size);
    out->size += size;
    assert_true(buffer_append_text(out, after));
    return buffer_slice(out);
}

/* Each thing at its limit and a byte beyond. */
static void test_limits(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_BUNDLE_LINE);
    const size_t braces = 2;
    expect(long_line(&text, "{\"collateral\":\"", 'c', CHAOS_MAX_COLLATERAL, "\"}"), CHAOS_OK, NULL, "collateral");
    expect(long_line(&text, "{\"collateral\":\"", 'c', CHAOS_MAX_COLLATERAL + 1, "\"}"), BAD, "collateral", "one more");
    expect(long_line(&text, "{\"envelope\":{", ' ', CHAOS_MAX_ENVELOPE - braces, "}}"), CHAOS_OK, NULL, "envelope");
    expect(long_line(&text, "{\"envelope\":{", ' ', CHAOS_MAX_ENVELOPE - braces + 1, "}}"), BAD, "envelope", "one more");
    /* 1024 * 1024 bytes are 349,525 groups of three and one byte */
    static const char data[] = "{\"content\":{\"data\":\"", hash[] = "\",\"hash\":\"" HASH "\"}}";
    const size_t groups = CHAOS_MAX_BUNDLE_CONTENT / 3 * 4;
    char end[4 + sizeof hash];
    static const struct {
        const char *last;
        chaos_status status;
    } ends[] = { { "AA==", CHAOS_OK }, { "AAA=", BAD }, { "AAAA", BAD } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(ends); i++) {
        memcpy(end, ends[i].last, 4);
        memcpy(end + 4, hash, sizeof hash);
        expect(long_line(&text, data, 'A', groups, end), ends[i].status, ends[i].status == CHAOS_OK ? NULL : "data",
               ends[i].last);
    }
    expect(long_line(&text, data, 'A', groups + 400, hash), BAD, "data", "much more");
}

/* Without room for the content it is a fault of ours, and none of the line's. */
static void test_no_room(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(storage, 2);
    bundle_line line;
    fault why;
    assert_false(bundle_line_read(slice_text(CONTENT), &chain, &storage, &line, &why));
    assert_int_equal(why.status, CHAOS_E_MEMORY);
}

/* ------------------------------------------------------------------- reader ---- */

static chaos_status lying_source(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    (void)err;
    memset(into, '\n', capacity);
    *got = capacity + *(const size_t *)context;
    return CHAOS_OK;
}

/* A source that says it gave more than it was asked for is a fault of the caller's. */
static void test_lying_source(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        const chaos_bundle_source source = { .size = sizeof source, .context = &more, .read = lying_source };
        bundle_reader r;
        bundle_line line;
        bool some;
        fault why;
        chaos_error err = { 0 };
        bundle_reader_begin(&r, &source);
        assert_int_equal(bundle_next(&r, &line, &some, &why, &err), more == 0 ? CHAOS_OK : CHAOS_E_USAGE);
        assert_false(some);
        assert_int_equal(why.status, more == 0 ? BAD : CHAOS_OK); /* an empty line, or not judged at all */
        bundle_reader_end(&r);
    }
}

/* ------------------------------------------------------------------ writing ---- */

static void test_writers_refuse(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(out, 4096);
    CHAOS_AUTO_BUFFER(small, 20);
    const chaos_u256 id = { { 0 } };
    const chaos_address registry = { { 1 } };
    const chaos_receipt receipt = { .action = { .issued_at = 1 } };
    const chaos_slice some = slice_text("some");
    chaos_error err;
    assert_int_equal(chaos_bundle_write_header(NULL, &registry, &id, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_header(&id, NULL, &id, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_header(&id, &registry, NULL, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_header(&id, &registry, &id, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_envelope(NULL, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_collateral(some, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_collateral(slice(some.data, 0), &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_receipt(NULL, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_receipt(&receipt, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_content(some, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_content(slice(NULL, 1), &out, &err), CHAOS_E_USAGE);
    assert_int_equal(out.size, 0);
    assert_int_equal(chaos_bundle_write_content(slice(NULL, 0), &out, &err), CHAOS_OK);
    assert_true(buffer_append_text(&small, "before"));
    assert_int_equal(chaos_bundle_write_header(&id, &registry, &id, &small, &err), CHAOS_E_LIMIT);
    assert_int_equal(chaos_bundle_write_collateral(some, &small, &err), CHAOS_E_LIMIT);
    assert_int_equal(chaos_bundle_write_content(some, &small, &err), CHAOS_E_LIMIT);
    assert_true(slice_is(buffer_slice(&small), "before")); /* nothing of a line is left */
}

/* The object and its LF, or neither: the buffer's limit may lie between them. */
static void test_line_and_its_end(void **state)
{
    static const char line[] = "{\"collateral\":\"some\"}\n";
    chaos_error err;
    (void)state;
    for (size_t limit = 0; limit < sizeof line; limit++) {
        CHAOS_AUTO_BUFFER(out, limit);
        const chaos_status status = chaos_bundle_write_collateral(slice_text("some"), &out, &err);
        assert_int_equal(status, limit == sizeof line - 1 ? CHAOS_OK : CHAOS_E_LIMIT);
        assert_int_equal(out.size, status == CHAOS_OK ? limit : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_lying_source),
        cmocka_unit_test(test_writers_refuse),
        cmocka_unit_test(test_line_and_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
