/* base64.c - RFC 4648 section 4. */
#include "codec/internal.h"

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

bool base64_decode_groups(const uint8_t *text, size_t groups, uint8_t *out)
{
    unsigned all = IS_VALUE;
    for (size_t i = 0; i < groups; i++) {
        uint32_t bits = group_bits(text + 4 * i, &all);
        out[3 * i] = (uint8_t)(bits >> 16);
        out[3 * i + 1] = (uint8_t)(bits >> 8);
        out[3 * i + 2] = (uint8_t)bits;
    }
    return (all & IS_VALUE) != 0;
}

size_t base64_decode_last(const uint8_t text[4], uint8_t out[3])
{
    size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1
                                                         : 2;
    uint8_t group[4];
    for (size_t i = 0; i < 4; i++) {
        group[i] = i < 4 - padding ? text[i] : (uint8_t)'A';
    }
    unsigned all = IS_VALUE;
    uint32_t bits = group_bits(group, &all);
    uint32_t spare = padding == 0 ? 0 : padding == 1 ? 0xffu
                                                     : 0xffffu;
    if ((all & IS_VALUE) == 0 || (bits & spare) != 0) {
        return 0;
    }
    for (size_t i = 0; i < 3 - padding; i++) {
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    }
    return 3 - padding;
}

bool base64_decode(chaos_slice text, chaos_buffer *out)
{
    if (text.size % 4 != 0) {
        return false;
    }
    if (text.size == 0) {
        return true;
    }
    const uint8_t *last_text = text.data + text.size - 4;
    size_t full = text.size / 4 - 1;
    uint8_t last[3];
    size_t last_size = base64_decode_last(last_text, last);
    if (last_size == 0) {
        return false;
    }
    uint8_t *room = buffer_reserve(out, 3 * full + last_size);
    if (room == NULL) {
        return false;
    }
    if (!base64_decode_groups(text.data, full, room)) {
        room[0] = 0; /* the NUL after the content */
        return false;
    }
    memcpy(room + 3 * full, last, last_size);
    out->size += 3 * full + last_size;
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
