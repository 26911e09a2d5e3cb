/* collateral_judge.c - whose collateral a quote asks for, and whether some that came is that. */
#include "net/collateral.h"

#define CN_PROCESSOR_CA "Intel SGX PCK Processor CA"

#define CN_PLATFORM_CA "Intel SGX PCK Platform CA"

chaos_status chaos_evidence_platform(const chaos_evidence *evidence, chaos_platform *platform, chaos_error *err)
{
    chaos_platform found;

    if (evidence == NULL || platform == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "evidence and platform may not be NULL");
    }
    found.tee = chaos_evidence_tee(evidence);
    CHAOS_TRY(verify_platform_of(evidence, found.fmspc, &found.platform_ca, err));
    *platform = found;
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ judging ---- */

static chaos_status other(chaos_status status, const char *field, const char *expected, const char *found,
                          chaos_error *err)
{
    (void)error_set(err, status, field, CHAOS_NO_OFFSET, "the collateral is of another platform");
    error_expected(err, "%s", expected);
    error_found(err, "%s", found);
    return status;
}

static const char *tee_name(chaos_tee_kind tee)
{
    return tee == CHAOS_TEE_TDX ? "tdx" : "sgx";
}

static chaos_status compare(const chaos_platform *platform, const chaos_collateral_facts *facts, chaos_error *err)
{
    char text[2][2 * sizeof platform->fmspc + 4];

    if (facts->tee != platform->tee) {
        return other(CHAOS_E_TCB_INFO_MISMATCH, "tee", tee_name(platform->tee), tee_name(facts->tee), err);
    }
    if (memcmp(facts->fmspc, platform->fmspc, sizeof platform->fmspc) != 0) {
        return other(CHAOS_E_TCB_INFO_MISMATCH, "fmspc",
                     error_hex(text[0], sizeof text[0], slice(platform->fmspc, sizeof platform->fmspc)),
                     error_hex(text[1], sizeof text[1], slice(facts->fmspc, sizeof facts->fmspc)), err);
    }
    if (facts->platform_ca != platform->platform_ca) {
        return other(CHAOS_E_CRL_ISSUER, "pck_crl", platform->platform_ca ? CN_PLATFORM_CA : CN_PROCESSOR_CA,
                     facts->platform_ca ? CN_PLATFORM_CA : CN_PROCESSOR_CA, err);
    }
    return CHAOS_OK;
}

static chaos_status other_number(const char *field, uint32_t wanted, uint32_t found, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_TCB_INFO_MISMATCH, field, CHAOS_NO_OFFSET,
                    "the collateral is of another evaluation than was asked for");
    error_expected(err, "%u", wanted);
    error_found(err, "%u", found);
    return CHAOS_E_TCB_INFO_MISMATCH;
}

chaos_status collateral_check_number(uint32_t wanted, const chaos_collateral_facts *facts, chaos_error *err)
{
    if (wanted == 0) {
        return CHAOS_OK;
    }
    if (facts->tcb_evaluation_number != wanted) {
        return other_number("tcb_evaluation_number", wanted, facts->tcb_evaluation_number, err);
    }
    if (facts->qe_evaluation_number != wanted) {
        return other_number("qe_evaluation_number", wanted, facts->qe_evaluation_number, err);
    }
    return CHAOS_OK;
}

chaos_status collateral_judge(chaos_slice text, const chaos_platform *platform, const chaos_trust *trust, int64_t now,
                              chaos_collateral_facts *facts, chaos_error *err)
{
    CHAOS_AUTO(chaos_collateral, collateral);
    chaos_collateral_facts found;

    CHAOS_TRY(chaos_collateral_parse(text, &collateral, err));
    CHAOS_TRY(chaos_collateral_seal(collateral, trust, now, err));
    CHAOS_TRY(chaos_collateral_get_facts(collateral, &found, err));
    CHAOS_TRY(compare(platform, &found, err));
    *facts = found;
    return CHAOS_OK;
}
