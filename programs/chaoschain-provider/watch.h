/* watch.h - what a process has, before and after: files, threads, memory, and what else belongs to all of it. */
#ifndef CHAOSCHAIN_PROVIDER_WATCH_H
#define CHAOSCHAIN_PROVIDER_WATCH_H

#include <sys/resource.h>
#include <sys/types.h>

#include "kit.h"

size_t watch_files(void);   /* open descriptors */
size_t watch_threads(void); /* 1: only this one */
bool watch_has_children(void);
size_t watch_mapped(void);  /* bytes of address space */
bool watch_memory(size_t *bytes); /* in use on the heap; false: this build's allocator does not say */

typedef struct watch_state {
    void *handlers[65];
    int masked[65];
    uint8_t environment[32]; /* hash of all of it */
    uint8_t locale[32];      /* hash of its name */
    char folder[PATH_MAX];
    unsigned mask;           /* umask */
    uid_t user[2];
    gid_t group[2];
    bool has_timer;          /* alarm, setitimer */
    int is_dumpable;
    struct rlimit limits[RLIM_NLIMITS];
} watch_state;

void watch_take(watch_state *state);
/* NULL, or what has changed: static text. */
const char *watch_difference(const watch_state *before, const watch_state *after);

/* Does memory hold one of the secrets, as bytes or as hex digits? *where: the kind of memory. */
bool watch_finds_secret(const kit_run *run, const char **where);

#endif
