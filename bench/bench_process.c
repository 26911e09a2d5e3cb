/* bench_process.c - what a one-shot program costs from fork to exit, and its largest resident set, beside another (one
 * that only verifies nine signatures) and /bin/true in the same rounds: by the clock on the wall, and in processor time,
 * which other programs do not lengthen.
 *
 *   bench-process BESIDE PROGRAM [ARGUMENT...] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 41

typedef struct cost {
    double milliseconds[RUNS], processor[RUNS];
    long kibibytes; /* the largest resident set of any run */
} cost;

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double milliseconds(const struct timeval *t)
{
    return (double)t->tv_sec * 1e3 + (double)t->tv_usec * 1e-3;
}

static void run(char **command, cost *out, size_t round)
{
    struct rusage usage;
    double begin = now();
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void)dup2(null, STDOUT_FILENO);
        (void)execv(command[0], command);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "bench-process: %s did not end with 0\n", command[0]);
        exit(1);
    }
    out->milliseconds[round] = now() - begin;
    out->processor[round] = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
    out->kibibytes = usage.ru_maxrss > out->kibibytes ? usage.ru_maxrss : out->kibibytes;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *name, cost *c)
{
    qsort(c->milliseconds, RUNS, sizeof c->milliseconds[0], by_value);
    qsort(c->processor, RUNS, sizeof c->processor[0], by_value);
    (void)printf("%-20s median %6.2f ms, min %6.2f, max %6.2f; processor %6.2f ms; largest resident set %ld KiB\n", name,
                 c->milliseconds[RUNS / 2], c->milliseconds[0], c->milliseconds[RUNS - 1], c->processor[RUNS / 2],
                 c->kibibytes);
}

int main(int argc, char **argv)
{
    static char true_path[] = "/bin/true";
    char *nothing[] = { true_path, NULL };
    static cost ours, beside, none;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench-process BESIDE PROGRAM [ARGUMENT...]\n");
        return 64;
    }
    for (size_t round = 0; round < RUNS; round++) {
        run(nothing, &none, round);
        run((char *[]){ argv[1], NULL }, &beside, round);
        run(argv + 2, &ours, round);
    }
    report("/bin/true", &none);
    report("nine verifications", &beside);
    report("the program", &ours);
    (void)printf("the program takes %.3f x nine verifications (processor %.3f x)   goal 1.20; resident set goal 4096 KiB\n",
                 ours.milliseconds[RUNS / 2] / beside.milliseconds[RUNS / 2],
                 ours.processor[RUNS / 2] / beside.processor[RUNS / 2]);
    return 0;
}
