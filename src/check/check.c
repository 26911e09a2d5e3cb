/* check.c - bytes in, verdict out: parse, verify, appraise, and a verdict also for what did not pass. */
#include <chaoschain/check.h>

#include "check/internal.h"

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

chaos_status check_examine(const check_context *with, const chaos_evidence *evidence, chaos_claims **claims,
                           chaos_error *err)
{
    CHAOS_AUTO(chaos_collateral, collateral);
    cache_request request;
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

    if (with->collateral.size == 0) {
        (void)error_set(&failure, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET, NULL);
        return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
    }
    collateral = cache_find_collateral(with->cache, with->collateral, &request);
    if (collateral == NULL && chaos_collateral_parse(with->collateral, &collateral, &failure) != CHAOS_OK) {
        return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
    }
    return verify_examine(evidence, collateral, with->trust, with->now, with->cache, &request, claims, err);
}

/* `parsed` is what parsing answered, with `failure` its error. */
static chaos_status judge(const check_context *with, const chaos_evidence *evidence, chaos_status parsed,
                          const chaos_error *failure, chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, claims);

    if (parsed != CHAOS_OK) {
        check_id row = parsed == CHAOS_E_EVENT_LOG_FORMAT ? CHECK_EVENT_LOG : CHECK_QUOTE_FORMAT;

        CHAOS_TRY(refuse(NULL, row, failure, &claims, err));
    } else {
        CHAOS_TRY(check_examine(with, evidence, &claims, err));
    }
    return appraise_examined(claims, with->policy, with->expectation, with->now, verdict, err);
}

static bool is_complete(const check_context *with, chaos_slice evidence, chaos_verdict *const *verdict)
{
    return evidence.data != NULL && with->trust != NULL && with->policy != NULL && with->expectation != NULL &&
           verdict != NULL;
}

chaos_status chaos_check_quote(chaos_slice quote, chaos_slice event_log, chaos_slice collateral,
                               const chaos_trust *trust, const chaos_policy *policy,
                               const chaos_expectation *expectation, int64_t now, chaos_cache *cache,
                               chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    const check_context with = { collateral, trust, policy, expectation, now, cache };
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_status parsed;

    if (!is_complete(&with, quote, verdict)) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "quote, trust, policy, expectation and verdict may not be NULL");
    }
    parsed = chaos_evidence_parse_with_log(quote, event_log, &evidence, &failure);
    return judge(&with, evidence, parsed, &failure, verdict, err);
}

chaos_status chaos_check(chaos_slice bytes, chaos_slice collateral, const chaos_trust *trust,
                         const chaos_policy *policy, const chaos_expectation *expectation, int64_t now,
                         chaos_cache *cache, chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    const check_context with = { collateral, trust, policy, expectation, now, cache };
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_status parsed;

    if (!is_complete(&with, bytes, verdict)) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "envelope, trust, policy, expectation and verdict may not be NULL");
    }
    parsed = chaos_envelope_parse(bytes, &evidence, &failure);
    return judge(&with, evidence, parsed, &failure, verdict, err);
}
