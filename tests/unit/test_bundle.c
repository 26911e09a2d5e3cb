/* test_bundle.c - bundles by the forge: whole ones accepted for as much as they prove, and each break refused for its own
 * reason, at its own line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "appraise/appraise.h"
#include "sim/bundle.h"

#define VERDICT_MAX (256u * 1024u)

/* ------------------------------------------------------------------ world ---- */

typedef struct world {
    forge_bundle made; /* the default bundle */
    chaos_trust *trust;
    chaos_policy *policy, *none;
} world;

static forge_bundle forge(const forge_bundle_options *options, const forge_break *broken)
{
    forge_bundle made;
    chaos_error err = { 0 };
    if (forge_bundle_make(options, broken, &made, &err) != CHAOS_OK) {
        fail_msg("%s: %s", broken == NULL ? "whole" : broken->name, err.text);
    }
    return made;
}

static int begin(void **state)
{
    static world w;
    chaos_error err = { 0 };
    if (forge_bundle_make(NULL, NULL, &w.made, &err) != CHAOS_OK || chaos_trust_new(&w.trust, &err) != CHAOS_OK ||
        chaos_trust_add_root(w.trust, buffer_slice(&w.made.evidence.root), &err) != CHAOS_OK ||
        chaos_policy_none(&w.none, &err) != CHAOS_OK ||
        chaos_policy_parse(buffer_slice(&w.made.evidence.policy), &w.policy, &err) != CHAOS_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_policy_free(w->none);
    chaos_policy_free(w->policy);
    chaos_trust_free(w->trust);
    forge_bundle_free(&w->made);
    return 0;
}

/* ------------------------------------------------------------------ source ---- */

typedef struct memory_source {
    chaos_slice text;
    size_t chunk;               /* at most so many bytes a call */
    const forge_bundle *folder; /* its contents are files */
    chaos_slice instead;        /* the content that is given, if not empty */
    chaos_status fault;         /* of the source, at the end of the text */
} memory_source;

static chaos_status read_memory(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    memory_source *m = context;
    size_t size = m->text.size < m->chunk ? m->text.size : m->chunk;
    size = size < capacity ? size : capacity;
    if (size == 0 && m->fault != CHAOS_OK) {
        return error_set(err, m->fault, "source", CHAOS_NO_OFFSET, NULL);
    }
    if (size > 0) {
        memcpy(into, m->text.data, size);
    }
    m->text = slice(m->text.data + size, m->text.size - size);
    *got = size;
    return CHAOS_OK;
}

static chaos_status find_content(void *context, const chaos_keccak *hash, chaos_slice *content, chaos_error *err)
{
    const memory_source *m = context;
    (void)err;
    for (size_t i = 0; i < m->folder->content_count; i++) {
        if (memcmp(hash, &m->folder->content_hash[i], sizeof *hash) == 0) {
            *content = m->instead.size > 0 ? m->instead : slice_text(m->folder->content[i]);
        }
    }
    return CHAOS_OK;
}

typedef struct question {
    chaos_slice text;
    size_t chunk; /* 0: all */
    const forge_bundle *folder;
    chaos_slice instead;
    chaos_slice collateral;                      /* own; empty: the bundle's */
    const chaos_policy *policy;                  /* NULL: the world's */
    const chaos_bundle_expectation *expectation; /* NULL: nothing */
    int64_t now;                                 /* 0: the forge's */
    chaos_status expected;                       /* for the message when there is no verdict at all */
} question;

static question ask(const world *w, const forge_bundle *made)
{
    return (question){ .text = buffer_slice(&made->text), .collateral = buffer_slice(&w->made.evidence.collateral) };
}

static chaos_status answer(const world *w, const question *q, chaos_verdict **verdict, chaos_error *err)
{
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    memory_source m = { .text = q->text, .chunk = q->chunk == 0 ? SIZE_MAX : q->chunk, .folder = q->folder, .instead = q->instead };
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    source.context = &m;
    source.read = read_memory;
    source.content = q->folder == NULL ? NULL : find_content;
    return chaos_check_bundle(&source, q->collateral, w->trust, q->policy == NULL ? w->policy : q->policy,
                              q->expectation == NULL ? &nothing : q->expectation,
                              q->now == 0 ? w->made.evidence.now : q->now, NULL, verdict, err);
}

/* The verdict, whatever it is. */
static chaos_verdict *judge(const world *w, const question *q)
{
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    if (answer(w, q, &verdict, &err) != CHAOS_OK) {
        fail_msg("expected %s, got no verdict: %s: %s", chaos_status_name(q->expected), chaos_status_name(err.status),
                 err.text);
    }
    return verdict;
}

/* Is the text in the verdict's JSON, and can the verdict be shown to a person, too? */
static bool is_in_json(const chaos_verdict *verdict, const char *text, chaos_buffer *whole)
{
    CHAOS_AUTO_BUFFER(plain, VERDICT_MAX);
    chaos_error err = { 0 };
    assert_int_equal(chaos_verdict_write_json(verdict, whole, &err), CHAOS_OK);
    assert_int_equal(chaos_verdict_write_text(verdict, &plain, &err), CHAOS_OK);
    return strstr((const char *)whole->data, text) != NULL;
}

static void expect_json(const chaos_verdict *verdict, const char *text)
{
    CHAOS_AUTO_BUFFER(whole, VERDICT_MAX);
    if (!is_in_json(verdict, text, &whole)) {
        fail_msg("expected %s in %s", text, (const char *)whole.data);
    }
}

static void expect_code(const char *name, const chaos_verdict *verdict, chaos_status expected)
{
    const chaos_error *why = chaos_verdict_error(verdict);
    const chaos_status found = why == NULL ? CHAOS_OK : why->status;
    if (found != expected) {
        fail_msg("%s: expected %s, got %s: %s", name, chaos_status_name(expected), chaos_status_name(found),
                 why == NULL ? "" : why->text);
    }
}

static void expect_tier(const char *name, const world *w, const question *q, chaos_tier tier, const char *json_part)
{
    chaos_verdict *verdict = judge(w, q);
    expect_code(name, verdict, CHAOS_OK);
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_TRUE);
    if (chaos_verdict_tier(verdict) != tier) {
        CHAOS_AUTO_BUFFER(plain, VERDICT_MAX);
        assert_int_equal(chaos_verdict_write_text(verdict, &plain, NULL), CHAOS_OK);
        fail_msg("%s: expected %s, got %s", name, chaos_tier_name(tier), (const char *)plain.data);
    }
    expect_json(verdict, json_part);
    chaos_verdict_free(verdict);
}

static void expect_status(const char *name, const world *w, const question *q, chaos_status expected, const char *field)
{
    chaos_verdict *verdict = judge(w, q);
    expect_code(name, verdict, expected);
    if (field != NULL && strcmp(chaos_verdict_error(verdict)->field, field) != 0) {
        fail_msg("%s: expected %s at %s, found it at %s", name, chaos_status_name(expected), field,
                 chaos_verdict_error(verdict)->field);
    }
    expect_json(verdict, "\"scope\":\"agent\"");
    chaos_verdict_free(verdict);
}

/* ------------------------------------------------------------------ whole ---- */

static void test_whole(void **state)
{
    const world *w = *state;
    question q = ask(w, &w->made);
    expect_tier("whole", w, &q, CHAOS_TIER_WARNING,
                "\"receipts\":{\"anchored_sequence\":null,\"code\":\"proven\",\"contents\":4,\"count\":5,"
                "\"existed_by_block\":null,\"failure\":null,\"first\":0,\"last\":4,\"last_digest\":\"0x");
    expect_tier("whole", w, &q, CHAOS_TIER_WARNING, "\"sessions\":2,\"time\":\"not-checked\"}");
    q.policy = w->none;
    expect_tier("no policy", w, &q, CHAOS_TIER_NONE, "\"code\":\"not-checked\"");
}

static void test_every_chunk(void **state)
{
    const world *w = *state;
    static const size_t chunks[] = { 1, 2, 7, 1000, 4096, 65535, 65536, 65537 };
    question q = ask(w, &w->made);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(chunks); i++) {
        q.chunk = chunks[i];
        expect_tier("in chunks", w, &q, CHAOS_TIER_WARNING, "\"count\":5");
    }
}

/* The lines of the default bundle in another order. */
static void expect_order(const world *w, const size_t *order, size_t count)
{
    const char *begin[16] = { (const char *)w->made.text.data };
    CHAOS_AUTO_BUFFER(text, 1u << 22);
    size_t lines = 0;
    for (const char *lf; (lf = strchr(begin[lines], '\n')) != NULL && lines + 1 < CHAOS_ARRAY_SIZE(begin);) {
        begin[++lines] = lf + 1;
    }
    assert_int_equal(lines, count);
    for (size_t i = 0; i < count; i++) {
        const size_t line = order[i];
        assert_true(buffer_append(&text, slice(begin[line], (size_t)(begin[line + 1] - begin[line]))));
    }
    question q = ask(w, &w->made);
    q.text = buffer_slice(&text);
    q.collateral = slice(NULL, 0);
    expect_tier("another order", w, &q, CHAOS_TIER_WARNING, "\"contents\":4,\"count\":5,");
}

/* Envelopes and collateral stand in any order, as long as both come before the receipts that need them. */
static void test_orders(void **state)
{
    const world *w = *state;
    static const size_t collateral_second[] = { 0, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    static const size_t envelopes_first[] = { 0, 2, 10, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12 };
    static const size_t newest_first[] = { 0, 10, 2, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12 };
    static const size_t contents_swapped[] = { 0, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11, 12 };
    expect_order(w, collateral_second, CHAOS_ARRAY_SIZE(collateral_second));
    expect_order(w, envelopes_first, CHAOS_ARRAY_SIZE(envelopes_first));
    expect_order(w, newest_first, CHAOS_ARRAY_SIZE(newest_first));
    expect_order(w, contents_swapped, CHAOS_ARRAY_SIZE(contents_swapped));
}

static void test_part_of_a_life(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .first = 41, .first_session = 1, .second_session = 1 };
    forge_bundle made = forge(&options, NULL);
    const question q = ask(w, &made);
    expect_tier("from 41", w, &q, CHAOS_TIER_WARNING, "\"first\":41,\"last\":42,");
    forge_bundle_free(&made);
}

static void test_one_session(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .second_session = 3 };
    forge_bundle made = forge(&options, NULL);
    const question q = ask(w, &made);
    expect_tier("one session", w, &q, CHAOS_TIER_WARNING, "\"sessions\":1,");
    forge_bundle_free(&made);
}

/* The key that outlives the code proves no code. */
static void test_identity_key_alone(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .by_identity_key = true };
    forge_bundle made = forge(&options, NULL);
    question q = ask(w, &made);
    expect_tier("identity key", w, &q, CHAOS_TIER_WARNING, "\"code\":\"not-proven\"");
    q.policy = w->none;
    expect_tier("identity key, no policy", w, &q, CHAOS_TIER_NONE, "\"code\":\"not-proven\"");
    forge_bundle_free(&made);
}

static void test_folder(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .as_folder = true };
    forge_bundle made = forge(&options, NULL);
    question q = ask(w, &made);
    assert_int_equal(made.content_count, 4);
    expect_tier("no folder", w, &q, CHAOS_TIER_WARNING, "\"contents\":0,");
    q.folder = &made;
    expect_tier("folder", w, &q, CHAOS_TIER_WARNING, "\"contents\":4,");
    made.content[1][0] ^= 0x20;
    expect_status("a changed file", w, &q, CHAOS_E_RECEIPT_CONTENT, "content.data");
    uint8_t *large = calloc(1, CHAOS_MAX_BUNDLE_CONTENT + 1);
    assert_non_null(large);
    q.instead = slice(large, CHAOS_MAX_BUNDLE_CONTENT);
    expect_status("the largest file, another", w, &q, CHAOS_E_RECEIPT_CONTENT, "content.data");
    q.instead = slice(large, CHAOS_MAX_BUNDLE_CONTENT + 1);
    expect_status("a file that is too large", w, &q, CHAOS_E_BUNDLE_FORMAT, "content");
    free(large);
    forge_bundle_free(&made);
    question both = ask(w, &w->made); /* in the text and in the folder */
    both.folder = &w->made;
    expect_tier("contents in the text", w, &both, CHAOS_TIER_WARNING, "\"contents\":4,");
}

/* ----------------------------------------------------------------- breaks ---- */

/* Where a break must be found; others are checked for their status alone. */
static const struct {
    const char *name, *field, *failure;
} places[] = {
    { "receipt-dropped", "action.sequence", "{\"line\":7,\"sequence\":2}" },
    { "receipt-doubled", "action.sequence", "{\"line\":11,\"sequence\":2}" },
    { "receipts-swapped", "action.sequence", "{\"line\":12,\"sequence\":4}" },
    { "receipt-sequence-gap", "action.sequence", "{\"line\":10,\"sequence\":3}" },
    { "receipt-sequence-again", "action.sequence", "{\"line\":10,\"sequence\":1}" },
    { "receipt-previous-flip", "action.previous", "{\"line\":10,\"sequence\":2}" },
    { "receipt-previous-at-first", "action.previous", "{\"line\":4,\"sequence\":0}" },
    { "receipt-previous-missing", "action.previous", "{\"line\":4,\"sequence\":5}" },
    { "receipt-signature-flip", "signature", "{\"line\":7,\"sequence\":1}" },
    { "receipt-payload-flip", "signature", "{\"line\":10,\"sequence\":2}" },
    { "receipt-by-next-session", "signature", "{\"line\":10,\"sequence\":2}" },
    { "receipt-older-session", "action.evidenceHash", "{\"line\":13,\"sequence\":4}" },
    { "receipt-older-session-second", "action.evidenceHash", "{\"line\":12,\"sequence\":3}" },
    { "receipt-before-session", "action.issuedAt", "{\"line\":7,\"sequence\":1}" },
    { "receipt-after-session", "action.issuedAt", "{\"line\":7,\"sequence\":1}" },
    { "receipt-other-registry", "action.agentRegistry", "{\"line\":7,\"sequence\":1}" },
    { "receipt-other-agent", "action.agentId", "{\"line\":7,\"sequence\":1}" },
    { "receipt-unknown-evidence", "action.evidenceHash", "{\"line\":7,\"sequence\":1}" },
    { "header-other-chain", "binding.chain_id", "{\"line\":4,\"sequence\":0}" },
    { "header-other-registry", "binding.identity_registry", "{\"line\":4,\"sequence\":0}" },
    { "header-other-agent", "binding.agent_id", "{\"line\":4,\"sequence\":0}" },
    { "session-other-chain", "binding.chain_id", "{\"line\":4,\"sequence\":0}" },
    { "session-other-registry", "binding.identity_registry", "{\"line\":4,\"sequence\":0}" },
    { "session-other-agent", "binding.agent_id", "{\"line\":4,\"sequence\":0}" },
    { "receipt-older-session-same-time", "action.evidenceHash", "{\"line\":13,\"sequence\":4}" },
    { "session-other-identity", "binding.identity_key", "{\"line\":12,\"sequence\":3}" },
    { "session-wrong-stage", "binding.stage", "{\"line\":12,\"sequence\":3}" },
    { "session-bad-quote", NULL, "{\"line\":12,\"sequence\":3}" },
    { "envelope-late", "action.evidenceHash", "{\"line\":11,\"sequence\":3}" },
    { "envelope-twice", "envelope", "{\"line\":12,\"sequence\":null}" },
    { "envelope-unused", "envelope", NULL },
    { "envelope-malformed", "possession", "{\"line\":3,\"sequence\":null}" },
    { "content-changed", "content.data", "{\"line\":6,\"sequence\":null}" },
    { "content-not-named", "content.hash", "{\"line\":6,\"sequence\":null}" },
    { "content-of-zero", "content.hash", "{\"line\":6,\"sequence\":null}" },
    { "content-early", "content.hash", "{\"line\":4,\"sequence\":null}" },
    { "content-late", "content.hash", "{\"line\":7,\"sequence\":null}" },
    { "content-twice", "content", "{\"line\":6,\"sequence\":null}" },
    { "header-missing", "line", "{\"line\":1,\"sequence\":null}" },
    { "header-twice", "line", "{\"line\":2,\"sequence\":null}" },
    { "receipts-missing", "receipt", NULL },
    { "bundle-schema", "schema", "{\"line\":1,\"sequence\":null}" },
    { "action-leading-zero", "sequence", "{\"line\":4,\"sequence\":null}" },
    { "action-missing", "sequence", "{\"line\":4,\"sequence\":null}" },
};

static void expect_place(const char *name, const chaos_verdict *verdict)
{
    const chaos_error *error = chaos_verdict_error(verdict);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
        if (strcmp(places[i].name, name) != 0) {
            continue;
        }
        if (places[i].field != NULL && (error->field == NULL || strcmp(error->field, places[i].field) != 0)) {
            fail_msg("%s: expected %s at %s, found %s", name, chaos_status_name(error->status), places[i].field,
                     error->field == NULL ? "no field" : error->field);
        }
        CHAOS_AUTO_BUFFER(whole, VERDICT_MAX);
        if (places[i].failure != NULL && !is_in_json(verdict, places[i].failure, &whole)) {
            fail_msg("%s: expected %s at %s: %s", name, chaos_status_name(error->status), places[i].failure, error->text);
        }
    }
}

static void test_breaks(void **state)
{
    const world *w = *state;
    for (size_t i = 0; i < forge_bundle_break_count(); i++) {
        const forge_break *broken = forge_bundle_break_at(i);
        forge_bundle made = forge(NULL, broken);
        question q = ask(w, &made);
        q.expected = broken->expected;
        chaos_verdict *verdict = judge(w, &q);
        const chaos_class class_ = chaos_status_class(broken->expected);
        const bool by_policy = broken->expected == CHAOS_E_TD_DEBUG;
        expect_code(broken->name, verdict, broken->expected);
        assert_int_equal(chaos_verdict_verified(verdict), by_policy ? CHAOS_VERIFIED_TRUE : CHAOS_VERIFIED_FALSE);
        assert_int_equal(chaos_verdict_exit_code(verdict), by_policy ? 2 : class_ == CHAOS_CLASS_FORMAT ? 3
                                                                                                        : 4);
        expect_place(broken->name, verdict);
        if (!by_policy) {
            assert_memory_equal(chaos_verdict_error(verdict)->text, "line ", 5);
        }
        chaos_verdict_free(verdict);
        q.policy = w->none; /* authenticity does not depend on a policy */
        if (!by_policy) {
            expect_status(broken->name, w, &q, broken->expected, NULL);
        }
        forge_bundle_free(&made);
    }
}

/* What is wrong in the first session is not hidden by the second one, nor the other way round. */
static void test_worst_session(void **state)
{
    const world *w = *state;
    forge_bundle made = forge(NULL, forge_bundle_break_find("session-debug"));
    const question q = ask(w, &made);
    chaos_verdict *verdict = judge(w, &q);
    expect_json(verdict, "\"sessions\":2,");
    expect_json(verdict, "\"count\":5,");
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_CONTRAINDICATED);
    chaos_verdict_free(verdict);
    forge_bundle_free(&made);
}

/* ------------------------------------------------------------ expectations ---- */

typedef struct known { /* all that a relying party can know */
    chaos_head heads[3];
    chaos_block_hash blocks[2];
    chaos_bundle_expectation e;
} known;

static void know(const forge_bundle *made, known *k)
{
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    k->e = nothing;
    k->heads[0] = (chaos_head){ made->last, made->last_digest, 160 };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(k->blocks); i++) {
        k->blocks[i].number = made->sessions[i].anchor_block;
        memcpy(k->blocks[i].hash.bytes, made->sessions[i].nonce.bytes, sizeof k->blocks[i].hash.bytes);
    }
    k->e.agent.has_identity_key = true;
    k->e.agent.identity_key = made->sessions[0].identity_key;
    k->e.agent.has_agent = true;
    k->e.agent.chain_id = made->sessions[0].chain_id;
    k->e.agent.identity_registry = made->sessions[0].identity_registry;
    k->e.agent.agent_id = made->sessions[0].agent_id;
    k->e.heads = k->heads;
    k->e.head_count = 1;
    k->e.blocks = k->blocks;
    k->e.block_count = 2;
}

/* Everything known is AFFIRMING; each thing that is not is WARNING. */
static void test_affirming(void **state)
{
    const world *w = *state;
    known k;
    know(&w->made, &k);
    question q = ask(w, &w->made);
    q.expectation = &k.e;
    expect_tier("all known", w, &q, CHAOS_TIER_AFFIRMING, "\"existed_by_block\":160,");
    expect_tier("all known", w, &q, CHAOS_TIER_AFFIRMING, "\"time\":\"proven\"");
    k.e.time_is_chosen = true;
    expect_tier("a chosen time", w, &q, CHAOS_TIER_WARNING, "\"time\":\"not-checked\"");
    k.e.time_is_chosen = false;
    k.e.head_count = 0;
    expect_tier("no head", w, &q, CHAOS_TIER_WARNING, "\"name\":\"receipt-time\",\"result\":\"not-checked\"");
    k.e.head_count = 1;
    k.e.block_count = 1;
    expect_tier("one anchorBlock", w, &q, CHAOS_TIER_WARNING, "\"name\":\"freshness\",\"result\":\"not-checked\"");
    k.e.block_count = 2;
    k.e.agent.has_identity_key = false;
    expect_tier("no identity", w, &q, CHAOS_TIER_WARNING, "\"name\":\"identity-key\",\"result\":\"not-checked\"");
    k.e.agent.has_identity_key = true;
    q.collateral = slice(NULL, 0);
    expect_tier("the bundle's collateral", w, &q, CHAOS_TIER_WARNING,
                "\"name\":\"collateral-floor\",\"result\":\"not-checked\"");
    k.heads[0].block = 50; /* before the sessions: it cannot show how soon after */
    q.collateral = buffer_slice(&w->made.evidence.collateral);
    expect_tier("an early head", w, &q, CHAOS_TIER_WARNING, "\"name\":\"freshness\",\"result\":\"not-checked\"");
}

static void test_identity_key_is_never_affirming(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .by_identity_key = true };
    forge_bundle made = forge(&options, NULL);
    known k;
    know(&made, &k);
    question q = ask(w, &made);
    q.expectation = &k.e;
    expect_tier("identity key", w, &q, CHAOS_TIER_WARNING, "\"code\":\"not-proven\"");
    forge_bundle_free(&made);
}

static void expect_refusal(const world *w, const known *k, const char *name, chaos_status status, const char *field)
{
    question q = ask(w, &w->made);
    q.expectation = &k->e;
    expect_status(name, w, &q, status, field);
    chaos_verdict *verdict = judge(w, &q);
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_TRUE); /* the bundle is what it was */
    assert_int_equal(chaos_verdict_exit_code(verdict), 2);
    chaos_verdict_free(verdict);
    q.policy = w->none; /* an expectation counts without a policy, too */
    expect_status(name, w, &q, status, field);
}

static void test_unmet_expectations(void **state)
{
    const world *w = *state;
    known k;
    know(&w->made, &k);
    k.heads[0].digest.bytes[5] ^= 0x01;
    expect_refusal(w, &k, "another digest", CHAOS_E_RECEIPT_HEAD, "tee.head");
    know(&w->made, &k);
    k.heads[0].sequence++;
    expect_refusal(w, &k, "a head that is not reached", CHAOS_E_RECEIPT_HEAD, "tee.head");
    know(&w->made, &k);
    k.e.agent.identity_key.bytes[0] ^= 0x01;
    expect_refusal(w, &k, "another identity", CHAOS_E_BINDING_IDENTITY, "binding.identity_key");
    know(&w->made, &k);
    k.e.agent.agent_id.bytes[31] ^= 0x01;
    expect_refusal(w, &k, "another agent", CHAOS_E_BINDING_AGENT, "binding.agent_id");
    know(&w->made, &k);
    k.blocks[1].hash.bytes[0] ^= 0x01;
    expect_refusal(w, &k, "another anchorBlock", CHAOS_E_BINDING_NONCE, "binding.nonce");
    k.e.head_count = 0; /* wrong is wrong, also without a head */
    expect_refusal(w, &k, "another anchorBlock, no head", CHAOS_E_BINDING_NONCE, "binding.nonce");
}

/* Several heads: each must agree; what comes after the newest is not anchored. */
static void test_heads(void **state)
{
    const world *w = *state;
    const forge_bundle_options options = { .first = 7, .first_session = 1, .second_session = 2 };
    forge_bundle made = forge(&options, NULL);
    const chaos_keccak before = hash_keccak(slice_text("the receipt before"));
    known k;
    know(&made, &k);
    question q = ask(w, &made);
    q.expectation = &k.e;
    k.heads[2] = k.heads[0];
    k.heads[0] = (chaos_head){ 2, hash_keccak(slice_text("long ago")), 20 };
    k.heads[1] = (chaos_head){ 6, before, 110 };
    k.e.head_count = 3;
    expect_tier("heads before the bundle", w, &q, CHAOS_TIER_AFFIRMING, "\"anchored_sequence\":9,");
    k.e.head_count = 2;
    expect_tier("only heads before the bundle", w, &q, CHAOS_TIER_WARNING, "\"anchored_sequence\":null,");
    k.heads[1].digest.bytes[0] ^= 0x01;
    expect_status("the head right before the bundle", w, &q, CHAOS_E_RECEIPT_HEAD, "tee.head");
    forge_bundle_free(&made);

    know(&w->made, &k); /* the head is older than the last receipt */
    q = ask(w, &w->made);
    q.expectation = &k.e;
    const forge_bundle_options shorter = { .first_session = 3, .second_session = 1 };
    made = forge(&shorter, NULL);
    k.heads[0] = (chaos_head){ made.last, made.last_digest, 160 };
    expect_tier("one receipt after the head", w, &q, CHAOS_TIER_WARNING, "\"anchored_sequence\":3,");
    expect_tier("one receipt after the head", w, &q, CHAOS_TIER_WARNING, "\"time\":\"not-checked\"");
    forge_bundle_free(&made);
}

/* A head is as old as the policy allows, counted from each session's anchorBlock: 100 and 101. */
static void test_anchor_age(void **state)
{
    const world *w = *state;
    static const struct {
        const char *limit;
        chaos_status expected;
    } rows[] = { { "60", CHAOS_OK }, { "59", CHAOS_E_BINDING_EXPIRED } };
    known k;
    know(&w->made, &k);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        CHAOS_AUTO_BUFFER(text, 65536);
        chaos_policy *policy = NULL;
        const chaos_slice old = buffer_slice(&w->made.evidence.policy);
        assert_true(buffer_append_format(&text, "{\"binding\":{\"max_anchor_age_blocks\":%s},", rows[i].limit) &&
                    buffer_append(&text, slice(old.data + 1, old.size - 1)));
        assert_int_equal(chaos_policy_parse(buffer_slice(&text), &policy, NULL), CHAOS_OK);
        question q = ask(w, &w->made);
        q.policy = policy;
        q.expectation = &k.e;
        if (rows[i].expected == CHAOS_OK) {
            expect_tier(rows[i].limit, w, &q, CHAOS_TIER_AFFIRMING, "\"time\":\"proven\"");
            k.e.block_count = 0;
            expect_tier("an age that nobody counts", w, &q, CHAOS_TIER_WARNING, "there is no chain at hand");
            k.e.block_count = 2;
        } else {
            expect_status(rows[i].limit, w, &q, rows[i].expected, "binding.anchor_block");
        }
        chaos_policy_free(policy);
    }
}

/* -------------------------------------------------------------- collateral ---- */

static void test_collateral(void **state)
{
    const world *w = *state;
    const int64_t year = 365 * 86400;
    const forge_bundle_options bare = { .no_collateral = true };
    forge_bundle made = forge(&bare, NULL);
    question q = ask(w, &made);
    expect_tier("own collateral alone", w, &q, CHAOS_TIER_WARNING, "\"count\":5,");
    q.collateral = slice(NULL, 0);
    expect_status("none at all", w, &q, CHAOS_E_COLLATERAL_MISSING, "collateral");
    forge_bundle_free(&made);

    q = ask(w, &w->made);
    q.now += w->made.evidence.now + year;
    chaos_verdict *verdict = judge(w, &q); /* our own has expired: it is refused */
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_FALSE);
    assert_int_equal(chaos_verdict_exit_code(verdict), 4);
    chaos_verdict_free(verdict);
    q.collateral = slice(NULL, 0); /* the bundle's has: there is better */
    verdict = judge(w, &q);
    expect_code("the bundle's has expired", verdict, CHAOS_E_COLLATERAL_MISSING);
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_UNKNOWN);
    assert_int_equal(chaos_verdict_exit_code(verdict), 5);
    chaos_verdict_free(verdict);
    q = ask(w, &w->made);
    q.collateral = slice_text(" ");
    expect_status("own collateral is broken", w, &q, CHAOS_E_JSON, NULL);
}

/* ------------------------------------------------------------------ bytes ---- */

/* How far to go at once where every byte would take too long: under valgrind most of all. */
static size_t stride(size_t usual)
{
    return getenv("CHAOS_TEST_QUICK") == NULL ? usual : 40 * usual;
}

/* Cut within a line a bundle is malformed; cut at the end of one it is what came before, if that is whole. */
static void expect_cut(const world *w, size_t size)
{
    const chaos_slice whole = buffer_slice(&w->made.text);
    question q = ask(w, &w->made);
    q.policy = w->none;
    q.text = slice(whole.data, size);
    chaos_verdict *verdict = judge(w, &q);
    if (size == 0 || whole.data[size - 1] != '\n') {
        expect_code("cut", verdict, CHAOS_E_BUNDLE_FORMAT);
    }
    assert_int_not_equal(chaos_verdict_exit_code(verdict), 70);
    chaos_verdict_free(verdict);
}

static void test_every_length(void **state)
{
    const world *w = *state;
    const chaos_slice whole = buffer_slice(&w->made.text);
    for (size_t size = 0; size < whole.size; size += stride(23)) {
        expect_cut(w, size);
    }
    for (size_t size = 1; size < whole.size; size++) { /* around the end of each line */
        if (whole.data[size - 1] == '\n') {
            expect_cut(w, size - 1);
            expect_cut(w, size);
            expect_cut(w, size + 1);
        }
    }
}

static void test_flips(void **state)
{
    const world *w = *state;
    CHAOS_AUTO_BUFFER(text, 1u << 24);
    assert_true(buffer_append(&text, buffer_slice(&w->made.text)));
    question q = ask(w, &w->made);
    q.policy = w->none;
    q.text = buffer_slice(&text);
    /* Not the collateral: with one of our own the bundle's is not looked at. */
    const char *first = strstr((const char *)text.data, "{\"envelope\"");
    assert_non_null(first);
    const size_t begin_at = (size_t)(first - (const char *)text.data);
    for (size_t i = 0; i < text.size; i += stride(i < 130 ? 1 : 37)) {
        i = i >= 130 && i < begin_at ? begin_at : i;
        text.data[i] ^= 0x01;
        chaos_verdict *verdict = judge(w, &q);
        if (chaos_verdict_verified(verdict) != CHAOS_VERIFIED_FALSE) {
            fail_msg("a flipped bit at %zu is accepted", i);
        }
        chaos_verdict_free(verdict);
        text.data[i] ^= 0x01;
    }
}

/* ------------------------------------------------------------------ limits ---- */

/* `count` lines of spaces and an object, after the header. */
static void test_long_line(void **state)
{
    const world *w = *state;
    CHAOS_AUTO_BUFFER(text, 8u << 20);
    const char *end_of_header = strchr((const char *)w->made.text.data, '\n');
    const size_t header = (size_t)(end_of_header + 1 - (const char *)w->made.text.data);
    assert_true(buffer_append(&text, slice(w->made.text.data, header)) && buffer_append_text(&text, "{"));
    uint8_t *room = buffer_reserve(&text, CHAOS_MAX_BUNDLE_LINE);
    assert_non_null(room);
    memset(room, ' ', CHAOS_MAX_BUNDLE_LINE);
    text.size += CHAOS_MAX_BUNDLE_LINE - 2;
    assert_true(buffer_append_text(&text, "}\n"));
    question q = ask(w, &w->made);
    q.text = buffer_slice(&text);
    expect_status("the longest line", w, &q, CHAOS_E_BUNDLE_FORMAT, "line"); /* an empty object */
    chaos_verdict *verdict = judge(w, &q);
    assert_non_null(strstr(chaos_verdict_error(verdict)->text, "neither"));
    chaos_verdict_free(verdict);
    text.data[text.size - 2] = ' ';
    text.size--;
    assert_true(buffer_append_text(&text, "}\n"));
    q.text = buffer_slice(&text);
    verdict = judge(w, &q);
    expect_code("a line that is too long", verdict, CHAOS_E_BUNDLE_FORMAT);
    assert_non_null(strstr(chaos_verdict_error(verdict)->text, "longer"));
    chaos_verdict_free(verdict);
    text.size -= 2; /* and without an end */
    q.text = buffer_slice(&text);
    expect_status("a line without an end", w, &q, CHAOS_E_BUNDLE_FORMAT, "line");
}

/* The same envelope again and again, with another possession each time. */
static void append_envelopes(chaos_slice envelope_text, size_t count, chaos_buffer *text)
{
    static const char mark[] = "\"possession\":\"0x";
    const char *possession = strstr((const char *)envelope_text.data, mark);
    assert_non_null(possession);
    const size_t place = (size_t)(possession - (const char *)envelope_text.data) + sizeof mark - 1;
    for (size_t i = 0; i < count; i++) {
        char digits[17];
        (void)snprintf(digits, sizeof digits, "%08zx", i);
        assert_true(buffer_append_text(text, "{\"envelope\":") && buffer_append(text, envelope_text) &&
                    buffer_append_text(text, "}\n"));
        memcpy(text->data + text->size - 2 - envelope_text.size + place, digits, 8);
    }
}

static void expect_too_many(const world *w, chaos_slice envelope_text, size_t count, const char *why)
{
    CHAOS_AUTO_BUFFER(text, 64u << 20);
    const char *end_of_header = strchr((const char *)w->made.text.data, '\n');
    const size_t header = (size_t)(end_of_header + 1 - (const char *)w->made.text.data);
    assert_true(buffer_append(&text, slice(w->made.text.data, header)));
    append_envelopes(envelope_text, count, &text);
    question q = ask(w, &w->made);
    q.text = buffer_slice(&text);
    q.policy = w->none;
    q.expected = CHAOS_E_BUNDLE_FORMAT;
    chaos_verdict *verdict = judge(w, &q);
    expect_code("too many envelopes", verdict, CHAOS_E_BUNDLE_FORMAT);
    if (strstr(chaos_verdict_error(verdict)->text, why) == NULL) {
        fail_msg("expected BUNDLE_FORMAT because of %s: %s", why, chaos_verdict_error(verdict)->text);
    }
    chaos_verdict_free(verdict);
}

static void leave_out_parts(recipe *r)
{
    r->envelope.omitted = 1u << PART_DSTACK_EVENT_LOG | 1u << PART_DSTACK_APP_COMPOSE | 1u << PART_DSTACK_KMS_CHAIN;
}

static void test_many_envelopes(void **state)
{
    const world *w = *state;
    forge_result small;
    CHAOS_AUTO_BUFFER(wide, CHAOS_MAX_ENVELOPE);
    assert_int_equal(forge_make_changed(FORGE_TDX4, NULL, leave_out_parts, &small, NULL), CHAOS_OK);
    assert_true(small.envelope.size * (CHAOS_MAX_BUNDLE_ENVELOPES + 1) < CHAOS_MAX_BUNDLE_WAITING);
    expect_too_many(w, buffer_slice(&small.envelope), CHAOS_MAX_BUNDLE_ENVELOPES, "no receipt");
    expect_too_many(w, buffer_slice(&small.envelope), CHAOS_MAX_BUNDLE_ENVELOPES + 1, "more envelopes");
    assert_true(buffer_append_format(&wide, "{%65536s%.*s", "", (int)small.envelope.size - 1,
                                     (const char *)small.envelope.data + 1)); /* white space inside is no fault */
    expect_too_many(w, buffer_slice(&wide), CHAOS_MAX_BUNDLE_WAITING / wide.size, "no receipt");
    expect_too_many(w, buffer_slice(&wide), CHAOS_MAX_BUNDLE_WAITING / wide.size + 1, "too many bytes");
    forge_result_free(&small);
}

/* ------------------------------------------------------------------- usage ---- */

static void test_usage(void **state)
{
    const world *w = *state;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    known k;
    question q = ask(w, &w->made);
    q.expectation = &k.e;
    know(&w->made, &k);
    k.e.size--;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.agent.size--;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.agent.has_report_data = true;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.agent.has_anchor = true;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.agent.has_subject = true;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.heads[1] = k.heads[0]; /* the same again is not ascending */
    k.e.head_count = 2;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.heads[0].block = CHAOS_MAX_SEQUENCE + 1;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.heads = NULL;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    know(&w->made, &k);
    k.e.head_count = CHAOS_MAX_HEADS + 1;
    assert_int_equal(answer(w, &q, &verdict, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_check_bundle(NULL, q.collateral, w->trust, w->policy, &k.e, 0, NULL, &verdict, &err),
                     CHAOS_E_USAGE);
    assert_null(verdict);
}

/* A source that fails is no statement about the bundle. */
static void test_source_fails(void **state)
{
    const world *w = *state;
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    memory_source m = { .text = slice(w->made.text.data, 500), .chunk = 100, .fault = CHAOS_E_FILE_IO };
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    source.context = &m;
    source.read = read_memory;
    assert_int_equal(chaos_check_bundle(&source, slice(NULL, 0), w->trust, w->policy, &nothing, w->made.evidence.now,
                                        NULL, &verdict, &err),
                     CHAOS_E_FILE_IO);
    assert_null(verdict);
    assert_string_equal(err.field, "source");
}

/* ----------------------------------------------------------------- writing ---- */

/* What the library's writers write is what the forge wrote line by line. */
static void test_writers(void **state)
{
    const world *w = *state;
    CHAOS_AUTO_BUFFER(out, 1u << 22);
    CHAOS_AUTO_BUFFER(storage, 1u << 22);
    chaos_error err = { 0 };
    bundle_line line;
    fault why;
    chaos_u256 chain = { { 0 } };
    const char *text = (const char *)w->made.text.data;
    for (const char *lf; (lf = strchr(text, '\n')) != NULL; text = lf + 1) {
        chaos_evidence *evidence = NULL;
        storage.size = 0;
        out.size = 0;
        assert_true(bundle_line_read(slice(text, (size_t)(lf - text)), &chain, &storage, &line, &why));
        switch (line.kind) {
        case BUNDLE_HEADER:
            chain = line.header.chain_id;
            assert_int_equal(chaos_bundle_write_header(&chain, &line.header.agent_registry, &line.header.agent_id,
                                                       &out, &err),
                             CHAOS_OK);
            break;
        case BUNDLE_COLLATERAL:
            assert_int_equal(chaos_bundle_write_collateral(line.collateral, &out, &err), CHAOS_OK);
            break;
        case BUNDLE_ENVELOPE:
            assert_int_equal(chaos_envelope_parse(line.envelope, &evidence, &err), CHAOS_OK);
            assert_int_equal(chaos_bundle_write_envelope(evidence, &out, &err), CHAOS_OK);
            chaos_evidence_free(evidence);
            break;
        case BUNDLE_RECEIPT:
            assert_int_equal(chaos_bundle_write_receipt(&line.receipt, &out, &err), CHAOS_OK);
            break;
        case BUNDLE_CONTENT:
            assert_int_equal(chaos_bundle_write_content(line.content, &out, &err), CHAOS_OK);
            break;
        }
        assert_int_equal(out.size, (size_t)(lf - text) + 1);
        assert_memory_equal(out.data, text, out.size);
    }
}

static void test_writers_refuse(void **state)
{
    const world *w = *state;
    CHAOS_AUTO_BUFFER(out, 1u << 22);
    CHAOS_AUTO_BUFFER(spaced, 1u << 20);
    CHAOS_AUTO_BUFFER(large, 2u << 20);
    chaos_evidence *evidence = NULL;
    chaos_error err = { 0 };
    const forge_options options = { .now = 0 };
    forge_result made;
    (void)w;
    assert_int_equal(forge_make(FORGE_TDX4, &options, NULL, &made, &err), CHAOS_OK);
    assert_true(buffer_append(&spaced, buffer_slice(&made.envelope)));
    static const char *const around[] = { "\n", " ", "\r" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(around); i++) {
        spaced.size = made.envelope.size;
        assert_true(buffer_append_text(&spaced, around[i]));
        assert_int_equal(chaos_envelope_parse(buffer_slice(&spaced), &evidence, &err), CHAOS_OK);
        assert_int_equal(chaos_bundle_write_envelope(evidence, &out, &err), CHAOS_E_USAGE);
        chaos_evidence_free(evidence);
    }
    assert_int_equal(chaos_evidence_parse(buffer_slice(&made.quote), &evidence, &err), CHAOS_OK);
    assert_int_equal(chaos_bundle_write_envelope(evidence, &out, &err), CHAOS_E_USAGE); /* a bare quote */
    chaos_evidence_free(evidence);
    forge_result_free(&made);
    assert_int_equal(chaos_bundle_write_collateral(slice(NULL, 0), &out, &err), CHAOS_E_USAGE);
    uint8_t *room = buffer_reserve(&large, CHAOS_MAX_BUNDLE_CONTENT + 1);
    assert_non_null(room);
    memset(room, 'c', CHAOS_MAX_BUNDLE_CONTENT + 1);
    assert_int_equal(chaos_bundle_write_content(slice(room, CHAOS_MAX_BUNDLE_CONTENT), &out, &err), CHAOS_OK);
    out.size = 0;
    assert_int_equal(chaos_bundle_write_content(slice(room, CHAOS_MAX_BUNDLE_CONTENT + 1), &out, &err),
                     CHAOS_E_LIMIT);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_every_chunk),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_part_of_a_life),
        cmocka_unit_test(test_one_session),
        cmocka_unit_test(test_identity_key_alone),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_worst_session),
        cmocka_unit_test(test_affirming),
        cmocka_unit_test(test_identity_key_is_never_affirming),
        cmocka_unit_test(test_unmet_expectations),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_anchor_age),
        cmocka_unit_test(test_collateral),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_flips),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_many_envelopes),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_source_fails),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_writers_refuse),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
