/* number.c - numbers of 128 and 256 bits, and their decimal text. */
#include "erc8004/erc8004.h"

#include <stdio.h>

enum {
    HALF = 16,             /* bytes of 128 bits */
    MAX_VALUE_DIGITS = 38, /* of 10^38, without its leading 1 */
    SIGN_BIT = 0x80
};

/* ------------------------------------------------------------- magnitudes ---- */

/* number * factor + term; false when it is 2^256 or more. */
static bool multiply_add(chaos_u256 *number, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (size_t i = sizeof number->bytes; i > 0; i--) {
        carry += (uint64_t)factor * number->bytes[i - 1];
        number->bytes[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
    return carry == 0;
}

static uint32_t divide(chaos_u256 *number, uint32_t divisor) /* gives the remainder */
{
    uint64_t remainder = 0;
    for (size_t i = 0; i < sizeof number->bytes; i++) {
        remainder = remainder << 8 | number->bytes[i];
        number->bytes[i] = (uint8_t)(remainder / divisor);
        remainder %= divisor;
    }
    return (uint32_t)remainder;
}

static bool is_zero(const chaos_u256 *number)
{
    return slice_is_zero(slice(number->bytes, sizeof number->bytes));
}

/* a - b for a >= b. */
static void subtract(chaos_u256 *a, const chaos_u256 *b)
{
    unsigned borrow = 0;
    for (size_t i = sizeof a->bytes; i > 0; i--) {
        unsigned term = b->bytes[i - 1] + borrow;
        borrow = a->bytes[i - 1] < term;
        a->bytes[i - 1] = (uint8_t)(a->bytes[i - 1] - term);
    }
}

static bool add(chaos_u256 *a, const chaos_u256 *b)
{
    unsigned carry = 0;
    for (size_t i = sizeof a->bytes; i > 0; i--) {
        carry += (unsigned)a->bytes[i - 1] + b->bytes[i - 1];
        a->bytes[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
    return carry == 0;
}

/* --------------------------------------------------------------- 256 bits ---- */

chaos_u256 chaos_u256_from(uint64_t number)
{
    chaos_u256 made = { { 0 } };
    for (size_t i = 0; i < sizeof number; i++) {
        made.bytes[sizeof made.bytes - 1 - i] = (uint8_t)(number >> 8 * i);
    }
    return made;
}

bool chaos_u256_to(const chaos_u256 *number, uint64_t *out)
{
    size_t high = sizeof number->bytes - sizeof *out;
    if (!slice_is_zero(slice(number->bytes, high))) {
        return false;
    }
    uint64_t made = 0;
    for (size_t i = high; i < sizeof number->bytes; i++) {
        made = made << 8 | number->bytes[i];
    }
    *out = made;
    return true;
}

void chaos_u256_format(const chaos_u256 *number, char text[CHAOS_U256_TEXT_SIZE])
{
    chaos_u256 left = *number;
    size_t place = CHAOS_U256_TEXT_SIZE - 1;
    text[place] = '\0';
    do {
        text[--place] = (char)('0' + divide(&left, 10));
    } while (place > 0 && !is_zero(&left));
    memmove(text, text + place, CHAOS_U256_TEXT_SIZE - place);
}

bool decimal_u256(chaos_slice digits, chaos_u256 *out)
{
    chaos_u256 made = { { 0 } };
    if (digits.size == 0 || digits.size >= CHAOS_U256_TEXT_SIZE || (digits.size > 1 && digits.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9' ||
            !multiply_add(&made, 10, (uint32_t)(digits.data[i] - '0'))) {
            return false;
        }
    }
    *out = made;
    return true;
}

bool decimal_u64(chaos_slice digits, uint64_t *out)
{
    chaos_u256 made;
    return decimal_u256(digits, &made) && chaos_u256_to(&made, out);
}

chaos_status chaos_u256_parse(const char *decimal, chaos_u256 *number, chaos_error *err)
{
    if (decimal == NULL || number == NULL ||
        !decimal_u256(slice(decimal, strnlen(decimal, CHAOS_U256_TEXT_SIZE)), number)) {
        return usage(err, "number", "a number is decimal, below 2^256, without leading zeros");
    }
    return CHAOS_OK;
}

/* --------------------------------------------------------------- 128 bits ---- */

chaos_int128 chaos_int128_from(int64_t number)
{
    return (chaos_int128){ number < 0 ? -1 : 0, (uint64_t)number };
}

chaos_int128 int128_of_word(const uint8_t word[ABI_WORD])
{
    uint64_t high = 0, low = 0;
    for (size_t i = 0; i < sizeof high; i++) {
        high = high << 8 | word[HALF + i];
        low = low << 8 | word[HALF + sizeof high + i];
    }
    return (chaos_int128){ (int64_t)high, low };
}

void int128_to_word(const chaos_int128 *value, uint8_t word[ABI_WORD])
{
    memset(word, value->high < 0 ? 0xff : 0, HALF);
    for (size_t i = 0; i < sizeof value->low; i++) {
        word[ABI_WORD - 1 - i] = (uint8_t)(value->low >> 8 * i);
        word[ABI_WORD - 1 - sizeof value->low - i] = (uint8_t)((uint64_t)value->high >> 8 * i);
    }
}

/* The two's complement of 256 bits. */
static void negate(chaos_u256 *number)
{
    unsigned carry = 1;
    for (size_t i = sizeof number->bytes; i > 0; i--) {
        carry += (uint8_t)~number->bytes[i - 1];
        number->bytes[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
}

wide wide_from(const chaos_int128 *value)
{
    wide made = { .negative = value->high < 0 };
    int128_to_word(value, made.magnitude.bytes);
    if (made.negative) {
        negate(&made.magnitude);
    }
    return made;
}

bool wide_to(const wide *value, chaos_int128 *out)
{
    chaos_u256 word = value->magnitude;
    bool is_least = word.bytes[HALF] == SIGN_BIT &&
                    slice_is_zero(slice(word.bytes + HALF + 1, HALF - 1)); /* -2^127 has no positive twin */
    if (!slice_is_zero(slice(word.bytes, HALF)) ||
        ((word.bytes[HALF] & SIGN_BIT) != 0 && !(value->negative && is_least))) {
        return false;
    }
    if (value->negative) {
        negate(&word);
    }
    *out = int128_of_word(word.bytes);
    return true;
}

bool wide_times_ten(wide *value, unsigned times)
{
    for (; times > 0; times--) {
        if (!multiply_add(&value->magnitude, 10, 0)) {
            return false;
        }
    }
    return true;
}

bool wide_add(wide *sum, const wide *term)
{
    if (sum->negative == term->negative) {
        return add(&sum->magnitude, &term->magnitude);
    }
    if (memcmp(sum->magnitude.bytes, term->magnitude.bytes, sizeof sum->magnitude.bytes) >= 0) {
        subtract(&sum->magnitude, &term->magnitude);
        return true;
    }
    wide difference = *term;
    subtract(&difference.magnitude, &sum->magnitude);
    *sum = difference;
    return true;
}

void wide_divide(wide *value, uint32_t divisor)
{
    (void)divide(&value->magnitude, divisor);
}

/* --------------------------------------------------------------- decimals ---- */

void chaos_decimal_format(const chaos_int128 *value, unsigned decimals, char text[CHAOS_DECIMAL_TEXT_SIZE])
{
    wide number = wide_from(value);
    char digits[CHAOS_U256_TEXT_SIZE];
    chaos_u256_format(&number.magnitude, digits);
    int count = (int)strlen(digits), behind = decimals > CHAOS_MAX_DECIMALS ? CHAOS_MAX_DECIMALS : (int)decimals;
    int zeros = behind >= count ? behind - count + 1 : 0; /* so that a digit stands before the point */
    char whole[CHAOS_U256_TEXT_SIZE];
    (void)snprintf(whole, sizeof whole, "%.*s%.*s", zeros, "00000000000000000000", CHAOS_U256_TEXT_SIZE - 20 - 1,
                   digits);
    int before = count + zeros - behind;
    const char *sign = number.negative ? "-" : "";
    (void)snprintf(text, CHAOS_DECIMAL_TEXT_SIZE, "%s%.*s%s%s", sign, before, whole, behind > 0 ? "." : "",
                   whole + before);
}

/* Not above 10^38, the registry's own limit. */
static bool is_in_range(const chaos_u256 *magnitude)
{
    chaos_u256 most = chaos_u256_from(1);
    for (int i = 0; i < MAX_VALUE_DIGITS; i++) {
        (void)multiply_add(&most, 10, 0);
    }
    return memcmp(magnitude->bytes, most.bytes, sizeof most.bytes) <= 0;
}

chaos_status chaos_decimal_parse(const char *text, chaos_int128 *value, uint8_t *decimals, chaos_error *err)
{
    wide made = { .negative = text != NULL && text[0] == '-' };
    unsigned behind = 0, before = 0;
    bool point = false, right = text != NULL;
    for (const char *c = right ? text + made.negative : ""; *c != '\0' && right; c++) {
        if (*c == '.' && !point && before > 0) {
            point = true;
            continue;
        }
        right = *c >= '0' && *c <= '9' && multiply_add(&made.magnitude, 10, (uint32_t)(*c - '0'));
        right = right && !(before == 1 && !point && text[made.negative] == '0'); /* no leading zeros */
        behind += point;
        before += !point;
    }
    right = right && before > 0 && (!point || behind > 0) && behind <= CHAOS_MAX_DECIMALS;
    if (!right || value == NULL || decimals == NULL || !is_in_range(&made.magnitude)) {
        return usage(err, "value", "a value is decimal, such as -0.32, with at most 18 digits behind the point and at "
                                   "most 10^38 without it");
    }
    chaos_int128 number;
    if (!wide_to(&made, &number)) {
        return usage(err, "value", "the value is too large");
    }
    *value = number;
    *decimals = (uint8_t)behind;
    return CHAOS_OK;
}
