/* check.h - the whole way in one call: bytes in, verdict out. */
#ifndef CHAOSCHAIN_CHECK_H
#define CHAOSCHAIN_CHECK_H

#include <chaoschain/appraise.h>
#include <chaoschain/base.h>
#include <chaoschain/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parses `quote`, verifies it and appraises the claims. Malformed or untrusted evidence gives CHAOS_OK and a verdict
 * with verified = false whose error and partly filled tcb say how far it came; an empty `collateral` gives a
 * verdict with verified = null and COLLATERAL_MISSING. So the verdict can always be shown to a person. A status
 * other than CHAOS_OK means that a fault of ours or of the caller kept it from judging (no verdict is made).
 * `collateral` is the interchange JSON. `cache` may be NULL. `event_log` may be empty. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_check_quote(chaos_slice quote, chaos_slice event_log,
                                                        chaos_slice collateral, const chaos_trust *trust,
                                                        const chaos_policy *policy,
                                                        const chaos_expectation *expectation, int64_t now,
                                                        chaos_cache *cache, chaos_verdict **verdict, chaos_error *err);

/* The same for an envelope. `collateral` is the relying party's own; an empty one gives COLLATERAL_MISSING: collateral
 * inside the envelope is shown in the claims and not used by this version. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_check(chaos_slice envelope, chaos_slice collateral,
                                                  const chaos_trust *trust, const chaos_policy *policy,
                                                  const chaos_expectation *expectation,
                                                  int64_t now, chaos_cache *cache, chaos_verdict **verdict,
                                                  chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
