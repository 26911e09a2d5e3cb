/* agent_metadata.c - chaoschain agent set-metadata: a key of an agent's metadata. */
#include "agent_program.h"

#define PROGRAM "chaoschain agent set-metadata"
#define MAX_VALUE (24u * 1024u) /* about what one transaction can store */

enum {
    OPT_ARGUMENTS = AGENT_OPT_COUNT,
    OPT_FILE,
    OPT_CLEAR,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    CONFIG_ROW,
    [OPT_ARGUMENTS] = { "AGENT KEY [VALUE]", NULL, 4, false, "the agent; the key; text, or bytes as 0x..." },
    [OPT_FILE] = { "--file", "FILE", 1, false, "the value is what this file holds" },
    [OPT_CLEAR] = { "--clear", NULL, 1, false, "take the value away" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT KEY VALUE | AGENT KEY --file FILE | --clear\n"
                "       --keystore FILE [OPTION]...\n"
                "Writes one key of an agent's metadata. Nothing is sent when it has this value.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "The key agentWallet is the registry's own: 'agent set-wallet' changes it.\n" CHAIN_EXIT_NOTES,
};

static chaos_status read_value(const options *o, chaos_buffer *storage, chaos_slice *value, chaos_error *err)
{
    static const char wanted[] = "AGENT KEY VALUE, or AGENT KEY with --file FILE or --clear";
    const char *path = options_value(o, OPT_FILE, 0);
    const char *text = options_value(o, OPT_ARGUMENTS, 2);
    bool clear = options_has(o, OPT_CLEAR);
    const char *extra = options_value(o, OPT_ARGUMENTS, 3);
    if (extra != NULL || (path != NULL) + (text != NULL) + (clear ? 1 : 0) != 1) {
        (void)error_set(err, CHAOS_E_USAGE, "arguments", CHAOS_NO_OFFSET, "one value for one key");
        error_expected(err, "%s", wanted);
        return CHAOS_E_USAGE;
    }
    if (text != NULL) {
        return metadata_value("VALUE", text, storage, value, err);
    }
    if (path != NULL) {
        CHAOS_TRY(input_read("--file", path, MAX_VALUE, storage, err));
        *value = buffer_slice(storage);
        return storage->size <= MAX_VALUE && storage->size > 0
                   ? CHAOS_OK
                   : usage_error(err, "--file", path, "a file of 1 to 24576 bytes");
    }
    return CHAOS_OK;
}

static chaos_status choose_intent(const chain_session *s, const chaos_agent_reference *agent, const char *key,
                                  chaos_slice value, intent_name *name, chaos_error *err)
{
    intent_hash hash;
    intent_name base;
    intent_begin(&hash, "agent-metadata");
    intent_add(&hash, slice(agent->registry.bytes, sizeof agent->registry.bytes));
    intent_add(&hash, slice(agent->agent_id.bytes, sizeof agent->agent_id.bytes));
    intent_add_text(&hash, key);
    intent_add(&hash, value);
    CHAOS_TRY(intent_end(&hash, "agent-metadata", &base, err));
    return intent_choose(s->sender, &base, INTENT_AGAIN, name, err);
}

static chaos_status run(chain_session *s, options *o, agent_config *config, tx_report *report, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(storage, MAX_VALUE);
    chaos_slice value = { NULL, 0 };
    intent_name name;
    const char *who = NULL, *key = NULL;
    CHAOS_TRY(read_operand(o, OPT_ARGUMENTS, 0, 3, "AGENT KEY VALUE", &who, err));
    CHAOS_TRY(read_operand(o, OPT_ARGUMENTS, 1, 3, "AGENT KEY VALUE", &key, err));
    CHAOS_TRY(read_value(o, &storage, &value, err));
    CHAOS_TRY(agent_config_for(config, o, who, &report->agent, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    CHAOS_TRY(choose_intent(s, &report->agent, key, value, &name, err));
    tx_step *step = report_step(report, "set metadata", &name);
    report->has_agent = true;
    return chaos_agent_set_metadata(s->registries, s->sender, name.text, &report->agent.agent_id, key, value,
                                    &step->outcome, err);
}

int agent_set_metadata(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    agent_config config = { .path = NULL };
    tx_report report = { .action = "agent set-metadata" };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &config, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    agent_config_free(&config);
    return code;
}
