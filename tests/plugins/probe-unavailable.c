/* probe-unavailable.c - says why not, with bytes that a terminal would obey. */
#include "broken.h"

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "not here \\x1b[2J");
}

BROKEN_PROVIDER("probe-unavailable", provider.probe = broken_probe);
