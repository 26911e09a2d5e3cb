/* open-typeless.c - knows the names of its options and takes any value for them. */
#include "broken.h"

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = sound_open(host, options_json, self, NULL);
    static const char *const known[] = { "folder", "fit", NULL };
    const chaos_slice options = { (const uint8_t *)options_json, strlen(options_json) };

    if (status == CHAOS_OK || host->json_keys(host, options, known, err) != CHAOS_OK) {
        return status;
    }
    return sound_open(host, "{}", self, err);
}

BROKEN_PROVIDER("open-typeless", provider.open = broken_open);
