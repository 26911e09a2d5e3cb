/* breaks_chain.c - breaks of the PCK chain: which certificates, in which order, names, roles, signatures,
 * dates. */
#include "sim/recipe.h"

static void reverse_chain(recipe *r)
{
    r->quote_chain.certs[0] = CERT_ROOT;
    r->quote_chain.certs[2] = CERT_PCK;
}

static void swap_ca_and_root(recipe *r)
{
    r->quote_chain.certs[1] = CERT_ROOT;
    r->quote_chain.certs[2] = CERT_PCK_CA;
}

static void swap_leaf_and_ca(recipe *r)
{
    r->quote_chain.certs[0] = CERT_PCK_CA;
    r->quote_chain.certs[1] = CERT_PCK;
}

static void leave_out_ca(recipe *r)
{
    r->quote_chain.certs[1] = CERT_ROOT;
    r->quote_chain.count = 2;
}

static void add_root_again(recipe *r)
{
    r->quote_chain.certs[3] = CERT_ROOT;
    r->quote_chain.count = 4;
}

static void add_certificate_below_leaf(recipe *r)
{
    static const sim_cert certs[] = { CERT_OTHER_PCK, CERT_PCK, CERT_PCK_CA, CERT_ROOT };
    memcpy(r->quote_chain.certs, certs, sizeof certs);
    r->quote_chain.count = CHAOS_ARRAY_SIZE(certs);
    r->certs[CERT_OTHER_PCK].issuer = CERT_PCK;
    r->certs[CERT_OTHER_PCK].signer = KEY_PCK;
    r->certs[CERT_OTHER_PCK].authority_key_id = KEY_PCK;
}

static void use_key_as_root(recipe *r, sim_cert root)
{
    r->certs[root].key = KEY_FOREIGN_ROOT;
    r->certs[root].signer = KEY_FOREIGN_ROOT;
    r->certs[root].subject_key_id = KEY_FOREIGN_ROOT;
    r->certs[root].authority_key_id = KEY_FOREIGN_ROOT;
}

static void issue_by_foreign_root(recipe *r, sim_cert cert)
{
    r->certs[cert].signer = KEY_FOREIGN_ROOT;
    r->certs[cert].authority_key_id = KEY_FOREIGN_ROOT;
}

static void forge_whole_hierarchy(recipe *r)
{
    use_key_as_root(r, CERT_ROOT);
    use_key_as_root(r, CERT_TCB_ROOT);
    use_key_as_root(r, CERT_IDENTITY_ROOT);
    issue_by_foreign_root(r, CERT_PCK_CA);
    issue_by_foreign_root(r, CERT_TCB_SIGNER);
    issue_by_foreign_root(r, CERT_IDENTITY_SIGNER);
    r->root_crl.signer = KEY_FOREIGN_ROOT;
    r->root_crl.authority_key_id = KEY_FOREIGN_ROOT;
}

static void make_ca_an_end_entity(recipe *r)
{
    r->certs[CERT_PCK_CA].is_ca = false;
    r->certs[CERT_PCK_CA].has_path_length = false;
}

static void issue_pck_by_root(recipe *r)
{
    r->certs[CERT_PCK].issuer = CERT_TRUSTED_ROOT;
    r->certs[CERT_PCK].signer = KEY_ROOT;
    r->certs[CERT_PCK].authority_key_id = KEY_ROOT;
}

static void issue_pck_by_other_ca(recipe *r)
{
    r->certs[CERT_PCK].issuer = CERT_OTHER_CA;
    r->certs[CERT_PCK].signer = KEY_OTHER_CA;
    r->certs[CERT_PCK].authority_key_id = KEY_OTHER_CA;
}

static void add_other_chain(recipe *r)
{
    r->collateral_chain.count = 3;
    r->collateral_chain.certs[0] = CERT_OTHER_PCK;
}

/* The quote's chain once more, in a form that is none. */
static void add_chain_with_text(recipe *r)
{
    r->collateral_chain.count = 3;
    r->collateral_chain.edit = (text_edit){ "", "leaf:\n" };
}

static const break_row rows[] = {
    /* which certificates */
    BREAK("chain-reversed", PCK_CHAIN_ORDER, BOTH, CALL(reverse_chain), "root, CA, leaf"),
    BREAK("chain-ca-root-swapped", PCK_CHAIN_ORDER, BOTH, CALL(swap_ca_and_root), "leaf, root, CA"),
    BREAK("chain-leaf-ca-swapped", PCK_CHAIN_ORDER, BOTH, CALL(swap_leaf_and_ca), "CA, leaf, root"),
    BREAK("chain-root-in-leaf-place", PCK_CHAIN_ORDER, BOTH, SET(quote_chain.certs[0], CERT_ROOT),
          "root, CA, root"),
    BREAK("chain-leaf-in-ca-place", PCK_CHAIN_ORDER, BOTH, SET(quote_chain.certs[1], CERT_PCK),
          "leaf, leaf, root"),
    BREAK("chain-ca-in-root-place", PCK_CHAIN_ORDER, BOTH, SET(quote_chain.certs[2], CERT_PCK_CA),
          "leaf, CA, CA"),
    BREAK("chain-root-missing", PCK_CHAIN_LENGTH, BOTH, SET(quote_chain.count, 2), "leaf and CA only"),
    BREAK("chain-leaf-only", PCK_CHAIN_LENGTH, BOTH, SET(quote_chain.count, 1), "the leaf only"),
    BREAK("chain-ca-missing", PCK_CHAIN_LENGTH, BOTH, CALL(leave_out_ca), "leaf and root only"),
    BREAK("chain-root-twice", PCK_CHAIN_LENGTH, BOTH, CALL(add_root_again),
          "a fourth certificate: the root again"),
    BREAK("chain-certificate-below-leaf", PCK_CHAIN_LENGTH, BOTH, CALL(add_certificate_below_leaf),
          "a fourth certificate that the leaf has issued"),
    BREAK("chain-differs-in-collateral", PCK_CERT_MISMATCH, BOTH, CALL(add_other_chain),
          "the collateral brings the chain of another leaf of the same platform"),
    BREAK("chain-text-in-collateral", PCK_CHAIN_FORMAT, BOTH, CALL(add_chain_with_text),
          "the collateral brings the chain with text before it"),
    /* PEM */
    BREAK("chain-text-before", PCK_CHAIN_FORMAT, BOTH, EDIT(quote_chain.edit, "", "leaf:\n"),
          "text before the first block"),
    BREAK("chain-text-between", PCK_CHAIN_FORMAT, BOTH,
          EDIT(quote_chain.edit, "-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\nca:\n"),
          "text between blocks"),
    BREAK("chain-text-after-nul", PCK_CHAIN_FORMAT, BOTH, EDIT(quote_chain.edit, NULL, "x"),
          "text after the final NUL"),
    BREAK("chain-not-base64", PCK_CHAIN_FORMAT, BOTH,
          EDIT(quote_chain.edit, "-----BEGIN CERTIFICATE-----\nM", "-----BEGIN CERTIFICATE-----\n!"),
          "a character that is not base64"),
    BREAK("chain-other-label", PCK_CHAIN_FORMAT, BOTH,
          EDIT(quote_chain.edit, "-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"),
          "another PEM label"),
    BREAK("chain-no-end-line", PCK_CHAIN_FORMAT, BOTH,
          EDIT(quote_chain.edit, "-----END CERTIFICATE-----\n", ""), "the first block does not end"),
    BREAK("chain-pem-header", PCK_CHAIN_FORMAT, BOTH,
          EDIT(quote_chain.edit, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nA: b\n\n"),
          "a header inside a block"),
    /* root */
    BREAK("root-other-key", ROOT_UNTRUSTED, BOTH, SET(quote_chain.certs[2], CERT_FOREIGN_ROOT),
          "the chain ends in a root of the same name with another key"),
    BREAK("root-foreign-hierarchy", ROOT_UNTRUSTED, BOTH, CALL(forge_whole_hierarchy),
          "everything is issued under a root of the same name with another key"),
    BREAK("root-signature-flipped", ROOT_UNTRUSTED, BOTH, SET(certs[CERT_ROOT].flaw, CERT_SIGNATURE_FLIPPED),
          "a turned bit in the presented root's own signature"),
    BREAK("root-signed-by-stranger", ROOT_UNTRUSTED, BOTH, SET(certs[CERT_ROOT].signer, KEY_STRANGER),
          "the presented root has the right name and key and a stranger's signature"),
    BREAK("root-other-common-name", ROOT_UNTRUSTED, BOTH,
          SET_TEXT(certs[CERT_ROOT].common_name, "Intel SGX Root CB"),
          "the presented root has another name and the right key"),
    BREAK("root-other-organization", ROOT_UNTRUSTED, BOTH,
          SET_TEXT(certs[CERT_ROOT].organization, "ChaosChain Stimulator"),
          "the presented root has another organization and the right key"),
    BREAK("root-expired", ROOT_EXPIRED, BOTH, SET_TIME(certs[CERT_ROOT].not_after, -1),
          "the presented root ended a second ago"),
    BREAK("root-not-yet-valid", ROOT_NOT_YET_VALID, BOTH, SET_TIME(certs[CERT_ROOT].not_before, 1),
          "the presented root begins in a second"),
    /* PCK CA */
    BREAK("ca-other-name", INTERMEDIATE_CA_NAME, BOTH,
          SET_TEXT(certs[CERT_PCK_CA].common_name, "Intel SGX PCK Platform CB"), "another common name"),
    BREAK("ca-tcb-signer-name", INTERMEDIATE_CA_NAME, BOTH,
          SET_TEXT(certs[CERT_PCK_CA].common_name, "Intel SGX TCB Signing"),
          "the common name of another role"),
    BREAK("ca-other-issuer-name", INTERMEDIATE_CA, BOTH,
          SET_TEXT(certs[CERT_PCK_CA].issuer_name, "Intel SGX Root CB"),
          "signed by the root, names another issuer"),
    BREAK("ca-signature-flipped", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].flaw, CERT_SIGNATURE_FLIPPED),
          "a turned bit in the signature"),
    BREAK("ca-signed-by-stranger", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].signer, KEY_STRANGER),
          "names the root, signed by a stranger"),
    BREAK("ca-signed-by-itself", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].signer, KEY_PCK_CA),
          "names the root, signed by itself"),
    BREAK("ca-no-basic-constraints", INTERMEDIATE_CA_EXTENSIONS, BOTH,
          SET(certs[CERT_PCK_CA].has_basic_constraints, false), "no basicConstraints"),
    BREAK("ca-no-key-usage", INTERMEDIATE_CA_EXTENSIONS, BOTH, SET(certs[CERT_PCK_CA].has_key_usage, false),
          "no keyUsage"),
    BREAK("ca-no-subject-key-id", INTERMEDIATE_CA_EXTENSIONS, BOTH,
          SET(certs[CERT_PCK_CA].has_subject_key_id, false), "no subjectKeyIdentifier"),
    BREAK("ca-no-authority-key-id", INTERMEDIATE_CA_EXTENSIONS, BOTH,
          SET(certs[CERT_PCK_CA].has_authority_key_id, false), "no authorityKeyIdentifier"),
    BREAK("ca-no-crl-distribution-point", INTERMEDIATE_CA_EXTENSIONS, BOTH,
          SET(certs[CERT_PCK_CA].has_crl_distribution_point, false), "no cRLDistributionPoints"),
    BREAK("ca-other-authority-key-id", INTERMEDIATE_CA, BOTH,
          SET(certs[CERT_PCK_CA].authority_key_id, KEY_STRANGER),
          "authorityKeyIdentifier is not the root's subjectKeyIdentifier"),
    BREAK("ca-not-ca", INTERMEDIATE_CA, BOTH, CALL(make_ca_an_end_entity), "basicConstraints say end entity"),
    BREAK("ca-no-path-length", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].has_path_length, false),
          "no pathLenConstraint"),
    BREAK("ca-path-length-1", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].path_length, 1),
          "pathLenConstraint 1"),
    BREAK("ca-no-cert-sign", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].key_usage, KEY_USAGE_CRL_SIGN),
          "keyUsage without keyCertSign"),
    BREAK("ca-no-crl-sign", INTERMEDIATE_CA, BOTH, SET(certs[CERT_PCK_CA].key_usage, KEY_USAGE_CERT_SIGN),
          "keyUsage without cRLSign"),
    BREAK("ca-expired", PCK_CHAIN_EXPIRED, BOTH, SET_TIME(certs[CERT_PCK_CA].not_after, -1),
          "ended a second ago"),
    BREAK("ca-not-yet-valid", PCK_CHAIN_NOT_YET_VALID, BOTH, SET_TIME(certs[CERT_PCK_CA].not_before, 1),
          "begins in a second"),
    /* PCK leaf */
    BREAK("pck-other-name", PCK_CERT_NAME, BOTH,
          SET_TEXT(certs[CERT_PCK].common_name, "Intel SGX PCK Certificat"), "another common name"),
    BREAK("pck-tcb-signer-name", PCK_CERT_NAME, BOTH,
          SET_TEXT(certs[CERT_PCK].common_name, "Intel SGX TCB Signing"), "the common name of another role"),
    BREAK("pck-other-issuer-name", PCK_CERT_ISSUER, BOTH,
          SET_TEXT(certs[CERT_PCK].issuer_name, "Intel SGX PCK Platform CB"),
          "signed by the CA, names another issuer"),
    BREAK("pck-issued-by-root", PCK_CERT_ISSUER, BOTH, CALL(issue_pck_by_root), "issued by the root itself"),
    BREAK("pck-issued-by-other-ca", PCK_CERT_ISSUER, BOTH, CALL(issue_pck_by_other_ca),
          "issued by the other PCK CA"),
    BREAK("pck-signature-flipped", PCK_CERT_SIGNATURE, BOTH,
          SET(certs[CERT_PCK].flaw, CERT_SIGNATURE_FLIPPED), "a turned bit in the signature"),
    BREAK("pck-signed-by-stranger", PCK_CERT_SIGNATURE, BOTH, SET(certs[CERT_PCK].signer, KEY_STRANGER),
          "names the CA, signed by a stranger"),
    BREAK("pck-signed-by-root", PCK_CERT_SIGNATURE, BOTH, SET(certs[CERT_PCK].signer, KEY_ROOT),
          "names the CA, signed by the root"),
    BREAK("pck-signed-by-tcb-signer", PCK_CERT_SIGNATURE, BOTH, SET(certs[CERT_PCK].signer, KEY_TCB_SIGNER),
          "names the CA, signed by the TCB signing key"),
    BREAK("pck-no-basic-constraints", PCK_CERT, BOTH, SET(certs[CERT_PCK].has_basic_constraints, false),
          "no basicConstraints"),
    BREAK("pck-no-key-usage", PCK_CERT, BOTH, SET(certs[CERT_PCK].has_key_usage, false), "no keyUsage"),
    BREAK("pck-no-subject-key-id", PCK_CERT, BOTH, SET(certs[CERT_PCK].has_subject_key_id, false),
          "no subjectKeyIdentifier"),
    BREAK("pck-no-authority-key-id", PCK_CERT, BOTH, SET(certs[CERT_PCK].has_authority_key_id, false),
          "no authorityKeyIdentifier"),
    BREAK("pck-no-crl-distribution-point", PCK_CERT, BOTH,
          SET(certs[CERT_PCK].has_crl_distribution_point, false), "no cRLDistributionPoints"),
    BREAK("pck-root-authority-key-id", PCK_CERT_ISSUER, BOTH, SET(certs[CERT_PCK].authority_key_id, KEY_ROOT),
          "authorityKeyIdentifier is the root's: the root would issue PCK certificates itself"),
    BREAK("pck-other-authority-key-id", PCK_CERT, BOTH, SET(certs[CERT_PCK].authority_key_id, KEY_STRANGER),
          "authorityKeyIdentifier is not the CA's subjectKeyIdentifier"),
    BREAK("pck-is-ca", PCK_CERT, BOTH, SET(certs[CERT_PCK].is_ca, true), "basicConstraints say CA"),
    BREAK("pck-no-digital-signature", PCK_CERT, BOTH,
          SET(certs[CERT_PCK].key_usage, KEY_USAGE_NON_REPUDIATION), "keyUsage without digitalSignature"),
    BREAK("pck-cert-sign", PCK_CERT, BOTH,
          SET(certs[CERT_PCK].key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CERT_SIGN),
          "keyUsage with keyCertSign"),
    BREAK("pck-crl-sign", PCK_CERT, BOTH,
          SET(certs[CERT_PCK].key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CRL_SIGN), "keyUsage with cRLSign"),
    BREAK("pck-expired", PCK_CERT_EXPIRED, BOTH, SET_TIME(certs[CERT_PCK].not_after, -1),
          "ended a second ago"),
    BREAK("pck-not-yet-valid", PCK_CERT_NOT_YET_VALID, BOTH, SET_TIME(certs[CERT_PCK].not_before, 1),
          "begins in a second"),
    BREAK("pck-other-key", QE_REPORT_SIGNATURE, BOTH, SET(certs[CERT_PCK].key, KEY_OTHER_PCK),
          "the certificate is for another key than the one that signed the QE report"),
};

BREAK_GROUP(breaks_chain, rows);
