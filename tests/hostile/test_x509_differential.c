/* test_x509_differential.c - our reading of Intel's certificate chains beside OpenSSL's X509_verify_cert, on thousands of
 * chains with up to three random faults. What we accept, OpenSSL must accept: we are never the laxer one. What OpenSSL
 * accepts we may refuse only for a rule of the profile that it does not have; never for a signature or a date. */
#include "sim/recipe.h"
#include "verify/internal.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tests/support/support.h"

enum {
    CHAINS = 4000,
    MAX_FAULTS = 3
};

static chaos_error err;
static uint32_t random_state = 20260101;

static uint32_t pick(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

/* ------------------------------------------------------------------ faults ---- */

static const sim_cert places[] = { CERT_PCK, CERT_PCK_CA, CERT_ROOT };

static void shift_dates(recipe *r, cert_spec *c)
{
    static const int64_t around[] = { -SIM_DAY, -1, 0, 1, SIM_DAY };

    if (pick(2) == 0) {
        c->not_before = r->now + around[pick(5)];
    } else {
        c->not_after = r->now + around[pick(5)];
    }
}

static void change_issuer(recipe *r, cert_spec *c)
{
    static const sim_cert others[] = { CERT_TRUSTED_ROOT, CERT_PCK_CA, CERT_OTHER_CA, CERT_PCK, CERT_FOREIGN_ROOT,
                                       CERT_TCB_SIGNER };

    (void)r;
    c->issuer = others[pick(CHAOS_ARRAY_SIZE(others))];
}

static void change_signer(recipe *r, cert_spec *c)
{
    (void)r;
    c->signer = (sim_key)pick(KEY_COUNT);
}

static void change_key(recipe *r, cert_spec *c)
{
    (void)r;
    c->key = (sim_key)pick(KEY_COUNT);
}

static void change_constraints(recipe *r, cert_spec *c)
{
    (void)r;
    switch (pick(4)) {
    case 0:
        c->has_basic_constraints = false;
        break;
    case 1:
        c->is_ca = !c->is_ca;
        c->has_path_length = c->has_path_length && c->is_ca;
        break;
    case 2:
        c->has_path_length = c->is_ca && !c->has_path_length;
        break;
    default:
        c->path_length = (uint8_t)pick(3);
        break;
    }
}

static void change_usage(recipe *r, cert_spec *c)
{
    static const uint8_t usages[] = { KEY_USAGE_DIGITAL_SIGNATURE, KEY_USAGE_NON_REPUDIATION, KEY_USAGE_CERT_SIGN,
                                      KEY_USAGE_CRL_SIGN, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN,
                                      KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION };

    (void)r;
    c->has_key_usage = pick(5) != 0;
    c->key_usage = usages[pick(CHAOS_ARRAY_SIZE(usages))];
}

static void change_key_ids(recipe *r, cert_spec *c)
{
    (void)r;
    switch (pick(4)) {
    case 0:
        c->has_subject_key_id = false;
        break;
    case 1:
        c->has_authority_key_id = false;
        break;
    case 2:
        c->subject_key_id = (sim_key)pick(KEY_COUNT);
        break;
    default:
        c->authority_key_id = (sim_key)pick(KEY_COUNT);
        break;
    }
}

static void change_encoding(recipe *r, cert_spec *c)
{
    (void)r;
    c->flaw = (cert_flaw)pick(CERT_NON_MINIMAL_LENGTH + 1);
}

static void change_name(recipe *r, cert_spec *c)
{
    static const char *const names[] = { "Intel SGX Root CA", "Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA",
                                         "Intel SGX PCK Certificate", "Intel SGX TCB Signing", "Somebody" };

    (void)r;
    c->common_name = names[pick(CHAOS_ARRAY_SIZE(names))];
}

static void drop_distribution_point(recipe *r, cert_spec *c)
{
    (void)r;
    c->has_crl_distribution_point = false;
}

static void (*const faults[])(recipe *r, cert_spec *c) = {
    shift_dates,
    change_issuer,
    change_signer,
    change_key,
    change_constraints,
    change_usage,
    change_key_ids,
    change_encoding,
    change_name,
    drop_distribution_point,
};

/* -------------------------------------------------------------------- ours ---- */

/* Leaves the reason in `err`. */
static bool we_accept(const recipe *r, const chaos_trust *trust, const chaos_buffer *der)
{
    static const dcap_quote no_quote;
    chaos_buffer pem = CHAOS_BUFFER_INIT(1u << 20);
    dcap_quote quote = no_quote;
    chaos_collateral nothing = { .sealed = NULL };
    chaos_claims *claims = claims_empty();
    examination *x;
    chaos_status status;

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
        assert_true(pem_write("CERTIFICATE", bytes_of(&der[i]), &pem));
    }
    quote.tee = CHAOS_TEE_TDX;
    quote.cert_data_type = CERT_PCK_CHAIN;
    quote.cert_data = bytes_of(&pem);
    assert_non_null(claims);
    x = examination_new(&quote, &nothing, trust, r->now, claims, 0);
    assert_non_null(x);
    status = verify_pck_chain(x);
    if (status == CHAOS_OK) {
        status = verify_pck_dates(x);
    }
    assert_int_equal(x->own_fault, CHAOS_OK);
    /* that the leaf's key is a point is found when it verifies the QE report, which there is none of here */
    bool good = status == CHAOS_OK && !claims->run.failed && p256_key_is_valid(&x->leaf.key);
    err = claims->run.error;
    if (!good && err.status == CHAOS_OK) {
        err.status = CHAOS_E_PCK_CHAIN_FORMAT;
    }
    examination_free(x);
    chaos_claims_free(claims);
    chaos_buffer_free(&pem);
    return good;
}

/* ----------------------------------------------------------------- OpenSSL's ---- */

static X509 *decode(const chaos_buffer *der)
{
    const unsigned char *at = der->data;

    return d2i_X509(NULL, &at, (long)der->size);
}

static const char *openssl_reason;

static bool openssl_accepts(int64_t now, const chaos_buffer *trusted, const chaos_buffer *der)
{
    X509 *leaf = decode(&der[0]), *ca = decode(&der[1]), *root = decode(trusted);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    bool good = false;

    assert_true(root != NULL && store != NULL && context != NULL && untrusted != NULL);
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    openssl_reason = leaf == NULL || ca == NULL ? "it cannot be decoded" : "";
    if (leaf != NULL && ca != NULL) {
        (void)sk_X509_push(untrusted, ca);
        assert_int_equal(X509_STORE_CTX_init(context, store, leaf, untrusted), 1);
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
        X509_STORE_CTX_set_time(context, 0, (time_t)now);
        good = X509_verify_cert(context) == 1 && sk_X509_num(X509_STORE_CTX_get0_chain(context)) == 3;
        openssl_reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    }
    sk_X509_free(untrusted);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(ca);
    X509_free(leaf);
    return good;
}

/* ------------------------------------------------------------------- compare ---- */

/* Rules that OpenSSL does not have: roles by name, the profile's extensions, the presented root, strict DER, Intel's
 * extension. Neither a signature nor a date is among them. */
static bool is_rule_of_the_profile(void)
{
    static const chaos_status codes[] = { CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_ORDER, CHAOS_E_ROOT_UNTRUSTED,
                                          CHAOS_E_ROOT_EXPIRED, CHAOS_E_ROOT_NOT_YET_VALID,
                                          CHAOS_E_INTERMEDIATE_CA_NAME, CHAOS_E_INTERMEDIATE_CA_EXTENSIONS,
                                          CHAOS_E_INTERMEDIATE_CA, CHAOS_E_PCK_CERT, CHAOS_E_PCK_CERT_NAME,
                                          CHAOS_E_PCK_EXTENSION };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(codes); i++) {
        if (err.status == codes[i]) {
            return err.status != CHAOS_E_INTERMEDIATE_CA || err.field == NULL ||
                   strcmp(err.field, "signatureValue") != 0;
        }
    }
    /* the leaf names the root's key as its issuer's: a rule of ours about the field, where the signature is the CA's */
    return err.status == CHAOS_E_PCK_CERT_ISSUER && err.field != NULL &&
           strcmp(err.field, "authorityKeyIdentifier") == 0;
}

/* A validity includes its last second (RFC 5280 4.1.2.5); for OpenSSL it has passed then. */
static bool ends_now(const recipe *r)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
        if (r->certs[places[i]].not_after == r->now) {
            return true;
        }
    }
    return false;
}

static void test_chains(void **state)
{
    unsigned last_second = 0, both_accept = 0, both_refuse = 0, stricter = 0;
    static const forge_options defaults;
    chaos_buffer trusted = CHAOS_BUFFER_INIT(MAX_CERTIFICATE);
    chaos_trust *trust = NULL;
    recipe r;

    (void)state;
    assert_true(recipe_init(&r, FORGE_TDX4, &defaults));
    assert_true(certificate_make(&r, CERT_TRUSTED_ROOT, &trusted));
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&trusted), &err), CHAOS_OK);
    for (unsigned n = 0; n < CHAINS; n++) {
        chaos_buffer der[CHAOS_ARRAY_SIZE(places)];
        cert_spec sound[CERT_COUNT];
        unsigned count = n % (MAX_FAULTS + 1);

        memcpy(sound, r.certs, sizeof sound);
        for (unsigned i = 0; i < count; i++) {
            faults[pick(CHAOS_ARRAY_SIZE(faults))](&r, &r.certs[places[pick(CHAOS_ARRAY_SIZE(places))]]);
        }
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
            der[i] = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_CERTIFICATE);
            assert_true(certificate_make(&r, places[i], &der[i]));
        }
        bool ours = we_accept(&r, trust, der);
        bool theirs = openssl_accepts(r.now, &trusted, der);
        if (ours && !theirs && ends_now(&r) && openssl_accepts(r.now - 1, &trusted, der)) {
            last_second++;
            theirs = true;
        }
        if (ours && !theirs) {
            fail_msg("chain %u: we accept what OpenSSL refuses: %s", n, openssl_reason);
        }
        if (!ours && theirs && !is_rule_of_the_profile()) {
            fail_msg("chain %u: OpenSSL accepts what we refuse: %s, %s", n, chaos_status_name(err.status),
                     err.field == NULL ? "" : err.field);
        }
        assert_true(ours || count > 0);
        both_accept += ours && theirs ? 1 : 0;
        both_refuse += !ours && !theirs ? 1 : 0;
        stricter += !ours && theirs ? 1 : 0;
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
            chaos_buffer_free(&der[i]);
        }
        memcpy(r.certs, sound, sizeof sound);
    }
    print_message("%d chains: both accept %u, both refuse %u, only we refuse %u; in their last second %u\n", CHAINS,
                  both_accept, both_refuse, stricter, last_second);
    assert_true(both_accept > CHAINS / 4 && both_refuse > CHAINS / 10 && stricter > CHAINS / 20);
    chaos_trust_free(trust);
    chaos_buffer_free(&trusted);
    recipe_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
