/* guest_keys.c - GetKey, Sign and Verify: keys and signatures as dstack derives and makes them. */
#include <openssl/evp.h>
#include <secp256k1.h>

#include "sim/guest_state.h"

#define SIGNATURE_SIZE 64
#define SIGN_PATH "vms"
#define SIGN_PURPOSE "signing"

/* ------------------------------------------------------------------- keys ---- */

typedef enum curve {
    CURVE_SECP256K1,
    CURVE_ED25519,
    CURVE_PREHASHED,
    CURVE_UNKNOWN
} curve;

static curve curve_of(chaos_slice name, bool empty_is_secp256k1)
{
    if (slice_is(name, "secp256k1") || slice_is(name, "k256") || (empty_is_secp256k1 && name.size == 0)) {
        return CURVE_SECP256K1;
    }
    if (slice_is(name, "ed25519")) {
        return CURVE_ED25519;
    }
    return slice_is(name, "secp256k1_prehashed") ? CURVE_PREHASHED : CURVE_UNKNOWN;
}

/* RFC 8032: the public key of a seed. */
static bool ed25519_public(const uint8_t seed[32], uint8_t out[32])
{
    size_t size = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &size) == 1 && size == 32;
    EVP_PKEY_free(key);
    return ok;
}

static size_t public_of(curve which, const uint8_t secret[K1_SIZE], uint8_t out[K1_COMPRESSED_SIZE])
{
    k1_point point;
    if (which == CURVE_ED25519) {
        return ed25519_public(secret, out) ? 32 : 0;
    }
    if (!k1_public(secret, &point)) {
        return 0;
    }
    k1_compress(&point, out);
    return K1_COMPRESSED_SIZE;
}

static void write_links(json_writer *w, const char *key, uint8_t links[GUEST_MAX_CHAIN][65])
{
    json_write_array(w, key);
    for (size_t i = 0; i < GUEST_MAX_CHAIN; i++) {
        json_write_hex(w, NULL, slice(links[i], 65));
    }
    json_write_array_end(w);
}

static void write_key(guest *g, const guest_arguments *a, curve which, const char *key_name,
                      const char *chain_name, guest_answer *answer)
{
    uint8_t secret[K1_SIZE], public_key[K1_COMPRESSED_SIZE], links[GUEST_MAX_CHAIN][65];
    size_t size = guest_derive(g, a->path, secret) ? public_of(which, secret, public_key) : 0;
    if (size == 0 || !guest_chain(g, a->purpose, slice(public_key, size), links)) {
        guest_refuse(answer, "failed to derive the key");
    } else {
        json_write_object(&answer->w, NULL);
        json_write_hex(&answer->w, key_name, slice(secret, sizeof secret));
        write_links(&answer->w, chain_name, links);
        json_write_object_end(&answer->w);
    }
    explicit_bzero(secret, sizeof secret);
}

void guest_get_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    curve which = curve_of(a->algorithm, true);
    if (which != CURVE_SECP256K1 && which != CURVE_ED25519) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    write_key(g, a, which, "key", "signature_chain", answer);
}

void guest_derive_k256_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    write_key(g, a, CURVE_SECP256K1, "k256_key", "k256_signature_chain", answer);
}

/* ---------------------------------------------------------------- signing ---- */

static bool ed25519_sign(const uint8_t seed[32], chaos_slice data, uint8_t out[SIGNATURE_SIZE])
{
    size_t size = SIGNATURE_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(context, out, &size, data.data, data.size) == 1 && size == SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

static bool sign_with(curve which, const uint8_t secret[K1_SIZE], chaos_slice data, uint8_t out[SIGNATURE_SIZE])
{
    uint8_t rsv[65];
    chaos_keccak digest;
    if (which == CURVE_ED25519) {
        return ed25519_sign(secret, data, out);
    }
    chaos_sha256 of_data = hash_sha256(data);
    memcpy(digest.bytes, which == CURVE_PREHASHED ? data.data : of_data.bytes, sizeof digest.bytes);
    if (!k1_sign(secret, &digest, rsv)) {
        return false;
    }
    memcpy(out, rsv, SIGNATURE_SIZE);
    return true;
}

void guest_sign(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t secret[K1_SIZE], public_key[K1_COMPRESSED_SIZE], signature[SIGNATURE_SIZE],
        links[GUEST_MAX_CHAIN][65];
    curve which = curve_of(a->algorithm, false);
    if (which == CURVE_UNKNOWN) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    if (which == CURVE_PREHASHED && a->data.size != 32) {
        guest_refuse(answer, "Pre-hashed signing requires a 32-byte digest, but received %zu bytes",
                     a->data.size);
        return;
    }
    size_t size = guest_derive(g, slice_text(SIGN_PATH), secret) ? public_of(which, secret, public_key) : 0;
    bool ok = size > 0 && sign_with(which, secret, a->data, signature) &&
              guest_chain(g, slice_text(SIGN_PURPOSE), slice(public_key, size), links);
    explicit_bzero(secret, sizeof secret);
    if (!ok) {
        guest_fault(answer);
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_hex(&answer->w, "public_key", slice(public_key, size));
    json_write_hex(&answer->w, "signature", slice(signature, sizeof signature));
    json_write_array(&answer->w, "signature_chain");
    json_write_hex(&answer->w, NULL, slice(signature, sizeof signature));
    json_write_hex(&answer->w, NULL, slice(links[0], 65));
    json_write_hex(&answer->w, NULL, slice(links[1], 65));
    json_write_array_end(&answer->w);
    json_write_object_end(&answer->w);
}

static bool ed25519_verify(const guest_arguments *a)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, a->public_key.data, a->public_key.size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(context, a->signature.data, a->signature.size, a->data.data, a->data.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

/* What is verified: shorter digests are padded on the left, longer ones cut; below half the size there is none. */
static bool prehashed_digest(chaos_slice data, uint8_t digest[32])
{
    size_t used = data.size < 32 ? data.size : 32;
    memset(digest, 0, 32);
    if (data.size < 16) {
        return false;
    }
    memcpy(digest + 32 - used, data.data, used);
    return true;
}

static bool is_zero(const uint8_t number[K1_SIZE])
{
    static const uint8_t zero[K1_SIZE];
    return memcmp(number, zero, sizeof zero) == 0;
}

/* High s is not valid; what is no key or no pair of numbers is refused. False: refused. */
static bool k1_verify(const guest_arguments *a, bool prehashed, bool *valid)
{
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    uint8_t digest[32];
    chaos_sha256 of_data = hash_sha256(a->data);
    const uint8_t *numbers = a->signature.data, *point = a->public_key.data;
    bool sec1 = a->public_key.size == 33 || (a->public_key.size == 65 && point[0] == 0x04);
    if (!sec1 || is_zero(numbers) || is_zero(numbers + K1_SIZE) ||
        secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, point, a->public_key.size) != 1 ||
        secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &signature, numbers) != 1) {
        return false;
    }
    memcpy(digest, of_data.bytes, sizeof digest);
    *valid = (!prehashed || prehashed_digest(a->data, digest)) &&
             secp256k1_ecdsa_verify(secp256k1_context_static, &signature, digest, &key) == 1;
    return true;
}

void guest_verify(guest *g, const guest_arguments *a, guest_answer *answer)
{
    curve which = curve_of(a->algorithm, false);
    size_t shortest = which == CURVE_ED25519 ? 32 : 33;
    bool valid = false;
    (void)g;
    if (which == CURVE_UNKNOWN) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    if (a->signature.size != SIGNATURE_SIZE || a->public_key.size < shortest ||
        (which == CURVE_ED25519 && a->public_key.size != shortest)) {
        guest_refuse(answer, "invalid signature or public key length");
        return;
    }
    if (which == CURVE_ED25519) {
        valid = ed25519_verify(a);
    } else if (!k1_verify(a, which == CURVE_PREHASHED, &valid)) {
        guest_refuse(answer, "invalid signature or public key");
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_boolean(&answer->w, "valid", valid);
    json_write_object_end(&answer->w);
}
