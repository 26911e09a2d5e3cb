/* config.c - an agent's config file: the operator's own words, which stand for options that are not given. */
#include "agent_options.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX (32u * PATH_MAX)

typedef enum value_kind {
    VALUE_TEXT,   /* as it is */
    VALUE_FILE,   /* a path: of the config file's folder, unless it is absolute */
    VALUE_PLACE,  /* a path where it has a "/" or ends in .json, else a name */
    VALUE_LIST,   /* one text, or several */
    VALUE_NUMBER, /* a whole number */
    VALUE_MEMBERS /* an object, handed on as JSON */
} value_kind;

/* Every key there is. man/chaoschain-agent-config.5.scd explains each; a test compares the two. */
static const struct config_key {
    const char *group, *key; /* group NULL: of the file itself */
    size_t row;
    value_kind kind;
} keys[] = {
    { NULL, "name", AGENT_OPT_NAME, VALUE_TEXT },
    { NULL, "description", AGENT_OPT_DESCRIPTION, VALUE_TEXT },
    { NULL, "network", NET_OPT_NETWORK, VALUE_PLACE },
    { NULL, "rpc", NET_OPT_RPC, VALUE_LIST },
    { "registries", "identity", NET_OPT_IDENTITY, VALUE_TEXT },
    { "registries", "reputation", NET_OPT_REPUTATION, VALUE_TEXT },
    { "registries", "validation", NET_OPT_VALIDATION, VALUE_TEXT },
    { "tee", "provider", AGENT_OPT_PROVIDER, VALUE_TEXT },
    { "tee", "endpoint", AGENT_OPT_TEE_ENDPOINT, VALUE_TEXT },
    { "tee", "options", AGENT_OPT_TEE_OPTIONS, VALUE_MEMBERS },
    { "tee", "plugin", AGENT_OPT_TEE_PLUGIN, VALUE_FILE },
    { NULL, "generation", AGENT_OPT_GENERATION, VALUE_NUMBER },
    { NULL, "keystore", SEND_OPT_KEYSTORE, VALUE_PLACE },
    { NULL, "store", SEND_OPT_JOURNAL, VALUE_FILE },
    { NULL, "confirmations", SEND_OPT_CONFIRMATIONS, VALUE_NUMBER },
    { NULL, "max_fee_gwei", SEND_OPT_MAX_FEE, VALUE_TEXT },
    { "publish", "folder", AGENT_OPT_PUBLISH, VALUE_FILE },
    { "publish", "base", AGENT_OPT_PUBLISH_BASE, VALUE_TEXT },
    { NULL, "endpoint", AGENT_OPT_ENDPOINT, VALUE_TEXT },
    { NULL, "collateral", AGENT_OPT_COLLATERAL, VALUE_FILE },
};

/* --------------------------------------------------------------- errors ---- */

static chaos_status wrong(const agent_config *config, chaos_error *err, const char *group, const char *key,
                          const char *what)
{
    return error_set(err, CHAOS_E_USAGE, "--config", CHAOS_NO_OFFSET, "%s: \"%s%s%s\" %s", shown(config->path).text,
                     group == NULL ? "" : group, group == NULL ? "" : ".", shown(key).text, what);
}

static chaos_status unknown(const agent_config *config, chaos_error *err, const char *group, const char *key)
{
    const char *names[CHAOS_ARRAY_SIZE(keys) + 1] = { NULL };
    size_t count = 0;
    if (strstr(key, "passphrase") != NULL || strstr(key, "private") != NULL || strstr(key, "secret") != NULL) {
        return wrong(config, err, group, key, "is not possible: no secret stands in a file (--passphrase-fd N)");
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        const bool same = group == NULL ? keys[i].group == NULL
                                        : keys[i].group != NULL && strcmp(keys[i].group, group) == 0;
        if (same) {
            names[count++] = keys[i].key;
        }
    }
    const char *meant = did_you_mean(key, names);
    (void)wrong(config, err, group, key, "is no key of a config file");
    error_expected(err, "%s", meant == NULL ? "one that 'man chaoschain-agent-config' lists" : meant);
    return CHAOS_E_USAGE;
}

static chaos_status too_much(const agent_config *config, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, "--config", CHAOS_NO_OFFSET, "%s says more than there is room for",
                     shown(config->path).text);
}

/* --------------------------------------------------------------- values ---- */

/* A text of the file's own, which lives as long as `config`: `text` never moves. */
static const char *keep(agent_config *config, const char *text)
{
    const char *begin = (const char *)config->text.data + config->text.size;
    return buffer_append(&config->text, slice(text, strlen(text) + 1)) ? begin : NULL;
}

static const char *resolve(agent_config *config, const char *path)
{
    char whole[PATH_MAX];
    const char *slash = strrchr(config->path, '/');
    if (path[0] == '/' || slash == NULL) {
        return path;
    }
    int n = snprintf(whole, sizeof whole, "%.*s/%s", (int)(slash - config->path), config->path, path);
    return n > 0 && (size_t)n < sizeof whole ? keep(config, whole) : NULL;
}

static const char *number_text(agent_config *config, const json_t *value)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
    return keep(config, digits);
}

static const char *members_text(agent_config *config, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    const char *kept = text == NULL ? NULL : keep(config, text);
    free(text);
    return kept;
}

/* The option's words for a value. NULL: there is no room. */
static const char *words_of(agent_config *config, const struct config_key *key, const json_t *value)
{
    const char *text = json_string_value(value);
    switch (key->kind) {
    case VALUE_FILE:
        return resolve(config, text);
    case VALUE_PLACE:
        return is_network_file(text) ? resolve(config, text) : text;
    case VALUE_NUMBER:
        return number_text(config, value);
    case VALUE_MEMBERS:
        return members_text(config, value);
    case VALUE_TEXT:
    case VALUE_LIST:
        break;
    }
    return text;
}

static const char *wrong_kind(const struct config_key *key, const json_t *value)
{
    if (key->kind == VALUE_NUMBER) {
        return json_is_integer(value) && json_integer_value(value) >= 0 ? NULL : "is to be a whole number";
    }
    if (key->kind == VALUE_MEMBERS) {
        return json_is_object(value) ? NULL : "is to be an object";
    }
    return json_string_length(value) > 0 ? NULL : "is to be a text, and not an empty one";
}

static chaos_status take(agent_config *config, options *o, const struct config_key *key, const json_t *value,
                         chaos_error *err)
{
    const char *what = wrong_kind(key, value);
    if (what != NULL) {
        return wrong(config, err, key->group, key->key, what);
    }
    const char *words = words_of(config, key, value);
    return words != NULL && options_add(o, key->row, words) ? CHAOS_OK : too_much(config, err);
}

static chaos_status take_list(agent_config *config, options *o, const struct config_key *key, const json_t *value,
                              chaos_error *err)
{
    size_t i;
    json_t *entry;
    if (json_array_size(value) == 0 || json_array_size(value) > CHAOS_MAX_ENDPOINTS) {
        return wrong(config, err, key->group, key->key, "is to be a text, or a list of 1 to 8");
    }
    json_array_foreach(value, i, entry)
    {
        CHAOS_TRY(take(config, o, key, entry, err));
    }
    return CHAOS_OK;
}

/* --------------------------------------------------------------- members ---- */

static bool is_group(const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        if (keys[i].group != NULL && strcmp(keys[i].group, name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct config_key *find_key(const char *group, const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        const bool same = group == NULL ? keys[i].group == NULL
                                        : keys[i].group != NULL && strcmp(keys[i].group, group) == 0;
        if (same && strcmp(keys[i].key, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* Checks every member, and takes those that the command line leaves open. */
static chaos_status take_member(agent_config *config, options *o, const options *given, const char *group,
                                const char *name, const json_t *value, chaos_error *err)
{
    options unused = *given;
    const struct config_key *key = find_key(group, name);
    if (key == NULL) {
        return unknown(config, err, group, name);
    }
    options *into = options_has(given, key->row) ? &unused : o;
    return key->kind == VALUE_LIST && json_is_array(value) ? take_list(config, into, key, value, err)
                                                           : take(config, into, key, value, err);
}

static chaos_status take_group(agent_config *config, options *o, const options *given, const char *group,
                               json_t *object, chaos_error *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        return wrong(config, err, NULL, group, "is to be an object");
    }
    json_object_foreach(object, name, value)
    {
        CHAOS_TRY(take_member(config, o, given, group, name, value, err));
    }
    return CHAOS_OK;
}

static chaos_status take_all(agent_config *config, options *o, json_t *file, chaos_error *err)
{
    const options given = *o;
    const char *name;
    json_t *value;
    const char *schema = json_string_value(json_object_get(file, "schema"));
    if (schema == NULL || strcmp(schema, AGENT_CONFIG_SCHEMA) != 0) {
        return wrong(config, err, NULL, "schema", "is to be " AGENT_CONFIG_SCHEMA);
    }
    json_object_foreach(file, name, value)
    {
        if (strcmp(name, "schema") == 0) {
            continue;
        }
        if (strcmp(name, "$comment") == 0) {
            CHAOS_TRY(json_is_string(value) ? CHAOS_OK : wrong(config, err, NULL, name, "is to be a text"));
        } else if (is_group(name)) {
            CHAOS_TRY(take_group(config, o, &given, name, value, err));
        } else {
            CHAOS_TRY(take_member(config, o, &given, NULL, name, value, err));
        }
    }
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- calls ---- */

static const char *find_file(agent_config *config, const options *o, bool search)
{
    const char *named = options_value(o, AGENT_OPT_CONFIG, 0);
    if (named != NULL) {
        return named;
    }
    named = getenv("CHAOS_AGENT_CONFIG");
    if (named == NULL || named[0] == '\0') {
        named = search && access(AGENT_CONFIG_DEFAULT, F_OK) == 0 ? AGENT_CONFIG_DEFAULT : NULL;
    }
    config->is_default = named != NULL;
    return named;
}

chaos_status agent_config_apply(agent_config *config, options *o, bool search, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, AGENT_CONFIG_MAX + 1);
    json_error_t why;
    char quoted[100];
    *config = (agent_config){ .text = CHAOS_BUFFER_INIT(TEXT_MAX) };
    config->path = find_file(config, o, search);
    if (config->path == NULL) {
        return CHAOS_OK;
    }
    if (buffer_reserve(&config->text, TEXT_MAX) == NULL) { /* so that it never moves */
        return no_memory(err);
    }
    CHAOS_TRY(input_read("--config", config->path, AGENT_CONFIG_MAX, &text, err));
    if (text.size > AGENT_CONFIG_MAX) {
        return too_much(config, err);
    }
    json_t *file = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    config->json = file;
    if (!json_is_object(file)) {
        return error_set(err, CHAOS_E_USAGE, "--config", file == NULL ? (size_t)why.position : CHAOS_NO_OFFSET,
                         "%s is no JSON object: %s", shown(config->path).text,
                         file == NULL ? error_quote(quoted, sizeof quoted, slice_text(why.text)) : "another value");
    }
    return take_all(config, o, file, err);
}

void agent_config_free(agent_config *config)
{
    json_decref(config->json);
    chaos_buffer_free(&config->text);
    *config = (agent_config){ .path = NULL };
}

const char *agent_config_words(const agent_config *config, char *text, size_t capacity)
{
    text[0] = '\0';
    if (config->path != NULL && !config->is_default) {
        (void)snprintf(text, capacity, " --config %s", shown(config->path).text);
    }
    return text;
}
