/* elementary.c - the elementary types of Solidity: their names, and their values as text, as JSON and as words. */
#include "wire/internal.h"

#define MAX_DECIMAL 78 /* digits of 2^256 - 1 */
#define MAX_HEX 64
#define MAX_EXACT_JSON 9007199254740991u /* 2^53 - 1: what every JSON reader has exactly */

/* ----------------------------------------------------------------- names ---- */

static bool starts_with(chaos_slice text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* Decimal digits without a leading zero, at most max; 0 for anything else. */
static unsigned small_number(chaos_slice digits, unsigned max)
{
    unsigned number = 0;
    if (digits.size == 0 || digits.size > 6 || digits.data[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return 0;
        }
        number = 10 * number + (digits.data[i] - (unsigned)'0');
    }
    return number <= max ? number : 0;
}

static elementary sized(elementary_kind kind, chaos_slice type, size_t prefix, unsigned max, unsigned step)
{
    unsigned size = small_number(slice(type.data + prefix, type.size - prefix), max);
    bool right = size > 0 && size % step == 0;
    elementary e = { right ? kind : ELEMENTARY_NONE, right ? size : 0 };
    return e;
}

elementary elementary_of(chaos_slice type)
{
    static const struct {
        const char *name;
        elementary_kind kind;
    } plain[] = { { "bool", ELEMENTARY_BOOL },
                  { "address", ELEMENTARY_ADDRESS },
                  { "bytes", ELEMENTARY_BYTES },
                  { "string", ELEMENTARY_STRING } };
    elementary found = { ELEMENTARY_NONE, 0 };
    if (starts_with(type, "uint")) { /* the most frequent */
        return sized(ELEMENTARY_UINT, type, 4, 256, 8);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(plain); i++) {
        if (slice_is(type, plain[i].name)) {
            found.kind = plain[i].kind;
            return found;
        }
    }
    if (starts_with(type, "int")) {
        return sized(ELEMENTARY_INT, type, 3, 256, 8);
    }
    return starts_with(type, "bytes") ? sized(ELEMENTARY_FIXED_BYTES, type, 5, ABI_WORD, 1) : found;
}

bool elementary_is_reserved(chaos_slice name)
{
    static const char *const whole[] = { "bool", "address", "string", "byte", "function", "tuple", "mapping" };
    static const char *const stems[] = { "uint", "int", "bytes", "ufixed", "fixed" };
    if (name.size == 0 || name.data[0] < 'a' || name.data[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(whole); i++) {
        if (slice_is(name, whole[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stems); i++) {
        if (!starts_with(name, stems[i])) {
            continue;
        }
        size_t at = strlen(stems[i]); /* "fixed128x18" */
        while (at < name.size && ((name.data[at] >= '0' && name.data[at] <= '9') || name.data[at] == 'x')) {
            at++;
        }
        if (at == name.size) {
            return true;
        }
    }
    return false;
}

bool type_is_array(chaos_slice type, chaos_slice *element, size_t *count, bool *wrong)
{
    *wrong = false;
    if (type.size == 0 || type.data[type.size - 1] != ']') {
        return false;
    }
    size_t open = type.size - 1;
    while (open > 0 && type.data[open] != '[') {
        open--;
    }
    chaos_slice digits = slice(type.data + open + 1, type.size - open - 2);
    *count = small_number(digits, MAX_ARRAY_ELEMENTS);
    *wrong = open == 0 || (digits.size > 0 && *count == 0);
    *element = slice(type.data, open);
    return !*wrong;
}

/* --------------------------------------------------------------- numbers ---- */

static int digit_of(uint8_t c, unsigned base)
{
    int value = -1;
    if (c >= '0' && c <= '9') {
        value = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        value = (c | 0x20) - 'a' + 10;
    }
    return value < (int)base ? value : -1;
}

/* Multiplies by `factor` and adds; false: over 256 bits. */
static bool multiply_add(uint8_t word[ABI_WORD], uint32_t factor, uint32_t sum)
{
    uint64_t carry = sum;
    for (size_t i = ABI_WORD; i > 0; i--) {
        carry += (uint64_t)factor * word[i - 1];
        word[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
    return carry == 0;
}

static const char *decimal(chaos_slice digits, uint8_t word[ABI_WORD])
{
    uint32_t factor = 1, sum = 0;
    if (digits.size == 0 || digits.size > MAX_DECIMAL || (digits.size > 1 && digits.data[0] == '0')) {
        return digits.size > MAX_DECIMAL ? "a number has more digits than 256 bits have"
                                         : "a number is decimal digits without a leading zero, or 0x and hex digits";
    }
    for (size_t i = 0; i < digits.size; i++) {
        int digit = digit_of(digits.data[i], 10);
        if (digit < 0) {
            return "a number is decimal digits without a leading zero, or 0x and hex digits";
        }
        factor *= 10;
        sum = 10 * sum + (unsigned)digit;
        if (factor == 100000000 || i + 1 == digits.size) {
            if (!multiply_add(word, factor, sum)) {
                return "a number does not fit its type";
            }
            factor = 1;
            sum = 0;
        }
    }
    return NULL;
}

static const char *hexadecimal(chaos_slice digits, uint8_t word[ABI_WORD])
{
    if (digits.size == 0 || digits.size > MAX_HEX) {
        return "a number in hex has 1 to 64 digits";
    }
    for (size_t i = 0; i < digits.size; i++) {
        int digit = digit_of(digits.data[digits.size - 1 - i], 16);
        if (digit < 0) {
            return "a number is decimal digits without a leading zero, or 0x and hex digits";
        }
        word[ABI_WORD - 1 - i / 2] |= (uint8_t)((unsigned)digit << (i % 2 == 0 ? 0 : 4));
    }
    return NULL;
}

static void negate(uint8_t word[ABI_WORD])
{
    unsigned carry = 1;
    for (size_t i = ABI_WORD; i > 0; i--) {
        carry += (uint8_t)~word[i - 1];
        word[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
}

/* Do the bytes above the type's own say nothing but its sign? */
static bool is_filled(const uint8_t word[ABI_WORD], unsigned bits, uint8_t filling)
{
    for (size_t i = 0; i < ABI_WORD - bits / 8; i++) {
        if (word[i] != filling) {
            return false;
        }
    }
    return true;
}

static bool is_in_range(const uint8_t word[ABI_WORD], const elementary *type, bool negative)
{
    bool sign = (word[ABI_WORD - type->size / 8] & 0x80) != 0;
    if (type->kind == ELEMENTARY_UINT) {
        return is_filled(word, type->size, 0);
    }
    /* of a magnitude of over 2^(N-1) the complement loses the sign bit, or the filling */
    return is_filled(word, type->size, negative ? 0xff : 0) && sign == negative;
}

const char *number_from_text(chaos_slice text, const elementary *type, uint8_t word[ABI_WORD])
{
    bool negative = text.size > 0 && text.data[0] == '-';
    chaos_slice digits = negative ? slice(text.data + 1, text.size - 1) : text;
    bool hex = !negative && text.size >= 2 && text.data[0] == '0' && text.data[1] == 'x';
    memset(word, 0, ABI_WORD);
    if (negative && type->kind == ELEMENTARY_UINT) {
        return "an unsigned number is negative";
    }
    const char *why = hex ? hexadecimal(slice(text.data + 2, text.size - 2), word) : decimal(digits, word);
    if (why != NULL) {
        return why;
    }
    if (negative && slice_is_zero(slice(word, ABI_WORD))) {
        return "zero has no sign";
    }
    if (negative && (word[0] & 0x80) != 0 && !slice_is_zero(slice(word + 1, ABI_WORD - 1))) {
        return "a number does not fit its type"; /* below -2^255: its complement would be a small positive one */
    }
    if (negative) {
        negate(word);
    }
    return is_in_range(word, type, negative) ? NULL : "a number does not fit its type";
}

const char *number_to_text(const uint8_t word[ABI_WORD], bool is_signed, char text[NUMBER_TEXT_SIZE])
{
    uint8_t rest[ABI_WORD];
    char digits[NUMBER_TEXT_SIZE];
    size_t count = 0, at = 0;
    bool negative = is_signed && (word[0] & 0x80) != 0;
    memcpy(rest, word, ABI_WORD);
    if (negative) {
        negate(rest);
        text[at++] = '-';
    }
    do {
        unsigned remainder = 0;
        for (size_t i = 0; i < ABI_WORD; i++) {
            unsigned value = remainder << 8 | rest[i];
            rest[i] = (uint8_t)(value / 10);
            remainder = value % 10;
        }
        digits[count++] = (char)('0' + remainder);
    } while (!slice_is_zero(slice(rest, ABI_WORD)));
    while (count > 0) {
        text[at++] = digits[--count];
    }
    text[at] = '\0';
    return text;
}

/* ------------------------------------------------------------------ bytes ---- */

const char *bytes_from_text(chaos_slice text, chaos_buffer *out)
{
    if (text.size < 2 || text.size % 2 != 0 || text.data[0] != '0' || text.data[1] != 'x') {
        return "bytes are 0x and an even number of hex digits";
    }
    size_t size = (text.size - 2) / 2;
    uint8_t *bytes = buffer_reserve(out, size + 1);
    if (bytes == NULL) {
        return "there are too many bytes";
    }
    if (!hex_decode(slice(text.data + 2, text.size - 2), bytes, size)) {
        return "bytes are 0x and an even number of hex digits";
    }
    out->size += size;
    return NULL;
}

/* ------------------------------------------------------------------- JSON ---- */

static const char *exact_number(chaos_slice raw, const elementary *type, uint8_t word[ABI_WORD])
{
    uint64_t magnitude = 0;
    for (size_t i = raw.data[0] == '-' ? 1 : 0; i < raw.size; i++) {
        if (raw.data[i] < '0' || raw.data[i] > '9') {
            return "a number is an integer, without fraction and exponent";
        }
        magnitude = 10 * magnitude + (raw.data[i] - (unsigned)'0');
        if (magnitude > MAX_EXACT_JSON) {
            return "a number of 2^53 or above is exact only as a string";
        }
    }
    return number_from_text(raw, type, word);
}

static const char *fixed_from_text(chaos_slice text, unsigned size, uint8_t word[ABI_WORD])
{
    if (text.size < 2 || text.data[0] != '0' || text.data[1] != 'x') {
        return "bytes are 0x and an even number of hex digits";
    }
    if (text.size != 2 + 2 * (size_t)size) {
        return "bytes of another length than their type";
    }
    return hex_decode(slice(text.data + 2, text.size - 2), word, size)
               ? NULL
               : "bytes are 0x and an even number of hex digits";
}

static const char *word_of_text(chaos_slice text, const elementary *type, uint8_t word[ABI_WORD])
{
    chaos_address address = { { 0 } };
    const char *why;
    switch (type->kind) {
    case ELEMENTARY_UINT:
    case ELEMENTARY_INT:
        return number_from_text(text, type, word);
    case ELEMENTARY_ADDRESS:
        why = address_from_text(text, &address);
        memcpy(word + ABI_WORD - sizeof address.bytes, address.bytes, sizeof address.bytes);
        return why;
    case ELEMENTARY_FIXED_BYTES:
        return fixed_from_text(text, type->size, word);
    case ELEMENTARY_BOOL:
    case ELEMENTARY_BYTES:
    case ELEMENTARY_STRING:
    case ELEMENTARY_NONE:
        break;
    }
    return "the type has no word";
}

void json_word(json *j, const char *field, const elementary *type, uint8_t word[ABI_WORD])
{
    const bool is_number = type->kind == ELEMENTARY_UINT || type->kind == ELEMENTARY_INT;
    const char *why;
    memset(word, 0, ABI_WORD);
    if (type->kind == ELEMENTARY_BOOL) {
        word[ABI_WORD - 1] = json_boolean(j, field);
        return;
    }
    if (is_number && json_peek(j) == JSON_KIND_NUMBER) {
        chaos_slice raw = slice("0", 1);
        json_skip(j, field, &raw);
        why = json_ok(j) ? exact_number(raw, type, word) : NULL;
    } else {
        chaos_slice text = json_plain_string(j, field);
        why = json_ok(j) ? word_of_text(text, type, word) : NULL;
    }
    if (why != NULL) {
        json_bad(j, why);
    }
    if (!json_ok(j)) {
        memset(word, 0, ABI_WORD);
    }
}

void json_dynamic(json *j, const char *field, elementary_kind kind, chaos_buffer *out)
{
    if (kind == ELEMENTARY_STRING) {
        (void)json_decoded_string(j, field, out);
        return;
    }
    chaos_slice text = json_plain_string(j, field);
    const size_t size = text.size / 2; /* enough, and more than the limit only for what is too much anyway */
    if (json_ok(j) && size <= out->limit - out->size && buffer_reserve(out, size) == NULL) {
        rd_expect(&j->r, false, CHAOS_E_MEMORY, NULL);
    }
    const char *why = json_ok(j) ? bytes_from_text(text, out) : NULL;
    if (why != NULL) {
        json_bad(j, why);
    }
}
