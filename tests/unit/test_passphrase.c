/* test_passphrase.c - a passphrase from a descriptor, and from a terminal that does not show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "programs/common/passphrase.c"

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* What the programs' own say.c does, without its exit words. */
bool say_text(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

int say_failure(const char *program, int code, const char *format, ...)
{
    (void)program;
    (void)format;
    return code;
}

static int from_pipe(const char *text, size_t size, passphrase *out, size_t *left)
{
    int ends[2];
    char rest[4096];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, size), size);
    (void)close(ends[1]);
    int code = passphrase_from_fd("test", ends[0], out);
    ssize_t got = read(ends[0], rest, sizeof rest);
    *left = got > 0 ? (size_t)got : 0;
    (void)close(ends[0]);
    return code;
}

static void test_descriptor(void **state)
{
    static const struct {
        const char *text, *expected;
        size_t left;
    } cases[] = {
        { "", "", 0 },
        { "\n", "", 0 },
        { "secret", "secret", 0 },
        { "secret\n", "secret", 0 },
        { "secret\r\n", "secret", 0 },
        { " secret \nrest", " secret ", 4 },
        { "p\xc3\xa4ss", "p\xc3\xa4ss", 0 },
    };
    passphrase secret;
    size_t left;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        assert_int_equal(from_pipe(cases[i].text, strlen(cases[i].text), &secret, &left), 0);
        assert_int_equal(secret.size, strlen(cases[i].expected));
        assert_memory_equal(secret.bytes, cases[i].expected, secret.size);
        assert_int_equal(left, cases[i].left);
    }
    char longest[PASSPHRASE_MAX + 2];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(from_pipe(longest, PASSPHRASE_MAX, &secret, &left), 0);
    assert_int_equal(secret.size, PASSPHRASE_MAX);
    longest[PASSPHRASE_MAX] = '\n';
    assert_int_equal(from_pipe(longest, PASSPHRASE_MAX + 1, &secret, &left), 0);
    longest[PASSPHRASE_MAX] = 'x';
    assert_int_equal(from_pipe(longest, PASSPHRASE_MAX + 1, &secret, &left), EXIT_ENVIRONMENT);
    passphrase zero = { 0 };
    assert_memory_equal(&secret, &zero, sizeof zero);
    assert_int_equal(passphrase_from_fd("test", 9999, &secret), EXIT_ENVIRONMENT);
}

/* Waits until the terminal has said `wanted` once more; all that it says is kept in `seen`. */
static void wait_for(int master, const char *wanted, chaos_buffer *seen)
{
    size_t from = seen->size;
    while (seen->size == from || strstr((char *)seen->data + from, wanted) == NULL) {
        uint8_t some[256];
        ssize_t got = read(master, some, sizeof some);
        if (got <= 0) {
            return;
        }
        assert_true(buffer_append(seen, slice(some, (size_t)got)));
    }
}

/* The exit code of one who asks for "Word: "; 100: the passphrase is "secret". */
static int ask_on_terminal(bool confirm, const char *first, const char *second)
{
    CHAOS_AUTO_BUFFER(seen, 4096);
    int master, status;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        passphrase secret;
        int code = passphrase_ask("test", "Word: ", confirm, &secret);
        _exit(code != 0 ? code : secret.size == 6 && memcmp(secret.bytes, "secret", 6) == 0 ? 100
                                                                                            : 101);
    }
    wait_for(master, "Word: ", &seen);
    assert_int_equal(write(master, first, strlen(first)), strlen(first));
    if (second != NULL) {
        wait_for(master, "again: ", &seen);
        assert_int_equal(write(master, second, strlen(second)), strlen(second));
    }
    wait_for(master, "never said", &seen); /* to the end */
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)close(master);
    assert_null(strstr((char *)seen.data, "secret")); /* no echo */
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_terminal(void **state)
{
    (void)state;
    assert_int_equal(ask_on_terminal(false, "secret\n", NULL), 100);
    assert_int_equal(ask_on_terminal(false, "secrex\x7ft\n", NULL), 100);
    assert_int_equal(ask_on_terminal(true, "secret\n", "secret\n"), 100);
    assert_int_equal(ask_on_terminal(true, "secret\n", "Secret\n"), EXIT_USAGE);
    assert_int_equal(ask_on_terminal(false, "secret\x03", NULL), EXIT_ENVIRONMENT);
    assert_int_equal(ask_on_terminal(true, "secret\n", "\x03"), EXIT_ENVIRONMENT);
}

static void test_no_terminal(void **state)
{
    int status;
    pid_t child = fork();
    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        passphrase secret;
        (void)setsid(); /* away from the terminal that the tests may have */
        _exit(passphrase_ask("test", "Word: ", false, &secret));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
