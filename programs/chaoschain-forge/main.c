/* main.c - chaoschain-forge: simulated evidence in files, valid or broken in exactly one way. */
#include "forge_program.h"

#include <unistd.h>

enum {
    OPT_KIND_WORD,
    OPT_KIND,
    OPT_BREAK,
    OPT_NOW,
    OPT_SEED,
    OPT_REPORT_DATA,
    OPT_STAGE,
    OPT_NONCE,
    OPT_TCB_STATUS,
    OPT_OUT,
    OPT_FOLDER,
    OPT_LIST,
    OPT_JSON,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_KIND_WORD] = { "KIND", "KIND", 1, false, "tdx (the default), sgx, or bundle: an agent's receipts" },
    [OPT_KIND] = { "--kind", "KIND", 1, false, "the same, by name" },
    [OPT_BREAK] = { "--break", "NAME", 1, false, "break it in this one way; --list shows all" },
    [OPT_NOW] = { "--now", "TIME", 1, false, "valid at this time: RFC 3339 or Unix seconds" },
    [OPT_SEED] = { "--seed", "TEXT", 1, false, "the keys derive from this; it is no secret" },
    [OPT_REPORT_DATA] = { "--report-data", "HEX", 1, false, "REPORTDATA, 64 bytes: then there is no envelope" },
    [OPT_STAGE] = { "--stage", "N", 1, false, "of the binding, 0 to 5; 1 is the default" },
    [OPT_NONCE] = { "--nonce", "HEX", 1, false, "of the binding, 32 bytes" },
    [OPT_TCB_STATUS] = { "--tcb-status", "STATUS", 1, false, "of the platform: UpToDate, OutOfDate, ..." },
    [OPT_OUT] = { "--out", "DIR", 1, false, "where the files go" },
    [OPT_FOLDER] = { "--folder", NULL, 0, false, "of a bundle: its contents in files of their own" },
    [OPT_LIST] = { "--list", NULL, 0, false, "print every break, what must be answered to it, and why" },
    [OPT_JSON] = { "--json", NULL, 0, false, "with --list: one line of JSON" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: " PROGRAM " [OPTION]... [KIND] --out DIR\n"
        "       " PROGRAM " --list [--json]\n"
        "Makes SIMULATED attestation evidence: real formats under a test root, no hardware behind it.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Writes quote.bin, collateral.json, trust-root.der, foreign-root.der (the same name, another key),\n"
             "now.txt (verify at this time) and, if broken, expected.txt; for tdx also event-log.json,\n"
             "envelope.json (quote, log and the binding of the agent's key) and what a relying party knows\n"
             "beforehand: policy.json, app-compose.json, kms-root.hex. For bundle: bundle.jsonl, content/HASH with\n"
             "--folder, and expect.txt, the options of what can be known of it. The same options give the same bytes.\n"
             "Exit code: 0 done, 5 environment (a file could not be written), 64 usage, 70 internal.",
};

/* ----------------------------------------------------------------- values ---- */

static int usage(const char *option, const char *value, const char *wanted)
{
    return say_failure(PROGRAM, EXIT_USAGE, "%s '%s' is not %s; try '" PROGRAM " --help'", option,
                       shown(value).text, wanted);
}

static int read_kind(const options *o, forge_kind *kind, bool *is_bundle)
{
    const char *word = options_value(o, OPT_KIND_WORD, 0);
    const char *named = options_value(o, OPT_KIND, 0);
    const char *value = named != NULL ? named : word;
    if (named != NULL && word != NULL) {
        return usage("a second kind", word, "possible");
    }
    *kind = FORGE_TDX4;
    *is_bundle = value != NULL && strcmp(value, "bundle") == 0;
    if (value == NULL || strcmp(value, "tdx") == 0 || *is_bundle) {
        return EXIT_AFFIRMING;
    }
    *kind = FORGE_SGX3;
    return strcmp(value, "sgx") == 0 ? EXIT_AFFIRMING : usage("kind", value, "tdx, sgx or bundle");
}

static int unknown_break(const char *name, bool is_bundle)
{
    const char *meant = NULL;
    for (size_t i = 0; meant == NULL && i < (is_bundle ? forge_bundle_break_count() : forge_break_count()); i++) {
        const char *words[2] = { (is_bundle ? forge_bundle_break_at(i) : forge_break_at(i))->name, NULL };
        meant = did_you_mean(name, words);
    }
    return say_failure(PROGRAM, EXIT_USAGE, "there is no break '%s'%s%s%s; '" PROGRAM " --list' shows all",
                       shown(name).text, meant == NULL ? "" : "; did you mean '", meant == NULL ? "" : meant,
                       meant == NULL ? "" : "'?");
}

static int read_break(const options *o, bool is_bundle, const forge_break **broken)
{
    const char *name = options_value(o, OPT_BREAK, 0);
    *broken = name == NULL ? NULL : is_bundle ? forge_bundle_break_find(name)
                                              : forge_break_find(name);
    return name != NULL && *broken == NULL ? unknown_break(name, is_bundle) : EXIT_AFFIRMING;
}

static int read_now(const options *o, int64_t *now)
{
    const char *text = options_value(o, OPT_NOW, 0);
    if (text == NULL || value_time(text, now)) {
        return text != NULL && *now == 0 ? usage("--now", text, "a time that can be forged for")
                                         : EXIT_AFFIRMING;
    }
    return usage("--now", text, "a time like 2026-01-01T00:00:00Z or Unix seconds");
}

/* Hex digits, with 0x or without. */
static bool read_hex(const char *text, uint8_t *out, size_t size)
{
    const char *digits = text[0] == '0' && (text[1] | 0x20) == 'x' ? text + 2 : text;
    return hex_decode(slice_text(digits), out, size);
}

static int read_report_data(const options *o, forge_options *chosen)
{
    const char *text = options_value(o, OPT_REPORT_DATA, 0);
    if (text == NULL) {
        return EXIT_AFFIRMING;
    }
    chosen->has_report_data = read_hex(text, chosen->report_data.bytes, sizeof chosen->report_data.bytes);
    return chosen->has_report_data ? EXIT_AFFIRMING : usage("--report-data", text, "128 hex digits");
}

static int read_nonce(const options *o, forge_options *chosen)
{
    const char *text = options_value(o, OPT_NONCE, 0);
    if (text == NULL) {
        return EXIT_AFFIRMING;
    }
    chosen->has_nonce = read_hex(text, chosen->nonce.bytes, sizeof chosen->nonce.bytes);
    return chosen->has_nonce ? EXIT_AFFIRMING : usage("--nonce", text, "64 hex digits");
}

static int read_stage(const options *o, forge_options *chosen)
{
    const char *text = options_value(o, OPT_STAGE, 0);
    if (text == NULL) {
        return EXIT_AFFIRMING;
    }
    chosen->has_stage = text[0] >= '0' && text[0] <= '0' + CHAOS_STAGE_SESSION && text[1] == '\0';
    chosen->stage = chosen->has_stage ? (unsigned)(text[0] - '0') : 0;
    return chosen->has_stage ? EXIT_AFFIRMING : usage("--stage", text, "a stage from 0 to 5");
}

/* ------------------------------------------------------------------- work ---- */

typedef struct request {
    bool is_bundle, as_folder;
    forge_kind kind;
    forge_options options;
    const forge_break *broken;
    const char *folder;
} request;

/* What would be passed over is refused. */
static int check_fit(const options *o, bool is_bundle)
{
    static const size_t of_quotes[] = { OPT_REPORT_DATA, OPT_STAGE, OPT_NONCE, OPT_TCB_STATUS };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(of_quotes); i++) {
        if (is_bundle && options_has(o, of_quotes[i])) {
            return say_failure(PROGRAM, EXIT_USAGE, "%s does not go with a bundle", rows[of_quotes[i]].name);
        }
    }
    if (!is_bundle && options_has(o, OPT_FOLDER)) {
        return say_failure(PROGRAM, EXIT_USAGE, "--folder goes with a bundle");
    }
    return EXIT_AFFIRMING;
}

static int read_request(const options *o, request *wanted)
{
    int code = read_kind(o, &wanted->kind, &wanted->is_bundle);
    code = code != EXIT_AFFIRMING ? code : read_break(o, wanted->is_bundle, &wanted->broken);
    code = code != EXIT_AFFIRMING ? code : check_fit(o, wanted->is_bundle);
    wanted->as_folder = options_has(o, OPT_FOLDER);
    code = code != EXIT_AFFIRMING ? code : read_now(o, &wanted->options.now);
    code = code != EXIT_AFFIRMING ? code : read_report_data(o, &wanted->options);
    code = code != EXIT_AFFIRMING ? code : read_stage(o, &wanted->options);
    code = code != EXIT_AFFIRMING ? code : read_nonce(o, &wanted->options);
    wanted->options.seed = options_value(o, OPT_SEED, 0);
    wanted->options.tcb_status = options_value(o, OPT_TCB_STATUS, 0);
    wanted->folder = options_value(o, OPT_OUT, 0);
    if (code == EXIT_AFFIRMING && wanted->folder == NULL) {
        return say_failure(PROGRAM, EXIT_USAGE, "--out is missing; try '" PROGRAM " --help'");
    }
    return code;
}

static int forge_bundle_files(const request *wanted)
{
    const forge_bundle_options chosen = { .now = wanted->options.now,
                                          .seed = wanted->options.seed,
                                          .as_folder = wanted->as_folder };
    forge_bundle made;
    chaos_error err = { 0 };
    chaos_status status = forge_bundle_make(&chosen, wanted->broken, &made, &err);
    if (status != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(status), &err);
    }
    int code = write_bundle(wanted->folder, &made, wanted->broken);
    forge_bundle_free(&made);
    return code;
}

static int warn(int code)
{
    if (code == EXIT_AFFIRMING &&
        !say_text(STDERR_FILENO,
                  PROGRAM ": this evidence is SIMULATED: its keys are public and no hardware is behind it."
                          " Never trust its root for anything real.\n")) {
        return EXIT_ENVIRONMENT; /* silence is no way to hand out a forgery */
    }
    return code;
}

static int forge(const request *wanted)
{
    if (wanted->is_bundle) {
        return warn(forge_bundle_files(wanted));
    }
    forge_result made;
    chaos_error err = { 0 };
    chaos_status status = forge_make(wanted->kind, &wanted->options, wanted->broken, &made, &err);
    if (status != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(status), &err);
    }
    int code = write_evidence(wanted->folder, &made, wanted->broken);
    forge_result_free(&made);
    return warn(code);
}

int main(int argc, char **argv)
{
    options given;
    request wanted = { .kind = FORGE_TDX4 };
    int code = options_parse(&table, argc, argv, &given);
    if (code != EXIT_AFFIRMING) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    if (options_has(&given, OPT_VERSION)) {
        return options_version(PROGRAM);
    }
    if (options_has(&given, OPT_LIST)) {
        return list_breaks(options_has(&given, OPT_JSON));
    }
    if (options_has(&given, OPT_JSON)) {
        return say_failure(PROGRAM, EXIT_USAGE, "--json goes with --list; try '" PROGRAM " --help'");
    }
    code = read_request(&given, &wanted);
    return code == EXIT_AFFIRMING ? forge(&wanted) : code;
}
