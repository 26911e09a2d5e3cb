/* run.c - the main function of a program that has many commands: finds the one that is meant, or helps. */
#include "programs/common/chain/chain.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#define HELP_MAX 8192u
#define MAX_VERBS 32

static const chain_group *find_group(const chain_program *p, const char *name)
{
    for (size_t i = 0; i < p->group_count; i++) {
        if (strcmp(p->groups[i].name, name) == 0) {
            return &p->groups[i];
        }
    }
    return NULL;
}

static bool is_of(const chain_command *command, const chain_group *group)
{
    return group == NULL ? command->group == NULL
                         : command->group != NULL && strcmp(command->group, group->name) == 0;
}

static int help_of_group(const chain_program *p, const chain_group *group)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_format(&text, "Usage: chaoschain %s VERB [ARGUMENT]...\n%s\n\n", group->name,
                                   group->summary);
    for (size_t i = 0; ok && i < p->command_count; i++) {
        if (is_of(&p->commands[i], group)) {
            ok = buffer_append_format(&text, "  %-19s %s\n", p->commands[i].verb, p->commands[i].summary);
        }
    }
    ok = ok && buffer_append_format(&text, "\n'chaoschain %s VERB --help' explains a verb.\n", group->name);
    return ok ? say_result(p->name, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(p->name, EXIT_INTERNAL, "out of memory");
}

static int help_of_all(const chain_program *p)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_format(&text, "%s does the work of these verbs of chaoschain:\n\n", p->name);
    for (size_t i = 0; ok && i < p->group_count; i++) {
        ok = buffer_append_format(&text, "  %-14s %s\n", p->groups[i].name, p->groups[i].summary);
    }
    for (size_t i = 0; ok && i < p->command_count; i++) {
        if (is_of(&p->commands[i], NULL)) {
            ok = buffer_append_format(&text, "  %-14s %s\n", p->commands[i].verb, p->commands[i].summary);
        }
    }
    return ok ? say_result(p->name, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(p->name, EXIT_INTERNAL, "out of memory");
}

static int unknown_verb(const chain_program *p, const chain_group *group, const char *verb)
{
    const char *names[MAX_VERBS + 1] = { NULL };
    size_t count = 0;
    for (size_t i = 0; i < p->command_count && count < MAX_VERBS; i++) {
        if (is_of(&p->commands[i], group)) {
            names[count++] = p->commands[i].verb;
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

static const chain_command *find_command(const chain_program *p, const chain_group *group, const char *verb)
{
    for (size_t i = 0; i < p->command_count; i++) {
        if (is_of(&p->commands[i], group) && strcmp(p->commands[i].verb, verb) == 0) {
            return &p->commands[i];
        }
    }
    return NULL;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_of_group(const chain_program *p, const chain_group *group, int argc, char **argv)
{
    const char *verb = argc < 3 ? "--help" : argv[2];
    const chain_command *command = find_command(p, group, verb);
    if (is_help(verb)) {
        int code = help_of_group(p, group);
        return argc < 3 ? EXIT_USAGE : code;
    }
    guard_process();
    return command != NULL ? command->run(argc - 2, argv + 2) : unknown_verb(p, group, verb);
}

int chain_run(const chain_program *p, int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    const chain_group *group = find_group(p, name);
    const chain_command *command = find_command(p, NULL, name);
    if (strcmp(name, "--version") == 0) {
        return options_version(p->name);
    }
    if (is_help(name)) {
        return help_of_all(p);
    }
    if (group != NULL) {
        return run_of_group(p, group, argc, argv);
    }
    if (command != NULL) {
        guard_process();
        return command->run(argc - 1, argv + 1);
    }
    return say_failure(p->name, EXIT_USAGE, "which verb? '%s --help' lists them", p->name);
}
