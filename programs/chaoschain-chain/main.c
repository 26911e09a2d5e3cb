/* main.c - chaoschain-chain GROUP VERB ...: what `chaoschain` hands over for verbs that speak to a chain. */
#include "chain_program.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define PROGRAM "chaoschain-chain"
#define HELP_MAX 8192u

static const struct command {
    const char *group, *verb;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    { "agent", "register", agent_register, "register an agent: its registration file, its id" },
    { "agent", "show", agent_show, "owner, wallet, registration file and TEE metadata of an agent" },
    { "agent", "list", agent_list, "the agents of an owner, or all of them" },
    { "agent", "set-uri", agent_set_uri, "give an agent another registration file" },
    { "agent", "set-metadata", agent_set_metadata, "write metadata: a key, or what evidence says (tee.*)" },
    { "agent", "set-wallet", agent_set_wallet, "make a key of the TEE, or of a keystore, the agent's wallet" },
    { "validation", "request", validation_request, "ask a validator to judge an agent" },
    { "validation", "respond", validation_respond, "answer a request, once, as its validator" },
    { "validation", "status", validation_status, "who was asked, and what the answer is" },
    { "feedback", "give", feedback_give, "give feedback to an agent" },
    { "feedback", "revoke", feedback_revoke, "take feedback of one's own back" },
    { "feedback", "list", feedback_list, "the feedback that an agent has, and its mean" },
    { "receipts", "list", receipts_list, "the receipts that an agent has kept" },
    { "receipts", "export", receipts_export, "write them as a bundle that anybody verifies" },
    { "chain", "doctor", chain_doctor, "look at the nodes and the registries, and say what is wrong" },
    { "chain", "deploy", chain_deploy, "put registries on a local chain" },
    { "account", "new", account_new, "make a key in a keystore" },
    { "account", "list", account_list, "the keystores, their addresses, and their balances" },
};

/* Verbs of their own, without a group. */
static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    { "check", verb_check, "Is this agent what it claims to be? From its id to one sentence." },
    { "validate", verb_validate, "Answers requests for validation, once each, as their validator." },
    { "reputation", verb_reputation, "What of an agent's feedback was given to a TEE, and why." },
    { "verify-bundle", verb_verify_bundle, "Verifies receipts with what the chain says (--rpc)." },
};

static const struct group {
    const char *name, *summary;
} groups[] = {
    { "agent", "Registers agents in the identity registry of ERC-8004, and shows them." },
    { "validation", "Asks for validation, answers it, and shows what was answered." },
    { "feedback", "Gives feedback to agents, takes it back, and lists it." },
    { "receipts", "Lists what an agent has done, and exports it, from its store alone." },
    { "chain", "Looks at a chain and its registries." },
    { "account", "Keystores: the accounts that send transactions and pay for them." },
};

static const struct group *find_group(const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return &groups[i];
        }
    }
    return NULL;
}

static int help(const struct group *group)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_format(&text, "Usage: chaoschain %s VERB [ARGUMENT]...\n%s\n\n", group->name,
                                   group->summary);
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].group, group->name) == 0) {
            ok = buffer_append_format(&text, "  %-14s %s\n", commands[i].verb, commands[i].summary);
        }
    }
    ok = ok && buffer_append_format(&text, "\n'chaoschain %s VERB --help' explains a verb.\n", group->name);
    return ok ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static int help_of_all(void)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_text(&text, "Does the work of 'chaoschain GROUP VERB' for these groups:\n\n");
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(groups); i++) {
        ok = buffer_append_format(&text, "  %-14s %s\n", groups[i].name, groups[i].summary);
    }
    ok = ok && buffer_append_text(&text, "\nand of 'chaoschain VERB' for these:\n\n");
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(verbs); i++) {
        ok = buffer_append_format(&text, "  %-14s %s\n", verbs[i].name, verbs[i].summary);
    }
    return ok ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static int unknown_verb(const struct group *group, const char *verb)
{
    const char *names[CHAOS_ARRAY_SIZE(commands) + 1] = { NULL };
    size_t count = 0;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].group, group->name) == 0) {
            names[count++] = commands[i].verb;
        }
    }
    const char *meant = did_you_mean(verb, names);
    return say_failure("chaoschain", EXIT_USAGE, "there is no '%s %s'%s%s%s; 'chaoschain %s --help' lists the verbs",
                       group->name, shown(verb).text, meant == NULL ? "" : "; did you mean '",
                       meant == NULL ? "" : meant, meant == NULL ? "" : "'?", group->name);
}

/* No core dump, no debugger of another user: this process may hold keys. */
static void guard_process(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    const struct group *group = find_group(name);
    if (strcmp(name, "--version") == 0) {
        return options_version(PROGRAM);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help_of_all();
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            guard_process();
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    if (group == NULL) {
        return say_failure(PROGRAM, EXIT_USAGE,
                           "this program does the work of 'chaoschain agent', 'validation', 'feedback', 'chain', "
                           "'account', 'validate', 'check' and 'reputation'");
    }
    const char *verb = argc < 3 ? "--help" : argv[2];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        int code = help(group);
        return argc < 3 ? EXIT_USAGE : code;
    }
    guard_process();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].group, group->name) == 0 && strcmp(commands[i].verb, verb) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    return unknown_verb(group, verb);
}
