/* claims.c - what may be asked of claims. */
#include "verify/verify.h"

void chaos_claims_free(chaos_claims *claims)
{
    free(claims);
}

chaos_tee_kind chaos_claims_tee(const chaos_claims *claims)
{
    return claims->tee;
}

chaos_anchor chaos_claims_anchor(const chaos_claims *claims)
{
    return claims->anchor;
}

chaos_tcb_status chaos_claims_tcb_status(const chaos_claims *claims)
{
    return claims->tcb.status;
}

bool chaos_claims_get(const chaos_claims *claims, const char *name, chaos_slice *value)
{
    const pck_extension *pck;

    if (claims == NULL || name == NULL || value == NULL) {
        return false;
    }
    pck = &claims->pck;
    const struct {
        const char *name;
        chaos_slice bytes;
    } of_platform[] = {
        { "fmspc", slice(pck->fmspc, sizeof pck->fmspc) },
        { "ppid", slice(pck->ppid, sizeof pck->ppid) },
        { "pceid", slice(pck->pce_id, sizeof pck->pce_id) },
        { "cpusvn_ext", slice(pck->cpu_svn, sizeof pck->cpu_svn) },
        { "tcb_components", slice(pck->components, sizeof pck->components) },
    };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(of_platform); i++) {
        if (strcmp(of_platform[i].name, name) == 0) {
            *value = of_platform[i].bytes;
            return true;
        }
    }
    return wire_field_get(quote_body_table(claims->body_type), slice(claims->body, claims->body_size), name, value);
}

const char *chaos_tcb_status_name(chaos_tcb_status status)
{
    switch (status) {
    case CHAOS_TCB_UNKNOWN:
        break;
    case CHAOS_TCB_UP_TO_DATE:
        return "UpToDate";
    case CHAOS_TCB_SW_HARDENING_NEEDED:
        return "SWHardeningNeeded";
    case CHAOS_TCB_CONFIGURATION_NEEDED:
        return "ConfigurationNeeded";
    case CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        return "ConfigurationAndSWHardeningNeeded";
    case CHAOS_TCB_OUT_OF_DATE:
        return "OutOfDate";
    case CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
        return "OutOfDateConfigurationNeeded";
    case CHAOS_TCB_TD_RELAUNCH_ADVISED:
        return "TDRelaunchAdvised";
    case CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
        return "TDRelaunchAdvisedConfigurationNeeded";
    case CHAOS_TCB_REVOKED:
        return "Revoked";
    }
    return "Unknown";
}
