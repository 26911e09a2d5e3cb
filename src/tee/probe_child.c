/* probe_child.c - the helper's work: a plug-in is loaded, opened and probed here, so that none of it runs in
 * the program that
 * asked. */
#include <stdio.h>

#include "tee/internal.h"

static chaos_status probe_opened(const chaos_provider *plugin, void *self, const char *name, uint32_t timeout_ms,
                                 chaos_error *err)
{
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_status status = plugin->probe(self, timeout_ms, &failure);
    if (status != CHAOS_OK) {
        status = plugin_failure(name, status, &failure);
        *err = failure;
    }
    plugin->close(self);
    return status;
}

chaos_status probe_run(const chaos_tee_registry *log_to, const char *path, const char *name, const char *options_json,
                       uint32_t timeout_ms, chaos_error *err)
{
    const chaos_provider *plugin = NULL;
    chaos_error failure = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    tee_host host;
    void *self = NULL;
    CHAOS_TRY(plugin_load(path, name, &plugin, err));
    tee_host_init(&host, log_to, name);
    chaos_status status = plugin->open(&host.host, options_json, &self, &failure);
    if (status != CHAOS_OK) {
        status = plugin_failure(name, status, &failure);
        *err = failure;
    } else {
        status = probe_opened(plugin, self, name, timeout_ms, err);
    }
    tee_host_clear(&host);
    return status;
}

/* Warnings go back to the parent; the rest is nobody's business. */
static void keep_line(void *context, const char *name, chaos_log_level level, const char *line)
{
    probe_result *result = context;
    (void)name;
    if (level >= CHAOS_LOG_WARNING && result->line_count < PROBE_MAX_LINES) {
        result->lines[result->line_count].level = level;
        (void)snprintf(result->lines[result->line_count].text, TEE_MAX_LOG_LINE, "%s", line);
        result->line_count++;
    }
}

bool probe_answer(chaos_slice text, chaos_buffer *answer)
{
    CHAOS_AUTO(chaos_tee_registry, registry);
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    probe_result result = { .status = CHAOS_OK };
    probe_request request;
    options.search_path = "/"; /* the file is named in the request */
    options.log = keep_line;
    options.log_context = &result;
    if (!probe_request_read(text, &request) || chaos_tee_registry_new(&options, &registry, NULL) != CHAOS_OK) {
        return false;
    }
    result.status = probe_run(registry, request.path, request.name, request.options, request.timeout_ms, &err);
    if (result.status != CHAOS_OK) {
        memcpy(result.text, err.text, sizeof result.text);
        memcpy(result.expected, err.expected, sizeof result.expected);
        memcpy(result.found, err.found, sizeof result.found);
    }
    return probe_result_write(&result, answer);
}
