#define _GNU_SOURCE /* secure_getenv */
/* registry.c - from a provider's name to its plug-in: searched when it is asked for, loaded once. */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tee/internal.h"
#include "tee/place.h"

#define MAX_SEARCH_PATH 4096
#define MAX_PROVIDERS 64

struct chaos_tee_registry {
    char plugin_path[PLACE_MAX]; /* "" if none was given */
    char search_path[MAX_SEARCH_PATH];
    chaos_log_function *log;
    void *log_context;
    pthread_mutex_t lock;
    size_t count;
    chaos_tee_provider *providers[MAX_PROVIDERS];
};

/* --------------------------------------------------------------------- log ---- */

static void log_to_stderr(void *context, const char *name, chaos_log_level level, const char *line)
{
    static const char *const words[] = { "", "debug", "note", "warning", "error" };
    char text[TEE_MAX_LOG_LINE + 128];
    (void)context;
    if (level < CHAOS_LOG_WARNING || level > CHAOS_LOG_ERROR) {
        return;
    }
    int n = snprintf(text, sizeof text, "chaoschain: %s: %s: %s\n", name, words[level], line);
    if (n > 0 && write(STDERR_FILENO, text, strnlen(text, sizeof text)) < 0) {
        return; /* nobody is listening */
    }
}

void registry_log(const chaos_tee_registry *registry, const char *name, chaos_log_level level, const char *text)
{
    if (registry == NULL) {
        log_to_stderr(NULL, name, level, text);
        return;
    }
    registry->log(registry->log_context, name, level, text);
}

/* ---------------------------------------------------------------- registry ---- */

/* LIBDIR/chaoschain/providers, seen from the library (LIBDIR), a program (BINDIR) or a helper
 * (LIBEXECDIR/chaoschain). */
static const char *const provider_folders[] = { "chaoschain/providers", "../lib/chaoschain/providers",
                                                "../../lib/chaoschain/providers", NULL };

static chaos_status copy(const char *text, size_t capacity, char *out, const char *field, chaos_error *err)
{
    if (strlen(text) >= capacity) {
        return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "the path is too long");
    }
    memcpy(out, text, strlen(text) + 1);
    return CHAOS_OK;
}

/* Every folder of the path by its absolute name: a relative one would depend on where the program happens to run. */
static chaos_status check_search_path(const char *path, chaos_error *err)
{
    for (const char *entry = path; *entry != '\0';) {
        size_t length = strcspn(entry, ":");
        if (entry[0] != '/' || length == 0) {
            char quoted[100];
            (void)error_set(err, CHAOS_E_USAGE, "search_path", CHAOS_NO_OFFSET,
                            "a folder of the search path is not absolute");
            error_found(err, "%s", error_quote(quoted, sizeof quoted, slice(entry, length)));
            return CHAOS_E_USAGE;
        }
        entry += length + (entry[length] == ':' ? 1 : 0);
    }
    return path[0] != '\0' && path[strlen(path) - 1] != ':'
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "search_path", CHAOS_NO_OFFSET,
                           "the search path has an empty entry");
}

static chaos_status set_search_path(const chaos_tee_registry_options *options, chaos_tee_registry *registry,
                                    chaos_error *err)
{
    const char *environment = secure_getenv("CHAOS_PROVIDER_PATH");
    char beside[PLACE_MAX];
    const char *chosen = options->search_path;
    if (chosen == NULL && environment != NULL && environment[0] != '\0') {
        chosen = environment;
    }
    if (chosen == NULL) {
        if (!place_beside(provider_folders, beside)) {
            return error_set(err, CHAOS_E_FILE_IO, "search_path", CHAOS_NO_OFFSET,
                             "this library cannot find out where it lies");
        }
        chosen = beside;
    }
    CHAOS_TRY(check_search_path(chosen, err));
    return copy(chosen, sizeof registry->search_path, registry->search_path, "search_path", err);
}

static chaos_status fill(const chaos_tee_registry_options *options, chaos_tee_registry *registry, chaos_error *err)
{
    registry->log = options->log == NULL ? log_to_stderr : options->log;
    registry->log_context = options->log_context;
    if (options->plugin_path != NULL) {
        CHAOS_TRY(copy(options->plugin_path, sizeof registry->plugin_path, registry->plugin_path, "plugin_path", err));
    }
    return set_search_path(options, registry, err);
}

chaos_status chaos_tee_registry_new(const chaos_tee_registry_options *options, chaos_tee_registry **registry,
                                    chaos_error *err)
{
    static const chaos_tee_registry_options defaults = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    CHAOS_AUTO(chaos_tee_registry, made);
    if (registry == NULL || (options != NULL && options->size != sizeof *options)) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET,
                         "begin with CHAOS_TEE_REGISTRY_OPTIONS_INIT; the registry may not be NULL");
    }
    made = calloc(1, sizeof *made);
    if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(fill(options == NULL ? &defaults : options, made, err));
    CHAOS_GIVE(registry, made);
    return CHAOS_OK;
}

void chaos_tee_registry_free(chaos_tee_registry *registry)
{
    if (registry != NULL) {
        for (size_t i = 0; i < registry->count; i++) {
            free(registry->providers[i]);
        }
        (void)pthread_mutex_destroy(&registry->lock);
        free(registry);
    }
}

/* ---------------------------------------------------------------- locating ---- */

/* Two lines: what is missing, and the command that installs it. error_set would replace the line's end, so the
 * text, which is
 * all ours but for a name of [a-z0-9-], is put in its place. */
static chaos_status missing(const chaos_tee_registry *registry, const char *name, chaos_error *err)
{
    const chaos_tee_known *row = provider_known(name);
    char quoted[100];
    (void)error_set(err, CHAOS_E_PROVIDER_MISSING, "provider", CHAOS_NO_OFFSET, NULL);
    error_expected(err, "%s", error_quote(quoted, sizeof quoted, slice_text(registry->search_path)));
    if (err == NULL) {
        return CHAOS_E_PROVIDER_MISSING;
    }
    if (row == NULL) {
        (void)snprintf(err->text, sizeof err->text,
                       "The TEE provider %s is not known and not installed.\n"
                       "Known are phala-dstack, intel-tdx and simulated; another's plug-in goes onto the search path.",
                       name);
    } else if (!row->is_built) {
        (void)snprintf(err->text, sizeof err->text,
                       "The TEE provider %s is not installed.\nThis version %s has no plug-in for it yet.", name,
                       CHAOS_VERSION_STRING);
    } else {
        (void)snprintf(err->text, sizeof err->text,
                       "The TEE provider %s is not installed: there is no chaoschain-provider-%s.so.\n"
                       "Install with: %scmake --install build --component %s",
                       name, name, geteuid() == 0 ? "" : "sudo ", name);
    }
    return CHAOS_E_PROVIDER_MISSING;
}

chaos_status registry_locate(const chaos_tee_registry *registry, const char *name, char path[PLACE_MAX],
                             chaos_error *err)
{
    struct stat status;
    if (!provider_name_is_valid(name)) {
        char quoted[64];
        (void)error_set(err, CHAOS_E_USAGE, "provider", CHAOS_NO_OFFSET,
                        "a provider's name is [a-z0-9-]{1,31}, and not \"auto\"");
        error_found(err, "%s", error_quote(quoted, sizeof quoted, slice(name, strnlen(name, sizeof quoted))));
        return CHAOS_E_USAGE;
    }
    if (registry->plugin_path[0] != '\0') {
        return copy(registry->plugin_path, PLACE_MAX, path, "plugin_path", err);
    }
    for (const char *entry = registry->search_path; *entry != '\0';) {
        size_t length = strcspn(entry, ":");
        int n = snprintf(path, PLACE_MAX, "%.*s/chaoschain-provider-%s.so", (int)length, entry, name);
        if (n > 0 && n < PLACE_MAX && lstat(path, &status) == 0) {
            /* whatever it is: the loader says what is wrong with it, a later folder does not hide it */
            return CHAOS_OK;
        }
        entry += length + (entry[length] == ':' ? 1 : 0);
    }
    return missing(registry, name, err);
}

/* ----------------------------------------------------------------- loading ---- */

static chaos_status load(chaos_tee_registry *registry, const char *name, chaos_tee_provider **provider,
                         chaos_error *err)
{
    chaos_tee_provider *made = NULL;
    const chaos_provider *plugin = NULL;
    char path[PLACE_MAX];
    CHAOS_TRY(registry_locate(registry, name, path, err));
    if (registry->count == MAX_PROVIDERS) {
        return error_set(err, CHAOS_E_LIMIT, "provider", CHAOS_NO_OFFSET, "too many providers are loaded");
    }
    CHAOS_TRY(plugin_load(path, name, &plugin, err));
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->registry = registry;
    made->plugin = plugin;
    (void)snprintf(made->name, sizeof made->name, "%s", name);
    (void)error_quote(made->summary, sizeof made->summary,
                      slice(plugin->summary, strnlen(plugin->summary, TEE_MAX_SUMMARY)));
    memcpy(made->path, path, strlen(path) + 1);
    registry->providers[registry->count++] = made;
    *provider = made;
    return CHAOS_OK;
}

static chaos_status find(chaos_tee_registry *registry, const char *name, const chaos_tee_provider **provider,
                         chaos_error *err)
{
    chaos_tee_provider *made = NULL;
    for (size_t i = 0; i < registry->count; i++) {
        if (strcmp(registry->providers[i]->name, name) == 0) {
            *provider = registry->providers[i];
            return CHAOS_OK;
        }
    }
    CHAOS_TRY(load(registry, name, &made, err));
    *provider = made;
    return CHAOS_OK;
}

chaos_status chaos_tee_find(chaos_tee_registry *registry, const char *name, const chaos_tee_provider **provider,
                            chaos_error *err)
{
    if (registry == NULL || name == NULL || provider == NULL) {
        return error_set(err, CHAOS_E_USAGE, "provider", CHAOS_NO_OFFSET,
                         "registry, name and provider may not be NULL");
    }
    (void)pthread_mutex_lock(&registry->lock);
    chaos_status status = find(registry, name, provider, err);
    (void)pthread_mutex_unlock(&registry->lock);
    return status;
}

const char *chaos_tee_provider_name(const chaos_tee_provider *provider)
{
    return provider->name;
}

const char *chaos_tee_provider_summary(const chaos_tee_provider *provider)
{
    return provider->summary;
}

const char *chaos_tee_provider_path(const chaos_tee_provider *provider)
{
    return provider->path;
}

/* ------------------------------------------------------------------- probe ---- */

chaos_status chaos_tee_probe(const chaos_tee_registry *registry, const char *name, const char *options_json,
                             chaos_error *err)
{
    char path[PLACE_MAX];
    if (registry == NULL || name == NULL) {
        return error_set(err, CHAOS_E_USAGE, "provider", CHAOS_NO_OFFSET, "registry and name may not be NULL");
    }
    CHAOS_TRY(registry_locate(registry, name, path, err));
    return probe_start(registry, path, name, options_json == NULL ? "{}" : options_json, CHAOS_TEE_PROBE_MS, err);
}
