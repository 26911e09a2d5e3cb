/* internal.h - statements, for the files of this folder. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

struct store {
    sqlite3 *db;
    pthread_mutex_t lock; /* recursive: held from store_begin on */
};

/* A statement under way. It holds the store's lock; end it by statement_end in any case. Binding counts up from 1,
 * columns from 0; failures are latched. */
typedef struct statement {
    store *s;
    sqlite3_stmt *handle;
    int bound, result;
    int column;
} statement;

statement statement_begin(store *s, const char *sql);
void bind_int(statement *q, int64_t value);
void bind_blob(statement *q, const void *bytes, size_t size);
void bind_text(statement *q, const char *text);
void bind_null(statement *q);
bool statement_row(statement *q); /* the next row; false: none, or a failure */
int64_t take_int(statement *q);
bool take_is_null(statement *q);  /* looks at the column, and stays there */
/* False (latched as a corrupt file) when the column does not have exactly `size` bytes. */
bool take_fixed(statement *q, void *out, size_t size);
bool take_blob(statement *q, chaos_buffer *out);
bool take_text(statement *q, char *out, size_t capacity);
CHAOS_MUST_USE chaos_status statement_end(statement *q, chaos_error *err);
/* For statements without rows. */
CHAOS_MUST_USE chaos_status statement_run(statement *q, chaos_error *err);
/* For one row: NOT_FOUND when there was none. */
CHAOS_MUST_USE chaos_status statement_end_row(statement *q, bool found, const char *what, chaos_error *err);

chaos_status store_failed(store *s, int result, chaos_error *err);

#endif
