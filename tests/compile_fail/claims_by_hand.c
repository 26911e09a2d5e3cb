/* Only chaos_verify makes claims.
 * refused: storage size of .c. isn't known|incomplete type */
#include <chaoschain/chaoschain.h>

chaos_anchor anchor_of(void);
chaos_anchor anchor_of(void)
{
#ifdef MISUSE
    chaos_claims c;

    return chaos_claims_anchor(&c);
#else
    const chaos_claims *c = NULL;

    return chaos_claims_anchor(c);
#endif
}
