/* server.c - HTTP within limits: one short question, one answer, and the connection is closed. A thread for each
 * connection, so that nobody who waits for the TEE keeps others from being told that they ask too often. */
#include "endpoint.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "programs/common/http/peers.h"

#define IDLE_SECONDS 10u               /* without a byte */
#define QUESTION_MS 15000              /* until the question is there */
#define ANSWER_MS 45000                /* from then on: TEE and chain have limits of their own */
#define CONNECTION_MEMORY (8u * 1024u) /* for request line and headers */

struct listener {
    endpoint *e;
    struct MHD_Daemon *daemon;
    peers open;
};

/* One request: made when its first line is there, kept until it is answered. */
typedef struct inquiry {
    bool is_read, has_begun;
    question q;
    refusal no;
    bool has_body;
    bool is_too_often;
    refusal too_often;
} inquiry;

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

/* Who asks, for the limits; of a Unix socket nobody in particular. */
static client_address address_of_peer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    client_address address = { { 0 } };

    if (info != NULL && info->client_addr != NULL && info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->client_addr, sizeof in);
        memcpy(address.bytes, &in.sin_addr, sizeof in.sin_addr);
    }
    return address;
}

static enum MHD_Result give_answer(listener *l, struct MHD_Connection *connection, const inquiry *i)
{
    chaos_buffer body = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    refusal no = { 0 };

    peers_give_time(&l->open, connection, ANSWER_MS); /* now it is we who take the time */
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
    if (!i->has_begun) {
        i->is_too_often = !endpoint_admit(l->e, address_of_peer(connection), &i->too_often);
    }
    i->has_body = i->has_body || *size > 0 || coding != NULL || (length != NULL && strcmp(length, "0") != 0);
    no = i->is_too_often                            ? &i->too_often
         : strcmp(method, MHD_HTTP_METHOD_GET) != 0 ? &wrong_method
         : i->has_body                              ? &body
         : !i->is_read                              ? &i->no
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

/* Whoever comes through a Unix socket comes from one place. */
static bool is_unix(int fd)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t size = sizeof address;

    return getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0 && address.ss_family == AF_UNIX;
}

listener *server_start(endpoint *e, int fd)
{
    listener *l = calloc(1, sizeof *l);

    if (l == NULL || !peers_begin(&l->open, QUESTION_MS)) {
        free(l);
        return NULL;
    }
    l->e = e;
    l->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0, NULL,
        NULL, on_request, l, MHD_OPTION_EXTERNAL_LOGGER, keep_silent, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, is_unix(fd) ? e->client_connections : MAX_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, e->client_connections, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_end, l,
        MHD_OPTION_NOTIFY_CONNECTION, peers_on_connection, &l->open, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
        MHD_OPTION_END);
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
