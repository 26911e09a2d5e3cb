/* guest_state.h - what the files of the simulated guest agent share. */
#ifndef SIM_GUEST_STATE_H
#define SIM_GUEST_STATE_H

#include <pthread.h>

#include "sim/guest.h"
#include "sim/recipe.h"

#define GUEST_MAX_SEED 128
#define GUEST_MAX_EVENT_PAYLOAD 8192
#define GUEST_MAX_TEXT 1024 /* of a path, a purpose, ... */
#define GUEST_MAX_ALT_NAMES 32
#define GUEST_FILES 5
#define GUEST_REPORT_DATA_SIZE 64
#define GUEST_VM_CONFIG_SIZE 192
#define GUEST_MAX_NAME 64 /* of the application */

struct guest {
    pthread_mutex_t lock;
    recipe r; /* PKI, keys, and the TD report with the registers as they are now */
    char seed[GUEST_MAX_SEED];
    bool strip;
    uint8_t app_id[APP_ID_SIZE];
    chaos_sha256 compose_hash;
    char app_name[GUEST_MAX_NAME + 1]; /* as the compose file says it, or "" */
    chaos_buffer app_compose, app_cert;
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
    bool random_seed, usage_ra_tls, usage_server_auth, usage_client_auth, with_app_info;
    uint64_t not_before, not_after;
    bool has_not_before, has_not_after;
    chaos_slice alt_names[GUEST_MAX_ALT_NAMES];
    size_t alt_name_count;
} guest_arguments;

/* `wanted` names what the method takes, "path purpose"; everything else is passed over, whatever it is.
 * False with `why` (a sentence for the answer). guest_arguments.c */
CHAOS_MUST_USE bool guest_arguments_read(chaos_slice body, const char *wanted, guest_arguments *out, char why[200]);
/* The same from a query, "path=a&purpose=b", as GET has it: %XX and + undone, lists by repetition. */
CHAOS_MUST_USE bool guest_arguments_read_query(const char *query, const char *wanted, guest_arguments *out,
                                               char why[200]);
void guest_arguments_free(guest_arguments *arguments);

/* ------------------------------------------------------------------ methods ---- */

/* An answer is an object that the method fills, or a sentence. */
typedef struct guest_answer {
    json_writer w;
    char error[256];   /* "" while all is well */
    chaos_status ours; /* a fault of ours */
} guest_answer;

void guest_refuse(guest_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void guest_fault(guest_answer *answer);

/* Each fills the answer or refuses, and is called with the lock held. guest_keys.c, guest_tls.c, guest_quotes.c,
 * guest_attest.c, guest_info.c */
typedef void guest_method(guest *g, const guest_arguments *a, guest_answer *answer);

typedef struct guest_method_row {
    guest_api api;
    const char *name;
    guest_method *call;
    const char *arguments; /* their names with a space between */
} guest_method_row;

/* NULL: there is no such method on this API. guest_methods.c */
const guest_method_row *guest_find_method(guest_api api, const char *name);

guest_method guest_get_key, guest_derive_k256_key, guest_sign, guest_verify;
guest_method guest_get_tls_key, guest_derive_key;
guest_method guest_get_quote, guest_raw_quote, guest_tdx_quote;
guest_method guest_attest;
guest_method guest_info, guest_version;

/* ------------------------------------------------- with the lock held ---- */

/* guest.c */
bool guest_derive(const guest *g, chaos_slice path, uint8_t secret[K1_SIZE]);
bool guest_chain(const guest *g, chaos_slice purpose, chaos_slice public_key, uint8_t links[GUEST_MAX_CHAIN][65]);
bool guest_quote_locked(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE], chaos_buffer *quote);
bool guest_log_locked(const guest *g, bool stripped, chaos_buffer *log);
chaos_status guest_extend(guest *g, chaos_slice name, chaos_slice payload, const char **why);

/* Hash of TAG ":" DATA, left-aligned; tag "" is "app-data", algorithm "" is sha512. *name gets the algorithm's, or
 * NULL when there is no such one. False: that, or a fault of ours. guest_quotes.c */
CHAOS_MUST_USE bool guest_hash_report_data(chaos_slice algorithm, chaos_slice tag, chaos_slice data,
                                           uint8_t out[GUEST_REPORT_DATA_SIZE], const char **name);
/* Zeros on the right up to 64 bytes; false after a refusal. */
CHAOS_MUST_USE bool guest_pad_report_data(const guest_arguments *a, uint8_t out[GUEST_REPORT_DATA_SIZE],
                                          guest_answer *answer);
/* dstack's attestation blob; for a certificate stripped to what replays RTMR3. guest_attest.c */
CHAOS_MUST_USE bool guest_attestation(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE],
                                      bool for_certificate, chaos_buffer *blob);

/* MRTD and the four registers; MRTD, three of them and the key provider. guest_info.c */
chaos_sha256 guest_mr_aggregated(const guest *g);
chaos_sha256 guest_mr_system(const guest *g);
const char *guest_vm_config(const guest *g, char out[GUEST_VM_CONFIG_SIZE]); /* JSON; returns `out` */

/* The chain of a client certificate of the application, as Info shows it. guest_tls.c */
CHAOS_MUST_USE bool guest_make_app_cert(guest *g);

/* Keccak of any size up to 64 bytes. keccak.c */
void sim_keccak(chaos_slice bytes, uint8_t *digest, size_t size);

#endif
