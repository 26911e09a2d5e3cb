/* common.h - what the programs share: exit codes, messages, files and the command line. No stdio, no locale:
 * a verification of one quote should cost little more than the verification itself. */
#ifndef COMMON_COMMON_H
#define COMMON_COMMON_H

#include "base/base.h"
#include "codec/codec.h"

/* ----------------------------------------------------------- exit codes ---- */

enum {
    EXIT_AFFIRMING = 0, /* also: done, or verified with no policy */
    EXIT_WARNING = 1,
    EXIT_CONTRAINDICATED = 2,
    EXIT_MALFORMED = 3,
    EXIT_UNTRUSTED = 4,
    EXIT_ENVIRONMENT = 5,
    EXIT_PROVIDER = 6,   /* of genesis-studio: the TEE provider is not available */
    EXIT_FUNDS = 7,      /* of programs that send transactions */
    EXIT_REGISTRIES = 8, /* the registries of a chain do not belong together */
    EXIT_USAGE = 64,
    EXIT_INTERNAL = 70
};

const char *exit_word(int code);         /* "malformed", ... for messages: the word beside the number */
int exit_of_status(chaos_status status); /* by its class */

int64_t now_ms(void); /* of a clock that is never set, for how long something takes; clock.c */

/* ------------------------------------------------------------- messages ---- */

/* Everything or nothing was written; EINTR and short writes are dealt with. */
CHAOS_MUST_USE bool say_bytes(int fd, chaos_slice bytes);
CHAOS_MUST_USE bool say_text(int fd, const char *text);
/* Writes the bytes to standard output. A result that could not be shown is no result: EXIT_ENVIRONMENT then,
 * else `code`. */
int say_result(const char *program, chaos_slice bytes, int code);
/* "program: message (exit 64: usage)" on standard error; returns `code`. Strangers' text goes through `shown`
 * first. */
int say_failure(const char *program, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for an error: its status, field, sentence, offset, and what was expected and found. */
int say_fault(const char *program, int code, const chaos_error *err);

#define SHOWN_SIZE 160
typedef struct shown_text {
    char text[SHOWN_SIZE];
} shown_text;
shown_text shown(const char *untrusted); /* printable ASCII, escaped, cut to fit */

/* The one of `words` (ended by NULL) that somebody who typed `typed` may have meant; NULL: none is near. */
const char *did_you_mean(const char *typed, const char *const *words);

/* ---------------------------------------------------------------- files ---- */

/* Reads a file, or standard input for "-", to its end or to limit + 1 bytes, whatever comes first: one byte
 * too many is enough for the reader of that format to refuse it. `option` names the file in the error
 * (FILE_IO). */
CHAOS_MUST_USE chaos_status input_read(const char *option, const char *path, size_t limit, chaos_buffer *out,
                                       chaos_error *err);
/* Is its first character, white space aside, that of a JSON object? A quote is never text that begins so. */
bool input_is_object(chaos_slice bytes);
/* Replaces hex digits (0x or not, white space anywhere) or base64 by the bytes they stand for; anything else
 * stays as it is, for the reader of the format to judge, and so does what the limit of input_read cut off. */
CHAOS_MUST_USE chaos_status input_unarmour(chaos_buffer *bytes, chaos_error *err);

/* The root certificate of a --trust-root: DER or PEM, as they are or in hex or base64. */
CHAOS_MUST_USE chaos_status input_read_root(const char *path, chaos_buffer *out, chaos_error *err);

#define INPUT_MAX_QUOTE (3u * 64u * 1024u) /* the largest quote in hex with line ends */
#define INPUT_MAX_SIGNATURE 8192u          /* a signature file */
#define INPUT_MAX_ROOT (32u * 1024u)       /* the largest certificate in PEM, amply */

/* Writes a whole file or nothing of it (a temporary file, then renamed), or standard output for "-". `mode` as
 * in open(2).
 * FILE_IO names the option. */
CHAOS_MUST_USE chaos_status output_write(const char *option, const char *path, chaos_slice bytes, unsigned mode,
                                         chaos_error *err);

/* ----------------------------------------------------------- passphrases ---- */

#define PASSPHRASE_MAX 1024u
typedef struct passphrase {
    size_t size;
    uint8_t bytes[PASSPHRASE_MAX];
} passphrase;
/* From a descriptor: one line, without its end (LF or CRLF), or all there is. What follows is left to be read. 0, or
 * the exit code after a message; nothing of the passphrase is left then. */
CHAOS_MUST_USE int passphrase_from_fd(const char *program, int fd, passphrase *out);
/* From the terminal, without echo; with `confirm` twice. The same results. */
CHAOS_MUST_USE int passphrase_ask(const char *program, const char *prompt, bool confirm, passphrase *out);
void passphrase_wipe(passphrase *secret);

/* --------------------------------------------------------------- values ---- */

/* What options take, read strictly; nothing is written on failure. */
/* with 0x or without, exactly size bytes */
CHAOS_MUST_USE bool value_hex(const char *text, uint8_t *out, size_t size);
CHAOS_MUST_USE bool value_u256(chaos_slice digits, chaos_u256 *out); /* decimal, no leading zero, below 2^256 */
CHAOS_MUST_USE bool value_unsigned(const char *text, uint64_t max, uint64_t *out); /* the same for small numbers */
/* RFC 3339, or Unix seconds; of the years 1970 to 9999 */
CHAOS_MUST_USE bool value_time(const char *text, int64_t *seconds);

typedef struct agent_name { /* eip155:CHAIN:0xREGISTRY[:ID] */
    chaos_u256 chain_id;
    chaos_address identity_registry;
    bool has_id;
    chaos_u256 agent_id;
} agent_name;
/* NULL, or what is wrong with it. */
CHAOS_MUST_USE const char *value_agent(const char *text, agent_name *out);

/* --------------------------------------------------------- command line ---- */

/* One table is the parser and the help text. A name without a dash is an operand; a row without a name is of other
 * commands that share these rows, and not there. */
typedef struct option_row {
    const char *name;
    const char *argument; /* NULL: a flag */
    unsigned limit;       /* how often it may be given */
    bool planned;         /* recognised and refused: this release does not build it yet */
    const char *help;
} option_row;

typedef struct option_table {
    const char *program;
    const char *synopsis;
    const option_row *rows;
    size_t count;
    const char *notes; /* after the table */
} option_table;

#define OPTIONS_MAX 64

typedef struct options {
    const option_table *table;
    size_t count;
    struct {
        size_t row;
        const char *value;
    } given[OPTIONS_MAX];
} options;

/* 0, or the exit code after a message. argv[0] is not looked at. */
int options_parse(const option_table *table, int argc, char **argv, options *out);
/* The nth value given for a row (flags: ""), NULL if it was given less often. */
const char *options_value(const options *o, size_t row, size_t nth);
/* As if it were given behind all others: for what a file says of it. The value is borrowed. False: too many. */
CHAOS_MUST_USE bool options_add(options *o, size_t row, const char *value);
static inline bool options_has(const options *o, size_t row)
{
    return options_value(o, row, 0) != NULL;
}
int options_help(const option_table *table);
int options_version(const char *program);

#endif
