/* test_certificate.c - certificate_read: certificates put together from pieces, one of which is bad; and
 * all real ones against libcrypto's view of them. */
#define _GNU_SOURCE /* timegm, memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "crypto/crypto.h"
#include "tests/support/der_kit.h"

#define STATUS CHAOS_E_PCK_CHAIN_FORMAT /* what the cases ask for */
#define OTHER_STATUS CHAOS_E_TCB_SIGNING_CERT

/* ------------------------------------------------ certificates from pieces ---- */

#define SHA256_ALG "300a06082a8648ce3d040302"
#define OTHER_DATE "170d3335303130313030303030305a"
#define G_HEX                                                          \
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define NAMED_P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define AKI "300f0603551d2304083006800401020304"
#define TWENTY_ONES "0101010101010101010101010101010101010101"
#define TWENTY_HIGH "8101010101010101010101010101010101010101"

enum { /* in the order in which they stand in the certificate */
    VERSION,
    SERIAL,
    INNER_ALG,
    ISSUER,
    VALIDITY,
    SUBJECT,
    SPKI,
    UNIQUE_IDS,
    EXT_AKI,
    EXT_SKI,
    EXT_KU,
    EXT_BC,
    EXT_CRLDP,
    EXT_SGX,
    EXT_MORE,
    AFTER_EXTENSIONS,
    OUTER_ALG,
    SIGNATURE,
    AFTER_SIGNATURE,
    AFTER_ALL,
    PIECES
};

static const char *const good_pieces[PIECES] = {
    [VERSION] = "a003020102",
    [SERIAL] = "0203 010203",
    [INNER_ALG] = SHA256_ALG,
    [ISSUER] = "300d 310b 3009 0603550403 0c024341", /* CN=CA */
    [VALIDITY] = "301e 170d3235303130313030303030305a" OTHER_DATE,
    [SUBJECT] = "301c 310d 300b 0603550403 0c046c656166 310b 3009 060355040a 13027765", /* CN=leaf, O=we */
    [SPKI] = "3059" NAMED_P256 "034200 04" G_HEX,
    [UNIQUE_IDS] = "",
    [EXT_AKI] = AKI,
    [EXT_SKI] = "300d 0603551d0e 0406 0404 05060708",
    [EXT_KU] = "300e 0603551d0f 0101ff 0404 030206c0",
    [EXT_BC] = "300c 0603551d13 0101ff 0402 3000",
    [EXT_CRLDP] = "3015 0603551d1f 040e 300c 300a a008 a006 8604 753a2f2f",
    [EXT_SGX] = "300f 0609 2a864886f84d010d01 0402 3000",
    [EXT_MORE] = "",
    [AFTER_EXTENSIONS] = "",
    [OUTER_ALG] = SHA256_ALG,
    [SIGNATURE] = "0309 00 3006 020101 020102",
    [AFTER_SIGNATURE] = "",
    [AFTER_ALL] = "",
};

/* The certificate of the good pieces with one of them replaced (PIECES: none). */
static chaos_slice make(size_t piece, const char *hex)
{
    static kit k;
    const char *pieces[PIECES];

    memcpy(pieces, good_pieces, sizeof pieces);
    if (piece < PIECES) {
        pieces[piece] = hex;
    }
    k.size = 0;
    const size_t outer = kit_open(&k);
    const size_t tbs = kit_open(&k);
    for (size_t i = VERSION; i <= UNIQUE_IDS; i++) {
        kit_hex(&k, pieces[i]);
    }
    const size_t tagged = kit_open(&k);
    const size_t extensions = kit_open(&k);
    for (size_t i = EXT_AKI; i <= EXT_MORE; i++) {
        kit_hex(&k, pieces[i]);
    }
    kit_close(&k, extensions, 0x30);
    kit_close(&k, tagged, 0xa3);
    kit_hex(&k, pieces[AFTER_EXTENSIONS]);
    kit_close(&k, tbs, 0x30);
    for (size_t i = OUTER_ALG; i <= AFTER_SIGNATURE; i++) {
        kit_hex(&k, pieces[i]);
    }
    kit_close(&k, outer, 0x30);
    kit_hex(&k, pieces[AFTER_ALL]);
    return kit_slice(&k);
}

static bool read_exact(chaos_slice der, chaos_status status, fault *why)
{
    certificate c;
    uint8_t *copy = kit_exact(der);
    const bool good = certificate_read(slice(copy, der.size), status, &c, why);

    if (!good) {
        certificate zero;
        memset(&zero, 0, sizeof zero);
        assert_memory_equal(&c, &zero, sizeof c);
    }
    free(copy);
    return good;
}

typedef struct piece_case {
    const char *name;
    size_t piece;
    const char *hex;
    const char *field; /* of the fault; NULL: accepted */
} piece_case;

static const piece_case piece_cases[] = {
    { "as it is", PIECES, "", NULL },
    { "version absent, so 1", VERSION, "", "version" },
    { "version 1 in full", VERSION, "a003020100", "version" },
    { "version 2", VERSION, "a003020101", "version" },
    { "version 4", VERSION, "a003020103", "version" },
    { "version not minimal", VERSION, "a00402020002", "version" },
    { "version and more", VERSION, "a006020102020100", "version" },
    { "version empty", VERSION, "a000", "version" },

    { "serial of 20 bytes", SERIAL, "0214" TWENTY_ONES, NULL },
    { "serial of 20 bytes, high bit", SERIAL, "021500" TWENTY_HIGH, NULL },
    { "serial of 21 bytes", SERIAL, "021501" TWENTY_ONES, "serialNumber" },
    { "serial of 21 bytes, high bit", SERIAL, "02160081" TWENTY_ONES, "serialNumber" },
    { "serial negative", SERIAL, "0201ff", "serialNumber" },
    { "serial zero", SERIAL, "020100", "serialNumber" },
    { "serial empty", SERIAL, "0200", "serialNumber" },
    { "serial not minimal", SERIAL, "02020001", "serialNumber" },
    { "serial with long length", SERIAL, "02810101", "serialNumber" },
    { "serial with indefinite length", SERIAL, "0280010000", "serialNumber" },
    { "serial an ENUMERATED", SERIAL, "0a0101", "serialNumber" },
    { "serial absent", SERIAL, "", "serialNumber" },

    { "inner ecdsa-with-SHA384", INNER_ALG, "300a06082a8648ce3d040303", "tbsCertificate.signature" },
    { "inner ecdsa-with-SHA1", INNER_ALG, "300906072a8648ce3d0401", "tbsCertificate.signature" },
    { "inner sha256WithRSA", INNER_ALG, "300d06092a864886f70d01010b0500", "tbsCertificate.signature" },
    { "inner with NULL", INNER_ALG, "300c06082a8648ce3d0403020500", "tbsCertificate.signature" },
    { "inner empty", INNER_ALG, "3000", "tbsCertificate.signature" },
    { "outer ecdsa-with-SHA384", OUTER_ALG, "300a06082a8648ce3d040303", "signatureAlgorithm" },
    { "outer with NULL", OUTER_ALG, "300c06082a8648ce3d0403020500", "signatureAlgorithm" },
    { "outer long length", OUTER_ALG, "30810a06082a8648ce3d040302", "signatureAlgorithm" },
    { "outer absent", OUTER_ALG, "", "signatureAlgorithm" },

    { "issuer in PrintableString", ISSUER, "300d310b300906035504031302 4341", NULL },
    { "issuer empty", ISSUER, "3000", "issuer" },
    { "issuer without CN", ISSUER, "300d310b300906035504061302 4341", NULL },
    { "issuer with an empty SET", ISSUER, "30023100", "AttributeTypeAndValue" },
    { "issuer with two in a SET", ISSUER, "3018 3116 3009 0603550403 0c024341 3009 060355040a 0c024341",
      "RelativeDistinguishedName" },
    { "issuer in T61String", ISSUER, "300d310b300906035504031402 4341", "attribute value" },
    { "issuer in BMPString", ISSUER, "300d310b300906035504031e02 4341", "attribute value" },
    { "issuer's part with more in it", ISSUER, "300f310d300b06035504030c024341 0500", "AttributeTypeAndValue" },
    { "issuer with an empty OID", ISSUER, "300a 3108 3006 0600 0c024341", "attribute type" },
    { "CN twice", SUBJECT, "301a 310b 3009 0603550403 0c024341 310b 3009 0603550403 0c024342", "attribute value" },
    { "O twice", SUBJECT, "301a 310b 3009 060355040a 0c024341 310b 3009 060355040a 0c024341", "attribute value" },
    { "CN empty", SUBJECT, "300b 3109 3007 0603550403 0c00", "attribute value" },
    { "17 parts", SUBJECT,
      "3081dd"
      "310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341"
      "310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341"
      "310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341"
      "310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341 310b3009060355040b0c024341"
      "310b3009060355040b0c024341",
      "RelativeDistinguishedName" },

    { "one second", VALIDITY, "301e" OTHER_DATE OTHER_DATE, NULL },
    { "notAfter before notBefore", VALIDITY, "301e" OTHER_DATE "170d3334313233313233353935395a", "notAfter" },
    { "from 2049 to 2050", VALIDITY,
      "3020 170d3439313233313233353935395a 180f32303530303130313030303030305a", NULL },
    { "GeneralizedTime before 2050", VALIDITY,
      "3020 170d3235303130313030303030305a 180f32303439313233313233353935395a", "notAfter" },
    { "to 9999", VALIDITY, "3020 170d3235303130313030303030305a 180f39393939313233313233353935395a", NULL },
    { "fraction of a second", VALIDITY,
      "3022 170d3235303130313030303030305a 181132303530303130313030303030302e355a", "notAfter" },
    { "offset from UTC", VALIDITY,
      "3022 1711 323530313031303030303030 2b30313030" OTHER_DATE, "notBefore" },
    { "without seconds", VALIDITY, "301c 170b 32353031303130303030 5a" OTHER_DATE, "notBefore" },
    { "month 13", VALIDITY, "301e 170d3235313330313030303030305a" OTHER_DATE, "notBefore" },
    { "29 February 2025", VALIDITY, "301e 170d3235303232393030303030305a" OTHER_DATE, "notBefore" },
    { "three dates", VALIDITY, "302d" OTHER_DATE OTHER_DATE OTHER_DATE, "validity" },
    { "one date", VALIDITY, "300f" OTHER_DATE, "notAfter" },

    { "P-384's name", SPKI, "3056 3010 06072a8648ce3d0201 06052b81040022 034200 04" G_HEX,
      "subjectPublicKeyInfo.algorithm" },
    { "RSA", SPKI, "3053 300d 06092a864886f70d010101 0500 034200 04" G_HEX, "subjectPublicKeyInfo.algorithm" },
    { "parameters absent", SPKI, "304f 3009 06072a8648ce3d0201 034200 04" G_HEX, "subjectPublicKeyInfo.algorithm" },
    { "explicit parameters", SPKI, "304f 3009 06072a8648ce3d0201 3000 034200 04" G_HEX,
      "subjectPublicKeyInfo.algorithm" },
    { "compressed point", SPKI,
      "3039" NAMED_P256 "032200 03 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
      "subjectPublicKey" },
    { "hybrid point", SPKI, "3059" NAMED_P256 "034200 07" G_HEX, "subjectPublicKey" },
    { "point at infinity", SPKI, "3019" NAMED_P256 "030200 00", "subjectPublicKey" },
    { "point too short", SPKI, "3057" NAMED_P256 "034000 04 0000 " /* 62 more */
                               "0000000000000000000000000000000000000000000000000000000000000000"
                               "000000000000000000000000000000000000000000000000000000000000",
      "subjectPublicKey" },
    { "point too long", SPKI, "305a" NAMED_P256 "034300 04" G_HEX "00", "subjectPublicKey" },
    { "key with unused bits", SPKI, "3059" NAMED_P256 "034201 04" G_HEX, "subjectPublicKey" },
    { "key and more", SPKI, "305b" NAMED_P256 "034200 04" G_HEX "0500", "subjectPublicKeyInfo" },

    { "issuerUniqueID", UNIQUE_IDS, "81020001", "extensions" },
    { "subjectUniqueID", UNIQUE_IDS, "82020001", "extensions" },
    { "after the extensions", AFTER_EXTENSIONS, "0500", "tbsCertificate" },

    { "no AKI", EXT_AKI, "", NULL },
    { "AKI empty", EXT_AKI, "3009 0603551d23 0402 3000", "keyIdentifier" },
    { "AKI of no bytes", EXT_AKI, "300b 0603551d23 0404 3002 8000", "keyIdentifier" },
    { "AKI with a serial", EXT_AKI, "3012 0603551d23 040b 3009 8004 01020304 820101", "authorityKeyIdentifier" },
    { "AKI and more", EXT_AKI, "3011 0603551d23 040a 3006 8004 01020304 0500", "extnValue" },
    { "SKI empty", EXT_SKI, "3009 0603551d0e 0402 0400", "subjectKeyIdentifier" },
    { "SKI and more", EXT_SKI, "300f 0603551d0e 0408 0404 05060708 0500", "extnValue" },
    { "SKI bare", EXT_SKI, "300b 0603551d0e 0404 05060708", "subjectKeyIdentifier" },

    { "no key usage", EXT_KU, "", NULL },
    { "key usage not critical", EXT_KU, "300b 0603551d0f 0404 030206c0", NULL },
    { "key usage, FALSE in full", EXT_KU, "300e 0603551d0f 010100 0404 030206c0", "critical" },
    { "key usage, TRUE as 01", EXT_KU, "300e 0603551d0f 010101 0404 030206c0", "critical" },
    { "key usage of two bytes", EXT_KU, "300f 0603551d0f 0101ff 0405 0303078080", NULL },
    { "key usage of three bytes", EXT_KU, "3010 0603551d0f 0101ff 0406 030407808080", "keyUsage" },
    { "key usage without a bit", EXT_KU, "300d 0603551d0f 0101ff 0403 030100", "keyUsage" },
    { "key usage zero", EXT_KU, "300e 0603551d0f 0101ff 0404 03020700", "keyUsage" },
    { "key usage not the shortest", EXT_KU, "300e 0603551d0f 0101ff 0404 030205c0", "keyUsage" },
    { "key usage with bits in the unused", EXT_KU, "300e 0603551d0f 0101ff 0404 030207c0", "keyUsage" },
    { "key usage, 8 unused bits", EXT_KU, "300e 0603551d0f 0101ff 0404 030208c0", "keyUsage" },
    { "key usage, 255 unused bits", EXT_KU, "300e 0603551d0f 0101ff 0404 0302ffc0", "keyUsage" },

    { "CA", EXT_BC, "300f 0603551d13 0101ff 0405 30030101ff", NULL },
    { "CA with path length", EXT_BC, "3012 0603551d13 0101ff 0408 30060101ff020100", NULL },
    { "path length of no CA", EXT_BC, "300f 0603551d13 0101ff 0405 3003020100", "pathLenConstraint" },
    { "path length 256", EXT_BC, "3013 0603551d13 0101ff 0409 30070101ff02020100", "pathLenConstraint" },
    { "path length negative", EXT_BC, "3012 0603551d13 0101ff 0408 30060101ff0201ff", "pathLenConstraint" },
    { "cA FALSE in full", EXT_BC, "300f 0603551d13 0101ff 0405 3003010100", "basicConstraints.cA" },
    { "constraints and more", EXT_BC, "300e 0603551d13 0101ff 0404 30020500", "basicConstraints" },

    { "empty list of distribution points", EXT_CRLDP, "3009 0603551d1f 0402 3000", "cRLDistributionPoints" },
    { "SGX extension absent", EXT_SGX, "", NULL },
    { "SGX extension empty", EXT_SGX, "300d 0609 2a864886f84d010d01 0400", NULL },

    { "unknown extension", EXT_MORE, "3009 0603551d25 0402 3000", NULL },
    { "unknown extension twice", EXT_MORE, "3009 0603551d25 0402 3000 3009 0603551d25 0402 3000", "extnID" },
    { "unknown critical extension", EXT_MORE, "300c 0603551d25 0101ff 0402 3000", "Extension" },
    { "name constraints", EXT_MORE, "300c 0603551d1e 0101ff 0402 3000", "Extension" },
    { "policy constraints", EXT_MORE, "300c 0603551d24 0101ff 0402 3000", "Extension" },
    { "name constraints, not critical", EXT_MORE, "3009 0603551d1e 0402 3000", "Extension" },
    { "policy constraints, not critical", EXT_MORE, "3009 0603551d24 0402 3000", "Extension" },
    { "inhibitAnyPolicy, not critical", EXT_MORE, "300a 0603551d36 0403 020100", "Extension" },
    { "extended key usage, not critical", EXT_MORE, "3009 0603551d25 0402 3000", NULL },
    { "AKI twice", EXT_MORE, AKI, "extnID" },
    { "SGX extension twice", EXT_MORE, "300f 0609 2a864886f84d010d01 0402 3000", "extnID" },
    { "empty OID", EXT_MORE, "3006 0600 0402 3000", "extnID" },
    { "OID cut inside an arc", EXT_MORE, "3009 0603551d80 0402 3000", "extnID" },
    { "extension without value", EXT_MORE, "3005 0603551d25", "extnValue" },
    { "extension and more", EXT_MORE, "300b 0603551d25 0402 3000 0500", "Extension" },
    { "extension no SEQUENCE", EXT_MORE, "0500", "Extension" },
    { "16 extensions", EXT_MORE,
      "3007 0603551d60 0400 3007 0603551d61 0400 3007 0603551d62 0400 3007 0603551d63 0400 3007 0603551d64 0400"
      "3007 0603551d65 0400 3007 0603551d66 0400 3007 0603551d67 0400 3007 0603551d68 0400 3007 0603551d69 0400",
      NULL },
    { "17 extensions", EXT_MORE,
      "3007 0603551d60 0400 3007 0603551d61 0400 3007 0603551d62 0400 3007 0603551d63 0400 3007 0603551d64 0400"
      "3007 0603551d65 0400 3007 0603551d66 0400 3007 0603551d67 0400 3007 0603551d68 0400 3007 0603551d69 0400"
      "3007 0603551d6a 0400",
      "extnID" },

    { "signature with unused bits", SIGNATURE, "0309 01 3006 020101 020102", "signatureValue" },
    { "signature and more", SIGNATURE, "030b 00 3006 020101 020102 0500", "signatureValue" },
    { "three numbers", SIGNATURE, "030c 00 3009 020101 020102 020103", "Ecdsa-Sig-Value" },
    { "one number", SIGNATURE, "0306 00 3003 020101", "s" },
    { "r negative", SIGNATURE, "0309 00 3006 020181 020102", "r" },
    { "s not minimal", SIGNATURE, "030a 00 3007 020101 02020002", "s" },
    { "r of 33 bytes", SIGNATURE,
      "0329 00 3026 022101 0000000000000000000000000000000000000000000000000000000000000000 020102", "r" },
    { "s of 32 bytes, high bit", SIGNATURE,
      "0329 00 3026 020101 022100 ff00000000000000000000000000000000000000000000000000000000000000", NULL },
    { "signature empty", SIGNATURE, "0300", "signatureValue" },
    { "signature an OCTET STRING", SIGNATURE, "0408 3006 020101 020102", "signatureValue" },
    { "after the signature", AFTER_SIGNATURE, "00", "Certificate" },
    { "after the certificate", AFTER_ALL, "00", "Certificate" },
};

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(piece_cases); i++) {
        const piece_case *c = &piece_cases[i];
        const chaos_status statuses[] = { STATUS, OTHER_STATUS };
        for (size_t j = 0; j < CHAOS_ARRAY_SIZE(statuses); j++) {
            fault why = { 0 };
            const bool good = read_exact(make(c->piece, c->hex), statuses[j], &why);
            if (good != (c->field == NULL)) {
                fail_msg("%s: accepted %d, field %s: %s", c->name, good, why.field, why.reason);
            }
            if (!good && (why.status != statuses[j] || strcmp(why.field, c->field) != 0 || why.reason == NULL)) {
                fail_msg("%s: status %s, field %s instead of %s", c->name, chaos_status_name(why.status), why.field,
                         c->field);
            }
        }
    }
}

static void test_values(void **state)
{
    (void)state;
    certificate c;
    fault why;

    assert_true(certificate_read(make(PIECES, ""), STATUS, &c, &why));
    assert_int_equal(why.status, CHAOS_OK);
    assert_true(slice_equal(c.serial, slice("\x01\x02\x03", 3)));
    assert_true(slice_is(c.subject_cn, "leaf"));
    assert_true(slice_is(c.subject_o, "we"));
    assert_int_equal(c.issuer.size, 15);
    assert_int_equal(c.subject.size, 30);
    assert_int_equal(c.not_before, 1735689600);
    assert_int_equal(c.not_after, 2051222400);
    assert_int_equal(c.spki.size, 91);
    assert_int_equal(c.key.x[0], 0x6b);
    assert_int_equal(c.key.y[31], 0xf5);
    assert_true(p256_key_is_valid(&c.key));
    assert_int_equal(c.signature.r[31], 1);
    assert_int_equal(c.signature.s[31], 2);
    assert_true(c.has_authority_key_id && slice_equal(c.authority_key_id, slice("\x01\x02\x03\x04", 4)));
    assert_true(c.has_subject_key_id && slice_equal(c.subject_key_id, slice("\x05\x06\x07\x08", 4)));
    assert_true(c.has_key_usage && c.key_usage == (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION));
    assert_true(c.has_basic_constraints && !c.is_ca && !c.has_path_length);
    assert_true(c.has_crl_distribution_point);
    assert_true(slice_equal(c.sgx_extension, slice("\x30\x00", 2)));
    assert_ptr_equal(c.tbs.data, c.der.data + 4);

    assert_true(certificate_read(make(EXT_BC, "3012 0603551d13 0101ff 0408 30060101ff020101"), STATUS, &c, &why));
    assert_true(c.is_ca && c.has_path_length && c.path_length == 1);
    assert_true(certificate_read(make(EXT_KU, ""), STATUS, &c, &why));
    assert_false(c.has_key_usage);
    assert_true(certificate_read(make(EXT_SGX, ""), STATUS, &c, &why));
    assert_int_equal(c.sgx_extension.size, 0);
    assert_true(certificate_read(make(EXT_AKI, ""), STATUS, &c, &why));
    assert_false(c.has_authority_key_id);
}

static void test_sizes(void **state)
{
    (void)state;
    static uint8_t zeros[MAX_CERTIFICATE + 1];
    static kit big;
    fault why = { 0 };

    assert_false(read_exact(slice(NULL, 0), STATUS, &why));
    assert_int_equal(why.status, STATUS);
    assert_false(read_exact(slice(zeros, sizeof zeros), STATUS, &why));
    /* an extension that nobody knows makes it as large as wanted: 8192 bytes are read, 8193 are not */
    for (size_t size = MAX_CERTIFICATE - 1; size <= MAX_CERTIFICATE + 1; size++) {
        static char hex[2 * MAX_CERTIFICATE + 1];
        const size_t padding = size - make(PIECES, "").size - 17; /* 13 of headers; 4 that lengths grow by */
        big.size = 0;
        kit_hex(&big, "0603551d25");
        const size_t mark = kit_open(&big);
        kit_add(&big, zeros, padding);
        kit_close(&big, mark, 0x04);
        kit_close(&big, 0, 0x30);
        for (size_t i = 0; i < big.size; i++) {
            snprintf(hex + 2 * i, 3, "%02x", big.data[i]);
        }
        const chaos_slice der = make(EXT_MORE, hex);
        assert_int_equal(der.size, size);
        const bool good = read_exact(der, STATUS, &why);
        if (good != (der.size <= MAX_CERTIFICATE)) {
            fail_msg("%zu bytes: accepted %d, %s: %s", der.size, good, why.field, why.reason);
        }
    }
}

/* Cut short anywhere, a certificate is refused. */
static void expect_no_prefix(chaos_slice der)
{
    fault why = { 0 };

    for (size_t size = 0; size < der.size; size++) {
        assert_false(read_exact(slice(der.data, size), STATUS, &why));
        assert_int_equal(why.status, STATUS);
        assert_true(why.offset <= size);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    expect_no_prefix(make(PIECES, ""));
}

/* -------------------------------------------------------- against libcrypto ---- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm broken;

    assert_int_equal(ASN1_TIME_to_tm(time, &broken), 1);
    return timegm(&broken);
}

static void expect_bytes(chaos_slice ours, const uint8_t *theirs, int size)
{
    assert_true(size >= 0);
    assert_int_equal(ours.size, (size_t)size);
    assert_memory_equal(ours.data, theirs, ours.size);
}

static void compare_names(const certificate *c, const X509 *x)
{
    uint8_t *bytes = NULL;
    char text[200];
    int size = i2d_X509_NAME(X509_get_subject_name(x), &bytes);

    expect_bytes(c->subject, bytes, size);
    OPENSSL_free(bytes);
    bytes = NULL;
    size = i2d_X509_NAME(X509_get_issuer_name(x), &bytes);
    expect_bytes(c->issuer, bytes, size);
    OPENSSL_free(bytes);
    size = X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, sizeof text);
    if (size >= 0) {
        expect_bytes(c->subject_cn, (const uint8_t *)text, size);
    }
}

static void compare_extensions(const certificate *c, X509 *x)
{
    const uint32_t flags = X509_get_extension_flags(x);
    const ASN1_OCTET_STRING *id = X509_get0_authority_key_id(x);

    assert_int_equal(c->has_authority_key_id, id != NULL);
    if (id != NULL) {
        expect_bytes(c->authority_key_id, ASN1_STRING_get0_data(id), ASN1_STRING_length(id));
    }
    id = X509_get0_subject_key_id(x);
    assert_int_equal(c->has_subject_key_id, id != NULL);
    if (id != NULL) {
        expect_bytes(c->subject_key_id, ASN1_STRING_get0_data(id), ASN1_STRING_length(id));
    }
    assert_int_equal(c->has_basic_constraints, (flags & EXFLAG_BCONS) != 0);
    assert_int_equal(c->is_ca, (flags & EXFLAG_CA) != 0);
    if (c->has_path_length) {
        assert_int_equal(c->path_length, X509_get_pathlen(x));
    }
    assert_int_equal(c->has_key_usage, (flags & EXFLAG_KUSAGE) != 0);
    if (c->has_key_usage) {
        assert_int_equal(c->key_usage, X509_get_key_usage(x) & 0xff);
    }
    assert_int_equal(c->has_crl_distribution_point, X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0);
}

static void compare_with_libcrypto(const certificate *c)
{
    const uint8_t *cursor = c->der.data;
    X509 *x = d2i_X509(NULL, &cursor, (long)c->der.size);
    uint8_t *bytes = NULL, serial[64];

    assert_non_null(x);
    assert_ptr_equal(cursor, c->der.data + c->der.size);
    assert_int_equal(X509_get_version(x), X509_VERSION_3);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    assert_true(BN_num_bytes(number) <= (int)sizeof serial);
    expect_bytes(c->serial, serial, BN_bn2bin(number, serial));
    BN_free(number);
    assert_int_equal(c->not_before, seconds_of(X509_get0_notBefore(x)));
    assert_int_equal(c->not_after, seconds_of(X509_get0_notAfter(x)));
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &bytes);
    expect_bytes(c->spki, bytes, size);
    OPENSSL_free(bytes);
    bytes = NULL;
    size = i2d_re_X509_tbs(x, &bytes);
    expect_bytes(c->tbs, bytes, size);
    OPENSSL_free(bytes);
    compare_names(c, x);
    compare_extensions(c, x);
    X509_free(x);
}

static bool libcrypto_takes_key(chaos_slice der)
{
    const uint8_t *cursor = der.data;
    X509 *x = d2i_X509(NULL, &cursor, (long)der.size);
    const bool takes = X509_get0_pubkey(x) != NULL;

    X509_free(x);
    return takes;
}

static size_t sgx_extensions_seen, roots_seen;

static void check_real(chaos_slice der)
{
    certificate c;
    fault why = { 0 };
    uint8_t *copy = kit_exact(der);

    if (!certificate_read(slice(copy, der.size), STATUS, &c, &why)) {
        fail_msg("real certificate refused: %s: %s", why.field, why.reason);
    }
    compare_with_libcrypto(&c);
    /* one of the non-production roots has a key that is no point of the curve */
    const bool valid = p256_key_is_valid(&c.key);
    assert_int_equal(valid, libcrypto_takes_key(der));
    sgx_extensions_seen += c.sgx_extension.size > 0;
    if (slice_equal(c.issuer, c.subject)) {
        roots_seen++;
        assert_int_equal(p256_verify(&c.key, c.tbs, &c.signature), valid ? P256_GOOD : P256_BAD_KEY);
    }
    free(copy);
}

static void check_real_file(const char *path, chaos_slice der)
{
    (void)path;
    check_real(der);
}

static const char begin_mark[] = "-----BEGIN CERTIFICATE-----";

/* Every PEM block in a quote or in a collateral file, where line ends are written "\n". */
static void check_pem_in_file(const char *path, chaos_slice bytes)
{
    (void)path;
    char *text = malloc(bytes.size + 1);
    size_t size = 0;

    assert_non_null(text);
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == '\\' && i + 1 < bytes.size && bytes.data[i + 1] == 'n') {
            text[size++] = '\n';
            i++;
        } else {
            text[size++] = (char)bytes.data[i];
        }
    }
    char *at = text;
    while ((at = memmem(at, size - (size_t)(at - text), begin_mark, sizeof begin_mark - 1)) != NULL) {
        BIO *bio = BIO_new_mem_buf(at, (int)(size - (size_t)(at - text)));
        X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (x != NULL) { /* the vectors hold a quote that is cut short inside its chain */
            uint8_t *der = NULL;
            const int der_size = i2d_X509(x, &der);
            assert_true(der_size > 0);
            check_real(slice(der, (size_t)der_size));
            OPENSSL_free(der);
            X509_free(x);
        }
        BIO_free(bio);
        at += sizeof begin_mark - 1;
    }
    free(text);
}

static void test_real(void **state)
{
    (void)state;
    if (kit_each_file("dcap/certs", ".der", check_real_file) == 0) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
    assert_true(kit_each_file("dcap/quotes", ".bin", check_pem_in_file) > 0);
    assert_true(kit_each_file("dcap/collateral", ".json", check_pem_in_file) > 0);
    assert_true(sgx_extensions_seen > 0);
    assert_true(roots_seen > 0);
    ERR_clear_error();
}

/* Every byte changed in three ways. What is still accepted is a certificate for libcrypto too, with the
 * same contents, and differs in what is signed or in the signature. */
static void flip_bytes(const char *path, chaos_slice der)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xff };
    certificate original, changed;
    fault why = { 0 };

    if (strstr(path, "certs/intel_sgx") == NULL) {
        return;
    }
    assert_true(certificate_read(der, STATUS, &original, &why));
    expect_no_prefix(der);
    uint8_t *copy = kit_exact(der);
    for (size_t i = 0; i < der.size * CHAOS_ARRAY_SIZE(masks); i++) {
        uint8_t *byte = copy + i / CHAOS_ARRAY_SIZE(masks);
        *byte ^= masks[i % CHAOS_ARRAY_SIZE(masks)];
        if (certificate_read(slice(copy, der.size), STATUS, &changed, &why)) {
            assert_false(slice_equal(changed.tbs, original.tbs) &&
                         memcmp(&changed.signature, &original.signature, sizeof changed.signature) == 0);
            if (slice_equal(original.issuer, original.subject)) {
                assert_int_equal(p256_verify(&original.key, changed.tbs, &changed.signature), P256_BAD);
            }
        } else {
            assert_int_equal(why.status, STATUS);
        }
        *byte ^= masks[i % CHAOS_ARRAY_SIZE(masks)];
    }
    free(copy);
}

static void test_flipped_real(void **state)
{
    (void)state;
    if (kit_each_file("dcap/certs", ".der", flip_bytes) == 0) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_flipped_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
