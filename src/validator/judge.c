/* judge.c - evidence to verdict, and what is not a verdict: everything that is ours or the network's. */
#include "validator/internal.h"

chaos_status expect_anchor(const chaos_validator *v, const chaos_binding *binding, uint64_t first, uint64_t last,
                           chaos_expectation *expectation, chaos_error *err)
{
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = binding->anchor_block };
    chaos_block block;

    if (binding->anchor_block < first) {
        return CHAOS_OK; /* of another time, or no anchor at all */
    }
    if (binding->anchor_block > last) {
        (void)error_set(err, CHAOS_E_NOT_FOUND, "binding.anchor_block", CHAOS_NO_OFFSET,
                        "the node does not know the block of the evidence (yet)");
        error_expected(err, "at most %llu", (unsigned long long)last);
        error_found(err, "%llu", (unsigned long long)binding->anchor_block);
        return CHAOS_E_NOT_FOUND;
    }
    CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(v->config.registries), &at, &block, err));
    if (memcmp(block.hash.bytes, binding->nonce.bytes, sizeof block.hash.bytes) != 0) {
        return CHAOS_OK; /* the agent chose the nonce: it is fresh for nobody */
    }
    expectation->has_anchor = true;
    expectation->anchor_block = block.number;
    expectation->anchor_hash = block.hash;
    expectation->first_block = first;
    expectation->last_block = last;
    return CHAOS_OK;
}

static chaos_status get_collateral(const chaos_validator *v, const chaos_evidence *evidence, int64_t now,
                                   chaos_buffer *out, chaos_error *err)
{
    if (v->collateral.size > 0) {
        return buffer_append(out, buffer_slice(&v->collateral))
                   ? CHAOS_OK
                   : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (evidence == NULL) {
        return CHAOS_OK; /* it cannot even be read, whatever the collateral */
    }
    if (v->config.collateral_source == NULL) {
        return error_set(err, CHAOS_E_COLLATERAL_MISSING, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return v->config.collateral_source(v->config.collateral_context, evidence, now, out, err);
}

static chaos_status give_error(const chaos_error *found, chaos_error *err)
{
    if (err != NULL) {
        *err = *found;
    }
    return found->status;
}

/* A source says that it cannot even tell whose collateral is wanted: the quote's own chain may be malformed. Its word
 * is not taken for that, since it may as well have stumbled over something of its own: the verifier must come to the
 * same without it. */
static bool may_be_malformed(chaos_status status)
{
    const chaos_class kind = chaos_status_class(status);

    return kind == CHAOS_CLASS_FORMAT || kind == CHAOS_CLASS_TRUST;
}

/* The collateral is the validator's own: whatever is wrong with it, its dates above all, says nothing of the agent. A
 * PCK certificate mismatch is between the quote and the collateral's chain; an identity of another enclave is of the
 * collateral, too; and its evaluation number. */
static bool is_of_collateral(const chaos_error *error)
{
    const bool of_identity = error->status == CHAOS_E_QE_IDENTITY_MISMATCH && error->field != NULL &&
                             strncmp(error->field, "enclaveIdentity.", strlen("enclaveIdentity.")) == 0;

    return of_identity || error->status == CHAOS_E_PCK_CERT_MISMATCH || error->status == CHAOS_E_COLLATERAL_GRACE ||
           error->status == CHAOS_E_EVAL_NUMBER || strcmp(chaos_status_stage(error->status), "collateral") == 0;
}

static bool speaks_of_evidence(const chaos_error *error)
{
    const chaos_class kind = chaos_status_class(error->status);

    return (kind == CHAOS_CLASS_FORMAT || kind == CHAOS_CLASS_TRUST) && !is_of_collateral(error);
}

static bool says(const chaos_verdict *verdict, chaos_status status)
{
    const chaos_error *found = chaos_verdict_error(verdict);

    return found != NULL && found->status == status;
}

/* A verdict that may be told to others; else why not. */
static chaos_status check_verdict(const chaos_verdict *verdict, chaos_error *err)
{
    const chaos_error *found = chaos_verdict_error(verdict);

    if (found != NULL && !speaks_of_evidence(found)) {
        return give_error(found, err);
    }
    if (verdict_row(verdict, CHECK_POLICY_COLLATERAL_GRACE)->result == CHECK_WARNED) {
        return error_set(err, CHAOS_E_COLLATERAL_GRACE, "collateral", CHAOS_NO_OFFSET,
                         "the collateral has expired; within the policy's grace it judges nobody in public");
    }
    if (chaos_verdict_tier(verdict) == CHAOS_TIER_NONE ||
        (found == NULL && (chaos_verdict_verified(verdict) != CHAOS_VERIFIED_TRUE ||
                           chaos_verdict_tier(verdict) == CHAOS_TIER_CONTRAINDICATED))) {
        return error_set(err, CHAOS_E_INTERNAL, "verdict", CHAOS_NO_OFFSET, "a verdict without a reason");
    }
    return CHAOS_OK;
}

chaos_status judge(const chaos_validator *v, const chaos_evidence *evidence, chaos_slice bytes,
                   const chaos_expectation *expectation, int64_t now, chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_verdict, made);
    CHAOS_AUTO_BUFFER(collateral, CHAOS_MAX_COLLATERAL);
    chaos_error trouble = { .status = CHAOS_OK };

    if (get_collateral(v, evidence, now, &collateral, &trouble) != CHAOS_OK) {
        if (!may_be_malformed(trouble.status)) {
            return give_error(&trouble, err);
        }
        collateral.size = 0;
    }
    CHAOS_TRY(chaos_check(bytes, buffer_slice(&collateral), v->config.trust, v->policy, expectation, now,
                          v->config.cache, &made, err));
    if (verdict_anchor(made) == CHAOS_ANCHOR_SIMULATED && !policy_simulates(v->policy, v->chain_id)) {
        chaos_verdict_free(made); /* what the policy takes on other chains is no anchor here: ANCHOR */
        made = NULL;
        CHAOS_TRY(chaos_check(bytes, buffer_slice(&collateral), v->config.trust, v->hardware, expectation, now,
                              v->config.cache, &made, err));
    }
    if (trouble.status != CHAOS_OK && !says(made, trouble.status)) {
        return give_error(&trouble, err);
    }
    CHAOS_TRY(check_verdict(made, err));
    CHAOS_GIVE(verdict, made);
    return CHAOS_OK;
}
