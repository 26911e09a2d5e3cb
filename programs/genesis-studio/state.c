/* state.c - the folder with keys, journals and evidence of a run, which --resume goes on with. */
#define _XOPEN_SOURCE 700 /* nftw */
#define _DEFAULT_SOURCE   /* flock */
#include "studio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER "genesis-studio.state" /* in every state folder: nothing without it is ever removed */
#define LOCK_WAIT_MS 5000
#define VOLATILE_BASE "/dev/shm"
#define VOLATILE_NAME "volatile" /* the file with its random name */
#define FTW_FILES 16

static chaos_status system_error(const char *what, const char *path, chaos_error *err)
{
    return error_set(err, CHAOS_E_FILE_IO, what, CHAOS_NO_OFFSET, "'%s': %s", shown(path).text, strerror(errno));
}

chaos_status make_folder(const char *path, unsigned mode, chaos_error *err)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part) {
        return error_set(err, CHAOS_E_LIMIT, "folder", CHAOS_NO_OFFSET, "the path is too long");
    }
    memcpy(part, path, strlen(path) + 1);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        part[i] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST) {
            return system_error("folder", part, err);
        }
        part[i] = path[i];
    }
    return CHAOS_OK;
}

chaos_status write_text(const char *path, chaos_slice text, chaos_error *err)
{
    return output_write("state", path, text, 0600, err);
}

chaos_status state_path(const settings *s, const char *name, char path[PATH_MAX], chaos_error *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", s->state_path, name);
    return n > 0 && n < PATH_MAX ? CHAOS_OK
                                 : error_set(err, CHAOS_E_LIMIT, "--state", CHAOS_NO_OFFSET, "the path is too long");
}

chaos_status state_secret(const settings *s, const char *name, char text[65], chaos_error *err)
{
    char path[PATH_MAX];
    uint8_t bytes[32];
    CHAOS_AUTO_BUFFER(kept, 128);
    CHAOS_TRY(state_path(s, name, path, err));
    if (access(path, F_OK) != 0) {
        char hex[65] = "";
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
            return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the system gives no randomness");
        }
        hex_encode(slice(bytes, sizeof bytes), hex);
        CHAOS_TRY(write_text(path, slice(hex, 64), err));
    }
    CHAOS_TRY(input_read("--state", path, 64, &kept, err));
    if (kept.size != 64) {
        return error_set(err, CHAOS_E_STORE, "--state", CHAOS_NO_OFFSET, "'%s' is damaged", shown(path).text);
    }
    memcpy(text, kept.data, 64);
    text[64] = '\0';
    chaos_buffer_wipe(&kept);
    return CHAOS_OK;
}

/* ------------------------------------------------------------- volatile ---- */

static void volatile_folder(const char secret[65], char path[64])
{
    (void)snprintf(path, 64, VOLATILE_BASE "/genesis-studio-%.16s", secret);
}

chaos_status state_volatile(const settings *s, const char *name, char path[PATH_MAX], chaos_error *err)
{
    char secret[65], folder[64];
    struct stat status;
    CHAOS_TRY(state_secret(s, VOLATILE_NAME, secret, err));
    volatile_folder(secret, folder);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return system_error("tmpfs", folder, err);
    }
    if (lstat(folder, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0) {
        return error_set(err, CHAOS_E_FILE_IO, "tmpfs", CHAOS_NO_OFFSET, "'%s' is not a folder of this user alone",
                         folder);
    }
    (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ open ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    return where->level == 0 ? 0 : remove(path);
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool empty = true;
    while (folder != NULL && empty && (entry = readdir(folder)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return empty;
}

/* One process plays a part in one state folder; one that was killed a moment ago may still hold it. */
static int take_lock(const settings *s, int *lock)
{
    char path[PATH_MAX], name[64];
    chaos_error err = { 0 };
    const int64_t deadline = now_ms() + LOCK_WAIT_MS;
    (void)snprintf(name, sizeof name, "lock-%s", s->agents);
    if (state_path(s, name, path, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, EXIT_USAGE, &err);
    }
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        if (now_ms() > deadline) {
            return say_failure(PROGRAM, EXIT_ENVIRONMENT, "another genesis-studio is at work in '%s'",
                               shown(s->state_path).text);
        }
        pause_ms(50);
    }
    return *lock >= 0 ? 0
                      : say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write in '%s': %s", shown(s->state_path).text,
                                    strerror(errno));
}

static int remove_all(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

/* What an earlier run has left on tmpfs; it may be gone. */
static void clear_volatile(const settings *s)
{
    char file[PATH_MAX], secret[65], folder[64];
    if (state_path(s, VOLATILE_NAME, file, NULL) == CHAOS_OK && access(file, F_OK) == 0 &&
        state_secret(s, VOLATILE_NAME, secret, NULL) == CHAOS_OK) {
        volatile_folder(secret, folder);
        (void)nftw(folder, remove_all, FTW_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
}

static int clear_state(const settings *s, bool worthless)
{
    if (!worthless) {
        return say_failure(PROGRAM, EXIT_USAGE,
                           "'%s' has the keys of an earlier run: --resume goes on with it, --state DIR takes another",
                           shown(s->state_path).text);
    }
    clear_volatile(s);
    return nftw(s->state_path, remove_one, FTW_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0
               ? 0
               : say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot empty '%s': %s", shown(s->state_path).text,
                             strerror(errno));
}

int state_open(const settings *s, bool worthless, int *lock)
{
    char marker[PATH_MAX];
    chaos_error err = { 0 };
    if (make_folder(s->state_path, 0700, &err) != CHAOS_OK || state_path(s, MARKER, marker, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, EXIT_ENVIRONMENT, &err);
    }
    const bool ours = access(marker, F_OK) == 0;
    if (!ours && !is_empty(s->state_path)) {
        return say_failure(PROGRAM, EXIT_USAGE, "--state '%s' is not empty and not of this program",
                           shown(s->state_path).text);
    }
    int code = take_lock(s, lock);
    if (code == 0 && ours && !s->resume && strcmp(s->agents, "all") == 0) {
        code = clear_state(s, worthless);
        code = code == 0 ? take_lock(s, lock) : code; /* the file of the lock was removed, too */
    }
    if (code == 0 && (write_text(marker, slice_text("chaoschain/genesis-studio/1\n"), &err) != CHAOS_OK ||
                      make_folder(s->evidence_path, 0755, &err) != CHAOS_OK)) {
        code = say_fault(PROGRAM, EXIT_ENVIRONMENT, &err);
    }
    return code;
}
