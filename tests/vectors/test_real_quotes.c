/* test_real_quotes.c - every quote and collateral pair of the real vectors gives the status that is recorded for it. */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect_text(const char *name, const char *what, const json_t *want, const json_t *got)
{
    const char *w = json_string_value(want);
    const char *g = json_string_value(got);

    if (w == NULL && g == NULL) {
        return;
    }
    if (w == NULL || g == NULL || strcmp(w, g) != 0) {
        print_error("%s: %s: expected %s, found %s\n", name, what, w == NULL ? "null" : w, g == NULL ? "null" : g);
        failures++;
    }
}

static bool array_has(const json_t *array, const char *text)
{
    size_t i;
    json_t *value;

    json_array_foreach(array, i, value)
    {
        if (strcmp(json_string_value(value), text) == 0) {
            return true;
        }
    }
    return false;
}

static void expect_same_set(const char *name, const json_t *want, const json_t *got)
{
    size_t i;
    json_t *value;

    if (json_array_size(want) != json_array_size(got)) {
        print_error("%s: advisory_ids: expected %zu, found %zu\n", name, json_array_size(want), json_array_size(got));
        failures++;
        return;
    }
    json_array_foreach(want, i, value)
    {
        if (!array_has(got, json_string_value(value))) {
            print_error("%s: advisory_ids: expected %s, not found\n", name, json_string_value(value));
            failures++;
        }
    }
}

/* `error.code` must be the first word of one of the wanted errors. */
static void expect_error(const char *name, const json_t *errors, const json_t *verdict)
{
    const char *code = verdict_error_code(verdict);
    size_t i;
    json_t *value;

    json_array_foreach(errors, i, value)
    {
        const char *text = json_string_value(value);
        size_t word = strcspn(text, " ");

        if (strlen(code) == word && strncmp(text, code, word) == 0) {
            return;
        }
    }
    print_error("%s: expected %s, found %s\n", name, json_string_value(json_array_get(errors, 0)),
                code[0] == '\0' ? "no error" : code);
    failures++;
}

static void expect_tcb(const char *name, const json_t *want, const json_t *tcb)
{
    static const char *const keys[] = { "status", "platform", "module", "qe", "tcb_date" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (json_object_get(want, keys[i]) != NULL) {
            expect_text(name, keys[i], json_object_get(want, keys[i]), json_object_get(tcb, keys[i]));
        }
    }
    if (json_object_get(want, "advisory_ids") != NULL) {
        expect_same_set(name, json_object_get(want, "advisory_ids"), json_object_get(tcb, "advisory_ids"));
    }
    if (json_object_get(want, "current") != NULL) {
        expect_tcb(name, json_object_get(want, "current"), json_object_get(tcb, "current"));
    }
}

static json_t *check_pair(const json_t *pair, int *exit_code)
{
    char name[512];
    chaos_buffer quote, collateral;
    json_t *verdict;

    (void)snprintf(name, sizeof name, "dcap/%s", json_string_value(json_object_get(pair, "quote")));
    assert_true(read_vector(name, &quote));
    (void)snprintf(name, sizeof name, "dcap/%s", json_string_value(json_object_get(pair, "collateral")));
    assert_true(read_vector(name, &collateral));
    check_input input = { .quote = bytes_of(&quote),
                          .collateral = bytes_of(&collateral),
                          .now = json_integer_value(json_object_get(pair, "now")) };
    verdict = check_to_json(&input, exit_code);
    chaos_buffer_free(&quote);
    chaos_buffer_free(&collateral);
    return verdict;
}

static void test_pairs(void **state)
{
    json_t *expected, *pair;
    size_t i;

    (void)state;
    REQUIRE_VECTORS();
    failures = 0;
    expected = read_vector_json("dcap/expected.json");
    json_array_foreach(json_object_get(expected, "pairs"), i, pair)
    {
        const json_t *want = json_object_get(pair, "want");
        const json_t *errors = json_object_get(want, "errors");
        int exit_code = -1;
        json_t *verdict = check_pair(pair, &exit_code);
        char name[600];

        (void)snprintf(name, sizeof name, "%s at %lld", json_string_value(json_object_get(pair, "quote")),
                       json_integer_value(json_object_get(pair, "now")));
        expect_tcb(name, want, json_object_get(verdict, "tcb"));
        if (errors != NULL) {
            expect_error(name, errors, verdict);
        }
        if (json_is_true(json_object_get(verdict, "verified")) != (errors == NULL)) {
            print_error("%s: verified: expected %s, found error %s\n", name, errors == NULL ? "true" : "false",
                        verdict_error_code(verdict));
            failures++;
        }
        if (errors != NULL && exit_code != 4) {
            print_error("%s: exit code: expected 4, found %d\n", name, exit_code);
            failures++;
        }
        json_decref(verdict);
    }
    assert_true(i >= 93);
    json_decref(expected);
    assert_int_equal(failures, 0);
}

/* Statuses in the words of another verifier, for pairs that have no `want`. */
static const struct {
    const char *theirs, *status, *error;
} translations[] = {
    { "STATUS_OK", "UpToDate", "" },
    { "STATUS_TCB_OUT_OF_DATE", "OutOfDate", "" },
    { "STATUS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED", "ConfigurationAndSWHardeningNeeded", "" },
    { "STATUS_TCB_NOT_SUPPORTED", NULL, "TCB_NOT_SUPPORTED" },
};

static void expect_translated(const json_t *pair, const char *theirs, bool refused_for_tail)
{
    const char *name = json_string_value(json_object_get(pair, "quote"));
    json_t *verdict = check_pair(pair, NULL);
    const char *code = verdict_error_code(verdict);
    const char *status = json_string_value(json_object_get(json_object_get(verdict, "tcb"), "status"));
    bool known = false;

    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        if (strcmp(translations[i].theirs, theirs) != 0) {
            continue;
        }
        known = true;
        if (refused_for_tail ? strcmp(code, "TRAILING_DATA") != 0
            : translations[i].status != NULL
                ? status == NULL || strcmp(status, translations[i].status) != 0
                : strcmp(code, translations[i].error) != 0) {
            print_error("%s: expected %s, found status %s, error %s\n", name,
                        refused_for_tail ? "TRAILING_DATA" : theirs, status == NULL ? "null" : status, code);
            failures++;
        }
    }
    if (!known) {
        print_error("%s: no translation for %s\n", name, theirs);
        failures++;
    }
    json_decref(verdict);
}

static void test_native_and_padded(void **state)
{
    json_t *expected, *pair;
    size_t i;

    (void)state;
    REQUIRE_VECTORS();
    failures = 0;
    expected = read_vector_json("dcap/expected.json");
    json_array_foreach(json_object_get(expected, "native_pairs"), i, pair)
    {
        expect_translated(pair, json_string_value(json_object_get(json_object_get(pair, "engines"), "intel_qvl")), false);
    }
    json_array_foreach(json_object_get(expected, "padded"), i, pair)
    {
        expect_translated(pair, json_string_value(json_object_get(json_object_get(pair, "results"), "intel_qvl")),
                          !json_is_true(json_object_get(pair, "all_zero")));
    }
    json_decref(expected);
    assert_int_equal(failures, 0);
}

/* The words of strict_expect where it leaves a choice; docs/decisions.md says why. */
static const struct {
    const char *name, *choice;
} choices[] = {
    { "cpusvn_differs_from_components", "PCK_EXTENSION" },
    { "tcb_key_with_unicode_escape_signed", "JSON" },
    { "tcb_leading_space_signed", "accept:UpToDate" },
    { "tcb_pretty_printed_signed", "accept:UpToDate" },
    { "pck_chain_reversed", "PCK_CHAIN_ORDER" },
    { "pck_chain_text_between_blocks", "PCK_CHAIN_FORMAT" },
    { "ctype5_and_other_chain_in_collateral", "PCK_CERT_MISMATCH" },
    { "v4_header_reserved_nonzero_signed", "accept:UpToDate" },
    { "tcb_eval_differs_from_qe_eval", "accept:UpToDate" },
    { "td_sept_ve_disable_clear", "accept:UpToDate" },
    { "td_attr_migratable", "accept:UpToDate" },
    { "td_xfam_reserved", "accept:UpToDate" },
    { "td_xfam_fixed1_clear", "accept:UpToDate" },
    { "sgx_provision_key", "accept:UpToDate" },
    { "td15_mrservicetd_nonzero", "SERVICE_TD" },
    { "tcb_version_2", "TCB_INFO_FORMAT" },
    { "relaunch_current_module_unknown", "TCB_NOT_SUPPORTED" },
    { "ctype3_no_chain", "PCK_CHAIN_MISSING" },
    { "tcb_signing_cert_other_cn", "TCB_SIGNING_CERT" },
};

static void strict_word(const json_t *one, char *word, size_t capacity)
{
    const char *name = json_string_value(json_object_get(one, "name"));
    const char *text = json_string_value(json_object_get(one, "strict_expect"));

    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i].name, name) == 0) {
            (void)snprintf(word, capacity, "%s", choices[i].choice);
            return;
        }
    }
    if (strncmp(text, "reject:", 7) == 0) {
        text += 7;
    }
    (void)snprintf(word, capacity, "%.*s", (int)strcspn(text, " "), text);
}

static void check_synthetic(const json_t *one, const chaos_buffer *root)
{
    const char *name = json_string_value(json_object_get(one, "name"));
    char path[512], want[128];
    chaos_buffer quote, collateral;
    const char *code, *status;
    json_t *verdict;

    (void)snprintf(path, sizeof path, "dcap/synthetic/%s/quote.bin", name);
    assert_true(read_vector(path, &quote));
    (void)snprintf(path, sizeof path, "dcap/synthetic/%s/collateral.json", name);
    assert_true(read_vector(path, &collateral));
    check_input input = { .quote = bytes_of(&quote),
                          .collateral = bytes_of(&collateral),
                          .extra_root = bytes_of(root),
                          .now = json_integer_value(json_object_get(one, "now")) };
    verdict = check_to_json(&input, NULL);
    code = verdict_error_code(verdict);
    status = json_string_value(json_object_get(json_object_get(verdict, "tcb"), "status"));
    strict_word(one, want, sizeof want);
    if (strncmp(want, "accept:", 7) == 0
            ? !json_is_true(json_object_get(verdict, "verified")) || status == NULL || strcmp(status, want + 7) != 0
            : strcmp(code, want) != 0) {
        print_error("%s: expected %s, found status %s, error %s (%s)\n", name, want, status == NULL ? "null" : status, code,
                    json_string_value(json_object_get(json_object_get(verdict, "error"), "text")));
        failures++;
    }
    json_decref(verdict);
    chaos_buffer_free(&quote);
    chaos_buffer_free(&collateral);
}

static void test_synthetic(void **state)
{
    chaos_buffer root;
    json_t *cases, *one;
    size_t i;

    (void)state;
    REQUIRE_VECTORS();
    failures = 0;
    cases = read_vector_json("dcap/synthetic/cases.json");
    assert_true(read_vector("dcap/synthetic/certs/root_ca.der", &root));
    json_array_foreach(cases, i, one)
    {
        check_synthetic(one, &root);
    }
    assert_true(i >= 196);
    chaos_buffer_free(&root);
    json_decref(cases);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_native_and_padded),
        cmocka_unit_test(test_synthetic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
