/* endpoint.h - what the files of chaoschain-endpoint share: a question from the network, its limits, and the answer. */
#ifndef CHAOSCHAIN_ENDPOINT_H
#define CHAOSCHAIN_ENDPOINT_H

#include <pthread.h>

#include <chaoschain/chaoschain.h>

#include "programs/common/common.h"

#define PROGRAM "chaoschain-endpoint"
#define WELL_KNOWN "/.well-known/tee-attestation"

/* HTTP statuses that are answered. */
enum {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_NOT_FOUND = 404,
    HTTP_NOT_ALLOWED = 405,
    HTTP_TOO_LARGE = 413,
    HTTP_TOO_MANY = 429,
    HTTP_FAILED = 500,
    HTTP_UNAVAILABLE = 503
};

/* ---------------------------------------------------------------- question ---- */

typedef struct question {
    chaos_u256 nonce;
    bool has_request;
    chaos_keccak request;
} question;

/* What is wrong with it: a status, a word for programs and a sentence for people; all of them constants of ours. */
typedef struct refusal {
    int status;
    const char *code, *text;
    unsigned retry_after; /* seconds; 0: not said */
} refusal;

/* The target of a request line as it was received: the path and nonce=0xHEX64[&request=0xHEX64] in either order, each
 * once, nothing else, nothing escaped. False: *no. question.c */
CHAOS_MUST_USE bool question_read(const char *target, question *q, refusal *no);

/* ------------------------------------------------------------------ limits ---- */

/* So many at once, and then so many a minute. limits.c */
typedef struct bucket {
    uint64_t per_minute, burst;
    uint64_t level;    /* in 60,000ths of one: what a millisecond brings is per_minute of them */
    int64_t filled_ms; /* when the level was true */
} bucket;
bucket bucket_of(uint64_t per_minute, int64_t at_ms);
/* Takes one. 0, or in how many seconds there will be one. */
unsigned bucket_take(bucket *b, int64_t at_ms);

/* How often each client asks, whatever it is told. A client is an IPv4 address; whoever comes through a Unix socket is
 * one and the same, 0.0.0.0. Of more clients than there is room for the one that has been silent longest is forgotten.
 * limits.c */
#define CLIENTS_MAX 256
typedef struct client_address {
    uint8_t bytes[4];
} client_address;
typedef struct clients {
    struct client {
        client_address address;
        bucket requests;
    } known[CLIENTS_MAX];
    size_t count;
} clients;
/* As bucket_take. */
unsigned clients_take(clients *c, client_address who, uint64_t per_minute, int64_t at_ms);

/* Answers that were given a moment ago, for who asks the same again. limits.c */
#define CACHE_ENTRIES 64
#define CACHE_KEEPS_MS 60000
typedef struct kept_answer {
    question q;
    int64_t until_ms;
    chaos_buffer bytes;
} kept_answer;
typedef struct kept_answers {
    kept_answer entries[CACHE_ENTRIES];
    size_t next; /* the oldest, which goes first */
} kept_answers;
/* NULL: there is none. Lent until the cache is changed. */
const chaos_buffer *kept_find(const kept_answers *cache, const question *q, int64_t at_ms);
void kept_add(kept_answers *cache, const question *q, chaos_slice bytes, int64_t at_ms);
void kept_free(kept_answers *cache);

/* ------------------------------------------------------------------ answer ---- */

#define REQUESTS_KEEP_MS 2000 /* a list of the chain is good for so long */
#define MAX_WAITING 8         /* for the TEE, which makes one quote at a time */

typedef struct endpoint {
    chaos_agent *agent; /* has its own lock */
    const chaos_registries *registries;
    chaos_u256 agent_id;
    unsigned client_connections; /* at once, of one client */
    uint64_t client_rate;        /* questions a minute, of one client */
    pthread_mutex_t lock;        /* of everything below */
    bucket checks, answers, lines;
    clients askers;
    kept_answers cache;
    unsigned waiting;
    chaos_hash_list *requests; /* that name the agent, as the chain said at requests_ms */
    int64_t requests_ms;
    bool has_requests, is_asking; /* is_asking: somebody reads the list just now */
    uint64_t given, refused, failed; /* for the last line */
    bool is_quiet;
} endpoint;

/* How often a minute, for each of the two kinds of questions. */
void endpoint_begin(endpoint *e, uint64_t per_minute);
void endpoint_end(endpoint *e);
/* The envelope, appended to `out`; or false and *no. Any thread. answer.c */
CHAOS_MUST_USE bool endpoint_answer(endpoint *e, const question *q, chaos_buffer *out, refusal *no);
void endpoint_count_refusal(endpoint *e);
/* May it ask at all? Else *no. */
CHAOS_MUST_USE bool endpoint_admit(endpoint *e, client_address who, refusal *no);

/* ------------------------------------------------------------------ server ---- */

#define MAX_CONNECTIONS 64u /* at once, at each place it listens at */

/* Serves on a descriptor that listens already; it is closed by server_stop. NULL: libmicrohttpd would not. server.c */
typedef struct listener listener;
listener *server_start(endpoint *e, int fd);
/* Ends connections that have taken too long; to be called every second or so. NULL is allowed. */
void server_end_slow(listener *l);
void server_stop(listener *l); /* NULL is allowed */

/* -------------------------------------------------------------------- open ---- */

/* From the command line to an agent that answers. open.c */
typedef struct opened {
    chaos_network network;
    chaos_rpc *rpc;
    chaos_registries *registries;
    chaos_tee_registry *plugins;
    chaos_tee *tee;
    chaos_agent *agent;
} opened;
typedef struct wishes {
    const char *agent, *name, *store, *network, *identity, *validation, *collateral;
    const char *urls[CHAOS_MAX_ENDPOINTS];
    size_t url_count;
    const char *provider, *tee_endpoint, *tee_options, *tee_plugin;
    uint64_t generation;
} wishes;
/* To be closed after a failure, too. */
CHAOS_MUST_USE chaos_status open_agent(const wishes *w, opened *out, chaos_error *err);
void close_agent(opened *o);

#endif
