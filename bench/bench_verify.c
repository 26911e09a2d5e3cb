/* bench_verify.c - cold verification beside the nine P-256 verifications that it cannot do without, in one run.
 *
 *   bench-verify            table: medians of interleaved rounds, with an A/A row
 *   bench-verify --once N   N cold verifications and nothing else: for callgrind
 * With CHAOS_VECTORS the quote is a real one, else a forged one. */
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

#define ROUNDS 11
#define ROUND_SECONDS 0.15
#define RAW_VERIFIES 9

/* Sizes of the nine messages of a TDX quote: body, QE report, PCK leaf, PCK CA, TCB signer, TCB info, QE identity, CRLs. */
static const size_t message_sizes[RAW_VERIFIES] = { 632, 384, 1178, 577, 566, 2934, 461, 203, 2572 };
#define MAX_MESSAGE 2934

static struct input {
    chaos_slice quote, collateral;
    chaos_trust *trust;
    int64_t now;
    const char *what;
} input;

static struct raw {
    EC_GROUP *group;
    uint8_t message[MAX_MESSAGE];
    uint8_t key[65];
    uint8_t r[RAW_VERIFIES][32], s[RAW_VERIFIES][32];
} raw;

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench-verify: %s failed\n", what);
        exit(1);
    }
}

static chaos_slice read_whole(const char *folder, const char *name)
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

static void load_input(void)
{
    const char *vectors = getenv("CHAOS_VECTORS");
    static forge_result forged;

    must(chaos_trust_new(&input.trust, NULL) == CHAOS_OK, "trust");
    if (vectors != NULL && vectors[0] != '\0') {
        input.quote = read_whole(vectors, "dcap/native/dcap-qvl/tdx_quote");
        input.collateral = read_whole(vectors, "dcap/native/dcap-qvl/tdx_quote_collateral.json");
        input.now = 1751624191;
        input.what = "a real TDX quote";
        return;
    }
    must(forge_make(FORGE_TDX4, NULL, NULL, &forged, NULL) == CHAOS_OK, "forge");
    must(chaos_trust_add_root(input.trust, buffer_slice(&forged.root), NULL) == CHAOS_OK, "root");
    input.quote = buffer_slice(&forged.quote);
    input.collateral = buffer_slice(&forged.collateral);
    input.now = forged.now;
    input.what = "a forged TDX quote (no vectors)";
}

static void load_raw(void)
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t *encoded = raw.key;

    raw.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    must(key != NULL && raw.group != NULL && EC_KEY_generate_key(key) == 1, "key");
    must(i2o_ECPublicKey(key, &encoded) == 65, "public key");
    for (size_t i = 0; i < RAW_VERIFIES; i++) {
        uint8_t digest[32];
        ECDSA_SIG *signature;

        (void)SHA256(raw.message, message_sizes[i], digest);
        signature = ECDSA_do_sign(digest, sizeof digest, key);
        must(signature != NULL, "sign");
        must(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw.r[i], 32) == 32, "r");
        must(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw.s[i], 32) == 32, "s");
        ECDSA_SIG_free(signature);
    }
    EC_KEY_free(key);
}

/* What a verifier needs: a fresh key from raw bytes, a fresh signature, SHA-256. */
static void raw_nine(void)
{
    for (size_t i = 0; i < RAW_VERIFIES; i++) {
        uint8_t digest[32];
        EC_KEY *key = EC_KEY_new();
        ECDSA_SIG *signature = ECDSA_SIG_new();

        must(key != NULL && EC_KEY_set_group(key, raw.group) == 1 &&
                 EC_KEY_oct2key(key, raw.key, sizeof raw.key, NULL) == 1,
             "key");
        must(ECDSA_SIG_set0(signature, BN_bin2bn(raw.r[i], 32, NULL), BN_bin2bn(raw.s[i], 32, NULL)) == 1, "signature");
        (void)SHA256(raw.message, message_sizes[i], digest);
        must(ECDSA_do_verify(digest, sizeof digest, signature, key) == 1, "verify");
        ECDSA_SIG_free(signature);
        EC_KEY_free(key);
    }
}

__attribute__((noinline)) void cold_verification(void);
void cold_verification(void)
{
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;
    chaos_claims *claims = NULL;
    chaos_error err;

    must(chaos_evidence_parse(input.quote, &evidence, &err) == CHAOS_OK, "evidence");
    must(chaos_collateral_parse(input.collateral, &collateral, &err) == CHAOS_OK, "collateral");
    must(chaos_verify(evidence, collateral, input.trust, input.now, NULL, &claims, &err) == CHAOS_OK, err.text);
    chaos_claims_free(claims);
    chaos_collateral_free(collateral);
    chaos_evidence_free(evidence);
}

/* Quote and collateral file read as far as chaos_verify is given them. */
static void parse_files(void)
{
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;

    must(chaos_evidence_parse(input.quote, &evidence, NULL) == CHAOS_OK, "evidence");
    must(chaos_collateral_parse(input.collateral, &collateral, NULL) == CHAOS_OK, "collateral");
    chaos_collateral_free(collateral);
    chaos_evidence_free(evidence);
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double microseconds_each(void (*work)(void))
{
    double begin = seconds(), end;
    unsigned count = 0;

    do {
        work();
        count++;
        end = seconds();
    } while (end - begin < ROUND_SECONDS);
    return (end - begin) / count * 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } rows[] = {
        { "nine raw P-256 verifies (A)", raw_nine },
        { "nine raw P-256 verifies (A again)", raw_nine },
        { "cold: parse everything, verify everything", cold_verification },
        { "parse of quote and collateral file", parse_files },
    };
    enum {
        ROWS = sizeof rows / sizeof rows[0]
    };
    double times[ROWS][ROUNDS];

    load_input();
    cold_verification();
    if (argc == 3 && strcmp(argv[1], "--once") == 0) {
        for (long left = strtol(argv[2], NULL, 10); left > 1; left--) {
            cold_verification();
        }
        return 0;
    }
    load_raw();
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t row = 0; row < ROWS; row++) {
            times[row][round] = microseconds_each(rows[row].work);
        }
    }
    (void)printf("%s, one thread, medians of %d interleaved rounds\n", input.what, ROUNDS);
    (void)printf("%-44s %10s %10s %10s %8s\n", "", "median us", "min", "max", "ratio");
    for (size_t row = 0; row < ROWS; row++) {
        qsort(times[row], ROUNDS, sizeof times[row][0], by_value);
        (void)printf("%-44s %10.1f %10.1f %10.1f %8.3f\n", rows[row].name, times[row][ROUNDS / 2], times[row][0],
                     times[row][ROUNDS - 1], times[row][ROUNDS / 2] / times[0][ROUNDS / 2]);
    }
    chaos_trust_free(input.trust);
    return 0;
}
