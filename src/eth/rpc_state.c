/* rpc_state.c - blocks and the state of accounts; and any method by name. */
#include "eth/rpc.h"

/* A job with this method, its parameters written by `w` into `params`, which must be ended. */
static chaos_status ask(chaos_rpc *rpc, rpc_job *job, const json_writer *w, const chaos_buffer *params,
                        chaos_error *err)
{
    if (json_writer_status(w) != CHAOS_OK) {
        return error_set(err, CHAOS_E_LIMIT, job->method, CHAOS_NO_OFFSET, "the parameters are too large");
    }
    job->params = buffer_slice(params);
    return rpc_ask(rpc, job, NULL, err);
}

static chaos_status check(const chaos_rpc *rpc, const void *subject, const void *out, const chaos_block_id *at,
                          chaos_error *err)
{
    if (rpc == NULL || subject == NULL || out == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "an argument may not be NULL");
    }
    bool known = at == NULL || (at->tag <= CHAOS_BLOCK_HASH &&
                                (at->tag != CHAOS_BLOCK_NUMBER || at->number <= RPC_MAX_HEIGHT));
    return known ? CHAOS_OK
                 : error_set(err, CHAOS_E_USAGE, "at", CHAOS_NO_OFFSET, "there is no such tag or height");
}

/* ------------------------------------------------------------------ block ---- */

typedef struct block_parts {
    chaos_block block;
    bool number, hash, parent, timestamp, gas_limit;
} block_parts;

static void read_block_member(json *j, chaos_slice key, bool may_be_open, block_parts *p)
{
    chaos_block *b = &p->block;
    bool open = may_be_open && json_peek(j) == JSON_KIND_NULL; /* what a pending block does not have yet */
    if (slice_is(key, "number") && !open) {
        b->number = rpc_unsigned(j, "number", RPC_MAX_HEIGHT);
        p->number = true;
    } else if (slice_is(key, "hash") && !open) {
        rpc_fixed(j, "hash", b->hash.bytes, sizeof b->hash.bytes);
        p->hash = true;
    } else if (slice_is(key, "parentHash")) {
        rpc_fixed(j, "parentHash", b->parent.bytes, sizeof b->parent.bytes);
        p->parent = true;
    } else if (slice_is(key, "timestamp")) {
        b->timestamp = (int64_t)rpc_unsigned(j, "timestamp", RPC_MAX_HEIGHT);
        p->timestamp = true;
    } else if (slice_is(key, "gasLimit")) {
        b->gas_limit = rpc_unsigned(j, "gasLimit", RPC_MAX_HEIGHT);
        p->gas_limit = true;
    } else if (slice_is(key, "baseFeePerGas") && json_peek(j) == JSON_KIND_STRING) {
        rpc_u256(j, "baseFeePerGas", &b->base_fee);
        b->has_base_fee = true;
    } else {
        json_skip(j, "block", NULL);
    }
}

static bool is_asked(const chaos_block_id *at, const chaos_block *block)
{
    if (at == NULL || (at->tag != CHAOS_BLOCK_NUMBER && at->tag != CHAOS_BLOCK_HASH)) {
        return true;
    }
    return at->tag == CHAOS_BLOCK_NUMBER ? block->number == at->number
                                         : memcmp(&block->hash, &at->hash, sizeof at->hash) == 0;
}

chaos_status rpc_read_block(const chaos_block_id *at, chaos_slice result, chaos_block *block, chaos_error *err)
{
    block_parts p = { 0 };
    json j;
    chaos_slice key;
    bool open = at != NULL && at->tag == CHAOS_BLOCK_PENDING;
    json_begin(&j, result, CHAOS_E_NODE);
    if (json_peek(&j) == JSON_KIND_NULL) {
        return error_set(err, CHAOS_E_NOT_FOUND, "block", CHAOS_NO_OFFSET, "the chain has no such block");
    }
    json_enter_object(&j, "block");
    while (json_key(&j, &key)) {
        read_block_member(&j, key, open, &p);
    }
    json_require(&j, p.number || open, "number");
    json_require(&j, p.hash || open, "hash");
    json_require(&j, p.parent, "parentHash");
    json_require(&j, p.timestamp, "timestamp");
    json_require(&j, p.gas_limit, "gasLimit");
    json_end(&j);
    CHAOS_TRY(rpc_read_end(&j, err));
    if (!is_asked(at, &p.block)) {
        return error_set(err, CHAOS_E_NODE, "block", CHAOS_NO_OFFSET,
                         "the node gives another block than was asked for");
    }
    *block = p.block;
    return CHAOS_OK;
}

typedef struct block_reading {
    const chaos_block_id *at;
    chaos_block *block;
} block_reading;

static chaos_status read_block(void *context, chaos_slice result, chaos_error *err)
{
    const block_reading *reading = context;
    return rpc_read_block(reading->at, result, reading->block, err);
}

chaos_status chaos_rpc_block(chaos_rpc *rpc, const chaos_block_id *at, chaos_block *block, chaos_error *err)
{
    CHAOS_TRY(check(rpc, block, block, at, err));
    CHAOS_AUTO_BUFFER(params, 256);
    json_writer w = json_writer_begin(&params);
    chaos_block made;
    bool by_hash = at != NULL && at->tag == CHAOS_BLOCK_HASH;
    bool is_head = at == NULL || at->tag == CHAOS_BLOCK_LATEST;
    block_reading reading = { at, &made };
    rpc_job job = { .method = by_hash ? "eth_getBlockByHash" : "eth_getBlockByNumber",
                    .read = read_block,
                    .context = &reading,
                    .tells_head = is_head ? &made.number : NULL };
    json_write_array(&w, NULL);
    if (by_hash) {
        json_write_0x(&w, NULL, slice(at->hash.bytes, sizeof at->hash.bytes));
    } else {
        rpc_write_block_id(&w, at);
    }
    json_write_boolean(&w, NULL, false);
    json_write_array_end(&w);
    CHAOS_TRY(ask(rpc, &job, &w, &params, err));
    *block = made;
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- account ---- */

/* [address, (slot,) block] */
static json_writer write_account(chaos_buffer *params, const chaos_address *address, const chaos_u256 *slot,
                                 const chaos_block_id *at)
{
    json_writer w = json_writer_begin(params);
    json_write_array(&w, NULL);
    json_write_0x(&w, NULL, slice(address->bytes, sizeof address->bytes));
    if (slot != NULL) {
        json_write_0x(&w, NULL, slice(slot->bytes, sizeof slot->bytes));
    }
    rpc_write_block_id(&w, at);
    json_write_array_end(&w);
    return w;
}

chaos_status chaos_rpc_balance(chaos_rpc *rpc, const chaos_address *address, const chaos_block_id *at,
                               chaos_u256 *wei, chaos_error *err)
{
    CHAOS_TRY(check(rpc, address, wei, at, err));
    CHAOS_AUTO_BUFFER(params, 512);
    json_writer w = write_account(&params, address, NULL, at);
    rpc_job job = { .method = "eth_getBalance", .read = rpc_read_word, .context = wei };
    return ask(rpc, &job, &w, &params, err);
}

chaos_status chaos_rpc_transaction_count(chaos_rpc *rpc, const chaos_address *address, const chaos_block_id *at,
                                         uint64_t *count, chaos_error *err)
{
    CHAOS_TRY(check(rpc, address, count, at, err));
    CHAOS_AUTO_BUFFER(params, 512);
    json_writer w = write_account(&params, address, NULL, at);
    rpc_job job = { .method = "eth_getTransactionCount", .read = rpc_read_unsigned, .context = count };
    return ask(rpc, &job, &w, &params, err);
}

chaos_status chaos_rpc_storage(chaos_rpc *rpc, const chaos_address *address, const chaos_u256 *slot,
                               const chaos_block_id *at, chaos_u256 *word, chaos_error *err)
{
    CHAOS_TRY(check(rpc, address, word, at, err));
    CHAOS_TRY(check(rpc, slot, word, at, err));
    CHAOS_AUTO_BUFFER(params, 512);
    json_writer w = write_account(&params, address, slot, at);
    rpc_job job = { .method = "eth_getStorageAt", .read = rpc_read_word, .context = word };
    return ask(rpc, &job, &w, &params, err);
}

static chaos_status read_bytes(void *context, chaos_slice result, chaos_error *err)
{
    chaos_buffer *out = context;
    json j;
    size_t before = out->size;
    json_begin(&j, result, CHAOS_E_NODE);
    rpc_data(&j, "result", out);
    json_end(&j);
    chaos_status status = rpc_read_end(&j, err);
    out->size = status == CHAOS_OK ? out->size : before;
    return status;
}

chaos_status chaos_rpc_code(chaos_rpc *rpc, const chaos_address *address, const chaos_block_id *at,
                            chaos_buffer *code, chaos_error *err)
{
    CHAOS_TRY(check(rpc, address, code, at, err));
    CHAOS_AUTO_BUFFER(params, 512);
    json_writer w = write_account(&params, address, NULL, at);
    rpc_job job = { .method = "eth_getCode", .read = read_bytes, .context = code };
    return ask(rpc, &job, &w, &params, err);
}

/* -------------------------------------------------------------- any method ---- */

static chaos_status read_anything(void *context, chaos_slice result, chaos_error *err)
{
    return buffer_append(context, result) ? CHAOS_OK
                                          : error_set(err, CHAOS_E_LIMIT, "result", CHAOS_NO_OFFSET,
                                                      "the result does not fit the caller's buffer");
}

static bool is_method(const char *method)
{
    size_t length = strnlen(method, 65);
    for (size_t i = 0; i < length; i++) {
        char c = method[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!ok) {
            return false;
        }
    }
    return length >= 1 && length <= 64;
}

chaos_status chaos_rpc_request(chaos_rpc *rpc, const char *method, const char *params_json, chaos_buffer *result,
                               chaos_error *err)
{
    json j;
    if (rpc == NULL || method == NULL || params_json == NULL || result == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "an argument may not be NULL");
    }
    if (!is_method(method)) {
        return error_set(err, CHAOS_E_USAGE, "method", CHAOS_NO_OFFSET,
                         "a method is 1 to 64 letters, digits and underscores");
    }
    json_begin(&j, slice_text(params_json), CHAOS_E_USAGE);
    bool is_array = json_peek(&j) == JSON_KIND_ARRAY;
    json_skip(&j, "params", NULL);
    json_end(&j);
    if (!is_array || !json_ok(&j)) {
        return error_set(err, CHAOS_E_USAGE, "params", CHAOS_NO_OFFSET, "the parameters are not a JSON array");
    }
    rpc_job job = { .method = method, .params = slice_text(params_json), .read = read_anything, .context = result };
    return rpc_ask(rpc, &job, NULL, err);
}
