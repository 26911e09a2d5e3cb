/* test_keystore.c - keystores: two of our own making by another implementation's primitives, one change at a time, and
 * what a file must be before it is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/eth.h"
#include "sim/recipe.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSPHRASE "correct horse"
#define SALT "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"

/* The key is 0x46 32 times; derived, encrypted and authenticated with node's crypto and ethers' Keccak. */
static const char by_scrypt[] =
    "{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"000102030405060708090a0b0c0d0e0f\"},"
    "\"ciphertext\":\"b4fc7f24ea4c522b59d77cb4867d1defc0ee36c1d6a08c58f4860828e9fd1f91\",\"kdf\":\"scrypt\","
    "\"kdfparams\":{\"dklen\":32,\"n\":4096,\"r\":8,\"p\":1,\"salt\":\"" SALT "\"},"
    "\"mac\":\"7376d2dab0af4ed8b7447d2dc97b3438d769f6b4948ea6fae3a73428ce6d9be3\"},"
    "\"id\":\"00000000-0000-4000-8000-000000000000\",\"version\":3}";
static const char by_pbkdf2[] =
    "{\"address\":\"9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f\",\"Crypto\":{\"kdfparams\":{\"c\":1024,\"dklen\":32,"
    "\"prf\":\"hmac-sha256\",\"salt\":\"" SALT "\"},\"kdf\":\"pbkdf2\",\"cipher\":\"aes-128-ctr\",\"cipherparams\":"
    "{\"iv\":\"000102030405060708090A0B0C0D0E0F\"},"
    "\"ciphertext\":\"79c200dea1f1688086088cd23b19afb083899ffc447ecf14407e1b1924101772\","
    "\"mac\":\"77a4d1e523e6c755e74ac687a445f9e0e6d5b06c9d997077b170b9ef0d40ae64\"},\"version\":3}";

static chaos_status open_text(chaos_slice text, const char *passphrase, chaos_error *err)
{
    CHAOS_AUTO(guarded_key, key);
    chaos_status status = keystore_open(text, slice_text(passphrase), &key, err);
    assert_true((status == CHAOS_OK) == (key != NULL));
    if (key != NULL) {
        chaos_address address = k1_address(guarded_key_point(key));
        assert_memory_equal(address.bytes, "\x9d\x8a\x62\xf6\x56\xa8\xd1\x61", 8);
    }
    return status;
}

static void test_opened(void **state)
{
    chaos_error err = { 0 };
    (void)state;
    assert_int_equal(open_text(slice_text(by_scrypt), PASSPHRASE, &err), CHAOS_OK);
    assert_int_equal(open_text(slice_text(by_pbkdf2), PASSPHRASE, &err), CHAOS_OK);
    assert_int_equal(open_text(slice_text(by_scrypt), "correct horsf", &err), CHAOS_E_PASSPHRASE);
    assert_int_equal(open_text(slice_text(by_scrypt), PASSPHRASE "\n", &err), CHAOS_E_PASSPHRASE);
    assert_int_equal(open_text(slice_text(by_pbkdf2), "", &err), CHAOS_E_PASSPHRASE);
    assert_string_equal(err.field, "mac");
    char long_one[KEYSTORE_MAX_PASSPHRASE + 2];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    assert_int_equal(open_text(slice_text(by_scrypt), long_one, &err), CHAOS_E_USAGE);
}

typedef struct change {
    const char *from, *to;
    chaos_status status;
    const char *field;
} change;

static void refuse_changes(const char *text, const change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHAOS_AUTO_BUFFER(changed, KEYSTORE_MAX_FILE);
        const text_edit edit = { changes[i].from, changes[i].to };
        chaos_error err = { 0 };
        assert_true(buffer_append_text(&changed, text) && text_edit_apply(&edit, &changed));
        chaos_status status = open_text(buffer_slice(&changed), PASSPHRASE, &err);
        if (status != changes[i].status || (changes[i].field != NULL && strcmp(err.field, changes[i].field) != 0)) {
            fail_msg("%s: %s, field %s (%s)", changes[i].to, chaos_status_name(status),
                     err.field == NULL ? "" : err.field, err.text);
        }
    }
}

static void test_refused(void **state)
{
    static const change scrypt[] = {
        { "\"version\":3", "\"version\":1", CHAOS_E_KEYSTORE_FORMAT, "version" },
        { "\"version\":3", "\"version\":\"3\"", CHAOS_E_KEYSTORE_FORMAT, "version" },
        { ",\"version\":3", "", CHAOS_E_KEYSTORE_FORMAT, "version" },
        { "\"version\":3", "\"version\":3,\"version\":3", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
        { "\"version\":3", "\"version\":3,\"Crypto\":{}", CHAOS_E_KEYSTORE_FORMAT, "crypto" },
        { "\"version\":3", "\"version\":3,\"address\":\"0000000000000000000000000000000000000000\"",
          CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"version\":3", "\"version\":3,\"address\":\"9d8a62\"", CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"version\":3}", "\"version\":3}x", CHAOS_E_JSON, NULL },
        { "aes-128-ctr", "aes-128-cbc", CHAOS_E_KEYSTORE_FORMAT, "cipher" },
        { "\"cipher\":\"aes-128-ctr\",", "", CHAOS_E_KEYSTORE_FORMAT, "cipher" },
        { "{\"iv\":", "{\"tag\":\"\",\"iv\":", CHAOS_E_KEYSTORE_FORMAT, "cipherparams" },
        { "000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e", CHAOS_E_KEYSTORE_FORMAT, "iv" },
        { "{\"iv\":\"000102030405060708090a0b0c0d0e0f\"}", "{}", CHAOS_E_KEYSTORE_FORMAT, "iv" },
        { "\"ciphertext\":\"b4", "\"ciphertext\":\"", CHAOS_E_KEYSTORE_FORMAT, "ciphertext" },
        { "\"ciphertext\":\"b4", "\"ciphertext\":\"b5", CHAOS_E_PASSPHRASE, "mac" },
        { "\"mac\":\"73", "\"mac\":\"72", CHAOS_E_PASSPHRASE, "mac" },
        { "\"mac\":\"73", "\"mac\":\"", CHAOS_E_KEYSTORE_FORMAT, "mac" },
        { "\"mac\":", "\"MAC\":", CHAOS_E_KEYSTORE_FORMAT, "crypto" },
        { "\"kdf\":\"scrypt\"", "\"kdf\":\"argon2id\"", CHAOS_E_KEYSTORE_FORMAT, "kdf" },
        { "\"kdf\":\"scrypt\"", "\"kdf\":\"pbkdf2\"", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" },
        { "\"kdf\":\"scrypt\",", "", CHAOS_E_KEYSTORE_FORMAT, "kdf" },
        { "\"dklen\":32", "\"dklen\":16", CHAOS_E_KEYSTORE_FORMAT, "dklen" },
        { "\"dklen\":32", "\"dklen\":64", CHAOS_E_KEYSTORE_FORMAT, "dklen" },
        { "\"dklen\":32,", "", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" },
        { "\"n\":4096", "\"n\":4095", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":0", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":1", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":2097152", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":1048576", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" }, /* 1 GiB */
        { "\"n\":4096", "\"n\":-4096", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":4096.0", CHAOS_E_KEYSTORE_FORMAT, "n" },
        { "\"n\":4096", "\"n\":2048", CHAOS_E_PASSPHRASE, "mac" },
        { "\"r\":8", "\"r\":0", CHAOS_E_KEYSTORE_FORMAT, "r" },
        { "\"r\":8", "\"r\":33", CHAOS_E_KEYSTORE_FORMAT, "r" },
        { "\"p\":1", "\"p\":0", CHAOS_E_KEYSTORE_FORMAT, "p" },
        { "\"p\":1", "\"p\":17", CHAOS_E_KEYSTORE_FORMAT, "p" },
        { "4096,\"r\":8,\"p\":1", "262144,\"r\":8,\"p\":8", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" }, /* too long */
        { "\"salt\":\"a5", "\"salt\":\"a5a", CHAOS_E_KEYSTORE_FORMAT, "salt" },
        { "\"salt\":\"a5", "\"salt\":\"" SALT SALT, CHAOS_E_KEYSTORE_FORMAT, "salt" },
        { "\"salt\":\"" SALT "\"", "\"salt\":\"\"", CHAOS_E_KEYSTORE_FORMAT, "salt" },
        { "\"p\":1", "\"p\":1,\"x\":1", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" },
    };
    static const change pbkdf2[] = {
        { "\"c\":1024", "\"c\":0", CHAOS_E_KEYSTORE_FORMAT, "c" },
        { "\"c\":1024", "\"c\":10000001", CHAOS_E_KEYSTORE_FORMAT, "c" },
        { "\"c\":1024", "\"c\":1025", CHAOS_E_PASSPHRASE, "mac" },
        { "hmac-sha256", "hmac-sha512", CHAOS_E_KEYSTORE_FORMAT, "prf" },
        { "\"prf\":\"hmac-sha256\",", "", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" },
        { "\"c\":1024,", "\"c\":1024,\"n\":2,", CHAOS_E_KEYSTORE_FORMAT, "kdfparams" },
        { "\"address\":\"9d", "\"address\":\"9e", CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"address\":\"9d", "\"address\":\"0X9d", CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"address\":\"9d", "\"address\":\"1x9d", CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"address\":\"9d", "\"address\":\"0x0x9d", CHAOS_E_KEYSTORE_FORMAT, "address" },
        { "\"c\":1024,\"dklen\":32", "\"c\":1024,\"dklen\":31", CHAOS_E_KEYSTORE_FORMAT, "dklen" },
    };
    chaos_error err = { 0 };
    (void)state;
    refuse_changes(by_scrypt, scrypt, CHAOS_ARRAY_SIZE(scrypt));
    refuse_changes(by_pbkdf2, pbkdf2, CHAOS_ARRAY_SIZE(pbkdf2));
    CHAOS_AUTO_BUFFER(prefixed, KEYSTORE_MAX_FILE);
    const text_edit prefix = { "\"address\":\"9d", "\"address\":\"0x9d" };
    assert_true(buffer_append_text(&prefixed, by_pbkdf2) && text_edit_apply(&prefix, &prefixed));
    assert_int_equal(open_text(buffer_slice(&prefixed), PASSPHRASE, &err), CHAOS_OK);
    for (size_t size = 0; size < sizeof by_pbkdf2 - 1; size++) {
        assert_int_not_equal(open_text(slice(by_pbkdf2, size), PASSPHRASE, &err), CHAOS_OK);
    }
    CHAOS_AUTO_BUFFER(large, 2 * KEYSTORE_MAX_FILE);
    while (large.size <= KEYSTORE_MAX_FILE) {
        assert_true(buffer_append_text(&large, "                                "));
    }
    assert_true(buffer_append_text(&large, by_pbkdf2));
    assert_int_equal(open_text(buffer_slice(&large), PASSPHRASE, &err), CHAOS_E_KEYSTORE_FORMAT);
}

/* Sealed, the scalar is gone and the text opens to the same key; two of them have nothing in common. */
static void test_sealed(void **state)
{
    static const uint8_t zero[32];
    CHAOS_AUTO_BUFFER(one, KEYSTORE_MAX_FILE);
    CHAOS_AUTO_BUFFER(two, KEYSTORE_MAX_FILE);
    chaos_buffer *texts[] = { &one, &two };
    chaos_error err = { 0 };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        CHAOS_AUTO(guarded_key, key);
        uint8_t scalar[32];
        memset(scalar, 0x46, sizeof scalar);
        assert_int_equal(keystore_seal(scalar, slice_text(PASSPHRASE), 12, texts[i], &key, &err), CHAOS_OK);
        assert_memory_equal(scalar, zero, sizeof scalar);
        assert_int_equal(open_text(buffer_slice(texts[i]), PASSPHRASE, &err), CHAOS_OK);
        assert_int_equal(open_text(buffer_slice(texts[i]), "other", &err), CHAOS_E_PASSPHRASE);
        assert_non_null(strstr((char *)texts[i]->data, "\"address\":\"9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f\""));
    }
    assert_false(slice_equal(buffer_slice(&one), buffer_slice(&two)));
    static const unsigned costs[] = { 0, 11, 20, 64 };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(costs) + 1; i++) {
        CHAOS_AUTO(guarded_key, key);
        uint8_t scalar[32];
        bool is_zero = i == CHAOS_ARRAY_SIZE(costs); /* no private key */
        memset(scalar, is_zero ? 0 : 1, sizeof scalar);
        one.size = 0;
        assert_int_equal(keystore_seal(scalar, slice_text(PASSPHRASE), is_zero ? 12 : costs[i], &one, &key, &err),
                         CHAOS_E_USAGE);
        assert_memory_equal(scalar, zero, sizeof scalar);
        assert_null(key);
        assert_int_equal(one.size, 0);
    }
}

/* ------------------------------------------------------------------ files ---- */

static int begin(void **state)
{
    static char folder[] = "/tmp/keystore-XXXXXX";
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : 0;
}

static int end(void **state)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    return system(command);
}

static const char *path_of(void **state, const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", (char *)*state, name);
    return path;
}

static chaos_status open_file(const char *path, const char *why)
{
    chaos_account *account = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_account_open_keystore(path, slice_text(PASSPHRASE), &account, &err);
    assert_true((status == CHAOS_OK) == (account != NULL));
    if (why != NULL && strstr(err.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    }
    chaos_account_free(account);
    return status;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void test_files(void **state)
{
    static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666 };
    const char *path = path_of(state, "plain");
    write_file(path, by_pbkdf2, 0600);
    assert_int_equal(open_file(path, NULL), CHAOS_OK);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(open_file(path, NULL), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(open_modes); i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_int_equal(open_file(path, "open to the group or to others"), CHAOS_E_FILE_IO);
    }
    assert_int_equal(chmod(path, 0600), 0);
    if (geteuid() == 0) { /* nobody else can give a file away */
        assert_int_equal(chown(path, 1, 1), 0);
        assert_int_equal(open_file(path, "belongs to another user"), CHAOS_E_FILE_IO);
        assert_int_equal(chown(path, 0, 0), 0);
    }
    char target[256];
    (void)snprintf(target, sizeof target, "%s", path);
    assert_int_equal(symlink(target, path_of(state, "link")), 0);
    assert_int_equal(open_file(path_of(state, "link"), "a symbolic link"), CHAOS_E_FILE_IO);
    assert_int_equal(mkfifo(path_of(state, "pipe"), 0600), 0);
    assert_int_equal(open_file(path_of(state, "pipe"), "not a regular file"), CHAOS_E_FILE_IO);
    assert_int_equal(open_file(*state, "not a regular file"), CHAOS_E_FILE_IO);
    assert_int_equal(open_file(path_of(state, "none"), "cannot be opened"), CHAOS_E_FILE_IO);
    write_file(path_of(state, "empty"), "", 0600);
    assert_int_equal(open_file(path_of(state, "empty"), NULL), CHAOS_E_JSON);
    CHAOS_AUTO_BUFFER(large, 2 * KEYSTORE_MAX_FILE);
    while (large.size <= KEYSTORE_MAX_FILE) {
        assert_true(buffer_append_text(&large, "                                "));
    }
    write_file(path_of(state, "large"), (char *)large.data, 0600);
    assert_int_equal(open_file(path_of(state, "large"), "at most"), CHAOS_E_KEYSTORE_FORMAT);
}

static chaos_status create(const char *path, uint8_t *scalar, chaos_address *address, const char *why)
{
    chaos_keystore_options options = CHAOS_KEYSTORE_OPTIONS_INIT;
    chaos_account *account = NULL;
    chaos_error err = { 0 };
    options.scrypt_log_n = 12;
    options.private_key = scalar;
    chaos_status status = chaos_account_create_keystore(path, slice_text(PASSPHRASE), &options, &account, &err);
    assert_true((status == CHAOS_OK) == (account != NULL));
    if (why != NULL && strstr(err.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    }
    if (account != NULL && address != NULL) {
        *address = chaos_account_address(account);
    }
    chaos_account_free(account);
    return status;
}

static void test_created(void **state)
{
    static const uint8_t zero[32];
    struct stat s;
    chaos_address address, again;
    uint8_t scalar[32];
    chaos_account *account = NULL;
    mode_t before = umask(0);
    assert_int_equal(create(path_of(state, "new/key"), NULL, &address, NULL), CHAOS_OK);
    (void)umask(before);
    assert_int_equal(stat(path_of(state, "new"), &s), 0);
    assert_int_equal(s.st_mode & 07777, 0700);
    assert_int_equal(stat(path_of(state, "new/key"), &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);
    assert_int_equal(s.st_nlink, 1);
    assert_int_equal(chaos_account_open_keystore(path_of(state, "new/key"), slice_text(PASSPHRASE), &account, NULL),
                     CHAOS_OK);
    again = chaos_account_address(account);
    chaos_account_free(account);
    assert_memory_equal(&address, &again, sizeof address);

    memset(scalar, 0x46, sizeof scalar);
    assert_int_equal(create(path_of(state, "new/key"), scalar, NULL, "exists already"), CHAOS_E_FILE_IO);
    assert_memory_equal(scalar, zero, sizeof scalar);
    assert_int_equal(open_file(path_of(state, "new/key"), NULL), CHAOS_OK); /* as it was */
    memset(scalar, 0x46, sizeof scalar);
    assert_int_equal(create(path_of(state, "new/own"), scalar, &address, NULL), CHAOS_OK);
    assert_memory_equal(address.bytes, "\x9d\x8a\x62\xf6", 4);

    assert_int_equal(chmod(path_of(state, "new"), 0770), 0);
    assert_int_equal(create(path_of(state, "new/third"), NULL, NULL, "others can write"), CHAOS_E_FILE_IO);
    assert_int_equal(chmod(path_of(state, "new"), 0700), 0);
    assert_int_equal(symlink("elsewhere", path_of(state, "new/dangling")), 0);
    assert_int_equal(create(path_of(state, "new/dangling"), NULL, NULL, "exists already"), CHAOS_E_FILE_IO);
    assert_int_equal(create(path_of(state, "no/such/folder"), NULL, NULL, "cannot be made"), CHAOS_E_FILE_IO);
    assert_int_equal(create(path_of(state, "new/"), NULL, NULL, "name of a file"), CHAOS_E_FILE_IO);
    assert_int_equal(access(path_of(state, "new/third"), F_OK), -1);

    memset(scalar, 1, sizeof scalar);
    chaos_keystore_options options = CHAOS_KEYSTORE_OPTIONS_INIT;
    options.private_key = scalar;
    assert_int_equal(chaos_account_create_keystore(path_of(state, "new/no"), slice(NULL, 0), &options, &account, NULL),
                     CHAOS_E_USAGE);
    assert_memory_equal(scalar, zero, sizeof scalar);
    assert_int_equal(access(path_of(state, "new/no"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opened),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_created),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
