/* validate.c - one request, from its hash to the answer (formats 6): the chain at one block, the request file, the
 * stage-2 envelope, the verdict, and then, when nothing has changed meanwhile, the response, once. */
#include "validator/internal.h"
#include "erc8004/erc8004.h"

#include <inttypes.h>
#include <stdio.h>

#define DECISION_KEEPS_S 3600 /* one that was never sent is judged anew after that */
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
    bool asked;               /* the agent's endpoint was asked, with: */
    chaos_u256 nonce;
    chaos_validation_result *result;
} validation;

/* ------------------------------------------------------------- decisions ---- */

static chaos_status decide(validation *x, chaos_decision decision, const chaos_error *reason)
{
    x->result->decision = decision;
    x->result->reason = *reason;
    x->result->response = 0;
    x->result->tag[0] = '\0';
    validator_say(x->v, "%s: %s: %s", chaos_decision_name(decision), chaos_status_name(reason->status), reason->text);
    return CHAOS_OK;
}

/* A step's failure: a retry, unless it is the caller's to mend. */
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

/* Does this validator answer, or only judge? */
static bool answers(const chaos_validator *v)
{
    return v->config.sender != NULL && !chaos_sender_is_dry_run(v->config.sender);
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

/* The registry's answer as of `at` (NULL: now), taken as the result when there is one. */
static chaos_status read_status(validation *x, const chaos_block_id *at, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(tag, CHAOS_MAX_CALL_RESULT);
    chaos_validation_result *result = x->result;

    CHAOS_TRY(chaos_validation_status(x->v->config.registries, x->hash, at, &x->status, &tag, err));
    result->agent_id = x->status.agent_id;
    if (x->v->config.sender != NULL && !same_address(&x->status.validator, &x->v->self)) {
        return refuse(x, "validatorAddress", "the request is for another validator");
    }
    if (x->status.is_answered) {
        result->decision = CHAOS_DECISION_DONE;
        result->response = x->status.response;
        result->report_hash = x->status.response_hash;
        (void)snprintf(result->tag, sizeof result->tag, "%.*s", (int)(tag.size < 32 ? tag.size : 31),
                       tag.data == NULL ? "" : (const char *)tag.data);
    }
    return CHAOS_OK;
}

static chaos_status read_chain(validation *x, chaos_error *err)
{
    CHAOS_TRY(read_head(x->v, &x->head, &x->at, err));
    x->result->block = x->head;
    CHAOS_TRY(registry_check_pair(x->v->config.registries, CHAOS_REGISTRY_VALIDATION, &x->at, err));
    CHAOS_TRY(read_status(x, &x->at, err));
    if (is_decided(x)) {
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
    CHAOS_AUTO_BUFFER(uri, FETCH_MAX_URI);
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_REQUEST_FILE);
    chaos_error reason;
    chaos_keccak hash;
    chaos_status status;
    bool committed;

    CHAOS_TRY(find_request(x->v, &x->status.validator, x->hash, x->head.number, &x->block, &uri, err));
    CHAOS_TRY(fetch_bytes(x->v, buffer_slice(&uri), &bytes, &committed, err));
    hash = hash_keccak(buffer_slice(&bytes));
    if (memcmp(hash.bytes, x->hash->bytes, sizeof hash.bytes) != 0) {
        return wrong_hash("requestURI", (const char *)uri.data, err);
    }
    status = chaos_request_file_parse(buffer_slice(&bytes), &x->file, &reason);
    if (chaos_status_class(status) == CHAOS_CLASS_FORMAT) {
        return decide(x, CHAOS_DECISION_REFUSE, &reason); /* these are the bytes of the hash: nothing can mend them */
    }
    if (status != CHAOS_OK && err != NULL) {
        *err = reason;
    }
    return status;
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

    x->asked = is_endpoint(uri);
    if (x->asked) {
        CHAOS_TRY(fresh_nonce(&x->nonce, err));
        CHAOS_TRY(fetch_asked(x->v, uri, &x->nonce, x->hash, &x->bytes, &by_uri, err));
    } else {
        CHAOS_TRY(fetch_bytes(x->v, slice_text(uri), &x->bytes, &by_uri, err));
    }
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
    if (x->asked && memcmp(binding.nonce.bytes, x->nonce.bytes, sizeof binding.nonce.bytes) == 0) {
        expectation->has_nonce = true; /* an endpoint may also answer with what it made before, over a block's hash */
        expectation->nonce = x->nonce;
        return CHAOS_OK;
    }
    return expect_anchor(x->v, &binding, first, x->head.number, expectation, err);
}

/* agentWallet and tee.key are set by two transactions: between them nothing can be said. */
static chaos_status check_keys(const validation *x, chaos_error *err)
{
    if ((x->agent.metadata.present & CHAOS_TEE_FIELD_KEY) != 0 &&
        !slice_is_zero(slice(x->agent.wallet.bytes, sizeof x->agent.wallet.bytes)) &&
        same_address(&x->agent.metadata.key, &x->agent.wallet)) {
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_NOT_FOUND, "tee.key", CHAOS_NO_OFFSET,
                     "tee.key and agentWallet are not one key (yet)");
}

/* The response and its tag, from the verdict. What ends in no anchor that counts here is a 0 under the tag of hardware:
 * it was claimed, and is not so. */
static void take_response(validation *x)
{
    chaos_validation_result *result = x->result;
    const chaos_verdict *verdict = result->verdict;
    const chaos_tier tier = chaos_verdict_tier(verdict);
    const chaos_anchor anchor = verdict_anchor(verdict);
    const char *tag = CHAOS_TAG_VENDOR;

    if (anchor == CHAOS_ANCHOR_CUSTOM) {
        tag = CHAOS_TAG_CUSTOM;
    } else if (anchor == CHAOS_ANCHOR_SIMULATED && policy_simulates(x->v->policy, x->v->chain_id)) {
        tag = CHAOS_TAG_SIMULATED;
    }
    (void)snprintf(result->tag, sizeof result->tag, "%s", tag);
    result->response = tier == CHAOS_TIER_AFFIRMING ? RESPONSE_AFFIRMING
                       : tier == CHAOS_TIER_WARNING ? RESPONSE_WARNING
                                                    : 0;
    if (chaos_verdict_error(verdict) != NULL) {
        result->reason = *chaos_verdict_error(verdict);
    }
}

/* Evidence of a time to come is a lie, unless the chain is there already: then it is our clock that lags behind. */
static chaos_status check_clock(const validation *x, const chaos_binding *binding, chaos_error *err)
{
    return binding->issued_at > (uint64_t)x->head.timestamp
               ? CHAOS_OK
               : error_set(err, CHAOS_E_BINDING_EXPIRED, "clock", CHAOS_NO_OFFSET,
                           "the evidence is of a time that the chain has reached and the clock here has not");
}

/* Evidence that was in its time when the request was made, and is not any more, came too late to us: no fault of the
 * agent. */
static chaos_status check_not_late(const validation *x, chaos_error *err)
{
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = x->block };
    chaos_binding binding;
    chaos_block block;

    if (x->result->reason.status != CHAOS_E_BINDING_EXPIRED || x->evidence == NULL ||
        !chaos_evidence_binding(x->evidence, &binding)) {
        return CHAOS_OK;
    }
    if (binding.issued_at > (uint64_t)x->now) {
        return check_clock(x, &binding, err);
    }
    CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(x->v->config.registries), &at, &block, err));
    return (uint64_t)block.timestamp > binding.expires_at
               ? CHAOS_OK
               : error_set(err, CHAOS_E_BINDING_EXPIRED, "binding.expires_at", CHAOS_NO_OFFSET,
                           "the evidence has expired since the request was made: no answer about it");
}

static chaos_status make_verdict(validation *x, chaos_error *err)
{
    chaos_expectation expectation;

    CHAOS_TRY(check_keys(x, err));
    CHAOS_TRY(make_expectation(x, &expectation, err));
    CHAOS_TRY(judge(x->v, x->evidence, buffer_slice(&x->bytes), &expectation, x->now, &x->result->verdict, err));
    take_response(x);
    CHAOS_TRY(check_not_late(x, err));
    if (x->result->response == 0 && !x->committed) {
        (void)error_set(
            err, CHAOS_E_NOT_FOUND, "evidence_uri", CHAOS_NO_OFFSET,
            "the evidence is not good, and the agent has not committed to its bytes: no answer about them");
        error_found(err, "%s", chaos_status_name(x->result->reason.status));
        return CHAOS_E_NOT_FOUND;
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ answer ---- */

static chaos_status has_changed(const char *what, chaos_error *err)
{
    return error_set(err, CHAOS_E_REORGANISED, what, CHAOS_NO_OFFSET, "%s has changed since the evidence was judged",
                     what);
}

/* Between reading and answering the agent may have changed hands, or another process of ours may have answered, or the
 * registry may have come to be about other agents. */
static chaos_status check_unchanged(validation *x, const chaos_address *wallet, chaos_error *err)
{
    const chaos_registries *registries = x->v->config.registries;
    CHAOS_AUTO_BUFFER(key, CHAOS_MAX_CALL_RESULT);
    chaos_address present;

    CHAOS_TRY(read_status(x, NULL, err));
    if (is_decided(x)) {
        return CHAOS_OK;
    }
    CHAOS_TRY(registry_check_pair(registries, CHAOS_REGISTRY_VALIDATION, NULL, err));
    CHAOS_TRY(chaos_agent_wallet(registries, &x->status.agent_id, NULL, &present, err));
    if (!same_address(&present, wallet)) {
        return has_changed("agentWallet", err);
    }
    CHAOS_TRY(chaos_agent_metadata(registries, &x->status.agent_id, "tee.key", NULL, &key, err));
    return slice_equal(buffer_slice(&key), slice(wallet->bytes, sizeof wallet->bytes)) ? CHAOS_OK
                                                                                       : has_changed("tee.key", err);
}

/* Sends what was decided. The registry refusing to take it because there is an answer is no mistake of anybody. */
static chaos_status send_decision(validation *x, const kept_decision *d, chaos_error *err)
{
    chaos_validation_result *result = x->result;
    char key[DECISION_KEY_SIZE];
    chaos_status status;

    decision_key(x->hash, key);
    result->response = d->response;
    memcpy(result->tag, d->tag, sizeof result->tag);
    result->report_hash = hash_keccak(buffer_slice(&d->report));
    CHAOS_TRY(chaos_content_put(x->v->config.content, buffer_slice(&d->report), result->report_uri, err));
    status = chaos_validation_respond(x->v->config.registries, x->v->config.sender, key, x->hash, d->response,
                                      result->report_uri, &result->report_hash, d->tag, &result->outcome, err);
    if (status == CHAOS_E_USAGE) {
        CHAOS_TRY(read_status(x, NULL, err));
        return is_decided(x) ? CHAOS_OK
                             : error_set(err, CHAOS_E_LOCKED, "answer", CHAOS_NO_OFFSET,
                                         "another process of this validator is answering");
    }
    CHAOS_TRY(status);
    result->decision = CHAOS_DECISION_ANSWER;
    validator_say(x->v, "answered %u, %s", d->response, d->tag);
    return CHAOS_OK;
}

/* An earlier run decided and was ended. What may be under way is gone on with; what never left is, unless it is old or
 * the agent has another key: then it is judged anew. */
static chaos_status take_up(validation *x, const kept_decision *d, chaos_error *err)
{
    chaos_outcome outcome;
    char key[DECISION_KEY_SIZE];
    chaos_status status;

    decision_key(x->hash, key);
    status = chaos_sender_find(x->v->config.sender, key, &outcome, err);
    if (status == CHAOS_OK && outcome.state != CHAOS_INTENT_PLANNED) {
        return send_decision(x, d, err);
    }
    if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
        return status;
    }
    if (status == CHAOS_E_NOT_FOUND && (!same_address(&d->wallet, &x->agent.wallet) || x->now < d->judged_at ||
                                        x->now - d->judged_at >= DECISION_KEEPS_S)) {
        return decision_drop(x->v, x->hash, d, err);
    }
    CHAOS_TRY(check_unchanged(x, &d->wallet, err));
    return is_decided(x) ? CHAOS_OK : send_decision(x, d, err);
}

static chaos_status take_up_decision(validation *x, chaos_error *err)
{
    kept_decision kept = DECISION_INIT;
    chaos_status status = CHAOS_OK;
    bool found = false;

    if (!answers(x->v)) {
        return CHAOS_OK;
    }
    status = decision_find(x->v, x->hash, &kept, &found, err);
    if (status == CHAOS_OK && found) {
        status = take_up(x, &kept, err);
    }
    chaos_buffer_free(&kept.report);
    return status;
}

/* Kept before anything leaves. */
static chaos_status keep_and_send(validation *x, kept_decision *d, chaos_error *err)
{
    d->response = x->result->response;
    memcpy(d->tag, x->result->tag, sizeof d->tag);
    d->judged_at = x->now;
    d->wallet = x->agent.wallet;
    CHAOS_TRY(chaos_verdict_write_json(x->result->verdict, &d->report, err));
    x->result->report_hash = hash_keccak(buffer_slice(&d->report));
    if (!answers(x->v)) {
        x->result->decision = CHAOS_DECISION_ANSWER;
        return CHAOS_OK;
    }
    CHAOS_TRY(check_unchanged(x, &x->agent.wallet, err));
    if (is_decided(x)) {
        return CHAOS_OK;
    }
    CHAOS_TRY(decision_keep(x->v, x->hash, d, err));
    return send_decision(x, d, err);
}

static chaos_status answer(validation *x, chaos_error *err)
{
    kept_decision made = DECISION_INIT;
    const chaos_status status = keep_and_send(x, &made, err);

    chaos_buffer_free(&made.report);
    return status;
}

/* -------------------------------------------------------------------- call ---- */

static chaos_status check_request(validation *x, chaos_error *err)
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
        take_up_decision,
        fetch_file,
        check_request,
        fetch_envelope,
        make_verdict,
        answer,
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
