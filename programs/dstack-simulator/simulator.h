/* simulator.h - what the files of dstack-simulator share. */
#ifndef DSTACK_SIMULATOR_H
#define DSTACK_SIMULATOR_H

#include <sys/types.h>

#include "programs/common/common.h"
#include "sim/guest.h"

#define PROGRAM "dstack-simulator"

/* A listener answers for one API, or for both by path (HTTP). Limits of connections and of their time: server.c. */
typedef struct listener listener;

/* Begins to serve on a descriptor that listens already; it is closed by server_stop. NULL: libmicrohttpd would not. */
listener *server_start(guest *g, int fd, guest_api api);
/* Ends connections whose request has taken too long; to be called every second or so. NULL is allowed. */
void server_end_slow(listener *l);
void server_stop(listener *l); /* NULL is allowed */

/* A Unix socket that listens, and which file it is. */
typedef struct unix_socket {
    const char *path;
    int fd;
    dev_t device;
    ino_t inode;
} unix_socket;

/* A socket that listens at this path, made with this mode, in place of a stale one, but of nothing else. False
 * after a message; then the path is as it was. */
bool listen_unix(const char *path, unsigned mode, unix_socket *out);
/* Removes the file if it is still this socket. */
void unlink_unix(const unix_socket *made);
/* Is it 127.0.0.1:PORT? */
bool is_loopback(const char *text);
/* Listens there; port 0 is any, *port gets it. -1 after a message. */
int listen_loopback(const char *text, unsigned *port);

/* The folder, made if need be and locked against other simulators until the descriptor is closed. -1 after a
 * message. */
int open_folder(const char *folder);

#endif
