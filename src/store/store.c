/* store.c - the file: made, checked, opened, its schema, its transactions. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/internal.h"

enum {
    APPLICATION = 0x43484153 /* "CHAS" */,
    BUSY_MS = 10000,
    SWITCH_TRIES = 1000
};

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

/* Other things that must outlive a process get tables of their own here, with a higher schema number and a step in
 * `upgrade`. */
static const char schema[] =
    "CREATE TABLE chain(chain_id INTEGER PRIMARY KEY, genesis BLOB NOT NULL) STRICT;"
    "CREATE TABLE intent("
    " id INTEGER PRIMARY KEY, chain_id INTEGER NOT NULL, sender BLOB NOT NULL, name TEXT NOT NULL,"
    " content BLOB NOT NULL, recipient BLOB, value BLOB NOT NULL, data BLOB NOT NULL, gas_limit INTEGER NOT NULL,"
    " state INTEGER NOT NULL, nonce INTEGER, hash BLOB NOT NULL, block_number INTEGER NOT NULL,"
    " block_hash BLOB NOT NULL, gas_used INTEGER NOT NULL, gas_price BLOB NOT NULL, reason TEXT NOT NULL,"
    " UNIQUE(chain_id, sender, name), UNIQUE(chain_id, sender, nonce)) STRICT;"
    "CREATE TABLE attempt("
    " intent INTEGER NOT NULL REFERENCES intent(id), number INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,"
    " cancels INTEGER NOT NULL, legacy INTEGER NOT NULL, cap INTEGER NOT NULL, tip INTEGER NOT NULL,"
    " gas_limit INTEGER NOT NULL, signed_at INTEGER NOT NULL, signed_head INTEGER NOT NULL, raw BLOB NOT NULL,"
    " PRIMARY KEY(intent, number)) STRICT;"
    "CREATE TABLE checkpoint("
    " chain_id INTEGER NOT NULL, reader TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,"
    " PRIMARY KEY(chain_id, reader)) STRICT;"
    "CREATE TABLE header("
    " chain_id INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,"
    " timestamp INTEGER NOT NULL, PRIMARY KEY(chain_id, number)) STRICT;"
    "CREATE TABLE agent_value("
    " scope TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(scope, name)) STRICT;"
    "CREATE TABLE agent_blob("
    " scope TEXT NOT NULL, kind INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY(scope, kind, hash)) STRICT;"
    "CREATE TABLE agent_receipt("
    " scope TEXT NOT NULL, sequence INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY(scope, sequence)) STRICT;"
    "PRAGMA application_id = " NUMBER_TEXT(0x43484153) ";"
                                                       "PRAGMA user_version = " NUMBER_TEXT(STORE_SCHEMA) ";";

/* ------------------------------------------------------------------- file ---- */

static chaos_status io_failed(const char *path, const char *what, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_STORE, "store", CHAOS_NO_OFFSET, "%s: %s", what, strerror(errno));
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(path)));
    return CHAOS_E_STORE;
}

static chaos_status refuse(const char *path, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_STORE, "store", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(path)));
    return CHAOS_E_STORE;
}

/* The new name must survive, too. */
static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* mknod makes the file without opening it: closing a descriptor of it would end the locks that another store of this
 * process has on it. It fails for whatever is there, a symbolic link included. */
static chaos_status make_file(const char *path, const char *folder, chaos_error *err)
{
    struct stat there;
    if (mknod(path, S_IFREG | S_IRUSR | S_IWUSR, 0) == 0) {
        return sync_folder(folder) ? CHAOS_OK : io_failed(folder, "the folder cannot be synced", err);
    }
    if (errno != EEXIST) {
        return io_failed(path, "the store cannot be made", err);
    }
    if (lstat(path, &there) != 0) {
        return io_failed(path, "the store cannot be looked at", err);
    }
    if (!S_ISREG(there.st_mode)) {
        return refuse(path, "the store is not a regular file (a symbolic link is none)", err);
    }
    if (there.st_uid != geteuid()) {
        return refuse(path, "the store belongs to another user", err);
    }
    if ((there.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(path, "others may write to the store (chmod 600)", err);
    }
    return CHAOS_OK;
}

/* The folder without symbolic links, and the file's name behind it, so that SQLite can be told to follow none. */
static chaos_status resolve(const char *path, char **folder, char **file, chaos_error *err)
{
    char copy[4096];
    const char *name = strrchr(path, '/');
    size_t length = name == NULL ? 0 : (size_t)(name - path);
    name = name == NULL ? path : name + 1;
    if (length + 1 >= sizeof copy || name[0] == '\0') {
        return refuse(path, "this is not the name of a file", err);
    }
    memcpy(copy, length == 0 ? (path[0] == '/' ? "/" : ".") : path, length == 0 ? 1 : length);
    copy[length == 0 ? 1 : length] = '\0';
    *folder = realpath(copy, NULL);
    if (*folder == NULL) {
        return io_failed(copy, "the store's folder cannot be found", err);
    }
    CHAOS_AUTO_BUFFER(whole, 8192);
    if (!buffer_append_format(&whole, "%s/%s", *folder, name)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    *file = (char *)whole.data;
    whole = (chaos_buffer)CHAOS_BUFFER_INIT(0);
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- schema ---- */

static chaos_status execute(store *s, const char *sql, chaos_error *err)
{
    int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? CHAOS_OK : store_failed(s, result, err);
}

static chaos_status number_of(store *s, const char *sql, int64_t *number, chaos_error *err)
{
    statement q = statement_begin(s, sql);
    bool found = statement_row(&q);
    int64_t value = found ? take_int(&q) : 0;
    CHAOS_TRY(statement_end_row(&q, found, "number", err));
    *number = value;
    return CHAOS_OK;
}

/* SQLite does not wait for its busy handler here when another process opens the same new file. */
static chaos_status use_write_ahead_log(store *s, chaos_error *err)
{
    int result = SQLITE_BUSY;
    for (int i = 0; i < SWITCH_TRIES && result == SQLITE_BUSY; i++) {
        result = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) & 0xff;
        if (result == SQLITE_BUSY) {
            struct timespec wait = { 0, 10000000 };
            (void)nanosleep(&wait, NULL);
        }
    }
    return result == SQLITE_OK ? CHAOS_OK : store_failed(s, result, err);
}

static chaos_status check_schema(store *s, chaos_error *err)
{
    int64_t version, application, tables;
    CHAOS_TRY(number_of(s, "PRAGMA user_version", &version, err));
    CHAOS_TRY(number_of(s, "PRAGMA application_id", &application, err));
    CHAOS_TRY(number_of(s, "SELECT count(*) FROM sqlite_schema", &tables, err));
    if (version == 0 && application == 0 && tables == 0) {
        return execute(s, schema, err);
    }
    if (application != APPLICATION) {
        return error_set(err, CHAOS_E_STORE, "store", CHAOS_NO_OFFSET, "the file is a database of something else");
    }
    if (version != STORE_SCHEMA) {
        (void)error_set(err, CHAOS_E_STORE, "store", CHAOS_NO_OFFSET, "the store was written by a newer version");
        error_expected(err, "schema %d", STORE_SCHEMA);
        error_found(err, "schema %lld", (long long)version);
        return CHAOS_E_STORE;
    }
    return CHAOS_OK;
}

static chaos_status prepare(store *s, chaos_error *err)
{
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    CHAOS_TRY(use_write_ahead_log(s, err));
    CHAOS_TRY(execute(s, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", err));
    CHAOS_TRY(store_begin(s, err));
    chaos_status status = check_schema(s, err);
    if (status != CHAOS_OK) {
        store_rollback(s);
        return status;
    }
    return store_commit(s, err);
}

/* ------------------------------------------------------------------- open ---- */

static chaos_status make_lock(store *s, chaos_error *err)
{
    pthread_mutexattr_t attributes;
    bool ok = pthread_mutexattr_init(&attributes) == 0;
    if (ok) {
        ok = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0 &&
             pthread_mutex_init(&s->lock, &attributes) == 0;
        (void)pthread_mutexattr_destroy(&attributes);
    }
    return ok ? CHAOS_OK : error_set(err, CHAOS_E_INTERNAL, "store", CHAOS_NO_OFFSET, "a lock could not be made");
}

static chaos_status open_file(const char *file, store **opened, chaos_error *err)
{
    store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    chaos_status status = make_lock(s, err);
    if (status != CHAOS_OK) {
        free(s);
        return status;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int result = sqlite3_open_v2(file, &s->db, flags, NULL);
    status = result == SQLITE_OK ? prepare(s, err) : store_failed(s->db != NULL ? s : NULL, result, err);
    if (status != CHAOS_OK) {
        store_free(s);
        return status;
    }
    *opened = s;
    return CHAOS_OK;
}

chaos_status store_open(const char *path, store **opened, chaos_error *err)
{
    char *folder = NULL;
    char *file = NULL;
    if (path == NULL || opened == NULL) {
        return error_set(err, CHAOS_E_USAGE, "store", CHAOS_NO_OFFSET, "path and store may not be NULL");
    }
    chaos_status status = resolve(path, &folder, &file, err);
    if (status == CHAOS_OK) {
        status = make_file(file, folder, err);
    }
    if (status == CHAOS_OK) {
        status = open_file(file, opened, err);
    }
    free(folder);
    free(file);
    return status;
}

void store_free(store *s)
{
    if (s != NULL) {
        (void)sqlite3_close(s->db);
        (void)pthread_mutex_destroy(&s->lock);
        free(s);
    }
}

void store_patience(store *s, uint32_t ms)
{
    pthread_mutex_lock(&s->lock);
    (void)sqlite3_busy_timeout(s->db, ms < BUSY_MS ? (int)ms : BUSY_MS);
    pthread_mutex_unlock(&s->lock);
}

/* ----------------------------------------------------------- transactions ---- */

chaos_status store_begin(store *s, chaos_error *err)
{
    pthread_mutex_lock(&s->lock);
    chaos_status status = execute(s, "BEGIN IMMEDIATE", err);
    if (status != CHAOS_OK) {
        pthread_mutex_unlock(&s->lock);
    }
    return status;
}

chaos_status store_commit(store *s, chaos_error *err)
{
    chaos_status status = execute(s, "COMMIT", err);
    if (status != CHAOS_OK) {
        store_rollback(s);
        return status;
    }
    pthread_mutex_unlock(&s->lock);
    return CHAOS_OK;
}

void store_rollback(store *s)
{
    if (sqlite3_get_autocommit(s->db) == 0) {
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ------------------------------------------------------------------ chain ---- */

chaos_status store_chain(store *s, uint64_t chain_id, const chaos_keccak *genesis, chaos_error *err)
{
    chaos_keccak known;
    statement add = statement_begin(s, "INSERT OR IGNORE INTO chain(chain_id, genesis) VALUES(?, ?)");
    bind_int(&add, (int64_t)chain_id);
    bind_blob(&add, genesis->bytes, sizeof genesis->bytes);
    CHAOS_TRY(statement_run(&add, err));
    statement q = statement_begin(s, "SELECT genesis FROM chain WHERE chain_id = ?");
    bind_int(&q, (int64_t)chain_id);
    bool found = statement_row(&q) && take_fixed(&q, known.bytes, sizeof known.bytes);
    CHAOS_TRY(statement_end_row(&q, found, "chain", err));
    if (memcmp(&known, genesis, sizeof known) != 0) {
        return error_set(err, CHAOS_E_CHAIN_ID, "store", CHAOS_NO_OFFSET,
                         "the store is of another chain with the id %llu: a new chain needs a new store",
                         (unsigned long long)chain_id);
    }
    return CHAOS_OK;
}
