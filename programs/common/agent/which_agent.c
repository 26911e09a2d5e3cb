/* which_agent.c - the agent that a command is about: named on the command line, else the one of the config file. */
#include "agent_options.h"

static bool has_registry(const chain_session *s, chaos_address *registry)
{
    *registry = s->has_identity ? s->identity : s->network.identity;
    return !slice_is_zero(slice(registry->bytes, sizeof registry->bytes));
}

/* Is what the options say about the chain and the registry of this full name? */
static bool is_about(const options *o, const chaos_agent_reference *agent)
{
    chain_session s;
    chaos_address registry;
    chaos_error ignored;
    return session_network(&s, o, o->table->program, NULL, &ignored) == CHAOS_OK &&
           s.network.chain_id == agent->chain_id &&
           (!agent->has_registry ||
            (has_registry(&s, &registry) && memcmp(&registry, &agent->registry, sizeof registry) == 0));
}

/* What the name leaves open is as the options say. */
static chaos_status complete(const options *o, chaos_agent_reference *agent, chaos_error *err)
{
    chain_session s;
    CHAOS_TRY(session_network(&s, o, o->table->program, agent, err));
    if (agent->chain_id == 0) {
        agent->chain_id = s.network.chain_id;
    }
    if (!agent->has_registry && agent->chain_id == s.network.chain_id) {
        agent->has_registry = has_registry(&s, &agent->registry);
    }
    return CHAOS_OK;
}

chaos_status agent_config_for(agent_config *config, options *o, const char *who,
                              chaos_agent_reference *agent, chaos_error *err)
{
    const options given = *o;
    *agent = (chaos_agent_reference){ .chain_id = 0 };
    if (who != NULL) {
        CHAOS_TRY(agent_parse(who, agent, err));
    }
    CHAOS_TRY(agent_config_apply(config, o, true, err));
    if (config->is_default && agent->chain_id != 0 && !is_about(o, agent)) {
        *o = given; /* a file that nobody named, about another agent */
        config->path = NULL;
    }
    return config->path == NULL ? CHAOS_OK : complete(o, agent, err);
}

static chaos_status which(chaos_error *err, const char *option, const char *question, const char *wanted)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "%s", question);
    error_expected(err, "%s", wanted);
    return CHAOS_E_USAGE;
}

chaos_status agent_store_of(const options *o, const chaos_address *key, const char *who, chaos_agent_reference *agent,
                            chaos_receipt_store **store, chaos_error *err)
{
    const char *path = options_value(o, SEND_OPT_JOURNAL, 0);
    if (!agent->has_registry || agent->chain_id == 0) {
        return which(err, "AGENT", "which agent, of which chain and registry?",
                     "eip155:N:0xREGISTRY:7, or --config FILE ('chaoschain agent init' writes one)");
    }
    if (path == NULL) {
        return which(err, "--store", "where is the agent's store?", "--store FILE, or store in the config file");
    }
    CHAOS_TRY(chaos_receipt_store_open(path, agent->chain_id, &agent->registry, key, store, err));
    const chaos_u256 id = chaos_receipt_store_agent_id(*store);
    if (who != NULL && memcmp(&id, &agent->agent_id, sizeof id) != 0) {
        char text[CHAOS_U256_TEXT_SIZE];
        chaos_u256_format(&id, text);
        (void)error_set(err, CHAOS_E_NOT_FOUND, "AGENT", CHAOS_NO_OFFSET, "in this store the key is another agent's");
        error_found(err, "%s", text);
        return CHAOS_E_NOT_FOUND;
    }
    agent->agent_id = id;
    return CHAOS_OK;
}

chaos_status agent_which(agent_config *config, options *o, const char *who,
                         chaos_agent_reference *agent, chaos_error *err)
{
    chaos_receipt_store *store = NULL;
    CHAOS_TRY(agent_config_for(config, o, who, agent, err));
    if (who != NULL) {
        return CHAOS_OK;
    }
    const chaos_status status = agent_store_of(o, NULL, NULL, agent, &store, err);
    chaos_receipt_store_free(store);
    return status;
}
