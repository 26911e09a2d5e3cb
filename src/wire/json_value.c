/* json_value.c - values that stand as strings in our JSON: bytes as 0x and hex digits, numbers as decimal digits. Each
 * value has one spelling. */
#include "wire/internal.h"

static bool has_upper_case(chaos_slice digits)
{
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] >= 'A' && digits.data[i] <= 'F') {
            return true;
        }
    }
    return false;
}

void json_0x(json *j, const char *field, uint8_t *out, size_t size)
{
    chaos_slice text = json_plain_string(j, field);
    if (text.size == 2 + 2 * size && text.data[0] == '0' && text.data[1] == 'x') {
        chaos_slice digits = slice(text.data + 2, 2 * size);
        if (!has_upper_case(digits) && hex_decode(digits, out, size)) {
            return;
        }
    }
    memset(out, 0, size);
    json_bad(j, "not 0x and lower-case hex digits of the right length");
}

uint64_t json_decimal(json *j, const char *field, uint64_t max)
{
    chaos_slice digits = json_plain_string(j, field);
    uint64_t number = 0;
    if (json_ok(j) && !decimal_read(digits, max, &number)) {
        json_bad(j, "not a decimal number without leading zeros, or too large");
    }
    return number;
}

void json_decimal_u256(json *j, const char *field, chaos_u256 *out)
{
    chaos_slice digits = json_plain_string(j, field);
    memset(out, 0, sizeof *out);
    if (json_ok(j) && !decimal_read_u256(digits, out)) {
        json_bad(j, "not a decimal number below 2^256 without leading zeros");
    }
}
