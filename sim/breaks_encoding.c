/* breaks_encoding.c - breaks of the DER of certificates: what a strict reader must refuse before it judges
 * any role. */
#include "sim/recipe.h"

#define ENCODING_BREAKS(prefix, cert, code)                                                               \
    BREAK(prefix "-version-1", code, BOTH, SET(certs[cert].flaw, CERT_VERSION_1),                         \
          "X.509 v1, without extensions"),                                                                \
        BREAK(prefix "-trailing-byte", code, BOTH, SET(certs[cert].flaw, CERT_TRAILING_BYTE),             \
              "a byte after the element"),                                                                \
        BREAK(prefix "-truncated", code, BOTH, SET(certs[cert].flaw, CERT_TRUNCATED),                     \
              "the last byte is missing"),                                                                \
        BREAK(prefix "-unknown-critical-extension", code, BOTH,                                           \
              SET(certs[cert].flaw, CERT_UNKNOWN_CRITICAL_EXTENSION),                                     \
              "a critical extension that nobody knows"),                                                  \
        BREAK(prefix "-duplicate-extension", code, BOTH, SET(certs[cert].flaw, CERT_DUPLICATE_EXTENSION), \
              "subjectKeyIdentifier comes twice"),                                                        \
        BREAK(prefix "-algorithm-inside", code, BOTH, SET(certs[cert].flaw, CERT_ALGORITHM_INSIDE),       \
              "the signed bytes name ecdsa-with-SHA384"),                                                 \
        BREAK(prefix "-algorithm-outside", code, BOTH, SET(certs[cert].flaw, CERT_ALGORITHM_OUTSIDE),     \
              "signatureAlgorithm is ecdsa-with-SHA384"),                                                 \
        BREAK(prefix "-algorithm-sha384", code, BOTH, SET(certs[cert].flaw, CERT_ALGORITHM_BOTH),         \
              "both places name ecdsa-with-SHA384"),                                                      \
        BREAK(prefix "-signature-unused-bits", code, BOTH,                                                \
              SET(certs[cert].flaw, CERT_SIGNATURE_UNUSED_BITS),                                          \
              "the signature's BIT STRING has an unused bit"),                                            \
        BREAK(prefix "-key-compressed", code, BOTH, SET(certs[cert].flaw, CERT_KEY_COMPRESSED),           \
              "a compressed point"),                                                                      \
        BREAK(prefix "-key-other-curve", code, BOTH, SET(certs[cert].flaw, CERT_KEY_OTHER_CURVE),         \
              "named curve secp256k1"),                                                                   \
        BREAK(prefix "-negative-serial", code, BOTH, SET(certs[cert].flaw, CERT_NEGATIVE_SERIAL),         \
              "a negative serial"),                                                                       \
        BREAK(prefix "-generalized-time", code, BOTH, SET(certs[cert].flaw, CERT_GENERALIZED_TIME),       \
              "notBefore of before 2050 as GeneralizedTime"),                                             \
        BREAK(prefix "-non-minimal-length", code, BOTH, SET(certs[cert].flaw, CERT_NON_MINIMAL_LENGTH),   \
              "the outer length has a leading zero byte: BER, not DER")

static const break_row rows[] = {
    ENCODING_BREAKS("root-der", CERT_ROOT, PCK_CHAIN_FORMAT),
    ENCODING_BREAKS("ca-der", CERT_PCK_CA, PCK_CHAIN_FORMAT),
    ENCODING_BREAKS("pck-der", CERT_PCK, PCK_CHAIN_FORMAT),
    ENCODING_BREAKS("tcb-signer-der", CERT_TCB_SIGNER, TCB_SIGNING_CERT),
    ENCODING_BREAKS("tcb-root-der", CERT_TCB_ROOT, TCB_SIGNING_CERT),
    ENCODING_BREAKS("identity-signer-der", CERT_IDENTITY_SIGNER, TCB_SIGNING_CERT),
    BREAK("ca-key-off-curve", PCK_CERT_SIGNATURE, BOTH, SET(certs[CERT_PCK_CA].flaw, CERT_KEY_OFF_CURVE),
          "the CA's key is not a point of the curve"),
    BREAK("pck-key-off-curve", QE_REPORT_SIGNATURE, BOTH, SET(certs[CERT_PCK].flaw, CERT_KEY_OFF_CURVE),
          "the leaf's key is not a point of the curve"),
    BREAK("tcb-signer-key-off-curve", TCB_INFO_SIGNATURE, BOTH,
          SET(certs[CERT_TCB_SIGNER].flaw, CERT_KEY_OFF_CURVE),
          "the TCB signer's key is not a point of the curve"),
};

BREAK_GROUP(breaks_encoding, rows);
