/* doctor.h - chaoschain doctor: what is looked at, and what is found. Nothing is written, sent, signed or opened with a
 * passphrase, and every look has its time. */
#ifndef CHAOSCHAIN_DOCTOR_H
#define CHAOSCHAIN_DOCTOR_H

#include <chaoschain/chaoschain.h>

#include "programs/common/agent/agent_options.h"

enum {
    OPT_CACHE = AGENT_OPT_COUNT,
    OPT_POLICY,
    OPT_TRUST_ROOT,
};

typedef enum finding_result { FOUND_OK, FOUND_WARN, FOUND_FAIL, FOUND_SKIPPED } finding_result;

#define MAX_FINDINGS 96
typedef struct finding {
    char name[32];
    finding_result result;
    char text[320]; /* what was found; of SKIPPED, why */
    char next[200]; /* what to type, or do; "": nothing */
    int code;       /* of FAIL: the exit code that it stands for */
} finding;

typedef struct examination {
    options o;
    agent_config config;
    chaos_error config_err; /* status CHAOS_OK: the config was read, or there is none */
    chain_session s;
    bool has_session; /* the options make a network; else `session_err` says why not */
    chaos_error session_err;
    int64_t now;
    finding findings[MAX_FINDINGS];
    size_t count;
} examination;

/* A row more; `next` may be NULL. What does not fit is dropped, and said. */
void found(examination *x, const char *name, finding_result result, const char *next, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A row of an error: FAIL (or WARN, SKIPPED) with its text. */
void found_error(examination *x, const char *name, finding_result result, const char *next, const chaos_error *err);
/* Does the user name a network, by option, config or environment? Else the usual one is a guess. */
bool names_network(const examination *x);

void look_at_software(examination *x); /* versions, libraries */
void look_at_tees(examination *x);     /* providers, the guest agent's socket */
void look_at_chain(examination *x);    /* network, nodes, clock, registries */
void look_at_keys(examination *x);     /* keystores, store */
void look_at_files(examination *x);    /* published folder, policy, roots, collateral and its cache */

#endif
