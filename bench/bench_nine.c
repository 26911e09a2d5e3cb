/* bench_nine.c - a program that starts, verifies nine P-256 signatures with libcrypto, and ends: the least that any
 * program which verifies a quote can cost. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <string.h>

/* The sample of RFC 6979 A.2.5; the key as SEC 1 encodes it (04 X Y), which is the cheapest way to give it. */
static const char xy[] = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                         "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
static const char r[] = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
static const char s[] = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

#define KEY_SIZE 65

static int verify(const EC_GROUP *group)
{
    unsigned char digest[32], point[KEY_SIZE];
    EC_KEY *key = EC_KEY_new();
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *numbers[3] = { NULL, NULL, NULL };
    const char *const texts[3] = { xy, r, s };
    int good = key != NULL && signature != NULL;

    for (size_t i = 0; i < 3; i++) {
        good = BN_hex2bn(&numbers[i], texts[i]) > 0 && good;
    }
    (void)SHA256((const unsigned char *)"sample", strlen("sample"), digest);
    good = good && BN_bn2binpad(numbers[0], point, KEY_SIZE) == KEY_SIZE && EC_KEY_set_group(key, group) == 1 &&
           EC_KEY_oct2key(key, point, KEY_SIZE, NULL) == 1 && ECDSA_SIG_set0(signature, numbers[1], numbers[2]) == 1 &&
           ECDSA_do_verify(digest, sizeof digest, signature, key) == 1;
    BN_free(numbers[0]);
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
    return good;
}

int main(void)
{
    EC_GROUP *group;
    int good = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1;

    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    for (int i = 0; i < 9; i++) {
        good = group != NULL && verify(group) && good;
    }
    EC_GROUP_free(group);
    return good ? 0 : 1;
}
