/* fetch_program.h - chaoschain collateral fetch: what it was asked, where it keeps things, what it says. */
#ifndef FETCH_PROGRAM_H
#define FETCH_PROGRAM_H

#include <chaoschain/chaoschain.h>

#include "programs/common/common.h"

#define PROGRAM "chaoschain collateral fetch"

enum {
    OPT_QUOTE,
    OPT_EVIDENCE,
    OPT_FMSPC,
    OPT_CA,
    OPT_TEE,
    OPT_SERVICE,
    OPT_KIND,
    OPT_API,
    OPT_ROOT_CRL,
    OPT_UPDATE,
    OPT_EVALUATION,
    OPT_TIMEOUT,
    OPT_CACHE,
    OPT_RENEW_BEFORE,
    OPT_REFRESH,
    OPT_OFFLINE,
    OPT_TRUST_ROOT,
    OPT_AT,
    OPT_OUT,
    OPT_JSON,
    OPT_HELP
};

/* Of --quote, --evidence, or --fmspc, --ca and --tee. request.c */
CHAOS_MUST_USE chaos_status request_platform(const options *given, chaos_platform *platform, chaos_error *err);
/* The strings are those of the options. */
CHAOS_MUST_USE chaos_status request_service(const options *given, chaos_collateral_service *service, chaos_error *err);
CHAOS_MUST_USE chaos_status request_trust(const options *given, chaos_trust **trust, chaos_error *err);
CHAOS_MUST_USE chaos_status request_time(const options *given, int64_t *now, chaos_error *err);
CHAOS_MUST_USE chaos_status request_seconds(const options *given, size_t row, uint64_t max, uint32_t *seconds,
                                            chaos_error *err);

/* --cache, else the user's own folder for such things (XDG base directories), which is made. folder.c */
CHAOS_MUST_USE chaos_status cache_folder(const options *given, chaos_buffer *path, chaos_error *err);

/* One sentence, or with --json one object on standard output. Returns the exit code. report.c */
int report_found(const options *given, const char *folder, const chaos_cached_collateral *found, chaos_slice text);
int report_failure(const options *given, const chaos_error *err);

#endif
