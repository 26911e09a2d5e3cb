/* verify.h (inside) - the claims, the list of checks, and the one macro that every check is a line of. */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <chaoschain/verify.h>

#include "base/base.h"
#include "wire/wire.h"

/* --------------------------------------------------------------- checks ---- */

/* X(IDENTIFIER, "name in the verdict"): the rows of the verdict in the order in which they are reached. */
#define CHECK_LIST(X)                                     \
    X(QUOTE_FORMAT, "quote-format")                       \
    X(PCK_CHAIN, "pck-chain")                             \
    X(ROOT, "root")                                       \
    X(INTERMEDIATE_CA, "intermediate-ca")                 \
    X(PCK_CERTIFICATE, "pck-certificate")                 \
    X(PCK_EXTENSION, "pck-extension")                     \
    X(PCK_DATES, "pck-chain-dates")                       \
    X(CRL, "crl")                                         \
    X(CRL_DATES, "crl-dates")                             \
    X(REVOCATION, "revocation")                           \
    X(TCB_SIGNER, "tcb-signing-certificate")              \
    X(TCB_SIGNER_DATES, "tcb-signing-certificate-dates")  \
    X(TCB_INFO_SIGNATURE, "tcb-info-signature")           \
    X(TCB_INFO, "tcb-info")                               \
    X(TCB_INFO_DATES, "tcb-info-dates")                   \
    X(QE_IDENTITY_SIGNATURE, "qe-identity-signature")     \
    X(QE_IDENTITY, "qe-identity")                         \
    X(QE_IDENTITY_DATES, "qe-identity-dates")             \
    X(PLATFORM, "platform")                               \
    X(TDX_MODULE, "tdx-module")                           \
    X(QE_REPORT_SIGNATURE, "qe-report-signature")         \
    X(QE_REPORT_DATA, "qe-report-data")                   \
    X(QE_MATCH, "qe-identity-match")                      \
    X(ATTESTATION_KEY, "attestation-key")                 \
    X(QUOTE_SIGNATURE, "quote-signature")                 \
    X(TCB_LEVEL, "tcb-level")                             \
    X(EVENT_LOG, "event-log")                             \
    X(RTMR, "event-log-rtmr0-2")                          \
    X(RTMR3, "event-log-rtmr3")                           \
    X(APP_COMPOSE, "app-compose")                         \
    X(BINDING, "binding")                                 \
    X(BINDING_REPORT_DATA, "binding-report-data")         \
    X(POSSESSION, "possession")                           \
    X(ENDORSEMENT, "endorsement")                         \
    X(KMS_CHAIN, "kms-chain")                             \
    X(SIGNATURE, "signature")                             \
    X(BUNDLE, "bundle")                                   \
    X(RECEIPT_SESSION, "receipt-session")                 \
    X(RECEIPT_SEQUENCE, "receipt-sequence")               \
    X(RECEIPT_PREVIOUS, "receipt-previous")               \
    X(RECEIPT_SIGNATURE, "receipt-signature")             \
    X(RECEIPT_CONTENT, "receipt-content")                 \
    /* policy, by appraise/ */                            \
    X(POLICY_ANCHOR, "anchor")                            \
    X(POLICY_TCB_STATUS, "tcb-status")                    \
    X(POLICY_ADVISORIES, "advisories")                    \
    X(POLICY_EVALUATION_NUMBER, "evaluation-number")      \
    X(POLICY_TCB_DATE, "tcb-date")                        \
    X(POLICY_COLLATERAL_GRACE, "collateral-grace")        \
    X(POLICY_PLATFORM_GRACE, "platform-grace")            \
    X(POLICY_DEBUG, "debug")                              \
    X(POLICY_ATTRIBUTES, "attributes")                    \
    X(POLICY_SEPT_VE_DISABLE, "sept-ve-disable")          \
    X(POLICY_MIGRATABLE, "migratable")                    \
    X(POLICY_SERVICE_TD, "service-td")                    \
    X(POLICY_XFAM, "xfam")                                \
    X(POLICY_MR_TD, "mr_td")                              \
    X(POLICY_MR_SEAM, "mr_seam")                          \
    X(POLICY_MR_CONFIG_ID, "mr_config_id")                \
    X(POLICY_MR_OWNER, "mr_owner")                        \
    X(POLICY_MR_OWNER_CONFIG, "mr_owner_config")          \
    X(POLICY_RTMR0, "rtmr0")                              \
    X(POLICY_RTMR1, "rtmr1")                              \
    X(POLICY_RTMR2, "rtmr2")                              \
    X(POLICY_RTMR3, "rtmr3")                              \
    X(POLICY_MIN_TEE_TCB_SVN, "min_tee_tcb_svn")          \
    X(POLICY_MR_ENCLAVE, "mr_enclave")                    \
    X(POLICY_MR_SIGNER, "mr_signer")                      \
    X(POLICY_ISV_PROD_ID, "isv_prod_id")                  \
    X(POLICY_MIN_ISV_SVN, "min_isv_svn")                  \
    X(POLICY_FMSPC, "fmspc")                              \
    X(POLICY_PPID, "ppid")                                \
    X(POLICY_DSTACK, "dstack")                            \
    X(POLICY_APP_ID, "app_id")                            \
    X(POLICY_COMPOSE_HASH, "compose_hash")                \
    X(POLICY_OS_IMAGE_HASH, "os_image_hash")              \
    X(POLICY_INSTANCE_ID, "instance_id")                  \
    X(POLICY_KEY_PROVIDER, "key_provider")                \
    X(POLICY_KMS_ROOT, "kms_root")                        \
    X(POLICY_BINDING, "binding-policy")                   \
    X(BINDING_TIME, "binding-time")                       \
    X(AGENT, "agent")                                     \
    X(REPORT_DATA, "report-data")                         \
    X(FRESHNESS, "freshness")                             \
    X(SUBJECT, "subject")                                 \
    X(AGENT_URI, "agent-uri")                             \
    X(TLS_KEY, "tls-key")                                 \
    X(CODE, "code")                                       \
    X(IDENTITY_KEY, "identity-key")                       \
    X(COLLATERAL_FLOOR, "collateral-floor")               \
    X(RECEIPT_HEAD, "receipt-head")                       \
    X(RECEIPT_TIME, "receipt-time")

typedef enum check_id {
#define CHECK_ENUM(identifier, name) CHECK_##identifier,
    CHECK_LIST(CHECK_ENUM)
#undef CHECK_ENUM
    CHECK_COUNT
} check_id;

extern const char *const check_names[CHECK_COUNT];

typedef enum check_result { /* zero: never reached, and not shown */
    CHECK_UNREACHED = 0, CHECK_PASSED, CHECK_WARNED, CHECK_FAILED, CHECK_NOT_CHECKED
} check_result;

typedef struct check_row {
    check_result result;
    chaos_status code;   /* of the first failure or warning; CHAOS_OK otherwise */
    char expected[100];  /* "" means null; both are set whenever the row failed or warned */
    char found[100];
} check_row;

/* All checks of one piece of evidence, and the first decisive failure. */
typedef struct check_run {
    bool collect;        /* appraise: go on after a failure. verify: only after a date failure */
    bool failed, warned;
    chaos_error error;   /* the failure that decides: the first, but an authentication failure beats a date */
    check_row rows[CHECK_COUNT];
} check_run;

void check_run_init(check_run *run, bool collect);

/* What a check expected or found; made only when it fails, formatted at once. */
typedef enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_BYTES, VALUE_QUOTED, VALUE_NUMBER, VALUE_TIME } value_kind;
typedef struct check_value {
    value_kind kind;
    chaos_slice bytes;
    int64_t number;
} check_value;
static inline check_value v_none(void)
{
    check_value v = { VALUE_NONE, { NULL, 0 }, 0 };
    return v;
}
static inline check_value v_text(const char *text) /* of ours */
{
    check_value v = { VALUE_TEXT, slice_text(text), 0 };
    return v;
}
static inline check_value v_quoted(chaos_slice text) /* a stranger's: shown escaped */
{
    check_value v = { VALUE_QUOTED, text, 0 };
    return v;
}
static inline check_value v_hex(chaos_slice bytes)
{
    check_value v = { VALUE_BYTES, bytes, 0 };
    return v;
}
static inline check_value v_number(uint64_t number)
{
    check_value v = { VALUE_NUMBER, { NULL, 0 }, (int64_t)number };
    return v;
}
static inline check_value v_time(int64_t seconds)
{
    check_value v = { VALUE_TIME, { NULL, 0 }, seconds };
    return v;
}

static inline void check_pass(check_run *run, check_id id)
{
    if (run->rows[id].result == CHECK_UNREACHED) {
        run->rows[id].result = CHECK_PASSED;
    }
}
/* Records a failure. True: it ends the work (the caller returns the status). `why` (may be NULL) is a reader's fault
 * that gives status, field and offset instead. */
bool check_fail(check_run *run, check_id id, chaos_status status, const char *field, check_value expected,
                check_value found, const fault *why);
void check_warn(check_run *run, check_id id, chaos_status status, const char *field, check_value expected,
                check_value found);
void check_not_checked(check_run *run, check_id id, const char *why);

/* Every check is one line of one of these. `scripts/delete-a-check` turns each CHECK in turn into CHECK_DELETED, which
 * still evaluates the condition and ignores it, and some test must then fail for that very reason.
 *   CHECK       the row, its error code, the specification's field; a failure returns from the function
 *   CHECK_READ  the same for a reader that filled `why`; the status is the fault's own
 *   CHECK_WARN  a failure caps the tier at WARNING (appraise only) */
#define CHECK(run, condition, id, code, field, expected, found)                                                     \
    do {                                                                                                            \
        if (condition) {                                                                                            \
            check_pass((run), CHECK_##id);                                                                          \
        } else if (check_fail((run), CHECK_##id, CHAOS_E_##code, (field), (expected), (found), NULL)) {             \
            return CHAOS_E_##code;                                                                                  \
        }                                                                                                           \
    } while (0)
#define CHECK_READ(run, condition, id, why)                                                                         \
    do {                                                                                                            \
        if (condition) {                                                                                            \
            check_pass((run), CHECK_##id);                                                                          \
        } else if (check_fail((run), CHECK_##id, (why)->status, NULL, v_none(), v_none(), (why))) {                 \
            return (why)->status;                                                                                   \
        }                                                                                                           \
    } while (0)
#define CHECK_WARN(run, condition, id, code, field, expected, found)                                                \
    do {                                                                                                            \
        if (condition) {                                                                                            \
            check_pass((run), CHECK_##id);                                                                          \
        } else {                                                                                                    \
            check_warn((run), CHECK_##id, CHAOS_E_##code, (field), (expected), (found));                            \
        }                                                                                                           \
    } while (0)
#define CHECK_DELETED(run, condition, ...) \
    do {                                   \
        if (condition) {                   \
        }                                  \
    } while (0)

/* --------------------------------------------------------------- claims ---- */

#define MAX_CLAIM_ADVISORIES (3 * MAX_ADVISORIES)
#define MAX_ADVISORY_ID 32 /* with NUL */

typedef struct tcb_verdict { /* of one evaluation */
    chaos_tcb_status status;   /* converged */
    chaos_tcb_status platform, module, qe; /* UNKNOWN: not reached, or the TEE has none */
    int64_t tcb_date;          /* the earliest of the levels used */
    size_t advisory_count;     /* sorted, no duplicates */
    char advisories[MAX_CLAIM_ADVISORIES][MAX_ADVISORY_ID];
} tcb_verdict;

typedef enum proof { PROOF_NOT_CHECKED = 0, PROOF_NOT_PROVEN, PROOF_PROVEN } proof;

/* What a bundle showed beside its sessions' evidence. */
typedef struct receipt_summary {
    uint64_t count, first, last; /* receipts that are right; the sequences of two of them */
    chaos_keccak last_digest;
    uint64_t sessions, contents;
    proof code;                  /* of all sessions: the least */
    bool is_own_collateral;      /* the relying party's, for every session */
    bool time_is_chosen;
    bool has_heads;              /* some were expected */
    bool has_anchor;             /* the newest of them that lies in the bundle, and agrees */
    uint64_t anchor_sequence, anchor_block;
    bool head_failed;            /* the first that does not agree, or that the receipts do not reach */
    uint64_t head_sequence;
    chaos_keccak head_expected, head_found; /* the latter zero: not reached */
    uint64_t failed_line, failed_sequence;  /* line 0: none failed */
    bool has_failed_sequence;
} receipt_summary;

struct chaos_claims {
    check_run run;
    bool verified;           /* every required check passed */
    bool only_dates_failed;  /* if not verified: nothing but dates stands against it, and tcb is complete */

    bool has_quote;          /* what follows up to cert_data_type is filled; it is authentic only when verified */
    chaos_tee_kind tee;
    unsigned version;
    quote_body_type body_type;
    size_t body_size;
    uint16_t cert_data_type;
    uint8_t header[QUOTE_HEADER_SIZE];
    uint8_t body[TD_REPORT_15EX_SIZE];
    uint8_t qe_report[SGX_REPORT_SIZE];

    bool has_anchor;
    chaos_anchor anchor;
    chaos_sha256 root_key_id; /* SHA-256 of the root's SPKI */

    bool has_pck;
    pck_extension pck;
    bool platform_ca;        /* else Processor CA */
    int64_t pck_not_before, pck_not_after;

    bool has_collateral;     /* dates and numbers below */
    uint32_t tcb_evaluation_number, qe_evaluation_number;
    int64_t earliest_issue, latest_issue, earliest_expiration; /* over every object used */
    bool collateral_of_envelope; /* the tested party chose it */
    int64_t tcb_info_issued, qe_identity_issued, root_crl_issued, pck_crl_issued;
    int64_t collateral_expiration; /* the earliest nextUpdate of TCB info, QE identity and the CRLs */

    bool has_tcb;
    tcb_verdict tcb;         /* of TEE_TCB_SVN: what the TD was launched with */
    bool has_current;        /* TDX 1.5 bodies: of TEE_TCB_SVN_2 */
    tcb_verdict current;

    bool has_event_log;
    size_t event_count;
    /* What RTMR3's system events say, from the first of each name up to system-ready. */
    bool has_app_id, has_compose_hash, has_instance_id, has_os_image_hash;
    uint8_t app_id[20], compose_hash[32], instance_id[20], os_image_hash[32]; /* the last as the log says it */
    char key_provider[16]; /* "kms", "local-sgx", "tpm", "none"; "" when the log has none */

    bool has_binding;      /* an envelope: what follows is filled */
    chaos_binding binding;
    chaos_keccak binding_hash, evidence_hash;
    bool has_endorsement;
    bool in_bundle;        /* expiresAt bounds the receipts of the session and not the present */
    bool has_receipts;     /* a whole bundle: the summary is filled */
    receipt_summary receipts;
    bool has_kms_root;     /* the key that the identity key's chain leads to; trusted only if the policy pins it */
    uint8_t kms_root[33];
};

/* Collateral by its bytes, for who has no object of it. cache_find_collateral gives an object that was kept for these
 * very bytes and is sealed (to be freed like one's own), or NULL with *request filled: pass that to verify_examine
 * with the object that was made from the bytes, and it is kept if it proves good. `cache` may be NULL. */
typedef struct cache_request {
    chaos_slice text;
    uint64_t fingerprint;
} cache_request;
chaos_collateral *cache_find_collateral(chaos_cache *cache, chaos_slice text, cache_request *request);

/* What is known of collateral of this kind; NULL: nothing. */
const chaos_collateral_facts *floor_find(const chaos_floor *floor, chaos_tee_kind tee, const uint8_t fmspc[6],
                                         bool platform_ca);
/* The six values that may not go back, by name. `is_time`: Unix seconds, else a number. */
typedef struct floor_value {
    const char *name;
    bool is_time;
    int64_t floor, found;
} floor_value;
#define FLOOR_VALUES 6
void floor_values(const chaos_collateral_facts *floor, const chaos_collateral_facts *found,
                  floor_value out[FLOOR_VALUES]);

/* As chaos_verify, but gives claims for FORMAT and TRUST failures too, with run.error saying why: for the one
 * who makes the verdict. CHAOS_OK means "examined", not "verified"; anything else is a fault of ours and gives
 * nothing. */
CHAOS_MUST_USE chaos_status verify_examine(const chaos_evidence *evidence, const chaos_collateral *collateral,
                                           const chaos_trust *trust, int64_t now, chaos_cache *cache,
                                           const cache_request *request, chaos_claims **claims, chaos_error *err);
/* Whose collateral the quote's own PCK chain asks for; nothing of it is verified. PCK_CHAIN_MISSING for a quote that
 * does not hold one; FORMAT statuses for one that no collateral could save. platform_of.c */
CHAOS_MUST_USE chaos_status verify_platform_of(const chaos_evidence *evidence, uint8_t fmspc[6], bool *platform_ca,
                                               chaos_error *err);
/* Claims of evidence that could not even be read (or of collateral that could not): `failure` becomes the decisive
 * error of `row`. `evidence` may be NULL; an ENV failure leaves verified unknown. */
CHAOS_MUST_USE chaos_status verify_unreadable(const chaos_evidence *evidence, check_id row, const chaos_error *failure,
                                              chaos_claims **claims, chaos_error *err);

CHAOS_CLEANUP(chaos_evidence);
CHAOS_CLEANUP(chaos_collateral);
CHAOS_CLEANUP(chaos_floor);
CHAOS_CLEANUP(chaos_trust);
CHAOS_CLEANUP(chaos_claims);

#endif
