/* check_agent.c - is this agent what it claims to be? Agent id, chain, evidence, verdict, one sentence. */
#include "validator/internal.h"

#include <stdio.h>

typedef struct agent_check {
    const chaos_validator *v;
    int64_t now;
    chaos_block_id at;
    agent_facts facts;
    chaos_evidence *evidence;
    chaos_buffer bytes;
    chaos_agent_report *report;
} agent_check;

/* ---------------------------------------------------------------- evidence ---- */

/* The evidence that the chain names: these bytes and no others. */
static chaos_status fetch_named(agent_check *x, chaos_error *err)
{
    const chaos_tee_metadata *metadata = &x->facts.metadata;
    chaos_keccak hash;
    bool committed;

    CHAOS_TRY(fetch_bytes(x->v, slice_text(metadata->evidence_uri), &x->bytes, &committed, err));
    hash = hash_keccak(buffer_slice(&x->bytes));
    if (memcmp(hash.bytes, metadata->evidence_hash.bytes, sizeof hash.bytes) != 0) {
        (void)error_set(err, CHAOS_E_CONTENT_HASH, "tee.evidenceURI", CHAOS_NO_OFFSET,
                        "the bytes there are not those of tee.evidenceHash");
        error_found(err, "%s", metadata->evidence_uri);
        return CHAOS_E_CONTENT_HASH;
    }
    return CHAOS_OK;
}

/* The agent's own endpoint, asked with a nonce of ours: its registration file says where it is. */
static chaos_status fetch_fresh(agent_check *x, const chaos_u256 *nonce, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(uri, FETCH_MAX_URI);
    CHAOS_AUTO_BUFFER(file_bytes, CHAOS_MAX_REGISTRATION_FILE);
    chaos_registration_file *file = NULL;
    const char *endpoint;
    chaos_status status;
    bool committed;

    CHAOS_TRY(chaos_agent_uri(x->v->config.registries, &x->report->agent_id, &x->at, &uri, err));
    CHAOS_TRY(fetch_bytes(x->v, buffer_slice(&uri), &file_bytes, &committed, err));
    CHAOS_TRY(chaos_registration_file_parse(buffer_slice(&file_bytes), &file, err));
    endpoint = chaos_registration_file_endpoint(file, CHAOS_SERVICE_ATTESTATION);
    status = endpoint == NULL ? error_set(err, CHAOS_E_NOT_FOUND, "services", CHAOS_NO_OFFSET,
                                          "the registration file names no attestation endpoint")
                              : fetch_asked(x->v, endpoint, nonce, NULL, &x->bytes, &committed, err);
    chaos_registration_file_free(file);
    return status;
}

static chaos_status make_expectation(const agent_check *x, const chaos_u256 *nonce, uint64_t head,
                                     chaos_expectation *expectation, chaos_error *err)
{
    chaos_binding binding;

    *expectation = (chaos_expectation)CHAOS_EXPECTATION_INIT;
    expectation->has_agent = expectation->has_identity_key = true;
    expectation->chain_id = chaos_u256_from(x->v->chain_id);
    expectation->identity_registry = x->v->identity;
    expectation->agent_id = x->report->agent_id;
    expectation->identity_key = x->facts.wallet;
    if (nonce != NULL) {
        expectation->has_nonce = true;
        expectation->nonce = *nonce;
        return CHAOS_OK;
    }
    if (x->evidence == NULL || !chaos_evidence_binding(x->evidence, &binding)) {
        return CHAOS_OK;
    }
    return expect_anchor(x->v, &binding, head > FRESH_BLOCKS ? head - FRESH_BLOCKS : 0, head, expectation, err);
}

static chaos_status judge_evidence(agent_check *x, const chaos_u256 *nonce, chaos_error *err)
{
    chaos_expectation expectation;
    chaos_status status;

    CHAOS_TRY(nonce == NULL ? fetch_named(x, err) : fetch_fresh(x, nonce, err));
    status = chaos_envelope_parse(buffer_slice(&x->bytes), &x->evidence, err);
    if (status != CHAOS_OK && chaos_status_class(status) != CHAOS_CLASS_FORMAT) {
        return status;
    }
    CHAOS_TRY(make_expectation(x, nonce, x->report->block.number, &expectation, err));
    return judge(x->v, x->evidence, buffer_slice(&x->bytes), &expectation, x->now, &x->report->verdict, err);
}

/* ---------------------------------------------------------------- sentence ---- */

static const char *who_vouches(const chaos_verdict *verdict)
{
    switch (verdict_anchor(verdict)) {
    case CHAOS_ANCHOR_VENDOR:
        return "the hardware's vendor vouches for it";
    case CHAOS_ANCHOR_CUSTOM:
        return "a root of your own vouches for it";
    case CHAOS_ANCHOR_SIMULATED:
        return "SIMULATED, no hardware vouches for it";
    }
    return "nobody that you trust vouches for it";
}

static void say(chaos_agent_report *report)
{
    char id[CHAOS_U256_TEXT_SIZE];
    const chaos_error *error = report->verdict == NULL ? NULL : chaos_verdict_error(report->verdict);

    chaos_u256_format(&report->agent_id, id);
    if (!report->has_evidence) {
        (void)snprintf(report->sentence, sizeof report->sentence, "Agent %s claims no TEE.", id);
    } else if (report->verdict == NULL) {
        (void)snprintf(report->sentence, sizeof report->sentence, "Agent %.40s cannot be judged now: %.140s.", id,
                       report->fault.text);
    } else if (error != NULL) {
        (void)snprintf(report->sentence, sizeof report->sentence, "Agent %s is not what it claims to be: %s (%s).", id,
                       chaos_status_text(error->status), chaos_status_name(error->status));
    } else if (chaos_verdict_tier(report->verdict) == CHAOS_TIER_AFFIRMING) {
        (void)snprintf(report->sentence, sizeof report->sentence,
                       "Agent %s acts with a TEE key and code that your policy names; %s.", id,
                       who_vouches(report->verdict));
    } else {
        (void)snprintf(report->sentence, sizeof report->sentence,
                       "Agent %s has genuine evidence with open points; %s.", id, who_vouches(report->verdict));
    }
}

/* -------------------------------------------------------------------- call ---- */

static chaos_status check(agent_check *x, const chaos_u256 *nonce, chaos_error *err)
{
    chaos_agent_report *report = x->report;
    chaos_error reason;
    chaos_status status;

    CHAOS_TRY(read_head(x->v, &report->block, &x->at, err));
    CHAOS_TRY(read_agent(x->v, &report->agent_id, &x->at, &x->facts, err));
    report->owner = x->facts.owner;
    report->wallet = x->facts.wallet;
    report->metadata = x->facts.metadata;
    report->has_evidence = (x->facts.metadata.present & CHAOS_TEE_FIELD_EVIDENCE_URI) != 0 &&
                           (x->facts.metadata.present & CHAOS_TEE_FIELD_EVIDENCE_HASH) != 0;
    if (!report->has_evidence) {
        return CHAOS_OK;
    }
    status = judge_evidence(x, nonce, &reason);
    if (status == CHAOS_E_MEMORY || chaos_status_class(status) == CHAOS_CLASS_USAGE) {
        if (err != NULL) {
            *err = reason;
        }
        return status;
    }
    if (status != CHAOS_OK) {
        report->fault = reason;
    }
    return CHAOS_OK;
}

chaos_status chaos_validator_check_agent(chaos_validator *validator, const chaos_u256 *agent_id,
                                         const chaos_u256 *endpoint_nonce, int64_t now, chaos_agent_report *report,
                                         chaos_error *err)
{
    chaos_agent_report made = { .fault = { .status = CHAOS_OK } };
    agent_check x = { .v = validator, .now = now, .report = &made };
    chaos_status status;

    if (validator == NULL || agent_id == NULL || report == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "validator, agent id and report may not be NULL");
    }
    made.agent_id = *agent_id;
    x.bytes = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    status = check(&x, endpoint_nonce, err);
    chaos_evidence_free(x.evidence);
    chaos_buffer_free(&x.bytes);
    if (status != CHAOS_OK) {
        chaos_verdict_free(made.verdict);
        return status;
    }
    say(&made);
    *report = made;
    return CHAOS_OK;
}
