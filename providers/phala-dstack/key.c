/* key.c - keys: the application's, derived by the guest agent from a path, and a session's, made here from randomness. */
#include <stdio.h>

#include "plugin.h"

enum {
    SECRET_SIZE = 32,
    LINK_SIZE = 65, /* r, s, recovery id */
    MAX_PATH = 256
};

/* What the two generations of agents call the same thing. */
typedef struct key_words {
    const char *method, *key, *key_link, *root_link, *no_link;
} key_words;

static const key_words words[] = {
    [API_DSTACK] = { "GetKey", "key", "signature_chain[0]", "signature_chain[1]", "signature_chain[2]" },
    [API_TAPPD] = { "DeriveK256Key", "k256_key", "k256_signature_chain[0]", "k256_signature_chain[1]",
                    "k256_signature_chain[2]" },
};

static chaos_status emit_public(const dstack *d, const chaos_host_key *key, chaos_error *err)
{
    uint8_t public_key[65];
    d->host->key_public(d->host, key, public_key);
    chaos_slice bytes = { public_key, sizeof public_key };
    return d->host->emit(d->host, "public-key", bytes, err);
}

static void to_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

/* One link of the chain; the second may be empty, where no KMS gave the application its root key. */
static chaos_status read_link(const dstack *d, chaos_slice reply, const char *place, bool may_be_empty,
                              char hex[2 * LINK_SIZE + 1], chaos_error *err)
{
    uint8_t link[LINK_SIZE];
    size_t size = 0;
    chaos_status status = d->host->json_bytes(d->host, reply, place, link, sizeof link, &size, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (size != sizeof link && !(may_be_empty && size == 0)) {
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "%s has %zu bytes and not %d", place, size, LINK_SIZE);
    }
    to_hex(link, size, hex);
    return CHAOS_OK;
}

/* The part dstack-kms-chain, as RFC 8785 writes it. */
static chaos_status emit_chain(const dstack *d, chaos_slice reply, const char *path, const char *purpose,
                               chaos_error *err)
{
    const key_words *w = &words[d->api];
    char key_link[2 * LINK_SIZE + 1], root_link[2 * LINK_SIZE + 1];
    char quoted_path[2 * MAX_PATH], quoted_purpose[256], json[2048];
    chaos_slice raw;
    chaos_status status = read_link(d, reply, w->key_link, false, key_link, err);
    if (status == CHAOS_OK && d->host->json_raw(d->host, reply, w->no_link, &raw, NULL) == CHAOS_OK) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "%s: a key's signature chain has two links", w->no_link);
    }
    if (status == CHAOS_OK) {
        status = read_link(d, reply, w->root_link, true, root_link, err);
    }
    if (status == CHAOS_OK) {
        status = d->host->json_quote(d->host, path, quoted_path, sizeof quoted_path, err);
    }
    if (status == CHAOS_OK) {
        status = d->host->json_quote(d->host, purpose, quoted_purpose, sizeof quoted_purpose, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    int n = snprintf(json, sizeof json,
                     "{\"algorithm\":\"secp256k1\",\"path\":%s,\"purpose\":%s,\"signature_chain\":[\"%s\",\"%s\"]}",
                     quoted_path, quoted_purpose, key_link, root_link);
    if (n < 0 || (size_t)n >= sizeof json) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "path and purpose are too long");
    }
    return d->host->emit(d->host, "dstack-kms-chain", text_slice(json), err);
}

static chaos_status import(const dstack *d, chaos_slice reply, chaos_host_key **key, chaos_error *err)
{
    uint8_t secret[SECRET_SIZE];
    size_t size = 0;
    chaos_status status =
        d->host->json_bytes(d->host, reply, words[d->api].key, secret, sizeof secret, &size, err);
    if (status == CHAOS_OK && size != sizeof secret) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the key has %zu bytes and not %d", size, SECRET_SIZE);
    }
    if (status == CHAOS_OK) {
        status = d->host->key_import(d->host, secret, key, err);
        if (status == CHAOS_E_USAGE) { /* not a mistake of the caller */
            status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the key is not in the range of secp256k1 keys");
        }
    }
    d->host->wipe(d->host, secret, sizeof secret);
    return status;
}

static chaos_status make_request(const dstack *d, const char *path, const char *purpose, const char *algorithm,
                                 char body[MAX_BODY], chaos_error *err)
{
    char quoted_path[2 * MAX_PATH], quoted_purpose[256], quoted_algorithm[64];
    chaos_status status = d->host->json_quote(d->host, path, quoted_path, sizeof quoted_path, err);
    if (status == CHAOS_OK) {
        status = d->host->json_quote(d->host, purpose, quoted_purpose, sizeof quoted_purpose, err);
    }
    if (status == CHAOS_OK) {
        status = d->host->json_quote(d->host, algorithm, quoted_algorithm, sizeof quoted_algorithm, err);
    }
    if (status == CHAOS_OK) {
        (void)snprintf(body, MAX_BODY, "{\"path\":%s,\"purpose\":%s,\"algorithm\":%s}", quoted_path, quoted_purpose,
                       quoted_algorithm);
    }
    return status;
}

static chaos_status derive(dstack *d, const char *path, const char *purpose, const char *algorithm,
                           chaos_host_key **key, chaos_error *err)
{
    char body[MAX_BODY];
    chaos_http_reply *reply = NULL;
    chaos_status status = agent_check_version(d, err);
    if (status == CHAOS_OK) {
        status = make_request(d, path, purpose, algorithm, body, err);
    }
    if (status == CHAOS_OK) {
        status = agent_call(d, words[d->api].method, body, MAX_SMALL_REPLY, 0, &reply, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    status = import(d, reply->body, key, err);
    if (status == CHAOS_OK) {
        status = emit_chain(d, reply->body, path, purpose, err);
    }
    d->host->http_free(d->host, reply); /* wipes the reply: it held the key */
    return status;
}

chaos_status dstack_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                        chaos_error *err)
{
    dstack *d = self;
    chaos_host_key *made = NULL;
    if (strcmp(algorithm, "secp256k1") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "the algorithm of keys is secp256k1");
    }
    bool fresh = strcmp(purpose, CHAOS_KEY_FRESH) == 0;
    chaos_status status = fresh ? d->host->key_generate(d->host, &made, err)
                                : derive(d, path, purpose, algorithm, &made, err);
    if (status == CHAOS_OK) {
        status = emit_public(d, made, err);
    }
    if (status != CHAOS_OK) {
        d->host->key_free(d->host, made);
        return status;
    }
    *key = made;
    return CHAOS_OK;
}

chaos_status dstack_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err)
{
    const dstack *d = self;
    return d->host->key_sign(d->host, key, digest, rsv, err);
}

void dstack_key_free(void *self, void *key)
{
    const dstack *d = self;
    d->host->key_free(d->host, key);
}
