/* bench_threads.c - do verifications in parallel go as far as the raw primitive does? For 1, 2, 4, ... threads up to the
 * processors (at least two): verifications a second, and how many times as many the most threads make, beside the raw
 * row of the same round. The raw row stands there twice: what differs between the two is noise. "Dearer" is what one
 * verification costs the most threads in processor time, beside what it costs one: waiting for each other's memory shows
 * there whatever else the machine does. */
#include "bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define ROUNDS 9
#define ROUND_SECONDS 0.3
#define MAX_THREADS 16

static bench_input input;
static bench_raw raw;
static chaos_cache *cache;
static chaos_policy *policy;
static _Atomic bool stop;

static void work_raw(void)
{
    raw_verifies(&raw, 1);
}

static void check(chaos_cache *with)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const chaos_slice no_log = { NULL, 0 };
    chaos_verdict *verdict = NULL;

    must(chaos_check_quote(input.quote, no_log, input.collateral, input.trust, policy, &nothing, input.now, with,
                           &verdict, NULL) == CHAOS_OK &&
             chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE,
         "check");
    chaos_verdict_free(verdict);
}

static void work_cold(void)
{
    check(NULL);
}

static void work_warm(void)
{
    check(cache); /* one cache for all threads */
}

static const struct {
    const char *name;
    void (*work)(void);
} rows[] = {
    { "raw P-256 (A)", work_raw },
    { "raw P-256 (A again)", work_raw },
    { "cold, bytes to verdict", work_cold },
    { "warm, bytes to verdict", work_warm },
};
enum {
    ROWS = sizeof rows / sizeof rows[0]
};

typedef struct worker {
    pthread_t thread;
    void (*work)(void);
    unsigned long done;
    double used; /* seconds of processor time */
} worker;

static void *run(void *context)
{
    worker *w = context;

    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        w->work();
        w->done++;
    }
    w->used = processor_seconds();
    return NULL;
}

typedef struct outcome {
    double rate, each; /* a second; processor seconds of one */
} outcome;

static outcome measure(void (*work)(void), unsigned threads)
{
    static worker workers[MAX_THREADS];
    const struct timespec nap = { 0, (long)(ROUND_SECONDS * 1e9) };
    double begin = seconds(), total = 0, used = 0;

    atomic_store(&stop, false);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker){ .work = work };
        must(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0, "thread");
    }
    (void)nanosleep(&nap, NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        total += (double)workers[i].done;
        used += workers[i].used;
    }
    return (outcome){ total / (seconds() - begin), used / total };
}

static double rates[ROWS][MAX_THREADS + 1][ROUNDS], each[ROWS][MAX_THREADS + 1][ROUNDS];

static double middle_of(const double values[ROUNDS])
{
    double sorted[ROUNDS];

    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof sorted[0], by_value);
    return sorted[ROUNDS / 2];
}

static void print(size_t row, unsigned most)
{
    double scaling[ROUNDS], beside_raw[ROUNDS], dearer[ROUNDS];
    unsigned last = 1;

    (void)printf("%-26s", rows[row].name);
    for (unsigned threads = 1; threads <= most; threads *= 2) {
        (void)printf("  %2u: %8.0f", threads, middle_of(rates[row][threads]));
        last = threads;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        scaling[round] = rates[row][last][round] / rates[row][1][round];
        beside_raw[round] = scaling[round] / (rates[0][last][round] / rates[0][1][round]);
        dearer[round] = each[row][last][round] / each[row][1][round];
    }
    (void)printf("  scales %.2f = %.3f x raw%s, dearer %.3f x\n", middle_of(scaling), middle_of(beside_raw),
                 rows[row].work == work_raw ? "            " : " (goal 0.95)", middle_of(dearer));
}

int main(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned most = processors < 2 ? 2 : processors > MAX_THREADS ? MAX_THREADS
                                                                  : (unsigned)processors;

    load_input(&input);
    load_raw(&raw);
    must(chaos_cache_new(1u << 24, &cache, NULL) == CHAOS_OK && chaos_policy_none(&policy, NULL) == CHAOS_OK, "setup");
    work_warm();
    for (size_t round = 0; round < ROUNDS; round++) {
        for (unsigned threads = 1; threads <= most; threads *= 2) {
            for (size_t row = 0; row < ROWS; row++) {
                const outcome o = measure(rows[row].work, threads);
                rates[row][threads][round] = o.rate;
                each[row][threads][round] = o.each;
            }
        }
    }
    (void)printf("%s, medians of %d interleaved rounds, a second\n", input.what, ROUNDS);
    for (size_t row = 0; row < ROWS; row++) {
        print(row, most);
    }
    chaos_policy_free(policy);
    chaos_cache_free(cache);
    chaos_trust_free(input.trust);
    return 0;
}
