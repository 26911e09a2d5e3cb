/* bench.h - what the benchmarks share: input, the raw primitive, time. Included by one program each. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#define OPENSSL_SUPPRESS_DEPRECATED

#include <chaoschain/chaoschain.h>

#include "sim/sim.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RAW_VERIFIES 9
#define MAX_MESSAGE 2934

static inline void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

static inline double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Of this thread; other programs do not lengthen it. */
static inline double processor_seconds(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static inline int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* ------------------------------------------------------------------- input ---- */

typedef struct bench_input {
    chaos_slice quote, collateral;
    chaos_trust *trust;
    int64_t now;
    const char *what;
} bench_input;

static inline chaos_slice read_whole(const char *folder, const char *name)
{
    static const size_t limit = 1u << 20;
    char path[1024];
    uint8_t *data = malloc(limit);
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    must(data != NULL && file != NULL, path);
    size = fread(data, 1, limit, file);
    (void)fclose(file);
    return (chaos_slice){ data, size };
}

/* With CHAOS_VECTORS a real quote, else a forged one. */
static inline void load_input(bench_input *input)
{
    const char *vectors = getenv("CHAOS_VECTORS");
    static forge_result forged;

    must(chaos_trust_new(&input->trust, NULL) == CHAOS_OK, "trust");
    if (vectors != NULL && vectors[0] != '\0') {
        input->quote = read_whole(vectors, "dcap/native/dcap-qvl/tdx_quote");
        input->collateral = read_whole(vectors, "dcap/native/dcap-qvl/tdx_quote_collateral.json");
        input->now = 1751624191;
        input->what = "a real TDX quote";
        return;
    }
    must(forge_make(FORGE_TDX4, NULL, NULL, &forged, NULL) == CHAOS_OK, "forge");
    must(chaos_trust_add_root(input->trust, buffer_slice(&forged.root), NULL) == CHAOS_OK, "root");
    input->quote = buffer_slice(&forged.quote);
    input->collateral = buffer_slice(&forged.collateral);
    input->now = forged.now;
    input->what = "a forged TDX quote (no vectors)";
}

/* --------------------------------------------------------------------- raw ---- */

typedef struct bench_raw {
    EC_GROUP *group;
    uint8_t message[MAX_MESSAGE];
    uint8_t key[65];
    uint8_t r[RAW_VERIFIES][32], s[RAW_VERIFIES][32];
} bench_raw;

/* Sizes of the nine messages of a TDX quote: body, QE report, PCK leaf, PCK CA, TCB signer, TCB info, QE identity, and
 * the two revocation lists. */
static const size_t message_sizes[RAW_VERIFIES] = { 632, 384, 1178, 577, 566, 2934, 461, 203, 2572 };

static inline void load_raw(bench_raw *raw)
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t *encoded = raw->key;

    raw->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    must(key != NULL && raw->group != NULL && EC_KEY_generate_key(key) == 1, "key");
    must(i2o_ECPublicKey(key, &encoded) == 65, "public key");
    for (size_t i = 0; i < RAW_VERIFIES; i++) {
        uint8_t digest[32];
        ECDSA_SIG *signature;

        (void)SHA256(raw->message, message_sizes[i], digest);
        signature = ECDSA_do_sign(digest, sizeof digest, key);
        must(signature != NULL, "sign");
        must(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw->r[i], 32) == 32, "r");
        must(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw->s[i], 32) == 32, "s");
        ECDSA_SIG_free(signature);
    }
    EC_KEY_free(key);
}

/* What a verifier needs: a fresh key from raw bytes, a fresh signature, SHA-256. */
static inline void raw_verifies(const bench_raw *raw, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[32];
        EC_KEY *key = EC_KEY_new();
        ECDSA_SIG *signature = ECDSA_SIG_new();

        must(key != NULL && EC_KEY_set_group(key, raw->group) == 1 &&
                 EC_KEY_oct2key(key, raw->key, sizeof raw->key, NULL) == 1,
             "key");
        must(ECDSA_SIG_set0(signature, BN_bin2bn(raw->r[i], 32, NULL), BN_bin2bn(raw->s[i], 32, NULL)) == 1,
             "signature");
        (void)SHA256(raw->message, message_sizes[i], digest);
        must(ECDSA_do_verify(digest, sizeof digest, signature, key) == 1, "verify");
        ECDSA_SIG_free(signature);
        EC_KEY_free(key);
    }
}

#endif
