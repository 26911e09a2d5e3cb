/* crypto.h - hashes, P-256 verification, secp256k1 key recovery and Intel's certificate profile. The only folder of
 * the verify library that knows OpenSSL and libsecp256k1. Every entry that needs libcrypto initialises it first with
 * OPENSSL_INIT_NO_LOAD_CONFIG. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/base.h"

/* Starts libcrypto once, without its configuration file; for those who use another library that would start it with
 * one. False: libcrypto cannot be used. Thread-safe. */
bool crypto_ready(void);

/* --------------------------------------------------------------- hashes ---- */

#define SHA256_SIZE 32
#define SHA384_SIZE 48
#define KECCAK_SIZE 32

chaos_sha256 hash_sha256(chaos_slice bytes);
chaos_sha256 hash_sha256_two(chaos_slice first, chaos_slice second); /* of the two joined */
void hash_sha384_two(chaos_slice first, chaos_slice second, uint8_t out[SHA384_SIZE]);
chaos_keccak hash_keccak(chaos_slice bytes);

/* ----------------------------------------------------------------- ECDSA ---- */

#define P256_SIZE 32

typedef struct p256_key { uint8_t x[32], y[32]; } p256_key;         /* big-endian coordinates */
typedef struct p256_signature { uint8_t r[32], s[32]; } p256_signature; /* big-endian */

/* BAD_KEY: the key is no point of the curve, whatever the signature is. */
typedef enum p256_result { P256_BAD = 0, P256_GOOD = 1, P256_BACKEND_FAILED = 2, P256_BAD_KEY = 3 } p256_result;
/* On the curve and not the point at infinity? GOOD or BAD_KEY. Both calls empty libcrypto's error queue of the
 * calling thread. */
CHAOS_MUST_USE p256_result p256_key_check(const p256_key *key);
static inline bool p256_key_is_valid(const p256_key *key)
{
    return p256_key_check(key) == P256_GOOD;
}
/* ECDSA P-256 with SHA-256 over `message`; r and s must lie in 1..n-1. P256_BACKEND_FAILED is a fault of ours. */
CHAOS_MUST_USE p256_result p256_verify(const p256_key *key, chaos_slice message, const p256_signature *signature);

/* ------------------------------------------------------------- secp256k1 ---- */

typedef struct k1_point { uint8_t x[32], y[32]; } k1_point; /* big-endian coordinates of a public key */
typedef enum k1_result { K1_BAD = 0, K1_GOOD = 1, K1_BACKEND_FAILED = 2 } k1_result;

/* The key whose signature (r, s) over the digest this is. Refuses r or s outside 1..n-1, high s, recovery ids above 3.
 * Recovery always gives *some* key: the caller must compare it with the one that it expects. */
CHAOS_MUST_USE k1_result k1_recover(const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32],
                                    unsigned recovery_id, k1_point *out);
void k1_compress(const k1_point *point, uint8_t out[33]); /* SEC1 */
chaos_keccak k1_key_hash(const k1_point *point);          /* keccak of X || Y */
chaos_address k1_address(const k1_point *point);          /* its last 20 bytes */

/* ----------------------------------------------------------------- locks ---- */

/* Many readers or one writer. libcrypto's: this library has no thread of its own and no other way to wait. */
typedef struct crypto_lock crypto_lock;
crypto_lock *crypto_lock_new(void); /* NULL: out of memory */
void crypto_lock_free(crypto_lock *lock);
CHAOS_MUST_USE bool crypto_lock_read(crypto_lock *lock);
CHAOS_MUST_USE bool crypto_lock_write(crypto_lock *lock);
void crypto_lock_release(crypto_lock *lock);

/* ---------------------------------------------------------- certificates ---- */

enum {
    KEY_USAGE_DIGITAL_SIGNATURE = 0x80, KEY_USAGE_NON_REPUDIATION = 0x40, KEY_USAGE_CERT_SIGN = 0x04,
    KEY_USAGE_CRL_SIGN = 0x02,
    KEY_USAGE_ISSUER = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN /* RFC 5280 4.2.1.3: of CAs only */
};

/* A certificate of Intel's fixed profile (X.509 v3, P-256, ecdsa-with-SHA256), read strictly. Slices point into the
 * DER. What a role demands of it is decided in verify/. */
typedef struct certificate {
    chaos_slice der;
    chaos_slice tbs;         /* the signed bytes */
    p256_signature signature;
    chaos_slice serial;      /* magnitude */
    chaos_slice issuer;      /* whole Name element: compared byte for byte */
    chaos_slice subject;
    chaos_slice subject_cn;  /* contents; empty when absent */
    chaos_slice subject_o;
    int64_t not_before, not_after;
    chaos_slice spki;        /* whole SubjectPublicKeyInfo element */
    p256_key key;
    bool has_basic_constraints, is_ca, has_path_length;
    uint64_t path_length;
    bool has_key_usage;
    uint8_t key_usage;       /* KEY_USAGE_* of the first byte */
    bool has_authority_key_id, has_subject_key_id, has_crl_distribution_point;
    chaos_slice authority_key_id; /* keyIdentifier; empty when absent */
    chaos_slice subject_key_id;
    chaos_slice sgx_extension; /* contents of the OCTET STRING of 1.2.840.113741.1.13.1; empty when absent */
} certificate;

/* False with *why (status `status`) when the DER does not fit the profile: version, algorithms, duplicate or unknown
 * critical extension, trailing bytes, key not P-256, unused bits, dates, ... `der.size` <= MAX_CERTIFICATE. */
#define MAX_CERTIFICATE 8192
CHAOS_MUST_USE bool certificate_read(chaos_slice der, chaos_status status, certificate *out, fault *why);

/* A certificate revocation list (v2, ecdsa-with-SHA256), read strictly. Structure is a fault of `CRL_FORMAT`;
 * a missing CRL number or AKI and any unknown critical extension is CRL_EXTENSIONS. */
#define MAX_CRL (512u * 1024u)
#define MAX_CRL_ENTRIES 16384
typedef struct crl {
    chaos_slice der;
    chaos_slice tbs;
    p256_signature signature;
    chaos_slice issuer;
    int64_t this_update, next_update;
    chaos_slice number;       /* magnitude of the CRL number; empty when absent */
    chaos_slice authority_key_id; /* keyIdentifier; empty when absent */
    bool has_strange_critical_extension; /* delta, issuingDistributionPoint, unknown, also in an entry */
    chaos_slice entries;      /* contents of revokedCertificates; empty when absent. Checked by crl_read */
    size_t entry_count;
} crl;
CHAOS_MUST_USE bool crl_read(chaos_slice der, crl *out, fault *why);
/* Is the serial (magnitude, leading zeros ignored) listed? Only for a crl that crl_read has filled. */
bool crl_lists(const crl *list, chaos_slice serial);

#endif
