/* bundle.c - a whole bundle in one pass: each line in its place, and one verdict at the end (docs/receipts.md). */
#include "check/bundle.h"

#include <stdio.h>

/* -------------------------------------------------------------- arguments ---- */

static chaos_status refuse_call(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

static chaos_status check_heads(const chaos_bundle_expectation *e, chaos_error *err)
{
    if (e->head_count > CHAOS_MAX_HEADS || e->block_count > CHAOS_MAX_HEADS) {
        return refuse_call("heads", "too many heads or blocks", err);
    }
    if ((e->heads == NULL && e->head_count > 0) || (e->blocks == NULL && e->block_count > 0)) {
        return refuse_call("heads", "heads and blocks may not be NULL", err);
    }
    for (size_t i = 0; i < e->head_count; i++) {
        if (e->heads[i].sequence > CHAOS_MAX_SEQUENCE || e->heads[i].block > CHAOS_MAX_SEQUENCE) {
            return refuse_call("heads", "a sequence or block is too large", err);
        }
        if (i > 0 && e->heads[i].sequence <= e->heads[i - 1].sequence) {
            return refuse_call("heads", "the heads are not in ascending order of their sequence", err);
        }
    }
    return CHAOS_OK;
}

static chaos_status check_call(const chaos_bundle_source *source, const bundle_check *b, chaos_verdict *const *verdict,
                               chaos_error *err)
{
    const chaos_bundle_expectation *e = b->expectation;
    if (source == NULL || e == NULL || b->with.trust == NULL || b->with.policy == NULL || verdict == NULL) {
        return refuse_call(NULL, "source, trust, policy, expectation and verdict may not be NULL", err);
    }
    if (source->size != sizeof *source || source->read == NULL) {
        return refuse_call("source", "the source was not begun with CHAOS_BUNDLE_SOURCE_INIT, or cannot read", err);
    }
    if (e->size != sizeof *e || e->agent.size != sizeof e->agent) {
        return refuse_call("expectation", "the expectation was not begun with CHAOS_BUNDLE_EXPECTATION_INIT", err);
    }
    if (e->agent.has_report_data) {
        return refuse_call("expectation", "report data are of one quote, and a bundle may have many", err);
    }
    if (e->agent.has_anchor || e->agent.has_subject || e->agent.has_agent_uri_hash || e->agent.has_tls_spki_hash) {
        return refuse_call("expectation", "a bundle's sessions have blocks of their own, and nothing else", err);
    }
    return check_heads(e, err);
}

/* ------------------------------------------------------------------ lines ---- */

static chaos_status take_header(bundle_check *b, const bundle_header *header)
{
    b->header = *header;
    b->separator = domain_separator(&header->chain_id, &header->agent_registry);
    return CHAOS_OK;
}

static chaos_status take_collateral(bundle_check *b, chaos_slice collateral, chaos_error *err)
{
    b->collateral.size = 0;
    return buffer_append(&b->collateral, collateral) ? CHAOS_OK
                                                     : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status take_line(bundle_check *b, const bundle_line *line, chaos_error *err)
{
    switch (line->kind) {
    case BUNDLE_HEADER:
        return take_header(b, &line->header);
    case BUNDLE_COLLATERAL:
        return take_collateral(b, line->collateral, err);
    case BUNDLE_ENVELOPE:
        return session_add(b, line->envelope, err);
    case BUNDLE_RECEIPT:
        return receipt_check(b, &line->receipt, err);
    case BUNDLE_CONTENT:
        return content_check(b, &line->content_hash, line->content);
    }
    return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, NULL);
}

/* Nothing may be in a bundle that nobody has judged, and an empty one proves nothing. */
static chaos_status check_end(bundle_check *b)
{
    fault why = { .status = CHAOS_E_BUNDLE_FORMAT, .field = "receipt", .offset = b->reader.offset };

    why.reason = "there is no receipt";
    CHECK_READ(&b->run, b->summary.count > 0, BUNDLE, &why);
    why.field = "envelope";
    why.reason = "no receipt names this envelope";
    CHECK_READ(&b->run, b->waiting == 0, BUNDLE, &why);
    return CHAOS_OK;
}

/* Which receipt is it that failed? Only a line of a receipt has a sequence. */
static void note_place(bundle_check *b, const bundle_line *line)
{
    chaos_error *error = b->is_over ? &b->worst->run.error : &b->run.error;
    receipt_summary *summary = &b->summary;
    char place[64], text[sizeof error->text];

    summary->failed_line = b->reader.line;
    summary->has_failed_sequence = line->kind == BUNDLE_RECEIPT;
    summary->failed_sequence = summary->has_failed_sequence ? line->receipt.action.sequence : 0;
    (void)snprintf(place, sizeof place, "line %llu", (unsigned long long)summary->failed_line);
    if (summary->has_failed_sequence) {
        (void)snprintf(place, sizeof place, "line %llu, sequence %llu", (unsigned long long)summary->failed_line,
                       (unsigned long long)summary->failed_sequence);
    }
    memcpy(text, error->text, sizeof text);
    (void)snprintf(error->text, sizeof error->text, "%s: %.*s", place, (int)(sizeof text - sizeof place - 3), text);
    if (error->offset == CHAOS_NO_OFFSET && !b->is_over) {
        error->offset = b->reader.offset;
    }
}

/* Stops at the first line that is wrong. A status other than CHAOS_OK is a fault of ours or the source's. */
static chaos_status read_lines(bundle_check *b, chaos_error *err)
{
    chaos_status status = CHAOS_OK;
    bundle_line line;
    bool more = true;
    fault why;

    while (more && !b->run.failed && !b->is_over) {
        CHAOS_TRY(bundle_next(&b->reader, &line, &more, &why, err));
        if (!more && why.status == CHAOS_E_MEMORY) {
            return error_set(err, why.status, NULL, CHAOS_NO_OFFSET, NULL);
        }
        if (more) {
            status = take_line(b, &line, err);
        } else if (why.status != CHAOS_OK) {
            status = check_fail(&b->run, CHECK_BUNDLE, why.status, why.field, v_none(), v_none(), &why) ? why.status
                                                                                                        : CHAOS_OK;
            line.kind = 0;
        } else {
            status = check_end(b);
            line.kind = 0;
        }
        if (b->run.failed || b->is_over) {
            note_place(b, &line);
        } else if (status != CHAOS_OK) {
            return status;
        }
    }
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- verdict ---- */

/* The rows of the bundle beside those of its evidence. A receipt that fails is no date that could be forgiven. */
static void merge(bundle_check *b, chaos_claims *claims)
{
    for (size_t id = CHECK_BUNDLE; id <= CHECK_RECEIPT_CONTENT; id++) {
        if (b->run.rows[id].result != CHECK_UNREACHED) {
            claims->run.rows[id] = b->run.rows[id];
        }
    }
    if (b->run.failed) {
        claims->run.failed = true;
        claims->run.error = b->run.error;
        claims->verified = false;
        claims->only_dates_failed = false;
    }
    claims->in_bundle = true;
    claims->has_receipts = true;
    claims->receipts = b->summary;
}

static chaos_status conclude(bundle_check *b, chaos_verdict **verdict, chaos_error *err)
{
    if (!b->run.failed && !b->is_over) {
        check_pass(&b->run, CHECK_BUNDLE);
        heads_end(b);
    }
    if (b->worst == NULL) { /* it did not come as far as a session */
        CHAOS_TRY(verify_unreadable(NULL, CHECK_BUNDLE, &b->run.error, &b->worst, err));
        b->worst->run.rows[CHECK_BUNDLE].result = CHECK_UNREACHED;
        b->worst_expectation = b->expectation->agent;
    }
    merge(b, b->worst);
    return appraise_examined(b->worst, b->with.policy, &b->worst_expectation, b->with.now, verdict, err);
}

static void bundle_check_end(bundle_check *b)
{
    bundle_reader_end(&b->reader);
    chaos_buffer_free(&b->collateral);
    sessions_free(b);
    chaos_claims_free(b->worst);
    free(b);
}

chaos_status chaos_check_bundle(const chaos_bundle_source *source, chaos_slice collateral, const chaos_trust *trust,
                                const chaos_policy *policy, const chaos_bundle_expectation *expectation, int64_t now,
                                chaos_cache *cache, chaos_verdict **verdict, chaos_error *err)
{
    bundle_check *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    b->with = (check_context){ collateral, trust, policy, NULL, now, cache };
    b->expectation = expectation;
    b->collateral.limit = CHAOS_MAX_COLLATERAL;
    check_run_init(&b->run, false);
    chaos_status status = check_call(source, b, verdict, err);
    if (status == CHAOS_OK) {
        b->summary.is_own_collateral = collateral.size > 0;
        b->summary.time_is_chosen = expectation->time_is_chosen;
        b->summary.has_heads = expectation->head_count > 0;
        bundle_reader_begin(&b->reader, source);
        status = read_lines(b, err);
    }
    if (status == CHAOS_OK) {
        status = conclude(b, verdict, err);
    }
    bundle_check_end(b);
    return status;
}
