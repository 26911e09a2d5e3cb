/* base64.c - RFC 4648 section 4. */
#include "codec/internal.h"
#include "codec/sixteen.h"

enum {
    IS_VALUE = 0x40
}; /* sets 'A', the value zero, apart from a character outside the alphabet */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define V(character, value) [character] = IS_VALUE | (value)
/* clang-format off */
static const uint8_t value_of[256] = {
    V('A', 0),  V('B', 1),  V('C', 2),  V('D', 3),  V('E', 4),  V('F', 5),  V('G', 6),  V('H', 7),
    V('I', 8),  V('J', 9),  V('K', 10), V('L', 11), V('M', 12), V('N', 13), V('O', 14), V('P', 15),
    V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20), V('V', 21), V('W', 22), V('X', 23),
    V('Y', 24), V('Z', 25), V('a', 26), V('b', 27), V('c', 28), V('d', 29), V('e', 30), V('f', 31),
    V('g', 32), V('h', 33), V('i', 34), V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39),
    V('o', 40), V('p', 41), V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47),
    V('w', 48), V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
    V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('+', 62), V('/', 63),
};
/* clang-format on */
#undef V

/* Four values of 6 bits; the marks of characters outside the alphabet are missing from *all. */
static uint32_t group_bits(const uint8_t *text, unsigned *all)
{
    unsigned a = value_of[text[0]];
    unsigned b = value_of[text[1]];
    unsigned c = value_of[text[2]];
    unsigned d = value_of[text[3]];
    *all &= a & b & c & d;
    return (a & 63u) << 18 | (b & 63u) << 12 | (c & 63u) << 6 | (d & 63u);
}

#ifdef CODEC_SIXTEEN
/* Six big-endian bytes: two groups of 24 bits. */
static inline void put_two_groups(uint64_t bits, uint8_t *out)
{
    const uint64_t bytes = __builtin_bswap64(bits << 16);
    const uint32_t first = (uint32_t)bytes;
    const uint16_t last = (uint16_t)(bytes >> 32);
    memcpy(out, &first, sizeof first);
    memcpy(out + sizeof first, &last, sizeof last);
}

/* Twelve bytes from four groups; false when a character is not of the alphabet. */
static bool decode_sixteen(const uint8_t *text, uint8_t *out)
{
    typedef uint16_t eight __attribute__((vector_size(16)));
    typedef uint32_t four __attribute__((vector_size(16)));
    typedef uint64_t two __attribute__((vector_size(16)));
    const sixteen c = sixteen_load(text);
    const sixteen upper = sixteen_within(c, 'A', 'Z');
    const sixteen lower = sixteen_within(c, 'a', 'z');
    const sixteen digit = sixteen_within(c, '0', '9');
    const sixteen plus = (sixteen)(c == '+');
    const sixteen slash = (sixteen)(c == '/');
    const sixteen shift = (upper & (uint8_t)(0 - 'A')) | (lower & (uint8_t)(26 - 'a')) | (digit & (uint8_t)(52 - '0')) |
                          (plus & (uint8_t)(62 - '+')) | (slash & (uint8_t)(63 - '/'));
    if (sixteen_bits(upper | lower | digit | plus | slash) != SIXTEEN_ALL) {
        return false;
    }
    /* The first character of a group is its lowest byte here, and its highest bits there. */
    const eight a = (eight)(c + shift);
    const four b = (four)((a << 6 | a >> 8) & 0xfff);
    const two groups = (two)((b << 12 | b >> 16) & 0xffffff);
    const two pairs = groups << 24 | groups >> 32;
    put_two_groups(pairs[0], out);
    put_two_groups(pairs[1], out + 6);
    return true;
}
#endif

/* Groups without padding. */
static bool decode_groups(const uint8_t *text, size_t groups, uint8_t *out)
{
    size_t i = 0;
#ifdef CODEC_SIXTEEN
    while (groups - i >= 4 && decode_sixteen(text + 4 * i, out + 3 * i)) {
        i += 4;
    }
#endif
    unsigned all = IS_VALUE;
    for (; i < groups; i++) {
        uint32_t bits = group_bits(text + 4 * i, &all);
        out[3 * i] = (uint8_t)(bits >> 16);
        out[3 * i + 1] = (uint8_t)(bits >> 8);
        out[3 * i + 2] = (uint8_t)bits;
    }
    return all == IS_VALUE;
}

/* A group that ends with one or two '='; the bits that stand for no byte must be zero. */
static bool decode_padded(const uint8_t text[4], size_t padding, uint8_t *out)
{
    uint8_t group[4] = { text[0], text[1], padding == 1 ? text[2] : (uint8_t)'A', 'A' };
    unsigned all = IS_VALUE;
    uint32_t bits = group_bits(group, &all);
    if (all != IS_VALUE || (bits & (padding == 1 ? 0xffu : 0xffffu)) != 0) {
        return false;
    }
    out[0] = (uint8_t)(bits >> 16);
    if (padding == 1) {
        out[1] = (uint8_t)(bits >> 8);
    }
    return true;
}

static size_t padding_of(const uint8_t *text, size_t groups)
{
    const uint8_t *end = text + 4 * groups;
    return groups == 0 || end[-1] != '=' ? 0 : end[-2] != '=' ? 1
                                                              : 2;
}

size_t base64_groups_size(const uint8_t *text, size_t groups)
{
    return 3 * groups - padding_of(text, groups);
}

bool base64_decode_groups(const uint8_t *text, size_t groups, uint8_t *out)
{
    size_t padding = padding_of(text, groups);
    if (padding == 0) {
        return decode_groups(text, groups, out);
    }
    groups--;
    return decode_groups(text, groups, out) && decode_padded(text + 4 * groups, padding, out + 3 * groups);
}

bool base64_decode(chaos_slice text, chaos_buffer *out)
{
    if (text.size % 4 != 0) {
        return false;
    }
    if (text.size == 0) {
        return true;
    }
    size_t groups = text.size / 4;
    size_t size = base64_groups_size(text.data, groups);
    uint8_t *room = buffer_reserve(out, size);
    if (room == NULL) {
        return false;
    }
    if (!base64_decode_groups(text.data, groups, room)) {
        room[0] = 0; /* the NUL after the content */
        return false;
    }
    out->size += size;
    return true;
}

static void encode_group(const uint8_t bytes[3], uint8_t *out)
{
    uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    out[0] = (uint8_t)alphabet[bits >> 18];
    out[1] = (uint8_t)alphabet[bits >> 12 & 63];
    out[2] = (uint8_t)alphabet[bits >> 6 & 63];
    out[3] = (uint8_t)alphabet[bits & 63];
}

void base64_encode_to(chaos_slice bytes, uint8_t *out)
{
    size_t full = bytes.size / 3;
    for (size_t i = 0; i < full; i++) {
        encode_group(bytes.data + 3 * i, out + 4 * i);
    }
    size_t rest = bytes.size % 3;
    if (rest == 0) {
        return;
    }
    uint8_t last[3] = { 0, 0, 0 };
    memcpy(last, bytes.data + 3 * full, rest);
    encode_group(last, out + 4 * full);
    memset(out + 4 * full + rest + 1, '=', 3 - rest);
}

bool base64_encode(chaos_slice bytes, chaos_buffer *out)
{
    if (bytes.size > SIZE_MAX / 2) { /* the size of the text could not be counted */
        return false;
    }
    size_t size = (bytes.size / 3 + (bytes.size % 3 != 0)) * 4;
    uint8_t *room = buffer_reserve(out, size);
    if (room == NULL) {
        return false;
    }
    base64_encode_to(bytes, room);
    out->size += size;
    return true;
}
