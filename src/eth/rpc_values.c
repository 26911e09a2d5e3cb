/* rpc_values.c - quantities, bytes, blocks' names and logs, as JSON-RPC writes them. */
#include <stdio.h>

#include "eth/rpc.h"
#include "eth/u256.h"

/* ---------------------------------------------------------------- reading ---- */

/* What follows "0x"; *ok is false (and the fault latched) when there is no such prefix. */
static chaos_slice hex_digits(json *j, const char *field, bool *ok)
{
    chaos_slice text = json_plain_string(j, field);
    *ok = json_ok(j) && text.size >= 2 && text.data[0] == '0' && text.data[1] == 'x';
    if (!*ok) {
        json_bad(j, "the string does not begin with 0x");
        return slice(NULL, 0);
    }
    return slice(text.data + 2, text.size - 2);
}

void rpc_u256(json *j, const char *field, chaos_u256 *out)
{
    bool ok;
    char padded[64];
    chaos_slice digits = hex_digits(j, field, &ok);
    memset(out, 0, sizeof *out);
    if (!ok) {
        return;
    }
    if (digits.size == 0) {
        json_bad(j, "the quantity has no digits");
        return;
    }
    while (digits.size > 1 && digits.data[0] == '0') {
        digits = slice(digits.data + 1, digits.size - 1);
    }
    if (digits.size > sizeof padded) {
        json_bad(j, "the quantity has more than 256 bits");
        return;
    }
    memset(padded, '0', sizeof padded);
    memcpy(padded + sizeof padded - digits.size, digits.data, digits.size);
    if (!hex_decode(slice(padded, sizeof padded), out->bytes, sizeof out->bytes)) {
        memset(out, 0, sizeof *out);
        json_bad(j, "the quantity is not in hex digits");
    }
}

uint64_t rpc_unsigned(json *j, const char *field, uint64_t max)
{
    chaos_u256 word;
    uint64_t value = 0;
    rpc_u256(j, field, &word);
    if (!json_ok(j)) {
        return 0;
    }
    if (!u256_to_u64(&word, &value) || value > max) {
        json_bad(j, "the quantity is too large");
        return 0;
    }
    return value;
}

void rpc_fixed(json *j, const char *field, uint8_t *out, size_t size)
{
    bool ok;
    chaos_slice digits = hex_digits(j, field, &ok);
    if (ok && digits.size == 2 * size && hex_decode(digits, out, size)) {
        return;
    }
    memset(out, 0, size);
    json_bad(j, "the bytes are not hex digits of the right number");
}

void rpc_data(json *j, const char *field, chaos_buffer *out)
{
    bool ok;
    chaos_slice digits = hex_digits(j, field, &ok);
    if (!ok || digits.size == 0) {
        return;
    }
    size_t size = digits.size / 2;
    if (digits.size % 2 != 0 || size > out->limit - out->size) {
        json_bad(j, digits.size % 2 != 0 ? "the bytes have half a byte" : "the bytes are too many");
        return;
    }
    uint8_t *room = buffer_reserve(out, size);
    if (room == NULL) {
        rd_fail(&j->r, CHAOS_E_MEMORY, field, CHAOS_NO_OFFSET, NULL);
    } else if (!hex_decode(digits, room, size)) {
        json_bad(j, "the bytes are not in hex digits");
    } else {
        out->size += size;
    }
}

chaos_status rpc_read_end(const json *j, chaos_error *err)
{
    if (json_ok(j)) {
        return CHAOS_OK;
    }
    chaos_status status = fault_to_error(&j->r.why, err);
    if (chaos_status_class(status) == CHAOS_CLASS_INTERNAL) {
        return status;
    }
    if (err != NULL) {
        err->status = CHAOS_E_NODE;
    }
    return CHAOS_E_NODE;
}

chaos_status rpc_read_unsigned(void *context, chaos_slice result, chaos_error *err)
{
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    uint64_t value = rpc_unsigned(&j, "result", RPC_MAX_HEIGHT);
    json_end(&j);
    CHAOS_TRY(rpc_read_end(&j, err));
    *(uint64_t *)context = value;
    return CHAOS_OK;
}

chaos_status rpc_read_word(void *context, chaos_slice result, chaos_error *err)
{
    json j;
    chaos_u256 value;
    json_begin(&j, result, CHAOS_E_NODE);
    rpc_u256(&j, "result", &value);
    json_end(&j);
    CHAOS_TRY(rpc_read_end(&j, err));
    *(chaos_u256 *)context = value;
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- writing ---- */

void rpc_write_quantity(json_writer *w, const char *key, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)number);
    json_write_text(w, key, text);
}

void rpc_write_block_id(json_writer *w, const chaos_block_id *at)
{
    static const char *const tags[] = { [CHAOS_BLOCK_LATEST] = "latest",
                                        [CHAOS_BLOCK_PENDING] = "pending",
                                        [CHAOS_BLOCK_SAFE] = "safe",
                                        [CHAOS_BLOCK_FINALIZED] = "finalized" };
    if (at == NULL) {
        json_write_text(w, NULL, "latest");
    } else if (at->tag == CHAOS_BLOCK_NUMBER) {
        rpc_write_quantity(w, NULL, at->number);
    } else if (at->tag == CHAOS_BLOCK_HASH) {
        json_write_object(w, NULL);
        json_write_0x(w, "blockHash", slice(at->hash.bytes, sizeof at->hash.bytes));
        json_write_boolean(w, "requireCanonical", true);
        json_write_object_end(w);
    } else {
        json_write_text(w, NULL, (size_t)at->tag < CHAOS_ARRAY_SIZE(tags) ? tags[at->tag] : "latest");
    }
}
