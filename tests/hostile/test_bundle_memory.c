/* test_bundle_memory.c - a hundred thousand receipts need no more memory than a hundred. They are made while they are
 * read, so that the process never holds them. */
#include "sim/sim.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#define FEW 100
#define MANY 100000
#define GROWTH_KIB 1024 /* for what the allocator leaves lying about */

typedef struct stream {
    const forge_result *made;
    uint8_t scalar[32];
    chaos_receipt receipt;
    uint64_t left;
    chaos_buffer line;
    size_t begin; /* of what has not been read yet */
} stream;

static void refill(stream *s)
{
    chaos_error err = { 0 };
    s->begin = 0;
    s->line.size = 0;
    if (s->left == 0) {
        return;
    }
    s->left--;
    if (!forge_receipt_next(s->scalar, &s->receipt) ||
        chaos_bundle_write_receipt(&s->receipt, &s->line, &err) != CHAOS_OK) {
        fail_msg("a receipt could not be made: %s", err.text);
    }
}

static chaos_status read_stream(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    stream *s = context;
    (void)err;
    if (s->begin == s->line.size) {
        refill(s);
    }
    *got = s->line.size - s->begin;
    *got = *got < capacity ? *got : capacity;
    if (*got > 0) {
        memcpy(into, s->line.data + s->begin, *got);
    }
    s->begin += *got;
    return CHAOS_OK;
}

/* Header and envelope; the first receipt follows sequence 0, which is not shown. */
static void begin_stream(stream *s, const forge_result *made, const forge_options *options, uint64_t count)
{
    const chaos_binding *binding = &made->binding;
    chaos_evidence *evidence = NULL;
    chaos_error err = { 0 };
    memset(s, 0, sizeof *s);
    s->made = made;
    s->left = count;
    s->line.limit = CHAOS_MAX_BUNDLE_LINE;
    assert_true(forge_session_key(options, s->scalar));
    assert_int_equal(chaos_envelope_parse(bytes_of(&made->envelope), &evidence, &err), CHAOS_OK);
    s->receipt.action = (chaos_action){ .chain_id = binding->chain_id, .agent_registry = binding->identity_registry, .agent_id = binding->agent_id, .action_type = "test/many", .issued_at = binding->issued_at, .evidence_hash = chaos_evidence_hash(evidence) };
    assert_int_equal(chaos_bundle_write_header(&binding->chain_id, &binding->identity_registry, &binding->agent_id,
                                               &s->line, &err),
                     CHAOS_OK);
    assert_int_equal(chaos_bundle_write_envelope(evidence, &s->line, &err), CHAOS_OK);
    chaos_evidence_free(evidence);
}

static void expect_count(const forge_result *made, const forge_options *options, uint64_t count)
{
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_trust *trust = NULL;
    chaos_policy *policy = NULL;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    char expected[64];
    stream s;
    begin_stream(&s, made, options, count);
    source.context = &s;
    source.read = read_stream;
    (void)snprintf(expected, sizeof expected, "\"count\":%llu,", (unsigned long long)count);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&made->root), &err), CHAOS_OK);
    assert_int_equal(chaos_policy_none(&policy, &err), CHAOS_OK);
    assert_int_equal(chaos_check_bundle(&source, bytes_of(&made->collateral), trust, policy, &nothing, made->now, NULL,
                                        &verdict, &err),
                     CHAOS_OK);
    assert_int_equal(chaos_verdict_write_json(verdict, &text, &err), CHAOS_OK);
    if (strstr((const char *)text.data, expected) == NULL) {
        fail_msg("expected %s in %s", expected, (const char *)text.data);
    }
    assert_int_equal(chaos_verdict_exit_code(verdict), 0);
    chaos_verdict_free(verdict);
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    chaos_buffer_free(&text);
    chaos_buffer_free(&s.line);
}

/* The most that this process has had in memory, in KiB. */
static unsigned long high_water(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (kib == 0 && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmHWM: %lu kB", &kib);
    }
    (void)fclose(file);
    assert_true(kib > 0);
    return kib;
}

static void test_constant_memory(void **state)
{
    (void)state;
    const forge_options options = { .has_stage = true, .stage = CHAOS_STAGE_SESSION };
    forge_result made;
    chaos_error err = { 0 };
    assert_int_equal(forge_make(FORGE_TDX4, &options, NULL, &made, &err), CHAOS_OK);
    expect_count(&made, &options, FEW);
    const unsigned long before = high_water();
#if !defined(__SANITIZE_ADDRESS__)
    expect_count(&made, &options, MANY);
    const unsigned long after = high_water();
    if (after > before + GROWTH_KIB) {
        fail_msg("%d receipts need %lu KiB and %d need %lu", FEW, before, MANY, after);
    }
#else
    expect_count(&made, &options, 10 * FEW); /* a sanitizer keeps freed memory for a while: its growth says nothing */
    assert_true(high_water() >= before);
#endif
    forge_result_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_constant_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
