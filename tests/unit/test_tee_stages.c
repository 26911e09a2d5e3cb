/* test_tee_stages.c - a TEE in memory: keys derived as dstack derives them, quotes of the forge. An
 * envelope of each stage goes through chaos_check under the forge's own policy; each lie of the TEE is
 * found before an envelope is given out. */
#include <time.h>

#include "sim/recipe.h"
#include "tee/internal.h"
#include "tests/support/support.h"

#define SEED "chaoschain-simulator" /* the forge's own */

/* --------------------------------------------------------- a TEE in memory ---- */

typedef enum lie {
    LIE_NONE,
    LIE_REPORT_DATA, /* of somebody else */
    LIE_EVENT_LOG,   /* an event less */
    LIE_NO_LOG,      /* so nothing says which application the chain is for */
    LIE_ROOT_LINK,   /* no key can have made it */
    LIE_COMPOSE      /* another compose file than the measured one */
} lie;

typedef struct memory_tee {
    const chaos_host *host;
    lie lie;
    unsigned keys;             /* alive */
    unsigned sessions;         /* made */
    unsigned signatures;       /* asked for */
    chaos_keccak first_digest; /* of the first */
    bool is_busy;              /* in a signature; not atomic, as nobody else is in the plug-in meanwhile */
    bool no_root_link;         /* the application's root key came from no KMS */
} memory_tee;

static memory_tee memory;

static chaos_status memory_open(const chaos_host *host, const char *options_json, void **self,
                                chaos_error *err)
{
    (void)options_json;
    (void)err;
    memory = (memory_tee){ .host = host };
    *self = &memory;
    return CHAOS_OK;
}

static chaos_status memory_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    return CHAOS_OK;
}

static void make_link(const agent_keyring *keys, agent_key signer, chaos_slice text, uint8_t link[65])
{
    const chaos_keccak claim = hash_keccak(text);

    assert_true(k1_sign(keys->scalar[signer], &claim, link));
}

static void emit_chain(const memory_tee *tee, const char *path, const char *purpose,
                       const agent_keyring *keys, const uint8_t app_id[APP_ID_SIZE])
{
    CHAOS_AUTO_BUFFER(text, 1024);
    CHAOS_AUTO_BUFFER(json_text, 4096);
    kms_chain chain = { .path = slice_text(path),
                        .purpose = slice_text(purpose),
                        .has_root_link = !tee->no_root_link };
    uint8_t compressed[K1_COMPRESSED_SIZE];
    char digits[2 * K1_COMPRESSED_SIZE + 1] = { 0 };

    k1_compress(&keys->point[AGENT_IDENTITY], compressed);
    hex_encode(slice(compressed, sizeof compressed), digits);
    assert_true(buffer_append_format(&text, "%s:%s", purpose, digits));
    make_link(keys, AGENT_APP_ROOT, buffer_slice(&text), chain.key_link);
    text.size = 0;
    k1_compress(&keys->point[AGENT_APP_ROOT], compressed);
    assert_true(buffer_append_text(&text, "dstack-kms-issued:") &&
                buffer_append(&text, slice(app_id, APP_ID_SIZE)) &&
                buffer_append(&text, slice(compressed, sizeof compressed)));
    make_link(keys, AGENT_KMS_ROOT, buffer_slice(&text), chain.root_link);
    if (tee->lie == LIE_ROOT_LINK) {
        memset(chain.root_link, 0, 32);
    }
    assert_true(kms_chain_write(&chain, &json_text));
    assert_int_equal(tee->host->emit(tee->host, "dstack-kms-chain", buffer_slice(&json_text), NULL),
                     CHAOS_OK);
}

static chaos_status memory_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const chaos_sha256 app = hash_sha256(slice_text("app"));
    memory_tee *tee = self;
    chaos_host_key *made = NULL;
    agent_keyring keys;
    uint8_t secret[32], public_key[65];

    assert_string_equal(algorithm, "secp256k1");
    if (strcmp(purpose, CHAOS_KEY_FRESH) == 0) {
        memset(secret, (int)(1 + tee->sessions++), sizeof secret);
    } else {
        assert_true(agent_keyring_make(SEED, app.bytes, path, &keys));
        memcpy(secret, keys.scalar[AGENT_IDENTITY], sizeof secret);
        emit_chain(tee, path, purpose, &keys, app.bytes);
    }
    assert_int_equal(tee->host->key_import(tee->host, secret, &made, err), CHAOS_OK);
    tee->host->key_public(tee->host, made, public_key);
    tee->keys++;
    *key = made;
    return tee->host->emit(tee->host, "public-key", slice(public_key, sizeof public_key), err);
}

static chaos_status memory_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    memory_tee *tee = self;
    chaos_status status;

    assert_false(tee->is_busy);
    tee->is_busy = true;
    if (tee->signatures++ == 0) {
        memcpy(tee->first_digest.bytes, digest, sizeof tee->first_digest.bytes);
    }
    status = tee->host->key_sign(tee->host, key, digest, rsv, err);
    tee->is_busy = false;
    return status;
}

/* A log without its last event is no log of this quote. */
static void cut_last_event(chaos_buffer *log)
{
    size_t at = log->size;

    while (at > 0 && memcmp(log->data + at - 1, ",{", 2) != 0) {
        at--;
    }
    assert_true(at > 0);
    log->data[at - 1] = ']';
    log->size = at;
}

static chaos_status memory_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const memory_tee *tee = self;
    forge_options options = { .has_report_data = true };
    chaos_status status;
    forge_result made;

    memcpy(options.report_data.bytes, report_data, sizeof options.report_data.bytes);
    options.report_data.bytes[0] ^= tee->lie == LIE_REPORT_DATA;
    assert_int_equal(forge_make(FORGE_TDX4, &options, NULL, &made, NULL), CHAOS_OK);
    status = tee->host->emit(tee->host, "tdx-quote", buffer_slice(&made.quote), err);
    if (tee->lie == LIE_EVENT_LOG) {
        cut_last_event(&made.event_log);
    }
    if (tee->lie == LIE_COMPOSE) {
        made.app_compose.data[0] ^= 1;
    }
    if (status == CHAOS_OK && tee->lie != LIE_NO_LOG) {
        status = tee->host->emit(tee->host, "dstack-event-log", buffer_slice(&made.event_log), err);
    }
    if (status == CHAOS_OK && tee->lie != LIE_NO_LOG) {
        status = tee->host->emit(tee->host, "dstack-app-compose", buffer_slice(&made.app_compose), err);
    }
    forge_result_free(&made);
    return status;
}

static void memory_key_free(void *self, void *key)
{
    memory_tee *tee = self;

    tee->keys--;
    tee->host->key_free(tee->host, key);
}

static void memory_close(void *self)
{
    const memory_tee *tee = self;

    assert_int_equal(tee->keys, 0); /* every key was given back */
}

static const chaos_provider plugin = { CHAOS_PROVIDER_ABI, sizeof(chaos_provider), "memory", "in memory",
                                       memory_open, memory_probe, memory_key, memory_sign,
                                       memory_attest, memory_key_free, memory_close, NULL };

static const chaos_tee_provider provider = { .plugin = &plugin, .name = "memory" };

/* ------------------------------------------------------------------ asking ---- */

static chaos_tee *tee;

static int set_up(void **state)
{
    (void)state;
    return chaos_tee_open(&provider, NULL, &tee, NULL) == CHAOS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chaos_tee_free(tee);
    return 0;
}

/* The values that the stage needs, and no others. */
static chaos_binding binding_of(chaos_binding_stage stage)
{
    const bool key_only = stage == CHAOS_STAGE_KEY_ONLY;
    chaos_binding b = { .stage = (uint8_t)stage,
                        .issued_at = FORGE_DEFAULT_NOW - 60,
                        .expires_at = FORGE_DEFAULT_NOW + 86400 };

    b.nonce.bytes[31] = 9;
    b.chain_id.bytes[31] = key_only ? 0 : 1;
    b.identity_registry.bytes[19] = key_only ? 0 : 2;
    b.agent_id.bytes[31] = 3;
    if (key_only || stage == CHAOS_STAGE_BEFORE_REGISTRATION) {
        memset(b.agent_id.bytes, 0xff, sizeof b.agent_id.bytes);
    }
    b.subject.bytes[0] = stage == CHAOS_STAGE_VALIDATION;
    b.tls_spki_hash.bytes[0] = stage == CHAOS_STAGE_TLS;
    return b;
}

static chaos_keypair *generate(const char *purpose, const chaos_binding *binding,
                               const chaos_keypair *endorser)
{
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *keypair = NULL;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    options.purpose = purpose;
    options.attest.binding = binding;
    options.attest.endorser = endorser;
    if (chaos_tee_generate_key(tee, &options, &keypair, &err) != CHAOS_OK) {
        fail_msg("%s (%s, expected %s, found %s)", err.text, err.field, err.expected, err.found);
    }
    return keypair;
}

static chaos_keypair *identity_key(void)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_IDENTITY);

    return generate(NULL, &b, NULL);
}

static void expect_verdict(const chaos_evidence *evidence, const chaos_address *identity, const char *tier)
{
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    check_input input = { .envelope = chaos_evidence_bytes(evidence), .expectation = &expectation };
    forge_result made;
    json_t *verdict;

    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, NULL), CHAOS_OK);
    input.collateral = bytes_of(&made.collateral);
    input.extra_root = bytes_of(&made.root);
    input.policy_json = (const char *)made.policy.data;
    input.now = made.now;
    expectation.has_identity_key = identity != NULL;
    expectation.identity_key = identity != NULL ? *identity : expectation.identity_key;
    expectation.has_nonce = true;
    expectation.nonce.bytes[31] = 9;
    verdict = check_to_json(&input, NULL);
    assert_string_equal(verdict_error_code(verdict), "");
    assert_string_equal(json_string_value(json_object_get(verdict, "tier")), tier);
    json_decref(verdict);
    forge_result_free(&made);
}

/* ------------------------------------------------------------------ stages ---- */

static void test_stages_of_the_identity_key(void **state)
{
    static const chaos_binding_stage stages[] = { CHAOS_STAGE_BEFORE_REGISTRATION, CHAOS_STAGE_IDENTITY,
                                                  CHAOS_STAGE_VALIDATION, CHAOS_STAGE_TLS };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stages); i++) {
        const chaos_binding b = binding_of(stages[i]);
        chaos_keypair *keypair = generate(NULL, &b, NULL);
        const chaos_evidence *evidence = chaos_keypair_evidence(keypair);
        const chaos_address address = chaos_keypair_address(keypair);
        chaos_binding found;

        assert_true(chaos_evidence_binding(evidence, &found));
        assert_memory_equal(found.identity_key.bytes, address.bytes, sizeof address.bytes);
        assert_memory_equal(found.nonce.bytes, b.nonce.bytes, sizeof b.nonce.bytes);
        assert_true(found.issued_at == b.issued_at && found.expires_at == b.expires_at);
        assert_false(evidence->envelope.has_endorsement);
        assert_non_null(evidence->envelope.parts[PART_DSTACK_KMS_CHAIN].data);
        assert_true(slice_is(evidence->envelope.provider, "memory"));
        expect_verdict(evidence, &address, "AFFIRMING");
        chaos_keypair_free(keypair);
    }
}

static void test_stages_with_an_endorser(void **state)
{
    static const chaos_binding_stage stages[] = { CHAOS_STAGE_VALIDATION, CHAOS_STAGE_TLS,
                                                  CHAOS_STAGE_SESSION };
    chaos_keypair *identity = identity_key();
    const chaos_address address = chaos_keypair_address(identity);

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stages); i++) {
        const chaos_binding b = binding_of(stages[i]);
        chaos_keypair *session = generate(CHAOS_KEY_FRESH, &b, identity);
        const chaos_evidence *evidence = chaos_keypair_evidence(session);

        assert_string_equal(chaos_keypair_reference(session), "memory:session");
        assert_true(evidence->envelope.has_endorsement);
        assert_non_null(evidence->envelope.parts[PART_DSTACK_KMS_CHAIN].data); /* the identity key's */
        assert_memory_equal(evidence->binding.identity_key.bytes, address.bytes, sizeof address.bytes);
        assert_memory_not_equal(chaos_keypair_address(session).bytes, address.bytes, sizeof address.bytes);
        expect_verdict(evidence, &address, "AFFIRMING");
        chaos_keypair_free(session);
    }
    chaos_keypair_free(identity);
}

static void test_key_only(void **state)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_KEY_ONLY);
    chaos_keypair *keypair = generate(NULL, &b, NULL);
    const chaos_address address = chaos_keypair_address(keypair);

    (void)state;
    expect_verdict(chaos_keypair_evidence(keypair), &address, "WARNING");
    chaos_keypair_free(keypair);
}

/* generate_key() with nothing: stage 4, a day from now, the nonce that was asked for. */
static void test_defaults(void **state)
{
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    const int64_t before = (int64_t)time(NULL);
    chaos_keypair *keypair = NULL;
    chaos_evidence *again = NULL;
    chaos_binding found;

    (void)state;
    options.has_nonce = true;
    memset(options.nonce.bytes, 0x77, sizeof options.nonce.bytes);
    assert_int_equal(chaos_tee_generate_key(tee, &options, &keypair, NULL), CHAOS_OK);
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(keypair), &found));
    assert_int_equal(found.stage, CHAOS_STAGE_KEY_ONLY);
    assert_true(slice_is_zero(slice(found.chain_id.bytes, 32)));
    assert_int_equal(found.agent_id.bytes[0], 0xff);
    assert_memory_equal(found.nonce.bytes, options.nonce.bytes, 32);
    assert_in_range(found.issued_at, before, before + 60);
    assert_int_equal(found.expires_at - found.issued_at, 86400);
    assert_string_equal(chaos_keypair_reference(keypair), "memory:chaoschain/default");
    assert_int_equal(chaos_attest(tee, keypair, NULL, &again, NULL), CHAOS_OK);
    assert_true(chaos_evidence_binding(again, &found));
    assert_true(slice_is_zero(slice(found.nonce.bytes, 32)));
    chaos_evidence_free(again);
    chaos_keypair_free(keypair);
}

static void test_session_lives_seven_days(void **state)
{
    chaos_binding b = binding_of(CHAOS_STAGE_SESSION);
    chaos_keypair *identity = identity_key();
    chaos_keypair *session, *other;
    chaos_binding found;

    (void)state;
    b.issued_at = 0;
    b.expires_at = 0;
    session = generate(CHAOS_KEY_FRESH, &b, identity);
    other = generate(CHAOS_KEY_FRESH, &b, identity);
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(session), &found));
    assert_int_equal(found.expires_at - found.issued_at, 7 * 86400);
    assert_memory_not_equal(chaos_keypair_address(session).bytes, chaos_keypair_address(other).bytes, 20);
    chaos_keypair_free(other);
    chaos_keypair_free(session);
    chaos_keypair_free(identity);
}

/* The same key and the same binding twice: what the key signs first is something new each time. */
static void test_challenge(void **state)
{
    chaos_keypair *keypair = identity_key();
    const chaos_keccak first = memory.first_digest;

    (void)state;
    assert_int_equal(memory.signatures, 2); /* the challenge and the possession */
    chaos_keypair_free(keypair);
    memory.signatures = 0;
    keypair = identity_key();
    assert_memory_not_equal(first.bytes, memory.first_digest.bytes, sizeof first.bytes);
    chaos_keypair_free(keypair);
}

/* A chain that ends at the application's root key is as good as the policy says. */
static void test_without_kms(void **state)
{
    chaos_keypair *keypair;

    (void)state;
    memory.no_root_link = true;
    keypair = identity_key();
    assert_non_null(keypair->evidence->envelope.parts[PART_DSTACK_KMS_CHAIN].data);
    chaos_keypair_free(keypair);
}

/* Only a chain of purpose chaoschain-agent speaks of an identity key. */
static void test_other_purpose(void **state)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_IDENTITY);
    chaos_keypair *keypair = generate("wallet", &b, NULL);

    (void)state;
    assert_null(keypair->evidence->envelope.parts[PART_DSTACK_KMS_CHAIN].data);
    chaos_keypair_free(keypair);
}

static void test_collateral(void **state)
{
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_keypair *keypair = identity_key();
    chaos_evidence *evidence = NULL;
    forge_result made;
    chaos_error err;

    (void)state;
    assert_int_equal(forge_make(FORGE_TDX4, NULL, NULL, &made, NULL), CHAOS_OK);
    options.collateral = buffer_slice(&made.collateral);
    assert_int_equal(chaos_attest(tee, keypair, &options, &evidence, &err), CHAOS_OK);
    assert_true(slice_equal(evidence->envelope.collateral, options.collateral));
    chaos_evidence_free(evidence);
    options.collateral.size--;
    assert_int_equal(chaos_attest(tee, keypair, &options, &evidence, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "collateral");
    forge_result_free(&made);
    chaos_keypair_free(keypair);
}

/* ------------------------------------------------------------- rules of stages ---- */

typedef struct stage_case {
    chaos_binding_stage stage;
    bool has_endorser;
    size_t flipped; /* a byte of the binding that makes it wrong */
    const char *field;
} stage_case;

#define AT(member) offsetof(chaos_binding, member)

static const stage_case stage_cases[] = {
    { CHAOS_STAGE_BEFORE_REGISTRATION, false, AT(agent_id), "agentId" },
    { CHAOS_STAGE_IDENTITY, false, AT(chain_id) + 31, "chainId" },
    { CHAOS_STAGE_IDENTITY, false, AT(subject), "subject" },
    { CHAOS_STAGE_IDENTITY, false, AT(tls_spki_hash), "tlsSpkiHash" },
    { CHAOS_STAGE_VALIDATION, false, AT(subject), "subject" },
    { CHAOS_STAGE_TLS, true, AT(tls_spki_hash), "tlsSpkiHash" },
    { CHAOS_STAGE_KEY_ONLY, false, AT(chain_id), "chainId" },
    { CHAOS_STAGE_KEY_ONLY, false, AT(identity_registry), "identityRegistry" },
    { CHAOS_STAGE_SESSION, true, AT(expires_at) + 3, "expiresAt" }, /* six months */
    { CHAOS_STAGE_IDENTITY, false, AT(expires_at) + 5, NULL },      /* later is no rule of other stages */
    { (chaos_binding_stage)6, false, AT(nonce), "stage" },
    /* Endorsers that are missing, or have nothing to say. */
    { CHAOS_STAGE_SESSION, false, AT(nonce), "endorser" },
    { CHAOS_STAGE_BEFORE_REGISTRATION, true, AT(nonce), "endorser" },
    { CHAOS_STAGE_IDENTITY, true, AT(nonce), "endorser" },
    { CHAOS_STAGE_KEY_ONLY, true, AT(nonce), "endorser" },
};

static void test_stage_rules(void **state)
{
    const chaos_binding sound = binding_of(CHAOS_STAGE_SESSION);
    chaos_keypair *identity = identity_key();
    chaos_keypair *session = generate(CHAOS_KEY_FRESH, &sound, identity);

    (void)state;
    memory.lie = LIE_REPORT_DATA; /* whoever asks the TEE gets another error */
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(stage_cases); i++) {
        const stage_case *c = &stage_cases[i];
        chaos_binding b = binding_of(c->stage);
        chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
        chaos_evidence *evidence = NULL;
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

        ((uint8_t *)&b)[c->flipped] ^= 1;
        options.binding = &b;
        options.endorser = c->has_endorser ? identity : NULL;
        assert_int_equal(chaos_attest(tee, c->has_endorser ? session : identity, &options, &evidence, &err),
                         c->field == NULL ? CHAOS_E_PROVIDER : CHAOS_E_USAGE);
        assert_string_equal(err.field, c->field == NULL ? "report_data" : c->field);
        assert_null(evidence);
    }
    chaos_keypair_free(session);
    chaos_keypair_free(identity);
}

/* At stage 5 the session is never the identity key, whoever endorses. */
static void test_session_is_not_the_identity(void **state)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_SESSION);
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_keypair *identity = identity_key();
    chaos_evidence *evidence = NULL;
    chaos_error err;

    (void)state;
    options.binding = &b;
    options.endorser = identity;
    assert_int_equal(chaos_attest(tee, identity, &options, &evidence, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "identityKey");
    assert_string_equal(err.expected, "another key than the session's");
    chaos_keypair_free(identity);
}

static void test_keypairs_of_another_tee(void **state)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_SESSION);
    chaos_attest_options options = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_keypair *identity = identity_key();
    chaos_evidence *evidence = NULL;
    chaos_signature *signature = NULL;
    chaos_keypair stranger = *identity;
    chaos_tee other_tee = *tee;
    chaos_error err;

    (void)state;
    stranger.tee = &other_tee;
    options.binding = &b;
    options.endorser = &stranger;
    assert_int_equal(chaos_attest(tee, identity, &options, &evidence, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "endorser");
    assert_int_equal(chaos_attest(tee, &stranger, NULL, &evidence, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "keypair");
    assert_int_equal(chaos_tee_sign(tee, slice_text("hi"), &stranger, &signature, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "keypair");
    assert_int_equal(chaos_tee_sign(tee, slice_text("hi"), NULL, &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(chaos_tee_sign(NULL, slice_text("hi"), identity, &signature, &err), CHAOS_E_USAGE);
    chaos_keypair_free(identity);
}

/* -------------------------------------------------------------------- lies ---- */

typedef struct lie_case {
    lie lie;
    const char *text, *field;
} lie_case;

static const lie_case lies[] = {
    { LIE_REPORT_DATA, "the quote is for other report data", "report_data" },
    { LIE_EVENT_LOG, "its event log is not the quote's: RTMR3_MISMATCH", "rtmr3" },
    { LIE_NO_LOG, "every verifier would refuse its evidence: KMS_CHAIN", "app-id" },
    { LIE_ROOT_LINK, "every verifier would refuse its evidence: KMS_CHAIN", "signature_chain[1]" },
    { LIE_COMPOSE, "every verifier would refuse its evidence: APP_COMPOSE", "compose-hash" },
};

static void test_lies(void **state)
{
    const chaos_binding b = binding_of(CHAOS_STAGE_IDENTITY);

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(lies); i++) {
        chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
        chaos_keypair *keypair = NULL;
        chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

        memory.lie = lies[i].lie;
        options.attest.binding = &b;
        assert_int_equal(chaos_tee_generate_key(tee, &options, &keypair, &err), CHAOS_E_PROVIDER);
        if (strstr(err.text, lies[i].text) == NULL) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(err.field, lies[i].field);
        assert_null(keypair);
        assert_int_equal(memory.keys, 0); /* the key was given back at once */
    }
}

/* ----------------------------------------------------------------- signing ---- */

static void expect_signer(const chaos_keypair *keypair, const chaos_signature *signature)
{
    const chaos_keccak digest = chaos_signature_digest(signature);
    const chaos_signature65 bytes = chaos_signature_bytes(signature);
    k1_point signer;

    assert_in_range(bytes.bytes[64], 27, 28);
    assert_int_equal(k1_recover(digest.bytes, bytes.bytes, bytes.bytes + 32, bytes.bytes[64] - 27u, &signer),
                     K1_GOOD);
    assert_memory_equal(signer.x, keypair->point.x, sizeof signer.x);
    assert_ptr_equal(chaos_signature_evidence(signature), chaos_keypair_evidence(keypair));
}

static void test_sign(void **state)
{
    static const char text[] = "\x19"
                               "Ethereum Signed Message:\n5hello";
    chaos_keypair *keypair = identity_key();
    chaos_signature *signature = NULL;
    const chaos_keccak digest = hash_keccak(slice(text, sizeof text - 1));
    chaos_error err;

    (void)state;
    assert_int_equal(chaos_tee_sign(tee, slice_text("hello"), keypair, &signature, &err), CHAOS_OK);
    assert_memory_equal(chaos_signature_digest(signature).bytes, digest.bytes, sizeof digest.bytes);
    expect_signer(keypair, signature);
    chaos_signature_free(signature);
    assert_int_equal(chaos_tee_sign(tee, slice(NULL, 0), keypair, &signature, &err), CHAOS_OK);
    chaos_signature_free(signature);
    assert_int_equal(chaos_tee_sign(tee, slice(NULL, 1), keypair, &signature, &err), CHAOS_E_USAGE);
    assert_int_equal(
        chaos_tee_sign(tee, slice(text, CHAOS_MAX_SIGNED_MESSAGE + 1), keypair, &signature, &err),
        CHAOS_E_USAGE); /* refused before it is looked at */
    assert_string_equal(err.field, "message");
    chaos_keypair_free(keypair);
}

static void *sign_often(void *keypair)
{
    for (int i = 0; i < 50; i++) {
        chaos_signature *signature = NULL;

        if (chaos_tee_sign(tee, slice_text("hello"), keypair, &signature, NULL) != CHAOS_OK) {
            return keypair;
        }
        chaos_signature_free(signature);
    }
    return NULL;
}

/* Calls from all sides are done one after the other. */
static void test_threads(void **state)
{
    chaos_keypair *keypair = identity_key();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often, keypair), 0);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(threads); i++) {
        void *failed = NULL;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    chaos_keypair_free(keypair);
}

#define TYPED(name)                                                                                        \
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Note\":[{\"name\":\"text\"," \
    "\"type\":"                                                                                            \
    "\"string\"}]},\"primaryType\":\"Note\",\"domain\":{\"name\":\"" name                                  \
    "\"},\"message\":{\"text\":\"hello\"}}"

static void test_sign_typed_data(void **state)
{
    static const char *const own[] = { TYPED("ChaosChain TEE"), TYPED("ChaosChain\\u0020TEE"),
                                       TYPED("\\u0043haosChain TE\\u0045") };
    chaos_keypair *keypair = identity_key();
    chaos_signature *signature = NULL;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    (void)state;
    assert_int_equal(chaos_tee_sign_typed_data(tee, slice_text(TYPED("Other")), keypair, &signature, &err),
                     CHAOS_OK);
    expect_signer(keypair, signature);
    chaos_signature_free(signature);
    signature = NULL;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(own); i++) {
        assert_int_equal(chaos_tee_sign_typed_data(tee, slice_text(own[i]), keypair, &signature, &err),
                         CHAOS_E_USAGE);
        assert_string_equal(err.field, "domain.name");
        assert_null(signature);
    }
    assert_int_equal(
        chaos_tee_sign_typed_data(tee, slice(own[0], CHAOS_MAX_TYPED_DATA + 1), keypair, &signature, &err),
        CHAOS_E_USAGE);
    assert_string_equal(err.field, "message");
    chaos_keypair_free(keypair);
}

#define TEE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEE_TEST(test_stages_of_the_identity_key),
        TEE_TEST(test_stages_with_an_endorser),
        TEE_TEST(test_key_only),
        TEE_TEST(test_defaults),
        TEE_TEST(test_session_lives_seven_days),
        TEE_TEST(test_challenge),
        TEE_TEST(test_without_kms),
        TEE_TEST(test_other_purpose),
        TEE_TEST(test_collateral),
        TEE_TEST(test_stage_rules),
        TEE_TEST(test_session_is_not_the_identity),
        TEE_TEST(test_keypairs_of_another_tee),
        TEE_TEST(test_lies),
        TEE_TEST(test_sign),
        TEE_TEST(test_threads),
        TEE_TEST(test_sign_typed_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
