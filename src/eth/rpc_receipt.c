/* rpc_receipt.c - what became of a transaction: its receipt, and whether a node knows it at all. */
#include "eth/rpc.h"

enum {
    HAS_HASH = 1,
    HAS_BLOCK_HASH = 2,
    HAS_BLOCK = 4,
    HAS_STATUS = 8,
    HAS_GAS = 16,
    HAS_LOGS = 32,
    IS_PENDING = 64
};

/* The bit of the member; a member of a block that is null belongs to none yet. */
static unsigned read_place(json *j, chaos_slice key, chaos_transaction_receipt *r)
{
    if (json_peek(j) == JSON_KIND_NULL) {
        json_skip(j, "blockHash", NULL);
        return IS_PENDING;
    }
    if (slice_is(key, "blockHash")) {
        rpc_fixed(j, "blockHash", r->block_hash.bytes, sizeof r->block_hash.bytes);
        return HAS_BLOCK_HASH;
    }
    r->block_number = rpc_unsigned(j, "blockNumber", RPC_MAX_HEIGHT);
    return HAS_BLOCK;
}

static unsigned read_member(json *j, chaos_slice key, chaos_transaction_receipt *r)
{
    if (slice_is(key, "transactionHash")) {
        rpc_fixed(j, "transactionHash", r->transaction_hash.bytes, sizeof r->transaction_hash.bytes);
        return HAS_HASH;
    }
    if (slice_is(key, "blockHash") || slice_is(key, "blockNumber")) {
        return read_place(j, key, r);
    }
    if (slice_is(key, "status")) {
        r->succeeded = rpc_unsigned(j, "status", 1) == 1;
        return HAS_STATUS;
    }
    if (slice_is(key, "gasUsed")) {
        r->gas_used = rpc_unsigned(j, "gasUsed", RPC_MAX_HEIGHT);
        return HAS_GAS;
    }
    if (slice_is(key, "effectiveGasPrice") && json_peek(j) == JSON_KIND_STRING) {
        rpc_u256(j, "effectiveGasPrice", &r->effective_gas_price);
    } else if (slice_is(key, "contractAddress") && json_peek(j) == JSON_KIND_STRING) {
        rpc_fixed(j, "contractAddress", r->contract.bytes, sizeof r->contract.bytes);
        r->has_contract = true;
    } else if (slice_is(key, "logs")) {
        chaos_logs_free(r->logs);
        r->logs = rpc_read_logs(j);
        return HAS_LOGS;
    } else {
        json_skip(j, "receipt", NULL);
    }
    return 0;
}

static void check_whole(json *j, const chaos_keccak *hash, const chaos_transaction_receipt *r, unsigned has)
{
    static const char *const names[] = { "transactionHash", "blockHash", "blockNumber", "status", "gasUsed", "logs" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        json_require(j, (has >> i & 1u) != 0, names[i]);
    }
    if (json_ok(j) && memcmp(hash, &r->transaction_hash, sizeof *hash) != 0) {
        json_bad(j, "the receipt is of another transaction");
    }
    for (size_t i = 0; json_ok(j) && i < chaos_logs_count(r->logs); i++) {
        const chaos_log *log = chaos_logs_at(r->logs, i);
        if (memcmp(&log->transaction_hash, hash, sizeof *hash) != 0 ||
            memcmp(&log->block_hash, &r->block_hash, sizeof log->block_hash) != 0) {
            json_bad(j, "a log of the receipt is of another transaction or block");
        }
    }
}

static chaos_status not_found(chaos_error *err)
{
    return error_set(err, CHAOS_E_NOT_FOUND, "receipt", CHAOS_NO_OFFSET,
                     "the transaction is in no block of this chain");
}

chaos_status rpc_read_receipt(const chaos_keccak *hash, chaos_slice result, chaos_transaction_receipt *receipt,
                              chaos_error *err)
{
    chaos_transaction_receipt r = { 0 };
    unsigned has = 0;
    json j;
    chaos_slice key;
    json_begin(&j, result, CHAOS_E_NODE);
    if (json_peek(&j) == JSON_KIND_NULL) {
        return not_found(err);
    }
    json_enter_object(&j, "receipt");
    while (json_key(&j, &key)) {
        has |= read_member(&j, key, &r);
    }
    bool pending = json_ok(&j) && (has & IS_PENDING) != 0;
    if (!pending) {
        check_whole(&j, hash, &r, has);
        json_end(&j);
    }
    chaos_status status = pending ? not_found(err) : rpc_read_end(&j, err);
    if (status != CHAOS_OK) {
        chaos_logs_free(r.logs);
        return status;
    }
    *receipt = r;
    return CHAOS_OK;
}

typedef struct receipt_reading {
    const chaos_keccak *hash;
    chaos_transaction_receipt *receipt;
} receipt_reading;

static chaos_status read_receipt(void *context, chaos_slice result, chaos_error *err)
{
    const receipt_reading *reading = context;
    return rpc_read_receipt(reading->hash, result, reading->receipt, err);
}

static json_writer write_hash(chaos_buffer *params, const chaos_keccak *hash)
{
    json_writer w = json_writer_begin(params);
    json_write_array(&w, NULL);
    json_write_0x(&w, NULL, slice(hash->bytes, sizeof hash->bytes));
    json_write_array_end(&w);
    return w;
}

chaos_status chaos_rpc_receipt(chaos_rpc *rpc, const chaos_keccak *transaction_hash,
                               chaos_transaction_receipt *receipt, chaos_error *err)
{
    if (rpc == NULL || transaction_hash == NULL || receipt == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "an argument may not be NULL");
    }
    CHAOS_AUTO_BUFFER(params, 256);
    json_writer w = write_hash(&params, transaction_hash);
    CHAOS_TRY(json_writer_status(&w));
    receipt_reading reading = { transaction_hash, receipt };
    rpc_job job = { .method = "eth_getTransactionReceipt",
                    .params = buffer_slice(&params),
                    .read = read_receipt,
                    .context = &reading };
    return rpc_ask(rpc, &job, NULL, err);
}

static chaos_status read_known(void *context, chaos_slice result, chaos_error *err)
{
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    json_kind kind = json_peek(&j);
    if (kind != JSON_KIND_NULL && kind != JSON_KIND_OBJECT) {
        return error_set(err, CHAOS_E_NODE, "transaction", CHAOS_NO_OFFSET, "the node's transaction is no object");
    }
    *(bool *)context = kind == JSON_KIND_OBJECT;
    return CHAOS_OK;
}

chaos_status rpc_knows(chaos_rpc *rpc, const chaos_keccak *hash, bool *known, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(params, 256);
    json_writer w = write_hash(&params, hash);
    CHAOS_TRY(json_writer_status(&w));
    rpc_job job = { .method = "eth_getTransactionByHash",
                    .params = buffer_slice(&params),
                    .read = read_known,
                    .context = known };
    return rpc_ask(rpc, &job, NULL, err);
}
