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

static chaos_verdict *verdict_of(const chaos_claims *claims, const char *policy_text, int64_t now)
{
    CHAOS_AUTO(chaos_policy, policy);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;

    policy = policy_of(policy_text);
    assert_int_equal(appraise_examined(claims, policy, &nothing, now, &verdict, NULL), CHAOS_OK);
    assert_non_null(verdict);
    return verdict;
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

static bool case_holds(const rule_case *c)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);

    fixture_claims(&claims, c->type);
    if (c->change != NULL) {
        c->change(&claims);
    }
    verdict = verdict_of(&claims, c->policy, FIXTURE_NOW);
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
    if (c->result == CHECK_FAILED ? !failure_is_the_rows(verdict, c->row) : error != NULL) {
        print_error("%s: expected %s alone\n", c->label, chaos_status_name(c->status));
        return false;
    }
    return chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE;
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
    BAD("a rejected advisory", REJECT_2, BODY_TD_10, advisory_12, POLICY_ADVISORIES, ADVISORY, "reject_advisories",
        "INTEL-SA-00002"),
    OK_("none to reject", REJECT_ANY, BODY_TD_10, NULL, POLICY_ADVISORIES),
    BAD("any is rejected", REJECT_ANY, BODY_TD_10, advisory_1, POLICY_ADVISORIES, ADVISORY, "reject_advisories",
        "INTEL-SA-00001"),

    SHOWN("the number is shown", NULL, BODY_TD_10, NULL, POLICY_EVALUATION_NUMBER, "no minimum", "17"),
    OK_("both numbers reach it", EVAL_17, BODY_TD_10, NULL, POLICY_EVALUATION_NUMBER),
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
    assert_int_equal(chaos_appraise(&claims, &zero_policy, &nothing, 0, &verdict, &err), CHAOS_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(zero_is_never_a_pass),
        cmocka_unit_test(broken_claims_are_no_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
