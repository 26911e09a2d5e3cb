/* mark-loaded.c - leaves a mark as soon as it is loaded, whoever loads it and whatever for: what a hostile openssl.cnf
 * names. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void leave_mark(void)
{
    const char *path = getenv("CHAOS_TEST_MARK");
    FILE *mark = path == NULL ? NULL : fopen(path, "w");
    if (mark != NULL) {
        (void)fclose(mark);
    }
}
