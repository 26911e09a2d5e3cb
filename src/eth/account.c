/* account.c - who signs: a key in guarded memory, or one that a TEE holds. */
#include "eth/eth.h"
#include "tee/tee.h"

struct chaos_account {
    chaos_address address;
    guarded_key *key;             /* NULL: the TEE signs */
    chaos_tee *tee;               /* borrowed */
    const chaos_keypair *keypair; /* borrowed */
};

void chaos_account_free(chaos_account *account)
{
    if (account != NULL) {
        guarded_key_free(account->key);
        free(account);
    }
}

chaos_address chaos_account_address(const chaos_account *account)
{
    return account->address;
}

chaos_status account_from_key(guarded_key **key, chaos_account **account, chaos_error *err)
{
    chaos_account *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->key = *key;
    *key = NULL;
    made->address = k1_address(guarded_key_point(made->key));
    *account = made;
    return CHAOS_OK;
}

chaos_status chaos_account_from_tee(chaos_tee *tee, const chaos_keypair *keypair, chaos_account **account,
                                    chaos_error *err)
{
    chaos_account *made;

    if (tee == NULL || keypair == NULL || account == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "tee, keypair and account may not be NULL");
    }
    if (keypair->tee != tee) {
        return error_set(err, CHAOS_E_USAGE, "keypair", CHAOS_NO_OFFSET, "the keypair is of another tee");
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->tee = tee;
    made->keypair = keypair;
    made->address = keypair->address;
    *account = made;
    return CHAOS_OK;
}

/* Both ways recover the signature and compare it with the key before they give it. */
static chaos_status sign_digest(const chaos_account *account, const chaos_keccak *digest,
                                chaos_signature65 *signature, chaos_error *err)
{
    if (account->key != NULL) {
        return guarded_key_sign(account->key, digest->bytes, signature, err);
    }
    return keypair_sign_digest(account->tee, account->keypair, digest, signature, err);
}

chaos_status chaos_account_sign_transaction(const chaos_account *account, const chaos_transaction *transaction,
                                            chaos_buffer *raw, chaos_keccak *hash, chaos_error *err)
{
    chaos_keccak digest;
    chaos_signature65 signature;

    if (account == NULL || raw == NULL || hash == NULL) {
        return error_set(err, CHAOS_E_USAGE, "account", CHAOS_NO_OFFSET, "account, raw and hash may not be NULL");
    }
    CHAOS_TRY(chaos_transaction_digest(transaction, &digest, err));
    CHAOS_TRY(sign_digest(account, &digest, &signature, err));
    return account->key != NULL ? transaction_write_own(transaction, &signature, raw, hash, err)
                                : chaos_transaction_write(transaction, &signature, raw, hash, err);
}

chaos_status chaos_account_sign_typed_data(const chaos_account *account, chaos_slice typed_data,
                                           chaos_signature65 *signature, chaos_error *err)
{
    chaos_keccak digest;

    if (account == NULL || signature == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "account and signature may not be NULL");
    }
    CHAOS_TRY(typed_data_to_sign(typed_data, &digest, err));
    return sign_digest(account, &digest, signature, err);
}
