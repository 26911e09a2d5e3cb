/* json_writer.c - RFC 8785 (JCS): no white space, ordered members, shortest escapes, integers below 2^53. */
#include "codec/internal.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_LIMIT (UINT64_C(1) << 53) /* RFC 8785 section 3.2.2.3: exact as an IEEE double */

json_writer json_writer_begin(chaos_buffer *out)
{
    json_writer w = { .out = out, .status = CHAOS_OK };
    return w;
}

chaos_status json_writer_status(const json_writer *w)
{
    bool complete = w->done && w->depth == 0;
    return w->status == CHAOS_OK && !complete ? CHAOS_E_INTERNAL : w->status;
}

/* ---------------------------------------------------------------- output ---- */

static void fail(json_writer *w, chaos_status status)
{
    if (w->status == CHAOS_OK) {
        w->status = status;
    }
}

/* Room for `size` bytes, to be counted by the caller; NULL with the failure latched. */
static uint8_t *room_for(json_writer *w, size_t size)
{
    if (w->status != CHAOS_OK) {
        return NULL;
    }
    uint8_t *room = buffer_reserve(w->out, size);
    if (room == NULL) {
        bool limited = w->out->size > w->out->limit || size > w->out->limit - w->out->size;
        fail(w, limited ? CHAOS_E_LIMIT : CHAOS_E_MEMORY);
    }
    return room;
}

static void put(json_writer *w, chaos_slice bytes)
{
    uint8_t *room = room_for(w, bytes.size);
    if (room != NULL && bytes.size > 0) {
        memcpy(room, bytes.data, bytes.size);
        w->out->size += bytes.size;
    }
}

static void put_text(json_writer *w, const char *text)
{
    put(w, slice_text(text));
}

/* RFC 8785 section 3.2.2.2. */
static void put_escape(json_writer *w, uint8_t c)
{
    static const char letters[0x20] = {
        ['\b'] = 'b',
        ['\t'] = 't',
        ['\n'] = 'n',
        ['\f'] = 'f',
        ['\r'] = 'r'
    };
    char text[8];
    if (c >= 0x20) { /* quote or backslash */
        (void)snprintf(text, sizeof text, "\\%c", c);
    } else if (letters[c] != 0) {
        (void)snprintf(text, sizeof text, "\\%c", letters[c]);
    } else {
        (void)snprintf(text, sizeof text, "\\u%04x", c);
    }
    put_text(w, text);
}

/* How many bytes from the i-th on stand in a JSON string as they are. */
static size_t plain_run(chaos_slice text, size_t i)
{
    size_t begin = i;
    while (i < text.size && text.data[i] >= 0x20 && text.data[i] != '"' && text.data[i] != '\\') {
        size_t size = utf8_sequence(text.data + i, text.size - i);
        if (size == 0) {
            break;
        }
        i += size;
    }
    return i - begin;
}

static void put_string(json_writer *w, chaos_slice text)
{
    put_text(w, "\"");
    size_t i = 0;
    while (i < text.size && w->status == CHAOS_OK) {
        size_t run = plain_run(text, i);
        put(w, slice(text.data + i, run));
        i += run;
        if (i == text.size) {
            break;
        }
        if (text.data[i] >= 0x80) {
            put_text(w, "\xef\xbf\xbd"); /* U+FFFD for each byte that is not part of well-formed UTF-8 */
        } else {
            put_escape(w, text.data[i]);
        }
        i++;
    }
    put_text(w, "\"");
}

/* ------------------------------------------------------------- structure ---- */

/* Orders the lead bytes of UTF-8 as UTF-16 orders the characters: surrogates (from f0 on) before U+E000 to
 * U+FFFF (ee and ef). RFC 8785 section 3.2.3. */
static unsigned utf16_rank(char c)
{
    unsigned byte = (uint8_t)c;
    if (byte < 0xee) {
        return byte;
    }
    return byte < 0xf0 ? byte + 0x10 : byte - 2;
}

static bool is_before(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return utf16_rank(*a) < utf16_rank(*b);
}

static bool key_is_good(const json_writer *w, const char *key)
{
    unsigned top = w->depth - 1;
    size_t size = strlen(key);
    return size < JSON_WRITER_KEY_SIZE && (!w->comma[top] || is_before(w->last_key[top], key));
}

/* What comes before every value: the comma and the key, each where it belongs. */
static void begin_value(json_writer *w, const char *key)
{
    bool in_object = w->depth > 0 && w->in_object[w->depth - 1];
    bool second_value = w->depth == 0 && w->done;
    if (second_value || in_object != (key != NULL) || (in_object && !key_is_good(w, key))) {
        fail(w, CHAOS_E_INTERNAL);
    }
    if (w->status != CHAOS_OK) {
        return;
    }
    w->done = true;
    if (w->depth == 0) {
        return;
    }
    unsigned top = w->depth - 1;
    put_text(w, w->comma[top] ? "," : "");
    w->comma[top] = true;
    if (key != NULL) {
        memcpy(w->last_key[top], key, strlen(key) + 1); /* key_is_good: it fits */
        put_string(w, slice_text(key));
        put_text(w, ":");
    }
}

static void open_container(json_writer *w, const char *key, bool is_object)
{
    begin_value(w, key);
    if (w->depth == JSON_MAX_DEPTH) {
        fail(w, CHAOS_E_INTERNAL);
    }
    if (w->status != CHAOS_OK) {
        return;
    }
    w->in_object[w->depth] = is_object;
    w->comma[w->depth] = false;
    w->depth++;
    put_text(w, is_object ? "{" : "[");
}

static void close_container(json_writer *w, bool is_object)
{
    if (w->depth == 0 || w->in_object[w->depth - 1] != is_object) {
        fail(w, CHAOS_E_INTERNAL);
    }
    if (w->status != CHAOS_OK) {
        return;
    }
    w->depth--;
    put_text(w, is_object ? "}" : "]");
}

void json_write_object(json_writer *w, const char *key_or_null)
{
    open_container(w, key_or_null, true);
}

void json_write_object_end(json_writer *w)
{
    close_container(w, true);
}

void json_write_array(json_writer *w, const char *key_or_null)
{
    open_container(w, key_or_null, false);
}

void json_write_array_end(json_writer *w)
{
    close_container(w, false);
}

/* ---------------------------------------------------------------- values ---- */

void json_write_bytes_as_text(json_writer *w, const char *key_or_null, chaos_slice utf8)
{
    begin_value(w, key_or_null);
    put_string(w, utf8);
}

void json_write_text(json_writer *w, const char *key_or_null, const char *text)
{
    if (text == NULL) {
        json_write_null(w, key_or_null);
        return;
    }
    json_write_bytes_as_text(w, key_or_null, slice_text(text));
}

static void put_hex(json_writer *w, const char *prefix, chaos_slice bytes)
{
    if (bytes.size > SIZE_MAX / 4) {
        fail(w, CHAOS_E_LIMIT);
    }
    put_text(w, prefix);
    uint8_t *room = room_for(w, 2 * bytes.size);
    if (room != NULL) {
        hex_encode(bytes, (char *)room);
        w->out->size += 2 * bytes.size;
    }
    put_text(w, "\"");
}

void json_write_hex(json_writer *w, const char *key_or_null, chaos_slice bytes)
{
    begin_value(w, key_or_null);
    put_hex(w, "\"", bytes);
}

void json_write_0x(json_writer *w, const char *key_or_null, chaos_slice bytes)
{
    begin_value(w, key_or_null);
    put_hex(w, "\"0x", bytes);
}

void json_write_unsigned(json_writer *w, const char *key_or_null, uint64_t number)
{
    begin_value(w, key_or_null);
    if (number >= NUMBER_LIMIT) {
        fail(w, CHAOS_E_INTERNAL);
    }
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    put_text(w, text);
}

void json_write_boolean(json_writer *w, const char *key_or_null, bool value)
{
    begin_value(w, key_or_null);
    put_text(w, value ? "true" : "false");
}

void json_write_null(json_writer *w, const char *key_or_null)
{
    begin_value(w, key_or_null);
    put_text(w, "null");
}

void json_write_time(json_writer *w, const char *key_or_null, int64_t seconds)
{
    char text[TIME_TEXT_SIZE];
    json_write_text(w, key_or_null, time_format(seconds, text));
}
