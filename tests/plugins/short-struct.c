/* short-struct.c - its struct ends before its mandatory members do. */
#include "broken.h"

BROKEN_PROVIDER("short-struct", provider.size = offsetof(chaos_provider, attest));
