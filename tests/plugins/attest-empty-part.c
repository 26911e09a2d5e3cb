/* attest-empty-part.c - gives a part without a byte in it. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    return sound_emit(self, "tdx-quote", report_data, 0, err);
}

SOUND_PROVIDER("attest-empty-part", sound_key, sound_sign, broken_attest, sound_close, NULL);
