/* breaks_tcb.c - breaks of the TCB info: its signature, form, dates and platform, the TDX module, and TCB
 * levels that nobody may pass with. */
#include "sim/recipe.h"

#define DEEP "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"
#define ZERO_SIGNER                                                   \
    "\"mrsigner\":\"000000000000000000000000000000000000000000000000" \
    "000000000000000000000000000000000000000000000000\""
#define OTHER_SIGNER                                                  \
    "\"mrsigner\":\"000000000000000000000000000000000000000000000000" \
    "000000000000000000000000000000000000000000000001\""
#define IDENTITY_HEAD "\"id\":\"TDX_01\","

/* ----------------------------------------------------------------- platform ---- */

static void lower_first_component(recipe *r)
{
    r->pck.components[0] = 1;
    r->pck.cpu_svn[0] = 1;
}

static void lower_last_component(recipe *r)
{
    r->pck.components[15] = 0;
    r->pck.cpu_svn[15] = 0;
}

static void reach_revoked_level(recipe *r)
{
    r->pck.pce_svn = 5;
    r->tcb_info.levels[2].status = "Revoked";
}

static void reach_revoked_module_level(recipe *r)
{
    r->quote.body[TD_TEE_TCB_SVN] = 2;
    r->tcb_info.module_levels[2].status = "Revoked";
    for (size_t i = 0; i < SIM_LEVELS; i++) {
        r->tcb_info.levels[i].tdx[0] = 0;
    }
}

/* With module version 0 the member tdxModule counts and all sixteen components are compared. */
static void use_module_version_0(recipe *r)
{
    r->quote.body[TD_TEE_TCB_SVN + 1] = 0;
}

static void use_version_0_with_other_signer(recipe *r)
{
    use_module_version_0(r);
    r->tcb_info.text.before = (text_edit){ "\"tdxModule\":{" ZERO_SIGNER, "\"tdxModule\":{" OTHER_SIGNER };
}

static void use_version_0_with_attributes(recipe *r)
{
    use_module_version_0(r);
    r->tcb_info.text.before =
        (text_edit){ "\"attributes\":\"0000000000000000\"", "\"attributes\":\"0100000000000000\"" };
}

static void use_version_0_below_all_levels(recipe *r)
{
    use_module_version_0(r);
    r->quote.body[TD_TEE_TCB_SVN] = 1;
}

static void allow_seam_attributes_by_mask(recipe *r)
{
    r->quote.body[TD_SEAM_ATTRIBUTES] = 1;
    r->tcb_info.text.before =
        (text_edit){ IDENTITY_HEAD ZERO_SIGNER ",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FF",
                     IDENTITY_HEAD ZERO_SIGNER
                     ",\"attributes\":\"0000000000000000\",\"attributesMask\":\"00" };
}

static void rename_to_decimal(recipe *r)
{
    r->quote.body[TD_TEE_TCB_SVN + 1] = 16;
    r->tcb_info.text.before = (text_edit){ "\"TDX_01\"", "\"TDX_16\"" };
}

#define SIGNED(name, code, kinds, from, to, summary) \
    BREAK("tcb-info-" name, code, kinds, EDIT(tcb_info.text.before, from, to), summary)
#define UNSIGNED(name, code, kinds, from, to, summary) \
    BREAK("tcb-info-" name, code, kinds, EDIT(tcb_info.text.after, from, to), summary)

static const break_row rows[] = {
    /* signature */
    UNSIGNED("status-improved", TCB_INFO_SIGNATURE, BOTH, "OutOfDate", "UpToDate",
             "a status improved after signing"),
    UNSIGNED("date-extended", TCB_INFO_SIGNATURE, BOTH, "\"nextUpdate\":\"20", "\"nextUpdate\":\"21",
             "nextUpdate moved by a century after signing"),
    UNSIGNED("space-added", TCB_INFO_SIGNATURE, BOTH,
             "\"tcbType\":", "\"tcbType\": ", "white space added after signing"),
    UNSIGNED("newline-added", TCB_INFO_SIGNATURE, BOTH, NULL, "\n", "a newline added after signing"),
    BREAK("tcb-info-signature-flipped", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.form, FORM_FLIPPED),
          "a turned bit"),
    BREAK("tcb-info-signature-zero", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.form, FORM_ZERO),
          "r and s are zero"),
    BREAK("tcb-info-signature-of-identity", TCB_INFO_SIGNATURE, BOTH,
          SET(tcb_info.text.form, FORM_OF_THE_OTHER), "the signature is one over the QE identity"),
    BREAK("tcb-info-signature-der", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_DER),
          "DER, not r and s"),
    BREAK("tcb-info-signature-0x", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_0X),
          "0x before the digits"),
    BREAK("tcb-info-signature-short", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_SHORT),
          "63 bytes"),
    BREAK("tcb-info-signature-long", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_LONG),
          "65 bytes"),
    BREAK("tcb-info-signature-odd", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_ODD),
          "127 digits"),
    BREAK("tcb-info-signature-not-hex", TCB_INFO_SIGNATURE_FORMAT, BOTH,
          SET(tcb_info.text.form, FORM_NOT_HEX), "a character that is no hex digit"),
    BREAK("tcb-info-signature-empty", TCB_INFO_SIGNATURE_FORMAT, BOTH, SET(tcb_info.text.form, FORM_EMPTY),
          "no digits"),
    BREAK("tcb-info-signed-by-pck", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.signer, KEY_PCK),
          "signed by the PCK key"),
    BREAK("tcb-info-signed-by-ca", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.signer, KEY_PCK_CA),
          "signed by the PCK CA"),
    BREAK("tcb-info-signed-by-root", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.signer, KEY_ROOT),
          "signed by the root"),
    BREAK("tcb-info-signed-by-stranger", TCB_INFO_SIGNATURE, BOTH, SET(tcb_info.text.signer, KEY_STRANGER),
          "signed by a stranger"),
    BREAK("tcb-info-signed-by-identity-signer", TCB_INFO_SIGNATURE, BOTH,
          SET(tcb_info.text.signer, KEY_IDENTITY_SIGNER), "signed by the other chain's signer"),
    /* dates */
    BREAK("tcb-info-expired", TCB_INFO_EXPIRED, BOTH, SET_TIME(tcb_info.next_update, -1),
          "nextUpdate was a second ago"),
    BREAK("tcb-info-not-yet-valid", TCB_INFO_NOT_YET_VALID, BOTH, SET_TIME(tcb_info.issue_date, 1),
          "issueDate is in a second"),
    /* syntax */
    SIGNED("duplicate-key", JSON_DUPLICATE_KEY, BOTH, "\"tcbType\":0",
           "\"tcbType\":0,\"fmspc\":\"C0A05C000000\"", "a member comes twice"),
    SIGNED("duplicate-status", JSON_DUPLICATE_KEY, BOTH, "\"tcbStatus\":\"OutOfDate\"",
           "\"tcbStatus\":\"OutOfDate\",\"tcbStatus\":\"UpToDate\"", "a level has two statuses"),
    SIGNED("trailing-text", JSON, BOTH, NULL, "x", "text after the object"),
    SIGNED("byte-order-mark", JSON, BOTH, "", "\xef\xbb\xbf", "a byte order mark"),
    SIGNED("comment", JSON, BOTH, "\"tcbType\"", "/* */\"tcbType\"", "a comment"),
    SIGNED("leading-zero", JSON, BOTH, "\"svn\":5", "\"svn\":05", "a number with a leading zero"),
    SIGNED("control-character", JSON, BOTH, "\"tcbType\"", "\"x\":\"\x01\",\"tcbType\"",
           "a control character in a text"),
    SIGNED("too-deep", JSON_DEPTH, BOTH, "\"tcbType\"", "\"x\":" DEEP ",\"tcbType\"",
           "arrays nested too deeply"),
    SIGNED("array", TCB_INFO_FORMAT, BOTH, "{", "[{", "an array, not an object"),
    /* members */
    SIGNED("no-id", TCB_INFO_FORMAT, BOTH, "\"id\":", "\"x\":", "no id"),
    SIGNED("no-version", TCB_INFO_FORMAT, BOTH, "\"version\":3,", "", "no version"),
    SIGNED("no-issue-date", TCB_INFO_FORMAT, BOTH, "\"issueDate\"", "\"x\"", "no issueDate"),
    SIGNED("no-next-update", TCB_INFO_FORMAT, BOTH, "\"nextUpdate\"", "\"x\"", "no nextUpdate"),
    SIGNED("no-fmspc", TCB_INFO_FORMAT, BOTH, "\"fmspc\"", "\"x\"", "no fmspc"),
    SIGNED("no-pceid", TCB_INFO_FORMAT, BOTH, "\"pceId\"", "\"x\"", "no pceId"),
    SIGNED("no-tcb-type", TCB_INFO_FORMAT, BOTH, "\"tcbType\"", "\"x\"", "no tcbType"),
    SIGNED("no-evaluation-number", TCB_INFO_FORMAT, BOTH, "\"tcbEvaluationDataNumber\"", "\"x\"",
           "no tcbEvaluationDataNumber"),
    SIGNED("no-levels", TCB_INFO_FORMAT, SGX, "\"tcbLevels\"", "\"x\"", "no tcbLevels"),
    SIGNED("no-levels-of-platform", TCB_INFO_FORMAT, TDX, "\"tcbLevels\":[{\"tcb\":{\"sgx",
           "\"x\":[{\"tcb\":{\"sgx", "no tcbLevels"),
    SIGNED("no-tdx-module", TCB_INFO_FORMAT, TDX, "\"tdxModule\":", "\"x\":", "no tdxModule"),
    SIGNED("no-tdx-components", TCB_INFO_FORMAT, TDX, "\"tdxtcbcomponents\"", "\"x\"",
           "a level without tdxtcbcomponents"),
    SIGNED("no-sgx-components", TCB_INFO_FORMAT, BOTH, "\"sgxtcbcomponents\"", "\"x\"",
           "a level without sgxtcbcomponents"),
    SIGNED("no-pcesvn", TCB_INFO_FORMAT, BOTH, "\"pcesvn\"", "\"x\"", "a level without pcesvn"),
    SIGNED("no-status", TCB_INFO_FORMAT, BOTH, "\"tcbStatus\"", "\"x\"", "a level without tcbStatus"),
    SIGNED("no-tcb-date", TCB_INFO_FORMAT, BOTH, "\"tcbDate\"", "\"x\"", "a level without tcbDate"),
    SIGNED("component-missing", TCB_INFO_FORMAT, BOTH, "{\"svn\":5},", "", "fifteen components"),
    SIGNED("component-too-many", TCB_INFO_FORMAT, BOTH, "{\"svn\":5},", "{\"svn\":5},{\"svn\":5},",
           "seventeen components"),
    /* values */
    SIGNED("version-2-with-arrays", TCB_INFO_FORMAT, BOTH, "\"version\":3", "\"version\":2",
           "version 2 with the arrays of version 3"),
    SIGNED("version-4", TCB_INFO_FORMAT, BOTH, "\"version\":3", "\"version\":4",
           "a version that nobody knows"),
    SIGNED("version-text", TCB_INFO_FORMAT, BOTH, "\"version\":3", "\"version\":\"3\"",
           "a text where a number must be"),
    SIGNED("tcb-type-1", TCB_INFO_FORMAT, BOTH, "\"tcbType\":0", "\"tcbType\":1",
           "a tcbType that nobody knows"),
    SIGNED("fmspc-5-bytes", TCB_INFO_FORMAT, BOTH, "\"fmspc\":\"C0", "\"fmspc\":\"",
           "the fmspc is too short"),
    SIGNED("pceid-1-byte", TCB_INFO_FORMAT, BOTH, "\"pceId\":\"00", "\"pceId\":\"", "the pceId is too short"),
    SIGNED("date-without-time", TCB_INFO_FORMAT, BOTH, "T00:00:00Z", "", "a date without a time"),
    SIGNED("date-with-offset", TCB_INFO_FORMAT, BOTH, "T00:00:00Z", "T00:00:00+00:00",
           "a date not ending in Z"),
    SIGNED("date-of-month-13", TCB_INFO_FORMAT, BOTH, "\"tcbDate\":\"2025-11", "\"tcbDate\":\"2025-13",
           "a month 13"),
    SIGNED("evaluation-number-negative", TCB_INFO_FORMAT, BOTH, "DataNumber\":18", "DataNumber\":-1",
           "a negative number"),
    SIGNED("svn-256", TCB_INFO_FORMAT, BOTH, "\"svn\":5", "\"svn\":256",
           "a component that a truncating reader takes for 0"),
    SIGNED("svn-fraction", TCB_INFO_FORMAT, BOTH, "\"svn\":5", "\"svn\":5.0", "a number with a fraction"),
    SIGNED("svn-exponent", TCB_INFO_FORMAT, BOTH, "\"svn\":5", "\"svn\":5e0", "a number with an exponent"),
    SIGNED("svn-text", TCB_INFO_FORMAT, BOTH, "\"svn\":5", "\"svn\":\"5\"", "a text where a number must be"),
    SIGNED("pcesvn-65536", TCB_INFO_FORMAT, BOTH, "\"pcesvn\":13", "\"pcesvn\":65536",
           "a pcesvn of more than 16 bits"),
    BREAK("tcb-info-status-unknown", TCB_INFO_FORMAT, BOTH, SET_TEXT(tcb_info.levels[1].status, "Fine"),
          "a status that nobody knows"),
    BREAK("tcb-info-status-lower-case", TCB_INFO_FORMAT, BOTH,
          SET_TEXT(tcb_info.levels[0].status, "uptodate"), "a status in lower case"),
    BREAK("tcb-info-module-status-of-platform", TCB_INFO_FORMAT, TDX,
          SET_TEXT(tcb_info.module_levels[1].status, "SWHardeningNeeded"),
          "a module level with a status of platforms"),
    SIGNED("advisory-number", TCB_INFO_FORMAT, BOTH, "\"INTEL-SA-00999\"", "999",
           "an advisory that is no text"),
    /* the platform */
    BREAK("tcb-info-of-sgx", TCB_INFO_MISMATCH, TDX, SET_TEXT(tcb_info.id, "SGX"),
          "the statement is about SGX"),
    BREAK("tcb-info-id-lower-case", TCB_INFO_FORMAT, TDX, SET_TEXT(tcb_info.id, "tdx"),
          "an id in lower case"),
    BREAK("tcb-info-other-fmspc", TCB_INFO_MISMATCH, BOTH, SET_TEXT(tcb_info.fmspc, "C0A05C000001"),
          "the statement is about another platform family"),
    BREAK("tcb-info-other-pceid", TCB_INFO_MISMATCH, BOTH, SET_TEXT(tcb_info.pce_id, "0001"),
          "the statement is about another PCE"),
    BREAK("pck-other-fmspc", TCB_INFO_MISMATCH, BOTH, SET(pck.fmspc[5], 1),
          "the certificate is of another family"),
    BREAK("pck-other-pceid", TCB_INFO_MISMATCH, BOTH, SET(pck.pce_id[0], 1),
          "the certificate is of another PCE"),
    /* TDX module */
    BREAK("module-version-unknown", TDX_MODULE_MISMATCH, TDX, SET(quote.body[TD_TEE_TCB_SVN + 1], 2),
          "no identity for the version of the module"),
    SIGNED("no-module-identities", TDX_MODULE_MISMATCH, TDX, "\"tdxModuleIdentities\"", "\"x\"",
           "no tdxModuleIdentities"),
    SIGNED("module-identity-of-other-version", TDX_MODULE_MISMATCH, TDX, "\"TDX_01\"", "\"TDX_03\"",
           "the only identity is for another version"),
    BREAK("tcb-info-module-id-decimal", TDX_MODULE_MISMATCH, TDX, CALL(rename_to_decimal),
          "version 16 under TDX_16, which is hex for 22"),
    SIGNED("module-id-not-hex", TCB_INFO_FORMAT, TDX, "\"TDX_01\"", "\"TDX_0x\"",
           "an identity's id is not hex"),
    SIGNED("module-identity-twice", TCB_INFO_FORMAT, TDX, "\"tdxModuleIdentities\":[",
           "\"tdxModuleIdentities\":[{" IDENTITY_HEAD ZERO_SIGNER
           ",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":[{"
           "\"tcb\":"
           "{\"isvsvn\":2},\"tcbDate\":\"2025-11-12T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]},",
           "two identities for one version"),
    SIGNED("module-identity-other-signer", TDX_MODULE_MISMATCH, TDX, IDENTITY_HEAD ZERO_SIGNER,
           IDENTITY_HEAD OTHER_SIGNER, "the identity names another signer"),
    SIGNED("module-identity-attributes", TDX_MODULE_MISMATCH, TDX,
           IDENTITY_HEAD ZERO_SIGNER ",\"attributes\":\"00", IDENTITY_HEAD ZERO_SIGNER ",\"attributes\":\"01",
           "the identity wants an attribute that is not set"),
    BREAK("module-signer-nonzero", TDX_MODULE_MISMATCH, TDX, SET(quote.body[TD_MR_SIGNER_SEAM + 47], 1),
          "the report names another signer of the module"),
    BREAK("module-attributes-nonzero", TDX_MODULE_MISMATCH, TDX, SET(quote.body[TD_SEAM_ATTRIBUTES], 1),
          "SEAMATTRIBUTES are not zero"),
    BREAK("module-attributes-nonzero-unmasked", TDX_MODULE_MISMATCH, TDX, CALL(allow_seam_attributes_by_mask),
          "SEAMATTRIBUTES are not zero, and the identity's mask lets them be"),
    BREAK("module-version-0-other-signer", TDX_MODULE_MISMATCH, TDX, CALL(use_version_0_with_other_signer),
          "a module without version, and tdxModule names another signer"),
    BREAK("module-version-0-attributes", TDX_MODULE_MISMATCH, TDX, CALL(use_version_0_with_attributes),
          "a module without version, and tdxModule wants an attribute that is not set"),
    /* levels */
    BREAK("tcb-first-component-too-low", TCB_NOT_SUPPORTED, BOTH, CALL(lower_first_component),
          "the first component is below every level"),
    BREAK("tcb-last-component-too-low", TCB_NOT_SUPPORTED, BOTH, CALL(lower_last_component),
          "the sixteenth component is below every level"),
    BREAK("tcb-pcesvn-too-low", TCB_NOT_SUPPORTED, BOTH, SET(pck.pce_svn, 4), "PCESVN is below every level"),
    BREAK("tcb-tdx-component-too-low", TCB_NOT_SUPPORTED, TDX, SET(quote.body[TD_TEE_TCB_SVN + 2], 1),
          "the third TDX component is below every level"),
    BREAK("tcb-module-version-0-too-low", TCB_NOT_SUPPORTED, TDX, CALL(use_version_0_below_all_levels),
          "a module without version, and the first TDX component is below every level"),
    BREAK("module-svn-too-low", TCB_NOT_SUPPORTED, TDX, SET(quote.body[TD_TEE_TCB_SVN], 1),
          "the module's SVN is below every level of its identity"),
    BREAK("tcb-revoked", TCB_REVOKED, BOTH, SET_TEXT(tcb_info.levels[0].status, "Revoked"),
          "the platform's level is revoked"),
    BREAK("tcb-lower-level-revoked", TCB_REVOKED, BOTH, CALL(reach_revoked_level),
          "the platform reaches only a lower level, which is revoked"),
    BREAK("module-revoked", TCB_REVOKED, TDX, SET_TEXT(tcb_info.module_levels[0].status, "Revoked"),
          "the module's level is revoked"),
    BREAK("module-lower-level-revoked", TCB_REVOKED, TDX, CALL(reach_revoked_module_level),
          "the module reaches only a lower level, which is revoked"),
};

BREAK_GROUP(breaks_tcb, rows);
