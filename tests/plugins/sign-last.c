/* sign-last.c - signs with the key that was made last, whichever is asked for. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    sound *mock = self;
    const chaos_status status = sound_key(self, path, purpose, algorithm, key, err);

    mock->last = status == CHAOS_OK ? *key : mock->last;
    return status;
}

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    const sound *mock = self;

    (void)key;
    return sound_sign(self, mock->last, digest, rsv, err);
}

SOUND_PROVIDER("sign-last", broken_key, broken_sign, sound_attest, sound_close, NULL);
