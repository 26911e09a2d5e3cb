/* node.h - a node for tests that answers what it is told: results and errors by method, with every kind of trouble. */
#ifndef SUPPORT_NODE_H
#define SUPPORT_NODE_H

#include "base/base.h"

typedef enum node_trouble {
    NODE_FINE = 0,
    NODE_STATUS,       /* HTTP `number` with a page of HTML, and `text` as Retry-After when there is one */
    NODE_HTML,         /* 200 with a page of HTML */
    NODE_CUT,          /* half of the JSON */
    NODE_OTHER_ID,
    NODE_STRING_ID,
    NODE_NO_ID,
    NODE_BOTH,         /* result and error */
    NODE_NEITHER,
    NODE_TWICE,        /* the same answer a second time behind it */
    NODE_SLOW,         /* after `number` milliseconds */
    NODE_GONE          /* the connection is closed */
} node_trouble;

/* The first row whose method fits, and whose part (if any) stands in the parameters, answers; one with `times` > 0 so
 * many times only. NULL as method: any. A table ends with a row of zeros. */
typedef struct node_row {
    const char *method;
    const char *part;
    const char *result;  /* JSON of the result ... */
    const char *error;   /* ... or of the error */
    node_trouble trouble;
    unsigned number;
    const char *text;
    unsigned times;
} node_row;

typedef struct node node;

/* Chain 31337 unless a row answers eth_chainId; eth_blockNumber is 0x64 unless a row answers it; what no row answers
 * is "Method not found". */
node *node_start(const node_row *rows);
void node_stop(node *n);
const char *node_url(const node *n);
void node_play(node *n, const node_row *rows); /* from now on; counts begin anew */
void node_disconnect(node *n);                 /* the next answer is the last one of its connection */
unsigned node_count(node *n, const char *method); /* requests so far, of all methods when NULL */
/* The parameters of the last request of this method; "" if there was none. Lent until the next request. */
const char *node_params(node *n, const char *method);

#endif
