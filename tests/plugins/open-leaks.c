/* open-leaks.c - forgets what it has made when its options are refused. */
#include "broken.h"

static void *volatile forgotten;

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = sound_open(host, options_json, self, err);

    if (status != CHAOS_OK) {
        forgotten = calloc(1, 256);
    }
    return status;
}

BROKEN_PROVIDER("open-leaks", provider.open = broken_open);
