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

chaos_status agent_binding(chaos_agent *agent, chaos_binding_stage stage, chaos_binding *binding, chaos_error *err)
{
    const chaos_address registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    chaos_block anchor;

    CHAOS_TRY(anchor_of(agent, &anchor, err));
    *binding = (chaos_binding){ .stage = (uint8_t)stage };
    binding->chain_id = chaos_u256_from(agent->network.chain_id);
    binding->identity_registry = registry;
    binding->agent_id = agent->id;
    memcpy(binding->nonce.bytes, anchor.hash.bytes, sizeof binding->nonce.bytes);
    binding->anchor_block = anchor.number;
    return CHAOS_OK;
}

chaos_status chaos_agent_attest(chaos_agent *agent, const chaos_u256 *nonce, chaos_evidence **evidence,
                                chaos_error *err)
{
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_binding binding;

    CHAOS_TRY(agent_needs_id(agent, err));
    if (nonce == NULL || evidence == NULL) {
        return error_set(err, CHAOS_E_USAGE, "nonce", CHAOS_NO_OFFSET, "nonce and evidence may not be NULL");
    }
    CHAOS_TRY(agent_binding(agent, CHAOS_STAGE_IDENTITY, &binding, err));
    if (agent->identity_evidence != NULL) {
        chaos_binding present;

        if (chaos_evidence_binding(agent->identity_evidence, &present)) {
            binding.agent_uri_hash = present.agent_uri_hash;
        }
    }
    binding.nonce = *nonce;
    binding.anchor_block = 0; /* the nonce is the asker's, and no block's */
    options.binding = &binding;
    options.collateral = buffer_slice(&agent->collateral);
    return chaos_attest(agent->tee, agent->keypair, &options, evidence, err);
}
