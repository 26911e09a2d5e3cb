/* bob.c - the validator. This process loads no provider; trust root, collateral and policy are those of its own command
 * line, and the chain is read through its own connection. */
#include "studio.h"

#include <time.h>

CHAOS_CLEANUP(chaos_evidence);

#define MAX_BUNDLE (16u * 1024u * 1024u)
#define MAX_BLOCKS 8
#define BLOCK_SIZE 96

typedef struct bob {
    world w;
    beliefs b;
    chaos_address self;
    chaos_u256 alice;
    char output_uri[CHAOS_CONTENT_URI_SIZE];
    chaos_keccak request;
    step_status good;
} bob;

/* -------------------------------------------------------------- register ---- */

static int step_register(bob *x, report *r)
{
    chaos_error err = { 0 };
    chaos_u256 id;
    chaos_keccak tx = { { 0 } };
    char text[CHAOS_ADDRESS_TEXT_SIZE], nonce[65];
    step_begin(r, "bob-register", "registering Bob");
    if (register_plain(&x->w, "Bob", "Judges evidence.", "studio/bob/register", &id, &tx, &err) != CHAOS_OK ||
        state_secret(x->w.s, "bob.nonce", nonce, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    chaos_address_format(&x->self, text);
    if (note_put(&x->w, "bob", text, &err) != CHAOS_OK || note_put(&x->w, "challenge", nonce, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_row_address(r, "address", &x->self);
    char number[CHAOS_U256_TEXT_SIZE];
    chaos_u256_format(&id, number);
    if (note_put(&x->w, "bob-agent", number, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_row(r, "agent id", "%s", number);
    step_transaction(r, x->w.rpc, &tx);
    step_end(r, STEP_PASS, "Bob is an agent, too: a validator without a TEE");
    return 0;
}

/* ----------------------------------------------------------------- judge ---- */

static chaos_status wait_for_request(bob *x, chaos_error *err)
{
    const int64_t deadline = now_ms() + (int64_t)x->w.s->wait_s * 1000;
    for (;;) {
        chaos_hash_list *list = NULL;
        CHAOS_TRY(chaos_validation_of_validator(x->w.registries, &x->self, NULL, &list, err));
        const size_t count = chaos_hash_list_count(list);
        if (count > 0) {
            x->request = *chaos_hash_list_at(list, count - 1);
        }
        chaos_hash_list_free(list);
        if (count > 0) {
            return CHAOS_OK;
        }
        if (now_ms() >= deadline) {
            return error_set(err, CHAOS_E_TIMEOUT, "request", CHAOS_NO_OFFSET, "nobody asked Bob within %u s",
                             x->w.s->wait_s);
        }
        pause_ms(100);
    }
}

static chaos_status open_validator(const bob *x, bool answers, chaos_validator **validator, chaos_error *err)
{
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;
    config.registries = x->w.registries;
    config.content = x->w.content;
    config.trust = x->b.trust;
    config.policy = (chaos_slice){ x->b.policy_bytes.data, x->b.policy_bytes.size };
    config.collateral = (chaos_slice){ x->b.collateral.data, x->b.collateral.size };
    if (answers) {
        config.sender = x->w.sender;
        config.store = x->w.store;
    }
    return chaos_validator_open(&config, validator, err);
}

/* A request or an answer that is too young, or bytes that are not there yet, are asked for again. */
static chaos_status validate(bob *x, bool answers, chaos_validation_result *result, chaos_error *err)
{
    chaos_validator *validator = NULL;
    const int64_t deadline = now_ms() + (int64_t)x->w.s->wait_s * 1000;
    chaos_status status;
    CHAOS_TRY(open_validator(x, answers, &validator, err));
    for (;;) {
        status = chaos_validator_validate(validator, &x->request, (int64_t)time(NULL), result, err);
        const bool again = status == CHAOS_OK && result->decision == CHAOS_DECISION_RETRY &&
                           result->reason.status != CHAOS_E_COLLATERAL_MISSING && now_ms() < deadline;
        if (!again) {
            break;
        }
        chaos_verdict_free(result->verdict);
        pause_ms(is_local(&x->w) ? 200 : 2000);
    }
    chaos_validator_free(validator);
    return status;
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static bool is_simulated(const char *verdict_json)
{
    return strstr(verdict_json, "\"anchor\":\"simulated\"") != NULL;
}

static int say_verdict(bob *x, report *r, const chaos_validation_result *result)
{
    CHAOS_AUTO_BUFFER(said, CHAOS_MAX_VERDICT);
    chaos_error err = { 0 };
    if (chaos_verdict_write_json(result->verdict, &said, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const char *text = said.size == 0 ? "" : (const char *)said.data;
    const chaos_error *why = chaos_verdict_error(result->verdict);
    x->good = is_simulated(text) ? STEP_SIMULATED : STEP_PASS;
    step_row(r, "verdict", "%s, %u of 100", chaos_tier_name(chaos_verdict_tier(result->verdict)), result->response);
    step_row(r, "anchor", "%s", is_simulated(text) ? "simulated: no hardware vouches for it" : "of the command line");
    step_row(r, "checks", "%zu passed, %zu failed, %zu not checked", occurrences(text, "\"result\":\"pass\""),
             occurrences(text, "\"result\":\"fail\""), occurrences(text, "\"result\":\"not-checked\""));
    if (result->response == 0) {
        return step_fail_text(r, "refused: %s", why == NULL ? result->reason.text : chaos_status_name(why->status));
    }
    step_end(r, x->good, "Bob fetches Alice's answer and checks all of it");
    return 0;
}

static int step_check(bob *x, report *r)
{
    chaos_error err = { 0 };
    chaos_validation_result result = { .decision = 0 };
    step_begin(r, "bob-check", "waiting for a request, and checking the evidence");
    if (wait_for_request(x, &err) != CHAOS_OK || validate(x, false, &result, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    int code = 0;
    if (result.decision == CHAOS_DECISION_ANSWER) {
        code = say_verdict(x, r, &result);
    } else if (result.decision == CHAOS_DECISION_DONE) {
        x->good = STEP_SKIPPED;
        step_skip(r, "bob-check", "answered before", "Bob fetches Alice's answer and checks all of it");
    } else {
        code = step_fail(r, &result.reason);
    }
    chaos_verdict_free(result.verdict);
    return code;
}

/* The chain says what was answered, under which tag. */
static step_status tag_status(bob *x, char tag_text[64])
{
    CHAOS_AUTO_BUFFER(tag, 63);
    chaos_validation status;
    tag_text[0] = '\0';
    if (chaos_validation_status(x->w.registries, &x->request, NULL, &status, &tag, NULL) == CHAOS_OK &&
        tag.size > 0) {
        (void)snprintf(tag_text, 64, "%s", (const char *)tag.data);
    }
    return strcmp(tag_text, CHAOS_TAG_SIMULATED) == 0 ? STEP_SIMULATED : STEP_PASS;
}

static int step_answer(bob *x, report *r)
{
    chaos_error err = { 0 };
    chaos_validation_result result = { .decision = 0 };
    char tag[64];
    step_begin(r, "bob-answer", "answering on chain");
    if (validate(x, true, &result, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    chaos_verdict_free(result.verdict);
    if (result.decision != CHAOS_DECISION_ANSWER && result.decision != CHAOS_DECISION_DONE) {
        return step_fail(r, &result.reason);
    }
    x->good = tag_status(x, tag);
    step_row(r, "answer", "%u of 100, %s", result.response, tag);
    if (result.decision == CHAOS_DECISION_ANSWER) {
        step_row(r, "report", "%s", result.report_uri);
        step_transaction(r, x->w.rpc, &result.outcome.transaction_hash);
    }
    step_end(r, x->good, "Bob answers once, with a report%s",
             result.decision == CHAOS_DECISION_DONE ? " (he had, before)" : "");
    return 0;
}

/* ---------------------------------------------------------------- bundle ---- */

typedef struct question {
    const char *argv[40];
    size_t count;
    char log[PATH_MAX], folder[PATH_MAX], agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE], key[CHAOS_ADDRESS_TEXT_SIZE],
        head[160];
    char blocks[MAX_BLOCKS][BLOCK_SIZE];
} question;

static void add(question *q, const char *option, const char *value)
{
    if (value != NULL && q->count + 3 < CHAOS_ARRAY_SIZE(q->argv)) {
        q->argv[q->count++] = option;
        q->argv[q->count++] = value;
    }
}

static chaos_status begin_question(const bob *x, question *q, chaos_error *err)
{
    char id[CHAOS_U256_TEXT_SIZE];
    chaos_u256_format(&x->alice, id);
    if (snprintf(q->folder, sizeof q->folder, "%s/bundle-%s", x->w.s->evidence_path, id) >= (int)sizeof q->folder) {
        return error_set(err, CHAOS_E_LIMIT, "--local-evidence", CHAOS_NO_OFFSET, "the path is too long");
    }
    CHAOS_TRY(state_path(x->w.s, "verify-bundle.log", q->log, err));
    q->argv[q->count++] = "chaoschain-verify";
    q->argv[q->count++] = "verify-bundle";
    q->argv[q->count++] = "--json";
    add(q, "--trust-root", x->w.s->trust_root);
    add(q, "--collateral", x->w.s->collateral);
    add(q, "--policy", x->w.s->policy);
    return CHAOS_OK;
}

static chaos_status add_block(bob *x, question *q, chaos_slice line, char text[BLOCK_SIZE], chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    chaos_slice key, envelope = { NULL, 0 };
    chaos_binding binding;
    chaos_block block;
    char hex[65] = "";
    json j;
    json_begin(&j, line, CHAOS_E_BUNDLE_FORMAT);
    json_enter_object(&j, "line");
    while (json_key(&j, &key)) {
        chaos_slice value = { NULL, 0 };
        json_skip(&j, "line", &value);
        envelope = slice_equal(key, slice_text("envelope")) ? value : envelope;
    }
    CHAOS_TRY(chaos_envelope_parse(envelope, &evidence, err));
    if (!chaos_evidence_binding(evidence, &binding)) {
        return error_set(err, CHAOS_E_BUNDLE_FORMAT, "envelope", CHAOS_NO_OFFSET, NULL);
    }
    const chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = binding.anchor_block };
    CHAOS_TRY(chaos_rpc_block(x->w.rpc, &at, &block, err));
    hex_encode(slice(block.hash.bytes, sizeof block.hash.bytes), hex);
    (void)snprintf(text, BLOCK_SIZE, "%llu:%s", (unsigned long long)block.number, hex);
    add(q, "--expect-block", text);
    return CHAOS_OK;
}

/* The blocks that the bundle's sessions are anchored in, with the hashes that our own node has for them. */
static chaos_status add_blocks(bob *x, question *q, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(file, MAX_BUNDLE);
    char path[PATH_MAX];
    static const char begins[] = "{\"envelope\":";
    if (snprintf(path, sizeof path, "%s/bundle.jsonl", q->folder) >= (int)sizeof path) {
        return error_set(err, CHAOS_E_LIMIT, "bundle", CHAOS_NO_OFFSET, "the path is too long");
    }
    CHAOS_TRY(input_read("bundle", path, MAX_BUNDLE - 1, &file, err));
    size_t n = 0;
    for (const char *line = (const char *)file.data; line != NULL && n < MAX_BLOCKS;) {
        const char *end = strchr(line, '\n');
        if (end != NULL && memcmp(line, begins, strlen(begins)) == 0) {
            CHAOS_TRY(add_block(x, q, slice(line, (size_t)(end - line)), q->blocks[n++], err));
        }
        line = end == NULL ? NULL : end + 1;
    }
    return CHAOS_OK;
}

static chaos_status add_chain(bob *x, question *q, chaos_error *err)
{
    chaos_address wallet;
    chaos_head head;
    char hex[65] = "";
    const chaos_agent_reference agent = { .chain_id = x->w.network.chain_id,
                                          .has_registry = true,
                                          .registry = chaos_registries_address(x->w.registries,
                                                                               CHAOS_REGISTRY_IDENTITY),
                                          .agent_id = x->alice };
    CHAOS_TRY(chaos_agent_wallet(x->w.registries, &x->alice, NULL, &wallet, err));
    CHAOS_TRY(find_head(&x->w, &x->alice, &head, err));
    chaos_agent_reference_format(&agent, q->agent);
    chaos_address_format(&wallet, q->key);
    hex_encode(slice(head.digest.bytes, sizeof head.digest.bytes), hex);
    (void)snprintf(q->head, sizeof q->head, "%llu:%s@%llu", (unsigned long long)head.sequence, hex,
                   (unsigned long long)head.block);
    add(q, "--expect-agent", q->agent);
    add(q, "--expect-identity-key", q->key);
    add(q, "--expect-head", q->head);
    return add_blocks(x, q, err);
}

/* What stays open without own knowledge and caps the tier (docs/receipts.md); other rows only inform. */
static bool caps_tier(const char *name, size_t length)
{
    static const char *const rows[] = { "identity-key", "agent", "freshness", "receipt-time",
                                        "collateral-floor", "code" };
    bool found = false;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        found = found || (strlen(rows[i]) == length && memcmp(rows[i], name, length) == 0);
    }
    return found;
}

/* The names of the rows that nobody could check: why a verdict is no better. */
static void open_rows(const char *verdict, char *names, size_t capacity)
{
    size_t used = 0;
    static const char behind[] = "\",\"result\":\"not-checked\"";
    names[0] = '\0';
    for (const char *at = strstr(verdict, behind); at != NULL; at = strstr(at + 1, behind)) {
        const char *name = at;
        while (name > verdict && name[-1] != '"') {
            name--;
        }
        if (!caps_tier(name, (size_t)(at - name))) {
            continue;
        }
        int n = snprintf(names + used, capacity - used, "%s%.*s", used == 0 ? "" : ", ", (int)(at - name), name);
        if (n < 0 || (size_t)n >= capacity - used) {
            return;
        }
        used += (size_t)n;
    }
}

/* The separate program judges; its exit code and tier must be the announced ones. */
static int judge_bundle(question *q, report *r, int want, const char *tier, const char *text)
{
    CHAOS_AUTO_BUFFER(said, CHAOS_MAX_VERDICT + 1);
    chaos_error err = { 0 };
    char names[140], member[48], found[48];
    int code = 0;
    q->argv[q->count] = q->folder;
    if (run_beside(q->argv, q->log, &said, &code, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const char *verdict = said.size == 0 ? "" : (const char *)said.data;
    (void)snprintf(member, sizeof member, "\"tier\":\"%s\"", tier);
    open_rows(verdict, names, sizeof names);
    (void)snprintf(found, sizeof found, "exit code %d", code);
    if (names[0] != '\0') {
        step_row(r, "not checked", "%s", names);
    }
    if (code != want || strstr(verdict, member) == NULL) {
        const char *error = strstr(verdict, "\"error\":{\"code\":\"");
        step_expected(r, tier, found);
        return step_fail_text(r, "verify-bundle says otherwise: %.60s", error == NULL ? found : error);
    }
    step_row(r, "verdict", "%s (exit code %d)", tier, code);
    step_end(r, is_simulated(verdict) ? STEP_SIMULATED : STEP_PASS, "%s", text);
    return 0;
}

static int step_bundle_offline(bob *x, report *r)
{
    question q = { .count = 0 };
    chaos_error err = { 0 };
    step_begin(r, "bob-bundle-offline", "verifying the bundle offline");
    if (begin_question(x, &q, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    return judge_bundle(&q, r, EXIT_WARNING, "WARNING",
                        "the bundle alone: keys and order are proven, not when, not whose");
}

static int step_bundle_chain(bob *x, report *r)
{
    question q = { .count = 0 };
    chaos_error err = { 0 };
    step_begin(r, "bob-bundle-chain", "verifying the bundle with the chain at hand");
    if (begin_question(x, &q, &err) != CHAOS_OK || add_chain(x, &q, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    return judge_bundle(&q, r, EXIT_AFFIRMING, "AFFIRMING", "with the chain at hand: wallet, head and blocks agree");
}

/* ------------------------------------------------------------------ part ---- */

static bool skips(const settings *s)
{
    return s->tee_provider != NULL && !has_tee(s); /* said by name: Alice has no TEE */
}

static int run(bob *x, report *r)
{
    static int (*const steps[])(bob *, report *) = {
        step_check,
        step_answer,
        step_bundle_offline,
        step_bundle_chain,
    };
    static const char *const ids[] = { "bob-check", "bob-answer", "bob-bundle-offline", "bob-bundle-chain" };
    static const char *const texts[] = { "Bob checks Alice's evidence", "Bob answers on chain",
                                         "Bob verifies the bundle offline",
                                         "Bob verifies the bundle with the chain" };
    const char *reason = skips(x->w.s) ? "Alice has no TEE"
                         : !chaos_registries_has(x->w.registries, CHAOS_REGISTRY_VALIDATION)
                             ? "this network has no validation registry"
                             : NULL;
    chaos_error err = { 0 };
    int code = step_register(x, r);
    for (size_t i = 0; code == 0 && i < CHAOS_ARRAY_SIZE(steps); i++) {
        if (reason != NULL) {
            step_skip(r, ids[i], reason, "%s", texts[i]);
        } else if (i == 2 && read_alice(&x->w, &x->alice, x->output_uri, &err) != CHAOS_OK) {
            r->now.id = ids[i];
            code = step_fail(r, &err);
        } else {
            code = steps[i](x, r);
        }
    }
    return code;
}

int play_bob(const settings *s, report *r)
{
    bob x = { .good = STEP_PASS };
    chaos_error err = { 0 };
    int code;
    r->now.id = "bob-start";
    if (beliefs_read(s->trust_root, s->collateral, s->policy, &x.b, &err) != CHAOS_OK ||
        world_open(&x.w, s, r, "bob", &err) != CHAOS_OK) {
        code = step_fail(r, &err);
    } else {
        x.self = chaos_account_address(x.w.account);
        code = run(&x, r);
    }
    beliefs_free(&x.b);
    world_close(&x.w);
    return code;
}
