/* support.h - what tests of real and forged evidence share: files, vectors, and one check through the public API. */
#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <chaoschain/chaoschain.h>

/* The folder of the vectors; NULL where they are absent (then say SKIPPED and skip). */
const char *vectors_root(void);
/* "root/name"; false if it cannot be read. The caller frees the buffer. */
bool read_file(const char *path, chaos_buffer *out);
bool read_vector(const char *name, chaos_buffer *out);
json_t *read_vector_json(const char *name);

/* Prints "SKIPPED: no vectors" and skips the test unless vectors are there. */
#define REQUIRE_VECTORS()                      \
    do {                                       \
        if (vectors_root() == NULL) {          \
            print_message("SKIPPED: no vectors\n"); \
            skip();                            \
        }                                      \
    } while (0)

/* Everything that one check takes; zeroed means: no log, vendor root only, default policy, nothing expected. */
typedef struct check_input {
    chaos_slice quote, event_log, collateral, extra_root;
    chaos_slice envelope;    /* not empty: chaos_check judges it, and quote and log are not looked at */
    const chaos_expectation *expectation; /* NULL: nothing is expected */
    const char *policy_json; /* NULL: the default policy */
    bool no_policy;
    int64_t now;
    const char *expected; /* what the test is after, for its message when there is no verdict at all; may be NULL */
} check_input;

/* The verdict as parsed JSON (json_decref it), and its exit code. Fails the test if no verdict is made. */
json_t *check_to_json(const check_input *input, int *exit_code);

/* verdict.error.code, or "" when error is null. */
const char *verdict_error_code(const json_t *verdict);

/* A policy that accepts the simulated anchor and is the default otherwise. */
extern const char *const simulated_policy;

static inline chaos_slice bytes_of(const chaos_buffer *buffer)
{
    chaos_slice s = { buffer->data, buffer->size };
    return s;
}

#endif
