/* secp256k1.c - whose key signed this? ECDSA public key recovery over secp256k1 (SEC 1 4.1.6), and the forms in which
 * Ethereum and dstack name a key.
 *
 * All is done with libsecp256k1's static context: it is constant, so there is nothing to start, to share or to free.
 * What its functions would call an illegal argument, and stop the process for, is refused before it reaches them. */
#include "crypto/crypto.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

enum {
    NUMBER_SIZE = 32,
    COMPACT_SIZE = 2 * NUMBER_SIZE,
    UNCOMPRESSED_SIZE = 1 + 2 * NUMBER_SIZE, /* 04 X Y */
    MAX_RECOVERY_ID = 3
};

/* (n - 1) / 2 for the order n of the group (SEC 2 2.4.1). */
static const uint8_t half_order[NUMBER_SIZE] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0
};

k1_result k1_recover(const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32], unsigned recovery_id,
                     k1_point *out)
{
    uint8_t compact[COMPACT_SIZE];
    uint8_t point[UNCOMPRESSED_SIZE];
    size_t point_size = sizeof point;
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;

    *out = (k1_point){ { 0 }, { 0 } };
    /* n - s with the other parity recovers the same key: one signature must not have two forms (EIP-2). */
    if (recovery_id > MAX_RECOVERY_ID || memcmp(s, half_order, NUMBER_SIZE) > 0) {
        return K1_BAD;
    }
    memcpy(compact, r, NUMBER_SIZE);
    memcpy(compact + NUMBER_SIZE, s, NUMBER_SIZE);
    /* The first refuses what is not below n, the second zero and an r that is no point's. */
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &signature, compact,
                                                            (int)recovery_id) != 1 ||
        secp256k1_ecdsa_recover(secp256k1_context_static, &key, &signature, digest) != 1) {
        return K1_BAD;
    }
    if (secp256k1_ec_pubkey_serialize(secp256k1_context_static, point, &point_size, &key,
                                      SECP256K1_EC_UNCOMPRESSED) != 1 ||
        point_size != sizeof point) {
        return K1_BACKEND_FAILED;
    }
    memcpy(out->x, point + 1, NUMBER_SIZE);
    memcpy(out->y, point + 1 + NUMBER_SIZE, NUMBER_SIZE);
    return K1_GOOD;
}

void k1_compress(const k1_point *point, uint8_t out[33])
{
    out[0] = (uint8_t)(2u + (point->y[NUMBER_SIZE - 1] & 1u)); /* SEC 1 2.3.3: the parity of Y */
    memcpy(out + 1, point->x, NUMBER_SIZE);
}

chaos_keccak k1_key_hash(const k1_point *point)
{
    uint8_t both[COMPACT_SIZE];

    memcpy(both, point->x, NUMBER_SIZE);
    memcpy(both + NUMBER_SIZE, point->y, NUMBER_SIZE);
    return hash_keccak(slice(both, sizeof both));
}

chaos_address k1_address(const k1_point *point)
{
    const chaos_keccak hash = k1_key_hash(point);
    chaos_address address;

    memcpy(address.bytes, hash.bytes + KECCAK_SIZE - sizeof address.bytes, sizeof address.bytes);
    return address;
}
