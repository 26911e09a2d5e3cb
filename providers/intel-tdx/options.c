/* options.c - the provider's options, one JSON object: endpoint, registers, key_store, allow_swap, timeout_ms. */
#define _GNU_SOURCE /* secure_getenv */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin.h"

#define TREE_VARIABLE "CHAOS_TSM_PATH"
#define DEFAULT_TIMEOUT_MS 60000u /* the kernel itself waits 30 s for a quote, and another may be under way */
#define MAX_TIMEOUT_MS 600000u

static bool has(const tdx *t, chaos_slice json, const char *place)
{
    chaos_slice raw;
    return t->host->json_raw(t->host, json, place, &raw, NULL) == CHAOS_OK;
}

/* An absolute path; slashes at its end are cut. */
static bool take_path(char out[MAX_PATH], const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    if (path[0] != '/' || length < 2 || length >= MAX_PATH) {
        return false;
    }
    memcpy(out, path, length);
    out[length] = '\0';
    return true;
}

static chaos_status read_path(const tdx *t, chaos_slice json, const char *place, char out[MAX_PATH], chaos_error *err)
{
    char path[MAX_PATH] = "";
    if (!has(t, json, place)) {
        return CHAOS_OK;
    }
    return t->host->json_text(t->host, json, place, path, sizeof path, NULL) == CHAOS_OK && take_path(out, path)
               ? CHAOS_OK
               : chaos_provider_fail(err, CHAOS_E_USAGE, "%s is an absolute path of at most %d bytes", place,
                                     MAX_PATH - 1);
}

static chaos_status read_keys(tdx *t, chaos_slice json, chaos_error *err)
{
    char word[sizeof KEYS_IN_MEMORY] = "";
    (void)snprintf(t->keys, sizeof t->keys, "%s", t->is_kernels_tree ? RUNTIME_KEYS : KEYS_IN_MEMORY);
    if (t->host->json_text(t->host, json, "key_store", word, sizeof word, NULL) == CHAOS_OK &&
        strcmp(word, KEYS_IN_MEMORY) == 0) {
        (void)snprintf(t->keys, sizeof t->keys, KEYS_IN_MEMORY);
        return CHAOS_OK;
    }
    chaos_status status = read_path(t, json, "key_store", t->keys, NULL);
    return status == CHAOS_OK ? status
                              : chaos_provider_fail(err, CHAOS_E_USAGE,
                                                    "key_store is \"" KEYS_IN_MEMORY "\" or the absolute path of a "
                                                    "folder on tmpfs, at most %d bytes",
                                                    MAX_PATH - 1);
}

static chaos_status read_rest(tdx *t, chaos_slice json, chaos_error *err)
{
    chaos_slice raw;
    uint64_t number = 0;
    t->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (t->host->json_raw(t->host, json, "allow_swap", &raw, NULL) == CHAOS_OK) {
        t->allows_swap = raw.size == 4 && memcmp(raw.data, "true", 4) == 0;
        if (!t->allows_swap && (raw.size != 5 || memcmp(raw.data, "false", 5) != 0)) {
            return chaos_provider_fail(err, CHAOS_E_USAGE, "allow_swap is true or false");
        }
    }
    if (has(t, json, "timeout_ms")) {
        if (t->host->json_unsigned(t->host, json, "timeout_ms", MAX_TIMEOUT_MS, &number, NULL) != CHAOS_OK ||
            number == 0) {
            return chaos_provider_fail(err, CHAOS_E_USAGE, "timeout_ms is a number of milliseconds, 1 to %u",
                                       MAX_TIMEOUT_MS);
        }
        t->timeout_ms = (uint32_t)number;
    }
    return CHAOS_OK;
}

/* A variable that was left behind in production takes the hardware away, and everything else goes on working. */
static chaos_status take_variable(tdx *t, const char *value, chaos_error *err)
{
    char line[400];
    const bool is_tdx = access("/dev/tdx_guest", F_OK) == 0 || access("/sys/class/misc/tdx_guest", F_OK) == 0;
    if (!take_path(t->tree, value)) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, TREE_VARIABLE " is not an absolute path of at most %d bytes",
                                   MAX_PATH - 1);
    }
    (void)snprintf(line, sizeof line,
                   is_tdx ? TREE_VARIABLE " IS SET IN WHAT LOOKS LIKE A TDX GUEST: quotes come from %.100s, perhaps a "
                                          "SIMULATOR, and not from this guest's kernel. Unset it."
                          : TREE_VARIABLE " is set: quotes come from %.100s, perhaps a SIMULATOR, and not from this "
                                          "machine's kernel. Unset it in production.",
                   t->tree);
    t->host->log(t->host, is_tdx ? CHAOS_LOG_ERROR : CHAOS_LOG_WARNING, line);
    return CHAOS_OK;
}

static chaos_status choose_tree(tdx *t, chaos_slice json, chaos_error *err)
{
    const char *variable = secure_getenv(TREE_VARIABLE);
    chaos_status status = read_path(t, json, "endpoint", t->tree, err);
    if (status == CHAOS_OK && t->tree[0] == '\0' && variable != NULL && variable[0] != '\0') {
        status = take_variable(t, variable, err);
    }
    if (status == CHAOS_OK && t->tree[0] == '\0') {
        (void)snprintf(t->tree, sizeof t->tree, "%s", KERNEL_TREE);
    }
    t->is_kernels_tree = strcmp(t->tree, KERNEL_TREE) == 0;
    if (t->is_kernels_tree) {
        (void)snprintf(t->registers, sizeof t->registers, "%s", KERNEL_REGISTERS);
    }
    return status;
}

chaos_status options_read(tdx *t, const char *json, chaos_error *err)
{
    static const char *const known[] = { "endpoint", "registers", "key_store", "allow_swap", "timeout_ms", NULL };
    const chaos_slice text = text_slice(json);
    chaos_status status = t->host->json_keys(t->host, text, known, err);
    if (status == CHAOS_OK) {
        status = choose_tree(t, text, err);
    }
    if (status == CHAOS_OK) {
        status = read_path(t, text, "registers", t->registers, err);
    }
    if (status == CHAOS_OK) {
        status = read_keys(t, text, err);
    }
    return status == CHAOS_OK ? read_rest(t, text, err) : status;
}
