/* store.h - what must outlive the process, in one file: the journal of transactions, and how far logs were read. The
 * only user of SQLite.
 *
 * The file has mode 0600, belongs to the user and is no symbolic link. What a call has written when it returns OK
 * survives a crash of the program and of the machine (write-ahead log, synchronous = FULL). Threads share a store, and
 * processes a file; it must lie on a local file system. Statuses: STORE (with SQLite's reason), LOCKED when others hold
 * it for ten seconds, NOT_FOUND, MEMORY. Nothing in it is secret, but it says what was done with which account. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"

#define STORE_SCHEMA 1 /* a file with a higher number is refused */

typedef struct store store;

/* Made when it is not there; its folder must exist. */
CHAOS_MUST_USE chaos_status store_open(const char *path, store **opened, chaos_error *err);
void store_free(store *s); /* NULL is allowed */
void store_patience(store *s, uint32_t ms); /* how long to wait for others, instead of ten seconds */
CHAOS_CLEANUP(store);

/* Everything between is one transaction; nobody else writes meanwhile, no thread of this process even reads. Be brief.
 * Pairs do not nest. Each call below is a transaction of its own outside of one. */
CHAOS_MUST_USE chaos_status store_begin(store *s, chaos_error *err);
CHAOS_MUST_USE chaos_status store_commit(store *s, chaos_error *err);
void store_rollback(store *s);

/* The chain's first block is remembered the first time; CHAIN_ID when it is another one later: a local chain was begun
 * anew, and what is written here is not of it. */
CHAOS_MUST_USE chaos_status store_chain(store *s, uint64_t chain_id, const chaos_keccak *genesis, chaos_error *err);

/* ---------------------------------------------------------------- journal ---- */

typedef enum journal_state { /* the numbers are in files: as chaos_intent_state */
    JOURNAL_PLANNED = 1, JOURNAL_SENT, JOURNAL_INCLUDED, JOURNAL_CONFIRMED, JOURNAL_REVERTED, JOURNAL_ABANDONED
} journal_state;

static inline bool journal_is_done(journal_state state)
{
    return state >= JOURNAL_CONFIRMED;
}

typedef struct journal_account { /* whose journal */
    uint64_t chain_id;
    chaos_address sender;
} journal_account;

#define JOURNAL_NAME_SIZE 129 /* with NUL */
#define JOURNAL_REASON_SIZE 200
#define JOURNAL_MAX_ATTEMPTS 64 /* of one intent */

/* One intent: what is to be done, once, and how far it is. */
typedef struct journal_entry {
    int64_t id;
    char name[JOURNAL_NAME_SIZE];
    chaos_keccak content; /* hash of what follows, as the caller makes it */
    bool has_to;
    chaos_address to;
    chaos_u256 value;
    chaos_buffer data;    /* owned */
    uint64_t gas_limit;   /* asked for by the caller; 0: none */
    /* from here on journal_update writes */
    journal_state state;
    bool has_nonce;
    uint64_t nonce;
    chaos_keccak hash;    /* of the attempt that counts */
    uint64_t block_number;
    chaos_keccak block_hash;
    uint64_t gas_used;
    chaos_u256 gas_price;
    char reason[JOURNAL_REASON_SIZE]; /* why the contract refused */
    unsigned attempts;    /* counted when it is read */
} journal_entry;

void journal_entry_clear(journal_entry *entry);
static inline void journal_entry_cleanup(journal_entry *entry)
{
    journal_entry_clear(entry);
}
#define JOURNAL_AUTO_ENTRY(name) __attribute__((cleanup(journal_entry_cleanup))) journal_entry name = { 0 }

/* All that is not done, by nonce; those without one come last. At most `capacity`
 * ids are given. */
CHAOS_MUST_USE chaos_status journal_unfinished(store *s, const journal_account *account, int64_t *ids,
                                               size_t capacity, size_t *count, chaos_error *err);
CHAOS_MUST_USE chaos_status journal_add(store *s, const journal_account *account, journal_entry *entry,
                                        chaos_error *err);
CHAOS_MUST_USE chaos_status journal_find(store *s, const journal_account *account, const char *name,
                                         journal_entry *entry, chaos_error *err);
CHAOS_MUST_USE chaos_status journal_read(store *s, int64_t id, journal_entry *entry, chaos_error *err);
CHAOS_MUST_USE chaos_status journal_by_nonce(store *s, const journal_account *account, uint64_t nonce,
                                             journal_entry *entry, chaos_error *err);
CHAOS_MUST_USE chaos_status journal_update(store *s, const journal_entry *entry, chaos_error *err);
/* One more than the highest nonce that was ever given out here; 0 if none was. */
CHAOS_MUST_USE chaos_status journal_next_nonce(store *s, const journal_account *account, uint64_t *nonce,
                                               chaos_error *err);

/* One signed transaction of an intent. All of an intent's have its nonce, so one of them at most gets into a block. */
typedef struct journal_attempt {
    chaos_keccak hash;
    bool cancels;         /* gives the intent up instead of doing it */
    bool legacy;
    uint64_t cap, tip;    /* wei per gas */
    uint64_t gas_limit;
    int64_t signed_at;    /* Unix seconds */
    uint64_t signed_head; /* the chain's height then */
    chaos_buffer raw;     /* owned */
} journal_attempt;

CHAOS_MUST_USE chaos_status journal_attempt_add(store *s, int64_t id, const journal_attempt *attempt,
                                                chaos_error *err);
/* The oldest is number 0; NOT_FOUND beyond the newest. */
CHAOS_MUST_USE chaos_status journal_attempt_read(store *s, int64_t id, unsigned number, journal_attempt *attempt,
                                                 chaos_error *err);
void journal_attempt_clear(journal_attempt *attempt);
static inline void journal_attempt_cleanup(journal_attempt *attempt)
{
    journal_attempt_clear(attempt);
}
#define JOURNAL_AUTO_ATTEMPT(name) __attribute__((cleanup(journal_attempt_cleanup))) journal_attempt name = { 0 }

/* ------------------------------------------------------- how far was read ---- */

typedef struct store_header {
    uint64_t number;
    chaos_keccak hash, parent;
    int64_t timestamp;
} store_header;

/* `what` names what is read (which addresses, which topics): 1 to 200 bytes of text. */
CHAOS_MUST_USE chaos_status store_checkpoint_get(store *s, uint64_t chain_id, const char *what, uint64_t *number,
                                                 chaos_keccak *hash, chaos_error *err);
CHAOS_MUST_USE chaos_status store_checkpoint_put(store *s, uint64_t chain_id, const char *what, uint64_t number,
                                                 const chaos_keccak *hash, chaos_error *err);

/* Headers of a chain, one a height. Put replaces; keep_headers forgets all outside first..last. */
CHAOS_MUST_USE chaos_status store_header_get(store *s, uint64_t chain_id, uint64_t number, store_header *header,
                                             chaos_error *err);
CHAOS_MUST_USE chaos_status store_header_put(store *s, uint64_t chain_id, const store_header *header,
                                             chaos_error *err);
CHAOS_MUST_USE chaos_status store_keep_headers(store *s, uint64_t chain_id, uint64_t first, uint64_t last,
                                               chaos_error *err);

#endif
