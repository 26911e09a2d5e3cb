/* attest-unknown-part.c - gives a part that no envelope has, and takes no notice of what the host says to
 * that. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    (void)sound_emit(self, "dstack-secrets", report_data, 64, NULL);
    return sound_emit(self, "tdx-quote", report_data, 64, err);
}

SOUND_PROVIDER("attest-unknown-part", sound_key, sound_sign, broken_attest, sound_close, NULL);
