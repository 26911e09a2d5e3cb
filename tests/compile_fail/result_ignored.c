/* A result that nobody looks at would be a check that nobody made.
 * refused: ignoring return value */
#include <chaoschain/chaoschain.h>

chaos_status verify(const chaos_evidence *evidence, const chaos_collateral *collateral, const chaos_trust *trust,
                    chaos_claims **claims);
chaos_status verify(const chaos_evidence *evidence, const chaos_collateral *collateral, const chaos_trust *trust,
                    chaos_claims **claims)
{
#ifdef MISUSE
    chaos_verify(evidence, collateral, trust, 0, NULL, claims, NULL);
    return CHAOS_OK;
#else
    return chaos_verify(evidence, collateral, trust, 0, NULL, claims, NULL);
#endif
}
