/* bundle_reader.c - a stream of bytes as the lines of a bundle, one at a time: a million of them need no more memory
 * than the longest. */
#include "wire/internal.h"

#define CHUNK (64u * 1024u)

void bundle_reader_begin(bundle_reader *r, const chaos_bundle_source *source)
{
    memset(r, 0, sizeof *r);
    r->source = source;
    r->bytes = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_BUNDLE_LINE + 2 * CHUNK);
    r->storage = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_BUNDLE_LINE + 1);
}

void bundle_reader_end(bundle_reader *r)
{
    chaos_buffer_free(&r->bytes);
    chaos_buffer_free(&r->storage);
}

/* What is left of the last chunk moves to the front, and the next one follows it. */
static chaos_status read_more(bundle_reader *r, chaos_error *err)
{
    size_t got = 0;
    if (r->begin > 0) {
        memmove(r->bytes.data, r->bytes.data + r->begin, r->bytes.size - r->begin);
        r->bytes.size -= r->begin;
        r->begin = 0;
    }
    uint8_t *room = buffer_reserve(&r->bytes, CHUNK);
    if (room == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "line", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(r->source->read(r->source->context, room, CHUNK, &got, err));
    if (got > CHUNK) {
        return error_set(err, CHAOS_E_USAGE, "source", CHAOS_NO_OFFSET, "more bytes were read than there was room for");
    }
    r->bytes.size += got;
    r->ended = got == 0;
    return CHAOS_OK;
}

/* The next line without its LF. *more is false at the end of the text and after a fault. */
static chaos_status next_text(bundle_reader *r, chaos_slice *text, bool *more, fault *why, chaos_error *err)
{
    size_t scanned = 0;
    *more = false;
    for (;;) {
        const size_t left = r->bytes.size - r->begin;
        const uint8_t *begin = left == 0 ? NULL : r->bytes.data + r->begin;
        const uint8_t *end = left == scanned ? NULL : memchr(begin + scanned, '\n', left - scanned);
        if (end != NULL && (size_t)(end - begin) <= CHAOS_MAX_BUNDLE_LINE) {
            *text = slice(begin, (size_t)(end - begin));
            *more = true;
            return CHAOS_OK;
        }
        if (end != NULL || left > CHAOS_MAX_BUNDLE_LINE) {
            (void)fault_set(why, CHAOS_E_BUNDLE_FORMAT, "line", r->offset, "longer than a line may be");
            return CHAOS_OK;
        }
        if (r->ended && left > 0) {
            (void)fault_set(why, CHAOS_E_BUNDLE_FORMAT, "line", r->offset + left, "the text ends within a line");
        }
        if (r->ended) {
            return CHAOS_OK;
        }
        scanned = left;
        CHAOS_TRY(read_more(r, err));
    }
}

/* The header is the first line and no other. */
static bool check_place(const bundle_reader *r, const bundle_line *line, fault *why)
{
    if ((line->kind == BUNDLE_HEADER) == (r->line == 1)) {
        return true;
    }
    return fault_set(why, CHAOS_E_BUNDLE_FORMAT, "line", r->offset,
                     r->line == 1 ? "the first line is not a header" : "a second header");
}

chaos_status bundle_next(bundle_reader *r, bundle_line *out, bool *more, fault *why, chaos_error *err)
{
    chaos_slice text = { NULL, 0 };

    *why = (fault){ 0 };
    r->offset += r->consumed;
    r->consumed = 0;
    r->line++;
    CHAOS_TRY(next_text(r, &text, more, why, err));
    if (!*more) {
        return CHAOS_OK;
    }
    r->begin += text.size + 1;
    r->consumed = text.size + 1;
    r->storage.size = 0;
    if (r->line > CHAOS_MAX_BUNDLE_LINES) {
        *more = fault_set(why, CHAOS_E_BUNDLE_FORMAT, "line", r->offset, "more lines than a bundle may have");
        return CHAOS_OK;
    }
    if (!bundle_line_read(text, &r->chain_id, &r->storage, out, why)) {
        why->offset += why->offset == CHAOS_NO_OFFSET ? 0 : r->offset;
        *more = false;
        return CHAOS_OK;
    }
    *more = check_place(r, out, why);
    if (*more && out->kind == BUNDLE_HEADER) {
        r->chain_id = out->header.chain_id;
    }
    return CHAOS_OK;
}
