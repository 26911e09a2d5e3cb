/* registries.h - what tests of the registries share: a chain with the three contracts, and accounts with money. */
#ifndef SUPPORT_REGISTRIES_H
#define SUPPORT_REGISTRIES_H

#include "erc8004/erc8004.h"
#include "tests/support/anvil.h"

typedef enum person_name { OWNER, OPERATOR, CLIENT, CLIENT2, VALIDATOR, WALLET, STRANGER, PEOPLE } person_name;

typedef struct person {
    chaos_account *account;
    chaos_address address;
    chaos_sender *sender;
} person;

typedef struct world {
    anvil *node; /* NULL: somebody else's chain */
    chaos_rpc *rpc;
    char folder[64], journal[96];
    person people[PEOPLE];
    chaos_registry_addresses places;
    chaos_registries *registries;
} world;

typedef enum world_kind {
    WORLD_OURS,    /* a new anvil with our contracts */
    WORLD_PROXIES, /* the same behind plain ERC-1967 proxies, as contracts of somebody else */
    WORLD_OTHERS   /* CHAOS_TEST_RPC, CHAOS_TEST_IDENTITY, CHAOS_TEST_REPUTATION, CHAOS_TEST_VALIDATION */
} world_kind;

void world_begin(world *w, world_kind kind);
void world_end(world *w);
/* The client's side anew, as a program that was restarted would make it; the journal stays. */
void world_restart(world *w);
/* The method must succeed. */
void world_do(world *w, const char *method, const char *params);
/* Makes a contract from init code with the owner's account, and says where it is. */
chaos_address world_create(world *w, const char *intent, chaos_slice code);
/* Init code of a contract whose code is these bytes. */
void world_init_code(chaos_slice runtime, chaos_buffer *out);
void must(chaos_status status, const chaos_error *err); /* OK, or the test ends with the error */

#endif
