/* undumpable.c - changes who may trace the process. */
#include "sound.h"

#include <sys/prctl.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("undumpable", broken_key, sound_sign, sound_attest, sound_close, NULL);
