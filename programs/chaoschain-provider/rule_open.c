/* rule_open.c - opening and closing: options, a machine without the TEE, and what is left behind. */
#include <stdio.h>

#include "watch.h"

#define NO_OPTIONS "{}"
#define ROUNDS 64
#define STRETCHES 3
#define SMALLEST_BLOCK 24 /* bytes that malloc(1) takes */

static void must_open_alone(kit_run *run, const char *what, const char *options_json)
{
    static kit_tee tee;
    char quoted[160];
    chaos_status status = kit_open(run, &tee, options_json);
    if (status != CHAOS_OK) {
        const size_t length = strnlen(tee.failure.text, sizeof tee.failure.text);
        kit_fail(run, "open with %s fails: %s: %s", what, chaos_status_name(status),
                 error_quote(quoted, sizeof quoted, slice(tee.failure.text, length)));
    } else if (tee.self == NULL) {
        kit_note(run, "self is NULL, which is allowed");
    }
    kit_close(&tee);
}

/* Nothing is contacted while it opens: so it opens on a machine without the TEE. */
KIT_RULE(rule_open)
{
    if (!kit_load(run)) {
        return;
    }
    run->http_mode = KIT_HTTP_FORBIDDEN;
    must_open_alone(run, "the options that were given", run->subject->options);
    must_open_alone(run, "no options", NO_OPTIONS);
    if (run->http_forbidden_fault) {
        kit_fail(run, "open makes an exchange");
    }
}

/* Is refused, in words; if it is not, it is closed. */
static void must_refuse(kit_run *run, const char *what, const char *options_json, bool usage)
{
    static kit_tee tee;
    chaos_status status = kit_open(run, &tee, options_json);
    if (kit_failed_well(&tee, what, status) && usage && status != CHAOS_E_USAGE) {
        kit_fail(run, "%s: the status is %s and should be USAGE", what, chaos_status_name(status));
    }
    kit_close(&tee);
}

KIT_RULE(rule_open_unknown)
{
    if (kit_load(run)) {
        must_refuse(run, "an unknown option", "{\"no-such-option\":1}", true);
        must_refuse(run, "an unknown option with an empty name", "{\"\":null}", true);
    }
}

KIT_RULE(rule_open_malformed)
{
    static const struct {
        const char *what, *text;
    } bad[] = {
        { "options that are no JSON", "{" },
        { "options that are an array", "[]" },
        { "options that are a string", "\"{}\"" },
        { "options with something behind them", "{}x" },
        { "an empty text as options", "" },
        { "one option twice", "{\"endpoint\":\"/a\",\"endpoint\":\"/b\"}" },
    };
    static char deep[4096];
    if (!kit_load(run)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        must_refuse(run, bad[i].what, bad[i].text, false);
    }
    memset(deep, '[', sizeof deep - 1);
    must_refuse(run, "four thousand brackets as options", deep, false);
}

/* Of six kinds of values at least one cannot be right for an option. */
KIT_RULE(rule_open_type)
{
    static const char *const values[] = { "{}", "[]", "true", "12345678901234567890123", "\"\\u0001\"", "-1.5" };
    static kit_tee tee;
    char options_json[160];
    must_open_alone((kit_load(run), run), "no options", NO_OPTIONS);
    if (kit_has_failed(run)) {
        return;
    }
    if (run->known_count == 0) {
        kit_not_applicable(run, "it has no options, or reads them without host->json_keys");
    }
    for (size_t i = 0; i < run->known_count; i++) {
        bool refused = false;
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(values) && !refused; k++) {
            (void)snprintf(options_json, sizeof options_json, "{\"%s\":%s}", run->known[i], values[k]);
            refused = kit_open(run, &tee, options_json) != CHAOS_OK;
            kit_close(&tee);
        }
        if (!refused) {
            kit_fail(run, "the option '%s' takes an object, a list, a truth value and any number", run->known[i]);
        }
    }
}

/* ------------------------------------------------------------------- leaks ---- */

typedef struct levels {
    size_t files, threads, memory;
    bool has_memory;
} levels;

static size_t smaller(size_t least, size_t before, size_t after)
{
    const size_t growth = after > before ? after - before : 0;
    return growth < least ? growth : least;
}

static levels measure(void)
{
    levels l = { .files = watch_files(), .threads = watch_threads() };
    l.has_memory = watch_memory(&l.memory);
    return l;
}

typedef void repeat_function(kit_run *run, const char *options_json);

typedef struct stretch {
    kit_run *run;
    repeat_function *repeat;
    const char *options_json;
} stretch;

static void *run_stretch(void *argument)
{
    const stretch *s = argument;
    s->repeat(s->run, s->options_json);
    return NULL;
}

/* In a thread that ends: with it ends the allocator's list of free blocks, which it counts as used. */
static void repeat_in_thread(kit_run *run, repeat_function *repeat, const char *options_json)
{
    stretch s = { run, repeat, options_json };
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_stretch, &s) != 0 || pthread_join(thread, NULL) != 0) {
        kit_fail(run, "the kit could not start a thread");
    }
}

/* What grows once is no leak (caches, the allocator's own lists): what leaks grows in every stretch of rounds. */
static void grows(kit_run *run, const char *what, repeat_function *repeat, const char *options_json)
{
    size_t memory = SIZE_MAX, files = SIZE_MAX, threads = SIZE_MAX;
    bool has_memory = true;
    repeat_in_thread(run, repeat, options_json);
    for (int i = 0; i < STRETCHES && !kit_has_failed(run); i++) {
        const levels before = measure();
        repeat_in_thread(run, repeat, options_json);
        const levels after = measure();
        has_memory = before.has_memory;
        memory = smaller(memory, before.memory, after.memory);
        files = smaller(files, before.files, after.files);
        threads = smaller(threads, before.threads, after.threads);
    }
    if (kit_has_failed(run)) {
        return;
    }
    if (files > 0 || threads > 0) {
        kit_fail(run, "%s: %zu descriptors and %zu threads more after every %d rounds", what, files, threads, ROUNDS);
    } else if (memory >= (size_t)ROUNDS * SMALLEST_BLOCK) {
        kit_fail(run, "%s: %zu bytes more on the heap after every %d rounds", what, memory, ROUNDS);
    } else if (!has_memory) {
        kit_note(run, "memory was not measured: this build's allocator does not say");
    }
}

static void repeat_open(kit_run *run, const char *options_json)
{
    static kit_tee tee;
    for (int i = 0; i < ROUNDS && !kit_has_failed(run); i++) {
        if (kit_open(run, &tee, options_json) != CHAOS_OK) {
            kit_fail(run, "open fails when it is repeated");
        }
        kit_close(&tee);
    }
}

static void repeat_refused(kit_run *run, const char *options_json)
{
    static kit_tee tee;
    for (int i = 0; i < ROUNDS && !kit_has_failed(run); i++) {
        (void)kit_open(run, &tee, options_json);
        kit_close(&tee);
    }
}

KIT_RULE(rule_open_failed)
{
    if (kit_load(run)) {
        grows(run, "after openings that failed", repeat_refused, "{\"no-such-option\":1}");
        must_open_alone(run, "the options that were given, after openings that failed", run->subject->options);
    }
}

KIT_RULE(rule_open_repeat)
{
    if (kit_load(run)) {
        grows(run, "open and close", repeat_open, run->subject->options);
    }
}

KIT_RULE(rule_open_several)
{
    static kit_tee a, b, c;
    if (!kit_must_open(run, &a)) {
        return;
    }
    if (kit_open(run, &b, run->subject->options) != CHAOS_OK || kit_open(run, &c, run->subject->options) != CHAOS_OK) {
        kit_fail(run, "a second or third opening fails while the first is open");
    } else {
        kit_close(&b); /* not in the order of opening, and the others go on */
        (void)kit_probe(&c, CHAOS_TEE_PROBE_MS);
        kit_close(&a);
        (void)kit_probe(&c, CHAOS_TEE_PROBE_MS);
    }
    kit_close(&c);
}

static void repeat_keys(kit_run *run, const char *options_json)
{
    static kit_tee tee;
    uint8_t digest[32], rsv[65];
    kit_digest("repeat", 0, digest);
    if (kit_open(run, &tee, options_json) != CHAOS_OK) {
        kit_fail(run, "open fails when it is repeated");
        return;
    }
    for (int i = 0; i < ROUNDS && !kit_has_failed(run); i++) {
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
    if (kit_load(run)) {
        grows(run, "key, sign_digest and key_free", repeat_keys, run->subject->options);
    }
}
