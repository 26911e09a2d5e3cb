/* invoke-not-json.c - the reply is half a JSON object, or there is none. */
#include "sound.h"

static chaos_status half_a_reply(void *self, const char *method, const char *params_json, chaos_error *err)
{
    (void)params_json;
    return strcmp(method, "Nothing") == 0 ? CHAOS_OK : sound_emit(self, "reply", "{\"a\":1", 6, err);
}

SOUND_PROVIDER("invoke-not-json", sound_key, sound_sign, sound_attest, sound_close, half_a_reply);
