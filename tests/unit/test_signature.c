/* test_signature.c - signatures by the key of a forged envelope: accepted, and refused for each single change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "appraise/appraise.h"
#include "sim/recipe.h"

static const char seed[] = "signatures";

typedef struct world {
    forge_result made;
    recipe r;
    chaos_trust *trust;
    chaos_policy *policy;
} world;

static int begin(void **state)
{
    static world w;
    const forge_options options = { .seed = seed };
    chaos_error err = { 0 };
    if (forge_make(FORGE_TDX4, &options, NULL, &w.made, &err) != CHAOS_OK || !recipe_init(&w.r, FORGE_TDX4, &options) ||
        chaos_trust_new(&w.trust, &err) != CHAOS_OK ||
        chaos_trust_add_root(w.trust, buffer_slice(&w.made.root), &err) != CHAOS_OK ||
        chaos_policy_parse(buffer_slice(&w.made.policy), &w.policy, &err) != CHAOS_OK) {
        return -1;
    }
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_policy_free(w->policy);
    chaos_trust_free(w->trust);
    recipe_free(&w->r);
    forge_result_free(&w->made);
    return 0;
}

/* A signature over the message by one of the agent's keys, with the envelope. */
static chaos_signature *sign(const world *w, agent_key key, chaos_digest_kind kind, const char *message)
{
    chaos_keccak digest;
    chaos_signature65 bytes;
    chaos_evidence *evidence = NULL;
    chaos_signature *signature = NULL;
    assert_int_equal(message_digest(kind, slice_text(message), &digest, NULL), CHAOS_OK);
    assert_true(k1_sign(w->r.agent.scalar[key], &digest, bytes.bytes));
    bytes.bytes[64] = (uint8_t)(bytes.bytes[64] + 27);
    assert_int_equal(chaos_envelope_parse(buffer_slice(&w->made.envelope), &evidence, NULL), CHAOS_OK);
    assert_int_equal(signature_new(kind, &digest, &bytes, evidence, &signature, NULL), CHAOS_OK);
    chaos_evidence_free(evidence);
    return signature;
}

/* The decisive error of the verdict, or OK. */
static chaos_status verdict_of(const world *w, chaos_signature *signature, const char *message, bool with_collateral)
{
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    chaos_slice collateral = with_collateral ? buffer_slice(&w->made.collateral) : slice(NULL, 0);
    if (chaos_signature_verify(signature, slice_text(message), collateral, w->trust, w->policy, &expectation,
                               w->made.now, NULL, &verdict, &err) != CHAOS_OK) {
        return err.status;
    }
    const chaos_error *why = chaos_verdict_error(verdict);
    chaos_status status = why == NULL ? CHAOS_OK : why->status;
    assert_int_equal(chaos_signature_verified(signature), chaos_verdict_verified(verdict));
    chaos_verdict_free(verdict);
    return status;
}

static void expect(const world *w, chaos_signature *signature, const char *message, bool with_collateral,
                   chaos_status expected)
{
    chaos_status found = verdict_of(w, signature, message, with_collateral);
    if (found != expected) {
        fail_msg("expected %s, got %s", chaos_status_name(expected), chaos_status_name(found));
    }
}

static const char typed[] =
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Note\":[{\"name\":\"text\",\"type\":"
    "\"string\"}]},\"primaryType\":\"Note\",\"domain\":{\"name\":\"d\"},\"message\":{\"text\":\"hello\"}}";
static const char other_typed[] =
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Note\":[{\"name\":\"text\",\"type\":"
    "\"string\"}]},\"primaryType\":\"Note\",\"domain\":{\"name\":\"d\"},\"message\":{\"text\":\"hellp\"}}";

static void test_accepted(void **state)
{
    const world *w = *state;
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action");
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_UNKNOWN);
    expect(w, signature, "action", true, CHAOS_OK);
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_TRUE);
    chaos_signature_free(signature);
    signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP712, typed);
    expect(w, signature, typed, true, CHAOS_OK);
    chaos_signature_free(signature);
}

static void test_refused(void **state)
{
    const world *w = *state;
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action");
    expect(w, signature, "actioN", true, CHAOS_E_MESSAGE_SIGNATURE);
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_FALSE);
    expect(w, signature, "", true, CHAOS_E_MESSAGE_SIGNATURE);
    expect(w, signature, "action", false, CHAOS_E_COLLATERAL_MISSING);
    signature->bytes.bytes[40] ^= 1;
    expect(w, signature, "action", true, CHAOS_E_MESSAGE_SIGNATURE);
    signature->bytes.bytes[40] ^= 1;
    signature->bytes.bytes[64] = (uint8_t)(signature->bytes.bytes[64] - 27);
    expect(w, signature, "action", true, CHAOS_E_MESSAGE_SIGNATURE);
    signature->bytes.bytes[64] = (uint8_t)(signature->bytes.bytes[64] + 27);
    assert_true(k1_negate(signature->bytes.bytes + 32)); /* the same key, another form */
    signature->bytes.bytes[64] ^= 27 ^ 28;
    expect(w, signature, "action", true, CHAOS_E_MESSAGE_SIGNATURE);
    chaos_signature_free(signature);
    signature = sign(w, AGENT_SESSION, CHAOS_DIGEST_EIP191, "action"); /* a key, but not the bound one */
    expect(w, signature, "action", true, CHAOS_E_MESSAGE_SIGNATURE);
    chaos_signature_free(signature);
    signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP712, typed);
    expect(w, signature, other_typed, true, CHAOS_E_MESSAGE_SIGNATURE);
    expect(w, signature, "{}", true, CHAOS_E_TYPED_DATA_FORMAT);
    expect(w, signature, "no JSON", true, CHAOS_E_TYPED_DATA_FORMAT);
    chaos_signature_free(signature);
}

/* What is wrong with the evidence is said, whatever the signature is worth. */
static void test_evidence_first(void **state)
{
    const world *w = *state;
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;
    chaos_trust *nobody = NULL;
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action");
    assert_int_equal(chaos_trust_new(&nobody, NULL), CHAOS_OK);
    assert_int_equal(chaos_signature_verify(signature, slice_text("other"), buffer_slice(&w->made.collateral), nobody,
                                            w->policy, &expectation, w->made.now, NULL, &verdict, NULL),
                     CHAOS_OK);
    assert_int_not_equal(chaos_verdict_error(verdict)->status, CHAOS_E_MESSAGE_SIGNATURE);
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_FALSE);
    assert_false(chaos_tee_verify_attestation(signature, slice_text("action"), buffer_slice(&w->made.collateral), nobody,
                                              w->policy, &expectation, w->made.now));
    chaos_verdict_free(verdict);
    chaos_trust_free(nobody);
    chaos_signature_free(signature);
}

/* -------------------------------------------------------------------- file ---- */

static chaos_status parse(const world *w, chaos_slice text, chaos_error *err)
{
    chaos_signature *signature = NULL;
    chaos_status status = chaos_signature_parse(text, buffer_slice(&w->made.envelope), &signature, err);
    assert_true((status == CHAOS_OK) == (signature != NULL));
    chaos_signature_free(signature);
    return status;
}

static void test_file(void **state)
{
    static const struct {
        const char *from, *to;
        chaos_status status;
    } edits[] = {
        { "\"schema\":\"chaoschain/signature/1\"", "\"schema\":\"chaoschain/signature/2\"", CHAOS_E_SIGNATURE_FORMAT },
        { "\"verified\":null", "\"verified\":true", CHAOS_E_SIGNATURE_FORMAT },
        { "\"verified\":null", "\"verified\":null,\"x\":1", CHAOS_E_SIGNATURE_FORMAT },
        { ",\"verified\":null", "", CHAOS_E_SIGNATURE_FORMAT },
        { "\"secp256k1\"", "\"secp256r1\"", CHAOS_E_SIGNATURE_FORMAT },
        { "\"eip191\"", "\"eip192\"", CHAOS_E_SIGNATURE_FORMAT },
        { "\"evidence_hash\":\"0x", "\"evidence_hash\":\"0x0000", CHAOS_E_SIGNATURE_FORMAT },
        { "\"address\":\"0x", "\"address\":\"0X", CHAOS_E_SIGNATURE_FORMAT },
        { "\"address\":\"0x", "\"address\":\"1x", CHAOS_E_SIGNATURE_FORMAT },
        { "\"address\":\"0x", "\"address\":\"0x0", CHAOS_E_SIGNATURE_FORMAT },
        { "\"provider\":\"", "\"provider\":\"x", CHAOS_E_SIGNATURE_FORMAT },
    };
    const world *w = *state;
    CHAOS_AUTO_BUFFER(text, 8192);
    chaos_error err = { 0 };
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action");
    assert_int_equal(chaos_signature_write(signature, &text, &err), CHAOS_OK);
    chaos_signature_free(signature);
    assert_int_equal(parse(w, buffer_slice(&text), &err), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        CHAOS_AUTO_BUFFER(edited, 8192);
        const text_edit edit = { edits[i].from, edits[i].to };
        assert_true(buffer_append(&edited, buffer_slice(&text)) && text_edit_apply(&edit, &edited));
        assert_int_equal(parse(w, buffer_slice(&edited), &err), edits[i].status);
    }
    for (size_t size = 0; size < text.size; size++) {
        assert_int_not_equal(parse(w, slice(text.data, size), &err), CHAOS_OK);
    }
    /* Another hash and another address: well-formed, and not of this envelope. */
    char *hash = strstr((char *)text.data, "\"evidence_hash\":\"0x") + 19;
    *hash = *hash == '0' ? '1' : '0';
    assert_int_equal(parse(w, buffer_slice(&text), &err), CHAOS_E_ENVELOPE_HASH);
}

/* Well-formed files that are of another envelope or too large, and calls that are none. */
static void test_file_mismatch(void **state)
{
    static const struct {
        const char *member, *field;
    } edits[] = { { "\"address\":\"0x", "address" }, { "\"provider\":\"", "provider" } };
    const world *w = *state;
    chaos_slice whole_envelope = buffer_slice(&w->made.envelope);
    chaos_error err = { 0 };
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action"), *read = NULL;
    CHAOS_AUTO_BUFFER(text, 8192);
    assert_int_equal(chaos_signature_write(signature, &text, &err), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *at = strstr((char *)text.data, edits[i].member) + strlen(edits[i].member);
        const char kept = *at;
        *at = kept == '1' || kept == 'q' ? '2' : i == 0 ? '1'
                                                        : 'q';
        assert_int_equal(parse(w, buffer_slice(&text), &err), CHAOS_E_SIGNATURE_FORMAT);
        assert_string_equal(err.field, edits[i].field);
        *at = kept;
    }
    assert_int_equal(parse(w, buffer_slice(&text), &err), CHAOS_OK);
    CHAOS_AUTO_BUFFER(large, 1u << 20);
    assert_true(buffer_append(&large, buffer_slice(&text)));
    while (large.size < 65536) {
        assert_true(buffer_append_text(&large, " "));
    }
    assert_int_equal(parse(w, buffer_slice(&large), &err), CHAOS_E_SIGNATURE_FORMAT);
    assert_true(err.expected[0] != '\0' && err.found[0] != '\0');

    assert_int_equal(chaos_signature_parse(buffer_slice(&text), whole_envelope, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_signature_parse(slice(NULL, 1), whole_envelope, &read, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_signature_write(NULL, &text, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_signature_write(signature, NULL, &err), CHAOS_E_USAGE);
    assert_null(read);

    assert_int_equal(chaos_signature_parse(buffer_slice(&text), whole_envelope, &read, &err), CHAOS_OK);
    const chaos_signature65 a = chaos_signature_bytes(signature), b = chaos_signature_bytes(read);
    const chaos_keccak c = chaos_signature_digest(signature), d = chaos_signature_digest(read);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_equal(&c, &d, sizeof c);
    assert_string_equal(chaos_signature_algorithm(read), "secp256k1");
    assert_string_equal(chaos_signature_provider(read), chaos_signature_provider(signature));
    assert_int_equal(chaos_signature_digest_kind(read), CHAOS_DIGEST_EIP191);
    assert_true(slice_equal(chaos_evidence_bytes(chaos_signature_evidence(read)), whole_envelope));
    chaos_signature_free(read);
    chaos_signature_free(signature);
}

/* A bare quote binds no key, and a message has a size. */
static void test_not_signable(void **state)
{
    const world *w = *state;
    chaos_evidence *bare = NULL;
    chaos_signature *signature = NULL;
    chaos_keccak digest = { { 7 } };
    const chaos_signature65 bytes = { { 0 } };
    chaos_error err = { 0 };
    assert_int_equal(chaos_evidence_parse(buffer_slice(&w->made.quote), &bare, &err), CHAOS_OK);
    assert_int_equal(signature_new(CHAOS_DIGEST_EIP191, &digest, &bytes, bare, &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(signature_new(CHAOS_DIGEST_EIP191, &digest, &bytes, NULL, &signature, &err), CHAOS_E_USAGE);
    assert_null(signature);
    chaos_evidence_free(bare);
    uint8_t byte = 0;
    assert_int_equal(message_digest(CHAOS_DIGEST_EIP191, slice(&byte, CHAOS_MAX_SIGNED_MESSAGE + 1), &digest, &err),
                     CHAOS_E_USAGE);
    assert_true(err.expected[0] != '\0');
    assert_int_equal(message_digest(CHAOS_DIGEST_EIP191, slice(NULL, 1), &digest, &err), CHAOS_E_USAGE);
    assert_int_equal(message_digest((chaos_digest_kind)3, slice(&byte, 1), &digest, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "digest_kind");
    assert_int_equal(digest.bytes[0], 7);
}

/* A buffer that is too small stays as it was, and so does one that has other text before. */
static void test_write_untouched(void **state)
{
    const world *w = *state;
    chaos_error err = { 0 };
    chaos_signature *signature = sign(w, AGENT_IDENTITY, CHAOS_DIGEST_EIP191, "action");
    CHAOS_AUTO_BUFFER(whole, 8192);
    assert_int_equal(chaos_signature_write(signature, &whole, &err), CHAOS_OK);
    for (size_t limit = 4; limit < whole.size + 4; limit += 1 + limit / 8) {
        CHAOS_AUTO_BUFFER(small, limit);
        assert_true(buffer_append_text(&small, "text"));
        assert_int_equal(chaos_signature_write(signature, &small, &err), CHAOS_E_MEMORY);
        assert_true(slice_is(buffer_slice(&small), "text"));
    }
    CHAOS_AUTO_BUFFER(exact, whole.size + 4);
    assert_true(buffer_append_text(&exact, "text"));
    assert_int_equal(chaos_signature_write(signature, &exact, &err), CHAOS_OK);
    assert_int_equal(exact.size, whole.size + 4);
    chaos_signature_free(signature);
}

static void test_address(void **state)
{
    static const char *const right[] = { "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                                         "0x5fbdb2315678afecb367f032d93f642f64180aa3",
                                         "0x5FBDB2315678AFECB367F032D93F642F64180AA3" };
    static const char *const wrong[] = { "0x5fbDB2315678afecb367f032d93F642f64180aa3",
                                         "5FbDB2315678afecb367f032d93F642f64180aa3",
                                         "0X5FbDB2315678afecb367f032d93F642f64180aa3",
                                         "1x5fbdb2315678afecb367f032d93f642f64180aa3",
                                         "0y5fbdb2315678afecb367f032d93f642f64180aa3",
                                         "0x5fbdb2315678afecb367f032d93f642f64180aag",
                                         "0x5FbDB2315678afecb367f032d93F642f64180aa",
                                         "0x5FbDB2315678afecb367f032d93F642f64180aa30",
                                         "0x5FbDB2315678afecb367f032d93F642f64180aag",
                                         "" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(right); i++) {
        chaos_address address;
        char text[CHAOS_ADDRESS_TEXT_SIZE];
        assert_int_equal(chaos_address_parse(right[i], &address, NULL), CHAOS_OK);
        chaos_address_format(&address, text);
        assert_string_equal(text, right[0]);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_address address = { { 7 } };
        if (chaos_address_parse(wrong[i], &address, NULL) != CHAOS_E_USAGE) {
            fail_msg("%s: expected USAGE", wrong[i]);
        }
        assert_int_equal(address.bytes[0], 7);
    }
    chaos_address address;
    chaos_error err = { 0 };
    assert_int_equal(chaos_address_parse(NULL, &address, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_address_parse(right[0], NULL, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_evidence_first),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_mismatch),
        cmocka_unit_test(test_not_signable),
        cmocka_unit_test(test_write_untouched),
        cmocka_unit_test(test_address),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
