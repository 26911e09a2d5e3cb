/* open.c - from the command line to an agent that answers: network, registries, TEE. No account: nothing is sent. */
#include "endpoint.h"

#include <stdio.h>

#include "programs/common/tee/open_tee.h"

#define CHAIN_WAIT_MS 8000 /* for one call of the chain: somebody waits */

static chaos_status usage(const char *option, const char *value, const char *wanted, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "'%s' is not possible", shown(value).text);
    error_expected(err, "%s", wanted);
    return CHAOS_E_USAGE;
}

static bool is_file(const char *network)
{
    static const char suffix[] = ".json";
    const size_t length = strlen(network);

    return strchr(network, '/') != NULL ||
           (length > strlen(suffix) && strcmp(network + length - strlen(suffix), suffix) == 0);
}

static chaos_status read_network(const wishes *w, const chaos_agent_reference *agent, chaos_network *network,
                                 chaos_error *err)
{
    char caip[32];

    if (w->network != NULL && is_file(w->network)) {
        CHAOS_TRY(chaos_network_load(w->network, NULL, network, err));
    } else {
        (void)snprintf(caip, sizeof caip, "eip155:%llu", (unsigned long long)agent->chain_id);
        CHAOS_TRY(chaos_network_find(w->network == NULL ? caip : w->network, network, err));
    }
    return network->chain_id == agent->chain_id
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "AGENT", CHAOS_NO_OFFSET, "the agent is of chain %llu, %s is chain %llu",
                           (unsigned long long)agent->chain_id, network->name,
                           (unsigned long long)network->chain_id);
}

static chaos_status connect_chain(const wishes *w, opened *o, chaos_error *err)
{
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    const char *variable = o->network.rpc_variable[0] == '\0' ? NULL : getenv(o->network.rpc_variable);
    const char *own = getenv("CHAOS_RPC");
    const char *url = own != NULL && own[0] != '\0'             ? own
                      : variable != NULL && variable[0] != '\0' ? variable
                                                                : o->network.rpc_url;

    if (w->url_count == 0 && (url == NULL || url[0] == '\0')) {
        (void)error_set(err, CHAOS_E_USAGE, "--rpc", CHAOS_NO_OFFSET, "no node of this network is known");
        error_expected(err, "--rpc URL, or CHAOS_RPC in the environment");
        return CHAOS_E_USAGE;
    }
    rpc.urls = w->url_count > 0 ? w->urls : &url;
    rpc.url_count = w->url_count > 0 ? w->url_count : 1;
    rpc.chain_id = o->network.chain_id;
    rpc.request_timeout_ms = rpc.deadline_ms = CHAIN_WAIT_MS;
    return chaos_rpc_open(&rpc, &o->rpc, err);
}

static chaos_status read_address(const char *option, const char *text, bool *has, chaos_address *address,
                                 chaos_error *err)
{
    if (text == NULL) {
        return CHAOS_OK;
    }
    *has = true;
    return chaos_address_parse(text, address, NULL) == CHAOS_OK
               ? CHAOS_OK
               : usage(option, text, "an address: 0x and 40 hex digits", err);
}

static chaos_status open_registries(const wishes *w, const chaos_agent_reference *agent, opened *o, chaos_error *err)
{
    chaos_registries_options registries = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_network network = o->network;

    CHAOS_TRY(read_address("--identity", w->identity, &registries.has_identity, &registries.identity, err));
    CHAOS_TRY(read_address("--validation", w->validation, &registries.has_validation, &registries.validation, err));
    if (agent->has_registry) {
        if (registries.has_identity && memcmp(&registries.identity, &agent->registry, sizeof agent->registry) != 0) {
            return error_set(err, CHAOS_E_USAGE, "AGENT", CHAOS_NO_OFFSET,
                             "the agent is of another identity registry than --identity");
        }
        registries.has_identity = true;
        registries.identity = agent->registry;
    }
    if (registries.has_identity && memcmp(&registries.identity, &network.identity, sizeof network.identity) != 0) {
        memset(&network.reputation, 0, sizeof network.reputation); /* they belong to the network's own registry */
        memset(&network.validation, 0, sizeof network.validation);
    }
    registries.rpc = o->rpc;
    registries.network = &network;
    return chaos_registries_open(&registries, &o->registries, err);
}

static chaos_status make_agent(const wishes *w, const chaos_agent_reference *agent, opened *o, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(collateral, CHAOS_MAX_COLLATERAL);
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    char caip[32];

    if (w->collateral != NULL) {
        CHAOS_TRY(input_read("--collateral", w->collateral, CHAOS_MAX_COLLATERAL - 1, &collateral, err));
    }
    (void)snprintf(caip, sizeof caip, "eip155:%llu", (unsigned long long)agent->chain_id);
    config.name = w->name;
    config.network = caip;
    config.tee = o->tee;
    config.generation = (uint32_t)w->generation;
    config.registries = o->registries;
    config.store = w->store;
    config.has_agent_id = true;
    config.agent_id = agent->agent_id;
    config.collateral = buffer_slice(&collateral);
    return chaos_agent_open(&config, &o->agent, err);
}

chaos_status open_agent(const wishes *w, opened *o, chaos_error *err)
{
    const tee_choice tee = { w->provider, w->tee_endpoint, w->tee_options, w->tee_plugin };
    chaos_agent_reference agent;

    if (w->agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "AGENT", CHAOS_NO_OFFSET,
                         "which agent? eip155:N:7 or eip155:N:0xREGISTRY:7");
    }
    CHAOS_TRY(chaos_agent_reference_parse(w->agent, &agent, err));
    if (agent.chain_id == 0) {
        return usage("AGENT", w->agent, "an agent with its chain: eip155:N:7 or eip155:N:0xREGISTRY:7", err);
    }
    CHAOS_TRY(read_network(w, &agent, &o->network, err));
    CHAOS_TRY(connect_chain(w, o, err));
    CHAOS_TRY(open_registries(w, &agent, o, err));
    CHAOS_TRY(open_tee(&tee, &o->plugins, &o->tee, err));
    return make_agent(w, &agent, o, err);
}

void close_agent(opened *o)
{
    chaos_agent_free(o->agent);
    chaos_tee_free(o->tee);
    chaos_tee_registry_free(o->plugins);
    chaos_registries_free(o->registries);
    chaos_rpc_free(o->rpc);
}
