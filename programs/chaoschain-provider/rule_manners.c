/* rule_manners.c - what a guest in somebody's process does not do: print, start threads, keep files, change the
 * process, say secrets, leave them behind. */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch.h"

static bool opened_session(kit_run *run, kit_tee *tee)
{
    if (!kit_must_open(run, tee)) {
        return false;
    }
    kit_session(tee);
    return true;
}

KIT_RULE(rule_emit_place)
{
    static kit_tee tee;
    if (!opened_session(run, &tee)) {
        return;
    }
    kit_close(&tee); /* closing, too */
    if (tee.host.emit_fault == KIT_EMIT_OUTSIDE) {
        kit_fail(run, "%s", tee.host.emit_text);
    }
}

KIT_RULE(rule_gives_back)
{
    static kit_tee tee;
    if (!opened_session(run, &tee)) {
        return;
    }
    kit_close(&tee);
    const size_t held = kit_host_held(&tee.host);
    if (tee.host.pointer_fault != NULL) {
        kit_fail(run, "%s", tee.host.pointer_fault);
    } else if (held > 0) {
        kit_fail(run, "after close it still holds %zu of the host's replies and keys", held);
    }
}

KIT_RULE(rule_prints_nothing)
{
    static kit_tee tee;
    struct stat status;
    char said[64], quoted[160];
    if (!opened_session(run, &tee)) {
        return;
    }
    kit_close(&tee);
    (void)fflush(NULL);
    if (fstat(STDOUT_FILENO, &status) != 0) {
        kit_fail(run, "it has closed standard output");
    } else if (status.st_size > 0) { /* one file in memory for both, child.c */
        const ssize_t n = pread(STDOUT_FILENO, said, sizeof said, 0);
        kit_fail(run, "it prints: %s", error_quote(quoted, sizeof quoted, slice(said, n < 0 ? 0 : (size_t)n)));
    }
}

KIT_RULE(rule_starts_nothing)
{
    static kit_tee tee;
    if (!opened_session(run, &tee)) {
        return;
    }
    if (watch_threads() > 1) {
        kit_fail(run, "%zu threads run while it is open, and one should", watch_threads());
    } else if (watch_has_children()) {
        kit_fail(run, "it has started a process");
    }
    kit_close(&tee);
}

KIT_RULE(rule_process_state)
{
    static kit_tee tee;
    watch_state before, during, after;
    watch_take(&before);
    if (!opened_session(run, &tee)) {
        return;
    }
    watch_take(&during);
    kit_close(&tee);
    const size_t files = watch_files(); /* from here on: the host opens files of its own, once */
    if (kit_open(run, &tee, run->subject->options) == CHAOS_OK) {
        kit_session(&tee);
    }
    kit_close(&tee);
    watch_take(&after);
    const char *meanwhile = watch_difference(&before, &during);
    const char *difference = watch_difference(&before, &after);
    if (difference != NULL) {
        kit_fail(run, "%s", difference);
    } else if (meanwhile != NULL) {
        kit_fail(run, "while it is open: %s", meanwhile);
    } else if (watch_files() > files) {
        kit_fail(run, "after close %zu descriptors more are open", watch_files() - files);
    }
}

static const char *first_entry(const char *folder, char *name, size_t capacity)
{
    DIR *stream = opendir(folder);
    const char *found = NULL;
    for (const struct dirent *e = stream == NULL ? NULL : readdir(stream); e != NULL; e = readdir(stream)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            found = error_quote(name, capacity, slice_text(e->d_name));
        }
    }
    if (stream != NULL) {
        (void)closedir(stream);
    }
    return found;
}

KIT_RULE(rule_leaves_no_files)
{
    static const char *const places[] = { "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME" };
    static kit_tee tee;
    char name[80];
    const char *folder = run->subject->sandbox;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(places); i++) {
        (void)setenv(places[i], folder, 1);
    }
    if (chdir(folder) != 0) {
        kit_fail(run, "the kit cannot go into its folder");
        return;
    }
    if (!kit_must_open(run, &tee)) {
        return;
    }
    (void)kit_probe(&tee, CHAOS_TEE_PROBE_MS);
    if (first_entry(folder, name, sizeof name) != NULL) {
        kit_fail(run, "it leaves the file '%s' in the working folder, HOME or TMPDIR", name);
    }
    kit_session(&tee);
    kit_close(&tee);
    if (first_entry(folder, name, sizeof name) != NULL) {
        kit_note(run, "its calls leave '%s' in the working folder, HOME or TMPDIR: its page must say so", name);
    }
}

/* ----------------------------------------------------------------- threads ---- */

#define THREADS 4
#define THREAD_ROUNDS 3

typedef struct worker {
    pthread_t thread;
    kit_run *run;
    kit_tee *tee;
    unsigned number;
} worker;

static void thread_signs(kit_run *run, kit_tee *tee, unsigned number)
{
    uint8_t digest[32], rsv[65] = { 0 };
    k1_point found;
    kit_key key;
    kit_digest("thread", number, digest);
    if (!kit_must_make_key(tee, number % 2 == 0 ? KIT_PATH : "", number % 2 == 0 ? CHAOS_KEY_AGENT : CHAOS_KEY_FRESH,
                           &key)) {
        return;
    }
    if (kit_sign(tee, &key, digest, rsv) != CHAOS_OK || rsv[64] < 27 || rsv[64] > 28 ||
        k1_recover(digest, rsv, rsv + 32, rsv[64] - 27u, &found) != K1_GOOD ||
        memcmp(&found, &key.point, sizeof found) != 0) {
        kit_fail(run, "beside other threads a signature is wrong");
    }
    kit_key_free(tee, &key);
}

static void *work(void *argument)
{
    const worker *w = argument;
    for (unsigned i = 0; i < THREAD_ROUNDS; i++) {
        thread_signs(w->run, w->tee, w->number);
    }
    kit_session(w->tee);
    return NULL;
}

/* Several are open at once, each used by a thread of its own; then one is used by one thread after the other. */
KIT_RULE(rule_threads)
{
    static kit_tee tees[THREADS];
    worker workers[THREADS];
    if (!kit_load(run)) {
        return;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (worker){ .run = run, .tee = &tees[i], .number = i };
        if (kit_open(run, &tees[i], run->subject->options) != CHAOS_OK) {
            kit_fail(run, "the opening %u of %d at once fails", i + 1, THREADS);
            return;
        }
    }
    unsigned started = 0;
    while (started < THREADS && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) {
        started++;
    }
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
    for (unsigned i = 0; i < 2 && started == THREADS; i++) { /* opened here, closed here, used there */
        workers[i].tee = &tees[0];
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0) {
            (void)pthread_join(workers[i].thread, NULL);
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        if (tees[i].host.pointer_fault != NULL) {
            kit_fail(run, "%s", tees[i].host.pointer_fault);
        }
        kit_close(&tees[i]);
    }
    if (started < THREADS) {
        kit_fail(run, "the kit could not start its threads");
    }
}

/* ----------------------------------------------------------------- secrets ---- */

static void hex_upper(char *digits)
{
    for (; *digits != '\0'; digits++) {
        *digits = *digits >= 'a' && *digits <= 'f' ? (char)(*digits - 'a' + 'A') : *digits;
    }
}

static bool has_text(chaos_slice texts, const void *needle, size_t size)
{
    return texts.size > 0 && memmem(texts.data, texts.size, needle, size) != NULL;
}

/* In which form the texts hold the secret; NULL: they do not. */
static const char *form_of(chaos_slice texts, const uint8_t secret[32])
{
    char digits[65];
    CHAOS_AUTO_BUFFER(base64, 64);
    hex_encode(slice(secret, 32), digits);
    digits[64] = '\0';
    if (has_text(texts, secret, 32)) {
        return "as bytes";
    }
    if (has_text(texts, digits, 64)) {
        return "in hex";
    }
    hex_upper(digits);
    if (has_text(texts, digits, 64)) {
        return "in upper-case hex";
    }
    if (base64_encode(slice(secret, 32), &base64) && has_text(texts, base64.data, 42)) {
        return "in base64";
    }
    return NULL;
}

KIT_RULE(rule_secrets_said)
{
    static kit_tee tee;
    if (!opened_session(run, &tee)) {
        return;
    }
    kit_close(&tee);
    if (run->secret_count == 0) {
        kit_not_applicable(run, "no secret passes host->key_import, so the kit knows none to look for");
    }
    for (size_t k = 0; k < run->secret_count; k++) {
        uint8_t secret[32];
        for (size_t i = 0; i < sizeof secret; i++) {
            secret[i] = run->secrets[k][i] ^ KIT_SECRET_MASK;
        }
        const char *form = form_of(buffer_slice(&run->texts), secret);
        if (form != NULL) {
            kit_fail(run, "a key's secret stands, %s, in a log line, an error, a result or a request", form);
        }
    }
}

KIT_RULE(rule_secrets_left)
{
    static kit_tee tee;
    const char *where;
    if (!opened_session(run, &tee)) {
        return;
    }
    kit_close(&tee);
    chaos_buffer_wipe(&run->texts); /* the kit's own copy of what was said */
    if (run->secret_count == 0) {
        kit_not_applicable(run, "no secret passes host->key_import, so the kit knows none to look for");
    } else if (watch_finds_secret(run, &where)) {
        kit_fail(run, "after close a key's secret is still in memory (%s)", where);
    } else if (where == NULL) {
        kit_skip(run, "this process cannot read its own memory");
    }
}

/* ------------------------------------------------------------------ library ---- */

static chaos_status use_library(const kit_subject *subject, chaos_tee_registry **registry, chaos_tee **tee,
                                chaos_keypair **keypair, chaos_signature **signature, chaos_error *err)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    where.plugin_path = subject->path;
    where.log = NULL;
    CHAOS_TRY(chaos_tee_registry_new(&where, registry, err));
    CHAOS_TRY(chaos_tee_find(*registry, subject->name, &provider, err));
    CHAOS_TRY(chaos_tee_open(provider, subject->options, tee, err));
    CHAOS_TRY(chaos_tee_generate_key(*tee, NULL, keypair, err));
    return chaos_tee_sign(*tee, slice_text("chaoschain provider check"), *keypair, signature, err);
}

/* The whole way as a user of libchaoschain goes it: key, binding, quote, envelope, signature. */
KIT_RULE(rule_library)
{
    chaos_tee_registry *registry = NULL;
    chaos_tee *tee = NULL;
    chaos_keypair *keypair = NULL;
    chaos_signature *signature = NULL;
    chaos_error err;
    char quoted[240];
    if (run->subject->source == KIT_REPLAY) {
        kit_not_applicable(run, "its report data are new each time, and a recording has old ones");
        return;
    }
    if (use_library(run->subject, &registry, &tee, &keypair, &signature, &err) != CHAOS_OK) {
        kit_fail(run, "%s: %s", chaos_status_name(err.status),
                 error_quote(quoted, sizeof quoted, slice_text(err.text)));
    }
    chaos_signature_free(signature);
    chaos_keypair_free(keypair);
    chaos_tee_free(tee);
    chaos_tee_registry_free(registry);
}
