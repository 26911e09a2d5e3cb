/* receipts.c - every action a receipt, with the next sequence, in the store before anybody sees it. */
#include "agent/internal.h"

#include <time.h>

#define LINE_HEAD "{\"receipt\":"
#define LINE_TAIL "}\n"

/* ----------------------------------------------------------------- store ---- */

/* A receipt is kept as its line of a bundle: one writer, one reader. */
static chaos_status keep(chaos_agent *agent, const chaos_receipt *receipt, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(line, AGENT_RECEIPT_MAX);

    CHAOS_TRY(chaos_bundle_write_receipt(receipt, &line, err));
    return agent_store_append_receipt(agent->store, receipt->action.sequence, buffer_slice(&line), err);
}

chaos_status agent_read_receipt(chaos_agent *agent, uint64_t sequence, chaos_receipt *receipt, chaos_error *err)
{
    const chaos_u256 chain_id = chaos_u256_from(agent->network.chain_id);
    const size_t around = strlen(LINE_HEAD) + strlen(LINE_TAIL);
    CHAOS_AUTO_BUFFER(line, AGENT_RECEIPT_MAX);
    bool found = false;

    CHAOS_TRY(agent_store_receipt(agent->store, sequence, &line, &found, err));
    if (!found) {
        return error_set(err, CHAOS_E_NOT_FOUND, "sequence", CHAOS_NO_OFFSET, "the store has no receipt %llu",
                         (unsigned long long)sequence);
    }
    if (line.size <= around || memcmp(line.data, LINE_HEAD, strlen(LINE_HEAD)) != 0) {
        return error_set(err, CHAOS_E_STORE, "receipt", CHAOS_NO_OFFSET, "receipt %llu in the store is no receipt",
                         (unsigned long long)sequence);
    }
    return chaos_receipt_parse(slice(line.data + strlen(LINE_HEAD), line.size - around), &chain_id, receipt, err);
}

chaos_status agent_check_head(chaos_agent *agent, chaos_error *err)
{
    chaos_tee_head head;
    chaos_receipt receipt;
    chaos_keccak digest;
    uint64_t count;
    chaos_status status = chaos_tee_head_read(agent->registries, &agent->id, NULL, &head, err);

    if (status == CHAOS_E_NOT_FOUND) {
        return CHAOS_OK; /* nothing was anchored yet */
    }
    CHAOS_TRY(status);
    CHAOS_TRY(agent_store_receipt_count(agent->store, &count, err));
    if (count <= head.sequence) {
        (void)error_set(err, CHAOS_E_RECEIPT_HEAD, "sequence", CHAOS_NO_OFFSET,
                        "the store lies behind the chain: restore it, or receipts would be signed twice");
        error_expected(err, "at least %llu receipts", (unsigned long long)head.sequence + 1);
        error_found(err, "%llu", (unsigned long long)count);
        return CHAOS_E_RECEIPT_HEAD;
    }
    CHAOS_TRY(agent_read_receipt(agent, head.sequence, &receipt, err));
    digest = chaos_action_digest(&receipt.action);
    if (memcmp(digest.bytes, head.digest.bytes, sizeof digest.bytes) != 0) {
        return error_set(err, CHAOS_E_RECEIPT_HEAD, "digest", CHAOS_NO_OFFSET,
                         "receipt %llu of the store is not the one that the chain names",
                         (unsigned long long)head.sequence);
    }
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- action ---- */

static chaos_keccak hash_if_there(chaos_slice bytes)
{
    const chaos_keccak none = { { 0 } };

    return bytes.data == NULL ? none : chaos_content_hash(bytes);
}

/* The one after the last: its sequence, and the digest of that. */
static chaos_status follow(chaos_agent *agent, chaos_action *action, chaos_error *err)
{
    chaos_receipt last = { .action = { .sequence = 0 } };
    uint64_t count;

    CHAOS_TRY(agent_store_receipt_count(agent->store, &count, err));
    action->sequence = count;
    if (count == 0) {
        return CHAOS_OK;
    }
    CHAOS_TRY(agent_read_receipt(agent, count - 1, &last, err));
    action->previous = chaos_action_digest(&last.action);
    if (last.action.issued_at > action->issued_at) {
        action->issued_at = last.action.issued_at; /* a clock that was set back */
    }
    return CHAOS_OK;
}

static chaos_status keep_contents(chaos_agent *agent, const chaos_act *act, const chaos_action *action,
                                  chaos_error *err)
{
    const struct {
        chaos_slice bytes;
        const chaos_keccak *hash;
    } all[] = { { act->payload, &action->payload_hash },
                { act->input, &action->input_hash },
                { act->output, &action->output_hash } };

    for (size_t i = 0; act->keep && i < CHAOS_ARRAY_SIZE(all); i++) {
        if (all[i].bytes.data != NULL) {
            CHAOS_TRY(agent_store_put_blob(agent->store, AGENT_BLOB_CONTENT, all[i].hash, all[i].bytes, err));
        }
    }
    return CHAOS_OK;
}

static chaos_status act_locked(chaos_agent *agent, const chaos_act *act, chaos_receipt *receipt, chaos_error *err)
{
    chaos_receipt made = { .action = { .issued_at = (uint64_t)time(NULL) } };
    chaos_action *action = &made.action;

    CHAOS_TRY(agent_have_session(agent, err));
    action->chain_id = chaos_u256_from(agent->network.chain_id);
    action->agent_registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    action->agent_id = agent->id;
    (void)snprintf(action->action_type, sizeof action->action_type, "%s", act->action_type);
    action->payload_hash = hash_if_there(act->payload);
    action->input_hash = hash_if_there(act->input);
    action->output_hash = hash_if_there(act->output);
    action->evidence_hash = chaos_evidence_hash(chaos_keypair_evidence(agent->session));
    CHAOS_TRY(follow(agent, action, err));
    CHAOS_TRY(chaos_tee_sign_action(agent->tee, action, agent->session, &made.signature, err));
    CHAOS_TRY(keep_contents(agent, act, action, err));
    CHAOS_TRY(keep(agent, &made, err));
    *receipt = made;
    return CHAOS_OK;
}

static chaos_status check_act(const chaos_act *act, const chaos_receipt *receipt, chaos_error *err)
{
    if (act == NULL || act->size != sizeof *act || act->action_type == NULL || receipt == NULL) {
        return error_set(err, CHAOS_E_USAGE, "act", CHAOS_NO_OFFSET,
                         "begin with CHAOS_ACT_INIT; the type of the action is needed");
    }
    if (strlen(act->action_type) >= CHAOS_ACTION_TYPE_SIZE) {
        return error_set(err, CHAOS_E_USAGE, "action_type", CHAOS_NO_OFFSET, "the type has more than %d characters",
                         CHAOS_ACTION_TYPE_SIZE - 1);
    }
    return CHAOS_OK;
}

chaos_status chaos_agent_act(chaos_agent *agent, const chaos_act *act, chaos_receipt *receipt, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_id(agent, err));
    CHAOS_TRY(check_act(act, receipt, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = act_locked(agent, act, receipt, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

/* ---------------------------------------------------------------- others ---- */

chaos_status chaos_agent_receipt_count(chaos_agent *agent, uint64_t *count, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_chain(agent, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = agent_store_receipt_count(agent->store, count, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

chaos_status chaos_agent_receipt_at(chaos_agent *agent, uint64_t sequence, chaos_receipt *receipt, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_chain(agent, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = agent_read_receipt(agent, sequence, receipt, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

static chaos_status anchor_locked(chaos_agent *agent, chaos_outcome *outcome, chaos_error *err)
{
    char intent[AGENT_INTENT_SIZE];
    uint8_t value[40];
    chaos_tee_head head;
    chaos_receipt last = { .action = { .sequence = 0 } };
    uint64_t count;

    CHAOS_TRY(agent_store_receipt_count(agent->store, &count, err));
    if (count == 0) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, "there is no receipt to anchor yet");
    }
    CHAOS_TRY(agent_read_receipt(agent, count - 1, &last, err));
    head.sequence = last.action.sequence;
    head.digest = chaos_action_digest(&last.action);
    chaos_tee_head_write(&head, value);
    CHAOS_TRY(agent_intent(agent, "head", &head.digest, intent, err));
    return chaos_agent_set_metadata(agent->registries, agent->sender, intent, &agent->id, CHAOS_TEE_HEAD_KEY,
                                    slice(value, sizeof value), outcome, err);
}

chaos_status chaos_agent_anchor(chaos_agent *agent, chaos_outcome *outcome, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_id(agent, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = anchor_locked(agent, outcome, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}
