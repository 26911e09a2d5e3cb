/* peers.h - the connections of a server on libmicrohttpd, each with a time by which it must be done: who sends a byte
 * now and then is not idle. For programs that serve HTTP. */
#ifndef COMMON_HTTP_PEERS_H
#define COMMON_HTTP_PEERS_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct peer {
    int fd;
    int64_t deadline_ms;
    struct peer *next, *previous;
} peer;

typedef struct peers {
    pthread_mutex_t lock; /* of the list */
    peer *first;
    int64_t first_ms; /* how long a new connection has */
} peers;

bool peers_begin(peers *p, int64_t first_ms);
void peers_end(peers *p); /* after the daemon has stopped */
/* For MHD_OPTION_NOTIFY_CONNECTION, with the peers as its context. */
void peers_on_connection(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode code);
/* From now on it has so long. */
void peers_give_time(peers *p, struct MHD_Connection *connection, int64_t ms);
/* Ends connections that have taken too long; to be called every second or so. */
void peers_end_slow(peers *p);

#endif
