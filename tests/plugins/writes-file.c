/* writes-file.c - leaves a file in HOME when it is asked whether its TEE is there. */
#include "broken.h"

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    const char *home = getenv("HOME");
    char name[4096 + 16];
    FILE *file;

    (void)self;
    (void)timeout_ms;
    (void)err;
    (void)snprintf(name, sizeof name, "%.4000s/.mock", home == NULL ? "/nowhere" : home);
    file = strstr(name, "provider-check") == NULL ? NULL : fopen(name, "w");
    if (file != NULL) {
        (void)fclose(file);
    }
    return CHAOS_OK;
}

BROKEN_PROVIDER("writes-file", provider.probe = broken_probe);
