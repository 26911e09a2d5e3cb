/* test_tee.c - the mocks of tests/plugins, each refused in its own words; what the callers of a tee may
 * ask; and one sound plug-in from its file to the verdict on its evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/recipe.h"
#include "tee/internal.h"
#include "tests/support/support.h"
#include "tests/plugins/sound.h"

#define PLUGINS BUILD_ROOT "/tests/plugins"

static char last_line[TEE_MAX_LOG_LINE];

static void keep_line(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    (void)snprintf(last_line, sizeof last_line, "%s %d %s", name, (int)level, line);
}

typedef struct opened {
    chaos_tee_registry *registry;
    const chaos_tee_provider *provider;
    chaos_tee *tee;
} opened;

static opened open_mock(const char *name, const char *options)
{
    chaos_tee_registry_options wanted = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
    opened mock = { NULL, NULL, NULL };

    wanted.search_path = PLUGINS;
    wanted.log = keep_line;
    last_line[0] = '\0';
    if (chaos_tee_registry_new(&wanted, &mock.registry, &err) != CHAOS_OK ||
        chaos_tee_find(mock.registry, name, &mock.provider, &err) != CHAOS_OK ||
        chaos_tee_open(mock.provider, options, &mock.tee, &err) != CHAOS_OK) {
        fail_msg("%s: %s", name, err.text);
    }
    return mock;
}

static void close_mock(opened *mock)
{
    chaos_tee_free(mock->tee);
    chaos_tee_registry_free(mock->registry);
}

static void expect_text(const char *what, const chaos_error *err, const char *text)
{
    if (strstr(err->text, text) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", what, text, err->text);
    }
}

/* ------------------------------------------------------------------ mocks ---- */

typedef struct mock_case {
    const char *name, *path, *purpose;
    chaos_status status;
    const char *text;
} mock_case;

static const mock_case mocks[] = {
    { "key-lies", NULL, NULL, CHAOS_E_PROVIDER, "its signature is not of the public key that it gave" },
    { "key-lies", NULL, CHAOS_KEY_FRESH, CHAOS_E_PROVIDER,
      "its signature is not of the public key that it gave" },
    { "key-short", NULL, NULL, CHAOS_E_PROVIDER, "is not the 65 bytes 04 X Y (it has 64 bytes)" },
    { "key-none", NULL, NULL, CHAOS_E_PROVIDER, "it made a key and gave no public key" },
    { "key-twice", NULL, NULL, CHAOS_E_PROVIDER, "it gave a result twice" },
    { "key-quotes", NULL, NULL, CHAOS_E_PROVIDER, "a result of a name that this call does not have" },
    { "key-wrong-chain", "path", NULL, CHAOS_E_PROVIDER, "of another path than the one asked for" },
    { "key-wrong-chain", "purpose", NULL, CHAOS_E_PROVIDER, "of another purpose than the one asked for" },
    { "key-wrong-chain", "garbage", NULL, CHAOS_E_PROVIDER, "its signature chain is malformed" },
    { "key-wrong-chain", "link", NULL, CHAOS_E_PROVIDER, "no key can have made the first link" },
    { "key-wrong-chain", "", CHAOS_KEY_FRESH, CHAOS_E_PROVIDER,
      "a key that should come from randomness" },
    { "sign-flips", NULL, NULL, CHAOS_E_PROVIDER, "its signature is not of the public key that it gave" },
    { "sign-high-s", NULL, NULL, CHAOS_E_PROVIDER, "s of its signature is high" },
    { "sign-v0", NULL, NULL, CHAOS_E_PROVIDER, "and not 27 or 28" },
    { "sign-zero", NULL, NULL, CHAOS_E_PROVIDER, "its signature is none of any key" },
    { "sign-fails", NULL, NULL, CHAOS_E_GUEST_AGENT, "the agent\\x1b[2J is tired" },
    { "sign-odd-status", NULL, NULL, CHAOS_E_PROVIDER, "failed with QUOTE_SIGNATURE (0x319): it says so" },
    { "emit-late", NULL, NULL, CHAOS_E_PROVIDER, "outside of a call that has results" },
    { "attest-nothing", NULL, NULL, CHAOS_E_PROVIDER, "it gave no quote" },
    { "attest-two-quotes", NULL, NULL, CHAOS_E_PROVIDER, "it gave two quotes" },
    { "attest-unknown-part", NULL, NULL, CHAOS_E_PROVIDER,
      "a result of a name that this call does not have" },
    { "attest-empty-part", NULL, NULL, CHAOS_E_PROVIDER, "an empty result" },
    { "attest-garbage", NULL, NULL, CHAOS_E_PROVIDER, "its evidence is malformed: QUOTE_VERSION" },
    { "attest-too-large", NULL, NULL, CHAOS_E_PROVIDER, "larger than 1 MiB" },
    { "key-sound", NULL, NULL, CHAOS_E_TEE_UNAVAILABLE, "no file quote" }, /* it has no folder */
};

static void test_mocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(mocks); i++) {
        chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
        opened mock = open_mock(mocks[i].name, NULL);
        chaos_keypair *keypair = NULL;
        chaos_status status;

        options.path = mocks[i].path;
        options.purpose = mocks[i].purpose;
        status = chaos_tee_generate_key(mock.tee, &options, &keypair, &err);
        if (status != mocks[i].status || err.status != status || keypair != NULL) {
            fail_msg("%s: %s (%s)", mocks[i].name, chaos_status_name(status), err.text);
        }
        expect_text(mocks[i].name, &err, mocks[i].text);
        close_mock(&mock);
    }
}

static void test_late_emit_is_logged(void **state)
{
    opened mock = open_mock("emit-late", NULL);

    (void)state;
    chaos_tee_free(mock.tee); /* nobody is left who could be told otherwise */
    assert_string_equal(last_line, "emit-late 3 it gave a result outside of a call that has results");
    chaos_tee_registry_free(mock.registry);
}

/* ---------------------------------------------------------------- opening ---- */

typedef struct options_case {
    const char *options;
    const char *text; /* NULL: sound */
} options_case;

static const options_case option_cases[] = {
    { NULL, NULL },
    { "{}", NULL },
    { " {\"folder\":\"/nowhere\"} ", NULL },
    { "", "not one JSON object" },
    { "[]", "an object is expected" },
    { "{\"folder\":\"a\",\"folder\":\"b\"}", "twice" },
    { "{\"folder\":\"a\"} {}", "text follows the value" },
    { "{\"folder\":1}", "a string is expected" },
    { "{\"fodler\":\"a\"}", "unknown member \"fodler\"; known are folder" },
};

static void test_open(void **state)
{
    opened mock = open_mock("key-sound", NULL);
    char *large = malloc(TEE_MAX_OPTIONS + 2);
    chaos_tee *tee = NULL;
    chaos_error err;

    (void)state;
    assert_string_equal(chaos_tee_name(mock.tee), "key-sound");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(option_cases); i++) {
        const char *text = option_cases[i].text;
        const chaos_status status = chaos_tee_open(mock.provider, option_cases[i].options, &tee, &err);

        assert_int_equal(status == CHAOS_OK, text == NULL);
        if (text == NULL) {
            chaos_tee_free(tee);
        } else {
            expect_text(option_cases[i].options, &err, text);
        }
    }
    assert_non_null(large);
    memset(large, ' ', TEE_MAX_OPTIONS + 2);
    memcpy(large, "{}", 2);
    large[TEE_MAX_OPTIONS] = '\0';
    assert_int_equal(chaos_tee_open(mock.provider, large, &tee, &err), CHAOS_OK);
    chaos_tee_free(tee);
    large[TEE_MAX_OPTIONS] = ' ';
    large[TEE_MAX_OPTIONS + 1] = '\0';
    assert_int_equal(chaos_tee_open(mock.provider, large, &tee, &err), CHAOS_E_USAGE);
    free(large);
    assert_int_equal(chaos_tee_open(NULL, NULL, &tee, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_open(mock.provider, NULL, NULL, &err), CHAOS_E_USAGE);
    assert_false(chaos_tee_is_available(NULL, &err));
    chaos_tee_free(NULL);
    close_mock(&mock);
}

/* ----------------------------------------------------------------- methods ---- */

typedef struct method_case {
    const char *method, *params;
    chaos_status status;
    const char *text; /* of the reply, or of the error */
} method_case;

static const method_case methods[] = {
    { "Echo", "{\"a\":[1]}", CHAOS_OK, "{\"a\":[1]}" },
    { "Echo", NULL, CHAOS_OK, "{}" },
    { "Echo", "7", CHAOS_OK, "7" },
    { "Ecko", NULL, CHAOS_E_USAGE, "no method Ecko" },
    { "Echo", "{", CHAOS_E_USAGE, "params_json: not one JSON value" },
    { "Echo", "{} {}", CHAOS_E_USAGE, "params_json: not one JSON value" },
    { "", NULL, CHAOS_E_USAGE, "a method's name" },
    { "Echo ", NULL, CHAOS_E_USAGE, "a method's name" },
    { "a/b", NULL, CHAOS_E_USAGE, "a method's name" },
    { "../GetKey", NULL, CHAOS_E_USAGE, "a method's name" },
    { "a2345678901234567890123456789012345678901234567890123456789012345", NULL, CHAOS_E_USAGE,
      "a method's name" },
    { "a234567890123456789012345678901234567890123456789012345678901234", NULL, CHAOS_E_USAGE,
      "no method a2345" },
    { "GetKey", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "getkey", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "DstackGuest.GetKey", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "DeriveKey", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "Tappd.DeriveK256Key", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "Sign", NULL, CHAOS_E_USAGE, "would take a key out" },
    { "GetKeys", NULL, CHAOS_E_USAGE, "no method GetKeys" },
};

static void test_invoke(void **state)
{
    opened mock = open_mock("key-sound", NULL);

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        chaos_buffer reply = CHAOS_BUFFER_INIT(64);
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

        assert_int_equal(chaos_tee_invoke(mock.tee, methods[i].method, methods[i].params, &reply, &err),
                         methods[i].status);
        if (methods[i].status == CHAOS_OK) {
            assert_true(slice_is(buffer_slice(&reply), methods[i].text));
        } else {
            expect_text(methods[i].method, &err, methods[i].text);
            assert_int_equal(reply.size, 0);
        }
        chaos_buffer_wipe(&reply);
    }
    close_mock(&mock);
}

static void test_invoke_refusals(void **state)
{
    opened mock = open_mock("invoke-not-json", NULL);
    opened mute = open_mock("key-lies", NULL);
    chaos_buffer reply = CHAOS_BUFFER_INIT(64);
    chaos_buffer small = CHAOS_BUFFER_INIT(1);
    chaos_error err;

    (void)state;
    assert_int_equal(chaos_tee_invoke(mock.tee, "Half", NULL, &reply, &err), CHAOS_E_PROVIDER);
    expect_text("half", &err, "the reply to Half is not one JSON value");
    assert_int_equal(chaos_tee_invoke(mock.tee, "Nothing", NULL, &reply, &err), CHAOS_E_PROVIDER);
    expect_text("nothing", &err, "Nothing gave no reply");
    assert_int_equal(chaos_tee_invoke(mute.tee, "Echo", NULL, &reply, &err), CHAOS_E_NOT_AVAILABLE);
    expect_text("mute", &err, "the provider key-lies has no methods of its own");
    assert_int_equal(reply.size, 0);
    close_mock(&mock);
    close_mock(&mute);
    mock = open_mock("key-sound", NULL);
    assert_int_equal(chaos_tee_invoke(mock.tee, "Echo", NULL, &small, &err), CHAOS_E_LIMIT);
    close_mock(&mock);
    chaos_buffer_free(&small);
}

/* ------------------------------------------------------------- what is asked ---- */

typedef struct request_case {
    const char *path, *purpose, *algorithm, *field, *text;
} request_case;

#define LONG_63 "123456789012345678901234567890123456789012345678901234567890123"

static const request_case requests[] = {
    { NULL, NULL, "ed25519", "algorithm", "the only algorithm is \"secp256k1\"" },
    { NULL, NULL, "", "algorithm", "the only algorithm" },
    { "", NULL, NULL, "path", "only a key of purpose \"session\" has the path \"\"" },
    { "x", CHAOS_KEY_FRESH, NULL, "path", "is made anew and has the path \"\"" },
    { "a\"b", NULL, NULL, "path", "printable ASCII" },
    { "a\\b", NULL, NULL, "path", "printable ASCII" },
    { "a\nb", NULL, NULL, "path", "printable ASCII" },
    { "\xc3\xa9", NULL, NULL, "path", "printable ASCII" },
    { LONG_63 LONG_63 LONG_63 LONG_63 "1234", NULL, NULL, "path", "at most 255 bytes" },
    { NULL, "", NULL, "purpose", "may not be empty" },
    { NULL, LONG_63 "4", NULL, "purpose", "at most 63 bytes" },
    { NULL, "a\tb", NULL, "purpose", "printable ASCII" },
};

static void test_requests(void **state)
{
    opened mock = open_mock("key-sound", NULL);
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *keypair = NULL;
    chaos_error err;

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(requests); i++) {
        options.path = requests[i].path;
        options.purpose = requests[i].purpose;
        options.algorithm = requests[i].algorithm;
        assert_int_equal(chaos_tee_generate_key(mock.tee, &options, &keypair, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, requests[i].field);
        expect_text(requests[i].field, &err, requests[i].text);
    }
    options = (chaos_key_options)CHAOS_KEY_OPTIONS_INIT;
    options.size--;
    assert_int_equal(chaos_tee_generate_key(mock.tee, &options, &keypair, &err), CHAOS_E_USAGE);
    options.size++;
    options.attest.size = 0;
    assert_int_equal(chaos_tee_generate_key(mock.tee, &options, &keypair, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_generate_key(NULL, NULL, &keypair, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_generate_key(mock.tee, NULL, NULL, &err), CHAOS_E_USAGE);
    assert_null(keypair);
    close_mock(&mock);
}

static void test_identity_path(void **state)
{
    static const char *const bad_labels[] = { "", "A", "a b",
                                              "a/b", "a_b", "123456789012345678901234567890123" };
    chaos_u256 chain = { { 0 } };
    chaos_address registry;
    char path[CHAOS_IDENTITY_PATH_SIZE];
    chaos_error err;

    (void)state;
    memset(registry.bytes, 0xab, sizeof registry.bytes);
    assert_int_equal(chaos_identity_path(&chain, &registry, "a", 0, path, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "chain_id");
    chain.bytes[31] = 10;
    assert_int_equal(chaos_identity_path(&chain, &registry, "agent-1", 0, path, &err), CHAOS_OK);
    assert_string_equal(path,
                        "chaoschain/1/10/0xabababababababababababababababababababab/agent-1/secp256k1/0");
    memset(chain.bytes, 0xff, sizeof chain.bytes);
    assert_int_equal(
        chaos_identity_path(&chain, &registry, "12345678901234567890123456789012", UINT32_MAX, path, &err),
        CHAOS_OK);
    assert_string_equal(path, "chaoschain/1/"
                              "115792089237316195423570985008687907853269984665640564039457584007913129639935"
                              "/0xabababababababababababababababababababab/12345678901234567890123456789012"
                              "/secp256k1/4294967295");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad_labels); i++) {
        assert_int_equal(chaos_identity_path(&chain, &registry, bad_labels[i], 0, path, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "label");
    }
    memset(registry.bytes, 0, sizeof registry.bytes);
    assert_int_equal(chaos_identity_path(&chain, &registry, "a", 0, path, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "registry");
}

/* --------------------------------------------------------- from file to verdict ---- */

static void write_file(const char *folder, const char *name, const chaos_buffer *bytes)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
}

/* Stage 1 of the mock's agent key, with every value that the core would fill in. */
static chaos_binding binding_of_mock(int64_t now)
{
    chaos_binding binding = { .stage = CHAOS_STAGE_IDENTITY,
                              .issued_at = (uint64_t)now,
                              .expires_at = (uint64_t)now + 60 };
    uint8_t scalar[32];
    k1_point point;

    memset(scalar, SOUND_AGENT_SECRET, sizeof scalar);
    assert_true(k1_public(scalar, &point));
    binding.chain_id.bytes[31] = 1;
    binding.identity_registry.bytes[0] = 2;
    binding.public_key_hash = k1_key_hash(&point);
    binding.identity_key = k1_address(&point);
    return binding;
}

static void make_folder(const chaos_report_data *data, char folder[64], forge_result *made)
{
    forge_options options = { .has_report_data = true, .report_data = *data };

    (void)snprintf(folder, 64, "/tmp/test_tee-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(forge_make(FORGE_TDX4, &options, NULL, made, NULL), CHAOS_OK);
    write_file(folder, "quote", &made->quote);
    write_file(folder, "event-log", &made->event_log);
}

static void remove_folder(const char *folder)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/quote", folder);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/event-log", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void check_evidence(const chaos_evidence *evidence, const forge_result *made)
{
    const check_input input = { .envelope = chaos_evidence_bytes(evidence),
                                .collateral = bytes_of(&made->collateral),
                                .extra_root = bytes_of(&made->root),
                                .policy_json = (const char *)made->policy.data,
                                .now = made->now };
    int exit_code = -1;
    json_t *verdict = check_to_json(&input, &exit_code);

    /* The mock has no chain, and the policy wants one. */
    assert_string_equal(verdict_error_code(verdict), "KMS_ROOT");
    assert_int_equal(exit_code, 2);
    json_decref(verdict);
}

static void test_from_file_to_verdict(void **state)
{
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding wanted = binding_of_mock(FORGE_DEFAULT_NOW);
    const chaos_report_data data = chaos_binding_report_data(&wanted);
    chaos_keypair *keypair = NULL;
    chaos_evidence *report = NULL;
    chaos_report_data other = data;
    forge_result made;
    uint8_t public_key[65];
    char folder[64], text[128];
    opened mock;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    (void)state;
    make_folder(&data, folder, &made);
    (void)snprintf(text, sizeof text, "{\"folder\":\"%s\"}", folder);
    mock = open_mock("key-sound", text);
    options.attest.binding = &wanted;
    if (chaos_tee_generate_key(mock.tee, &options, &keypair, &err) != CHAOS_OK) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(chaos_keypair_reference(keypair), "key-sound:chaoschain/default");
    assert_string_equal(chaos_keypair_provider(keypair), "key-sound");
    assert_string_equal(chaos_keypair_algorithm(keypair), "secp256k1");
    chaos_keypair_public_key(keypair, public_key);
    assert_int_equal(public_key[0], 4);
    assert_memory_equal(public_key + 1, keypair->point.x, 32);
    assert_memory_equal(chaos_keypair_address(keypair).bytes, wanted.identity_key.bytes, 20);
    check_evidence(chaos_keypair_evidence(keypair), &made);

    /* The folder's quote is for these report data and no other. */
    assert_int_equal(chaos_tee_get_attestation_report(mock.tee, &data, &report, &err), CHAOS_OK);
    assert_true(slice_equal(chaos_evidence_bytes(report), bytes_of(&made.quote)));
    assert_true(slice_equal(chaos_evidence_event_log(report), bytes_of(&made.event_log)));
    chaos_evidence_free(report);
    other.bytes[63] ^= 1;
    assert_int_equal(chaos_tee_get_attestation_report(mock.tee, &other, &report, &err), CHAOS_E_PROVIDER);
    expect_text("other", &err, "the quote is for other report data");
    assert_string_equal(err.field, "report_data");
    assert_int_equal(chaos_attest(mock.tee, keypair, NULL, &report, &err), CHAOS_E_PROVIDER);
    expect_text("other", &err, "the quote is for other report data");

    chaos_keypair_free(keypair);
    chaos_keypair_free(NULL);
    close_mock(&mock);
    remove_folder(folder);
    forge_result_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mocks),
        cmocka_unit_test(test_late_emit_is_logged),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_invoke),
        cmocka_unit_test(test_invoke_refusals),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_identity_path),
        cmocka_unit_test(test_from_file_to_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
