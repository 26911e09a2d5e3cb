/* main.c - tsm-simulator: the kernel's attestation folder of a TDX guest, on a machine that is none. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simulator.h"

#define MAX_APPLICATION (16u * 1024u * 1024u)
#define MAX_DELAY_MS 60000u

enum {
    OPT_ROOT,
    OPT_OUT,
    OPT_SEED,
    OPT_NOW,
    OPT_APPLICATION,
    OPT_DELAY,
    OPT_NO_REGISTERS,
    OPT_FAULT,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_ROOT] = { "--root", "DIR", 1, false, "show the tree there: DIR/report and DIR/measurements" },
    [OPT_OUT] = { "--out", "DIR", 1, false, "write what a relying party holds of this machine" },
    [OPT_SEED] = { "--seed", "TEXT", 1, false, "derive the machine's keys from this; else random ones" },
    [OPT_NOW] = { "--now", "TIME", 1, false, "the machine's time; else the clock" },
    [OPT_APPLICATION] = { "--application", "FILE", 1, false, "RTMR3 is extended by the SHA-384 of this file" },
    [OPT_DELAY] = { "--delay", "MS", 1, false, "that a quote takes; others are EBUSY meanwhile" },
    [OPT_NO_REGISTERS] = { "--no-registers", NULL, 1, false, "no DIR/measurements, as before Linux 6.16" },
    [OPT_FAULT] = { "--fault", "FAULT[:TIMES]", MAX_FAULTS, false, "make this go wrong; 'list' names them" },
    [OPT_QUIET] = { "--quiet", NULL, 1, false, "no banner on standard error" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --root DIR [--out DIR] [OPTION]...\n"
                "A SIMULATED TDX guest kernel: /sys/kernel/config/tsm as a folder (FUSE), with real quotes under a\n"
                "test root. For the provider intel-tdx: --tee-endpoint DIR/report.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Prints 'ready' on a line of its own when the tree is there; ends with SIGTERM, SIGINT or SIGHUP. The\n"
             "folder of --out gets trust-root.der, collateral.json and policy.json.\n"
             "Exit code: 0 ended as asked, 5 environment (no FUSE, a folder), 64 usage, 70 internal.",
};

static int usage(const char *option, const char *value, const char *wanted)
{
    return say_failure(PROGRAM, EXIT_USAGE, "%s '%s' is not %s; try '" PROGRAM " --help'", option, shown(value).text,
                       wanted);
}

/* ----------------------------------------------------------------- options ---- */

static int read_machine(const options *o, td_options *out, chaos_buffer *application)
{
    const char *now = options_value(o, OPT_NOW, 0);
    const char *path = options_value(o, OPT_APPLICATION, 0);
    chaos_error err = { 0 };
    out->seed = options_value(o, OPT_SEED, 0);
    if (now != NULL && !value_time(now, &out->now)) {
        return usage("--now", now, "a time like 2026-01-01T00:00:00Z or Unix seconds");
    }
    if (path == NULL) {
        return 0;
    }
    if (input_read("--application", path, MAX_APPLICATION, application, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    if (application->size == 0 || application->size > MAX_APPLICATION) {
        return usage("--application", path, "a file of 1 byte to 16 MiB");
    }
    out->application = buffer_slice(application);
    return 0;
}

static int read_tree(const options *o, tree_options *out)
{
    const char *delay = options_value(o, OPT_DELAY, 0);
    const char *text;
    uint64_t delay_ms = 0;
    out->has_registers = !options_has(o, OPT_NO_REGISTERS);
    if (delay != NULL && !value_unsigned(delay, MAX_DELAY_MS, &delay_ms)) {
        return usage("--delay", delay, "a number of milliseconds up to 60000");
    }
    out->delay_ms = (unsigned)delay_ms;
    for (size_t i = 0; (text = options_value(o, OPT_FAULT, i)) != NULL; i++) {
        if (!fault_read(text, &out->faults)) {
            return usage("--fault", text, "one of those that '--fault list' names");
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ running ---- */

/* The folder of --out, made if need be and locked for as long as the descriptor lives. */
static int open_out(const char *folder, int *fd)
{
    if ((mkdir(folder, 0755) != 0 && errno != EEXIST) ||
        (*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot make the folder '%s': %s", shown(folder).text,
                           strerror(errno));
    }
    return flock(*fd, LOCK_EX | LOCK_NB) == 0
               ? 0
               : say_failure(PROGRAM, EXIT_ENVIRONMENT, "another simulator has the folder '%s'", shown(folder).text);
}

static int write_files(const td *machine, const char *folder)
{
    char path[PATH_MAX];
    const char *name;
    chaos_slice bytes;
    chaos_error err = { 0 };
    for (size_t i = 0; td_file(machine, i, &name, &bytes); i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (n < 0 || (size_t)n >= sizeof path) {
            return usage("--out", folder, "a path of that length");
        }
        if (output_write("--out", path, bytes, 0644, &err) != CHAOS_OK) {
            return say_fault(PROGRAM, exit_of_status(err.status), &err);
        }
    }
    return 0;
}

static int say_ready(void *context)
{
    static const char banner[] =
        PROGRAM ": this is a SIMULATOR. No hardware is behind its quotes, which lead to a test root.\n";
    const bool *is_quiet = context;
    return (*is_quiet || say_text(STDERR_FILENO, banner)) && say_text(STDOUT_FILENO, "ready\n")
               ? 0
               : say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write to standard output");
}

static int run(const options *o)
{
    CHAOS_AUTO_BUFFER(application, 0);
    td_options machine = { .seed = NULL };
    tree_options shape = { .machine = NULL };
    chaos_error err = { 0 };
    const char *out = options_value(o, OPT_OUT, 0);
    bool is_quiet = options_has(o, OPT_QUIET);
    int fd = -1;
    int code = read_machine(o, &machine, &application);
    code = code != 0 ? code : read_tree(o, &shape);
    if (code == 0 && td_new(&machine, &shape.machine, &err) != CHAOS_OK) {
        code = say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    code = code != 0 || out == NULL ? code : open_out(out, &fd);
    code = code != 0 || out == NULL ? code : write_files(shape.machine, out);
    if (code == 0) {
        tree *t = tree_new(&shape);
        code = t == NULL ? say_failure(PROGRAM, EXIT_INTERNAL, "out of memory")
                         : mount_and_serve(t, options_value(o, OPT_ROOT, 0), say_ready, &is_quiet);
        tree_free(t);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    td_free(shape.machine);
    return code;
}

static int list_faults(void)
{
    CHAOS_AUTO_BUFFER(text, 8192);
    return fault_catalogue(&text) ? say_result(PROGRAM, buffer_slice(&text), 0)
                                  : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int main(int argc, char **argv)
{
    options o;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    if (options_has(&o, OPT_HELP) || options_has(&o, OPT_VERSION)) {
        return options_has(&o, OPT_HELP) ? options_help(&table) : options_version(PROGRAM);
    }
    const char *wanted = options_value(&o, OPT_FAULT, 0);
    if (wanted != NULL && strcmp(wanted, "list") == 0) {
        return list_faults();
    }
    if (!options_has(&o, OPT_ROOT)) {
        return say_failure(PROGRAM, EXIT_USAGE, "where? give --root; try '" PROGRAM " --help'");
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&o);
}
