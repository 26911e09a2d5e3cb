/* bundle.c - the verb verify-bundle: files, the clock and the command line around chaos_check_bundle. */
#include "verify_program.h"

#include <time.h>
#include <unistd.h>

#define VERB PROGRAM " verify-bundle"
#define MAX_ANCHORS 24

enum {
    OPT_PATH,
    OPT_COLLATERAL,
    OPT_AT,
    OPT_TRUST_ROOT,
    OPT_POLICY,
    OPT_EXPECT_AGENT,
    OPT_EXPECT_IDENTITY_KEY,
    OPT_EXPECT_NONCE,
    OPT_EXPECT_HEAD,
    OPT_EXPECT_BLOCK,
    OPT_JSON,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_PATH] = { "PATH", "PATH", 1, false, "a bundle: a file, a folder with bundle.jsonl, or - for standard input" },
    [OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "your own collateral, in place of the bundle's" },
    [OPT_AT] = { "--at", "TIME", 1, false, "judge as of this time: RFC 3339 or Unix seconds" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file, or the word default or none" },
    [OPT_EXPECT_AGENT] = { "--expect-agent", "AGENT", 1, false,
                           "the bundle is of this agent: eip155:CHAIN:0xREGISTRY:ID" },
    [OPT_EXPECT_IDENTITY_KEY] = { "--expect-identity-key", "ADDR", 1, false,
                                  "this is the agent's key: agentWallet, from your own RPC" },
    [OPT_EXPECT_NONCE] = { "--expect-nonce", "HEX", 1, false, "the one session binds these 32 bytes that you chose" },
    [OPT_EXPECT_HEAD] = { "--expect-head", "HEAD", MAX_ANCHORS, false,
                          "tee.head on chain: SEQUENCE:DIGEST@BLOCK; repeatable" },
    [OPT_EXPECT_BLOCK] = { "--expect-block", "BLOCK", MAX_ANCHORS, false,
                           "the anchorBlock of a session: NUMBER:HASH; repeatable" },
    [OPT_JSON] = { "--json", NULL, 0, false, "print the verdict as one line of JSON" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = VERB,
    .synopsis = "Usage: " VERB " [OPTION]... PATH | -\n"
                "Verifies what an agent did: hardware, session key, identity, each receipt, each content; offline.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 AFFIRMING (with --policy none: verified), 1 WARNING, 2 CONTRAINDICATED,\n"
             "3 malformed, 4 not trusted, 5 environment (file or collateral missing), 64 usage, 70 internal.",
};

typedef struct question {
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_buffer collateral;
    chaos_head heads[MAX_ANCHORS];
    chaos_block_hash blocks[MAX_ANCHORS];
    chaos_bundle_expectation expectation;
    bool has_now;
    int64_t now;
} question;

static void question_free(question *q)
{
    chaos_trust_free(q->trust);
    chaos_policy_free(q->policy);
    chaos_buffer_free(&q->collateral);
}

/* ----------------------------------------------------------------- anchors ---- */

static chaos_status refuse(const char *option, const char *text, const char *form, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "it is not of the form that is needed");
    error_expected(err, "%s", form);
    error_found(err, "%s", shown(text).text);
    return CHAOS_E_USAGE;
}

/* NUMBER:HASH, of which `rest` follows when it is not NULL. */
static bool read_pair(const char *text, uint64_t *number, chaos_keccak *hash, const char **rest)
{
    const char *colon = strchr(text, ':');
    const size_t digits = 2 * sizeof hash->bytes;
    if (colon == NULL || !decimal_read(slice(text, (size_t)(colon - text)), CHAOS_MAX_SEQUENCE, number)) {
        return false;
    }
    const char *hex = colon + 1;
    hex += hex[0] == '0' && hex[1] == 'x' ? 2 : 0;
    if (strlen(hex) < digits || !hex_decode(slice(hex, digits), hash->bytes, sizeof hash->bytes)) {
        return false;
    }
    *rest = hex + digits;
    return true;
}

/* In ascending order, as the library wants them; two of one sequence are the caller's mistake. */
static chaos_status add_head(question *q, const chaos_head *head, chaos_error *err)
{
    size_t at = q->expectation.head_count;
    while (at > 0 && q->heads[at - 1].sequence > head->sequence) {
        at--;
    }
    if (at > 0 && q->heads[at - 1].sequence == head->sequence) {
        return error_set(err, CHAOS_E_USAGE, "--expect-head", CHAOS_NO_OFFSET, "two heads of one sequence");
    }
    memmove(&q->heads[at + 1], &q->heads[at], (q->expectation.head_count - at) * sizeof *head);
    q->heads[at] = *head;
    q->expectation.head_count++;
    return CHAOS_OK;
}

static chaos_status read_heads(const options *given, question *q, chaos_error *err)
{
    const char *text;
    for (size_t i = 0; (text = options_value(given, OPT_EXPECT_HEAD, i)) != NULL; i++) {
        const char *rest = NULL;
        chaos_head head = { 0 };
        if (!read_pair(text, &head.sequence, &head.digest, &rest) || rest[0] != '@' ||
            !value_unsigned(rest + 1, CHAOS_MAX_SEQUENCE, &head.block)) {
            return refuse("--expect-head", text, "SEQUENCE:DIGEST@BLOCK, the digest in 64 hex digits", err);
        }
        CHAOS_TRY(add_head(q, &head, err));
    }
    return CHAOS_OK;
}

static chaos_status read_blocks(const options *given, question *q, chaos_error *err)
{
    const char *text;
    for (size_t i = 0; (text = options_value(given, OPT_EXPECT_BLOCK, i)) != NULL; i++) {
        const char *rest = NULL;
        chaos_block_hash *block = &q->blocks[q->expectation.block_count++];
        if (!read_pair(text, &block->number, &block->hash, &rest) || rest[0] != '\0') {
            return refuse("--expect-block", text, "NUMBER:HASH, the hash in 64 hex digits", err);
        }
    }
    return CHAOS_OK;
}

/* ----------------------------------------------------------- relying party ---- */

static chaos_status read_time(const options *given, question *q, chaos_error *err)
{
    const char *text = options_value(given, OPT_AT, 0);
    struct timespec clock_now;
    q->has_now = true;
    q->expectation.time_is_chosen = text != NULL;
    if (text == NULL && clock_gettime(CLOCK_REALTIME, &clock_now) == 0) {
        q->now = clock_now.tv_sec;
        return CHAOS_OK;
    }
    if (text != NULL && value_time(text, &q->now)) {
        return CHAOS_OK;
    }
    q->has_now = false;
    return text == NULL ? error_set(err, CHAOS_E_NOT_AVAILABLE, NULL, CHAOS_NO_OFFSET, "there is no clock: give --at")
                        : error_set(err, CHAOS_E_USAGE, "--at", CHAOS_NO_OFFSET,
                                    "'%s' is neither a time like 2026-01-01T00:00:00Z nor Unix seconds",
                                    shown(text).text);
}

static chaos_status read_expectation(const options *given, question *q, chaos_error *err)
{
    static const struct {
        size_t row;
        chaos_status (*read)(const char *text, chaos_expectation *out, chaos_error *err);
    } each[] = {
        { OPT_EXPECT_AGENT, expect_agent },
        { OPT_EXPECT_IDENTITY_KEY, expect_identity_key },
        { OPT_EXPECT_NONCE, expect_nonce },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(each); i++) {
        const char *text = options_value(given, each[i].row, 0);
        if (text != NULL) {
            CHAOS_TRY(each[i].read(text, &q->expectation.agent, err));
        }
    }
    CHAOS_TRY(read_heads(given, q, err));
    CHAOS_TRY(read_blocks(given, q, err));
    q->expectation.heads = q->heads;
    q->expectation.blocks = q->blocks;
    return CHAOS_OK;
}

static chaos_status read_policy(const options *given, question *q, chaos_error *err)
{
    const char *name = options_value(given, OPT_POLICY, 0);
    CHAOS_AUTO_BUFFER(text, 0);
    if (name == NULL || strcmp(name, "default") == 0) {
        return chaos_policy_default(&q->policy, err);
    }
    if (strcmp(name, "none") == 0) {
        return chaos_policy_none(&q->policy, err);
    }
    CHAOS_TRY(input_read("--policy", name, CHAOS_MAX_POLICY, &text, err));
    return chaos_policy_parse(buffer_slice(&text), &q->policy, err);
}

static chaos_status read_roots(const options *given, question *q, chaos_error *err)
{
    const char *path;
    CHAOS_TRY(chaos_trust_new(&q->trust, err));
    for (size_t i = 0; (path = options_value(given, OPT_TRUST_ROOT, i)) != NULL; i++) {
        CHAOS_AUTO_BUFFER(root, 0);
        CHAOS_TRY(input_read_root(path, &root, err));
        CHAOS_TRY(chaos_trust_add_root(q->trust, buffer_slice(&root), err));
    }
    return CHAOS_OK;
}

/* A file that was given and is empty is broken collateral, not none: it goes in as one blank. */
static chaos_status read_collateral(const options *given, question *q, chaos_error *err)
{
    const char *path = options_value(given, OPT_COLLATERAL, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read("--collateral", path, CHAOS_MAX_COLLATERAL, &q->collateral, err));
    return q->collateral.size > 0 || buffer_append_text(&q->collateral, " ")
               ? CHAOS_OK
               : error_set(err, CHAOS_E_MEMORY, "--collateral", CHAOS_NO_OFFSET, NULL);
}

static chaos_status check_standard_input(const options *given, chaos_error *err)
{
    unsigned uses = 0;
    for (size_t i = 0; i < given->count; i++) {
        uses += strcmp(given->given[i].value, "-") == 0 ? 1 : 0;
    }
    return uses <= 1 ? CHAOS_OK
                     : error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "only one file can be standard input");
}

static chaos_status read_question(const options *given, question *q, chaos_error *err)
{
    CHAOS_TRY(read_time(given, q, err));
    CHAOS_TRY(check_standard_input(given, err));
    CHAOS_TRY(read_expectation(given, q, err));
    CHAOS_TRY(read_policy(given, q, err));
    CHAOS_TRY(read_roots(given, q, err));
    return options_has(given, OPT_PATH)
               ? read_collateral(given, q, err)
               : error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                           "which bundle? give a PATH, or - for standard input; try '" VERB " --help'");
}

/* ------------------------------------------------------------------ verdict ---- */

static chaos_status judge(const question *q, const char *path, chaos_verdict **verdict, chaos_error *err)
{
    bundle_file f = { .fd = -1, .contents = -1 };
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    chaos_status status = bundle_file_open(path, &f, err);
    source.context = &f;
    source.read = bundle_file_read;
    source.content = f.contents >= 0 ? bundle_file_content : NULL;
    if (status == CHAOS_OK) {
        status = chaos_check_bundle(&source, buffer_slice(&q->collateral), q->trust, q->policy, &q->expectation, q->now,
                                    NULL, verdict, err);
    }
    bundle_file_close(&f);
    return status;
}

static int show(const chaos_verdict *verdict, bool as_json, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);
    chaos_status status = as_json ? chaos_verdict_write_json(verdict, &text, err)
                                  : chaos_verdict_write_text(verdict, &text, err);
    if (status == CHAOS_OK && text.size > 0 && text.data[text.size - 1] != '\n' && !buffer_append_text(&text, "\n")) {
        status = error_set(err, CHAOS_E_LIMIT, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (status != CHAOS_OK) {
        return say_fault(VERB, exit_of_status(status), err);
    }
    return say_result(VERB, buffer_slice(&text), chaos_verdict_exit_code(verdict));
}

/* A policy, root or option that is broken is the caller's mistake; the codes 1 to 4 are for the bundle alone. */
static int report(const question *q, const options *given, chaos_status status, const chaos_error *err)
{
    const given_evidence evidence = { .path = options_value(given, OPT_PATH, 0), .is_envelope = true };
    int code = exit_of_status(status);
    code = code == EXIT_MALFORMED || code == EXIT_UNTRUSTED ? EXIT_USAGE : code;
    return report_fault(options_has(given, OPT_JSON) && q->has_now ? &q->now : NULL, &evidence, code, err);
}

static int verify(const options *given)
{
    chaos_error err = { 0 };
    chaos_verdict *verdict = NULL;
    __attribute__((cleanup(question_free))) question q = { .expectation = CHAOS_BUNDLE_EXPECTATION_INIT };
    chaos_status status = read_question(given, &q, &err);
    if (status == CHAOS_OK) {
        status = judge(&q, options_value(given, OPT_PATH, 0), &verdict, &err);
    }
    if (status != CHAOS_OK) {
        return report(&q, given, status, &err);
    }
    int code = show(verdict, options_has(given, OPT_JSON), &err);
    const chaos_error *why = chaos_verdict_error(verdict);
    if (why != NULL && why->status == CHAOS_E_COLLATERAL_MISSING && !options_has(given, OPT_JSON) &&
        !say_text(STDERR_FILENO, "Nothing was judged: give collateral that is valid now with --collateral FILE,"
                                 " or a time at which the bundle's is valid with --at TIME.\n")) {
        code = EXIT_ENVIRONMENT;
    }
    chaos_verdict_free(verdict);
    return code;
}

int verify_bundle(int argc, char **argv)
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
