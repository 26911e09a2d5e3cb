/* main.c - chaoschain-endpoint: answers who asks an agent for evidence over a nonce of his own. */
#include "endpoint.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "programs/common/agent/agent_options.h"
#include "programs/common/http/listen.h"

#define RATE_DEFAULT 60
#define RATE_MAX 60000
#define CLIENT_RATE_DEFAULT 600
#define CLIENT_CONNECTIONS_DEFAULT 32

/* The rows that a config file speaks of stand where it looks for them. */
enum {
    OPT_AGENT = AGENT_OPT_COUNT,
    OPT_HTTP,
    OPT_SOCKET,
    OPT_SOCKET_MODE,
    OPT_RATE,
    OPT_CLIENT_RATE,
    OPT_CLIENT_CONNECTIONS,
    OPT_QUIET,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_AGENT] = { "AGENT", NULL, 1, false, "eip155:N:7 or eip155:N:0xREGISTRY:7; that of the config by default" },
    CONFIG_ROW,
    [OPT_HTTP] = { "--http", "127.0.0.1:PORT", 1, false, "listen there; port 0 takes a free one" },
    [OPT_SOCKET] = { "--socket", "PATH", 1, false, "listen at this Unix socket" },
    [OPT_SOCKET_MODE] = { "--socket-mode", "OCTAL", 1, false, "of the Unix socket; 0600 is the default" },
    [OPT_RATE] = { "--rate", "N", 1, false, "answers a minute, of each of the two kinds; 60 is the default" },
    [OPT_CLIENT_RATE] = { "--client-rate", "N", 1, false, "questions a minute of one client; 600 is the default" },
    [OPT_CLIENT_CONNECTIONS] = { "--client-connections", "N", 1, false, "of one client at once; 32 is the default" },
    [AGENT_OPT_NAME] = { "--name", "NAME", 1, false, "the agent's, which its key is made for; or \"agent\"" },
    [AGENT_OPT_GENERATION] = { "--generation", "N", 1, false, "of that key; 0 is the default" },
    [SEND_OPT_JOURNAL] = { "--store", "FILE", 1, false, "the agent's store, if it has one" },
    [AGENT_OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "carry this collateral in the envelopes" },
    [AGENT_OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "which TEE: phala-dstack, simulated, ..." },
    [AGENT_OPT_TEE_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },
    [AGENT_OPT_TEE_OPTIONS] = { "--tee-options", "JSON", 1, false, "further options of the provider, a JSON object" },
    [AGENT_OPT_TEE_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file" },
    [NET_OPT_NETWORK] = { "--network", "NAME|FILE", 1, false, "if it is not the agent's chain by its number" },
    [NET_OPT_RPC] = { "--rpc", "URL", CHAOS_MAX_ENDPOINTS, false, "a node; again for a second one to fall back on" },
    [NET_OPT_IDENTITY] = { "--identity", "ADDR", 1, false, "the identity registry, if not the agent's or network's" },
    [NET_OPT_VALIDATION] = { "--validation", "ADDR", 1, false, "the validation registry" },
    [OPT_QUIET] = { "--quiet", NULL, 1, false, "no line about where it listens, and none at the end" },
    [NET_OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: chaoschain agent serve --config FILE | AGENT --tee-provider NAME\n"
        "       --http 127.0.0.1:PORT | --socket PATH [OPTION]...\n"
        "The agent's attestation endpoint, " WELL_KNOWN ":\n"
        "  ?nonce=0x...              evidence of the agent's key over the asker's nonce\n"
        "  ?nonce=0x...&request=0x.. the same for a validation request that is on chain about this agent\n"
        "Plain HTTP for this machine alone: TLS stands in front. Sends nothing, needs no account.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Prints 'ready' on a line of its own when it listens; ends with SIGTERM, SIGINT or SIGHUP.\n"
             "Exit code: 0 ended as asked, 5 environment (TEE, node, socket), 8 registries disagree, 64 usage,\n"
             "70 internal.",
};

enum {
    AT_SOCKET,
    AT_HTTP,
    PLACES
};

typedef struct service {
    opened o;
    endpoint e;
    bool has_begun;
    unix_socket socket; /* a path: made by us, so ours to remove */
    int fds[PLACES];    /* listening and not served yet; else -1 */
    listener *listeners[PLACES];
} service;

/* ----------------------------------------------------------------- options ---- */

static int usage(const char *option, const char *value, const char *wanted)
{
    return say_failure(PROGRAM, EXIT_USAGE, "%s '%s' is not %s; try '" PROGRAM " --help'", option,
                       shown(value).text, wanted);
}

static int read_mode(const options *o, unsigned *mode)
{
    const char *text = options_value(o, OPT_SOCKET_MODE, 0);
    unsigned value = 0;
    bool ok = text == NULL || (text[0] != '\0' && strlen(text) <= 4);

    for (const char *c = text == NULL ? "600" : text; ok && *c != '\0'; c++) {
        ok = *c >= '0' && *c <= '7';
        value = 8 * value + (unsigned)(*c - '0');
    }
    *mode = value;
    return ok && value <= 0777 ? EXIT_AFFIRMING : usage("--socket-mode", text, "an octal mode up to 0777");
}

static bool read_number(const options *o, size_t row, uint64_t max, uint64_t *number, int *code)
{
    const char *text = options_value(o, row, 0);
    char wanted[48];

    if (text == NULL || (value_unsigned(text, max, number) && *number > 0)) {
        return true;
    }
    (void)snprintf(wanted, sizeof wanted, "a number from 1 to %" PRIu64, max);
    *code = usage(rows[row].name, text, wanted);
    return false;
}

static int read_limits(const options *o, endpoint *e, uint64_t *rate)
{
    uint64_t connections = CLIENT_CONNECTIONS_DEFAULT;
    int code = EXIT_AFFIRMING;

    *rate = RATE_DEFAULT;
    e->client_rate = CLIENT_RATE_DEFAULT;
    if (read_number(o, OPT_RATE, RATE_MAX, rate, &code) &&
        read_number(o, OPT_CLIENT_RATE, RATE_MAX, &e->client_rate, &code) &&
        read_number(o, OPT_CLIENT_CONNECTIONS, MAX_CONNECTIONS, &connections, &code)) {
        e->client_connections = (unsigned)connections;
    }
    return code;
}

static int read_generation(const options *o, wishes *w)
{
    const char *generation = options_value(o, AGENT_OPT_GENERATION, 0);

    if (generation != NULL && !value_unsigned(generation, UINT32_MAX, &w->generation)) {
        return usage("--generation", generation, "a decimal number below 2^32");
    }
    return EXIT_AFFIRMING;
}

static void read_wishes(const options *o, wishes *w)
{
    const char *url;

    w->name = options_has(o, AGENT_OPT_NAME) ? options_value(o, AGENT_OPT_NAME, 0) : "agent";
    w->store = options_value(o, SEND_OPT_JOURNAL, 0);
    w->network = options_value(o, NET_OPT_NETWORK, 0);
    w->identity = options_value(o, NET_OPT_IDENTITY, 0);
    w->validation = options_value(o, NET_OPT_VALIDATION, 0);
    w->collateral = options_value(o, AGENT_OPT_COLLATERAL, 0);
    w->provider = options_value(o, AGENT_OPT_PROVIDER, 0);
    w->tee_endpoint = options_value(o, AGENT_OPT_TEE_ENDPOINT, 0);
    w->tee_options = options_value(o, AGENT_OPT_TEE_OPTIONS, 0);
    w->tee_plugin = options_value(o, AGENT_OPT_TEE_PLUGIN, 0);
    while ((url = options_value(o, NET_OPT_RPC, w->url_count)) != NULL) {
        w->urls[w->url_count++] = url;
    }
}

static int say_what_failed(const chaos_error *err)
{
    if (err->status == CHAOS_E_PROVIDER_MISSING) { /* two lines: what is missing, and the command that brings it */
        if (say_text(STDERR_FILENO, err->text)) {
            (void)!say_text(STDERR_FILENO, "\n");
        }
        return EXIT_ENVIRONMENT;
    }
    return say_fault(PROGRAM, err->status == CHAOS_E_REGISTRY ? EXIT_REGISTRIES : exit_of_status(err->status), err);
}

/* --------------------------------------------------------------- listening ---- */

static int listen_everywhere(service *s, const options *o, unsigned mode)
{
    const char *path = options_value(o, OPT_SOCKET, 0);
    const char *http = options_value(o, OPT_HTTP, 0);
    unsigned port = 0;
    char line[96];

    if (http != NULL && !is_loopback(http)) {
        return usage("--http", http, "127.0.0.1:PORT: who speaks to the world has TLS in front of this");
    }
    if (path != NULL) {
        if (!listen_unix(PROGRAM, path, mode, &s->socket)) {
            return EXIT_ENVIRONMENT;
        }
        s->fds[AT_SOCKET] = s->socket.fd;
    }
    if (http == NULL) {
        return EXIT_AFFIRMING;
    }
    s->fds[AT_HTTP] = listen_loopback(PROGRAM, http, &port);
    (void)snprintf(line, sizeof line, PROGRAM ": listening on 127.0.0.1:%u\n", port);
    return s->fds[AT_HTTP] >= 0 && (s->e.is_quiet || say_text(STDERR_FILENO, line)) ? EXIT_AFFIRMING
                                                                                    : EXIT_ENVIRONMENT;
}

static int start(service *s, const options *o, unsigned mode, uint64_t rate)
{
    int code = listen_everywhere(s, o, mode);

    if (code != EXIT_AFFIRMING) {
        return code;
    }
    s->e.agent = s->o.agent;
    s->e.registries = s->o.registries;
    if (!chaos_agent_id(s->o.agent, &s->e.agent_id)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "an agent without an id");
    }
    endpoint_begin(&s->e, rate);
    s->has_begun = true;
    for (size_t i = 0; i < PLACES; i++) {
        if (s->fds[i] >= 0) {
            s->listeners[i] = server_start(&s->e, s->fds[i]);
            if (s->listeners[i] == NULL) {
                return say_failure(PROGRAM, EXIT_INTERNAL, "the HTTP server does not start");
            }
            s->fds[i] = -1;
        }
    }
    return say_text(STDOUT_FILENO, "ready\n")
               ? EXIT_AFFIRMING
               : say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write to standard output");
}

static void wait_for_the_end(service *s, const sigset_t *ending)
{
    const struct timespec second = { .tv_sec = 1 };

    while (sigtimedwait(ending, NULL, &second) < 0) {
        for (size_t i = 0; i < PLACES; i++) {
            server_end_slow(s->listeners[i]);
        }
    }
}

/* The socket's file first: who comes now shall not find a door behind which nobody is. */
static void stop(service *s)
{
    char line[128];

    if (s->socket.path != NULL) {
        unlink_unix(&s->socket);
    }
    for (size_t i = 0; i < PLACES; i++) {
        server_stop(s->listeners[i]);
        if (s->fds[i] >= 0) {
            (void)close(s->fds[i]);
        }
    }
    if (s->has_begun) {
        (void)snprintf(line, sizeof line, PROGRAM ": %" PRIu64 " answered, %" PRIu64 " refused, %" PRIu64 " failed\n",
                       s->e.given, s->e.refused, s->e.failed);
        if (!s->e.is_quiet && !say_text(STDERR_FILENO, line)) {
            s->e.is_quiet = true; /* nobody is listening */
        }
        endpoint_end(&s->e);
    }
    close_agent(&s->o);
}

/* Which agent: named, or that of the config file. */
static chaos_status name_agent(options *o, agent_config *config, char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE],
                               chaos_error *err)
{
    chaos_agent_reference agent;

    CHAOS_TRY(agent_which(config, o, options_value(o, OPT_AGENT, 0), &agent, err));
    chaos_agent_reference_format(&agent, name);
    return CHAOS_OK;
}

static int open_service(service *s, options *o, agent_config *config)
{
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    wishes w = { .agent = name };
    chaos_error err = { 0 };

    if (name_agent(o, config, name, &err) != CHAOS_OK) {
        return say_what_failed(&err);
    }
    read_wishes(o, &w);
    const int code = read_generation(o, &w);
    return code == EXIT_AFFIRMING && open_agent(&w, &s->o, &err) != CHAOS_OK ? say_what_failed(&err) : code;
}

static int run(options *o, const sigset_t *ending)
{
    static service s;
    agent_config config = { .path = NULL };
    uint64_t rate;
    unsigned mode;
    int code = read_mode(o, &mode);

    s.fds[AT_SOCKET] = s.fds[AT_HTTP] = -1;
    s.e.is_quiet = options_has(o, OPT_QUIET);
    code = code == EXIT_AFFIRMING ? read_limits(o, &s.e, &rate) : code;
    code = code == EXIT_AFFIRMING ? open_service(&s, o, &config) : code;
    code = code == EXIT_AFFIRMING ? start(&s, o, mode, rate) : code;
    if (code == EXIT_AFFIRMING) {
        wait_for_the_end(&s, ending);
    }
    stop(&s);
    agent_config_free(&config);
    return code;
}

/* No core dump, no debugger of another user: keys of the TEE pass through some providers. */
static void guard_process(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    options o;
    sigset_t ending;
    int code = options_parse(&table, argc, argv, &o);

    if (code != 0) {
        return code;
    }
    if (options_has(&o, NET_OPT_HELP)) {
        return options_help(&table);
    }
    if (options_has(&o, OPT_VERSION)) {
        return options_version(PROGRAM);
    }
    if (!options_has(&o, OPT_SOCKET) && !options_has(&o, OPT_HTTP)) {
        return say_failure(PROGRAM, EXIT_USAGE, "where? give --http or --socket; try '" PROGRAM " --help'");
    }
    guard_process();
    /* Blocked in every thread, so that only sigtimedwait sees them. */
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&o, &ending);
}
