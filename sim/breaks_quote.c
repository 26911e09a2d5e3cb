/* breaks_quote.c - breaks of the quote: header, lengths, certification data, signatures, the attestation
 * key. */
#include "sim/recipe.h"

static void use_unbound_key(recipe *r)
{
    r->quote.attestation_key = KEY_STRANGER;
    r->quote.signer = KEY_STRANGER;
}

/* The PCK's own key would vouch for itself, were it not for the QE report. */
static void use_pck_key_unbound(recipe *r)
{
    r->quote.attestation_key = KEY_PCK;
    r->quote.signer = KEY_PCK;
}

/* Certification data 1 to 4, with the chain in the collateral. */
static void use_cert_type(recipe *r, uint16_t type)
{
    r->quote.cert_type = type;
    r->quote_chain.count = 1;
    r->collateral_chain.count = 3;
}

static void use_other_ppid(recipe *r)
{
    use_cert_type(r, CERT_PPID_CLEAR);
    r->quote.ppid[0] ^= 0x01;
}

static void use_lower_cpu_svn(recipe *r)
{
    use_cert_type(r, CERT_PPID_CLEAR);
    r->quote.cpu_svn[15]--;
}

static void use_lower_pce_svn(recipe *r)
{
    use_cert_type(r, CERT_PPID_RSA2048);
    r->quote.pce_svn--;
}

static void use_other_pce_id(recipe *r)
{
    use_cert_type(r, CERT_PPID_RSA3072);
    r->quote.pce_id = 1;
}

static void type_1_without_chain(recipe *r)
{
    r->quote.cert_type = CERT_PPID_CLEAR;
}

static void type_2_without_chain(recipe *r)
{
    r->quote.cert_type = CERT_PPID_RSA2048;
}

static void type_3_without_chain(recipe *r)
{
    r->quote.cert_type = CERT_PPID_RSA3072;
}

/* Type 4 is the leaf, and CA and root are those that come with the PCK list. */
static void use_leaf_alone(recipe *r)
{
    use_cert_type(r, CERT_PCK_LEAF);
    r->collateral_chain.count = 0;
}

static void type_4_with_chain(recipe *r)
{
    use_leaf_alone(r);
    r->quote_chain.count = 3;
}

static void type_4_without_root(recipe *r)
{
    use_leaf_alone(r);
    r->crl_chain.count = 1;
}

static void type_4_under_foreign_root(recipe *r)
{
    use_leaf_alone(r);
    r->crl_chain.certs[1] = CERT_FOREIGN_ROOT;
}

static void type_4_under_signer(recipe *r)
{
    use_leaf_alone(r);
    r->crl_chain.certs[0] = CERT_TCB_SIGNER;
}

static void type_4_of_other_leaf(recipe *r)
{
    use_cert_type(r, CERT_PCK_LEAF);
    r->quote_chain.certs[0] = CERT_OTHER_PCK;
}

/* What a quote of type 5 brings. */
static void type_4_of_whole_chain(recipe *r)
{
    use_cert_type(r, CERT_PCK_LEAF);
    r->quote_chain.count = 3;
}

static void type_4_with_text(recipe *r)
{
    use_cert_type(r, CERT_PCK_LEAF);
    r->quote_chain.edit = (text_edit){ "", "leaf:\n" };
}

static void type_1_too_long(recipe *r)
{
    use_cert_type(r, CERT_PPID_CLEAR);
    r->quote.reference_delta = 1;
}

static void type_2_too_short(recipe *r)
{
    use_cert_type(r, CERT_PPID_RSA2048);
    r->quote.reference_delta = -1;
}

static void type_3_too_short(recipe *r)
{
    use_cert_type(r, CERT_PPID_RSA3072);
    r->quote.reference_delta = -1;
}

static void empty_chain(recipe *r)
{
    r->quote_chain.count = 0;
    r->quote_chain.final_nul = false;
}

static void trailing_after_padding(recipe *r)
{
    r->quote.trailing = 70;
    r->quote.trailing_byte = 1;
}

static void trailing_byte(recipe *r)
{
    r->quote.trailing = 1;
    r->quote.trailing_byte = 0xff;
}

static const break_row rows[] = {
    /* header */
    BREAK("quote-version-0", QUOTE_VERSION, BOTH, SET(quote.header[0], 0), "version 0"),
    BREAK("quote-version-2", QUOTE_VERSION, BOTH, SET(quote.header[0], 2), "version 2"),
    BREAK("quote-version-6", QUOTE_VERSION, BOTH, SET(quote.header[0], 6), "version 6"),
    BREAK("quote-version-high-byte", QUOTE_VERSION, BOTH, SET(quote.header[1], 0xff),
          "only the low byte is right"),
    BREAK("quote-version-3-tdx", QUOTE_FORMAT, TDX, SET(quote.header[0], 3),
          "version 3 with the TEE word of TDX"),
    BREAK("quote-version-5-label", QUOTE_FORMAT, BOTH, SET(quote.header[0], 5),
          "version 5 without a body descriptor"),
    BREAK("quote-key-type-3", ATT_KEY_TYPE, BOTH, SET(quote.header[2], 3),
          "attestation key type ECDSA P-384"),
    BREAK("quote-key-type-high-byte", ATT_KEY_TYPE, BOTH, SET(quote.header[3], 1),
          "only the low byte is right"),
    BREAK("quote-tee-unknown", QUOTE_FORMAT, TDX, SET(quote.header[4], 0x82), "a TEE that nobody knows"),
    BREAK("quote-tee-nonzero", QUOTE_FORMAT, SGX, SET(quote.header[4], 1), "version 3 with a TEE word"),
    BREAK("quote-tee-tdx", QUOTE_FORMAT, SGX, SET(quote.header[4], 0x81),
          "version 3 with the TEE word of TDX"),
    BREAK("quote-vendor", QE_VENDOR, BOTH, SET(quote.header[12], 0), "another vendor of the quoting enclave"),
    BREAK("quote-vendor-last-byte", QE_VENDOR, BOTH, SET(quote.header[27], 0),
          "another vendor, by the last byte only"),
    /* lengths */
    BREAK("quote-cut-1", QUOTE_FORMAT, BOTH, SET(quote.cut, 1), "the last byte is missing"),
    BREAK("quote-cut-100", QUOTE_FORMAT, BOTH, SET(quote.cut, 100), "the last hundred bytes are missing"),
    BREAK("quote-cut-3000", QUOTE_FORMAT, BOTH, SET(quote.cut, 3000),
          "the last three thousand bytes are missing"),
    BREAK("quote-signature-size-minus-1", QUOTE_FORMAT, BOTH, SET(quote.signature_size_delta, -1),
          "one less than there are"),
    BREAK("quote-signature-size-plus-1", QUOTE_FORMAT, BOTH, SET(quote.signature_size_delta, 1),
          "one more than there are"),
    BREAK("quote-signature-size-1", QUOTE_FORMAT, BOTH, SET(quote.signature_size, 1),
          "signature data of one byte"),
    BREAK("quote-signature-size-huge", QUOTE_FORMAT, BOTH, SET(quote.signature_size, 0xffffffff), "2^32 - 1"),
    BREAK("quote-signature-size-negative", QUOTE_FORMAT, BOTH, SET(quote.signature_size, 0x80000000), "2^31"),
    BREAK("quote-outer-size-minus-1", QUOTE_FORMAT, TDX, SET(quote.outer_size_delta, -1),
          "one less than there are"),
    BREAK("quote-outer-size-plus-1", QUOTE_FORMAT, TDX, SET(quote.outer_size_delta, 1),
          "one more than there are"),
    BREAK("quote-inner-size-minus-1", QUOTE_FORMAT, TDX, SET(quote.inner_size_delta, -1),
          "one less than there are"),
    BREAK("quote-inner-size-minus-1-sgx", SIGNATURE_DATA_SLACK, SGX, SET(quote.inner_size_delta, -1),
          "one less than there are"),
    BREAK("quote-inner-size-plus-1", QUOTE_FORMAT, BOTH, SET(quote.inner_size_delta, 1),
          "one more than there are"),
    BREAK("quote-auth-size-huge", QUOTE_FORMAT, BOTH, SET(quote.auth_size_delta, 0xffff - 32), "2^16 - 1"),
    BREAK("quote-inner-slack", QUOTE_FORMAT, TDX, SET(quote.inner_slack, 1),
          "a byte after the certification data"),
    BREAK("quote-inner-slack-sgx", SIGNATURE_DATA_SLACK, SGX, SET(quote.inner_slack, 1),
          "a byte after the certification data"),
    BREAK("quote-outer-slack", SIGNATURE_DATA_SLACK, BOTH, SET(quote.outer_slack, 1),
          "a byte at the end of the signature data"),
    BREAK("quote-trailing-byte", TRAILING_DATA, BOTH, CALL(trailing_byte), "a byte after the quote"),
    BREAK("quote-trailing-after-padding", TRAILING_DATA, BOTH, CALL(trailing_after_padding),
          "padding that does not end in zero"),
    BREAK("quote-padding-too-long", QUOTE_FORMAT, BOTH, SET(quote.trailing, CHAOS_MAX_EVIDENCE),
          "64 KiB of padding"),
    /* certification data */
    BREAK("cert-data-outer-type-5", CERT_DATA_TYPE, TDX, SET(quote.outer_type, 5), "the outer type is not 6"),
    BREAK("cert-data-type-0", CERT_DATA_TYPE, BOTH, SET(quote.cert_type, 0), "type 0"),
    BREAK("cert-data-type-6", CERT_DATA_TYPE, BOTH, SET(quote.cert_type, 6), "type 6 inside"),
    BREAK("cert-data-type-7", CERT_DATA_TYPE, BOTH, SET(quote.cert_type, 7), "type 7, a platform manifest"),
    BREAK("cert-data-empty", CERT_DATA_SIZE, BOTH, CALL(empty_chain), "an empty chain"),
    BREAK("cert-data-1-too-long", CERT_DATA_SIZE, BOTH, CALL(type_1_too_long), "type 1 of 37 bytes"),
    BREAK("cert-data-2-too-short", CERT_DATA_SIZE, BOTH, CALL(type_2_too_short), "type 2 of 275 bytes"),
    BREAK("cert-data-3-too-short", CERT_DATA_SIZE, BOTH, CALL(type_3_too_short), "type 3 of 403 bytes"),
    BREAK("cert-data-1-without-chain", PCK_CHAIN_MISSING, BOTH, CALL(type_1_without_chain),
          "type 1, and no chain anywhere"),
    BREAK("cert-data-2-without-chain", PCK_CHAIN_MISSING, BOTH, CALL(type_2_without_chain),
          "type 2, and no chain anywhere"),
    BREAK("cert-data-3-without-chain", PCK_CHAIN_MISSING, BOTH, CALL(type_3_without_chain),
          "type 3, and no chain anywhere"),
    BREAK("cert-data-4-with-chain", PCK_CHAIN_LENGTH, BOTH, CALL(type_4_with_chain),
          "type 4, and a whole chain instead of the leaf"),
    BREAK("cert-data-4-without-root", PCK_CHAIN_LENGTH, BOTH, CALL(type_4_without_root),
          "type 4, and the chain of the PCK CRL is the CA alone"),
    BREAK("cert-data-4-foreign-root", ROOT_UNTRUSTED, BOTH, CALL(type_4_under_foreign_root),
          "type 4, and the chain of the PCK CRL ends in another root"),
    BREAK("cert-data-4-under-signer", INTERMEDIATE_CA_NAME, BOTH, CALL(type_4_under_signer),
          "type 4, and the chain of the PCK CRL begins with the TCB signer"),
    BREAK("cert-data-4-other-leaf", PCK_CERT_MISMATCH, BOTH, CALL(type_4_of_other_leaf),
          "type 4, and the collateral's chain is of another leaf"),
    BREAK("cert-data-4-whole-chain", PCK_CHAIN_LENGTH, BOTH, CALL(type_4_of_whole_chain),
          "type 4 with CA and root behind the leaf"),
    BREAK("cert-data-4-text-before", PCK_CHAIN_FORMAT, BOTH, CALL(type_4_with_text),
          "type 4 with text before the leaf"),
    BREAK("cert-data-1-other-ppid", PCK_CERT_MISMATCH, BOTH, CALL(use_other_ppid),
          "type 1 names another platform"),
    BREAK("cert-data-1-lower-cpusvn", PCK_CERT_MISMATCH, BOTH, CALL(use_lower_cpu_svn),
          "the certificate is for a higher CPUSVN than the platform has"),
    BREAK("cert-data-2-lower-pcesvn", PCK_CERT_MISMATCH, BOTH, CALL(use_lower_pce_svn),
          "the certificate is for a higher PCESVN than the platform has"),
    BREAK("cert-data-3-other-pceid", PCK_CERT_MISMATCH, BOTH, CALL(use_other_pce_id),
          "type 3 names another PCE"),
    BREAK("cert-data-flipped", PCK_CHAIN_FORMAT, BOTH, SET(quote.flip, FLIP(PART_CERT_DATA, 0)),
          "a turned bit in the first PEM line"),
    /* QE report */
    BREAK("qe-report-signature-flipped", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_form, FORM_FLIPPED),
          "a turned bit"),
    BREAK("qe-report-signature-zero", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_form, FORM_ZERO),
          "r and s are zero"),
    BREAK("qe-report-signature-r-is-order", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_form, FORM_R_ORDER),
          "r is n"),
    BREAK("qe-report-signature-s-is-order", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_form, FORM_S_ORDER),
          "s is n"),
    BREAK("qe-report-signature-little-endian", QE_REPORT_SIGNATURE, BOTH,
          SET(quote.qe_form, FORM_LITTLE_ENDIAN), "r and s with the bytes reversed"),
    BREAK("qe-report-signed-by-attestation-key", QE_REPORT_SIGNATURE, BOTH,
          SET(quote.qe_signer, KEY_ATTESTATION), "signed by the key that it vouches for"),
    BREAK("qe-report-signed-by-other-pck", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_signer, KEY_OTHER_PCK),
          "signed by the PCK key of another certificate"),
    BREAK("qe-report-signed-by-ca", QE_REPORT_SIGNATURE, BOTH, SET(quote.qe_signer, KEY_PCK_CA),
          "signed by the PCK CA"),
    BREAK("qe-report-flipped", QE_REPORT_SIGNATURE, BOTH,
          SET(quote.flip, FLIP(PART_QE_REPORT, SGX_MR_SIGNER)), "a turned bit in MRSIGNER"),
    BREAK("qe-report-data-flipped", QE_REPORT_SIGNATURE, BOTH,
          SET(quote.flip, FLIP(PART_QE_REPORT, SGX_REPORT_DATA)), "a turned bit in REPORTDATA"),
    BREAK("qe-binds-other-key", QE_REPORT_DATA, BOTH, SET(quote.bound_key, KEY_STRANGER),
          "the QE vouches for another key"),
    BREAK("qe-binds-nothing", QE_REPORT_DATA, BOTH, SET(quote.binds_nothing, true),
          "the QE's report data is all zero"),
    BREAK("qe-binds-without-auth-data", QE_REPORT_DATA, BOTH, SET(quote.binds_auth_data, false),
          "the hash leaves the authentication data out"),
    BREAK("qe-auth-data-flipped", QE_REPORT_DATA, BOTH, SET(quote.flip, FLIP(PART_AUTH_DATA, 31)),
          "a turned bit in the authentication data"),
    /* attestation key */
    BREAK("attestation-key-unbound", QE_REPORT_DATA, BOTH, CALL(use_unbound_key),
          "a valid quote signature by a key that no QE vouches for"),
    BREAK("attestation-key-is-pck", QE_REPORT_DATA, BOTH, CALL(use_pck_key_unbound),
          "a valid quote signature by the PCK key itself"),
    BREAK("attestation-key-x-flipped", QE_REPORT_DATA, BOTH, SET(quote.flip, FLIP(PART_KEY, 0)),
          "a turned bit in x"),
    BREAK("attestation-key-y-flipped", QE_REPORT_DATA, BOTH, SET(quote.flip, FLIP(PART_KEY, 63)),
          "a turned bit in y"),
    BREAK("attestation-key-off-curve", ATTESTATION_KEY, BOTH, SET(quote.key_form, KEY_FORM_OFF_CURVE),
          "the QE vouches for bytes that are no point"),
    BREAK("attestation-key-zero", ATTESTATION_KEY, BOTH, SET(quote.key_form, KEY_FORM_ZERO),
          "the QE vouches for zeros"),
    /* quote signature */
    BREAK("quote-signature-flipped", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_FLIPPED), "a turned bit"),
    BREAK("quote-signature-zero", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_ZERO), "r and s are zero"),
    BREAK("quote-signature-r-zero", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_R_ZERO), "r is zero"),
    BREAK("quote-signature-s-zero", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_S_ZERO), "s is zero"),
    BREAK("quote-signature-r-is-order", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_R_ORDER), "r is n"),
    BREAK("quote-signature-s-is-order", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_S_ORDER), "s is n"),
    BREAK("quote-signature-little-endian", QUOTE_SIGNATURE, BOTH, SET(quote.form, FORM_LITTLE_ENDIAN),
          "r and s with the bytes reversed"),
    BREAK("quote-signed-by-pck", QUOTE_SIGNATURE, BOTH, SET(quote.signer, KEY_PCK), "signed by the PCK key"),
    BREAK("quote-signed-by-stranger", QUOTE_SIGNATURE, BOTH, SET(quote.signer, KEY_STRANGER),
          "signed by a stranger"),
    BREAK("quote-user-data-flipped", QUOTE_SIGNATURE, BOTH, SET(quote.flip, FLIP(PART_HEADER, 28)),
          "a turned bit in the header's user data"),
    BREAK("quote-reserved-flipped", QUOTE_SIGNATURE, BOTH, SET(quote.flip, FLIP(PART_HEADER, 10)),
          "a turned bit in header bytes 8 to 11"),
    BREAK("quote-first-byte-flipped", QUOTE_SIGNATURE, SGX, SET(quote.flip, FLIP(PART_BODY, 0)),
          "a turned bit in the body's first byte"),
    BREAK("quote-mr-enclave-flipped", QUOTE_SIGNATURE, SGX, SET(quote.flip, FLIP(PART_BODY, SGX_MR_ENCLAVE)),
          "a turned bit in MRENCLAVE"),
    BREAK("quote-mr-td-flipped", QUOTE_SIGNATURE, TDX, SET(quote.flip, FLIP(PART_BODY, TD_MR_TD)),
          "a turned bit in MRTD"),
    BREAK("quote-td-attributes-flipped", QUOTE_SIGNATURE, TDX,
          SET(quote.flip, FLIP(PART_BODY, TD_ATTRIBUTES + 3)), "a turned bit in TDATTRIBUTES"),
    BREAK("quote-rtmr3-flipped", QUOTE_SIGNATURE, TDX, SET(quote.flip, FLIP(PART_BODY, TD_REPORT_DATA - 1)),
          "a turned bit in RTMR3"),
    BREAK("quote-tee-tcb-svn-flipped", QUOTE_SIGNATURE, TDX,
          SET(quote.flip, FLIP(PART_BODY, TD_TEE_TCB_SVN + 2)), "a turned bit in TEE_TCB_SVN"),
    BREAK("quote-report-data-flipped", QUOTE_SIGNATURE, TDX,
          SET(quote.flip, FLIP(PART_BODY, TD_REPORT_DATA + 63)), "a turned bit in REPORTDATA"),
    BREAK("quote-report-data-flipped-sgx", QUOTE_SIGNATURE, SGX,
          SET(quote.flip, FLIP(PART_BODY, SGX_REPORT_DATA + 63)), "a turned bit in REPORTDATA"),
};

BREAK_GROUP(breaks_quote, rows);
