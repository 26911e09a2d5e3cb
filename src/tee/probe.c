/* probe.c - the parent's side of a probe: a helper process that is killed when its time is over. */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addclosefrom_np */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tee/internal.h"
#include "tee/place.h"

static const char *const helpers[] = { "../libexec/chaoschain/chaoschain-probe", "chaoschain-probe",
                                       "../../libexec/chaoschain/chaoschain-probe", NULL };

/* What a provider may want to know of the environment; nothing else reaches it. */
static const char *const kept_names[] = { "DSTACK_SIMULATOR_ENDPOINT=",
                                          "TAPPD_SIMULATOR_ENDPOINT=",
                                          "DSTACK_AGENT_ADDRESS=",
                                          "CHAOS_TSM_PATH=",
                                          "PATH=",
                                          "HOME=",
                                          "LANG=",
                                          "TZ=" };
#define MAX_KEPT 9

typedef struct helper {
    pid_t pid;
    int to, from; /* its standard input and output */
    int64_t deadline_ms;
} helper;

static int64_t now_ms(void)
{
    struct timespec t = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- starting ---- */

static void keep_environment(char *kept[MAX_KEPT])
{
    size_t count = 0;
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(kept_names) && count + 1 < MAX_KEPT; i++) {
            if (strncmp(*entry, kept_names[i], strlen(kept_names[i])) == 0) {
                kept[count++] = *entry;
            }
        }
    }
    kept[count] = NULL;
}

static bool describe(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int in, int out)
{
    sigset_t none, standard;
    return sigemptyset(&none) == 0 && sigemptyset(&standard) == 0 && sigaddset(&standard, SIGPIPE) == 0 &&
           posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO) == 0 &&
           posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) == 0 &&
           posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1) == 0 &&
           posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &standard) == 0 &&
           posix_spawnattr_setpgroup(attributes, 0) == 0 &&
           posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

static bool spawn(char *program, int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *kept[MAX_KEPT];
    char *argv[] = { program, NULL };
    if (posix_spawn_file_actions_init(&files) != 0) {
        return false;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return false;
    }
    keep_environment(kept);
    bool ok =
        describe(&files, &attributes, in, out) && posix_spawn(pid, program, &files, &attributes, argv, kept) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return ok;
}

static void close_pair(const int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static chaos_status start(helper *h, chaos_error *err)
{
    char program[PLACE_MAX];
    int in[2], out[2];
    if (!place_beside(helpers, program)) {
        return error_set(err, CHAOS_E_FILE_IO, "helper", CHAOS_NO_OFFSET,
                         "this library cannot find out where it lies");
    }
    if (pipe2(in, O_CLOEXEC) != 0) {
        return error_set(err, CHAOS_E_FILE_IO, "helper", CHAOS_NO_OFFSET, "no pipe: %s", strerror(errno));
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close_pair(in);
        return error_set(err, CHAOS_E_FILE_IO, "helper", CHAOS_NO_OFFSET, "no pipe: %s", strerror(errno));
    }
    bool ok = spawn(program, in[0], out[1], &h->pid);
    (void)close(in[0]);
    (void)close(out[1]);
    h->to = in[1];
    h->from = out[0];
    if (!ok) {
        char quoted[100];
        (void)close(in[1]);
        (void)close(out[0]);
        (void)error_set(err, CHAOS_E_FILE_IO, "helper", CHAOS_NO_OFFSET,
                        "the helper chaoschain-probe cannot be started");
        error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(program)));
        return CHAOS_E_FILE_IO;
    }
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- speaking ---- */

/* Less than a pipe holds, so this never waits. A helper that is gone must not raise SIGPIPE here. */
static void send_request(const helper *h, chaos_slice request)
{
    sigset_t pipe_signal, before, pending;
    struct timespec at_once = { 0, 0 };
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    if (write(h->to, request.data, request.size) < 0 && errno == EPIPE && !was_pending) {
        (void)sigtimedwait(&pipe_signal, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(h->to);
}

typedef enum heard {
    HEARD_END,
    HEARD_TIMEOUT,
    HEARD_TOO_MUCH
} heard;

static heard listen_to(const helper *h, chaos_buffer *answer)
{
    for (;;) {
        int64_t left = h->deadline_ms - now_ms();
        struct pollfd poll_for = { h->from, POLLIN, 0 };
        if (left <= 0 || (poll(&poll_for, 1, (int)left) == 0)) {
            return HEARD_TIMEOUT;
        }
        uint8_t bytes[4096];
        ssize_t n = read(h->from, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return HEARD_END;
        }
        if (!buffer_append(answer, slice(bytes, (size_t)n))) {
            return HEARD_TOO_MUCH;
        }
    }
}

/* Ends the whole group, and gives how the helper ended by itself if it did before. */
static int reap(const helper *h, bool wait_for_it)
{
    int ended = 0;
    while (wait_for_it && now_ms() < h->deadline_ms) {
        pid_t got = waitpid(h->pid, &ended, WNOHANG);
        if (got == h->pid) {
            (void)kill(-h->pid, SIGKILL); /* what it may have started */
            return ended;
        }
        struct timespec moment = { 0, 1000000 };
        (void)nanosleep(&moment, NULL);
    }
    (void)kill(-h->pid, SIGKILL);
    while (waitpid(h->pid, &ended, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

static chaos_status no_answer(const char *name, int ended, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_PROVIDER, "probe", CHAOS_NO_OFFSET,
                    "the provider %s ended its helper without an answer", name);
    if (WIFSIGNALED(ended)) {
        error_found(err, "signal %d", WTERMSIG(ended));
    } else {
        error_found(err, "exit code %d", WEXITSTATUS(ended));
    }
    return CHAOS_E_PROVIDER;
}

static chaos_status judge(const chaos_tee_registry *registry, const char *name, chaos_slice answer, int ended,
                          chaos_error *err)
{
    probe_result result;
    if (answer.size == 0 || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
        return no_answer(name, ended, err);
    }
    if (!probe_result_read(answer, &result)) {
        return error_set(err, CHAOS_E_PROVIDER, "probe", CHAOS_NO_OFFSET,
                         "the helper's answer about %s makes no sense", name);
    }
    for (size_t i = 0; i < result.line_count; i++) {
        char text[TEE_MAX_LOG_LINE];
        registry_log(registry, name, result.lines[i].level,
                     text_printable(text, sizeof text, result.lines[i].text, sizeof result.lines[i].text));
    }
    if (result.status == CHAOS_OK) {
        return CHAOS_OK;
    }
    chaos_class class_ = chaos_status_class(result.status);
    chaos_status status =
        class_ == CHAOS_CLASS_ENV || class_ == CHAOS_CLASS_USAGE || class_ == CHAOS_CLASS_INTERNAL
            ? result.status
            : CHAOS_E_PROVIDER;
    (void)error_set(err, status, "probe", CHAOS_NO_OFFSET, "%s", result.text);
    if (result.expected[0] != '\0') {
        error_expected(err, "%s", result.expected);
    }
    if (result.found[0] != '\0') {
        error_found(err, "%s", result.found);
    }
    return status;
}

static chaos_status make_request(const char *path, const char *name, const char *options_json,
                                 uint32_t timeout_ms, chaos_buffer *out, chaos_error *err)
{
    probe_request request = { .timeout_ms = timeout_ms };
    if (strlen(path) >= sizeof request.path || strlen(options_json) > TEE_MAX_OPTIONS) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "the options or the path are too long");
    }
    memcpy(request.path, path, strlen(path) + 1);
    memcpy(request.options, options_json, strlen(options_json) + 1);
    (void)snprintf(request.name, sizeof request.name, "%s", name);
    return probe_request_write(&request, out)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "the options are too long");
}

chaos_status probe_start(const chaos_tee_registry *registry, const char *path, const char *name,
                         const char *options_json, uint32_t timeout_ms, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(request, PROBE_MAX_REQUEST);
    CHAOS_AUTO_BUFFER(answer, PROBE_MAX_ANSWER);
    helper h = { .deadline_ms = now_ms() + timeout_ms };
    /* The plug-in gets less than the whole: starting the helper takes its part. */
    CHAOS_TRY(make_request(path, name, options_json, timeout_ms - timeout_ms / 5, &request, err));
    CHAOS_TRY(start(&h, err));
    send_request(&h, buffer_slice(&request));
    heard what = listen_to(&h, &answer);
    int ended = reap(&h, what == HEARD_END);
    (void)close(h.from);
    if (what == HEARD_TIMEOUT) {
        (void)error_set(err, CHAOS_E_TIMEOUT, "probe", CHAOS_NO_OFFSET, "the provider %s did not answer in time",
                        name);
        error_expected(err, "an answer within %u ms", timeout_ms);
        return CHAOS_E_TIMEOUT;
    }
    if (what == HEARD_TOO_MUCH) {
        return error_set(err, CHAOS_E_PROVIDER, "probe", CHAOS_NO_OFFSET,
                         "the helper's answer about %s is too long", name);
    }
    return judge(registry, name, buffer_slice(&answer), ended, err);
}
