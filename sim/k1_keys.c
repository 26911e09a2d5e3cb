/* k1_keys.c - the secp256k1 keys of an agent, derived as dstack's KMS and guest agent derive them, but from a public
 * seed; and ECDSA on libsecp256k1, whose default nonce is that of RFC 6979. For simulators and tests only. */
#include <stdio.h>

#include <openssl/hmac.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "sim/recipe.h"

enum {
    UNCOMPRESSED_SIZE = 1 + 2 * K1_SIZE, /* 04 X Y */
    COMPACT_SIZE = 2 * K1_SIZE,          /* r s */
    MAX_INFO = 1024                      /* as long as a path may be */
};

/* SEC 2 2.4.1 */
const uint8_t k1_order[K1_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                    0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };

/* --------------------------------------------------------------- signing ---- */

static void context_cleanup(secp256k1_context **context)
{
    if (*context != NULL) {
        secp256k1_context_destroy(*context);
    }
}

/* The static context of the library can do everything but multiply the base point, which making and signing need. */
#define K1_CONTEXT(name)                                                \
    __attribute__((cleanup(context_cleanup))) secp256k1_context *name = \
        secp256k1_context_create(SECP256K1_CONTEXT_NONE)

bool k1_public(const uint8_t scalar[K1_SIZE], k1_point *out)
{
    K1_CONTEXT(context);
    secp256k1_pubkey key;
    uint8_t bytes[UNCOMPRESSED_SIZE];
    size_t size = sizeof bytes;
    if (context == NULL || secp256k1_ec_pubkey_create(context, &key, scalar) != 1 ||
        secp256k1_ec_pubkey_serialize(context, bytes, &size, &key, SECP256K1_EC_UNCOMPRESSED) != 1) {
        return false;
    }
    memcpy(out->x, bytes + 1, K1_SIZE);
    memcpy(out->y, bytes + 1 + K1_SIZE, K1_SIZE);
    return true;
}

bool k1_sign(const uint8_t scalar[K1_SIZE], const chaos_keccak *digest, uint8_t rsv[65])
{
    K1_CONTEXT(context);
    secp256k1_ecdsa_recoverable_signature signature;
    int recovery_id = 0;
    if (context == NULL ||
        secp256k1_ecdsa_sign_recoverable(context, &signature, digest->bytes, scalar, NULL, NULL) != 1 ||
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context, rsv, &recovery_id, &signature) != 1) {
        return false;
    }
    rsv[COMPACT_SIZE] = (uint8_t)recovery_id;
    return true;
}

bool k1_negate(uint8_t number[K1_SIZE])
{
    return secp256k1_ec_seckey_negate(secp256k1_context_static, number) == 1;
}

/* ------------------------------------------------------------ derivation ---- */

/* HKDF-SHA256 of one block. */
static bool derive(const char *salt, const uint8_t secret[K1_SIZE], chaos_slice info, uint8_t out[K1_SIZE])
{
    uint8_t extracted[K1_SIZE];
    uint8_t block[MAX_INFO + 1];
    if (info.size > MAX_INFO) {
        return false;
    }
    if (info.size > 0) {
        memcpy(block, info.data, info.size);
    }
    block[info.size] = 1; /* the number of the block */
    return HMAC(EVP_sha256(), salt, (int)strlen(salt), secret, K1_SIZE, extracted, NULL) != NULL &&
           HMAC(EVP_sha256(), extracted, K1_SIZE, block, info.size + 1, out, NULL) != NULL;
}

bool ratls_derive(const uint8_t secret[K1_SIZE], chaos_slice info, uint8_t out[K1_SIZE])
{
    return derive("RATLS", secret, info, out);
}

/* Four bytes of length, big-endian, before each part. */
static bool write_parts(chaos_buffer *out, const chaos_slice *parts, size_t count)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const uint8_t length[4] = { (uint8_t)(parts[i].size >> 24), (uint8_t)(parts[i].size >> 16),
                                    (uint8_t)(parts[i].size >> 8), (uint8_t)parts[i].size };
        ok = buffer_append(out, slice(length, sizeof length)) && buffer_append(out, parts[i]);
    }
    return ok;
}

bool guest_v1_derive(const uint8_t app_root[K1_SIZE], const char *algorithm, chaos_slice domain, uint8_t out[K1_SIZE])
{
    const chaos_slice parts[] = { slice_text("dstack-guest-v1-key"), slice_text(algorithm), domain };
    CHAOS_AUTO_BUFFER(info, MAX_INFO);
    return write_parts(&info, parts, CHAOS_ARRAY_SIZE(parts)) &&
           derive("dstack-guest-v1", app_root, buffer_slice(&info), out);
}

bool guest_v1_claim(const char *algorithm, chaos_slice domain, chaos_slice public_key, chaos_buffer *claim)
{
    const chaos_slice parts[] = { slice_text("dstack-guest-v1-key-claim"), slice_text(algorithm), domain,
                                  public_key };
    return write_parts(claim, parts, CHAOS_ARRAY_SIZE(parts));
}

static void scalar_of_seed(const char *seed, const char *label, uint8_t scalar[K1_SIZE])
{
    chaos_sha256 digest = hash_sha256_two(slice_text(seed), slice_text(label));
    memcpy(scalar, digest.bytes, K1_SIZE);
}

static bool derive_app_root(const uint8_t kms_root[K1_SIZE], const uint8_t app_id[APP_ID_SIZE], uint8_t out[K1_SIZE])
{
    static const char purpose[] = "app-key";
    uint8_t info[APP_ID_SIZE + sizeof purpose - 1];
    memcpy(info, app_id, APP_ID_SIZE);
    memcpy(info + APP_ID_SIZE, purpose, sizeof purpose - 1);
    return ratls_derive(kms_root, slice(info, sizeof info), out);
}

bool session_key_make(const char *seed, unsigned n, uint8_t scalar[K1_SIZE], k1_point *point)
{
    char label[32];
    (void)snprintf(label, sizeof label, "session %u", n);
    scalar_of_seed(seed, label, scalar);
    return k1_public(scalar, point);
}

bool agent_keyring_make(const char *seed, const uint8_t app_id[APP_ID_SIZE], const char *path, agent_keyring *out)
{
    scalar_of_seed(seed, "kms root", out->scalar[AGENT_KMS_ROOT]);
    scalar_of_seed(seed, "session", out->scalar[AGENT_SESSION]);
    scalar_of_seed(seed, "k1 stranger", out->scalar[AGENT_STRANGER]);
    if (!derive_app_root(out->scalar[AGENT_KMS_ROOT], app_id, out->scalar[AGENT_APP_ROOT]) ||
        !ratls_derive(out->scalar[AGENT_APP_ROOT], slice_text(path), out->scalar[AGENT_IDENTITY])) {
        return false;
    }
    for (size_t i = 0; i < AGENT_KEY_COUNT; i++) {
        if (!k1_public(out->scalar[i], &out->point[i])) {
            return false;
        }
    }
    return true;
}
