/* write_reputation.c - feedback given, revoked and answered. */
#include "erc8004/erc8004.h"

#define REPUTATION CHAOS_REGISTRY_REPUTATION

typedef struct whose {
    const chaos_u256 *agent_id;
    chaos_address client;
} whose;

static bool is_ours(const void *context, const chaos_event *event)
{
    const whose *w = context;
    return memcmp(event->agent_id.bytes, w->agent_id->bytes, sizeof w->agent_id->bytes) == 0 &&
           memcmp(event->of.new_feedback.client.bytes, w->client.bytes, sizeof w->client.bytes) == 0;
}

chaos_status chaos_feedback_give(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                 const chaos_u256 *agent_id, const chaos_feedback_draft *draft, uint64_t *index,
                                 chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, REPUTATION };
    chaos_outcome made;
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || draft == NULL || draft->decimals > CHAOS_MAX_DECIMALS) {
        return usage(err, "feedback", "an agent's id and a draft with at most 18 decimals are needed");
    }
    CHAOS_TRY(write_send(&write, "giveFeedback(uint256,int128,uint8,string,string,string,string,bytes32)",
                         ARGUMENTS(arg_u256(agent_id), arg_int128(draft->value), arg_number(draft->decimals),
                                   arg_text(draft->tag1), arg_text(draft->tag2), arg_text(draft->endpoint),
                                   arg_text(draft->uri), arg_hash(&draft->hash)),
                         &made, err));
    if (!chaos_sender_is_dry_run(sender)) {
        whose context = { agent_id, chaos_sender_address(sender) };
        chaos_event event;
        CHAOS_TRY(write_event(&write, &made, CHAOS_EVENT_NEW_FEEDBACK, is_ours, &context, &event, err));
        if (index != NULL) {
            *index = event.of.new_feedback.index;
        }
    }
    if (outcome != NULL) {
        *outcome = made;
    }
    return CHAOS_OK;
}

chaos_status chaos_feedback_revoke(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                   const chaos_u256 *agent_id, uint64_t index, chaos_outcome *outcome,
                                   chaos_error *err)
{
    registry_write write = { registries, sender, intent, REPUTATION };
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL) {
        return usage(err, "agent_id", "the agent's id may not be NULL");
    }
    return write_send(&write, "revokeFeedback(uint256,uint64)", ARGUMENTS(arg_u256(agent_id), arg_number(index)),
                      outcome, err);
}

chaos_status chaos_feedback_respond(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                    const chaos_u256 *agent_id, const chaos_address *client, uint64_t index,
                                    const char *uri, const chaos_keccak *hash, chaos_outcome *outcome,
                                    chaos_error *err)
{
    registry_write write = { registries, sender, intent, REPUTATION };
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || client == NULL || uri == NULL || hash == NULL) {
        return usage(err, "response", "no argument but the outcome may be NULL");
    }
    return write_send(&write, "appendResponse(uint256,address,uint64,string,bytes32)",
                      ARGUMENTS(arg_u256(agent_id), arg_address(client), arg_number(index), arg_text(uri),
                                arg_hash(hash)),
                      outcome, err);
}
