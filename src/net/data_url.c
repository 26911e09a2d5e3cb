/* data_url.c - data: URLs (RFC 2397), bounded and strict where readers differ. */
#include "codec/codec.h"
#include "net/internal.h"

#define MAX_HEADER 256u

static chaos_status refuse(size_t offset, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, "url", offset, "%s", why);
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX. What stands as it is: everything but control characters, "#", at which a URL ends for others, and the %
 * itself. JSON is often written so. Returns the offset of what is wrong, or text.size. */
static size_t undo_percent(chaos_slice text, uint8_t *out, size_t *size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c == 0x7f || c == '#') {
            return i;
        }
        if (c == '%') {
            const int high = i + 2 < text.size ? digit_of(text.data[i + 1]) : -1;
            const int low = high >= 0 ? digit_of(text.data[i + 2]) : -1;
            if (low < 0) {
                return i;
            }
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        out[n++] = c;
    }
    *size = n;
    return text.size;
}

/* ";base64" at the end of the header, in any case. */
static bool is_base64(chaos_slice *header)
{
    static const char word[] = ";base64";
    const size_t size = sizeof word - 1;
    if (header->size < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const uint8_t c = header->data[header->size - size + i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)word[i]) {
            return false;
        }
    }
    header->size -= size;
    return true;
}

/* What stands before the first ";"; nothing means text/plain. */
static bool take_type(chaos_slice header, char type[NET_MAX_MEDIA_TYPE])
{
    static const char none[] = "text/plain";
    size_t size = 0;
    while (size < header.size && header.data[size] != ';') {
        const uint8_t c = header.data[size];
        if (c <= ' ' || c > '~' || size + 1 >= NET_MAX_MEDIA_TYPE) {
            return false;
        }
        type[size++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    type[size] = '\0';
    if (size == 0) {
        memcpy(type, none, sizeof none);
    }
    return true;
}

static chaos_status too_large(const chaos_buffer *out, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_GUEST_AGENT, "url", CHAOS_NO_OFFSET, "the content of the data: URL is too large");
    error_expected(err, "at most %zu bytes", out->limit);
    return CHAOS_E_GUEST_AGENT;
}

/* What four characters each stand for; nonsense for what is not base64. */
static size_t base64_size(chaos_slice text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=') {
        padding++;
    }
    return text.size / 4 * 3 - (text.size >= 4 ? padding : 0);
}

/* `offset` is that of `text` in the URL. */
static chaos_status decode(chaos_slice text, size_t offset, bool base64, chaos_buffer *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(plain, text.size + 1);
    if (text.size / 4 > out->limit) { /* no byte takes more than four characters */
        return too_large(out, err);
    }
    uint8_t *room = buffer_reserve(&plain, text.size + 1);
    if (room == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    const size_t end = undo_percent(text, room, &plain.size);
    if (end < text.size) {
        return refuse(offset + end, "the data: URL has a character that must be written with %", err);
    }
    const chaos_slice bytes = buffer_slice(&plain);
    if ((base64 ? base64_size(bytes) : bytes.size) > out->limit) {
        return too_large(out, err);
    }
    if (!base64) {
        return buffer_append(out, bytes) ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return base64_decode(bytes, out) ? CHAOS_OK
                                     : refuse(offset, "the data: URL is not base64 with its padding", err);
}

chaos_status data_url_read(chaos_slice url, chaos_buffer *out, char type[NET_MAX_MEDIA_TYPE], chaos_error *err)
{
    static const size_t scheme = sizeof "data:" - 1;
    char said[NET_MAX_MEDIA_TYPE] = "";
    const size_t rest = url.size - scheme;
    const uint8_t *comma = memchr(url.data + scheme, ',', rest < MAX_HEADER ? rest : MAX_HEADER);
    if (comma == NULL) {
        return refuse(scheme, "a data: URL has a comma before its data", err);
    }
    const size_t begin = (size_t)(comma + 1 - url.data);
    chaos_slice header = slice(url.data + scheme, begin - 1 - scheme);
    const bool base64 = is_base64(&header);
    if (!take_type(header, said)) {
        return refuse(scheme, "the media type of the data: URL is malformed", err);
    }
    CHAOS_TRY(decode(slice(url.data + begin, url.size - begin), begin, base64, out, err));
    memcpy(type, said, sizeof said);
    return CHAOS_OK;
}
