/* internal.h - what the files of this folder share: a validator, and one request on its way to an answer. */
#ifndef VALIDATOR_INTERNAL_H
#define VALIDATOR_INTERNAL_H

#include <chaoschain/validator.h>

#include "appraise/appraise.h"
#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "store/agent_store.h"
#include "wire/wire.h"

#define VALIDATOR_TAG_SIZE 32
#define FETCH_MAX_URI (96u * 1024u) /* a data: URI of the largest request file */
#define FRESH_BLOCKS 256 /* formats 2: how far before its request an anchor may lie */

struct chaos_validator {
    chaos_validator_config config; /* borrowed pointers; the collateral is the copy below */
    chaos_buffer collateral;
    chaos_policy *policy;
    chaos_policy *hardware; /* the default policy: takes no simulated anchor */
    agent_store *store; /* NULL without a sender */
    uint64_t chain_id;
    chaos_address identity, self; /* self is zero without a sender */
};

CHAOS_CLEANUP(chaos_validator);
CHAOS_CLEANUP(chaos_request_file);

void validator_say(const chaos_validator *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The chain's word about an agent at one block. chain.c */
typedef struct agent_facts {
    chaos_address owner, wallet;
    chaos_tee_metadata metadata;
} agent_facts;
CHAOS_MUST_USE chaos_status read_agent(const chaos_validator *v, const chaos_u256 *agent_id, const chaos_block_id *at,
                                       agent_facts *facts, chaos_error *err);
/* The newest block as one that reads can name by its hash. chain.c */
CHAOS_MUST_USE chaos_status read_head(const chaos_validator *v, chaos_block *head, chaos_block_id *at,
                                      chaos_error *err);
/* Where a request stands in the logs: its block and the URI of its file. NOT_FOUND. chain.c */
CHAOS_MUST_USE chaos_status find_request(const chaos_validator *v, const chaos_address *validator,
                                         const chaos_keccak *request_hash, uint64_t head, uint64_t *block,
                                         chaos_buffer *uri, chaos_error *err);

/* ------------------------------------------------------------------ fetching ---- */

/* As chaos_content_get, for what a stranger names: a URI that is malformed or of no kind that is fetched is
 * NOT_AVAILABLE, never USAGE. fetch.c */
CHAOS_MUST_USE chaos_status fetch_bytes(const chaos_validator *v, chaos_slice uri, chaos_buffer *bytes,
                                        bool *committed, chaos_error *err);
/* Is it an agent's attestation endpoint, which answers a nonce? */
bool is_endpoint(const char *uri);
/* Asks an endpoint with a nonce of ours, and a request's hash (NULL: none). */
CHAOS_MUST_USE chaos_status fetch_asked(const chaos_validator *v, const char *endpoint, const chaos_u256 *nonce,
                                        const chaos_keccak *request_or_null, chaos_buffer *bytes, bool *committed,
                                        chaos_error *err);
CHAOS_MUST_USE chaos_status fresh_nonce(chaos_u256 *nonce, chaos_error *err);

/* ------------------------------------------------------------------ decision ---- */

/* What is going to be answered. decision.c */
typedef struct kept_decision {
    uint8_t response;
    char tag[VALIDATOR_TAG_SIZE];
    int64_t judged_at;
    chaos_address wallet; /* agentWallet at the time */
    chaos_buffer report;  /* the verdict file */
} kept_decision;
#define DECISION_INIT { 0, "", 0, { { 0 } }, CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT) }

/* Names the decision in the store, and the intent of sending it. */
#define DECISION_KEY_SIZE AGENT_STORE_KEY_SIZE
void decision_key(const chaos_keccak *request_hash, char key[DECISION_KEY_SIZE]);
CHAOS_MUST_USE chaos_status decision_find(const chaos_validator *v, const chaos_keccak *request_hash, kept_decision *d,
                                          bool *found, chaos_error *err);
/* Where there is one already, that becomes *d. */
CHAOS_MUST_USE chaos_status decision_keep(const chaos_validator *v, const chaos_keccak *request_hash, kept_decision *d,
                                          chaos_error *err);
CHAOS_MUST_USE chaos_status decision_drop(const chaos_validator *v, const chaos_keccak *request_hash,
                                          const kept_decision *d, chaos_error *err);

/* ------------------------------------------------------------------- verdict ---- */

/* Expects the block that the binding names where it is near enough and its hash is the nonce; else nothing, and the
 * verdict leaves freshness open. A block above `last`, or that the node does not know: NOT_FOUND. judge.c */
CHAOS_MUST_USE chaos_status expect_anchor(const chaos_validator *v, const chaos_binding *binding, uint64_t first,
                                          uint64_t last, chaos_expectation *expectation, chaos_error *err);
/* The whole way of chaos_check, with the validator's own collateral. Whatever is a fault of ours, of the collateral
 * or of the network is a status; CHAOS_OK comes with a verdict about the evidence. judge.c */
CHAOS_MUST_USE chaos_status judge(const chaos_validator *v, const chaos_evidence *evidence, chaos_slice bytes,
                                  const chaos_expectation *expectation, int64_t now, chaos_verdict **verdict,
                                  chaos_error *err);

#endif
