/* simulator.h - what the files of dstack-simulator share. */
#ifndef DSTACK_SIMULATOR_H
#define DSTACK_SIMULATOR_H

#include "programs/common/common.h"
#include "sim/guest.h"

#define PROGRAM "dstack-simulator"

/* A listener answers for one API; of both when `by_path` (HTTP): /prpc/ is tappd's. */
typedef struct listener listener;

/* Begins to serve on a descriptor that listens already; it is closed by server_stop. NULL: libmicrohttpd would not. */
listener *server_start(guest *g, int fd, guest_api api);
void server_stop(listener *l); /* NULL is allowed */

/* A socket that listens at this path, made with this mode, in place of a stale one. -1 after a message. */
int listen_unix(const char *path, unsigned mode);
/* At 127.0.0.1:PORT or [::1]:PORT; port 0 is any, *port gets it. -1 after a message. */
int listen_loopback(const char *text, unsigned *port);

#endif
