/* check.c - chaoschain provider check: finds the plug-in, runs the rules one after the other, and reports. */
#define _GNU_SOURCE /* nftw */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"
#include "provider_program.h"

#define PROGRAM "chaoschain provider check"
#define MAX_REPORT (256u * 1024u)
#define DEFAULT_LIMIT_MS 30000u
#define NOWHERE "http://recording.invalid"

enum {
    OPT_PLUGIN,
    OPT_ENDPOINT,
    OPT_OPTIONS,
    OPT_RECORD,
    OPT_REPLAY,
    OPT_RULE,
    OPT_TIMEOUT,
    OPT_JSON,
    OPT_LIST,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_PLUGIN] = { "PATH|NAME", "PATH|NAME", 1, false, "a plug-in file, or the name of an installed provider" },
    [OPT_ENDPOINT] = { "--endpoint", "WHERE", 1, false, "the TEE's socket or URL, a simulator's for instance" },
    [OPT_OPTIONS] = { "--options", "JSON", 1, false, "options of the provider, a JSON object" },
    [OPT_RECORD] = { "--record", "DIR", 1, false, "write every exchange into this new folder: it will hold keys" },
    [OPT_REPLAY] = { "--replay", "DIR", 1, false, "answer exchanges from this folder; nothing is contacted" },
    [OPT_RULE] = { "--rule", "ID", 32, false, "only this rule, and those that it needs; --list has them" },
    [OPT_TIMEOUT] = { "--timeout", "SECONDS", 1, false, "of one rule, 1 to 600; 30 is the default" },
    [OPT_JSON] = { "--json", NULL, 1, false, "print JSON (data/schemas/provider-check.schema.json)" },
    [OPT_LIST] = { "--list", NULL, 1, false, "list the rules and run none" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    PROGRAM, "Usage: " PROGRAM " PATH|NAME [OPTION]...\n"
             "Tries a TEE provider's plug-in against every rule of the provider protocol. Each rule\n"
             "runs in a process of its own: a plug-in that crashes or hangs fails that rule.",
    rows, CHAOS_ARRAY_SIZE(rows),
    "The plug-in's code runs with your rights. Paths in --options must be absolute.\n"
    "Exit code: 0 it conforms, 1 no rule failed but some could not be tried here (no TEE), 2 a rule failed,\n"
    "5 environment (no such plug-in, a file), 64 usage, 70 internal."
};

/* ----------------------------------------------------------------- subject ---- */

static chaos_status make_absolute(const char *path, char out[PATH_MAX], chaos_error *err)
{
    char folder[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(folder, sizeof folder) == NULL) {
        return error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "the working folder: %s", strerror(errno));
    }
    const int n = snprintf(out, PATH_MAX, "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
    return n > 0 && n < PATH_MAX ? CHAOS_OK
                                 : error_set(err, CHAOS_E_USAGE, "PATH", CHAOS_NO_OFFSET, "the path is too long");
}

/* NAME of chaoschain-provider-NAME.so; "" for a file that is called otherwise. */
static void name_of(const char *path, char name[TEE_MAX_NAME])
{
    static const char prefix[] = "chaoschain-provider-", suffix[] = ".so";
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    const size_t length = strlen(file), around = sizeof prefix - 1 + sizeof suffix - 1;
    name[0] = '\0';
    if (length > around && length - around < TEE_MAX_NAME && strncmp(file, prefix, sizeof prefix - 1) == 0 &&
        strcmp(file + length - (sizeof suffix - 1), suffix) == 0) {
        memcpy(name, file + sizeof prefix - 1, length - around);
        name[length - around] = '\0';
    }
    if (!provider_name_is_valid(name)) {
        name[0] = '\0';
    }
}

/* A path has a slash or a dot in it, a name never. */
static chaos_status find_plugin(const char *given, kit_subject *subject, chaos_error *err)
{
    struct stat status;
    if (strpbrk(given, "/.") == NULL) {
        chaos_tee_registry *registry = NULL;
        CHAOS_TRY(chaos_tee_registry_new(NULL, &registry, err));
        const chaos_status found = registry_locate(registry, given, subject->path, err);
        chaos_tee_registry_free(registry);
        if (found != CHAOS_OK) {
            return found;
        }
    } else {
        CHAOS_TRY(make_absolute(given, subject->path, err));
    }
    if (lstat(subject->path, &status) != 0) {
        return error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "there is no such plug-in: %s",
                         strerror(errno));
    }
    name_of(subject->path, subject->name);
    return CHAOS_OK;
}

static bool is_url(const char *endpoint)
{
    return strncmp(endpoint, "http://", 7) == 0 || strncmp(endpoint, "https://", 8) == 0;
}

static chaos_status endpoint_options(const char *endpoint, chaos_buffer *out, chaos_error *err)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "endpoint", endpoint);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "--endpoint", CHAOS_NO_OFFSET, "it is too long, or no UTF-8");
}

static chaos_status end_options(kit_subject *subject, chaos_buffer *text, chaos_error *err)
{
    if (!buffer_append(text, slice("", 1))) {
        return error_set(err, CHAOS_E_USAGE, "--options", CHAOS_NO_OFFSET, "more than %u bytes", TEE_MAX_OPTIONS);
    }
    subject->options = (const char *)text->data;
    return CHAOS_OK;
}

/* The options that the plug-in is opened with; `text` keeps them. */
static chaos_status choose_options(const options *o, kit_subject *subject, chaos_buffer *text, chaos_error *err)
{
    const char *endpoint = options_value(o, OPT_ENDPOINT, 0);
    const char *given = options_value(o, OPT_OPTIONS, 0);
    if (endpoint != NULL && given != NULL) {
        return error_set(err, CHAOS_E_USAGE, "--endpoint", CHAOS_NO_OFFSET,
                         "write it into --options, or leave those out");
    }
    if (subject->source == KIT_REPLAY) {
        CHAOS_TRY(kit_recording_read(subject, text, err));
        if (endpoint == NULL && given == NULL) {
            return end_options(subject, text, err);
        }
        text->size = 0;
    }
    if (endpoint != NULL) {
        CHAOS_TRY(endpoint_options(endpoint, text, err));
    } else if (!buffer_append_text(text, given == NULL ? "{}" : given)) {
        return error_set(err, CHAOS_E_USAGE, "--options", CHAOS_NO_OFFSET, "more than %u bytes", TEE_MAX_OPTIONS);
    }
    return end_options(subject, text, err);
}

/* What a replay is opened with: an endpoint that is a socket of today is not there tomorrow. */
static chaos_status begin_recording(const options *o, const kit_subject *subject, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, TEE_MAX_OPTIONS + 1);
    kit_subject later = *subject;
    const char *endpoint = options_value(o, OPT_ENDPOINT, 0);
    if (endpoint != NULL) {
        CHAOS_TRY(endpoint_options(is_url(endpoint) ? endpoint : NOWHERE, &text, err));
        if (!buffer_append(&text, slice("", 1))) {
            return error_set(err, CHAOS_E_USAGE, "--endpoint", CHAOS_NO_OFFSET, "it is too long");
        }
        later.options = (const char *)text.data;
    }
    return kit_recording_begin(subject->recording, &later, err);
}

static chaos_status choose_source(const options *o, kit_subject *subject, char folder[PATH_MAX], chaos_error *err)
{
    const char *record = options_value(o, OPT_RECORD, 0);
    const char *replay = options_value(o, OPT_REPLAY, 0);
    if (record != NULL && replay != NULL) {
        return error_set(err, CHAOS_E_USAGE, "--record", CHAOS_NO_OFFSET, "not together with --replay");
    }
    subject->source = record != NULL ? KIT_RECORD : replay != NULL ? KIT_REPLAY
                                                                   : KIT_LIVE;
    if (subject->source != KIT_LIVE) {
        CHAOS_TRY(make_absolute(record != NULL ? record : replay, folder, err));
        subject->recording = folder;
    }
    return CHAOS_OK;
}

static chaos_status choose_limit(const options *o, kit_subject *subject, chaos_error *err)
{
    const char *text = options_value(o, OPT_TIMEOUT, 0);
    uint64_t seconds = DEFAULT_LIMIT_MS / 1000;
    if (text != NULL && (!value_unsigned(text, 600, &seconds) || seconds == 0)) {
        return error_set(err, CHAOS_E_USAGE, "--timeout", CHAOS_NO_OFFSET, "seconds, 1 to 600");
    }
    subject->limit_ms = (uint32_t)seconds * 1000;
    return CHAOS_OK;
}

/* ------------------------------------------------------------------- rules ---- */

/* The rules that were asked for, and what they need; all of them when none was. */
static chaos_status choose_rules(const options *o, bool wanted[KIT_MAX_RULES], chaos_error *err)
{
    const char *id = options_value(o, OPT_RULE, 0);
    for (size_t i = 0; i < kit_rule_count; i++) {
        wanted[i] = id == NULL;
    }
    for (size_t n = 0; (id = options_value(o, OPT_RULE, n)) != NULL; n++) {
        const size_t found = kit_rule_find(id);
        if (found == KIT_MAX_RULES) {
            return error_set(err, CHAOS_E_USAGE, "--rule", CHAOS_NO_OFFSET, "there is no rule '%s'; --list has them",
                             shown(id).text);
        }
        wanted[found] = true;
    }
    for (size_t changes = 1; changes > 0;) {
        changes = 0;
        for (size_t i = 0; i < kit_rule_count; i++) {
            for (size_t k = 0; wanted[i] && k < KIT_MAX_NEEDS && kit_rules[i].needs[k] != NULL; k++) {
                const size_t needed = kit_rule_find(kit_rules[i].needs[k]);
                changes += needed < KIT_MAX_RULES && !wanted[needed] ? 1 : 0;
                wanted[needed < KIT_MAX_RULES ? needed : i] = true;
            }
        }
    }
    return CHAOS_OK;
}

/* Settles the rule without running it if something that it needs did not pass. */
static bool settle_by_needs(const kit_rule *rule, const kit_outcome *outcomes, kit_outcome *out)
{
    for (size_t k = 0; k < KIT_MAX_NEEDS && rule->needs[k] != NULL; k++) {
        const size_t needed = kit_rule_find(rule->needs[k]);
        const kit_outcome *other = &outcomes[needed < KIT_MAX_RULES ? needed : 0];
        if (other->result == KIT_FAIL || other->result == KIT_NOT_RUN) {
            out->result = KIT_NOT_RUN;
            (void)snprintf(out->why, sizeof out->why, "it needs %s", rule->needs[k]);
            return true;
        }
        if (other->result == KIT_SKIPPED) {
            *out = *other;
            return true;
        }
    }
    return false;
}

/* Rules may come before those that they need: what is needed has run when it is asked for. */
static void run_rules(const kit_subject *subject, const bool *wanted, kit_outcome *outcomes, uint32_t *exchanges)
{
    const bool shows_progress = isatty(STDERR_FILENO) == 1;
    bool settled[KIT_MAX_RULES] = { false };
    for (size_t rest = 1; rest > 0;) {
        rest = 0;
        for (size_t i = 0; i < kit_rule_count; i++) {
            bool ready = wanted[i] && !settled[i];
            for (size_t k = 0; ready && k < KIT_MAX_NEEDS && kit_rules[i].needs[k] != NULL; k++) {
                ready = settled[kit_rule_find(kit_rules[i].needs[k])];
            }
            rest += wanted[i] && !settled[i] && !ready ? 1 : 0;
            if (!ready) {
                continue;
            }
            if (shows_progress) {
                (void)fprintf(stderr, "\r%-40s\r%s ...", "", kit_rules[i].id);
            }
            if (!settle_by_needs(&kit_rules[i], outcomes, &outcomes[i])) {
                kit_child_run(subject, &kit_rules[i], &outcomes[i], exchanges);
            }
            settled[i] = true;
        }
    }
    if (shows_progress) {
        (void)fprintf(stderr, "\r%-40s\r", "");
    }
}

/* ----------------------------------------------------------------- sandbox ---- */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static chaos_status make_sandbox(kit_subject *subject, chaos_error *err)
{
    (void)snprintf(subject->sandbox, sizeof subject->sandbox, "/tmp/chaoschain-provider-check.XXXXXX");
    if (mkdtemp(subject->sandbox) == NULL) {
        subject->sandbox[0] = '\0';
        return error_set(err, CHAOS_E_FILE_IO, NULL, CHAOS_NO_OFFSET, "no folder in /tmp: %s", strerror(errno));
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------- whole ---- */

static int report_and_exit(const kit_report *report, bool as_json)
{
    CHAOS_AUTO_BUFFER(text, MAX_REPORT);
    if (!(as_json ? kit_report_json(report, &text) : kit_report_text(report, &text))) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "the report could not be made");
    }
    return say_result(PROGRAM, buffer_slice(&text), kit_report_exit(report));
}

static int list_rules(void)
{
    CHAOS_AUTO_BUFFER(text, MAX_REPORT);
    return kit_rules_text(&text) ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
                                 : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static chaos_status prepare(const options *o, kit_subject *subject, chaos_buffer *text, char folder[PATH_MAX],
                            bool wanted[KIT_MAX_RULES], chaos_error *err)
{
    CHAOS_TRY(choose_rules(o, wanted, err));
    CHAOS_TRY(choose_limit(o, subject, err));
    CHAOS_TRY(choose_source(o, subject, folder, err));
    CHAOS_TRY(find_plugin(options_value(o, OPT_PLUGIN, 0), subject, err));
    CHAOS_TRY(choose_options(o, subject, text, err));
    if (subject->source == KIT_RECORD) {
        CHAOS_TRY(begin_recording(o, subject, err));
    }
    return make_sandbox(subject, err);
}

int provider_check(int argc, char **argv)
{
    static kit_subject subject;
    static kit_outcome outcomes[KIT_MAX_RULES];
    static char folder[PATH_MAX];
    CHAOS_AUTO_BUFFER(text, TEE_MAX_OPTIONS + 1);
    bool wanted[KIT_MAX_RULES] = { false };
    uint32_t exchanges = 0;
    chaos_error err;
    options o;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0 || options_has(&o, OPT_HELP)) {
        return code != 0 ? code : options_help(&table);
    }
    if (options_has(&o, OPT_LIST)) {
        return list_rules();
    }
    if (!options_has(&o, OPT_PLUGIN)) {
        return say_failure(PROGRAM, EXIT_USAGE, "which plug-in? a file's path, or the name of an installed provider");
    }
    if (prepare(&o, &subject, &text, folder, wanted, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    run_rules(&subject, wanted, outcomes, &exchanges);
    (void)nftw(subject.sandbox, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    const kit_report report = { &subject, wanted, outcomes, exchanges };
    code = report_and_exit(&report, options_has(&o, OPT_JSON));
    if (subject.source == KIT_RECORD && exchanges > 0) {
        (void)fprintf(stderr, "%s: %s holds %u exchanges, and with them keys of the TEE: keep it to yourself\n",
                      PROGRAM,
                      shown(subject.recording).text, exchanges);
    }
    return code;
}
