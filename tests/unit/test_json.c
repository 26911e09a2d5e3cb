/* test_json.c - the JSON reader and writer: tables of what is accepted and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/codec.h"

#define BAD CHAOS_E_POLICY_FORMAT /* what a value of the wrong type or range means in these tests */

/* A reader over a copy that ends exactly where the text ends. */
typedef struct subject {
    json j;
    uint8_t *copy;
} subject;

static void subject_begin(subject *s, chaos_slice text)
{
    s->copy = malloc(text.size == 0 ? 1 : text.size);
    assert_non_null(s->copy);
    if (text.size > 0) {
        memcpy(s->copy, text.data, text.size);
    }
    json_begin(&s->j, slice(s->copy, text.size), BAD);
}

static void subject_end(subject *s)
{
    free(s->copy);
}

/* --------------------------------------------------------- whole texts ---- */

static fault skip_all(chaos_slice text)
{
    subject s;
    subject_begin(&s, text);
    json_skip(&s.j, "it", NULL);
    json_end(&s.j);
    fault why = s.j.r.why;
    subject_end(&s);
    return why;
}

#define DEEP_16 "[[[[[[[[[[[[[[[["
#define SHALLOW_16 "]]]]]]]]]]]]]]]]"

static const char *const accepted[] = {
    "{}",
    "[]",
    " \t\r\n{ \t\r\n} \t\r\n",
    "[ ]",
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "1.5",
    "-0.0",
    "1e3",
    "1E+3",
    "1e-03",
    "123456789012345678901234567890",
    "0.00e00",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    "\"\x7f\"",
    "[1,2]",
    "[1 , 2]",
    "[[],{}]",
    "{\"a\":1}",
    "{ \"a\" : 1 , \"b\" : [ ] }",
    "{\"a\":{\"a\":{\"a\":0}},\"b\":{\"a\":1}}",
    "{\"\":1}",
    "{\"a\":1,\"A\":2,\"aa\":3,\"\":4}",
    "[{\"a\":1},{\"a\":1}]",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\u00e9\\u20AC\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ue000\"",
    "\"\\uDBFF\\uDFFF\"",
    "\"\xc2\x80\xdf\xbf\"",
    "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
    "\"\xf0\x90\x80\x80\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf\"",
    "{\"\xc3\xa9\":1}",
    "\"0123456\"",
    "\"01234567\"",
    "\"012345678\"",
    "\"0123456\\n\"",
    "\"01234567\\n89abcdef\"",
    DEEP_16 SHALLOW_16,
    DEEP_16 "1" SHALLOW_16,
};

typedef struct reject_row {
    const char *text;
    chaos_status status;
    size_t offset;
} reject_row;

static const reject_row rejected[] = {
    /* no value, or more than one */
    { "", CHAOS_E_JSON, 0 },
    { " ", CHAOS_E_JSON, 1 },
    { "1 2", CHAOS_E_JSON, 2 },
    { "{}{}", CHAOS_E_JSON, 2 },
    { "[]]", CHAOS_E_JSON, 2 },
    { "nullx", CHAOS_E_JSON, 4 },
    { "\xef\xbb\xbf{}", CHAOS_E_JSON, 0 },
    { "\x0b{}", CHAOS_E_JSON, 0 },
    { "{}\x0c", CHAOS_E_JSON, 2 },
    { "{}\xc2\xa0", CHAOS_E_JSON, 2 },
    { "// no\n{}", CHAOS_E_JSON, 0 },
    { "{/* no */}", CHAOS_E_JSON, 1 },
    /* literals */
    { "nul", CHAOS_E_JSON, 0 },
    { "tru", CHAOS_E_JSON, 0 },
    { "True", CHAOS_E_JSON, 0 },
    { "falsy", CHAOS_E_JSON, 0 },
    { "NaN", CHAOS_E_JSON, 0 },
    { "Infinity", CHAOS_E_JSON, 0 },
    { "'a'", CHAOS_E_JSON, 0 },
    /* numbers */
    { "01", CHAOS_E_JSON, 0 },
    { "-01", CHAOS_E_JSON, 0 },
    { "00", CHAOS_E_JSON, 0 },
    { "-", CHAOS_E_JSON, 1 },
    { "+1", CHAOS_E_JSON, 0 },
    { ".5", CHAOS_E_JSON, 0 },
    { "1.", CHAOS_E_JSON, 2 },
    { "1.x", CHAOS_E_JSON, 2 },
    { "1e", CHAOS_E_JSON, 2 },
    { "1e+", CHAOS_E_JSON, 3 },
    { "1e1.5", CHAOS_E_JSON, 3 },
    { "0x10", CHAOS_E_JSON, 1 },
    { "1_000", CHAOS_E_JSON, 1 },
    { "-a", CHAOS_E_JSON, 1 },
    { "--1", CHAOS_E_JSON, 1 },
    /* containers */
    { "[", CHAOS_E_JSON, 1 },
    { "[1", CHAOS_E_JSON, 2 },
    { "[1,", CHAOS_E_JSON, 3 },
    { "[1,]", CHAOS_E_JSON, 3 },
    { "[,1]", CHAOS_E_JSON, 1 },
    { "[1,,2]", CHAOS_E_JSON, 3 },
    { "[1 2]", CHAOS_E_JSON, 3 },
    { "[1}", CHAOS_E_JSON, 2 },
    { "{", CHAOS_E_JSON, 1 },
    { "{]", CHAOS_E_JSON, 1 },
    { "{1:1}", CHAOS_E_JSON, 1 },
    { "{a:1}", CHAOS_E_JSON, 1 },
    { "{\"a\"", CHAOS_E_JSON, 4 },
    { "{\"a\"}", CHAOS_E_JSON, 4 },
    { "{\"a\",1}", CHAOS_E_JSON, 4 },
    { "{\"a\"::1}", CHAOS_E_JSON, 5 },
    { "{\"a\":}", CHAOS_E_JSON, 5 },
    { "{\"a\":1", CHAOS_E_JSON, 6 },
    { "{\"a\":1,}", CHAOS_E_JSON, 7 },
    { "{\"a\":1 \"b\":2}", CHAOS_E_JSON, 7 },
    { "{\"a\":1;\"b\":2}", CHAOS_E_JSON, 6 },
    { "{,\"a\":1}", CHAOS_E_JSON, 1 },
    { "{\"a\":1]", CHAOS_E_JSON, 6 },
    { DEEP_16 "["
              "]" SHALLOW_16,
      CHAOS_E_JSON_DEPTH, 16 },
    { DEEP_16 "{", CHAOS_E_JSON_DEPTH, 16 },
    /* keys */
    { "{\"a\":1,\"a\":2}", CHAOS_E_JSON_DUPLICATE_KEY, 7 },
    { "{\"\":1,\"\":2}", CHAOS_E_JSON_DUPLICATE_KEY, 6 },
    { "{\"a\":1,\"b\":{\"a\":1},\"a\":2}", CHAOS_E_JSON_DUPLICATE_KEY, 19 },
    { "{\"x\":[{\"a\":1,\"a\":2}]}", CHAOS_E_JSON_DUPLICATE_KEY, 13 },
    { "{\"\\u0061\":1}", CHAOS_E_JSON, 1 },
    { "{\"a\\\\\":1}", CHAOS_E_JSON, 1 },
    { "{\"a\n\":1}", CHAOS_E_JSON, 3 },
    { "{\"a\xff\":1}", CHAOS_E_JSON, 3 },
    /* strings */
    { "\"", CHAOS_E_JSON, 1 },
    { "\"a", CHAOS_E_JSON, 2 },
    { "\"01234567", CHAOS_E_JSON, 9 },
    { "\"a\\", CHAOS_E_JSON, 2 },
    { "\"a\\\"", CHAOS_E_JSON, 4 },
    { "\"\\x41\"", CHAOS_E_JSON, 1 },
    { "\"\\'\"", CHAOS_E_JSON, 1 },
    { "\"\\U0041\"", CHAOS_E_JSON, 1 },
    { "\"\\u\"", CHAOS_E_JSON, 1 },
    { "\"\\u004\"", CHAOS_E_JSON, 1 },
    { "\"\\u004", CHAOS_E_JSON, 1 },
    { "\"\\u004g\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800\"", CHAOS_E_JSON, 1 },
    { "\"\\udc00\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800\\ud800\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800\\ue000\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800x\\udc00\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800\\n\"", CHAOS_E_JSON, 1 },
    { "\"\\ud800\\", CHAOS_E_JSON, 1 },
    { "\"\\udc00\\ud800\"", CHAOS_E_JSON, 1 },
    { "\"\\udc00\\udc00\"", CHAOS_E_JSON, 1 },
    { "\"\xf0\x9f\x98\x41\"", CHAOS_E_JSON, 1 },
    { "\"\t\"", CHAOS_E_JSON, 1 },
    { "\"a\nb\"", CHAOS_E_JSON, 2 },
    { "\"01234567\x1f\"", CHAOS_E_JSON, 9 },
    { "\"\x80\"", CHAOS_E_JSON, 1 },
    { "\"\xc1\xbf\"", CHAOS_E_JSON, 1 },
    { "\"\xc0\x80\"", CHAOS_E_JSON, 1 },
    { "\"\xc2\"", CHAOS_E_JSON, 1 },
    { "\"\xc2", CHAOS_E_JSON, 1 },
    { "\"\xe0\x9f\xbf\"", CHAOS_E_JSON, 1 },
    { "\"\xed\xa0\x80\"", CHAOS_E_JSON, 1 },
    { "\"\xe2\x82\"", CHAOS_E_JSON, 1 },
    { "\"\xf0\x8f\xbf\xbf\"", CHAOS_E_JSON, 1 },
    { "\"\xf4\x90\x80\x80\"", CHAOS_E_JSON, 1 },
    { "\"\xf5\x80\x80\x80\"", CHAOS_E_JSON, 1 },
    { "\"\xf0\x90\x80", CHAOS_E_JSON, 1 },
    { "\"0123\xff"
      "4567\"",
      CHAOS_E_JSON, 5 },
};

static void texts_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(accepted); i++) {
        chaos_slice text = slice_text(accepted[i]);
        fault why = skip_all(text);
        if (why.status != CHAOS_OK) {
            fail_msg("%s: %s at %zu (%s)", accepted[i], chaos_status_name(why.status), why.offset,
                     why.reason);
        }
        bool is_number = strchr("-0123456789", accepted[i][0]) != NULL;
        for (size_t size = 0; size < text.size && !is_number; size++) {
            bool only_space = accepted[i][0] == ' ' && size > text.size - 5;
            assert_int_equal(skip_all(slice(text.data, size)).status == CHAOS_OK, only_space);
        }
    }
    static const char nul_behind[] = "{}";
    assert_int_equal(skip_all(slice(nul_behind, sizeof nul_behind)).status, CHAOS_E_JSON);
    assert_int_equal(skip_all(slice("\"a\0b\"", 5)).status, CHAOS_E_JSON);
    assert_int_equal(skip_all(slice("[\0]", 3)).status, CHAOS_E_JSON);
    assert_int_equal(skip_all(slice(NULL, 0)).status, CHAOS_E_JSON);
}

static void texts_are_rejected(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rejected); i++) {
        fault why = skip_all(slice_text(rejected[i].text));
        if (why.status != rejected[i].status || why.offset != rejected[i].offset) {
            fail_msg("%s: %s at %zu (%s)", rejected[i].text, chaos_status_name(why.status), why.offset,
                     why.reason == NULL ? "" : why.reason);
        }
        assert_non_null(why.field);
    }
}

static void keys_are_limited(void **state)
{
    (void)state;
    for (size_t count = JSON_MAX_KEYS; count <= JSON_MAX_KEYS + 1; count++) {
        CHAOS_AUTO_BUFFER(text, 10000);
        for (size_t i = 0; i < count; i++) {
            assert_true(buffer_append_format(&text, "%s\"%zu\":{}", i == 0 ? "{" : ",", i));
        }
        assert_true(buffer_append_text(&text, "}"));
        fault why = skip_all(buffer_slice(&text));
        assert_int_equal(why.status, count > JSON_MAX_KEYS ? CHAOS_E_JSON : CHAOS_OK);
    }
    /* Closed objects give their keys back. */
    CHAOS_AUTO_BUFFER(many, 100000);
    for (size_t i = 0; i < 2 * JSON_MAX_KEYS; i++) {
        assert_true(buffer_append_format(&many, "%s{\"a\":1,\"b\":2}", i == 0 ? "[" : ","));
    }
    assert_true(buffer_append_text(&many, "]"));
    assert_int_equal(skip_all(buffer_slice(&many)).status, CHAOS_OK);
}

/* ----------------------------------------------------------- one value ---- */

typedef enum wanted {
    UNSIGNED,
    BOOLEAN,
    PLAIN,
    STRING,
    HEX,
    OBJECT,
    ARRAY,
    SKIP
} wanted;

typedef struct value_row {
    wanted wanted;
    const char *text;
    chaos_status status;
    const char *value; /* "" after a fault */
} value_row;

static const value_row value_rows[] = {
    { UNSIGNED, "0", CHAOS_OK, "0" },
    { UNSIGNED, " 65535", CHAOS_OK, "65535" },
    { UNSIGNED, "65536", BAD, "0" },
    { UNSIGNED, "99999999999999999999999999", BAD, "0" },
    { UNSIGNED, "1.5", BAD, "0" },
    { UNSIGNED, "1.0", BAD, "0" },
    { UNSIGNED, "1e3", BAD, "0" },
    { UNSIGNED, "-1", BAD, "0" },
    { UNSIGNED, "-0", BAD, "0" },
    { UNSIGNED, "01", CHAOS_E_JSON, "0" },
    { UNSIGNED, "1.", CHAOS_E_JSON, "0" },
    { UNSIGNED, "-", CHAOS_E_JSON, "0" },
    { UNSIGNED, "\"1\"", BAD, "0" },
    { UNSIGNED, "null", BAD, "0" },
    { UNSIGNED, "[1]", BAD, "0" },
    { UNSIGNED, "x", CHAOS_E_JSON, "0" },
    { UNSIGNED, "", CHAOS_E_JSON, "0" },
    { BOOLEAN, "true", CHAOS_OK, "1" },
    { BOOLEAN, "false", CHAOS_OK, "0" },
    { BOOLEAN, "null", BAD, "0" },
    { BOOLEAN, "1", BAD, "0" },
    { BOOLEAN, "\"true\"", BAD, "0" },
    { BOOLEAN, "trux", CHAOS_E_JSON, "0" },
    { BOOLEAN, "fals", CHAOS_E_JSON, "0" },
    { PLAIN, "\"\"", CHAOS_OK, "" },
    { PLAIN, "\"abc \xc3\xa9\"", CHAOS_OK, "abc \xc3\xa9" },
    { PLAIN, "\"a\\/b\"", BAD, "" },
    { PLAIN, "\"a\\u0062\"", BAD, "" },
    { PLAIN, "\"a\\u0000\"", BAD, "" },
    { PLAIN, "\"a\\x\"", CHAOS_E_JSON, "" },
    { PLAIN, "\"a\\n", CHAOS_E_JSON, "" },
    { PLAIN, "\"a\x01\"", CHAOS_E_JSON, "" },
    { PLAIN, "1", BAD, "" },
    { PLAIN, "null", BAD, "" },
    { STRING, "\"\"", CHAOS_OK, "" },
    { STRING, "\"abc\"", CHAOS_OK, "abc" },
    { STRING, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", CHAOS_OK, "\"\\/\b\f\n\r\t" },
    { STRING, "\"{\\\"a\\\":\\\"01234567890123456789\\\",\\\"b\\\":1}\"", CHAOS_OK,
      "{\"a\":\"01234567890123456789\",\"b\":1}" },
    { STRING, "\"0123456789\\n0123456\\n01234567\\n012345678\\n\"", CHAOS_OK,
      "0123456789\n0123456\n01234567\n012345678\n" },
    { STRING, "\"\\u0041\\u007f\\u0080\\u07FF\\u0800\\uffff\"", CHAOS_OK,
      "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf" },
    { STRING, "\"\\ud800\\udc00-\\udbff\\udfff\"", CHAOS_OK, "\xf0\x90\x80\x80-\xf4\x8f\xbf\xbf" },
    { STRING, "\"\xf0\x9f\x98\x80\"", CHAOS_OK, "\xf0\x9f\x98\x80" },
    { STRING, "\"a\\u0000b\"", BAD, "" },
    { STRING, "\"\\ud800\"", CHAOS_E_JSON, "" },
    { STRING, "\"a", CHAOS_E_JSON, "" },
    { STRING, "7", BAD, "" },
    { STRING, "\"0123456789012345678901234567890123456789012345678901234567890123\"", CHAOS_OK,
      "0123456789012345678901234567890123456789012345678901234567890123" },
    { STRING, "\"01234567890123456789012345678901234567890123456789012345678901234\"", BAD, "" },
    { HEX, "\"00aAfF\"", CHAOS_OK, "00aaff" },
    { HEX, "\"00aAf\"", BAD, "000000" },
    { HEX, "\"00aAfF0\"", BAD, "000000" },
    { HEX, "\"00aAfg\"", BAD, "000000" },
    { HEX, "\"00aA\\u0066f\"", BAD, "000000" },
    { HEX, "\"\"", BAD, "000000" },
    { HEX, "1", BAD, "000000" },
    { HEX, "\"00aAfF", CHAOS_E_JSON, "000000" },
    { OBJECT, "{", CHAOS_OK, "" },
    { OBJECT, "[", BAD, "" },
    { OBJECT, "\"\"", BAD, "" },
    { OBJECT, "}", CHAOS_E_JSON, "" },
    { ARRAY, "[", CHAOS_OK, "" },
    { ARRAY, "{", BAD, "" },
    { ARRAY, "null", BAD, "" },
    { ARRAY, "]", CHAOS_E_JSON, "" },
    { SKIP, " \n{\"a\": [1, \"x\"]} ", CHAOS_OK, "{\"a\": [1, \"x\"]}" },
    { SKIP, " \"a\\n\",", CHAOS_OK, "\"a\\n\"" },
    { SKIP, "-1.5e3]", CHAOS_OK, "-1.5e3" },
    { SKIP, "{\"a\":1", CHAOS_E_JSON, "" },
};

/* Reads the one value and shows it as text. */
static void read_value(json *j, wanted kind, chaos_buffer *scratch, chaos_buffer *shown)
{
    uint8_t bytes[3] = { 1, 2, 3 };
    char digits[6];
    chaos_slice text = { 0 };
    switch (kind) {
    case UNSIGNED:
        assert_true(buffer_append_format(shown, "%llu", (unsigned long long)json_unsigned(j, "it", 65535)));
        return;
    case BOOLEAN:
        assert_true(buffer_append_format(shown, "%d", json_boolean(j, "it")));
        return;
    case PLAIN:
        text = json_plain_string(j, "it");
        break;
    case STRING:
        text = json_decoded_string(j, "it", scratch);
        break;
    case HEX:
        json_hex(j, "it", bytes, sizeof bytes);
        hex_encode(slice(bytes, sizeof bytes), digits);
        text = slice(digits, sizeof digits);
        break;
    case OBJECT:
        json_enter_object(j, "it");
        return;
    case ARRAY:
        json_enter_array(j, "it");
        return;
    case SKIP:
        json_skip(j, "it", &text);
        break;
    }
    assert_non_null(text.data);
    assert_true(buffer_append(shown, text));
}

static void values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(value_rows); i++) {
        const value_row *row = &value_rows[i];
        CHAOS_AUTO_BUFFER(scratch, 64);
        CHAOS_AUTO_BUFFER(shown, 128);
        subject s;
        subject_begin(&s, slice_text(row->text));
        read_value(&s.j, row->wanted, &scratch, &shown);
        if (s.j.r.why.status != row->status || !slice_is(buffer_slice(&shown), row->value)) {
            fail_msg("%s: %s, \"%.*s\"", row->text, chaos_status_name(s.j.r.why.status), (int)shown.size,
                     (const char *)shown.data);
        }
        if (row->status != CHAOS_OK) {
            assert_string_equal(s.j.r.why.field, row->wanted == SKIP ? "key" : "it");
            assert_int_equal(json_peek(&s.j), JSON_KIND_NONE);
            assert_int_equal(scratch.size, 0);
        }
        subject_end(&s);
    }
}

static void unsigned_to_the_last(void **state)
{
    (void)state;
    json j;
    json_begin(&j, slice_text("18446744073709551615"), BAD);
    assert_true(json_unsigned(&j, "it", UINT64_MAX) == UINT64_MAX);
    assert_true(json_ok(&j));
    json_begin(&j, slice_text("18446744073709551616"), BAD);
    assert_true(json_unsigned(&j, "it", UINT64_MAX) == 0);
    assert_int_equal(j.r.why.status, BAD);
    json_begin(&j, slice_text("1"), BAD);
    assert_true(json_unsigned(&j, "it", 0) == 0);
    assert_int_equal(j.r.why.status, BAD);
}

static void kinds_are_seen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        json_kind kind;
    } rows[] = {
        { "{", JSON_KIND_OBJECT },
        { " [", JSON_KIND_ARRAY },
        { "\"", JSON_KIND_STRING },
        { "-", JSON_KIND_NUMBER },
        { "0", JSON_KIND_NUMBER },
        { "9", JSON_KIND_NUMBER },
        { "t", JSON_KIND_TRUE },
        { "f", JSON_KIND_FALSE },
        { "n", JSON_KIND_NULL },
        { "}", JSON_KIND_NONE },
        { "", JSON_KIND_NONE },
        { "\xff", JSON_KIND_NONE },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        json j;
        json_begin(&j, slice_text(rows[i].text), BAD);
        assert_int_equal(json_peek(&j), rows[i].kind);
        assert_int_equal(json_ok(&j), rows[i].kind != JSON_KIND_NONE);
    }
}

/* ----------------------------------------------------------- structure ---- */

static void an_object_is_walked(void **state)
{
    (void)state;
    json j;
    chaos_slice key;
    json_begin(&j, slice_text("{\"a\": 1, \"b\": [true, \"x\"], \"c\": {\"a\": null}} "), BAD);
    json_enter_object(&j, "top");
    assert_true(json_key(&j, &key) && slice_is(key, "a"));
    assert_int_equal(json_unsigned(&j, "a", 9), 1);
    assert_true(json_key(&j, &key) && slice_is(key, "b"));
    json_enter_array(&j, "b");
    assert_true(json_element(&j));
    assert_true(json_boolean(&j, "b"));
    assert_true(json_element(&j));
    assert_true(slice_is(json_plain_string(&j, "b"), "x"));
    assert_false(json_element(&j));
    assert_true(json_key(&j, &key) && slice_is(key, "c"));
    chaos_slice text;
    json_skip(&j, "c", &text);
    assert_true(slice_is(text, "{\"a\": null}"));
    assert_false(json_key(&j, &key));
    assert_non_null(key.data);
    json_end(&j);
    assert_true(json_ok(&j));
}

static void faults_of_meaning_point_at_the_value(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": \"x\\n\", \"b\": [1]}";
    CHAOS_AUTO_BUFFER(scratch, 10);
    json j;
    chaos_slice key;
    json_begin(&j, slice_text(text), BAD);
    json_enter_object(&j, "top");
    assert_true(json_key(&j, &key));
    json other = j;
    json_bad(&other, "unknown");
    assert_int_equal(other.r.why.offset, 1);
    assert_string_equal(other.r.why.field, "key");
    (void)json_decoded_string(&j, "a", &scratch);
    other = j;
    json_bad(&other, "no");
    assert_int_equal(other.r.why.status, BAD);
    assert_int_equal(other.r.why.offset, 6);
    assert_string_equal(other.r.why.field, "a");
    assert_string_equal(other.r.why.reason, "no");
    assert_true(json_key(&j, &key));
    json_skip(&j, "b", NULL);
    other = j;
    json_bad(&other, "no");
    assert_int_equal(other.r.why.offset, 18);
    assert_string_equal(other.r.why.field, "b");
    json_require(&j, true, "c");
    assert_true(json_ok(&j));
    json_require(&j, false, "c");
    assert_int_equal(j.r.why.status, BAD);
    assert_string_equal(j.r.why.field, "c");
    json_bad(&j, "later");
    assert_string_equal(j.r.why.field, "c");
}

static void misuse_of_the_reader_is_our_fault(void **state)
{
    (void)state;
    json j;
    chaos_slice key;
    json_begin(&j, slice_text("[1]"), BAD);
    assert_false(json_element(&j));
    assert_int_equal(j.r.why.status, CHAOS_E_INTERNAL);
    json_begin(&j, slice_text("[1]"), BAD);
    json_enter_array(&j, "it");
    assert_false(json_key(&j, &key));
    assert_int_equal(j.r.why.status, CHAOS_E_INTERNAL);
    json_begin(&j, slice_text("[1]"), BAD);
    json_enter_array(&j, "it");
    json_end(&j);
    assert_int_equal(j.r.why.status, CHAOS_E_INTERNAL);
}

/* -------------------------------------------------------------- writer ---- */

static void a_document_is_written(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(out, 4096);
    json_writer w = json_writer_begin(&out);
    json_write_object(&w, NULL);
    json_write_array(&w, "array");
    json_write_unsigned(&w, NULL, 0);
    json_write_unsigned(&w, NULL, (UINT64_C(1) << 53) - 1);
    json_write_object(&w, NULL);
    json_write_object_end(&w);
    json_write_array(&w, NULL);
    json_write_array_end(&w);
    json_write_array_end(&w);
    json_write_boolean(&w, "boolean", true);
    json_write_0x(&w, "eth", slice("\x00\xff", 2));
    json_write_hex(&w, "hex", slice("\x00\xff", 2));
    json_write_null(&w, "null");
    json_write_text(&w, "text", "a\"\\/\b\t\n\f\r\x01\x1f\x7f\xc3\xa9");
    json_write_text(&w, "text_null", NULL);
    json_write_time(&w, "time", 0);
    json_write_bytes_as_text(&w, "zz", slice("a\xff\xe2\x82\0b\xc0\x80", 8));
    json_write_object_end(&w);
    assert_int_equal(json_writer_status(&w), CHAOS_OK);
    assert_string_equal((const char *)out.data,
                        "{\"array\":[0,9007199254740991,{},[]],\"boolean\":true,\"eth\":\"0x00ff\","
                        "\"hex\":\"00ff\","
                        "\"null\":null,\"text\":\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\xc3\xa9\","
                        "\"text_null\":null,\"time\":\"1970-01-01T00:00:00Z\","
                        "\"zz\":\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\u0000b\xef\xbf\xbd\xef\xbf\xbd\"}");
    assert_int_equal(skip_all(buffer_slice(&out)).status, CHAOS_OK);
}

static void scalars_alone(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(out, 64);
    json_writer w = json_writer_begin(&out);
    assert_int_equal(json_writer_status(&w), CHAOS_E_INTERNAL); /* nothing yet */
    json_write_text(&w, NULL, "");
    assert_int_equal(json_writer_status(&w), CHAOS_OK);
    assert_string_equal((const char *)out.data, "\"\"");
    json_write_null(&w, NULL);
    assert_int_equal(json_writer_status(&w), CHAOS_E_INTERNAL); /* a second value */
    assert_string_equal((const char *)out.data, "\"\"");
}

static chaos_status status_of_keys(const char *first, const char *second)
{
    CHAOS_AUTO_BUFFER(out, 512);
    json_writer w = json_writer_begin(&out);
    json_write_object(&w, NULL);
    json_write_null(&w, first);
    json_write_null(&w, second);
    json_write_object_end(&w);
    return json_writer_status(&w);
}

static void keys_must_ascend(void **state)
{
    (void)state;
    static const char *const ordered[] = {
        "", "\n", "1", "A", "AA", "B", "a", "\xc2\x80", "\xe2\x82\xac", "\xed\x9f\xbf", /* up to U+D7FF */
        "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xee\x80\x80", "\xef\xac\xb3",         /* surrogates, U+E000 on */
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(ordered); i++) {
        for (size_t j = 0; j < CHAOS_ARRAY_SIZE(ordered); j++) {
            assert_int_equal(status_of_keys(ordered[i], ordered[j]), i < j ? CHAOS_OK : CHAOS_E_INTERNAL);
        }
    }
    char longest[JSON_WRITER_KEY_SIZE + 1];
    memset(longest, 'x', sizeof longest);
    longest[JSON_WRITER_KEY_SIZE - 1] = '\0';
    assert_int_equal(status_of_keys("a", longest), CHAOS_OK);
    longest[JSON_WRITER_KEY_SIZE - 1] = 'x';
    longest[JSON_WRITER_KEY_SIZE] = '\0';
    assert_int_equal(status_of_keys("a", longest), CHAOS_E_INTERNAL);
}

/* o, a: open; O, A: close; k: null with a key, n: without one; x: an object with a key. */
static chaos_status status_of_calls(const char *calls)
{
    CHAOS_AUTO_BUFFER(out, 512);
    json_writer w = json_writer_begin(&out);
    for (const char *c = calls; *c != '\0'; c++) {
        switch (*c) {
        case 'o':
            json_write_object(&w, NULL);
            break;
        case 'O':
            json_write_object_end(&w);
            break;
        case 'a':
            json_write_array(&w, NULL);
            break;
        case 'A':
            json_write_array_end(&w);
            break;
        case 'k':
            json_write_null(&w, "key");
            break;
        case 'x':
            json_write_object(&w, "key");
            break;
        default:
            json_write_null(&w, NULL);
            break;
        }
    }
    return json_writer_status(&w);
}

static void nesting_must_be_right(void **state)
{
    (void)state;
    static const char *const good[] = {
        "oO",
        "aA",
        "okO",
        "annA",
        "aokOokOA",
        "oxkOO",
        "oxxOOO",
        "n",
        "aaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAA",
    };
    static const char *const bad[] = {
        "",
        "o",
        "O",
        "a",
        "oA",
        "aO",
        "on",
        "ak",
        "k",
        "oOoO",
        "oOO",
        "nn",
        "okkO",
        "ooO",
        "x",
        "axOA",
        "okaAO",
        "aAA",
        "aaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAA",
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(good); i++) {
        assert_int_equal(status_of_calls(good[i]), CHAOS_OK);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        assert_int_equal(status_of_calls(bad[i]), CHAOS_E_INTERNAL);
    }
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(out, 512);
    json_writer w = json_writer_begin(&out);
    json_write_unsigned(&w, NULL, UINT64_C(1) << 53);
    assert_int_equal(json_writer_status(&w), CHAOS_E_INTERNAL);
    /* A buffer of every size that is too small. */
    static const char whole[] = "[\"a\\nb\",\"ff\",1]";
    for (size_t limit = 0; limit < sizeof whole; limit++) {
        CHAOS_AUTO_BUFFER(small, limit);
        json_writer v = json_writer_begin(&small);
        json_write_array(&v, NULL);
        json_write_text(&v, NULL, "a\nb");
        json_write_hex(&v, NULL, slice("\xff", 1));
        json_write_unsigned(&v, NULL, 1);
        json_write_array_end(&v);
        assert_int_equal(json_writer_status(&v), limit < sizeof whole - 1 ? CHAOS_E_LIMIT : CHAOS_OK);
        json_write_object_end(&v);
        assert_int_equal(json_writer_status(&v), limit < sizeof whole - 1 ? CHAOS_E_LIMIT : CHAOS_E_INTERNAL);
    }
}

/* A string of x, a, b and x again: its value in `out`, or the fault's status. */
static chaos_status decode_among(size_t before, uint8_t a, uint8_t b, size_t after, chaos_buffer *out)
{
    uint8_t text[64];
    size_t size = 0;
    text[size++] = '"';
    memset(text + size, 'x', before);
    size += before;
    text[size++] = a;
    text[size++] = b;
    memset(text + size, 'x', after);
    size += after;
    text[size++] = '"';
    out->size = 0;
    json j;
    json_begin(&j, slice(text, size), BAD);
    (void)json_decoded_string(&j, "it", out);
    json_end(&j);
    return j.r.why.status;
}

/* Strings are scanned and decoded many characters at a time. Any two characters at any place of a long string give what
 * they give alone, which is too short for that. */
static void a_long_string_as_a_short_one(void **state)
{
    (void)state;
    enum {
        PLACES = 18,
        AFTER = 20
    };
    CHAOS_AUTO_BUFFER(alone, 64);
    CHAOS_AUTO_BUFFER(among, 64);
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const uint8_t a = (uint8_t)(pair >> 8);
        const uint8_t b = (uint8_t)(pair & 0xff);
        const chaos_status status = decode_among(0, a, b, 0, &alone);
        const size_t step = a == '"' || a == '\\' || b == '"' || b == '\\' ? 1 : 5;
        for (size_t before = 0; before < PLACES; before += step) {
            assert_int_equal(decode_among(before, a, b, AFTER, &among), status);
            if (status == CHAOS_OK) {
                assert_int_equal(among.size, before + alone.size + AFTER);
                assert_memory_equal(among.data + before, alone.data, alone.size);
                assert_int_equal(among.data[before + alone.size], 'x');
            }
        }
    }
}

/* A text that ends with a backslash ends there, wherever in a long string that is and whatever lies behind it. */
static void an_escape_ends_with_the_text(void **state)
{
    (void)state;
    for (size_t before = 0; before < 40; before++) {
        uint8_t text[64] = { '"' };
        memset(text + 1, 'x', before);
        memcpy(text + 1 + before, "\\n\"", 3);
        json j;
        json_begin(&j, slice(text, 1 + before + 3), BAD);
        json_skip(&j, "it", NULL);
        json_end(&j);
        assert_true(json_ok(&j));
        for (size_t size = 1; size < 1 + before + 3; size++) {
            json_begin(&j, slice(text, size), BAD);
            json_skip(&j, "it", NULL);
            assert_int_equal(j.r.why.status, CHAOS_E_JSON);
            assert_int_equal(skip_all(slice(text, size)).status, CHAOS_E_JSON); /* a copy with nothing behind it */
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_accepted),
        cmocka_unit_test(texts_are_rejected),
        cmocka_unit_test(keys_are_limited),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(unsigned_to_the_last),
        cmocka_unit_test(kinds_are_seen),
        cmocka_unit_test(an_object_is_walked),
        cmocka_unit_test(faults_of_meaning_point_at_the_value),
        cmocka_unit_test(misuse_of_the_reader_is_our_fault),
        cmocka_unit_test(a_document_is_written),
        cmocka_unit_test(scalars_alone),
        cmocka_unit_test(keys_must_ascend),
        cmocka_unit_test(nesting_must_be_right),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(a_long_string_as_a_short_one),
        cmocka_unit_test(an_escape_ends_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
