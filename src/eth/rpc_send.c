/* rpc_send.c - what the chain asks for a transaction, and raw bytes to the nodes. */
#include "eth/rpc.h"
#include "eth/u256.h"

/* ------------------------------------------------------------------- fees ---- */

enum {
    FEE_BLOCKS = 10
};

#define FEE_ABSURD ((uint64_t)1 << 62) /* wei per gas: 4.6 ether. Whatever is above is this. */

typedef struct fee_history {
    uint64_t base; /* of the next block */
    uint64_t reward[FEE_BLOCKS];
    size_t rewards;
    bool has_base;
} fee_history;

static uint64_t read_fee(json *j, const char *field)
{
    chaos_u256 word;
    uint64_t fee = 0;
    rpc_u256(j, field, &word);
    return u256_to_u64(&word, &fee) && fee < FEE_ABSURD ? fee : FEE_ABSURD;
}

static void read_rewards(json *j, fee_history *history)
{
    json_enter_array(j, "reward");
    while (json_element(j)) {
        json_enter_array(j, "reward");
        for (size_t i = 0; json_element(j); i++) {
            uint64_t fee = read_fee(j, "reward");
            if (i == 0 && history->rewards < FEE_BLOCKS) {
                history->reward[history->rewards++] = fee;
            }
        }
    }
}

static chaos_status read_history(void *context, chaos_slice result, chaos_error *err)
{
    fee_history history = { 0 };
    json j;
    chaos_slice key;
    json_begin(&j, result, CHAOS_E_NODE);
    json_enter_object(&j, "feeHistory");
    while (json_key(&j, &key)) {
        if (slice_is(key, "baseFeePerGas") && json_peek(&j) == JSON_KIND_ARRAY) {
            json_enter_array(&j, "baseFeePerGas");
            while (json_element(&j)) {
                history.base = read_fee(&j, "baseFeePerGas"); /* the last one is of the next block */
                history.has_base = true;
            }
        } else if (slice_is(key, "reward") && json_peek(&j) == JSON_KIND_ARRAY) {
            read_rewards(&j, &history);
        } else {
            json_skip(&j, "feeHistory", NULL);
        }
    }
    json_end(&j);
    CHAOS_TRY(rpc_read_end(&j, err));
    *(fee_history *)context = history;
    return CHAOS_OK;
}

static int compare_fees(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static uint64_t median(fee_history *history)
{
    if (history->rewards == 0) {
        return 0;
    }
    qsort(history->reward, history->rewards, sizeof history->reward[0], compare_fees);
    return history->reward[history->rewards / 2];
}

/* A node that does not know the method says so; everything else is a fault. */
static bool is_missing(chaos_status status, const rpc_failure *failure)
{
    return status == CHAOS_E_NODE && failure->answered &&
           (failure->code == -32601 || failure->code == -32004 || rpc_says(failure, "not supported") ||
            rpc_says(failure, "not available") || rpc_says(failure, "does not exist"));
}

static chaos_status ask_fee(chaos_rpc *rpc, const char *method, uint64_t *fee, bool *missing, chaos_error *err)
{
    chaos_u256 word;
    rpc_failure failure = { 0 };
    rpc_job job = { .method = method, .params = slice_text("[]"), .read = rpc_read_word, .context = &word };
    chaos_status status = rpc_ask(rpc, &job, &failure, err);
    *missing = is_missing(status, &failure);
    if (status == CHAOS_OK && (!u256_to_u64(&word, fee) || *fee > FEE_ABSURD)) {
        *fee = FEE_ABSURD;
    }
    return status;
}

static uint64_t add_fees(uint64_t a, uint64_t b)
{
    return a > FEE_ABSURD - b ? FEE_ABSURD : a + b; /* both at most FEE_ABSURD */
}

static void settle(rpc_fees *fees, uint64_t base, uint64_t tip, uint64_t floor)
{
    floor = floor < FEE_ABSURD ? floor : FEE_ABSURD;
    fees->legacy = false;
    fees->base = base;
    fees->tip = tip < floor ? floor : tip;
    fees->cap = add_fees(add_fees(base, base), fees->tip);
}

/* A chain from before EIP-1559: one price, the node's, and an eighth more so that it lasts a while. */
static chaos_status ask_legacy(chaos_rpc *rpc, uint64_t floor, rpc_fees *fees, chaos_error *err)
{
    uint64_t price = 0;
    bool missing;
    CHAOS_TRY(ask_fee(rpc, "eth_gasPrice", &price, &missing, err));
    fees->legacy = true;
    fees->base = price;
    fees->tip = 0;
    fees->cap = add_fees(price, price / 8);
    fees->cap = fees->cap < floor ? floor : fees->cap;
    return CHAOS_OK;
}

static chaos_status ask_without_history(chaos_rpc *rpc, uint64_t floor, rpc_fees *fees, chaos_error *err)
{
    chaos_block block;
    uint64_t tip = 0;
    bool missing;
    CHAOS_TRY(chaos_rpc_block(rpc, NULL, &block, err));
    if (!block.has_base_fee) {
        return ask_legacy(rpc, floor, fees, err);
    }
    chaos_status status = ask_fee(rpc, "eth_maxPriorityFeePerGas", &tip, &missing, err);
    if (status != CHAOS_OK && !missing) {
        return status;
    }
    uint64_t base = FEE_ABSURD;
    if (!u256_to_u64(&block.base_fee, &base) || base > FEE_ABSURD) {
        base = FEE_ABSURD;
    }
    settle(fees, base < FEE_ABSURD ? base + base / 8 : base, tip, floor);
    return CHAOS_OK;
}

chaos_status rpc_ask_fees(chaos_rpc *rpc, uint64_t floor, rpc_fees *fees, chaos_error *err)
{
    fee_history history = { 0 };
    rpc_failure failure = { 0 };
    rpc_job job = { .method = "eth_feeHistory",
                    .params = slice_text("[\"0xa\",\"latest\",[50]]"),
                    .read = read_history,
                    .context = &history };
    chaos_status status = rpc_ask(rpc, &job, &failure, err);
    if (is_missing(status, &failure) || (status == CHAOS_OK && !history.has_base)) {
        return ask_without_history(rpc, floor, fees, err);
    }
    CHAOS_TRY(status);
    if (history.base == 0 && history.rewards == 0) { /* as nodes of chains without a base fee fill it */
        return ask_without_history(rpc, floor, fees, err);
    }
    settle(fees, history.base, median(&history), floor);
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ nonce ---- */

enum {
    OTHERS_TIMEOUT_MS = 3000
}; /* for the endpoints after the first one that has answered */

chaos_status rpc_pending_count(chaos_rpc *rpc, const chaos_address *address, uint64_t *count, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(params, 256);
    uint64_t highest = 0;
    uint64_t told = 0;
    unsigned tried = 0;
    json_writer w = json_writer_begin(&params);
    json_write_array(&w, NULL);
    json_write_0x(&w, NULL, slice(address->bytes, sizeof address->bytes));
    json_write_text(&w, NULL, "pending");
    json_write_array_end(&w);
    CHAOS_TRY(json_writer_status(&w));
    rpc_job job = { .method = "eth_getTransactionCount",
                    .params = buffer_slice(&params),
                    .read = rpc_read_unsigned,
                    .context = &told };
    CHAOS_TRY(rpc_ask(rpc, &job, NULL, err));
    highest = told;
    for (rpc_endpoint *e = rpc_pick(rpc, tried); rpc->count > 1 && e != NULL; e = rpc_pick(rpc, tried)) {
        rpc_result result;
        tried |= 1u << (e - rpc->endpoint);
        if (endpoint_ask(rpc, e, &job, OTHERS_TIMEOUT_MS, &result, NULL) == CHAOS_OK && told > highest) {
            highest = told;
        }
    }
    *count = highest;
    return CHAOS_OK;
}

/* -------------------------------------------------------------- broadcast ---- */

/* The texts of geth, anvil, nethermind, erigon and besu; the first row that fits counts. */
static const struct {
    const char *text;
    rpc_reception reception;
} receptions[] = {
    { "already known", RPC_TAKEN },
    { "already imported", RPC_TAKEN },
    { "known transaction", RPC_TAKEN },
    { "alreadyknown", RPC_TAKEN },
    { "already in pool", RPC_TAKEN },
    { "nonce too low", RPC_NONCE_USED },
    { "oldnonce", RPC_NONCE_USED },
    { "nonce is too low", RPC_NONCE_USED },
    { "replacement transaction underpriced", RPC_UNDERPRICED },
    { "replacement not allowed", RPC_UNDERPRICED },
    { "replacementnotallowed", RPC_UNDERPRICED },
    { "could not replace", RPC_UNDERPRICED },
    { "insufficient funds", RPC_NO_FUNDS },
    { "insufficientfunds", RPC_NO_FUNDS },
    { "upfront cost exceeds account balance", RPC_NO_FUNDS },
    { "less than block base fee", RPC_TOO_CHEAP },
    { "underpriced", RPC_TOO_CHEAP },
    { "fee too low", RPC_TOO_CHEAP },
    { "feetoolow", RPC_TOO_CHEAP },
    { "below minimum", RPC_TOO_CHEAP },
    { "gas price too low", RPC_TOO_CHEAP },
};

rpc_reception rpc_judge_reception(const rpc_failure *failure)
{
    if (!failure->answered) {
        return RPC_UNHEARD;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(receptions); i++) {
        if (rpc_says(failure, receptions[i].text)) {
            return receptions[i].reception;
        }
    }
    return rpc_judge(CHAOS_E_NODE, failure) == RPC_FINAL ? RPC_REJECTED : RPC_UNHEARD;
}

static chaos_status read_hash(void *context, chaos_slice result, chaos_error *err)
{
    const chaos_keccak *wanted = context;
    chaos_keccak hash;
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    rpc_fixed(&j, "hash", hash.bytes, sizeof hash.bytes);
    json_end(&j);
    CHAOS_TRY(rpc_read_end(&j, err));
    if (memcmp(&hash, wanted, sizeof hash) != 0) {
        return error_set(err, CHAOS_E_NODE, "hash", CHAOS_NO_OFFSET,
                         "the node names another transaction than was sent");
    }
    return CHAOS_OK;
}

typedef struct broadcast {
    chaos_rpc *rpc;
    rpc_job job;
    rpc_reception best;
    rpc_failure failure;
    chaos_error err;
    bool any; /* an endpoint of the right chain is there */
} broadcast;

static void send_to(broadcast *b, rpc_endpoint *endpoint, uint32_t timeout_ms)
{
    rpc_result result;
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_status status = endpoint_ask(b->rpc, endpoint, &b->job, timeout_ms, &result, &err);
    if (status == CHAOS_E_CHAIN_ID) {
        return;
    }
    rpc_reception reception = status == CHAOS_OK ? RPC_TAKEN : rpc_judge_reception(&result.failure);
    if (!b->any || reception > b->best) {
        b->best = reception;
        b->failure = result.failure;
        b->err = err;
    }
    b->any = true;
}

/* All endpoints, the best first; once one has taken it, the others get little time. */
static void send_to_all(broadcast *b, uint32_t timeout_ms, uint32_t little_ms)
{
    unsigned tried = 0;
    for (size_t i = 0; i < b->rpc->count; i++) {
        rpc_endpoint *endpoint = rpc_pick(b->rpc, tried);
        if (endpoint == NULL) {
            return;
        }
        tried |= 1u << (endpoint - b->rpc->endpoint);
        send_to(b, endpoint, b->best == RPC_TAKEN && little_ms < timeout_ms ? little_ms : timeout_ms);
    }
}

chaos_status rpc_broadcast(chaos_rpc *rpc, chaos_slice raw, const chaos_keccak *hash, rpc_reception *reception,
                           rpc_failure *failure, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(params, RPC_MAX_REQUEST);
    broadcast b = { .rpc = rpc };
    chaos_keccak wanted = *hash;
    json_writer w = json_writer_begin(&params);
    json_write_array(&w, NULL);
    json_write_0x(&w, NULL, raw);
    json_write_array_end(&w);
    CHAOS_TRY(json_writer_status(&w));
    b.job = (rpc_job){ .method = "eth_sendRawTransaction",
                       .params = buffer_slice(&params),
                       .read = read_hash,
                       .context = &wanted };
    send_to_all(&b, rpc->request_timeout_ms, OTHERS_TIMEOUT_MS);
    *reception = b.best;
    if (failure != NULL) {
        *failure = b.failure;
    }
    if (err != NULL && b.best != RPC_TAKEN) {
        *err = b.err;
    }
    return CHAOS_OK;
}
