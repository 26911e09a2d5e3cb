/* chain.h - what tests of the chain share: an anvil behind a proxy, an account with money, a sender with its journal. */
#ifndef SUPPORT_CHAIN_H
#define SUPPORT_CHAIN_H

#include "eth/sender.h"
#include "tests/support/anvil.h"
#include "tests/support/rpc_proxy.h"

typedef struct chain {
    anvil *node;
    rpc_proxy *proxy;
    char folder[64], journal[96], state[96], began[24];
    chaos_account *account;
    chaos_rpc *rpc;
    chaos_sender *sender;
    char log[65536];
    size_t logged;
    pthread_mutex_t log_lock;
    bool with_state;
} chain;

/* Options of the sender that tests change; zeros are what the sender's are. */
typedef struct chain_options {
    uint32_t confirmations, deadline_ms;
    uint64_t max_fee;
    bool with_state, dry_run;
} chain_options;

void chain_begin(chain *c, const chain_options *options);
void chain_end(chain *c);
/* The client's side anew, as a restarted program would make it. */
void chain_reopen(chain *c, const chain_options *options);
chaos_account *chain_account(void); /* with a new key */
void chain_give(chain *c, const chaos_account *account, const char *wei_hex);
/* The method must succeed. */
void chain_do(chain *c, const char *method, const char *params);
void chain_restart(chain *c, bool kill); /* from its state */
void chain_stop(chain *c);               /* nobody answers from now on; it has written its state */
void chain_start(chain *c);
uint64_t chain_nonce(chain *c, const chaos_account *account);
/* The intent to send `value` wei to the receiver number `to`, which nobody else uses. */
chaos_intent chain_transfer(const char *name, uint64_t to, uint64_t value);
uint64_t chain_received(chain *c, uint64_t to);
bool chain_logged(chain *c, const char *part);

#endif
