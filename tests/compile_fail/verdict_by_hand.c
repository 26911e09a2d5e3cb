/* Only appraisal makes a verdict, and nobody can write into one.
 * refused: incomplete typedef|invalid use of incomplete|incomplete (definition|type) */
#include <chaoschain/chaoschain.h>

void affirm(chaos_verdict *verdict);
void affirm(chaos_verdict *verdict)
{
#ifdef MISUSE
    verdict->tier = CHAOS_TIER_AFFIRMING;
#else
    (void)chaos_verdict_tier(verdict);
#endif
}
