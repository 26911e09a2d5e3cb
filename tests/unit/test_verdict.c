/* test_verdict.c - the two forms in which a verdict is written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "appraise/internal.h"
#include "tests/support/claims_fixture.h"
#include "tests/support/tree_kind.h"

enum {
    MAX_TEXT_LINES = 40
};

static chaos_claims shared_claims;

static chaos_verdict *judge_with(const chaos_claims *claims, const chaos_policy *policy)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;
    assert_int_equal(appraise_examined(claims, policy, &nothing, FIXTURE_NOW, &verdict, NULL), CHAOS_OK);
    return verdict;
}

static chaos_verdict *judge_by_default(const chaos_claims *claims)
{
    CHAOS_AUTO(chaos_policy, policy);
    assert_int_equal(chaos_policy_default(&policy, NULL), CHAOS_OK);
    return judge_with(claims, policy);
}

/* ---------------------------------------------------------------- states ---- */

static void affirming_td(chaos_claims *c)
{
    fixture_claims(c, BODY_TD_15EX);
}

static void affirming_enclave(chaos_claims *c)
{
    fixture_claims(c, BODY_SGX);
    c->pck.has_configuration = true;
    c->pck.smt_enabled = true;
    c->pck.has_platform_instance_id = true;
}

static void many_advisories(chaos_claims *c)
{
    fixture_claims(c, BODY_TD_10);
    c->tcb.status = CHAOS_TCB_SW_HARDENING_NEEDED;
    for (size_t i = 0; i < 12; i++) {
        (void)snprintf(c->tcb.advisories[i], MAX_ADVISORY_ID, "INTEL-SA-%05zu", i);
    }
    c->tcb.advisory_count = 12;
}

static void refused_by_policy(chaos_claims *c)
{
    fixture_claims(c, BODY_TD_10);
    c->anchor = CHAOS_ANCHOR_SIMULATED;
    fixture_field(c, "td_attributes")[0] = 1;
}

static void not_verified(chaos_claims *c)
{
    fixture_claims(c, BODY_TD_10);
    fixture_fail(c, CHECK_QUOTE_SIGNATURE, CHAOS_E_QUOTE_SIGNATURE);
}

static void unreadable(chaos_claims *c)
{
    memset(c, 0, sizeof *c);
    check_run_init(&c->run, false);
    fixture_fail(c, CHECK_QUOTE_FORMAT, CHAOS_E_QUOTE_FORMAT);
    c->run.error.offset = 12;
}

static void not_judged(chaos_claims *c)
{
    fixture_claims(c, BODY_TD_10);
    c->has_anchor = c->has_pck = c->has_collateral = c->has_tcb = false;
    fixture_fail(c, CHECK_TCB_INFO, CHAOS_E_COLLATERAL_MISSING);
}

static const struct {
    const char *word;
    void (*fill)(chaos_claims *c);
    int verified; /* 1, 0, -1: null */
    const char *tier, *tee, *code;
} states[] = {
    { "AFFIRMING (exit code 0)\n", affirming_td, 1, "AFFIRMING", "tdx", NULL },
    { "AFFIRMING (exit code 0)\n", affirming_enclave, 1, "AFFIRMING", "sgx", NULL },
    { "WARNING (exit code 1)\n", many_advisories, 1, "WARNING", "tdx", NULL },
    { "CONTRAINDICATED (exit code 2)\n", refused_by_policy, 1, "CONTRAINDICATED", "tdx", "ANCHOR" },
    { "NOT VERIFIED (exit code 4)\n", not_verified, 0, "CONTRAINDICATED", "tdx", "QUOTE_SIGNATURE" },
    { "NOT VERIFIED (exit code 3)\n", unreadable, 0, "CONTRAINDICATED", NULL, "QUOTE_FORMAT" },
    { "COULD NOT BE JUDGED (exit code 5)\n", not_judged, -1, "NONE", "tdx", "COLLATERAL_MISSING" },
};

/* ------------------------------------------------------------------ JSON ---- */

static tree *json_of(const chaos_verdict *verdict)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);

    assert_int_equal(chaos_verdict_write_json(verdict, &text, NULL), CHAOS_OK);
    assert_int_equal(text.data[text.size], 0);
    assert_null(memchr(text.data, '\n', text.size));
    tree *root = tree_parse((const char *)text.data, text.size);
    assert_non_null(root);
    /* RFC 8785: sorted, no spaces; only plain ASCII strings and small integers occur. */
    char *sorted = tree_canonical(root);
    assert_non_null(sorted);
    assert_string_equal(sorted, (const char *)text.data);
    free(sorted);
    return root;
}

static void assert_keys(const tree *object, const char *const *keys, size_t count)
{
    assert_non_null(object);
    for (size_t i = 0; i < count; i++) {
        if (tree_get(object, keys[i]) == NULL) {
            fail_msg("no member %s", keys[i]);
        }
    }
    assert_int_equal(tree_members(object), count);
}

static void assert_text(const tree *value, const char *expected)
{
    if (expected == NULL) {
        assert_true(tree_is_null(value));
    } else {
        assert_non_null(tree_text(value));
        assert_string_equal(tree_text(value), expected);
    }
}

static void assert_check_rows(const tree *checks)
{
    static const char *const results[] = { "pass", "warn", "fail", "not-checked" };
    size_t last = 0;

    assert_true(tree_size(checks) > 0);
    for (size_t index = 0; index < tree_size(checks); index++) {
        const tree *row = tree_at(checks, index);
        const char *name = tree_text(tree_get(row, "name"));
        const char *result = tree_text(tree_get(row, "result"));
        size_t id = last;
        size_t kind = 0;
        assert_non_null(name);
        assert_non_null(result);
        while (id < CHECK_COUNT && strcmp(check_names[id], name) != 0) {
            id++;
        }
        assert_true(id < CHECK_COUNT); /* known, and after the row before it */
        last = id + 1;
        while (kind < CHAOS_ARRAY_SIZE(results) && strcmp(results[kind], result) != 0) {
            kind++;
        }
        assert_true(kind < CHAOS_ARRAY_SIZE(results));
        bool decided = kind == 1 || kind == 2;
        assert_int_equal(tree_get(row, "code") != NULL, decided);
        assert_int_equal(tree_members(row), decided ? 5 : 4);
        assert_true(!decided || tree_text(tree_get(row, "expected")) != NULL);
        assert_true(!decided || tree_text(tree_get(row, "found")) != NULL);
    }
}

static void json_says_it_all(void **state)
{
    static const char *const keys[] = { "anchor", "checks", "claims", "error", "now", "policy_hash", "schema",
                                        "scope", "tcb", "tee", "tier", "verified" };
    static const char *const error_keys[] = { "code", "expected", "field", "found", "offset", "stage", "text" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(states); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        states[i].fill(&shared_claims);
        verdict = judge_by_default(&shared_claims);
        tree *root = json_of(verdict);
        assert_keys(root, keys, CHAOS_ARRAY_SIZE(keys));
        assert_text(tree_get(root, "schema"), "chaoschain/verdict/1");
        assert_text(tree_get(root, "scope"), "platform");
        assert_text(tree_get(root, "now"), "2026-01-01T00:00:00Z");
        assert_text(tree_get(root, "tier"), states[i].tier);
        assert_text(tree_get(root, "tee"), states[i].tee);
        const tree *verified = tree_get(root, "verified");
        assert_true(states[i].verified < 0 ? tree_is_null(verified)
                                           : tree_is_boolean(verified) && tree_is_true(verified) == states[i].verified);
        const tree *error = tree_get(root, "error");
        if (states[i].code == NULL) {
            assert_true(tree_is_null(error));
        } else {
            assert_keys(error, error_keys, CHAOS_ARRAY_SIZE(error_keys));
            assert_text(tree_get(error, "code"), states[i].code);
        }
        assert_check_rows(tree_get(root, "checks"));
        const tree *authentic = tree_get(tree_get(root, "claims"), "authentic");
        assert_true(states[i].tee == NULL ? authentic == NULL : tree_is_true(authentic) == (states[i].verified == 1));
        tree_free(root);
    }
}

static void json_of_the_tcb(void **state)
{
    static const char *const keys[] = { "advisory_ids", "current", "evaluation_data_number", "module", "platform",
                                        "qe", "status", "tcb_date" };
    static const char *const current_keys[] = { "advisory_ids", "module", "platform", "qe", "status", "tcb_date" };
    CHAOS_AUTO(chaos_verdict, td);
    CHAOS_AUTO(chaos_verdict, enclave);
    CHAOS_AUTO(chaos_verdict, none);
    (void)state;

    affirming_td(&shared_claims);
    td = judge_by_default(&shared_claims);
    tree *root = json_of(td);
    const tree *tcb = tree_get(root, "tcb");
    assert_keys(tcb, keys, CHAOS_ARRAY_SIZE(keys));
    assert_keys(tree_get(tcb, "current"), current_keys, CHAOS_ARRAY_SIZE(current_keys));
    assert_text(tree_get(tcb, "status"), "UpToDate");
    assert_text(tree_get(tcb, "module"), "UpToDate");
    assert_text(tree_get(tcb, "tcb_date"), "2025-03-07T00:00:00Z");
    assert_int_equal(tree_number(tree_get(tcb, "evaluation_data_number")), 17);
    tree_free(root);

    many_advisories(&shared_claims);
    shared_claims.tee = CHAOS_TEE_TDX;
    enclave = judge_by_default(&shared_claims);
    root = json_of(enclave);
    tcb = tree_get(root, "tcb");
    assert_true(tree_is_null(tree_get(tcb, "current")));
    assert_int_equal(tree_size(tree_get(tcb, "advisory_ids")), 12);
    assert_text(tree_at(tree_get(tcb, "advisory_ids"), 11), "INTEL-SA-00011");
    tree_free(root);

    not_judged(&shared_claims);
    none = judge_by_default(&shared_claims);
    root = json_of(none);
    assert_true(tree_is_null(tree_get(root, "tcb")));
    assert_true(tree_is_null(tree_get(root, "anchor")));
    tree_free(root);
}

static void json_of_the_claims(void **state)
{
    static const char *const td_names[] = {
        "authentic",
        "cert_data_type",
        "collateral_expiration",
        "cpusvn_ext",
        "current_service_td_attributes",
        "current_service_td_hash",
        "device_info_hash",
        "earliest_expiration",
        "earliest_issue",
        "fmspc",
        "initial_cpu_svn",
        "initial_service_td_attributes",
        "initial_service_td_hash",
        "initial_tee_fmspc",
        "initial_tee_tcb_svn",
        "latest_issue",
        "mr_config_id",
        "mr_owner",
        "mr_owner_config",
        "mr_seam",
        "mr_service_td",
        "mr_signer_seam",
        "mr_td",
        "pceid",
        "pcesvn",
        "pck_ca",
        "pck_not_after",
        "pck_not_before",
        "ppid",
        "qe_evaluation_number",
        "qe_isvprodid",
        "qe_isvsvn",
        "qe_mrsigner",
        "report_data",
        "root_key_id",
        "rtmr",
        "seam_attributes",
        "sgx_type",
        "tcb_components",
        "tcb_evaluation_number",
        "td_attributes",
        "td_id",
        "tee_tcb_svn",
        "tee_tcb_svn_2",
        "version",
        "vm_id",
        "xfam",
    };
    static const char *const enclave_names[] = {
        "attributes",
        "authentic",
        "cached_keys",
        "cert_data_type",
        "collateral_expiration",
        "config_id",
        "config_svn",
        "cpu_svn",
        "cpusvn_ext",
        "dynamic_platform",
        "earliest_expiration",
        "earliest_issue",
        "fmspc",
        "isv_ext_prod_id",
        "isv_family_id",
        "isv_prod_id",
        "isv_svn",
        "latest_issue",
        "misc_select",
        "mr_enclave",
        "mr_signer",
        "pceid",
        "pcesvn",
        "pck_ca",
        "pck_not_after",
        "pck_not_before",
        "platform_instance_id",
        "ppid",
        "qe_evaluation_number",
        "qe_isvprodid",
        "qe_isvsvn",
        "qe_mrsigner",
        "report_data",
        "root_key_id",
        "sgx_type",
        "smt_enabled",
        "tcb_components",
        "tcb_evaluation_number",
        "version",
    };
    CHAOS_AUTO(chaos_verdict, td);
    CHAOS_AUTO(chaos_verdict, enclave);
    CHAOS_AUTO(chaos_verdict, none);
    (void)state;

    affirming_td(&shared_claims);
    td = judge_by_default(&shared_claims);
    tree *root = json_of(td);
    const tree *claims = tree_get(root, "claims");
    assert_keys(claims, td_names, CHAOS_ARRAY_SIZE(td_names));
    assert_int_equal(tree_size(tree_get(claims, "rtmr")), 4);
    assert_memory_equal(tree_text(tree_at(tree_get(claims, "rtmr"), 3)), "a3a3a3", 6);
    assert_text(tree_get(claims, "fmspc"), "50806f000000");
    assert_text(tree_get(claims, "pck_ca"), "platform");
    assert_text(tree_get(claims, "xfam"), "e71a060000000000");
    assert_int_equal(tree_number(tree_at(tree_get(claims, "tcb_components"), 15)), 3);
    tree_free(root);

    affirming_enclave(&shared_claims);
    enclave = judge_by_default(&shared_claims);
    root = json_of(enclave);
    claims = tree_get(root, "claims");
    assert_keys(claims, enclave_names, CHAOS_ARRAY_SIZE(enclave_names));
    assert_int_equal(tree_number(tree_get(claims, "isv_prod_id")), 256);
    assert_int_equal(tree_number(tree_get(claims, "isv_svn")), 9);
    assert_true(tree_is_true(tree_get(claims, "smt_enabled")));
    tree_free(root);

    unreadable(&shared_claims);
    none = judge_by_default(&shared_claims);
    root = json_of(none);
    assert_int_equal(tree_members(tree_get(root, "claims")), 0);
    assert_int_equal(tree_number(tree_get(tree_get(root, "error"), "offset")), 12);
    tree_free(root);
}

static void policy_hash_is_of_the_file(void **state)
{
    CHAOS_AUTO(chaos_policy, none);
    CHAOS_AUTO(chaos_verdict, by_default);
    CHAOS_AUTO(chaos_verdict, by_none);
    char hex[2 * KECCAK_SIZE + 1];
    (void)state;

    affirming_td(&shared_claims);
    by_default = judge_by_default(&shared_claims);
    tree *root = json_of(by_default);
    chaos_keccak hash = hash_keccak(slice_text(default_policy_text));
    const char *text = tree_text(tree_get(root, "policy_hash"));
    assert_non_null(text);
    assert_memory_equal(text, "0x", 2);
    assert_string_equal(text + 2, error_hex(hex, sizeof hex, slice(hash.bytes, sizeof hash.bytes)));
    tree_free(root);

    assert_int_equal(chaos_policy_none(&none, NULL), CHAOS_OK);
    by_none = judge_with(&shared_claims, none);
    root = json_of(by_none);
    assert_true(tree_is_null(tree_get(root, "policy_hash")));
    assert_text(tree_get(root, "tier"), "NONE");
    tree_free(root);
}

/* ------------------------------------------------------------------ text ---- */

static void assert_readable(const chaos_buffer *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        lines += c == '\n' ? 1 : 0;
        if (c != '\n' && (c < 0x20 || c > 0x7e)) {
            fail_msg("byte %02x at %zu", c, i);
        }
    }
    assert_int_equal(text->data[text->size - 1], '\n');
    assert_true(lines < MAX_TEXT_LINES);
}

static void text_says_the_word_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(states); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
        states[i].fill(&shared_claims);
        verdict = judge_by_default(&shared_claims);
        assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
        assert_readable(&text);
        if (getenv("SHOW") != NULL) {
            print_message("%s\n", (const char *)text.data);
        }
        assert_memory_equal(text.data, states[i].word, strlen(states[i].word));
        assert_true(states[i].code == NULL || strstr((const char *)text.data, states[i].code) != NULL);
    }
}

static void text_wraps_lists(void **state)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    (void)state;

    many_advisories(&shared_claims);
    verdict = judge_by_default(&shared_claims);
    assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
    const char *line = strstr((const char *)text.data, "INTEL-SA-00000");
    const char *last = strstr((const char *)text.data, "INTEL-SA-00011\n");
    assert_non_null(line);
    assert_non_null(last);
    for (const char *c = line; c < last; c = strchr(c, '\n') + 1) {
        assert_true(strcspn(c, "\n") + (c == line ? 18 : 0) <= 100);
    }
}

static void a_simulated_root_is_shouted(void **state)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    (void)state;

    affirming_td(&shared_claims);
    shared_claims.anchor = CHAOS_ANCHOR_SIMULATED;
    assert_int_equal(chaos_policy_parse(slice_text("{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"simulated\"]}"),
                                        &policy, NULL),
                     CHAOS_OK);
    verdict = judge_with(&shared_claims, policy);
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_AFFIRMING);
    assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
    assert_non_null(strstr((const char *)text.data, "SIMULATED: no hardware vouches for this"));
}

/* What a stranger wrote cannot reach a terminal or break the JSON. */
static void strangers_text_is_harmless(void **state)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    (void)state;

    many_advisories(&shared_claims);
    memset(shared_claims.tcb.advisories[3], 0x9b, MAX_ADVISORY_ID); /* and no NUL */
    memcpy(shared_claims.tcb.advisories[4], "\x1b[2J\"\\\n", 8);
    verdict = judge_by_default(&shared_claims);
    assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
    assert_readable(&text);
    chaos_buffer_free(&text);
    assert_int_equal(chaos_verdict_write_json(verdict, &text, NULL), CHAOS_OK);
    tree *root = tree_parse((const char *)text.data, text.size);
    assert_non_null(root);
    tree_free(root);
}

/* ---------------------------------------------------------------- limits ---- */

/* At every limit that is too small the buffer keeps what it held before. */
static void a_full_buffer_is_left_alone(void **state)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(whole, CHAOS_MAX_VERDICT);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    chaos_error err;
    (void)state;

    affirming_td(&shared_claims);
    verdict = judge_by_default(&shared_claims);
    assert_int_equal(chaos_verdict_write_json(verdict, &whole, NULL), CHAOS_OK);
    assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
    for (size_t limit = 3; limit < whole.size + 3; limit += 7) {
        CHAOS_AUTO_BUFFER(small, limit);
        assert_true(buffer_append_text(&small, "abc"));
        assert_int_not_equal(chaos_verdict_write_json(verdict, &small, &err), CHAOS_OK);
        assert_int_equal(small.size, 3);
        assert_string_equal((const char *)small.data, "abc");
    }
    for (size_t limit = 3; limit < text.size + 3; limit += 7) {
        CHAOS_AUTO_BUFFER(small, limit);
        assert_true(buffer_append_text(&small, "abc"));
        assert_int_not_equal(chaos_verdict_write_text(verdict, &small, &err), CHAOS_OK);
        assert_int_equal(small.size, 3);
        assert_string_equal((const char *)small.data, "abc");
    }
    CHAOS_AUTO_BUFFER(exact, whole.size);
    assert_int_equal(chaos_verdict_write_json(verdict, &exact, &err), CHAOS_OK);
    assert_int_equal(chaos_verdict_write_json(NULL, &exact, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verdict_write_json(verdict, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verdict_write_text(NULL, &exact, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_verdict_write_text(verdict, NULL, &err), CHAOS_E_USAGE);
}

static void names_are_total(void **state)
{
    (void)state;
    assert_string_equal(chaos_tier_name(CHAOS_TIER_NONE), "NONE");
    assert_string_equal(chaos_tier_name(CHAOS_TIER_WARNING), "WARNING");
    assert_string_equal(chaos_tier_name((chaos_tier)99), "UNKNOWN");
    assert_string_equal(tee_name_of((chaos_tee_kind)0), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_it_all),
        cmocka_unit_test(json_of_the_tcb),
        cmocka_unit_test(json_of_the_claims),
        cmocka_unit_test(policy_hash_is_of_the_file),
        cmocka_unit_test(text_says_the_word_first),
        cmocka_unit_test(text_wraps_lists),
        cmocka_unit_test(a_simulated_root_is_shouted),
        cmocka_unit_test(strangers_text_is_harmless),
        cmocka_unit_test(a_full_buffer_is_left_alone),
        cmocka_unit_test(names_are_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
