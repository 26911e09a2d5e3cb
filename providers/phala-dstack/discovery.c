/* discovery.c - where the guest agent listens: what the caller says, else a simulator's variable, else the agent's own variable,
 * else the first of the usual sockets that exists. */
#define _GNU_SOURCE /* secure_getenv */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin.h"

static const char *const dstack_sockets[] = { "/var/run/dstack.sock", "/run/dstack.sock", "/var/run/dstack/dstack.sock",
                                              "/run/dstack/dstack.sock" };
static const char *const tappd_sockets[] = { "/var/run/tappd.sock", "/run/tappd.sock", "/var/run/dstack/tappd.sock",
                                             "/run/dstack/tappd.sock" };
#define SOCKET_COUNT (sizeof dstack_sockets / sizeof dstack_sockets[0])

/* Schemes have no case. */
static bool begins(const char *text, const char *scheme)
{
    for (; *scheme != '\0'; text++, scheme++) {
        char c = (char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text);
        if (c != *scheme) {
            return false;
        }
    }
    return true;
}

/* Does http:// stay on this machine? localhost, 127.x.x.x, [::1]. */
static bool is_local(const char *url)
{
    const char *host = url + strlen("http://");
    const size_t size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    const bool is_number = strspn(host, "0123456789.") == size;
    return (size == 9 && begins(host, "localhost")) || (size == 5 && begins(host, "[::1]")) ||
           (is_number && begins(host, "127."));
}

/* A key is in the answer: whoever sits on the way would have it. */
static void warn_of_plain_http(const dstack *d)
{
    if (begins(d->base, "http://") && !is_local(d->base)) {
        d->host->log(d->host, CHAOS_LOG_WARNING,
                     "the guest agent's endpoint is http:// on another machine: its keys travel unencrypted. Use the "
                     "socket, or https://.");
    }
}

/* http://... and https://... are URLs; anything else is the path of a Unix socket, with or without "unix:" or "unix://". */
static chaos_status take_endpoint(dstack *d, const char *endpoint, chaos_error *err)
{
    d->is_tcp = begins(endpoint, "http://") || begins(endpoint, "https://");
    d->has_endpoint = true;
    if (d->is_tcp) {
        (void)snprintf(d->base, sizeof d->base, "%s", endpoint);
        size_t length = strlen(d->base);
        while (length > 0 && d->base[length - 1] == '/') {
            d->base[--length] = '\0';
        }
        warn_of_plain_http(d);
        return CHAOS_OK;
    }
    const char *path = endpoint;
    if (strncmp(path, "unix://", 7) == 0) {
        path += 7;
    } else if (strncmp(path, "unix:", 5) == 0) {
        path += 5;
    }
    if (path[0] == '\0' || strlen(path) >= sizeof d->socket) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the path of the guest agent's socket has 1 to %zu bytes",
                                   sizeof d->socket - 1);
    }
    (void)snprintf(d->socket, sizeof d->socket, "%s", path);
    (void)snprintf(d->base, sizeof d->base, "http://localhost");
    return CHAOS_OK;
}

/* The value of a variable, if it is set to anything. */
static const char *variable(const char *name)
{
    const char *value = secure_getenv(name);
    return value != NULL && value[0] != '\0' && strlen(value) < MAX_ENDPOINT ? value : NULL;
}

static const char *first_of(const char *const *paths, size_t count, const char *except)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(paths[i], except) != 0 && access(paths[i], F_OK) == 0) {
            return paths[i];
        }
    }
    return NULL;
}

/* What only a confidential VM has; NULL: nothing of it is here. */
static const char *sign_of_a_cvm(const char *except)
{
    static const char *const devices[] = { "/dev/tdx_guest", "/dev/tdx-guest" };
    const char *found = first_of(dstack_sockets, SOCKET_COUNT, except);
    if (found == NULL) {
        found = first_of(tappd_sockets, SOCKET_COUNT, except);
    }
    return found != NULL ? found : first_of(devices, sizeof devices / sizeof devices[0], except);
}

/* A variable that was left behind in production takes the hardware away, and everything else goes on working. */
static chaos_status take_simulator(dstack *d, const char *name, const char *value, agent_api api, chaos_error *err)
{
    char line[400];
    const char *hardware = sign_of_a_cvm(value);
    d->api = api;
    d->endpoint_of_environment = true;
    if (hardware != NULL) {
        (void)snprintf(line, sizeof line,
                       "%s IS SET ON A MACHINE THAT LOOKS LIKE A CONFIDENTIAL VM (%s): keys and quotes come from a "
                       "SIMULATOR at %.100s, not from hardware. Unset it.",
                       name, hardware, value);
    } else {
        (void)snprintf(line, sizeof line,
                       "%s is set: keys and quotes come from a SIMULATOR at %.100s, not from hardware. Unset it in "
                       "production.",
                       name, value);
    }
    d->host->log(d->host, hardware != NULL ? CHAOS_LOG_ERROR : CHAOS_LOG_WARNING, line);
    return take_endpoint(d, value, err);
}

static bool try_sockets(dstack *d, const char *const *paths, agent_api api, chaos_status *status, chaos_error *err)
{
    for (size_t i = 0; i < SOCKET_COUNT; i++) {
        if (access(paths[i], F_OK) == 0) { /* a folder counts: what is wrong with it is said when it is used */
            d->api = api;
            *status = take_endpoint(d, paths[i], err);
            return true;
        }
    }
    return false;
}

chaos_status discover(dstack *d, const char *explicit_endpoint, bool api_is_given, chaos_error *err)
{
    const agent_api wanted = d->api;
    const bool dstack_wanted = !api_is_given || wanted == API_DSTACK;
    const bool tappd_wanted = !api_is_given || wanted == API_TAPPD;
    const char *simulator = variable("DSTACK_SIMULATOR_ENDPOINT");
    const char *tappd_simulator = variable("TAPPD_SIMULATOR_ENDPOINT");
    const char *agent = variable("DSTACK_AGENT_ADDRESS");
    chaos_status status = CHAOS_OK;
    if (explicit_endpoint[0] != '\0') {
        return take_endpoint(d, explicit_endpoint, err);
    }
    if (dstack_wanted && simulator != NULL) {
        return take_simulator(d, "DSTACK_SIMULATOR_ENDPOINT", simulator, API_DSTACK, err);
    }
    if (tappd_wanted && tappd_simulator != NULL) {
        return take_simulator(d, "TAPPD_SIMULATOR_ENDPOINT", tappd_simulator, API_TAPPD, err);
    }
    if (dstack_wanted && agent != NULL) {
        d->api = API_DSTACK;
        return take_endpoint(d, agent, err);
    }
    if ((dstack_wanted && try_sockets(d, dstack_sockets, API_DSTACK, &status, err)) ||
        (tappd_wanted && try_sockets(d, tappd_sockets, API_TAPPD, &status, err))) {
        return status;
    }
    d->has_endpoint = false; /* opening succeeds outside a VM; using it says why not */
    return CHAOS_OK;
}
