/* test_hash.c - SHA-256, SHA-384 and Keccak-256 against known values and, for SHA-2, against libcrypto's
 * EVP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "crypto/internal.h"
#include "tests/support/der_kit.h"

#define LONGEST 700

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    static kit wanted;

    wanted.size = 0;
    kit_hex(&wanted, hex);
    assert_int_equal(wanted.size, size);
    assert_memory_equal(bytes, wanted.data, size);
}

static chaos_keccak keccak_text(const char *text)
{
    return hash_keccak(slice_text(text));
}

static void test_keccak_known(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } known[] = {
        { "", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" },
        { "abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45" },
        { "hello", "1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8" },
        /* the head of every ERC-20 transfer event, and the selector's source of `transfer` (a9059cbb) */
        { "Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef" }
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known); i++) {
        expect_hex(keccak_text(known[i].text).bytes, KECCAK_SIZE, known[i].digest);
    }
    const chaos_keccak selector = keccak_text("transfer(address,uint256)");
    expect_hex(selector.bytes, 4, "a9059cbb");
    expect_hex(hash_keccak(slice(NULL, 0)).bytes, KECCAK_SIZE, known[0].digest);
}

/* Sizes around the rate of 136 bytes. The digests come from a second, bit-wise implementation, whose
 * permutation was compared with SHA3-256. */
static void test_keccak_block_sizes(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *digest;
    } known[] = {
        { 1, "69c322e3248a5dfc29d73c5b0553b0185a35cd5bb6386747517ef7e53b15e287" },
        { 8, "ad894215c2106b9dfa2c04022025509974a5eb20b9f4cd27ca716967542ecf6e" },
        { 64, "0251cf13aa5b18f1cbda7cddbe85f3dc536fc93df590c2d20ca9b28af1ed2c39" },
        { 135, "00ef96af9cf4b24c7f269d922294444a197d0a33638c2e56634c57e892103a8f" },
        { 136, "742061bcad767ed4c4f5883b1dcb1aad11afdcc140dc469d953759b127b9f9ed" },
        { 137, "e3371f61e770abf254c34239c3b0099ad90594507415bc81dd0a10b9692bbf2a" },
        { 271, "4401c4afbe16ff911bdbf2d38e556e5b861f3fdf0f9d4306b1c46f6ae4f73584" },
        { 272, "ac141fd7b0a0ffcd2e967254d508da3ec616596493c36fa304425647d90e6de5" },
        { 273, "16192ea86793083e47731cb3c970600f04768414d92bc0540e54ce8607a0fce0" },
        { 699, "481d3b14132ea834ac80a559c6bddf48078211a942cbf6c20d11cc52e9f071a6" }
    };
    uint8_t message[LONGEST];

    for (size_t i = 0; i < LONGEST; i++) {
        message[i] = (uint8_t)(i * 7 + 3);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known); i++) {
        for (size_t shift = 0; shift < 8; shift++) { /* at every alignment, and where the memory ends */
            uint8_t *copy = malloc(known[i].size + shift);
            assert_non_null(copy);
            memcpy(copy + shift, message, known[i].size);
            expect_hex(hash_keccak(slice(copy + shift, known[i].size)).bytes, KECCAK_SIZE, known[i].digest);
            free(copy);
        }
    }
}

/* A million bytes 'a' go through 7353 blocks. */
static void test_keccak_long(void **state)
{
    (void)state;
    const size_t size = 1000000;
    uint8_t *text = malloc(size);

    assert_non_null(text);
    memset(text, 'a', size);
    expect_hex(hash_keccak(slice(text, size)).bytes, KECCAK_SIZE,
               "fadae6b49f129bbb812be8407b7b2894f34aecf6dbd1f9b0f0c7e9853098fc96");
    free(text);
}

static void test_sha_known(void **state)
{
    (void)state;
    uint8_t sha384[SHA384_SIZE];

    expect_hex(hash_sha256(slice(NULL, 0)).bytes, SHA256_SIZE,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hex(hash_sha256(slice_text("abc")).bytes, SHA256_SIZE,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha384_two(slice_text("a"), slice_text("bc"), sha384);
    expect_hex(sha384, SHA384_SIZE,
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
}

static void test_sha_like_evp(void **state)
{
    (void)state;
    uint8_t message[LONGEST], wanted[EVP_MAX_MD_SIZE], sha384[SHA384_SIZE];

    for (size_t i = 0; i < LONGEST; i++) {
        message[i] = (uint8_t)(i ^ i >> 3);
    }
    for (size_t size = 0; size < LONGEST; size += 13) {
        const size_t split = size / 3;
        const chaos_slice first = slice(message, split);
        const chaos_slice second = slice(message + split, size - split);

        assert_int_equal(EVP_Digest(message, size, wanted, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(hash_sha256(slice(message, size)).bytes, wanted, SHA256_SIZE);
        assert_memory_equal(hash_sha256_two(first, second).bytes, wanted, SHA256_SIZE);
        assert_int_equal(EVP_Digest(message, size, wanted, NULL, EVP_sha384(), NULL), 1);
        hash_sha384_two(first, second, sha384);
        assert_memory_equal(sha384, wanted, SHA384_SIZE);
    }
}

/* The way of this processor, which the tests above go, and the one of every processor. */
static void test_keccak_portable(void **state)
{
    uint8_t bytes[LONGEST];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * i + 7 * i);
    }
    for (size_t size = 0; size <= sizeof bytes; size++) {
        chaos_keccak one = hash_keccak(slice(bytes, size)), other = keccak_portable(slice(bytes, size));
        assert_memory_equal(&one, &other, sizeof one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keccak_known),
        cmocka_unit_test(test_keccak_block_sizes),
        cmocka_unit_test(test_keccak_long),
        cmocka_unit_test(test_keccak_portable),
        cmocka_unit_test(test_sha_known),
        cmocka_unit_test(test_sha_like_evp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
