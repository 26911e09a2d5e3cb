/* test_der.c - DER: what is accepted, and beside it what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

/* One element, read by one function from a copy that ends exactly where the bytes end. */
typedef struct der_row {
    const char *bytes;
    size_t size;
    uint64_t max; /* of der_unsigned */
    int64_t value;
    const char *reason; /* NULL: accepted */
    size_t offset;
} der_row;

#define BYTES(text) (text), sizeof(text) - 1

typedef int64_t der_call(reader *r, const der_row *row);

static int64_t call_unsigned(reader *r, const der_row *row)
{
    return (int64_t)der_unsigned(r, "it", DER_INTEGER, row->max);
}

static int64_t call_boolean(reader *r, const der_row *row)
{
    (void)row;
    return der_boolean(r, "it");
}

static int64_t call_time(reader *r, const der_row *row)
{
    (void)row;
    return der_time(r, "it");
}

/* The size of the content, and no pointer that is NULL. */
static int64_t size_of(chaos_slice content)
{
    assert_non_null(content.data);
    return (int64_t)content.size;
}

static int64_t call_take(reader *r, const der_row *row)
{
    (void)row;
    chaos_slice whole = { 0 };
    const uint8_t *begin = r->cur;
    chaos_slice content = der_take(r, "it", DER_OCTET_STRING, &whole);
    assert_ptr_equal(whole.data, begin);
    assert_int_equal(whole.size, rd_ok(r) ? (size_t)(r->cur - begin) : 0);
    return size_of(content);
}

static int64_t call_bits(reader *r, const der_row *row)
{
    (void)row;
    return size_of(der_bits(r, "it"));
}

/* The first byte and the size of the magnitude: both are there even after a fault. */
static int64_t call_magnitude(reader *r, const der_row *row)
{
    (void)row;
    chaos_slice magnitude = der_magnitude(r, "it");
    assert_true(magnitude.size > 0);
    return rd_ok(r) ? magnitude.data[0] * 0x100 + (int64_t)magnitude.size : magnitude.data[0];
}

static void check_row(const der_row *row, der_call *call)
{
    uint8_t *copy = malloc(row->size == 0 ? 1 : row->size);
    assert_non_null(copy);
    memcpy(copy, row->bytes, row->size);
    reader r = rd_begin(slice(copy, row->size), CHAOS_E_PCK_EXTENSION);
    int64_t value = call(&r, row);
    const char *reason = r.why.reason == NULL ? "" : r.why.reason;
    bool accepted = rd_ok(&r) && rd_left(&r) == 0;
    if (accepted != (row->reason == NULL) || value != row->value ||
        (row->reason != NULL && (strcmp(reason, row->reason) != 0 || r.why.offset != row->offset))) {
        fail_msg("row of %zu bytes: value %lld, \"%s\" at %zu, wanted %lld, \"%s\" at %zu", row->size,
                 (long long)value, reason, r.why.offset, (long long)row->value,
                 row->reason == NULL ? "" : row->reason, row->offset);
    }
    if (!accepted) {
        assert_int_equal(r.why.status, CHAOS_E_PCK_EXTENSION);
        assert_string_equal(r.why.field, "it");
    }
    /* Truncated anywhere: refused, without a value. */
    for (size_t size = 0; accepted && size < row->size; size++) {
        uint8_t *cut = malloc(size == 0 ? 1 : size);
        memcpy(cut, row->bytes, size);
        reader short_reader = rd_begin(slice(cut, size), CHAOS_E_PCK_EXTENSION);
        assert_int_equal(call(&short_reader, row), 0);
        assert_int_equal(short_reader.why.status, CHAOS_E_PCK_EXTENSION);
        free(cut);
    }
    free(copy);
}

#define END_REASON "the bytes end too soon"
#define TAG_REASON "another element is expected here"
#define MINIMAL_LENGTH "a length is not minimal"

static const der_row take_rows[] = {
    { BYTES("\x04\x00"), 0, 0, NULL, 0 },
    { BYTES("\x04\x01\xaa"), 0, 1, NULL, 0 },
    { BYTES("\x04\x81\x80" /* and 128 bytes */
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
      0, 128, NULL, 0 },
    { BYTES("\x04\x81\x7f" /* and 127 bytes */
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"),
      0, 0, MINIMAL_LENGTH, 2 },
    { BYTES("\x05\x00"), 0, 0, TAG_REASON, 0 },
    { BYTES("\x24\x00"), 0, 0, TAG_REASON, 0 },
    { BYTES("\x04\x80\x00\x00"), 0, 0, "a length is indefinite", 1 },
    { BYTES("\x04\x81\x01\xaa"), 0, 0, MINIMAL_LENGTH, 2 },
    { BYTES("\x04\x82\x00\x80\xaa"), 0, 0, MINIMAL_LENGTH, 2 },
    { BYTES("\x04\x85\x01\x00\x00\x00\x00"), 0, 0, "a length has more than four bytes", 1 },
    { BYTES("\x04\xff"), 0, 0, "a length has more than four bytes", 1 },
    { BYTES("\x04\x84\xff\xff\xff\xff\xaa"), 0, 0, END_REASON, 6 },
    { BYTES("\x04\x02\xaa"), 0, 0, END_REASON, 2 },
    { BYTES("\x04\x82\x01"), 0, 0, END_REASON, 3 },
    { BYTES(""), 0, 0, END_REASON, 0 },
};

static const der_row unsigned_rows[] = {
    { BYTES("\x02\x01\x00"), 0, 0, NULL, 0 },
    { BYTES("\x02\x01\x7f"), 0x7f, 0x7f, NULL, 0 },
    { BYTES("\x02\x01\x7f"), 0x7e, 0, "a number is too large", 2 },
    { BYTES("\x02\x02\x00\x80"), 0xff, 0x80, NULL, 0 },
    { BYTES("\x02\x02\x00\x7f"), 0xff, 0, "an integer is not minimal", 2 },
    { BYTES("\x02\x02\x00\x00"), 0xff, 0, "an integer is not minimal", 2 },
    { BYTES("\x02\x01\x80"), 0xff, 0, "an integer is negative", 2 },
    { BYTES("\x02\x02\xff\x80"), 0xff, 0, "an integer is negative", 2 },
    { BYTES("\x02\x00"), 0xff, 0, "an integer is empty", 2 },
    { BYTES("\x0a\x01\x01"), 0xff, 0, TAG_REASON, 0 },
    { BYTES("\x02\x08\x7f\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX, INT64_MAX, NULL, 0 },
    { BYTES("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX, -1, NULL, 0 },
    { BYTES("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"), UINT64_MAX, 0, "a number is too large", 2 },
};

static const der_row magnitude_rows[] = {
    { BYTES("\x02\x01\x00"), 0, 0x0001, NULL, 0 },
    { BYTES("\x02\x02\x00\x80"), 0, 0x8001, NULL, 0 },
    { BYTES("\x02\x02\x01\x00"), 0, 0x0102, NULL, 0 },
    { BYTES("\x02\x02\x00\x01"), 0, 0, "an integer is not minimal", 2 },
    { BYTES("\x02\x01\xff"), 0, 0, "an integer is negative", 2 },
    { BYTES("\x02\x00"), 0, 0, "an integer is empty", 2 },
};

static const der_row boolean_rows[] = {
    { BYTES("\x01\x01\x00"), 0, 0, NULL, 0 },
    { BYTES("\x01\x01\xff"), 0, 1, NULL, 0 },
    { BYTES("\x01\x01\x01"), 0, 0, "a boolean is neither 00 nor ff", 2 },
    { BYTES("\x01\x00"), 0, 0, "a boolean does not have one byte", 2 },
    { BYTES("\x01\x02\xff\xff"), 0, 0, "a boolean does not have one byte", 2 },
    { BYTES("\x02\x01\x00"), 0, 0, TAG_REASON, 0 },
};

static const der_row bits_rows[] = {
    { BYTES("\x03\x01\x00"), 0, 0, NULL, 0 },
    { BYTES("\x03\x03\x00\xaa\xbb"), 0, 2, NULL, 0 },
    { BYTES("\x03\x00"), 0, 0, "a bit string is empty", 2 },
    { BYTES("\x03\x02\x01\xaa"), 0, 0, "a bit string has unused bits", 2 },
    { BYTES("\x03\x02\x08\xaa"), 0, 0, "a bit string has unused bits", 2 },
    { BYTES("\x04\x01\x00"), 0, 0, TAG_REASON, 0 },
};

#define CALENDAR_REASON "a time is not a date of the calendar"
#define FORM_REASON "a time has another form"

static const der_row time_rows[] = {
    { BYTES("\x17\x0d"
            "700101000000Z"),
      0, 0, NULL, 0 },
    { BYTES("\x17\x0d"
            "700101000001Z"),
      0, 1, NULL, 0 },
    { BYTES("\x17\x0d"
            "491231235959Z"),
      0, 2524607999, NULL, 0 },
    { BYTES("\x17\x0d"
            "500101000000Z"),
      0, -631152000, NULL, 0 },
    { BYTES("\x17\x0d"
            "000229123456Z"),
      0, 951827696, NULL, 0 },
    { BYTES("\x17\x0d"
            "010229123456Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0d"
            "700101000060Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0d"
            "701301000000Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0d"
            "700101000000z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0d"
            "7x0101000000Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0d"
            "70010100000 Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x17\x0b"
            "7001010000Z"),
      0, 0, FORM_REASON, 2 },
    { BYTES("\x17\x11"
            "700101000000+0000"),
      0, 0, FORM_REASON, 2 },
    { BYTES("\x17\x00"), 0, 0, FORM_REASON, 2 },
    { BYTES("\x18\x0f"
            "20500101000000Z"),
      0, 2524608000, NULL, 0 },
    { BYTES("\x18\x0f"
            "99991231235959Z"),
      0, 253402300799, NULL, 0 },
    { BYTES("\x18\x0f"
            "20491231235959Z"),
      0, 0, "a time before 2050 is not a UTCTime", 2 },
    { BYTES("\x18\x0f"
            "00000101000000Z"),
      0, 0, CALENDAR_REASON, 2 },
    { BYTES("\x18\x11"
            "20500101000000.0Z"),
      0, 0, FORM_REASON, 2 },
    { BYTES("\x13\x0d"
            "700101000000Z"),
      0, 0, TAG_REASON, 0 },
};

#define CHECK_ROWS(rows, call)                            \
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) { \
        check_row(&(rows)[i], call);                      \
    }

static void elements(void **state)
{
    (void)state;
    CHECK_ROWS(take_rows, call_take);
    CHECK_ROWS(unsigned_rows, call_unsigned);
    CHECK_ROWS(magnitude_rows, call_magnitude);
    CHECK_ROWS(boolean_rows, call_boolean);
    CHECK_ROWS(bits_rows, call_bits);
    CHECK_ROWS(time_rows, call_time);
}

static void too_large_numbers_are_named(void **state)
{
    (void)state;
    reader r = rd_begin(slice_text("\x0a\x02\x01\x02"), CHAOS_E_PCK_EXTENSION);
    assert_int_equal(der_unsigned(&r, "sgx_type", DER_ENUMERATED, 2), 0);
    assert_true(r.why.has_numbers);
    assert_int_equal(r.why.expected, 2);
    assert_int_equal(r.why.found, 0x102);
}

static void sequences_are_entered_and_closed(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x30, 0x06, 0x02, 0x01, 0x05, 0x01, 0x01, 0xff, 0x05, 0x00 };
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_PCK_EXTENSION);
    assert_int_equal(der_peek(&r), DER_SEQUENCE);
    reader sequence = der_enter(&r, "sequence", DER_SEQUENCE);
    assert_int_equal(der_unsigned(&sequence, "number", DER_INTEGER, 9), 5);
    reader slack = r;
    rd_close(&slack, &sequence, CHAOS_E_CRL_FORMAT);
    assert_int_equal(slack.why.status, CHAOS_E_CRL_FORMAT);
    assert_string_equal(slack.why.field, "sequence");
    assert_int_equal(slack.why.offset, 5);
    assert_int_equal(der_peek(&slack), 0);
    assert_true(der_boolean(&sequence, "flag"));
    assert_int_equal(der_peek(&sequence), 0);
    rd_close(&r, &sequence, CHAOS_E_CRL_FORMAT);
    assert_int_equal(der_take(&r, "null", DER_NULL, NULL).size, 0);
    assert_true(rd_ok(&r));
    assert_int_equal(rd_left(&r), 0);
    assert_int_equal(der_peek(&r), 0);

    reader wrong = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_PCK_EXTENSION);
    reader child = der_enter(&wrong, "set", DER_SET);
    assert_false(rd_ok(&child));
    assert_int_equal(rd_left(&child), 0);
    assert_int_equal(wrong.why.expected, DER_SET);
    assert_int_equal(wrong.why.found, DER_SEQUENCE);
}

static void a_child_cannot_see_beyond_its_end(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x30, 0x02, 0x04, 0x02, 0xaa, 0xbb };
    reader r = rd_begin(slice(bytes, sizeof bytes), CHAOS_E_PCK_EXTENSION);
    reader sequence = der_enter(&r, "sequence", DER_SEQUENCE);
    assert_int_equal(der_take(&sequence, "octets", DER_OCTET_STRING, NULL).size, 0);
    assert_false(rd_ok(&sequence));
    rd_close(&r, &sequence, CHAOS_E_CRL_FORMAT);
    assert_int_equal(r.why.status, CHAOS_E_PCK_EXTENSION);
    assert_string_equal(r.why.field, "octets");
}

static void tag_numbers_above_thirty(void **state)
{
    (void)state;
    reader r = rd_begin(slice("\x1f\x01\x00", 3), CHAOS_E_PCK_EXTENSION);
    (void)der_take(&r, "it", 0x1f, NULL);
    assert_string_equal(r.why.reason, "a tag number is above 30");
}

static void oids_compare(void **state)
{
    (void)state;
    static const uint8_t oid[] = { 0x2a, 0x86, 0x48 };
    assert_true(der_oid_is(slice(oid, 3), BYTES("\x2a\x86\x48")));
    assert_false(der_oid_is(slice(oid, 2), BYTES("\x2a\x86\x48")));
    assert_false(der_oid_is(slice(oid, 3), BYTES("\x2a\x86\x49")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements),
        cmocka_unit_test(too_large_numbers_are_named),
        cmocka_unit_test(sequences_are_entered_and_closed),
        cmocka_unit_test(a_child_cannot_see_beyond_its_end),
        cmocka_unit_test(tag_numbers_above_thirty),
        cmocka_unit_test(oids_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
