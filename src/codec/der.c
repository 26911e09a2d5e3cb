/* der.c - ITU-T X.690 DER on the latched reader. Whatever BER allows beyond DER is refused. */
#include "codec/internal.h"

enum {
    TAG_NUMBER_MASK = 0x1f, /* all ones: the number follows in more bytes (X.690 8.1.2.4) */
    LENGTH_LONG = 0x80,
    LENGTH_MAX_BYTES = 4,
    UTC_TIME_SIZE = 13,         /* YYMMDDHHMMSSZ */
    GENERALIZED_TIME_SIZE = 15, /* YYYYMMDDHHMMSSZ */
    UTC_TIME_PIVOT = 50         /* RFC 5280 section 4.1.2.5.1 */
};

uint8_t der_peek(const reader *r)
{
    return rd_left(r) > 0 ? *r->cur : 0;
}

/* X.690 8.1.3 and 10.1: definite, in the fewest bytes. */
static size_t read_length(reader *r, const char *field)
{
    uint8_t first = rd_u8(r, field);
    if (first < LENGTH_LONG) {
        return first;
    }
    size_t count = first & 0x7fu;
    rd_expect(r, count != 0, r->status, "a length is indefinite");
    rd_expect(r, count <= LENGTH_MAX_BYTES, r->status, "a length has more than four bytes");
    size_t length = 0;
    for (size_t i = 0; i < count && rd_ok(r); i++) {
        uint8_t byte = rd_u8(r, field);
        rd_expect(r, i > 0 || byte != 0, r->status, "a length is not minimal");
        length = length << 8 | byte;
    }
    rd_expect(r, length >= LENGTH_LONG, r->status, "a length is not minimal");
    return length;
}

/* Tag and length in any form. */
static size_t read_any_header(reader *r, const char *field, uint8_t tag)
{
    uint8_t found = rd_u8(r, field);
    rd_expect_number(r, found, tag, r->status, "another element is expected here");
    rd_expect(r, (found & TAG_NUMBER_MASK) != TAG_NUMBER_MASK, r->status, "a tag number is above 30");
    return read_length(r, field);
}

/* Tag and length; the content comes next. Nearly every element of a certificate has a length of one byte: no more than
 * two comparisons. */
static inline size_t read_header(reader *r, const char *field, uint8_t tag)
{
    if (rd_left(r) < 2 || r->cur[0] != tag || r->cur[1] >= LENGTH_LONG || (tag & TAG_NUMBER_MASK) == TAG_NUMBER_MASK) {
        return read_any_header(r, field, tag);
    }
    r->field = field;
    r->field_offset = rd_offset(r) + 1;
    r->cur += 2;
    return r->cur[-1];
}

reader der_enter(reader *r, const char *field, uint8_t tag)
{
    size_t size = read_header(r, field, tag);
    return rd_sub(r, field, size);
}

chaos_slice der_take(reader *r, const char *field, uint8_t tag, chaos_slice *whole)
{
    const uint8_t *begin = r->cur;
    size_t size = read_header(r, field, tag);
    chaos_slice content = rd_take(r, field, size);
    if (whole != NULL) {
        *whole = slice(begin, rd_ok(r) ? (size_t)(r->cur - begin) : 0);
    }
    return content;
}

static const uint8_t zero[1] = { 0 };

/* X.690 8.3: the content of an integer that is not negative, without the sign byte; zero after a fault. */
static chaos_slice take_magnitude(reader *r, const char *field, uint8_t tag)
{
    chaos_slice content = der_take(r, field, tag, NULL);
    rd_expect(r, content.size > 0, r->status, "an integer is empty");
    if (!rd_ok(r)) {
        return slice(zero, 1);
    }
    bool has_sign_byte = content.size > 1 && content.data[0] == 0;
    rd_expect(r, content.data[0] < 0x80, r->status, "an integer is negative");
    rd_expect(r, !has_sign_byte || content.data[1] >= 0x80, r->status, "an integer is not minimal");
    if (!rd_ok(r)) {
        return slice(zero, 1);
    }
    return has_sign_byte ? slice(content.data + 1, content.size - 1) : content;
}

uint64_t der_unsigned(reader *r, const char *field, uint8_t tag, uint64_t max)
{
    chaos_slice magnitude = take_magnitude(r, field, tag);
    rd_expect(r, magnitude.size <= sizeof(uint64_t), r->status, "a number is too large");
    if (!rd_ok(r)) {
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < magnitude.size; i++) {
        value = value << 8 | magnitude.data[i];
    }
    if (value > max) {
        rd_expect_number(r, value, max, r->status, "a number is too large");
        return 0;
    }
    return value;
}

chaos_slice der_magnitude(reader *r, const char *field)
{
    return take_magnitude(r, field, DER_INTEGER);
}

bool der_boolean(reader *r, const char *field)
{
    chaos_slice content = der_take(r, field, DER_BOOLEAN, NULL);
    rd_expect(r, content.size == 1, r->status, "a boolean does not have one byte");
    if (!rd_ok(r)) {
        return false;
    }
    uint8_t value = content.data[0];
    /* X.690 11.1 */
    rd_expect(r, value == 0x00 || value == 0xff, r->status, "a boolean is neither 00 nor ff");
    return value == 0xff;
}

chaos_slice der_bits(reader *r, const char *field)
{
    chaos_slice content = der_take(r, field, DER_BIT_STRING, NULL);
    rd_expect(r, content.size > 0, r->status, "a bit string is empty");
    rd_expect(r, !rd_ok(r) || content.data[0] == 0, r->status, "a bit string has unused bits");
    if (!rd_ok(r)) {
        return slice(r->cur, 0);
    }
    return slice(content.data + 1, content.size - 1);
}

/* MMDDHHMMSSZ after the year. */
static bool read_time(int year, const uint8_t *rest, int64_t *seconds)
{
    return rest[10] == 'Z' &&
           civil_to_seconds(year, decimal_digits(rest, 2), decimal_digits(rest + 2, 2),
                            decimal_digits(rest + 4, 2), decimal_digits(rest + 6, 2),
                            decimal_digits(rest + 8, 2), seconds);
}

int64_t der_time(reader *r, const char *field)
{
    bool is_utc = der_peek(r) == DER_UTC_TIME;
    chaos_slice text = der_take(r, field, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, NULL);
    size_t size = is_utc ? UTC_TIME_SIZE : GENERALIZED_TIME_SIZE;
    rd_expect(r, text.size == size, r->status, "a time has another form");
    if (!rd_ok(r)) {
        return 0;
    }
    size_t year_size = is_utc ? 2 : 4;
    int year = decimal_digits(text.data, year_size);
    if (is_utc && year >= 0) {
        year += year < UTC_TIME_PIVOT ? 2000 : 1900;
    }
    int64_t seconds = 0;
    bool valid = read_time(year, text.data + year_size, &seconds);
    rd_expect(r, valid, r->status, "a time is not a date of the calendar");
    rd_expect(r, is_utc || year >= 2000 + UTC_TIME_PIVOT, r->status, "a time before 2050 is not a UTCTime");
    return rd_ok(r) ? seconds : 0;
}
