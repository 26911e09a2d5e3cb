/* certificate.c - X.509 v3 certificates of Intel's profile (RFC 5280 4, RFC 5480). No general X.509:
 * whatever the profile does not use is refused, so that no two readers can understand one certificate
 * differently. */
#include "crypto/internal.h"

#define TAG_VERSION 0xa0    /* [0] EXPLICIT */
#define TAG_EXTENSIONS 0xa3 /* [3] EXPLICIT */
#define VERSION_3 2
#define MAX_PATH_LENGTH 255
#define POINT_UNCOMPRESSED 0x04
#define CE_NAME_CONSTRAINTS 30
#define CE_POLICY_CONSTRAINTS 36
#define CE_INHIBIT_ANY_POLICY 54

static void read_version_and_serial(reader *tbs, certificate *out)
{
    reader version = der_enter(tbs, "version", TAG_VERSION);

    rd_expect_number(&version, der_unsigned(&version, "version", DER_INTEGER, UINT64_MAX), VERSION_3, version.status,
                     "not version 3");
    rd_close(tbs, &version, tbs->status);
    out->serial = der_magnitude(tbs, "serialNumber");
    rd_expect(tbs, !slice_is_zero(out->serial), tbs->status, "not positive");
    rd_expect(tbs, out->serial.size <= MAX_SERIAL, tbs->status, "longer than 20 bytes");
}

static void read_validity(reader *tbs, certificate *out)
{
    reader validity = der_enter(tbs, "validity", DER_SEQUENCE);

    out->not_before = der_time(&validity, "notBefore");
    out->not_after = der_time(&validity, "notAfter");
    rd_expect(&validity, out->not_before <= out->not_after, validity.status, "before notBefore");
    rd_close(tbs, &validity, tbs->status);
}

static void read_coordinate(reader *r, const char *field, uint8_t out[P256_SIZE])
{
    const chaos_slice bytes = rd_take(r, field, P256_SIZE);

    if (rd_ok(r)) {
        memcpy(out, bytes.data, P256_SIZE);
    }
}

/* RFC 5480 2: id-ecPublicKey with the named curve; never explicit parameters. That the point is on the
 * curve is found by the first verification. */
static void read_public_key(reader *tbs, certificate *out)
{
    static const uint8_t named_p256[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                          0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    chaos_slice algorithm = { NULL, 0 };
    const uint8_t *begin = tbs->cur;
    reader spki = der_enter(tbs, "subjectPublicKeyInfo", DER_SEQUENCE);

    out->spki = x509_since(tbs, begin);
    (void)der_take(&spki, "subjectPublicKeyInfo.algorithm", DER_SEQUENCE, &algorithm);
    rd_expect(&spki, slice_equal(algorithm, slice(named_p256, sizeof named_p256)), spki.status,
              "not a key of the named curve P-256");
    reader bits = der_enter(&spki, "subjectPublicKey", DER_BIT_STRING);
    rd_expect_number(&bits, rd_u8(&bits, "subjectPublicKey"), 0, bits.status, "unused bits");
    rd_expect_number(&bits, rd_u8(&bits, "subjectPublicKey"), POINT_UNCOMPRESSED, bits.status,
                     "not an uncompressed point");
    read_coordinate(&bits, "subjectPublicKey", out->key.x);
    read_coordinate(&bits, "subjectPublicKey", out->key.y);
    rd_close(&spki, &bits, spki.status);
    rd_close(tbs, &spki, tbs->status);
}

/* ------------------------------------------------------------- extensions ---- */

static void read_authority_key_id(reader *value, certificate *out)
{
    out->has_authority_key_id = true;
    out->authority_key_id = x509_authority_key_id(value);
}

static void read_subject_key_id(reader *value, certificate *out)
{
    out->has_subject_key_id = true;
    out->subject_key_id = der_take(value, "subjectKeyIdentifier", DER_OCTET_STRING, NULL);
    rd_expect(value, out->subject_key_id.size > 0, value->status, "empty key identifier");
}

/* A named bit list, so DER wants no zero bit at its end (X.690 11.2.2); RFC 5280 4.2.1.3 wants a bit that
 * is set. */
static void read_key_usage(reader *value, certificate *out)
{
    reader bits = der_enter(value, "keyUsage", DER_BIT_STRING);
    const uint8_t unused = rd_u8(&bits, "keyUsage");
    const uint8_t first = rd_u8(&bits, "keyUsage");
    uint8_t last = first;

    if (rd_left(&bits) > 0) {
        last = rd_u8(&bits, "keyUsage"); /* decipherOnly, which no role of ours has use for */
    }
    rd_expect(&bits, unused < 8 && last != 0 && (last & ((1u << unused) - 1)) == 0 && (last >> unused & 1) == 1,
              bits.status, "not the shortest bit list");
    out->has_key_usage = true;
    out->key_usage = first;
    rd_close(value, &bits, value->status);
}

static void read_basic_constraints(reader *value, certificate *out)
{
    reader body = der_enter(value, "basicConstraints", DER_SEQUENCE);

    out->has_basic_constraints = true;
    if (der_peek(&body) == DER_BOOLEAN) {
        out->is_ca = der_boolean(&body, "basicConstraints.cA");
        rd_expect(&body, out->is_ca, body.status, "DER leaves the default FALSE out");
    }
    if (der_peek(&body) == DER_INTEGER) {
        out->has_path_length = true;
        out->path_length = der_unsigned(&body, "pathLenConstraint", DER_INTEGER, MAX_PATH_LENGTH);
        rd_expect(&body, out->is_ca, body.status, "only a CA has a path length");
    }
    rd_close(value, &body, value->status);
}

/* That it is there is all that the profile wants: nothing is ever fetched from it. */
static void read_crl_distribution_point(reader *value, certificate *out)
{
    const chaos_slice points = der_take(value, "cRLDistributionPoints", DER_SEQUENCE, NULL);

    rd_expect(value, points.size > 0, value->status, "empty list");
    out->has_crl_distribution_point = true;
}

/* Read by wire/, which knows what is in it. */
static void read_sgx_extension(reader *value, certificate *out)
{
    out->sgx_extension = rd_take(value, "SGX extension", rd_left(value));
}

typedef struct known_extension {
    uint8_t oid[9];
    uint8_t oid_size;
    void (*read)(reader *value, certificate *out);
} known_extension;

static const known_extension known_extensions[] = {
    { { 0x55, 0x1d, 0x23 }, 3, read_authority_key_id },
    { { 0x55, 0x1d, 0x1f }, 3, read_crl_distribution_point },
    { { 0x55, 0x1d, 0x0e }, 3, read_subject_key_id },
    { { 0x55, 0x1d, 0x0f }, 3, read_key_usage },
    { { 0x55, 0x1d, 0x13 }, 3, read_basic_constraints },
    { { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 }, 9, read_sgx_extension }
};

static const known_extension *find_extension(chaos_slice oid)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known_extensions); i++) {
        if (slice_equal(oid, slice(known_extensions[i].oid, known_extensions[i].oid_size))) {
            return &known_extensions[i];
        }
    }
    return NULL;
}

/* What narrows the paths below a CA is always critical by RFC 5280 (4.2.1.10, 4.2.1.11, 4.2.1.14). Marked otherwise
 * it would bind one reader and not another. */
static bool constrains_paths(chaos_slice oid)
{
    return x509_oid_is_ce(oid, CE_NAME_CONSTRAINTS) || x509_oid_is_ce(oid, CE_POLICY_CONSTRAINTS) ||
           x509_oid_is_ce(oid, CE_INHIBIT_ANY_POLICY);
}

static void read_extensions(reader *tbs, certificate *out)
{
    reader tagged = der_enter(tbs, "extensions", TAG_EXTENSIONS);
    x509_extensions list;
    x509_extension extension;

    x509_extensions_begin(&tagged, "extensions", &list);
    while (x509_extension_next(&list, &extension)) {
        const known_extension *known = find_extension(extension.oid);
        if (known != NULL) {
            known->read(&extension.value, out);
            rd_close(&list.r, &extension.value, list.r.status);
        } else {
            rd_expect(&list.r, !extension.critical, list.r.status, "critical extension that is not known");
            rd_expect(&list.r, !constrains_paths(extension.oid), list.r.status, "constraints that are not known");
        }
    }
    rd_close(&tagged, &list.r, tagged.status);
    rd_close(tbs, &tagged, tbs->status);
}

/* ------------------------------------------------------------------ whole ---- */

/* TBSCertificate. The unique identifiers [1] and [2] of X.509 v2 are no part of the profile: where
 * extensions must come, they are a fault. */
static void read_tbs(reader *outer, certificate *out)
{
    const uint8_t *begin = outer->cur;
    reader tbs = der_enter(outer, "tbsCertificate", DER_SEQUENCE);

    out->tbs = x509_since(outer, begin);
    read_version_and_serial(&tbs, out);
    x509_algorithm(&tbs, "tbsCertificate.signature");
    out->issuer = x509_name_read(&tbs, "issuer").whole;
    read_validity(&tbs, out);
    const x509_name subject = x509_name_read(&tbs, "subject");
    out->subject = subject.whole;
    out->subject_cn = subject.common_name;
    out->subject_o = subject.organization;
    read_public_key(&tbs, out);
    read_extensions(&tbs, out);
    rd_close(outer, &tbs, outer->status);
}

bool certificate_read(chaos_slice der, chaos_status status, certificate *out, fault *why)
{
    reader r = rd_begin(der, status);

    memset(out, 0, sizeof *out);
    if (der.size > MAX_CERTIFICATE) {
        rd_fail(&r, status, "Certificate", 0, "larger than any certificate of the profile");
    }
    out->der = der;
    reader outer = der_enter(&r, "Certificate", DER_SEQUENCE);
    if (rd_left(&r) > 0) {
        rd_fail(&r, status, "Certificate", rd_offset(&r), "bytes follow the certificate");
    }
    read_tbs(&outer, out);
    x509_algorithm(&outer, "signatureAlgorithm");
    x509_signature(&outer, &out->signature);
    rd_close(&r, &outer, status);
    *why = r.why;
    if (!rd_ok(&r)) {
        memset(out, 0, sizeof *out);
        return false;
    }
    return true;
}
