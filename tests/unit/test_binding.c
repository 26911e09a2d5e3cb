/* test_binding.c - the fifteen words of a binding, the report data and the EIP-712 digest made of them, and the strict
 * reader. */
#include "wire/wire.h"

#include "tests/support/der_kit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

enum {
    WORD = 32,
    WORDS = CHAOS_BINDING_SIZE / WORD
};

#define KEY_BINDING_TYPEHASH "5cdbb79f4c28daa2fdf662c5746f433c49ddacd872b4bcab9bb947141ed50359"
#define DOMAIN_SEPARATOR "a539e81c00e83c188a0f409d28fcf170f11fdde34e9d9e536163b9daa8f95ece"
#define SESSION_ADDRESS "5050a4f4b3f9338c3472dcc01a87c76a144b3c9c"
#define IDENTITY_ADDRESS "1a642f0e3c3af545e7acbd38b07251b3990914f1"
#define POSSESSION                                                                                                                     \
    "1d9f5229a2db52be71a5eb1bec3fdf09a7657f2e91b0dfc3a524fbe92ce0aa386e103a2c1f31eab2a5e59f8bc4511a75d57017a511cf06d2dde65b386a958972" \
    "1c"
#define ENDORSEMENT                                                                                                                    \
    "f143e33a3832cd01d9a541e384c89bf6a5edf065cbcd2c4bc533889be56af0296bba16721c59ad06598b8574f6fc26efd5b18b63c1bf0555dba2aaa32fe70094" \
    "1b"

static void from_hex(const char *hex, uint8_t *out, size_t size)
{
    static kit bytes;

    bytes.size = 0;
    kit_hex(&bytes, hex);
    assert_int_equal(bytes.size, size);
    memcpy(out, bytes.data, size);
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    uint8_t wanted[128];
    const size_t size = strlen(hex) / 2;

    from_hex(hex, wanted, size);
    assert_memory_equal(bytes, wanted, size);
}

/* Stage 1 on chain 31337; the values stand for themselves. */
static chaos_binding identity_binding(void)
{
    chaos_binding binding = { 0 };

    binding.stage = CHAOS_STAGE_IDENTITY;
    binding.chain_id.bytes[30] = 31337 >> 8;
    binding.chain_id.bytes[31] = 31337 & 0xff;
    from_hex("5fbdb2315678afecb367f032d93f642f64180aa3", binding.identity_registry.bytes, 20);
    memset(binding.public_key_hash.bytes, 0x11, 32);
    memset(binding.identity_key.bytes, 0x11, 20);
    memset(binding.nonce.bytes, 0x22, 32);
    binding.anchor_block = 7;
    binding.issued_at = 1767225600;
    binding.expires_at = 1767312000;
    return binding;
}

/* What a private key of 32 equal bytes signs and is called. */
typedef struct test_key {
    uint8_t secret[32];
    chaos_keccak key_hash;
    chaos_address address;
} test_key;

static test_key key_of(uint8_t byte)
{
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    uint8_t bytes[65];
    size_t size = sizeof bytes;
    secp256k1_pubkey key;
    k1_point point;
    test_key made;

    memset(made.secret, byte, sizeof made.secret);
    assert_int_equal(secp256k1_ec_pubkey_create(context, &key, made.secret), 1);
    secp256k1_ec_pubkey_serialize(context, bytes, &size, &key, SECP256K1_EC_UNCOMPRESSED);
    memcpy(point.x, bytes + 1, 32);
    memcpy(point.y, bytes + 33, 32);
    made.key_hash = k1_key_hash(&point);
    made.address = k1_address(&point);
    secp256k1_context_destroy(context);
    return made;
}

/* RFC 6979, as libsecp256k1 does by default. */
static chaos_signature65 sign(const test_key *key, const chaos_keccak *digest)
{
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    secp256k1_ecdsa_recoverable_signature signature;
    chaos_signature65 made;
    int id = -1;

    assert_int_equal(secp256k1_ecdsa_sign_recoverable(context, &signature, digest->bytes, key->secret, NULL, NULL), 1);
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, made.bytes, &id, &signature);
    made.bytes[64] = (uint8_t)(27 + id);
    secp256k1_context_destroy(context);
    return made;
}

/* Stage 5: the same, but the session key 02..02 is bound and 01..01 is the identity key. */
static chaos_binding session_binding(void)
{
    chaos_binding binding = identity_binding();

    binding.stage = CHAOS_STAGE_SESSION;
    binding.public_key_hash = key_of(2).key_hash;
    binding.identity_key = key_of(1).address;
    return binding;
}

static chaos_keccak hash_of_words(const chaos_binding *binding)
{
    uint8_t words[CHAOS_BINDING_SIZE];

    chaos_binding_encode(binding, words);
    return hash_keccak(slice(words, sizeof words));
}

static void test_constants(void **state)
{
    (void)state;
    const chaos_keccak type = hash_keccak(slice_text("chaoschain/binding/1"));

    assert_memory_equal(binding_type.bytes, type.bytes, 32);
    assert_hex(key_of(1).address.bytes, IDENTITY_ADDRESS);
    assert_hex(key_of(2).address.bytes, SESSION_ADDRESS);
}

static void test_identity_vector(void **state)
{
    (void)state;
    const chaos_binding binding = identity_binding();
    uint8_t typed[WORD + CHAOS_BINDING_SIZE], message[2 + 2 * WORD] = { 0x19, 0x01 };

    assert_hex(hash_of_words(&binding).bytes, "e35ac10cda7be099bb1586ac4d60726c8be4ac91ebd72c86e19f0c297fa2ba7d");
    assert_hex(chaos_binding_digest(&binding).bytes,
               "c1846c03bc2f1e0802bda8d99a2805bba4321e1965a74190cfe49215b07d0db8");
    /* The digest put together from its published parts. */
    from_hex(KEY_BINDING_TYPEHASH, typed, WORD);
    chaos_binding_encode(&binding, typed + WORD);
    const chaos_keccak struct_hash = hash_keccak(slice(typed, sizeof typed));
    assert_hex(struct_hash.bytes, "177376a4ebcc0a6d77032c29f10324a35e70a73c35e40ad5a3129cdf74654d89");
    from_hex(DOMAIN_SEPARATOR, message + 2, WORD);
    memcpy(message + 2 + WORD, struct_hash.bytes, WORD);
    assert_memory_equal(hash_keccak(slice(message, sizeof message)).bytes, chaos_binding_digest(&binding).bytes, WORD);
}

static void test_session_vector(void **state)
{
    (void)state;
    const chaos_binding binding = session_binding();
    const chaos_keccak digest = chaos_binding_digest(&binding);
    const test_key identity = key_of(1), session = key_of(2);

    assert_hex(hash_of_words(&binding).bytes, "cbf962ee14fc1145262ca87a56d04f0cc276230d0d8c94925c881754be6c7b8e");
    assert_hex(digest.bytes, "093e4402358685608bfceb8ab06f5ab4d2f1ba9ae7c48eadc7b7d353b1919df1");
    assert_hex(sign(&session, &digest).bytes, POSSESSION);
    assert_hex(sign(&identity, &digest).bytes, ENDORSEMENT);
}

static void test_report_data(void **state)
{
    (void)state;
    chaos_binding binding = session_binding();
    const chaos_report_data data = chaos_binding_report_data(&binding);

    assert_hex(data.bytes, SESSION_ADDRESS);
    assert_hex(data.bytes + 20, "cbf962ee14fc1145262ca87a56d04f0cc276230d0d8c94925c881754be6c7b8e");
    assert_memory_equal(data.bytes + 52, "CHAOSCHAIN/1", 12);
    binding.public_key_hash.bytes[0] ^= 1; /* not in the address, but in the hash */
    const chaos_report_data other = chaos_binding_report_data(&binding);
    assert_memory_equal(data.bytes, other.bytes, 20);
    assert_memory_not_equal(data.bytes + 20, other.bytes + 20, 32);
}

/* ---------------------------------------------------------------- words ---- */

/* The words in their order; how many bytes a value of its type has. */
static const struct {
    const char *name;
    size_t size;
} words_of_type[WORDS] = {
    { "bindingType", 32 },
    { "stage", 1 },
    { "chainId", 32 },
    { "identityRegistry", 20 },
    { "agentId", 32 },
    { "publicKeyHash", 32 },
    { "identityKey", 20 },
    { "agentURIHash", 32 },
    { "tlsSpkiHash", 32 },
    { "subject", 32 },
    { "nonce", 32 },
    { "anchorBlock", 8 },
    { "issuedAt", 8 },
    { "expiresAt", 8 },
    { "policyHash", 32 },
};

/* Each byte that may be set is, and no two words are alike. */
static void fill(uint8_t words[CHAOS_BINDING_SIZE])
{
    memset(words, 0, CHAOS_BINDING_SIZE);
    for (size_t i = 0; i < WORDS; i++) {
        for (size_t at = WORD - words_of_type[i].size; at < WORD; at++) {
            words[WORD * i + at] = (uint8_t)(0x80 + 16 * i + at);
        }
    }
}

static void expect(chaos_slice words, chaos_status status, const char *field, size_t offset)
{
    chaos_binding binding;
    chaos_keccak type;
    fault why;

    memset(&binding, 0xee, sizeof binding);
    memset(&type, 0xee, sizeof type);
    const bool ok = binding_read(words, &binding, &type, &why);
    assert_int_equal(ok, status == CHAOS_OK);
    assert_int_equal(why.status, status);
    if (!ok) {
        assert_string_equal(why.field, field);
        assert_int_equal(why.offset, offset);
        assert_true(slice_is_zero(slice(&binding, sizeof binding)));
        assert_true(slice_is_zero(slice(type.bytes, sizeof type.bytes)));
    }
}

static void test_every_field_has_its_word(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE];
    chaos_binding b;
    chaos_keccak type;
    fault why;

    fill(words);
    assert_true(binding_read(slice(words, sizeof words), &b, &type, &why));
    assert_memory_equal(type.bytes, words, WORD);
    assert_int_equal(b.stage, words[2 * WORD - 1]);
    assert_memory_equal(b.chain_id.bytes, words + 2 * WORD, WORD);
    assert_memory_equal(b.identity_registry.bytes, words + 4 * WORD - 20, 20);
    assert_memory_equal(b.agent_id.bytes, words + 4 * WORD, WORD);
    assert_memory_equal(b.public_key_hash.bytes, words + 5 * WORD, WORD);
    assert_memory_equal(b.identity_key.bytes, words + 7 * WORD - 20, 20);
    assert_memory_equal(b.agent_uri_hash.bytes, words + 7 * WORD, WORD);
    assert_memory_equal(b.tls_spki_hash.bytes, words + 8 * WORD, WORD);
    assert_memory_equal(b.subject.bytes, words + 9 * WORD, WORD);
    assert_memory_equal(b.nonce.bytes, words + 10 * WORD, WORD);
    assert_true(b.anchor_block == UINT64_C(0x48494a4b4c4d4e4f));
    assert_true(b.issued_at == UINT64_C(0x58595a5b5c5d5e5f));
    assert_true(b.expires_at == UINT64_C(0x68696a6b6c6d6e6f));
    assert_memory_equal(b.policy_hash.bytes, words + 14 * WORD, WORD);
}

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE], again[CHAOS_BINDING_SIZE];
    chaos_binding binding;
    chaos_keccak type;
    fault why;

    fill(words);
    memcpy(words, binding_type.bytes, WORD);
    assert_true(binding_read(slice(words, sizeof words), &binding, &type, &why));
    assert_int_equal(why.status, CHAOS_OK);
    memset(again, 0xee, sizeof again);
    chaos_binding_encode(&binding, again);
    assert_memory_equal(words, again, sizeof words);
}

/* The first word is read, not judged. */
static void test_any_type_is_read(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE];
    const chaos_binding binding = identity_binding();

    chaos_binding_encode(&binding, words);
    for (size_t bit = 0; bit < 8 * WORD; bit++) {
        chaos_binding read;
        chaos_keccak type;
        fault why;
        words[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(binding_read(slice(words, sizeof words), &read, &type, &why));
        assert_memory_equal(type.bytes, words, WORD);
        assert_memory_not_equal(type.bytes, binding_type.bytes, WORD);
        words[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Every bit above a value's type. */
static void test_words_out_of_their_type(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE];

    fill(words);
    for (size_t i = 0; i < WORDS; i++) {
        const size_t padding = WORD - words_of_type[i].size;
        for (size_t bit = 0; bit < 8 * padding; bit++) {
            words[WORD * i + bit / 8] ^= (uint8_t)(1u << bit % 8);
            expect(slice(words, sizeof words), CHAOS_E_BINDING_FORMAT, words_of_type[i].name, WORD * i);
            words[WORD * i + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    expect(slice(words, sizeof words), CHAOS_OK, NULL, 0);
}

static void test_every_length(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE + 2 * WORD] = { 0 };

    fill(words);
    for (size_t size = 0; size < CHAOS_BINDING_SIZE; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, words, size);
        expect(slice(copy, size), CHAOS_E_BINDING_FORMAT, words_of_type[size / WORD].name, size / WORD * WORD);
        free(copy);
    }
    for (size_t size = CHAOS_BINDING_SIZE + 1; size <= sizeof words; size++) {
        expect(slice(words, size), CHAOS_E_BINDING_FORMAT, "binding", CHAOS_BINDING_SIZE);
    }
    expect((chaos_slice){ NULL, 0 }, CHAOS_E_BINDING_FORMAT, "bindingType", 0);
}

/* No bit of the words is without effect on the digest, and none of the values is. */
static void test_digest_covers_everything(void **state)
{
    (void)state;
    uint8_t words[CHAOS_BINDING_SIZE];
    const chaos_binding binding = session_binding();
    const chaos_keccak digest = chaos_binding_digest(&binding);
    const chaos_report_data data = chaos_binding_report_data(&binding);

    chaos_binding_encode(&binding, words);
    for (size_t bit = 8 * WORD; bit < 8 * sizeof words; bit++) {
        chaos_binding other;
        chaos_keccak type;
        fault why;
        words[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (binding_read(slice(words, sizeof words), &other, &type, &why)) {
            assert_memory_not_equal(chaos_binding_digest(&other).bytes, digest.bytes, 32);
            assert_memory_not_equal(chaos_binding_report_data(&other).bytes, data.bytes, 64);
        }
        words[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_identity_vector),
        cmocka_unit_test(test_session_vector),
        cmocka_unit_test(test_report_data),
        cmocka_unit_test(test_every_field_has_its_word),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_any_type_is_read),
        cmocka_unit_test(test_words_out_of_their_type),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_digest_covers_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
