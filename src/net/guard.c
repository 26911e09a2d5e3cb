/* guard.c - no socket is made for an address that a stranger's URL may not lead to. libcurl asks for each socket
 * with the address that it is about to connect to: after the name was resolved, so a name that changes its mind
 * changes nothing. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>

#include "net/internal.h"

static void note(exchange_guard *guard, const struct curl_sockaddr *address, const char *why)
{
    const void *bytes = address->family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;
    guard->refused = why;
    if ((address->family != AF_INET && address->family != AF_INET6) ||
        inet_ntop(address->family, bytes, guard->address, sizeof guard->address) == NULL) {
        (void)snprintf(guard->address, sizeof guard->address, "an unknown address");
    }
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    exchange_guard *guard = context;
    const char *why = purpose != CURLSOCKTYPE_IPCXN ? "a socket of another kind"
                      : guard->allow_any            ? NULL
                                                    : address_refusal(&address->addr, address->addrlen,
                                                                      guard->allow_loopback);
    if (why != NULL) {
        note(guard, address, why);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool exchange_guard_set(exchange *x)
{
    CURL *h = x->handle;
    exchange_guard *guard = x->guard;
    guard->refused = NULL;
    guard->location[0] = '\0';
    for (size_t i = 0; guard->resolve != NULL && guard->resolve[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(x->resolve_list, guard->resolve[i]);
        if (longer == NULL) {
            return false;
        }
        x->resolve_list = longer;
    }
    return curl_easy_setopt(h, CURLOPT_RESOLVE, x->resolve_list) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, guard) == CURLE_OK;
}
