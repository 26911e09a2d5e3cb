/* host.c - what an opened plug-in is lent: log, results, HTTP, keys. It is trusted code, and its mistakes
 * are found here all the same: a rule of <chaoschain/provider.h> that is broken fails the call, whatever
 * the plug-in returns. */
#include <stdio.h>

#include "net/net.h"
#include "tee/internal.h"

#define MAX_UNIX_SOCKET 107u

/* The plug-in gives the address of `host` back, which is the first member. */
static tee_host *self_of(const chaos_host *host)
{
    return (tee_host *)(uintptr_t)host;
}

/* ------------------------------------------------------------------- log ---- */

static size_t text_size(const char *text, size_t limit)
{
    return text == NULL ? 0 : strnlen(text, limit);
}

static void say(const tee_host *self, chaos_log_level level, const char *text, size_t size)
{
    char line[TEE_MAX_LOG_LINE];

    if (self->registry != NULL) {
        registry_log(self->registry, self->name, level, text_printable(line, sizeof line, text, size));
    }
}

static void host_log(const chaos_host *host, chaos_log_level level, const char *text)
{
    const bool known = level >= CHAOS_LOG_DEBUG && level <= CHAOS_LOG_ERROR;

    say(self_of(host), known ? level : CHAOS_LOG_WARNING, text, TEE_MAX_LOG_LINE);
}

/* ---------------------------------------------------------------- results ---- */

#define MAX_NAMES (ENVELOPE_PART_COUNT + 1)

/* What each kind of call may emit. Of an envelope's parts the KMS chain comes with the key. */
static const char *const names_of[][MAX_NAMES] = {
    [HOST_CALL_NONE] = { NULL },
    [HOST_CALL_KEY] = { "public-key", "dstack-kms-chain", NULL },
    [HOST_CALL_ATTEST] = { "tdx-quote", "sgx-quote", "dstack-event-log", "dstack-vm-config",
                           "dstack-app-compose", "dstack-attestation", "snp-report", "snp-certificates",
                           "nitro-document", "x509-chain", NULL },
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

/* The rule that this part would break; NULL: none. */
static const char *broken_rule(const tee_host *self, const char *name, chaos_slice bytes)
{
    if (self->call == HOST_CALL_NONE) {
        return "it gave a result outside of a call that has results";
    }
    if (!is_name_of(self->call, name)) {
        return "it gave a result of a name that this call does not have";
    }
    if (tee_host_part(self, name).data != NULL) {
        return "it gave a result twice";
    }
    if (bytes.data == NULL || bytes.size == 0) {
        return "it gave an empty result";
    }
    if (self->part_count == HOST_MAX_PARTS || bytes.size > HOST_MAX_EMITTED - self->emitted.size) {
        return "its results are larger than 1 MiB";
    }
    return NULL;
}

/* Grows by a copy that is wiped, as realloc would leave a secret behind. */
static bool append_wiping(chaos_buffer *buffer, chaos_slice bytes)
{
    chaos_buffer larger = CHAOS_BUFFER_INIT(buffer->limit);
    const size_t needed = buffer->size + bytes.size;
    const size_t wanted = needed > buffer->limit / 2 ? buffer->limit : 2 * needed;

    if (buffer->data != NULL && needed <= buffer->capacity) {
        return buffer_append(buffer, bytes);
    }
    if (needed > buffer->limit || buffer_reserve(&larger, wanted) == NULL) {
        return false;
    }
    if (!buffer_append(&larger, buffer_slice(buffer)) || !buffer_append(&larger, bytes)) {
        chaos_buffer_wipe(&larger);
        return false;
    }
    chaos_buffer_wipe(buffer);
    *buffer = larger;
    return true;
}

static void note_misuse(tee_host *self, chaos_status status, const char *text)
{
    if (self->misuse == CHAOS_OK) {
        self->misuse = status;
        self->misuse_text = text;
    }
    if (self->call == HOST_CALL_NONE) { /* perhaps there is no further call that could fail for it */
        say(self, CHAOS_LOG_WARNING, text, strlen(text));
    }
}

static chaos_status host_emit(const chaos_host *host, const char *name, chaos_slice bytes, chaos_error *err)
{
    tee_host *self = self_of(host);
    const char *rule = broken_rule(self, name, bytes);
    host_part *part;

    if (rule != NULL) {
        note_misuse(self, CHAOS_E_PROVIDER, rule);
        return error_set(err, CHAOS_E_PROVIDER, NULL, CHAOS_NO_OFFSET, "%s", rule);
    }
    if (!append_wiping(&self->emitted, bytes)) {
        note_misuse(self, CHAOS_E_MEMORY, "out of memory");
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    part = &self->parts[self->part_count++];
    (void)snprintf(part->name, sizeof part->name, "%s", name);
    part->begin = self->emitted.size - bytes.size;
    part->size = bytes.size;
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ HTTP ---- */

typedef struct lent_reply {
    chaos_http_reply shown; /* first: the plug-in gives its address back */
    net_reply reply;
} lent_reply;

static chaos_status check_request(const chaos_http_request *request, chaos_error *err)
{
    const char *field = NULL;

    if (request->method == NULL ||
        (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0)) {
        field = "method";
    } else if (request->url == NULL || strnlen(request->url, NET_MAX_URL + 1) > NET_MAX_URL) {
        field = "url";
    } else if (text_size(request->unix_socket, MAX_UNIX_SOCKET + 1) > MAX_UNIX_SOCKET) {
        field = "unix_socket";
    } else if (request->body.size > NET_MAX_BODY || (request->body.size > 0 && request->body.data == NULL)) {
        field = "body";
    } else if (request->connect_timeout_ms > NET_MAX_CONNECT_TIMEOUT_MS) {
        field = "connect_timeout_ms";
    } else if (request->total_timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        field = "total_timeout_ms";
    } else if (request->max_reply > NET_MAX_REPLY) {
        field = "max_reply";
    }
    return field == NULL ? CHAOS_OK
                         : error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET,
                                     "the HTTP request's %s is outside of what the host lends", field);
}

static chaos_status host_http(const chaos_host *host, const chaos_http_request *request,
                              chaos_http_reply **reply, chaos_error *err)
{
    net_request wanted;
    lent_reply *lent;
    chaos_status status;

    (void)host;
    if (request == NULL || reply == NULL) {
        return error_set(err, CHAOS_E_USAGE, "request", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(check_request(request, err));
    wanted = (net_request){ .method = request->method,
                            .url = request->url,
                            .unix_socket = request->unix_socket,
                            .content_type = request->content_type,
                            .body = request->body,
                            .connect_timeout_ms = request->connect_timeout_ms,
                            .total_timeout_ms = request->total_timeout_ms,
                            .max_reply = request->max_reply };
    lent = calloc(1, sizeof *lent);
    if (lent == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    status = net_exchange(&wanted, &lent->reply, err);
    if (status != CHAOS_OK) {
        free(lent);
        return status;
    }
    lent->shown.status = lent->reply.status;
    lent->shown.body = buffer_slice(&lent->reply.body);
    _Static_assert(sizeof lent->shown.content_type == sizeof lent->reply.content_type,
                   "the two are not the same");
    memcpy(lent->shown.content_type, lent->reply.content_type, sizeof lent->shown.content_type);
    *reply = &lent->shown;
    return CHAOS_OK;
}

static void host_http_free(const chaos_host *host, chaos_http_reply *reply)
{
    lent_reply *lent = (lent_reply *)(void *)reply;

    (void)host;
    if (lent != NULL) {
        net_reply_clear(&lent->reply);
        free(lent);
    }
}

/* ------------------------------------------------------------------ keys ---- */

/* A chaos_host_key is a guarded_key under the name that plug-ins know. */
static const guarded_key *key_of(const chaos_host_key *key)
{
    return (const guarded_key *)(const void *)key;
}

static chaos_status host_key_generate(const chaos_host *host, chaos_host_key **key, chaos_error *err)
{
    guarded_key *made = NULL;

    (void)host;
    CHAOS_TRY(guarded_key_generate(&made, err));
    *key = (chaos_host_key *)(void *)made;
    return CHAOS_OK;
}

static chaos_status host_key_import(const chaos_host *host, uint8_t secret[32], chaos_host_key **key,
                                    chaos_error *err)
{
    guarded_key *made = NULL;

    (void)host;
    CHAOS_TRY(guarded_key_import(secret, &made, err));
    *key = (chaos_host_key *)(void *)made;
    return CHAOS_OK;
}

static void host_key_public(const chaos_host *host, const chaos_host_key *key, uint8_t out[65])
{
    const k1_point *point = guarded_key_point(key_of(key));

    (void)host;
    out[0] = 0x04; /* SEC1: uncompressed */
    memcpy(out + 1, point->x, sizeof point->x);
    memcpy(out + 1 + sizeof point->x, point->y, sizeof point->y);
}

static chaos_status host_key_sign(const chaos_host *host, const chaos_host_key *key, const uint8_t digest[32],
                                  uint8_t rsv[65], chaos_error *err)
{
    chaos_signature65 signature;

    (void)host;
    CHAOS_TRY(guarded_key_sign(key_of(key), digest, &signature, err));
    memcpy(rsv, signature.bytes, sizeof signature.bytes);
    return CHAOS_OK;
}

static void host_key_free(const chaos_host *host, chaos_host_key *key)
{
    (void)host;
    guarded_key_free((guarded_key *)(void *)key);
}

static void host_wipe(const chaos_host *host, void *memory, size_t size)
{
    (void)host;
    secret_wipe(memory, size);
}

/* ------------------------------------------------------------------ calls ---- */

void tee_host_init(tee_host *host, const chaos_tee_registry *registry, const char *name)
{
    memset(host, 0, sizeof *host);
    host->host.abi = CHAOS_PROVIDER_ABI;
    host->host.size = sizeof host->host;
    host->host.log = host_log;
    host->host.emit = host_emit;
    host->host.http = host_http;
    host->host.http_free = host_http_free;
    host->host.key_generate = host_key_generate;
    host->host.key_import = host_key_import;
    host->host.key_public = host_key_public;
    host->host.key_sign = host_key_sign;
    host->host.key_free = host_key_free;
    host->host.wipe = host_wipe;
    host_json_lend(&host->host);
    host->registry = registry;
    host->name = name;
    host->call = HOST_CALL_NONE;
    host->emitted = (chaos_buffer)CHAOS_BUFFER_INIT(HOST_MAX_EMITTED);
}

/* What was misused between two calls stays noted: the next one fails for it. */
void tee_host_begin(tee_host *host, host_call call)
{
    tee_host_clear(host);
    host->call = call;
}

chaos_status tee_host_end(tee_host *host, chaos_status status, chaos_error *err)
{
    const chaos_status misuse = host->misuse;
    const char *text = host->misuse_text;

    host->call = HOST_CALL_NONE;
    host->misuse = CHAOS_OK;
    host->misuse_text = NULL;
    if (misuse == CHAOS_OK && status == CHAOS_OK) {
        return CHAOS_OK;
    }
    tee_host_clear(host);
    if (misuse == CHAOS_OK) {
        return plugin_failure(host->name, status, err);
    }
    return misuse == CHAOS_E_MEMORY
               ? error_set(err, misuse, NULL, CHAOS_NO_OFFSET, NULL)
               : error_set(err, misuse, NULL, CHAOS_NO_OFFSET,
                           "the provider %s breaks the provider protocol: %s", host->name, text);
}

chaos_slice tee_host_part(const tee_host *host, const char *name)
{
    for (size_t i = 0; i < host->part_count; i++) {
        if (strcmp(host->parts[i].name, name) == 0) {
            return slice(host->emitted.data + host->parts[i].begin, host->parts[i].size);
        }
    }
    return slice(NULL, 0);
}

void tee_host_clear(tee_host *host)
{
    chaos_buffer_wipe(&host->emitted);
    host->part_count = 0;
}
