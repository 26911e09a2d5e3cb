/* key-fickle.c - makes a fresh key for every purpose that it does not know. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const bool known = strcmp(purpose, CHAOS_KEY_AGENT) == 0;

    return sound_key(self, path, known ? purpose : CHAOS_KEY_FRESH, algorithm, key, err);
}

SOUND_PROVIDER("key-fickle", broken_key, sound_sign, sound_attest, sound_close, NULL);
