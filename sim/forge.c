/* forge.c - from a recipe to evidence, and the list of breaks. */
#include "sim/recipe.h"

#define LATEST_NOW 2493072000   /* 2049-01-01T00:00:00Z: the certificates end with that year */
#define EARLIEST_NOW 1580515200 /* 2020-02-01T00:00:00Z: a month after they begin */
#define MAX_QUOTE (3 * CHAOS_MAX_EVIDENCE)

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
    return (r->kind != FORGE_TDX4 || event_log_make(r, &made->event_log)) && quote_make(r, &made->quote) &&
           collateral_make(r, &made->collateral) && copy_der(r, CERT_TRUSTED_ROOT, &made->root) &&
           copy_der(r, CERT_FOREIGN_ROOT, &made->foreign_root);
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
    return CHAOS_OK;
}

static forge_result result_init(void)
{
    forge_result empty = { 0,
                           CHAOS_BUFFER_INIT(MAX_QUOTE),
                           CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL),
                           CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG),
                           CHAOS_BUFFER_INIT(MAX_CERTIFICATE),
                           CHAOS_BUFFER_INIT(MAX_CERTIFICATE) };
    return empty;
}

chaos_status forge_make(forge_kind kind, const forge_options *options, const forge_break *broken,
                        forge_result *result, chaos_error *err)
{
    static const forge_options defaults;
    const forge_options *chosen = options != NULL ? options : &defaults;
    *result = result_init();
    const break_row *row = broken == NULL ? NULL : row_find(broken->name);
    if (broken != NULL && row == NULL) {
        return error_set(err, CHAOS_E_USAGE, "broken", CHAOS_NO_OFFSET, "there is no such break");
    }
    CHAOS_TRY(check_options(kind, chosen, row, err));

    recipe r;
    bool good = recipe_init(&r, kind, chosen);
    if (good && row != NULL) {
        row_apply(row, &r);
    }
    good = good && make_all(&r, result);
    recipe_free(&r);
    if (!good) {
        forge_result_free(result);
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the evidence could not be made");
    }
    return CHAOS_OK;
}

void forge_result_free(forge_result *result)
{
    if (result == NULL) {
        return;
    }
    chaos_buffer_free(&result->quote);
    chaos_buffer_free(&result->collateral);
    chaos_buffer_free(&result->event_log);
    chaos_buffer_free(&result->root);
    chaos_buffer_free(&result->foreign_root);
    *result = result_init();
}
