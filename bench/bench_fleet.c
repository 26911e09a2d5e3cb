/* bench_fleet.c - a validator's day: 1,000 platforms with ten sets of collateral ask in Zipf's proportions for verdicts
 * from bytes, with one cache of 16 MiB. A second such day beside it says how much of a difference is noise. In a third
 * one client floods the cache with distinct genuine evidence, each piece sent twice, one between every two honest
 * requests. The days take turns, round by round; honest requests only: median and 99th percentile of a round, and of
 * those the medians. By the clock on the wall, and by the processor's time, which other programs do not lengthen. */
#include "bench/bench.h"

#define PLATFORMS 1000
#define SETS 10
#define STRANGERS 2000
#define ROUNDS 9
#define REQUESTS 2000 /* of a round */
#define WARM_UP 6000  /* the day has begun before it is measured */
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

typedef struct cost { /* microseconds */
    double wall, processor;
} cost;

static cost ask(const platform *p, chaos_cache *cache)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const chaos_slice no_log = { NULL, 0 };
    chaos_verdict *verdict = NULL;
    double used = processor_seconds(), begin = seconds(), end;

    must(chaos_check_quote(p->quote, no_log, p->collateral, trust, policy, &nothing, now, cache, &verdict, NULL) ==
                 CHAOS_OK &&
             chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE,
         "check");
    end = seconds();
    used = processor_seconds() - used;
    chaos_verdict_free(verdict);
    return (cost){ (end - begin) * 1e6, used * 1e6 };
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

typedef struct day {
    const char *name;
    bool flooded;
    chaos_cache *cache;
    uint32_t random;
    unsigned stranger;
    unsigned long honest_hits;
    double median[ROUNDS], p99[ROUNDS], processor_p99[ROUNDS], rate[ROUNDS]; /* sorted at the end */
} day;

static void begin(day *d)
{
    must(chaos_cache_new(CACHE, &d->cache, NULL) == CHAOS_OK, "cache");
    d->random = 7;
    for (unsigned i = 0; i < WARM_UP; i++) {
        (void)ask(&fleet[choose(&d->random)], d->cache);
    }
}

static void flood(day *d)
{
    const platform *p = &strangers[d->stranger++ % STRANGERS];

    (void)ask(p, d->cache);
    (void)ask(p, d->cache);
}

static void run(day *d, size_t round)
{
    static double wall[REQUESTS], processor[REQUESTS];
    double busy = 0;

    for (unsigned i = 0; i < REQUESTS; i++) {
        chaos_cache_counts before, after;
        cost each;

        if (d->flooded) {
            flood(d);
        }
        chaos_cache_get_counts(d->cache, &before);
        each = ask(&fleet[choose(&d->random)], d->cache);
        chaos_cache_get_counts(d->cache, &after);
        d->honest_hits += after.platform_hits - before.platform_hits;
        wall[i] = each.wall;
        processor[i] = each.processor;
        busy += each.processor;
    }
    qsort(wall, REQUESTS, sizeof wall[0], by_value);
    qsort(processor, REQUESTS, sizeof processor[0], by_value);
    d->median[round] = wall[REQUESTS / 2];
    d->p99[round] = wall[REQUESTS * 99 / 100];
    d->processor_p99[round] = processor[REQUESTS * 99 / 100];
    d->rate[round] = REQUESTS / busy * 1e6;
}

static void sort(day *d)
{
    qsort(d->median, ROUNDS, sizeof d->median[0], by_value);
    qsort(d->p99, ROUNDS, sizeof d->p99[0], by_value);
    qsort(d->processor_p99, ROUNDS, sizeof d->processor_p99[0], by_value);
    qsort(d->rate, ROUNDS, sizeof d->rate[0], by_value);
}

static void print(const day *d, const day *first)
{
    const size_t middle = ROUNDS / 2;
    chaos_cache_counts counts;

    chaos_cache_get_counts(d->cache, &counts);
    (void)printf("%-18s %9.1f %9.1f %7.3f x %9.1f %7.3f x %10.0f %7.1f %% %6zu %5zu %6.1f\n", d->name, d->median[middle],
                 d->p99[middle], d->p99[middle] / first->p99[middle], d->processor_p99[middle],
                 d->processor_p99[middle] / first->processor_p99[middle], d->rate[middle],
                 100.0 * (double)d->honest_hits / (ROUNDS * REQUESTS), counts.platforms, counts.collaterals,
                 (double)counts.bytes / (1 << 20));
}

int main(void)
{
    static day days[] = { { .name = "no flood (A)" }, { .name = "no flood (A again)" }, { .name = "flooded", .flooded = true } };
    enum {
        DAYS = sizeof days / sizeof days[0]
    };

    must(chaos_policy_none(&policy, NULL) == CHAOS_OK, "policy");
    make_all();
    for (size_t i = 0; i < DAYS; i++) {
        begin(&days[i]);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < DAYS; i++) {
            run(&days[i], round);
        }
    }
    (void)printf("%d platforms, %d sets of collateral, %d MiB of cache, one core, medians of %d interleaved rounds of %d "
                 "honest requests\n",
                 PLATFORMS, SETS, CACHE >> 20, ROUNDS, REQUESTS);
    (void)printf("%-18s %9s %9s %9s %9s %9s %10s %9s %6s %5s %6s\n", "", "median us", "p99 us", "ratio", "CPU p99",
                 "ratio", "verdicts/s", "known", "platf.", "sets", "MiB");
    for (size_t i = 0; i < DAYS; i++) {
        sort(&days[i]);
        print(&days[i], &days[0]);
    }
    (void)printf("goal: the flooded day's honest p99 at most 2.00 x that of a day without\n");
    for (size_t i = 0; i < DAYS; i++) {
        chaos_cache_free(days[i].cache);
    }
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    return 0;
}
