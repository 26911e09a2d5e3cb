/* rlp.c - Ethereum's recursive length prefix, on the latched reader. What is not the shortest form is refused: a
 * transaction in another form is another transaction. */
#include "codec/codec.h"

enum {
    STRING = 0x80,
    LONG_STRING = 0xb7, /* plus the number of bytes of the length */
    LIST = 0xc0,
    LONG_LIST = 0xf7,
    SHORT_MAX = 55, /* the longest content whose length stands in the prefix */
    LENGTH_MAX_BYTES = 4
};

/* -------------------------------------------------------------- reading ---- */

/* A length of `count` bytes: shortest, and not one that the prefix could have held. */
static size_t read_long(reader *r, const char *field, size_t count)
{
    size_t length = 0;
    rd_expect(r, count <= LENGTH_MAX_BYTES, r->status, "a length has more than four bytes");
    for (size_t i = 0; i < count && rd_ok(r); i++) {
        uint8_t byte = rd_u8(r, field);
        rd_expect(r, i > 0 || byte != 0, r->status, "a length is not minimal");
        length = length << 8 | byte;
    }
    rd_expect(r, length > SHORT_MAX, r->status, "a length is not minimal");
    return rd_ok(r) ? length : 0;
}

chaos_slice rlp_take(reader *r, const char *field)
{
    if (rd_left(r) > 0 && *r->cur < STRING) {
        return rd_take(r, field, 1);
    }
    uint8_t prefix = rd_u8(r, field);
    rd_expect(r, prefix < LIST, r->status, "a byte string is expected here, not a list");
    if (!rd_ok(r)) {
        return slice(NULL, 0);
    }
    size_t size = prefix <= STRING + SHORT_MAX ? (size_t)prefix - STRING
                                               : read_long(r, field, (size_t)prefix - LONG_STRING);
    chaos_slice content = rd_take(r, field, size);
    rd_expect(r, size != 1 || content.size != 1 || content.data[0] >= STRING, r->status,
              "a single byte has a prefix that it does not need");
    return content;
}

reader rlp_enter(reader *r, const char *field)
{
    uint8_t prefix = rd_u8(r, field);
    rd_expect(r, prefix >= LIST, r->status, "a list is expected here");
    size_t size = 0;
    if (rd_ok(r)) {
        size =
            prefix <= LIST + SHORT_MAX ? (size_t)prefix - LIST : read_long(r, field, (size_t)prefix - LONG_LIST);
    }
    return rd_sub(r, field, size);
}

uint64_t rlp_unsigned(reader *r, const char *field, uint64_t max)
{
    chaos_slice bytes = rlp_take(r, field);
    uint64_t number = 0;
    rd_expect(r, bytes.size <= sizeof number, r->status, "a number is too large");
    rd_expect(r, bytes.size == 0 || bytes.data[0] != 0, r->status, "a number has a leading zero byte");
    for (size_t i = 0; i < bytes.size && rd_ok(r); i++) {
        number = number << 8 | bytes.data[i];
    }
    rd_expect(r, number <= max, r->status, "a number is too large");
    return rd_ok(r) ? number : 0;
}

void rlp_u256(reader *r, const char *field, chaos_u256 *out)
{
    chaos_slice bytes = rlp_take(r, field);
    memset(out, 0, sizeof *out);
    rd_expect(r, bytes.size <= sizeof out->bytes, r->status, "a number has more than 256 bits");
    rd_expect(r, bytes.size == 0 || bytes.data[0] != 0, r->status, "a number has a leading zero byte");
    if (rd_ok(r) && bytes.data != NULL && bytes.size > 0) {
        memcpy(out->bytes + sizeof out->bytes - bytes.size, bytes.data, bytes.size);
    }
}

void rlp_fixed(reader *r, const char *field, uint8_t *out, size_t size)
{
    chaos_slice bytes = rlp_take(r, field);
    memset(out, 0, size);
    rd_expect(r, bytes.size == size, r->status, "a value has the wrong size");
    if (rd_ok(r) && bytes.data != NULL) {
        memcpy(out, bytes.data, size);
    }
}

/* -------------------------------------------------------------- writing ---- */

/* The prefix of a content of this size: `base` is that of an empty one. Returns its length. */
static size_t make_prefix(uint8_t base, size_t size, uint8_t prefix[1 + sizeof(uint64_t)])
{
    if (size <= SHORT_MAX) {
        prefix[0] = (uint8_t)(base + size);
        return 1;
    }
    size_t count = 0;
    for (size_t rest = size; rest > 0; rest >>= 8) {
        count++;
    }
    prefix[0] = (uint8_t)(base + SHORT_MAX + count);
    for (size_t i = 0; i < count; i++) {
        prefix[1 + i] = (uint8_t)(size >> 8 * (count - 1 - i));
    }
    return 1 + count;
}

bool rlp_write(chaos_buffer *out, chaos_slice bytes)
{
    uint8_t prefix[1 + sizeof(uint64_t)];
    if (bytes.size == 1 && bytes.data[0] < STRING) {
        return buffer_append(out, bytes);
    }
    size_t size_before = out->size;
    if (buffer_append(out, slice(prefix, make_prefix(STRING, bytes.size, prefix))) && buffer_append(out, bytes)) {
        return true;
    }
    out->size = size_before;
    return false;
}

static chaos_slice without_leading_zeros(chaos_slice number)
{
    while (number.size > 0 && number.data[0] == 0) {
        number = slice(number.data + 1, number.size - 1);
    }
    return number;
}

bool rlp_write_unsigned(chaos_buffer *out, uint64_t number)
{
    uint8_t bytes[sizeof number];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (sizeof bytes - 1 - i));
    }
    return rlp_write(out, without_leading_zeros(slice(bytes, sizeof bytes)));
}

bool rlp_write_u256(chaos_buffer *out, const chaos_u256 *number)
{
    return rlp_write(out, without_leading_zeros(slice(number->bytes, sizeof number->bytes)));
}

bool rlp_end_list(chaos_buffer *out, size_t begin)
{
    uint8_t prefix[1 + sizeof(uint64_t)];
    size_t content = out->size - begin;
    size_t length = make_prefix(LIST, content, prefix);
    if (buffer_reserve(out, length) == NULL) {
        return false;
    }
    memmove(out->data + begin + length, out->data + begin, content);
    memcpy(out->data + begin, prefix, length);
    out->size += length;
    return true;
}
