/* listen.c - the sockets of the simulator: Unix ones by path, TCP on this machine alone. */
#include "simulator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static int cannot(const char *what, const char *where)
{
    int reason = errno;
    (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "%s '%s': %s", what, shown(where).text, strerror(reason));
    return -1;
}

/* A socket that nobody listens on any more may be replaced; nothing else may. */
static bool make_room(const char *path, const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return true;
    }
    if (!S_ISSOCK(status.st_mode)) {
        errno = EEXIST;
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive =
        probe >= 0 && connect(probe, (const struct sockaddr *)(const void *)address, sizeof *address) == 0;
    if (probe >= 0) {
        (void)close(probe);
    }
    if (alive) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(path) == 0;
}

int listen_unix(const char *path, unsigned mode)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return cannot("cannot listen at", path);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (!make_room(path, &address)) {
        return cannot("cannot listen at", path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0777 & ~(mode_t)mode); /* no moment at which others could connect */
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0 &&
              listen(fd, BACKLOG) == 0;
    (void)umask(before);
    if (!ok) {
        int result = cannot("cannot listen at", path);
        if (fd >= 0) {
            (void)close(fd);
        }
        return result;
    }
    return fd;
}

int listen_loopback(const char *text, unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    static const char here[] = "127.0.0.1:";
    uint64_t number = 0;
    const int on = 1;
    if (strncmp(text, here, strlen(here)) != 0 || !value_unsigned(text + strlen(here), 65535, &number)) {
        (void)say_failure(PROGRAM, EXIT_USAGE,
                          "--http '%s' is not 127.0.0.1:PORT: a simulator serves this machine alone",
                          shown(text).text);
        return -1;
    }
    address.sin_port = htons((uint16_t)number);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0 &&
              listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0;
    if (!ok) {
        int result = cannot("cannot listen at", text);
        if (fd >= 0) {
            (void)close(fd);
        }
        return result;
    }
    *port = ntohs(address.sin_port);
    return fd;
}
