/* test_hostile.c - forged evidence cut at every length, with every byte behind it and with every byte changed: always
 * refused, never by a fault of ours. */
#include "sim/sim.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

enum {
    AFFIRMING = 0,
    MALFORMED = 3,
    NOT_TRUSTED = 4,
    ENVIRONMENT = 5
};

static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

static void forge(forge_kind kind, forge_result *made)
{
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    if (forge_make(kind, NULL, NULL, made, &err) != CHAOS_OK) {
        fail_msg("forge: %s", err.text);
    }
}

static check_input input_of(const forge_result *made)
{
    check_input input = { .quote = bytes_of(&made->quote),
                          .event_log = bytes_of(&made->event_log),
                          .collateral = bytes_of(&made->collateral),
                          .extra_root = bytes_of(&made->root),
                          .policy_json = simulated_policy,
                          .now = made->now };
    return input;
}

static void expect(const char *name, const check_input *input, const char *code, int exit_code)
{
    int found = -1;
    json_t *verdict = check_to_json(input, &found);

    if (strcmp(verdict_error_code(verdict), code) != 0 || found != exit_code) {
        fail_msg("%s: expected %s and %d, found %s and %d", name, code, exit_code, verdict_error_code(verdict), found);
    }
    json_decref(verdict);
}

/* Every truncation and every trailing byte of quote and collateral is refused, and never by a fault of ours. */
static void expect_refused(const char *what, size_t size, const check_input *input)
{
    int found = -1;
    json_t *verdict = check_to_json(input, &found);

    if (found != MALFORMED && found != NOT_TRUSTED && found != ENVIRONMENT) {
        fail_msg("%s cut to %zu bytes: expected a refusal, found exit code %d", what, size, found);
    }
    json_decref(verdict);
}

static void test_truncations(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        forge_result made;
        check_input input;

        forge(kinds[k], &made);
        input = input_of(&made);
        for (size_t size = 0; size < made.quote.size; size++) {
            input.quote.size = size;
            expect_refused("quote", size, &input);
        }
        input.quote.size = made.quote.size;
        for (size_t size = 1; size < made.collateral.size; size++) {
            input.collateral.size = size;
            expect_refused("collateral", size, &input);
        }
        input.collateral.size = made.collateral.size;
        for (size_t size = 1; size < made.event_log.size; size++) {
            input.event_log.size = size;
            expect_refused("event log", size, &input);
        }
        forge_result_free(&made);
    }
}

static bool append(chaos_buffer *out, const chaos_buffer *bytes, uint8_t last)
{
    *out = (chaos_buffer)CHAOS_BUFFER_INIT(bytes->size + 1);
    out->data = malloc(bytes->size + 1);
    if (out->data == NULL) {
        return false;
    }
    memcpy(out->data, bytes->data, bytes->size);
    out->data[bytes->size] = last;
    out->size = bytes->size + 1;
    return true;
}

static bool is_space(unsigned byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void test_trailing_bytes(void **state)
{
    forge_result made;
    check_input input;

    (void)state;
    forge(FORGE_TDX4, &made);
    for (unsigned byte = 0; byte < 256; byte++) {
        chaos_buffer longer;

        input = input_of(&made);
        assert_true(append(&longer, &made.quote, (uint8_t)byte));
        input.quote = bytes_of(&longer);
        expect("trailing byte of the quote", &input, byte == 0 ? "" : "TRAILING_DATA", byte == 0 ? AFFIRMING : MALFORMED);
        chaos_buffer_free(&longer);

        input = input_of(&made);
        assert_true(append(&longer, &made.collateral, (uint8_t)byte));
        input.collateral = bytes_of(&longer);
        expect("trailing byte of the collateral", &input, is_space(byte) ? "" : "JSON",
               is_space(byte) ? AFFIRMING : MALFORMED);
        chaos_buffer_free(&longer);
    }
    forge_result_free(&made);
}

/* No single flipped bit of the quote may be accepted, except in what carries no information: ECDSA's signature over
 * it is checked, so a flip of a signed byte cannot pass, and unsigned bytes are structure. */
static void test_flips(void **state)
{
    forge_result made;
    check_input input;

    (void)state;
    forge(FORGE_TDX4, &made);
    input = input_of(&made);
    for (size_t at = 0; at < made.quote.size; at++) {
        int found = -1;
        json_t *verdict;

        made.quote.data[at] ^= 1;
        verdict = check_to_json(&input, &found);
        if (found != MALFORMED && found != NOT_TRUSTED && found != ENVIRONMENT) {
            fail_msg("bit 0 of quote byte %zu: expected a refusal, found exit code %d", at, found);
        }
        json_decref(verdict);
        made.quote.data[at] ^= 1;
    }
    forge_result_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_trailing_bytes),
        cmocka_unit_test(test_flips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
