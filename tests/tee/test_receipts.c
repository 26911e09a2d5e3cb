/* test_receipts.c - the whole way of a receipt: a TEE makes an identity key and a session key, the session signs actions, the
 * public writers make a bundle of them, and a relying party that knows the chain finds it AFFIRMING. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"
#define ACTIONS 3

typedef struct world {
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_keypair *identity, *session;
    chaos_binding binding; /* what the session is asked to bind */
    int64_t now;
} world;

static chaos_slice bytes_of(const chaos_buffer *buffer)
{
    chaos_slice s = { buffer->data, buffer->size };
    return s;
}

static void read_held(const char *name, chaos_buffer *out)
{
    char path[1024];
    const char *folder = getenv("CHAOS_SIMULATOR");
    assert_non_null(folder);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    out->data = calloc(1, out->limit + 1);
    assert_non_null(out->data);
    out->size = fread(out->data, 1, out->limit, file);
    out->capacity = out->limit;
    (void)fclose(file);
}

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s: %s", chaos_status_name(status), err->field == NULL ? "" : err->field, err->text);
    }
}

static chaos_status make_keys(world *w, chaos_error *err)
{
    chaos_key_options identity = CHAOS_KEY_OPTIONS_INIT, session = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding first = { .stage = CHAOS_STAGE_IDENTITY };
    chaos_status status;
    first.chain_id.bytes[30] = 0x7a;
    first.chain_id.bytes[31] = 0x69;
    memset(first.identity_registry.bytes, 0x5f, sizeof first.identity_registry.bytes);
    first.agent_id.bytes[31] = 7;
    identity.attest.binding = &first;
    status = chaos_tee_generate_key(w->tee, &identity, &w->identity, err);
    if (status != CHAOS_OK) {
        return status;
    }
    w->binding = first;
    w->binding.stage = CHAOS_STAGE_SESSION;
    w->binding.anchor_block = 1000;
    memset(w->binding.nonce.bytes, 0xb1, sizeof w->binding.nonce.bytes);
    session.purpose = CHAOS_KEY_FRESH;
    session.path = "";
    session.attest.binding = &w->binding;
    session.attest.endorser = w->identity;
    return chaos_tee_generate_key(w->tee, &session, &w->session, err);
}

static int begin(void **state)
{
    static world w;
    const chaos_tee_provider *provider = NULL;
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_error err = { 0 };
    options.search_path = PROVIDERS;
    w.now = time(NULL);
    if (chaos_tee_registry_new(&options, &w.registry, &err) != CHAOS_OK ||
        chaos_tee_find(w.registry, "phala-dstack", &provider, &err) != CHAOS_OK ||
        chaos_tee_open(provider, NULL, &w.tee, &err) != CHAOS_OK || make_keys(&w, &err) != CHAOS_OK) {
        print_error("%s: %s\n", chaos_status_name(err.status), err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_keypair_free(w->session);
    chaos_keypair_free(w->identity);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->registry);
    return 0;
}

/* ---------------------------------------------------------------- actions ---- */

static chaos_action first_action(const world *w, const chaos_keypair *keypair)
{
    chaos_binding binding;
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(keypair), &binding));
    chaos_action action = { .chain_id = binding.chain_id,
                            .agent_registry = binding.identity_registry,
                            .agent_id = binding.agent_id,
                            .action_type = "test/note",
                            .issued_at = binding.issued_at,
                            .evidence_hash = chaos_evidence_hash(chaos_keypair_evidence(keypair)) };
    (void)w;
    return action;
}

static void expect_refused(const world *w, const chaos_action *action, chaos_status status, const char *field)
{
    chaos_signature65 signature;
    chaos_error err = { 0 };
    memset(&signature, 0xee, sizeof signature);
    const chaos_status found = chaos_tee_sign_action(w->tee, action, w->session, &signature, &err);
    if (found != status || err.field == NULL || strcmp(err.field, field) != 0) {
        fail_msg("%s: expected %s, got %s at %s", field, chaos_status_name(status), chaos_status_name(found),
                 err.field == NULL ? "no field" : err.field);
    }
    assert_int_equal(signature.bytes[0], 0xee); /* untouched */
}

/* The key signs what a verifier would take, and nothing else in its own name. */
static void test_refusals(void **state)
{
    const world *w = *state;
    const chaos_action good = first_action(w, w->session);
    chaos_signature65 signature;
    chaos_error err = { 0 };
    must(chaos_tee_sign_action(w->tee, &good, w->session, &signature, &err), &err);
    chaos_action action = good;
    action.chain_id.bytes[31] ^= 1;
    expect_refused(w, &action, CHAOS_E_USAGE, "chainId");
    action = good;
    action.agent_registry.bytes[0] ^= 1;
    expect_refused(w, &action, CHAOS_E_USAGE, "agentRegistry");
    action = good;
    action.agent_id.bytes[31] ^= 1;
    expect_refused(w, &action, CHAOS_E_USAGE, "agentId");
    action = good;
    action.evidence_hash.bytes[0] ^= 1;
    expect_refused(w, &action, CHAOS_E_USAGE, "evidenceHash");
    action = good;
    action.issued_at--;
    expect_refused(w, &action, CHAOS_E_USAGE, "issuedAt");
    action.issued_at += 8 * 86400;
    expect_refused(w, &action, CHAOS_E_USAGE, "issuedAt");
    action = good;
    action.previous.bytes[0] = 1;
    expect_refused(w, &action, CHAOS_E_RECEIPT_FORMAT, "previous");
    action = good;
    action.action_type[0] = ' ';
    expect_refused(w, &action, CHAOS_E_RECEIPT_FORMAT, "actionType");
    assert_int_equal(chaos_tee_sign_action(w->tee, NULL, w->session, &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_sign_action(w->tee, &good, w->session, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_sign_action(NULL, &good, w->session, &signature, &err), CHAOS_E_USAGE);
    /* The identity key signs under its own evidence, and not in the name of the session. */
    assert_int_equal(chaos_tee_sign_action(w->tee, &good, w->identity, &signature, &err), CHAOS_E_USAGE);
    action = first_action(w, w->identity);
    must(chaos_tee_sign_action(w->tee, &action, w->identity, &signature, &err), &err);
}

/* A key that is bound to no agent has no actions. */
static void test_key_only(void **state)
{
    const world *w = *state;
    chaos_keypair *keypair = NULL;
    chaos_signature65 signature;
    chaos_error err = { 0 };
    must(chaos_tee_generate_key(w->tee, NULL, &keypair, &err), &err);
    chaos_action action = first_action(w, w->session);
    action.evidence_hash = chaos_evidence_hash(chaos_keypair_evidence(keypair));
    assert_int_equal(chaos_tee_sign_action(w->tee, &action, keypair, &signature, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "keypair");
    chaos_keypair_free(keypair);
}

/* ----------------------------------------------------------------- bundle ---- */

typedef struct memory_source {
    chaos_slice text;
} memory_source;

static chaos_status read_memory(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    memory_source *m = context;
    (void)err;
    *got = m->text.size < capacity ? m->text.size : capacity;
    memcpy(into, m->text.data, *got);
    m->text.data += *got;
    m->text.size -= *got;
    return CHAOS_OK;
}

/* Three actions, each with its payload; gives the digest of the last. */
static chaos_keccak write_bundle(const world *w, const chaos_keypair *keypair, chaos_buffer *out)
{
    chaos_receipt receipt = { .action = first_action(w, keypair) };
    chaos_keccak digest = { { 0 } };
    chaos_error err = { 0 };
    must(chaos_bundle_write_header(&receipt.action.chain_id, &receipt.action.agent_registry, &receipt.action.agent_id,
                                   out, &err),
         &err);
    must(chaos_bundle_write_envelope(chaos_keypair_evidence(keypair), out, &err), &err);
    for (uint64_t i = 0; i < ACTIONS; i++) {
        char payload[32];
        (void)snprintf(payload, sizeof payload, "payload %u", (unsigned)i);
        const chaos_slice content = { (const uint8_t *)payload, strlen(payload) };
        receipt.action.sequence = i;
        receipt.action.previous = digest;
        receipt.action.payload_hash = chaos_content_hash(content);
        must(chaos_tee_sign_action(w->tee, &receipt.action, keypair, &receipt.signature, &err), &err);
        must(chaos_bundle_write_receipt(&receipt, out, &err), &err);
        must(chaos_bundle_write_content(content, out, &err), &err);
        digest = chaos_action_digest(&receipt.action);
    }
    return digest;
}

static chaos_tier judge(const world *w, const chaos_keypair *keypair, const char *expected)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(1u << 22), collateral = CHAOS_BUFFER_INIT(1u << 20);
    chaos_buffer root = CHAOS_BUFFER_INIT(1u << 16), policy_text = CHAOS_BUFFER_INIT(1u << 16);
    chaos_buffer json = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    const chaos_head head = { ACTIONS - 1, write_bundle(w, keypair, &text), 1010 };
    chaos_block_hash block = { .number = 1000 };
    chaos_bundle_expectation e = CHAOS_BUNDLE_EXPECTATION_INIT;
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    memory_source m = { bytes_of(&text) };
    chaos_trust *trust = NULL;
    chaos_policy *policy = NULL;
    chaos_verdict *verdict = NULL;
    chaos_error err = { 0 };
    read_held("collateral.json", &collateral);
    read_held("trust-root.der", &root);
    read_held("policy.json", &policy_text);
    memset(block.hash.bytes, 0xb1, sizeof block.hash.bytes);
    e.agent.has_identity_key = true;
    e.agent.identity_key = chaos_keypair_address(w->identity);
    e.heads = &head;
    e.head_count = 1;
    e.blocks = &block;
    e.block_count = 1;
    source.context = &m;
    source.read = read_memory;
    must(chaos_trust_new(&trust, &err), &err);
    must(chaos_trust_add_root(trust, bytes_of(&root), &err), &err);
    must(chaos_policy_parse(bytes_of(&policy_text), &policy, &err), &err);
    must(chaos_check_bundle(&source, bytes_of(&collateral), trust, policy, &e, w->now, NULL, &verdict, &err), &err);
    must(chaos_verdict_write_json(verdict, &json, &err), &err);
    if (strstr((const char *)json.data, expected) == NULL) {
        fail_msg("expected %s in %s", expected, (const char *)json.data);
    }
    const chaos_tier tier = chaos_verdict_tier(verdict);
    chaos_verdict_free(verdict);
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    chaos_buffer_free(&json);
    chaos_buffer_free(&policy_text);
    chaos_buffer_free(&root);
    chaos_buffer_free(&collateral);
    chaos_buffer_free(&text);
    return tier;
}

static void test_session(void **state)
{
    const world *w = *state;
    assert_int_equal(judge(w, w->session, "\"code\":\"proven\",\"contents\":3,\"count\":3,\"existed_by_block\":1010,"),
                     CHAOS_TIER_AFFIRMING);
}

static void test_identity_key_alone(void **state)
{
    const world *w = *state;
    assert_int_equal(judge(w, w->identity, "\"code\":\"not-proven\",\"contents\":3,\"count\":3,"), CHAOS_TIER_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_key_only),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_identity_key_alone),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
