/* rpc_call.c - calls that change nothing: eth_call and eth_estimateGas, with the contract's reason when it refuses. */
#include "eth/rpc.h"
#include "eth/u256.h"

/* Members in the order that the writer asks for. */
static void write_call(json_writer *w, const chaos_call *call, bool has_to)
{
    json_write_object(w, NULL);
    if (call->data.size > 0) {
        json_write_0x(w, "data", call->data);
    }
    if (call->has_from) {
        json_write_0x(w, "from", slice(call->from.bytes, sizeof call->from.bytes));
    }
    if (has_to) {
        json_write_0x(w, "to", slice(call->to.bytes, sizeof call->to.bytes));
    }
    if (!slice_is_zero(slice(call->value.bytes, sizeof call->value.bytes))) {
        char text[U256_QUANTITY_SIZE];
        json_write_text(w, "value", u256_quantity(&call->value, text));
    }
    json_write_object_end(w);
}

static chaos_status check(const chaos_rpc *rpc, const chaos_call *call, const void *out, chaos_error *err)
{
    if (rpc == NULL || call == NULL || out == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "an argument may not be NULL");
    }
    if (call->data.size > CHAOS_MAX_TRANSACTION || (call->data.data == NULL && call->data.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "data", CHAOS_NO_OFFSET, "the data are too large, or NULL");
    }
    return CHAOS_OK;
}

static chaos_status read_result(void *context, chaos_slice result, chaos_error *err)
{
    chaos_buffer *out = context;
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    rpc_data(&j, "result", out);
    json_end(&j);
    chaos_status status = rpc_read_end(&j, err);
    out->size = status == CHAOS_OK ? out->size : 0;
    return status;
}

/* A refusal of the contract, told from a fault of the node. */
static chaos_status refused(const rpc_failure *failure, chaos_status status, chaos_buffer *revert, chaos_error *err)
{
    char text[200];
    if (status != CHAOS_E_NODE || !rpc_is_revert(failure)) {
        return status;
    }
    chaos_slice data = slice(failure->data, failure->has_data ? failure->data_size : 0);
    if (revert != NULL && !buffer_append(revert, data)) {
        return error_set(err, CHAOS_E_LIMIT, "revert", CHAOS_NO_OFFSET, "the caller's buffer is too small");
    }
    if (data.size > 0) {
        chaos_revert_text(data, text);
        return error_set(err, CHAOS_E_REVERTED, "eth_call", CHAOS_NO_OFFSET, "the contract refuses: %.160s", text);
    }
    return error_set(err, CHAOS_E_REVERTED, "eth_call", CHAOS_NO_OFFSET,
                     "the contract refuses without a reason (%.120s)", failure->text);
}

chaos_status chaos_rpc_call(chaos_rpc *rpc, const chaos_call *call, const chaos_block_id *at, chaos_buffer *result,
                            chaos_buffer *revert, chaos_error *err)
{
    CHAOS_TRY(check(rpc, call, result, err));
    CHAOS_AUTO_BUFFER(params, RPC_MAX_REQUEST);
    CHAOS_AUTO_BUFFER(made, CHAOS_MAX_CALL_RESULT);
    rpc_failure failure = { 0 };
    json_writer w = json_writer_begin(&params);
    json_write_array(&w, NULL);
    write_call(&w, call, true);
    rpc_write_block_id(&w, at);
    json_write_array_end(&w);
    CHAOS_TRY(json_writer_status(&w));
    rpc_job job = { .method = "eth_call", .params = buffer_slice(&params), .read = read_result, .context = &made };
    chaos_status status = rpc_ask(rpc, &job, &failure, err);
    if (status != CHAOS_OK) {
        return refused(&failure, status, revert, err);
    }
    return buffer_append(result, buffer_slice(&made))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_LIMIT, "result", CHAOS_NO_OFFSET, "the caller's buffer is too small");
}

chaos_status rpc_estimate_gas(chaos_rpc *rpc, const chaos_call *call, bool has_to, uint64_t *gas, chaos_error *err)
{
    CHAOS_TRY(check(rpc, call, gas, err));
    CHAOS_AUTO_BUFFER(params, RPC_MAX_REQUEST);
    rpc_failure failure = { 0 };
    json_writer w = json_writer_begin(&params);
    json_write_array(&w, NULL);
    write_call(&w, call, has_to);
    json_write_text(&w, NULL, "pending"); /* what is sent and not in a block yet counts */
    json_write_array_end(&w);
    CHAOS_TRY(json_writer_status(&w));
    rpc_job job = { .method = "eth_estimateGas",
                    .params = buffer_slice(&params),
                    .read = rpc_read_unsigned,
                    .context = gas };
    chaos_status status = rpc_ask(rpc, &job, &failure, err);
    if (status == CHAOS_E_NODE && failure.answered && rpc_says(&failure, "insufficient funds")) {
        return rpc_failure_error(&failure, CHAOS_E_FUNDS, err);
    }
    return refused(&failure, status, NULL, err);
}
