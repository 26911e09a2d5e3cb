/* statement.c - SQL statements: bound, stepped, read, ended. */
#include "store/internal.h"

#include <string.h>

/* Which file, for who is to look at it. */
static void name_file(const store *s, chaos_error *err)
{
    char quoted[100];
    const char *path = s == NULL ? NULL : sqlite3_db_filename(s->db, "main");
    if (path != NULL && path[0] != '\0') {
        error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(path)));
    }
}

/* What the system said of it, where SQLite has only "disk I/O error". */
static const char *system_words(const store *s, int primary)
{
    const bool asked_it = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    const int reason = s == NULL || !asked_it ? 0 : sqlite3_system_errno(s->db);
    return reason == 0 ? NULL : strerror(reason);
}

chaos_status store_failed(store *s, int result, chaos_error *err)
{
    char reason[120];
    int primary = result & 0xff;
    if (primary == SQLITE_NOMEM) {
        return error_set(err, CHAOS_E_MEMORY, "store", CHAOS_NO_OFFSET, NULL);
    }
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        (void)error_set(err, CHAOS_E_LOCKED, "store", CHAOS_NO_OFFSET, "another process holds the store");
        name_file(s, err);
        return CHAOS_E_LOCKED;
    }
    const char *system = system_words(s, primary);
    const char *why =
        s != NULL && sqlite3_extended_errcode(s->db) == result ? sqlite3_errmsg(s->db) : sqlite3_errstr(result);
    (void)error_set(err, CHAOS_E_STORE, "store", CHAOS_NO_OFFSET, "the store cannot be used: %s%s%s",
                    error_quote(reason, sizeof reason, slice_text(why)), system == NULL ? "" : ": ",
                    system == NULL ? "" : system);
    name_file(s, err);
    return CHAOS_E_STORE;
}

statement statement_begin(store *s, const char *sql)
{
    statement q = { .s = s, .result = SQLITE_OK };
    pthread_mutex_lock(&s->lock);
    q.result = sqlite3_prepare_v2(s->db, sql, -1, &q.handle, NULL);
    return q;
}

static bool is_fine(const statement *q)
{
    return q->result == SQLITE_OK || q->result == SQLITE_ROW || q->result == SQLITE_DONE;
}

void bind_int(statement *q, int64_t value)
{
    if (is_fine(q)) {
        q->result = sqlite3_bind_int64(q->handle, ++q->bound, value);
    }
}

void bind_blob(statement *q, const void *bytes, size_t size)
{
    if (is_fine(q)) {
        q->result = sqlite3_bind_blob64(q->handle, ++q->bound, size == 0 ? "" : bytes, size, SQLITE_TRANSIENT);
    }
}

void bind_text(statement *q, const char *text)
{
    if (is_fine(q)) {
        q->result = sqlite3_bind_text(q->handle, ++q->bound, text, -1, SQLITE_TRANSIENT);
    }
}

void bind_null(statement *q)
{
    if (is_fine(q)) {
        q->result = sqlite3_bind_null(q->handle, ++q->bound);
    }
}

bool statement_row(statement *q)
{
    if (is_fine(q)) {
        q->result = sqlite3_step(q->handle);
        q->column = 0;
    }
    return q->result == SQLITE_ROW;
}

int64_t take_int(statement *q)
{
    return sqlite3_column_int64(q->handle, q->column++);
}

bool take_is_null(statement *q)
{
    return sqlite3_column_type(q->handle, q->column) == SQLITE_NULL;
}

/* The bytes of a column live until the next step. */
static chaos_slice take_bytes(statement *q)
{
    const void *bytes = sqlite3_column_blob(q->handle, q->column);
    int size = sqlite3_column_bytes(q->handle, q->column++);
    return slice(bytes, bytes == NULL || size < 0 ? 0 : (size_t)size);
}

bool take_fixed(statement *q, void *out, size_t size)
{
    chaos_slice bytes = take_bytes(q);
    if (bytes.size != size || bytes.data == NULL) {
        q->result = SQLITE_CORRUPT;
        return false;
    }
    memcpy(out, bytes.data, size);
    return true;
}

bool take_blob(statement *q, chaos_buffer *out)
{
    bool ok = buffer_append(out, take_bytes(q));
    if (!ok) {
        q->result = SQLITE_NOMEM;
    }
    return ok;
}

bool take_text(statement *q, char *out, size_t capacity)
{
    chaos_slice text = take_bytes(q);
    if (text.size >= capacity || (text.size > 0 && memchr(text.data, 0, text.size) != NULL)) {
        q->result = SQLITE_CORRUPT;
        return false;
    }
    if (text.size > 0) {
        memcpy(out, text.data, text.size);
    }
    out[text.size] = '\0';
    return true;
}

chaos_status statement_end(statement *q, chaos_error *err)
{
    int result = q->result;
    chaos_status status = is_fine(q) ? CHAOS_OK : store_failed(q->s, result, err); /* before the message changes */
    (void)sqlite3_finalize(q->handle);
    q->handle = NULL;
    pthread_mutex_unlock(&q->s->lock);
    return status;
}

chaos_status statement_run(statement *q, chaos_error *err)
{
    while (statement_row(q)) {
    }
    return statement_end(q, err);
}

chaos_status statement_end_row(statement *q, bool found, const char *what, chaos_error *err)
{
    CHAOS_TRY(statement_end(q, err));
    return found ? CHAOS_OK
                 : error_set(err, CHAOS_E_NOT_FOUND, what, CHAOS_NO_OFFSET, "the store has no such %s", what);
}
