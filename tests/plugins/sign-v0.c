/* sign-v0.c - v is the recovery id alone. */
#include "sound.h"

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    chaos_status status = sound_sign(self, key, digest, rsv, err);

    rsv[64] = (uint8_t)(rsv[64] - 27);
    return status;
}

SOUND_PROVIDER("sign-v0", sound_key, broken_sign, sound_attest, sound_close, NULL);
