/* anvil.c - a local chain for tests. */
#define _GNU_SOURCE /* mkostemp */
#include "tests/support/anvil.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_ARGUMENTS = 24,
    START_TRIES = 2000,
    START_WAIT_NS = 10000000
};

struct anvil {
    pid_t pid;
    char output[64]; /* what it prints: a pipe would fill */
    char url[64];
};

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "anvil: %s: %s\n", what, strerror(errno));
        abort();
    }
}

const char *anvil_path(void)
{
    static const char installed[] = SOURCE_ROOT "/tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    const char *named = getenv("CHAOS_ANVIL");
    const char *path = named != NULL ? named : installed;
    return access(path, X_OK) == 0 ? path : NULL;
}

static void run(const char *path, const char *const *arguments, int output)
{
    const char *argv[MAX_ARGUMENTS] = { path, "--host", "127.0.0.1", "--port", "0", "--chain-id", "31337" };
    size_t count = 7;
    while (arguments != NULL && *arguments != NULL && count + 1 < MAX_ARGUMENTS) {
        argv[count++] = *arguments++;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not left behind by a test that is killed */
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    (void)execv(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* The line that it prints when it listens. */
static bool find_port(const char *output, unsigned *port)
{
    char line[512];
    bool found = false;
    FILE *file = fopen(output, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = sscanf(line, "Listening on 127.0.0.1:%u", port) == 1;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

anvil *anvil_start(const char *const *arguments)
{
    const char *path = anvil_path();
    anvil *a = calloc(1, sizeof *a);
    unsigned port = 0;
    must(path != NULL && a != NULL, "it is not installed");
    (void)snprintf(a->output, sizeof a->output, "/tmp/chaos-anvil-XXXXXX");
    int output = mkostemp(a->output, O_CLOEXEC);
    must(output >= 0, "its output");
    a->pid = fork();
    must(a->pid >= 0, "fork");
    if (a->pid == 0) {
        run(path, arguments, output);
    }
    (void)close(output);
    for (int i = 0; i < START_TRIES && !find_port(a->output, &port); i++) {
        struct timespec wait = { 0, START_WAIT_NS };
        must(waitpid(a->pid, NULL, WNOHANG) == 0, "it ended at once");
        (void)nanosleep(&wait, NULL);
    }
    must(port != 0, "it does not listen");
    (void)snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", port);
    return a;
}

const char *anvil_url(const anvil *a)
{
    return a->url;
}

void anvil_stop(anvil *a, bool kill_it)
{
    (void)kill(a->pid, kill_it ? SIGKILL : SIGTERM);
    while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    (void)unlink(a->output);
    free(a);
}
