/* key-changes.c - makes another identity key each time. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)purpose;
    return sound_key(self, path, CHAOS_KEY_FRESH, algorithm, key, err);
}

SOUND_PROVIDER("key-changes", broken_key, sound_sign, sound_attest, sound_close, NULL);
