/* attest.c - chaoschain attest: key, binding, quote, envelope. */
#include "tee_program.h"

#define PROGRAM "chaoschain attest"

enum {
    OPT_OUT = KEY_OPT_COUNT
};

static const option_row rows[] = {
    KEY_ROWS,
    [OPT_OUT] = { "--out", "FILE", 1, false, "write the envelope there; standard output is the default" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: " PROGRAM " --tee-provider NAME [OPTION]...\n"
        "Makes evidence for a key of the TEE: an envelope with quote, event log, the binding of the key and its\n"
        "signatures, for 'chaoschain verify --evidence'.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = KEY_NOTES,
};

int verb_attest(int argc, char **argv)
{
    options o;
    tee_session session = { .program = PROGRAM };
    chaos_error err = { 0 };
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    if (options_has(&o, KEY_OPT_HELP)) {
        return options_help(&table);
    }
    guard_process();
    code = tee_session_open(&o, false, &session);
    if (code == EXIT_AFFIRMING) {
        const char *path = options_value(&o, OPT_OUT, 0);
        chaos_slice envelope = chaos_evidence_bytes(chaos_keypair_evidence(session.bound));
        if (output_write("--out", path == NULL ? "-" : path, envelope, 0666, &err) != CHAOS_OK) {
            code = tee_fault(PROGRAM, &err);
        }
    }
    tee_session_close(&session);
    return code;
}
