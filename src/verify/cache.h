/* cache.h - what is remembered between examinations: facts, not judgements.
 *
 * An entry says that certain keys have signed certain bytes. That cannot become untrue, so entries have no time of
 * their own, and an examination that uses one goes through the same checks in the same order as one that does not. */
#ifndef VERIFY_CACHE_H
#define VERIFY_CACHE_H

#include <stdatomic.h>

#include "verify/internal.h"

typedef enum cache_pool { /* evidence of other roots never displaces the vendor's */
    POOL_COLLATERAL_VENDOR,
    POOL_COLLATERAL_OTHER,
    POOL_PLATFORM_VENDOR,
    POOL_PLATFORM_OTHER,
    POOLS
} cache_pool;

static inline bool is_collateral_pool(cache_pool pool)
{
    return pool == POOL_COLLATERAL_VENDOR || pool == POOL_COLLATERAL_OTHER;
}

typedef struct cache_queue cache_queue;

/* The head of every entry. */
typedef struct cache_item {
    struct cache_item *next_in_bucket, *next_in_group;
    struct cache_item *older, *newer; /* in its queue */
    cache_queue *queue;
    cache_pool pool;
    _Atomic unsigned owners;          /* the cache, and each examination that uses it */
    _Atomic unsigned uses;            /* since it was last looked at for eviction; saturates */
    uint64_t fingerprint, group;      /* of the lookup; of what it is about (a platform, a set of collateral) */
    uint64_t born;                    /* number of its insertion */
    size_t size;                      /* bytes, all told */
    void (*destroy)(struct cache_item *item);
    bool (*same_group)(const struct cache_item *a, const struct cache_item *b);
} cache_item;

/* The PCK chain and QE report of one platform. The slices point into `bytes`. */
struct known_platform {
    cache_item item;
    chaos_slice cert_data;
    certificate leaf, ca, root;
    pck_extension pck;
    uint8_t qe_report[SGX_REPORT_SIZE];
    p256_signature qe_report_signature;
    uint8_t bytes[];
};

/* --------------------------------------------------------- for verify.c ---- */

/* What is known of this quote's platform, to be released; NULL: nothing. `cache` may be NULL. */
const known_platform *cache_find_platform(chaos_cache *cache, const dcap_quote *quote);
void cache_release(const known_platform *platform); /* NULL is fine */
/* Both only for an examination that failed in nothing but dates. What cannot be kept is not. */
void cache_keep_platform(chaos_cache *cache, const examination *x);
void cache_keep_collateral(chaos_cache *cache, const examination *x, const cache_request *request);

/* -------------------------------------------------- cache.c to entries ---- */

typedef bool cache_match(const cache_item *item, const void *wanted);

/* The entry that matches, with one more owner; NULL: none. */
cache_item *cache_find(chaos_cache *cache, bool collateral, uint64_t fingerprint, cache_match *match,
                       const void *wanted);
/* Takes the item over (one owner), whatever becomes of it. */
void cache_insert(chaos_cache *cache, cache_item *item);
void cache_item_release(cache_item *item);

#endif
