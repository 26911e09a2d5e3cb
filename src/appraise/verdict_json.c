/* verdict_json.c - the verdict as JSON "chaoschain/verdict/1" (data/schemas/verdict.schema.json). */
#include "appraise/internal.h"

#define VERDICT_SCHEMA "chaoschain/verdict/1"

/* ------------------------------------------------------------------ tcb ---- */

static void write_status(json_writer *w, const char *key, chaos_tcb_status status)
{
    json_write_text(w, key, status == CHAOS_TCB_UNKNOWN ? NULL : chaos_tcb_status_name(status));
}

static void write_advisories(json_writer *w, const tcb_verdict *tcb)
{
    json_write_array(w, "advisory_ids");
    for (size_t i = 0; i < tcb->advisory_count && i < MAX_CLAIM_ADVISORIES; i++) {
        json_write_bytes_as_text(w, NULL,
                                 slice(tcb->advisories[i], strnlen(tcb->advisories[i], MAX_ADVISORY_ID)));
    }
    json_write_array_end(w);
}

/* The members after these, in order: qe, status, tcb_date. */
static void write_tcb_tail(json_writer *w, const tcb_verdict *tcb)
{
    write_status(w, "qe", tcb->qe);
    write_status(w, "status", tcb->status);
    if (tcb->status == CHAOS_TCB_UNKNOWN) {
        json_write_null(w, "tcb_date");
    } else {
        json_write_time(w, "tcb_date", tcb->tcb_date);
    }
}

static void write_current(json_writer *w, const chaos_claims *claims)
{
    if (!claims->has_current) {
        json_write_null(w, "current");
        return;
    }
    json_write_object(w, "current");
    write_advisories(w, &claims->current);
    write_status(w, "module", claims->current.module);
    write_status(w, "platform", claims->current.platform);
    write_tcb_tail(w, &claims->current);
    json_write_object_end(w);
}

static void write_tcb(json_writer *w, const chaos_claims *claims)
{
    if (!claims->has_tcb) {
        json_write_null(w, "tcb");
        return;
    }
    json_write_object(w, "tcb");
    write_advisories(w, &claims->tcb);
    write_current(w, claims);
    if (claims->has_collateral) {
        json_write_unsigned(w, "evaluation_data_number", evaluation_number_of(claims));
    } else {
        json_write_null(w, "evaluation_data_number");
    }
    write_status(w, "module", claims->tcb.module);
    write_status(w, "platform", claims->tcb.platform);
    write_tcb_tail(w, &claims->tcb);
    json_write_object_end(w);
}

/* --------------------------------------------------------------- checks ---- */

static const char *const result_names[] = {
    [CHECK_UNREACHED] = "unreached",
    [CHECK_PASSED] = "pass",
    [CHECK_WARNED] = "warn",
    [CHECK_FAILED] = "fail",
    [CHECK_NOT_CHECKED] = "not-checked",
};

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void write_checks(json_writer *w, const check_run *run)
{
    json_write_array(w, "checks");
    for (size_t id = 0; id < CHECK_COUNT; id++) {
        const check_row *row = &run->rows[id];
        if (row->result == CHECK_UNREACHED) {
            continue;
        }
        json_write_object(w, NULL);
        if (row->code != CHAOS_OK) {
            json_write_text(w, "code", chaos_status_name(row->code));
        }
        json_write_text(w, "expected", text_or_null(row->expected));
        json_write_text(w, "found", text_or_null(row->found));
        json_write_text(w, "name", check_names[id]);
        json_write_text(w, "result", result_names[row->result]);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_error(json_writer *w, const chaos_error *error)
{
    if (error == NULL) {
        json_write_null(w, "error");
        return;
    }
    json_write_object(w, "error");
    json_write_text(w, "code", chaos_status_name(error->status));
    json_write_text(w, "expected", text_or_null(error->expected));
    json_write_text(w, "field", error->field);
    json_write_text(w, "found", text_or_null(error->found));
    if (error->offset == CHAOS_NO_OFFSET) {
        json_write_null(w, "offset");
    } else {
        json_write_unsigned(w, "offset", error->offset);
    }
    json_write_text(w, "stage", chaos_status_stage(error->status));
    json_write_text(w, "text", error->text);
    json_write_object_end(w);
}

/* ------------------------------------------------------------------ all ---- */

static void write_verified(json_writer *w, chaos_verified verified)
{
    if (verified == CHAOS_VERIFIED_UNKNOWN) {
        json_write_null(w, "verified");
    } else {
        json_write_boolean(w, "verified", verified == CHAOS_VERIFIED_TRUE);
    }
}

static void write_verdict(json_writer *w, const chaos_verdict *verdict)
{
    const chaos_claims *claims = &verdict->claims;

    json_write_object(w, NULL);
    json_write_text(w, "anchor", claims->has_anchor ? chaos_anchor_name(claims->anchor) : NULL);
    write_checks(w, &claims->run);
    verdict_write_claims(w, claims);
    write_error(w, chaos_verdict_error(verdict));
    json_write_time(w, "now", verdict->now);
    if (verdict->has_policy_hash) {
        json_write_0x(w, "policy_hash", slice(verdict->policy_hash.bytes, sizeof verdict->policy_hash.bytes));
    } else {
        json_write_null(w, "policy_hash");
    }
    if (claims->has_receipts) {
        verdict_write_receipts(w, &claims->receipts);
    }
    json_write_text(w, "schema", VERDICT_SCHEMA);
    json_write_text(w, "scope", scope_of(claims));
    write_tcb(w, claims);
    json_write_text(w, "tee", claims->has_quote ? tee_name_of(claims->tee) : NULL);
    json_write_text(w, "tier", chaos_tier_name(verdict->tier));
    write_verified(w, verdict->verified);
    json_write_object_end(w);
}

chaos_status chaos_verdict_write_json(const chaos_verdict *verdict, chaos_buffer *out, chaos_error *err)
{
    if (verdict == NULL || out == NULL) {
        return error_set(err, CHAOS_E_USAGE, verdict == NULL ? "verdict" : "json", CHAOS_NO_OFFSET, NULL);
    }
    size_t before = out->size;
    json_writer w = json_writer_begin(out);
    write_verdict(&w, verdict);
    chaos_status status = json_writer_status(&w);
    if (status != CHAOS_OK) {
        out->size = before;
        if (out->data != NULL) {
            out->data[before] = 0;
        }
        return error_set(err, status, "json", CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}
