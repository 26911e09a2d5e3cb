/* check.c - chaoschain check: from an agent's id to one sentence. */
#include "chain_program.h"

#include <sys/random.h>
#include <unistd.h>

#define PROGRAM "chaoschain check"
#define OUT_MAX (4u * 1024u * 1024u)

enum {
    OPT_AGENT = NET_OPT_COUNT,
    OPT_FRESH,
    OPT_JUDGE,
    OPT_COUNT = OPT_JUDGE + JUDGE_OPT_COUNT
};

static const option_row rows[] = {
    NET_ROWS,
    [OPT_AGENT] = { "AGENT", NULL, 2, false, "the agent, as eip155:N:7 or eip155:N:0xREGISTRY:7" },
    [OPT_FRESH] = { "--fresh", NULL, 1, false, "ask the agent's own endpoint for evidence over a nonce of yours" },
    JUDGE_ROWS(OPT_JUDGE),
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " AGENT [OPTION]...\n"
                "Is this agent what it claims to be? Reads the registry through your node, fetches the evidence\n"
                "that it names, and judges it with your own roots, policy and collateral.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code: 0 AFFIRMING, 1 WARNING, 2 CONTRAINDICATED, 3 malformed evidence, 4 not trusted, or no TEE is\n"
             "claimed, 5 environment (network, node, collateral missing: nothing is judged), 64 usage, 70 internal.",
};

static const char *tier_name(const chaos_verdict *verdict)
{
    return verdict == NULL ? "NONE" : chaos_tier_name(chaos_verdict_tier(verdict));
}

static bool write_json(const chain_session *s, const chaos_agent_reference *agent, const chaos_agent_report *r,
                       chaos_buffer *out)
{
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);

    (void)s;
    chaos_agent_reference_format(agent, name);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", name);
    json_address(&w, "agent_wallet", &r->wallet);
    json_write_unsigned(&w, "block", r->block.number);
    json_write_0x(&w, "block_hash", slice(r->block.hash.bytes, sizeof r->block.hash.bytes));
    json_error(&w, "error", &r->fault);
    json_write_text(&w, "evidence_uri", r->has_evidence ? r->metadata.evidence_uri : NULL);
    json_write_boolean(&w, "has_evidence", r->has_evidence);
    json_address(&w, "owner", &r->owner);
    json_write_text(&w, "schema", "chaoschain/check/1");
    json_write_text(&w, "sentence", r->sentence);
    json_write_text(&w, "tier", tier_name(r->verdict));
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && json_with_verdict(out, r->verdict);
}

static bool write_text(const chaos_agent_reference *agent, const chaos_agent_report *r, chaos_buffer *out)
{
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    bool ok;

    chaos_agent_reference_format(agent, name);
    ok = text_wrapped(out, 0, r->sentence) && buffer_append_text(out, "\n") && row_text(out, "agent", "%s", name) &&
         row_address(out, "owner", &r->owner) && row_address(out, "agentWallet", &r->wallet) &&
         row_text(out, "read at", "block %llu", (unsigned long long)r->block.number);
    if (ok && r->fault.status != CHAOS_OK) {
        ok = row_text(out, "not judged", "%s: %s", chaos_status_name(r->fault.status), r->fault.text) &&
             (r->fault.expected[0] == '\0' || row_text(out, "  expected", "%s", r->fault.expected)) &&
             (r->fault.found[0] == '\0' || row_text(out, "  found", "%s", r->fault.found));
    }
    return ok && (r->verdict == NULL || (buffer_append_text(out, "\n") &&
                                         chaos_verdict_write_text(r->verdict, out, NULL) == CHAOS_OK));
}

static int exit_of(const chaos_agent_report *r)
{
    if (r->verdict != NULL) {
        return chaos_verdict_exit_code(r->verdict);
    }
    if (r->fault.status == CHAOS_OK) {
        return EXIT_UNTRUSTED; /* it claims no TEE */
    }
    /* What kept us from judging is not the evidence's fault, whatever its class: hash, URI, collateral. */
    return chaos_status_class(r->fault.status) == CHAOS_CLASS_INTERNAL ? EXIT_INTERNAL : EXIT_ENVIRONMENT;
}

/* What to do where nothing could be judged. False: nobody is listening. */
static bool say_next(const chaos_agent_report *r)
{
    static const char stale[] = "'chaoschain collateral fetch' gets collateral that is valid now";
    static const char silent[] = "a server that it depends on does not answer: try again, or give --content FOLDER and "
                                 "--collateral FILE in place of what is fetched";
    static const struct {
        chaos_status status;
        const char *next;
    } advice[] = {
        { CHAOS_E_COLLATERAL_MISSING, "give --collateral FILE, or --collateral-cache DIR to fetch it" },
        { CHAOS_E_TCB_INFO_EXPIRED, stale },
        { CHAOS_E_QE_IDENTITY_EXPIRED, stale },
        { CHAOS_E_CRL_EXPIRED, stale },
        { CHAOS_E_NOT_AVAILABLE, "give --gateway https://HOST/ipfs/ to fetch ipfs:, or --content FOLDER that has it" },
        { CHAOS_E_NETWORK, silent },
        { CHAOS_E_TIMEOUT, silent },
    };
    bool ok = true;

    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(advice); i++) {
        if (advice[i].status == r->fault.status) {
            ok = say_text(STDERR_FILENO, PROGRAM ": ") && say_text(STDERR_FILENO, advice[i].next) &&
                 say_text(STDERR_FILENO, "\n");
        }
    }
    return ok;
}

static chaos_status run(chain_session *s, const options *o, judging *j, chaos_agent_reference *agent,
                        chaos_agent_report *report, chaos_error *err)
{
    const bool fresh = options_has(o, OPT_FRESH);
    const char *who = NULL;
    chaos_u256 nonce;

    CHAOS_TRY(read_operand(o, OPT_AGENT, 0, 1, "AGENT", &who, err));
    CHAOS_TRY(agent_parse(who, agent, err));
    CHAOS_TRY(session_read(s, o, PROGRAM, agent, err));
    CHAOS_TRY(session_registries(s, err));
    CHAOS_TRY(session_agent(s, agent, err));
    CHAOS_TRY(judge_open(j, s, OPT_JUDGE, err));
    if (fresh && getrandom(nonce.bytes, sizeof nonce.bytes, 0) != (ssize_t)sizeof nonce.bytes) {
        return error_set(err, CHAOS_E_INTERNAL, "--fresh", CHAOS_NO_OFFSET, "the system gives no randomness");
    }
    return chaos_validator_check_agent(j->validator, &agent->agent_id, fresh ? &nonce : NULL, judge_now(j), report,
                                       err);
}

int verb_check(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    chaos_agent_reference agent = { 0 };
    chaos_agent_report report = { .verdict = NULL };
    chain_session s = { .program = PROGRAM };
    judging j = JUDGE_INIT;
    int code = session_options(&table, argc, argv, &o, &helped);

    if (code != 0 || helped) {
        return code;
    }
    if (run(&s, &o, &j, &agent, &report, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
    } else if (s.json ? !write_json(&s, &agent, &report, &out) : !write_text(&agent, &report, &out)) {
        code = say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    } else {
        code = say_result(PROGRAM, buffer_slice(&out), exit_of(&report));
        if (!s.json && !say_next(&report)) {
            code = EXIT_ENVIRONMENT;
        }
    }
    chaos_verdict_free(report.verdict);
    judge_close(&j);
    session_close(&s);
    return code;
}
