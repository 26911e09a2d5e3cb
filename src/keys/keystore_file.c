/* keystore_file.c - keystores as files: read only where nobody else can, written whole, once, and for good. */
#include "keys/keys.h"

#include "codec/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH 4096

static chaos_status refuse(chaos_error *err, const char *path, const char *why)
{
    char text[200];
    (void)error_set(err, CHAOS_E_FILE_IO, "keystore", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(text, sizeof text, slice_text(path)));
    return CHAOS_E_FILE_IO;
}

static chaos_status failed(chaos_error *err, const char *path, const char *what)
{
    char text[160];
    (void)snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    return refuse(err, path, text);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}
#define AUTO_FD(name) __attribute__((cleanup(close_fd))) int name = -1

/* --------------------------------------------------------------- reading ---- */

static chaos_status check_file(int fd, const char *path, chaos_error *err)
{
    struct stat s;
    if (fstat(fd, &s) != 0) {
        return failed(err, path, "the keystore cannot be examined");
    }
    if (!S_ISREG(s.st_mode)) {
        return refuse(err, path, "the keystore is not a regular file");
    }
    if (s.st_uid != geteuid()) {
        return refuse(err, path, "the keystore belongs to another user");
    }
    if ((s.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return refuse(err, path, "the keystore is open to the group or to others (chmod 600)");
    }
    return CHAOS_OK;
}

chaos_status keystore_file_read(const char *path, chaos_buffer *out, chaos_error *err)
{
    AUTO_FD(fd);
    uint8_t text[KEYSTORE_MAX_FILE + 1];
    size_t size = 0;
    ssize_t got;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return errno == ELOOP ? refuse(err, path, "the keystore is a symbolic link")
                              : failed(err, path, "the keystore cannot be opened");
    }
    CHAOS_TRY(check_file(fd, path, err));
    do {
        got = read(fd, text + size, sizeof text - size);
        size += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && size < sizeof text) || (got < 0 && errno == EINTR));
    if (got < 0) {
        return failed(err, path, "the keystore cannot be read");
    }
    if (size > KEYSTORE_MAX_FILE) {
        return error_set(err, CHAOS_E_KEYSTORE_FORMAT, NULL, CHAOS_NO_OFFSET, "a keystore has at most %u bytes",
                         KEYSTORE_MAX_FILE);
    }
    return buffer_append(out, slice(text, size)) ? CHAOS_OK
                                                 : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

/* --------------------------------------------------------------- writing ---- */

typedef struct place {
    char folder[MAX_PATH];
    const char *name; /* in the folder */
    char temporary[64];
} place;

static chaos_status split(const char *path, place *out, chaos_error *err)
{
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    size_t size = strlen(path);
    const char *last = strrchr(path, '/');
    if (size == 0 || size >= sizeof out->folder || path[size - 1] == '/') {
        return refuse(err, path, "a keystore needs the name of a file");
    }
    size_t folder = last == NULL ? 0 : (size_t)(last - path);
    memcpy(out->folder, path, folder);
    out->folder[folder] = '\0';
    if (folder == 0) {
        out->folder[0] = last == NULL ? '.' : '/';
        out->folder[1] = '\0';
    }
    out->name = last == NULL ? path : last + 1;
    randombytes_buf(random, sizeof random);
    hex_encode(slice(random, sizeof random), hex);
    hex[sizeof hex - 1] = '\0';
    (void)snprintf(out->temporary, sizeof out->temporary, ".keystore-%s", hex);
    return CHAOS_OK;
}

static chaos_status open_folder(const place *p, int *fd, chaos_error *err)
{
    struct stat s;
    if (mkdir(p->folder, S_IRWXU) != 0 && errno != EEXIST) {
        return failed(err, p->folder, "the keystore's folder cannot be made");
    }
    *fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &s) != 0) {
        return failed(err, p->folder, "the keystore's folder cannot be opened");
    }
    if (s.st_uid != geteuid() || (s.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(err, p->folder, "the keystore's folder is another user's, or others can write to it (chmod 700)");
    }
    return CHAOS_OK;
}

static bool write_all(int fd, chaos_slice bytes)
{
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t put = write(fd, bytes.data + done, bytes.size - done);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return fchmod(fd, S_IRUSR | S_IWUSR) == 0 && fsync(fd) == 0;
}

/* Written beside it, then linked: a link never replaces a file, and what has the name is whole. */
static chaos_status write_new(int folder, const place *p, chaos_slice bytes, const char *path, chaos_error *err)
{
    AUTO_FD(fd);
    fd = openat(folder, p->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return failed(err, path, "the keystore cannot be made");
    }
    chaos_status status = CHAOS_OK;
    if (!write_all(fd, bytes)) {
        status = failed(err, path, "the keystore cannot be written");
    } else if (linkat(folder, p->temporary, folder, p->name, 0) != 0) {
        status = errno == EEXIST ? refuse(err, path, "the keystore exists already, and is never replaced")
                                 : failed(err, path, "the keystore cannot be made");
    }
    (void)unlinkat(folder, p->temporary, 0);
    if (status == CHAOS_OK && fsync(folder) != 0) {
        return failed(err, path, "the keystore's folder cannot be written to the disk");
    }
    return status;
}

chaos_status keystore_file_create(const char *path, chaos_slice bytes, chaos_error *err)
{
    AUTO_FD(folder);
    place p;
    if (sodium_init() < 0) {
        return error_set(err, CHAOS_E_CRYPTO, "key", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(split(path, &p, err));
    CHAOS_TRY(open_folder(&p, &folder, err));
    return write_new(folder, &p, bytes, path, err);
}
