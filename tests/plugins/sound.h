/* sound.h - a provider that does everything right, for the mocks that do one thing wrong. Its keys are
 * constants, and its quote and event log are the files `quote` and `event-log` of the folder in its
 * options. With `"fit": true` it keeps the rules of the conformance kit, too: its keys are of their paths or
 * fresh, and the quote of the file gets the report data that were asked for (and a wrong signature thereby). */
#ifndef PLUGINS_SOUND_H
#define PLUGINS_SOUND_H

#include <chaoschain/provider.h>

#include <stdlib.h>
#include <string.h>

#define SOUND_AGENT_SECRET 0x51 /* each of the 32 bytes */
#define SOUND_SESSION_SECRET 0x52
#define SOUND_MAX_FILE (512u * 1024u)

typedef struct sound {
    const chaos_host *host;
    char folder[512];
    bool fit;
    void *last;   /* for mocks: the key that was made last */
    bool failed;  /* for mocks: a call has failed */
    long thread;  /* for mocks: the one that has opened it */
} sound;

#define SOUND_REPORT_DATA (48 + 520) /* where a TDX quote of version 4 has them */

static inline chaos_status sound_open(const chaos_host *host, const char *options_json, void **self,
                                      chaos_error *err)
{
    static const char *const known[] = { "folder", "fit", NULL };
    chaos_slice fit;
    const chaos_slice options = { (const uint8_t *)options_json, strlen(options_json) };
    chaos_status status = host->json_keys(host, options, known, err);
    sound *made = status == CHAOS_OK ? calloc(1, sizeof *made) : NULL;

    if (status != CHAOS_OK) {
        return status;
    }
    if (made == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "no memory");
    }
    made->host = host;
    if (strstr(options_json, "\"folder\"") != NULL) {
        status = host->json_text(host, options, "folder", made->folder, sizeof made->folder, err);
    }
    if (status == CHAOS_OK && host->json_raw(host, options, "fit", &fit, NULL) == CHAOS_OK) {
        made->fit = fit.size == 4 && memcmp(fit.data, "true", 4) == 0;
        status = made->fit ? CHAOS_OK : chaos_provider_fail(err, CHAOS_E_USAGE, "fit is true");
    }
    if (status != CHAOS_OK) {
        free(made);
        return status;
    }
    *self = made;
    return CHAOS_OK;
}

static inline chaos_status sound_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    return CHAOS_OK;
}

/* Another secret for every path, as far as tests have paths. */
static inline void sound_mix(const char *path, uint8_t secret[32])
{
    uint32_t mix = 2166136261u;

    for (; *path != '\0'; path++) {
        mix = (mix ^ (uint8_t)*path) * 16777619u;
    }
    for (size_t i = 1; i <= sizeof mix; i++) {
        secret[i] ^= (uint8_t)(mix >> (8 * (i - 1)));
    }
}

/* The key alone; the caller emits. */
static inline chaos_status sound_make_key(const sound *mock, const char *path, const char *purpose,
                                          const char *algorithm, chaos_host_key **key, uint8_t public_key[65],
                                          chaos_error *err)
{
    const bool fresh = strcmp(purpose, CHAOS_KEY_FRESH) == 0;
    uint8_t secret[32];
    chaos_status status;

    if (strcmp(algorithm, "secp256k1") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the algorithm is secp256k1");
    }
    memset(secret, fresh ? SOUND_SESSION_SECRET : SOUND_AGENT_SECRET, sizeof secret);
    if (mock->fit) {
        sound_mix(path, secret);
    }
    status = mock->fit && fresh ? mock->host->key_generate(mock->host, key, err)
                                : mock->host->key_import(mock->host, secret, key, err);
    if (status == CHAOS_OK) {
        mock->host->key_public(mock->host, *key, public_key);
    }
    return status;
}

static inline chaos_status sound_emit(const sound *mock, const char *name, const void *bytes, size_t size,
                                      chaos_error *err)
{
    const chaos_slice part = { bytes, size };

    return mock->host->emit(mock->host, name, part, err);
}

static inline chaos_status sound_key(void *self, const char *path, const char *purpose, const char *algorithm,
                                     void **key, chaos_error *err)
{
    const sound *mock = self;
    chaos_host_key *made = NULL;
    uint8_t public_key[65];
    chaos_status status = sound_make_key(mock, path, purpose, algorithm, &made, public_key, err);

    if (status != CHAOS_OK) {
        return status;
    }
    *key = made;
    return sound_emit(mock, "public-key", public_key, sizeof public_key, err);
}

static inline chaos_status sound_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                      chaos_error *err)
{
    const sound *mock = self;

    return mock->host->key_sign(mock->host, key, digest, rsv, err);
}

/* `fit`: report data that the bytes are to get; NULL: none. */
static inline chaos_status sound_emit_file(const sound *mock, const char *file, const char *name,
                                           const uint8_t *fit, chaos_error *err)
{
    char path[sizeof mock->folder + 32];
    uint8_t *bytes = malloc(SOUND_MAX_FILE);
    chaos_status status = CHAOS_E_TEE_UNAVAILABLE;
    FILE *stream;

    (void)snprintf(path, sizeof path, "%s/%s", mock->folder, file);
    stream = fopen(path, "rb");
    if (stream != NULL && bytes != NULL) {
        const size_t size = fread(bytes, 1, SOUND_MAX_FILE, stream);
        if (fit != NULL && size >= SOUND_REPORT_DATA + 64) {
            memcpy(bytes + SOUND_REPORT_DATA, fit, 64);
        }
        status = sound_emit(mock, name, bytes, size, err);
    } else {
        (void)chaos_provider_fail(err, status, "no file %s", file);
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    free(bytes);
    return status;
}

static inline chaos_status sound_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const sound *mock = self;
    chaos_status status = sound_emit_file(mock, "quote", "tdx-quote", mock->fit ? report_data : NULL, err);

    return status == CHAOS_OK ? sound_emit_file(mock, "event-log", "dstack-event-log", NULL, err) : status;
}

static inline void sound_key_free(void *self, void *key)
{
    const sound *mock = self;

    mock->host->key_free(mock->host, key);
}

static inline void sound_close(void *self)
{
    free(self);
}

typedef chaos_status sound_invoke_function(void *self, const char *method, const char *params_json,
                                           chaos_error *err);

#define SOUND_PROVIDER(name_, key_, sign_, attest_, close_, invoke_)                                \
    const chaos_provider *chaos_provider_entry(uint32_t abi);                                       \
    __attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi) \
    {                                                                                               \
        static const chaos_provider provider = { CHAOS_PROVIDER_ABI,                                \
                                                 sizeof(chaos_provider),                            \
                                                 name_,                                             \
                                                 "a mock for the tests",                            \
                                                 sound_open,                                        \
                                                 sound_probe,                                       \
                                                 key_,                                              \
                                                 sign_,                                             \
                                                 attest_,                                           \
                                                 sound_key_free,                                    \
                                                 close_,                                            \
                                                 invoke_ };                                         \
        return abi == CHAOS_PROVIDER_ABI ? &provider : NULL;                                        \
    }                                                                                               \
    typedef chaos_status sound_ends_with_semicolon

#endif
