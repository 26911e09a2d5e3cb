/* What comes from a stranger cannot stand where the relying party's own policy belongs.
 * refused: incompatible pointer type */
#include <chaoschain/chaoschain.h>

void done(chaos_collateral *collateral, chaos_policy *policy);
void done(chaos_collateral *collateral, chaos_policy *policy)
{
    (void)collateral, (void)policy;
#ifdef MISUSE
    chaos_policy_free(collateral);
#else
    chaos_policy_free(policy);
#endif
}
