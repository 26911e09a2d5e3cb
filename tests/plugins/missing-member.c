/* missing-member.c - leaves out a member that every provider has. */
#include "broken.h"

BROKEN_PROVIDER("missing-member", provider.attest = NULL);
