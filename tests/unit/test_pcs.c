/* test_pcs.c - what Intel's service and a caching service answer, turned into the interchange form. */
#include "sim/sim.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chaos_error err;

/* ------------------------------------------------------------------ chains ---- */

static const struct {
    const char *header, *pem; /* NULL: refused */
} chains[] = {
    { "-----BEGIN%20CERTIFICATE-----%0AAB%2Bc%2F%3d%0A", "-----BEGIN CERTIFICATE-----\nAB+c/=\n" },
    { "A+B", "A+B" }, /* as in a path, not as in a form */
    { "A%2bB%2BC", "A+B+C" },
    { "%0D%0A", "\r\n" },
    { "", NULL },
    { "%", NULL },
    { "%4", NULL },
    { "%4g", NULL },
    { "%%41", NULL },
    { "A%00B", NULL },
    { "A%09B", NULL },
    { "A%7fB", NULL },
    { "A%c3%a4B", NULL },
    { "A\tB", NULL },
    { "A\xff", NULL },
};

static void test_chains(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(chains); i++) {
        chaos_buffer storage = CHAOS_BUFFER_INIT(4096);
        chaos_slice pem = { NULL, 0 };
        fault why;
        bool good = pcs_chain_read(slice_text(chains[i].header), &storage, &pem, &why);

        if (good != (chains[i].pem != NULL) || (good && !slice_is(pem, chains[i].pem))) {
            fail_msg("'%s': %s", chains[i].header, good ? "accepted" : why.reason);
        }
        if (!good) {
            assert_int_equal(why.status, CHAOS_E_COLLATERAL_FORMAT);
            assert_string_equal(why.field, "issuer_chain");
        }
        chaos_buffer_free(&storage);
    }
    assert_string_equal(pcs_chain_header(PCS_TCB_INFO, 3), "SGX-TCB-Info-Issuer-Chain");
    assert_string_equal(pcs_chain_header(PCS_TCB_INFO, 4), "TCB-Info-Issuer-Chain");
}

/* ------------------------------------------------------------------ bodies ---- */

static const struct {
    const char *body, *object, *signature; /* object NULL: refused with `status` */
    chaos_status status;
} bodies[] = {
    { "{\"tcbInfo\":{\"a\":1},\"signature\":\"ab\"}", "{\"a\":1}", "ab", CHAOS_OK },
    { "{\"signature\":\"ab\",\"tcbInfo\":{\"a\":1}}", "{\"a\":1}", "ab", CHAOS_OK },
    { " { \"tcbInfo\" : { \"a\" : 1 } , \"signature\" : \"ab\" } \n", "{ \"a\" : 1 }", "ab", CHAOS_OK },
    { "{\"tcbInfo\":{\"a\":\"}\",\"b\":\"\\\"tcbInfo\\\":{\"},\"signature\":\"ab\"}", "{\"a\":\"}\",\"b\":\"\\\"tcbInfo\\\":{\"}",
      "ab", CHAOS_OK },
    { "{\"tcbInfo\":{\"tcbInfo\":{}},\"signature\":\"ab\",\"more\":[{}]}", "{\"tcbInfo\":{}}", "ab", CHAOS_OK },
    { "{\"more\":{\"tcbInfo\":{\"b\":2}},\"tcbInfo\":{\"a\":1},\"signature\":\"ab\"}", "{\"a\":1}", "ab", CHAOS_OK },
    { "{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_JSON_DUPLICATE_KEY },
    { "{\"tcbInfo\":{},\"signature\":\"ab\",\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_JSON_DUPLICATE_KEY },
    { "{\"tcbInfo\":[],\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"tcbInfo\":\"{}\",\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"tcbInfo\":{},\"signature\":7}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"tcbInfo\":{},\"signature\":\"\\u0061b\"}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"tcbInfo\":{}}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"enclaveIdentity\":{},\"signature\":\"ab\"}", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "{\"tcbInfo\":{},\"signature\":\"ab\"}x", NULL, NULL, CHAOS_E_JSON },
    { "<html>busy</html>", NULL, NULL, CHAOS_E_JSON },
    { "[]", NULL, NULL, CHAOS_E_COLLATERAL_FORMAT },
    { "", NULL, NULL, CHAOS_E_JSON },
};

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bodies); i++) {
        chaos_slice object = { NULL, 0 }, signature = { NULL, 0 };
        fault why;
        bool good = pcs_signed_read(slice_text(bodies[i].body), "tcbInfo", &object, &signature, &why);

        if (good != (bodies[i].object != NULL)) {
            fail_msg("'%s': %s", bodies[i].body, good ? "accepted" : why.reason);
        }
        if (good) {
            assert_true(slice_is(object, bodies[i].object) && slice_is(signature, bodies[i].signature));
        } else if (why.status != bodies[i].status) {
            fail_msg("'%s': %s, expected %s", bodies[i].body, chaos_status_name(why.status),
                     chaos_status_name(bodies[i].status));
        }
    }
}

/* ------------------------------------------------------------------- whole ---- */

static chaos_buffer encode(chaos_slice pem)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(65536);

    for (size_t i = 0; i < pem.size; i++) {
        uint8_t c = pem.data[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';

        assert_true(plain ? buffer_append(&out, slice(&c, 1)) : buffer_append_format(&out, "%%%02X", c));
    }
    return out;
}

static chaos_buffer wrap(const char *member, chaos_slice object, chaos_slice signature)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(1u << 20);

    assert_true(buffer_append_format(&out, "{\"%s\":", member) && buffer_append(&out, object) &&
                buffer_append_text(&out, ",\"signature\":\"") && buffer_append(&out, signature) &&
                buffer_append_text(&out, "\"}"));
    return out;
}

typedef struct service { /* the answers to one set of collateral */
    chaos_buffer tcb, identity, tcb_chain, identity_chain, crl_chain, der, root_der, pem;
    pcs_answers answers;
} service;

static void make_service(const collateral_parts *parts, service *s)
{
    chaos_slice der, root_der;
    fault why;

    memset(s, 0, sizeof *s);
    s->tcb = wrap("tcbInfo", parts->tcb_info, parts->tcb_info_signature);
    s->identity = wrap("enclaveIdentity", parts->qe_identity, parts->qe_identity_signature);
    s->tcb_chain = encode(parts->tcb_info_issuer_chain);
    s->identity_chain = encode(parts->qe_identity_issuer_chain);
    s->crl_chain = encode(parts->pck_crl_issuer_chain);
    s->der.limit = s->root_der.limit = s->pem.limit = 1u << 20;
    assert_true(collateral_crl_der(parts->pck_crl, &s->der, &der, &why));
    assert_true(collateral_crl_der(parts->root_ca_crl, &s->root_der, &root_der, &why));
    assert_true(pem_write("X509 CRL", der, &s->pem));
    s->answers = (pcs_answers){
        .tcb_info = { bytes_of(&s->tcb), bytes_of(&s->tcb_chain) },
        .qe_identity = { bytes_of(&s->identity), bytes_of(&s->identity_chain) },
        .pck_crl = { bytes_of(&s->pem), bytes_of(&s->crl_chain) },
        .root_ca_crl = root_der,
    };
}

static void free_service(service *s)
{
    chaos_buffer *all[] = { &s->tcb, &s->identity, &s->tcb_chain, &s->identity_chain, &s->crl_chain, &s->der,
                            &s->root_der, &s->pem };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(all); i++) {
        chaos_buffer_free(all[i]);
    }
}

static void expect_same_parts(const collateral_parts *want, const collateral_parts *got)
{
    assert_true(slice_equal(want->tcb_info, got->tcb_info));
    assert_true(slice_equal(want->tcb_info_signature, got->tcb_info_signature));
    assert_true(slice_equal(want->tcb_info_issuer_chain, got->tcb_info_issuer_chain));
    assert_true(slice_equal(want->qe_identity, got->qe_identity));
    assert_true(slice_equal(want->qe_identity_signature, got->qe_identity_signature));
    assert_true(slice_equal(want->qe_identity_issuer_chain, got->qe_identity_issuer_chain));
    assert_true(slice_equal(want->pck_crl_issuer_chain, got->pck_crl_issuer_chain));
    assert_true(slice_equal(want->pck_crl, got->pck_crl));
    assert_true(slice_equal(want->root_ca_crl, got->root_ca_crl));
}

/* Answers made of a file give that file again, in every form of the lists, and verify. */
static void test_there_and_back(void **state)
{
    forge_result made;
    chaos_collateral *collateral = NULL;
    chaos_trust *trust = NULL;
    service s;

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&made.root), &err), CHAOS_OK);
    make_service(&collateral->parts, &s);
    const chaos_slice forms[] = { bytes_of(&s.pem), bytes_of(&s.der), collateral->parts.pck_crl };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(forms); i++) {
        chaos_buffer storage = CHAOS_BUFFER_INIT(1u << 20), text = CHAOS_BUFFER_INIT(1u << 20);
        collateral_parts parts;
        chaos_collateral *again = NULL;
        fault why;

        s.answers.pck_crl.body = forms[i];
        if (!pcs_to_collateral(&s.answers, &storage, &parts, &why)) {
            fail_msg("form %zu: %s: %s", i, why.field, why.reason);
        }
        expect_same_parts(&collateral->parts, &parts);
        assert_true(collateral_write(&parts, &text));
        assert_int_equal(chaos_collateral_parse(bytes_of(&text), &again, &err), CHAOS_OK);
        assert_int_equal(chaos_collateral_seal(again, trust, made.now, &err), CHAOS_OK);
        chaos_collateral_free(again);
        chaos_buffer_free(&text);
        chaos_buffer_free(&storage);
    }
    free_service(&s);
    chaos_trust_free(trust);
    chaos_collateral_free(collateral);
    forge_result_free(&made);
}

/* Every answer that is missing, empty or another's is refused, and nothing is left in the storage. */
static void test_missing(void **state)
{
    forge_result made;
    chaos_collateral *collateral = NULL;
    service s;

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
    make_service(&collateral->parts, &s);
    for (size_t i = 0; i < 8; i++) {
        pcs_answers a = s.answers;
        chaos_slice *const all[] = { &a.tcb_info.body, &a.tcb_info.issuer_chain, &a.qe_identity.body,
                                     &a.qe_identity.issuer_chain, &a.pck_crl.body, &a.pck_crl.issuer_chain,
                                     &a.root_ca_crl, &a.tcb_info.body };
        chaos_buffer storage = CHAOS_BUFFER_INIT(1u << 20);
        collateral_parts parts;
        fault why;

        *all[i] = i == 7 ? a.qe_identity.body : slice_text("");
        assert_false(pcs_to_collateral(&a, &storage, &parts, &why));
        assert_int_equal(chaos_status_class(why.status), CHAOS_CLASS_FORMAT);
        assert_int_equal(storage.size, 0);
        chaos_buffer_free(&storage);
    }
    s.answers.pck_certificate.body = collateral->parts.tcb_info_issuer_chain; /* stands for a leaf */
    chaos_buffer storage = CHAOS_BUFFER_INIT(1u << 20);
    collateral_parts parts;
    fault why;
    assert_false(pcs_to_collateral(&s.answers, &storage, &parts, &why)); /* without its issuers */
    s.answers.pck_certificate.issuer_chain = bytes_of(&s.crl_chain);
    assert_true(pcs_to_collateral(&s.answers, &storage, &parts, &why));
    assert_int_equal(parts.pck_certificate_chain.size,
                     collateral->parts.tcb_info_issuer_chain.size + collateral->parts.pck_crl_issuer_chain.size);
    chaos_buffer_free(&storage);
    free_service(&s);
    chaos_collateral_free(collateral);
    forge_result_free(&made);
}

/* What is too large is refused before it is read, with nothing left in the storage. */
static void test_too_large(void **state)
{
    static uint8_t large[CHAOS_MAX_COLLATERAL + 1];
    chaos_slice pem, object, signature;
    forge_result made;
    chaos_collateral *collateral = NULL;
    service s;
    fault why;

    (void)state;
    memset(large, 'A', sizeof large);
    for (size_t size = 32768; size <= 32769; size++) {
        chaos_buffer storage = CHAOS_BUFFER_INIT(65536);
        assert_int_equal(pcs_chain_read(slice(large, size), &storage, &pem, &why), size == 32768);
        assert_string_equal(size == 32768 ? "" : why.reason, size == 32768 ? "" : "the header is too long");
        chaos_buffer_free(&storage);
    }
    chaos_buffer small = CHAOS_BUFFER_INIT(16);
    assert_false(pcs_chain_read(slice(large, 17), &small, &pem, &why));
    assert_int_equal(why.status, CHAOS_E_MEMORY);
    assert_false(pcs_signed_read(slice(large, sizeof large), "tcbInfo", &object, &signature, &why));
    assert_int_equal(why.status, CHAOS_E_COLLATERAL_FORMAT);
    assert_false(pcs_signed_read(slice(large, sizeof large - 1), "tcbInfo", &object, &signature, &why));
    assert_int_equal(why.status, CHAOS_E_JSON); /* read, and no JSON */

    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
    make_service(&collateral->parts, &s);
    for (size_t i = 0; i < 4; i++) {
        pcs_answers a = s.answers;
        chaos_slice *const all[] = { &a.pck_crl.body, &a.root_ca_crl, &a.pck_certificate.body, &a.tcb_info.body };
        chaos_buffer storage = CHAOS_BUFFER_INIT(4 * CHAOS_MAX_COLLATERAL);
        collateral_parts parts;

        *all[i] = slice(large, sizeof large);
        assert_false(pcs_to_collateral(&a, &storage, &parts, &why));
        assert_int_equal(why.status, CHAOS_E_COLLATERAL_FORMAT);
        assert_int_equal(storage.size, 0);
        chaos_buffer_free(&storage);
    }
    free_service(&s);
    chaos_collateral_free(collateral);
    forge_result_free(&made);
    static const struct {
        pcs_call call;
        const char *name;
    } headers[] = { { PCS_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain" },
                    { PCS_PCK_CRL, "SGX-PCK-CRL-Issuer-Chain" },
                    { PCS_PCK_CERTIFICATE, "SGX-PCK-Certificate-Issuer-Chain" } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(headers); i++) {
        assert_string_equal(pcs_chain_header(headers[i].call, 3), headers[i].name);
        assert_string_equal(pcs_chain_header(headers[i].call, 4), headers[i].name);
    }
}

/* Bodies as Intel's service gave them: the very bytes that were signed are found in them. */
static void test_real_bodies(void **state)
{
    static const struct {
        const char *body, *member;
    } files[] = {
        { "dcap/native/go-tdx-guest/sample_tcbInfo_response", "tcbInfo" },
        { "dcap/native/go-tdx-guest/sample_tcbinfo_response_v5", "tcbInfo" },
        { "dcap/native/go-tdx-guest/sample_qeIdentity_response", "enclaveIdentity" },
        { "dcap/native/intel-qvl-sample/tcbInfo.json", "tcbInfo" },
        { "dcap/native/intel-qvl-sample/qeIdentity.json", "enclaveIdentity" },
    };

    (void)state;
    REQUIRE_VECTORS();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(files); i++) {
        chaos_slice object = { NULL, 0 }, signature = { NULL, 0 };
        chaos_buffer body;
        static tcb_info info;
        static enclave_identity identity;
        fault why;

        assert_true(read_vector(files[i].body, &body));
        if (!pcs_signed_read(bytes_of(&body), files[i].member, &object, &signature, &why)) {
            fail_msg("%s: %s at %zu", files[i].body, why.reason, why.offset);
        }
        assert_int_equal(signature.size, 128);
        bool read = strcmp(files[i].member, "tcbInfo") == 0 ? tcb_info_read(object, &info, &why)
                                                            : enclave_identity_read(object, &identity, &why);
        if (!read) {
            fail_msg("%s: %s: %s", files[i].body, why.field, why.reason == NULL ? "" : why.reason);
        }
        chaos_buffer_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_real_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
