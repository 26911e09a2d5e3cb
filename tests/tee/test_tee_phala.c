/* test_tee_phala.c - the two tests of a phala-dstack provider (S-50: ctest -R tee_phala): it can be had, and in a Phala CVM it makes an attested key.
 *
 * Outside a CVM the second one is skipped, with the reason. With a guest agent behind DSTACK_SIMULATOR_ENDPOINT it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h>

#include <stdio.h>

static int begin(void **state)
{
    chaos_tee_registry *registry = NULL;
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    options.search_path = BUILD_ROOT "/lib/chaoschain/providers";
    if (chaos_tee_registry_new(&options, &registry, NULL) != CHAOS_OK) {
        return -1;
    }
    *state = registry;
    return 0;
}

static int end(void **state)
{
    chaos_tee_registry_free(*state);
    return 0;
}

/* S-33 */
static void test_phala_tee_available(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    assert_int_equal(chaos_tee_find(*state, "phala-dstack", &provider, &err), CHAOS_OK);
    assert_non_null(provider);
    assert_string_equal(chaos_tee_provider_name(provider), "phala-dstack");
}

/* S-34 */
static void test_phala_tee_key_generation(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee *tee = NULL;
    chaos_keypair *keypair = NULL;
    chaos_error err = { 0 };
    uint8_t public_key[65] = { 0 };
    assert_int_equal(chaos_tee_find(*state, "phala-dstack", &provider, &err), CHAOS_OK);
    assert_int_equal(chaos_tee_open(provider, NULL, &tee, &err), CHAOS_OK);
    if (!chaos_tee_is_available(tee, &err)) {
        printf("SKIPPED: Not running in Phala CVM (%s)\n", err.text);
        chaos_tee_free(tee);
        skip();
    }
    if (chaos_tee_generate_key(tee, NULL, &keypair, &err) != CHAOS_OK) {
        fail_msg("%s: %s", chaos_status_name(err.status), err.text);
    }
    chaos_keypair_public_key(keypair, public_key);
    assert_int_equal(public_key[0], 4);
    assert_non_null(chaos_keypair_evidence(keypair));
    assert_true(chaos_evidence_bytes(chaos_keypair_evidence(keypair)).size > 0);
    chaos_keypair_free(keypair);
    chaos_tee_free(tee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phala_tee_available),
        cmocka_unit_test(test_phala_tee_key_generation),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
