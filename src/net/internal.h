/* internal.h - what the files of this folder share: one exchange while it runs, and the parts of URLs. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <sys/socket.h>

#include "codec/codec.h"
#include "crypto/crypto.h"
#include "net/fetch.h"
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

/* For those who follow strangers' URLs. */
typedef struct exchange_guard {
    bool allow_any, allow_loopback; /* which addresses a socket may be opened for */
    const char *const *resolve;     /* as in net_fetch_options */
    const char *refused;            /* out: what an address was that was not allowed; NULL: none was asked for */
    char address[64];               /* out: this address */
    char location[NET_MAX_URL + 1]; /* out: where a redirect leads, absolute; "" if nowhere, or too far */
} exchange_guard;

typedef struct exchange {
    const net_request *request;
    net_reply *reply;
    exchange_guard *guard; /* NULL: none */
    void *resolve_list;
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

/* What libcurl's code (a CURLcode, not CURLE_OK) means here, in words. explain.c */
chaos_status exchange_explain(const exchange *x, int number, chaos_error *err);
/* An error of the server, or on the way to it, with the endpoint. explain.c */
chaos_status exchange_failed(const exchange *x, chaos_status status, const char *why, chaos_error *err);

/* One exchange with a handle of libcurl (CURL), which may keep its connection. exchange.c */
CHAOS_MUST_USE chaos_status exchange_with(void *handle, bool keep, const net_request *request, exchange_guard *guard,
                                          net_reply *reply, chaos_error *err);
/* Gives the handle the guard: its sockets, its names. guard.c */
CHAOS_MUST_USE bool exchange_guard_set(exchange *x);

/* --------------------------------------------------------- parts of URLs ---- */

/* Why a stranger's URL may not lead there, in words; NULL: it may. address.c */
const char *address_refusal(const struct sockaddr *address, size_t size, bool allow_loopback);

typedef struct url_parts {
    bool is_https;
    unsigned port;
    char host[254];                  /* as written; an IPv6 address in its brackets */
    struct sockaddr_storage address; /* if the host is one */
    size_t address_size;             /* 0: it is a name */
} url_parts;

bool url_has_scheme(chaos_slice url, const char *scheme); /* in any case */
/* USAGE with the reason for what is not fetched. url.c */
CHAOS_MUST_USE chaos_status url_read(chaos_slice url, const net_fetch_options *rules, url_parts *out, chaos_error *err);
/* What is wrong with a path and query, or with a redirect as such; NULL: nothing. */
const char *url_judge_path(chaos_slice path);
const char *url_judge_redirect(chaos_slice from, chaos_slice to);

/* Appends the content to `out`, up to its limit. `url` begins with "data:". data_url.c */
CHAOS_MUST_USE chaos_status data_url_read(chaos_slice url, chaos_buffer *out, char type[NET_MAX_MEDIA_TYPE],
                                          chaos_error *err);

#define CID_MAX_TEXT 128u
typedef struct cid {
    bool is_file; /* dag-pb: the hash is of a block around the content; else of the content itself */
    chaos_sha256 digest;
} cid;
CHAOS_MUST_USE bool cid_read(chaos_slice text, cid *out); /* false: none, or of a kind that is not known here. cid.c */
typedef enum cid_match {
    CID_SAME,   /* the content is what the CID names */
    CID_OTHER,  /* it is not */
    CID_UNKNOWN /* a file that may be of several blocks: not to be told from the content alone */
} cid_match;
cid_match cid_compare(const cid *name, chaos_slice content);

typedef struct ipfs_url {
    chaos_slice text, path; /* the CID as written; "" or "/..." */
    cid id;
} ipfs_url;
CHAOS_MUST_USE chaos_status ipfs_url_read(chaos_slice url, ipfs_url *out, chaos_error *err); /* ipfs.c */

/* --------------------------------------------------------------- fetching ---- */

typedef struct fetching {
    const net_fetch_options *options;
    void *handle;         /* CURL, for all requests of it */
    uint64_t deadline_ms; /* of fetch_now_ms */
    uint32_t total_ms;
    size_t max_bytes;
} fetching;
uint64_t fetch_now_ms(void);
/* With redirects. `trusted`: the first URL is the operator's, and not judged. fetch.c */
CHAOS_MUST_USE chaos_status fetch_web(const fetching *f, chaos_slice url, bool trusted, net_fetched *out,
                                      chaos_error *err);
CHAOS_MUST_USE chaos_status fetch_ipfs(const fetching *f, chaos_slice url, net_fetched *out, chaos_error *err);

#endif
