/* sender_submit.c - an intent into the journal, signed, sent: in this order, and each written before the next. */
#include <time.h>

#include "eth/sender.h"
#include "eth/u256.h"

/* ------------------------------------------------------------------ check ---- */

chaos_status sender_check_name(const char *name, chaos_error *err)
{
    size_t length = name == NULL ? 0 : strnlen(name, CHAOS_MAX_INTENT_NAME + 1);
    bool ok = length >= 1 && length <= CHAOS_MAX_INTENT_NAME;
    for (size_t i = 0; ok && i < length; i++) {
        char c = name[i];
        ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._:/-", c) != NULL;
    }
    return ok ? CHAOS_OK
              : error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET,
                          "an intent's name is 1 to 128 of letters, digits and . _ : / -");
}

chaos_status sender_check_intent(const chaos_intent *intent, chaos_error *err)
{
    if (intent == NULL || intent->size != sizeof *intent) {
        return error_set(err, CHAOS_E_USAGE, "intent", CHAOS_NO_OFFSET, "begin with CHAOS_INTENT_INIT");
    }
    CHAOS_TRY(sender_check_name(intent->name, err));
    if (intent->data.size > CHAOS_MAX_TRANSACTION - 1024 || (intent->data.data == NULL && intent->data.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "data", CHAOS_NO_OFFSET, "the data are too large, or NULL");
    }
    if (intent->gas_limit > SENDER_MAX_GAS) {
        return error_set(err, CHAOS_E_USAGE, "gas_limit", CHAOS_NO_OFFSET,
                         "a transaction has at most 16777216 gas (EIP-7825)");
    }
    if (!intent->has_to && intent->data.size == 0) {
        return error_set(err, CHAOS_E_USAGE, "data", CHAOS_NO_OFFSET, "a contract is made from data");
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------- plan ---- */

/* The hash of recipient (or none), value and data: what makes two intents the same. */
static chaos_keccak content_of(const chaos_intent *intent)
{
    uint8_t bytes[1 + sizeof intent->to + sizeof intent->value + sizeof(chaos_keccak)] = { intent->has_to };
    chaos_keccak data = hash_keccak(intent->data);
    if (intent->has_to) {
        memcpy(bytes + 1, intent->to.bytes, sizeof intent->to);
    }
    memcpy(bytes + 1 + sizeof intent->to, intent->value.bytes, sizeof intent->value);
    memcpy(bytes + 1 + sizeof intent->to + sizeof intent->value, data.bytes, sizeof data);
    return hash_keccak(slice(bytes, sizeof bytes));
}

void sender_entry_of(const chaos_intent *intent, journal_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    memcpy(entry->name, intent->name, strnlen(intent->name, sizeof entry->name - 1));
    entry->content = content_of(intent);
    entry->has_to = intent->has_to;
    entry->to = intent->has_to ? intent->to : entry->to;
    entry->value = intent->value;
    entry->gas_limit = intent->gas_limit;
    entry->state = JOURNAL_PLANNED;
    entry->data.data = (uint8_t *)(uintptr_t)intent->data.data; /* lent, and only read */
    entry->data.size = intent->data.size;
}

static chaos_status find_or_add(chaos_sender *sender, const chaos_intent *intent, journal_entry *entry,
                                chaos_error *err)
{
    journal_entry made;
    sender_entry_of(intent, &made);
    chaos_status status = journal_find(sender->journal, &sender->who, intent->name, entry, err);
    if (status == CHAOS_OK && memcmp(&entry->content, &made.content, sizeof made.content) != 0) {
        return error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET, "the intent %.128s was for something else",
                         intent->name);
    }
    if (status != CHAOS_E_NOT_FOUND) {
        entry->gas_limit = intent->gas_limit; /* of what is not signed yet, the last word counts */
        return status;
    }
    CHAOS_TRY(journal_add(sender->journal, &sender->who, &made, err));
    return journal_read(sender->journal, made.id, entry, err);
}

chaos_status sender_plan(chaos_sender *sender, const chaos_intent *intent, journal_entry *entry, chaos_error *err)
{
    CHAOS_TRY(store_begin(sender->journal, err));
    chaos_status status = find_or_add(sender, intent, entry, err);
    if (status != CHAOS_OK) {
        store_rollback(sender->journal);
        return status;
    }
    return store_commit(sender->journal, err);
}

/* -------------------------------------------------------------- gas, money ---- */

chaos_status sender_gas(chaos_sender *sender, const journal_entry *entry, uint64_t *estimate, uint64_t *limit,
                        chaos_error *err)
{
    chaos_call call = { .has_from = true,
                        .from = sender->who.sender,
                        .to = entry->to,
                        .value = entry->value,
                        .data = buffer_slice(&entry->data) };
    uint64_t gas = 0;
    CHAOS_TRY(
        rpc_estimate_gas(sender->rpc, &call, entry->has_to, &gas, err)); /* a refusal is an answer: it ends here */
    if (gas > SENDER_MAX_GAS || (entry->gas_limit != 0 && gas > entry->gas_limit)) {
        (void)error_set(err, CHAOS_E_USAGE, "gas_limit", CHAOS_NO_OFFSET,
                        "the transaction needs more gas than it may have");
        error_expected(err, "at most %llu",
                       (unsigned long long)(entry->gas_limit != 0 ? entry->gas_limit : SENDER_MAX_GAS));
        error_found(err, "%llu", (unsigned long long)gas);
        return CHAOS_E_USAGE;
    }
    uint64_t more = gas + gas / 5;
    *estimate = gas;
    *limit = entry->gas_limit != 0 ? entry->gas_limit : more < SENDER_MAX_GAS ? more
                                                                              : SENDER_MAX_GAS;
    return CHAOS_OK;
}

static chaos_status check_funds(chaos_sender *sender, const journal_entry *entry, uint64_t gas, uint64_t cap,
                                chaos_error *err)
{
    chaos_u256 has, needs;
    char text[U256_DECIMAL_SIZE];
    CHAOS_TRY(chaos_rpc_balance(sender->rpc, &sender->who.sender, NULL, &has, err));
    bool fits = u256_add_product(&entry->value, gas, cap, &needs);
    if (fits && u256_compare(&has, &needs) >= 0) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_FUNDS, "balance", CHAOS_NO_OFFSET, NULL);
    error_expected(err, "%s wei", fits ? u256_decimal(&needs, text) : "2^256 or more");
    error_found(err, "%s wei", u256_decimal(&has, text));
    return CHAOS_E_FUNDS;
}

chaos_status sender_pending(chaos_sender *sender, uint64_t *count, chaos_error *err)
{
    return rpc_pending_count(sender->rpc, &sender->who.sender, count, err);
}

/* ------------------------------------------------------------------- sign ---- */

static chaos_status write_transaction(const chaos_sender *sender, const journal_entry *entry,
                                      const sender_attempt *plan, journal_attempt *attempt, chaos_error *err)
{
    chaos_transaction t = CHAOS_TRANSACTION_INIT;
    t.type = plan->fees.legacy ? CHAOS_TX_LEGACY : CHAOS_TX_DYNAMIC_FEE;
    t.chain_id = sender->who.chain_id;
    t.nonce = entry->nonce;
    t.gas_limit = plan->gas_limit;
    if (plan->fees.legacy) {
        t.gas_price = u256_from(plan->fees.cap);
    } else {
        t.max_fee = u256_from(plan->fees.cap);
        t.max_priority_fee = u256_from(plan->fees.tip);
    }
    t.has_to = plan->cancels || entry->has_to;
    t.to = plan->cancels ? sender->who.sender : entry->to;
    if (!plan->cancels) {
        t.value = entry->value;
        t.data = buffer_slice(&entry->data);
    }
    attempt->raw.limit = CHAOS_MAX_TRANSACTION;
    CHAOS_TRY(chaos_account_sign_transaction(sender->account, &t, &attempt->raw, &attempt->hash, err));
    attempt->cancels = plan->cancels;
    attempt->legacy = plan->fees.legacy;
    attempt->cap = plan->fees.cap;
    attempt->tip = plan->fees.tip;
    attempt->gas_limit = plan->gas_limit;
    attempt->signed_at = (int64_t)time(NULL);
    attempt->signed_head = plan->head;
    return CHAOS_OK;
}

/* The nonce that no other intent has: not below what the nodes count, not below what was given out here. */
static chaos_status choose_nonce(chaos_sender *sender, journal_entry *entry, uint64_t pending, chaos_error *err)
{
    uint64_t next = 0;
    if (entry->has_nonce) {
        return CHAOS_OK;
    }
    CHAOS_TRY(journal_next_nonce(sender->journal, &sender->who, &next, err));
    entry->nonce = next > pending ? next : pending;
    entry->has_nonce = true;
    return CHAOS_OK;
}

static chaos_status sign_inside(chaos_sender *sender, journal_entry *entry, const sender_attempt *plan,
                                uint64_t pending, chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(attempt);
    CHAOS_TRY(journal_read(sender->journal, entry->id, entry, err));
    if (journal_is_done(entry->state) || entry->attempts != plan->known) {
        return CHAOS_OK; /* another thread or process was faster */
    }
    if (entry->attempts >= JOURNAL_MAX_ATTEMPTS) {
        return error_set(err, CHAOS_E_UNCONFIRMED, "attempts", CHAOS_NO_OFFSET,
                         "after so many attempts no further one is made");
    }
    CHAOS_TRY(choose_nonce(sender, entry, pending, err));
    CHAOS_TRY(write_transaction(sender, entry, plan, &attempt, err));
    CHAOS_TRY(journal_attempt_add(sender->journal, entry->id, &attempt, err));
    entry->state = entry->state == JOURNAL_PLANNED ? JOURNAL_SENT : entry->state;
    entry->hash = attempt.hash;
    entry->attempts++;
    return journal_update(sender->journal, entry, err);
}

chaos_status sender_sign(chaos_sender *sender, journal_entry *entry, const sender_attempt *plan, uint64_t pending,
                         chaos_error *err)
{
    unsigned before = entry->attempts;
    CHAOS_TRY(store_begin(sender->journal, err));
    chaos_status status = sign_inside(sender, entry, plan, pending, err);
    if (status != CHAOS_OK) {
        store_rollback(sender->journal);
        return status;
    }
    CHAOS_TRY(store_commit(sender->journal, err));
    if (entry->attempts > before) {
        char hash[67];
        sender_log(sender, "%s: nonce %llu, attempt %u%s, 0x%s, at most %llu wei per gas", entry->name,
                   (unsigned long long)entry->nonce, entry->attempts, plan->cancels ? " (cancels)" : "",
                   error_hex(hash, sizeof hash, slice(entry->hash.bytes, sizeof entry->hash.bytes)),
                   (unsigned long long)plan->fees.cap);
    }
    return CHAOS_OK;
}

static chaos_status sign_first(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    sender_attempt plan = { .known = entry->attempts };
    uint64_t estimate, pending;
    chaos_block head;
    CHAOS_TRY(sender_gas(sender, entry, &estimate, &plan.gas_limit, err));
    CHAOS_TRY(sender_fees(sender, &plan.fees, err));
    CHAOS_TRY(check_funds(sender, entry, plan.gas_limit, plan.fees.cap, err));
    CHAOS_TRY(chaos_rpc_block(sender->rpc, NULL, &head, err));
    CHAOS_TRY(sender_pending(sender, &pending, err));
    plan.head = head.number;
    return sender_sign(sender, entry, &plan, pending, err);
}

/* ------------------------------------------------------------------- send ---- */

chaos_status sender_broadcast(chaos_sender *sender, const journal_entry *entry, rpc_reception *reception,
                              chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(attempt);
    chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    CHAOS_TRY(journal_attempt_read(sender->journal, entry->id, entry->attempts - 1, &attempt, err));
    CHAOS_TRY(rpc_broadcast(sender->rpc, buffer_slice(&attempt.raw), &attempt.hash, reception, NULL, &why));
    if (*reception != RPC_TAKEN) {
        sender_log(sender, "%s: not taken: %s", entry->name, why.text);
    }
    if (err != NULL && *reception != RPC_TAKEN) {
        *err = why;
    }
    return CHAOS_OK;
}

/* What was not heard may have arrived; what a twin or a used nonce means is found by looking. */
chaos_status sender_push(chaos_sender *sender, journal_entry *entry, chaos_error *err)
{
    rpc_reception reception = RPC_TAKEN;
    chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    if (journal_is_done(entry->state)) {
        return CHAOS_OK;
    }
    if (entry->state == JOURNAL_PLANNED) {
        CHAOS_TRY(sign_first(sender, entry, err));
    }
    if (entry->state != JOURNAL_SENT) { /* somebody else was faster, or it is in a block */
        return CHAOS_OK;
    }
    CHAOS_TRY(sender_broadcast(sender, entry, &reception, &why));
    bool refused = reception == RPC_NO_FUNDS || reception == RPC_REJECTED;
    if (!refused || entry->attempts > 1) { /* an older attempt may still wait there */
        return CHAOS_OK;
    }
    if (err != NULL) {
        *err = why;
        err->status = reception == RPC_NO_FUNDS ? CHAOS_E_FUNDS : CHAOS_E_NODE;
    }
    return reception == RPC_NO_FUNDS ? CHAOS_E_FUNDS : CHAOS_E_NODE;
}
