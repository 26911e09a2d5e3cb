/* abi.c - the contract ABI of Solidity. Offsets and lengths are a stranger's numbers: each is compared with
 * the bytes that
 * are left before it is used, and none is multiplied before that. */
#include "codec/codec.h"

/* -------------------------------------------------------------- writing ---- */

static void fail(abi_writer *w)
{
    w->failed = true;
}

/* Room for the head of a new frame at the end of the data. */
static void push_frame(abi_writer *w, size_t head_words)
{
    if (w->failed || w->depth == ABI_MAX_DEPTH || head_words > w->out->limit / ABI_WORD) {
        fail(w);
        return;
    }
    size_t size = head_words * ABI_WORD;
    size_t begin = w->out->size;
    uint8_t *head = size == 0 ? NULL : buffer_reserve(w->out, size);
    if (size > 0 && head == NULL) {
        fail(w);
        return;
    }
    if (size > 0) {
        memset(head, 0, size);
        w->out->size += size;
    }
    w->frame[w->depth].begin = begin;
    w->frame[w->depth].next = begin;
    w->frame[w->depth].head_end = begin + size;
    w->depth++;
}

abi_writer abi_writer_begin(chaos_buffer *out, size_t head_words)
{
    abi_writer w = { .out = out };
    push_frame(&w, head_words);
    return w;
}

/* The next word of the innermost head; NULL when it is full. */
static uint8_t *next_word(abi_writer *w)
{
    if (w->failed || w->depth == 0 || w->frame[w->depth - 1].next == w->frame[w->depth - 1].head_end) {
        fail(w);
        return NULL;
    }
    uint8_t *word = w->out->data + w->frame[w->depth - 1].next;
    w->frame[w->depth - 1].next += ABI_WORD;
    return word;
}

void abi_write_word(abi_writer *w, const uint8_t word[ABI_WORD])
{
    uint8_t *slot = next_word(w);
    if (slot != NULL) {
        memcpy(slot, word, ABI_WORD);
    }
}

static void put_u64(uint8_t word[ABI_WORD], uint64_t number)
{
    for (size_t i = 0; i < sizeof number; i++) {
        word[ABI_WORD - 1 - i] = (uint8_t)(number >> 8 * i);
    }
}

void abi_write_unsigned(abi_writer *w, uint64_t number)
{
    uint8_t *slot = next_word(w);
    if (slot != NULL) {
        put_u64(slot, number);
    }
}

void abi_write_address(abi_writer *w, const chaos_address *address)
{
    uint8_t *slot = next_word(w);
    if (slot != NULL) {
        memcpy(slot + ABI_WORD - sizeof address->bytes, address->bytes, sizeof address->bytes);
    }
}

/* The offset of what is appended next, in the innermost head. */
static void write_offset(abi_writer *w)
{
    if (w->depth > 0) {
        abi_write_unsigned(w, w->out->size - w->frame[w->depth - 1].begin);
    }
}

static void append_length(abi_writer *w, size_t length)
{
    uint8_t word[ABI_WORD] = { 0 };
    put_u64(word, length);
    if (w->failed || !buffer_append(w->out, slice(word, sizeof word))) {
        fail(w);
    }
}

void abi_write_bytes(abi_writer *w, chaos_slice bytes)
{
    static const uint8_t padding[ABI_WORD];
    size_t rest = bytes.size % ABI_WORD;
    write_offset(w);
    append_length(w, bytes.size);
    if (w->failed || !buffer_append(w->out, bytes) ||
        (rest > 0 && !buffer_append(w->out, slice(padding, ABI_WORD - rest)))) {
        fail(w);
    }
}

void abi_open_tuple(abi_writer *w, size_t head_words)
{
    write_offset(w);
    push_frame(w, head_words);
}

void abi_open_array(abi_writer *w, size_t count, size_t head_words)
{
    write_offset(w);
    append_length(w, count);
    push_frame(w, head_words);
}

void abi_close(abi_writer *w)
{
    if (w->failed || w->depth < 2 || w->frame[w->depth - 1].next != w->frame[w->depth - 1].head_end) {
        fail(w);
        return;
    }
    w->depth--;
}

bool abi_writer_end(const abi_writer *w)
{
    return !w->failed && w->depth == 1 && w->frame[0].next == w->frame[0].head_end;
}

/* -------------------------------------------------------------- reading ---- */

abi_reader abi_reader_begin(chaos_slice data, chaos_status status)
{
    abi_reader a = { .r = rd_begin(data, status) };
    a.frame = a.r.cur;
    return a;
}

void abi_word(abi_reader *a, const char *field, uint8_t out[ABI_WORD])
{
    chaos_slice word = rd_take(&a->r, field, ABI_WORD);
    memset(out, 0, ABI_WORD);
    if (abi_ok(a)) {
        memcpy(out, word.data, ABI_WORD);
    }
}

/* The bytes from `begin` to `end` of the word just read must be `padding`. */
static void expect_padding(abi_reader *a, uint8_t word[ABI_WORD], size_t begin, size_t end, uint8_t padding)
{
    bool right = true;
    for (size_t i = begin; i < end; i++) {
        right = right && word[i] == padding;
    }
    rd_expect(&a->r, right, a->r.status, "a value is out of the range of its type");
    if (!abi_ok(a)) {
        memset(word, 0, ABI_WORD);
    }
}

void abi_uint(abi_reader *a, const char *field, unsigned bits, uint8_t out[ABI_WORD])
{
    abi_word(a, field, out);
    expect_padding(a, out, 0, ABI_WORD - bits / 8, 0);
}

void abi_int(abi_reader *a, const char *field, unsigned bits, uint8_t out[ABI_WORD])
{
    abi_word(a, field, out);
    size_t begin = ABI_WORD - bits / 8;
    expect_padding(a, out, 0, begin, (out[begin] & 0x80) != 0 ? 0xff : 0);
}

void abi_fixed_bytes(abi_reader *a, const char *field, unsigned size, uint8_t out[ABI_WORD])
{
    abi_word(a, field, out);
    expect_padding(a, out, size, ABI_WORD, 0);
}

uint64_t abi_unsigned(abi_reader *a, const char *field, uint64_t max)
{
    uint8_t word[ABI_WORD];
    uint64_t number = 0;
    abi_uint(a, field, 64, word);
    for (size_t i = ABI_WORD - sizeof number; i < ABI_WORD; i++) {
        number = number << 8 | word[i];
    }
    rd_expect(&a->r, number <= max, a->r.status, "a value is out of range");
    return abi_ok(a) ? number : 0;
}

bool abi_boolean(abi_reader *a, const char *field)
{
    return abi_unsigned(a, field, 1) == 1;
}

chaos_address abi_address(abi_reader *a, const char *field)
{
    uint8_t word[ABI_WORD];
    chaos_address address;
    abi_uint(a, field, 8 * sizeof address.bytes, word);
    memcpy(address.bytes, word + ABI_WORD - sizeof address.bytes, sizeof address.bytes);
    return address;
}

/* What the next word's offset leads to: a reader of the data from there to the end. */
static abi_reader follow(abi_reader *a, const char *field)
{
    size_t available = (size_t)(a->r.end - a->frame);
    uint64_t offset = abi_unsigned(a, field, UINT64_MAX);
    rd_expect(&a->r, offset <= available, a->r.status, "an offset leads out of the data");
    abi_reader child = *a;
    if (abi_ok(a)) {
        child.frame = a->frame + offset;
        child.r.cur = child.frame;
    }
    return child;
}

chaos_slice abi_bytes(abi_reader *a, const char *field)
{
    abi_reader child = follow(a, field);
    uint64_t size = abi_unsigned(&child, field, UINT64_MAX);
    rd_expect(&child.r, size <= rd_left(&child.r), child.r.status, "a length leads out of the data");
    chaos_slice bytes = rd_take(&child.r, field, abi_ok(&child) ? (size_t)size : 0);
    abi_leave(a, &child);
    return bytes;
}

abi_reader abi_enter_tuple(abi_reader *a, const char *field)
{
    return follow(a, field);
}

abi_reader abi_enter_array(abi_reader *a, const char *field, size_t *count)
{
    abi_reader child = follow(a, field);
    uint64_t n = abi_unsigned(&child, field, UINT64_MAX);
    rd_expect(&child.r, n <= rd_left(&child.r) / ABI_WORD, child.r.status, "an array has more elements than data");
    *count = abi_ok(&child) ? (size_t)n : 0;
    child.frame = child.r.cur;
    return child;
}

void abi_leave(abi_reader *parent, const abi_reader *child)
{
    if (!abi_ok(child)) {
        rd_fail(&parent->r, child->r.why.status, child->r.why.field, child->r.why.offset, child->r.why.reason);
    }
}
