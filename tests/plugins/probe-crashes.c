/* probe-crashes.c - dies of a signal. */
#include "broken.h"

#include <signal.h>

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    (void)raise(SIGKILL);
    return CHAOS_OK;
}

BROKEN_PROVIDER("probe-crashes", provider.probe = broken_probe);
