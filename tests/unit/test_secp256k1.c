/* test_secp256k1.c - key recovery over secp256k1: signatures made by libsecp256k1 recover to their keys, and what is
 * out of range, high or of no point recovers to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "crypto/crypto.h"
#include "tests/support/der_kit.h"

/* Digest of a binding, signed by the keys 01..01 (endorsement) and 02..02 (possession) with RFC 6979 nonces. */
#define DIGEST "093e4402358685608bfceb8ab06f5ab4d2f1ba9ae7c48eadc7b7d353b1919df1"
#define POSSESSION_R "1d9f5229a2db52be71a5eb1bec3fdf09a7657f2e91b0dfc3a524fbe92ce0aa38"
#define POSSESSION_S "6e103a2c1f31eab2a5e59f8bc4511a75d57017a511cf06d2dde65b386a958972"
#define ENDORSEMENT_R "f143e33a3832cd01d9a541e384c89bf6a5edf065cbcd2c4bc533889be56af029"
#define ENDORSEMENT_S "6bba16721c59ad06598b8574f6fc26efd5b18b63c1bf0555dba2aaa32fe70094"
#define SESSION_ADDRESS "5050a4f4b3f9338c3472dcc01a87c76a144b3c9c"
#define IDENTITY_ADDRESS "1a642f0e3c3af545e7acbd38b07251b3990914f1"
/* The curve (SEC 2 2.4.1). */
#define N "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define N_MINUS_1 "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
#define P "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
#define HALF_N "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
#define HALF_N_PLUS_1 "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1"
#define G_X "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define G_Y "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
#define MINUS_G_Y "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define FIVE "0000000000000000000000000000000000000000000000000000000000000005" /* no point has this X */

static void from_hex(const char *hex, uint8_t *out, size_t size)
{
    static kit bytes;

    bytes.size = 0;
    kit_hex(&bytes, hex);
    assert_int_equal(bytes.size, size);
    memcpy(out, bytes.data, size);
}

static k1_result recover(const char *digest, const char *r, const char *s, unsigned id, k1_point *out)
{
    uint8_t digest_bytes[32], r_bytes[32], s_bytes[32];

    from_hex(digest, digest_bytes, 32);
    from_hex(r, r_bytes, 32);
    from_hex(s, s_bytes, 32);
    memset(out, 0xee, sizeof *out);
    return k1_recover(digest_bytes, r_bytes, s_bytes, id, out);
}

static bool is_address(const k1_point *point, const char *hex)
{
    const chaos_address address = k1_address(point);
    uint8_t wanted[20];

    from_hex(hex, wanted, sizeof wanted);
    return memcmp(address.bytes, wanted, sizeof wanted) == 0;
}

typedef struct recover_case {
    const char *name, *r, *s;
    unsigned id;
    k1_result result;
    const char *address;       /* that comes out ... */
    const char *other_address; /* ... and that must not */
} recover_case;

static const recover_case recover_cases[] = {
    { "possession", POSSESSION_R, POSSESSION_S, 1, K1_GOOD, SESSION_ADDRESS, IDENTITY_ADDRESS },
    { "endorsement", ENDORSEMENT_R, ENDORSEMENT_S, 0, K1_GOOD, IDENTITY_ADDRESS, SESSION_ADDRESS },
    { "the other parity", POSSESSION_R, POSSESSION_S, 0, K1_GOOD, NULL, SESSION_ADDRESS },
    { "id 2", POSSESSION_R, POSSESSION_S, 2, K1_BAD, NULL, NULL },
    { "id 3", POSSESSION_R, POSSESSION_S, 3, K1_BAD, NULL, NULL },
    { "id 4", POSSESSION_R, POSSESSION_S, 4, K1_BAD, NULL, NULL },
    { "id 5", POSSESSION_R, POSSESSION_S, 5, K1_BAD, NULL, NULL },
    { "id 28", POSSESSION_R, POSSESSION_S, 28, K1_BAD, NULL, NULL },
    { "id 2^31", POSSESSION_R, POSSESSION_S, 1u << 31, K1_BAD, NULL, NULL },
    { "id of all ones", POSSESSION_R, POSSESSION_S, UINT_MAX, K1_BAD, NULL, NULL },
    { "r = 0", ZERO, POSSESSION_S, 1, K1_BAD, NULL, NULL },
    { "s = 0", POSSESSION_R, ZERO, 1, K1_BAD, NULL, NULL },
    { "both 0", ZERO, ZERO, 0, K1_BAD, NULL, NULL },
    { "r = n", N, POSSESSION_S, 1, K1_BAD, NULL, NULL },
    { "r = n, id 2", N, POSSESSION_S, 2, K1_BAD, NULL, NULL },
    { "r = p", P, POSSESSION_S, 1, K1_BAD, NULL, NULL },
    { "r = 2^256 - 1", ALL_ONES, POSSESSION_S, 1, K1_BAD, NULL, NULL },
    { "r of no point", FIVE, POSSESSION_S, 1, K1_BAD, NULL, NULL },
    { "s = 1", POSSESSION_R, ONE, 1, K1_GOOD, NULL, SESSION_ADDRESS },
    { "s = (n - 1) / 2", POSSESSION_R, HALF_N, 1, K1_GOOD, NULL, SESSION_ADDRESS },
    { "s = (n - 1) / 2 + 1", POSSESSION_R, HALF_N_PLUS_1, 1, K1_BAD, NULL, NULL },
    { "s = n - 1", POSSESSION_R, N_MINUS_1, 1, K1_BAD, NULL, NULL },
    { "s = n", POSSESSION_R, N, 1, K1_BAD, NULL, NULL },
    { "s = 2^256 - 1", POSSESSION_R, ALL_ONES, 1, K1_BAD, NULL, NULL },
};

static void test_recover(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(recover_cases); i++) {
        const recover_case *c = &recover_cases[i];
        k1_point point;
        const k1_result result = recover(DIGEST, c->r, c->s, c->id, &point);

        if (result != c->result || (c->address != NULL && !is_address(&point, c->address)) ||
            (c->other_address != NULL && is_address(&point, c->other_address))) {
            fail_msg("%s: %d", c->name, (int)result);
        }
        if (result != K1_GOOD) {
            assert_true(slice_is_zero(slice(&point, sizeof point)));
        }
    }
}

/* n - s with the other parity is the same signature in other bytes: libsecp256k1 recovers the key, we refuse. */
static void test_high_s(void **state)
{
    (void)state;
    uint8_t digest[32], r[32], s[32];
    k1_point point;

    from_hex(DIGEST, digest, 32);
    from_hex(POSSESSION_R, r, 32);
    from_hex(POSSESSION_S, s, 32);
    assert_int_equal(k1_recover(digest, r, s, 1, &point), K1_GOOD);
    assert_int_equal(secp256k1_ec_seckey_negate(secp256k1_context_static, s), 1);
    for (unsigned id = 0; id < 4; id++) {
        assert_int_equal(k1_recover(digest, r, s, id, &point), K1_BAD);
    }
    assert_int_equal(secp256k1_ec_seckey_negate(secp256k1_context_static, s), 1);
    assert_int_equal(k1_recover(digest, r, s, 1, &point), K1_GOOD);
}

/* Does the recovered key verify the signature that it was recovered from? */
static bool verifies(const k1_point *point, const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32])
{
    uint8_t bytes[65] = { 0x04 }, compact[64];
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;

    memcpy(bytes + 1, point->x, 32);
    memcpy(bytes + 33, point->y, 32);
    memcpy(compact, r, 32);
    memcpy(compact + 32, s, 32);
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, bytes, sizeof bytes) == 1 &&
           secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &signature, compact) == 1 &&
           secp256k1_ecdsa_verify(secp256k1_context_static, &signature, digest, &key) == 1;
}

/* Ids 2 and 3 say that the point's X is r + n, which is below p only for an r below 2^129. */
static void test_all_ids(void **state)
{
    (void)state;
    size_t good[4] = { 0 };
    uint8_t digest[32], s[32], r[32] = { 0 };

    from_hex(DIGEST, digest, 32);
    from_hex(POSSESSION_S, s, 32);
    for (uint8_t low = 1; low <= 40; low++) {
        r[31] = low;
        for (unsigned id = 0; id < 4; id++) {
            k1_point point;
            const k1_result result = k1_recover(digest, r, s, id, &point);

            assert_true(result == K1_BAD || (result == K1_GOOD && verifies(&point, digest, r, s)));
            good[id] += result == K1_GOOD;
        }
    }
    assert_true(good[0] > 5 && good[0] == good[1]);
    assert_true(good[2] > 5 && good[2] == good[3]);
}

static void test_every_bit(void **state)
{
    (void)state;
    uint8_t digest_and_signature[96];

    from_hex(DIGEST, digest_and_signature, 32);
    from_hex(POSSESSION_R, digest_and_signature + 32, 32);
    from_hex(POSSESSION_S, digest_and_signature + 64, 32);
    for (size_t bit = 0; bit < 8 * sizeof digest_and_signature; bit++) {
        uint8_t bytes[96];
        k1_point point;

        memcpy(bytes, digest_and_signature, sizeof bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (unsigned id = 0; id < 4; id++) {
            const k1_result result = k1_recover(bytes, bytes + 32, bytes + 64, id, &point);
            assert_true(result == K1_BAD || (result == K1_GOOD && !is_address(&point, SESSION_ADDRESS)));
        }
    }
}

/* Signatures of libsecp256k1 with keys and digests of many kinds. */
static void test_like_libsecp256k1(void **state)
{
    (void)state;
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);

    assert_non_null(context);
    for (unsigned i = 1; i < 100; i++) {
        const chaos_keccak secret = hash_keccak(slice(&i, sizeof i));
        const chaos_keccak digest = hash_keccak(slice(secret.bytes, sizeof secret.bytes));
        secp256k1_ecdsa_recoverable_signature signature;
        secp256k1_pubkey key;
        uint8_t compact[64], uncompressed[65], compressed[33], ours[33];
        size_t size = sizeof uncompressed;
        int id = -1;
        k1_point point;

        assert_int_equal(secp256k1_ec_pubkey_create(context, &key, secret.bytes), 1);
        assert_int_equal(
            secp256k1_ecdsa_sign_recoverable(context, &signature, digest.bytes, secret.bytes, NULL, NULL), 1);
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context, compact, &id, &signature);
        assert_int_equal(k1_recover(digest.bytes, compact, compact + 32, (unsigned)id, &point), K1_GOOD);
        secp256k1_ec_pubkey_serialize(context, uncompressed, &size, &key, SECP256K1_EC_UNCOMPRESSED);
        assert_memory_equal(point.x, uncompressed + 1, 32);
        assert_memory_equal(point.y, uncompressed + 33, 32);
        size = sizeof compressed;
        secp256k1_ec_pubkey_serialize(context, compressed, &size, &key, SECP256K1_EC_COMPRESSED);
        k1_compress(&point, ours);
        assert_memory_equal(ours, compressed, sizeof ours);
    }
    secp256k1_context_destroy(context);
}

static k1_point point_of(const char *x, const char *y)
{
    k1_point point;

    from_hex(x, point.x, 32);
    from_hex(y, point.y, 32);
    return point;
}

/* G and -G: one X, the two parities, two addresses. */
static void test_names_of_a_key(void **state)
{
    (void)state;
    const k1_point even = point_of(G_X, G_Y), odd = point_of(G_X, MINUS_G_Y);
    const chaos_keccak hash = k1_key_hash(&even);
    const chaos_address address = k1_address(&even);
    uint8_t x[32], compressed[33];

    from_hex(G_X, x, 32);
    k1_compress(&even, compressed);
    assert_int_equal(compressed[0], 2);
    assert_memory_equal(compressed + 1, x, 32);
    k1_compress(&odd, compressed);
    assert_int_equal(compressed[0], 3);
    assert_memory_equal(compressed + 1, x, 32);
    assert_true(is_address(&even, "7e5f4552091a69125d5dfcb7b8c2659029395bdf")); /* of the private key 1 */
    assert_false(is_address(&odd, "7e5f4552091a69125d5dfcb7b8c2659029395bdf"));
    assert_memory_equal(address.bytes, hash.bytes + 12, 20);
    assert_memory_equal(hash.bytes, hash_keccak(slice(&even, sizeof even)).bytes, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recover),
        cmocka_unit_test(test_high_s),
        cmocka_unit_test(test_all_ids),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_like_libsecp256k1),
        cmocka_unit_test(test_names_of_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
