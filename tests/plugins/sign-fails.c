/* sign-fails.c - the guest agent refuses, in a text that would steer a terminal, about a field that is
 * nowhere. */
#include "sound.h"

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    (void)self;
    (void)key;
    (void)digest;
    (void)rsv;
    (void)chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the agent\x1b[2J is tired");
    if (err != NULL) {
        err->field = (const char *)(uintptr_t)1;
        memset(err->found, 0x41, sizeof err->found); /* no NUL */
    }
    return CHAOS_E_GUEST_AGENT;
}

SOUND_PROVIDER("sign-fails", sound_key, broken_sign, sound_attest, sound_close, NULL);
