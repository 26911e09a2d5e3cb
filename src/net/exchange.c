/* exchange.c - one HTTP exchange with libcurl, bounded in time and size, leaving nothing behind. */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <strings.h>

#include "net/internal.h"

#define FIRST_BODY 16384u
#define MAX_CONTENT_TYPE 129 /* with NUL */
#define USER_AGENT "chaoschain/" CHAOS_VERSION_STRING

/* -------------------------------------------------------------- collecting ---- */

/* Growing by hand: realloc would leave a copy of the old block, and the body may hold a secret. */
static bool body_reserve(chaos_buffer *body, size_t needed)
{
    size_t capacity = body->capacity < FIRST_BODY ? FIRST_BODY : body->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity > body->limit) {
        capacity = body->limit;
    }
    chaos_buffer larger = CHAOS_BUFFER_INIT(body->limit);
    if (buffer_reserve(&larger, capacity) == NULL || !buffer_append(&larger, buffer_slice(body))) {
        chaos_buffer_wipe(&larger);
        return false;
    }
    chaos_buffer_wipe(body);
    *body = larger;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    exchange *x = context;
    chaos_buffer *body = &x->reply->body;
    size_t n = size * count; /* size is 1 */
    if (n > body->limit - body->size) {
        x->too_large = true;
        return 0;
    }
    if (n > body->capacity - body->size && !body_reserve(body, body->size + n)) {
        x->no_memory = true;
        return 0;
    }
    if (!buffer_append(body, slice(bytes, n))) {
        x->no_memory = true;
        return 0;
    }
    return n;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    exchange *x = context;
    return reply_head_take(&x->head, slice(bytes, size * count)) ? size * count : 0;
}

/* ----------------------------------------------------------------- request ---- */

static chaos_status usage(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

static bool is_web(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* One header line's value, and no second line. */
static bool is_header_value(const char *text)
{
    const char *p = text;
    while (is_printable(*p)) {
        p++;
    }
    return *p == '\0' && p - text < MAX_CONTENT_TYPE;
}

static chaos_status check(const net_request *r, chaos_error *err)
{
    if (r->method == NULL || (strcmp(r->method, "GET") != 0 && strcmp(r->method, "POST") != 0)) {
        return usage("method", "only GET and POST are spoken", err);
    }
    if (r->url == NULL || strnlen(r->url, NET_MAX_URL + 1) > NET_MAX_URL || !is_web(r->url)) {
        return usage("url", "a URL begins with http:// or https:// and has at most 2048 bytes", err);
    }
    if (r->content_type != NULL && !is_header_value(r->content_type)) {
        return usage("content_type", "a content type is printable ASCII, at most 128 characters", err);
    }
    if (r->body.size > NET_MAX_BODY || (r->body.data == NULL && r->body.size > 0)) {
        return usage("body", "the body is too large, or NULL", err);
    }
    if (r->connect_timeout_ms > NET_MAX_CONNECT_TIMEOUT_MS || r->total_timeout_ms > NET_MAX_TOTAL_TIMEOUT_MS) {
        return usage("timeout", "a timeout is longer than allowed", err);
    }
    if (r->max_reply > NET_MAX_REPLY) {
        return usage("max_reply", "a reply may have at most 16 MiB", err);
    }
    return r->unix_socket == NULL ? CHAOS_OK : unix_socket_check(r->unix_socket, err);
}

static bool add_header(exchange *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->header_list, line);
    if (longer != NULL) {
        x->header_list = longer;
    }
    return longer != NULL;
}

static bool set_body(exchange *x)
{
    const net_request *r = x->request;
    char line[160];
    bool ok = add_header(x, "Expect:") && (x->keep || add_header(x, "Connection: close"));
    if (strcmp(r->method, "GET") == 0) {
        return ok && curl_easy_setopt(x->handle, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    int n = snprintf(line, sizeof line, "Content-Type: %s", r->content_type == NULL ? "" : r->content_type);
    return ok && n > 0 && n < (int)sizeof line && add_header(x, line) &&
           curl_easy_setopt(x->handle, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(x->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.size) == CURLE_OK &&
           curl_easy_setopt(x->handle, CURLOPT_POSTFIELDS, r->body.size == 0 ? "" : (const char *)r->body.data) ==
               CURLE_OK;
}

/* libcurl opens what SSLKEYLOGFILE names and would write each connection's keys there. It asks here last. */
static CURLcode take_ssl_context(CURL *handle, void *ssl_context, void *context)
{
    (void)handle;
    (void)context;
    SSL_CTX_set_keylog_callback(ssl_context, NULL);
    return CURLE_OK;
}

/* Nothing that the environment or the server could choose: no proxy, no redirect, no other protocol, no cookie. */
static bool set_limits(exchange *x)
{
    const net_request *r = x->request;
    CURL *h = x->handle;
    return curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, take_ssl_context) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_of(r)) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)total_timeout_of(r)) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK && /* waits for no name server beyond the limits */
           curl_easy_setopt(h, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK;
}

static bool set_up(exchange *x)
{
    const net_request *r = x->request;
    CURL *h = x->handle;
    return set_limits(x) && set_body(x) && (x->guard == NULL || exchange_guard_set(x)) &&
           curl_easy_setopt(h, CURLOPT_URL, r->url) == CURLE_OK &&
           (r->unix_socket == NULL ||
            curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, r->unix_socket) == CURLE_OK) &&
           curl_easy_setopt(h, CURLOPT_HTTPHEADER, x->header_list) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEDATA, x) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HEADERDATA, x) == CURLE_OK;
}

/* ------------------------------------------------------------------ answer ---- */

static void take_type(const exchange *x)
{
    char *type = NULL;
    net_reply *reply = x->reply;
    if (curl_easy_getinfo(x->handle, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL) {
        return;
    }
    for (size_t i = 0; type[i] != '\0' && type[i] != ';' && type[i] != ' ' && i + 1 < sizeof reply->content_type;
         i++) {
        reply->content_type[i] = (char)(is_printable(type[i]) ? lower(type[i]) : '?');
    }
}

static void take_retry_after(const exchange *x)
{
    struct curl_header *header = NULL;
    net_reply *reply = x->reply;
    if (curl_easy_header(x->handle, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return;
    }
    size_t size = strnlen(header->value, sizeof reply->retry_after);
    for (size_t i = 0; i < size; i++) {
        if (!is_printable(header->value[i])) {
            return;
        }
    }
    if (size < sizeof reply->retry_after) {
        memcpy(reply->retry_after, header->value, size + 1);
    }
}

/* The line that was asked for: there once, or not at all. */
static const char *take_wanted(const exchange *x)
{
    struct curl_header *header = NULL;
    chaos_buffer *value = &x->reply->header;
    if (curl_easy_header(x->handle, x->request->header, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return NULL;
    }
    if (header->amount != 1) {
        return "the server says a header line twice";
    }
    for (const char *p = header->value; *p != '\0'; p++) {
        if (!is_printable(*p)) {
            return "a header line of the server's answer is not printable";
        }
    }
    return buffer_append_text(value, header->value) ? NULL : "a header line of the server's answer is too long";
}

/* libcurl makes it absolute; it does not follow it. */
static void take_location(const exchange *x)
{
    char *url = NULL;
    x->guard->location[0] = '\0';
    if (curl_easy_getinfo(x->handle, CURLINFO_REDIRECT_URL, &url) == CURLE_OK && url != NULL) {
        const size_t size = strnlen(url, sizeof x->guard->location);
        if (size < sizeof x->guard->location) {
            memcpy(x->guard->location, url, size + 1);
        }
    }
}

static chaos_status perform(exchange *x, chaos_error *err)
{
    long status = 0;
    if (!set_up(x)) {
        return error_set(err, CHAOS_E_MEMORY, "http", CHAOS_NO_OFFSET, "libcurl did not take the request");
    }
    CURLcode code = curl_easy_perform(x->handle);
    if (code != CURLE_OK) {
        return exchange_explain(x, (int)code, err);
    }
    if (curl_easy_getinfo(x->handle, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status < 200 ||
        status > 599) {
        return exchange_failed(x, CHAOS_E_GUEST_AGENT, "the server's answer is not HTTP", err);
    }
    if (!x->head.complete) { /* libcurl takes the end of the connection for the end of the header lines */
        return exchange_failed(x, CHAOS_E_GUEST_AGENT, "the server's answer was cut short", err);
    }
    long made = 1;
    (void)curl_easy_getinfo(x->handle, CURLINFO_NUM_CONNECTS, &made);
    x->reply->new_connection = made != 0;
    x->reply->status = (int)status;
    take_type(x);
    if (x->guard != NULL) {
        take_location(x);
    }
    take_retry_after(x);
    const char *bad = x->request->header == NULL ? NULL : take_wanted(x);
    return bad == NULL ? CHAOS_OK : exchange_failed(x, CHAOS_E_GUEST_AGENT, bad, err);
}

chaos_status exchange_with(void *handle, bool keep, const net_request *request, exchange_guard *guard,
                           net_reply *reply, chaos_error *err)
{
    net_reply made = { .body = CHAOS_BUFFER_INIT(0), .header = CHAOS_BUFFER_INIT(NET_MAX_HEADER_VALUE) };
    exchange x = { .request = request, .reply = &made, .handle = handle, .keep = keep, .guard = guard };
    if (request == NULL || reply == NULL) {
        return usage("request", "request and reply may not be NULL", err);
    }
    CHAOS_TRY(check(request, err));
    made.body.limit = request->max_reply == 0 ? NET_DEFAULT_REPLY : request->max_reply;
    curl_easy_reset(handle); /* the options, not the connections */
    chaos_status status = perform(&x, err);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(x.header_list);
    curl_slist_free_all(x.resolve_list);
    if (status != CHAOS_OK) {
        net_reply_clear(&made);
        return status;
    }
    *reply = made;
    return CHAOS_OK;
}

chaos_status net_exchange(const net_request *request, net_reply *reply, chaos_error *err)
{
    CHAOS_TRY(net_init(err));
    CURL *handle = curl_easy_init();
    if (handle == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "http", CHAOS_NO_OFFSET, NULL);
    }
    chaos_status status = exchange_with(handle, false, request, NULL, reply, err);
    curl_easy_cleanup(handle);
    return status;
}

void net_reply_clear(net_reply *reply)
{
    chaos_buffer_wipe(&reply->body);
    chaos_buffer_wipe(&reply->header);
    memset(reply, 0, sizeof *reply);
}
