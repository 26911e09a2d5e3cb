/* writes-file.c - leaves a file in HOME. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const char *home = getenv("HOME");
    char name[4096 + 16];
    FILE *file;

    (void)snprintf(name, sizeof name, "%.4000s/.mock", home == NULL ? "/nowhere" : home);
    file = strstr(name, "provider-check") == NULL ? NULL : fopen(name, "w");
    if (file != NULL) {
        (void)fclose(file);
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("writes-file", broken_key, sound_sign, sound_attest, sound_close, NULL);
