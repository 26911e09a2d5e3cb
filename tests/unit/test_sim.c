/* test_sim.c - the forge: what it calls valid is valid to other eyes too (OpenSSL's path validation and
 * CRL checks), the same recipe gives the same bytes, and every break changes something that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "sim/recipe.h"

#define MAX_TEXT 512
#define MAX_CHAIN (16u * 1024u)

static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

static forge_result make(forge_kind kind, const forge_options *options, const forge_break *broken)
{
    forge_result made;
    chaos_error err = { 0 };
    if (forge_make(kind, options, broken, &made, &err) != CHAOS_OK) {
        fail_msg("%s: %s", broken == NULL ? "valid" : broken->name, err.text);
    }
    return made;
}

/* ------------------------------------------------------- evidence, taken apart ---- */

typedef struct chain {
    uint8_t storage[MAX_CHAIN];
    chaos_slice der[4];
    certificate certs[4];
    size_t count;
} chain;

typedef struct parts {
    dcap_quote quote;
    chaos_buffer storage, crls;
    collateral_parts collateral;
    chain pck, tcb, identity;
    chaos_slice root_crl, pck_crl;
} parts;

static bool chain_read(chaos_slice pem, chain *out)
{
    fault why = { 0 };
    out->count = pem_read(pem, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH,
                          out->storage, sizeof out->storage, out->der, CHAOS_ARRAY_SIZE(out->der), &why);
    for (size_t i = 0; i < out->count; i++) {
        if (!certificate_read(out->der[i], CHAOS_E_PCK_CHAIN_FORMAT, &out->certs[i], &why)) {
            return false;
        }
    }
    return out->count > 0;
}

static void parts_read(const forge_result *made, parts *p)
{
    fault why = { 0 };
    memset(p, 0, sizeof *p);
    p->storage.limit = CHAOS_MAX_COLLATERAL;
    p->crls.limit = CHAOS_MAX_COLLATERAL;
    assert_non_null(buffer_reserve(&p->crls, 256u * 1024u)); /* slices into it must stay */
    assert_true(dcap_quote_read(buffer_slice(&made->quote), &p->quote, &why));
    assert_true(collateral_read(buffer_slice(&made->collateral), &p->storage, &p->collateral, &why));
    assert_true(chain_read(p->quote.cert_data, &p->pck));
    assert_true(chain_read(p->collateral.tcb_info_issuer_chain, &p->tcb));
    assert_true(chain_read(p->collateral.qe_identity_issuer_chain, &p->identity));
    assert_true(collateral_crl_der(p->collateral.root_ca_crl, &p->crls, &p->root_crl, &why));
    assert_true(collateral_crl_der(p->collateral.pck_crl, &p->crls, &p->pck_crl, &why));
}

static void parts_free(parts *p)
{
    chaos_buffer_free(&p->storage);
    chaos_buffer_free(&p->crls);
}

/* ------------------------------------------------------------------ valid evidence ---- */

static void check_valid_quote(const forge_result *made, const parts *p, forge_kind kind)
{
    CHAOS_AUTO_BUFFER(again, CHAOS_MAX_EVIDENCE);
    assert_int_equal(p->quote.tee, kind == FORGE_TDX4 ? CHAOS_TEE_TDX : CHAOS_TEE_SGX);
    assert_int_equal(p->quote.version, kind == FORGE_TDX4 ? 4 : 3);
    assert_int_equal(p->quote.cert_data_type, CERT_PCK_CHAIN);
    assert_int_equal(p->quote.trailing, 0);
    assert_int_equal(p->pck.count, 3);
    assert_true(dcap_quote_write(&p->quote, &again));
    assert_true(slice_equal(buffer_slice(&again), buffer_slice(&made->quote)));
}

static void check_valid_statements(const forge_result *made, const parts *p, forge_kind kind)
{
    static tcb_info info;
    static enclave_identity identity;
    pck_extension pck;
    fault why = { 0 };
    assert_true(tcb_info_read(p->collateral.tcb_info, &info, &why));
    assert_true(enclave_identity_read(p->collateral.qe_identity, &identity, &why));
    assert_true(pck_extension_read(p->pck.certs[0].sgx_extension, &pck, &why));
    assert_int_equal(info.version, 3);
    assert_int_equal(info.level_count, SIM_LEVELS);
    assert_int_equal(info.levels[0].status, CHAOS_TCB_UP_TO_DATE);
    assert_true(info.issue_date < made->now && made->now < info.next_update);
    assert_true(identity.issue_date < made->now && made->now < identity.next_update);
    assert_memory_equal(info.fmspc, pck.fmspc, sizeof pck.fmspc);
    assert_int_equal(identity.id, kind == FORGE_TDX4 ? IDENTITY_TD_QE : IDENTITY_QE);
    assert_int_equal(pck.has_platform_instance_id, kind == FORGE_TDX4);
    assert_int_equal(info.identity_count, kind == FORGE_TDX4 ? 1 : 0);
}

static void check_valid_crls(const parts *p)
{
    fault why = { 0 };
    crl root;
    crl pck;
    assert_true(crl_read(p->root_crl, &root, &why));
    assert_true(crl_read(p->pck_crl, &pck, &why));
    assert_int_equal(p256_verify(&p->pck.certs[2].key, root.tbs, &root.signature), P256_GOOD);
    assert_int_equal(p256_verify(&p->pck.certs[1].key, pck.tbs, &pck.signature), P256_GOOD);
    assert_false(crl_lists(&root, p->pck.certs[1].serial));
    assert_false(crl_lists(&pck, p->pck.certs[0].serial));
    assert_int_equal(root.entry_count, 1);
}

static void test_valid_reads(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        forge_result made = make(kinds[k], NULL, NULL);
        parts p;
        parts_read(&made, &p);
        check_valid_quote(&made, &p, kinds[k]);
        check_valid_statements(&made, &p, kinds[k]);
        check_valid_crls(&p);
        assert_int_equal(made.now, FORGE_DEFAULT_NOW);
        assert_int_equal(made.event_log.size > 0, kinds[k] == FORGE_TDX4);
        parts_free(&p);
        forge_result_free(&made);
    }
}

static p256_signature signature_of(chaos_slice hex)
{
    p256_signature signature;
    assert_true(hex_decode(hex, (uint8_t *)&signature, sizeof signature));
    return signature;
}

static void check_chain_signatures(const chain *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const certificate *issuer = &c->certs[i + 1 < c->count ? i + 1 : i];
        assert_int_equal(p256_verify(&issuer->key, c->certs[i].tbs, &c->certs[i].signature), P256_GOOD);
        assert_true(slice_equal(c->certs[i].issuer, issuer->subject));
        assert_true(slice_equal(c->certs[i].authority_key_id, issuer->subject_key_id));
    }
}

static void test_valid_signatures(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        forge_result made = make(kinds[k], NULL, NULL);
        parts p;
        parts_read(&made, &p);
        p256_signature tcb = signature_of(p.collateral.tcb_info_signature);
        p256_signature identity = signature_of(p.collateral.qe_identity_signature);
        check_chain_signatures(&p.pck);
        check_chain_signatures(&p.tcb);
        check_chain_signatures(&p.identity);
        assert_int_equal(p256_verify(&p.quote.attestation_key, p.quote.signed_bytes, &p.quote.signature),
                         P256_GOOD);
        assert_int_equal(p256_verify(&p.pck.certs[0].key, p.quote.qe_report, &p.quote.qe_report_signature),
                         P256_GOOD);
        assert_int_equal(p256_verify(&p.tcb.certs[0].key, p.collateral.tcb_info, &tcb), P256_GOOD);
        assert_int_equal(p256_verify(&p.identity.certs[0].key, p.collateral.qe_identity, &identity),
                         P256_GOOD);
        assert_int_equal(p256_verify(&p.tcb.certs[0].key, p.collateral.qe_identity, &identity), P256_BAD);
        parts_free(&p);
        forge_result_free(&made);
    }
}

static void test_valid_event_log(void **state)
{
    (void)state;
    forge_result made = make(FORGE_TDX4, NULL, NULL);
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    uint8_t rtmr[4][SHA384_SIZE] = { { 0 } };
    event_reader events;
    log_event event;
    parts p;
    parts_read(&made, &p);
    event_log_begin(&events, buffer_slice(&made.event_log), &storage);
    while (event_log_next(&events, &event)) {
        uint8_t digest[SHA384_SIZE];
        assert_true(event.has_digest);
        if (event.event_type == EVENT_TYPE_RUNTIME) {
            assert_true(event_digest(&event, digest));
            assert_memory_equal(digest, event.digest, sizeof digest);
        }
        hash_sha384_two(slice(rtmr[event.imr], SHA384_SIZE), slice(event.digest, SHA384_SIZE),
                        rtmr[event.imr]);
    }
    assert_int_equal(event_log_fault(&events)->status, CHAOS_OK);
    assert_memory_equal(p.quote.body.data + TD_RTMR, rtmr, sizeof rtmr);
    parts_free(&p);
    forge_result_free(&made);
}

/* --------------------------------------------------------------- OpenSSL's opinion ---- */

static X509 *x509_of(chaos_slice der)
{
    const unsigned char *at = der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.size);
    if (cert != NULL && at != der.data + der.size) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static void add_crl(X509_STORE *store, chaos_slice der)
{
    const unsigned char *at = der.data;
    X509_CRL *list = d2i_X509_CRL(NULL, &at, (long)der.size);
    assert_non_null(list);
    assert_int_equal(X509_STORE_add_crl(store, list), 1);
    X509_CRL_free(list);
}

/* X509_V_OK or the error of a full validation: names, signatures, constraints, dates at `now`, revocation. */
static int openssl_verdict(const chain *c, chaos_slice root, const parts *p, int64_t now)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509 *trusted = x509_of(root);
    X509 *leaf = x509_of(c->der[0]);
    X509 *ca = x509_of(c->der[1]);
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    assert_true(store != NULL && context != NULL && trusted != NULL && leaf != NULL && ca != NULL &&
                untrusted != NULL);
    assert_int_equal(X509_STORE_add_cert(store, trusted), 1);
    assert_true(sk_X509_push(untrusted, ca) > 0);
    add_crl(store, p->root_crl);
    add_crl(store, p->pck_crl);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_X509_STRICT |
                                    X509_V_FLAG_CHECK_SS_SIGNATURE);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, untrusted), 1);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), now);
    int good = X509_verify_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_free(untrusted);
    X509_free(trusted);
    X509_free(leaf);
    X509_free(ca);
    return good == 1 ? X509_V_OK : error;
}

static int openssl_pck_verdict(forge_kind kind, const char *break_name)
{
    forge_result made = make(kind, NULL, forge_break_find(break_name));
    parts p;
    parts_read(&made, &p);
    int verdict = openssl_verdict(&p.pck, buffer_slice(&made.root), &p, made.now);
    parts_free(&p);
    forge_result_free(&made);
    return verdict;
}

static void test_openssl_accepts_valid(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        forge_result made = make(kinds[k], NULL, NULL);
        parts p;
        parts_read(&made, &p);
        assert_int_equal(openssl_verdict(&p.pck, buffer_slice(&made.root), &p, made.now), X509_V_OK);
        assert_int_equal(openssl_verdict(&p.tcb, buffer_slice(&made.root), &p, made.now), X509_V_OK);
        assert_int_equal(openssl_verdict(&p.identity, buffer_slice(&made.root), &p, made.now), X509_V_OK);
        assert_int_not_equal(openssl_verdict(&p.pck, buffer_slice(&made.foreign_root), &p, made.now),
                             X509_V_OK);
        parts_free(&p);
        forge_result_free(&made);
    }
}

/* Breaks that a validation of paths can see: it gives the reason that the break's name gives. */
static void test_openssl_sees_breaks(void **state)
{
    static const struct {
        const char *name;
        int error;
    } rows[] = {
        { "pck-expired", X509_V_ERR_CERT_HAS_EXPIRED },
        { "pck-not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID },
        { "ca-expired", X509_V_ERR_CERT_HAS_EXPIRED },
        { "ca-not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID },
        { "ca-not-ca", X509_V_ERR_INVALID_CA },
        { "pck-revoked", X509_V_ERR_CERT_REVOKED },
        { "ca-revoked", X509_V_ERR_CERT_REVOKED },
        { "pck-signature-flipped", X509_V_ERR_CERT_SIGNATURE_FAILURE },
        { "ca-signed-by-stranger", X509_V_ERR_CERT_SIGNATURE_FAILURE },
        { "pck-crl-expired", X509_V_ERR_CRL_HAS_EXPIRED },
        { "pck-crl-not-yet-valid", X509_V_ERR_CRL_NOT_YET_VALID },
        { "root-crl-expired", X509_V_ERR_CRL_HAS_EXPIRED },
        { "pck-crl-signed-by-stranger", X509_V_ERR_CRL_SIGNATURE_FAILURE },
        { "ca-no-crl-sign", X509_V_ERR_KEYUSAGE_NO_CRL_SIGN },
    };
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
            int error = openssl_pck_verdict(kinds[k], rows[i].name);
            if (error != rows[i].error) {
                fail_msg("%s: OpenSSL says %s", rows[i].name, X509_verify_cert_error_string(error));
            }
        }
    }
}

/* ---------------------------------------------------------------------- catalogue ---- */

static bool is_kebab_case(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool word = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
        if (!word && (*c != '-' || c == name || c[1] == '-' || c[1] == '\0')) {
            return false;
        }
    }
    return name[0] != '\0';
}

static void test_catalogue(void **state)
{
    (void)state;
    assert_true(forge_break_count() >= 700);
    assert_null(forge_break_at(forge_break_count()));
    assert_null(forge_break_find("no-such-break"));
    assert_null(forge_break_find(NULL));
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *b = forge_break_at(i);
        assert_ptr_equal(forge_break_find(b->name), b); /* so no name comes twice */
        assert_true(is_kebab_case(b->name));
        assert_true(strlen(b->summary) > 0);
        assert_int_not_equal(b->expected, CHAOS_OK);
        assert_string_not_equal(chaos_status_name(b->expected), "UNKNOWN");
        assert_true(b->kinds != 0 && (b->kinds & ~BOTH) == 0);
        assert_true(!b->envelope || b->kinds == TDX);
    }
}

static bool same_evidence(const forge_result *a, const forge_result *b)
{
    return slice_equal(buffer_slice(&a->quote), buffer_slice(&b->quote)) &&
           slice_equal(buffer_slice(&a->collateral), buffer_slice(&b->collateral)) &&
           slice_equal(buffer_slice(&a->event_log), buffer_slice(&b->event_log)) &&
           slice_equal(buffer_slice(&a->envelope), buffer_slice(&b->envelope));
}

static void test_every_break_differs(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        forge_result valid = make(kinds[k], NULL, NULL);
        for (size_t i = 0; i < forge_break_count(); i++) {
            const forge_break *b = forge_break_at(i);
            if ((b->kinds & 1u << kinds[k]) == 0) {
                continue;
            }
            forge_result made = make(kinds[k], NULL, b);
            if (same_evidence(&made, &valid)) {
                fail_msg("%s changes nothing", b->name);
            }
            assert_true(slice_equal(buffer_slice(&made.root), buffer_slice(&valid.root)));
            assert_true(slice_equal(buffer_slice(&made.foreign_root), buffer_slice(&valid.foreign_root)));
            assert_int_equal(made.now, valid.now);
            assert_true(slice_equal(buffer_slice(&made.policy), buffer_slice(&valid.policy)));
            assert_true(slice_equal(buffer_slice(&made.app_compose), buffer_slice(&valid.app_compose)));
            assert_memory_equal(made.kms_root, valid.kms_root, sizeof valid.kms_root);
            forge_result_free(&made);
        }
        forge_result_free(&valid);
    }
}

static void check_certificates(const forge_break *b, chaos_slice pem)
{
    static chain c;
    if (!chain_read(pem, &c)) {
        fail_msg("%s: a certificate does not fit the profile", b->name);
    }
    for (size_t i = 0; i < c.count; i++) {
        X509 *cert = x509_of(c.der[i]);
        assert_non_null(cert);
        X509_free(cert);
    }
}

/* What is broken in meaning is whole in form: only the check of that meaning can refuse it. */
static void test_breaks_of_trust_are_well_formed(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        for (size_t i = 0; i < forge_break_count(); i++) {
            const forge_break *b = forge_break_at(i);
            CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_COLLATERAL);
            collateral_parts collateral;
            dcap_quote quote;
            fault why = { 0 };
            bool applies = (b->kinds & 1u << kinds[k]) != 0;
            if (!applies || chaos_status_class(b->expected) != CHAOS_CLASS_TRUST) {
                continue;
            }
            forge_result made = make(kinds[k], NULL, b);
            assert_true(dcap_quote_read(buffer_slice(&made.quote), &quote, &why));
            assert_true(collateral_read(buffer_slice(&made.collateral), &storage, &collateral, &why));
            if (quote.cert_data_type >= CERT_PCK_LEAF) {
                check_certificates(b, quote.cert_data);
            }
            if (b->expected != CHAOS_E_TCB_SIGNING_CERT) { /* whose breaks of form have the same code */
                check_certificates(b, collateral.tcb_info_issuer_chain);
                check_certificates(b, collateral.qe_identity_issuer_chain);
            }
            forge_result_free(&made);
        }
    }
}

/* ------------------------------------------------------------------------ options ---- */

static void test_same_recipe_same_bytes(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        const forge_options other_seed = { .seed = "another" };
        const forge_options later = { .now = FORGE_DEFAULT_NOW + 40 * SIM_DAY };
        forge_result first = make(kinds[k], NULL, NULL);
        forge_result second = make(kinds[k], NULL, NULL);
        forge_result third = make(kinds[k], &other_seed, NULL);
        forge_result fourth = make(kinds[k], &later, NULL);
        assert_true(same_evidence(&first, &second));
        assert_false(same_evidence(&first, &third));
        assert_false(slice_equal(buffer_slice(&first.root), buffer_slice(&third.root)));
        assert_true(slice_equal(buffer_slice(&first.root), buffer_slice(&fourth.root)));
        /* a binding has a time, a quote has none */
        assert_int_equal(slice_equal(buffer_slice(&first.quote), buffer_slice(&fourth.quote)), kinds[k] == FORGE_SGX3);
        assert_int_equal(fourth.now, later.now);
        forge_result_free(&first);
        forge_result_free(&second);
        forge_result_free(&third);
        forge_result_free(&fourth);
    }
}

static void test_report_data(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        forge_options options = { .has_report_data = true };
        size_t at = kinds[k] == FORGE_TDX4 ? TD_REPORT_DATA : SGX_REPORT_DATA;
        dcap_quote quote;
        fault why = { 0 };
        memset(options.report_data.bytes, 0x5a, sizeof options.report_data.bytes);
        forge_result made = make(kinds[k], &options, NULL);
        assert_true(dcap_quote_read(buffer_slice(&made.quote), &quote, &why));
        assert_memory_equal(quote.body.data + at, options.report_data.bytes,
                            sizeof options.report_data.bytes);
        forge_result_free(&made);
    }
}

static void test_tcb_status(void **state)
{
    static tcb_info info;
    (void)state;
    for (int s = CHAOS_TCB_UP_TO_DATE; s <= CHAOS_TCB_REVOKED; s++) {
        const forge_options options = { .tcb_status = chaos_tcb_status_name((chaos_tcb_status)s) };
        bool of_platforms =
            s != CHAOS_TCB_TD_RELAUNCH_ADVISED && s != CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
        forge_result made;
        fault why = { 0 };
        parts p;
        chaos_status status = forge_make(FORGE_TDX4, &options, NULL, &made, NULL);
        assert_int_equal(status, of_platforms ? CHAOS_OK : CHAOS_E_USAGE);
        if (!of_platforms) {
            continue;
        }
        parts_read(&made, &p);
        assert_true(tcb_info_read(p.collateral.tcb_info, &info, &why));
        assert_int_equal(info.levels[0].status, s);
        parts_free(&p);
        forge_result_free(&made);
    }
}

static void expect_usage(forge_kind kind, const forge_options *options, const forge_break *broken)
{
    forge_result made;
    chaos_error err = { 0 };
    assert_int_equal(forge_make(kind, options, broken, &made, &err), CHAOS_E_USAGE);
    assert_int_equal(err.status, CHAOS_E_USAGE);
    assert_null(made.quote.data);
    assert_null(made.collateral.data);
    assert_null(made.envelope.data);
    forge_result_free(&made);
}

static void test_refused_options(void **state)
{
    const forge_options too_early = { .now = 1 };
    const forge_options too_late = { .now = 4102444800 };
    const forge_options no_status = { .tcb_status = "uptodate" };
    const forge_break unknown = { "no-such-break", "", CHAOS_E_QUOTE_FORMAT, BOTH, false };
    (void)state;
    expect_usage((forge_kind)0, NULL, NULL);
    expect_usage((forge_kind)3, NULL, NULL);
    expect_usage(FORGE_TDX4, &too_early, NULL);
    expect_usage(FORGE_TDX4, &too_late, NULL);
    expect_usage(FORGE_TDX4, &no_status, NULL);
    expect_usage(FORGE_TDX4, NULL, &unknown);
    expect_usage(FORGE_SGX3, NULL, forge_break_find("log-imr-4"));
    expect_usage(FORGE_TDX4, NULL, forge_break_find("policy-sgx-debug"));
    forge_result_free(NULL);
}

/* --------------------------------------------------------------------------- tools ---- */

/* RFC 6979 A.2.5, P-256 with SHA-256, message "sample". */
static void test_rfc6979(void **state)
{
    static sim_keyring keys;
    p256_signature signature;
    uint8_t r[P256_SIZE];
    uint8_t s[P256_SIZE];
    (void)state;
    assert_true(hex_decode(slice_text("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"),
                           keys.scalar[KEY_ROOT], P256_SIZE));
    assert_true(hex_decode(slice_text("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"), r,
                           sizeof r));
    assert_true(hex_decode(slice_text("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"), s,
                           sizeof s));
    assert_true(keyring_sign(&keys, KEY_ROOT, slice_text("sample"), &signature));
    assert_memory_equal(signature.r, r, sizeof r);
    assert_memory_equal(signature.s, s, sizeof s);
}

static void test_keys_differ(void **state)
{
    static sim_keyring keys;
    (void)state;
    assert_true(keyring_make("seed", "seed", &keys));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        assert_true(p256_key_is_valid(&keys.point[i]));
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(keys.scalar[i], keys.scalar[k], P256_SIZE);
        }
    }
}

static void check_der_length(size_t size)
{
    CHAOS_AUTO_BUFFER(out, size + 16);
    CHAOS_AUTO_BUFFER(content, size + 1);
    uint8_t *room = buffer_reserve(&content, size);
    assert_non_null(room);
    memset(room, 0x5a, size);
    content.size = size;
    der_writer w = der_writer_begin(&out);
    der_write(&w, DER_OCTET_STRING, buffer_slice(&content));
    assert_true(der_writer_end(&w));
    reader r = rd_begin(buffer_slice(&out), CHAOS_E_CRL_FORMAT);
    chaos_slice read =
        der_take(&r, "octets", DER_OCTET_STRING, NULL); /* refuses lengths that are not minimal */
    assert_true(rd_ok(&r) && rd_left(&r) == 0);
    assert_true(slice_equal(read, buffer_slice(&content)));
}

static void check_der_number(uint64_t number)
{
    CHAOS_AUTO_BUFFER(out, 32);
    der_writer w = der_writer_begin(&out);
    der_write_unsigned(&w, DER_INTEGER, number);
    assert_true(der_writer_end(&w));
    reader r = rd_begin(buffer_slice(&out), CHAOS_E_CRL_FORMAT);
    assert_true(der_unsigned(&r, "number", DER_INTEGER, UINT64_MAX) == number);
    assert_true(rd_ok(&r) && rd_left(&r) == 0);
}

static void test_der_writer(void **state)
{
    static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
    static const uint64_t numbers[] = { 0, 1, 127, 128, 255, 256,
                                        32767, 32768, UINT32_MAX, INT64_MAX, UINT64_MAX };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(sizes); i++) {
        check_der_length(sizes[i]);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(numbers); i++) {
        check_der_number(numbers[i]);
    }
}

static void test_der_writer_latches(void **state)
{
    (void)state;
    CHAOS_AUTO_BUFFER(out, 64);
    CHAOS_AUTO_BUFFER(small, 3);
    der_writer open = der_writer_begin(&out);
    der_open(&open, DER_SEQUENCE);
    assert_false(der_writer_end(&open)); /* not closed */
    der_close(&open);
    assert_true(der_writer_end(&open));
    der_close(&open); /* once too often */
    assert_false(der_writer_end(&open));
    der_writer deep = der_writer_begin(&out);
    for (size_t i = 0; i <= DER_WRITER_DEPTH; i++) {
        der_open(&deep, DER_SEQUENCE);
    }
    assert_false(der_writer_end(&deep));
    der_writer full = der_writer_begin(&small);
    der_write(&full, DER_OCTET_STRING, slice_text("too long"));
    assert_false(der_writer_end(&full));
}

static void test_der_times(void **state)
{
    static const struct {
        int64_t seconds;
        bool generalized;
        const char *text;
    } rows[] = {
        { 0, false,
          "\x17\x0d"
          "700101000000Z" },
        { 2524607999, false,
          "\x17\x0d"
          "491231235959Z" },
        { 2524608000, false,
          "\x18\x0f"
          "20500101000000Z" },
        { 0, true,
          "\x18\x0f"
          "19700101000000Z" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        CHAOS_AUTO_BUFFER(out, 32);
        der_writer w = der_writer_begin(&out);
        der_write_time(&w, rows[i].seconds, rows[i].generalized);
        assert_true(der_writer_end(&w));
        assert_true(slice_is(buffer_slice(&out), rows[i].text));
    }
}

static void test_text_edit(void **state)
{
    static const struct {
        text_edit edit;
        const char *result; /* NULL: refused */
    } rows[] = {
        { { NULL, NULL }, "one two two" },
        { { NULL, "!" }, "one two two!" },
        { { "", "zero " }, "zero one two two" },
        { { "two", "2" }, "one 2 two" },
        { { "one", "eleven" }, "eleven two two" },
        { { "three", "3" }, NULL },
        { { "one two two three", "" }, NULL },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        CHAOS_AUTO_BUFFER(text, MAX_TEXT);
        assert_true(buffer_append_text(&text, "one two two"));
        bool done = text_edit_apply(&rows[i].edit, &text);
        assert_int_equal(done, rows[i].result != NULL);
        if (done) {
            assert_true(slice_is(buffer_slice(&text), rows[i].result));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_reads),
        cmocka_unit_test(test_valid_signatures),
        cmocka_unit_test(test_valid_event_log),
        cmocka_unit_test(test_openssl_accepts_valid),
        cmocka_unit_test(test_openssl_sees_breaks),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_every_break_differs),
        cmocka_unit_test(test_breaks_of_trust_are_well_formed),
        cmocka_unit_test(test_same_recipe_same_bytes),
        cmocka_unit_test(test_report_data),
        cmocka_unit_test(test_tcb_status),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_rfc6979),
        cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_der_writer),
        cmocka_unit_test(test_der_writer_latches),
        cmocka_unit_test(test_der_times),
        cmocka_unit_test(test_text_edit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
