/* simulator.h - what the files of dstack-simulator share. */
#ifndef DSTACK_SIMULATOR_H
#define DSTACK_SIMULATOR_H

#include "programs/common/http/listen.h"
#include "sim/guest.h"

#define PROGRAM "dstack-simulator"

/* A listener answers for one API, or for both by path (HTTP). Limits of connections and of their time: server.c. */
typedef struct listener listener;

/* Begins to serve on a descriptor that listens already; it is closed by server_stop. NULL: libmicrohttpd would not. */
listener *server_start(guest *g, int fd, guest_api api);
/* Ends connections whose request has taken too long; to be called every second or so. NULL is allowed. */
void server_end_slow(listener *l);
void server_stop(listener *l); /* NULL is allowed */

/* The folder, made if need be and locked against other simulators until the descriptor is closed. -1 after a
 * message. */
int open_folder(const char *folder);

#endif
