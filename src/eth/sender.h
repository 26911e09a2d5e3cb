/* sender.h - the sender from the inside.
 *
 *   sender.c         open, find, outcomes; send, submit, wait
 *   sender_submit.c  an intent into the journal, signed, sent
 *   sender_look.c    what became of it on the chain, and what that asks for
 *   sender_fees.c    what to pay, and how much more for a second attempt
 *   sender_other.c   resume, cancel, dry run
 *
 * States go forward by what the chain says, and back when a reorganisation takes a block away. What never changes is
 * the nonce of an intent: whatever is signed for it has that nonce, so the chain itself does it at most once. */
#ifndef ETH_SENDER_H
#define ETH_SENDER_H

#include "eth/rpc.h"
#include "store/store.h"

#define SENDER_MAX_GAS 16777216u /* of one transaction: EIP-7825 */
#define SENDER_GAP_NONCES 16     /* before one's own that are sent again in one look */
#define SENDER_STUCK_BLOCKS 3    /* underpaid for so long: replaced */
#define SENDER_TAKEN_LOOKS 5     /* so often without a receipt though the nonce is used: taken */

struct chaos_sender {
    chaos_rpc *rpc;
    const chaos_account *account;
    store *journal; /* NULL in a dry run */
    journal_account who;
    uint32_t confirmations, deadline_ms, poll_ms;
    uint64_t max_fee, min_tip; /* wei per gas */
    bool dry_run;
    chaos_rpc_log_function *log;
    void *log_context;
};

CHAOS_CLEANUP(chaos_sender);

void sender_log(const chaos_sender *sender, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sender_outcome(const journal_entry *entry, bool was_done, chaos_outcome *outcome);
/* OK, or REVERTED with the reason that the journal has. */
chaos_status sender_verdict(const journal_entry *entry, chaos_error *err);

/* ----------------------------------------------------------------- submit ---- */

chaos_status sender_check_intent(const chaos_intent *intent, chaos_error *err);
chaos_status sender_check_name(const char *name, chaos_error *err);
/* The intent's entry, made if need be. */
CHAOS_MUST_USE chaos_status sender_plan(chaos_sender *sender, const chaos_intent *intent, journal_entry *entry,
                                        chaos_error *err);
/* Signed, if it is not yet, and sent. */
CHAOS_MUST_USE chaos_status sender_push(chaos_sender *sender, journal_entry *entry, chaos_error *err);
/* The gas that the intent may use: its own limit, or the estimate and a fifth. */
CHAOS_MUST_USE chaos_status sender_gas(chaos_sender *sender, const journal_entry *entry, uint64_t *estimate,
                                       uint64_t *limit, chaos_error *err);
/* The next nonce as the nodes count, the highest of their answers. */
CHAOS_MUST_USE chaos_status sender_pending(chaos_sender *sender, uint64_t *count, chaos_error *err);
void sender_entry_of(const chaos_intent *intent, journal_entry *entry); /* data are lent */

/* One more transaction for the entry's nonce, signed and written down, unless the entry is done or somebody else has
 * added one since `known` attempts were there. */
typedef struct sender_attempt {
    bool cancels;
    rpc_fees fees;
    uint64_t gas_limit, head;
    unsigned known;
} sender_attempt;
CHAOS_MUST_USE chaos_status sender_sign(chaos_sender *sender, journal_entry *entry, const sender_attempt *plan,
                                        uint64_t pending, chaos_error *err);
/* The newest attempt to the nodes. */
CHAOS_MUST_USE chaos_status sender_broadcast(chaos_sender *sender, const journal_entry *entry,
                                             rpc_reception *reception, chaos_error *err);

/* ------------------------------------------------------------------- fees ---- */

/* What the chain asks, within the caller's ceiling; FEE_LIMIT. */
CHAOS_MUST_USE chaos_status sender_fees(const chaos_sender *sender, rpc_fees *fees, chaos_error *err);
/* The same for a twin of `old`: an eighth more at least, rounded up. Pure. FEE_LIMIT. */
CHAOS_MUST_USE chaos_status sender_raise(uint64_t old_cap, uint64_t old_tip, uint64_t max_fee, rpc_fees *fees,
                                         chaos_error *err);
/* FEE_LIMIT when the ceiling is below what a block takes now; else the cap is cut to it. Pure. */
CHAOS_MUST_USE chaos_status sender_limit(uint64_t max_fee, rpc_fees *fees, chaos_error *err);

/* ------------------------------------------------------------------- look ---- */

typedef struct sender_view { /* of one wait, from look to look */
    unsigned taken;          /* looks in a row that found the nonce used by something else */
    bool fee_limited;        /* it is stuck, and the ceiling forbids to pay more */
    chaos_error fee_error;
} sender_view;

/* Looks once, writes what changed into the journal, and does what it asks for: send again, pay more. */
CHAOS_MUST_USE chaos_status sender_look(chaos_sender *sender, journal_entry *entry, sender_view *view,
                                        chaos_error *err);
CHAOS_MUST_USE chaos_status sender_wait_entry(chaos_sender *sender, journal_entry *entry, chaos_error *err);

#endif
