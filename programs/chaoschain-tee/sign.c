/* sign.c - chaoschain sign: a message signed by an attested key, with the evidence beside it. */
#include "tee_program.h"

#define PROGRAM "chaoschain sign"
#define MAX_SIGNATURE 8192u

enum {
    OPT_MESSAGE = KEY_OPT_COUNT,
    OPT_TYPED_DATA,
    OPT_SESSION,
    OPT_OUT,
    OPT_EVIDENCE_OUT
};

static const option_row rows[] = {
    KEY_ROWS,
    [OPT_MESSAGE] = { "--message", "FILE", 1, false,
                      "sign these bytes as a personal message (EIP-191); - is standard input" },
    [OPT_TYPED_DATA] = { "--typed-data", "FILE", 1, false, "sign this JSON of eth_signTypedData_v4 (EIP-712)" },
    [OPT_SESSION] = { "--session", NULL, 1, false,
                      "with --agent: by a session key that the identity key endorses" },
    [OPT_OUT] = { "--out", "FILE", 1, false, "write the signature there; standard output is the default" },
    [OPT_EVIDENCE_OUT] = { "--evidence-out", "FILE", 1, false, "write the envelope there; needed to verify" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: " PROGRAM
        " --tee-provider NAME --message FILE | --typed-data FILE --evidence-out FILE [OPTION]...\n"
        "Signs with a key of the TEE and writes the signature (chaoschain/signature/1) and the envelope that\n"
        "proves the key. Check both with 'chaoschain verify --evidence E --signature S --message FILE'.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = KEY_NOTES,
};

static chaos_status read_message(const options *o, chaos_buffer *message, chaos_error *err)
{
    const char *path = options_value(o, OPT_MESSAGE, 0);
    const char *typed = options_value(o, OPT_TYPED_DATA, 0);
    if ((path == NULL) == (typed == NULL)) {
        return error_set(err, CHAOS_E_USAGE, "--message", CHAOS_NO_OFFSET,
                         "what shall be signed? give one of --message and --typed-data");
    }
    if (options_has(o, OPT_SESSION) && !options_has(o, KEY_OPT_AGENT)) {
        return error_set(err, CHAOS_E_USAGE, "--session", CHAOS_NO_OFFSET, "a session belongs to an --agent");
    }
    return path != NULL ? input_read("--message", path, CHAOS_MAX_SIGNED_MESSAGE, message, err)
                        : input_read("--typed-data", typed, CHAOS_MAX_TYPED_DATA, message, err);
}

static chaos_status sign(const options *o, const tee_session *session, chaos_slice message, chaos_error *err)
{
    CHAOS_AUTO(chaos_signature, signature);
    CHAOS_AUTO_BUFFER(text, MAX_SIGNATURE);
    const char *out = options_value(o, OPT_OUT, 0);
    const char *evidence_out = options_value(o, OPT_EVIDENCE_OUT, 0);
    if (options_has(o, OPT_MESSAGE)) {
        CHAOS_TRY(chaos_tee_sign(session->tee, message, session->bound, &signature, err));
    } else {
        CHAOS_TRY(chaos_tee_sign_typed_data(session->tee, message, session->bound, &signature, err));
    }
    CHAOS_TRY(chaos_signature_write(signature, &text, err));
    if (!buffer_append_text(&text, "\n")) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (evidence_out != NULL) {
        chaos_slice envelope = chaos_evidence_bytes(chaos_signature_evidence(signature));
        CHAOS_TRY(output_write("--evidence-out", evidence_out, envelope, 0666, err));
    }
    return output_write("--out", out == NULL ? "-" : out, buffer_slice(&text), 0666, err);
}

int verb_sign(int argc, char **argv)
{
    options o;
    CHAOS_AUTO_BUFFER(message, 0);
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
    if (read_message(&o, &message, &err) != CHAOS_OK) {
        return tee_fault(PROGRAM, &err);
    }
    code = tee_session_open(&o, options_has(&o, OPT_SESSION), &session);
    if (code == EXIT_AFFIRMING && sign(&o, &session, buffer_slice(&message), &err) != CHAOS_OK) {
        code = tee_fault(PROGRAM, &err);
    }
    tee_session_close(&session);
    return code;
}
