/* rpc_proxy.h - what stands between a client and its node, and spoils what goes through: for tests. */
#ifndef SUPPORT_RPC_PROXY_H
#define SUPPORT_RPC_PROXY_H

#include "base/base.h"

typedef enum proxy_fault {
    PROXY_NONE = 0,
    PROXY_DROP,       /* not forwarded; the connection is closed */
    PROXY_LOSE,       /* forwarded, and the connection is closed before the answer */
    PROXY_DELAY,      /* answered after `number` milliseconds */
    PROXY_429,        /* not forwarded; Retry-After of `number` seconds */
    PROXY_502,        /* not forwarded; a page of HTML */
    PROXY_HTML,       /* the same with status 200 */
    PROXY_CUT,        /* half of the answer */
    PROXY_WRONG_ID,
    PROXY_WRONG_CHAIN, /* the answer to eth_chainId is 1 */
    PROXY_STALE,      /* every height that the node tells is `number` lower: eth_blockNumber, and blocks by "latest" */
    PROXY_TWICE,      /* the answer two times */
    PROXY_NUL_ERROR,  /* an error whose text has a NUL inside */
    PROXY_ERROR,      /* an error with this text */
    PROXY_NULL        /* not forwarded where the request has this text in it: the result is null, there is no such thing */
} proxy_fault;

typedef struct proxy_rule {
    const char *method; /* NULL: any */
    proxy_fault fault;
    unsigned number;
    unsigned times;     /* 0: always */
    const char *text;
} proxy_rule;

typedef struct rpc_proxy rpc_proxy;

rpc_proxy *rpc_proxy_start(const char *url); /* of the node: http://127.0.0.1:PORT */
const char *rpc_proxy_url(const rpc_proxy *p);
void rpc_proxy_target(rpc_proxy *p, const char *url); /* another node from now on */
/* Ended by a row of zeros; the first that fits and is not used up counts. */
void rpc_proxy_rules(rpc_proxy *p, const proxy_rule *rules);
unsigned rpc_proxy_count(rpc_proxy *p, const char *method); /* requests since the rules were set */
void rpc_proxy_stop(rpc_proxy *p);

#endif
