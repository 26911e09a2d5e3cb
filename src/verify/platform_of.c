/* platform_of.c - what a quote's own PCK chain says of its platform. Nothing of it is verified: it says whose
 * collateral is wanted, and a chain that cannot even be read needs none to be refused. */
#include "verify/verify.h"

#define CN_PLATFORM_CA "Intel SGX PCK Platform CA"
#define CN_PROCESSOR_CA "Intel SGX PCK Processor CA"
#define CHAIN_LENGTH 3
#define FIELD_CHAIN "certification_data"

chaos_status verify_platform_of(const chaos_evidence *evidence, uint8_t fmspc[6], bool *platform_ca, chaos_error *err)
{
    uint8_t room[MAX_CERTIFICATE * CHAIN_LENGTH];
    chaos_slice der[CHAIN_LENGTH];
    certificate leaf;
    certificate ca;
    pck_extension pck;
    fault why = { 0 };
    const bool is_chain = evidence->quote.cert_data_type == CERT_PCK_CHAIN;
    const size_t wanted = is_chain ? CHAIN_LENGTH : 1;
    size_t count;

    if (!is_chain && evidence->quote.cert_data_type != CERT_PCK_LEAF) {
        return error_set(err, CHAOS_E_PCK_CHAIN_MISSING, FIELD_CHAIN, CHAOS_NO_OFFSET,
                         "the quote names its PCK certificate and does not hold it: say FMSPC and CA");
    }
    count = pem_read(evidence->quote.cert_data, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH,
                     room, sizeof room, der, wanted, &why);
    if (count == 0) {
        return fault_to_error(&why, err);
    }
    if (count != wanted) {
        return error_set(err, CHAOS_E_PCK_CHAIN_LENGTH, FIELD_CHAIN, CHAOS_NO_OFFSET, NULL);
    }
    if (!certificate_read(der[0], CHAOS_E_PCK_CHAIN_FORMAT, &leaf, &why) ||
        (is_chain && !certificate_read(der[1], CHAOS_E_PCK_CHAIN_FORMAT, &ca, &why)) ||
        !pck_extension_read(leaf.sgx_extension, &pck, &why)) {
        return fault_to_error(&why, err);
    }
    /* A leaf alone tells by what only the Platform CA writes into it. */
    *platform_ca = is_chain ? slice_is(ca.subject_cn, CN_PLATFORM_CA) : pck.has_platform_instance_id;
    if (is_chain && !*platform_ca && !slice_is(ca.subject_cn, CN_PROCESSOR_CA)) {
        return error_set(err, CHAOS_E_PCK_CHAIN_ORDER, FIELD_CHAIN, CHAOS_NO_OFFSET,
                         "the second certificate is not a PCK CA's");
    }
    memcpy(fmspc, pck.fmspc, 6);
    return CHAOS_OK;
}
