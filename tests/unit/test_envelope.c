/* test_envelope.c - the JSON of an evidence envelope, and the object made of it. */
#include "wire/wire.h"

#include "tests/support/edit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define MEDIA "application/vnd.chaoschain."
#define PART(name, data) "{\"data\":\"" data "\",\"media_type\":\"" MEDIA name "\"}"
#define PARTS                                                                               \
    "[" PART("dstack-event-log", "bG9n") "," PART("dstack-kms-chain", "Y2hhaW4=") "," PART( \
        "tdx-quote", "cXVvdGU=") "]"

enum {
    TEXT_MAX = 8192
};

/* Every member, as the writer writes it; the binding is 480 bytes 11, the signatures are 65 bytes 22 and 33. */
static char good[TEXT_MAX];

/* 2 * size equal digits; `digit` is one of 1, 2, 3. */
static const char *digits(char digit, size_t size)
{
    static char text[4][2 * CHAOS_BINDING_SIZE + 1];
    char *out = text[(unsigned)digit % 4];

    memset(out, digit, 2 * size);
    out[2 * size] = '\0';
    return out;
}

static int make_good(void **state)
{
    (void)state;
    const int size = snprintf(good, sizeof good,
                              "{\"binding\":\"0x%s\",\"collateral\":\"{\\\"a\\\":\xc3\xa9}\",\"endorsement\":\"0x%s\","
                              "\"evidence\":" PARTS ",\"possession\":\"0x%s\",\"provider\":\"phala-dstack\","
                              "\"schema\":\"chaoschain/envelope/1\"}",
                              digits('1', CHAOS_BINDING_SIZE), digits('3', 65), digits('2', 65));
    return size > 0 && size < TEXT_MAX ? 0 : -1;
}

/* An allocation of exactly the text's size, so that a read past the end is one past the allocation, too. */
static uint8_t *exact(chaos_slice text)
{
    uint8_t *copy = malloc(text.size > 0 ? text.size : 1);
    assert_non_null(copy);
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    return copy;
}

static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    uint8_t *copy = exact(text);
    envelope e;
    fault why;
    memset(&e, 0xee, sizeof e);
    bool ok = envelope_read(slice(copy, text.size), &storage, &e, &why);
    bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (ok != (status == CHAOS_OK) || why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    assert_true(ok || (e.provider.data == NULL && !e.has_endorsement && storage.size == 0));
    free(copy);
    chaos_buffer_free(&storage);
}

/* -------------------------------------------------------------- reading ---- */

static void test_good(void **state)
{
    (void)state;
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    uint8_t *copy = exact(slice_text(good));
    envelope e;
    fault why;
    uint8_t wanted[CHAOS_BINDING_SIZE];

    assert_true(envelope_read(slice(copy, strlen(good)), &storage, &e, &why));
    free(copy); /* all slices point into the storage */
    assert_int_equal(why.status, CHAOS_OK);
    assert_true(slice_is(e.provider, "phala-dstack"));
    assert_true(slice_is(e.collateral, "{\"a\":\xc3\xa9}"));
    memset(wanted, 0x11, sizeof wanted);
    assert_memory_equal(e.binding, wanted, sizeof wanted);
    memset(wanted, 0x22, sizeof wanted);
    assert_memory_equal(e.possession.bytes, wanted, 65);
    memset(wanted, 0x33, sizeof wanted);
    assert_true(e.has_endorsement);
    assert_memory_equal(e.endorsement.bytes, wanted, 65);
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        const char *bytes = part == PART_DSTACK_EVENT_LOG ? "log" : part == PART_DSTACK_KMS_CHAIN ? "chain"
                                                                : part == PART_TDX_QUOTE          ? "quote"
                                                                                                  : NULL;
        assert_true(bytes == NULL ? e.parts[part].data == NULL : slice_is(e.parts[part], bytes));
    }
    chaos_buffer_free(&storage);
}

static void test_storage_is_appended_to(void **state)
{
    (void)state;
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);
    envelope e;
    fault why;

    assert_true(buffer_append_text(&storage, "before"));
    assert_true(envelope_read(slice_text(good), &storage, &e, &why));
    assert_true(slice_is(slice(storage.data, 6), "before"));
    assert_true(slice_is(e.parts[PART_TDX_QUOTE], "quote"));
    const size_t size = storage.size;
    assert_false(envelope_read(slice(good, strlen(good) - 1), &storage, &e, &why));
    assert_int_equal(storage.size, size);
    assert_false(envelope_read(slice_text(good), &tight, &e, &why));
    assert_int_equal(why.status, CHAOS_E_MEMORY);
    chaos_buffer_free(&tight);
    chaos_buffer_free(&storage);
}

static const struct {
    const char *from, *to;
    chaos_status status;
    const char *field;
} edits[] = {
    /* Members: white space and order are free, all else is not. */
    { "{\"binding\"", " \n{ \t\"binding\"", CHAOS_OK, NULL },
    { "envelope/1\"}", "envelope/1\"} \r\n", CHAOS_OK, NULL },
    { "\"provider\":\"phala-dstack\",\"schema\":\"chaoschain/envelope/1\"",
      "\"schema\":\"chaoschain/envelope/1\",\"provider\":\"phala-dstack\"", CHAOS_OK, NULL },
    { "{\"binding\"", "\xef\xbb\xbf{\"binding\"", CHAOS_E_JSON, NULL },
    { "{\"binding\"", "[{\"binding\"", CHAOS_E_ENVELOPE_FORMAT, "envelope" },
    { "envelope/1\"}", "envelope/1\"}x", CHAOS_E_JSON, NULL },
    { "envelope/1\"}", "envelope/1\"}{}", CHAOS_E_JSON, NULL },
    { "envelope/1\"}", "envelope/1\",}", CHAOS_E_JSON, NULL },
    { "envelope/1\"}", "envelope/1\",\"zone\":1}", CHAOS_E_ENVELOPE_FORMAT, "key" },
    { "envelope/1\"}", "envelope/1\",\"Schema\":1}", CHAOS_E_ENVELOPE_FORMAT, "key" },
    { "envelope/1\"}", "envelope/1\",\"\":null}", CHAOS_E_ENVELOPE_FORMAT, "key" },
    { "{\"binding\"", "{\"a\":[],\"binding\"", CHAOS_E_ENVELOPE_FORMAT, "key" },
    { "\"schema\"", "\"sch\\u0065ma\"", CHAOS_E_JSON, "key" },
    { "\"schema\":", "\"provider\":", CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    { "{\"binding\"", "{\"schema\":\"chaoschain/envelope/1\",\"binding\"", CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    /* schema */
    { ",\"schema\":\"chaoschain/envelope/1\"", "", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    { "envelope/1\"", "envelope/2\"", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    { "envelope/1\"", "envelope/1 \"", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    { "chaoschain/envelope", "Chaoschain/envelope", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    { "chaoschain/envelope", "chaoschain\\/envelope", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    { "\"chaoschain/envelope/1\"", "1", CHAOS_E_ENVELOPE_FORMAT, "schema" },
    /* provider */
    { "\"provider\":\"phala-dstack\",", "", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "p", CHAOS_OK, NULL },
    { "phala-dstack", "0123456789-abcdefghijklmnopqrst", CHAOS_OK, NULL },
    { "phala-dstack", "0123456789-abcdefghijklmnopqrstu", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "Phala", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "phala_dstack", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "phala dstack", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "phala\\u002ddstack", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "phala-dstack", "phal\xc3\xa1", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    { "\"phala-dstack\"", "null", CHAOS_E_ENVELOPE_FORMAT, "provider" },
    /* collateral */
    { "\"{\\\"a\\\":\xc3\xa9}\"", "null", CHAOS_OK, NULL },
    { "\"{\\\"a\\\":\xc3\xa9}\"", "\"\"", CHAOS_E_ENVELOPE_FORMAT, "collateral" },
    { "\"{\\\"a\\\":\xc3\xa9}\"", "{}", CHAOS_E_ENVELOPE_FORMAT, "collateral" },
    { "\"{\\\"a\\\":\xc3\xa9}\"", "\"\\u0000\"", CHAOS_E_ENVELOPE_FORMAT, "collateral" },
    { "\"{\\\"a\\\":\xc3\xa9}\"", "\"\xff\"", CHAOS_E_JSON, "collateral" },
    { "\"collateral\":\"{\\\"a\\\":\xc3\xa9}\",", "", CHAOS_E_ENVELOPE_FORMAT, "collateral" },
    /* evidence */
    { PARTS, "[]", CHAOS_OK, NULL },
    { "\"evidence\":" PARTS ",", "", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "null", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "{}", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "[{}]", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { PARTS, "[[]]", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "[null]", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", CHAOS_E_ENVELOPE_FORMAT, "evidence" },
    { PARTS, "[" PART("tdx-quote", "AA==") "]", CHAOS_OK, NULL },
    { PARTS, "[{\"media_type\":\"" MEDIA "tdx-quote\",\"data\":\"AA==\"}]", CHAOS_OK, NULL },
    { PARTS, "[{\"media_type\":\"" MEDIA "tdx-quote\"}]", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { PARTS, "[{\"data\":\"AA==\"}]", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { PARTS, "[{\"data\":\"AA==\",\"media_type\":null}]", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { PARTS, "[{\"data\":null,\"media_type\":\"" MEDIA "tdx-quote\"}]", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { PARTS, "[{\"data\":\"AA==\",\"data\":\"AA==\",\"media_type\":\"" MEDIA "tdx-quote\"}]",
      CHAOS_E_JSON_DUPLICATE_KEY, "key" },
    { PARTS, "[{\"data\":\"AA==\",\"media_type\":\"" MEDIA "tdx-quote\",\"name\":\"\"}]", CHAOS_E_ENVELOPE_FORMAT,
      "key" },
    { PARTS, "[" PART("tdx-quote", "AA==") "," PART("tdx-quote", "AA==") "]", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { PARTS, "[" PART("tdx-quote", "AA==") "," PART("sgx-quote", "AA==") "]", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { PARTS, "[" PART("sgx-quote", "AA==") "," PART("tdx-quote", "AA==") "]", CHAOS_OK, NULL },
    { MEDIA "tdx-quote", MEDIA "tdx-quotes", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", MEDIA "tdx-quot", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", MEDIA "TDX-quote", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", MEDIA "tdx-quote;v=1", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", MEDIA, CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", "tdx-quote", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", "application/vnd.chaoschaim.tdx-quote", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", "application/vnd.other.tdx-quote", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", "", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    { MEDIA "tdx-quote", "application\\/vnd.chaoschain.tdx-quote", CHAOS_E_ENVELOPE_FORMAT, "media_type" },
    /* base64 */
    { "bG9n", "bG8=", CHAOS_OK, NULL },
    { "bG9n", "bG9=", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bA==", CHAOS_OK, NULL },
    { "bG9n", "bG==", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "====", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "b", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG8", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9n=", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9n====", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bA==bA==", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9-", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9_", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9 ", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", " bG9n", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9\\n", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG\\u0039n", CHAOS_E_ENVELOPE_FORMAT, "data" },
    { "bG9n", "bG9\xc3\xa9xxx", CHAOS_E_ENVELOPE_FORMAT, "data" },
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

/* The three members of hex digits: of the exact length, lower case, with prefix; the endorsement may be null. */
static void test_hex(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char digit;
        size_t size;
        bool may_be_null;
    } members[] = {
        { "binding", '1', CHAOS_BINDING_SIZE, false },
        { "possession", '2', 65, false },
        { "endorsement", '3', 65, true },
    };
    static const struct {
        const char *before, *after; /* what the digits are put between, less `cut` of them */
        size_t cut;
        bool good;
    } forms[] = {
        { "\"0x", "\"", 0, true },
        { "\"0x", "af\"", 2, true },
        { "\"0x", "09\"", 2, true },
        { "\"0x", "aF\"", 2, false },
        { "\"0x", "Af\"", 2, false },
        { "\"0x", "0g\"", 2, false },
        { "\"0x", "0 \"", 2, false },
        { "\"0X", "\"", 0, false },
        { "\"", "\"", 0, false },
        { "\"00", "\"", 0, false },
        { "\"x0", "\"", 0, false },
        { "\"0x", "\"", 1, false },
        { "\"0x", "\"", 2, false },
        { "\"0x", "0\"", 0, false },
        { "\"0x", "00\"", 0, false },
        { "\" 0x", "\"", 0, false },
        { "\"0x", " \"", 0, false },
        { "\"0x0x", "\"", 2, false },
        { "\"0x", "\\u0030\"", 1, false },
        { "[\"0x", "\"]", 0, false },
    };
    for (size_t m = 0; m < CHAOS_ARRAY_SIZE(members); m++) {
        char from[TEXT_MAX / 2], to[TEXT_MAX / 2];
        const char *name = members[m].name;
        const char *all = digits(members[m].digit, members[m].size);
        (void)snprintf(from, sizeof from, "\"%s\":\"0x%s\",", name, all);
        for (size_t f = 0; f < CHAOS_ARRAY_SIZE(forms); f++) {
            (void)snprintf(to, sizeof to, "\"%s\":%s%s%s,", name, forms[f].before, all + forms[f].cut, forms[f].after);
            char *text = edited(good, from, to);
            expect(slice_text(text), forms[f].good ? CHAOS_OK : CHAOS_E_ENVELOPE_FORMAT, forms[f].good ? NULL : name, to);
            free(text);
        }
        char *text = edited(good, from, "");
        expect(slice_text(text), CHAOS_E_ENVELOPE_FORMAT, name, "missing");
        free(text);
        (void)snprintf(to, sizeof to, "\"%s\":null,", name);
        text = edited(good, from, to);
        expect(slice_text(text), members[m].may_be_null ? CHAOS_OK : CHAOS_E_ENVELOPE_FORMAT,
               members[m].may_be_null ? NULL : name, to);
        free(text);
        (void)snprintf(to, sizeof to, "\"%s\":\"\",", name);
        text = edited(good, from, to);
        expect(slice_text(text), CHAOS_E_ENVELOPE_FORMAT, name, to);
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

static void test_size_limit(void **state)
{
    (void)state;
    uint8_t *text = malloc(CHAOS_MAX_ENVELOPE + 1);
    assert_non_null(text);
    memset(text, ' ', CHAOS_MAX_ENVELOPE + 1);
    memcpy(text, good, strlen(good));
    expect(slice(text, CHAOS_MAX_ENVELOPE), CHAOS_OK, NULL, "at the limit");
    expect(slice(text, CHAOS_MAX_ENVELOPE + 1), CHAOS_E_ENVELOPE_FORMAT, "envelope", "beyond the limit");
    free(text);
}

/* ------------------------------------------------------ parts and writer ---- */

static const struct {
    const char *name;
    size_t limit;
} part_rules[ENVELOPE_PART_COUNT] = {
    { "dstack-app-compose", 262144 },
    { "dstack-attestation", 524288 },
    { "dstack-event-log", 524288 },
    { "dstack-kms-chain", 4096 },
    { "dstack-vm-config", 65536 },
    { "nitro-document", 65536 },
    { "sgx-quote", 65536 },
    { "snp-certificates", 65536 },
    { "snp-report", 4096 },
    { "tdx-quote", 65536 },
    { "x509-chain", 65536 },
};

static void test_part_names(void **state)
{
    (void)state;
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        assert_string_equal(envelope_part_names[part], part_rules[part].name);
        assert_true(part == 0 || strcmp(envelope_part_names[part - 1], envelope_part_names[part]) < 0);
    }
}

static void test_part_limits(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(1, CHAOS_MAX_ENVELOPE);
    assert_non_null(bytes);
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        for (size_t more = 0; more <= 400; more += more == 0 ? 1 : 399) {
            chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
            envelope e = { .provider = slice_text("p") };
            e.parts[part] = slice(bytes, part_rules[part].limit + more);
            assert_true(envelope_write(&e, &text));
            expect(buffer_slice(&text), more == 0 ? CHAOS_OK : CHAOS_E_ENVELOPE_FORMAT, more == 0 ? NULL : "data",
                   part_rules[part].name);
            chaos_buffer_free(&text);
        }
    }
    free(bytes);
}

static void test_writer(void **state)
{
    (void)state;
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    chaos_buffer tight = CHAOS_BUFFER_INIT(1000);
    envelope e;
    fault why;

    assert_true(envelope_read(slice_text(good), &storage, &e, &why));
    assert_true(envelope_write(&e, &out));
    assert_true(slice_is(buffer_slice(&out), good)); /* it is canonical */
    assert_true(buffer_append_text(&tight, "x"));
    assert_false(envelope_write(&e, &tight));
    assert_int_equal(tight.size, 1);

    char from[TEXT_MAX / 2];
    (void)snprintf(from, sizeof from, "\"0x%s\",\"evidence\"", digits('3', 65));
    char *bare = edited(good, from, "null,\"evidence\"");
    char *text = edited(bare, "\"{\\\"a\\\":\xc3\xa9}\"", "null");
    e.has_endorsement = false;
    e.collateral = (chaos_slice){ NULL, 0 };
    out.size = 0;
    assert_true(envelope_write(&e, &out));
    assert_true(slice_is(buffer_slice(&out), text));
    free(text);
    free(bare);
    chaos_buffer_free(&tight);
    chaos_buffer_free(&out);
    chaos_buffer_free(&storage);
}

/* All parts at once, each of another size. */
static void test_round_trip(void **state)
{
    (void)state;
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    uint8_t bytes[256];
    envelope e = { .provider = slice_text("simulated"), .has_endorsement = true };
    envelope again;
    fault why;

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    memcpy(e.binding, bytes, sizeof bytes);
    memcpy(e.possession.bytes, bytes + 1, 65);
    memcpy(e.endorsement.bytes, bytes + 2, 65);
    e.collateral = slice_text("{\"tcb_info\":\"\\\"\\n\"}");
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        e.parts[part] = slice(bytes + part, 1 + 20 * part);
    }
    assert_true(envelope_write(&e, &out));
    assert_true(envelope_read(buffer_slice(&out), &storage, &again, &why));
    assert_true(slice_equal(e.provider, again.provider));
    assert_true(slice_equal(e.collateral, again.collateral));
    assert_true(again.has_endorsement);
    assert_memory_equal(e.binding, again.binding, sizeof e.binding);
    assert_memory_equal(e.possession.bytes, again.possession.bytes, 65);
    assert_memory_equal(e.endorsement.bytes, again.endorsement.bytes, 65);
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        assert_true(slice_equal(e.parts[part], again.parts[part]));
    }
    chaos_buffer_free(&out);
    chaos_buffer_free(&storage);
}

/* --------------------------------------------------------------- object ---- */

enum {
    BODY_MAX = TD_REPORT_10_SIZE
};

/* A quote that can be read; no signature of it is any good. */
static void write_quote(chaos_tee_kind tee, chaos_buffer *out)
{
    static const uint8_t header[QUOTE_HEADER_SIZE] = { 4, 0, 2, 0, 0, 0, 0, 0, 0, 0,
                                                       0, 0, 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
    static const uint8_t zeros[BODY_MAX];
    uint8_t own_header[QUOTE_HEADER_SIZE];
    dcap_quote quote = { .version = 4, .tee = tee };

    memcpy(own_header, header, sizeof header);
    own_header[4] = tee == CHAOS_TEE_TDX ? TEE_TYPE_TDX : TEE_TYPE_SGX;
    quote.body_type = tee == CHAOS_TEE_TDX ? BODY_TD_10 : BODY_SGX;
    quote.header = slice(own_header, sizeof own_header);
    quote.body = slice(zeros, tee == CHAOS_TEE_TDX ? TD_REPORT_10_SIZE : SGX_REPORT_SIZE);
    quote.qe_report = slice(zeros, SGX_REPORT_SIZE);
    quote.qe_auth_data = slice(zeros, 32);
    quote.cert_data_type = CERT_PCK_CHAIN;
    quote.cert_data = slice_text("chain");
    assert_true(dcap_quote_write(&quote, out));
}

static chaos_binding some_binding(void)
{
    chaos_binding binding = { .stage = CHAOS_STAGE_IDENTITY,
                              .anchor_block = UINT64_MAX,
                              .issued_at = 1767225600,
                              .expires_at = 1767312000 };

    binding.chain_id.bytes[31] = 1;
    memset(binding.identity_registry.bytes, 0xab, 20);
    memset(binding.public_key_hash.bytes, 0x11, 32);
    memset(binding.identity_key.bytes, 0x11, 20);
    return binding;
}

/* What an envelope of the tests is made of; an empty slice means that there is no such part. */
typedef struct ingredients {
    chaos_slice tdx_quote, sgx_quote, event_log, other;
    envelope_part other_is;
    uint8_t words[CHAOS_BINDING_SIZE];
} ingredients;

static chaos_buffer tdx_quote = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE);
static chaos_buffer sgx_quote = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE);

static ingredients tdx_ingredients(void)
{
    const chaos_binding binding = some_binding();
    ingredients in = { .tdx_quote = buffer_slice(&tdx_quote), .event_log = slice_text("[]") };

    chaos_binding_encode(&binding, in.words);
    return in;
}

static chaos_buffer text_of(const ingredients *in)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    envelope e = { .provider = slice_text("phala-dstack") };

    memcpy(e.binding, in->words, sizeof e.binding);
    e.parts[PART_DSTACK_EVENT_LOG] = in->event_log;
    e.parts[PART_SGX_QUOTE] = in->sgx_quote;
    e.parts[PART_TDX_QUOTE] = in->tdx_quote;
    if (in->other.data != NULL) {
        e.parts[in->other_is] = in->other;
    }
    assert_true(envelope_write(&e, &text));
    return text;
}

static void expect_parse(const ingredients *in, chaos_status status, const char *field)
{
    chaos_buffer text = text_of(in);
    chaos_evidence *evidence = NULL;
    chaos_error err;

    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), &evidence, &err), status);
    assert_int_equal(evidence == NULL, status != CHAOS_OK);
    if (status != CHAOS_OK) {
        assert_int_equal(err.status, status);
        if (field != NULL) {
            assert_string_equal(err.field, field);
        }
    }
    chaos_evidence_free(evidence);
    chaos_buffer_free(&text);
}

static int make_all(void **state)
{
    write_quote(CHAOS_TEE_TDX, &tdx_quote);
    write_quote(CHAOS_TEE_SGX, &sgx_quote);
    return make_good(state);
}

static int free_all(void **state)
{
    (void)state;
    chaos_buffer_free(&tdx_quote);
    chaos_buffer_free(&sgx_quote);
    return 0;
}

static void test_object(void **state)
{
    (void)state;
    const ingredients in = tdx_ingredients();
    const chaos_binding binding = some_binding();
    chaos_buffer text = text_of(&in);
    const chaos_keccak hash = hash_keccak(buffer_slice(&text));
    chaos_evidence *evidence = NULL;
    uint8_t words[CHAOS_BINDING_SIZE];

    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), &evidence, NULL), CHAOS_OK);
    chaos_buffer_free(&text); /* the object has copies */
    assert_int_equal(chaos_evidence_tee(evidence), CHAOS_TEE_TDX);
    assert_true(evidence->is_envelope);
    assert_true(slice_equal(evidence->raw, buffer_slice(&tdx_quote)));
    assert_true(slice_is(evidence->event_log, "[]"));
    assert_int_equal(evidence->quote.body.size, TD_REPORT_10_SIZE);
    assert_memory_equal(chaos_evidence_hash(evidence).bytes, hash.bytes, 32);
    assert_memory_equal(evidence->type.bytes, binding_type.bytes, 32);
    chaos_binding_encode(&evidence->binding, words);
    assert_memory_equal(words, in.words, sizeof words);
    assert_true(evidence->binding.anchor_block == binding.anchor_block);
    chaos_evidence_free(evidence);
}

static void test_object_needs_one_quote(void **state)
{
    (void)state;
    ingredients in = tdx_ingredients();

    expect_parse(&in, CHAOS_OK, NULL);
    in.event_log = (chaos_slice){ NULL, 0 };
    expect_parse(&in, CHAOS_OK, NULL);
    in.sgx_quote = buffer_slice(&sgx_quote);
    expect_parse(&in, CHAOS_E_ENVELOPE_FORMAT, "evidence"); /* both */
    in.tdx_quote = (chaos_slice){ NULL, 0 };
    expect_parse(&in, CHAOS_OK, NULL); /* SGX alone */
    in.event_log = slice_text("[]");
    expect_parse(&in, CHAOS_E_EVENT_LOG_FORMAT, NULL);
    in = tdx_ingredients();
    in.tdx_quote = (chaos_slice){ NULL, 0 };
    expect_parse(&in, CHAOS_E_ENVELOPE_FORMAT, "evidence"); /* none */
    in.event_log = (chaos_slice){ NULL, 0 };
    in.tdx_quote = buffer_slice(&sgx_quote);
    expect_parse(&in, CHAOS_E_ENVELOPE_FORMAT, "evidence"); /* under the wrong name */
    in.tdx_quote = (chaos_slice){ NULL, 0 };
    in.sgx_quote = buffer_slice(&tdx_quote);
    expect_parse(&in, CHAOS_E_ENVELOPE_FORMAT, "evidence");
}

/* What nobody reads must not look like evidence; what only accompanies a quote may. */
static void test_object_is_of_one_tee(void **state)
{
    static const struct {
        envelope_part part;
        chaos_status status;
    } cases[] = {
        { PART_NITRO_DOCUMENT, CHAOS_E_ENVELOPE_FORMAT },
        { PART_SNP_CERTIFICATES, CHAOS_E_ENVELOPE_FORMAT },
        { PART_SNP_REPORT, CHAOS_E_ENVELOPE_FORMAT },
        { PART_DSTACK_VM_CONFIG, CHAOS_OK },
        { PART_DSTACK_ATTESTATION, CHAOS_OK },
        { PART_X509_CHAIN, CHAOS_OK },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        ingredients in = tdx_ingredients();
        in.other = slice_text("{}");
        in.other_is = cases[i].part;
        expect_parse(&in, cases[i].status, "evidence");
        in.event_log = (chaos_slice){ NULL, 0 };
        in.tdx_quote = in.event_log;
        in.sgx_quote = buffer_slice(&sgx_quote);
        expect_parse(&in, cases[i].status, "evidence");
    }
}

static void test_object_reads_the_quote(void **state)
{
    (void)state;
    ingredients in = tdx_ingredients();
    uint8_t bytes[CHAOS_MAX_EVIDENCE] = { 0 };

    memcpy(bytes, tdx_quote.data, tdx_quote.size);
    in.tdx_quote = slice(bytes, sizeof bytes);
    expect_parse(&in, CHAOS_OK, NULL); /* padded */
    bytes[tdx_quote.size] = 1;
    expect_parse(&in, CHAOS_E_TRAILING_DATA, NULL);
    in.tdx_quote = slice(bytes, tdx_quote.size - 1);
    expect_parse(&in, CHAOS_E_QUOTE_FORMAT, NULL);
    in.tdx_quote = slice(bytes, tdx_quote.size);
    bytes[0] = 6;
    expect_parse(&in, CHAOS_E_QUOTE_VERSION, "version");
}

static void test_object_reads_the_binding(void **state)
{
    (void)state;
    ingredients in = tdx_ingredients();

    in.words[32] = 1;
    expect_parse(&in, CHAOS_E_BINDING_FORMAT, "stage");
    in = tdx_ingredients();
    in.words[13 * 32] = 1;
    expect_parse(&in, CHAOS_E_BINDING_FORMAT, "expiresAt");
    in = tdx_ingredients();
    in.words[0] ^= 1; /* another type is for verification to refuse */
    expect_parse(&in, CHAOS_OK, NULL);
}

static void test_object_usage(void **state)
{
    (void)state;
    const ingredients in = tdx_ingredients();
    chaos_buffer text = text_of(&in);
    chaos_evidence *evidence = NULL;
    chaos_error err;
    uint8_t *large = malloc(CHAOS_MAX_ENVELOPE + 1);

    assert_non_null(large);
    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_envelope_parse((chaos_slice){ NULL, 1 }, &evidence, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_envelope_parse((chaos_slice){ NULL, 0 }, &evidence, &err), CHAOS_E_JSON);
    assert_int_equal(chaos_envelope_parse(slice("", 0), &evidence, NULL), CHAOS_E_JSON);
    memset(large, ' ', CHAOS_MAX_ENVELOPE + 1);
    memcpy(large, text.data, text.size);
    assert_int_equal(chaos_envelope_parse(slice(large, CHAOS_MAX_ENVELOPE + 1), &evidence, &err),
                     CHAOS_E_ENVELOPE_FORMAT);
    assert_string_equal(err.found, "1048577 bytes");
    assert_null(evidence);
    assert_int_equal(chaos_envelope_parse(slice(large, CHAOS_MAX_ENVELOPE), &evidence, &err), CHAOS_OK);
    chaos_evidence_free(evidence);
    chaos_evidence_free(NULL);
    free(large);
    chaos_buffer_free(&text);
}

/* The hash is of the bytes as they came, not of what they say; a bare quote has none. */
static void test_hash(void **state)
{
    (void)state;
    const ingredients in = tdx_ingredients();
    chaos_buffer text = text_of(&in);
    chaos_evidence *first = NULL, *second = NULL, *bare = NULL;

    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), &first, NULL), CHAOS_OK);
    assert_true(buffer_append_text(&text, "\n"));
    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), &second, NULL), CHAOS_OK);
    assert_memory_not_equal(chaos_evidence_hash(first).bytes, chaos_evidence_hash(second).bytes, 32);
    assert_int_equal(chaos_evidence_parse(buffer_slice(&tdx_quote), &bare, NULL), CHAOS_OK);
    assert_true(slice_is_zero(slice(chaos_evidence_hash(bare).bytes, 32)));
    assert_false(bare->is_envelope);
    chaos_evidence_free(bare);
    chaos_evidence_free(second);
    chaos_evidence_free(first);
    chaos_buffer_free(&text);
}

static void test_describe(void **state)
{
    (void)state;
    static const char wanted[] =
        "\"anchorBlock\":\"18446744073709551615\",\"bindingType\":\"0xfbfe93c7edb42305b46b1a3ba294c5a774f5cf550ac95265"
        "be7e50f51a87342d\",\"chainId\":\"0x0000000000000000000000000000000000000000000000000000000000000001\","
        "\"expiresAt\":\"1767312000\",\"identityKey\":\"0x1111111111111111111111111111111111111111\","
        "\"identityRegistry\":\"0xabababababababababababababababababababab\",\"issuedAt\":\"1767225600\",\"nonce\":";
    const ingredients in = tdx_ingredients();
    chaos_buffer text = text_of(&in);
    chaos_buffer json_text = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    chaos_evidence *evidence = NULL, *bare = NULL;

    assert_int_equal(chaos_envelope_parse(buffer_slice(&text), &evidence, NULL), CHAOS_OK);
    assert_int_equal(chaos_evidence_describe(evidence, &json_text, NULL), CHAOS_OK);
    assert_non_null(strstr((char *)json_text.data, wanted));
    assert_non_null(strstr((char *)json_text.data, "\"envelope\":{\"binding\":{\"agentId\":\"0x"));
    assert_non_null(strstr((char *)json_text.data, "\"parts\":[\"dstack-event-log\",\"tdx-quote\"],"
                                                   "\"provider\":\"phala-dstack\"},\"header\":{"));
    char hash[2 * 32 + 1] = { 0 };
    hex_encode(slice(chaos_evidence_hash(evidence).bytes, 32), hash);
    assert_non_null(strstr((char *)json_text.data, hash));
    json_text.size = 0;
    assert_int_equal(chaos_evidence_parse(buffer_slice(&tdx_quote), &bare, NULL), CHAOS_OK);
    assert_int_equal(chaos_evidence_describe(bare, &json_text, NULL), CHAOS_OK);
    assert_null(strstr((char *)json_text.data, "envelope"));
    chaos_evidence_free(bare);
    chaos_evidence_free(evidence);
    chaos_buffer_free(&json_text);
    chaos_buffer_free(&text);
}

/* Whatever byte changes: no crash, and never the same hash. */
static void test_every_byte(void **state)
{
    (void)state;
    const ingredients in = tdx_ingredients();
    chaos_buffer text = text_of(&in);
    const chaos_keccak hash = hash_keccak(buffer_slice(&text));
    size_t accepted = 0;

    for (size_t i = 0; i < text.size; i++) {
        chaos_evidence *evidence = NULL;
        text.data[i] ^= 1;
        if (chaos_envelope_parse(buffer_slice(&text), &evidence, NULL) == CHAOS_OK) {
            assert_memory_not_equal(chaos_evidence_hash(evidence).bytes, hash.bytes, 32);
            accepted++;
        }
        chaos_evidence_free(evidence);
        text.data[i] ^= 1;
    }
    assert_true(accepted > 0 && accepted < text.size);
    chaos_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_storage_is_appended_to),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_part_names),
        cmocka_unit_test(test_part_limits),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_object_needs_one_quote),
        cmocka_unit_test(test_object_is_of_one_tee),
        cmocka_unit_test(test_object_reads_the_quote),
        cmocka_unit_test(test_object_reads_the_binding),
        cmocka_unit_test(test_object_usage),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
