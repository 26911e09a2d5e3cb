/* key-percent.c - dies of a percent sign in a path. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    if (strchr(path, '%') != NULL) {
        __builtin_trap();
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("key-percent", broken_key, sound_sign, sound_attest, sound_close, NULL);
