/* provider.c - the TEE provider intel-tdx: agents in TDX guests that run on bare metal or in a cloud, without a guest
 * agent. The guest's kernel asks for quotes (configfs-tsm, Linux 6.7 and newer); keys are made here, in the guest's
 * memory, which TDX encrypts, and nothing brings them over its end. */
#include <stdlib.h>

#include "plugin.h"

static chaos_status tdx_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    tdx *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory");
    }
    t->host = host;
    chaos_status status = options_read(t, options_json, err);
    if (status != CHAOS_OK) {
        free(t);
        return status;
    }
    *self = t;
    return CHAOS_OK;
}

static void tdx_close(void *self)
{
    forget_keys(self);
    free(self);
}

static chaos_status tdx_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)timeout_ms; /* nothing here waits */
    return tree_probe(self, err);
}

static const chaos_provider provider = {
    .abi = CHAOS_PROVIDER_ABI,
    .size = sizeof(chaos_provider),
    .name = "intel-tdx",
    .summary = "Intel TDX guests through the kernel's configfs",
    .open = tdx_open,
    .probe = tdx_probe,
    .key = tdx_key,
    .sign_digest = tdx_sign_digest,
    .attest = tdx_attest,
    .key_free = tdx_key_free,
    .close = tdx_close,
    .invoke = tdx_invoke,
};

__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi);

const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    return abi == CHAOS_PROVIDER_ABI ? &provider : NULL;
}
