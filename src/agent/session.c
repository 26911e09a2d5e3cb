/* session.c - a fresh key in the TEE, whose quote carries the code that holds it, endorsed by the identity key. */
#include "agent/internal.h"

#include <time.h>

#define SESSION_LIFE_S (7 * 86400 - 60) /* of the seven days that a verifier allows */
#define SESSION_KEY "session"           /* of the store: the envelope's hash of the newest session */
#define RENEW_BEFORE_S 300              /* a session that ends sooner gets a successor */

static chaos_status begin_locked(chaos_agent *agent, chaos_error *err)
{
    CHAOS_AUTO(chaos_keypair, made);
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding binding;
    chaos_keccak hash;
    int64_t now = (int64_t)time(NULL);

    CHAOS_TRY(agent_binding(agent, CHAOS_STAGE_SESSION, &binding, err));
    binding.issued_at = (uint64_t)now;
    binding.expires_at = (uint64_t)(now + SESSION_LIFE_S);
    options.path = "";
    options.purpose = CHAOS_KEY_FRESH;
    options.attest.binding = &binding;
    options.attest.endorser = agent->keypair;
    options.attest.collateral = buffer_slice(&agent->collateral);
    CHAOS_TRY(chaos_tee_generate_key(agent->tee, &options, &made, err));
    hash = chaos_evidence_hash(chaos_keypair_evidence(made));
    CHAOS_TRY(agent_store_put_blob(agent->store, AGENT_BLOB_ENVELOPE, &hash,
                                   chaos_evidence_bytes(chaos_keypair_evidence(made)), err));
    CHAOS_TRY(agent_store_put(agent->store, SESSION_KEY, slice(hash.bytes, sizeof hash.bytes), err));
    chaos_keypair_free(agent->session);
    agent->session = made;
    made = NULL;
    agent->session_ends = now + SESSION_LIFE_S;
    agent_say(agent, "a session has begun");
    return CHAOS_OK;
}

/* A receipt of an older session behind one of a newer would break the chain of receipts: who begins a session ends the
 * other processes' with this store. */
static chaos_status check_newest(const chaos_agent *agent, chaos_error *err)
{
    const chaos_keccak hash = chaos_evidence_hash(chaos_keypair_evidence(agent->session));
    CHAOS_AUTO_BUFFER(newest, AGENT_STORE_MAX_VALUE);
    bool found = false;

    CHAOS_TRY(agent_store_get(agent->store, SESSION_KEY, &newest, &found, err));
    return found && slice_equal(buffer_slice(&newest), slice(hash.bytes, sizeof hash.bytes))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_LOCKED, "session", CHAOS_NO_OFFSET,
                           "another process has begun a newer session of this agent with this store");
}

bool agent_runs_session(const chaos_agent *agent)
{
    return agent->session != NULL && check_newest(agent, NULL) == CHAOS_OK &&
           (int64_t)time(NULL) < agent->session_ends - RENEW_BEFORE_S;
}

chaos_status agent_have_session(chaos_agent *agent, chaos_error *err)
{
    if (agent->session != NULL) {
        CHAOS_TRY(check_newest(agent, err));
        if ((int64_t)time(NULL) < agent->session_ends - RENEW_BEFORE_S) {
            return CHAOS_OK;
        }
    }
    return begin_locked(agent, err);
}

chaos_status chaos_agent_begin_session(chaos_agent *agent, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_id(agent, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = begin_locked(agent, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

const chaos_evidence *chaos_agent_session_evidence(const chaos_agent *agent)
{
    return agent->session == NULL ? NULL : chaos_keypair_evidence(agent->session);
}
