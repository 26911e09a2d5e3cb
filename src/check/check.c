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

/* The envelope's own collateral, where the relying party brings none: the tested party chose it, so it counts for less
 * (see the row collateral-floor), and that it has expired is no statement about the evidence. */
static chaos_slice collateral_for(const check_context *with, const chaos_evidence *evidence, bool *of_envelope)
{
    *of_envelope = with->collateral.size == 0 && evidence->is_envelope && evidence->envelope.collateral.size > 0;
    return *of_envelope ? evidence->envelope.collateral : with->collateral;
}

static bool is_expired_collateral(const chaos_claims *claims)
{
    return claims->only_dates_failed && strcmp(chaos_status_stage(claims->run.error.status), "collateral") == 0;
}

/* Claims that were made with the envelope's collateral. */
static chaos_status note_of_envelope(const chaos_evidence *evidence, chaos_claims **claims, chaos_error *err)
{
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

    (*claims)->collateral_of_envelope = true;
    if (!is_expired_collateral(*claims)) {
        return CHAOS_OK;
    }
    (void)error_set(&failure, CHAOS_E_COLLATERAL_MISSING, (*claims)->run.error.field, CHAOS_NO_OFFSET,
                    "no collateral was given, and the envelope's own is not valid at this time (%s)",
                    chaos_status_name((*claims)->run.error.status));
    memcpy(failure.expected, (*claims)->run.error.expected, sizeof failure.expected);
    memcpy(failure.found, (*claims)->run.error.found, sizeof failure.found);
    chaos_claims_free(*claims);
    *claims = NULL;
    return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
}

/* Without collateral nothing can be judged, but for a PCK chain that cannot be read whatever the collateral. */
static chaos_status refuse_without_collateral(const chaos_evidence *evidence, chaos_claims **claims, chaos_error *err)
{
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    uint8_t fmspc[6];
    bool platform_ca;

    if (is_judgement(verify_platform_of(evidence, fmspc, &platform_ca, &failure))) {
        return refuse(evidence, CHECK_PCK_CHAIN, &failure, claims, err);
    }
    (void)error_set(&failure, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET, NULL);
    return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
}

chaos_status check_examine(const check_context *with, const chaos_evidence *evidence, chaos_claims **claims,
                           chaos_error *err)
{
    CHAOS_AUTO(chaos_collateral, collateral);
    cache_request request;
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

    chaos_slice text;
    bool of_envelope;

    text = collateral_for(with, evidence, &of_envelope);
    if (text.size == 0) {
        return refuse_without_collateral(evidence, claims, err);
    }
    collateral = cache_find_collateral(with->cache, text, &request);
    if (collateral == NULL && chaos_collateral_parse(text, &collateral, &failure) != CHAOS_OK) {
        return refuse(evidence, CHECK_TCB_INFO, &failure, claims, err);
    }
    CHAOS_TRY(verify_examine(evidence, collateral, with->trust, with->now, with->cache, &request, claims, err));
    return of_envelope ? note_of_envelope(evidence, claims, err) : CHAOS_OK;
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
