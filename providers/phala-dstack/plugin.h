/* plugin.h - what the files of this provider share. It stands on <chaoschain/provider.h> and the C library alone. */
#ifndef PHALA_DSTACK_PLUGIN_H
#define PHALA_DSTACK_PLUGIN_H

#include <chaoschain/provider.h>

#include <string.h>

#define MAX_ENDPOINT 1024
#define MAX_SOCKET_PATH 108
#define MAX_BODY 16384u /* of a request */
#define MAX_QUOTE (64u * 1024u)
#define MAX_QUOTE_REPLY (4u * 1024u * 1024u)
#define MAX_SMALL_REPLY (256u * 1024u)

typedef enum agent_api {
    API_DSTACK, /* dstack.sock: /GetKey */
    API_TAPPD   /* tappd.sock, the older agent: /prpc/Tappd.DeriveKey */
} agent_api;

typedef struct dstack {
    const chaos_host *host;
    bool has_endpoint; /* false: none was found; every call then says where it was looked for */
    agent_api api;
    bool is_tcp;
    char base[MAX_ENDPOINT];      /* "http://localhost", or the URL that was given */
    char socket[MAX_SOCKET_PATH]; /* of a Unix socket */
    bool endpoint_of_environment; /* a simulator variable chose it */
    uint32_t connect_timeout_ms, timeout_ms;
    bool version_was_asked;
} dstack;

/* Text for the error of a machine that has no guest agent. */
#define NOT_IN_A_CVM \
    "Not running in Phala CVM: there is no guest agent's socket (/var/run/dstack.sock, /run/dstack.sock, ...)"

/* options.c, discovery.c */
CHAOS_MUST_USE chaos_status options_read(const chaos_host *host, const char *json, dstack *d, char *endpoint,
                                         size_t capacity, chaos_error *err);
CHAOS_MUST_USE chaos_status discover(dstack *d, const char *explicit_endpoint, bool api_is_given, chaos_error *err);

/* One call of the guest agent: POST of a JSON object. The reply is ended by host->http_free. agent.c */
CHAOS_MUST_USE chaos_status agent_call(const dstack *d, const char *method, const char *body, size_t max_reply,
                                       uint32_t timeout_ms, chaos_http_reply **reply, chaos_error *err);
/* The agent's version; "" from one that answers, and is older than that method (0.5.7). agent.c */
#define MAX_VERSION 64
CHAOS_MUST_USE chaos_status agent_version(const dstack *d, uint32_t timeout_ms, char version[MAX_VERSION],
                                          chaos_error *err);
/* Refuses agents that are too old; asked once. agent.c */
CHAOS_MUST_USE chaos_status agent_check_version(dstack *d, chaos_error *err);

/* key.c, attest.c, invoke.c: the members of the provider */
chaos_status dstack_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err);
chaos_status dstack_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err);
void dstack_key_free(void *self, void *key);
chaos_status dstack_attest(void *self, const uint8_t report_data[64], chaos_error *err);
chaos_status dstack_invoke(void *self, const char *name, const char *params_json, chaos_error *err);

static inline chaos_slice text_slice(const char *text)
{
    chaos_slice s = { (const uint8_t *)text, strlen(text) };
    return s;
}

#endif
