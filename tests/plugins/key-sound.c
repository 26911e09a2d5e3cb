/* key-sound.c - nothing is wrong with this one. Its one method gives its parameters back. */
#include "sound.h"

static chaos_status echo(void *self, const char *method, const char *params_json, chaos_error *err)
{
    if (strcmp(method, "Echo") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "no method %s", method);
    }
    return sound_emit(self, "reply", params_json, strlen(params_json), err);
}

SOUND_PROVIDER("key-sound", sound_key, sound_sign, sound_attest, sound_close, echo);
