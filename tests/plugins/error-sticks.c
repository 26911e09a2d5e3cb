/* error-sticks.c - never makes a key again once it has refused one. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    sound *mock = self;
    const chaos_status status = mock->failed ? chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "it was refused before")
                                             : sound_key(self, path, purpose, algorithm, key, err);

    mock->failed = status != CHAOS_OK;
    return status;
}

SOUND_PROVIDER("error-sticks", broken_key, sound_sign, sound_attest, sound_close, NULL);
