/* registration.c - register → file with the id → setAgentURI → stage-1 evidence over that file → tee.* → agentWallet.
 *
 * Every step can be taken again: transactions are intents, and the envelope that was chosen for a file is in the store
 * before its hash goes on chain. */
#include "agent/internal.h"
#include "verify/self.h"

#include <time.h>

#define RENEW_BEFORE_S 3600 /* evidence that ends sooner is made anew */

/* ------------------------------------------------------------------ file ---- */

static chaos_status write_file(const chaos_agent *agent, bool with_id, chaos_buffer *file, chaos_error *err)
{
    static const char *const trust[] = { CHAOS_TRUST_TEE };
    chaos_registration_fields fields = CHAOS_REGISTRATION_FIELDS_INIT;
    chaos_service service = { CHAOS_SERVICE_ATTESTATION, agent->endpoint, NULL };
    chaos_registration registration = {
        .chain_id = agent->network.chain_id,
        .identity_registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY),
        .agent_id = agent->id,
    };

    fields.name = agent->name;
    fields.description = agent->description;
    fields.services = &service;
    fields.service_count = agent->endpoint == NULL ? 0 : 1;
    fields.registrations = &registration;
    fields.registration_count = with_id ? 1 : 0;
    fields.supported_trust = trust;
    fields.supported_trust_count = CHAOS_ARRAY_SIZE(trust);
    return chaos_registration_file_write(&fields, file, err);
}

/* ----------------------------------------------------------------- token ---- */

typedef struct own_search {
    const chaos_agent *agent;
    bool found;
    chaos_u256 id;
} own_search;

/* An agent of this owner whose wallet, or whose tee.key, is our identity key. */
static chaos_status look_at(void *context, const chaos_log *log, chaos_error *err)
{
    own_search *search = context;
    const chaos_agent *agent = search->agent;
    const chaos_address key = chaos_keypair_address(agent->keypair);
    CHAOS_AUTO_BUFFER(value, 64);
    chaos_address wallet;
    chaos_event event;

    CHAOS_TRY(chaos_registries_event(agent->registries, log, &event, err));
    if (event.kind != CHAOS_EVENT_REGISTERED || search->found) {
        return CHAOS_OK;
    }
    CHAOS_TRY(chaos_agent_wallet(agent->registries, &event.agent_id, NULL, &wallet, err));
    CHAOS_TRY(chaos_agent_metadata(agent->registries, &event.agent_id, "tee.key", NULL, &value, err));
    search->found = memcmp(wallet.bytes, key.bytes, sizeof key.bytes) == 0 ||
                    slice_equal(buffer_slice(&value), slice(key.bytes, sizeof key.bytes));
    search->id = event.agent_id;
    return CHAOS_OK;
}

static chaos_status forget(void *context, uint64_t from, chaos_error *err)
{
    own_search *search = context;

    (void)from;
    (void)err;
    search->found = false;
    return CHAOS_OK;
}

/* The journal may be a new one: then the chain knows whether the agent is there. */
static chaos_status search_chain(chaos_agent *agent, bool *found, chaos_error *err)
{
    const chaos_address registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    const chaos_address owner = chaos_sender_address(agent->sender);
    const chaos_keccak topic = chaos_event_topic(CHAOS_EVENT_REGISTERED);
    chaos_log_reader_options options = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_log_reader *logs = NULL;
    chaos_keccak owner_topic = { { 0 } };
    own_search search = { agent, false, { { 0 } } };
    chaos_status status;

    memcpy(owner_topic.bytes + 12, owner.bytes, sizeof owner.bytes);
    options.rpc = chaos_registries_rpc(agent->registries);
    options.addresses = &registry;
    options.address_count = 1;
    options.topics[0].any_of = &topic;
    options.topics[0].count = 1;
    options.topics[2].any_of = &owner_topic;
    options.topics[2].count = 1;
    options.first_block = agent->network.first_block;
    options.context = &search;
    options.on_log = look_at;
    options.on_rollback = forget;
    CHAOS_TRY(chaos_log_reader_open(&options, &logs, err));
    status = chaos_log_reader_poll(logs, NULL, err);
    chaos_log_reader_free(logs);
    CHAOS_TRY(status);
    *found = search.found;
    if (search.found) {
        agent->id = search.id;
    }
    return CHAOS_OK;
}

static chaos_status keep_id(chaos_agent *agent, chaos_error *err)
{
    CHAOS_TRY(agent_store_put(agent->store, "agent-id", slice(agent->id.bytes, sizeof agent->id.bytes), err));
    agent->has_id = true;
    return CHAOS_OK;
}

/* register(URI): the journal decides whether it was sent; a journal that does not know asks the chain first. */
static chaos_status get_token(chaos_agent *agent, chaos_keccak *tx_hash, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REGISTRATION_FILE);
    char intent[AGENT_INTENT_SIZE];
    char uri[CHAOS_CONTENT_URI_SIZE];
    chaos_outcome outcome;
    bool found = false;

    CHAOS_TRY(agent_intent(agent, "register", NULL, intent, err));
    if (chaos_sender_find(agent->sender, intent, &outcome, NULL) != CHAOS_OK) {
        CHAOS_TRY(search_chain(agent, &found, err));
    }
    if (found) {
        memset(tx_hash, 0, sizeof *tx_hash);
        agent_say(agent, "registered before, by another journal");
        return keep_id(agent, err);
    }
    CHAOS_TRY(write_file(agent, false, &file, err));
    CHAOS_TRY(chaos_content_put(agent->content, buffer_slice(&file), uri, err));
    CHAOS_TRY(chaos_agent_register(agent->registries, agent->sender, intent, uri, NULL, 0, &agent->id, &outcome, err));
    *tx_hash = outcome.transaction_hash;
    return keep_id(agent, err);
}

/* The registration file with the id; *hash is that of its bytes. */
static chaos_status publish_file(chaos_agent *agent, chaos_keccak *hash, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REGISTRATION_FILE);
    char intent[AGENT_INTENT_SIZE];
    char uri[CHAOS_CONTENT_URI_SIZE];

    CHAOS_TRY(write_file(agent, true, &file, err));
    *hash = hash_keccak(buffer_slice(&file));
    CHAOS_TRY(chaos_content_put(agent->content, buffer_slice(&file), uri, err));
    CHAOS_TRY(agent_intent(agent, "uri", hash, intent, err));
    return chaos_agent_set_uri(agent->registries, agent->sender, intent, &agent->id, uri, NULL, err);
}

/* -------------------------------------------------------------- evidence ---- */

static bool speaks_of(const chaos_evidence *evidence, const chaos_keccak *file_hash)
{
    chaos_binding binding;

    return evidence != NULL && chaos_evidence_binding(evidence, &binding) &&
           memcmp(binding.agent_uri_hash.bytes, file_hash->bytes, sizeof file_hash->bytes) == 0 &&
           binding.expires_at > (uint64_t)time(NULL) + RENEW_BEFORE_S;
}

/* Stage-1 evidence over the file, in the store before anything of it is on chain. */
static chaos_status get_evidence(chaos_agent *agent, const chaos_keccak *file_hash, bool anew, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, made);
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_binding binding;

    if (!anew && speaks_of(agent->identity_evidence, file_hash)) {
        return CHAOS_OK;
    }
    CHAOS_TRY(agent_binding(agent, CHAOS_STAGE_IDENTITY, &binding, err));
    binding.agent_uri_hash = *file_hash;
    options.binding = &binding;
    options.collateral = buffer_slice(&agent->collateral);
    CHAOS_TRY(chaos_attest(agent->tee, agent->keypair, &options, &made, err));
    CHAOS_TRY(agent_store_put(agent->store, "identity-envelope", chaos_evidence_bytes(made), err));
    chaos_evidence_free(agent->identity_evidence);
    agent->identity_evidence = made;
    made = NULL;
    return CHAOS_OK;
}

static void take_field(const chaos_evidence *evidence, const char *name, uint8_t *out, size_t size)
{
    const dcap_quote *quote = &evidence->quote;
    chaos_slice value = { NULL, 0 };

    if (wire_field_get(quote_body_table(quote->body_type), quote->body, name, &value) && value.size == size) {
        memcpy(out, value.data, size);
    }
}

static chaos_keccak measure(const chaos_evidence *evidence, const self_facts *facts)
{
    chaos_tdx_workload w = { .mr_td = { 0 } };

    take_field(evidence, "mr_td", w.mr_td, sizeof w.mr_td);
    take_field(evidence, "rtmr0", w.rtmr0, sizeof w.rtmr0);
    take_field(evidence, "rtmr1", w.rtmr1, sizeof w.rtmr1);
    take_field(evidence, "rtmr2", w.rtmr2, sizeof w.rtmr2);
    take_field(evidence, "mr_config_id", w.mr_config_id, sizeof w.mr_config_id);
    take_field(evidence, "td_attributes", w.td_attributes, sizeof w.td_attributes);
    take_field(evidence, "xfam", w.xfam, sizeof w.xfam);
    if (facts->has_compose_hash) {
        memcpy(w.compose_hash, facts->compose_hash, sizeof w.compose_hash);
    }
    return chaos_tee_measurement(&w);
}

/* What goes on chain of this evidence. */
static chaos_status describe(const chaos_agent *agent, const char *uri, chaos_tee_metadata *metadata, chaos_error *err)
{
    const chaos_evidence *evidence = agent->identity_evidence;
    uint8_t words[CHAOS_BINDING_SIZE];
    chaos_binding binding;
    self_facts facts;

    CHAOS_TRY(self_facts_of(evidence, &facts, err));
    if (!chaos_evidence_binding(evidence, &binding)) {
        return error_set(err, CHAOS_E_INTERNAL, "evidence", CHAOS_NO_OFFSET, NULL);
    }
    chaos_binding_encode(&binding, words);
    *metadata = (chaos_tee_metadata){ .present = CHAOS_TEE_FIELD_VERSION | CHAOS_TEE_FIELD_ARCH | CHAOS_TEE_FIELD_KEY |
                                                 CHAOS_TEE_FIELD_BINDING | CHAOS_TEE_FIELD_EVIDENCE_HASH |
                                                 CHAOS_TEE_FIELD_EVIDENCE_URI | CHAOS_TEE_FIELD_EXPIRES };
    (void)snprintf(metadata->arch, sizeof metadata->arch, "%s",
                   chaos_evidence_tee(evidence) == CHAOS_TEE_TDX ? "tdx" : "sgx");
    metadata->key = chaos_keypair_address(agent->keypair);
    metadata->binding = hash_keccak(slice(words, sizeof words));
    metadata->evidence_hash = chaos_evidence_hash(evidence);
    (void)snprintf(metadata->evidence_uri, sizeof metadata->evidence_uri, "%s", uri);
    metadata->expires = (int64_t)binding.expires_at;
    if (chaos_evidence_tee(evidence) == CHAOS_TEE_TDX) {
        metadata->present |= CHAOS_TEE_FIELD_MEASUREMENT;
        metadata->measurement = measure(evidence, &facts);
    }
    if (facts.is_simulated) {
        metadata->present |= CHAOS_TEE_FIELD_SIMULATED;
    }
    return CHAOS_OK;
}

/* The entries one by one, the evidence's hash last: until it is there, a reader sees that the set is not complete. */
static chaos_status publish_evidence(chaos_agent *agent, chaos_error *err)
{
    char uri[CHAOS_CONTENT_URI_SIZE];
    chaos_tee_metadata metadata;
    chaos_tee_entries entries;

    CHAOS_TRY(chaos_content_put(agent->content, chaos_evidence_bytes(agent->identity_evidence), uri, err));
    CHAOS_TRY(describe(agent, uri, &metadata, err));
    CHAOS_TRY(chaos_tee_metadata_write(&metadata, &entries, err));
    for (size_t i = 0; i < entries.count; i++) {
        const chaos_metadata_entry *entry = &entries.entries[i];
        const chaos_keccak evidence = chaos_evidence_hash(agent->identity_evidence);
        char what[64];
        char intent[AGENT_INTENT_SIZE];

        (void)snprintf(what, sizeof what, "meta/%s", entry->key);
        CHAOS_TRY(agent_intent(agent, what, &evidence, intent, err));
        CHAOS_TRY(chaos_agent_set_metadata(agent->registries, agent->sender, intent, &agent->id, entry->key,
                                           entry->value, NULL, err));
    }
    return CHAOS_OK;
}

static chaos_status adopt_key(chaos_agent *agent, chaos_error *err)
{
    CHAOS_AUTO(chaos_account, account);
    char intent[AGENT_INTENT_SIZE];

    CHAOS_TRY(chaos_account_from_tee(agent->tee, agent->keypair, &account, err));
    CHAOS_TRY(agent_intent(agent, "wallet", NULL, intent, err));
    return chaos_agent_adopt_wallet(agent->registries, agent->sender, intent, &agent->id, account, NULL, err);
}

/* ------------------------------------------------------------------ calls ---- */

/* Evidence that the caller brings must be of this key: registering with another's would be a lie that every verifier
 * finds. */
static chaos_status check_evidence(const chaos_agent *agent, const chaos_evidence *evidence, chaos_error *err)
{
    const chaos_address key = chaos_keypair_address(agent->keypair);
    chaos_binding binding;

    if (evidence == NULL) {
        evidence = chaos_keypair_evidence(agent->keypair);
    }
    if (!chaos_evidence_binding(evidence, &binding)) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, "the evidence is no envelope");
    }
    if (memcmp(binding.identity_key.bytes, key.bytes, sizeof key.bytes) != 0) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, "the evidence is of another key");
    }
    if (binding.stage != CHAOS_STAGE_BEFORE_REGISTRATION && binding.stage != CHAOS_STAGE_KEY_ONLY) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET,
                         "the evidence is of stage %u: before registration it is of stage 0, or 4", binding.stage);
    }
    return self_check(evidence, err);
}

static chaos_status register_locked(chaos_agent *agent, chaos_u256 *agent_id, chaos_keccak *tx_hash, chaos_error *err)
{
    chaos_keccak file_hash;
    chaos_keccak hash = { { 0 } };

    CHAOS_TRY(get_token(agent, &hash, err));
    agent_say(agent, "the agent has its id");
    CHAOS_TRY(publish_file(agent, &file_hash, err));
    agent_say(agent, "the registration file names the id");
    CHAOS_TRY(get_evidence(agent, &file_hash, false, err));
    CHAOS_TRY(publish_evidence(agent, err));
    agent_say(agent, "the evidence is on chain");
    CHAOS_TRY(adopt_key(agent, err));
    agent_say(agent, "agentWallet is the TEE's key");
    *agent_id = agent->id;
    if (tx_hash != NULL) {
        *tx_hash = hash;
    }
    return CHAOS_OK;
}

chaos_status chaos_agent_register_identity(chaos_agent *agent, const chaos_evidence *evidence, chaos_u256 *agent_id,
                                           chaos_keccak *tx_hash, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(agent_needs_chain(agent, err));
    if (agent_id == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent_id", CHAOS_NO_OFFSET, NULL);
    }
    if (chaos_sender_is_dry_run(agent->sender)) {
        return error_set(err, CHAOS_E_USAGE, "sender", CHAOS_NO_OFFSET,
                         "a dry run cannot register: each step needs what the one before it made");
    }
    CHAOS_TRY(check_evidence(agent, evidence, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = register_locked(agent, agent_id, tx_hash, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}

chaos_status chaos_agent_renew_evidence(chaos_agent *agent, chaos_error *err)
{
    chaos_keccak file_hash;
    chaos_status status;

    CHAOS_TRY(agent_needs_id(agent, err));
    (void)pthread_mutex_lock(&agent->lock);
    status = publish_file(agent, &file_hash, err);
    if (status == CHAOS_OK) {
        status = get_evidence(agent, &file_hash, true, err);
    }
    if (status == CHAOS_OK) {
        status = publish_evidence(agent, err);
    }
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}
