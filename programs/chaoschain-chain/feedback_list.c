/* feedback_list.c - chaoschain feedback list: what clients say of an agent. */
#include "chain_program.h"

#include <inttypes.h>

#define PROGRAM "chaoschain feedback list"
#define OUT_MAX (64u * 1024u * 1024u)
#define MAX_CLIENTS 32
#define MAX_TAG_SHOWN 20

enum {
    OPT_AGENT = NET_OPT_COUNT,
    OPT_CLIENT,
    OPT_TAG1,
    OPT_TAG2,
    OPT_REVOKED,
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as 7 or eip155:N:0x...:7" },
    [OPT_CLIENT] = { "--client", "ADDR", MAX_CLIENTS, false, "of this client; again for others; all by default" },
    [OPT_TAG1] = { "--tag1", "TAG", 1, false, "with this first tag" },
    [OPT_TAG2] = { "--tag2", "TAG", 1, false, "with this second tag" },
    [OPT_REVOKED] = { "--revoked", NULL, 1, false, "what was taken back, too; it never counts" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT [OPTION]...\n"
                "Lists an agent's feedback, and its mean. Anybody can give feedback under any number of addresses:\n"
                "name the clients that you know with --client.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct feedback_report {
    chaos_agent_reference agent;
    chaos_feedback_list *list;
    chaos_feedback_summary summary; /* of what is not revoked */
    chaos_address clients[MAX_CLIENTS];
    size_t client_count;
} feedback_report;

static void json_entry(json_writer *w, const chaos_feedback *f)
{
    char value[CHAOS_DECIMAL_TEXT_SIZE];
    chaos_decimal_format(&f->value, f->decimals, value);
    json_write_object(w, NULL);
    json_address(w, "client", &f->client);
    json_write_unsigned(w, "index", f->index);
    json_write_boolean(w, "revoked", f->is_revoked);
    json_write_bytes_as_text(w, "tag1", f->tag1);
    json_write_bytes_as_text(w, "tag2", f->tag2);
    json_write_text(w, "value", value);
    json_write_object_end(w);
}

static bool write_json(const feedback_report *r, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE], mean[CHAOS_DECIMAL_TEXT_SIZE];
    chaos_agent_reference_format(&r->agent, agent);
    chaos_decimal_format(&r->summary.value, r->summary.decimals, mean);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", agent);
    json_write_unsigned(&w, "count", r->summary.count);
    json_write_array(&w, "feedback");
    for (size_t i = 0; i < chaos_feedback_list_count(r->list); i++) {
        json_entry(&w, chaos_feedback_list_at(r->list, i));
    }
    json_write_array_end(&w);
    json_write_text(&w, "mean", r->summary.count == 0 ? NULL : mean);
    json_write_text(&w, "schema", "chaoschain/feedback/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool text_entry(const chaos_feedback *f, chaos_buffer *out)
{
    char value[CHAOS_DECIMAL_TEXT_SIZE], tag1[MAX_TAG_SHOWN], tag2[MAX_TAG_SHOWN];
    chaos_decimal_format(&f->value, f->decimals, value);
    return buffer_append_format(out, "%-42s %4" PRIu64 " %10s  %-18s %s%s\n", address_of(&f->client).text, f->index,
                                value, error_quote(tag1, sizeof tag1, f->tag1),
                                error_quote(tag2, sizeof tag2, f->tag2), f->is_revoked ? " (revoked)" : "");
}

static bool write_text(const feedback_report *r, chaos_buffer *out)
{
    char mean[CHAOS_DECIMAL_TEXT_SIZE];
    size_t count = chaos_feedback_list_count(r->list);
    if (count == 0) {
        return buffer_append_text(out, "There is none.\n");
    }
    bool ok = buffer_append_format(out, "%-42s %4s %10s  %-18s %s\n", "CLIENT", "NO", "VALUE", "TAG1", "TAG2");
    for (size_t i = 0; ok && i < count; i++) {
        ok = text_entry(chaos_feedback_list_at(r->list, i), out);
    }
    chaos_decimal_format(&r->summary.value, r->summary.decimals, mean);
    return ok && (r->summary.count == 0
                      ? buffer_append_text(out, "No mean: all of it was taken back.\n")
                      : buffer_append_format(out, "Mean of %" PRIu64 ": %s%s\n", r->summary.count, mean,
                                             r->client_count == 0 ? " (of clients that nobody vouches for)" : ""));
}

static chaos_status run(chain_session *s, const options *o, feedback_report *r, chaos_error *err)
{
    const char *who = NULL, *client;
    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    CHAOS_TRY(agent_parse(who, &r->agent, err));
    for (; (client = options_value(o, OPT_CLIENT, r->client_count)) != NULL; r->client_count++) {
        CHAOS_TRY(read_address("--client", client, &r->clients[r->client_count], err));
    }
    CHAOS_TRY(session_read(s, o, PROGRAM, &r->agent, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(session_agent(s, &r->agent, err));
    chaos_address owner;
    CHAOS_TRY(chaos_agent_owner(s->registries, &r->agent.agent_id, NULL, &owner, err)); /* is there such an agent? */
    CHAOS_TRY(chaos_feedback_read_all(s->registries, &r->agent.agent_id, r->clients, r->client_count,
                                      options_value(o, OPT_TAG1, 0), options_value(o, OPT_TAG2, 0),
                                      options_has(o, OPT_REVOKED), NULL, &r->list, err));
    return chaos_feedback_list_summary(r->list, &r->summary, err);
}

int feedback_list(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    feedback_report r = { .client_count = 0 };
    chain_session s = { .program = PROGRAM };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    if (run(&s, &o, &r, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
    } else if (s.json ? !write_json(&r, &out) : !write_text(&r, &out)) {
        code = say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    } else {
        code = say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING);
    }
    chaos_feedback_list_free(r.list);
    session_close(&s);
    return code;
}
