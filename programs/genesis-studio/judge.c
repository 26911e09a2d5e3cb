/* judge.c - Bob again: beside each attack an accepted control, and the attack refused for its own reason. */
#include "studio.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

CHAOS_CLEANUP(chaos_evidence);
CHAOS_CLEANUP(chaos_verdict);

#define FRESH_BLOCKS 256u

typedef struct judge {
    world w;
    beliefs b;
    chaos_address self, wallet;
    answered answer;
} judge;

/* What came out of one judgement. */
typedef struct outcome {
    chaos_tier tier;
    chaos_status status; /* of the verdict's error; OK: none */
    bool simulated, accepted;
} outcome;

static void random_bytes(uint8_t *out, size_t size)
{
    if (getrandom(out, size, 0) != (ssize_t)size) {
        abort();
    }
}

/* ----------------------------------------------------------------- judge ---- */

static chaos_status keep_text(const judge *x, const attack *a, const chaos_verdict *verdict, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    char name[64], path[PATH_MAX];
    if (a == NULL) {
        return CHAOS_OK;
    }
    (void)snprintf(name, sizeof name, "attack-%s.txt", a->name);
    CHAOS_TRY(state_path(x->w.s, name, path, err));
    CHAOS_TRY(chaos_verdict_write_text(verdict, &text, err));
    return write_text(path, slice(text.data, text.size), err);
}

/* `a` is the attack whose verdict is kept; NULL: a control. */
static chaos_status check(const judge *x, const beliefs *b, chaos_slice envelope,
                          const chaos_expectation *expectation, const attack *a, outcome *out, chaos_error *err)
{
    CHAOS_AUTO(chaos_verdict, verdict);
    CHAOS_AUTO_BUFFER(said, CHAOS_MAX_VERDICT);
    CHAOS_TRY(chaos_check(envelope, slice(b->collateral.data, b->collateral.size), b->trust, b->policy, expectation,
                          (int64_t)time(NULL), NULL, &verdict, err));
    CHAOS_TRY(chaos_verdict_write_json(verdict, &said, err));
    CHAOS_TRY(keep_text(x, a, verdict, err));
    const chaos_error *error = chaos_verdict_error(verdict);
    out->tier = chaos_verdict_tier(verdict);
    out->status = error == NULL ? CHAOS_OK : error->status;
    out->accepted = error == NULL && out->tier == CHAOS_TIER_AFFIRMING;
    out->simulated = strstr((const char *)said.data, "\"anchor\":\"simulated\"") != NULL;
    return CHAOS_OK;
}

/* As a validator expects it: agent, wallet, request, and a block of our own node. */
static chaos_status expect(const judge *x, chaos_slice envelope, chaos_expectation *e, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    chaos_binding binding;
    chaos_block block, head;
    *e = (chaos_expectation)CHAOS_EXPECTATION_INIT;
    e->has_agent = e->has_identity_key = e->has_subject = true;
    e->chain_id = chaos_u256_from(x->w.network.chain_id);
    e->identity_registry = chaos_registries_address(x->w.registries, CHAOS_REGISTRY_IDENTITY);
    e->agent_id = x->answer.agent_id;
    e->identity_key = x->wallet;
    e->subject = x->answer.request_hash;
    CHAOS_TRY(chaos_envelope_parse(envelope, &evidence, err));
    CHAOS_TRY(chaos_rpc_block(x->w.rpc, NULL, &head, err));
    if (!chaos_evidence_binding(evidence, &binding) || binding.anchor_block > head.number) {
        return error_set(err, CHAOS_E_BINDING_FORMAT, "anchorBlock", CHAOS_NO_OFFSET, NULL);
    }
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = binding.anchor_block };
    CHAOS_TRY(chaos_rpc_block(x->w.rpc, &at, &block, err));
    e->has_anchor = true;
    e->anchor_block = block.number;
    e->anchor_hash = block.hash;
    e->first_block = x->answer.block > FRESH_BLOCKS ? x->answer.block - FRESH_BLOCKS : 0;
    e->last_block = head.number;
    return CHAOS_OK;
}

static const char *word_of(const outcome *o)
{
    return o->status != CHAOS_OK ? chaos_status_name(o->status) : chaos_tier_name(o->tier);
}

/* The control must be accepted, the attack refused for its own reason, and for no other. */
static int compare(report *r, const attack *a, const outcome *control, const outcome *attacked)
{
    const char *want = chaos_status_name(a->status);
    step_row(r, "control", "%s: %s%s", a->control, word_of(control), control->simulated ? ", simulated" : "");
    step_row(r, "attack", "%s: %s", a->title, word_of(attacked));
    step_expected(r, want, word_of(attacked));
    if (!control->accepted) {
        return step_fail_text(r, "the control is not accepted: %s", word_of(control));
    }
    if (attacked->status != a->status || attacked->tier != CHAOS_TIER_CONTRAINDICATED) {
        return step_fail_text(r, "not refused as %s: %s", want, word_of(attacked));
    }
    step_end(r, STEP_PASS, "refused: %s", a->title);
    return 0;
}

/* --------------------------------------------------------------- attacks ---- */

static chaos_status fetch(judge *x, const char *name, chaos_buffer *bytes, chaos_error *err)
{
    char uri[256];
    bool committed;
    CHAOS_TRY(chaos_content_named_uri(x->w.content, name, uri, sizeof uri, err));
    return chaos_content_get(x->w.content, uri, bytes, &committed, err);
}

static chaos_slice answer_of(const judge *x)
{
    return slice(x->answer.envelope.data, x->answer.envelope.size);
}

static chaos_status check_answer(judge *x, outcome *out, chaos_error *err)
{
    chaos_expectation e;
    CHAOS_TRY(expect(x, answer_of(x), &e, err));
    return check(x, &x->b, answer_of(x), &e, NULL, out, err);
}

/* Another envelope in the place of Alice's answer. */
static chaos_status other_envelope(judge *x, const attack *a, outcome *control, outcome *attacked, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    chaos_expectation e;
    char name[64];
    (void)snprintf(name, sizeof name, "attack-%s.json", a->name);
    CHAOS_TRY(check_answer(x, control, err));
    CHAOS_TRY(fetch(x, name, &bytes, err));
    CHAOS_TRY(expect(x, slice(bytes.data, bytes.size), &e, err));
    return check(x, &x->b, slice(bytes.data, bytes.size), &e, a, attacked, err);
}

/* Alice's own answer, to a question that Bob asks now. */
static chaos_status other_request(judge *x, const attack *a, outcome *control, outcome *attacked, chaos_error *err)
{
    chaos_expectation e;
    CHAOS_TRY(check_answer(x, control, err));
    CHAOS_TRY(expect(x, answer_of(x), &e, err));
    random_bytes(e.subject.bytes, sizeof e.subject.bytes);
    return check(x, &x->b, answer_of(x), &e, a, attacked, err);
}

/* Alice's answer to Bob's nonce, and the same for another nonce of his. */
static chaos_status other_nonce(judge *x, const attack *a, outcome *control, outcome *attacked, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    chaos_expectation e = CHAOS_EXPECTATION_INIT;
    char nonce[65];
    CHAOS_TRY(state_secret(x->w.s, "bob.nonce", nonce, err));
    CHAOS_TRY(fetch(x, "challenge-answer.json", &bytes, err));
    e.has_agent = e.has_identity_key = e.has_nonce = true;
    e.chain_id = chaos_u256_from(x->w.network.chain_id);
    e.identity_registry = chaos_registries_address(x->w.registries, CHAOS_REGISTRY_IDENTITY);
    e.agent_id = x->answer.agent_id;
    e.identity_key = x->wallet;
    if (!value_hex(nonce, e.nonce.bytes, sizeof e.nonce.bytes)) {
        return error_set(err, CHAOS_E_STORE, "bob.nonce", CHAOS_NO_OFFSET, "it is damaged");
    }
    CHAOS_TRY(check(x, &x->b, slice(bytes.data, bytes.size), &e, NULL, control, err));
    random_bytes(e.nonce.bytes, sizeof e.nonce.bytes);
    return check(x, &x->b, slice(bytes.data, bytes.size), &e, a, attacked, err);
}

/* -------------------------------------------------------- the forged agent ---- */

static chaos_status folder_file(const judge *x, const char *folder, const char *name, char path[PATH_MAX],
                                chaos_error *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s/%s", x->w.s->evidence_path, folder, name);
    return n > 0 && n < PATH_MAX ? CHAOS_OK : error_set(err, CHAOS_E_LIMIT, "path", CHAOS_NO_OFFSET, NULL);
}

/* Everything about a forged agent is the forge's: its root, collateral, policy, agent and nonce. */
static chaos_status check_forged(judge *x, const char *folder, const attack *a, outcome *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO(chaos_evidence, evidence);
    chaos_expectation e = CHAOS_EXPECTATION_INIT;
    chaos_binding bound;
    beliefs b;
    char root[PATH_MAX], collateral[PATH_MAX], policy[PATH_MAX], envelope[PATH_MAX];
    CHAOS_TRY(folder_file(x, folder, "trust-root.der", root, err));
    CHAOS_TRY(folder_file(x, folder, "collateral.json", collateral, err));
    CHAOS_TRY(folder_file(x, folder, "policy.json", policy, err));
    CHAOS_TRY(folder_file(x, folder, "envelope.json", envelope, err));
    CHAOS_TRY(input_read("envelope", envelope, CHAOS_MAX_ENVELOPE - 1, &bytes, err));
    CHAOS_TRY(chaos_envelope_parse(slice(bytes.data, bytes.size), &evidence, err));
    if (!chaos_evidence_binding(evidence, &bound)) {
        return error_set(err, CHAOS_E_BINDING_FORMAT, "binding", CHAOS_NO_OFFSET, NULL);
    }
    e.has_agent = e.has_identity_key = e.has_nonce = true;
    e.chain_id = bound.chain_id;
    e.identity_registry = bound.identity_registry;
    e.agent_id = bound.agent_id;
    e.identity_key = bound.identity_key;
    e.nonce = bound.nonce;
    chaos_status status = beliefs_read(root, collateral, policy, &b, err);
    if (status == CHAOS_OK) {
        status = check(x, &b, slice(bytes.data, bytes.size), &e, a, out, err);
    }
    beliefs_free(&b);
    return status;
}

static chaos_status forged(judge *x, const attack *a, outcome *control, outcome *attacked, chaos_error *err)
{
    CHAOS_TRY(check_forged(x, "attack-debug-control", NULL, control, err));
    return check_forged(x, "attack-debug-td", a, attacked, err);
}

/* ---------------------------------------------------------------- bundle ---- */

static chaos_status verify_bundle(const judge *x, const char *folder, bool for_people, chaos_buffer *said, int *code,
                                  chaos_error *err)
{
    const settings *s = x->w.s;
    char log[PATH_MAX];
    CHAOS_TRY(state_path(s, "verify-bundle.log", log, err));
    const char *argv[16] = { "chaoschain-verify", "verify-bundle", "--json" };
    size_t n = for_people ? 2 : 3;
    const char *const given[][2] = { { "--trust-root", s->trust_root },
                                     { "--collateral", s->collateral },
                                     { "--policy", s->policy } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(given); i++) {
        if (given[i][1] != NULL) {
            argv[n++] = given[i][0];
            argv[n++] = given[i][1];
        }
    }
    argv[n] = folder;
    return run_beside(argv, log, said, code, err);
}

/* The verdict of the separate program; offline a bundle that is right is WARNING. */
static chaos_status check_bundle(judge *x, const char *name, const attack *a, outcome *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(said, CHAOS_MAX_VERDICT + 1);
    CHAOS_AUTO_BUFFER(text_form, CHAOS_MAX_VERDICT + 1);
    char folder[PATH_MAX], member[80], path[PATH_MAX], file[64];
    int code = 0, ignored = 0;
    CHAOS_TRY(folder_file(x, name, "", folder, err));
    CHAOS_TRY(verify_bundle(x, folder, false, &said, &code, err));
    const char *text = said.size == 0 ? "" : (const char *)said.data;
    (void)snprintf(member, sizeof member, "\"error\":{\"code\":\"%s\"", chaos_status_name(CHAOS_E_RECEIPT_SEQUENCE));
    out->simulated = strstr(text, "\"anchor\":\"simulated\"") != NULL;
    if (a != NULL) {
        (void)snprintf(file, sizeof file, "attack-%s.txt", a->name);
        CHAOS_TRY(state_path(x->w.s, file, path, err));
        CHAOS_TRY(verify_bundle(x, folder, true, &text_form, &ignored, err));
        CHAOS_TRY(write_text(path, slice(text_form.data, text_form.size), err));
        out->tier = code == EXIT_UNTRUSTED || code == EXIT_CONTRAINDICATED ? CHAOS_TIER_CONTRAINDICATED
                                                                           : CHAOS_TIER_NONE;
        out->status = strstr(text, member) != NULL ? CHAOS_E_RECEIPT_SEQUENCE : CHAOS_E_INTERNAL;
        return CHAOS_OK;
    }
    const bool good = code == EXIT_WARNING && strstr(text, "\"error\":null") != NULL;
    out->tier = good ? CHAOS_TIER_WARNING : CHAOS_TIER_NONE; /* the best that can be said offline */
    out->accepted = good;
    out->status = good ? CHAOS_OK : CHAOS_E_INTERNAL;
    return CHAOS_OK;
}

static chaos_status other_order(judge *x, const attack *a, outcome *control, outcome *attacked, chaos_error *err)
{
    char id[CHAOS_U256_TEXT_SIZE], name[96];
    chaos_u256_format(&x->answer.agent_id, id);
    (void)snprintf(name, sizeof name, "bundle-%s", id);
    CHAOS_TRY(check_bundle(x, name, NULL, control, err));
    return check_bundle(x, "attack-reordered-receipt", a, attacked, err);
}

/* ------------------------------------------------------------------ part ---- */

static const struct {
    const char *name, *id;
    chaos_status (*run)(judge *, const attack *, outcome *, outcome *, chaos_error *);
} judgements[ATTACK_COUNT] = {
    { "tampered-quote", "attack-tampered-quote", other_envelope },
    { "other-agent", "attack-other-agent", other_envelope },
    { "replayed-nonce", "attack-replayed-nonce", other_nonce },
    { "replayed-answer", "attack-replayed-answer", other_request },
    { "debug-td", "attack-debug-td", forged },
    { "old-code", "attack-old-code", other_envelope },
    { "reordered-receipt", "attack-reordered-receipt", other_order },
};

/* Why no older code can have Alice's key: NULL if it can. What is in her evidence says where her key comes from. */
static const char *no_old_code(const judge *x)
{
    if (x->w.s->old_endpoint != NULL) {
        return NULL;
    }
    return strstr((const char *)x->answer.envelope.data, "dstack-kms-chain") == NULL
               ? "no KMS: the identity key is in the guest's memory, other code has another"
               : "needs a simulator of our own";
}

static int judge_one(judge *x, report *r, size_t i)
{
    const attack *a = attack_find(judgements[i].name);
    chaos_error err = { 0 };
    outcome control = { .tier = CHAOS_TIER_NONE }, attacked = { .tier = CHAOS_TIER_NONE };
    const char *skipped = strcmp(a->name, "old-code") == 0 ? no_old_code(x) : NULL;
    if (skipped != NULL) {
        step_skip(r, judgements[i].id, skipped, "refused: %s", a->title);
        return 0;
    }
    step_begin(r, judgements[i].id, a->title);
    if (judgements[i].run(x, a, &control, &attacked, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    return compare(r, a, &control, &attacked);
}

static int open_judge(judge *x, const settings *s, report *r)
{
    chaos_error err = { 0 };
    r->now.id = "attacks";
    if (beliefs_read(s->trust_root, s->collateral, s->policy, &x->b, &err) != CHAOS_OK ||
        world_open(&x->w, s, r, "bob", &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    x->self = chaos_account_address(x->w.account);
    if (find_answer(&x->w, &x->self, &x->answer, &err) != CHAOS_OK ||
        chaos_agent_wallet(x->w.registries, &x->answer.agent_id, NULL, &x->wallet, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    return 0;
}

int play_bob_attacks(const settings *s, report *r)
{
    judge x = { .answer = ANSWERED_INIT };
    int code = open_judge(&x, s, r);
    int worst = code;
    for (size_t i = 0; code == 0 && i < ATTACK_COUNT; i++) {
        if (attack_is_wanted(s, attack_find(judgements[i].name))) {
            int one = judge_one(&x, r, i); /* one that is not refused does not hide the others */
            worst = worst == 0 ? one : worst;
        }
    }
    chaos_buffer_free(&x.answer.envelope);
    beliefs_free(&x.b);
    world_close(&x.w);
    return worst;
}
