/* listen.c - the sockets of a program that serves: Unix ones by path, TCP on this machine alone. */
#include "programs/common/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG SOMAXCONN /* a Unix socket whose queue is full refuses who connects without waiting */

static int cannot(const char *program, const char *what, const char *where)
{
    int reason = errno;
    (void)say_failure(program, EXIT_ENVIRONMENT, "%s '%s': %s", what, shown(where).text, strerror(reason));
    return -1;
}

/* ------------------------------------------------------------ Unix sockets ---- */

/* The folder of a path, locked: who looks whether a socket is stale, replaces it and listens is alone with it. The lock
 * ends with the descriptor. */
static int lock_folder_of(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *end = strrchr(path, '/');
    size_t length = end == NULL ? 1 : end == path ? 1
                                                  : (size_t)(end - path);
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (end != NULL) {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A socket that nobody listens on any more may be replaced; nothing else may. */
static bool make_room(const char *path, const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISSOCK(status.st_mode)) {
        errno = EEXIST;
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale = probe >= 0 && connect(probe, (const struct sockaddr *)(const void *)address, sizeof *address) != 0 &&
                 errno == ECONNREFUSED;
    if (probe >= 0) {
        (void)close(probe);
    }
    if (!stale) { /* it is used, or it is not ours to judge */
        errno = EADDRINUSE;
        return false;
    }
    return unlink(path) == 0;
}

/* True: it listens, and `out` says which file it is. */
static bool bind_unix(const struct sockaddr_un *address, unsigned mode, unix_socket *out)
{
    struct stat status;
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0777 & ~(mode_t)mode); /* no moment at which others could connect */
    bool bound = out->fd >= 0 && bind(out->fd, (const struct sockaddr *)(const void *)address, sizeof *address) == 0;
    (void)umask(before);
    if (bound && lstat(out->path, &status) == 0 && listen(out->fd, BACKLOG) == 0) {
        out->device = status.st_dev;
        out->inode = status.st_ino;
        return true;
    }
    int reason = errno;
    if (bound) {
        (void)unlink(out->path);
    }
    if (out->fd >= 0) {
        (void)close(out->fd);
    }
    errno = reason;
    return false;
}

bool listen_unix(const char *program, const char *path, unsigned mode, unix_socket *out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    unix_socket made = { .path = path };
    if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
        errno = path[0] == '\0' ? ENOENT : ENAMETOOLONG;
        return cannot(program, "cannot listen at", path) == 0;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int folder = lock_folder_of(path);
    bool ok = folder >= 0 && make_room(path, &address) && bind_unix(&address, mode, &made);
    if (!ok) {
        (void)cannot(program, "cannot listen at", path);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    if (ok) {
        *out = made;
    }
    return ok;
}

void unlink_unix(const unix_socket *made)
{
    struct stat status;
    int folder = lock_folder_of(made->path);
    if (folder >= 0 && lstat(made->path, &status) == 0 && status.st_dev == made->device &&
        status.st_ino == made->inode) {
        (void)unlink(made->path);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
}

/* --------------------------------------------------------------------- TCP ---- */

static bool read_loopback(const char *text, uint64_t *port)
{
    static const char here[] = "127.0.0.1:";
    return strncmp(text, here, strlen(here)) == 0 && value_unsigned(text + strlen(here), 65535, port);
}

bool is_loopback(const char *text)
{
    uint64_t port;
    return read_loopback(text, &port);
}

int listen_loopback(const char *program, const char *text, unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    uint64_t number = 0;
    const int on = 1;
    if (!read_loopback(text, &number)) {
        errno = EINVAL;
        return cannot(program, "cannot listen at", text);
    }
    address.sin_port = htons((uint16_t)number);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0 &&
              listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0;
    if (!ok) {
        int result = cannot(program, "cannot listen at", text);
        if (fd >= 0) {
            (void)close(fd);
        }
        return result;
    }
    *port = ntohs(address.sin_port);
    return fd;
}
