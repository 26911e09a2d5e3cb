/* appraise.h (inside) - what check/ needs beyond the public header. */
#ifndef APPRAISE_APPRAISE_H
#define APPRAISE_APPRAISE_H

#include <chaoschain/appraise.h>

#include "verify/verify.h"

/* As chaos_appraise for claims that verify_examine or verify_unreadable made: claims that did not verify give a
 * verdict that says so (tier CONTRAINDICATED, or NONE with no policy or when it is unknown). */
CHAOS_MUST_USE chaos_status appraise_examined(const chaos_claims *claims, const chaos_policy *policy,
                                              const chaos_expectation *expectation, int64_t now,
                                              chaos_verdict **verdict, chaos_error *err);

/* What became of a check; lent. */
const check_row *verdict_row(const chaos_verdict *verdict, check_id id);

/* The kind of the root that the evidence ends in; 0: it came to none that is trusted. */
chaos_anchor verdict_anchor(const chaos_verdict *verdict);
/* Does the policy take a simulated anchor on this chain? */
bool policy_simulates(const chaos_policy *policy, uint64_t chain_id);

CHAOS_CLEANUP(chaos_policy);
CHAOS_CLEANUP(chaos_verdict);

#endif
