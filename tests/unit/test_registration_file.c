/* test_registration_file.c - registration files: ours to the byte, others' as far as we use them. */
#include <chaoschain/erc8004.h>

#include "tests/support/edit.h"

#include "crypto/crypto.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TYPE "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
#define REGISTRY "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"

/* As our writer writes it. */
static const char ours[] =
    "{\"active\":true,\"description\":\"finds jackets\",\"image\":\"https://alice.example/a.png\",\"name\":\"alice\","
    "\"registrations\":[{\"agentId\":0,\"agentRegistry\":\"" REGISTRY "\"}],\"services\":[{\"endpoint\":"
    "\"https://alice.example/.well-known/tee-attestation\",\"name\":\"attestation\"},{\"endpoint\":"
    "\"https://alice.example/mcp\",\"name\":\"MCP\",\"version\":\"2025-06-18\"}],"
    "\"supportedTrust\":[\"reputation\",\"tee-attestation\"],\"type\":\"" TYPE "\",\"x402Support\":false}";

/* As others write it: members of their own, the older spellings, ids as text, another kind of chain, a placeholder. */
static const char theirs[] =
    "{ \"type\": \"" TYPE "\", \"name\": \"B\\u00f6b\", \"description\": null,\n"
    "  \"endpoints\": [ { \"name\": \"OASF\", \"endpoint\": \"ipfs://bafy\", \"version\": 0.7, \"skills\": [\"a\", {}] },\n"
    "    { \"name\": \"agentWallet\", \"endpoint\": \"eip155:1:0x742d35Cc6634C0532925a3b844Bc9e7595f0bEb7\" } ],\n"
    "  \"registrations\": [ { \"agentRegistry\": \"eip155:1:{identityRegistry}\", \"agentId\": 3 },\n"
    "    { \"agentId\": \"22\", \"agentRegistry\": \"eip155:8453:0x8004A169FB4a3325136EB29fA0ceB6D2e539a432\" },\n"
    "    { \"agentId\": null, \"agentRegistry\": \"eip155:1:0x8004A169FB4a3325136EB29fA0ceB6D2e539a432\" },\n"
    "    { \"agentId\": 5, \"agentRegistry\": \"solana:101:satiRkx\" } ],\n"
    "  \"supportedTrust\": [], \"x402support\": true, \"updatedAt\": 1767225600, \"metadata\": {\"a\": [1, 2.5e3]} }";

static chaos_registration_file *parse(const char *text)
{
    chaos_registration_file *file = NULL;
    chaos_error err = { 0 };
    if (chaos_registration_file_parse(slice_text(text), &file, &err) != CHAOS_OK) {
        fail_msg("%s in %s: %s", chaos_status_name(err.status), err.field, err.text);
    }
    return file;
}

/* Reads a copy that ends where its memory ends. */
static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    chaos_registration_file *file = NULL;
    chaos_error err = { 0 };
    uint8_t *copy = malloc(text.size > 0 ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    chaos_status got = chaos_registration_file_parse(slice(copy, text.size), &file, &err);
    bool same_field = field == NULL || (err.field != NULL && strcmp(err.field, field) == 0);
    if (got != status || err.status != got || !same_field || (file == NULL) != (got != CHAOS_OK)) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(got),
                 err.field == NULL ? "nothing" : err.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    chaos_registration_file_free(file);
    free(copy);
}

static void test_ours(void **state)
{
    (void)state;
    chaos_registration_file *file = parse(ours);
    const chaos_registration_fields *f = chaos_registration_file_fields(file);
    chaos_u256 id = { { 0 } };
    chaos_address registry;
    uint64_t chain;

    assert_string_equal(f->name, "alice");
    assert_string_equal(f->description, "finds jackets");
    assert_string_equal(f->image, "https://alice.example/a.png");
    assert_true(f->active);
    assert_false(f->x402_support);
    assert_int_equal(f->service_count, 2);
    assert_null(f->services[0].version);
    assert_string_equal(f->services[1].version, "2025-06-18");
    assert_string_equal(chaos_registration_file_endpoint(file, CHAOS_SERVICE_ATTESTATION),
                        "https://alice.example/.well-known/tee-attestation");
    assert_null(chaos_registration_file_endpoint(file, "Attestation"));
    assert_true(chaos_registration_file_trusts(file, CHAOS_TRUST_TEE));
    assert_false(chaos_registration_file_trusts(file, "crypto-economic"));
    assert_int_equal(f->registration_count, 1);
    assert_int_equal(chaos_registration_file_left_out(file), 0);
    assert_int_equal(chaos_registry_name_parse(REGISTRY, &chain, &registry, NULL), CHAOS_OK);
    assert_true(chaos_registration_file_names(file, 31337, &registry, &id)); /* 0 is an agent */
    assert_false(chaos_registration_file_names(file, 31338, &registry, &id));
    id.bytes[31] = 1;
    assert_false(chaos_registration_file_names(file, 31337, &registry, &id));
    id.bytes[31] = 0;
    registry.bytes[19] ^= 1;
    assert_false(chaos_registration_file_names(file, 31337, &registry, &id));
    chaos_keccak hash = hash_keccak(slice_text(ours));
    chaos_keccak told = chaos_registration_file_hash(file);
    assert_memory_equal(&told, &hash, sizeof hash);
    chaos_registration_file_free(file);
}

static void test_theirs(void **state)
{
    (void)state;
    chaos_registration_file *file = parse(theirs);
    const chaos_registration_fields *f = chaos_registration_file_fields(file);

    assert_string_equal(f->name, "B\xc3\xb6"
                                 "b");
    assert_null(f->description);
    assert_null(f->image);
    assert_true(f->active); /* not given */
    assert_true(f->x402_support);
    assert_int_equal(f->service_count, 2);
    assert_string_equal(f->services[0].endpoint, "ipfs://bafy");
    assert_null(f->services[0].version);
    assert_int_equal(f->registration_count, 1);
    assert_int_equal(f->registrations[0].chain_id, 8453);
    assert_int_equal(f->registrations[0].agent_id.bytes[31], 22);
    assert_int_equal(chaos_registration_file_left_out(file), 3);
    assert_int_equal(f->supported_trust_count, 0);
    chaos_registration_file_free(file);
}

/* Whichever comes first, the newer spelling counts. */
static void test_both_spellings(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"type\":\"" TYPE "\",\"name\":\"a\",\"endpoints\":[{\"name\":\"old\",\"endpoint\":\"x\"},{\"name\":\"b\","
        "\"endpoint\":\"x\"}],\"x402support\":true,\"services\":[{\"name\":\"new\",\"endpoint\":\"y\"}],"
        "\"x402Support\":false}",
        "{\"type\":\"" TYPE "\",\"name\":\"a\",\"x402Support\":false,\"services\":[{\"name\":\"new\",\"endpoint\":\"y\"}],"
        "\"endpoints\":[{\"name\":\"old\",\"endpoint\":\"x\"},{\"name\":\"b\",\"endpoint\":\"x\"}],\"x402support\":true}",
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(texts); i++) {
        chaos_registration_file *file = parse(texts[i]);
        const chaos_registration_fields *f = chaos_registration_file_fields(file);
        assert_int_equal(f->service_count, 1);
        assert_string_equal(f->services[0].name, "new");
        assert_false(f->x402_support);
        chaos_registration_file_free(file);
    }
}

#define BAD CHAOS_E_REGISTRATION_FORMAT

static const struct {
    const char *from, *to;
    chaos_status status;
    const char *field;
} edits[] = {
    { "{\"active\"", " {\n\"active\"", CHAOS_OK, NULL },
    { "false}", "false}x", CHAOS_E_JSON, NULL },
    { "{\"active\"", "[{\"active\"", BAD, "registration" },
    { "{\"active\"", "{\"name\":\"x\",\"active\"", CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    { "{\"active\"", "{\"own\":{\"deep\":[[[[]]]]},\"active\"", CHAOS_OK, NULL },
    { "{\"active\"", "{\"own\":[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]],\"active\"", CHAOS_E_JSON_DEPTH, NULL },
    { "\"active\":true", "\"active\":\"true\"", BAD, "active" },
    { "\"active\":true", "\"active\":1", BAD, "active" },
    { "\"active\":true,", "", CHAOS_OK, NULL },
    { "\"finds jackets\"", "null", CHAOS_OK, NULL },
    { "\"finds jackets\"", "{}", BAD, "description" },
    { "finds jackets", "\xc3", CHAOS_E_JSON, "description" },
    { "finds jackets", "\xed\xa0\x80", CHAOS_E_JSON, "description" },
    { "finds jackets", "\\ud800", CHAOS_E_JSON, "description" },
    { "finds jackets", "\\u0000", BAD, "description" },
    { "\"https://alice.example/a.png\"", "7", BAD, "image" },
    { "\"name\":\"alice\",", "", BAD, "name" },
    { "\"alice\"", "\"\"", BAD, "name" },
    { "\"alice\"", "null", BAD, "name" },
    { "\"alice\"", "[\"alice\"]", BAD, "name" },
    { ",\"type\":\"" TYPE "\"", "", BAD, "type" },
    { "registration-v1", "registration-v2", BAD, "type" },
    { "\"" TYPE "\"", "null", BAD, "type" },
    { "\"registrations\":[", "\"registrations\":[7,", BAD, "registrations" },
    { "\"agentId\":0", "\"agentId\":-1", BAD, "agentId" },
    { "\"agentId\":0", "\"agentId\":1.0", BAD, "agentId" },
    { "\"agentId\":0", "\"agentId\":true", BAD, "agentId" },
    { "\"agentId\":0", "\"agentId\":\"0x1\"", BAD, "agentId" },
    { "\"agentId\":0", "\"agentId\":9007199254740991", CHAOS_OK, NULL },
    { "\"agentId\":0", "\"agentId\":9007199254740992", BAD, "agentId" },
    { "\"agentRegistry\":\"" REGISTRY "\"", "\"agentRegistry\":7", BAD, "agentRegistry" },
    { "{\"agentId\":0,\"agentRegistry\":\"" REGISTRY "\"}", "{}", CHAOS_OK, NULL },
    { "\"services\":[", "\"services\":{\"a\":[", BAD, "services" },
    { "\"name\":\"attestation\"", "\"name\":\"\"", BAD, "name" },
    { "\"name\":\"attestation\"", "\"name\":null", BAD, "name" },
    { ",\"name\":\"attestation\"", "", BAD, "name" },
    { "\"endpoint\":\"https://alice.example/mcp\",", "", BAD, "endpoint" },
    { "\"https://alice.example/mcp\"", "{}", BAD, "endpoint" },
    { "\"2025-06-18\"", "20250618", CHAOS_OK, NULL },
    { "[\"reputation\",\"tee-attestation\"]", "\"tee-attestation\"", BAD, "supportedTrust" },
    { "\"reputation\",", "1,", BAD, "supportedTrust" },
    { "\"x402Support\":false", "\"x402Support\":null", BAD, "x402Support" },
    { "\"x402Support\":false", "\"x402support\":null", BAD, "x402support" },
};

static void test_one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *text = edited(ours, edits[i].from, edits[i].to);
        expect(slice_text(text), edits[i].status, edits[i].field, edits[i].to);
        free(text);
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(ours); size++) {
        expect(slice(ours, size), CHAOS_E_JSON, NULL, "truncated");
    }
    for (size_t size = 0; size < strlen(theirs); size++) {
        expect(slice(theirs, size), CHAOS_E_JSON, NULL, "truncated");
    }
}

static void expect_count(const char *from, const char *unit, size_t limit, const char *field)
{
    for (size_t count = limit; count <= limit + 1; count++) {
        char *units = repeated(unit, count);
        char *text = edited(ours, from, units);
        expect(slice_text(text), count == limit ? CHAOS_OK : BAD, count == limit ? NULL : field, field);
        free(text);
        free(units);
    }
}

static void test_limits(void **state)
{
    (void)state;
    char *large = malloc(CHAOS_MAX_REGISTRATION_FILE + 1);
    assert_non_null(large);
    memset(large, ' ', CHAOS_MAX_REGISTRATION_FILE + 1);
    memcpy(large, ours, strlen(ours));
    expect(slice(large, CHAOS_MAX_REGISTRATION_FILE), CHAOS_OK, NULL, "at the limit");
    expect(slice(large, CHAOS_MAX_REGISTRATION_FILE + 1), BAD, "registration", "beyond the limit");
    free(large);
    expect_count("{\"endpoint\":\"https://alice.example/mcp\",\"name\":\"MCP\",\"version\":\"2025-06-18\"}",
                 "{\"name\":\"a\",\"endpoint\":\"\"}", CHAOS_MAX_REGISTRATION_SERVICES - 1, "services");
    expect_count("{\"agentId\":0,\"agentRegistry\":\"" REGISTRY "\"}", "{}", CHAOS_MAX_REGISTRATIONS,
                 "registrations");
    expect_count("\"reputation\",\"tee-attestation\"", "\"reputation\"", CHAOS_MAX_SUPPORTED_TRUST, "supportedTrust");
}

/* ------------------------------------------------------------------ writer ---- */

static const chaos_service services[] = {
    { "attestation", "https://alice.example/.well-known/tee-attestation", NULL },
    { "MCP", "https://alice.example/mcp", "2025-06-18" },
};
static const char *const trust[] = { "reputation", CHAOS_TRUST_TEE };

static chaos_registration_fields fields_of(chaos_registration *registration)
{
    chaos_registration_fields f = CHAOS_REGISTRATION_FIELDS_INIT;
    assert_int_equal(chaos_registry_name_parse(REGISTRY, &registration->chain_id, &registration->identity_registry, NULL),
                     CHAOS_OK);
    memset(&registration->agent_id, 0, sizeof registration->agent_id);
    f.name = "alice";
    f.description = "finds jackets";
    f.image = "https://alice.example/a.png";
    f.services = services;
    f.service_count = CHAOS_ARRAY_SIZE(services);
    f.supported_trust = trust;
    f.supported_trust_count = CHAOS_ARRAY_SIZE(trust);
    f.registrations = registration;
    f.registration_count = 1;
    return f;
}

static void refuse_write(const chaos_registration_fields *fields, const char *field)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_REGISTRATION_FILE);
    chaos_error err = { 0 };
    assert_true(buffer_append_text(&out, "x"));
    assert_int_equal(chaos_registration_file_write(fields, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(err.status, CHAOS_E_USAGE);
    assert_string_equal(err.field, field);
    assert_int_equal(out.size, 1);
    chaos_buffer_free(&out);
}

static void test_writer(void **state)
{
    (void)state;
    chaos_registration registration;
    chaos_registration_fields f = fields_of(&registration);
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_REGISTRATION_FILE);
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);

    assert_int_equal(chaos_registration_file_write(&f, &out, NULL), CHAOS_OK);
    assert_true(slice_is(buffer_slice(&out), ours));
    chaos_buffer_free(&out);
    assert_int_equal(chaos_registration_file_write(&f, &tight, NULL), CHAOS_E_LIMIT);
    assert_int_equal(tight.size, 0);
    chaos_buffer_free(&tight);
}

static void test_writer_refuses(void **state)
{
    (void)state;
    chaos_registration registration;
    chaos_registration_fields f = fields_of(&registration);
    chaos_service service = { "a", "b", "\xff" };
    const char *word = "\xe2\x82";
    char long_name[258];

    chaos_registration_fields bad = f;
    bad.size--;
    refuse_write(&bad, "registration");
    refuse_write(NULL, "registration");
    bad = f;
    bad.service_count = CHAOS_MAX_REGISTRATION_SERVICES + 1;
    refuse_write(&bad, "registration");
    bad = f;
    bad.name = NULL;
    refuse_write(&bad, "name");
    bad.name = "";
    refuse_write(&bad, "name");
    memset(long_name, 'a', sizeof long_name);
    long_name[257] = '\0';
    bad.name = long_name;
    refuse_write(&bad, "name");
    bad.name = "al\xff"
               "ice";
    refuse_write(&bad, "registration");
    bad = f;
    bad.services = &service;
    bad.service_count = 1;
    refuse_write(&bad, "registration");
    service = (chaos_service){ NULL, "b", NULL };
    refuse_write(&bad, "name");
    bad = f;
    bad.supported_trust = &word;
    bad.supported_trust_count = 1;
    refuse_write(&bad, "registration");
    registration.chain_id = 0;
    refuse_write(&f, "registration");
    registration.chain_id = 1;
    memset(registration.agent_id.bytes, 0xff, sizeof registration.agent_id.bytes);
    refuse_write(&f, "registration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_theirs),
        cmocka_unit_test(test_both_spellings),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writer_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
