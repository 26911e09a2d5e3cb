/* base.h - what every folder stands on: results, clean-up, owned bytes, errors and the latched reader. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <chaoschain/base.h>

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- results ---- */

#define CHAOS_TRY(call)                              \
    do {                                             \
        chaos_status status_of_try_ = (call);        \
        if (status_of_try_ != CHAOS_OK) {            \
            return status_of_try_;                   \
        }                                            \
    } while (0)

#define CHAOS_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* CHAOS_AUTO(chaos_claims, claims) declares a pointer that is freed when the scope ends; CHAOS_GIVE(out, claims)
 * hands it out as the last act before `return CHAOS_OK`. */
#define CHAOS_CLEANUP(type)                                          \
    static inline void type##_cleanup(type **pointer)                \
    {                                                                \
        type##_free(*pointer);                                       \
    }                                                                \
    struct type##_cleanup_semicolon
#define CHAOS_AUTO(type, name) __attribute__((cleanup(type##_cleanup))) type *name = NULL
#define CHAOS_GIVE(out, name) (*(out) = (name), (name) = NULL)

static inline void buffer_cleanup(chaos_buffer *buffer)
{
    chaos_buffer_free(buffer);
}
#define CHAOS_AUTO_BUFFER(name, limit) \
    __attribute__((cleanup(buffer_cleanup))) chaos_buffer name = CHAOS_BUFFER_INIT(limit)

/* --------------------------------------------------------------- errors ---- */

/* Fill `err` (which may be NULL) and return `status`. `field` is static text or NULL; the format makes the sentence;
 * NULL means the status's own text. */
chaos_status error_set(chaos_error *err, chaos_status status, const char *field, size_t offset, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Add to an error what was expected and what came (printf). Untrusted text goes through error_quote first. */
void error_expected(chaos_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_found(chaos_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Untrusted bytes as printable ASCII in `text`, escaped and cut to fit; returns `text`. */
const char *error_quote(char *text, size_t capacity, chaos_slice bytes);
/* Bytes as lower-case hex, cut with "..." to fit; returns `text`. */
const char *error_hex(char *text, size_t capacity, chaos_slice bytes);

bool status_is_date(chaos_status status); /* a date failure: verification goes on to find them all */

/* --------------------------------------------------------------- slices ---- */

static inline chaos_slice slice(const void *data, size_t size)
{
    chaos_slice s = { (const uint8_t *)data, size };
    return s;
}
static inline chaos_slice slice_text(const char *text)
{
    return slice(text, strlen(text));
}
static inline bool slice_equal(chaos_slice a, chaos_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline bool slice_is(chaos_slice a, const char *text)
{
    return slice_equal(a, slice_text(text));
}
bool slice_is_zero(chaos_slice a);

static inline uint16_t load_u16le(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t load_u32le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t load_u64le(const uint8_t *p)
{
    return (uint64_t)load_u32le(p) | (uint64_t)load_u32le(p + 4) << 32;
}

/* -------------------------------------------------------------- buffers ---- */

/* All return false when memory or the buffer's limit ends; the buffer stays as it was. */
CHAOS_MUST_USE bool buffer_append(chaos_buffer *buffer, chaos_slice bytes);
CHAOS_MUST_USE bool buffer_append_text(chaos_buffer *buffer, const char *text);
CHAOS_MUST_USE bool buffer_append_format(chaos_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for `size` bytes at the end, not counted yet; NULL as above. Count them by buffer->size += n. */
CHAOS_MUST_USE uint8_t *buffer_reserve(chaos_buffer *buffer, size_t size);
static inline chaos_slice buffer_slice(const chaos_buffer *buffer)
{
    return slice(buffer->data, buffer->size);
}

/* ---------------------------------------------------------------- fault ---- */

/* Where and why a reader stopped. Static texts and numbers only, so making one costs nothing. */
typedef struct fault {
    chaos_status status; /* CHAOS_OK: there is none */
    const char *field;
    size_t offset;
    const char *reason;  /* "needs %llu bytes" has no place here: see expected and found */
    uint64_t expected, found;
    bool has_numbers;    /* expected and found mean something */
    const char *part;    /* of the input that was read, where the status does not tell; NULL: it does */
} fault;

chaos_status fault_to_error(const fault *why, chaos_error *err);

/* --------------------------------------------------------------- reader ---- */

/* The latched cursor over untrusted bytes. It cannot run past the end. The first failure is latched with field and
 * offset; from then on every read gives zero or an empty slice, so a parser is a straight list that is checked
 * once, at its end. No value read may steer control flow before rd_ok. `status` is what any failure means. */
typedef struct reader {
    const uint8_t *base; /* offsets count from here */
    const uint8_t *cur;
    const uint8_t *end;
    const char *field;   /* label and place of the last read */
    size_t field_offset;
    const char *label;   /* of the whole, when rd_sub made it */
    chaos_status status;
    fault why;
} reader;

reader rd_begin(chaos_slice bytes, chaos_status status);
static inline bool rd_ok(const reader *r)
{
    return r->why.status == CHAOS_OK;
}
static inline size_t rd_left(const reader *r)
{
    return (size_t)(r->end - r->cur);
}
static inline size_t rd_offset(const reader *r)
{
    return (size_t)(r->cur - r->base);
}
/* Exactly the bytes consumed so far. */
static inline chaos_slice rd_seen(const reader *r)
{
    return slice(r->base, rd_offset(r));
}
uint8_t rd_u8(reader *r, const char *field);
uint16_t rd_u16le(reader *r, const char *field);
uint32_t rd_u32le(reader *r, const char *field);
chaos_slice rd_take_none(reader *r, const char *field, size_t size); /* what rd_take does when it fails */
static inline chaos_slice rd_take(reader *r, const char *field, size_t size)
{
    if (!rd_ok(r) || size > rd_left(r)) {
        return rd_take_none(r, field, size);
    }
    const uint8_t *bytes = r->cur;
    r->field = field;
    r->field_offset = rd_offset(r);
    r->cur += size;
    return slice(bytes, size);
}
/* The next `size` bytes as a reader of their own with the same offsets; rd_close fails the parent with the child's
 * fault, or with `slack` and the child's label when the child has bytes left. */
static inline reader rd_sub(reader *r, const char *field, size_t size)
{
    const chaos_slice bytes = rd_take(r, field, size);
    reader child = *r; /* with its fault, if it has one, and its base, so that offsets are shared */
    child.label = field;
    if (rd_ok(r)) {
        child.cur = bytes.data;
        child.end = bytes.data + bytes.size;
    }
    return child;
}
void rd_close(reader *parent, const reader *child, chaos_status slack);
void rd_expect_number(reader *r, uint64_t found, uint64_t expected, chaos_status status, const char *reason);
void rd_fail(reader *r, chaos_status status, const char *field, size_t offset, const char *reason);
/* Judges the read just made: fails with `status` when `condition` is false. */
static inline void rd_expect(reader *r, bool condition, chaos_status status, const char *reason)
{
    if (!condition) {
        rd_fail(r, status, r->field, r->field_offset, reason);
    }
}

/* --------------------------------------------------------------- banned ---- */

#define BANNED_BY_BASE_H(name) banned_##name##_see_base_h
#undef strcpy
#define strcpy BANNED_BY_BASE_H(strcpy)
#undef strcat
#define strcat BANNED_BY_BASE_H(strcat)
#undef strncpy
#define strncpy BANNED_BY_BASE_H(strncpy)
#undef strncat
#define strncat BANNED_BY_BASE_H(strncat)
#undef sprintf
#define sprintf BANNED_BY_BASE_H(sprintf)
#undef vsprintf
#define vsprintf BANNED_BY_BASE_H(vsprintf)
#undef strtok
#define strtok BANNED_BY_BASE_H(strtok)
#undef atoi
#define atoi BANNED_BY_BASE_H(atoi)
#undef alloca
#define alloca BANNED_BY_BASE_H(alloca)

#endif
