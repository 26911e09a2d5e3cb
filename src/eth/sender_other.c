/* sender_other.c - what an earlier process left is finished; what is not wanted any more is given up. */
#include "eth/sender.h"

enum {
    RESUME_AT_ONCE = 64
};

/* ----------------------------------------------------------------- resume ---- */

static void keep_first(chaos_status status, const chaos_error *why, chaos_status *first, chaos_error *err)
{
    if (*first == CHAOS_OK && status != CHAOS_OK) {
        *first = status;
        if (err != NULL) {
            *err = *why;
        }
    }
}

/* All are sent before the first is waited for, so that they get into blocks together. */
static chaos_status finish_some(chaos_sender *sender, const int64_t *ids, size_t count, size_t *finished,
                                chaos_error *err)
{
    chaos_status first = CHAOS_OK;
    chaos_error why;
    for (size_t i = 0; i < count; i++) {
        JOURNAL_AUTO_ENTRY(entry);
        chaos_status status = journal_read(sender->journal, ids[i], &entry, &why);
        status = status == CHAOS_OK ? sender_push(sender, &entry, &why) : status;
        keep_first(status, &why, &first, err);
    }
    for (size_t i = 0; i < count; i++) {
        JOURNAL_AUTO_ENTRY(entry);
        chaos_status status = journal_read(sender->journal, ids[i], &entry, &why);
        if (status == CHAOS_OK && entry.attempts == 0) {
            continue; /* it could not be signed: said already */
        }
        status = status == CHAOS_OK ? sender_wait_entry(sender, &entry, &why) : status;
        *finished += journal_is_done(entry.state);
        keep_first(status == CHAOS_E_REVERTED ? CHAOS_OK : status, &why, &first, err);
    }
    return first;
}

chaos_status chaos_sender_resume(chaos_sender *sender, size_t *finished, chaos_error *err)
{
    int64_t ids[RESUME_AT_ONCE];
    size_t count = 0;
    size_t done = 0;
    if (sender == NULL || finished == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "sender and finished may not be NULL");
    }
    do {
        size_t before = done;
        count = 0;
        if (!sender->dry_run) {
            CHAOS_TRY(journal_unfinished(sender->journal, &sender->who, ids, RESUME_AT_ONCE, &count, err));
        }
        chaos_status status = finish_some(sender, ids, count, &done, err);
        if (status != CHAOS_OK || done == before) {
            *finished = done;
            return status;
        }
    } while (count == RESUME_AT_ONCE);
    *finished = done;
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- cancel ---- */

static chaos_status abandon(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    CHAOS_TRY(store_begin(sender->journal, err));
    chaos_status status = journal_read(sender->journal, entry->id, entry, err);
    if (status == CHAOS_OK && entry->attempts == 0) {
        entry->state = JOURNAL_ABANDONED;
        status = journal_update(sender->journal, entry, err);
    }
    if (status != CHAOS_OK) {
        store_rollback(sender->journal);
        return status;
    }
    return store_commit(sender->journal, err);
}

static chaos_status forget_taken(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    entry->state = JOURNAL_ABANDONED;
    sender_log(sender, "%s: given up, its nonce was used by something else", entry->name);
    return journal_update(sender->journal, entry, err);
}

/* A transfer of nothing to oneself with the same nonce. */
static chaos_status sign_cancellation(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(newest);
    chaos_block head;
    chaos_call nothing = { .has_from = true, .from = sender->who.sender, .to = sender->who.sender };
    sender_attempt plan = { .cancels = true, .known = entry->attempts };
    CHAOS_TRY(journal_attempt_read(sender->journal, entry->id, entry->attempts - 1, &newest, err));
    if (newest.cancels) {
        return CHAOS_OK;
    }
    CHAOS_TRY(rpc_estimate_gas(sender->rpc, &nothing, true, &plan.gas_limit, err));
    plan.gas_limit += plan.gas_limit / 5;
    CHAOS_TRY(rpc_ask_fees(sender->rpc, sender->min_tip, &plan.fees, err));
    plan.fees.legacy = newest.legacy;
    CHAOS_TRY(sender_raise(newest.cap, newest.tip, sender->max_fee, &plan.fees, err));
    CHAOS_TRY(chaos_rpc_block(sender->rpc, NULL, &head, err));
    plan.head = head.number;
    return sender_sign(sender, entry, &plan, entry->nonce, err);
}

static chaos_status cancel_sent(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    rpc_reception reception;
    sender_view view = { .taken = SENDER_TAKEN_LOOKS - 1 };
    chaos_status status = sender_look(sender, entry, &view, err);
    if (status == CHAOS_E_NONCE_TAKEN) {
        return forget_taken(sender, entry, err);
    }
    CHAOS_TRY(status);
    if (entry->state != JOURNAL_SENT) {
        return error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET, "the intent %.128s is in a block: it is done",
                         entry->name);
    }
    CHAOS_TRY(sign_cancellation(sender, entry, err));
    CHAOS_TRY(sender_broadcast(sender, entry, &reception, err));
    status = sender_wait_entry(sender, entry, err);
    return status == CHAOS_E_REVERTED ? CHAOS_OK : status; /* the intent was faster: the outcome says so */
}

chaos_status chaos_sender_cancel(chaos_sender *sender, const char *name, chaos_outcome *outcome, chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(entry);
    if (sender == NULL || outcome == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "sender and outcome may not be NULL");
    }
    CHAOS_TRY(sender_check_name(name, err));
    if (sender->dry_run) {
        return error_set(err, CHAOS_E_USAGE, "dry_run", CHAOS_NO_OFFSET, "a dry run has nothing to cancel");
    }
    CHAOS_TRY(journal_find(sender->journal, &sender->who, name, &entry, err));
    if (entry.state == JOURNAL_PLANNED) {
        CHAOS_TRY(abandon(sender, &entry, err));
    }
    bool was_done = entry.state == JOURNAL_ABANDONED;
    if (!was_done) {
        CHAOS_TRY(cancel_sent(sender, &entry, err));
    }
    sender_outcome(&entry, was_done, outcome);
    return CHAOS_OK;
}
