/* forged_world.c - a local chain with an agent whose evidence the forge makes. */
#include "tests/life/forged_world.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "sim/recipe.h"
#include "keys/keys.h"
#include "eth/u256.h"

void world_must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (field %s, expected %s, found %s)", chaos_status_name(status), err->text,
                 err->field == NULL ? "-" : err->field, err->expected, err->found);
    }
}

const char *world_name(forged_world *w, const char *text)
{
    static char name[96];

    (void)snprintf(name, sizeof name, "%s-%u", text, ++w->count);
    return name;
}

void world_mine(forged_world *w, unsigned blocks)
{
    char params[32];

    (void)snprintf(params, sizeof params, "[\"0x%x\",\"0x1\"]", blocks); /* a second apart, as on a real chain */
    chain_do(&w->c, "anvil_mine", params);
}

chaos_block world_head(const forged_world *w)
{
    chaos_block head;
    chaos_error err;

    OK(chaos_rpc_block(w->c.rpc, NULL, &head, &err));
    return head;
}

chaos_address world_address(const chaos_account *account)
{
    return chaos_account_address(account);
}

/* ----------------------------------------------------------------- beginning ---- */

static void open_registries(forged_world *w)
{
    chaos_registries_options options = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_error err;

    OK(chaos_registries_deploy(w->c.sender, "deploy", &w->addresses, &err));
    options.rpc = w->c.rpc;
    options.has_identity = options.has_reputation = options.has_validation = true;
    options.identity = w->addresses.identity;
    options.reputation = w->addresses.reputation;
    options.validation = w->addresses.validation;
    OK(chaos_registries_open(&options, &w->registries, &err));
}

static void open_content(forged_world *w)
{
    chaos_content_options options = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_error err;

    (void)snprintf(w->content_folder, sizeof w->content_folder, "%s/content", w->c.folder);
    options.folder = w->content_folder;
    options.base = WORLD_BASE;
    OK(chaos_content_open(&options, &w->content, &err));
}

static forge_options options_of(const forged_world *w, const chaos_binding *binding)
{
    const forge_options options = { .now = w->now, .seed = WORLD_SEED, .binding = binding };

    return options;
}

/* The key that the forge has for agents of this registry. */
static void take_wallet(forged_world *w)
{
    chaos_binding binding = { .stage = CHAOS_STAGE_IDENTITY, .chain_id = chaos_u256_from(31337) };
    const forge_options options = options_of(w, &binding);
    recipe *r = calloc(1, sizeof *r);
    guarded_key *key = NULL;
    uint8_t scalar[K1_SIZE];
    chaos_error err;

    binding.identity_registry = w->addresses.identity;
    assert_non_null(r);
    assert_true(recipe_init(r, FORGE_TDX4, &options));
    memcpy(scalar, r->agent.scalar[AGENT_IDENTITY], sizeof scalar);
    recipe_free(r);
    free(r);
    OK(guarded_key_import(scalar, &key, &err));
    OK(account_from_key(&key, &w->wallet, &err));
}

chaos_sender *world_sender(const forged_world *w, const chaos_account *account, const char *journal)
{
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    chaos_sender *sender = NULL;
    chaos_error err;

    options.rpc = w->c.rpc;
    options.account = account;
    options.journal = journal;
    options.deadline_ms = 10000;
    options.poll_ms = 20;
    OK(chaos_sender_open(&options, &sender, &err));
    return sender;
}

static void open_bob(forged_world *w)
{
    chaos_validator_config *config = &w->config;
    chaos_error err;

    (void)snprintf(w->journal, sizeof w->journal, "%s/bob", w->c.folder);
    w->bob = chain_account();
    chain_give(&w->c, w->bob, "0x56bc75e2d63100000");
    w->bob_sender = world_sender(w, w->bob, w->journal);
    OK(chaos_trust_new(&w->trust, &err));
    OK(chaos_trust_add_root(w->trust, buffer_slice(&w->held.root), &err));
    *config = (chaos_validator_config)CHAOS_VALIDATOR_CONFIG_INIT;
    config->registries = w->registries;
    config->sender = w->bob_sender;
    config->store = w->journal;
    config->content = w->content;
    config->trust = w->trust;
    config->policy = buffer_slice(&w->held.policy);
    config->collateral = buffer_slice(&w->held.collateral);
}

void world_begin(forged_world *w)
{
    const chain_options options = { 0 };

    world_begin_on(w, &options);
}

void world_begin_on(forged_world *w, const chain_options *options)
{
    forge_options forge = { .seed = WORLD_SEED };
    chaos_address key;
    chaos_error err;

    memset(w, 0, sizeof *w);
    w->now = forge.now = (int64_t)time(NULL);
    chain_begin(&w->c, options);
    open_registries(w);
    open_content(w);
    OK(forge_make(FORGE_TDX4, &forge, NULL, &w->held, &err));
    take_wallet(w);
    open_bob(w);
    key = world_address(w->wallet);
    w->id = world_agent(w, w->wallet, &key);
}

void world_end(forged_world *w)
{
    char command[512];

    chaos_sender_free(w->bob_sender);
    chaos_account_free(w->bob);
    chaos_account_free(w->wallet);
    chaos_content_free(w->content);
    chaos_registries_free(w->registries);
    chaos_trust_free(w->trust);
    forge_result_free(&w->held);
    (void)snprintf(command, sizeof command, "rm -rf '%s' '%s'*", w->content_folder, w->journal);
    assert_int_equal(system(command), 0);
    chain_end(&w->c);
}

chaos_validator *world_validator(const forged_world *w)
{
    chaos_validator *v = NULL;
    chaos_error err;

    OK(chaos_validator_open(&w->config, &v, &err));
    return v;
}

/* --------------------------------------------------------------------- agent ---- */

void world_metadata(forged_world *w, const chaos_u256 *id, const char *key, chaos_slice value)
{
    chaos_error err;

    OK(chaos_agent_set_metadata(w->registries, w->c.sender, world_name(w, "metadata"), id, key, value, NULL, &err));
}

chaos_u256 world_agent(forged_world *w, const chaos_account *wallet, const chaos_address *key)
{
    chaos_u256 id;
    chaos_error err;

    OK(chaos_agent_register(w->registries, w->c.sender, world_name(w, "register"), NULL, NULL, 0, &id, NULL, &err));
    if (key != NULL) {
        world_metadata(w, &id, "tee.key", slice(key->bytes, sizeof key->bytes));
    }
    OK(chaos_agent_adopt_wallet(w->registries, w->c.sender, world_name(w, "wallet"), &id, wallet, NULL, &err));
    return id;
}

/* ------------------------------------------------------------------- request ---- */

request_draft world_request(forged_world *w)
{
    request_draft r = { .fields = CHAOS_REQUEST_FIELDS_INIT };

    (void)snprintf(r.evidence_name, sizeof r.evidence_name, "%s.json", world_name(w, "evidence"));
    (void)snprintf(r.evidence_uri, sizeof r.evidence_uri, WORLD_BASE "%s", r.evidence_name);
    r.fields.chain_id = 31337;
    r.fields.identity_registry = w->addresses.identity;
    r.fields.agent_id = r.agent_id = w->id;
    r.fields.validator = r.validator = world_address(w->bob);
    r.fields.nonce = chaos_u256_from(w->count);
    r.fields.created_at = w->now;
    return r;
}

void world_ask(forged_world *w, request_draft *r)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REQUEST_FILE);
    char published[CHAOS_CONTENT_URI_SIZE];
    chaos_outcome outcome;
    chaos_error err;

    r->fields.evidence_uri = r->evidence_uri;
    if (r->file != NULL) {
        assert_true(buffer_append_text(&file, r->file));
    } else {
        OK(chaos_request_file_write(&r->fields, &file, &err));
    }
    r->hash = hash_keccak(buffer_slice(&file));
    OK(chaos_content_put(w->content, buffer_slice(&file), published, &err));
    OK(chaos_validation_request(w->registries, w->c.sender, world_name(w, "ask"), &r->validator, &r->agent_id,
                                r->uri == NULL ? published : r->uri, &r->hash, &outcome, &err));
    r->block = outcome.block_number;
}

chaos_binding world_binding(const forged_world *w, const request_draft *r)
{
    const chaos_block head = world_head(w);
    chaos_binding binding = { .stage = CHAOS_STAGE_VALIDATION };

    binding.chain_id = chaos_u256_from(31337);
    binding.identity_registry = w->addresses.identity;
    binding.agent_id = r->agent_id;
    binding.subject = r->hash;
    memcpy(binding.nonce.bytes, head.hash.bytes, sizeof binding.nonce.bytes);
    binding.anchor_block = head.number;
    binding.issued_at = (uint64_t)w->now;
    binding.expires_at = (uint64_t)w->now + 100 * 86400;
    return binding;
}

void world_envelope(const forged_world *w, const chaos_binding *binding, const char *flaw, chaos_buffer *out)
{
    const forge_options options = options_of(w, binding);
    const forge_break *broken = flaw == NULL ? NULL : forge_break_find(flaw);
    forge_result made;
    chaos_error err;

    assert_true(flaw == NULL || broken != NULL);
    OK(forge_make(FORGE_TDX4, &options, broken, &made, &err));
    assert_true(buffer_append(out, buffer_slice(&made.envelope)));
    forge_result_free(&made);
}

void world_publish(forged_world *w, const request_draft *r, chaos_slice bytes)
{
    chaos_error err;

    OK(chaos_content_put_named(w->content, r->evidence_name, bytes, &err));
}

void world_commit(forged_world *w, const request_draft *r, chaos_slice bytes)
{
    const chaos_tee_answer answer = { .request_hash = r->hash, .envelope_hash = hash_keccak(bytes) };
    uint8_t value[64];

    chaos_tee_answer_write(&answer, value);
    world_metadata(w, &r->agent_id, CHAOS_TEE_ANSWER_KEY, slice(value, sizeof value));
}

/* ------------------------------------------------------------------- verdict ---- */

chaos_validation_result world_validate(const chaos_validator *v, const chaos_keccak *hash, int64_t now)
{
    chaos_validation_result result = { 0 };
    chaos_error err;

    OK(chaos_validator_validate((chaos_validator *)v, hash, now, &result, &err));
    return result;
}

typedef struct answer_count {
    const forged_world *w;
    unsigned count;
} answer_count;

static chaos_status count_answer(void *context, const chaos_log *log, chaos_error *err)
{
    answer_count *counting = context;
    chaos_event event;

    CHAOS_TRY(chaos_registries_event(counting->w->registries, log, &event, err));
    counting->count += event.kind == CHAOS_EVENT_VALIDATION_RESPONSE;
    return CHAOS_OK;
}

unsigned world_answers(const forged_world *w, const chaos_keccak *hash)
{
    const chaos_keccak topic = chaos_event_topic(CHAOS_EVENT_VALIDATION_RESPONSE);
    chaos_log_reader_options options = CHAOS_LOG_READER_OPTIONS_INIT;
    answer_count counting = { w, 0 };
    chaos_log_reader *logs = NULL;
    chaos_error err;

    options.rpc = w->c.rpc;
    options.addresses = &w->addresses.validation;
    options.address_count = 1;
    options.topics[0].any_of = &topic;
    options.topics[3].any_of = hash;
    options.topics[0].count = options.topics[3].count = 1;
    options.context = &counting;
    options.on_log = count_answer;
    OK(chaos_log_reader_open(&options, &logs, &err));
    OK(chaos_log_reader_poll(logs, NULL, &err));
    chaos_log_reader_free(logs);
    return counting.count;
}
