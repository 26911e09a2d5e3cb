/* feedback_give.c - chaoschain feedback give: a number and two tags for an agent. */
#include "chain_program.h"

#define PROGRAM "chaoschain feedback give"
#define MAX_FEEDBACK_FILE (16u * 1024u * 1024u)

enum {
    OPT_AGENT = SEND_OPT_COUNT,
    OPT_VALUE,
    OPT_TAG1,
    OPT_TAG2,
    OPT_ENDPOINT,
    OPT_URI,
    OPT_FILE,
    OPT_AGAIN,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as 7 or eip155:N:0x...:7" },
    [OPT_VALUE] = { "--value", "NUMBER", 1, false, "87, -0.32, 99.77: at most 18 decimals" },
    [OPT_TAG1] = { "--tag1", "TAG", 1, false, "what is judged: tee-verified, starred, uptime, ..." },
    [OPT_TAG2] = { "--tag2", "TAG", 1, false, "the service" },
    [OPT_ENDPOINT] = { "--endpoint", "URL", 1, false, "where the agent was used" },
    [OPT_URI] = { "--uri", "URI", 1, false, "where more about it is" },
    [OPT_FILE] = { "--file", "FILE", 1, false, "what is there: its hash goes on chain" },
    [OPT_AGAIN] = { "--again", NULL, 1, false, "a second feedback of these words" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT --value NUMBER --keystore FILE [OPTION]...\n"
                "Gives feedback. The same command gives it once; the owner of an agent cannot give it any.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

static chaos_status read_draft(const options *o, chaos_feedback_draft *draft, chaos_error *err)
{
    const char *value = options_value(o, OPT_VALUE, 0);
    const char *path = options_value(o, OPT_FILE, 0);
    if (value == NULL) {
        return error_set(err, CHAOS_E_USAGE, "--value", CHAOS_NO_OFFSET, "how many points?");
    }
    draft->tag1 = options_value(o, OPT_TAG1, 0);
    draft->tag2 = options_value(o, OPT_TAG2, 0);
    draft->endpoint = options_value(o, OPT_ENDPOINT, 0);
    draft->uri = options_value(o, OPT_URI, 0);
    CHAOS_TRY(chaos_decimal_parse(value, &draft->value, &draft->decimals, err));
    return path == NULL ? CHAOS_OK : hash_of_file("--file", path, MAX_FEEDBACK_FILE, &draft->hash, err);
}

static chaos_status choose_intent(const chain_session *s, const chaos_agent_reference *agent,
                                  const chaos_feedback_draft *draft, intent_name *name, chaos_error *err)
{
    chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_REPUTATION);
    intent_hash said;
    intent_name base;
    intent_begin(&said, "feedback-give");
    intent_add(&said, slice(registry.bytes, sizeof registry.bytes));
    intent_add(&said, slice(agent->agent_id.bytes, sizeof agent->agent_id.bytes));
    intent_add_text(&said, options_value(s->o, OPT_VALUE, 0));
    intent_add_text(&said, draft->tag1);
    intent_add_text(&said, draft->tag2);
    intent_add_text(&said, draft->endpoint);
    intent_add_text(&said, draft->uri);
    intent_add(&said, slice(draft->hash.bytes, sizeof draft->hash.bytes));
    CHAOS_TRY(intent_end(&said, "feedback-give", &base, err));
    return intent_choose(s->sender, &base, options_has(s->o, OPT_AGAIN) ? INTENT_AGAIN : INTENT_ONCE, name, err);
}

static chaos_status run(chain_session *s, const options *o, tx_report *report, chaos_error *err)
{
    const char *who = NULL;
    chaos_feedback_draft draft = { 0 };
    intent_name name;
    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    CHAOS_TRY(agent_parse(who, &report->agent, err));
    CHAOS_TRY(read_draft(o, &draft, err));
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    CHAOS_TRY(choose_intent(s, &report->agent, &draft, &name, err));
    tx_step *step = report_step(report, "give", &name);
    report->has_agent = true;
    CHAOS_TRY(chaos_feedback_give(s->registries, s->sender, name.text, &report->agent.agent_id, &draft,
                                  &report->feedback_index, &step->outcome, err));
    report->has_index = !s->dry_run || step->outcome.was_done;
    return CHAOS_OK;
}

int feedback_give(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "feedback give", .repeat = "--again gives it a second time." };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    return code;
}
