/* test_tee_account.c - an account whose key is in a TEE (the simulated one): what it signs, as whom, and for whom not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/chaoschain.h>
#include <chaoschain/eth.h>
#include <chaoschain/tee.h>

#include <stdio.h>
#include <string.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"

typedef struct world {
    chaos_tee_registry *registry;
    chaos_tee *tee, *other;
    chaos_keypair *keypair;
} world;

static void quiet(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    (void)name;
    (void)level;
    (void)line;
}

static int begin(void **state)
{
    static world w;
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    options.search_path = PROVIDERS;
    options.log = quiet;
    if (chaos_tee_registry_new(&options, &w.registry, &err) != CHAOS_OK ||
        chaos_tee_find(w.registry, "simulated", &provider, &err) != CHAOS_OK ||
        chaos_tee_open(provider, "{\"seed\":\"one\"}", &w.tee, &err) != CHAOS_OK ||
        chaos_tee_open(provider, "{\"seed\":\"two\"}", &w.other, &err) != CHAOS_OK ||
        chaos_tee_generate_key(w.tee, NULL, &w.keypair, &err) != CHAOS_OK) {
        (void)fprintf(stderr, "%s: %s\n", chaos_status_name(err.status), err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_keypair_free(w->keypair);
    chaos_tee_free(w->other);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->registry);
    return 0;
}

static chaos_transaction transfer(void)
{
    chaos_transaction t = CHAOS_TRANSACTION_INIT;
    t.chain_id = 31337;
    t.nonce = 3;
    t.gas_limit = 21000;
    t.max_fee.bytes[31] = 9;
    t.max_priority_fee.bytes[31] = 2;
    t.has_to = true;
    memset(t.to.bytes, 0x35, sizeof t.to.bytes);
    t.value.bytes[31] = 1;
    return t;
}

static void check_sender(const chaos_buffer *raw, const chaos_keccak *hash, const chaos_address *address)
{
    chaos_slice bytes = { raw->data, raw->size };
    chaos_signed_transaction *read = NULL;
    assert_int_equal(chaos_transaction_read(bytes, &read, NULL), CHAOS_OK);
    chaos_address sender = chaos_signed_transaction_sender(read);
    chaos_keccak told = chaos_signed_transaction_hash(read);
    assert_memory_equal(&sender, address, sizeof sender);
    assert_memory_equal(&told, hash, sizeof told);
    assert_int_equal(chaos_signed_transaction_fields(read)->nonce, 3);
    chaos_signed_transaction_free(read);
}

static void test_account_signs_transactions(void **state)
{
    world *w = *state;
    chaos_account *account = NULL;
    chaos_transaction t = transfer();
    chaos_buffer raw = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    chaos_keccak hash;
    chaos_error err;
    chaos_address key = chaos_keypair_address(w->keypair);
    assert_int_equal(chaos_account_from_tee(w->tee, w->keypair, &account, &err), CHAOS_OK);
    chaos_address address = chaos_account_address(account);
    assert_memory_equal(&address, &key, sizeof key);
    assert_int_equal(chaos_account_sign_transaction(account, &t, &raw, &hash, &err), CHAOS_OK);
    check_sender(&raw, &hash, &address);
    /* One thing wrong: nothing is signed. */
    size_t before = raw.size;
    t.chain_id = 0;
    assert_int_equal(chaos_account_sign_transaction(account, &t, &raw, &hash, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "chain_id");
    assert_int_equal(raw.size, before);
    chaos_buffer_free(&raw);
    chaos_account_free(account);
}

static void test_account_signs_typed_data(void **state)
{
    world *w = *state;
    static const char good[] = "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Mail\":[{"
                               "\"name\":\"to\",\"type\":\"address\"}]},"
                               "\"primaryType\":\"Mail\",\"domain\":{\"name\":\"Ether Mail\"},"
                               "\"message\":{\"to\":\"0x3535353535353535353535353535353535353535\"}}";
    static const char ours[] = "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Mail\":[{"
                               "\"name\":\"to\",\"type\":\"address\"}]},"
                               "\"primaryType\":\"Mail\",\"domain\":{\"name\":\"ChaosChain TEE\"},"
                               "\"message\":{\"to\":\"0x3535353535353535353535353535353535353535\"}}";
    chaos_account *account = NULL;
    chaos_signature65 signature;
    chaos_error err;
    chaos_slice text = { (const uint8_t *)good, sizeof good - 1 };
    assert_int_equal(chaos_account_from_tee(w->tee, w->keypair, &account, &err), CHAOS_OK);
    assert_int_equal(chaos_account_sign_typed_data(account, text, &signature, &err), CHAOS_OK);
    assert_true(signature.bytes[64] == 27 || signature.bytes[64] == 28);
    text = (chaos_slice){ (const uint8_t *)ours, sizeof ours - 1 };
    assert_int_equal(chaos_account_sign_typed_data(account, text, &signature, &err), CHAOS_E_USAGE);
    text = (chaos_slice){ (const uint8_t *)good, sizeof good - 2 };
    assert_int_not_equal(chaos_account_sign_typed_data(account, text, &signature, &err), CHAOS_OK);
    chaos_account_free(account);
}

/* The short way signs the same bytes: the nonce of the signature is RFC 6979's. */
static void test_both_ways_agree(void **state)
{
    world *w = *state;
    chaos_account *account = NULL;
    chaos_transaction t = transfer();
    chaos_buffer one = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    chaos_buffer two = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    chaos_keccak hash_one, hash_two;
    chaos_error err;
    chaos_address address = chaos_keypair_address(w->keypair);
    assert_int_equal(chaos_account_from_tee(w->tee, w->keypair, &account, &err), CHAOS_OK);
    assert_int_equal(chaos_account_sign_transaction(account, &t, &one, &hash_one, &err), CHAOS_OK);
    assert_int_equal(chaos_eth_sign_transaction(w->tee, w->keypair, &t, &two, &hash_two, &err), CHAOS_OK);
    check_sender(&two, &hash_two, &address);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    assert_memory_equal(&hash_one, &hash_two, sizeof hash_one);
    chaos_buffer_free(&one);
    chaos_buffer_free(&two);
    chaos_account_free(account);
}

/* A keypair signs in its own TEE alone. */
static void test_keypair_of_another_tee(void **state)
{
    world *w = *state;
    chaos_account *account = NULL;
    chaos_transaction t = transfer();
    chaos_buffer raw = CHAOS_BUFFER_INIT(CHAOS_MAX_TRANSACTION);
    chaos_keccak hash;
    chaos_error err;
    assert_int_equal(chaos_account_from_tee(w->other, w->keypair, &account, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "keypair");
    assert_null(account);
    assert_int_not_equal(chaos_eth_sign_transaction(w->other, w->keypair, &t, &raw, &hash, &err), CHAOS_OK);
    assert_int_equal(chaos_eth_sign_transaction(NULL, w->keypair, &t, &raw, &hash, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_eth_sign_transaction(w->tee, NULL, &t, &raw, &hash, &err), CHAOS_E_USAGE);
    t.nonce = UINT64_MAX;
    assert_int_equal(chaos_eth_sign_transaction(w->tee, w->keypair, &t, &raw, &hash, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "nonce");
    assert_int_equal(raw.size, 0);
    chaos_buffer_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_signs_transactions),
        cmocka_unit_test(test_account_signs_typed_data),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_keypair_of_another_tee),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
