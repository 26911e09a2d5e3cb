/* hash.c - SHA-256 and SHA-384.
 *
 * OpenSSL 3 calls the SHA256_ and SHA384_ functions deprecated. They stay the right choice here: no
 * allocation, no provider look-up, no failure, and for the short inputs of a quote less than half the time
 * of EVP_Digest. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/internal.h"

#include <openssl/sha.h>

chaos_sha256 hash_sha256_two(chaos_slice first, chaos_slice second)
{
    chaos_sha256 digest;
    SHA256_CTX context;

    (void)crypto_ready(); /* not needed by these functions, but the promise of crypto.h holds for every entry */
    SHA256_Init(&context);
    if (first.size > 0) {
        SHA256_Update(&context, first.data, first.size);
    }
    if (second.size > 0) {
        SHA256_Update(&context, second.data, second.size);
    }
    SHA256_Final(digest.bytes, &context);
    return digest;
}

chaos_sha256 hash_sha256(chaos_slice bytes)
{
    return hash_sha256_two(bytes, slice(NULL, 0));
}

void hash_sha384_two(chaos_slice first, chaos_slice second, uint8_t out[SHA384_SIZE])
{
    SHA512_CTX context;

    (void)crypto_ready();
    SHA384_Init(&context);
    if (first.size > 0) {
        SHA384_Update(&context, first.data, first.size);
    }
    if (second.size > 0) {
        SHA384_Update(&context, second.data, second.size);
    }
    SHA384_Final(out, &context);
}
