/* key-short.c - the public key lacks its first byte. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const sound *mock = self;
    chaos_host_key *made = NULL;
    uint8_t public_key[65];
    chaos_status status = sound_make_key(mock, path, purpose, algorithm, &made, public_key, err);

    if (status != CHAOS_OK) {
        return status;
    }
    *key = made;
    return sound_emit(mock, "public-key", public_key + 1, sizeof public_key - 1, err);
}

SOUND_PROVIDER("key-short", broken_key, sound_sign, sound_attest, sound_close, NULL);
