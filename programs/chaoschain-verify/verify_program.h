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

/* All that a verification is given. In a batch: what holds for a line that does not say otherwise. */
typedef struct inputs {
    given_evidence evidence;
    chaos_buffer event_log, collateral;
    chaos_buffer signature, message;
    bool has_signature;
    bool is_judged; /* a failure from here on speaks of what was signed, not of the command line */
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_expectation expectation;
    chaos_floor *floor; /* which the expectation points to */
    chaos_cache *cache;
    bool has_now;
    int64_t now;
} inputs;

/* "default", "none", or the policy's JSON in a file. */
CHAOS_MUST_USE chaos_status policy_named(const char *name, chaos_policy **policy, chaos_error *err);
/* A policy, root or option that is broken is the caller's mistake; the codes 1 to 4 are for the evidence
 * alone. */
int code_of_own_fault(chaos_status status);

/* ------------------------------------------------------------------ batch ---- */

#define BATCH_MAX_LINE (4u * 1024u * 1024u)
#define BATCH_MAX_LINES 10000000u
#define BATCH_MAX_ID 256u
#define BATCH_MAX_JOBS 64u

/* Judges every line of the file (or of standard input, "-") with `jobs` threads, prints one result object for each in
 * the order of the lines, and returns the largest of their exit codes. */
int batch_run(const char *path, unsigned jobs, const inputs *in);
/* One line, without its line feed, to one object with a line feed in `result`. Returns its exit code.
 * Safe to call from several threads: `batch` is only read. */
int batch_line(const inputs *batch, chaos_slice line, uint64_t number, chaos_buffer *result);
/* The same for a line that could not even be read. */
int batch_line_fault(const inputs *batch, uint64_t number, const chaos_error *err, chaos_buffer *result);

typedef struct progress { /* a bar on standard error, where that is a terminal */
    bool shown, shares_terminal;
    uint64_t size, done_bytes, done_lines; /* size 0: not known */
    int64_t begin, last;                   /* milliseconds */
} progress;
progress progress_begin(uint64_t size);
void progress_clear(progress *p); /* before something is written to the same terminal */
void progress_step(progress *p, uint64_t bytes);
void progress_end(progress *p);

/* The members of chaoschain/verdict/1 with nothing judged, as JSON. */
CHAOS_MUST_USE chaos_status report_write_fault(int64_t now, bool is_envelope, const chaos_error *err,
                                               chaos_buffer *out);

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
