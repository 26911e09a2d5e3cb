/* test_forged.c - the forge's valid evidence is accepted only where the policy names the simulated anchor, and each
 * of its breaks is refused for its own reason. scripts/delete-a-check looks for the lines "expected CODE". */
#include "sim/sim.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_valid_envelopes),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_breaks_of_quotes_in_envelopes),
        cmocka_unit_test(test_statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
