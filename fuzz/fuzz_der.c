/* fuzz_der.c - the DER reader: walks whatever it is given, and rebuilds the header of every element that it
 * accepts, which must give the same bytes, as DER has only one encoding. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_DEPTH = 16
};

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Tag and length in the only form that DER allows. */
static size_t make_header(uint8_t tag, size_t length, uint8_t out[6])
{
    size_t bytes = 0;
    for (size_t rest = length; rest > 0; rest >>= 8) {
        bytes++;
    }
    out[0] = tag;
    if (length < 0x80) {
        out[1] = (uint8_t)length;
        return 2;
    }
    out[1] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++) {
        out[2 + i] = (uint8_t)(length >> 8 * (bytes - 1 - i));
    }
    return 2 + bytes;
}

static void check_whole(uint8_t tag, chaos_slice whole, chaos_slice content)
{
    uint8_t header[6];
    size_t size = make_header(tag, content.size, header);
    must(whole.size == size + content.size && memcmp(whole.data, header, size) == 0);
    must(content.data == whole.data + size);
}

/* The typed readers on a copy of the cursor: no crash, and nothing but zero after a fault. */
static void try_types(reader r)
{
    reader boolean = r, number = r, magnitude = r, bits = r, time = r;
    must(!der_boolean(&boolean, "it") || rd_ok(&boolean));
    must(der_unsigned(&number, "it", DER_INTEGER, 0xffff) <= 0xffff);
    chaos_slice big = der_magnitude(&magnitude, "it");
    must(big.size > 0 && (big.size == 1 || big.data[0] != 0));
    must(!rd_ok(&number) || rd_ok(&magnitude));
    must(der_bits(&bits, "it").data != NULL);
    int64_t seconds = der_time(&time, "it");
    char text[TIME_TEXT_SIZE];
    int64_t back = -1;
    must(rd_ok(&time) || seconds == 0);
    must(seconds < 0 || (time_parse(slice_text(time_format(seconds, text)), &back) && back == seconds));
}

static void check_fault(const reader *r, size_t size)
{
    must(r->why.status == CHAOS_E_CRL_FORMAT && r->why.field != NULL && r->why.reason != NULL);
    must(r->why.offset <= size && rd_left(r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader open[MAX_DEPTH];
    size_t depth = 1;
    open[0] = rd_begin(slice(data, size), CHAOS_E_CRL_FORMAT);
    while (depth > 0) {
        reader *r = &open[depth - 1];
        if (!rd_ok(r)) {
            check_fault(r, size);
            return 0;
        }
        if (rd_left(r) == 0) {
            depth--;
            if (depth > 0) {
                rd_close(&open[depth - 1], r, CHAOS_E_CRL_FORMAT);
            }
            continue;
        }
        uint8_t tag = der_peek(r);
        try_types(*r);
        if ((tag & 0x20) != 0 && depth < MAX_DEPTH) {
            open[depth] = der_enter(r, "sequence", tag);
            depth++;
            continue;
        }
        chaos_slice whole;
        chaos_slice content = der_take(r, "element", tag, &whole);
        if (rd_ok(r)) {
            check_whole(tag, whole, content);
        }
    }
    return 0;
}
