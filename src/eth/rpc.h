/* rpc.h - JSON-RPC from the inside: one reply read, one endpoint asked, one call with its retries.
 *
 *   rpc_reply.c     what a node's answer says                      (pure)
 *   rpc_retry.c     which failures are worth another try, and when (pure)
 *   rpc_endpoint.c  one exchange with one endpoint; its connections, chain and health
 *   rpc.c           a call: endpoints in order, retries, deadline
 *   rpc_values.c    quantities, data and what else results are made of (pure)
 *
 * Sources: JSON-RPC 2.0; execution-apis (eth_*); EIP-1474 (codes); EIP-1898 (blocks by hash); RFC 9110 10.2.3. */
#ifndef ETH_RPC_H
#define ETH_RPC_H

#include <pthread.h>
#include <stdarg.h>

#include "codec/codec.h"
#include "eth/eth.h"
#include "net/net.h"

#define RPC_REQUEST_TIMEOUT_MS 10000u
#define RPC_DEADLINE_MS 60000u
#define RPC_MAX_HEIGHT ((uint64_t)INT64_MAX) /* block numbers, nonces, gas, times */
#define RPC_MAX_REQUEST (640u * 1024u)       /* JSON of one request */
#define RPC_FAILURE_TEXT 512
#define RPC_IDLE_CONNECTIONS 8               /* kept for each endpoint */
#define RPC_NAME_SIZE 128

/* ------------------------------------------------------------------ reply ---- */

/* What came instead of a result. */
typedef struct rpc_failure {
    bool answered;   /* it is a JSON-RPC error: code and text are the node's */
    int http_status; /* 0: no HTTP answer */
    int64_t code;
    char text[RPC_FAILURE_TEXT]; /* printable, escaped, cut */
    bool has_data;   /* the error's data were bytes in hex */
    size_t data_size;
    uint8_t data[CHAOS_MAX_REVERT];
} rpc_failure;

/* `result` points into the body. NODE: failure->answered tells an error from nonsense (no JSON, cut, wrong id, both or
 * neither of result and error). */
CHAOS_MUST_USE chaos_status rpc_reply_read(chaos_slice body, uint64_t id, chaos_slice *result, rpc_failure *failure,
                                           chaos_error *err);
/* Fills `err` from what the node said. */
chaos_status rpc_failure_error(const rpc_failure *failure, chaos_status status, chaos_error *err);
/* Does the node's text have this, whatever the case? `part` is in lower case. */
bool rpc_says(const rpc_failure *failure, const char *part);
bool rpc_is_revert(const rpc_failure *failure);
/* Is it the answer to a range of blocks or a result that is too large? */
bool rpc_is_range_limit(const rpc_failure *failure);

/* ------------------------------------------------------------------ retry ---- */

typedef enum rpc_worth { RPC_FINAL = 0, RPC_AGAIN, RPC_AGAIN_TWICE } rpc_worth;
/* Is another try worth it, given what came? `status` is that of the exchange or of reading the answer. */
rpc_worth rpc_judge(chaos_status status, const rpc_failure *failure);
/* Milliseconds until the time that Retry-After names (seconds or an HTTP date); -1 if it names none. At most a day. */
int64_t rpc_retry_after(const char *header, int64_t now_seconds);
/* Before round 1, 2, ...: random between 0 and min(8 s, 0.25 s * 2^round). */
uint32_t rpc_backoff_ms(unsigned round, uint64_t random);

/* --------------------------------------------------------------- endpoint ---- */

typedef struct rpc_lease { /* a connection, used by one thread */
    net_client *client;
    bool checked; /* its chain is known to be right */
} rpc_lease;

typedef struct rpc_endpoint {
    char *url;                /* may hold an access key: never shown */
    char name[RPC_NAME_SIZE]; /* scheme, host and port */
    rpc_lease idle[RPC_IDLE_CONNECTIONS];
    size_t idle_count;
    bool wrong_chain;         /* for good */
    unsigned failures;        /* in a row */
    int64_t closed_until;     /* ms of the monotonic clock: circuit breaker, asked only when no other is left */
    int64_t wait_until;       /* Retry-After: not asked at all */
    int64_t latency;          /* ms, smoothed; 0: not known */
    uint64_t head;            /* the highest block that it told */
} rpc_endpoint;

struct chaos_rpc {
    pthread_mutex_t lock;     /* of everything below that changes */
    rpc_endpoint endpoint[CHAOS_MAX_ENDPOINTS];
    size_t count;
    uint64_t chain_id;        /* 0 until the first endpoint has told it */
    uint64_t wrong_id;        /* the last wrong one that was told */
    uint64_t next_id, random;
    int64_t surveyed;         /* when the heads of all endpoints were last compared */
    uint32_t request_timeout_ms, deadline_ms;
    chaos_rpc_log_function *log;
    void *log_context;
};

/* Reads a result; NODE when it makes no sense, which is then the endpoint's failure. Outputs are untouched unless
 * it is OK. */
typedef chaos_status rpc_read_function(void *context, chaos_slice result, chaos_error *err);

typedef struct rpc_job {
    const char *method;
    chaos_slice params; /* a JSON array */
    rpc_read_function *read;
    void *context;
    uint64_t min_head;  /* the node that answers must have this block; 0: any node */
    unsigned max_rounds; /* over all endpoints; 0: until the deadline */
    uint32_t timeout_ms; /* of one exchange; 0: the usual */
    bool ranges;         /* "too many blocks or results" is an answer for the caller, not for another try */
    const uint64_t *tells_head; /* what `read` has found is the node's highest block; NULL: it is not */
} rpc_job;

typedef struct rpc_result {
    rpc_failure failure;
    int64_t retry_after_ms; /* -1: none */
} rpc_result;

/* One exchange with the endpoint, after its chain was checked. CHAIN_ID: it is of another chain and closed for good. */
CHAOS_MUST_USE chaos_status endpoint_ask(chaos_rpc *rpc, rpc_endpoint *endpoint, const rpc_job *job,
                                         uint32_t timeout_ms, rpc_result *result, chaos_error *err);
void endpoint_init(rpc_endpoint *endpoint, char *url);
void endpoint_free(rpc_endpoint *endpoint);
void endpoint_note(chaos_rpc *rpc, rpc_endpoint *endpoint, chaos_status status, const rpc_result *result);

/* ------------------------------------------------------------------- call ---- */

/* A call with all its retries. `failure` (may be NULL) gets what the last node said when the status is not OK. */
CHAOS_MUST_USE chaos_status rpc_ask(chaos_rpc *rpc, const rpc_job *job, rpc_failure *failure, chaos_error *err);
/* The usable endpoint that is best now and not in `tried` (bits); NULL: there is none. */
rpc_endpoint *rpc_pick(chaos_rpc *rpc, unsigned tried);
/* One line of printable text to the caller's log, if there is one. */
void rpc_log_line(chaos_rpc_log_function *log, void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
void rpc_log(const chaos_rpc *rpc, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t rpc_now_ms(void); /* monotonic */
void rpc_sleep_ms(int64_t ms);

/* ------------------------------------------------------------------ values ---- */

/* A quantity in hex, leading zeros allowed. */
uint64_t rpc_unsigned(json *j, const char *field, uint64_t max);
void rpc_u256(json *j, const char *field, chaos_u256 *out);
void rpc_fixed(json *j, const char *field, uint8_t *out, size_t size); /* "0x" and exactly 2 * size digits */
/* Bytes in hex of any length, appended. */
void rpc_data(json *j, const char *field, chaos_buffer *out);
/* The status of reading a result with `j`: faults of every kind are NODE. */
chaos_status rpc_read_end(const json *j, chaos_error *err);
void rpc_write_block_id(json_writer *w, const chaos_block_id *at); /* a tag, a number, or the object of EIP-1898 */
void rpc_write_quantity(json_writer *w, const char *key, uint64_t number);
/* What several results are: one quantity (context: uint64_t *) or word (chaos_u256 *). */
chaos_status rpc_read_unsigned(void *context, chaos_slice result, chaos_error *err);
chaos_status rpc_read_word(void *context, chaos_slice result, chaos_error *err);

/* ------------------------------------------------------------------- logs ---- */

CHAOS_CLEANUP(chaos_logs);
/* chaos_rpc_logs with what the node said, for those who make the range smaller. Such an answer is not tried again. */
CHAOS_MUST_USE chaos_status rpc_logs(chaos_rpc *rpc, const chaos_log_filter *filter, chaos_logs **logs,
                                     rpc_failure *failure, chaos_error *err);
/* An array of log objects as a list in the order of the chain; NODE when one is removed, pending or twice there. */
chaos_logs *rpc_read_logs(json *j); /* NULL after a fault */
/* The whole result, in which nothing may be that the filter does not ask for. */
CHAOS_MUST_USE chaos_status rpc_read_filtered(const chaos_log_filter *filter, chaos_slice result, chaos_logs **logs,
                                              chaos_error *err);
/* `at` and `hash` are what was asked for: another block or transaction is NODE, null is NOT_FOUND. */
CHAOS_MUST_USE chaos_status rpc_read_block(const chaos_block_id *at, chaos_slice result, chaos_block *block,
                                           chaos_error *err);
CHAOS_MUST_USE chaos_status rpc_read_receipt(const chaos_keccak *hash, chaos_slice result,
                                             chaos_transaction_receipt *receipt, chaos_error *err);

/* ------------------------------------------------------------ transactions ---- */

CHAOS_MUST_USE chaos_status rpc_estimate_gas(chaos_rpc *rpc, const chaos_call *call, bool has_to, uint64_t *gas,
                                             chaos_error *err);

/* The account's next nonce: the highest that any usable endpoint counts, its pool included. */
CHAOS_MUST_USE chaos_status rpc_pending_count(chaos_rpc *rpc, const chaos_address *address, uint64_t *count,
                                              chaos_error *err);

typedef struct rpc_fees { /* wei per gas */
    bool legacy;          /* the chain has no base fee: cap is the gas price */
    uint64_t base, tip, cap;
} rpc_fees;
/* What the chain asks now; cap is 2 * base + tip. Not limited to anything but `floor` for the tip. */
CHAOS_MUST_USE chaos_status rpc_ask_fees(chaos_rpc *rpc, uint64_t floor, rpc_fees *fees, chaos_error *err);

/* Does a node know the transaction, in its pool or in a block? */
CHAOS_MUST_USE chaos_status rpc_knows(chaos_rpc *rpc, const chaos_keccak *hash, bool *known, chaos_error *err);

typedef enum rpc_reception { /* of raw bytes by the nodes, the best of all answers */
    RPC_UNHEARD = 0,    /* no node answered: it may have arrived */
    RPC_REJECTED,       /* refused for what it is */
    RPC_TOO_CHEAP,      /* the fee is below what the node takes now */
    RPC_NO_FUNDS,
    RPC_UNDERPRICED,    /* a twin with the same nonce waits there and pays as much */
    RPC_NONCE_USED,     /* a transaction with this nonce is in a block */
    RPC_TAKEN           /* accepted, or known already */
} rpc_reception;
/* The same bytes to every usable endpoint. `failure` (may be NULL) gets what the one whose answer counts said. */
CHAOS_MUST_USE chaos_status rpc_broadcast(chaos_rpc *rpc, chaos_slice raw, const chaos_keccak *hash,
                                          rpc_reception *reception, rpc_failure *failure, chaos_error *err);
rpc_reception rpc_judge_reception(const rpc_failure *failure);

#endif
