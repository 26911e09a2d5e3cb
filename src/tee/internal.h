/* internal.h - what the files that speak to an opened plug-in share and nobody else sees. */
#ifndef TEE_INTERNAL_H
#define TEE_INTERNAL_H

#include "tee/tee.h"

/* ----------------------------------------------------------------- host ---- */

/* Fills in the members that read and write JSON. host_json.c */
void host_json_lend(chaos_host *host);
/* The member json_quote. json_quote.c */
chaos_status host_json_quote(const chaos_host *host, const char *text, char *out, size_t capacity, chaos_error *err);

/* A stranger's text as printable ASCII: everything else is escaped, and what does not fit is cut with
 * "...". `size` bytes are looked at, or fewer when a NUL comes first. Returns `out`. failure.c */
const char *text_printable(char *out, size_t capacity, const char *text, size_t size);

/* ----------------------------------------------------------------- calls ---- */

/* One call into the plug-in, with the tee's lock held by the caller:
 *
 *     call_begin(&call, tee, HOST_CALL_KEY);
 *     status = call_end(&call, plugin->key(self, ..., &call.failure), err);
 *
 * The parts that were emitted stay until the next call_begin or call_clear. */
typedef struct plugin_call {
    chaos_tee *tee;
    chaos_error failure; /* the plug-in's own words; ours only after call_end has gone over them */
} plugin_call;

void call_begin(plugin_call *call, chaos_tee *tee, host_call kind);
CHAOS_MUST_USE chaos_status call_end(plugin_call *call, chaos_status status, chaos_error *err);
void call_clear(chaos_tee *tee);

void tee_lock(chaos_tee *tee);
void tee_unlock(chaos_tee *tee);

/* Is `text` one JSON value and, if so asked, an object? Else USAGE: it was the caller's. tee.c */
CHAOS_MUST_USE chaos_status json_of_caller(const char *what, const char *text, size_t limit, bool is_object,
                                           chaos_error *err);

/* The provider broke its contract: PROVIDER, with its name and one sentence. tee.c */
chaos_status provider_broke(const chaos_tee *tee, const char *field, chaos_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------- keys and evidence ---- */

/* As keypair_sign_digest, with the lock held and the keypair known to be of this tee. sign.c */
CHAOS_MUST_USE chaos_status sign_locked(chaos_tee *tee, const chaos_keypair *keypair, const chaos_keccak *digest,
                                        chaos_signature65 *out, chaos_error *err);
/* NULL or of another tee: USAGE. sign.c */
CHAOS_MUST_USE chaos_status keypair_check(const chaos_tee *tee, const chaos_keypair *keypair, chaos_error *err);

/* chaos_attest with the lock held; `nonce` (may be NULL) goes before the binding's. attest.c */
CHAOS_MUST_USE chaos_status attest_locked(chaos_tee *tee, const chaos_keypair *keypair,
                                          const chaos_attest_options *options, const chaos_u256 *nonce,
                                          chaos_evidence **evidence, chaos_error *err);

#endif
