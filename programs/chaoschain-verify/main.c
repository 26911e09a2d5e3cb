/* main.c - chaoschain-verify: files, the clock and the command line around chaos_check and
 * chaos_check_quote. */
#include "verify_program.h"

#include <time.h>
#include <unistd.h>

enum {
    OPT_FILE,
    OPT_EVIDENCE,
    OPT_QUOTE,
    OPT_COLLATERAL,
    OPT_EVENT_LOG,
    OPT_SIGNATURE,
    OPT_MESSAGE,
    OPT_AT,
    OPT_TRUST_ROOT,
    OPT_POLICY,
    OPT_EXPECT_REPORT_DATA,
    OPT_EXPECT_AGENT,
    OPT_EXPECT_IDENTITY_KEY,
    OPT_EXPECT_NONCE,
    OPT_EXPECT_BLOCK,
    OPT_EXPECT_SUBJECT,
    OPT_EXPECT_URI_HASH,
    OPT_EXPECT_TLS_KEY,
    OPT_COLLATERAL_FLOOR,
    OPT_JSON,
    OPT_BATCH,
    OPT_JOBS,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_FILE] = { "FILE", "FILE", 1, false, "an envelope, or a quote in binary, hex or base64; - is standard input" },
    [OPT_EVIDENCE] = { "--evidence", "FILE", 1, false, "an evidence envelope, JSON, and nothing else" },
    [OPT_QUOTE] = { "--quote", "FILE", 1, false, "a bare quote, and nothing else" },
    [OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "Intel's statements about the platform: JSON" },
    [OPT_EVENT_LOG] = { "--event-log", "FILE", 1, false,
                        "beside a quote: the guest's event log, replayed to the RTMRs" },
    [OPT_SIGNATURE] = { "--signature", "FILE", 1, false, "a signature by the envelope's key, to be checked with it" },
    [OPT_MESSAGE] = { "--message", "FILE", 1, false, "what was signed: any bytes, or typed data as JSON" },
    [OPT_AT] = { "--at", "TIME", 1, false, "judge as of this time: RFC 3339 or Unix seconds" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file, or the word default or none" },
    [OPT_EXPECT_REPORT_DATA] = { "--expect-report-data", "HEX", 1, false,
                                 "REPORTDATA must be these 64 bytes" },
    [OPT_EXPECT_AGENT] = { "--expect-agent", "AGENT", 1, false,
                           "the envelope is of this agent: eip155:CHAIN:0xREGISTRY:ID" },
    [OPT_EXPECT_IDENTITY_KEY] = { "--expect-identity-key", "ADDR", 1, false,
                                  "this is the agent's key: agentWallet, from your own RPC" },
    [OPT_EXPECT_NONCE] = { "--expect-nonce", "HEX", 1, false,
                           "the envelope binds these 32 bytes that you chose" },
    [OPT_EXPECT_BLOCK] = { "--expect-block", "N:HASH", 1, false,
                           "instead of a nonce: the envelope binds this block, from your own RPC" },
    [OPT_EXPECT_SUBJECT] = { "--expect-subject", "HEX", 1, false, "the envelope answers the request of this hash" },
    [OPT_EXPECT_URI_HASH] = { "--expect-uri-hash", "HEX", 1, false,
                              "keccak of the agent's registration file, as you fetched it" },
    [OPT_EXPECT_TLS_KEY] = { "--expect-tls-key", "HEX", 1, false,
                             "SHA-256 of the public key that the TLS peer showed" },
    [OPT_COLLATERAL_FLOOR] = { "--collateral-floor", "FILE", 1, false,
                               "refuse collateral that is older than what this file has seen" },
    [OPT_JSON] = { "--json", NULL, 0, false, "print the verdict as one line of JSON" },
    [OPT_BATCH] = { "--batch", "FILE", 1, false,
                    "judge one JSON object a line, print one result object a line; - is standard input" },
    [OPT_JOBS] = { "--jobs", "N", 1, false, "with --batch: how many threads (default: one a processor)" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [OPTION]... FILE | -\n"
                "Verifies and appraises the evidence of an agent, or a bare Intel SGX or TDX quote, offline.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 AFFIRMING (with --policy none: verified), 1 WARNING, 2 CONTRAINDICATED,\n"
             "3 malformed, 4 not trusted, 5 environment (file or collateral missing), 64 usage, 70 internal.",
};

/* ---------------------------------------------------------------- inputs ---- */

static void inputs_free(inputs *in)
{
    chaos_buffer_free(&in->evidence.bytes);
    chaos_buffer_free(&in->event_log);
    chaos_buffer_free(&in->collateral);
    chaos_buffer_free(&in->signature);
    chaos_buffer_free(&in->message);
    chaos_trust_free(in->trust);
    chaos_policy_free(in->policy);
    chaos_floor_free(in->floor);
    chaos_cache_free(in->cache);
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
    if (!value_time(text, &in->now)) {
        return error_set(err, CHAOS_E_USAGE, "--at", CHAOS_NO_OFFSET,
                         "'%s' is neither a time like 2026-01-01T00:00:00Z nor Unix seconds", shown(text).text);
    }
    in->has_now = true;
    return CHAOS_OK;
}

static const struct {
    size_t row;
    chaos_status (*read)(const char *text, chaos_expectation *out, chaos_error *err);
    bool of_binding; /* which only an envelope has */
} expectations[] = {
    { OPT_EXPECT_REPORT_DATA, expect_report_data, false },
    { OPT_EXPECT_AGENT, expect_agent, true },
    { OPT_EXPECT_IDENTITY_KEY, expect_identity_key, true },
    { OPT_EXPECT_NONCE, expect_nonce, true },
    { OPT_EXPECT_BLOCK, expect_block, true },
    { OPT_EXPECT_SUBJECT, expect_subject, true },
    { OPT_EXPECT_URI_HASH, expect_uri_hash, true },
    { OPT_EXPECT_TLS_KEY, expect_tls_key, true },
};

static chaos_status set_expectation(const options *given, inputs *in, chaos_error *err)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(expectations); i++) {
        const char *text = options_value(given, expectations[i].row, 0);
        if (text != NULL) {
            CHAOS_TRY(expectations[i].read(text, &in->expectation, err));
        }
    }
    return CHAOS_OK;
}

static chaos_status add_roots(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(chaos_trust_new(&in->trust, err));
    for (size_t i = 0; options_value(given, OPT_TRUST_ROOT, i) != NULL; i++) {
        CHAOS_AUTO_BUFFER(root, 0);
        CHAOS_TRY(input_read_root(options_value(given, OPT_TRUST_ROOT, i), &root, err));
        CHAOS_TRY(chaos_trust_add_root(in->trust, buffer_slice(&root), err));
    }
    return CHAOS_OK;
}

static chaos_status set_floor(const options *given, inputs *in, chaos_error *err)
{
    const char *path = options_value(given, OPT_COLLATERAL_FLOOR, 0);
    CHAOS_AUTO_BUFFER(text, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read("--collateral-floor", path, CHAOS_MAX_FLOOR, &text, err));
    CHAOS_TRY(chaos_floor_parse(buffer_slice(&text), &in->floor, err));
    in->expectation.collateral_floor = in->floor;
    return CHAOS_OK;
}

chaos_status policy_named(const char *name, chaos_policy **policy, chaos_error *err)
{
    if (name == NULL || strcmp(name, "default") == 0) {
        return chaos_policy_default(policy, err);
    }
    if (strcmp(name, "none") == 0) {
        return chaos_policy_none(policy, err);
    }
    CHAOS_AUTO_BUFFER(text, 0);
    CHAOS_TRY(input_read("--policy", name, CHAOS_MAX_POLICY, &text, err));
    return chaos_policy_parse(buffer_slice(&text), policy, err);
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

/* An expectation that nothing in the evidence could meet, or a log beside the one that counts, must not be
 * passed over. */
static chaos_status check_fit(const options *given, const inputs *in, chaos_error *err)
{
    if (in->evidence.is_envelope && options_has(given, OPT_EVENT_LOG)) {
        return error_set(err, CHAOS_E_USAGE, "--event-log", CHAOS_NO_OFFSET,
                         "an envelope holds its own event log; this option goes with a bare quote");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(expectations) && !in->evidence.is_envelope; i++) {
        if (expectations[i].of_binding && options_has(given, expectations[i].row)) {
            return error_set(err, CHAOS_E_USAGE, rows[expectations[i].row].name, CHAOS_NO_OFFSET,
                             "a bare quote has no binding of agent, key and nonce to compare with; "
                             "it needs an envelope (--evidence FILE)");
        }
    }
    return CHAOS_OK;
}

static chaos_status choose_evidence(const options *given, size_t *row, chaos_error *err)
{
    static const size_t ways[] = { OPT_FILE, OPT_EVIDENCE, OPT_QUOTE };
    unsigned count = 0;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(ways); i++) {
        if (options_has(given, ways[i])) {
            *row = ways[i];
            count++;
        }
    }
    if (count == 1) {
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "%s; try '" PROGRAM " --help'",
                     count == 0 ? "which evidence? give a FILE, or - for standard input"
                                : "one piece of evidence at a time");
}

static chaos_status set_evidence(const options *given, inputs *in, chaos_error *err)
{
    given_evidence *evidence = &in->evidence;
    size_t row = OPT_FILE;
    CHAOS_TRY(choose_evidence(given, &row, err));
    evidence->path = options_value(given, row, 0);
    evidence->is_envelope = row == OPT_EVIDENCE;
    if (row != OPT_FILE) {
        CHAOS_TRY(check_fit(given, in, err)); /* what can be known before the file is read */
    }
    CHAOS_TRY(input_read(rows[row].name, evidence->path,
                         row == OPT_QUOTE ? INPUT_MAX_QUOTE : CHAOS_MAX_ENVELOPE, &evidence->bytes, err));
    if (row == OPT_FILE) {
        evidence->is_envelope = input_is_object(buffer_slice(&evidence->bytes));
        CHAOS_TRY(check_fit(given, in, err));
    }
    return evidence->is_envelope ? CHAOS_OK : input_unarmour(&evidence->bytes, err);
}

/* Everything the relying party itself says comes before the stranger's bytes. */
static chaos_status set_relying_party(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(set_time(given, in, err));
    CHAOS_TRY(check_standard_input(given, err));
    CHAOS_TRY(set_expectation(given, in, err));
    CHAOS_TRY(set_floor(given, in, err));
    CHAOS_TRY(policy_named(options_value(given, OPT_POLICY, 0), &in->policy, err));
    return add_roots(given, in, err);
}

/* A signature without its message, or beside a bare quote that binds no key, could only be passed over. */
static chaos_status read_signature(const options *given, inputs *in, chaos_error *err)
{
    const char *signature = options_value(given, OPT_SIGNATURE, 0);
    const char *message = options_value(given, OPT_MESSAGE, 0);
    in->has_signature = signature != NULL;
    if ((signature == NULL) != (message == NULL)) {
        return error_set(err, CHAOS_E_USAGE, signature == NULL ? "--signature" : "--message", CHAOS_NO_OFFSET,
                         "a signature and its message go together");
    }
    if (signature == NULL) {
        return CHAOS_OK;
    }
    if (!in->evidence.is_envelope) {
        return error_set(err, CHAOS_E_USAGE, "--signature", CHAOS_NO_OFFSET,
                         "a bare quote binds no key that could have signed; it needs an envelope (--evidence FILE)");
    }
    CHAOS_TRY(input_read("--signature", signature, INPUT_MAX_SIGNATURE, &in->signature, err));
    return input_read("--message", message, CHAOS_MAX_SIGNED_MESSAGE, &in->message, err);
}

static chaos_status read_evidence(const options *given, inputs *in, chaos_error *err)
{
    CHAOS_TRY(set_evidence(given, in, err));
    CHAOS_TRY(read_signature(given, in, err));
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
        return report_fault(as_json ? &in->now : NULL, &in->evidence, exit_of_status(status), &err);
    }
    int code = say_result(PROGRAM, buffer_slice(&text), chaos_verdict_exit_code(verdict));
    const chaos_error *why = chaos_verdict_error(verdict);
    if (!as_json && why != NULL && why->status == CHAOS_E_COLLATERAL_MISSING) {
        report_missing_collateral(&in->evidence);
    }
    return code;
}

int code_of_own_fault(chaos_status status)
{
    int code = exit_of_status(status);
    return code == EXIT_MALFORMED || code == EXIT_UNTRUSTED ? EXIT_USAGE : code;
}

static chaos_status judge_signature(inputs *in, chaos_verdict **verdict, chaos_error *err)
{
    chaos_signature *signature = NULL;
    in->is_judged = true;
    CHAOS_TRY(chaos_signature_parse(buffer_slice(&in->signature), buffer_slice(&in->evidence.bytes), &signature, err));
    in->is_judged = false;
    chaos_status status = chaos_signature_verify(signature, buffer_slice(&in->message), buffer_slice(&in->collateral),
                                                 in->trust, in->policy, &in->expectation, in->now, NULL, verdict, err);
    chaos_signature_free(signature);
    return status;
}

static chaos_status judge(inputs *in, chaos_verdict **verdict, chaos_error *err)
{
    chaos_slice evidence = buffer_slice(&in->evidence.bytes);
    chaos_slice collateral = buffer_slice(&in->collateral);
    if (in->has_signature) {
        return judge_signature(in, verdict, err);
    }
    if (in->evidence.is_envelope) {
        return chaos_check(evidence, collateral, in->trust, in->policy, &in->expectation, in->now, NULL, verdict,
                           err);
    }
    return chaos_check_quote(evidence, buffer_slice(&in->event_log), collateral, in->trust, in->policy,
                             &in->expectation, in->now, NULL, verdict, err);
}

static int verify(const options *given)
{
    bool as_json = options_has(given, OPT_JSON);
    chaos_error err = { 0 };
    chaos_verdict *verdict = NULL;
    __attribute__((cleanup(inputs_free))) inputs in = { .expectation = CHAOS_EXPECTATION_INIT };
    chaos_status status = set_relying_party(given, &in, &err);
    if (status == CHAOS_OK) {
        status = read_evidence(given, &in, &err);
    }
    if (status == CHAOS_OK) {
        status = judge(&in, &verdict, &err);
    }
    if (status != CHAOS_OK) {
        return report_fault(as_json && in.has_now ? &in.now : NULL, &in.evidence,
                            in.is_judged ? exit_of_status(status) : code_of_own_fault(status), &err);
    }
    int code = show_verdict(verdict, &in, as_json);
    chaos_verdict_free(verdict);
    return code;
}

/* ------------------------------------------------------------------ batch ---- */

#define BATCH_CACHE (16u * 1024u * 1024u)

/* What is one piece of evidence, or speaks of one, has no place beside many. */
static chaos_status check_batch(const options *given, chaos_error *err)
{
    static const size_t single[] = { OPT_FILE, OPT_EVIDENCE, OPT_QUOTE, OPT_EVENT_LOG, OPT_SIGNATURE, OPT_MESSAGE };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(single); i++) {
        if (options_has(given, single[i])) {
            return error_set(err, CHAOS_E_USAGE, rows[single[i]].name, CHAOS_NO_OFFSET,
                             "with --batch the evidence stands in the lines");
        }
    }
    return CHAOS_OK;
}

static chaos_status read_jobs(const options *given, unsigned *jobs, chaos_error *err)
{
    const char *text = options_value(given, OPT_JOBS, 0);
    uint64_t number = 0;
    if (text == NULL) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        *jobs = processors < 1 ? 1 : processors > (long)BATCH_MAX_JOBS ? BATCH_MAX_JOBS
                                                                       : (unsigned)processors;
        return CHAOS_OK;
    }
    if (!value_unsigned(text, BATCH_MAX_JOBS, &number) || number == 0) {
        return error_set(err, CHAOS_E_USAGE, "--jobs", CHAOS_NO_OFFSET, "'%s' is not a number from 1 to %u",
                         shown(text).text, BATCH_MAX_JOBS);
    }
    *jobs = (unsigned)number;
    return CHAOS_OK;
}

static int batch(const options *given)
{
    chaos_error err = { 0 };
    unsigned jobs = 1;
    __attribute__((cleanup(inputs_free))) inputs in = { .expectation = CHAOS_EXPECTATION_INIT };
    chaos_status status = check_batch(given, &err);
    if (status == CHAOS_OK) {
        status = read_jobs(given, &jobs, &err);
    }
    if (status == CHAOS_OK) {
        status = set_relying_party(given, &in, &err);
    }
    if (status == CHAOS_OK) {
        status = read_json(given, OPT_COLLATERAL, CHAOS_MAX_COLLATERAL, &in.collateral, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_cache_new(BATCH_CACHE, &in.cache, &err);
    }
    if (status != CHAOS_OK) {
        return say_fault(PROGRAM, code_of_own_fault(status), &err);
    }
    return batch_run(options_value(given, OPT_BATCH, 0), jobs, &in);
}

int main(int argc, char **argv)
{
    options given;
    if (argc > 1 && strcmp(argv[1], "verify-bundle") == 0) {
        return verify_bundle(argc - 1, argv + 1);
    }
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
    if (options_has(&given, OPT_BATCH)) {
        return batch(&given);
    }
    if (options_has(&given, OPT_JOBS)) {
        return say_failure(PROGRAM, EXIT_USAGE, "--jobs goes with --batch");
    }
    return verify(&given);
}
