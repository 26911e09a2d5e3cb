/* main.c - chaoschain-provider VERB ...: what `chaoschain provider` hands over, for those who write a provider. */
#include "provider_program.h"

#define PROGRAM "chaoschain-provider"
#define HELP_MAX 2048u

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    { "new", provider_new, "write a folder to begin a TEE provider with" },
    { "check", provider_check, "try a plug-in against every rule of the provider protocol" },
};

static int help(void)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_text(&text, "Usage: chaoschain provider VERB [ARGUMENT]...\n"
                                        "For those who write a TEE provider: CONTRIBUTING-A-PROVIDER.md goes the way\n"
                                        "(installed: share/doc/chaoschain).\n\n");
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(verbs); i++) {
        ok = buffer_append_format(&text, "  %-14s %s\n", verbs[i].name, verbs[i].summary);
    }
    ok = ok && buffer_append_text(&text, "\n'chaoschain provider VERB --help' explains a verb.\n");
    return ok ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int main(int argc, char **argv)
{
    const char *group = argc < 2 ? "" : argv[1];
    const char *name = argc < 3 ? "" : argv[2];
    if (strcmp(group, "--version") == 0) {
        return options_version(PROGRAM);
    }
    if (strcmp(group, "--help") == 0) {
        return help();
    }
    if (strcmp(group, "provider") != 0) {
        return say_failure(PROGRAM, EXIT_USAGE, "this program does the work of 'chaoschain provider'");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(verbs); i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(argc - 2, argv + 2);
        }
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help();
    }
    return say_failure(PROGRAM, EXIT_USAGE, "which verb? 'chaoschain provider new' or 'check'; try '--help'");
}
