/* secret-left.c - keeps a copy of the secret. */
#include "sound.h"

static uint8_t copy[32];

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    if (strcmp(purpose, CHAOS_KEY_FRESH) != 0) {
        memset(copy, SOUND_AGENT_SECRET, sizeof copy);
        sound_mix(path, copy);
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("secret-left", broken_key, sound_sign, sound_attest, sound_close, NULL);
