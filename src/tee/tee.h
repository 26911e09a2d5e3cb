/* tee.h (inside) - what the files of this folder share: the registry, a loaded plug-in, the host that a
 * plug-in sees, and
 * the parts that one call emitted. */
#ifndef TEE_TEE_H
#define TEE_TEE_H

#include <chaoschain/tee.h>

#include <pthread.h>

#include "base/base.h"
#include "keys/keys.h"
#include "wire/wire.h"

#define TEE_MAX_NAME 32       /* of a provider, with NUL */
#define TEE_MAX_SUMMARY 128   /* with NUL; longer ones are cut */
#define TEE_MAX_OPTIONS 8192  /* bytes of options_json */
#define TEE_MAX_LOG_LINE 512

/* ---------------------------------------------------------------- names ---- */

#define PROVIDER_AUTO "auto" /* what programs take for "the TEE that this machine is", and so no provider's name */
bool provider_name_is_valid(const char *name); /* [a-z0-9-]{1,31}, and not PROVIDER_AUTO */
const chaos_tee_known *provider_known(const char *name); /* NULL: a stranger */

/* ------------------------------------------------------------- registry ---- */

struct chaos_tee_provider {
    const chaos_tee_registry *registry;
    const chaos_provider *plugin;    /* inside the mapped file */
    char name[TEE_MAX_NAME];
    char summary[TEE_MAX_SUMMARY];   /* escaped */
    char path[4096];
};

/* The file of a provider: the explicit one, else the first found on the search path. PROVIDER_MISSING with the
 * two lines
 * of text when there is none. registry.c */
CHAOS_MUST_USE chaos_status registry_locate(const chaos_tee_registry *registry, const char *name, char path[4096],
                                            chaos_error *err);
void registry_log(const chaos_tee_registry *registry, const char *name, chaos_log_level level, const char *text);

/* Opens the file (O_NOFOLLOW), checks the descriptor's owner and mode, loads from that descriptor, asks the
 * entry for our
 * ABI and checks everything that can be checked without running more of it. loader.c */
CHAOS_MUST_USE chaos_status plugin_load(const char *path, const char *name, const chaos_provider **plugin,
                                        chaos_error *err);

/* Is the optional member there, given the struct's own `size`? */
#define PLUGIN_HAS(plugin, member) \
    ((plugin)->size >= offsetof(chaos_provider, member) + sizeof (plugin)->member && (plugin)->member != NULL)

/* ---------------------------------------------------------------- probe ---- */

#define PROBE_MAX_REQUEST (4096u + 2u * TEE_MAX_OPTIONS + 1024u)
#define PROBE_MAX_ANSWER 16384u

/* Loads the plug-in in this process, opens it and probes it: what the helper does. probe_child.c */
CHAOS_MUST_USE chaos_status probe_run(const chaos_tee_registry *log_to, const char *path, const char *name,
                                      const char *options_json, uint32_t timeout_ms, chaos_error *err);
/* The helper's work: one request as the parent wrote it, one answer for it to read. probe_child.c */
CHAOS_MUST_USE bool probe_answer(chaos_slice request, chaos_buffer *answer);
/* What both sides agree on. probe_message.c */
typedef struct probe_request {
    char path[4096], name[TEE_MAX_NAME], options[TEE_MAX_OPTIONS + 1];
    uint32_t timeout_ms;
} probe_request;
#define PROBE_MAX_LINES 8
typedef struct probe_result {
    chaos_status status;
    char text[200], expected[100], found[100];
    size_t line_count;
    struct {
        chaos_log_level level;
        char text[TEE_MAX_LOG_LINE];
    } lines[PROBE_MAX_LINES];
} probe_result;
CHAOS_MUST_USE bool probe_request_write(const probe_request *request, chaos_buffer *out);
CHAOS_MUST_USE bool probe_request_read(chaos_slice text, probe_request *out);
CHAOS_MUST_USE bool probe_result_write(const probe_result *result, chaos_buffer *out);
CHAOS_MUST_USE bool probe_result_read(chaos_slice text, probe_result *out);

/* The parent's side: starts the helper `chaoschain-probe` (LIBEXECDIR/chaoschain beside the library) in a
 * process group of
 * its own and kills the group at the time limit. probe.c */
CHAOS_MUST_USE chaos_status probe_start(const chaos_tee_registry *registry, const char *path, const char *name,
                                        const char *options_json, uint32_t timeout_ms, chaos_error *err);

/* ----------------------------------------------------------------- host ---- */

typedef enum host_call { HOST_CALL_NONE, HOST_CALL_KEY, HOST_CALL_ATTEST, HOST_CALL_INVOKE } host_call;

#define HOST_MAX_PARTS 16
#define HOST_MAX_EMITTED (1024u * 1024u)

typedef struct host_part {
    char name[TEE_MAX_NAME];
    size_t begin, size; /* into the buffer */
} host_part;

/* The host as one opened tee's plug-in sees it. `host` is first: the plug-in gives its address back. host.c */
typedef struct tee_host {
    chaos_host host;
    const chaos_tee_registry *registry; /* for the log; may be NULL (in the helper) */
    const char *name;
    host_call call;        /* which call is running */
    size_t part_count;
    host_part parts[HOST_MAX_PARTS];
    chaos_buffer emitted;  /* wiped when the call's results were taken */
    chaos_status misuse;   /* the plug-in broke a rule of emit in this call */
    const char *misuse_text;
} tee_host;

void tee_host_init(tee_host *host, const chaos_tee_registry *registry, const char *name);
void tee_host_begin(tee_host *host, host_call call);
/* Ends the call: PROVIDER when a rule was broken. The parts stay until tee_host_clear. */
CHAOS_MUST_USE chaos_status tee_host_end(tee_host *host, chaos_status status, chaos_error *err);
chaos_slice tee_host_part(const tee_host *host, const char *name); /* data NULL: not emitted */
void tee_host_clear(tee_host *host);

/* What a plug-in's failure is to us: its status if a plug-in may give it, else PROVIDER; its texts escaped. */
chaos_status plugin_failure(const char *name, chaos_status status, chaos_error *err);

/* ------------------------------------------------------- tee and keypair ---- */

struct chaos_tee {
    const chaos_tee_provider *provider;
    void *self;
    tee_host host;
    pthread_mutex_t lock; /* one call at a time */
    char *options;        /* JSON */
};

struct chaos_keypair {
    chaos_tee *tee;
    void *handle;
    k1_point point;
    chaos_address address;
    char path[256], purpose[64];
    char reference[320];
    chaos_buffer kms_chain;   /* JSON of the part; empty if the TEE gave none */
    chaos_evidence *evidence;
};

/* One signature by the plug-in over a digest that the core made, recovered and compared with the keypair. sign.c */
CHAOS_MUST_USE chaos_status keypair_sign_digest(chaos_tee *tee, const chaos_keypair *keypair,
                                                const chaos_keccak *digest, chaos_signature65 *out,
                                                chaos_error *err);

/* The digest of typed data that a caller may have signed: TYPED_DATA_FORMAT, or USAGE for the domain
 * "ChaosChain TEE". sign.c */
CHAOS_MUST_USE chaos_status typed_data_to_sign(chaos_slice typed_data, chaos_keccak *digest, chaos_error *err);

CHAOS_CLEANUP(chaos_tee_registry);
CHAOS_CLEANUP(chaos_tee);
CHAOS_CLEANUP(chaos_keypair);
CHAOS_CLEANUP(chaos_evidence);
CHAOS_CLEANUP(chaos_signature);

#endif
