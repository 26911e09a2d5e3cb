/* reputation.c - chaoschain reputation: what of an agent's feedback was given while it provably acted from a TEE. */
#include "chain_program.h"

#include <inttypes.h>
#include <stdio.h>

#define PROGRAM "chaoschain reputation"
#define WHY_COLUMN 13 /* under the row that it explains */
#define OUT_MAX (64u * 1024u * 1024u)
#define MAX_LISTED 24
#define DAY_S 86400u
#define MAX_DAYS 3650u

enum {
    OPT_AGENT = NET_OPT_COUNT,
    OPT_VALIDATOR,
    OPT_CLIENT,
    OPT_MAX_AGE,
    OPT_AT_BLOCK,
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as eip155:N:7 or eip155:N:0xREGISTRY:7" },
    [OPT_VALIDATOR] = { "--validator", "ADDR", MAX_LISTED, false, "a validator that you trust; again for others" },
    [OPT_CLIENT] = { "--client", "ADDR", MAX_LISTED, false, "feedback of this client alone; again for others" },
    [OPT_MAX_AGE] = { "--max-age", "DAYS", 1, false, "for which an answer holds; 30 is the default" },
    [OPT_AT_BLOCK] = { "--at-block", "N", 1, false, "read up to this block; the head is the default" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT --validator ADDR [OPTION]...\n"
                "Splits an agent's feedback by what the logs prove: given while validators that you trust had\n"
                "vouched for its TEE, for a simulated one, or neither. Who owns the agent, or acts for its owner,\n"
                "vouches for nothing.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Without --client everybody's feedback counts; anybody can give it under many names.\n" CHAIN_EXIT_NOTES,
};

static const char *meaning_of(chaos_backing backing)
{
    switch (backing) {
    case CHAOS_BACKING_TEE:
        return "a validator of yours had vouched for hardware";
    case CHAOS_BACKING_SIMULATED:
        return "vouched for a SIMULATED TEE; never hardware";
    case CHAOS_BACKING_NONE:
        return "nothing proves a TEE at that time";
    }
    return "";
}

static chaos_status total(const chaos_reputation *r, chaos_backing backing, chaos_buffer *out, chaos_error *err)
{
    chaos_feedback_summary summary;
    char mean[CHAOS_DECIMAL_TEXT_SIZE];

    CHAOS_TRY(chaos_reputation_summary(r, backing, &summary, err));
    chaos_decimal_format(&summary.value, summary.decimals, mean);
    return row_text(out, chaos_backing_name(backing), "%6" PRIu64 "  mean %-12s %s", summary.count,
                    summary.count == 0 ? "-" : mean, meaning_of(backing))
               ? CHAOS_OK
               : no_memory(err);
}

static bool text_row(const chaos_reputation_row *row, chaos_buffer *out)
{
    char value[CHAOS_DECIMAL_TEXT_SIZE], why[sizeof row->why + 40];

    chaos_decimal_format(&row->value, row->decimals, value);
    (void)snprintf(why, sizeof why, "%s%s", row->why, row->is_revoked ? " (taken back: counts nowhere)" : "");
    return buffer_append_format(out, "%10" PRIu64 " %-42s %4" PRIu64 " %10s  %s\n%*s", row->block_number,
                                address_of(&row->client).text, row->index, value,
                                row->is_revoked ? "revoked" : chaos_backing_name(row->backing), WHY_COLUMN, "") &&
           text_wrapped(out, WHY_COLUMN, why);
}

static chaos_status write_text(const chaos_reputation *r, size_t client_count, chaos_buffer *out, chaos_error *err)
{
    const size_t count = chaos_reputation_row_count(r);
    bool ok = true;

    CHAOS_TRY(total(r, CHAOS_BACKING_TEE, out, err));
    CHAOS_TRY(total(r, CHAOS_BACKING_SIMULATED, out, err));
    CHAOS_TRY(total(r, CHAOS_BACKING_NONE, out, err));
    ok = row_text(out, "read up to", "block %" PRIu64 "%s", chaos_reputation_block(r),
                  client_count == 0 ? "; of clients that nobody vouches for" : "");
    if (ok && count > 0) {
        ok = buffer_append_format(out, "\n%10s %-42s %4s %10s  %s, AND WHY\n", "BLOCK", "CLIENT", "NO", "VALUE",
                                  "COUNTS AS");
    }
    for (size_t i = 0; ok && i < count; i++) {
        ok = text_row(chaos_reputation_row_at(r, i), out);
    }
    return ok ? CHAOS_OK : no_memory(err);
}

typedef struct wanted {
    chaos_address validators[MAX_LISTED], clients[MAX_LISTED];
    chaos_agent_reference agent;
    chaos_reputation_options options;
} wanted;

static chaos_status read_list(const options *o, size_t row, chaos_address *list, size_t *count, chaos_error *err)
{
    const char *text;

    for (*count = 0; (text = options_value(o, row, *count)) != NULL; ++*count) {
        CHAOS_TRY(read_address(rows[row].name, text, &list[*count], err));
    }
    return CHAOS_OK;
}

static chaos_status read_wanted(const options *o, wanted *x, chaos_error *err)
{
    chaos_reputation_options *r = &x->options;
    const char *who = NULL;
    uint64_t days = 0;

    *r = (chaos_reputation_options)CHAOS_REPUTATION_OPTIONS_INIT;
    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    CHAOS_TRY(agent_parse(who, &x->agent, err));
    CHAOS_TRY(read_list(o, OPT_VALIDATOR, x->validators, &r->validator_count, err));
    CHAOS_TRY(read_list(o, OPT_CLIENT, x->clients, &r->client_count, err));
    CHAOS_TRY(read_count(o, OPT_MAX_AGE, "--max-age", MAX_DAYS, &days, err));
    r->max_age_s = days * DAY_S;
    r->has_last_block = options_has(o, OPT_AT_BLOCK);
    CHAOS_TRY(read_count(o, OPT_AT_BLOCK, "--at-block", INT64_MAX, &r->last_block, err));
    r->validators = x->validators;
    r->clients = x->clients;
    if (r->validator_count == 0) {
        (void)error_set(err, CHAOS_E_USAGE, "--validator", CHAOS_NO_OFFSET,
                        "whom do you trust? without a validator nothing counts as given to a TEE");
        error_expected(err, "--validator ADDR");
        return CHAOS_E_USAGE;
    }
    return CHAOS_OK;
}

static chaos_status run(chain_session *s, const options *o, wanted *x, chaos_reputation **reputation,
                        chaos_error *err)
{
    chaos_address owner;

    CHAOS_TRY(read_wanted(o, x, err));
    CHAOS_TRY(session_read(s, o, PROGRAM, &x->agent, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(session_agent(s, &x->agent, err));
    CHAOS_TRY(chaos_agent_owner(s->registries, &x->agent.agent_id, NULL, &owner, err)); /* is there such an agent? */
    x->options.registries = s->registries;
    x->options.agent_id = x->agent.agent_id;
    x->options.first_block = s->network.first_block;
    x->options.on_progress = progress_blocks;
    x->options.context = &x->options.first_block;
    return chaos_reputation_read(&x->options, reputation, err);
}

static chaos_status write_report(const chain_session *s, const wanted *x, const chaos_reputation *r, chaos_buffer *out,
                                 chaos_error *err)
{
    if (!s->json) {
        return write_text(r, x->options.client_count, out, err);
    }
    CHAOS_TRY(chaos_reputation_write_json(r, out, err));
    return buffer_append_text(out, "\n") ? CHAOS_OK : no_memory(err);
}

int verb_reputation(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    wanted x = { .agent = { 0 } };
    chaos_reputation *reputation = NULL;
    chain_session s = { .program = PROGRAM };
    int code = session_options(&table, argc, argv, &o, &helped);

    if (code != 0 || helped) {
        return code;
    }
    if (run(&s, &o, &x, &reputation, &err) != CHAOS_OK || write_report(&s, &x, reputation, &out, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
    } else {
        progress_end();
        code = say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING);
    }
    chaos_reputation_free(reputation);
    session_close(&s);
    return code;
}
