/* cache.c - a bounded set of entries for many threads.
 *
 * Looking up takes the lock for reading and writes two atomic numbers; only keeping takes it for writing. Each pool is
 * two queues, first in first out: what is new waits in the small one, and only what was used there again moves to the
 * main one; what is used in the main one goes round again. So a flood of what comes once passes through the small queue
 * and leaves the rest alone. Uses shortly after an entry was made do not count: sending a thing twice in a row is no
 * sign that it will come back. */
#include "verify/cache.h"

#include <stddef.h>

#define MIN_BUCKETS 64u
#define MAX_BUCKETS 16384u
#define BYTES_PER_BUCKET 8192u /* about one platform */
#define SMALL_SHARE 10         /* the small queue has one part in ten */
#define COLLATERAL_SHARE 4     /* collateral has one part in four */
#define GROUP_PLACES 4         /* of one platform, or one set of collateral */
#define MAX_USES 3
#define COUNTED_AFTER 16 /* insertions between being kept and a use that counts */

struct cache_queue {
    cache_item *oldest, *newest;
    size_t bytes, count;
};

typedef struct pool_queues {
    cache_queue small, main;
} pool_queues;

struct chaos_cache {
    crypto_lock *lock;
    size_t limit, bytes;
    pool_queues pools[POOLS];
    _Atomic uint64_t insertions;
    _Atomic uint64_t platform_hits, platform_misses, collateral_hits, collateral_misses;
    size_t buckets;        /* a power of two */
    cache_item **by_print; /* lists of next_in_bucket */
    cache_item **by_group; /* lists of next_in_group */
    uint64_t *ghosts;      /* fingerprints of what left the small queue unused */
};

/* ------------------------------------------------------------------- items ---- */

void cache_item_release(cache_item *item)
{
    if (atomic_fetch_sub_explicit(&item->owners, 1, memory_order_acq_rel) == 1) {
        item->destroy(item);
    }
}

static size_t bucket_of(const chaos_cache *cache, uint64_t number)
{
    return (size_t)((number ^ number >> 32) & (cache->buckets - 1));
}

static size_t pool_bytes(const chaos_cache *cache, cache_pool pool)
{
    return cache->pools[pool].small.bytes + cache->pools[pool].main.bytes;
}

static void enqueue(cache_queue *queue, cache_item *item)
{
    item->queue = queue;
    item->newer = NULL;
    item->older = queue->newest;
    if (queue->newest != NULL) {
        queue->newest->newer = item;
    } else {
        queue->oldest = item;
    }
    queue->newest = item;
    queue->bytes += item->size;
    queue->count++;
}

static void dequeue(cache_item *item)
{
    cache_queue *queue = item->queue;

    if (item->newer != NULL) {
        item->newer->older = item->older;
    } else {
        queue->newest = item->older;
    }
    if (item->older != NULL) {
        item->older->newer = item->newer;
    } else {
        queue->oldest = item->newer;
    }
    queue->bytes -= item->size;
    queue->count--;
}

static void unlink_buckets(chaos_cache *cache, const cache_item *item)
{
    cache_item **at = &cache->by_print[bucket_of(cache, item->fingerprint)];

    while (*at != item) {
        at = &(*at)->next_in_bucket;
    }
    *at = item->next_in_bucket;
    at = &cache->by_group[bucket_of(cache, item->group)];
    while (*at != item) {
        at = &(*at)->next_in_group;
    }
    *at = item->next_in_group;
}

static void drop(chaos_cache *cache, cache_item *item)
{
    dequeue(item);
    unlink_buckets(cache, item);
    cache->bytes -= item->size;
    cache_item_release(item);
}

/* ---------------------------------------------------------------- eviction ---- */

/* One entry of the pool less. False: it has none. */
static bool evict_one(chaos_cache *cache, cache_pool pool)
{
    pool_queues *q = &cache->pools[pool];

    while (q->small.oldest != NULL || q->main.oldest != NULL) {
        bool from_small =
            q->small.oldest != NULL &&
            (q->main.oldest == NULL || q->small.bytes > pool_bytes(cache, pool) / SMALL_SHARE);
        cache_item *item = from_small ? q->small.oldest : q->main.oldest;
        unsigned uses = atomic_load_explicit(&item->uses, memory_order_relaxed);

        if (uses == 0) {
            if (from_small) {
                cache->ghosts[bucket_of(cache, item->fingerprint)] = item->fingerprint;
            }
            drop(cache, item);
            return true;
        }
        dequeue(item); /* it has been of use: into the main queue, or round it once more, with one use less */
        atomic_store_explicit(&item->uses, from_small ? 0 : uses - 1, memory_order_relaxed);
        enqueue(&q->main, item);
    }
    return false;
}

/* What `pool` may take room from, in this order. */
static const struct {
    size_t count;
    cache_pool from[POOLS];
} victims[POOLS] = {
    [POOL_COLLATERAL_VENDOR] = { 4,
                                 { POOL_COLLATERAL_OTHER, POOL_PLATFORM_OTHER, POOL_PLATFORM_VENDOR,
                                   POOL_COLLATERAL_VENDOR } },
    [POOL_COLLATERAL_OTHER] = { 2, { POOL_PLATFORM_OTHER, POOL_COLLATERAL_OTHER } },
    [POOL_PLATFORM_VENDOR] = { 2, { POOL_PLATFORM_OTHER, POOL_PLATFORM_VENDOR } },
    [POOL_PLATFORM_OTHER] = { 1, { POOL_PLATFORM_OTHER } },
};

static bool collateral_fits(const chaos_cache *cache, size_t more)
{
    return pool_bytes(cache, POOL_COLLATERAL_VENDOR) + pool_bytes(cache, POOL_COLLATERAL_OTHER) + more <=
           cache->limit / COLLATERAL_SHARE;
}

static bool make_room(chaos_cache *cache, const cache_item *item)
{
    if (is_collateral_pool(item->pool)) {
        while (!collateral_fits(cache, item->size)) {
            if (!(item->pool == POOL_COLLATERAL_VENDOR && evict_one(cache, POOL_COLLATERAL_OTHER)) &&
                !evict_one(cache, item->pool)) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < victims[item->pool].count; i++) {
        while (cache->bytes + item->size > cache->limit && evict_one(cache, victims[item->pool].from[i])) {
        }
    }
    return cache->bytes + item->size <= cache->limit;
}

/* One platform, or one set of collateral, has few places: its text can be spelled in many ways that all verify. The
 * least used of a full group goes, the oldest of several. */
static void limit_group(chaos_cache *cache, const cache_item *item)
{
    cache_item *least = NULL;
    unsigned least_uses = 0;
    size_t count = 0;

    for (cache_item *i = cache->by_group[bucket_of(cache, item->group)]; i != NULL; i = i->next_in_group) {
        unsigned uses;

        if (i->group != item->group || i->same_group != item->same_group || !item->same_group(i, item)) {
            continue;
        }
        uses = atomic_load_explicit(&i->uses, memory_order_relaxed);
        if (least == NULL || uses < least_uses || (uses == least_uses && i->born < least->born)) {
            least = i;
            least_uses = uses;
        }
        count++;
    }
    if (count >= GROUP_PLACES) {
        drop(cache, least);
    }
}

/* ------------------------------------------------------------ find and keep ---- */

static void count(chaos_cache *cache, bool collateral, bool hit)
{
    _Atomic uint64_t *counter = collateral ? (hit ? &cache->collateral_hits : &cache->collateral_misses)
                                           : (hit ? &cache->platform_hits : &cache->platform_misses);

    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static cache_item *find_locked(const chaos_cache *cache, bool collateral, uint64_t fingerprint, cache_match *match,
                               const void *wanted)
{
    cache_item *item = cache->by_print[bucket_of(cache, fingerprint)];

    while (item != NULL && (item->fingerprint != fingerprint || is_collateral_pool(item->pool) != collateral ||
                            !match(item, wanted))) {
        item = item->next_in_bucket;
    }
    return item;
}

static void note_use(const chaos_cache *cache, cache_item *item)
{
    unsigned uses = atomic_load_explicit(&item->uses, memory_order_relaxed);

    if (uses < MAX_USES &&
        atomic_load_explicit(&cache->insertions, memory_order_relaxed) - item->born >= COUNTED_AFTER) {
        atomic_store_explicit(&item->uses, uses + 1, memory_order_relaxed); /* two at once may count as one */
    }
}

cache_item *cache_find(chaos_cache *cache, bool collateral, uint64_t fingerprint, cache_match *match,
                       const void *wanted)
{
    cache_item *item;

    if (!crypto_lock_read(cache->lock)) {
        return NULL;
    }
    item = find_locked(cache, collateral, fingerprint, match, wanted);
    if (item != NULL) {
        (void)atomic_fetch_add_explicit(&item->owners, 1, memory_order_relaxed);
        note_use(cache, item);
    }
    crypto_lock_release(cache->lock);
    count(cache, collateral, item != NULL);
    return item;
}

static void link_item(chaos_cache *cache, cache_item *item)
{
    cache_item **bucket = &cache->by_print[bucket_of(cache, item->fingerprint)];
    cache_item **group = &cache->by_group[bucket_of(cache, item->group)];
    uint64_t *ghost = &cache->ghosts[bucket_of(cache, item->fingerprint)];
    pool_queues *q = &cache->pools[item->pool];

    item->next_in_bucket = *bucket;
    *bucket = item;
    item->next_in_group = *group;
    *group = item;
    item->born = atomic_fetch_add_explicit(&cache->insertions, 1, memory_order_relaxed);
    enqueue(*ghost == item->fingerprint ? &q->main : &q->small, item);
    *ghost = 0;
    cache->bytes += item->size;
}

void cache_insert(chaos_cache *cache, cache_item *item)
{
    bool kept = false;

    if (crypto_lock_write(cache->lock)) {
        limit_group(cache, item);
        kept = make_room(cache, item);
        if (kept) {
            link_item(cache, item);
        }
        crypto_lock_release(cache->lock);
    }
    if (!kept) {
        cache_item_release(item);
    }
}

/* ------------------------------------------------------------------- public ---- */

static size_t table_bytes(const chaos_cache *cache)
{
    return sizeof *cache + cache->buckets * (2 * sizeof(cache_item *) + sizeof(uint64_t));
}

chaos_status chaos_cache_new(size_t limit, chaos_cache **cache, chaos_error *err)
{
    chaos_cache *made;

    if (cache == NULL) {
        return error_set(err, CHAOS_E_USAGE, "cache", CHAOS_NO_OFFSET, NULL);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->limit = limit;
    made->buckets = MIN_BUCKETS;
    while (made->buckets < MAX_BUCKETS && made->buckets < limit / BYTES_PER_BUCKET) {
        made->buckets *= 2;
    }
    made->by_print = calloc(made->buckets, sizeof(cache_item *));
    made->by_group = calloc(made->buckets, sizeof(cache_item *));
    made->ghosts = calloc(made->buckets, sizeof(uint64_t));
    made->lock = crypto_lock_new();
    if (made->by_print == NULL || made->by_group == NULL || made->ghosts == NULL || made->lock == NULL) {
        chaos_cache_free(made);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->bytes = table_bytes(made);
    *cache = made;
    return CHAOS_OK;
}

void chaos_cache_free(chaos_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t pool = 0; pool < POOLS; pool++) {
        cache_queue *queues[] = { &cache->pools[pool].small, &cache->pools[pool].main };

        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(queues); i++) {
            while (queues[i]->oldest != NULL) {
                drop(cache, queues[i]->oldest);
            }
        }
    }
    crypto_lock_free(cache->lock);
    free(cache->by_print);
    free(cache->by_group);
    free(cache->ghosts);
    free(cache);
}

void chaos_cache_get_counts(const chaos_cache *cache, chaos_cache_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    if (cache == NULL || !crypto_lock_read(cache->lock)) {
        return;
    }
    counts->platform_hits = atomic_load_explicit(&cache->platform_hits, memory_order_relaxed);
    counts->platform_misses = atomic_load_explicit(&cache->platform_misses, memory_order_relaxed);
    counts->collateral_hits = atomic_load_explicit(&cache->collateral_hits, memory_order_relaxed);
    counts->collateral_misses = atomic_load_explicit(&cache->collateral_misses, memory_order_relaxed);
    for (size_t pool = 0; pool < POOLS; pool++) {
        size_t kept = cache->pools[pool].small.count + cache->pools[pool].main.count;

        *(is_collateral_pool((cache_pool)pool) ? &counts->collaterals : &counts->platforms) += kept;
    }
    counts->bytes = cache->bytes;
    crypto_lock_release(cache->lock);
}
