/* rpc_proxy.c - forwards requests to a node and spoils what goes through, by rules. */
#define _GNU_SOURCE /* memmem */
#include "tests/support/rpc_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/http_server.h"

enum {
    MAX_RULES = 16,
    MAX_METHODS = 32,
    METHOD_SIZE = 48
};

struct rpc_proxy {
    http_server *server;
    pthread_mutex_t lock;
    unsigned port; /* of the node */
    proxy_rule rule[MAX_RULES];
    unsigned used[MAX_RULES];
    size_t rules;
    struct {
        char name[METHOD_SIZE];
        unsigned count;
    } seen[MAX_METHODS];
};

static void between(chaos_slice text, const char *begin, const char *end, char *out, size_t capacity)
{
    const uint8_t *from = memmem(text.data, text.size, begin, strlen(begin));
    const uint8_t *to = NULL;
    out[0] = '\0';
    if (from != NULL) {
        from += strlen(begin);
        to = memmem(from, text.size - (size_t)(from - text.data), end, strlen(end));
    }
    if (to != NULL && (size_t)(to - from) < capacity) {
        memcpy(out, from, (size_t)(to - from));
        out[to - from] = '\0';
    }
}

/* ---------------------------------------------------------------- forward ---- */

static bool send_all(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/* The node's answer, body alone. */
static bool forward(unsigned port, chaos_slice body, chaos_buffer *answer)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHAOS_AUTO_BUFFER(whole, HTTP_MAX_REPLY);
    char head[200];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n = snprintf(head, sizeof head,
                     "POST / HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     body.size);
    bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 && n > 0 &&
              send_all(fd, head, (size_t)n) && send_all(fd, body.data, body.size);
    while (ok) {
        uint8_t *room = buffer_reserve(&whole, 65536);
        ssize_t got = room == NULL ? -1 : recv(fd, room, 65536, 0);
        if (got <= 0) {
            break;
        }
        whole.size += (size_t)got;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    const uint8_t *end = ok ? memmem(whole.data, whole.size, "\r\n\r\n", 4) : NULL;
    return end != NULL && buffer_append(answer, slice(end + 4, whole.size - (size_t)(end + 4 - whole.data)));
}

/* ------------------------------------------------------------------ spoil ---- */

static void pause_ms(unsigned ms)
{
    struct timespec wait = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
}

static bool replace_text(chaos_buffer *body, const char *from, const char *to)
{
    CHAOS_AUTO_BUFFER(made, HTTP_MAX_REPLY);
    const uint8_t *at = memmem(body->data, body->size, from, strlen(from));
    if (at == NULL) {
        return true;
    }
    size_t before = (size_t)(at - body->data);
    bool ok = buffer_append(&made, slice(body->data, before)) && buffer_append_text(&made, to) &&
              buffer_append(&made, slice(at + strlen(from), body->size - before - strlen(from)));
    body->size = 0;
    return ok && buffer_append(body, buffer_slice(&made));
}

/* The height that stands behind `label` is made lower. */
static bool lower_height(chaos_buffer *body, const char *label, unsigned by)
{
    char height[32], from[96], to[96];
    between(buffer_slice(body), label, "\"", height, sizeof height);
    unsigned long long number = strtoull(height, NULL, 16);
    (void)snprintf(from, sizeof from, "%s%s\"", label, height);
    (void)snprintf(to, sizeof to, "%s0x%llx\"", label, number > by ? number - by : 0);
    return height[0] == '\0' || replace_text(body, from, to);
}

static bool spoil(const proxy_rule *rule, const char *method, const char *id, chaos_buffer *body)
{
    char from[64], to[64];
    switch (rule->fault) {
    case PROXY_WRONG_ID:
        (void)snprintf(from, sizeof from, "\"id\":%s", id);
        (void)snprintf(to, sizeof to, "\"id\":9%s", id);
        return replace_text(body, from, to);
    case PROXY_WRONG_CHAIN:
        return strcmp(method, "eth_chainId") != 0 || replace_text(body, "\"0x7a69\"", "\"0x1\"");
    case PROXY_STALE:
        return lower_height(body, strcmp(method, "eth_blockNumber") == 0 ? "\"result\":\"" : "\"number\":\"",
                            rule->number);
    case PROXY_CUT:
        body->size /= 2;
        return true;
    case PROXY_TWICE: {
        size_t once = body->size;
        uint8_t *room = buffer_reserve(body, once);
        if (room != NULL) {
            memcpy(room, body->data, once);
            body->size += once;
        }
        return room != NULL;
    }
    case PROXY_DELAY:
        pause_ms(rule->number);
        return true;
    case PROXY_NONE:
    case PROXY_DROP:
    case PROXY_LOSE:
    case PROXY_429:
    case PROXY_502:
    case PROXY_HTML:
    case PROXY_NUL_ERROR:
    case PROXY_ERROR:
    case PROXY_NULL:
        break;
    }
    return true;
}

/* What is answered without asking the node; *done: it was. */
static bool answer_alone(const proxy_rule *rule, const char *id, bool *done, chaos_buffer *out)
{
    static const char html[] = "<html><body>Bad gateway</body></html>";
    *done = true;
    if (rule->fault == PROXY_429) {
        return buffer_append_format(
            out, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: %u\r\nContent-Length: 0\r\n\r\n", rule->number);
    }
    if (rule->fault == PROXY_502 || rule->fault == PROXY_HTML) {
        return http_reply(out, rule->fault == PROXY_502 ? 502 : 200, "text/html", slice_text(html));
    }
    if (rule->fault == PROXY_NUL_ERROR || rule->fault == PROXY_ERROR) {
        char text[300];
        (void)snprintf(text, sizeof text,
                       "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32000,\"message\":\"%s%s\"}}", id,
                       rule->fault == PROXY_NUL_ERROR ? "a\\u0000b" : "", rule->text != NULL ? rule->text : "");
        return http_reply(out, 200, "application/json", slice_text(text));
    }
    if (rule->fault == PROXY_NULL) {
        char text[80];
        (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":null}", id);
        return http_reply(out, 200, "application/json", slice_text(text));
    }
    *done = rule->fault == PROXY_DROP;
    return !*done;
}

static bool says(chaos_slice body, const char *text)
{
    return memmem(body.data, body.size, text, strlen(text)) != NULL;
}

/* ----------------------------------------------------------------- answer ---- */

static proxy_rule choose(rpc_proxy *p, const char *method, chaos_slice body, unsigned *port)
{
    proxy_rule rule = { NULL, PROXY_NONE, 0, 0, NULL };
    pthread_mutex_lock(&p->lock);
    *port = p->port;
    for (size_t i = 0; i < MAX_METHODS; i++) {
        if (p->seen[i].name[0] == '\0' || strcmp(p->seen[i].name, method) == 0) {
            (void)snprintf(p->seen[i].name, METHOD_SIZE, "%s", method);
            p->seen[i].count++;
            break;
        }
    }
    for (size_t i = 0; i < p->rules; i++) {
        bool fits = (p->rule[i].method == NULL || strcmp(p->rule[i].method, method) == 0) &&
                    (p->rule[i].times == 0 || p->used[i] < p->rule[i].times) &&
                    (p->rule[i].fault != PROXY_NULL || says(body, p->rule[i].text));
        if (fits) {
            p->used[i]++;
            rule = p->rule[i];
            break;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return rule;
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    rpc_proxy *p = context;
    char method[METHOD_SIZE], id[32];
    unsigned port;
    bool done;
    CHAOS_AUTO_BUFFER(body, HTTP_MAX_REPLY);
    between(seen->body, "\"method\":\"", "\"", method, sizeof method);
    between(seen->body, "\"id\":", ",", id, sizeof id);
    proxy_rule rule = choose(p, method, seen->body, &port);
    if (!answer_alone(&rule, id, &done, out) || done) {
        return rule.fault != PROXY_DROP;
    }
    if (!forward(port, seen->body, &body) || rule.fault == PROXY_LOSE) {
        return false;
    }
    return spoil(&rule, method, id, &body) && http_reply(out, 200, "application/json", buffer_slice(&body));
}

/* ---------------------------------------------------------------- control ---- */

void rpc_proxy_target(rpc_proxy *p, const char *url)
{
    const char *colon = strrchr(url, ':');
    pthread_mutex_lock(&p->lock);
    p->port = (unsigned)strtoul(colon == NULL ? "0" : colon + 1, NULL, 10);
    pthread_mutex_unlock(&p->lock);
}

rpc_proxy *rpc_proxy_start(const char *url)
{
    rpc_proxy *p = calloc(1, sizeof *p);
    if (p == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
        abort();
    }
    rpc_proxy_target(p, url);
    p->server = http_server_start(&(http_server_options){ .tcp = true, .answer = answer, .context = p });
    return p;
}

const char *rpc_proxy_url(const rpc_proxy *p)
{
    return http_server_url(p->server);
}

void rpc_proxy_rules(rpc_proxy *p, const proxy_rule *rules)
{
    pthread_mutex_lock(&p->lock);
    p->rules = 0;
    memset(p->used, 0, sizeof p->used);
    memset(p->seen, 0, sizeof p->seen);
    while (rules != NULL && rules->fault != PROXY_NONE && p->rules < MAX_RULES) {
        p->rule[p->rules++] = *rules++;
    }
    pthread_mutex_unlock(&p->lock);
}

unsigned rpc_proxy_count(rpc_proxy *p, const char *method)
{
    unsigned count = 0;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < MAX_METHODS; i++) {
        count += method == NULL || strcmp(p->seen[i].name, method) == 0 ? p->seen[i].count : 0;
    }
    pthread_mutex_unlock(&p->lock);
    return count;
}

void rpc_proxy_stop(rpc_proxy *p)
{
    http_server_stop(p->server);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}
