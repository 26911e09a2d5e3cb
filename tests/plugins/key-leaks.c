/* key-leaks.c - forgets something for each key. */
#include "sound.h"

static void *volatile forgotten;

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    forgotten = calloc(1, 256);
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("key-leaks", broken_key, sound_sign, sound_attest, sound_close, NULL);
