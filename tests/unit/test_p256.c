/* test_p256.c - ECDSA P-256: RFC 6979's example, numbers out of range, points off the curve, the sum at
 * infinity; that nothing stays in libcrypto's error queue, and that no configuration file brings code in. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "tests/support/der_kit.h"

/* RFC 6979 A.2.5: the key, and its signatures with SHA-256 of two messages. */
#define KEY_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define KEY_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define TEST_R "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
#define TEST_S "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
/* The curve (SP 800-186 3.2.1.3). */
#define N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N_MINUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define N_PLUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define P "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define G_X "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define G_Y "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void from_hex(const char *hex, uint8_t out[P256_SIZE])
{
    static kit bytes;

    bytes.size = 0;
    kit_hex(&bytes, hex);
    assert_int_equal(bytes.size, P256_SIZE);
    memcpy(out, bytes.data, P256_SIZE);
}

static p256_key key_of(const char *x, const char *y)
{
    p256_key key;

    from_hex(x, key.x);
    from_hex(y, key.y);
    return key;
}

static p256_signature signature_of(const char *r, const char *s)
{
    p256_signature signature;

    from_hex(r, signature.r);
    from_hex(s, signature.s);
    return signature;
}

typedef struct verify_case {
    const char *name, *x, *y, *message, *r, *s;
    p256_result result;
} verify_case;

static const verify_case verify_cases[] = {
    { "sample", KEY_X, KEY_Y, "sample", SAMPLE_R, SAMPLE_S, P256_GOOD },
    { "test", KEY_X, KEY_Y, "test", TEST_R, TEST_S, P256_GOOD },
    { "other message", KEY_X, KEY_Y, "sampld", SAMPLE_R, SAMPLE_S, P256_BAD },
    { "empty message", KEY_X, KEY_Y, "", SAMPLE_R, SAMPLE_S, P256_BAD },
    { "signature of the other", KEY_X, KEY_Y, "sample", TEST_R, TEST_S, P256_BAD },
    { "r and s swapped", KEY_X, KEY_Y, "sample", SAMPLE_S, SAMPLE_R, P256_BAD },
    { "other key", G_X, G_Y, "sample", SAMPLE_R, SAMPLE_S, P256_BAD },
    { "r = 0", KEY_X, KEY_Y, "sample", ZERO, SAMPLE_S, P256_BAD },
    { "s = 0", KEY_X, KEY_Y, "sample", SAMPLE_R, ZERO, P256_BAD },
    { "both 0", KEY_X, KEY_Y, "sample", ZERO, ZERO, P256_BAD },
    { "r = n", KEY_X, KEY_Y, "sample", N, SAMPLE_S, P256_BAD },
    { "s = n", KEY_X, KEY_Y, "sample", SAMPLE_R, N, P256_BAD },
    { "r = n + 1", KEY_X, KEY_Y, "sample", N_PLUS_1, SAMPLE_S, P256_BAD },
    { "s = n + 1", KEY_X, KEY_Y, "sample", SAMPLE_R, N_PLUS_1, P256_BAD },
    { "r = n - 1", KEY_X, KEY_Y, "sample", N_MINUS_1, SAMPLE_S, P256_BAD },
    { "s = n - 1", KEY_X, KEY_Y, "sample", SAMPLE_R, N_MINUS_1, P256_BAD },
    { "both n - 1", KEY_X, KEY_Y, "sample", N_MINUS_1, N_MINUS_1, P256_BAD },
    { "both 1", KEY_X, KEY_Y, "sample", ONE, ONE, P256_BAD },
    { "r = 2^256 - 1", KEY_X, KEY_Y, "sample", ALL_ONES, SAMPLE_S, P256_BAD },
    { "s = 2^256 - 1", KEY_X, KEY_Y, "sample", SAMPLE_R, ALL_ONES, P256_BAD },
    { "zero point", ZERO, ZERO, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
    { "off the curve", KEY_X, G_Y, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
    { "x and y swapped", KEY_Y, KEY_X, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
    { "x = p", P, KEY_Y, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
    { "y = p", KEY_X, P, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
    { "x, y = 2^256 - 1", ALL_ONES, ALL_ONES, "sample", SAMPLE_R, SAMPLE_S, P256_BAD_KEY },
};

static void test_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(verify_cases); i++) {
        const verify_case *c = &verify_cases[i];
        const p256_key key = key_of(c->x, c->y);
        const p256_signature signature = signature_of(c->r, c->s);

        if (p256_verify(&key, slice_text(c->message), &signature) != c->result) {
            fail_msg("%s", c->name);
        }
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void test_every_bit(void **state)
{
    (void)state;
    const p256_key key = key_of(KEY_X, KEY_Y);
    const p256_signature signature = signature_of(SAMPLE_R, SAMPLE_S);

    for (size_t bit = 0; bit < 512; bit++) {
        p256_signature other_signature = signature;
        p256_key other_key = key;
        uint8_t *bytes = bit < 256 ? other_signature.r : other_signature.s;

        bytes[bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(p256_verify(&key, slice_text("sample"), &other_signature), P256_BAD);
        bytes = bit < 256 ? other_key.x : other_key.y;
        bytes[bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(p256_verify(&other_key, slice_text("sample"), &signature), P256_BAD_KEY);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

/* s and n - s verify alike: P-256 has no low-s rule. */
static void test_high_s(void **state)
{
    (void)state;
    const p256_key key = key_of(KEY_X, KEY_Y);
    p256_signature signature = signature_of(SAMPLE_R, SAMPLE_S);
    uint8_t order[P256_SIZE];
    BIGNUM *n, *s = BN_bin2bn(signature.s, P256_SIZE, NULL);

    from_hex(N, order);
    n = BN_bin2bn(order, P256_SIZE, NULL);
    assert_int_equal(BN_sub(s, n, s), 1);
    assert_int_equal(BN_bn2binpad(s, signature.s, P256_SIZE), P256_SIZE);
    assert_int_equal(p256_verify(&key, slice_text("sample"), &signature), P256_GOOD);
    BN_free(n);
    BN_free(s);
}

/* With Q = G and r = n - z the sum u1*G + u2*Q is the point at infinity, for any s. Whoever made the key
 * chooses that: it is a bad signature, not a fault of the backend. */
static void test_sum_at_infinity(void **state)
{
    (void)state;
    const p256_key key = key_of(G_X, G_Y);
    const chaos_sha256 digest = hash_sha256(slice_text("sample"));
    p256_signature signature = signature_of(ONE, SAMPLE_S);
    uint8_t order[P256_SIZE];
    BN_CTX *context = BN_CTX_new();
    BIGNUM *n, *z = BN_bin2bn(digest.bytes, SHA256_SIZE, NULL);

    from_hex(N, order);
    n = BN_bin2bn(order, P256_SIZE, NULL);
    assert_int_equal(BN_mod_sub(z, n, z, n, context), 1);
    assert_int_equal(BN_bn2binpad(z, signature.r, P256_SIZE), P256_SIZE);
    assert_int_equal(p256_verify(&key, slice_text("sample"), &signature), P256_BAD);
    assert_int_equal(ERR_peek_error(), 0);
    BN_free(n);
    BN_free(z);
    BN_CTX_free(context);
}

static void test_key_is_valid(void **state)
{
    (void)state;
    static const struct {
        const char *x, *y;
        bool valid;
    } cases[] = {
        { KEY_X, KEY_Y, true },
        { G_X, G_Y, true },
        { ZERO, ZERO, false },
        { KEY_X, G_Y, false },
        { P, KEY_Y, false },
        { KEY_X, P, false },
        { ONE, ONE, false },
        { ALL_ONES, ALL_ONES, false },
        { ZERO, ONE, false },
        { KEY_Y, KEY_X, false },
    };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const p256_key key = key_of(cases[i].x, cases[i].y);
        assert_int_equal(p256_key_is_valid(&key), cases[i].valid);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* Fresh keys and signatures of libcrypto, over messages of all sizes. */
static void test_like_libcrypto(void **state)
{
    (void)state;
    EC_KEY *pair = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t message[300], point[65];

    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)(31 * i);
    }
    for (size_t size = 0; size < sizeof message; size += 10) {
        p256_key key;
        p256_signature signature;
        assert_int_equal(EC_KEY_generate_key(pair), 1);
        const chaos_sha256 digest = hash_sha256(slice(message, size));
        ECDSA_SIG *made = ECDSA_do_sign(digest.bytes, SHA256_SIZE, pair);
        assert_non_null(made);
        assert_int_equal(EC_POINT_point2oct(EC_KEY_get0_group(pair), EC_KEY_get0_public_key(pair),
                                            POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, NULL),
                         sizeof point);
        memcpy(key.x, point + 1, P256_SIZE);
        memcpy(key.y, point + 1 + P256_SIZE, P256_SIZE);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(made), signature.r, P256_SIZE), P256_SIZE);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(made), signature.s, P256_SIZE), P256_SIZE);
        assert_int_equal(p256_verify(&key, slice(message, size), &signature), P256_GOOD);
        if (size > 0) {
            message[size - 1] ^= 1;
            assert_int_equal(p256_verify(&key, slice(message, size), &signature), P256_BAD);
        }
        ECDSA_SIG_free(made);
    }
    EC_KEY_free(pair);
}

static void *verify_many(void *argument)
{
    size_t *good = argument;
    const verify_case *c = &verify_cases[0];
    p256_key key;
    p256_signature signature;
    static const uint8_t nibbles[] = "0123456789abcdef";
    const char *const texts[4] = { c->x, c->y, c->r, c->s };
    uint8_t *const outs[4] = { key.x, key.y, signature.r, signature.s };

    for (size_t part = 0; part < 4; part++) { /* cmocka's asserts and static buffers are for one thread only */
        for (size_t i = 0; i < P256_SIZE; i++) {
            const char *high = strchr((const char *)nibbles, texts[part][2 * i]);
            const char *low = strchr((const char *)nibbles, texts[part][2 * i + 1]);
            outs[part][i] = (uint8_t)((high - (const char *)nibbles) << 4 | (low - (const char *)nibbles));
        }
    }
    for (size_t i = 0; i < 100; i++) {
        *good += p256_verify(&key, slice_text(c->message), &signature) == P256_GOOD;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[8];
    size_t good[8] = { 0 };

    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, verify_many, &good[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(good[i], 100);
    }
}

/* ---------------------------------------------------- hostile OPENSSL_CONF ---- */

/* The configuration defines an object identifier and activates a provider module of the system: both can
 * be seen when it was loaded. */
#define MARKER "chaosConfigurationMarker"
static const char configuration[] = "openssl_conf = start\n"
                                    "[start]\noid_section = identifiers\nproviders = list\n"
                                    "[identifiers]\n" MARKER " = 1.2.3.4.5.6.7\n"
                                    "[list]\ndefault = on\nlegacy = on\n"
                                    "[on]\nactivate = 1\n";

enum {
    CHILD_LOADED = 10,
    CHILD_CLEAN = 11,
    CHILD_BROKEN = 12
};

/* In the child: is the configuration in force? Asked for in every way that makes libcrypto load it. */
static int configuration_state(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    const bool works = fetched != NULL;
    const bool marked = OBJ_txt2nid(MARKER) != NID_undef;
    const bool legacy = OSSL_PROVIDER_available(NULL, "legacy") == 1;

    EVP_MD_free(fetched);
    if (!works) {
        return CHILD_BROKEN;
    }
    return marked || legacy ? CHILD_LOADED : CHILD_CLEAN;
}

static int child_main(const char *entry)
{
    const p256_key key = key_of(KEY_X, KEY_Y);
    const p256_signature signature = signature_of(SAMPLE_R, SAMPLE_S);
    uint8_t sha384[SHA384_SIZE];

    if (strcmp(entry, "sha256") == 0) {
        (void)hash_sha256(slice_text("sample"));
    } else if (strcmp(entry, "sha384") == 0) {
        hash_sha384_two(slice_text("sam"), slice_text("ple"), sha384);
    } else if (strcmp(entry, "key") == 0 && !p256_key_is_valid(&key)) {
        return CHILD_BROKEN;
    } else if (strcmp(entry, "verify") == 0 &&
               p256_verify(&key, slice_text("sample"), &signature) != P256_GOOD) {
        return CHILD_BROKEN;
    }
    return configuration_state();
}

static const char *program; /* argv[0]; /proc/self/exe would be valgrind when that runs us */

static int run_child(const char *entry, const char *path)
{
    int status = 0;
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        setenv("OPENSSL_CONF", path, 1);
        execlp(program, program, "--child", entry, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_hostile_configuration(void **state)
{
    (void)state;
    static const char *const entries[] = { "sha256", "sha384", "key", "verify" };
    char path[] = "/tmp/chaos-openssl-conf-XXXXXX";
    const int file = mkstemp(path);

    assert_true(file >= 0);
    assert_int_equal(write(file, configuration, sizeof configuration - 1), (ssize_t)(sizeof configuration - 1));
    close(file);
    const int control = run_child("none", path); /* libcrypto started by another: the configuration does work */
    int results[CHAOS_ARRAY_SIZE(entries)];
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(entries); i++) {
        results[i] = run_child(entries[i], path);
    }
    unlink(path);
    assert_int_equal(control, CHILD_LOADED);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(entries); i++) {
        assert_int_equal(results[i], CHILD_CLEAN);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_high_s),
        cmocka_unit_test(test_sum_at_infinity),
        cmocka_unit_test(test_key_is_valid),
        cmocka_unit_test(test_like_libcrypto),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_hostile_configuration),
    };

    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return child_main(argv[2]);
    }
    program = argv[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
