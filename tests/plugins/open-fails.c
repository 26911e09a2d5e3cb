/* open-fails.c - cannot be opened. */
#include "broken.h"

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    (void)host;
    (void)options_json;
    (void)self;
    if (err != NULL) {
        memset(err->text, 0x41, sizeof err->text); /* without an end */
    }
    return CHAOS_E_TEE_UNAVAILABLE;
}

BROKEN_PROVIDER("open-fails", provider.open = broken_open);
