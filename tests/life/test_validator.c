/* test_validator.c - a validator answers what evidence deserves, once; and says nothing where the fault may be its own.
 * Each refusal stands beside the same request with one thing right. */
#include "tests/life/forged_world.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/recipe.h"
#include "tests/support/http_server.h"

static forged_world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* A test may change Bob's config, and Alice's request: both are new for the next one. */
static chaos_validator_config config_before;
static int keep_config(void **state)
{
    (void)state;
    config_before = w.config;
    return 0;
}
static int restore_config(void **state)
{
    static const proxy_rule none[] = { { 0 } };

    (void)state;
    w.config = config_before;
    rpc_proxy_rules(w.c.proxy, none);
    return 0;
}

/* ------------------------------------------------------------------ expecting ---- */

static void expect(const chaos_validation_result *result, chaos_decision decision, uint8_t response, const char *tag,
                   chaos_status reason)
{
    if (result->decision != decision || result->response != response || strcmp(result->tag, tag) != 0 ||
        result->reason.status != reason) {
        fail_msg("wanted %s %u %s %s; came %s %u %s %s: %s (field %s, expected %s, found %s)",
                 chaos_decision_name(decision), response, tag, chaos_status_name(reason),
                 chaos_decision_name(result->decision), result->response, result->tag,
                 chaos_status_name(result->reason.status), result->reason.text,
                 result->reason.field == NULL ? "-" : result->reason.field, result->reason.expected,
                 result->reason.found);
    }
}

/* One judgement by a validator of Bob's present config. */
static chaos_validation_result judge_at(const chaos_keccak *hash, int64_t now)
{
    chaos_validator *v = world_validator(&w);
    chaos_validation_result result = world_validate(v, hash, now);

    chaos_verdict_free(result.verdict);
    result.verdict = NULL;
    chaos_validator_free(v);
    return result;
}

static void expect_answer(const request_draft *r, uint8_t response, chaos_status reason)
{
    const chaos_validation_result result = judge_at(&r->hash, w.now);

    expect(&result, CHAOS_DECISION_ANSWER, response, CHAOS_TAG_SIMULATED, reason);
    assert_int_equal(world_answers(&w, &r->hash), 1);
}

static void expect_silence(const request_draft *r, chaos_decision decision, chaos_status reason)
{
    const chaos_validation_result result = judge_at(&r->hash, w.now);

    expect(&result, decision, 0, "", reason);
    assert_int_equal(world_answers(&w, &r->hash), 0);
}

/* Asked, with evidence over `binding` (NULL: what is right), published, and committed to or not. */
static void answer_with(request_draft *r, const chaos_binding *binding, const char *flaw, bool commit)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    const chaos_binding right = world_binding(&w, r);

    world_envelope(&w, binding == NULL ? &right : binding, flaw, &bytes);
    world_publish(&w, r, buffer_slice(&bytes));
    if (commit) {
        world_commit(&w, r, buffer_slice(&bytes));
    }
}

static request_draft sound_request(bool commit)
{
    request_draft r = world_request(&w);

    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, commit);
    return r;
}

/* -------------------------------------------------------------------- answers ---- */

static void test_sound(void **state)
{
    CHAOS_AUTO_BUFFER(report, CHAOS_MAX_VERDICT);
    request_draft r = sound_request(false); /* 100 needs no commitment */
    chaos_validation_result result;
    chaos_validation status;
    chaos_keccak hash;
    bool committed;
    chaos_error err;

    (void)state;
    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    OK(chaos_validation_status(w.registries, &r.hash, NULL, &status, NULL, &err));
    assert_true(status.is_answered && status.response == 100);
    OK(chaos_content_get(w.content, result.report_uri, &report, &committed, &err));
    hash = hash_keccak(buffer_slice(&report)); /* the verdict file is there, and is the one that the chain names */
    assert_memory_equal(hash.bytes, status.response_hash.bytes, sizeof hash.bytes);
    assert_non_null(strstr((const char *)report.data, "\"tier\":\"AFFIRMING\""));

    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_DONE, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_int_equal(world_answers(&w, &r.hash), 1);
}

typedef struct flaw_case {
    const char *flaw;
    chaos_status reason;
} flaw_case;

/* Evidence that is broken in one way: a 0 for whoever committed to it, silence for whoever did not. */
static void test_flaws(void **state)
{
    static const flaw_case cases[] = {
        { "quote-signature-flipped", CHAOS_E_QUOTE_SIGNATURE },
        { "policy-td-debug", CHAOS_E_TD_DEBUG },
        { "log-rtmr3-swapped", CHAOS_E_RTMR3_MISMATCH },
    };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        request_draft r = world_request(&w);

        world_ask(&w, &r);
        answer_with(&r, NULL, cases[i].flaw, false);
        expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
        answer_with(&r, NULL, cases[i].flaw, true);
        expect_answer(&r, 0, cases[i].reason);
    }
}

static void test_malformed_envelope(void **state)
{
    const chaos_slice garbage = slice_text("{\"schema\":\"chaoschain/envelope/1\"}");
    request_draft r = world_request(&w);
    chaos_validation_result result;

    (void)state;
    world_ask(&w, &r);
    world_publish(&w, &r, garbage);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    world_commit(&w, &r, garbage);
    result = judge_at(&r.hash, w.now); /* no anchor at all: under the tag of hardware */
    expect(&result, CHAOS_DECISION_ANSWER, 0, CHAOS_TAG_VENDOR, CHAOS_E_ENVELOPE_FORMAT);

    r = world_request(&w); /* a data: URI commits by itself */
    (void)snprintf(r.evidence_uri, sizeof r.evidence_uri, "data:application/json,%%7B%%7D");
    world_ask(&w, &r);
    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 0, CHAOS_TAG_VENDOR, CHAOS_E_ENVELOPE_FORMAT);
}

typedef void change_binding(chaos_binding *binding);
static void other_subject(chaos_binding *b)
{
    b->subject.bytes[31] ^= 1;
}
static void other_agent(chaos_binding *b)
{
    b->agent_id.bytes[31] ^= 1;
}
static void other_chain(chaos_binding *b)
{
    b->chain_id = chaos_u256_from(1);
}
static void identity_stage(chaos_binding *b)
{
    b->stage = CHAOS_STAGE_IDENTITY;
    memset(&b->subject, 0, sizeof b->subject);
}
static void over_before_asked(chaos_binding *b)
{
    b->issued_at -= 30 * 86400;
    b->expires_at = b->issued_at + 86400;
}

static void test_bindings(void **state)
{
    static const struct {
        change_binding *change;
        chaos_status reason;
    } cases[] = { { other_subject, CHAOS_E_BINDING_SUBJECT },
                  { other_agent, CHAOS_E_BINDING_AGENT },
                  { other_chain, CHAOS_E_BINDING_CHAIN },
                  { identity_stage, CHAOS_E_BINDING_SUBJECT },
                  { over_before_asked, CHAOS_E_BINDING_EXPIRED } };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        request_draft r = world_request(&w);
        chaos_validation_result result;
        chaos_binding binding;

        world_ask(&w, &r);
        binding = world_binding(&w, &r);
        cases[i].change(&binding);
        answer_with(&r, &binding, NULL, true);
        result = judge_at(&r.hash, w.now);
        print_message("case %zu\n", i);
        expect(&result, CHAOS_DECISION_ANSWER, 0, CHAOS_TAG_SIMULATED, cases[i].reason);
    }
}

/* The wallet on chain is another key than the one in the evidence. */
static void test_wrong_identity_key(void **state)
{
    chaos_account *other = chain_account();
    const chaos_address key = world_address(other);
    request_draft r = world_request(&w);

    (void)state;
    r.agent_id = r.fields.agent_id = world_agent(&w, other, &key);
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, false);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    answer_with(&r, NULL, NULL, true);
    expect_answer(&r, 0, CHAOS_E_BINDING_IDENTITY);
    chaos_account_free(other);
}

/* tee.key is another key than agentWallet, or there is none: between two transactions of the agent nothing is said. */
static void test_keys_apart(void **state)
{
    const chaos_address other = { { 1 } };
    const chaos_address right = world_address(w.wallet);
    request_draft r = world_request(&w);

    (void)state;
    r.agent_id = r.fields.agent_id = world_agent(&w, w.wallet, NULL);
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, true);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    world_metadata(&w, &r.agent_id, "tee.key", slice(other.bytes, sizeof other.bytes));
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    world_metadata(&w, &r.agent_id, "tee.key", slice(right.bytes, sizeof right.bytes));
    expect_answer(&r, 100, CHAOS_OK);
}

/* ------------------------------------------------------------------ freshness ---- */

static void test_nonce_of_the_agent(void **state)
{
    request_draft r = world_request(&w);
    chaos_binding binding;

    (void)state;
    world_ask(&w, &r);
    binding = world_binding(&w, &r);
    binding.nonce.bytes[0] ^= 1;
    answer_with(&r, &binding, NULL, true);
    expect_answer(&r, 50, CHAOS_OK);
}

static void test_stale_anchor(void **state)
{
    const chaos_block old = world_head(&w);
    request_draft r[2] = { world_request(&w), world_request(&w) };

    (void)state;
    world_mine(&w, 255);
    for (size_t i = 0; i < 2; i++) { /* asked 256 blocks after the anchor, and 257 */
        chaos_binding binding;

        world_ask(&w, &r[i]);
        binding = world_binding(&w, &r[i]);
        binding.anchor_block = old.number;
        memcpy(binding.nonce.bytes, old.hash.bytes, sizeof binding.nonce.bytes);
        answer_with(&r[i], &binding, NULL, false);
        assert_true(r[i].block - old.number == 256 + i);
    }
    expect_answer(&r[0], 100, CHAOS_OK);
    expect_answer(&r[1], 50, CHAOS_OK);
}

static void test_anchor_unknown(void **state)
{
    request_draft r = world_request(&w);
    chaos_binding binding;

    (void)state;
    world_ask(&w, &r);
    binding = world_binding(&w, &r);
    binding.anchor_block += 1000;
    answer_with(&r, &binding, NULL, true);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
}

/* --------------------------------------------------------------------- anchor ---- */

static void test_simulated_elsewhere(void **state)
{
    static const char policy[] =
        "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"simulated\"],\"simulated_chains\":[1]}";
    request_draft r[2] = { sound_request(false), sound_request(true) };
    CHAOS_AUTO_BUFFER(report, CHAOS_MAX_VERDICT);
    chaos_validation_result result;
    bool committed;
    chaos_error err;

    (void)state;
    w.config.policy = slice_text(policy);
    expect_silence(&r[0], CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    result = judge_at(&r[1].hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 0, CHAOS_TAG_VENDOR, CHAOS_E_ANCHOR);
    OK(chaos_content_get(w.content, result.report_uri, &report, &committed, &err));
    assert_non_null(strstr((const char *)report.data, "\"ANCHOR\"")); /* the report says the same */
    assert_non_null(strstr((const char *)report.data, "\"tier\":\"CONTRAINDICATED\""));
}

/* The forge's evidence under a root of another organisation. */
static void make_custom(const chaos_binding *binding, chaos_buffer *out, chaos_buffer *root,
                        chaos_buffer *collateral)
{
    const forge_options options = { .now = w.now, .seed = WORLD_SEED, .binding = binding };
    CHAOS_AUTO_BUFFER(log, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_ENVELOPE);
    recipe *r = calloc(1, sizeof *r);

    assert_non_null(r);
    assert_true(recipe_init(r, FORGE_TDX4, &options));
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        r->certs[i].organization = "Somebody's Test PKI";
    }
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        assert_true(certificate_make(r, (sim_cert)i, &r->ders[i]));
    }
    assert_true(event_log_make(r, &log));
    envelope_bind(r);
    assert_true(quote_make(r, &quote));
    assert_true(envelope_make(r, buffer_slice(&quote), buffer_slice(&log), out));
    assert_true(collateral_make(r, collateral));
    assert_true(buffer_append(root, buffer_slice(&r->ders[CERT_TRUSTED_ROOT])));
    recipe_free(r);
    free(r);
}

static void test_custom_anchor(void **state)
{
    static const char policy[] = "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"custom\"]}";
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO_BUFFER(root, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO_BUFFER(collateral, CHAOS_MAX_COLLATERAL);
    request_draft r[2] = { world_request(&w), world_request(&w) };
    chaos_validation_result result;
    chaos_trust *trust = NULL;
    chaos_binding binding;
    chaos_error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        world_ask(&w, &r[i]);
        binding = world_binding(&w, &r[i]);
        bytes.size = root.size = collateral.size = 0;
        make_custom(&binding, &bytes, &root, &collateral);
        world_publish(&w, &r[i], buffer_slice(&bytes));
        if (i == 1) {
            world_commit(&w, &r[i], buffer_slice(&bytes));
        }
    }
    /* Whoever does not trust this root: nothing under custom. */
    result = judge_at(&r[1].hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 0, CHAOS_TAG_VENDOR, CHAOS_E_ROOT_UNTRUSTED);
    OK(chaos_trust_new(&trust, &err));
    OK(chaos_trust_add_root(trust, buffer_slice(&root), &err));
    w.config.trust = trust;
    w.config.policy = slice_text(policy);
    w.config.collateral = buffer_slice(&collateral);
    result = judge_at(&r[0].hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 50, CHAOS_TAG_CUSTOM, CHAOS_OK); /* a policy that pins no code */
    chaos_trust_free(trust);
}

/* ----------------------------------------------------------------- collateral ---- */

static chaos_status no_collateral(void *context, const chaos_evidence *evidence, int64_t now, chaos_buffer *out,
                                  chaos_error *err)
{
    (void)context;
    (void)evidence;
    (void)now;
    (void)out;
    return error_set(err, CHAOS_E_NETWORK, "collateral", CHAOS_NO_OFFSET, "nobody answers");
}

static void test_collateral_missing(void **state)
{
    request_draft r = sound_request(true);

    (void)state;
    w.config.collateral = (chaos_slice){ NULL, 0 };
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_COLLATERAL_MISSING);
    w.config.collateral_source = no_collateral;
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NETWORK);
    w.config.collateral = slice_text("{}");
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_COLLATERAL_FORMAT);
    w.config.collateral = config_before.collateral;
    expect_answer(&r, 100, CHAOS_OK);
}

/* Of another platform, of another kind of enclave, forged: whoever chose it is to blame, and that is the validator. */
static void test_collateral_of_another(void **state)
{
    static const char *const flaws[] = { "tcb-info-date-extended", "pck-crl-of-root", "collateral-array" };
    request_draft r = sound_request(true);
    forge_options options = { .now = w.now, .seed = WORLD_SEED };
    forge_result sgx;
    chaos_validation_result result;
    chaos_error err;

    (void)state;
    OK(forge_make(FORGE_SGX3, &options, NULL, &sgx, &err));
    w.config.collateral = buffer_slice(&sgx.collateral);
    result = judge_at(&r.hash, w.now);
    assert_int_equal(result.decision, CHAOS_DECISION_RETRY);
    forge_result_free(&sgx);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(flaws); i++) {
        forge_result made;
        const forge_break *flaw = forge_break_find(flaws[i]);

        assert_non_null(flaw);
        OK(forge_make(FORGE_TDX4, &options, flaw, &made, &err));
        w.config.collateral = buffer_slice(&made.collateral);
        expect_silence(&r, CHAOS_DECISION_RETRY, flaw->expected);
        forge_result_free(&made);
    }
    w.config.collateral = config_before.collateral;
    expect_answer(&r, 100, CHAOS_OK);
}

static void test_collateral_expired(void **state)
{
    static const char grace[] = "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"simulated\"],"
                                "\"tcb\":{\"collateral_grace_s\":31536000}}";
    request_draft r = sound_request(true);
    chaos_validation_result result = judge_at(&r.hash, w.now + 60 * 86400);

    (void)state;
    assert_string_equal(chaos_status_stage(result.reason.status), "collateral");
    expect(&result, CHAOS_DECISION_RETRY, 0, "", result.reason.status);
    w.config.policy = slice_text(grace); /* what the policy lets pass in private */
    result = judge_at(&r.hash, w.now + 60 * 86400);
    expect(&result, CHAOS_DECISION_RETRY, 0, "", CHAOS_E_COLLATERAL_GRACE);
    assert_int_equal(world_answers(&w, &r.hash), 0);
}

static void test_collateral_too_old_for_policy(void **state)
{
    static const char policy[] = "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"simulated\"],"
                                 "\"tcb\":{\"min_evaluation_number\":4000}}";
    request_draft r = sound_request(true);

    (void)state;
    w.config.policy = slice_text(policy);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_EVAL_NUMBER);
}

static void test_out_of_date(void **state)
{
    request_draft r = sound_request(true);
    forge_options options = { .now = w.now, .seed = WORLD_SEED, .tcb_status = "OutOfDate" };
    forge_result made;
    chaos_error err;

    (void)state;
    OK(forge_make(FORGE_TDX4, &options, NULL, &made, &err));
    w.config.collateral = buffer_slice(&made.collateral);
    expect_answer(&r, 0, CHAOS_E_TCB_STATUS);
    forge_result_free(&made);
}

/* The evidence was in its time when it was asked for, and we come late: no fault of the agent. */
static void test_late_validator(void **state)
{
    request_draft r = world_request(&w);
    forge_options options = { .now = w.now + 10 * 86400, .seed = WORLD_SEED };
    forge_result later;
    chaos_binding binding;
    chaos_validation_result result;
    chaos_error err;

    (void)state;
    world_ask(&w, &r);
    binding = world_binding(&w, &r);
    binding.expires_at = binding.issued_at + 86400;
    answer_with(&r, &binding, NULL, true);
    OK(forge_make(FORGE_TDX4, &options, NULL, &later, &err));
    w.config.collateral = buffer_slice(&later.collateral);
    result = judge_at(&r.hash, w.now + 10 * 86400);
    expect(&result, CHAOS_DECISION_RETRY, 0, "", CHAOS_E_BINDING_EXPIRED);
    forge_result_free(&later);
    w.config.collateral = config_before.collateral;
    expect_answer(&r, 100, CHAOS_OK);
}

/* -------------------------------------------------------------------- request ---- */

static void test_unknown_request(void **state)
{
    const chaos_keccak nobody = { { 1 } };
    const chaos_validation_result result = judge_at(&nobody, w.now);

    (void)state;
    expect(&result, CHAOS_DECISION_RETRY, 0, "", CHAOS_E_NOT_FOUND);
}

static void test_request_of_another(void **state)
{
    request_draft r = world_request(&w);

    (void)state;
    r.validator = r.fields.validator = world_address(w.c.account);
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, false);
    expect_silence(&r, CHAOS_DECISION_REFUSE, CHAOS_E_REQUEST_FORMAT);
}

static void change_file_chain(request_draft *r)
{
    r->fields.chain_id = 1;
}
static void change_file_registry(request_draft *r)
{
    r->fields.identity_registry.bytes[0] ^= 1;
}
static void change_file_agent(request_draft *r)
{
    r->fields.agent_id.bytes[31] ^= 1;
}
static void change_file_validator(request_draft *r)
{
    r->fields.validator.bytes[0] ^= 1;
}
static void change_file_garbage(request_draft *r)
{
    r->file = "{\"schema\":\"chaoschain/validation-request/1\"}";
}

static void test_file_does_not_fit(void **state)
{
    static void (*const changes[])(request_draft *) = { change_file_chain, change_file_registry, change_file_agent,
                                                        change_file_validator, change_file_garbage };
    static const char *const fields[] = { "agent_registry", "agent_registry", "agent_id", "validator", NULL };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(changes); i++) {
        request_draft r = world_request(&w);
        chaos_validation_result result;

        changes[i](&r);
        world_ask(&w, &r);
        answer_with(&r, NULL, NULL, true);
        result = judge_at(&r.hash, w.now);
        expect(&result, CHAOS_DECISION_REFUSE, 0, "", CHAOS_E_REQUEST_FORMAT);
        assert_true(fields[i] == NULL || strcmp(result.reason.field, fields[i]) == 0);
        assert_int_equal(world_answers(&w, &r.hash), 0);
    }
}

/* What a stranger names that is no URI, or of no kind that is fetched, is never our caller's mistake. */
static void test_strange_uris(void **state)
{
    static const char *const uris[] = { "gopher://old.invalid/file", "https://", "data:nothing", "ipfs://no-cid", "x" };
    static const char *const requests[] = { "ftp://old.invalid/file", WORLD_BASE "../../etc/passwd", " " };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(uris); i++) {
        request_draft r = world_request(&w);

        (void)snprintf(r.evidence_uri, sizeof r.evidence_uri, "%s", uris[i]);
        world_ask(&w, &r);
        expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_AVAILABLE);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(requests); i++) {
        request_draft r = world_request(&w);

        r.uri = requests[i];
        world_ask(&w, &r);
        expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_AVAILABLE);
    }
}

static void test_content_missing(void **state)
{
    request_draft r = world_request(&w);

    (void)state;
    world_ask(&w, &r);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
    answer_with(&r, NULL, NULL, false);
    expect_answer(&r, 100, CHAOS_OK);
}

static bool lie(void *context, const http_seen *seen, chaos_buffer *out)
{
    (void)context;
    (void)seen;
    return http_reply(out, 200, "application/octet-stream", slice_text("bytes of another hash"));
}

static void test_gateway_lies(void **state)
{
    const http_server_options options = { .tcp = true, .answer = lie };
    http_server *server = http_server_start(&options);
    chaos_content_options how = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_content *content = NULL;
    request_draft r = world_request(&w);
    char gateway[64];
    chaos_error err;

    (void)state;
    how.folder = w.content_folder;
    how.base = WORLD_BASE;
    (void)snprintf(gateway, sizeof gateway, "%s/", http_server_url(server));
    how.gateways[0] = gateway;
    how.allow_local = true;
    OK(chaos_content_open(&how, &content, &err));
    w.config.content = content;
    (void)snprintf(r.evidence_uri, sizeof r.evidence_uri,
                   "ipfs://bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
    world_ask(&w, &r);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_CONTENT_HASH);
    assert_true(http_server_requests(server) > 0);
    chaos_content_free(content);
    http_server_stop(server);
}

/* The bytes at the URI are not those that the agent committed to. */
static void test_other_bytes_than_committed(void **state)
{
    request_draft r = world_request(&w);

    (void)state;
    world_ask(&w, &r);
    answer_with(&r, NULL, "quote-signature-flipped", false);
    world_commit(&w, &r, slice_text("other bytes"));
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_CONTENT_HASH);
}

/* A commitment to the answer of another request is none. */
static void test_commitment_to_another(void **state)
{
    request_draft first = sound_request(false);
    request_draft r = world_request(&w);

    (void)state;
    world_ask(&w, &r);
    answer_with(&r, NULL, "quote-signature-flipped", false);
    world_commit(&w, &first, slice_text("anything"));
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
}

static void test_unconfirmed(void **state)
{
    request_draft r = world_request(&w);

    (void)state;
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, false);
    w.config.confirmations = (uint32_t)(world_head(&w).number - r.block + 2);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_UNCONFIRMED);
    world_mine(&w, 1);
    expect_answer(&r, 100, CHAOS_OK);
}

/* ------------------------------------------------------------- without sending ---- */

static void test_dry_run(void **state)
{
    request_draft r = sound_request(false);
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    chaos_sender *dry = NULL;
    chaos_validation_result result;
    chaos_error err;

    (void)state;
    options.rpc = w.c.rpc;
    options.account = w.bob;
    options.dry_run = true;
    OK(chaos_sender_open(&options, &dry, &err));
    w.config.sender = dry;
    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_int_equal(world_answers(&w, &r.hash), 0);
    assert_string_equal(result.report_uri, ""); /* nothing is published either */
    w.config.sender = NULL;
    w.config.store = NULL;
    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_int_equal(world_answers(&w, &r.hash), 0);
    chaos_sender_free(dry);
    w.config = config_before;
    expect_answer(&r, 100, CHAOS_OK);
}

/* ------------------------------------------------------------------ in between ---- */

static void test_node_dies(void **state)
{
    static const char *const methods[] = { "eth_getLogs", "eth_call", "eth_getBlockByNumber" };
    request_draft r = sound_request(true);

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        const proxy_rule rules[] = { { methods[i], PROXY_ERROR, 0, 0, "gone" }, { 0 } };
        chaos_validation_result result;

        rpc_proxy_rules(w.c.proxy, rules);
        result = judge_at(&r.hash, w.now);
        assert_int_equal(chaos_status_class(result.reason.status), CHAOS_CLASS_ENV);
        expect(&result, CHAOS_DECISION_RETRY, 0, "", result.reason.status);
        (void)restore_config(NULL);
    }
    expect_answer(&r, 100, CHAOS_OK);
}

/* Called when everything is read and nothing is answered yet: `meanwhile` happens. */
typedef struct interlude {
    void (*meanwhile)(struct interlude *i);
    const request_draft *r;
    bool done;
} interlude;

static chaos_status with_interlude(void *context, const chaos_evidence *evidence, int64_t now, chaos_buffer *out,
                                   chaos_error *err)
{
    interlude *i = context;

    (void)evidence;
    (void)now;
    (void)err;
    if (!i->done) {
        i->done = true;
        i->meanwhile(i);
    }
    return buffer_append(out, config_before.collateral) ? CHAOS_OK : CHAOS_E_MEMORY;
}

static void use_interlude(interlude *i)
{
    w.config.collateral = (chaos_slice){ NULL, 0 };
    w.config.collateral_source = with_interlude;
    w.config.collateral_context = i;
}

static void drop_wallet(interlude *i)
{
    chaos_error err;

    OK(chaos_agent_unset_wallet(w.registries, w.c.sender, world_name(&w, "unset"), &i->r->agent_id, NULL, &err));
}

static void test_wallet_changes_meanwhile(void **state)
{
    const chaos_address key = world_address(w.wallet);
    request_draft r = world_request(&w);
    interlude i = { drop_wallet, &r, false };

    (void)state;
    r.agent_id = r.fields.agent_id = world_agent(&w, w.wallet, &key);
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, true);
    use_interlude(&i);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_REORGANISED);
    assert_true(i.done);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND); /* tee.key alone */
}

/* The same account, with another store: another machine. */
static void answer_elsewhere(interlude *i)
{
    char journal[160];
    chaos_validator *v = NULL;
    chaos_validator_config config = config_before;
    chaos_sender *sender;
    chaos_validation_result result;
    chaos_error err;

    (void)snprintf(journal, sizeof journal, "%s-%s", w.journal, world_name(&w, "elsewhere"));
    sender = world_sender(&w, w.bob, journal);
    config.sender = sender;
    config.store = journal;
    OK(chaos_validator_open(&config, &v, &err));
    result = world_validate(v, &i->r->hash, w.now + 1);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    chaos_verdict_free(result.verdict);
    chaos_validator_free(v);
    chaos_sender_free(sender);
}

static void test_answered_meanwhile(void **state)
{
    request_draft r = sound_request(false);
    interlude i = { answer_elsewhere, &r, false };
    chaos_validation_result result;

    (void)state;
    use_interlude(&i);
    result = judge_at(&r.hash, w.now);
    expect(&result, CHAOS_DECISION_DONE, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_true(i.done);
    assert_int_equal(world_answers(&w, &r.hash), 1);
}

/* --------------------------------------------------------------------- crashes ---- */

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(from, to), 0);
}

static void hide_content(interlude *i)
{
    char hidden[160];

    (void)i;
    (void)snprintf(hidden, sizeof hidden, "%s.hidden", w.content_folder);
    move(w.content_folder, hidden);
}

/* Ends between keeping the decision and sending anything: the report cannot be published. */
static chaos_keccak end_before_sending(const request_draft *r)
{
    interlude i = { hide_content, r, false };
    char hidden[160];
    chaos_validation_result result;

    use_interlude(&i);
    result = judge_at(&r->hash, w.now);
    expect(&result, CHAOS_DECISION_RETRY, 0, "", CHAOS_E_FILE_IO);
    (void)snprintf(hidden, sizeof hidden, "%s.hidden", w.content_folder);
    move(hidden, w.content_folder);
    w.config = config_before;
    return result.report_hash;
}

static void unpublish(const request_draft *r)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", w.content_folder, r->evidence_name);
    assert_int_equal(unlink(path), 0);
}

static void test_decision_is_taken_up(void **state)
{
    request_draft r = sound_request(false);
    const chaos_keccak decided = end_before_sending(&r);
    chaos_validation_result result;

    (void)state;
    unpublish(&r); /* nothing could be judged any more, nor need it */
    result = judge_at(&r.hash, w.now + 60);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_memory_equal(result.report_hash.bytes, decided.bytes, sizeof decided.bytes);
    assert_int_equal(world_answers(&w, &r.hash), 1);
}

static void test_old_decision_is_judged_anew(void **state)
{
    request_draft r = sound_request(false);
    const chaos_keccak decided = end_before_sending(&r);
    chaos_validation_result result;

    (void)state;
    result = judge_at(&r.hash, w.now + 3600);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_memory_not_equal(result.report_hash.bytes, decided.bytes, sizeof decided.bytes);
    assert_int_equal(world_answers(&w, &r.hash), 1);
}

static void test_decision_about_another_wallet(void **state)
{
    const chaos_address key = world_address(w.wallet);
    request_draft r = world_request(&w);
    interlude i = { drop_wallet, &r, false };

    (void)state;
    r.agent_id = r.fields.agent_id = world_agent(&w, w.wallet, &key);
    world_ask(&w, &r);
    answer_with(&r, NULL, NULL, true);
    (void)end_before_sending(&r);
    drop_wallet(&i);
    expect_silence(&r, CHAOS_DECISION_RETRY, CHAOS_E_NOT_FOUND);
}

/* Signed and in the journal, but no node has it: the same transaction goes on, whatever became of the evidence. */
static void test_sending_goes_on(void **state)
{
    static const proxy_rule rules[] = { { "eth_sendRawTransaction", PROXY_DROP, 0, 0, NULL }, { 0 } };
    request_draft r = sound_request(false);
    const uint64_t nonce = chain_nonce(&w.c, w.bob);
    chaos_validation_result result;
    chaos_keccak decided;

    (void)state;
    rpc_proxy_rules(w.c.proxy, rules);
    result = judge_at(&r.hash, w.now);
    decided = result.report_hash;
    expect(&result, CHAOS_DECISION_RETRY, 0, "", result.reason.status);
    assert_int_equal(chaos_status_class(result.reason.status), CHAOS_CLASS_ENV);
    assert_int_equal(world_answers(&w, &r.hash), 0);
    (void)restore_config(NULL);
    unpublish(&r);
    result = judge_at(&r.hash, w.now + 90 * 86400);
    expect(&result, CHAOS_DECISION_ANSWER, 100, CHAOS_TAG_SIMULATED, CHAOS_OK);
    assert_memory_equal(result.report_hash.bytes, decided.bytes, sizeof decided.bytes);
    assert_int_equal(world_answers(&w, &r.hash), 1);
    assert_true(chain_nonce(&w.c, w.bob) == nonce + 1);
}

typedef struct racer {
    chaos_validator *v;
    chaos_sender *sender;
    const request_draft *r;
    chaos_validation_result last;
    int64_t now;
    chaos_status status;
} racer;

static void *race(void *context)
{
    racer *me = context;
    chaos_error err;

    for (int tries = 0; tries < 50; tries++) {
        me->status = chaos_validator_validate(me->v, &me->r->hash, me->now, &me->last, &err);
        if (me->status != CHAOS_OK) {
            break;
        }
        chaos_verdict_free(me->last.verdict);
        if (me->last.decision != CHAOS_DECISION_RETRY) {
            break;
        }
        (void)usleep(20000);
    }
    return NULL;
}

/* Two at once with one account and one store, who judge at different times. */
static void test_two_at_once(void **state)
{
    request_draft r = sound_request(false);
    const uint64_t nonce = chain_nonce(&w.c, w.bob);
    racer racers[2];
    pthread_t threads[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        racers[i] = (racer){ .r = &r, .now = w.now + (int64_t)i, .sender = world_sender(&w, w.bob, w.journal) };
        w.config.sender = racers[i].sender;
        racers[i].v = world_validator(&w);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(racers[i].status, CHAOS_OK);
        assert_true(racers[i].last.decision == CHAOS_DECISION_ANSWER ||
                    racers[i].last.decision == CHAOS_DECISION_DONE);
        chaos_validator_free(racers[i].v);
        chaos_sender_free(racers[i].sender);
    }
    assert_int_equal(world_answers(&w, &r.hash), 1);
    assert_true(chain_nonce(&w.c, w.bob) == nonce + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, keep_config, restore_config)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sound),
        TEST(test_flaws),
        TEST(test_malformed_envelope),
        TEST(test_bindings),
        TEST(test_wrong_identity_key),
        TEST(test_keys_apart),
        TEST(test_nonce_of_the_agent),
        TEST(test_stale_anchor),
        TEST(test_anchor_unknown),
        TEST(test_simulated_elsewhere),
        TEST(test_custom_anchor),
        TEST(test_collateral_missing),
        TEST(test_collateral_of_another),
        TEST(test_collateral_expired),
        TEST(test_collateral_too_old_for_policy),
        TEST(test_out_of_date),
        TEST(test_late_validator),
        TEST(test_unknown_request),
        TEST(test_request_of_another),
        TEST(test_file_does_not_fit),
        TEST(test_strange_uris),
        TEST(test_content_missing),
        TEST(test_gateway_lies),
        TEST(test_other_bytes_than_committed),
        TEST(test_commitment_to_another),
        TEST(test_unconfirmed),
        TEST(test_dry_run),
        TEST(test_node_dies),
        TEST(test_wallet_changes_meanwhile),
        TEST(test_answered_meanwhile),
        TEST(test_decision_is_taken_up),
        TEST(test_old_decision_is_judged_anew),
        TEST(test_decision_about_another_wallet),
        TEST(test_sending_goes_on),
        TEST(test_two_at_once),
    };

    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
