/* bench_verify.c - verification beside the P-256 verifications that it cannot do without, in one run.
 *
 *   bench-verify                    table: medians of interleaved rounds, with an A/A row; by the clock on the wall, and
 *                                   in processor time, which other programs do not lengthen
 *   bench-verify --peer COMMAND...  the same, and a row for a peer: a program that is started once, gets a line for each
 *                                   round and answers with one, its microseconds for each verification
 *   bench-verify --once ROW N       N times a row (cold, sealed, warm, parse) and nothing else: for callgrind
 * With CHAOS_VECTORS the quote is a real one, else a forged one. */
#include "bench/bench.h"

#include <unistd.h>

#define ROUNDS 11
#define ROUND_SECONDS 0.15

static bench_input input;
static bench_raw raw;

static void raw_nine(void)
{
    raw_verifies(&raw, 9);
}

/* Quote, QE report, PCK leaf: the messages that stand first. */
static void raw_three(void)
{
    raw_verifies(&raw, 3);
}

static void raw_one(void)
{
    raw_verifies(&raw, 1);
}

/* Collateral sealed once: what is new each time is the quote. */
static void verify_with(const chaos_collateral *collateral, chaos_cache *cache)
{
    chaos_evidence *evidence = NULL;
    chaos_claims *claims = NULL;
    chaos_error err;

    must(chaos_evidence_parse(input.quote, &evidence, &err) == CHAOS_OK, "evidence");
    must(chaos_verify(evidence, collateral, input.trust, input.now, cache, &claims, &err) == CHAOS_OK, err.text);
    chaos_claims_free(claims);
    chaos_evidence_free(evidence);
}

static chaos_collateral *sealed;
static chaos_cache *cache;

static void sealed_verification(void)
{
    verify_with(sealed, NULL);
}

static void warm_verification(void)
{
    verify_with(sealed, cache);
}

static void load_sealed(void)
{
    must(chaos_collateral_parse(input.collateral, &sealed, NULL) == CHAOS_OK, "collateral");
    must(chaos_collateral_seal(sealed, input.trust, input.now, NULL) == CHAOS_OK, "seal");
    must(chaos_cache_new(1u << 24, &cache, NULL) == CHAOS_OK, "cache");
}

__attribute__((noinline)) void cold_verification(void);
void cold_verification(void)
{
    chaos_evidence *evidence = NULL;
    chaos_collateral *collateral = NULL;
    chaos_claims *claims = NULL;
    chaos_error err;

    must(chaos_evidence_parse(input.quote, &evidence, &err) == CHAOS_OK, "evidence");
    must(chaos_collateral_parse(input.collateral, &collateral, &err) == CHAOS_OK, "collateral");
    must(chaos_verify(evidence, collateral, input.trust, input.now, NULL, &claims, &err) == CHAOS_OK, err.text);
    chaos_claims_free(claims);
    chaos_collateral_free(collateral);
    chaos_evidence_free(evidence);
}

/* ---------------------------------------------------------- reading alone ---- */

/* All that has to be read, and no signature: the file's envelope, TCB info, QE identity, seven certificates (three in
 * the quote, two and two in the collateral), two revocation lists, the quote. */
static struct texts {
    chaos_buffer storage;
    collateral_parts parts;
    uint8_t der[8 * MAX_CERTIFICATE];
    tcb_info tcb;
    enclave_identity identity;
    pck_extension extension;
} texts;

static size_t read_chain(chaos_slice pem, size_t count, certificate *last)
{
    chaos_slice der[3];
    fault why;
    size_t found = pem_read(pem, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, texts.der,
                            sizeof texts.der, der, count, &why);

    for (size_t i = found; i > 0; i--) {
        must(certificate_read(der[i - 1], CHAOS_E_PCK_CHAIN_FORMAT, last, &why), "certificate");
    }
    return found;
}

static void read_list(chaos_slice text)
{
    chaos_slice der;
    fault why;
    crl list;

    must(collateral_crl_der(text, &texts.storage, &der, &why) && crl_read(der, &list, &why), "CRL");
}

__attribute__((noinline)) void parse_everything(void);
void parse_everything(void)
{
    const collateral_parts *parts = &texts.parts;
    dcap_quote quote;
    certificate leaf;
    fault why;

    texts.storage.limit = 4 * input.collateral.size;
    texts.storage.size = 0;
    must(buffer_reserve(&texts.storage, texts.storage.limit) != NULL, "memory");
    must(dcap_quote_read(input.quote, &quote, &why), "quote");
    must(collateral_read(input.collateral, &texts.storage, &texts.parts, &why), "collateral");
    must(read_chain(parts->pck_crl_issuer_chain, 2, &leaf) == 2, "CRL issuer chain");
    must(read_chain(parts->tcb_info_issuer_chain, 2, &leaf) == 2, "signer chain");
    must(read_chain(quote.cert_data, 3, &leaf) == 3, "PCK chain");
    must(pck_extension_read(leaf.sgx_extension, &texts.extension, &why), "extension");
    read_list(parts->root_ca_crl);
    read_list(parts->pck_crl);
    must(tcb_info_read(parts->tcb_info, &texts.tcb, &why), "TCB info");
    must(enclave_identity_read(parts->qe_identity, &texts.identity, &why), "QE identity");
}

/* ------------------------------------------------------------------- peer ---- */

static struct peer {
    FILE *questions, *answers;
} peer;

static void start_peer(char **command)
{
    int down[2], up[2];
    pid_t child;

    must(pipe(down) == 0 && pipe(up) == 0, "pipe");
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        (void)dup2(down[0], STDIN_FILENO);
        (void)dup2(up[1], STDOUT_FILENO);
        (void)close(down[1]);
        (void)close(up[0]);
        (void)execvp(command[0], command);
        _exit(127);
    }
    (void)close(down[0]);
    (void)close(up[1]);
    peer.questions = fdopen(down[1], "w");
    peer.answers = fdopen(up[0], "r");
    must(peer.questions != NULL && peer.answers != NULL, "peer");
}

static double ask_peer(void)
{
    char line[64];

    must(fprintf(peer.questions, "round\n") > 0 && fflush(peer.questions) == 0, "asking the peer");
    must(fgets(line, sizeof line, peer.answers) != NULL, "the peer's answer");
    return strtod(line, NULL);
}

/* ------------------------------------------------------------------ table ---- */

typedef struct duration { /* microseconds */
    double wall, processor;
} duration;

static duration each(void (*work)(void))
{
    double used = processor_seconds(), begin = seconds(), end;
    unsigned count = 0;

    do {
        work();
        count++;
        end = seconds();
    } while (end - begin < ROUND_SECONDS);
    used = processor_seconds() - used;
    return (duration){ (end - begin) / count * 1e6, used / count * 1e6 };
}

enum {
    ONE,
    ONE_AGAIN,
    THREE,
    NINE,
    COLD,
    SEALED,
    WARM,
    PARSE,
    PEER,
    ROWS
};

/* `beside`: the row that a ratio is against; `goal`: what the ratio should not exceed, or the microseconds where there
 * is no such row. */
static const struct {
    const char *option, *name;
    void (*work)(void);
    int beside;
    double goal;
} rows[ROWS] = {
    [ONE] = { NULL, "one raw (A)", raw_one, ONE, 0 },
    [ONE_AGAIN] = { NULL, "one raw (A again)", raw_one, ONE, 0 },
    [THREE] = { NULL, "three raw", raw_three, THREE, 0 },
    [NINE] = { NULL, "nine raw", raw_nine, NINE, 0 },
    [COLD] = { "cold", "cold: everything read, everything verified", cold_verification, NINE, 1.08 },
    [SEALED] = { "sealed", "collateral sealed, platform new", sealed_verification, THREE, 1.07 },
    [WARM] = { "warm", "collateral sealed, platform seen before", warm_verification, ONE, 1.10 },
    [PARSE] = { "parse", "everything read, nothing verified", parse_everything, -1, 25.0 },
    [PEER] = { NULL, "npm @phala/dcap-qvl (Node.js), everything", NULL, COLD, 0 },
};

static int once(const char *option, const char *times)
{
    for (size_t row = 0; row < ROWS; row++) {
        if (rows[row].option != NULL && strcmp(rows[row].option, option) == 0) {
            for (long left = strtol(times, NULL, 10); left > 0; left--) {
                rows[row].work();
            }
            return 0;
        }
    }
    (void)fprintf(stderr, "bench-verify: there is no row '%s'\n", option);
    return 64;
}

typedef struct times { /* of one row: round by round, then sorted */
    double wall[ROUNDS], processor[ROUNDS];
} times;

static times all[ROWS];

static void sort(times *row)
{
    qsort(row->wall, ROUNDS, sizeof row->wall[0], by_value);
    qsort(row->processor, ROUNDS, sizeof row->processor[0], by_value);
}

static void print_row(size_t row)
{
    const size_t middle = ROUNDS / 2;
    const times *t = &all[row];

    (void)printf("%-44s %10.1f %10.1f %10.1f", rows[row].name, t->wall[middle], t->wall[0], t->wall[ROUNDS - 1]);
    if (row == PEER) {
        (void)printf(" %10s %8.3f x %8s  ", "", t->wall[middle] / all[rows[row].beside].wall[middle], "");
    } else if (rows[row].beside >= 0) {
        const times *beside = &all[rows[row].beside];
        (void)printf(" %10.1f %8.3f x %8.3f x", t->processor[middle], t->wall[middle] / beside->wall[middle],
                     t->processor[middle] / beside->processor[middle]);
    } else {
        (void)printf(" %10.1f %8s   %8s  ", t->processor[middle], "", "");
    }
    if (rows[row].beside >= 0) {
        (void)printf(" %s", rows[rows[row].beside].name);
    }
    if (rows[row].goal > 0) {
        (void)printf("   goal %.2f%s", rows[row].goal, rows[row].beside < 0 ? " us" : "");
    }
    (void)printf("\n");
}

int main(int argc, char **argv)
{
    bool has_peer = argc > 2 && strcmp(argv[1], "--peer") == 0;

    load_input(&input);
    load_raw(&raw);
    load_sealed();
    warm_verification(); /* from here on it is seen before */
    if (argc == 4 && strcmp(argv[1], "--once") == 0) {
        return once(argv[2], argv[3]);
    }
    if (has_peer) {
        start_peer(argv + 2);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t row = 0; row < ROWS; row++) {
            if (row == PEER) {
                all[row].wall[round] = has_peer ? ask_peer() : 0;
            } else {
                const duration d = each(rows[row].work);
                all[row].wall[round] = d.wall;
                all[row].processor[round] = d.processor;
            }
        }
    }
    (void)printf("%s, one thread, medians of %d interleaved rounds\n", input.what, ROUNDS);
    (void)printf("%-44s %10s %10s %10s %10s %10s %10s beside\n", "", "median us", "min", "max", "CPU us", "ratio",
                 "CPU ratio");
    for (size_t row = 0; row < ROWS; row++) {
        sort(&all[row]);
    }
    for (size_t row = 0; row < ROWS; row++) {
        if (row != PEER || has_peer) {
            print_row(row);
        }
    }
    chaos_cache_free(cache);
    chaos_collateral_free(sealed);
    chaos_trust_free(input.trust);
    return 0;
}
