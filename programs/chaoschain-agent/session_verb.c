/* session_verb.c - chaoschain agent session: one session key for all the actions that come on standard input. An agent
 * of any language keeps this process beside it: a line in is an action, a line out its receipt. */
#include "agent_program.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRAM "chaoschain agent session"
#define OUT_MAX 65536u
#define LINE_SIZE (4u * 1024u * 1024u)

static const option_row rows[] = { NET_ROWS, STORE_ROW, AGENT_ROWS };
static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--config FILE] [OPTION]... < ACTIONS\n"
                "Begins a session: the TEE makes a key, quoted with the code that holds it. Then each line of\n"
                "standard input is an action: {\"type\":\"shopping/cart\",\"payload\":\"TEXT\"} with payload, input,\n"
                "output (text) or payload_file, input_file, output_file, and \"keep\":true to keep the bytes. Each\n"
                "line of the answer is JSON: the session, then a receipt or an error for each action. Ends with\n"
                "standard input.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Sends nothing and needs no keystore. A newer session of the same agent and store ends this one\n"
             "(LOCKED). Exit code: 0 every action has its receipt, 3 some line was no action, 5 environment,\n"
             "64 usage, 70 internal.",
};

/* ------------------------------------------------------------------- lines ---- */

typedef struct line_reader {
    char *bytes; /* LINE_SIZE + 1 */
    size_t begin, end;
    bool at_end;
    uint64_t number; /* of the line that was read last */
} line_reader;

typedef enum line_end {
    LINE_READ,
    LINE_NONE,
    LINE_TOO_LONG
} line_end;

static bool fill(line_reader *r)
{
    memmove(r->bytes, r->bytes + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    ssize_t got;
    do {
        got = read(STDIN_FILENO, r->bytes + r->end, LINE_SIZE - r->end);
    } while (got < 0 && errno == EINTR);
    r->at_end = got <= 0;
    r->end += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next line, with a NUL in place of its end. */
static line_end next_line(line_reader *r, char **line)
{
    for (;;) {
        char *from = r->bytes + r->begin;
        char *end = memchr(from, '\n', r->end - r->begin);
        if (end != NULL || (r->at_end && r->end > r->begin)) {
            end = end == NULL ? r->bytes + r->end : end;
            *end = '\0';
            r->begin = (size_t)(end - r->bytes) + (end < r->bytes + r->end ? 1 : 0);
            r->number++;
            *line = from;
            return LINE_READ;
        }
        if (r->at_end) {
            return LINE_NONE;
        }
        if (r->begin == 0 && r->end == LINE_SIZE) {
            r->number++;
            return LINE_TOO_LONG;
        }
        (void)fill(r);
    }
}

/* ----------------------------------------------------------------- actions ---- */

typedef struct action_line {
    json_t *json;
    chaos_buffer bytes[3];
    chaos_act act;
} action_line;

static const char *const parts[] = { "payload", "input", "output" };

static chaos_status bad_line(const char *member, const char *what, chaos_error *err)
{
    return error_set(err, CHAOS_E_JSON, member, CHAOS_NO_OFFSET, "%s", what);
}

static chaos_status take_part(action_line *line, size_t which, const char *name, const json_t *value, chaos_error *err)
{
    chaos_slice *const slots[] = { &line->act.payload, &line->act.input, &line->act.output };
    const bool is_file = strlen(name) > strlen(parts[which]);
    const char *text = json_string_value(value);
    if (text == NULL || slots[which]->data != NULL) {
        return bad_line(parts[which], text == NULL ? "it is to be a text" : "it is given twice", err);
    }
    if (!is_file) {
        *slots[which] = slice(text, json_string_length(value));
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read(parts[which], text, ACT_MAX_PART, &line->bytes[which], err));
    if (line->bytes[which].size > ACT_MAX_PART) {
        return bad_line(parts[which], "the file is too large", err);
    }
    *slots[which] = line->bytes[which].data == NULL ? slice("", 0) : buffer_slice(&line->bytes[which]);
    return CHAOS_OK;
}

static chaos_status take_member(action_line *line, const char *name, const json_t *value, chaos_error *err)
{
    if (strcmp(name, "type") == 0) {
        line->act.action_type = json_string_value(value);
        return line->act.action_type != NULL ? CHAOS_OK : bad_line("type", "it is to be a text", err);
    }
    if (strcmp(name, "keep") == 0) {
        line->act.keep = json_is_true(value);
        return json_is_boolean(value) ? CHAOS_OK : bad_line("keep", "it is to be true or false", err);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(parts); i++) {
        const size_t length = strlen(parts[i]);
        if (strncmp(name, parts[i], length) == 0 && (name[length] == '\0' || strcmp(name + length, "_file") == 0)) {
            return take_part(line, i, name, value, err);
        }
    }
    (void)bad_line("action", "a member is not known", err);
    error_found(err, "%s", shown(name).text);
    return CHAOS_E_JSON;
}

static chaos_status read_action(action_line *line, const char *text, chaos_error *err)
{
    json_error_t why;
    const char *name;
    json_t *value;
    line->json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(line->json)) {
        return bad_line("action", "the line is no JSON object", err);
    }
    json_object_foreach(line->json, name, value)
    {
        CHAOS_TRY(take_member(line, name, value, err));
    }
    return line->act.action_type != NULL ? CHAOS_OK : bad_line("type", "an action has a type", err);
}

static void free_action(action_line *line)
{
    json_decref(line->json);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(line->bytes); i++) {
        chaos_buffer_free(&line->bytes[i]);
    }
}

/* ----------------------------------------------------------------- answers ---- */

static bool session_json(const agent_session *a, const chaos_agent_reference *agent, chaos_buffer *out)
{
    const chaos_evidence *evidence = chaos_agent_session_evidence(a->agent);
    const chaos_keccak hash = chaos_evidence_hash(evidence);
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    chaos_binding binding;
    chaos_address key;
    if (!chaos_evidence_binding(evidence, &binding)) {
        return false;
    }
    const chaos_report_data data = chaos_binding_report_data(&binding);
    memcpy(key.bytes, data.bytes, sizeof key.bytes);
    chaos_agent_reference_format(agent, name);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", name);
    json_write_0x(&w, "evidence_hash", slice(hash.bytes, sizeof hash.bytes));
    json_write_unsigned(&w, "expires_at", binding.expires_at);
    json_write_text(&w, "schema", "chaoschain/agent-session/1");
    json_address(&w, "session_key", &key);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool error_json(uint64_t line, const chaos_error *err, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_error(&w, "error", err);
    json_write_unsigned(&w, "line", line);
    json_write_text(&w, "schema", "chaoschain/agent-error/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static chaos_status act_on(agent_session *a, const char *text, chaos_receipt *receipt, chaos_error *err)
{
    action_line line = { .act = CHAOS_ACT_INIT };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(line.bytes); i++) {
        line.bytes[i] = (chaos_buffer)CHAOS_BUFFER_INIT(ACT_MAX_PART + 1);
    }
    chaos_status status = read_action(&line, text, err);
    if (status == CHAOS_OK) {
        status = chaos_agent_act(a->agent, &line.act, receipt, err);
    }
    free_action(&line);
    return status;
}

/* 0, or the exit code with which all of it is over. */
static int answer(agent_session *a, const chaos_agent_reference *agent, const line_reader *r, const char *text,
                  int *worst)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    chaos_error err = { 0 };
    chaos_receipt receipt;
    const bool good = act_on(a, text, &receipt, &err) == CHAOS_OK;
    if (!good && *worst == 0) {
        *worst = chain_exit(err.status);
    }
    if (good ? !receipt_json(agent, &receipt, &out) : !error_json(r->number, &err, &out)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    return say_result(PROGRAM, buffer_slice(&out), 0);
}

static int answer_all(agent_session *a, const chaos_agent_reference *agent)
{
    line_reader r = { .bytes = calloc(1, LINE_SIZE + 1) };
    char *line = NULL;
    int code = 0, worst = 0;
    line_end end = LINE_READ;
    if (r.bytes == NULL) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    while (code == 0 && (end = next_line(&r, &line)) == LINE_READ) {
        code = line[0] == '\0' ? 0 : answer(a, agent, &r, line, &worst);
    }
    if (code == 0 && end == LINE_TOO_LONG) {
        code = say_failure(PROGRAM, EXIT_MALFORMED, "line %" PRIu64 " has more than %u bytes", r.number, LINE_SIZE);
    }
    free(r.bytes);
    return code != 0 ? code : worst;
}

static chaos_status begin(agent_session *a, options *o, chaos_agent_reference *agent, chaos_error *err)
{
    CHAOS_TRY(agent_config_apply(&a->config, o, true, err));
    CHAOS_TRY(agent_session_open(a, o, PROGRAM, AGENT_ACTS, err));
    CHAOS_TRY(agent_session_id(a, agent, err));
    return chaos_agent_begin_session(a->agent, err);
}

static int say_session(agent_session *a, const chaos_agent_reference *agent)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    return session_json(a, agent, &out) ? say_result(PROGRAM, buffer_slice(&out), 0)
                                        : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int agent_begin_session(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chaos_agent_reference agent;
    agent_session a = { .s = { .program = PROGRAM } };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = begin(&a, &o, &agent, &err) == CHAOS_OK ? say_session(&a, &agent) : agent_session_fault(&a, &err);
    code = code == 0 && a.agent != NULL ? answer_all(&a, &agent) : code;
    agent_session_close(&a);
    return code;
}
