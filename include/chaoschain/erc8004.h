/* erc8004.h - the networks that have ERC-8004 registries.
 *
 * Sources: the published addresses of the official ERC-8004 deployments (one set for main networks, one for
 * test networks,
 * the same on every chain); chain ids as in eip155. */
#ifndef CHAOSCHAIN_ERC8004_H
#define CHAOSCHAIN_ERC8004_H

#include <chaoschain/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum chaos_network_kind {
    CHAOS_NETWORK_MAIN = 1,
    CHAOS_NETWORK_TEST = 2,
    CHAOS_NETWORK_LOCAL = 3, /* a chain on this machine: it has the registries that somebody deployed there */
    CHAOS_NETWORK_OTHER = 4  /* eip155:N of a chain that is not in the list: no addresses are known */
} chaos_network_kind;

/* A network by value. Addresses that are all zero are not known. The validation registry's address is that of the
 * official deployment where there is one; ask the chain before relying on it. */
typedef struct chaos_network {
    char name[32]; /* "base-sepolia", or "eip155:N" */
    chaos_network_kind kind;
    uint64_t chain_id;
    chaos_address identity, reputation, validation;
} chaos_network;

/* By name in any case ("base-sepolia", "BASE_SEPOLIA", "ethereum-mainnet", "local") or as "eip155:N". An
 * unknown name is
 * CHAOS_E_USAGE and says which one may have been meant. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_network_find(const char *name, chaos_network *network, chaos_error *err);
CHAOS_API size_t chaos_network_count(void);
CHAOS_API const char *chaos_network_name_at(size_t index); /* NULL: beyond the end */

#ifdef __cplusplus
}
#endif
#endif
