/* test_kms_chain.c - the JSON of an identity key's signature chain. */
#include "wire/wire.h"

#include "tests/support/edit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define EIGHT_TIMES(digits) digits digits digits digits digits digits digits digits
#define LINK(digits) EIGHT_TIMES(digits digits digits digits) EIGHT_TIMES(digits digits digits digits) digits
#define KEY_LINK LINK("11") /* 65 bytes */
#define ROOT_LINK LINK("22")

static const char good[] =
    "{\"algorithm\":\"secp256k1\",\"path\":\"chaoschain/1/31337/agent/secp256k1/0\",\"purpose\":\"chaoschain-agent\","
    "\"signature_chain\":[\"" KEY_LINK "\",\"" ROOT_LINK "\"]}";

static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    uint8_t *copy = malloc(text.size > 0 ? text.size : 1);
    kms_chain chain;
    fault why;
    assert_non_null(copy);
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    memset(&chain, 0xee, sizeof chain);
    bool ok = kms_chain_read(slice(copy, text.size), &chain, &why);
    bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (ok != (status == CHAOS_OK) || why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    assert_true(ok || (chain.path.data == NULL && !chain.has_root_link && chain.key_link[0] == 0));
    free(copy);
}

static void test_good(void **state)
{
    (void)state;
    uint8_t wanted[65];
    kms_chain chain;
    fault why;

    assert_true(kms_chain_read(slice_text(good), &chain, &why));
    assert_true(slice_is(chain.path, "chaoschain/1/31337/agent/secp256k1/0"));
    assert_true(slice_is(chain.purpose, "chaoschain-agent"));
    assert_true(chain.has_root_link);
    memset(wanted, 0x11, sizeof wanted);
    assert_memory_equal(chain.key_link, wanted, sizeof wanted);
    memset(wanted, 0x22, sizeof wanted);
    assert_memory_equal(chain.root_link, wanted, sizeof wanted);
}

static void test_without_kms(void **state)
{
    (void)state;
    char *text = edited(good, ROOT_LINK, "");
    uint8_t zeros[65] = { 0 };
    kms_chain chain;
    fault why;

    assert_true(kms_chain_read(slice_text(text), &chain, &why));
    assert_false(chain.has_root_link);
    assert_memory_equal(chain.root_link, zeros, sizeof zeros);
    assert_int_equal(chain.key_link[64], 0x11);
    free(text);
}

static const struct {
    const char *from, *to;
    chaos_status status;
    const char *field;
} edits[] = {
    { "{\"algorithm\"", " {\n\"algorithm\"", CHAOS_OK, NULL },
    { "]}", "]} \n", CHAOS_OK, NULL },
    { "]}", "]}x", CHAOS_E_JSON, NULL },
    { "]}", "],}", CHAOS_E_JSON, NULL },
    { "]}", "],\"version\":1}", CHAOS_E_KMS_CHAIN_FORMAT, "key" },
    { "{\"algorithm\"", "{\"key\":\"\",\"algorithm\"", CHAOS_E_KMS_CHAIN_FORMAT, "key" },
    { "{\"algorithm\"", "[{\"algorithm\"", CHAOS_E_KMS_CHAIN_FORMAT, "kms_chain" },
    { "{\"algorithm\"", "{\"path\":\"\",\"algorithm\"", CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    { "\"algorithm\":\"secp256k1\",", "", CHAOS_E_KMS_CHAIN_FORMAT, "algorithm" },
    { "\"algorithm\":\"secp256k1\"", "\"algorithm\":\"ed25519\"", CHAOS_E_KMS_CHAIN_FORMAT, "algorithm" },
    { "\"algorithm\":\"secp256k1\"", "\"algorithm\":\"\"", CHAOS_E_KMS_CHAIN_FORMAT, "algorithm" },
    { "\"algorithm\":\"secp256k1\"", "\"algorithm\":null", CHAOS_E_KMS_CHAIN_FORMAT, "algorithm" },
    { "\"algorithm\":\"secp256k1\"", "\"algorithm\":\"secp256\\u006b1\"", CHAOS_E_KMS_CHAIN_FORMAT, "algorithm" },
    { "\"path\":\"chaoschain/1/31337/agent/secp256k1/0\",", "", CHAOS_E_KMS_CHAIN_FORMAT, "path" },
    { "chaoschain/1/31337/agent/secp256k1/0", "", CHAOS_OK, NULL },
    { "chaoschain/1/31337/agent/secp256k1/0", "\\n", CHAOS_E_KMS_CHAIN_FORMAT, "path" },
    { "chaoschain/1/31337/agent/secp256k1/0", "\n", CHAOS_E_JSON, "path" },
    { "chaoschain/1/31337/agent/secp256k1/0", "\xff", CHAOS_E_JSON, "path" },
    { "\"purpose\":\"chaoschain-agent\",", "", CHAOS_E_KMS_CHAIN_FORMAT, "purpose" },
    { "\"chaoschain-agent\"", "\"another\"", CHAOS_OK, NULL }, /* verification refuses it */
    { "\"chaoschain-agent\"", "1", CHAOS_E_KMS_CHAIN_FORMAT, "purpose" },
    { ",\"signature_chain\":[\"" KEY_LINK "\",\"" ROOT_LINK "\"]", "", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "[\"" KEY_LINK "\",\"" ROOT_LINK "\"]", "[]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "[\"" KEY_LINK "\",\"" ROOT_LINK "\"]", "null", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "[\"" KEY_LINK "\",\"" ROOT_LINK "\"]", "\"\"", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { ",\"" ROOT_LINK "\"]", "]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { ROOT_LINK "\"]", ROOT_LINK "\",\"\"]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { ROOT_LINK "\"]", ROOT_LINK "\",\"" ROOT_LINK "\"]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "\"" ROOT_LINK "\"", "null", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { KEY_LINK, "", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { KEY_LINK, KEY_LINK "0", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { KEY_LINK, KEY_LINK "00", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "11\"", "\"", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "11\"", "1\"", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "11\"", "1g\"", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "\"11", "\"0x", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "\"11", "\"0x11", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "22\"]", "\"]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "22\"]", " \"]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
    { "22\"]", "22 \"]", CHAOS_E_KMS_CHAIN_FORMAT, "signature_chain" },
};

static void test_one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *text = edited(good, edits[i].from, edits[i].to);
        expect(slice_text(text), edits[i].status, edits[i].field, edits[i].to);
        free(text);
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(good); size++) {
        expect(slice(good, size), CHAOS_E_JSON, NULL, "truncated");
    }
}

static void test_limits(void **state)
{
    (void)state;
    static const char *const texts[] = { "path", "purpose" };
    uint8_t large[4096 + 1];

    memset(large, ' ', sizeof large);
    memcpy(large, good, strlen(good));
    expect(slice(large, 4096), CHAOS_OK, NULL, "at the limit");
    expect(slice(large, 4097), CHAOS_E_KMS_CHAIN_FORMAT, "kms_chain", "beyond the limit");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(texts); i++) {
        for (size_t size = 256; size <= 257; size++) {
            char from[32], to[512], value[258] = { 0 };
            memset(value, 'a', size);
            (void)snprintf(from, sizeof from, "\"%s\":\"", texts[i]);
            (void)snprintf(to, sizeof to, "\"%s\":\"%s\",\"unknown\":\"", texts[i], value);
            char *text = edited(good, from, to);
            expect(slice_text(text), CHAOS_E_KMS_CHAIN_FORMAT, size == 256 ? "key" : texts[i], to);
            free(text);
        }
    }
}

static void check_round_trip(const kms_chain *chain, const char *wanted)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(4096);
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);
    kms_chain again;
    fault why;

    assert_true(kms_chain_write(chain, &out));
    assert_true(slice_is(buffer_slice(&out), wanted));
    assert_true(kms_chain_read(buffer_slice(&out), &again, &why));
    assert_true(slice_equal(chain->path, again.path) && slice_equal(chain->purpose, again.purpose));
    assert_true(chain->has_root_link == again.has_root_link);
    assert_memory_equal(chain->key_link, again.key_link, 65);
    assert_memory_equal(chain->root_link, again.root_link, 65);
    assert_true(buffer_append_text(&tight, "x"));
    assert_false(kms_chain_write(chain, &tight));
    assert_int_equal(tight.size, 1);
    chaos_buffer_free(&tight);
    chaos_buffer_free(&out);
}

static void test_writer(void **state)
{
    (void)state;
    char *without = edited(good, ROOT_LINK, "");
    kms_chain chain;
    fault why;

    assert_true(kms_chain_read(slice_text(good), &chain, &why));
    check_round_trip(&chain, good);
    assert_true(kms_chain_read(slice_text(without), &chain, &why));
    check_round_trip(&chain, without);
    free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_without_kms),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
