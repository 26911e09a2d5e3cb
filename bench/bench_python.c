/* bench_python.c - verification from Python beside the same calls from C, in one run.
 *
 *   bench-python COMMAND...   COMMAND is bench_python.py: started once, it gets a line for each round and answers with
 *                             one, its microseconds for each verification
 * Warm: collateral sealed, platform seen before; quote in, verdict out. With CHAOS_VECTORS the quote is a real one. */
#include "bench/bench.h"

#include <unistd.h>

#define ROUNDS 11
#define ROUND_SECONDS 0.15
#define GOAL 1.3

static bench_input input;
static chaos_collateral *sealed;
static chaos_cache *cache;
static chaos_policy *policy;

/* What verify() of the package calls, with the arguments that it makes. */
static void verify_from_c(void)
{
    static const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_evidence *evidence = NULL;
    chaos_claims *claims = NULL;
    chaos_verdict *verdict = NULL;

    must(chaos_evidence_parse_with_log(input.quote, (chaos_slice){ NULL, 0 }, &evidence, NULL) == CHAOS_OK, "quote");
    must(chaos_verify(evidence, sealed, input.trust, input.now, cache, &claims, NULL) == CHAOS_OK, "verify");
    must(chaos_appraise(claims, policy, &nothing, input.now, &verdict, NULL) == CHAOS_OK, "appraise");
    must(chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE, "verdict");
    chaos_verdict_free(verdict);
    chaos_claims_free(claims);
    chaos_evidence_free(evidence);
}

static double microseconds_each(void)
{
    double begin = seconds(), end;
    unsigned count = 0;

    do {
        verify_from_c();
        count++;
        end = seconds();
    } while (end - begin < ROUND_SECONDS);
    return (end - begin) / count * 1e6;
}

/* ------------------------------------------------------------------ Python ---- */

static FILE *questions, *answers;

static void start(char **command)
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
    questions = fdopen(down[1], "w");
    answers = fdopen(up[0], "r");
    must(questions != NULL && answers != NULL, "Python");
}

static double ask(const char *question)
{
    char line[64];

    must(fprintf(questions, "%s\n", question) > 0 && fflush(questions) == 0, "asking Python");
    must(fgets(line, sizeof line, answers) != NULL, "Python's answer");
    return strtod(line, NULL);
}

/* The input, so that both verify the same: three files, which Python reads before it answers. */
static void give(const char *name, const void *data, size_t size)
{
    must(fprintf(questions, "%s %zu\n", name, size) > 0 && fwrite(data, 1, size, questions) == size &&
             fflush(questions) == 0,
         "giving Python the input");
}

static void give_input(chaos_slice root)
{
    char now[32];

    (void)snprintf(now, sizeof now, "%lld", (long long)input.now);
    give("quote", input.quote.data, input.quote.size);
    give("collateral", input.collateral.data, input.collateral.size);
    give("root", root.data, root.size);
    give("now", now, strlen(now));
}

/* ------------------------------------------------------------------- table ---- */

enum {
    C_CALL,
    C_AGAIN,
    PYTHON,
    PYTHON_JSON,
    ROWS
};

static const char *const names[ROWS] = {
    [C_CALL] = "C, warm: quote in, verdict out (A)",
    [C_AGAIN] = "C, warm (A again)",
    [PYTHON] = "Python, the same: verify(quote, Collateral)",
    [PYTHON_JSON] = "Python, and the whole verdict read",
};

static void print_row(size_t row, double times[ROUNDS], double beside)
{
    qsort(times, ROUNDS, sizeof times[0], by_value);
    (void)printf("%-46s %10.1f %10.1f %10.1f %8.3f x C", names[row], times[ROUNDS / 2], times[0], times[ROUNDS - 1],
                 times[ROUNDS / 2] / beside);
    if (row == PYTHON) {
        (void)printf("   goal %.2f", GOAL);
    }
    (void)printf("\n");
}

static double median_of(const double times[ROUNDS])
{
    double sorted[ROUNDS];

    memcpy(sorted, times, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof sorted[0], by_value);
    return sorted[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    static double times[ROWS][ROUNDS];
    static forge_result forged;
    chaos_slice root = { NULL, 0 };

    must(argc > 1, "usage: bench-python COMMAND...: starting");
    load_input(&input);
    if (strstr(input.what, "forged") != NULL) { /* with the same seed it is made again, root and all */
        must(forge_make(FORGE_TDX4, NULL, NULL, &forged, NULL) == CHAOS_OK, "forge");
        root = buffer_slice(&forged.root);
    }
    must(chaos_collateral_parse(input.collateral, &sealed, NULL) == CHAOS_OK, "collateral");
    must(chaos_collateral_seal(sealed, input.trust, input.now, NULL) == CHAOS_OK, "seal");
    must(chaos_cache_new(1u << 24, &cache, NULL) == CHAOS_OK, "cache");
    must(chaos_policy_default(&policy, NULL) == CHAOS_OK, "policy");
    verify_from_c(); /* from here on the platform is seen before */
    start(argv + 1);
    give_input(root);
    for (size_t round = 0; round < ROUNDS; round++) {
        times[C_CALL][round] = microseconds_each();
        times[PYTHON][round] = ask("verify");
        times[C_AGAIN][round] = microseconds_each();
        times[PYTHON_JSON][round] = ask("read");
    }
    const double c_call = median_of(times[C_CALL]);
    (void)printf("%s, one thread, medians of %d interleaved rounds\n", input.what, ROUNDS);
    (void)printf("%-46s %10s %10s %10s %10s\n", "", "median us", "min", "max", "ratio");
    for (size_t row = 0; row < ROWS; row++) {
        print_row(row, times[row], c_call);
    }
    (void)fclose(questions);
    (void)fclose(answers);
    chaos_policy_free(policy);
    chaos_cache_free(cache);
    chaos_collateral_free(sealed);
    chaos_trust_free(input.trust);
    return 0;
}
