/* test_guest_methods.c - the methods of the simulated guest agent: what they compute, what they refuse. */
#include "tests/support/dstack_kit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static guest *g;

static int set_up(void **state)
{
    (void)state;
    g = guest_of_seed("methods");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    guest_free(g);
    return 0;
}

static json_t *ask(const char *path, const char *body)
{
    json_t *answer = call_guest(g, GUEST_API_BOTH, path, body, 200);
    assert_non_null(answer);
    return answer;
}

static void refused(const char *path, const char *body, const char *said)
{
    json_t *answer = call_guest(g, GUEST_API_BOTH, path, body, 400);
    if (strstr(text_member(answer, "error"), said) == NULL) {
        fail_msg("%s %s: '%s' does not say '%s'", path, body, text_member(answer, "error"), said);
    }
    json_decref(answer);
}

/* ------------------------------------------------------------------------ keys ---- */

static void same_key(const char *one, const char *other, bool same)
{
    json_t *a = ask("/GetKey", one), *b = ask("/GetKey", other);
    bool found = strcmp(text_member(a, "key"), text_member(b, "key")) == 0;
    if (found != same) {
        fail_msg("the keys of %s and %s are %s", one, other, found ? "the same" : "not the same");
    }
    json_decref(a);
    json_decref(b);
}

static void test_get_key(void **state)
{
    (void)state;
    same_key("{\"path\":\"a\"}", "{\"path\":\"a\",\"purpose\":\"b\"}", true);
    same_key("{\"path\":\"a\"}", "{\"path\":\"a\",\"algorithm\":\"ed25519\"}", true);
    same_key("{\"path\":\"a\"}", "{\"path\":\"a\",\"algorithm\":\"secp256k1\"}", true);
    same_key("{\"path\":\"a\"}", "{\"path\":\"b\"}", false);
    same_key("{}", "{\"path\":\"\"}", true);
    refused("/GetKey", "{\"algorithm\":\"rsa\"}", "Unsupported algorithm");
    refused("/GetKey", "{\"algorithm\":\"secp256k1_prehashed\"}", "Unsupported algorithm");
    json_t *key = ask("/GetKey", "{\"path\":\"a\",\"purpose\":\"p\"}");
    json_t *older = ask("/prpc/Tappd.DeriveK256Key", "{\"path\":\"a\",\"purpose\":\"p\"}");
    assert_string_equal(text_member(older, "k256_key"), text_member(key, "key"));
    assert_true(json_equal(json_object_get(older, "k256_signature_chain"), json_object_get(key, "signature_chain")));
    json_decref(key);
    json_decref(older);
}

static void test_sign_refusals(void **state)
{
    (void)state;
    refused("/Sign", "{\"data\":\"00\"}", "Unsupported algorithm");
    refused("/Sign", "{\"algorithm\":\"rsa\",\"data\":\"00\"}", "Unsupported algorithm");
    refused("/Sign", "{\"algorithm\":\"secp256k1_prehashed\",\"data\":\"00\"}",
            "Pre-hashed signing requires a 32-byte digest, but received 1 bytes");
    refused("/Verify", "{\"algorithm\":\"\"}", "Unsupported algorithm");
    refused("/Verify", "{\"algorithm\":\"ed25519\"}", "invalid signature or public key length");
}

static json_t *verify(const char *algorithm, const char *data, const char *signature, const char *key, int status)
{
    json_t *arguments = json_pack("{s:s,s:s,s:s,s:s}", "algorithm", algorithm, "data", data, "signature", signature,
                                  "public_key", key);
    char *body = json_dumps(arguments, 0);
    json_t *answer = call_guest(g, GUEST_API_DSTACK, "/Verify", body, status);
    free(body);
    json_decref(arguments);
    return answer;
}

static void verifies(const char *algorithm, const char *data, const char *signature, const char *key, bool valid)
{
    json_t *answer = verify(algorithm, data, signature, key, 200);
    assert_int_equal(json_is_true(json_object_get(answer, "valid")), valid);
    json_decref(answer);
}

/* The same signature with n - s. */
static void high_s(const char *signature, char out[129])
{
    uint8_t s[K1_SIZE];
    memcpy(out, signature, 129);
    assert_true(hex_decode(slice_text(signature + 64), s, sizeof s));
    assert_true(k1_negate(s));
    hex_encode(slice(s, sizeof s), out + 64);
}

static void test_verify(void **state)
{
    char changed[129], zero[129], key[67];
    static const char digest[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    (void)state;
    json_t *made = ask("/Sign", "{\"algorithm\":\"secp256k1_prehashed\",\"data\":\"000102030405060708090a0b0c0d0e0f1011"
                                "12131415161718191a1b1c1d1e1f\"}");
    const char *signature = text_member(made, "signature");
    verifies("secp256k1_prehashed", digest, signature, text_member(made, "public_key"), true);
    verifies("secp256k1", digest, signature, text_member(made, "public_key"), false);
    high_s(signature, changed);
    verifies("secp256k1_prehashed", digest, changed, text_member(made, "public_key"), false);
    memcpy(zero, signature, sizeof zero);
    memset(zero, '0', 64);
    json_decref(verify("secp256k1_prehashed", digest, zero, text_member(made, "public_key"), 400));
    memset(zero, 'f', 64); /* r above the order */
    json_decref(verify("secp256k1_prehashed", digest, zero, text_member(made, "public_key"), 400));
    memcpy(key, text_member(made, "public_key"), sizeof key);
    memset(key + 2, 'f', 64); /* no coordinate */
    json_decref(verify("secp256k1", digest, signature, key, 400));
    json_decref(verify("secp256k1", digest, "00", text_member(made, "public_key"), 400));
    verifies("secp256k1_prehashed", "00", signature, text_member(made, "public_key"), false); /* too short for any */
    json_decref(made);
}

/* Digests of other sizes are padded on the left, and cut on the right. */
static void test_odd_digests(void **state)
{
    (void)state;
    json_t *made = ask("/Sign", "{\"algorithm\":\"secp256k1_prehashed\",\"data\":\"00000000000000000000000000000000"
                                "101112131415161718191a1b1c1d1e1f\"}");
    const char *signature = text_member(made, "signature"), *key = text_member(made, "public_key");
    verifies("secp256k1_prehashed", "101112131415161718191a1b1c1d1e1f", signature, key, true);
    verifies("secp256k1_prehashed", "1112131415161718191a1b1c1d1e1f", signature, key, false);
    verifies("secp256k1_prehashed", "00000000000000000000000000000000101112131415161718191a1b1c1d1e1fff", signature, key,
             true);
    json_decref(made);
}

/* ---------------------------------------------------------------------- quotes ---- */

static void test_report_data(void **state)
{
    char body[256], digits[131] = { 0 };
    (void)state;
    memset(digits, 'a', 128);
    (void)snprintf(body, sizeof body, "{\"report_data\":\"%s\"}", digits);
    json_t *full = ask("/GetQuote", body);
    assert_string_equal(text_member(full, "report_data"), digits);
    json_decref(full);
    json_t *raw = ask("/prpc/RawQuote", body);
    assert_memory_equal(text_member(raw, "quote") + 2 * 568, digits, 128);
    assert_string_equal(text_member(raw, "hash_algorithm"), "raw");
    assert_string_equal(text_member(raw, "prefix"), "");
    json_decref(raw);
    memset(digits, 'a', 130);
    (void)snprintf(body, sizeof body, "{\"report_data\":\"%s\"}", digits);
    refused("/GetQuote", body, "Report data is too long");
    refused("/Attest", body, "Report data is too long");
    refused("/prpc/RawQuote", body, "invalid content length");
    json_t *hashed = ask("/prpc/TdxQuote", body); /* hashed, so of any length */
    assert_string_equal(text_member(hashed, "hash_algorithm"), "sha512");
    assert_string_equal(text_member(hashed, "prefix"), "app-data");
    json_decref(hashed);
    refused("/prpc/TdxQuote", "{\"hash_algorithm\":\"raw\",\"report_data\":\"00\"}", "invalid content length");
    refused("/prpc/TdxQuote", "{\"hash_algorithm\":\"SHA256\",\"report_data\":\"00\"}", "invalid hash algorithm");
}

static chaos_slice file_of(guest *of, const char *wanted)
{
    const char *name;
    chaos_slice bytes = slice("", 0);
    for (size_t i = 0; guest_file(of, i, &name, &bytes); i++) {
        if (strcmp(name, wanted) == 0) {
            return bytes;
        }
    }
    fail_msg("there is no file %s", wanted);
    return bytes;
}

/* The quote and the log of a blob, judged by what a relying party holds. */
static void expect_verified(const json_t *parts, const char *code)
{
    chaos_buffer quote;
    int exit_code = -1;
    char *log = json_dumps(json_object_get(parts, "event_log"), JSON_COMPACT);
    hex_member_buffer(parts, "quote", &quote);
    const check_input input = { .quote = bytes_of(&quote),
                                .event_log = slice_text(log),
                                .collateral = file_of(g, "collateral.json"),
                                .extra_root = file_of(g, "trust-root.der"),
                                .no_policy = true,
                                .now = 1767225600 };
    json_t *verdict = check_to_json(&input, &exit_code);
    assert_string_equal(verdict_error_code(verdict), code);
    assert_string_equal(text_member(verdict, "anchor"), "simulated");
    assert_int_equal(exit_code == 0, code[0] == '\0');
    json_decref(verdict);
    chaos_buffer_free(&quote);
    free(log);
}

/* The same after an event: the log, the register, and both views of the blob agree. */
static void test_attest(void **state)
{
    (void)state;
    json_decref(ask("/EmitEvent", "{\"event\":\"one\",\"payload\":\"beef\"}"));
    json_t *quoted = ask("/GetQuote", "{\"report_data\":\"0102\"}");
    json_t *attested = ask("/Attest", "{\"report_data\":\"0102\"}");
    chaos_buffer blob;
    hex_member_buffer(attested, "attestation", &blob);
    json_t *parts = attestation_to_json(bytes_of(&blob));
    assert_non_null(parts);
    json_t *log = json_loads(text_member(quoted, "event_log"), 0, NULL);
    assert_true(json_equal(json_object_get(parts, "event_log"), log));
    assert_memory_equal(text_member(parts, "quote"), text_member(quoted, "quote"), 2 * 632); /* the signed part */
    assert_string_equal(text_member(parts, "report_data"), text_member(quoted, "report_data"));
    assert_string_equal(text_member(parts, "config"), text_member(quoted, "vm_config"));
    const json_t *runtime = json_object_get(parts, "runtime_events");
    const json_t *last = json_array_get(runtime, json_array_size(runtime) - 1);
    assert_string_equal(text_member(last, "event"), "one");
    assert_string_equal(text_member(last, "payload"), "beef");
    expect_verified(parts, "");
    json_t *events = json_object_get(parts, "event_log");
    (void)json_array_remove(events, json_array_size(events) - 1);
    expect_verified(parts, "RTMR3_MISMATCH");
    chaos_buffer_free(&blob);
    json_decref(parts);
    json_decref(log);
    json_decref(quoted);
    json_decref(attested);
}

static void test_emit_event_refusals(void **state)
{
    char text[2 * GUEST_MAX_EVENT_PAYLOAD + 3] = { 0 }, body[sizeof text + 64];
    (void)state;
    refused("/EmitEvent", "{\"payload\":\"00\"}", "1 to 256 bytes");
    refused("/EmitEvent", "{\"event\":\"a:b\"}", "no colon");
    refused("/EmitEvent", "{\"event\":\"a\\nb\"}", "no control character");
    refused("/EmitEvent", "{\"event\":\"\\u0085\"}", "no control character");
    refused("/EmitEvent", "{\"event\":\"a\",\"payload\":\"0\"}", "Odd number");
    memset(text, 'a', MAX_EVENT_NAME + 1);
    (void)snprintf(body, sizeof body, "{\"event\":\"%s\"}", text);
    refused("/EmitEvent", body, "1 to 256 bytes");
    memset(text, 'a', sizeof text - 1);
    (void)snprintf(body, sizeof body, "{\"event\":\"a\",\"payload\":\"%s\"}", text);
    refused("/EmitEvent", body, "at most 8192 bytes");
    json_decref(ask("/Attest", "{}")); /* the log is as readable as before */
}

static void test_event_log_fills(void **state)
{
    char body[64];
    size_t emitted = 0;
    (void)state;
    guest *kept = g;
    g = guest_of_seed("full");
    for (; emitted < 512; emitted++) {
        (void)snprintf(body, sizeof body, "{\"event\":\"e%zu\",\"payload\":\"00\"}", emitted);
        json_decref(ask("/EmitEvent", body));
    }
    refused("/EmitEvent", "{\"event\":\"more\"}", "the event log is full");
    json_decref(ask("/GetQuote", "{}"));
    guest_free(g);
    g = kept;
}

/* Long before so many: then too it is a refusal, and what was measured is still told. */
static void test_event_log_fills_with_payloads(void **state)
{
    static const char begin[] = "{\"event\":\"e\",\"payload\":\"";
    char body[sizeof begin + 2 * GUEST_MAX_EVENT_PAYLOAD + 2] = "";
    const size_t fits = CHAOS_MAX_EVENT_LOG / (2 * GUEST_MAX_EVENT_PAYLOAD) - 1;
    (void)state;
    guest *kept = g;
    g = guest_of_seed("full of payloads");
    memset(body, 'a', sizeof body - 1);
    memcpy(body, begin, sizeof begin - 1);
    memcpy(body + sizeof body - 3, "\"}", 3);
    for (size_t i = 0; i < fits; i++) {
        json_decref(ask("/EmitEvent", body));
    }
    refused("/EmitEvent", body, "the event log is full");
    json_decref(ask("/GetQuote", "{}"));
    json_decref(ask("/Attest", "{}"));
    json_decref(ask("/Info", "{}"));
    guest_free(g);
    g = kept;
}

/* ---------------------------------------------------------------- certificates ---- */

static X509 *certificate_of(const json_t *answer, size_t i)
{
    const char *pem = json_string_value(json_array_get(json_object_get(answer, "certificate_chain"), i));
    assert_non_null(pem);
    BIO *memory = BIO_new_mem_buf(pem, -1);
    X509 *made = PEM_read_bio_X509(memory, NULL, NULL, NULL);
    BIO_free(memory);
    assert_non_null(made);
    return made;
}

/* What stands in the two OCTET STRINGs; false: there is no such extension. */
static bool extension_of(X509 *cert, const char *oid, chaos_slice *content)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int place = X509_get_ext_by_OBJ(cert, object, -1);
    ASN1_OBJECT_free(object);
    if (place < 0) {
        return false;
    }
    X509_EXTENSION *extension = X509_get_ext(cert, place);
    assert_int_equal(X509_EXTENSION_get_critical(extension), 0);
    const ASN1_OCTET_STRING *outer = X509_EXTENSION_get_data(extension);
    const uint8_t *place_in = ASN1_STRING_get0_data(outer);
    long size;
    int tag, class;
    int form = ASN1_get_object(&place_in, &size, &tag, &class, ASN1_STRING_length(outer));
    assert_int_equal(form, 0);
    assert_int_equal(tag, V_ASN1_OCTET_STRING);
    *content = slice(place_in, (size_t)size);
    assert_ptr_equal(place_in + size, ASN1_STRING_get0_data(outer) + ASN1_STRING_length(outer));
    return true;
}

#define OID "1.3.6.1.4.1.62397.1."

static void test_ra_tls(void **state)
{
    chaos_slice content;
    uint8_t *spki = NULL, bound[GUEST_REPORT_DATA_SIZE];
    const char *name;
    char digits[129] = { 0 };
    (void)state;
    json_t *answer = ask("/GetTlsKey", "{\"usage_ra_tls\":true,\"subject\":\"a\"}");
    X509 *leaf = certificate_of(answer, 0);
    assert_true(extension_of(leaf, OID "8", &content));
    json_t *parts = attestation_to_json(content);
    assert_non_null(parts);
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
    assert_true(guest_hash_report_data(slice_text("sha512"), slice_text("ratls-cert"), slice(spki, (size_t)size), bound,
                                       &name));
    hex_encode(slice(bound, sizeof bound), digits);
    assert_string_equal(text_member(parts, "report_data"), digits);
    assert_memory_equal(text_member(parts, "quote") + 2 * 568, digits, 128);
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(parts, "event_log"), i, event) /* stripped: RTMR3 alone, without digests */
    {
        assert_int_equal(json_integer_value(json_object_get(event, "imr")), 3);
        assert_string_equal(text_member(event, "digest"), "");
    }
    assert_int_equal(i, json_array_size(json_object_get(parts, "runtime_events")));
    expect_verified(parts, "");
    assert_false(extension_of(leaf, OID "9", &content));
    OPENSSL_free(spki);
    X509_free(leaf);
    json_decref(parts);
    json_decref(answer);
}

static void test_plain_certificates(void **state)
{
    chaos_slice content;
    (void)state;
    json_t *answer = ask("/GetTlsKey", "{\"with_app_info\":true,\"not_before\":1700000000,\"not_after\":1800000000}");
    X509 *leaf = certificate_of(answer, 0), *app = certificate_of(answer, 1), *root = certificate_of(answer, 2);
    assert_false(extension_of(leaf, OID "8", &content));
    assert_true(extension_of(leaf, OID "9", &content));
    assert_int_equal(content.data[0], 0x98);
    assert_memory_equal(content.data + 3, g->app_id, APP_ID_SIZE);
    assert_true(extension_of(leaf, OID "4", &content) && slice_is(content, "app:custom"));
    assert_true(extension_of(app, OID "4", &content) && slice_is(content, "app:ca"));
    assert_true(extension_of(app, OID "3", &content) && slice_equal(content, slice(g->app_id, APP_ID_SIZE)));
    assert_false(extension_of(root, OID "4", &content));
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(app)), 1);
    assert_int_equal(X509_verify(app, X509_get0_pubkey(root)), 1);
    assert_int_equal(X509_verify(root, X509_get0_pubkey(root)), 1);
    time_t at = 1800000000;
    assert_true(X509_cmp_time(X509_get0_notAfter(leaf), &at) == -1); /* OpenSSL: equal counts as earlier */
    X509_free(leaf);
    X509_free(app);
    X509_free(root);
    json_decref(answer);
}

static void test_certificate_refusals(void **state)
{
    (void)state;
    refused("/GetTlsKey", "{\"not_before\":5,\"not_after\":5}", "not_before must be earlier than not_after");
    refused("/GetTlsKey", "{\"not_before\":99999999999}", "not_before must be earlier");
    refused("/GetTlsKey", "{\"not_after\":253402300800}", "year 9999");
    refused("/GetTlsKey", "{\"alt_names\":[\"a,DNS:b\"]}", "no name of a host");
    refused("/GetTlsKey", "{\"alt_names\":[\"\"]}", "no name of a host");
    refused("/GetTlsKey", "{\"subject\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "subject");
}

/* -------------------------------------------------------------------- the rest ---- */

static void test_strip(void **state)
{
    const guest_options options = { .seed = "methods", .now = 1767225600, .strip = true };
    size_t i, stripped = 0;
    json_t *event;
    guest *other = NULL;
    (void)state;
    assert_int_equal(guest_new(&options, &other, NULL), CHAOS_OK);
    json_t *answer = call_guest(other, GUEST_API_DSTACK, "/GetQuote", "{}", 200);
    json_t *log = json_loads(text_member(answer, "event_log"), 0, NULL);
    json_array_foreach(log, i, event)
    {
        bool runtime = json_integer_value(json_object_get(event, "imr")) == 3;
        assert_int_equal(text_member(event, "digest")[0] == '\0', runtime);
        stripped += runtime;
    }
    assert_int_equal(stripped, 9);
    json_t *info = call_guest(other, GUEST_API_DSTACK, "/Info", "{}", 200);
    json_t *tcb = json_loads(text_member(info, "tcb_info"), 0, NULL);
    json_t *full = json_array_get(json_object_get(tcb, "event_log"), json_array_size(log) - 1);
    assert_int_equal(strlen(text_member(full, "digest")), 96); /* Info shows the whole log */
    json_decref(tcb);
    json_decref(info);
    json_decref(log);
    json_decref(answer);
    guest_free(other);
}

static void test_options(void **state)
{
    static const struct {
        const char *compose, *said;
    } bad[] = { { "services: {}", "no JSON object" },
                { "[1]", "no JSON object" },
                { "{\"name\":\"a\"", "no JSON object" },
                { "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "64 bytes" } };
    chaos_error err = { 0 };
    guest *other = NULL;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        const guest_options options = { .seed = "s", .app_compose = slice_text(bad[i].compose) };
        assert_int_equal(guest_new(&options, &other, &err), CHAOS_E_USAGE);
        assert_null(other);
        assert_non_null(strstr(err.text, bad[i].said));
    }
    const guest_options named = { .app_compose = slice_text("{\"x\":[{}],\"name\":\"caf\\u00e9\"}") };
    assert_int_equal(guest_new(&named, &other, &err), CHAOS_OK);
    json_t *info = call_guest(other, GUEST_API_DSTACK, "/Info", "{}", 200);
    assert_string_equal(text_member(info, "app_name"), "caf\xc3\xa9");
    json_decref(info);
    guest_free(other);
}

/* --------------------------------------------------------------------- at once ---- */

#define AT_ONCE 8
#define ROUNDS 10

static void *emit_and_quote(void *name)
{
    for (int i = 0; i < ROUNDS; i++) {
        const chaos_report_data report_data = { { (uint8_t)i } };
        CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
        CHAOS_AUTO_BUFFER(log, CHAOS_MAX_EVENT_LOG);
        if (guest_emit_event(g, slice_text(name), slice("", 0), NULL) != CHAOS_OK ||
            guest_quote(g, &report_data, &quote, &log, NULL) != CHAOS_OK || quote.data[568] != i) {
            return name;
        }
    }
    return NULL;
}

static void test_at_once(void **state)
{
    static char names[AT_ONCE][2] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    pthread_t threads[AT_ONCE];
    uint8_t rtmr3[SHA384_SIZE] = { 0 };
    event_reader reading;
    log_event event;
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    (void)state;
    for (size_t i = 0; i < AT_ONCE; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, emit_and_quote, names[i]), 0);
    }
    for (size_t i = 0; i < AT_ONCE; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    event_log_begin(&reading, buffer_slice(&g->log), &storage); /* order of log and register are the same */
    while (event_log_next(&reading, &event)) {
        if (event.imr == 3) {
            hash_sha384_two(slice(rtmr3, sizeof rtmr3), slice(event.digest, sizeof event.digest), rtmr3);
        }
    }
    assert_memory_equal(rtmr3, g->r.quote.body + TD_RTMR + 3 * SHA384_SIZE, sizeof rtmr3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_key),
        cmocka_unit_test(test_sign_refusals),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_odd_digests),
        cmocka_unit_test(test_report_data),
        cmocka_unit_test(test_attest),
        cmocka_unit_test(test_emit_event_refusals),
        cmocka_unit_test(test_event_log_fills),
        cmocka_unit_test(test_event_log_fills_with_payloads),
        cmocka_unit_test(test_ra_tls),
        cmocka_unit_test(test_plain_certificates),
        cmocka_unit_test(test_certificate_refusals),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
