/* internal.h - what the files of appraise/ share: the policy, one appraisal in progress, the verdict. */
#ifndef APPRAISE_INTERNAL_H
#define APPRAISE_INTERNAL_H

#include "appraise/appraise.h"

/* --------------------------------------------------------------- policy ---- */

/* Zero accepts nothing and names nothing: an absent list leaves its check undone, and the verdict says so. */
typedef enum list_kind { LIST_ABSENT = 0, LIST_ANY, LIST_VALUES } list_kind;

typedef struct policy_list {
    list_kind kind;
    size_t count;
    size_t item_size;     /* of each item; 0: a length byte and that many characters */
    const uint8_t *items; /* lent by the policy */
    size_t size;          /* bytes of all items */
} policy_list;

typedef struct policy_set { /* of enumerators: bit n stands for n */
    list_kind kind;
    uint32_t bits;
} policy_set;

typedef struct policy_number {
    bool given;
    uint64_t value;
} policy_number;

#define POLICY_MASK_SIZE 8
typedef struct policy_mask { /* (field & mask) == value, in the byte order of the report */
    bool given;
    uint8_t mask[POLICY_MASK_SIZE], value[POLICY_MASK_SIZE];
} policy_mask;

#define TEE_TCB_SVN_SIZE 16
typedef struct policy_svn {
    bool given;
    uint8_t bytes[TEE_TCB_SVN_SIZE];
} policy_svn;

enum { RTMR_COUNT = 4 };

typedef enum policy_kind { POLICY_INVALID = 0, POLICY_JUDGES, POLICY_NONE } policy_kind;

struct chaos_policy {
    policy_kind kind;
    chaos_keccak hash; /* of the policy's bytes */
    policy_set anchors;
    policy_list simulated_chains;
    struct {
        bool given;
        policy_set affirming, warning;
        policy_list accept_advisories, reject_advisories;
        policy_number min_evaluation_number, min_tcb_date, collateral_grace_s, platform_grace_s;
    } tcb;
    struct {
        bool given;
        policy_list mr_td, rtmr[RTMR_COUNT], mr_seam, mr_config_id, mr_owner, mr_owner_config, mr_service_td;
        policy_mask attributes, xfam;
        policy_svn min_tee_tcb_svn;
        bool allow_debug;
    } tdx;
    struct {
        bool given;
        policy_list mr_enclave, mr_signer, isv_prod_id;
        policy_number min_isv_svn;
        bool allow_debug;
    } sgx;
    struct {
        bool given;
        policy_list fmspc, ppid;
    } platform;
    struct {
        bool given;
        policy_list app_id, compose_hash, os_image_hash, instance_id, device_id, key_provider, kms_root;
    } dstack;
    struct {
        bool given;
        policy_list stages, conventions;
        policy_number max_age_s, max_anchor_age_blocks;
    } binding;
    size_t pool_size, pool_capacity;
    uint8_t pool[]; /* the items of all lists */
};

static inline bool set_has(const policy_set *set, unsigned member)
{
    return member < 32 && (set->bits >> member & 1u) != 0;
}
/* The next item; *cursor starts at 0. False when there is none left. */
bool list_next(const policy_list *list, size_t *cursor, chaos_slice *item);
bool list_has(const policy_list *list, chaos_slice value);
bool list_has_number(const policy_list *list, uint64_t number);
static inline bool list_has_values(const policy_list *list)
{
    return list->kind == LIST_VALUES;
}
/* Does one of them name values? "any" names none. */
bool any_list_has_values(const policy_list *const *lists, size_t count);

extern const char default_policy_text[]; /* byte for byte data/policies/default.json */

/* ------------------------------------------------------------ appraisal ---- */

typedef struct appraisal {
    const chaos_policy *policy;
    const chaos_expectation *expectation;
    int64_t now;
    const chaos_claims *claims;
    check_run *run; /* goes on where verification ended */
    bool *open;     /* CHECK_COUNT of them: see leave_open */
} appraisal;

/* Each rule is a few lines of CHECK; the run collects, so that all of them are reached. */
void appraise_platform(const appraisal *a); /* anchor, TCB, machine */
void appraise_tdx(const appraisal *a);
void appraise_sgx(const appraisal *a);
void appraise_dstack(const appraisal *a);   /* after the TEE's own rows: they say whether the OS is pinned */
void appraise_binding(const appraisal *a);
/* What the caller expects, whatever the policy: report data, agent, identity key, nonce. */
void appraise_expectation(const appraisal *a);
chaos_status appraise_report_data(const appraisal *a);
chaos_status appraise_receipt_head(const appraisal *a);
void appraise_receipts(const appraisal *a); /* time and collateral of a bundle */
void appraise_scope(const appraisal *a);    /* report data, code; after all rows that pin code */

/* May the only thing that stands against the claims, expired collateral, be forgiven? */
bool collateral_grace_applies(const chaos_claims *claims, const chaos_policy *policy);
bool collateral_within_grace(const chaos_claims *claims, const chaos_policy *policy, int64_t now);

/* One attested value against one list of the policy. */
#define ROW_TEXT 100
typedef struct comparison {
    bool accepted;
    chaos_slice found;
    char expected[ROW_TEXT];
} comparison;
/* An absent list or "any" makes the row not-checked, with the value beside it, and accepts. */
comparison compare_list(const appraisal *a, check_id id, const policy_list *list, chaos_slice value);
/* The field of the report; an empty slice if this kind of report has none. */
chaos_slice body_field_of(const chaos_claims *claims, const char *name);
/* A little-endian field of the report; all ones if it is not there, which no rule accepts. */
uint64_t body_number_of(const chaos_claims *claims, const char *name);

/* A row that no rule judged: why, and what was found. */
#define NOTE_ANY "the policy accepts any"
#define NOTE_NONE "the policy names none"
#define NOTE_NOT_ASKED "the policy does not ask"
#define NOTE_NO_MINIMUM "the policy has no minimum"
void note(check_run *run, check_id id, const char *why, chaos_slice found);
void note_text(check_run *run, check_id id, const char *why, const char *found);
/* What was demanded, or what an envelope needs, and nobody could check: not-checked, at most WARNING. */
void leave_open(const appraisal *a, check_id id, const char *why, chaos_slice found);
/* An attested value beside a rule that is not met; "" reads as nothing there. */
check_value v_found(chaos_slice bytes);
static inline bool row_passed(const appraisal *a, check_id id)
{
    return a->run->rows[id].result == CHECK_PASSED;
}
/* Are MRTD and RTMR0 to RTMR2 in lists of the policy? Only an OS that is known speaks the truth in RTMR3. */
static inline bool os_is_pinned(const appraisal *a)
{
    return row_passed(a, CHECK_POLICY_MR_TD) && row_passed(a, CHECK_POLICY_RTMR0) &&
           row_passed(a, CHECK_POLICY_RTMR1) && row_passed(a, CHECK_POLICY_RTMR2);
}
/* (field & mask) == value? A mask that is not given asks nothing. */
bool mask_accepts(const policy_mask *mask, chaos_slice field);

/* -------------------------------------------------------------- verdict ---- */

struct chaos_verdict {
    chaos_claims claims; /* a copy, with the rows of the policy added to its run */
    chaos_tier tier;
    chaos_verified verified;
    bool judged;         /* a policy was applied */
    bool open[CHECK_COUNT]; /* not-checked rows that keep the tier from AFFIRMING */
    bool has_error;
    chaos_error error;
    bool has_policy_hash;
    chaos_keccak policy_hash;
    int64_t now;
};

const char *tee_name_of(chaos_tee_kind tee); /* "tdx", "sgx"; "unknown" */
/* A bare quote speaks of its platform and nothing else. */
static inline const char *scope_of(const chaos_claims *claims)
{
    return claims->has_binding || claims->has_receipts ? "agent" : "platform";
}
void verdict_write_claims(json_writer *w, const chaos_claims *claims);
void verdict_write_receipts(json_writer *w, const receipt_summary *receipts);
proof time_of_receipts(const receipt_summary *receipts); /* proven: the last receipt is anchored */
const char *proof_text(proof state); /* "proven", "not-proven", "not-checked" */

#define U256_TEXT_SIZE 79   /* 2^256 - 1 has 78 digits */
#define AGENT_TEXT_SIZE 224 /* "eip155:CHAIN:0xREGISTRY:ID" */
const char *u256_text(const chaos_u256 *number, char text[U256_TEXT_SIZE]);
/* Without an id where the stage knows none; "none" at stage 4. */
const char *agent_text(const chaos_binding *binding, char text[AGENT_TEXT_SIZE]);
const char *stage_text(const chaos_binding *binding); /* "1 (identity)"; "unknown" */
/* The smaller of the two numbers: the older of the two statements bounds what is known. */
static inline uint32_t evaluation_number_of(const chaos_claims *claims)
{
    return claims->tcb_evaluation_number < claims->qe_evaluation_number ? claims->tcb_evaluation_number
                                                                        : claims->qe_evaluation_number;
}

#endif
