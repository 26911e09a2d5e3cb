/* signature.c - was this message signed by a key whose evidence is good? The envelope goes the way of every
 * envelope; then
 * its bound key must have signed the message (docs/signatures.md). */
#include <stdatomic.h>

#include "check/internal.h"

enum {
    V_FIRST = 27 /* Ethereum's v: 27 + recovery id 0 or 1 */
};

/* Who signed, as a hash of the public key: that is what the binding names. */
static bool signer_is_bound_key(const chaos_signature *signature, bool *ours_failed)
{
    const uint8_t *rsv = signature->bytes.bytes;
    k1_point signer;
    if (rsv[64] != V_FIRST && rsv[64] != V_FIRST + 1) {
        return false;
    }
    k1_result result = k1_recover(signature->digest.bytes, rsv, rsv + 32, (unsigned)rsv[64] - V_FIRST, &signer);
    *ours_failed = result == K1_BACKEND_FAILED;
    if (result != K1_GOOD) {
        return false;
    }
    chaos_keccak hash = k1_key_hash(&signer);
    return memcmp(hash.bytes, signature->evidence->binding.public_key_hash.bytes, sizeof hash.bytes) == 0;
}

static bool same_digest(const chaos_keccak *a, const chaos_keccak *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static chaos_status check_message(check_run *run, const chaos_signature *signature, chaos_slice message)
{
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_keccak digest = { { 0 } };
    bool ours_failed = false;
    chaos_status status = message_digest(signature->kind, message, &digest, &failure);
    const fault why = { .status = failure.status,
                        .field = failure.field,
                        .offset = failure.offset,
                        .reason = chaos_status_text(failure.status) };

    if (status != CHAOS_OK && chaos_status_class(status) != CHAOS_CLASS_FORMAT) {
        return status; /* a fault of ours or of the caller is no statement about the signature */
    }
    CHECK_READ(run, status == CHAOS_OK, SIGNATURE, &why);
    CHECK(run, same_digest(&digest, &signature->digest), SIGNATURE, MESSAGE_SIGNATURE, "digest",
          v_hex(slice(signature->digest.bytes, sizeof signature->digest.bytes)),
          v_hex(slice(digest.bytes, sizeof digest.bytes)));
    bool signed_by_it = signer_is_bound_key(signature, &ours_failed);
    if (ours_failed) {
        return CHAOS_E_CRYPTO;
    }
    CHECK(run, signed_by_it, SIGNATURE, MESSAGE_SIGNATURE, "signature", v_text("a signature by the bound key"),
          v_hex(slice(signature->bytes.bytes, sizeof signature->bytes.bytes)));
    return CHAOS_OK;
}

/* What is wrong with the evidence is the first reason; a signature under it is not looked at. Dates alone may
 * be forgiven by
 * a policy, the signature may not. */
static chaos_status examine(const check_context *with, const chaos_signature *signature, chaos_slice message,
                            chaos_claims **claims, chaos_error *err)
{
    CHAOS_TRY(check_examine(with, signature->evidence, claims, err));
    chaos_claims *c = *claims;
    if (!c->verified && !c->only_dates_failed) {
        return CHAOS_OK;
    }
    chaos_status status = check_message(&c->run, signature, message);
    chaos_class class_ = chaos_status_class(status);
    if (class_ != CHAOS_CLASS_OK && class_ != CHAOS_CLASS_FORMAT && class_ != CHAOS_CLASS_TRUST) {
        return error_set(err, status, "message", CHAOS_NO_OFFSET, NULL);
    }
    if (c->run.rows[CHECK_SIGNATURE].result == CHECK_FAILED) {
        c->verified = false;
        c->only_dates_failed = false;
    }
    return CHAOS_OK;
}

chaos_status chaos_signature_verify(chaos_signature *signature, chaos_slice message, chaos_slice collateral,
                                    const chaos_trust *trust, const chaos_policy *policy,
                                    const chaos_expectation *expectation, int64_t now, chaos_cache *cache,
                                    chaos_verdict **verdict, chaos_error *err)
{
    CHAOS_AUTO(chaos_claims, claims);
    const check_context with = { collateral, trust, policy, expectation, now, cache };

    if (signature == NULL || (message.data == NULL && message.size > 0) || trust == NULL || policy == NULL ||
        expectation == NULL || verdict == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "signature, message, trust, policy, expectation and verdict may not be NULL");
    }
    CHAOS_TRY(examine(&with, signature, message, &claims, err));
    CHAOS_TRY(appraise_examined(claims, policy, expectation, now, verdict, err));
    atomic_store(&signature->verified, (int)chaos_verdict_verified(*verdict));
    return CHAOS_OK;
}

bool chaos_tee_verify_attestation(chaos_signature *signature, chaos_slice message, chaos_slice collateral,
                                  const chaos_trust *trust, const chaos_policy *policy,
                                  const chaos_expectation *expectation, int64_t now)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    return chaos_signature_verify(signature, message, collateral, trust, policy, expectation, now, NULL, &verdict,
                                  NULL) == CHAOS_OK &&
           chaos_verdict_tier(verdict) == CHAOS_TIER_AFFIRMING;
}
