/* test_request_file.c - the validation request file: what is on chain is the hash of exactly these bytes. */
#include <chaoschain/erc8004.h>
#include <chaoschain/evidence.h>

#include "tests/support/edit.h"

#include "crypto/crypto.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define REGISTRY "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
#define NONCE "0x2222222222222222222222222222222222222222222222222222222222222222"
#define HASH "0x3333333333333333333333333333333333333333333333333333333333333333"
#define VALIDATOR "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"

static const char good[] =
    "{\"agent_id\":\"0\",\"agent_registry\":\"" REGISTRY "\",\"content\":[{\"hash\":\"" HASH
    "\",\"name\":\"work.json\",\"uri\":\"ipfs://bafy\"}],\"created_at\":1767225600,\"evidence_uri\":"
    "\"https://agent.example/evidence\",\"nonce\":\"" NONCE
    "\",\"schema\":\"chaoschain/validation-request/1\",\"validator\":\"" VALIDATOR "\"}";

/* Reads a copy that ends where its memory ends. */
static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    chaos_request_file *file = NULL;
    chaos_error err = { 0 };
    uint8_t *copy = malloc(text.size > 0 ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    chaos_status got = chaos_request_file_parse(slice(copy, text.size), &file, &err);
    bool same_field = field == NULL || (err.field != NULL && strcmp(err.field, field) == 0);
    if (got != status || err.status != (status == CHAOS_OK ? CHAOS_OK : status) || !same_field ||
        (file == NULL) != (got != CHAOS_OK)) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(got),
                 err.field == NULL ? "nothing" : err.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    chaos_request_file_free(file);
    free(copy);
}

static void test_good(void **state)
{
    (void)state;
    chaos_request_file *file = NULL;
    uint8_t wanted[32];

    assert_int_equal(chaos_request_file_parse(slice_text(good), &file, NULL), CHAOS_OK);
    const chaos_request_fields *f = chaos_request_file_fields(file);
    assert_int_equal(f->chain_id, 31337);
    assert_int_equal(f->identity_registry.bytes[0], 0x5f);
    assert_int_equal(f->identity_registry.bytes[19], 0xa3);
    assert_true(slice_is_zero(slice(f->agent_id.bytes, 32)));
    assert_int_equal(f->validator.bytes[0], 0x70);
    memset(wanted, 0x22, sizeof wanted);
    assert_memory_equal(f->nonce.bytes, wanted, 32);
    assert_string_equal(f->evidence_uri, "https://agent.example/evidence");
    assert_int_equal(f->created_at, 1767225600);
    assert_int_equal(f->content_count, 1);
    assert_string_equal(f->content[0].name, "work.json");
    assert_string_equal(f->content[0].uri, "ipfs://bafy");
    memset(wanted, 0x33, sizeof wanted);
    assert_memory_equal(f->content[0].hash.bytes, wanted, 32);
    chaos_keccak hash = hash_keccak(slice_text(good));
    chaos_keccak told = chaos_request_file_hash(file);
    assert_memory_equal(&told, &hash, sizeof hash);
    chaos_request_file_free(file);
}

#define BAD CHAOS_E_REQUEST_FORMAT

static const struct {
    const char *from, *to;
    chaos_status status;
    const char *field;
} edits[] = {
    { "{\"agent_id\"", " {\n\"agent_id\"", CHAOS_OK, NULL }, /* another text, and another hash */
    { "\"}", "\"} \n", CHAOS_OK, NULL },
    { "79c8\"}", "79c8\"}x", CHAOS_E_JSON, NULL },
    { "79c8\"}", "79c8\",}", CHAOS_E_JSON, NULL },
    { "79c8\"}", "79c8\",\"version\":1}", BAD, "key" },
    { "{\"agent_id\"", "[{\"agent_id\"", BAD, "request" },
    { "{\"agent_id\"", "{\"nonce\":\"" NONCE "\",\"agent_id\"", CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    { "\"agent_id\":\"0\",", "", BAD, "agent_id" },
    { "\"agent_id\":\"0\"", "\"agent_id\":0", BAD, "agent_id" },
    { "\"agent_id\":\"0\"", "\"agent_id\":\"\"", BAD, "agent_id" },
    { "\"agent_id\":\"0\"", "\"agent_id\":\"00\"", BAD, "agent_id" },
    { "\"agent_id\":\"0\"", "\"agent_id\":\"-1\"", BAD, "agent_id" },
    { "\"agent_id\":\"0\"", "\"agent_id\":\"0x0\"", BAD, "agent_id" },
    { "\"agent_id\":\"0\"",
      "\"agent_id\":\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"", CHAOS_OK,
      NULL },
    { "\"agent_id\":\"0\"",
      "\"agent_id\":\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"", BAD,
      "agent_id" },
    { REGISTRY, "", BAD, "agent_registry" },
    { "eip155:31337", "eip155:0", BAD, "agent_registry" },
    { "eip155:31337", "eip155:031337", BAD, "agent_registry" },
    { "eip155:31337", "eip155:18446744073709551615", CHAOS_OK, NULL },
    { "eip155:31337", "eip155:18446744073709551616", BAD, "agent_registry" },
    { "eip155:31337", "solana:31337", BAD, "agent_registry" },
    { "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3",
      "eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3", BAD, "agent_registry" },
    { "80aa3\"", "80aa\"", BAD, "agent_registry" },
    { "80aa3\"", "80aa33\"", BAD, "agent_registry" },
    { "80aa3\"", "80aa3:0\"", BAD, "agent_registry" },
    { "\"agent_registry\":\"" REGISTRY "\",", "", BAD, "agent_registry" },
    { "[{\"hash\"", "[1,{\"hash\"", BAD, "content" },
    { "[{\"hash\"", "[{\"size\":1,\"hash\"", BAD, "key" },
    { "\"hash\":\"" HASH "\",", "", BAD, "hash" },
    { HASH, NONCE "00", BAD, "hash" },
    { "0x3333", "0x33AA", BAD, "hash" },
    { "0x3333", "3333", BAD, "hash" },
    { "\"name\":\"work.json\",", "", BAD, "name" },
    { "work.json", "", BAD, "name" },
    { "work.json", "w\\u00f6rk", CHAOS_OK, NULL },
    { "work.json", "w\\u0000rk", BAD, "name" },
    { "work.json", "w\xffrk", CHAOS_E_JSON, "name" },
    { ",\"uri\":\"ipfs://bafy\"", "", BAD, "uri" },
    { "ipfs://bafy", "", BAD, "uri" },
    { "ipfs://bafy", "ipfs://ba fy", BAD, "uri" },
    { "ipfs://bafy", "ipfs://b\xc3\xa4", BAD, "uri" },
    { "\"created_at\":1767225600,", "", BAD, "created_at" },
    { "1767225600", "\"1767225600\"", BAD, "created_at" },
    { "1767225600", "-1", BAD, "created_at" },
    { "1767225600", "1.5", BAD, "created_at" },
    { "1767225600", "9007199254740991", CHAOS_OK, NULL },
    { "1767225600", "9007199254740992", BAD, "created_at" },
    { "\"evidence_uri\":\"https://agent.example/evidence\",", "", BAD, "evidence_uri" },
    { "https://agent.example/evidence", "", BAD, "evidence_uri" },
    { "https://agent.example/evidence", "https://agent.example/\\n", BAD, "evidence_uri" },
    { "\"nonce\":\"" NONCE "\",", "", BAD, "nonce" },
    { NONCE, "", BAD, "nonce" },
    { "\"schema\":\"chaoschain/validation-request/1\",", "", BAD, "schema" },
    { "validation-request/1", "validation-request/2", BAD, "schema" },
    { ",\"validator\":\"" VALIDATOR "\"", "", BAD, "validator" },
    { VALIDATOR, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", BAD, "validator" },
    { VALIDATOR, "", BAD, "validator" },
    { "\"" VALIDATOR "\"", "null", BAD, "validator" },
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

static void test_every_byte_flipped(void **state)
{
    (void)state;
    char text[sizeof good];
    chaos_request_file *whole = NULL;
    assert_int_equal(chaos_request_file_parse(slice_text(good), &whole, NULL), CHAOS_OK);
    chaos_keccak right = chaos_request_file_hash(whole);
    for (size_t i = 0; i < 8 * strlen(good); i++) {
        chaos_request_file *file = NULL;
        memcpy(text, good, sizeof good);
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        if (chaos_request_file_parse(slice(text, strlen(good)), &file, NULL) == CHAOS_OK) {
            chaos_keccak hash = chaos_request_file_hash(file);
            assert_memory_not_equal(&hash, &right, sizeof hash); /* whoever changes a byte asks something else */
        }
        chaos_request_file_free(file);
    }
    chaos_request_file_free(whole);
}

static void test_limits(void **state)
{
    (void)state;
    char *large = malloc(CHAOS_MAX_REQUEST_FILE + 1);
    assert_non_null(large);
    memset(large, ' ', CHAOS_MAX_REQUEST_FILE + 1);
    memcpy(large, good, strlen(good));
    expect(slice(large, CHAOS_MAX_REQUEST_FILE), CHAOS_OK, NULL, "at the limit");
    expect(slice(large, CHAOS_MAX_REQUEST_FILE + 1), BAD, "request", "beyond the limit");
    free(large);
    for (size_t count = 63; count <= 65; count++) {
        char *entries = repeated("{\"hash\":\"" HASH "\",\"name\":\"a\",\"uri\":\"b\"}", count);
        char *text = edited(good, "{\"hash\":\"" HASH "\",\"name\":\"work.json\",\"uri\":\"ipfs://bafy\"}", entries);
        expect(slice_text(text), count <= 64 ? CHAOS_OK : BAD, count <= 64 ? NULL : "content", "entries");
        free(text);
        free(entries);
    }
}

static chaos_request_fields fields_of(const chaos_request_content *content)
{
    chaos_request_fields f = CHAOS_REQUEST_FIELDS_INIT;
    uint64_t chain;
    assert_int_equal(chaos_registry_name_parse(REGISTRY, &chain, &f.identity_registry, NULL), CHAOS_OK);
    f.chain_id = chain;
    memset(f.nonce.bytes, 0x22, sizeof f.nonce.bytes);
    f.evidence_uri = "https://agent.example/evidence";
    f.created_at = 1767225600;
    f.content = content;
    f.content_count = 1;
    assert_int_equal(chaos_address_parse(VALIDATOR, &f.validator, NULL), CHAOS_OK);
    return f;
}

static void refuse_write(const chaos_request_fields *fields, const char *field)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_REQUEST_FILE);
    chaos_error err = { 0 };
    assert_true(buffer_append_text(&out, "x"));
    assert_int_equal(chaos_request_file_write(fields, &out, &err), CHAOS_E_USAGE);
    assert_int_equal(err.status, CHAOS_E_USAGE);
    assert_string_equal(err.field, field);
    assert_int_equal(out.size, 1);
    chaos_buffer_free(&out);
}

static void test_writer(void **state)
{
    (void)state;
    chaos_request_content content = { "work.json", "ipfs://bafy", { { 0 } } };
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_REQUEST_FILE);
    memset(content.hash.bytes, 0x33, sizeof content.hash.bytes);
    chaos_request_fields f = fields_of(&content);

    assert_int_equal(chaos_request_file_write(&f, &out, NULL), CHAOS_OK);
    assert_true(slice_is(buffer_slice(&out), good));
    chaos_buffer_free(&out);

    chaos_request_fields bad = f;
    bad.size = 1;
    refuse_write(&bad, "request");
    bad = f;
    bad.created_at = -1;
    refuse_write(&bad, "request");
    bad = f;
    bad.created_at = (int64_t)1 << 53;
    refuse_write(&bad, "request");
    bad = f;
    bad.chain_id = 0;
    refuse_write(&bad, "agent_registry");
    bad = f;
    bad.evidence_uri = NULL;
    refuse_write(&bad, "evidence_uri");
    bad.evidence_uri = "not a URI";
    refuse_write(&bad, "evidence_uri");
    content.name = "\xff";
    refuse_write(&f, "name");
    content.name = "";
    refuse_write(&f, "name");
    content = (chaos_request_content){ "a", NULL, { { 0 } } };
    refuse_write(&f, "uri");
    refuse_write(NULL, "request");
}

static void test_no_room(void **state)
{
    (void)state;
    chaos_request_content content = { "work.json", "ipfs://bafy", { { 0 } } };
    chaos_request_fields f = fields_of(&content);
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);
    assert_int_equal(chaos_request_file_write(&f, &tight, NULL), CHAOS_E_LIMIT);
    assert_int_equal(tight.size, 0);
    chaos_buffer_free(&tight);
}

static void test_registry_names(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "eip155",
        "eip155:",
        "eip155:1",
        "eip155:1:",
        "eip155::0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "eip155:+1:0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "EIP155:1:0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "eip155:1:0x5fbdb2315678afecb367f032d93f642f64180aa3 ",
        "eip155:1:0x5fbdb2315678afecb367f032d93f642f64180aa3:0",
        "eip155:1:5fbdb2315678afecb367f032d93f642f64180aa3xx",
        /* the checksum of EIP-55 is wrong in one letter */
        "eip155:1:0x5FbDB2315678afecb367f032d93F642f64180aA3",
    };
    char text[CHAOS_REGISTRY_NAME_SIZE];
    chaos_address registry = { { 0xee } };
    chaos_error err = { 0 };
    uint64_t chain = 7;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(refused); i++) {
        if (chaos_registry_name_parse(refused[i], &chain, &registry, &err) != CHAOS_E_USAGE || chain != 7 ||
            registry.bytes[0] != 0xee || strcmp(err.expected, "eip155:CHAIN:0xREGISTRY") != 0) {
            fail_msg("'%s' is taken", refused[i]);
        }
    }
    assert_int_equal(chaos_registry_name_parse("eip155:18446744073709551615:0x5FbDB2315678afecb367f032d93F642f64180aa3",
                                               &chain, &registry, &err),
                     CHAOS_OK);
    chaos_registry_name_format(chain, &registry, text);
    assert_string_equal(text, "eip155:18446744073709551615:0x5fbdb2315678afecb367f032d93f642f64180aa3");
    assert_true(strlen(text) < sizeof text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_every_byte_flipped),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_registry_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
