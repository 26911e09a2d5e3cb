/* test_endpoint_asked.c - who asks an agent's endpoint: a validator, `chaoschain check --fresh`; and the agent's own calls
 * behind it. */
#include "tests/life/endpoint_world.h"

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

/* ---------------------------------------------------------------- asking side ---- */

static chaos_validator *open_validator(bool answers)
{
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;
    chaos_validator *v = NULL;
    chaos_error err;

    config.registries = w.registries;
    config.sender = answers ? w.bob_sender : NULL;
    config.store = answers ? w.bob_journal : NULL;
    config.content = w.content;
    config.trust = w.trust;
    config.policy = buffer_slice(&w.policy);
    config.collateral = buffer_slice(&w.collateral);
    OK(chaos_validator_open(&config, &v, &err));
    return v;
}

static void test_validator_asks(void **state)
{
    const chaos_keccak request = ask_bob(5);
    chaos_validator *v = open_validator(true);
    chaos_validation_result result = { 0 };
    chaos_tee_answer answer;
    chaos_error err;

    (void)state;
    OK(chaos_validator_validate(v, &request, (int64_t)time(NULL), &result, &err)); /* nobody is there yet */
    assert_int_equal(result.decision, CHAOS_DECISION_RETRY);
    assert_int_equal(result.reason.status, CHAOS_E_NETWORK);
    start();
    OK(chaos_validator_validate(v, &request, (int64_t)time(NULL), &result, &err));
    if (result.decision != CHAOS_DECISION_ANSWER) {
        fail_msg("%s: %s", chaos_status_name(result.reason.status), result.reason.text);
    }
    assert_int_equal(result.response, 100);
    assert_string_equal(result.tag, CHAOS_TAG_SIMULATED);
    chaos_verdict_free(result.verdict);
    chaos_validator_free(v);
    /* An answer over a nonce that nobody knew: there is no commitment to it. */
    assert_int_equal(chaos_tee_answer_read(w.registries, &w.id, NULL, &answer, &err), CHAOS_E_NOT_FOUND);
    stop();
}

static void test_check_asks(void **state)
{
    chaos_validator *v = open_validator(false);
    chaos_agent_report report = { .verdict = NULL };
    const chaos_u256 nonce = { { 0xab } };
    chaos_error err;

    (void)state;
    start_with("600", w.store);
    OK(chaos_validator_check_agent(v, &w.id, &nonce, (int64_t)time(NULL), &report, &err));
    if (report.verdict == NULL) {
        fail_msg("%s", report.fault.text);
    }
    assert_int_equal(chaos_verdict_tier(report.verdict), CHAOS_TIER_AFFIRMING);
    chaos_verdict_free(report.verdict);
    chain_do(&w.c, "anvil_mine", "[\"0x12c\",\"0x1\"]"); /* the evidence on chain is no more fresh */
    OK(chaos_validator_check_agent(v, &w.id, NULL, (int64_t)time(NULL), &report, &err));
    assert_int_equal(chaos_verdict_tier(report.verdict), CHAOS_TIER_WARNING);
    chaos_verdict_free(report.verdict);
    OK(chaos_validator_check_agent(v, &w.id, &nonce, (int64_t)time(NULL), &report, &err));
    assert_int_equal(chaos_verdict_tier(report.verdict), CHAOS_TIER_AFFIRMING);
    chaos_verdict_free(report.verdict);
    chaos_validator_free(v);
    stop();
}

static void run_check(int code, const char *said, const char *options)
{
    const char *held = getenv("CHAOS_SIMULATOR");
    char command[2048];
    int ended;

    (void)snprintf(command, sizeof command,
                   BUILD_ROOT "/bin/chaoschain-chain check %s --rpc %s --trust-root %s/trust-root.der --policy %s/policy.json "
                              "--collateral %s/collateral.json --content '%s' --json %s > '%s' 2>&1",
                   w.agent_name, rpc_proxy_url(w.c.proxy), held, held, held, w.folder, options, w.said);
    ended = system(command);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code || !has_said(said)) {
        show_said();
        fail_msg("wanted exit code %d and '%s', came %d", code, said, WEXITSTATUS(ended));
    }
}

static void test_check_command(void **state)
{
    (void)state;
    run_check(5, "\"code\":\"NETWORK\"", "--fresh --allow-local"); /* nobody is there */
    start();
    run_check(0, "\"name\":\"freshness\",\"result\":\"pass\"", "--fresh --allow-local");
    run_check(5, "\"verdict\":null", "--fresh"); /* http:// and this machine: only where it is said */
    stop();
}

/* --------------------------------------------------------------------- agent ---- */

static chaos_status open_answering(const chaos_u256 *id, const char *name, const char *kept_in, chaos_agent **agent,
                                   chaos_error *err)
{
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;

    config.name = name;
    config.network = "local";
    config.tee = w.tee;
    config.registries = w.registries;
    config.store = kept_in;
    config.has_agent_id = id != NULL;
    if (id != NULL) {
        config.agent_id = *id;
    }
    return chaos_agent_open(&config, agent, err);
}

/* An agent without a sender answers, and does nothing else. */
static void test_answering_agent(void **state)
{
    const chaos_u256 other = chaos_u256_from(777777);
    const chaos_u256 nonce = { { 1 } };
    const chaos_keccak request = ask_bob(6);
    const chaos_address bob = chaos_account_address(w.bob);
    chaos_evidence *evidence = NULL;
    chaos_agent *agent = NULL;
    chaos_act act = CHAOS_ACT_INIT;
    chaos_receipt receipt;
    chaos_keccak hash;
    chaos_u256 id;
    uint64_t count;
    chaos_error err;

    (void)state;
    assert_int_equal(open_answering(NULL, "Alice", NULL, &agent, &err), CHAOS_E_USAGE); /* which agent? */
    assert_int_equal(open_answering(&w.id, "Mallory", NULL, &agent, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "agent_id");
    assert_int_equal(open_answering(&other, "Alice", NULL, &agent, &err), CHAOS_E_USAGE);
    assert_int_equal(open_answering(&other, "Alice", w.store, &agent, &err), CHAOS_E_USAGE); /* the store knows better */
    assert_non_null(strstr(err.text, "in this store"));
    assert_null(agent);
    OK(open_answering(NULL, "Alice", w.store, &agent, &err)); /* the store says which */
    assert_true(chaos_agent_id(agent, &id));
    assert_memory_equal(id.bytes, w.id.bytes, sizeof id.bytes);
    chaos_agent_free(agent);
    agent = NULL;
    OK(open_answering(&w.id, "Alice", NULL, &agent, &err));
    OK(chaos_agent_attest(agent, &nonce, &evidence, &err));
    chaos_evidence_free(evidence);
    OK(chaos_agent_answer_request(agent, &request, &nonce, &evidence, &err));
    chaos_evidence_free(evidence);
    act.action_type = "chaoschain/demo";
    assert_int_equal(chaos_agent_act(agent, &act, &receipt, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_begin_session(agent, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_anchor(agent, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_renew_evidence(agent, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_receipt_count(agent, &count, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_register_identity(agent, NULL, &id, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_request_validation(agent, &bob, NULL, 0, 0, &hash, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_answer_request(agent, NULL, &nonce, &evidence, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_answer_request(agent, &request, NULL, &evidence, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_attest(agent, NULL, &evidence, &err), CHAOS_E_USAGE);
    hash = request;
    hash.bytes[0] ^= 1;
    assert_int_equal(chaos_agent_answer_request(agent, &hash, &nonce, &evidence, &err), CHAOS_E_NOT_FOUND);
    OK(chaos_agent_register(w.registries, w.c.sender, "somebody", NULL, NULL, 0, &id, NULL, &err));
    OK(chaos_validation_request(w.registries, w.c.sender, "about-somebody", &bob, &id, "", &hash, NULL, &err));
    assert_int_equal(chaos_agent_answer_request(agent, &hash, &nonce, &evidence, &err), CHAOS_E_NOT_FOUND);
    assert_string_equal(err.field, "request"); /* it is there, and about another */
    chaos_agent_free(agent);
}

static void expect_usage(const chaos_agent_config *config, chaos_status wanted, const char *said)
{
    chaos_agent *agent = NULL;
    chaos_error err;

    assert_int_equal(chaos_agent_open(config, &agent, &err), wanted);
    assert_null(agent);
    if (strstr(err.text, said) == NULL) {
        fail_msg("wanted '%s', came '%s'", said, err.text);
    }
}

/* What an agent is opened with, each thing once wrong. */
static void test_configs(void **state)
{
    static const char long_name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static uint8_t much[CHAOS_MAX_COLLATERAL + 1];
    const chaos_tee_provider *provider = NULL;
    chaos_agent_config right = CHAOS_AGENT_CONFIG_INIT, config;
    chaos_tee *other = NULL;
    chaos_keypair *key = NULL;
    chaos_error err;

    (void)state;
    right.name = "Alice";
    right.network = "local";
    right.tee = w.tee;
    right.registries = w.registries;
    right.sender = w.c.sender;
    right.content = w.content;
    right.store = w.store;
    assert_int_equal(chaos_agent_open(&right, NULL, &err), CHAOS_E_USAGE);
    expect_usage(NULL, CHAOS_E_USAGE, "CHAOS_AGENT_CONFIG_INIT");
    config = right;
    config.size--;
    expect_usage(&config, CHAOS_E_USAGE, "CHAOS_AGENT_CONFIG_INIT");
    config = right;
    config.tee = NULL;
    expect_usage(&config, CHAOS_E_USAGE, "name, network and tee");
    config = right;
    config.name = "Ali\nce";
    expect_usage(&config, CHAOS_E_USAGE, "printable");
    config.name = long_name;
    expect_usage(&config, CHAOS_E_USAGE, "printable");
    config = right;
    config.content = NULL;
    expect_usage(&config, CHAOS_E_USAGE, "all of them");
    config = right;
    config.has_agent_id = true;
    config.agent_id = w.id;
    expect_usage(&config, CHAOS_E_USAGE, "register_identity finds it");
    config = right;
    config.network = "base-sepolia";
    expect_usage(&config, CHAOS_E_CHAIN_ID, "another chain");
    config = right;
    config.collateral = slice(much, sizeof much);
    expect_usage(&config, CHAOS_E_USAGE, "bytes of collateral");
    OK(chaos_tee_find(w.plugins, "simulated", &provider, &err));
    OK(chaos_tee_open(provider, NULL, &other, &err));
    OK(chaos_tee_generate_key(other, NULL, &key, &err));
    config = right;
    config.keypair = key;
    expect_usage(&config, CHAOS_E_USAGE, "another TEE");
    chaos_keypair_free(key);
    chaos_tee_free(other);
}

/* Nobody, and an agent that is not registered. */
static void test_nobody(void **state)
{
    const chaos_u256 nonce = { { 1 } };
    chaos_evidence *evidence = NULL;
    chaos_signature *signature = NULL;
    chaos_agent *agent = NULL;
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    chaos_act act = CHAOS_ACT_INIT;
    chaos_receipt receipt;
    chaos_receipt_store *receipts = NULL;
    chaos_u256 id;
    char kept_in[200];
    uint64_t count;
    chaos_error err;

    (void)state;
    assert_int_equal(chaos_agent_receipt_count(NULL, &count, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_sign(NULL, slice_text("x"), &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_agent_attest(NULL, &nonce, &evidence, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_receipt_store_open(NULL, 31337, &w.addresses.identity, &w.addresses.identity, &receipts, &err),
                     CHAOS_E_USAGE);
    assert_int_equal(chaos_receipt_store_open(w.store, 31337, NULL, &w.addresses.identity, &receipts, &err),
                     CHAOS_E_USAGE);
    assert_int_equal(chaos_receipt_store_open(w.store, 31337, &w.addresses.identity, &w.addresses.identity, &receipts,
                                              &err),
                     CHAOS_E_NOT_FOUND); /* nobody's key */
    assert_int_equal(chaos_receipt_store_open(w.store, 31338, &w.addresses.identity, NULL, &receipts, &err),
                     CHAOS_E_NOT_FOUND);                                                        /* none of this chain */
    OK(chaos_receipt_store_open(w.store, 31337, &w.addresses.identity, NULL, &receipts, &err)); /* the only one */
    id = chaos_receipt_store_agent_id(receipts);
    assert_memory_equal(&id, &w.id, sizeof id);
    chaos_receipt_store_free(receipts);
    (void)snprintf(kept_in, sizeof kept_in, "%s-new", w.store);
    config.name = "Somebody new";
    config.network = "local";
    config.tee = w.tee;
    config.registries = w.registries;
    config.sender = w.c.sender;
    config.content = w.content;
    config.store = kept_in;
    OK(chaos_agent_open(&config, &agent, &err));
    act.action_type = "chaoschain/demo";
    assert_int_equal(chaos_agent_act(agent, &act, &receipt, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "not registered"));
    assert_int_equal(chaos_agent_attest(agent, &nonce, &evidence, &err), CHAOS_E_USAGE);
    assert_null(evidence);
    chaos_agent_free(agent);
}

/* Whoever acts answers with the session's key; when another process has begun a newer session, with the identity key,
 * and that process goes on undisturbed. */
static void test_answers_in_session(void **state)
{
    const chaos_u256 nonce = { { 2 } };
    const chaos_keccak request = ask_bob(7);
    const chaos_address identity = chaos_keypair_address(chaos_agent_keypair(w.alice));
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    chaos_agent *other = NULL;
    chaos_evidence *evidence = NULL;
    chaos_binding binding, session;
    chaos_act act = CHAOS_ACT_INIT;
    chaos_receipt receipt;
    chaos_error err;

    (void)state;
    act.action_type = "chaoschain/demo";
    OK(chaos_agent_begin_session(w.alice, &err));
    assert_true(chaos_evidence_binding(chaos_agent_session_evidence(w.alice), &session));
    OK(chaos_agent_answer_request(w.alice, &request, &nonce, &evidence, &err));
    assert_true(chaos_evidence_binding(evidence, &binding));
    assert_memory_equal(binding.public_key_hash.bytes, session.public_key_hash.bytes, 32);
    assert_memory_equal(binding.identity_key.bytes, identity.bytes, sizeof identity.bytes);
    chaos_evidence_free(evidence);

    config.name = "Alice";
    config.network = "local";
    config.tee = w.tee;
    config.registries = w.registries;
    config.sender = w.c.sender;
    config.content = w.content;
    config.store = w.store;
    OK(chaos_agent_open(&config, &other, &err));
    OK(chaos_agent_act(other, &act, &receipt, &err));
    OK(chaos_agent_answer_request(w.alice, &request, &nonce, &evidence, &err));
    assert_true(chaos_evidence_binding(evidence, &binding));
    assert_memory_equal(binding.public_key_hash.bytes + 12, identity.bytes, sizeof identity.bytes);
    chaos_evidence_free(evidence);
    OK(chaos_agent_act(other, &act, &receipt, &err));
    chaos_agent_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_validator_asks),
        TEST(test_check_asks),
        TEST(test_check_command),
        TEST(test_answering_agent),
        TEST(test_answers_in_session),
        TEST(test_configs),
        TEST(test_nobody),
    };

    return endpoint_run(tests);
}
