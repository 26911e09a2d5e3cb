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

/* ---------------------------------------------------------------- cache ---- */

/* Keeps what was verified before, keyed by the exact bytes and the root, within `limit` bytes. It may be shared
 * between threads. This version keeps nothing yet and so never changes time either; pass NULL to do without. */
typedef struct chaos_cache chaos_cache;

CHAOS_API CHAOS_MUST_USE chaos_status chaos_cache_new(size_t limit, chaos_cache **cache, chaos_error *err);
CHAOS_API void chaos_cache_free(chaos_cache *cache);

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
