/* validate.c - one request, from its hash to the answer (formats 6): the chain at one block, the request file, the
 * stage-2 envelope, the verdict, and then, when nothing has changed meanwhile, the response, once. */
#include "validator/internal.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_URI 8192u
#define RESPONSE_AFFIRMING 100
#define RESPONSE_WARNING 50

/* One request on its way. */
typedef struct validation {
    const chaos_validator *v;
    const chaos_keccak *hash;
    int64_t now;
    chaos_block head;
    chaos_block_id at;
    chaos_validation status; /* what the registry says of it */
    uint64_t block;          /* of the request */
    agent_facts agent;
    chaos_request_file *file;
    chaos_buffer bytes;       /* of the envelope */
    chaos_evidence *evidence; /* NULL: the bytes are no envelope */
    bool committed;           /* the agent cannot disown the bytes */
    chaos_validation_result *result;
} validation;

/* ------------------------------------------------------------- decisions ---- */

static chaos_status decide(validation *x, chaos_decision decision, const chaos_error *reason)
{
    x->result->decision = decision;
    x->result->reason = *reason;
    validator_say(x->v, "%s: %s: %s", chaos_decision_name(decision), chaos_status_name(reason->status), reason->text);
    return CHAOS_OK;
}

/* A step's failure: what a later try can mend is a retry, the rest is the caller's to know. */
static chaos_status settle(validation *x, chaos_status status, const chaos_error *reason, chaos_error *err)
{
    const chaos_class kind = chaos_status_class(status);

    if (kind == CHAOS_CLASS_USAGE || status == CHAOS_E_MEMORY) {
        if (err != NULL) {
            *err = *reason;
        }
        return status;
    }
    return decide(x, CHAOS_DECISION_RETRY, reason);
}

static chaos_status refuse(validation *x, const char *field, const char *text)
{
    chaos_error reason;

    (void)error_set(&reason, CHAOS_E_REQUEST_FORMAT, field, CHAOS_NO_OFFSET, "%s", text);
    return decide(x, CHAOS_DECISION_REFUSE, &reason);
}

static bool is_decided(const validation *x)
{
    return x->result->decision != 0;
}

static bool same_address(const chaos_address *a, const chaos_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* ------------------------------------------------------- what the chain says ---- */

static chaos_status read_chain(validation *x, chaos_error *err)
{
    CHAOS_TRY(read_head(x->v, &x->head, &x->at, err));
    x->result->block = x->head;
    CHAOS_TRY(chaos_validation_status(x->v->config.registries, x->hash, &x->at, &x->status, NULL, err));
    x->result->agent_id = x->status.agent_id;
    if (x->v->config.sender != NULL && !same_address(&x->status.validator, &x->v->self)) {
        return refuse(x, "validatorAddress", "the request is for another validator");
    }
    if (x->status.is_answered) {
        x->result->decision = CHAOS_DECISION_DONE;
        x->result->response = x->status.response;
        x->result->report_hash = x->status.response_hash;
        return CHAOS_OK;
    }
    return read_agent(x->v, &x->status.agent_id, &x->at, &x->agent, err);
}

static uint32_t confirmations_of(const chaos_validator *v)
{
    const uint64_t local = 31337;

    return v->config.confirmations != 0 ? v->config.confirmations : v->chain_id == local ? 1
                                                                                         : 2;
}

static chaos_status check_confirmed(validation *x)
{
    const uint64_t depth = x->head.number - x->block + 1;
    chaos_error reason;

    if (depth >= confirmations_of(x->v)) {
        return CHAOS_OK;
    }
    (void)error_set(&reason, CHAOS_E_UNCONFIRMED, "requestHash", CHAOS_NO_OFFSET,
                    "the request has %" PRIu64 " of %" PRIu32 " confirmations", depth, confirmations_of(x->v));
    return decide(x, CHAOS_DECISION_RETRY, &reason);
}

/* ------------------------------------------------------------ request file ---- */

static chaos_status wrong_hash(const char *what, const char *uri, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_CONTENT_HASH, what, CHAOS_NO_OFFSET,
                    "the bytes there are not those of the hash on chain");
    error_found(err, "%s", uri);
    return CHAOS_E_CONTENT_HASH;
}

static chaos_status fetch_file(validation *x, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(uri, MAX_URI);
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_REQUEST_FILE);
    chaos_keccak hash;
    bool committed;

    CHAOS_TRY(find_request(x->v, &x->status.validator, x->hash, x->head.number, &x->block, &uri, err));
    CHAOS_TRY(chaos_content_get(x->v->config.content, uri.size == 0 ? "" : (const char *)uri.data, &bytes, &committed,
                                err));
    hash = hash_keccak(buffer_slice(&bytes));
    if (memcmp(hash.bytes, x->hash->bytes, sizeof hash.bytes) != 0) {
        return wrong_hash("requestURI", (const char *)uri.data, err);
    }
    return chaos_request_file_parse(buffer_slice(&bytes), &x->file, err);
}

/* The file must be about what the chain says it is about. */
static chaos_status check_file(validation *x)
{
    const chaos_request_fields *f = chaos_request_file_fields(x->file);

    if (f->chain_id != x->v->chain_id || !same_address(&f->identity_registry, &x->v->identity)) {
        return refuse(x, "agent_registry", "the request file is for another chain or registry");
    }
    if (memcmp(f->agent_id.bytes, x->status.agent_id.bytes, sizeof f->agent_id.bytes) != 0) {
        return refuse(x, "agent_id", "the request file is for another agent");
    }
    if (!same_address(&f->validator, &x->status.validator)) {
        return refuse(x, "validator", "the request file is for another validator");
    }
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- envelope ---- */

/* tee.answer commits the agent to the bytes of its answer; to others than these, and they are not its answer. */
static chaos_status check_commitment(validation *x, bool by_uri, chaos_error *err)
{
    const chaos_keccak hash = hash_keccak(buffer_slice(&x->bytes));
    chaos_tee_answer answer;
    chaos_status status = chaos_tee_answer_read(x->v->config.registries, &x->status.agent_id, &x->at, &answer, err);

    x->committed = by_uri;
    if (status == CHAOS_E_NOT_FOUND || status == CHAOS_E_NODE) {
        return CHAOS_OK; /* no commitment, or something else under its key */
    }
    CHAOS_TRY(status);
    if (memcmp(answer.request_hash.bytes, x->hash->bytes, sizeof answer.request_hash.bytes) != 0) {
        return CHAOS_OK; /* to another request */
    }
    if (memcmp(answer.envelope_hash.bytes, hash.bytes, sizeof hash.bytes) != 0) {
        return wrong_hash("tee.answer", chaos_request_file_fields(x->file)->evidence_uri, err);
    }
    x->committed = true;
    return CHAOS_OK;
}

static chaos_status fetch_envelope(validation *x, chaos_error *err)
{
    const char *uri = chaos_request_file_fields(x->file)->evidence_uri;
    bool by_uri = false;
    chaos_status status;

    CHAOS_TRY(chaos_content_get(x->v->config.content, uri, &x->bytes, &by_uri, err));
    CHAOS_TRY(check_commitment(x, by_uri, err));
    status = chaos_envelope_parse(buffer_slice(&x->bytes), &x->evidence, err);
    return chaos_status_class(status) == CHAOS_CLASS_FORMAT ? CHAOS_OK : status; /* the verdict will say so */
}

/* ----------------------------------------------------------------- verdict ---- */

static chaos_status make_expectation(const validation *x, chaos_expectation *expectation, chaos_error *err)
{
    const uint64_t first = x->block > FRESH_BLOCKS ? x->block - FRESH_BLOCKS : 0;
    chaos_binding binding;

    *expectation = (chaos_expectation)CHAOS_EXPECTATION_INIT;
    expectation->has_agent = expectation->has_identity_key = expectation->has_subject = true;
    expectation->chain_id = chaos_u256_from(x->v->chain_id);
    expectation->identity_registry = x->v->identity;
    expectation->agent_id = x->status.agent_id;
    expectation->identity_key = x->agent.wallet;
    expectation->subject = *x->hash;
    if (x->evidence == NULL || !chaos_evidence_binding(x->evidence, &binding)) {
        return CHAOS_OK;
    }
    return expect_anchor(x->v, &binding, first, x->head.number, expectation, err);
}

/* agentWallet and tee.key are set by two transactions: between them nothing can be said. */
static chaos_status check_keys(const validation *x, chaos_error *err)
{
    if ((x->agent.metadata.present & CHAOS_TEE_FIELD_KEY) != 0 &&
        same_address(&x->agent.metadata.key, &x->agent.wallet)) {
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_NOT_FOUND, "tee.key", CHAOS_NO_OFFSET,
                     "tee.key and agentWallet are not one key (yet)");
}

/* The response and its tag, from the verdict. */
static void take_response(validation *x)
{
    chaos_validation_result *result = x->result;
    const chaos_verdict *verdict = result->verdict;
    const chaos_tier tier = chaos_verdict_tier(verdict);
    const chaos_anchor anchor = verdict_anchor(verdict);
    const bool elsewhere = anchor == CHAOS_ANCHOR_SIMULATED && !policy_simulates(x->v->policy, x->v->chain_id);
    const char *tag = CHAOS_TAG_VENDOR;

    if (anchor == CHAOS_ANCHOR_CUSTOM) {
        tag = CHAOS_TAG_CUSTOM;
    } else if (anchor == CHAOS_ANCHOR_SIMULATED && !elsewhere) {
        tag = CHAOS_TAG_SIMULATED;
    }
    (void)snprintf(result->tag, sizeof result->tag, "%s", tag);
    result->response = tier == CHAOS_TIER_AFFIRMING ? RESPONSE_AFFIRMING
                       : tier == CHAOS_TIER_WARNING ? RESPONSE_WARNING
                                                    : 0;
    if (elsewhere) {
        result->response = 0;
        (void)error_set(&result->reason, CHAOS_E_ANCHOR, "anchor", CHAOS_NO_OFFSET,
                        "simulated evidence counts on the policy's simulated_chains alone");
    }
}

static chaos_status make_verdict(validation *x, chaos_error *err)
{
    chaos_expectation expectation;

    CHAOS_TRY(check_keys(x, err));
    CHAOS_TRY(make_expectation(x, &expectation, err));
    CHAOS_TRY(judge(x->v, x->evidence, buffer_slice(&x->bytes), &expectation, x->now, &x->result->verdict, err));
    take_response(x);
    if (x->result->response == 0 && !x->committed) {
        return error_set(
            err, CHAOS_E_NOT_FOUND, "evidence_uri", CHAOS_NO_OFFSET,
            "the evidence is not good, and the agent has not committed to its bytes: no answer about them");
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ answer ---- */

static void key_of(const validation *x, char key[AGENT_STORE_KEY_SIZE])
{
    char hex[2 * sizeof x->hash->bytes + 1];

    hex_encode(slice(x->hash->bytes, sizeof x->hash->bytes), hex);
    hex[2 * sizeof x->hash->bytes] = '\0';
    (void)snprintf(key, AGENT_STORE_KEY_SIZE, "answer/%s", hex);
}

/* The answer is decided once: response, tag, and the report's bytes are kept before anything is sent, and a later
 * run, at another time, goes on with them. Kept as the response's byte, the tag with its NUL, and the report. */
static chaos_status keep_decision(validation *x, chaos_buffer *report, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(kept, AGENT_STORE_MAX_VALUE);
    char key[AGENT_STORE_KEY_SIZE];
    const size_t head = 1 + sizeof x->result->tag;
    bool found = false;

    key_of(x, key);
    CHAOS_TRY(agent_store_get(x->v->store, key, &kept, &found, err));
    if (found && kept.size > head) {
        x->result->response = kept.data[0];
        memcpy(x->result->tag, kept.data + 1, sizeof x->result->tag);
        return buffer_append(report, slice(kept.data + head, kept.size - head))
                   ? CHAOS_OK
                   : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(chaos_verdict_write_json(x->result->verdict, report, err));
    if (!buffer_append(&kept, slice(&x->result->response, 1)) ||
        !buffer_append(&kept, slice((const uint8_t *)x->result->tag, sizeof x->result->tag)) ||
        !buffer_append(&kept, buffer_slice(report))) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return agent_store_put(x->v->store, key, buffer_slice(&kept), err);
}

/* Between reading and answering the agent may have changed hands, or another process of ours may have answered. */
static chaos_status check_unchanged(validation *x, chaos_error *err)
{
    chaos_address wallet;
    chaos_validation status;

    CHAOS_TRY(chaos_agent_wallet(x->v->config.registries, &x->status.agent_id, NULL, &wallet, err));
    CHAOS_TRY(chaos_validation_status(x->v->config.registries, x->hash, NULL, &status, NULL, err));
    if (!same_address(&wallet, &x->agent.wallet)) {
        return error_set(err, CHAOS_E_REORGANISED, "agentWallet", CHAOS_NO_OFFSET,
                         "agentWallet has changed while the evidence was judged");
    }
    if (status.is_answered) {
        x->result->decision = CHAOS_DECISION_DONE;
        x->result->response = status.response;
        x->result->report_hash = status.response_hash;
    }
    return CHAOS_OK;
}

static chaos_status send_answer(validation *x, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(report, CHAOS_MAX_VERDICT);
    char key[AGENT_STORE_KEY_SIZE];

    if (x->v->config.sender == NULL) {
        x->result->decision = CHAOS_DECISION_ANSWER;
        return CHAOS_OK;
    }
    CHAOS_TRY(check_unchanged(x, err));
    if (is_decided(x)) {
        return CHAOS_OK;
    }
    CHAOS_TRY(keep_decision(x, &report, err));
    x->result->report_hash = hash_keccak(buffer_slice(&report));
    CHAOS_TRY(chaos_content_put(x->v->config.content, buffer_slice(&report), x->result->report_uri, err));
    key_of(x, key);
    CHAOS_TRY(chaos_validation_respond(x->v->config.registries, x->v->config.sender, key, x->hash,
                                       x->result->response, x->result->report_uri, &x->result->report_hash,
                                       x->result->tag, &x->result->outcome, err));
    x->result->decision = CHAOS_DECISION_ANSWER;
    validator_say(x->v, "answered %u, %s", x->result->response, x->result->tag);
    return CHAOS_OK;
}

/* -------------------------------------------------------------------- call ---- */

static chaos_status check_confirmed_and_file(validation *x, chaos_error *err)
{
    (void)err;
    CHAOS_TRY(check_confirmed(x));
    return is_decided(x) ? CHAOS_OK : check_file(x);
}

/* The steps in their order, until one decides. */
static chaos_status run_steps(validation *x, chaos_error *err)
{
    static chaos_status (*const steps[])(validation *, chaos_error *) = {
        read_chain,
        fetch_file,
        check_confirmed_and_file,
        fetch_envelope,
        make_verdict,
        send_answer,
    };
    chaos_error reason = { .status = CHAOS_OK };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(steps) && !is_decided(x); i++) {
        chaos_status status = steps[i](x, &reason);
        if (status != CHAOS_OK) {
            return settle(x, status, &reason, err);
        }
    }
    return CHAOS_OK;
}

chaos_status chaos_validator_validate(chaos_validator *validator, const chaos_keccak *request_hash, int64_t now,
                                      chaos_validation_result *result, chaos_error *err)
{
    chaos_validation_result made = { .decision = 0 };
    validation x = { .v = validator, .hash = request_hash, .now = now, .result = &made };
    chaos_status status;

    if (validator == NULL || request_hash == NULL || result == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "validator, request hash and result may not be NULL");
    }
    if (!chaos_registries_has(validator->config.registries, CHAOS_REGISTRY_VALIDATION)) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "validation", CHAOS_NO_OFFSET,
                         "this network has no validation registry");
    }
    x.bytes = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    status = run_steps(&x, err);
    chaos_request_file_free(x.file);
    chaos_evidence_free(x.evidence);
    chaos_buffer_free(&x.bytes);
    if (status != CHAOS_OK) {
        chaos_verdict_free(made.verdict);
        return status;
    }
    *result = made;
    return CHAOS_OK;
}
