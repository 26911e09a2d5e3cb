/* probe-leaks.c - forgets something each time it is asked. */
#include "broken.h"

static void *volatile forgotten;

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    forgotten = calloc(1, 256);
    return sound_probe(self, timeout_ms, err);
}

BROKEN_PROVIDER("probe-leaks", provider.probe = broken_probe);
