/* kit_host.c - the host that a plug-in sees while it is tried. JSON and keys are libchaoschain's own; what the plug-in
 * does with them is noted. */
#include <stdio.h>

#include "kit.h"
#include "net/net.h"

#define MAX_UNIX_SOCKET 107u
#define MAX_LOG_TEXT 4096u

static kit_host *self_of(const chaos_host *host)
{
    return (kit_host *)(uintptr_t)host;
}

static const chaos_host *real_of(const chaos_host *host)
{
    return &self_of(host)->real.host;
}

/* ------------------------------------------------------------------- log ---- */

static void kit_log(const chaos_host *host, chaos_log_level level, const char *text)
{
    kit_run *run = self_of(host)->run;
    (void)level;
    if (text != NULL) {
        kit_remember_text(run, text, strnlen(text, MAX_LOG_TEXT));
    }
}

/* ---------------------------------------------------------------- results ---- */

static const char *const names_of[][12] = {
    [HOST_CALL_NONE] = { NULL },
    [HOST_CALL_KEY] = { "public-key", "dstack-kms-chain", NULL },
    [HOST_CALL_ATTEST] = { "tdx-quote", "sgx-quote", "dstack-event-log", "dstack-vm-config", "dstack-app-compose",
                           "dstack-attestation", "snp-report", "snp-certificates", "nitro-document", "x509-chain",
                           NULL },
    [HOST_CALL_INVOKE] = { "reply", NULL },
};

static bool is_name_of(host_call call, const char *name)
{
    for (size_t i = 0; name != NULL && names_of[call][i] != NULL; i++) {
        if (strcmp(names_of[call][i], name) == 0) {
            return true;
        }
    }
    return false;
}

static kit_emit_fault emit_fault_of(const kit_host *self, const char *name, chaos_slice bytes)
{
    if (self->call == HOST_CALL_NONE) {
        return KIT_EMIT_OUTSIDE;
    }
    if (!is_name_of(self->call, name)) {
        return KIT_EMIT_NAME;
    }
    if (kit_host_part(self, name).data != NULL) {
        return KIT_EMIT_TWICE;
    }
    if (bytes.data == NULL || bytes.size == 0) {
        return KIT_EMIT_EMPTY;
    }
    return bytes.size > HOST_MAX_EMITTED - self->emitted.size ? KIT_EMIT_LARGE : KIT_EMIT_NONE;
}

static void note_emit_fault(kit_host *self, kit_emit_fault kind, const char *name)
{
    static const char *const words[] = { "", "outside of a call that has results",
                                         "a name that this call does not have",
                                         "twice in one call", "empty", "more than 1 MiB in one call" };
    char quoted[48];
    if (self->emit_fault == KIT_EMIT_NONE) {
        self->emit_fault = kind;
        (void)snprintf(self->emit_text, sizeof self->emit_text, "it emits '%s': %s",
                       error_quote(quoted, sizeof quoted, slice(name, name == NULL ? 0 : strnlen(name, 32))),
                       words[kind]);
    }
}

static chaos_status kit_emit(const chaos_host *host, const char *name, chaos_slice bytes, chaos_error *err)
{
    kit_host *self = self_of(host);
    const kit_emit_fault kind = emit_fault_of(self, name, bytes);
    if (kind != KIT_EMIT_NONE) {
        note_emit_fault(self, kind, name);
        return error_set(err, CHAOS_E_PROVIDER, NULL, CHAOS_NO_OFFSET, "%s", self->emit_text);
    }
    if (self->part_count == HOST_MAX_PARTS || !buffer_append(&self->emitted, bytes)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    kit_part *part = &self->parts[self->part_count++];
    (void)snprintf(part->name, sizeof part->name, "%s", name);
    part->begin = self->emitted.size - bytes.size;
    part->size = bytes.size;
    kit_remember_text(self->run, (const char *)bytes.data, bytes.size);
    return CHAOS_OK;
}

chaos_slice kit_host_part(const kit_host *host, const char *name)
{
    for (size_t i = 0; i < host->part_count; i++) {
        if (strcmp(host->parts[i].name, name) == 0) {
            return slice(host->emitted.data + host->parts[i].begin, host->parts[i].size);
        }
    }
    return slice(NULL, 0);
}

/* ------------------------------------------------------- what is lent and held ---- */

static void hold(const void **held, const void *pointer)
{
    for (size_t i = 0; i < KIT_MAX_LIVE; i++) {
        if (held[i] == NULL) {
            held[i] = pointer;
            return;
        }
    }
}

static bool is_held(const void *const *held, const void *pointer)
{
    for (size_t i = 0; i < KIT_MAX_LIVE; i++) {
        if (held[i] == pointer) {
            return true;
        }
    }
    return false;
}

/* False: it was given back before, or never lent. */
static bool give_back(const void **held, const void *pointer)
{
    for (size_t i = 0; i < KIT_MAX_LIVE; i++) {
        if (held[i] == pointer) {
            held[i] = NULL;
            return true;
        }
    }
    return false;
}

size_t kit_host_held(const kit_host *host)
{
    size_t count = 0;
    for (size_t i = 0; i < KIT_MAX_LIVE; i++) {
        count += (host->replies[i] != NULL ? 1u : 0u) + (host->keys[i] != NULL ? 1u : 0u);
    }
    return count;
}

/* ------------------------------------------------------------------ HTTP ---- */

typedef struct lent_reply {
    chaos_http_reply shown; /* first */
    chaos_buffer body;
} lent_reply;

static size_t text_size(const char *text, size_t limit)
{
    return text == NULL ? 0 : strnlen(text, limit);
}

/* The first member of a request that is outside of what the host lends; NULL: none. */
static const char *bounds_fault(const chaos_http_request *r)
{
    if (r->method == NULL || (strcmp(r->method, "GET") != 0 && strcmp(r->method, "POST") != 0)) {
        return "method";
    }
    if (r->url == NULL || text_size(r->url, NET_MAX_URL + 1) > NET_MAX_URL) {
        return "url";
    }
    if (text_size(r->unix_socket, MAX_UNIX_SOCKET + 1) > MAX_UNIX_SOCKET) {
        return "unix_socket";
    }
    if (r->body.size > NET_MAX_BODY || (r->body.size > 0 && r->body.data == NULL)) {
        return "body";
    }
    if (r->connect_timeout_ms > NET_MAX_CONNECT_TIMEOUT_MS) {
        return "connect_timeout_ms";
    }
    if (r->total_timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        return "total_timeout_ms";
    }
    return r->max_reply > NET_MAX_REPLY ? "max_reply" : NULL;
}

static void note_request(kit_run *run, const chaos_http_request *request, const char *bad)
{
    (void)pthread_mutex_lock(&run->lock);
    run->exchanges++;
    run->page->exchanges++;
    if (bad != NULL && run->http_bounds_fault == NULL) {
        run->http_bounds_fault = bad;
    }
    run->http_forbidden_fault = run->http_forbidden_fault || run->http_mode == KIT_HTTP_FORBIDDEN;
    (void)pthread_mutex_unlock(&run->lock);
    if (bad == NULL) {
        kit_remember_text(run, request->url, strlen(request->url));
        kit_remember_text(run, (const char *)request->body.data, request->body.size);
    }
}

static chaos_status kit_http(const chaos_host *host, const chaos_http_request *request, chaos_http_reply **reply,
                             chaos_error *err)
{
    kit_host *self = self_of(host);
    kit_exchange got = { .body = CHAOS_BUFFER_INIT(NET_MAX_REPLY) };
    if (request == NULL || reply == NULL) {
        return error_set(err, CHAOS_E_USAGE, "request", CHAOS_NO_OFFSET, NULL);
    }
    const char *bad = bounds_fault(request);
    note_request(self->run, request, bad);
    if (bad != NULL) {
        return error_set(err, CHAOS_E_USAGE, bad, CHAOS_NO_OFFSET,
                         "the HTTP request's %s is outside of what the host lends", bad);
    }
    CHAOS_TRY(kit_exchange_do(self->run, self, request, &got, err));
    lent_reply *lent = calloc(1, sizeof *lent);
    if (lent == NULL) {
        chaos_buffer_wipe(&got.body);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    lent->body = got.body;
    lent->shown.status = got.http_status;
    lent->shown.body = buffer_slice(&lent->body);
    memcpy(lent->shown.content_type, got.content_type, sizeof lent->shown.content_type);
    hold(self->replies, lent);
    *reply = &lent->shown;
    return CHAOS_OK;
}

static void kit_http_free(const chaos_host *host, chaos_http_reply *reply)
{
    kit_host *self = self_of(host);
    lent_reply *lent = (lent_reply *)(void *)reply;
    if (lent == NULL) {
        return;
    }
    if (!give_back(self->replies, lent)) {
        self->pointer_fault = "it ends a reply with http_free that it does not hold (twice?)";
        return;
    }
    chaos_buffer_wipe(&lent->body);
    free(lent);
}

/* ------------------------------------------------------------------ JSON ---- */

static chaos_status kit_json_text(const chaos_host *host, chaos_slice text, const char *place, char *out,
                                  size_t capacity, chaos_error *err)
{
    return real_of(host)->json_text(real_of(host), text, place, out, capacity, err);
}

static chaos_status kit_json_bytes(const chaos_host *host, chaos_slice text, const char *place, uint8_t *out,
                                   size_t capacity, size_t *size, chaos_error *err)
{
    return real_of(host)->json_bytes(real_of(host), text, place, out, capacity, size, err);
}

static chaos_status kit_json_unsigned(const chaos_host *host, chaos_slice text, const char *place, uint64_t max,
                                      uint64_t *out, chaos_error *err)
{
    return real_of(host)->json_unsigned(real_of(host), text, place, max, out, err);
}

static chaos_status kit_json_raw(const chaos_host *host, chaos_slice text, const char *place, chaos_slice *out,
                                 chaos_error *err)
{
    return real_of(host)->json_raw(real_of(host), text, place, out, err);
}

/* What open asks for are the options that it knows. */
static void note_known(kit_run *run, const char *const *known)
{
    for (size_t i = 0; known[i] != NULL && run->known_count < CHAOS_ARRAY_SIZE(run->known); i++) {
        (void)snprintf(run->known[run->known_count++], sizeof run->known[0], "%.63s", known[i]);
    }
}

static chaos_status kit_json_keys(const chaos_host *host, chaos_slice text, const char *const *known, chaos_error *err)
{
    kit_host *self = self_of(host);
    (void)pthread_mutex_lock(&self->run->lock);
    if (known != NULL && self->run->known_count == 0 && self->call == HOST_CALL_NONE) {
        note_known(self->run, known);
    }
    (void)pthread_mutex_unlock(&self->run->lock);
    return real_of(host)->json_keys(real_of(host), text, known, err);
}

static chaos_status kit_json_quote(const chaos_host *host, const char *text, char *out, size_t capacity,
                                   chaos_error *err)
{
    return real_of(host)->json_quote(real_of(host), text, out, capacity, err);
}

/* ------------------------------------------------------------------ keys ---- */

static chaos_status kit_key_generate(const chaos_host *host, chaos_host_key **key, chaos_error *err)
{
    CHAOS_TRY(real_of(host)->key_generate(real_of(host), key, err));
    hold(self_of(host)->keys, *key);
    return CHAOS_OK;
}

static void remember_secret(kit_run *run, const uint8_t secret[32])
{
    (void)pthread_mutex_lock(&run->lock);
    if (run->secret_count < KIT_MAX_SECRETS) {
        for (size_t i = 0; i < 32; i++) {
            run->secrets[run->secret_count][i] = secret[i] ^ KIT_SECRET_MASK;
        }
        run->secret_count++;
    }
    (void)pthread_mutex_unlock(&run->lock);
}

static chaos_status kit_key_import(const chaos_host *host, uint8_t secret[32], chaos_host_key **key, chaos_error *err)
{
    remember_secret(self_of(host)->run, secret);
    CHAOS_TRY(real_of(host)->key_import(real_of(host), secret, key, err));
    hold(self_of(host)->keys, *key);
    return CHAOS_OK;
}

static void kit_key_public(const chaos_host *host, const chaos_host_key *key, uint8_t out[65])
{
    if (is_held(self_of(host)->keys, key)) {
        real_of(host)->key_public(real_of(host), key, out);
        return;
    }
    self_of(host)->pointer_fault = "it uses a host key that it does not hold (freed?)";
    memset(out, 0, 65);
}

static chaos_status kit_key_sign(const chaos_host *host, const chaos_host_key *key, const uint8_t digest[32],
                                 uint8_t rsv[65], chaos_error *err)
{
    if (is_held(self_of(host)->keys, key)) {
        return real_of(host)->key_sign(real_of(host), key, digest, rsv, err);
    }
    self_of(host)->pointer_fault = "it signs with a host key that it does not hold (freed?)";
    return error_set(err, CHAOS_E_USAGE, "key", CHAOS_NO_OFFSET, "no key of this host");
}

static void kit_host_key_free(const chaos_host *host, chaos_host_key *key)
{
    if (key == NULL) {
        return;
    }
    if (give_back(self_of(host)->keys, key)) {
        real_of(host)->key_free(real_of(host), key);
    } else {
        self_of(host)->pointer_fault = "it frees a host key that it does not hold (twice?)";
    }
}

static void kit_wipe(const chaos_host *host, void *memory, size_t size)
{
    real_of(host)->wipe(real_of(host), memory, size);
}

/* ------------------------------------------------------------------ whole ---- */

void kit_host_init(kit_host *host, kit_run *run)
{
    memset(host, 0, sizeof *host);
    tee_host_init(&host->real, NULL, "provider-check");
    host->run = run;
    host->emitted = (chaos_buffer)CHAOS_BUFFER_INIT(HOST_MAX_EMITTED);
    host->shown = (chaos_host){ .abi = CHAOS_PROVIDER_ABI,
                                .size = sizeof host->shown,
                                .log = kit_log,
                                .emit = kit_emit,
                                .http = kit_http,
                                .http_free = kit_http_free,
                                .json_text = kit_json_text,
                                .json_bytes = kit_json_bytes,
                                .json_unsigned = kit_json_unsigned,
                                .json_raw = kit_json_raw,
                                .json_keys = kit_json_keys,
                                .json_quote = kit_json_quote,
                                .key_generate = kit_key_generate,
                                .key_import = kit_key_import,
                                .key_public = kit_key_public,
                                .key_sign = kit_key_sign,
                                .key_free = kit_host_key_free,
                                .wipe = kit_wipe };
}

void kit_host_begin(kit_host *host, host_call call)
{
    chaos_buffer_wipe(&host->emitted);
    host->emitted = (chaos_buffer)CHAOS_BUFFER_INIT(HOST_MAX_EMITTED);
    host->part_count = 0;
    host->call = call;
}

void kit_host_clear(kit_host *host)
{
    kit_host_begin(host, HOST_CALL_NONE);
    tee_host_clear(&host->real);
}
