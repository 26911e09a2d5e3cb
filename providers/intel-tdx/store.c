/* store.c - identity keys in a folder on tmpfs: 32 bytes each, in files of mode 0600. tmpfs is the guest's own memory,
 * which TDX encrypts and which ends with the guest. What could carry a key out of that is refused: another file system,
 * swap, a folder or a file that others can read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "plugin.h"

#define TMPFS_TYPE 0x01021994 /* TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h */
#define RAMFS_TYPE 0x858458f6
#define SWAPS "/proc/swaps"
#define MAX_SWAPS 4096u
#define SECRET_SIZE 32
#define MAX_NAME 255 /* NAME_MAX */

/* ------------------------------------------------------------------- folder ---- */

static chaos_status refuse(const tdx *t, const char *why, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE, "key_store %.80s %s", t->keys, why);
}

static chaos_status no_folder(const tdx *t, int reason, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE,
                               "key_store %.100s: %s; name a folder on tmpfs that user %ld may make, or \"" KEYS_IN_MEMORY
                               "\"",
                               t->keys, strerror(reason), (long)geteuid());
}

/* Is there a swap device? The file has a line of titles, and one for each. What cannot be read counts as one. */
static bool may_be_swapped(void)
{
    uint8_t text[MAX_SWAPS];
    size_t size = 0, lines = 0;
    if (file_read(SWAPS, text, sizeof text, &size, 0) != 0) {
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    return lines != 1;
}

static chaos_status check_folder(const tdx *t, int folder, chaos_error *err)
{
    struct stat status;
    struct statfs fs;
    if (fstat(folder, &status) != 0 || fstatfs(folder, &fs) != 0) {
        return no_folder(t, errno, err);
    }
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
        return refuse(t, "belongs to somebody else, or others may look into it: it must be this user's, with mode 0700",
                      err);
    }
    if ((unsigned long)fs.f_type != TMPFS_TYPE && (unsigned long)fs.f_type != RAMFS_TYPE) {
        return refuse(t, "is not on tmpfs: a key there would outlive the guest and could be read on its disk", err);
    }
    if ((unsigned long)fs.f_type == TMPFS_TYPE && !t->allows_swap && may_be_swapped()) {
        return refuse(t, "could be swapped to a disk that the host reads: turn swap off, or, if it is encrypted by the "
                         "guest, set allow_swap",
                      err);
    }
    return CHAOS_OK;
}

static chaos_status open_folder(const tdx *t, int *folder, chaos_error *err)
{
    const bool is_made = mkdir(t->keys, 0700) == 0;
    if (!is_made && errno != EEXIST) {
        return no_folder(t, errno, err);
    }
    *folder = open(t->keys, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*folder < 0) {
        return no_folder(t, errno, err);
    }
    chaos_status status = check_folder(t, *folder, err);
    if (status != CHAOS_OK) {
        (void)close(*folder);
    }
    if (status != CHAOS_OK && is_made) {
        (void)rmdir(t->keys);
    }
    return status;
}

/* --------------------------------------------------------------------- name ---- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One path, one name: letters, digits, - and _ as they are, "/" as "+", everything else as %XX. */
static bool make_name(const char *path, char name[MAX_NAME + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;
    for (; *path != '\0'; path++) {
        const unsigned char c = (unsigned char)*path;
        const bool is_short = is_plain(*path) || c == '/';
        if (length + (is_short ? 1 : 3) > MAX_NAME) {
            return false;
        }
        if (is_short) {
            name[length++] = c == '/' ? '+' : *path;
            continue;
        }
        name[length++] = '%';
        name[length++] = digits[c >> 4];
        name[length++] = digits[c & 15];
    }
    name[length] = '\0';
    return length > 0;
}

/* --------------------------------------------------------------------- file ---- */

static chaos_status bad_file(const tdx *t, const char *name, const char *why, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE, "key_store %.80s, %.80s: %s", t->keys, name, why);
}

/* ENOENT is for the caller: there is none yet. */
static chaos_status read_secret(const tdx *t, int folder, const char *name, uint8_t secret[SECRET_SIZE], bool *is_there,
                                chaos_error *err)
{
    struct stat status;
    uint8_t beyond;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    *is_there = fd >= 0 || errno != ENOENT;
    if (fd < 0) {
        return *is_there ? bad_file(t, name, strerror(errno), err) : CHAOS_OK;
    }
    const bool is_ours = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
                         (status.st_mode & 077) == 0 && status.st_size == SECRET_SIZE;
    const bool is_read = is_ours && read(fd, secret, SECRET_SIZE) == SECRET_SIZE && read(fd, &beyond, 1) == 0;
    (void)close(fd);
    if (!is_ours) {
        return bad_file(t, name, "it is no key of ours: a file of this user, mode 0600, 32 bytes", err);
    }
    return is_read ? CHAOS_OK : bad_file(t, name, "it cannot be read", err);
}

static bool fill(int fd, uint8_t secret[SECRET_SIZE])
{
    ssize_t n;
    do {
        n = getrandom(secret, SECRET_SIZE, 0);
    } while (n < 0 && errno == EINTR);
    return n == SECRET_SIZE && write(fd, secret, SECRET_SIZE) == SECRET_SIZE;
}

/* Under a temporary name first: nobody ever sees half a key, and of two who make one, one is first for both. */
static chaos_status make_secret(const tdx *t, int folder, const char *name, chaos_error *err)
{
    char temporary[32] = ".", why[80] = "";
    uint8_t secret[SECRET_SIZE];
    if (!random_hex(temporary + 1, 24)) {
        return chaos_provider_fail(err, CHAOS_E_INTERNAL, "the system gives no randomness");
    }
    const int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return bad_file(t, name, strerror(errno), err);
    }
    bool good = fill(fd, secret);
    t->host->wipe(t->host, secret, sizeof secret);
    good = close(fd) == 0 && good;
    if (!good || (linkat(folder, temporary, folder, name, 0) != 0 && errno != EEXIST)) {
        (void)snprintf(why, sizeof why, "it cannot be written: %s", strerror(errno));
    }
    (void)unlinkat(folder, temporary, 0);
    return why[0] == '\0' ? CHAOS_OK : bad_file(t, name, why, err);
}

chaos_status store_secret(const tdx *t, const char *path, uint8_t secret[SECRET_SIZE], bool *is_new, chaos_error *err)
{
    char name[MAX_NAME + 1];
    bool is_there = false;
    int folder = -1;
    if (!make_name(path, name)) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "a key's path must fit into a file's name (%d bytes)", MAX_NAME);
    }
    chaos_status status = open_folder(t, &folder, err);
    if (status != CHAOS_OK) {
        return status;
    }
    status = read_secret(t, folder, name, secret, &is_there, err);
    *is_new = status == CHAOS_OK && !is_there;
    if (*is_new) {
        status = make_secret(t, folder, name, err);
        status = status != CHAOS_OK ? status : read_secret(t, folder, name, secret, &is_there, err);
        if (status == CHAOS_OK && !is_there) {
            status = bad_file(t, name, "another process has removed it", err);
        }
    }
    (void)close(folder);
    return status;
}
