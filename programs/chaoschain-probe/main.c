/* main.c - chaoschain-probe: asks one provider whether its TEE is there, in a process that may die of it.
 * Reads a request from
 * standard input, writes an answer to standard output; started by the library, not by people. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tee/tee.h"

static bool read_request(chaos_buffer *request)
{
    uint8_t bytes[4096];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0;
        }
        if (!buffer_append(request, slice(bytes, (size_t)n))) {
            return false;
        }
    }
}

/* What the plug-in prints is not the answer: the answer's descriptor moves away from standard output. */
static int move_output(void)
{
    int answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (answer < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDIN_FILENO) < 0) {
        return -1;
    }
    return answer;
}

static bool write_all(int fd, chaos_slice bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes = slice(bytes.data + n, bytes.size - (size_t)n);
    }
    return true;
}

int main(void)
{
    static const struct rlimit none = { 0, 0 };
    CHAOS_AUTO_BUFFER(request, PROBE_MAX_REQUEST);
    CHAOS_AUTO_BUFFER(answer, PROBE_MAX_ANSWER);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!read_request(&request)) {
        return 1;
    }
    int out = move_output();
    bool ok = out >= 0 && probe_answer(buffer_slice(&request), &answer) && write_all(out, buffer_slice(&answer));
    _exit(ok ? 0 : 1); /* a plug-in's destructors have nothing to do here */
}
