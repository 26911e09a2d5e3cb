/* provider.c - the TEE provider phala-dstack: agents in dstack confidential VMs, Phala Cloud's among them. The guest agent of the
 * VM derives the keys and asks the hardware for quotes; this plug-in talks to it. */
#include <stdlib.h>

#include "plugin.h"

static chaos_status dstack_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    char endpoint[MAX_ENDPOINT] = "";
    dstack *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory");
    }
    d->host = host;
    chaos_status status = options_read(host, options_json, d, endpoint, sizeof endpoint, err);
    if (status != CHAOS_OK) {
        free(d);
        return status;
    }
    *self = d;
    return CHAOS_OK;
}

static void dstack_close(void *self)
{
    free(self);
}

/* A guest agent answers: that it knows its version, or no such method. Nothing that costs a quote. */
static chaos_status dstack_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    char version[MAX_VERSION];
    return agent_version(self, timeout_ms, version, err);
}

static const chaos_provider provider = {
    .abi = CHAOS_PROVIDER_ABI,
    .size = sizeof(chaos_provider),
    .name = "phala-dstack",
    .summary = "Phala Cloud and other dstack confidential VMs (Intel TDX)",
    .open = dstack_open,
    .probe = dstack_probe,
    .key = dstack_key,
    .sign_digest = dstack_sign_digest,
    .attest = dstack_attest,
    .key_free = dstack_key_free,
    .close = dstack_close,
    .invoke = dstack_invoke,
};

__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi);

const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    return abi == CHAOS_PROVIDER_ABI ? &provider : NULL;
}
