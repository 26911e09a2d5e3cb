/* probe-hangs.c - never answers. */
#include "broken.h"

#include <unistd.h>

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    while (getppid() >= 0) {
        (void)sleep(1);
    }
    return CHAOS_OK;
}

BROKEN_PROVIDER("probe-hangs", provider.probe = broken_probe);
