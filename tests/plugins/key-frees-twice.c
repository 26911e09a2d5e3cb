/* key-frees-twice.c - frees the host's key twice. */
#include "broken.h"

static void broken_free(void *self, void *key)
{
    sound_key_free(self, key);
    sound_key_free(self, key);
}

BROKEN_PROVIDER("key-frees-twice", provider.key_free = broken_free);
