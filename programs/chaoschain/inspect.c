/* inspect.c - chaoschain inspect FILE: what evidence says of itself, believed by nobody. */
#include "verbs.h"

#include <chaoschain/chaoschain.h>

#include <unistd.h>

#define PROGRAM "chaoschain inspect"
#define TABLE_MAX (4u * 1024u * 1024u) /* an envelope in hex, and room */
#define NAME_MAX_SHOWN 96              /* "header.att_key_type" */
#define NAME_COLUMN 42                 /* the longest name of a quote and a little */

enum {
    OPT_FILE,
    OPT_JSON,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_FILE] = { "FILE", "FILE", 1, false, "an envelope, or a quote in binary, hex or base64; - is standard input" },
    [OPT_JSON] = { "--json", NULL, 0, false, "one line of JSON" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--json] FILE | -\n"
                "Shows every field of an envelope or a quote by the name that its specification gives it.\n"
                "Nothing is verified.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 shown, 3 malformed, 5 the file cannot be read, 64 usage, 70 internal.",
};

/* ------------------------------------------------------------ for people ---- */

/* The dotted name of the member at hand: a stack of lengths instead of recursion. */
typedef struct dotted {
    char text[NAME_MAX_SHOWN];
    size_t ends[JSON_MAX_DEPTH + 1];
    unsigned depth;
} dotted;

static void dotted_set(dotted *name, chaos_slice key)
{
    size_t begin = name->depth == 0 ? 0 : name->ends[name->depth - 1];
    const char *dot = begin == 0 ? "" : ".";
    size_t room = sizeof name->text - 1 - begin;
    size_t size = strlen(dot) + key.size;
    if (size > room) {
        return; /* our own names are short; a longer one keeps its parent's */
    }
    memcpy(name->text + begin, dot, strlen(dot));
    memcpy(name->text + begin + strlen(dot), key.data, key.size);
    name->text[begin + size] = '\0';
    name->ends[name->depth] = begin + size;
}

static bool write_value(chaos_buffer *out, const dotted *name, chaos_slice value)
{
    bool quoted = value.size >= 2 && value.data[0] == '"';
    chaos_slice bare = quoted ? slice(value.data + 1, value.size - 2) : value;
    return buffer_append_format(out, "%-*s ", NAME_COLUMN, name->text) && buffer_append(out, bare) &&
           buffer_append_text(out, "\n");
}

/* Walks the members of nested objects; arrays and scalars are shown as they stand. The JSON is our own
 * writer's, so controls are escaped in it. */
static bool write_table(chaos_slice text, chaos_buffer *out)
{
    json j;
    dotted name = { { 0 }, { 0 }, 0 };
    chaos_slice key, value;
    json_begin(&j, text, CHAOS_E_INTERNAL);
    json_enter_object(&j, "evidence");
    bool ok = buffer_append_text(
        out, "UNVERIFIED: what the evidence says of itself; nothing here may be relied on.\n");
    while (ok && json_ok(&j)) {
        if (!json_key(&j, &key)) {
            if (name.depth == 0) {
                break;
            }
            name.depth--;
            continue;
        }
        dotted_set(&name, key);
        if (json_peek(&j) == JSON_KIND_OBJECT) {
            json_enter_object(&j, "evidence");
            name.depth++;
        } else {
            json_skip(&j, "evidence", &value);
            ok = json_ok(&j) && (slice_is(key, "unverified") || write_value(out, &name, value));
        }
    }
    return ok && json_ok(&j);
}

/* ------------------------------------------------------------------- verb ---- */

static chaos_status parse(chaos_buffer *bytes, chaos_evidence **evidence, chaos_error *err)
{
    if (input_is_object(buffer_slice(bytes))) {
        return chaos_envelope_parse(buffer_slice(bytes), evidence, err);
    }
    CHAOS_TRY(input_unarmour(bytes, err));
    return chaos_evidence_parse(buffer_slice(bytes), evidence, err);
}

static chaos_status describe(const char *path, chaos_buffer *json_text, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, 0);
    chaos_evidence *evidence = NULL;
    CHAOS_TRY(input_read("FILE", path, CHAOS_MAX_ENVELOPE, &bytes, err));
    CHAOS_TRY(parse(&bytes, &evidence, err));
    chaos_status status = chaos_evidence_describe(evidence, json_text, err);
    chaos_evidence_free(evidence);
    return status;
}

static int inspect(const char *path, bool as_json)
{
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(json_text, TABLE_MAX);
    if (describe(path, &json_text, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    CHAOS_AUTO_BUFFER(text, TABLE_MAX);
    bool ok = as_json ? buffer_append(&text, buffer_slice(&json_text)) && buffer_append_text(&text, "\n")
                      : write_table(buffer_slice(&json_text), &text);
    if (!ok) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "cannot show the evidence");
    }
    return say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING);
}

int verb_inspect(int argc, char **argv)
{
    options given;
    int code = options_parse(&table, argc, argv, &given);
    if (code != 0) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    const char *path = options_value(&given, OPT_FILE, 0);
    if (path == NULL) {
        return say_failure(PROGRAM, EXIT_USAGE, "which evidence? give a FILE, or - for standard input");
    }
    return inspect(path, options_has(&given, OPT_JSON));
}
