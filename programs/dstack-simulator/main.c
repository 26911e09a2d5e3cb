/* main.c - dstack-simulator: a guest agent to talk to, on a machine that has none. */
#include "simulator.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMPOSE (512u * 1024u)

enum {
    OPT_SOCKET,
    OPT_TAPPD_SOCKET,
    OPT_HTTP,
    OPT_OUT,
    OPT_SEED,
    OPT_NOW,
    OPT_COMPOSE,
    OPT_APP_ID,
    OPT_STRIP,
    OPT_SOCKET_MODE,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_SOCKET] = { "--socket", "PATH", 1, false, "listen there as dstack.sock" },
    [OPT_TAPPD_SOCKET] = { "--tappd-socket", "PATH", 1, false, "listen there as tappd.sock, the older agent" },
    [OPT_HTTP] = { "--http", "127.0.0.1:PORT", 1, false, "listen there for both; port 0 takes a free one" },
    [OPT_OUT] = { "--out", "DIR", 1, false, "write what a relying party holds of this machine" },
    [OPT_SEED] = { "--seed", "TEXT", 1, false,
                   "derive the keys from this, which is no secret; else random ones" },
    [OPT_NOW] = { "--now", "TIME", 1, false, "the machine's time; else the clock" },
    [OPT_COMPOSE] = { "--compose", "FILE", 1, false, "measure this app-compose.json" },
    [OPT_APP_ID] = { "--app-id", "HEX", 1, false, "of the application, 20 bytes; else it derives from the seed" },
    [OPT_STRIP] = { "--strip", NULL, 1, false, "strip event logs as hardware does" },
    [OPT_SOCKET_MODE] = { "--socket-mode", "OCTAL", 1, false, "of the Unix sockets; 0600 is the default" },
    [OPT_QUIET] = { "--quiet", NULL, 1, false, "no banner on standard error" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: " PROGRAM " [--socket PATH] [--tappd-socket PATH] [--http 127.0.0.1:PORT] [OPTION]...\n"
        "A SIMULATED dstack guest agent: real keys, signature chains, event log and quotes, under a test root.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Prints 'ready' on a line of its own when it listens; ends with SIGTERM, SIGINT or SIGHUP. DIR gets "
             "trust-root.der,\n"
             "collateral.json, kms-root.hex, app-compose.json and policy.json.\n"
             "Exit code: 0 ended as asked, 5 environment, 64 usage, 70 internal.",
};

enum {
    AT_SOCKET,
    AT_TAPPD_SOCKET,
    AT_HTTP,
    PLACES
};

typedef struct simulator {
    guest *g;
    unix_socket sockets[2]; /* a path: made by us, so ours to remove */
    int fds[PLACES];        /* listening and not served yet; else -1 */
    listener *listeners[PLACES];
    int folder; /* keeps the lock of --out */
} simulator;

/* ----------------------------------------------------------------- options ---- */

static int usage(const char *option, const char *value, const char *wanted)
{
    return say_failure(PROGRAM, EXIT_USAGE, "%s '%s' is not %s; try '" PROGRAM " --help'", option,
                       shown(value).text, wanted);
}

static int read_guest_options(const options *o, guest_options *out, chaos_buffer *compose)
{
    const char *now = options_value(o, OPT_NOW, 0);
    const char *app_id = options_value(o, OPT_APP_ID, 0);
    const char *path = options_value(o, OPT_COMPOSE, 0);
    chaos_error err = { 0 };
    out->seed = options_value(o, OPT_SEED, 0);
    out->strip = options_has(o, OPT_STRIP);
    out->has_app_id = app_id != NULL;
    if (now != NULL && !value_time(now, &out->now)) {
        return usage("--now", now, "a time like 2026-01-01T00:00:00Z or Unix seconds");
    }
    if (app_id != NULL && !value_hex(app_id, out->app_id, sizeof out->app_id)) {
        return usage("--app-id", app_id, "40 hex digits");
    }
    if (path != NULL) {
        if (input_read("--compose", path, MAX_COMPOSE, compose, &err) != CHAOS_OK) {
            return say_fault(PROGRAM, exit_of_status(err.status), &err);
        }
        if (compose->size == 0) {
            return usage("--compose", path, "a file with anything in it");
        }
        out->app_compose = buffer_slice(compose);
    }
    return EXIT_AFFIRMING;
}

static int read_mode(const options *o, unsigned *mode)
{
    const char *text = options_value(o, OPT_SOCKET_MODE, 0);
    unsigned value = 0;
    *mode = 0600;
    if (text == NULL) {
        return EXIT_AFFIRMING;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '7' || value > 0777) {
            return usage("--socket-mode", text, "an octal mode up to 0777");
        }
        value = 8 * value + (unsigned)(*c - '0');
    }
    *mode = value;
    return value <= 0777 ? EXIT_AFFIRMING : usage("--socket-mode", text, "an octal mode up to 0777");
}

/* ------------------------------------------------------------------- files ---- */

static int write_files(guest *g, const char *folder)
{
    char path[PATH_MAX];
    const char *name;
    chaos_slice bytes;
    chaos_error err = { 0 };
    for (size_t i = 0; guest_file(g, i, &name, &bytes); i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (n < 0 || (size_t)n >= sizeof path) {
            return usage("--out", folder, "a path of that length");
        }
        if (output_write("--out", path, bytes, 0644, &err) != CHAOS_OK) {
            return say_fault(PROGRAM, exit_of_status(err.status), &err);
        }
    }
    return EXIT_AFFIRMING;
}

/* --------------------------------------------------------------- listening ---- */

static bool listen_at(simulator *s, int place, const char *path, unsigned mode)
{
    if (path == NULL) {
        return true;
    }
    if (!listen_unix(PROGRAM, path, mode, &s->sockets[place])) {
        return false;
    }
    s->fds[place] = s->sockets[place].fd;
    return true;
}

/* Takes every place before anything is written or answered: who cannot have one leaves nothing behind. */
static int listen_everywhere(simulator *s, const options *o, unsigned mode)
{
    const char *http = options_value(o, OPT_HTTP, 0);
    unsigned port = 0;
    char line[64];
    if (!listen_at(s, AT_SOCKET, options_value(o, OPT_SOCKET, 0), mode) ||
        !listen_at(s, AT_TAPPD_SOCKET, options_value(o, OPT_TAPPD_SOCKET, 0), mode)) {
        return EXIT_ENVIRONMENT;
    }
    if (http == NULL) {
        return EXIT_AFFIRMING;
    }
    if (!is_loopback(http)) {
        return usage("--http", http, "127.0.0.1:PORT, for a simulator serves this machine alone");
    }
    s->fds[AT_HTTP] = listen_loopback(PROGRAM, http, &port);
    if (s->fds[AT_HTTP] < 0) {
        return EXIT_ENVIRONMENT;
    }
    (void)snprintf(line, sizeof line, PROGRAM ": listening on 127.0.0.1:%u\n", port);
    return say_text(STDERR_FILENO, line) ? EXIT_AFFIRMING : EXIT_ENVIRONMENT;
}

static int serve_everywhere(simulator *s)
{
    static const guest_api apis[PLACES] = { GUEST_API_DSTACK, GUEST_API_TAPPD, GUEST_API_BOTH };
    for (size_t i = 0; i < PLACES; i++) {
        if (s->fds[i] < 0) {
            continue;
        }
        s->listeners[i] = server_start(s->g, s->fds[i], apis[i]);
        if (s->listeners[i] == NULL) {
            return say_failure(PROGRAM, EXIT_INTERNAL, "the HTTP server does not start");
        }
        s->fds[i] = -1;
    }
    return EXIT_AFFIRMING;
}

static int start(simulator *s, const options *o, unsigned mode)
{
    static const char banner[] =
        PROGRAM ": this is a SIMULATOR. Its keys are worthless and its quotes lead to a test root.\n";
    const char *folder = options_value(o, OPT_OUT, 0);
    int code = listen_everywhere(s, o, mode);
    if (code == EXIT_AFFIRMING && folder != NULL) {
        s->folder = open_folder(folder);
        code = s->folder < 0 ? EXIT_ENVIRONMENT : write_files(s->g, folder);
    }
    if (code == EXIT_AFFIRMING) {
        code = serve_everywhere(s);
    }
    if (code == EXIT_AFFIRMING && ((!options_has(o, OPT_QUIET) && !say_text(STDERR_FILENO, banner)) ||
                                   !say_text(STDOUT_FILENO, "ready\n"))) {
        code = say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write to standard output");
    }
    return code;
}

static void wait_for_the_end(simulator *s, const sigset_t *ending)
{
    const struct timespec second = { .tv_sec = 1 };
    while (sigtimedwait(ending, NULL, &second) < 0) {
        for (size_t i = 0; i < PLACES; i++) {
            server_end_slow(s->listeners[i]);
        }
    }
}

/* The sockets' files first: who comes now shall not find a door behind which nobody is. */
static void stop(simulator *s)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(s->sockets); i++) {
        if (s->sockets[i].path != NULL) {
            unlink_unix(&s->sockets[i]);
        }
    }
    for (size_t i = 0; i < PLACES; i++) {
        server_stop(s->listeners[i]);
        if (s->fds[i] >= 0) {
            (void)close(s->fds[i]);
        }
    }
    if (s->folder >= 0) {
        (void)close(s->folder);
    }
    guest_free(s->g);
}

static int run(const options *o, const sigset_t *ending)
{
    CHAOS_AUTO_BUFFER(compose, 0);
    guest_options chosen = { 0 };
    chaos_error err = { 0 };
    simulator s = { .fds = { -1, -1, -1 }, .folder = -1 };
    unsigned mode = 0;
    int code = read_guest_options(o, &chosen, &compose);
    if (code == EXIT_AFFIRMING) {
        code = read_mode(o, &mode);
    }
    if (code == EXIT_AFFIRMING && guest_new(&chosen, &s.g, &err) != CHAOS_OK) {
        code = say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    if (code == EXIT_AFFIRMING) {
        code = start(&s, o, mode);
    }
    if (code == EXIT_AFFIRMING) {
        wait_for_the_end(&s, ending);
    }
    stop(&s);
    return code;
}

int main(int argc, char **argv)
{
    options o;
    sigset_t ending;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    if (options_has(&o, OPT_HELP)) {
        return options_help(&table);
    }
    if (options_has(&o, OPT_VERSION)) {
        return options_version(PROGRAM);
    }
    if (!options_has(&o, OPT_SOCKET) && !options_has(&o, OPT_TAPPD_SOCKET) && !options_has(&o, OPT_HTTP)) {
        return say_failure(PROGRAM, EXIT_USAGE,
                           "where? give --socket, --tappd-socket or --http; try '" PROGRAM " --help'");
    }
    /* Blocked in every thread, so that only sigwait sees them. */
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&o, &ending);
}
