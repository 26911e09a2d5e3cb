/* test_typed_data.c - EIP-712: our own structs against their published digests, and one change at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/recipe.h"
#include "wire/internal.h"

#include <stdio.h>

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

static const char no_number[] = "a number is decimal digits without a leading zero, or 0x and hex digits";
static const char no_bytes[] = "bytes are 0x and an even number of hex digits";
static const char any[] = "refused for some reason";
static const char no_fit[] = "a number does not fit its type";

static void expect_reason(chaos_slice text, const char *what, const char *reason)
{
    chaos_keccak digest = { { 7 } };
    const chaos_keccak before = digest;
    fault why = { 0 };
    if (typed_data_digest(text, &digest, NULL, &why)) {
        fail_msg("accepted: %s", what);
    }
    assert_memory_equal(&digest, &before, sizeof digest);
    assert_int_not_equal(why.status, CHAOS_OK);
    if (reason != NULL && (why.reason == NULL || strcmp(why.reason, reason) != 0)) {
        fail_msg("%s: \"%s\" and not \"%s\"", what, why.reason == NULL ? "" : why.reason, reason);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *from, *to, *reason; /* NULL: any */
    } edits[] = {
        { "\"sequence\":0,", "", "a member of the type is missing" },
        { "\"sequence\":0,", "\"sequence\":0,\"more\":1,", "a member that the type does not have" },
        { "\"sequence\":0,", "\"sequence\":0,\"sequence\":0,", NULL },
        { "\"sequence\":0,", "\"sequence\":-1,", "an unsigned number is negative" },
        { "\"sequence\":0,", "\"sequence\":\"18446744073709551616\",", no_fit },
        { "\"sequence\":0,", "\"sequence\":1.5,", "a number is an integer, without fraction and exponent" },
        { "\"sequence\":0,", "\"sequence\":1e3,", "a number is an integer, without fraction and exponent" },
        { "\"sequence\":0,", "\"sequence\":true,", "a string is expected" },
        { "\"sequence\":0,", "\"sequence\":null,", "a string is expected" },
        { "\"sequence\":0,", "\"sequence\":\"00\",", no_number },
        { "\"actionType\":\"chaoschain/demo\"", "\"actionType\":7", "a string is expected" },
        { "\"primaryType\":\"AgentAction\"", "\"primaryType\":\"Agent\"", "the primary type is not one of the types" },
        { "\"primaryType\":\"AgentAction\"", "\"primaryType\":\"EIP712Domain\"",
          "the primary type is not one of the types" },
        { "\"primaryType\":\"AgentAction\"", "\"primaryType\":\"\"", "the primary type is not one of the types" },
        { "\"primaryType\":\"AgentAction\",", "", NULL },
        { "\"primaryType\":", "\"x\":1,\"primaryType\":", "a member that typed data do not have" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint65\"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint\"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint64 \"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint64[0]\"",
          "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint64[8193]\"",
          "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"\"", "a member has a type that is not known" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\"", "a member has a name and a type" },
        { "\"sequence\",\"type\":\"uint64\"", "\"sequence\",\"type\":\"uint64\",\"indexed\":true",
          "a member has a name and a type, and nothing else" },
        { "\"sequence\",\"type\":\"uint64\"", "\"agentId\",\"type\":\"uint64\"", "a type has a member twice" },
        { "\"sequence\",\"type\":\"uint64\"", "\"a b\",\"type\":\"uint64\"", "a member's name is no identifier" },
        { "\"sequence\",\"type\":\"uint64\"", "\"\",\"type\":\"uint64\"", "a member's name is no identifier" },
        { "\"AgentAction\":[", "\"Agent Action\":[", "a type's name is no identifier" },
        { "\"AgentAction\":[", "\"\":[],\"AgentAction\":[", "a type's name is no identifier" },
        { "\"AgentAction\":[", "\"AgentAction\":[],\"AgentAction\":[", NULL },
        { "\"chainId\",\"type\":\"uint256\"", "\"chainId\",\"type\":\"uint64\"",
          "a domain has no such member, or it has another type" },
        { "\"EIP712Domain\":[", "\"EIP712Domain\":[{\"name\":\"owner\",\"type\":\"address\"},",
          "a domain has no such member, or it has another type" },
        { "\"EIP712Domain\":[", "\"EIP712domain\":[", "the type EIP712Domain is missing" },
        { "\"chainId\":31337,", "", "a member of the type is missing" },
        { "\"chainId\":31337,", "\"chainId\":31337,\"owner\":1,", "a member that the type does not have" },
        { "\"previous\":\"0x00", "\"previous\":\"0x", "bytes of another length than their type" },
        { "\"previous\":\"0x00", "\"previous\":\"0x0000", "bytes of another length than their type" },
        { "\"previous\":\"0x0", "\"previous\":\"0xg", no_bytes },
        { "\"previous\":\"0x0", "\"previous\":\"0X0", no_bytes },
        { "\"agentRegistry\":\"0x5F", "\"agentRegistry\":\"0x", "an address is 0x and 40 hex digits" },
        { "\"agentRegistry\":\"0x5F", "\"agentRegistry\":\"0x5f",
          "its capital letters are no EIP-55 checksum, so a character is wrong" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        CHAOS_AUTO_BUFFER(text, 16384);
        const text_edit edit = { edits[i].from, edits[i].to };
        assert_true(buffer_append_text(&text, action) && text_edit_apply(&edit, &text));
        expect_reason(buffer_slice(&text), edits[i].to, edits[i].reason);
    }
    for (size_t size = 0; size < sizeof action - 1; size++) {
        expect_reason(slice(action, size), "a part", NULL);
    }
    expect_reason(slice(action, sizeof action), "a byte more", NULL);
}

/* A struct whose name is, or looks like, that of an elementary type would be shown as one thing and hashed as another. */
static void test_reserved_names(void **state)
{
    static const char *const names[] = { "int", "uint", "uint7", "uint256", "int264", "bytes33", "bytes0", "bytes",
                                         "byte", "address", "bool", "string", "function", "tuple", "fixed",
                                         "fixed128x18", "ufixed8x1", "mapping" };
    static const char *const free_names[] = { "Int", "integer", "uint_", "bytesLike", "Bytes32", "addresses", "fixedFee" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names) + CHAOS_ARRAY_SIZE(free_names); i++) {
        bool reserved = i < CHAOS_ARRAY_SIZE(names);
        const char *name = reserved ? names[i] : free_names[i - CHAOS_ARRAY_SIZE(names)];
        CHAOS_AUTO_BUFFER(text, 4096);
        assert_true(buffer_append_format(&text,
                                         "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"%s\":"
                                         "[{\"name\":\"v\",\"type\":\"bool\"}]},\"primaryType\":\"%s\",\"domain\":{\"name\":"
                                         "\"d\"},\"message\":{\"v\":true}}",
                                         name, name));
        if (reserved) {
            expect_reason(buffer_slice(&text), name, "a struct has the name of an elementary type");
            continue;
        }
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
    }
}

/* Types that hold themselves: in an array their values end, otherwise they do not. Unused types play no part. */
static void test_cycles(void **state)
{
    static const struct {
        const char *types, *message, *reason;
    } cases[] = {
        { "\"T\":[{\"name\":\"a\",\"type\":\"T[]\"}]", "{\"a\":[{\"a\":[]},{\"a\":[{\"a\":[]}]}]}", NULL },
        { "\"T\":[{\"name\":\"a\",\"type\":\"T[][2]\"}]", "{\"a\":[[],[]]}", NULL },
        { "\"T\":[{\"name\":\"a\",\"type\":\"U[]\"}],\"U\":[{\"name\":\"b\",\"type\":\"T\"}]", "{\"a\":[{\"b\":{\"a\":[]}}]}", NULL },
        { "\"T\":[{\"name\":\"v\",\"type\":\"bool\"}],\"Unused\":[{\"name\":\"v\",\"type\":\"bool\"}]", "{\"v\":true}", NULL },
        { "\"T\":[{\"name\":\"a\",\"type\":\"T\"}]", "{\"a\":{}}", "a type holds itself, so no value of it ends" },
        { "\"T\":[{\"name\":\"a\",\"type\":\"T[1]\"}]", "{\"a\":[]}", "a type holds itself, so no value of it ends" },
        { "\"T\":[{\"name\":\"a\",\"type\":\"U\"}],\"U\":[{\"name\":\"b\",\"type\":\"T\"}]", "{\"a\":{}}",
          "a type holds itself, so no value of it ends" },
        { "\"T\":[{\"name\":\"v\",\"type\":\"bool\"}],\"Unused\":[{\"name\":\"v\",\"type\":\"Unused\"}]", "{\"v\":true}",
          "a type holds itself, so no value of it ends" },
        { "\"T\":[{\"name\":\"v\",\"type\":\"bool\"}],\"Unused\":[{\"name\":\"v\",\"type\":\"Unknown\"}]", "{\"v\":true}",
          "a member has a type that is not known" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO_BUFFER(text, 4096);
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(buffer_append_format(&text,
                                         "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],%s},"
                                         "\"primaryType\":\"T\",\"domain\":{\"name\":\"d\"},\"message\":%s}",
                                         cases[i].types, cases[i].message));
        if (cases[i].reason != NULL) {
            expect_reason(buffer_slice(&text), cases[i].types, cases[i].reason);
        } else if (!typed_data_digest(buffer_slice(&text), &digest, NULL, &why)) {
            fail_msg("%s: %s", cases[i].types, why.reason);
        }
    }
}

/* {"v": uint8[] with `count` elements} */
static bool array_accepted(size_t count, fault *why)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_TYPED_DATA);
    chaos_keccak digest;
    assert_true(buffer_append_text(&text, "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"T\":"
                                          "[{\"name\":\"v\",\"type\":\"uint8[]\"}]},\"primaryType\":\"T\",\"domain\":"
                                          "{\"name\":\"d\"},\"message\":{\"v\":[0"));
    for (size_t i = 1; i < count; i++) {
        assert_true(buffer_append_text(&text, ",1"));
    }
    assert_true(buffer_append_text(&text, "]}}"));
    return typed_data_digest(buffer_slice(&text), &digest, NULL, why);
}

static void test_limits(void **state)
{
    fault why = { 0 };
    (void)state;
    assert_true(array_accepted(MAX_ARRAY_ELEMENTS, &why));
    assert_false(array_accepted(MAX_ARRAY_ELEMENTS + 1, &why));
    assert_string_equal(why.reason, "an array has more than 8192 elements");
    /* the offset is one of the whole text */
    CHAOS_AUTO_BUFFER(text, 16384);
    const text_edit edit = { "\"sequence\":0,", "\"sequence\":-1," };
    chaos_keccak digest;
    assert_true(buffer_append_text(&text, action) && text_edit_apply(&edit, &text));
    assert_false(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
    assert_memory_equal(text.data + why.offset, "-1,", 3);
}

#define NAMED_DOMAIN "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}]"
#define AFTER_TYPES(message) "},\"primaryType\":\"T\",\"domain\":{\"name\":\"d\"},\"message\":" message "}"

/* Each limit: the most that is accepted, and one more. */
static void test_other_limits(void **state)
{
    static const struct {
        const char *before, *unit, *reason; /* `unit` has the number of its turn for %zu */
        const char *after;
        size_t most;
    } cases[] = {
        { "{\"types\":{" NAMED_DOMAIN ",\"T\":[{\"name\":\"v\",\"type\":\"bool\"}]",
          ",\"U%zu\":[{\"name\":\"v\",\"type\":\"bool\"}]", "too many types", AFTER_TYPES("{\"v\":true}"), 62 },
        { "{\"types\":{" NAMED_DOMAIN ",\"T\":[{\"name\":\"v\",\"type\":\"bool\"}],\"U\":[{\"name\":\"v\",\"type\":"
          "\"bool\"}",
          ",{\"name\":\"m%zu\",\"type\":\"bool\"}", "too many members", "]" AFTER_TYPES("{\"v\":true}"), 63 },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        for (size_t count = cases[i].most; count <= cases[i].most + 1; count++) {
            CHAOS_AUTO_BUFFER(text, 65536);
            chaos_keccak digest;
            fault why = { 0 };
            assert_true(buffer_append_text(&text, cases[i].before));
            for (size_t k = 0; k < count; k++) {
                char unit[128];
                (void)snprintf(unit, sizeof unit, cases[i].unit, k);
                assert_true(buffer_append_text(&text, unit));
            }
            assert_true(buffer_append_text(&text, cases[i].after));
            if (count > cases[i].most) {
                expect_reason(buffer_slice(&text), cases[i].unit, cases[i].reason);
            } else if (!typed_data_digest(buffer_slice(&text), &digest, NULL, &why)) {
                fail_msg("%s: %s", cases[i].unit, why.reason);
            }
        }
    }
}

/* Values inside values: a struct and its array are two levels of the sixteen that JSON may have. */
static void test_depth(void **state)
{
    (void)state;
    for (size_t levels = 6; levels <= 7; levels++) {
        CHAOS_AUTO_BUFFER(text, 4096);
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(buffer_append_text(&text, "{\"types\":{" NAMED_DOMAIN ",\"T\":[{\"name\":\"v\",\"type\":\"T[]\"}]},"
                                              "\"primaryType\":\"T\",\"domain\":{\"name\":\"d\"},\"message\":"));
        for (size_t i = 0; i < levels; i++) {
            assert_true(buffer_append_text(&text, "{\"v\":["));
        }
        assert_true(buffer_append_text(&text, "{\"v\":[]}"));
        for (size_t i = 0; i < levels; i++) {
            assert_true(buffer_append_text(&text, "]}"));
        }
        assert_true(buffer_append_text(&text, "}"));
        if (levels == 7) {
            assert_false(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
            assert_int_equal(why.status, CHAOS_E_JSON_DEPTH);
        } else if (!typed_data_digest(buffer_slice(&text), &digest, NULL, &why)) {
            fail_msg("%s", why.reason);
        }
    }
}

static void test_size_of_the_whole(void **state)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_TYPED_DATA + 1);
    chaos_keccak digest;
    fault why = { 0 };
    (void)state;
    assert_true(buffer_append_text(&text, action));
    while (text.size < CHAOS_MAX_TYPED_DATA) {
        assert_true(buffer_append_text(&text, " "));
    }
    assert_true(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
    assert_true(buffer_append_text(&text, " "));
    expect_reason(buffer_slice(&text), "256 KiB and a byte", "more than 256 KiB");

    static const char empty_domain[] = "{\"types\":{\"EIP712Domain\":[],\"T\":[]},\"primaryType\":\"T\",\"domain\":{},"
                                       "\"message\":{}}";
    expect_reason(slice_text(empty_domain), "a domain of nothing", "the domain is empty");
}

/* Names so long that encodeType passes its limit: 16 members of two KiB fit a type's text seven times. */
static void test_long_names(void **state)
{
    (void)state;
    for (size_t members = 7; members <= 8; members++) {
        CHAOS_AUTO_BUFFER(text, 65536);
        chaos_keccak digest;
        fault why = { 0 };
        assert_true(buffer_append_text(&text, "{\"types\":{" NAMED_DOMAIN ",\"T\":["));
        for (size_t i = 0; i < members; i++) {
            assert_true(buffer_append_format(&text, "%s{\"name\":\"m%zu", i == 0 ? "" : ",", i));
            for (size_t k = 0; k < 2048; k++) {
                assert_true(buffer_append_text(&text, "n"));
            }
            assert_true(buffer_append_text(&text, "\",\"type\":\"bool[]\"}"));
        }
        assert_true(buffer_append_text(&text, "]" AFTER_TYPES("{}")));
        if (members == 8) {
            expect_reason(buffer_slice(&text), "long names", "the types are too long");
        } else {
            assert_false(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
            assert_string_equal(why.reason, "a member of the type is missing");
        }
    }
}

/* Words back to text, as a person is shown them. */
static void test_number_text(void **state)
{
    static const struct {
        uint8_t first, last; /* of the word, between them the first's sign */
        bool is_signed;
        const char *text;
    } cases[] = {
        { 0, 0, false, "0" },
        { 0, 255, false, "255" },
        { 0, 255, true, "255" },
        { 0xff, 0xff, true, "-1" },
        { 0xff, 0x80, true, "-128" },
        { 0xff, 0xff, false, "115792089237316195423570985008687907853269984665640564039457584007913129639935" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        uint8_t word[32];
        char text[NUMBER_TEXT_SIZE];
        memset(word, cases[i].first == 0 ? 0 : 0xff, sizeof word);
        word[31] = cases[i].last;
        assert_string_equal(number_to_text(word, cases[i].is_signed, text), cases[i].text);
    }
    uint8_t least[32] = { 0x80 };
    char text[NUMBER_TEXT_SIZE];
    assert_string_equal(number_to_text(least, true, text),
                        "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
}

/* The extremes of signed numbers, and a depth that ends. */
static void test_values(void **state)
{
    static const struct {
        const char *type, *value, *reason; /* NULL: accepted */
    } cases[] = {
        { "int8", "-128", NULL },
        { "int8", "-129", no_fit },
        { "int8", "127", NULL },
        { "int8", "128", no_fit },
        { "int8", "\"-0\"", "zero has no sign" },
        { "int8", "-0", "zero has no sign" },
        { "int8", "\"--1\"", no_number },
        { "int8", "\"-0x1\"", no_number },
        { "uint8", "255", NULL },
        { "uint8", "256", no_fit },
        { "uint8", "-1", "an unsigned number is negative" },
        { "uint8", "\"+1\"", no_number },
        { "uint8", "\" 1\"", no_number },
        { "uint8", "\"1 \"", no_number },
        { "uint8", "\"\"", no_number },
        { "uint8", "\"0x\"", "a number in hex has 1 to 64 digits" },
        { "uint8", "\"0X1\"", no_number },
        { "uint8", "\"0xg\"", no_number },
        { "uint8", "\"\\u0031\"", "the string has escapes" },
        { "uint8", "\"1e1\"", no_number },
        { "uint256", "9007199254740991", NULL },
        { "uint256", "9007199254740992", "a number of 2^53 or above is exact only as a string" },
        { "uint256", "\"9007199254740992\"", NULL },
        { "int256", "-9007199254740991", NULL },
        { "int256", "-9007199254740992", "a number of 2^53 or above is exact only as a string" },
        { "uint256", "18446744073709551617", "a number of 2^53 or above is exact only as a string" },
        { "uint256", "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"", NULL },
        { "uint256", "\"0x0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"", "a number in hex has 1 to 64 digits" },
        { "uint256", "\"0x00000000000000000000000000000000000000000000000000000000000000001\"", "a number in hex has 1 to 64 digits" },
        { "uint256", "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"", NULL },
        { "uint256", "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"", no_fit },
        { "uint256", "\"1000000000000000000000000000000000000000000000000000000000000000000000000000000\"", "a number has more digits than 256 bits have" },
        { "int256", "\"-1\"", NULL },
        { "int256", "\"-57896044618658097711785492504343953926634992332820282019728792003956564819968\"", NULL },
        { "int256", "\"-57896044618658097711785492504343953926634992332820282019728792003956564819969\"", no_fit },
        { "int256", "\"-115792089237316195423570985008687907853269984665640564039457584007913129639935\"", no_fit },
        { "int256", "\"57896044618658097711785492504343953926634992332820282019728792003956564819967\"", NULL },
        { "int256", "\"57896044618658097711785492504343953926634992332820282019728792003956564819968\"", no_fit },
        { "int128", "\"-170141183460469231731687303715884105728\"", NULL },
        { "int128", "\"-170141183460469231731687303715884105729\"", no_fit },
        { "int128", "\"-57896044618658097711785492504343953926634992332820282019728792003956564819968\"", no_fit },
        { "uint128", "\"340282366920938463463374607431768211455\"", NULL },
        { "uint128", "\"340282366920938463463374607431768211456\"", no_fit },
        { "bool", "true", NULL },
        { "bool", "1", "true or false is expected" },
        { "bool", "\"true\"", "true or false is expected" },
        { "address", "\"0x5FbDB2315678afecb367f032d93F642f64180aa3\"", NULL },
        { "address", "\"0x5fbdb2315678afecb367f032d93f642f64180aa3\"", NULL },
        { "address", "\"0x5FBDB2315678AFECB367F032D93F642F64180AA3\"", NULL },
        { "address", "\"0x5FbDB2315678afecb367f032d93F642f64180aA3\"", "its capital letters are no EIP-55 checksum, so a character is wrong" },
        { "address", "\"5fbdb2315678afecb367f032d93f642f64180aa3\"", "an address is 0x and 40 hex digits" },
        { "address", "\"0x5fbdb2315678afecb367f032d93f642f64180aa300\"", "an address is 0x and 40 hex digits" },
        { "address", "0", "a string is expected" },
        { "bytes2", "\"0x0102\"", NULL },
        { "bytes2", "\"0x01\"", "bytes of another length than their type" },
        { "bytes2", "\"0x010203\"", "bytes of another length than their type" },
        { "bytes2", "\"010203\"", no_bytes },
        { "bytes", "\"0x\"", NULL },
        { "bytes", "\"0x0\"", no_bytes },
        { "bytes", "\"00\"", no_bytes },
        { "bytes", "[1]", "a string is expected" },
        { "string", "\"\\u00e9\"", NULL },
        { "string", "\"a\\u0000b\"", "the string holds U+0000" },
        { "string", "\"\\ud800\"", any },
        { "uint8[2]", "[1,2]", NULL },
        { "uint8[2]", "[1]", "an array has another length than its type" },
        { "uint8[2]", "[1,2,3]", "an array has another length than its type" },
        { "uint8[]", "[]", NULL },
        { "uint8[][2]", "[[1],[2,3]]", NULL },
        { "uint8[]", "{}", "an array is expected" },
        { "uint8[]", "[256]", no_fit },
        { "T[]", "[]", NULL },
        { "T[]", "[{\"v\":[]}]", NULL },
        { "T[]", "[{\"v\":[],\"w\":1}]", "a member that the type does not have" },
        { "T[]", "[{}]", "a member of the type is missing" },
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
        if (cases[i].reason != NULL) {
            expect_reason(buffer_slice(&text), cases[i].value, cases[i].reason == any ? NULL : cases[i].reason);
        } else if (!typed_data_digest(buffer_slice(&text), &digest, NULL, &why)) {
            fail_msg("%s %s: %s", cases[i].type, cases[i].value, why.reason);
        }
    }
}

/* Adds the member `letter` of a domain to its type as JSON and as text, to its values as JSON, and to its words. */
static void add_domain_member(char letter, bool first, chaos_buffer *members, chaos_buffer *type, chaos_buffer *values,
                              chaos_buffer *words)
{
    static const struct {
        char letter;
        const char *name, *type, *value, *text; /* as a string: NULL, then its word is of ones */
    } all[] = { { 'n', "name", "string", "\"d\"", "d" },
                { 'v', "version", "string", "\"7\"", "7" },
                { 'c', "chainId", "uint256", "\"" WORD("11111111") "\"",
                  NULL },
                { 's', "salt", "bytes32", "\"" WORD("11111111") "\"",
                  NULL },
                { 'a', "verifyingContract", "address", "\"" ELEVENS "\"", NULL } };
    size_t i = 0;
    uint8_t ones[ABI_WORD];
    memset(ones, 0x11, sizeof ones);
    while (all[i].letter != letter) {
        i++;
    }
    if (letter == 'a') {
        memset(ones, 0, ABI_WORD - sizeof(chaos_address));
    }
    const char *comma = first ? "" : ",";
    const chaos_keccak hash = hash_keccak(slice_text(all[i].text == NULL ? "" : all[i].text));
    assert_true(buffer_append_format(members, "%s{\"name\":\"%s\",\"type\":\"%s\"}", comma, all[i].name, all[i].type));
    assert_true(buffer_append_format(type, "%s%s %s", comma, all[i].type, all[i].name));
    assert_true(buffer_append_format(values, "%s\"%s\":%s", comma, all[i].name, all[i].value));
    assert_true(buffer_append(words, all[i].text == NULL ? slice(ones, sizeof ones)
                                                         : slice(hash.bytes, sizeof hash.bytes)));
}

/* The usual domain's type hash is a constant. It is the right one, and for the usual domain only. */
static void test_domain_types(void **state)
{
    static const char *const domains[] = { "nvca", "vnca", "nvac", "ncva", "acvn", "nvc", "nva", "n", "nvcs", "nvcas",
                                           "snvca" };
    static const char usual[] = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const chaos_keccak usual_hash = hash_keccak(slice_text(usual));
    (void)state;
    assert_memory_equal(usual_hash.bytes, domain_type_hash.bytes, sizeof usual_hash.bytes);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(domains); i++) {
        CHAOS_AUTO_BUFFER(members, 1024);
        CHAOS_AUTO_BUFFER(type, 1024);
        CHAOS_AUTO_BUFFER(values, 1024);
        CHAOS_AUTO_BUFFER(words, 1024);
        CHAOS_AUTO_BUFFER(text, 4096);
        uint8_t message[2 * ABI_WORD] = { 0 }, whole[2 + 2 * ABI_WORD] = { 0x19, 0x01 };
        chaos_keccak hash = { { 0 } }, digest;
        fault why = { 0 };
        assert_true(buffer_append(&words, slice(hash.bytes, sizeof hash.bytes)));
        assert_true(buffer_append_text(&type, "EIP712Domain("));
        for (size_t k = 0; domains[i][k] != '\0'; k++) {
            add_domain_member(domains[i][k], k == 0, &members, &type, &values, &words);
        }
        assert_true(buffer_append_text(&type, ")"));
        hash = hash_keccak(buffer_slice(&type));
        memcpy(words.data, hash.bytes, sizeof hash.bytes);
        hash = hash_keccak(buffer_slice(&words));
        memcpy(whole + 2, hash.bytes, sizeof hash.bytes);
        hash = hash_keccak(slice_text("T(bool v)"));
        memcpy(message, hash.bytes, sizeof hash.bytes);
        message[sizeof message - 1] = 1;
        hash = hash_keccak(slice(message, sizeof message));
        memcpy(whole + 2 + ABI_WORD, hash.bytes, sizeof hash.bytes);
        hash = hash_keccak(slice(whole, sizeof whole));
        assert_true(buffer_append_format(&text,
                                         "{\"types\":{\"EIP712Domain\":[%s],\"T\":[{\"name\":\"v\",\"type\":\"bool\"}]},"
                                         "\"primaryType\":\"T\",\"domain\":{%s},\"message\":{\"v\":true}}",
                                         (const char *)members.data, (const char *)values.data));
        assert_true(typed_data_digest(buffer_slice(&text), &digest, NULL, &why));
        assert_memory_equal(digest.bytes, hash.bytes, sizeof hash.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_structs),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_reserved_names),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_other_limits),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_size_of_the_whole),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_number_text),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_domain_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
