/* pem.c - PEM blocks (RFC 7468), strictly: what stands between, before or after blocks is refused. */
#include "codec/internal.h"

#include <stdio.h>

enum {
    PEM_LINE_MAX = 76,     /* base64 characters of a line that is read */
    PEM_LINE_WINDOW = 128, /* no line is longer, its end included */
    PEM_LABEL_LINE = 96,   /* "-----BEGIN LABEL-----" with NUL */
    PEM_WRITE_LINE = 48    /* bytes in a line that is written: 64 characters */
};

typedef struct pem_body {
    uint8_t *out; /* where the block's DER begins */
    size_t size;  /* decoded so far */
    size_t capacity;
    uint8_t pending[4]; /* characters of a group that a line end cuts */
    size_t pending_count;
    bool ended; /* a padded group has come: nothing may follow */
} pem_body;

/* The next line without its end. The last line may lack the end. */
static chaos_slice take_line(reader *r, const char *label)
{
    size_t window = rd_left(r) < PEM_LINE_WINDOW ? rd_left(r) : PEM_LINE_WINDOW;
    const uint8_t *end = window == 0 ? NULL : memchr(r->cur, '\n', window);
    if (end == NULL && rd_left(r) > window) {
        rd_fail(r, r->status, label, rd_offset(r), "a line is too long");
    }
    chaos_slice line = rd_take(r, label, end == NULL ? window : (size_t)(end - r->cur) + 1);
    if (end == NULL || !rd_ok(r)) {
        return line;
    }
    line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r') {
        line.size--;
    }
    return line;
}

/* Decodes whole groups, the last of which may be padded. */
static const char *decode(pem_body *body, const uint8_t *text, size_t groups)
{
    if (body->ended) {
        return "text follows the padding";
    }
    size_t size = base64_groups_size(text, groups);
    if (size > body->capacity - body->size) {
        return "the blocks are larger than allowed";
    }
    if (!base64_decode_groups(text, groups, body->out + body->size)) {
        return "a line is not base64";
    }
    body->ended = size < 3 * groups;
    body->size += size;
    return NULL;
}

/* Takes one line of base64; NULL, or what is wrong with it. */
static const char *decode_line(pem_body *body, chaos_slice line)
{
    if (line.size == 0 || line.size > PEM_LINE_MAX) {
        return "a line does not have 1 to 76 characters";
    }
    while (body->pending_count > 0 && line.size > 0) {
        body->pending[body->pending_count++] = line.data[0];
        line = slice(line.data + 1, line.size - 1);
        if (body->pending_count == sizeof body->pending) {
            body->pending_count = 0;
            const char *reason = decode(body, body->pending, 1);
            if (reason != NULL) {
                return reason;
            }
        }
    }
    size_t groups = line.size / 4;
    const char *reason = groups == 0 ? NULL : decode(body, line.data, groups);
    if (reason != NULL) {
        return reason;
    }
    for (size_t i = 4 * groups; i < line.size; i++) {
        body->pending[body->pending_count++] = line.data[i];
    }
    return NULL;
}

/* What follows BEGIN, up to and with the END line. */
static void read_body(reader *r, const char *label, const char *end_line, pem_body *body)
{
    chaos_slice line = take_line(r, label);
    while (rd_ok(r) && !slice_is(line, end_line)) {
        const char *reason = decode_line(body, line);
        rd_expect(r, reason == NULL, r->status, reason);
        rd_expect(r, rd_left(r) > 0, r->status, "the END line is missing");
        line = take_line(r, label);
    }
    rd_expect(r, body->pending_count == 0, r->status, "the base64 text ends within a group");
    rd_expect(r, body->size > 0, r->status, "a block is empty");
}

size_t pem_read(chaos_slice text, const char *label, chaos_status status, chaos_status too_many,
                uint8_t *storage, size_t capacity, chaos_slice *der, size_t max_blocks, fault *why)
{
    char begin_line[PEM_LABEL_LINE];
    char end_line[PEM_LABEL_LINE];
    (void)snprintf(begin_line, sizeof begin_line, "-----BEGIN %s-----", label);
    (void)snprintf(end_line, sizeof end_line, "-----END %s-----", label);
    if (text.size > 0 && text.data[text.size - 1] == 0) {
        text.size--; /* Intel's library counts the NUL of a C string */
    }
    reader r = rd_begin(text, status);
    size_t count = 0;
    size_t used = 0;
    do {
        chaos_slice line = take_line(&r, label);
        rd_expect(&r, slice_is(line, begin_line), status, "a BEGIN line is expected");
        rd_expect(&r, count < max_blocks, too_many, "there are too many blocks");
        if (!rd_ok(&r)) {
            break;
        }
        pem_body body = { .out = storage + used, .capacity = capacity - used };
        read_body(&r, label, end_line, &body);
        der[count++] = slice(body.out, body.size);
        used += body.size;
    } while (rd_left(&r) > 0);
    *why = r.why;
    return rd_ok(&r) ? count : 0;
}

static bool write_block(const char *label, chaos_slice der, chaos_buffer *out)
{
    if (!buffer_append_format(out, "-----BEGIN %s-----\n", label)) {
        return false;
    }
    for (size_t i = 0; i < der.size; i += PEM_WRITE_LINE) {
        size_t size = der.size - i < PEM_WRITE_LINE ? der.size - i : PEM_WRITE_LINE;
        if (!base64_encode(slice(der.data + i, size), out) || !buffer_append_text(out, "\n")) {
            return false;
        }
    }
    return buffer_append_format(out, "-----END %s-----\n", label);
}

bool pem_write(const char *label, chaos_slice der, chaos_buffer *out)
{
    size_t before = out->size;
    if (write_block(label, der, out)) {
        return true;
    }
    out->size = before;
    if (out->data != NULL) {
        out->data[before] = 0;
    }
    return false;
}
