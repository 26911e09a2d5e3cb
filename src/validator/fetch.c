/* fetch.c - bytes that strangers name. What they wrote is never a mistake of our caller. */
#include "validator/internal.h"

#include <stdio.h>
#include <sys/random.h>

#define WELL_KNOWN "/.well-known/tee-attestation"

static chaos_status cannot_fetch(chaos_slice uri, const char *why, chaos_error *err)
{
    char shown[100];

    (void)error_set(err, CHAOS_E_NOT_AVAILABLE, "uri", CHAOS_NO_OFFSET, "the URI cannot be fetched: %s", why);
    error_found(err, "%s", error_quote(shown, sizeof shown, uri));
    return CHAOS_E_NOT_AVAILABLE;
}

chaos_status fetch_bytes(const chaos_validator *v, chaos_slice uri, chaos_buffer *bytes, bool *committed,
                         chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, FETCH_MAX_URI);
    chaos_error reason;
    chaos_status status;

    if (uri.size == 0 || memchr(uri.data, '\0', uri.size) != NULL) {
        return cannot_fetch(uri, uri.size == 0 ? "it is empty" : "it has a zero byte", err);
    }
    if (!buffer_append(&text, uri)) {
        return cannot_fetch(slice(uri.data, 64), "it is too long", err);
    }
    status = chaos_content_get(v->config.content, (const char *)text.data, bytes, committed, &reason);
    if (status == CHAOS_OK) {
        return CHAOS_OK;
    }
    if (chaos_status_class(status) == CHAOS_CLASS_USAGE) {
        return cannot_fetch(uri, reason.text, err);
    }
    if (err != NULL) {
        *err = reason;
    }
    return status;
}

bool is_endpoint(const char *uri)
{
    const size_t length = strlen(uri);
    const size_t tail = strlen(WELL_KNOWN);

    return length > tail && strcmp(uri + length - tail, WELL_KNOWN) == 0;
}

chaos_status fetch_asked(const chaos_validator *v, const char *endpoint, const chaos_u256 *nonce,
                         const chaos_keccak *request_or_null, chaos_buffer *bytes, bool *committed, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(url, FETCH_MAX_URI);
    char hex[2 * sizeof nonce->bytes + 1] = "";
    bool fits;

    hex_encode(slice(nonce->bytes, sizeof nonce->bytes), hex);
    fits = buffer_append_format(&url, "%s%cnonce=0x%s", endpoint, strchr(endpoint, '?') == NULL ? '?' : '&', hex);
    if (fits && request_or_null != NULL) {
        hex_encode(slice(request_or_null->bytes, sizeof request_or_null->bytes), hex);
        fits = buffer_append_format(&url, "&request=0x%s", hex);
    }
    return fits ? fetch_bytes(v, buffer_slice(&url), bytes, committed, err)
                : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status fresh_nonce(chaos_u256 *nonce, chaos_error *err)
{
    return getrandom(nonce->bytes, sizeof nonce->bytes, 0) == (ssize_t)sizeof nonce->bytes
               ? CHAOS_OK
               : error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the system gives no randomness");
}
