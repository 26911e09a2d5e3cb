/* fuzz_transaction.c - a transaction that is read is written as exactly the bytes that it was read from. */
#include "eth/eth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_signed_transaction *transaction = NULL;
    chaos_keccak hash;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(raw, CHAOS_MAX_TRANSACTION);
    if (chaos_transaction_read(slice(data, size), &transaction, &err) != CHAOS_OK) {
        require(transaction == NULL && err.status != CHAOS_OK && err.text[0] != '\0');
        return 0;
    }
    const chaos_signature65 signature = chaos_signed_transaction_signature(transaction);
    require(chaos_transaction_write(chaos_signed_transaction_fields(transaction), &signature, &raw, &hash, &err) ==
            CHAOS_OK);
    require(slice_equal(buffer_slice(&raw), slice(data, size)));
    const chaos_keccak same = chaos_signed_transaction_hash(transaction);
    require(memcmp(hash.bytes, same.bytes, sizeof hash.bytes) == 0);
    chaos_signed_transaction_free(transaction);
    return 0;
}
