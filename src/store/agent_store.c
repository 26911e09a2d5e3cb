/* agent_store.c - values, blobs and receipts of one scope. */
#include "store/agent_store.h"

#include "store/internal.h"

struct agent_store {
    store *s;
    char scope[AGENT_SCOPE_SIZE];
};

chaos_status agent_store_open(const char *path, const char *scope, agent_store **kept, chaos_error *err)
{
    agent_store *made;

    if (strlen(scope) >= AGENT_SCOPE_SIZE) {
        return error_set(err, CHAOS_E_LIMIT, "scope", CHAOS_NO_OFFSET, NULL);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    memcpy(made->scope, scope, strlen(scope) + 1);
    chaos_status status = store_open(path, &made->s, err);
    if (status != CHAOS_OK) {
        free(made);
        return status;
    }
    *kept = made;
    return CHAOS_OK;
}

void agent_store_close(agent_store *kept)
{
    if (kept != NULL) {
        store_free(kept->s);
        free(kept);
    }
}

static chaos_status find_scopes(store *s, const char *prefix, const char *name, char scope[AGENT_SCOPE_SIZE],
                                size_t *count, chaos_error *err)
{
    statement q = statement_begin(s, "SELECT scope FROM agent_value WHERE name = ? AND substr(scope, 1, ?) = ?");
    bind_text(&q, name);
    bind_int(&q, (int64_t)strlen(prefix));
    bind_text(&q, prefix);
    *count = 0;
    while (statement_row(&q) && take_text(&q, scope, AGENT_SCOPE_SIZE)) {
        ++*count;
    }
    return statement_end(&q, err);
}

chaos_status agent_store_find(const char *path, const char *prefix, const char *name, char scope[AGENT_SCOPE_SIZE],
                              size_t *count, chaos_error *err)
{
    store *s = NULL;

    CHAOS_TRY(store_open(path, &s, err));
    chaos_status status = find_scopes(s, prefix, name, scope, count, err);
    store_free(s);
    return status;
}

/* The row's one column, if there is a row. */
static chaos_status end_blob(statement *q, chaos_buffer *out, bool *found, chaos_error *err)
{
    *found = statement_row(q);
    if (*found) {
        (void)take_blob(q, out); /* a failure is latched */
    }
    return statement_end(q, err);
}

/* ----------------------------------------------------------------- values ---- */

chaos_status agent_store_get(agent_store *kept, const char *key, chaos_buffer *value, bool *found, chaos_error *err)
{
    statement q = statement_begin(kept->s, "SELECT value FROM agent_value WHERE scope = ? AND name = ?");
    bind_text(&q, kept->scope);
    bind_text(&q, key);
    return end_blob(&q, value, found, err);
}

chaos_status agent_store_put(agent_store *kept, const char *key, chaos_slice value, chaos_error *err)
{
    if (value.size > AGENT_STORE_MAX_VALUE) {
        return error_set(err, CHAOS_E_LIMIT, "value", CHAOS_NO_OFFSET, NULL);
    }
    statement q = statement_begin(kept->s, "INSERT INTO agent_value(scope, name, value) VALUES(?, ?, ?)"
                                           " ON CONFLICT(scope, name) DO UPDATE SET value = excluded.value");
    bind_text(&q, kept->scope);
    bind_text(&q, key);
    bind_blob(&q, value.data, value.size);
    return statement_run(&q, err);
}

static chaos_status put_where_free(agent_store *kept, const char *key, chaos_slice value, bool *is_new,
                                   chaos_error *err)
{
    CHAOS_AUTO_BUFFER(there, AGENT_STORE_MAX_VALUE);
    bool found = false;

    CHAOS_TRY(agent_store_get(kept, key, &there, &found, err));
    *is_new = !found;
    return found ? CHAOS_OK : agent_store_put(kept, key, value, err);
}

chaos_status agent_store_put_new(agent_store *kept, const char *key, chaos_slice value, bool *is_new, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(store_begin(kept->s, err));
    status = put_where_free(kept, key, value, is_new, err);
    if (status != CHAOS_OK) {
        store_rollback(kept->s);
        return status;
    }
    return store_commit(kept->s, err);
}

chaos_status agent_store_drop(agent_store *kept, const char *key, chaos_slice value, chaos_error *err)
{
    statement q = statement_begin(kept->s, "DELETE FROM agent_value WHERE scope = ? AND name = ? AND value = ?");
    bind_text(&q, kept->scope);
    bind_text(&q, key);
    bind_blob(&q, value.data, value.size);
    return statement_run(&q, err);
}

/* ------------------------------------------------------------------ blobs ---- */

chaos_status agent_store_put_blob(agent_store *kept, agent_blob kind, const chaos_keccak *hash, chaos_slice bytes,
                                  chaos_error *err)
{
    if (bytes.size > AGENT_STORE_MAX_CONTENT) {
        return error_set(err, CHAOS_E_USAGE, "content", CHAOS_NO_OFFSET, "more than %u bytes are not kept",
                         AGENT_STORE_MAX_CONTENT);
    }
    statement q =
        statement_begin(kept->s, "INSERT OR IGNORE INTO agent_blob(scope, kind, hash, bytes) VALUES(?, ?, ?, ?)");
    bind_text(&q, kept->scope);
    bind_int(&q, kind);
    bind_blob(&q, hash->bytes, sizeof hash->bytes);
    bind_blob(&q, bytes.data, bytes.size);
    return statement_run(&q, err);
}

chaos_status agent_store_get_blob(agent_store *kept, agent_blob kind, const chaos_keccak *hash, chaos_buffer *bytes,
                                  bool *found, chaos_error *err)
{
    statement q =
        statement_begin(kept->s, "SELECT bytes FROM agent_blob WHERE scope = ? AND kind = ? AND hash = ?");
    bind_text(&q, kept->scope);
    bind_int(&q, kind);
    bind_blob(&q, hash->bytes, sizeof hash->bytes);
    return end_blob(&q, bytes, found, err);
}

/* --------------------------------------------------------------- receipts ---- */

/* The next one, and no other: two processes with one store and one agent are told apart here. */
chaos_status agent_store_append_receipt(agent_store *kept, uint64_t sequence, chaos_slice record, chaos_error *err)
{
    uint64_t count = 0;
    chaos_status status;

    CHAOS_TRY(store_begin(kept->s, err));
    status = agent_store_receipt_count(kept, &count, err);
    if (status == CHAOS_OK && count != sequence) {
        (void)error_set(err, CHAOS_E_LOCKED, "sequence", CHAOS_NO_OFFSET,
                        "another process writes receipts of this agent into this store");
        error_expected(err, "%llu", (unsigned long long)count);
        error_found(err, "%llu", (unsigned long long)sequence);
        status = CHAOS_E_LOCKED;
    }
    if (status == CHAOS_OK) {
        statement q = statement_begin(kept->s, "INSERT INTO agent_receipt(scope, sequence, record) VALUES(?, ?, ?)");
        bind_text(&q, kept->scope);
        bind_int(&q, (int64_t)sequence);
        bind_blob(&q, record.data, record.size);
        status = statement_run(&q, err);
    }
    if (status != CHAOS_OK) {
        store_rollback(kept->s);
        return status;
    }
    return store_commit(kept->s, err);
}

chaos_status agent_store_receipt(agent_store *kept, uint64_t sequence, chaos_buffer *record, bool *found,
                                 chaos_error *err)
{
    statement q = statement_begin(kept->s, "SELECT record FROM agent_receipt WHERE scope = ? AND sequence = ?");
    bind_text(&q, kept->scope);
    bind_int(&q, (int64_t)sequence);
    return end_blob(&q, record, found, err);
}

chaos_status agent_store_receipt_count(agent_store *kept, uint64_t *count, chaos_error *err)
{
    statement q = statement_begin(kept->s, "SELECT coalesce(max(sequence) + 1, 0) FROM agent_receipt WHERE scope = ?");
    bool found;

    bind_text(&q, kept->scope);
    found = statement_row(&q);
    if (found) {
        *count = (uint64_t)take_int(&q);
    }
    return statement_end(&q, err);
}
