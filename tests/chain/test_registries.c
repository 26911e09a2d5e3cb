/* test_registries.c - the whole API of the registries on a real chain: an anvil with our contracts, the same behind plain
 * ERC-1967 proxies, and, where CHAOS_TEST_RPC is set, contracts that somebody else deployed:
 *
 *   CHAOS_TEST_RPC=http://127.0.0.1:8545 CHAOS_TEST_IDENTITY=0x... CHAOS_TEST_REPUTATION=0x... CHAOS_TEST_VALIDATION=0x...
 *
 * The chain must be an anvil (anvil_setBalance gives money to keys that are made here; evm_increaseTime and anvil_reorg
 * are used) that makes a block for each transaction. It may have agents already. Nothing else may happen on it meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "erc8004/erc8004.h"
#include "tests/support/registries.h"

#include <stdio.h>
#include <unistd.h>

/* ------------------------------------------------------------------ tools ---- */

static world *here;      /* of the running group */
static unsigned intents; /* names are used once */

static const char *fresh(void)
{
    static char names[8][32];
    char *name = names[intents % 8];
    (void)snprintf(name, sizeof names[0], "test/%u", intents++);
    return name;
}

#define DO(call)                                  \
    do {                                          \
        chaos_error err = { .status = CHAOS_OK }; \
        must((call), &err);                       \
    } while (0)

#define REFUSED(call, wanted, part)                                                                          \
    do {                                                                                                     \
        chaos_error err = { .status = CHAOS_OK };                                                            \
        chaos_status came_ = (call);                                                                         \
        if (came_ != (wanted) || strstr(err.text, (part)) == NULL) {                                         \
            fail_msg("line %d: %s: %s (%s; %s)", __LINE__, chaos_status_name(came_), err.text, err.expected, \
                     err.found);                                                                             \
        }                                                                                                    \
    } while (0)

#define R here->registries
#define SENDER(who) here->people[who].sender
#define ADDRESS(who) (&here->people[who].address)

static void same_address(const chaos_address *a, const chaos_address *b)
{
    assert_memory_equal(a->bytes, b->bytes, sizeof a->bytes);
}

static bool is_zero(const chaos_address *a)
{
    return slice_is_zero(slice(a->bytes, sizeof a->bytes));
}

static chaos_u256 register_agent(person_name owner, const char *uri)
{
    chaos_u256 id;
    DO(chaos_agent_register(R, SENDER(owner), fresh(), uri, NULL, 0, &id, NULL, &err));
    return id;
}

/* A hash that no run has used. */
static chaos_keccak new_hash(void)
{
    static unsigned count;
    uint8_t seed[sizeof here->people[OWNER].address.bytes + sizeof count];
    memcpy(seed, ADDRESS(OWNER)->bytes, sizeof ADDRESS(OWNER)->bytes);
    count++;
    memcpy(seed + sizeof ADDRESS(OWNER)->bytes, &count, sizeof count);
    return hash_keccak(slice(seed, sizeof seed));
}

static const chaos_u256 nobody = { { 0x7f } }; /* no agent has such an id */

/* ----------------------------------------------------------------- opening ---- */

static chaos_registries_options right_options(void)
{
    chaos_registries_options o = CHAOS_REGISTRIES_OPTIONS_INIT;
    o.rpc = here->rpc;
    o.has_identity = o.has_reputation = o.has_validation = true;
    o.identity = here->places.identity;
    o.reputation = here->places.reputation;
    o.validation = here->places.validation;
    return o;
}

static void refused_to_open(const chaos_registries_options *o, chaos_status status, const char *field,
                            const char *part)
{
    chaos_registries *made = NULL;
    chaos_error err = { .status = CHAOS_OK };
    chaos_status came = chaos_registries_open(o, &made, &err);
    if (came != status || made != NULL || strcmp(err.field, field) != 0 ||
        (strstr(err.text, part) == NULL && strstr(err.found, part) == NULL)) {
        fail_msg("%s at %s: %s (%s; %s)", chaos_status_name(came), err.field, err.text, err.expected, err.found);
    }
}

/* A contract that answers every call with this word or text. */
static chaos_address answering(const char *text)
{
    CHAOS_AUTO_BUFFER(code, 256);
    CHAOS_AUTO_BUFFER(runtime, 256);
    CHAOS_AUTO_BUFFER(reply, 256);
    abi_writer w = abi_writer_begin(&reply, 1);
    abi_write_bytes(&w, slice_text(text));
    assert_true(abi_writer_end(&w) && reply.size == 96);
    for (unsigned i = 0; i < 3; i++) { /* PUSH32 word, PUSH1 place, MSTORE */
        const uint8_t store[] = { 0x60, (uint8_t)(32 * i), 0x52 };
        assert_true(buffer_append(&runtime, slice("\x7f", 1)) &&
                    buffer_append(&runtime, slice(reply.data + 32 * (size_t)i, 32)) &&
                    buffer_append(&runtime, slice(store, sizeof store)));
    }
    assert_true(buffer_append(&runtime, slice("\x60\x60\x60\x00\xf3", 5))); /* RETURN 96 bytes */
    world_init_code(buffer_slice(&runtime), &code);
    return world_create(here, fresh(), buffer_slice(&code));
}

static void test_open(void **state)
{
    static const uint8_t october[] = { 0x63, 0x30, 0xe5, 0x99, 0x3a, 0x00 };
    (void)state;
    chaos_registries_options o = right_options();
    o.reputation = o.identity;
    refused_to_open(&o, CHAOS_E_REGISTRY, "reputation", "does not say which identity registry");
    o = right_options();
    o.validation = o.reputation; /* the right version, for the right agents */
    refused_to_open(&o, CHAOS_E_REGISTRY, "validation", "another kind");
    o = right_options();
    o.reputation = o.validation;
    refused_to_open(&o, CHAOS_E_REGISTRY, "reputation", "another kind");
    o = right_options();
    o.identity = o.reputation;
    refused_to_open(&o, CHAOS_E_REGISTRY, "identity", "another kind");
    o = right_options();
    o.validation = *ADDRESS(STRANGER); /* an account */
    refused_to_open(&o, CHAOS_E_REGISTRY, "validation", "no contract");
    o.identity = *ADDRESS(STRANGER);
    refused_to_open(&o, CHAOS_E_REGISTRY, "identity", "no contract");
    o = right_options();
    o.identity = answering("1.0.0");
    refused_to_open(&o, CHAOS_E_REGISTRY, "identity", "\"1.0.0\"");
    o.identity = answering("\x1b[31m");
    refused_to_open(&o, CHAOS_E_REGISTRY, "identity", "\\x1b");
    CHAOS_AUTO_BUFFER(code, 64);
    world_init_code(slice(october, sizeof october), &code);
    o = right_options();
    o.validation = world_create(here, fresh(), buffer_slice(&code));
    refused_to_open(&o, CHAOS_E_REGISTRY, "validation", "bytes32");
    o = right_options();
    o.has_identity = false;
    refused_to_open(&o, CHAOS_E_USAGE, "identity", "needed");
    o.size--;
    refused_to_open(&o, CHAOS_E_USAGE, "options", "OPTIONS_INIT");
}

static void test_networks(void **state)
{
    chaos_network network;
    chaos_registries *made = NULL;
    (void)state;
    assert_int_equal(chaos_network_find("base-sepolia", &network, NULL), CHAOS_OK);
    chaos_registries_options o = CHAOS_REGISTRIES_OPTIONS_INIT;
    o.rpc = here->rpc;
    o.network = &network;
    refused_to_open(&o, CHAOS_E_CHAIN_ID, "network", "another chain");
    /* A list's validation registry that is not there is absent; one that was asked for is not. */
    network.chain_id = chaos_rpc_chain_id(here->rpc);
    network.identity = here->places.identity;
    network.reputation = here->places.reputation;
    DO(chaos_registries_open(&o, &made, &err));
    assert_true(chaos_registries_has(made, CHAOS_REGISTRY_REPUTATION));
    assert_false(chaos_registries_has(made, CHAOS_REGISTRY_VALIDATION));
    chaos_address none = chaos_registries_address(made, CHAOS_REGISTRY_VALIDATION);
    assert_true(is_zero(&none));
    chaos_hash_list *list = NULL;
    REFUSED(chaos_validation_of_agent(made, &nobody, NULL, &list, &err), CHAOS_E_NOT_AVAILABLE, "validation registry");
    chaos_registries_free(made);
    made = NULL;
    network.reputation = network.validation;
    refused_to_open(&o, CHAOS_E_REGISTRY, "reputation", "no contract");
}

/* ---------------------------------------------------------------- identity ---- */

static void test_register(void **state)
{
    static const uint8_t odd[] = { 'a', 0, 0xff, '\n' };
    const chaos_metadata_entry entries[] = { { "tee.arch", { (const uint8_t *)"tdx", 3 } },
                                             { "", { odd, sizeof odd } },
                                             { "cl\xc3\xa9", { NULL, 0 } } };
    chaos_u256 first, second, third, count;
    chaos_address owner;
    chaos_outcome outcome;
    bool exists = true;
    (void)state;
    DO(chaos_agent_register(R, SENDER(OWNER), fresh(), NULL, NULL, 0, &first, &outcome, &err));
    assert_int_equal(outcome.state, CHAOS_INTENT_CONFIRMED);
    second = register_agent(OWNER, "");
    DO(chaos_agent_register(R, SENDER(OWNER), fresh(), "https://agent.example/1.json", entries, 3, &third, NULL,
                            &err));
    uint64_t a = 0, b = 0, c = 0;
    assert_true(chaos_u256_to(&first, &a) && chaos_u256_to(&second, &b) && chaos_u256_to(&third, &c));
    assert_true(b == a + 1 && c == b + 1);
    DO(chaos_agent_owner(R, &third, NULL, &owner, &err));
    same_address(&owner, ADDRESS(OWNER));
    DO(chaos_agent_wallet(R, &third, NULL, &owner, &err)); /* the owner at first */
    same_address(&owner, ADDRESS(OWNER));
    DO(chaos_agent_balance(R, ADDRESS(OWNER), NULL, &count, &err));
    assert_true(chaos_u256_to(&count, &a) && a >= 3);
    CHAOS_AUTO_BUFFER(text, 256);
    DO(chaos_agent_uri(R, &third, NULL, &text, &err));
    assert_true(slice_is(buffer_slice(&text), "https://agent.example/1.json"));
    text.size = 0;
    DO(chaos_agent_metadata(R, &third, "", NULL, &text, &err));
    assert_true(slice_equal(buffer_slice(&text), slice(odd, sizeof odd)));
    DO(chaos_agent_exists(R, &third, NULL, &exists, &err));
    assert_true(exists);
    DO(chaos_agent_exists(R, &nobody, NULL, &exists, &err));
    assert_false(exists);
    REFUSED(chaos_agent_owner(R, &nobody, NULL, &owner, &err), CHAOS_E_NOT_FOUND, "no agent");
    REFUSED(chaos_agent_uri(R, &nobody, NULL, &text, &err), CHAOS_E_NOT_FOUND, "no agent");
    DO(chaos_agent_wallet(R, &nobody, NULL, &owner, &err)); /* the registry says nothing of it */
    assert_true(is_zero(&owner));
    chaos_block_id before = { .tag = CHAOS_BLOCK_NUMBER, .number = outcome.block_number - 1 };
    REFUSED(chaos_agent_owner(R, &first, &before, &owner, &err), CHAOS_E_NOT_FOUND, "no agent");
    CHAOS_AUTO_BUFFER(small, 8); /* an answer that is longer than the caller's limit */
    REFUSED(chaos_agent_uri(R, &third, NULL, &small, &err), CHAOS_E_NODE, "longer");
}

static void test_register_refused(void **state)
{
    const chaos_metadata_entry reserved = { "agentWallet", { (const uint8_t *)"x", 1 } };
    const chaos_metadata_entry no_key = { NULL, { NULL, 0 } };
    chaos_u256 id = nobody;
    (void)state;
    REFUSED(chaos_agent_register(R, SENDER(OWNER), fresh(), "", &reserved, 1, &id, NULL, &err), CHAOS_E_USAGE,
            "agentWallet");
    REFUSED(chaos_agent_register(R, SENDER(OWNER), fresh(), "", &no_key, 1, &id, NULL, &err), CHAOS_E_USAGE, "key");
    REFUSED(chaos_agent_register(R, SENDER(OWNER), fresh(), NULL, &reserved, 1, &id, NULL, &err), CHAOS_E_USAGE,
            "URI");
    REFUSED(chaos_agent_register(R, SENDER(OWNER), NULL, NULL, NULL, 0, &id, NULL, &err), CHAOS_E_USAGE, "name");
    assert_memory_equal(&id, &nobody, sizeof id);
}

/* The same name: the same agent, nothing sent; another content under it is a mistake. */
static void test_register_once(void **state)
{
    char name[40];
    chaos_u256 first, again;
    chaos_outcome outcome;
    (void)state;
    (void)snprintf(name, sizeof name, "%s", fresh());
    DO(chaos_agent_register(R, SENDER(OWNER), name, "x", NULL, 0, &first, &outcome, &err));
    chaos_keccak hash = outcome.transaction_hash;
    world_restart(here);
    DO(chaos_agent_register(R, SENDER(OWNER), name, "x", NULL, 0, &again, &outcome, &err));
    assert_memory_equal(&first, &again, sizeof first);
    assert_true(outcome.was_done && memcmp(&hash, &outcome.transaction_hash, sizeof hash) == 0);
    REFUSED(chaos_agent_register(R, SENDER(OWNER), name, "y", NULL, 0, &again, &outcome, &err), CHAOS_E_USAGE,
            "something else");
}

/* After a reorganisation that lost it, the same call does it again: under the id that it has then. */
static void test_register_reorganised(void **state)
{
    char name[40];
    chaos_u256 first, again;
    chaos_address owner;
    chaos_outcome outcome;
    (void)state;
    (void)snprintf(name, sizeof name, "%s", fresh());
    DO(chaos_agent_register(R, SENDER(CLIENT), name, "x", NULL, 0, &first, NULL, &err));
    world_do(here, "anvil_reorg", "[1,[]]");
    REFUSED(chaos_agent_owner(R, &first, NULL, &owner, &err), CHAOS_E_NOT_FOUND, "no agent");
    chaos_u256 other = register_agent(OWNER, "in between");
    assert_memory_equal(&other, &first, sizeof first); /* somebody else has the id now */
    DO(chaos_agent_register(R, SENDER(CLIENT), name, "x", NULL, 0, &again, &outcome, &err));
    assert_memory_not_equal(&again, &first, sizeof first);
    DO(chaos_agent_owner(R, &again, NULL, &owner, &err));
    same_address(&owner, ADDRESS(CLIENT));
}

static void test_uri_and_metadata(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_outcome outcome;
    CHAOS_AUTO_BUFFER(text, 65536);
    static uint8_t large[20000];
    char name[40];
    (void)state;
    DO(chaos_agent_set_uri(R, SENDER(OWNER), fresh(), &id, "ipfs://a", &outcome, &err));
    assert_false(outcome.was_done);
    DO(chaos_agent_set_uri(R, SENDER(OWNER), fresh(), &id, "ipfs://a", &outcome, &err)); /* it is so already */
    assert_true(outcome.was_done && outcome.attempts == 0);
    DO(chaos_agent_uri(R, &id, NULL, &text, &err));
    assert_true(slice_is(buffer_slice(&text), "ipfs://a"));
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (uint8_t)(i * 7);
    }
    (void)snprintf(name, sizeof name, "%s", fresh());
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), name, &id, "blob", slice(large, sizeof large), &outcome, &err));
    text.size = 0;
    DO(chaos_agent_metadata(R, &id, "blob", NULL, &text, &err));
    assert_true(slice_equal(buffer_slice(&text), slice(large, sizeof large)));
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, "blob", slice(large, sizeof large), &outcome, &err));
    assert_true(outcome.was_done && outcome.attempts == 0);
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, "blob", slice(NULL, 0), &outcome, &err));
    assert_false(outcome.was_done);
    /* The first name was done and stays so, whatever the chain says now. */
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), name, &id, "blob", slice(large, sizeof large), &outcome, &err));
    assert_true(outcome.was_done && outcome.attempts > 0);
    text.size = 0;
    DO(chaos_agent_metadata(R, &id, "blob", NULL, &text, &err));
    assert_int_equal(text.size, 0);
    REFUSED(chaos_agent_set_metadata(R, SENDER(STRANGER), fresh(), &id, "k", slice("v", 1), NULL, &err),
            CHAOS_E_REVERTED, "Not authorized");
    REFUSED(chaos_agent_set_uri(R, SENDER(STRANGER), fresh(), &id, "x", NULL, &err), CHAOS_E_REVERTED,
            "Not authorized");
    REFUSED(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &nobody, "k", slice(NULL, 0), NULL, &err),
            CHAOS_E_NOT_FOUND, "no agent");
    REFUSED(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, "agentWallet", slice("v", 1), NULL, &err),
            CHAOS_E_USAGE, "agentWallet");
}

static void test_wallet(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_address wallet;
    chaos_outcome outcome;
    chaos_signature65 signature;
    uint64_t deadline = 0;
    char name[40];
    (void)state;
    world_do(here, "evm_increaseTime", "[864000]"); /* the host's clock is ten days behind from now on */
    world_do(here, "evm_mine", "[]");
    (void)snprintf(name, sizeof name, "%s", fresh());
    DO(chaos_agent_adopt_wallet(R, SENDER(OWNER), name, &id, here->people[WALLET].account, &outcome, &err));
    DO(chaos_agent_wallet(R, &id, NULL, &wallet, &err));
    same_address(&wallet, ADDRESS(WALLET));
    DO(chaos_agent_adopt_wallet(R, SENDER(OWNER), fresh(), &id, here->people[WALLET].account, &outcome, &err));
    assert_true(outcome.was_done && outcome.attempts == 0);
    world_do(here, "evm_increaseTime", "[1000]");
    DO(chaos_agent_adopt_wallet(R, SENDER(OWNER), name, &id, here->people[WALLET].account, &outcome, &err));
    assert_true(outcome.was_done && outcome.attempts > 0); /* with the deadline of then */
    DO(chaos_agent_unset_wallet(R, SENDER(OWNER), fresh(), &id, &outcome, &err));
    DO(chaos_agent_wallet(R, &id, NULL, &wallet, &err));
    assert_true(is_zero(&wallet));
    /* Signed elsewhere; one bit of it, another wallet, another time, another caller, and it is refused. */
    DO(chaos_agent_wallet_signature(R, &id, here->people[WALLET].account, &deadline, &signature, &err));
    chaos_slice bytes = slice(signature.bytes, sizeof signature.bytes);
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(STRANGER), deadline, bytes, NULL, &err),
            CHAOS_E_REVERTED, "invalid wallet sig");
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(WALLET), deadline + 1, bytes, NULL, &err),
            CHAOS_E_REVERTED, "invalid wallet sig");
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(WALLET), deadline + 9999, bytes, NULL,
                                   &err),
            CHAOS_E_REVERTED, "deadline too far");
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(WALLET), 1, bytes, NULL, &err),
            CHAOS_E_REVERTED, "expired");
    REFUSED(chaos_agent_set_wallet(R, SENDER(STRANGER), fresh(), &id, ADDRESS(WALLET), deadline, bytes, NULL, &err),
            CHAOS_E_REVERTED, "Not authorized");
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, &(chaos_address){ { 0 } }, deadline, bytes, NULL,
                                   &err),
            CHAOS_E_REVERTED, "bad wallet");
    signature.bytes[40] ^= 1;
    REFUSED(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(WALLET), deadline, bytes, NULL, &err),
            CHAOS_E_REVERTED, "invalid wallet sig");
    signature.bytes[40] ^= 1;
    DO(chaos_agent_set_wallet(R, SENDER(OWNER), fresh(), &id, ADDRESS(WALLET), deadline, bytes, NULL, &err));
    DO(chaos_agent_wallet(R, &id, NULL, &wallet, &err));
    same_address(&wallet, ADDRESS(WALLET));
    DO(chaos_identity_check_domain(R, NULL, &err));
    REFUSED(chaos_agent_wallet_signature(R, &nobody, here->people[WALLET].account, &deadline, &signature, &err),
            CHAOS_E_NOT_FOUND, "no agent");
}

static void test_approvals_and_transfer(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_address who;
    bool is = true;
    (void)state;
    DO(chaos_agent_is_authorized(R, ADDRESS(OPERATOR), &id, NULL, &is, &err));
    assert_false(is);
    DO(chaos_agent_approve(R, SENDER(OWNER), fresh(), &id, ADDRESS(OPERATOR), NULL, &err));
    DO(chaos_agent_approved(R, &id, NULL, &who, &err));
    same_address(&who, ADDRESS(OPERATOR));
    DO(chaos_agent_set_uri(R, SENDER(OPERATOR), fresh(), &id, "by the approved", NULL, &err));
    REFUSED(chaos_agent_approve(R, SENDER(OPERATOR), fresh(), &id, ADDRESS(STRANGER), NULL, &err), CHAOS_E_REVERTED,
            "ERC721InvalidApprover");
    DO(chaos_agent_set_operator(R, SENDER(OWNER), fresh(), ADDRESS(CLIENT2), true, NULL, &err));
    DO(chaos_agent_is_operator(R, ADDRESS(OWNER), ADDRESS(CLIENT2), NULL, &is, &err));
    assert_true(is);
    DO(chaos_agent_set_uri(R, SENDER(CLIENT2), fresh(), &id, "by the operator", NULL, &err));
    DO(chaos_agent_set_operator(R, SENDER(OWNER), fresh(), ADDRESS(CLIENT2), false, NULL, &err));
    REFUSED(chaos_agent_transfer(R, SENDER(STRANGER), fresh(), &id, ADDRESS(STRANGER), CHAOS_TRANSFER_PLAIN,
                                 slice(NULL, 0), NULL, &err),
            CHAOS_E_REVERTED, "ERC721InsufficientApproval");
    REFUSED(chaos_agent_transfer(R, SENDER(OWNER), fresh(), &id, &here->places.reputation, CHAOS_TRANSFER_SAFE,
                                 slice(NULL, 0), NULL, &err),
            CHAOS_E_REVERTED, "ERC721InvalidReceiver");
    char name[40];
    (void)snprintf(name, sizeof name, "%s", fresh());
    DO(chaos_agent_transfer(R, SENDER(OWNER), name, &id, ADDRESS(CLIENT2), CHAOS_TRANSFER_SAFE, slice("data", 4), NULL,
                            &err));
    DO(chaos_agent_owner(R, &id, NULL, &who, &err));
    same_address(&who, ADDRESS(CLIENT2));
    DO(chaos_agent_wallet(R, &id, NULL, &who, &err)); /* gone with the owner */
    assert_true(is_zero(&who));
    DO(chaos_agent_approved(R, &id, NULL, &who, &err));
    assert_true(is_zero(&who));
    chaos_outcome outcome;
    DO(chaos_agent_transfer(R, SENDER(OWNER), name, &id, ADDRESS(CLIENT2), CHAOS_TRANSFER_SAFE, slice("data", 4),
                            &outcome, &err));
    assert_true(outcome.was_done);
    DO(chaos_agent_transfer(R, SENDER(CLIENT2), fresh(), &id, ADDRESS(OWNER), CHAOS_TRANSFER_PLAIN, slice(NULL, 0),
                            NULL, &err));
    DO(chaos_agent_transfer(R, SENDER(OWNER), fresh(), &id, ADDRESS(CLIENT), CHAOS_TRANSFER_SAFE, slice(NULL, 0), NULL,
                            &err));
    REFUSED(chaos_agent_transfer(R, SENDER(OWNER), fresh(), &id, ADDRESS(CLIENT), CHAOS_TRANSFER_PLAIN, slice("x", 1),
                                 NULL, &err),
            CHAOS_E_USAGE, "safe form");
}

static void test_of_the_contracts(void **state)
{
    CHAOS_AUTO_BUFFER(text, 64);
    bool is = false;
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        text.size = 0;
        DO(chaos_registry_version(R, (chaos_registry_kind)kind, NULL, &text, &err));
        assert_true(slice_is(buffer_slice(&text), "2.0.0"));
    }
    text.size = 0;
    DO(chaos_identity_name(R, NULL, &text, &err));
    assert_true(slice_is(buffer_slice(&text), "AgentIdentity"));
    text.size = 0;
    DO(chaos_identity_symbol(R, NULL, &text, &err));
    assert_true(slice_is(buffer_slice(&text), "AGENT"));
    static const struct {
        uint32_t id;
        bool is;
    } interfaces[] = { { 0x01ffc9a7, true }, { 0x80ac58cd, true }, { 0x5b5e139f, true }, { 0x49064906, true }, { 0x780e9d63, false }, { 0xffffffff, false } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(interfaces); i++) {
        DO(chaos_identity_supports(R, interfaces[i].id, NULL, &is, &err));
        assert_true(is == interfaces[i].is);
    }
}

/* -------------------------------------------------------------- reputation ---- */

static uint64_t give(person_name who, const chaos_u256 *id, const char *value, const char *tag1, const char *tag2)
{
    chaos_feedback_draft draft = { .tag1 = tag1, .tag2 = tag2, .endpoint = "https://agent.example/a2a", .uri = "ipfs://x" };
    uint64_t index = 0;
    DO(chaos_decimal_parse(value, &draft.value, &draft.decimals, &err));
    DO(chaos_feedback_give(R, SENDER(who), fresh(), id, &draft, &index, NULL, &err));
    return index;
}

static void test_feedback(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    uint64_t count = 77;
    (void)state;
    assert_int_equal(give(CLIENT, &id, "99.77", "uptime", "day"), 1);
    assert_int_equal(give(CLIENT, &id, "-3.2", NULL, NULL), 2);
    assert_int_equal(give(CLIENT2, &id, "87", "starred", ""), 1);
    CHAOS_AUTO(chaos_address_list, clients);
    DO(chaos_feedback_clients(R, &id, NULL, &clients, &err));
    assert_int_equal(chaos_address_list_count(clients), 2);
    same_address(chaos_address_list_at(clients, 0), ADDRESS(CLIENT));
    DO(chaos_feedback_last_index(R, &id, ADDRESS(CLIENT), NULL, &count, &err));
    assert_int_equal(count, 2);
    DO(chaos_feedback_last_index(R, &id, ADDRESS(STRANGER), NULL, &count, &err));
    assert_int_equal(count, 0);
    CHAOS_AUTO(chaos_feedback_list, one);
    DO(chaos_feedback_read(R, &id, ADDRESS(CLIENT), 2, NULL, &one, &err));
    const chaos_feedback *f = chaos_feedback_list_at(one, 0);
    assert_true(f->value.high == -1 && f->value.low == (uint64_t)-32 && f->decimals == 1 && f->tag1.size == 0);
    chaos_feedback_list *none = NULL;
    REFUSED(chaos_feedback_read(R, &id, ADDRESS(CLIENT), 3, NULL, &none, &err), CHAOS_E_NOT_FOUND, "no feedback");
    REFUSED(chaos_feedback_read(R, &id, ADDRESS(CLIENT), 0, NULL, &none, &err), CHAOS_E_NOT_FOUND, "no feedback");
    CHAOS_AUTO(chaos_feedback_list, all);
    DO(chaos_feedback_read_all(R, &id, NULL, 0, NULL, NULL, true, NULL, &all, &err));
    assert_int_equal(chaos_feedback_list_count(all), 3);
    assert_true(slice_is(chaos_feedback_list_at(all, 0)->tag2, "day"));
    CHAOS_AUTO(chaos_feedback_list, tagged);
    DO(chaos_feedback_read_all(R, &id, ADDRESS(CLIENT2), 1, "starred", NULL, false, NULL, &tagged, &err));
    assert_int_equal(chaos_feedback_list_count(tagged), 1);
    /* The contract's mean and ours */
    const chaos_address both[] = { *ADDRESS(CLIENT), *ADDRESS(CLIENT2) }, twice[] = { both[0], both[1], both[0] };
    chaos_feedback_summary theirs, own;
    DO(chaos_feedback_summary_of(R, &id, both, 2, NULL, NULL, NULL, &theirs, &err));
    DO(chaos_feedback_list_summary(all, &own, &err));
    assert_true(theirs.count == 3 && theirs.value.low == 61 && theirs.decimals == 0);
    assert_true(own.count == 3 && own.value.low == 61 && own.decimals == 0);
    REFUSED(chaos_feedback_summary_of(R, &id, twice, 3, NULL, NULL, NULL, &theirs, &err), CHAOS_E_USAGE, "twice");
    REFUSED(chaos_feedback_summary_of(R, &id, NULL, 0, NULL, NULL, NULL, &theirs, &err), CHAOS_E_USAGE, "at least one");
}

static void test_feedback_refused(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_feedback_draft draft = { .decimals = 0 };
    (void)state;
    REFUSED(chaos_feedback_give(R, SENDER(OWNER), fresh(), &id, &draft, NULL, NULL, &err), CHAOS_E_REVERTED,
            "Self-feedback not allowed");
    DO(chaos_agent_approve(R, SENDER(OWNER), fresh(), &id, ADDRESS(OPERATOR), NULL, &err));
    REFUSED(chaos_feedback_give(R, SENDER(OPERATOR), fresh(), &id, &draft, NULL, NULL, &err), CHAOS_E_REVERTED,
            "Self-feedback not allowed");
    REFUSED(chaos_feedback_give(R, SENDER(CLIENT), fresh(), &nobody, &draft, NULL, NULL, &err), CHAOS_E_REVERTED,
            "ERC721NonexistentToken");
    draft.decimals = 19;
    REFUSED(chaos_feedback_give(R, SENDER(CLIENT), fresh(), &id, &draft, NULL, NULL, &err), CHAOS_E_USAGE, "18");
    draft.decimals = 0;
    draft.value = (chaos_int128){ INT64_MAX, 0 };
    REFUSED(chaos_feedback_give(R, SENDER(CLIENT), fresh(), &id, &draft, NULL, NULL, &err), CHAOS_E_REVERTED,
            "value too large");
    REFUSED(chaos_feedback_revoke(R, SENDER(CLIENT), fresh(), &id, 1, NULL, &err), CHAOS_E_REVERTED,
            "index out of bounds");
}

static void test_feedback_revoked_and_answered(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    uint64_t index = give(CLIENT, &id, "5", "t", ""), count = 0;
    chaos_keccak hash = new_hash();
    (void)state;
    DO(chaos_feedback_respond(R, SENDER(OWNER), fresh(), &id, ADDRESS(CLIENT), index, "ipfs://r", &hash, NULL, &err));
    DO(chaos_feedback_respond(R, SENDER(STRANGER), fresh(), &id, ADDRESS(CLIENT), index, "ipfs://s", &hash, NULL,
                              &err));
    DO(chaos_feedback_response_count(R, &id, NULL, 0, NULL, 0, NULL, &count, &err));
    assert_int_equal(count, 2);
    DO(chaos_feedback_response_count(R, &id, ADDRESS(CLIENT), index, ADDRESS(OWNER), 1, NULL, &count, &err));
    assert_int_equal(count, 1);
    REFUSED(chaos_feedback_respond(R, SENDER(OWNER), fresh(), &id, ADDRESS(CLIENT), index, "", &hash, NULL, &err),
            CHAOS_E_REVERTED, "Empty URI");
    DO(chaos_feedback_revoke(R, SENDER(CLIENT), fresh(), &id, index, NULL, &err));
    REFUSED(chaos_feedback_revoke(R, SENDER(CLIENT), fresh(), &id, index, NULL, &err), CHAOS_E_REVERTED,
            "Already revoked");
    CHAOS_AUTO(chaos_feedback_list, list);
    DO(chaos_feedback_read(R, &id, ADDRESS(CLIENT), index, NULL, &list, &err));
    assert_true(chaos_feedback_list_at(list, 0)->is_revoked);
    chaos_feedback_summary summary;
    DO(chaos_feedback_summary_of(R, &id, ADDRESS(CLIENT), 1, NULL, NULL, NULL, &summary, &err));
    assert_int_equal(summary.count, 0);
}

/* -------------------------------------------------------------- validation ---- */

static void test_validation(void **state)
{
    chaos_u256 id = register_agent(OWNER, ""), other = register_agent(CLIENT2, "");
    chaos_keccak request = new_hash(), verdict = new_hash();
    chaos_validation v;
    chaos_outcome outcome;
    CHAOS_AUTO_BUFFER(tag, 64);
    (void)state;
    REFUSED(chaos_validation_status(R, &request, NULL, &v, NULL, &err), CHAOS_E_NOT_FOUND, "nobody");
    REFUSED(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 1, NULL, &verdict, NULL, NULL, &err),
            CHAOS_E_NOT_FOUND, "nobody");
    DO(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(VALIDATOR), &id, "ipfs://q", &request, &outcome,
                                &err));
    assert_false(outcome.was_done);
    DO(chaos_validation_status(R, &request, NULL, &v, &tag, &err));
    assert_true(!v.is_answered && v.response == 0 && tag.size == 0);
    same_address(&v.validator, ADDRESS(VALIDATOR));
    /* our own earlier one; another agent's */
    DO(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(VALIDATOR), &id, "ipfs://q", &request, &outcome,
                                &err));
    assert_true(outcome.was_done && outcome.attempts == 0);
    REFUSED(chaos_validation_request(R, SENDER(CLIENT2), fresh(), ADDRESS(VALIDATOR), &other, "ipfs://q", &request,
                                     NULL, &err),
            CHAOS_E_REVERTED, "taken by another");
    REFUSED(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(STRANGER), &id, "ipfs://q", &request, NULL,
                                     &err),
            CHAOS_E_REVERTED, "taken by another");
    /* one answer */
    REFUSED(chaos_validation_respond(R, SENDER(STRANGER), fresh(), &request, 100, "u", &verdict, "t", NULL, &err),
            CHAOS_E_REVERTED, "not the validator");
    REFUSED(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 101, "u", &verdict, "t", NULL, &err),
            CHAOS_E_USAGE, "0 to 100");
    DO(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 100, "u", &verdict, "tee-sim/v1", &outcome,
                                &err));
    assert_false(outcome.was_done);
    DO(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 100, "u", &verdict, "tee-sim/v1", &outcome,
                                &err));
    assert_true(outcome.was_done && outcome.attempts == 0);
    REFUSED(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 50, "u", &verdict, "tee-sim/v1", NULL,
                                     &err),
            CHAOS_E_USAGE, "answers once");
    REFUSED(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 100, "u", &verdict, "other", NULL, &err),
            CHAOS_E_USAGE, "answers once");
    REFUSED(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 100, "u", &request, "tee-sim/v1", NULL,
                                     &err),
            CHAOS_E_USAGE, "answers once");
    DO(chaos_validation_status(R, &request, NULL, &v, &tag, &err));
    assert_true(v.is_answered && v.response == 100 && slice_is(buffer_slice(&tag), "tee-sim/v1"));
    assert_memory_equal(&v.response_hash, &verdict, sizeof verdict);
}

/* A bare answer of 0 looks as no answer does; the logs tell them apart, also at a block in the past. */
static void test_bare_zero(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_keccak request = new_hash(), zero = { { 0 } };
    chaos_validation v;
    chaos_outcome asked, answered;
    (void)state;
    DO(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(VALIDATOR), &id, "", &request, &asked, &err));
    world_do(here, "anvil_mine", "[\"0x14\"]");
    DO(chaos_validation_status(R, &request, NULL, &v, NULL, &err));
    assert_false(v.is_answered);
    DO(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 0, "", &zero, "", &answered, &err));
    assert_false(answered.was_done);
    world_do(here, "anvil_mine", "[\"0x14\"]");
    DO(chaos_validation_status(R, &request, NULL, &v, NULL, &err));
    assert_true(v.is_answered && v.response == 0);
    chaos_block_id then = { .tag = CHAOS_BLOCK_NUMBER, .number = asked.block_number + 3 };
    DO(chaos_validation_status(R, &request, &then, &v, NULL, &err));
    assert_false(v.is_answered);
    DO(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &request, 0, "", &zero, "", &answered, &err));
    assert_true(answered.was_done && answered.attempts == 0);
    uint64_t count = 0;
    uint8_t mean = 99;
    DO(chaos_validation_summary(R, &id, ADDRESS(VALIDATOR), 1, NULL, NULL, &count, &mean, &err));
    assert_true(count == 1 && mean == 0);
}

static void test_validation_lists(void **state)
{
    chaos_u256 id = register_agent(OWNER, "");
    chaos_keccak first = new_hash(), second = new_hash();
    uint64_t count = 0;
    uint8_t mean = 0;
    (void)state;
    DO(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(VALIDATOR), &id, "", &first, NULL, &err));
    DO(chaos_validation_request(R, SENDER(OWNER), fresh(), ADDRESS(CLIENT2), &id, "", &second, NULL, &err));
    CHAOS_AUTO(chaos_hash_list, of_agent);
    CHAOS_AUTO(chaos_hash_list, of_validator);
    DO(chaos_validation_of_agent(R, &id, NULL, &of_agent, &err));
    assert_int_equal(chaos_hash_list_count(of_agent), 2);
    assert_memory_equal(chaos_hash_list_at(of_agent, 0), &first, sizeof first);
    DO(chaos_validation_of_validator(R, ADDRESS(CLIENT2), NULL, &of_validator, &err));
    size_t n = chaos_hash_list_count(of_validator);
    assert_memory_equal(chaos_hash_list_at(of_validator, n - 1), &second, sizeof second);
    assert_null(chaos_hash_list_at(of_validator, n));
    DO(chaos_validation_respond(R, SENDER(VALIDATOR), fresh(), &first, 75, "", &first, "a", NULL, &err));
    DO(chaos_validation_respond(R, SENDER(CLIENT2), fresh(), &second, 50, "", &first, "b", NULL, &err));
    DO(chaos_validation_summary(R, &id, NULL, 0, NULL, NULL, &count, &mean, &err));
    assert_true(count == 2 && mean == 62);
    DO(chaos_validation_summary(R, &id, NULL, 0, "a", NULL, &count, &mean, &err));
    assert_true(count == 1 && mean == 75);
}

/* ------------------------------------------------------------ TEE metadata ---- */

static void test_tee_metadata(void **state)
{
    chaos_tee_metadata m = { .present = CHAOS_TEE_FIELD_ARCH | CHAOS_TEE_FIELD_KEY | CHAOS_TEE_FIELD_EXPIRES |
                                        CHAOS_TEE_FIELD_EVIDENCE_URI | CHAOS_TEE_FIELD_SIMULATED,
                             .arch = "tdx",
                             .evidence_uri = "https://agent.example/e",
                             .expires = 1767312000 };
    chaos_tee_entries entries;
    chaos_tee_metadata back;
    chaos_u256 id;
    (void)state;
    m.key = *ADDRESS(WALLET);
    DO(chaos_tee_metadata_write(&m, &entries, &err));
    DO(chaos_agent_register(R, SENDER(OWNER), fresh(), "", entries.entries, entries.count, &id, NULL, &err));
    DO(chaos_tee_metadata_read(R, &id, NULL, &back, &err));
    assert_int_equal(back.present, m.present | CHAOS_TEE_FIELD_VERSION);
    assert_int_equal(back.malformed, 0);
    assert_true(back.expires == m.expires && strcmp(back.evidence_uri, m.evidence_uri) == 0);
    same_address(&back.key, ADDRESS(WALLET));
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, "tee.key", slice("short", 5), NULL, &err));
    DO(chaos_tee_metadata_read(R, &id, NULL, &back, &err));
    assert_int_equal(back.malformed, CHAOS_TEE_FIELD_KEY);
    /* head and answer */
    chaos_tee_head head = { .sequence = 7, .digest = new_hash() }, head_back;
    chaos_tee_answer answer = { new_hash(), new_hash() }, answer_back;
    uint8_t value[64];
    REFUSED(chaos_tee_head_read(R, &id, NULL, &head_back, &err), CHAOS_E_NOT_FOUND, "no such metadata");
    chaos_tee_head_write(&head, value);
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, CHAOS_TEE_HEAD_KEY, slice(value, 40), NULL, &err));
    DO(chaos_tee_head_read(R, &id, NULL, &head_back, &err));
    assert_true(head_back.sequence == 7 && memcmp(&head_back.digest, &head.digest, sizeof head.digest) == 0);
    chaos_tee_answer_write(&answer, value);
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, CHAOS_TEE_ANSWER_KEY, slice(value, 64), NULL, &err));
    DO(chaos_tee_answer_read(R, &id, NULL, &answer_back, &err));
    assert_memory_equal(&answer, &answer_back, sizeof answer);
    DO(chaos_agent_set_metadata(R, SENDER(OWNER), fresh(), &id, CHAOS_TEE_HEAD_KEY, slice(value, 41), NULL, &err));
    REFUSED(chaos_tee_head_read(R, &id, NULL, &head_back, &err), CHAOS_E_NODE, "another size");
}

/* -------------------------------------------------------------------- logs ---- */

typedef struct counts {
    unsigned of[CHAOS_EVENT_COUNT], total, rollbacks;
} counts;

static chaos_status count_log(void *context, const chaos_log *log, chaos_error *err)
{
    counts *c = context;
    chaos_event event;
    CHAOS_TRY(chaos_registries_event(R, log, &event, err));
    c->of[event.kind]++;
    c->total++;
    return CHAOS_OK;
}

static chaos_status count_rollback(void *context, uint64_t from, chaos_error *err)
{
    counts *c = context;
    (void)from;
    (void)err;
    c->rollbacks++;
    return CHAOS_OK;
}

/* Everything that the tests before have done, by its logs. */
static void test_logs(void **state)
{
    counts c = { .total = 0 };
    chaos_log_reader *reader_of_all = NULL;
    const chaos_address addresses[] = { here->places.identity, here->places.reputation, here->places.validation };
    chaos_log_reader_options o = CHAOS_LOG_READER_OPTIONS_INIT;
    uint64_t done = 0;
    (void)state;
    o.rpc = here->rpc;
    o.addresses = addresses;
    o.address_count = 3;
    o.range = 16;
    o.depth = 8;
    o.context = &c;
    o.on_log = count_log;
    o.on_rollback = count_rollback;
    DO(chaos_log_reader_open(&o, &reader_of_all, &err));
    DO(chaos_log_reader_poll(reader_of_all, &done, &err));
    static const chaos_event_kind seen[] = {
        CHAOS_EVENT_REGISTERED, CHAOS_EVENT_URI_UPDATED, CHAOS_EVENT_METADATA_SET, CHAOS_EVENT_TRANSFER,
        CHAOS_EVENT_APPROVAL, CHAOS_EVENT_APPROVAL_FOR_ALL, CHAOS_EVENT_METADATA_UPDATE, CHAOS_EVENT_NEW_FEEDBACK,
        CHAOS_EVENT_FEEDBACK_REVOKED, CHAOS_EVENT_RESPONSE_APPENDED, CHAOS_EVENT_VALIDATION_REQUEST,
        CHAOS_EVENT_VALIDATION_RESPONSE
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(seen); i++) {
        if (c.of[seen[i]] == 0) {
            fail_msg("no log of %s", chaos_event_name(seen[i]));
        }
    }
    assert_int_equal(c.of[CHAOS_EVENT_UNKNOWN], 0);
    counts before = c;
    (void)register_agent(OWNER, "one more");
    DO(chaos_log_reader_poll(reader_of_all, &done, &err));
    assert_int_equal(c.of[CHAOS_EVENT_REGISTERED], before.of[CHAOS_EVENT_REGISTERED] + 1);
    world_do(here, "anvil_reorg", "[1,[]]");
    DO(chaos_log_reader_poll(reader_of_all, &done, &err));
    assert_int_equal(c.rollbacks, 1);
    chaos_log_reader_free(reader_of_all);
}

/* ----------------------------------------------------------------- dry run ---- */

static void test_dry_run(void **state)
{
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    chaos_sender *dry = NULL;
    chaos_u256 id = nobody;
    chaos_outcome outcome = { .attempts = 9 };
    chaos_registry_addresses places = { .identity = { { 9 } } };
    uint64_t before = 0, after = 0;
    (void)state;
    options.rpc = here->rpc;
    options.account = here->people[OWNER].account;
    options.dry_run = true;
    DO(chaos_sender_open(&options, &dry, &err));
    DO(chaos_rpc_transaction_count(here->rpc, ADDRESS(OWNER), NULL, &before, &err));
    DO(chaos_agent_register(R, dry, "dry", "x", NULL, 0, &id, &outcome, &err));
    assert_memory_equal(&id, &nobody, sizeof id); /* untouched */
    assert_true(outcome.gas_used > 80000 && outcome.attempts == 0);
    DO(chaos_registries_deploy(dry, "dry", &places, &err));
    assert_int_equal(places.identity.bytes[0], 9);
    REFUSED(chaos_agent_set_uri(R, dry, "dry", &nobody, "x", NULL, &err), CHAOS_E_NOT_FOUND, "no agent");
    DO(chaos_rpc_transaction_count(here->rpc, ADDRESS(OWNER), NULL, &after, &err));
    assert_true(before == after);
    chaos_sender_free(dry);
}

static void test_deploy_once(void **state)
{
    chaos_registry_addresses first, again;
    char prefix[40];
    (void)state;
    (void)snprintf(prefix, sizeof prefix, "%s", fresh());
    DO(chaos_registries_deploy(SENDER(OWNER), prefix, &first, &err));
    world_restart(here);
    DO(chaos_registries_deploy(SENDER(OWNER), prefix, &again, &err));
    assert_memory_equal(&first, &again, sizeof first);
    chaos_registries_options o = right_options();
    o.identity = first.identity; /* of another set */
    refused_to_open(&o, CHAOS_E_REGISTRY, "reputation", "another identity registry");
    o.has_reputation = o.has_validation = false;
    chaos_registries *made = NULL;
    DO(chaos_registries_open(&o, &made, &err));
    assert_false(chaos_registries_has(made, CHAOS_REGISTRY_REPUTATION));
    chaos_registries_free(made);
}

/* -------------------------------------------------------------------- main ---- */

static int begin(world_kind kind, void **state)
{
    here = calloc(1, sizeof *here);
    assert_non_null(here);
    world_begin(here, kind);
    *state = here;
    return 0;
}

static int begin_ours(void **state)
{
    return begin(WORLD_OURS, state);
}

static int begin_others(void **state)
{
    return begin(WORLD_OTHERS, state);
}

static int finish(void **state)
{
    (void)state;
    world_end(here);
    free(here);
    return 0;
}

/* As an outsider would run it: contracts that a first world has deployed behind proxies, named by the environment. */
static world *first_world;

static int begin_proxies(void **state)
{
    static const char *const names[] = { "CHAOS_TEST_IDENTITY", "CHAOS_TEST_REPUTATION", "CHAOS_TEST_VALIDATION" };
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    first_world = calloc(1, sizeof *first_world);
    assert_non_null(first_world);
    world_begin(first_world, WORLD_PROXIES);
    const chaos_address *places[] = { &first_world->places.identity, &first_world->places.reputation,
                                      &first_world->places.validation };
    assert_int_equal(setenv("CHAOS_TEST_RPC", anvil_url(first_world->node), 1), 0);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        chaos_address_format(places[i], text);
        assert_int_equal(setenv(names[i], text, 1), 0);
    }
    return begin_others(state);
}

static int finish_proxies(void **state)
{
    (void)finish(state);
    world_end(first_world);
    free(first_world);
    return 0;
}

/* The code behind a proxy is what may change. */
static void test_implementation(void **state)
{
    chaos_address implementation, owner;
    (void)state;
    DO(chaos_registry_implementation(R, CHAOS_REGISTRY_VALIDATION, NULL, &implementation, &err));
    assert_true(is_zero(&implementation) == (first_world == NULL));
    if (first_world != NULL) {
        REFUSED(chaos_registry_owner(R, CHAOS_REGISTRY_VALIDATION, NULL, &owner, &err), CHAOS_E_REVERTED, "refuses");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register),
        cmocka_unit_test(test_register_refused),
        cmocka_unit_test(test_register_once),
        cmocka_unit_test(test_register_reorganised),
        cmocka_unit_test(test_uri_and_metadata),
        cmocka_unit_test(test_wallet),
        cmocka_unit_test(test_approvals_and_transfer),
        cmocka_unit_test(test_of_the_contracts),
        cmocka_unit_test(test_feedback),
        cmocka_unit_test(test_feedback_refused),
        cmocka_unit_test(test_feedback_revoked_and_answered),
        cmocka_unit_test(test_validation),
        cmocka_unit_test(test_bare_zero),
        cmocka_unit_test(test_validation_lists),
        cmocka_unit_test(test_tee_metadata),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_deploy_once),
    };
    const struct CMUnitTest more[] = {
        cmocka_unit_test(test_implementation),
    };
    if (getenv("CHAOS_TEST_RPC") != NULL) {
        return cmocka_run_group_tests_name("registries of somebody else", tests, begin_others, finish);
    }
    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: no anvil (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    int ours = cmocka_run_group_tests_name("our registries", tests, begin_ours, finish);
    ours += cmocka_run_group_tests_name("our registries: code", more, begin_ours, finish);
    int proxies = cmocka_run_group_tests_name("behind proxies", tests, begin_proxies, finish_proxies);
    proxies += cmocka_run_group_tests_name("behind proxies: code", more, begin_proxies, finish_proxies);
    return ours != 0 || proxies != 0;
}
