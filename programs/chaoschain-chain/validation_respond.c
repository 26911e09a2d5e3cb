/* validation_respond.c - chaoschain validation respond: the answer to a request, once. */
#include "chain_program.h"

#define PROGRAM "chaoschain validation respond"
#define MAX_REPORT_FILE (16u * 1024u * 1024u)

enum {
    OPT_REQUEST = SEND_OPT_COUNT,
    OPT_RESPONSE,
    OPT_TAG,
    OPT_URI,
    OPT_FILE,
    OPT_HASH,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_REQUEST] = { "REQUEST_HASH", NULL, 2, false, "0x and 64 hex digits, as 'validation request' shows it" },
    [OPT_RESPONSE] = { "--response", "N", 1, false, "0 to 100" },
    [OPT_TAG] = { "--tag", "TAG", 1, false, "what kind of answer it is" },
    [OPT_URI] = { "--uri", "URI", 1, false, "where the report is" },
    [OPT_FILE] = { "--file", "FILE", 1, false, "the report: its hash goes on chain" },
    [OPT_HASH] = { "--hash", "HEX", 1, false, "its hash, if the file is not here" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " REQUEST_HASH --response N --keystore FILE [OPTION]...\n"
                "Answers a request as the validator that it names. A request is answered once: the same answer again\n"
                "is found done, another one is refused.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "The tags tee-attestation/v1, tee-custom/v1 and tee-sim/v1 speak of evidence that was verified: they\n"
             "are for programs that verify it, and this one does not.\n" CHAIN_EXIT_NOTES,
};

static chaos_status read_report_hash(const options *o, chaos_keccak *hash, chaos_error *err)
{
    const char *path = options_value(o, OPT_FILE, 0);
    const char *text = options_value(o, OPT_HASH, 0);
    if (path != NULL && text != NULL) {
        return error_set(err, CHAOS_E_USAGE, "--hash", CHAOS_NO_OFFSET, "--file has a hash of its own");
    }
    if (path != NULL) {
        return hash_of_file("--file", path, MAX_REPORT_FILE, hash, err);
    }
    return text == NULL ? CHAOS_OK : read_hash("--hash", text, hash, err);
}

static chaos_status choose_intent(const chain_session *s, const chaos_keccak *request, intent_name *name,
                                  chaos_error *err)
{
    chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_VALIDATION);
    intent_hash said;
    intent_name base;
    intent_begin(&said, "validation-response");
    intent_add(&said, slice(registry.bytes, sizeof registry.bytes));
    intent_add(&said, slice(request->bytes, sizeof request->bytes));
    CHAOS_TRY(intent_end(&said, "validation-response", &base, err));
    return intent_choose(s->sender, &base, INTENT_AGAIN, name, err); /* the chain knows whether it is answered */
}

static chaos_status run(chain_session *s, const options *o, tx_report *report, chaos_error *err)
{
    const char *text = NULL;
    uint64_t response = 0;
    chaos_keccak hash = { { 0 } };
    intent_name name;
    CHAOS_TRY(read_operand(o, OPT_REQUEST, 0, 1, "REQUEST_HASH", &text, err));
    CHAOS_TRY(read_hash("REQUEST_HASH", text, &report->request_hash, err));
    if (!options_has(o, OPT_RESPONSE)) {
        return error_set(err, CHAOS_E_USAGE, "--response", CHAOS_NO_OFFSET, "what is the answer, 0 to 100?");
    }
    CHAOS_TRY(read_count(o, OPT_RESPONSE, "--response", 100, &response, err));
    CHAOS_TRY(read_report_hash(o, &hash, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, NULL, err));
    CHAOS_TRY(choose_intent(s, &report->request_hash, &name, err));
    tx_step *step = report_step(report, "respond", &name);
    report->has_request = true;
    return chaos_validation_respond(s->registries, s->sender, name.text, &report->request_hash, (uint8_t)response,
                                    options_value(o, OPT_URI, 0), &hash, options_value(o, OPT_TAG, 0), &step->outcome,
                                    err);
}

int validation_respond(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "validation respond" };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    return code;
}
