/* keys.c - keystores and the store: there, whole, and for their owner alone. Neither is opened. */
#include "doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_KEYSTORES 64u
#define MAX_NAME 255
#define MAX_KEYSTORE_FILE (64u * 1024u)

/* What every file with a secret, or a history that is signed, must be. NULL: it is so. */
static const char *wrong_with(const struct stat *status, mode_t forbidden)
{
    if (S_ISLNK(status->st_mode)) {
        return "it is a symbolic link";
    }
    if (!S_ISREG(status->st_mode)) {
        return "it is no regular file";
    }
    if (status->st_uid != geteuid()) {
        return "it is another user's";
    }
    return (status->st_mode & forbidden) != 0 ? "others may open it" : NULL;
}

/* The address that the file says it has; it is not opened, so that may be a lie. */
static bool address_of_file(const char *path, chaos_address *address)
{
    CHAOS_AUTO_BUFFER(text, MAX_KEYSTORE_FILE + 1);
    char digits[CHAOS_ADDRESS_TEXT_SIZE] = "";
    chaos_error ignored = { 0 };
    if (input_read("--keystore", path, MAX_KEYSTORE_FILE, &text, &ignored) != CHAOS_OK) {
        return false;
    }
    json_t *file = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    const char *said = json_string_value(json_object_get(file, "address"));
    if (said != NULL) {
        (void)snprintf(digits, sizeof digits, "%s%.40s", strncmp(said, "0x", 2) == 0 ? "" : "0x", said);
    }
    json_decref(file);
    return chaos_address_parse(digits, address, &ignored) == CHAOS_OK;
}

/* Who sends pays. Only where a node answered. */
static void look_at_balance(examination *x, const char *path)
{
    chaos_address address;
    chaos_u256 wei;
    char next[200], ether[ETHER_TEXT_SIZE];
    chaos_error err = { 0 };
    if (x->s.rpc == NULL || !address_of_file(path, &address)) {
        return;
    }
    if (chaos_rpc_balance(x->s.rpc, &address, NULL, &wei, &err) != CHAOS_OK) {
        found_error(x, "balance", FOUND_WARN, NULL, &err);
        return;
    }
    const bool none = slice_is_zero(slice(wei.bytes, sizeof wei.bytes));
    (void)snprintf(next, sizeof next, "send ether to %s on %s", address_of(&address).text, x->s.network.name);
    found(x, "balance", none ? FOUND_WARN : FOUND_OK, none ? next : NULL, "%s ETH of %s", ether_text(&wei, ether),
          address_of(&address).text);
}

static void look_at_keystore(examination *x, const char *name, const char *path)
{
    struct stat status;
    char next[200];
    const int error = stat(path, &status) == 0 ? 0 : errno;
    (void)snprintf(next, sizeof next, "chmod 600 %.150s", path);
    if (error != 0) {
        (void)snprintf(next, sizeof next, "chaoschain account new --keystore %.150s", path);
        found(x, name, FOUND_FAIL, next, "%s: %s", path, strerror(error));
        return;
    }
    const char *wrong = wrong_with(&status, S_IRWXG | S_IRWXO);
    found(x, name, wrong == NULL ? FOUND_OK : FOUND_FAIL, wrong == NULL ? NULL : next, "%s%s%s", path,
          wrong == NULL ? "" : ": ", wrong == NULL ? "" : wrong);
}

/* Those in the user's folder, so that a right that was given away shows before it is used. */
static void look_at_usual_keystores(examination *x)
{
    CHAOS_AUTO_BUFFER(folder, 4096);
    chaos_error err = { 0 };
    char path[4096 + MAX_NAME];
    size_t count = 0;
    DIR *files = keystore_folder(&folder, false, &err) == CHAOS_OK ? opendir((const char *)folder.data) : NULL;
    for (struct dirent *entry = NULL; files != NULL && count < MAX_KEYSTORES && (entry = readdir(files)) != NULL;) {
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", (const char *)folder.data, entry->d_name);
            look_at_keystore(x, "keystore", path);
            count++;
        }
    }
    if (files != NULL) {
        (void)closedir(files);
    }
    if (count == 0) {
        found(x, "keystore", FOUND_SKIPPED, "chaoschain account new --keystore NAME",
              "none yet: who sends transactions needs one, who verifies does not");
    }
}

static void look_at_keystores(examination *x)
{
    CHAOS_AUTO_BUFFER(path, 4096);
    chaos_error err = { 0 };
    const char *given = options_value(&x->o, SEND_OPT_KEYSTORE, 0);
    given = given == NULL ? getenv("CHAOS_KEYSTORE") : given;
    if (given == NULL || given[0] == '\0') {
        look_at_usual_keystores(x);
    } else if (keystore_find(given, &path, &err) == CHAOS_OK) {
        look_at_keystore(x, "keystore", (const char *)path.data);
        look_at_balance(x, (const char *)path.data);
    } else {
        found_error(x, "keystore", FOUND_FAIL, NULL, &err);
    }
}

/* ------------------------------------------------------------------- store ---- */

/* Its first bytes alone: opening a database would recover it, and that is a change. */
static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char bytes[sizeof magic] = "";
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const ssize_t got = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    if (file >= 0) {
        (void)close(file);
    }
    return got == 0 || (got == (ssize_t)sizeof bytes && memcmp(bytes, magic, sizeof magic) == 0);
}

static void look_at_store(examination *x)
{
    CHAOS_AUTO_BUFFER(path, 4096);
    struct stat status;
    chaos_error err = { 0 };
    char next[200];
    if (journal_where(&x->o, &path, &err) != CHAOS_OK) {
        found_error(x, "store", FOUND_FAIL, NULL, &err);
        return;
    }
    const char *name = (const char *)path.data;
    if (lstat(name, &status) != 0) {
        found(x, "store", FOUND_SKIPPED, NULL, "%s is not there yet: the first command that sends makes it", name);
        return;
    }
    const char *wrong = wrong_with(&status, S_IRWXG | S_IRWXO);
    wrong = wrong == NULL && !is_database(name) ? "it is no store of ours" : wrong;
    (void)snprintf(next, sizeof next, "chmod 600 %.150s, or another one: --journal FILE", name);
    found(x, "store", wrong == NULL ? FOUND_OK : FOUND_FAIL, wrong == NULL ? NULL : next, "%s%s%s", name,
          wrong == NULL ? "" : ": ", wrong == NULL ? "" : wrong);
}

void look_at_keys(examination *x)
{
    look_at_keystores(x);
    look_at_store(x);
}
