/* no-summary.c - says nothing of itself. */
#include "broken.h"

BROKEN_PROVIDER("no-summary", provider.summary = NULL);
