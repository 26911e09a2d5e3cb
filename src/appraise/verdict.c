/* verdict.c - from claims to a verdict: what was verified, which tier, which exit code. */
#include "appraise/internal.h"

enum { /* of `chaoschain verify` */
    EXIT_AFFIRMING = 0,
    EXIT_WARNING = 1,
    EXIT_CONTRAINDICATED = 2,
    EXIT_MALFORMED = 3,
    EXIT_NOT_TRUSTED = 4,
    EXIT_ENVIRONMENT = 5,
    EXIT_INTERNAL = 70
};

const char *chaos_tier_name(chaos_tier tier)
{
    switch (tier) {
    case CHAOS_TIER_NONE:
        return "NONE";
    case CHAOS_TIER_AFFIRMING:
        return "AFFIRMING";
    case CHAOS_TIER_WARNING:
        return "WARNING";
    case CHAOS_TIER_CONTRAINDICATED:
        return "CONTRAINDICATED";
    }
    return "UNKNOWN";
}

const char *tee_name_of(chaos_tee_kind tee)
{
    switch (tee) {
    case CHAOS_TEE_SGX:
        return "sgx";
    case CHAOS_TEE_TDX:
        return "tdx";
    }
    return "unknown";
}

/* --------------------------------------------------------------- judging ---- */

/* Every required check of a binding leaves its row passed. */
static bool binding_is_proven(const chaos_claims *claims)
{
    static const check_id required[] = { CHECK_BINDING, CHECK_BINDING_REPORT_DATA, CHECK_POSSESSION,
                                         CHECK_ENDORSEMENT };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(required); i++) {
        if (claims->run.rows[required[i]].result != CHECK_PASSED) {
            return false;
        }
    }
    return true;
}

/* A broken invariant must not become a judgement: zeroed or half-filled claims end here. */
static bool claims_are_whole(const chaos_claims *claims)
{
    const wire_table *table = quote_body_table(claims->body_type);
    bool has_body = claims->has_quote && table != NULL && table->size == claims->body_size;
    bool tee_fits = claims->tee == (claims->body_type == BODY_SGX ? CHAOS_TEE_SGX : CHAOS_TEE_TDX);

    return has_body && tee_fits && claims->has_anchor && claims->has_pck && claims->has_collateral &&
           claims->has_tcb && (!claims->has_binding || binding_is_proven(claims));
}

static bool claims_are_consistent(const chaos_claims *claims)
{
    bool has_failure = claims->run.failed && claims->run.error.status != CHAOS_OK;

    if (claims->verified) {
        return claims_are_whole(claims) && !claims->run.failed && claims->run.error.status == CHAOS_OK;
    }
    return has_failure && (!claims->only_dates_failed || claims_are_whole(claims));
}

static void judge(chaos_verdict *verdict, const chaos_policy *policy, const chaos_expectation *expectation)
{
    check_run *run = &verdict->claims.run;
    const appraisal a = { policy, expectation, verdict->now, &verdict->claims, run, verdict->open };

    run->collect = true;
    appraise_platform(&a);
    if (verdict->claims.tee == CHAOS_TEE_TDX) {
        appraise_tdx(&a);
    } else {
        appraise_sgx(&a);
    }
    appraise_dstack(&a);
    appraise_binding(&a);
    appraise_expectation(&a);
    appraise_scope(&a);
    appraise_receipts(&a);
    verdict->judged = true;
    if (run->failed) {
        verdict->tier = CHAOS_TIER_CONTRAINDICATED;
    } else {
        verdict->tier = run->warned ? CHAOS_TIER_WARNING : CHAOS_TIER_AFFIRMING;
    }
}

/* Expired collateral within the grace: the rows of the dates stay failed and `verified` stays false, but the
 * policy goes on to judge, and the best that can come of it is WARNING. */
static void judge_within_grace(chaos_verdict *verdict, const chaos_policy *policy,
                               const chaos_expectation *expectation)
{
    check_run *run = &verdict->claims.run;
    const chaos_claims *claims = &verdict->claims;

    run->failed = false;
    memset(&run->error, 0, sizeof run->error);
    run->error.offset = CHAOS_NO_OFFSET;
    CHECK_WARN(run, false, POLICY_COLLATERAL_GRACE, COLLATERAL_GRACE, "collateral_grace_s",
               v_time(claims->collateral_expiration), v_time(verdict->now));
    judge(verdict, policy, expectation);
}

/* The grace is over: one row says so, and the expired date stays the failure that decides. */
static void note_grace_over(chaos_verdict *verdict)
{
    check_run *run = &verdict->claims.run;
    const chaos_error date = run->error;

    (void)check_fail(run, CHECK_POLICY_COLLATERAL_GRACE, CHAOS_E_COLLATERAL_GRACE, "collateral_grace_s",
                     v_time(verdict->claims.collateral_expiration), v_time(verdict->now), NULL);
    run->error = date;
}

static void refuse(chaos_verdict *verdict, const chaos_policy *policy)
{
    chaos_class kind = chaos_status_class(verdict->claims.run.error.status);
    bool is_answer = kind == CHAOS_CLASS_FORMAT || kind == CHAOS_CLASS_TRUST;

    verdict->verified = is_answer ? CHAOS_VERIFIED_FALSE : CHAOS_VERIFIED_UNKNOWN;
    verdict->tier = is_answer && policy->kind == POLICY_JUDGES ? CHAOS_TIER_CONTRAINDICATED : CHAOS_TIER_NONE;
}

/* With no policy the tier stays NONE, but what the caller expects is never ignored. */
static void hold_against_expectation(chaos_verdict *verdict, const chaos_policy *policy,
                                     const chaos_expectation *expectation)
{
    check_run *run = &verdict->claims.run;
    const appraisal a = { policy, expectation, verdict->now, &verdict->claims, run, verdict->open };

    run->collect = true;
    appraise_expectation(&a);
}

static void decide(chaos_verdict *verdict, const chaos_policy *policy, const chaos_expectation *expectation)
{
    const chaos_claims *claims = &verdict->claims;

    if (claims->verified) {
        verdict->verified = CHAOS_VERIFIED_TRUE;
        if (policy->kind == POLICY_JUDGES) {
            judge(verdict, policy, expectation);
        } else {
            hold_against_expectation(verdict, policy, expectation);
        }
        return;
    }
    refuse(verdict, policy);
    if (policy->kind != POLICY_JUDGES || !collateral_grace_applies(claims, policy)) {
        return;
    }
    if (collateral_within_grace(claims, policy, verdict->now)) {
        judge_within_grace(verdict, policy, expectation);
    } else {
        note_grace_over(verdict);
    }
}

/* ---------------------------------------------------------------- making ---- */

#define DEFAULT_SIMULATED_CHAIN 31337 /* of a chain on one's own machine; "any" is not offered for this list */

chaos_anchor verdict_anchor(const chaos_verdict *verdict)
{
    return verdict->claims.anchor;
}

bool policy_simulates(const chaos_policy *policy, uint64_t chain_id)
{
    const policy_list *chains = &policy->simulated_chains;

    return list_has_values(chains) ? list_has_number(chains, chain_id) : chain_id == DEFAULT_SIMULATED_CHAIN;
}

/* A bare quote has nothing to hold these against. Evidence that could not be read gets its verdict all the same. */
static chaos_status check_expectation_fits(const chaos_claims *claims, const chaos_expectation *expectation,
                                           chaos_error *err)
{
    bool of_binding = expectation->has_agent || expectation->has_identity_key || expectation->has_nonce ||
                      expectation->has_anchor || expectation->has_subject || expectation->has_agent_uri_hash ||
                      expectation->has_tls_spki_hash;
    bool is_bare_quote = claims->has_quote && !claims->has_binding;

    if (of_binding && is_bare_quote) {
        return error_set(err, CHAOS_E_USAGE, "expectation", CHAOS_NO_OFFSET,
                         "a bare quote has no binding: agent, identity key and nonce need an envelope");
    }
    if (expectation->has_nonce && expectation->has_anchor) {
        return error_set(err, CHAOS_E_USAGE, "expectation", CHAOS_NO_OFFSET,
                         "a binding has one nonce: it is of the caller's choice, or the hash of a block");
    }
    return CHAOS_OK;
}

static chaos_status check_arguments(const chaos_claims *claims, const chaos_policy *policy,
                                    const chaos_expectation *expectation, chaos_verdict **verdict,
                                    chaos_error *err)
{
    if (claims == NULL || verdict == NULL) {
        return error_set(err, CHAOS_E_USAGE, claims == NULL ? "claims" : "verdict", CHAOS_NO_OFFSET, NULL);
    }
    if (policy == NULL || (policy->kind != POLICY_JUDGES && policy->kind != POLICY_NONE)) {
        return error_set(err, CHAOS_E_USAGE, "policy", CHAOS_NO_OFFSET, "there is no policy");
    }
    if (expectation == NULL || expectation->size != sizeof *expectation) {
        return error_set(err, CHAOS_E_USAGE, "expectation", CHAOS_NO_OFFSET,
                         "the expectation was not begun with CHAOS_EXPECTATION_INIT");
    }
    return check_expectation_fits(claims, expectation, err);
}

chaos_status appraise_examined(const chaos_claims *claims, const chaos_policy *policy,
                               const chaos_expectation *expectation, int64_t now, chaos_verdict **verdict,
                               chaos_error *err)
{
    CHAOS_TRY(check_arguments(claims, policy, expectation, verdict, err));
    if (!claims_are_consistent(claims)) {
        return error_set(err, CHAOS_E_INTERNAL, "claims", CHAOS_NO_OFFSET,
                         "the claims contradict themselves");
    }
    CHAOS_AUTO(chaos_verdict, made);
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "verdict", CHAOS_NO_OFFSET, NULL);
    }
    made->claims = *claims;
    made->now = now;
    made->has_policy_hash = policy->kind == POLICY_JUDGES;
    made->policy_hash = policy->hash;
    decide(made, policy, expectation);
    made->has_error = made->claims.run.failed;
    made->error = made->claims.run.error;
    CHAOS_GIVE(verdict, made);
    return CHAOS_OK;
}

chaos_status chaos_appraise(const chaos_claims *claims, const chaos_policy *policy,
                            const chaos_expectation *expectation, int64_t now, chaos_verdict **verdict,
                            chaos_error *err)
{
    if (claims == NULL || !claims->verified) {
        return error_set(err, CHAOS_E_USAGE, "claims", CHAOS_NO_OFFSET, "the claims were not verified");
    }
    CHAOS_TRY(check_arguments(claims, policy, expectation, verdict, err));
    if (now < claims->latest_issue || now > claims->earliest_expiration) {
        return error_set(err, CHAOS_E_USAGE, "now", CHAOS_NO_OFFSET,
                         "the claims do not hold at this time: verify the evidence again");
    }
    return appraise_examined(claims, policy, expectation, now, verdict, err);
}

void chaos_verdict_free(chaos_verdict *verdict)
{
    free(verdict);
}

const check_row *verdict_row(const chaos_verdict *verdict, check_id id)
{
    return &verdict->claims.run.rows[id];
}

/* --------------------------------------------------------------- getters ---- */

chaos_tier chaos_verdict_tier(const chaos_verdict *verdict)
{
    return verdict == NULL ? CHAOS_TIER_NONE : verdict->tier;
}

chaos_verified chaos_verdict_verified(const chaos_verdict *verdict)
{
    return verdict == NULL ? CHAOS_VERIFIED_UNKNOWN : verdict->verified;
}

const chaos_error *chaos_verdict_error(const chaos_verdict *verdict)
{
    return verdict != NULL && verdict->has_error ? &verdict->error : NULL;
}

static int exit_code_of_failure(chaos_status status)
{
    switch (chaos_status_class(status)) {
    case CHAOS_CLASS_FORMAT:
        return EXIT_MALFORMED;
    case CHAOS_CLASS_TRUST:
        return EXIT_NOT_TRUSTED;
    case CHAOS_CLASS_ENV:
        return EXIT_ENVIRONMENT;
    case CHAOS_CLASS_OK:
    case CHAOS_CLASS_USAGE:
    case CHAOS_CLASS_INTERNAL:
        break;
    }
    return EXIT_INTERNAL;
}

int chaos_verdict_exit_code(const chaos_verdict *verdict)
{
    if (verdict == NULL) {
        return EXIT_INTERNAL;
    }
    if (!verdict->judged) {
        return verdict->verified == CHAOS_VERIFIED_TRUE && !verdict->has_error
                   ? EXIT_AFFIRMING
                   : exit_code_of_failure(verdict->error.status);
    }
    switch (verdict->tier) {
    case CHAOS_TIER_AFFIRMING:
        return EXIT_AFFIRMING;
    case CHAOS_TIER_WARNING:
        return EXIT_WARNING;
    case CHAOS_TIER_CONTRAINDICATED:
        return EXIT_CONTRAINDICATED;
    case CHAOS_TIER_NONE:
        break;
    }
    return EXIT_INTERNAL;
}
