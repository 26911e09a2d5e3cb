/* test_base.c - statuses, errors, buffers and the latched reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

/* --------------------------------------------------------------- status ---- */

typedef struct status_row {
    chaos_status status;
    chaos_class class_;
    const char *name, *stage, *text;
} status_row;

static const status_row status_rows[] = {
#define ROW(name_, class_name, number, stage_, text_) \
    { CHAOS_E_##name_, CHAOS_CLASS_##class_name, #name_, stage_, text_ },
    CHAOS_STATUS_LIST(ROW)
#undef ROW
};

static const char *const stages[] = { "parse", "chain", "collateral", "quote", "tcb",
                                      "eventlog", "binding", "receipt", "policy", "environment" };

static bool is_stage(const char *stage)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stages); i++) {
        if (strcmp(stages[i], stage) == 0) {
            return true;
        }
    }
    return false;
}

static void every_status_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(status_rows); i++) {
        const status_row *row = &status_rows[i];
        assert_string_equal(chaos_status_name(row->status), row->name);
        assert_string_equal(chaos_status_text(row->status), row->text);
        assert_string_equal(chaos_status_stage(row->status), row->stage);
        assert_int_equal(chaos_status_class(row->status), row->class_);
        assert_int_equal((unsigned)row->status >> 8, row->class_);
        assert_true(is_stage(row->stage));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(row->status, status_rows[j].status);
            assert_string_not_equal(row->text, status_rows[j].text);
        }
    }
}

static void numbers_that_are_no_status(void **state)
{
    (void)state;
    static const unsigned numbers[] = { 1, 0x100, 0x1ff, 0x3ff, 0x600, 0xffff, 0x7fffffff };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(numbers); i++) {
        chaos_status status = (chaos_status)numbers[i];
        assert_string_equal(chaos_status_name(status), "UNKNOWN");
        assert_int_equal(chaos_status_class(status), CHAOS_CLASS_INTERNAL);
        assert_true(is_stage(chaos_status_stage(status)));
        assert_non_null(chaos_status_text(status));
        assert_false(status_is_date(status));
    }
    assert_string_equal(chaos_status_name(CHAOS_OK), "OK");
    assert_int_equal(chaos_status_class(CHAOS_OK), CHAOS_CLASS_OK);
    assert_string_equal(chaos_version(), CHAOS_VERSION_STRING);
}

static void dates_are_the_statuses_that_say_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(status_rows); i++) {
        const char *name = status_rows[i].name;
        bool named = strstr(name, "_EXPIRED") != NULL || strstr(name, "_NOT_YET_VALID") != NULL;
        named = named && (status_rows[i].status & 0xff) < 0x80; /* policy's dates do not keep verification going */
        assert_int_equal(status_is_date(status_rows[i].status), named);
    }
    assert_false(status_is_date(CHAOS_OK));
}

/* --------------------------------------------------------------- errors ---- */

static void an_error_is_filled(void **state)
{
    (void)state;
    chaos_error err;
    memset(&err, 0x55, sizeof err);
    assert_int_equal(error_set(&err, CHAOS_E_JSON, "key", 7, "bad %s %d", "thing", 3), CHAOS_E_JSON);
    assert_int_equal(err.status, CHAOS_E_JSON);
    assert_string_equal(err.field, "key");
    assert_int_equal(err.offset, 7);
    assert_string_equal(err.text, "bad thing 3");
    assert_string_equal(err.expected, "");
    assert_string_equal(err.found, "");
    error_expected(&err, "%d bytes", 3);
    error_found(&err, "%s", "a\x1b[31m\n");
    assert_string_equal(err.expected, "3 bytes");
    assert_string_equal(err.found, "a?[31m?");

    assert_int_equal(error_set(&err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL), CHAOS_E_MEMORY);
    assert_string_equal(err.text, "out of memory");
    assert_null(err.field);
    assert_string_equal(err.expected, "");

    char filler[500];
    memset(filler, 'x', sizeof filler);
    (void)error_set(&err, CHAOS_E_JSON, NULL, 0, "%.*s", (int)sizeof filler, filler);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_found(&err, "%.*s", (int)sizeof filler, filler);
    assert_int_equal(strlen(err.found), sizeof err.found - 1);

    assert_int_equal(error_set(NULL, CHAOS_E_JSON, NULL, 0, NULL), CHAOS_E_JSON);
    error_expected(NULL, "%d", 1);
    error_found(NULL, "%d", 1);
}

static void a_fault_becomes_an_error(void **state)
{
    (void)state;
    fault why = { .status = CHAOS_E_TCB_INFO_FORMAT, .field = "pcesvn", .offset = 9, .reason = "pcesvn is above 65535" };
    chaos_error err;
    assert_int_equal(fault_to_error(&why, &err), CHAOS_E_TCB_INFO_FORMAT);
    assert_string_equal(err.text, "the TCB info is malformed: pcesvn is above 65535");
    assert_string_equal(err.field, "pcesvn");
    assert_int_equal(err.offset, 9);
    assert_string_equal(err.expected, "");
    why.has_numbers = true;
    why.expected = UINT64_MAX;
    why.reason = NULL;
    assert_int_equal(fault_to_error(&why, &err), CHAOS_E_TCB_INFO_FORMAT);
    assert_string_equal(err.text, "the TCB info is malformed");
    assert_string_equal(err.expected, "18446744073709551615");
    assert_string_equal(err.found, "0");
    assert_int_equal(fault_to_error(&why, NULL), CHAOS_E_TCB_INFO_FORMAT);
}

typedef struct quote_row {
    const char *bytes;
    size_t capacity;
    const char *quoted, *hex;
} quote_row;

static const quote_row quote_rows[] = {
    { "", 8, "", "" },
    { "abc", 8, "abc", "616263" },
    { "abc", 4, "abc", "..." },
    { "abcd", 4, "...", "..." },
    { "abcd", 3, "", "61" },
    { "abcd", 2, "", "" },
    { "abcd", 1, "", "" },
    { "a\"\\", 8, "a\\\"\\\\", "61225c" },
    { "\x01\x7f\xff", 13, "\\x01\\x7f\\xff", "017fff" },
    { "\x01\x7f\xff", 12, "\\x01\\x7f...", "017fff" },
    { "ab\xff", 6, "ab...", "61..." },
    { "abcdefgh", 9, "abcdefgh", "6162..." },
    { "abcdefghi", 9, "abcde...", "6162..." },
};

static void untrusted_bytes_are_quoted(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(quote_rows); i++) {
        const quote_row *row = &quote_rows[i];
        char *text = malloc(row->capacity); /* exactly as large, for the sanitizers */
        assert_string_equal(error_quote(text, row->capacity, slice_text(row->bytes)), row->quoted);
        assert_string_equal(error_hex(text, row->capacity, slice_text(row->bytes)), row->hex);
        free(text);
    }
    assert_string_equal(error_quote(NULL, 0, slice_text("a")), "");
    assert_string_equal(error_hex(NULL, 0, slice_text("a")), "");
}

/* -------------------------------------------------------------- buffers ---- */

static void a_buffer_grows_to_its_limit(void **state)
{
    (void)state;
    chaos_buffer buffer = CHAOS_BUFFER_INIT(1000);
    for (size_t i = 0; i < 1000; i++) {
        uint8_t byte = (uint8_t)(i | 1);
        assert_true(buffer_append(&buffer, slice(&byte, 1)));
        assert_int_equal(buffer.data[buffer.size], 0);
        assert_true(buffer.capacity <= buffer.limit);
    }
    uint8_t before[1000];
    memcpy(before, buffer.data, sizeof before);
    assert_false(buffer_append_text(&buffer, "x"));
    assert_false(buffer_append_format(&buffer, "%d", 7));
    assert_null(buffer_reserve(&buffer, 1));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer_append(&buffer, slice(NULL, 0)));
    assert_int_equal(buffer.size, 1000);
    assert_memory_equal(buffer.data, before, sizeof before);
    chaos_buffer_free(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.limit, 1000);
    assert_true(buffer_append_text(&buffer, "again"));
    assert_string_equal((const char *)buffer.data, "again");
    chaos_buffer_free(&buffer);
    chaos_buffer_free(NULL);
}

static void buffers_at_the_edge(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(none, 0);
    assert_true(buffer_append_text(&none, ""));
    assert_string_equal((const char *)none.data, "");
    assert_false(buffer_append_text(&none, "a"));
    CHAOS_AUTO_BUFFER(exact, 7);
    assert_true(buffer_append_format(&exact, "%s-%03d", "abc", 4));
    assert_string_equal((const char *)exact.data, "abc-004");
    assert_int_equal(exact.size, 7);
    CHAOS_AUTO_BUFFER(endless, SIZE_MAX); /* a size that leaves no room for the NUL is no limit */
    assert_false(buffer_append_text(&endless, "a"));
    CHAOS_AUTO_BUFFER(wide, SIZE_MAX - 1);
    assert_true(buffer_append_text(&wide, "a"));
    assert_null(buffer_reserve(&wide, SIZE_MAX - 1)); /* the sum would wrap */
    assert_string_equal((const char *)wide.data, "a");
}

/* --------------------------------------------------------------- reader ---- */

static void a_reader_reads(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x84, 0xaa, 0xbb };
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_QUOTE_FORMAT);
    assert_int_equal(rd_u8(&r, "a"), 1);
    assert_int_equal(rd_u16le(&r, "b"), 0x0203);
    assert_int_equal(rd_u32le(&r, "c"), 0x84050607u);
    assert_int_equal(rd_left(&r), 2);
    chaos_slice rest = rd_take(&r, "d", 2);
    assert_true(slice_equal(rest, slice(bytes + 7, 2)));
    chaos_slice none = rd_take(&r, "e", 0);
    assert_int_equal(none.size, 0);
    assert_non_null(none.data);
    assert_true(rd_ok(&r));
    assert_true(slice_equal(rd_seen(&r), slice(bytes, sizeof bytes)));
}

/* Each read that needs more than there is: nothing is given, and the first fault stays. */
static void a_failed_reader_gives_zeros(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0xff, 0xff, 0xff, 0xff };
    for (size_t size = 0; size < sizeof bytes; size++) {
        reader r = rd_begin(slice(bytes, size), CHAOS_E_QUOTE_FORMAT);
        (void)rd_take(&r, "first", size);
        assert_true(rd_ok(&r));
        assert_int_equal(rd_u32le(&r, "wanted"), 0);
        assert_int_equal(r.why.status, CHAOS_E_QUOTE_FORMAT);
        assert_string_equal(r.why.field, "wanted");
        assert_int_equal(r.why.offset, size);
        assert_true(r.why.has_numbers);
        assert_int_equal(r.why.expected, 4);
        assert_int_equal(r.why.found, 0);
    }
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_QUOTE_FORMAT);
    assert_int_equal(rd_u8(&r, "one"), 0xff);
    rd_fail(&r, CHAOS_E_QUOTE_VERSION, "version", 0, "because");
    assert_int_equal(rd_u8(&r, "two"), 0);
    assert_int_equal(rd_u16le(&r, "three"), 0);
    assert_int_equal(rd_u32le(&r, "four"), 0);
    assert_int_equal(rd_left(&r), 0);
    chaos_slice none = rd_take(&r, "five", 0);
    assert_non_null(none.data);
    reader child = rd_sub(&r, "six", 1);
    assert_false(rd_ok(&child));
    assert_int_equal(rd_u8(&child, "seven"), 0);
    rd_expect(&r, false, CHAOS_E_JSON, "other");
    rd_close(&r, &child, CHAOS_E_JSON);
    assert_int_equal(r.why.status, CHAOS_E_QUOTE_VERSION);
    assert_string_equal(r.why.field, "version");
    assert_string_equal(r.why.reason, "because");

    reader empty = rd_begin(slice(NULL, 0), CHAOS_E_QUOTE_FORMAT);
    assert_non_null(rd_take(&empty, "none", 0).data);
    assert_true(rd_ok(&empty));
    rd_fail(&empty, CHAOS_OK, "none", 0, NULL);
    assert_int_equal(empty.why.status, CHAOS_E_INTERNAL);
}

static void children_share_offsets(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_QUOTE_FORMAT);
    (void)rd_u8(&r, "head");
    reader child = rd_sub(&r, "body", 3);
    assert_int_equal(rd_u8(&child, "x"), 2);
    assert_int_equal(rd_offset(&child), 2);
    reader slack = r;
    rd_close(&slack, &child, CHAOS_E_SIGNATURE_DATA_SLACK);
    assert_int_equal(slack.why.status, CHAOS_E_SIGNATURE_DATA_SLACK);
    assert_string_equal(slack.why.field, "body");
    assert_int_equal(slack.why.offset, 2);

    reader failed = r;
    reader failed_child = child;
    (void)rd_take(&failed_child, "y", 3); /* the parent has the bytes, the child has not */
    rd_close(&failed, &failed_child, CHAOS_E_SIGNATURE_DATA_SLACK);
    assert_int_equal(failed.why.status, CHAOS_E_QUOTE_FORMAT);
    assert_string_equal(failed.why.field, "y");
    assert_int_equal(failed.why.offset, 2);
    assert_int_equal(failed.why.expected, 3);
    assert_int_equal(failed.why.found, 2);

    (void)rd_take(&child, "y", 2);
    rd_close(&r, &child, CHAOS_E_SIGNATURE_DATA_SLACK);
    assert_int_equal(rd_u8(&r, "tail"), 5);
    assert_true(rd_ok(&r));

    reader large = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_QUOTE_FORMAT);
    reader none = rd_sub(&large, "body", SIZE_MAX);
    assert_false(rd_ok(&none));
    assert_false(rd_ok(&large));
}

static void expectations_judge_the_last_read(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 9, 8 };
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_QUOTE_FORMAT);
    (void)rd_u8(&r, "head");
    uint8_t version = rd_u8(&r, "version");
    rd_expect(&r, true, CHAOS_E_JSON, "no");
    rd_expect_number(&r, version, 8, CHAOS_E_JSON, "no");
    assert_true(rd_ok(&r));
    reader other = r;
    rd_expect(&other, version == 4, CHAOS_E_QUOTE_VERSION, "not 4");
    assert_int_equal(other.why.status, CHAOS_E_QUOTE_VERSION);
    assert_string_equal(other.why.field, "version");
    assert_int_equal(other.why.offset, 1);
    assert_false(other.why.has_numbers);
    rd_expect_number(&r, version, 4, CHAOS_E_QUOTE_VERSION, "not 4");
    assert_true(r.why.has_numbers);
    assert_int_equal(r.why.expected, 4);
    assert_int_equal(r.why.found, 8);
}

static void slices_compare(void **state)
{
    (void)state;
    static const uint8_t zeros[3] = { 0, 0, 0 };
    assert_true(slice_is_zero(slice(zeros, 3)));
    assert_true(slice_is_zero(slice(NULL, 0)));
    assert_false(slice_is_zero(slice("\0\0\1", 3)));
    assert_true(slice_equal(slice(NULL, 0), slice("", 0)));
    assert_false(slice_equal(slice("a", 1), slice("ab", 2)));
    assert_true(slice_is(slice("ab", 2), "ab"));
    assert_false(slice_is(slice("ab", 3), "ab"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_row),
        cmocka_unit_test(numbers_that_are_no_status),
        cmocka_unit_test(dates_are_the_statuses_that_say_so),
        cmocka_unit_test(an_error_is_filled),
        cmocka_unit_test(a_fault_becomes_an_error),
        cmocka_unit_test(untrusted_bytes_are_quoted),
        cmocka_unit_test(a_buffer_grows_to_its_limit),
        cmocka_unit_test(buffers_at_the_edge),
        cmocka_unit_test(a_reader_reads),
        cmocka_unit_test(a_failed_reader_gives_zeros),
        cmocka_unit_test(children_share_offsets),
        cmocka_unit_test(expectations_judge_the_last_read),
        cmocka_unit_test(slices_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
