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

static void envelope_of_an_agent(chaos_claims *c)
{
    fixture_envelope(c, BODY_TD_15);
}

static void envelope_of_an_enclave(chaos_claims *c)
{
    fixture_envelope(c, BODY_SGX);
}

static void refused_envelope(chaos_claims *c)
{
    fixture_envelope(c, BODY_TD_10);
    fixture_fail(c, CHECK_POSSESSION, CHAOS_E_POSSESSION_SIGNATURE);
}

static const struct {
    const char *word;
    void (*fill)(chaos_claims *c);
    int verified; /* 1, 0, -1: null */
    const char *tier, *tee, *code;
    const char *scope; /* NULL: "platform" */
} states[] = {
    { "AFFIRMING (exit code 0)\n", affirming_td, 1, "AFFIRMING", "tdx", NULL, NULL },
    { "AFFIRMING (exit code 0)\n", affirming_enclave, 1, "AFFIRMING", "sgx", NULL, NULL },
    { "WARNING (exit code 1)\n", many_advisories, 1, "WARNING", "tdx", NULL, NULL },
    { "CONTRAINDICATED (exit code 2)\n", refused_by_policy, 1, "CONTRAINDICATED", "tdx", "ANCHOR", NULL },
    { "NOT VERIFIED (exit code 4)\n", not_verified, 0, "CONTRAINDICATED", "tdx", "QUOTE_SIGNATURE", NULL },
    { "NOT VERIFIED (exit code 3)\n", unreadable, 0, "CONTRAINDICATED", NULL, "QUOTE_FORMAT", NULL },
    { "COULD NOT BE JUDGED (exit code 5)\n", not_judged, -1, "NONE", "tdx", "COLLATERAL_MISSING", NULL },
    { "WARNING (exit code 1)\n", envelope_of_an_agent, 1, "WARNING", "tdx", NULL, "agent" },
    { "WARNING (exit code 1)\n", envelope_of_an_enclave, 1, "WARNING", "sgx", NULL, "agent" },
    { "NOT VERIFIED (exit code 4)\n", refused_envelope, 0, "CONTRAINDICATED", "tdx", "POSSESSION_SIGNATURE", "agent" },
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
        assert_text(tree_get(root, "scope"), states[i].scope == NULL ? "platform" : states[i].scope);
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

#define X4(s) s s s s
#define X20(s) X4(s) X4(s) X4(s) X4(s) X4(s)
#define X32(s) X20(s) X4(s) X4(s) X4(s)

static void json_of_the_binding(void **state)
{
    static const struct {
        const char *name, *text;
    } members[] = {
        { "agent_id", "42" },
        { "agent_uri_hash", "0x" X32("00") },
        { "anchor_block", "7" },
        { "chain_id", "31337" },
        { "expires_at", "18446744073709551615" }, /* no JSON number could carry it */
        { "identity_key", "0x" X20("c1") },
        { "identity_registry", "0x" X20("b1") },
        { "issued_at", "1767222000" },
        { "nonce", "0x" X32("d1") },
        { "policy_hash", "0x" X32("00") },
        { "public_key_hash", "0x" X32("c1") },
        { "subject", "0x" X32("00") },
        { "tls_spki_hash", "0x" X32("00") },
    };
    CHAOS_AUTO(chaos_verdict, verdict);
    (void)state;

    envelope_of_an_agent(&shared_claims);
    shared_claims.binding.expires_at = UINT64_MAX;
    verdict = judge_by_default(&shared_claims);
    tree *root = json_of(verdict);
    const tree *claims = tree_get(root, "claims");
    const tree *binding = tree_get(claims, "binding");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(members); i++) {
        assert_text(tree_get(binding, members[i].name), members[i].text);
    }
    assert_int_equal(tree_number(tree_get(binding, "stage")), 1);
    assert_int_equal(tree_members(binding), CHAOS_ARRAY_SIZE(members) + 1);
    assert_text(tree_get(claims, "binding_hash"), "0x" X32("b2"));
    assert_text(tree_get(claims, "evidence_hash"), "0x" X32("b3"));
    tree_free(root);
}

static void json_of_the_application(void **state)
{
    static const struct {
        const char *name, *text;
    } members[] = {
        { "app_id", X20("f1") },
        { "compose_hash", X32("f2") },
        { "instance_id", X20("f3") },
        { "key_provider", "kms" },
        { "kms_root", "02" X32("e1") },
        { "os_image_hash", X32("f4") },
    };
    CHAOS_AUTO(chaos_verdict, full);
    CHAOS_AUTO(chaos_verdict, empty);
    (void)state;

    envelope_of_an_agent(&shared_claims);
    full = judge_by_default(&shared_claims);
    tree *root = json_of(full);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(members); i++) {
        assert_text(tree_get(tree_get(root, "claims"), members[i].name), members[i].text);
    }
    assert_int_equal(tree_number(tree_get(tree_get(root, "claims"), "event_count")), 27);
    tree_free(root);

    /* Bytes that nobody said are no claims. */
    shared_claims.has_app_id = shared_claims.has_compose_hash = false;
    shared_claims.has_instance_id = shared_claims.has_os_image_hash = shared_claims.has_kms_root = false;
    memset(shared_claims.key_provider, 0, sizeof shared_claims.key_provider);
    empty = judge_by_default(&shared_claims);
    root = json_of(empty);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(members); i++) {
        assert_null(tree_get(tree_get(root, "claims"), members[i].name));
    }
    tree_free(root);
}

static void numbers_are_decimal(void **state)
{
    static const struct {
        uint8_t first, last;
        const char *text;
    } cases[] = {
        { 0, 0, "0" },
        { 0, 9, "9" },
        { 0, 10, "10" },
        { 0, 255, "255" },
        { 0x80, 0, "57896044618658097711785492504343953926634992332820282019728792003956564819968" },
    };
    chaos_u256 number;
    char text[U256_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        memset(&number, 0, sizeof number);
        number.bytes[0] = cases[i].first;
        number.bytes[31] = cases[i].last;
        assert_string_equal(u256_text(&number, text), cases[i].text);
    }
    memset(&number, 0xff, sizeof number);
    assert_string_equal(u256_text(&number, text),
                        "115792089237316195423570985008687907853269984665640564039457584007913129639935");
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

/* Does `part` stand in the text of these claims under the default policy? */
static bool text_has(const chaos_claims *claims, const char *part)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);

    verdict = judge_by_default(claims);
    assert_int_equal(chaos_verdict_write_text(verdict, &text, NULL), CHAOS_OK);
    assert_readable(&text);
    return strstr((const char *)text.data, part) != NULL;
}

static void text_names_the_agent(void **state)
{
    static const char *const parts[] = {
        "\n  agent           eip155:31337:0x" X20("b1") ":42\n",
        "\n  identity key    0x" X20("c1") "\n",
        "\n  stage           1 (identity key)\n",
        "\n  binding         issued 2025-12-31T23:00:00Z, expires 2026-01-01T23:00:00Z\n",
        "\n  app id          " X20("f1") "\n",
        "\n  compose hash    " X32("f2") "\n",
        "\n  open  freshness: no nonce was expected",
        "\n  open  code: the policy does not pin the code\n",
        "\n  open  identity-key: nothing was expected",
    };
    static const char *const stages[] = { "0 (before registration)", "1 (identity key)", "2 (validation request)",
                                          "3 (TLS channel)", "4 (key only)", "5 (session key)", "unknown" };
    (void)state;

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(parts); i++) {
        envelope_of_an_agent(&shared_claims);
        if (!text_has(&shared_claims, parts[i])) {
            fail_msg("no line %s", parts[i]);
        }
        affirming_td(&shared_claims);
        assert_false(text_has(&shared_claims, parts[i])); /* of a bare quote */
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stages); i++) {
        envelope_of_an_agent(&shared_claims);
        shared_claims.binding.stage = (uint8_t)i;
        assert_true(text_has(&shared_claims, stages[i]));
    }
    shared_claims.binding.stage = CHAOS_STAGE_KEY_ONLY;
    assert_true(text_has(&shared_claims, "\n  agent           none\n"));
    shared_claims.binding.stage = CHAOS_STAGE_BEFORE_REGISTRATION;
    assert_true(text_has(&shared_claims, X20("b1") ", not registered yet\n"));
    shared_claims.binding.expires_at = UINT64_MAX;
    assert_true(text_has(&shared_claims, "expires 18446744073709551615\n"));
    /* The longest agent that there is fits. */
    shared_claims.binding.stage = CHAOS_STAGE_IDENTITY;
    memset(&shared_claims.binding.chain_id, 0xff, sizeof shared_claims.binding.chain_id);
    memset(&shared_claims.binding.agent_id, 0xff, sizeof shared_claims.binding.agent_id);
    assert_true(text_has(&shared_claims, "913129639935:0x" X20("b1") ":115792089"));
    assert_true(text_has(&shared_claims, "457584007913129639935\n"));
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
    shared_claims.has_event_log = true;
    memset(shared_claims.key_provider, 0x9b, sizeof shared_claims.key_provider);
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

    envelope_of_an_agent(&shared_claims);
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
        cmocka_unit_test(json_of_the_binding),
        cmocka_unit_test(json_of_the_application),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(policy_hash_is_of_the_file),
        cmocka_unit_test(text_says_the_word_first),
        cmocka_unit_test(text_names_the_agent),
        cmocka_unit_test(text_wraps_lists),
        cmocka_unit_test(a_simulated_root_is_shouted),
        cmocka_unit_test(strangers_text_is_harmless),
        cmocka_unit_test(a_full_buffer_is_left_alone),
        cmocka_unit_test(names_are_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
