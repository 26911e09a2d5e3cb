/* changes-locale.c - changes the locale of the process. */
#include "sound.h"

#include <locale.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    (void)setlocale(LC_ALL, "C.UTF-8");
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("changes-locale", broken_key, sound_sign, sound_attest, sound_close, NULL);
