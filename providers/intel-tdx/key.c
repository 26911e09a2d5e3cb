/* key.c - keys are made here from the guest's randomness and held in the host's guarded memory. TDX gives a guest no
 * secret of its own: nothing can be sealed. An identity key is as old as the guest at most (key_store, on tmpfs), or as
 * this opened TEE ("memory"). */
#include <stdio.h>
#include <stdlib.h>

#include "plugin.h"

static chaos_status emit_public(const tdx *t, chaos_host_key *key, chaos_error *err)
{
    uint8_t point[65];
    const chaos_slice bytes = { point, sizeof point };
    t->host->key_public(t->host, key, point);
    return t->host->emit(t->host, "public-key", bytes, err);
}

/* ------------------------------------------------------------------- memory ---- */

static kept_key *find_kept(tdx *t, const char *path)
{
    for (size_t i = 0; i < MAX_KEPT_KEYS; i++) {
        if (t->kept[i].path != NULL && strcmp(t->kept[i].path, path) == 0) {
            return &t->kept[i];
        }
    }
    return NULL;
}

static bool is_kept(const tdx *t, const chaos_host_key *key)
{
    for (size_t i = 0; i < MAX_KEPT_KEYS; i++) {
        if (t->kept[i].path != NULL && t->kept[i].key == key) {
            return true;
        }
    }
    return false;
}

static chaos_status make_kept(tdx *t, const char *path, chaos_host_key **key, chaos_error *err)
{
    kept_key *place = NULL;
    for (size_t i = 0; i < MAX_KEPT_KEYS && place == NULL; i++) {
        place = t->kept[i].path == NULL ? &t->kept[i] : NULL;
    }
    if (place == NULL) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "one process keeps %d identity keys in memory; use a key_store",
                                   MAX_KEPT_KEYS);
    }
    char *copy = malloc(strlen(path) + 1);
    if (copy == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory");
    }
    memcpy(copy, path, strlen(path) + 1);
    chaos_status status = t->host->key_generate(t->host, key, err);
    if (status != CHAOS_OK) {
        free(copy);
        return status;
    }
    *place = (kept_key){ copy, *key };
    t->host->log(t->host, CHAOS_LOG_WARNING,
                 "a new identity key, in this process alone: it ends with it. Name a key_store on tmpfs to keep it for "
                 "as long as the guest runs.");
    return CHAOS_OK;
}

void forget_keys(tdx *t)
{
    for (size_t i = 0; i < MAX_KEPT_KEYS; i++) {
        if (t->kept[i].path != NULL) {
            t->host->key_free(t->host, t->kept[i].key);
            free(t->kept[i].path);
            t->kept[i].path = NULL;
        }
    }
}

static chaos_status from_memory(tdx *t, const char *path, chaos_host_key **key, chaos_error *err)
{
    const kept_key *kept = find_kept(t, path);
    if (kept != NULL) {
        *key = kept->key;
        return CHAOS_OK;
    }
    return make_kept(t, path, key, err);
}

/* -------------------------------------------------------------------- store ---- */

static chaos_status from_store(const tdx *t, const char *path, chaos_host_key **key, chaos_error *err)
{
    uint8_t secret[32];
    bool is_new = false;
    chaos_status status = store_secret(t, path, secret, &is_new, err);
    if (status == CHAOS_OK) {
        status = t->host->key_import(t->host, secret, key, err);
    }
    t->host->wipe(t->host, secret, sizeof secret);
    if (status == CHAOS_OK && is_new) {
        t->host->log(t->host, CHAOS_LOG_INFO, "a new identity key was made: it ends with this guest");
    }
    return status;
}

/* ------------------------------------------------------------------ members ---- */

/* Keys in memory belong to `self` and outlive their handles; all others are their handle. */
chaos_status tdx_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                     chaos_error *err)
{
    tdx *t = self;
    chaos_host_key *made = NULL;
    chaos_status status = tree_probe(t, err); /* a key that nothing could quote is made nowhere */
    if (status != CHAOS_OK) {
        return status;
    }
    if (strcmp(algorithm, "secp256k1") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "intel-tdx makes keys of secp256k1 alone");
    }
    if (strcmp(purpose, CHAOS_KEY_FRESH) == 0) {
        status = t->host->key_generate(t->host, &made, err);
    } else if (strcmp(t->keys, KEYS_IN_MEMORY) == 0) {
        status = from_memory(t, path, &made, err);
    } else {
        status = from_store(t, path, &made, err);
    }
    if (status == CHAOS_OK) {
        status = emit_public(t, made, err);
    }
    if (status != CHAOS_OK) {
        tdx_key_free(t, made);
        return status;
    }
    *key = made;
    return CHAOS_OK;
}

chaos_status tdx_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err)
{
    const tdx *t = self;
    return t->host->key_sign(t->host, key, digest, rsv, err);
}

void tdx_key_free(void *self, void *key)
{
    const tdx *t = self;
    if (!is_kept(t, key)) {
        t->host->key_free(t->host, key);
    }
}
