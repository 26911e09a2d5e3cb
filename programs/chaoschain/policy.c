/* policy.c - chaoschain policy check FILE: is this policy one that verify will take? */
#include "verbs.h"

#include <chaoschain/chaoschain.h>

#include <unistd.h>

#define PROGRAM "chaoschain policy"

enum {
    OPT_ACTION,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_ACTION] = { "check FILE", "", 2, false, "read the policy file; - is standard input" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " check FILE | -\n"
                "Checks a policy file (chaoschain/policy/1; see chaoschain-policy(5)).",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 it is valid, 3 malformed, 5 the file cannot be read, 64 usage, 70 internal.",
};

static int check(const char *path)
{
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(text, 0);
    chaos_policy *policy = NULL;
    chaos_status status = input_read("FILE", path, CHAOS_MAX_POLICY, &text, &err);
    if (status == CHAOS_OK) {
        status = chaos_policy_parse(buffer_slice(&text), &policy, &err);
    }
    if (status != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    chaos_policy_free(policy);
    return say_result(PROGRAM, slice_text("OK: the policy is valid\n"), EXIT_AFFIRMING);
}

int verb_policy(int argc, char **argv)
{
    options given;
    int code = options_parse(&table, argc, argv, &given);
    if (code != 0) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    const char *action = options_value(&given, OPT_ACTION, 0);
    const char *path = options_value(&given, OPT_ACTION, 1);
    if (action == NULL || path == NULL || strcmp(action, "check") != 0) {
        return say_failure(PROGRAM, EXIT_USAGE, "write '" PROGRAM " check FILE'");
    }
    return check(path);
}
