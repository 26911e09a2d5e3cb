/* fetch.h - the bytes behind a URL that a stranger wrote: registration files, evidence, the content of a request.
 *
 * https://HOST[:PORT]/...       and http:// where the options allow it ipfs://CID[/PATH]             through
 * gateways; what the CID's hash covers is checked data:[TYPE][;base64],DATA     RFC 2397; asks nobody
 *
 * Nobody is asked who should not be: no address but public ones is connected to, judged on the address of the
 * socket, after the name was resolved, for each redirect again. No user names, no zone ids, no unusual spelling of
 * an address, no port but 443 unless allowed, no proxy, at most three redirects, never from https to http. Bytes,
 * time and redirects are bounded; the time limit is one for all redirects and gateways together.
 *
 * A URL says nothing about who is behind it: `bond` says what ties the bytes to the URL, the caller decides what
 * that is worth (formats 6: only bytes that the agent committed to can stand against it). Thread-safe. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "net/net.h"

#define NET_FETCH_DEFAULT_BYTES (1024u * 1024u)
#define NET_FETCH_MAX_REDIRECTS 3u
#define NET_FETCH_MAX_GATEWAYS 8u
#define NET_MAX_MEDIA_TYPE 64

typedef struct net_fetch_options {
    size_t max_bytes;          /* of the content; 0: NET_FETCH_DEFAULT_BYTES; at most NET_MAX_REPLY */
    uint32_t total_timeout_ms; /* 0: NET_TOTAL_TIMEOUT_MS; at most NET_MAX_TOTAL_TIMEOUT_MS */
    bool allow_http;           /* http:// too */
    bool allow_any_port;       /* others than 443 (and 80 of http://) too */
    bool allow_loopback;       /* 127.0.0.0/8 and ::1 too: for local chains and tests, never for strangers' URLs */
    /* "https://HOST/ipfs/": the CID and its path are appended. They are the operator's: any scheme, port and address is
     * good for them, but not for where they redirect to. None: ipfs:// is NOT_AVAILABLE. Tried in turn. */
    const char *const *gateways;
    size_t gateway_count;
    /* "HOST:PORT:ADDRESS" in place of the name service, ended by NULL; NULL: none. For tests. */
    const char *const *resolve;
} net_fetch_options;

typedef enum net_bond {
    NET_BOND_NONE,   /* whoever answers for the name at this moment chose the bytes */
    NET_BOND_HASHED, /* ipfs: they have the hash in the URL */
    NET_BOND_INLINE  /* data: they are the URL */
} net_bond;

typedef struct net_fetched {
    chaos_buffer bytes;
    net_bond bond;
    char media_type[NET_MAX_MEDIA_TYPE]; /* lower case, without parameters, as it was said; "" if it was not */
    char url[NET_MAX_URL + 1];           /* that gave the bytes, after redirects; "data:" for those */
} net_fetched;

/* USAGE (`field` "url") for a URL that is not fetched at all, or options outside their limits; ADDRESS_REFUSED;
 * NETWORK, TIMEOUT, GUEST_AGENT (not 200, too large, redirected too often or to where it may not lead);
 * CONTENT_HASH when gateways gave other bytes than the CID names, and none the right ones. `options` may be NULL. */
CHAOS_MUST_USE chaos_status net_fetch(chaos_slice url, const net_fetch_options *options, net_fetched *out,
                                      chaos_error *err);
void net_fetched_clear(net_fetched *fetched); /* frees; the struct is then zero */

#endif
