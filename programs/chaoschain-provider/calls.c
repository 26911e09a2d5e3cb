/* calls.c - loading the plug-in and calling it: what runs is noted in the page that the starting process reads
 * when this one has died of it, and what was said is kept for the rules about secrets. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "kit.h"

#define PROBE_TIMEOUT_MS CHAOS_TEE_PROBE_MS

/* ----------------------------------------------------------------- outcome ---- */

static void set_outcome(kit_run *run, kit_result result, const char *format, va_list arguments)
{
    char text[KIT_MAX_WHY];
    kit_outcome *outcome = &run->page->outcome;
    (void)vsnprintf(text, sizeof text, format, arguments);
    (void)pthread_mutex_lock(&run->lock);
    const bool stronger = outcome->result == KIT_UNSET || outcome->result == KIT_PASS ||
                          (result == KIT_FAIL && outcome->result != KIT_FAIL);
    if (stronger) {
        outcome->result = result;
        (void)snprintf(outcome->why, sizeof outcome->why, "%s", text);
    }
    (void)pthread_mutex_unlock(&run->lock);
}

#define KIT_OUTCOME(name, result)                    \
    void name(kit_run *run, const char *format, ...) \
    {                                                \
        va_list arguments;                           \
        va_start(arguments, format);                 \
        set_outcome(run, result, format, arguments); \
        va_end(arguments);                           \
    }
KIT_OUTCOME(kit_fail, KIT_FAIL)
KIT_OUTCOME(kit_skip, KIT_SKIPPED)
KIT_OUTCOME(kit_not_applicable, KIT_NOT_APPLICABLE)
KIT_OUTCOME(kit_note, KIT_PASS)

bool kit_has_failed(const kit_run *run)
{
    return run->page->outcome.result == KIT_FAIL || run->page->outcome.result == KIT_SKIPPED;
}

void kit_remember_text(kit_run *run, const char *text, size_t size)
{
    (void)pthread_mutex_lock(&run->lock);
    if (size > 0 && size < KIT_MAX_TEXTS && run->texts.size + size + 1 < KIT_MAX_TEXTS) {
        (void)(buffer_append(&run->texts, slice(text, size)) && buffer_append(&run->texts, slice("\n", 1)));
    }
    (void)pthread_mutex_unlock(&run->lock);
}

/* ----------------------------------------------------------------- loading ---- */

static void now_running(kit_run *run, const char *call)
{
    (void)pthread_mutex_lock(&run->lock);
    (void)snprintf(run->page->call, sizeof run->page->call, "%s", call);
    (void)pthread_mutex_unlock(&run->lock);
}

typedef union entry_pointer { /* ISO C has no conversion from an object's address to a function's */
    void *object;
    chaos_provider_entry_function *function;
} entry_pointer;

static entry_pointer loaded; /* of this process, which loads one plug-in */
static void *loaded_object;

bool kit_load_object(kit_run *run)
{
    char by_descriptor[64];
    int fd = open(run->subject->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        kit_fail(run, "the file cannot be opened");
        return false;
    }
    (void)snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", fd);
    now_running(run, "constructors");
    void *handle = dlopen(by_descriptor, RTLD_NOW | RTLD_LOCAL);
    now_running(run, "");
    if (handle == NULL) {
        const char *said = dlerror();
        char quoted[KIT_MAX_WHY];
        kit_fail(run, "the loader says: %s",
                 error_quote(quoted, sizeof quoted, slice_text(said == NULL ? "nothing" : said)));
        return false;
    }
    loaded_object = handle;
    loaded.object = dlsym(handle, CHAOS_PROVIDER_ENTRY);
    if (loaded.object == NULL) {
        kit_fail(run, "there is no %s in it", CHAOS_PROVIDER_ENTRY);
    }
    return loaded.object != NULL;
}

void kit_unload_object(kit_run *run)
{
    now_running(run, "destructors");
    (void)dlclose(loaded_object);
    now_running(run, "");
}

const chaos_provider *kit_entry(kit_run *run, uint32_t abi)
{
    now_running(run, CHAOS_PROVIDER_ENTRY);
    const chaos_provider *plugin = loaded.function(abi);
    now_running(run, "");
    return plugin;
}

bool kit_load(kit_run *run)
{
    if (!kit_load_object(run)) {
        return false;
    }
    run->plugin = kit_entry(run, CHAOS_PROVIDER_ABI);
    if (run->plugin == NULL) {
        kit_fail(run, "%s(%u) gives NULL", CHAOS_PROVIDER_ENTRY, CHAOS_PROVIDER_ABI);
    }
    return run->plugin != NULL;
}

/* ------------------------------------------------------------------- calls ---- */

static void begin(kit_tee *tee, host_call kind, const char *name)
{
    memset(&tee->failure, 0, sizeof tee->failure);
    tee->failure.offset = CHAOS_NO_OFFSET;
    kit_host_begin(&tee->host, kind);
    now_running(tee->run, name);
}

static chaos_status end(kit_tee *tee, chaos_status status)
{
    now_running(tee->run, "");
    tee->host.call = HOST_CALL_NONE;
    if (status != CHAOS_OK) {
        kit_remember_text(tee->run, tee->failure.text, strnlen(tee->failure.text, sizeof tee->failure.text));
        kit_remember_text(tee->run, tee->failure.found, strnlen(tee->failure.found, sizeof tee->failure.found));
        kit_remember_text(tee->run, tee->failure.expected,
                          strnlen(tee->failure.expected, sizeof tee->failure.expected));
    }
    return status;
}

chaos_status kit_open(kit_run *run, kit_tee *tee, const char *options_json)
{
    memset(tee, 0, sizeof *tee);
    tee->run = run;
    kit_host_init(&tee->host, run);
    begin(tee, HOST_CALL_NONE, "open");
    chaos_status status = end(tee, run->plugin->open(&tee->host.shown, options_json, &tee->self, &tee->failure));
    tee->is_open = status == CHAOS_OK;
    return status;
}

chaos_status kit_probe(kit_tee *tee, uint32_t timeout_ms)
{
    begin(tee, HOST_CALL_NONE, "probe");
    return end(tee, tee->run->plugin->probe(tee->self, timeout_ms, &tee->failure));
}

chaos_status kit_key_raw(kit_tee *tee, const char *path, const char *purpose, const char *algorithm, kit_key *key)
{
    memset(key, 0, sizeof *key);
    begin(tee, HOST_CALL_KEY, "key");
    chaos_status status =
        end(tee, tee->run->plugin->key(tee->self, path, purpose, algorithm, &key->handle, &tee->failure));
    key->is_made = status == CHAOS_OK;
    return status;
}

chaos_status kit_sign(kit_tee *tee, const kit_key *key, const uint8_t digest[32], uint8_t rsv[65])
{
    begin(tee, HOST_CALL_NONE, "sign_digest");
    return end(tee, tee->run->plugin->sign_digest(tee->self, key->handle, digest, rsv, &tee->failure));
}

chaos_status kit_attest(kit_tee *tee, const uint8_t report_data[64])
{
    begin(tee, HOST_CALL_ATTEST, "attest");
    return end(tee, tee->run->plugin->attest(tee->self, report_data, &tee->failure));
}

chaos_status kit_invoke(kit_tee *tee, const char *method, const char *params)
{
    begin(tee, HOST_CALL_INVOKE, "invoke");
    return end(tee, tee->run->plugin->invoke(tee->self, method, params, &tee->failure));
}

void kit_key_free(kit_tee *tee, kit_key *key)
{
    if (key->is_made) {
        begin(tee, HOST_CALL_NONE, "key_free");
        tee->run->plugin->key_free(tee->self, key->handle);
        (void)end(tee, CHAOS_OK);
        key->is_made = false;
    }
}

void kit_close(kit_tee *tee)
{
    if (tee->is_open) {
        begin(tee, HOST_CALL_NONE, "close");
        tee->run->plugin->close(tee->self);
        (void)end(tee, CHAOS_OK);
        tee->is_open = false;
    }
    kit_host_clear(&tee->host);
}

/* ------------------------------------------------------------------ helpers ---- */

void kit_what_it_said(const kit_tee *tee, chaos_status status, char *out, size_t capacity)
{
    char quoted[160];
    const char *name = chaos_status_name(status);
    (void)snprintf(out, capacity, "%s: %s", name == NULL ? "an unknown status" : name,
                   error_quote(quoted, sizeof quoted,
                               slice(tee->failure.text, strnlen(tee->failure.text, sizeof tee->failure.text))));
}

bool kit_must_open(kit_run *run, kit_tee *tee)
{
    char said[200];
    if (!kit_load(run)) {
        return false;
    }
    chaos_status status = kit_open(run, tee, run->subject->options);
    if (status != CHAOS_OK) {
        kit_what_it_said(tee, status, said, sizeof said);
        kit_fail(run, "open fails: %s", said);
        kit_close(tee);
    }
    return status == CHAOS_OK;
}

bool kit_must_make_key(kit_tee *tee, const char *path, const char *purpose, kit_key *key)
{
    char said[200];
    chaos_status status = kit_key_raw(tee, path, purpose, "secp256k1", key);
    if (status != CHAOS_OK) {
        kit_what_it_said(tee, status, said, sizeof said);
        kit_fail(tee->run, "key fails: %s", said);
        return false;
    }
    const chaos_slice bytes = kit_host_part(&tee->host, "public-key");
    if (bytes.size != 65) {
        kit_fail(tee->run, "key gives no public key of 65 bytes");
        kit_key_free(tee, key);
        return false;
    }
    memcpy(key->point.x, bytes.data + 1, 32);
    memcpy(key->point.y, bytes.data + 33, 32);
    return true;
}

static bool may_be_given(chaos_status status)
{
    return status == CHAOS_E_USAGE || status == CHAOS_E_TEE_UNAVAILABLE || status == CHAOS_E_GUEST_AGENT ||
           status == CHAOS_E_NETWORK || status == CHAOS_E_TIMEOUT || status == CHAOS_E_NOT_AVAILABLE;
}

bool kit_failed_well(kit_tee *tee, const char *what, chaos_status status)
{
    const size_t length = strnlen(tee->failure.text, sizeof tee->failure.text);
    const char *name = chaos_status_name(status);
    if (status == CHAOS_OK) {
        kit_fail(tee->run, "%s: the call succeeds and should fail", what);
    } else if (!may_be_given(status)) {
        kit_fail(tee->run, "%s: the status %s is none that a provider may give", what, name == NULL ? "?" : name);
    } else if (length == 0) {
        kit_fail(tee->run, "%s: it fails (%s) and leaves no text", what, name);
    } else if (length == sizeof tee->failure.text) {
        kit_fail(tee->run, "%s: the text of its error has no end", what);
    } else {
        return true;
    }
    return false;
}

void kit_digest(const char *label, unsigned number, uint8_t out[32])
{
    char text[128];
    const int length = snprintf(text, sizeof text, "chaoschain/provider-check/1 %s %u", label, number);
    const chaos_keccak hash = hash_keccak(slice(text, (size_t)length));
    memcpy(out, hash.bytes, 32);
}

void kit_session(kit_tee *tee)
{
    uint8_t digest[32], rsv[65], report_data[64];
    kit_key keys[3];
    kit_digest("session", 0, digest);
    kit_digest("session", 1, report_data);
    kit_digest("session", 2, report_data + 32);
    (void)kit_probe(tee, PROBE_TIMEOUT_MS);
    (void)kit_key_raw(tee, KIT_PATH, CHAOS_KEY_AGENT, "secp256k1", &keys[0]);
    (void)kit_key_raw(tee, "", CHAOS_KEY_FRESH, "secp256k1", &keys[1]);
    (void)kit_key_raw(tee, KIT_PATH, CHAOS_KEY_AGENT, "no-such-algorithm", &keys[2]);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        if (keys[i].is_made) {
            (void)kit_sign(tee, &keys[i], digest, rsv);
        }
    }
    (void)kit_attest(tee, report_data);
    if (PLUGIN_HAS(tee->run->plugin, invoke)) {
        (void)kit_invoke(tee, "NoSuchMethod", "{}");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        kit_key_free(tee, &keys[i]);
    }
}
