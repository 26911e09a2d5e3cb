/* lowers-limit.c - lowers a limit of the process. */
#include "sound.h"

#include <sys/resource.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = 64;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("lowers-limit", broken_key, sound_sign, sound_attest, sound_close, NULL);
