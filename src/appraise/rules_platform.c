/* rules_platform.c - rules about the root, the TCB and the machine: the same for every kind of TEE. */
#include "appraise/internal.h"

#include <stdio.h>

/* "UpToDate, SWHardeningNeeded, ...": the members of up to two sets, cut to fit. */
static void name_members(uint32_t bits, const char *(*name_of)(unsigned), char text[ROW_TEXT])
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned member = 0; member < 32; member++) {
        if ((bits >> member & 1u) == 0) {
            continue;
        }
        int written = snprintf(text + used, ROW_TEXT - used, "%s%s", used == 0 ? "" : ", ", name_of(member));
        if (written < 0 || (size_t)written >= ROW_TEXT - used) {
            memcpy(text + ROW_TEXT - 4, "...", 4);
            return;
        }
        used += (size_t)written;
    }
}

static const char *status_name_of(unsigned number)
{
    return chaos_tcb_status_name((chaos_tcb_status)number);
}

static const char *anchor_name_of(unsigned number)
{
    return chaos_anchor_name((chaos_anchor)number);
}

/* Is `now` at most `grace` seconds after `since`? Both may be any number. */
static bool within(int64_t since, uint64_t grace, int64_t now)
{
    return now <= since || (uint64_t)now - (uint64_t)since <= grace;
}

static chaos_status rule_anchor(const appraisal *a)
{
    const policy_set *anchors = &a->policy->anchors;
    char names[ROW_TEXT];

    name_members(anchors->bits, anchor_name_of, names);
    CHECK(a->run, set_has(anchors, (unsigned)a->claims->anchor), POLICY_ANCHOR, ANCHOR, "anchor",
          v_text(names), v_text(chaos_anchor_name(a->claims->anchor)));
    return CHAOS_OK;
}

/* An out-of-date platform may be given time: then its status warns here and platform-grace its date. */
static bool has_platform_grace(const appraisal *a)
{
    return a->policy->tcb.platform_grace_s.value > 0 && a->claims->tcb.status == CHAOS_TCB_OUT_OF_DATE;
}

static chaos_status rule_tcb_status(const appraisal *a)
{
    const policy_set *affirming = &a->policy->tcb.affirming;
    const policy_set *warning = &a->policy->tcb.warning;
    unsigned status = (unsigned)a->claims->tcb.status;
    const char *name = status_name_of(status);
    bool affirms = set_has(affirming, status);
    bool tolerated = affirms || set_has(warning, status) || has_platform_grace(a);
    char accepted[ROW_TEXT];
    char best[ROW_TEXT];

    name_members(affirming->bits | warning->bits, status_name_of, accepted);
    name_members(affirming->bits, status_name_of, best);
    CHECK(a->run, tolerated, POLICY_TCB_STATUS, TCB_STATUS, "tcb.status", v_text(accepted), v_text(name));
    CHECK_WARN(a->run, affirms, POLICY_TCB_STATUS, TCB_STATUS, "tcb.status", v_text(best), v_text(name));
    CHECK_WARN(a->run, !a->claims->has_current || set_has(affirming, (unsigned)a->claims->current.status),
               POLICY_TCB_STATUS, TCB_STATUS, "tcb.current.status", v_text(best),
               v_text(status_name_of((unsigned)a->claims->current.status)));
    return CHAOS_OK;
}

static chaos_status rule_platform_grace(const appraisal *a)
{
    uint64_t grace = a->policy->tcb.platform_grace_s.value;
    const tcb_verdict *tcb = &a->claims->tcb;
    unsigned status = (unsigned)tcb->status;
    bool named = set_has(&a->policy->tcb.affirming, status) || set_has(&a->policy->tcb.warning, status);
    char expected[ROW_TEXT];

    if (!has_platform_grace(a) || named) {
        return CHAOS_OK;
    }
    (void)snprintf(expected, sizeof expected, "a TCB date at most %llu s ago", (unsigned long long)grace);
    CHECK(a->run, within(tcb->tcb_date, grace, a->now), POLICY_PLATFORM_GRACE, PLATFORM_GRACE, "tcb.tcb_date",
          v_text(expected), v_time(tcb->tcb_date));
    return CHAOS_OK;
}

static chaos_slice advisory_of(const tcb_verdict *tcb, size_t index)
{
    const char *id = tcb->advisories[index];
    return slice(id, strnlen(id, MAX_ADVISORY_ID));
}

/* The first advisory that applies and whose being in the list is `listed`; an empty slice if none. */
static chaos_slice find_advisory(const tcb_verdict *tcb, const policy_list *list, bool listed)
{
    size_t count = tcb->advisory_count < MAX_CLAIM_ADVISORIES ? tcb->advisory_count : MAX_CLAIM_ADVISORIES;

    for (size_t i = 0; i < count; i++) {
        if (list_has(list, advisory_of(tcb, i)) == listed) {
            return advisory_of(tcb, i);
        }
    }
    return slice("", 0);
}

/* At launch, and today where the report tells. */
static chaos_slice find_at_any_time(const chaos_claims *claims, const policy_list *list, bool listed)
{
    chaos_slice found = find_advisory(&claims->tcb, list, listed);

    return found.size == 0 && claims->has_current ? find_advisory(&claims->current, list, listed) : found;
}

static chaos_status rule_advisories(const appraisal *a)
{
    const tcb_verdict *tcb = &a->claims->tcb;
    const policy_list *accept = &a->policy->tcb.accept_advisories;
    const policy_list *reject = &a->policy->tcb.reject_advisories;
    chaos_slice rejected = slice("", 0);
    chaos_slice unknown = slice("", 0);

    if (reject->kind == LIST_VALUES) {
        rejected = find_at_any_time(a->claims, reject, true);
    } else if (reject->kind == LIST_ANY) { /* which lists nothing, and means all */
        rejected = find_at_any_time(a->claims, reject, false);
    }
    if (accept->kind == LIST_VALUES) {
        unknown = find_at_any_time(a->claims, accept, false);
    }
    if (reject->kind == LIST_ABSENT && accept->kind != LIST_VALUES) {
        char count[ROW_TEXT];
        (void)snprintf(count, sizeof count, "%zu", tcb->advisory_count);
        note_text(a->run, CHECK_POLICY_ADVISORIES, NOTE_ANY, count);
        return CHAOS_OK;
    }
    CHECK(a->run, rejected.size == 0, POLICY_ADVISORIES, ADVISORY, "tcb.advisory_ids",
          v_text("none of reject_advisories"), v_quoted(rejected));
    CHECK(a->run, unknown.size == 0, POLICY_ADVISORIES, ADVISORY, "tcb.advisory_ids",
          v_text("only what accept_advisories names"), v_quoted(unknown));
    return CHAOS_OK;
}

static chaos_status rule_evaluation_number(const appraisal *a)
{
    const policy_number *minimum = &a->policy->tcb.min_evaluation_number;
    uint32_t number = evaluation_number_of(a->claims);
    char found[ROW_TEXT];

    if (minimum->value == 0) {
        (void)snprintf(found, sizeof found, "%lu", (unsigned long)number);
        note_text(a->run, CHECK_POLICY_EVALUATION_NUMBER, NOTE_NO_MINIMUM, found);
        return CHAOS_OK;
    }
    CHECK(a->run, number >= minimum->value, POLICY_EVALUATION_NUMBER, EVAL_NUMBER,
          "tcb.evaluation_data_number", v_number(minimum->value), v_number(number));
    return CHAOS_OK;
}

static chaos_status rule_tcb_date(const appraisal *a)
{
    const policy_number *minimum = &a->policy->tcb.min_tcb_date;
    int64_t date = a->claims->tcb.tcb_date;
    char found[TIME_TEXT_SIZE];

    if (!minimum->given) {
        note_text(a->run, CHECK_POLICY_TCB_DATE, NOTE_NO_MINIMUM, time_format(date, found));
        return CHAOS_OK;
    }
    CHECK(a->run, date >= (int64_t)minimum->value, POLICY_TCB_DATE, TCB_DATE, "tcb.tcb_date",
          v_time((int64_t)minimum->value), v_time(date));
    return CHAOS_OK;
}

/* What a quote proves rests on hardware that nobody has opened. Only the policy can know which machines stand
 * where that is so; when it names none, these two rows say that nobody looked. */
static chaos_status rule_machine(const appraisal *a)
{
    const pck_extension *pck = &a->claims->pck;
    comparison fmspc =
        compare_list(a, CHECK_POLICY_FMSPC, &a->policy->platform.fmspc, slice(pck->fmspc, sizeof pck->fmspc));
    comparison ppid =
        compare_list(a, CHECK_POLICY_PPID, &a->policy->platform.ppid, slice(pck->ppid, sizeof pck->ppid));

    CHECK(a->run, fmspc.accepted, POLICY_FMSPC, PLATFORM, "fmspc", v_text(fmspc.expected),
          v_hex(fmspc.found));
    CHECK(a->run, ppid.accepted, POLICY_PPID, PLATFORM, "ppid", v_text(ppid.expected), v_hex(ppid.found));
    return CHAOS_OK;
}

void appraise_platform(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_anchor,
        rule_tcb_status,
        rule_advisories,
        rule_evaluation_number,
        rule_tcb_date,
        rule_platform_grace,
        rule_machine,
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules); i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}

/* ----------------------------------------------------- collateral grace ---- */

static bool is_forgivable(chaos_status status)
{
    return status == CHAOS_E_CRL_EXPIRED || status == CHAOS_E_TCB_INFO_EXPIRED ||
           status == CHAOS_E_QE_IDENTITY_EXPIRED;
}

/* Intel's signed statements are renewed every month; certificates are not, and nothing from the future is
 * forgiven. A row keeps its first failure only, so the latest issue date is asked too. */
bool collateral_grace_applies(const chaos_claims *claims, const chaos_policy *policy)
{
    if (claims->verified || !claims->only_dates_failed || policy->tcb.collateral_grace_s.value == 0) {
        return false;
    }
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const check_row *row = &claims->run.rows[i];
        if (row->result == CHECK_FAILED && !is_forgivable(row->code)) {
            return false;
        }
    }
    return is_forgivable(claims->run.error.status);
}

bool collateral_within_grace(const chaos_claims *claims, const chaos_policy *policy, int64_t now)
{
    return claims->latest_issue <= now &&
           within(claims->collateral_expiration, policy->tcb.collateral_grace_s.value, now);
}
