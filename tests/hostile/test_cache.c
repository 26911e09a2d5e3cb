/* test_cache.c - caches change time and never an answer: the JSON of the verdict is the same with none, with a cold one,
 * with a warm one, with one that is too small, and with sealed collateral; for every forged break and every real pair,
 * at every moment around which a date begins or ends. */
#include "sim/sim.h"
#include "tests/support/support.h"
#include "verify/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_CASES = 2048,
    MAX_TIMES = 80,
    LARGE = 64 * 1024 * 1024,
    SMALL = 200 * 1024 /* a few entries */
};

/* ------------------------------------------------------------------ corpus ---- */

typedef struct question {
    char name[128];
    chaos_buffer quote, event_log, envelope, collateral;
    const chaos_trust *trust;
    size_t time_count;
    int64_t times[MAX_TIMES]; /* the first is the case's own */
} question;

static question *corpus;
static size_t corpus_size;
static chaos_trust *simulated_trust, *vendor_trust, *synthetic_trust;
static chaos_policy *policy;
static const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s", chaos_status_name(status), err->text);
    }
}

static void add_moment(question *q, int64_t at)
{
    for (size_t i = 0; i < q->time_count; i++) {
        if (q->times[i] == at) {
            return;
        }
    }
    if (at > 0) {
        assert_true(q->time_count < MAX_TIMES);
        q->times[q->time_count++] = at;
    }
}

static void add_time(question *q, int64_t at)
{
    for (int64_t t = at - 1; t <= at + 1; t++) {
        add_moment(q, t);
    }
}

/* Of the certificates that the collateral is judged by; the window of the whole tells only the narrowest. */
static void add_certificate_times(question *q, const sealed_collateral *sealed)
{
    const certificate *all[] = { &sealed->ca, &sealed->tcb_signer.signer, &sealed->tcb_signer.root,
                                 &sealed->qe_signer.signer };

    for (size_t i = 0; i < sizeof all / sizeof all[0] - (sealed->one_signer ? 1 : 0); i++) {
        add_time(q, all[i]->not_before);
        add_time(q, all[i]->not_after);
    }
}

/* The dates of everything that the question is judged by, as far as they can be read; or of the window only in which
 * all of it is valid. */
static void add_times(question *q, bool all)
{
    chaos_error err;
    chaos_collateral *collateral = NULL;
    chaos_evidence *evidence = NULL;
    chaos_claims *claims = NULL;

    if (chaos_collateral_parse(bytes_of(&q->collateral), &collateral, &err) != CHAOS_OK ||
        chaos_evidence_parse(bytes_of(&q->quote), &evidence, &err) != CHAOS_OK) {
        chaos_collateral_free(collateral);
        return;
    }
    if (chaos_verify(evidence, collateral, q->trust, q->times[0], NULL, &claims, &err) == CHAOS_OK) {
        chaos_collateral_facts f;

        must(chaos_collateral_seal(collateral, q->trust, q->times[0], &err), &err);
        must(chaos_collateral_get_facts(collateral, &f, &err), &err);
        const int64_t dates[] = { f.valid_from, f.valid_to, f.tcb_info_issued, f.tcb_info_next_update,
                                  f.qe_identity_issued, f.qe_identity_next_update, f.root_ca_crl_issued,
                                  f.root_ca_crl_next_update, f.pck_crl_issued, f.pck_crl_next_update,
                                  claims->pck_not_before, claims->pck_not_after };

        for (size_t i = 0; i < (all ? sizeof dates / sizeof dates[0] : 2); i++) {
            add_time(q, dates[i]);
        }
        if (all) {
            add_certificate_times(q, collateral->sealed);
        }
    }
    chaos_claims_free(claims);
    chaos_evidence_free(evidence);
    chaos_collateral_free(collateral);
}

static question *add(const char *name, const chaos_trust *trust, int64_t now)
{
    question *q = &corpus[corpus_size++];

    assert_true(corpus_size <= MAX_CASES);
    (void)snprintf(q->name, sizeof q->name, "%s", name);
    q->trust = trust;
    q->times[0] = now;
    q->time_count = 1;
    return q;
}

static void take(chaos_buffer *into, chaos_buffer *from)
{
    *into = *from;
    *from = (chaos_buffer)CHAOS_BUFFER_INIT(0);
}

static void add_forged(forge_kind kind, const forge_break *broken, const forge_options *options, const char *name)
{
    forge_result made;
    chaos_error err;
    question *q;

    must(forge_make(kind, options, broken, &made, &err), &err);
    if (simulated_trust == NULL) {
        must(chaos_trust_new(&simulated_trust, &err), &err);
        must(chaos_trust_add_root(simulated_trust, bytes_of(&made.root), &err), &err);
    }
    q = add(name, simulated_trust, made.now);
    take(&q->quote, &made.quote);
    take(&q->event_log, &made.event_log);
    take(&q->collateral, &made.collateral);
    if (broken != NULL && broken->envelope) {
        take(&q->envelope, &made.envelope);
    }
    forge_result_free(&made);
    if (broken == NULL) {
        add_times(q, true);
    }
}

static void add_breaks(void)
{
    static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        add_forged(kinds[k], NULL, NULL, kinds[k] == FORGE_SGX3 ? "valid sgx" : "valid tdx");
        for (size_t i = 0; i < forge_break_count(); i++) {
            const forge_break *broken = forge_break_at(i);

            if ((broken->kinds & 1u << kinds[k]) != 0) {
                add_forged(kinds[k], broken, NULL, broken->name);
            }
        }
    }
}

static void add_pairs(void)
{
    json_t *expected = read_vector_json("dcap/expected.json"), *pair;
    char name[512];
    size_t i;

    json_array_foreach(json_object_get(expected, "pairs"), i, pair)
    {
        const char *quote = json_string_value(json_object_get(pair, "quote"));
        question *q = add(quote, vendor_trust, json_integer_value(json_object_get(pair, "now")));

        (void)snprintf(name, sizeof name, "dcap/%s", quote);
        assert_true(read_vector(name, &q->quote));
        (void)snprintf(name, sizeof name, "dcap/%s", json_string_value(json_object_get(pair, "collateral")));
        assert_true(read_vector(name, &q->collateral));
        add_times(q, true);
    }
    json_decref(expected);
}

static void add_synthetic(void)
{
    json_t *cases = read_vector_json("dcap/synthetic/cases.json"), *one;
    chaos_buffer root;
    chaos_error err;
    char path[512];
    size_t i;

    assert_true(read_vector("dcap/synthetic/certs/root_ca.der", &root));
    must(chaos_trust_new(&synthetic_trust, &err), &err);
    must(chaos_trust_add_root(synthetic_trust, bytes_of(&root), &err), &err);
    chaos_buffer_free(&root);
    json_array_foreach(cases, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        question *q = add(name, synthetic_trust, json_integer_value(json_object_get(one, "now")));

        (void)snprintf(path, sizeof path, "dcap/synthetic/%s/quote.bin", name);
        assert_true(read_vector(path, &q->quote));
        (void)snprintf(path, sizeof path, "dcap/synthetic/%s/collateral.json", name);
        assert_true(read_vector(path, &q->collateral));
        add_times(q, false);
    }
    json_decref(cases);
}

static int make_corpus(void **state)
{
    chaos_error err;
    chaos_slice text = { (const uint8_t *)simulated_policy, strlen(simulated_policy) };

    (void)state;
    corpus = calloc(MAX_CASES, sizeof *corpus);
    assert_non_null(corpus);
    must(chaos_policy_parse(text, &policy, &err), &err);
    must(chaos_trust_new(&vendor_trust, &err), &err);
    add_breaks();
    if (vectors_root() != NULL) {
        add_pairs();
        add_synthetic();
    }
    return 0;
}

static int free_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < corpus_size; i++) {
        chaos_buffer_free(&corpus[i].quote);
        chaos_buffer_free(&corpus[i].event_log);
        chaos_buffer_free(&corpus[i].envelope);
        chaos_buffer_free(&corpus[i].collateral);
    }
    free(corpus);
    chaos_policy_free(policy);
    chaos_trust_free(vendor_trust);
    chaos_trust_free(simulated_trust);
    chaos_trust_free(synthetic_trust);
    return 0;
}

/* ----------------------------------------------------------------- answers ---- */

/* The verdict's JSON, or the status where there is none. */
static chaos_buffer ask(const question *q, int64_t now, const chaos_trust *trust, chaos_cache *cache)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_verdict *verdict = NULL;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
    chaos_slice collateral = bytes_of(&q->collateral);
    chaos_status status =
        q->envelope.size > 0
            ? chaos_check(bytes_of(&q->envelope), collateral, trust, policy, &nothing, now, cache, &verdict, &err)
            : chaos_check_quote(bytes_of(&q->quote), bytes_of(&q->event_log), collateral, trust, policy, &nothing, now,
                                cache, &verdict, &err);

    if (status == CHAOS_OK) {
        must(chaos_verdict_write_json(verdict, &text, &err), &err);
    } else {
        assert_true(buffer_append_text(&text, chaos_status_name(status)));
    }
    chaos_verdict_free(verdict);
    return text;
}

static void expect_same(const question *q, int64_t now, const char *how, chaos_buffer *want, chaos_buffer got)
{
    if (want->size != got.size || memcmp(want->data, got.data, got.size) != 0) {
        fail_msg("%s at %lld, %s:\n expected %.*s\n found    %.*s", q->name, (long long)now, how, (int)want->size,
                 (const char *)want->data, (int)got.size, (const char *)got.data);
    }
    chaos_buffer_free(&got);
}

static chaos_cache *new_cache(size_t limit)
{
    chaos_cache *cache = NULL;
    chaos_error err;

    must(chaos_cache_new(limit, &cache, &err), &err);
    return cache;
}

/* Does the cache know the question's platform? */
static bool knows(chaos_cache *cache, const question *q)
{
    chaos_evidence *evidence = NULL;
    chaos_error err;

    must(chaos_evidence_parse(bytes_of(&q->quote), &evidence, &err), &err);
    const known_platform *known = cache_find_platform(cache, &evidence->quote);
    cache_release(known);
    chaos_evidence_free(evidence);
    return known != NULL;
}

/* Every question at each of its times, in a cache that all the others have been through as well. */
static void test_whole_corpus(void **state)
{
    chaos_cache *large = new_cache(LARGE), *small = new_cache(SMALL), *none = new_cache(0);
    chaos_cache_counts counts;
    size_t asked = 0;

    (void)state;
    for (size_t i = 0; i < corpus_size; i++) {
        const question *q = &corpus[i];

        for (size_t t = 0; t < q->time_count; t++) {
            int64_t now = q->times[t];
            chaos_buffer want = ask(q, now, q->trust, NULL);

            expect_same(q, now, "cached", &want, ask(q, now, q->trust, large));
            expect_same(q, now, "cached again", &want, ask(q, now, q->trust, large));
            expect_same(q, now, "in a small cache", &want, ask(q, now, q->trust, small));
            expect_same(q, now, "in a cache without room", &want, ask(q, now, q->trust, none));
            chaos_buffer_free(&want);
            asked++;
        }
    }
    chaos_cache_get_counts(large, &counts);
    print_message("%zu questions, %zu answers each way; %llu platform and %llu collateral hits, %zu and %zu kept\n",
                  corpus_size, asked, (unsigned long long)counts.platform_hits,
                  (unsigned long long)counts.collateral_hits, counts.platforms, counts.collaterals);
    assert_true(counts.platform_hits > asked && counts.bytes <= LARGE);
    chaos_cache_get_counts(small, &counts);
    assert_true(counts.platforms > 0 && counts.bytes <= SMALL);
    chaos_cache_get_counts(none, &counts);
    assert_true(counts.platforms == 0 && counts.collaterals == 0 && counts.platform_hits == 0);
    chaos_cache_free(none);
    chaos_cache_free(small);
    chaos_cache_free(large);
}

/* What was kept under one trust is worth nothing under another. */
static void test_other_trust(void **state)
{
    chaos_cache *cache = new_cache(LARGE);

    (void)state;
    for (size_t i = 0; i < corpus_size; i++) {
        const question *q = &corpus[i];
        const chaos_trust *other = q->trust == vendor_trust ? simulated_trust : vendor_trust;
        chaos_buffer warm = ask(q, q->times[0], q->trust, cache);
        chaos_buffer want = ask(q, q->times[0], other, NULL);

        expect_same(q, q->times[0], "under another trust", &want, ask(q, q->times[0], other, cache));
        chaos_buffer_free(&want);
        chaos_buffer_free(&warm);
    }
    chaos_cache_free(cache);
}

/* Each forged break's collateral under the valid quote, and the other way round, with everything valid in the cache. */
static void test_swaps(void **state)
{
    chaos_cache *cache = new_cache(LARGE);
    const question *valid = NULL;

    (void)state;
    for (size_t i = 0; i < corpus_size && corpus[i].trust == simulated_trust; i++) {
        const question *q = &corpus[i];
        question mixed[2];

        if (strncmp(q->name, "valid", 5) == 0) {
            valid = q;
            chaos_buffer first = ask(valid, valid->times[0], valid->trust, cache);
            chaos_buffer_free(&first);
        }
        mixed[0] = *q;
        mixed[0].collateral = valid->collateral;
        mixed[1] = *valid;
        mixed[1].collateral = q->collateral;
        for (size_t m = 0; m < 2; m++) {
            chaos_buffer want = ask(&mixed[m], q->times[0], q->trust, NULL);

            expect_same(q, q->times[0], m == 0 ? "with valid collateral" : "its collateral with a valid quote", &want,
                        ask(&mixed[m], q->times[0], q->trust, cache));
            chaos_buffer_free(&want);
        }
    }
    chaos_cache_free(cache);
}

/* The answer, the same with the cache as without; it holds `wanted`. */
static void expect_answer(const question *q, int64_t now, chaos_cache *cache, const char *what, const char *wanted)
{
    chaos_buffer want = ask(q, now, q->trust, NULL);

    if (strstr((const char *)want.data, wanted) == NULL) {
        fail_msg("%s: no %s in %s", what, wanted, (const char *)want.data);
    }
    expect_same(q, now, what, &want, ask(q, now, q->trust, cache));
    chaos_buffer_free(&want);
}

/* What stands against a platform or its collateral later is seen, though all that the cache knows of them was good. */
static void check_warm(forge_kind kind, const char *name, const forge_options *options, const char *code)
{
    static const char good[] = "\"verified\":true";
    chaos_cache *cache = new_cache(LARGE);
    forge_result valid, other;
    chaos_error err;
    question q = { .trust = simulated_trust }, changed;
    chaos_collateral *collateral = NULL;
    chaos_collateral_facts f;

    must(forge_make(kind, NULL, NULL, &valid, &err), &err);
    must(forge_make(kind, options, name == NULL ? NULL : forge_break_find(name), &other, &err), &err);
    q.quote = valid.quote;
    q.event_log = valid.event_log;
    q.collateral = valid.collateral;
    changed = q;
    changed.collateral = other.collateral;
    for (unsigned i = 0; i < 3; i++) {
        expect_answer(&q, valid.now, cache, "valid", good);
        expect_answer(&changed, valid.now, cache, name == NULL ? "swapped" : name, code);
    }
    must(chaos_collateral_parse(bytes_of(&valid.collateral), &collateral, &err), &err);
    must(chaos_collateral_seal(collateral, simulated_trust, valid.now, &err), &err);
    must(chaos_collateral_get_facts(collateral, &f, &err), &err);
    expect_answer(&q, f.valid_to, cache, "the last moment", good);
    expect_answer(&q, f.valid_to + 1, cache, "expired", "EXPIRED\"");
    expect_answer(&q, f.valid_from, cache, "the first moment", good);
    expect_answer(&q, f.valid_from - 1, cache, "too early", "NOT_YET_VALID\"");
    expect_answer(&changed, f.valid_to + 1, cache, "changed and expired", "\"verified\":false");
    expect_answer(&q, valid.now, cache, "valid again", good);
    assert_true(knows(cache, &q));
    chaos_collateral_free(collateral);
    forge_result_free(&valid);
    forge_result_free(&other);
    chaos_cache_free(cache);
}

static void test_revoked_while_warm(void **state)
{
    static const struct {
        const char *name, *code;
    } changes[] = { { "ca-revoked", "\"code\":\"INTERMEDIATE_CA_REVOKED\"" },
                    { "pck-revoked", "\"code\":\"PCK_REVOKED\"" },
                    { "tcb-signer-revoked", "\"code\":\"TCB_SIGNING_CERT_REVOKED\"" },
                    { "identity-signer-revoked", "\"code\":\"TCB_SIGNING_CERT_REVOKED\"" },
                    { "tcb-revoked", "\"code\":\"TCB_REVOKED\"" },
                    { "qe-revoked", "\"code\":\"TCB_REVOKED\"" } };
    const forge_options other_fmspc = { .fmspc_end = 7 };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        check_warm(FORGE_SGX3, changes[i].name, NULL, changes[i].code);
        check_warm(FORGE_TDX4, changes[i].name, NULL, changes[i].code);
    }
    check_warm(FORGE_SGX3, NULL, &other_fmspc, "\"code\":\"TCB_INFO_MISMATCH\"");
    check_warm(FORGE_TDX4, NULL, &other_fmspc, "\"code\":\"TCB_INFO_MISMATCH\"");
}

/* ------------------------------------------------------------------ sealed ---- */

static void expect_same_claims(const question *q, int64_t now, const chaos_evidence *evidence,
                               const chaos_collateral *plain, const chaos_collateral *sealed)
{
    chaos_claims *a = NULL, *b = NULL;
    chaos_error err;

    must(verify_examine(evidence, plain, q->trust, now, NULL, NULL, &a, &err), &err);
    must(verify_examine(evidence, sealed, q->trust, now, NULL, NULL, &b, &err), &err);
    if (memcmp(a->run.rows, b->run.rows, sizeof a->run.rows) != 0 || a->verified != b->verified ||
        a->run.error.status != b->run.error.status || strcmp(a->run.error.text, b->run.error.text) != 0) {
        fail_msg("%s at %lld: sealed collateral gives %s, else %s", q->name, (long long)now,
                 chaos_status_name(b->run.error.status), chaos_status_name(a->run.error.status));
    }
    assert_memory_equal(&a->tcb, &b->tcb, sizeof a->tcb);
    assert_true(a->earliest_issue == b->earliest_issue && a->earliest_expiration == b->earliest_expiration);
    chaos_claims_free(a);
    chaos_claims_free(b);
}

/* Sealed where it can be, with its own quote at all times, and with each quote of its neighbours. */
static void test_sealed(void **state)
{
    size_t sealed_count = 0;

    (void)state;
    for (size_t i = 0; i < corpus_size; i++) {
        const question *q = &corpus[i];
        chaos_collateral *plain = NULL, *sealed = NULL;
        chaos_error err;

        if (chaos_collateral_parse(bytes_of(&q->collateral), &plain, &err) != CHAOS_OK) {
            continue;
        }
        must(chaos_collateral_parse(bytes_of(&q->collateral), &sealed, &err), &err);
        if (chaos_collateral_seal(sealed, q->trust, q->times[0], &err) == CHAOS_OK) {
            sealed_count++;
            for (size_t other = i < 1 ? 0 : i - 1; other < i + 2 && other < corpus_size; other++) {
                chaos_evidence *evidence = NULL;

                if (chaos_evidence_parse(bytes_of(&corpus[other].quote), &evidence, &err) != CHAOS_OK) {
                    continue;
                }
                for (size_t t = 0; t < (other == i ? q->time_count : 1); t++) {
                    expect_same_claims(q, q->times[t], evidence, plain, sealed);
                }
                chaos_evidence_free(evidence);
            }
        } else {
            chaos_collateral_facts facts;

            assert_true(err.status != CHAOS_OK && sealed->sealed == NULL);
            assert_int_equal(chaos_collateral_get_facts(sealed, &facts, &err), CHAOS_E_USAGE);
        }
        chaos_collateral_free(sealed);
        chaos_collateral_free(plain);
    }
    print_message("%zu of %zu sets of collateral could be sealed\n", sealed_count, corpus_size);
    assert_true(sealed_count > corpus_size / 4);
}

/* Sealing says what stands against the collateral, each break in its own words. */
static void test_seal_refuses(void **state)
{
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < forge_break_count(); i++) {
        const forge_break *broken = forge_break_at(i);
        const char *stage = chaos_status_stage(broken->expected);
        forge_result made;
        chaos_collateral *collateral = NULL;
        chaos_error err;

        if ((broken->kinds & 1u << FORGE_TDX4) == 0 || broken->envelope || strcmp(stage, "collateral") != 0 ||
            broken->expected == CHAOS_E_TCB_INFO_MISMATCH) {
            continue; /* which is a mismatch with the quote */
        }
        must(forge_make(FORGE_TDX4, NULL, broken, &made, &err), &err);
        if (chaos_collateral_parse(bytes_of(&made.collateral), &collateral, &err) == CHAOS_OK) {
            chaos_status status = chaos_collateral_seal(collateral, simulated_trust, made.now, &err);

            if (status != broken->expected) {
                print_message("%s: sealing says %s, expected %s\n", broken->name, chaos_status_name(status),
                              chaos_status_name(broken->expected));
                assert_true(status != CHAOS_OK);
            }
            refused++;
        } else {
            assert_int_equal(err.status, broken->expected);
        }
        chaos_collateral_free(collateral);
        forge_result_free(&made);
    }
    assert_true(refused > 50);
}

/* ------------------------------------------------------------------ floods ---- */

static size_t platforms_of(const chaos_cache *cache)
{
    chaos_cache_counts counts;

    chaos_cache_get_counts(cache, &counts);
    return counts.platforms;
}

static void forget(chaos_buffer answer)
{
    chaos_buffer_free(&answer);
}

static void make_platform(question *q, const char *seed)
{
    forge_result made;
    chaos_error err;
    const forge_options options = { .seed = seed };

    memset(q, 0, sizeof *q);
    must(forge_make(FORGE_TDX4, &options, NULL, &made, &err), &err);
    q->times[0] = made.now;
    take(&q->quote, &made.quote);
    take(&q->event_log, &made.event_log);
    take(&q->collateral, &made.collateral);
    chaos_trust *trust = NULL;
    must(chaos_trust_new(&trust, &err), &err);
    must(chaos_trust_add_root(trust, bytes_of(&made.root), &err), &err);
    q->trust = trust;
    forge_result_free(&made);
}

static void free_platform(question *q)
{
    union {
        const chaos_trust *lent;
        chaos_trust *owned;
    } trust = { .lent = q->trust };

    chaos_buffer_free(&q->quote);
    chaos_buffer_free(&q->event_log);
    chaos_buffer_free(&q->collateral);
    chaos_trust_free(trust.owned);
}

/* An honest platform that comes back now and then stays, whatever comes once, or twice in a row, between its visits. */
static void test_flood(void **state)
{
    chaos_cache *cache = new_cache(512 * 1024); /* about fifty platforms */
    question honest, stranger;
    size_t missed = 0;

    (void)state;
    make_platform(&honest, "honest");
    forget(ask(&honest, honest.times[0], honest.trust, cache));
    for (unsigned i = 0; i < 400; i++) {
        char seed[32];

        (void)snprintf(seed, sizeof seed, "stranger %u", i);
        make_platform(&stranger, seed);
        forget(ask(&stranger, stranger.times[0], stranger.trust, cache));
        forget(ask(&stranger, stranger.times[0], stranger.trust, cache));
        free_platform(&stranger);
        if (i % 20 == 19) {
            missed += knows(cache, &honest) ? 0 : 1;
            forget(ask(&honest, honest.times[0], honest.trust, cache));
        }
    }
    chaos_cache_counts counts;
    chaos_cache_get_counts(cache, &counts);
    print_message("after 400 strangers: %zu platforms in %zu bytes; the honest one was missed %zu times of 20\n",
                  counts.platforms, counts.bytes, missed);
    assert_true(missed <= 1);
    assert_true(counts.bytes <= 512 * 1024 && counts.platforms >= 20);
    free_platform(&honest);
    chaos_cache_free(cache);
}

/* The simulator's platforms never displace the vendor's. */
static void test_vendor_first(void **state)
{
    chaos_cache *cache = new_cache(512 * 1024);
    const question *vendor = NULL;

    (void)state;
    REQUIRE_VECTORS();
    for (size_t i = 0; i < corpus_size && vendor == NULL; i++) {
        vendor = corpus[i].trust == vendor_trust && corpus[i].time_count > 10 ? &corpus[i] : NULL;
    }
    assert_non_null(vendor);
    forget(ask(vendor, vendor->times[0], vendor->trust, cache));
    assert_true(knows(cache, vendor));
    for (unsigned i = 0; i < 150; i++) {
        question stranger;
        char seed[32];

        (void)snprintf(seed, sizeof seed, "simulated %u", i);
        make_platform(&stranger, seed);
        forget(ask(&stranger, stranger.times[0], stranger.trust, cache));
        free_platform(&stranger);
    }
    assert_true(platforms_of(cache) > 20);
    assert_true(knows(cache, vendor));
    chaos_cache_free(cache);
}

/* The same PEM with base64 lines of another width. */
static void wrap(chaos_slice pem, size_t width, chaos_buffer *out)
{
    bool label = true; /* in a line that begins with a dash */
    size_t column = 0;

    for (size_t i = 0; i < pem.size; i++) {
        uint8_t c = pem.data[i];
        bool line_begins = i == 0 || pem.data[i - 1] == '\n';

        if (line_begins) {
            bool was_label = label;
            label = c == '-';
            if (label && !was_label && column > 0) {
                assert_true(buffer_append_text(out, "\n"));
            }
            column = label || was_label ? 0 : column;
        }
        if (!label && c == '\n') {
            continue;
        }
        if (!label && column == width) {
            assert_true(buffer_append_text(out, "\n"));
            column = 0;
        }
        column += label ? 0 : 1;
        assert_true(buffer_append(out, slice(&c, 1)));
    }
}

/* One genuine quote whose certificate text is spelled in many ways has a few places and no more. */
static void test_spellings(void **state)
{
    chaos_cache *cache = new_cache(LARGE);
    question q;

    (void)state;
    make_platform(&q, "spelled");
    forget(ask(&q, q.times[0], q.trust, cache));
    assert_int_equal(platforms_of(cache), 1);
    for (unsigned width = 20; width < 64; width++) {
        chaos_evidence *evidence = NULL;
        chaos_error err;
        chaos_buffer chain = CHAOS_BUFFER_INIT(65536), quote = CHAOS_BUFFER_INIT(65536);
        question variant = q;

        must(chaos_evidence_parse(bytes_of(&q.quote), &evidence, &err), &err);
        dcap_quote fields = evidence->quote;
        wrap(fields.cert_data, width, &chain);
        assert_false(slice_equal(fields.cert_data, bytes_of(&chain)));
        fields.cert_data = bytes_of(&chain);
        assert_true(dcap_quote_write(&fields, &quote));
        variant.quote = quote;
        chaos_buffer want = ask(&variant, q.times[0], q.trust, NULL);
        assert_non_null(strstr((const char *)want.data, "\"verified\":true"));
        expect_same(&variant, q.times[0], "spelled otherwise", &want, ask(&variant, q.times[0], q.trust, cache));
        chaos_buffer_free(&want);
        chaos_buffer_free(&quote);
        chaos_buffer_free(&chain);
        chaos_evidence_free(evidence);
        forget(ask(&q, q.times[0], q.trust, cache));
    }
    print_message("%zu places for 45 spellings of one platform\n", platforms_of(cache));
    assert_true(platforms_of(cache) <= 4);
    assert_true(knows(cache, &q));
    free_platform(&q);
    chaos_cache_free(cache);
}

/* ----------------------------------------------------------------- threads ---- */

enum {
    THREADS = 6,
    ROUNDS = 400
};

static struct shared {
    chaos_cache *cache;
    chaos_buffer *want;
    chaos_collateral *sealed;
    _Atomic unsigned wrong;
} shared;

static void *ask_at_random(void *context)
{
    uint32_t random = *(const unsigned *)context * 2654435761u + 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        size_t which = (random >> 8) % corpus_size;
        which = i % 3 == 0 ? which % 2 : which; /* some come often */
        chaos_buffer got = ask(&corpus[which], corpus[which].times[0], corpus[which].trust, shared.cache);

        if (got.size != shared.want[which].size || memcmp(got.data, shared.want[which].data, got.size) != 0) {
            atomic_fetch_add(&shared.wrong, 1);
        }
        chaos_buffer_free(&got);
    }
    return NULL;
}

static void test_threads(void **state)
{
    static const size_t limits[] = { LARGE, SMALL };
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];

    (void)state;
    shared.want = calloc(corpus_size, sizeof *shared.want);
    assert_non_null(shared.want);
    for (size_t i = 0; i < corpus_size; i++) {
        shared.want[i] = ask(&corpus[i], corpus[i].times[0], corpus[i].trust, NULL);
    }
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
        shared.cache = new_cache(limits[l]);
        for (unsigned i = 0; i < THREADS; i++) {
            seeds[i] = i + 1;
            assert_int_equal(pthread_create(&threads[i], NULL, ask_at_random, &seeds[i]), 0);
        }
        for (unsigned i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        chaos_cache_free(shared.cache);
    }
    for (size_t i = 0; i < corpus_size; i++) {
        chaos_buffer_free(&shared.want[i]);
    }
    free(shared.want);
    assert_int_equal(atomic_load(&shared.wrong), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_corpus),
        cmocka_unit_test(test_other_trust),
        cmocka_unit_test(test_swaps),
        cmocka_unit_test(test_revoked_while_warm),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_seal_refuses),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_vendor_first),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, make_corpus, free_corpus);
}
