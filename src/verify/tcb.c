/* tcb.c - which TCB level the platform, the TDX module and the quoting enclave reach, and what they make together
 * (docs/verify-dcap.md F22-F25). */
#include "verify/internal.h"

#define TDX_COMPONENTS 16

static bool not_below(const uint8_t *have, const uint8_t *level, size_t from)
{
    for (size_t i = from; i < TDX_COMPONENTS; i++) {
        if (have[i] < level[i]) {
            return false;
        }
    }
    return true;
}

/* The highest level whose every component the platform reaches. Levels are in descending order. Where the module has an
 * identity of its own (svn[1] > 0), its two components are left to that identity's levels. */
static const tcb_level *platform_level(const examination *x, const uint8_t *tee_tcb_svn)
{
    const pck_extension *pck = &x->claims->pck;
    size_t tdx_from = tee_tcb_svn != NULL && tee_tcb_svn[1] > 0 ? 2 : 0;

    for (size_t i = 0; i < x->tcb->level_count; i++) {
        const tcb_level *level = &x->tcb->levels[i];

        if (not_below(pck->components, level->sgx, 0) && pck->pce_svn >= level->pce_svn &&
            (tee_tcb_svn == NULL || not_below(tee_tcb_svn, level->tdx, tdx_from))) {
            return level;
        }
    }
    return NULL;
}

static const svn_level *svn_level_for(const svn_level *levels, size_t count, unsigned svn)
{
    for (size_t i = 0; i < count; i++) {
        if (svn >= levels[i].isv_svn) {
            return &levels[i];
        }
    }
    return NULL;
}

static const svn_level *module_level(const tcb_info *info, const uint8_t *tee_tcb_svn)
{
    for (size_t i = 0; i < info->identity_count; i++) {
        const module_identity *module = &info->identities[i];

        if (module->version == tee_tcb_svn[1]) {
            return svn_level_for(info->module_levels + module->level_begin, module->level_count, tee_tcb_svn[0]);
        }
    }
    return NULL;
}

static bool is_out_of_date(chaos_tcb_status status)
{
    return status == CHAOS_TCB_OUT_OF_DATE;
}

static bool needs_configuration(chaos_tcb_status status)
{
    return status == CHAOS_TCB_CONFIGURATION_NEEDED || status == CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           status == CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/* An outdated module or QE makes the whole outdated; a revoked part makes the whole revoked. */
static chaos_tcb_status converge(chaos_tcb_status platform, chaos_tcb_status module, chaos_tcb_status qe)
{
    if (platform == CHAOS_TCB_REVOKED || module == CHAOS_TCB_REVOKED || qe == CHAOS_TCB_REVOKED) {
        return CHAOS_TCB_REVOKED;
    }
    if (!is_out_of_date(module) && !is_out_of_date(qe)) {
        return platform;
    }
    return needs_configuration(platform) ? CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED : CHAOS_TCB_OUT_OF_DATE;
}

/* Into the sorted list, unless it is there. Ids are at most MAX_ADVISORY_ID - 1 characters (wire/ refuses longer). */
static void add_advisory(tcb_verdict *out, chaos_slice id)
{
    char text[MAX_ADVISORY_ID] = { 0 };
    size_t at = 0;

    if (id.size >= sizeof text || out->advisory_count == MAX_CLAIM_ADVISORIES) {
        return;
    }
    memcpy(text, id.data, id.size);
    while (at < out->advisory_count && strcmp(out->advisories[at], text) < 0) {
        at++;
    }
    if (at < out->advisory_count && strcmp(out->advisories[at], text) == 0) {
        return;
    }
    memmove(out->advisories[at + 1], out->advisories[at], (out->advisory_count - at) * MAX_ADVISORY_ID);
    memcpy(out->advisories[at], text, sizeof text);
    out->advisory_count++;
}

static void use_level(tcb_verdict *out, int64_t tcb_date, chaos_slice advisories)
{
    chaos_slice id;

    out->tcb_date = tcb_date < out->tcb_date ? tcb_date : out->tcb_date;
    while (advisory_next(&advisories, &id)) {
        add_advisory(out, id);
    }
}

/* One evaluation: of TEE_TCB_SVN or TEE_TCB_SVN_2; for SGX `tee_tcb_svn` is NULL. */
static chaos_status evaluate(examination *x, const uint8_t *tee_tcb_svn, tcb_verdict *out)
{
    check_run *run = &x->claims->run;
    unsigned qe_svn = load_u16le(qe_field(x, "isv_svn").data);
    const tcb_level *platform = platform_level(x, tee_tcb_svn);
    const svn_level *qe = svn_level_for(x->identity->levels, x->identity->level_count, qe_svn);
    const svn_level *module = NULL;

    CHECK(run, platform != NULL, TCB_LEVEL, TCB_NOT_SUPPORTED, "tcbLevels", v_text("a level that the platform reaches"),
          v_hex(slice(x->claims->pck.components, sizeof x->claims->pck.components)));
    if (platform == NULL) {
        return CHAOS_E_INTERNAL; /* not reached: the check above returns */
    }
    out->platform = platform->status;
    out->tcb_date = platform->tcb_date;
    use_level(out, platform->tcb_date, platform->advisories);
    CHECK(run, qe != NULL, TCB_LEVEL, TCB_NOT_SUPPORTED, "enclaveIdentity.tcbLevels",
          v_text("a level that the QE reaches"), v_number(qe_svn));
    if (qe == NULL) {
        return CHAOS_E_INTERNAL; /* not reached */
    }
    out->qe = qe->status;
    use_level(out, qe->tcb_date, qe->advisories);
    if (tee_tcb_svn != NULL && tee_tcb_svn[1] > 0) {
        module = module_level(x->tcb, tee_tcb_svn);
        CHECK(run, module != NULL, TCB_LEVEL, TCB_NOT_SUPPORTED, "tdxModuleIdentities.tcbLevels",
              v_text("a level that the module reaches"), v_number(tee_tcb_svn[0]));
    }
    if (module != NULL) {
        out->module = module->status;
        use_level(out, module->tcb_date, module->advisories);
    }
    out->status = converge(out->platform, out->module, out->qe);
    return CHAOS_OK;
}

static bool is_good_enough_to_relaunch(chaos_tcb_status current)
{
    return current == CHAOS_TCB_UP_TO_DATE || current == CHAOS_TCB_SW_HARDENING_NEEDED ||
           current == CHAOS_TCB_CONFIGURATION_NEEDED || current == CHAOS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
}

/* The TD was launched under an outdated TCB that has been updated since: launching it again would help. */
static chaos_tcb_status relaunch(chaos_tcb_status launch, chaos_tcb_status current)
{
    if ((launch != CHAOS_TCB_OUT_OF_DATE && launch != CHAOS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED) ||
        !is_good_enough_to_relaunch(current)) {
        return launch;
    }
    return needs_configuration(launch) || needs_configuration(current)
               ? CHAOS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               : CHAOS_TCB_TD_RELAUNCH_ADVISED;
}

chaos_status verify_tcb_level(examination *x)
{
    chaos_claims *claims = x->claims;
    const uint8_t *launch_svn = x->quote->tee == CHAOS_TEE_TDX ? body_field(x, "tee_tcb_svn").data : NULL;

    claims->has_tcb = true;
    CHAOS_TRY(evaluate(x, launch_svn, &claims->tcb));
    if (x->quote->tee == CHAOS_TEE_TDX && x->quote->body_type >= BODY_TD_15) {
        claims->has_current = true;
        CHAOS_TRY(evaluate(x, body_field(x, "tee_tcb_svn_2").data, &claims->current));
        claims->tcb.status = relaunch(claims->tcb.status, claims->current.status);
    }
    CHECK(&claims->run, claims->tcb.status != CHAOS_TCB_REVOKED, TCB_LEVEL, TCB_REVOKED, "tcbStatus",
          v_text("any status but Revoked"), v_text(chaos_tcb_status_name(claims->tcb.status)));
    CHECK(&claims->run, claims->current.status != CHAOS_TCB_REVOKED, TCB_LEVEL, TCB_REVOKED, "current.tcbStatus",
          v_text("any status but Revoked"), v_text(chaos_tcb_status_name(claims->current.status)));
    return CHAOS_OK;
}
