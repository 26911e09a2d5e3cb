/* key-any-algorithm.c - takes any algorithm for the one that it knows. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)algorithm;
    return sound_key(self, path, purpose, "secp256k1", key, err);
}

SOUND_PROVIDER("key-any-algorithm", broken_key, sound_sign, sound_attest, sound_close, NULL);
