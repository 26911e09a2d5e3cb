/* evidence.h - untrusted bytes that claim to come from a TEE, recognised and read, not believed.
 *
 * Sources: Intel SGX ECDSA quote library reference (v3), Intel TDX DCAP quoting library reference (v4, v5). */
#ifndef CHAOSCHAIN_EVIDENCE_H
#define CHAOSCHAIN_EVIDENCE_H

#include <chaoschain/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_MAX_EVIDENCE (64u * 1024u)  /* bytes of a quote with its padding */
#define CHAOS_MAX_EVENT_LOG (512u * 1024u)

typedef struct chaos_evidence chaos_evidence;

typedef enum chaos_tee_kind {
    CHAOS_TEE_SGX = 1, /* Intel SGX enclave */
    CHAOS_TEE_TDX = 2  /* Intel TDX trust domain */
} chaos_tee_kind;

/* Reads a raw binary DCAP quote: SGX v3, SGX or TDX v4, v5 body types 1-4. All-zero padding of up to
 * CHAOS_MAX_EVIDENCE after the quote is tolerated; anything else after it is CHAOS_E_TRAILING_DATA. The
 * bytes are copied. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_parse(chaos_slice quote, chaos_evidence **evidence,
                                                           chaos_error *err);

/* The same with the guest's event log beside the quote: the JSON array of dstack's guest agent. chaos_verify
 * replays it; nothing in it is believed before that. TDX only. An empty slice means that there is no log. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_parse_with_log(chaos_slice quote, chaos_slice event_log,
                                                                    chaos_evidence **evidence, chaos_error *err);

CHAOS_API void chaos_evidence_free(chaos_evidence *evidence);

CHAOS_API chaos_tee_kind chaos_evidence_tee(const chaos_evidence *evidence);

/* Every field by its specification name as one JSON object (RFC 8785) with "unverified": true. For people and
 * logs only: nothing in it may be relied on. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_describe(const chaos_evidence *evidence, chaos_buffer *json,
                                                              chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
