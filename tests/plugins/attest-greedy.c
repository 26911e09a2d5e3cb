/* attest-greedy.c - wants more memory than a machine has to spare. */
#include "sound.h"

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    void *volatile room = malloc((size_t)8 << 30);

    if (room == NULL) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "no memory for the quote");
    }
    free(room);
    return sound_attest(self, report_data, err);
}

SOUND_PROVIDER("attest-greedy", sound_key, sound_sign, broken_attest, sound_close, NULL);
