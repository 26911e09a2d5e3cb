/* test_validator_faults.c - a fault of ours is never a 0. One table: what goes wrong, and that nothing is answered (with the
 * reason to try again), or what exactly is; and beside every silence the same request with the fault gone, which is
 * answered with 100, once. Real parts: a node that is killed, chains that fork, contracts that are exchanged, gateways and
 * collateral folders that lie. */
#include "tests/life/forged_world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/http_server.h"

static forged_world w;
static chaos_validator_config config_before;

/* One case on its way. */
typedef struct trial {
    request_draft r;
    void (*meanwhile)(struct trial *t); /* when everything is read and nothing is answered yet */
    bool happened;
    chaos_status source; /* what a source of collateral says; 0: it gives what is right */
    int64_t now;
    http_server *gateway;
    chaos_content *content;
    chaos_collateral_cache *cache;
    chaos_rpc *rpc; /* straight to the node, without the proxy */
    chaos_registries *registries;
    chaos_sender *sender;
    char snapshot[32]; /* of the chain, to go back to */
    chaos_buffer code; /* of the validation registry, as it was */
} trial;

/* ------------------------------------------------------------------- helpers ---- */

static chaos_status any_collateral(void *context, const chaos_evidence *evidence, int64_t now, chaos_buffer *out,
                                   chaos_error *err)
{
    trial *t = context;

    (void)evidence;
    (void)now;
    if (t->meanwhile != NULL && !t->happened) {
        t->happened = true;
        t->meanwhile(t);
    }
    if (t->source != CHAOS_OK) {
        return error_set(err, t->source, "source", CHAOS_NO_OFFSET, "says the source");
    }
    return buffer_append(out, config_before.collateral) ? CHAOS_OK : CHAOS_E_MEMORY;
}

static void use_source(trial *t)
{
    w.config.collateral = (chaos_slice){ NULL, 0 };
    w.config.collateral_source = any_collateral;
    w.config.collateral_context = t;
}

/* Asked, answered with evidence over what is right, and committed to. */
static void publish(trial *t, const chaos_binding *binding, const char *flaw, bool commit)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    const chaos_binding right = world_binding(&w, &t->r);

    world_envelope(&w, binding == NULL ? &right : binding, flaw, &bytes);
    world_publish(&w, &t->r, buffer_slice(&bytes));
    if (commit) {
        world_commit(&w, &t->r, buffer_slice(&bytes));
    }
}

static void ask(trial *t)
{
    world_ask(&w, &t->r);
}

static void sound(trial *t)
{
    ask(t);
    publish(t, NULL, NULL, true);
}

static void happens(trial *t, void (*meanwhile)(trial *t))
{
    sound(t);
    t->meanwhile = meanwhile;
    use_source(t);
}

/* An agent of this case's own, which it may change. */
static void own_agent(trial *t)
{
    const chaos_address key = world_address(w.wallet);

    t->r.agent_id = t->r.fields.agent_id = world_agent(&w, w.wallet, &key);
}

static void ask_node(const char *method, const char *params, chaos_buffer *result)
{
    chaos_error err;

    OK(chaos_rpc_request(w.c.rpc, method, params, result, &err));
}

/* ------------------------------------------------------------------- content ---- */

static bool lie(void *context, const http_seen *seen, chaos_buffer *out)
{
    (void)context;
    (void)seen;
    return http_reply(out, 200, "application/octet-stream", slice_text("bytes of another hash"));
}

static void use_gateway(trial *t)
{
    const http_server_options options = { .tcp = true, .answer = lie };
    chaos_content_options how = CHAOS_CONTENT_OPTIONS_INIT;
    char gateway[64];
    chaos_error err;

    t->gateway = http_server_start(&options);
    how.folder = w.content_folder;
    how.base = WORLD_BASE;
    (void)snprintf(gateway, sizeof gateway, "%s/", http_server_url(t->gateway));
    how.gateways[0] = gateway;
    how.allow_local = true;
    OK(chaos_content_open(&how, &t->content, &err));
    w.config.content = t->content;
}

#define NOT_PUBLISHED "ipfs://bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"

static void gateway_lies_about_evidence(trial *t)
{
    use_gateway(t);
    (void)snprintf(t->r.evidence_uri, sizeof t->r.evidence_uri, NOT_PUBLISHED);
    ask(t);
}

static void gateway_lies_about_request(trial *t)
{
    use_gateway(t);
    t->r.uri = NOT_PUBLISHED;
    sound(t);
}

#define REQUEST_NAME "request-of-this-test.json"

static void put_request_file(const chaos_request_fields *fields)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REQUEST_FILE);
    chaos_error err;

    OK(chaos_request_file_write(fields, &file, &err));
    OK(chaos_content_put_named(w.content, REQUEST_NAME, buffer_slice(&file), &err));
}

/* A sound file, and not the one whose hash is on chain: a plain URI says nothing of its bytes. */
static void another_request_file(trial *t)
{
    chaos_request_fields other;

    t->r.uri = WORLD_BASE REQUEST_NAME;
    sound(t);
    other = t->r.fields;
    other.nonce.bytes[0] ^= 1;
    put_request_file(&other);
}

static void right_request_file(trial *t)
{
    put_request_file(&t->r.fields);
}

static void folder_is_gone(trial *t)
{
    char hidden[160];

    sound(t);
    (void)snprintf(hidden, sizeof hidden, "%s.hidden", w.content_folder);
    assert_int_equal(rename(w.content_folder, hidden), 0);
}

static void folder_is_back(trial *t)
{
    char hidden[160];

    (void)t;
    (void)snprintf(hidden, sizeof hidden, "%s.hidden", w.content_folder);
    assert_int_equal(rename(hidden, w.content_folder), 0);
}

/* --------------------------------------------------------------------- chain ---- */

static void kill_node(trial *t)
{
    (void)t;
    chain_stop(&w.c);
}

/* Nothing between Bob and the node, and no patience. */
static void look_directly(trial *t)
{
    const char *url = anvil_url(w.c.node);
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    chaos_registries_options registries = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    chaos_error err;

    rpc.urls = &url;
    rpc.url_count = 1;
    rpc.chain_id = 31337;
    rpc.deadline_ms = 2000;
    OK(chaos_rpc_open(&rpc, &t->rpc, &err));
    registries.rpc = t->rpc;
    registries.has_identity = registries.has_validation = true;
    registries.identity = w.addresses.identity;
    registries.validation = w.addresses.validation;
    OK(chaos_registries_open(&registries, &t->registries, &err));
    w.config.registries = t->registries;
    sender.rpc = t->rpc;
    sender.account = w.bob;
    sender.journal = w.journal;
    sender.deadline_ms = 2000;
    OK(chaos_sender_open(&sender, &t->sender, &err));
    w.config.sender = t->sender;
}

static void node_is_dead(trial *t)
{
    sound(t);
    look_directly(t);
    chain_stop(&w.c);
}

static void node_dies(trial *t)
{
    look_directly(t);
    happens(t, kill_node);
}

static void start_node(trial *t)
{
    (void)t;
    chain_start(&w.c);
    w.config = config_before;
}

static void anchor_above_head(trial *t)
{
    chaos_binding binding;

    ask(t);
    binding = world_binding(&w, &t->r);
    binding.anchor_block += 1000;
    publish(t, &binding, NULL, true);
}

/* The node has the state of the chain and not the block, as one that began in the middle. */
static void anchor_pruned(trial *t)
{
    static char number[32];
    static proxy_rule rules[] = { { "eth_getBlockByNumber", PROXY_NULL, 0, 0, number }, { 0 } };

    sound(t);
    (void)snprintf(number, sizeof number, "\"0x%llx\"", (unsigned long long)world_head(&w).number - 1);
    rpc_proxy_rules(w.c.proxy, rules); /* world_binding has taken the block before the commitment's */
}

/* Anchored in a block that another one has replaced. */
static void anchor_forked(trial *t)
{
    CHAOS_AUTO_BUFFER(id, 256);
    chaos_binding binding;
    char params[64];

    ask(t);
    ask_node("evm_snapshot", "[]", &id);
    world_mine(&w, 1);
    binding = world_binding(&w, &t->r);
    (void)snprintf(params, sizeof params, "[%.*s]", (int)id.size, (const char *)id.data);
    chain_do(&w.c, "evm_revert", params);
    chain_do(&w.c, "anvil_mine", "[\"0x2\",\"0x7\"]");
    publish(t, &binding, NULL, true);
}

static void take_request_away(trial *t)
{
    char params[64];

    (void)snprintf(params, sizeof params, "[%s]", t->snapshot);
    chain_do(&w.c, "evm_revert", params);
    world_mine(&w, 20);
}

static void request_is_reorganised(trial *t)
{
    CHAOS_AUTO_BUFFER(id, 256);

    ask_node("evm_snapshot", "[]", &id);
    (void)snprintf(t->snapshot, sizeof t->snapshot, "%.*s", (int)id.size, (const char *)id.data);
    ask(t);
    publish(t, NULL, NULL, false);
    t->meanwhile = take_request_away;
    use_source(t);
}

static void look_too_late(trial *t)
{
    sound(t);
    w.config.first_block = world_head(&w).number + 1;
}

static void look_in_time(trial *t)
{
    (void)t;
    w.config.first_block = 0;
}

static void unconfirmed(trial *t)
{
    sound(t);
    w.config.confirmations = (uint32_t)(world_head(&w).number - t->r.block + 2);
}

static void mine_one(trial *t)
{
    (void)t;
    world_mine(&w, 1);
}

/* Our clock is an hour behind: everything that is made now looks as if it came from the future. */
static void clock_lags(trial *t)
{
    sound(t);
    w.config.collateral = (chaos_slice){ NULL, 0 };
    use_source(t);
    t->now = w.now - 3600;
}

/* And what is of a time that nobody has reached is what it is. */
static void from_the_future(trial *t)
{
    chaos_binding binding;

    ask(t);
    binding = world_binding(&w, &t->r);
    binding.issued_at = (uint64_t)world_head(&w).timestamp + 86400;
    publish(t, &binding, NULL, true);
}

/* ---------------------------------------------------------------- registries ---- */

static void drop_wallet(trial *t)
{
    chaos_error err;

    OK(chaos_agent_unset_wallet(w.registries, w.c.sender, world_name(&w, "unset"), &t->r.agent_id, NULL, &err));
}

static void wallet_changes(trial *t)
{
    own_agent(t);
    happens(t, drop_wallet);
}

static void adopt_again(trial *t)
{
    chaos_error err;

    OK(chaos_agent_adopt_wallet(w.registries, w.c.sender, world_name(&w, "wallet"), &t->r.agent_id, w.wallet, NULL,
                                &err));
}

static void change_key(trial *t)
{
    world_metadata(&w, &t->r.agent_id, "tee.key", slice_text("another key of 20 by"));
}

static void key_changes(trial *t)
{
    own_agent(t);
    happens(t, change_key);
}

static void right_key(trial *t)
{
    const chaos_address key = world_address(w.wallet);

    world_metadata(&w, &t->r.agent_id, "tee.key", slice(key.bytes, sizeof key.bytes));
}

static void change_file(trial *t)
{
    chaos_error err;

    OK(chaos_agent_set_uri(w.registries, w.c.sender, world_name(&w, "uri"), &t->r.agent_id, "https://new.invalid/file",
                           NULL, &err));
}

/* Another registration file: nothing of the answer depends on it. */
static void file_changes(trial *t)
{
    own_agent(t);
    happens(t, change_file);
}

static void set_code(const chaos_buffer *code)
{
    CHAOS_AUTO_BUFFER(params, 1u << 20);
    char address[CHAOS_ADDRESS_TEXT_SIZE];

    chaos_address_format(&w.addresses.validation, address);
    assert_true(buffer_append_format(&params, "[\"%s\",%s]", address, (const char *)code->data));
    chain_do(&w.c, "anvil_setCode", (const char *)params.data);
}

/* The validation registry is exchanged for one that is about the agents of another identity registry, as a proxy can. */
static void exchange(trial *t)
{
    CHAOS_AUTO_BUFFER(code, 1u << 20);
    char params[96], address[CHAOS_ADDRESS_TEXT_SIZE], hex[41] = "";
    char *at;
    unsigned found = 0;

    chaos_address_format(&w.addresses.validation, address);
    (void)snprintf(params, sizeof params, "[\"%s\",\"latest\"]", address);
    ask_node("eth_getCode", params, &code);
    t->code = (chaos_buffer)CHAOS_BUFFER_INIT(1u << 20);
    assert_true(buffer_append(&t->code, buffer_slice(&code)));
    hex_encode(slice(w.addresses.identity.bytes, sizeof w.addresses.identity.bytes), hex);
    for (at = strstr((char *)code.data, hex); at != NULL; at = strstr(at, hex)) {
        at[39] = at[39] == '0' ? '1' : '0';
        found++;
    }
    assert_true(found > 0);
    set_code(&code);
}

static void registry_is_exchanged(trial *t)
{
    sound(t);
    exchange(t);
}

static void registry_is_exchanged_meanwhile(trial *t)
{
    happens(t, exchange);
}

static void registry_is_back(trial *t)
{
    set_code(&t->code);
}

static void registry_is_gone(trial *t)
{
    chaos_buffer none = CHAOS_BUFFER_INIT(16);

    sound(t);
    exchange(t);
    assert_true(buffer_append_text(&none, "\"0x\""));
    set_code(&none);
    chaos_buffer_free(&none);
}

/* ------------------------------------------------------------------- answers ---- */

static void answered_before(trial *t)
{
    chaos_validator *v;
    chaos_validation_result result;

    sound(t);
    v = world_validator(&w);
    result = world_validate(v, &t->r.hash, w.now);
    assert_int_equal(result.decision, CHAOS_DECISION_ANSWER);
    chaos_verdict_free(result.verdict);
    chaos_validator_free(v);
}

/* ---------------------------------------------------------------- collateral ---- */

static void source_says(trial *t, chaos_status status)
{
    sound(t);
    t->source = status;
    use_source(t);
}

static void source_is_missing(trial *t)
{
    source_says(t, CHAOS_E_COLLATERAL_MISSING);
}

static void source_is_malformed(trial *t)
{
    source_says(t, CHAOS_E_COLLATERAL_FORMAT);
}

/* About the evidence's own chain, and wrong: the evidence is sound. */
static void source_slanders(trial *t)
{
    source_says(t, CHAOS_E_PCK_CHAIN_FORMAT);
}

static void source_does_not_trust(trial *t)
{
    source_says(t, CHAOS_E_ROOT_UNTRUSTED);
}

static void source_is_right(trial *t)
{
    t->source = CHAOS_OK;
}

static void collateral_expired(trial *t)
{
    sound(t);
    t->now = w.now + 60 * 86400;
}

/* A folder of collateral as 'collateral fetch' keeps it, and nobody to ask. */
static void use_cache(trial *t)
{
    chaos_collateral_cache_options how = CHAOS_COLLATERAL_CACHE_OPTIONS_INIT;
    char folder[160];
    chaos_error err;

    (void)snprintf(folder, sizeof folder, "%s-%s", w.journal, world_name(&w, "cache"));
    how.folder = folder;
    how.trust = w.trust;
    OK(chaos_collateral_cache_open(&how, &t->cache, &err));
    w.config.collateral = (chaos_slice){ NULL, 0 };
    w.config.collateral_source = chaos_collateral_cached_source;
    w.config.collateral_context = t->cache;
}

static void cache_is_empty(trial *t)
{
    sound(t);
    use_cache(t);
}

/* Evidence that is malformed in the very place that says whose collateral it needs. */
static void malformed_chain(trial *t)
{
    ask(t);
    publish(t, NULL, "chain-not-base64", true);
    use_cache(t);
}

static void malformed_chain_uncommitted(trial *t)
{
    ask(t);
    publish(t, NULL, "chain-not-base64", false);
    use_cache(t);
}

static void short_chain(trial *t)
{
    ask(t);
    publish(t, NULL, "chain-ca-missing", true);
    use_cache(t);
}

static void malformed_chain_with_a_file(trial *t)
{
    ask(t);
    publish(t, NULL, "chain-not-base64", true);
}

/* --------------------------------------------------------------------- table ---- */

typedef struct fault_case {
    const char *name;
    void (*arrange)(trial *t);
    chaos_decision decision;
    uint8_t response;
    const char *tag;
    chaos_status reason;
    const char *field;      /* of the reason; NULL: any */
    void (*mend)(trial *t); /* then it is answered with 100; NULL: it cannot be mended */
} fault_case;

#define RETRY CHAOS_DECISION_RETRY, 0, ""
#define GONE(status) RETRY, CHAOS_E_##status
#define ZERO(tag, status) CHAOS_DECISION_ANSWER, 0, tag, CHAOS_E_##status

static void nothing(trial *t)
{
    (void)t;
}

static const fault_case cases[] = {
    { "a gateway lies about the evidence", gateway_lies_about_evidence, GONE(CONTENT_HASH), NULL, NULL },
    { "a gateway lies about the request file", gateway_lies_about_request, GONE(CONTENT_HASH), NULL, NULL },
    { "another request file is where it should be", another_request_file, GONE(CONTENT_HASH), "requestURI", right_request_file },
    { "the folder of content is gone", folder_is_gone, GONE(NOT_AVAILABLE), NULL, folder_is_back },
    { "the node is dead", node_is_dead, GONE(NETWORK), NULL, start_node },
    { "the node dies between two reads", node_dies, GONE(NETWORK), NULL, start_node },
    { "the anchor is above the head", anchor_above_head, GONE(NOT_FOUND), "binding.anchor_block", NULL },
    { "the anchor is pruned", anchor_pruned, GONE(NOT_FOUND), NULL, nothing },
    { "the anchor is of another fork", anchor_forked, CHAOS_DECISION_ANSWER, 50, CHAOS_TAG_SIMULATED, CHAOS_OK, NULL, NULL },
    { "the request is taken away meanwhile", request_is_reorganised, GONE(NOT_FOUND), NULL, NULL },
    { "the log of the request lies before where we look", look_too_late, GONE(NOT_FOUND), "requestHash", look_in_time },
    { "the request is not confirmed", unconfirmed, GONE(UNCONFIRMED), "requestHash", mine_one },
    { "our clock lags behind", clock_lags, GONE(BINDING_EXPIRED), "clock", nothing },
    { "the evidence is of the future", from_the_future, ZERO(CHAOS_TAG_SIMULATED, BINDING_EXPIRED), NULL, NULL },
    { "agentWallet changes meanwhile", wallet_changes, GONE(REORGANISED), "agentWallet", adopt_again },
    { "tee.key changes meanwhile", key_changes, GONE(REORGANISED), "tee.key", right_key },
    { "the registration file changes meanwhile", file_changes, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK, NULL, NULL },
    { "the registry is about others", registry_is_exchanged, GONE(REGISTRY), "validation", registry_is_back },
    { "the registry is exchanged meanwhile", registry_is_exchanged_meanwhile, GONE(REGISTRY), "validation", registry_is_back },
    { "the registry is gone", registry_is_gone, GONE(REGISTRY), NULL, registry_is_back },
    { "it was answered before", answered_before, CHAOS_DECISION_DONE, 100, CHAOS_TAG_SIMULATED, CHAOS_OK, NULL, NULL },
    { "collateral is missing", source_is_missing, GONE(COLLATERAL_MISSING), "source", source_is_right },
    { "collateral is malformed", source_is_malformed, GONE(COLLATERAL_FORMAT), "source", source_is_right },
    { "a source slanders the evidence", source_slanders, GONE(PCK_CHAIN_FORMAT), "source", source_is_right },
    { "a source trusts nobody", source_does_not_trust, GONE(ROOT_UNTRUSTED), "source", source_is_right },
    { "collateral has expired", collateral_expired, GONE(CRL_EXPIRED), NULL, nothing },
    { "the folder of collateral is empty", cache_is_empty, GONE(COLLATERAL_MISSING), NULL, NULL },
    { "a malformed chain that is committed to", malformed_chain, ZERO(CHAOS_TAG_VENDOR, PCK_CHAIN_FORMAT), NULL, NULL },
    { "a malformed chain that is not", malformed_chain_uncommitted, GONE(NOT_FOUND), "evidence_uri", NULL },
    { "a short chain that is committed to", short_chain, ZERO(CHAOS_TAG_VENDOR, PCK_CHAIN_LENGTH), NULL, NULL },
    { "the same with a file of collateral", malformed_chain_with_a_file, ZERO(CHAOS_TAG_VENDOR, PCK_CHAIN_FORMAT), NULL, NULL },
};

static chaos_validation_result judge(const trial *t, int64_t now)
{
    chaos_validator *v = world_validator(&w);
    chaos_validation_result result = world_validate(v, &t->r.hash, now);

    chaos_verdict_free(result.verdict);
    chaos_validator_free(v);
    return result;
}

static void expect(const char *name, const chaos_validation_result *r, chaos_decision decision, uint8_t response,
                   const char *tag, chaos_status reason)
{
    if (r->decision != decision || r->response != response || strcmp(r->tag, tag) != 0 || r->reason.status != reason) {
        fail_msg("%s: wanted %s %u %s %s; came %s %u %s %s: %s (field %s)", name, chaos_decision_name(decision),
                 response, tag, chaos_status_name(reason), chaos_decision_name(r->decision), r->response, r->tag,
                 chaos_status_name(r->reason.status), r->reason.text,
                 r->reason.field == NULL ? "-" : r->reason.field);
    }
}

static void tidy(trial *t)
{
    static const proxy_rule none[] = { { 0 } };

    rpc_proxy_rules(w.c.proxy, none);
    w.config = config_before;
    chaos_content_free(t->content);
    if (t->gateway != NULL) {
        http_server_stop(t->gateway);
    }
    chaos_collateral_cache_free(t->cache);
    chaos_sender_free(t->sender);
    chaos_registries_free(t->registries);
    chaos_rpc_free(t->rpc);
}

static void try_case(const fault_case *c)
{
    trial t = { .r = world_request(&w), .now = w.now };
    const bool is_answer = c->decision != CHAOS_DECISION_RETRY;
    chaos_validation_result result;

    print_message("%s\n", c->name);
    config_before = w.config;
    c->arrange(&t);
    result = judge(&t, t.now);
    expect(c->name, &result, c->decision, c->response, c->tag, c->reason);
    if (c->field != NULL && (result.reason.field == NULL || strcmp(result.reason.field, c->field) != 0)) {
        fail_msg("%s: wanted field %s, came %s", c->name, c->field, result.reason.field);
    }
    if (c->mend != NULL) {
        static const proxy_rule none[] = { { 0 } };

        c->mend(&t);
        rpc_proxy_rules(w.c.proxy, none);
        assert_int_equal(world_answers(&w, &t.r.hash), is_answer);
        t.meanwhile = NULL;
        result = judge(&t, w.now);
        expect(c->name, &result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
        assert_int_equal(world_answers(&w, &t.r.hash), 1);
    } else {
        assert_int_equal(world_answers(&w, &t.r.hash), is_answer);
    }
    chaos_buffer_free(&t.code);
    tidy(&t);
}

/* What a caller does wrong is said to him, and is no decision. */
static void test_callers(void **state)
{
    static const chaos_keccak hash = { { 1 } };
    static const chaos_u256 id = { { 0 } };
    chaos_validator *v;
    chaos_validation_result result;
    chaos_agent_report report;
    chaos_validator_config config;
    chaos_error err;

    (void)state;
    world_begin(&w);
    v = world_validator(&w);
    assert_int_equal(chaos_validator_validate(NULL, &hash, w.now, &result, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_validate(v, NULL, w.now, &result, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_validate(v, &hash, w.now, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_check_agent(NULL, &id, NULL, w.now, &report, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_check_agent(v, NULL, NULL, w.now, &report, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_check_agent(v, &id, NULL, w.now, NULL, &err), CHAOS_E_USAGE);
    chaos_validator_free(v);
    v = NULL;
    assert_int_equal(chaos_validator_open(&w.config, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_validator_open(NULL, &v, &err), CHAOS_E_USAGE);
    config = w.config;
    config.size--;
    assert_int_equal(chaos_validator_open(&config, &v, &err), CHAOS_E_USAGE);
    config = w.config;
    config.trust = NULL;
    assert_int_equal(chaos_validator_open(&config, &v, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "are needed"));
    config = w.config;
    config.store = NULL;
    assert_int_equal(chaos_validator_open(&config, &v, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "a sender and a store"));
    assert_null(v);
    world_end(&w);
}

static void test_faults(void **state)
{
    const chain_options options = { .with_state = true };

    (void)state;
    world_begin_on(&w, &options);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        try_case(&cases[i]);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_faults), cmocka_unit_test(test_callers) };

    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
