/* sender.c - open, find, send: the calls themselves. */
#include "eth/sender.h"
#include "eth/u256.h"

enum {
    ANVIL = 31337,
    GANACHE = 1337,
    MAX_CONFIRMATIONS = 10000
};

#define GWEI UINT64_C(1000000000)
#define FEE_MOST ((uint64_t)1 << 61)

_Static_assert((int)JOURNAL_PLANNED == CHAOS_INTENT_PLANNED && (int)JOURNAL_SENT == CHAOS_INTENT_SENT &&
                   (int)JOURNAL_INCLUDED == CHAOS_INTENT_INCLUDED && (int)JOURNAL_CONFIRMED == CHAOS_INTENT_CONFIRMED &&
                   (int)JOURNAL_REVERTED == CHAOS_INTENT_REVERTED && (int)JOURNAL_ABANDONED == CHAOS_INTENT_ABANDONED,
               "the journal has the states of eth.h");
_Static_assert(JOURNAL_NAME_SIZE == CHAOS_MAX_INTENT_NAME + 1, "the journal has room for a name");

void sender_log(const chaos_sender *sender, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rpc_log_line(sender->log, sender->log_context, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------- open ---- */

static chaos_status check_options(const chaos_sender_options *o, chaos_error *err)
{
    if (o == NULL || o->size != sizeof *o) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_SENDER_OPTIONS_INIT");
    }
    if (o->rpc == NULL || o->account == NULL) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "a sender needs a chain and an account");
    }
    if (o->journal == NULL && !o->dry_run) {
        return error_set(err, CHAOS_E_USAGE, "journal", CHAOS_NO_OFFSET, "a sender needs a journal, or is a dry run");
    }
    if (o->confirmations > MAX_CONFIRMATIONS) {
        return error_set(err, CHAOS_E_USAGE, "confirmations", CHAOS_NO_OFFSET, "at most %d blocks", MAX_CONFIRMATIONS);
    }
    return CHAOS_OK;
}

static chaos_status fee_of(const chaos_u256 *asked, uint64_t usual, const char *field, uint64_t *fee, chaos_error *err)
{
    *fee = usual;
    if (u256_is_zero(asked)) {
        return CHAOS_OK;
    }
    return u256_to_u64(asked, fee) && *fee <= FEE_MOST
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "no fee is that high (in wei per gas)");
}

static uint32_t or_usual(uint32_t asked, uint32_t usual)
{
    return asked != 0 ? asked : usual;
}

/* A local chain that was begun anew has the same id and another first block: an old journal must not be taken for
 * its own. */
static chaos_status check_chain(const chaos_sender *s, chaos_error *err)
{
    chaos_block_id first = { CHAOS_BLOCK_NUMBER, 0, { { 0 } } };
    chaos_block block;
    chaos_status status = chaos_rpc_block(s->rpc, &first, &block, err);
    if (status == CHAOS_E_NOT_FOUND || status == CHAOS_E_NODE) {
        return CHAOS_OK; /* a node without the first block: nothing to compare */
    }
    CHAOS_TRY(status);
    return store_chain(s->journal, s->who.chain_id, &block.hash, err);
}

chaos_status chaos_sender_open(const chaos_sender_options *options, chaos_sender **sender, chaos_error *err)
{
    CHAOS_TRY(check_options(options, err));
    if (sender == NULL) {
        return error_set(err, CHAOS_E_USAGE, "sender", CHAOS_NO_OFFSET, "sender may not be NULL");
    }
    CHAOS_AUTO(chaos_sender, s);
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    s->rpc = options->rpc;
    s->account = options->account;
    s->who = (journal_account){ chaos_rpc_chain_id(s->rpc), chaos_account_address(s->account) };
    bool local = s->who.chain_id == ANVIL || s->who.chain_id == GANACHE;
    s->confirmations = or_usual(options->confirmations, local ? 1 : 2);
    s->deadline_ms = or_usual(options->deadline_ms, 180000);
    s->poll_ms = or_usual(options->poll_ms, local ? 100 : 1000);
    s->dry_run = options->dry_run;
    s->log = options->log;
    s->log_context = options->log_context;
    CHAOS_TRY(fee_of(&options->max_fee, 500 * GWEI, "max_fee", &s->max_fee, err));
    CHAOS_TRY(fee_of(&options->min_priority_fee, GWEI / 1000, "min_priority_fee", &s->min_tip, err));
    if (!s->dry_run) {
        CHAOS_TRY(store_open(options->journal, &s->journal, err));
        CHAOS_TRY(check_chain(s, err));
    }
    CHAOS_GIVE(sender, s);
    return CHAOS_OK;
}

void chaos_sender_free(chaos_sender *sender)
{
    if (sender != NULL) {
        store_free(sender->journal);
        free(sender);
    }
}

chaos_address chaos_sender_address(const chaos_sender *sender)
{
    return sender->who.sender;
}

chaos_rpc *chaos_sender_rpc(const chaos_sender *sender)
{
    return sender->rpc;
}

bool chaos_sender_is_dry_run(const chaos_sender *sender)
{
    return sender->dry_run;
}

/* ---------------------------------------------------------------- outcome ---- */

void sender_outcome(const journal_entry *entry, bool was_done, chaos_outcome *outcome)
{
    *outcome = (chaos_outcome){ .state = (chaos_intent_state)entry->state,
                                .was_done = was_done,
                                .nonce = entry->nonce,
                                .transaction_hash = entry->hash,
                                .block_number = entry->block_number,
                                .block_hash = entry->block_hash,
                                .gas_used = entry->gas_used,
                                .gas_price = entry->gas_price,
                                .attempts = entry->attempts };
}

chaos_status sender_verdict(const journal_entry *entry, chaos_error *err)
{
    if (entry->state == JOURNAL_REVERTED) {
        char hash[67];
        (void)error_set(err, CHAOS_E_REVERTED, "transaction", CHAOS_NO_OFFSET, "%s", entry->reason);
        error_found(err, "0x%s", error_hex(hash, sizeof hash, slice(entry->hash.bytes, sizeof entry->hash.bytes)));
        return CHAOS_E_REVERTED;
    }
    return CHAOS_OK;
}

static chaos_status check_call(const chaos_sender *sender, const chaos_outcome *outcome, chaos_error *err)
{
    return sender != NULL && outcome != NULL
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "sender and outcome may not be NULL");
}

static chaos_status given_up(const journal_entry *entry, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET, "the intent %.128s was given up: use another name",
                     entry->name);
}

/* ------------------------------------------------------------------- send ---- */

static chaos_status dry_run(chaos_sender *sender, const chaos_intent *intent, chaos_outcome *outcome, chaos_error *err)
{
    journal_entry entry; /* its data are the caller's */
    rpc_fees fees;
    uint64_t estimate, limit, pending;
    sender_entry_of(intent, &entry);
    CHAOS_TRY(sender_gas(sender, &entry, &estimate, &limit, err));
    CHAOS_TRY(sender_fees(sender, &fees, err));
    CHAOS_TRY(sender_pending(sender, &pending, err));
    entry.nonce = pending;
    entry.gas_used = estimate;
    entry.gas_price = u256_from(fees.cap);
    sender_outcome(&entry, false, outcome);
    return CHAOS_OK;
}

static chaos_status begin(chaos_sender *sender, const chaos_intent *intent, journal_entry *entry, bool *was_done,
                          chaos_error *err)
{
    CHAOS_TRY(sender_plan(sender, intent, entry, err));
    *was_done = journal_is_done(entry->state);
    return entry->state == JOURNAL_ABANDONED ? given_up(entry, err) : sender_push(sender, entry, err);
}

chaos_status chaos_sender_submit(chaos_sender *sender, const chaos_intent *intent, chaos_outcome *outcome,
                                 chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(entry);
    bool was_done = false;
    CHAOS_TRY(check_call(sender, outcome, err));
    CHAOS_TRY(sender_check_intent(intent, err));
    if (sender->dry_run) {
        return dry_run(sender, intent, outcome, err);
    }
    CHAOS_TRY(begin(sender, intent, &entry, &was_done, err));
    CHAOS_TRY(sender_verdict(&entry, err));
    sender_outcome(&entry, was_done, outcome);
    return CHAOS_OK;
}

chaos_status chaos_sender_send(chaos_sender *sender, const chaos_intent *intent, chaos_outcome *outcome,
                               chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(entry);
    bool was_done = false;
    CHAOS_TRY(check_call(sender, outcome, err));
    CHAOS_TRY(sender_check_intent(intent, err));
    if (sender->dry_run) {
        return dry_run(sender, intent, outcome, err);
    }
    CHAOS_TRY(begin(sender, intent, &entry, &was_done, err));
    CHAOS_TRY(was_done ? sender_verdict(&entry, err) : sender_wait_entry(sender, &entry, err));
    if (entry.state == JOURNAL_ABANDONED) {
        return given_up(&entry, err);
    }
    sender_outcome(&entry, was_done, outcome);
    return CHAOS_OK;
}

static chaos_status find(chaos_sender *sender, const char *name, journal_entry *entry, chaos_error *err)
{
    CHAOS_TRY(sender_check_name(name, err));
    if (sender->dry_run) {
        return error_set(err, CHAOS_E_NOT_FOUND, "name", CHAOS_NO_OFFSET, "a dry run has no journal");
    }
    return journal_find(sender->journal, &sender->who, name, entry, err);
}

chaos_status chaos_sender_wait(chaos_sender *sender, const char *name, chaos_outcome *outcome, chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(entry);
    CHAOS_TRY(check_call(sender, outcome, err));
    CHAOS_TRY(find(sender, name, &entry, err));
    bool was_done = journal_is_done(entry.state);
    CHAOS_TRY(was_done ? sender_verdict(&entry, err) : sender_wait_entry(sender, &entry, err));
    sender_outcome(&entry, was_done, outcome);
    return CHAOS_OK;
}

chaos_status chaos_sender_find(chaos_sender *sender, const char *name, chaos_outcome *outcome, chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(entry);
    CHAOS_TRY(check_call(sender, outcome, err));
    CHAOS_TRY(find(sender, name, &entry, err));
    sender_outcome(&entry, journal_is_done(entry.state), outcome);
    return CHAOS_OK;
}
