/* net.h - bytes that others published, and bytes of one's own to publish: registration files, envelopes, reports.
 *
 * Content has a name that is made of it: ipfs://CID, CIDv1 of raw bytes, so that whoever fetches it checks it. */
#ifndef CHAOSCHAIN_NET_H
#define CHAOSCHAIN_NET_H

#include <chaoschain/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where bytes are fetched from, and put. Thread-safe. */
typedef struct chaos_content chaos_content;

#define CHAOS_MAX_GATEWAYS 4
#define CHAOS_CONTENT_URI_SIZE 80 /* "ipfs://" and a CIDv1, with NUL */

typedef struct chaos_content_options {
    size_t size;             /* CHAOS_CONTENT_OPTIONS_INIT */
    const char *folder;      /* a folder that holds content by its CID, looked into before any gateway; NULL: none */
    const char *base;        /* "https://HOST/PATH/": URIs that begin so are the folder's named content, and not fetched
                              * by whoever has the folder; NULL: none */
    const char *gateways[CHAOS_MAX_GATEWAYS]; /* "https://HOST" of IPFS gateways, in order; NULL ends the list */
    bool allow_local;        /* http:// and addresses of this machine: for local chains and tests */
    uint32_t timeout_ms;     /* of one fetch with its redirects; 0: 20 s */
} chaos_content_options;
#define CHAOS_CONTENT_OPTIONS_INIT { sizeof(chaos_content_options), NULL, NULL, { NULL, NULL, NULL, NULL }, false, 0 }

/* `options` may be NULL. Makes the folder (0755) when it is not there. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_content_open(const chaos_content_options *options,
                                                         chaos_content **content, chaos_error *err);
CHAOS_API void chaos_content_free(chaos_content *content);

/* Writes the bytes into the folder under their CID (whole or not at all) and says their URI. USAGE without a folder. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_content_put(chaos_content *content, chaos_slice bytes,
                                                        char uri[CHAOS_CONTENT_URI_SIZE], chaos_error *err);
/* The same under a name of the caller's, [a-z0-9.-]{1,96}, that says nothing of the bytes: `base` and the name.
 * Replaces what has the name. USAGE without folder and base. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_content_put_named(chaos_content *content, const char *name,
                                                              chaos_slice bytes, chaos_error *err);
/* The URI that the name has or will have. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_content_named_uri(const chaos_content *content, const char *name, char *uri,
                                                              size_t uri_capacity, chaos_error *err);
/* https:, ipfs: and data: URIs. Appends to `bytes`, whose limit is the largest that is accepted. *committed: the URI
 * itself fixes the bytes, and they were compared (data:, ipfs: of one block). NETWORK, TIMEOUT, ADDRESS_REFUSED,
 * CONTENT_HASH; USAGE for a URI of another kind. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_content_get(chaos_content *content, const char *uri, chaos_buffer *bytes,
                                                        bool *committed, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
