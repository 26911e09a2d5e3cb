/* sign-zero.c - says that it has signed, and has not. */
#include "sound.h"

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    (void)self;
    (void)key;
    (void)digest;
    (void)err;
    memset(rsv, 0, 65);
    rsv[64] = 27;
    return CHAOS_OK;
}

SOUND_PROVIDER("sign-zero", sound_key, broken_sign, sound_attest, sound_close, NULL);
