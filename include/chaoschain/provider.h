/* provider.h - what the author of a TEE provider implements, and what the host lends to it.
 *
 * A provider is a shared object `chaoschain-provider-NAME.so` that exports one function,
 *
 *     const chaos_provider *chaos_provider_entry(uint32_t abi);
 *
 * and links nothing of ours: it needs this header alone. It makes keys and evidence; it never verifies, appraises or
 * sees a policy. The host believes nothing that it gives: it recovers every signature, verifies every chain and
 * compares the report data inside the evidence before anybody sees them.
 *
 * Rules
 *   - Both structs only grow at their ends. `abi` is CHAOS_PROVIDER_ABI, `size` the size of the struct as its
 *     maker knew
 *     it: a member beyond `size` is not there. Members marked "optional" may be NULL, no other.
 *   - The host makes one call at a time on one `self`, from any thread. Several may be open at once.
 *   - Results leave through host->emit, text through host->log, HTTP goes through host->http: a provider opens
 *     no socket
 *     of its own, prints nothing, starts no thread, installs no signal handler, and changes no environment.
 *   - A call that fails returns a status and says why: chaos_provider_fail. What it has emitted is then dropped. Good
 *     statuses: USAGE (an option), TEE_UNAVAILABLE (not in this TEE), GUEST_AGENT (the TEE answered with an error),
 *     NETWORK, TIMEOUT, NOT_AVAILABLE (this TEE cannot do that). Anything above 0x4ff is taken as PROVIDER.
 *   - Secrets are wiped with host->wipe before memory is given back, are never logged and never put into an error.
 *   - In-process plug-ins are trusted code: they can read this process's memory. See SECURITY.md.
 *
 * CONTRIBUTING-A-PROVIDER.md goes the way from `chaoschain provider new NAME`; `chaoschain provider check` tries a
 * plug-in against each of these rules.
 */
#ifndef CHAOSCHAIN_PROVIDER_H
#define CHAOSCHAIN_PROVIDER_H

#include <chaoschain/base.h>

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_PROVIDER_ABI 1u

/* ----------------------------------------------------------------- host ---- */

typedef struct chaos_host chaos_host;
typedef struct chaos_host_key chaos_host_key; /* a secp256k1 key in the host's guarded memory */

typedef enum chaos_log_level {
    CHAOS_LOG_DEBUG = 1, /* dropped unless asked for */
    CHAOS_LOG_INFO = 2,
    CHAOS_LOG_WARNING = 3, /* somebody should look at it: a simulator in place of hardware, for instance */
    CHAOS_LOG_ERROR = 4
} chaos_log_level;

typedef struct chaos_http_request {
    const char *method;      /* "GET" or "POST" */
    const char *url;         /* http:// or https://, at most 2048 bytes; over a Unix socket its host is only a name */
    const char *unix_socket; /* path of a Unix socket, at most 107 bytes; NULL for TCP */
    const char *content_type; /* NULL without a body */
    chaos_slice body;        /* at most 1 MiB */
    uint32_t connect_timeout_ms; /* 0: 2,000; at most 60,000 */
    uint32_t total_timeout_ms;   /* 0: 30,000; at most 600,000 */
    size_t max_reply;        /* bytes of the body; 0: 1 MiB; at most 16 MiB */
} chaos_http_request;

typedef struct chaos_http_reply {
    int status;            /* 200, 400, ... whatever the server said; no redirect is followed */
    char content_type[64]; /* cut, lower case, without parameters; "" if there was none */
    chaos_slice body;      /* wiped by http_free */
} chaos_http_reply;

struct chaos_host {
    uint32_t abi;
    uint32_t size;

    /* One line of text; escaped and cut by the host. */
    void (*log)(const chaos_host *host, chaos_log_level level, const char *text);

    /* A result of the call that is running, by name:
     *   key:    "public-key" (65 bytes: 04 X Y), "dstack-kms-chain" (JSON, docs/verify-envelope.md)
     *   attest: the parts of an envelope: "tdx-quote", "sgx-quote", "dstack-event-log", "dstack-vm-config",
     *           "dstack-app-compose", "dstack-attestation", "snp-report", "snp-certificates", "nitro-document",
     *           "x509-chain"
     *   invoke: "reply" (JSON)
     * Each name once in a call, not empty; all together at most 1 MiB. The bytes are copied. */
    chaos_status (*emit)(const chaos_host *host, const char *name, chaos_slice bytes, chaos_error *err);

    /* Does the exchange, bounded in time and size. CHAOS_OK whatever the HTTP status is; NETWORK, TIMEOUT or
     * GUEST_AGENT
     * (reply too large, cut, not HTTP) otherwise. End the reply with http_free. */
    chaos_status (*http)(const chaos_host *host, const chaos_http_request *request, chaos_http_reply **reply,
                         chaos_error *err);
    void (*http_free)(const chaos_host *host, chaos_http_reply *reply);

    /* JSON, strictly (RFC 8259, no duplicate keys, bounded). A member's place is written "key", "key.inner",
     * "list[0]", with keys of [A-Za-z0-9_-]. All give GUEST_AGENT with `field` = place for text that is not
     * JSON, a member
     * that is missing or null, a wrong type, a value that does not fit.
     * json_text: a string, escapes undone, with NUL; U+0000 is refused.   json_bytes: a string of hex digits, no 0x.
     * json_raw: any value's exact bytes (pointing into `json`).           json_keys: refuses (USAGE) members of the
     * object that are not in the NULL-terminated list.                    json_quote: `text` (UTF-8) as a JSON
     * string. */
    chaos_status (*json_text)(const chaos_host *host, chaos_slice json, const char *place, char *out, size_t capacity,
                              chaos_error *err);
    chaos_status (*json_bytes)(const chaos_host *host, chaos_slice json, const char *place, uint8_t *out,
                               size_t capacity, size_t *size, chaos_error *err);
    chaos_status (*json_unsigned)(const chaos_host *host, chaos_slice json, const char *place, uint64_t max,
                                  uint64_t *out, chaos_error *err);
    chaos_status (*json_raw)(const chaos_host *host, chaos_slice json, const char *place, chaos_slice *out,
                             chaos_error *err);
    chaos_status (*json_keys)(const chaos_host *host, chaos_slice json, const char *const *known, chaos_error *err);
    chaos_status (*json_quote)(const chaos_host *host, const char *text, char *out, size_t capacity,
                               chaos_error *err);

    /* secp256k1 keys in guarded memory: locked, left out of core dumps, wiped. key_import wipes `secret` in
     * any case. */
    chaos_status (*key_generate)(const chaos_host *host, chaos_host_key **key, chaos_error *err);
    chaos_status (*key_import)(const chaos_host *host, uint8_t secret[32], chaos_host_key **key, chaos_error *err);
    void (*key_public)(const chaos_host *host, const chaos_host_key *key, uint8_t out[65]); /* 04 X Y */
    /* r, s, v with v 27 or 28, low s, nonce of RFC 6979. */
    chaos_status (*key_sign)(const chaos_host *host, const chaos_host_key *key, const uint8_t digest[32],
                             uint8_t rsv[65], chaos_error *err);
    void (*key_free)(const chaos_host *host, chaos_host_key *key); /* NULL is allowed */

    void (*wipe)(const chaos_host *host, void *memory, size_t size);
};

/* ------------------------------------------------------------- provider ---- */

#define CHAOS_KEY_FRESH "session" /* the purpose of a key that is made anew from randomness; its path is "" */
#define CHAOS_KEY_AGENT "chaoschain-agent" /* the purpose of an identity key: the same path gives the same key */

typedef struct chaos_provider {
    uint32_t abi;
    uint32_t size;
    const char *name;    /* [a-z0-9-]{1,31}, as in the file's name */
    const char *summary; /* one line for people */

    /* `options_json` is one JSON object ("{}" for none); refuse unknown members with host->json_keys. Succeeds
     * outside
     * the TEE: nothing is contacted here. `host` stays valid until close. */
    chaos_status (*open)(const chaos_host *host, const char *options_json, void **self, chaos_error *err);
    /* CHAOS_OK when this is the TEE and it answers; else why not, within timeout_ms. Changes nothing. It runs
     * in a helper
     * process that is killed when it takes longer. */
    chaos_status (*probe)(void *self, uint32_t timeout_ms, chaos_error *err);
    /* Makes the key (or makes it again) and emits "public-key", and "dstack-kms-chain" where the TEE gives
     * one. algorithm
     * is "secp256k1". *key is the provider's own handle. */
    chaos_status (*key)(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err);
    /* r, s, v (27 or 28, low s) over the digest. */
    chaos_status (*sign_digest)(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err);
    /* Evidence over exactly these report data, emitted as the parts of an envelope. */
    chaos_status (*attest)(void *self, const uint8_t report_data[64], chaos_error *err);
    void (*key_free)(void *self, void *key);
    void (*close)(void *self);

    /* Optional: a method that only this TEE has, by its own name, with JSON parameters; emits "reply". Never
     * gives out the
     * secret of a key that `key` makes. */
    chaos_status (*invoke)(void *self, const char *method, const char *params_json, chaos_error *err);
} chaos_provider;

/* The one exported function. `abi` is what the host speaks; NULL when the provider does not. Defined by the
 * provider. */
typedef const chaos_provider *chaos_provider_entry_function(uint32_t abi);
#define CHAOS_PROVIDER_ENTRY "chaos_provider_entry"

/* Fills `err` (may be NULL) and returns `status`: `return chaos_provider_fail(err, CHAOS_E_USAGE, "no %s", what);` */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline chaos_status
chaos_provider_fail(chaos_error *err, chaos_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list arguments;

        err->status = status;
        err->field = NULL;
        err->offset = CHAOS_NO_OFFSET;
        err->expected[0] = '\0';
        err->found[0] = '\0';
        va_start(arguments, format);
        (void)vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

#ifdef __cplusplus
}
#endif
#endif
