/* quote.c - the quote itself: platform, TDX module, quoting enclave, attestation key (docs/verify-dcap.md E15-E21). */
#include "verify/internal.h"

#define SGX_FLAG_DEBUG 0x02 /* bit 1 of ATTRIBUTES.FLAGS */

/* (value & mask) == expected, byte by byte in memory order; expected bits outside the mask can never match. */
static bool masked_equal(chaos_slice value, const uint8_t *mask, const uint8_t *expected)
{
    for (size_t i = 0; i < value.size; i++) {
        if ((value.data[i] & mask[i]) != expected[i]) {
            return false;
        }
    }
    return true;
}

static const char *tee_name(chaos_tee_kind tee)
{
    return tee == CHAOS_TEE_TDX ? "TDX" : "SGX";
}

static const module_identity *find_module(const tcb_info *info, uint8_t version)
{
    for (size_t i = 0; i < info->identity_count; i++) {
        if (info->identities[i].version == version) {
            return &info->identities[i];
        }
    }
    return NULL;
}

static chaos_status check_module(examination *x)
{
    check_run *run = &x->claims->run;
    const tcb_info *info = x->tcb;
    uint8_t version = body_field(x, "tee_tcb_svn").data[1];
    const module_identity *module = version > 0 ? find_module(info, version) : NULL;
    const uint8_t *mr_signer = info->module_mr_signer;
    const uint8_t *mask = info->module_attributes_mask;
    const uint8_t *attributes = info->module_attributes;

    CHECK(run, version == 0 || module != NULL, TDX_MODULE, TDX_MODULE_MISMATCH, "tdxModuleIdentities.id",
          v_number(version), v_text("no such identity"));
    if (module != NULL) {
        mr_signer = module->mr_signer;
        mask = module->attributes_mask;
        attributes = module->attributes;
    }
    CHECK(run, slice_equal(body_field(x, "mr_signer_seam"), slice(mr_signer, SHA384_SIZE)), TDX_MODULE,
          TDX_MODULE_MISMATCH, "mr_signer_seam", v_hex(slice(mr_signer, SHA384_SIZE)),
          v_hex(body_field(x, "mr_signer_seam")));
    CHECK(run, slice_is_zero(body_field(x, "seam_attributes")), TDX_MODULE, TDX_MODULE_MISMATCH, "seam_attributes",
          v_text("all zero"), v_hex(body_field(x, "seam_attributes")));
    CHECK(run, masked_equal(body_field(x, "seam_attributes"), mask, attributes), TDX_MODULE, TDX_MODULE_MISMATCH,
          "tdxModule.attributes", v_hex(slice(attributes, 8)), v_hex(body_field(x, "seam_attributes")));
    return CHAOS_OK;
}

chaos_status verify_platform(examination *x)
{
    check_run *run = &x->claims->run;
    const tcb_info *info = x->tcb;
    const pck_extension *pck = &x->claims->pck;

    CHECK(run, info->tee == x->quote->tee, PLATFORM, TCB_INFO_MISMATCH, "tcbInfo.id", v_text(tee_name(x->quote->tee)),
          v_text(tee_name(info->tee)));
    CHECK(run, memcmp(info->fmspc, pck->fmspc, sizeof pck->fmspc) == 0, PLATFORM, TCB_INFO_MISMATCH, "tcbInfo.fmspc",
          v_hex(slice(pck->fmspc, sizeof pck->fmspc)), v_hex(slice(info->fmspc, sizeof info->fmspc)));
    CHECK(run, memcmp(info->pce_id, pck->pce_id, sizeof pck->pce_id) == 0, PLATFORM, TCB_INFO_MISMATCH, "tcbInfo.pceId",
          v_hex(slice(pck->pce_id, sizeof pck->pce_id)), v_hex(slice(info->pce_id, sizeof info->pce_id)));
    return x->quote->tee == CHAOS_TEE_TDX ? check_module(x) : CHAOS_OK;
}

static chaos_status check_identity(examination *x)
{
    check_run *run = &x->claims->run;
    const enclave_identity *identity = x->identity;
    chaos_slice attributes = qe_field(x, "attributes");

    CHECK(run, identity->id == (x->quote->tee == CHAOS_TEE_TDX ? IDENTITY_TD_QE : IDENTITY_QE), QE_MATCH,
          QE_IDENTITY_MISMATCH, "enclaveIdentity.id", v_text(x->quote->tee == CHAOS_TEE_TDX ? "TD_QE" : "QE"),
          v_text("another enclave's identity"));
    CHECK(run, identity->version == 2, QE_MATCH, QE_IDENTITY_MISMATCH, "enclaveIdentity.version", v_number(2),
          v_number(identity->version));
    CHECK(run, masked_equal(qe_field(x, "misc_select"), identity->misc_select_mask, identity->misc_select),
          QE_MATCH, QE_IDENTITY_MISMATCH, "miscselect", v_hex(slice(identity->misc_select, 4)),
          v_hex(qe_field(x, "misc_select")));
    CHECK(run, masked_equal(attributes, identity->attributes_mask, identity->attributes), QE_MATCH,
          QE_IDENTITY_MISMATCH, "attributes", v_hex(slice(identity->attributes, 16)), v_hex(attributes));
    CHECK(run, slice_equal(qe_field(x, "mr_signer"), slice(identity->mr_signer, 32)), QE_MATCH, QE_IDENTITY_MISMATCH,
          "mrsigner", v_hex(slice(identity->mr_signer, 32)), v_hex(qe_field(x, "mr_signer")));
    CHECK(run, load_u16le(qe_field(x, "isv_prod_id").data) == identity->isv_prod_id, QE_MATCH, QE_IDENTITY_MISMATCH,
          "isvprodid", v_number(identity->isv_prod_id), v_number(load_u16le(qe_field(x, "isv_prod_id").data)));
    CHECK(run, (attributes.data[0] & SGX_FLAG_DEBUG) == 0, QE_MATCH, QE_DEBUG, "attributes", v_text("DEBUG off"),
          v_hex(attributes));
    return CHAOS_OK;
}

chaos_status verify_qe_report(examination *x)
{
    check_run *run = &x->claims->run;
    const dcap_quote *quote = x->quote;
    chaos_slice report_data = qe_field(x, "report_data");
    chaos_slice key = slice(&quote->attestation_key, sizeof quote->attestation_key);
    chaos_sha256 vouched = hash_sha256_two(key, quote->qe_auth_data);

    CHECK(run, x->known != NULL || signed_by(x, &x->leaf.key, quote->qe_report, &quote->qe_report_signature),
          QE_REPORT_SIGNATURE, QE_REPORT_SIGNATURE, "qe_report_signature", v_text("a signature of the PCK key"),
          v_none());
    CHECK(run, memcmp(report_data.data, vouched.bytes, sizeof vouched.bytes) == 0, QE_REPORT_DATA, QE_REPORT_DATA,
          "qe_report.report_data", v_hex(slice(vouched.bytes, sizeof vouched.bytes)), v_hex(report_data));
    CHECK(run, slice_is_zero(slice(report_data.data + 32, 32)), QE_REPORT_DATA, QE_REPORT_DATA,
          "qe_report.report_data[32..64]", v_text("all zero"), v_hex(slice(report_data.data + 32, 32)));
    return check_identity(x);
}

chaos_status verify_quote_signature(examination *x)
{
    check_run *run = &x->claims->run;
    const dcap_quote *quote = x->quote;
    p256_result result = p256_verify(&quote->attestation_key, quote->signed_bytes, &quote->signature);

    if (result == P256_BACKEND_FAILED) {
        x->own_fault = CHAOS_E_CRYPTO; /* which is no answer, whatever the rows say */
    }
    CHECK(run, result == P256_GOOD || result == P256_BAD, ATTESTATION_KEY, ATTESTATION_KEY, "attestation_key",
          v_text("a point of P-256"), v_hex(slice(&quote->attestation_key, sizeof quote->attestation_key)));
    CHECK(run, result == P256_GOOD, QUOTE_SIGNATURE, QUOTE_SIGNATURE,
          "quote_signature", v_text("a signature of the attestation key"), v_none());
    return CHAOS_OK;
}
