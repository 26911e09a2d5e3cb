/* unix_socket.c - what stands where a Unix socket should be, said before anybody tries to connect. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "net/internal.h"

static chaos_status refuse(const char *path, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_NETWORK, "socket", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(path)));
    return CHAOS_E_NETWORK;
}

chaos_status unix_socket_check(const char *path, chaos_error *err)
{
    struct stat status;
    struct sockaddr_un address;
    if (path[0] == '\0' || strnlen(path, sizeof address.sun_path) >= sizeof address.sun_path) {
        return error_set(err, CHAOS_E_USAGE, "socket", CHAOS_NO_OFFSET,
                         "the path of a Unix socket has 1 to %zu bytes", sizeof address.sun_path - 1);
    }
    if (stat(path, &status) != 0) {
        return refuse(path,
                      errno == ENOENT || errno == ENOTDIR ? "there is no such socket"
                      : errno == EACCES                   ? "the folder of the socket may not be searched"
                                                          : "the socket cannot be examined",
                      err);
    }
    if (S_ISDIR(status.st_mode)) {
        return refuse(
            path,
            "a folder stands where the socket should be: a container runtime makes one when the path is missing "
            "on the host",
            err);
    }
    return S_ISSOCK(status.st_mode) ? CHAOS_OK : refuse(path, "what stands there is no socket", err);
}
