/* internal.h - what a check of evidence and a check of a signature have in common. */
#ifndef CHECK_INTERNAL_H
#define CHECK_INTERNAL_H

#include <chaoschain/check.h>

#include "appraise/appraise.h"

/* What stays the same for a quote, an envelope and a signature. */
typedef struct check_context {
    chaos_slice collateral;
    const chaos_trust *trust;
    const chaos_policy *policy;
    const chaos_expectation *expectation;
    int64_t now;
    chaos_cache *cache;
} check_context;

/* Claims about evidence that was read, also when it or the collateral does not verify. */
CHAOS_MUST_USE chaos_status check_examine(const check_context *with, const chaos_evidence *evidence,
                                          chaos_claims **claims, chaos_error *err);

#endif
