/* say.c - messages and results, straight through write(2). */
#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define MESSAGE_MAX 1024
#define WORD_MAX 32 /* words that are longer are near to nothing */

static const struct {
    int code;
    const char *word;
} exit_words[] = {
    { EXIT_AFFIRMING, "affirming" },
    { EXIT_WARNING, "warning" },
    { EXIT_CONTRAINDICATED, "contraindicated" },
    { EXIT_MALFORMED, "malformed" },
    { EXIT_UNTRUSTED, "not trusted" },
    { EXIT_ENVIRONMENT, "environment" },
    { EXIT_PROVIDER, "TEE provider not available" },
    { EXIT_FUNDS, "funds missing" },
    { EXIT_REGISTRIES, "registries disagree" },
    { EXIT_USAGE, "usage" },
    { EXIT_INTERNAL, "internal" },
};

const char *exit_word(int code)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(exit_words); i++) {
        if (exit_words[i].code == code) {
            return exit_words[i].word;
        }
    }
    return "unknown";
}

int exit_of_status(chaos_status status)
{
    switch (chaos_status_class(status)) {
    case CHAOS_CLASS_OK:
        return EXIT_AFFIRMING;
    case CHAOS_CLASS_USAGE:
        return EXIT_USAGE;
    case CHAOS_CLASS_FORMAT:
        return EXIT_MALFORMED;
    case CHAOS_CLASS_TRUST:
        return EXIT_UNTRUSTED;
    case CHAOS_CLASS_ENV:
        return EXIT_ENVIRONMENT;
    case CHAOS_CLASS_INTERNAL:
    default:
        return EXIT_INTERNAL;
    }
}

bool say_bytes(int fd, chaos_slice bytes)
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

bool say_text(int fd, const char *text)
{
    return say_bytes(fd, slice_text(text));
}

int say_result(const char *program, chaos_slice bytes, int code)
{
    if (!say_bytes(STDOUT_FILENO, bytes)) {
        return say_failure(program, EXIT_ENVIRONMENT, "cannot write to standard output: %s", strerror(errno));
    }
    return code;
}

int say_failure(const char *program, int code, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    char line[MESSAGE_MAX + 128];
    n = snprintf(line, sizeof line, "%s: %s (exit %d: %s)\n", program, n < 0 ? "failed" : message, code,
                 exit_word(code));
    if (n < 0 || !say_text(STDERR_FILENO, line)) {
        return code; /* nobody is listening; the exit code still says it */
    }
    return code;
}

int say_fault(const char *program, int code, const chaos_error *err)
{
    char offset[40] = "";
    if (err->offset != CHAOS_NO_OFFSET) {
        (void)snprintf(offset, sizeof offset, " (offset %zu)", err->offset);
    }
    return say_failure(program, code, "%s: %s%s%s%s%s%s%s%s", chaos_status_name(err->status),
                       err->field == NULL ? "" : err->field, err->field == NULL ? "" : ": ", err->text,
                       offset, err->expected[0] == '\0' ? "" : "; expected ", err->expected,
                       err->found[0] == '\0' ? "" : "; found ", err->found);
}

shown_text shown(const char *untrusted)
{
    shown_text s;
    error_quote(s.text, sizeof s.text, slice_text(untrusted));
    return s;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    if (m > WORD_MAX || n > WORD_MAX) {
        return SIZE_MAX;
    }
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

const char *did_you_mean(const char *typed, const char *const *words)
{
    const char *best = NULL;
    size_t best_distance = 3; /* two slips of the finger */
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t d = distance(typed, words[i]);
        if (d < best_distance && d < strlen(typed)) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
