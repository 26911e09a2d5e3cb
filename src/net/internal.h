/* internal.h - what the files of this folder share. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include "net/net.h"

/* Refuses, in words, a path that is not there, not a socket, too long, or not ours to open. */
CHAOS_MUST_USE chaos_status unix_socket_check(const char *path, chaos_error *err);

#endif
