/* charlie.c - the client: does Alice's work again, rates her by what the chain says of her evidence, and reads what the
 * chain makes of all ratings: TEE, simulated, without. */
#include "studio.h"

#define PERFECT 100
#define MAX_OUTPUT 4096u

typedef struct charlie {
    world w;
    chaos_u256 alice, bob_agent;
    chaos_address bob;
    char output_uri[CHAOS_CONTENT_URI_SIZE];
    chaos_backing backing; /* that Alice's feedback must have */
} charlie;

static int step_register(charlie *x, report *r)
{
    chaos_error err = { 0 };
    chaos_u256 id;
    chaos_keccak tx = { { 0 } };
    char number[CHAOS_U256_TEXT_SIZE];
    step_begin(r, "charlie-register", "registering Charlie");
    if (register_plain(&x->w, "Charlie", "Wants a winter jacket.", "studio/charlie/register", &id, &tx, &err) !=
        CHAOS_OK) {
        return step_fail(r, &err);
    }
    chaos_u256_format(&id, number);
    step_row(r, "agent id", "%s", number);
    step_transaction(r, x->w.rpc, &tx);
    step_end(r, STEP_PASS, "Charlie is an agent without a TEE");
    return 0;
}

/* ---------------------------------------------------------------- answer ---- */

/* The trusted validator's newest answer about Alice, by the chain. */
static chaos_status read_answer(charlie *x, bool *found, chaos_error *err)
{
    chaos_hash_list *list = NULL;
    *found = false;
    CHAOS_TRY(chaos_validation_of_agent(x->w.registries, &x->alice, NULL, &list, err));
    chaos_status status = CHAOS_OK;
    for (size_t i = chaos_hash_list_count(list); status == CHAOS_OK && !*found && i-- > 0;) {
        CHAOS_AUTO_BUFFER(tag, 256);
        chaos_validation v;
        status = chaos_validation_status(x->w.registries, chaos_hash_list_at(list, i), NULL, &v, &tag, err);
        if (status != CHAOS_OK || !v.is_answered ||
            memcmp(v.validator.bytes, x->bob.bytes, sizeof x->bob.bytes) != 0) {
            continue;
        }
        *found = true;
        const chaos_slice said = slice(tag.data, tag.size);
        x->backing = v.response != PERFECT                                ? CHAOS_BACKING_NONE
                     : slice_equal(said, slice_text(CHAOS_TAG_VENDOR))    ? CHAOS_BACKING_TEE
                     : slice_equal(said, slice_text(CHAOS_TAG_SIMULATED)) ? CHAOS_BACKING_SIMULATED
                                                                          : CHAOS_BACKING_NONE;
    }
    chaos_hash_list_free(list);
    return status;
}

static chaos_status wait_for_answer(charlie *x, chaos_error *err)
{
    const settings *s = x->w.s;
    const bool none = (s->tee_provider != NULL && !has_tee(s)) ||
                      !chaos_registries_has(x->w.registries, CHAOS_REGISTRY_VALIDATION);
    const int64_t deadline = now_ms() + (int64_t)s->wait_s * 1000;
    bool found = false;
    x->backing = CHAOS_BACKING_NONE;
    if (none) {
        return CHAOS_OK;
    }
    for (;;) {
        CHAOS_TRY(read_answer(x, &found, err));
        if (found) {
            return CHAOS_OK;
        }
        if (now_ms() >= deadline) {
            return error_set(err, CHAOS_E_TIMEOUT, "answer", CHAOS_NO_OFFSET, "Bob did not answer within %u s",
                             s->wait_s);
        }
        pause_ms(100);
    }
}

/* -------------------------------------------------------------- feedback ---- */

/* The work is deterministic: the same wish must lead to the same cart. */
static chaos_status rate(charlie *x, int64_t *value, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(cart, MAX_OUTPUT);
    shopping again;
    bool committed;
    CHAOS_TRY(chaos_content_get(x->w.content, x->output_uri, &cart, &committed, err));
    const bool same = shop(x->w.s->seed == NULL ? PROGRAM : x->w.s->seed, &again) &&
                      slice_equal(slice(cart.data, cart.size), slice_text(again.cart));
    *value = same ? PERFECT : 0;
    return CHAOS_OK;
}

static chaos_status give(charlie *x, const char *intent, const chaos_u256 *agent, int64_t value, const char *tag1,
                         const char *tag2, chaos_outcome *outcome, chaos_error *err)
{
    chaos_feedback_draft draft = { .value = chaos_int128_from(value), .tag1 = tag1, .tag2 = tag2 };
    return chaos_feedback_give(x->w.registries, x->w.sender, intent, agent, &draft, NULL, outcome, err);
}

static const char *tag_of(chaos_backing backing)
{
    return backing == CHAOS_BACKING_TEE         ? "tee-verified"
           : backing == CHAOS_BACKING_SIMULATED ? "tee-simulated"
                                                : "no-tee";
}

static step_status status_of(const charlie *x)
{
    return x->backing == CHAOS_BACKING_SIMULATED ? STEP_SIMULATED : STEP_PASS;
}

static int step_feedback(charlie *x, report *r)
{
    chaos_error err = { 0 };
    chaos_outcome outcome = { 0 };
    int64_t value = 0;
    step_begin(r, "charlie-feedback", "waiting for Bob's answer, and rating Alice");
    if (read_alice(&x->w, &x->alice, x->output_uri, &err) != CHAOS_OK ||
        read_validator(&x->w, &x->bob, &err) != CHAOS_OK || wait_for_answer(x, &err) != CHAOS_OK ||
        rate(x, &value, &err) != CHAOS_OK ||
        give(x, "studio/charlie/feedback/alice", &x->alice, value, tag_of(x->backing), SERVICE, &outcome, &err) !=
            CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_row(r, "feedback", "%lld, %s, %s", (long long)value, tag_of(x->backing), SERVICE);
    step_transaction(r, x->w.rpc, &outcome.transaction_hash);
    if (value != PERFECT) {
        return step_fail_text(r, "the same wish leads to another cart");
    }
    step_end(r, status_of(x), "Charlie does the work again, finds it the same, and rates Alice");
    return 0;
}

static int step_feedback_bob(charlie *x, report *r)
{
    chaos_error err = { 0 };
    chaos_outcome outcome = { 0 };
    char text[NOTE_SIZE];
    step_begin(r, "charlie-feedback-bob", "rating Bob");
    if (note_wait(&x->w, "bob-agent", text, &err) != CHAOS_OK ||
        chaos_u256_parse(text, &x->bob_agent, &err) != CHAOS_OK ||
        give(x, "studio/charlie/feedback/bob", &x->bob_agent, PERFECT, "no-tee", "validation", &outcome, &err) !=
            CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_row(r, "feedback", "%d, no-tee, validation", PERFECT);
    step_transaction(r, x->w.rpc, &outcome.transaction_hash);
    step_end(r, STEP_PASS, "Charlie rates Bob, who has no TEE");
    return 0;
}

/* ------------------------------------------------------------ reputation ---- */

static chaos_status read_split(charlie *x, const chaos_u256 *agent, uint64_t counts[CHAOS_BACKING_COUNT],
                               chaos_error *err)
{
    chaos_reputation_options question = CHAOS_REPUTATION_OPTIONS_INIT;
    chaos_reputation *reputation = NULL;
    const chaos_address self = chaos_account_address(x->w.account);
    chaos_block head;
    CHAOS_TRY(chaos_rpc_block(x->w.rpc, NULL, &head, err));
    question.registries = x->w.registries;
    question.agent_id = *agent;
    question.validators = &x->bob;
    question.validator_count = 1;
    question.clients = &self;
    question.client_count = 1;
    question.first_block = head.number > RECENT_BLOCKS ? head.number - RECENT_BLOCKS : 0;
    CHAOS_TRY(chaos_reputation_read(&question, &reputation, err));
    chaos_status status = CHAOS_OK;
    for (int i = 0; status == CHAOS_OK && i < CHAOS_BACKING_COUNT; i++) {
        chaos_feedback_summary summary = { 0 };
        status = chaos_reputation_summary(reputation, (chaos_backing)i, &summary, err);
        counts[i] = summary.count;
    }
    chaos_reputation_free(reputation);
    return status;
}

static void split_row(report *r, const char *name, const uint64_t counts[CHAOS_BACKING_COUNT])
{
    step_row(r, name, "TEE %llu, simulated %llu, without TEE %llu", (unsigned long long)counts[CHAOS_BACKING_TEE],
             (unsigned long long)counts[CHAOS_BACKING_SIMULATED], (unsigned long long)counts[CHAOS_BACKING_NONE]);
}

static int step_reputation(charlie *x, report *r)
{
    chaos_error err = { 0 };
    uint64_t alice[CHAOS_BACKING_COUNT] = { 0 }, bob[CHAOS_BACKING_COUNT] = { 0 };
    if (!chaos_registries_has(x->w.registries, CHAOS_REGISTRY_VALIDATION)) {
        step_skip(r, "charlie-reputation", "this network has no validation registry",
                  "the split, read from the chain");
        return 0;
    }
    step_begin(r, "charlie-reputation", "reading the split from the chain");
    if (read_split(x, &x->alice, alice, &err) != CHAOS_OK || read_split(x, &x->bob_agent, bob, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    split_row(r, "Alice", alice);
    split_row(r, "Bob", bob);
    if (alice[x->backing] != 1 || bob[CHAOS_BACKING_NONE] != 1) {
        return step_fail_text(r, "the chain does not count the feedback as it was given");
    }
    step_end(r, status_of(x), "the chain tells feedback by TEE from simulated and from none");
    return 0;
}

int play_charlie(const settings *s, report *r)
{
    static int (*const steps[])(charlie *, report *) = {
        step_register,
        step_feedback,
        step_feedback_bob,
        step_reputation,
    };
    charlie x = { .backing = CHAOS_BACKING_NONE };
    chaos_error err = { 0 };
    r->now.id = "charlie-start";
    int code = world_open(&x.w, s, r, "charlie", &err) == CHAOS_OK ? 0 : step_fail(r, &err);
    for (size_t i = 0; code == 0 && i < CHAOS_ARRAY_SIZE(steps); i++) {
        code = steps[i](&x, r);
    }
    world_close(&x.w);
    return code;
}
