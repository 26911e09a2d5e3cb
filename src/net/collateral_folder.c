/* collateral_folder.c - the folder that collateral is kept in: its names, its lock, and files that are whole. */
#include "net/collateral.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 500u
#define LOCK_PAUSE_NS 10000000L /* ten milliseconds: five seconds in all */

static chaos_status no_file(const char *what, const char *path, chaos_error *err)
{
    const int number = errno;
    char quoted[160];

    (void)error_set(err, CHAOS_E_FILE_IO, "folder", CHAOS_NO_OFFSET, "cannot %s", what);
    error_found(err, "%s: %s", error_quote(quoted, sizeof quoted, slice_text(path)), strerror(number));
    return CHAOS_E_FILE_IO;
}

static void path_of(const char *folder, const char *name, char path[COLLATERAL_MAX_PATH])
{
    (void)snprintf(path, COLLATERAL_MAX_PATH, "%s/%s", folder, name);
}

void collateral_name(const chaos_platform *platform, char name[COLLATERAL_NAME_SIZE])
{
    char fmspc[2 * sizeof platform->fmspc + 4];

    (void)snprintf(name, COLLATERAL_NAME_SIZE, "%s-%s-%s.json", platform->tee == CHAOS_TEE_TDX ? "tdx" : "sgx",
                   error_hex(fmspc, sizeof fmspc, slice(platform->fmspc, sizeof platform->fmspc)),
                   platform->platform_ca ? "platform" : "processor");
}

chaos_status collateral_folder_make(const char *folder, chaos_error *err)
{
    struct stat status;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return no_file("make the folder", folder, err);
    }
    if (stat(folder, &status) != 0) {
        return no_file("look at the folder", folder, err);
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return no_file("use the folder", folder, err);
    }
    return CHAOS_OK;
}

chaos_status collateral_folder_lock(const char *folder, int *lock, chaos_error *err)
{
    const struct timespec pause = { 0, LOCK_PAUSE_NS };
    char path[COLLATERAL_MAX_PATH];
    int descriptor;

    path_of(folder, ".lock", path);
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return no_file("open the lock", path, err);
    }
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            *lock = descriptor;
            return CHAOS_OK;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)close(descriptor);
    return error_set(err, CHAOS_E_LOCKED, "folder", CHAOS_NO_OFFSET,
                     "another process writes to the folder of collateral");
}

void collateral_folder_unlock(int lock)
{
    (void)close(lock); /* the lock goes with it */
}

static chaos_status read_all(int descriptor, const char *path, chaos_buffer *bytes, chaos_error *err)
{
    uint8_t block[65536];
    ssize_t got = 1;

    while (got > 0) {
        got = read(descriptor, block, sizeof block);
        if (got < 0 && errno != EINTR) {
            return no_file("read", path, err);
        }
        if (got > 0 && !buffer_append(bytes, slice(block, (size_t)got))) {
            return error_set(err, CHAOS_E_LIMIT, "folder", CHAOS_NO_OFFSET, "a file is larger than it may be");
        }
        got = got < 0 ? 1 : got;
    }
    return CHAOS_OK;
}

chaos_status collateral_folder_read(const char *folder, const char *name, chaos_buffer *bytes, bool *there,
                                    chaos_error *err)
{
    char path[COLLATERAL_MAX_PATH];
    chaos_status status;
    int descriptor;

    path_of(folder, name, path);
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    *there = descriptor >= 0;
    if (descriptor < 0) {
        return errno == ENOENT ? CHAOS_OK : no_file("read", path, err);
    }
    status = read_all(descriptor, path, bytes, err);
    (void)close(descriptor); /* read only: there is nothing to lose */
    return status;
}

static bool write_all(int descriptor, chaos_slice bytes)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t written = write(descriptor, bytes.data + done, bytes.size - done);
        if (written <= 0 && errno != EINTR) {
            return false;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* The new name is on the disk when the folder is. */
static bool sync_folder(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = descriptor >= 0 && fsync(descriptor) == 0;

    return (descriptor < 0 || close(descriptor) == 0) && ok;
}

/* One name for what is being written: there is one writer, and what a killed one left is written over. */
chaos_status collateral_folder_write(const char *folder, const char *name, chaos_slice bytes, chaos_error *err)
{
    char path[COLLATERAL_MAX_PATH];
    char part[COLLATERAL_MAX_PATH];
    int descriptor;
    bool ok;

    path_of(folder, name, path);
    path_of(folder, ".part", part);
    (void)unlink(part);
    descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return no_file("write", part, err);
    }
    ok = write_all(descriptor, bytes) && fsync(descriptor) == 0;
    ok = close(descriptor) == 0 && ok && rename(part, path) == 0;
    if (!ok) {
        chaos_status status = no_file("write", path, err);
        (void)unlink(part);
        return status;
    }
    return sync_folder(folder) ? CHAOS_OK : no_file("write", folder, err);
}
