/* test_life.c - the life of an attested agent on a local chain: registered, at work, asked, judged; and everything again
 * after a restart, where nothing is sent twice. Beside a simulated guest agent (tests/tee/with_simulator.sh).
 * Of docs/seed-checklist.md: S-40, S-41, S-44, S-48. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chaoschain/chaoschain.h>

#include "tests/support/chain.h"
#include "tests/support/support.h"

#define BASE "https://evidence.invalid/"

/* One world: chain, registries, TEE, what Alice and Bob each hold. */
typedef struct world {
    chain c;
    chaos_registry_addresses addresses;
    chaos_registries *registries;
    char folder[128], bob_journal[160], store[160];
    chaos_content *content;
    chaos_tee_registry *plugins;
    chaos_tee *tee;
    chaos_account *bob;
    chaos_sender *bob_sender;
    chaos_trust *trust;
    chaos_buffer policy, collateral, root;
    chaos_agent *alice;
    chaos_validator *validator;
} world;

static void must_be(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (field %s, expected %s, found %s)", chaos_status_name(status), err->text,
                 err->field == NULL ? "-" : err->field, err->expected, err->found);
    }
}
#define OK(call) must_be((call), &err)

static void load(const char *name, chaos_buffer *out)
{
    char path[512];
    uint8_t bytes[4096];
    size_t got;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", getenv("CHAOS_SIMULATOR"), name);
    file = fopen(path, "rb");
    assert_non_null(file);
    *out = (chaos_buffer)CHAOS_BUFFER_INIT(1u << 20);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        assert_true(buffer_append(out, slice(bytes, got)));
    }
    (void)fclose(file);
}

static void open_registries(world *w)
{
    chaos_registries_options options = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_error err;

    options.rpc = w->c.rpc;
    options.has_identity = options.has_reputation = options.has_validation = true;
    options.identity = w->addresses.identity;
    options.reputation = w->addresses.reputation;
    options.validation = w->addresses.validation;
    OK(chaos_registries_open(&options, &w->registries, &err));
}

static chaos_status try_alice(world *w, const char *path, chaos_agent **alice, chaos_error *err)
{
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;

    config.name = "Alice";
    config.network = "local";
    config.tee = w->tee;
    config.registries = w->registries;
    config.sender = w->c.sender;
    config.content = w->content;
    config.store = path;
    config.description = "test";
    return chaos_agent_open(&config, alice, err);
}

static void open_alice(world *w)
{
    chaos_error err;

    OK(try_alice(w, w->store, &w->alice, &err));
}

static void close_alice(world *w)
{
    chaos_agent_free(w->alice);
    w->alice = NULL;
}

static void open_bob(world *w)
{
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;
    chaos_error err;

    sender.rpc = w->c.rpc;
    sender.account = w->bob;
    sender.journal = w->bob_journal;
    OK(chaos_sender_open(&sender, &w->bob_sender, &err));
    config.registries = w->registries;
    config.sender = w->bob_sender;
    config.store = w->bob_journal;
    config.content = w->content;
    config.trust = w->trust;
    config.policy = buffer_slice(&w->policy);
    config.collateral = buffer_slice(&w->collateral);
    OK(chaos_validator_open(&config, &w->validator, &err));
}

static void open_tee(world *w)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_error err;

    where.search_path = BUILD_ROOT "/lib/chaoschain/providers";
    OK(chaos_tee_registry_new(&where, &w->plugins, &err));
    OK(chaos_tee_find(w->plugins, "phala-dstack", &provider, &err));
    OK(chaos_tee_open(provider, NULL, &w->tee, &err));
}

static void world_begin(world *w)
{
    const chain_options options = { 0 };
    chaos_content_options content = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_error err;

    memset(w, 0, sizeof *w);
    chain_begin(&w->c, &options);
    OK(chaos_registries_deploy(w->c.sender, "deploy", &w->addresses, &err));
    open_registries(w);
    (void)snprintf(w->folder, sizeof w->folder, "%s/content", w->c.folder);
    (void)snprintf(w->bob_journal, sizeof w->bob_journal, "%s/bob", w->c.folder);
    (void)snprintf(w->store, sizeof w->store, "%s/alice", w->c.folder);
    content.folder = w->folder;
    content.base = BASE;
    OK(chaos_content_open(&content, &w->content, &err));
    open_tee(w);
    load("policy.json", &w->policy);
    load("collateral.json", &w->collateral);
    load("trust-root.der", &w->root);
    OK(chaos_trust_new(&w->trust, &err));
    OK(chaos_trust_add_root(w->trust, buffer_slice(&w->root), &err));
    w->bob = chain_account();
    chain_give(&w->c, w->bob, "0x56bc75e2d63100000");
    open_alice(w);
    open_bob(w);
}

static void world_end(world *w)
{
    char command[512];

    chaos_validator_free(w->validator);
    chaos_sender_free(w->bob_sender);
    chaos_account_free(w->bob);
    chaos_agent_free(w->alice);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->plugins);
    chaos_content_free(w->content);
    chaos_registries_free(w->registries);
    chaos_trust_free(w->trust);
    chaos_buffer_free(&w->policy);
    chaos_buffer_free(&w->collateral);
    chaos_buffer_free(&w->root);
    (void)snprintf(command, sizeof command, "rm -rf '%s' '%s'* '%s'*", w->folder, w->bob_journal, w->store);
    assert_int_equal(system(command), 0);
    chain_end(&w->c);
}

static chaos_u256 register_alice(world *w)
{
    chaos_u256 id;
    chaos_keccak hash;
    chaos_error err;

    OK(chaos_agent_register_identity(w->alice, NULL, &id, &hash, &err));
    return id;
}

static chaos_status try_act(chaos_agent *agent, const char *text, chaos_receipt *receipt, chaos_error *err)
{
    chaos_act what = CHAOS_ACT_INIT;

    what.action_type = "chaoschain/demo";
    what.payload = slice_text(text);
    what.output = slice_text("done");
    what.keep = true;
    return chaos_agent_act(agent, &what, receipt, err);
}

static chaos_receipt act(world *w, const char *text)
{
    chaos_receipt receipt;
    chaos_error err;

    OK(try_act(w->alice, text, &receipt, &err));
    return receipt;
}

static chaos_keccak ask_bob(world *w, uint32_t again)
{
    const chaos_address bob = chaos_account_address(w->bob);
    chaos_keccak hash;
    chaos_error err;

    OK(chaos_agent_request_validation(w->alice, &bob, NULL, 0, again, &hash, NULL, &err));
    return hash;
}

static chaos_validation_result let_bob_judge(world *w, const chaos_keccak *request)
{
    chaos_validation_result result = { 0 };
    chaos_error err;

    OK(chaos_validator_validate(w->validator, request, (int64_t)time(NULL), &result, &err));
    return result;
}

static void print_reason(const chaos_validation_result *result)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);

    print_message("decision %s, reason %s: %s\n", chaos_decision_name(result->decision),
                  chaos_status_name(result->reason.status), result->reason.text);
    if (result->verdict != NULL && chaos_verdict_write_text(result->verdict, &text, NULL) == CHAOS_OK) {
        print_message("%.*s\n", (int)text.size, (const char *)text.data);
    }
}

/* Evidence that the caller brings is of the agent's own key and of a stage before registration. */
static void test_evidence_brought(void **state)
{
    static world w;
    chaos_key_options other = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *stranger = NULL;
    chaos_evidence *report = NULL, *answer = NULL;
    chaos_attest_options attest = CHAOS_ATTEST_OPTIONS_INIT;
    const chaos_report_data nothing = { { 0 } };
    chaos_binding binding;
    chaos_u256 id;
    chaos_error err;

    (void)state;
    world_begin(&w);
    const chaos_keypair *own = chaos_agent_keypair(w.alice);
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(own), &binding));
    binding.stage = CHAOS_STAGE_VALIDATION;
    binding.agent_id = (chaos_u256){ { 0 } };
    binding.subject.bytes[0] = binding.nonce.bytes[0] = 1;
    attest.binding = &binding;
    other.path = "chaoschain/stranger";
    OK(chaos_tee_generate_key(w.tee, &other, &stranger, &err));
    OK(chaos_tee_get_attestation_report(w.tee, &nothing, &report, &err));
    OK(chaos_attest(w.tee, own, &attest, &answer, &err));
    const struct {
        const chaos_evidence *evidence;
        const char *says;
    } refused[] = { { chaos_keypair_evidence(stranger), "of another key" },
                    { report, "no envelope" },
                    { answer, "of stage 2" } };
    const uint64_t before = chain_nonce(&w.c, w.c.account);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(refused); i++) {
        assert_int_equal(chaos_agent_register_identity(w.alice, refused[i].evidence, &id, NULL, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "evidence");
        assert_non_null(strstr(err.text, refused[i].says));
    }
    assert_int_equal(chain_nonce(&w.c, w.c.account), before); /* nothing was sent */
    OK(chaos_agent_register_identity(w.alice, chaos_keypair_evidence(own), &id, NULL, &err));
    chaos_evidence_free(answer);
    chaos_evidence_free(report);
    chaos_keypair_free(stranger);
    world_end(&w);
}

static void test_life(void **state)
{
    static world w;
    chaos_validation_result result;
    chaos_address wallet;
    chaos_keccak request;
    chaos_u256 id, again;
    chaos_receipt receipt;
    chaos_error err;
    uint64_t count, nonce;

    (void)state;
    world_begin(&w);
    id = register_alice(&w);
    assert_true(slice_is_zero(slice(id.bytes, sizeof id.bytes))); /* 0 is an id */
    OK(chaos_agent_wallet(w.registries, &id, NULL, &wallet, &err));
    assert_memory_equal(wallet.bytes, chaos_keypair_address(chaos_agent_keypair(w.alice)).bytes, 20);
    nonce = chain_nonce(&w.c, w.c.account);
    again = register_alice(&w); /* idempotent: nothing is sent */
    assert_memory_equal(again.bytes, id.bytes, sizeof id.bytes);
    assert_true(chain_nonce(&w.c, w.c.account) == nonce);

    for (int i = 0; i < 3; i++) {
        receipt = act(&w, "look for a jacket");
        assert_true(receipt.action.sequence == (uint64_t)i);
    }
    OK(chaos_agent_anchor(w.alice, NULL, &err));

    request = ask_bob(&w, 0);
    result = let_bob_judge(&w, &request);
    if (result.decision != CHAOS_DECISION_ANSWER || result.response != 100) {
        print_reason(&result);
    }
    assert_int_equal(result.decision, CHAOS_DECISION_ANSWER);
    assert_int_equal(result.response, 100);
    assert_string_equal(result.tag, CHAOS_TAG_SIMULATED);
    chaos_verdict_free(result.verdict);
    result = let_bob_judge(&w, &request);
    assert_int_equal(result.decision, CHAOS_DECISION_DONE);
    chaos_verdict_free(result.verdict);

    /* A restart: the store says where the agent was. */
    close_alice(&w);
    open_alice(&w);
    assert_true(chaos_agent_id(w.alice, &again));
    OK(chaos_agent_receipt_count(w.alice, &count, &err));
    assert_true(count == 3);
    receipt = act(&w, "after the restart");
    assert_true(receipt.action.sequence == 3);
    world_end(&w);
}

/* ------------------------------------------------------------------- receipts ---- */

static void shell(const char *format, const char *a, const char *b)
{
    char command[1024];

    (void)snprintf(command, sizeof command, format, a, b);
    assert_int_equal(system(command), 0);
}

/* What a relying party says of the bundle in this folder: the exit code of the verifier. */
static void judge_bundle(world *w, const char *folder, const char *options, int code)
{
    const char *held = getenv("CHAOS_SIMULATOR");
    char command[2048];
    int ended;

    (void)w;
    (void)snprintf(command, sizeof command,
                   BUILD_ROOT "/bin/chaoschain-verify verify-bundle '%s' --trust-root %s/trust-root.der --policy "
                              "%s/policy.json --collateral %s/collateral.json %s > '%s/said' 2>&1",
                   folder, held, held, held, options, folder);
    ended = system(command);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code) {
        shell("cat '%s/said' %s", folder, "");
        fail_msg("wanted exit code %d, came %d", code, WEXITSTATUS(ended));
    }
}

/* The same by the program that reads the chain itself. */
static void judge_bundle_on_chain(world *w, const char *folder, int code)
{
    const char *held = getenv("CHAOS_SIMULATOR");
    char command[2048];
    int ended;

    (void)snprintf(command, sizeof command,
                   BUILD_ROOT "/bin/chaoschain-chain verify-bundle --rpc %s --trust-root %s/trust-root.der --policy "
                              "%s/policy.json --collateral %s/collateral.json '%s' > '%s/said' 2>&1",
                   rpc_proxy_url(w->c.proxy), held, held, held, folder, folder);
    ended = system(command);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code) {
        shell("cat '%s/said' %s", folder, "");
        fail_msg("wanted exit code %d, came %d", code, WEXITSTATUS(ended));
    }
}

/* chaoschain receipts: the store alone, while the agent runs. */
static void use_receipts_command(world *w, const chaos_u256 *id, const char *what, int code)
{
    char command[2048], registry[CHAOS_REGISTRY_NAME_SIZE], number[CHAOS_U256_TEXT_SIZE], key[CHAOS_ADDRESS_TEXT_SIZE];
    const chaos_address wallet = chaos_keypair_address(chaos_agent_keypair(w->alice));
    int ended;

    chaos_registry_name_format(31337, &w->addresses.identity, registry);
    chaos_u256_format(id, number);
    chaos_address_format(&wallet, key);
    (void)snprintf(command, sizeof command,
                   BUILD_ROOT "/bin/chaoschain-agent receipts %s %s:%s --store '%s' --key %s > '%s-said' 2>&1", what,
                   registry, number, w->store, key, w->store);
    ended = system(command);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code) {
        shell("cat '%s-said' %s", w->store, "");
        fail_msg("wanted exit code %d, came %d: %s", code, WEXITSTATUS(ended), command);
    }
}

/* "--expect-block NUMBER:HASH" of the running session, appended. */
static void add_block(const chaos_agent *agent, char *options, size_t capacity)
{
    const size_t used = strlen(options);
    chaos_binding binding;
    char hex[65] = "";

    assert_true(chaos_evidence_binding(chaos_agent_session_evidence(agent), &binding));
    hex_encode(slice(binding.nonce.bytes, sizeof binding.nonce.bytes), hex);
    (void)snprintf(options + used, capacity - used, " --expect-block %llu:%s",
                   (unsigned long long)binding.anchor_block, hex);
}

/* The wallet and the newest tee.head as the chain has them. */
static void add_chain(world *w, const chaos_u256 *id, uint64_t block, char *options, size_t capacity)
{
    const size_t used = strlen(options);
    chaos_address wallet;
    chaos_tee_head head;
    char hex[65] = "", address[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_error err;

    OK(chaos_agent_wallet(w->registries, id, NULL, &wallet, &err));
    OK(chaos_tee_head_read(w->registries, id, NULL, &head, &err));
    chaos_address_format(&wallet, address);
    hex_encode(slice(head.digest.bytes, sizeof head.digest.bytes), hex);
    (void)snprintf(options + used, capacity - used, " --expect-identity-key %s --expect-head %llu:%s@%llu", address,
                   (unsigned long long)head.sequence, hex, (unsigned long long)block);
}

/* What a run that was killed may have left of this content: none of it in the file yet. */
static void leave_half_an_export(const char *folder, const char *content)
{
    const chaos_keccak hash = chaos_content_hash(slice_text(content));
    char hex[65] = "";

    hex_encode(slice(hash.bytes, sizeof hash.bytes), hex);
    shell("mkdir -p '%s/content' && : > '%s'/bundle.jsonl.part", folder, folder);
    shell("cd '%s/content' && : > %s", folder, hex);
    shell("cd '%s/content' && echo half > %s.part", folder, hex);
}

/* What is no action makes no receipt: the next one has the number that it would have had. */
static void expect_no_act(chaos_agent *agent)
{
    char type[CHAOS_ACTION_TYPE_SIZE + 1] = "";
    chaos_act act = CHAOS_ACT_INIT;
    chaos_receipt receipt;
    chaos_error err;

    assert_int_equal(chaos_agent_act(agent, &act, &receipt, &err), CHAOS_E_USAGE); /* no type */
    memset(type, 'a', CHAOS_ACTION_TYPE_SIZE);                                     /* one character too many */
    act.action_type = type;
    assert_int_equal(chaos_agent_act(agent, &act, &receipt, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "action_type");
    act.action_type = "chaoschain/demo";
    assert_int_equal(chaos_agent_act(agent, &act, NULL, &err), CHAOS_E_USAGE);
    act.size--;
    assert_int_equal(chaos_agent_act(agent, &act, &receipt, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "act");
}

static void test_receipts(void **state)
{
    static world w;
    char bundle[192], content[320], options[1024] = "";
    chaos_keccak hash;
    chaos_receipt receipt, before;
    chaos_outcome outcome;
    chaos_u256 id;
    chaos_error err;
    char hex[65] = "";

    (void)state;
    world_begin(&w);
    id = register_alice(&w);
    before = act(&w, "first");
    add_block(w.alice, options, sizeof options);
    assert_true(before.action.sequence == 0);
    assert_true(slice_is_zero(slice(before.action.previous.bytes, 32)));
    for (uint64_t i = 1; i < 6; i++) {
        if (i == 2) { /* a restart is a new session, and the sequence goes on */
            close_alice(&w);
            open_alice(&w);
        }
        if (i == 4) {
            OK(chaos_agent_begin_session(w.alice, &err));
        }
        receipt = act(&w, i == 5 ? "last" : "more");
        assert_true(receipt.action.sequence == i);
        hash = chaos_action_digest(&before.action);
        assert_memory_equal(receipt.action.previous.bytes, hash.bytes, sizeof hash.bytes);
        assert_true((memcmp(receipt.action.evidence_hash.bytes, before.action.evidence_hash.bytes, 32) != 0) ==
                    (i == 2 || i == 4));
        before = receipt;
        if (i == 2 || i == 4) {
            add_block(w.alice, options, sizeof options);
        }
    }
    expect_no_act(w.alice);
    OK(chaos_agent_anchor(w.alice, &outcome, &err));
    add_chain(&w, &id, outcome.block_number, options, sizeof options);
    OK(chaos_agent_anchor(w.alice, &outcome, &err)); /* the chain has it already: nothing is sent */
    assert_true(outcome.was_done);
    (void)snprintf(bundle, sizeof bundle, "%s-bundle", w.store);
    leave_half_an_export(bundle, "last");
    OK(chaos_agent_export(w.alice, 0, 5, buffer_slice(&w.collateral), bundle, &err));
    shell("test -z \"$(find '%s' -name '*.part')\" %s", bundle, "");
    assert_int_equal(chaos_agent_export(w.alice, 0, 5, buffer_slice(&w.collateral), bundle, &err), CHAOS_E_USAGE);
    hash = chaos_content_hash(slice_text("last"));
    hex_encode(slice(hash.bytes, sizeof hash.bytes), hex);
    (void)snprintf(content, sizeof content, "test \"$(cat '%s/content/%s')\" = last", bundle, hex);
    assert_int_equal(system(content), 0);
    judge_bundle(&w, bundle, "", 1);      /* offline: WARNING */
    judge_bundle(&w, bundle, options, 0); /* with what the chain says: AFFIRMING */
    judge_bundle_on_chain(&w, bundle, 0);
    (void)snprintf(content, sizeof content, "sed -i 5d '%s/bundle.jsonl'", bundle); /* a receipt is taken out */
    assert_int_equal(system(content), 0);
    judge_bundle(&w, bundle, options, 4); /* not trusted: RECEIPT_SEQUENCE */
    shell("grep -q RECEIPT_SEQUENCE '%s/said' %s", bundle, "");
    judge_bundle_on_chain(&w, bundle, 4);

    use_receipts_command(&w, &id, "list", 0);
    shell("test $(grep -c chaoschain/demo '%s-said') = 6 %s", w.store, "");
    use_receipts_command(&w, &id, "list --from 4 --to 4 --json", 0);
    shell("grep -q '\"count\":6,\"receipts\":\\[{[^{]*\"sequence\":4}\\]' '%s-said' %s", w.store, "");
    (void)snprintf(content, sizeof content, "export --out '%s-exported'", w.store);
    use_receipts_command(&w, &id, content, 0);
    use_receipts_command(&w, &id, content, 64); /* there is one already */
    use_receipts_command(&w, &id, "export", 64);
    use_receipts_command(&w, &id, "list --key 0x0000000000000000000000000000000000000001 --json", 64); /* twice */
    id = chaos_u256_from(77);
    use_receipts_command(&w, &id, "list", 5); /* the key is another agent's */
    (void)snprintf(bundle, sizeof bundle, "%s-exported", w.store);
    judge_bundle(&w, bundle, options, 0);
    (void)snprintf(content, sizeof content, "%s-none", w.store);
    assert_int_equal(chaos_agent_export(w.alice, 4, 6, slice("", 0), content, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(chaos_agent_export(w.alice, 5, 4, slice("", 0), content, &err), CHAOS_E_USAGE);
    world_end(&w);
}

/* A store that was put back to an older state, and one that went another way. */
static void test_rolled_back(void **state)
{
    static world w;
    char old[192], beside[192];
    chaos_agent *other = NULL;
    chaos_receipt receipt;
    chaos_error err;

    (void)state;
    world_begin(&w);
    (void)register_alice(&w);
    (void)act(&w, "one");
    (void)act(&w, "two");
    close_alice(&w);
    (void)snprintf(old, sizeof old, "%s-old", w.store);
    (void)snprintf(beside, sizeof beside, "%s-beside", w.store);
    shell("cp '%s' '%s'", w.store, old);
    shell("cp '%s' '%s'", w.store, beside);
    OK(try_alice(&w, beside, &other, &err)); /* nothing is anchored: nobody can tell yet */
    OK(try_act(other, "another three", &receipt, &err));
    chaos_agent_free(other);
    other = NULL;

    open_alice(&w);
    (void)act(&w, "three");
    OK(chaos_agent_anchor(w.alice, NULL, &err));
    close_alice(&w);
    assert_int_equal(try_alice(&w, old, &other, &err), CHAOS_E_RECEIPT_HEAD);
    assert_string_equal(err.field, "sequence");
    assert_int_equal(try_alice(&w, beside, &other, &err), CHAOS_E_RECEIPT_HEAD);
    assert_string_equal(err.field, "digest");
    assert_null(other);
    open_alice(&w); /* the store that was anchored goes on */
    receipt = act(&w, "four");
    assert_true(receipt.action.sequence == 3);
    world_end(&w);
}

static void test_two_processes(void **state)
{
    static world w;
    chaos_agent *other = NULL;
    chaos_receipt receipt;
    char bundle[192];
    chaos_error err;

    (void)state;
    world_begin(&w);
    (void)register_alice(&w);
    (void)act(&w, "mine");
    OK(try_alice(&w, w.store, &other, &err));
    OK(try_act(other, "the other's", &receipt, &err));
    assert_true(receipt.action.sequence == 1);
    assert_int_equal(try_act(w.alice, "mine again", &receipt, &err), CHAOS_E_LOCKED);
    OK(try_act(other, "the other's again", &receipt, &err));
    OK(chaos_agent_begin_session(w.alice, &err)); /* said in so many words, it takes over */
    receipt = act(&w, "mine again");
    assert_true(receipt.action.sequence == 3);
    assert_int_equal(try_act(other, "late", &receipt, &err), CHAOS_E_LOCKED);
    (void)snprintf(bundle, sizeof bundle, "%s-bundle", w.store);
    OK(chaos_agent_export(w.alice, 0, 3, buffer_slice(&w.collateral), bundle, &err));
    judge_bundle_on_chain(&w, bundle, 1); /* nothing is anchored: WARNING */
    judge_bundle(&w, bundle, "", 1);      /* and the chain of receipts holds */
    chaos_agent_free(other);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_life), cmocka_unit_test(test_evidence_brought), cmocka_unit_test(test_receipts),
                                        cmocka_unit_test(test_rolled_back), cmocka_unit_test(test_two_processes) };

    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    if (getenv("CHAOS_SIMULATOR") == NULL) {
        (void)printf("SKIPPED: no simulated guest agent\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
