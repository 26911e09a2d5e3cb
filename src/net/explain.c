/* explain.c - what went wrong in an exchange, in words: what happened, the limit, and where. */
#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#include "net/internal.h"

/* Of a URL scheme, host and port alone: paths of RPC endpoints hold their users' keys, and user names passwords. */
static chaos_slice where(const net_request *r)
{
    if (r->unix_socket != NULL) {
        return slice_text(r->unix_socket);
    }
    const char *authority = strstr(r->url, "//") + 2; /* check() saw it */
    size_t size = strcspn(authority, "/?#\\");
    for (size_t i = 0; i < size; i++) {
        if (authority[i] == '@') {
            return slice_text("(a URL with a user name)");
        }
    }
    return slice(r->url, (size_t)(authority - r->url) + size);
}

chaos_status exchange_failed(const exchange *x, chaos_status status, const char *why, chaos_error *err)
{
    char quoted[100];
    const bool line = x->head.came[0] != '\0';
    (void)error_set(err, status, "http", CHAOS_NO_OFFSET, "%s", why);
    (void)error_quote(quoted, line ? 56 : sizeof quoted, where(x->request));
    error_found(err, "%s%s%s", quoted, line ? ": " : "", x->head.came);
    return status;
}

static chaos_status timed_out(const exchange *x, chaos_error *err)
{
    double connected = 0;
    (void)curl_easy_getinfo(x->handle, CURLINFO_CONNECT_TIME, &connected);
    if (connected > 0) {
        (void)exchange_failed(x, CHAOS_E_TIMEOUT, "the server did not finish its answer in time", err);
        error_expected(err, "an answer within %u ms", total_timeout_of(x->request));
        return CHAOS_E_TIMEOUT;
    }
    (void)exchange_failed(x, CHAOS_E_TIMEOUT, "no connection in time", err);
    uint32_t limit = connect_timeout_of(x->request), total = total_timeout_of(x->request);
    error_expected(err, "a connection within %u ms", limit < total ? limit : total);
    return CHAOS_E_TIMEOUT;
}

static chaos_status too_large(const exchange *x, const char *why, size_t limit, chaos_error *err)
{
    (void)exchange_failed(x, CHAOS_E_GUEST_AGENT, why, err);
    error_expected(err, "at most %zu bytes", limit);
    return CHAOS_E_GUEST_AGENT;
}

static chaos_status not_connected(const exchange *x, chaos_error *err)
{
    long number = 0;
    (void)curl_easy_getinfo(x->handle, CURLINFO_OS_ERRNO, &number);
    return exchange_failed(x, CHAOS_E_NETWORK,
                           number == EACCES || number == EPERM ? "this user may not connect there"
                                                               : "nobody answers there: the connection was refused",
                           err);
}

static chaos_status address_refused(const exchange *x, chaos_error *err)
{
    char endpoint[48];
    (void)error_set(err, CHAOS_E_ADDRESS_REFUSED, "url", CHAOS_NO_OFFSET, "the URL leads to %s", x->guard->refused);
    error_expected(err, "a public address");
    error_found(err, "%s at %s", error_quote(endpoint, sizeof endpoint, where(x->request)), x->guard->address);
    return CHAOS_E_ADDRESS_REFUSED;
}

static const struct {
    CURLcode code;
    chaos_status status;
    const char *why;
} meanings[] = {
    { CURLE_COULDNT_RESOLVE_HOST, CHAOS_E_NETWORK, "the server's name is not known" },
    { CURLE_PEER_FAILED_VERIFICATION, CHAOS_E_NETWORK, "the server's TLS certificate is not trusted" },
    { CURLE_SSL_CONNECT_ERROR, CHAOS_E_NETWORK, "there is no TLS connection to the server" },
    { CURLE_SSL_CACERT_BADFILE, CHAOS_E_NETWORK, "the system's list of certificate authorities cannot be read" },
    { CURLE_PARTIAL_FILE, CHAOS_E_GUEST_AGENT, "the server's answer was cut short" },
    { CURLE_GOT_NOTHING, CHAOS_E_GUEST_AGENT, "the server closed the connection without an answer" },
    { CURLE_UNSUPPORTED_PROTOCOL, CHAOS_E_GUEST_AGENT, "the server's answer is not HTTP" },
    { CURLE_WEIRD_SERVER_REPLY, CHAOS_E_GUEST_AGENT, "the server's answer is not HTTP" },
    { CURLE_HTTP2, CHAOS_E_GUEST_AGENT, "the server's answer is not HTTP" },
    { CURLE_RECV_ERROR, CHAOS_E_GUEST_AGENT, "the server broke the connection, or its answer is malformed" },
    { CURLE_SEND_ERROR, CHAOS_E_GUEST_AGENT, "the server broke the connection" },
    { CURLE_URL_MALFORMAT, CHAOS_E_USAGE, "the URL is malformed" },
};

static chaos_status by_code(const exchange *x, CURLcode code, chaos_error *err)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(meanings); i++) {
        if (meanings[i].code == code) {
            return exchange_failed(x, meanings[i].status, meanings[i].why, err);
        }
    }
    return exchange_failed(x, CHAOS_E_NETWORK, curl_easy_strerror(code), err);
}

chaos_status exchange_explain(const exchange *x, int number, chaos_error *err)
{
    const CURLcode code = (CURLcode)number;
    if (x->no_memory || (code == CURLE_OUT_OF_MEMORY && net_memory_failed())) {
        return error_set(err, CHAOS_E_MEMORY, "http", CHAOS_NO_OFFSET, NULL);
    }
    if (x->guard != NULL && x->guard->refused != NULL) {
        return address_refused(x, err);
    }
    if (x->too_large) {
        return too_large(x, "the server's answer is too large", x->reply->body.limit, err);
    }
    if (x->head.bad != NULL) {
        return exchange_failed(x, CHAOS_E_GUEST_AGENT, x->head.bad, err);
    }
    if (code == CURLE_OUT_OF_MEMORY) { /* so libcurl calls a line beyond its limit of 100 KiB */
        return too_large(x, "a header line of the server is too long", MAX_HEADERS, err);
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return timed_out(x, err);
    }
    return code == CURLE_COULDNT_CONNECT ? not_connected(x, err) : by_code(x, code, err);
}
