/* reader.c - the latched cursor. A failed reader has end == cur: nothing is left, so that no later read finds
 * a byte and every loop over rd_left ends. */
#include "base/base.h"

/* Where slices of no bytes point: NULL + 0 is undefined in C11. */
static const uint8_t nothing[1] = { 0 };

bool slice_is_zero(chaos_slice a)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < a.size; i++) {
        bits |= a.data[i];
    }
    return bits == 0;
}

reader rd_begin(chaos_slice bytes, chaos_status status)
{
    reader r = { 0 };
    r.base = bytes.size > 0 ? bytes.data : nothing;
    r.cur = r.base;
    r.end = r.base + bytes.size;
    r.status = status;
    return r;
}

static void latch(reader *r, const fault *why)
{
    if (!rd_ok(r)) {
        return;
    }
    r->why = *why;
    if (r->why.status == CHAOS_OK) {
        r->why.status = CHAOS_E_INTERNAL; /* failing with "OK" must not pass */
    }
    r->end = r->cur;
}

void rd_fail(reader *r, chaos_status status, const char *field, size_t offset, const char *reason)
{
    fault why = { .status = status, .field = field, .offset = offset, .reason = reason };
    latch(r, &why);
}

chaos_slice rd_take_none(reader *r, const char *field, size_t size)
{
    if (rd_ok(r)) {
        r->field = field;
        r->field_offset = rd_offset(r);
        fault why = { .status = r->status,
                      .field = field,
                      .offset = r->field_offset,
                      .reason = "the bytes end too soon",
                      .expected = size,
                      .found = rd_left(r),
                      .has_numbers = true };
        latch(r, &why);
    }
    return slice(nothing, 0);
}

uint8_t rd_u8(reader *r, const char *field)
{
    const chaos_slice bytes = rd_take(r, field, 1);
    return bytes.size == 0 ? 0 : bytes.data[0];
}

uint16_t rd_u16le(reader *r, const char *field)
{
    const chaos_slice bytes = rd_take(r, field, 2);
    return bytes.size == 0 ? 0 : load_u16le(bytes.data);
}

uint32_t rd_u32le(reader *r, const char *field)
{
    const chaos_slice bytes = rd_take(r, field, 4);
    return bytes.size == 0 ? 0 : load_u32le(bytes.data);
}

void rd_close(reader *parent, const reader *child, chaos_status slack)
{
    if (!rd_ok(child)) {
        latch(parent, &child->why);
        return;
    }
    if (rd_left(child) > 0) {
        rd_fail(parent, slack, child->label, rd_offset(child), "bytes are left over");
    }
}

void rd_expect_number(reader *r, uint64_t found, uint64_t expected, chaos_status status, const char *reason)
{
    if (found != expected) {
        fault why = { .status = status,
                      .field = r->field,
                      .offset = r->field_offset,
                      .reason = reason,
                      .expected = expected,
                      .found = found,
                      .has_numbers = true };
        latch(r, &why);
    }
}
