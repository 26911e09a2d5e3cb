/* key-stale.c - gives the same session key again. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const bool fresh = strcmp(purpose, CHAOS_KEY_FRESH) == 0;

    return sound_key(self, fresh ? "session" : path, CHAOS_KEY_AGENT, algorithm, key, err);
}

SOUND_PROVIDER("key-stale", broken_key, sound_sign, sound_attest, sound_close, NULL);
