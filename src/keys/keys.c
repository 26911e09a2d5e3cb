/* keys.c - secp256k1 keys that are readable only while they sign. */
#include "keys/keys.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

enum {
    SCALAR_SIZE = 32,
    SERIALIZED_SIZE = 65, /* 04 X Y */
    ETHEREUM_V = 27,
    STACK_BURNT = 16384, /* more than libsecp256k1 uses for a signature */
    MAX_TRIES = 8        /* a random scalar is out of range once in 2^128 */
};

struct guarded_key {
    uint8_t *scalar; /* guarded; no access outside of a signature */
    secp256k1_context *context;
    k1_point point;
    pthread_mutex_t lock; /* opening and closing the page are one */
};

void guarded_key_free(guarded_key *key)
{
    if (key != NULL) {
        if (key->scalar != NULL) {
            secret_free(key->scalar);
        }
        if (key->context != NULL) {
            secp256k1_context_destroy(key->context);
        }
        (void)pthread_mutex_destroy(&key->lock);
        free(key);
    }
}

static chaos_status no_memory(chaos_error *err)
{
    (void)error_set(err, CHAOS_E_MEMORY, "key", CHAOS_NO_OFFSET, "no locked memory for a key is left (see ulimit -l)");
    return CHAOS_E_MEMORY;
}

/* A context of its own for each key: randomised, so that the same operation takes another path every time. */
static secp256k1_context *make_context(void)
{
    uint8_t seed[SCALAR_SIZE];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (context != NULL) {
        randombytes_buf(seed, sizeof seed);
        if (secp256k1_context_randomize(context, seed) != 1) {
            secp256k1_context_destroy(context);
            context = NULL;
        }
        sodium_memzero(seed, sizeof seed);
    }
    return context;
}

static chaos_status allocate(guarded_key **key, chaos_error *err)
{
    guarded_key *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return no_memory(err);
    }
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return no_memory(err);
    }
    *key = made;
    made->scalar = secret_alloc(SCALAR_SIZE); /* initialises libsodium, which the context's randomness needs */
    made->context = made->scalar == NULL ? NULL : make_context();
    return made->context == NULL ? no_memory(err) : CHAOS_OK;
}

/* The public key of the scalar, which is then closed. */
static chaos_status finish(guarded_key *key, chaos_error *err)
{
    secp256k1_pubkey public_key;
    uint8_t bytes[SERIALIZED_SIZE];
    size_t size = sizeof bytes;
    int made = secp256k1_ec_pubkey_create(key->context, &public_key, key->scalar);
    sodium_stackzero(STACK_BURNT);
    if (made != 1 ||
        secp256k1_ec_pubkey_serialize(key->context, bytes, &size, &public_key, SECP256K1_EC_UNCOMPRESSED) != 1 ||
        sodium_mprotect_noaccess(key->scalar) != 0) {
        return error_set(err, CHAOS_E_CRYPTO, "key", CHAOS_NO_OFFSET, "the key could not be made");
    }
    memcpy(key->point.x, bytes + 1, sizeof key->point.x);
    memcpy(key->point.y, bytes + 1 + sizeof key->point.x, sizeof key->point.y);
    return CHAOS_OK;
}

chaos_status guarded_key_generate(guarded_key **key, chaos_error *err)
{
    CHAOS_AUTO(guarded_key, made);
    unsigned tries = 0;
    CHAOS_TRY(allocate(&made, err));
    do {
        randombytes_buf(made->scalar, SCALAR_SIZE);
    } while (secp256k1_ec_seckey_verify(made->context, made->scalar) != 1 && ++tries < MAX_TRIES);
    CHAOS_TRY(finish(made, err));
    CHAOS_GIVE(key, made);
    return CHAOS_OK;
}

static chaos_status take_scalar(const uint8_t scalar[SCALAR_SIZE], guarded_key **key, chaos_error *err)
{
    CHAOS_AUTO(guarded_key, made);
    CHAOS_TRY(allocate(&made, err));
    memcpy(made->scalar, scalar, SCALAR_SIZE);
    if (secp256k1_ec_seckey_verify(made->context, made->scalar) != 1) {
        return error_set(err, CHAOS_E_USAGE, "key", CHAOS_NO_OFFSET, "a private key lies between 1 and n - 1");
    }
    CHAOS_TRY(finish(made, err));
    CHAOS_GIVE(key, made);
    return CHAOS_OK;
}

chaos_status guarded_key_import(uint8_t scalar[SCALAR_SIZE], guarded_key **key, chaos_error *err)
{
    chaos_status status = take_scalar(scalar, key, err);
    secret_wipe(scalar, SCALAR_SIZE);
    /* Copying leaves the scalar in vector registers, and the dynamic loader saves those on the stack when a library
     * calls a function for the first time. */
    sodium_stackzero(STACK_BURNT);
    return status;
}

const k1_point *guarded_key_point(const guarded_key *key)
{
    return &key->point;
}

/* --------------------------------------------------------------- signing ---- */

/* r, s and the recovery id. The scalar's page is open for this one call. */
static bool sign_open(guarded_key *key, const uint8_t digest[32], uint8_t rs[64], int *recovery_id)
{
    secp256k1_ecdsa_recoverable_signature signature;
    if (sodium_mprotect_readonly(key->scalar) != 0) {
        return false;
    }
    bool made = secp256k1_ecdsa_sign_recoverable(key->context, &signature, digest, key->scalar, NULL, NULL) == 1;
    bool closed = sodium_mprotect_noaccess(key->scalar) == 0;
    sodium_stackzero(STACK_BURNT);
    return made && closed &&
           secp256k1_ecdsa_recoverable_signature_serialize_compact(key->context, rs, recovery_id, &signature) ==
               1;
}

/* A glitch between nonce and result would give the key away: only what recovers to our own key leaves. */
static bool is_ours(const guarded_key *key, const uint8_t digest[32], const chaos_signature65 *signature,
                    int recovery_id)
{
    k1_point recovered;
    return recovery_id >= 0 && recovery_id <= 1 &&
           k1_recover(digest, signature->bytes, signature->bytes + 32, (unsigned)recovery_id, &recovered) ==
               K1_GOOD &&
           memcmp(&recovered, &key->point, sizeof recovered) == 0;
}

chaos_status guarded_key_sign(const guarded_key *key, const uint8_t digest[32], chaos_signature65 *signature,
                              chaos_error *err)
{
    /* the lock and the page's protection are no part of its value */
    guarded_key *open = (guarded_key *)(uintptr_t)key;
    chaos_signature65 made = { { 0 } };
    int recovery_id = -1;
    if (pthread_mutex_lock(&open->lock) != 0) {
        return error_set(err, CHAOS_E_INTERNAL, "key", CHAOS_NO_OFFSET, NULL);
    }
    bool ok = sign_open(open, digest, made.bytes, &recovery_id);
    (void)pthread_mutex_unlock(&open->lock);
    if (!ok || !is_ours(key, digest, &made, recovery_id)) {
        return error_set(err, CHAOS_E_CRYPTO, "signature", CHAOS_NO_OFFSET, "the signature could not be made");
    }
    made.bytes[64] = (uint8_t)(ETHEREUM_V + recovery_id);
    *signature = made;
    return CHAOS_OK;
}
