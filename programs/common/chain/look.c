/* look.c - what is found of a node and of a registry, one by one. */
#include "programs/common/chain/chain.h"

/* -------------------------------------------------------------------- nodes ---- */

void look_at_node(const chain_session *s, size_t which, uint32_t deadline_ms, node_finding *node)
{
    chaos_rpc_options rpc = CHAOS_RPC_OPTIONS_INIT;
    chaos_rpc *one = NULL;
    int64_t begin = now_ms();
    rpc.urls = &s->urls[which];
    rpc.url_count = 1;
    rpc.chain_id = s->network.chain_id;
    rpc.deadline_ms = deadline_ms;
    rpc.request_timeout_ms = deadline_ms;
    node->status = chaos_rpc_open(&rpc, &one, &node->err);
    if (node->status == CHAOS_OK) {
        node->status = chaos_rpc_block(one, NULL, &node->head, &node->err);
    }
    node->milliseconds = now_ms() - begin;
    chaos_rpc_free(one);
}

/* --------------------------------------------------------------- registries ---- */

static void find_address(const chain_session *s, chaos_registry_kind kind, registry_finding *found)
{
    const bool given[REGISTRY_COUNT] = { s->has_identity, s->has_reputation, s->has_validation };
    const chaos_address *option[REGISTRY_COUNT] = { &s->identity, &s->reputation, &s->validation };
    const chaos_address *usual[REGISTRY_COUNT] = { &s->network.identity, &s->network.reputation,
                                                   &s->network.validation };
    found->address = given[kind] ? *option[kind] : *usual[kind];
    found->is_known = !slice_is_zero(slice(found->address.bytes, sizeof found->address.bytes));
}

/* The registry as far as it answers. Ours have no owner and no proxy: that they do not answer then is no fault. */
void look_at_registry(const chain_session *s, chaos_registry_kind kind, registry_finding *found)
{
    CHAOS_AUTO_BUFFER(code, CHAOS_MAX_CALL_RESULT);
    find_address(s, kind, found);
    if (!found->is_known || s->rpc == NULL) {
        return;
    }
    found->status = chaos_rpc_code(s->rpc, &found->address, NULL, &code, &found->err);
    found->code_size = code.size;
    if (s->registries == NULL || !chaos_registries_has(s->registries, kind)) {
        return;
    }
    found->status = chaos_registry_version(s->registries, kind, NULL, &found->version, &found->err);
    found->has_owner = chaos_registry_owner(s->registries, kind, NULL, &found->owner, NULL) == CHAOS_OK;
    found->has_implementation =
        chaos_registry_implementation(s->registries, kind, NULL, &found->implementation, NULL) == CHAOS_OK &&
        !slice_is_zero(slice(found->implementation.bytes, sizeof found->implementation.bytes));
}

chaos_slice url_name(const char *url)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    size_t length = strcspn(host, "/?#");
    const char *at = memchr(host, '@', length);
    return at != NULL ? slice(at + 1, length - (size_t)(at + 1 - host))
                      : slice(url, (size_t)(host - url) + length);
}
