#define _GNU_SOURCE /* dladdr */
/* place.c - what is installed beside this library is found from the library's own place, so that a relocated
 * installation and
 * a build folder work alike. */
#include "tee/place.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of the object that holds this very function; of the program, when it is linked in. */
static bool own_folder(char folder[PLACE_MAX])
{
    Dl_info info;
    ssize_t n = -1;
    if (dladdr((const void *)&place_beside, &info) != 0 && info.dli_fname != NULL && info.dli_fname[0] == '/') {
        n = snprintf(folder, PLACE_MAX, "%s", info.dli_fname);
    } else { /* a program is named as it was called: ask the kernel */
        n = readlink("/proc/self/exe", folder, PLACE_MAX - 1);
        if (n > 0) {
            folder[n] = '\0';
        }
    }
    char *end = n > 0 && n < PLACE_MAX ? strrchr(folder, '/') : NULL;
    if (end != NULL) {
        *end = '\0';
    }
    return end != NULL;
}

bool place_beside(const char *const *candidates, char path[PLACE_MAX])
{
    char folder[PLACE_MAX];
    struct stat status;
    if (!own_folder(folder)) {
        return false;
    }
    for (size_t i = 0; candidates[i] != NULL; i++) {
        int n = snprintf(path, PLACE_MAX, "%s/%s", folder, candidates[i]);
        if (n > 0 && n < PLACE_MAX && stat(path, &status) == 0) {
            return true;
        }
    }
    int n = snprintf(path, PLACE_MAX, "%s/%s", folder, candidates[0]);
    return n > 0 && n < PLACE_MAX;
}
