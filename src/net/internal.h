/* internal.h - what the files of this folder share. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include "net/net.h"

/* Refuses, in words, a path that is not there, not a socket, too long, or not ours to open. */
CHAOS_MUST_USE chaos_status unix_socket_check(const char *path, chaos_error *err);

/* One exchange with a handle of libcurl (CURL), which may keep its connection. exchange.c */
CHAOS_MUST_USE chaos_status exchange_with(void *handle, bool keep, const net_request *request, net_reply *reply,
                                          chaos_error *err);

#endif
