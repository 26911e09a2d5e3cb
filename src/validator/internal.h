/* internal.h - what the files of this folder share: a validator, and one request on its way to an answer. */
#ifndef VALIDATOR_INTERNAL_H
#define VALIDATOR_INTERNAL_H

#include <chaoschain/validator.h>

#include "appraise/appraise.h"
#include "base/base.h"
#include "crypto/crypto.h"
#include "store/agent_store.h"
#include "wire/wire.h"

#define FRESH_BLOCKS 256 /* formats 2: how far before its request an anchor may lie */

struct chaos_validator {
    chaos_validator_config config; /* borrowed pointers; policy and collateral are the copies below */
    chaos_buffer policy_text, collateral;
    chaos_policy *policy;
    chaos_keccak policy_hash;
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

/* Expects the block that the binding names where it is near enough and its hash is the nonce; else nothing, and the
 * verdict leaves freshness open. A block that the node does not know: NOT_FOUND. judge.c */
CHAOS_MUST_USE chaos_status expect_anchor(const chaos_validator *v, const chaos_binding *binding, uint64_t first,
                                          uint64_t last, chaos_expectation *expectation, chaos_error *err);
/* The whole way of chaos_check with the validator's own collateral. Whatever is a fault of ours, of the collateral
 * or of the network is a status; CHAOS_OK comes with a verdict about the evidence. judge.c */
CHAOS_MUST_USE chaos_status judge(const chaos_validator *v, const chaos_evidence *evidence, chaos_slice bytes,
                                  const chaos_expectation *expectation, int64_t now, chaos_verdict **verdict,
                                  chaos_error *err);

#endif
