/* fuzz_pem.c - PEM, base64 and hex: what is accepted is written back and read again with the same result. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_TEXT = 1 << 16,
    BLOCKS = 4
};

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static size_t read_blocks(chaos_slice text, uint8_t *storage, size_t capacity, chaos_slice *der, fault *why)
{
    return pem_read(text, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, storage,
                    capacity, der, BLOCKS, why);
}

static void pem(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(storage, MAX_TEXT);
    CHAOS_AUTO_BUFFER(copy, MAX_TEXT);
    CHAOS_AUTO_BUFFER(written, 4 * MAX_TEXT);
    uint8_t *first = buffer_reserve(&storage, text.size);
    uint8_t *second = buffer_reserve(&copy, text.size);
    chaos_slice der[BLOCKS];
    chaos_slice again[BLOCKS];
    fault why;
    must(first != NULL && second != NULL);
    size_t count = read_blocks(text, first, text.size, der, &why);
    if (count == 0) {
        must(why.status == CHAOS_E_PCK_CHAIN_FORMAT || why.status == CHAOS_E_PCK_CHAIN_LENGTH);
        must(why.reason != NULL && why.field != NULL && why.offset <= text.size);
        return;
    }
    must(why.status == CHAOS_OK && count <= BLOCKS);
    for (size_t i = 0; i < count; i++) {
        must(der[i].size > 0 && pem_write("CERTIFICATE", der[i], &written));
    }
    must(read_blocks(buffer_slice(&written), second, text.size, again, &why) == count);
    for (size_t i = 0; i < count; i++) {
        must(slice_equal(der[i], again[i]));
    }
}

static void base64(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(bytes, MAX_TEXT);
    CHAOS_AUTO_BUFFER(back, 2 * MAX_TEXT);
    if (base64_decode(text, &bytes)) {
        must(base64_encode(buffer_slice(&bytes), &back));
        must(slice_equal(buffer_slice(&back), text)); /* there is one encoding only */
    }
    chaos_buffer_free(&bytes);
    chaos_buffer_free(&back);
    must(base64_encode(text, &back));
    must(base64_decode(buffer_slice(&back), &bytes));
    must(slice_equal(buffer_slice(&bytes), text));
}

static void hex(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(digits, 2 * MAX_TEXT);
    CHAOS_AUTO_BUFFER(bytes, MAX_TEXT);
    uint8_t *room = buffer_reserve(&digits, 2 * text.size);
    uint8_t *back = buffer_reserve(&bytes, text.size);
    must(room != NULL && back != NULL);
    hex_encode(text, (char *)room);
    must(hex_decode(slice(room, 2 * text.size), back, text.size));
    must(slice_equal(slice(back, text.size), text));
    if (hex_decode(text, back, text.size / 2)) {
        hex_encode(slice(back, text.size / 2), (char *)room);
        for (size_t i = 0; i < text.size; i++) {
            must(room[i] == text.data[i] || room[i] == (text.data[i] | 0x20));
        }
    }
}

static void time_text(chaos_slice text)
{
    int64_t seconds;
    char back[TIME_TEXT_SIZE];
    if (time_parse(text, &seconds)) {
        must(slice_is(text, time_format(seconds, back)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_TEXT / 2) {
        return 0;
    }
    chaos_slice text = slice(data, size);
    pem(text);
    base64(text);
    hex(text);
    time_text(text);
    return 0;
}
