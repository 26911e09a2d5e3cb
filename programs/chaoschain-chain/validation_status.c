/* validation_status.c - chaoschain validation status: who was asked, and what the answer is. */
#include "chain_program.h"

#define PROGRAM "chaoschain validation status"
#define MAX_TAG 65536u
#define OUT_MAX (1024u * 1024u)

enum {
    OPT_REQUEST = NET_OPT_COUNT,
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_REQUEST] = { "REQUEST_HASH", NULL, 2, false, "0x and 64 hex digits" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " REQUEST_HASH [OPTION]...\n"
                "Shows a validation request: its agent, its validator, and the answer, if there is one.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "An answer of 0 and no answer look alike in the registry: the logs tell them apart.\n" CHAIN_EXIT_NOTES,
};

typedef struct status_report {
    chaos_keccak request;
    chaos_validation validation;
    chaos_agent_reference agent;
    chaos_buffer tag;
} status_report;

static bool write_json(const status_report *r, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    const chaos_validation *v = &r->validation;
    chaos_agent_reference_format(&r->agent, agent);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", agent);
    json_write_boolean(&w, "answered", v->is_answered);
    json_write_unsigned(&w, "last_update", (uint64_t)v->last_update);
    json_write_0x(&w, "request_hash", slice(r->request.bytes, sizeof r->request.bytes));
    if (v->is_answered) {
        json_write_unsigned(&w, "response", v->response);
        json_write_0x(&w, "response_hash", slice(v->response_hash.bytes, sizeof v->response_hash.bytes));
    }
    json_write_text(&w, "schema", "chaoschain/validation/1");
    if (v->is_answered) {
        json_write_bytes_as_text(&w, "tag", buffer_slice(&r->tag));
    }
    json_address(&w, "validator", &v->validator);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_text(const status_report *r, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    const chaos_validation *v = &r->validation;
    chaos_agent_reference_format(&r->agent, agent);
    bool ok = row_hash(out, "request hash", &r->request) && row_text(out, "agent", "%s", agent) &&
              row_address(out, "validator", &v->validator);
    if (!v->is_answered) {
        return ok && row_text(out, "answer", "none yet") && row_time(out, "requested", v->last_update);
    }
    ok = ok && row_text(out, "answer", "%u of 100", v->response);
    ok = ok && (r->tag.size == 0 || row_bytes(out, "tag", buffer_slice(&r->tag)));
    ok = ok && (slice_is_zero(slice(v->response_hash.bytes, sizeof v->response_hash.bytes)) ||
                row_hash(out, "report hash", &v->response_hash));
    return ok && row_time(out, "answered", v->last_update);
}

static chaos_status run(chain_session *s, const options *o, status_report *r, chaos_error *err)
{
    const char *text = NULL;
    CHAOS_TRY(read_operand(o, OPT_REQUEST, 0, 1, "REQUEST_HASH", &text, err));
    CHAOS_TRY(read_hash("REQUEST_HASH", text, &r->request, err));
    CHAOS_TRY(session_read(s, o, PROGRAM, NULL, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(chaos_validation_status(s->registries, &r->request, NULL, &r->validation, &r->tag, err));
    r->agent.agent_id = r->validation.agent_id;
    return session_agent(s, &r->agent, err);
}

int validation_status(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    status_report r = { .tag = CHAOS_BUFFER_INIT(MAX_TAG) };
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
    session_close(&s);
    chaos_buffer_free(&r.tag);
    return code;
}
