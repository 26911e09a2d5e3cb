/* close-leaks.c - does not free what it has made. */
#include "sound.h"

static void broken_close(void *self)
{
    (void)self;
}

SOUND_PROVIDER("close-leaks", sound_key, sound_sign, sound_attest, broken_close, NULL);
