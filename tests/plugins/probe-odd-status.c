/* probe-odd-status.c - answers with a status that a provider may not give. */
#include "broken.h"

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    return chaos_provider_fail(err, CHAOS_E_QUOTE_SIGNATURE, "untrusted");
}

BROKEN_PROVIDER("probe-odd-status", provider.probe = broken_probe);
