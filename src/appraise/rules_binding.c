/* rules_binding.c - rules about an envelope's binding: whose key it is, for whom, and when. */
#include "appraise/internal.h"

#include <stdio.h>

#define CONVENTION "chaoschain/1" /* of the report data; the only one that this version verifies */
#define CLOCK_SKEW_SECONDS 300

static chaos_slice address_slice(const chaos_address *address)
{
    return slice(address->bytes, sizeof address->bytes);
}

static chaos_slice number_slice(const chaos_u256 *number)
{
    return slice(number->bytes, sizeof number->bytes);
}

/* ---------------------------------------------------------------- policy ---- */

static bool policy_asks_binding(const chaos_policy *policy)
{
    const policy_list *const lists[] = { &policy->binding.stages, &policy->binding.conventions };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists)) || policy->binding.max_age_s.given ||
           policy->binding.max_anchor_age_blocks.given;
}

static bool names_stage(const policy_list *stages, uint8_t stage)
{
    return !list_has_values(stages) || list_has_number(stages, stage);
}

static bool names_convention(const policy_list *conventions)
{
    return !list_has_values(conventions) || list_has(conventions, slice_text(CONVENTION));
}

/* Times of a binding are unsigned; a clock before 1970 is at its beginning. */
static uint64_t unsigned_now(const appraisal *a)
{
    return a->now > 0 ? (uint64_t)a->now : 0;
}

static check_value v_when(uint64_t seconds)
{
    return seconds <= INT64_MAX ? v_time((int64_t)seconds) : v_number(seconds);
}

/* In blocks, up to the last one that the caller counts. */
static uint64_t anchor_age(const appraisal *a)
{
    uint64_t anchor = a->claims->binding.anchor_block;

    return a->expectation->last_block > anchor ? a->expectation->last_block - anchor : 0;
}

static bool anchor_is_young(const appraisal *a)
{
    const policy_number *max = &a->policy->binding.max_anchor_age_blocks;

    return !max->given || !a->expectation->has_anchor || anchor_age(a) <= max->value;
}

/* The age is the guest's claim: whoever signs the binding writes issuedAt. Only a nonce proves freshness. */
static chaos_status rule_policy(const appraisal *a)
{
    const chaos_binding *binding = &a->claims->binding;
    const chaos_policy *policy = a->policy;
    const policy_number *max_age = &policy->binding.max_age_s;
    uint64_t now = unsigned_now(a);
    uint64_t age = now > binding->issued_at ? now - binding->issued_at : 0;
    char oldest[ROW_TEXT];

    if (!policy_asks_binding(policy)) {
        note_text(a->run, CHECK_POLICY_BINDING, NOTE_NOT_ASKED, stage_text(binding));
        return CHAOS_OK;
    }
    if (policy->binding.max_anchor_age_blocks.given && !a->expectation->has_anchor) {
        leave_open(a, CHECK_POLICY_BINDING, "max_anchor_age_blocks: there is no chain at hand to count blocks",
                   slice("", 0));
    }
    CHECK(a->run, anchor_is_young(a), POLICY_BINDING, BINDING_EXPIRED, "binding.anchor_block",
          v_number(policy->binding.max_anchor_age_blocks.value), v_number(anchor_age(a)));
    (void)snprintf(oldest, sizeof oldest, "issued at most %llu s ago", (unsigned long long)max_age->value);
    CHECK(a->run, names_stage(&policy->binding.stages, binding->stage), POLICY_BINDING, BINDING_STAGE,
          "binding.stage", v_text("one of the policy's stages"), v_text(stage_text(binding)));
    CHECK(a->run, names_convention(&policy->binding.conventions), POLICY_BINDING, BINDING_TYPE,
          "binding.conventions", v_text("one of the policy's conventions"), v_text(CONVENTION));
    CHECK(a->run, !max_age->given || age <= max_age->value, POLICY_BINDING, BINDING_EXPIRED, "binding.issued_at",
          v_text(oldest), v_when(binding->issued_at));
    return CHAOS_OK;
}

static chaos_status rule_time(const appraisal *a)
{
    const chaos_binding *binding = &a->claims->binding;
    uint64_t now = unsigned_now(a);
    check_value at = v_when(now);

    CHECK(a->run, binding->issued_at <= now + CLOCK_SKEW_SECONDS, BINDING_TIME, BINDING_EXPIRED,
          "binding.issued_at", v_when(now + CLOCK_SKEW_SECONDS), v_when(binding->issued_at));
    /* A session that is over has signed its receipts before: check/ holds each of them against expiresAt. */
    CHECK(a->run, a->claims->in_bundle || now <= binding->expires_at, BINDING_TIME, BINDING_EXPIRED,
          "binding.expires_at", at, v_when(binding->expires_at));
    return CHAOS_OK;
}

/* ----------------------------------------------------------- expectation ---- */

static chaos_status rule_agent(const appraisal *a)
{
    const chaos_binding *binding = &a->claims->binding;
    const chaos_expectation *expected = a->expectation;
    char wanted[2][U256_TEXT_SIZE];
    char found[2][U256_TEXT_SIZE];
    char agent[AGENT_TEXT_SIZE];

    if (binding->stage == CHAOS_STAGE_KEY_ONLY) {
        leave_open(a, CHECK_AGENT, "a binding of the key only names no agent", slice("", 0));
    }
    if (!expected->has_agent) {
        note_text(a->run, CHECK_AGENT, "nothing was expected", agent_text(binding, agent));
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(number_slice(&binding->chain_id), number_slice(&expected->chain_id)), AGENT,
          BINDING_CHAIN, "binding.chain_id", v_text(u256_text(&expected->chain_id, wanted[0])),
          v_text(u256_text(&binding->chain_id, found[0])));
    CHECK(a->run,
          slice_equal(address_slice(&binding->identity_registry), address_slice(&expected->identity_registry)),
          AGENT, BINDING_REGISTRY, "binding.identity_registry", v_hex(address_slice(&expected->identity_registry)),
          v_hex(address_slice(&binding->identity_registry)));
    CHECK(a->run, slice_equal(number_slice(&binding->agent_id), number_slice(&expected->agent_id)), AGENT,
          BINDING_AGENT, "binding.agent_id", v_text(u256_text(&expected->agent_id, wanted[1])),
          v_text(u256_text(&binding->agent_id, found[1])));
    return CHAOS_OK;
}

/* At these stages anyone could run the same image under somebody else's agent id, with an identity key of his own. */
static bool speaks_for_an_agent(const chaos_binding *binding)
{
    return binding->stage != CHAOS_STAGE_BEFORE_REGISTRATION && binding->stage != CHAOS_STAGE_KEY_ONLY;
}

static chaos_status rule_identity_key(const appraisal *a)
{
    const chaos_binding *binding = &a->claims->binding;
    chaos_slice found = address_slice(&binding->identity_key);
    chaos_slice expected = address_slice(&a->expectation->identity_key);

    if (!a->expectation->has_identity_key && speaks_for_an_agent(binding)) {
        leave_open(a, CHECK_IDENTITY_KEY, "nothing was expected: this may be another's key under the agent's id",
                   found);
        return CHAOS_OK;
    }
    if (!a->expectation->has_identity_key) {
        note(a->run, CHECK_IDENTITY_KEY, "nothing was expected", found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), IDENTITY_KEY, BINDING_IDENTITY, "binding.identity_key",
          v_hex(expected), v_hex(found));
    return CHAOS_OK;
}

/* The nonce is the hash of a block that nobody knew before it was there, and that is near enough. */
static chaos_status rule_anchor(const appraisal *a)
{
    const chaos_binding *binding = &a->claims->binding;
    const chaos_expectation *expected = a->expectation;
    chaos_slice hash = slice(expected->anchor_hash.bytes, sizeof expected->anchor_hash.bytes);
    char near[ROW_TEXT];

    (void)snprintf(near, sizeof near, "block %llu to %llu", (unsigned long long)expected->first_block,
                   (unsigned long long)expected->last_block);
    CHECK(a->run, binding->anchor_block == expected->anchor_block, FRESHNESS, BINDING_NONCE, "binding.anchor_block",
          v_number(expected->anchor_block), v_number(binding->anchor_block));
    CHECK(a->run, binding->anchor_block >= expected->first_block, FRESHNESS, BINDING_NONCE, "binding.anchor_block",
          v_text(near), v_number(binding->anchor_block));
    CHECK(a->run, binding->anchor_block <= expected->last_block, FRESHNESS, BINDING_NONCE, "binding.anchor_block",
          v_text(near), v_number(binding->anchor_block));
    CHECK(a->run, slice_equal(hash, number_slice(&binding->nonce)), FRESHNESS, BINDING_NONCE, "binding.nonce",
          v_hex(hash), v_hex(number_slice(&binding->nonce)));
    return CHAOS_OK;
}

/* Only a nonce of the caller's own choice is fresh; one that the tested party chose never is. */
static chaos_status rule_freshness(const appraisal *a)
{
    chaos_slice found = number_slice(&a->claims->binding.nonce);
    chaos_slice expected = number_slice(&a->expectation->nonce);

    if (a->expectation->has_anchor) {
        return rule_anchor(a);
    }
    if (!a->expectation->has_nonce) {
        leave_open(a, CHECK_FRESHNESS, "no nonce was expected: this may be of any time", found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), FRESHNESS, BINDING_NONCE, "binding.nonce", v_hex(expected),
          v_hex(found));
    return CHAOS_OK;
}

/* ------------------------------------------------------ what it is about ---- */

/* Zero is "about nothing", and then there is nothing that was left unchecked. */
static void note_if_there(const appraisal *a, check_id id, chaos_slice found)
{
    if (!slice_is_zero(found)) {
        note(a->run, id, "nothing was expected", found);
    }
}

static chaos_status rule_subject(const appraisal *a)
{
    chaos_slice found = slice(a->claims->binding.subject.bytes, 32);
    chaos_slice expected = slice(a->expectation->subject.bytes, 32);

    if (!a->expectation->has_subject) {
        note_if_there(a, CHECK_SUBJECT, found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), SUBJECT, BINDING_SUBJECT, "binding.subject", v_hex(expected),
          v_hex(found));
    return CHAOS_OK;
}

static chaos_status rule_agent_uri(const appraisal *a)
{
    chaos_slice found = slice(a->claims->binding.agent_uri_hash.bytes, 32);
    chaos_slice expected = slice(a->expectation->agent_uri_hash.bytes, 32);

    if (!a->expectation->has_agent_uri_hash) {
        note_if_there(a, CHECK_AGENT_URI, found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), AGENT_URI, BINDING_URI, "binding.agent_uri_hash", v_hex(expected),
          v_hex(found));
    return CHAOS_OK;
}

static chaos_status rule_tls_key(const appraisal *a)
{
    chaos_slice found = slice(a->claims->binding.tls_spki_hash.bytes, 32);
    chaos_slice expected = slice(a->expectation->tls_spki_hash.bytes, 32);

    if (!a->expectation->has_tls_spki_hash) {
        note_if_there(a, CHECK_TLS_KEY, found);
        return CHAOS_OK;
    }
    CHECK(a->run, slice_equal(expected, found), TLS_KEY, BINDING_TLS, "binding.tls_spki_hash", v_hex(expected),
          v_hex(found));
    return CHAOS_OK;
}

void appraise_binding(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_policy,
        rule_time,
    };
    bool has_binding = a->claims->has_binding;

    if (!has_binding && policy_asks_binding(a->policy)) {
        leave_open(a, CHECK_POLICY_BINDING, "a bare quote does not show what the policy names", slice("", 0));
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules) && has_binding; i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}

/* ------------------------------------------------------------------ floor ---- */

/* Collateral may not be older than what was seen before: who brings evidence and its collateral could bring an old
 * set. */
static chaos_status rule_floor(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    floor_value values[FLOOR_VALUES];
    const chaos_collateral_facts found = {
        .tcb_evaluation_number = claims->tcb_evaluation_number,
        .qe_evaluation_number = claims->qe_evaluation_number,
        .tcb_info_issued = claims->tcb_info_issued,
        .qe_identity_issued = claims->qe_identity_issued,
        .root_ca_crl_issued = claims->root_crl_issued,
        .pck_crl_issued = claims->pck_crl_issued,
    };
    const chaos_collateral_facts *floor =
        floor_find(a->expectation->collateral_floor, claims->tee, claims->pck.fmspc, claims->platform_ca);

    if (floor == NULL && claims->collateral_of_envelope) {
        leave_open(a, CHECK_COLLATERAL_FLOOR, "no floor: the envelope's collateral may be an old set", slice("", 0));
        return CHAOS_OK;
    }
    if (floor == NULL) {
        return CHAOS_OK;
    }
    floor_values(floor, &found, values);
    for (size_t i = 0; i < FLOOR_VALUES; i++) {
        const floor_value *v = &values[i];

        CHECK(a->run, v->found >= v->floor, COLLATERAL_FLOOR, COLLATERAL_ROLLBACK, v->name,
              v->is_time ? v_time(v->floor) : v_number((uint64_t)v->floor),
              v->is_time ? v_time(v->found) : v_number((uint64_t)v->found));
    }
    return CHAOS_OK;
}

void appraise_expectation(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_agent,
        rule_identity_key,
        rule_freshness,
        rule_subject,
        rule_agent_uri,
        rule_tls_key,
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules) && a->claims->has_binding; i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
    (void)appraise_report_data(a);
    (void)rule_floor(a);
    (void)appraise_receipt_head(a);
}
