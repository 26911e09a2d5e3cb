/* rules_receipts.c - rules about a bundle as a whole: does it lead to what was anchored on chain, when were its
 * receipts made, and who chose the collateral? And its summary in the verdict. */
#include "appraise/internal.h"

#include <stdio.h>

/* A head that the receipts reach must be one of them. */
chaos_status appraise_receipt_head(const appraisal *a)
{
    const receipt_summary *r = &a->claims->receipts;
    const bool is_reached = !slice_is_zero(slice(r->head_found.bytes, sizeof r->head_found.bytes));
    char end[ROW_TEXT];

    if (!a->claims->has_receipts) {
        return CHAOS_OK;
    }
    if (!r->has_heads) {
        check_not_checked(a->run, CHECK_RECEIPT_HEAD, "no head was expected: later receipts may be missing");
        return CHAOS_OK;
    }
    (void)snprintf(end, sizeof end, "the receipts end at sequence %llu and the head is %llu",
                   (unsigned long long)r->last, (unsigned long long)r->head_sequence);
    CHECK(a->run, !r->head_failed, RECEIPT_HEAD, RECEIPT_HEAD, "tee.head",
          v_hex(slice(r->head_expected.bytes, sizeof r->head_expected.bytes)),
          is_reached ? v_hex(slice(r->head_found.bytes, sizeof r->head_found.bytes)) : v_text(end));
    return CHAOS_OK;
}

proof time_of_receipts(const receipt_summary *r)
{
    bool proven = r->count > 0 && r->has_anchor && !r->head_failed && r->anchor_sequence == r->last &&
                  !r->time_is_chosen;
    return proven ? PROOF_PROVEN : PROOF_NOT_CHECKED;
}

static const char *why_no_time(const receipt_summary *r)
{
    if (r->time_is_chosen) {
        return "the time of judgement was chosen and is not the present";
    }
    return r->has_anchor ? "the receipts after the head are not anchored"
                         : "no head on chain is known: the receipts may be of any time, and not all";
}

void appraise_receipts(const appraisal *a)
{
    const receipt_summary *r = &a->claims->receipts;

    if (!a->claims->has_receipts) {
        return;
    }
    if (!r->is_own_collateral) {
        leave_open(a, CHECK_COLLATERAL_FLOOR, "the collateral is the bundle's own: an old set can hide a revocation",
                   slice("", 0));
    }
    if (time_of_receipts(r) == PROOF_PROVEN) {
        check_pass(a->run, CHECK_RECEIPT_TIME);
    } else {
        leave_open(a, CHECK_RECEIPT_TIME, why_no_time(r), slice("", 0));
    }
    if (r->code == PROOF_NOT_PROVEN) {
        leave_open(a, CHECK_CODE, "receipts of a session are signed by the identity key alone", slice("", 0));
    }
}

/* --------------------------------------------------------------- summary ---- */

const char *proof_text(proof state)
{
    switch (state) {
    case PROOF_PROVEN:
        return "proven";
    case PROOF_NOT_PROVEN:
        return "not-proven";
    case PROOF_NOT_CHECKED:
        break;
    }
    return "not-checked";
}

static void write_number_or_null(json_writer *w, const char *key, bool has, uint64_t number)
{
    if (has) {
        json_write_unsigned(w, key, number);
    } else {
        json_write_null(w, key);
    }
}

static void write_failure(json_writer *w, const receipt_summary *r)
{
    if (r->failed_line == 0) {
        json_write_null(w, "failure");
        return;
    }
    json_write_object(w, "failure");
    json_write_unsigned(w, "line", r->failed_line);
    write_number_or_null(w, "sequence", r->has_failed_sequence, r->failed_sequence);
    json_write_object_end(w);
}

void verdict_write_receipts(json_writer *w, const receipt_summary *r)
{
    json_write_object(w, "receipts");
    write_number_or_null(w, "anchored_sequence", r->has_anchor, r->anchor_sequence);
    json_write_text(w, "code", proof_text(r->code));
    json_write_unsigned(w, "contents", r->contents);
    json_write_unsigned(w, "count", r->count);
    write_number_or_null(w, "existed_by_block", r->has_anchor, r->anchor_block);
    write_failure(w, r);
    write_number_or_null(w, "first", r->count > 0, r->first);
    write_number_or_null(w, "last", r->count > 0, r->last);
    if (r->count > 0) {
        json_write_0x(w, "last_digest", slice(r->last_digest.bytes, sizeof r->last_digest.bytes));
    } else {
        json_write_null(w, "last_digest");
    }
    json_write_unsigned(w, "sessions", r->sessions);
    json_write_text(w, "time", proof_text(time_of_receipts(r)));
    json_write_object_end(w);
}
