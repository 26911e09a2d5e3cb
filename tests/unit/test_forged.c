/* test_forged.c - the forge's valid evidence is accepted only where the policy names the simulated anchor, and each
 * of its breaks is refused for its own reason. scripts/delete-a-check looks for the lines "expected CODE". */
#include "sim/recipe.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AFFIRMING 0
#define WARNING 1
#define CONTRAINDICATED 2
#define MALFORMED 3
#define NOT_TRUSTED 4
#define ENVIRONMENT 5

static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

static const char *kind_name(forge_kind kind)
{
    return kind == FORGE_SGX3 ? "sgx" : "tdx";
}

static void forge(forge_kind kind, const forge_options *options, const forge_break *broken, forge_result *made)
{
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    if (forge_make(kind, options, broken, made, &err) != CHAOS_OK) {
        fail_msg("forge %s %s: %s", kind_name(kind), broken == NULL ? "valid" : broken->name, err.text);
    }
}

static check_input input_of(const forge_result *made)
{
    check_input input = { .quote = bytes_of(&made->quote),
                          .event_log = bytes_of(&made->event_log),
                          .collateral = bytes_of(&made->collateral),
                          .extra_root = bytes_of(&made->root),
                          .policy_json = simulated_policy,
                          .now = made->now };
    return input;
}

static void expect(const char *name, const check_input *input, const char *code, int exit_code)
{
    int found = -1;
    json_t *verdict = check_to_json(input, &found);
    const char *found_code = verdict_error_code(verdict);

    if (strcmp(found_code, code) != 0 || found != exit_code) {
        fail_msg("%s: expected %s and exit code %d, found %s and %d: %s", name, code[0] == '\0' ? "no error" : code,
                 exit_code, found_code[0] == '\0' ? "no error" : found_code, found,
                 json_string_value(json_object_get(json_object_get(verdict, "error"), "text")));
    }
    json_decref(verdict);
}

static check_input envelope_input_of(const forge_result *made)
{
    check_input input = input_of(made);

    input.quote = (chaos_slice){ NULL, 0 };
    input.event_log = (chaos_slice){ NULL, 0 };
    input.envelope = bytes_of(&made->envelope);
    return input;
}

static void test_valid(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        forge_result made;
        check_input input;
        json_t *verdict;

        forge(kinds[k], NULL, NULL, &made);
        input = input_of(&made);
        expect(kind_name(kinds[k]), &input, "", AFFIRMING);
        verdict = check_to_json(&input, NULL);
        assert_string_equal(json_string_value(json_object_get(verdict, "anchor")), "simulated");
        json_decref(verdict);

        input.policy_json = NULL;
        expect("default policy", &input, "ANCHOR", CONTRAINDICATED);
        input.policy_json = "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"vendor\",\"custom\"]}";
        expect("custom is not simulated", &input, "ANCHOR", CONTRAINDICATED);
        input.no_policy = true;
        expect("no policy", &input, "", AFFIRMING);
        input.no_policy = false;
        input.policy_json = simulated_policy;
        input.extra_root = (chaos_slice){ NULL, 0 };
        expect("no root given", &input, "ROOT_UNTRUSTED", NOT_TRUSTED);
        input.extra_root = bytes_of(&made.foreign_root);
        expect("another root of the same name", &input, "ROOT_UNTRUSTED", NOT_TRUSTED);
        input.extra_root = bytes_of(&made.root);
        input.collateral = (chaos_slice){ NULL, 0 };
        expect("no collateral", &input, "COLLATERAL_MISSING", ENVIRONMENT);
        forge_result_free(&made);
    }
}

/* Everything that a relying party of this agent knows. */
static chaos_expectation expectation_of(const forge_result *made)
{
    chaos_expectation expected = CHAOS_EXPECTATION_INIT;

    expected.has_agent = true;
    expected.chain_id = made->binding.chain_id;
    expected.identity_registry = made->binding.identity_registry;
    expected.agent_id = made->binding.agent_id;
    expected.has_identity_key = true;
    expected.identity_key = made->binding.identity_key;
    expected.has_nonce = true;
    expected.nonce = made->binding.nonce;
    return expected;
}

/* An envelope of every stage: sound; affirmed only when code, agent, identity key and nonce are the expected ones. */
static void test_valid_envelopes(void **state)
{
    (void)state;
    for (unsigned stage = CHAOS_STAGE_BEFORE_REGISTRATION; stage <= CHAOS_STAGE_SESSION; stage++) {
        const forge_options options = { .has_stage = true, .stage = stage };
        chaos_expectation expected;
        forge_result made;
        check_input input;
        char name[32];

        (void)snprintf(name, sizeof name, "envelope of stage %u", stage);
        forge(FORGE_TDX4, &options, NULL, &made);
        assert_int_equal(made.binding.stage, stage);
        input = envelope_input_of(&made);
        expect(name, &input, "", WARNING);
        input.policy_json = NULL;
        expect(name, &input, "ANCHOR", CONTRAINDICATED);
        input.policy_json = (const char *)made.policy.data;
        expect(name, &input, "", WARNING);
        expected = expectation_of(&made);
        input.expectation = &expected;
        expect(name, &input, "", stage == CHAOS_STAGE_KEY_ONLY ? WARNING : AFFIRMING);
        expected.nonce.bytes[31] ^= 1;
        expect(name, &input, "BINDING_NONCE", CONTRAINDICATED);
        expected = expectation_of(&made);
        expected.identity_key.bytes[19] ^= 1;
        expect(name, &input, "BINDING_IDENTITY", CONTRAINDICATED);
        input.collateral = (chaos_slice){ NULL, 0 };
        expect(name, &input, "COLLATERAL_MISSING", ENVIRONMENT);
        forge_result_free(&made);
    }
}

static int exit_code_for(chaos_status status)
{
    if (chaos_status_class(status) == CHAOS_CLASS_FORMAT) {
        return MALFORMED;
    }
    if (chaos_status_class(status) == CHAOS_CLASS_ENV) {
        return ENVIRONMENT;
    }
    return (status & 0xff) >= 0x80 ? CONTRAINDICATED : NOT_TRUSTED;
}

static size_t check_input_of_break(const char *what, check_input input, const forge_break *broken)
{
    char name[128];
    int found = -1;
    json_t *verdict;
    size_t failed = 0;
    const char *code;

    (void)snprintf(name, sizeof name, "%s %s", what, broken->name);
    input.expected = chaos_status_name(broken->expected);
    verdict = check_to_json(&input, &found);
    code = verdict_error_code(verdict);
    if (strcmp(code, chaos_status_name(broken->expected)) != 0 || found != exit_code_for(broken->expected)) {
        print_error("%s: expected %s and exit code %d, found %s and %d: %s (%s)\n", name,
                    chaos_status_name(broken->expected), exit_code_for(broken->expected), code[0] == '\0' ? "no error" : code,
                    found, json_string_value(json_object_get(json_object_get(verdict, "error"), "text")),
                    json_string_value(json_object_get(json_object_get(verdict, "error"), "field")));
        failed = 1;
    }
    json_decref(verdict);
    return failed;
}

static size_t check_break(forge_kind kind, const forge_break *broken)
{
    forge_result made;
    size_t failed;

    forge(kind, NULL, broken, &made);
    if (broken->envelope) {
        failed = check_input_of_break("envelope", envelope_input_of(&made), broken);
    } else {
        failed = check_input_of_break(kind_name(kind), input_of(&made), broken);
    }
    forge_result_free(&made);
    return failed;
}

static void test_breaks(void **state)
{
    size_t failed = 0, checked = 0;

    (void)state;
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *broken = forge_break_at(i);

        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if ((broken->kinds & (1u << kinds[k])) != 0) {
                failed += check_break(kinds[k], broken);
                checked++;
            }
        }
    }
    print_message("%zu breaks, checked in %zu pieces of evidence\n", forge_break_count(), checked);
    assert_true(forge_break_count() >= 700);
    assert_int_equal(failed, 0);
}

/* Several parts of collateral are of one form: the sentence says which of them it speaks of, and says it once. */
static void test_sentences_name_the_part(void **state)
{
    static const struct {
        const char *broken;
        const char *part; /* NULL: the sentence begins with it */
    } cases[] = {
        { "root-crl-version-1", " (in root_ca_crl)" },
        { "pck-crl-version-1", " (in pck_crl)" },
        { "pck-crl-not-hex", " (in pck_crl)" },
        { "pck-der-version-1", " (in the leaf)" },
        { "ca-der-version-1", " (in the CA)" },
        { "root-der-version-1", " (in the root)" },
        { "chain-text-in-collateral", " (in pck_certificate_chain)" },
        { "cert-data-4-text-before", " (in certification_data)" },
        { "tcb-signer-der-version-1", " (in tcb_info_issuer_chain)" },
        { "identity-signer-der-version-1", " (in qe_identity_issuer_chain)" },
        { "tcb-info-duplicate-key", " (in tcb_info)" },
        { "identity-trailing-text", " (in qe_identity)" },
        { "collateral-stray-comma", " (in the collateral file)" },
        { "tcb-info-module-id-not-hex", NULL },
        { "collateral-array", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const forge_break *broken = forge_break_find(cases[i].broken);
        forge_result made;
        int exit_code = -1;

        assert_non_null(broken);
        forge(FORGE_TDX4, NULL, broken, &made);
        check_input input = input_of(&made);
        json_t *verdict = check_to_json(&input, &exit_code);
        const char *text = json_string_value(json_object_get(json_object_get(verdict, "error"), "text"));
        assert_non_null(text);
        const char *found = strstr(text, " (in ");
        if (cases[i].part == NULL ? found != NULL : found == NULL || strcmp(found, cases[i].part) != 0) {
            fail_msg("%s: %s", cases[i].broken, text);
        }
        json_decref(verdict);
        forge_result_free(&made);
    }
}

/* What is broken in the quote, its log or its collateral is refused for the same reason in an envelope; but a quote
 * that is too large for its part is refused with the envelope. */
static void test_breaks_of_quotes_in_envelopes(void **state)
{
    size_t failed = 0, checked = 0;

    (void)state;
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *broken = forge_break_at(i);
        forge_result made;

        if (broken->envelope || (broken->kinds & (1u << FORGE_TDX4)) == 0) {
            continue;
        }
        forge(FORGE_TDX4, NULL, broken, &made);
        if (made.quote.size <= CHAOS_MAX_EVIDENCE) {
            failed += check_input_of_break("tdx in an envelope", envelope_input_of(&made), broken);
            checked++;
        }
        forge_result_free(&made);
    }
    assert_true(checked >= 500);
    assert_int_equal(failed, 0);
}

/* The statuses of a platform level, from the forge's option to the verdict. */
static void test_statuses(void **state)
{
    static const struct {
        const char *status, *code;
        int exit_code;
    } rows[] = {
        { "UpToDate", "", AFFIRMING },
        { "SWHardeningNeeded", "", WARNING },
        { "ConfigurationNeeded", "", WARNING },
        { "ConfigurationAndSWHardeningNeeded", "", WARNING },
        { "OutOfDate", "TCB_STATUS", CONTRAINDICATED },
        { "OutOfDateConfigurationNeeded", "TCB_STATUS", CONTRAINDICATED },
        { "Revoked", "TCB_REVOKED", NOT_TRUSTED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forge_options options = { .tcb_status = rows[i].status };
        forge_result made;
        check_input input;
        json_t *verdict;

        forge(FORGE_TDX4, &options, NULL, &made);
        input = input_of(&made);
        expect(rows[i].status, &input, rows[i].code, rows[i].exit_code);
        verdict = check_to_json(&input, NULL);
        assert_string_equal(json_string_value(json_object_get(json_object_get(verdict, "tcb"), "status")), rows[i].status);
        json_decref(verdict);
        forge_result_free(&made);
    }
}

/* ----------------------------------------------------------------- sealing ---- */

static void issuers_of_valid(recipe *r)
{
    (void)r;
}
static void issuers_none(recipe *r)
{
    r->crl_chain.count = 0;
}
static void issuers_one(recipe *r)
{
    r->crl_chain.count = 1;
}
static void issuers_after_text(recipe *r)
{
    r->crl_chain.edit = (text_edit){ "", "text\n" };
}
static void issuers_of_signer(recipe *r)
{
    r->crl_chain.certs[0] = CERT_TCB_SIGNER;
}
static void issuers_of_leaf(recipe *r)
{
    r->crl_chain.certs[0] = CERT_PCK;
}
static void issuers_other_ca(recipe *r)
{
    r->crl_chain.certs[0] = CERT_OTHER_CA;
}
static void issuers_other_root(recipe *r)
{
    r->crl_chain.certs[1] = CERT_FOREIGN_ROOT;
}

/* Sealing knows the PCK CA by the chain that comes with its list, and no quote; verifying does not look at that chain. */
static void test_seal(void **state)
{
    static const struct {
        const char *name;
        void (*change)(recipe *r);
        chaos_status expected;
    } cases[] = {
        { "as it is", issuers_of_valid, CHAOS_OK },
        { "no issuers of the list", issuers_none, CHAOS_E_PCK_CHAIN_FORMAT },
        { "the CA alone", issuers_one, CHAOS_E_PCK_CHAIN_LENGTH },
        { "text before the issuers", issuers_after_text, CHAOS_E_PCK_CHAIN_FORMAT },
        { "the TCB signer in the CA's place", issuers_of_signer, CHAOS_E_INTERMEDIATE_CA_NAME },
        { "the leaf in the CA's place", issuers_of_leaf, CHAOS_E_INTERMEDIATE_CA_NAME },
        { "the other CA", issuers_other_ca, CHAOS_E_CRL_ISSUER },
        { "another root of the same name", issuers_other_root, CHAOS_E_ROOT_UNTRUSTED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
        chaos_collateral *collateral = NULL;
        chaos_trust *trust = NULL;
        forge_result made;
        check_input input;

        assert_int_equal(forge_make_changed(FORGE_TDX4, NULL, cases[i].change, &made, &err),
                         CHAOS_OK);
        assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
        assert_int_equal(chaos_trust_add_root(trust, bytes_of(&made.root), &err), CHAOS_OK);
        assert_int_equal(chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err), CHAOS_OK);
        const chaos_status status = chaos_collateral_seal(collateral, trust, made.now, &err);
        if (status != cases[i].expected) {
            fail_msg("%s: expected %s, found %s", cases[i].name, chaos_status_name(cases[i].expected),
                     chaos_status_name(status));
        }
        input = input_of(&made);
        expect(cases[i].name, &input, "", AFFIRMING);
        chaos_collateral_free(collateral);
        chaos_trust_free(trust);
        forge_result_free(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_valid_envelopes),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_sentences_name_the_part),
        cmocka_unit_test(test_breaks_of_quotes_in_envelopes),
        cmocka_unit_test(test_statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
