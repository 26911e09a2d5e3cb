/* test_sim_envelope.c - the forge's envelopes, taken apart: what binds, who signs and where the key comes from, computed
 * a second time from the parts; every stage, every option; and that what is broken in meaning is whole in form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/recipe.h"

#define V_BASE 27

static forge_result make(forge_kind kind, const forge_options *options, const forge_break *broken)
{
    forge_result made;
    chaos_error err = { 0 };
    if (forge_make(kind, options, broken, &made, &err) != CHAOS_OK) {
        fail_msg("%s: %s", broken == NULL ? "valid" : broken->name, err.text);
    }
    return made;
}

/* ------------------------------------------------------- envelopes, taken apart ---- */

typedef struct parts {
    chaos_buffer storage;
    envelope e;
    chaos_binding binding;
    chaos_keccak type;
    kms_chain chain;
    dcap_quote quote;
} parts;

static void parts_read(const forge_result *made, parts *p)
{
    fault why = { 0 };
    memset(p, 0, sizeof *p);
    p->storage.limit = CHAOS_MAX_ENVELOPE;
    if (!envelope_read(buffer_slice(&made->envelope), &p->storage, &p->e, &why)) {
        fail_msg("envelope: %s: %s", why.field, why.reason);
    }
    assert_true(binding_read(slice(p->e.binding, sizeof p->e.binding), &p->binding, &p->type, &why));
    assert_true(dcap_quote_read(p->e.parts[PART_TDX_QUOTE], &p->quote, &why));
    if (p->e.parts[PART_DSTACK_KMS_CHAIN].data != NULL) {
        assert_true(kms_chain_read(p->e.parts[PART_DSTACK_KMS_CHAIN], &p->chain, &why));
    }
}

static void parts_free(parts *p)
{
    chaos_buffer_free(&p->storage);
}

static k1_point recovered(const chaos_keccak *digest, const uint8_t rsv[65], unsigned v_base)
{
    k1_point point;
    assert_in_range(rsv[64], v_base, v_base + 1);
    assert_int_equal(k1_recover(digest->bytes, rsv, rsv + 32, rsv[64] - v_base, &point), K1_GOOD);
    return point;
}

static void assert_address(const k1_point *point, const chaos_address *address)
{
    chaos_address found = k1_address(point);
    assert_memory_equal(found.bytes, address->bytes, sizeof found.bytes);
}

static void check_parts(const forge_result *made, const parts *p)
{
    assert_true(slice_is(p->e.provider, "simulated"));
    assert_true(slice_equal(p->e.parts[PART_TDX_QUOTE], buffer_slice(&made->quote)));
    assert_true(slice_equal(p->e.parts[PART_DSTACK_EVENT_LOG], buffer_slice(&made->event_log)));
    assert_true(slice_equal(p->e.parts[PART_DSTACK_APP_COMPOSE], buffer_slice(&made->app_compose)));
    assert_null(p->e.collateral.data);
    for (size_t i = 0; i < ENVELOPE_PART_COUNT; i++) {
        bool there = i == PART_TDX_QUOTE || i == PART_DSTACK_EVENT_LOG || i == PART_DSTACK_APP_COMPOSE ||
                     i == PART_DSTACK_KMS_CHAIN;
        assert_int_equal(p->e.parts[i].data != NULL, there);
    }
    CHAOS_AUTO_BUFFER(again, CHAOS_MAX_ENVELOPE);
    assert_true(envelope_write(&p->e, &again));
    assert_true(slice_equal(buffer_slice(&again), buffer_slice(&made->envelope)));
}

static void check_binding(const forge_result *made, const parts *p)
{
    const chaos_report_data expected = chaos_binding_report_data(&p->binding);
    const chaos_keccak digest = chaos_binding_digest(&p->binding);
    const chaos_keccak again = words_digest(p->e.binding);
    uint8_t words[CHAOS_BINDING_SIZE];
    chaos_binding_encode(&made->binding, words);
    assert_memory_equal(words, p->e.binding, sizeof words);
    assert_memory_equal(p->type.bytes, binding_type.bytes, sizeof binding_type.bytes);
    assert_memory_equal(p->quote.body.data + TD_REPORT_DATA, expected.bytes, sizeof expected.bytes);
    assert_memory_equal(digest.bytes, again.bytes, sizeof digest.bytes);
    assert_true(p->binding.issued_at == (uint64_t)made->now - 60);
    assert_true(p->binding.expires_at == (uint64_t)made->now + SIM_DAY);
}

static k1_point check_signatures(const parts *p)
{
    const chaos_keccak digest = chaos_binding_digest(&p->binding);
    const k1_point bound = recovered(&digest, p->e.possession.bytes, V_BASE);
    const chaos_keccak hash = k1_key_hash(&bound);
    assert_memory_equal(hash.bytes, p->binding.public_key_hash.bytes, sizeof hash.bytes);
    if (!p->e.has_endorsement) {
        assert_address(&bound, &p->binding.identity_key);
        return bound;
    }
    const k1_point identity = recovered(&digest, p->e.endorsement.bytes, V_BASE);
    assert_address(&identity, &p->binding.identity_key);
    assert_memory_not_equal(&identity, &bound, sizeof bound);
    return identity;
}

static chaos_keccak claim_of(const char *prefix, chaos_slice middle, chaos_slice rest)
{
    CHAOS_AUTO_BUFFER(text, 512);
    assert_true(buffer_append_text(&text, prefix));
    assert_true(middle.size == 0 || buffer_append(&text, middle));
    assert_true(buffer_append(&text, rest));
    return hash_keccak(buffer_slice(&text));
}

/* The default application's id: what the log of the default seed says. */
static void check_kms_chain(const forge_result *made, const parts *p, const k1_point *identity)
{
    const chaos_sha256 app = hash_sha256(slice_text("app"));
    uint8_t compressed[K1_COMPRESSED_SIZE];
    char digits[2 * K1_COMPRESSED_SIZE];
    assert_true(slice_is(p->chain.purpose, "chaoschain-agent"));
    k1_compress(identity, compressed);
    hex_encode(slice(compressed, sizeof compressed), digits);
    chaos_keccak claim = claim_of("chaoschain-agent:", slice("", 0), slice(digits, sizeof digits));
    const k1_point app_root = recovered(&claim, p->chain.key_link, 0);
    k1_compress(&app_root, compressed);
    claim = claim_of("dstack-kms-issued:", slice(app.bytes, APP_ID_SIZE), slice(compressed, sizeof compressed));
    assert_true(p->chain.has_root_link);
    const k1_point root = recovered(&claim, p->chain.root_link, 0);
    k1_compress(&root, compressed);
    assert_memory_equal(compressed, made->kms_root, sizeof compressed);
}

static void test_every_stage(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage <= CHAOS_STAGE_SESSION; stage++) {
        const forge_options options = { .has_stage = true, .stage = stage };
        forge_result made = make(FORGE_TDX4, &options, NULL);
        parts p;
        parts_read(&made, &p);
        check_parts(&made, &p);
        check_binding(&made, &p);
        const k1_point identity = check_signatures(&p);
        check_kms_chain(&made, &p, &identity);
        assert_int_equal(p.binding.stage, stage);
        assert_int_equal(p.e.has_endorsement, stage == 2 || stage == 3 || stage == 5);
        assert_int_equal(slice_is_zero(slice(&p.binding.subject, 32)), stage != 2);
        assert_int_equal(slice_is_zero(slice(&p.binding.tls_spki_hash, 32)), stage != 3);
        assert_int_equal(slice_is_zero(slice(&p.binding.chain_id, 32)), stage == 4);
        assert_int_equal(slice_is_zero(slice(&p.binding.identity_registry, 20)), stage == 4);
        assert_int_equal(p.binding.agent_id.bytes[0], stage == 0 || stage == 4 ? 0xff : 0);
        parts_free(&p);
        forge_result_free(&made);
    }
}

static void test_default(void **state)
{
    const forge_options stage_1 = { .has_stage = true, .stage = CHAOS_STAGE_IDENTITY };
    (void)state;
    forge_result made = make(FORGE_TDX4, NULL, NULL);
    forge_result same = make(FORGE_TDX4, &stage_1, NULL);
    parts p;
    parts_read(&made, &p);
    assert_true(slice_equal(buffer_slice(&made.envelope), buffer_slice(&same.envelope)));
    assert_int_equal(p.binding.chain_id.bytes[30] << 8 | p.binding.chain_id.bytes[31], 31337);
    assert_true(slice_is(p.chain.path, "chaoschain/1/31337/0x5fbdb2315678afecb367f032d93f642f64180aa3/agent/secp256k1/0"));
    parts_free(&p);
    forge_result_free(&made);
    forge_result_free(&same);
}

/* ----------------------------------------------------------------------- options ---- */

static void test_no_envelope(void **state)
{
    const forge_options options = { .has_report_data = true };
    (void)state;
    forge_result sgx = make(FORGE_SGX3, NULL, NULL);
    forge_result tdx = make(FORGE_TDX4, &options, NULL);
    assert_int_equal(sgx.envelope.size, 0);
    assert_int_equal(sgx.policy.size, 0);
    assert_int_equal(sgx.app_compose.size, 0);
    assert_int_equal(tdx.envelope.size, 0);
    assert_true(tdx.policy.size > 0 && tdx.app_compose.size > 0);
    assert_true(slice_is_zero(slice(&tdx.binding, sizeof tdx.binding)));
    forge_result_free(&sgx);
    forge_result_free(&tdx);
}

static void test_nonce(void **state)
{
    forge_options options = { .has_nonce = true };
    (void)state;
    memset(options.nonce.bytes, 0x7a, sizeof options.nonce.bytes);
    forge_result made = make(FORGE_TDX4, &options, NULL);
    parts p;
    parts_read(&made, &p);
    check_binding(&made, &p);
    (void)check_signatures(&p);
    assert_memory_equal(p.binding.nonce.bytes, options.nonce.bytes, sizeof options.nonce.bytes);
    parts_free(&p);
    forge_result_free(&made);
}

static void test_own_binding(void **state)
{
    chaos_binding own = { .stage = CHAOS_STAGE_SESSION,
                          .anchor_block = 99,
                          .issued_at = FORGE_DEFAULT_NOW,
                          .expires_at = FORGE_DEFAULT_NOW + 3600 };
    const forge_options options = { .binding = &own };
    (void)state;
    own.chain_id.bytes[31] = 1;
    memset(own.identity_registry.bytes, 0xab, sizeof own.identity_registry.bytes);
    own.agent_id.bytes[31] = 42;
    memset(own.policy_hash.bytes, 0xcd, sizeof own.policy_hash.bytes);
    forge_result made = make(FORGE_TDX4, &options, NULL);
    forge_result other = make(FORGE_TDX4, NULL, NULL);
    parts p;
    parts_read(&made, &p);
    const k1_point identity = check_signatures(&p);
    check_kms_chain(&made, &p, &identity);
    assert_true(slice_is(p.chain.path, "chaoschain/1/1/0xabababababababababababababababababababab/agent/secp256k1/0"));
    assert_memory_not_equal(made.binding.identity_key.bytes, other.binding.identity_key.bytes, 20);
    own.public_key_hash = p.binding.public_key_hash; /* the forge's own keys; the rest as asked for */
    own.identity_key = p.binding.identity_key;
    uint8_t words[CHAOS_BINDING_SIZE];
    chaos_binding_encode(&own, words);
    assert_memory_equal(words, p.e.binding, sizeof words);
    parts_free(&p);
    forge_result_free(&made);
    forge_result_free(&other);
}

static void expect_usage(forge_kind kind, const forge_options *options, const forge_break *broken)
{
    forge_result made;
    assert_int_equal(forge_make(kind, options, broken, &made, NULL), CHAOS_E_USAGE);
    assert_null(made.quote.data);
    assert_null(made.policy.data);
    forge_result_free(&made);
}

static void test_refused_options(void **state)
{
    chaos_binding own = { .stage = CHAOS_STAGE_IDENTITY };
    const forge_options no_stage = { .has_stage = true, .stage = 6 };
    const forge_options stage = { .has_stage = true, .stage = 5 };
    const forge_options nonce = { .has_nonce = true };
    const forge_options binding = { .binding = &own };
    const forge_options both = { .binding = &own, .has_stage = true, .stage = 1 };
    const forge_options nonce_twice = { .binding = &own, .has_nonce = true };
    const forge_options with_data = { .has_report_data = true, .has_stage = true, .stage = 1 };
    const forge_options only_data = { .has_report_data = true };
    (void)state;
    expect_usage(FORGE_TDX4, &no_stage, NULL);
    expect_usage(FORGE_SGX3, &stage, NULL);
    expect_usage(FORGE_SGX3, &nonce, NULL);
    expect_usage(FORGE_SGX3, &binding, NULL);
    expect_usage(FORGE_TDX4, &both, NULL);
    expect_usage(FORGE_TDX4, &nonce_twice, NULL);
    expect_usage(FORGE_TDX4, &with_data, NULL);
    expect_usage(FORGE_TDX4, &only_data, forge_break_find("possession-by-stranger"));
    expect_usage(FORGE_SGX3, NULL, forge_break_find("possession-by-stranger"));
    own.chain_id.bytes[23] = 1; /* 2^64 */
    expect_usage(FORGE_TDX4, &binding, NULL);
}

/* ------------------------------------------------------------------------ breaks ---- */

/* What is broken in meaning can be read: only the check of that meaning can refuse it. */
static void test_breaks_of_trust_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *b = forge_break_at(i);
        if (!b->envelope || chaos_status_class(b->expected) != CHAOS_CLASS_TRUST) {
            continue;
        }
        forge_result made = make(FORGE_TDX4, NULL, b);
        parts p;
        parts_read(&made, &p);
        parts_free(&p);
        forge_result_free(&made);
    }
}

/* And it is the envelope that differs: whoever looks at quote and log alone sees nothing wrong in their form. */
static void test_envelope_breaks_leave_the_rest(void **state)
{
    (void)state;
    forge_result valid = make(FORGE_TDX4, NULL, NULL);
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *b = forge_break_at(i);
        if (!b->envelope) {
            continue;
        }
        forge_result made = make(FORGE_TDX4, NULL, b);
        assert_false(slice_equal(buffer_slice(&made.envelope), buffer_slice(&valid.envelope)));
        assert_true(slice_equal(buffer_slice(&made.collateral), buffer_slice(&valid.collateral)));
        forge_result_free(&made);
    }
    forge_result_free(&valid);
}

/* -------------------------------------------------------------------------- keys ---- */

static void from_hex(const char *digits, uint8_t *out, size_t size)
{
    assert_true(hex_decode(slice_text(digits), out, size));
}

/* HKDF-SHA256 of another implementation: secret 0x42 32 times. */
static void test_derivation(void **state)
{
    static const struct {
        const char *info, *key;
    } rows[] = {
        { "", "250bbf5e9297f9211f25579432389a3e6a84c69106fb9b3269574a8771fb71e1" },
        { "a path", "8efaa18db7f5e31c0a7fe23fe0c9090dc43f32d575d9f394648a72668abbc4ca" },
    };
    static const uint8_t long_info[1025];
    uint8_t secret[K1_SIZE];
    uint8_t expected[K1_SIZE];
    uint8_t key[K1_SIZE];
    (void)state;
    memset(secret, 0x42, sizeof secret);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        from_hex(rows[i].key, expected, sizeof expected);
        assert_true(ratls_derive(secret, slice_text(rows[i].info), key));
        assert_memory_equal(key, expected, sizeof key);
    }
    assert_true(ratls_derive(secret, slice(long_info, 1024), key));
    assert_false(ratls_derive(secret, slice(long_info, 1025), key));
}

/* A session (docs/verify-envelope.md): identity key 0x01 32 times, session key 0x02 32 times. */
static void test_signatures(void **state)
{
    chaos_binding binding = { .stage = CHAOS_STAGE_SESSION,
                              .identity_registry = { { 0x5f, 0xbd, 0xb2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67,
                                                       0xf0, 0x32, 0xd9, 0x3f, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3 } },
                              .anchor_block = 7,
                              .issued_at = 1767225600,
                              .expires_at = 1767312000 };
    uint8_t words[CHAOS_BINDING_SIZE];
    uint8_t identity[K1_SIZE];
    uint8_t session[K1_SIZE];
    uint8_t expected[65];
    uint8_t rsv[65];
    k1_point point;
    (void)state;
    binding.chain_id.bytes[30] = 0x7a;
    binding.chain_id.bytes[31] = 0x69;
    memset(binding.nonce.bytes, 0x22, sizeof binding.nonce.bytes);
    memset(identity, 1, sizeof identity);
    memset(session, 2, sizeof session);
    assert_true(k1_public(identity, &point));
    binding.identity_key = k1_address(&point);
    assert_true(k1_public(session, &point));
    binding.public_key_hash = k1_key_hash(&point);
    chaos_binding_encode(&binding, words);
    const chaos_keccak digest = words_digest(words);
    from_hex("093e4402358685608bfceb8ab06f5ab4d2f1ba9ae7c48eadc7b7d353b1919df1", expected, 32);
    assert_memory_equal(digest.bytes, expected, 32);
    from_hex("1d9f5229a2db52be71a5eb1bec3fdf09a7657f2e91b0dfc3a524fbe92ce0aa38"
             "6e103a2c1f31eab2a5e59f8bc4511a75d57017a511cf06d2dde65b386a958972"
             "01",
             expected, sizeof expected);
    assert_true(k1_sign(session, &digest, rsv));
    assert_memory_equal(rsv, expected, sizeof rsv);
    from_hex("f143e33a3832cd01d9a541e384c89bf6a5edf065cbcd2c4bc533889be56af029"
             "6bba16721c59ad06598b8574f6fc26efd5b18b63c1bf0555dba2aaa32fe70094"
             "00",
             expected, sizeof expected);
    assert_true(k1_sign(identity, &digest, rsv));
    assert_memory_equal(rsv, expected, sizeof rsv);
}

static void test_refused_keys(void **state)
{
    static const uint8_t zero[K1_SIZE];
    const chaos_keccak digest = { { 1 } };
    uint8_t number[K1_SIZE] = { [K1_SIZE - 1] = 1 };
    uint8_t rsv[65];
    k1_point point;
    (void)state;
    assert_false(k1_public(zero, &point));
    assert_false(k1_public(k1_order, &point));
    assert_false(k1_sign(zero, &digest, rsv));
    assert_false(k1_sign(k1_order, &digest, rsv));
    assert_true(k1_negate(number)); /* n - 1 */
    assert_memory_equal(number, k1_order, K1_SIZE - 1);
    assert_int_equal(number[K1_SIZE - 1], k1_order[K1_SIZE - 1] - 1);
}

static void test_keyring(void **state)
{
    static const char *const paths[] = { "one", "two" };
    static agent_keyring first;
    static agent_keyring other;
    uint8_t app_id[APP_ID_SIZE] = { 1 };
    (void)state;
    assert_true(agent_keyring_make("seed", app_id, paths[0], &first));
    for (size_t i = 0; i < AGENT_KEY_COUNT; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(first.scalar[i], first.scalar[k], K1_SIZE);
        }
    }
    assert_true(agent_keyring_make("seed", app_id, paths[1], &other)); /* another path: another identity key */
    assert_memory_equal(first.scalar[AGENT_APP_ROOT], other.scalar[AGENT_APP_ROOT], K1_SIZE);
    assert_memory_not_equal(first.scalar[AGENT_IDENTITY], other.scalar[AGENT_IDENTITY], K1_SIZE);
    app_id[0] = 2; /* another application: another root of its own under the same KMS */
    assert_true(agent_keyring_make("seed", app_id, paths[0], &other));
    assert_memory_equal(first.scalar[AGENT_KMS_ROOT], other.scalar[AGENT_KMS_ROOT], K1_SIZE);
    assert_memory_not_equal(first.scalar[AGENT_APP_ROOT], other.scalar[AGENT_APP_ROOT], K1_SIZE);
    assert_true(agent_keyring_make("another seed", app_id, paths[0], &other));
    assert_memory_not_equal(first.scalar[AGENT_KMS_ROOT], other.scalar[AGENT_KMS_ROOT], K1_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_stage),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_no_envelope),
        cmocka_unit_test(test_nonce),
        cmocka_unit_test(test_own_binding),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_breaks_of_trust_are_well_formed),
        cmocka_unit_test(test_envelope_breaks_leave_the_rest),
        cmocka_unit_test(test_derivation),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_refused_keys),
        cmocka_unit_test(test_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
