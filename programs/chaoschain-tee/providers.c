/* providers.c - chaoschain providers: which TEEs this version knows, which are installed, which one this machine is. */
#include "tee_program.h"

#include <pthread.h>

#define PROGRAM "chaoschain providers"
#define MAX_REPORT 65536u
#define MAX_ROWS 16

enum {
    OPT_NAME,
    OPT_OPTIONS,
    OPT_PLUGIN,
    OPT_DETECT,
    OPT_JSON,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_NAME] = { "NAME", "NAME", MAX_ROWS, false, "only this one, known or not" },
    [OPT_OPTIONS] = { "--tee-options", "JSON", 1, false, "options of the provider, with one NAME" },
    [OPT_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file, with one NAME" },
    [OPT_DETECT] = { "--detect", NULL, 1, false, "which TEE is this machine, by what can be seen" },
    [OPT_JSON] = { "--json", NULL, 1, false, "one line of JSON" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [OPTION]... [NAME]...\n"
                "Lists the TEE providers and whether this machine has their TEE. Each is asked in a process of its\n"
                "own that is ended after a second; nothing of a provider runs in this one.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 listed; with NAMEs 0 only if each of them is available, else 5;\n"
             "with --detect 0 only if this machine is a TEE that '--tee-provider auto' takes, else 5.\n"
             "64 usage, 70 internal.",
};

/* One provider, asked in a thread of its own so that all together take no longer than the slowest. */
typedef struct inquiry {
    const chaos_tee_registry *registry;
    const char *options;
    const char *name;
    const chaos_tee_known *known; /* NULL: a stranger */
    chaos_status status;
    chaos_error reason;
    pthread_t thread;
    bool has_thread;
} inquiry;

static void *inquire(void *argument)
{
    inquiry *i = argument;
    if (i->known != NULL && !i->known->is_built) {
        i->status = error_set(&i->reason, CHAOS_E_NOT_AVAILABLE, NULL, CHAOS_NO_OFFSET,
                              "this version has no plug-in for it yet");
        return NULL;
    }
    i->status = chaos_tee_probe(i->registry, i->name, i->options, &i->reason);
    return NULL;
}

static void inquire_all(inquiry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list[i].has_thread = pthread_create(&list[i].thread, NULL, inquire, &list[i]) == 0;
        if (!list[i].has_thread) {
            (void)inquire(&list[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].has_thread) {
            (void)pthread_join(list[i].thread, NULL);
        }
    }
}

static const char *state_of(const inquiry *i)
{
    if (i->status == CHAOS_OK) {
        return i->known != NULL && !i->known->is_hardware ? "available (simulated)" : "available";
    }
    if (i->known != NULL && !i->known->is_built) {
        return "planned";
    }
    return i->status == CHAOS_E_PROVIDER_MISSING ? "not installed" : "not available";
}

/* The reason as lines under the row: that of a missing provider has two. */
static bool write_reason(const char *text, chaos_buffer *out)
{
    bool ok = true;
    while (ok && text[0] != '\0') {
        size_t length = strcspn(text, "\n");
        ok = buffer_append_format(out, "    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return ok;
}

static bool write_text(const inquiry *list, size_t count, chaos_buffer *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = buffer_append_format(out, "%-14s %-22s %s\n", shown(list[i].name).text, state_of(&list[i]),
                                  list[i].known == NULL ? "" : list[i].known->summary) &&
             (list[i].status == CHAOS_OK || write_reason(list[i].reason.text, out));
    }
    return ok;
}

static bool write_json(const inquiry *list, size_t count, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_array(&w, "providers");
    for (size_t i = 0; i < count; i++) {
        json_write_object(&w, NULL);
        json_write_boolean(&w, "available", list[i].status == CHAOS_OK);
        json_write_text(&w, "code", chaos_status_name(list[i].status));
        json_write_boolean(&w, "hardware", list[i].known != NULL && list[i].known->is_hardware);
        json_write_bytes_as_text(&w, "name", slice_text(list[i].name));
        json_write_text(&w, "reason", list[i].status == CHAOS_OK ? NULL : list[i].reason.text);
        json_write_text(&w, "state", state_of(&list[i]));
        json_write_text(&w, "summary", list[i].known == NULL ? NULL : list[i].known->summary);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_text(&w, "schema", "chaoschain/providers/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static const chaos_tee_known *find_known(const char *name)
{
    for (size_t i = 0; i < chaos_tee_known_count(); i++) {
        if (strcmp(chaos_tee_known_at(i)->name, name) == 0) {
            return chaos_tee_known_at(i);
        }
    }
    return NULL;
}

/* The names that were given, or all that are known. */
static size_t gather(const options *o, const chaos_tee_registry *registry, inquiry *list)
{
    size_t count = 0;
    const char *name;
    while (count < MAX_ROWS && (name = options_value(o, OPT_NAME, count)) != NULL) {
        list[count] = (inquiry){ .registry = registry, .name = name, .known = find_known(name) };
        list[count++].options = options_value(o, OPT_OPTIONS, 0);
    }
    for (size_t i = 0; !options_has(o, OPT_NAME) && i < chaos_tee_known_count() && count < MAX_ROWS; i++) {
        const chaos_tee_known *known = chaos_tee_known_at(i);
        list[count++] = (inquiry){ .registry = registry, .name = known->name, .known = known };
    }
    return count;
}

static int list_providers(const options *o, const chaos_tee_registry *registry)
{
    CHAOS_AUTO_BUFFER(out, MAX_REPORT);
    inquiry list[MAX_ROWS];
    int code = EXIT_AFFIRMING;
    size_t count = gather(o, registry, list);
    inquire_all(list, count);
    bool ok = options_has(o, OPT_JSON) ? write_json(list, count, &out) : write_text(list, count, &out);
    if (!ok) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < count && options_has(o, OPT_NAME); i++) {
        int of_one = list[i].status == CHAOS_OK ? EXIT_AFFIRMING : exit_of_status(list[i].status);
        code = of_one > code ? of_one : code;
    }
    return say_result(PROGRAM, buffer_slice(&out), code);
}

int verb_providers(int argc, char **argv)
{
    options o;
    CHAOS_AUTO(chaos_tee_registry, registry);
    chaos_error err = { 0 };
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    if (options_has(&o, OPT_HELP)) {
        return options_help(&table);
    }
    if (options_has(&o, OPT_DETECT)) {
        const bool alone = !options_has(&o, OPT_NAME) && !options_has(&o, OPT_OPTIONS) && !options_has(&o, OPT_PLUGIN);
        return alone ? detect_tee(options_has(&o, OPT_JSON))
                     : say_failure(PROGRAM, EXIT_USAGE, "--detect asks about this machine: only --json goes with it");
    }
    bool one = options_has(&o, OPT_NAME) && options_value(&o, OPT_NAME, 1) == NULL;
    if (!one && (options_has(&o, OPT_OPTIONS) || options_has(&o, OPT_PLUGIN))) {
        return say_failure(PROGRAM, EXIT_USAGE, "--tee-options and --tee-plugin need exactly one NAME");
    }
    where.plugin_path = options_value(&o, OPT_PLUGIN, 0);
    if (chaos_tee_registry_new(&where, &registry, &err) != CHAOS_OK) {
        return tee_fault(PROGRAM, &err);
    }
    return list_providers(&o, registry);
}
