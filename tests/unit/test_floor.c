/* test_floor.c - the newest collateral that was seen: its file, what is older, and an envelope that brings its own. */
#include "sim/sim.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chaos_error err;

/* ---------------------------------------------------------------- the file ---- */

#define ENTRY                                                                                          \
    "{\"fmspc\":\"00806f050000\",\"pck_ca\":\"platform\",\"pck_crl_issued\":\"2026-01-02T00:00:00Z\"," \
    "\"qe_evaluation_number\":17,\"qe_identity_issued\":\"2026-01-03T00:00:00Z\","                     \
    "\"root_ca_crl_issued\":\"2026-01-04T00:00:00Z\",\"tcb_evaluation_number\":18,"                    \
    "\"tcb_info_issued\":\"2026-01-05T00:00:00Z\",\"tee\":\"tdx\"}"
#define FILE_OF(entries) "{\"floors\":[" entries "],\"schema\":\"chaoschain/collateral-floor/1\"}"

static const struct {
    const char *text;
    chaos_status status;
} files[] = {
    { FILE_OF(ENTRY), CHAOS_OK },
    { FILE_OF(""), CHAOS_OK },
    { FILE_OF(ENTRY "," ENTRY), CHAOS_OK },
    { "", CHAOS_E_JSON },
    { "{}", CHAOS_E_COLLATERAL_FORMAT },
    { "[]", CHAOS_E_COLLATERAL_FORMAT },
    { "{\"floors\":[],\"schema\":\"chaoschain/collateral-floor/2\"}", CHAOS_E_COLLATERAL_FORMAT },
    { "{\"schema\":\"chaoschain/collateral-floor/1\"}", CHAOS_E_COLLATERAL_FORMAT },
    { "{\"floors\":{},\"schema\":\"chaoschain/collateral-floor/1\"}", CHAOS_E_COLLATERAL_FORMAT },
    { "{\"floors\":[],\"more\":1,\"schema\":\"chaoschain/collateral-floor/1\"}", CHAOS_E_COLLATERAL_FORMAT },
    { FILE_OF(ENTRY) "x", CHAOS_E_JSON },
    { FILE_OF("{}"), CHAOS_E_COLLATERAL_FORMAT },
    { FILE_OF("7"), CHAOS_E_COLLATERAL_FORMAT },
    { FILE_OF(ENTRY ","), CHAOS_E_JSON },
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(files); i++) {
        chaos_floor *floor = NULL;
        chaos_status status = chaos_floor_parse(slice_text(files[i].text), &floor, &err);

        if (status != files[i].status) {
            fail_msg("%s: %s, expected %s", files[i].text, chaos_status_name(status), chaos_status_name(files[i].status));
        }
        assert_true((floor != NULL) == (status == CHAOS_OK));
        chaos_floor_free(floor);
    }
}

/* Every member of an entry is needed, and each byte of a value counts. */
static void test_entries(void **state)
{
    static const char *const names[] = { "fmspc", "pck_ca", "pck_crl_issued", "qe_evaluation_number",
                                         "qe_identity_issued", "root_ca_crl_issued", "tcb_evaluation_number",
                                         "tcb_info_issued", "tee" };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        char text[] = FILE_OF(ENTRY), quoted[40];
        chaos_floor *floor = NULL;

        (void)snprintf(quoted, sizeof quoted, "\"%s\"", names[i]);
        char *at = strstr(text, quoted);
        assert_non_null(at);
        at[1] = 'x'; /* another name: one is unknown, and one is missing */
        assert_int_equal(chaos_floor_parse(slice_text(text), &floor, &err), CHAOS_E_COLLATERAL_FORMAT);
        memcpy(text, FILE_OF(ENTRY), sizeof text);
        at = strchr(strstr(text, quoted), ':') + 1;
        at[*at == '"' ? 1 : 0] = '-';
        assert_true(chaos_floor_parse(slice_text(text), &floor, &err) != CHAOS_OK);
        assert_null(floor);
    }
    for (size_t size = 0; size < sizeof FILE_OF(ENTRY) - 1; size++) {
        chaos_floor *floor = NULL;

        assert_int_not_equal(chaos_floor_parse(slice(FILE_OF(ENTRY), size), &floor, &err), CHAOS_OK);
    }
}

static void test_written_back(void **state)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_FLOOR);
    chaos_floor *floor = NULL;

    (void)state;
    assert_int_equal(chaos_floor_parse(slice_text(FILE_OF(ENTRY)), &floor, &err), CHAOS_OK);
    assert_int_equal(chaos_floor_write(floor, &text, &err), CHAOS_OK);
    assert_true(slice_is(bytes_of(&text), FILE_OF(ENTRY)));
    chaos_floor_free(floor);
    chaos_buffer_free(&text);
}

/* ------------------------------------------------------------------ values ---- */

static void lower_tcb_number(chaos_collateral_facts *f)
{
    f->tcb_evaluation_number--;
}

static void lower_qe_number(chaos_collateral_facts *f)
{
    f->qe_evaluation_number--;
}

static void lower_tcb_date(chaos_collateral_facts *f)
{
    f->tcb_info_issued--;
}

static void lower_qe_date(chaos_collateral_facts *f)
{
    f->qe_identity_issued--;
}

static void lower_root(chaos_collateral_facts *f)
{
    f->root_ca_crl_issued--;
}

static void lower_pck(chaos_collateral_facts *f)
{
    f->pck_crl_issued--;
}

static const struct {
    const char *name;
    void (*lower)(chaos_collateral_facts *facts);
} values[] = {
    { "tcb_evaluation_number", lower_tcb_number },
    { "qe_evaluation_number", lower_qe_number },
    { "tcb_info_issued", lower_tcb_date },
    { "qe_identity_issued", lower_qe_date },
    { "root_ca_crl_issued", lower_root },
    { "pck_crl_issued", lower_pck },
};

/* The forge's set, sealed. */
typedef struct scene {
    forge_result made;
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_collateral_facts facts;
} scene;

static void begin(scene *s)
{
    chaos_collateral *collateral = NULL;

    memset(s, 0, sizeof *s);
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &s->made, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_new(&s->trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(s->trust, bytes_of(&s->made.root), &err), CHAOS_OK);
    assert_int_equal(chaos_policy_parse(bytes_of(&s->made.policy), &s->policy, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&s->made.collateral), &collateral, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_seal(collateral, s->trust, s->made.now, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_get_facts(collateral, &s->facts, &err), CHAOS_OK);
    chaos_collateral_free(collateral);
}

static void end(scene *s)
{
    forge_result_free(&s->made);
    chaos_trust_free(s->trust);
    chaos_policy_free(s->policy);
}

static chaos_floor *floor_of(const chaos_collateral_facts *facts)
{
    chaos_floor *floor = NULL;

    assert_int_equal(chaos_floor_new(&floor, &err), CHAOS_OK);
    assert_int_equal(chaos_floor_raise(floor, facts, &err), CHAOS_OK);
    return floor;
}

static void test_values(void **state)
{
    scene s;

    (void)state;
    begin(&s);
    chaos_floor *floor = floor_of(&s.facts);
    assert_int_equal(chaos_floor_check(floor, &s.facts, &err), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(values); i++) {
        chaos_collateral_facts older = s.facts;

        values[i].lower(&older);
        assert_int_equal(chaos_floor_check(floor, &older, &err), CHAOS_E_COLLATERAL_ROLLBACK);
        assert_string_equal(err.field, values[i].name);
        assert_true(err.expected[0] != '\0' && err.found[0] != '\0');
        assert_int_equal(chaos_floor_raise(floor, &older, &err), CHAOS_OK); /* never goes down */
        assert_int_equal(chaos_floor_check(floor, &s.facts, &err), CHAOS_OK);
        assert_int_equal(chaos_floor_check(floor, &older, &err), CHAOS_E_COLLATERAL_ROLLBACK);
        older.fmspc[0] ^= 1; /* of another platform, TEE or CA it knows nothing */
        assert_int_equal(chaos_floor_check(floor, &older, &err), CHAOS_OK);
        older.fmspc[0] ^= 1;
        older.platform_ca = !older.platform_ca;
        assert_int_equal(chaos_floor_check(floor, &older, &err), CHAOS_OK);
        older.platform_ca = !older.platform_ca;
        older.tee = CHAOS_TEE_SGX;
        assert_int_equal(chaos_floor_check(floor, &older, &err), CHAOS_OK);
    }
    chaos_floor_free(floor);
    end(&s);
}

static void test_limit(void **state)
{
    chaos_floor *floor = NULL;
    chaos_collateral_facts facts = { .tee = CHAOS_TEE_TDX };

    (void)state;
    assert_int_equal(chaos_floor_new(&floor, &err), CHAOS_OK);
    for (unsigned i = 0; i < 4096; i++) {
        facts.fmspc[0] = (uint8_t)(i >> 8);
        facts.fmspc[1] = (uint8_t)i;
        assert_int_equal(chaos_floor_raise(floor, &facts, &err), CHAOS_OK);
    }
    facts.fmspc[2] = 1;
    assert_int_equal(chaos_floor_raise(floor, &facts, &err), CHAOS_E_LIMIT);
    chaos_floor_free(floor);
}

/* ---------------------------------------------------------------- verdicts ---- */

/* The forged envelope with collateral inside. */
static chaos_buffer with_collateral(const scene *s, chaos_slice collateral)
{
    chaos_buffer storage = CHAOS_BUFFER_INIT(1u << 20), out = CHAOS_BUFFER_INIT(1u << 20);
    envelope e;
    fault why;

    assert_true(envelope_read(bytes_of(&s->made.envelope), &storage, &e, &why));
    e.collateral = collateral;
    assert_true(envelope_write(&e, &out));
    chaos_buffer_free(&storage);
    return out;
}

typedef struct outcome {
    chaos_verified verified;
    chaos_tier tier;
    chaos_status status;
    char field[64], row[32];
} outcome;

/* The row collateral-floor of the verdict's JSON: its result, or "". */
static void read_row(const chaos_verdict *verdict, char *out, size_t capacity)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    json_error_t why;
    json_t *value, *row;
    size_t i;

    assert_int_equal(chaos_verdict_write_json(verdict, &text, &err), CHAOS_OK);
    value = json_loadb((const char *)text.data, text.size, 0, &why);
    out[0] = '\0';
    json_array_foreach(json_object_get(value, "checks"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), "collateral-floor") == 0) {
            (void)snprintf(out, capacity, "%s", json_string_value(json_object_get(row, "result")));
        }
    }
    json_decref(value);
    chaos_buffer_free(&text);
}

static outcome ask(const scene *s, chaos_slice evidence, chaos_slice collateral, const chaos_floor *floor, int64_t now)
{
    chaos_expectation expected = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;
    outcome o = { 0 };

    expected.collateral_floor = floor;
    expected.has_identity_key = true; /* so that nothing else keeps it from AFFIRMING */
    expected.identity_key = s->made.binding.identity_key;
    expected.has_nonce = true;
    memcpy(expected.nonce.bytes, s->made.binding.nonce.bytes, sizeof expected.nonce.bytes);
    expected.has_agent = true;
    expected.chain_id = s->made.binding.chain_id;
    expected.identity_registry = s->made.binding.identity_registry;
    expected.agent_id = s->made.binding.agent_id;
    assert_int_equal(chaos_check(evidence, collateral, s->trust, s->policy, &expected, now, NULL, &verdict, &err),
                     CHAOS_OK);
    o.verified = chaos_verdict_verified(verdict);
    o.tier = chaos_verdict_tier(verdict);
    const chaos_error *why = chaos_verdict_error(verdict);
    o.status = why == NULL ? CHAOS_OK : why->status;
    (void)snprintf(o.field, sizeof o.field, "%s", why == NULL || why->field == NULL ? "" : why->field);
    read_row(verdict, o.row, sizeof o.row);
    chaos_verdict_free(verdict);
    return o;
}

static unsigned wrong;

/* All of them, so that one look shows everything that a change has broken. */
static void expect(const char *what, outcome o, chaos_verified verified, chaos_tier tier, chaos_status status,
                   const char *row)
{
    if (o.verified != verified || o.tier != tier || o.status != status || strcmp(o.row, row) != 0) {
        print_error("%s: expected %s, found verified %d, %s, %s (%s), row '%s'\n", what, chaos_status_name(status),
                    (int)o.verified, chaos_tier_name(o.tier), chaos_status_name(o.status), o.field, o.row);
        wrong++;
    }
}

static void test_envelope_brings_its_own(void **state)
{
    const chaos_slice none = { NULL, 0 };
    scene s;

    (void)state;
    begin(&s);
    chaos_buffer own = with_collateral(&s, bytes_of(&s.made.collateral));
    chaos_buffer bad = with_collateral(&s, slice_text("{}"));
    chaos_floor *floor = floor_of(&s.facts), *empty = NULL;
    int64_t now = s.made.now;
    assert_int_equal(chaos_floor_new(&empty, &err), CHAOS_OK);

    expect("the relying party's", ask(&s, bytes_of(&s.made.envelope), bytes_of(&s.made.collateral), NULL, now),
           CHAOS_VERIFIED_TRUE, CHAOS_TIER_AFFIRMING, CHAOS_OK, "");
    expect("none at all", ask(&s, bytes_of(&s.made.envelope), none, floor, now), CHAOS_VERIFIED_UNKNOWN, CHAOS_TIER_NONE,
           CHAOS_E_COLLATERAL_MISSING, "");
    expect("the envelope's, no floor", ask(&s, bytes_of(&own), none, NULL, now), CHAOS_VERIFIED_TRUE, CHAOS_TIER_WARNING,
           CHAOS_OK, "not-checked");
    expect("the envelope's, a floor of others", ask(&s, bytes_of(&own), none, empty, now), CHAOS_VERIFIED_TRUE,
           CHAOS_TIER_WARNING, CHAOS_OK, "not-checked");
    expect("the envelope's, not older", ask(&s, bytes_of(&own), none, floor, now), CHAOS_VERIFIED_TRUE,
           CHAOS_TIER_AFFIRMING, CHAOS_OK, "pass");
    expect("the envelope's, expired", ask(&s, bytes_of(&own), none, floor, s.facts.valid_to + 1), CHAOS_VERIFIED_UNKNOWN,
           CHAOS_TIER_NONE, CHAOS_E_COLLATERAL_MISSING, "");
    expect("the envelope's, too early", ask(&s, bytes_of(&own), none, floor, s.facts.valid_from - 1),
           CHAOS_VERIFIED_UNKNOWN, CHAOS_TIER_NONE, CHAOS_E_COLLATERAL_MISSING, "");
    expect("the envelope's, malformed", ask(&s, bytes_of(&bad), none, floor, now), CHAOS_VERIFIED_FALSE,
           CHAOS_TIER_CONTRAINDICATED, CHAOS_E_COLLATERAL_FORMAT, "");
    expect("one's own beside a malformed one", ask(&s, bytes_of(&bad), bytes_of(&s.made.collateral), NULL, now),
           CHAOS_VERIFIED_TRUE, CHAOS_TIER_AFFIRMING, CHAOS_OK, "");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(values); i++) {
        chaos_collateral_facts newer = s.facts, older;
        /* a floor that is one ahead in this value */
        newer.tcb_evaluation_number++, newer.qe_evaluation_number++;
        newer.tcb_info_issued++, newer.qe_identity_issued++, newer.root_ca_crl_issued++, newer.pck_crl_issued++;
        older = newer;
        values[i].lower(&older);
        chaos_collateral_facts ahead = s.facts;
#define ONE(member) ahead.member = older.member == newer.member ? s.facts.member : newer.member
        ONE(tcb_evaluation_number);
        ONE(qe_evaluation_number);
        ONE(tcb_info_issued);
        ONE(qe_identity_issued);
        ONE(root_ca_crl_issued);
        ONE(pck_crl_issued);
#undef ONE
        chaos_floor *higher = floor_of(&ahead);
        outcome o = ask(&s, bytes_of(&own), none, higher, now);
        expect(values[i].name, o, CHAOS_VERIFIED_TRUE, CHAOS_TIER_CONTRAINDICATED, CHAOS_E_COLLATERAL_ROLLBACK, "fail");
        wrong += strcmp(o.field, values[i].name) != 0 ? 1 : 0;
        o = ask(&s, bytes_of(&s.made.envelope), bytes_of(&s.made.collateral), higher, now);
        expect("one's own that is older", o, CHAOS_VERIFIED_TRUE, CHAOS_TIER_CONTRAINDICATED,
               CHAOS_E_COLLATERAL_ROLLBACK, "fail");
        chaos_floor_free(higher);
    }
    chaos_floor_free(empty);
    chaos_floor_free(floor);
    chaos_buffer_free(&bad);
    chaos_buffer_free(&own);
    end(&s);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_written_back),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_envelope_brings_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
