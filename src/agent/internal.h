/* internal.h - what the files of this folder share: the agent and its steps. */
#ifndef AGENT_INTERNAL_H
#define AGENT_INTERNAL_H

#include <chaoschain/agent.h>

#include <pthread.h>

#include "base/base.h"
#include "crypto/crypto.h"
#include "eth/eth.h"
#include "store/agent_store.h"
#include "wire/wire.h"

#define AGENT_MAX_NAME 64
#define AGENT_MAX_LABEL 32
#define AGENT_MAX_URI 2048

struct chaos_agent {
    char name[AGENT_MAX_NAME + 1];
    char label[AGENT_MAX_LABEL + 1]; /* of the key's path */
    chaos_network network;
    chaos_tee *tee;
    const chaos_keypair *keypair; /* the identity key */
    chaos_keypair *own;           /* when the agent made it */
    pthread_mutex_t lock;
    bool has_lock;

    /* On a chain: all of these, or none; without sender and content, and perhaps a store, it only answers. */
    const chaos_registries *registries;
    chaos_sender *sender;
    chaos_content *content;
    agent_store *store;
    char *description, *endpoint; /* NULL: none */
    chaos_buffer collateral;
    chaos_rpc_log_function *log;
    void *log_context;

    bool has_id;
    chaos_u256 id;
    chaos_evidence *identity_evidence; /* stage 1, as the chain names it */
    chaos_keypair *session;            /* NULL: none begun in this process */
    int64_t session_ends;
};

CHAOS_CLEANUP(chaos_agent);
CHAOS_CLEANUP(chaos_evidence);
CHAOS_CLEANUP(chaos_keypair);

/* USAGE when the agent was opened without a chain, or only to answer. agent.c */
CHAOS_MUST_USE chaos_status agent_needs_chain(const chaos_agent *agent, chaos_error *err);
/* USAGE when it is not registered. agent.c */
CHAOS_MUST_USE chaos_status agent_needs_id(const chaos_agent *agent, chaos_error *err);
void agent_say(const chaos_agent *agent, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of an intent of this agent: "agent/0xKEY/WHAT", with the first bytes of a hash behind it when there is one.
 * agent.c */
#define AGENT_INTENT_SIZE 128
CHAOS_MUST_USE chaos_status agent_intent(const chaos_agent *agent, const char *what, const chaos_keccak *hash,
                                         char name[AGENT_INTENT_SIZE], chaos_error *err);

/* A binding of this agent at this stage, with neither nonce nor times. binding.c */
chaos_binding agent_plain_binding(const chaos_agent *agent, chaos_binding_stage stage);
/* The same with the newest block as its anchor: nonce = the block's hash. binding.c */
CHAOS_MUST_USE chaos_status agent_binding(chaos_agent *agent, chaos_binding_stage stage, chaos_binding *binding,
                                          chaos_error *err);

/* Does this process run the newest session of the agent, with time left? The lock is held. session.c */
CHAOS_MUST_USE bool agent_runs_session(const chaos_agent *agent);
/* A session that runs, and does not end soon; the lock is held. session.c */
CHAOS_MUST_USE chaos_status agent_have_session(chaos_agent *agent, chaos_error *err);
/* The store's name for an agent: chain, registry, identity key. agent.c */
void agent_scope(uint64_t chain_id, const chaos_address *registry, const chaos_address *key,
                 char scope[AGENT_SCOPE_SIZE]);
/* As chaos_agent_export; the lock is held. export.c */
CHAOS_MUST_USE chaos_status agent_export(chaos_agent *agent, const chaos_address *registry, uint64_t from, uint64_t to,
                                         chaos_slice collateral, const char *folder, chaos_error *err);
/* A receipt as the store keeps it. receipts.c */
CHAOS_MUST_USE chaos_status agent_read_receipt(chaos_agent *agent, uint64_t sequence, chaos_receipt *receipt,
                                               chaos_error *err);
/* The store against tee.head on chain: RECEIPT_HEAD when it lies behind or beside. receipts.c */
CHAOS_MUST_USE chaos_status agent_check_head(chaos_agent *agent, chaos_error *err);

#endif
