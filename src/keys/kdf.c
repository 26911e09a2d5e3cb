/* kdf.c - passphrases to keys, and the cipher of keystores. scrypt is libsodium's: it is several times faster than that
 * of OpenSSL 3.0, and its memory is its own mapping, which the kernel takes back. PBKDF2 and AES are libcrypto's. */
#include "keys/keys.h"

#include <openssl/evp.h>
#include <sodium.h>

enum {
    STACK_BURNT = 8192
};

bool kdf_scrypt(chaos_slice passphrase, chaos_slice salt, uint64_t n, uint32_t r, uint32_t p, uint8_t *out, size_t size)
{
    static const uint8_t nothing;
    bool made = sodium_init() >= 0 &&
                crypto_pwhash_scryptsalsa208sha256_ll(passphrase.size == 0 ? &nothing : passphrase.data,
                                                      passphrase.size, salt.data, salt.size, n, r, p, out, size) == 0;
    sodium_stackzero(STACK_BURNT);
    return made;
}

bool kdf_pbkdf2_sha256(chaos_slice passphrase, chaos_slice salt, uint32_t rounds, uint8_t *out, size_t size)
{
    if (!crypto_ready() || passphrase.size > KEYSTORE_MAX_PASSPHRASE || salt.size > KEYSTORE_MAX_SALT || size > 64 ||
        rounds > KEYSTORE_MAX_ROUNDS) {
        return false;
    }
    bool made = PKCS5_PBKDF2_HMAC(passphrase.size == 0 ? "" : (const char *)passphrase.data, (int)passphrase.size,
                                  salt.data, (int)salt.size, (int)rounds, EVP_sha256(), (int)size, out) == 1;
    sodium_stackzero(STACK_BURNT);
    return made;
}

bool cipher_aes128_ctr(const uint8_t key[16], const uint8_t iv[16], chaos_slice in, uint8_t *out)
{
    int done = 0, rest = 0;
    if (!crypto_ready() || in.size > KEYSTORE_MAX_FILE) {
        return false;
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool made = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, key, iv) == 1 &&
                EVP_EncryptUpdate(context, out, &done, in.data, (int)in.size) == 1 &&
                EVP_EncryptFinal_ex(context, out + done, &rest) == 1 && (size_t)done == in.size && rest == 0;
    EVP_CIPHER_CTX_free(context); /* wipes the key schedule */
    sodium_stackzero(STACK_BURNT);
    return made;
}
