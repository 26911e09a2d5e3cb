/* verify.h - evidence and collateral in, authentic claims out.
 *
 * chaos_verify is pure: no clock, network, file, environment, thread or mutable global; time, trust roots and
 * collateral are arguments. A cache changes only the time it takes, never the answer.
 *
 * What it checks (Intel DCAP, the numbered steps are in docs/verify-dcap.md):
 *   quote signature by the attestation key; that key vouched for by the QE report; QE report signed by the PCK
 *   key; PCK chain of three to a pinned root (names, roles, extensions, signatures); root CRL and PCK CRL, both
 *   mandatory; TCB info and QE identity with their signer's chain; every date of every object against `now`;
 *   FMSPC, PCEID and TEE; TDX module; TCB level of platform, module and quoting enclave, converged; a REVOKED
 *   level is refused; the event log, if there is one, against the RTMRs.
 *
 * What it does NOT check - that is chaos_appraise (appraise.h) or the caller:
 *   - whether an UpToDate, OutOfDate, ... level, a debug mode or a measurement is good enough: policy;
 *   - freshness: a quote may be replayed unless REPORTDATA holds something that the verifier chose;
 *   - what a measurement means, or who runs the machine;
 *   - physical attacks and side channels of the platform;
 *   - roll-back of collateral inside its validity: use min_evaluation_number in the policy. */
#ifndef CHAOSCHAIN_VERIFY_H
#define CHAOSCHAIN_VERIFY_H

#include <chaoschain/base.h>
#include <chaoschain/evidence.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- trust ---- */

/* What kind of root vouches for the evidence. "simulated" is read from the root certificate itself (organisation
 * "ChaosChain Simulator") and nothing turns it into another kind. */
typedef enum chaos_anchor {
    CHAOS_ANCHOR_VENDOR = 1,   /* Intel's own root, built in: subject and public key are pinned */
    CHAOS_ANCHOR_CUSTOM = 2,   /* a root that the caller added */
    CHAOS_ANCHOR_SIMULATED = 3 /* a root of a simulator: real formats, no hardware */
} chaos_anchor;

CHAOS_API const char *chaos_anchor_name(chaos_anchor anchor); /* "vendor", "custom", "simulated"; else "unknown" */

#define CHAOS_MAX_TRUST_ROOTS 16

typedef struct chaos_trust chaos_trust;

/* A set of roots that begins with the vendor's. Adding is the only change; share it after the last. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_trust_new(chaos_trust **trust, chaos_error *err);
/* Adds a root certificate (DER or PEM, one certificate, self-signed, P-256). Kind: custom, or simulated by its name. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_trust_add_root(chaos_trust *trust, chaos_slice certificate,
                                                           chaos_error *err);
CHAOS_API void chaos_trust_free(chaos_trust *trust);

/* ----------------------------------------------------------- collateral ---- */

#define CHAOS_MAX_COLLATERAL (1024u * 1024u)

/* Intel's signed statements about platforms, in the one-file interchange JSON (pck_crl_issuer_chain, root_ca_crl,
 * pck_crl, tcb_info_issuer_chain, tcb_info, tcb_info_signature, qe_identity_issuer_chain, qe_identity,
 * qe_identity_signature, and optionally pck_certificate_chain). Untrusted until chaos_verify has checked it. */
typedef struct chaos_collateral chaos_collateral;

CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_parse(chaos_slice json, chaos_collateral **collateral,
                                                             chaos_error *err);
CHAOS_API void chaos_collateral_free(chaos_collateral *collateral);

/* Verifies everything in the collateral that needs no quote (root, PCK CA, both CRLs, TCB signer, TCB info, QE
 * identity: names, signatures, revocation, dates at `now`) and keeps what was found, so that each later chaos_verify
 * with this object has three signatures left to verify instead of nine. It never changes an answer: names, roles,
 * revocation and every date are looked at again each time, against that call's own `now` and `trust`.
 * The PCK CA is taken from pck_crl_issuer_chain, which must be there. On failure the object is as it was before and
 * may be used unsealed. Not thread-safe: seal first, then share between threads. Sealing twice verifies twice. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_seal(chaos_collateral *collateral, const chaos_trust *trust,
                                                            int64_t now, chaos_error *err);

/* What sealed collateral speaks of. Times are Unix seconds. */
typedef struct chaos_collateral_facts {
    chaos_tee_kind tee;
    bool platform_ca;                              /* the PCK CRL is the Platform CA's; else the Processor CA's */
    uint8_t fmspc[6], pce_id[2];
    uint32_t tcb_evaluation_number, qe_evaluation_number;
    int64_t valid_from, valid_to;                  /* every object is valid in this window, ends included */
    int64_t tcb_info_issued, tcb_info_next_update; /* of the four that are renewed, one by one */
    int64_t qe_identity_issued, qe_identity_next_update;
    int64_t root_ca_crl_issued, root_ca_crl_next_update;
    int64_t pck_crl_issued, pck_crl_next_update;
} chaos_collateral_facts;
/* USAGE if it is not sealed: what nobody has verified is no fact. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_get_facts(const chaos_collateral *collateral,
                                                                 chaos_collateral_facts *facts, chaos_error *err);

/* ---------------------------------------------------------------- floor ---- */

/* The newest collateral that was seen, for each TEE, FMSPC and PCK CA: what comes later may not be older. Old
 * collateral is signed for a month, and in that month it can hide a revocation or a new TCB level from whoever is given
 * it. */
typedef struct chaos_floor chaos_floor;

#define CHAOS_MAX_FLOOR (1024u * 1024u)

CHAOS_API CHAOS_MUST_USE chaos_status chaos_floor_new(chaos_floor **floor, chaos_error *err);
/* The JSON "chaoschain/collateral-floor/1"; COLLATERAL_FORMAT or a JSON status. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_floor_parse(chaos_slice json, chaos_floor **floor, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_floor_write(const chaos_floor *floor, chaos_buffer *json, chaos_error *err);
CHAOS_API void chaos_floor_free(chaos_floor *floor);
/* COLLATERAL_ROLLBACK with the field that is older; CHAOS_OK also where the floor knows nothing of such collateral. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_floor_check(const chaos_floor *floor, const chaos_collateral_facts *facts,
                                                        chaos_error *err);
/* Each of the six values becomes the larger of the two. LIMIT when there are too many platforms. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_floor_raise(chaos_floor *floor, const chaos_collateral_facts *facts,
                                                        chaos_error *err);

/* ---------------------------------------------------------------- cache ---- */

/* Remembers which signatures were found good, by the exact bytes: collateral given as text (chaos_check...), and the
 * PCK chain with QE report of a platform. Only what has verified completely, dates aside, is kept. It changes the time
 * that an answer takes and never the answer: names, roles, revocation and every date are looked at each time.
 * Bounded by `limit` bytes, its own tables included (64 KiB is the least that keeps anything). Threads may share it.
 * Who sends many distinct pieces of genuine evidence evicts little: what was used again outlives what came once,
 * one platform has few places whatever variants of its chain are sent, and evidence of other roots than the vendor's
 * never displaces the vendor's. */
typedef struct chaos_cache chaos_cache;

CHAOS_API CHAOS_MUST_USE chaos_status chaos_cache_new(size_t limit, chaos_cache **cache, chaos_error *err);
CHAOS_API void chaos_cache_free(chaos_cache *cache);

typedef struct chaos_cache_counts {
    uint64_t platform_hits, platform_misses, collateral_hits, collateral_misses;
    size_t platforms, collaterals; /* kept now */
    size_t bytes;                  /* used now, tables included; at most the limit */
} chaos_cache_counts;
CHAOS_API void chaos_cache_get_counts(const chaos_cache *cache, chaos_cache_counts *counts);

/* --------------------------------------------------------------- claims ---- */

/* Authentic statements about a TEE. Only chaos_verify makes them. */
typedef struct chaos_claims chaos_claims;

/* `cache` may be NULL. On CHAOS_OK the caller owns *claims. FORMAT and TRUST statuses speak about the evidence or
 * the collateral; ENV and INTERNAL ones do not, and must never be taken for a negative answer. All failed dates
 * are found in one pass, but an authentication failure ends the work at once. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_verify(const chaos_evidence *evidence, const chaos_collateral *collateral,
                                                   const chaos_trust *trust, int64_t now, chaos_cache *cache,
                                                   chaos_claims **claims, chaos_error *err);
CHAOS_API void chaos_claims_free(chaos_claims *claims);

CHAOS_API chaos_tee_kind chaos_claims_tee(const chaos_claims *claims);
CHAOS_API chaos_anchor chaos_claims_anchor(const chaos_claims *claims);

/* A field of the attested report by its name in the verdict's claims: "report_data", "mr_td", "mr_enclave",
 * "rtmr0" ... "rtmr3", "fmspc", ... Bytes in the order of the report; numbers are little-endian as in it.
 * False: there is no such field in this kind of evidence, *value is untouched. Lent by the claims. */
CHAOS_API bool chaos_claims_get(const chaos_claims *claims, const char *name, chaos_slice *value);

typedef enum chaos_tcb_status { /* Intel's names; in order of severity within its group, not comparable by number */
    CHAOS_TCB_UNKNOWN = 0,
    CHAOS_TCB_UP_TO_DATE,
    CHAOS_TCB_SW_HARDENING_NEEDED,
    CHAOS_TCB_CONFIGURATION_NEEDED,
    CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    CHAOS_TCB_OUT_OF_DATE,
    CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    CHAOS_TCB_TD_RELAUNCH_ADVISED,
    CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    CHAOS_TCB_REVOKED
} chaos_tcb_status;

CHAOS_API const char *chaos_tcb_status_name(chaos_tcb_status status); /* "UpToDate", ...; "Unknown" */

/* The converged TCB status of the platform. */
CHAOS_API chaos_tcb_status chaos_claims_tcb_status(const chaos_claims *claims);

#ifdef __cplusplus
}
#endif
#endif
