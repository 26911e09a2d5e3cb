/* guest.h - a simulated dstack guest agent without its sockets: real key derivation and signature chains, a live
 * RTMR3, live quotes in the real format under the simulated root. It never claims to be hardware: every quote it
 * makes leads to a root whose organisation is "ChaosChain Simulator", and every HTTP answer carries
 * `Server: ChaosChain dstack simulator`.
 *
 * Linked into dstack-simulator, the simulated plug-in and tests. Thread-safe: one lock per guest. */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "sim/sim.h"

#define GUEST_VERSION "0.5.11" /* the release of the real agent whose API this one speaks */
#define GUEST_MAX_REQUEST (10u * 1024u * 1024u)
#define GUEST_MAX_REPLY (8u * 1024u * 1024u)
#define GUEST_SERVER "ChaosChain dstack simulator"

typedef struct guest guest;

typedef struct guest_options {
    const char *seed;        /* keys derive from it; NULL: from the system's randomness, another at every start */
    int64_t now;             /* 0: the clock, at every call; else this time for ever */
    chaos_slice app_compose; /* the file to be measured; empty: one of the simulator's own */
    bool has_app_id;         /* else it derives from the seed, so that a new compose file leaves it as it is */
    uint8_t app_id[20];
    bool strip; /* GetQuote strips the event log as hardware does */
} guest_options;

CHAOS_MUST_USE chaos_status guest_new(const guest_options *options, guest **made, chaos_error *err);
void guest_free(guest *g);

/* --------------------------------------------------------------- as HTTP ---- */

typedef enum guest_api {
    GUEST_API_DSTACK,
    GUEST_API_TAPPD,
    GUEST_API_BOTH /* by path: /prpc/ is tappd's */
} guest_api; /* which of the two sockets was asked */

typedef struct guest_request {
    guest_api api;
    const char *method;       /* "POST", "GET", "HEAD" */
    const char *path;         /* "/GetKey", "/prpc/Tappd.DeriveKey"; without the query */
    const char *query;        /* what follows "?", undecoded; "" */
    const char *content_type; /* "" if none */
    chaos_slice body;
    bool body_too_large; /* more came than GUEST_MAX_REQUEST; `body` has any part of it */
} guest_request;

typedef struct guest_reply {
    int status;               /* 200, 400, 404 */
    const char *content_type; /* static */
    chaos_buffer body;        /* pure ASCII JSON; may hold secrets: end it with guest_reply_clear */
} guest_reply;

/* Always answers: errors are answers too. CHAOS_E_MEMORY or INTERNAL only for faults of ours (the caller says
 * 500). */
CHAOS_MUST_USE chaos_status guest_handle(guest *g, const guest_request *request, guest_reply *reply,
                                         chaos_error *err);
void guest_reply_clear(guest_reply *reply); /* wipes and frees */

/* ---------------------------------------------------------------- direct ---- */

#define GUEST_MAX_CHAIN 2

/* As GetKey: the secret, and the two links (r, s, recovery id). */
CHAOS_MUST_USE chaos_status guest_key(guest *g, chaos_slice path, chaos_slice purpose, uint8_t secret[32],
                                      uint8_t links[GUEST_MAX_CHAIN][65], chaos_error *err);
/* A quote over these report data with the log that replays to its RTMR3 (stripped when asked for). */
CHAOS_MUST_USE chaos_status guest_quote(guest *g, const chaos_report_data *report_data, chaos_buffer *quote,
                                        chaos_buffer *event_log, chaos_error *err);
/* As EmitEvent. */
CHAOS_MUST_USE chaos_status guest_emit_event(guest *g, chaos_slice name, chaos_slice payload, chaos_error *err);
/* The compose file that was measured, as it was given. Lent. */
chaos_slice guest_app_compose(const guest *g);

/* ------------------------------------------------- what a relying party holds ---- */

/* The files that `dstack-simulator --out DIR` writes: trust-root.der, collateral.json, kms-root.hex,
 * app-compose.json,
 * policy.json. False: no such index. The bytes are lent and valid until the next guest_file of any index.
 * Collateral is
 * valid from the guest's start for thirty days. */
CHAOS_MUST_USE bool guest_file(guest *g, size_t index, const char **name, chaos_slice *bytes);

#endif
