/* agent_program.h - the verbs of an agent: what it is on chain, what it does with its TEE, what it has kept. */
#ifndef CHAOSCHAIN_AGENT_PROGRAM_H
#define CHAOSCHAIN_AGENT_PROGRAM_H

#include <chaoschain/agent.h>

#include "programs/common/agent/agent_options.h"
#include "programs/common/chain/chain.h"

/* argv[0] is the last word of the command. Each returns the exit code. */
int agent_init(int argc, char **argv);
int agent_register(int argc, char **argv);
int agent_show(int argc, char **argv);
int agent_list(int argc, char **argv);
int agent_set_uri(int argc, char **argv);
int agent_set_metadata(int argc, char **argv);
int agent_set_wallet(int argc, char **argv);
int agent_renew(int argc, char **argv);
int agent_act(int argc, char **argv);
int agent_begin_session(int argc, char **argv);
int agent_request_validation(int argc, char **argv);
int receipts_list(int argc, char **argv);
int receipts_anchor(int argc, char **argv);
int receipts_export(int argc, char **argv);

/* With a TEE: the whole registration, and what it says. The exit code. */
int register_attested(agent_session *a, options *o, const char *program);

#define ACT_MAX_PART (1024u * 1024u) /* of payload, input and output each: what a bundle carries */
/* "chaoschain/agent-receipt/1", one line, appended. False: out of memory. */
CHAOS_MUST_USE bool receipt_json(const chaos_agent_reference *agent, const chaos_receipt *receipt, chaos_buffer *out);

/* The intent of giving the agent this URI. */
CHAOS_MUST_USE chaos_status uri_intent(const chain_session *s, const chaos_agent_reference *agent, const char *uri,
                                       intent_name *name, chaos_error *err);
/* Text, or bytes as 0x...: the bytes are in storage, which must have room. */
CHAOS_MUST_USE chaos_status metadata_value(const char *option, const char *text, chaos_buffer *storage,
                                           chaos_slice *value, chaos_error *err);

CHAOS_CLEANUP(chaos_registration_file);

#endif
