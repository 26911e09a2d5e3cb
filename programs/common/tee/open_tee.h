/* open_tee.h - from the command line's words to an opened TEE. For programs that link libchaoschain. */
#ifndef COMMON_TEE_OPEN_TEE_H
#define COMMON_TEE_OPEN_TEE_H

#include <chaoschain/tee.h>

#include "programs/common/common.h"

#define TEE_MAX_OPTIONS 8192u

/* The provider of "auto": that of the TEE which this machine is (chaos_tee_detect), said on standard error with the
 * reason. A simulated one is never chosen. TEE_UNAVAILABLE when this machine is none, after the reasons
 * were said, too. */
#define TEE_AUTO "auto"
CHAOS_MUST_USE chaos_status pick_provider(const char *program, const char **provider, chaos_error *err);
/* Each TEE that can be told apart, one a line: "  intel-tdx      no   CPUID leaf ...". */
CHAOS_MUST_USE bool write_detection(const chaos_detection *found, chaos_buffer *out);

typedef struct tee_choice { /* --tee-provider, --tee-endpoint, --tee-options, --tee-plugin; NULL: not given */
    const char *provider, *endpoint, *options, *plugin;
} tee_choice;

/* The options of the provider as JSON: --tee-options, with --tee-endpoint as its member "endpoint". `out` has a limit
 * of TEE_MAX_OPTIONS. */
CHAOS_MUST_USE chaos_status tee_provider_options(const tee_choice *choice, chaos_buffer *out, chaos_error *err);
/* Both are freed by the caller, the TEE first, also after a failure. USAGE names the option. */
CHAOS_MUST_USE chaos_status open_tee(const tee_choice *choice, chaos_tee_registry **registry, chaos_tee **tee,
                                     chaos_error *err);

#endif
