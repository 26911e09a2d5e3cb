/* node.c - a node for tests: the rows of a table answer. */
#define _GNU_SOURCE /* memmem */
#include "tests/support/node.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tests/support/http_server.h"

enum {
    MAX_ROWS = 32,
    MAX_METHODS = 24,
    METHOD_SIZE = 48,
    PARAMS_SIZE = 8192
};

struct node {
    http_server *server;
    pthread_mutex_t lock;
    node_row row[MAX_ROWS];
    unsigned used[MAX_ROWS];
    size_t rows;
    bool disconnect;
    unsigned all;
    struct {
        char name[METHOD_SIZE];
        unsigned count;
        char params[PARAMS_SIZE];
    } seen[MAX_METHODS];
};

static const char html[] = "<html><body><h1>Bad gateway</h1></body></html>";

static void text_between(chaos_slice body, const char *begin, const char *end, char *out, size_t capacity)
{
    const char *text = (const char *)body.data;
    const char *from = memmem(text, body.size, begin, strlen(begin));
    const char *to = NULL;
    out[0] = '\0';
    if (from != NULL) {
        from += strlen(begin);
        to = memmem(from, body.size - (size_t)(from - text), end, strlen(end));
    }
    if (to != NULL && (size_t)(to - from) < capacity) {
        memcpy(out, from, (size_t)(to - from));
        out[to - from] = '\0';
    }
}

/* They come last: all but the bracket that closes the request. */
static void take_params(chaos_slice body, char *out, size_t capacity)
{
    static const char name[] = "\"params\":";
    const uint8_t *at = memmem(body.data, body.size, name, sizeof name - 1);
    size_t size = 0;
    if (at != NULL) {
        at += sizeof name - 1;
        size = body.size - (size_t)(at - body.data) - 1;
        size = size < capacity ? size : capacity - 1;
        memcpy(out, at, size);
    }
    out[size] = '\0';
}

static void remember(node *n, const char *method, const char *params)
{
    size_t i = 0;
    n->all++;
    while (i < MAX_METHODS && n->seen[i].name[0] != '\0' && strcmp(n->seen[i].name, method) != 0) {
        i++;
    }
    if (i < MAX_METHODS) {
        (void)snprintf(n->seen[i].name, METHOD_SIZE, "%s", method);
        (void)snprintf(n->seen[i].params, PARAMS_SIZE, "%s", params);
        n->seen[i].count++;
    }
}

static const node_row *find_row(node *n, const char *method, const char *params)
{
    for (size_t i = 0; i < n->rows; i++) {
        const node_row *row = &n->row[i];
        bool fits = (row->method == NULL || strcmp(row->method, method) == 0) &&
                    (row->part == NULL || strstr(params, row->part) != NULL) &&
                    (row->times == 0 || n->used[i] < row->times);
        if (fits) {
            n->used[i]++;
            return row;
        }
    }
    return NULL;
}

static node_row usual(const char *method)
{
    node_row row = { .method = method, .error = "{\"code\":-32601,\"message\":\"Method not found\"}" };
    if (strcmp(method, "eth_chainId") == 0) {
        row.result = "\"0x7a69\"";
    } else if (strcmp(method, "eth_blockNumber") == 0) {
        row.result = "\"0x64\"";
    }
    return row;
}

static bool put_body(const node_row *row, const char *id, chaos_buffer *body)
{
    const char *result = row->result != NULL ? row->result : "null";
    const char *error = row->error != NULL ? row->error : "{\"code\":-32000,\"message\":\"no\"}";
    switch (row->trouble) {
    case NODE_HTML:
    case NODE_STATUS:
        return buffer_append_text(body, html);
    case NODE_BOTH:
        return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s,\"error\":%s}", id, result,
                                    error);
    case NODE_NEITHER:
        return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"id\":%s}", id);
    case NODE_OTHER_ID:
        return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"id\":7%s,\"result\":%s}", id, result);
    case NODE_STRING_ID:
        return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":%s}", id, result);
    case NODE_NO_ID:
        return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"result\":%s}", result);
    case NODE_FINE:
    case NODE_CUT:
    case NODE_TWICE:
    case NODE_SLOW:
    case NODE_GONE:
        break;
    }
    bool is_error = row->result == NULL && row->error != NULL;
    return buffer_append_format(body, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"%s\":%s}", id, is_error ? "error" : "result",
                                is_error ? error : result);
}

static bool put_reply(const node_row *row, const char *id, bool close_after, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(body, HTTP_MAX_REPLY);
    if (!put_body(row, id, &body)) {
        return false;
    }
    size_t once = body.size;
    if (row->trouble == NODE_CUT) {
        body.size /= 2;
    } else if (row->trouble == NODE_TWICE) {
        uint8_t *room = buffer_reserve(&body, once);
        if (room == NULL) {
            return false;
        }
        memcpy(room, body.data, once);
        body.size += once;
    }
    int status = row->trouble == NODE_STATUS ? (int)row->number : 200;
    bool ok = buffer_append_format(
        out, "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", status, body.size);
    if (row->trouble == NODE_STATUS && row->text != NULL) {
        ok = ok && buffer_append_format(out, "Retry-After: %s\r\n", row->text);
    }
    ok = ok && (!close_after || buffer_append_text(out, "Connection: close\r\n"));
    return ok && buffer_append_text(out, "\r\n") && buffer_append(out, buffer_slice(&body));
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    node *n = context;
    char id[32], method[METHOD_SIZE], params[PARAMS_SIZE];
    text_between(seen->body, "\"id\":", ",", id, sizeof id);
    text_between(seen->body, "\"method\":\"", "\"", method, sizeof method);
    take_params(seen->body, params, sizeof params);
    pthread_mutex_lock(&n->lock);
    remember(n, method, params);
    const node_row *found = find_row(n, method, params);
    node_row row = found != NULL ? *found : usual(method);
    bool close_after = n->disconnect;
    n->disconnect = false;
    pthread_mutex_unlock(&n->lock);
    if (row.trouble == NODE_SLOW) {
        struct timespec wait = { row.number / 1000, (long)(row.number % 1000) * 1000000 };
        (void)nanosleep(&wait, NULL);
    }
    return row.trouble != NODE_GONE && put_reply(&row, id, close_after, out);
}

void node_play(node *n, const node_row *rows)
{
    pthread_mutex_lock(&n->lock);
    memset(n->used, 0, sizeof n->used);
    memset(n->seen, 0, sizeof n->seen);
    n->all = 0;
    n->rows = 0;
    while (rows != NULL && n->rows < MAX_ROWS &&
           (rows->method != NULL || rows->result != NULL || rows->error != NULL || rows->trouble != NODE_FINE)) {
        n->row[n->rows++] = *rows++;
    }
    pthread_mutex_unlock(&n->lock);
}

node *node_start(const node_row *rows)
{
    node *n = calloc(1, sizeof *n);
    if (n == NULL || pthread_mutex_init(&n->lock, NULL) != 0) {
        abort();
    }
    node_play(n, rows);
    n->server = http_server_start(&(http_server_options){ .tcp = true, .answer = answer, .context = n });
    return n;
}

void node_stop(node *n)
{
    http_server_stop(n->server);
    (void)pthread_mutex_destroy(&n->lock);
    free(n);
}

const char *node_url(const node *n)
{
    return http_server_url(n->server);
}

void node_disconnect(node *n)
{
    pthread_mutex_lock(&n->lock);
    n->disconnect = true;
    pthread_mutex_unlock(&n->lock);
}

unsigned node_count(node *n, const char *method)
{
    unsigned count = 0;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; method != NULL && i < MAX_METHODS; i++) {
        count += strcmp(n->seen[i].name, method) == 0 ? n->seen[i].count : 0;
    }
    count = method == NULL ? n->all : count;
    pthread_mutex_unlock(&n->lock);
    return count;
}

const char *node_params(node *n, const char *method)
{
    for (size_t i = 0; i < MAX_METHODS; i++) {
        if (strcmp(n->seen[i].name, method) == 0) {
            return n->seen[i].params;
        }
    }
    return "";
}
