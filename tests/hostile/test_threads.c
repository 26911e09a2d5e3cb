/* test_threads.c - what the headers say threads may share, threads share: one cache, one set of sealed collateral, one trust,
 * policy, piece of evidence and signature. Each answer is that of a thread alone. For ThreadSanitizer above all
 * (scripts/check-threads.sh), and therefore small. */
#include "sim/recipe.h"
#include "tests/support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS = 4,
    ROUNDS = 60,
    PLATFORMS = 6,
    LARGE = 1 << 20,
    SMALL = 64 * 1024 /* not enough for all of them */
};

static const char *const breaks[] = { "pck-revoked", "quote-signature-flipped", "tcb-info-signature-flipped" };
enum {
    QUESTIONS = PLATFORMS + sizeof breaks / sizeof breaks[0]
};

static struct shared {
    forge_result made[QUESTIONS];
    chaos_evidence *evidence[QUESTIONS];
    chaos_buffer want[QUESTIONS], want_sealed[QUESTIONS];
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_cache *cache;
    chaos_collateral *sealed; /* of the first platform: the TCB info of all */
    chaos_signature *signature;
    _Atomic unsigned wrong;
} world;

static const char message[] = "shared";

/* ----------------------------------------------------------------- answers ---- */

static void write_down(chaos_status status, chaos_verdict *verdict, const chaos_error *err, chaos_buffer *out)
{
    chaos_error why;

    if (status == CHAOS_OK) {
        status = chaos_verdict_write_json(verdict, out, &why);
    }
    if (status != CHAOS_OK) {
        assert_true(buffer_append_text(out, chaos_status_name(err->status)));
    }
    chaos_verdict_free(verdict);
}

static chaos_buffer ask(size_t which, chaos_cache *cache)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const forge_result *made = &world.made[which];
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    const chaos_status status =
        chaos_check_quote(bytes_of(&made->quote), bytes_of(&made->event_log), bytes_of(&made->collateral), world.trust,
                          world.policy, &nothing, made->now, cache, &verdict, &err);

    write_down(status, verdict, &err, &out);
    return out;
}

static chaos_buffer ask_sealed(size_t which, chaos_cache *cache)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_claims *claims = NULL;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_verify(world.evidence[which], world.sealed, world.trust, world.made[0].now, cache,
                                       &claims, &err);

    if (status == CHAOS_OK) {
        status = chaos_appraise(claims, world.policy, &nothing, world.made[0].now, &verdict, &err);
    }
    chaos_claims_free(claims);
    write_down(status, verdict, &err, &out);
    return out;
}

static void expect_same(const chaos_buffer *want, chaos_buffer got)
{
    if (got.size != want->size || memcmp(got.data, want->data, got.size) != 0) {
        atomic_fetch_add(&world.wrong, 1);
    }
    chaos_buffer_free(&got);
}

/* ----------------------------------------------------------------- threads ---- */

static void share_objects(uint32_t random)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const size_t which = random % QUESTIONS;
    chaos_cache_counts counts;
    chaos_collateral_facts facts;
    chaos_error err = { 0 };

    chaos_cache_get_counts(world.cache, &counts);
    if (counts.bytes > LARGE || chaos_collateral_get_facts(world.sealed, &facts, &err) != CHAOS_OK) {
        atomic_fetch_add(&world.wrong, 1);
    }
    chaos_evidence *again = chaos_evidence_share(world.evidence[which]);
    const chaos_keccak hash = chaos_evidence_hash(again);
    (void)hash;
    chaos_evidence_free(again);
    if (random % 8 == 0) {
        chaos_verdict *verdict = NULL;
        if (chaos_signature_verify(world.signature, slice_text(message), bytes_of(&world.made[0].collateral), world.trust,
                                   world.policy, &nothing, world.made[0].now, world.cache, &verdict, &err) != CHAOS_OK ||
            chaos_verdict_verified(verdict) != CHAOS_VERIFIED_TRUE ||
            chaos_signature_verified(world.signature) != CHAOS_VERIFIED_TRUE) {
            atomic_fetch_add(&world.wrong, 1);
        }
        chaos_verdict_free(verdict);
    }
}

static void *work(void *context)
{
    uint32_t random = *(const unsigned *)context * 2654435761u + 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        const size_t which = i % 3 == 0 ? 0 : (random >> 8) % QUESTIONS; /* one comes often */

        expect_same(&world.want[which], ask(which, world.cache));
        expect_same(&world.want_sealed[which], ask_sealed(which, i % 2 == 0 ? world.cache : NULL));
        share_objects(random >> 12);
    }
    return NULL;
}

static void test_threads(void **state)
{
    static const size_t limits[] = { LARGE, SMALL };
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    chaos_error err;

    (void)state;
    for (size_t l = 0; l < CHAOS_ARRAY_SIZE(limits); l++) {
        assert_int_equal(chaos_cache_new(limits[l], &world.cache, &err), CHAOS_OK);
        for (unsigned i = 0; i < THREADS; i++) {
            seeds[i] = i + 1;
            assert_int_equal(pthread_create(&threads[i], NULL, work, &seeds[i]), 0);
        }
        for (unsigned i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        chaos_cache_counts counts;
        chaos_cache_get_counts(world.cache, &counts);
        print_message("cache of %7zu bytes: %llu platform hits and %llu misses, %zu platforms kept\n", limits[l],
                      (unsigned long long)counts.platform_hits, (unsigned long long)counts.platform_misses,
                      counts.platforms);
        assert_true(counts.platform_hits > 0 && counts.platform_misses > 0 && counts.bytes <= limits[l]);
        chaos_cache_free(world.cache);
    }
    assert_int_equal(atomic_load(&world.wrong), 0);
}

/* ------------------------------------------------------------------- world ---- */

static bool sign(const forge_options *options)
{
    chaos_keccak digest;
    chaos_signature65 bytes;
    chaos_evidence *bound = NULL;
    recipe r;
    bool good = recipe_init(&r, FORGE_TDX4, options) &&
                message_digest(CHAOS_DIGEST_EIP191, slice_text(message), &digest, NULL) == CHAOS_OK &&
                k1_sign(r.agent.scalar[AGENT_IDENTITY], &digest, bytes.bytes) &&
                chaos_envelope_parse(bytes_of(&world.made[0].envelope), &bound, NULL) == CHAOS_OK;

    bytes.bytes[64] = (uint8_t)(bytes.bytes[64] + 27);
    good = good && signature_new(CHAOS_DIGEST_EIP191, &digest, &bytes, bound, &world.signature, NULL) == CHAOS_OK;
    chaos_evidence_free(bound);
    recipe_free(&r);
    return good;
}

static int begin(void **state)
{
    const forge_options first = { .platform = "platform 0" };
    chaos_error err = { 0 };

    (void)state;
    for (size_t i = 0; i < QUESTIONS; i++) {
        char platform[32];
        (void)snprintf(platform, sizeof platform, "platform %zu", i);
        const forge_options options = { .platform = platform };
        const forge_break *broken = i < PLATFORMS ? NULL : forge_break_find(breaks[i - PLATFORMS]);
        assert_int_equal(forge_make(FORGE_TDX4, &options, broken, &world.made[i], &err), CHAOS_OK);
        assert_int_equal(chaos_evidence_parse(bytes_of(&world.made[i].quote), &world.evidence[i], &err), CHAOS_OK);
    }
    assert_int_equal(chaos_trust_new(&world.trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(world.trust, bytes_of(&world.made[0].root), &err), CHAOS_OK);
    assert_int_equal(chaos_policy_parse(slice_text(simulated_policy), &world.policy, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_parse(bytes_of(&world.made[0].collateral), &world.sealed, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_seal(world.sealed, world.trust, world.made[0].now, &err), CHAOS_OK);
    for (size_t i = 0; i < QUESTIONS; i++) {
        world.want[i] = ask(i, NULL);
        world.want_sealed[i] = ask_sealed(i, NULL);
        assert_true(world.want[i].size > 0 && world.want_sealed[i].size > 0);
    }
    assert_non_null(strstr((const char *)world.want[PLATFORMS].data, "PCK_REVOKED"));
    return sign(&first) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < QUESTIONS; i++) {
        forge_result_free(&world.made[i]);
        chaos_evidence_free(world.evidence[i]);
        chaos_buffer_free(&world.want[i]);
        chaos_buffer_free(&world.want_sealed[i]);
    }
    chaos_signature_free(world.signature);
    chaos_collateral_free(world.sealed);
    chaos_policy_free(world.policy);
    chaos_trust_free(world.trust);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
