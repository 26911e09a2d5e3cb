/* verify.c - one examination from evidence to claims. The stages stand below in the order of docs/verify-dcap.md. */
#include "verify/cache.h"

#include <stddef.h>

bool signed_by(examination *x, const p256_key *key, chaos_slice message, const p256_signature *signature)
{
    p256_result result = p256_verify(key, message, signature);

    if (result == P256_BACKEND_FAILED) {
        x->own_fault = CHAOS_E_CRYPTO;
    }
    return result == P256_GOOD;
}

void note_validity(examination *x, int64_t from, int64_t to)
{
    chaos_claims *claims = x->claims;

    claims->earliest_issue = from < claims->earliest_issue ? from : claims->earliest_issue;
    claims->latest_issue = from > claims->latest_issue ? from : claims->latest_issue;
    claims->earliest_expiration = to < claims->earliest_expiration ? to : claims->earliest_expiration;
}

void note_collateral_validity(examination *x, int64_t from, int64_t to)
{
    chaos_claims *claims = x->claims;

    note_validity(x, from, to);
    claims->collateral_expiration = to < claims->collateral_expiration ? to : claims->collateral_expiration;
}

chaos_slice body_field(const examination *x, const char *name)
{
    chaos_slice value = { NULL, 0 };

    (void)wire_field_get(quote_body_table(x->quote->body_type), x->quote->body, name, &value);
    return value;
}

chaos_slice qe_field(const examination *x, const char *name)
{
    chaos_slice value = { NULL, 0 };

    (void)wire_field_get(sgx_report_table(), x->quote->qe_report, name, &value);
    return value;
}

static void copy_quote(chaos_claims *claims, const dcap_quote *quote)
{
    claims->has_quote = true;
    claims->tee = quote->tee;
    claims->version = quote->version;
    claims->body_type = quote->body_type;
    claims->body_size = quote->body.size;
    claims->cert_data_type = quote->cert_data_type;
    memcpy(claims->header, quote->header.data, sizeof claims->header);
    memcpy(claims->body, quote->body.data, quote->body.size);
    memcpy(claims->qe_report, quote->qe_report.data, sizeof claims->qe_report);
}

chaos_claims *claims_empty(void)
{
    chaos_claims *claims = calloc(1, sizeof *claims);

    if (claims == NULL) {
        return NULL;
    }
    claims->run.error.offset = CHAOS_NO_OFFSET; /* and zero else, as check_run_init makes it */
    claims->earliest_issue = INT64_MAX;
    claims->latest_issue = INT64_MIN;
    claims->earliest_expiration = INT64_MAX;
    claims->collateral_expiration = INT64_MAX;
    return claims;
}

static chaos_claims *claims_new(const chaos_evidence *evidence)
{
    chaos_claims *claims = claims_empty();

    if (claims != NULL && evidence != NULL) {
        copy_quote(claims, &evidence->quote);
        if (evidence->is_envelope) {
            take_binding(claims, evidence);
        }
        check_pass(&claims->run, CHECK_QUOTE_FORMAT);
    }
    return claims;
}

static chaos_status examine(examination *x, const chaos_evidence *evidence)
{
    CHAOS_TRY(verify_pck_chain(x));
    CHAOS_TRY(verify_crls(x));
    CHAOS_TRY(verify_pck_dates(x));
    CHAOS_TRY(verify_tcb_info(x));
    CHAOS_TRY(verify_qe_identity(x));
    CHAOS_TRY(verify_platform(x));
    CHAOS_TRY(verify_qe_report(x));
    CHAOS_TRY(verify_quote_signature(x));
    CHAOS_TRY(verify_tcb_level(x));
    CHAOS_TRY(verify_event_log(x, evidence));
    CHAOS_TRY(verify_dstack(x, evidence));
    return verify_binding(x, evidence);
}

examination *examination_new(const dcap_quote *quote, const chaos_collateral *collateral, const chaos_trust *trust,
                             int64_t now, chaos_claims *claims, size_t extra)
{
    examination *x = malloc(sizeof *x); /* large, and nothing below `events` is read before it is written */

    if (x == NULL) {
        return NULL;
    }
    memset(x, 0, offsetof(examination, own));
    x->quote = quote;
    x->collateral = collateral;
    x->parts = &collateral->parts;
    x->trust = trust;
    x->now = now;
    x->claims = claims;
    x->storage = (chaos_buffer)CHAOS_BUFFER_INIT(x->parts->root_ca_crl.size + x->parts->pck_crl.size + extra + 2);
    if ((collateral->sealed == NULL || extra > 0) && buffer_reserve(&x->storage, x->storage.limit) == NULL) {
        free(x);
        return NULL;
    }
    return x;
}

void examination_free(examination *x)
{
    if (x != NULL) {
        chaos_buffer_free(&x->storage);
        free(x);
    }
}

/* What an examination has found good in everything but time is kept for the next one. */
static void keep(chaos_cache *cache, const examination *x, const cache_request *request)
{
    if (x->known == NULL) {
        cache_keep_platform(cache, x);
    }
    if (request != NULL && x->collateral->sealed == NULL) {
        cache_keep_collateral(cache, x, request);
    }
}

static chaos_status examine_into(chaos_claims *claims, const chaos_evidence *evidence,
                                 const chaos_collateral *collateral, const chaos_trust *trust, int64_t now,
                                 chaos_cache *cache, const cache_request *request)
{
    chaos_status status;
    examination *x = examination_new(&evidence->quote, collateral, trust, now, claims, evidence->event_log.size);

    if (x == NULL) {
        return CHAOS_E_MEMORY;
    }
    x->known = cache_find_platform(cache, x->quote);
    status = examine(x, evidence);
    claims->verified = status == CHAOS_OK && !claims->run.failed;
    claims->only_dates_failed = status == CHAOS_OK && claims->run.failed;
    /* Out of memory inside a reader is no statement about what was read. */
    if (cache != NULL && status == CHAOS_OK && x->own_fault == CHAOS_OK) {
        keep(cache, x, request);
    }
    status = x->own_fault == CHAOS_OK && chaos_status_class(claims->run.error.status) == CHAOS_CLASS_INTERNAL
                 ? claims->run.error.status
                 : x->own_fault;
    cache_release(x->known);
    examination_free(x);
    return status;
}

chaos_status verify_examine(const chaos_evidence *evidence, const chaos_collateral *collateral,
                            const chaos_trust *trust, int64_t now, chaos_cache *cache, const cache_request *request,
                            chaos_claims **claims, chaos_error *err)
{
    chaos_claims *made;
    chaos_status status;

    if (evidence == NULL || collateral == NULL || trust == NULL || claims == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "evidence, collateral, trust and claims may not be NULL");
    }
    made = claims_new(evidence);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    status = examine_into(made, evidence, collateral, trust, now, cache, request);
    if (status != CHAOS_OK) {
        chaos_claims_free(made);
        return error_set(err, status, NULL, CHAOS_NO_OFFSET, NULL);
    }
    *claims = made;
    return CHAOS_OK;
}

chaos_status verify_unreadable(const chaos_evidence *evidence, check_id row, const chaos_error *failure,
                               chaos_claims **claims, chaos_error *err)
{
    chaos_claims *made = claims_new(evidence);
    check_row *at;

    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->run.failed = true;
    made->run.error = *failure;
    at = &made->run.rows[row];
    at->result = chaos_status_class(failure->status) == CHAOS_CLASS_ENV ? CHECK_NOT_CHECKED : CHECK_FAILED;
    at->code = failure->status;
    memcpy(at->expected, failure->expected, sizeof at->expected);
    memcpy(at->found, failure->found, sizeof at->found);
    *claims = made;
    return CHAOS_OK;
}

chaos_status chaos_verify(const chaos_evidence *evidence, const chaos_collateral *collateral, const chaos_trust *trust,
                          int64_t now, chaos_cache *cache, chaos_claims **claims, chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, made);

    if (claims == NULL) {
        return error_set(err, CHAOS_E_USAGE, "claims", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(verify_examine(evidence, collateral, trust, now, cache, NULL, &made, err));
    if (made == NULL || (!made->verified && made->run.error.status == CHAOS_OK)) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (!made->verified) {
        if (err != NULL) {
            *err = made->run.error;
        }
        return made->run.error.status;
    }
    CHAOS_GIVE(claims, made);
    return CHAOS_OK;
}
