/* collateral.c - says plainly what is not there yet, and what it is going to need. */
#include "verbs.h"

int verb_collateral(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return say_failure(
        "chaoschain collateral", EXIT_USAGE,
        "fetching collateral is not built yet in version " CHAOS_VERSION_STRING
        ". It will need HTTPS to Intel's PCS (api.trustedservices.intel.com) or to a PCCS; until then pass a "
        "file made elsewhere: chaoschain verify --collateral FILE");
}
