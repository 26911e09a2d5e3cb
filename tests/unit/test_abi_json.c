/* test_abi_json.c - contract data along types that are known at run time: types, values and data, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/abi_type.h"

#define LIMIT (64u * 1024u)

static void expect_canonical(const char *types, const char *canonical)
{
    CHAOS_AUTO(abi_type, type);
    CHAOS_AUTO_BUFFER(text, 16384);
    chaos_error err = { 0 };
    chaos_status status = abi_type_parse(slice_text(types), &type, &err);
    if (canonical == NULL) {
        assert_int_equal(status, CHAOS_E_USAGE);
        assert_string_equal(err.field, "types");
        assert_null(type);
        return;
    }
    if (status != CHAOS_OK) {
        fail_msg("%s: %s", types, err.text);
    }
    assert_true(abi_type_write(type, &text));
    assert_string_equal(text.size == 0 ? "" : (char *)text.data, canonical);
}

static void test_types(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "  ", "" },
        { "uint", "uint256" },
        { "int[],uint[2]", "int256[],uint256[2]" },
        { "uint256 a, string b", "uint256,string" },
        { "(uint256,string,bytes32[])[]", "(uint256,string,bytes32[])[]" },
        { "tuple(string key, bytes value)[3] entries, ((bool)[],())", "(string,bytes)[3],((bool)[],())" },
        { "uint8[][2][]", "uint8[][2][]" },
        { "()", "()" },
        { "bytes32,bytes", "bytes32,bytes" },
        { "uint256[8192]", "uint256[8192]" },
        /* refused */
        { "uint7", NULL },
        { "uint264", NULL },
        { "uint08", NULL },
        { "bytes33", NULL },
        { "bytes0", NULL },
        { "function", NULL },
        { "fixed128x18", NULL },
        { "uint256,", NULL },
        { ",uint256", NULL },
        { "uint256[", NULL },
        { "uint256[0]", NULL },
        { "uint256[01]", NULL },
        { "uint256[8193]", NULL },
        { "uint256[-1]", NULL },
        { "uint256]", NULL },
        { "(uint256", NULL },
        { "uint256)", NULL },
        { "(uint256))", NULL },
        { "(uint256,)", NULL },
        { "()[]", NULL },
        { "uint256 a b", NULL },
        { "uint256[8192][9]", NULL }, /* more words than a static type may have */
        { "bool\t", NULL },
        { "tuple", NULL },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        expect_canonical(cases[i][0], cases[i][1]);
    }
}

/* `open` n times around a bool, then `close`. */
static void nest(chaos_buffer *out, const char *open, const char *close, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(buffer_append_text(out, open));
    }
    assert_true(buffer_append_text(out, "bool"));
    for (unsigned i = 0; i < n; i++) {
        assert_true(buffer_append_text(out, close));
    }
}

static void test_type_limits(void **state)
{
    static const char *const shapes[][2] = { { "(", ")" }, { "", "[]" }, { "(", ")[]" } };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(shapes); i++) {
        unsigned levels = i == 2 ? ABI_MAX_TYPE_DEPTH / 2 : ABI_MAX_TYPE_DEPTH;
        CHAOS_AUTO_BUFFER(right, LIMIT);
        CHAOS_AUTO_BUFFER(wrong, LIMIT);
        nest(&right, shapes[i][0], shapes[i][1], levels);
        nest(&wrong, shapes[i][0], shapes[i][1], levels + 1);
        expect_canonical((char *)right.data, (char *)right.data);
        expect_canonical((char *)wrong.data, NULL);
    }
    CHAOS_AUTO_BUFFER(many, LIMIT);
    for (unsigned i = 0; i < ABI_MAX_MEMBERS; i++) {
        assert_true(buffer_append_text(&many, i == 0 ? "bool" : ",bool"));
    }
    expect_canonical((char *)many.data, (char *)many.data);
    assert_true(buffer_append_text(&many, ",bool"));
    expect_canonical((char *)many.data, NULL);
}

static void test_values(void **state)
{
    static const struct {
        const char *types, *values, *decoded; /* NULL: refused */
    } cases[] = {
        { "", "[]", "[]" },
        { "uint8,int8", "[255,-128]", "[\"255\",\"-128\"]" },
        { "uint256", "[\"0xff\"]", "[\"255\"]" },
        { "(string name,bytes data)", "[{\"data\":\"0x01\",\"name\":\"n\"}]", "[[\"n\",\"0x01\"]]" },
        { "(string name,bytes data)", "[[\"n\",\"0x01\"]]", "[[\"n\",\"0x01\"]]" },
        { "uint8 a,bool b", "{\"b\":true,\"a\":1}", "[\"1\",true]" },
        { "(uint8,(bool,uint8)[2])[2]", "[[[1,[[true,2],[false,3]]],[4,[[true,5],[false,6]]]]]",
          "[[[\"1\",[[true,\"2\"],[false,\"3\"]]],[\"4\",[[true,\"5\"],[false,\"6\"]]]]]" },
        { "string[][2],()", "[[[],[\"a\",\"\"]],[]]", "[[[],[\"a\",\"\"]],[]]" },
        { "address", "[\"0x5fbdb2315678afecb367f032d93f642f64180aa3\"]", "[\"0x5FbDB2315678afecb367f032d93F642f64180aa3\"]" },
        { "bytes4", "[\"0xDEADbeef\"]", "[\"0xdeadbeef\"]" },
        { "uint8", "[256]", NULL },
        { "uint8", "[]", NULL },
        { "uint8", "[1,2]", NULL },
        { "", "[1]", NULL },
        { "uint8", "1", NULL },
        { "uint8", "[[1]]", NULL },
        { "uint8[2]", "[[1]]", NULL },
        { "uint8[2]", "[[1,2,3]]", NULL },
        { "uint8[2]", "[{}]", NULL },
        { "(string name)", "[{}]", NULL },
        { "(string name)", "[{\"nam\":\"n\"}]", NULL },
        { "(string name,bool b)", "[{\"name\":\"n\",\"c\":true}]", NULL },
        { "(string,bool)", "[{\"\":\"n\"}]", NULL },
        { "uint256", "[9007199254740992]", NULL },
        { "bool", "[1]", NULL },
        { "bytes4", "[\"0xdeadbe\"]", NULL },
        { "address", "[\"0x5fbdb2315678afecb367f032d93f642f64180aA3\"]", NULL },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO_BUFFER(data, LIMIT);
        CHAOS_AUTO_BUFFER(values, LIMIT);
        chaos_error err = { 0 };
        chaos_status status = chaos_abi_encode(cases[i].types, slice_text(cases[i].values), &data, &err);
        if (cases[i].decoded == NULL) {
            if (status != CHAOS_E_ABI_FORMAT) {
                fail_msg("%s %s: %s", cases[i].types, cases[i].values, chaos_status_name(status));
            }
            assert_string_equal(err.field, "values");
            assert_int_equal(data.size, 0);
            continue;
        }
        if (status != CHAOS_OK || chaos_abi_decode(cases[i].types, buffer_slice(&data), &values, &err) != CHAOS_OK) {
            fail_msg("%s %s: %s", cases[i].types, cases[i].values, err.text);
        }
        assert_string_equal((char *)values.data, cases[i].decoded);
        /* a part is no whole; padding at the very end may be missing, as in the EVM */
        for (size_t cut = 0; cut + ABI_WORD <= data.size; cut++) {
            values.size = 0;
            assert_int_equal(chaos_abi_decode(cases[i].types, slice(data.data, cut), &values, &err),
                             CHAOS_E_ABI_FORMAT);
        }
    }
}

/* Offsets that lead to the same data again and again: n words, n^depth values. */
static void test_overlap(void **state)
{
    enum {
        WORDS = 40
    };
    CHAOS_AUTO_BUFFER(data, LIMIT);
    CHAOS_AUTO_BUFFER(values, CHAOS_MAX_ABI_JSON);
    chaos_error err = { 0 };
    uint8_t word[ABI_WORD] = { 0 };
    (void)state;
    word[ABI_WORD - 1] = ABI_WORD;
    assert_true(buffer_append(&data, slice(word, sizeof word)));
    /* each array: 32 elements, whose offsets, counted from behind its length, lead to a length of 32 again */
    for (size_t i = 0; i < WORDS; i++) {
        assert_true(buffer_append(&data, slice(word, sizeof word)));
    }
    assert_int_equal(chaos_abi_decode("uint256[][][][][][][][]", buffer_slice(&data), &values, &err),
                     CHAOS_E_ABI_FORMAT);
    assert_int_equal(values.size, 0);
    assert_int_equal(chaos_abi_decode("uint256[][][][][][][][]", slice(NULL, 0), &values, &err), CHAOS_E_ABI_FORMAT);
}

static void test_hash(void **state)
{
    static const char *const wrong[] = { "", "transfer", "transfer(", "(uint256)", "transfer(uint256", "tr ansfer()",
                                         "1a()", "transfer(uint7)", "a(uint256)b" };
    chaos_keccak a, b;
    (void)state;
    assert_int_equal(chaos_abi_hash("setMetadata(uint256 id, string key, bytes value)", &a, NULL), CHAOS_OK);
    assert_int_equal(chaos_abi_hash("setMetadata(uint,string,bytes)", &b, NULL), CHAOS_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_equal(a.bytes, "\x46\x66\x48\xda", 4);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        if (chaos_abi_hash(wrong[i], &a, NULL) != CHAOS_E_USAGE) {
            fail_msg("accepted: \"%s\"", wrong[i]);
        }
    }
    CHAOS_AUTO_BUFFER(small, 40);
    assert_true(buffer_append_text(&small, "kept"));
    assert_int_equal(chaos_abi_encode_call("f(uint256)", slice_text("[1]"), &small, NULL), CHAOS_OK);
    assert_int_equal(small.size, 40);
    assert_int_equal(chaos_abi_encode_call("f(uint256)", slice_text("[1]"), &small, NULL), CHAOS_E_USAGE);
    assert_int_equal(small.size, 40);
    assert_int_equal(chaos_abi_encode_call("f(uint256)", slice_text("[-1]"), &small, NULL), CHAOS_E_ABI_FORMAT);
    assert_int_equal(chaos_abi_encode(NULL, slice_text("[]"), &small, NULL), CHAOS_E_USAGE);
    assert_int_equal(chaos_abi_decode("", slice(NULL, 0), NULL, NULL), CHAOS_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_type_limits),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
