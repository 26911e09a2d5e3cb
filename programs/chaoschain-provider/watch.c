/* watch.c - see watch.h. Everything is read from /proc/self, or asked of libc. */
#define _GNU_SOURCE /* environ, memmem */
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch.h"

#define MAX_REGION (UINT64_C(1) << 27) /* larger ones are a sanitizer's own */
#define PAGE 4096u

static size_t entries_of(const char *folder)
{
    size_t count = 0;
    DIR *stream = opendir(folder);
    while (stream != NULL && readdir(stream) != NULL) {
        count++;
    }
    if (stream != NULL) {
        (void)closedir(stream);
    }
    return count < 2 ? 0 : count - 2; /* . and .. */
}

size_t watch_files(void)
{
    const size_t count = entries_of("/proc/self/fd");
    return count == 0 ? 0 : count - 1; /* the folder's own */
}

size_t watch_threads(void)
{
    return entries_of("/proc/self/task");
}

bool watch_has_children(void)
{
    int how;
    const pid_t pid = waitpid(-1, &how, WNOHANG | __WALL);
    return pid >= 0; /* else there is none: ECHILD */
}

size_t watch_mapped(void)
{
    char line[256];
    FILE *stream = fopen("/proc/self/statm", "re");
    const bool ok = stream != NULL && fgets(line, sizeof line, stream) != NULL;
    if (stream != NULL) {
        (void)fclose(stream);
    }
    return ok ? strtoul(line, NULL, 10) * PAGE : 0; /* its first number */
}

bool watch_memory(size_t *bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    *bytes = 0;
    return false;
#else
    const struct mallinfo2 info = mallinfo2();
    *bytes = info.uordblks + info.hblkhd;
    return true;
#endif
}

/* ------------------------------------------------------------------- state ---- */

static bool has_timer(void)
{
    static const int kinds[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
    bool found = false;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(kinds); i++) {
        struct itimerval timer;
        found = found || (getitimer((__itimer_which_t)kinds[i], &timer) == 0 &&
                          (timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0));
    }
    return found;
}

/* Who it is, and what it may. */
static void take_rights(watch_state *state)
{
    state->user[0] = getuid();
    state->user[1] = geteuid();
    state->group[0] = getgid();
    state->group[1] = getegid();
    state->has_timer = has_timer();
    state->is_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        (void)getrlimit((__rlimit_resource_t)i, &state->limits[i]);
    }
}

void watch_take(watch_state *state)
{
    sigset_t masked;
    CHAOS_AUTO_BUFFER(text, 16u * 1024u * 1024u);
    memset(state, 0, sizeof *state);
    (void)sigprocmask(SIG_SETMASK, NULL, &masked);
    for (int i = 1; i < 65; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0) {
            memcpy(&state->handlers[i], &action.sa_handler, sizeof state->handlers[i]);
            state->masked[i] = sigismember(&masked, i);
        }
    }
    bool ok = true;
    for (char **entry = environ; ok && entry != NULL && *entry != NULL; entry++) {
        ok = buffer_append(&text, slice(*entry, strlen(*entry) + 1));
    }
    const chaos_keccak hash = hash_keccak(buffer_slice(&text));
    memcpy(state->environment, hash.bytes, sizeof state->environment);
    const char *locale = setlocale(LC_ALL, NULL);
    const chaos_keccak name = hash_keccak(slice_text(locale == NULL ? "" : locale));
    memcpy(state->locale, name.bytes, sizeof state->locale);
    take_rights(state);
    if (getcwd(state->folder, sizeof state->folder) == NULL) {
        state->folder[0] = '\0';
    }
    state->mask = umask(0);
    (void)umask(state->mask);
}

static const char *rights_difference(const watch_state *before, const watch_state *after)
{
    if (before->has_timer != after->has_timer) {
        return "it has set a timer, or ended one";
    }
    if (memcmp(before->limits, after->limits, sizeof before->limits) != 0) {
        return "it has changed a resource limit";
    }
    if (memcmp(before->user, after->user, sizeof before->user) != 0 ||
        memcmp(before->group, after->group, sizeof before->group) != 0) {
        return "it has changed the user or the group";
    }
    return before->is_dumpable == after->is_dumpable ? NULL
                                                     : "it has changed whether the process may be dumped and traced";
}

const char *watch_difference(const watch_state *before, const watch_state *after)
{
    if (memcmp(before->handlers, after->handlers, sizeof before->handlers) != 0) {
        return "it has installed a signal handler";
    }
    if (memcmp(before->masked, after->masked, sizeof before->masked) != 0) {
        return "it has changed which signals are blocked";
    }
    if (memcmp(before->environment, after->environment, sizeof before->environment) != 0) {
        return "it has changed the environment";
    }
    if (memcmp(before->locale, after->locale, sizeof before->locale) != 0) {
        return "it has changed the locale";
    }
    if (strcmp(before->folder, after->folder) != 0) {
        return "it has changed the working folder";
    }
    return before->mask == after->mask ? rights_difference(before, after) : "it has changed the umask";
}

/* ------------------------------------------------------------------ secrets ---- */

/* A mapping of its own, so that what was copied or unmasked here is not found. */
typedef struct search {
    uint8_t page[2 * PAGE]; /* the page before, and this one */
    uint8_t needle[32];
    char digits[65];
} search;

static bool page_has(search *s, const kit_run *run)
{
    for (size_t k = 0; k < run->secret_count; k++) {
        for (size_t i = 0; i < sizeof s->needle; i++) {
            s->needle[i] = run->secrets[k][i] ^ KIT_SECRET_MASK;
        }
        hex_encode(slice(s->needle, sizeof s->needle), s->digits);
        if (memmem(s->page, sizeof s->page, s->needle, sizeof s->needle) != NULL ||
            memmem(s->page, sizeof s->page, s->digits, sizeof s->digits - 1) != NULL) {
            return true;
        }
    }
    return false;
}

static bool region_has(search *s, const kit_run *run, int memory, uint64_t begin, uint64_t end)
{
    memset(s->page, 0, sizeof s->page);
    for (uint64_t at = begin; at < end; at += PAGE) {
        memcpy(s->page, s->page + PAGE, PAGE);
        memset(s->page + PAGE, 0, PAGE);
        if (pread(memory, s->page + PAGE, PAGE, (off_t)at) > 0 && page_has(s, run)) {
            return true;
        }
    }
    return false;
}

/* One line of /proc/self/maps: is it to be searched? */
static bool is_searched(const char *line, const search *own, uint64_t *begin, uint64_t *end)
{
    char *rest;
    *begin = strtoull(line, &rest, 16);
    if (*rest != '-') {
        return false;
    }
    *end = strtoull(rest + 1, &rest, 16);
    if (strncmp(rest, " rw", 3) != 0) {
        return false;
    }
    const uint64_t ours = (uint64_t)(uintptr_t)own;
    return *end - *begin <= MAX_REGION && !(ours >= *begin && ours < *end);
}

bool watch_finds_secret(const kit_run *run, const char **where)
{
    char line[512];
    bool found = false;
    /* Between two pages that nobody may touch, so that the kernel does not join it with another mapping. */
    const size_t size = (sizeof(search) + PAGE - 1) / PAGE * PAGE;
    uint8_t *guarded = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "r");
    *where = NULL;
    if (guarded != MAP_FAILED && mprotect(guarded + PAGE, size, PROT_READ | PROT_WRITE) == 0 && memory >= 0 &&
        maps != NULL) {
        search *s = (search *)(void *)(guarded + PAGE);
        uint64_t begin, end;
        while (!found && fgets(line, sizeof line, maps) != NULL) {
            found = is_searched(line, s, &begin, &end) && region_has(s, run, memory, begin, end);
        }
        *where = !found ? "" : strstr(line, "[stack]") != NULL ? "the stack"
                                                               : "the heap or its like";
    }
    return found;
}
