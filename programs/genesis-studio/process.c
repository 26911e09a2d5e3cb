/* process.c - the programs that this one starts; each ends with it, whatever ends it. */
#define _GNU_SOURCE /* pipe2 */
#include "studio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_FD 3
#define START_WAIT_MS 20000

static chaos_status system_error(const char *what, chaos_error *err)
{
    return error_set(err, CHAOS_E_FILE_IO, what, CHAOS_NO_OFFSET, "%s", strerror(errno));
}

/* ----------------------------------------------------------------- start ---- */

static void become(const start *how, int log, int pipe_end, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, how->death_signal);
    if (getppid() != parent) {
        _exit(EXIT_ENVIRONMENT);
    }
    if (how->own_session) {
        (void)setsid();
    }
    if (log >= 0) {
        (void)dup2(log, STDOUT_FILENO);
        (void)dup2(log, STDERR_FILENO);
    }
    if (how->pipe_stdout) {
        (void)dup2(pipe_end, STDOUT_FILENO);
    }
    if (how->pipe_fd3 && pipe_end == REPORT_FD) {
        (void)fcntl(REPORT_FD, F_SETFD, 0);
    } else if (how->pipe_fd3) {
        (void)dup2(pipe_end, REPORT_FD);
    }
    (void)execv(how->argv[0], (char *const *)(uintptr_t)how->argv);
    _exit(127);
}

chaos_status child_start(const start *how, child *c, chaos_error *err)
{
    int ends[2] = { -1, -1 };
    int log = -1;
    const pid_t parent = getpid();
    if (how->log != NULL) {
        log = open(how->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (log < 0) {
            return system_error(how->log, err);
        }
    }
    if ((how->pipe_fd3 || how->pipe_stdout) && pipe2(ends, O_CLOEXEC) != 0) {
        (void)close(log);
        return system_error("pipe", err);
    }
    pid_t pid = fork();
    if (pid == 0) {
        become(how, log, ends[1], parent);
    }
    if (log >= 0) {
        (void)close(log);
    }
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    if (pid < 0) {
        if (ends[0] >= 0) {
            (void)close(ends[0]);
        }
        return system_error("fork", err);
    }
    c->pid = pid;
    c->fd = ends[0];
    return CHAOS_OK;
}

int child_wait(child *c)
{
    int status = 0;
    if (c->pid == 0) {
        return 0;
    }
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    c->pid = 0;
    if (c->fd >= 0) {
        (void)close(c->fd);
        c->fd = -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_stop(child *c)
{
    if (c->pid != 0) {
        (void)kill(c->pid, SIGTERM);
        (void)child_wait(c);
    }
}

chaos_status path_beside(const char *name, char path[PATH_MAX], chaos_error *err)
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    if (n <= 0 || n == PATH_MAX) {
        return system_error("/proc/self/exe", err);
    }
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    if ((size_t)n + strlen(name) + 1 > PATH_MAX) {
        return error_set(err, CHAOS_E_LIMIT, name, CHAOS_NO_OFFSET, "the path is too long");
    }
    memcpy(path + n, name, strlen(name) + 1);
    return access(path, X_OK) == 0 ? CHAOS_OK : system_error(name, err);
}

/* ----------------------------------------------------------------- ready ---- */

/* Waits until a line of the log begins so; the line's rest is copied. */
static chaos_status wait_for_line(child *c, const char *log, const char *begins, char *rest, size_t capacity,
                                  const char *name, chaos_error *err)
{
    const int64_t deadline = now_ms() + START_WAIT_MS;
    while (now_ms() < deadline) {
        char line[512];
        FILE *file = fopen(log, "re");
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            if (strncmp(line, begins, strlen(begins)) == 0 && strchr(line, '\n') != NULL) {
                line[strcspn(line, "\n")] = '\0';
                (void)snprintf(rest, capacity, "%s", line + strlen(begins));
                (void)fclose(file);
                return CHAOS_OK;
            }
        }
        if (file != NULL) {
            (void)fclose(file);
        }
        if (waitpid(c->pid, NULL, WNOHANG) != 0) {
            c->pid = 0;
            return error_set(err, CHAOS_E_NOT_AVAILABLE, name, CHAOS_NO_OFFSET, "it ended at once: see %s", log);
        }
        pause_ms(10);
    }
    return error_set(err, CHAOS_E_TIMEOUT, name, CHAOS_NO_OFFSET, "it does not become ready: see %s", log);
}

/* CHAOS_ANVIL, the one of the source tree that this program was built in, or the one in PATH. */
static chaos_status find_anvil(char path[PATH_MAX], chaos_error *err)
{
    static const char in_tree[] = "../../tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    const char *named = getenv("CHAOS_ANVIL");
    const char *search = getenv("PATH");
    if (named != NULL && named[0] != '\0') {
        (void)snprintf(path, PATH_MAX, "%s", named);
        return access(path, X_OK) == 0 ? CHAOS_OK : system_error("CHAOS_ANVIL", err);
    }
    if (path_beside(in_tree, path, err) == CHAOS_OK) {
        return CHAOS_OK;
    }
    while (search != NULL && search[0] != '\0') {
        size_t length = strcspn(search, ":");
        (void)snprintf(path, PATH_MAX, "%.*s/anvil", (int)length, search);
        if (length > 0 && access(path, X_OK) == 0) {
            return CHAOS_OK;
        }
        search += length + (search[length] == ':' ? 1 : 0);
    }
    (void)error_set(err, CHAOS_E_NOT_AVAILABLE, "anvil", CHAOS_NO_OFFSET, "no local chain: anvil is not installed");
    error_expected(err, "scripts/install-npm.sh tests/npm/chain, CHAOS_ANVIL, or --rpc URL");
    return CHAOS_E_NOT_AVAILABLE;
}

/* The chain's file is its process's alone, which holds this lock as long as it lives: one whose director was killed may
 * still be writing. */
static chaos_status lock_chain(const char *state, int *lock, chaos_error *err)
{
    char path[PATH_MAX];
    const int64_t deadline = now_ms() + START_WAIT_MS;
    if (snprintf(path, sizeof path, "%s/chain.lock", state) >= (int)sizeof path) {
        return error_set(err, CHAOS_E_LIMIT, "--state", CHAOS_NO_OFFSET, "the path is too long");
    }
    *lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600); /* inherited on purpose */
    if (*lock < 0) {
        return system_error("chain.lock", err);
    }
    while (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        if (now_ms() > deadline) {
            (void)close(*lock);
            return error_set(err, CHAOS_E_TIMEOUT, "chain.lock", CHAOS_NO_OFFSET,
                             "the chain of an earlier run still runs");
        }
        pause_ms(20);
    }
    return CHAOS_OK;
}

/* The time of the first block is kept, so that each start of anvil makes the same one: its file can hold two otherwise,
 * and which of them counts after the next start is chance. */
static chaos_status genesis_time(const char *state, char text[24], chaos_error *err)
{
    CHAOS_AUTO_BUFFER(kept, 24);
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/chain.time", state) >= (int)sizeof path) {
        return error_set(err, CHAOS_E_LIMIT, "--state", CHAOS_NO_OFFSET, "the path is too long");
    }
    if (access(path, F_OK) != 0) {
        (void)snprintf(text, 24, "%lld", (long long)time(NULL));
        return write_text(path, slice_text(text), err);
    }
    CHAOS_TRY(input_read("--state", path, 20, &kept, err));
    (void)snprintf(text, 24, "%.*s", (int)kept.size, kept.size == 0 ? "" : (const char *)kept.data);
    return CHAOS_OK;
}

chaos_status anvil_start(const char *state, child *c, char url[64], chaos_error *err)
{
    char path[PATH_MAX], file[PATH_MAX], log[PATH_MAX], rest[64] = "";
    uint64_t port = 0;
    int lock = -1;
    char began[24];
    CHAOS_TRY(find_anvil(path, err));
    CHAOS_TRY(genesis_time(state, began, err));
    if (snprintf(file, sizeof file, "%s/chain.json", state) >= (int)sizeof file ||
        snprintf(log, sizeof log, "%s/anvil.log", state) >= (int)sizeof log) {
        return error_set(err, CHAOS_E_LIMIT, "--state", CHAOS_NO_OFFSET, "the path is too long");
    }
    const char *argv[] = { path, "--host", "127.0.0.1", "--port", "0", "--chain-id",
                           "31337", "--timestamp", began, "--state", file, NULL };
    /* SIGTERM, and nothing else: it writes its state, and --resume finds the chain as it was. */
    const start how = { .argv = argv, .log = log, .own_session = true, .death_signal = SIGTERM };
    CHAOS_TRY(lock_chain(state, &lock, err));
    const chaos_status status = child_start(&how, c, err);
    (void)close(lock);
    CHAOS_TRY(status);
    CHAOS_TRY(wait_for_line(c, log, "Listening on 127.0.0.1:", rest, sizeof rest, "anvil", err));
    if (!value_unsigned(rest, UINT16_MAX, &port)) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "anvil", CHAOS_NO_OFFSET, "it does not say its port");
    }
    (void)snprintf(url, 64, "http://127.0.0.1:%u", (unsigned)port);
    return CHAOS_OK;
}

chaos_status simulator_start_up(const simulator_start *how, child *c, chaos_error *err)
{
    char path[PATH_MAX], rest[8];
    CHAOS_TRY(path_beside("dstack-simulator", path, err));
    const char *argv[16] = { path, "--socket", how->socket, "--out", how->held, "--seed", how->seed, "--quiet" };
    if (how->compose != NULL) {
        argv[8] = "--compose";
        argv[9] = how->compose;
    }
    const start with = { .argv = argv, .log = how->log, .death_signal = SIGTERM };
    CHAOS_TRY(child_start(&with, c, err));
    return wait_for_line(c, how->log, "ready", rest, sizeof rest, "dstack-simulator", err);
}

chaos_status tsm_start_up(const char *root, const char *held, const char *log, const char *seed, child *c,
                          chaos_error *err)
{
    char path[PATH_MAX], rest[8];
    CHAOS_TRY(path_beside("tsm-simulator", path, err));
    const char *argv[] = { path, "--root", root, "--out", held, "--seed", seed, "--quiet", NULL };
    const start with = { .argv = argv, .log = log, .death_signal = SIGTERM };
    CHAOS_TRY(child_start(&with, c, err));
    return wait_for_line(c, log, "ready", rest, sizeof rest, "tsm-simulator", err);
}

chaos_status run_beside(const char *const *argv, const char *log, chaos_buffer *out, int *code, chaos_error *err)
{
    char path[PATH_MAX];
    const char *with_path[40] = { path };
    child c = { 0, -1 };
    size_t count = 1;
    CHAOS_TRY(path_beside(argv[0], path, err));
    for (; argv[count] != NULL && count + 1 < CHAOS_ARRAY_SIZE(with_path); count++) {
        with_path[count] = argv[count];
    }
    const start how = { .argv = with_path, .log = log, .pipe_stdout = true, .death_signal = SIGKILL };
    CHAOS_TRY(child_start(&how, &c, err));
    uint8_t bytes[4096];
    ssize_t got;
    bool ok = true;
    while ((got = read(c.fd, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        ok = ok && (got < 0 || buffer_append(out, slice(bytes, (size_t)got)));
    }
    *code = child_wait(&c);
    return ok ? CHAOS_OK : error_set(err, CHAOS_E_LIMIT, argv[0], CHAOS_NO_OFFSET, "it says more than is read");
}
