/* main.c - chaoschain-verify: files, the clock and the command line around chaos_check_quote. */
#include "verify_program.h"

#include <time.h>
#include <unistd.h>

enum {
    OPT_FILE,
    OPT_QUOTE,
    OPT_EVIDENCE,
    OPT_COLLATERAL,
    OPT_EVENT_LOG,
    OPT_AT,
    OPT_TRUST_ROOT,
    OPT_POLICY,
    OPT_EXPECT_REPORT_DATA,
    OPT_EXPECT_AGENT,
    OPT_EXPECT_IDENTITY_KEY,
    OPT_EXPECT_NONCE,
    OPT_COLLATERAL_FLOOR,
    OPT_JSON,
    OPT_BATCH,
    OPT_JOBS,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_FILE] = { "FILE", "FILE", 1, false, "the quote: binary, hex or base64; - is standard input" },
    [OPT_QUOTE] = { "--quote", "FILE", 1, false, "the same, by name" },
    [OPT_EVIDENCE] = { "--evidence", "FILE", 1, true, "an evidence envelope" },
    [OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "Intel's statements about the platform: JSON" },
    [OPT_EVENT_LOG] = { "--event-log", "FILE", 1, false,
                        "the guest's event log, replayed to the RTMRs: JSON" },
    [OPT_AT] = { "--at", "TIME", 1, false, "judge as of this time: RFC 3339 in UTC or Unix seconds" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file, or the word default or none" },
    [OPT_EXPECT_REPORT_DATA] = { "--expect-report-data", "HEX", 1, false,
                                 "REPORTDATA must be these 64 bytes" },
    [OPT_EXPECT_AGENT] = { "--expect-agent", "AGENT", 1, true, "eip155:N:0x...:ID" },
    [OPT_EXPECT_IDENTITY_KEY] = { "--expect-identity-key", "ADDR", 1, true,
                                  "the address that evidence binds" },
    [OPT_EXPECT_NONCE] = { "--expect-nonce", "HEX", 1, true, "the nonce that evidence binds" },
    [OPT_COLLATERAL_FLOOR] = { "--collateral-floor", "FILE", 1, true, "the oldest collateral to accept" },
    [OPT_JSON] = { "--json", NULL, 0, false, "print the verdict as one line of JSON" },
    [OPT_BATCH] = { "--batch", "FILE", 1, true, "one JSON object a line" },
    [OPT_JOBS] = { "--jobs", "N", 1, true, "with --batch: how many threads" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [OPTION]... FILE | -\n"
                "Verifies and appraises an Intel SGX or TDX quote, offline.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 AFFIRMING (with --policy none: verified), 1 WARNING, 2 CONTRAINDICATED,\n"
             "3 malformed, 4 not trusted, 5 environment (file or collateral missing), 64 usage, 70 internal.",
};

/* ---------------------------------------------------------------- inputs ---- */

/* All that a verification is given. */
typedef struct inputs {
    const char *quote_path;
    chaos_buffer quote, event_log, collateral;
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_expectation expectation;
    bool has_now;
    int64_t now;
} inputs;

static void inputs_free(inputs *in)
{
    chaos_buffer_free(&in->quote);
    chaos_buffer_free(&in->event_log);
    chaos_buffer_free(&in->collateral);
    chaos_trust_free(in->trust);
    chaos_policy_free(in->policy);
}

#define MAX_TIME 253402300799 /* 9999-12-31T23:59:59Z */

/* RFC 3339, or digits alone: Unix seconds. */
static bool parse_time(const char *text, int64_t *now)
{
    int64_t seconds = 0;
    if (text[strspn(text, "0123456789")] != '\0') {
        return time_parse(slice_text(text), now);
    }
    for (const char *c = text; *c != '\0'; c++) {
        seconds = seconds * 10 + (*c - '0');
        if (seconds > MAX_TIME) {
            return false;
        }
    }
    *now = seconds;
    return text[0] != '\0';
}

static chaos_status set_time(const options *given, inputs *in, chaos_error *err)
{
    const char *text = options_value(given, OPT_AT, 0);
    struct timespec clock_now;
    if (text == NULL) {
        if (clock_gettime(CLOCK_REALTIME, &clock_now) != 0) {
            return error_set(err, CHAOS_E_NOT_AVAILABLE, NULL, CHAOS_NO_OFFSET,
                             "there is no clock: give --at");
        }
        in->now = clock_now.tv_sec;
        in->has_now = true;
        return CHAOS_OK;
    }
    if (!parse_time(text, &in->now)) {
        return error_set(err, CHAOS_E_USAGE, "--at", CHAOS_NO_OFFSET,
                         "'%s' is not a time: write YYYY-MM-DDTHH:MM:SSZ or Unix seconds", shown(text).text);
    }
    in->has_now = true;
    return CHAOS_OK;
}

static chaos_status set_expectation(const options *given, inputs *in, chaos_error *err)
{
    const char *text = options_value(given, OPT_EXPECT_REPORT_DATA, 0);
    if (text == NULL) {
        return CHAOS_OK;
    }
    chaos_slice digits = slice_text(text);
    if (digits.size >= 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') {
        digits = slice(digits.data + 2, digits.size - 2);
    }
    uint8_t *bytes = in->expectation.report_data.bytes;
    if (!hex_decode(digits, bytes, sizeof in->expectation.report_data.bytes)) {
        return error_set(err, CHAOS_E_USAGE, "--expect-report-data", CHAOS_NO_OFFSET,
                         "needs exactly 128 hex digits, all 64 bytes of REPORTDATA");
    }
    in->expectation.has_report_data = true;
    return CHAOS_OK;
}

static chaos_status add_roots(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(chaos_trust_new(&in->trust, err));
    for (size_t i = 0; options_value(given, OPT_TRUST_ROOT, i) != NULL; i++) {
        CHAOS_AUTO_BUFFER(root, 0);
        CHAOS_TRY(
            input_read("--trust-root", options_value(given, OPT_TRUST_ROOT, i), INPUT_MAX_ROOT, &root, err));
        CHAOS_TRY(chaos_trust_add_root(in->trust, buffer_slice(&root), err));
    }
    return CHAOS_OK;
}

static chaos_status set_policy(const options *given, inputs *in, chaos_error *err)
{
    const char *name = options_value(given, OPT_POLICY, 0);
    if (name == NULL || strcmp(name, "default") == 0) {
        return chaos_policy_default(&in->policy, err);
    }
    if (strcmp(name, "none") == 0) {
        return chaos_policy_none(&in->policy, err);
    }
    CHAOS_AUTO_BUFFER(text, 0);
    CHAOS_TRY(input_read("--policy", name, CHAOS_MAX_POLICY, &text, err));
    return chaos_policy_parse(buffer_slice(&text), &in->policy, err);
}

/* An empty slice tells the library that there is none. A file that was given and is empty is something else,
 * a broken file: it goes in as one blank, which is no JSON value either. */
static chaos_status read_json(const options *given, size_t row, size_t limit, chaos_buffer *out,
                              chaos_error *err)
{
    const char *path = options_value(given, row, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read(rows[row].name, path, limit, out, err));
    if (out->size == 0 && !buffer_append_text(out, " ")) {
        return error_set(err, CHAOS_E_MEMORY, rows[row].name, CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}

/* Standard input can be read once. */
static chaos_status check_standard_input(const options *given, chaos_error *err)
{
    unsigned uses = 0;
    for (size_t i = 0; i < given->count; i++) {
        uses += strcmp(given->given[i].value, "-") == 0 ? 1 : 0;
    }
    if (uses > 1) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "only one file can be standard input");
    }
    return CHAOS_OK;
}

static chaos_status set_quote(const options *given, inputs *in, chaos_error *err)
{
    const char *operand = options_value(given, OPT_FILE, 0);
    const char *named = options_value(given, OPT_QUOTE, 0);
    if ((operand == NULL) == (named == NULL)) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "%s; try '" PROGRAM " --help'",
                         named == NULL ? "which quote? give a FILE, or - for standard input"
                                       : "one quote at a time");
    }
    in->quote_path = named == NULL ? operand : named;
    CHAOS_TRY(input_read("--quote", in->quote_path, INPUT_MAX_QUOTE, &in->quote, err));
    return input_unarmour(&in->quote, err);
}

/* Everything the relying party itself says comes before the stranger's bytes. */
static chaos_status set_relying_party(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(set_time(given, in, err));
    CHAOS_TRY(check_standard_input(given, err));
    CHAOS_TRY(set_expectation(given, in, err));
    CHAOS_TRY(set_policy(given, in, err));
    return add_roots(given, in, err);
}

static chaos_status read_evidence(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(set_quote(given, in, err));
    CHAOS_TRY(read_json(given, OPT_COLLATERAL, CHAOS_MAX_COLLATERAL, &in->collateral, err));
    return read_json(given, OPT_EVENT_LOG, CHAOS_MAX_EVENT_LOG, &in->event_log, err);
}

/* ---------------------------------------------------------------- verdict ---- */

static int show_verdict(const chaos_verdict *verdict, const inputs *in, bool as_json)
{
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    chaos_status status = as_json ? chaos_verdict_write_json(verdict, &text, &err)
                                  : chaos_verdict_write_text(verdict, &text, &err);
    if (status == CHAOS_OK && (text.size == 0 || text.data[text.size - 1] != '\n') &&
        !buffer_append_text(&text, "\n")) {
        status = error_set(&err, CHAOS_E_LIMIT, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (status != CHAOS_OK) {
        return report_fault(as_json ? &in->now : NULL, exit_of_status(status), &err);
    }
    int code = say_result(PROGRAM, buffer_slice(&text), chaos_verdict_exit_code(verdict));
    const chaos_error *why = chaos_verdict_error(verdict);
    if (!as_json && why != NULL && why->status == CHAOS_E_COLLATERAL_MISSING) {
        report_missing_collateral(buffer_slice(&in->quote), in->quote_path);
    }
    return code;
}

/* A policy, root or option that is broken is the caller's mistake; the codes 1 to 4 are for the evidence
 * alone. */
static int code_of_own_fault(chaos_status status)
{
    int code = exit_of_status(status);
    return code == EXIT_MALFORMED || code == EXIT_UNTRUSTED ? EXIT_USAGE : code;
}

static int verify(const options *given)
{
    bool as_json = options_has(given, OPT_JSON);
    chaos_error err = { 0 };
    __attribute__((cleanup(inputs_free))) inputs in = { .expectation = CHAOS_EXPECTATION_INIT };
    chaos_status status = set_relying_party(given, &in, &err);
    if (status == CHAOS_OK) {
        status = read_evidence(given, &in, &err);
    }
    if (status != CHAOS_OK) {
        return report_fault(as_json && in.has_now ? &in.now : NULL, code_of_own_fault(status), &err);
    }
    chaos_verdict *verdict = NULL;
    status =
        chaos_check_quote(buffer_slice(&in.quote), buffer_slice(&in.event_log), buffer_slice(&in.collateral),
                          in.trust, in.policy, &in.expectation, in.now, NULL, &verdict, &err);
    if (status != CHAOS_OK) {
        return report_fault(as_json && in.has_now ? &in.now : NULL, code_of_own_fault(status), &err);
    }
    int code = show_verdict(verdict, &in, as_json);
    chaos_verdict_free(verdict);
    return code;
}

int main(int argc, char **argv)
{
    options given;
    int code = options_parse(&table, argc, argv, &given);
    if (code != 0) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    if (options_has(&given, OPT_VERSION)) {
        return options_version(PROGRAM);
    }
    return verify(&given);
}
