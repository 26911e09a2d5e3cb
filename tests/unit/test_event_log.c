/* test_event_log.c - the guest's event log: reading, digests, writing, and replay of real logs. */
#include "wire/wire.h"

#include "tests/support/edit.h"
#include "tests/support/tree.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HEX48 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define V1_DIGEST "e910bac274d132c3c6c23ac10103947a0a07783a277d9aab6bb12db5749cdb296275a888328c43479a8be40268a72a62"
#define V2_DIGEST "9dde1673f544faa94b921825209593ddde08d0baf9cd6990175dffaf3081f1bb10311d56de189491feb33842a050ad7b"
/* {"name":"compose-hash","payload":"abcd","type":134217729} */
#define V2_PREIMAGE                                                                                                  \
    "7b226e616d65223a22636f6d706f73652d68617368222c227061796c6f6164223a2261626364222c2274797065223a3133343231373732" \
    "397d"
/* 134217729 in four bytes ":compose-hash:" abcd, which is what version 1 hashes */
#define V1_PREIMAGE "010000083a636f6d706f73652d686173683aabcd"
/* {"name":"acpi-loader","payload":"0954","type":2147483659} */
#define FIRMWARE_PREIMAGE                                                                                  \
    "7b226e616d65223a22616370692d6c6f61646572222c227061796c6f6164223a2230393534222c2274797065223a32313437" \
    "3438333635397d"

#define FIRMWARE                                               \
    "{\"imr\":0,\"event_type\":2147483659,\"digest\":\"" HEX48 \
    "\",\"event\":\"acpi-loader\",\"event_payload\":\"0954\"}"
#define RUNTIME                                                   \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"" V1_DIGEST \
    "\",\"event\":\"compose-hash\",\"event_payload\":\"abcd\"}"
#define RUNTIME2                                                                                                 \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"compose-hash\",\"event_payload\":\"ABCD\"," \
    "\"version\":2}"

static const char good[] = "[" FIRMWARE "," RUNTIME "]";
static const char version_2[] = "[" RUNTIME2 "]";

/* --------------------------------------------------------------- helpers ---- */

/* Reads to the end; gives the number of events before the end or the fault. */
static size_t read_all(chaos_slice text, log_event *events, size_t capacity, chaos_buffer *storage, fault *why)
{
    event_reader reading;
    log_event event;
    size_t count = 0;
    event_log_begin(&reading, text, storage);
    while (event_log_next(&reading, &event)) {
        if (count < capacity) {
            events[count] = event;
        }
        count++;
        assert_true(count <= MAX_EVENTS);
    }
    *why = *event_log_fault(&reading);
    return count;
}

static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    fault why;
    (void)read_all(text, NULL, 0, &storage, &why);
    bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    chaos_buffer_free(&storage);
}

static log_event runtime_event(const char *name, const char *payload_hex, unsigned version)
{
    return (log_event){ .imr = 3,
                        .event_type = EVENT_TYPE_RUNTIME,
                        .name = slice_text(name),
                        .payload_hex = slice_text(payload_hex),
                        .version = version };
}

static void expect_digest(const log_event *event, const char *want)
{
    uint8_t digest[SHA384_SIZE];
    uint8_t other[SHA384_SIZE];
    assert_true(hex_decode(slice_text(want), other, sizeof(other)));
    assert_true(event_digest(event, digest));
    assert_memory_equal(digest, other, sizeof(digest));
}

/* ----------------------------------------------------------------- tests ---- */

static void test_good(void **state)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    log_event events[2];
    fault why;
    (void)state;
    assert_int_equal(read_all(slice_text(good), events, 2, &storage, &why), 2);
    assert_int_equal(why.status, CHAOS_OK);
    assert_int_equal(events[0].imr, 0);
    assert_int_equal(events[0].event_type, 0x8000000b);
    assert_true(events[0].has_digest);
    assert_int_equal(events[0].digest[1], 0x23);
    assert_true(slice_is(events[0].name, "acpi-loader"));
    assert_true(slice_is(events[0].payload_hex, "0954"));
    assert_int_equal(events[1].imr, 3);
    assert_int_equal(events[1].event_type, EVENT_TYPE_RUNTIME);
    assert_int_equal(events[1].version, 1);
    assert_true(slice_is(events[1].name, "compose-hash"));
    expect_digest(&events[1], V1_DIGEST);
    assert_int_equal(read_all(slice_text(version_2), events, 2, &storage, &why), 1);
    assert_false(events[0].has_digest);
    assert_int_equal(events[0].version, 2);
    expect_digest(&events[0], V2_DIGEST);
    assert_int_equal(read_all(slice_text("[]"), events, 2, &storage, &why), 0);
    assert_int_equal(why.status, CHAOS_OK);
    chaos_buffer_free(&storage);
}

static void test_digests(void **state)
{
    (void)state;
    log_event event = runtime_event("compose-hash", "abcd", 1);
    expect_digest(&event, V1_DIGEST);
    event.payload_hex = slice_text("ABCD"); /* the digits' case is not part of the content */
    expect_digest(&event, V1_DIGEST);
    event.version = 2;
    expect_digest(&event, V2_DIGEST);
    event.payload_hex = slice_text("abcg");
    uint8_t digest[SHA384_SIZE];
    assert_false(event_digest(&event, digest));
}

typedef struct edit_case {
    const char *base, *from, *to;
    chaos_status status;
    const char *field;
} edit_case;

#define BAD CHAOS_E_EVENT_LOG_FORMAT
static const edit_case edits[] = {
    { good, "\"imr\":0", "\"news\":[{}],\"imr\":0", CHAOS_OK, NULL },
    { good, "\"imr\":0", "\"imr\":2", CHAOS_OK, NULL },
    { good, "acpi-loader", "", CHAOS_OK, NULL },
    { good, "acpi-loader", "a: b", CHAOS_OK, NULL }, /* only runtime events are named by what they measure */
    { good, "2147483659", "4294967295", CHAOS_OK, NULL },
    { good, "\"0954\"", "\"\"", CHAOS_OK, NULL },
    { good, V1_DIGEST, "", CHAOS_OK, NULL },
    { good, "\"abcd\"", "\"abcd\",\"version\":1", CHAOS_OK, NULL },
    { good, "compose-hash", "\\u0063ompose-hash", CHAOS_OK, NULL },
    { good, "compose-hash", "\xc3\xa9\xe2\x82\xac", CHAOS_OK, NULL },
    { version_2, "\"version\":2", "\"version\":2,\"preimage\":\"" V2_PREIMAGE "\"", CHAOS_OK, NULL },
    { version_2, "{\"imr\"", "{\"preimage\":\"" V2_PREIMAGE "\",\"imr\"", CHAOS_OK, NULL },
    { good, "\"imr\":0,", "", BAD, "imr" },
    { good, "\"imr\":0", "\"imr\":4", BAD, "imr" },
    { good, "\"imr\":0", "\"imr\":256", BAD, "imr" },
    { good, "\"imr\":0", "\"imr\":-1", BAD, "imr" },
    { good, "\"imr\":0", "\"imr\":\"0\"", BAD, "imr" },
    { good, "\"imr\":0", "\"imr\":3", BAD, "event_type" },
    { good, "\"imr\":3", "\"imr\":2", BAD, "event_type" },
    { good, "\"event_type\":2147483659,", "", BAD, "event_type" },
    { good, "2147483659", "4294967296", BAD, "event_type" },
    { good, "2147483659", "134217729", BAD, "event_type" },
    { good, "134217729", "134217728", BAD, "event_type" },
    { good, "\"digest\":\"" HEX48 "\",", "", BAD, "digest" },
    { good, HEX48, "", BAD, "digest" },
    { good, HEX48, "00", BAD, "digest" },
    { good, "\"digest\":\"01", "\"digest\":\"", BAD, "digest" },
    { good, "\"digest\":\"01", "\"digest\":\"0101", BAD, "digest" },
    { good, "\"digest\":\"01", "\"digest\":\"0x", BAD, "digest" },
    { good, "\"digest\":\"" HEX48 "\"", "\"digest\":null", BAD, "digest" },
    { good, "\"event\":\"acpi-loader\",", "", BAD, "event" },
    { good, "\"acpi-loader\"", "7", BAD, "event" },
    { good, "acpi-loader", "acpi\\u0000loader", BAD, "event" },
    { good, "compose-hash", "", BAD, "event" },
    { good, "compose-hash", "compose:hash", BAD, "event" },
    { good, "compose-hash", "compose\\nhash", BAD, "event" },
    { good, "compose-hash", "compose\x7fhash", BAD, "event" },
    { good, "compose-hash", "compose\\u0085hash", BAD, "event" },
    { good, ",\"event_payload\":\"0954\"", "", BAD, "event_payload" },
    { good, "\"0954\"", "\"095\"", BAD, "event_payload" },
    { good, "\"0954\"", "\"095g\"", BAD, "event_payload" },
    { good, "\"0954\"", "\"0x0954\"", BAD, "event_payload" },
    { good, "\"0954\"", "954", BAD, "event_payload" },
    { version_2, "\"version\":2", "\"version\":0", BAD, "version" },
    { version_2, "\"version\":2", "\"version\":3", BAD, "version" },
    { version_2, "\"version\":2", "\"version\":258", BAD, "version" },
    { version_2, "\"version\":2", "\"version\":null", BAD, "version" },
    { version_2, "\"version\":2", "\"version\":2,\"preimage\":\"\"", BAD, "preimage" },
    { version_2, "\"version\":2", "\"version\":2,\"preimage\":\"7b7d\"", BAD, "preimage" },
    { version_2, "\"version\":2", "\"version\":2,\"preimage\":\"" V2_PREIMAGE "00\"", BAD, "preimage" },
    { version_2, "\"version\":2", "\"version\":2,\"preimage\":{}", BAD, "preimage" },
    { version_2, "\"version\":2", "\"version\":1,\"preimage\":\"" V2_PREIMAGE "\"", BAD, "preimage" },
    { good, "\"0954\"", "\"0954\",\"preimage\":\"" V2_PREIMAGE "\"", BAD, "preimage" },
    { version_2, "\"version\":2", "\"version\":1,\"preimage\":\"" V1_PREIMAGE "\"", BAD, "preimage" },
    { good, "\"0954\"", "\"0954\",\"version\":2", CHAOS_OK, NULL },
    { good, "\"0954\"", "\"0954\",\"version\":2,\"preimage\":\"" FIRMWARE_PREIMAGE "\"", BAD, "preimage" },
    { good, "acpi-loader", "acpi\x1floader", CHAOS_E_JSON, NULL },
    { good, "compose-hash", "compose\\u001fhash", BAD, "event" },
    { good, "compose-hash", "compose hash", CHAOS_OK, NULL },
    { good, "compose-hash", "compose\\u00a0hash", CHAOS_OK, NULL },
    { good, "[{", "{\"a\":[{", BAD, "event_log" },
    { good, "[{", "[[],{", BAD, "event_log" },
    { good, "[{", "[null,{", BAD, "event_log" },
    { good, "abcd\"}]", "abcd\"}]]", CHAOS_E_JSON, NULL },
    { good, "abcd\"}]", "abcd\"},]", CHAOS_E_JSON, NULL },
    { good, "\"imr\":0", "\"imr\":0,\"imr\":0", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { good, "\"imr\":0", "\"imr\":0,\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", CHAOS_E_JSON_DEPTH, NULL },
};

static void test_one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *text = edited(edits[i].base, edits[i].from, edits[i].to);
        expect(slice_text(text), edits[i].status, edits[i].field, edits[i].to);
        free(text);
    }
}

/* Each hex digit of the preimage counts. */
static void test_preimage_is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < strlen(V2_PREIMAGE); i++) {
        char preimage[] = V2_PREIMAGE;
        preimage[i] = preimage[i] == '2' ? '3' : '2';
        char member[200];
        (void)snprintf(member, sizeof(member), "\"version\":2,\"preimage\":\"%s\"", preimage);
        char *text = edited(version_2, "\"version\":2", member);
        expect(slice_text(text), BAD, "preimage", member);
        free(text);
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    expect((chaos_slice){ NULL, 0 }, CHAOS_E_JSON, NULL, "nothing");
    for (size_t size = 1; size < strlen(good); size++) {
        uint8_t *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, good, size);
        expect(slice(copy, size), CHAOS_E_JSON, NULL, "truncated");
        free(copy);
    }
}

static void expect_payload(size_t digits)
{
    char *payload = malloc(digits + 3);
    assert_non_null(payload);
    memset(payload, 'a', digits + 2);
    payload[0] = '"';
    payload[digits + 1] = '"';
    payload[digits + 2] = 0;
    char *text = edited(good, "\"abcd\"", payload);
    expect(slice_text(text), CHAOS_OK, NULL, "payload size");
    free(text);
    free(payload);
}

static void expect_name(size_t size, chaos_status status)
{
    char name[512] = { 0 };
    memset(name, 'n', size);
    char *text = edited(good, "compose-hash", name);
    expect(slice_text(text), status, status == CHAOS_OK ? NULL : "event", "name size");
    free(text);
}

static void expect_count(const char *unit, size_t count, chaos_status status)
{
    char *list = repeated(unit, count);
    char *text = edited("[@]", "@", list);
    expect(slice_text(text), status, NULL, "many events");
    free(text);
    free(list);
}

static void test_limits(void **state)
{
    (void)state;
    expect_payload((size_t)2 * 64 * 1024 + 2); /* what eight GPUs attest is longer than that */
    expect_payload((size_t)CHAOS_MAX_EVENT_LOG - 1024);
    expect_name(256, CHAOS_OK);
    expect_name(257, BAD);
    static const char small[] =
        "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\",\"event_payload\":\"\"}";
    expect_count(small, MAX_EVENTS, CHAOS_OK);
    expect_count(small, MAX_EVENTS + 1, BAD);
    char *text = malloc(CHAOS_MAX_EVENT_LOG + 1);
    assert_non_null(text);
    memset(text, ' ', CHAOS_MAX_EVENT_LOG + 1);
    memcpy(text, good, strlen(good));
    expect(slice(text, CHAOS_MAX_EVENT_LOG), CHAOS_OK, NULL, "at the limit");
    expect(slice(text, CHAOS_MAX_EVENT_LOG + 1), BAD, "event_log", "beyond the limit");
    free(text);
    chaos_buffer tight = CHAOS_BUFFER_INIT(16);
    fault why;
    assert_int_equal(read_all(slice_text(good), NULL, 0, &tight, &why), 0);
    assert_int_equal(why.status, CHAOS_E_MEMORY);
    chaos_buffer_free(&tight);
}

static void test_writer(void **state)
{
    static const char canonical[] = "{\"digest\":\"\",\"event\":\"compose-hash\",\"event_payload\":\"ABCD\",\"event_"
                                    "type\":134217729,\"imr\":3,\"version\":2}";
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    log_event events[2];
    log_event again[2];
    fault why;
    (void)state;
    assert_int_equal(read_all(slice_text(version_2), events, 2, &storage, &why), 1);
    assert_true(event_log_write(&events[0], &out));
    assert_true(slice_is(buffer_slice(&out), canonical));
    chaos_buffer tight = CHAOS_BUFFER_INIT(20);
    assert_false(event_log_write(&events[0], &tight));
    assert_int_equal(tight.size, 0);
    chaos_buffer_free(&tight);

    out.size = 0;
    assert_int_equal(read_all(slice_text(good), events, 2, &storage, &why), 2);
    assert_true(buffer_append_text(&out, "["));
    assert_true(event_log_write(&events[0], &out));
    assert_true(buffer_append_text(&out, ","));
    assert_true(event_log_write(&events[1], &out));
    assert_true(buffer_append_text(&out, "]"));
    assert_null(strstr((const char *)out.data, "version"));
    chaos_buffer names = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    assert_int_equal(read_all(buffer_slice(&out), again, 2, &names, &why), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(again[i].digest, events[i].digest, SHA384_SIZE);
        assert_true(slice_equal(again[i].name, events[i].name));
        assert_true(slice_equal(again[i].payload_hex, events[i].payload_hex));
        assert_int_equal(again[i].event_type, events[i].event_type);
        assert_int_equal(again[i].imr, events[i].imr);
    }
    chaos_buffer_free(&names);
    chaos_buffer_free(&out);
    chaos_buffer_free(&storage);
}

/* --------------------------------------------------------------- vectors ---- */

static void skip_without_vectors(void)
{
    if (!vectors_present()) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
}

static void test_digest_vectors(void **state)
{
    (void)state;
    skip_without_vectors();
    tree *file = tree_load("dstack/vectors/event-digest.json");
    const tree *vectors = tree_get(file, "vectors");
    assert_true(tree_size(vectors) >= 5);
    for (size_t i = 0; i < tree_size(vectors); i++) {
        const tree *v = tree_at(vectors, i);
        log_event event = runtime_event(tree_text(tree_get(v, "event")), tree_text(tree_get(v, "payload_hex")), 1);
        expect_digest(&event, tree_text(tree_get(v, "v1_sha384")));
        event.version = 2;
        expect_digest(&event, tree_text(tree_get(v, "v2_sha384")));
    }
    tree_free(file);
}

typedef struct replay {
    uint8_t registers[4][SHA384_SIZE];
    size_t count;
} replay;

/* As a verifier does it: a runtime event's digest is made again, and must be the one in the log if there is one. */
static replay replay_log(const char *text)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    replay result = { 0 };
    event_reader reading;
    log_event event;
    event_log_begin(&reading, slice_text(text), &storage);
    while (event_log_next(&reading, &event)) {
        if (event.event_type == EVENT_TYPE_RUNTIME) {
            uint8_t digest[SHA384_SIZE];
            assert_true(event_digest(&event, digest));
            assert_true(!event.has_digest || memcmp(digest, event.digest, sizeof(digest)) == 0);
            memcpy(event.digest, digest, sizeof(digest));
        }
        uint8_t *mr = result.registers[event.imr];
        hash_sha384_two(slice(mr, SHA384_SIZE), slice(event.digest, SHA384_SIZE), mr);
        result.count++;
    }
    if (event_log_fault(&reading)->status != CHAOS_OK) {
        fail_msg("%s in %s", chaos_status_name(event_log_fault(&reading)->status), event_log_fault(&reading)->field);
    }
    chaos_buffer_free(&storage);
    return result;
}

static void compare_with_quote(const replay *result, const char *quote_hex)
{
    static const char *const names[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    size_t size = strlen(quote_hex) / 2;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    assert_true(hex_decode(slice(quote_hex, 2 * size), bytes, size));
    dcap_quote quote;
    fault why;
    assert_true(dcap_quote_read(slice(bytes, size), &quote, &why));
    for (size_t i = 0; i < 4; i++) {
        chaos_slice value;
        assert_true(wire_field_get(quote_body_table(quote.body_type), quote.body, names[i], &value));
        assert_memory_equal(value.data, result->registers[i], SHA384_SIZE);
    }
    free(bytes);
}

static void test_real_logs_replay(void **state)
{
    static const struct {
        const char *file;
        size_t count;
    } reports[] = {
        { "dstack/verifier/quote-report.json", 28 },
        { "dstack/verifier/tdx-lite-getquote.json", 29 },
        { "dstack/examples/rtmr3-based-report.json", 28 },
    };
    (void)state;
    skip_without_vectors();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(reports); i++) {
        tree *report = tree_load(reports[i].file);
        replay result = replay_log(tree_text(tree_get(report, "event_log")));
        assert_int_equal(result.count, reports[i].count);
        const char *quote = tree_text(tree_get(report, "quote"));
        compare_with_quote(&result, strncmp(quote, "0x", 2) == 0 ? quote + 2 : quote);
        tree_free(report);
    }
}

static void test_simulator_logs_replay(void **state)
{
    static const char *const folders[] = { "dstack/simulator-v0.5.4", "dstack/simulator-v0.4.2" };
    (void)state;
    skip_without_vectors();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(folders); i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s/eventlog.json", folders[i]);
        chaos_buffer log = vector_file(name);
        (void)snprintf(name, sizeof(name), "%s/quote.hex", folders[i]);
        chaos_buffer quote = vector_file(name);
        assert_non_null(buffer_reserve(&log, 1)); /* puts a NUL behind both */
        assert_non_null(buffer_reserve(&quote, 1));
        log.data[log.size] = 0;
        quote.data[quote.size] = 0;
        quote.data[strcspn((const char *)quote.data, "\r\n")] = 0;
        replay result = replay_log((const char *)log.data);
        assert_int_equal(result.count, 27);
        compare_with_quote(&result, (const char *)quote.data);
        chaos_buffer_free(&quote);
        chaos_buffer_free(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_preimage_is_exact),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_digest_vectors),
        cmocka_unit_test(test_real_logs_replay),
        cmocka_unit_test(test_simulator_logs_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
