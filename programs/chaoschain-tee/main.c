/* main.c - chaoschain-tee VERB ...: what `chaoschain` hands over for verbs that load a TEE provider. */
#include "tee_program.h"

#define PROGRAM "chaoschain-tee"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "providers", verb_providers },
    { "keygen", verb_keygen },
    { "attest", verb_attest },
    { "sign", verb_sign },
};

int main(int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    if (strcmp(name, "--version") == 0) {
        return options_version(PROGRAM);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(verbs); i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return say_failure(PROGRAM, EXIT_USAGE,
                       "this program does the work of 'chaoschain providers', 'keygen', 'attest' and 'sign'");
}
