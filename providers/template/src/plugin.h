/* plugin.h - what the files of this provider share. It stands on <chaoschain/provider.h> and the C library alone. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <chaoschain/provider.h>

#include <string.h>

#define MAX_ENDPOINT 1024

/* One opening. Several may live at one time, so nothing that changes is global. */
typedef struct plugin {
    const chaos_host *host;
    char endpoint[MAX_ENDPOINT]; /* "": where this TEE usually is */
} plugin;

/* tee.c: the calls that make this provider what it is */
chaos_status plugin_probe(void *self, uint32_t timeout_ms, chaos_error *err);
chaos_status plugin_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err);
chaos_status plugin_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err);
chaos_status plugin_attest(void *self, const uint8_t report_data[64], chaos_error *err);
void plugin_key_free(void *self, void *key);

static inline chaos_slice text_slice(const char *text)
{
    chaos_slice s = { (const uint8_t *)text, strlen(text) };
    return s;
}

#endif
