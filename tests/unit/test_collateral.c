/* test_collateral.c - the interchange JSON of collateral, and revocation lists in their three forms. */
#include "wire/wire.h"

#include "tests/support/edit.h"
#include "tests/support/tree.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char good[] =
    "{\"pck_crl_issuer_chain\":\"-----BEGIN\\n\\u00e9\\/\",\"root_ca_crl\":\"3003020100\",\"pck_crl\":\"3000\","
    "\"tcb_info_issuer_chain\":\"chain\",\"tcb_info\":\"{\\\"id\\\":\\\"SGX\\\\n\\\"}\",\"tcb_info_signature\":"
    "\"aB\","
    "\"qe_identity_issuer_chain\":\"\",\"qe_identity\":\"{}\",\"qe_identity_signature\":\"00\","
    "\"pck_certificate_chain\":\"leaf\"}";

static const char *const names[] = {
    "pck_crl_issuer_chain",
    "root_ca_crl",
    "pck_crl",
    "tcb_info_issuer_chain",
    "tcb_info",
    "tcb_info_signature",
    "qe_identity_issuer_chain",
    "qe_identity",
    "qe_identity_signature",
    "pck_certificate_chain",
};
enum {
    REQUIRED = 9
};

static chaos_slice part(const collateral_parts *parts, size_t index)
{
    const chaos_slice values[] = {
        parts->pck_crl_issuer_chain,
        parts->root_ca_crl,
        parts->pck_crl,
        parts->tcb_info_issuer_chain,
        parts->tcb_info,
        parts->tcb_info_signature,
        parts->qe_identity_issuer_chain,
        parts->qe_identity,
        parts->qe_identity_signature,
        parts->pck_certificate_chain,
    };
    return values[index];
}

static void expect(chaos_slice text, chaos_status status, const char *field, const char *what)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    memset(&parts, 0xee, sizeof(parts));
    bool ok = collateral_read(text, &storage, &parts, &why);
    bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (ok != (status == CHAOS_OK) || why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
    assert_true(ok || (parts.tcb_info.data == NULL && storage.size == 0));
    chaos_buffer_free(&storage);
}

static void test_good(void **state)
{
    static const char *const values[] = {
        "-----BEGIN\n\xc3\xa9/",
        "3003020100",
        "3000",
        "chain",
        "{\"id\":\"SGX\\n\"}",
        "aB",
        "",
        "{}",
        "00",
        "leaf",
    };
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    (void)state;
    assert_true(collateral_read(slice_text(good), &storage, &parts, &why));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        assert_true(slice_is(part(&parts, i), values[i]));
        assert_true(part(&parts, i).data >= storage.data);
        assert_true(part(&parts, i).data + part(&parts, i).size <= storage.data + storage.size);
    }
    chaos_buffer_free(&storage);
}

static void test_storage_is_appended_to(void **state)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    (void)state;
    assert_true(buffer_append_text(&storage, "before"));
    assert_true(collateral_read(slice_text(good), &storage, &parts, &why));
    assert_true(slice_is(slice(storage.data, 6), "before"));
    assert_true(slice_is(parts.qe_identity, "{}"));
    size_t size = storage.size;
    assert_false(collateral_read(slice_text("{\"tcb_info\":\"abc\"}"), &storage, &parts, &why));
    assert_int_equal(storage.size, size);
    chaos_buffer_free(&storage);
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);
    assert_false(collateral_read(slice_text(good), &tight, &parts, &why));
    assert_int_equal(why.status, CHAOS_E_MEMORY);
    chaos_buffer_free(&tight);
}

static void test_each_member(void **state)
{
    static const char *const wrong[] = { "1", "null", "true", "[]", "[48,0]", "{}" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        char quoted[64];
        (void)snprintf(quoted, sizeof(quoted), "\"%s\":", names[i]);
        char *missing = edited(good, quoted, "\"unknown\":");
        expect(slice_text(missing), i < REQUIRED ? CHAOS_E_COLLATERAL_FORMAT : CHAOS_OK,
               i < REQUIRED ? names[i] : NULL, names[i]);
        free(missing);
        for (size_t w = 0; w < CHAOS_ARRAY_SIZE(wrong); w++) {
            char other[96];
            (void)snprintf(other, sizeof(other), "\"%s\":%s,\"unknown\":", names[i], wrong[w]);
            char *text = edited(good, quoted, other);
            bool absent = i >= REQUIRED && strcmp(wrong[w], "null") == 0;
            expect(slice_text(text), absent ? CHAOS_OK : CHAOS_E_COLLATERAL_FORMAT, absent ? NULL : names[i], other);
            free(text);
        }
        char twice[96];
        (void)snprintf(twice, sizeof(twice), "\"%s\":\"\",\"%s\":", names[i], names[i]);
        char *text = edited(good, quoted, twice);
        expect(slice_text(text), CHAOS_E_JSON_DUPLICATE_KEY, NULL, twice);
        free(text);
    }
}

static void test_one_change(void **state)
{
    static const struct {
        const char *from, *to;
        chaos_status status;
        const char *field;
    } edits[] = {
        { "{\"pck", " \n{\"news\":{\"a\":[1,null]},\"pck", CHAOS_OK, NULL },
        { "leaf\"}", "leaf\"} \r\n", CHAOS_OK, NULL },
        { "leaf\"}", "leaf\",\"a\":1,\"a\":2}", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
        { "leaf\"}", "leaf\",\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", CHAOS_E_JSON_DEPTH, NULL },
        { "leaf\"}", "leaf\",\"a\":{\"b\":}}", CHAOS_E_JSON, NULL },
        { "leaf\"}", "leaf\",}", CHAOS_E_JSON, NULL },
        { "leaf\"}", "leaf\"}}", CHAOS_E_JSON, NULL },
        { "leaf\"}", "leaf\"} x", CHAOS_E_JSON, NULL },
        { "leaf", "le\\u0000af", CHAOS_E_COLLATERAL_FORMAT, "pck_certificate_chain" },
        { "leaf", "le\\ud800af", CHAOS_E_JSON, "pck_certificate_chain" },
        { "leaf",
          "le\xff"
          "af",
          CHAOS_E_JSON, "pck_certificate_chain" },
        { "leaf", "le\naf", CHAOS_E_JSON, "pck_certificate_chain" },
        { "\"tcb_info\"", "\"tcb_inf\\u006f\"", CHAOS_E_JSON, "key" },
        { "{\"pck", "[{\"pck", CHAOS_E_COLLATERAL_FORMAT, "collateral" },
        { "{\"pck", "\"{\"pck", CHAOS_E_COLLATERAL_FORMAT, "collateral" },
    };
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
    for (size_t size = 1; size < strlen(good); size++) {
        uint8_t *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, good, size);
        expect(slice(copy, size), CHAOS_E_JSON, NULL, "truncated");
        free(copy);
    }
}

static void test_size_limit(void **state)
{
    (void)state;
    uint8_t *text = malloc(CHAOS_MAX_COLLATERAL + 1);
    assert_non_null(text);
    memset(text, ' ', CHAOS_MAX_COLLATERAL + 1);
    memcpy(text, good, strlen(good));
    expect(slice(text, CHAOS_MAX_COLLATERAL), CHAOS_OK, NULL, "at the limit");
    expect(slice(text, CHAOS_MAX_COLLATERAL + 1), CHAOS_E_COLLATERAL_FORMAT, "collateral", "beyond the limit");
    free(text);
}

static void check_round_trip(chaos_slice text)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_buffer storage_again = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_buffer written = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_buffer written_again = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    collateral_parts again;
    fault why;
    assert_true(collateral_read(text, &storage, &parts, &why));
    assert_true(collateral_write(&parts, &written));
    assert_true(collateral_read(buffer_slice(&written), &storage_again, &again, &why));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        assert_true(slice_equal(part(&parts, i), part(&again, i)));
    }
    assert_true(collateral_write(&again, &written_again));
    assert_true(slice_equal(buffer_slice(&written), buffer_slice(&written_again)));
    chaos_buffer_free(&written_again);
    chaos_buffer_free(&written);
    chaos_buffer_free(&storage_again);
    chaos_buffer_free(&storage);
}

static void test_writer(void **state)
{
    static const char canonical[] =
        "{\"pck_certificate_chain\":\"leaf\",\"pck_crl\":\"3000\",\"pck_crl_issuer_chain\":\"-----BEGIN\\n\xc3\xa9/"
        "\","
        "\"qe_identity\":\"{}\",\"qe_identity_issuer_chain\":\"\",\"qe_identity_signature\":\"00\","
        "\"root_ca_crl\":\"3003020100\",\"tcb_info\":\"{\\\"id\\\":\\\"SGX\\\\n\\\"}\",\"tcb_info_issuer_chain\":"
        "\"chain\","
        "\"tcb_info_signature\":\"aB\"}";
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    (void)state;
    assert_true(collateral_read(slice_text(good), &storage, &parts, &why));
    assert_true(collateral_write(&parts, &out));
    assert_true(slice_is(buffer_slice(&out), canonical));
    out.size = 0;
    parts.pck_certificate_chain = (chaos_slice){ NULL, 0 };
    assert_true(collateral_write(&parts, &out));
    assert_true(slice_is(slice(out.data, 10), "{\"pck_crl\""));
    chaos_buffer tight = CHAOS_BUFFER_INIT(100);
    assert_true(buffer_append_text(&tight, "x"));
    assert_false(collateral_write(&parts, &tight));
    assert_int_equal(tight.size, 1);
    chaos_buffer_free(&tight);
    chaos_buffer_free(&out);
    chaos_buffer_free(&storage);
    check_round_trip(slice_text(good));
}

/* ------------------------------------------------------ revocation lists ---- */

static const uint8_t der_bytes[] = { 0x30, 0x03, 0x02, 0x01, 0xff };

static void expect_crl(chaos_slice text, chaos_status status, const char *what)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_slice der = slice("?", 1);
    fault why;
    bool ok = collateral_crl_der(text, &storage, &der, &why);
    if (ok != (status == CHAOS_OK) || why.status != status) {
        fail_msg("%s: got %s, want %s", what, chaos_status_name(why.status), chaos_status_name(status));
    }
    if (ok) {
        assert_true(slice_equal(der, slice(der_bytes, sizeof(der_bytes))));
        assert_ptr_equal(der.data, storage.data);
        assert_int_equal(storage.size, sizeof(der_bytes));
    } else {
        assert_true(der.data == NULL && storage.size == 0);
    }
    chaos_buffer_free(&storage);
}

static void test_crl_forms(void **state)
{
    static const struct {
        const char *text;
        chaos_status status;
    } texts[] = {
        { "30030201ff", CHAOS_OK },
        { "30030201FF", CHAOS_OK },
        { "30030201ff\n", CHAOS_OK },
        { "30030201ff\r\n", CHAOS_OK },
        { "-----BEGIN X509 CRL-----\nMAMCAf8=\n-----END X509 CRL-----\n", CHAOS_OK },
        { "-----BEGIN X509 CRL-----\nMAMCAf8=\n-----END X509 CRL-----", CHAOS_OK },
        { "", CHAOS_E_CRL_FORMAT },
        { "\n", CHAOS_E_CRL_FORMAT },
        { "3", CHAOS_E_CRL_FORMAT },
        { "30030201f", CHAOS_E_CRL_FORMAT },
        { "30030201fg", CHAOS_E_CRL_FORMAT },
        { " 30030201ff", CHAOS_E_CRL_FORMAT },
        { "30030201ff ", CHAOS_E_CRL_FORMAT },
        { "30030201ff\n\n", CHAOS_E_CRL_FORMAT },
        { "30 03 02 01 ff", CHAOS_E_CRL_FORMAT },
        { "MAMCAf8=", CHAOS_E_CRL_FORMAT },
        { "-----BEGIN CERTIFICATE-----\nMAMCAf8=\n-----END CERTIFICATE-----\n", CHAOS_E_CRL_FORMAT },
        { "-----BEGIN X509 CRL-----\nMAMCAf8\n-----END X509 CRL-----\n", CHAOS_E_CRL_FORMAT },
        { "-----BEGIN X509 CRL-----\nMAMCAf8=\n", CHAOS_E_CRL_FORMAT },
        { "-----BEGIN X509 CRL-----\nMAMCAf8=\n-----END X509 CRL-----\n-----BEGIN X509 CRL-----\nMAMCAf8=\n"
          "-----END X509 CRL-----\n",
          CHAOS_E_CRL_FORMAT },
        { "-----BEGIN X509 CRL-----\nMAMCAf8=\n-----END X509 CRL-----\nx", CHAOS_E_CRL_FORMAT },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(texts); i++) {
        expect_crl(slice_text(texts[i].text), texts[i].status, texts[i].text);
    }
    expect_crl(slice(der_bytes, sizeof(der_bytes)), CHAOS_OK, "raw DER");
    expect_crl((chaos_slice){ NULL, 0 }, CHAOS_E_CRL_FORMAT, "nothing");
}

static void test_crl_limits(void **state)
{
    (void)state;
    char *text = malloc(CHAOS_MAX_COLLATERAL + 1);
    assert_non_null(text);
    memset(text, '3', CHAOS_MAX_COLLATERAL + 1);
    expect_crl(slice(text, CHAOS_MAX_COLLATERAL + 1), CHAOS_E_CRL_FORMAT, "too large");
    chaos_buffer tight = CHAOS_BUFFER_INIT(4);
    chaos_slice der;
    fault why;
    assert_false(collateral_crl_der(slice(der_bytes, sizeof(der_bytes)), &tight, &der, &why));
    assert_int_equal(why.status, CHAOS_E_MEMORY);
    chaos_buffer_free(&tight);
    free(text);
}

/* --------------------------------------------------------------- vectors ---- */

static void skip_without_vectors(void)
{
    if (!vectors_present()) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
}

static void compare_with_tree(const char *name)
{
    chaos_buffer file = vector_file(name);
    chaos_buffer storage = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    if (!collateral_read(buffer_slice(&file), &storage, &parts, &why)) {
        fail_msg("%s: %s in %s", name, chaos_status_name(why.status), why.field);
    }
    tree *want = tree_parse((const char *)file.data, file.size);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        const char *text = tree_text(tree_get(want, names[i]));
        assert_true(slice_is(part(&parts, i), text == NULL ? "" : text));
    }
    chaos_buffer ders = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    chaos_slice der;
    assert_true(collateral_crl_der(parts.root_ca_crl, &ders, &der, &why));
    assert_int_equal(der.data[0], 0x30);
    assert_true(collateral_crl_der(parts.pck_crl, &ders, &der, &why));
    assert_int_equal(der.data[0], 0x30);
    check_round_trip(buffer_slice(&file));
    chaos_buffer_free(&ders);
    tree_free(want);
    chaos_buffer_free(&storage);
    chaos_buffer_free(&file);
}

static void test_real_collateral(void **state)
{
    (void)state;
    skip_without_vectors();
    assert_true(vector_folder("dcap/collateral", compare_with_tree) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_storage_is_appended_to),
        cmocka_unit_test(test_each_member),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_crl_forms),
        cmocka_unit_test(test_crl_limits),
        cmocka_unit_test(test_real_collateral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
