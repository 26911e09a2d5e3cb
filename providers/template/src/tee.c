/* tee.c - what only this TEE knows: whether it is here, its keys, its evidence. These calls are yours to write; until then
 * each says that it is not built. <chaoschain/provider.h> is their manual. */
#include "plugin.h"

static chaos_status not_built(const char *what, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE, "@NAME@: %s is not built yet (src/tee.c)", what);
}

/* Is this the TEE, and does it answer? Within timeout_ms, changing nothing: give the time to every exchange. */
chaos_status plugin_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    return not_built("the probe", err);
}

/* CHAOS_KEY_FRESH: a new key each time, host->key_generate. Every other purpose: the same path gives the same key.
 * Refuse algorithms other than secp256k1. Emit "public-key". */
chaos_status plugin_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err)
{
    (void)self;
    (void)path;
    (void)purpose;
    (void)algorithm;
    (void)key;
    return not_built("making keys", err);
}

/* For a key of the host's this is all that there is to do. */
chaos_status plugin_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err)
{
    const plugin *p = self;
    return p->host->key_sign(p->host, key, digest, rsv, err);
}

/* Evidence over exactly these 64 bytes, emitted as "tdx-quote" and whatever else provider.h lists for this call. */
chaos_status plugin_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    (void)self;
    (void)report_data;
    return not_built("evidence", err);
}

void plugin_key_free(void *self, void *key)
{
    const plugin *p = self;
    p->host->key_free(p->host, key);
}
