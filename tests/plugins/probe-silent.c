/* probe-silent.c - says no, and not why. */
#include "broken.h"

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    return CHAOS_E_TEE_UNAVAILABLE;
}

BROKEN_PROVIDER("probe-silent", provider.probe = broken_probe);
