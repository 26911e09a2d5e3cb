/* main.c - chaoschain-chain GROUP VERB ...: what `chaoschain` hands over for verbs that speak to a chain. */
#include "chain_program.h"

static const chain_command commands[] = {
    { "validation", "request", validation_request, "ask a validator to judge an agent" },
    { "validation", "respond", validation_respond, "answer a request, once, as its validator" },
    { "validation", "status", validation_status, "who was asked, and what the answer is" },
    { "feedback", "give", feedback_give, "give feedback to an agent" },
    { "feedback", "revoke", feedback_revoke, "take feedback of one's own back" },
    { "feedback", "list", feedback_list, "the feedback that an agent has, and its mean" },
    { "chain", "doctor", chain_doctor, "look at the nodes and the registries, and say what is wrong" },
    { "chain", "deploy", chain_deploy, "put registries on a local chain" },
    { "account", "new", account_new, "make a key in a keystore" },
    { "account", "list", account_list, "the keystores, their addresses, and their balances" },
    { NULL, "check", verb_check, "Is this agent what it claims to be? From its id to one sentence." },
    { NULL, "validate", verb_validate, "Answers requests for validation, once each, as their validator." },
    { NULL, "reputation", verb_reputation, "What of an agent's feedback was given to a TEE, and why." },
    { NULL, "verify-bundle", verb_verify_bundle, "Verifies receipts with what the chain says (--rpc)." },
};

static const chain_group groups[] = {
    { "validation", "Asks for validation, answers it, and shows what was answered." },
    { "feedback", "Gives feedback to agents, takes it back, and lists it." },
    { "chain", "Looks at a chain and its registries." },
    { "account", "Keystores: the accounts that send transactions and pay for them." },
};

int main(int argc, char **argv)
{
    const chain_program program = { "chaoschain-chain", commands, CHAOS_ARRAY_SIZE(commands), groups,
                                    CHAOS_ARRAY_SIZE(groups) };
    return chain_run(&program, argc, argv);
}
