/* request.c - asks a validator: the request file and its hash on chain, then the answer to it: stage-2 evidence over
 * that hash, where the file says, with tee.answer committing to its bytes. */
#include "agent/internal.h"

#include <sys/random.h>
#include <time.h>

#define NAME_SIZE 64 /* of the answer in the published content, with NUL */
#define KEY_BYTES 16 /* of a hash, in names */

typedef struct request {
    chaos_address validator;
    const chaos_request_content *content;
    size_t content_count;
    chaos_keccak key; /* names the request among the agent's own */
    char answer_name[NAME_SIZE];
    char answer_uri[AGENT_MAX_URI];
    chaos_buffer file;
    chaos_keccak hash; /* of the file: the request hash */
} request;

/* The same validator, contents and count are the same request. */
static chaos_status make_key(request *r, uint32_t again, chaos_error *err)
{
    const uint8_t number[4] = { (uint8_t)(again >> 24), (uint8_t)(again >> 16), (uint8_t)(again >> 8),
                                (uint8_t)again };
    CHAOS_AUTO_BUFFER(text, 64u + 32u * CHAOS_MAX_REQUEST_CONTENT);
    bool ok = buffer_append(&text, slice(r->validator.bytes, sizeof r->validator.bytes)) &&
              buffer_append(&text, slice(number, sizeof number));

    for (size_t i = 0; ok && i < r->content_count; i++) {
        ok = buffer_append(&text, slice(r->content[i].hash.bytes, sizeof r->content[i].hash.bytes));
    }
    r->key = hash_keccak(buffer_slice(&text));
    return ok ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static void key_name(const request *r, const char *before, const char *behind, char name[NAME_SIZE])
{
    char hex[2 * KEY_BYTES + 1];

    hex_encode(slice(r->key.bytes, KEY_BYTES), hex);
    hex[2 * KEY_BYTES] = '\0';
    (void)snprintf(name, NAME_SIZE, "%s%s%s", before, hex, behind);
}

/* Others fetch the answer from the published folder where it has an address, else from the agent's own endpoint, which
 * makes one for each that asks (answer.c). */
static chaos_status place_answer(const chaos_agent *agent, request *r, chaos_error *err)
{
    key_name(r, "answer-", ".json", r->answer_name);
    if (chaos_content_named_uri(agent->content, r->answer_name, r->answer_uri, sizeof r->answer_uri, NULL) ==
        CHAOS_OK) {
        return CHAOS_OK;
    }
    if (agent->endpoint == NULL || strlen(agent->endpoint) >= sizeof r->answer_uri) {
        return error_set(
            err, CHAOS_E_USAGE, "endpoint", CHAOS_NO_OFFSET,
            "a validator must be told where the answer is: the content needs a base, or the agent an endpoint");
    }
    (void)snprintf(r->answer_uri, sizeof r->answer_uri, "%s", agent->endpoint);
    r->answer_name[0] = '\0';
    return CHAOS_OK;
}

static chaos_status write_file(const chaos_agent *agent, request *r, chaos_error *err)
{
    chaos_request_fields fields = CHAOS_REQUEST_FIELDS_INIT;

    fields.chain_id = agent->network.chain_id;
    fields.identity_registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    fields.agent_id = agent->id;
    fields.validator = r->validator;
    fields.evidence_uri = r->answer_uri;
    fields.content = r->content;
    fields.content_count = r->content_count;
    fields.created_at = (int64_t)time(NULL);
    if (getrandom(fields.nonce.bytes, sizeof fields.nonce.bytes, 0) != (ssize_t)sizeof fields.nonce.bytes) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the system gives no randomness");
    }
    return chaos_request_file_write(&fields, &r->file, err);
}

/* The file that was decided for this request, kept before it is published. */
static chaos_status have_file(chaos_agent *agent, request *r, chaos_error *err)
{
    char name[NAME_SIZE];
    bool found = false;

    key_name(r, "request/", "", name);
    CHAOS_TRY(agent_store_get(agent->store, name, &r->file, &found, err));
    if (!found) {
        CHAOS_TRY(write_file(agent, r, err));
        CHAOS_TRY(agent_store_put(agent->store, name, buffer_slice(&r->file), err));
    }
    r->hash = hash_keccak(buffer_slice(&r->file));
    return CHAOS_OK;
}

static chaos_status put_on_chain(chaos_agent *agent, const request *r, chaos_outcome *outcome, chaos_error *err)
{
    char uri[CHAOS_CONTENT_URI_SIZE];
    char intent[AGENT_INTENT_SIZE];

    CHAOS_TRY(chaos_content_put(agent->content, buffer_slice(&r->file), uri, err));
    CHAOS_TRY(agent_intent(agent, "request", &r->hash, intent, err));
    return chaos_validation_request(agent->registries, agent->sender, intent, &r->validator, &agent->id, uri, &r->hash,
                                    outcome, err);
}

/* ---------------------------------------------------------------- answer ---- */

/* Stage-2 evidence of the running session over the request's hash. */
static chaos_status attest_request(chaos_agent *agent, const request *r, chaos_evidence **evidence, chaos_error *err)
{
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_binding binding;

    CHAOS_TRY(agent_have_session(agent, err));
    CHAOS_TRY(agent_binding(agent, CHAOS_STAGE_VALIDATION, &binding, err));
    binding.subject = r->hash;
    options.binding = &binding;
    options.endorser = agent->keypair;
    options.collateral = buffer_slice(&agent->collateral);
    return chaos_attest(agent->tee, agent->session, &options, evidence, err);
}

static chaos_status have_answer(chaos_agent *agent, const request *r, chaos_buffer *answer, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, made);
    char name[NAME_SIZE];
    bool found = false;

    key_name(r, "answer/", "", name);
    CHAOS_TRY(agent_store_get(agent->store, name, answer, &found, err));
    if (found) {
        return CHAOS_OK;
    }
    CHAOS_TRY(attest_request(agent, r, &made, err));
    CHAOS_TRY(agent_store_put(agent->store, name, chaos_evidence_bytes(made), err));
    return buffer_append(answer, chaos_evidence_bytes(made))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status answer_request(chaos_agent *agent, const request *r, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    chaos_tee_answer answer = { .request_hash = r->hash };
    char intent[AGENT_INTENT_SIZE];
    uint8_t value[64];

    if (r->answer_name[0] == '\0') {
        return CHAOS_OK; /* the endpoint's, over a nonce that nobody knows yet */
    }
    CHAOS_TRY(have_answer(agent, r, &bytes, err));
    CHAOS_TRY(chaos_content_put_named(agent->content, r->answer_name, buffer_slice(&bytes), err));
    answer.envelope_hash = hash_keccak(buffer_slice(&bytes));
    chaos_tee_answer_write(&answer, value);
    CHAOS_TRY(agent_intent(agent, "answer", &answer.envelope_hash, intent, err));
    return chaos_agent_set_metadata(agent->registries, agent->sender, intent, &agent->id, CHAOS_TEE_ANSWER_KEY,
                                    slice(value, sizeof value), NULL, err);
}

/* ------------------------------------------------------------------ call ---- */

static chaos_status request_locked(chaos_agent *agent, request *r, uint32_t again, chaos_outcome *outcome,
                                   chaos_error *err)
{
    CHAOS_TRY(make_key(r, again, err));
    CHAOS_TRY(place_answer(agent, r, err));
    CHAOS_TRY(have_file(agent, r, err));
    CHAOS_TRY(put_on_chain(agent, r, outcome, err));
    return answer_request(agent, r, err);
}

chaos_status chaos_agent_request_validation(chaos_agent *agent, const chaos_address *validator,
                                            const chaos_request_content *content, size_t content_count,
                                            uint32_t again, chaos_keccak *request_hash, chaos_outcome *outcome,
                                            chaos_error *err)
{
    chaos_status status;
    request r = { .content = content, .content_count = content_count };

    CHAOS_TRY(agent_needs_id(agent, err));
    if (validator == NULL || request_hash == NULL || (content == NULL && content_count > 0) ||
        content_count > CHAOS_MAX_REQUEST_CONTENT) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "a validator, at most %d contents, and a place for the hash are needed",
                         CHAOS_MAX_REQUEST_CONTENT);
    }
    r.validator = *validator;
    r.file = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_REQUEST_FILE);
    (void)pthread_mutex_lock(&agent->lock);
    status = request_locked(agent, &r, again, outcome, err);
    (void)pthread_mutex_unlock(&agent->lock);
    chaos_buffer_free(&r.file);
    if (status == CHAOS_OK) {
        *request_hash = r.hash;
    }
    return status;
}
