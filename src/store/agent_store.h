/* agent_store.h - what an agent keeps between starts: decisions by name, envelopes, receipts, contents. One file may
 * serve several agents, told apart by their scope. Everything is on the disk before a call returns. Not thread-safe:
 * the agent locks. Statuses: STORE, LOCKED, MEMORY. */
#ifndef STORE_AGENT_STORE_H
#define STORE_AGENT_STORE_H

#include "base/base.h"

typedef struct agent_store agent_store;

#define AGENT_SCOPE_SIZE 192        /* with NUL */
#define AGENT_STORE_KEY_SIZE 128    /* with NUL */
#define AGENT_STORE_MAX_VALUE (2u * 1024u * 1024u)
#define AGENT_STORE_MAX_CONTENT (16u * 1024u * 1024u)

CHAOS_MUST_USE chaos_status agent_store_open(const char *path, const char *scope, agent_store **kept,
                                             chaos_error *err);
void agent_store_close(agent_store *kept); /* NULL is allowed */

/* How many scopes that begin with `prefix` have a value of that name; `scope` is one of them, if there is any. */
CHAOS_MUST_USE chaos_status agent_store_find(const char *path, const char *prefix, const char *name,
                                             char scope[AGENT_SCOPE_SIZE], size_t *count, chaos_error *err);

/* Bytes by a name. `value` is appended to; *found false: there is none. */
CHAOS_MUST_USE chaos_status agent_store_get(agent_store *kept, const char *key, chaos_buffer *value, bool *found,
                                            chaos_error *err);
CHAOS_MUST_USE chaos_status agent_store_put(agent_store *kept, const char *key, chaos_slice value,
                                            chaos_error *err);

/* The same only where the name is free; *is_new false: it is not, and nothing was written. */
CHAOS_MUST_USE chaos_status agent_store_put_new(agent_store *kept, const char *key, chaos_slice value, bool *is_new,
                                                chaos_error *err);
/* Forgets the name if it still has these bytes. */
CHAOS_MUST_USE chaos_status agent_store_drop(agent_store *kept, const char *key, chaos_slice value,
                                             chaos_error *err);

/* Envelopes and contents by their keccak; the same again is no change. */
typedef enum agent_blob { AGENT_BLOB_ENVELOPE = 1, AGENT_BLOB_CONTENT = 2 } agent_blob;
CHAOS_MUST_USE chaos_status agent_store_put_blob(agent_store *kept, agent_blob kind, const chaos_keccak *hash,
                                                 chaos_slice bytes, chaos_error *err);
CHAOS_MUST_USE chaos_status agent_store_get_blob(agent_store *kept, agent_blob kind, const chaos_keccak *hash,
                                                 chaos_buffer *bytes, bool *found, chaos_error *err);

/* Receipts: an opaque record by sequence. Appending a sequence that is there is LOCKED: another process acts for the
 * same agent with the same store. */
#define AGENT_RECEIPT_MAX 4096
CHAOS_MUST_USE chaos_status agent_store_append_receipt(agent_store *kept, uint64_t sequence, chaos_slice record,
                                                       chaos_error *err);
CHAOS_MUST_USE chaos_status agent_store_receipt(agent_store *kept, uint64_t sequence, chaos_buffer *record,
                                                bool *found, chaos_error *err);
CHAOS_MUST_USE chaos_status agent_store_receipt_count(agent_store *kept, uint64_t *count, chaos_error *err);

#endif
