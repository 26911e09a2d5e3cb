/* prints.c - prints which key it makes. */
#include "sound.h"

#include <unistd.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)!write(1, path, strlen(path));
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("prints", broken_key, sound_sign, sound_attest, sound_close, NULL);
