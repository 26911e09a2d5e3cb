/* test_rlp.c - RLP, the contract ABI and transactions: each accepted form beside a neighbour that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/eth.h"

#define STATUS CHAOS_E_TRANSACTION_FORMAT

static chaos_slice hex(const char *digits, uint8_t *out)
{
    size_t size = strlen(digits) / 2;
    assert_true(hex_decode(slice_text(digits), out, size));
    return slice(out, size);
}

/* ------------------------------------------------------------------- RLP ---- */

static void test_strings(void **state)
{
    static const struct {
        const char *encoded, *content; /* NULL: refused */
        const char *reason;
    } cases[] = {
        { "80", "", NULL },
        { "00", "00", NULL },
        { "7f", "7f", NULL },
        { "8180", "80", NULL },
        { "83646f67", "646f67", NULL },
        { "8100", NULL, "a single byte has a prefix that it does not need" },
        { "817f", NULL, "a single byte has a prefix that it does not need" },
        { "83646f", NULL, "the bytes end too soon" },
        { "c0", NULL, "a byte string is expected here, not a list" },
        { "b800", NULL, "a length is not minimal" },
        { "b90038", NULL, "a length is not minimal" },
        { "bf0100000000000000", NULL, "a length has more than four bytes" },
        { "bbffffffff", NULL, "the bytes end too soon" },
        { "", NULL, "the bytes end too soon" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        uint8_t bytes[64], content[64];
        reader r = rd_begin(hex(cases[i].encoded, bytes), STATUS);
        chaos_slice taken = rlp_take(&r, "item");
        if (cases[i].content == NULL) {
            assert_false(rd_ok(&r));
            assert_int_equal(r.why.status, STATUS);
            assert_string_equal(r.why.field, "item");
            assert_string_equal(r.why.reason, cases[i].reason);
        } else {
            assert_true(rd_ok(&r));
            assert_true(slice_equal(taken, hex(cases[i].content, content)));
            assert_int_equal(rd_left(&r), 0);
        }
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *encoded;
        uint64_t max, number;
        const char *reason;
    } cases[] = {
        { "80", 9, 0, NULL },
        { "09", 9, 9, NULL },
        { "88ffffffffffffffff", UINT64_MAX, UINT64_MAX, NULL },
        { "0a", 9, 0, "a number is too large" },
        { "00", 9, 0, "a number has a leading zero byte" },
        { "820001", 9, 0, "a number has a leading zero byte" },
        { "89010000000000000000", UINT64_MAX, 0, "a number is too large" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        uint8_t bytes[64];
        reader r = rd_begin(hex(cases[i].encoded, bytes), STATUS);
        assert_true(rlp_unsigned(&r, "number", cases[i].max) == cases[i].number);
        assert_int_equal(rd_ok(&r), cases[i].reason == NULL);
        if (cases[i].reason != NULL) {
            assert_string_equal(r.why.reason, cases[i].reason);
        }
    }
}

static void test_wide_numbers(void **state)
{
    uint8_t bytes[64];
    chaos_u256 number;
    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    bytes[0] = 0xa0;
    reader r = rd_begin(slice(bytes, 33), STATUS);
    rlp_u256(&r, "value", &number);
    assert_true(rd_ok(&r) && number.bytes[0] == 0xff);
    bytes[0] = 0xa1;
    r = rd_begin(slice(bytes, 34), STATUS);
    rlp_u256(&r, "value", &number);
    assert_string_equal(r.why.reason, "a number has more than 256 bits");
    assert_true(slice_is_zero(slice(number.bytes, sizeof number.bytes)));
    r = rd_begin(hex("820001", bytes), STATUS);
    rlp_u256(&r, "value", &number);
    assert_string_equal(r.why.reason, "a number has a leading zero byte");
    r = rd_begin(hex("8401020304", bytes), STATUS);
    rlp_fixed(&r, "address", number.bytes, 5);
    assert_string_equal(r.why.reason, "a value has the wrong size");
}

static void test_lists(void **state)
{
    uint8_t bytes[64];
    (void)state;
    reader r = rd_begin(hex("c20102", bytes), STATUS);
    assert_true(rlp_is_list(&r));
    reader list = rlp_enter(&r, "list");
    (void)rlp_take(&list, "one");
    rd_close(&r, &list, STATUS); /* the second item was not taken */
    assert_string_equal(r.why.reason, "bytes are left over");
    r = rd_begin(hex("01", bytes), STATUS);
    assert_false(rlp_is_list(&r));
    list = rlp_enter(&r, "list");
    assert_string_equal(list.why.reason, "a list is expected here");
    r = rd_begin(hex("c3c1", bytes), STATUS);
    list = rlp_enter(&r, "list");
    assert_string_equal(list.why.reason, "the bytes end too soon");
}

static void test_writing(void **state)
{
    CHAOS_AUTO_BUFFER(small, 2);
    CHAOS_AUTO_BUFFER(out, 256);
    uint8_t content[60] = { 0x61 };
    chaos_u256 number = { { 0 } };
    (void)state;
    assert_false(rlp_write(&small, slice("abc", 3)));
    assert_int_equal(small.size, 0);
    size_t list = rlp_begin_list(&out);
    assert_true(rlp_write(&out, slice(content, sizeof content)) && rlp_write_unsigned(&out, 0) &&
                rlp_write_unsigned(&out, 1024) && rlp_write_u256(&out, &number) && rlp_end_list(&out, list));
    assert_int_equal(out.data[0], 0xf8);
    assert_int_equal(out.data[1], 2 + 60 + 1 + 3 + 1);
    assert_int_equal(out.size, 2 + out.data[1]);
    list = rlp_begin_list(&small);
    assert_true(rlp_write_unsigned(&small, 1) && rlp_write_unsigned(&small, 2));
    assert_false(rlp_end_list(&small, list));
}

/* ------------------------------------------------------------------- ABI ---- */

static void test_abi_values(void **state)
{
    uint8_t data[3 * ABI_WORD] = { 0 }, word[ABI_WORD];
    (void)state;
    data[31] = 2;
    abi_reader a = abi_reader_begin(slice(data, ABI_WORD), STATUS);
    (void)abi_boolean(&a, "flag");
    assert_string_equal(a.r.why.reason, "a value is out of range");
    a = abi_reader_begin(slice(data, ABI_WORD - 1), STATUS);
    abi_word(&a, "word", word);
    assert_string_equal(a.r.why.reason, "the bytes end too soon");
    data[11] = 1;
    a = abi_reader_begin(slice(data, ABI_WORD), STATUS);
    (void)abi_address(&a, "to");
    assert_string_equal(a.r.why.reason, "a value is out of the range of its type");
    memset(data, 0xff, ABI_WORD);
    a = abi_reader_begin(slice(data, ABI_WORD), STATUS);
    abi_int(&a, "minus one", 128, word);
    assert_true(abi_ok(&a));
    data[0] = 0;
    a = abi_reader_begin(slice(data, ABI_WORD), STATUS);
    abi_int(&a, "not sign-extended", 128, word);
    assert_string_equal(a.r.why.reason, "a value is out of the range of its type");
    memset(data, 0, ABI_WORD);
    data[4] = 1;
    a = abi_reader_begin(slice(data, ABI_WORD), STATUS);
    abi_fixed_bytes(&a, "bytes4", 4, word);
    assert_string_equal(a.r.why.reason, "a value is out of the range of its type");
}

static void test_abi_offsets(void **state)
{
    static const struct {
        uint8_t offset, length; /* of the string, in 3 words */
        bool accepted;
        const char *reason;
    } cases[] = {
        { 32, 5, true, NULL },
        { 32, 32, true, NULL },
        { 32, 33, false, "a length leads out of the data" },
        { 64, 0, true, NULL }, /* the EVM follows it, too */
        { 96, 0, false, "the bytes end too soon" },
        { 97, 0, false, "an offset leads out of the data" },
        { 0, 0, true, NULL }, /* its own offset as length */
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        uint8_t data[3 * ABI_WORD] = { 0 };
        data[31] = cases[i].offset;
        data[63] = cases[i].length;
        abi_reader a = abi_reader_begin(slice(data, sizeof data), STATUS);
        (void)abi_bytes(&a, "text");
        assert_int_equal(abi_ok(&a), cases[i].accepted);
        if (!cases[i].accepted) {
            assert_string_equal(a.r.why.reason, cases[i].reason);
        }
        size_t count = 1;
        a = abi_reader_begin(slice(data, sizeof data), STATUS);
        abi_reader child = abi_enter_array(&a, "list", &count);
        assert_true(abi_ok(&child) || count == 0);
        assert_true(!abi_ok(&child) || count <= 2);
    }
}

static void test_abi_writer_misuse(void **state)
{
    CHAOS_AUTO_BUFFER(out, 4096);
    (void)state;
    abi_writer w = abi_writer_begin(&out, 1);
    assert_false(abi_writer_end(&w)); /* a head word is missing */
    abi_write_unsigned(&w, 1);
    assert_true(abi_writer_end(&w));
    abi_write_unsigned(&w, 2); /* one too many */
    assert_false(abi_writer_end(&w));
    out.size = 0;
    w = abi_writer_begin(&out, 1);
    abi_open_array(&w, 1, 1);
    assert_false(abi_writer_end(&w)); /* still open */
    abi_close(&w);                    /* its element is missing */
    assert_false(abi_writer_end(&w));
    out.size = 0;
    w = abi_writer_begin(&out, 1);
    for (unsigned i = 0; i < ABI_MAX_DEPTH; i++) {
        abi_open_tuple(&w, 1);
    }
    assert_false(abi_writer_end(&w)); /* too deep */
    CHAOS_AUTO_BUFFER(small, 48);
    w = abi_writer_begin(&small, 1);
    abi_write_bytes(&w, slice_text("abc"));
    assert_false(abi_writer_end(&w)); /* the buffer is full */
}

/* ---------------------------------------------------------- transactions ---- */

static void test_transaction_rules(void **state)
{
    chaos_transaction t = CHAOS_TRANSACTION_INIT;
    chaos_keccak digest;
    chaos_error err = { 0 };
    (void)state;
    t.chain_id = 31337;
    assert_int_equal(chaos_transaction_digest(&t, &digest, &err), CHAOS_OK);
    const struct {
        const char *field;
        chaos_transaction t;
    } cases[] = {
        { "transaction", { .size = 1 } },
        { "chain_id", { .size = sizeof t, .type = CHAOS_TX_LEGACY } },
        { "chain_id", { .size = sizeof t, .type = CHAOS_TX_LEGACY, .chain_id = UINT64_MAX / 2 } },
        { "type", { .size = sizeof t, .type = (chaos_transaction_type)3, .chain_id = 1 } },
        { "nonce", { .size = sizeof t, .chain_id = 1, .nonce = UINT64_MAX } },
        { "data", { .size = sizeof t, .chain_id = 1, .data = { NULL, 1 } } },
        { "max_priority_fee",
          { .size = sizeof t, .type = CHAOS_TX_DYNAMIC_FEE, .chain_id = 1, .max_priority_fee = { { [31] = 2 } }, .max_fee = { { [31] = 1 } } } },
        { "access_list", { .size = sizeof t, .type = CHAOS_TX_LEGACY, .chain_id = 1, .access_count = 1 } },
        { "access_list", { .size = sizeof t, .type = CHAOS_TX_DYNAMIC_FEE, .chain_id = 1, .access_count = 1 } },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        assert_int_equal(chaos_transaction_digest(&cases[i].t, &digest, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, cases[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_wide_numbers),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_abi_values),
        cmocka_unit_test(test_abi_offsets),
        cmocka_unit_test(test_abi_writer_misuse),
        cmocka_unit_test(test_transaction_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
