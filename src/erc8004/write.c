/* write.c - a call of a registry as an intent of the sender; and the identity registry's own ones. */
#include "erc8004/erc8004.h"
#include "eth/sender.h"

#define IDENTITY CHAOS_REGISTRY_IDENTITY
static const char reserved_key[] = "agentWallet";

/* ----------------------------------------------------------------- sending ---- */

chaos_status write_begin(const registry_write *write, chaos_error *err)
{
    CHAOS_TRY(registry_require(write->registries, write->kind, err));
    if (write->sender == NULL || write->intent == NULL) {
        return usage(err, "sender", "the sender and the intent's name may not be NULL");
    }
    uint64_t chain = chaos_rpc_chain_id(chaos_sender_rpc(write->sender));
    if (chain != write->registries->chain_id) {
        (void)error_set(err, CHAOS_E_CHAIN_ID, "sender", CHAOS_NO_OFFSET, "the sender is of another chain");
        error_expected(err, "chain %llu", (unsigned long long)write->registries->chain_id);
        error_found(err, "chain %llu", (unsigned long long)chain);
        return CHAOS_E_CHAIN_ID;
    }
    return CHAOS_OK;
}

chaos_status write_is_begun(const registry_write *write, bool *begun, chaos_error *err)
{
    chaos_outcome outcome;
    chaos_error why = { .status = CHAOS_OK };
    chaos_status status = chaos_sender_find(write->sender, write->intent, &outcome, &why);
    if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
        if (err != NULL) {
            *err = why;
        }
        return status;
    }
    *begun = status == CHAOS_OK;
    return CHAOS_OK;
}

/* --------------------------------------------------------------- brought back ---- */

/* The signed bytes of the attempt that was confirmed. */
static chaos_status find_attempt(const registry_write *write, const chaos_keccak *hash, journal_attempt *attempt,
                                 chaos_error *err)
{
    chaos_sender *sender = write->sender;
    JOURNAL_AUTO_ENTRY(entry);
    CHAOS_TRY(journal_find(sender->journal, &sender->who, write->intent, &entry, err));
    for (unsigned number = 0;; number++) {
        CHAOS_TRY(journal_attempt_read(sender->journal, entry.id, number, attempt, err));
        if (memcmp(attempt->hash.bytes, hash->bytes, sizeof hash->bytes) == 0) {
            return CHAOS_OK;
        }
        journal_attempt_clear(attempt);
    }
}

static chaos_status wait_for(const registry_write *write, chaos_outcome *outcome, chaos_error *err)
{
    const chaos_sender *sender = write->sender;
    int64_t deadline = rpc_now_ms() + sender->deadline_ms;
    for (;;) {
        chaos_transaction_receipt receipt;
        chaos_block head;
        chaos_status status = chaos_rpc_receipt(sender->rpc, &outcome->transaction_hash, &receipt, err);
        if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
            return status;
        }
        if (status == CHAOS_OK) {
            chaos_logs_free(receipt.logs);
            CHAOS_TRY(chaos_rpc_block(sender->rpc, NULL, &head, err));
        }
        if (status == CHAOS_OK && head.number >= receipt.block_number &&
            head.number - receipt.block_number + 1 >= sender->confirmations) {
            outcome->block_number = receipt.block_number;
            outcome->block_hash = receipt.block_hash;
            return CHAOS_OK;
        }
        if (rpc_now_ms() + sender->poll_ms >= deadline) {
            return error_set(err, CHAOS_E_REORGANISED, "transaction", CHAOS_NO_OFFSET,
                             "it was confirmed, the chain was reorganised, and it is not in a block again yet");
        }
        rpc_sleep_ms(sender->poll_ms);
    }
}

/* What was done stays done, also when the chain was reorganised deeper than the confirmations that were waited for: the
 * same bytes are sent again. */
static chaos_status keep_done(const registry_write *write, chaos_outcome *outcome, chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(attempt);
    chaos_transaction_receipt receipt;
    rpc_reception reception;
    chaos_status status = chaos_rpc_receipt(write->sender->rpc, &outcome->transaction_hash, &receipt, err);
    if (status == CHAOS_OK) {
        chaos_logs_free(receipt.logs);
    }
    if (status != CHAOS_E_NOT_FOUND) {
        return status;
    }
    CHAOS_TRY(find_attempt(write, &outcome->transaction_hash, &attempt, err));
    CHAOS_TRY(rpc_broadcast(write->sender->rpc, buffer_slice(&attempt.raw), &attempt.hash, &reception, NULL, err));
    return wait_for(write, outcome, err);
}

/* -------------------------------------------------------------------- send ---- */

chaos_status write_send(const registry_write *write, const char *signature, const argument *arguments, size_t count,
                        chaos_outcome *outcome, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(data, MAX_CALLDATA);
    chaos_outcome made;
    CHAOS_TRY(call_write(&data, signature, arguments, count, err));
    chaos_intent intent = CHAOS_INTENT_INIT;
    intent.name = write->intent;
    intent.has_to = true;
    intent.to = write->registries->registry[write->kind].address;
    intent.data = buffer_slice(&data);
    CHAOS_TRY(chaos_sender_send(write->sender, &intent, &made, err));
    if (made.was_done) {
        CHAOS_TRY(keep_done(write, &made, err));
    }
    if (outcome != NULL) {
        *outcome = made;
    }
    return CHAOS_OK;
}

chaos_status write_go_on(const registry_write *write, chaos_outcome *outcome, chaos_error *err)
{
    chaos_outcome made;
    CHAOS_TRY(chaos_sender_wait(write->sender, write->intent, &made, err));
    if (made.was_done) {
        CHAOS_TRY(keep_done(write, &made, err));
    }
    if (outcome != NULL) {
        *outcome = made;
    }
    return CHAOS_OK;
}

void write_nothing(chaos_outcome *outcome)
{
    if (outcome != NULL) {
        *outcome = (chaos_outcome){ .state = CHAOS_INTENT_CONFIRMED, .was_done = true };
    }
}

static chaos_status find_event(const registry_write *write, const chaos_transaction_receipt *receipt,
                               chaos_event_kind kind, event_fits_function *fits, const void *context,
                               chaos_event *event, chaos_error *err)
{
    const chaos_address *registry = &write->registries->registry[write->kind].address;
    for (size_t i = 0; i < chaos_logs_count(receipt->logs); i++) {
        const chaos_log *log = chaos_logs_at(receipt->logs, i);
        chaos_event found;
        if (memcmp(log->address.bytes, registry->bytes, sizeof registry->bytes) != 0 ||
            chaos_event_read(log, &found, NULL) != CHAOS_OK || found.kind != kind || !fits(context, &found)) {
            continue;
        }
        *event = found;
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_NODE, chaos_event_name(kind), CHAOS_NO_OFFSET,
                     "the receipt has not the log that this call makes");
}

chaos_status write_event(const registry_write *write, const chaos_outcome *outcome, chaos_event_kind kind,
                         event_fits_function *fits, const void *context, chaos_event *event, chaos_error *err)
{
    chaos_transaction_receipt receipt;
    CHAOS_TRY(chaos_rpc_receipt(chaos_sender_rpc(write->sender), &outcome->transaction_hash, &receipt, err));
    chaos_status status = find_event(write, &receipt, kind, fits, context, event, err);
    chaos_logs_free(receipt.logs);
    return status;
}

/* ----------------------------------------------------------------- register ---- */

static chaos_status check_entries(const char *uri, const chaos_metadata_entry *entries, size_t count, chaos_error *err)
{
    if (count > CHAOS_MAX_METADATA_ENTRIES || (entries == NULL && count > 0)) {
        return usage(err, "entries", "there are too many entries, or NULL");
    }
    if (uri == NULL && count > 0) {
        return usage(err, "uri", "metadata are registered together with a URI, which may be empty");
    }
    for (size_t i = 0; i < count; i++) {
        if (entries[i].key == NULL || (entries[i].value.data == NULL && entries[i].value.size > 0)) {
            return usage(err, "entries", "an entry has no key, or no value");
        }
        if (strcmp(entries[i].key, reserved_key) == 0) {
            return usage(err, "entries", "the key agentWallet is the registry's own: it is set by a signature");
        }
    }
    return CHAOS_OK;
}

static bool is_registered_by(const void *context, const chaos_event *event)
{
    const chaos_address *owner = context;
    return memcmp(event->of.registered.owner.bytes, owner->bytes, sizeof owner->bytes) == 0;
}

chaos_status chaos_agent_register(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                  const char *uri, const chaos_metadata_entry *entries, size_t entry_count,
                                  chaos_u256 *agent_id, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    chaos_outcome made;
    CHAOS_TRY(write_begin(&write, err));
    CHAOS_TRY(check_entries(uri, entries, entry_count, err));
    if (agent_id == NULL) {
        return usage(err, "agent_id", "the agent's id may not be NULL");
    }
    if (uri == NULL) {
        CHAOS_TRY(write_send(&write, "register()", NO_ARGUMENTS, &made, err));
    } else if (entry_count == 0) {
        CHAOS_TRY(write_send(&write, "register(string)", ARGUMENTS(arg_text(uri)), &made, err));
    } else {
        CHAOS_TRY(write_send(&write, "register(string,(string,bytes)[])",
                             ARGUMENTS(arg_text(uri), arg_entries(entries, entry_count)), &made, err));
    }
    if (!chaos_sender_is_dry_run(sender)) {
        chaos_address owner = chaos_sender_address(sender);
        chaos_event event;
        CHAOS_TRY(write_event(&write, &made, CHAOS_EVENT_REGISTERED, is_registered_by, &owner, &event, err));
        *agent_id = event.agent_id;
    }
    if (outcome != NULL) {
        *outcome = made;
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ changes ---- */

/* Is what the chain has already what is wanted, under a name that is new? Texts of an agent that is not there are
 * NOT_FOUND or empty; the contract has the last word. */
static chaos_status is_equal_already(const registry_write *write, const chaos_buffer *there, chaos_slice wanted,
                                     bool *equal, chaos_error *err)
{
    bool begun = false;
    CHAOS_TRY(write_is_begun(write, &begun, err));
    *equal = !begun && slice_equal(buffer_slice(there), wanted);
    return CHAOS_OK;
}

chaos_status chaos_agent_set_uri(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                 const chaos_u256 *agent_id, const char *uri, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    CHAOS_AUTO_BUFFER(there, CHAOS_MAX_CALL_RESULT);
    bool equal = false;
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || uri == NULL) {
        return usage(err, "uri", "the agent's id and the URI may not be NULL");
    }
    CHAOS_TRY(chaos_agent_uri(registries, agent_id, NULL, &there, err));
    CHAOS_TRY(is_equal_already(&write, &there, slice_text(uri), &equal, err));
    if (equal) {
        write_nothing(outcome);
        return CHAOS_OK;
    }
    return write_send(&write, "setAgentURI(uint256,string)", ARGUMENTS(arg_u256(agent_id), arg_text(uri)), outcome,
                      err);
}

chaos_status chaos_agent_set_metadata(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_u256 *agent_id, const char *key, chaos_slice value,
                                      chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    CHAOS_AUTO_BUFFER(there, CHAOS_MAX_CALL_RESULT);
    chaos_metadata_entry entry = { key, value };
    chaos_address owner;
    bool equal = false;
    CHAOS_TRY(write_begin(&write, err));
    CHAOS_TRY(check_entries("", &entry, 1, err));
    if (agent_id == NULL) {
        return usage(err, "agent_id", "the agent's id may not be NULL");
    }
    CHAOS_TRY(chaos_agent_owner(registries, agent_id, NULL, &owner, err)); /* empty metadata prove no agent */
    CHAOS_TRY(chaos_agent_metadata(registries, agent_id, key, NULL, &there, err));
    CHAOS_TRY(is_equal_already(&write, &there, value, &equal, err));
    if (equal) {
        write_nothing(outcome);
        return CHAOS_OK;
    }
    return write_send(&write, "setMetadata(uint256,string,bytes)",
                      ARGUMENTS(arg_u256(agent_id), arg_text(key), arg_bytes(value)), outcome, err);
}

chaos_status chaos_agent_transfer(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                  const chaos_u256 *agent_id, const chaos_address *to, chaos_transfer_form form,
                                  chaos_slice data, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    chaos_address from;
    bool begun = false;
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || to == NULL || (data.data == NULL && data.size > 0) ||
        (form != CHAOS_TRANSFER_SAFE && (form != CHAOS_TRANSFER_PLAIN || data.size > 0))) {
        return usage(err, "transfer", "an id, an address, and data in the safe form alone");
    }
    CHAOS_TRY(write_is_begun(&write, &begun, err));
    if (begun) { /* the owner may be the new one by now */
        return write_go_on(&write, outcome, err);
    }
    CHAOS_TRY(chaos_agent_owner(registries, agent_id, NULL, &from, err));
    argument arguments[] = { arg_address(&from), arg_address(to), arg_u256(agent_id), arg_bytes(data) };
    if (form == CHAOS_TRANSFER_PLAIN) {
        return write_send(&write, "transferFrom(address,address,uint256)", arguments, 3, outcome, err);
    }
    return data.size == 0
               ? write_send(&write, "safeTransferFrom(address,address,uint256)", arguments, 3, outcome, err)
               : write_send(&write, "safeTransferFrom(address,address,uint256,bytes)", arguments, 4, outcome, err);
}

chaos_status chaos_agent_approve(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                 const chaos_u256 *agent_id, const chaos_address *approved, chaos_outcome *outcome,
                                 chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || approved == NULL) {
        return usage(err, "approved", "the agent's id and the address may not be NULL");
    }
    return write_send(&write, "approve(address,uint256)", ARGUMENTS(arg_address(approved), arg_u256(agent_id)),
                      outcome, err);
}

chaos_status chaos_agent_set_operator(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_address *operator_, bool is_operator, chaos_outcome *outcome,
                                      chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    CHAOS_TRY(write_begin(&write, err));
    if (operator_ == NULL) {
        return usage(err, "operator", "the address may not be NULL");
    }
    return write_send(&write, "setApprovalForAll(address,bool)",
                      ARGUMENTS(arg_address(operator_), arg_boolean(is_operator)), outcome, err);
}
