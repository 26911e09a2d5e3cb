/* feedback_revoke.c - chaoschain feedback revoke: one's own feedback taken back. */
#include "chain_program.h"

#define PROGRAM "chaoschain feedback revoke"

enum {
    OPT_ARGUMENTS = SEND_OPT_COUNT,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_ARGUMENTS] = { "AGENT INDEX", NULL, 3, false, "the agent; the number that 'feedback give' said" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT INDEX --keystore FILE [OPTION]...\n"
                "Takes feedback of the keystore's account back. It stays readable, and is marked revoked.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

static chaos_status choose_intent(const chain_session *s, const tx_report *report, intent_name *name, chaos_error *err)
{
    chaos_address registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_REPUTATION);
    intent_hash said;
    intent_name base;
    intent_begin(&said, "feedback-revoke");
    intent_add(&said, slice(registry.bytes, sizeof registry.bytes));
    intent_add(&said, slice(report->agent.agent_id.bytes, sizeof report->agent.agent_id.bytes));
    intent_add(&said, slice(&report->feedback_index, sizeof report->feedback_index));
    CHAOS_TRY(intent_end(&said, "feedback-revoke", &base, err));
    return intent_choose(s->sender, &base, INTENT_ONCE, name, err);
}

static chaos_status run(chain_session *s, const options *o, tx_report *report, chaos_error *err)
{
    const char *who = NULL, *number = NULL;
    intent_name name;
    CHAOS_TRY(read_operand(o, OPT_ARGUMENTS, 0, 2, "AGENT INDEX", &who, err));
    CHAOS_TRY(read_operand(o, OPT_ARGUMENTS, 1, 2, "AGENT INDEX", &number, err));
    CHAOS_TRY(agent_parse(who, &report->agent, err));
    if (!value_unsigned(number, UINT64_MAX / 16, &report->feedback_index) || report->feedback_index == 0) {
        return usage_error(err, "INDEX", number, "a number from 1 on");
    }
    CHAOS_TRY(session_open(s, o, PROGRAM, &report->agent, err));
    CHAOS_TRY(session_agent(s, &report->agent, err));
    CHAOS_TRY(choose_intent(s, report, &name, err));
    tx_step *step = report_step(report, "revoke", &name);
    report->has_agent = true;
    report->has_index = true;
    return chaos_feedback_revoke(s->registries, s->sender, name.text, &report->agent.agent_id, report->feedback_index,
                                 &step->outcome, err);
}

int feedback_revoke(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chain_session s = { .program = PROGRAM };
    tx_report report = { .action = "feedback revoke" };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&s, &o, &report, &err) == CHAOS_OK ? report_say(&s, &report) : session_fault(&s, &err);
    session_close(&s);
    return code;
}
