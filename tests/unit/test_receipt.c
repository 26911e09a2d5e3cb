/* test_receipt.c - AgentAction and KeyHandover: their digests and signatures byte for byte, what an action may say, and the
 * JSON of a receipt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/recipe.h"

#define LINE_MAX_SIZE 4096

/* ---------------------------------------------------------------- vectors ---- */

static chaos_keccak filled(uint8_t byte)
{
    chaos_keccak hash;
    memset(hash.bytes, byte, sizeof hash.bytes);
    return hash;
}

static void decode(const char *hex, uint8_t *out, size_t size)
{
    assert_true(hex_decode(slice_text(hex), out, size));
}

static void expect_hex(chaos_slice bytes, const char *expected)
{
    char found[2 * 65 + 1] = { 0 };
    assert_true(bytes.size <= 65);
    hex_encode(bytes, found);
    assert_string_equal(found, expected);
}

#define EXPECT_HEX(value, expected) expect_hex(slice((value).bytes, sizeof(value).bytes), (expected))

/* Chain 31337, the registry of the vectors, agent 0. */
static chaos_action make_action(void)
{
    chaos_action action = { .issued_at = 1767225600, .action_type = "chaoschain/demo" };
    action.chain_id.bytes[30] = 0x7a;
    action.chain_id.bytes[31] = 0x69;
    decode("5FbDB2315678afecb367f032d93F642f64180aa3", action.agent_registry.bytes, sizeof action.agent_registry.bytes);
    action.payload_hash = filled(0x33);
    action.input_hash = filled(0x44);
    action.output_hash = filled(0x55);
    action.evidence_hash = filled(0x66);
    return action;
}

static chaos_signature65 sign(uint8_t key_byte, const chaos_keccak *digest)
{
    uint8_t scalar[K1_SIZE];
    chaos_signature65 signature;
    memset(scalar, key_byte, sizeof scalar);
    assert_true(k1_sign(scalar, digest, signature.bytes));
    signature.bytes[64] = (uint8_t)(signature.bytes[64] + 27);
    return signature;
}

static chaos_address address_of(uint8_t key_byte)
{
    uint8_t scalar[K1_SIZE];
    k1_point point;
    memset(scalar, key_byte, sizeof scalar);
    assert_true(k1_public(scalar, &point));
    return k1_address(&point);
}

static void test_action_vector(void **state)
{
    (void)state;
    static const char type[] =
        "AgentAction(address agentRegistry,uint256 agentId,uint64 sequence,bytes32 previous,string actionType,"
        "bytes32 payloadHash,bytes32 inputHash,bytes32 outputHash,uint64 issuedAt,bytes32 evidenceHash)";
    const chaos_keccak type_hash = hash_keccak(slice_text(type));
    const chaos_action action = make_action();
    const chaos_keccak separator = domain_separator(&action.chain_id, &action.agent_registry);
    const chaos_keccak digest = chaos_action_digest(&action);
    const chaos_keccak again = action_digest_in(&separator, &action);
    EXPECT_HEX(type_hash, "c6f896a5b9623ef0875f061464bbe168d9a12c3cb67ea48868910121d55ee2fc");
    EXPECT_HEX(separator, "a539e81c00e83c188a0f409d28fcf170f11fdde34e9d9e536163b9daa8f95ece");
    EXPECT_HEX(digest, "9cb4337b8ef4f335c160bd1b2eb5597ff5e7896fa207860051167c46f3d49e78");
    assert_memory_equal(digest.bytes, again.bytes, sizeof digest.bytes);
    const chaos_signature65 signature = sign(0x02, &digest); /* RFC 6979 gives one signature for one digest */
    EXPECT_HEX(signature, "5b6204c25784ffecbdb693eb8408da9d97ce1806386b8092bba8d1019d2c362070"
                          "c42f12cff1b6ac81d6e2856e47eb51b0aec299b57cf9287f5c7d456d94b0d01b");
}

/* The same struct through the general EIP-712 hasher, which shares no line with the one above. */
static void test_action_as_typed_data(void **state)
{
    (void)state;
    static const char typed[] =
        "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":"
        "\"string\"},{\"name\":\"chainId\",\"type\":\"uint256\"},{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
        "\"AgentAction\":[{\"name\":\"agentRegistry\",\"type\":\"address\"},{\"name\":\"agentId\",\"type\":\"uint256\"},"
        "{\"name\":\"sequence\",\"type\":\"uint64\"},{\"name\":\"previous\",\"type\":\"bytes32\"},"
        "{\"name\":\"actionType\",\"type\":\"string\"},{\"name\":\"payloadHash\",\"type\":\"bytes32\"},"
        "{\"name\":\"inputHash\",\"type\":\"bytes32\"},{\"name\":\"outputHash\",\"type\":\"bytes32\"},"
        "{\"name\":\"issuedAt\",\"type\":\"uint64\"},{\"name\":\"evidenceHash\",\"type\":\"bytes32\"}]},"
        "\"primaryType\":\"AgentAction\",\"domain\":{\"name\":\"ChaosChain TEE\",\"version\":\"1\",\"chainId\":31337,"
        "\"verifyingContract\":\"0x5fbdb2315678afecb367f032d93f642f64180aa3\"},\"message\":{"
        "\"agentRegistry\":\"0x5fbdb2315678afecb367f032d93f642f64180aa3\",\"agentId\":7,\"sequence\":9,"
        "\"previous\":\"0x7777777777777777777777777777777777777777777777777777777777777777\","
        "\"actionType\":\"a/b.c\","
        "\"payloadHash\":\"0x3333333333333333333333333333333333333333333333333333333333333333\","
        "\"inputHash\":\"0x4444444444444444444444444444444444444444444444444444444444444444\","
        "\"outputHash\":\"0x5555555555555555555555555555555555555555555555555555555555555555\","
        "\"issuedAt\":1767225600,"
        "\"evidenceHash\":\"0x6666666666666666666666666666666666666666666666666666666666666666\"}}";
    chaos_action action = make_action();
    chaos_keccak expected;
    fault why = { 0 };
    action.agent_id.bytes[31] = 7;
    action.sequence = 9;
    action.previous = filled(0x77);
    memcpy(action.action_type, "a/b.c", sizeof "a/b.c");
    if (!typed_data_digest(slice_text(typed), &expected, NULL, &why)) {
        fail_msg("%s: %s", why.field, why.reason);
    }
    const chaos_keccak digest = chaos_action_digest(&action);
    assert_memory_equal(digest.bytes, expected.bytes, sizeof digest.bytes);
}

static void test_handover_vector(void **state)
{
    (void)state;
    static const char type[] = "KeyHandover(address identityRegistry,uint256 agentId,address oldKey,address newKey,"
                               "bytes32 newEvidenceHash,uint64 lastSequence,uint64 issuedAt)";
    const chaos_keccak type_hash = hash_keccak(slice_text(type));
    const chaos_action action = make_action();
    const chaos_handover handover = { .chain_id = action.chain_id,
                                      .identity_registry = action.agent_registry,
                                      .old_key = address_of(0x01),
                                      .new_key = address_of(0x02),
                                      .new_evidence_hash = filled(0x66),
                                      .issued_at = 1767225600 };
    const chaos_keccak digest = chaos_handover_digest(&handover);
    EXPECT_HEX(handover.old_key, "1a642f0e3c3af545e7acbd38b07251b3990914f1");
    EXPECT_HEX(handover.new_key, "5050a4f4b3f9338c3472dcc01a87c76a144b3c9c");
    EXPECT_HEX(type_hash, "fa117a8d3a7557b641d982b771fc9b249df79cb8203819042fc6cb2eec2b7e0f");
    EXPECT_HEX(digest, "2db0ca2f29308c5687d41a9d7858fc715731a528a99387364d0b46d652438bda");
    const chaos_signature65 old = sign(0x01, &digest), new = sign(0x02, &digest);
    EXPECT_HEX(old, "ea527b12b187ad88f4e924d71b2a91ca789f131039c23ed49593fefdf6c356fa7b"
                    "69956c8fd266f9cd329127e1c648f1d3fff59a706b80c985a448f120ea310c1c");
    EXPECT_HEX(new, "13ff4c80cb11c88c4a4036eccb8d0430286071075d3cb100d78418a73aefbdc038"
                    "55365cc2b158c30ca3e6bffcc12430fbf8ec2686cebe21eac005b0c200dd491c");
}

static void expect_handover(const chaos_handover *handover, const chaos_signature65 *old, const chaos_signature65 *new,
                            chaos_status status, const char *field)
{
    chaos_error err = { 0 };
    const chaos_status found = chaos_handover_verify(handover, old, new, &err);
    if (found != status) {
        fail_msg("expected %s, got %s", chaos_status_name(status), chaos_status_name(found));
    }
    if (status != CHAOS_OK) {
        assert_string_equal(err.field, field);
        assert_true(err.expected[0] != '\0' && err.found[0] != '\0');
    }
}

static void test_handover_signatures(void **state)
{
    (void)state;
    const chaos_action action = make_action();
    chaos_handover handover = { .chain_id = action.chain_id, .identity_registry = action.agent_registry, .old_key = address_of(0x01), .new_key = address_of(0x02), .new_evidence_hash = filled(0x66), .last_sequence = 4, .issued_at = 1767225600 };
    const chaos_keccak digest = chaos_handover_digest(&handover);
    chaos_signature65 old = sign(0x01, &digest), new = sign(0x02, &digest), stranger = sign(0x03, &digest);
    expect_handover(&handover, &old, &new, CHAOS_OK, NULL);
    expect_handover(&handover, &new, &old, CHAOS_E_HANDOVER_SIGNATURE, "oldKey");
    expect_handover(&handover, &stranger, &new, CHAOS_E_HANDOVER_SIGNATURE, "oldKey");
    expect_handover(&handover, &old, &stranger, CHAOS_E_HANDOVER_SIGNATURE, "newKey");
    new.bytes[64] = (uint8_t)(new.bytes[64] - 27);
    expect_handover(&handover, &old, &new, CHAOS_E_HANDOVER_SIGNATURE, "newKey");
    new.bytes[64] = (uint8_t)(new.bytes[64] + 27);
    handover.last_sequence++;
    expect_handover(&handover, &old, &new, CHAOS_E_HANDOVER_SIGNATURE, "oldKey");
    assert_int_equal(chaos_handover_verify(NULL, &old, &new, NULL), CHAOS_E_USAGE);
}

/* ------------------------------------------------------------------ rules ---- */

static void set_type(chaos_action *action, const char *type)
{
    memset(action->action_type, 0, sizeof action->action_type);
    memcpy(action->action_type, type, strlen(type));
}

static void expect_refused(chaos_action action, const char *field)
{
    chaos_error err = { 0 };
    chaos_receipt receipt = { .action = action };
    CHAOS_AUTO_BUFFER(out, LINE_MAX_SIZE);
    if (chaos_action_check(&action, &err) != CHAOS_E_RECEIPT_FORMAT) {
        fail_msg("%s: expected RECEIPT_FORMAT", field);
    }
    assert_string_equal(err.field, field);
    assert_int_equal(chaos_bundle_write_receipt(&receipt, &out, &err), CHAOS_E_RECEIPT_FORMAT);
    assert_int_equal(out.size, 0);
}

static void test_action_rules(void **state)
{
    (void)state;
    chaos_action action = make_action();
    assert_int_equal(chaos_action_check(&action, NULL), CHAOS_OK);
    set_type(&action, "AZaz09._/:+-AZaz09._/:+-AZaz09._/:+-AZaz09._/:+-AZaz09._/:+-wxyz"); /* all of 64 */
    assert_int_equal(strlen(action.action_type), 64);
    assert_int_equal(chaos_action_check(&action, NULL), CHAOS_OK);
    static const char *const types[] = { "", " ", "a b", "a\"b", "a\\b", "a\nb", "\xc3\xa9", "a,b", "a~" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(types); i++) {
        set_type(&action, types[i]);
        expect_refused(action, "actionType");
    }
    action = make_action();
    memset(action.action_type, 'a', sizeof action.action_type); /* no NUL */
    expect_refused(action, "actionType");
    action = make_action();
    memset(&action.chain_id, 0, sizeof action.chain_id);
    expect_refused(action, "chainId");
    action = make_action();
    memset(&action.agent_registry, 0, sizeof action.agent_registry);
    expect_refused(action, "agentRegistry");
    action = make_action();
    memset(&action.evidence_hash, 0, sizeof action.evidence_hash);
    expect_refused(action, "evidenceHash");
    action = make_action();
    action.previous = filled(0x01);
    expect_refused(action, "previous");
    action.sequence = 1;
    assert_int_equal(chaos_action_check(&action, NULL), CHAOS_OK);
    action.sequence = CHAOS_MAX_SEQUENCE;
    assert_int_equal(chaos_action_check(&action, NULL), CHAOS_OK);
    action.sequence++;
    expect_refused(action, "sequence");
    action = make_action();
    action.issued_at = CHAOS_MAX_SEQUENCE + 1;
    expect_refused(action, "issuedAt");
}

/* ------------------------------------------------------------------- JSON ---- */

static chaos_receipt make_receipt(void)
{
    chaos_receipt receipt = { .action = make_action() };
    receipt.action.agent_id.bytes[0] = 0xff; /* 78 digits */
    receipt.action.sequence = CHAOS_MAX_SEQUENCE;
    receipt.action.previous = filled(0x77);
    const chaos_keccak digest = chaos_action_digest(&receipt.action);
    receipt.signature = sign(0x02, &digest);
    return receipt;
}

/* The object inside the line. */
static chaos_slice object_of(const chaos_buffer *line)
{
    static const char begin[] = "{\"receipt\":";
    assert_true(line->size > sizeof begin + 2 && memcmp(line->data, begin, sizeof begin - 1) == 0);
    assert_memory_equal(line->data + line->size - 2, "}\n", 2);
    return slice(line->data + sizeof begin - 1, line->size - (sizeof begin - 1) - 2);
}

static void test_round_trip(void **state)
{
    (void)state;
    const chaos_receipt receipt = make_receipt();
    chaos_receipt again;
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    chaos_error err = { 0 };
    assert_int_equal(chaos_bundle_write_receipt(&receipt, &line, &err), CHAOS_OK);
    assert_int_equal(chaos_receipt_parse(object_of(&line), &receipt.action.chain_id, &again, &err), CHAOS_OK);
    assert_memory_equal(&again.action.agent_id, &receipt.action.agent_id, sizeof again.action.agent_id);
    assert_memory_equal(again.signature.bytes, receipt.signature.bytes, sizeof again.signature.bytes);
    assert_true(again.action.sequence == CHAOS_MAX_SEQUENCE);
    const chaos_keccak first = chaos_action_digest(&receipt.action), second = chaos_action_digest(&again.action);
    assert_memory_equal(first.bytes, second.bytes, sizeof first.bytes); /* every member is in it */
    CHAOS_AUTO_BUFFER(once_more, LINE_MAX_SIZE);
    assert_int_equal(chaos_bundle_write_receipt(&again, &once_more, &err), CHAOS_OK);
    assert_true(slice_equal(buffer_slice(&line), buffer_slice(&once_more)));
}

static void test_every_length(void **state)
{
    (void)state;
    const chaos_receipt receipt = make_receipt();
    chaos_receipt out;
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    chaos_error err = { 0 };
    assert_int_equal(chaos_bundle_write_receipt(&receipt, &line, &err), CHAOS_OK);
    const chaos_slice whole = object_of(&line);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *copy = malloc(size + 1); /* reading past the end would be one past the allocation */
        assert_non_null(copy);
        memcpy(copy, whole.data, size);
        const chaos_status status = chaos_receipt_parse(slice(copy, size), &receipt.action.chain_id, &out, &err);
        assert_int_equal(chaos_status_class(status), CHAOS_CLASS_FORMAT);
        free(copy);
    }
    CHAOS_AUTO_BUFFER(longer, LINE_MAX_SIZE);
    assert_true(buffer_append(&longer, whole) && buffer_append_text(&longer, "}"));
    assert_int_equal(chaos_receipt_parse(buffer_slice(&longer), &receipt.action.chain_id, &out, &err), CHAOS_E_JSON);
}

/* A turned bit is refused, or it is another receipt, of another digest or signature. */
static void test_every_flip(void **state)
{
    (void)state;
    const chaos_receipt receipt = make_receipt();
    CHAOS_AUTO_BUFFER(line, LINE_MAX_SIZE);
    chaos_error err = { 0 };
    assert_int_equal(chaos_bundle_write_receipt(&receipt, &line, &err), CHAOS_OK);
    const chaos_slice whole = object_of(&line);
    const chaos_keccak digest = chaos_action_digest(&receipt.action);
    for (size_t i = 0; i < 8 * whole.size; i++) {
        chaos_receipt out;
        uint8_t *at = (uint8_t *)(uintptr_t)whole.data + i / 8;
        *at ^= (uint8_t)(1u << i % 8);
        if (chaos_receipt_parse(whole, &receipt.action.chain_id, &out, &err) == CHAOS_OK) {
            const chaos_keccak other = chaos_action_digest(&out.action);
            assert_true(memcmp(&other, &digest, sizeof digest) != 0 ||
                        memcmp(&out.signature, &receipt.signature, sizeof out.signature) != 0);
        }
        *at ^= (uint8_t)(1u << i % 8);
    }
}

static void test_usage(void **state)
{
    (void)state;
    const chaos_receipt receipt = make_receipt();
    chaos_receipt out;
    CHAOS_AUTO_BUFFER(small, 100);
    chaos_error err = { 0 };
    assert_int_equal(chaos_action_check(NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_receipt_parse(slice_text("{}"), NULL, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_receipt_parse(slice_text("{}"), &receipt.action.chain_id, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_bundle_write_receipt(&receipt, &small, &err), CHAOS_E_LIMIT);
    assert_int_equal(small.size, 0);
    const chaos_keccak nothing = chaos_content_hash(slice(NULL, 0));
    EXPECT_HEX(nothing, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_action_vector),
        cmocka_unit_test(test_action_as_typed_data),
        cmocka_unit_test(test_handover_vector),
        cmocka_unit_test(test_handover_signatures),
        cmocka_unit_test(test_action_rules),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_every_flip),
        cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
