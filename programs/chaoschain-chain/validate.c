/* validate.c - chaoschain validate: answers requests for validation, named ones or all that come, once each. */
#include "chain_program.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#define PROGRAM "chaoschain validate"
#define OUT_MAX (1024u * 1024u)
#define MAX_REQUESTS 16
#define MAX_PENDING 65536u
#define FIRST_PAUSE_S 5
#define LAST_PAUSE_S 600
#define POLL_S 2

enum {
    OPT_REQUEST = SEND_OPT_COUNT,
    OPT_WATCH,
    OPT_ONCE,
    OPT_FROM_BLOCK,
    OPT_JUDGE,
    OPT_COUNT = OPT_JUDGE + JUDGE_OPT_COUNT
};

static const option_row rows[] = {
    NET_ROWS,
    SEND_ROWS,
    [OPT_REQUEST] = { "REQUEST_HASH", NULL, MAX_REQUESTS, false, "0x and 64 hex digits; again for others" },
    [OPT_WATCH] = { "--watch", NULL, 1, false, "answer whatever the chain asks this account, until stopped" },
    [OPT_ONCE] = { "--once", NULL, 1, false, "with --watch: what waits now, then end" },
    [OPT_FROM_BLOCK] = { "--from-block", "N", 1, false, "look for requests from there, not from the registry's first" },
    JUDGE_ROWS(OPT_JUDGE),
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " REQUEST_HASH... | --watch [OPTION]...\n"
                "Answers requests for validation as their validator, once each: 100 AFFIRMING, 50 WARNING, 0\n"
                "CONTRAINDICATED where the agent committed to its evidence. Where anything of our own may be at\n"
                "fault it says nothing on chain and tries again. With --dry-run it judges and sends nothing, and\n"
                "needs no keystore.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Exit code, of the last request: 0, 1 or 2 answered with 100, 50 or 0 (or was before), 3\n"
             "refused: a request for another, or whose file does not fit the chain; 5 nothing can be said now\n"
             "(network, node, content, collateral, confirmations), 7 funds missing, 8 registries disagree,\n"
             "64 usage, 70 internal.",
};

/* ---------------------------------------------------------------------- showing ---- */

static bool write_json(const chaos_keccak *hash, const chaos_agent_reference *agent,
                       const chaos_validation_result *r, bool dry_run, chaos_buffer *out)
{
    const bool decided = r->decision == CHAOS_DECISION_ANSWER || r->decision == CHAOS_DECISION_DONE;
    const bool sent = r->decision == CHAOS_DECISION_ANSWER && !dry_run;
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    json_writer w = json_writer_begin(out);

    chaos_agent_reference_format(agent, name);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent", name);
    json_write_unsigned(&w, "block", r->block.number);
    json_write_text(&w, "decision", chaos_decision_name(r->decision));
    json_write_boolean(&w, "dry_run", dry_run);
    json_error(&w, "error", &r->reason);
    json_write_text(&w, "report_hash", decided ? hex_of(&r->report_hash).text : NULL);
    json_write_text(&w, "report_uri", r->report_uri[0] == '\0' ? NULL : r->report_uri);
    json_write_0x(&w, "request_hash", slice(hash->bytes, sizeof hash->bytes));
    if (decided) {
        json_write_unsigned(&w, "response", r->response);
    } else {
        json_write_null(&w, "response");
    }
    json_write_text(&w, "schema", "chaoschain/validation-result/1");
    json_write_text(&w, "tag", decided ? r->tag : NULL);
    json_write_text(&w, "transaction", sent ? hex_of(&r->outcome.transaction_hash).text : NULL);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_text(const chaos_keccak *hash, const chaos_agent_reference *agent,
                       const chaos_validation_result *r, bool dry_run, chaos_buffer *out)
{
    const bool decided = r->decision == CHAOS_DECISION_ANSWER || r->decision == CHAOS_DECISION_DONE;
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    bool ok;

    chaos_agent_reference_format(agent, name);
    ok = row_hash(out, "request", hash) && row_text(out, "agent", "%s", name) &&
         row_text(out, "decision", "%s%s", chaos_decision_name(r->decision),
                  dry_run && r->decision == CHAOS_DECISION_ANSWER ? " (dry run: nothing was sent)" : "");
    if (ok && decided) {
        ok = row_text(out, "response", "%u of 100, %s", r->response, r->tag);
    }
    if (ok && r->reason.status != CHAOS_OK) {
        ok = row_text(out, "reason", "%s: %s", chaos_status_name(r->reason.status), r->reason.text);
    }
    if (ok && r->report_uri[0] != '\0') {
        ok = row_text(out, "report", "%s", r->report_uri);
    }
    return ok && (r->decision != CHAOS_DECISION_ANSWER || dry_run ||
                  row_hash(out, "transaction", &r->outcome.transaction_hash));
}

static int exit_of(const chaos_validation_result *r)
{
    switch (r->decision) {
    case CHAOS_DECISION_ANSWER:
    case CHAOS_DECISION_DONE:
        return r->response == 100 ? EXIT_AFFIRMING : r->response > 0 ? EXIT_WARNING
                                                                     : EXIT_CONTRAINDICATED;
    case CHAOS_DECISION_REFUSE:
        return EXIT_MALFORMED;
    case CHAOS_DECISION_RETRY:
        break;
    }
    return r->reason.status == CHAOS_E_FUNDS || r->reason.status == CHAOS_E_REGISTRY ? chain_exit(r->reason.status)
                                                                                     : EXIT_ENVIRONMENT;
}

static int show(const chain_session *s, const chaos_keccak *hash, const chaos_validation_result *r)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    chaos_agent_reference agent = { .chain_id = s->network.chain_id, .has_registry = true };
    bool ok;

    agent.registry = chaos_registries_address(s->registries, CHAOS_REGISTRY_IDENTITY);
    agent.agent_id = r->agent_id;
    ok = s->json ? write_json(hash, &agent, r, s->dry_run, &out) : write_text(hash, &agent, r, s->dry_run, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), exit_of(r))
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

/* One request; *result has the decision, its verdict is freed. */
static chaos_status judge_one(const chain_session *s, const judging *j, const chaos_keccak *hash,
                              chaos_validation_result *result, int *code, chaos_error *err)
{
    CHAOS_TRY(chaos_validator_validate(j->validator, hash, judge_now(j), result, err));
    chaos_verdict_free(result->verdict);
    result->verdict = NULL;
    *code = show(s, hash, result);
    return CHAOS_OK;
}

/* --------------------------------------------------------------------- watching ---- */

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

typedef struct pending {
    chaos_keccak hash;
    time_t next;
    int pause;
} pending;

typedef struct watch {
    const chain_session *s;
    const judging *j;
    pending *list;
    size_t count;
    int code; /* of the last one */
} watch;

static chaos_status take_request(void *context, const chaos_log *log, chaos_error *err)
{
    watch *x = context;
    chaos_event event;

    CHAOS_TRY(chaos_registries_event(x->s->registries, log, &event, err));
    if (event.kind != CHAOS_EVENT_VALIDATION_REQUEST) {
        return CHAOS_OK;
    }
    for (size_t i = 0; i < x->count; i++) {
        if (memcmp(&x->list[i].hash, &event.of.validation_request.request_hash, sizeof x->list[i].hash) == 0) {
            return CHAOS_OK; /* again, after a reorganisation */
        }
    }
    if (x->count == MAX_PENDING) {
        return error_set(err, CHAOS_E_LIMIT, "requests", CHAOS_NO_OFFSET, "more than %u requests wait", MAX_PENDING);
    }
    x->list[x->count++] = (pending){ event.of.validation_request.request_hash, 0, FIRST_PAUSE_S };
    return CHAOS_OK;
}

/* A request that a reorganisation took away is asked about again, and is NOT_FOUND: a retry. */
static chaos_status keep_requests(void *context, uint64_t from, chaos_error *err)
{
    (void)context;
    (void)from;
    (void)err;
    return CHAOS_OK;
}

static chaos_status open_logs(watch *x, chaos_log_reader **logs, chaos_error *err)
{
    const chaos_address registry = chaos_registries_address(x->s->registries, CHAOS_REGISTRY_VALIDATION);
    const chaos_address self = chaos_sender_address(x->s->sender);
    const chaos_keccak topic = chaos_event_topic(CHAOS_EVENT_VALIDATION_REQUEST);
    chaos_log_reader_options how = CHAOS_LOG_READER_OPTIONS_INIT;
    chaos_keccak who = { { 0 } };

    memcpy(who.bytes + 12, self.bytes, sizeof self.bytes);
    how.rpc = x->s->rpc;
    how.addresses = &registry;
    how.address_count = 1;
    how.topics[0].any_of = &topic;
    how.topics[1].any_of = &who;
    how.topics[0].count = how.topics[1].count = 1;
    how.first_block = x->s->network.first_block;
    CHAOS_TRY(read_count(x->s->o, OPT_FROM_BLOCK, "--from-block", INT64_MAX, &how.first_block, err));
    how.context = x;
    how.on_log = take_request;
    how.on_rollback = keep_requests;
    return chaos_log_reader_open(&how, logs, err);
}

/* Everything that is due; what is to be tried again stays, for longer each time. */
static chaos_status judge_pending(watch *x, chaos_error *err)
{
    size_t kept = 0;
    chaos_status status = CHAOS_OK;

    for (size_t i = 0; i < x->count; i++) {
        pending p = x->list[i];
        chaos_validation_result result = { .decision = CHAOS_DECISION_RETRY };

        if (status == CHAOS_OK && !stopped && p.next <= time(NULL)) {
            status = judge_one(x->s, x->j, &p.hash, &result, &x->code, err);
            p.next = time(NULL) + p.pause;
            p.pause = p.pause < LAST_PAUSE_S / 2 ? 2 * p.pause : LAST_PAUSE_S;
        }
        if (result.decision == CHAOS_DECISION_RETRY) {
            x->list[kept++] = p;
        }
    }
    x->count = kept;
    return status;
}

static chaos_status follow(watch *x, chaos_log_reader *logs, chaos_error *err)
{
    const struct timespec pause = { POLL_S, 0 };
    const bool once = options_has(x->s->o, OPT_ONCE);
    chaos_status status;

    do {
        status = chaos_log_reader_poll(logs, NULL, err);
        if (status != CHAOS_OK && (once || chaos_status_class(status) != CHAOS_CLASS_ENV)) {
            return status;
        }
        if (status != CHAOS_OK) { /* the node is away: it comes back */
            (void)chain_fault(PROGRAM, err);
        }
        CHAOS_TRY(judge_pending(x, err));
        if (!once && !stopped) {
            (void)nanosleep(&pause, NULL);
        }
    } while (!once && !stopped);
    return CHAOS_OK;
}

static chaos_status run_watch(watch *x, chaos_error *err)
{
    const struct sigaction on_stop = { .sa_handler = stop };
    chaos_log_reader *logs = NULL;
    chaos_status status;

    if (x->s->sender == NULL) {
        return usage_error(err, "--watch", "no keystore", "--keystore FILE: whose requests?");
    }
    x->list = calloc(MAX_PENDING, sizeof *x->list);
    if (x->list == NULL) {
        return no_memory(err);
    }
    (void)sigaction(SIGINT, &on_stop, NULL);
    (void)sigaction(SIGTERM, &on_stop, NULL);
    status = open_logs(x, &logs, err);
    if (status == CHAOS_OK) {
        status = follow(x, logs, err);
    }
    chaos_log_reader_free(logs);
    free(x->list);
    return status;
}

/* ------------------------------------------------------------------------- verb ---- */

static chaos_status run_named(watch *x, chaos_error *err)
{
    const char *text;

    for (size_t i = 0; (text = options_value(x->s->o, OPT_REQUEST, i)) != NULL; i++) {
        chaos_validation_result result = { 0 };
        chaos_keccak hash;

        CHAOS_TRY(read_hash("REQUEST_HASH", text, &hash, err));
        CHAOS_TRY(judge_one(x->s, x->j, &hash, &result, &x->code, err));
    }
    return CHAOS_OK;
}

static chaos_status check_question(const options *o, chaos_error *err)
{
    if (options_has(o, OPT_REQUEST) == options_has(o, OPT_WATCH)) {
        return error_set(err, CHAOS_E_USAGE, "REQUEST_HASH", CHAOS_NO_OFFSET,
                         "which request? give its hash, or --watch; not both");
    }
    if (options_has(o, OPT_ONCE) && !options_has(o, OPT_WATCH)) {
        return error_set(err, CHAOS_E_USAGE, "--once", CHAOS_NO_OFFSET, "it goes with --watch");
    }
    if (!options_has(o, SEND_OPT_DRY_RUN) && !options_has(o, OPT_JUDGE + JUDGE_OPT_CONTENT)) {
        return error_set(err, CHAOS_E_USAGE, "--content", CHAOS_NO_OFFSET,
                         "where are reports published? --content FOLDER; with --dry-run there are none");
    }
    return CHAOS_OK;
}

/* Who only judges needs no account; where one is named, other people's requests are refused as they would be. */
static chaos_status open_session(chain_session *s, const options *o, chaos_error *err)
{
    const char *variable = getenv("CHAOS_KEYSTORE");
    const bool has_keystore = options_has(o, SEND_OPT_KEYSTORE) || (variable != NULL && variable[0] != '\0');

    CHAOS_TRY(session_read(s, o, PROGRAM, NULL, err));
    CHAOS_TRY(session_registries(s, err));
    s->dry_run = options_has(o, SEND_OPT_DRY_RUN);
    return s->dry_run && !has_keystore ? CHAOS_OK : session_sender(s, err);
}

int verb_validate(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    chaos_status status;
    chain_session s = { .program = PROGRAM };
    judging j = JUDGE_INIT;
    watch x = { &s, &j, NULL, 0, EXIT_AFFIRMING };
    int code = session_options(&table, argc, argv, &o, &helped);

    if (code != 0 || helped) {
        return code;
    }
    status = check_question(&o, &err);
    if (status == CHAOS_OK) {
        status = open_session(&s, &o, &err);
    }
    if (status == CHAOS_OK) {
        status = judge_open(&j, &s, OPT_JUDGE, &err);
    }
    if (status == CHAOS_OK) {
        status = options_has(&o, OPT_WATCH) ? run_watch(&x, &err) : run_named(&x, &err);
    }
    code = status == CHAOS_OK ? x.code : session_fault(&s, &err);
    judge_close(&j);
    session_close(&s);
    return code;
}
