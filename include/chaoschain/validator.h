/* validator.h - answers validation requests honestly, and judges an agent by its id.
 *
 * A validator believes nothing of the agent's choosing: trust roots, policy and collateral are its own, the chain is
 * read through its own RPC, at one block. It answers a request once: 100 AFFIRMING, 50 WARNING, 0 CONTRAINDICATED. A
 * 0 needs bytes that the agent committed to (data:, content-addressed ipfs, or the metadata tee.answer). Everything
 * else - bytes that cannot be had or have another hash, missing or expired collateral, an unknown block, any fault
 * of ours - is a retry and a line in the log, never an answer.
 *
 * Needs no TEE and loads no provider. */
#ifndef CHAOSCHAIN_VALIDATOR_H
#define CHAOSCHAIN_VALIDATOR_H

#include <chaoschain/check.h>
#include <chaoschain/erc8004.h>
#include <chaoschain/net.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_TAG_VENDOR "tee-attestation/v1"  /* anchor vendor */
#define CHAOS_TAG_CUSTOM "tee-custom/v1"       /* a custom anchor; never counted by reputation */
#define CHAOS_TAG_SIMULATED "tee-sim/v1"       /* a simulated one, on chains that the policy names */

/* Collateral for this piece of evidence, appended to `json`. COLLATERAL_MISSING or another ENV status: retry. FORMAT
 * and TRUST statuses mean that the evidence itself may be malformed; they are no verdict: the verifier judges the
 * evidence without collateral, and where it does not come to the same, it is a retry with this status. */
typedef chaos_status chaos_collateral_source(void *context, const chaos_evidence *evidence, int64_t now,
                                             chaos_buffer *json, chaos_error *err);

typedef struct chaos_validator_config {
    size_t size;                  /* CHAOS_VALIDATOR_CONFIG_INIT */
    const chaos_registries *registries; /* borrowed, as everything here */
    chaos_sender *sender;         /* the validator's own account; NULL: judges and answers nothing */
    chaos_content *content;       /* fetches evidence, publishes reports (with a folder) */
    const char *store;            /* path of a file that keeps what was decided (the sender's will do); with a sender */
    const chaos_trust *trust;
    chaos_slice policy;           /* the policy file's bytes; empty: the default policy (appraise.h) */
    chaos_slice collateral;       /* for every request; or empty, with: */
    chaos_collateral_source *collateral_source;
    void *collateral_context;
    chaos_cache *cache;           /* or NULL */
    uint64_t first_block;         /* of the registries, to look for requests from */
    uint32_t confirmations;       /* that a request must have; 0: 1 on local chains, else 2 */
    chaos_rpc_log_function *log;  /* NULL: silent */
    void *log_context;
} chaos_validator_config;
#define CHAOS_VALIDATOR_CONFIG_INIT                                                                                  \
    { sizeof(chaos_validator_config), NULL, NULL, NULL, NULL, NULL, { NULL, 0 }, { NULL, 0 }, NULL, NULL, NULL, 0, 0, \
      NULL, NULL }

typedef struct chaos_validator chaos_validator;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validator_open(const chaos_validator_config *config,
                                                           chaos_validator **validator, chaos_error *err);
CHAOS_API void chaos_validator_free(chaos_validator *validator);

typedef enum chaos_decision {
    CHAOS_DECISION_ANSWER = 1, /* `response` was sent (or would be, without a sender or in a dry run) */
    CHAOS_DECISION_DONE,       /* this validator has answered it before; nothing was sent */
    CHAOS_DECISION_RETRY,      /* nothing can be said now: `reason` */
    CHAOS_DECISION_REFUSE      /* never ours to answer: another's request, or a file that does not fit the chain */
} chaos_decision;
CHAOS_API const char *chaos_decision_name(chaos_decision decision);

typedef struct chaos_validation_result {
    chaos_decision decision;
    chaos_error reason;         /* of RETRY and REFUSE; of a 0, what the evidence was found to be */
    uint8_t response;           /* 100, 50 or 0 */
    char tag[32];
    chaos_u256 agent_id;
    chaos_block block;          /* at which the chain was read */
    char report_uri[CHAOS_CONTENT_URI_SIZE];
    chaos_keccak report_hash;   /* of the verdict file: responseHash */
    chaos_outcome outcome;      /* of the transaction */
    chaos_verdict *verdict;     /* owned: chaos_verdict_free; NULL where it came to none, and where an earlier run had
                                 * decided */
} chaos_validation_result;

/* One request, from hash to answer. CHAOS_OK with a result whatever the decision; another status only for a caller's
 * mistake or a fault of ours. `now` is the time of judgement. Call again to go on after a crash: answers once. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validator_validate(chaos_validator *validator,
                                                               const chaos_keccak *request_hash, int64_t now,
                                                               chaos_validation_result *result, chaos_error *err);

/* ------------------------------------------------------- check an agent ---- */

/* Agent id → registry → evidence → verdict: what `chaoschain check eip155:N:ID` does. With `endpoint_nonce` (may be
 * NULL) the agent's own endpoint is asked for evidence over that nonce, which is then fresh; else the evidence that
 * the chain names is judged, which is fresh only when its block is one of the last 256. */
typedef struct chaos_agent_report {
    chaos_u256 agent_id;
    chaos_block block;
    chaos_address owner, wallet;
    bool has_evidence;          /* false: the agent claims no TEE */
    chaos_tee_metadata metadata;
    chaos_verdict *verdict;     /* owned; NULL without evidence, or with `fault` */
    chaos_error fault;          /* why there is no verdict: status CHAOS_OK where there is one */
    char sentence[240];         /* one sentence for a person */
} chaos_agent_report;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validator_check_agent(chaos_validator *validator,
                                                                  const chaos_u256 *agent_id,
                                                                  const chaos_u256 *endpoint_nonce, int64_t now,
                                                                  chaos_agent_report *report, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
