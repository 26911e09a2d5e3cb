/* self.c - the stages of an examination that need neither trust nor collateral, for the maker of the
 * evidence. */
#include "verify/self.h"

#include "verify/internal.h"

/* Begins an examination of these parts of `quote`; self_end frees it. NULL: out of memory. */
static examination *self_begin(const dcap_quote *quote, size_t event_log_size)
{
    examination *x = calloc(1, sizeof *x);

    if (x == NULL) {
        return NULL;
    }
    x->quote = quote;
    x->claims = calloc(1, sizeof *x->claims);
    x->storage = (chaos_buffer)CHAOS_BUFFER_INIT(event_log_size + 1); /* the names of events */
    if (x->claims == NULL || buffer_reserve(&x->storage, x->storage.limit) == NULL) {
        free(x->claims);
        free(x);
        return NULL;
    }
    check_run_init(&x->claims->run, false);
    return x;
}

/* What the examination found: `status` is what its last stage answered. */
static chaos_status self_end(examination *x, chaos_status status, chaos_error *err)
{
    const chaos_status own_fault = x->own_fault;
    const chaos_error found = x->claims->run.error;
    const bool failed = x->claims->run.failed;

    chaos_buffer_free(&x->storage);
    free(x->claims);
    free(x);
    if (own_fault != CHAOS_OK) {
        return error_set(err, own_fault, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (!failed) {
        return status == CHAOS_OK ? CHAOS_OK : error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (err != NULL) {
        *err = found;
    }
    return found.status;
}

static chaos_status self_examine(examination *x, const chaos_evidence *evidence)
{
    CHAOS_TRY(verify_event_log(x, evidence));
    CHAOS_TRY(verify_dstack(x, evidence));
    return verify_binding(x, evidence);
}

chaos_status self_check(const chaos_evidence *evidence, chaos_error *err)
{
    examination *x = self_begin(&evidence->quote, evidence->event_log.size);

    return x == NULL ? error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL)
                     : self_end(x, self_examine(x, evidence), err);
}

static chaos_status facts_examine(examination *x, const chaos_evidence *evidence, self_facts *facts)
{
    check_run *run = &x->claims->run;
    fault why = { 0 };

    CHAOS_TRY(self_examine(x, evidence));
    facts->has_compose_hash = x->claims->has_compose_hash;
    memcpy(facts->compose_hash, x->claims->compose_hash, sizeof facts->compose_hash);
    if (evidence->quote.cert_data_type != CERT_PCK_CHAIN) {
        return CHAOS_OK;
    }
    CHECK_READ(run, read_pck_certificates(x, evidence->quote.cert_data, &why), PCK_CHAIN, &why);
    facts->is_simulated = is_simulators_root(&x->root_certificate);
    return CHAOS_OK;
}

chaos_status self_facts_of(const chaos_evidence *evidence, self_facts *facts, chaos_error *err)
{
    examination *x = self_begin(&evidence->quote, evidence->event_log.size);
    self_facts found = { .has_compose_hash = false };

    if (x == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(self_end(x, facts_examine(x, evidence, &found), err));
    *facts = found;
    return CHAOS_OK;
}

/* The rules of the stage come first of the binding's, so a draft without quote and signatures gets past
 * them or fails by them: whatever is refused later is what a draft lacks. */
chaos_status self_check_stage(const chaos_binding *binding, chaos_error *err)
{
    static const uint8_t no_body[TD_REPORT_10_SIZE] = { 0 };
    const dcap_quote no_quote = { .tee = CHAOS_TEE_TDX,
                                  .body_type = BODY_TD_10,
                                  .body = { no_body, sizeof no_body } };
    chaos_evidence *draft = calloc(1, sizeof *draft);
    examination *x = self_begin(&no_quote, 0);
    chaos_error found;
    chaos_status status = error_set(&found, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);

    if (draft != NULL && x != NULL) {
        draft->is_envelope = true;
        draft->binding = *binding;
        draft->type = binding_type;
        status = verify_binding(x, draft);
    }
    if (x != NULL) {
        status = self_end(x, status, &found);
    }
    free(draft);
    if (status != CHAOS_E_BINDING_STAGE && chaos_status_class(status) == CHAOS_CLASS_TRUST) {
        return CHAOS_OK;
    }
    if (err != NULL) {
        *err = found;
    }
    return status == CHAOS_OK ? CHAOS_E_INTERNAL : status; /* a draft never passes */
}
