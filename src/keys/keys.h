/* keys.h - secp256k1 keys in libsodium's guarded memory: locked, bounded by guard pages, left out of core
 * dumps, wiped when
 * freed, and readable only while they sign. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include "base/base.h"
#include "crypto/crypto.h"

typedef struct guarded_key guarded_key;

/* From the system's randomness. */
CHAOS_MUST_USE chaos_status guarded_key_generate(guarded_key **key, chaos_error *err);
/* From a scalar, which is wiped in any case. USAGE when it is not in 1..n-1. */
CHAOS_MUST_USE chaos_status guarded_key_import(uint8_t scalar[32], guarded_key **key, chaos_error *err);
void guarded_key_free(guarded_key *key);

const k1_point *guarded_key_point(const guarded_key *key); /* the public key */
/* ECDSA, nonce of RFC 6979, low s; v is 27 or 28. The result is recovered and compared with the public key
 * before it is
 * given (a fault in between would give the key away). What signing leaves on the stack is wiped. Thread-safe
 * for one key. */
CHAOS_MUST_USE chaos_status guarded_key_sign(const guarded_key *key, const uint8_t digest[32],
                                             chaos_signature65 *signature, chaos_error *err);

/* Overwrites memory in a way that the compiler keeps. Accepts NULL with size 0. */
void secret_wipe(void *memory, size_t size);
/* Bytes in guarded memory, writable, zeroed; NULL when the memory that may be locked (ulimit -l) is used up. */
CHAOS_MUST_USE uint8_t *secret_alloc(size_t size);
void secret_free(void *memory); /* wipes; NULL is allowed */
/* The system's randomness. */
void secret_random(void *memory, size_t size);

CHAOS_CLEANUP(guarded_key);

static inline void secret_cleanup(uint8_t **memory)
{
    secret_free(*memory);
}
/* A pointer to guarded memory that is wiped and freed when the scope ends. */
#define CHAOS_AUTO_SECRET(name, size) __attribute__((cleanup(secret_cleanup))) uint8_t *name = secret_alloc(size)

/* ------------------------------------------------------------------- KDF ---- */

/* Passphrase to key, `size` bytes into `out`. False: out of memory, or the backend failed. The parameters are judged by
 * the caller. kdf.c */
CHAOS_MUST_USE bool kdf_scrypt(chaos_slice passphrase, chaos_slice salt, uint64_t n, uint32_t r, uint32_t p,
                               uint8_t *out, size_t size);
CHAOS_MUST_USE bool kdf_pbkdf2_sha256(chaos_slice passphrase, chaos_slice salt, uint32_t rounds, uint8_t *out,
                                      size_t size);
/* AES-128 in counter mode; in and out have the same size. */
CHAOS_MUST_USE bool cipher_aes128_ctr(const uint8_t key[16], const uint8_t iv[16], chaos_slice in, uint8_t *out);

/* -------------------------------------------------------------- keystore ---- */

#define KEYSTORE_MAX_FILE 16384u
#define KEYSTORE_MAX_PASSPHRASE 1024u
#define KEYSTORE_MAX_SALT 64u
#define KEYSTORE_MAX_N (1u << 20)
#define KEYSTORE_MAX_R 32u
#define KEYSTORE_MAX_P 16u
#define KEYSTORE_MAX_MEMORY (512u << 20)   /* bytes: 128 * n * r */
#define KEYSTORE_MAX_WORK (1u << 23)       /* n * r * p: four times geth's standard */
#define KEYSTORE_MAX_ROUNDS 10000000u      /* of PBKDF2 */
#define KEYSTORE_LOG_N 17u                 /* of ours: scrypt 2^17, 8, 1: 128 MiB */
#define KEYSTORE_MIN_LOG_N 12u
#define KEYSTORE_MAX_LOG_N 19u

/* Web3 Secret Storage, version 3 (docs/keystore.md). KEYSTORE_FORMAT or a JSON status for what is malformed or not
 * supported, PASSPHRASE when the MAC says that the passphrase is another one. Pure, but for memory and time. */
CHAOS_MUST_USE chaos_status keystore_open(chaos_slice json, chaos_slice passphrase, guarded_key **key,
                                          chaos_error *err);
/* What a keystore says without its passphrase. Nothing of it is authenticated. */
typedef struct keystore_info {
    bool has_address;
    chaos_address address;
    bool is_scrypt;
    uint64_t memory; /* bytes that opening it takes */
    uint64_t work;   /* n * r * p, or rounds */
} keystore_info;
CHAOS_MUST_USE chaos_status keystore_examine(chaos_slice json, keystore_info *info, chaos_error *err);
/* Encrypts the scalar, which is wiped in any case, with a salt and an IV of the system's randomness. */
CHAOS_MUST_USE chaos_status keystore_seal(uint8_t scalar[32], chaos_slice passphrase, unsigned log_n,
                                          chaos_buffer *json, guarded_key **key, chaos_error *err);

/* A regular file of this user that nobody else can read, not reached through a symbolic link; FILE_IO otherwise.
 * keystore_file.c */
CHAOS_MUST_USE chaos_status keystore_file_read(const char *path, chaos_buffer *json, chaos_error *err);
/* A new file of mode 0600, whole or not at all, on the disk when this returns. Never replaces one. The folder is made
 * (0700) if it is missing; one that others can write to is refused. */
CHAOS_MUST_USE chaos_status keystore_file_create(const char *path, chaos_slice json, chaos_error *err);

#endif
