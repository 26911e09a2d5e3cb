/* test_verify.c - trust roots, the contract of chaos_verify, and that the answer is a function of its arguments alone. */
#include "sim/recipe.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

static chaos_error err;

static void make_root(recipe *r, sim_cert which, chaos_buffer *der)
{
    *der = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_CERTIFICATE);
    assert_true(certificate_make(r, which, der));
}

static void begin_recipe(recipe *r)
{
    static const forge_options defaults;

    assert_true(recipe_init(r, FORGE_TDX4, &defaults));
}

/* ---------------------------------------------------------------- trust ---- */

/* Adds the recipe's trusted root and says with which status. */
static chaos_status add(recipe *r)
{
    chaos_buffer der;
    chaos_trust *trust = NULL;
    chaos_status status;

    make_root(r, CERT_TRUSTED_ROOT, &der);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    status = chaos_trust_add_root(trust, buffer_slice(&der), &err);
    chaos_trust_free(trust);
    chaos_buffer_free(&der);
    return status;
}

#define EXPECT_ROOT_REFUSED(change)                            \
    do {                                                       \
        recipe r_;                                             \
        cert_spec *root;                                       \
        begin_recipe(&r_);                                     \
        root = &r_.certs[CERT_TRUSTED_ROOT];                   \
        change;                                                \
        assert_int_equal(add(&r_), CHAOS_E_TRUST_ROOT_FORMAT); \
        assert_true(err.text[0] != '\0');                      \
        recipe_free(&r_);                                      \
    } while (0)

static void test_root_profile(void **state)
{
    recipe r;

    (void)state;
    begin_recipe(&r);
    assert_int_equal(add(&r), CHAOS_OK);
    recipe_free(&r);
    EXPECT_ROOT_REFUSED(root->is_ca = false; root->has_path_length = false);
    EXPECT_ROOT_REFUSED(root->has_basic_constraints = false);
    EXPECT_ROOT_REFUSED(root->has_key_usage = false);
    EXPECT_ROOT_REFUSED(root->key_usage = KEY_USAGE_CRL_SIGN);
    EXPECT_ROOT_REFUSED(root->key_usage = KEY_USAGE_CERT_SIGN);
    EXPECT_ROOT_REFUSED(root->issuer_name = "Somebody Else");
    EXPECT_ROOT_REFUSED(root->signer = KEY_STRANGER);
    EXPECT_ROOT_REFUSED(root->flaw = CERT_SIGNATURE_FLIPPED);
    EXPECT_ROOT_REFUSED(root->flaw = CERT_TRAILING_BYTE);
    EXPECT_ROOT_REFUSED(root->flaw = CERT_KEY_OTHER_CURVE);
}

static void test_root_texts(void **state)
{
    recipe r;
    chaos_buffer der, pem = CHAOS_BUFFER_INIT(1u << 16);
    chaos_trust *trust = NULL;
    uint8_t nothing[1] = { 0 };

    (void)state;
    begin_recipe(&r);
    make_root(&r, CERT_TRUSTED_ROOT, &der);
    assert_true(pem_write("CERTIFICATE", buffer_slice(&der), &pem));
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, buffer_slice(&pem), &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, buffer_slice(&pem), &err), CHAOS_OK); /* twice is once */
    assert_int_equal(chaos_trust_add_root(trust, slice(nothing, 0), &err), CHAOS_E_TRUST_ROOT_FORMAT);
    assert_true(pem_write("CERTIFICATE", buffer_slice(&der), &pem));
    assert_int_equal(chaos_trust_add_root(trust, buffer_slice(&pem), &err), CHAOS_E_TRUST_ROOT_FORMAT); /* two blocks */
    assert_int_equal(chaos_trust_add_root(NULL, buffer_slice(&der), &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_trust_new(NULL, &err), CHAOS_E_USAGE);
    chaos_trust_free(trust);
    chaos_trust_free(NULL);
    chaos_buffer_free(&pem);
    chaos_buffer_free(&der);
    recipe_free(&r);
}

static void test_root_limit(void **state)
{
    chaos_trust *trust = NULL;
    chaos_status status = CHAOS_OK;
    unsigned added = 0;

    (void)state;
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    for (unsigned i = 0; i < CHAOS_MAX_TRUST_ROOTS + 1 && status == CHAOS_OK; i++) {
        char seed[16];
        forge_options options = { .seed = seed };
        recipe r;
        chaos_buffer der;

        (void)snprintf(seed, sizeof seed, "root %u", i);
        assert_true(recipe_init(&r, FORGE_TDX4, &options));
        make_root(&r, CERT_TRUSTED_ROOT, &der);
        status = chaos_trust_add_root(trust, buffer_slice(&der), &err);
        added += status == CHAOS_OK;
        chaos_buffer_free(&der);
        recipe_free(&r);
    }
    assert_int_equal(status, CHAOS_E_USAGE);
    assert_int_equal(added, CHAOS_MAX_TRUST_ROOTS - 1); /* the vendor's is there from the start */
    chaos_trust_free(trust);
}

/* --------------------------------------------------------------- verify ---- */

typedef struct whole {
    recipe r;
    chaos_buffer quote, collateral, log, root;
    chaos_evidence *evidence;
    chaos_collateral *parsed;
    chaos_trust *trust;
} whole;

/* Evidence of a recipe, whose root's organisation may be changed by the caller before. */
static void whole_make(whole *w)
{
    const size_t limit = 1u << 20;

    w->quote = (chaos_buffer)CHAOS_BUFFER_INIT(limit);
    w->collateral = (chaos_buffer)CHAOS_BUFFER_INIT(limit);
    w->log = (chaos_buffer)CHAOS_BUFFER_INIT(limit);
    assert_true(event_log_make(&w->r, &w->log));
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        chaos_buffer_free(&w->r.ders[i]);
        w->r.ders[i] = (chaos_buffer)CHAOS_BUFFER_INIT(limit);
        assert_true(certificate_make(&w->r, (sim_cert)i, &w->r.ders[i]));
    }
    assert_true(quote_make(&w->r, &w->quote));
    assert_true(collateral_make(&w->r, &w->collateral));
    assert_int_equal(chaos_evidence_parse_with_log(buffer_slice(&w->quote), buffer_slice(&w->log), &w->evidence, &err),
                     CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(buffer_slice(&w->collateral), &w->parsed, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_new(&w->trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(w->trust, buffer_slice(&w->r.ders[CERT_TRUSTED_ROOT]), &err), CHAOS_OK);
}

static void whole_free(whole *w)
{
    chaos_trust_free(w->trust);
    chaos_collateral_free(w->parsed);
    chaos_evidence_free(w->evidence);
    chaos_buffer_free(&w->quote);
    chaos_buffer_free(&w->collateral);
    chaos_buffer_free(&w->log);
    recipe_free(&w->r);
}

static void test_claims(void **state)
{
    whole w = { 0 };
    chaos_claims *claims = NULL;
    chaos_slice value = { NULL, 0 };

    (void)state;
    begin_recipe(&w.r);
    whole_make(&w);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, w.r.now, NULL, &claims, &err), CHAOS_OK);
    assert_int_equal(chaos_claims_tee(claims), CHAOS_TEE_TDX);
    assert_int_equal(chaos_claims_anchor(claims), CHAOS_ANCHOR_SIMULATED);
    assert_int_equal(chaos_claims_tcb_status(claims), CHAOS_TCB_UP_TO_DATE);
    assert_true(chaos_claims_get(claims, "report_data", &value));
    assert_int_equal(value.size, 64);
    assert_memory_equal(value.data, w.r.quote.body + TD_REPORT_DATA, 64);
    assert_true(chaos_claims_get(claims, "rtmr3", &value));
    assert_memory_equal(value.data, w.r.quote.body + TD_RTMR + 3 * 48, 48);
    assert_true(chaos_claims_get(claims, "fmspc", &value));
    assert_memory_equal(value.data, w.r.pck.fmspc, 6);
    assert_false(chaos_claims_get(claims, "mr_enclave", &value));
    assert_false(chaos_claims_get(claims, "", &value));
    assert_false(chaos_claims_get(claims, NULL, &value));
    chaos_claims_free(claims);
    chaos_claims_free(NULL);
    whole_free(&w);
}

/* Anyone else's root is custom; the simulator's organisation makes it simulated whatever the caller thinks. */
static void test_anchor_kinds(void **state)
{
    whole w = { 0 };
    chaos_claims *claims = NULL;

    (void)state;
    begin_recipe(&w.r);
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        w.r.certs[i].organization = "Some Test Laboratory";
    }
    whole_make(&w);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, w.r.now, NULL, &claims, &err), CHAOS_OK);
    assert_int_equal(chaos_claims_anchor(claims), CHAOS_ANCHOR_CUSTOM);
    assert_string_equal(chaos_anchor_name(CHAOS_ANCHOR_CUSTOM), "custom");
    assert_string_equal(chaos_anchor_name((chaos_anchor)0), "unknown");
    chaos_claims_free(claims);
    whole_free(&w);
}

static void test_contract(void **state)
{
    whole w = { 0 };
    chaos_claims *const untouched = (chaos_claims *)(void *)&w;
    chaos_claims *claims = untouched;

    (void)state;
    begin_recipe(&w.r);
    whole_make(&w);
    assert_int_equal(chaos_verify(NULL, w.parsed, w.trust, 0, NULL, &claims, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verify(w.evidence, NULL, w.trust, 0, NULL, &claims, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, NULL, 0, NULL, &claims, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, 0, NULL, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, 0, NULL, &claims, NULL), CHAOS_E_CRL_NOT_YET_VALID);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, 0, NULL, &claims, &err), CHAOS_E_CRL_NOT_YET_VALID);
    assert_string_equal(err.field, "root_ca_crl.thisUpdate");
    assert_string_equal(err.expected, "1970-01-01T00:00:00Z");
    assert_ptr_equal(claims, untouched);
    whole_free(&w);
}

/* The clock, the environment and what was verified before have no say: the same arguments give the same answer, with and
 * without a cache, for times around every date of the evidence. */
static void test_cache_changes_nothing(void **state)
{
    whole w = { 0 };
    chaos_cache *cache = NULL;

    (void)state;
    begin_recipe(&w.r);
    whole_make(&w);
    assert_int_equal(chaos_cache_new(1u << 20, &cache, &err), CHAOS_OK);
    assert_int_equal(chaos_cache_new(1u << 20, NULL, &err), CHAOS_E_USAGE);
    for (int64_t day = -500; day <= 500; day += 5) {
        chaos_claims *with = NULL, *without = NULL;
        int64_t now = w.r.now + day * SIM_DAY;
        chaos_status first = chaos_verify(w.evidence, w.parsed, w.trust, now, NULL, &without, &err);

        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, now, cache, &with, &err), first);
            chaos_claims_free(with);
            with = NULL;
        }
        chaos_claims_free(without);
    }
    chaos_cache_free(cache);
    chaos_cache_free(NULL);
    whole_free(&w);
}

/* Two roots are trusted, and each half of the evidence is right under its own: they are not to be mixed. */
static void test_roots_are_not_mixed(void **state)
{
    static const forge_options other_seed = { .seed = "another simulator" };
    whole a = { 0 }, b = { 0 };
    collateral_parts mixed;
    chaos_buffer text = CHAOS_BUFFER_INIT(1u << 20);
    chaos_collateral *collateral = NULL;
    chaos_claims *claims = NULL;

    (void)state;
    begin_recipe(&a.r);
    whole_make(&a);
    assert_true(recipe_init(&b.r, FORGE_TDX4, &other_seed));
    whole_make(&b);
    assert_int_equal(chaos_trust_add_root(a.trust, buffer_slice(&b.r.ders[CERT_TRUSTED_ROOT]), &err), CHAOS_OK);
    assert_int_equal(chaos_verify(b.evidence, b.parsed, a.trust, a.r.now, NULL, &claims, &err), CHAOS_OK);
    chaos_claims_free(claims);
    claims = NULL;

    mixed = a.parsed->parts;
    mixed.tcb_info = b.parsed->parts.tcb_info;
    mixed.tcb_info_signature = b.parsed->parts.tcb_info_signature;
    mixed.tcb_info_issuer_chain = b.parsed->parts.tcb_info_issuer_chain;
    assert_true(collateral_write(&mixed, &text));
    assert_int_equal(chaos_collateral_parse(buffer_slice(&text), &collateral, &err), CHAOS_OK);
    assert_int_equal(chaos_verify(a.evidence, collateral, a.trust, a.r.now, NULL, &claims, &err),
                     CHAOS_E_TCB_SIGNING_CERT);
    assert_string_equal(err.field, "root");
    chaos_collateral_free(collateral);
    chaos_buffer_free(&text);
    whole_free(&a);
    whole_free(&b);
}

/* Every date failure is found in one pass, and an authentication failure takes the place of a date as the error. */
static void test_dates_do_not_hide(void **state)
{
    whole w = { 0 };
    chaos_claims *claims = NULL;

    (void)state;
    begin_recipe(&w.r);
    whole_make(&w);
    w.quote.data[QUOTE_HEADER_SIZE + TD_MR_TD] ^= 1;
    chaos_evidence_free(w.evidence);
    w.evidence = NULL;
    assert_int_equal(chaos_evidence_parse(buffer_slice(&w.quote), &w.evidence, &err), CHAOS_OK);
    assert_int_equal(chaos_verify(w.evidence, w.parsed, w.trust, w.r.now + 400 * SIM_DAY, NULL, &claims, &err),
                     CHAOS_E_QUOTE_SIGNATURE);
    assert_null(claims);
    whole_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_profile),
        cmocka_unit_test(test_root_texts),
        cmocka_unit_test(test_root_limit),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_anchor_kinds),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_roots_are_not_mixed),
        cmocka_unit_test(test_cache_changes_nothing),
        cmocka_unit_test(test_dates_do_not_hide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
