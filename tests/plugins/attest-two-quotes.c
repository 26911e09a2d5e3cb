/* attest-two-quotes.c - gives a TDX and an SGX quote. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    chaos_status status = sound_emit(self, "tdx-quote", report_data, 64, err);

    return status == CHAOS_OK ? sound_emit(self, "sgx-quote", report_data, 64, err) : status;
}

SOUND_PROVIDER("attest-two-quotes", sound_key, sound_sign, broken_attest, sound_close, NULL);
