/* json_quote.c - a text as a JSON string of pure ASCII, for the requests that a plug-in writes. */
#include <stdio.h>

#include "tee/internal.h"

/* The first character of a text that a NUL ends, RFC 3629, and its length; 0: it is not UTF-8. */
static size_t utf8_character(const uint8_t *p, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0
                                : p[0] < 0xe0   ? 2
                                : p[0] < 0xf0   ? 3
                                : p[0] < 0xf8   ? 4
                                                : 0;

    *code = size < 2 ? p[0] : p[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    if (size > 1 && (*code < least[size] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))) {
        return 0;
    }
    return size;
}

/* The character as it stands in a JSON string of pure ASCII; gives the length, at most 12. */
static size_t escape_character(uint32_t code, char out[13])
{
    const uint32_t above = code - 0x10000;
    int length;

    if (code == '"' || code == '\\') {
        length = snprintf(out, 13, "\\%c", (int)code);
    } else if (code >= 0x20 && code < 0x7f) {
        length = snprintf(out, 13, "%c", (int)code);
    } else if (code < 0x10000) {
        length = snprintf(out, 13, "\\u%04x", (unsigned)code);
    } else {
        length = snprintf(out, 13, "\\u%04x\\u%04x", (unsigned)(0xd800 + (above >> 10)),
                          (unsigned)(0xdc00 + (above & 0x3ff)));
    }
    return (size_t)length;
}

chaos_status host_json_quote(const chaos_host *host, const char *text, char *out, size_t capacity,
                             chaos_error *err)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t at = 1;

    (void)host;
    if (text == NULL || out == NULL || capacity < sizeof "\"\"") {
        return error_set(err, CHAOS_E_USAGE, "text", CHAOS_NO_OFFSET,
                         "there is no text, or no room for a string");
    }
    out[0] = '"';
    while (*p != '\0') {
        char piece[13];
        uint32_t code;
        const size_t size = utf8_character(p, &code);
        const size_t width = size == 0 ? 0 : escape_character(code, piece);

        if (size == 0 || width + sizeof "\"" > capacity - at) {
            secret_wipe(out, capacity);
            return error_set(err, CHAOS_E_USAGE, "text", (size_t)(p - (const uint8_t *)text),
                             size == 0 ? "the text is not UTF-8"
                                       : "the text does not fit the room for its string");
        }
        memcpy(out + at, piece, width);
        at += width;
        p += size;
    }
    memcpy(out + at, "\"", sizeof "\"");
    return CHAOS_OK;
}
