/* test_evidence.c - evidence and signatures as objects: what they say of themselves, whom they belong to, and what is
 * refused before anything is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/recipe.h"
#include "wire/wire.h"

#include <chaoschain/chaoschain.h>

#include "tests/support/support.h"

static chaos_error err;

static json_t *described(const chaos_evidence *evidence)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE);
    json_error_t why;

    assert_int_equal(chaos_evidence_describe(evidence, &text, &err), CHAOS_OK);
    json_t *read = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    assert_non_null(read);
    chaos_buffer_free(&text);
    return read;
}

static const char *text_at(const json_t *whole, const char *object, const char *member)
{
    return json_string_value(json_object_get(json_object_get(whole, object), member));
}

static long long number_at(const json_t *whole, const char *object, const char *member)
{
    return json_integer_value(json_object_get(json_object_get(whole, object), member));
}

/* -------------------------------------------------------------- description ---- */

static void test_described(void **state)
{
    static const struct {
        forge_kind kind;
        const char *tee, *ca, *component;
        long long type, version;
    } kinds[] = {
        { FORGE_SGX3, "sgx", "processor", "isv_svn", 1, 3 },
        { FORGE_TDX4, "tdx", "platform", "rtmr3", 2, 4 },
    };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(kinds); i++) {
        forge_result made;
        chaos_evidence *evidence = NULL;

        assert_int_equal(forge_make(kinds[i].kind, NULL, NULL, &made, &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
        json_t *shown = described(evidence);
        const json_t *pck = json_object_get(json_object_get(shown, "signature_data"), "pck_certificate");

        assert_string_equal(json_string_value(json_object_get(shown, "schema")), "chaoschain/inspection/1");
        assert_true(json_is_true(json_object_get(shown, "unverified")));
        assert_string_equal(json_string_value(json_object_get(shown, "tee")), kinds[i].tee);
        assert_int_equal(json_integer_value(json_object_get(shown, "body_type")), kinds[i].type);
        assert_int_equal(number_at(shown, "header", "version"), kinds[i].version);
        assert_non_null(json_object_get(json_object_get(shown, "body"), kinds[i].component));
        assert_string_equal(json_string_value(json_object_get(pck, "fmspc")), "c0a05c000000");
        assert_string_equal(json_string_value(json_object_get(pck, "pck_ca")), kinds[i].ca);
        assert_string_equal(json_string_value(json_object_get(pck, "not_before")), "2020-01-01T00:00:00Z");
        assert_int_equal(json_integer_value(json_object_get(pck, "pcesvn")), 13);
        assert_int_equal(json_integer_value(json_object_get(shown, "trailing_zero_bytes")), 0);
        json_decref(shown);
        chaos_evidence_free(evidence);
        forge_result_free(&made);
    }
}

/* A chain that cannot be read, and a quote that has none: nothing is made up. */
static void test_described_without_chain(void **state)
{
    static const struct {
        const char *name;
        forge_kind kind;
    } breaks[] = { { "chain-text-between", FORGE_TDX4 }, { "cert-data-1-without-chain", FORGE_SGX3 } };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(breaks); i++) {
        forge_result made;
        chaos_evidence *evidence = NULL;

        assert_int_equal(forge_make(breaks[i].kind, NULL, forge_break_find(breaks[i].name), &made, &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
        json_t *shown = described(evidence);
        assert_true(json_is_null(json_object_get(json_object_get(shown, "signature_data"), "pck_certificate")));
        assert_null(text_at(shown, "signature_data", "pck_certificate"));
        json_decref(shown);
        chaos_evidence_free(evidence);
        forge_result_free(&made);
    }
}

static void test_described_with_little_room(void **state)
{
    forge_result made;
    chaos_evidence *evidence = NULL;

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &evidence, &err), CHAOS_OK);
    for (size_t room = 0; room < 2000; room += 97) {
        chaos_buffer text = CHAOS_BUFFER_INIT(room);
        assert_int_equal(chaos_status_class(chaos_evidence_describe(evidence, &text, &err)), CHAOS_CLASS_INTERNAL);
        chaos_buffer_free(&text);
    }
    chaos_buffer none = CHAOS_BUFFER_INIT(16);
    assert_int_equal(chaos_evidence_describe(NULL, &none, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_evidence_describe(evidence, NULL, &err), CHAOS_E_USAGE);
    chaos_evidence_free(evidence);
    forge_result_free(&made);
}

/* ------------------------------------------------------------------ objects ---- */

static void test_evidence(void **state)
{
    forge_result made;
    chaos_evidence *evidence = NULL, *bare = NULL, *with_log = NULL;
    chaos_binding binding = { .stage = 77 };

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_envelope_parse(bytes_of(&made.envelope), &evidence, &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &bare, &err), CHAOS_OK);
    assert_int_equal(
        chaos_evidence_parse_with_log(bytes_of(&made.quote), bytes_of(&made.event_log), &with_log, &err), CHAOS_OK);

    assert_true(slice_equal(chaos_evidence_bytes(evidence), bytes_of(&made.envelope)));
    assert_true(slice_equal(chaos_evidence_event_log(with_log), bytes_of(&made.event_log)));
    assert_int_equal(chaos_evidence_event_log(bare).size, 0);
    assert_false(chaos_evidence_binding(bare, &binding));
    assert_int_equal(binding.stage, 77); /* untouched */
    assert_true(chaos_evidence_binding(evidence, &binding));
    assert_memory_equal(&binding, &made.binding, sizeof binding);
    assert_int_equal(chaos_evidence_tee(bare), CHAOS_TEE_TDX);

    chaos_measurements measured;
    chaos_evidence_measurements(evidence, &measured);
    const uint8_t *body = evidence->quote.body.data;
    assert_memory_equal(measured.mr_td, body + TD_MR_TD, 48);
    assert_memory_equal(measured.rtmr0, body + TD_RTMR, 48);
    assert_memory_equal(measured.rtmr3, body + TD_RTMR + 3 * 48, 48);
    assert_memory_equal(measured.report_data.bytes, body + TD_REPORT_DATA, 64);
    assert_true(slice_is_zero(slice(measured.mr_enclave, sizeof measured.mr_enclave)));
    chaos_evidence_free(with_log);
    chaos_evidence_free(bare);
    bare = NULL;
    chaos_evidence_free(evidence);
    forge_result_free(&made);

    assert_int_equal(forge_make(FORGE_SGX3, NULL, NULL, &made, &err), CHAOS_OK);
    assert_int_equal(chaos_evidence_parse(bytes_of(&made.quote), &bare, &err), CHAOS_OK);
    chaos_evidence_measurements(bare, &measured);
    assert_memory_equal(measured.mr_enclave, bare->quote.body.data + SGX_MR_ENCLAVE, 32);
    assert_true(slice_is_zero(slice(measured.mr_td, sizeof measured.mr_td)));
    chaos_evidence_free(bare);
    forge_result_free(&made);
}

/* What is too large, or not there, is refused before it is looked at. */
static void test_sizes(void **state)
{
    static uint8_t zeros[CHAOS_MAX_COLLATERAL + 1];
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;
    const chaos_slice nothing = { NULL, 1 }, empty = { NULL, 0 };

    (void)state;
    assert_int_equal(chaos_evidence_parse(slice(zeros, CHAOS_MAX_EVIDENCE + 1), &evidence, &err), CHAOS_E_QUOTE_FORMAT);
    assert_true(err.expected[0] != '\0' && err.found[0] != '\0');
    assert_int_equal(chaos_evidence_parse(slice(zeros, CHAOS_MAX_EVIDENCE), &evidence, &err), CHAOS_E_QUOTE_VERSION);
    assert_int_equal(chaos_evidence_parse_with_log(slice(zeros, 100), slice(zeros, CHAOS_MAX_EVENT_LOG + 1), &evidence,
                                                   &err),
                     CHAOS_E_EVENT_LOG_FORMAT);
    assert_int_equal(chaos_evidence_parse(nothing, &evidence, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_evidence_parse(empty, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_evidence_parse_with_log(empty, nothing, &evidence, &err), CHAOS_E_USAGE);
    assert_null(evidence);

    assert_int_equal(chaos_collateral_parse(slice(zeros, CHAOS_MAX_COLLATERAL + 1), &collateral, &err),
                     CHAOS_E_COLLATERAL_FORMAT);
    assert_non_null(strstr(err.text, "too large"));
    assert_true(err.expected[0] != '\0' && err.found[0] != '\0');
    assert_int_equal(chaos_collateral_parse(slice(zeros, CHAOS_MAX_COLLATERAL), &collateral, &err), CHAOS_E_JSON);
    assert_int_equal(chaos_collateral_parse(empty, &collateral, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_collateral_parse(slice(zeros, 1), NULL, &err), CHAOS_E_USAGE);
    assert_null(collateral);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_described),
        cmocka_unit_test(test_described_without_chain),
        cmocka_unit_test(test_described_with_little_room),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
