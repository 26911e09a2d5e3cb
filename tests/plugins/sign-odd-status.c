/* sign-odd-status.c - fails with a status that a provider may not give. */
#include "sound.h"

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    (void)self;
    (void)key;
    (void)digest;
    (void)rsv;
    return chaos_provider_fail(err, CHAOS_E_QUOTE_SIGNATURE, "it says so");
}

SOUND_PROVIDER("sign-odd-status", sound_key, broken_sign, sound_attest, sound_close, NULL);
