/* open_agent.c - from the command line's and the config's words to an opened agent. */
#include "agent_options.h"

#include <stdio.h>

#include "programs/common/tee/open_tee.h"

/* ------------------------------------------------------------------ parts ---- */

static chaos_status check_words(const options *o, chaos_error *err)
{
    const char *missing = options_has(o, AGENT_OPT_NAME)       ? NULL
                          : options_has(o, AGENT_OPT_PROVIDER) ? "--name"
                                                               : "--config";
    if (missing == NULL && options_has(o, AGENT_OPT_PROVIDER)) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_USAGE, missing == NULL ? "--tee-provider" : missing, CHAOS_NO_OFFSET,
                    missing == NULL ? "in which TEE is the agent's key?" : "which agent?");
    error_expected(err, "--config FILE ('chaoschain agent init' writes one), or --name and --tee-provider");
    return CHAOS_E_USAGE;
}

static chaos_status open_tee_of(agent_session *a, const options *o, chaos_error *err)
{
    const tee_choice choice = {
        .provider = options_value(o, AGENT_OPT_PROVIDER, 0),
        .endpoint = options_value(o, AGENT_OPT_TEE_ENDPOINT, 0),
        .options = options_value(o, AGENT_OPT_TEE_OPTIONS, 0),
        .plugin = options_value(o, AGENT_OPT_TEE_PLUGIN, 0),
    };
    return open_tee(&choice, &a->registry, &a->tee, err);
}

/* Who sends publishes first, so it needs a folder; who acts publishes nothing. */
static chaos_status open_content(agent_session *a, const options *o, agent_use use, chaos_error *err)
{
    chaos_content_options content = CHAOS_CONTENT_OPTIONS_INIT;
    if (use == AGENT_SENDS) {
        content.folder = options_value(o, AGENT_OPT_PUBLISH, 0);
        content.base = options_value(o, AGENT_OPT_PUBLISH_BASE, 0);
        if (content.folder == NULL) {
            (void)error_set(err, CHAOS_E_USAGE, "--publish", CHAOS_NO_OFFSET,
                            "where is its evidence put for others to fetch?");
            error_expected(err, "--publish DIR, or publish.folder in the config file");
            return CHAOS_E_USAGE;
        }
    }
    return chaos_content_open(&content, &a->content, err);
}

/* The agent's own names of networks are the library's: one of a file goes by its number. */
static const char *network_name(const chain_session *s, char text[32])
{
    chaos_network known;
    chaos_error ignored;
    if (chaos_network_find(s->network.name, &known, &ignored) == CHAOS_OK && known.chain_id == s->network.chain_id) {
        return s->network.name;
    }
    (void)snprintf(text, 32, "eip155:%llu", (unsigned long long)s->network.chain_id);
    return text;
}

/* ------------------------------------------------------------------- open ---- */

chaos_status agent_key_open(const chain_session *s, const options *o, chaos_tee *tee, chaos_agent **holder,
                            chaos_error *err)
{
    char name[32];
    uint64_t generation = 0;
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    CHAOS_TRY(read_count(o, AGENT_OPT_GENERATION, "--generation", UINT32_MAX, &generation, err));
    config.name = options_value(o, AGENT_OPT_NAME, 0);
    config.network = network_name(s, name);
    config.tee = tee;
    config.has_identity_registry = true;
    config.identity_registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    config.generation = (uint32_t)generation;
    return chaos_agent_open(&config, holder, err);
}

/* An agent that acts sends nothing, and its handle wants a sender: one that cannot send, of the agent's own key. */
static chaos_status open_stand_in(agent_session *a, const options *o, chaos_error *err)
{
    chaos_sender_options sender = CHAOS_SENDER_OPTIONS_INIT;
    CHAOS_TRY(agent_key_open(&a->s, o, a->tee, &a->key_holder, err));
    CHAOS_TRY(chaos_account_from_tee(a->tee, chaos_agent_keypair(a->key_holder), &a->stand_in, err));
    sender.rpc = a->s.rpc;
    sender.account = a->stand_in;
    sender.dry_run = true;
    return chaos_sender_open(&sender, &a->dry_sender, err);
}

static chaos_status open_handle(agent_session *a, const options *o, agent_use use, chaos_error *err)
{
    char name[32];
    uint64_t generation = 0;
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    CHAOS_TRY(read_count(o, AGENT_OPT_GENERATION, "--generation", UINT32_MAX, &generation, err));
    config.name = options_value(o, AGENT_OPT_NAME, 0);
    config.network = network_name(&a->s, name);
    config.tee = a->tee;
    config.has_identity_registry = true;
    config.identity_registry = chaos_registries_address(a->s.registries, CHAOS_REGISTRY_IDENTITY);
    config.generation = (uint32_t)generation;
    config.registries = a->s.registries;
    config.content = a->content;
    config.store = (const char *)a->store.data;
    config.description = options_value(o, AGENT_OPT_DESCRIPTION, 0);
    config.endpoint = options_value(o, AGENT_OPT_ENDPOINT, 0);
    config.collateral = buffer_slice(&a->collateral);
    config.log = log_line;
    config.log_context = &a->s;
    if (use == AGENT_ACTS) {
        CHAOS_TRY(open_stand_in(a, o, err));
        config.keypair = chaos_agent_keypair(a->key_holder);
    }
    config.sender = use == AGENT_ACTS ? a->dry_sender : a->s.sender;
    return chaos_agent_open(&config, &a->agent, err);
}

chaos_status agent_session_open(agent_session *a, options *o, const char *program, agent_use use, chaos_error *err)
{
    a->s.program = program;
    a->store = (chaos_buffer)CHAOS_BUFFER_INIT(4096);
    a->collateral = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    CHAOS_TRY(check_words(o, err));
    CHAOS_TRY(session_read(&a->s, o, program, NULL, err));
    CHAOS_TRY(open_content(a, o, use, err));
    if (options_has(o, AGENT_OPT_COLLATERAL)) {
        CHAOS_TRY(input_read("--collateral", options_value(o, AGENT_OPT_COLLATERAL, 0), CHAOS_MAX_COLLATERAL - 1,
                             &a->collateral, err));
    }
    CHAOS_TRY(open_tee_of(a, o, err)); /* a provider that is not there costs no connection and no passphrase */
    CHAOS_TRY(session_registries(&a->s, err));
    if (use == AGENT_SENDS) {
        CHAOS_TRY(session_sender(&a->s, err));
    }
    CHAOS_TRY(journal_path(o, &a->store, err));
    return open_handle(a, o, use, err);
}

chaos_status agent_session_id(const agent_session *a, chaos_agent_reference *agent, chaos_error *err)
{
    *agent = (chaos_agent_reference){ .chain_id = a->s.network.chain_id, .has_registry = true };
    agent->registry = chaos_registries_address(a->s.registries, CHAOS_REGISTRY_IDENTITY);
    if (chaos_agent_id(a->agent, &agent->agent_id)) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_NOT_FOUND, "agent", CHAOS_NO_OFFSET,
                    "the agent is not registered, as far as its store knows");
    error_expected(err, "'chaoschain agent register' with the same words first");
    return CHAOS_E_NOT_FOUND;
}

int agent_session_fault(const agent_session *a, const chaos_error *err)
{
    return session_fault(&a->s, err);
}

void agent_session_close(agent_session *a)
{
    chaos_agent_free(a->agent);
    chaos_sender_free(a->dry_sender);
    chaos_account_free(a->stand_in);
    chaos_agent_free(a->key_holder);
    chaos_content_free(a->content);
    session_close(&a->s);
    chaos_tee_free(a->tee);
    chaos_tee_registry_free(a->registry);
    chaos_buffer_free(&a->store);
    chaos_buffer_free(&a->collateral);
    agent_config_free(&a->config);
}
