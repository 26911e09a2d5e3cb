/* emit-late.c - gives results where none are asked for: while it signs, and while it closes. */
#include "sound.h"

static chaos_status late_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                              chaos_error *err)
{
    (void)sound_emit(self, "public-key", digest, 32, NULL);
    return sound_sign(self, key, digest, rsv, err);
}

static void late_close(void *self)
{
    (void)sound_emit(self, "public-key", "late", 4, NULL);
    sound_close(self);
}

SOUND_PROVIDER("emit-late", sound_key, late_sign, sound_attest, late_close, NULL);
