/* trust.c - the roots that evidence may end in. */
#include "verify/internal.h"

#define SIMULATOR_ORGANISATION "ChaosChain Simulator"

/* Intel's root: subject "CN=Intel SGX Root CA, O=Intel Corporation, L=Santa Clara, ST=CA, C=US" and its key, both as
 * DER. Two certificates of the one key are in use: serial 22650CD6...06AC valid until 2049, and an older one with the
 * same serial valid until 2033 that quotes made before 2021 carry. */
const trust_root vendor_root = {
    .anchor = CHAOS_ANCHOR_VENDOR,
    .subject_size = 106,
    .subject = "\x30\x68\x31\x1a\x30\x18\x06\x03\x55\x04\x03\x0c\x11"
               "Intel SGX Root CA"
               "\x31\x1a\x30\x18\x06\x03\x55\x04\x0a\x0c\x11"
               "Intel Corporation"
               "\x31\x14\x30\x12\x06\x03\x55\x04\x07\x0c\x0b"
               "Santa Clara"
               "\x31\x0b\x30\x09\x06\x03\x55\x04\x08\x0c\x02"
               "CA"
               "\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02"
               "US",
    .spki = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
              0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x0b, 0xa9, 0xc4, 0xc0, 0xc0,
              0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0, 0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e,
              0x48, 0xb4, 0x45, 0x85, 0x61, 0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc,
              0x88, 0xe4, 0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05, 0xa9,
              0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94 },
    .known_count = 2,
    .known = { { { 0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
                   0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
                   0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3 } },
               { { 0xfc, 0x64, 0xf8, 0x07, 0x6d, 0x79, 0xa4, 0xfe, 0xe9, 0xd1, 0xd4,
                   0x73, 0xd7, 0x4c, 0x89, 0xeb, 0x8d, 0x8f, 0xd5, 0x5c, 0x5a, 0xba,
                   0xfe, 0xab, 0xeb, 0xa7, 0x36, 0x6d, 0x20, 0x42, 0x94, 0x04 } } },
};

const char *chaos_anchor_name(chaos_anchor anchor)
{
    switch (anchor) {
    case CHAOS_ANCHOR_VENDOR:
        return "vendor";
    case CHAOS_ANCHOR_CUSTOM:
        return "custom";
    case CHAOS_ANCHOR_SIMULATED:
        return "simulated";
    }
    return "unknown";
}

chaos_status chaos_trust_new(chaos_trust **trust, chaos_error *err)
{
    chaos_trust *made;

    if (trust == NULL) {
        return error_set(err, CHAOS_E_USAGE, "trust", CHAOS_NO_OFFSET, NULL);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->roots[0] = vendor_root;
    made->roots[0].key_id = hash_sha256(slice(vendor_root.spki, SPKI_SIZE));
    made->count = 1;
    *trust = made;
    return CHAOS_OK;
}

void chaos_trust_free(chaos_trust *trust)
{
    free(trust);
}

const trust_root *trust_find(const chaos_trust *trust, const certificate *presented)
{
    for (size_t i = 0; i < trust->count; i++) {
        const trust_root *root = &trust->roots[i];

        if (slice_equal(presented->subject, slice(root->subject, root->subject_size)) &&
            slice_equal(presented->spki, slice(root->spki, SPKI_SIZE))) {
            return root;
        }
    }
    return NULL;
}

bool trust_knows(const trust_root *root, const certificate *presented)
{
    chaos_sha256 digest = hash_sha256(presented->der);

    for (size_t i = 0; i < root->known_count; i++) {
        if (memcmp(digest.bytes, root->known[i].bytes, sizeof digest.bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_pem(chaos_slice bytes)
{
    return bytes.size > 0 && bytes.data[0] == '-';
}

/* What a root of the profile must be; anything else would be trusted for what it is not. */
static const char *root_objection(const certificate *root)
{
    if (root->spki.size != SPKI_SIZE || root->subject.size > MAX_NAME) {
        return "the name or key is too long";
    }
    if (!slice_equal(root->issuer, root->subject)) {
        return "issuer and subject differ: it is not self-signed";
    }
    if (!root->has_basic_constraints || !root->is_ca) {
        return "basicConstraints do not say CA";
    }
    if (!root->has_key_usage || (root->key_usage & KEY_USAGE_CERT_SIGN) == 0 ||
        (root->key_usage & KEY_USAGE_CRL_SIGN) == 0) {
        return "keyUsage lacks keyCertSign or cRLSign";
    }
    return NULL;
}

bool is_simulators_root(const certificate *root)
{
    return slice_is(root->subject_o, SIMULATOR_ORGANISATION);
}

static void pin(const certificate *presented, trust_root *out)
{
    if (presented->subject.data == NULL || presented->spki.data == NULL) {
        return; /* not reached: certificate_read gives both */
    }
    out->anchor = is_simulators_root(presented) ? CHAOS_ANCHOR_SIMULATED : CHAOS_ANCHOR_CUSTOM;
    out->subject_size = presented->subject.size;
    memcpy(out->subject, presented->subject.data, presented->subject.size);
    memcpy(out->spki, presented->spki.data, SPKI_SIZE);
    out->key_id = hash_sha256(presented->spki);
    out->known[0] = hash_sha256(presented->der);
    out->known_count = 1;
}

static chaos_status root_read(chaos_slice bytes, certificate *presented, uint8_t *der, size_t capacity,
                              chaos_error *err)
{
    chaos_slice block = bytes;
    fault why = { 0 };

    if (is_pem(bytes) && pem_read(bytes, "CERTIFICATE", CHAOS_E_TRUST_ROOT_FORMAT, CHAOS_E_TRUST_ROOT_FORMAT, der,
                                  capacity, &block, 1, &why) != 1) {
        return fault_to_error(&why, err);
    }
    if (!certificate_read(block, CHAOS_E_TRUST_ROOT_FORMAT, presented, &why)) {
        return fault_to_error(&why, err);
    }
    return CHAOS_OK;
}

static chaos_status root_check(const certificate *root, chaos_error *err)
{
    const char *objection = root_objection(root);
    p256_result result;

    if (objection != NULL) {
        return error_set(err, CHAOS_E_TRUST_ROOT_FORMAT, NULL, CHAOS_NO_OFFSET, "the trust root is refused: %s",
                         objection);
    }
    result = p256_verify(&root->key, root->tbs, &root->signature);
    if (result == P256_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (result != P256_GOOD) {
        return error_set(err, CHAOS_E_TRUST_ROOT_FORMAT, "signatureValue", CHAOS_NO_OFFSET,
                         "the trust root is refused: its own signature does not verify");
    }
    return CHAOS_OK;
}

chaos_status chaos_trust_add_root(chaos_trust *trust, chaos_slice bytes, chaos_error *err)
{
    uint8_t der[MAX_CERTIFICATE];
    certificate presented = { 0 };

    if (trust == NULL || bytes.data == NULL) {
        return error_set(err, CHAOS_E_USAGE, "trust", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(root_read(bytes, &presented, der, sizeof der, err));
    CHAOS_TRY(root_check(&presented, err));
    if (trust_find(trust, &presented) != NULL) {
        return CHAOS_OK; /* the kind of a root that is already there does not change */
    }
    if (trust->count == CHAOS_MAX_TRUST_ROOTS) {
        return error_set(err, CHAOS_E_USAGE, "trust", CHAOS_NO_OFFSET, "at most %d trust roots can be given",
                         CHAOS_MAX_TRUST_ROOTS);
    }
    pin(&presented, &trust->roots[trust->count]);
    trust->count++;
    return CHAOS_OK;
}
