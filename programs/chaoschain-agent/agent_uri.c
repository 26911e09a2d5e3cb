/* agent_uri.c - chaoschain agent set-uri: another registration file for an agent. */
#include "agent_program.h"

#define PROGRAM "chaoschain agent set-uri"
#define MAX_DATA_URI (2u * CHAOS_MAX_REGISTRATION_FILE)

enum {
    OPT_ARGUMENTS = AGENT_OPT_COUNT,
    OPT_FILE,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    CONFIG_ROW,
    [OPT_ARGUMENTS] = { "AGENT [URI]", NULL, 3, false, "the agent, as 7 or eip155:N:0x...:7; the new URI" },
    [OPT_FILE] = { "--file", "FILE", 1, false, "put this registration file into the URI itself, checked" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT URI | AGENT --file FILE  --keystore FILE [OPTION]...\n"
                "Gives an agent another registration file. Nothing is sent when it has this one.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

/* What the chain says decides whether there is something to do: A, B and A again are three changes. */
chaos_status uri_intent(const chain_session *s, const chaos_agent_reference *agent, const char *uri, intent_name *name,
                        chaos_error *err)
{
    intent_hash hash;
    intent_name base;
    intent_begin(&hash, "agent-uri");
    intent_add(&hash, slice(agent->registry.bytes, sizeof agent->registry.bytes));
    intent_add(&hash, slice(agent->agent_id.bytes, sizeof agent->agent_id.bytes));
    intent_add_text(&hash, uri);
    CHAOS_TRY(intent_end(&hash, "agent-uri", &base, err));
    return intent_choose(s->sender, &base, INTENT_AGAIN, name, err);
}

/* A file of the operator's own is read as a stranger's would be: what nobody can read is not published. */
static chaos_status read_file(const char *path, const chaos_agent_reference *agent, chaos_buffer *uri,
                              chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, 0);
    CHAOS_AUTO(chaos_registration_file, file);
    CHAOS_TRY(input_read("--file", path, CHAOS_MAX_REGISTRATION_FILE, &text, err));
    CHAOS_TRY(chaos_registration_file_parse(buffer_slice(&text), &file, err));
    if (!chaos_registration_file_names(file, agent->chain_id, &agent->registry, &agent->agent_id)) {
        (void)error_set(err, CHAOS_E_REGISTRATION_FORMAT, "registrations", CHAOS_NO_OFFSET,
                        "the file does not name this agent");
        char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
        chaos_agent_reference_format(agent, name);
        error_expected(err, "%s", name);
        return CHAOS_E_REGISTRATION_FORMAT;
    }
    return data_uri_of(buffer_slice(&text), uri, err);
}

static chaos_status run(chain_session *s, options *o, agent_config *config, chaos_buffer *made, tx_report *report,
                        chaos_error *err)
{
    intent_name name;
    const char *who = NULL;
    const char *path = options_value(o, OPT_FILE, 0);
    const char *uri = options_value(o, OPT_ARGUMENTS, 1);
    CHAOS_TRY(read_operand(o, OPT_ARGUMENTS, 0, path == NULL ? 2 : 1, "AGENT URI, or AGENT --file FILE", &who, err));
    if (path == NULL && uri == NULL) {
        return usage_error(err, "arguments", who, "AGENT URI, or AGENT --file FILE");
    }
    CHAOS_TRY(agent_config_for(config, o, who, &report->agent, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    if (path != NULL) {
        CHAOS_TRY(read_file(path, &report->agent, made, err));
        uri = (const char *)made->data;
    }
    CHAOS_TRY(uri_intent(s, &report->agent, uri, &name, err));
    tx_step *step = report_step(report, "set URI", &name);
    report->has_agent = true;
    report->uri = slice_text(uri);
    return chaos_agent_set_uri(s->registries, s->sender, name.text, &report->agent.agent_id, uri, &step->outcome, err);
}

int agent_set_uri(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(made, MAX_DATA_URI);
    chain_session s = { .program = PROGRAM };
    agent_config config = { .path = NULL };
    tx_report report = { .action = "agent set-uri" };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &config, &made, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    agent_config_free(&config);
    return code;
}
