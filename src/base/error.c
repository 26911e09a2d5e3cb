/* error.c - names and texts of the statuses, and the filling of chaos_error. */
#include "base/base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

const char *chaos_version(void)
{
    return CHAOS_VERSION_STRING;
}

/* --------------------------------------------------------------- status ---- */

/* The switches have no default, so that the compiler names a status that is forgotten; a number that is no
 * status falls out of them. */

const char *chaos_status_name(chaos_status status)
{
#define CASE_NAME(name, class_, number, stage, text) \
    case CHAOS_E_##name:                             \
        return #name;
    switch (status) {
    case CHAOS_OK:
        return "OK";
        CHAOS_STATUS_LIST(CASE_NAME)
    }
#undef CASE_NAME
    return "UNKNOWN";
}

const char *chaos_status_text(chaos_status status)
{
#define CASE_TEXT(name, class_, number, stage, text) \
    case CHAOS_E_##name:                             \
        return text;
    switch (status) {
    case CHAOS_OK:
        return "no error";
        CHAOS_STATUS_LIST(CASE_TEXT)
    }
#undef CASE_TEXT
    return "a status that this version does not know";
}

const char *chaos_status_stage(chaos_status status)
{
#define CASE_STAGE(name, class_, number, stage, text) \
    case CHAOS_E_##name:                              \
        return stage;
    switch (status) {
    case CHAOS_OK:
        return "none";
        CHAOS_STATUS_LIST(CASE_STAGE)
    }
#undef CASE_STAGE
    return "environment";
}

chaos_class chaos_status_class(chaos_status status)
{
#define CASE_CLASS(name, class_, number, stage, text) \
    case CHAOS_E_##name:                              \
        return CHAOS_CLASS_##class_;
    switch (status) {
    case CHAOS_OK:
        return CHAOS_CLASS_OK;
        CHAOS_STATUS_LIST(CASE_CLASS)
    }
#undef CASE_CLASS
    return CHAOS_CLASS_INTERNAL; /* a number we never made is a fault of ours, never a pass */
}

enum {
    DATE_FIRST = 0x40,
    DATE_LAST = 0x5f
};

bool status_is_date(chaos_status status)
{
    unsigned number = (unsigned)status & 0xffu;
    return chaos_status_class(status) == CHAOS_CLASS_TRUST && number >= DATE_FIRST && number <= DATE_LAST;
}

/* ---------------------------------------------------------------- texts ---- */

static const char hex_digits[] = "0123456789abcdef";

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte <= 0x7e;
}

/* Untrusted text has to go through error_quote; should one slip through, it still cannot steer a terminal. */
__attribute__((format(printf, 3, 0))) static void print_clean(char *text, size_t capacity, const char *format,
                                                              va_list arguments)
{
    if (vsnprintf(text, capacity, format, arguments) < 0) {
        text[0] = '\0';
    }
    for (char *c = text; *c != '\0'; c++) {
        *c = is_printable((uint8_t)*c) ? *c : '?';
    }
}

chaos_status error_set(chaos_error *err, chaos_status status, const char *field, size_t offset,
                       const char *format, ...)
{
    if (err == NULL) {
        return status;
    }
    memset(err, 0, sizeof *err);
    err->status = status;
    err->field = field;
    err->offset = offset;
    if (format == NULL) {
        (void)snprintf(err->text, sizeof err->text, "%s", chaos_status_text(status));
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    print_clean(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return status;
}

void error_expected(chaos_error *err, const char *format, ...)
{
    if (err == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_clean(err->expected, sizeof err->expected, format, arguments);
    va_end(arguments);
}

void error_found(chaos_error *err, const char *format, ...)
{
    if (err == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_clean(err->found, sizeof err->found, format, arguments);
    va_end(arguments);
}

#define CUT_MARK "..."
#define CUT_MARK_SIZE (sizeof CUT_MARK - 1)
enum {
    ESCAPE_MAX = 4
};

static size_t escape_byte(uint8_t byte, char out[ESCAPE_MAX])
{
    if (byte == '\\' || byte == '"') {
        out[0] = '\\';
        out[1] = (char)byte;
        return 2;
    }
    if (is_printable(byte)) {
        out[0] = (char)byte;
        return 1;
    }
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex_digits[byte >> 4];
    out[3] = hex_digits[byte & 15];
    return 4;
}

const char *error_quote(char *text, size_t capacity, chaos_slice bytes)
{
    if (capacity == 0) {
        return "";
    }
    size_t length = 0;
    size_t cut = 0; /* the last place between two bytes where the mark still fits */
    for (size_t i = 0; i < bytes.size; i++) {
        char piece[ESCAPE_MAX];
        size_t size = escape_byte(bytes.data[i], piece);
        if (length + CUT_MARK_SIZE < capacity) {
            cut = length;
        }
        if (length + size >= capacity) {
            bool marked = cut + CUT_MARK_SIZE < capacity;
            (void)snprintf(text + cut, capacity - cut, "%s", marked ? CUT_MARK : "");
            return text;
        }
        memcpy(text + length, piece, size);
        length += size;
    }
    text[length] = '\0';
    return text;
}

const char *error_hex(char *text, size_t capacity, chaos_slice bytes)
{
    if (capacity == 0) {
        return "";
    }
    bool fits = bytes.size <= (capacity - 1) / 2;
    size_t mark = fits || capacity <= CUT_MARK_SIZE ? 0 : CUT_MARK_SIZE;
    size_t count = fits ? bytes.size : (capacity - 1 - mark) / 2;
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = hex_digits[bytes.data[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    memcpy(text + 2 * count, CUT_MARK, mark);
    text[2 * count + mark] = '\0';
    return text;
}

/* ---------------------------------------------------------------- fault ---- */

chaos_status fault_to_error(const fault *why, chaos_error *err)
{
    bool explained = why->reason != NULL;
    bool placed = why->part != NULL;
    (void)error_set(err, why->status, why->field, why->offset, "%s%s%s%s%s%s", chaos_status_text(why->status),
                    explained ? ": " : "", explained ? why->reason : "", placed ? " (in " : "",
                    placed ? why->part : "", placed ? ")" : "");
    if (why->has_numbers) {
        error_expected(err, "%" PRIu64, why->expected);
        error_found(err, "%" PRIu64, why->found);
    }
    return why->status;
}
