/* verify_program.h - what the files of this program share. */
#ifndef VERIFY_PROGRAM_H
#define VERIFY_PROGRAM_H

#include <chaoschain/chaoschain.h>

#include "programs/common/common.h"

#define PROGRAM "chaoschain-verify"

/* The values of the options --expect-...: each reads its text into its place, or says what is wrong with it
 * (USAGE). */
CHAOS_MUST_USE chaos_status expect_report_data(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_agent(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_identity_key(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_nonce(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_block(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_subject(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_uri_hash(const char *text, chaos_expectation *out, chaos_error *err);
CHAOS_MUST_USE chaos_status expect_tls_key(const char *text, chaos_expectation *out, chaos_error *err);

/* The evidence as the command line brought it. */
typedef struct given_evidence {
    const char *path;
    chaos_buffer bytes; /* a binary quote, or an envelope's JSON */
    bool is_envelope;
} given_evidence;

/* The answer when there is no verdict, because a fault of the caller or of ours kept us from judging: a
 * message, or, with the time of judgement in `json_now`, a complete verdict object with verified = null.
 * Returns `code`. */
int report_fault(const int64_t *json_now, const given_evidence *evidence, int code, const chaos_error *err);

/* The verb verify-bundle: an agent's receipts, with all that proves them. Returns the exit code. */
int verify_bundle(int argc, char **argv);

/* A bundle in a file, on standard input or in a folder, and how far it has been read. */
typedef struct bundle_file {
    const char *path;
    int fd, contents; /* contents: the folder of that name, or -1 */
    uint64_t size, done; /* size 0: not known */
    int64_t drawn;    /* milliseconds; of the bar on the terminal */
    bool shows_bar;
    chaos_buffer content;
} bundle_file;
CHAOS_MUST_USE chaos_status bundle_file_open(const char *path, bundle_file *f, chaos_error *err);
void bundle_file_close(bundle_file *f);
/* The two functions of a chaos_bundle_source whose context is a bundle_file. */
chaos_status bundle_file_read(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err);
chaos_status bundle_file_content(void *context, const chaos_keccak *hash, chaos_slice *content, chaos_error *err);

/* Tells on standard error which collateral this evidence needs and which command is going to fetch it. */
void report_missing_collateral(const given_evidence *evidence);

#endif
