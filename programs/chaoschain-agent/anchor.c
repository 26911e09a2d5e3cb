/* anchor.c - chaoschain receipts anchor: the newest receipt on chain, so that it provably existed by that block. */
#include "agent_program.h"

#include <inttypes.h>

#define PROGRAM "chaoschain receipts anchor"
#define OUT_MAX 65536u

static const option_row rows[] = { NET_ROWS, SEND_ROWS, AGENT_ROWS };
static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [--config FILE] --keystore FILE [OPTION]...\n"
                "Writes the sequence and the digest of the agent's newest receipt on chain (tee.head): from that\n"
                "block on all receipts up to it provably existed. Sends nothing when the chain has them already.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct anchoring {
    chaos_agent_reference agent;
    chaos_address key;
    uint64_t sequence;
    chaos_keccak digest;
    tx_step step;
} anchoring;

/* Which receipt it is going to be; a newer one that another process makes meanwhile is anchored in its place. */
static chaos_status newest(agent_session *a, anchoring *n, chaos_error *err)
{
    chaos_receipt last;
    uint64_t count = 0;
    CHAOS_TRY(chaos_agent_receipt_count(a->agent, &count, err));
    if (count == 0) {
        (void)error_set(err, CHAOS_E_NOT_FOUND, "receipts", CHAOS_NO_OFFSET, "the agent has no receipt to anchor yet");
        error_expected(err, "'chaoschain agent act TYPE' makes one");
        return CHAOS_E_NOT_FOUND;
    }
    CHAOS_TRY(chaos_agent_receipt_at(a->agent, count - 1, &last, err));
    n->sequence = last.action.sequence;
    n->digest = chaos_action_digest(&last.action);
    return CHAOS_OK;
}

/* What the chain has now, unless nothing was sent. */
static chaos_status read_back(agent_session *a, anchoring *n, chaos_error *err)
{
    chaos_tee_head head;
    if (a->s.dry_run) {
        return CHAOS_OK;
    }
    CHAOS_TRY(chaos_tee_head_read(a->s.registries, &n->agent.agent_id, NULL, &head, err));
    n->sequence = head.sequence;
    n->digest = head.digest;
    return CHAOS_OK;
}

static chaos_status run(agent_session *a, options *o, anchoring *n, chaos_error *err)
{
    CHAOS_TRY(agent_config_apply(&a->config, o, true, err));
    CHAOS_TRY(agent_session_open(a, o, PROGRAM, AGENT_SENDS, err));
    CHAOS_TRY(agent_session_id(a, &n->agent, err));
    n->key = chaos_keypair_address(chaos_agent_keypair(a->agent));
    CHAOS_TRY(newest(a, n, err));
    CHAOS_TRY(chaos_agent_anchor(a->agent, &n->step.outcome, err));
    return read_back(a, n, err);
}

static bool write_json(const agent_session *a, const anchoring *n, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);
    chaos_agent_reference_format(&n->agent, agent);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", agent);
    json_write_0x(&w, "digest", slice(n->digest.bytes, sizeof n->digest.bytes));
    json_write_text(&w, "schema", "chaoschain/receipts-anchor/1");
    json_write_unsigned(&w, "sequence", n->sequence);
    report_json_step(&w, "transaction", &a->s, &n->step);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_text(const agent_session *a, const anchoring *n, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE], words[256];
    chaos_agent_reference_format(&n->agent, agent);
    bool ok = row_text(out, "agent", "%s", agent) && row_text(out, "newest receipt", "%" PRIu64, n->sequence) &&
              row_hash(out, "  digest", &n->digest) && report_text_step(&a->s, &n->step, out);
    if (a->config.path != NULL) {
        return ok && buffer_append_format(out, "\nNext: chaoschain receipts export%s --out FOLDER\n",
                                          agent_config_words(&a->config, words, sizeof words));
    }
    return ok && buffer_append_format(out,
                                      "\nNext: chaoschain receipts export \\\n  %s \\\n"
                                      "  --key %s --store %s --out FOLDER\n",
                                      agent, address_of(&n->key).text, shown((const char *)a->store.data).text);
}

static int say(const agent_session *a, const anchoring *n)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    const bool ok = a->s.json ? write_json(a, n, &out) : write_text(a, n, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

int receipts_anchor(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    agent_session a = { .s = { .program = PROGRAM } };
    anchoring n = { .step = { .what = "tee.head" } };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = run(&a, &o, &n, &err) == CHAOS_OK ? say(&a, &n) : agent_session_fault(&a, &err);
    agent_session_close(&a);
    return code;
}
