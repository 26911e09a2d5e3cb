/* orphans.c - what a rule's process has started, and what outlived it: a process that left the group (setsid) and whose
 * parent is gone. The kit adopts such, and ends them. Children that it had before (a shell's) are left alone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define MAX_SWEEPS 64 /* each finds what the children of the one before have left */

void kit_children_now(kit_children *list)
{
    char text[KIT_MAX_CHILDREN * 12 + 1], *at = text, *end = text;
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *stream = fopen(path, "re");
    text[stream == NULL ? 0 : fread(text, 1, sizeof text - 1, stream)] = '\0';
    if (stream != NULL) {
        (void)fclose(stream);
    }
    list->count = 0;
    for (long pid = strtol(at, &end, 10); end != at && list->count < KIT_MAX_CHILDREN; pid = strtol(at, &end, 10)) {
        list->pids[list->count++] = (pid_t)pid;
        at = end;
    }
}

void kit_adopt(kit_children *had)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    kit_children_now(had);
}

static bool is_in(const kit_children *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->pids[i] == pid) {
            return true;
        }
    }
    return false;
}

void kit_end_orphans(const kit_children *had)
{
    kit_children now;
    size_t ended = 1;
    for (int sweep = 0; ended > 0 && sweep < MAX_SWEEPS; sweep++) {
        ended = 0;
        kit_children_now(&now);
        for (size_t i = 0; i < now.count; i++) {
            if (!is_in(had, now.pids[i]) && kill(now.pids[i], SIGKILL) == 0) {
                ended += waitpid(now.pids[i], NULL, 0) == now.pids[i] ? 1 : 0;
            }
        }
    }
}
