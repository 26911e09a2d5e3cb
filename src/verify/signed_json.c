/* signed_json.c - TCB info and QE identity: their signer's chain, then the signature over the bytes as served, and only
 * then what they say (docs/verify-dcap.md C10-C13, D14). */
#include "verify/internal.h"

#define CN_TCB_SIGNING "Intel SGX TCB Signing"

/* Two certificates, the first of them a TCB signer by name. */
bool signer_read(chaos_slice text, signer_chain *chain, uint8_t *room, size_t capacity, fault *why)
{
    chaos_slice der[SIGNER_CHAIN_LENGTH];
    size_t count = pem_read(text, "CERTIFICATE", CHAOS_E_TCB_SIGNING_CERT, CHAOS_E_TCB_SIGNING_CERT, room, capacity,
                            der, SIGNER_CHAIN_LENGTH, why);

    memset(&chain->signer, 0, sizeof chain->signer);
    memset(&chain->root, 0, sizeof chain->root);
    if (count == 0) {
        return false;
    }
    if (count != SIGNER_CHAIN_LENGTH) {
        *why = (fault){ .status = CHAOS_E_TCB_SIGNING_CERT,
                        .field = "issuer_chain",
                        .offset = CHAOS_NO_OFFSET,
                        .reason = "certificates",
                        .expected = SIGNER_CHAIN_LENGTH,
                        .found = count,
                        .has_numbers = true };
        return false;
    }
    if (!certificate_read(der[0], CHAOS_E_TCB_SIGNING_CERT, &chain->signer, why) ||
        !certificate_read(der[1], CHAOS_E_TCB_SIGNING_CERT, &chain->root, why)) {
        return false;
    }
    if (!slice_is(chain->signer.subject_cn, CN_TCB_SIGNING)) {
        *why = (fault){ .status = CHAOS_E_TCB_SIGNING_CERT,
                        .field = "subject",
                        .offset = CHAOS_NO_OFFSET,
                        .reason = "its common name is not " CN_TCB_SIGNING };
        return false;
    }
    return true;
}

/* The presented root: the very bytes that ended the PCK chain, or another certificate of the same subject and key that
 * is known or signed itself. */
static bool same_root(examination *x, const certificate *root)
{
    if (slice_equal(root->der, x->root_certificate.der)) {
        return true;
    }
    return trust_find(x->trust, root) == x->root &&
           (x->sealed != NULL || trust_knows(x->root, root) ||
            signed_by(x, &root->key, root->tbs, &root->signature));
}

static chaos_status check_signer_dates(examination *x, const signer_chain *chain)
{
    check_run *run = &x->claims->run;
    const certificate *signer = &chain->signer;
    const certificate *root = &chain->root;

    CHECK(run, signer->not_before <= x->now, TCB_SIGNER_DATES, TCB_SIGNING_CERT_NOT_YET_VALID, "notBefore",
          v_time(x->now), v_time(signer->not_before));
    CHECK(run, x->now <= signer->not_after, TCB_SIGNER_DATES, TCB_SIGNING_CERT_EXPIRED, "notAfter", v_time(x->now),
          v_time(signer->not_after));
    CHECK(run, root->not_before <= x->now, TCB_SIGNER_DATES, ROOT_NOT_YET_VALID, "root.notBefore", v_time(x->now),
          v_time(root->not_before));
    CHECK(run, x->now <= root->not_after, TCB_SIGNER_DATES, ROOT_EXPIRED, "root.notAfter", v_time(x->now),
          v_time(root->not_after));
    note_validity(x, signer->not_before, signer->not_after);
    note_validity(x, root->not_before, root->not_after);
    return CHAOS_OK;
}

/* `read`: the chain stands already in *chain, from when the collateral was sealed. */
static chaos_status check_signer(examination *x, bool read, const signer_chain *chain, const fault *why)
{
    check_run *run = &x->claims->run;
    const certificate *signer = &chain->signer;

    CHECK_READ(run, read, TCB_SIGNER, why);
    CHECK(run, same_root(x, &chain->root), TCB_SIGNER, TCB_SIGNING_CERT, "root", v_text("the root of the PCK chain"),
          v_hex(chain->root.spki));
    CHECK(run, slice_equal(signer->issuer, chain->root.subject), TCB_SIGNER, TCB_SIGNING_CERT, "issuer",
          v_text("the root's subject"), v_hex(signer->issuer));
    CHECK(run, x->sealed != NULL || signed_by(x, &chain->root.key, signer->tbs, &signer->signature), TCB_SIGNER,
          TCB_SIGNING_CERT, "signatureValue", v_text("a signature of the root"), v_none());
    CHECK(run, has_profile_extensions(signer), TCB_SIGNER, TCB_SIGNING_CERT, "extensions",
          v_text("AKI, SKI, keyUsage, basicConstraints, CRLDP"), v_text("one is missing"));
    CHECK(run, slice_equal(signer->authority_key_id, chain->root.subject_key_id), TCB_SIGNER, TCB_SIGNING_CERT,
          "authorityKeyIdentifier", v_hex(chain->root.subject_key_id), v_hex(signer->authority_key_id));
    CHECK(run, !signer->is_ca, TCB_SIGNER, TCB_SIGNING_CERT, "basicConstraints.cA", v_text("false"), v_text("true"));
    CHECK(run, (signer->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0, TCB_SIGNER, TCB_SIGNING_CERT, "keyUsage",
          v_text("digitalSignature"), v_number(signer->key_usage));
    CHECK(run, (signer->key_usage & KEY_USAGE_ISSUER) == 0, TCB_SIGNER, TCB_SIGNING_CERT, "keyUsage",
          v_text("neither keyCertSign nor cRLSign"), v_number(signer->key_usage));
    CHECK(run, !crl_lists(x->root_crl, signer->serial), REVOCATION, TCB_SIGNING_CERT_REVOKED, "serialNumber",
          v_text("a serial that is not listed"), v_hex(signer->serial));
    return check_signer_dates(x, chain);
}

bool signature_read(chaos_slice text, p256_signature *signature)
{
    uint8_t raw[2 * P256_SIZE];

    memset(signature, 0, sizeof *signature);
    if (!hex_decode(text, raw, sizeof raw)) {
        return false;
    }
    memcpy(signature->r, raw, P256_SIZE);
    memcpy(signature->s, raw + P256_SIZE, P256_SIZE);
    return true;
}

chaos_status verify_tcb_info(examination *x)
{
    check_run *run = &x->claims->run;
    const collateral_parts *parts = x->parts;
    const sealed_collateral *sealed = x->sealed;
    const tcb_info *info = sealed != NULL ? &sealed->tcb : &x->own.tcb;
    p256_signature signature;
    fault why = { 0 };
    bool read = sealed != NULL || signer_read(parts->tcb_info_issuer_chain, &x->own.tcb_signer, x->own.tcb_signer_der,
                                              sizeof x->own.tcb_signer_der, &why);

    x->tcb_signer = sealed != NULL ? &sealed->tcb_signer : &x->own.tcb_signer;
    why.part = "tcb_info_issuer_chain";
    CHAOS_TRY(check_signer(x, read, x->tcb_signer, &why));
    CHECK(run, sealed != NULL || signature_read(parts->tcb_info_signature, &signature), TCB_INFO_SIGNATURE,
          TCB_INFO_SIGNATURE_FORMAT, "tcb_info_signature", v_text("128 hex digits"),
          v_quoted(parts->tcb_info_signature));
    CHECK(run, sealed != NULL || signed_by(x, &x->tcb_signer->signer.key, parts->tcb_info, &signature),
          TCB_INFO_SIGNATURE, TCB_INFO_SIGNATURE, "tcb_info_signature", v_text("a signature of the TCB signing key"),
          v_none());
    read = sealed != NULL || tcb_info_read(parts->tcb_info, &x->own.tcb, &why);
    why.part = why.status == CHAOS_E_TCB_INFO_FORMAT ? NULL : "tcb_info";
    CHECK_READ(run, read, TCB_INFO, &why);
    x->tcb = info;
    CHECK(run, info->issue_date <= x->now, TCB_INFO_DATES, TCB_INFO_NOT_YET_VALID, "tcbInfo.issueDate", v_time(x->now),
          v_time(info->issue_date));
    CHECK(run, x->now <= info->next_update, TCB_INFO_DATES, TCB_INFO_EXPIRED, "tcbInfo.nextUpdate", v_time(x->now),
          v_time(info->next_update));
    note_collateral_validity(x, info->issue_date, info->next_update);
    x->claims->tcb_info_issued = info->issue_date;
    x->claims->tcb_evaluation_number = info->evaluation_number;
    return CHAOS_OK;
}

/* The QE identity's signer is usually the very chain that was just checked. */
static chaos_status check_identity_signer(examination *x, const certificate **signer)
{
    const sealed_collateral *sealed = x->sealed;
    chaos_slice text = x->parts->qe_identity_issuer_chain;
    fault why = { 0 };
    bool read;

    if (sealed != NULL ? sealed->one_signer : slice_equal(text, x->parts->tcb_info_issuer_chain)) {
        x->qe_signer = x->tcb_signer;
        *signer = &x->tcb_signer->signer;
        return CHAOS_OK;
    }
    read = sealed != NULL ||
           signer_read(text, &x->own.qe_signer, x->own.qe_signer_der, sizeof x->own.qe_signer_der, &why);
    x->qe_signer = sealed != NULL ? &sealed->qe_signer : &x->own.qe_signer;
    *signer = &x->qe_signer->signer;
    why.part = "qe_identity_issuer_chain";
    return check_signer(x, read, x->qe_signer, &why);
}

chaos_status verify_qe_identity(examination *x)
{
    check_run *run = &x->claims->run;
    const collateral_parts *parts = x->parts;
    const sealed_collateral *sealed = x->sealed;
    const enclave_identity *identity = sealed != NULL ? &sealed->identity : &x->own.identity;
    const certificate *signer = NULL;
    p256_signature signature;
    fault why = { 0 };

    CHAOS_TRY(check_identity_signer(x, &signer));
    CHECK(run, sealed != NULL || signature_read(parts->qe_identity_signature, &signature), QE_IDENTITY_SIGNATURE,
          QE_IDENTITY_SIGNATURE_FORMAT, "qe_identity_signature", v_text("128 hex digits"),
          v_quoted(parts->qe_identity_signature));
    CHECK(run, sealed != NULL || signed_by(x, &signer->key, parts->qe_identity, &signature), QE_IDENTITY_SIGNATURE,
          QE_IDENTITY_SIGNATURE, "qe_identity_signature", v_text("a signature of the TCB signing key"), v_none());
    bool read = sealed != NULL || enclave_identity_read(parts->qe_identity, &x->own.identity, &why);
    why.part = why.status == CHAOS_E_QE_IDENTITY_FORMAT ? NULL : "qe_identity";
    CHECK_READ(run, read, QE_IDENTITY, &why);
    x->identity = identity;
    CHECK(run, identity->issue_date <= x->now, QE_IDENTITY_DATES, QE_IDENTITY_NOT_YET_VALID,
          "enclaveIdentity.issueDate", v_time(x->now), v_time(identity->issue_date));
    CHECK(run, x->now <= identity->next_update, QE_IDENTITY_DATES, QE_IDENTITY_EXPIRED, "enclaveIdentity.nextUpdate",
          v_time(x->now), v_time(identity->next_update));
    note_collateral_validity(x, identity->issue_date, identity->next_update);
    x->claims->qe_identity_issued = identity->issue_date;
    x->claims->qe_evaluation_number = identity->evaluation_number;
    x->claims->has_collateral = true;
    return CHAOS_OK;
}
