/* test_text.c - hex, base64, PEM and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/codec.h"

/* A copy that ends exactly where its bytes end, so that the sanitizers see a read beyond them. */
static uint8_t *exact_copy(chaos_slice bytes)
{
    uint8_t *copy = malloc(bytes.size == 0 ? 1 : bytes.size);
    assert_non_null(copy);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

/* ------------------------------------------------------------------ hex ---- */

static void hex_digits_are_read(void **state)
{
    (void)state;
    uint8_t out[4];
    assert_true(hex_decode(slice_text("00fFaB9c"), out, 4));
    assert_memory_equal(out, "\x00\xff\xab\x9c", 4);
    assert_true(hex_decode(slice(NULL, 0), out, 0));
    static const char *const bad[] = {
        "00ffab9",
        "00ffab9c0",
        "00ffab9c00",
        "0x00ffab",
        "00ffab9g",
        "00ffab9 ",
        "00ffab9G",
        "00ffab9@",
        "00ffab9`",
        "00ffab9/",
        "00ffab9:",
        "-0ffab9c",
        "",
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        assert_false(hex_decode(slice_text(bad[i]), out, 4));
    }
    assert_false(hex_decode(slice_text("a"), out, 0));
}

static void hex_of_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        char text[2];
        char wanted[3];
        (void)snprintf(wanted, sizeof wanted, "%02x", i);
        hex_encode(slice(&byte, 1), text);
        assert_memory_equal(text, wanted, 2);
        uint8_t back = (uint8_t)~byte;
        assert_true(hex_decode(slice(text, 2), &back, 1));
        assert_int_equal(back, byte);
        uint8_t digit[2] = { '0', byte };
        bool is_digit = (i >= '0' && i <= '9') || (i >= 'a' && i <= 'f') || (i >= 'A' && i <= 'F');
        assert_int_equal(hex_decode(slice(digit, 2), &back, 1), is_digit);
    }
}

/* What is decoded many digits at a time gives what the same digits give two by two, which is too few for that. */
static void hex_of_any_length_as_of_two(void **state)
{
    (void)state;
    static const char good[] = "0123456789abcdefABCDEF00ffFf99aAzz";
    enum {
        SIZE = (sizeof good - 3) / 2
    };
    for (size_t begin = 0; begin < 2; begin++) {
        for (size_t place = begin; place < begin + 2 * SIZE; place++) {
            for (unsigned c = 0; c < 256; c++) {
                uint8_t text[sizeof good], out[SIZE], wanted[SIZE] = { 0 };
                bool all = true;
                memcpy(text + begin, good, 2 * SIZE);
                text[place] = (uint8_t)c;
                for (size_t i = 0; i < SIZE; i++) {
                    all = hex_decode(slice(text + begin + 2 * i, 2), wanted + i, 1) && all;
                }
                uint8_t *copy = exact_copy(slice(text + begin, 2 * SIZE));
                assert_int_equal(hex_decode(slice(copy, 2 * SIZE), out, SIZE), all);
                assert_true(!all || memcmp(out, wanted, SIZE) == 0);
                free(copy);
            }
        }
    }
}

/* --------------------------------------------------------------- base64 ---- */

typedef struct base64_row {
    const char *bytes, *text;
} base64_row;

static const base64_row base64_rows[] = {
    /* RFC 4648 section 10, and the ends of the alphabet */
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "+/+/" },
};

static void base64_goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(base64_rows); i++) {
        CHAOS_AUTO_BUFFER(text, 64);
        CHAOS_AUTO_BUFFER(bytes, 64);
        assert_true(buffer_append_text(&text, ">"));
        assert_true(buffer_append_text(&bytes, ">"));
        assert_true(base64_encode(slice_text(base64_rows[i].bytes), &text));
        assert_string_equal((const char *)text.data + 1, base64_rows[i].text);
        assert_true(base64_decode(slice_text(base64_rows[i].text), &bytes));
        assert_string_equal((const char *)bytes.data + 1, base64_rows[i].bytes);
    }
}

static void what_is_not_base64(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z",
        "Zg",
        "Zg=",
        "Z===",
        "====",
        "=",
        "Zg==Zg==",
        "Zm8=Zm9v",
        "Zh==",
        "Zm9=",
        "Zg=A",
        "Zm9v\n",
        " Zm9v",
        "Zm9vYmFy====",
        "Zm-v",
        "Zm_v",
        "Zm9v Zm9",
        "Z\xff/v",
        "=m9v",
        "Z=9v",
        "Zm=v",
        "Zm9v=m9v",
        "Zm9vZm9@",
        "Zm9vZm9[",
        "Zm9vZm9`",
        "Zm9vZm9{",
        "Zm9vZm9,",
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        CHAOS_AUTO_BUFFER(out, 64);
        assert_true(buffer_append_text(&out, "kept"));
        assert_false(base64_decode(slice_text(bad[i]), &out));
        assert_int_equal(out.size, 4);
        assert_string_equal((const char *)out.data, "kept");
    }
    CHAOS_AUTO_BUFFER(small, 5);
    assert_false(base64_decode(slice_text("Zm9vYmFy"), &small));
    assert_false(base64_encode(slice_text("foob"), &small));
    assert_int_equal(small.size, 0);
    assert_true(base64_decode(slice_text("Zm9vYmE="), &small));
}

static void base64_of_every_length(void **state)
{
    (void)state;
    uint8_t bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t size = 0; size <= sizeof bytes; size++) {
        CHAOS_AUTO_BUFFER(text, 200);
        CHAOS_AUTO_BUFFER(back, 100);
        assert_true(base64_encode(slice(bytes, size), &text));
        assert_true(base64_decode(buffer_slice(&text), &back));
        assert_true(slice_equal(buffer_slice(&back), slice(bytes, size)));
    }
}

/* The same for groups: all at once as one by one. */
static void base64_of_any_length_as_of_one_group(void **state)
{
    (void)state;
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/zZaA";
    enum {
        GROUPS = (sizeof good - 1) / 4
    };
    for (size_t place = 0; place < sizeof good - 1; place++) {
        for (unsigned c = 0; c < 256; c++) {
            CHAOS_AUTO_BUFFER(out, 3 * GROUPS);
            CHAOS_AUTO_BUFFER(wanted, 3 * GROUPS);
            uint8_t *copy = exact_copy(slice(good, sizeof good - 1));
            bool all = true;
            copy[place] = (uint8_t)c;
            for (size_t i = 0; i < GROUPS; i++) {
                all = all && wanted.size == 3 * i && base64_decode(slice(copy + 4 * i, 4), &wanted);
            }
            assert_int_equal(base64_decode(slice(copy, sizeof good - 1), &out), all);
            assert_true(!all || slice_equal(buffer_slice(&out), buffer_slice(&wanted)));
            free(copy);
        }
    }
}

/* ------------------------------------------------------------------ PEM ---- */

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define LINE_64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
enum {
    STORAGE = 100,
    BLOCKS = 3
};

typedef struct pem_row {
    const char *text;
    size_t blocks;       /* 0: refused */
    const char *content; /* of the blocks, joined */
    chaos_status status;
    size_t offset;
} pem_row;

static const pem_row pem_rows[] = {
    { BEGIN "Zm9v\n" END, 1, "foo", CHAOS_OK, 0 },
    { BEGIN "Zm9v\n"
            "-----END CERTIFICATE-----",
      1, "foo", CHAOS_OK, 0 },
    { BEGIN "Zm8=\n" END BEGIN "YmFy\n" END, 2, "fobar", CHAOS_OK, 0 },
    { "-----BEGIN CERTIFICATE-----\r\nZm9v\r\n-----END CERTIFICATE-----\r\n", 1, "foo", CHAOS_OK, 0 },
    { BEGIN "Z\nm9\nvYg\n==\n" END, 1, "foob", CHAOS_OK, 0 },
    { BEGIN "Zm9vY\nmFyZm\n9v\n" END, 1, "foobarfoo", CHAOS_OK, 0 },
    { BEGIN LINE_64 "AAAAAAAAAAAA\n" END, 1, NULL, CHAOS_OK, 0 },
    { "", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "\n", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "x" BEGIN "Zm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "\n" BEGIN "Zm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { " " BEGIN "Zm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "-----BEGIN CERTIFICATE----- \nZm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "-----BEGIN CERTIFICAT-----\nZm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { "-----BEGIN X509 CRL-----\nZm9v\n-----END X509 CRL-----\n", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 0 },
    { BEGIN "Zm9v\n-----END X509 CRL-----\n", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 33 },
    { BEGIN "Zm9v\n", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN "Zm9v", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN "\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN "Zm9v\n\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 33 },
    { BEGIN "Zm9v\n" END "\n", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 59 },
    { BEGIN "Zm9v\n" END "x", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 59 },
    { BEGIN "Zm9v\n" END "\n" BEGIN "Zm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 59 },
    { BEGIN "Zm9v\n"
            "-----END CERTIFICATE-----\r",
      0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 33 },
    { BEGIN "Zm9v\r\r\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 35 },
    { BEGIN "Zm9\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 32 },
    { BEGIN "Zm9v \n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 34 },
    { BEGIN "Zm8=\nZm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 33 },
    { BEGIN "Zm8=Zm9v\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN "Zm9=\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN "Zm8=\n=\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 35 },
    { BEGIN "Proc-Type: 4\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN LINE_64 "AAAAAAAAAAAAA\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN LINE_64 LINE_64 LINE_64 "\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 28 },
    { BEGIN LINE_64 "\n" LINE_64 "\n" LINE_64 "\n" END, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 158 },
    { BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END, 3, "foofoofoo", CHAOS_OK, 0 },
    { BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END, 0, NULL,
      CHAOS_E_PCK_CHAIN_LENGTH, 177 },
    { BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END "x", 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, 177 },
};

static size_t read_pem(chaos_slice text, uint8_t storage[STORAGE], chaos_slice der[BLOCKS], fault *why)
{
    uint8_t *copy = exact_copy(text);
    size_t blocks = pem_read(slice(copy, text.size), "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT,
                             CHAOS_E_PCK_CHAIN_LENGTH, storage, STORAGE, der, BLOCKS, why);
    free(copy);
    return blocks;
}

static void check_pem(const pem_row *row, chaos_slice text)
{
    uint8_t storage[STORAGE];
    chaos_slice der[BLOCKS];
    fault why;
    size_t blocks = read_pem(text, storage, der, &why);
    if (blocks != row->blocks || why.status != row->status || why.offset != row->offset) {
        fail_msg("%s: %zu blocks, %s at %zu (%s)", row->text, blocks, chaos_status_name(why.status),
                 why.offset, why.reason == NULL ? "" : why.reason);
    }
    assert_true(blocks > 0 || (why.reason != NULL && strcmp(why.field, "CERTIFICATE") == 0));
    size_t used = 0;
    for (size_t i = 0; i < blocks; i++) {
        assert_ptr_equal(der[i].data, storage + used);
        used += der[i].size;
    }
    assert_true(blocks == 0 || row->content == NULL || slice_is(slice(storage, used), row->content));
}

static void pem_is_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(pem_rows); i++) {
        check_pem(&pem_rows[i], slice_text(pem_rows[i].text));
        check_pem(&pem_rows[i], slice(pem_rows[i].text, strlen(pem_rows[i].text) + 1)); /* with its NUL */
    }
    static const char two[] = BEGIN "Zm9v\n" END "\0";
    pem_row row = { two, 0, NULL, CHAOS_E_PCK_CHAIN_FORMAT, sizeof two - 2 };
    check_pem(&row, slice(two, sizeof two));
}

static void pem_cut_anywhere(void **state)
{
    (void)state;
    static const char text[] = BEGIN "Zm9vYmFy\nZm9v\n" END;
    for (size_t size = 0; size < sizeof text - 1; size++) {
        uint8_t storage[STORAGE];
        chaos_slice der[BLOCKS];
        fault why;
        size_t blocks = read_pem(slice(text, size), storage, der, &why);
        assert_int_equal(blocks, size == sizeof text - 2); /* only the last line end may be missing */
    }
}

static void pem_uses_no_more_than_its_storage(void **state)
{
    (void)state;
    chaos_slice text = slice_text(BEGIN "Zm9vYg==\n" END);
    for (size_t capacity = 0; capacity <= 5; capacity++) {
        uint8_t *storage = malloc(capacity == 0 ? 1 : capacity);
        chaos_slice der[1];
        fault why;
        size_t blocks = pem_read(text, "CERTIFICATE", CHAOS_E_CRL_FORMAT, CHAOS_E_LIMIT, storage, capacity,
                                 der, 1, &why);
        assert_int_equal(blocks, capacity >= 4);
        assert_int_equal(why.status, blocks == 0 ? CHAOS_E_CRL_FORMAT : CHAOS_OK);
        free(storage);
    }
}

static void pem_goes_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[STORAGE];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(255 - i);
    }
    for (size_t size = 1; size <= sizeof bytes; size++) {
        CHAOS_AUTO_BUFFER(text, 400);
        uint8_t storage[STORAGE];
        chaos_slice der[BLOCKS];
        fault why;
        assert_true(pem_write("CERTIFICATE", slice(bytes, size), &text));
        assert_int_equal(read_pem(buffer_slice(&text), storage, der, &why), 1);
        assert_true(slice_equal(der[0], slice(bytes, size)));
    }
    CHAOS_AUTO_BUFFER(small, 100);
    assert_true(buffer_append_text(&small, "kept"));
    assert_false(pem_write("CERTIFICATE", slice(bytes, sizeof bytes), &small));
    assert_string_equal((const char *)small.data, "kept");
    assert_int_equal(small.size, 4);
}

/* ---------------------------------------------------------------- times ---- */

typedef struct time_row {
    const char *text;
    int64_t seconds;
} time_row;

static const time_row time_rows[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01T00:00:01Z", 1 },
    { "1972-02-29T00:00:00Z", 68169600 },
    { "2000-02-29T12:34:56Z", 951827696 },
    { "2000-12-31T23:59:59Z", 978307199 },
    { "2001-09-09T01:46:40Z", 1000000000 },
    { "2023-11-14T22:13:20Z", 1700000000 },
    { "2038-01-19T03:14:08Z", 2147483648 },
    { "2100-03-01T00:00:00Z", 4107542400 },
    { "9999-12-31T23:59:59Z", 253402300799 },
};

static const char *const no_times[] = {
    "1969-12-31T23:59:59Z",
    "2023-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-0/-01T00:00:00Z",
    "2023-01-0/T00:00:00Z",
    "2023-01-/9T00:00:00Z",
    "2023-1/-01T00:00:00Z", /* not September, were it 10 - 1 */
    "2023-0:-01T00:00:00Z", /* not October, were it 0 + 10 */
    "2023-01-00T00:00:00Z",
    "2023-01-32T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:60:00Z",
    "2023-01-01T00:00:60Z",
    "2023-01-01T00:00:00",
    "2023-01-01T00:00:00z",
    "2023-01-01t00:00:00Z",
    "2023-01-01 00:00:00Z",
    "2023-01-01T00:00:00+",
    "2023-01-01T00:00:00ZZ",
    "2023-1-01T00:00:00ZZ",
    "20230101T000000ZZZZZ",
    "2023-01-01T00:00:00.0Z",
    "+023-01-01T00:00:00Z",
    "2023-01-01T-1:00:00Z",
    "2023-01-01T00:00: 0Z",
    "2023/01/01T00:00:00Z",
    "",
};

static void times_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(time_rows); i++) {
        int64_t seconds = -1;
        char text[TIME_TEXT_SIZE];
        assert_true(time_parse(slice_text(time_rows[i].text), &seconds));
        assert_true(seconds == time_rows[i].seconds);
        assert_string_equal(time_format(seconds, text), time_rows[i].text);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(no_times); i++) {
        int64_t seconds = 0;
        assert_false(time_parse(slice_text(no_times[i]), &seconds));
    }
}

/* Every day of the years 1970-9999 follows the one before, and comes back from its text. */
static void the_calendar_has_no_gap(void **state)
{
    (void)state;
    static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t next = 0;
    for (int year = 1970; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
            int64_t seconds;
            for (int day = 1; day <= length; day++) {
                assert_true(time_from_civil(year, month, day, 0, 0, 0, &seconds));
                assert_true(seconds == next);
                next += 86400;
            }
            assert_false(time_from_civil(year, month, length + 1, 0, 0, 0, &seconds));
            char text[TIME_TEXT_SIZE];
            int64_t back = -1;
            assert_true(time_parse(slice_text(time_format(next - 1, text)), &back));
            assert_true(back == next - 1);
        }
    }
}

static void times_outside_the_calendar(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    assert_string_equal(time_format(-1, text), "-1");
    assert_string_equal(time_format(INT64_MIN, text), "-9223372036854775808");
    assert_string_equal(time_format(253402300800, text), "253402300800");
    int64_t seconds;
    assert_false(time_from_civil(1969, 1, 1, 0, 0, 0, &seconds));
    assert_false(time_from_civil(10000, 1, 1, 0, 0, 0, &seconds));
    assert_false(time_from_civil(INT32_MIN, 1, 1, 0, 0, 0, &seconds));
    assert_false(time_from_civil(2000, INT32_MAX, 1, 0, 0, 0, &seconds));
    assert_false(time_from_civil(2000, 1, 1, -1, 0, 0, &seconds));
    assert_false(time_from_civil(2000, 1, 1, 0, -1, 0, &seconds));
    assert_false(time_from_civil(2000, 1, 1, 0, 0, -1, &seconds));
}

/* --------------------------------------------------------------- decimals ---- */

#define LARGEST_U256 "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static void decimals_have_one_spelling(void **state)
{
    static const struct {
        const char *digits;
        uint64_t max;
        bool good;
    } numbers[] = {
        { "0", 0, true },
        { "1", 0, false },
        { "255", 255, true },
        { "256", 255, false },
        { "1000", 255, false },
        { "18446744073709551615", UINT64_MAX, true },
        { "18446744073709551616", UINT64_MAX, false },
        { "184467440737095516150", UINT64_MAX, false },
        { "", UINT64_MAX, false },
        { "00", UINT64_MAX, false },
        { "01", UINT64_MAX, false },
        { "1a", UINT64_MAX, false },
        { "1:", UINT64_MAX, false },
        { "1/", UINT64_MAX, false },
        { "-1", UINT64_MAX, false },
        { "+1", UINT64_MAX, false },
        { " 1", UINT64_MAX, false },
    };
    static const struct {
        const char *digits;
        bool good;
    } wide[] = {
        { "0", true },
        { LARGEST_U256, true },
        { LARGEST_U256 "0", false },
        { "", false },
        { "01", false },
        { "1a", false },
        { "1/", false },
        { "-1", false },
        { "115792089237316195423570985008687907853269984665640564039457584007913129639936", false },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(numbers); i++) {
        uint64_t number = 7;
        if (decimal_read(slice_text(numbers[i].digits), numbers[i].max, &number) != numbers[i].good) {
            fail_msg("\"%s\": expected %s", numbers[i].digits, numbers[i].good ? "a number" : "none");
        }
        assert_true(numbers[i].good ? number == strtoull(numbers[i].digits, NULL, 10) : number == 7);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wide); i++) {
        char text[DECIMAL_U256_SIZE];
        chaos_u256 number = { { 0 } };
        if (decimal_read_u256(slice_text(wide[i].digits), &number) != wide[i].good) {
            fail_msg("\"%s\": expected %s", wide[i].digits, wide[i].good ? "a number" : "none");
        }
        assert_string_equal(decimal_write_u256(&number, text), wide[i].good ? wide[i].digits : "0");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_digits_are_read),
        cmocka_unit_test(hex_of_every_byte),
        cmocka_unit_test(hex_of_any_length_as_of_two),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(what_is_not_base64),
        cmocka_unit_test(base64_of_every_length),
        cmocka_unit_test(base64_of_any_length_as_of_one_group),
        cmocka_unit_test(pem_is_read_strictly),
        cmocka_unit_test(pem_cut_anywhere),
        cmocka_unit_test(pem_uses_no_more_than_its_storage),
        cmocka_unit_test(pem_goes_both_ways),
        cmocka_unit_test(times_go_both_ways),
        cmocka_unit_test(the_calendar_has_no_gap),
        cmocka_unit_test(times_outside_the_calendar),
        cmocka_unit_test(decimals_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
