/* breaks_signer.c - breaks of the chains of the two signers, of TCB info and of QE identity. Each signer
 * has a certificate of its own here, so that a check of one cannot stand in for the other's. */
#include "sim/recipe.h"

static void put_root_first_tcb(recipe *r)
{
    r->tcb_chain.certs[0] = CERT_TCB_ROOT;
    r->tcb_chain.certs[1] = CERT_TCB_SIGNER;
}

static void put_root_first_identity(recipe *r)
{
    r->identity_chain.certs[0] = CERT_IDENTITY_ROOT;
    r->identity_chain.certs[1] = CERT_IDENTITY_SIGNER;
}

static void sign_tcb_info_by_ca(recipe *r)
{
    r->tcb_chain.certs[0] = CERT_PCK_CA;
    r->tcb_info.text.signer = KEY_PCK_CA;
}

static void sign_tcb_info_by_pck(recipe *r)
{
    r->tcb_chain.certs[0] = CERT_PCK;
    r->tcb_chain.certs[1] = CERT_PCK_CA;
    r->tcb_info.text.signer = KEY_PCK;
}

static void sign_identity_by_ca(recipe *r)
{
    r->identity_chain.certs[0] = CERT_PCK_CA;
    r->identity.text.signer = KEY_PCK_CA;
}

static void sign_identity_by_pck(recipe *r)
{
    r->identity_chain.certs[0] = CERT_PCK;
    r->identity_chain.certs[1] = CERT_PCK_CA;
    r->identity.text.signer = KEY_PCK;
}

static void issue_tcb_signer_by_foreign_root(recipe *r)
{
    r->tcb_chain.certs[1] = CERT_FOREIGN_ROOT;
    r->certs[CERT_TCB_SIGNER].signer = KEY_FOREIGN_ROOT;
    r->certs[CERT_TCB_SIGNER].authority_key_id = KEY_FOREIGN_ROOT;
}

static void issue_identity_signer_by_foreign_root(recipe *r)
{
    r->identity_chain.certs[1] = CERT_FOREIGN_ROOT;
    r->certs[CERT_IDENTITY_SIGNER].signer = KEY_FOREIGN_ROOT;
    r->certs[CERT_IDENTITY_SIGNER].authority_key_id = KEY_FOREIGN_ROOT;
}

static void add_third_tcb(recipe *r)
{
    r->tcb_chain.certs[2] = CERT_TCB_ROOT;
    r->tcb_chain.count = 3;
}

static void add_third_identity(recipe *r)
{
    r->identity_chain.certs[2] = CERT_IDENTITY_ROOT;
    r->identity_chain.count = 3;
}

#define SIGNER_BREAKS(prefix, cert, chain, chain_root)                                                       \
    BREAK(prefix "-other-name", TCB_SIGNING_CERT, BOTH,                                                      \
          SET_TEXT(certs[cert].common_name, "Intel SGX TCB Singing"), "another common name"),                \
        BREAK(prefix "-pck-name", TCB_SIGNING_CERT, BOTH,                                                    \
              SET_TEXT(certs[cert].common_name, "Intel SGX PCK Certificate"),                                \
              "the common name of another role"),                                                            \
        BREAK(prefix "-other-issuer-name", TCB_SIGNING_CERT, BOTH,                                           \
              SET_TEXT(certs[cert].issuer_name, "Intel SGX Root CB"),                                        \
              "signed by the root, names another issuer"),                                                   \
        BREAK(prefix "-signature-flipped", TCB_SIGNING_CERT, BOTH,                                           \
              SET(certs[cert].flaw, CERT_SIGNATURE_FLIPPED), "a turned bit in the signature"),               \
        BREAK(prefix "-signed-by-stranger", TCB_SIGNING_CERT, BOTH, SET(certs[cert].signer, KEY_STRANGER),   \
              "names the root, signed by a stranger"),                                                       \
        BREAK(prefix "-no-basic-constraints", TCB_SIGNING_CERT, BOTH,                                        \
              SET(certs[cert].has_basic_constraints, false), "no basicConstraints"),                         \
        BREAK(prefix "-no-key-usage", TCB_SIGNING_CERT, BOTH, SET(certs[cert].has_key_usage, false),         \
              "no keyUsage"),                                                                                \
        BREAK(prefix "-no-subject-key-id", TCB_SIGNING_CERT, BOTH,                                           \
              SET(certs[cert].has_subject_key_id, false), "no subjectKeyIdentifier"),                        \
        BREAK(prefix "-no-authority-key-id", TCB_SIGNING_CERT, BOTH,                                         \
              SET(certs[cert].has_authority_key_id, false), "no authorityKeyIdentifier"),                    \
        BREAK(prefix "-no-crl-distribution-point", TCB_SIGNING_CERT, BOTH,                                   \
              SET(certs[cert].has_crl_distribution_point, false), "no cRLDistributionPoints"),               \
        BREAK(prefix "-other-authority-key-id", TCB_SIGNING_CERT, BOTH,                                      \
              SET(certs[cert].authority_key_id, KEY_STRANGER),                                               \
              "authorityKeyIdentifier is not the root's subjectKeyIdentifier"),                              \
        BREAK(prefix "-is-ca", TCB_SIGNING_CERT, BOTH, SET(certs[cert].is_ca, true),                         \
              "basicConstraints say CA"),                                                                    \
        BREAK(prefix "-no-digital-signature", TCB_SIGNING_CERT, BOTH,                                        \
              SET(certs[cert].key_usage, KEY_USAGE_NON_REPUDIATION), "keyUsage without digitalSignature"),   \
        BREAK(prefix "-cert-sign", TCB_SIGNING_CERT, BOTH,                                                   \
              SET(certs[cert].key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CERT_SIGN),                 \
              "keyUsage with keyCertSign"),                                                                  \
        BREAK(prefix "-crl-sign", TCB_SIGNING_CERT, BOTH,                                                    \
              SET(certs[cert].key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CRL_SIGN),                  \
              "keyUsage with cRLSign"),                                                                      \
        BREAK(prefix "-expired", TCB_SIGNING_CERT_EXPIRED, BOTH, SET_TIME(certs[cert].not_after, -1),        \
              "ended a second ago"),                                                                         \
        BREAK(prefix "-not-yet-valid", TCB_SIGNING_CERT_NOT_YET_VALID, BOTH,                                 \
              SET_TIME(certs[cert].not_before, 1), "begins in a second"),                                    \
        BREAK(prefix "-root-signature-flipped", TCB_SIGNING_CERT, BOTH,                                      \
              SET(certs[chain_root].flaw, CERT_SIGNATURE_FLIPPED),                                           \
              "a turned bit in the own signature of the root of the chain"),                                 \
        BREAK(prefix "-root-signed-by-stranger", TCB_SIGNING_CERT, BOTH,                                     \
              SET(certs[chain_root].signer, KEY_STRANGER),                                                   \
              "the root of the chain has the right name and key and a stranger's signature"),                \
        BREAK(prefix "-root-other-organization", TCB_SIGNING_CERT, BOTH,                                     \
              SET_TEXT(certs[chain_root].organization, "ChaosChain Stimulator"),                             \
              "the root of the chain has another name and the right key"),                                   \
        BREAK(prefix "-root-expired", ROOT_EXPIRED, BOTH, SET_TIME(certs[chain_root].not_after, -1),         \
              "the root of the chain ended a second ago"),                                                   \
        BREAK(prefix "-root-not-yet-valid", ROOT_NOT_YET_VALID, BOTH,                                        \
              SET_TIME(certs[chain_root].not_before, 1), "the root of the chain begins in a second"),        \
        BREAK(prefix "-chain-other-root", TCB_SIGNING_CERT, BOTH, SET(chain.certs[1], CERT_FOREIGN_ROOT),    \
              "the chain ends in a root of the same name with another key"),                                 \
        BREAK(prefix "-chain-root-missing", TCB_SIGNING_CERT, BOTH, SET(chain.count, 1), "the signer only"), \
        BREAK(prefix "-chain-empty", TCB_SIGNING_CERT, BOTH, SET(chain.count, 0), "no certificate at all"),  \
        BREAK(prefix "-chain-root-only", TCB_SIGNING_CERT, BOTH, SET(chain.certs[0], chain_root),            \
              "the root twice"),                                                                             \
        BREAK(prefix "-chain-text-before", TCB_SIGNING_CERT, BOTH, EDIT(chain.edit, "", "signer:\n"),        \
              "text before the first block"),                                                                \
        BREAK(prefix "-chain-text-between", TCB_SIGNING_CERT, BOTH,                                          \
              EDIT(chain.edit, "-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\nroot:\n"),         \
              "text between blocks"),                                                                        \
        BREAK(prefix "-chain-not-base64", TCB_SIGNING_CERT, BOTH,                                            \
              EDIT(chain.edit, "-----BEGIN CERTIFICATE-----\nM", "-----BEGIN CERTIFICATE-----\n!"),          \
              "a character that is not base64")

static const break_row rows[] = {
    SIGNER_BREAKS("tcb-signer", CERT_TCB_SIGNER, tcb_chain, CERT_TCB_ROOT),
    BREAK("tcb-signer-chain-reversed", TCB_SIGNING_CERT, BOTH, CALL(put_root_first_tcb), "root, signer"),
    BREAK("tcb-signer-chain-of-three", TCB_SIGNING_CERT, BOTH, CALL(add_third_tcb), "signer, root, root"),
    BREAK("tcb-signer-is-pck-ca", TCB_SIGNING_CERT, BOTH, CALL(sign_tcb_info_by_ca),
          "the PCK CA signs TCB info"),
    BREAK("tcb-signer-is-pck", TCB_SIGNING_CERT, BOTH, CALL(sign_tcb_info_by_pck),
          "a PCK key signs TCB info"),
    BREAK("tcb-signer-of-foreign-root", TCB_SIGNING_CERT, BOTH, CALL(issue_tcb_signer_by_foreign_root),
          "the whole chain is of a root of the same name with another key"),
    SIGNER_BREAKS("identity-signer", CERT_IDENTITY_SIGNER, identity_chain, CERT_IDENTITY_ROOT),
    BREAK("identity-signer-chain-reversed", TCB_SIGNING_CERT, BOTH, CALL(put_root_first_identity),
          "root, signer"),
    BREAK("identity-signer-chain-of-three", TCB_SIGNING_CERT, BOTH, CALL(add_third_identity),
          "signer, root, root"),
    BREAK("identity-signer-is-pck-ca", TCB_SIGNING_CERT, BOTH, CALL(sign_identity_by_ca),
          "the PCK CA signs QE identity"),
    BREAK("identity-signer-is-pck", TCB_SIGNING_CERT, BOTH, CALL(sign_identity_by_pck),
          "a PCK key signs QE identity"),
    BREAK("identity-signer-of-foreign-root", TCB_SIGNING_CERT, BOTH,
          CALL(issue_identity_signer_by_foreign_root),
          "the whole chain is of a root of the same name with another key"),
};

BREAK_GROUP(breaks_signer, rows);
