/* journal.c - intents and the transactions signed for them. */
#include "store/internal.h"

enum {
    MAX_DATA = 128 * 1024,
    MAX_RAW = 256 * 1024
};

void journal_entry_clear(journal_entry *entry)
{
    chaos_buffer_free(&entry->data);
    memset(entry, 0, sizeof *entry);
}

void journal_attempt_clear(journal_attempt *attempt)
{
    chaos_buffer_free(&attempt->raw);
    memset(attempt, 0, sizeof *attempt);
}

static void bind_account(statement *q, const journal_account *account)
{
    bind_int(q, (int64_t)account->chain_id);
    bind_blob(q, account->sender.bytes, sizeof account->sender.bytes);
}

/* ----------------------------------------------------------------- intent ---- */

#define ENTRY_COLUMNS                                                                                               \
    "id, name, content, recipient, value, data, gas_limit, state, nonce, hash, block_number, block_hash, gas_used," \
    " gas_price, reason, (SELECT count(*) FROM attempt WHERE attempt.intent = intent.id)"

static bool take_recipient(statement *q, journal_entry *e)
{
    e->has_to = !take_is_null(q);
    if (!e->has_to) {
        q->column++;
        return true;
    }
    return take_fixed(q, e->to.bytes, sizeof e->to.bytes);
}

static bool take_progress(statement *q, journal_entry *e)
{
    e->state = (journal_state)take_int(q);
    e->has_nonce = !take_is_null(q);
    e->nonce = (uint64_t)take_int(q);
    bool ok = take_fixed(q, e->hash.bytes, sizeof e->hash.bytes);
    e->block_number = (uint64_t)take_int(q);
    ok = ok && take_fixed(q, e->block_hash.bytes, sizeof e->block_hash.bytes);
    e->gas_used = (uint64_t)take_int(q);
    ok = ok && take_fixed(q, e->gas_price.bytes, sizeof e->gas_price.bytes) &&
         take_text(q, e->reason, sizeof e->reason);
    e->attempts = (unsigned)take_int(q);
    if (ok && (e->state < JOURNAL_PLANNED || e->state > JOURNAL_ABANDONED)) {
        q->result = SQLITE_CORRUPT;
        ok = false;
    }
    return ok;
}

static bool take_entry(statement *q, journal_entry *e)
{
    if (!statement_row(q)) {
        return false;
    }
    e->data.limit = MAX_DATA;
    e->id = take_int(q);
    bool ok = take_text(q, e->name, sizeof e->name) && take_fixed(q, e->content.bytes, sizeof e->content.bytes) &&
              take_recipient(q, e) && take_fixed(q, e->value.bytes, sizeof e->value.bytes) && take_blob(q, &e->data);
    e->gas_limit = ok ? (uint64_t)take_int(q) : 0;
    return ok && take_progress(q, e);
}

/* `entry` is replaced only when the statement gives one. */
static chaos_status read_entry(statement *q, journal_entry *entry, chaos_error *err)
{
    JOURNAL_AUTO_ENTRY(made);
    bool found = take_entry(q, &made);
    CHAOS_TRY(statement_end_row(q, found, "intent", err));
    journal_entry_clear(entry);
    *entry = made;
    made.data = (chaos_buffer)CHAOS_BUFFER_INIT(0);
    return CHAOS_OK;
}

chaos_status journal_find(store *s, const journal_account *account, const char *name, journal_entry *entry,
                          chaos_error *err)
{
    statement q =
        statement_begin(s, "SELECT " ENTRY_COLUMNS " FROM intent WHERE chain_id = ? AND sender = ? AND name = ?");
    bind_account(&q, account);
    bind_text(&q, name);
    return read_entry(&q, entry, err);
}

chaos_status journal_read(store *s, int64_t id, journal_entry *entry, chaos_error *err)
{
    statement q = statement_begin(s, "SELECT " ENTRY_COLUMNS " FROM intent WHERE id = ?");
    bind_int(&q, id);
    return read_entry(&q, entry, err);
}

chaos_status journal_by_nonce(store *s, const journal_account *account, uint64_t nonce, journal_entry *entry,
                              chaos_error *err)
{
    statement q =
        statement_begin(s, "SELECT " ENTRY_COLUMNS " FROM intent WHERE chain_id = ? AND sender = ? AND nonce = ?");
    bind_account(&q, account);
    bind_int(&q, (int64_t)nonce);
    return read_entry(&q, entry, err);
}

static void bind_progress(statement *q, const journal_entry *e)
{
    bind_int(q, e->state);
    if (e->has_nonce) {
        bind_int(q, (int64_t)e->nonce);
    } else {
        bind_null(q);
    }
    bind_blob(q, e->hash.bytes, sizeof e->hash.bytes);
    bind_int(q, (int64_t)e->block_number);
    bind_blob(q, e->block_hash.bytes, sizeof e->block_hash.bytes);
    bind_int(q, (int64_t)e->gas_used);
    bind_blob(q, e->gas_price.bytes, sizeof e->gas_price.bytes);
    bind_text(q, e->reason);
}

chaos_status journal_add(store *s, const journal_account *account, journal_entry *entry, chaos_error *err)
{
    statement q = statement_begin(
        s,
        "INSERT INTO intent(chain_id, sender, name, content, recipient, value, data, gas_limit, state, nonce, hash,"
        " block_number, block_hash, gas_used, gas_price, reason) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING "
        "id");
    bind_account(&q, account);
    bind_text(&q, entry->name);
    bind_blob(&q, entry->content.bytes, sizeof entry->content.bytes);
    if (entry->has_to) {
        bind_blob(&q, entry->to.bytes, sizeof entry->to.bytes);
    } else {
        bind_null(&q);
    }
    bind_blob(&q, entry->value.bytes, sizeof entry->value.bytes);
    bind_blob(&q, entry->data.data, entry->data.size);
    bind_int(&q, (int64_t)entry->gas_limit);
    bind_progress(&q, entry);
    int64_t id = statement_row(&q) ? take_int(&q) : 0;
    if (id != 0) {
        (void)statement_row(&q); /* to its end: that is what commits */
    }
    CHAOS_TRY(statement_end(&q, err));
    entry->id = id;
    return CHAOS_OK;
}

chaos_status journal_update(store *s, const journal_entry *entry, chaos_error *err)
{
    statement q = statement_begin(
        s, "UPDATE intent SET state = ?, nonce = ?, hash = ?, block_number = ?, block_hash = ?, gas_used = ?,"
           " gas_price = ?, reason = ? WHERE id = ?");
    bind_progress(&q, entry);
    bind_int(&q, entry->id);
    return statement_run(&q, err);
}

chaos_status journal_next_nonce(store *s, const journal_account *account, uint64_t *nonce, chaos_error *err)
{
    statement q =
        statement_begin(s, "SELECT coalesce(max(nonce) + 1, 0) FROM intent WHERE chain_id = ? AND sender = ?");
    bind_account(&q, account);
    bool found = statement_row(&q);
    int64_t next = found ? take_int(&q) : 0;
    CHAOS_TRY(statement_end_row(&q, found, "nonce", err));
    *nonce = (uint64_t)next;
    return CHAOS_OK;
}

chaos_status journal_unfinished(store *s, const journal_account *account, int64_t *ids, size_t capacity,
                                size_t *count, chaos_error *err)
{
    size_t n = 0;
    statement q = statement_begin(s, "SELECT id FROM intent WHERE chain_id = ? AND sender = ? AND state < ?"
                                     " ORDER BY nonce IS NULL, nonce, id");
    bind_account(&q, account);
    bind_int(&q, JOURNAL_CONFIRMED);
    while (n < capacity && statement_row(&q)) {
        ids[n++] = take_int(&q);
    }
    CHAOS_TRY(statement_end(&q, err));
    *count = n;
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- attempt ---- */

chaos_status journal_attempt_add(store *s, int64_t id, const journal_attempt *attempt, chaos_error *err)
{
    statement q = statement_begin(
        s,
        "INSERT INTO attempt(intent, number, hash, cancels, legacy, cap, tip, gas_limit, signed_at, signed_head, raw)"
        " VALUES(?1, (SELECT count(*) FROM attempt WHERE intent = ?1), ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind_int(&q, id);
    bind_blob(&q, attempt->hash.bytes, sizeof attempt->hash.bytes);
    bind_int(&q, attempt->cancels);
    bind_int(&q, attempt->legacy);
    bind_int(&q, (int64_t)attempt->cap);
    bind_int(&q, (int64_t)attempt->tip);
    bind_int(&q, (int64_t)attempt->gas_limit);
    bind_int(&q, attempt->signed_at);
    bind_int(&q, (int64_t)attempt->signed_head);
    bind_blob(&q, attempt->raw.data, attempt->raw.size);
    return statement_run(&q, err);
}

static bool take_attempt(statement *q, journal_attempt *a)
{
    if (!statement_row(q)) {
        return false;
    }
    bool ok = take_fixed(q, a->hash.bytes, sizeof a->hash.bytes);
    a->cancels = take_int(q) != 0;
    a->legacy = take_int(q) != 0;
    a->cap = (uint64_t)take_int(q);
    a->tip = (uint64_t)take_int(q);
    a->gas_limit = (uint64_t)take_int(q);
    a->signed_at = take_int(q);
    a->signed_head = (uint64_t)take_int(q);
    a->raw.limit = MAX_RAW;
    return ok && take_blob(q, &a->raw);
}

chaos_status journal_attempt_read(store *s, int64_t id, unsigned number, journal_attempt *attempt, chaos_error *err)
{
    JOURNAL_AUTO_ATTEMPT(made);
    statement q = statement_begin(s, "SELECT hash, cancels, legacy, cap, tip, gas_limit, signed_at, signed_head, raw"
                                     " FROM attempt WHERE intent = ? AND number = ?");
    bind_int(&q, id);
    bind_int(&q, number);
    bool found = take_attempt(&q, &made);
    CHAOS_TRY(statement_end_row(&q, found, "attempt", err));
    journal_attempt_clear(attempt);
    *attempt = made;
    made.raw = (chaos_buffer)CHAOS_BUFFER_INIT(0);
    return CHAOS_OK;
}
