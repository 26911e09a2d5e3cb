/* test_networks.c - names of networks (S-52), and what they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/erc8004.h>

#include <string.h>

static void test_found(void **state)
{
    static const struct {
        const char *name;
        uint64_t chain_id;
        chaos_network_kind kind;
        uint8_t identity_last; /* of the identity registry's address; 0: not known */
    } cases[] = {
        { "base-sepolia", 84532, CHAOS_NETWORK_TEST, 0x9e },
        { "BASE_SEPOLIA", 84532, CHAOS_NETWORK_TEST, 0x9e },
        { "Base-Sepolia", 84532, CHAOS_NETWORK_TEST, 0x9e },
        { "eip155:84532", 84532, CHAOS_NETWORK_TEST, 0x9e },
        { "ethereum-mainnet", 1, CHAOS_NETWORK_MAIN, 0x32 },
        { "eip155:1", 1, CHAOS_NETWORK_MAIN, 0x32 },
        { "base", 8453, CHAOS_NETWORK_MAIN, 0x32 },
        { "skale-base", 1187947933, CHAOS_NETWORK_MAIN, 0x32 },
        { "local", 31337, CHAOS_NETWORK_LOCAL, 0 },
        { "eip155:31337", 31337, CHAOS_NETWORK_LOCAL, 0 },
        { "eip155:4242", 4242, CHAOS_NETWORK_OTHER, 0 },
        { "eip155:999999999999999999", 999999999999999999u, CHAOS_NETWORK_OTHER, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        chaos_network network;
        chaos_error err = { 0 };
        assert_int_equal(chaos_network_find(cases[i].name, &network, &err), CHAOS_OK);
        assert_true(network.chain_id == cases[i].chain_id);
        assert_int_equal(network.kind, cases[i].kind);
        assert_int_equal(network.identity.bytes[19], cases[i].identity_last);
    }
}

static void test_refused(void **state)
{
    static const char *const names[] = { "", "base-seplia", "eip155:", "eip155:0", "eip155:01",
                                         "eip155:1x", "eip155:-1", "eip155:9999999999999999999", "base-sepolia ",
                                         "84532" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        chaos_network network = { .chain_id = 7 };
        chaos_error err = { 0 };
        assert_int_equal(chaos_network_find(names[i], &network, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "network");
        assert_int_equal(network.chain_id, 7); /* untouched */
    }
    assert_int_equal(chaos_network_find(NULL, NULL, NULL), CHAOS_E_USAGE);
}

/* Every name leads to a network of that name, and no chain is listed twice. */
static void test_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < chaos_network_count(); i++) {
        chaos_network one;
        assert_int_equal(chaos_network_find(chaos_network_name_at(i), &one, NULL), CHAOS_OK);
        assert_string_equal(one.name, chaos_network_name_at(i));
        for (size_t k = 0; k < i; k++) {
            chaos_network other;
            assert_int_equal(chaos_network_find(chaos_network_name_at(k), &other, NULL), CHAOS_OK);
            assert_true(one.chain_id != other.chain_id);
        }
    }
    assert_null(chaos_network_name_at(chaos_network_count()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
