/* provider.c - the TEE provider @NAME@ as its host sees it: options, the table, the one exported function. */
#include <stdlib.h>

#include "plugin.h"

static chaos_status read_options(plugin *p, const char *json, chaos_error *err)
{
    static const char *const known[] = { "endpoint", NULL };
    const chaos_slice options = text_slice(json);
    chaos_slice raw;
    chaos_status status = p->host->json_keys(p->host, options, known, err);
    if (status != CHAOS_OK || p->host->json_raw(p->host, options, "endpoint", &raw, NULL) != CHAOS_OK) {
        return status; /* refused, or not given */
    }
    status = p->host->json_text(p->host, options, "endpoint", p->endpoint, sizeof p->endpoint, NULL);
    return status == CHAOS_OK ? CHAOS_OK
                              : chaos_provider_fail(err, CHAOS_E_USAGE, "endpoint is a text of at most %d bytes",
                                                    MAX_ENDPOINT - 1);
}

/* Succeeds on every machine: nothing is contacted here. */
static chaos_status plugin_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    plugin *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "out of memory");
    }
    p->host = host;
    const chaos_status status = read_options(p, options_json, err);
    if (status != CHAOS_OK) {
        free(p);
        return status;
    }
    *self = p;
    return CHAOS_OK;
}

static void plugin_close(void *self)
{
    free(self);
}

static const chaos_provider provider = {
    .abi = CHAOS_PROVIDER_ABI,
    .size = sizeof(chaos_provider),
    .name = "@NAME@",
    .summary = "@NAME@: say here in one line which machines this is for",
    .open = plugin_open,
    .probe = plugin_probe,
    .key = plugin_key,
    .sign_digest = plugin_sign_digest,
    .attest = plugin_attest,
    .key_free = plugin_key_free,
    .close = plugin_close,
};

__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi);

const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    return abi == CHAOS_PROVIDER_ABI ? &provider : NULL;
}
