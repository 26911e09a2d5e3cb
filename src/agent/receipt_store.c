/* receipt_store.c - what an agent has kept, from outside: its receipts to list and to export, without its TEE. */
#include "agent/internal.h"

#include <unistd.h>

struct chaos_receipt_store {
    chaos_agent agent; /* of which the chain's id, the agent's id and the store are all that is filled */
    chaos_address registry;
};

CHAOS_CLEANUP(chaos_receipt_store);

void chaos_receipt_store_free(chaos_receipt_store *store)
{
    if (store != NULL) {
        agent_store_close(store->agent.store);
        free(store);
    }
}

static chaos_status read_id(chaos_agent *agent, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(value, AGENT_STORE_MAX_VALUE);
    bool found = false;

    CHAOS_TRY(agent_store_get(agent->store, "agent-id", &value, &found, err));
    if (!found || value.size != sizeof agent->id.bytes) {
        return error_set(err, CHAOS_E_NOT_FOUND, "store", CHAOS_NO_OFFSET,
                         "the store has no registered agent with this key at this registry");
    }
    memcpy(agent->id.bytes, value.data, sizeof agent->id.bytes);
    return CHAOS_OK;
}

/* The scope of the only agent that the store has at this registry. */
static chaos_status find_only(const char *path, uint64_t chain_id, const chaos_address *registry,
                              char scope[AGENT_SCOPE_SIZE], chaos_error *err)
{
    static const chaos_address any = { { 0 } };
    char prefix[AGENT_SCOPE_SIZE];
    size_t count = 0;

    agent_scope(chain_id, registry, &any, prefix);
    prefix[strlen(prefix) - 2 * sizeof any.bytes] = '\0'; /* up to the key's digits */
    CHAOS_TRY(agent_store_find(path, prefix, "agent-id", scope, &count, err));
    if (count == 1) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_NOT_FOUND, "store", CHAOS_NO_OFFSET,
                    count == 0 ? "the store has no registered agent at this registry"
                               : "the store has several agents at this registry: say which, by its key");
    error_expected(err, "%s", count == 0 ? "'chaoschain agent register' first" : "--key ADDR");
    error_found(err, "%zu in %s", count, path);
    return CHAOS_E_NOT_FOUND;
}

chaos_status chaos_receipt_store_open(const char *path, uint64_t chain_id, const chaos_address *identity_registry,
                                      const chaos_address *identity_key, chaos_receipt_store **store,
                                      chaos_error *err)
{
    CHAOS_AUTO(chaos_receipt_store, made);
    char scope[AGENT_SCOPE_SIZE];

    if (path == NULL || identity_registry == NULL || store == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "path, registry and store may not be NULL");
    }
    if (access(path, R_OK) != 0) { /* opening would make it */
        (void)error_set(err, CHAOS_E_FILE_IO, "store", CHAOS_NO_OFFSET, "there is no store that can be read");
        error_found(err, "%s", path);
        return CHAOS_E_FILE_IO;
    }
    if (identity_key == NULL) {
        CHAOS_TRY(find_only(path, chain_id, identity_registry, scope, err));
    } else {
        agent_scope(chain_id, identity_registry, identity_key, scope);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->registry = *identity_registry;
    made->agent.network.chain_id = chain_id;
    CHAOS_TRY(agent_store_open(path, scope, &made->agent.store, err));
    CHAOS_TRY(read_id(&made->agent, err));
    CHAOS_GIVE(store, made);
    return CHAOS_OK;
}

chaos_u256 chaos_receipt_store_agent_id(const chaos_receipt_store *store)
{
    return store->agent.id;
}

chaos_status chaos_receipt_store_count(chaos_receipt_store *store, uint64_t *count, chaos_error *err)
{
    return agent_store_receipt_count(store->agent.store, count, err);
}

chaos_status chaos_receipt_store_at(chaos_receipt_store *store, uint64_t sequence, chaos_receipt *receipt,
                                    chaos_error *err)
{
    return agent_read_receipt(&store->agent, sequence, receipt, err);
}

chaos_status chaos_receipt_store_export(chaos_receipt_store *store, uint64_t from, uint64_t to,
                                        chaos_slice collateral, const char *folder, chaos_error *err)
{
    return agent_export(&store->agent, &store->registry, from, to, collateral, folder, err);
}
