/* der_writer.c - ITU-T X.690 DER, written from the outside in: an element is opened, filled and closed,
 * and its length is put in when it closes. */
#include "sim/recipe.h"

#define MAX_LENGTH_BYTES 4 /* after the first */
#define SHORT_FORM_LIMIT 128
#define LAST_UTC_TIME 2524607999 /* 2049-12-31T23:59:59Z, RFC 5280 4.1.2.5 */

der_writer der_writer_begin(chaos_buffer *out)
{
    der_writer w = { out, false, 0, { 0 } };
    return w;
}

bool der_writer_end(const der_writer *w)
{
    return !w->failed && w->depth == 0;
}

void der_write_raw(der_writer *w, chaos_slice bytes)
{
    if (!w->failed && bytes.size > 0) {
        w->failed = !buffer_append(w->out, bytes);
    }
}

void der_open(der_writer *w, uint8_t tag)
{
    if (w->depth == DER_WRITER_DEPTH) {
        w->failed = true;
        return;
    }
    der_write_raw(w, slice(&tag, 1));
    w->open[w->depth++] = w->out->size;
}

/* Writes the length bytes, returns how many. */
static size_t encode_length(size_t length, uint8_t out[1 + MAX_LENGTH_BYTES])
{
    if (length < SHORT_FORM_LIMIT) {
        out[0] = (uint8_t)length;
        return 1;
    }
    size_t count = 0;
    for (size_t rest = length; rest > 0; rest >>= 8) {
        count++;
    }
    out[0] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++) {
        out[1 + i] = (uint8_t)(length >> (8 * (count - 1 - i)));
    }
    return 1 + count;
}

void der_close(der_writer *w)
{
    if (w->failed || w->depth == 0) {
        w->failed = true;
        return;
    }
    size_t start = w->open[--w->depth];
    size_t length = w->out->size - start;
    uint8_t header[1 + MAX_LENGTH_BYTES];
    size_t header_size = encode_length(length, header);
    if (buffer_reserve(w->out, header_size) == NULL) {
        w->failed = true;
        return;
    }
    memmove(w->out->data + start + header_size, w->out->data + start, length);
    memcpy(w->out->data + start, header, header_size);
    w->out->size += header_size;
}

void der_write(der_writer *w, uint8_t tag, chaos_slice content)
{
    der_open(w, tag);
    der_write_raw(w, content);
    der_close(w);
}

void der_write_magnitude(der_writer *w, chaos_slice magnitude)
{
    static const uint8_t zero = 0;
    while (magnitude.size > 1 && magnitude.data[0] == 0) {
        magnitude.data++;
        magnitude.size--;
    }
    der_open(w, DER_INTEGER);
    if (magnitude.size == 0 || magnitude.data[0] >= 0x80) {
        der_write_raw(w, slice(&zero, 1));
    }
    der_write_raw(w, magnitude);
    der_close(w);
}

void der_write_unsigned(der_writer *w, uint8_t tag, uint64_t number)
{
    uint8_t bytes[9] = { 0 };
    for (size_t i = 0; i < 8; i++) {
        bytes[8 - i] = (uint8_t)(number >> (8 * i));
    }
    size_t skip = 0;
    while (skip < 8 && bytes[skip] == 0 && bytes[skip + 1] < 0x80) {
        skip++;
    }
    der_write(w, tag, slice(bytes + skip, sizeof bytes - skip));
}

void der_write_bits(der_writer *w, chaos_slice bytes, unsigned unused_bits)
{
    uint8_t unused = (uint8_t)unused_bits;
    der_open(w, DER_BIT_STRING);
    der_write_raw(w, slice(&unused, 1));
    der_write_raw(w, bytes);
    der_close(w);
}

void der_write_boolean(der_writer *w, bool value)
{
    uint8_t byte = value ? 0xff : 0x00;
    der_write(w, DER_BOOLEAN, slice(&byte, 1));
}

void der_write_time(der_writer *w, int64_t seconds, bool always_generalized)
{
    char text[TIME_TEXT_SIZE];
    time_format(seconds, text); /* YYYY-MM-DDTHH:MM:SSZ */
    static const uint8_t digits[] = { 0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 19 };
    uint8_t compact[sizeof digits];
    for (size_t i = 0; i < sizeof digits; i++) {
        compact[i] = (uint8_t)text[digits[i]];
    }
    bool generalized = always_generalized || seconds > LAST_UTC_TIME;
    size_t skip = generalized ? 0 : 2;
    der_write(w, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME,
              slice(compact + skip, sizeof compact - skip));
}
