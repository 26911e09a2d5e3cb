/* probe-opens.c - opens a file each time it is asked. */
#include "broken.h"

#include <fcntl.h>

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
    return CHAOS_OK;
}

BROKEN_PROVIDER("probe-opens", provider.probe = broken_probe);
