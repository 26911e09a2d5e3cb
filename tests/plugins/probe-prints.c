/* probe-prints.c - prints what looks like a good answer, and has none. */
#include "broken.h"

#include <unistd.h>

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    (void)printf("{\"status\":0}");
    (void)fflush(stdout);
    _exit(0);
}

BROKEN_PROVIDER("probe-prints", provider.probe = broken_probe);
