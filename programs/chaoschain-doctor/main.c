/* main.c - chaoschain-doctor: what `chaoschain` hands over for the verb doctor. One row for each thing that was looked
 * at: OK, WARN, FAIL or SKIPPED, and what to do. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define PROGRAM "chaoschain doctor"
#define OUT_MAX (512u * 1024u)
#define SCHEMA "chaoschain/doctor/1"
#define NAME_COLUMN 9  /* behind the result */
#define TEXT_COLUMN 29 /* behind the name */

static const option_row rows[] = {
    NET_ROWS,
    AGENT_ROWS,
    STORE_ROW,
    [SEND_OPT_KEYSTORE] = { "--keystore", "FILE", 1, false, "of the account that sends; it is not opened" },
    [OPT_CACHE] = { "--collateral-cache", "DIR", 1, false, "the folder that 'collateral fetch' keeps" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", 8, false, "a root that is trusted, too; repeatable" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--config FILE] [--network NAME|FILE] [OPTION]...\n"
                "Looks at everything that an agent, a validator or a relying party needs on this machine, and\n"
                "says what to do about it. What is not named is looked for where it usually is, and its absence\n"
                "is no fault.\n"
                "Writes and sends nothing, opens no keystore, works offline.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 nothing is wrong, 1 something may be, 5 something is, 8 the registries disagree,\n"
             "64 usage, 70 internal.",
};

static const char *const result_names[] = { "OK", "WARN", "FAIL", "SKIPPED" };

/* ----------------------------------------------------------------- findings ---- */

static finding *next_finding(examination *x, const char *name, finding_result result, const char *next)
{
    if (x->count == MAX_FINDINGS) {
        x->count--; /* the last row says that there were more */
        name = "more";
    }
    finding *f = &x->findings[x->count++];
    *f = (finding){ .result = result, .code = result == FOUND_FAIL ? EXIT_ENVIRONMENT : EXIT_AFFIRMING };
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    (void)snprintf(f->next, sizeof f->next, "%s", next == NULL ? "" : next);
    return f;
}

void found(examination *x, const char *name, finding_result result, const char *next, const char *format, ...)
{
    finding *f = next_finding(x, name, result, next);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(f->text, sizeof f->text, format, arguments);
    va_end(arguments);
}

void found_error(examination *x, const char *name, finding_result result, const char *next, const chaos_error *err)
{
    finding *f = next_finding(x, name, result, next);
    const char *text = err->text;
    const size_t length = strcspn(text, "\n"); /* of a missing provider: what is missing; how to install it is `next` */
    (void)snprintf(f->text, sizeof f->text, "%s: %.*s%s%s", chaos_status_name(err->status), (int)length, text,
                   err->found[0] == '\0' ? "" : "; found ", err->found);
    if (next == NULL && text[length] == '\n') {
        (void)snprintf(f->next, sizeof f->next, "%s", text + length + 1);
    }
    f->code = result == FOUND_FAIL ? chain_exit(err->status) : EXIT_AFFIRMING;
}

bool names_network(const examination *x)
{
    static const char *const variables[] = { "CHAOS_NETWORK", "CHAOS_RPC", "CHAOS_IDENTITY" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return true;
        }
    }
    return options_has(&x->o, NET_OPT_NETWORK) || options_has(&x->o, NET_OPT_RPC) ||
           options_has(&x->o, NET_OPT_IDENTITY);
}

/* ----------------------------------------------------------------- verdict ---- */

static size_t count_of(const examination *x, finding_result result)
{
    size_t count = 0;
    for (size_t i = 0; i < x->count; i++) {
        count += x->findings[i].result == result ? 1 : 0;
    }
    return count;
}

/* That of the first fault, where the registries' disagreement is worth its own; else 1 with a warning. */
static int exit_of(const examination *x)
{
    for (size_t i = 0; i < x->count; i++) {
        if (x->findings[i].result == FOUND_FAIL) {
            return x->findings[i].code == EXIT_REGISTRIES ? EXIT_REGISTRIES : EXIT_ENVIRONMENT;
        }
    }
    return count_of(x, FOUND_WARN) > 0 ? EXIT_WARNING : EXIT_AFFIRMING;
}

static bool write_json(const examination *x, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_object(&w, "counts");
    json_write_unsigned(&w, "fail", count_of(x, FOUND_FAIL));
    json_write_unsigned(&w, "ok", count_of(x, FOUND_OK));
    json_write_unsigned(&w, "skipped", count_of(x, FOUND_SKIPPED));
    json_write_unsigned(&w, "warn", count_of(x, FOUND_WARN));
    json_write_object_end(&w);
    json_write_unsigned(&w, "exit_code", (uint64_t)exit_of(x));
    json_write_array(&w, "rows");
    for (size_t i = 0; i < x->count; i++) {
        const finding *f = &x->findings[i];
        json_write_object(&w, NULL);
        json_write_text(&w, "name", f->name);
        if (f->next[0] == '\0') {
            json_write_null(&w, "next");
        } else {
            json_write_bytes_as_text(&w, "next", slice_text(f->next));
        }
        json_write_text(&w, "result", result_names[f->result]);
        json_write_bytes_as_text(&w, "text", slice_text(f->text));
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_text(&w, "schema", SCHEMA);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

/* ------------------------------------------------------------------- words ---- */

static bool write_finding(const finding *f, chaos_buffer *out)
{
    char text[sizeof f->text * 4];
    bool ok = buffer_append_format(out, "%-*s%-*s", NAME_COLUMN, result_names[f->result], TEXT_COLUMN - NAME_COLUMN,
                                   f->name) &&
              text_wrapped(out, TEXT_COLUMN, error_quote(text, sizeof text, slice_text(f->text)));
    if (ok && f->next[0] != '\0') {
        ok = buffer_append_format(out, "%*s", TEXT_COLUMN, "-> ") &&
             text_wrapped(out, TEXT_COLUMN, error_quote(text, sizeof text, slice_text(f->next)));
    }
    return ok;
}

/* What to type next: about the first fault, else the next step of an agent. */
static const char *advice(const examination *x, char text[512])
{
    char words[256];
    for (size_t i = 0; i < x->count; i++) {
        if (x->findings[i].result == FOUND_FAIL && x->findings[i].next[0] != '\0') {
            (void)snprintf(text, 512, "first, about %s: %s", x->findings[i].name, x->findings[i].next);
            return text;
        }
    }
    if (x->config.path == NULL || x->config_err.status != CHAOS_OK) {
        return "chaoschain agent init NAME begins an agent; make demo shows the whole life of one";
    }
    (void)snprintf(text, 512, "chaoschain agent register%s", agent_config_words(&x->config, words, sizeof words));
    return text;
}

static bool write_text(const examination *x, chaos_buffer *out)
{
    char text[512];
    bool ok = true;
    for (size_t i = 0; ok && i < x->count; i++) {
        ok = write_finding(&x->findings[i], out);
    }
    return ok &&
           buffer_append_format(out, "\n%zu OK, %zu WARN, %zu FAIL, %zu SKIPPED\nNext: ", count_of(x, FOUND_OK),
                                count_of(x, FOUND_WARN), count_of(x, FOUND_FAIL), count_of(x, FOUND_SKIPPED)) &&
           text_wrapped(out, (int)strlen("Next: "), advice(x, text));
}

/* -------------------------------------------------------------------- main ---- */

static void look_at_config(examination *x)
{
    if (x->config_err.status != CHAOS_OK) {
        found_error(x, "config", FOUND_FAIL, "man chaoschain-agent-config; what follows is without it", &x->config_err);
        return;
    }
    if (x->config.path == NULL) {
        found(x, "config", FOUND_SKIPPED, "chaoschain agent init NAME",
              "no agent's config file (--config, ./agent.json)");
        return;
    }
    found(x, "config", FOUND_OK, NULL, "%s", x->config.path);
}

static int examine(examination *x)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    x->now = (int64_t)time(NULL);
    x->has_session = session_read(&x->s, &x->o, PROGRAM, NULL, &x->session_err) == CHAOS_OK;
    look_at_software(x);
    look_at_config(x);
    look_at_tees(x);
    look_at_chain(x);
    look_at_keys(x);
    look_at_files(x);
    if (options_has(&x->o, NET_OPT_JSON) ? !write_json(x, &out) : !write_text(x, &out)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    return say_result(PROGRAM, buffer_slice(&out), exit_of(x));
}

int main(int argc, char **argv)
{
    bool helped = false;
    examination *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    int code = argc > 1 && strcmp(argv[1], "--version") == 0 ? -1 : session_options(&table, argc, argv, &x->o, &helped);
    if (code == -1) {
        code = options_version("chaoschain-doctor");
    } else if (code == 0 && !helped) {
        options with_config = x->o; /* all of the file, or nothing of it */
        if (agent_config_apply(&x->config, &with_config, true, &x->config_err) == CHAOS_OK) {
            x->o = with_config;
        }
        code = examine(x);
    }
    session_close(&x->s);
    agent_config_free(&x->config);
    free(x);
    return code;
}
