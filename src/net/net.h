/* net.h - bounded HTTP exchanges, over TCP or a Unix socket. The only user of libcurl.
 *
 * Nothing of a reply stays behind: libcurl allocates through this folder's allocators, which wipe what they free,
 * and the reply's body is wiped when it is freed. libcurl takes allocators only when it is initialised for the
 * first time in a process: net_init fails with NOT_AVAILABLE (and says what to do) where somebody was faster and
 * secrets would travel.
 *
 * Threads: net_init and net_exchange may be called from any thread at any time. A net_client is used by one thread
 * at a time (its owner locks); different clients are independent. A net_reply belongs to its caller. */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/base.h"

#define NET_CONNECT_TIMEOUT_MS 2000u
#define NET_TOTAL_TIMEOUT_MS 30000u
#define NET_MAX_CONNECT_TIMEOUT_MS 60000u
#define NET_MAX_TOTAL_TIMEOUT_MS 600000u
#define NET_MAX_URL 2048u
#define NET_MAX_HEADER_VALUE 32768u
#define NET_MAX_BODY (1024u * 1024u)
#define NET_DEFAULT_REPLY (1024u * 1024u)
#define NET_MAX_REPLY (16u * 1024u * 1024u)

typedef struct net_request {
    const char *method;       /* "GET" or "POST" */
    const char *url;          /* http:// or https:// */
    const char *unix_socket;  /* NULL: TCP */
    const char *content_type; /* NULL: none */
    chaos_slice body;
    uint32_t connect_timeout_ms, total_timeout_ms; /* 0: the defaults above */
    size_t max_reply;                              /* 0: NET_DEFAULT_REPLY */
    const char *header;       /* name of a header line of the answer that is wanted; NULL: none */
} net_request;

typedef struct net_reply {
    int status;
    char content_type[64]; /* lower case, without parameters, cut; "" if none */
    char retry_after[64];  /* as the server wrote it (RFC 9110 10.2.3); "" if none, or none that fits */
    bool new_connection;   /* it was made for this exchange */
    chaos_buffer header;   /* value of the line that was wanted: printable ASCII; empty if there is none */
    chaos_buffer body;
} net_reply;

/* Thread-safe, once; called by net_exchange too. */
CHAOS_MUST_USE chaos_status net_init(chaos_error *err);
/* One exchange on a connection of its own. CHAOS_OK whatever the HTTP status is. USAGE for a request outside the
 * limits; NETWORK (refused, no such socket, name not found, TLS), TIMEOUT, GUEST_AGENT (larger than max_reply,
 * cut, not HTTP). No redirects, no proxy from the environment, no cookies, no authentication, no compression, only
 * http and https. A socket path that is no socket (a folder that a container runtime made) is said in words.
 * `text`, `expected` and `found` name what happened, the limit and the endpoint. */
CHAOS_MUST_USE chaos_status net_exchange(const net_request *request, net_reply *reply, chaos_error *err);
/* Wipes and frees; the struct is then zero. */
void net_reply_clear(net_reply *reply);

/* The same with connections that stay open between exchanges (a few, by endpoint), for those who ask one server
 * often. The last reply lies in libcurl's buffer until the next exchange or net_client_free wipes it: not for
 * replies with secrets. A kept connection that the server has closed meanwhile is replaced by a new one; the
 * request may then have been sent twice, though answered once. */
typedef struct net_client net_client;
CHAOS_MUST_USE chaos_status net_client_new(net_client **client, chaos_error *err);
void net_client_free(net_client *client); /* NULL is allowed */
/* As net_exchange. */
CHAOS_MUST_USE chaos_status net_client_exchange(net_client *client, const net_request *request, net_reply *reply,
                                                chaos_error *err);

CHAOS_CLEANUP(net_client);

#endif
