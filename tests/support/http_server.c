/* http_server.c - the scripted server: one thread that accepts, one for each connection. */
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 1024, /* over its whole life */
    MAX_HEAD = 16384,
    MAX_REQUEST_BODY = 2 * 1024 * 1024
};

typedef struct connection {
    http_server *server;
    int fd;
    unsigned number;
    pthread_t thread;
} connection;

struct http_server {
    http_server_options options;
    char folder[32], path[64], url[64];
    unsigned port;
    int listener, stop_read, stop_write; /* a byte in the pipe ends every wait */
    pthread_t thread;
    connection connections[MAX_CONNECTIONS];
    atomic_uint connection_count, request_count;
    pthread_mutex_t answering;
};

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "http_server: %s: %s\n", what, strerror(errno));
        abort();
    }
}

/* ---------------------------------------------------------------- bytes ---- */

/* False: the server is being stopped, or `milliseconds` (-1: none) are over. */
static bool wait_for(const http_server *s, int fd, short events, int milliseconds)
{
    struct pollfd fds[] = { { .fd = s->stop_read, .events = POLLIN }, { .fd = fd, .events = events } };
    int n;
    do {
        n = poll(fds, fd < 0 ? 1 : 2, milliseconds);
    } while (n < 0 && errno == EINTR);
    return n > 0 && (fds[0].revents & POLLIN) == 0;
}

static bool send_all(const connection *c, chaos_slice bytes)
{
    while (bytes.size > 0) {
        if (!wait_for(c->server, c->fd, POLLOUT, -1)) {
            return false;
        }
        ssize_t n = send(c->fd, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0) {
            if (n < 0 && errno == EAGAIN) {
                continue;
            }
            return false;
        }
        bytes = slice(bytes.data + n, bytes.size - (size_t)n);
    }
    return true;
}

static bool receive(const connection *c, void *into, size_t capacity, size_t *got)
{
    if (!wait_for(c->server, c->fd, POLLIN, -1)) {
        return false;
    }
    ssize_t n = recv(c->fd, into, capacity, 0);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* -------------------------------------------------------------- requests ---- */

typedef struct incoming {
    char head[MAX_HEAD + 1];
    size_t head_size;
    char method[16], target[2100];
    uint8_t *body;
    size_t body_size;
} incoming;

static size_t body_size_of(const char *head)
{
    for (const char *line = strchr(head, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, "content-length:", 15) == 0) {
            return strtoul(line + 16, NULL, 10);
        }
    }
    return 0;
}

/* Byte by byte to the empty line: nothing of the body is taken by mistake. */
static bool read_request(connection *c, incoming *in)
{
    size_t n = 0;
    in->head_size = 0;
    while (in->head_size < MAX_HEAD &&
           (in->head_size < 4 || memcmp(in->head + in->head_size - 4, "\r\n\r\n", 4) != 0)) {
        if (!receive(c, in->head + in->head_size, 1, &n)) {
            return false;
        }
        in->head_size++;
    }
    in->head[in->head_size] = '\0';
    in->body_size = body_size_of(in->head);
    if (in->body_size > MAX_REQUEST_BODY || sscanf(in->head, "%15s %2099s", in->method, in->target) != 2) {
        return false;
    }
    in->body = malloc(in->body_size + 1);
    must(in->body != NULL, "memory");
    for (size_t at = 0; at < in->body_size; at += n) {
        if (!receive(c, in->body + at, in->body_size - at, &n)) {
            return false;
        }
    }
    atomic_fetch_add(&c->server->request_count, 1);
    return true;
}

static void incoming_clear(incoming *in)
{
    if (in->body != NULL) {
        explicit_bzero(in->body, in->body_size);
        free(in->body);
    }
    explicit_bzero(in, sizeof *in);
}

/* --------------------------------------------------------------- scripts ---- */

static bool repeat(const connection *c, const http_step *step)
{
    chaos_slice text = slice_text(step->text);
    for (unsigned i = 0; step->number == 0 || i < step->number; i++) {
        if (!send_all(c, text)) {
            return false;
        }
    }
    return true;
}

static bool drip(const connection *c, const http_step *step)
{
    for (const char *p = step->text; *p != '\0'; p++) {
        (void)wait_for(c->server, -1, 0, (int)step->number);
        if (!send_all(c, slice(p, 1))) {
            return false;
        }
    }
    return true;
}

static bool run_step(connection *c, const http_step *step)
{
    incoming in = { .body = NULL };
    bool going = true;
    switch (step->act) {
    case HTTP_READ:
        going = read_request(c, &in);
        incoming_clear(&in);
        return going;
    case HTTP_SEND:
        return send_all(c, slice_text(step->text));
    case HTTP_REPEAT:
        return repeat(c, step);
    case HTTP_DRIP:
        return drip(c, step);
    case HTTP_WAIT:
        (void)wait_for(c->server, -1, 0, (int)step->number);
        return true;
    case HTTP_RESET: {
        const struct linger now = { .l_onoff = 1, .l_linger = 0 };
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
    }
    case HTTP_END:
        break;
    }
    return false;
}

static void run_script(connection *c)
{
    const http_server_options *o = &c->server->options;
    const http_step *step = o->scripts[c->number < o->script_count ? c->number : o->script_count - 1];
    while (run_step(c, step)) {
        step++;
    }
}

static void run_answers(connection *c)
{
    http_server *s = c->server;
    bool going = true;
    while (going) {
        incoming in = { .body = NULL };
        chaos_buffer out = CHAOS_BUFFER_INIT(HTTP_MAX_REPLY);
        going = read_request(c, &in);
        if (going) {
            (void)pthread_mutex_lock(&s->answering);
            const http_seen seen = { c->number, atomic_load(&s->request_count) - 1, in.method, in.target,
                                     slice(in.head, in.head_size), slice(in.body, in.body_size) };
            going = s->options.answer(s->options.context, &seen, &out);
            (void)pthread_mutex_unlock(&s->answering);
            going = send_all(c, buffer_slice(&out)) && going;
        }
        chaos_buffer_wipe(&out);
        incoming_clear(&in);
    }
}

/* Says that no more comes, then waits for the client's end: a close with unread bytes would be a reset. */
static void hang_up(const connection *c)
{
    char rest[512];
    size_t n;
    (void)shutdown(c->fd, SHUT_WR);
    while (wait_for(c->server, c->fd, POLLIN, 2000) && receive(c, rest, sizeof rest, &n)) {
    }
}

static bool wants_reset(const connection *c)
{
    struct linger l = { 0, 0 };
    socklen_t size = sizeof l;
    return getsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, &size) == 0 && l.l_onoff != 0;
}

static void *serve(void *context)
{
    connection *c = context;
    if (c->server->options.answer != NULL) {
        run_answers(c);
    } else {
        run_script(c);
    }
    if (!wants_reset(c)) {
        hang_up(c);
    }
    (void)close(c->fd);
    return NULL;
}

/* ---------------------------------------------------------------- server ---- */

static void *accept_all(void *context)
{
    http_server *s = context;
    while (wait_for(s, s->listener, POLLIN, -1)) {
        int fd = accept(s->listener, NULL, NULL);
        unsigned number = atomic_load(&s->connection_count);
        if (fd < 0) {
            continue;
        }
        must(number < MAX_CONNECTIONS, "too many connections");
        connection *c = &s->connections[number];
        *c = (connection){ .server = s, .fd = fd, .number = number };
        atomic_store(&s->connection_count, number + 1); /* before anything of it can be seen */
        must(pthread_create(&c->thread, NULL, serve, c) == 0, "thread");
    }
    return NULL;
}

static void listen_tcp(http_server *s)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
             getsockname(s->listener, (struct sockaddr *)&address, &size) == 0,
         "bind");
    s->port = ntohs(address.sin_port);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", s->port);
}

static void listen_unix(http_server *s)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/chaos-http-XXXXXX");
    must(mkdtemp(s->folder) != NULL, "folder");
    (void)snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", s->path);
    (void)snprintf(s->url, sizeof s->url, "http://localhost");
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
}

http_server *http_server_start(const http_server_options *options)
{
    http_server *s = calloc(1, sizeof *s);
    int ends[2];
    must(s != NULL && pipe(ends) == 0 && pthread_mutex_init(&s->answering, NULL) == 0, "start");
    s->options = *options;
    s->stop_read = ends[0];
    s->stop_write = ends[1];
    if (options->tcp) {
        listen_tcp(s);
    } else {
        listen_unix(s);
    }
    must(listen(s->listener, 16) == 0, "listen");
    must(pthread_create(&s->thread, NULL, accept_all, s) == 0, "thread");
    return s;
}

void http_server_stop(http_server *s)
{
    must(write(s->stop_write, "", 1) == 1, "stop");
    (void)pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < atomic_load(&s->connection_count); i++) {
        (void)pthread_join(s->connections[i].thread, NULL);
    }
    (void)close(s->listener);
    (void)close(s->stop_read);
    (void)close(s->stop_write);
    if (s->path[0] != '\0') {
        (void)unlink(s->path);
        (void)rmdir(s->folder);
    }
    (void)pthread_mutex_destroy(&s->answering);
    free(s);
}

const char *http_server_url(const http_server *s)
{
    return s->url;
}

const char *http_server_socket(const http_server *s)
{
    return s->path[0] == '\0' ? NULL : s->path;
}

unsigned http_server_port(const http_server *s)
{
    return s->port;
}

unsigned http_server_connections(http_server *s)
{
    return atomic_load(&s->connection_count);
}

unsigned http_server_requests(http_server *s)
{
    return atomic_load(&s->request_count);
}

bool http_reply(chaos_buffer *out, int status, const char *content_type, chaos_slice body)
{
    return buffer_append_format(out, "HTTP/1.1 %d Status\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
                                content_type, body.size) &&
           buffer_append(out, body);
}
