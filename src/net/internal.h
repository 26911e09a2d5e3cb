/* internal.h - what the files of this folder share: one exchange while it runs. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include "net/net.h"

/* Refuses, in words, a path that is not there, not a socket, too long, or not ours to open. */
CHAOS_MUST_USE chaos_status unix_socket_check(const char *path, chaos_error *err);

/* Has an allocation of libcurl failed, ever? It calls by one name what is too large and what found no memory.
 * memory.c */
bool net_memory_failed(void);

/* ------------------------------------------------------------- header lines ---- */

#define MAX_HEADERS (64u * 1024u) /* bytes of all header lines together, of interim answers too */
#define MAX_INTERIM 8u            /* answers of the kind 1xx before the one that counts */

/* What the header lines said, of the last answer; one of them may be a reason to stop. */
typedef struct reply_head {
    size_t bytes;
    unsigned answers, lengths, codings;
    bool complete;   /* the empty line came */
    const char *bad; /* the reason; NULL: none */
    char came[40];   /* the line that was it, escaped and cut */
} reply_head;

/* Takes one line with its end; false: stop. head.c */
CHAOS_MUST_USE bool reply_head_take(reply_head *head, chaos_slice line);

/* ----------------------------------------------------------------- exchange ---- */

typedef struct exchange {
    const net_request *request;
    net_reply *reply;
    void *handle; /* CURL */
    bool keep;    /* the connection */
    void *header_list;
    reply_head head;
    bool too_large, no_memory;
} exchange;

static inline uint32_t connect_timeout_of(const net_request *r)
{
    return r->connect_timeout_ms == 0 ? NET_CONNECT_TIMEOUT_MS : r->connect_timeout_ms;
}
static inline uint32_t total_timeout_of(const net_request *r)
{
    return r->total_timeout_ms == 0 ? NET_TOTAL_TIMEOUT_MS : r->total_timeout_ms;
}

/* What libcurl's code (CURLcode, not CURLE_OK) means here, in words. explain.c */
chaos_status exchange_explain(const exchange *x, int code, chaos_error *err);
/* An error of the server, or on the way to it, with the endpoint. explain.c */
chaos_status exchange_failed(const exchange *x, chaos_status status, const char *why, chaos_error *err);

/* One exchange with a handle of libcurl (CURL), which may keep its connection. exchange.c */
CHAOS_MUST_USE chaos_status exchange_with(void *handle, bool keep, const net_request *request, net_reply *reply,
                                          chaos_error *err);

#endif
