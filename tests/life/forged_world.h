/* forged_world.h - a local chain with an agent whose evidence the forge makes, sound or broken in one way, and a
 * validator that judges it: what tests of validators and of reputation share. */
#ifndef LIFE_FORGED_WORLD_H
#define LIFE_FORGED_WORLD_H

#include <chaoschain/chaoschain.h>

#include "sim/sim.h"
#include "tests/support/chain.h"
#include "tests/support/support.h"

#define WORLD_BASE "https://evidence.invalid/"
#define WORLD_SEED "forged world"

typedef struct forged_world {
    chain c; /* its account owns the agent: Alice */
    chaos_registry_addresses addresses;
    chaos_registries *registries;
    chaos_content *content;
    char content_folder[128], journal[128];
    int64_t now;
    chaos_u256 id;
    chaos_account *wallet; /* the forge's identity key for this registry */
    chaos_account *bob;    /* the validator */
    chaos_sender *bob_sender;
    chaos_trust *trust;
    forge_result held;     /* what Bob holds: root, collateral, policy */
    unsigned count;        /* of names and intents */
    chaos_validator_config config; /* Bob's, for world_validator */
} forged_world;

#define OK(call) world_must((call), &err)
void world_must(chaos_status status, const chaos_error *err);

void world_begin(forged_world *w);
void world_begin_on(forged_world *w, const chain_options *options);
void world_end(forged_world *w);
/* Bob, as his config says now. */
chaos_validator *world_validator(const forged_world *w);
/* A new sender of this account with the world's journal for it. */
chaos_sender *world_sender(const forged_world *w, const chaos_account *account, const char *journal);
/* A name that nobody has used: "TEXT-N". Static. */
const char *world_name(forged_world *w, const char *text);
void world_mine(forged_world *w, unsigned blocks);
chaos_block world_head(const forged_world *w);
chaos_address world_address(const chaos_account *account);

/* An agent of Alice's with this wallet; tee.key is `key` (NULL: not set). */
chaos_u256 world_agent(forged_world *w, const chaos_account *wallet, const chaos_address *key);
void world_metadata(forged_world *w, const chaos_u256 *id, const char *key, chaos_slice value);

/* A request on its way; world_request fills it with what is right, tests change it before world_ask. */
typedef struct request_draft {
    chaos_request_fields fields; /* the file */
    char evidence_uri[256];
    char evidence_name[104];     /* under WORLD_BASE */
    const char *file;            /* instead of the fields */
    const char *uri;             /* of the file on chain; NULL: published content */
    chaos_address validator;     /* on chain */
    chaos_u256 agent_id;         /* on chain */
    chaos_keccak hash;           /* out */
    uint64_t block;              /* out: of the request */
} request_draft;
request_draft world_request(forged_world *w);
void world_ask(forged_world *w, request_draft *r);

/* What the agent's TEE says about the request: stage 2, anchored at the head. */
chaos_binding world_binding(const forged_world *w, const request_draft *r);
/* Forged over the binding; appended. `flaw` NULL: sound. */
void world_envelope(const forged_world *w, const chaos_binding *binding, const char *flaw, chaos_buffer *out);
void world_publish(forged_world *w, const request_draft *r, chaos_slice bytes);
void world_commit(forged_world *w, const request_draft *r, chaos_slice bytes); /* tee.answer */

chaos_validation_result world_validate(const chaos_validator *v, const chaos_keccak *hash, int64_t now);
/* How many ValidationResponse logs the request has. */
unsigned world_answers(const forged_world *w, const chaos_keccak *hash);

#endif
