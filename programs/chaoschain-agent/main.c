/* main.c - chaoschain-agent GROUP VERB ...: what `chaoschain` hands over for the verbs of an agent. */
#include "agent_program.h"

static const chain_command commands[] = {
    { "agent", "register", agent_register, "register an agent: its registration file, its id" },
    { "agent", "show", agent_show, "owner, wallet, registration file and TEE metadata of an agent" },
    { "agent", "list", agent_list, "the agents of an owner, or all of them" },
    { "agent", "set-uri", agent_set_uri, "give an agent another registration file" },
    { "agent", "set-metadata", agent_set_metadata, "write metadata: a key, or what evidence says (tee.*)" },
    { "agent", "set-wallet", agent_set_wallet, "make a key of the TEE, or of a keystore, the agent's wallet" },
    { "receipts", "list", receipts_list, "the receipts that an agent has kept" },
    { "receipts", "export", receipts_export, "write them as a bundle that anybody verifies" },
};

static const chain_group groups[] = {
    { "agent", "Registers agents in the identity registry of ERC-8004, and shows them." },
    { "receipts", "Lists what an agent has done, and exports it, from its store alone." },
};

int main(int argc, char **argv)
{
    const chain_program program = { "chaoschain-agent", commands, CHAOS_ARRAY_SIZE(commands), groups,
                                    CHAOS_ARRAY_SIZE(groups) };
    return chain_run(&program, argc, argv);
}
