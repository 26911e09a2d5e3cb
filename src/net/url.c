/* url.c - a web URL from a stranger, read strictly before libcurl reads it: where two readers could differ it is
 * refused, and what libcurl then connects to is what was judged here. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "net/internal.h"

static chaos_status refuse(chaos_slice url, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_USAGE, "url", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, url));
    return CHAOS_E_USAGE;
}

static bool is_one_of(uint8_t c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool url_has_scheme(chaos_slice url, const char *scheme)
{
    const size_t size = strlen(scheme);
    return url.size >= size && strncasecmp((const char *)url.data, scheme, size) == 0;
}

/* --------------------------------------------------------------------- host ---- */

/* Labels of letters, digits, - and _ with dots between. A last label that begins with a digit makes it a number to
 * some readers (127.1, 0x7f.1, 2130706433): those must be four decimal numbers as inet_pton wants them. */
static const char *judge_name(const char *host, url_parts *out)
{
    const char *last = host;
    for (const char *p = host; *p != '\0'; p++) {
        if (*p == '.' && (p == host || p[-1] == '.' || p[1] == '\0')) {
            return "the host name has an empty part";
        }
        if (!is_letter((uint8_t)*p) && !is_digit((uint8_t)*p) && !is_one_of((uint8_t)*p, ".-_")) {
            return "the host name has a character that host names have not";
        }
        last = *p == '.' ? p + 1 : last;
    }
    if (!is_digit((uint8_t)*last)) {
        return NULL;
    }
    struct sockaddr_in address = { .sin_family = AF_INET };
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        return "an IPv4 address is four decimal numbers";
    }
    memcpy(&out->address, &address, sizeof address);
    out->address_size = sizeof address;
    return NULL;
}

static const char *judge_brackets(const char *host, url_parts *out)
{
    char inner[64];
    const size_t size = strlen(host);
    struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
    if (size < 4 || size - 2 >= sizeof inner || host[size - 1] != ']') {
        return "an IPv6 address stands in brackets";
    }
    memcpy(inner, host + 1, size - 2);
    inner[size - 2] = '\0';
    if (inet_pton(AF_INET6, inner, &address.sin6_addr) != 1) { /* a zone id is none */
        return "what stands in the brackets is no IPv6 address";
    }
    memcpy(&out->address, &address, sizeof address);
    out->address_size = sizeof address;
    return NULL;
}

/* ---------------------------------------------------------------- authority ---- */

static const char *take_port(chaos_slice text, url_parts *out)
{
    unsigned port = 0;
    if (text.size == 0 || text.size > 5 || text.data[0] == '0') {
        return "the port is a number from 1 to 65535";
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) {
            return "the port is a number from 1 to 65535";
        }
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    out->port = port;
    return port <= 65535 ? NULL : "the port is a number from 1 to 65535";
}

/* Where the host ends: behind the bracket, else at the first colon. */
static size_t host_size_of(chaos_slice authority)
{
    const bool in_brackets = authority.size > 0 && authority.data[0] == '[';
    const uint8_t *end = authority.size == 0 ? NULL : memchr(authority.data, in_brackets ? ']' : ':', authority.size);
    return end == NULL ? authority.size : (size_t)(end - authority.data) + (in_brackets ? 1 : 0);
}

static const char *judge_authority(chaos_slice authority, url_parts *out)
{
    const size_t host_size = host_size_of(authority);
    if (authority.size > 0 && memchr(authority.data, '@', authority.size) != NULL) {
        return "the URL holds a user name";
    }
    if (host_size < authority.size) {
        if (authority.data[host_size] != ':') {
            return "behind the brackets of an IPv6 address comes a port";
        }
        const char *bad = take_port(slice(authority.data + host_size + 1, authority.size - host_size - 1), out);
        if (bad != NULL) {
            return bad;
        }
    }
    if (host_size == 0 || host_size >= sizeof out->host) {
        return "the host name has 1 to 253 characters";
    }
    for (size_t i = 0; i < host_size; i++) {
        out->host[i] = (char)authority.data[i];
        if (out->host[i] == '\0') {
            return "the host name has a character that host names have not";
        }
    }
    out->host[host_size] = '\0';
    return out->host[0] == '[' ? judge_brackets(out->host, out) : judge_name(out->host, out);
}

/* -------------------------------------------------------------------- whole ---- */

const char *url_judge_redirect(chaos_slice from, chaos_slice to)
{
    if (to.size == 0) {
        return "the server redirects to nowhere";
    }
    return url_has_scheme(from, "https://") && !url_has_scheme(to, "https://")
               ? "the server redirects from https to something else"
               : NULL;
}

/* RFC 3986: pchar, "/" and "?". */
const char *url_judge_path(chaos_slice path)
{
    for (size_t i = 0; i < path.size; i++) {
        const uint8_t c = path.data[i];
        if (c == '%') {
            if (i + 2 >= path.size || !is_hex(path.data[i + 1]) || !is_hex(path.data[i + 2])) {
                return "a % stands before two hex digits";
            }
        } else if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-._~!$&'()*+,;=:@/?")) {
            return "the URL has a character that must be written with %";
        }
    }
    return NULL;
}

static const char *judge_port(const url_parts *parts, const net_fetch_options *rules)
{
    return rules->allow_any_port || parts->port == (parts->is_https ? 443u : 80u)
               ? NULL
               : "the port is not the usual one of its scheme";
}

chaos_status url_read(chaos_slice url, const net_fetch_options *rules, url_parts *out, chaos_error *err)
{
    url_parts made = { .is_https = url_has_scheme(url, "https://") };
    const size_t scheme = made.is_https ? 8 : 7;
    if (!made.is_https && !url_has_scheme(url, "http://")) {
        return refuse(url, "only https:, ipfs: and data: URLs are fetched", err);
    }
    if (!made.is_https && !rules->allow_http) {
        return refuse(url, "http: is not allowed here, only https:", err);
    }
    if (url.size > NET_MAX_URL) {
        return refuse(url, "the URL is longer than 2048 bytes", err);
    }
    made.port = made.is_https ? 443 : 80;
    size_t end = scheme;
    while (end < url.size && !is_one_of(url.data[end], "/?#")) {
        end++;
    }
    const uint8_t *mark = memchr(url.data + end, '#', url.size - end); /* what comes then is not for the server */
    const size_t fragment = mark == NULL ? url.size : (size_t)(mark - url.data);
    const char *bad = judge_authority(slice(url.data + scheme, end - scheme), &made);
    bad = bad != NULL ? bad : url_judge_path(slice(url.data + end, fragment - end));
    bad = bad != NULL || mark == NULL ? bad : url_judge_path(slice(mark + 1, url.size - fragment - 1));
    bad = bad != NULL ? bad : judge_port(&made, rules);
    if (bad != NULL) {
        return refuse(url, bad, err);
    }
    *out = made;
    return CHAOS_OK;
}
