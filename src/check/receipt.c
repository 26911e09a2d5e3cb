/* receipt.c - is this receipt the one that follows, of that session, and by its key; and are these its contents?
 * (docs/receipts.md) */
#include "check/bundle.h"

enum {
    V_FIRST = 27, /* Ethereum's v: 27 + recovery id 0 or 1 */
    HASHES = 3    /* of an action: payload, input, output */
};

/* ------------------------------------------------------------------ chain ---- */

static chaos_status check_chain(bundle_check *b, const chaos_action *action)
{
    const receipt_summary *so_far = &b->summary;
    check_run *run = &b->run;

    CHECK(run, so_far->count == 0 || action->sequence == so_far->last + 1, RECEIPT_SEQUENCE, RECEIPT_SEQUENCE,
          "action.sequence", v_number(so_far->last + 1), v_number(action->sequence));
    CHECK(run, keccak_is_zero(&action->previous) == (action->sequence == 0), RECEIPT_PREVIOUS, RECEIPT_PREVIOUS,
          "action.previous", v_text(action->sequence == 0 ? "zero at sequence 0" : "the digest of the receipt before"),
          V_HEX_OF(action->previous));
    CHECK(run, so_far->count == 0 || keccak_equal(&action->previous, &so_far->last_digest), RECEIPT_PREVIOUS,
          RECEIPT_PREVIOUS, "action.previous", V_HEX_OF(so_far->last_digest), V_HEX_OF(action->previous));
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- session ---- */

static check_value v_when(uint64_t seconds)
{
    return seconds <= INT64_MAX ? v_time((int64_t)seconds) : v_number(seconds);
}

static chaos_status check_session(bundle_check *b, const session *s, const chaos_action *action)
{
    const bool is_current = b->current == NULL || s == b->current;
    check_run *run = &b->run;

    CHECK(run, is_current || !s->closed, RECEIPT_SEQUENCE, RECEIPT_SEQUENCE, "action.evidenceHash",
          v_text("no session that another has followed"), V_HEX_OF(action->evidence_hash));
    CHECK(run, is_current || s->binding.issued_at >= b->current->binding.issued_at, RECEIPT_SEQUENCE,
          RECEIPT_SEQUENCE, "action.evidenceHash", v_text("no session that is older than the one before"),
          V_HEX_OF(action->evidence_hash));
    CHECK(run, memcmp(&action->agent_registry, &b->header.agent_registry, sizeof action->agent_registry) == 0,
          RECEIPT_SESSION, BINDING_REGISTRY, "action.agentRegistry", V_HEX_OF(b->header.agent_registry),
          V_HEX_OF(action->agent_registry));
    CHECK(run, memcmp(&action->agent_id, &b->header.agent_id, sizeof action->agent_id) == 0, RECEIPT_SESSION,
          BINDING_AGENT, "action.agentId", V_HEX_OF(b->header.agent_id), V_HEX_OF(action->agent_id));
    CHECK(run, action->issued_at >= s->binding.issued_at, RECEIPT_SESSION, BINDING_EXPIRED, "action.issuedAt",
          v_when(s->binding.issued_at), v_when(action->issued_at));
    CHECK(run, action->issued_at <= s->binding.expires_at, RECEIPT_SESSION, BINDING_EXPIRED, "action.issuedAt",
          v_when(s->binding.expires_at), v_when(action->issued_at));
    return CHAOS_OK;
}

/* -------------------------------------------------------------- signature ---- */

/* After the first receipt of a session its key is at hand as a point. */
static bool is_key_of(session *s, const k1_point *signer)
{
    if (s->has_key) {
        return memcmp(&s->key, signer, sizeof *signer) == 0;
    }
    const chaos_keccak hash = k1_key_hash(signer);
    s->has_key = keccak_equal(&hash, &s->binding.public_key_hash);
    s->key = *signer;
    return s->has_key;
}

static chaos_status check_signature(bundle_check *b, session *s, const chaos_receipt *receipt,
                                    const chaos_keccak *digest, chaos_error *err)
{
    const uint8_t *rsv = receipt->signature.bytes;
    check_run *run = &b->run;
    k1_point signer = { { 0 }, { 0 } };
    k1_result result = K1_BAD;
    chaos_address bound;

    memcpy(bound.bytes, s->binding.public_key_hash.bytes + 12, sizeof bound.bytes);
    if (rsv[64] == V_FIRST || rsv[64] == V_FIRST + 1) {
        result = k1_recover(digest->bytes, rsv, rsv + 32, (unsigned)rsv[64] - V_FIRST, &signer);
    }
    if (result == K1_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, "signature", CHAOS_NO_OFFSET, NULL);
    }
    CHECK(run, result == K1_GOOD && is_key_of(s, &signer), RECEIPT_SIGNATURE, RECEIPT_SIGNATURE, "signature",
          V_HEX_OF(bound), result == K1_GOOD ? V_HEX_OF(k1_address(&signer)) : v_text("a signature of no key"));
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ heads ---- */

static void fail_head(bundle_check *b, const chaos_head *head, const chaos_keccak *found)
{
    receipt_summary *summary = &b->summary;
    if (summary->head_failed) {
        return; /* the first says it */
    }
    summary->head_failed = true;
    summary->head_sequence = head->sequence;
    summary->head_expected = head->digest;
    summary->head_found = *found;
}

static void meet_head(bundle_check *b, const chaos_head *head, const chaos_keccak *digest)
{
    if (!keccak_equal(&head->digest, digest)) {
        fail_head(b, head, digest);
        return;
    }
    b->summary.has_anchor = true;
    b->summary.anchor_sequence = head->sequence;
    b->summary.anchor_block = head->block;
}

/* Heads of what came before the bundle are passed over; the one right before it must be the first receipt's
 * previous. */
static void meet_heads(bundle_check *b, const chaos_action *action, const chaos_keccak *digest)
{
    const chaos_bundle_expectation *expected = b->expectation;
    const chaos_head *head;

    for (; b->next_head < expected->head_count && expected->heads[b->next_head].sequence < action->sequence;
         b->next_head++) {
        head = &expected->heads[b->next_head];
        if (head->sequence + 1 == action->sequence && !keccak_equal(&head->digest, &action->previous)) {
            fail_head(b, head, &action->previous);
        }
    }
    if (b->next_head < expected->head_count && expected->heads[b->next_head].sequence == action->sequence) {
        meet_head(b, &expected->heads[b->next_head++], digest);
    }
}

void heads_end(bundle_check *b)
{
    static const chaos_keccak nothing;
    if (b->next_head < b->expectation->head_count) {
        fail_head(b, &b->expectation->heads[b->next_head], &nothing);
    }
}

/* --------------------------------------------------------------- contents ---- */

static const chaos_keccak *hash_at(const chaos_action *action, size_t index)
{
    const chaos_keccak *const hashes[HASHES] = { &action->payload_hash, &action->input_hash, &action->output_hash };
    return hashes[index];
}

/* The bits of the last action's hashes that are this one. */
static unsigned bits_of(const chaos_action *action, const chaos_keccak *hash)
{
    unsigned bits = 0;
    for (size_t i = 0; i < HASHES; i++) {
        bits |= keccak_equal(hash_at(action, i), hash) ? 1u << i : 0;
    }
    return keccak_is_zero(hash) ? 0 : bits;
}

chaos_status content_check(bundle_check *b, const chaos_keccak *hash, chaos_slice content)
{
    fault why = { .status = CHAOS_E_BUNDLE_FORMAT, .field = "content", .offset = b->reader.offset };
    const unsigned bits = b->summary.count == 0 ? 0 : bits_of(&b->last, hash);
    const chaos_keccak found = chaos_content_hash(content);
    check_run *run = &b->run;

    why.reason = "larger than a content may be"; /* of a folder's file: a line's has been measured */
    CHECK_READ(run, content.size <= CHAOS_MAX_BUNDLE_CONTENT, BUNDLE, &why);
    CHECK(run, bits != 0, RECEIPT_CONTENT, RECEIPT_CONTENT, "content.hash",
          v_text("payloadHash, inputHash or outputHash of the receipt before it"), V_HEX_OF(*hash));
    CHECK(run, keccak_equal(&found, hash), RECEIPT_CONTENT, RECEIPT_CONTENT, "content.data", V_HEX_OF(*hash),
          V_HEX_OF(found));
    why.reason = "this content comes twice";
    CHECK_READ(run, (b->contents_left & bits) != 0, BUNDLE, &why);
    b->contents_left &= ~bits;
    b->summary.contents++;
    return CHAOS_OK;
}

/* The files of a folder that this receipt names. */
static chaos_status check_folder(bundle_check *b, chaos_error *err)
{
    const chaos_bundle_source *source = b->reader.source;
    for (size_t i = 0; source->content != NULL && i < HASHES; i++) {
        const chaos_keccak *hash = hash_at(&b->last, i);
        chaos_slice content = { NULL, 0 };
        if (keccak_is_zero(hash) || (b->contents_left & 1u << i) == 0) {
            continue;
        }
        CHAOS_TRY(source->content(source->context, hash, &content, err));
        if (content.data != NULL) {
            CHAOS_TRY(content_check(b, hash, content));
        }
    }
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- receipt ---- */

static void accept(bundle_check *b, session *s, const chaos_action *action, const chaos_keccak *digest)
{
    receipt_summary *summary = &b->summary;

    if (b->current != NULL && b->current != s) {
        b->current->closed = true;
    }
    b->current = s;
    b->last = *action;
    b->contents_left = (1u << HASHES) - 1;
    summary->first = summary->count == 0 ? action->sequence : summary->first;
    summary->last = action->sequence;
    summary->last_digest = *digest;
    summary->count++;
    meet_heads(b, action, digest);
}

chaos_status receipt_check(bundle_check *b, const chaos_receipt *receipt, chaos_error *err)
{
    const chaos_action *action = &receipt->action;
    check_run *run = &b->run;

    CHAOS_TRY(check_chain(b, action));
    session *s = session_find(b, &action->evidence_hash);
    CHECK(run, s != NULL, RECEIPT_SESSION, ENVELOPE_HASH, "action.evidenceHash",
          v_text("the hash of an envelope before it in the bundle"), V_HEX_OF(action->evidence_hash));
    if (s == NULL) {
        return CHAOS_E_INTERNAL; /* not reached */
    }
    if (s->evidence != NULL) {
        CHAOS_TRY(session_judge(b, s, action->sequence, err));
        if (b->is_over) {
            return CHAOS_OK;
        }
    }
    CHAOS_TRY(check_session(b, s, action));
    const chaos_keccak digest = action_digest_in(&b->separator, action);
    CHAOS_TRY(check_signature(b, s, receipt, &digest, err));
    accept(b, s, action, &digest);
    return check_folder(b, err);
}
