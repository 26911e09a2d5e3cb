/* hex.c - hexadecimal digits. */
#include "codec/codec.h"
#include "codec/sixteen.h"

enum {
    IS_DIGIT = 0x10
}; /* sets a digit of value zero apart from a character that is none */

#define D(character, value) [character] = IS_DIGIT | (value)
/* clang-format off */
static const uint8_t digit_of[256] = {
    D('0', 0),  D('1', 1),  D('2', 2),  D('3', 3),  D('4', 4),  D('5', 5),
    D('6', 6),  D('7', 7),  D('8', 8),  D('9', 9),  D('a', 10), D('b', 11),
    D('c', 12), D('d', 13), D('e', 14), D('f', 15), D('A', 10), D('B', 11),
    D('C', 12), D('D', 13), D('E', 14), D('F', 15),
};
/* clang-format on */
#undef D

#ifdef CODEC_SIXTEEN
/* Eight bytes from sixteen digits; false when one is none. */
static bool decode_sixteen(const uint8_t *text, uint8_t *out)
{
    typedef uint16_t eight __attribute__((vector_size(16)));
    typedef short packed __attribute__((vector_size(16)));
    const sixteen upper = sixteen_load(text);
    const sixteen lower = upper | 0x20;
    const sixteen is_number = sixteen_within(upper, '0', '9');
    const sixteen is_letter = sixteen_within(lower, 'a', 'f');
    const sixteen values = (is_number & (upper - '0')) | (is_letter & (lower - ('a' - 10)));
    const eight pairs = (eight)values; /* the high digit is the lower byte */
    const packed bytes = (packed)((pairs << 4 | pairs >> 8) & 0xff);

    if (sixteen_bits(is_number | is_letter) != SIXTEEN_ALL) {
        return false;
    }
    const sixteen both = (sixteen)__builtin_ia32_packuswb128(bytes, bytes);
    memcpy(out, &both, 8);
    return true;
}
#endif

bool hex_decode(chaos_slice text, uint8_t *out, size_t size)
{
    if (text.size / 2 != size || text.size % 2 != 0) {
        return false;
    }
    size_t i = 0;
#ifdef CODEC_SIXTEEN
    while (size - i >= 8 && decode_sixteen(text.data + 2 * i, out + i)) {
        i += 8;
    }
#endif
    unsigned all = IS_DIGIT;
    for (; i < size; i++) {
        unsigned high = digit_of[text.data[2 * i]];
        unsigned low = digit_of[text.data[2 * i + 1]];
        all &= high & low;
        out[i] = (uint8_t)((high & 15u) << 4 | (low & 15u));
    }
    return all == IS_DIGIT;
}

void hex_encode(chaos_slice bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        out[2 * i] = digits[bytes.data[i] >> 4];
        out[2 * i + 1] = digits[bytes.data[i] & 15];
    }
}
