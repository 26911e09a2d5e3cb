/* test_dstack_keys.c - the simulated guest answers as dstack does for the same application: keys, links, signatures and
 * certificates of recorded applications, asked for through the API. */
#include "tests/support/dstack_kit.h"

#include <openssl/evp.h>
#include <stdio.h>

/* --------------------------------------------------------------------- asking ---- */

static json_t *post(guest *g, guest_api api, const char *path, json_t *arguments)
{
    char *body = json_dumps(arguments, 0);
    json_t *answer = call_guest(g, api, path, body, 200);
    free(body);
    json_decref(arguments);
    assert_non_null(answer);
    return answer;
}

static void expect_member(const json_t *answer, const char *key, const json_t *row, const char *wanted)
{
    assert_string_equal(text_member(answer, key), text_member(row, wanted));
}

static const char *link_of(const json_t *answer, size_t i)
{
    const char *text = json_string_value(json_array_get(json_object_get(answer, "signature_chain"), i));
    assert_non_null(text);
    return text;
}

/* The key that signed this message, compressed. */
static void recover(chaos_slice message, const uint8_t link[65], uint8_t out[K1_COMPRESSED_SIZE])
{
    k1_point point;
    chaos_keccak digest = hash_keccak(message);
    assert_int_equal(k1_recover(digest.bytes, link, link + 32, link[64], &point), K1_GOOD);
    k1_compress(&point, out);
}

/* ------------------------------------------------------------------------ rows ---- */

static size_t check_get_key(guest *g, const json_t *row, const char *algorithm_key, const char *link_key)
{
    uint8_t link[65], claimed[K1_COMPRESSED_SIZE], app_root[K1_COMPRESSED_SIZE];
    json_t *answer = post(g, GUEST_API_DSTACK, "/GetKey",
                          json_pack("{s:s,s:s,s:s}", "path", text_member(row, "path"), "purpose",
                                    text_member(row, "purpose"), "algorithm", text_member(row, algorithm_key)));
    if (json_object_get(row, "key") != NULL) {
        expect_member(answer, "key", row, "key");
    }
    assert_string_equal(link_of(answer, 0), text_member(row, link_key));
    if (json_object_get(row, "claim") != NULL) { /* and it leads to the application's root key */
        hex_member(row, link_key, link, sizeof link);
        recover(slice_text(text_member(row, "claim")), link, claimed);
        hex_member(row, "recovered", app_root, sizeof app_root);
        assert_memory_equal(claimed, app_root, sizeof claimed);
    }
    json_decref(answer);
    return 1;
}

static void check_public_key(const json_t *row)
{
    uint8_t secret[K1_SIZE], wanted[K1_COMPRESSED_SIZE], found[K1_COMPRESSED_SIZE];
    k1_point point;
    if (strcmp(text_member(row, "alg"), "secp256k1") == 0) {
        hex_member(row, "key", secret, sizeof secret);
        hex_member(row, "pub", wanted, sizeof wanted);
        assert_true(k1_public(secret, &point));
        k1_compress(&point, found);
        assert_memory_equal(found, wanted, sizeof wanted);
    }
}

/* The KMS's link: over the application's id and root key, by the KMS's root key. */
static size_t check_root_link(const json_t *application)
{
    static const char issued[] = "dstack-kms-issued:";
    uint8_t message[sizeof issued - 1 + APP_ID_SIZE + K1_COMPRESSED_SIZE];
    uint8_t link[65], found[K1_COMPRESSED_SIZE], wanted[K1_COMPRESSED_SIZE], digest[KECCAK_SIZE];
    memcpy(message, issued, sizeof issued - 1);
    hex_member(application, "app_id", message + sizeof issued - 1, APP_ID_SIZE);
    hex_member(application, "app_root_pub", message + sizeof issued - 1 + APP_ID_SIZE, K1_COMPRESSED_SIZE);
    hex_member(application, "link1", link, sizeof link);
    hex_member(application, "kms_root_recovered", wanted, sizeof wanted);
    hex_member(application, "kms_msg_digest", digest, sizeof digest);
    assert_memory_equal(hash_keccak(slice(message, sizeof message)).bytes, digest, sizeof digest);
    recover(slice(message, sizeof message), link, found);
    assert_memory_equal(found, wanted, sizeof wanted);
    message[sizeof issued - 1] ^= 1; /* of another application: some key, but not this one */
    recover(slice(message, sizeof message), link, found);
    assert_memory_not_equal(found, wanted, sizeof wanted);
    return 1;
}

/* The public key as API v1 writes it: compressed secp256k1, or the 32 bytes of Ed25519. */
static size_t v1_public(const char *algorithm, const uint8_t key[K1_SIZE], uint8_t out[K1_COMPRESSED_SIZE])
{
    k1_point point;
    size_t size = 32;
    if (strcmp(algorithm, "secp256k1") == 0) {
        assert_true(k1_public(key, &point));
        k1_compress(&point, out);
        return K1_COMPRESSED_SIZE;
    }
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, K1_SIZE);
    assert_non_null(pair);
    assert_int_equal(EVP_PKEY_get_raw_public_key(pair, out, &size), 1);
    EVP_PKEY_free(pair);
    return size;
}

static void check_v1_key(const json_t *row, const uint8_t root[K1_SIZE], const char *algorithm_key,
                         const char *public_key, const char *link_key)
{
    CHAOS_AUTO_BUFFER(claim, 4096);
    const char *algorithm = text_member(row, algorithm_key);
    const json_t *name = json_object_get(row, "domain"); /* any bytes, a NUL too */
    const chaos_slice domain = slice(json_string_value(name), json_string_length(name));
    uint8_t key[K1_SIZE], wanted[K1_COMPRESSED_SIZE], found[K1_COMPRESSED_SIZE], link[65];
    uint8_t signer[K1_COMPRESSED_SIZE];
    k1_point point;
    hex_member(row, "key", wanted, K1_SIZE);
    assert_true(guest_v1_derive(root, algorithm, domain, key));
    assert_memory_equal(key, wanted, sizeof key);
    size_t size = v1_public(algorithm, key, found);
    hex_member(row, public_key, wanted, size);
    assert_memory_equal(found, wanted, size);
    if (json_object_get(row, link_key) != NULL) { /* the claim, signed by the application's root key */
        hex_member(row, link_key, link, sizeof link);
        assert_true(guest_v1_claim(algorithm, domain, slice(found, size), &claim));
        recover(buffer_slice(&claim), link, signer);
        assert_true(k1_public(root, &point));
        k1_compress(&point, found);
        assert_memory_equal(signer, found, sizeof signer);
    }
}

static size_t check_v1_keys(const json_t *rows, const uint8_t root[K1_SIZE], const char *algorithm_key,
                            const char *public_key, const char *link_key)
{
    size_t i;
    const json_t *row;
    assert_true(json_array_size(rows) > 0);
    json_array_foreach(rows, i, row)
    {
        check_v1_key(row, root, algorithm_key, public_key, link_key);
    }
    return json_array_size(rows);
}

static guest *guest_of_row(const json_t *application)
{
    uint8_t app_root[K1_SIZE], app_id[APP_ID_SIZE];
    hex_member(application, "app_root_priv", app_root, sizeof app_root);
    hex_member(application, "app_id", app_id, sizeof app_id);
    return guest_of_application(app_root, app_id);
}

static size_t check_sign(guest *g, const json_t *row, const char *algorithm, const char *data, const char *key,
                         const char *signature, const char *link_or_null)
{
    json_t *answer = post(g, GUEST_API_DSTACK, "/Sign", json_pack("{s:s,s:s}", "algorithm", algorithm, "data", data));
    expect_member(answer, "public_key", row, key);
    assert_string_equal(text_member(answer, "signature"), signature);
    assert_string_equal(link_of(answer, 0), signature);
    if (link_or_null != NULL) {
        assert_string_equal(link_of(answer, 1), link_or_null);
    }
    json_t *valid = post(g, GUEST_API_DSTACK, "/Verify",
                         json_pack("{s:s,s:s,s:s,s:s}", "algorithm", algorithm, "data", data, "signature", signature,
                                   "public_key", text_member(row, key)));
    assert_true(json_is_true(json_object_get(valid, "valid")));
    json_decref(valid);
    json_decref(answer);
    return 1;
}

/* ----------------------------------------------------------------------- tests ---- */

static void test_keys_of_the_simulator(void **state)
{
    json_t *vectors, *row;
    uint8_t root[K1_SIZE];
    size_t i, checked = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/key-vectors.json");
    guest *g = guest_of_row(vectors);
    json_array_foreach(json_object_get(vectors, "v0"), i, row)
    {
        checked += check_get_key(g, row, "alg", "sig0");
        check_public_key(row);
    }
    assert_true(checked > 0 && checked == json_array_size(json_object_get(vectors, "v0")));
    hex_member(vectors, "app_root_priv", root, sizeof root);
    checked += check_v1_keys(json_object_get(vectors, "v1"), root, "alg", "pub", "sig0");
    checked += check_root_link(vectors);
    const json_t *older = json_object_get(vectors, "simulator_v0_5_4");
    guest *g2 = guest_of_row(older);
    json_t *answer = post(g2, GUEST_API_DSTACK, "/GetKey", json_pack("{s:s}", "path", text_member(older, "path")));
    expect_member(answer, "key", older, "key");
    checked += 1 + check_root_link(older);
    print_message("keys: %zu checked\n", checked);
    json_decref(answer);
    json_decref(vectors);
    guest_free(g);
    guest_free(g2);
}

static void test_upstream_keys(void **state)
{
    json_t *vectors, *row;
    uint8_t root[K1_SIZE], app_id[APP_ID_SIZE] = { 0 };
    size_t i, checked = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/upstream-key-vectors.json");
    hex_member(vectors, "root_key", root, sizeof root);
    guest *g = guest_of_application(root, app_id);
    json_array_foreach(json_object_get(vectors, "v0"), i, row)
    {
        checked += check_get_key(g, row, "algorithm", "link0");
    }
    assert_true(checked > 0);
    checked += check_v1_keys(json_object_get(vectors, "v1"), root, "algorithm", "public_key", "link0");
    print_message("upstream's keys: %zu checked\n", checked);
    json_decref(vectors);
    guest_free(g);
}

static void test_signatures(void **state)
{
    json_t *vectors;
    size_t checked = 0;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/key-vectors.json");
    const json_t *row = json_object_get(vectors, "sign");
    const json_t *hashed = json_object_get(row, "prehashed_keccak");
    guest *g = guest_of_row(vectors);
    checked += check_sign(g, row, "secp256k1", text_member(row, "data"), "secp_pub", text_member(row, "secp256k1"),
                          text_member(row, "chain1_secp"));
    checked += check_sign(g, row, "k256", text_member(row, "data"), "secp_pub", text_member(row, "secp256k1"),
                          text_member(row, "chain1_secp"));
    checked += check_sign(g, row, "ed25519", text_member(row, "data"), "ed_pub", text_member(row, "ed25519"),
                          text_member(row, "chain1_ed"));
    checked += check_sign(g, row, "secp256k1_prehashed", text_member(hashed, "digest"), "secp_pub",
                          text_member(hashed, "sig"), NULL);
    print_message("signatures: %zu checked\n", checked);
    json_decref(vectors);
    guest_free(g);
}

/* The older agent's P-256 key, as the PKCS#8 that is recorded. */
static void test_derived_key(void **state)
{
    json_t *vectors;
    chaos_buffer wanted;
    uint8_t found[512];
    chaos_slice block;
    fault why = { 0 };
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/key-vectors.json");
    const json_t *row = json_object_get(vectors, "tappd_derive_key");
    guest *g = guest_of_row(vectors);
    json_t *answer = post(g, GUEST_API_TAPPD, "/prpc/Tappd.DeriveKey",
                          json_pack("{s:s,s:s}", "path", text_member(row, "path"), "subject", "a subject"));
    hex_member_buffer(row, "pkcs8_der", &wanted);
    size_t count = pem_read(slice_text(text_member(answer, "key")), "PRIVATE KEY", CHAOS_E_USAGE, CHAOS_E_USAGE, found,
                            sizeof found, &block, 1, &why);
    assert_int_equal(count, 1);
    assert_true(slice_equal(block, bytes_of(&wanted)));
    chaos_buffer_free(&wanted);
    json_decref(answer);
    json_decref(vectors);
    guest_free(g);
}

/* Signed public keys for the environment's encryption: the same bytes when we sign, the same signer when we recover. */
static void test_env_public_keys(void **state)
{
    json_t *vectors;
    uint8_t secret[K1_SIZE], wanted[65], found[65], signer[K1_COMPRESSED_SIZE], recovered[K1_COMPRESSED_SIZE];
    static const char *const forms[][3] = { { "legacy_message", "legacy_digest", "legacy_signature" },
                                            { "v1_message", "v1_digest", "v1_signature" } };
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/env-crypto.json");
    const json_t *row = json_object_get(vectors, "pubkey_signature");
    hex_member(row, "signer_secret", secret, sizeof secret);
    hex_member(row, "signer_public", signer, sizeof signer);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(forms); i++) {
        chaos_buffer message;
        uint8_t digest[KECCAK_SIZE];
        hex_member_buffer(row, forms[i][0], &message);
        hex_member(row, forms[i][1], digest, sizeof digest);
        hex_member(row, forms[i][2], wanted, sizeof wanted);
        chaos_keccak hashed = hash_keccak(bytes_of(&message));
        assert_memory_equal(hashed.bytes, digest, sizeof digest);
        assert_true(k1_sign(secret, &hashed, found));
        assert_memory_equal(found, wanted, sizeof wanted);
        recover(bytes_of(&message), wanted, recovered);
        assert_memory_equal(recovered, signer, sizeof signer);
        chaos_buffer_free(&message);
    }
    const json_t *kdf = json_object_get(vectors, "dh_kdf");
    hex_member(kdf, "root_scalar", secret, sizeof secret);
    assert_true(ratls_derive(secret, slice_text(text_member(kdf, "context_concat")), found));
    hex_member(kdf, "derived_scalar", wanted, K1_SIZE);
    assert_memory_equal(found, wanted, K1_SIZE);
    print_message("environment keys: %zu signatures and one derivation checked, encryption not built\n",
                  CHAOS_ARRAY_SIZE(forms));
    json_decref(vectors);
}

/* The recorded key files of four releases are of the two applications whose keys and links are checked above. */
static void test_key_files(void **state)
{
    static const char *const files[] = { "simulator-v0.4.2", "simulator-v0.5.4", "simulator-v0.5.6", "simulator-next" };
    json_t *vectors;
    (void)state;
    REQUIRE_VECTORS();
    vectors = read_vector_json("dstack/vectors/key-vectors.json");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(files); i++) {
        const json_t *application = i < 2 ? json_object_get(vectors, "simulator_v0_5_4") : vectors;
        char name[64];
        (void)snprintf(name, sizeof name, "dstack/%s/appkeys.json", files[i]);
        json_t *keys = read_vector_json(name);
        expect_member(keys, "k256_key", application, "app_root_priv");
        expect_member(keys, "k256_signature", application, "link1");
        json_decref(keys);
    }
    print_message("key files: %zu checked\n", CHAOS_ARRAY_SIZE(files));
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_the_simulator),
        cmocka_unit_test(test_upstream_keys),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_derived_key),
        cmocka_unit_test(test_env_public_keys),
        cmocka_unit_test(test_key_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
