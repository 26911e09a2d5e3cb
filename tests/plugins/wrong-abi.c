/* wrong-abi.c - speaks another version of the protocol. */
#include "broken.h"

BROKEN_PROVIDER("wrong-abi", provider.abi = 7);
