/* test_reputation.c - which feedback counts as given to an agent in a TEE, by the logs of a real chain. Each reason why
 * it does not stands beside the same feedback where it does. */
#include "tests/life/forged_world.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static forged_world w;
static chaos_account *carol, *dave;
static chaos_sender *carol_sender, *dave_sender;
static char carol_journal[160], dave_journal[160];

static int begin(void **state)
{
    (void)state;
    world_begin(&w);
    carol = chain_account();
    dave = chain_account();
    chain_give(&w.c, carol, "0x56bc75e2d63100000");
    chain_give(&w.c, dave, "0x56bc75e2d63100000");
    (void)snprintf(carol_journal, sizeof carol_journal, "%s-carol", w.journal); /* world_end removes what begins so */
    (void)snprintf(dave_journal, sizeof dave_journal, "%s-dave", w.journal);
    carol_sender = world_sender(&w, carol, carol_journal);
    dave_sender = world_sender(&w, dave, dave_journal);
    return 0;
}

static int end(void **state)
{
    (void)state;
    chaos_sender_free(carol_sender);
    chaos_sender_free(dave_sender);
    chaos_account_free(carol);
    chaos_account_free(dave);
    world_end(&w);
    return 0;
}

/* --------------------------------------------------------------------- moments ---- */

static void set_expires(const chaos_u256 *id, int64_t seconds)
{
    uint8_t value[8];

    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)((uint64_t)seconds >> (56 - 8 * i));
    }
    world_metadata(&w, id, "tee.expires", slice(value, sizeof value));
}

/* An agent that claims a TEE, as it should. */
static chaos_u256 new_agent(void)
{
    const chaos_address key = world_address(w.wallet);
    const chaos_u256 id = world_agent(&w, w.wallet, &key);

    set_expires(&id, world_head(&w).timestamp + 90 * 86400);
    return id;
}

static void vouch(const chaos_u256 *id, const chaos_account *who, chaos_sender *sender, uint8_t response,
                  const char *tag)
{
    const chaos_address validator = world_address(who);
    chaos_keccak request = { { 0 } };
    chaos_error err;

    (void)snprintf((char *)request.bytes, sizeof request.bytes, "%s", world_name(&w, "request"));
    OK(chaos_validation_request(w.registries, w.c.sender, world_name(&w, "ask"), &validator, id, "", &request, NULL,
                                &err));
    OK(chaos_validation_respond(w.registries, sender, world_name(&w, "respond"), &request, response, "", &request, tag,
                                NULL, &err));
}

static void bob_vouches(const chaos_u256 *id)
{
    vouch(id, w.bob, w.bob_sender, 100, CHAOS_TAG_VENDOR);
}

static uint64_t rate(const chaos_u256 *id, chaos_outcome *outcome)
{
    const chaos_feedback_draft draft = { .value = { .low = 80 }, .tag1 = "tee-verified", .tag2 = "shop" };
    uint64_t index;
    chaos_error err;

    OK(chaos_feedback_give(w.registries, dave_sender, world_name(&w, "feedback"), id, &draft, &index, outcome, &err));
    return index;
}

static chaos_reputation_options options_for(const chaos_u256 *id)
{
    static chaos_address validators[2];
    chaos_reputation_options options = CHAOS_REPUTATION_OPTIONS_INIT;

    validators[0] = world_address(w.bob);
    validators[1] = world_address(carol);
    options.registries = w.registries;
    options.agent_id = *id;
    options.validators = validators;
    options.validator_count = 2;
    return options;
}

/* What the newest feedback counts as. */
static void expect_with(const chaos_reputation_options *options, chaos_backing backing, const char *why)
{
    chaos_reputation *reputation = NULL;
    const chaos_reputation_row *row;
    chaos_error err;

    OK(chaos_reputation_read(options, &reputation, &err));
    assert_true(chaos_reputation_row_count(reputation) > 0);
    row = chaos_reputation_row_at(reputation, chaos_reputation_row_count(reputation) - 1);
    if (row->backing != backing || strstr(row->why, why) == NULL) {
        fail_msg("wanted %s (%s), came %s (%s)", chaos_backing_name(backing), why, chaos_backing_name(row->backing),
                 row->why);
    }
    chaos_reputation_free(reputation);
}

static void expect(const chaos_u256 *id, chaos_backing backing, const char *why)
{
    const chaos_reputation_options options = options_for(id);

    (void)rate(id, NULL);
    expect_with(&options, backing, why);
}

static void later(unsigned seconds)
{
    char params[32];

    (void)snprintf(params, sizeof params, "[%u]", seconds);
    chain_do(&w.c, "evm_increaseTime", params);
    chain_do(&w.c, "evm_mine", "[]");
}

/* ------------------------------------------------------------------------ tests ---- */

static void test_totals(void **state)
{
    CHAOS_AUTO_BUFFER(text, 1u << 20);
    const chaos_u256 id = new_agent();
    chaos_reputation_options options = options_for(&id);
    const chaos_address nobody = { { 9 } };
    chaos_reputation *reputation = NULL;
    chaos_feedback_summary summary;
    uint64_t revoked;
    chaos_error err;

    (void)state;
    (void)rate(&id, NULL); /* before anybody vouched */
    vouch(&id, carol, carol_sender, 100, CHAOS_TAG_SIMULATED);
    (void)rate(&id, NULL);
    (void)rate(&id, NULL);
    bob_vouches(&id);
    (void)rate(&id, NULL);
    revoked = rate(&id, NULL);
    OK(chaos_feedback_revoke(w.registries, dave_sender, world_name(&w, "revoke"), &id, revoked, NULL, &err));
    OK(chaos_reputation_read(&options, &reputation, &err));
    assert_int_equal(chaos_reputation_row_count(reputation), 5);
    assert_true(chaos_reputation_row_at(reputation, 4)->is_revoked);
    OK(chaos_reputation_summary(reputation, CHAOS_BACKING_NONE, &summary, &err));
    assert_int_equal(summary.count, 1);
    OK(chaos_reputation_summary(reputation, CHAOS_BACKING_SIMULATED, &summary, &err));
    assert_int_equal(summary.count, 2);
    OK(chaos_reputation_summary(reputation, CHAOS_BACKING_TEE, &summary, &err));
    assert_int_equal(summary.count, 1); /* the revoked one counts nowhere */
    OK(chaos_reputation_write_json(reputation, &text, &err));
    assert_non_null(strstr((const char *)text.data, "\"tee\":{\"count\":1,\"mean\":\"80\"}"));
    chaos_reputation_free(reputation);

    options.clients = &nobody; /* whose feedback counts is the caller's to say */
    options.client_count = 1;
    OK(chaos_reputation_read(&options, &reputation, &err));
    assert_int_equal(chaos_reputation_row_count(reputation), 0);
    chaos_reputation_free(reputation);
}

static void test_unlisted_validator(void **state)
{
    const chaos_u256 id = new_agent();
    chaos_reputation_options options = options_for(&id);

    (void)state;
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    options.validators++; /* Carol alone */
    options.validator_count = 1;
    expect_with(&options, CHAOS_BACKING_NONE, "no listed validator");
    options.validator_count = 0;
    expect_with(&options, CHAOS_BACKING_NONE, "no listed validator");
}

static void test_custom_never_counts(void **state)
{
    const chaos_u256 id = new_agent();

    (void)state;
    vouch(&id, w.bob, w.bob_sender, 100, CHAOS_TAG_CUSTOM);
    expect(&id, CHAOS_BACKING_NONE, "no listed validator");
}

static void test_wallet_is_not_the_key(void **state)
{
    chaos_account *other = chain_account();
    const chaos_address key = world_address(w.wallet);
    const chaos_u256 id = world_agent(&w, other, &key);

    (void)state;
    set_expires(&id, world_head(&w).timestamp + 86400);
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_NONE, "agentWallet was not the TEE's key");
    chaos_account_free(other);
}

static void test_no_key_no_expiry(void **state)
{
    const chaos_address key = world_address(w.wallet);
    const chaos_u256 id = world_agent(&w, w.wallet, NULL);

    (void)state;
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_NONE, "claimed no TEE key");
    world_metadata(&w, &id, "tee.key", slice(key.bytes, sizeof key.bytes));
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_NONE, "expired");
    set_expires(&id, world_head(&w).timestamp + 86400);
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
}

static void test_expired(void **state)
{
    const chaos_u256 id = new_agent();

    (void)state;
    set_expires(&id, world_head(&w).timestamp + 1000);
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    later(1000);
    expect(&id, CHAOS_BACKING_NONE, "expired");
}

static void test_answer_too_old(void **state)
{
    const chaos_u256 id = new_agent();
    chaos_reputation_options options = options_for(&id);

    (void)state;
    bob_vouches(&id);
    later(5000);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    options.max_age_s = 5000;
    expect_with(&options, CHAOS_BACKING_NONE, "no listed validator");
    later(30 * 86400); /* the default */
    set_expires(&id, world_head(&w).timestamp + 86400);
    expect(&id, CHAOS_BACKING_NONE, "no listed validator");
}

static void test_changes_void_answers(void **state)
{
    static const char *const keys[] = { "tee.measurement", "tee.evidenceHash", "tee.binding", "tee.anything" };
    const chaos_u256 id = new_agent();

    (void)state;
    bob_vouches(&id);
    world_metadata(&w, &id, CHAOS_TEE_HEAD_KEY, slice_text("0123456789012345678901234567890123456789"));
    world_metadata(&w, &id, CHAOS_TEE_ANSWER_KEY, slice_text("anything"));
    world_metadata(&w, &id, "shop", slice_text("open"));
    expect(&id, CHAOS_BACKING_TEE, "answered 100"); /* these three change nothing */
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        world_metadata(&w, &id, keys[i], slice_text("another value"));
        expect(&id, CHAOS_BACKING_NONE, "as it stood then");
        bob_vouches(&id);
        expect(&id, CHAOS_BACKING_TEE, "answered 100");
    }
}

static void test_answers_below_100(void **state)
{
    const chaos_u256 id = new_agent();

    (void)state;
    vouch(&id, w.bob, w.bob_sender, 50, CHAOS_TAG_VENDOR);
    expect(&id, CHAOS_BACKING_NONE, "latest answer is 50");
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    vouch(&id, carol, carol_sender, 0, CHAOS_TAG_VENDOR); /* one of two says no */
    expect(&id, CHAOS_BACKING_NONE, "latest answer is 0");
    vouch(&id, carol, carol_sender, 100, CHAOS_TAG_VENDOR);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    vouch(&id, w.bob, w.bob_sender, 99, CHAOS_TAG_VENDOR); /* the latest of each */
    expect(&id, CHAOS_BACKING_NONE, "latest answer is 99");
}

/* A validator that got the agent's token. */
static void test_owner_vouches(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_address bob = world_address(w.bob);
    chaos_reputation_options options = options_for(&id);
    chaos_error err;

    (void)state;
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    OK(chaos_agent_transfer(w.registries, w.c.sender, world_name(&w, "transfer"), &id, &bob, CHAOS_TRANSFER_PLAIN,
                            slice("", 0), NULL, &err));
    (void)rate(&id, NULL);
    expect_with(&options, CHAOS_BACKING_NONE, "agentWallet was not"); /* a Transfer clears it */
    OK(chaos_agent_adopt_wallet(w.registries, w.bob_sender, world_name(&w, "adopt"), &id, w.wallet, NULL, &err));
    (void)rate(&id, NULL);
    expect_with(&options, CHAOS_BACKING_NONE, "owner or operator alone");
}

static void test_operator_vouches(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_address bob = world_address(w.bob);
    chaos_error err;

    (void)state;
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    OK(chaos_agent_set_operator(w.registries, w.c.sender, world_name(&w, "operator"), &bob, true, NULL, &err));
    expect(&id, CHAOS_BACKING_NONE, "owner or operator alone");
    vouch(&id, carol, carol_sender, 100, CHAOS_TAG_VENDOR); /* the other one is nobody's */
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
    OK(chaos_agent_set_operator(w.registries, w.c.sender, world_name(&w, "operator"), &bob, false, NULL, &err));
}

/* What an operator said does not count either when it is no operator any more. */
static void test_operator_vouched(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_address bob = world_address(w.bob);
    chaos_error err;

    (void)state;
    OK(chaos_agent_set_operator(w.registries, w.c.sender, world_name(&w, "operator"), &bob, true, NULL, &err));
    bob_vouches(&id);
    OK(chaos_agent_set_operator(w.registries, w.c.sender, world_name(&w, "operator"), &bob, false, NULL, &err));
    expect(&id, CHAOS_BACKING_NONE, "owner or operator alone");
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
}

static void test_approved_vouches(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_u256 other = new_agent();
    const chaos_address bob = world_address(w.bob);
    const chaos_address nobody = { { 0 } };
    chaos_error err;

    (void)state;
    bob_vouches(&id);
    bob_vouches(&other);
    OK(chaos_agent_approve(w.registries, w.c.sender, world_name(&w, "approve"), &id, &bob, NULL, &err));
    expect(&id, CHAOS_BACKING_NONE, "owner or operator alone");
    expect(&other, CHAOS_BACKING_TEE, "answered 100"); /* approved for one agent alone */
    OK(chaos_agent_approve(w.registries, w.c.sender, world_name(&w, "approve"), &id, &nobody, NULL, &err));
    expect(&id, CHAOS_BACKING_TEE, "answered 100");
}

/* An operator of somebody who owns the agent only later: known from before. */
static void test_operator_of_next_owner(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_address bob = world_address(w.bob);
    const chaos_address next = world_address(carol);
    chaos_reputation_options options = options_for(&id);
    chaos_error err;

    (void)state;
    OK(chaos_agent_set_operator(w.registries, carol_sender, world_name(&w, "operator"), &bob, true, NULL, &err));
    bob_vouches(&id);
    expect(&id, CHAOS_BACKING_TEE, "answered 100"); /* Carol is nobody to this agent yet */
    OK(chaos_agent_transfer(w.registries, w.c.sender, world_name(&w, "transfer"), &id, &next, CHAOS_TRANSFER_PLAIN,
                            slice("", 0), NULL, &err));
    OK(chaos_agent_adopt_wallet(w.registries, carol_sender, world_name(&w, "adopt"), &id, w.wallet, NULL, &err));
    (void)rate(&id, NULL);
    expect_with(&options, CHAOS_BACKING_NONE, "owner or operator alone");
    OK(chaos_agent_set_operator(w.registries, carol_sender, world_name(&w, "operator"), &bob, false, NULL, &err));
    (void)rate(&id, NULL);
    expect_with(&options, CHAOS_BACKING_NONE, "as it stood then"); /* the answer is from before the Transfer */
}

/* ------------------------------------------------------------------ in one block ---- */

typedef struct task {
    const chaos_u256 *id;
    bool rates;
    chaos_outcome outcome;
    char name[64];
    chaos_status status;
} task;

static void *run_task(void *context)
{
    task *t = context;
    const chaos_feedback_draft draft = { .value = { .low = 1 } };
    chaos_error err;

    t->status = t->rates
                    ? chaos_feedback_give(w.registries, dave_sender, t->name, t->id, &draft, NULL, &t->outcome, &err)
                    : chaos_agent_set_metadata(w.registries, w.c.sender, t->name, t->id, "tee.measurement",
                                               slice_text(t->name), &t->outcome, &err);
    return NULL;
}

static void wait_pending(unsigned wanted)
{
    CHAOS_AUTO_BUFFER(text, 4096);
    char part[32];
    chaos_error err;

    (void)snprintf(part, sizeof part, "\"pending\":\"0x%x\"", wanted);
    for (int i = 0; i < 500; i++) {
        text.size = 0;
        OK(chaos_rpc_request(w.c.rpc, "txpool_status", "[]", &text, &err));
        if (strstr((const char *)text.data, part) != NULL) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("%u transactions never came", wanted);
}

static void in_one_block(const chaos_u256 *id, bool rates_first)
{
    task tasks[2] = { { .id = id, .rates = rates_first }, { .id = id, .rates = !rates_first } };
    pthread_t threads[2];

    chain_do(&w.c, "evm_setAutomine", "[false]");
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(tasks[i].name, sizeof tasks[i].name, "%s", world_name(&w, "task"));
        assert_int_equal(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
        wait_pending(i + 1);
    }
    chain_do(&w.c, "evm_mine", "[]");
    chain_do(&w.c, "evm_setAutomine", "[true]");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(tasks[i].status, CHAOS_OK);
    }
    assert_true(tasks[0].outcome.block_number == tasks[1].outcome.block_number);
}

static void test_order_within_a_block(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_reputation_options options = options_for(&id);

    (void)state;
    bob_vouches(&id);
    in_one_block(&id, true);
    expect_with(&options, CHAOS_BACKING_TEE, "answered 100");
    bob_vouches(&id);
    in_one_block(&id, false);
    expect_with(&options, CHAOS_BACKING_NONE, "as it stood then");
}

/* ----------------------------------------------------------------- up to a block ---- */

static void test_up_to_a_block(void **state)
{
    const chaos_u256 id = new_agent();
    chaos_reputation_options options = options_for(&id);
    chaos_reputation *reputation = NULL;
    chaos_outcome first;
    chaos_error err;

    (void)state;
    bob_vouches(&id);
    (void)rate(&id, &first);
    vouch(&id, w.bob, w.bob_sender, 0, CHAOS_TAG_VENDOR);
    expect(&id, CHAOS_BACKING_NONE, "latest answer is 0");
    options.has_last_block = true;
    options.last_block = first.block_number;
    expect_with(&options, CHAOS_BACKING_TEE, "answered 100"); /* a later answer does not reach back */
    OK(chaos_reputation_read(&options, &reputation, &err));
    assert_int_equal(chaos_reputation_row_count(reputation), 1);
    assert_true(chaos_reputation_block(reputation) == first.block_number);
    chaos_reputation_free(reputation);
}

static void test_limits(void **state)
{
    static chaos_address many[65];
    const chaos_u256 id = w.id;
    chaos_reputation_options options = options_for(&id);
    chaos_reputation *reputation = NULL;
    chaos_error err;

    (void)state;
    options.validators = many;
    options.validator_count = 65;
    assert_int_equal(chaos_reputation_read(&options, &reputation, &err), CHAOS_E_USAGE);
    assert_null(reputation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_unlisted_validator),
        cmocka_unit_test(test_custom_never_counts),
        cmocka_unit_test(test_wallet_is_not_the_key),
        cmocka_unit_test(test_no_key_no_expiry),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_answer_too_old),
        cmocka_unit_test(test_changes_void_answers),
        cmocka_unit_test(test_answers_below_100),
        cmocka_unit_test(test_owner_vouches),
        cmocka_unit_test(test_operator_vouches),
        cmocka_unit_test(test_operator_vouched),
        cmocka_unit_test(test_approved_vouches),
        cmocka_unit_test(test_operator_of_next_owner),
        cmocka_unit_test(test_order_within_a_block),
        cmocka_unit_test(test_up_to_a_block),
        cmocka_unit_test(test_limits),
    };

    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
