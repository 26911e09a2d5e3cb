/* rules_scope.c - rules about what a bare quote leaves open: the report data, the code, and everything that
 * only an envelope with its event log and binding could show. */
#include "appraise/internal.h"

static bool any_list_has_values(const policy_list *const *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lists[i]->kind == LIST_VALUES) {
            return true;
        }
    }
    return false;
}

static bool policy_asks_dstack(const chaos_policy *policy)
{
    const policy_list *const lists[] = {
        &policy->dstack.app_id,
        &policy->dstack.compose_hash,
        &policy->dstack.os_image_hash,
        &policy->dstack.device_id,
        &policy->dstack.instance_id,
        &policy->dstack.key_provider,
        &policy->dstack.kms_root,
    };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists));
}

static bool policy_asks_binding(const chaos_policy *policy)
{
    const policy_list *const lists[] = { &policy->binding.stages, &policy->binding.conventions };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists)) || policy->binding.max_age_s.given ||
           policy->binding.max_anchor_age_blocks.given;
}

/* What the policy demands and a bare quote cannot show keeps the tier from AFFIRMING. */
static chaos_status rule_beyond_the_quote(const appraisal *a)
{
    if (policy_asks_dstack(a->policy)) {
        check_not_checked(a->run, CHECK_POLICY_DSTACK, "a bare quote does not show what the policy names");
        cap_at_warning(a->run);
    }
    if (policy_asks_binding(a->policy)) {
        check_not_checked(a->run, CHECK_POLICY_BINDING, "a bare quote does not show what the policy names");
        cap_at_warning(a->run);
    }
    return CHAOS_OK;
}

static chaos_status rule_report_data(const appraisal *a)
{
    chaos_slice found = body_field_of(a->claims, "report_data");
    chaos_slice expected = slice(a->expectation->report_data.bytes, sizeof a->expectation->report_data.bytes);

    if (!a->expectation->has_report_data) {
        note(a->run, CHECK_REPORT_DATA, "nothing was expected", found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), REPORT_DATA, REPORT_DATA, "report_data", v_hex(expected),
          v_hex(found));
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- code ---- */

static bool has_values(const policy_list *list)
{
    return list->kind == LIST_VALUES;
}

/* MRTD alone is the firmware. Kernel and command line are in RTMR1 and RTMR2, the application in RTMR3. */
static bool policy_pins_td(const chaos_policy *policy)
{
    const policy_list *rtmr = policy->tdx.rtmr;
    return has_values(&policy->tdx.mr_td) && has_values(&rtmr[0]) && has_values(&rtmr[1]) &&
           has_values(&rtmr[2]) && has_values(&rtmr[3]);
}

static bool policy_pins_enclave(const chaos_policy *policy)
{
    bool by_signer = has_values(&policy->sgx.mr_signer) && has_values(&policy->sgx.isv_prod_id) &&
                     policy->sgx.min_isv_svn.given;
    return has_values(&policy->sgx.mr_enclave) || by_signer;
}

/* Why the code is not proven; NULL if it is. */
static const char *code_not_proven(const appraisal *a, bool pinned)
{
    if (!pinned) {
        return "the policy does not pin the code";
    }
    for (size_t id = CHECK_POLICY_MR_TD; id <= CHECK_POLICY_MIN_ISV_SVN; id++) {
        if (a->run->rows[id].result == CHECK_FAILED) {
            return "a measurement is not the policy's";
        }
    }
    return NULL;
}

/* A policy that speaks of one TEE only is not met by evidence of the other: its lists would all be idle. */
static chaos_status rule_code(const appraisal *a)
{
    const chaos_policy *policy = a->policy;
    bool is_tdx = a->claims->tee == CHAOS_TEE_TDX;
    bool speaks_of_this = is_tdx ? policy->tdx.given : policy->sgx.given;
    bool speaks_of_other = is_tdx ? policy->sgx.given : policy->tdx.given;
    const char *not_proven =
        code_not_proven(a, is_tdx ? policy_pins_td(policy) : policy_pins_enclave(policy));

    if (not_proven != NULL) {
        check_not_checked(a->run, CHECK_CODE, not_proven);
    }
    CHECK(a->run, speaks_of_this || !speaks_of_other, CODE, MEASUREMENT, "tee",
          v_text(tee_name_of(is_tdx ? CHAOS_TEE_SGX : CHAOS_TEE_TDX)), v_text(tee_name_of(a->claims->tee)));
    return CHAOS_OK;
}

void appraise_scope(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_beyond_the_quote,
        rule_report_data,
        rule_code,
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules); i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}
