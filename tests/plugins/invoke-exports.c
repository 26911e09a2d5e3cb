/* invoke-exports.c - has a method that gives a key out. */
#include "sound.h"

static chaos_status exports(void *self, const char *method, const char *params_json, chaos_error *err)
{
    (void)params_json;
    if (strcmp(method, "GetKey") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "there is one method, GetKey");
    }
    return sound_emit(self, "reply", "{\"key\":\"51\"}", 12, err);
}

SOUND_PROVIDER("invoke-exports", sound_key, sound_sign, sound_attest, sound_close, exports);
