/* sign-flips.c - signs another digest than the one it was given. */
#include "sound.h"

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    uint8_t other[32];

    memcpy(other, digest, sizeof other);
    other[31] ^= 1;
    return sound_sign(self, key, other, rsv, err);
}

SOUND_PROVIDER("sign-flips", sound_key, broken_sign, sound_attest, sound_close, NULL);
