/* sets-alarm.c - sets a timer that ends the process some day. */
#define _GNU_SOURCE /* alarm */
#include "sound.h"

#include <unistd.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)alarm(3600);
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("sets-alarm", broken_key, sound_sign, sound_attest, sound_close, NULL);
