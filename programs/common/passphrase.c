/* passphrase.c - a passphrase from a descriptor or from the terminal, and from nowhere else: arguments and the
 * environment are for everybody to read. */
#include "programs/common/common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum {
    INTERRUPT = 3 /* what the terminal sends for control-C while it raises no signals */
};

void passphrase_wipe(passphrase *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

/* To the end of the line or of the input. False: read error, or too long. */
static bool read_line(int fd, passphrase *out, bool *interrupted)
{
    *interrupted = false;
    out->size = 0;
    for (;;) {
        char c = 0; /* one at a time: what follows the line is somebody else's */
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || out->size == sizeof out->bytes) {
            return got == 0 || (got > 0 && c == '\n');
        }
        if (got == 0 || c == '\n') {
            out->size -= out->size > 0 && out->bytes[out->size - 1] == '\r' ? 1 : 0;
            return true;
        }
        if (c == INTERRUPT) {
            *interrupted = true;
            return false;
        }
        out->bytes[out->size++] = (uint8_t)c;
    }
}

int passphrase_from_fd(const char *program, int fd, passphrase *out)
{
    bool interrupted;
    if (!read_line(fd, out, &interrupted) || interrupted) {
        passphrase_wipe(out);
        return say_failure(program, EXIT_ENVIRONMENT,
                           "no passphrase can be read from descriptor %d (at most %u bytes, and no control-C)", fd,
                           PASSPHRASE_MAX);
    }
    return 0;
}

/* One question. Signals wait until the terminal is as it was: otherwise one that ends the program leaves it silent. */
static bool ask(int terminal, const char *prompt, passphrase *out, bool *interrupted)
{
    struct termios before, silent;
    sigset_t all, mask;
    *interrupted = false;
    if (tcgetattr(terminal, &before) != 0) {
        return false;
    }
    silent = before;
    silent.c_cc[VEOL] = INTERRUPT; /* ends the line, too */
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &mask);
    bool ok = tcsetattr(terminal, TCSAFLUSH, &silent) == 0 && say_text(terminal, prompt) &&
              read_line(terminal, out, interrupted);
    bool restored = tcsetattr(terminal, TCSAFLUSH, &before) == 0 && say_text(terminal, "\n");
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return ok && restored;
}

static int ask_all(const char *program, int terminal, const char *prompt, bool confirm, passphrase *out)
{
    bool interrupted;
    if (!ask(terminal, prompt, out, &interrupted)) {
        return say_failure(program, EXIT_ENVIRONMENT, interrupted ? "interrupted" : "no passphrase was read");
    }
    if (!confirm) {
        return 0;
    }
    passphrase again;
    bool read_again = ask(terminal, "The same again: ", &again, &interrupted);
    bool same = read_again && again.size == out->size && memcmp(again.bytes, out->bytes, out->size) == 0;
    passphrase_wipe(&again);
    if (same) {
        return 0;
    }
    return interrupted ? say_failure(program, EXIT_ENVIRONMENT, "interrupted")
                       : say_failure(program, EXIT_USAGE, "the two passphrases are not the same");
}

int passphrase_ask(const char *program, const char *prompt, bool confirm, passphrase *out)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return say_failure(program, EXIT_USAGE,
                           "there is no terminal to ask for the passphrase: give it on a descriptor "
                           "(--passphrase-fd N)");
    }
    int code = ask_all(program, terminal, prompt, confirm, out);
    (void)close(terminal);
    if (code != 0) {
        passphrase_wipe(out);
    }
    return code;
}
