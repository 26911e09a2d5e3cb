/* attest-garbage.c - gives a quote that is none. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    return sound_emit(self, "tdx-quote", report_data, 64, err);
}

SOUND_PROVIDER("attest-garbage", sound_key, sound_sign, broken_attest, sound_close, NULL);
