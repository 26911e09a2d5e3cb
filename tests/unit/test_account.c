/* test_account.c - accounts: the transaction of EIP-155's own example, and what is never signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eth/eth.h"

static chaos_account *make_account(uint8_t byte)
{
    uint8_t scalar[32];
    guarded_key *key = NULL;
    chaos_account *account = NULL;

    memset(scalar, byte, sizeof scalar);
    assert_int_equal(guarded_key_import(scalar, &key, NULL), CHAOS_OK);
    assert_int_equal(account_from_key(&key, &account, NULL), CHAOS_OK);
    assert_null(key);
    return account;
}

/* The example of EIP-155: nonce 9, 20 gwei, 21000 gas, one ether to 0x3535..., key 0x4646... */
static chaos_transaction example(void)
{
    chaos_transaction transaction = CHAOS_TRANSACTION_INIT;

    transaction.type = CHAOS_TX_LEGACY;
    transaction.chain_id = 1;
    transaction.nonce = 9;
    memcpy(transaction.gas_price.bytes + 27, "\x04\xa8\x17\xc8\x00", 5);
    transaction.gas_limit = 21000;
    transaction.has_to = true;
    memset(transaction.to.bytes, 0x35, sizeof transaction.to.bytes);
    memcpy(transaction.value.bytes + 24, "\x0d\xe0\xb6\xb3\xa7\x64\x00\x00", 8);
    return transaction;
}

static void test_transaction(void **state)
{
    static const char expected[] =
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025"
        "a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    chaos_account *account = make_account(0x46);
    chaos_transaction transaction = example();
    chaos_buffer raw = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    char text[2 * 110 + 1] = "";
    chaos_keccak hash;
    chaos_signed_transaction *read = NULL;
    chaos_address sender;
    chaos_address own = chaos_account_address(account);

    (void)state;
    assert_int_equal(chaos_account_sign_transaction(account, &transaction, &raw, &hash, NULL), CHAOS_OK);
    assert_int_equal(raw.size, 110);
    hex_encode(buffer_slice(&raw), text);
    assert_memory_equal(text, expected, sizeof expected - 1);
    assert_int_equal(chaos_transaction_read(buffer_slice(&raw), &read, NULL), CHAOS_OK);
    sender = chaos_signed_transaction_sender(read);
    assert_memory_equal(sender.bytes, own.bytes, sizeof own.bytes);
    chaos_signed_transaction_free(read);
    chaos_buffer_free(&raw);
    chaos_account_free(account);
}

static void test_refused(void **state)
{
    static const char own[] = "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],"
                              "\"A\":[{\"name\":\"x\",\"type\":\"uint256\"}]},\"primaryType\":\"A\","
                              "\"domain\":{\"name\":\"ChaosChain TEE\"},\"message\":{\"x\":\"1\"}}";
    static const char other[] = "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],"
                                "\"A\":[{\"name\":\"x\",\"type\":\"uint256\"}]},\"primaryType\":\"A\","
                                "\"domain\":{\"name\":\"ChaosChain Tee\"},\"message\":{\"x\":\"1\"}}";
    chaos_account *account = make_account(0x46);
    chaos_transaction transaction = example();
    chaos_buffer raw = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    chaos_signature65 signature;
    chaos_keccak hash;
    chaos_error err = { 0 };

    (void)state;
    assert_int_equal(chaos_account_sign_typed_data(account, slice_text(own), &signature, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "domain.name");
    assert_int_equal(chaos_account_sign_typed_data(account, slice_text(other), &signature, &err), CHAOS_OK);
    assert_int_equal(chaos_account_sign_typed_data(NULL, slice_text(other), &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_account_sign_transaction(NULL, &transaction, &raw, &hash, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_account_from_tee(NULL, NULL, &account, &err), CHAOS_E_USAGE);
    chaos_account_free(account);
    chaos_buffer_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transaction),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
