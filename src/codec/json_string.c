/* json_string.c - strings of JSON texts. Most of a collateral file is strings, and some of them are JSON
 * texts in which every quote is escaped, so both passes go by words of eight characters. */
#include "codec/internal.h"
#include "codec/sixteen.h"

enum {
    WORD = 8,
    SURROGATE_HIGH = 0xd800,
    SURROGATE_LOW = 0xdc00,
    SURROGATE_END = 0xe000
};

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define HIGH_BITS EACH_BYTE(0x80)

/* ------------------------------------------------------------------ words ---- */

/* The high bit of each byte that is zero. A borrow may also mark bytes above the first zero byte, but never
 * one below it, and only the lowest mark is ever used. */
static uint64_t mark_zero(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & HIGH_BITS;
}

/* Marks what ends a run of plain characters: quote, backslash, control, or a byte that is not ASCII. */
static uint64_t mark_special(uint64_t word)
{
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word & HIGH_BITS;
    uint64_t ends = mark_zero(word ^ EACH_BYTE('"')) | mark_zero(word ^ EACH_BYTE('\\'));
    return ends | control | (word & HIGH_BITS);
}

static size_t lowest_mark(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

static bool is_special(uint8_t c)
{
    return c == '"' || c == '\\' || c < 0x20 || c >= 0x80;
}

/* ---------------------------------------------------------------- escapes ---- */

/* What the character after the backslash stands for; 0 for none. */
static const uint8_t escape_of[256] = {
    ['"'] = '"',
    ['\\'] = '\\',
    ['/'] = '/',
    ['b'] = '\b',
    ['f'] = '\f',
    ['n'] = '\n',
    ['r'] = '\r',
    ['t'] = '\t'
};

/* uXXXX at p; -1 if it is none. */
static int32_t code_unit(const uint8_t *p, const uint8_t *end)
{
    uint8_t bytes[2];
    if (end - p < 5 || p[0] != 'u' || !hex_decode(slice(p + 1, 4), bytes, sizeof bytes)) {
        return -1;
    }
    return bytes[0] << 8 | bytes[1];
}

/* The character that the \u escape at p (the u) stands for, and how many characters follow the backslash; -1
 * when it is malformed or a lone surrogate. */
static int32_t code_point(const uint8_t *p, const uint8_t *end, size_t *size)
{
    int32_t unit = code_unit(p, end);
    *size = 5;
    if (unit < SURROGATE_HIGH || unit >= SURROGATE_END) {
        return unit;
    }
    int32_t low = end - p > 6 && p[5] == '\\' ? code_unit(p + 6, end) : -1;
    if (unit >= SURROGATE_LOW || low < SURROGATE_LOW || low >= SURROGATE_END) {
        return -1;
    }
    *size = 11;
    return 0x10000 + ((unit - SURROGATE_HIGH) << 10) + (low - SURROGATE_LOW);
}

static size_t put_utf8(int32_t code, uint8_t *out)
{
    uint32_t c = (uint32_t)code;
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t size = 2 + (size_t)(c >= 0x800) + (size_t)(c >= 0x10000);
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80u | (c & 0x3fu));
        c >>= 6;
    }
    out[0] = (uint8_t)((0xf00u >> size & 0xf0u) | c); /* 2: 110, 3: 1110, 4: 11110 and the rest of the bits */
    return size;
}

/* ------------------------------------------------------------------- scan ---- */

/* The first character that needs a closer look, or the end. Plain characters are passed over; so are, where it is
 * easy, escapes of two characters, of which *has_escapes is told. */
static inline const uint8_t *find_special(const uint8_t *p, const uint8_t *end, bool *has_escapes)
{
#ifdef CODEC_SIXTEEN
    while (end - p > 16) { /* not sixteen alone: the second character of an escape may be the next one */
        const sixteen c = sixteen_load(p);
        /* below the space are the controls and all that is not ASCII */
        unsigned marks = sixteen_bits((sixteen)(c == '"') | (sixteen)(c == '\\') | sixteen_less(c, ' '));
        size_t size = 16;
        while (marks != 0) {
            const unsigned place = (unsigned)__builtin_ctz(marks);
            if (p[place] != '\\' || escape_of[p[place + 1]] == 0) {
                return p + place;
            }
            *has_escapes = true;
            marks &= ~(3u << place);
            size = place == 15 ? 17 : 16;
        }
        p += size;
    }
#else
    (void)has_escapes;
#endif
    while (end - p >= WORD) {
        uint64_t marks = mark_special(load_u64le(p));
        if (marks != 0) {
            return p + lowest_mark(marks);
        }
        p += WORD;
    }
    while (p < end && !is_special(*p)) {
        p++;
    }
    return p;
}

static void fail_at(json *j, const char *field, const uint8_t *p, const char *reason)
{
    rd_fail(&j->r, CHAOS_E_JSON, field, (size_t)(p - j->r.base), reason);
}

/* How long the escape at p (the backslash) is; 0 with the fault latched. */
static size_t scan_escape(json *j, const char *field, const uint8_t *p, json_text *text)
{
    const uint8_t *end = j->r.end;
    text->has_escapes = true;
    if (end - p >= 2 && escape_of[p[1]] != 0) {
        return 2;
    }
    size_t size = 0;
    int32_t code = end - p >= 2 ? code_point(p + 1, end, &size) : -1;
    if (code < 0) {
        fail_at(j, field, p, "an escape is malformed");
        return 0;
    }
    text->has_nul = text->has_nul || code == 0;
    return 1 + size;
}

/* Goes on at p, where what is there needs a closer look. */
static json_text scan_on(json *j, const char *field, const uint8_t *p, json_text text)
{
    const uint8_t *begin = j->r.cur + 1;
    while (json_ok(j)) {
        if (p == j->r.end) {
            fail_at(j, field, p, "the text ends within a string");
        } else if (*p == '"') {
            text.raw = slice(begin, (size_t)(p - begin));
            j->r.cur = p + 1;
            return text;
        } else if (*p == '\\') {
            p += scan_escape(j, field, p, &text);
        } else if (*p < 0x20) {
            fail_at(j, field, p, "a control character stands in a string");
        } else {
            size_t size = utf8_sequence(p, (size_t)(j->r.end - p));
            if (size == 0) {
                fail_at(j, field, p, "a string is not UTF-8");
            }
            p += size;
        }
        if (json_ok(j)) {
            p = find_special(p, j->r.end, &text.has_escapes);
        }
    }
    return text;
}

json_text json_scan_string(json *j, const char *field)
{
    json_text text = { .raw = slice(j->r.cur, 0) };
    if (!json_ok(j)) {
        return text;
    }
    const uint8_t *begin = j->r.cur + 1;
    bool has_escapes = false;
    const uint8_t *p = find_special(begin, j->r.end, &has_escapes);
    text.has_escapes = has_escapes;
    if (p == j->r.end || *p != '"') {
        return scan_on(j, field, p, text);
    }
    text.raw = slice(begin, (size_t)(p - begin));
    j->r.cur = p + 1;
    return text;
}

/* --------------------------------------------------------------- unescape ---- */

/* Copies what comes before the next backslash or the end, and gives where that is. The output is never ahead of the
 * input, so that a whole word fits wherever a word is left. */
static const uint8_t *copy_plain(const uint8_t *p, const uint8_t *end, uint8_t **out)
{
    uint8_t *to = *out;
    bool found = false;
#ifdef CODEC_SIXTEEN
    while (end - p >= 16 && !found) {
        const unsigned marks = sixteen_bits((sixteen)(sixteen_load(p) == '\\'));
        const size_t run = marks == 0 ? 16 : (size_t)__builtin_ctz(marks);
        memcpy(to, p, 16);
        p += run;
        to += run;
        found = marks != 0;
    }
#endif
    while (end - p >= WORD && !found) {
        const uint64_t marks = mark_zero(load_u64le(p) ^ EACH_BYTE('\\'));
        const size_t run = marks == 0 ? WORD : lowest_mark(marks);
        memcpy(to, p, WORD);
        p += run;
        to += run;
        found = marks != 0;
    }
    while (p < end && *p != '\\') {
        *to++ = *p++;
    }
    *out = to;
    return p;
}

size_t json_unescape(const json_text *text, uint8_t *out)
{
    const uint8_t *p = text->raw.data;
    const uint8_t *end = p + text->raw.size;
    uint8_t *to = out;
    if (!text->has_escapes) {
        memcpy(out, p, text->raw.size);
        return text->raw.size;
    }
    for (p = copy_plain(p, end, &to); p < end; p = copy_plain(p, end, &to)) {
        if (escape_of[p[1]] != 0) {
            *to++ = escape_of[p[1]];
            p += 2;
            continue;
        }
        size_t size;
        to += put_utf8(code_point(p + 1, end, &size), to);
        p += 1 + size;
    }
    return (size_t)(to - out);
}
