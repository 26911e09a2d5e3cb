/* net.h - bytes that others published, and bytes of one's own to publish: registration files, envelopes, reports.
 *
 * Content has a name that is made of it: ipfs://CID, CIDv1 of raw bytes, so that whoever fetches it checks it.
 * Collateral is fetched from Intel's service or a caching service, verified, and kept in a folder. */
#ifndef CHAOSCHAIN_NET_H
#define CHAOSCHAIN_NET_H

#include <chaoschain/base.h>
#include <chaoschain/evidence.h>
#include <chaoschain/verify.h>

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

/* ----------------------------------------------------------- collateral ---- */

/* Whose collateral: a kind of platform, as its PCK certificate says it. */
typedef struct chaos_platform {
    chaos_tee_kind tee;
    uint8_t fmspc[6];
    bool platform_ca; /* the PCK certificate is of the Platform CA; else of the Processor CA */
} chaos_platform;

/* Read from the quote's PCK chain; nothing of it is verified, and nothing has to be: it says only what to ask for.
 * PCK_CHAIN_MISSING for a quote that names its certificate and does not hold it; FORMAT statuses. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_platform(const chaos_evidence *evidence, chaos_platform *platform,
                                                              chaos_error *err);

typedef enum chaos_service_kind {
    CHAOS_SERVICE_PCS = 1, /* Intel's, or a mirror of it */
    CHAOS_SERVICE_PCCS = 2 /* a caching service: the root CA's list comes from it too */
} chaos_service_kind;

/* A service that hands out collateral. No call that is made needs an API key. */
typedef struct chaos_collateral_service {
    size_t size;              /* CHAOS_COLLATERAL_SERVICE_INIT */
    const char *url;          /* "https://HOST[:PORT][/PATH]" before "/sgx/certification"; NULL: Intel's. http:// only
                               * for this machine (localhost, 127.0.0.0/8, [::1]), and only with allow_local */
    chaos_service_kind kind;
    unsigned version;         /* of the interface: 3 (SGX alone) or 4 */
    const char *root_crl_url; /* PCS: the root CA's list; NULL: Intel's */
    bool early;               /* the newest TCB evaluation number, before it is the standard one */
    bool allow_local;
    uint32_t timeout_ms;      /* of all requests together; 0: 20 s */
    uint32_t evaluation_number; /* TCB info and QE identity of this evaluation and no other; 0: the standard one, or
                               * with `early` the newest. Not with `early`, and not in version 3 */
} chaos_collateral_service;
#define CHAOS_COLLATERAL_SERVICE_INIT \
    { sizeof(chaos_collateral_service), NULL, CHAOS_SERVICE_PCS, 4, NULL, false, false, 0, 0 }

/* Asks for TCB info, QE identity, PCK CRL and root CA CRL, verifies them all at `now` (chaos_collateral_seal), compares
 * them with `platform`, and appends the interchange JSON to `json` (CHAOS_MAX_COLLATERAL is enough). `facts` may be
 * NULL. FORMAT and TRUST statuses speak of what the service gave, never of any evidence. TCB_INFO_MISMATCH (`field`
 * "fmspc" or "tee") and CRL_ISSUER (`field` "pck_crl"): of another platform; TCB_INFO_MISMATCH with `field`
 * "tcb_evaluation_number" or "qe_evaluation_number": of another evaluation than was asked for. COLLATERAL_MISSING: the
 * service has none (404, 410); GUEST_AGENT: another HTTP status, with `field` the part; NETWORK, TIMEOUT. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_fetch(const chaos_collateral_service *service,
                                                             const chaos_platform *platform, const chaos_trust *trust,
                                                             int64_t now, chaos_buffer *json,
                                                             chaos_collateral_facts *facts, chaos_error *err);

/* A folder with the newest collateral of each platform: TEE-FMSPC-CA.json, and floor.json, the floor that is never
 * gone back behind (chaos_floor; verifiers take it too). Processes and threads may share it: files are replaced whole,
 * by one at a time. Everything in it is verified again when it is read. Use one folder for each set of roots. */
typedef struct chaos_collateral_cache chaos_collateral_cache;

typedef struct chaos_collateral_cache_options {
    size_t size;                             /* CHAOS_COLLATERAL_CACHE_OPTIONS_INIT */
    const char *folder;                      /* made (0700, its last part) when it is not there */
    const chaos_collateral_service *service; /* copied; NULL: what is in the folder, and nobody is asked */
    const chaos_trust *trust;                /* borrowed; NULL: the vendor's root alone */
    uint32_t margin;                         /* seconds before its end that collateral is renewed; 0: seven days */
} chaos_collateral_cache_options;
#define CHAOS_COLLATERAL_CACHE_OPTIONS_INIT { sizeof(chaos_collateral_cache_options), NULL, NULL, NULL, 0 }

CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_cache_open(const chaos_collateral_cache_options *options,
                                                                  chaos_collateral_cache **cache, chaos_error *err);
CHAOS_API void chaos_collateral_cache_free(chaos_collateral_cache *cache);

typedef enum chaos_collateral_origin {
    CHAOS_ORIGIN_CACHE = 1,   /* nobody was asked */
    CHAOS_ORIGIN_SERVICE = 2, /* fetched, and kept from now on */
    CHAOS_ORIGIN_KEPT = 3     /* it was time to renew it, and that failed: what was there is valid still */
} chaos_collateral_origin;
CHAOS_API const char *chaos_collateral_origin_name(chaos_collateral_origin origin); /* "cache", "service", "kept" */

typedef struct chaos_cached_collateral {
    chaos_collateral_facts facts;
    chaos_collateral_origin origin;
    chaos_error failure; /* with KEPT: why; else its status is CHAOS_OK */
} chaos_cached_collateral;

/* Collateral of `platform` that is valid at `now`, appended to `json`. `renew`: ask the service whatever is there.
 * `found` may be NULL. Without anything valid: what the fetch failed with; COLLATERAL_MISSING where nobody is asked or
 * what is there has expired and the service fails; COLLATERAL_ROLLBACK with the field when the service's is older than
 * what was seen before; LOCKED, FILE_IO. After a failure with KEPT the service is left alone for a minute of the
 * caller's time. Thread-safe. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_cache_get(chaos_collateral_cache *cache,
                                                                 const chaos_platform *platform, bool renew,
                                                                 int64_t now, chaos_buffer *json,
                                                                 chaos_cached_collateral *found,
                                                                 chaos_error *err);
/* The same for a piece of evidence, as a chaos_collateral_source of <chaoschain/validator.h>; `context` is a
 * chaos_collateral_cache. What the service gives that is malformed or not to be trusted is COLLATERAL_MISSING here: a
 * fault of the service is no verdict on the evidence. Statuses of the evidence's own chain stay. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_collateral_cached_source(void *context, const chaos_evidence *evidence,
                                                                     int64_t now, chaos_buffer *json, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
