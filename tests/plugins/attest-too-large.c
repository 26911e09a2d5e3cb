/* attest-too-large.c - gives one byte more than 1 MiB. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const size_t size = 1024 * 1024;
    uint8_t *bytes = calloc(1, size);
    chaos_status status = sound_emit(self, "tdx-quote", report_data, 1, err);

    if (status == CHAOS_OK && bytes != NULL) {
        status = sound_emit(self, "dstack-vm-config", bytes, size, err);
    }
    free(bytes);
    return status;
}

SOUND_PROVIDER("attest-too-large", sound_key, sound_sign, broken_attest, sound_close, NULL);
