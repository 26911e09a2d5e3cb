/* account_keystore.c - accounts whose key lies in a keystore file. */
#include "eth/eth.h"

chaos_status chaos_account_open_keystore(const char *path, chaos_slice passphrase, chaos_account **account,
                                         chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, KEYSTORE_MAX_FILE);
    CHAOS_AUTO(guarded_key, key);
    if (path == NULL || account == NULL) {
        return error_set(err, CHAOS_E_USAGE, "keystore", CHAOS_NO_OFFSET, "path and account may not be NULL");
    }
    CHAOS_TRY(keystore_file_read(path, &text, err));
    CHAOS_TRY(keystore_open(buffer_slice(&text), passphrase, &key, err));
    return account_from_key(&key, account, err);
}

static chaos_status create_file(const char *path, chaos_slice passphrase, unsigned log_n, uint8_t *scalar,
                                chaos_account **account, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, KEYSTORE_MAX_FILE);
    CHAOS_AUTO(guarded_key, key);
    chaos_account *made = NULL;
    CHAOS_TRY(keystore_seal(scalar, passphrase, log_n, &text, &key, err));
    CHAOS_TRY(account_from_key(&key, &made, err));
    chaos_status status = keystore_file_create(path, buffer_slice(&text), err);
    if (status != CHAOS_OK) {
        chaos_account_free(made);
        return status;
    }
    *account = made;
    return CHAOS_OK;
}

static chaos_status check_call(const char *path, chaos_slice passphrase, const chaos_keystore_options *options,
                               chaos_account **account, chaos_error *err)
{
    if (path == NULL || account == NULL) {
        return error_set(err, CHAOS_E_USAGE, "keystore", CHAOS_NO_OFFSET, "path and account may not be NULL");
    }
    if (options->size != sizeof *options) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_KEYSTORE_OPTIONS_INIT");
    }
    if (passphrase.size == 0) {
        return error_set(err, CHAOS_E_USAGE, "passphrase", CHAOS_NO_OFFSET, "a keystore's passphrase is not empty");
    }
    return CHAOS_OK;
}

chaos_status chaos_account_create_keystore(const char *path, chaos_slice passphrase,
                                           const chaos_keystore_options *options, chaos_account **account,
                                           chaos_error *err)
{
    const chaos_keystore_options plain = CHAOS_KEYSTORE_OPTIONS_INIT;
    const chaos_keystore_options *o = options == NULL ? &plain : options;
    uint8_t *given = o->size == sizeof *o ? o->private_key : NULL;
    CHAOS_AUTO_SECRET(scalar, 32);
    if (scalar == NULL) {
        secret_wipe(given, given == NULL ? 0 : 32);
        return error_set(err, CHAOS_E_MEMORY, "key", CHAOS_NO_OFFSET,
                         "no locked memory for a key is left (see ulimit -l)");
    }
    if (given != NULL) {
        memcpy(scalar, given, 32);
        secret_wipe(given, 32);
    } else {
        secret_random(scalar, 32); /* outside 1..n-1 once in 2^128, and refused then */
    }
    CHAOS_TRY(check_call(path, passphrase, o, account, err));
    return create_file(path, passphrase, o->scrypt_log_n, scalar, account, err);
}
