/* main.c - chaoschain-agent GROUP VERB ...: what `chaoschain` hands over for the verbs of an agent. */
#include "agent_program.h"

/* A name in the list alone: `chaoschain` runs the other program at once. */
static int agent_serve(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return say_failure("chaoschain-agent", EXIT_USAGE, "'chaoschain agent serve' is the program chaoschain-endpoint");
}

static const chain_command commands[] = {
    { "agent", "init", agent_init, "begin an agent: its config file, and what a TEE is to run" },
    { "agent", "register", agent_register, "register an agent, with evidence of its TEE or without" },
    { "agent", "act", agent_act, "one action, signed as a receipt" },
    { "agent", "session", agent_begin_session, "one session key for all actions on standard input" },
    { "agent", "renew", agent_renew, "new evidence on chain: after an upgrade, or before it expires" },
    { "agent", "request-validation", agent_request_validation, "ask a validator, and answer with a quote over that" },
    { "agent", "serve", agent_serve, "answer who asks the agent for evidence over HTTP (chaoschain-endpoint)" },
    { "agent", "show", agent_show, "owner, wallet, registration file and TEE metadata of an agent" },
    { "agent", "list", agent_list, "the agents of an owner, or all of them" },
    { "agent", "set-uri", agent_set_uri, "give an agent another registration file" },
    { "agent", "set-metadata", agent_set_metadata, "write metadata: a key, or what evidence says (tee.*)" },
    { "agent", "set-wallet", agent_set_wallet, "make a key of the TEE, or of a keystore, the agent's wallet" },
    { "receipts", "list", receipts_list, "the receipts that an agent has kept" },
    { "receipts", "anchor", receipts_anchor, "write the newest one on chain: it provably exists from then on" },
    { "receipts", "export", receipts_export, "write them as a bundle that anybody verifies" },
};

static const chain_group groups[] = {
    { "agent", "An agent's life: its key in a TEE, its place in the registry of ERC-8004, what it does." },
    { "receipts", "Lists, anchors and exports what an agent has done." },
};

int main(int argc, char **argv)
{
    const chain_program program = { "chaoschain-agent", commands, CHAOS_ARRAY_SIZE(commands), groups,
                                    CHAOS_ARRAY_SIZE(groups) };
    return chain_run(&program, argc, argv);
}
