/* rules_scope.c - rules about what the evidence is for: whether it was made for this question, and which code it speaks
 * of. */
#include "appraise/internal.h"

chaos_status appraise_report_data(const appraisal *a)
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

/* A row passes only when the policy names values and the evidence has one of them, so rows are asked, not lists. */

/* MRTD alone is the firmware. Kernel and command line are in RTMR1 and RTMR2, the application in RTMR3, which the event
 * log opens. The log's os_image_hash would have to be recomputed from the image to stand for the first four. */
static const char *td_not_pinned(const appraisal *a)
{
    if (os_is_pinned(a) && (row_passed(a, CHECK_POLICY_RTMR3) || row_passed(a, CHECK_POLICY_COMPOSE_HASH))) {
        return NULL;
    }
    if (!os_is_pinned(a) && list_has_values(&a->policy->dstack.os_image_hash)) {
        return "os_image_hash is not recomputed and pins nothing: name mr_td and rtmr0 to rtmr2";
    }
    return "the policy does not pin the code";
}

static const char *enclave_not_pinned(const appraisal *a)
{
    bool by_signer = row_passed(a, CHECK_POLICY_MR_SIGNER) && row_passed(a, CHECK_POLICY_ISV_PROD_ID) &&
                     row_passed(a, CHECK_POLICY_MIN_ISV_SVN);

    return row_passed(a, CHECK_POLICY_MR_ENCLAVE) || by_signer ? NULL : "the policy does not pin the code";
}

static bool measurement_failed(const appraisal *a)
{
    const check_row *rows = a->run->rows;

    for (size_t id = CHECK_POLICY_MR_TD; id <= CHECK_POLICY_MIN_ISV_SVN; id++) {
        if (rows[id].result == CHECK_FAILED) {
            return true;
        }
    }
    return rows[CHECK_POLICY_COMPOSE_HASH].result == CHECK_FAILED;
}

/* Why the code is not proven; NULL if it is. */
static const char *code_not_proven(const appraisal *a, bool is_tdx)
{
    if (measurement_failed(a)) {
        return "a measurement is not the policy's";
    }
    if (a->claims->in_bundle && a->claims->binding.stage != CHAOS_STAGE_SESSION) {
        return "the identity key alone signed: it outlives the code that was attested with it";
    }
    return is_tdx ? td_not_pinned(a) : enclave_not_pinned(a);
}

static bool names_td(const chaos_policy *policy)
{
    const policy_list *const lists[] = {
        &policy->tdx.mr_td,
        &policy->tdx.rtmr[0],
        &policy->tdx.rtmr[1],
        &policy->tdx.rtmr[2],
        &policy->tdx.rtmr[3],
        &policy->tdx.mr_seam,
        &policy->tdx.mr_config_id,
        &policy->tdx.mr_owner,
    };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists));
}

static bool names_enclave(const chaos_policy *policy)
{
    const policy_list *const lists[] = { &policy->sgx.mr_enclave, &policy->sgx.mr_signer };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists));
}

/* A policy that speaks of one TEE only, or pins code of one only, is not met by evidence of the other: its lists would
 * all be idle. */
static chaos_status rule_code(const appraisal *a)
{
    const chaos_policy *policy = a->policy;
    bool is_tdx = a->claims->tee == CHAOS_TEE_TDX;
    bool speaks_of_this = is_tdx ? policy->tdx.given : policy->sgx.given;
    bool speaks_of_other = is_tdx ? policy->sgx.given : policy->tdx.given;
    bool pins_this = is_tdx ? names_td(policy) : names_enclave(policy);
    bool pins_other = is_tdx ? names_enclave(policy) : names_td(policy);
    const char *not_proven = code_not_proven(a, is_tdx);

    if (not_proven != NULL && a->claims->has_binding) {
        leave_open(a, CHECK_CODE, not_proven, slice("", 0)); /* an agent is its code; a platform is not */
    } else if (not_proven != NULL) {
        check_not_checked(a->run, CHECK_CODE, not_proven);
    }
    CHECK(a->run, (speaks_of_this || !speaks_of_other) && (pins_this || !pins_other), CODE, MEASUREMENT, "tee",
          v_text(tee_name_of(is_tdx ? CHAOS_TEE_SGX : CHAOS_TEE_TDX)), v_text(tee_name_of(a->claims->tee)));
    return CHAOS_OK;
}

void appraise_scope(const appraisal *a)
{
    (void)rule_code(a); /* the run collects what fails */
}
