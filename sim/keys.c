/* keys.c - P-256 keys that derive from a public seed, and ECDSA with the nonce of RFC 6979, on OpenSSL's
 * curve arithmetic. Neither constant-time nor secret: for simulators and tests only. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

#include "sim/recipe.h"

const uint8_t p256_order[P256_SIZE] = {
    0xff,
    0xff,
    0xff,
    0xff,
    0x00,
    0x00,
    0x00,
    0x00,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xbc,
    0xe6,
    0xfa,
    0xad,
    0xa7,
    0x17,
    0x9e,
    0x84,
    0xf3,
    0xb9,
    0xca,
    0xc2,
    0xfc,
    0x63,
    0x25,
    0x51,
};

static const char *const key_labels[KEY_COUNT] = {
    [KEY_ROOT] = "root",
    [KEY_FOREIGN_ROOT] = "foreign root",
    [KEY_PCK_CA] = "pck ca",
    [KEY_OTHER_CA] = "other pck ca",
    [KEY_PCK] = "pck",
    [KEY_OTHER_PCK] = "other pck",
    [KEY_TCB_SIGNER] = "tcb signer",
    [KEY_IDENTITY_SIGNER] = "identity signer",
    [KEY_ATTESTATION] = "attestation",
    [KEY_STRANGER] = "stranger",
    [KEY_KMS_CA] = "kms ca",
};

/* The curve and the numbers of one computation, freed together. */
typedef struct workbench {
    EC_GROUP *group;
    EC_POINT *point;
    BN_CTX *numbers;
} workbench;

static void workbench_cleanup(workbench *bench)
{
    EC_POINT_free(bench->point);
    EC_GROUP_free(bench->group);
    if (bench->numbers != NULL) {
        BN_CTX_end(bench->numbers);
    }
    BN_CTX_free(bench->numbers);
}

static bool workbench_init(workbench *bench)
{
    bench->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    bench->point = bench->group == NULL ? NULL : EC_POINT_new(bench->group);
    bench->numbers = BN_CTX_new();
    if (bench->numbers != NULL) {
        BN_CTX_start(bench->numbers);
    }
    return bench->point != NULL && bench->numbers != NULL;
}

/* bench->point = scalar * G; x and y may be NULL. */
static bool multiply_base(workbench *bench, const BIGNUM *scalar, BIGNUM *x, BIGNUM *y)
{
    return EC_POINT_mul(bench->group, bench->point, scalar, NULL, NULL, bench->numbers) == 1 &&
           EC_POINT_get_affine_coordinates(bench->group, bench->point, x, y, bench->numbers) == 1;
}

static bool to_bytes(const BIGNUM *number, uint8_t out[P256_SIZE])
{
    return BN_bn2binpad(number, out, P256_SIZE) == P256_SIZE;
}

static bool key_derive(const char *seed, const char *label, uint8_t scalar[P256_SIZE], p256_key *point)
{
    __attribute__((cleanup(workbench_cleanup))) workbench bench = { NULL, NULL, NULL };
    if (!workbench_init(&bench)) {
        return false;
    }
    chaos_sha256 digest = hash_sha256_two(slice_text(seed), slice_text(label));
    BIGNUM *d = BN_CTX_get(bench.numbers);
    BIGNUM *x = BN_CTX_get(bench.numbers);
    BIGNUM *y = BN_CTX_get(bench.numbers);
    return y != NULL && BN_bin2bn(digest.bytes, sizeof digest.bytes, d) != NULL &&
           BN_mod(d, d, EC_GROUP_get0_order(bench.group), bench.numbers) == 1 && !BN_is_zero(d) &&
           multiply_base(&bench, d, x, y) && to_bytes(d, scalar) && to_bytes(x, point->x) &&
           to_bytes(y, point->y);
}

bool keyring_make(const char *seed, const char *platform, sim_keyring *out)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *owner = i == KEY_PCK || i == KEY_ATTESTATION ? platform : seed;

        if (!key_derive(owner, key_labels[i], out->scalar[i], &out->point[i])) {
            return false;
        }
    }
    return true;
}

/* HMAC-SHA256 over V ‖ middle ‖ x ‖ h; middle is one byte, absent if negative; x and h go with it. */
static bool hmac_step(const uint8_t key[P256_SIZE], const uint8_t v[P256_SIZE], int middle,
                      const uint8_t x[P256_SIZE], const uint8_t h[P256_SIZE], uint8_t out[P256_SIZE])
{
    uint8_t message[3 * P256_SIZE + 1];
    size_t size = P256_SIZE;
    memcpy(message, v, P256_SIZE);
    if (middle >= 0) {
        message[size++] = (uint8_t)middle;
        memcpy(message + size, x, P256_SIZE);
        memcpy(message + size + P256_SIZE, h, P256_SIZE);
        size += 2 * P256_SIZE;
    }
    uint8_t result[P256_SIZE];
    if (HMAC(EVP_sha256(), key, P256_SIZE, message, size, result, NULL) == NULL) {
        return false;
    }
    memcpy(out, result, sizeof result);
    return true;
}

/* RFC 6979 3.2 a-h for one candidate. P-256's order is so near to 2^256 that a second is not needed in
 * practice; a candidate out of range makes signing fail instead. */
static bool nonce_derive(const uint8_t x[P256_SIZE], const uint8_t h[P256_SIZE], uint8_t nonce[P256_SIZE])
{
    uint8_t k[P256_SIZE] = { 0 };
    uint8_t v[P256_SIZE];
    memset(v, 1, sizeof v);
    return hmac_step(k, v, 0, x, h, k) && hmac_step(k, v, -1, NULL, NULL, v) && hmac_step(k, v, 1, x, h, k) &&
           hmac_step(k, v, -1, NULL, NULL, v) && hmac_step(k, v, -1, NULL, NULL, nonce);
}

bool keyring_sign(const sim_keyring *keys, sim_key key, chaos_slice message, p256_signature *out)
{
    __attribute__((cleanup(workbench_cleanup))) workbench bench = { NULL, NULL, NULL };
    if (!workbench_init(&bench)) {
        return false;
    }
    BN_CTX *numbers = bench.numbers;
    const BIGNUM *order = EC_GROUP_get0_order(bench.group);
    BIGNUM *d = BN_CTX_get(numbers);
    BIGNUM *z = BN_CTX_get(numbers);
    BIGNUM *k = BN_CTX_get(numbers);
    BIGNUM *r = BN_CTX_get(numbers);
    BIGNUM *s = BN_CTX_get(numbers);
    chaos_sha256 digest = hash_sha256(message);
    uint8_t h[P256_SIZE];
    uint8_t nonce[P256_SIZE];
    if (s == NULL || BN_bin2bn(keys->scalar[key], P256_SIZE, d) == NULL ||
        BN_bin2bn(digest.bytes, sizeof digest.bytes, z) == NULL || BN_mod(z, z, order, numbers) != 1 ||
        !to_bytes(z, h) || !nonce_derive(keys->scalar[key], h, nonce) ||
        BN_bin2bn(nonce, sizeof nonce, k) == NULL || BN_is_zero(k) || BN_cmp(k, order) >= 0) {
        return false;
    }
    /* r = (kG).x mod n, s = (z + r d) / k mod n */
    return multiply_base(&bench, k, r, NULL) && BN_mod(r, r, order, numbers) == 1 && !BN_is_zero(r) &&
           BN_mod_mul(s, r, d, order, numbers) == 1 && BN_mod_add(s, s, z, order, numbers) == 1 &&
           BN_mod_inverse(k, k, order, numbers) != NULL && BN_mod_mul(s, s, k, order, numbers) == 1 &&
           !BN_is_zero(s) && to_bytes(r, out->r) && to_bytes(s, out->s);
}

bool signature_write_der(const p256_signature *signature, chaos_buffer *out)
{
    der_writer w = der_writer_begin(out);
    der_open(&w, DER_SEQUENCE);
    der_write_magnitude(&w, slice(signature->r, P256_SIZE));
    der_write_magnitude(&w, slice(signature->s, P256_SIZE));
    der_close(&w);
    return der_writer_end(&w);
}

void key_identifier(const p256_key *key, uint8_t out[KEY_ID_SIZE])
{
    chaos_sha256 digest = hash_sha256_two(slice(key->x, P256_SIZE), slice(key->y, P256_SIZE));
    memcpy(out, digest.bytes, KEY_ID_SIZE);
}
