/* attest-nothing.c - says that it has attested, and gives nothing. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    (void)self;
    (void)report_data;
    (void)err;
    return CHAOS_OK;
}

SOUND_PROVIDER("attest-nothing", sound_key, sound_sign, broken_attest, sound_close, NULL);
