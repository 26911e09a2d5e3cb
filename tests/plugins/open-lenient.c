/* open-lenient.c - refuses options that it does not know, and takes what is no JSON for none. */
#include "broken.h"

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = sound_open(host, options_json, self, err);

    return status == CHAOS_E_GUEST_AGENT ? sound_open(host, "{}", self, err) : status;
}

BROKEN_PROVIDER("open-lenient", provider.open = broken_open);
