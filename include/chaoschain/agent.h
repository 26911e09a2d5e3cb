/* agent.h - an agent that has its key in a TEE and signs what it does with proof of that.
 *
 * This version opens agents and signs actions. Registering on chain, receipts and reputation are not built yet. */
#ifndef CHAOSCHAIN_AGENT_H
#define CHAOSCHAIN_AGENT_H

#include <chaoschain/erc8004.h>
#include <chaoschain/tee.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chaos_agent chaos_agent;

typedef struct chaos_agent_config {
    size_t size;                 /* CHAOS_AGENT_CONFIG_INIT */
    const char *name;            /* for people, 1-64 printable characters; the key's label is made from it */
    const char *network;         /* as chaos_network_find takes it */
    chaos_tee *tee;              /* borrowed: it must outlive the agent */
    const chaos_keypair *keypair; /* borrowed; or NULL: the agent's identity key is made, or made again */
    bool has_identity_registry;  /* needed on local and other networks unless a keypair is given */
    chaos_address identity_registry;
} chaos_agent_config;
#define CHAOS_AGENT_CONFIG_INIT { sizeof(chaos_agent_config), NULL, NULL, NULL, NULL, false, { { 0 } } }

/* Name, network and TEE are enough. Without a keypair asks the TEE for the identity key of this name on this network,
 * with stage-0 evidence ("before registration"). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_open(const chaos_agent_config *config, chaos_agent **agent,
                                                       chaos_error *err);
CHAOS_API void chaos_agent_free(chaos_agent *agent);

CHAOS_API const char *chaos_agent_name(const chaos_agent *agent);
CHAOS_API const chaos_network *chaos_agent_network(const chaos_agent *agent);
CHAOS_API const chaos_keypair *chaos_agent_keypair(const chaos_agent *agent); /* lent */

/* Signs an action of the agent (EIP-191) with its key; the signature carries the evidence. Thread-safe. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_sign(const chaos_agent *agent, chaos_slice action,
                                                       chaos_signature **signature, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
