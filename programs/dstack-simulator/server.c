/* server.c - HTTP in front of the guest: libmicrohttpd reads requests within limits, the guest answers. */
#include "simulator.h"

#include "programs/common/http/peers.h"

#define THREADS 4u
#define MAX_CONNECTIONS 256u
#define IDLE_SECONDS 10u                /* without a byte: as the real agent, whose keep-alive lasts so long */
#define REQUEST_MS 30000                /* from its first byte to the last of its answer */
#define CONNECTION_MEMORY (64u * 1024u) /* for request line and headers */
#define MAX_QUERY (64u * 1024u)
#define METHODS "GET, HEAD, POST"

struct listener {
    guest *g;
    guest_api api;
    struct MHD_Daemon *daemon;
    peers open;
};

/* One request while its body arrives. */
typedef struct upload {
    chaos_buffer body;
    bool too_large;
} upload;

/* ---------------------------------------------------------------- answering ---- */

static void wipe_body(void *context)
{
    chaos_buffer *body = context;
    chaos_buffer_wipe(body); /* it may hold a key */
    free(body);
}

/* Gives `body` away. A connection that was misused is closed: what comes next on it may be the rest of that. */
static enum MHD_Result answer(struct MHD_Connection *connection, int status, const char *type, chaos_buffer *body)
{
    chaos_buffer *kept = malloc(sizeof *kept);
    if (kept == NULL) {
        chaos_buffer_wipe(body);
        return MHD_NO;
    }
    *kept = *body;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        kept->size, kept->data == NULL ? (void *)kept : kept->data, wipe_body, kept);
    if (response == NULL) {
        wipe_body(kept);
        return MHD_NO;
    }
    bool ok = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
              MHD_add_response_header(response, MHD_HTTP_HEADER_SERVER, GUEST_SERVER) == MHD_YES &&
              (status == MHD_HTTP_OK ||
               MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES) &&
              (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
               MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, METHODS) == MHD_YES);
    enum MHD_Result result = ok ? MHD_queue_response(connection, (unsigned)status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, int status, const char *text)
{
    chaos_buffer body = CHAOS_BUFFER_INIT(256);
    if (!buffer_append_format(&body, "{\"error\":\"%s\"}", text)) {
        return MHD_NO;
    }
    return answer(connection, status, "application/json", &body);
}

/* libmicrohttpd cuts the query into pairs; it leaves them escaped (see keep_escapes), so they can be put together. */
static enum MHD_Result collect_query(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    chaos_buffer *query = context;
    (void)kind;
    bool ok = buffer_append_format(query, "%s%s%s%s", query->size == 0 ? "" : "&", key, value == NULL ? "" : "=",
                                   value == NULL ? "" : value);
    return ok ? MHD_YES : MHD_NO;
}

static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result handle(const listener *l, struct MHD_Connection *connection, const char *path,
                              const char *method, const upload *u)
{
    CHAOS_AUTO_BUFFER(query, MAX_QUERY);
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    guest_reply reply;
    chaos_error err = { 0 };
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect_query, &query);
    const guest_request request = {
        .api = l->api,
        .method = method,
        .path = path,
        .query = query.size == 0 ? "" : (const char *)query.data,
        .content_type = type == NULL ? "" : type,
        .body = buffer_slice(&u->body),
        .body_too_large = u->too_large,
    };
    if (guest_handle(l->g, &request, &reply, &err) != CHAOS_OK) {
        return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the simulator failed");
    }
    return answer(connection, reply.status, reply.content_type, &reply.body);
}

/* ---------------------------------------------------------------- receiving ---- */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    const listener *l = context;
    upload *u = *state;
    (void)version;
    if (u == NULL) { /* the headers are there */
        u = calloc(1, sizeof *u);
        if (u == NULL) {
            return MHD_NO;
        }
        u->body.limit = GUEST_MAX_REQUEST;
        *state = u;
        return MHD_YES;
    }
    if (*size > 0) {
        u->too_large = u->too_large || !buffer_append(&u->body, slice(data, *size));
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "POST") != 0 && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only " METHODS " are spoken");
    }
    return handle(l, connection, url, method, u);
}

static void on_end(void *context, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode code)
{
    listener *l = context;
    upload *u = *state;
    (void)code;
    if (u != NULL) {
        chaos_buffer_wipe(&u->body);
        free(u);
    }
    peers_give_time(&l->open, connection, IDLE_SECONDS * 1000 + REQUEST_MS); /* the next one, after a silence */
}

listener *server_start(guest *g, int fd, guest_api api)
{
    listener *l = calloc(1, sizeof *l);
    if (l == NULL || !peers_begin(&l->open, REQUEST_MS)) {
        free(l);
        return NULL;
    }
    l->g = g;
    l->api = api;
    l->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_end, l, MHD_OPTION_NOTIFY_CONNECTION,
        peers_on_connection, &l->open, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
    if (l->daemon == NULL) {
        peers_end(&l->open);
        free(l);
        return NULL;
    }
    return l;
}

void server_stop(listener *l)
{
    if (l != NULL) {
        MHD_stop_daemon(l->daemon);
        peers_end(&l->open);
        free(l);
    }
}

void server_end_slow(listener *l)
{
    if (l != NULL) {
        peers_end_slow(&l->open);
    }
}
