/* main.c - chaoschain VERB ...: finds the verb and calls it. */
#include "verbs.h"

#include <unistd.h>

#define PROGRAM "chaoschain"
#define HELP_MAX 8192u

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    { "verify", verb_verify, "verify and appraise an envelope or a quote, offline (chaoschain-verify)" },
    { "verify-bundle", verb_bundle, "verify the receipts of an agent, offline (chaoschain-verify)" },
    { "inspect", verb_inspect, "show every field of an envelope or a quote, unverified" },
    { "providers", verb_tee, "list the TEE providers, and say whether this machine has their TEE" },
    { "keygen", verb_tee, "have a TEE make a key, with evidence that it did" },
    { "attest", verb_tee, "make evidence for a key of the TEE: quote, binding, envelope" },
    { "sign", verb_tee, "sign a message with an attested key" },
    { "agent", verb_agent, "begin an agent, register it with evidence, have it act, show it" },
    { "validation", verb_chain, "ask for validation, answer it, show the answer" },
    { "feedback", verb_chain, "give feedback to agents, take it back, list it" },
    { "chain", verb_chain, "look at a chain and its registries, deploy some on a local one" },
    { "check", verb_chain, "is this agent what it claims to be? from its id to one sentence" },
    { "validate", verb_chain, "answer requests for validation, once each, as their validator" },
    { "reputation", verb_chain, "what of an agent's feedback was given to a TEE, and why" },
    { "receipts", verb_agent, "list, anchor and export the receipts that an agent has kept" },
    { "account", verb_chain, "make and list the keystores of accounts that send" },
    { "doctor", verb_doctor, "look at this machine, its TEE, nodes and files, and say what to do" },
    { "provider", verb_provider, "write a TEE provider: begin a folder, try a plug-in against every rule" },
    { "policy", verb_policy, "check a policy file" },
    { "forge", verb_forge, "make simulated evidence, valid or broken in one way (chaoschain-forge)" },
    { "collateral", verb_collateral, "fetch, show or verify Intel's statements about a platform" },
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static bool write_help(chaos_buffer *text)
{
    bool ok = buffer_append_text(
        text, "Usage: " PROGRAM " VERB [ARGUMENT]...\n"
              "Hardware-attested identity for on-chain agents: makes it in a TEE, checks it offline.\n\n");
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(verbs); i++) {
        ok = buffer_append_format(text, "  %-14s %s\n", verbs[i].name, verbs[i].summary);
    }
    return ok && buffer_append_text(text, "\n'" PROGRAM " help VERB' explains a verb; '" PROGRAM
                                          " --version' prints the version.\n");
}

static int help(void)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    if (!write_help(&text)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    return say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING);
}

static int unknown_verb(const char *name)
{
    const char *names[CHAOS_ARRAY_SIZE(verbs) + 1] = { NULL };
    CHAOS_AUTO_BUFFER(list, HELP_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(verbs); i++) {
        names[i] = verbs[i].name;
        ok = buffer_append_format(&list, "%s%s", i == 0 ? "" : ", ", verbs[i].name);
    }
    if (!ok) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    const char *meant = did_you_mean(name, names);
    return say_failure(PROGRAM, EXIT_USAGE, "there is no verb '%s'%s%s%s; the verbs are %s", shown(name).text,
                       meant == NULL ? "" : "; did you mean '", meant == NULL ? "" : meant,
                       meant == NULL ? "" : "'?", (const char *)list.data);
}

/* chaoschain help VERB is chaoschain VERB --help. */
static int help_of(const char *name)
{
    const struct verb *verb = find_verb(name);
    if (verb == NULL) {
        return unknown_verb(name);
    }
    char word[16];
    char option[] = "--help";
    char *argv[] = { word, option, NULL };
    memcpy(word, verb->name, strlen(verb->name) + 1);
    return verb->run(2, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return say_failure(PROGRAM, EXIT_USAGE, "which verb? try '" PROGRAM " --help'");
    }
    const char *name = argv[1];
    const struct verb *verb = find_verb(name);
    if (verb != NULL) {
        return verb->run(argc - 1, argv + 1);
    }
    if (strcmp(name, "--version") == 0) {
        return options_version(PROGRAM);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        return argc > 2 && name[0] != '-' ? help_of(argv[2]) : help();
    }
    if (name[0] == '-') {
        return say_failure(PROGRAM, EXIT_USAGE, "unknown option '%s'; try '" PROGRAM " --help'",
                           shown(name).text);
    }
    return unknown_verb(name);
}
