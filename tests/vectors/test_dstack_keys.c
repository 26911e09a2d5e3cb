/* test_dstack_keys.c - the simulator derives and signs as dstack does: keys and links of dstack's own simulator. */
#include "sim/recipe.h"
#include "tests/support/support.h"

static void from_hex(const json_t *row, const char *key, uint8_t *out, size_t size)
{
    const char *digits = json_string_value(json_object_get(row, key));

    if (digits == NULL || !hex_decode(slice_text(digits), out, size)) {
        fail_msg("%s is not %zu bytes of hex", key, size);
    }
}

static void check_row(const uint8_t app_root[K1_SIZE], const json_t *row)
{
    const char *path = json_string_value(json_object_get(row, "path"));
    const char *claim = json_string_value(json_object_get(row, "claim"));
    uint8_t expected[65], key[K1_SIZE], compressed[K1_COMPRESSED_SIZE], link[65];
    chaos_keccak digest;
    k1_point point;

    assert_non_null(path);
    assert_non_null(claim);
    from_hex(row, "key", expected, K1_SIZE);
    assert_true(ratls_derive(app_root, slice_text(path), key));
    assert_memory_equal(key, expected, K1_SIZE);
    from_hex(row, "pub", expected, sizeof compressed);
    assert_true(k1_public(key, &point));
    k1_compress(&point, compressed);
    assert_memory_equal(compressed, expected, sizeof compressed);
    digest = hash_keccak(slice_text(claim));
    from_hex(row, "sig0", expected, sizeof expected);
    assert_true(k1_sign(app_root, &digest, link));
    assert_memory_equal(link, expected, sizeof link);
}

static void test_keys(void **state)
{
    json_t *vectors;
    const json_t *row;
    uint8_t app_root[K1_SIZE];
    size_t i, checked = 0;

    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/key-vectors.json");
    from_hex(vectors, "app_root_priv", app_root, sizeof app_root);
    json_array_foreach(json_object_get(vectors, "v0"), i, row)
    {
        const char *algorithm = json_string_value(json_object_get(row, "alg"));

        if (algorithm != NULL && strcmp(algorithm, "secp256k1") == 0) {
            check_row(app_root, row);
            checked++;
        }
    }
    assert_true(checked >= 3);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
