/* check.h - the whole way in one call: bytes in, verdict out. */
#ifndef CHAOSCHAIN_CHECK_H
#define CHAOSCHAIN_CHECK_H

#include <chaoschain/appraise.h>
#include <chaoschain/base.h>
#include <chaoschain/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parses `quote`, verifies it and appraises the claims. Malformed or untrusted evidence gives CHAOS_OK and a verdict
 * with verified = false whose error and partly filled tcb say how far it came; an empty `collateral` gives a
 * verdict with verified = null and COLLATERAL_MISSING. So the verdict can always be shown to a person. A status
 * other than CHAOS_OK means that a fault of ours or of the caller kept it from judging (no verdict is made).
 * `collateral` is the interchange JSON. `cache` may be NULL. `event_log` may be empty. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_check_quote(chaos_slice quote, chaos_slice event_log,
                                                        chaos_slice collateral, const chaos_trust *trust,
                                                        const chaos_policy *policy,
                                                        const chaos_expectation *expectation, int64_t now,
                                                        chaos_cache *cache, chaos_verdict **verdict, chaos_error *err);

/* The same for an envelope. `collateral` is the relying party's own. If it is empty, the envelope's own is used: with a
 * collateral_floor in the expectation it may not be older than that, and without one the tier is at most WARNING,
 * because the tested party chose it. None in either place, or the envelope's is out of date: COLLATERAL_MISSING. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_check(chaos_slice envelope, chaos_slice collateral,
                                                  const chaos_trust *trust, const chaos_policy *policy,
                                                  const chaos_expectation *expectation,
                                                  int64_t now, chaos_cache *cache, chaos_verdict **verdict,
                                                  chaos_error *err);

/* ------------------------------------------------------------ signature ---- */

/* A signature by an attested key, with the evidence for that key. tee.h makes them; so does chaos_signature_parse. */
typedef struct chaos_signature chaos_signature;

typedef enum chaos_digest_kind {
    CHAOS_DIGEST_EIP191 = 1, /* message: any bytes, hashed as an EIP-191 personal message */
    CHAOS_DIGEST_EIP712 = 2  /* message: the JSON of eth_signTypedData_v4 */
} chaos_digest_kind;

#define CHAOS_MAX_SIGNED_MESSAGE (16u * 1024u * 1024u)
#define CHAOS_MAX_TYPED_DATA (256u * 1024u)

/* The JSON "chaoschain/signature/1" (docs/signatures.md), with the envelope that it names: its Keccak must be the
 * signature's evidence_hash. The envelope is parsed, not believed; the caller keeps `envelope`. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_signature_parse(chaos_slice json, chaos_slice envelope,
                                                            chaos_signature **signature, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_signature_write(const chaos_signature *signature, chaos_buffer *json,
                                                            chaos_error *err);
CHAOS_API void chaos_signature_free(chaos_signature *signature);

CHAOS_API chaos_signature65 chaos_signature_bytes(const chaos_signature *signature);
CHAOS_API const char *chaos_signature_algorithm(const chaos_signature *signature); /* "secp256k1" */
CHAOS_API chaos_digest_kind chaos_signature_digest_kind(const chaos_signature *signature);
CHAOS_API chaos_keccak chaos_signature_digest(const chaos_signature *signature);
CHAOS_API const char *chaos_signature_provider(const chaos_signature *signature); /* as the envelope says it */
CHAOS_API const chaos_evidence *chaos_signature_evidence(const chaos_signature *signature); /* lent */
/* CHAOS_VERIFIED_UNKNOWN until a chaos_signature_verify of this object has answered; then what the last one said. */
CHAOS_API chaos_verified chaos_signature_verified(const chaos_signature *signature);

/* What the evidence says of the code that holds the key: as the quote has it, not verified. Zeros for what it lacks. */
typedef struct chaos_measurements {
    uint8_t mr_td[48], rtmr0[48], rtmr1[48], rtmr2[48], rtmr3[48], mr_config_id[48]; /* TDX */
    uint8_t mr_enclave[32], mr_signer[32];                                           /* SGX */
    chaos_report_data report_data;
} chaos_measurements;
CHAOS_API void chaos_evidence_measurements(const chaos_evidence *evidence, chaos_measurements *out);

/* Everything that chaos_check does for the signature's envelope, and the row `signature`: the message gives the digest
 * and the bound key signed it (else MESSAGE_SIGNATURE). A message is part of the question, so there is no way to leave
 * it out. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_signature_verify(chaos_signature *signature, chaos_slice message,
                                                             chaos_slice collateral, const chaos_trust *trust,
                                                             const chaos_policy *policy,
                                                             const chaos_expectation *expectation, int64_t now,
                                                             chaos_cache *cache, chaos_verdict **verdict,
                                                             chaos_error *err);
/* The boolean form: true only if every required check ran and passed, that is for a verdict that is AFFIRMING. */
CHAOS_API CHAOS_MUST_USE bool chaos_tee_verify_attestation(chaos_signature *signature, chaos_slice message,
                                                           chaos_slice collateral, const chaos_trust *trust,
                                                           const chaos_policy *policy,
                                                           const chaos_expectation *expectation, int64_t now);

/* --------------------------------------------------------------- bundle ---- */

/* Where a bundle comes from (its format: evidence.h). `read` gives up to `capacity` next bytes; *got = 0 is the end.
 * For the form of a folder `content` gives the content of that hash, lent until the next call, or data = NULL: it is
 * not there; else it is NULL. A status of theirs other than CHAOS_OK ends the work and is given back. */
typedef chaos_status chaos_bundle_read(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err);
typedef chaos_status chaos_bundle_content(void *context, const chaos_keccak *hash, chaos_slice *content,
                                          chaos_error *err);
typedef struct chaos_bundle_source {
    size_t size; /* CHAOS_BUNDLE_SOURCE_INIT */
    void *context;
    chaos_bundle_read *read;
    chaos_bundle_content *content;
} chaos_bundle_source;
#define CHAOS_BUNDLE_SOURCE_INIT { sizeof(chaos_bundle_source), NULL, NULL, NULL }

/* What the chain says, read by the caller from a node of his own. */
typedef struct chaos_head { /* a value of the metadata tee.head: the newest receipt at some time */
    uint64_t sequence;
    chaos_keccak digest;
    uint64_t block; /* in which it was written */
} chaos_head;
typedef struct chaos_block_hash {
    uint64_t number;
    chaos_keccak hash;
} chaos_block_hash;

#define CHAOS_MAX_HEADS 65536u

typedef struct chaos_bundle_expectation {
    size_t size;             /* CHAOS_BUNDLE_EXPECTATION_INIT */
    chaos_expectation agent; /* of every session: agent, identity key; a nonce for a single session */
    const chaos_head *heads; /* in ascending order of their sequence */
    size_t head_count;
    const chaos_block_hash *blocks; /* the anchorBlocks of sessions: with a head they make a session fresh */
    size_t block_count;
    bool time_is_chosen;     /* `now` is the caller's choice and not the present: nothing is said about time */
} chaos_bundle_expectation;
#define CHAOS_BUNDLE_EXPECTATION_INIT \
    { sizeof(chaos_bundle_expectation), CHAOS_EXPECTATION_INIT, NULL, 0, NULL, 0, false }

/* Hardware, session key, identity, agent, each action, contents: all of a bundle in one pass and constant memory.
 * - Each session's envelope goes the way of chaos_check at `now`, except that its expiresAt bounds its receipts and
 *   not   the present. `collateral` is the relying party's own; with an empty one the bundle's is used, which caps
 *   the tier at   WARNING, and whose expiry is COLLATERAL_MISSING and no verdict.
 * - The verdict's rows about evidence are those of the session that stands worst.
 * - The first receipt that is wrong ends the work: error.text begins with its line and sequence, and the member
 *   `receipts` of the JSON has both.
 * AFFIRMING needs: own collateral, a policy that pins the code, an expected identity key, heads of which one is the
 * last receipt, and the anchorBlock of every session. Offline it is WARNING, and open rows say why.
 * Statuses and outputs as with chaos_check. `cache` may be NULL. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_check_bundle(const chaos_bundle_source *source, chaos_slice collateral,
                                                         const chaos_trust *trust, const chaos_policy *policy,
                                                         const chaos_bundle_expectation *expectation, int64_t now,
                                                         chaos_cache *cache, chaos_verdict **verdict,
                                                         chaos_error *err);

/* Did both keys sign the handover (HANDOVER_SIGNATURE)? Never sufficient alone: the new key needs its own stage 1
 * evidence, and the owner's setAgentWallet. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_handover_verify(const chaos_handover *handover,
                                                            const chaos_signature65 *by_old_key,
                                                            const chaos_signature65 *by_new_key, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
