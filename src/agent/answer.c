/* answer.c - what the attestation endpoint answers: evidence over the asker's nonce, of stage 1, or of stage 2 for a
 * request that is on chain. Nothing is sent, and no session is begun. */
#include "agent/internal.h"
#include "erc8004/erc8004.h"

static chaos_status check_question(const chaos_agent *agent, const chaos_u256 *nonce, chaos_evidence *const *evidence,
                                   chaos_error *err)
{
    if (agent == NULL || nonce == NULL || evidence == NULL) {
        return error_set(err, CHAOS_E_USAGE, "nonce", CHAOS_NO_OFFSET, "agent, nonce and evidence may not be NULL");
    }
    return agent->registries != NULL && agent->has_id
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET,
                           "the agent was opened without registries, or is not registered");
}

static chaos_status attest_locked(chaos_agent *agent, const chaos_u256 *nonce, chaos_evidence **evidence,
                                  chaos_error *err)
{
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_binding binding = agent_plain_binding(agent, CHAOS_STAGE_IDENTITY);
    chaos_binding present;

    binding.nonce = *nonce; /* no block's hash: there is no anchor */
    if (agent->identity_evidence != NULL && chaos_evidence_binding(agent->identity_evidence, &present)) {
        binding.agent_uri_hash = present.agent_uri_hash;
    }
    options.binding = &binding;
    options.collateral = buffer_slice(&agent->collateral);
    return chaos_attest(agent->tee, agent->keypair, &options, evidence, err);
}

chaos_status chaos_agent_attest(chaos_agent *agent, const chaos_u256 *nonce, chaos_evidence **evidence,
                                chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(check_question(agent, nonce, evidence, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = attest_locked(agent, nonce, evidence, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

/* --------------------------------------------------------------- requests ---- */

/* Nobody is told what stands on chain about other agents: for him who asks, there is no such request. */
static chaos_status check_request(const chaos_agent *agent, const chaos_keccak *hash, chaos_error *err)
{
    chaos_u256 about;

    CHAOS_TRY(validation_agent(agent->registries, hash, &about, err));
    return memcmp(about.bytes, agent->id.bytes, sizeof about.bytes) == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_NOT_FOUND, "request", CHAOS_NO_OFFSET,
                           "the request is about another agent than this one");
}

static chaos_status answer_locked(chaos_agent *agent, const chaos_keccak *hash, const chaos_u256 *nonce,
                                  chaos_evidence **evidence, chaos_error *err)
{
    const bool in_session = agent_runs_session(agent);
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_binding binding = agent_plain_binding(agent, CHAOS_STAGE_VALIDATION);

    CHAOS_TRY(check_request(agent, hash, err));
    binding.subject = *hash;
    binding.nonce = *nonce;
    options.binding = &binding;
    options.endorser = in_session ? agent->keypair : NULL;
    options.collateral = buffer_slice(&agent->collateral);
    return chaos_attest(agent->tee, in_session ? agent->session : agent->keypair, &options, evidence, err);
}

chaos_status chaos_agent_answer_request(chaos_agent *agent, const chaos_keccak *request_hash, const chaos_u256 *nonce,
                                        chaos_evidence **evidence, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(check_question(agent, nonce, evidence, err));
    if (request_hash == NULL) {
        return error_set(err, CHAOS_E_USAGE, "request_hash", CHAOS_NO_OFFSET, NULL);
    }
    (void)pthread_mutex_lock(&agent->lock);
    status = answer_locked(agent, request_hash, nonce, evidence, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}
