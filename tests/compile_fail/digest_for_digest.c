/* Two digests of one size are two types: a Keccak hash cannot pass for a SHA-256 one.
 * refused: incompatible types when returning|incompatible result type */
#include <chaoschain/chaoschain.h>

chaos_sha256 same(chaos_sha256 digest, chaos_keccak hash);
chaos_sha256 same(chaos_sha256 digest, chaos_keccak hash)
{
    (void)digest, (void)hash;
#ifdef MISUSE
    return hash;
#else
    return digest;
#endif
}
