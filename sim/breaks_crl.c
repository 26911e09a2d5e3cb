/* breaks_crl.c - breaks of the two revocation lists, and certificates that they list. */
#include "sim/recipe.h"

static void swap_crls(recipe *r)
{
    crl_spec root = r->root_crl;
    r->root_crl = r->pck_crl;
    r->pck_crl = root;
}

static void use_pck_crl_of_other_ca(recipe *r)
{
    r->pck_crl.issuer = CERT_OTHER_CA;
    r->pck_crl.signer = KEY_OTHER_CA;
    r->pck_crl.authority_key_id = KEY_OTHER_CA;
}

static void use_root_crl_of_foreign_root(recipe *r)
{
    r->root_crl.signer = KEY_FOREIGN_ROOT;
    r->root_crl.authority_key_id = KEY_FOREIGN_ROOT;
}

#define CRL_BREAKS(prefix, member)                                                                          \
    BREAK(prefix "-other-issuer-name", CRL_ISSUER, BOTH,                                                    \
          SET_TEXT(member.issuer_name, "Intel SGX Somebody CA"),                                            \
          "signed by the right key, names another issuer"),                                                 \
        BREAK(prefix "-signed-by-stranger", CRL_SIGNATURE, BOTH, SET(member.signer, KEY_STRANGER),          \
              "signed by a stranger"),                                                                      \
        BREAK(prefix "-signature-flipped", CRL_SIGNATURE, BOTH, SET(member.flaw, CRL_SIGNATURE_FLIPPED),    \
              "a turned bit in the signature"),                                                             \
        BREAK(prefix "-no-number", CRL_EXTENSIONS, BOTH, SET(member.has_number, false), "no CRL number"),   \
        BREAK(prefix "-no-authority-key-id", CRL_EXTENSIONS, BOTH, SET(member.has_authority_key_id, false), \
              "no authorityKeyIdentifier"),                                                                 \
        BREAK(prefix "-other-authority-key-id", CRL_EXTENSIONS, BOTH,                                       \
              SET(member.authority_key_id, KEY_STRANGER),                                                   \
              "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier"),                           \
        BREAK(prefix "-unknown-critical-extension", CRL_EXTENSIONS, BOTH,                                   \
              SET(member.flaw, CRL_UNKNOWN_CRITICAL_EXTENSION), "a critical extension that nobody knows"),  \
        BREAK(prefix "-unknown-critical-entry-extension", CRL_EXTENSIONS, BOTH,                             \
              SET(member.flaw, CRL_UNKNOWN_CRITICAL_ENTRY_EXTENSION),                                       \
              "an entry has a critical extension that nobody knows"),                                       \
        BREAK(prefix "-delta", CRL_EXTENSIONS, BOTH, SET(member.flaw, CRL_DELTA), "a delta CRL"),           \
        BREAK(prefix "-issuing-distribution-point", CRL_EXTENSIONS, BOTH,                                   \
              SET(member.flaw, CRL_ISSUING_DISTRIBUTION_POINT),                                             \
              "a list of a part of the certificates only"),                                                 \
        BREAK(prefix "-expired", CRL_EXPIRED, BOTH, SET_TIME(member.next_update, -1),                       \
              "nextUpdate was a second ago"),                                                               \
        BREAK(prefix "-not-yet-valid", CRL_NOT_YET_VALID, BOTH, SET_TIME(member.this_update, 1),            \
              "thisUpdate is in a second"),                                                                 \
        BREAK(prefix "-no-next-update", CRL_FORMAT, BOTH, SET(member.flaw, CRL_NO_NEXT_UPDATE),             \
              "no nextUpdate"),                                                                             \
        BREAK(prefix "-version-1", CRL_FORMAT, BOTH, SET(member.flaw, CRL_VERSION_1),                       \
              "no version, yet extensions"),                                                                \
        BREAK(prefix "-algorithm-outside", CRL_FORMAT, BOTH, SET(member.flaw, CRL_ALGORITHM_OUTSIDE),       \
              "signatureAlgorithm is not the one in the signed bytes"),                                     \
        BREAK(prefix "-trailing-byte", CRL_FORMAT, BOTH, SET(member.flaw, CRL_TRAILING_BYTE),               \
              "a byte after the list"),                                                                     \
        BREAK(prefix "-truncated", CRL_FORMAT, BOTH, SET(member.flaw, CRL_TRUNCATED),                       \
              "the last byte is missing"),                                                                  \
        BREAK(prefix "-empty", CRL_FORMAT, BOTH, SET(member.flaw, CRL_EMPTY), "no list at all"),            \
        BREAK(prefix "-not-hex", CRL_FORMAT, BOTH, SET(member.flaw, CRL_NOT_TEXT),                          \
              "a character that is no hex digit")

static const break_row rows[] = {
    CRL_BREAKS("root-crl", root_crl),
    CRL_BREAKS("pck-crl", pck_crl),
    BREAK("crls-swapped", CRL_ISSUER, BOTH, CALL(swap_crls), "each list stands in the other's place"),
    BREAK("root-crl-of-pck-ca", CRL_SIGNATURE, BOTH, SET(root_crl.signer, KEY_PCK_CA),
          "the root's list is signed by the PCK CA"),
    BREAK("root-crl-of-foreign-root", CRL_SIGNATURE, BOTH, CALL(use_root_crl_of_foreign_root),
          "the list of a root of the same name with another key"),
    BREAK("pck-crl-of-other-ca", CRL_ISSUER, BOTH, CALL(use_pck_crl_of_other_ca),
          "the list of the other PCK CA"),
    BREAK("pck-crl-of-root", CRL_SIGNATURE, BOTH, SET(pck_crl.signer, KEY_ROOT),
          "the PCK list is signed by the root"),
    BREAK("ca-revoked", INTERMEDIATE_CA_REVOKED, BOTH, SET(root_crl.revoked, 1 << CERT_PCK_CA),
          "the root's list has the PCK CA"),
    BREAK("pck-revoked", PCK_REVOKED, BOTH, SET(pck_crl.revoked, 1 << CERT_PCK),
          "the CA's list has the PCK certificate"),
    BREAK("tcb-signer-revoked", TCB_SIGNING_CERT_REVOKED, BOTH, SET(root_crl.revoked, 1 << CERT_TCB_SIGNER),
          "the root's list has the signer of the TCB info"),
    BREAK("identity-signer-revoked", TCB_SIGNING_CERT_REVOKED, BOTH,
          SET(root_crl.revoked, 1 << CERT_IDENTITY_SIGNER),
          "the root's list has the signer of the QE identity"),
};

BREAK_GROUP(breaks_crl, rows);
