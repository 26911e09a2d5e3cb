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

CHAOS_CLEANUP(guarded_key);

#endif
