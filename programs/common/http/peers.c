/* peers.c - connections, and until when each must be done. */
#include "programs/common/http/peers.h"

#include "programs/common/common.h"

#include <stdlib.h>
#include <sys/socket.h>

bool peers_begin(peers *p, int64_t first_ms)
{
    *p = (peers){ .first_ms = first_ms };
    return pthread_mutex_init(&p->lock, NULL) == 0;
}

void peers_end(peers *p)
{
    (void)pthread_mutex_destroy(&p->lock);
}

static peer *add(peers *p, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer *made = info == NULL ? NULL : calloc(1, sizeof *made);

    if (made != NULL) {
        *made = (peer){ .fd = info->connect_fd, .deadline_ms = now_ms() + p->first_ms, .next = p->first };
        if (p->first != NULL) {
            p->first->previous = made;
        }
        p->first = made;
    }
    return made;
}

static void drop(peers *p, peer *gone)
{
    *(gone->previous == NULL ? &p->first : &gone->previous->next) = gone->next;
    if (gone->next != NULL) {
        gone->next->previous = gone->previous;
    }
    free(gone);
}

void peers_on_connection(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode code)
{
    peers *p = context;

    (void)pthread_mutex_lock(&p->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *place = add(p, connection);
    } else if (*place != NULL) {
        drop(p, *place);
        *place = NULL;
    }
    (void)pthread_mutex_unlock(&p->lock);
}

void peers_give_time(peers *p, struct MHD_Connection *connection, int64_t ms)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    peer *found = info == NULL ? NULL : info->socket_context;

    if (found != NULL) {
        (void)pthread_mutex_lock(&p->lock);
        found->deadline_ms = now_ms() + ms;
        (void)pthread_mutex_unlock(&p->lock);
    }
}

void peers_end_slow(peers *p)
{
    const int64_t now = now_ms();

    (void)pthread_mutex_lock(&p->lock);
    for (const peer *one = p->first; one != NULL; one = one->next) { /* in the list a descriptor is still open */
        if (now >= one->deadline_ms) {
            (void)shutdown(one->fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
}
