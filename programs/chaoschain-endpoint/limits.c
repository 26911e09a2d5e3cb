/* limits.c - how often the TEE is asked, and what need not be asked twice. */
#include "endpoint.h"

#define ONE 60000u     /* of a bucket's level: a minute in milliseconds */
#define BURST_SHARE 6u /* of a minute's: ten seconds' worth at once */
#define LONGEST_S 3600u

bucket bucket_of(uint64_t per_minute, int64_t at_ms)
{
    const uint64_t burst = per_minute < BURST_SHARE ? 1 : per_minute / BURST_SHARE;

    return (bucket){ per_minute, burst, burst * ONE, at_ms };
}

unsigned bucket_take(bucket *b, int64_t at_ms)
{
    const uint64_t full = b->burst * ONE;
    const uint64_t passed = at_ms > b->filled_ms ? (uint64_t)(at_ms - b->filled_ms) : 0;

    /* full / per_minute is the time to fill it: beyond that nothing is multiplied. */
    b->level = passed > full / b->per_minute ? full : b->level + passed * b->per_minute;
    b->level = b->level > full ? full : b->level;
    b->filled_ms = at_ms;
    if (b->level >= ONE) {
        b->level -= ONE;
        return 0;
    }
    const uint64_t wait_ms = (ONE - b->level) / b->per_minute + 1;
    const uint64_t seconds = (wait_ms + 999) / 1000;
    return (unsigned)(seconds > LONGEST_S ? LONGEST_S : seconds);
}

/* ----------------------------------------------------------------- clients ---- */

static struct client *find_client(clients *c, client_address who, uint64_t per_minute, int64_t at_ms)
{
    struct client *silent = c->known;

    for (size_t i = 0; i < c->count; i++) {
        if (memcmp(&c->known[i].address, &who, sizeof who) == 0) {
            return &c->known[i];
        }
        silent = c->known[i].requests.filled_ms < silent->requests.filled_ms ? &c->known[i] : silent;
    }
    if (c->count < CLIENTS_MAX) {
        silent = &c->known[c->count++];
    }
    *silent = (struct client){ who, bucket_of(per_minute, at_ms) };
    return silent;
}

unsigned clients_take(clients *c, client_address who, uint64_t per_minute, int64_t at_ms)
{
    return bucket_take(&find_client(c, who, per_minute, at_ms)->requests, at_ms);
}

/* ------------------------------------------------------------------- cache ---- */

static bool same_question(const question *a, const question *b)
{
    return a->has_request == b->has_request && memcmp(a->nonce.bytes, b->nonce.bytes, sizeof a->nonce.bytes) == 0 &&
           memcmp(a->request.bytes, b->request.bytes, sizeof a->request.bytes) == 0;
}

const chaos_buffer *kept_find(const kept_answers *cache, const question *q, int64_t at_ms)
{
    for (size_t i = 0; i < CACHE_ENTRIES; i++) {
        const kept_answer *entry = &cache->entries[i];

        if (entry->bytes.size > 0 && at_ms < entry->until_ms && same_question(&entry->q, q)) {
            return &entry->bytes;
        }
    }
    return NULL;
}

void kept_add(kept_answers *cache, const question *q, chaos_slice bytes, int64_t at_ms)
{
    kept_answer *entry = &cache->entries[cache->next];

    cache->next = (cache->next + 1) % CACHE_ENTRIES;
    chaos_buffer_free(&entry->bytes);
    entry->bytes = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    if (!buffer_append(&entry->bytes, bytes)) {
        entry->bytes.size = 0; /* no memory: it is made again when it is asked again */
    }
    entry->q = *q;
    entry->until_ms = at_ms + CACHE_KEEPS_MS;
}

void kept_free(kept_answers *cache)
{
    for (size_t i = 0; i < CACHE_ENTRIES; i++) {
        chaos_buffer_free(&cache->entries[i].bytes);
    }
}
