/* server.c - HTTP within limits: one short question, one answer, and the connection is closed. A thread for each
 * connection, so that nobody who waits for the TEE keeps others from being told that they ask too often. */
#include "endpoint.h"

#include <microhttpd.h>
#include <stdio.h>
#include <sys/socket.h>

#define MAX_CONNECTIONS 64u
#define IDLE_SECONDS 10u               /* without a byte */
#define WHOLE_MS 60000                 /* with its answer: TEE and chain have limits of their own */
#define QUESTION_MS 15000              /* until the question is there */
#define CONNECTION_MEMORY (8u * 1024u) /* for request line and headers */

/* A connection, and until when it must be done: a peer that sends a byte now and then is not idle. */
typedef struct peer {
    int fd;
    int64_t deadline_ms;
    struct peer *next, *previous;
} peer;

struct listener {
    endpoint *e;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* of the list */
    peer *peers;
};

/* One request: made when its first line is there, kept until it is answered. */
typedef struct inquiry {
    bool is_read, has_begun;
    question q;
    refusal no;
    bool has_body;
} inquiry;

/* -------------------------------------------------------------- connections ---- */

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    listener *l = context;
    peer *p = *place;

    (void)pthread_mutex_lock(&l->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        p = info == NULL ? NULL : calloc(1, sizeof *p);
        if (p != NULL) {
            *p = (peer){ .fd = info->connect_fd, .deadline_ms = now_ms() + QUESTION_MS, .next = l->peers };
            if (l->peers != NULL) {
                l->peers->previous = p;
            }
            l->peers = p;
        }
        *place = p;
    } else if (p != NULL) {
        *(p->previous == NULL ? &l->peers : &p->previous->next) = p->next;
        if (p->next != NULL) {
            p->next->previous = p->previous;
        }
        free(p);
        *place = NULL;
    }
    (void)pthread_mutex_unlock(&l->lock);
}

/* The question is there: now it is we who take the time. */
static void give_time(listener *l, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    peer *p = info == NULL ? NULL : info->socket_context;

    if (p != NULL) {
        (void)pthread_mutex_lock(&l->lock);
        p->deadline_ms += WHOLE_MS - QUESTION_MS;
        (void)pthread_mutex_unlock(&l->lock);
    }
}

void server_end_slow(listener *l)
{
    int64_t now = now_ms();

    if (l == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&l->lock);
    for (const peer *p = l->peers; p != NULL; p = p->next) { /* in the list a descriptor is still open */
        if (now >= p->deadline_ms) {
            (void)shutdown(p->fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&l->lock);
}

/* ---------------------------------------------------------------- answering ---- */

static void free_body(void *context)
{
    chaos_buffer *body = context;

    chaos_buffer_free(body);
    free(body);
}

static bool add_headers(struct MHD_Response *response, const refusal *no)
{
    static const char *const fixed[][2] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, "application/json" },
        { MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
        { "X-Content-Type-Options", "nosniff" },
        { "Access-Control-Allow-Origin", "*" }, /* evidence is for everybody, and pages check it too */
        { MHD_HTTP_HEADER_CONNECTION, "close" },
    };
    char seconds[16];
    bool ok = true;

    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(fixed); i++) {
        ok = MHD_add_response_header(response, fixed[i][0], fixed[i][1]) == MHD_YES;
    }
    if (ok && no != NULL && no->status == HTTP_NOT_ALLOWED) {
        ok = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET") == MHD_YES;
    }
    if (ok && no != NULL && no->retry_after > 0) {
        (void)snprintf(seconds, sizeof seconds, "%u", no->retry_after);
        ok = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds) == MHD_YES;
    }
    return ok;
}

/* Gives `body` away. */
static enum MHD_Result give(struct MHD_Connection *connection, const refusal *no, chaos_buffer *body)
{
    chaos_buffer *kept = malloc(sizeof *kept);
    struct MHD_Response *response;
    enum MHD_Result result = MHD_NO;

    if (kept == NULL) {
        chaos_buffer_free(body);
        return MHD_NO;
    }
    *kept = *body;
    response = MHD_create_response_from_buffer_with_free_callback_cls(kept->size, kept->data, free_body, kept);
    if (response == NULL) {
        free_body(kept);
        return MHD_NO;
    }
    if (add_headers(response, no)) {
        result = MHD_queue_response(connection, (unsigned)(no == NULL ? HTTP_OK : no->status), response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result give_refusal(struct MHD_Connection *connection, const refusal *no)
{
    chaos_buffer body = CHAOS_BUFFER_INIT(512);
    json_writer w = json_writer_begin(&body);

    json_write_object(&w, NULL);
    json_write_text(&w, "code", no->code);
    json_write_text(&w, "schema", "chaoschain/endpoint-error/1");
    json_write_text(&w, "text", no->text);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK || !buffer_append_text(&body, "\n")) {
        chaos_buffer_free(&body);
        return MHD_NO;
    }
    return give(connection, no, &body);
}

static enum MHD_Result give_answer(listener *l, struct MHD_Connection *connection, const inquiry *i)
{
    chaos_buffer body = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    refusal no = { 0 };

    give_time(l, connection);
    if (!endpoint_answer(l->e, &i->q, &body, &no)) {
        chaos_buffer_free(&body);
        return give_refusal(connection, &no);
    }
    return give(connection, NULL, &body);
}

/* ---------------------------------------------------------------- receiving ---- */

/* The target of the request line, before anybody has unescaped any of it. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    inquiry *i = calloc(1, sizeof *i);

    (void)context;
    (void)connection;
    if (i != NULL) {
        i->is_read = question_read(target, &i->q, &i->no);
    }
    return i;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    static const refusal wrong_method = { HTTP_NOT_ALLOWED, "METHOD", "only GET is spoken here", 0 };
    static const refusal body = { HTTP_TOO_LARGE, "BODY", "a question has no body", 0 };
    listener *l = context;
    inquiry *i = *state;
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    const refusal *no;

    (void)url;
    (void)version;
    (void)data;
    if (i == NULL) {
        return MHD_NO;
    }
    i->has_body = i->has_body || *size > 0 || coding != NULL || (length != NULL && strcmp(length, "0") != 0);
    no = strcmp(method, MHD_HTTP_METHOD_GET) != 0 ? &wrong_method : i->has_body ? &body
                                                                : !i->is_read   ? &i->no
                                                                                : NULL;
    if (no != NULL) { /* said before the body comes, and then the connection is closed */
        *size = 0;
        if (!i->has_begun) {
            i->has_begun = true;
            endpoint_count_refusal(l->e);
            return give_refusal(connection, no);
        }
        return MHD_YES;
    }
    if (!i->has_begun) { /* the headers are there */
        i->has_begun = true;
        return MHD_YES;
    }
    return give_answer(l, connection, i);
}

static void on_end(void *context, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

/* Its words on standard error would repeat what strangers send. */
static void keep_silent(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

listener *server_start(endpoint *e, int fd)
{
    listener *l = calloc(1, sizeof *l);

    if (l == NULL || pthread_mutex_init(&l->lock, NULL) != 0) {
        free(l);
        return NULL;
    }
    l->e = e;
    l->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0, NULL,
        NULL,
        on_request, l, MHD_OPTION_EXTERNAL_LOGGER, keep_silent, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_end, l,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_END);
    if (l->daemon == NULL) {
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
        return NULL;
    }
    return l;
}

void server_stop(listener *l)
{
    if (l != NULL) {
        MHD_stop_daemon(l->daemon);
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
    }
}
