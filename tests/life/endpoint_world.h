/* endpoint_world.h - an agent in a simulated TEE on a local chain, its endpoint as a process of its own, and a client that
 * says over HTTP whatever it is told to: what the tests of chaoschain-endpoint share. */
#ifndef LIFE_ENDPOINT_WORLD_H
#define LIFE_ENDPOINT_WORLD_H

#include <chaoschain/chaoschain.h>

#include "tests/support/chain.h"
#include "tests/support/support.h"

#define ENDPOINT_PATH "/.well-known/tee-attestation"
#define ENDPOINT_NONCE "0x1111111111111111111111111111111111111111111111111111111111111111"

typedef struct endpoint_world {
    chain c;
    chaos_registry_addresses addresses;
    chaos_registries *registries;
    char folder[128], store[160], bob_journal[160], said[160], socket[96], agent_name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    unsigned port;
    char endpoint[96];
    chaos_content *content; /* no base: answers are the endpoint's */
    chaos_tee_registry *plugins;
    chaos_tee *tee;
    chaos_agent *alice;
    chaos_u256 id;
    chaos_account *bob;
    chaos_sender *bob_sender;
    chaos_trust *trust;
    chaos_buffer policy, collateral, root;
    pid_t server;
    const char *client_rate, *client_connections; /* of the next start; NULL: as many as can be */
} endpoint_world;
extern endpoint_world w;

#define OK(call) must_be((call), &err)
void must_be(chaos_status status, const chaos_error *err);

/* Of a group of tests, and after each test: whatever it left running is ended. */
int endpoint_begin_world(void **state);
int endpoint_end_world(void **state);
int endpoint_teardown(void **state);
/* cmocka_run_group_tests with them; 77 where there is no chain or no guest agent. */
#define endpoint_run(tests) \
    (endpoint_can_run() ? cmocka_run_group_tests(tests, endpoint_begin_world, endpoint_end_world) : 77)
bool endpoint_can_run(void);
#define TEST(name) cmocka_unit_test_teardown(name, endpoint_teardown)

/* ------------------------------------------------------------------- server ---- */

void start(void); /* ten answers a second */
void start_with(const char *rate, const char *kept_in);
/* Ends as asked, with exit code 0, soon; and its socket is gone. */
void stop(void);
/* In what the last program has said. */
bool has_said(const char *line);
void show_said(void);

/* ------------------------------------------------------------------- client ---- */

typedef struct reply {
    int status; /* 0: the connection was closed without one */
    char head[2048];
    chaos_buffer body;
} reply;

int door(void);
int door_from(const char *address); /* 127.0.0.1, 127.0.0.2, ... */
int unix_door(void);
void send_text(int fd, const char *text, size_t size);
reply receive(int fd); /* until the other side closes; it must */
reply ask_raw(const char *text);
reply ask(const char *target);
void free_reply(reply *r);
/* The error that a refusal says, as JSON of its schema; frees it. */
void expect_refusal(reply r, int status, const char *code);
/* An envelope of this stage over this nonce, all of its bytes alike; its binding. */
chaos_binding expect_envelope(const reply *r, uint8_t stage, uint8_t nonce);
void nonce_target(char target[512], uint8_t nonce, const chaos_keccak *request);
/* Alice asks Bob for validation; the request's hash. */
chaos_keccak ask_bob(uint32_t again);

#endif
