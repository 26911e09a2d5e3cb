/* bench_bundle.c - a bundle of 10,000 receipts of one session beside the key recoveries that it cannot do without, in one
 * run.
 *
 *   bench-bundle               table: medians of interleaved rounds, with an A/A row
 *   bench-bundle --stream N    one pass over N receipts that are made while they are read; prints time and VmHWM */
#include <chaoschain/chaoschain.h>

#include "crypto/crypto.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECEIPTS 10000
#define ROUNDS 7

static forge_bundle made;
static chaos_trust *trust;
static chaos_policy *policy;
static struct raw {
    chaos_keccak digest;
    chaos_signature65 signature;
} raw[RECEIPTS];

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench-bundle: %s failed\n", what);
        exit(1);
    }
}

/* ----------------------------------------------------------------- source ---- */

typedef struct source_state {
    chaos_slice text;
    uint8_t scalar[32]; /* of a stream: what follows the text */
    chaos_receipt receipt;
    uint64_t left;
    chaos_buffer line;
} source_state;

static void refill(source_state *s)
{
    if (s->left == 0) {
        return;
    }
    s->left--;
    s->line.size = 0;
    must(forge_receipt_next(s->scalar, &s->receipt) &&
             chaos_bundle_write_receipt(&s->receipt, &s->line, NULL) == CHAOS_OK,
         "receipt");
    s->text = (chaos_slice){ s->line.data, s->line.size };
}

static chaos_status read_source(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    source_state *s = context;
    (void)err;
    if (s->text.size == 0) {
        refill(s);
    }
    *got = s->text.size < capacity ? s->text.size : capacity;
    if (*got > 0) {
        memcpy(into, s->text.data, *got);
    }
    s->text.data += *got;
    s->text.size -= *got;
    return CHAOS_OK;
}

static void check(source_state *s)
{
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    chaos_verdict *verdict = NULL;
    chaos_error err;
    source.context = s;
    source.read = read_source;
    must(chaos_check_bundle(&source, (chaos_slice){ made.evidence.collateral.data, made.evidence.collateral.size }, trust,
                            policy, &nothing, made.evidence.now, NULL, &verdict, &err) == CHAOS_OK,
         "check");
    must(chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE, chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE
                                                                     ? "verdict"
                                                                     : chaos_verdict_error(verdict)->text);
    chaos_verdict_free(verdict);
}

/* ------------------------------------------------------------------- rows ---- */

static void whole_bundle(void)
{
    source_state s = { .text = { made.text.data, made.text.size } };
    check(&s);
}

static void raw_recoveries(void)
{
    for (size_t i = 0; i < RECEIPTS; i++) {
        const uint8_t *rsv = raw[i].signature.bytes;
        k1_point key;
        must(k1_recover(raw[i].digest.bytes, rsv, rsv + 32, rsv[64] - 27u, &key) == K1_GOOD, "recovery");
    }
}

/* The digests and signatures of the bundle itself. */
static void load_raw(void)
{
    static const char begin[] = "{\"receipt\":";
    const chaos_u256 *chain = &made.sessions[1].chain_id;
    const char *at = (const char *)made.text.data;
    size_t count = 0;
    for (const char *lf; (lf = strchr(at, '\n')) != NULL; at = lf + 1) {
        chaos_receipt receipt;
        if (strncmp(at, begin, sizeof begin - 1) == 0) {
            const char *object = at + sizeof begin - 1;
            const chaos_slice text = { (const uint8_t *)object, (size_t)(lf - object) - 1 };
            must(count < RECEIPTS && chaos_receipt_parse(text, chain, &receipt, NULL) == CHAOS_OK, "receipt");
            raw[count].digest = chaos_action_digest(&receipt.action);
            raw[count++].signature = receipt.signature;
        }
    }
    must(count == RECEIPTS, "count");
}

static void load(void)
{
    const forge_bundle_options options = { .second_session = RECEIPTS };
    chaos_error err;
    must(forge_bundle_make(&options, NULL, &made, &err) == CHAOS_OK, "forge");
    must(chaos_trust_new(&trust, &err) == CHAOS_OK && chaos_policy_none(&policy, &err) == CHAOS_OK, "trust");
    must(chaos_trust_add_root(trust, (chaos_slice){ made.evidence.root.data, made.evidence.root.size }, &err) == CHAOS_OK,
         "root");
    load_raw();
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_memory(void)
{
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM", 5) == 0) {
            (void)printf("%s", line);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* The envelope of a session, then receipts of its key. */
static int stream(uint64_t count)
{
    const forge_options options = { .has_stage = true, .stage = CHAOS_STAGE_SESSION };
    forge_result *evidence = &made.evidence;
    source_state s = { .left = count, .line = CHAOS_BUFFER_INIT(CHAOS_MAX_BUNDLE_LINE) };
    const chaos_binding *binding = &evidence->binding;
    chaos_evidence *session = NULL;
    must(forge_make(FORGE_TDX4, &options, NULL, evidence, NULL) == CHAOS_OK && forge_session_key(&options, s.scalar),
         "forge");
    must(chaos_trust_new(&trust, NULL) == CHAOS_OK && chaos_policy_none(&policy, NULL) == CHAOS_OK &&
             chaos_trust_add_root(trust, (chaos_slice){ evidence->root.data, evidence->root.size }, NULL) == CHAOS_OK,
         "trust");
    must(chaos_envelope_parse((chaos_slice){ evidence->envelope.data, evidence->envelope.size }, &session, NULL) ==
             CHAOS_OK,
         "envelope");
    s.receipt.action = (chaos_action){ .chain_id = binding->chain_id, .agent_registry = binding->identity_registry, .agent_id = binding->agent_id, .action_type = "bench/stream", .issued_at = binding->issued_at, .evidence_hash = chaos_evidence_hash(session) };
    must(chaos_bundle_write_header(&binding->chain_id, &binding->identity_registry, &binding->agent_id, &s.line, NULL) ==
                 CHAOS_OK &&
             chaos_bundle_write_envelope(session, &s.line, NULL) == CHAOS_OK,
         "lines");
    chaos_evidence_free(session);
    s.text = (chaos_slice){ s.line.data, s.line.size };
    const double begin = seconds();
    check(&s);
    (void)printf("%llu receipts, made and verified: %.1f s\n", (unsigned long long)count, seconds() - begin);
    print_memory();
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } rows[] = {
        { "10,000 raw secp256k1 recoveries (A)", raw_recoveries },
        { "10,000 raw recoveries (A again)", raw_recoveries },
        { "bundle of 10,000 receipts, one quote", whole_bundle },
    };
    enum {
        ROWS = sizeof rows / sizeof rows[0]
    };
    double times[ROWS][ROUNDS];

    if (argc == 3 && strcmp(argv[1], "--stream") == 0) {
        return stream(strtoull(argv[2], NULL, 10));
    }
    load();
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t row = 0; row < ROWS; row++) {
            const double begin = seconds();
            rows[row].work();
            times[row][round] = (seconds() - begin) * 1e3;
        }
    }
    (void)printf("bundle of %d receipts, %.1f MB, one thread, medians of %d interleaved rounds\n", RECEIPTS,
                 (double)made.text.size / 1e6, ROUNDS);
    (void)printf("%-44s %10s %10s %10s %8s\n", "", "median ms", "min", "max", "ratio");
    for (size_t row = 0; row < ROWS; row++) {
        qsort(times[row], ROUNDS, sizeof times[row][0], by_value);
        (void)printf("%-44s %10.1f %10.1f %10.1f %8.3f\n", rows[row].name, times[row][ROUNDS / 2], times[row][0],
                     times[row][ROUNDS - 1], times[row][ROUNDS / 2] / times[0][ROUNDS / 2]);
    }
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    forge_bundle_free(&made);
    return 0;
}
