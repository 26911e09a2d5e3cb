/* bundle_session.c - the sessions of a bundle: each envelope goes the way of every envelope when the first receipt
 * names it, and must be of the one agent that the bundle is about. */
#include "check/bundle.h"

enum {
    FIRST_SESSIONS = 8
};

/* ------------------------------------------------------------------ table ---- */

session *session_find(bundle_check *b, const chaos_keccak *hash)
{
    if (b->current != NULL && keccak_equal(&b->current->hash, hash)) {
        return b->current;
    }
    for (size_t i = 0; i < b->session_count; i++) {
        if (keccak_equal(&b->sessions[i].hash, hash)) {
            return &b->sessions[i];
        }
    }
    return NULL;
}

void sessions_free(bundle_check *b)
{
    for (size_t i = 0; i < b->session_count; i++) {
        chaos_evidence_free(b->sessions[i].evidence);
    }
    free(b->sessions);
}

/* Room for one more; the current session keeps its place in the table. */
static chaos_status make_room(bundle_check *b, chaos_error *err)
{
    if (b->session_count < b->session_capacity) {
        return CHAOS_OK;
    }
    const size_t current = b->current == NULL ? 0 : (size_t)(b->current - b->sessions);
    const size_t capacity = b->session_capacity == 0 ? FIRST_SESSIONS : 2 * b->session_capacity;
    session *more = realloc(b->sessions, capacity * sizeof *more);
    if (more == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    b->current = b->current == NULL ? NULL : more + current;
    b->sessions = more;
    b->session_capacity = capacity;
    return CHAOS_OK;
}

/* What cannot be read is refused with the reader's own error. */
static chaos_status refuse_envelope(bundle_check *b, const chaos_error *failure, chaos_error *err)
{
    const chaos_class class_ = chaos_status_class(failure->status);
    if (class_ != CHAOS_CLASS_FORMAT && class_ != CHAOS_CLASS_TRUST) {
        if (err != NULL) {
            *err = *failure;
        }
        return failure->status;
    }
    (void)check_fail(&b->run, CHECK_BUNDLE, failure->status, failure->field, v_none(), v_none(), NULL);
    b->run.error = *failure;
    b->run.error.offset = CHAOS_NO_OFFSET; /* it counted from the envelope's beginning */
    return failure->status;
}

chaos_status session_add(bundle_check *b, chaos_slice bytes, chaos_error *err)
{
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    fault why = { .status = CHAOS_E_BUNDLE_FORMAT, .field = "envelope", .offset = b->reader.offset };
    check_run *run = &b->run;
    CHAOS_AUTO(chaos_evidence, evidence);

    why.reason = "more envelopes than a bundle may have";
    CHECK_READ(run, b->session_count < CHAOS_MAX_BUNDLE_ENVELOPES, BUNDLE, &why);
    why.reason = "too many bytes of envelopes wait for a receipt that names them";
    CHECK_READ(run, bytes.size <= CHAOS_MAX_BUNDLE_WAITING - b->waiting, BUNDLE, &why);
    if (chaos_envelope_parse(bytes, &evidence, &failure) != CHAOS_OK) {
        return refuse_envelope(b, &failure, err);
    }
    why.reason = "this envelope comes twice";
    CHECK_READ(run, session_find(b, &evidence->hash) == NULL, BUNDLE, &why);
    CHAOS_TRY(make_room(b, err));
    session *s = &b->sessions[b->session_count++];
    *s = (session){ .hash = evidence->hash, .binding = evidence->binding };
    CHAOS_GIVE(&s->evidence, evidence);
    b->waiting += bytes.size;
    return CHAOS_OK;
}

/* --------------------------------------------------------------- judgement ---- */

/* Collateral that the bundle brought and that has expired proves nothing against it: better is to be had. */
static bool only_bundle_collateral_expired(const bundle_check *b, const chaos_claims *claims)
{
    return b->with.collateral.size == 0 && claims->only_dates_failed &&
           strcmp(chaos_status_stage(claims->run.error.status), "collateral") == 0;
}

static chaos_status examine(bundle_check *b, const session *s, chaos_claims **claims, chaos_error *err)
{
    check_context with = b->with;
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

    if (with.collateral.size == 0) {
        with.collateral = buffer_slice(&b->collateral);
    }
    CHAOS_TRY(check_examine(&with, s->evidence, claims, err));
    if (only_bundle_collateral_expired(b, *claims)) {
        (void)error_set(&failure, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET,
                        "the bundle's collateral is not valid at this time (%s), and there is no other",
                        chaos_status_name((*claims)->run.error.status));
        chaos_claims_free(*claims);
        *claims = NULL;
        CHAOS_TRY(verify_unreadable(s->evidence, CHECK_TCB_INFO, &failure, claims, err));
    }
    (*claims)->in_bundle = true;
    return CHAOS_OK;
}

static chaos_status check_agent(bundle_check *b, const session *s)
{
    const chaos_binding *binding = &s->binding;
    const bundle_header *header = &b->header;
    const chaos_binding *first = b->current == NULL ? binding : &b->current->binding;
    check_run *run = &b->run;

    CHECK(run, binding->stage == CHAOS_STAGE_SESSION || binding->stage == CHAOS_STAGE_IDENTITY, RECEIPT_SESSION,
          BINDING_STAGE, "binding.stage", v_text("5 (session key) or 1 (identity key)"), v_number(binding->stage));
    CHECK(run, memcmp(&binding->chain_id, &header->chain_id, sizeof header->chain_id) == 0, RECEIPT_SESSION,
          BINDING_CHAIN, "binding.chain_id", V_HEX_OF(header->chain_id), V_HEX_OF(binding->chain_id));
    CHECK(run, memcmp(&binding->identity_registry, &header->agent_registry, sizeof header->agent_registry) == 0,
          RECEIPT_SESSION, BINDING_REGISTRY, "binding.identity_registry", V_HEX_OF(header->agent_registry),
          V_HEX_OF(binding->identity_registry));
    CHECK(run, memcmp(&binding->agent_id, &header->agent_id, sizeof header->agent_id) == 0, RECEIPT_SESSION,
          BINDING_AGENT, "binding.agent_id", V_HEX_OF(header->agent_id), V_HEX_OF(binding->agent_id));
    CHECK(run, memcmp(&binding->identity_key, &first->identity_key, sizeof first->identity_key) == 0,
          RECEIPT_SESSION, BINDING_IDENTITY, "binding.identity_key", V_HEX_OF(first->identity_key),
          V_HEX_OF(binding->identity_key));
    return CHAOS_OK;
}

static const chaos_block_hash *find_block(const chaos_bundle_expectation *expectation, uint64_t number)
{
    for (size_t i = 0; i < expectation->block_count; i++) {
        if (expectation->blocks[i].number == number) {
            return &expectation->blocks[i];
        }
    }
    return NULL;
}

/* The earliest head that shows the session to have been there. */
static const chaos_head *find_head(const chaos_bundle_expectation *expectation, uint64_t sequence)
{
    for (size_t i = 0; i < expectation->head_count; i++) {
        if (expectation->heads[i].sequence >= sequence) {
            return &expectation->heads[i];
        }
    }
    return NULL;
}

/* A session was made after its anchorBlock, whose hash is its nonce, and before the head. Without a head nothing
 * says how long after; a hash that is wrong is wrong without one, too. */
static chaos_expectation expect_of(const bundle_check *b, const session *s, uint64_t sequence)
{
    const chaos_binding *binding = &s->binding;
    chaos_expectation expected = b->expectation->agent;
    const chaos_block_hash *block = find_block(b->expectation, binding->anchor_block);
    const chaos_head *head = find_head(b->expectation, sequence);
    const bool is_anchored = head != NULL && head->block >= binding->anchor_block;

    if (expected.has_nonce || block == NULL) {
        return expected;
    }
    if (is_anchored || memcmp(block->hash.bytes, binding->nonce.bytes, sizeof block->hash.bytes) != 0) {
        expected.has_anchor = true;
        expected.anchor_block = block->number;
        expected.anchor_hash = block->hash;
        expected.last_block = is_anchored ? head->block : block->number;
    }
    return expected;
}

static proof code_of(const chaos_verdict *verdict, const session *s)
{
    if (s->binding.stage != CHAOS_STAGE_SESSION) {
        return PROOF_NOT_PROVEN;
    }
    return verdict_row(verdict, CHECK_CODE)->result == CHECK_PASSED ? PROOF_PROVEN : PROOF_NOT_CHECKED;
}

/* For the verdict the least counts, and not-proven is less than not-checked. */
static unsigned lack_of(proof code)
{
    return code == PROOF_PROVEN ? 0 : code == PROOF_NOT_CHECKED ? 1
                                                                : 2;
}

static unsigned rank_of(const chaos_verdict *verdict, proof code)
{
    unsigned rank = chaos_verdict_error(verdict) != NULL ? 2 : chaos_verdict_tier(verdict) == CHAOS_TIER_WARNING;
    return 3 * rank + lack_of(code);
}

static void keep(bundle_check *b, chaos_claims **claims, const chaos_expectation *expected, unsigned rank)
{
    chaos_claims_free(b->worst);
    b->worst_expectation = *expected;
    b->worst_rank = rank;
    CHAOS_GIVE(&b->worst, *claims);
}

chaos_status session_judge(bundle_check *b, session *s, uint64_t sequence, chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, claims);
    CHAOS_AUTO(chaos_verdict, verdict);

    CHAOS_TRY(examine(b, s, &claims, err));
    const chaos_expectation expected = expect_of(b, s, sequence);
    if (!claims->verified && !claims->only_dates_failed) {
        b->is_over = true;
        keep(b, &claims, &expected, 0);
        return CHAOS_OK;
    }
    CHAOS_TRY(check_agent(b, s));
    CHAOS_TRY(appraise_examined(claims, b->with.policy, &expected, b->with.now, &verdict, err));
    const proof code = code_of(verdict, s);
    const unsigned rank = rank_of(verdict, code);
    if (b->worst == NULL || rank > b->worst_rank) {
        keep(b, &claims, &expected, rank);
    }
    if (b->summary.sessions == 0 || lack_of(code) > lack_of(b->summary.code)) {
        b->summary.code = code;
    }
    b->summary.sessions++;
    b->waiting -= s->evidence->bytes.size;
    chaos_evidence_free(s->evidence);
    s->evidence = NULL;
    return CHAOS_OK;
}
