/* attest-leaks.c - forgets a buffer for each quote. */
#include "sound.h"

static void *volatile forgotten;

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    forgotten = calloc(1, 256);
    return sound_attest(self, report_data, err);
}

SOUND_PROVIDER("attest-leaks", sound_key, sound_sign, broken_attest, sound_close, NULL);
