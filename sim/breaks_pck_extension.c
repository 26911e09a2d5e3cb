/* breaks_pck_extension.c - breaks of the SGX extension of the PCK certificate; the certificate is signed
 * over them. */
#include "sim/recipe.h"

#define PROCESSOR_MEMBERS (PCK_PPID | PCK_TCB | PCK_PCE_ID | PCK_FMSPC | PCK_SGX_TYPE)
#define PLATFORM_MEMBERS (PROCESSOR_MEMBERS | PCK_INSTANCE | PCK_CONFIGURATION)

#define WITHOUT(name, member, summary)                                                                       \
    BREAK("pck-ext-no-" name, PCK_EXTENSION, SGX, SET(pck.members, PROCESSOR_MEMBERS & ~(member)), summary), \
        BREAK("pck-ext-no-" name "-tdx", PCK_EXTENSION, TDX, SET(pck.members, PLATFORM_MEMBERS & ~(member)), \
              summary)
#define TWICE(name, member, summary) \
    BREAK("pck-ext-" name "-twice", PCK_EXTENSION, BOTH, SET(pck.twice, (member)), summary)

static const break_row rows[] = {
    BREAK("pck-ext-missing", PCK_EXTENSION, BOTH, SET(certs[CERT_PCK].has_sgx_extension, false),
          "the certificate has no SGX extension"),
    WITHOUT("ppid", PCK_PPID, "no PPID"),
    WITHOUT("tcb", PCK_TCB, "no TCB"),
    WITHOUT("pceid", PCK_PCE_ID, "no PCEID"),
    WITHOUT("fmspc", PCK_FMSPC, "no FMSPC"),
    WITHOUT("sgx-type", PCK_SGX_TYPE, "no SGX type"),
    BREAK("pck-ext-no-platform-instance-id", PCK_EXTENSION, TDX,
          SET(pck.members, PLATFORM_MEMBERS & ~PCK_INSTANCE),
          "no platform instance id under the Platform CA"),
    BREAK("pck-ext-no-configuration", PCK_EXTENSION, TDX,
          SET(pck.members, PLATFORM_MEMBERS & ~PCK_CONFIGURATION), "no configuration under the Platform CA"),
    BREAK("pck-ext-no-platform-fields", PCK_EXTENSION, TDX, SET(pck.members, PROCESSOR_MEMBERS),
          "neither instance id nor configuration under the Platform CA"),
    BREAK("pck-ext-platform-instance-id-under-processor-ca", PCK_EXTENSION, SGX,
          SET(pck.members, PROCESSOR_MEMBERS | PCK_INSTANCE),
          "a platform instance id under the Processor CA"),
    BREAK("pck-ext-configuration-under-processor-ca", PCK_EXTENSION, SGX,
          SET(pck.members, PROCESSOR_MEMBERS | PCK_CONFIGURATION), "a configuration under the Processor CA"),
    BREAK("pck-ext-platform-fields-under-processor-ca", PCK_EXTENSION, SGX,
          SET(pck.members, PLATFORM_MEMBERS), "instance id and configuration under the Processor CA"),
    TWICE("ppid", PCK_PPID, "two PPIDs"),
    TWICE("tcb", PCK_TCB, "two TCBs"),
    TWICE("pceid", PCK_PCE_ID, "two PCEIDs"),
    TWICE("fmspc", PCK_FMSPC, "two FMSPCs"),
    TWICE("sgx-type", PCK_SGX_TYPE, "two SGX types"),
    BREAK("pck-ext-unknown-member", PCK_EXTENSION, BOTH, SET(pck.twice, PCK_UNKNOWN),
          "a member that nobody knows"),
    BREAK("pck-ext-ppid-15-bytes", PCK_EXTENSION, BOTH, SET(pck.ppid_size, 15), "the PPID is too short"),
    BREAK("pck-ext-cpusvn-15-bytes", PCK_EXTENSION, BOTH, SET(pck.cpu_svn_size, 15), "CPUSVN is too short"),
    BREAK("pck-ext-pceid-1-byte", PCK_EXTENSION, BOTH, SET(pck.pce_id_size, 1), "the PCEID is too short"),
    BREAK("pck-ext-pceid-3-bytes", PCK_EXTENSION, BOTH, SET(pck.pce_id_size, 3), "the PCEID is too long"),
    BREAK("pck-ext-fmspc-5-bytes", PCK_EXTENSION, BOTH, SET(pck.fmspc_size, 5), "the FMSPC is too short"),
    BREAK("pck-ext-instance-id-15-bytes", PCK_EXTENSION, TDX, SET(pck.instance_size, 15),
          "the platform instance id is too short"),
    BREAK("pck-ext-component-256", PCK_EXTENSION, BOTH, SET(pck.components[3], 256),
          "a component of 256, which a truncating reader takes for 0"),
    BREAK("pck-ext-component-not-cpusvn", PCK_EXTENSION, BOTH, SET(pck.cpu_svn[3], 9),
          "CPUSVN is not what the components say"),
    BREAK("pck-ext-component-missing", PCK_EXTENSION, BOTH, SET(pck.component_count, 15),
          "fifteen components"),
    BREAK("pck-ext-component-twice", PCK_EXTENSION, BOTH, SET(pck.component_twice, true),
          "the first component comes twice"),
    BREAK("pck-ext-no-pcesvn", PCK_EXTENSION, BOTH, SET(pck.no_pce_svn, true), "no PCESVN"),
    BREAK("pck-ext-no-cpusvn", PCK_EXTENSION, BOTH, SET(pck.no_cpu_svn, true), "no CPUSVN"),
    BREAK("pck-ext-pcesvn-65536", PCK_EXTENSION, BOTH, SET(pck.pce_svn, 65536),
          "a PCESVN of more than 16 bits"),
    BREAK("pck-ext-sgx-type-3", PCK_EXTENSION, BOTH, SET(pck.sgx_type, 3), "an SGX type that is not defined"),
    BREAK("pck-ext-no-cached-keys", PCK_EXTENSION, TDX, SET(pck.no_cached_keys, true),
          "the configuration lacks a flag"),
    BREAK("pck-ext-trailing-byte", PCK_EXTENSION, BOTH, SET(pck.trailing_byte, true),
          "a byte after the extension"),
    BREAK("pck-ext-not-a-sequence", PCK_EXTENSION, BOTH, SET(pck.not_a_sequence, true),
          "a SET instead of a SEQUENCE"),
};

BREAK_GROUP(breaks_pck_extension, rows);
