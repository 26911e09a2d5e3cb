/* test_appraise.c - every rule of the policy: a case that it accepts, and a neighbour that differs in one thing and has
 * to fail with its own code, in its own row, saying what was expected and what was found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "appraise/internal.h"
#include "tests/support/claims_fixture.h"
#include "tests/support/support.h" /* jansson's macros come last */

#define SCHEMA "\"schema\":\"chaoschain/policy/1\""
#define TCB(keys) "{" SCHEMA ",\"tcb\":{" keys "}}"
#define TDX(keys) "{" SCHEMA ",\"tdx\":{" keys "}}"
#define SGX(keys) "{" SCHEMA ",\"sgx\":{" keys "}}"
#define X2(s) s s
#define X4(s) X2(s) X2(s)
#define X16(s) X4(X4(s))
#define X32(s) X2(X16(s))
#define X48(s) X32(s) X16(s)

typedef void (*change)(chaos_claims *claims);

typedef struct rule_case {
    const char *label;
    const char *policy; /* NULL: the default */
    quote_body_type type;
    change change; /* NULL: none */
    chaos_tier tier;
    chaos_status status; /* of the row, and of the error if it failed; CHAOS_OK: none */
    check_id row;
    check_result result;
    const char *expected, *found; /* parts of the row's texts; NULL: not looked at */
} rule_case;

static chaos_policy *policy_of(const char *text)
{
    chaos_policy *policy = NULL;
    chaos_error err;
    chaos_status status = text == NULL ? chaos_policy_default(&policy, &err)
                                       : chaos_policy_parse(slice_text(text), &policy, &err);
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (%s)", text, err.text, err.field == NULL ? "" : err.field);
    }
    return policy;
}

static chaos_verdict *verdict_expecting(const chaos_claims *claims, const char *policy_text,
                                        const chaos_expectation *expectation, int64_t now)
{
    CHAOS_AUTO(chaos_policy, policy);
    chaos_verdict *verdict = NULL;

    policy = policy_of(policy_text);
    assert_int_equal(appraise_examined(claims, policy, expectation, now, &verdict, NULL), CHAOS_OK);
    assert_non_null(verdict);
    return verdict;
}

static chaos_verdict *verdict_of(const chaos_claims *claims, const char *policy_text, int64_t now)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;

    return verdict_expecting(claims, policy_text, &nothing, now);
}

static bool has_part(const char *text, const char *part)
{
    return part == NULL || (part[0] == '\0' ? text[0] == '\0' : strstr(text, part) != NULL);
}

/* A failure is the row's, it is the only one, and the error tells the same. */
static bool failure_is_the_rows(const chaos_verdict *verdict, check_id row)
{
    const chaos_error *error = chaos_verdict_error(verdict);
    const check_run *run = &verdict->claims.run;

    for (size_t id = CHECK_POLICY_ANCHOR; id < CHECK_COUNT; id++) {
        if (id != (size_t)row && run->rows[id].result == CHECK_FAILED) {
            return false;
        }
    }
    return error != NULL && error->field != NULL && error->status == run->rows[row].code &&
           strcmp(error->expected, run->rows[row].expected) == 0 &&
           strcmp(error->found, run->rows[row].found) == 0 && chaos_verdict_exit_code(verdict) == 2;
}

/* A rule that fires says its name, what was expected and what was found, in the row and in the JSON that people get. */
static bool row_is_told(const chaos_verdict *verdict, check_id row)
{
    const check_row *told = &verdict->claims.run.rows[row];
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    json_t *whole = NULL, *shown;
    bool found = false;
    size_t i;

    if (chaos_verdict_write_json(verdict, &text, NULL) == CHAOS_OK) {
        whole = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    }
    json_array_foreach(json_object_get(whole, "checks"), i, shown)
    {
        const char *expected = json_string_value(json_object_get(shown, "expected"));
        const char *seen = json_string_value(json_object_get(shown, "found"));

        if (strcmp(json_string_value(json_object_get(shown, "name")), check_names[row]) == 0) {
            found = expected != NULL && seen != NULL && strcmp(expected, told->expected) == 0 &&
                    strcmp(seen, told->found) == 0 && expected[0] != '\0' && seen[0] != '\0' &&
                    strcmp(json_string_value(json_object_get(shown, "result")),
                           told->result == CHECK_WARNED ? "warn" : "fail") == 0;
        }
    }
    json_decref(whole);
    chaos_buffer_free(&text);
    return found;
}

/* Does the case hold for these claims, which its change has already reached? */
static bool verdict_holds(const rule_case *c, const chaos_claims *claims, const chaos_expectation *expectation)
{
    CHAOS_AUTO(chaos_verdict, verdict);

    verdict = verdict_expecting(claims, c->policy, expectation, FIXTURE_NOW);
    const check_row *row = &verdict->claims.run.rows[c->row];
    const chaos_error *error = chaos_verdict_error(verdict);
    chaos_status got = row->result == CHECK_WARNED ? row->code : error == NULL ? CHAOS_OK
                                                                               : error->status;
    if (got != c->status || verdict->tier != c->tier || row->result != c->result) {
        print_error("%s: expected %s (%s, row %s %d), got %s (%s, row %d)\n", c->label, chaos_status_name(c->status),
                    chaos_tier_name(c->tier), check_names[c->row], (int)c->result, chaos_status_name(got),
                    chaos_tier_name(verdict->tier), (int)row->result);
        return false;
    }
    if (!has_part(row->expected, c->expected) || !has_part(row->found, c->found)) {
        print_error("%s: expected %s with \"%s\" and \"%s\", the row says \"%s\" and \"%s\"\n", c->label,
                    chaos_status_name(c->status), c->expected, c->found, row->expected, row->found);
        return false;
    }
    if ((c->result == CHECK_WARNED || c->result == CHECK_FAILED) && !row_is_told(verdict, c->row)) {
        print_error("%s: row %s does not say what was expected and found\n", c->label, check_names[c->row]);
        return false;
    }
    if (c->result == CHECK_FAILED ? !failure_is_the_rows(verdict, c->row) : error != NULL) {
        print_error("%s: expected %s alone\n", c->label, chaos_status_name(c->status));
        return false;
    }
    return chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE;
}

static bool case_holds(const rule_case *c)
{
    static chaos_claims claims;
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;

    fixture_claims(&claims, c->type);
    if (c->change != NULL) {
        c->change(&claims);
    }
    return verdict_holds(c, &claims, &nothing);
}

/* All of them, so that one look shows everything that a change has broken. */
static void run_cases(const rule_case *cases, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        wrong += case_holds(&cases[i]) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- changes ---- */

#define FLIP(name, field, index, bits)                     \
    static void name(chaos_claims *c)                      \
    {                                                      \
        fixture_field(c, field)[index] ^= (uint8_t)(bits); \
    }
#define SET(name, statement)          \
    static void name(chaos_claims *c) \
    {                                 \
        statement;                    \
    }

FLIP(td_debug, "td_attributes", 0, 0x01)
FLIP(td_reserved1, "td_attributes", 0, 0x02)
FLIP(td_reserved2, "td_attributes", 0, 0x04)
FLIP(td_reserved3, "td_attributes", 0, 0x08)
FLIP(td_hgs, "td_attributes", 0, 0x10)
FLIP(td_perf, "td_attributes", 0, 0x20)
FLIP(td_pmt, "td_attributes", 0, 0x40)
FLIP(td_reserved7, "td_attributes", 0, 0x80)
FLIP(td_reserved8, "td_attributes", 1, 0x01)
FLIP(td_icssd, "td_attributes", 2, 0x03)
FLIP(td_reserved18, "td_attributes", 2, 0x04)
FLIP(td_sept_clear, "td_attributes", 3, 0x10)
FLIP(td_migratable, "td_attributes", 3, 0x20)
FLIP(td_reserved61, "td_attributes", 7, 0x20)
FLIP(td_perfmon, "td_attributes", 7, 0xc0)
FLIP(td_xfam, "xfam", 7, 0x80)
FLIP(td_xfam_amx, "xfam", 2, 0x06) /* bits 17 and 18 */
FLIP(td_debug_and_perf, "td_attributes", 0, 0x21)
FLIP(td_service, "mr_service_td", 47, 0x01)
FLIP(td_service_first, "initial_service_td_hash", 0, 0x01)
FLIP(td_service_now, "current_service_td_hash", 0, 0x01)
SET(td_service_aa, memset(fixture_field(c, "mr_service_td"), 0xaa, 48))
SET(td_service_ab, memset(fixture_field(c, "mr_service_td"), 0xab, 48))
SET(td_service_all_aa, td_service_aa(c); memset(fixture_field(c, "current_service_td_hash"), 0xaa, 48))
FLIP(td_svn_launch, "tee_tcb_svn", 2, 0x01) /* 7 -> 6 */
FLIP(td_svn_now, "tee_tcb_svn_2", 0, 0x01)  /* 5 -> 4 */
FLIP(td_svn_above, "tee_tcb_svn", 15, 0xff)
FLIP(other_mr_td, "mr_td", 47, 0x01)
FLIP(other_mr_seam, "mr_seam", 0, 0x01)
FLIP(other_config_id, "mr_config_id", 9, 0x01)
FLIP(other_owner, "mr_owner", 9, 0x01)
FLIP(other_owner_config, "mr_owner_config", 9, 0x01)
FLIP(other_rtmr0, "rtmr0", 47, 0x80)
FLIP(other_rtmr1, "rtmr1", 47, 0x80)
FLIP(other_rtmr2, "rtmr2", 47, 0x80)
FLIP(other_rtmr3, "rtmr3", 47, 0x80)
FLIP(sgx_debug, "attributes", 0, 0x02)
FLIP(sgx_no_init, "attributes", 0, 0x01)
FLIP(sgx_provision, "attributes", 0, 0x10)
FLIP(sgx_reserved3, "attributes", 0, 0x08)
FLIP(sgx_reserved15, "attributes", 1, 0x80)
SET(current_worse, c->has_current = true; c->current = c->tcb; c->current.status = CHAOS_TCB_OUT_OF_DATE)
SET(current_same, c->has_current = true; c->current = c->tcb)
SET(current_advisory_2, current_same(c); c->current.advisory_count = 1;
    memcpy(c->current.advisories[0], "INTEL-SA-00002", 15))
FLIP(other_enclave, "mr_enclave", 31, 0x01)
FLIP(other_signer, "mr_signer", 31, 0x01)
FLIP(other_product, "isv_prod_id", 0, 0x01)
FLIP(lower_svn, "isv_svn", 0, 0x01)  /* 9 -> 8 */
FLIP(higher_svn, "isv_svn", 1, 0x01) /* 9 -> 265 */
SET(custom, c->anchor = CHAOS_ANCHOR_CUSTOM)
SET(simulated, c->anchor = CHAOS_ANCHOR_SIMULATED)
SET(strange_anchor, c->anchor = (chaos_anchor)0)
SET(out_of_date, c->tcb.status = CHAOS_TCB_OUT_OF_DATE)
SET(out_of_date_config, c->tcb.status = CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED)
SET(hardening, c->tcb.status = CHAOS_TCB_SW_HARDENING_NEEDED)
SET(old_101, out_of_date(c); c->tcb.tcb_date = FIXTURE_NOW - 101)
SET(old_100, out_of_date(c); c->tcb.tcb_date = FIXTURE_NOW - 100)
SET(advisory_1, c->tcb.advisory_count = 1; memcpy(c->tcb.advisories[0], "INTEL-SA-00001", 15))
SET(advisory_12, advisory_1(c); c->tcb.advisory_count = 2; memcpy(c->tcb.advisories[1], "INTEL-SA-00002", 15))
SET(tcb_eval_low, c->tcb_evaluation_number = 16)
SET(eval_high, c->tcb_evaluation_number = c->qe_evaluation_number = 18)
SET(qe_eval_low, c->qe_evaluation_number = 16)
SET(one_second_older, c->tcb.tcb_date--)
SET(other_fmspc, c->pck.fmspc[5] ^= 1)
SET(other_ppid, c->pck.ppid[15] ^= 1)

/* ------------------------------------------------------------------ rules ---- */

#define OK_(label, policy, type, change, row)                                                              \
    {                                                                                                      \
        label, policy, type, change, CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_##row, CHECK_PASSED, NULL, NULL \
    }
#define SHOWN(label, policy, type, change, row, expected, found)                                                     \
    {                                                                                                                \
        label, policy, type, change, CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_##row, CHECK_NOT_CHECKED, expected, found \
    }
#define WARN(label, policy, type, change, row, status, expected, found)                                               \
    {                                                                                                                 \
        label, policy, type, change, CHAOS_TIER_WARNING, CHAOS_E_##status, CHECK_##row, CHECK_WARNED, expected, found \
    }
#define BAD(label, policy, type, change, row, status, expected, found)                                        \
    {                                                                                                         \
        label, policy, type, change, CHAOS_TIER_CONTRAINDICATED, CHAOS_E_##status, CHECK_##row, CHECK_FAILED, \
            expected, found                                                                                   \
    }
#define OPEN(label, policy, type, row, expected)                                                                \
    {                                                                                                           \
        label, policy, type, NULL, CHAOS_TIER_WARNING, CHAOS_OK, CHECK_##row, CHECK_NOT_CHECKED, expected, NULL \
    }

#define VENDOR_ONLY "{" SCHEMA ",\"anchors\":[\"vendor\"]}"
#define SIMULATED_ONLY "{" SCHEMA ",\"anchors\":[\"simulated\"]}"
#define ANY_ANCHOR "{" SCHEMA ",\"anchors\":\"any\"}"
#define GRACE_100 TCB("\"platform_grace_s\":100")
#define ACCEPT_1 TCB("\"accept_advisories\":[\"INTEL-SA-00001\"]")
#define REJECT_2 TCB("\"reject_advisories\":[\"INTEL-SA-00002\"]")
#define REJECT_ANY TCB("\"reject_advisories\":\"any\"")
#define EVAL_17 TCB("\"min_evaluation_number\":17")
#define DATE_300 TCB("\"min_tcb_date\":\"2025-03-07T00:00:00Z\"") /* FIXTURE_NOW - 300 days */
#define ATTRIBUTES(mask, value) TDX("\"attributes\":{\"mask\":\"" mask "\",\"value\":\"" value "\"}")
#define SEPT_NEEDED ATTRIBUTES("0000001000000000", "0000001000000000")
#define SEPT_UNWANTED ATTRIBUTES("0000001000000000", "0000000000000000")
#define NOT_MIGRATABLE ATTRIBUTES("0000002000000000", "0000000000000000")
#define NO_PERFMON ATTRIBUTES("0000000000000080", "0000000000000000")
#define XFAM_FIXED TDX("\"xfam\":{\"mask\":\"1b24f9ffffffffff\",\"value\":\"0300000000000000\"}")
#define SERVICE_AA TDX("\"mr_service_td\":[\"" X48("aa") "\"]")
#define SERVICE_ANY TDX("\"mr_service_td\":\"any\"")
#define SERVICE_ZERO TDX("\"mr_service_td\":[\"" X48("00") "\"]")
#define MIN_TEE_SVN TDX("\"min_tee_tcb_svn\":\"05010700000000000000000000000000\"")
#define ONE(key, hex) TDX("\"" key "\":[\"" hex "\"]")
#define TWO(key, hex) TDX("\"" key "\":[\"" X48("fe") "\",\"" hex "\"]")
#define ENCLAVE SGX("\"mr_enclave\":[\"" X32("66") "\"]")
#define SIGNER SGX("\"mr_signer\":[\"" X32("fe") "\",\"" X32("77") "\"]")
#define PRODUCT SGX("\"isv_prod_id\":[1,256]")
#define SVN_9 SGX("\"min_isv_svn\":9")
#define PLATFORM(key, hex) "{" SCHEMA ",\"platform\":{\"" key "\":[\"" hex "\"]}}"
#define FMSPC PLATFORM("fmspc", "50806f000000")
#define PPID PLATFORM("ppid", X16("88"))

static const rule_case platform_cases[] = {
    OK_("vendor", VENDOR_ONLY, BODY_TD_10, NULL, POLICY_ANCHOR),
    BAD("custom is not named", VENDOR_ONLY, BODY_TD_10, custom, POLICY_ANCHOR, ANCHOR, "vendor", "custom"),
    OK_("custom by default", NULL, BODY_TD_10, custom, POLICY_ANCHOR),
    BAD("simulated by default", NULL, BODY_TD_10, simulated, POLICY_ANCHOR, ANCHOR, "vendor, custom", "simulated"),
    BAD("simulated under any", ANY_ANCHOR, BODY_SGX, simulated, POLICY_ANCHOR, ANCHOR, "vendor, custom", "simulated"),
    OK_("simulated when named", SIMULATED_ONLY, BODY_TD_10, simulated, POLICY_ANCHOR),
    BAD("vendor where simulated is named", SIMULATED_ONLY, BODY_TD_10, NULL, POLICY_ANCHOR, ANCHOR, "simulated",
        "vendor"),
    BAD("no anchor at all", ANY_ANCHOR, BODY_TD_10, strange_anchor, POLICY_ANCHOR, ANCHOR, "vendor", "unknown"),

    BAD("out of date", NULL, BODY_TD_10, out_of_date, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate, SWH",
        "OutOfDate"),
    WARN("hardening", NULL, BODY_SGX, hardening, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate", "SWHardeningNeeded"),
    BAD("hardening is not named", TCB("\"affirming\":[\"UpToDate\"]"), BODY_SGX, hardening, POLICY_TCB_STATUS,
        TCB_STATUS, "UpToDate", "SWHardeningNeeded"),
    OK_("hardening affirms", TCB("\"affirming\":[\"SWHardeningNeeded\"]"), BODY_SGX, hardening, POLICY_TCB_STATUS),
    BAD("up to date is not named", TCB("\"affirming\":[\"SWHardeningNeeded\"]"), BODY_SGX, NULL, POLICY_TCB_STATUS,
        TCB_STATUS, "SWHardeningNeeded", "UpToDate"),
    WARN("any warns", TCB("\"warning\":\"any\""), BODY_SGX, out_of_date, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate",
         "OutOfDate"),
    BAD("a status that warning does not name", TCB("\"warning\":[\"SWHardeningNeeded\"]"), BODY_SGX, out_of_date,
        POLICY_TCB_STATUS, TCB_STATUS, "UpToDate, SWHardeningNeeded", "OutOfDate"),
    WARN("a status that warning names", TCB("\"warning\":[\"SWHardeningNeeded\"]"), BODY_SGX, hardening,
         POLICY_TCB_STATUS, TCB_STATUS, "UpToDate", "SWHardeningNeeded"),
    OK_("any affirms", TCB("\"affirming\":\"any\""), BODY_SGX, out_of_date, POLICY_TCB_STATUS),

    WARN("within the platform's grace", GRACE_100, BODY_TD_10, old_100, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate",
         "OutOfDate"),
    BAD("beyond the platform's grace", GRACE_100, BODY_TD_10, old_101, POLICY_PLATFORM_GRACE, PLATFORM_GRACE,
        "100 s ago", "2025-12-31T23:58:19Z"),
    BAD("no grace for configuration", GRACE_100, BODY_TD_10, out_of_date_config, POLICY_TCB_STATUS, TCB_STATUS,
        "UpToDate", "OutOfDateConfigurationNeeded"),
    WARN("a named status needs no grace", TCB("\"warning\":[\"OutOfDate\"],\"platform_grace_s\":100"), BODY_TD_10,
         old_101, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate", "OutOfDate"),

    SHOWN("advisories are shown", NULL, BODY_TD_10, advisory_12, POLICY_ADVISORIES, "accepts any", "2"),
    OK_("an accepted advisory", ACCEPT_1, BODY_TD_10, advisory_1, POLICY_ADVISORIES),
    OK_("no advisory", ACCEPT_1, BODY_TD_10, NULL, POLICY_ADVISORIES),
    BAD("one more advisory", ACCEPT_1, BODY_TD_10, advisory_12, POLICY_ADVISORIES, ADVISORY, "accept_advisories",
        "INTEL-SA-00002"),
    OK_("another advisory", REJECT_2, BODY_TD_10, advisory_1, POLICY_ADVISORIES),
    BAD("a rejected advisory of today", REJECT_2, BODY_TD_15, current_advisory_2, POLICY_ADVISORIES, ADVISORY,
        "reject_advisories", "INTEL-SA-00002"),
    OK_("the same today as at launch", NULL, BODY_TD_15, current_same, POLICY_TCB_STATUS),
    WARN("worse today than at launch", NULL, BODY_TD_15, current_worse, POLICY_TCB_STATUS, TCB_STATUS, "UpToDate",
         "OutOfDate"),
    BAD("reserved flag 3", NULL, BODY_SGX, sgx_reserved3, POLICY_ATTRIBUTES, SGX_ATTRIBUTES, "reserved flags", "0d"),
    BAD("reserved flag 15", NULL, BODY_SGX, sgx_reserved15, POLICY_ATTRIBUTES, SGX_ATTRIBUTES, "reserved flags", "0580"),
    BAD("an enclave where code of a TD is pinned", "{" SCHEMA ",\"sgx\":{},\"tdx\":{\"mr_td\":[\"" X48("22") "\"]}}",
        BODY_SGX, NULL, CODE, MEASUREMENT, "tdx", "sgx"),
    BAD("a TD where an enclave is pinned", "{" SCHEMA ",\"tdx\":{},\"sgx\":{\"mr_enclave\":[\"" X32("66") "\"]}}",
        BODY_TD_10, NULL, CODE, MEASUREMENT, "sgx", "tdx"),
    BAD("a rejected advisory", REJECT_2, BODY_TD_10, advisory_12, POLICY_ADVISORIES, ADVISORY, "reject_advisories",
        "INTEL-SA-00002"),
    OK_("none to reject", REJECT_ANY, BODY_TD_10, NULL, POLICY_ADVISORIES),
    BAD("any is rejected", REJECT_ANY, BODY_TD_10, advisory_1, POLICY_ADVISORIES, ADVISORY, "reject_advisories",
        "INTEL-SA-00001"),
    OK_("none to reject today", REJECT_ANY, BODY_TD_15, current_same, POLICY_ADVISORIES),
    BAD("any of today is rejected", REJECT_ANY, BODY_TD_15, current_advisory_2, POLICY_ADVISORIES, ADVISORY,
        "reject_advisories", "INTEL-SA-00002"),

    SHOWN("the number is shown", NULL, BODY_TD_10, NULL, POLICY_EVALUATION_NUMBER, "no minimum", "17"),
    OK_("both numbers reach it", EVAL_17, BODY_TD_10, NULL, POLICY_EVALUATION_NUMBER),
    OK_("both numbers are above it", EVAL_17, BODY_TD_10, eval_high, POLICY_EVALUATION_NUMBER),
    BAD("the TCB info's number is low", EVAL_17, BODY_TD_10, tcb_eval_low, POLICY_EVALUATION_NUMBER, EVAL_NUMBER,
        "17", "16"),
    BAD("the QE identity's number is low", EVAL_17, BODY_TD_10, qe_eval_low, POLICY_EVALUATION_NUMBER, EVAL_NUMBER,
        "17", "16"),

    SHOWN("the date is shown", NULL, BODY_TD_10, NULL, POLICY_TCB_DATE, "no minimum", "2025-03-07T00:00:00Z"),
    OK_("the very date", DATE_300, BODY_TD_10, NULL, POLICY_TCB_DATE),
    BAD("one second older", DATE_300, BODY_TD_10, one_second_older, POLICY_TCB_DATE, TCB_DATE, "2025-03-07T00:00:00Z",
        "2025-03-06T23:59:59Z"),

    SHOWN("nobody looks at the machine", NULL, BODY_SGX, NULL, POLICY_PPID, "accepts any", "8888"),
    SHOWN("nobody names machines", TCB(""), BODY_SGX, NULL, POLICY_FMSPC, "names none", "50806f000000"),
    OK_("the FMSPC", FMSPC, BODY_SGX, NULL, POLICY_FMSPC),
    BAD("another FMSPC", FMSPC, BODY_SGX, other_fmspc, POLICY_FMSPC, PLATFORM, "50806f000000", "50806f000001"),
    OK_("the PPID", PPID, BODY_TD_15, NULL, POLICY_PPID),
    BAD("another PPID", PPID, BODY_TD_15, other_ppid, POLICY_PPID, PLATFORM, "8888", "88888889"),
};

static const rule_case tdx_cases[] = {
    OK_("no debug", NULL, BODY_TD_10, NULL, POLICY_DEBUG),
    BAD("DEBUG", NULL, BODY_TD_10, td_debug, POLICY_DEBUG, TD_DEBUG, "bits 0, 4, 5", "0100001000000000"),
    BAD("HGS_PLUS_PROF", NULL, BODY_TD_15, td_hgs, POLICY_DEBUG, TD_DEBUG, "bits 0, 4, 5", "1000001000000000"),
    BAD("PERF_PROF", NULL, BODY_TD_15EX, td_perf, POLICY_DEBUG, TD_DEBUG, "bits 0, 4, 5", "2000001000000000"),
    BAD("PMT_PROF", NULL, BODY_TD_10, td_pmt, POLICY_DEBUG, TD_DEBUG, "bits 0, 4, 5", "4000001000000000"),
    BAD("DEBUG with PERF_PROF", NULL, BODY_TD_10, td_debug_and_perf, POLICY_DEBUG, TD_DEBUG, "bits 0, 4, 5",
        "2100001000000000"),
    BAD("a mask cannot allow a reserved bit", ATTRIBUTES("0200000000000000", "0200000000000000"), BODY_TD_10, td_reserved1,
        POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "02"),
    WARN("DEBUG is allowed", TDX("\"allow_debug\":true"), BODY_TD_10, td_debug, POLICY_DEBUG, TD_DEBUG, "bits 0",
         "01"),
    BAD("reserved 1", NULL, BODY_TD_10, td_reserved1, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "02"),
    BAD("reserved 2", NULL, BODY_TD_10, td_reserved2, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "04"),
    BAD("reserved 3", NULL, BODY_TD_10, td_reserved3, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "08"),
    BAD("reserved 7", NULL, BODY_TD_10, td_reserved7, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "80"),
    BAD("reserved 7, debug allowed", TDX("\"allow_debug\":true"), BODY_TD_10, td_reserved7, POLICY_ATTRIBUTES,
        TD_ATTRIBUTES_RESERVED, "reserved", "80"),
    BAD("reserved 8", NULL, BODY_TD_10, td_reserved8, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "0001"),
    BAD("reserved 18", NULL, BODY_TD_10, td_reserved18, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved",
        "000004"),
    BAD("reserved 61", NULL, BODY_TD_10, td_reserved61, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "reserved", "20"),
    OK_("bits 16 and 17", NULL, BODY_TD_10, td_icssd, POLICY_ATTRIBUTES),
    OK_("bits 62 and 63", NULL, BODY_TD_10, td_perfmon, POLICY_ATTRIBUTES),
    OK_("the mask is met", NO_PERFMON, BODY_TD_10, NULL, POLICY_ATTRIBUTES),
    BAD("the mask is not met", NO_PERFMON, BODY_TD_10, td_perfmon, POLICY_ATTRIBUTES, TD_ATTRIBUTES,
        "0000000000000000 under the mask 0000000000000080", "00000010000000c0"),

    SHOWN("SEPT_VE_DISABLE is shown", NULL, BODY_TD_10, NULL, POLICY_SEPT_VE_DISABLE, "does not ask", "set"),
    SHOWN("its absence too", NULL, BODY_TD_10, td_sept_clear, POLICY_SEPT_VE_DISABLE, "does not ask", "clear"),
    OK_("SEPT_VE_DISABLE", SEPT_NEEDED, BODY_TD_10, NULL, POLICY_SEPT_VE_DISABLE),
    BAD("no SEPT_VE_DISABLE", SEPT_NEEDED, BODY_TD_10, td_sept_clear, POLICY_SEPT_VE_DISABLE, SEPT_VE_DISABLE,
        "set", "clear"),
    BAD("unwanted SEPT_VE_DISABLE", SEPT_UNWANTED, BODY_TD_10, NULL, POLICY_SEPT_VE_DISABLE, SEPT_VE_DISABLE,
        "clear", "set"),
    SHOWN("MIGRATABLE is shown", NULL, BODY_TD_15, td_migratable, POLICY_MIGRATABLE, "does not ask", "set"),
    OK_("not MIGRATABLE", NOT_MIGRATABLE, BODY_TD_15, NULL, POLICY_MIGRATABLE),
    BAD("MIGRATABLE", NOT_MIGRATABLE, BODY_TD_15, td_migratable, POLICY_MIGRATABLE, TD_ATTRIBUTES, "clear", "set"),

    SHOWN("a 1.0 report does not tell", NULL, BODY_TD_10, NULL, POLICY_SERVICE_TD, "does not tell", ""),
    BAD("a 1.0 report cannot meet a list", SERVICE_AA, BODY_TD_10, NULL, POLICY_SERVICE_TD, SERVICE_TD, "aaaa",
        "does not tell"),
    OK_("no service TD", NULL, BODY_TD_15, NULL, POLICY_SERVICE_TD),
    BAD("a service TD", NULL, BODY_TD_15, td_service, POLICY_SERVICE_TD, SERVICE_TD, "all zero", "0000"),
    BAD("a service TD at first", NULL, BODY_TD_15EX, td_service_first, POLICY_SERVICE_TD, SERVICE_TD, "all zero",
        "01"),
    BAD("a service TD now", NULL, BODY_TD_15EX, td_service_now, POLICY_SERVICE_TD, SERVICE_TD, "all zero", "01"),
    OK_("the named service TD", SERVICE_AA, BODY_TD_15, td_service_aa, POLICY_SERVICE_TD),
    OK_("the named service TD, twice", SERVICE_AA, BODY_TD_15EX, td_service_all_aa, POLICY_SERVICE_TD),
    BAD("another service TD", SERVICE_AA, BODY_TD_15, td_service_ab, POLICY_SERVICE_TD, SERVICE_TD, "aaaa", "abab"),
    BAD("none where one is named", SERVICE_AA, BODY_TD_15, NULL, POLICY_SERVICE_TD, SERVICE_TD, "aaaa", "0000"),
    OK_("none is named", SERVICE_ZERO, BODY_TD_15, NULL, POLICY_SERVICE_TD),
    SHOWN("any service TD", SERVICE_ANY, BODY_TD_15EX, td_service_all_aa, POLICY_SERVICE_TD, "accepts any", "aaaa"),

    SHOWN("XFAM is shown", NULL, BODY_TD_10, td_xfam, POLICY_XFAM, "does not ask", "e71a060000000080"),
    OK_("XFAM", XFAM_FIXED, BODY_TD_10, NULL, POLICY_XFAM),
    SHOWN("AMX is shown", NULL, BODY_TD_10, td_xfam_amx, POLICY_XFAM, "does not ask", "e71a00"),
    OK_("AMX may be absent", TDX("\"xfam\":{\"mask\":\"0000060000000000\",\"value\":\"0000000000000000\"}"), BODY_TD_10,
        td_xfam_amx, POLICY_XFAM),
    BAD("AMX where it is not wanted", TDX("\"xfam\":{\"mask\":\"0000060000000000\",\"value\":\"0000000000000000\"}"),
        BODY_TD_10, NULL, POLICY_XFAM, XFAM, "0000000000000000 under", "e71a06"),
    BAD("a strange XFAM", XFAM_FIXED, BODY_TD_10, td_xfam, POLICY_XFAM, XFAM, "0300000000000000 under",
        "e71a060000000080"),

    SHOWN("the SVN is shown", NULL, BODY_TD_10, NULL, POLICY_MIN_TEE_TCB_SVN, "no minimum", "050107"),
    OK_("the very SVN", MIN_TEE_SVN, BODY_TD_10, NULL, POLICY_MIN_TEE_TCB_SVN),
    OK_("above in one component", MIN_TEE_SVN, BODY_TD_15, td_svn_above, POLICY_MIN_TEE_TCB_SVN),
    BAD("below at launch", MIN_TEE_SVN, BODY_TD_15, td_svn_launch, POLICY_MIN_TEE_TCB_SVN, MIN_SVN, "050107",
        "050106"),
    BAD("below now", MIN_TEE_SVN, BODY_TD_15, td_svn_now, POLICY_MIN_TEE_TCB_SVN, MIN_SVN, "050107", "040107"),

    SHOWN("MRTD is shown", NULL, BODY_TD_10, NULL, POLICY_MR_TD, "names none", "2222"),
    SHOWN("any MRTD", TDX("\"mr_td\":\"any\""), BODY_TD_10, NULL, POLICY_MR_TD, "accepts any", "2222"),
    OK_("MRTD", ONE("mr_td", X48("22")), BODY_TD_10, NULL, POLICY_MR_TD),
    OK_("MRTD, second of two", TWO("mr_td", X48("22")), BODY_TD_10, NULL, POLICY_MR_TD),
    BAD("another MRTD", ONE("mr_td", X48("22")), BODY_TD_10, other_mr_td, POLICY_MR_TD, MEASUREMENT, X48("22"),
        X32("22") X4(X2("22")) X4("22") X2("22") "2223"),
    BAD("none of two", TWO("mr_td", X48("22")), BODY_TD_10, other_mr_td, POLICY_MR_TD, MEASUREMENT,
        "one of 2: fefe", "2223"),
    OK_("MRSEAM", ONE("mr_seam", X48("11")), BODY_TD_15, NULL, POLICY_MR_SEAM),
    BAD("another MRSEAM", ONE("mr_seam", X48("11")), BODY_TD_15, other_mr_seam, POLICY_MR_SEAM, MEASUREMENT, "1111",
        "1011"),
    OK_("MRCONFIGID", ONE("mr_config_id", X48("33")), BODY_TD_15, NULL, POLICY_MR_CONFIG_ID),
    BAD("another MRCONFIGID", ONE("mr_config_id", X48("33")), BODY_TD_15, other_config_id, POLICY_MR_CONFIG_ID,
        MEASUREMENT,
        "3333", "3332"),
    OK_("MROWNER", ONE("mr_owner", X48("44")), BODY_TD_15, NULL, POLICY_MR_OWNER),
    BAD("another MROWNER", ONE("mr_owner", X48("44")), BODY_TD_15, other_owner, POLICY_MR_OWNER, MEASUREMENT,
        "4444", "4445"),
    OK_("MROWNERCONFIG", ONE("mr_owner_config", X48("55")), BODY_TD_15, NULL, POLICY_MR_OWNER_CONFIG),
    BAD("another MROWNERCONFIG", ONE("mr_owner_config", X48("55")), BODY_TD_15, other_owner_config,
        POLICY_MR_OWNER_CONFIG,
        MEASUREMENT, "5555", "5554"),
    OK_("RTMR0", ONE("rtmr0", X48("a0")), BODY_TD_10, NULL, POLICY_RTMR0),
    BAD("another RTMR0", ONE("rtmr0", X48("a0")), BODY_TD_10, other_rtmr0, POLICY_RTMR0, MEASUREMENT, "a0a0", "a020"),
    OK_("RTMR1", ONE("rtmr1", X48("a1")), BODY_TD_10, NULL, POLICY_RTMR1),
    BAD("another RTMR1", ONE("rtmr1", X48("a1")), BODY_TD_10, other_rtmr1, POLICY_RTMR1, MEASUREMENT, "a1a1", "a121"),
    OK_("RTMR2", ONE("rtmr2", X48("a2")), BODY_TD_10, NULL, POLICY_RTMR2),
    BAD("another RTMR2", ONE("rtmr2", X48("a2")), BODY_TD_10, other_rtmr2, POLICY_RTMR2, MEASUREMENT, "a2a2", "a222"),
    OK_("RTMR3", ONE("rtmr3", X48("a3")), BODY_TD_10, NULL, POLICY_RTMR3),
    BAD("another RTMR3", ONE("rtmr3", X48("a3")), BODY_TD_10, other_rtmr3, POLICY_RTMR3, MEASUREMENT, "a3a3", "a323"),
    BAD("RTMR0 is not RTMR1", ONE("rtmr0", X48("a1")), BODY_TD_10, NULL, POLICY_RTMR0, MEASUREMENT, "a1a1", "a0a0"),
};

static const rule_case sgx_cases[] = {
    OK_("no debug", NULL, BODY_SGX, NULL, POLICY_DEBUG),
    BAD("DEBUG", NULL, BODY_SGX, sgx_debug, POLICY_DEBUG, SGX_DEBUG, "DEBUG (bit 1) clear", "07"),
    WARN("DEBUG is allowed", SGX("\"allow_debug\":true"), BODY_SGX, sgx_debug, POLICY_DEBUG, SGX_DEBUG, "DEBUG",
         "07"),
    BAD("DEBUG is allowed for TDX only", "{" SCHEMA ",\"tdx\":{\"allow_debug\":true},\"sgx\":{}}", BODY_SGX,
        sgx_debug,
        POLICY_DEBUG, SGX_DEBUG, "DEBUG", "07"),
    OK_("INIT", NULL, BODY_SGX, NULL, POLICY_ATTRIBUTES),
    BAD("no INIT", NULL, BODY_SGX, sgx_no_init, POLICY_ATTRIBUTES, SGX_ATTRIBUTES, "INIT (bit 0) set", "04"),
    OK_("PROVISION_KEY", NULL, BODY_SGX, sgx_provision, POLICY_ATTRIBUTES),
    SHOWN("MRENCLAVE is shown", NULL, BODY_SGX, NULL, POLICY_MR_ENCLAVE, "names none", "6666"),
    OK_("MRENCLAVE", ENCLAVE, BODY_SGX, NULL, POLICY_MR_ENCLAVE),
    BAD("another MRENCLAVE", ENCLAVE, BODY_SGX, other_enclave, POLICY_MR_ENCLAVE, MEASUREMENT, X32("66"), "6667"),
    OK_("MRSIGNER", SIGNER, BODY_SGX, NULL, POLICY_MR_SIGNER),
    BAD("another MRSIGNER", SIGNER, BODY_SGX, other_signer, POLICY_MR_SIGNER, MEASUREMENT, "one of 2: fefe", "7776"),
    SHOWN("ISVPRODID is shown", NULL, BODY_SGX, NULL, POLICY_ISV_PROD_ID, "names none", "256"),
    OK_("ISVPRODID", PRODUCT, BODY_SGX, NULL, POLICY_ISV_PROD_ID),
    BAD("another ISVPRODID", PRODUCT, BODY_SGX, other_product, POLICY_ISV_PROD_ID, MEASUREMENT, "one of 2: 1", "257"),
    SHOWN("ISVSVN is shown", NULL, BODY_SGX, NULL, POLICY_MIN_ISV_SVN, "no minimum", "9"),
    OK_("ISVSVN", SVN_9, BODY_SGX, NULL, POLICY_MIN_ISV_SVN),
    OK_("a higher ISVSVN", SVN_9, BODY_SGX, higher_svn, POLICY_MIN_ISV_SVN),
    BAD("a lower ISVSVN", SVN_9, BODY_SGX, lower_svn, POLICY_MIN_ISV_SVN, MIN_SVN, "9", "8"),
};

#define PIN_FIRMWARE "\"mr_td\":[\"" X48("22") "\"],\"rtmr0\":[\"" X48("a0") "\"]"
#define PIN_TD PIN_FIRMWARE ",\"rtmr1\":[\"" X48("a1") "\"],\"rtmr2\":[\"" X48("a2") "\"]"

static const rule_case scope_cases[] = {
    SHOWN("no code is pinned", NULL, BODY_TD_10, NULL, CODE, "does not pin the code", ""),
    SHOWN("mr_td alone is firmware", ONE("mr_td", X48("22")), BODY_TD_10, NULL, CODE, "does not pin the code", ""),
    SHOWN("no application is pinned", TDX(PIN_TD), BODY_TD_10, NULL, CODE, "does not pin the code", ""),
    SHOWN("any pins nothing", TDX(PIN_TD ",\"rtmr3\":\"any\""), BODY_TD_10, NULL, CODE, "does not pin the code", ""),
    OK_("the TD's code", TDX(PIN_TD ",\"rtmr3\":[\"" X48("a3") "\"]"), BODY_TD_10, NULL, CODE),
    BAD("an enclave under a policy for TDs", TDX(PIN_TD), BODY_SGX, NULL, CODE, MEASUREMENT, "tdx", "sgx"),
    BAD("a TD under a policy for enclaves", ENCLAVE, BODY_TD_15, NULL, CODE, MEASUREMENT, "sgx", "tdx"),
    SHOWN("a policy for both", "{" SCHEMA ",\"tdx\":{},\"sgx\":{}}", BODY_TD_15, NULL, CODE, "does not pin", ""),
    OK_("the enclave's code", ENCLAVE, BODY_SGX, NULL, CODE),
    SHOWN("the signer alone", SIGNER, BODY_SGX, NULL, CODE, "does not pin the code", ""),
    OK_("signer, product and version",
        SGX("\"mr_signer\":[\"" X32("77") "\"],\"isv_prod_id\":[256],\"min_isv_svn\":9"), BODY_SGX, NULL, CODE),
    SHOWN("signer and product", SGX("\"mr_signer\":[\"" X32("77") "\"],\"isv_prod_id\":[256]"), BODY_SGX, NULL, CODE,
          "does not pin the code", ""),

    OPEN("app_id", "{" SCHEMA ",\"dstack\":{\"app_id\":[\"" X16("00") X4("00") "\"]}}", BODY_TD_10, POLICY_DSTACK,
         "bare quote"),
    OPEN("compose_hash", "{" SCHEMA ",\"dstack\":{\"compose_hash\":[\"" X32("00") "\"]}}", BODY_TD_10,
         POLICY_DSTACK, "bare"),
    OPEN("os_image_hash", "{" SCHEMA ",\"dstack\":{\"os_image_hash\":[\"" X32("00") "\"]}}", BODY_TD_10,
         POLICY_DSTACK, "bare"),
    OPEN("instance_id", "{" SCHEMA ",\"dstack\":{\"instance_id\":[\"" X16("00") X4("00") "\"]}}", BODY_TD_10,
         POLICY_DSTACK, "bare"),
    OPEN("device_id", "{" SCHEMA ",\"dstack\":{\"device_id\":[\"" X32("00") "\"]}}", BODY_TD_10, POLICY_DSTACK,
         "bare"),
    OPEN("key_provider", "{" SCHEMA ",\"dstack\":{\"key_provider\":[\"kms\"]}}", BODY_TD_10, POLICY_DSTACK,
         "bare quote"),
    OPEN("kms_root", "{" SCHEMA ",\"dstack\":{\"kms_root\":[\"" X32("00") "02\"]}}", BODY_SGX, POLICY_DSTACK,
         "bare quote"),
    OPEN("stages", "{" SCHEMA ",\"binding\":{\"stages\":[1]}}", BODY_TD_10, POLICY_BINDING, "bare quote"),
    OPEN("conventions", "{" SCHEMA ",\"binding\":{\"conventions\":[\"chaoschain\"]}}", BODY_SGX, POLICY_BINDING,
         "bare quote"),
    OPEN("max_age_s", "{" SCHEMA ",\"binding\":{\"max_age_s\":60}}", BODY_TD_10, POLICY_BINDING, "bare quote"),
    OPEN("max_anchor_age_blocks", "{" SCHEMA ",\"binding\":{\"max_anchor_age_blocks\":9}}", BODY_TD_10,
         POLICY_BINDING, "bare"),
    { "any asks nothing of dstack", "{" SCHEMA ",\"dstack\":{\"app_id\":\"any\"}}", BODY_TD_10, NULL,
      CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_POLICY_DSTACK, CHECK_UNREACHED, NULL, NULL },
    { "any asks nothing of the binding", "{" SCHEMA ",\"binding\":{\"stages\":\"any\"}}", BODY_TD_10, NULL,
      CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_POLICY_BINDING, CHECK_UNREACHED, NULL, NULL },
    { "freshness is not of a bare quote", NULL, BODY_TD_10, NULL, CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_FRESHNESS,
      CHECK_UNREACHED, NULL, NULL },
    { "nor is the identity key", NULL, BODY_TD_10, NULL, CHAOS_TIER_AFFIRMING, CHAOS_OK, CHECK_IDENTITY_KEY,
      CHECK_UNREACHED, NULL, NULL },
    SHOWN("the report data is shown", NULL, BODY_TD_10, NULL, REPORT_DATA, "nothing was expected", "9999"),
};

static void platform_rules(void **state)
{
    (void)state;
    run_cases(platform_cases, CHAOS_ARRAY_SIZE(platform_cases));
}

static void tdx_rules(void **state)
{
    (void)state;
    run_cases(tdx_cases, CHAOS_ARRAY_SIZE(tdx_cases));
}

static void sgx_rules(void **state)
{
    (void)state;
    run_cases(sgx_cases, CHAOS_ARRAY_SIZE(sgx_cases));
}

static void scope_rules(void **state)
{
    (void)state;
    run_cases(scope_cases, CHAOS_ARRAY_SIZE(scope_cases));
}

/* A measurement that is wrong does not leave the code proven. */
static void wrong_code_is_not_proven(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    (void)state;

    fixture_claims(&claims, BODY_SGX);
    other_enclave(&claims);
    verdict = verdict_of(&claims, ENCLAVE, FIXTURE_NOW);
    assert_int_equal(verdict->claims.run.rows[CHECK_CODE].result, CHECK_NOT_CHECKED);
    assert_int_equal(chaos_verdict_error(verdict)->status, CHAOS_E_MEASUREMENT);
}

/* Rows of the other TEE are not shown. */
static void rows_belong_to_their_tee(void **state)
{
    static chaos_claims claims;
    (void)state;
    for (int sgx = 0; sgx < 2; sgx++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_claims(&claims, sgx != 0 ? BODY_SGX : BODY_TD_15);
        verdict = verdict_of(&claims, NULL, FIXTURE_NOW);
        assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_MR_TD].result == CHECK_UNREACHED, sgx);
        assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_MR_ENCLAVE].result == CHECK_UNREACHED, 1 - sgx);
    }
}

/* All failures are found, and the first decides. */
static void all_failures_are_collected(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    (void)state;

    fixture_claims(&claims, BODY_TD_15);
    simulated(&claims);
    out_of_date(&claims);
    td_debug(&claims);
    td_service(&claims);
    verdict = verdict_of(&claims, NULL, FIXTURE_NOW);
    assert_int_equal(chaos_verdict_error(verdict)->status, CHAOS_E_ANCHOR);
    assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_TCB_STATUS].code, CHAOS_E_TCB_STATUS);
    assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_DEBUG].code, CHAOS_E_TD_DEBUG);
    assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_SERVICE_TD].code, CHAOS_E_SERVICE_TD);
}

/* ------------------------------------------------------------- TCB status ---- */

static void the_default_policy_judges_every_status(void **state)
{
    static const chaos_tier tiers[] = {
        [CHAOS_TCB_UNKNOWN] = CHAOS_TIER_CONTRAINDICATED,
        [CHAOS_TCB_UP_TO_DATE] = CHAOS_TIER_AFFIRMING,
        [CHAOS_TCB_SW_HARDENING_NEEDED] = CHAOS_TIER_WARNING,
        [CHAOS_TCB_CONFIGURATION_NEEDED] = CHAOS_TIER_WARNING,
        [CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = CHAOS_TIER_WARNING,
        [CHAOS_TCB_OUT_OF_DATE] = CHAOS_TIER_CONTRAINDICATED,
        [CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = CHAOS_TIER_CONTRAINDICATED,
        [CHAOS_TCB_TD_RELAUNCH_ADVISED] = CHAOS_TIER_WARNING,
        [CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = CHAOS_TIER_WARNING,
        [CHAOS_TCB_REVOKED] = CHAOS_TIER_CONTRAINDICATED,
        [CHAOS_TCB_REVOKED + 1] = CHAOS_TIER_CONTRAINDICATED, /* no status at all */
    };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(tiers); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_claims(&claims, BODY_TD_10);
        claims.tcb.status = (chaos_tcb_status)i;
        verdict = verdict_of(&claims, NULL, FIXTURE_NOW);
        const chaos_error *error = chaos_verdict_error(verdict);
        chaos_status want = tiers[i] == CHAOS_TIER_CONTRAINDICATED ? CHAOS_E_TCB_STATUS : CHAOS_OK;
        chaos_status got = error == NULL ? CHAOS_OK : error->status;
        if (verdict->tier != tiers[i] || got != want) {
            fail_msg("%s: expected %s and %s, got %s and %s", chaos_tcb_status_name((chaos_tcb_status)i),
                     chaos_tier_name(tiers[i]), chaos_status_name(want), chaos_tier_name(verdict->tier),
                     chaos_status_name(got));
        }
    }
}

/* "any" never reaches a revoked or unknown level, should verification ever let one through. */
static void any_status_is_not_every_status(void **state)
{
    static const chaos_tcb_status never[] = { CHAOS_TCB_UNKNOWN, CHAOS_TCB_REVOKED };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(never); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_claims(&claims, BODY_SGX);
        claims.tcb.status = never[i];
        verdict = verdict_of(&claims, TCB("\"affirming\":\"any\",\"warning\":\"any\",\"platform_grace_s\":999"),
                             FIXTURE_NOW);
        assert_int_equal(verdict->tier, CHAOS_TIER_CONTRAINDICATED);
    }
}

/* ------------------------------------------------------------ report data ---- */

static void all_64_bytes_are_compared(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    (void)state;

    policy = policy_of(NULL);
    fixture_claims(&claims, BODY_TD_10);
    expectation.has_report_data = true;
    memset(expectation.report_data.bytes, 0x99, sizeof expectation.report_data.bytes);
    for (size_t i = 0; i <= sizeof expectation.report_data.bytes; i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        bool differs = i < sizeof expectation.report_data.bytes;
        if (differs) {
            expectation.report_data.bytes[i] ^= 1;
        }
        assert_int_equal(chaos_appraise(&claims, policy, &expectation, FIXTURE_NOW, &verdict, NULL), CHAOS_OK);
        const check_row *row = &verdict->claims.run.rows[CHECK_REPORT_DATA];
        if (differs) {
            expectation.report_data.bytes[i] ^= 1;
            if (chaos_verdict_error(verdict) == NULL) {
                fail_msg("byte %zu: expected REPORT_DATA, got none", i);
            }
            assert_int_equal(chaos_verdict_error(verdict)->status, CHAOS_E_REPORT_DATA);
            assert_int_equal(row->result, CHECK_FAILED);
            assert_string_not_equal(row->expected, "");
            assert_string_not_equal(row->found, "");
        } else {
            assert_int_equal(row->result, CHECK_PASSED);
            assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_AFFIRMING);
        }
    }
}

/* -------------------------------------------------------- collateral grace ---- */

#define GRACE_1000 TCB("\"collateral_grace_s\":1000")

static void expire(chaos_claims *claims, check_id row, chaos_status status, int64_t expiration)
{
    fixture_fail(claims, row, status);
    claims->only_dates_failed = true;
    claims->collateral_expiration = expiration;
}

static void expired_collateral_has_a_grace(void **state)
{
    static const struct {
        const char *label, *policy;
        check_id row;
        chaos_status status;
        int64_t expired_for, issued_ago;
        bool only_dates, forgiven;
        check_result grace_row;
    } cases[] = {
        { "TCB info", GRACE_1000, CHECK_TCB_INFO_DATES, CHAOS_E_TCB_INFO_EXPIRED, 1, 9, true, true, CHECK_WARNED },
        { "QE identity", GRACE_1000, CHECK_QE_IDENTITY_DATES, CHAOS_E_QE_IDENTITY_EXPIRED, 1, 9, true, true,
          CHECK_WARNED },
        { "a second less", GRACE_1000, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 999, 9, true, true, CHECK_WARNED },
        { "CRL", GRACE_1000, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 1000, 9, true, true, CHECK_WARNED },
        { "too long ago", GRACE_1000, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 1001, 9, true, false, CHECK_FAILED },
        { "no grace", TCB(""), CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 1, 9, true, false, CHECK_UNREACHED },
        { "PCK", GRACE_1000, CHECK_PCK_DATES, CHAOS_E_PCK_CERT_EXPIRED, 1, 9, true, false, CHECK_UNREACHED },
        { "signer", GRACE_1000, CHECK_TCB_SIGNER_DATES, CHAOS_E_TCB_SIGNING_CERT_EXPIRED, 1, 9, true, false,
          CHECK_UNREACHED },
        { "not yet", GRACE_1000, CHECK_TCB_INFO_DATES, CHAOS_E_TCB_INFO_NOT_YET_VALID, 1, 9, true, false,
          CHECK_UNREACHED },
        { "the other CRL is of tomorrow", GRACE_1000, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 1, -1, true, false,
          CHECK_FAILED },
        { "not only dates", GRACE_1000, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, 1, 9, false, false, CHECK_UNREACHED },
    };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_claims(&claims, BODY_TD_10);
        expire(&claims, cases[i].row, cases[i].status, FIXTURE_NOW - cases[i].expired_for);
        claims.only_dates_failed = cases[i].only_dates;
        claims.latest_issue = FIXTURE_NOW - cases[i].issued_ago;
        verdict = verdict_of(&claims, cases[i].policy, FIXTURE_NOW);
        chaos_tier tier = cases[i].forgiven ? CHAOS_TIER_WARNING : CHAOS_TIER_CONTRAINDICATED;
        const chaos_error *error = chaos_verdict_error(verdict);
        chaos_status got = error == NULL ? CHAOS_OK : error->status;
        chaos_status want = cases[i].forgiven ? CHAOS_OK : cases[i].status;
        const check_row *grace_row = &verdict->claims.run.rows[CHECK_POLICY_COLLATERAL_GRACE];
        check_result grace = grace_row->result;
        if (cases[i].forgiven && grace_row->code != CHAOS_E_COLLATERAL_GRACE) {
            fail_msg("%s: expected COLLATERAL_GRACE in its row", cases[i].label);
        }
        if (got != want || verdict->tier != tier || grace != cases[i].grace_row) {
            fail_msg("%s: expected %s (%s, grace %d), got %s (%s, grace %d)", cases[i].label, chaos_status_name(want),
                     chaos_tier_name(tier), (int)cases[i].grace_row, chaos_status_name(got),
                     chaos_tier_name(verdict->tier), (int)grace);
        }
        assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_FALSE);
        assert_int_equal(chaos_verdict_exit_code(verdict), cases[i].forgiven ? 1 : 4);
        assert_int_equal(verdict->claims.run.rows[cases[i].row].result, CHECK_FAILED);
    }
}

static void grace_forgives_dates_only(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO(chaos_verdict, two);
    (void)state;

    fixture_claims(&claims, BODY_TD_10);
    expire(&claims, CHECK_TCB_INFO_DATES, CHAOS_E_TCB_INFO_EXPIRED, FIXTURE_NOW - 1);
    td_debug(&claims); /* the policy judges the rest as ever */
    verdict = verdict_of(&claims, GRACE_1000, FIXTURE_NOW);
    assert_int_equal(verdict->tier, CHAOS_TIER_CONTRAINDICATED);
    assert_int_equal(chaos_verdict_error(verdict)->status, CHAOS_E_TD_DEBUG);
    assert_int_equal(chaos_verdict_exit_code(verdict), 2);

    fixture_claims(&claims, BODY_TD_10);
    expire(&claims, CHECK_TCB_INFO_DATES, CHAOS_E_TCB_INFO_EXPIRED, FIXTURE_NOW - 1);
    expire(&claims, CHECK_PCK_DATES, CHAOS_E_PCK_CERT_EXPIRED, FIXTURE_NOW - 1);
    two = verdict_of(&claims, GRACE_1000, FIXTURE_NOW);
    assert_int_equal(two->tier, CHAOS_TIER_CONTRAINDICATED);
    assert_int_equal(chaos_verdict_error(two)->status, CHAOS_E_TCB_INFO_EXPIRED);
}

/* Times at both ends of the range do not overflow. */
static void strange_times_do_no_harm(void **state)
{
    static const int64_t times[] = { INT64_MIN, -1, 0, FIXTURE_NOW, INT64_MAX };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(times); i++) {
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(times); k++) {
            CHAOS_AUTO(chaos_verdict, verdict);
            CHAOS_AUTO(chaos_verdict, other);
            fixture_claims(&claims, BODY_TD_10);
            expire(&claims, CHECK_CRL_DATES, CHAOS_E_CRL_EXPIRED, times[k]);
            verdict = verdict_of(&claims, GRACE_1000, times[i]);
            assert_int_not_equal(verdict->tier, CHAOS_TIER_AFFIRMING);
            fixture_claims(&claims, BODY_TD_10);
            out_of_date(&claims);
            claims.tcb.tcb_date = times[k];
            other = verdict_of(&claims, GRACE_100, times[i]);
            assert_int_not_equal(other->tier, CHAOS_TIER_AFFIRMING);
        }
    }
}

/* --------------------------------------------------- exit codes and zeroes ---- */

static void failures_of_verification_have_their_codes(void **state)
{
    static const struct {
        chaos_status status;
        chaos_verified verified;
        chaos_tier tier, tier_without_policy;
        int exit_code;
    } cases[] = {
        { CHAOS_E_QUOTE_FORMAT, CHAOS_VERIFIED_FALSE, CHAOS_TIER_CONTRAINDICATED, CHAOS_TIER_NONE, 3 },
        { CHAOS_E_QUOTE_SIGNATURE, CHAOS_VERIFIED_FALSE, CHAOS_TIER_CONTRAINDICATED, CHAOS_TIER_NONE, 4 },
        { CHAOS_E_TCB_REVOKED, CHAOS_VERIFIED_FALSE, CHAOS_TIER_CONTRAINDICATED, CHAOS_TIER_NONE, 4 },
        { CHAOS_E_TCB_INFO_EXPIRED, CHAOS_VERIFIED_FALSE, CHAOS_TIER_CONTRAINDICATED, CHAOS_TIER_NONE, 4 },
        { CHAOS_E_COLLATERAL_MISSING, CHAOS_VERIFIED_UNKNOWN, CHAOS_TIER_NONE, CHAOS_TIER_NONE, 5 },
        { CHAOS_E_CRYPTO, CHAOS_VERIFIED_UNKNOWN, CHAOS_TIER_NONE, CHAOS_TIER_NONE, 70 },
        { (chaos_status)0x7777, CHAOS_VERIFIED_UNKNOWN, CHAOS_TIER_NONE, CHAOS_TIER_NONE, 70 },
    };
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, none);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    (void)state;

    assert_int_equal(chaos_policy_none(&none, NULL), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        CHAOS_AUTO(chaos_verdict, bare);
        fixture_claims(&claims, BODY_TD_10);
        fixture_fail(&claims, CHECK_QUOTE_SIGNATURE, cases[i].status);
        verdict = verdict_of(&claims, NULL, FIXTURE_NOW);
        assert_int_equal(chaos_verdict_verified(verdict), cases[i].verified);
        assert_int_equal(chaos_verdict_tier(verdict), cases[i].tier);
        assert_int_equal(chaos_verdict_exit_code(verdict), cases[i].exit_code);
        assert_int_equal(chaos_verdict_error(verdict)->status, cases[i].status);
        assert_int_equal(verdict->claims.run.rows[CHECK_POLICY_ANCHOR].result, CHECK_UNREACHED);
        assert_int_equal(appraise_examined(&claims, none, &nothing, FIXTURE_NOW, &bare, NULL), CHAOS_OK);
        assert_int_equal(chaos_verdict_tier(bare), cases[i].tier_without_policy);
        assert_int_equal(chaos_verdict_exit_code(bare), cases[i].exit_code);
    }
}

static void no_policy_judges_nothing(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, none);
    CHAOS_AUTO(chaos_verdict, verdict);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    (void)state;

    assert_int_equal(chaos_policy_none(&none, NULL), CHAOS_OK);
    fixture_claims(&claims, BODY_TD_10);
    td_debug(&claims);
    simulated(&claims);
    assert_int_equal(chaos_appraise(&claims, none, &nothing, FIXTURE_NOW, &verdict, NULL), CHAOS_OK);
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_NONE);
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_TRUE);
    assert_int_equal(chaos_verdict_exit_code(verdict), 0);
    assert_null(chaos_verdict_error(verdict));
}

/* With no policy the tier stays NONE, but an expectation is never ignored. */
static void no_policy_still_expects(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, none);
    CHAOS_AUTO(chaos_verdict, met);
    CHAOS_AUTO(chaos_verdict, unmet);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    (void)state;

    assert_int_equal(chaos_policy_none(&none, NULL), CHAOS_OK);
    fixture_claims(&claims, BODY_TD_10);
    expectation.has_report_data = true;
    memcpy(expectation.report_data.bytes, fixture_field(&claims, "report_data"), 64);
    assert_int_equal(chaos_appraise(&claims, none, &expectation, FIXTURE_NOW, &met, NULL), CHAOS_OK);
    assert_int_equal(chaos_verdict_exit_code(met), 0);
    expectation.report_data.bytes[63] ^= 1;
    assert_int_equal(chaos_appraise(&claims, none, &expectation, FIXTURE_NOW, &unmet, NULL), CHAOS_OK);
    assert_int_equal(chaos_verdict_tier(unmet), CHAOS_TIER_NONE);
    assert_int_equal(chaos_verdict_exit_code(unmet), 4);
    assert_non_null(chaos_verdict_error(unmet));
    assert_int_equal(chaos_verdict_error(unmet)->status, CHAOS_E_REPORT_DATA);
}

/* Claims are worth something only while everything holds that they were verified with. */
static void claims_have_their_time(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO(chaos_verdict, first);
    CHAOS_AUTO(chaos_verdict, last);
    CHAOS_AUTO(chaos_verdict, outside);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_error err;
    (void)state;

    policy = policy_of(NULL);
    fixture_claims(&claims, BODY_TD_10);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, claims.latest_issue, &first, &err), CHAOS_OK);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, claims.earliest_expiration, &last, &err), CHAOS_OK);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, claims.latest_issue - 1, &outside, &err),
                     CHAOS_E_USAGE);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, claims.earliest_expiration + 1, &outside, &err),
                     CHAOS_E_USAGE);
    assert_string_equal(err.field, "now");
    assert_null(outside);
}

static void zero_is_never_a_pass(void **state)
{
    static chaos_claims claims;
    static struct chaos_policy zero_policy;
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO(chaos_verdict, verdict);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_expectation zero_expectation;
    chaos_error err;
    (void)state;

    policy = policy_of(NULL);
    memset(&claims, 0, sizeof claims);
    memset(&zero_expectation, 0, sizeof zero_expectation);
    assert_int_equal(appraise_examined(&claims, policy, &nothing, 0, &verdict, &err), CHAOS_E_INTERNAL);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "claims");
    claims.verified = true; /* and nothing else */
    assert_int_equal(appraise_examined(&claims, policy, &nothing, 0, &verdict, &err), CHAOS_E_INTERNAL);
    fixture_claims(&claims, BODY_TD_10);
    assert_int_equal(chaos_appraise(&claims, &zero_policy, &nothing, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "policy");
    assert_int_equal(chaos_appraise(&claims, NULL, &nothing, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_appraise(&claims, policy, &zero_expectation, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "expectation");
    assert_int_equal(chaos_appraise(&claims, policy, NULL, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_appraise(NULL, policy, &nothing, 0, &verdict, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_appraise(&claims, policy, &nothing, 0, NULL, &err), CHAOS_E_USAGE);
    assert_null(verdict);
    zero_policy.kind = POLICY_JUDGES; /* a policy that names nothing accepts nothing */
    assert_int_equal(chaos_appraise(&claims, &zero_policy, &nothing, FIXTURE_NOW, &verdict, &err), CHAOS_OK);
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_CONTRAINDICATED);
    assert_int_equal(chaos_verdict_exit_code(NULL), 70);
    assert_int_equal(chaos_verdict_tier(NULL), CHAOS_TIER_NONE);
    assert_int_equal(chaos_verdict_verified(NULL), CHAOS_VERIFIED_UNKNOWN);
    assert_null(chaos_verdict_error(NULL));
    chaos_verdict_free(NULL);
}

SET(lacks_quote, c->has_quote = false)
SET(lacks_anchor, c->has_anchor = false)
SET(lacks_pck, c->has_pck = false)
SET(lacks_collateral, c->has_collateral = false)
SET(lacks_tcb, c->has_tcb = false)
SET(short_body, c->body_size--)
SET(strange_body, c->body_type = (quote_body_type)9)
SET(other_tee, c->tee = CHAOS_TEE_SGX)
SET(has_failed, c->run.failed = true)
SET(has_an_error, c->run.error.status = CHAOS_E_QUOTE_SIGNATURE)
SET(unverified, c->verified = false)

/* Half-filled claims are a fault of ours and give no verdict at all. */
static void broken_claims_are_no_judgement(void **state)
{
    static const change changes[] = { lacks_quote, lacks_anchor, lacks_pck, lacks_collateral, lacks_tcb, short_body,
                                      strange_body, other_tee, has_failed, has_an_error, unverified };
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    (void)state;

    policy = policy_of(NULL);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_claims(&claims, BODY_TD_10);
        changes[i](&claims);
        assert_int_equal(appraise_examined(&claims, policy, &nothing, FIXTURE_NOW, &verdict, NULL), CHAOS_E_INTERNAL);
        assert_null(verdict);
    }
}

/* --------------------------------------------------------------- envelopes ---- */

/* Pinned code, so that an envelope of which everything is expected is AFFIRMING; `more` adds objects of the policy. */
#define PIN_RTMR3 PIN_TD ",\"rtmr3\":[\"" X48("a3") "\"]"
#define AGENT_POLICY(more) "{" SCHEMA ",\"tdx\":{" PIN_RTMR3 "}" more "}"
#define BINDING(keys) AGENT_POLICY(",\"binding\":{" keys "}")
#define DSTACK(keys) AGENT_POLICY(",\"dstack\":{" keys "}")
#define PIN_COMPOSE(pins, keys) "{" SCHEMA ",\"tdx\":{" pins "},\"dstack\":{" keys "}}"
#define APP_F1 "\"app_id\":[\"" X4("fe") X16("fe") "\",\"" X4("f1") X16("f1") "\"]"
#define COMPOSE_F2 "\"compose_hash\":[\"" X32("f2") "\"]"
#define INSTANCE_F3 "\"instance_id\":[\"" X4("f3") X16("f3") "\"]"
#define IMAGE_F4 "\"os_image_hash\":[\"" X32("f4") "\"]"
#define PROVIDER_KMS "\"key_provider\":[\"local-sgx\",\"kms\"]"
#define ROOT_E1 "\"kms_root\":[\"02" X32("e1") "\"]"
/* SHA-256 of sixteen bytes 0x88: dstack's name of the fixture's machine. */
#define DEVICE_88 "\"device_id\":[\"4c989d0c271e1e403d5f908f9adcd48d1cd17c96523b854ee558128a4fb20fc5\"]"

typedef void (*ask)(chaos_expectation *expectation);

typedef struct agent_case {
    rule_case rule;
    ask ask; /* NULL: everything that fixture_envelope has is expected */
} agent_case;

static void ask_everything(chaos_expectation *e)
{
    e->has_agent = e->has_identity_key = e->has_nonce = true;
    e->chain_id.bytes[30] = 0x7a;
    e->chain_id.bytes[31] = 0x69;
    memset(e->identity_registry.bytes, 0xb1, sizeof e->identity_registry.bytes);
    e->agent_id.bytes[31] = 42;
    memset(e->identity_key.bytes, 0xc1, sizeof e->identity_key.bytes);
    memset(e->nonce.bytes, 0xd1, sizeof e->nonce.bytes);
}

static void ask_report_data(chaos_expectation *e)
{
    ask_everything(e);
    e->has_report_data = true;
    memset(e->report_data.bytes, 0x99, sizeof e->report_data.bytes);
}

#define ASK(name, statement)               \
    static void name(chaos_expectation *e) \
    {                                      \
        ask_everything(e);                 \
        statement;                         \
    }
ASK(ask_no_agent, e->has_agent = false)
ASK(ask_no_identity_key, e->has_identity_key = false)
ASK(ask_no_nonce, e->has_nonce = false)
/* The nonce d1... is the hash of block 900; 700 to 1000 are near enough. */
static void ask_anchor(chaos_expectation *e)
{
    ask_everything(e);
    e->has_nonce = false;
    e->has_anchor = true;
    e->anchor_block = 900;
    memset(e->anchor_hash.bytes, 0xd1, sizeof e->anchor_hash.bytes);
    e->first_block = 700;
    e->last_block = 1000;
}
#define ASK_ANCHOR(name, statement)        \
    static void name(chaos_expectation *e) \
    {                                      \
        ask_anchor(e);                     \
        statement;                         \
    }
ASK_ANCHOR(ask_anchor_first, e->first_block = 900)
ASK_ANCHOR(ask_anchor_last, e->last_block = 900)
ASK_ANCHOR(ask_anchor_too_old, e->first_block = 901)
ASK_ANCHOR(ask_anchor_ahead, e->last_block = 899)
ASK_ANCHOR(ask_other_hash, e->anchor_hash.bytes[31] ^= 1)
ASK_ANCHOR(ask_other_block, e->anchor_block = 901)
ASK(ask_subject, e->has_subject = true; memset(e->subject.bytes, 0xa1, 32))
ASK(ask_uri, e->has_agent_uri_hash = true; memset(e->agent_uri_hash.bytes, 0xa2, 32))
ASK(ask_tls, e->has_tls_spki_hash = true; memset(e->tls_spki_hash.bytes, 0xa3, 32))
SET(at_900, c->binding.anchor_block = 900)
SET(subject_a1, c->binding.stage = 2; memset(c->binding.subject.bytes, 0xa1, 32))
SET(subject_a0, subject_a1(c); c->binding.subject.bytes[31] = 0xa0)
SET(uri_a2, memset(c->binding.agent_uri_hash.bytes, 0xa2, 32))
SET(uri_a0, uri_a2(c); c->binding.agent_uri_hash.bytes[0] = 0xa0)
SET(tls_a3, c->binding.stage = 3; memset(c->binding.tls_spki_hash.bytes, 0xa3, 32))
SET(tls_a0, tls_a3(c); c->binding.tls_spki_hash.bytes[31] = 0xa0)
ASK(ask_key_only, memset(&e->chain_id, 0, 32); memset(&e->identity_registry, 0, 20); memset(&e->agent_id, 0xff, 32))

SET(other_chain, c->binding.chain_id.bytes[0] = 1)
SET(chain_one_more, c->binding.chain_id.bytes[31]++)
SET(other_registry, c->binding.identity_registry.bytes[19] ^= 1)
SET(other_registry_first, c->binding.identity_registry.bytes[0] ^= 1)
SET(other_agent, c->binding.agent_id.bytes[31] ^= 1)
SET(other_agent_first, c->binding.agent_id.bytes[0] ^= 0x80)
SET(other_identity, c->binding.identity_key.bytes[19] ^= 1)
SET(other_identity_first, c->binding.identity_key.bytes[0] ^= 1)
SET(other_nonce, c->binding.nonce.bytes[31] ^= 1)
SET(other_nonce_first, c->binding.nonce.bytes[0] ^= 1)
SET(stage_0, c->binding.stage = 0; memset(&c->binding.agent_id, 0xff, 32))
SET(stage_2, c->binding.stage = 2)
SET(stage_3, c->binding.stage = 3)
SET(stage_4, c->binding.stage = 4; memset(&c->binding.chain_id, 0, 32); memset(&c->binding.identity_registry, 0, 20);
    memset(&c->binding.agent_id, 0xff, 32))
SET(stage_5, c->binding.stage = 5)
SET(issued_in_300, c->binding.issued_at = FIXTURE_NOW + 300)
SET(issued_in_301, c->binding.issued_at = FIXTURE_NOW + 301)
SET(issued_never, c->binding.issued_at = UINT64_MAX)
SET(expires_now, c->binding.expires_at = FIXTURE_NOW)
SET(expired, c->binding.expires_at = FIXTURE_NOW - 1)
SET(expires_never, c->binding.expires_at = UINT64_MAX)
SET(an_hour_and_1, c->binding.issued_at--)
SET(no_app_id, c->has_app_id = false)
SET(other_app_id, c->app_id[19] ^= 1)
SET(no_compose, c->has_compose_hash = false)
SET(other_compose, c->compose_hash[31] ^= 1)
SET(no_instance, c->has_instance_id = false)
SET(other_instance, c->instance_id[0] ^= 1)
SET(no_image, c->has_os_image_hash = false)
SET(other_image, c->os_image_hash[31] ^= 1)
SET(no_provider, memset(c->key_provider, 0, sizeof c->key_provider))
SET(provider_tpm, memcpy(c->key_provider, "tpm", 4))
SET(provider_longer, memcpy(c->key_provider, "kmsx", 5))
SET(provider_full, memset(c->key_provider, 0x9b, sizeof c->key_provider)) /* and no NUL */
SET(no_kms_root, c->has_kms_root = false)
SET(other_kms_root, c->kms_root[32] ^= 1)
SET(other_kms_parity, c->kms_root[0] ^= 1)
SET(no_log, c->has_event_log = false; no_app_id(c); no_compose(c); no_instance(c); no_image(c); no_provider(c))

#define CAPPED(label, policy, type, change, row, expected, found)                                                  \
    {                                                                                                              \
        label, policy, type, change, CHAOS_TIER_WARNING, CHAOS_OK, CHECK_##row, CHECK_NOT_CHECKED, expected, found \
    }
#define TD BODY_TD_15
#define STAGE_1 "\"stages\":[0,1]"
#define OURS "\"conventions\":[\"dip-1\",\"chaoschain/1\"]"
#define THEIRS "\"conventions\":[\"dip-1\",\"chaoschain/10\"]"
#define HOUR "\"max_age_s\":3600"

static const agent_case binding_cases[] = {
    { OK_("the agent", AGENT_POLICY(""), TD, NULL, AGENT), NULL },
    { BAD("another chain", AGENT_POLICY(""), TD, chain_one_more, AGENT, BINDING_CHAIN, "31337", "31338"), NULL },
    { BAD("another chain beyond 64 bits", AGENT_POLICY(""), TD, other_chain, AGENT, BINDING_CHAIN, "31337",
          "452312848583266388373324160190187140051835877600158453279131187530910693993"),
      NULL },
    { BAD("another registry", AGENT_POLICY(""), TD, other_registry, AGENT, BINDING_REGISTRY, "b1b1b1b1", "b1b0"),
      NULL },
    { BAD("another registry at first", AGENT_POLICY(""), TD, other_registry_first, AGENT, BINDING_REGISTRY, "b1b1",
          "b0b1"),
      NULL },
    { BAD("another agent", AGENT_POLICY(""), TD, other_agent, AGENT, BINDING_AGENT, "42", "43"), NULL },
    { BAD("another agent by the first bit", AGENT_POLICY(""), TD, other_agent_first, AGENT, BINDING_AGENT, "42",
          "57896044618658097711785492504343953926634992332820282019728792003956564820010"),
      NULL },
    { BAD("not registered yet", AGENT_POLICY(""), TD, stage_0, AGENT, BINDING_AGENT, "42", "115792089"), NULL },
    { SHOWN("the agent is shown", AGENT_POLICY(""), TD, NULL, AGENT, "nothing was expected",
            "eip155:31337:0x" X4("b1") X16("b1") ":42"),
      ask_no_agent },
    { SHOWN("before registration", AGENT_POLICY(""), TD, stage_0, AGENT, "nothing was expected",
            "eip155:31337:0x" X4("b1") X16("b1") ", not registered"),
      ask_no_agent },
    { CAPPED("a key alone names no agent", AGENT_POLICY(""), TD, stage_4, AGENT, "names no agent", "none"),
      ask_no_agent },
    { CAPPED("not even when that is expected", AGENT_POLICY(""), TD, stage_4, AGENT, "names no agent", ""),
      ask_key_only },
    { BAD("a key alone is no agent's", AGENT_POLICY(""), TD, stage_4, AGENT, BINDING_CHAIN, "31337", "0"), NULL },

    { OK_("the identity key", AGENT_POLICY(""), TD, NULL, IDENTITY_KEY), NULL },
    { BAD("another identity key", AGENT_POLICY(""), TD, other_identity, IDENTITY_KEY, BINDING_IDENTITY, "c1c1",
          "c1c0"),
      NULL },
    { BAD("another identity key at first", AGENT_POLICY(""), TD, other_identity_first, IDENTITY_KEY,
          BINDING_IDENTITY, "c1c1", "c0c1"),
      NULL },
    { CAPPED("the identity key at stage 1", AGENT_POLICY(""), TD, NULL, IDENTITY_KEY, "nothing was expected: ",
             "c1c1"),
      ask_no_identity_key },
    { CAPPED("the identity key at stage 2", AGENT_POLICY(""), TD, stage_2, IDENTITY_KEY, "nothing was expected: ",
             "c1c1"),
      ask_no_identity_key },
    { CAPPED("the identity key at stage 3", AGENT_POLICY(""), TD, stage_3, IDENTITY_KEY, "nothing was expected: ",
             "c1c1"),
      ask_no_identity_key },
    { CAPPED("the identity key at stage 5", AGENT_POLICY(""), TD, stage_5, IDENTITY_KEY, "nothing was expected: ",
             "c1c1"),
      ask_no_identity_key },
    { BAD("another identity key at stage 5", AGENT_POLICY(""), BODY_TD_10, other_identity, IDENTITY_KEY,
          BINDING_IDENTITY, "c1c1", "c1c0"),
      NULL },

    { OK_("the nonce", AGENT_POLICY(""), TD, NULL, FRESHNESS), NULL },
    { BAD("another nonce", AGENT_POLICY(""), TD, other_nonce, FRESHNESS, BINDING_NONCE, "d1d1", "d1d0"), NULL },
    { BAD("another nonce at first", AGENT_POLICY(""), TD, other_nonce_first, FRESHNESS, BINDING_NONCE, "d1d1",
          "d0d1"),
      NULL },
    { CAPPED("a nonce that nobody asked for", AGENT_POLICY(""), TD, NULL, FRESHNESS, "no nonce was expected", "d1d1"),
      ask_no_nonce },

    { OK_("the hash of a block", AGENT_POLICY(""), TD, at_900, FRESHNESS), ask_anchor },
    { OK_("the first block that is near enough", AGENT_POLICY(""), TD, at_900, FRESHNESS), ask_anchor_first },
    { OK_("the last block that is near enough", AGENT_POLICY(""), TD, at_900, FRESHNESS), ask_anchor_last },
    { BAD("a block too old", AGENT_POLICY(""), TD, at_900, FRESHNESS, BINDING_NONCE, "block 901 to 1000", "900"),
      ask_anchor_too_old },
    { BAD("a block ahead", AGENT_POLICY(""), TD, at_900, FRESHNESS, BINDING_NONCE, "block 700 to 899", "900"),
      ask_anchor_ahead },
    { BAD("another block's hash", AGENT_POLICY(""), TD, at_900, FRESHNESS, BINDING_NONCE, "d1d0", "d1d1"),
      ask_other_hash },
    { BAD("another block's number", AGENT_POLICY(""), TD, at_900, FRESHNESS, BINDING_NONCE, "901", "900"),
      ask_other_block },
    { OK_("an anchor of the greatest age", AGENT_POLICY(",\"binding\":{\"max_anchor_age_blocks\":100}"), TD, at_900,
          POLICY_BINDING),
      ask_anchor },
    { BAD("an anchor that is older", AGENT_POLICY(",\"binding\":{\"max_anchor_age_blocks\":99}"), TD, at_900,
          POLICY_BINDING, BINDING_EXPIRED, "99", "100"),
      ask_anchor },

    { OK_("the request", AGENT_POLICY(""), TD, subject_a1, SUBJECT), ask_subject },
    { BAD("another request", AGENT_POLICY(""), TD, subject_a0, SUBJECT, BINDING_SUBJECT, "a1a1", "a1a0"),
      ask_subject },
    { BAD("no request is answered", AGENT_POLICY(""), TD, NULL, SUBJECT, BINDING_SUBJECT, "a1a1", "0000"),
      ask_subject },
    { SHOWN("the request is shown", AGENT_POLICY(""), TD, subject_a1, SUBJECT, "nothing was expected", "a1a1"), NULL },
    { OK_("the registration file", AGENT_POLICY(""), TD, uri_a2, AGENT_URI), ask_uri },
    { BAD("another registration file", AGENT_POLICY(""), TD, uri_a0, AGENT_URI, BINDING_URI, "a2a2", "a0a2"), ask_uri },
    { SHOWN("the registration file is shown", AGENT_POLICY(""), TD, uri_a2, AGENT_URI, "nothing was expected", "a2a2"),
      NULL },
    { OK_("the TLS key", AGENT_POLICY(""), TD, tls_a3, TLS_KEY), ask_tls },
    { BAD("another TLS key", AGENT_POLICY(""), TD, tls_a0, TLS_KEY, BINDING_TLS, "a3a3", "a3a0"), ask_tls },
    { SHOWN("the TLS key is shown", AGENT_POLICY(""), TD, tls_a3, TLS_KEY, "nothing was expected", "a3a3"), NULL },

    { OK_("a clock that is fast", AGENT_POLICY(""), TD, issued_in_300, BINDING_TIME), NULL },
    { BAD("issued tomorrow", AGENT_POLICY(""), TD, issued_in_301, BINDING_TIME, BINDING_EXPIRED,
          "2026-01-01T00:05:00Z", "2026-01-01T00:05:01Z"),
      NULL },
    { BAD("issued never", AGENT_POLICY(""), TD, issued_never, BINDING_TIME, BINDING_EXPIRED, "2026-01-01T00:05:00Z",
          "18446744073709551615"),
      NULL },
    { OK_("the last second", AGENT_POLICY(""), TD, expires_now, BINDING_TIME), NULL },
    { BAD("expired", AGENT_POLICY(""), TD, expired, BINDING_TIME, BINDING_EXPIRED, "2026-01-01T00:00:00Z",
          "2025-12-31T23:59:59Z"),
      NULL },
    { OK_("expires never", AGENT_POLICY(""), TD, expires_never, BINDING_TIME), NULL },

    { SHOWN("the stage is shown", AGENT_POLICY(""), TD, NULL, POLICY_BINDING, "does not ask", "1 (identity key)"),
      NULL },
    { SHOWN("any stage", BINDING("\"stages\":\"any\",\"conventions\":\"any\""), TD, stage_5, POLICY_BINDING,
            "does not ask", "5 (session key)"),
      NULL },
    { OK_("a named stage", BINDING(STAGE_1), TD, NULL, POLICY_BINDING), NULL },
    { BAD("another stage", BINDING(STAGE_1), TD, stage_5, POLICY_BINDING, BINDING_STAGE, "policy's stages",
          "5 (session key)"),
      NULL },
    { OK_("our convention", BINDING(OURS), TD, NULL, POLICY_BINDING), NULL },
    { BAD("other conventions only", BINDING(THEIRS), TD, NULL, POLICY_BINDING, BINDING_TYPE, "policy's conventions",
          "chaoschain/1"),
      NULL },
    { OK_("not too old", BINDING(HOUR), TD, NULL, POLICY_BINDING), NULL },
    { BAD("a second too old", BINDING(HOUR), TD, an_hour_and_1, POLICY_BINDING, BINDING_EXPIRED,
          "at most 3600 s ago", "2025-12-31T22:59:59Z"),
      NULL },
    { OK_("of the future, within the skew", BINDING("\"max_age_s\":0"), TD, issued_in_300, POLICY_BINDING), NULL },
    { CAPPED("blocks need a chain", BINDING("\"max_anchor_age_blocks\":9"), TD, NULL, POLICY_BINDING,
             "max_anchor_age_blocks", ""),
      NULL },
    { CAPPED("also beside what is met", BINDING("\"max_anchor_age_blocks\":9," STAGE_1), TD, NULL, POLICY_BINDING,
             "max_anchor_age_blocks", ""),
      NULL },
    { BAD("and they excuse nothing", BINDING("\"max_anchor_age_blocks\":9," STAGE_1), TD, stage_2, POLICY_BINDING,
          BINDING_STAGE, "policy's stages", "2 (validation request)"),
      NULL },
    { OK_("the report data of an envelope", AGENT_POLICY(""), TD, NULL, REPORT_DATA), ask_report_data },
};

static const agent_case dstack_cases[] = {
    { SHOWN("the app id is shown", AGENT_POLICY(""), TD, NULL, POLICY_APP_ID, "names none", "f1f1"), NULL },
    { OK_("the app id", DSTACK(APP_F1), TD, NULL, POLICY_APP_ID), NULL },
    { BAD("another app id", DSTACK(APP_F1), TD, other_app_id, POLICY_APP_ID, APP_ID, "one of 2: fefe", "f1f0"), NULL },
    { BAD("no app id", DSTACK(APP_F1), TD, no_app_id, POLICY_APP_ID, APP_ID, "one of 2: fefe", "nothing"), NULL },
    { SHOWN("any app id", DSTACK("\"app_id\":\"any\""), TD, no_app_id, POLICY_APP_ID, "accepts any", ""), NULL },
    { CAPPED("the app id of an unknown OS", PIN_COMPOSE("", APP_F1), TD, NULL, POLICY_APP_ID, "not pinned", "f1f1"),
      NULL },
    { BAD("another app id of an unknown OS", PIN_COMPOSE("", APP_F1), TD, other_app_id, POLICY_APP_ID, APP_ID,
          "one of 2", "f1f0"),
      NULL },

    { OK_("the compose hash", DSTACK(COMPOSE_F2), TD, NULL, POLICY_COMPOSE_HASH), NULL },
    { BAD("another compose hash", DSTACK(COMPOSE_F2), TD, other_compose, POLICY_COMPOSE_HASH, COMPOSE_HASH, X32("f2"),
          "f2f3"),
      NULL },
    { BAD("no compose hash", DSTACK(COMPOSE_F2), TD, no_compose, POLICY_COMPOSE_HASH, COMPOSE_HASH, X32("f2"),
          "nothing"),
      NULL },
    { CAPPED("the compose hash of an unknown OS", PIN_COMPOSE(PIN_FIRMWARE, COMPOSE_F2), TD, NULL,
             POLICY_COMPOSE_HASH, "not pinned", "f2f2"),
      NULL },

    { OK_("the instance", DSTACK(INSTANCE_F3), TD, NULL, POLICY_INSTANCE_ID), NULL },
    { BAD("another instance", DSTACK(INSTANCE_F3), TD, other_instance, POLICY_INSTANCE_ID, INSTANCE_ID, "f3f3",
          "f2f3"),
      NULL },
    { BAD("no instance", DSTACK(INSTANCE_F3), TD, no_instance, POLICY_INSTANCE_ID, INSTANCE_ID, "f3f3", "nothing"),
      NULL },

    { OK_("the OS image, as the guest says", DSTACK(IMAGE_F4), TD, NULL, POLICY_OS_IMAGE_HASH), NULL },
    { BAD("another OS image", DSTACK(IMAGE_F4), TD, other_image, POLICY_OS_IMAGE_HASH, OS_IMAGE_HASH, "f4f4", "f4f5"),
      NULL },
    { BAD("no OS image", DSTACK(IMAGE_F4), TD, no_image, POLICY_OS_IMAGE_HASH, OS_IMAGE_HASH, "f4f4", "nothing"),
      NULL },
    { CAPPED("the OS image is not recomputed", PIN_COMPOSE("", COMPOSE_F2 "," IMAGE_F4), TD, NULL,
             POLICY_OS_IMAGE_HASH, "not pinned", "f4f4"),
      NULL },

    { SHOWN("the key provider is shown", AGENT_POLICY(""), TD, NULL, POLICY_KEY_PROVIDER, "names none", "kms"), NULL },
    { SHOWN("escaped", AGENT_POLICY(""), TD, provider_full, POLICY_KEY_PROVIDER, "names none", "\\x9b\\x9b"), NULL },
    { OK_("the key provider", DSTACK(PROVIDER_KMS), TD, NULL, POLICY_KEY_PROVIDER), NULL },
    { BAD("another key provider", DSTACK(PROVIDER_KMS), TD, provider_tpm, POLICY_KEY_PROVIDER, KEY_PROVIDER,
          "one of 2: local-sgx", "tpm"),
      NULL },
    { BAD("a longer name", DSTACK(PROVIDER_KMS), TD, provider_longer, POLICY_KEY_PROVIDER, KEY_PROVIDER,
          "one of 2: local-sgx", "kmsx"),
      NULL },
    { BAD("no key provider", DSTACK(PROVIDER_KMS), TD, no_provider, POLICY_KEY_PROVIDER, KEY_PROVIDER,
          "one of 2: local-sgx", "nothing"),
      NULL },
    { CAPPED("the key provider of an unknown OS", PIN_COMPOSE("", PROVIDER_KMS), TD, NULL, POLICY_KEY_PROVIDER,
             "not pinned", "kms"),
      NULL },

    { SHOWN("the KMS root is shown", AGENT_POLICY(""), TD, NULL, POLICY_KMS_ROOT, "names none", "02e1e1"), NULL },
    { OK_("the KMS root", DSTACK(ROOT_E1), TD, NULL, POLICY_KMS_ROOT), NULL },
    { BAD("another KMS root", DSTACK(ROOT_E1), TD, other_kms_root, POLICY_KMS_ROOT, KMS_ROOT, "02e1e1", "e1e0"),
      NULL },
    { BAD("its other half", DSTACK(ROOT_E1), TD, other_kms_parity, POLICY_KMS_ROOT, KMS_ROOT, "02e1e1", "03e1"),
      NULL },
    { BAD("no KMS root", DSTACK(ROOT_E1), TD, no_kms_root, POLICY_KMS_ROOT, KMS_ROOT, "02e1e1", "nothing"), NULL },

    { OK_("the machine", DSTACK(DEVICE_88), TD, NULL, POLICY_DSTACK), NULL },
    { BAD("another machine", DSTACK(DEVICE_88), TD, other_ppid, POLICY_DSTACK, PLATFORM, "4c989d0c", "1f710a33"), NULL },

    { BAD("an envelope without a log", DSTACK(APP_F1), TD, no_log, POLICY_APP_ID, APP_ID, "one of 2", "nothing"),
      NULL },
    { OK_("one that needs none", AGENT_POLICY(""), TD, no_log, CODE), NULL },
    { BAD("an enclave has no log", "{" SCHEMA ",\"sgx\":{\"mr_enclave\":[\"" X32("66") "\"]},\"dstack\":{" APP_F1 "}}",
          BODY_SGX, NULL, POLICY_APP_ID, APP_ID, "one of 2", "nothing"),
      NULL },
};

static const agent_case code_cases[] = {
    { OK_("pinned by RTMR3", AGENT_POLICY(""), TD, NULL, CODE), NULL },
    { OK_("pinned by the compose hash", PIN_COMPOSE(PIN_TD, COMPOSE_F2), TD, NULL, CODE), NULL },
    { CAPPED("by nothing", NULL, TD, NULL, CODE, "does not pin the code", ""), NULL },
    { CAPPED("no application", TDX(PIN_TD), TD, NULL, CODE, "does not pin the code", ""), NULL },
    { CAPPED("an application by its id", PIN_COMPOSE(PIN_TD, APP_F1), TD, NULL, CODE, "does not pin the code", ""),
      NULL },
    { CAPPED("any application", PIN_COMPOSE(PIN_TD, "\"compose_hash\":\"any\""), TD, NULL, CODE,
             "does not pin the code", ""),
      NULL },
    { CAPPED("an application without its OS", PIN_COMPOSE("", COMPOSE_F2), TD, NULL, CODE, "does not pin the code",
             ""),
      NULL },
    { CAPPED("an OS by its image hash", PIN_COMPOSE("", COMPOSE_F2 "," IMAGE_F4), TD, NULL, CODE,
             "os_image_hash is not recomputed", ""),
      NULL },
    { CAPPED("an OS without RTMR2",
             PIN_COMPOSE(PIN_FIRMWARE ",\"rtmr1\":[\"" X48("a1") "\"]", COMPOSE_F2), TD, NULL, CODE,
             "does not pin the code", ""),
      NULL },
    { CAPPED("an OS without RTMR1",
             PIN_COMPOSE(PIN_FIRMWARE ",\"rtmr2\":[\"" X48("a2") "\"]", COMPOSE_F2), TD, NULL, CODE,
             "does not pin the code", ""),
      NULL },
    { CAPPED("an OS without RTMR0",
             PIN_COMPOSE("\"mr_td\":[\"" X48("22") "\"],\"rtmr1\":[\"" X48("a1") "\"],"
                                                                                 "\"rtmr2\":[\"" X48("a2") "\"]",
                         COMPOSE_F2),
             TD, NULL, CODE, "does not pin the code", ""),
      NULL },
    { CAPPED("an OS without MRTD",
             PIN_COMPOSE("\"rtmr0\":[\"" X48("a0") "\"],\"rtmr1\":[\"" X48("a1") "\"],"
                                                                                 "\"rtmr2\":[\"" X48("a2") "\"]",
                         COMPOSE_F2),
             TD, NULL, CODE, "does not pin the code", ""),
      NULL },
    { OK_("the enclave", ENCLAVE, BODY_SGX, NULL, CODE), NULL },
    { CAPPED("the enclave's signer alone", SIGNER, BODY_SGX, NULL, CODE, "does not pin the code", ""), NULL },
};

static size_t run_agent_cases(const agent_case *cases, size_t count)
{
    static chaos_claims claims;
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
        fixture_envelope(&claims, cases[i].rule.type);
        if (cases[i].rule.change != NULL) {
            cases[i].rule.change(&claims);
        }
        (cases[i].ask == NULL ? ask_everything : cases[i].ask)(&expectation);
        wrong += verdict_holds(&cases[i].rule, &claims, &expectation) ? 0 : 1;
    }
    return wrong;
}

static void binding_rules(void **state)
{
    (void)state;
    assert_int_equal(run_agent_cases(binding_cases, CHAOS_ARRAY_SIZE(binding_cases)), 0);
}

static void dstack_rules(void **state)
{
    (void)state;
    assert_int_equal(run_agent_cases(dstack_cases, CHAOS_ARRAY_SIZE(dstack_cases)), 0);
}

static void code_of_envelopes(void **state)
{
    (void)state;
    assert_int_equal(run_agent_cases(code_cases, CHAOS_ARRAY_SIZE(code_cases)), 0);
}

/* Before registration the bound key is the identity key, and nobody speaks for an agent: shown, and no cap. */
static void stage_0_needs_no_identity_key(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    (void)state;

    fixture_envelope(&claims, BODY_TD_10);
    stage_0(&claims);
    ask_everything(&expectation);
    expectation.has_agent = expectation.has_identity_key = false;
    verdict = verdict_expecting(&claims, AGENT_POLICY(""), &expectation, FIXTURE_NOW);
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_AFFIRMING);
    assert_int_equal(verdict->claims.run.rows[CHECK_IDENTITY_KEY].result, CHECK_NOT_CHECKED);
    assert_false(verdict->open[CHECK_IDENTITY_KEY]);
}

/* With nothing pinned and nothing expected an envelope is never AFFIRMING, whatever its stage. */
static void an_envelope_alone_is_a_warning(void **state)
{
    static const check_id open[] = { CHECK_CODE, CHECK_FRESHNESS };
    static chaos_claims claims;
    (void)state;
    for (uint8_t stage = 0; stage <= 5; stage++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_envelope(&claims, stage % 2 == 0 ? BODY_TD_15 : BODY_SGX);
        claims.binding.stage = stage;
        verdict = verdict_of(&claims, NULL, FIXTURE_NOW);
        assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_WARNING);
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(open); i++) {
            assert_true(verdict->open[open[i]]);
            assert_int_equal(verdict->claims.run.rows[open[i]].result, CHECK_NOT_CHECKED);
        }
        assert_int_equal(verdict->open[CHECK_IDENTITY_KEY], stage != 0 && stage != 4);
        assert_int_equal(verdict->open[CHECK_AGENT], stage == 4);
    }
}

/* A row that passed on the guest's word says so. */
static void the_os_image_row_tells_its_worth(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    (void)state;

    fixture_envelope(&claims, BODY_TD_15);
    verdict = verdict_of(&claims, DSTACK(IMAGE_F4), FIXTURE_NOW);
    const check_row *row = &verdict->claims.run.rows[CHECK_POLICY_OS_IMAGE_HASH];
    assert_int_equal(row->result, CHECK_PASSED);
    assert_non_null(strstr(row->expected, "pins no code"));
    assert_non_null(strstr(row->found, "f4f4"));
}

/* A log beside a bare quote: the policy's lists are judged, but the scope and its caps stay those of a platform. */
static void a_log_without_an_envelope(void **state)
{
    static const struct {
        const char *label, *policy;
        change change;
        chaos_tier tier;
        chaos_status status;
    } cases[] = {
        { "nothing is asked", NULL, NULL, CHAOS_TIER_AFFIRMING, CHAOS_OK },
        { "the app id", DSTACK(APP_F1), NULL, CHAOS_TIER_AFFIRMING, CHAOS_OK },
        { "another app id", DSTACK(APP_F1), other_app_id, CHAOS_TIER_CONTRAINDICATED, CHAOS_E_APP_ID },
        { "no app id", DSTACK(APP_F1), no_app_id, CHAOS_TIER_CONTRAINDICATED, CHAOS_E_APP_ID },
        { "an unknown OS", PIN_COMPOSE("", APP_F1), NULL, CHAOS_TIER_WARNING, CHAOS_OK },
        { "no KMS chain", DSTACK(ROOT_E1), NULL, CHAOS_TIER_CONTRAINDICATED, CHAOS_E_KMS_ROOT },
        { "no binding", BINDING(STAGE_1), NULL, CHAOS_TIER_WARNING, CHAOS_OK },
    };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_with_log(&claims, BODY_TD_10);
        if (cases[i].change != NULL) {
            cases[i].change(&claims);
        }
        verdict = verdict_of(&claims, cases[i].policy, FIXTURE_NOW);
        const chaos_error *error = chaos_verdict_error(verdict);
        chaos_status got = error == NULL ? CHAOS_OK : error->status;
        if (got != cases[i].status || verdict->tier != cases[i].tier) {
            fail_msg("%s: expected %s (%s), got %s (%s)", cases[i].label, chaos_status_name(cases[i].status),
                     chaos_tier_name(cases[i].tier), chaos_status_name(got), chaos_tier_name(verdict->tier));
        }
        assert_int_equal(verdict->claims.run.rows[CHECK_FRESHNESS].result, CHECK_UNREACHED);
        assert_int_equal(verdict->claims.run.rows[CHECK_BINDING_TIME].result, CHECK_UNREACHED);
    }
}

static void code_of_a_quote_with_a_log(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, pinned);
    CHAOS_AUTO(chaos_verdict, other);
    (void)state;

    fixture_with_log(&claims, BODY_TD_10);
    pinned = verdict_of(&claims, PIN_COMPOSE(PIN_TD, COMPOSE_F2), FIXTURE_NOW);
    assert_int_equal(pinned->claims.run.rows[CHECK_CODE].result, CHECK_PASSED);
    other_compose(&claims);
    other = verdict_of(&claims, DSTACK(COMPOSE_F2), FIXTURE_NOW);
    assert_int_equal(other->claims.run.rows[CHECK_CODE].result, CHECK_NOT_CHECKED);
    assert_int_equal(chaos_verdict_error(other)->status, CHAOS_E_COMPOSE_HASH);
}

/* Expectations of a binding belong to an envelope; a bare quote that did not verify gets its verdict all the same. */
/* One nonce cannot be the caller's choice and the hash of a block. */
static void a_nonce_or_a_block(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO(chaos_verdict, verdict);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    chaos_error err;
    (void)state;

    policy = policy_of(NULL);
    ask_anchor(&expectation);
    expectation.has_nonce = true;
    fixture_envelope(&claims, BODY_TD_15);
    assert_int_equal(chaos_appraise(&claims, policy, &expectation, FIXTURE_NOW, &verdict, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "expectation");
    expectation.has_nonce = false;
    assert_int_equal(chaos_appraise(&claims, policy, &expectation, FIXTURE_NOW, &verdict, &err), CHAOS_OK);
}

static void a_bare_quote_has_no_agent(void **state)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    CHAOS_AUTO(chaos_policy, none);
    chaos_error err;
    (void)state;

    policy = policy_of(NULL);
    assert_int_equal(chaos_policy_none(&none, NULL), CHAOS_OK);
    for (int which = 0; which < 7; which++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
        ask_everything(&expectation);
        expectation.has_agent = which == 0;
        expectation.has_identity_key = which == 1;
        expectation.has_nonce = which == 2;
        expectation.has_anchor = which == 3;
        expectation.has_subject = which == 4;
        expectation.has_agent_uri_hash = which == 5;
        expectation.has_tls_spki_hash = which == 6;
        fixture_with_log(&claims, BODY_TD_10);
        assert_int_equal(chaos_appraise(&claims, policy, &expectation, 0, &verdict, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "expectation");
        assert_int_equal(appraise_examined(&claims, none, &expectation, 0, &verdict, &err), CHAOS_E_USAGE);
        fixture_claims(&claims, BODY_SGX);
        claims.verified = false;
        claims.only_dates_failed = true;
        claims.run.failed = true;
        claims.run.error.status = CHAOS_E_CRL_EXPIRED;
        assert_int_equal(appraise_examined(&claims, policy, &expectation, 0, &verdict, &err), CHAOS_E_USAGE);
        assert_null(verdict);
        fixture_claims(&claims, BODY_TD_10);
        fixture_fail(&claims, CHECK_QUOTE_SIGNATURE, CHAOS_E_QUOTE_SIGNATURE);
        assert_int_equal(appraise_examined(&claims, policy, &expectation, 0, &verdict, &err), CHAOS_E_USAGE);
        claims.has_quote = false; /* what could not be read gets its verdict */
        assert_int_equal(appraise_examined(&claims, policy, &expectation, 0, &verdict, &err), CHAOS_OK);
        assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_CONTRAINDICATED);
    }
}

/* Clocks and bindings at the ends of their ranges. */
static void strange_bindings_do_no_harm(void **state)
{
    static const int64_t clocks[] = { INT64_MIN, -1, 0, 1, FIXTURE_NOW, INT64_MAX };
    static const uint64_t times[] = { 0, 1, 300, FIXTURE_NOW, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
    static chaos_claims claims;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(clocks); i++) {
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(times); k++) {
            CHAOS_AUTO(chaos_verdict, verdict);
            fixture_envelope(&claims, BODY_TD_10);
            claims.binding.issued_at = times[k];
            claims.binding.expires_at = UINT64_MAX;
            claims.binding.stage = (uint8_t)(k + 4); /* also stages that there are not */
            verdict = verdict_of(&claims, BINDING(HOUR), clocks[i]);
            bool future = times[k] > 300 && (clocks[i] < 0 || times[k] - 300 > (uint64_t)clocks[i]);
            assert_int_equal(verdict->claims.run.rows[CHECK_BINDING_TIME].result == CHECK_FAILED, future);
            assert_int_not_equal(verdict->tier, CHAOS_TIER_AFFIRMING);
        }
    }
}

SET(lacks_binding_row, c->run.rows[CHECK_BINDING].result = CHECK_UNREACHED)
SET(lacks_report_data_row, c->run.rows[CHECK_BINDING_REPORT_DATA].result = CHECK_UNREACHED)
SET(lacks_possession, c->run.rows[CHECK_POSSESSION].result = CHECK_UNREACHED)
SET(lacks_endorsement, c->run.rows[CHECK_ENDORSEMENT].result = CHECK_FAILED)

/* A binding that nothing proves is a fault of ours, like any half-filled claims. */
static void an_unproven_binding_is_no_judgement(void **state)
{
    static const change changes[] = { lacks_binding_row, lacks_report_data_row, lacks_possession, lacks_endorsement };
    static chaos_claims claims;
    CHAOS_AUTO(chaos_policy, policy);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    (void)state;

    policy = policy_of(NULL);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
        CHAOS_AUTO(chaos_verdict, verdict);
        fixture_envelope(&claims, BODY_TD_10);
        changes[i](&claims);
        assert_int_equal(appraise_examined(&claims, policy, &nothing, FIXTURE_NOW, &verdict, NULL), CHAOS_E_INTERNAL);
        assert_null(verdict);
    }
}

/* ------------------------------------------------------------------ whole ---- */

/* One case of any table. */
static const rule_case *case_at(size_t index)
{
    static const struct {
        const rule_case *rules;
        size_t count;
    } plain[] = { { platform_cases, CHAOS_ARRAY_SIZE(platform_cases) },
                  { tdx_cases, CHAOS_ARRAY_SIZE(tdx_cases) },
                  { sgx_cases, CHAOS_ARRAY_SIZE(sgx_cases) },
                  { scope_cases, CHAOS_ARRAY_SIZE(scope_cases) } };
    static const struct {
        const agent_case *rules;
        size_t count;
    } agent[] = { { binding_cases, CHAOS_ARRAY_SIZE(binding_cases) },
                  { dstack_cases, CHAOS_ARRAY_SIZE(dstack_cases) },
                  { code_cases, CHAOS_ARRAY_SIZE(code_cases) } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(plain); i++) {
        if (index < plain[i].count) {
            return &plain[i].rules[index];
        }
        index -= plain[i].count;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(agent); i++) {
        if (index < agent[i].count) {
            return &agent[i].rules[index].rule;
        }
        index -= agent[i].count;
    }
    return NULL;
}

/* Does the case's policy have the key in this object? */
static bool speaks_of(const rule_case *c, const char *object, const char *key)
{
    char text[64];

    (void)snprintf(text, sizeof text, "\"%s\":", key);
    if (c->policy == NULL || strstr(c->policy, text) == NULL) {
        return false;
    }
    (void)snprintf(text, sizeof text, "\"%s\":", object);
    return object[0] == '\0' ||
           (strstr(c->policy, text) != NULL &&
            (strcmp(object, "sgx") != 0 || c->type == BODY_SGX) && (strcmp(object, "tdx") != 0 || c->type != BODY_SGX));
}

static void expect_both(const char *object, const char *key)
{
    static const char *const elsewhere[] = {
        "schema", "$comment", /* no rules: test_policy.c */
        "simulated_chains",   /* of validators: simulated_chains_are_named, tests/life/test_validator.c */
        "collateral_grace_s", /* of evidence that did not verify: expired_collateral_has_a_grace */
    };
    bool met = false, refused = false;
    const rule_case *c;

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(elsewhere); i++) {
        if (strcmp(key, elsewhere[i]) == 0) {
            return;
        }
    }
    for (size_t i = 0; (c = case_at(i)) != NULL; i++) {
        if (speaks_of(c, object, key)) {
            met = met || c->result == CHECK_PASSED || c->result == CHECK_WARNED;
            refused = refused || c->result == CHECK_FAILED;
        }
    }
    if (!met || !refused) {
        fail_msg("%s.%s: no case in which it is %s", object, key, met ? "not met" : "met");
    }
}

/* Each key that a policy may have, by the schema that is published, has a case that meets it and one that does not. */
static void every_key_has_both(void **state)
{
    json_error_t why;
    json_t *schema = json_load_file(SOURCE_ROOT "/data/schemas/policy.schema.json", 0, &why), *value, *inner;
    const char *object, *key;
    size_t keys = 0;
    (void)state;

    assert_non_null(schema);
    json_object_foreach(json_object_get(schema, "properties"), object, value)
    {
        json_t *members = json_object_get(value, "properties");
        if (members == NULL) {
            expect_both("", object);
            keys++;
        }
        json_object_foreach(members, key, inner)
        {
            if (strcmp(key, "mask") != 0 && strcmp(key, "value") != 0) {
                expect_both(object, key);
                keys++;
            }
        }
    }
    json_decref(schema);
    assert_true(keys >= 45);
}

static void simulated_chains_are_named(void **state)
{
    static const struct {
        const char *policy;
        uint64_t yes, no;
    } cases[] = {
        { NULL, 31337, 1 },
        { "{" SCHEMA "}", 31337, 31338 },
        { "{" SCHEMA ",\"simulated_chains\":\"any\"}", 31337, 1 }, /* nothing more than leaving it out */
        { "{" SCHEMA ",\"simulated_chains\":[1337,84532]}", 84532, 31337 },
        { "{" SCHEMA ",\"simulated_chains\":[0]}", 0, 31337 },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        CHAOS_AUTO(chaos_policy, policy);
        policy = policy_of(cases[i].policy);
        assert_true(policy_simulates(policy, cases[i].yes));
        assert_false(policy_simulates(policy, cases[i].no));
        assert_false(policy_simulates(policy, cases[i].yes + (UINT64_C(1) << 32)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_both),
        cmocka_unit_test(simulated_chains_are_named),
        cmocka_unit_test(platform_rules),
        cmocka_unit_test(tdx_rules),
        cmocka_unit_test(sgx_rules),
        cmocka_unit_test(scope_rules),
        cmocka_unit_test(wrong_code_is_not_proven),
        cmocka_unit_test(rows_belong_to_their_tee),
        cmocka_unit_test(all_failures_are_collected),
        cmocka_unit_test(the_default_policy_judges_every_status),
        cmocka_unit_test(any_status_is_not_every_status),
        cmocka_unit_test(all_64_bytes_are_compared),
        cmocka_unit_test(expired_collateral_has_a_grace),
        cmocka_unit_test(grace_forgives_dates_only),
        cmocka_unit_test(strange_times_do_no_harm),
        cmocka_unit_test(failures_of_verification_have_their_codes),
        cmocka_unit_test(no_policy_judges_nothing),
        cmocka_unit_test(no_policy_still_expects),
        cmocka_unit_test(claims_have_their_time),
        cmocka_unit_test(zero_is_never_a_pass),
        cmocka_unit_test(broken_claims_are_no_judgement),
        cmocka_unit_test(binding_rules),
        cmocka_unit_test(dstack_rules),
        cmocka_unit_test(code_of_envelopes),
        cmocka_unit_test(stage_0_needs_no_identity_key),
        cmocka_unit_test(an_envelope_alone_is_a_warning),
        cmocka_unit_test(the_os_image_row_tells_its_worth),
        cmocka_unit_test(a_log_without_an_envelope),
        cmocka_unit_test(code_of_a_quote_with_a_log),
        cmocka_unit_test(a_bare_quote_has_no_agent),
        cmocka_unit_test(a_nonce_or_a_block),
        cmocka_unit_test(strange_bindings_do_no_harm),
        cmocka_unit_test(an_unproven_binding_is_no_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
