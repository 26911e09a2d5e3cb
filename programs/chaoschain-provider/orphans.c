/* orphans.c - what a rule's process has started, and what outlived it: a process that left the group (setsid) and whose
 * parent is gone. The kit adopts such, and ends them. Children that it had before (a shell's) are left alone. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define MAX_SWEEPS 64 /* each finds what the children of the one before have left */

void kit_children_now(kit_children *list)
{
    char path[64];
    long pid = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *stream = fopen(path, "r");
    list->count = 0;
    while (stream != NULL && list->count < KIT_MAX_CHILDREN && fscanf(stream, "%ld", &pid) == 1) {
        list->pids[list->count++] = (pid_t)pid;
    }
    if (stream != NULL) {
        (void)fclose(stream);
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
