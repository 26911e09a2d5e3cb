/* breaks_policy.c - evidence that is authentic and that a careful policy refuses all the same. */
#include "sim/recipe.h"

static void lower_components(recipe *r)
{
    r->pck.components[0] = 4;
    r->pck.cpu_svn[0] = 4;
}

static const break_row rows[] = {
    BREAK("policy-td-debug", TD_DEBUG, TDX, SET(quote.body[TD_ATTRIBUTES], 0x01),
          "TDATTRIBUTES.DEBUG is set"),
    BREAK("policy-td-hgs-plus-profiling", TD_DEBUG, TDX, SET(quote.body[TD_ATTRIBUTES], 0x10),
          "HGS_PLUS_PROF is set"),
    BREAK("policy-td-performance-profiling", TD_DEBUG, TDX, SET(quote.body[TD_ATTRIBUTES], 0x20),
          "PERF_PROF is set"),
    BREAK("policy-td-pmt-profiling", TD_DEBUG, TDX, SET(quote.body[TD_ATTRIBUTES], 0x40), "PMT_PROF is set"),
    BREAK("policy-td-attributes-reserved", TD_ATTRIBUTES_RESERVED, TDX,
          SET(quote.body[TD_ATTRIBUTES + 1], 0x01), "a reserved bit of TDATTRIBUTES is set"),
    BREAK("policy-td-attributes-reserved-high", TD_ATTRIBUTES_RESERVED, TDX,
          SET(quote.body[TD_ATTRIBUTES + 4], 0x01),
          "a reserved bit of the upper half of TDATTRIBUTES is set"),
    BREAK("policy-sgx-debug", SGX_DEBUG, SGX, SET(quote.body[SGX_ATTRIBUTES], 0x07),
          "the enclave is in debug mode"),
    BREAK("policy-sgx-not-init", SGX_ATTRIBUTES, SGX, SET(quote.body[SGX_ATTRIBUTES], 0x04), "INIT is off"),
    BREAK("policy-out-of-date", TCB_STATUS, BOTH, SET_TEXT(tcb_info.levels[0].status, "OutOfDate"),
          "the platform's level is out of date"),
    BREAK("policy-out-of-date-configuration", TCB_STATUS, BOTH,
          SET_TEXT(tcb_info.levels[0].status, "OutOfDateConfigurationNeeded"),
          "the platform's level is out of date and needs configuration"),
    BREAK("policy-component-out-of-date", TCB_STATUS, BOTH, CALL(lower_components),
          "a component reaches only a level that is out of date"),
    BREAK("policy-pcesvn-out-of-date", TCB_STATUS, BOTH, SET(pck.pce_svn, 12),
          "PCESVN reaches only a level that is out of date"),
    BREAK("policy-tdx-component-out-of-date", TCB_STATUS, TDX, SET(quote.body[TD_TEE_TCB_SVN + 2], 5),
          "a TDX component reaches only a level that is out of date"),
    BREAK("policy-module-out-of-date", TCB_STATUS, TDX, SET(quote.body[TD_TEE_TCB_SVN], 3),
          "the TDX module reaches only a level that is out of date"),
    BREAK("policy-qe-out-of-date", TCB_STATUS, BOTH, SET(quote.qe_report[SGX_ISV_SVN], 7),
          "the quoting enclave reaches only a level that is out of date"),
};

BREAK_GROUP(breaks_policy, rows);
