/* seal.c - collateral whose signatures are verified once: the stages of docs/verify-dcap.md that need no quote, and
 * what they found, kept with the object. */
#include "verify/internal.h"

#include <stdatomic.h>

static void sealed_free(sealed_collateral *sealed)
{
    if (sealed != NULL) {
        chaos_buffer_free(&sealed->storage);
        free(sealed);
    }
}

/* ------------------------------------------------------------------ keeping ---- */

/* A copy in `storage`, which has room for all. */
static chaos_slice keep_bytes(sealed_collateral *sealed, chaos_slice bytes)
{
    chaos_slice kept = slice(sealed->storage.data + sealed->storage.size, bytes.size);

    return buffer_append(&sealed->storage, bytes) ? kept : slice(NULL, 0);
}

static bool keep_crl(sealed_collateral *sealed, const crl *list, crl *out)
{
    fault why;

    return crl_read(keep_bytes(sealed, list->der), out, &why);
}

static bool keep_chain(sealed_collateral *sealed, const signer_chain *chain, signer_chain *out)
{
    fault why;

    return certificate_read(keep_bytes(sealed, chain->signer.der), CHAOS_E_INTERNAL, &out->signer, &why) &&
           certificate_read(keep_bytes(sealed, chain->root.der), CHAOS_E_INTERNAL, &out->root, &why);
}

static size_t bytes_needed(const examination *x)
{
    return x->ca.der.size + x->root_crl->der.size + x->pck_crl->der.size + x->tcb_signer->signer.der.size +
           x->tcb_signer->root.der.size + x->qe_signer->signer.der.size + x->qe_signer->root.der.size;
}

static void narrow(sealed_collateral *sealed, int64_t from, int64_t to)
{
    sealed->from = from > sealed->from ? from : sealed->from;
    sealed->to = to < sealed->to ? to : sealed->to;
}

static void keep_window(sealed_collateral *sealed, const examination *x)
{
    const certificate *certificates[] = { &x->ca, &x->root_certificate, &x->tcb_signer->signer, &x->tcb_signer->root,
                                          &x->qe_signer->signer, &x->qe_signer->root };

    sealed->from = INT64_MIN;
    sealed->to = INT64_MAX;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(certificates); i++) {
        narrow(sealed, certificates[i]->not_before, certificates[i]->not_after);
    }
    narrow(sealed, x->root_crl->this_update, x->root_crl->next_update);
    narrow(sealed, x->pck_crl->this_update, x->pck_crl->next_update);
    narrow(sealed, x->tcb->issue_date, x->tcb->next_update);
    narrow(sealed, x->identity->issue_date, x->identity->next_update);
}

static bool keep_all(sealed_collateral *sealed, const examination *x)
{
    fault why;

    sealed->storage = (chaos_buffer)CHAOS_BUFFER_INIT(bytes_needed(x));
    if (buffer_reserve(&sealed->storage, sealed->storage.limit) == NULL) {
        return false;
    }
    sealed->root_key = x->root_certificate.key;
    sealed->ca_key = x->ca.key;
    sealed->one_signer = x->qe_signer == x->tcb_signer;
    sealed->tcb = *x->tcb; /* whose slices point into the collateral that owns this */
    sealed->identity = *x->identity;
    sealed->platform_ca = x->claims->platform_ca;
    keep_window(sealed, x);
    return certificate_read(keep_bytes(sealed, x->ca.der), CHAOS_E_INTERNAL, &sealed->ca, &why) &&
           keep_crl(sealed, x->root_crl, &sealed->root_crl) && keep_crl(sealed, x->pck_crl, &sealed->pck_crl) &&
           keep_chain(sealed, x->tcb_signer, &sealed->tcb_signer) &&
           (sealed->one_signer || keep_chain(sealed, x->qe_signer, &sealed->qe_signer)) &&
           signature_read(x->parts->tcb_info_signature, &sealed->tcb_signature) &&
           signature_read(x->parts->qe_identity_signature, &sealed->identity_signature);
}

chaos_status seal_from(const examination *x, chaos_collateral *collateral)
{
    sealed_collateral *sealed = calloc(1, sizeof *sealed);

    if (sealed == NULL || !keep_all(sealed, x)) { /* what is read here was read before */
        sealed_free(sealed);
        return CHAOS_E_MEMORY;
    }
    collateral->sealed = sealed;
    collateral->sealed_free = sealed_free;
    return CHAOS_OK;
}

/* --------------------------------------------------------------- verifying ---- */

static chaos_status stages(examination *x)
{
    CHAOS_TRY(verify_issuers(x));
    CHAOS_TRY(verify_crls(x));
    CHAOS_TRY(verify_pck_dates(x));
    CHAOS_TRY(verify_tcb_info(x));
    return verify_qe_identity(x);
}

/* What stands against the collateral, or a fault of ours. */
static chaos_status answer(const examination *x, chaos_status status, chaos_error *err)
{
    const check_run *run = &x->claims->run;

    if (x->own_fault != CHAOS_OK) {
        return error_set(err, x->own_fault, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (run->failed) {
        if (err != NULL) {
            *err = run->error;
        }
        return run->error.status;
    }
    return status == CHAOS_OK ? CHAOS_OK : error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status chaos_collateral_seal(chaos_collateral *collateral, const chaos_trust *trust, int64_t now,
                                   chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, claims);
    examination *x;
    chaos_status status;

    if (collateral == NULL || trust == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "collateral and trust may not be NULL");
    }
    claims = claims_empty();
    x = claims == NULL ? NULL : examination_new(NULL, collateral, trust, now, claims, 0);
    if (x == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    status = answer(x, stages(x), err);
    if (status == CHAOS_OK && collateral->sealed == NULL && seal_from(x, collateral) != CHAOS_OK) {
        status = error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    examination_free(x);
    return status;
}

chaos_status chaos_collateral_get_facts(const chaos_collateral *collateral, chaos_collateral_facts *facts,
                                        chaos_error *err)
{
    const sealed_collateral *sealed = collateral == NULL ? NULL : collateral->sealed;

    if (sealed == NULL || facts == NULL) {
        return error_set(err, CHAOS_E_USAGE, "collateral", CHAOS_NO_OFFSET, "the collateral is not sealed");
    }
    *facts = (chaos_collateral_facts){
        .tee = sealed->tcb.tee,
        .platform_ca = sealed->platform_ca,
        .tcb_evaluation_number = sealed->tcb.evaluation_number,
        .qe_evaluation_number = sealed->identity.evaluation_number,
        .valid_from = sealed->from,
        .valid_to = sealed->to,
        .tcb_info_issued = sealed->tcb.issue_date,
        .tcb_info_next_update = sealed->tcb.next_update,
        .qe_identity_issued = sealed->identity.issue_date,
        .qe_identity_next_update = sealed->identity.next_update,
        .root_ca_crl_issued = sealed->root_crl.this_update,
        .root_ca_crl_next_update = sealed->root_crl.next_update,
        .pck_crl_issued = sealed->pck_crl.this_update,
        .pck_crl_next_update = sealed->pck_crl.next_update,
    };
    memcpy(facts->fmspc, sealed->tcb.fmspc, sizeof facts->fmspc);
    memcpy(facts->pce_id, sealed->tcb.pce_id, sizeof facts->pce_id);
    return CHAOS_OK;
}
