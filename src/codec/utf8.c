/* utf8.c - well-formed UTF-8 (RFC 3629 section 4): no surrogates, overlong forms, or more than U+10FFFF. */
#include "codec/internal.h"

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0u) == 0x80u;
}

/* The bounds of the second byte are what keeps overlong forms, surrogates and too large numbers out. */
typedef struct utf8_lead {
    uint8_t first, last;
    uint8_t size;
    uint8_t second_first, second_last;
} utf8_lead;

static const utf8_lead leads[] = {
    { 0xc2, 0xdf, 2, 0x80, 0xbf },
    { 0xe0, 0xe0, 3, 0xa0, 0xbf },
    { 0xe1, 0xec, 3, 0x80, 0xbf },
    { 0xed, 0xed, 3, 0x80, 0x9f },
    { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf },
    { 0xf1, 0xf3, 4, 0x80, 0xbf },
    { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t utf8_sequence(const uint8_t *p, size_t left)
{
    if (left == 0 || p[0] < 0x80) {
        return left == 0 ? 0 : 1;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(leads); i++) {
        const utf8_lead *lead = &leads[i];
        if (p[0] < lead->first || p[0] > lead->last) {
            continue;
        }
        if (left < lead->size || p[1] < lead->second_first || p[1] > lead->second_last) {
            return 0;
        }
        bool rest = (lead->size < 3 || is_continuation(p[2])) && (lead->size < 4 || is_continuation(p[3]));
        return rest ? lead->size : 0;
    }
    return 0;
}

bool utf8_is_valid(chaos_slice text)
{
    size_t place = 0;
    while (place < text.size) {
        size_t size = utf8_sequence(text.data + place, text.size - place);
        if (size == 0) {
            return false;
        }
        place += size;
    }
    return true;
}
