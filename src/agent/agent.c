/* agent.c - an agent: a name, a network, a TEE and the key that acts for it. */
#include <chaoschain/agent.h>

#include <ctype.h>

#include "base/base.h"

#define MAX_NAME 64
#define MAX_LABEL 32
#define CONFIG_SIZE_FIRST sizeof(chaos_agent_config) /* of the first version: later ones only grow */

struct chaos_agent {
    char name[MAX_NAME + 1];
    chaos_network network;
    chaos_tee *tee;
    const chaos_keypair *keypair;
    chaos_keypair *own; /* when the agent made it */
};

void chaos_agent_free(chaos_agent *agent)
{
    if (agent != NULL) {
        chaos_keypair_free(agent->own);
        free(agent);
    }
}
CHAOS_CLEANUP(chaos_agent);

static chaos_status check_config(const chaos_agent_config *config, chaos_error *err)
{
    if (config == NULL || config->size != CONFIG_SIZE_FIRST) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "begin with CHAOS_AGENT_CONFIG_INIT");
    }
    if (config->name == NULL || config->network == NULL || config->tee == NULL) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "name, network and tee are needed");
    }
    size_t length = strnlen(config->name, MAX_NAME + 1);
    bool printable = length > 0 && length <= MAX_NAME;
    for (size_t i = 0; printable && i < length; i++) {
        printable = config->name[i] >= ' ' && config->name[i] <= '~';
    }
    return printable ? CHAOS_OK
                     : error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET,
                                 "an agent's name has 1 to %d printable characters", MAX_NAME);
}

/* The label of the identity key: the name in lower case, everything else than letters and digits as "-". */
static void make_label(const char *name, char label[MAX_LABEL + 1])
{
    size_t length = 0;
    for (; name[length] != '\0' && length < MAX_LABEL; length++) {
        unsigned char c = (unsigned char)name[length];
        label[length] = isalnum(c) ? (char)tolower(c) : '-';
    }
    label[length] = '\0';
}

static void put_number(uint64_t number, chaos_u256 *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof number; i++) {
        out->bytes[sizeof out->bytes - 1 - i] = (uint8_t)(number >> 8 * i);
    }
}

/* The identity key of this name, on this chain, at this registry, with evidence of stage 0. */
static chaos_status make_key(const chaos_agent_config *config, chaos_agent *agent, chaos_error *err)
{
    char label[MAX_LABEL + 1];
    char path[CHAOS_IDENTITY_PATH_SIZE];
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding binding = { .stage = CHAOS_STAGE_BEFORE_REGISTRATION };
    binding.identity_registry =
        config->has_identity_registry ? config->identity_registry : agent->network.identity;
    if (slice_is_zero(slice(binding.identity_registry.bytes, sizeof binding.identity_registry.bytes))) {
        return error_set(err, CHAOS_E_USAGE, "identity_registry", CHAOS_NO_OFFSET,
                         "%s has no well-known registry: say which one", agent->network.name);
    }
    put_number(agent->network.chain_id, &binding.chain_id);
    memset(binding.agent_id.bytes, 0xff, sizeof binding.agent_id.bytes);
    make_label(agent->name, label);
    CHAOS_TRY(chaos_identity_path(&binding.chain_id, &binding.identity_registry, label, 0, path, err));
    options.path = path;
    options.attest.binding = &binding;
    CHAOS_TRY(chaos_tee_generate_key(agent->tee, &options, &agent->own, err));
    agent->keypair = agent->own;
    return CHAOS_OK;
}

chaos_status chaos_agent_open(const chaos_agent_config *config, chaos_agent **agent, chaos_error *err)
{
    CHAOS_AUTO(chaos_agent, made);
    if (agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(check_config(config, err));
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    memcpy(made->name, config->name, strlen(config->name) + 1);
    made->tee = config->tee;
    made->keypair = config->keypair;
    CHAOS_TRY(chaos_network_find(config->network, &made->network, err));
    if (made->keypair == NULL) {
        CHAOS_TRY(make_key(config, made, err));
    } else if (strcmp(chaos_keypair_provider(made->keypair), chaos_tee_name(made->tee)) != 0) {
        return error_set(err, CHAOS_E_USAGE, "keypair", CHAOS_NO_OFFSET, "the keypair is of another TEE");
    }
    CHAOS_GIVE(agent, made);
    return CHAOS_OK;
}

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

chaos_status chaos_agent_sign(const chaos_agent *agent, chaos_slice action, chaos_signature **signature,
                              chaos_error *err)
{
    if (agent == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent", CHAOS_NO_OFFSET, NULL);
    }
    return chaos_tee_sign(agent->tee, action, agent->keypair, signature, err);
}
