/* json_reader.c - RFC 8259 pull reader: structure, keys and scalars. Strings are scanned in json_string.c. */
#include "codec/internal.h"

static const char end_reason[] = "the text ends too soon";
static const char value_reason[] = "a value is expected";

void json_begin(json *j, chaos_slice text, chaos_status bad_value)
{
    j->r = rd_begin(text, CHAOS_E_JSON);
    j->bad_value = bad_value;
    j->depth = 0;
    j->keys_count = 0; /* the other arrays are written before they are read */
}

/* ----------------------------------------------------------- characters ---- */

/* The next character; 0 at the end and after a fault. A NUL of the text is valid nowhere either. */
static uint8_t current(const json *j)
{
    return j->r.cur < j->r.end ? *j->r.cur : 0;
}

static uint8_t skip_spaces(json *j)
{
    uint8_t c = current(j);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        j->r.cur++;
        c = current(j);
    }
    return c;
}

/* The next character that is no white space, as above. */
static inline uint8_t skip_space(json *j)
{
    uint8_t c = current(j);
    return c > ' ' ? c : skip_spaces(j);
}

static void fail_here(json *j, chaos_status status, const char *field, const char *reason)
{
    bool at_end = status == CHAOS_E_JSON && rd_left(&j->r) == 0;
    rd_fail(&j->r, status, field, rd_offset(&j->r), at_end ? end_reason : reason);
}

/* ---------------------------------------------------------------- values ---- */

/* By its first character. */
/* clang-format off */
static const uint8_t kind_of[256] = {
    ['{'] = JSON_KIND_OBJECT, ['['] = JSON_KIND_ARRAY,  ['"'] = JSON_KIND_STRING, ['t'] = JSON_KIND_TRUE,
    ['f'] = JSON_KIND_FALSE,  ['n'] = JSON_KIND_NULL,   ['-'] = JSON_KIND_NUMBER, ['0'] = JSON_KIND_NUMBER,
    ['1'] = JSON_KIND_NUMBER, ['2'] = JSON_KIND_NUMBER, ['3'] = JSON_KIND_NUMBER, ['4'] = JSON_KIND_NUMBER,
    ['5'] = JSON_KIND_NUMBER, ['6'] = JSON_KIND_NUMBER, ['7'] = JSON_KIND_NUMBER, ['8'] = JSON_KIND_NUMBER,
    ['9'] = JSON_KIND_NUMBER,
};
/* clang-format on */

/* Every value begins here: where it stands is what json_bad speaks of. */
static json_kind begin_value(json *j, const char *field)
{
    json_kind kind = (json_kind)kind_of[skip_space(j)];
    if (!json_ok(j)) {
        return JSON_KIND_NONE;
    }
    j->r.field = field;
    j->r.field_offset = rd_offset(&j->r);
    if (kind == JSON_KIND_NONE) {
        fail_here(j, CHAOS_E_JSON, field, value_reason);
    }
    return kind;
}

json_kind json_peek(json *j)
{
    return begin_value(j, "value");
}

/* True at a value of the wanted kind; otherwise the fault is latched. */
static bool begin_kind(json *j, const char *field, json_kind wanted, const char *reason)
{
    json_kind kind = begin_value(j, field);
    rd_expect(&j->r, kind == wanted, j->bad_value, reason);
    return json_ok(j);
}

void json_bad(json *j, const char *reason)
{
    rd_fail(&j->r, j->bad_value, j->r.field, j->r.field_offset, reason);
}

void json_require(json *j, bool present, const char *field)
{
    if (!present) {
        rd_fail(&j->r, j->bad_value, field, rd_offset(&j->r), "a required member is missing");
    }
}

/* ------------------------------------------------------------ containers ---- */

static void push(json *j, const char *field, bool is_object)
{
    if (j->depth == JSON_MAX_DEPTH) {
        fail_here(j, CHAOS_E_JSON_DEPTH, field, NULL);
        return;
    }
    j->in_object[j->depth] = is_object;
    j->first[j->depth] = true;
    j->keys_begin[j->depth] = j->keys_count;
    j->depth++;
    j->r.cur++;
}

static void pop(json *j)
{
    j->depth--;
    j->keys_count = j->keys_begin[j->depth];
    j->r.cur++;
}

void json_enter_object(json *j, const char *field)
{
    if (begin_kind(j, field, JSON_KIND_OBJECT, "an object is expected")) {
        push(j, field, true);
    }
}

void json_enter_array(json *j, const char *field)
{
    if (begin_kind(j, field, JSON_KIND_ARRAY, "an array is expected")) {
        push(j, field, false);
    }
}

/* Is there another member or element? Takes the comma before it, or the bracket that closes the container. */
static bool next(json *j, const char *field, bool is_object)
{
    if (!json_ok(j)) {
        return false;
    }
    if (j->depth == 0 || j->in_object[j->depth - 1] != is_object) {
        fail_here(j, CHAOS_E_INTERNAL, field, "the JSON reader is not in such a container");
        return false;
    }
    bool *first = &j->first[j->depth - 1];
    uint8_t c = skip_space(j);
    if (c == (is_object ? '}' : ']')) {
        pop(j);
        return false;
    }
    if (!*first && c != ',') {
        fail_here(j, CHAOS_E_JSON, field, "a comma or the end of the container is expected");
        return false;
    }
    if (!*first) {
        j->r.cur++;
    }
    *first = false;
    return true;
}

bool json_element(json *j)
{
    return next(j, "array", false);
}

/* All keys of the open objects are kept; those of the innermost come last. */
static bool remember_key(json *j, chaos_slice key, size_t offset)
{
    for (size_t i = j->keys_begin[j->depth - 1]; i < j->keys_count; i++) {
        if (slice_equal(j->keys[i], key)) {
            rd_fail(&j->r, CHAOS_E_JSON_DUPLICATE_KEY, "key", offset, NULL);
            return false;
        }
    }
    if (j->keys_count == JSON_MAX_KEYS) {
        rd_fail(&j->r, CHAOS_E_JSON, "key", offset, "there are too many keys");
        return false;
    }
    j->keys[j->keys_count++] = key;
    return true;
}

bool json_key(json *j, chaos_slice *key)
{
    *key = slice(j->r.cur, 0);
    if (!next(j, "key", true)) {
        return false;
    }
    if (skip_space(j) != '"') {
        fail_here(j, CHAOS_E_JSON, "key", "a key is expected");
        return false;
    }
    size_t offset = rd_offset(&j->r);
    json_text text = json_scan_string(j, "key");
    if (text.has_escapes) {
        rd_fail(&j->r, CHAOS_E_JSON, "key", offset, "escapes in keys are not accepted");
    }
    if (!json_ok(j) || !remember_key(j, text.raw, offset)) {
        return false;
    }
    if (skip_space(j) != ':') {
        fail_here(j, CHAOS_E_JSON, "key", "a colon is expected");
        return false;
    }
    j->r.cur++;
    j->r.field = "key"; /* json_bad now speaks of the key */
    j->r.field_offset = offset;
    *key = text.raw;
    return true;
}

/* --------------------------------------------------------------- numbers ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void take_digits(json *j, const char *field)
{
    if (!is_digit(current(j))) {
        fail_here(j, CHAOS_E_JSON, field, "a digit is expected");
    }
    while (is_digit(current(j))) {
        j->r.cur++;
    }
}

/* RFC 8259 section 6. True when the number has neither minus nor fraction nor exponent. */
static bool take_number(json *j, const char *field)
{
    bool plain = true;
    if (current(j) == '-') {
        plain = false;
        j->r.cur++;
    }
    bool leading_zero = current(j) == '0';
    const uint8_t *begin = j->r.cur;
    take_digits(j, field);
    if (leading_zero && j->r.cur - begin > 1) {
        rd_fail(&j->r, CHAOS_E_JSON, field, j->r.field_offset, "a number has a leading zero");
    }
    if (current(j) == '.') {
        plain = false;
        j->r.cur++;
        take_digits(j, field);
    }
    if (current(j) == 'e' || current(j) == 'E') {
        plain = false;
        j->r.cur++;
        if (current(j) == '+' || current(j) == '-') {
            j->r.cur++;
        }
        take_digits(j, field);
    }
    return plain;
}

uint64_t json_unsigned(json *j, const char *field, uint64_t max)
{
    if (!begin_kind(j, field, JSON_KIND_NUMBER, "a number is expected")) {
        return 0;
    }
    const uint8_t *begin = j->r.cur;
    bool plain = take_number(j, field);
    rd_expect(&j->r, plain, j->bad_value, "the number is not an unsigned integer");
    uint64_t value = 0;
    for (const uint8_t *c = begin; c < j->r.cur && json_ok(j); c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        bool fits = value <= max / 10 && digit <= max - value * 10;
        rd_expect(&j->r, fits, j->bad_value, "the number is too large");
        value = value * 10 + digit;
    }
    return json_ok(j) ? value : 0;
}

/* -------------------------------------------------------------- literals ---- */

static void take_literal(json *j, const char *field, const char *literal)
{
    size_t size = strlen(literal);
    bool matches = rd_left(&j->r) >= size && memcmp(j->r.cur, literal, size) == 0;
    if (!matches) {
        fail_here(j, CHAOS_E_JSON, field, value_reason);
        return;
    }
    j->r.cur += size;
}

bool json_boolean(json *j, const char *field)
{
    json_kind kind = begin_value(j, field);
    bool is_boolean = kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE;
    rd_expect(&j->r, is_boolean, j->bad_value, "true or false is expected");
    if (!json_ok(j)) {
        return false;
    }
    take_literal(j, field, kind == JSON_KIND_TRUE ? "true" : "false");
    return json_ok(j) && kind == JSON_KIND_TRUE;
}

/* --------------------------------------------------------------- strings ---- */

chaos_slice json_plain_string(json *j, const char *field)
{
    if (!begin_kind(j, field, JSON_KIND_STRING, "a string is expected")) {
        return slice(j->r.cur, 0);
    }
    json_text text = json_scan_string(j, field);
    rd_expect(&j->r, !text.has_escapes, j->bad_value, "the string has escapes");
    return json_ok(j) ? text.raw : slice(j->r.cur, 0);
}

static chaos_slice decoded(json *j, const char *field, bool may_have_nul, chaos_buffer *out)
{
    if (!begin_kind(j, field, JSON_KIND_STRING, "a string is expected")) {
        return slice(j->r.cur, 0);
    }
    json_text text = json_scan_string(j, field);
    rd_expect(&j->r, may_have_nul || !text.has_nul, j->bad_value, "the string holds U+0000");
    if (!json_ok(j)) {
        return slice(j->r.cur, 0);
    }
    rd_expect(&j->r, out->size <= out->limit && text.raw.size <= out->limit - out->size, j->bad_value,
              "the string is too long");
    uint8_t *room = json_ok(j) ? buffer_reserve(out, text.raw.size) : NULL;
    rd_expect(&j->r, room != NULL, CHAOS_E_MEMORY, NULL);
    if (!json_ok(j) || room == NULL) {
        return slice(j->r.cur, 0);
    }
    size_t size = json_unescape(&text, room);
    room[size] = 0;
    out->size += size;
    return slice(room, size);
}

chaos_slice json_decoded_string(json *j, const char *field, chaos_buffer *out)
{
    return decoded(j, field, false, out);
}

chaos_slice json_decoded_bytes(json *j, const char *field, chaos_buffer *out)
{
    return decoded(j, field, true, out);
}

void json_hex(json *j, const char *field, uint8_t *out, size_t size)
{
    chaos_slice digits = json_plain_string(j, field);
    if (json_ok(j) && hex_decode(digits, out, size)) {
        return;
    }
    memset(out, 0, size);
    json_bad(j, "the string is not hex digits of the right length");
}

/* ------------------------------------------------------------ whole values ---- */

static void skip_one(json *j, const char *field)
{
    switch (begin_value(j, field)) {
    case JSON_KIND_OBJECT:
        push(j, field, true);
        return;
    case JSON_KIND_ARRAY:
        push(j, field, false);
        return;
    case JSON_KIND_STRING:
        (void)json_scan_string(j, field);
        return;
    case JSON_KIND_NUMBER:
        (void)take_number(j, field);
        return;
    case JSON_KIND_TRUE:
        take_literal(j, field, "true");
        return;
    case JSON_KIND_FALSE:
        take_literal(j, field, "false");
        return;
    case JSON_KIND_NULL:
        take_literal(j, field, "null");
        return;
    case JSON_KIND_NONE:
        return;
    }
}

void json_skip(json *j, const char *field, chaos_slice *text)
{
    (void)skip_space(j);
    const uint8_t *begin = j->r.cur;
    size_t offset = rd_offset(&j->r);
    unsigned floor = j->depth;
    do {
        skip_one(j, field);
        bool another = false;
        while (json_ok(j) && j->depth > floor && !another) {
            chaos_slice key;
            another = j->in_object[j->depth - 1] ? json_key(j, &key) : json_element(j);
        }
    } while (json_ok(j) && j->depth > floor);
    if (json_ok(j)) {
        j->r.field = field;
        j->r.field_offset = offset;
    }
    if (text != NULL) {
        *text = slice(begin, json_ok(j) ? (size_t)(j->r.cur - begin) : 0);
    }
}

void json_end(json *j)
{
    (void)skip_space(j);
    if (j->depth != 0) {
        fail_here(j, CHAOS_E_INTERNAL, "value", "the JSON reader ends inside a container");
    }
    if (rd_left(&j->r) > 0) {
        fail_here(j, CHAOS_E_JSON, "value", "text follows the value");
    }
}
