/* bundle.h - a bundle while it is read: what its files share. */
#ifndef CHECK_BUNDLE_H
#define CHECK_BUNDLE_H

#include "check/internal.h"

/* One envelope of the bundle. It is judged when the first receipt names it. */
typedef struct session {
    chaos_keccak hash;        /* evidenceHash */
    chaos_evidence *evidence; /* until it is judged */
    chaos_binding binding;
    bool closed;              /* a later session has signed since */
    bool has_key;
    k1_point key;             /* recovered once, and equal to the bound key */
} session;

typedef struct bundle_check {
    check_context with;       /* collateral: the relying party's own, or empty */
    const chaos_bundle_expectation *expectation;
    bundle_reader reader;
    bundle_header header;
    chaos_keccak separator;   /* of the header's domain */
    chaos_buffer collateral;  /* the bundle's own: the last that was read */
    session *sessions;
    size_t session_count, session_capacity;
    size_t waiting;           /* bytes of envelopes that are not judged yet */
    session *current;         /* of the last receipt */
    chaos_action last;        /* the last receipt's, whose contents may follow */
    unsigned contents_left;   /* bits of its hashes: payload, input, output */
    size_t next_head;
    check_run run;            /* the rows of the bundle itself */
    receipt_summary summary;
    chaos_claims *worst;      /* of the session that stands worst, and what was expected of it */
    chaos_expectation worst_expectation;
    unsigned worst_rank;
    bool is_over;             /* a session's own evidence failed: nothing after it is looked at */
} bundle_check;

/* All of them: CHAOS_OK; a failed check, with run.failed; or a fault of ours, with *err. */
CHAOS_MUST_USE chaos_status session_add(bundle_check *b, chaos_slice bytes, chaos_error *err);
session *session_find(bundle_check *b, const chaos_keccak *hash);
/* Verifies and appraises the envelope; it must be of the header's agent, and of the bundle's one identity key.
 * `sequence` is of the receipt that names it first. */
CHAOS_MUST_USE chaos_status session_judge(bundle_check *b, session *s, uint64_t sequence, chaos_error *err);
void sessions_free(bundle_check *b);

CHAOS_MUST_USE chaos_status receipt_check(bundle_check *b, const chaos_receipt *receipt, chaos_error *err);
CHAOS_MUST_USE chaos_status content_check(bundle_check *b, const chaos_keccak *hash, chaos_slice content);
/* Every expected head that the receipts should have reached. */
void heads_end(bundle_check *b);

static inline bool keccak_equal(const chaos_keccak *a, const chaos_keccak *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
static inline bool keccak_is_zero(const chaos_keccak *hash)
{
    return slice_is_zero(slice(hash->bytes, sizeof hash->bytes));
}
#define V_HEX_OF(value) v_hex(slice((value).bytes, sizeof(value).bytes))

#endif
