/* identity.c - chaoschain agent register (with a TEE), agent renew: an identity on chain with evidence behind it. */
#include "agent_program.h"

#define RENEW "chaoschain agent renew"
#define OUT_MAX 65536u

static const option_row renew_rows[] = { NET_ROWS, SEND_ROWS, AGENT_ROWS };
static const option_table renew_table = {
    .program = RENEW,
    .synopsis = "Usage: " RENEW " [--config FILE] --keystore FILE [OPTION]...\n"
                "Has the TEE make new evidence for a registered agent, and puts it on chain: after an upgrade of the\n"
                "application, and before the old evidence expires.",
    .rows = renew_rows,
    .count = CHAOS_ARRAY_SIZE(renew_rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct identity {
    const char *action; /* "agent register" */
    chaos_agent_reference agent;
    chaos_address owner, wallet;
    chaos_keccak transaction, evidence; /* transaction: zero when another journal sent it */
    bool has_transaction;
    chaos_tee_metadata metadata;
    chaos_buffer uri;
} identity;

/* What the chain says of it now. */
static chaos_status read_identity(const agent_session *a, identity *i, chaos_error *err)
{
    CHAOS_TRY(agent_session_id(a, &i->agent, err));
    i->evidence = chaos_evidence_hash(chaos_agent_evidence(a->agent));
    i->has_transaction = !slice_is_zero(slice(i->transaction.bytes, sizeof i->transaction.bytes));
    CHAOS_TRY(chaos_agent_owner(a->s.registries, &i->agent.agent_id, NULL, &i->owner, err));
    CHAOS_TRY(chaos_agent_wallet(a->s.registries, &i->agent.agent_id, NULL, &i->wallet, err));
    CHAOS_TRY(chaos_agent_uri(a->s.registries, &i->agent.agent_id, NULL, &i->uri, err));
    return chaos_tee_metadata_read(a->s.registries, &i->agent.agent_id, NULL, &i->metadata, err);
}

static bool is_simulated(const identity *i)
{
    return (i->metadata.present & CHAOS_TEE_FIELD_SIMULATED) != 0;
}

static bool identity_json(const agent_session *a, const identity *i, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);
    chaos_agent_reference_format(&i->agent, agent);
    json_write_object(&w, NULL);
    json_write_text(&w, "action", i->action);
    json_write_text(&w, "agent", agent);
    json_write_unsigned(&w, "chain_id", a->s.network.chain_id);
    json_write_0x(&w, "evidence_hash", slice(i->evidence.bytes, sizeof i->evidence.bytes));
    json_write_text(&w, "evidence_uri", i->metadata.evidence_uri);
    json_write_unsigned(&w, "expires", (uint64_t)i->metadata.expires);
    json_address(&w, "owner", &i->owner);
    json_write_text(&w, "provider", chaos_tee_name(a->tee));
    json_write_text(&w, "schema", "chaoschain/agent-identity/1");
    json_write_boolean(&w, "simulated", is_simulated(i));
    json_write_text(&w, "store", (const char *)a->store.data);
    json_write_text(&w, "transaction", i->has_transaction ? hex_of(&i->transaction).text : NULL);
    json_write_bytes_as_text(&w, "uri", buffer_slice(&i->uri));
    json_address(&w, "wallet", &i->wallet);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool identity_text(const agent_session *a, const identity *i, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE], words[256];
    chaos_agent_reference_format(&i->agent, agent);
    bool ok = row_text(out, "agent", "%s", agent) && row_address(out, "owner", &i->owner) &&
              row_address(out, "wallet", &i->wallet) &&
              row_text(out, "  key made by", "%s%s", chaos_tee_name(a->tee),
                       is_simulated(i) ? " (SIMULATED: no hardware vouches for it)" : "") &&
              row_hash(out, "evidence", &i->evidence) && row_bytes(out, "  at", slice_text(i->metadata.evidence_uri)) &&
              row_time(out, "  until", i->metadata.expires) && row_bytes(out, "URI", buffer_slice(&i->uri));
    ok = ok && (!i->has_transaction || row_hash(out, "transaction", &i->transaction));
    ok = ok && row_bytes(out, "store", slice_text((const char *)a->store.data));
    return ok && buffer_append_format(out, "\nNext: chaoschain agent act TYPE --payload FILE%s\n",
                                      agent_config_words(&a->config, words, sizeof words));
}

static int say_identity(agent_session *a, identity *i, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    if (read_identity(a, i, err) != CHAOS_OK) {
        return agent_session_fault(a, err);
    }
    if (a->s.json ? !identity_json(a, i, &out) : !identity_text(a, i, &out)) {
        return say_failure(a->s.program, EXIT_INTERNAL, "out of memory");
    }
    return say_result(a->s.program, buffer_slice(&out), EXIT_AFFIRMING);
}

static chaos_status do_register(agent_session *a, options *o, const char *program, identity *i, chaos_error *err)
{
    chaos_u256 id;
    CHAOS_TRY(agent_session_open(a, o, program, AGENT_SENDS, err));
    return chaos_agent_register_identity(a->agent, NULL, &id, &i->transaction, err);
}

int register_attested(agent_session *a, options *o, const char *program)
{
    chaos_error err = { 0 };
    identity i = { .action = "agent register", .uri = CHAOS_BUFFER_INIT(CHAOS_MAX_CALL_RESULT) };
    int code = do_register(a, o, program, &i, &err) == CHAOS_OK ? say_identity(a, &i, &err)
                                                                : agent_session_fault(a, &err);
    chaos_buffer_free(&i.uri);
    return code;
}

/* ------------------------------------------------------------------- renew ---- */

static chaos_status do_renew(agent_session *a, options *o, chaos_error *err)
{
    chaos_agent_reference agent;
    CHAOS_TRY(agent_config_apply(&a->config, o, true, err));
    if (options_has(o, SEND_OPT_DRY_RUN)) {
        return error_set(err, CHAOS_E_USAGE, "--dry-run", CHAOS_NO_OFFSET,
                         "evidence cannot be renewed dry: each step needs what the one before it made");
    }
    CHAOS_TRY(agent_session_open(a, o, RENEW, AGENT_SENDS, err));
    CHAOS_TRY(agent_session_id(a, &agent, err));
    return chaos_agent_renew_evidence(a->agent, err);
}

int agent_renew(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    agent_session a = { .s = { .program = RENEW } };
    identity i = { .action = "agent renew", .uri = CHAOS_BUFFER_INIT(CHAOS_MAX_CALL_RESULT) };
    int code = session_options(&renew_table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = do_renew(&a, &o, &err) == CHAOS_OK ? say_identity(&a, &i, &err) : agent_session_fault(&a, &err);
    chaos_buffer_free(&i.uri);
    agent_session_close(&a);
    return code;
}
