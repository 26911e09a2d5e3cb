/* rules_tdx.c - rules about a trust domain: its attributes and its measurements.
 *
 * Source of the attribute bits: Intel TDX Module base architecture specification, TD_ATTRIBUTES. */
#include "appraise/internal.h"

#include <stdio.h>

/* Bits 0..7 are the TUD group: a TD with any of them is a TD under debug and no production TD. */
#define TD_UNDER_DEBUG \
    (1ull << 0 | 1ull << 4 | 1ull << 5 | 1ull << 6) /* DEBUG, HGS_PLUS_PROF, PERF_PROF, PMT_PROF */
#define TD_SEPT_VE_DISABLE (1ull << 28)
#define TD_MIGRATABLE (1ull << 29)
#define TD_DEFINED                                                                                   \
    (TD_UNDER_DEBUG | 1ull << 16 /* ICSSD */ | 1ull << 17 /* SERVTD_EXT */ | 1ull << 27 /* LASS */ | \
     TD_SEPT_VE_DISABLE | TD_MIGRATABLE | 1ull << 30 /* PKS */ | 1ull << 31 /* KL */ |               \
     1ull << 62 /* TPA */ | 1ull << 63 /* PERFMON */)

static chaos_status rule_debug(const appraisal *a)
{
    chaos_slice bytes = body_field_of(a->claims, "td_attributes");
    bool debug = (body_number_of(a->claims, "td_attributes") & TD_UNDER_DEBUG) != 0;
    check_value clear = v_text("bits 0, 4, 5 and 6 clear");

    CHECK(a->run, !debug || a->policy->tdx.allow_debug, POLICY_DEBUG, TD_DEBUG, "td_attributes", clear,
          v_hex(bytes));
    CHECK_WARN(a->run, !debug, POLICY_DEBUG, TD_DEBUG, "td_attributes", clear, v_hex(bytes));
    return CHAOS_OK;
}

/* The policy's mask without the bits that have a row of their own. */
static policy_mask without_bits(policy_mask mask, uint64_t bits)
{
    for (size_t i = 0; i < POLICY_MASK_SIZE; i++) {
        uint8_t keep = (uint8_t) ~(bits >> (8 * i));
        mask.mask[i] &= keep;
        mask.value[i] &= keep;
    }
    return mask;
}

static void describe_mask(const policy_mask *mask, char text[ROW_TEXT])
{
    char value[2 * POLICY_MASK_SIZE + 1];
    char bits[2 * POLICY_MASK_SIZE + 1];
    (void)snprintf(text, ROW_TEXT, "%s under the mask %s",
                   error_hex(value, sizeof value, slice(mask->value, sizeof mask->value)),
                   error_hex(bits, sizeof bits, slice(mask->mask, sizeof mask->mask)));
}

static chaos_status rule_attributes(const appraisal *a)
{
    chaos_slice bytes = body_field_of(a->claims, "td_attributes");
    uint64_t reserved = body_number_of(a->claims, "td_attributes") & ~TD_DEFINED;
    policy_mask mask = without_bits(a->policy->tdx.attributes, TD_SEPT_VE_DISABLE | TD_MIGRATABLE);
    char expected[ROW_TEXT];

    describe_mask(&mask, expected);
    CHECK(a->run, reserved == 0, POLICY_ATTRIBUTES, TD_ATTRIBUTES_RESERVED, "td_attributes",
          v_text("reserved bits clear"), v_hex(bytes));
    CHECK(a->run, mask_accepts(&mask, bytes), POLICY_ATTRIBUTES, TD_ATTRIBUTES, "td_attributes",
          v_text(expected), v_hex(bytes));
    return CHAOS_OK;
}

typedef struct named_bit {
    bool asked, wanted, found;
} named_bit;

/* What the policy's attributes say about one bit. Not asked: a note shows it. */
static named_bit compare_bit(const appraisal *a, check_id id, uint64_t bit)
{
    const policy_mask *mask = &a->policy->tdx.attributes;
    named_bit b = { .asked = mask->given && (load_u64le(mask->mask) & bit) != 0,
                    .wanted = (load_u64le(mask->value) & bit) != 0,
                    .found = (body_number_of(a->claims, "td_attributes") & bit) != 0 };
    if (!b.asked) {
        note_text(a->run, id, NOTE_NOT_ASKED, b.found ? "set" : "clear");
    }
    return b;
}

static check_value v_bit(bool set)
{
    return v_text(set ? "set" : "clear");
}

static chaos_status rule_named_bits(const appraisal *a)
{
    named_bit sept = compare_bit(a, CHECK_POLICY_SEPT_VE_DISABLE, TD_SEPT_VE_DISABLE);
    named_bit move = compare_bit(a, CHECK_POLICY_MIGRATABLE, TD_MIGRATABLE);

    CHECK(a->run, !sept.asked || sept.found == sept.wanted, POLICY_SEPT_VE_DISABLE, SEPT_VE_DISABLE,
          "td_attributes.SEPT_VE_DISABLE", v_bit(sept.wanted), v_bit(sept.found));
    CHECK(a->run, !move.asked || move.found == move.wanted, POLICY_MIGRATABLE, TD_ATTRIBUTES,
          "td_attributes.MIGRATABLE", v_bit(move.wanted), v_bit(move.found));
    return CHAOS_OK;
}

/* The extended report of TD partitioning names the service TD bound at first and the one bound now, too. */
static const char *const service_td_fields[] = { "mr_service_td", "initial_service_td_hash",
                                                 "current_service_td_hash" };

/* A service TD can migrate or inspect this one, so an unnamed one is refused. TD reports 1.0 cannot tell. */
static chaos_status rule_service_td(const appraisal *a)
{
    const policy_list *list = &a->policy->tdx.mr_service_td;
    chaos_slice bound = body_field_of(a->claims, "mr_service_td");
    comparison named = { .accepted = true };
    char none[] = "all zero: no service TD";

    if (bound.size == 0 && list->kind != LIST_VALUES) {
        note_text(a->run, CHECK_POLICY_SERVICE_TD, "a TD report 1.0 does not tell", "");
        return CHAOS_OK;
    }
    if (list->kind != LIST_ABSENT) {
        named = compare_list(a, CHECK_POLICY_SERVICE_TD, list, bound);
    }
    CHECK(a->run, named.accepted, POLICY_SERVICE_TD, SERVICE_TD, "mr_service_td", v_text(named.expected),
          bound.size == 0 ? v_text("a TD report 1.0 does not tell") : v_hex(bound));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(service_td_fields) && list->kind != LIST_ANY; i++) {
        chaos_slice value = body_field_of(a->claims, service_td_fields[i]);
        CHECK(a->run, slice_is_zero(value) || list_has(list, value), POLICY_SERVICE_TD, SERVICE_TD,
              service_td_fields[i], v_text(none), v_hex(value));
    }
    return CHAOS_OK;
}

static chaos_status rule_xfam(const appraisal *a)
{
    const policy_mask *mask = &a->policy->tdx.xfam;
    chaos_slice xfam = body_field_of(a->claims, "xfam");
    char expected[ROW_TEXT];

    if (!mask->given) {
        note(a->run, CHECK_POLICY_XFAM, NOTE_NOT_ASKED, xfam);
        return CHAOS_OK;
    }
    describe_mask(mask, expected);
    CHECK(a->run, mask_accepts(mask, xfam), POLICY_XFAM, XFAM, "xfam", v_text(expected), v_hex(xfam));
    return CHAOS_OK;
}

static bool svn_reaches(chaos_slice svn, const policy_svn *minimum)
{
    if (svn.size != sizeof minimum->bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof minimum->bytes; i++) {
        if (svn.data[i] < minimum->bytes[i]) {
            return false;
        }
    }
    return true;
}

/* Every component on its own, of the launch and, where the report has it, of now. */
static chaos_status rule_min_tee_tcb_svn(const appraisal *a)
{
    const policy_svn *minimum = &a->policy->tdx.min_tee_tcb_svn;
    check_value expected = v_hex(slice(minimum->bytes, sizeof minimum->bytes));
    chaos_slice launch = body_field_of(a->claims, "tee_tcb_svn");
    chaos_slice current = body_field_of(a->claims, "tee_tcb_svn_2");

    if (!minimum->given) {
        note(a->run, CHECK_POLICY_MIN_TEE_TCB_SVN, NOTE_NO_MINIMUM, launch);
        return CHAOS_OK;
    }
    CHECK(a->run, svn_reaches(launch, minimum), POLICY_MIN_TEE_TCB_SVN, MIN_SVN, "tee_tcb_svn", expected,
          v_hex(launch));
    CHECK(a->run, current.size == 0 || svn_reaches(current, minimum), POLICY_MIN_TEE_TCB_SVN, MIN_SVN,
          "tee_tcb_svn_2", expected, v_hex(current));
    return CHAOS_OK;
}

static chaos_status rule_rtmrs(const appraisal *a)
{
    const policy_list *lists = a->policy->tdx.rtmr;
    comparison r0 = compare_list(a, CHECK_POLICY_RTMR0, &lists[0], body_field_of(a->claims, "rtmr0"));
    comparison r1 = compare_list(a, CHECK_POLICY_RTMR1, &lists[1], body_field_of(a->claims, "rtmr1"));
    comparison r2 = compare_list(a, CHECK_POLICY_RTMR2, &lists[2], body_field_of(a->claims, "rtmr2"));
    comparison r3 = compare_list(a, CHECK_POLICY_RTMR3, &lists[3], body_field_of(a->claims, "rtmr3"));

    CHECK(a->run, r0.accepted, POLICY_RTMR0, MEASUREMENT, "rtmr0", v_text(r0.expected), v_hex(r0.found));
    CHECK(a->run, r1.accepted, POLICY_RTMR1, MEASUREMENT, "rtmr1", v_text(r1.expected), v_hex(r1.found));
    CHECK(a->run, r2.accepted, POLICY_RTMR2, MEASUREMENT, "rtmr2", v_text(r2.expected), v_hex(r2.found));
    CHECK(a->run, r3.accepted, POLICY_RTMR3, MEASUREMENT, "rtmr3", v_text(r3.expected), v_hex(r3.found));
    return CHAOS_OK;
}

static chaos_status rule_build_time(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    const chaos_policy *policy = a->policy;
    comparison td = compare_list(a, CHECK_POLICY_MR_TD, &policy->tdx.mr_td, body_field_of(claims, "mr_td"));
    comparison seam =
        compare_list(a, CHECK_POLICY_MR_SEAM, &policy->tdx.mr_seam, body_field_of(claims, "mr_seam"));

    CHECK(a->run, td.accepted, POLICY_MR_TD, MEASUREMENT, "mr_td", v_text(td.expected), v_hex(td.found));
    CHECK(a->run, seam.accepted, POLICY_MR_SEAM, MEASUREMENT, "mr_seam", v_text(seam.expected),
          v_hex(seam.found));
    return CHAOS_OK;
}

static chaos_status rule_owner(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    const chaos_policy *policy = a->policy;
    comparison config = compare_list(a, CHECK_POLICY_MR_CONFIG_ID, &policy->tdx.mr_config_id,
                                     body_field_of(claims, "mr_config_id"));
    comparison owner =
        compare_list(a, CHECK_POLICY_MR_OWNER, &policy->tdx.mr_owner, body_field_of(claims, "mr_owner"));
    comparison owner_config = compare_list(a, CHECK_POLICY_MR_OWNER_CONFIG, &policy->tdx.mr_owner_config,
                                           body_field_of(claims, "mr_owner_config"));

    CHECK(a->run, config.accepted, POLICY_MR_CONFIG_ID, MEASUREMENT, "mr_config_id", v_text(config.expected),
          v_hex(config.found));
    CHECK(a->run, owner.accepted, POLICY_MR_OWNER, MEASUREMENT, "mr_owner", v_text(owner.expected),
          v_hex(owner.found));
    CHECK(a->run, owner_config.accepted, POLICY_MR_OWNER_CONFIG, MEASUREMENT, "mr_owner_config",
          v_text(owner_config.expected), v_hex(owner_config.found));
    return CHAOS_OK;
}

void appraise_tdx(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_debug,
        rule_attributes,
        rule_named_bits,
        rule_service_td,
        rule_xfam,
        rule_build_time,
        rule_owner,
        rule_rtmrs,
        rule_min_tee_tcb_svn,
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules); i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}
