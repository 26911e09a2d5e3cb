/* sender_look.c - what became of an intent on the chain, and what that asks for. */
#include "eth/sender.h"

/* ------------------------------------------------------------------ found ---- */

typedef struct found {
    chaos_transaction_receipt receipt; /* without its logs */
    bool cancels;
    uint64_t head;
} found;

static bool is_canonical(chaos_sender *sender, const chaos_transaction_receipt *receipt)
{
    chaos_block_id at = { CHAOS_BLOCK_NUMBER, receipt->block_number, { { 0 } } };
    chaos_block block;
    return chaos_rpc_block(sender->rpc, &at, &block, NULL) == CHAOS_OK &&
           memcmp(&block.hash, &receipt->block_hash, sizeof block.hash) == 0;
}

/* The one of the intent's transactions that is in a block of the chain; NOT_FOUND. */
static chaos_status find_receipt(chaos_sender *sender, const journal_entry *entry, found *f, chaos_error *err)
{
    for (unsigned i = entry->attempts; i-- > 0;) {
        JOURNAL_AUTO_ATTEMPT(attempt);
        CHAOS_TRY(journal_attempt_read(sender->journal, entry->id, i, &attempt, err));
        chaos_status status = chaos_rpc_receipt(sender->rpc, &attempt.hash, &f->receipt, err);
        if (status == CHAOS_E_NOT_FOUND) {
            continue;
        }
        CHAOS_TRY(status);
        chaos_logs_free(f->receipt.logs);
        f->receipt.logs = NULL;
        f->cancels = attempt.cancels;
        if (is_canonical(sender, &f->receipt)) {
            return CHAOS_OK;
        }
    }
    return CHAOS_E_NOT_FOUND;
}

/* The refused call once more, on the state before its block: the receipt does not have the reason. */
static void find_reason(chaos_sender *sender, journal_entry *entry)
{
    chaos_block_id before = { CHAOS_BLOCK_NUMBER, entry->block_number > 0 ? entry->block_number - 1 : 0, { { 0 } } };
    chaos_call call = { .has_from = true,
                        .from = sender->who.sender,
                        .to = entry->to,
                        .value = entry->value,
                        .data = buffer_slice(&entry->data) };
    chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    CHAOS_AUTO_BUFFER(result, CHAOS_MAX_CALL_RESULT);
    bool known = entry->has_to && chaos_rpc_call(sender->rpc, &call, &before, &result, NULL, &why) == CHAOS_E_REVERTED;
    const char *text = known ? why.text : "the contract refused; its reason cannot be found any more";
    memset(entry->reason, 0, sizeof entry->reason);
    memcpy(entry->reason, text, strnlen(text, sizeof entry->reason - 1));
}

static chaos_status write_state(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    journal_entry now = { 0 };
    CHAOS_TRY(store_begin(sender->journal, err));
    chaos_status status = journal_read(sender->journal, entry->id, &now, err);
    if (status == CHAOS_OK && !journal_is_done(now.state)) { /* what is done stays done */
        status = journal_update(sender->journal, entry, err);
    }
    journal_entry_clear(&now);
    if (status != CHAOS_OK) {
        store_rollback(sender->journal);
        return status;
    }
    return store_commit(sender->journal, err);
}

static journal_state final_state(const found *f)
{
    if (f->cancels) {
        return JOURNAL_ABANDONED;
    }
    return f->receipt.succeeded ? JOURNAL_CONFIRMED : JOURNAL_REVERTED;
}

static chaos_status note_found(chaos_sender *sender, journal_entry *entry, const found *f, chaos_error *err)
{
    const chaos_transaction_receipt *r = &f->receipt;
    bool deep = f->head >= r->block_number && f->head - r->block_number + 1 >= sender->confirmations;
    journal_state state = deep ? final_state(f) : JOURNAL_INCLUDED;
    bool same = entry->state == state && memcmp(&entry->block_hash, &r->block_hash, sizeof r->block_hash) == 0 &&
                memcmp(&entry->hash, &r->transaction_hash, sizeof entry->hash) == 0;
    if (same) {
        return CHAOS_OK;
    }
    entry->state = state;
    entry->hash = r->transaction_hash;
    entry->block_number = r->block_number;
    entry->block_hash = r->block_hash;
    entry->gas_used = r->gas_used;
    entry->gas_price = r->effective_gas_price;
    if (state == JOURNAL_REVERTED) {
        find_reason(sender, entry);
    }
    sender_log(sender, "%s: %s block %llu", entry->name, deep ? "confirmed in" : "in",
               (unsigned long long)r->block_number);
    return write_state(sender, entry, err);
}

static chaos_status note_lost(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    static const chaos_keccak nothing = { { 0 } };
    if (entry->state != JOURNAL_INCLUDED) {
        return CHAOS_OK;
    }
    sender_log(sender, "%s: its block %llu is not of the chain any more", entry->name,
               (unsigned long long)entry->block_number);
    entry->state = JOURNAL_SENT;
    entry->block_number = 0;
    entry->block_hash = nothing;
    return write_state(sender, entry, err);
}

/* ----------------------------------------------------------------- replace ---- */

static chaos_status pay_more(chaos_sender *sender, journal_entry *entry, const journal_attempt *newest,
                             const rpc_fees *asked, uint64_t head, sender_view *view, chaos_error *err)
{
    rpc_reception reception;
    sender_attempt plan = { .cancels = newest->cancels,
                            .fees = *asked,
                            .gas_limit = newest->gas_limit,
                            .head = head,
                            .known = entry->attempts };
    plan.fees.legacy = newest->legacy;
    chaos_status status = sender_raise(newest->cap, newest->tip, sender->max_fee, &plan.fees, &view->fee_error);
    if (status == CHAOS_E_FEE_LIMIT) {
        if (!view->fee_limited) {
            sender_log(sender, "%s: stuck, and a dearer attempt would be above the fee limit", entry->name);
        }
        view->fee_limited = true;
        return CHAOS_OK;
    }
    view->fee_limited = false;
    CHAOS_TRY(sender_sign(sender, entry, &plan, entry->nonce, err));
    return journal_is_done(entry->state) ? CHAOS_OK : sender_broadcast(sender, entry, &reception, err);
}

/* What a block would pay the miner of this attempt is below what the chain asks now. */
static bool underpays(const journal_attempt *attempt, const rpc_fees *asked)
{
    if (attempt->legacy || asked->legacy) {
        return attempt->cap < asked->base;
    }
    uint64_t room = attempt->cap > asked->base ? attempt->cap - asked->base : 0;
    return (room < attempt->tip ? room : attempt->tip) < asked->tip;
}

static chaos_status replace_if_stuck(chaos_sender *sender, journal_entry *entry, const journal_attempt *newest,
                                     bool refused, uint64_t head, sender_view *view, chaos_error *err)
{
    rpc_fees asked;
    bool old = head >= newest->signed_head + SENDER_STUCK_BLOCKS;
    if (!refused && !old) {
        return CHAOS_OK;
    }
    CHAOS_TRY(rpc_ask_fees(sender->rpc, sender->min_tip, &asked, err));
    if (!refused && !underpays(newest, &asked)) {
        view->fee_limited = false;
        return CHAOS_OK;
    }
    return pay_more(sender, entry, newest, &asked, head, view, err);
}

/* ------------------------------------------------------------------ absent ---- */

/* Intents before this one that the nodes have lost, done ones of a chain that was cut included: without them this one
 * cannot be mined. */
static chaos_status fill_gap(chaos_sender *sender, const journal_entry *entry, uint64_t count, chaos_error *err)
{
    for (uint64_t nonce = count; nonce < entry->nonce && nonce - count < SENDER_GAP_NONCES; nonce++) {
        JOURNAL_AUTO_ENTRY(before);
        rpc_reception reception;
        bool known = false;
        chaos_status status = journal_by_nonce(sender->journal, &sender->who, nonce, &before, err);
        if (status == CHAOS_E_NOT_FOUND) {
            sender_log(sender, "%s: waits for nonce %llu, which was given to nothing here", entry->name,
                       (unsigned long long)nonce);
            return CHAOS_OK;
        }
        CHAOS_TRY(status);
        CHAOS_TRY(rpc_knows(sender->rpc, &before.hash, &known, err));
        if (!known && before.attempts > 0) {
            sender_log(sender, "%s: lost before %s, sent again", before.name, entry->name);
            CHAOS_TRY(sender_broadcast(sender, &before, &reception, err));
        }
    }
    return CHAOS_OK;
}

static chaos_status nonce_taken(const journal_entry *entry, chaos_error *err)
{
    return error_set(err, CHAOS_E_NONCE_TAKEN, "nonce", CHAOS_NO_OFFSET,
                     "nonce %llu of %.100s was used by a transaction that is not of this journal",
                     (unsigned long long)entry->nonce, entry->name);
}

/* The nonce is used, and nothing of ours used it. Deep enough, and seen often enough, that is the truth and not a node
 * that has its receipts late. */
static chaos_status judge_taken(chaos_sender *sender, const journal_entry *entry, uint64_t head, sender_view *view,
                                chaos_error *err)
{
    uint64_t depth = sender->confirmations - 1;
    chaos_block_id deep = { CHAOS_BLOCK_NUMBER, head > depth ? head - depth : 0, { { 0 } } };
    uint64_t count = 0;
    CHAOS_TRY(chaos_rpc_transaction_count(sender->rpc, &sender->who.sender, &deep, &count, err));
    view->taken = count > entry->nonce ? view->taken + 1 : 0;
    return view->taken >= SENDER_TAKEN_LOOKS ? nonce_taken(entry, err) : CHAOS_OK;
}

static chaos_status knows_any(chaos_sender *sender, const journal_entry *entry, bool *known, chaos_error *err)
{
    *known = false;
    for (unsigned i = entry->attempts; i-- > 0 && !*known;) {
        JOURNAL_AUTO_ATTEMPT(attempt);
        CHAOS_TRY(journal_attempt_read(sender->journal, entry->id, i, &attempt, err));
        CHAOS_TRY(rpc_knows(sender->rpc, &attempt.hash, known, err));
    }
    return CHAOS_OK;
}

static chaos_status tend(chaos_sender *sender, journal_entry *entry, uint64_t head, sender_view *view,
                         chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(newest);
    rpc_reception reception = RPC_TAKEN;
    uint64_t count = 0;
    bool known = false;
    CHAOS_TRY(chaos_rpc_transaction_count(sender->rpc, &sender->who.sender, NULL, &count, err));
    if (count > entry->nonce) {
        return judge_taken(sender, entry, head, view, err);
    }
    view->taken = 0;
    CHAOS_TRY(fill_gap(sender, entry, count, err));
    CHAOS_TRY(knows_any(sender, entry, &known, err));
    if (!known) { /* unknown outcome, dropped, reorganised away: the same bytes, never other ones */
        CHAOS_TRY(sender_broadcast(sender, entry, &reception, err));
    }
    CHAOS_TRY(journal_attempt_read(sender->journal, entry->id, entry->attempts - 1, &newest, err));
    return replace_if_stuck(sender, entry, &newest, reception == RPC_TOO_CHEAP, head, view, err);
}

/* ------------------------------------------------------------------- look ---- */

chaos_status sender_look(chaos_sender *sender, journal_entry *entry, sender_view *view, chaos_error *err)
{
    found f = { .head = 0 };
    chaos_block head;
    CHAOS_TRY(journal_read(sender->journal, entry->id, entry, err));
    if (journal_is_done(entry->state)) {
        return CHAOS_OK;
    }
    if (entry->attempts == 0) {
        return sender_push(sender, entry, err);
    }
    chaos_status status = find_receipt(sender, entry, &f, err);
    if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
        return status;
    }
    CHAOS_TRY(chaos_rpc_block(sender->rpc, NULL, &head, err)); /* after the receipt: never too small */
    if (status == CHAOS_OK) {
        f.head = head.number;
        view->taken = 0;
        return note_found(sender, entry, &f, err);
    }
    CHAOS_TRY(note_lost(sender, entry, err));
    return tend(sender, entry, head.number, view, err);
}

/* ------------------------------------------------------------------- wait ---- */

static bool may_pass(chaos_status status)
{
    return status == CHAOS_E_NETWORK || status == CHAOS_E_TIMEOUT || status == CHAOS_E_NODE ||
           status == CHAOS_E_NOT_FOUND;
}

static chaos_status out_of_time(const journal_entry *entry, const sender_view *view, chaos_status last,
                                const chaos_error *last_err, chaos_error *err)
{
    if (view->fee_limited) {
        if (err != NULL) {
            *err = view->fee_error;
        }
        return CHAOS_E_FEE_LIMIT;
    }
    char hash[67];
    (void)error_set(err, CHAOS_E_UNCONFIRMED, "deadline", CHAOS_NO_OFFSET, "%.100s is not confirmed yet%s%.80s",
                    entry->name, last == CHAOS_OK ? "" : ": ", last == CHAOS_OK ? "" : last_err->text);
    error_found(err, "0x%s", error_hex(hash, sizeof hash, slice(entry->hash.bytes, sizeof entry->hash.bytes)));
    return CHAOS_E_UNCONFIRMED;
}

chaos_status sender_wait_entry(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    sender_view view = { .taken = 0 };
    int64_t deadline = rpc_now_ms() + sender->deadline_ms;
    for (;;) {
        chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
        chaos_status status = sender_look(sender, entry, &view, &why);
        if (status == CHAOS_OK && journal_is_done(entry->state)) {
            return sender_verdict(entry, err);
        }
        if (status != CHAOS_OK && !may_pass(status)) {
            if (err != NULL) {
                *err = why;
            }
            return status;
        }
        if (rpc_now_ms() + sender->poll_ms >= deadline) {
            return out_of_time(entry, &view, status, &why, err);
        }
        rpc_sleep_ms(sender->poll_ms);
    }
}
