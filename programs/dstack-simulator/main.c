/* main.c - dstack-simulator: a guest agent to talk to, on a machine that has none. */
#include "simulator.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
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
    .notes = "Prints 'ready' on a line of its own when it listens; ends with SIGTERM or SIGINT. DIR gets "
             "trust-root.der,\n"
             "collateral.json, kms-root.hex, app-compose.json and policy.json.\n"
             "Exit code: 0 ended as asked, 5 environment, 64 usage, 70 internal.",
};

typedef struct simulator {
    guest *g;
    const char *socket, *tappd_socket;
    bool has_socket, has_tappd_socket; /* made by us, so ours to remove */
    listener *listeners[3];
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
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        int reason = errno;
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot make the folder '%s': %s", shown(folder).text,
                           strerror(reason));
    }
    for (size_t i = 0; guest_file(g, i, &name, &bytes); i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (n < 0 || (size_t)n >= sizeof path || output_write("--out", path, bytes, 0644, &err) != CHAOS_OK) {
            return err.status == CHAOS_OK ? usage("--out", folder, "a path that short enough")
                                          : say_fault(PROGRAM, exit_of_status(err.status), &err);
        }
    }
    return EXIT_AFFIRMING;
}

/* --------------------------------------------------------------- listening ---- */

static int serve(simulator *s, size_t place, int fd, guest_api api)
{
    if (fd < 0) {
        return EXIT_ENVIRONMENT;
    }
    s->listeners[place] = server_start(s->g, fd, api);
    if (s->listeners[place] == NULL) {
        (void)close(fd);
        return say_failure(PROGRAM, EXIT_INTERNAL, "the HTTP server does not start");
    }
    return EXIT_AFFIRMING;
}

static int listen_everywhere(simulator *s, const options *o, unsigned mode)
{
    const char *http = options_value(o, OPT_HTTP, 0);
    unsigned port = 0;
    char line[64];
    int code = EXIT_AFFIRMING;
    if (s->socket != NULL) {
        int fd = listen_unix(s->socket, mode);
        s->has_socket = fd >= 0;
        code = serve(s, 0, fd, GUEST_API_DSTACK);
    }
    if (code == EXIT_AFFIRMING && s->tappd_socket != NULL) {
        int fd = listen_unix(s->tappd_socket, mode);
        s->has_tappd_socket = fd >= 0;
        code = serve(s, 1, fd, GUEST_API_TAPPD);
    }
    if (code == EXIT_AFFIRMING && http != NULL) {
        int fd = listen_loopback(http, &port);
        code = serve(s, 2, fd, GUEST_API_DSTACK);
        (void)snprintf(line, sizeof line, PROGRAM ": listening on 127.0.0.1:%u\n", port);
        if (code == EXIT_AFFIRMING && !say_text(STDERR_FILENO, line)) {
            code = EXIT_ENVIRONMENT;
        }
    }
    return code;
}

static void stop(simulator *s)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(s->listeners); i++) {
        server_stop(s->listeners[i]);
    }
    if (s->has_socket) {
        (void)unlink(s->socket);
    }
    if (s->has_tappd_socket) {
        (void)unlink(s->tappd_socket);
    }
    guest_free(s->g);
}

static int run(const options *o, const sigset_t *ending)
{
    static const char banner[] =
        PROGRAM ": this is a SIMULATOR. Its keys are worthless and its quotes lead to a test root.\n";
    CHAOS_AUTO_BUFFER(compose, 0);
    guest_options chosen = { 0 };
    chaos_error err = { 0 };
    simulator s = { .socket = options_value(o, OPT_SOCKET, 0),
                    .tappd_socket = options_value(o, OPT_TAPPD_SOCKET, 0) };
    const char *folder = options_value(o, OPT_OUT, 0);
    unsigned mode;
    int signal_number = 0;
    int code = read_guest_options(o, &chosen, &compose);
    if (code == EXIT_AFFIRMING) {
        code = read_mode(o, &mode);
    }
    if (code == EXIT_AFFIRMING && guest_new(&chosen, &s.g, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    if (code == EXIT_AFFIRMING && folder != NULL) {
        code = write_files(s.g, folder);
    }
    if (code == EXIT_AFFIRMING) {
        code = listen_everywhere(&s, o, mode);
    }
    if (code == EXIT_AFFIRMING && ((!options_has(o, OPT_QUIET) && !say_text(STDERR_FILENO, banner)) ||
                                   !say_text(STDOUT_FILENO, "ready\n"))) {
        code = say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write to standard output");
    }
    if (code == EXIT_AFFIRMING) {
        (void)sigwait(ending, &signal_number);
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
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&o, &ending);
}
