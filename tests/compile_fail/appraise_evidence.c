/* What was only read cannot be appraised: verification lies between evidence and claims.
 * refused: incompatible pointer type */
#include <chaoschain/chaoschain.h>

chaos_status judge(const chaos_evidence *evidence, const chaos_claims *claims, const chaos_policy *policy,
                   chaos_verdict **verdict);
chaos_status judge(const chaos_evidence *evidence, const chaos_claims *claims, const chaos_policy *policy,
                   chaos_verdict **verdict)
{
    chaos_expectation nothing = CHAOS_EXPECTATION_INIT;

    (void)evidence, (void)claims;
#ifdef MISUSE
    return chaos_appraise(evidence, policy, &nothing, 0, verdict, NULL);
#else
    return chaos_appraise(claims, policy, &nothing, 0, verdict, NULL);
#endif
}
