/* attest-other-log.c - gives the event log of another machine. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const chaos_status status = sound_emit_file(self, "quote", "tdx-quote", report_data, err);

    return status == CHAOS_OK ? sound_emit_file(self, "other-log", "dstack-event-log", NULL, err) : status;
}

SOUND_PROVIDER("attest-other-log", sound_key, sound_sign, broken_attest, sound_close, NULL);
