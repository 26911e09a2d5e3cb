/* tee.c - a sample of the calls that a provider is made of: a guest agent over HTTP derives the keys and has the hardware sign
 * quotes. It speaks as much of dstack's protocol as it takes to run beside `dstack-simulator`. */
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_SOCKET "/var/run/dstack.sock"
#define MAX_SOCKET 107 /* bytes of a Unix socket's path */
#define MAX_BODY 2048
#define MAX_QUOTE 16384u
#define SMALLEST_QUOTE 632u /* header and TD report */
#define MAX_LOG (256u * 1024u)

/* One question. `timeout_ms` 0: the host's own limit. The reply is ended with http_free. */
static chaos_status ask(const plugin *p, const char *method, const char *body, uint32_t timeout_ms,
                        chaos_http_reply **reply, chaos_error *err)
{
    const char *endpoint = p->endpoint[0] == '\0' ? DEFAULT_SOCKET : p->endpoint;
    const bool is_socket = endpoint[0] == '/';
    char url[MAX_ENDPOINT + 32];
    if (is_socket && strlen(endpoint) > MAX_SOCKET) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the socket's path is longer than %d bytes", MAX_SOCKET);
    }
    (void)snprintf(url, sizeof url, "%s/%s", is_socket ? "http://localhost" : endpoint, method);
    const chaos_http_request request = { .method = "POST",
                                         .url = url,
                                         .unix_socket = is_socket ? endpoint : NULL,
                                         .content_type = "application/json",
                                         .body = text_slice(body),
                                         .connect_timeout_ms = timeout_ms,
                                         .total_timeout_ms = timeout_ms };
    const chaos_status status = p->host->http(p->host, &request, reply, err);
    if (status == CHAOS_OK && (*reply)->status != 200) {
        const int code = (*reply)->status;
        p->host->http_free(p->host, *reply);
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the agent refuses %s: HTTP %d", method, code);
    }
    return status;
}

chaos_status plugin_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    const plugin *p = self;
    chaos_http_reply *reply = NULL;
    chaos_slice version;
    chaos_status status = ask(p, "Version", "{}", timeout_ms, &reply, err);
    if (status == CHAOS_OK) {
        status = p->host->json_raw(p->host, reply->body, "version", &version, err);
        p->host->http_free(p->host, reply);
    }
    return status;
}

/* The agent derives it from the path. */
static chaos_status derive(const plugin *p, const char *path, const char *purpose, chaos_host_key **key,
                           chaos_error *err)
{
    char quoted_path[1024], quoted_purpose[512], body[MAX_BODY];
    uint8_t secret[32];
    size_t size = 0;
    chaos_http_reply *reply = NULL;
    chaos_status status = p->host->json_quote(p->host, path, quoted_path, sizeof quoted_path, err);
    if (status == CHAOS_OK) {
        status = p->host->json_quote(p->host, purpose, quoted_purpose, sizeof quoted_purpose, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    (void)snprintf(body, sizeof body, "{\"path\":%s,\"purpose\":%s}", quoted_path, quoted_purpose);
    status = ask(p, "GetKey", body, 0, &reply, err);
    if (status != CHAOS_OK) {
        return status;
    }
    status = p->host->json_bytes(p->host, reply->body, "key", secret, sizeof secret, &size, err);
    p->host->http_free(p->host, reply); /* wipes it: it held the key */
    if (status == CHAOS_OK && size != sizeof secret) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the agent's key has %zu bytes", size);
    }
    if (status == CHAOS_OK) {
        status = p->host->key_import(p->host, secret, key, err);
    }
    p->host->wipe(p->host, secret, sizeof secret);
    return status;
}

chaos_status plugin_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err)
{
    const plugin *p = self;
    chaos_host_key *made = NULL;
    uint8_t public_key[65];
    if (strcmp(algorithm, "secp256k1") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the algorithm of keys is secp256k1");
    }
    chaos_status status = strcmp(purpose, CHAOS_KEY_FRESH) == 0 ? p->host->key_generate(p->host, &made, err)
                                                                : derive(p, path, purpose, &made, err);
    if (status == CHAOS_OK) {
        const chaos_slice bytes = { public_key, sizeof public_key };
        p->host->key_public(p->host, made, public_key);
        status = p->host->emit(p->host, "public-key", bytes, err);
    }
    if (status != CHAOS_OK) {
        p->host->key_free(p->host, made);
        return status;
    }
    *key = made;
    return CHAOS_OK;
}

chaos_status plugin_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err)
{
    const plugin *p = self;
    return p->host->key_sign(p->host, key, digest, rsv, err);
}

static chaos_status emit_quote(const plugin *p, chaos_slice reply, chaos_error *err)
{
    uint8_t *quote = malloc(MAX_QUOTE);
    size_t size = 0;
    if (quote == NULL) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "out of memory");
    }
    chaos_status status = p->host->json_bytes(p->host, reply, "quote", quote, MAX_QUOTE, &size, err);
    if (status == CHAOS_OK && size < SMALLEST_QUOTE) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the agent's quote has %zu bytes, and is none", size);
    }
    if (status == CHAOS_OK) {
        const chaos_slice bytes = { quote, size };
        status = p->host->emit(p->host, "tdx-quote", bytes, err);
    }
    free(quote);
    return status;
}

static chaos_status emit_log(const plugin *p, chaos_slice reply, chaos_error *err)
{
    char *log = malloc(MAX_LOG);
    if (log == NULL) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "out of memory");
    }
    chaos_status status = p->host->json_text(p->host, reply, "event_log", log, MAX_LOG, err);
    if (status == CHAOS_OK) {
        status = p->host->emit(p->host, "dstack-event-log", text_slice(log), err);
    }
    free(log);
    return status;
}

chaos_status plugin_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const plugin *p = self;
    chaos_http_reply *reply = NULL;
    char digits[129], body[MAX_BODY];
    for (size_t i = 0; i < 64; i++) {
        (void)snprintf(digits + 2 * i, 3, "%02x", report_data[i]);
    }
    (void)snprintf(body, sizeof body, "{\"report_data\":\"%s\"}", digits);
    chaos_status status = ask(p, "GetQuote", body, 0, &reply, err);
    if (status != CHAOS_OK) {
        return status;
    }
    status = emit_quote(p, reply->body, err);
    if (status == CHAOS_OK) {
        status = emit_log(p, reply->body, err);
    }
    p->host->http_free(p->host, reply);
    return status;
}

void plugin_key_free(void *self, void *key)
{
    const plugin *p = self;
    p->host->key_free(p->host, key);
}
