/* decimal.c - numbers as decimal digits: no sign, no leading zero, so that each number has one spelling. */
#include "codec/codec.h"

static bool is_plain(chaos_slice digits)
{
    if (digits.size == 0 || (digits.size > 1 && digits.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
    }
    return true;
}

bool decimal_read(chaos_slice digits, uint64_t max, uint64_t *out)
{
    uint64_t sum = 0;

    if (!is_plain(digits)) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        uint64_t digit = (uint64_t)digits.data[i] - '0';
        if (sum > max / 10 || digit > max - 10 * sum) {
            return false;
        }
        sum = 10 * sum + digit;
    }
    *out = sum;
    return true;
}

bool decimal_read_u256(chaos_slice digits, chaos_u256 *out)
{
    chaos_u256 sum = { { 0 } };

    if (!is_plain(digits) || digits.size >= DECIMAL_U256_SIZE) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        unsigned carry = digits.data[i] - (unsigned)'0';
        for (size_t k = sizeof sum.bytes; k > 0; k--) {
            carry += 10u * sum.bytes[k - 1];
            sum.bytes[k - 1] = (uint8_t)(carry & 0xffu);
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
    }
    *out = sum;
    return true;
}

const char *decimal_write_u256(const chaos_u256 *number, char text[DECIMAL_U256_SIZE])
{
    chaos_u256 left = *number;
    size_t place = DECIMAL_U256_SIZE - 1;

    text[place] = '\0';
    do { /* long division by ten, from the last digit to the first */
        unsigned remainder = 0;
        for (size_t i = 0; i < sizeof left.bytes; i++) {
            unsigned part = remainder << 8 | left.bytes[i];
            left.bytes[i] = (uint8_t)(part / 10);
            remainder = part % 10;
        }
        text[--place] = (char)('0' + remainder);
    } while (place > 0 && !slice_is_zero(slice(left.bytes, sizeof left.bytes)));
    memmove(text, text + place, DECIMAL_U256_SIZE - place);
    return text;
}
