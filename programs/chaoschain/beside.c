/* beside.c - verbs that are programs of their own: what judges or forges evidence is not the program that loads
 * TEE providers, and has nothing of it in its memory. */
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int exec_beside(const char *name, char **argv)
{
    char path[PATH_MAX];
    size_t length = strlen(name);
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    if (n <= 0 || (size_t)n == sizeof path) {
        return say_failure("chaoschain", EXIT_ENVIRONMENT, "cannot find '%s': /proc/self/exe is not readable",
                           name);
    }
    size_t folder = (size_t)n;
    while (folder > 0 && path[folder - 1] != '/') {
        folder--;
    }
    if (folder + length + 1 > sizeof path) {
        return say_failure("chaoschain", EXIT_ENVIRONMENT, "cannot find '%s': the path is too long", name);
    }
    memcpy(path + folder, name, length + 1);
    execv(path, argv);
    return say_failure("chaoschain", EXIT_ENVIRONMENT, "cannot run '%s': %s; it belongs beside chaoschain",
                       shown(path).text, strerror(errno));
}

int verb_verify(int argc, char **argv)
{
    (void)argc;
    return exec_beside("chaoschain-verify", argv);
}

int verb_forge(int argc, char **argv)
{
    (void)argc;
    return exec_beside("chaoschain-forge", argv);
}

/* A program with several verbs gets the verb as its first argument. */
static int exec_with_verb(const char *program, int argc, char **argv)
{
    char name[32] = "";
    char **with_name = calloc((size_t)argc + 2, sizeof *with_name);
    if (with_name == NULL) {
        return say_failure("chaoschain", EXIT_INTERNAL, "out of memory");
    }
    (void)snprintf(name, sizeof name, "%s", program);
    with_name[0] = name;
    memcpy(with_name + 1, argv, (size_t)argc * sizeof *argv);
    int code = exec_beside(program, with_name);
    free(with_name);
    return code;
}

/* One program for all verbs that load a provider. */
int verb_tee(int argc, char **argv)
{
    return exec_with_verb("chaoschain-tee", argc, argv);
}

/* The verifier has no network: what the chain says, another program reads for it. */
int verb_bundle(int argc, char **argv)
{
    bool asks_chain = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        asks_chain = asks_chain || strcmp(argv[i], "--rpc") == 0 || strncmp(argv[i], "--rpc=", 6) == 0;
    }
    return exec_with_verb(asks_chain ? "chaoschain-chain" : "chaoschain-verify", argc, argv);
}

/* One program for the verbs that judge, answer and send, on a chain. */
int verb_chain(int argc, char **argv)
{
    return exec_with_verb("chaoschain-chain", argc, argv);
}

/* The verbs of an agent, some of which load a provider: what judges has nothing of that in its memory. The one that
 * serves is a program of its own. */
int verb_agent(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[0], "agent") == 0 && strcmp(argv[1], "serve") == 0) {
        return exec_beside("chaoschain-endpoint", argv + 1);
    }
    return exec_with_verb("chaoschain-agent", argc, argv);
}

int verb_doctor(int argc, char **argv)
{
    (void)argc;
    return exec_beside("chaoschain-doctor", argv);
}

/* What tries plug-ins of others runs their code, and is a program of its own. */
int verb_provider(int argc, char **argv)
{
    return exec_with_verb("chaoschain-provider", argc, argv);
}
