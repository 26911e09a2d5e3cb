/* child.c - the process of one rule. Whatever the plug-in does to it (crash, hang, end, close every file), the starting
 * process waits until the time limit, kills all that is left, and reads the page that both share. */
#define _GNU_SOURCE /* memfd_create */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"

/* A sanitizer's shadow needs more room than any limit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifdef HAS_SHADOW
#define MAX_MEMORY RLIM_INFINITY
#else
#define MAX_MEMORY ((rlim_t)4 << 30) /* so that a greedy plug-in takes neither the kit nor the machine with it */
#endif

/* ---------------------------------------------------------------- the child ---- */

/* What the plug-in prints goes into a file in memory, where a rule looks for it; there is nothing for it to read. */
static bool move_output(void)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = memfd_create("provider-check", MFD_CLOEXEC);
    return in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
           dup2(out, STDERR_FILENO) >= 0 && (in <= STDERR_FILENO || close(in) == 0) &&
           (out <= STDERR_FILENO || close(out) == 0);
}

static void settle(const kit_run *run)
{
    kit_outcome *outcome = &run->page->outcome;
    if (run->missing[0] != '\0') {
        outcome->result = KIT_SKIPPED;
        (void)snprintf(outcome->why, sizeof outcome->why,
                       "the recording has no exchange for %s in this rule: record it again", run->missing);
    } else if (outcome->result == KIT_UNSET) {
        outcome->result = KIT_PASS;
    }
}

static _Noreturn void be_child(const kit_subject *subject, const kit_rule *rule, kit_page *page)
{
    static const struct rlimit none = { 0, 0 }, memory = { MAX_MEMORY, MAX_MEMORY };
    kit_children nobody;
    static kit_run run;
    run = (kit_run){ .subject = subject, .rule = rule->id, .page = page, .texts = CHAOS_BUFFER_INIT(KIT_MAX_TEXTS) };
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setrlimit(RLIMIT_AS, &memory);
    kit_adopt(&nobody); /* a rule asks whether it has children */
    /* All of its room at once: rules measure the heap. */
    if (pthread_mutex_init(&run.lock, NULL) != 0 || buffer_reserve(&run.texts, KIT_MAX_TEXTS) == NULL ||
        !move_output()) {
        kit_fail(&run, "the kit could not prepare the process");
    } else {
        rule->run(&run);
    }
    settle(&run);
    page->is_done = true;
    _exit(0);
}

/* --------------------------------------------------------------- the parent ---- */

/* Until the process has ended, or for a while where the kernel has no descriptors of processes. */
static void wait_for(int process, int64_t left_ms)
{
    struct pollfd ended = { .fd = process, .events = POLLIN };
    const struct timespec moment = { .tv_nsec = 2000000 };
    if (process >= 0) {
        (void)poll(&ended, 1, (int)left_ms);
    } else {
        (void)nanosleep(&moment, NULL);
    }
}

/* True: it has ended by itself, *how as of waitpid. */
static bool wait_until(pid_t pid, int64_t deadline_ms, int *how)
{
    const int process = (int)syscall(SYS_pidfd_open, pid, 0);
    bool ended = waitpid(pid, how, WNOHANG) == pid;
    for (int64_t left = deadline_ms - now_ms(); !ended && left > 0; left = deadline_ms - now_ms()) {
        wait_for(process, left);
        ended = waitpid(pid, how, WNOHANG) == pid;
    }
    if (process >= 0) {
        (void)close(process);
    }
    return ended;
}

static void say_death(const kit_page *page, int how, bool ended, uint32_t limit_ms, kit_outcome *out)
{
    char call[sizeof page->call + 1], name[64];
    memcpy(call, page->call, sizeof page->call);
    call[sizeof page->call] = '\0';
    (void)error_quote(name, sizeof name, slice_text(call[0] == '\0' ? "between two calls" : call));
    out->result = KIT_FAIL;
    if (!ended) {
        (void)snprintf(out->why, sizeof out->why, "%s did not return within %u ms, and was killed", name, limit_ms);
    } else if (WIFSIGNALED(how)) {
        (void)snprintf(out->why, sizeof out->why, "%s crashed: %s", name, strsignal(WTERMSIG(how)));
    } else {
        (void)snprintf(out->why, sizeof out->why, "%s ended the process (exit code %d)", name, WEXITSTATUS(how));
    }
}

static void read_page(const kit_page *page, kit_outcome *out)
{
    memcpy(out->why, page->outcome.why, sizeof out->why);
    out->why[sizeof out->why - 1] = '\0';
    for (char *c = out->why; *c != '\0'; c++) { /* strangers' text was escaped where it was put in */
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
    const int result = (int)page->outcome.result;
    out->result = result > KIT_UNSET && result <= KIT_NOT_APPLICABLE ? (kit_result)result : KIT_FAIL;
}

static void watch(const kit_subject *subject, const kit_rule *rule, kit_page *page, pid_t pid, kit_outcome *out)
{
    const uint32_t limit_ms = rule->limit_ms == 0 ? subject->limit_ms : rule->limit_ms;
    int how = 0;
    const bool ended = wait_until(pid, now_ms() + limit_ms, &how);
    (void)kill(-pid, SIGKILL); /* what it has started, too */
    if (!ended) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &how, 0);
    }
    if (ended && WIFEXITED(how) && page->is_done) {
        read_page(page, out);
    } else {
        say_death(page, how, ended, limit_ms, out);
    }
}

void kit_child_run(const kit_subject *subject, const kit_rule *rule, kit_outcome *outcome, uint32_t *exchanges)
{
    kit_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *outcome = (kit_outcome){ KIT_FAIL, "the kit could not start a process" };
    if (page == MAP_FAILED) {
        return;
    }
    kit_children had;
    kit_adopt(&had);
    (void)fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        be_child(subject, rule, page);
    }
    if (pid > 0) {
        (void)setpgid(pid, pid); /* whoever is first */
        watch(subject, rule, page, pid, outcome);
        kit_end_orphans(&had);
        *exchanges += page->exchanges;
    }
    (void)munmap(page, sizeof *page);
}
