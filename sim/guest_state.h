/* guest_state.h - what the files of the simulated guest agent share. */
#ifndef SIM_GUEST_STATE_H
#define SIM_GUEST_STATE_H

#include <pthread.h>

#include "sim/guest.h"
#include "sim/recipe.h"

#define GUEST_MAX_SEED 128
#define GUEST_MAX_EVENT_NAME 64
#define GUEST_MAX_EVENT_PAYLOAD 1024
#define GUEST_MAX_TEXT 1024 /* of a path, a purpose, ... */
#define GUEST_FILES 5

struct guest {
    pthread_mutex_t lock;
    recipe r; /* PKI, keys, and the TD report with the registers as they are now */
    char seed[GUEST_MAX_SEED];
    bool strip;
    uint8_t app_id[APP_ID_SIZE];
    chaos_sha256 compose_hash;
    chaos_buffer app_compose;
    chaos_buffer log; /* JSON array, complete */
    size_t runtime_events;
    chaos_buffer collateral, policy;
    char kms_root_hex[2 * K1_COMPRESSED_SIZE + 2];
};

/* ---------------------------------------------------------------- arguments ---- */

/* What a request may say; what it leaves out is empty. */
typedef struct guest_arguments {
    chaos_buffer storage;
    chaos_slice path, purpose, algorithm, event, hash_algorithm, prefix, subject; /* text */
    chaos_slice report_data, payload, data, signature, public_key;                /* bytes */
    bool has_random_seed, random_seed, usage_ra_tls, usage_server_auth, usage_client_auth;
    uint64_t not_before, not_after;
    bool has_not_before, has_not_after;
    chaos_slice alt_names[8];
    size_t alt_name_count;
} guest_arguments;

/* False with `why` (a sentence for the answer). guest_arguments.c */
CHAOS_MUST_USE bool guest_arguments_read(chaos_slice body, guest_arguments *out, char why[200]);
void guest_arguments_free(guest_arguments *arguments);

/* ------------------------------------------------------------------ methods ---- */

/* An answer is an object that the method fills, or a sentence. */
typedef struct guest_answer {
    json_writer w;
    char error[256];   /* "" while all is well */
    chaos_status ours; /* a fault of ours */
} guest_answer;

void guest_refuse(guest_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* False: there is no such method on this API. The lock is held. guest_methods.c */
CHAOS_MUST_USE bool guest_call(guest *g, guest_api api, const char *method, const guest_arguments *arguments,
                               guest_answer *answer);

/* With the lock held. guest.c */
bool guest_derive(const guest *g, chaos_slice path, uint8_t secret[K1_SIZE]);
bool guest_chain(const guest *g, chaos_slice purpose, chaos_slice public_key, uint8_t links[GUEST_MAX_CHAIN][65]);
bool guest_quote_locked(guest *g, const uint8_t report_data[64], chaos_buffer *quote);
bool guest_log_locked(const guest *g, bool stripped, chaos_buffer *log);
chaos_status guest_extend(guest *g, chaos_slice name, chaos_slice payload, const char **why);

/* A certificate for a new random key, under the application's CA. guest_tls.c */
bool guest_tls_key(const guest *g, const guest_arguments *a, const uint8_t *scalar_or_null, json_writer *w);

#endif
