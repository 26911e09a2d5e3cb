/* progress.c - how far logs were read, and the headers that tell whether the chain is still the same. */
#include "store/internal.h"

enum {
    MAX_READER = 200
};

static chaos_status check_reader(const char *what, chaos_error *err)
{
    size_t length = what == NULL ? 0 : strnlen(what, MAX_READER + 1);
    return length >= 1 && length <= MAX_READER
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "reader", CHAOS_NO_OFFSET, "a reader's name has 1 to 200 bytes");
}

chaos_status store_checkpoint_get(store *s, uint64_t chain_id, const char *what, uint64_t *number,
                                  chaos_keccak *hash, chaos_error *err)
{
    chaos_keccak read;
    CHAOS_TRY(check_reader(what, err));
    statement q = statement_begin(s, "SELECT number, hash FROM checkpoint WHERE chain_id = ? AND reader = ?");
    bind_int(&q, (int64_t)chain_id);
    bind_text(&q, what);
    bool found = statement_row(&q);
    int64_t height = found ? take_int(&q) : 0;
    found = found && take_fixed(&q, read.bytes, sizeof read.bytes);
    CHAOS_TRY(statement_end_row(&q, found, "checkpoint", err));
    *number = (uint64_t)height;
    *hash = read;
    return CHAOS_OK;
}

chaos_status store_checkpoint_put(store *s, uint64_t chain_id, const char *what, uint64_t number,
                                  const chaos_keccak *hash, chaos_error *err)
{
    CHAOS_TRY(check_reader(what, err));
    statement q =
        statement_begin(s, "INSERT OR REPLACE INTO checkpoint(chain_id, reader, number, hash) VALUES(?,?,?,?)");
    bind_int(&q, (int64_t)chain_id);
    bind_text(&q, what);
    bind_int(&q, (int64_t)number);
    bind_blob(&q, hash->bytes, sizeof hash->bytes);
    return statement_run(&q, err);
}

chaos_status store_header_get(store *s, uint64_t chain_id, uint64_t number, store_header *header, chaos_error *err)
{
    store_header read = { .number = number };
    statement q = statement_begin(s, "SELECT hash, parent, timestamp FROM header WHERE chain_id = ? AND number = ?");
    bind_int(&q, (int64_t)chain_id);
    bind_int(&q, (int64_t)number);
    bool found = statement_row(&q) && take_fixed(&q, read.hash.bytes, sizeof read.hash.bytes) &&
                 take_fixed(&q, read.parent.bytes, sizeof read.parent.bytes);
    read.timestamp = found ? take_int(&q) : 0;
    CHAOS_TRY(statement_end_row(&q, found, "header", err));
    *header = read;
    return CHAOS_OK;
}

chaos_status store_header_put(store *s, uint64_t chain_id, const store_header *header, chaos_error *err)
{
    statement q = statement_begin(
        s, "INSERT OR REPLACE INTO header(chain_id, number, hash, parent, timestamp) VALUES(?,?,?,?,?)");
    bind_int(&q, (int64_t)chain_id);
    bind_int(&q, (int64_t)header->number);
    bind_blob(&q, header->hash.bytes, sizeof header->hash.bytes);
    bind_blob(&q, header->parent.bytes, sizeof header->parent.bytes);
    bind_int(&q, header->timestamp);
    return statement_run(&q, err);
}

chaos_status store_keep_headers(store *s, uint64_t chain_id, uint64_t first, uint64_t last, chaos_error *err)
{
    statement q = statement_begin(s, "DELETE FROM header WHERE chain_id = ? AND NOT (number BETWEEN ? AND ?)");
    bind_int(&q, (int64_t)chain_id);
    bind_int(&q, (int64_t)first);
    bind_int(&q, (int64_t)last);
    return statement_run(&q, err);
}
