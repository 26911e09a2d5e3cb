/* key-cuts.c - looks at the first bytes of a path alone. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    char cut[33];

    (void)snprintf(cut, sizeof cut, "%.32s", path);
    return sound_key(self, cut, purpose, algorithm, key, err);
}

SOUND_PROVIDER("key-cuts", broken_key, sound_sign, sound_attest, sound_close, NULL);
