/* place.h - where this code lies, and what lies beside it. */
#ifndef TEE_PLACE_H
#define TEE_PLACE_H

#include <stdbool.h>

#define PLACE_MAX 4096

/* The first of FOLDER/CANDIDATE that exists, where FOLDER holds the library or program that has this code in
 * it; else the first
 * candidate's path. False: the folder cannot be found. */
bool place_beside(const char *const *candidates, char path[PLACE_MAX]);

#endif
