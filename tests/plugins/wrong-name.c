/* wrong-name.c - has another name than its file. */
#include "broken.h"

BROKEN_PROVIDER("right-name", (void)0);
