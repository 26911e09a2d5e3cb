/* request.c - chaoschain agent request-validation: asks a validator, and answers with a quote over the question. */
#include "agent_program.h"

#include <inttypes.h>
#include <stdio.h>

#define PROGRAM "chaoschain agent request-validation"
#define OUT_MAX 65536u
#define MAX_CONTENT 16
#define MAX_CONTENT_FILE (1024u * 1024u)

enum {
    OPT_VALIDATOR = AGENT_OPT_COUNT,
    OPT_CONTENT,
    OPT_AGAIN,
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    AGENT_ROWS,
    [OPT_VALIDATOR] = { "--validator", "ADDR", 1, false, "who shall judge" },
    [OPT_CONTENT] = { "--content", "NAME=FILE", MAX_CONTENT, false, "work to be judged, too: it is published" },
    [OPT_AGAIN] = { "--again", "N", 1, false, "the N-th further request of the same words; 0 is the default" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --validator ADDR [--content NAME=FILE]... [--config FILE]\n"
                "       --keystore FILE [OPTION]...\n"
                "Puts a request on chain, has the TEE quote its hash, publishes that envelope where the request\n"
                "says, and commits to it (tee.answer). Repeated, also after a crash, it goes on with the same\n"
                "request.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Needs a place that has an address: --publish-base, or the agent's --endpoint.\n" CHAIN_EXIT_NOTES,
};

typedef struct asking {
    chaos_address validator;
    chaos_request_content content[MAX_CONTENT];
    char uris[MAX_CONTENT][CHAOS_CONTENT_URI_SIZE];
    char names[MAX_CONTENT][64];
    size_t count;
    uint64_t again;
    chaos_agent_reference agent;
    chaos_keccak hash;
    tx_step step;
} asking;

/* "NAME=FILE": the file is published under its own name, which is made of it. */
static chaos_status add_content(agent_session *a, asking *q, const char *text, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, MAX_CONTENT_FILE + 1);
    const size_t i = q->count, length = strcspn(text, "=");
    if (text[length] == '\0' || text[length + 1] == '\0' || length == 0 || length >= sizeof q->names[i]) {
        return usage_error(err, "--content", text, "NAME=FILE, the name of at most 63 characters");
    }
    memcpy(q->names[i], text, length);
    CHAOS_TRY(input_read("--content", text + length + 1, MAX_CONTENT_FILE, &bytes, err));
    if (bytes.size > MAX_CONTENT_FILE) {
        return error_set(err, CHAOS_E_USAGE, "--content", CHAOS_NO_OFFSET, "more than %u bytes", MAX_CONTENT_FILE);
    }
    CHAOS_TRY(chaos_content_put(a->content, buffer_slice(&bytes), q->uris[i], err));
    q->content[i] = (chaos_request_content){ q->names[i], q->uris[i], chaos_content_hash(buffer_slice(&bytes)) };
    q->count++;
    return CHAOS_OK;
}

static chaos_status read_words(const options *o, asking *q, chaos_error *err)
{
    const char *validator = options_value(o, OPT_VALIDATOR, 0);
    if (validator == NULL) {
        return error_set(err, CHAOS_E_USAGE, "--validator", CHAOS_NO_OFFSET, "who shall judge?");
    }
    if (options_has(o, SEND_OPT_DRY_RUN)) {
        return error_set(err, CHAOS_E_USAGE, "--dry-run", CHAOS_NO_OFFSET,
                         "a request cannot be made dry: its answer is a quote over its hash");
    }
    CHAOS_TRY(read_count(o, OPT_AGAIN, "--again", UINT32_MAX, &q->again, err));
    return read_address("--validator", validator, &q->validator, err);
}

static chaos_status run(agent_session *a, options *o, asking *q, chaos_error *err)
{
    const char *text;
    CHAOS_TRY(read_words(o, q, err));
    CHAOS_TRY(agent_config_apply(&a->config, o, true, err));
    CHAOS_TRY(agent_session_open(a, o, PROGRAM, AGENT_SENDS, err));
    CHAOS_TRY(agent_session_id(a, &q->agent, err));
    for (size_t i = 0; (text = options_value(o, OPT_CONTENT, i)) != NULL; i++) {
        CHAOS_TRY(add_content(a, q, text, err));
    }
    return chaos_agent_request_validation(a->agent, &q->validator, q->content, q->count, (uint32_t)q->again, &q->hash,
                                          &q->step.outcome, err);
}

static bool write_json(const agent_session *a, const asking *q, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);
    chaos_agent_reference_format(&q->agent, agent);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", agent);
    json_write_0x(&w, "request_hash", slice(q->hash.bytes, sizeof q->hash.bytes));
    json_write_text(&w, "schema", "chaoschain/agent-request/1");
    report_json_step(&w, "transaction", &a->s, &q->step);
    json_address(&w, "validator", &q->validator);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_text(const agent_session *a, const asking *q, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    chaos_agent_reference_format(&q->agent, agent);
    return row_text(out, "agent", "%s", agent) && row_address(out, "validator", &q->validator) &&
           row_hash(out, "request hash", &q->hash) && report_text_step(&a->s, &q->step, out) &&
           buffer_append_format(out, "\nNext, as the validator: chaoschain validate \\\n  %s\n", hex_of(&q->hash).text);
}

static int say(const agent_session *a, const asking *q)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    const bool ok = a->s.json ? write_json(a, q, &out) : write_text(a, q, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int agent_request_validation(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    agent_session a = { .s = { .program = PROGRAM } };
    asking q = { .step = { .what = "request" } };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&a, &o, &q, &err) == CHAOS_OK ? say(&a, &q) : agent_session_fault(&a, &err);
    agent_session_close(&a);
    return code;
}
