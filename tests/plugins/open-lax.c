/* open-lax.c - takes any options. */
#include "broken.h"

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const bool good = sound_open(host, options_json, self, err) == CHAOS_OK;

    return good ? CHAOS_OK : sound_open(host, "{}", self, err);
}

BROKEN_PROVIDER("open-lax", provider.open = broken_open);
