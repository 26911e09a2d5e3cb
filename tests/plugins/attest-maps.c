/* attest-maps.c - maps room for each quote and never unmaps it: nothing of it is on the heap. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "sound.h"

#include <sys/mman.h>

static chaos_status broken_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    (void)mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return sound_attest(self, report_data, err);
}

SOUND_PROVIDER("attest-maps", sound_key, sound_sign, broken_attest, sound_close, NULL);
