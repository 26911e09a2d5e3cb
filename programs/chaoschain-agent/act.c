/* act.c - chaoschain agent act: one action of the agent, signed as a receipt. */
#include "agent_program.h"

#include <inttypes.h>

#define PROGRAM "chaoschain agent act"
#define OUT_MAX 65536u

enum {
    OPT_TYPE = AGENT_OPT_COUNT,
    OPT_PAYLOAD,
    OPT_INPUT,
    OPT_OUTPUT,
    OPT_KEEP,
};

static const option_row rows[] = {
    NET_ROWS,
    STORE_ROW,
    AGENT_ROWS,
    [OPT_TYPE] = { "TYPE", NULL, 2, false, "what the agent does, as shopping/cart" },
    [OPT_PAYLOAD] = { "--payload", "FILE", 1, false, "what it is about; - is standard input" },
    [OPT_INPUT] = { "--input", "FILE", 1, false, "what it was made from" },
    [OPT_OUTPUT] = { "--output", "FILE", 1, false, "what came of it" },
    [OPT_KEEP] = { "--keep", NULL, 1, false, "keep these bytes, too: they go into bundles" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " TYPE [--payload FILE] [--input FILE] [--output FILE] [--config FILE]\n"
                "       [OPTION]...\n"
                "Signs one action with a session key that the TEE makes for it, and keeps the receipt. Sends nothing\n"
                "and needs no keystore. For many actions of one session: 'chaoschain agent session'.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct deed {
    chaos_buffer payload, input, output;
    chaos_agent_reference agent;
    chaos_receipt receipt;
} deed;

static chaos_status read_part(const options *o, size_t row, const char *option, chaos_buffer *bytes, chaos_slice *part,
                              chaos_error *err)
{
    const char *path = options_value(o, row, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read(option, path, ACT_MAX_PART, bytes, err));
    if (bytes->size > ACT_MAX_PART) {
        return error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "more than %u bytes", ACT_MAX_PART);
    }
    *part = bytes->data == NULL ? slice("", 0) : buffer_slice(bytes); /* an empty file is there, too */
    return CHAOS_OK;
}

static chaos_status run(agent_session *a, options *o, deed *d, chaos_error *err)
{
    chaos_act act = CHAOS_ACT_INIT;
    CHAOS_TRY(read_operand(o, OPT_TYPE, 0, 1, "TYPE", &act.action_type, err));
    CHAOS_TRY(read_part(o, OPT_PAYLOAD, "--payload", &d->payload, &act.payload, err));
    CHAOS_TRY(read_part(o, OPT_INPUT, "--input", &d->input, &act.input, err));
    CHAOS_TRY(read_part(o, OPT_OUTPUT, "--output", &d->output, &act.output, err));
    act.keep = options_has(o, OPT_KEEP);
    CHAOS_TRY(agent_config_apply(&a->config, o, true, err));
    CHAOS_TRY(agent_session_open(a, o, PROGRAM, AGENT_ACTS, err));
    CHAOS_TRY(agent_session_id(a, &d->agent, err));
    return chaos_agent_act(a->agent, &act, &d->receipt, err);
}

static bool write_text(const agent_session *a, const deed *d, chaos_buffer *out)
{
    const chaos_action *action = &d->receipt.action;
    const chaos_keccak digest = chaos_action_digest(action);
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE], words[256];
    chaos_agent_reference_format(&d->agent, agent);
    return row_text(out, "agent", "%s", agent) && row_text(out, "receipt", "%" PRIu64, action->sequence) &&
           row_bytes(out, "  action", slice_text(action->action_type)) && row_hash(out, "  digest", &digest) &&
           row_time(out, "  signed at", (int64_t)action->issued_at) &&
           row_hash(out, "session", &action->evidence_hash) &&
           row_bytes(out, "store", slice_text((const char *)a->store.data)) &&
           buffer_append_format(out, "\nNext: chaoschain receipts anchor%s\n",
                                agent_config_words(&a->config, words, sizeof words));
}

static int say(const agent_session *a, const deed *d)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    const bool ok = a->s.json ? receipt_json(&d->agent, &d->receipt, &out) : write_text(a, d, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int agent_act(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    agent_session a = { .s = { .program = PROGRAM } };
    deed d = { .payload = CHAOS_BUFFER_INIT(ACT_MAX_PART + 1),
               .input = CHAOS_BUFFER_INIT(ACT_MAX_PART + 1),
               .output = CHAOS_BUFFER_INIT(ACT_MAX_PART + 1) };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&a, &o, &d, &err) == CHAOS_OK ? say(&a, &d) : agent_session_fault(&a, &err);
    agent_session_close(&a);
    chaos_buffer_free(&d.payload);
    chaos_buffer_free(&d.input);
    chaos_buffer_free(&d.output);
    return code;
}
