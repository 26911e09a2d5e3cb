/* fuzz_rpc_reply.c - a node's answer, and its result as a block, a receipt, logs, a quantity. The first byte of the
 * input says which; what was read must agree with what was asked for. */
#include <stdint.h>

#include "eth/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) {
        __builtin_trap();
    }
}

static void read_receipt(chaos_slice result)
{
    chaos_keccak hash;
    chaos_transaction_receipt receipt;
    memset(hash.bytes, 0x33, sizeof hash.bytes);
    if (rpc_read_receipt(&hash, result, &receipt, NULL) == CHAOS_OK) {
        must(memcmp(&receipt.transaction_hash, &hash, sizeof hash) == 0 && receipt.block_number <= RPC_MAX_HEIGHT);
        chaos_logs_free(receipt.logs);
    }
}

static void read_logs(chaos_slice result)
{
    json j;
    json_begin(&j, result, CHAOS_E_NODE);
    chaos_logs *logs = rpc_read_logs(&j);
    for (size_t i = 0; i < chaos_logs_count(logs); i++) {
        const chaos_log *log = chaos_logs_at(logs, i);
        must(log->topic_count <= 4 && chaos_logs_at(logs, chaos_logs_count(logs)) == NULL);
        (void)hash_keccak(log->data); /* all of them can be read */
        must(i == 0 || chaos_logs_at(logs, i - 1)->block_number <= log->block_number);
    }
    chaos_logs_free(logs);
}

static void read_result(uint8_t kind, chaos_slice result)
{
    chaos_block_id at = { CHAOS_BLOCK_NUMBER, 7, { { 0 } } };
    chaos_block block;
    uint64_t number;
    switch (kind % 4) {
    case 0:
        must(rpc_read_block(&at, result, &block, NULL) != CHAOS_OK || block.number == 7);
        return;
    case 1:
        read_receipt(result);
        return;
    case 2:
        read_logs(result);
        return;
    default:
        must(rpc_read_unsigned(&number, result, NULL) != CHAOS_OK || number <= RPC_MAX_HEIGHT);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_slice result = { NULL, 0 };
    rpc_failure failure = { 0 };
    char text[200];
    if (size == 0) {
        return 0;
    }
    chaos_status status = rpc_reply_read(slice(data + 1, size - 1), 1, &result, &failure, NULL);
    if (status == CHAOS_OK) {
        must(result.data >= data && result.data + result.size <= data + size);
        read_result(data[0], result);
    } else {
        must(failure.data_size <= sizeof failure.data && memchr(failure.text, 0, sizeof failure.text) != NULL);
        (void)rpc_judge(status, &failure);
        (void)rpc_judge_reception(&failure);
        chaos_revert_text(slice(failure.data, failure.data_size), text);
    }
    return 0;
}
