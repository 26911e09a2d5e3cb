/* appraise.h - claims, policy and expectation in, a verdict out. No cryptography; as pure as chaos_verify. */
#ifndef CHAOSCHAIN_APPRAISE_H
#define CHAOSCHAIN_APPRAISE_H

#include <chaoschain/base.h>
#include <chaoschain/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------- policy ---- */

#define CHAOS_MAX_POLICY (256u * 1024u)

typedef struct chaos_policy chaos_policy;

/* One JSON object "chaoschain/policy/1"; docs/policy.md lists its keys. Unknown keys are refused; a list is a
 * non-empty array or the word "any", written out. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_policy_parse(chaos_slice json, chaos_policy **policy, chaos_error *err);
/* The default: vendor anchors (and a custom one that the caller gave), UpToDate is AFFIRMING, hardening or
 * configuration needed is WARNING, OutOfDate and debug are CONTRAINDICATED. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_policy_default(chaos_policy **policy, chaos_error *err);
/* Judges nothing: the tier is NONE. For callers that want the cryptography's answer alone. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_policy_none(chaos_policy **policy, chaos_error *err);
CHAOS_API void chaos_policy_free(chaos_policy *policy);

/* ---------------------------------------------------------- expectation ---- */

/* What this one relying party expects of this one piece of evidence. Set `size` by CHAOS_EXPECTATION_INIT. What
 * is not expected is not checked, and the verdict says so. */
typedef struct chaos_expectation {
    size_t size;
    bool has_report_data;
    chaos_report_data report_data; /* all 64 bytes must be equal */
    /* Of an envelope's binding. Any of them for a bare quote, which has none, is CHAOS_E_USAGE. */
    bool has_agent;                /* chain, registry and agent id together */
    chaos_u256 chain_id;
    chaos_address identity_registry;
    chaos_u256 agent_id;
    bool has_identity_key;         /* agentWallet, read from the caller's own RPC */
    chaos_address identity_key;
    bool has_nonce;                /* one that the caller chose: what makes the evidence fresh */
    chaos_u256 nonce;
    /* Fresh, too: the nonce is the hash of block anchorBlock. The caller reads the hash of the block that the binding
     * names from its own RPC, and says which blocks are near enough (the request's block less 256, to the head). Not
     * together with has_nonce. */
    bool has_anchor;
    uint64_t anchor_block;
    chaos_keccak anchor_hash;
    uint64_t first_block, last_block;
    bool has_subject;              /* the validation request that is answered: its keccak */
    chaos_keccak subject;
    bool has_agent_uri_hash;       /* keccak of the registration file that the chain names */
    chaos_keccak agent_uri_hash;
    bool has_tls_spki_hash;        /* SHA-256 of the key that the peer of a TLS channel showed */
    chaos_sha256 tls_spki_hash;
    const chaos_floor *collateral_floor; /* NULL: none. Else collateral may not be older (COLLATERAL_ROLLBACK) */
} chaos_expectation;

#define CHAOS_EXPECTATION_INIT                                                                                  \
    { sizeof(chaos_expectation), false, { { 0 } }, false, { { 0 } }, { { 0 } }, { { 0 } }, false, { { 0 } }, \
      false, { { 0 } }, false, 0, { { 0 } }, 0, 0, false, { { 0 } }, false, { { 0 } }, false, { { 0 } }, \
      NULL }

/* -------------------------------------------------------------- verdict ---- */

typedef enum chaos_tier {
    CHAOS_TIER_NONE = 0, /* not judged */
    CHAOS_TIER_AFFIRMING = 1,
    CHAOS_TIER_WARNING = 2,
    CHAOS_TIER_CONTRAINDICATED = 3
} chaos_tier;

CHAOS_API const char *chaos_tier_name(chaos_tier tier); /* "AFFIRMING", ... */

/* The answer. Only chaos_appraise and chaos_check (check.h) make one. */
typedef struct chaos_verdict chaos_verdict;

/* Claims hold from the latest beginning to the earliest end of everything that was used to verify them; a `now`
 * outside is CHAOS_E_USAGE, so that claims cannot be kept beyond their time. `expectation` may not be NULL: write
 * CHAOS_EXPECTATION_INIT to expect nothing. A policy that does not accept the claims gives CHAOS_OK and a
 * CONTRAINDICATED verdict whose error says why; with no policy an expectation that is not met is an error too. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_appraise(const chaos_claims *claims, const chaos_policy *policy,
                                                     const chaos_expectation *expectation, int64_t now,
                                                     chaos_verdict **verdict, chaos_error *err);
CHAOS_API void chaos_verdict_free(chaos_verdict *verdict);

CHAOS_API chaos_tier chaos_verdict_tier(const chaos_verdict *verdict);

typedef enum chaos_verified { /* three-valued: zero never passes */
    CHAOS_VERIFIED_UNKNOWN = 0, /* could not be judged, e.g. collateral is missing */
    CHAOS_VERIFIED_FALSE = 1,
    CHAOS_VERIFIED_TRUE = 2
} chaos_verified;

/* Speaks of cryptography, collateral and revocation only; the tier speaks of policy. */
CHAOS_API chaos_verified chaos_verdict_verified(const chaos_verdict *verdict);

/* Why the verdict is what it is, when it is neither AFFIRMING, WARNING nor (with no policy) verified: the first
 * decisive failure, lent by the verdict. NULL if there is none. */
CHAOS_API const chaos_error *chaos_verdict_error(const chaos_verdict *verdict);

/* 0 AFFIRMING, or verified with no policy · 1 WARNING · 2 CONTRAINDICATED · 3 malformed · 4 not trusted ·
 * 5 environment · 70 internal: the exit code of `chaoschain verify`. */
CHAOS_API int chaos_verdict_exit_code(const chaos_verdict *verdict);

/* The JSON "chaoschain/verdict/1" (RFC 8785, one line; data/schemas/verdict.schema.json). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_verdict_write_json(const chaos_verdict *verdict, chaos_buffer *json,
                                                               chaos_error *err);
/* The same for a person: a few lines of plain text, no colour, no control characters from the input. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_verdict_write_text(const chaos_verdict *verdict, chaos_buffer *text,
                                                               chaos_error *err);

#define CHAOS_MAX_VERDICT (256u * 1024u) /* a good limit for the two buffers above */

#ifdef __cplusplus
}
#endif
#endif
