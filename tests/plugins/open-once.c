/* open-once.c - can be open once at a time. */
#include "broken.h"

static bool is_open;

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = is_open ? chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "it is open")
                                        : sound_open(host, options_json, self, err);

    is_open = is_open || status == CHAOS_OK;
    return status;
}

static void broken_close(void *self)
{
    is_open = false;
    sound_close(self);
}

BROKEN_PROVIDER("open-once", provider.open = broken_open; provider.close = broken_close);
