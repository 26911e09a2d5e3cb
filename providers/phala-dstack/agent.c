/* agent.c - one exchange with the guest agent: POST of a JSON object, an answer that is an object without "error". Its error texts
 * are shown as they are; nothing is decided by them but whether a method exists. */
#include <stdio.h>
#include <stdlib.h>

#include "plugin.h"

#define MAX_URL (MAX_ENDPOINT + 64)
#define MAX_EXCERPT 120
#define OLDEST_MAJOR 0u
#define OLDEST_MINOR 5u /* the first release with dstack.sock's methods */

/* The first bytes of an answer that is no JSON: a page of a web server, a protobuf message. */
static void excerpt(chaos_slice body, char text[MAX_EXCERPT])
{
    size_t length = 0;
    for (size_t i = 0; i < body.size && length + 1 < MAX_EXCERPT; i++) {
        uint8_t c = body.data[i];
        if (c >= ' ' && c <= '~') {
            text[length++] = (char)c;
        } else if (length > 0 && text[length - 1] != ' ') {
            text[length++] = ' ';
        }
    }
    text[length] = '\0';
}

/* "Service not found: X" comes with 400, from newer agents with 404. */
static chaos_status bad_answer(const dstack *d, const char *method, const chaos_http_reply *reply, bool *lacks_method,
                               chaos_error *err)
{
    static const char lacking[] = "Service not found";
    char text[160];
    bool said = d->host->json_text(d->host, reply->body, "error", text, sizeof text, NULL) == CHAOS_OK;
    if (!said) {
        excerpt(reply->body, text);
    }
    *lacks_method = said && strncmp(text, lacking, sizeof lacking - 1) == 0;
    (void)chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the guest agent refuses %s: HTTP %d: %s", method, reply->status,
                              text[0] == '\0' ? "(no text)" : text);
    if (err != NULL) {
        (void)snprintf(err->found, sizeof err->found, "HTTP %d", reply->status);
    }
    return CHAOS_E_GUEST_AGENT;
}

/* 2xx, JSON, and no "error" at the top. */
static bool is_good(const dstack *d, const chaos_http_reply *reply)
{
    static const char *const none[] = { NULL };
    chaos_slice raw;
    bool empty = d->host->json_keys(d->host, reply->body, none, NULL) == CHAOS_OK; /* {} has no member at all */
    bool has_error = d->host->json_raw(d->host, reply->body, "error", &raw, NULL) == CHAOS_OK;
    return reply->status / 100 == 2 && (empty || !has_error);
}

/* *lacks_method: the agent answered that it has no such method. */
static chaos_status ask(const dstack *d, const char *method, const char *body, size_t max_reply, uint32_t timeout_ms,
                        chaos_http_reply **reply, bool *lacks_method, chaos_error *err)
{
    char url[MAX_URL];
    chaos_http_reply *got = NULL;
    *lacks_method = false;
    if (!d->has_endpoint) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "%s", NOT_IN_A_CVM);
    }
    int n = snprintf(url, sizeof url, "%s/%s%s", d->base, d->api == API_TAPPD ? "prpc/Tappd." : "", method);
    if (n < 0 || (size_t)n >= sizeof url) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the endpoint's URL is too long");
    }
    const chaos_http_request request = {
        .method = "POST",
        .url = url,
        .unix_socket = d->is_tcp ? NULL : d->socket,
        .content_type = "application/json",
        .body = text_slice(body),
        .connect_timeout_ms = timeout_ms != 0 && d->connect_timeout_ms == 0 ? timeout_ms : d->connect_timeout_ms,
        .total_timeout_ms = timeout_ms != 0 ? timeout_ms : d->timeout_ms,
        .max_reply = max_reply,
    };
    chaos_status status = d->host->http(d->host, &request, &got, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (!is_good(d, got)) {
        status = bad_answer(d, method, got, lacks_method, err);
        d->host->http_free(d->host, got);
        return status;
    }
    *reply = got;
    return CHAOS_OK;
}

chaos_status agent_call(const dstack *d, const char *method, const char *body, size_t max_reply, uint32_t timeout_ms,
                        chaos_http_reply **reply, chaos_error *err)
{
    bool lacks_method;
    return ask(d, method, body, max_reply, timeout_ms, reply, &lacks_method, err);
}

chaos_status agent_version(const dstack *d, uint32_t timeout_ms, char version[MAX_VERSION], chaos_error *err)
{
    chaos_http_reply *reply = NULL;
    bool lacks_method = false;
    version[0] = '\0';
    chaos_status status = ask(d, "Version", "{}", MAX_SMALL_REPLY, timeout_ms, &reply, &lacks_method, err);
    if (status != CHAOS_OK || reply == NULL) {
        return lacks_method ? CHAOS_OK : status;
    }
    status = d->host->json_text(d->host, reply->body, "version", version, MAX_VERSION, err);
    d->host->http_free(d->host, reply);
    return status;
}

/* "0.5.11": its first two numbers. What begins with no number is a build from a source tree. */
static bool is_too_old(const char *version)
{
    char *rest = NULL;
    unsigned long major = strtoul(version, &rest, 10);
    if (rest == version || *rest != '.') {
        return false;
    }
    return major == OLDEST_MAJOR && strtoul(rest + 1, NULL, 10) < OLDEST_MINOR;
}

chaos_status agent_check_version(dstack *d, chaos_error *err)
{
    char version[MAX_VERSION];
    if (d->version_was_asked) {
        return CHAOS_OK;
    }
    chaos_status status = agent_version(d, 0, version, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (is_too_old(version)) {
        return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE,
                                   "the guest agent is of version %s; 0.5.0 or newer is needed", version);
    }
    if (version[0] == '\0') {
        d->host->log(d->host, CHAOS_LOG_DEBUG, "the guest agent does not tell its version: older than 0.5.7");
    }
    d->version_was_asked = true;
    return CHAOS_OK;
}
