/* hostile-summary.c - its summary has control bytes and no end in sight. */
#include "broken.h"

BROKEN_PROVIDER("hostile-summary", provider.summary = "\x1b[2J\x07%n%s\n\xff a summary that goes on and on and on and on and on and on and on and on and on and on and on and on and on and on");
