/* check.c - bytes in, verdict out: parse, verify, appraise, and a verdict also for what did not pass. */
#include <chaoschain/check.h>

#include "appraise/appraise.h"

/* A fault of ours or of the caller is not a statement about the evidence. */
static bool is_judgement(chaos_status status)
{
    chaos_class class_ = chaos_status_class(status);

    return class_ == CHAOS_CLASS_FORMAT || class_ == CHAOS_CLASS_TRUST;
}

/* Claims about evidence or collateral that could not be read. */
static chaos_status refuse(const chaos_evidence *evidence, check_id row, const chaos_error *failure,
                           chaos_claims **claims, chaos_error *err)
{
    if (!is_judgement(failure->status) && failure->status != CHAOS_E_COLLATERAL_MISSING) {
        if (err != NULL) {
            *err = *failure;
        }
        return failure->status;
    }
    return verify_unreadable(evidence, row, failure, claims, err);
}

static chaos_status examine_bytes(chaos_slice quote, chaos_slice event_log, chaos_slice collateral_json,
                                  const chaos_trust *trust, int64_t now, chaos_cache *cache, chaos_claims **claims,
                                  chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    CHAOS_AUTO(chaos_collateral, collateral);
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

    if (chaos_evidence_parse_with_log(quote, event_log, &evidence, &failure) != CHAOS_OK) {
        return refuse(NULL, CHECK_QUOTE_FORMAT, &failure, claims, err);
    }
    if (collateral_json.size == 0) {
        (void)error_set(&failure, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET, NULL);
        return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
    }
    if (chaos_collateral_parse(collateral_json, &collateral, &failure) != CHAOS_OK) {
        return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
    }
    return verify_examine(evidence, collateral, trust, now, cache, claims, err);
}

chaos_status chaos_check_quote(chaos_slice quote, chaos_slice event_log, chaos_slice collateral,
                               const chaos_trust *trust, const chaos_policy *policy,
                               const chaos_expectation *expectation, int64_t now, chaos_cache *cache,
                               chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, claims);

    if (quote.data == NULL || trust == NULL || policy == NULL || expectation == NULL || verdict == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "quote, trust, policy, expectation and verdict may not be NULL");
    }
    CHAOS_TRY(examine_bytes(quote, event_log, collateral, trust, now, cache, &claims, err));
    return appraise_examined(claims, policy, expectation, now, verdict, err);
}
