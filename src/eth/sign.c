/* sign.c - a transaction signed by a key of the TEE. */
#include "eth/eth.h"
#include "tee/tee.h"

chaos_status chaos_eth_sign_transaction(chaos_tee *tee, const chaos_keypair *keypair,
                                        const chaos_transaction *transaction, chaos_buffer *raw, chaos_keccak *hash,
                                        chaos_error *err)
{
    chaos_keccak digest;
    chaos_signature65 signature;
    if (tee == NULL || keypair == NULL) {
        return error_set(err, CHAOS_E_USAGE, "keypair", CHAOS_NO_OFFSET, "tee and keypair may not be NULL");
    }
    CHAOS_TRY(chaos_transaction_digest(transaction, &digest, err));
    CHAOS_TRY(keypair_sign_digest(tee, keypair, &digest, &signature, err)); /* recovers and compares */
    return chaos_transaction_write(transaction, &signature, raw, hash, err);
}
