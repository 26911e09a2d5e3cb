/* init.c - chaoschain agent init: a folder with an agent's config file, and with what a dstack VM is to run. */
#include "agent_program.h"
#include "compose_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "chaoschain agent init"
#define OUT_MAX 16384u
#define FILE_MAX 65536u
#define NAME_MAX_CHARACTERS 64
#define LABEL_MAX 32
#define CONTENT_LINE "    content: |\n" /* what follows it in the template is an example's config */
#define CONTENT_INDENT "      "
#define STORE "store"

enum {
    OPT_NAME = NET_OPT_COUNT,
    OPT_PROVIDER,
    OPT_TEE_ENDPOINT,
    OPT_KEYSTORE,
    OPT_DESCRIPTION,
    OPT_ENDPOINT,
    OPT_PUBLISH_BASE,
    OPT_OUT,
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_NAME] = { "NAME", NULL, 2, false, "of the agent; its key is made from it" },
    [OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "which TEE; phala-dstack is the default" },
    [OPT_TEE_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },
    [OPT_KEYSTORE] = { "--keystore", "FILE", 1, false, "of its owner, who pays; one of the agent's name by default" },
    [OPT_DESCRIPTION] = { "--description", "TEXT", 1, false, "what it does" },
    [OPT_ENDPOINT] = { "--endpoint", "URL", 1, false, "of its own attestation endpoint" },
    [OPT_PUBLISH_BASE] = { "--publish-base", "URL", 1, false, "where its published files are: https://HOST/PATH/" },
    [OPT_OUT] = { "--out", "DIR", 1, false, "the folder, which is made; its name is the agent's by default" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " NAME [--tee-provider NAME] [--network NAME] [--out DIR] [OPTION]...\n"
                "Writes a folder with the agent's config file (agent.json) and, for phala-dstack, the files to deploy\n"
                "(docker-compose.yaml, app-compose.json). All of it or nothing; what is there is never overwritten.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "'man chaoschain-agent-config' explains the config file.\n"
             "Exit code: 0 done, 5 environment (the folder is there, a file), 64 usage, 70 internal.",
};

typedef struct beginning {
    const options *o;
    const char *name, *provider;
    char label[LABEL_MAX + 1];
    char network[PATH_MAX]; /* its name, or its file's absolute path */
    char folder[PATH_MAX];
    char keystore[PATH_MAX];
    bool has_compose;
    chaos_buffer config, yaml, app;
} beginning;

/* ------------------------------------------------------------------- words ---- */

static chaos_status read_name(beginning *b, chaos_error *err)
{
    CHAOS_TRY(read_operand(b->o, OPT_NAME, 0, 1, "NAME", &b->name, err));
    const size_t length = strlen(b->name);
    bool good = length <= NAME_MAX_CHARACTERS;
    for (size_t i = 0; good && i < length; i++) {
        good = b->name[i] >= ' ' && b->name[i] <= '~';
        if (i < LABEL_MAX) {
            const unsigned char c = (unsigned char)b->name[i];
            b->label[i] = isalnum(c) ? (char)tolower(c) : '-';
        }
    }
    return good ? CHAOS_OK : usage_error(err, "NAME", b->name, "1 to 64 printable characters");
}

static chaos_status absolute(const char *option, const char *path, char out[PATH_MAX], chaos_error *err)
{
    return realpath(path, out) != NULL ? CHAOS_OK
                                       : error_set(err, CHAOS_E_FILE_IO, option, CHAOS_NO_OFFSET, "'%s': %s",
                                                   shown(path).text, strerror(errno));
}

/* The session's own reading of --network, so that what is written is what is understood. */
static chaos_status read_network(beginning *b, chaos_error *err)
{
    options o = *b->o;
    chain_session s = { .program = PROGRAM };
    const char *given = options_value(&o, NET_OPT_NETWORK, 0);
    const char *variable = getenv("CHAOS_NETWORK");
    given = given != NULL ? given : variable != NULL && variable[0] != '\0' ? variable
                                                                            : "local";
    chaos_status status = session_read(&s, &o, PROGRAM, NULL, err);
    session_close(&s);
    CHAOS_TRY(status);
    if (!is_network_file(given)) {
        (void)snprintf(b->network, sizeof b->network, "%s", given);
        return CHAOS_OK;
    }
    return absolute("--network", given, b->network, err);
}

static chaos_status read_words(beginning *b, chaos_error *err)
{
    const char *keystore = options_value(b->o, OPT_KEYSTORE, 0);
    const char *folder = options_value(b->o, OPT_OUT, 0);
    const char *base = options_value(b->o, OPT_PUBLISH_BASE, 0);
    CHAOS_TRY(read_name(b, err));
    CHAOS_TRY(read_network(b, err));
    b->provider = options_value(b->o, OPT_PROVIDER, 0);
    b->provider = b->provider == NULL ? "phala-dstack" : b->provider;
    for (const char *c = b->provider; *c != '\0'; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-')) {
            return usage_error(err, "--tee-provider", b->provider, "a name as 'chaoschain providers' lists them");
        }
    }
    b->has_compose = strcmp(b->provider, "phala-dstack") == 0;
    if (base != NULL && (strncmp(base, "http", 4) != 0 || base[strlen(base) - 1] != '/')) {
        return usage_error(err, "--publish-base", base, "https://HOST/PATH/ with a slash at its end");
    }
    (void)snprintf(b->folder, sizeof b->folder, "%s", folder == NULL ? b->label : folder);
    if (keystore == NULL || strchr(keystore, '/') == NULL) {
        (void)snprintf(b->keystore, sizeof b->keystore, "%s", keystore == NULL ? b->label : keystore);
        return CHAOS_OK;
    }
    return absolute("--keystore", keystore, b->keystore, err);
}

/* ------------------------------------------------------------------- files ---- */

static bool set_option(json_t *object, const char *key, const options *o, size_t row)
{
    const char *value = options_value(o, row, 0);
    return value == NULL || json_object_set_new(object, key, json_string(value)) == 0;
}

static bool set_list(json_t *file, const options *o)
{
    const char *url = options_value(o, NET_OPT_RPC, 0);
    if (url == NULL) {
        return true;
    }
    json_t *list = json_array();
    bool ok = json_object_set_new(file, "rpc", list) == 0;
    for (size_t i = 0; ok && url != NULL; url = options_value(o, NET_OPT_RPC, ++i)) {
        ok = json_array_append_new(list, json_string(url)) == 0;
    }
    return ok;
}

static bool set_registries(json_t *file, const options *o)
{
    json_t *object = json_object();
    const bool ok = set_option(object, "identity", o, NET_OPT_IDENTITY) &&
                    set_option(object, "reputation", o, NET_OPT_REPUTATION) &&
                    set_option(object, "validation", o, NET_OPT_VALIDATION);
    if (ok && json_object_size(object) > 0) {
        return json_object_set_new(file, "registries", object) == 0;
    }
    json_decref(object);
    return ok;
}

static json_t *config_of(const beginning *b)
{
    json_t *file = json_pack("{s:s, s:s}", "schema", AGENT_CONFIG_SCHEMA, "name", b->name);
    bool ok = file != NULL && set_option(file, "description", b->o, OPT_DESCRIPTION) &&
              json_object_set_new(file, "network", json_string(b->network)) == 0 && set_list(file, b->o) &&
              set_registries(file, b->o);
    json_t *tee = json_pack("{s:s}", "provider", b->provider);
    ok = ok && tee != NULL && set_option(tee, "endpoint", b->o, OPT_TEE_ENDPOINT);
    ok = json_object_set_new(file, "tee", tee) == 0 && ok; /* takes `tee`, whatever comes */
    ok = ok && json_object_set_new(file, "keystore", json_string(b->keystore)) == 0 &&
         json_object_set_new(file, "store", json_string(STORE "/agent.db")) == 0;
    json_t *publish = json_pack("{s:s}", "folder", STORE "/public");
    ok = ok && publish != NULL && set_option(publish, "base", b->o, OPT_PUBLISH_BASE);
    ok = json_object_set_new(file, "publish", publish) == 0 && ok;
    if (ok && set_option(file, "endpoint", b->o, OPT_ENDPOINT)) {
        return file;
    }
    json_decref(file);
    return NULL;
}

static bool dump(const json_t *value, chaos_buffer *out)
{
    char *text = json_dumps(value, JSON_INDENT(2));
    const bool ok = text != NULL && buffer_append_text(out, text) && buffer_append_text(out, "\n");
    free(text);
    return ok;
}

/* The template with this agent's config in place of the example's, indented; a "$" would be a variable there. */
static bool write_yaml(beginning *b)
{
    const char *text = (const char *)b->config.data;
    const char *template = (const char *)compose_yaml;
    const char *end = strstr(template, CONTENT_LINE);
    bool ok = end != NULL && buffer_append(&b->yaml, slice(template, (size_t)(end - template))) &&
              buffer_append_text(&b->yaml, CONTENT_LINE);
    for (size_t i = 0; ok && i < b->config.size; i++) {
        ok = (i > 0 && text[i - 1] != '\n') || buffer_append_text(&b->yaml, CONTENT_INDENT);
        ok = ok && buffer_append(&b->yaml, slice(text + i, 1)) && (text[i] != '$' || buffer_append_text(&b->yaml, "$"));
    }
    return ok && buffer_append(&b->yaml, slice("", 1));
}

static bool write_app(beginning *b)
{
    json_t *app = json_loadb((const char *)app_compose_json, app_compose_json_size, 0, NULL);
    bool ok = app != NULL && json_object_set_new(app, "name", json_string(b->label)) == 0 &&
              json_object_set_new(app, "docker_compose_file", json_string((const char *)b->yaml.data)) == 0;
    b->yaml.size--; /* the NUL has served */
    ok = ok && dump(app, &b->app);
    json_decref(app);
    return ok;
}

static chaos_status write_all(beginning *b, chaos_error *err)
{
    json_t *config = config_of(b);
    const bool ok = config != NULL && dump(config, &b->config) && (!b->has_compose || (write_yaml(b) && write_app(b)));
    json_decref(config);
    return ok ? CHAOS_OK : no_memory(err);
}

/* ------------------------------------------------------------------ folder ---- */

static chaos_status cannot(const char *what, const char *path, chaos_error *err)
{
    return error_set(err, CHAOS_E_FILE_IO, "--out", CHAOS_NO_OFFSET, "cannot %s '%s': %s", what, shown(path).text,
                     strerror(errno));
}

static chaos_status put_file(const char *folder, const char *name, const chaos_buffer *bytes, chaos_error *err)
{
    char path[PATH_MAX];
    if (bytes->size == 0) {
        return CHAOS_OK;
    }
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof path
               ? output_write("--out", path, buffer_slice(bytes), 0666, err)
               : error_set(err, CHAOS_E_USAGE, "--out", CHAOS_NO_OFFSET, "the path is too long");
}

static const char *const file_names[] = { "agent.json", "docker-compose.yaml", "app-compose.json", STORE };

static void remove_folder(const char *folder)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(file_names); i++) {
        const int n = snprintf(path, sizeof path, "%s/%s", folder, file_names[i]);
        if (n > 0 && (size_t)n < sizeof path && unlink(path) != 0) {
            (void)rmdir(path);
        }
    }
    (void)rmdir(folder);
}

static chaos_status fill_folder(const beginning *b, const char *folder, chaos_error *err)
{
    char store[PATH_MAX];
    const int n = snprintf(store, sizeof store, "%s/" STORE, folder);
    CHAOS_TRY(put_file(folder, file_names[0], &b->config, err));
    CHAOS_TRY(put_file(folder, file_names[1], &b->yaml, err));
    CHAOS_TRY(put_file(folder, file_names[2], &b->app, err));
    return n > 0 && (size_t)n < sizeof store && mkdir(store, 0700) == 0 ? CHAOS_OK : cannot("make", folder, err);
}

/* Under a name of its own first: renaming it is all or nothing, and goes over nothing but an empty folder. */
static chaos_status put_folder(const beginning *b, chaos_error *err)
{
    char temporary[PATH_MAX];
    size_t length = strlen(b->folder);
    while (length > 1 && b->folder[length - 1] == '/') {
        length--;
    }
    const int n = snprintf(temporary, sizeof temporary, "%.*s.%ld.tmp", (int)length, b->folder, (long)getpid());
    if (n <= 0 || (size_t)n >= sizeof temporary) {
        return error_set(err, CHAOS_E_USAGE, "--out", CHAOS_NO_OFFSET, "the path is too long");
    }
    if (mkdir(temporary, 0777) != 0) {
        return cannot("make", temporary, err);
    }
    chaos_status status = fill_folder(b, temporary, err);
    if (status == CHAOS_OK && rename(temporary, b->folder) != 0) {
        status = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == EBUSY || errno == EINVAL
                     ? error_set(err, CHAOS_E_FILE_IO, "--out", CHAOS_NO_OFFSET,
                                 "'%s' is there already: nothing is overwritten; --out DIR takes another place",
                                 shown(b->folder).text)
                     : cannot("make", b->folder, err);
    }
    if (status != CHAOS_OK) {
        remove_folder(temporary);
    }
    return status;
}

/* -------------------------------------------------------------------- says ---- */

static bool write_text(const beginning *b, chaos_buffer *out)
{
    bool ok = row_bytes(out, "agent", slice_text(b->name)) && row_bytes(out, "network", slice_text(b->network)) &&
              row_bytes(out, "TEE", slice_text(b->provider)) && row_bytes(out, "folder", slice_text(b->folder)) &&
              row_text(out, "  config", "agent.json");
    ok = ok && (!b->has_compose || row_text(out, "  to deploy", "docker-compose.yaml (put your image's digest in), "
                                                                "app-compose.json (measured)"));
    ok = ok && buffer_append_text(out, "\nNext:\n");
    ok = ok && (options_has(b->o, OPT_KEYSTORE) ||
                buffer_append_format(out, "  chaoschain account new --keystore %s\n", b->keystore));
    return ok && buffer_append_format(out,
                                      "  chaoschain doctor --config %s/agent.json\n"
                                      "  chaoschain agent register --config %s/agent.json\n",
                                      shown(b->folder).text, shown(b->folder).text);
}

static bool write_json(const beginning *b, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_array(&w, "files");
    for (size_t i = 0; i < (b->has_compose ? 3u : 1u); i++) {
        json_write_text(&w, NULL, file_names[i]);
    }
    json_write_array_end(&w);
    json_write_bytes_as_text(&w, "folder", slice_text(b->folder));
    json_write_text(&w, "name", b->name);
    json_write_text(&w, "provider", b->provider);
    json_write_text(&w, "schema", "chaoschain/agent-init/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static int say(const beginning *b)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    const bool ok = options_has(b->o, NET_OPT_JSON) ? write_json(b, &out) : write_text(b, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static chaos_status run(beginning *b, chaos_error *err)
{
    CHAOS_TRY(read_words(b, err));
    CHAOS_TRY(write_all(b, err));
    return put_folder(b, err);
}

int agent_init(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    beginning b = { .o = &o,
                    .config = CHAOS_BUFFER_INIT(FILE_MAX),
                    .yaml = CHAOS_BUFFER_INIT(FILE_MAX),
                    .app = CHAOS_BUFFER_INIT(2 * FILE_MAX) };
    code = run(&b, &err) == CHAOS_OK ? say(&b) : chain_fault(PROGRAM, &err);
    chaos_buffer_free(&b.config);
    chaos_buffer_free(&b.yaml);
    chaos_buffer_free(&b.app);
    return code;
}
