/* fuzz_policy.c - any bytes as a policy; what is accepted judges a TD and an enclave, and both forms are written. */
#include "appraise/internal.h"

#define NOW 1767225600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(chaos_claims *claims, quote_body_type type)
{
    memset(claims, 0, sizeof *claims);
    check_run_init(&claims->run, false);
    claims->verified = true;
    claims->has_quote = claims->has_anchor = claims->has_pck = claims->has_collateral = claims->has_tcb = true;
    claims->tee = type == BODY_SGX ? CHAOS_TEE_SGX : CHAOS_TEE_TDX;
    claims->body_type = type;
    claims->body_size = quote_body_table(type)->size;
    claims->anchor = CHAOS_ANCHOR_VENDOR;
    claims->tcb.status = CHAOS_TCB_OUT_OF_DATE;
    claims->latest_issue = NOW - 1;
    claims->earliest_expiration = claims->collateral_expiration = NOW + 1;
    claims->tcb.advisory_count = 1;
    memcpy(claims->tcb.advisories[0], "INTEL-SA-00001", sizeof "INTEL-SA-00001");
}

static void judge(const chaos_policy *policy, const chaos_expectation *expectation, quote_body_type type)
{
    static chaos_claims claims;
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(json_text, CHAOS_MAX_VERDICT);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);

    fill(&claims, type);
    if (chaos_appraise(&claims, policy, expectation, NOW, &verdict, NULL) != CHAOS_OK) {
        abort();
    }
    if (chaos_verdict_write_json(verdict, &json_text, NULL) != CHAOS_OK ||
        chaos_verdict_write_text(verdict, &text, NULL) != CHAOS_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO(chaos_policy, policy);
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_error err;

    if (chaos_policy_parse(slice(data, size), &policy, &err) != CHAOS_OK) {
        return 0;
    }
    judge(policy, &nothing, BODY_TD_15EX);
    judge(policy, &nothing, BODY_SGX);
    return 0;
}
