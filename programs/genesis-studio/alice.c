/* alice.c - the agent with her key in the TEE: registers with evidence, works, signs, anchors, asks to be judged. */
#include "studio.h"

#include <unistd.h>

#include "verify/self.h"

CHAOS_CLEANUP(chaos_evidence);

#define NO_TEE "no TEE provider was chosen"

typedef struct alice {
    world w;
    opened_tee t;
    chaos_agent *agent;
    chaos_u256 id;
    shopping work;
    step_status good; /* of what rests on evidence: PASS, or SIMULATED */
} alice;

static void address_of_key(const chaos_evidence *evidence, chaos_address *address)
{
    chaos_binding binding;
    if (chaos_evidence_binding(evidence, &binding)) {
        const chaos_report_data data = chaos_binding_report_data(&binding);
        memcpy(address->bytes, data.bytes, sizeof address->bytes);
    }
}

static uint64_t nonce_of(const alice *a)
{
    const chaos_address self = chaos_account_address(a->w.account);
    uint64_t count = 0;
    return chaos_rpc_transaction_count(a->w.rpc, &self, NULL, &count, NULL) == CHAOS_OK ? count : 0;
}

/* ------------------------------------------------------------------- key ---- */

static chaos_status open_agent(alice *a, chaos_error *err)
{
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    config.name = "Alice";
    config.network = a->w.network.name;
    config.tee = a->t.tee;
    config.registries = a->w.registries;
    config.sender = a->w.sender;
    config.content = a->w.content;
    config.store = a->w.store;
    config.description = "Looks for winter jackets, from inside a TEE.";
    return chaos_agent_open(&config, &a->agent, err);
}

/* A key that was in a guest's memory is gone when the guest is; what was registered under it is not hers any more. */
static chaos_status check_same_key(const alice *a, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(kept, CHAOS_ADDRESS_TEXT_SIZE);
    char path[PATH_MAX], text[CHAOS_ADDRESS_TEXT_SIZE];
    const chaos_address address = chaos_keypair_address(chaos_agent_keypair(a->agent));
    chaos_address_format(&address, text);
    CHAOS_TRY(state_path(a->w.s, "alice.key", path, err));
    if (access(path, F_OK) != 0) {
        return write_text(path, slice_text(text), err);
    }
    CHAOS_TRY(input_read("--state", path, CHAOS_ADDRESS_TEXT_SIZE - 1, &kept, err));
    if (slice_is(buffer_slice(&kept), text)) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_NOT_AVAILABLE, "identity key", CHAOS_NO_OFFSET,
                    "the TEE has another one than before: the old one ended with its guest; begin without --resume");
    error_expected(err, "%.*s", (int)kept.size, kept.size == 0 ? "" : (const char *)kept.data);
    error_found(err, "%s", text);
    return CHAOS_E_NOT_AVAILABLE;
}

static int step_key(alice *a, report *r)
{
    chaos_error err = { 0 };
    self_facts facts;
    step_begin(r, "alice-key", "asking the TEE for Alice's identity key");
    if (tee_open(a->w.s, a->w.s->tee_endpoint, &a->t, &err) != CHAOS_OK || open_agent(a, &err) != CHAOS_OK ||
        check_same_key(a, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const chaos_keypair *key = chaos_agent_keypair(a->agent);
    const chaos_address address = chaos_keypair_address(key);
    const chaos_keccak hash = chaos_evidence_hash(chaos_keypair_evidence(key));
    if (self_facts_of(chaos_keypair_evidence(key), &facts, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    a->good = facts.is_simulated ? STEP_SIMULATED : STEP_PASS;
    step_row_address(r, "identity key", &address);
    step_row(r, "kept by", "%s", chaos_keypair_provider(key));
    step_evidence(r, &hash);
    step_end(r, a->good, "the TEE makes Alice's identity key and quotes it");
    return 0;
}

/* -------------------------------------------------------------- register ---- */

static int step_register(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_keccak tx = { { 0 } };
    chaos_address wallet;
    char id[CHAOS_U256_TEXT_SIZE];
    const uint64_t before = nonce_of(a);
    step_begin(r, "alice-register", "registering Alice with her evidence");
    if (chaos_agent_register_identity(a->agent, NULL, &a->id, &tx, &err) != CHAOS_OK ||
        chaos_agent_wallet(a->w.registries, &a->id, NULL, &wallet, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const uint64_t sent = nonce_of(a) - before;
    const chaos_keccak hash = chaos_evidence_hash(chaos_agent_evidence(a->agent));
    chaos_u256_format(&a->id, id);
    step_row(r, "agent id", "%s", id);
    step_row_address(r, "agentWallet", &wallet);
    if (sent > 0) {
        step_row(r, "transactions", "%llu", (unsigned long long)sent);
    }
    step_evidence(r, &hash);
    step_transaction(r, a->w.rpc, &tx);
    step_end(r, a->good, "Alice is registered: file, quote over it, metadata, wallet");
    return 0;
}

static int register_without_tee(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_keccak tx = { { 0 } };
    char id[CHAOS_U256_TEXT_SIZE];
    step_skip(r, "alice-key", NO_TEE, "identity key made and quoted by the TEE");
    step_begin(r, "alice-register", "registering Alice");
    if (register_plain(&a->w, "Alice", "Looks for winter jackets.", "studio/alice/register", &a->id, &tx, &err) !=
        CHAOS_OK) {
        return step_fail(r, &err);
    }
    chaos_u256_format(&a->id, id);
    step_row(r, "agent id", "%s", id);
    step_transaction(r, a->w.rpc, &tx);
    step_end(r, STEP_PASS, "Alice is registered, without evidence");
    return 0;
}

/* ------------------------------------------------------------------ work ---- */

static int step_session(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_address key = { { 0 } };
    step_begin(r, "alice-session", "making a session key in the TEE");
    if (chaos_agent_begin_session(a->agent, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const chaos_evidence *evidence = chaos_agent_session_evidence(a->agent);
    const chaos_keccak hash = chaos_evidence_hash(evidence);
    address_of_key(evidence, &key);
    step_row_address(r, "session key", &key);
    step_evidence(r, &hash);
    step_end(r, a->good, "a fresh session key, quoted with its code, endorsed by the identity key");
    return 0;
}

/* Each action once over the agent's life: what is signed already is not signed again. */
static chaos_status act(alice *a, const report *r, uint64_t count, chaos_error *err)
{
    const struct {
        const char *type, *input, *output;
    } actions[ACTIONS] = { { "shopping/intent", NULL, a->work.intent },
                           { "shopping/offers", a->work.intent, a->work.offers },
                           { "shopping/cart", a->work.offers, a->work.cart } };
    for (size_t i = (size_t)count; i < ACTIONS; i++) {
        chaos_act what = CHAOS_ACT_INIT;
        chaos_receipt receipt;
        what.action_type = actions[i].type;
        what.output = slice_text(actions[i].output);
        what.keep = true;
        if (actions[i].input != NULL) {
            what.input = slice_text(actions[i].input);
        }
        CHAOS_TRY(chaos_agent_act(a->agent, &what, &receipt, err));
        step_reached(r, actions[i].type);
    }
    return CHAOS_OK;
}

/* The cart is content that anybody can fetch, and Alice's note says where. */
static chaos_status publish_work(alice *a, chaos_error *err)
{
    char uri[CHAOS_CONTENT_URI_SIZE], id[CHAOS_U256_TEXT_SIZE], note[NOTE_SIZE];
    CHAOS_TRY(chaos_content_put(a->w.content, slice_text(a->work.cart), uri, err));
    chaos_u256_format(&a->id, id);
    (void)snprintf(note, sizeof note, "%s %s", id, uri);
    return note_put(&a->w, "alice", note, err);
}

static int step_work(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_receipt last;
    uint64_t count = 0;
    step_begin(r, "alice-work", "shopping");
    if (a->agent == NULL) {
        if (publish_work(a, &err) != CHAOS_OK) {
            return step_fail(r, &err);
        }
        step_row(r, "cart", "%s", a->work.summary);
        step_end(r, STEP_PASS, "Alice shops; without a TEE nothing signs for it");
        return 0;
    }
    if (chaos_agent_receipt_count(a->agent, &count, &err) != CHAOS_OK || act(a, r, count, &err) != CHAOS_OK ||
        chaos_agent_receipt_at(a->agent, ACTIONS - 1, &last, &err) != CHAOS_OK || publish_work(a, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    char digest[67] = "0x";
    const chaos_keccak hash = chaos_action_digest(&last.action);
    hex_encode(slice(hash.bytes, sizeof hash.bytes), digest + 2);
    step_row(r, "cart", "%s", a->work.summary);
    step_row(r, "last receipt", "%s", digest);
    step_evidence(r, &last.action.evidence_hash);
    step_end(r, a->good, "Alice shops, and signs %d receipts with the session key", ACTIONS);
    return 0;
}

static int step_anchor(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_outcome outcome = { 0 };
    step_begin(r, "alice-anchor", "writing the newest receipt's digest on chain");
    if (chaos_agent_anchor(a->agent, &outcome, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_transaction(r, a->w.rpc, &outcome.transaction_hash);
    step_end(r, a->good, "the newest receipt's digest is on chain (tee.head)");
    return 0;
}

static int step_bundle(alice *a, report *r)
{
    chaos_error err = { 0 };
    char folder[PATH_MAX], file[PATH_MAX], id[CHAOS_U256_TEXT_SIZE];
    step_begin(r, "alice-bundle", "exporting the receipts");
    chaos_u256_format(&a->id, id);
    if (snprintf(folder, sizeof folder, "%s/bundle-%s", a->w.s->evidence_path, id) >= (int)sizeof folder ||
        snprintf(file, sizeof file, "%s/bundle.jsonl", folder) >= (int)sizeof file) {
        return step_fail_text(r, "the path of the evidence is too long");
    }
    if (access(file, F_OK) != 0 &&
        chaos_agent_export(a->agent, 0, ACTIONS - 1, slice(NULL, 0), folder, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    step_row(r, "folder", "bundle-%s, in the evidence folder", id);
    step_end(r, a->good, "the receipts and all that proves them are a bundle");
    return 0;
}

/* --------------------------------------------------------------- request ---- */

static int step_request(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_address bob;
    chaos_keccak hash;
    chaos_outcome outcome = { 0 };
    char uri[CHAOS_CONTENT_URI_SIZE], text[67] = "0x";
    if (!chaos_registries_has(a->w.registries, CHAOS_REGISTRY_VALIDATION)) {
        step_skip(r, "alice-request", "this network has no validation registry", "Alice asks Bob to judge her");
        return 0;
    }
    step_begin(r, "alice-request", "asking Bob to judge Alice");
    if (read_validator(&a->w, &bob, &err) != CHAOS_OK ||
        chaos_content_put(a->w.content, slice_text(a->work.cart), uri, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const chaos_request_content content = { "cart", uri, chaos_content_hash(slice_text(a->work.cart)) };
    if (chaos_agent_request_validation(a->agent, &bob, &content, 1, 0, &hash, &outcome, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    hex_encode(slice(hash.bytes, sizeof hash.bytes), text + 2);
    step_row_address(r, "validator", &bob);
    step_row(r, "request", "%s", text);
    step_transaction(r, a->w.rpc, &outcome.transaction_hash);
    step_end(r, a->good, "Alice asks Bob, and answers with a quote over his question");
    return 0;
}

/* ----------------------------------------------------------------- parts ---- */

static const char *seed_of(const settings *s)
{
    return s->seed == NULL ? PROGRAM : s->seed;
}

static int with_tee(alice *a, report *r)
{
    static int (*const steps[])(alice *, report *) = {
        step_key,
        step_register,
        step_session,
        step_work,
        step_anchor,
        step_bundle,
        step_request,
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < CHAOS_ARRAY_SIZE(steps); i++) {
        code = steps[i](a, r);
    }
    return code;
}

static int without_tee(alice *a, report *r)
{
    int code = register_without_tee(a, r);
    if (code == 0) {
        step_skip(r, "alice-session", NO_TEE, "session key, quoted and endorsed");
        code = step_work(a, r);
    }
    if (code == 0) {
        step_skip(r, "alice-anchor", NO_TEE, "receipts anchored on chain");
        step_skip(r, "alice-bundle", NO_TEE, "receipts exported as a bundle");
        step_skip(r, "alice-request", NO_TEE, "Alice asks Bob to judge her");
    }
    return code;
}

static void close_alice(alice *a)
{
    chaos_agent_free(a->agent);
    tee_close(&a->t);
    world_close(&a->w);
}

int play_alice(const settings *s, report *r)
{
    alice a = { .agent = NULL };
    chaos_error err = { 0 };
    int code;
    r->now.id = "alice-start";
    if (!shop(seed_of(s), &a.work)) {
        return step_fail_text(r, "the catalogue has nothing for this seed");
    }
    if (world_open(&a.w, s, r, "alice", &err) != CHAOS_OK) {
        code = step_fail(r, &err);
    } else {
        code = has_tee(s) ? with_tee(&a, r) : without_tee(&a, r);
    }
    close_alice(&a);
    return code;
}

/* What Alice's attestation endpoint would answer to Bob's nonce. */
static int answer_challenge(alice *a, report *r)
{
    chaos_error err = { 0 };
    chaos_u256 nonce;
    char text[NOTE_SIZE];
    CHAOS_AUTO(chaos_evidence, evidence);
    step_begin(r, "alice-challenge", "answering Bob's nonce");
    if (tee_open(a->w.s, a->w.s->tee_endpoint, &a->t, &err) != CHAOS_OK || open_agent(a, &err) != CHAOS_OK ||
        check_same_key(a, &err) != CHAOS_OK || note_wait(&a->w, "challenge", text, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    if (!value_hex(text, nonce.bytes, sizeof nonce.bytes)) {
        return step_fail_text(r, "Bob's nonce is not 64 hex digits");
    }
    if (chaos_agent_attest(a->agent, &nonce, &evidence, &err) != CHAOS_OK ||
        chaos_content_put_named(a->w.content, "challenge-answer.json", chaos_evidence_bytes(evidence), &err) !=
            CHAOS_OK) {
        return step_fail(r, &err);
    }
    self_facts facts;
    if (self_facts_of(evidence, &facts, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    const chaos_keccak hash = chaos_evidence_hash(evidence);
    step_evidence(r, &hash);
    step_end(r, facts.is_simulated ? STEP_SIMULATED : STEP_PASS, "Alice answers a nonce of Bob's with a fresh quote");
    return 0;
}

int play_alice_answer(const settings *s, report *r)
{
    alice a = { .agent = NULL };
    chaos_error err = { 0 };
    r->now.id = "alice-challenge";
    int code = world_open(&a.w, s, r, "alice", &err) == CHAOS_OK ? answer_challenge(&a, r) : step_fail(r, &err);
    close_alice(&a);
    return code;
}
