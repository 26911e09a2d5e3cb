/* question.c - what is asked, read strictly: nobody who means it writes it any other way. */
#include "endpoint.h"

#define HEX_SIZE 64

static bool refuse(refusal *no, int status, const char *code, const char *text)
{
    *no = (refusal){ status, code, text, 0 };
    return false;
}

/* "0x" and 64 digits, nothing behind them. */
static bool read_word(const char *text, size_t size, uint8_t out[32])
{
    char digits[HEX_SIZE + 3];

    if (size != HEX_SIZE + 2 || text[0] != '0' || text[1] != 'x') {
        return false;
    }
    memcpy(digits, text, size);
    digits[size] = '\0';
    return value_hex(digits, out, 32);
}

static bool read_pair(const char *pair, size_t size, question *q, bool *has_nonce, refusal *no)
{
    static const char nonce[] = "nonce=";
    static const char request[] = "request=";
    const bool is_nonce = size >= strlen(nonce) && memcmp(pair, nonce, strlen(nonce)) == 0;
    const bool is_request = size >= strlen(request) && memcmp(pair, request, strlen(request)) == 0;
    const size_t behind = is_nonce ? strlen(nonce) : strlen(request);

    if (!is_nonce && !is_request) {
        return refuse(no, HTTP_BAD_REQUEST, "QUERY", "the query has nonce and request, and no other keys");
    }
    if (is_nonce ? *has_nonce : q->has_request) {
        return refuse(no, HTTP_BAD_REQUEST, "QUERY", "a key stands twice in the query");
    }
    if (!read_word(pair + behind, size - behind, is_nonce ? q->nonce.bytes : q->request.bytes)) {
        return refuse(no, HTTP_BAD_REQUEST, is_nonce ? "NONCE" : "REQUEST",
                      is_nonce ? "the nonce is 0x and 64 hex digits" : "the request is 0x and 64 hex digits");
    }
    *has_nonce = *has_nonce || is_nonce;
    q->has_request = q->has_request || is_request;
    return true;
}

bool question_read(const char *target, question *q, refusal *no)
{
    const size_t path = strcspn(target, "?");
    question made = { .has_request = false };
    bool has_nonce = false;

    if (path != strlen(WELL_KNOWN) || memcmp(target, WELL_KNOWN, path) != 0) {
        return refuse(no, HTTP_NOT_FOUND, "PATH", "here is " WELL_KNOWN " alone");
    }
    for (const char *pair = target + path; *pair != '\0';) { /* at '?' or '&' */
        const size_t size = strcspn(pair + 1, "&");

        if (!read_pair(pair + 1, size, &made, &has_nonce, no)) {
            return false;
        }
        pair += 1 + size;
    }
    if (!has_nonce) {
        return refuse(no, HTTP_BAD_REQUEST, "NONCE", "a nonce of yours is needed: ?nonce=0x and 64 hex digits");
    }
    *q = made;
    return true;
}
