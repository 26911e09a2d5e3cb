/* load-crashes.c - crashes as soon as it is loaded. */
#include "broken.h"

__attribute__((constructor)) static void crash(void)
{
    __builtin_trap();
}

BROKEN_PROVIDER("load-crashes", (void)0);
