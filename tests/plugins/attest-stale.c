/* attest-stale.c - gives the quote that it has, whatever it is asked for. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const chaos_status status = sound_emit_file(self, "quote", "tdx-quote", NULL, err);

    (void)report_data;
    return status == CHAOS_OK ? sound_emit_file(self, "event-log", "dstack-event-log", NULL, err) : status;
}

SOUND_PROVIDER("attest-stale", sound_key, sound_sign, broken_attest, sound_close, NULL);
