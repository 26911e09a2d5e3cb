/* agent.c - an agent: a name, a network, a TEE and the key that acts for it; and, on a chain, where it stands. */
#include "agent/internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void chaos_agent_free(chaos_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    chaos_keypair_free(agent->session);
    chaos_evidence_free(agent->identity_evidence);
    chaos_keypair_free(agent->own);
    agent_store_close(agent->store);
    chaos_buffer_free(&agent->collateral);
    free(agent->description);
    free(agent->endpoint);
    if (agent->has_lock) {
        (void)pthread_mutex_destroy(&agent->lock);
    }
    free(agent);
}

/* ---------------------------------------------------------------- shared ---- */

chaos_status agent_needs_chain(const chaos_agent *agent, chaos_error *err)
{
    if (agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, NULL);
    }
    return agent->sender != NULL ? CHAOS_OK
                                 : error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET,
                                             "the agent was opened without registries, sender, content and store");
}

chaos_status agent_needs_id(const chaos_agent *agent, chaos_error *err)
{
    CHAOS_TRY(agent_needs_chain(agent, err));
    return agent->has_id ? CHAOS_OK
                         : error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET,
                                     "the agent is not registered: chaos_agent_register_identity first");
}

void agent_say(const chaos_agent *agent, const char *format, ...)
{
    char line[256];
    va_list arguments;

    if (agent->log == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    agent->log(agent->log_context, line);
}

chaos_status agent_intent(const chaos_agent *agent, const char *what, const chaos_keccak *hash,
                          char name[AGENT_INTENT_SIZE], chaos_error *err)
{
    const chaos_address key = chaos_keypair_address(agent->keypair);
    char hex[2][2 * sizeof key.bytes + 1] = { "", "" };
    int length;

    hex_encode(slice(key.bytes, sizeof key.bytes), hex[0]);
    hex[0][2 * sizeof key.bytes] = '\0';
    if (hash != NULL) { /* 16 bytes are enough for a name among one agent's */
        hex_encode(slice(hash->bytes, 16), hex[1]);
        hex[1][32] = '\0';
    }
    length = snprintf(name, AGENT_INTENT_SIZE, "agent/0x%s/%s%s%s", hex[0], what, hash == NULL ? "" : "/", hex[1]);
    return length > 0 && length < AGENT_INTENT_SIZE
               ? CHAOS_OK
               : error_set(err, CHAOS_E_LIMIT, "intent", CHAOS_NO_OFFSET, "the name of the intent is too long");
}

/* ------------------------------------------------------------------ open ---- */

static chaos_status check_name(const char *name, chaos_error *err)
{
    size_t length = strnlen(name, AGENT_MAX_NAME + 1);
    bool printable = length > 0 && length <= AGENT_MAX_NAME;

    for (size_t i = 0; printable && i < length; i++) {
        printable = name[i] >= ' ' && name[i] <= '~';
    }
    return printable ? CHAOS_OK
                     : error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET,
                                 "an agent's name has 1 to %d printable characters", AGENT_MAX_NAME);
}

static chaos_status check_config(const chaos_agent_config *config, chaos_error *err)
{
    const bool answers = config != NULL && config->registries != NULL && config->sender == NULL &&
                         config->content == NULL && (config->store != NULL || config->has_agent_id);
    int on_chain;

    if (config == NULL || config->size != sizeof *config) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "begin with CHAOS_AGENT_CONFIG_INIT");
    }
    if (config->name == NULL || config->network == NULL || config->tee == NULL) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "name, network and tee are needed");
    }
    on_chain = (config->registries != NULL) + (config->sender != NULL) + (config->content != NULL) +
               (config->store != NULL);
    if (!answers && on_chain != 0 && on_chain != 4) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET,
                         "an agent on a chain needs registries, sender, content and store, all of them; one that only "
                         "answers needs registries, and its store or its id");
    }
    if (!answers && config->has_agent_id) {
        return error_set(err, CHAOS_E_USAGE, "agent_id", CHAOS_NO_OFFSET,
                         "an agent with a sender has its id from the store: register_identity finds it");
    }
    return check_name(config->name, err);
}

/* The label of the identity key: the name in lower case, everything else than letters and digits as "-". */
static void make_label(const char *name, char label[AGENT_MAX_LABEL + 1])
{
    size_t length = 0;

    for (; name[length] != '\0' && length < AGENT_MAX_LABEL; length++) {
        unsigned char c = (unsigned char)name[length];
        label[length] = isalnum(c) ? (char)tolower(c) : '-';
    }
    label[length] = '\0';
}

static chaos_address registry_of(const chaos_agent_config *config, const chaos_network *network)
{
    if (config->registries != NULL) {
        return chaos_registries_address(config->registries, CHAOS_REGISTRY_IDENTITY);
    }
    return config->has_identity_registry ? config->identity_registry : network->identity;
}

/* The identity key of this name, on this chain, at this registry, with evidence of stage 0. */
static chaos_status make_key(const chaos_agent_config *config, chaos_agent *agent, chaos_error *err)
{
    char path[CHAOS_IDENTITY_PATH_SIZE];
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding binding = { .stage = CHAOS_STAGE_BEFORE_REGISTRATION };

    binding.identity_registry = registry_of(config, &agent->network);
    if (slice_is_zero(slice(binding.identity_registry.bytes, sizeof binding.identity_registry.bytes))) {
        return error_set(err, CHAOS_E_USAGE, "identity_registry", CHAOS_NO_OFFSET,
                         "%s has no well-known registry: say which one", agent->network.name);
    }
    binding.chain_id = chaos_u256_from(agent->network.chain_id);
    memset(binding.agent_id.bytes, 0xff, sizeof binding.agent_id.bytes);
    CHAOS_TRY(chaos_identity_path(&binding.chain_id, &binding.identity_registry, agent->label, config->generation,
                                  path, err));
    options.path = path;
    options.attest.binding = &binding;
    CHAOS_TRY(chaos_tee_generate_key(agent->tee, &options, &agent->own, err));
    agent->keypair = agent->own;
    return CHAOS_OK;
}

static chaos_status copy_text(const char *text, char **copy, chaos_error *err)
{
    if (text == NULL) {
        return CHAOS_OK;
    }
    *copy = strdup(text);
    return *copy != NULL ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

/* "eip155:CHAIN:0xREGISTRY:0xKEY": what is kept belongs to one key at one registry. */
void agent_scope(uint64_t chain_id, const chaos_address *registry, const chaos_address *key,
                 char scope[AGENT_SCOPE_SIZE])
{
    char text[2][2 * sizeof key->bytes + 1] = { "", "" };

    hex_encode(slice(registry->bytes, sizeof registry->bytes), text[0]);
    hex_encode(slice(key->bytes, sizeof key->bytes), text[1]);
    (void)snprintf(scope, AGENT_SCOPE_SIZE, "eip155:%llu:0x%s:0x%s", (unsigned long long)chain_id, text[0], text[1]);
}

static chaos_status open_store(const char *path, chaos_agent *agent, chaos_error *err)
{
    const chaos_address registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    const chaos_address key = chaos_keypair_address(agent->keypair);
    char scope[AGENT_SCOPE_SIZE];

    agent_scope(agent->network.chain_id, &registry, &key, scope);
    return agent_store_open(path, scope, &agent->store, err);
}

/* What the store knows of the registration. */
static chaos_status take_up(chaos_agent *agent, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(value, AGENT_STORE_MAX_VALUE);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_ENVELOPE);
    bool found = false;

    CHAOS_TRY(agent_store_get(agent->store, "agent-id", &value, &found, err));
    if (!found || value.size != sizeof agent->id.bytes) {
        return CHAOS_OK;
    }
    memcpy(agent->id.bytes, value.data, sizeof agent->id.bytes);
    agent->has_id = true;
    CHAOS_TRY(agent_store_get(agent->store, "identity-envelope", &text, &found, err));
    if (found) {
        CHAOS_TRY(chaos_envelope_parse(buffer_slice(&text), &agent->identity_evidence, err));
    }
    return agent_check_head(agent, err);
}

/* An id that the caller gives is this agent's only if the chain says so. */
static chaos_status take_id(chaos_agent *agent, const chaos_u256 *id, chaos_error *err)
{
    const chaos_address key = chaos_keypair_address(agent->keypair);
    chaos_address wallet;
    char text[2][CHAOS_ADDRESS_TEXT_SIZE];

    if (agent->has_id && memcmp(agent->id.bytes, id->bytes, sizeof id->bytes) != 0) {
        return error_set(err, CHAOS_E_USAGE, "agent_id", CHAOS_NO_OFFSET, "in this store the key is another agent's");
    }
    CHAOS_TRY(chaos_agent_wallet(agent->registries, id, NULL, &wallet, err));
    if (memcmp(wallet.bytes, key.bytes, sizeof key.bytes) != 0) {
        chaos_address_format(&key, text[0]);
        chaos_address_format(&wallet, text[1]);
        (void)error_set(err, CHAOS_E_USAGE, "agent_id", CHAOS_NO_OFFSET,
                        "agentWallet of this agent is another key than this TEE makes for the name");
        error_expected(err, "%s", text[0]);
        error_found(err, "%s", text[1]);
        return CHAOS_E_USAGE;
    }
    agent->id = *id;
    agent->has_id = true;
    return CHAOS_OK;
}

static chaos_status go_on_chain(const chaos_agent_config *config, chaos_agent *agent, chaos_error *err)
{
    if (config->registries == NULL) {
        return CHAOS_OK;
    }
    if (chaos_registries_chain_id(config->registries) != agent->network.chain_id) {
        (void)error_set(err, CHAOS_E_CHAIN_ID, "registries", CHAOS_NO_OFFSET, "the registries are of another chain");
        error_expected(err, "%llu", (unsigned long long)agent->network.chain_id);
        error_found(err, "%llu", (unsigned long long)chaos_registries_chain_id(config->registries));
        return CHAOS_E_CHAIN_ID;
    }
    agent->registries = config->registries;
    agent->sender = config->sender;
    agent->content = config->content;
    CHAOS_TRY(copy_text(config->description, &agent->description, err));
    CHAOS_TRY(copy_text(config->endpoint, &agent->endpoint, err));
    agent->collateral = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    if (!buffer_append(&agent->collateral, config->collateral)) {
        return error_set(err, CHAOS_E_USAGE, "collateral", CHAOS_NO_OFFSET, "more than %u bytes of collateral",
                         CHAOS_MAX_COLLATERAL);
    }
    if (config->store != NULL) {
        CHAOS_TRY(open_store(config->store, agent, err));
        CHAOS_TRY(take_up(agent, err));
    }
    return config->has_agent_id ? take_id(agent, &config->agent_id, err) : CHAOS_OK;
}

static chaos_status take_keypair(const chaos_agent_config *config, chaos_agent *agent, chaos_error *err)
{
    agent->keypair = config->keypair;
    if (agent->keypair == NULL) {
        return make_key(config, agent, err);
    }
    return strcmp(chaos_keypair_provider(agent->keypair), chaos_tee_name(agent->tee)) == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "keypair", CHAOS_NO_OFFSET, "the keypair is of another TEE");
}

chaos_status chaos_agent_open(const chaos_agent_config *config, chaos_agent **agent, chaos_error *err)
{
    CHAOS_AUTO(chaos_agent, made);

    if (agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(check_config(config, err));
    made = calloc(1, sizeof *made);
    if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->has_lock = true;
    memcpy(made->name, config->name, strlen(config->name) + 1);
    make_label(made->name, made->label);
    made->tee = config->tee;
    made->log = config->log;
    made->log_context = config->log_context;
    CHAOS_TRY(chaos_network_find(config->network, &made->network, err));
    CHAOS_TRY(take_keypair(config, made, err));
    CHAOS_TRY(go_on_chain(config, made, err));
    CHAOS_GIVE(agent, made);
    return CHAOS_OK;
}

/* --------------------------------------------------------------- getters ---- */

const char *chaos_agent_name(const chaos_agent *agent)
{
    return agent->name;
}

const chaos_network *chaos_agent_network(const chaos_agent *agent)
{
    return &agent->network;
}

const chaos_keypair *chaos_agent_keypair(const chaos_agent *agent)
{
    return agent->keypair;
}

bool chaos_agent_id(const chaos_agent *agent, chaos_u256 *agent_id)
{
    if (agent->has_id) {
        *agent_id = agent->id;
    }
    return agent->has_id;
}

const chaos_evidence *chaos_agent_evidence(const chaos_agent *agent)
{
    return agent->identity_evidence;
}

chaos_status chaos_agent_sign(const chaos_agent *agent, chaos_slice action, chaos_signature **signature,
                              chaos_error *err)
{
    if (agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, NULL);
    }
    return chaos_tee_sign(agent->tee, action, agent->keypair, signature, err);
}
