/* breaks_identity.c - breaks of the QE identity and of the QE report: signature, form, dates, and a
 * quoting enclave that is not the one that the identity describes. */
#include "sim/recipe.h"

static void debug_qe_allowed_by_mask(recipe *r)
{
    r->quote.qe_report[SGX_ATTRIBUTES] |= 0x02;
    r->identity.attributes_mask = "F9FFFFFFFFFFFFFF0000000000000000";
}

static void reach_revoked_level(recipe *r)
{
    r->quote.qe_report[SGX_ISV_SVN] = 2;
    r->identity.levels[2].status = "Revoked";
}

#define SIGNED(name, code, from, to, summary) \
    BREAK("identity-" name, code, BOTH, EDIT(identity.text.before, from, to), summary)

static const break_row rows[] = {
    /* signature */
    BREAK("identity-status-improved", QE_IDENTITY_SIGNATURE, BOTH,
          EDIT(identity.text.after, "OutOfDate", "UpToDate"), "a status improved after signing"),
    BREAK("identity-svn-lowered", QE_IDENTITY_SIGNATURE, BOTH,
          EDIT(identity.text.after, "\"isvsvn\":8", "\"isvsvn\":1"), "a level lowered after signing"),
    BREAK("identity-newline-added", QE_IDENTITY_SIGNATURE, BOTH, EDIT(identity.text.after, NULL, "\n"),
          "a newline added after signing"),
    BREAK("identity-signature-flipped", QE_IDENTITY_SIGNATURE, BOTH, SET(identity.text.form, FORM_FLIPPED),
          "a turned bit"),
    BREAK("identity-signature-zero", QE_IDENTITY_SIGNATURE, BOTH, SET(identity.text.form, FORM_ZERO),
          "r and s are zero"),
    BREAK("identity-signature-of-tcb-info", QE_IDENTITY_SIGNATURE, BOTH,
          SET(identity.text.form, FORM_OF_THE_OTHER), "the signature is one over the TCB info"),
    BREAK("identity-signature-der", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_DER),
          "DER, not r and s"),
    BREAK("identity-signature-0x", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_0X),
          "0x before the digits"),
    BREAK("identity-signature-short", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_SHORT),
          "63 bytes"),
    BREAK("identity-signature-long", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_LONG),
          "65 bytes"),
    BREAK("identity-signature-odd", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_ODD),
          "127 digits"),
    BREAK("identity-signature-not-hex", QE_IDENTITY_SIGNATURE_FORMAT, BOTH,
          SET(identity.text.form, FORM_NOT_HEX), "a character that is no hex digit"),
    BREAK("identity-signature-empty", QE_IDENTITY_SIGNATURE_FORMAT, BOTH, SET(identity.text.form, FORM_EMPTY),
          "no digits"),
    BREAK("identity-signed-by-pck", QE_IDENTITY_SIGNATURE, BOTH, SET(identity.text.signer, KEY_PCK),
          "signed by the PCK key"),
    BREAK("identity-signed-by-root", QE_IDENTITY_SIGNATURE, BOTH, SET(identity.text.signer, KEY_ROOT),
          "signed by the root"),
    BREAK("identity-signed-by-stranger", QE_IDENTITY_SIGNATURE, BOTH, SET(identity.text.signer, KEY_STRANGER),
          "signed by a stranger"),
    BREAK("identity-signed-by-tcb-signer", QE_IDENTITY_SIGNATURE, BOTH,
          SET(identity.text.signer, KEY_TCB_SIGNER), "signed by the other chain's signer"),
    /* dates */
    BREAK("identity-expired", QE_IDENTITY_EXPIRED, BOTH, SET_TIME(identity.next_update, -1),
          "nextUpdate was a second ago"),
    BREAK("identity-not-yet-valid", QE_IDENTITY_NOT_YET_VALID, BOTH, SET_TIME(identity.issue_date, 1),
          "issueDate is in a second"),
    /* form */
    SIGNED("duplicate-key", JSON_DUPLICATE_KEY,
           "\"isvprodid\":", "\"isvprodid\":7,\"isvprodid\":", "a member comes twice"),
    SIGNED("trailing-text", JSON, NULL, "x", "text after the object"),
    SIGNED("array", QE_IDENTITY_FORMAT, "{", "[{", "an array, not an object"),
    SIGNED("no-id", QE_IDENTITY_FORMAT, "\"id\"", "\"x\"", "no id"),
    SIGNED("no-version", QE_IDENTITY_FORMAT, "\"version\"", "\"x\"", "no version"),
    SIGNED("no-issue-date", QE_IDENTITY_FORMAT, "\"issueDate\"", "\"x\"", "no issueDate"),
    SIGNED("no-next-update", QE_IDENTITY_FORMAT, "\"nextUpdate\"", "\"x\"", "no nextUpdate"),
    SIGNED("no-evaluation-number", QE_IDENTITY_FORMAT, "\"tcbEvaluationDataNumber\"", "\"x\"",
           "no evaluation number"),
    SIGNED("no-miscselect", QE_IDENTITY_FORMAT, "\"miscselect\"", "\"x\"", "no miscselect"),
    SIGNED("no-miscselect-mask", QE_IDENTITY_FORMAT, "\"miscselectMask\"", "\"x\"", "no miscselectMask"),
    SIGNED("no-attributes", QE_IDENTITY_FORMAT, "\"attributes\"", "\"x\"", "no attributes"),
    SIGNED("no-attributes-mask", QE_IDENTITY_FORMAT, "\"attributesMask\"", "\"x\"", "no attributesMask"),
    SIGNED("no-mrsigner", QE_IDENTITY_FORMAT, "\"mrsigner\"", "\"x\"", "no mrsigner"),
    SIGNED("no-isvprodid", QE_IDENTITY_FORMAT, "\"isvprodid\"", "\"x\"", "no isvprodid"),
    SIGNED("no-levels", QE_IDENTITY_FORMAT, "\"tcbLevels\"", "\"x\"", "no tcbLevels"),
    SIGNED("isvprodid-too-large", QE_IDENTITY_FORMAT, "\"isvprodid\":", "\"isvprodid\":6555",
           "more than 16 bits"),
    SIGNED("isvsvn-65536", QE_IDENTITY_FORMAT, "\"isvsvn\":8", "\"isvsvn\":65536", "more than 16 bits"),
    SIGNED("miscselect-3-bytes", QE_IDENTITY_FORMAT, "\"miscselect\":\"00", "\"miscselect\":\"",
           "miscselect is too short"),
    SIGNED("attributes-15-bytes", QE_IDENTITY_FORMAT, "\"attributes\":\"11", "\"attributes\":\"",
           "attributes are too short"),
    SIGNED("attributes-mask-15-bytes", QE_IDENTITY_FORMAT, "\"attributesMask\":\"FB", "\"attributesMask\":\"",
           "attributesMask is too short"),
    SIGNED("mrsigner-33-bytes", QE_IDENTITY_FORMAT, "\"mrsigner\":\"", "\"mrsigner\":\"00",
           "mrsigner is too long"),
    BREAK("identity-id-unknown", QE_IDENTITY_FORMAT, BOTH, SET_TEXT(identity.id, "QX"),
          "an id that nobody knows"),
    SIGNED("version-3", QE_IDENTITY_FORMAT, "\"version\":2", "\"version\":3", "a version that nobody knows"),
    BREAK("identity-status-of-platform", QE_IDENTITY_FORMAT, BOTH,
          SET_TEXT(identity.levels[1].status, "SWHardeningNeeded"), "a level with a status of platforms"),
    /* which enclave */
    BREAK("identity-of-sgx-qe", QE_IDENTITY_MISMATCH, TDX, SET_TEXT(identity.id, "QE"),
          "the identity of SGX's QE"),
    BREAK("identity-of-td-qe", QE_IDENTITY_MISMATCH, SGX, SET_TEXT(identity.id, "TD_QE"),
          "the identity of TDX's QE"),
    BREAK("identity-of-qve", QE_IDENTITY_MISMATCH, BOTH, SET_TEXT(identity.id, "QVE"),
          "the identity of the QvE"),
    SIGNED("version-1", QE_IDENTITY_MISMATCH, "\"version\":2", "\"version\":1", "an identity of version 1"),
    BREAK("qe-miscselect", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_MISC_SELECT], 1),
          "a MISCSELECT bit that the identity does not have"),
    SIGNED("miscselect-outside-mask", QE_IDENTITY_MISMATCH,
           "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\"",
           "\"miscselect\":\"00000001\",\"miscselectMask\":\"FFFFFFFE\"",
           "the identity wants a bit outside its mask"),
    BREAK("qe-attributes", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_ATTRIBUTES], 0x91),
          "an attribute that the identity does not have"),
    BREAK("qe-not-init", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_ATTRIBUTES], 0x10),
          "INIT is off"),
    BREAK("identity-xfrm", QE_IDENTITY_MISMATCH, BOTH,
          SET_TEXT(identity.attributes_mask, "FBFFFFFFFFFFFFFFFF00000000000000"),
          "the identity judges XFRM too, and the QE's is another"),
    BREAK("qe-mrsigner", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_MR_SIGNER], 0),
          "another signer"),
    BREAK("qe-isvprodid", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_ISV_PROD_ID], 3),
          "another product"),
    BREAK("qe-isvprodid-high-byte", QE_IDENTITY_MISMATCH, BOTH, SET(quote.qe_report[SGX_ISV_PROD_ID + 1], 1),
          "another product, by the high byte only"),
    BREAK("qe-debug-allowed-by-mask", QE_DEBUG, BOTH, CALL(debug_qe_allowed_by_mask),
          "the QE is in debug mode, and the identity's mask lets it be"),
    /* levels */
    BREAK("qe-svn-too-low", TCB_NOT_SUPPORTED, BOTH, SET(quote.qe_report[SGX_ISV_SVN], 1),
          "ISVSVN is below every level"),
    BREAK("qe-svn-zero", TCB_NOT_SUPPORTED, BOTH, SET(quote.qe_report[SGX_ISV_SVN], 0), "ISVSVN is zero"),
    BREAK("qe-revoked", TCB_REVOKED, BOTH, SET_TEXT(identity.levels[0].status, "Revoked"),
          "the QE's level is revoked"),
    BREAK("qe-lower-level-revoked", TCB_REVOKED, BOTH, CALL(reach_revoked_level),
          "the QE reaches only a lower level, which is revoked"),
    /* what the QE vouches for */
    BREAK("qe-report-data-upper-half", QE_REPORT_DATA, BOTH, SET(quote.qe_report[SGX_REPORT_DATA + 63], 1),
          "the upper half of the QE's report data is not zero"),
};

BREAK_GROUP(breaks_identity, rows);
