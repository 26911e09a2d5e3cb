/* sim.h - a test PKI and a forge: real formats under a simulated root, valid or broken in exactly one way.
 *
 * Everything here is public test material. The root's organisation is "ChaosChain Simulator", so whatever
 * it signs is recognised as simulated. Linked into tests, the forge program and simulators, never into a
 * library. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "wire/wire.h"

typedef enum forge_kind { FORGE_SGX3 = 1, FORGE_TDX4 = 2 } forge_kind;

typedef struct forge_result {
    int64_t now;             /* verify at this time */
    chaos_buffer quote;      /* binary */
    chaos_buffer collateral; /* interchange JSON */
    chaos_buffer event_log;  /* JSON array; empty for SGX */
    chaos_buffer envelope;   /* JSON "chaoschain/envelope/1" of the same quote; TDX only, empty for SGX and for
                              * report data of the caller's own */
    chaos_binding binding;   /* what the envelope binds; zero without one */
    chaos_buffer root;       /* DER of the root to trust */
    chaos_buffer foreign_root; /* DER: a root of the same name with another key */
    /* TDX: what a relying party holds beforehand. No break touches it. */
    chaos_buffer app_compose; /* the compose file that was measured */
    chaos_buffer policy;     /* JSON: accepts the simulator, pins the measurements, the application and its KMS */
    uint8_t kms_root[33];    /* compressed public key of the KMS root */
} forge_result;

/* One precise fault: exactly one thing is wrong, everything else (also each signature above it) is right. */
typedef struct forge_break {
    const char *name;        /* "qe-report-signature-flip" */
    const char *summary;     /* one line: what was changed and why it must be refused */
    chaos_status expected;   /* what a strict verifier answers */
    unsigned kinds;          /* bit 1 << FORGE_*: which kinds of quote have it */
    bool envelope;           /* it is in the envelope: verify result.envelope through chaos_check */
} forge_break;

size_t forge_break_count(void);
const forge_break *forge_break_at(size_t index);
const forge_break *forge_break_find(const char *name); /* NULL: there is none */

/* What a forged quote says. Zeroed members of `has_...` keep the defaults. A TDX quote's REPORTDATA is that of the
 * binding of its envelope, unless report data are given: then there is no envelope. */
typedef struct forge_options {
    int64_t now;              /* 0: FORGE_DEFAULT_NOW */
    bool has_report_data;
    chaos_report_data report_data;
    const char *seed;         /* NULL: "chaoschain-simulator"; keys derive from it. Public: never for real keys */
    const char *platform;     /* NULL: the seed's one platform; else another under the same CA, with a PCK and an
                               * attestation key of its own */
    uint8_t fmspc_end;        /* last byte of the FMSPC of quote and TCB info */
    const char *tcb_status;   /* NULL: "UpToDate"; the status of the platform level that matches */
    bool has_stage;           /* of the binding: CHAOS_STAGE_*; default CHAOS_STAGE_IDENTITY */
    unsigned stage;
    bool has_nonce;
    chaos_u256 nonce;
    unsigned session;         /* which of the agent's session keys; 0 is the first */
    const chaos_binding *binding; /* NULL: the stage's own values. Else these, also stage and nonce; the public key's
                                   * hash and the identity key are the forge's all the same. Chain ids < 2^64 */
} forge_options;

#define FORGE_DEFAULT_NOW 1767225600 /* 2026-01-01T00:00:00Z */

/* Makes the evidence; `broken` is NULL for a valid one. On failure *result is left empty. */
CHAOS_MUST_USE chaos_status forge_make(forge_kind kind, const forge_options *options, const forge_break *broken,
                                       forge_result *result, chaos_error *err);
void forge_result_free(forge_result *result);

/* ---------------------------------------------------------------- bundles ---- */

/* Receipts of one agent in two sessions, of which the first is over, with some of their contents. */
typedef struct forge_bundle_options {
    int64_t now;            /* 0: FORGE_DEFAULT_NOW */
    const char *seed;       /* as above */
    bool by_identity_key;   /* the sessions are of stage 1: the identity key signs alone */
    bool no_collateral;     /* none in the bundle */
    bool as_folder;         /* contents are in `contents` and not in the text */
    uint64_t first;         /* sequence of the first receipt */
    uint64_t first_session, second_session; /* how many receipts of each; both 0: 3 and 2. Evidence is made for those
                                               that have some */
} forge_bundle_options;

#define FORGE_MAX_CONTENTS 8

typedef struct forge_bundle {
    forge_result evidence;      /* what a relying party holds: root, collateral, policy */
    chaos_buffer text;          /* bundle.jsonl */
    uint64_t first, last;       /* sequences */
    chaos_keccak last_digest;
    uint64_t session_first[2];  /* sequence of the first receipt of each session */
    chaos_binding sessions[2];  /* what their envelopes bind */
    size_t content_count;       /* as a folder */
    chaos_keccak content_hash[FORGE_MAX_CONTENTS];
    char content[FORGE_MAX_CONTENTS][32]; /* text */
} forge_bundle;

size_t forge_bundle_break_count(void);
const forge_break *forge_bundle_break_at(size_t index);
const forge_break *forge_bundle_break_find(const char *name);

/* As forge_make; breaks are those of bundles and touch neither `evidence` nor the options. */
CHAOS_MUST_USE chaos_status forge_bundle_make(const forge_bundle_options *options, const forge_break *broken,
                                              forge_bundle *result, chaos_error *err);
void forge_bundle_free(forge_bundle *result);

/* From a receipt to the one that follows it: sequence, previous and signature by the session key given. */
CHAOS_MUST_USE bool forge_receipt_next(const uint8_t scalar[32], chaos_receipt *receipt);
/* The session key of these options' envelope (stage 5). Public, as all of it. */
CHAOS_MUST_USE bool forge_session_key(const forge_options *options, uint8_t scalar[32]);

#endif
