/* unload-crashes.c - crashes when the program that has loaded it ends. */
#include "sound.h"

__attribute__((destructor)) static void crash(void)
{
    __builtin_trap();
}

SOUND_PROVIDER("unload-crashes", sound_key, sound_sign, sound_attest, sound_close, NULL);
