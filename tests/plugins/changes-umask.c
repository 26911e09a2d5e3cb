/* changes-umask.c - changes the umask of the process. */
#include "sound.h"

#include <sys/stat.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)umask(0);
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("changes-umask", broken_key, sound_sign, sound_attest, sound_close, NULL);
