/* binding.c - what the agent's quotes say: its id, and a block that nobody knew before it was there. */
#include "agent/internal.h"

#define ANCHOR_DEPTH \
    2 /* blocks below the head: the newest ones are replaced now and then, and their hash is then unknown */

static chaos_status anchor_of(chaos_agent *agent, chaos_block *anchor, chaos_error *err)
{
    chaos_rpc *rpc = chaos_registries_rpc(agent->registries);
    chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER };

    CHAOS_TRY(chaos_rpc_block(rpc, NULL, anchor, err));
    if (agent->network.kind == CHAOS_NETWORK_LOCAL || anchor->number < ANCHOR_DEPTH) {
        return CHAOS_OK;
    }
    at.number = anchor->number - ANCHOR_DEPTH;
    return chaos_rpc_block(rpc, &at, anchor, err);
}

chaos_binding agent_plain_binding(const chaos_agent *agent, chaos_binding_stage stage)
{
    chaos_binding binding = { .stage = (uint8_t)stage };

    binding.chain_id = chaos_u256_from(agent->network.chain_id);
    binding.identity_registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    binding.agent_id = agent->id;
    return binding;
}

chaos_status agent_binding(chaos_agent *agent, chaos_binding_stage stage, chaos_binding *binding, chaos_error *err)
{
    chaos_block anchor;

    CHAOS_TRY(anchor_of(agent, &anchor, err));
    *binding = agent_plain_binding(agent, stage);
    memcpy(binding->nonce.bytes, anchor.hash.bytes, sizeof binding->nonce.bytes);
    binding->anchor_block = anchor.number;
    return CHAOS_OK;
}
