/* listen.h - sockets to serve at: Unix ones by path, TCP on this machine alone. For programs that serve HTTP. */
#ifndef COMMON_HTTP_LISTEN_H
#define COMMON_HTTP_LISTEN_H

#include <sys/types.h>

#include "programs/common/common.h"

/* A Unix socket that listens, and which file it is. */
typedef struct unix_socket {
    const char *path;
    int fd;
    dev_t device;
    ino_t inode;
} unix_socket;

/* A socket that listens at this path, made with this mode, in place of a stale one, but of nothing else. False
 * after a message of the program's; then the path is as it was. */
bool listen_unix(const char *program, const char *path, unsigned mode, unix_socket *out);
/* Removes the file if it is still this socket. */
void unlink_unix(const unix_socket *made);
/* Is it 127.0.0.1:PORT? */
bool is_loopback(const char *text);
/* Listens there; port 0 is any, *port gets it. -1 after a message. */
int listen_loopback(const char *program, const char *text, unsigned *port);

#endif
