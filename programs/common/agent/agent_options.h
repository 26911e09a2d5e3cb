/* agent_options.h - how an agent with a TEE is named on the command line and in its config file, and how it is opened.
 * For programs that link libchaoschain and programs/common/chain. */
#ifndef COMMON_AGENT_AGENT_OPTIONS_H
#define COMMON_AGENT_AGENT_OPTIONS_H

#include <chaoschain/agent.h>
#include <chaoschain/net.h>

#include "programs/common/chain/chain.h"

/* --------------------------------------------------------------- options ---- */

/* Every table of an agent's commands begins with NET_ROWS, SEND_ROWS and AGENT_ROWS; a command's own rows follow from
 * AGENT_OPT_COUNT on. */
enum {
    AGENT_OPT_CONFIG = SEND_OPT_COUNT,
    AGENT_OPT_NAME,
    AGENT_OPT_DESCRIPTION,
    AGENT_OPT_PROVIDER,
    AGENT_OPT_TEE_ENDPOINT,
    AGENT_OPT_TEE_OPTIONS,
    AGENT_OPT_TEE_PLUGIN,
    AGENT_OPT_GENERATION,
    AGENT_OPT_PUBLISH,
    AGENT_OPT_PUBLISH_BASE,
    AGENT_OPT_ENDPOINT,
    AGENT_OPT_COLLATERAL,
    AGENT_OPT_COUNT
};

#define AGENT_ROWS                                                                                                 \
    CONFIG_ROW,                                                                                                     \
    [AGENT_OPT_NAME] = { "--name", "NAME", 1, false, "of the agent; with a TEE its key is made from it" },          \
    [AGENT_OPT_DESCRIPTION] = { "--description", "TEXT", 1, false, "what it does, for its registration file" },     \
    [AGENT_OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "which TEE: phala-dstack, simulated, ..." },       \
    [AGENT_OPT_TEE_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },  \
    [AGENT_OPT_TEE_OPTIONS] = { "--tee-options", "JSON", 1, false, "further options of the provider" },             \
    [AGENT_OPT_TEE_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file" },      \
    [AGENT_OPT_GENERATION] = { "--generation", "N", 1, false, "of the identity key; 0 is the default" },            \
    [AGENT_OPT_PUBLISH] = { "--publish", "DIR", 1, false, "where files and evidence are put for others to fetch" }, \
    [AGENT_OPT_PUBLISH_BASE] = { "--publish-base", "URL", 1, false, "that folder's URL: https://HOST/PATH/" },      \
    [AGENT_OPT_ENDPOINT] = { "--endpoint", "URL", 1, false, "of the agent's own attestation endpoint" },            \
    [AGENT_OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "goes into envelopes, for those who have none" }

/* Of SEND_ROWS, what commands have that send nothing. */
#define STORE_ROW [SEND_OPT_JOURNAL] = { "--journal", "FILE", 1, false, "the agent's store, if not the usual one" }

/* ---------------------------------------------------------------- config ---- */

#define AGENT_CONFIG_SCHEMA "chaoschain/agent-config/1"
#define AGENT_CONFIG_DEFAULT "agent.json"
#define AGENT_CONFIG_MAX (64u * 1024u)

typedef struct agent_config {
    const char *path;  /* of the file that was read; NULL: none */
    bool is_default;   /* found where it is looked for, and not named */
    void *json;        /* the file's values */
    chaos_buffer text; /* paths, made of those of the file */
} agent_config;

/* Reads --config, else CHAOS_AGENT_CONFIG, else (with `search`) ./agent.json if it is there, and gives every option
 * that the command line leaves open the value of the file (man chaoschain-agent-config). Paths in it are of its own
 * folder. The options borrow from `config`: agent_config_free afterwards, also after a failure. FILE_IO; USAGE with
 * what is wrong and what is not known. */
CHAOS_MUST_USE chaos_status agent_config_apply(agent_config *config, options *o, bool search, chaos_error *err);
void agent_config_free(agent_config *config);
/* " --config FILE", to be typed behind a command, or "". */
const char *agent_config_words(const agent_config *config, char *text, size_t capacity);

/* ----------------------------------------------------------------- which ---- */

/* As agent_config_apply, for a command about the agent `who` (NULL: that of the config file). A file that nobody named
 * and that is about another chain or registry than a full name does not count. *agent: what is known of it; with a
 * config file chain and registry are. */
CHAOS_MUST_USE chaos_status agent_config_for(agent_config *config, options *o, const char *who,
                                             chaos_agent_reference *agent, chaos_error *err);
/* The agent's store (--journal, or whatever that row is called), by its key, or NULL: the only one that it has at the
 * registry. *agent gets the id, or must have it where somebody said `who`. Free *store, also after a failure. */
CHAOS_MUST_USE chaos_status agent_store_of(const options *o, const chaos_address *key, const char *who,
                                           chaos_agent_reference *agent, chaos_receipt_store **store,
                                           chaos_error *err);
/* Both: afterwards the agent has its id, if need be from the store that the config file names. */
CHAOS_MUST_USE chaos_status agent_which(agent_config *config, options *o, const char *who,
                                        chaos_agent_reference *agent, chaos_error *err);

#define CONFIG_ROW                                                         \
    [AGENT_OPT_CONFIG] = { "--config", "FILE", 1, false,                   \
                           "the agent's config file; ./agent.json by default, if it is there" }

/* ----------------------------------------------------------------- agent ---- */

typedef enum agent_use {
    AGENT_ACTS, /* sends nothing, whatever is called: no keystore is needed */
    AGENT_SENDS /* the keystore's account, the agent's owner, sends and pays */
} agent_use;

typedef struct agent_session {
    chain_session s;
    agent_config config;
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_content *content;
    chaos_buffer store, collateral;
    chaos_agent *key_holder;  /* AGENT_ACTS: holds the key of the account that does not send */
    chaos_account *stand_in;  /* AGENT_ACTS */
    chaos_sender *dry_sender; /* AGENT_ACTS */
    chaos_agent *agent;
} agent_session;

/* All of it, from the options: network, registries, (account,) TEE, content, store, agent. Says nothing itself;
 * agent_session_fault says an error. Close it, also after a failure. */
CHAOS_MUST_USE chaos_status agent_session_open(agent_session *a, options *o, const char *program, agent_use use,
                                               chaos_error *err);
/* An agent off the chain, which holds the identity key of --name and --generation at the session's registry. */
CHAOS_MUST_USE chaos_status agent_key_open(const chain_session *s, const options *o, chaos_tee *tee,
                                           chaos_agent **holder, chaos_error *err);
/* NOT_FOUND with what to type, unless the agent has its id. */
CHAOS_MUST_USE chaos_status agent_session_id(const agent_session *a, chaos_agent_reference *agent, chaos_error *err);
int agent_session_fault(const agent_session *a, const chaos_error *err);
void agent_session_close(agent_session *a);

#endif
