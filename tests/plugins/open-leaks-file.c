/* open-leaks-file.c - opens a file each time and never closes it. */
#include "broken.h"

#include <fcntl.h>

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = sound_open(host, options_json, self, err);

    if (status == CHAOS_OK) {
        (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return status;
}

BROKEN_PROVIDER("open-leaks-file", provider.open = broken_open);
