/* rule_repeat.c - what is done again and again leaves nothing behind: no descriptor, no thread, no memory. */
#include <stdio.h>

#include "watch.h"

#define ROUNDS 64    /* of what takes no time */
#define FEW_ROUNDS 8 /* of what asks the TEE */
#define STRETCHES 3
#define SMALLEST_BLOCK 24 /* bytes that malloc(1) takes */
#define SMALLEST_MAPPING 4096

typedef struct levels {
    size_t files, threads, memory, mapped;
    bool has_memory;
} levels;

/* What is repeated, and how often in one stretch. */
typedef struct trial {
    const char *what;
    void (*repeat)(kit_run *run, const struct trial *trial);
    const char *options_json;
    unsigned rounds;
    kit_tee *tee; /* opened once for all stretches; NULL: `repeat` opens */
} trial;

static levels measure(void)
{
    levels l = { .files = watch_files(), .threads = watch_threads() };
    l.has_memory = watch_memory(&l.memory);
    l.mapped = l.has_memory ? watch_mapped() : 0;
    return l;
}

static void keep_smaller(size_t *least, size_t before, size_t after)
{
    const size_t growth = after > before ? after - before : 0;
    *least = growth < *least ? growth : *least;
}

typedef struct stretch {
    kit_run *run;
    const trial *of;
} stretch;

static void *run_stretch(void *argument)
{
    const stretch *s = argument;
    s->of->repeat(s->run, s->of);
    return NULL;
}

/* In a thread that ends: with it ends the allocator's list of free blocks, which it counts as used. */
static void repeat_in_thread(kit_run *run, const trial *t)
{
    stretch s = { run, t };
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_stretch, &s) != 0 || pthread_join(thread, NULL) != 0) {
        kit_fail(run, "the kit could not start a thread");
    }
}

static void judge_growth(kit_run *run, const trial *t, const levels *least)
{
    if (least->files > 0 || least->threads > 0) {
        kit_fail(run, "%s: %zu descriptors and %zu threads more after every %u rounds", t->what, least->files,
                 least->threads, t->rounds);
    } else if (least->memory >= (size_t)t->rounds * SMALLEST_BLOCK) {
        kit_fail(run, "%s: %zu bytes more on the heap after every %u rounds", t->what, least->memory, t->rounds);
    } else if (least->mapped >= (size_t)t->rounds * SMALLEST_MAPPING) {
        kit_fail(run, "%s: %zu bytes more are mapped after every %u rounds", t->what, least->mapped, t->rounds);
    } else if (!least->has_memory) {
        kit_note(run, "memory was not measured: this build's allocator does not say");
    }
}

/* What grows once is no leak (caches, the allocator's own lists): what leaks grows in every stretch of rounds. */
static void grows(kit_run *run, const trial *t)
{
    levels least = { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, true };
    const int64_t begin = now_ms();
    repeat_in_thread(run, t);
    const int64_t took = now_ms() - begin;
    if (!kit_has_failed(run) && took * (STRETCHES + 2) > run->subject->limit_ms) {
        kit_skip(run, "%s: %u rounds take %lld ms, too long to repeat: raise --timeout", t->what, t->rounds,
                 (long long)took);
    }
    for (int i = 0; i < STRETCHES && !kit_has_failed(run); i++) {
        const levels before = measure();
        repeat_in_thread(run, t);
        const levels after = measure();
        keep_smaller(&least.memory, before.memory, after.memory);
        keep_smaller(&least.mapped, before.mapped, after.mapped);
        keep_smaller(&least.files, before.files, after.files);
        keep_smaller(&least.threads, before.threads, after.threads);
        least.has_memory = before.has_memory;
    }
    if (!kit_has_failed(run)) {
        judge_growth(run, t, &least);
    }
}

/* ------------------------------------------------------------------ opening ---- */

static void repeat_open(kit_run *run, const trial *t)
{
    static kit_tee tee;
    for (unsigned i = 0; i < t->rounds && !kit_has_failed(run); i++) {
        if (kit_open(run, &tee, t->options_json) != CHAOS_OK) {
            kit_fail(run, "open fails when it is repeated");
        }
        kit_close(&tee);
    }
}

static void repeat_refused(kit_run *run, const trial *t)
{
    static kit_tee tee;
    for (unsigned i = 0; i < t->rounds && !kit_has_failed(run); i++) {
        (void)kit_open(run, &tee, t->options_json);
        kit_close(&tee);
    }
}

KIT_RULE(rule_open_failed)
{
    static const trial refused = { "after openings that failed", repeat_refused, "{\"no-such-option\":1}", ROUNDS,
                                   NULL };
    static kit_tee tee;
    if (kit_load(run)) {
        grows(run, &refused);
        if (kit_open(run, &tee, run->subject->options) != CHAOS_OK) {
            kit_fail(run, "after openings that failed, open with the options that were given fails");
        }
        kit_close(&tee);
    }
}

KIT_RULE(rule_open_repeat)
{
    const trial opening = { "open and close", repeat_open, run->subject->options, ROUNDS, NULL };
    if (kit_load(run)) {
        grows(run, &opening);
    }
}

/* -------------------------------------------------------------------- calls ---- */

/* Where the TEE is missing, too: that is where it is asked most often. */
static void repeat_probe(kit_run *run, const trial *t)
{
    (void)run;
    for (unsigned i = 0; i < t->rounds; i++) {
        (void)kit_probe(t->tee, CHAOS_TEE_PROBE_MS);
    }
}

KIT_RULE(rule_probe_repeat)
{
    static kit_tee tee;
    const trial probing = { "probe", repeat_probe, NULL, FEW_ROUNDS, &tee };
    if (kit_must_open(run, &tee)) {
        grows(run, &probing);
        kit_close(&tee);
    }
}

static void repeat_keys(kit_run *run, const trial *t)
{
    static kit_tee tee;
    uint8_t digest[32], rsv[65];
    kit_digest("repeat", 0, digest);
    if (kit_open(run, &tee, t->options_json) != CHAOS_OK) {
        kit_fail(run, "open fails when it is repeated");
        return;
    }
    for (unsigned i = 0; i < t->rounds && !kit_has_failed(run); i++) {
        kit_key key;
        if (kit_must_make_key(&tee, "", CHAOS_KEY_FRESH, &key)) {
            (void)kit_sign(&tee, &key, digest, rsv);
            kit_key_free(&tee, &key);
        }
        if (i % 16 == 0 && kit_must_make_key(&tee, KIT_PATH, CHAOS_KEY_AGENT, &key)) {
            kit_key_free(&tee, &key);
        }
    }
    kit_close(&tee);
}

KIT_RULE(rule_key_repeat)
{
    const trial keys = { "key, sign_digest and key_free", repeat_keys, run->subject->options, ROUNDS, NULL };
    if (kit_load(run)) {
        grows(run, &keys);
    }
}

static void repeat_attest(kit_run *run, const trial *t)
{
    uint8_t report_data[64] = { 9 };
    for (unsigned i = 0; i < t->rounds && !kit_has_failed(run); i++) {
        if (kit_attest(t->tee, report_data) != CHAOS_OK) {
            kit_fail(run, "attest fails when it is repeated");
        }
    }
}

KIT_RULE(rule_attest_repeat)
{
    static kit_tee tee;
    const trial evidence = { "attest", repeat_attest, NULL, FEW_ROUNDS, &tee };
    if (kit_must_open(run, &tee)) {
        grows(run, &evidence);
        kit_close(&tee);
    }
}
