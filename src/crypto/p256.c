/* p256.c - ECDSA over P-256 with SHA-256 (FIPS 186-5 6.4).
 *
 * OpenSSL 3 calls EC_KEY and ECDSA_do_verify deprecated. They stay the right choice here: our keys and
 * signatures are raw numbers, and to decode a key through EVP costs more than two verifications, to build
 * it by EVP_PKEY_fromdata a third of one. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/internal.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

/* n, the order of the group (SP 800-186 3.2.1.3). */
static const uint8_t order[P256_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
};

static CRYPTO_ONCE group_once = CRYPTO_ONCE_STATIC_INIT;
static EC_GROUP *group; /* written inside group_once only, read by all threads after it */

static void make_group(void)
{
    if (crypto_ready()) {
        group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    }
}

static const EC_GROUP *p256(void)
{
    return CRYPTO_THREAD_run_once(&group_once, make_group) == 1 ? group : NULL;
}

static void key_cleanup(EC_KEY **key)
{
    EC_KEY_free(*key);
}

static void signature_cleanup(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

/* Why did libcrypto refuse: because of the numbers it was given, or for a reason of its own? Whoever chooses key and
 * signature can reach each of the reasons named here, so they are bad input and no fault of ours; POINT_AT_INFINITY
 * comes from a signature whose sum u1*G + u2*Q is the neutral element. libcrypto gives such a reason also when it ran
 * out of memory on the way: then that decides. Leaves the error queue empty. */
static p256_result judge_refusal(void)
{
    p256_result result = P256_BACKEND_FAILED;
    bool out_of_memory = false;
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        const int reason = ERR_GET_REASON(code);
        out_of_memory = out_of_memory || reason == ERR_R_MALLOC_FAILURE;
        if (ERR_GET_LIB(code) == ERR_LIB_EC &&
            (reason == EC_R_POINT_IS_NOT_ON_CURVE || reason == EC_R_COORDINATES_OUT_OF_RANGE ||
             reason == EC_R_INVALID_ENCODING || reason == EC_R_POINT_AT_INFINITY)) {
            result = P256_BAD;
        }
    }
    return out_of_memory ? P256_BACKEND_FAILED : result;
}

/* P256_GOOD when the point is on the curve. *out is to be freed in any case. */
static p256_result load_key(const p256_key *key, EC_KEY **out)
{
    const EC_GROUP *curve = p256();
    uint8_t point[1 + 2 * P256_SIZE];

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, key->x, P256_SIZE);
    memcpy(point + 1 + P256_SIZE, key->y, P256_SIZE);
    *out = curve != NULL ? EC_KEY_new() : NULL;
    if (*out == NULL || EC_KEY_set_group(*out, curve) != 1 ||
        EC_KEY_oct2key(*out, point, sizeof point, NULL) != 1) { /* checks that the point is on the curve */
        return judge_refusal() == P256_BAD ? P256_BAD_KEY : P256_BACKEND_FAILED;
    }
    return P256_GOOD;
}

/* NULL: out of memory. */
static ECDSA_SIG *load_signature(const p256_signature *signature)
{
    ECDSA_SIG *loaded = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature->r, P256_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature->s, P256_SIZE, NULL);

    if (loaded == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(loaded, r, s) != 1) {
        ECDSA_SIG_free(loaded);
        BN_free(r);
        BN_free(s);
        return NULL;
    }
    return loaded;
}

/* 1 <= number < n */
static bool in_range(const uint8_t number[P256_SIZE])
{
    return !slice_is_zero(slice(number, P256_SIZE)) && memcmp(number, order, P256_SIZE) < 0;
}

p256_result p256_key_check(const p256_key *key)
{
    __attribute__((cleanup(key_cleanup))) EC_KEY *loaded = NULL;

    ERR_clear_error(); /* what the caller's own calls left behind is no reason of ours */
    return load_key(key, &loaded);
}

p256_result p256_verify(const p256_key *key, chaos_slice message, const p256_signature *signature)
{
    __attribute__((cleanup(key_cleanup))) EC_KEY *loaded_key = NULL;
    __attribute__((cleanup(signature_cleanup))) ECDSA_SIG *loaded_signature = NULL;

    ERR_clear_error();
    const p256_result loading = load_key(key, &loaded_key);
    if (loading != P256_GOOD) {
        return loading;
    }
    if (!in_range(signature->r) || !in_range(signature->s)) {
        return P256_BAD;
    }
    loaded_signature = load_signature(signature);
    if (loaded_signature == NULL) {
        return judge_refusal();
    }
    const chaos_sha256 digest = hash_sha256(message);
    const int verified = ECDSA_do_verify(digest.bytes, SHA256_SIZE, loaded_signature, loaded_key);
    if (verified == 1) {
        return P256_GOOD;
    }
    return verified == 0 ? P256_BAD : judge_refusal();
}
