/* fuzz_receipt.c - a receipt that is read is written as a text that reads the same. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* All members but the chain, which stands in no receipt, are in the digest. */
static void require_same(const chaos_receipt *a, const chaos_receipt *b)
{
    const chaos_keccak first = chaos_action_digest(&a->action), second = chaos_action_digest(&b->action);
    require(memcmp(first.bytes, second.bytes, sizeof first.bytes) == 0);
    require(memcmp(a->signature.bytes, b->signature.bytes, sizeof a->signature.bytes) == 0);
}

static void round_trip(const chaos_receipt *receipt, const chaos_u256 *chain_id)
{
    static const char begin[] = "{\"receipt\":";
    CHAOS_AUTO_BUFFER(line, 4096);
    chaos_receipt again;
    const size_t skipped = sizeof begin - 1;
    if (chaos_action_check(&receipt->action, NULL) != CHAOS_OK) {
        require(chaos_bundle_write_receipt(receipt, &line, NULL) == CHAOS_E_RECEIPT_FORMAT && line.size == 0);
        return; /* readable, and not what an agent may sign */
    }
    require(chaos_bundle_write_receipt(receipt, &line, NULL) == CHAOS_OK);
    require(line.size > skipped + 2 && memcmp(line.data, begin, skipped) == 0);
    require(chaos_receipt_parse(slice(line.data + skipped, line.size - skipped - 2), chain_id, &again, NULL) == CHAOS_OK);
    require_same(receipt, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const chaos_u256 chain_id = { { [31] = 1 } };
    chaos_receipt receipt;
    chaos_error err;
    const chaos_status status = chaos_receipt_parse(slice(data, size), &chain_id, &receipt, &err);
    if (status != CHAOS_OK) {
        require(err.status == status && chaos_status_class(status) == CHAOS_CLASS_FORMAT);
        return 0;
    }
    round_trip(&receipt, &chain_id);
    return 0;
}
