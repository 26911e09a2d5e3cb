/* test_store.c - the store: whose file it is, what survives, who waits for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/store.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/chaos-store-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/store", folder);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "store", "store-wal", "store-shm", "store-journal", "link", "other" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s/%s", folder, names[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

static store *opened(void)
{
    store *s = NULL;
    chaos_error err;
    if (store_open(path, &s, &err) != CHAOS_OK) {
        fail_msg("%s (%s)", err.text, err.found);
    }
    return s;
}

/* ------------------------------------------------------------------- file ---- */

static void test_file_is_made_for_us_alone(void **state)
{
    (void)state;
    struct stat file;
    mode_t before = umask(0);
    store *s = opened();
    (void)umask(before);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode, S_IFREG | 0600);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_equal(stat(wal, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    store_free(s);
    store_free(NULL);
    store_free(opened()); /* and again */
}

static void test_strange_files_are_refused(void **state)
{
    (void)state;
    store *s = NULL;
    chaos_error err;
    char link_path[128], other[128], missing[128];
    (void)snprintf(link_path, sizeof link_path, "%s/link", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    (void)snprintf(missing, sizeof missing, "%s/none/store", folder);
    assert_int_equal(symlink(other, link_path), 0); /* to nothing: must not be made through it */
    assert_int_equal(store_open(link_path, &s, &err), CHAOS_E_STORE);
    assert_int_not_equal(access(other, F_OK), 0);
    store_free(opened());
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(symlink(path, link_path), 0); /* to a good one */
    assert_int_equal(store_open(link_path, &s, &err), CHAOS_E_STORE);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_int_equal(store_open(folder, &s, &err), CHAOS_E_STORE);
    assert_int_equal(store_open(missing, &s, &err), CHAOS_E_STORE);
    assert_int_equal(store_open("", &s, &err), CHAOS_E_STORE);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(store_open(path, &s, &err), CHAOS_E_STORE);
    assert_non_null(strstr(err.text, "others may write"));
    assert_int_equal(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
        assert_int_equal(store_open(path, &s, &err), CHAOS_E_STORE);
        assert_non_null(strstr(err.text, "another user"));
    }
    assert_null(s);
}

static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
}

static void test_other_contents_are_refused(void **state)
{
    (void)state;
    store *s = NULL;
    chaos_error err;
    store_free(opened());
    run_sql("PRAGMA user_version = 2");
    assert_int_equal(store_open(path, &s, &err), CHAOS_E_STORE);
    assert_string_equal(err.found, "schema 2");
    run_sql("PRAGMA user_version = 1");
    store_free(opened());
    assert_int_equal(unlink(path), 0);
    run_sql("CREATE TABLE x(y)");
    assert_int_equal(store_open(path, &s, &err), CHAOS_E_STORE);
    assert_non_null(strstr(err.text, "of something else"));
    assert_int_equal(unlink(path), 0);
    FILE *file = fopen(path, "wx");
    assert_non_null(file);
    for (int i = 0; i < 5000; i++) {
        (void)fputs("no database ", file);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(store_open(path, &s, &err), CHAOS_E_STORE);
    assert_null(s);
}

/* ---------------------------------------------------------------- journal ---- */

static const journal_account alice = { 31337, { { 0xa1 } } };
static const journal_account alice_elsewhere = { 1, { { 0xa1 } } };
static const journal_account bob = { 31337, { { 0xb0 } } };

static journal_entry entry_named(const char *name)
{
    journal_entry entry = { .state = JOURNAL_PLANNED, .has_to = true, .to = { { 7 } }, .content = { { 8 } } };
    (void)snprintf(entry.name, sizeof entry.name, "%s", name);
    return entry;
}

static void test_journal_keeps_everything(void **state)
{
    (void)state;
    static const uint8_t data[] = { 0, 1, 0, 0xff };
    store *s = opened();
    journal_entry made = entry_named("pay/1");
    JOURNAL_AUTO_ENTRY(read);
    chaos_error err;
    made.data = (chaos_buffer){ (uint8_t *)(uintptr_t)data, sizeof data, 0, 0 };
    made.value.bytes[31] = 9;
    made.gas_limit = 21000;
    assert_int_equal(journal_find(s, &alice, "pay/1", &read, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(journal_add(s, &alice, &made, &err), CHAOS_OK);
    assert_int_equal(journal_add(s, &alice, &made, &err), CHAOS_E_STORE); /* the name is taken */
    assert_int_equal(journal_add(s, &alice_elsewhere, &made, &err), CHAOS_OK);
    assert_int_equal(journal_add(s, &bob, &made, &err), CHAOS_OK);
    assert_int_equal(journal_find(s, &alice, "pay/1", &read, &err), CHAOS_OK);
    assert_true(read.has_to && read.to.bytes[0] == 7 && read.content.bytes[0] == 8 && read.value.bytes[31] == 9 &&
                read.gas_limit == 21000 && read.state == JOURNAL_PLANNED && !read.has_nonce && read.attempts == 0);
    assert_true(slice_equal(buffer_slice(&read.data), slice(data, sizeof data)));
    read.state = JOURNAL_REVERTED;
    read.has_nonce = true;
    read.nonce = 41;
    read.block_number = INT64_MAX;
    read.gas_used = 5;
    read.hash.bytes[3] = 3;
    (void)snprintf(read.reason, sizeof read.reason, "no");
    assert_int_equal(journal_update(s, &read, &err), CHAOS_OK);
    int64_t id = read.id;
    store_free(s);
    s = opened(); /* the next process */
    journal_entry_clear(&read);
    assert_int_equal(journal_by_nonce(s, &alice, 41, &read, &err), CHAOS_OK);
    assert_true(read.id == id && read.state == JOURNAL_REVERTED && read.block_number == INT64_MAX &&
                read.gas_used == 5 && read.hash.bytes[3] == 3 && strcmp(read.reason, "no") == 0);
    assert_int_equal(journal_by_nonce(s, &bob, 41, &read, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(read.id, id); /* untouched */
    store_free(s);
}

/* No two intents of an account get one nonce: the file itself forbids it. */
static void test_nonces_are_given_once(void **state)
{
    (void)state;
    store *s = opened();
    uint64_t next = 99;
    int64_t ids[4];
    size_t count = 0;
    chaos_error err;
    assert_int_equal(journal_next_nonce(s, &alice, &next, &err), CHAOS_OK);
    assert_int_equal(next, 0);
    journal_entry first = entry_named("a"), second = entry_named("b"), third = entry_named("c");
    first.has_nonce = second.has_nonce = true;
    first.nonce = second.nonce = 6;
    first.state = second.state = JOURNAL_SENT;
    assert_int_equal(journal_add(s, &alice, &third, &err), CHAOS_OK);
    assert_int_equal(journal_add(s, &alice, &first, &err), CHAOS_OK);
    assert_int_equal(journal_add(s, &alice, &second, &err), CHAOS_E_STORE);
    assert_int_equal(journal_next_nonce(s, &alice, &next, &err), CHAOS_OK);
    assert_int_equal(next, 7);
    second.nonce = 5;
    assert_int_equal(journal_add(s, &alice, &second, &err), CHAOS_OK);
    assert_int_equal(journal_unfinished(s, &alice, ids, 4, &count, &err), CHAOS_OK);
    assert_true(count == 3 && ids[0] == second.id && ids[1] == first.id && ids[2] == third.id);
    first.state = JOURNAL_CONFIRMED;
    assert_int_equal(journal_update(s, &first, &err), CHAOS_OK);
    assert_int_equal(journal_unfinished(s, &alice, ids, 1, &count, &err), CHAOS_OK);
    assert_true(count == 1 && ids[0] == second.id);
    assert_int_equal(journal_next_nonce(s, &alice, &next, &err), CHAOS_OK);
    assert_int_equal(next, 7); /* what is done counts */
    store_free(s);
}

static void test_attempts(void **state)
{
    (void)state;
    static const uint8_t raw[] = { 2, 0xf8, 0 };
    store *s = opened();
    journal_entry entry = entry_named("a");
    journal_attempt made = {
        .hash = { { 1 } }, .cap = UINT64_C(1) << 61, .tip = 3, .gas_limit = 21000, .signed_at = -1
    };
    JOURNAL_AUTO_ATTEMPT(read);
    JOURNAL_AUTO_ENTRY(again);
    chaos_error err;
    made.raw = (chaos_buffer){ (uint8_t *)(uintptr_t)raw, sizeof raw, 0, 0 };
    assert_int_equal(journal_attempt_add(s, 1, &made, &err), CHAOS_E_STORE); /* of no intent */
    assert_int_equal(journal_add(s, &alice, &entry, &err), CHAOS_OK);
    assert_int_equal(journal_attempt_add(s, entry.id, &made, &err), CHAOS_OK);
    assert_int_equal(journal_attempt_add(s, entry.id, &made, &err), CHAOS_E_STORE); /* the hash is there */
    made.hash.bytes[0] = 2;
    made.cancels = true;
    assert_int_equal(journal_attempt_add(s, entry.id, &made, &err), CHAOS_OK);
    assert_int_equal(journal_attempt_read(s, entry.id, 0, &read, &err), CHAOS_OK);
    assert_true(read.hash.bytes[0] == 1 && !read.cancels && read.cap == UINT64_C(1) << 61 && read.tip == 3 &&
                read.signed_at == -1 && slice_equal(buffer_slice(&read.raw), slice(raw, sizeof raw)));
    assert_int_equal(journal_attempt_read(s, entry.id, 1, &read, &err), CHAOS_OK);
    assert_true(read.hash.bytes[0] == 2 && read.cancels);
    assert_int_equal(journal_attempt_read(s, entry.id, 2, &read, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(journal_read(s, entry.id, &again, &err), CHAOS_OK);
    assert_int_equal(again.attempts, 2);
    store_free(s);
}

static void test_damaged_rows_are_refused(void **state)
{
    (void)state;
    static const char *const damages[] = { "UPDATE intent SET hash = x'00'", "UPDATE intent SET state = 7",
                                           "UPDATE intent SET state = 0", "UPDATE intent SET value = x''",
                                           "UPDATE intent SET recipient = x'01'",
                                           "UPDATE intent SET reason = printf('%300d', 1)" };
    chaos_error err;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(damages); i++) {
        journal_entry entry = entry_named("a");
        JOURNAL_AUTO_ENTRY(read);
        store *s = opened();
        assert_int_equal(journal_add(s, &alice, &entry, &err), CHAOS_OK);
        store_free(s);
        run_sql(damages[i]);
        s = opened();
        assert_int_equal(journal_find(s, &alice, "a", &read, &err), CHAOS_E_STORE);
        store_free(s);
        assert_int_equal(unlink(path), 0);
    }
}

/* ----------------------------------------------------------- transactions ---- */

static void test_transactions(void **state)
{
    (void)state;
    store *s = opened();
    store *other = opened();
    journal_entry entry = entry_named("a");
    JOURNAL_AUTO_ENTRY(read);
    chaos_error err;
    store_patience(other, 50);
    assert_int_equal(store_begin(s, &err), CHAOS_OK);
    assert_int_equal(journal_add(s, &alice, &entry, &err), CHAOS_OK);
    assert_int_equal(journal_find(other, &alice, "a", &read, &err), CHAOS_E_NOT_FOUND); /* not seen yet */
    assert_int_equal(store_begin(other, &err), CHAOS_E_LOCKED);
    store_rollback(s);
    assert_int_equal(journal_find(s, &alice, "a", &read, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(store_begin(other, &err), CHAOS_OK);
    assert_int_equal(journal_add(other, &alice, &entry, &err), CHAOS_OK);
    assert_int_equal(store_commit(other, &err), CHAOS_OK);
    assert_int_equal(journal_find(s, &alice, "a", &read, &err), CHAOS_OK);
    store_free(other);
    store_free(s);
}

/* --------------------------------------------------------------- progress ---- */

static void test_chain_checkpoints_headers(void **state)
{
    (void)state;
    store *s = opened();
    chaos_keccak one = { { 1 } }, two = { { 2 } }, hash;
    store_header header = { .number = 7, .hash = { { 7 } }, .parent = { { 6 } }, .timestamp = 70 };
    store_header read;
    uint64_t number = 0;
    char long_name[202];
    chaos_error err;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(store_chain(s, 31337, &one, &err), CHAOS_OK);
    assert_int_equal(store_chain(s, 31337, &one, &err), CHAOS_OK);
    assert_int_equal(store_chain(s, 31337, &two, &err), CHAOS_E_CHAIN_ID);
    assert_int_equal(store_chain(s, 1, &two, &err), CHAOS_OK);
    assert_int_equal(store_checkpoint_get(s, 1, "logs", &number, &hash, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(store_checkpoint_put(s, 1, "logs", 5, &one, &err), CHAOS_OK);
    assert_int_equal(store_checkpoint_put(s, 1, "logs", 6, &two, &err), CHAOS_OK);
    assert_int_equal(store_checkpoint_get(s, 1, "logs", &number, &hash, &err), CHAOS_OK);
    assert_true(number == 6 && hash.bytes[0] == 2);
    assert_int_equal(store_checkpoint_get(s, 2, "logs", &number, &hash, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(store_checkpoint_put(s, 1, "", 6, &two, &err), CHAOS_E_USAGE);
    assert_int_equal(store_checkpoint_put(s, 1, long_name, 6, &two, &err), CHAOS_E_USAGE);
    for (header.number = 5; header.number < 10; header.number++) {
        assert_int_equal(store_header_put(s, 1, &header, &err), CHAOS_OK);
    }
    assert_int_equal(store_header_get(s, 1, 7, &read, &err), CHAOS_OK);
    assert_true(read.number == 7 && read.hash.bytes[0] == 7 && read.parent.bytes[0] == 6 && read.timestamp == 70);
    header.number = 7;
    header.hash.bytes[0] = 77;
    assert_int_equal(store_header_put(s, 1, &header, &err), CHAOS_OK);
    assert_int_equal(store_header_get(s, 1, 7, &read, &err), CHAOS_OK);
    assert_int_equal(read.hash.bytes[0], 77);
    assert_int_equal(store_keep_headers(s, 1, 6, 8, &err), CHAOS_OK);
    assert_int_equal(store_header_get(s, 1, 5, &read, &err), CHAOS_E_NOT_FOUND);
    assert_int_equal(store_header_get(s, 1, 6, &read, &err), CHAOS_OK);
    assert_int_equal(store_header_get(s, 1, 8, &read, &err), CHAOS_OK);
    assert_int_equal(store_header_get(s, 1, 9, &read, &err), CHAOS_E_NOT_FOUND);
    store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file_is_made_for_us_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_strange_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_contents_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_journal_keeps_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nonces_are_given_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_rows_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transactions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chain_checkpoints_headers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
