/* agent.h - an agent that has its key in a TEE: it registers on chain with evidence, signs what it does as receipts,
 * answers validators, and has a reputation that tells TEE from non-TEE.
 *
 *     chaos_agent_open → chaos_agent_register_identity → chaos_agent_act … → chaos_agent_anchor
 *                                                      → chaos_agent_request_validation → chaos_agent_export
 *
 * Name, network and TEE are enough to open one and to sign. What is on chain needs the registries, a sender of the
 * owner (an ordinary account, which owns the agent's token and pays), a place where evidence is published, and a store.
 *
 * Keys. The identity key is the TEE's for this name, chain and registry: it survives an upgrade of the application,
 * and its address becomes agentWallet. A session key is made fresh in the TEE, never stored; its quote carries the
 * measurement of the code that holds it, and the identity key endorses it. Receipts are signed by session keys.
 *
 * Crashes. Every call that sends can be called again with the same arguments, after a crash too, and sends nothing
 * twice: intents (eth.h) and what was decided for them are in the store before anything leaves.
 *
 * Threads: one call at a time; the agent locks itself. */
#ifndef CHAOSCHAIN_AGENT_H
#define CHAOSCHAIN_AGENT_H

#include <chaoschain/erc8004.h>
#include <chaoschain/net.h>
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
    bool has_identity_registry;  /* needed on local and other networks unless registries or a keypair are given */
    chaos_address identity_registry;
    uint32_t generation;         /* of the identity key: 0, and one more after each hand-over */
    /* For an agent on a chain; borrowed, all of them or none. An agent that only answers (chaos_agent_attest,
     * chaos_agent_answer_request) and never sends has registries and neither sender nor content; which agent it is says
     * its store, or agent_id below. */
    const chaos_registries *registries;
    chaos_sender *sender;        /* the owner's */
    chaos_content *content;      /* where files and envelopes are published and fetched; with a folder */
    const char *store;           /* path of a file (that of the sender will do), made with mode 0600 */
    /* Of the registration file; NULL: left out. */
    const char *description;
    const char *endpoint;        /* https URL of the agent's own attestation endpoint */
    chaos_slice collateral;      /* carried in envelopes for those who have none; or empty */
    chaos_rpc_log_function *log; /* one line a step; NULL: silent */
    void *log_context;
    bool has_agent_id;           /* of an agent that only answers: its agentWallet on chain must be the identity key, */
    chaos_u256 agent_id;         /* and its store, if there is one, must know no other; else USAGE */
} chaos_agent_config;
#define CHAOS_AGENT_CONFIG_INIT                                                                                       \
    { sizeof(chaos_agent_config), NULL, NULL, NULL, NULL, false, { { 0 } }, 0, NULL, NULL, NULL, NULL, NULL, NULL, \
      { NULL, 0 }, NULL, NULL, false, { { 0 } } }

/* Name, network and TEE are enough. Without a keypair asks the TEE for the identity key of this name on this network,
 * with stage-0 evidence ("before registration"). With a store: goes on where the agent was; refuses (RECEIPT_HEAD) a
 * store that lies behind the tee.head on chain or beside its digest, since receipts of the same sequence would be
 * signed twice. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_open(const chaos_agent_config *config, chaos_agent **agent,
                                                       chaos_error *err);
CHAOS_API void chaos_agent_free(chaos_agent *agent);

CHAOS_API const char *chaos_agent_name(const chaos_agent *agent);
CHAOS_API const chaos_network *chaos_agent_network(const chaos_agent *agent);
CHAOS_API const chaos_keypair *chaos_agent_keypair(const chaos_agent *agent); /* lent */
/* False: not registered, as far as the store knows. 0 is an id. */
CHAOS_API bool chaos_agent_id(const chaos_agent *agent, chaos_u256 *agent_id);

/* Signs any bytes of the agent (EIP-191) with its identity key; the signature carries the evidence. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_sign(const chaos_agent *agent, chaos_slice action,
                                                       chaos_signature **signature, chaos_error *err);

/* --------------------------------------------------------- registration ---- */

/* Registers, or goes on registering, or finds that it is done: register(URI) → registration file with the id →
 * setAgentURI → stage-1 quote over that file → setMetadata tee.* → agentWallet proven by the TEE key's own EIP-712
 * signature. `evidence` is stage-0 or stage-4 evidence of this agent's key (USAGE when it is of another), NULL: the
 * keypair's own. *tx_hash (may be NULL) is that of register(). Idempotent. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_register_identity(chaos_agent *agent,
                                                                    const chaos_evidence *evidence,
                                                                    chaos_u256 *agent_id, chaos_keccak *tx_hash,
                                                                    chaos_error *err);
/* New stage-1 evidence over the present registration file, its tee.* metadata on chain: after an upgrade, and before
 * the old evidence expires. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_renew_evidence(chaos_agent *agent, chaos_error *err);
/* The stage-1 envelope that the chain names now; lent, NULL before registration. */
CHAOS_API const chaos_evidence *chaos_agent_evidence(const chaos_agent *agent);
/* Stage-1 evidence over a nonce of somebody's choice: what the attestation endpoint answers to who asks with a nonce
 * alone. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_attest(chaos_agent *agent, const chaos_u256 *nonce,
                                                         chaos_evidence **evidence, chaos_error *err);

/* -------------------------------------------------------------- actions ---- */

/* A fresh session key with its stage-5 envelope, whose nonce is the hash of the newest block. chaos_agent_act begins
 * one when there is none or the present one is about to end. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_begin_session(chaos_agent *agent, chaos_error *err);
CHAOS_API const chaos_evidence *chaos_agent_session_evidence(const chaos_agent *agent); /* lent; NULL: none yet */

typedef struct chaos_act {
    size_t size;             /* CHAOS_ACT_INIT */
    const char *action_type; /* "chaoschain/demo": see chaos_action in evidence.h */
    chaos_slice payload, input, output; /* data NULL: there is none */
    bool keep;               /* the bytes go into the store, and into bundles */
} chaos_act;
#define CHAOS_ACT_INIT { sizeof(chaos_act), NULL, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, false }

/* One action: the receipt, with the next sequence, is signed by the session key and lies in the store before the call
 * returns. LOCKED: another process with this store has begun a newer session since; it acts for the agent now, until
 * chaos_agent_begin_session here. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_act(chaos_agent *agent, const chaos_act *act, chaos_receipt *receipt,
                                                      chaos_error *err);
/* How many receipts there are; the next one has this sequence. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_receipt_count(chaos_agent *agent, uint64_t *count, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_receipt_at(chaos_agent *agent, uint64_t sequence,
                                                             chaos_receipt *receipt, chaos_error *err); /* NOT_FOUND */
/* Writes the newest receipt's sequence and digest on chain (tee.head): from then on they provably existed. Nothing
 * is sent when the chain has them already. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_anchor(chaos_agent *agent, chaos_outcome *outcome, chaos_error *err);

/* Receipts from..to (both included) as a bundle (docs/receipts.md) in `folder`: bundle.jsonl, and content/ for what was
 * kept. The folder is made; one that has a bundle is USAGE. `collateral` may be empty. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_export(chaos_agent *agent, uint64_t from, uint64_t to,
                                                         chaos_slice collateral, const char *folder,
                                                         chaos_error *err);

/* What an agent has kept, from outside: no TEE, no chain, no lock of the agent; it may run meanwhile. Which agent: by
 * chain, registry and identity key (its agentWallet); a key of NULL is the only agent of that registry in it.
 * NOT_FOUND: the store has no such agent that is registered, or, without a key, several; FILE_IO: there is no such
 * file. One thread at a time. */
typedef struct chaos_receipt_store chaos_receipt_store;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_receipt_store_open(const char *path, uint64_t chain_id,
                                                               const chaos_address *identity_registry,
                                                               const chaos_address *identity_key,
                                                               chaos_receipt_store **store, chaos_error *err);
CHAOS_API void chaos_receipt_store_free(chaos_receipt_store *store);
CHAOS_API chaos_u256 chaos_receipt_store_agent_id(const chaos_receipt_store *store);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_receipt_store_count(chaos_receipt_store *store, uint64_t *count,
                                                                chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_receipt_store_at(chaos_receipt_store *store, uint64_t sequence,
                                                             chaos_receipt *receipt, chaos_error *err); /* NOT_FOUND */
/* As chaos_agent_export. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_receipt_store_export(chaos_receipt_store *store, uint64_t from,
                                                                 uint64_t to, chaos_slice collateral,
                                                                 const char *folder, chaos_error *err);

/* ----------------------------------------------------------- validation ---- */

/* Asks a validator to judge this agent: the request file is published and its keccak, *request_hash, goes on chain;
 * then a stage-2 envelope over that hash is published where the file says, and tee.answer commits to it. The same
 * validator and content again go on with the same request; `again` counts them apart (0, 1, …). Where the content has
 * no base the file names the agent's endpoint: there the validator gets an answer over a nonce of his own, which
 * nobody can have committed to before, and nothing is published. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_request_validation(chaos_agent *agent,
                                                                     const chaos_address *validator,
                                                                     const chaos_request_content *content,
                                                                     size_t content_count, uint32_t again,
                                                                     chaos_keccak *request_hash,
                                                                     chaos_outcome *outcome, chaos_error *err);

/* Stage-2 evidence over a request's hash and a nonce of the asker's: what the attestation endpoint answers to who names
 * a request. Only for requests that are on chain and about this agent, whoever the validator is: NOT_FOUND for any
 * other. Bound is the session key where this process runs the newest session, else the identity key; no session is
 * begun, since another process may act for the agent. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_answer_request(chaos_agent *agent, const chaos_keccak *request_hash,
                                                                 const chaos_u256 *nonce, chaos_evidence **evidence,
                                                                 chaos_error *err);

/* ----------------------------------------------------------- reputation ---- */

/* What an agent's feedback is worth, by the rule of "TEE": feedback given at block b counts as TEE where agentWallet =
 * tee.key; the latest tee-attestation/v1 answer up to b of each validator that the caller lists (neither owner nor
 * operator) is 100 or absent, one at least is 100 and none is 0; that answer came after the last Transfer and the last
 * change of agentWallet or of a tee.* key other than tee.head and tee.answer; and the block's time lies before both
 * tee.expires and the answer's time plus max_age. Answers tagged tee-sim/v1 make feedback SIMULATED in the same way,
 * never TEE; everything else is NO_TEE. Revoked feedback counts nowhere. */
typedef enum chaos_backing {
    CHAOS_BACKING_NONE = 0,
    CHAOS_BACKING_TEE = 1,
    CHAOS_BACKING_SIMULATED = 2
} chaos_backing;
#define CHAOS_BACKING_COUNT 3
CHAOS_API const char *chaos_backing_name(chaos_backing backing); /* "no-tee", "tee", "simulated" */

typedef struct chaos_reputation_options {
    size_t size;                       /* CHAOS_REPUTATION_OPTIONS_INIT */
    const chaos_registries *registries;
    chaos_u256 agent_id;
    const chaos_address *validators;   /* that the caller trusts; 0: nothing is TEE */
    size_t validator_count;
    const chaos_address *clients;      /* whose feedback counts; 0: everybody's, which anybody can inflate */
    size_t client_count;
    uint64_t first_block;              /* of the registry, to begin reading at */
    bool has_last_block;               /* else the head */
    uint64_t last_block;
    uint64_t max_age_s;                /* of an answer; 0: 30 days */
    void (*on_progress)(void *context, uint64_t done, uint64_t head); /* NULL: silent */
    void *context;
} chaos_reputation_options;
#define CHAOS_REPUTATION_OPTIONS_INIT                                                                            \
    { sizeof(chaos_reputation_options), NULL, { { 0 } }, NULL, 0, NULL, 0, 0, false, 0, 0, NULL, NULL }

/* One feedback and why it counts as what it does. */
typedef struct chaos_reputation_row {
    chaos_address client;
    uint64_t index, block_number;
    chaos_int128 value;
    uint8_t decimals;
    char tag1[64], tag2[64]; /* escaped, cut to fit */
    bool is_revoked;
    chaos_backing backing;
    char why[160];
} chaos_reputation_row;

typedef struct chaos_reputation chaos_reputation;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_reputation_read(const chaos_reputation_options *options,
                                                            chaos_reputation **reputation, chaos_error *err);
CHAOS_API void chaos_reputation_free(chaos_reputation *reputation);
/* Count and mean of one backing, and the block up to which it was read. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_reputation_summary(const chaos_reputation *reputation,
                                                               chaos_backing backing, chaos_feedback_summary *summary,
                                                               chaos_error *err);
CHAOS_API uint64_t chaos_reputation_block(const chaos_reputation *reputation);
CHAOS_API size_t chaos_reputation_row_count(const chaos_reputation *reputation);
CHAOS_API const chaos_reputation_row *chaos_reputation_row_at(const chaos_reputation *reputation,
                                                              size_t index); /* NULL: beyond the end */
/* The JSON "chaoschain/reputation/1" (data/schemas/reputation.schema.json). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_reputation_write_json(const chaos_reputation *reputation,
                                                                  chaos_buffer *json, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
