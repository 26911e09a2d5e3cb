/* test_tcb.c - which level is reached, how platform, module and QE converge, and when a relaunch is advised, on levels
 * made by hand: TDX 1.5 reports too, which the forge does not make. */
#include "verify/internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#define JANUARY 1735689600 /* 2025-01-01 */
#define DAY 86400

/* A platform of component 5 throughout, PCESVN 11, module version 1 at SVN 5, QE at SVN 8. */
typedef struct scene {
    examination x;
    chaos_claims claims;
    dcap_quote quote;
    uint8_t body[TD_REPORT_15_SIZE], qe_report[SGX_REPORT_SIZE];
} scene;

static scene s; /* too large for a stack */

#define TD_TCB_SVN 0
#define TD_TCB_SVN_2 584
#define QE_ISV_SVN 258

static svn_level level(uint16_t isv_svn, chaos_tcb_status status, int64_t tcb_date, const char *advisories)
{
    svn_level made = { isv_svn, status, tcb_date, slice_text(advisories) };
    return made;
}

static void set_svn(size_t at, uint8_t svn)
{
    memset(s.body + at, 5, 16);
    s.body[at] = svn;
    s.body[at + 1] = 1;
}

static void begin(quote_body_type type)
{
    memset(&s, 0, sizeof s);
    check_run_init(&s.claims.run, false);
    s.x.claims = &s.claims;
    s.x.quote = &s.quote;
    s.quote.tee = type == BODY_SGX ? CHAOS_TEE_SGX : CHAOS_TEE_TDX;
    s.quote.body_type = type;
    s.quote.body = slice(s.body, quote_body_table(type)->size);
    s.quote.qe_report = slice(s.qe_report, sizeof s.qe_report);
    s.qe_report[QE_ISV_SVN] = 8;
    set_svn(TD_TCB_SVN, 5);
    set_svn(TD_TCB_SVN_2, 5);
    memset(s.claims.pck.components, 5, 16);
    s.claims.pck.pce_svn = 11;
    s.x.tcb = &s.x.own.tcb;
    s.x.identity = &s.x.own.identity;
    s.x.own.tcb.level_count = 1;
    memset(s.x.own.tcb.levels[0].sgx, 5, 16);
    memset(s.x.own.tcb.levels[0].tdx, 5, 16);
    s.x.own.tcb.levels[0].pce_svn = 11;
    s.x.own.tcb.levels[0].status = CHAOS_TCB_UP_TO_DATE;
    s.x.own.tcb.levels[0].tcb_date = JANUARY + 2 * DAY;
    s.x.own.tcb.levels[0].advisories = slice_text("[\"INTEL-SA-3\",\"INTEL-SA-1\"]");
    s.x.own.tcb.identity_count = 1;
    s.x.own.tcb.identities[0].version = 1;
    s.x.own.tcb.identities[0].level_count = 2;
    s.x.own.tcb.module_levels[0] = level(5, CHAOS_TCB_UP_TO_DATE, JANUARY + 3 * DAY, "[\"INTEL-SA-2\"]");
    s.x.own.tcb.module_levels[1] = level(3, CHAOS_TCB_OUT_OF_DATE, JANUARY + DAY, "[\"INTEL-SA-9\"]");
    s.x.own.identity.level_count = 2;
    s.x.own.identity.levels[0] = level(8, CHAOS_TCB_UP_TO_DATE, JANUARY + 4 * DAY, "[\"INTEL-SA-1\",\"INTEL-SA-4\"]");
    s.x.own.identity.levels[1] = level(6, CHAOS_TCB_OUT_OF_DATE, JANUARY, "[]");
}

static void expect(const char *what, chaos_status status, chaos_tcb_status tcb)
{
    chaos_status found = verify_tcb_level(&s.x);

    if (found != status || (status == CHAOS_OK && s.claims.tcb.status != tcb)) {
        fail_msg("%s: expected %s and %s, found %s and %s", what, chaos_status_name(status), chaos_tcb_status_name(tcb),
                 chaos_status_name(found), chaos_tcb_status_name(s.claims.tcb.status));
    }
}

static void test_dates_and_advisories(void **state)
{
    (void)state;
    begin(BODY_TD_10);
    expect("all current", CHAOS_OK, CHAOS_TCB_UP_TO_DATE);
    assert_int_equal(s.claims.tcb.tcb_date, JANUARY + 2 * DAY); /* the earliest of the three */
    assert_int_equal(s.claims.tcb.advisory_count, 4);           /* the union, sorted, none twice */
    assert_string_equal(s.claims.tcb.advisories[0], "INTEL-SA-1");
    assert_string_equal(s.claims.tcb.advisories[3], "INTEL-SA-4");
    assert_false(s.claims.has_current);

    begin(BODY_TD_10);
    s.x.own.tcb.levels[0].tcb_date = 0; /* 1970 is a date like any other */
    expect("a level of 1970", CHAOS_OK, CHAOS_TCB_UP_TO_DATE);
    assert_int_equal(s.claims.tcb.tcb_date, 0);
}

/* Each component one above the platform's: the only level is out of reach. */
static void test_every_component_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        begin(BODY_TD_10);
        s.x.own.tcb.levels[0].sgx[i] = 6;
        expect("SGX component", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
        begin(BODY_SGX);
        s.x.own.tcb.levels[0].sgx[i] = 6;
        expect("SGX component of an enclave", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
        begin(BODY_SGX);
        s.x.own.tcb.levels[0].tdx[i] = 6;
        expect("TDX component of an enclave", CHAOS_OK, CHAOS_TCB_UP_TO_DATE);
        /* The module's two components are left to its identity's levels, where it has one. */
        begin(BODY_TD_10);
        s.x.own.tcb.levels[0].tdx[i] = 6;
        expect("TDX component", i < 2 ? CHAOS_OK : CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UP_TO_DATE);
        begin(BODY_TD_10);
        memset(s.x.own.tcb.levels[0].tdx, 0, 16);
        s.x.own.tcb.levels[0].tdx[i] = 6;
        s.body[TD_TCB_SVN + 1] = 0;
        expect("TDX component without module identity", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
    }
    begin(BODY_TD_10);
    s.x.own.tcb.levels[0].pce_svn = 12;
    expect("PCESVN", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
}

static void test_levels_of_module_and_qe(void **state)
{
    (void)state;
    begin(BODY_TD_10);
    set_svn(TD_TCB_SVN, 4);
    expect("module at the second level", CHAOS_OK, CHAOS_TCB_OUT_OF_DATE);
    assert_int_equal(s.claims.tcb.tcb_date, JANUARY + DAY);
    begin(BODY_TD_10);
    set_svn(TD_TCB_SVN, 2);
    expect("module below every level", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
    begin(BODY_TD_10);
    s.body[TD_TCB_SVN + 1] = 2;
    expect("module without identity", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
    begin(BODY_TD_10);
    s.qe_report[QE_ISV_SVN] = 7;
    expect("QE at the second level", CHAOS_OK, CHAOS_TCB_OUT_OF_DATE);
    begin(BODY_TD_10);
    s.qe_report[QE_ISV_SVN] = 5;
    expect("QE below every level", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
}

static chaos_tcb_status converged(chaos_tcb_status platform, bool outdated)
{
    if (!outdated) {
        return platform;
    }
    switch (platform) {
    case CHAOS_TCB_CONFIGURATION_NEEDED:
    case CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
    case CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
        return CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    case CHAOS_TCB_UNKNOWN:
    case CHAOS_TCB_UP_TO_DATE:
    case CHAOS_TCB_SW_HARDENING_NEEDED:
    case CHAOS_TCB_OUT_OF_DATE:
    case CHAOS_TCB_TD_RELAUNCH_ADVISED:
    case CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
    case CHAOS_TCB_REVOKED:
        break;
    }
    return CHAOS_TCB_OUT_OF_DATE;
}

/* All 7 x 3 x 3 outcomes. */
static void test_convergence(void **state)
{
    static const chaos_tcb_status platforms[] = { CHAOS_TCB_UP_TO_DATE,
                                                  CHAOS_TCB_SW_HARDENING_NEEDED,
                                                  CHAOS_TCB_CONFIGURATION_NEEDED,
                                                  CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
                                                  CHAOS_TCB_OUT_OF_DATE,
                                                  CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
                                                  CHAOS_TCB_REVOKED };
    static const chaos_tcb_status parts[] = { CHAOS_TCB_UP_TO_DATE, CHAOS_TCB_OUT_OF_DATE, CHAOS_TCB_REVOKED };

    (void)state;
    for (size_t p = 0; p < CHAOS_ARRAY_SIZE(platforms); p++) {
        for (size_t m = 0; m < CHAOS_ARRAY_SIZE(parts); m++) {
            for (size_t q = 0; q < CHAOS_ARRAY_SIZE(parts); q++) {
                bool revoked = platforms[p] == CHAOS_TCB_REVOKED || m == 2 || q == 2;

                begin(BODY_TD_10);
                s.x.own.tcb.levels[0].status = platforms[p];
                s.x.own.tcb.module_levels[0].status = parts[m];
                s.x.own.identity.levels[0].status = parts[q];
                expect("convergence", revoked ? CHAOS_E_TCB_REVOKED : CHAOS_OK,
                       converged(platforms[p], m == 1 || q == 1));
            }
        }
    }
}

/* The module was updated after the TD was launched. */
static void launch_before_update(chaos_tcb_status platform)
{
    begin(BODY_TD_15);
    set_svn(TD_TCB_SVN, 4);
    s.x.own.tcb.levels[0].status = platform;
}

static void test_relaunch(void **state)
{
    (void)state;
    launch_before_update(CHAOS_TCB_UP_TO_DATE);
    expect("module updated", CHAOS_OK, CHAOS_TCB_TD_RELAUNCH_ADVISED);
    assert_true(s.claims.has_current);
    assert_int_equal(s.claims.current.status, CHAOS_TCB_UP_TO_DATE);
    launch_before_update(CHAOS_TCB_SW_HARDENING_NEEDED);
    expect("hardening needed", CHAOS_OK, CHAOS_TCB_TD_RELAUNCH_ADVISED);
    launch_before_update(CHAOS_TCB_CONFIGURATION_NEEDED);
    expect("configuration needed", CHAOS_OK, CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    launch_before_update(CHAOS_TCB_OUT_OF_DATE);
    expect("the platform itself is outdated", CHAOS_OK, CHAOS_TCB_OUT_OF_DATE);
    launch_before_update(CHAOS_TCB_UP_TO_DATE);
    set_svn(TD_TCB_SVN_2, 4);
    expect("module not updated", CHAOS_OK, CHAOS_TCB_OUT_OF_DATE);
    launch_before_update(CHAOS_TCB_UP_TO_DATE);
    s.quote.body_type = BODY_TD_10;
    s.quote.body.size = TD_REPORT_10_SIZE;
    expect("a 1.0 report cannot tell", CHAOS_OK, CHAOS_TCB_OUT_OF_DATE);
    begin(BODY_TD_15);
    set_svn(TD_TCB_SVN_2, 4);
    expect("current is worse: the launch decides", CHAOS_OK, CHAOS_TCB_UP_TO_DATE);
    assert_int_equal(s.claims.current.status, CHAOS_TCB_OUT_OF_DATE);
}

static void test_current_must_be_evaluable(void **state)
{
    (void)state;
    begin(BODY_TD_15);
    set_svn(TD_TCB_SVN_2, 2);
    expect("current below every level", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
    begin(BODY_TD_15);
    s.body[TD_TCB_SVN_2 + 1] = 2;
    expect("current module without identity", CHAOS_E_TCB_NOT_SUPPORTED, CHAOS_TCB_UNKNOWN);
    begin(BODY_TD_15);
    set_svn(TD_TCB_SVN_2, 4);
    s.x.own.tcb.module_levels[1].status = CHAOS_TCB_REVOKED;
    expect("current is revoked", CHAOS_E_TCB_REVOKED, CHAOS_TCB_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_and_advisories),
        cmocka_unit_test(test_every_component_counts),
        cmocka_unit_test(test_levels_of_module_and_qe),
        cmocka_unit_test(test_convergence),
        cmocka_unit_test(test_relaunch),
        cmocka_unit_test(test_current_must_be_evaluable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
