/* test_allocations.c - what happens when memory runs out: in each way of judging evidence every allocation of ours fails in
 * turn, and of libcrypto's, alone and with all that follow. The answer is then the same as ever, or a fault of ours: a
 * status of the classes ENV or INTERNAL and no verdict. It is never a word about the evidence, and nothing stays behind.
 * The program is linked with --wrap for malloc and its kin (tests/CMakeLists.txt); libcrypto takes ours through
 * CRYPTO_set_mem_functions. */
#include "sim/recipe.h"
#include "tests/support/support.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- allocators ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

typedef enum allocator {
    OURS,
    LIBCRYPTOS,
    ALLOCATORS
} allocator;

static struct counting {
    bool on;                  /* the library is at work */
    bool all_after;           /* not just the one fails but all that follow, of either kind */
    allocator kind;           /* whose allocation fails */
    size_t fails_at;          /* the number of the one that fails; 0: none */
    size_t asked[ALLOCATORS]; /* allocations so far */
    size_t failed;
    long held; /* blocks of ours that are not freed; libcrypto keeps some for later */
} counting;

static bool fails(allocator kind)
{
    if (!counting.on) {
        return false;
    }
    counting.asked[kind]++;
    const bool is_the_one = kind == counting.kind && counting.asked[kind] == counting.fails_at;
    if (!is_the_one && !(counting.all_after && counting.failed > 0)) {
        return false;
    }
    counting.failed++;
    return true;
}

static void *kept(void *block)
{
    counting.held += block != NULL ? 1 : 0;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails(OURS) ? NULL : kept(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(OURS) ? NULL : kept(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails(OURS)) {
        return NULL;
    }
    void *moved = __real_realloc(block, size);
    counting.held += moved != NULL && block == NULL ? 1 : 0;
    return moved;
}

void __wrap_free(void *block)
{
    counting.held -= block != NULL ? 1 : 0;
    __real_free(block);
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size == 0 || fails(LIBCRYPTOS) ? NULL : __real_malloc(size);
}

static void *crypto_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        __real_free(block);
        return NULL;
    }
    return fails(LIBCRYPTOS) ? NULL : __real_realloc(block, size);
}

static void crypto_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    __real_free(block);
}

/* ------------------------------------------------------------------ world ---- */

static forge_result tdx, sgx;
static forge_bundle bundle;
static chaos_trust *trust;
static chaos_policy *policy, *policy_of_bundle;
static const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
static chaos_slice policy_text;
static const forge_options options = { .seed = "allocations" };
static chaos_signature65 signature_bytes; /* over `typed`, by the identity key */
static const char typed[] =
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Note\":[{\"name\":\"text\",\"type\":"
    "\"string[]\"},{\"name\":\"raw\",\"type\":\"bytes\"}]},\"primaryType\":\"Note\",\"domain\":{\"name\":\"d\"},\"message\":{\"raw\":\"0x00ff\",\"text\":[\"a\",\"b\"]}}";

static bool sign_typed(void)
{
    chaos_keccak digest;
    recipe r;
    bool good = recipe_init(&r, FORGE_TDX4, &options) &&
                message_digest(CHAOS_DIGEST_EIP712, slice_text(typed), &digest, NULL) == CHAOS_OK &&
                k1_sign(r.agent.scalar[AGENT_IDENTITY], &digest, signature_bytes.bytes);

    signature_bytes.bytes[64] = (uint8_t)(signature_bytes.bytes[64] + 27);
    recipe_free(&r);
    return good;
}

static int begin(void **state)
{
    chaos_error err = { 0 };

    (void)state;
    if (forge_make(FORGE_TDX4, &options, NULL, &tdx, &err) != CHAOS_OK ||
        forge_make(FORGE_SGX3, &options, NULL, &sgx, &err) != CHAOS_OK ||
        forge_bundle_make(NULL, NULL, &bundle, &err) != CHAOS_OK || chaos_trust_new(&trust, &err) != CHAOS_OK ||
        chaos_trust_add_root(trust, bytes_of(&tdx.root), &err) != CHAOS_OK ||
        chaos_trust_add_root(trust, bytes_of(&bundle.evidence.root), &err) != CHAOS_OK ||
        chaos_policy_parse(bytes_of(&tdx.policy), &policy, &err) != CHAOS_OK ||
        chaos_policy_parse(bytes_of(&bundle.evidence.policy), &policy_of_bundle, &err) != CHAOS_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    policy_text = bytes_of(&tdx.policy);
    return sign_typed() ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    forge_result_free(&tdx);
    forge_result_free(&sgx);
    forge_bundle_free(&bundle);
    chaos_policy_free(policy);
    chaos_policy_free(policy_of_bundle);
    chaos_trust_free(trust);
    return 0;
}

/* ---------------------------------------------------------------- answers ---- */

/* An answer as text, in memory that does not count: what a caller would see. A status when there is none. */
typedef struct outcome {
    chaos_status status;
    char text[65536];
    size_t size;
} outcome;

/* JSON and the screen's text of a verdict, which is freed. Here too memory may run out. */
static chaos_status write_down(chaos_verdict *verdict, outcome *out)
{
    chaos_buffer as_json = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT), as_text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_error err = { 0 };
    chaos_status status = chaos_verdict_write_json(verdict, &as_json, &err);

    if (status == CHAOS_OK) {
        status = chaos_verdict_write_text(verdict, &as_text, &err);
    }
    if (status == CHAOS_OK) {
        assert_true(as_json.size + as_text.size < sizeof out->text);
        memcpy(out->text, as_json.data, as_json.size);
        memcpy(out->text + as_json.size, as_text.data, as_text.size);
        out->size = as_json.size + as_text.size;
    }
    chaos_buffer_free(&as_json);
    chaos_buffer_free(&as_text);
    chaos_verdict_free(verdict);
    return status;
}

static chaos_status answered(chaos_status status, chaos_verdict *verdict, const chaos_error *err, outcome *out)
{
    if (status == CHAOS_OK) {
        return write_down(verdict, out);
    }
    assert_null(verdict);
    assert_int_equal(err->status, status);
    return status;
}

/* -------------------------------------------------------------------- ways ---- */

static chaos_status check_quote(const forge_result *made, chaos_slice collateral, chaos_cache *cache, outcome *out)
{
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_check_quote(bytes_of(&made->quote), bytes_of(&made->event_log), collateral, trust,
                                            policy, &nothing, made->now, cache, &verdict, &err);

    return answered(status, verdict, &err, out);
}

static chaos_status way_quote_tdx(outcome *out)
{
    return check_quote(&tdx, bytes_of(&tdx.collateral), NULL, out);
}

static chaos_status way_quote_sgx(outcome *out)
{
    return check_quote(&sgx, bytes_of(&sgx.collateral), NULL, out);
}

static chaos_status way_no_collateral(outcome *out)
{
    return check_quote(&tdx, slice(NULL, 0), NULL, out);
}

/* Evidence that is wrong: its fault, or ours, but not another fault of its own. */
static chaos_status way_wrong(outcome *out)
{
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    uint8_t quote[16384];

    assert_true(tdx.quote.size <= sizeof quote);
    memcpy(quote, tdx.quote.data, tdx.quote.size);
    quote[200] ^= 1;
    chaos_status status = chaos_check_quote(slice(quote, tdx.quote.size), slice(NULL, 0), bytes_of(&tdx.collateral),
                                            trust, policy, &nothing, tdx.now, NULL, &verdict, &err);
    return answered(status, verdict, &err, out);
}

static chaos_status way_envelope(outcome *out)
{
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_check(bytes_of(&tdx.envelope), bytes_of(&tdx.collateral), trust, policy, &nothing,
                                      tdx.now, NULL, &verdict, &err);

    return answered(status, verdict, &err, out);
}

/* A cache is made, filled, asked, and asked for something else. A full or failing cache changes no answer. */
static chaos_status way_cache(outcome *out)
{
    chaos_cache *cache = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_cache_new(1u << 20, &cache, &err);

    for (unsigned i = 0; status == CHAOS_OK && i < 3; i++) {
        status = i == 1 ? way_quote_sgx(out) : check_quote(&tdx, bytes_of(&tdx.collateral), cache, out);
    }
    chaos_cache_free(cache);
    return status;
}

static chaos_status way_sealed(outcome *out)
{
    chaos_collateral *collateral = NULL;
    chaos_evidence *evidence = NULL;
    chaos_claims *claims = NULL;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    chaos_status status = chaos_collateral_parse(bytes_of(&tdx.collateral), &collateral, &err);

    if (status == CHAOS_OK) {
        status = chaos_collateral_seal(collateral, trust, tdx.now, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_evidence_parse(bytes_of(&tdx.quote), &evidence, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_verify(evidence, collateral, trust, tdx.now, NULL, &claims, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_appraise(claims, policy, &nothing, tdx.now, &verdict, &err);
    }
    chaos_claims_free(claims);
    chaos_evidence_free(evidence);
    chaos_collateral_free(collateral);
    return answered(status, verdict, &err, out);
}

/* Typed data, a signature's own file, and the row of the verdict. */
static chaos_status way_signature(outcome *out)
{
    chaos_evidence *evidence = NULL;
    chaos_signature *made = NULL, *read = NULL;
    chaos_buffer text = CHAOS_BUFFER_INIT(65536);
    chaos_verdict *verdict = NULL;
    chaos_keccak digest;
    chaos_error err = { 0 };
    chaos_status status = message_digest(CHAOS_DIGEST_EIP712, slice_text(typed), &digest, &err);

    if (status == CHAOS_OK) {
        status = chaos_envelope_parse(bytes_of(&tdx.envelope), &evidence, &err);
    }
    if (status == CHAOS_OK) {
        status = signature_new(CHAOS_DIGEST_EIP712, &digest, &signature_bytes, evidence, &made, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_signature_write(made, &text, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_signature_parse(bytes_of(&text), bytes_of(&tdx.envelope), &read, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_signature_verify(read, slice_text(typed), bytes_of(&tdx.collateral), trust, policy, &nothing,
                                        tdx.now, NULL, &verdict, &err);
    }
    chaos_signature_free(made);
    chaos_signature_free(read);
    chaos_evidence_free(evidence);
    chaos_buffer_free(&text);
    return answered(status, verdict, &err, out);
}

/* Roots, policies and floors are made of text of the relying party's own. */
static chaos_status way_arguments(outcome *out)
{
    chaos_trust *roots = NULL;
    chaos_policy *read = NULL;
    chaos_floor *floor = NULL;
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_FLOOR);
    chaos_collateral_facts facts = { .tee = CHAOS_TEE_TDX, .tcb_evaluation_number = 17 };
    chaos_error err = { 0 };
    chaos_status status = chaos_trust_new(&roots, &err);

    if (status == CHAOS_OK) {
        status = chaos_trust_add_root(roots, bytes_of(&tdx.root), &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_policy_parse(policy_text, &read, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_floor_new(&floor, &err);
    }
    for (uint8_t i = 0; status == CHAOS_OK && i < 20; i++) {
        facts.fmspc[0] = i;
        status = chaos_floor_raise(floor, &facts, &err);
    }
    if (status == CHAOS_OK) {
        status = chaos_floor_write(floor, &text, &err);
    }
    chaos_floor_free(floor);
    floor = NULL;
    if (status == CHAOS_OK) {
        status = chaos_floor_parse(bytes_of(&text), &floor, &err);
    }
    if (status == CHAOS_OK) {
        memcpy(out->text, text.data, text.size);
        out->size = text.size;
    }
    chaos_floor_free(floor);
    chaos_policy_free(read);
    chaos_trust_free(roots);
    chaos_buffer_free(&text);
    return status;
}

typedef struct place_in_text {
    size_t at;
} place_in_text;

static chaos_status read_bundle(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    place_in_text *r = context;
    size_t left = bundle.text.size - r->at;

    (void)err;
    *got = left < capacity ? left : capacity;
    memcpy(into, bundle.text.data + r->at, *got);
    r->at += *got;
    return CHAOS_OK;
}

static chaos_status way_bundle(outcome *out)
{
    const chaos_bundle_expectation expected = CHAOS_BUNDLE_EXPECTATION_INIT;
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    place_in_text place = { 0 };
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };

    source.context = &place;
    source.read = read_bundle;
    chaos_status status = chaos_check_bundle(&source, bytes_of(&bundle.evidence.collateral), trust, policy_of_bundle,
                                             &expected, bundle.evidence.now, NULL, &verdict, &err);
    return answered(status, verdict, &err, out);
}

/* ------------------------------------------------------------------- sweep ---- */

enum {
    LIBCRYPTO_STEP = 11 /* of its allocations, all of them in the first way and with CHAOS_LONG=1 */
};

static outcome want, got;

static void run(chaos_status (*way)(outcome *), allocator kind, size_t fails_at, bool all_after, outcome *out)
{
    const long held = counting.held;

    memset(out, 0, sizeof *out);
    counting.asked[OURS] = counting.asked[LIBCRYPTOS] = counting.failed = 0;
    counting.kind = kind;
    counting.fails_at = fails_at;
    counting.all_after = all_after;
    counting.on = true;
    out->status = way(out);
    counting.on = false;
    assert_int_equal(counting.held, held); /* nothing stays behind */
}

static void expect_same_or_fault(const char *name, size_t n)
{
    if (got.status == CHAOS_OK) {
        if (got.size != want.size || memcmp(got.text, want.text, got.size) != 0) {
            fail_msg("%s: when allocation %zu failed the answer was another:\n%.2000s", name, n, got.text);
        }
        return;
    }
    if (chaos_status_class(got.status) != CHAOS_CLASS_ENV && chaos_status_class(got.status) != CHAOS_CLASS_INTERNAL) {
        fail_msg("%s: when allocation %zu failed it said %s of the evidence", name, n, chaos_status_name(got.status));
    }
}

static const struct {
    const char *name;
    chaos_status (*way)(outcome *);
} ways[] = {
    { "a TDX quote with its log", way_quote_tdx },
    { "an SGX quote", way_quote_sgx },
    { "a quote without collateral", way_no_collateral },
    { "a quote with a turned bit", way_wrong },
    { "an envelope", way_envelope },
    { "a cache", way_cache },
    { "sealed collateral", way_sealed },
    { "a signature over typed data", way_signature },
    { "roots, policy and floor", way_arguments },
    { "a bundle", way_bundle },
};

/* Each allocation of one kind, or with a step each so manieth. How many of the answers were faults. */
static size_t sweep(size_t way, allocator kind, size_t count, size_t step)
{
    size_t faults = 0;

    for (size_t n = 1; n <= count; n += step) {
        for (unsigned all_after = 0; all_after < 2; all_after++) {
            run(ways[way].way, kind, n, all_after == 1, &got);
            assert_true(counting.failed >= 1);
            expect_same_or_fault(ways[way].name, n);
            faults += got.status == CHAOS_OK ? 0 : 1;
        }
    }
    return faults;
}

static void test_every_allocation(void **state)
{
    const size_t step = getenv("CHAOS_LONG") != NULL ? 1 : LIBCRYPTO_STEP;

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(ways); i++) {
        run(ways[i].way, OURS, 0, false, &want); /* what libcrypto makes once and keeps is made now */
        run(ways[i].way, OURS, 0, false, &want);
        const size_t ours = counting.asked[OURS], theirs = counting.asked[LIBCRYPTOS];

        if (want.status != CHAOS_OK) {
            fail_msg("%s: %s", ways[i].name, chaos_status_name(want.status));
        }
        assert_true(ours >= 3);
        const size_t faults = sweep(i, OURS, ours, 1) + sweep(i, LIBCRYPTOS, theirs, i == 0 ? 1 : step);
        run(ways[i].way, OURS, 0, false, &got); /* and all is well again */
        assert_int_equal(got.status, CHAOS_OK);
        expect_same_or_fault(ways[i].name, 0);
        print_message("%-28s %3zu allocations of ours and %4zu of libcrypto, failed alone and with the rest: %4zu faults\n",
                      ways[i].name, ours, theirs, faults);
        assert_true(faults > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
    };

    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1) {
        print_error("libcrypto has begun before the test\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
