/* bench_fleet.c - a validator's day: 1,000 platforms with ten sets of collateral ask in Zipf's proportions for verdicts
 * from bytes, with one cache of 16 MiB. Then once more, while one client floods it with distinct genuine evidence, each
 * piece sent twice, one between every two honest requests. Honest times only: median, 99th percentile. */
#include "bench/bench.h"

#define PLATFORMS 1000
#define SETS 10
#define STRANGERS 2000
#define REQUESTS 12000
#define CACHE (16u << 20)

typedef struct platform {
    chaos_slice quote, collateral;
} platform;

static platform fleet[PLATFORMS], strangers[STRANGERS];
static chaos_trust *trust;
static chaos_policy *policy;
static int64_t now;
static double share[PLATFORMS]; /* cumulative */

static chaos_slice keep(chaos_buffer *buffer)
{
    chaos_slice kept = buffer_slice(buffer);

    *buffer = (chaos_buffer)CHAOS_BUFFER_INIT(0);
    return kept;
}

/* All under one root and CA; what differs is the platform's PCK key, so the leaf, the QE report and the quote. */
static void make(platform *out, const char *kind, unsigned number, chaos_slice *set)
{
    forge_result made;
    forge_options options = { 0 };
    char seed[64];

    (void)snprintf(seed, sizeof seed, "%s %u", kind, number);
    options.platform = seed;
    options.fmspc_end = (uint8_t)(number % SETS);
    must(forge_make(FORGE_TDX4, &options, NULL, &made, NULL) == CHAOS_OK, "forge");
    if (trust == NULL) {
        must(chaos_trust_new(&trust, NULL) == CHAOS_OK &&
                 chaos_trust_add_root(trust, buffer_slice(&made.root), NULL) == CHAOS_OK,
             "root");
        now = made.now;
    }
    out->quote = keep(&made.quote);
    if (set->data == NULL) {
        *set = keep(&made.collateral); /* one for each FMSPC */
    }
    out->collateral = *set;
    forge_result_free(&made);
}

static void make_all(void)
{
    chaos_slice sets[SETS] = { { NULL, 0 } };
    double sum = 0;

    for (unsigned i = 0; i < PLATFORMS; i++) {
        make(&fleet[i], "platform", i, &sets[i % SETS]);
        sum += 1.0 / (i + 1);
        share[i] = sum;
    }
    for (unsigned i = 0; i < STRANGERS; i++) {
        make(&strangers[i], "stranger", i, &sets[i % SETS]);
    }
    for (unsigned i = 0; i < PLATFORMS; i++) {
        share[i] /= sum;
    }
}

static double ask(const platform *p, chaos_cache *cache)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const chaos_slice no_log = { NULL, 0 };
    chaos_verdict *verdict = NULL;
    double begin = seconds(), end;

    must(chaos_check_quote(p->quote, no_log, p->collateral, trust, policy, &nothing, now, cache, &verdict, NULL) ==
                 CHAOS_OK &&
             chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE,
         "check");
    end = seconds();
    chaos_verdict_free(verdict);
    return (end - begin) * 1e6;
}

static unsigned choose(uint32_t *random)
{
    double at;
    unsigned low = 0, high = PLATFORMS - 1;

    *random = *random * 1664525u + 1013904223u;
    at = (*random >> 8) / 16777216.0;
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (share[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

typedef struct outcome {
    double median, p99, rate;
    chaos_cache_counts counts;
    unsigned long honest_hits;
} outcome;

static outcome run(bool flooded)
{
    static double times[REQUESTS];
    chaos_cache *cache = NULL;
    uint32_t random = 7;
    unsigned stranger = 0;
    outcome o = { 0 };
    double busy = 0;

    must(chaos_cache_new(CACHE, &cache, NULL) == CHAOS_OK, "cache");
    for (unsigned i = 0; i < REQUESTS / 2; i++) { /* the day has begun before it is measured */
        (void)ask(&fleet[choose(&random)], cache);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        chaos_cache_counts before, after;

        if (flooded) {
            const platform *p = &strangers[stranger++ % STRANGERS];

            (void)ask(p, cache);
            (void)ask(p, cache);
        }
        chaos_cache_get_counts(cache, &before);
        times[i] = ask(&fleet[choose(&random)], cache);
        chaos_cache_get_counts(cache, &after);
        o.honest_hits += after.platform_hits - before.platform_hits;
        busy += times[i];
    }
    qsort(times, REQUESTS, sizeof times[0], by_value);
    o.median = times[REQUESTS / 2];
    o.p99 = times[REQUESTS * 99 / 100];
    o.rate = REQUESTS / busy * 1e6;
    chaos_cache_get_counts(cache, &o.counts);
    chaos_cache_free(cache);
    return o;
}

static void print(const char *name, const outcome *o)
{
    (void)printf("%-16s median %7.1f us, p99 %7.1f us, %6.0f verdicts/s/core, %5.1f %% of platforms known, "
                 "cache: %zu platforms, %zu sets, %.1f MiB\n",
                 name, o->median, o->p99, o->rate, 100.0 * (double)o->honest_hits / REQUESTS, o->counts.platforms,
                 o->counts.collaterals, (double)o->counts.bytes / (1 << 20));
}

int main(void)
{
    outcome quiet, flooded;

    must(chaos_policy_none(&policy, NULL) == CHAOS_OK, "policy");
    make_all();
    quiet = run(false);
    flooded = run(true);
    (void)printf("%d platforms, %d sets of collateral, %d honest requests, %d MiB of cache, one core\n", PLATFORMS, SETS,
                 REQUESTS, CACHE >> 20);
    print("no flood", &quiet);
    print("flooded", &flooded);
    (void)printf("honest p99 %.2f x its value without the flood   goal 2.00\n", flooded.p99 / quiet.p99);
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    return 0;
}
