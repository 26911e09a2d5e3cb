/* u256.c - the little arithmetic on big-endian words that fees and balances need. */
#include <stdio.h>

#include "eth/u256.h"

enum {
    WORD_BYTES = 32
};

chaos_u256 u256_from(uint64_t number)
{
    chaos_u256 word = { { 0 } };
    for (size_t i = 0; i < sizeof number; i++) {
        word.bytes[WORD_BYTES - 1 - i] = (uint8_t)(number >> 8 * i);
    }
    return word;
}

bool u256_to_u64(const chaos_u256 *word, uint64_t *number)
{
    uint64_t value = 0;
    if (!slice_is_zero(slice(word->bytes, WORD_BYTES - sizeof value))) {
        return false;
    }
    for (size_t i = WORD_BYTES - sizeof value; i < WORD_BYTES; i++) {
        value = value << 8 | word->bytes[i];
    }
    *number = value;
    return true;
}

int u256_compare(const chaos_u256 *a, const chaos_u256 *b)
{
    return memcmp(a->bytes, b->bytes, WORD_BYTES);
}

bool u256_is_zero(const chaos_u256 *word)
{
    return slice_is_zero(slice(word->bytes, WORD_BYTES));
}

bool u256_add_product(const chaos_u256 *a, uint64_t b, uint64_t c, chaos_u256 *sum)
{
    unsigned __int128 product = (unsigned __int128)b * c;
    unsigned carry = 0;
    for (size_t i = WORD_BYTES; i-- > 0;) {
        carry += (unsigned)a->bytes[i] + (unsigned)(product & 0xff);
        product >>= 8;
        sum->bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

const char *u256_decimal(const chaos_u256 *word, char text[U256_DECIMAL_SIZE])
{
    chaos_u256 rest = *word;
    char digits[U256_DECIMAL_SIZE];
    size_t count = 0;
    do {
        unsigned remainder = 0;
        for (size_t i = 0; i < WORD_BYTES; i++) {
            unsigned part = remainder << 8 | rest.bytes[i];
            rest.bytes[i] = (uint8_t)(part / 10);
            remainder = part % 10;
        }
        digits[count++] = (char)('0' + remainder);
    } while (!u256_is_zero(&rest) && count < sizeof digits - 1);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    text[count] = '\0';
    return text;
}

const char *u256_quantity(const chaos_u256 *word, char text[U256_QUANTITY_SIZE])
{
    size_t i = 0;
    while (i < WORD_BYTES - 1 && word->bytes[i] == 0) {
        i++;
    }
    int n = snprintf(text, U256_QUANTITY_SIZE, "0x%x", word->bytes[i]);
    size_t length = n > 0 ? (size_t)n : 0;
    for (i++; i < WORD_BYTES && length + 2 < U256_QUANTITY_SIZE; i++, length += 2) {
        (void)snprintf(text + length, U256_QUANTITY_SIZE - length, "%02x", word->bytes[i]);
    }
    return text;
}
