/* forge.c - from a recipe to evidence, and the list of breaks. */
#include "sim/recipe.h"

#define LATEST_NOW 2493072000   /* 2049-01-01T00:00:00Z: the certificates end with that year */
#define EARLIEST_NOW 1580515200 /* 2020-02-01T00:00:00Z: a month after they begin */
#define MAX_QUOTE (3 * CHAOS_MAX_EVIDENCE)
#define MAX_APP_COMPOSE (64u * 1024u)
#define MAX_POLICY (64u * 1024u)

static const break_group *const groups[] = {
    &breaks_chain,
    &breaks_encoding,
    &breaks_pck_extension,
    &breaks_crl,
    &breaks_signer,
    &breaks_collateral,
    &breaks_tcb,
    &breaks_identity,
    &breaks_quote,
    &breaks_event_log,
    &breaks_envelope,
    &breaks_binding,
    &breaks_policy,
};

/* ------------------------------------------------------------------ breaks ---- */

static const break_row *row_at(size_t index)
{
    for (size_t g = 0; g < CHAOS_ARRAY_SIZE(groups); g++) {
        if (index < groups[g]->count) {
            return &groups[g]->rows[index];
        }
        index -= groups[g]->count;
    }
    return NULL;
}

static const break_row *row_find(const char *name)
{
    const break_row *row;
    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        if (strcmp(row->shown.name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

size_t forge_break_count(void)
{
    size_t count = 0;
    for (size_t g = 0; g < CHAOS_ARRAY_SIZE(groups); g++) {
        count += groups[g]->count;
    }
    return count;
}

const forge_break *forge_break_at(size_t index)
{
    const break_row *row = row_at(index);
    return row == NULL ? NULL : &row->shown;
}

const forge_break *forge_break_find(const char *name)
{
    const break_row *row = name == NULL ? NULL : row_find(name);
    return row == NULL ? NULL : &row->shown;
}

static void set_number(void *knob, size_t size, int64_t value)
{
    const uint8_t u8 = (uint8_t)value;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;
    if (size == sizeof u8) {
        memcpy(knob, &u8, size);
    } else if (size == sizeof u16) {
        memcpy(knob, &u16, size);
    } else if (size == sizeof u32) {
        memcpy(knob, &u32, size);
    } else {
        memcpy(knob, &value, size);
    }
}

static void row_apply(const break_row *row, recipe *r)
{
    void *knob = (uint8_t *)r + row->knob;
    text_edit edit = { row->text, row->to };
    switch (row->action) {
    case ACTION_NUMBER:
        set_number(knob, row->size, row->value);
        break;
    case ACTION_TIME:
        set_number(knob, row->size, r->now + row->value);
        break;
    case ACTION_TEXT:
        memcpy(knob, &row->text, sizeof row->text);
        break;
    case ACTION_EDIT:
        memcpy(knob, &edit, sizeof edit);
        break;
    case ACTION_CALL:
        row->call(r);
        break;
    }
}

/* ------------------------------------------------------------------ making ---- */

static bool copy_der(const recipe *r, sim_cert which, chaos_buffer *out)
{
    return buffer_append(out, buffer_slice(&r->ders[which]));
}

static bool make_all(recipe *r, forge_result *made)
{
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        if (!certificate_make(r, (sim_cert)i, &r->ders[i])) {
            return false;
        }
    }
    made->now = r->now;
    if (r->kind == FORGE_TDX4 && !event_log_make(r, &made->event_log)) {
        return false;
    }
    envelope_bind(r);
    if (r->envelope.makes) {
        made->binding = binding_make(r);
    }
    return quote_make(r, &made->quote) &&
           envelope_make(r, buffer_slice(&made->quote), buffer_slice(&made->event_log), &made->envelope) &&
           collateral_make(r, &made->collateral) && copy_der(r, CERT_TRUSTED_ROOT, &made->root) &&
           copy_der(r, CERT_FOREIGN_ROOT, &made->foreign_root);
}

/* What a relying party holds: made before anything is broken. */
static bool make_known(recipe *r, forge_result *made)
{
    if (r->kind != FORGE_TDX4) {
        return true;
    }
    k1_compress(&r->agent.point[AGENT_KMS_ROOT], made->kms_root);
    return buffer_append_text(&made->app_compose, sim_app_compose) && policy_make(r, &made->policy);
}

static chaos_status check_envelope_options(forge_kind kind, const forge_options *options, const break_row *row,
                                           chaos_error *err)
{
    static const chaos_u256 max_chain_id = { { [24] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
    bool chosen = options->has_stage || options->has_nonce || options->binding != NULL;
    if ((chosen || (row != NULL && row->shown.envelope)) && (kind != FORGE_TDX4 || options->has_report_data)) {
        return error_set(err, CHAOS_E_USAGE, "report_data", CHAOS_NO_OFFSET,
                         "an envelope is made for TDX and its own report data only");
    }
    if (options->has_stage && options->stage > CHAOS_STAGE_SESSION) {
        return error_set(err, CHAOS_E_USAGE, "stage", CHAOS_NO_OFFSET, "a stage is one of 0 to 5");
    }
    if (options->binding == NULL) {
        return CHAOS_OK;
    }
    if (options->has_stage || options->has_nonce) {
        return error_set(err, CHAOS_E_USAGE, "binding", CHAOS_NO_OFFSET,
                         "the binding has a stage and a nonce of its own");
    }
    if (memcmp(options->binding->chain_id.bytes, max_chain_id.bytes, sizeof max_chain_id.bytes) > 0) {
        return error_set(err, CHAOS_E_USAGE, "binding", CHAOS_NO_OFFSET, "the chain id has more than 64 bits");
    }
    return CHAOS_OK;
}

static chaos_status check_options(forge_kind kind, const forge_options *options, const break_row *row,
                                  chaos_error *err)
{
    int64_t now = options->now != 0 ? options->now : FORGE_DEFAULT_NOW;
    if (kind != FORGE_SGX3 && kind != FORGE_TDX4) {
        return error_set(err, CHAOS_E_USAGE, "kind", CHAOS_NO_OFFSET,
                         "the kind of evidence is not one that can be forged");
    }
    if (now < EARLIEST_NOW || now > LATEST_NOW) {
        return error_set(err, CHAOS_E_USAGE, "now", CHAOS_NO_OFFSET,
                         "the simulator's certificates serve the time from 2020-02-01 to 2049-01-01 only");
    }
    if (options->tcb_status != NULL &&
        tcb_status_from_text(slice_text(options->tcb_status)) == CHAOS_TCB_UNKNOWN) {
        return error_set(err, CHAOS_E_USAGE, "tcb_status", CHAOS_NO_OFFSET,
                         "not a status of a platform TCB level");
    }
    if (row != NULL && (row->shown.kinds & 1u << (unsigned)kind) == 0) {
        return error_set(err, CHAOS_E_USAGE, "broken", CHAOS_NO_OFFSET,
                         "%s does not apply to this kind of evidence", row->shown.name);
    }
    return check_envelope_options(kind, options, row, err);
}

static forge_result result_init(void)
{
    forge_result empty = {
        .quote = CHAOS_BUFFER_INIT(MAX_QUOTE),
        .collateral = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL),
        .event_log = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG),
        .envelope = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE),
        .root = CHAOS_BUFFER_INIT(MAX_CERTIFICATE),
        .foreign_root = CHAOS_BUFFER_INIT(MAX_CERTIFICATE),
        .app_compose = CHAOS_BUFFER_INIT(MAX_APP_COMPOSE),
        .policy = CHAOS_BUFFER_INIT(MAX_POLICY),
    };
    return empty;
}

/* `row` and `change` may be NULL. */
static chaos_status make(forge_kind kind, const forge_options *options, const break_row *row,
                         void (*change)(recipe *r), forge_result *result, chaos_error *err)
{
    static const forge_options defaults;
    const forge_options *chosen = options != NULL ? options : &defaults;
    *result = result_init();
    CHAOS_TRY(check_options(kind, chosen, row, err));

    recipe r;
    bool good = recipe_init(&r, kind, chosen) && make_known(&r, result);
    if (good && row != NULL) {
        row_apply(row, &r);
    }
    if (good && change != NULL) {
        change(&r);
    }
    good = good && make_all(&r, result);
    recipe_free(&r);
    if (!good) {
        forge_result_free(result);
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the evidence could not be made");
    }
    return CHAOS_OK;
}

chaos_status forge_make(forge_kind kind, const forge_options *options, const forge_break *broken,
                        forge_result *result, chaos_error *err)
{
    const break_row *row = broken == NULL ? NULL : row_find(broken->name);
    if (broken != NULL && row == NULL) {
        *result = result_init();
        return error_set(err, CHAOS_E_USAGE, "broken", CHAOS_NO_OFFSET, "there is no such break");
    }
    return make(kind, options, row, NULL, result, err);
}

chaos_status forge_make_changed(forge_kind kind, const forge_options *options, void (*change)(recipe *r),
                                forge_result *result, chaos_error *err)
{
    return make(kind, options, NULL, change, result, err);
}

void forge_result_free(forge_result *result)
{
    if (result == NULL) {
        return;
    }
    chaos_buffer_free(&result->quote);
    chaos_buffer_free(&result->collateral);
    chaos_buffer_free(&result->event_log);
    chaos_buffer_free(&result->envelope);
    chaos_buffer_free(&result->app_compose);
    chaos_buffer_free(&result->policy);
    chaos_buffer_free(&result->root);
    chaos_buffer_free(&result->foreign_root);
    *result = result_init();
}
