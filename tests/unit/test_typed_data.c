/* test_typed_data.c - EIP-712: our own structs against their published digests, and one change at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/recipe.h"

#define DOMAIN                                                                                           \
    "\"domain\":{\"name\":\"ChaosChain TEE\",\"version\":\"1\",\"chainId\":31337,\"verifyingContract\":" \
    "\"0x5FbDB2315678afecb367f032d93F642f64180aa3\"}"
#define DOMAIN_TYPE                                                                                         \
    "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":\"string\"}," \
    "{\"name\":\"chainId\",\"type\":\"uint256\"},{\"name\":\"verifyingContract\",\"type\":\"address\"}]"
#define ELEVENS "0x1111111111111111111111111111111111111111"
#define WORD(digits) "0x" digits digits digits digits digits digits digits digits
#define ZERO WORD("00000000")

static const char action[] =
    "{\"types\":{" DOMAIN_TYPE ",\"AgentAction\":[{\"name\":\"agentRegistry\",\"type\":\"address\"},{\"name\":"
    "\"agentId\",\"type\":\"uint256\"},{\"name\":\"sequence\",\"type\":\"uint64\"},{\"name\":\"previous\",\"type\":"
    "\"bytes32\"},{\"name\":\"actionType\",\"type\":\"string\"},{\"name\":\"payloadHash\",\"type\":\"bytes32\"},{\"name\":"
    "\"inputHash\",\"type\":\"bytes32\"},{\"name\":\"outputHash\",\"type\":\"bytes32\"},{\"name\":\"issuedAt\",\"type\":"
    "\"uint64\"},{\"name\":\"evidenceHash\",\"type\":\"bytes32\"}]},\"primaryType\":\"AgentAction\"," DOMAIN
    ",\"message\":{\"agentRegistry\":\"0x5FbDB2315678afecb367f032d93F642f64180aa3\",\"agentId\":\"0\",\"sequence\":0,"
    "\"previous\":\"" ZERO "\",\"actionType\":\"chaoschain/demo\",\"payloadHash\":\"" WORD("33333333") "\",\"inputHash\":\"" WORD("44444444") "\",\"outputHash\":\"" WORD("55555555") "\",\"issuedAt\":1767225600,"
                                                                                                                                                                                      "\"evidenceHash\":\"" WORD("66666666") "\"}}";
static const char action_digest[] = "9cb4337b8ef4f335c160bd1b2eb5597ff5e7896fa207860051167c46f3d49e78";

static const char handover[] =
    "{\"types\":{" DOMAIN_TYPE ",\"KeyHandover\":[{\"name\":\"identityRegistry\",\"type\":\"address\"},{\"name\":"
    "\"agentId\",\"type\":\"uint256\"},{\"name\":\"oldKey\",\"type\":\"address\"},{\"name\":\"newKey\",\"type\":"
    "\"address\"},{\"name\":\"newEvidenceHash\",\"type\":\"bytes32\"},{\"name\":\"lastSequence\",\"type\":\"uint64\"},"
    "{\"name\":\"issuedAt\",\"type\":\"uint64\"}]},\"primaryType\":\"KeyHandover\"," DOMAIN
    ",\"message\":{\"identityRegistry\":\"0x5FbDB2315678afecb367f032d93F642f64180aa3\",\"agentId\":0,\"oldKey\":"
    "\"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\",\"newKey\":\"0x5050a4f4b3f9338c3472dcc01a87c76a144b3c9c\","
    "\"newEvidenceHash\":\"" WORD("66666666") "\",\"lastSequence\":\"0\",\"issuedAt\":\"0x6955b900\"}}";
static const char handover_digest[] = "2db0ca2f29308c5687d41a9d7858fc715731a528a99387364d0b46d652438bda";

static void expect_digest(const char *text, const char *digest)
{
    chaos_keccak found;
    uint8_t wanted[32];
    chaos_slice name;
    fault why = { 0 };
    if (!typed_data_digest(slice_text(text), &found, &name, &why)) {
        fail_msg("%s: %s", why.field == NULL ? "" : why.field, why.reason == NULL ? "" : why.reason);
    }
    assert_true(hex_decode(slice_text(digest), wanted, sizeof wanted));
    assert_memory_equal(found.bytes, wanted, sizeof wanted);
    assert_true(slice_is(name, "ChaosChain TEE"));
}

static void test_own_structs(void **state)
{
    (void)state;
    expect_digest(action, action_digest);
    expect_digest(handover, handover_digest);
}

static void test_refused(void **state)
{
    static const struct {
        const char *from, *to, *reason; /* NULL: any */
    } edits[] = {
        { "\"sequence\":0,", "", "a member of the type is missing" },
        { "\"sequence\":0,", "\"sequence\":0,\"more\":1,", "a member that the type does not have" },
        { "\"sequence\":0,", "\"sequence\":0,\"sequence\":0,", NULL },
        { "\"sequence\":0,", "\"sequence\":-1,", "a value does not fit its type" },
        { "\"sequence\":0,", "\"sequence\":\"18446744073709551616\",", "a value does not fit its type" },
        { "\"sequence\":0,", "\"sequence\":1.5,", "a value does not fit its type" },
        { "\"sequence\":0,", "\"sequence\":true,", NULL },
        { "\"sequence\":0,", "\"sequence\":null,", NULL },
        { "\"sequence\":0,", "\"sequence\":\"00\",", "a value does not fit its type" },
        { "\"actionType\":\"chaoschain/demo\"", "\"actionType\":7", NULL },
        { "\"primaryType\":\"AgentAction\"", "\"primaryType\":\"Agent\"", "the primary type is not one of the types" },
        { "\"primaryType\":\"AgentAction\"", "\"primaryType\":\"EIP712Domain\"",
          "the primary type is not one of the types" },
        { "\"primaryType\":\"AgentAction\",", "", NULL },
        { "\"primaryType\":", "\"x\":1,\"primaryType\":", "a member that typed data do not have" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint65\"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint\"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint64[0]\"",
          "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"agentId\",\"type\":\"uint64\"", "a type has a member twice" },
        { "\"sequence\",\"type\":\"uint64\"", "\"a b\",\"type\":\"uint64\"", "a member's name is no identifier" },
        { "\"AgentAction\":[", "\"Agent Action\":[", "a type's name is no identifier, or that of an elementary type" },
        { "\"chainId\",\"type\":\"uint256\"", "\"chainId\",\"type\":\"uint64\"",
          "a domain has no such member, or it has another type" },
        { "\"EIP712Domain\":[", "\"EIP712domain\":[", "the type EIP712Domain is missing" },
        { "\"chainId\":31337,", "", "a member of the type is missing" },
        { "\"previous\":\"0x00", "\"previous\":\"0x", "a value does not fit its type" },
        { "\"agentRegistry\":\"0x5F", "\"agentRegistry\":\"0x", "a value does not fit its type" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        CHAOS_AUTO_BUFFER(text, 16384);
        const text_edit edit = { edits[i].from, edits[i].to };
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(buffer_append_text(&text, action) && text_edit_apply(&edit, &text));
        if (typed_data_digest(buffer_slice(&text), &digest, NULL, &why)) {
            fail_msg("accepted: %s", edits[i].to);
        }
        if (edits[i].reason != NULL && (why.reason == NULL || strcmp(why.reason, edits[i].reason) != 0)) {
            fail_msg("%s: \"%s\" and not \"%s\"", edits[i].to, why.reason == NULL ? "" : why.reason, edits[i].reason);
        }
    }
    for (size_t size = 0; size < sizeof action - 1; size++) {
        chaos_keccak digest;
        fault why = { 0 };
        assert_false(typed_data_digest(slice(action, size), &digest, NULL, &why));
    }
}

/* The extremes of signed numbers, and a depth that ends. */
static void test_values(void **state)
{
    static const struct {
        const char *type, *value;
        bool accepted;
    } cases[] = {
        { "int8", "-128", true },
        { "int8", "-129", false },
        { "int8", "127", true },
        { "int8", "128", false },
        { "int8", "\"-0\"", false },
        { "uint8", "255", true },
        { "uint8", "256", false },
        { "uint8", "-1", false },
        { "int256", "\"-1\"", true },
        { "bool", "true", true },
        { "bool", "1", false },
        { "bytes2", "\"0x0102\"", true },
        { "bytes2", "\"0x01\"", false },
        { "bytes", "\"0x\"", true },
        { "bytes", "\"0x0\"", false },
        { "string", "\"\\u00e9\"", true },
        { "uint8[2]", "[1,2]", true },
        { "uint8[2]", "[1]", false },
        { "uint8[2]", "[1,2,3]", false },
        { "uint8[]", "[]", true },
        { "uint8[][2]", "[[1],[2,3]]", true },
        { "uint8[]", "{}", false },
        { "T[]", "[]", true },
        { "T[]", "[{\"v\":[]}]", true },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO_BUFFER(text, 4096);
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(buffer_append_format(&text,
                                         "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"T\":"
                                         "[{\"name\":\"v\",\"type\":\"%s\"}]},\"primaryType\":\"T\",\"domain\":{\"name\":"
                                         "\"d\"},\"message\":{\"v\":%s}}",
                                         cases[i].type, cases[i].value));
        if (typed_data_digest(buffer_slice(&text), &digest, NULL, &why) != cases[i].accepted) {
            fail_msg("%s %s: %s", cases[i].type, cases[i].value, why.reason == NULL ? "accepted" : why.reason);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_structs),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
