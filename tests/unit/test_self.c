/* test_self.c - the rules for the maker of evidence are those of every verifier: each break of an envelope that has nothing
 * to do with quote and collateral is refused with the same error and field as by chaos_check, and the others are not seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "verify/self.h"
#include "verify/verify.h"

#include <chaoschain/chaoschain.h>

#include "tests/support/support.h"

static chaos_error err;

static chaos_status self_of(const forge_result *made, chaos_error *why)
{
    chaos_evidence *evidence = NULL;
    chaos_status status = chaos_envelope_parse(bytes_of(&made->envelope), &evidence, why);

    if (status == CHAOS_OK) {
        status = self_check(evidence, why);
    }
    chaos_evidence_free(evidence);
    return status;
}

/* ------------------------------------------------------------------ breaks ---- */

static const char *const own_stages[] = { "eventlog", "binding" };

static bool is_own(const char *stage)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(own_stages); i++) {
        if (strcmp(stage, own_stages[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void compare(const forge_break *broken)
{
    forge_result made;
    int exit_code;

    assert_int_equal(forge_make(FORGE_TDX4, NULL, broken, &made, &err), CHAOS_OK);
    const check_input input = { .envelope = bytes_of(&made.envelope),
                                .collateral = bytes_of(&made.collateral),
                                .extra_root = bytes_of(&made.root),
                                .no_policy = true,
                                .now = made.now };
    json_t *verdict = check_to_json(&input, &exit_code);
    const json_t *error = json_object_get(verdict, "error");
    const char *stage = json_string_value(json_object_get(error, "stage"));
    const char *field = json_string_value(json_object_get(error, "field"));
    const bool own = stage != NULL && is_own(stage) && exit_code != 0;
    chaos_error why = { 0 };
    const chaos_status status = self_of(&made, &why);

    if (own ? strcmp(chaos_status_name(status), verdict_error_code(verdict)) != 0
            : status != CHAOS_OK && strcmp(stage == NULL ? "" : stage, "parse") != 0) {
        fail_msg("%s: expected %s, found %s", broken->name, own ? verdict_error_code(verdict) : "OK",
                 chaos_status_name(status));
    }
    if (own) {
        assert_string_equal(why.field == NULL ? "" : why.field, field == NULL ? "" : field);
    }
    json_decref(verdict);
    forge_result_free(&made);
}

static void test_breaks(void **state)
{
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *broken = forge_break_at(i);

        if ((broken->kinds & 1u << FORGE_TDX4) != 0 && broken->envelope) {
            compare(broken);
            count++;
        }
    }
    assert_true(count >= 40);
    compare(forge_break_find("quote-signature-flipped")); /* not seen: there is no trust here */
    compare(forge_break_find("pck-revoked"));
}

/* ------------------------------------------------------------------- facts ---- */

static void test_facts(void **state)
{
    forge_result made;
    chaos_evidence *evidence = NULL;
    self_facts facts = { 0 };

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(self_of(&made, &err), CHAOS_OK);
    assert_int_equal(chaos_envelope_parse(bytes_of(&made.envelope), &evidence, &err), CHAOS_OK);
    assert_int_equal(self_facts_of(evidence, &facts, &err), CHAOS_OK);
    const chaos_sha256 compose = hash_sha256(bytes_of(&made.app_compose));
    assert_true(facts.has_compose_hash && facts.is_simulated);
    assert_memory_equal(facts.compose_hash, compose.bytes, sizeof compose.bytes);
    chaos_evidence_free(evidence);
    evidence = NULL;

    /* a bare quote: nothing is known of the application */
    assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
    assert_int_equal(self_check(evidence, &err), CHAOS_OK);
    assert_int_equal(self_facts_of(evidence, &facts, &err), CHAOS_OK);
    assert_true(!facts.has_compose_hash && facts.is_simulated);
    chaos_evidence_free(evidence);
    evidence = NULL;
    forge_result_free(&made);

    /* a quote that names its platform instead of a chain, and a chain that is none */
    static const struct {
        const char *name;
        forge_kind kind;
        chaos_status status;
    } others[] = { { "cert-data-1-without-chain", FORGE_SGX3, CHAOS_OK },
                   { "chain-text-between", FORGE_TDX4, CHAOS_E_PCK_CHAIN_FORMAT } };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(others); i++) {
        assert_int_equal(forge_make(others[i].kind, NULL, forge_break_find(others[i].name), &made, &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
        facts.is_simulated = true;
        const chaos_status status = self_facts_of(evidence, &facts, &err);
        if (status != others[i].status) {
            fail_msg("%s: expected %s, found %s", others[i].name, chaos_status_name(others[i].status),
                     chaos_status_name(status));
        }
        assert_int_equal(facts.is_simulated, others[i].status != CHAOS_OK); /* untouched on failure */
        chaos_evidence_free(evidence);
        evidence = NULL;
        forge_result_free(&made);
    }
}

/* ------------------------------------------------------------------ stages ---- */

static chaos_binding binding_of(unsigned stage)
{
    chaos_binding b = { .stage = (uint8_t)stage, .issued_at = 1000, .expires_at = 2000 };

    memset(b.public_key_hash.bytes, 0x11, sizeof b.public_key_hash.bytes);
    memset(b.identity_key.bytes, stage == CHAOS_STAGE_SESSION ? 0x12 : 0x11, sizeof b.identity_key.bytes);
    if (stage != CHAOS_STAGE_KEY_ONLY) {
        b.chain_id.bytes[31] = 1;
        b.identity_registry.bytes[0] = 1;
    }
    if (stage == CHAOS_STAGE_KEY_ONLY || stage == CHAOS_STAGE_BEFORE_REGISTRATION) {
        memset(b.agent_id.bytes, 0xff, sizeof b.agent_id.bytes);
    }
    b.tls_spki_hash.bytes[0] = stage == CHAOS_STAGE_TLS;
    b.subject.bytes[0] = stage == CHAOS_STAGE_VALIDATION;
    return b;
}

static void no_chain(chaos_binding *b)
{
    b->chain_id.bytes[31] ^= 1;
}
static void no_registry(chaos_binding *b)
{
    b->identity_registry.bytes[0] ^= 1;
}
static void other_agent_kind(chaos_binding *b)
{
    memset(b->agent_id.bytes, b->agent_id.bytes[0] == 0xff ? 0 : 0xff, sizeof b->agent_id.bytes);
}
static void other_key(chaos_binding *b)
{
    memset(b->identity_key.bytes, b->stage == CHAOS_STAGE_SESSION ? 0x11 : 0x12, sizeof b->identity_key.bytes);
}
static void other_tls(chaos_binding *b)
{
    b->tls_spki_hash.bytes[0] ^= 1;
}
static void other_subject(chaos_binding *b)
{
    b->subject.bytes[0] ^= 1;
}
static void never_valid(chaos_binding *b)
{
    b->expires_at = b->issued_at;
}
static void eight_days(chaos_binding *b)
{
    b->expires_at = b->issued_at + 7 * 86400 + 1;
}
static void seven_days(chaos_binding *b)
{
    b->expires_at = b->issued_at + 7 * 86400;
}

static const struct {
    const char *field;
    void (*change)(chaos_binding *b);
    unsigned stages; /* bits of those at which it is refused; at the others it is allowed */
} changes[] = {
    { "chainId", no_chain, 0x3f },
    { "identityRegistry", no_registry, 0x3f },
    { "agentId", other_agent_kind, 0x3f },
    { "identityKey", other_key, 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 },
    { "tlsSpkiHash", other_tls, 0x3f },
    { "subject", other_subject, 0x3f },
    { "expiresAt", never_valid, 0x3f },
    { "expiresAt", eight_days, 1u << 5 },
    { "expiresAt", seven_days, 0 },
};

static void test_stages(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage <= CHAOS_STAGE_SESSION; stage++) {
        chaos_binding b = binding_of(stage);
        assert_int_equal(self_check_stage(&b, &err), CHAOS_OK);
        assert_int_equal(self_check_stage(&b, NULL), CHAOS_OK);
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
            const bool refused = (changes[i].stages & 1u << stage) != 0;

            b = binding_of(stage);
            changes[i].change(&b);
            memset(&err, 0, sizeof err);
            const chaos_status status = self_check_stage(&b, &err);
            if (status != (refused ? CHAOS_E_BINDING_STAGE : CHAOS_OK) ||
                (refused && strcmp(err.field, changes[i].field) != 0)) {
                fail_msg("stage %u, change %zu of %s: %s, field %s", stage, i, changes[i].field,
                         chaos_status_name(status), err.field == NULL ? "none" : err.field);
            }
            if (refused) {
                assert_true(err.expected[0] != '\0' && err.found[0] != '\0');
                assert_int_equal(self_check_stage(&b, NULL), CHAOS_E_BINDING_STAGE);
            }
        }
    }
    chaos_binding b = binding_of(1);
    b.stage = 6;
    assert_int_equal(self_check_stage(&b, &err), CHAOS_E_BINDING_STAGE);
    assert_string_equal(err.field, "stage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_stages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
