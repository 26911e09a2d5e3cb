/* envelope_maker.c - the agent's side of the evidence: the binding of its key, who signs it, the chain from the key to
 * the KMS root, and the envelope around all of it. */
#include <stdio.h>

#include "sim/recipe.h"

#define SIM_CHAIN_ID 31337
#define SIM_LABEL "agent" /* of the identity key's path, with its generation 0 */
#define PURPOSE "chaoschain-agent"
#define MAX_MESSAGE 512
#define MAX_KMS_CHAIN 4096

enum {
    WORD_SIZE = 32,
    WORD_CHAIN_ID = 2,
    WORD_REGISTRY = 3,
    WORD_PUBLIC_KEY_HASH = 5,
    WORD_NONCE = 10,
    NUMBER_OFFSET = WORD_SIZE - 8 /* a u64 in its word */
};

const char sim_app_compose[] =
    "{\"manifest_version\":2,\"name\":\"chaoschain-simulated-agent\",\"runner\":\"docker-compose\","
    "\"docker_compose_file\":\"services:\\n  agent:\\n    image: simulator.invalid/agent@sha256:"
    "0000000000000000000000000000000000000000000000000000000000000000\\n    volumes:\\n"
    "      - /var/run/dstack.sock:/var/run/dstack.sock\\n\",\"kms_enabled\":true,\"gateway_enabled\":false,"
    "\"public_logs\":false,\"public_sysinfo\":false,\"no_instance_id\":false,\"allowed_envs\":[]}";

/* -------------------------------------------------------------- defaults ---- */

static const chaos_address registry = { { 0x5f, 0xbd, 0xb2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67,
                                          0xf0, 0x32, 0xd9, 0x3f, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3 } };

static void put_u64(uint8_t word[WORD_SIZE], uint64_t number)
{
    memset(word, 0, WORD_SIZE);
    for (size_t i = 0; i < sizeof number; i++) {
        word[WORD_SIZE - 1 - i] = (uint8_t)(number >> 8 * i);
    }
}

static uint64_t get_u64(const uint8_t word[WORD_SIZE])
{
    uint64_t number = 0;
    for (size_t i = NUMBER_OFFSET; i < WORD_SIZE; i++) {
        number = number << 8 | word[i];
    }
    return number;
}

/* Which keys a stage binds and asks to sign. */
static void set_keys(envelope_spec *e, unsigned stage)
{
    bool binds_session = stage == CHAOS_STAGE_VALIDATION || stage == CHAOS_STAGE_TLS || stage == CHAOS_STAGE_SESSION;
    e->binding.bound = binds_session ? AGENT_SESSION : AGENT_IDENTITY;
    e->binding.identity = AGENT_IDENTITY;
    e->possession = (k1_spec){ .signer = e->binding.bound, .v = V_RIGHT };
    e->endorsement = (k1_spec){ .signer = AGENT_IDENTITY, .v = V_RIGHT };
    e->has_endorsement = binds_session;
}

void binding_set_stage(recipe *r, unsigned stage)
{
    chaos_binding *values = &r->envelope.binding.values;
    const chaos_keccak nonce = hash_keccak(slice_text("a nonce of the simulator"));
    *values = (chaos_binding){
        .stage = (uint8_t)stage,
        .anchor_block = 1,
        .issued_at = (uint64_t)(r->now - 60),
        .expires_at = (uint64_t)(r->now + SIM_DAY),
    };
    memcpy(values->nonce.bytes, nonce.bytes, sizeof values->nonce.bytes);
    if (stage != CHAOS_STAGE_KEY_ONLY) {
        put_u64(values->chain_id.bytes, SIM_CHAIN_ID);
        values->identity_registry = registry;
    }
    if (stage == CHAOS_STAGE_KEY_ONLY || stage == CHAOS_STAGE_BEFORE_REGISTRATION) {
        memset(values->agent_id.bytes, 0xff, sizeof values->agent_id.bytes);
    }
    if (stage == CHAOS_STAGE_VALIDATION) {
        values->subject = hash_keccak(slice_text("a validation request of the simulator"));
    }
    if (stage == CHAOS_STAGE_TLS) {
        values->tls_spki_hash = hash_sha256(slice_text("a TLS key of the simulator"));
    }
    set_keys(&r->envelope, stage);
}

/* chaoschain/1/CHAIN/0xREGISTRY/LABEL/secp256k1/GENERATION */
static bool path_make(const chaos_binding *values, char path[SIM_MAX_PATH])
{
    char address[2 * sizeof values->identity_registry.bytes + 1] = { 0 };
    hex_encode(slice(values->identity_registry.bytes, sizeof values->identity_registry.bytes), address);
    int length = snprintf(path, SIM_MAX_PATH, "chaoschain/1/%llu/0x%s/" SIM_LABEL "/secp256k1/0",
                          (unsigned long long)get_u64(values->chain_id.bytes), address);
    return length > 0 && length < SIM_MAX_PATH && slice_is_zero(slice(values->chain_id.bytes, NUMBER_OFFSET));
}

bool envelope_defaults(recipe *r, const forge_options *options)
{
    envelope_spec *e = &r->envelope;
    *e = (envelope_spec){
        .makes = r->kind == FORGE_TDX4 && !options->has_report_data,
        .binding = { .type = "chaoschain/binding/1" },
        .key_link = { .signer = AGENT_APP_ROOT, .v = V_RIGHT },
        .root_link = { .signer = AGENT_KMS_ROOT, .v = V_RIGHT },
        .has_root_link = true,
        .app_compose = sim_app_compose,
        .purpose = PURPOSE,
    };
    binding_set_stage(r, options->has_stage ? options->stage : CHAOS_STAGE_IDENTITY);
    if (options->binding != NULL) {
        e->binding.values = *options->binding;
        set_keys(e, options->binding->stage);
    }
    if (options->has_nonce) {
        e->binding.values.nonce = options->nonce;
    }
    return path_make(&e->binding.values, e->path) &&
           agent_keyring_make(r->seed, r->log.events[EVENT_APP_ID].payload, e->path, &r->agent) &&
           (options->session == 0 || session_key_make(r->seed, options->session, r->agent.scalar[AGENT_SESSION],
                                                      &r->agent.point[AGENT_SESSION]));
}

/* --------------------------------------------------------------- binding ---- */

chaos_binding binding_make(const recipe *r)
{
    const binding_spec *spec = &r->envelope.binding;
    chaos_binding binding = spec->values;
    binding.public_key_hash = k1_key_hash(&r->agent.point[spec->bound]);
    binding.identity_key = k1_address(&r->agent.point[spec->identity]);
    return binding;
}

static void words_make(const recipe *r, uint8_t words[CHAOS_BINDING_SIZE])
{
    const binding_spec *spec = &r->envelope.binding;
    const chaos_binding binding = binding_make(r);
    const chaos_keccak type = hash_keccak(slice_text(spec->type));
    chaos_binding_encode(&binding, words);
    memcpy(words, type.bytes, sizeof type.bytes);
    if (spec->flipped_word_byte > 0) {
        words[spec->flipped_word_byte - 1] ^= 0x01;
    }
}

static void copy_with_other_nonce(const uint8_t words[CHAOS_BINDING_SIZE], uint8_t out[CHAOS_BINDING_SIZE])
{
    memcpy(out, words, CHAOS_BINDING_SIZE);
    out[BINDING_WORD(WORD_NONCE)] ^= 0x01;
}

/* REPORTDATA = address of the bound key (20) ‖ keccak of the words (32) ‖ "CHAOSCHAIN/1" (12) */
static void write_report_data(const uint8_t words[CHAOS_BINDING_SIZE], uint8_t out[64])
{
    static const char tag[] = "CHAOSCHAIN/1";
    enum {
        ADDRESS_SIZE = sizeof(chaos_address)
    };
    const chaos_keccak hash = hash_keccak(slice(words, CHAOS_BINDING_SIZE));
    memcpy(out, words + BINDING_WORD(WORD_PUBLIC_KEY_HASH) + WORD_SIZE - ADDRESS_SIZE, ADDRESS_SIZE);
    memcpy(out + ADDRESS_SIZE, hash.bytes, sizeof hash.bytes);
    memcpy(out + ADDRESS_SIZE + sizeof hash.bytes, tag, sizeof tag - 1);
}

void envelope_bind(recipe *r)
{
    envelope_spec *e = &r->envelope;
    uint8_t *report_data = r->quote.body + TD_REPORT_DATA;
    uint8_t quoted[CHAOS_BINDING_SIZE];
    if (!e->makes) {
        return;
    }
    words_make(r, e->words);
    memcpy(quoted, e->words, sizeof quoted);
    if (e->binding.quotes_other) {
        copy_with_other_nonce(e->words, quoted);
    }
    write_report_data(quoted, report_data);
    if (e->binding.flipped_report_data_byte > 0) {
        report_data[e->binding.flipped_report_data_byte - 1] ^= 0x01;
    }
}

/* EIP-712, on what the words say: so that a wrong word, too, is rightly signed. */
chaos_keccak words_digest(const uint8_t words[CHAOS_BINDING_SIZE])
{
    static const char binding_fields[] =
        "KeyBinding(bytes32 bindingType,uint8 stage,uint256 chainId,address identityRegistry,uint256 agentId,"
        "bytes32 publicKeyHash,address identityKey,bytes32 agentURIHash,bytes32 tlsSpkiHash,bytes32 subject,"
        "bytes32 nonce,uint64 anchorBlock,uint64 issuedAt,uint64 expiresAt,bytes32 policyHash)";
    static const char domain_fields[] =
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const chaos_keccak parts[] = { hash_keccak(slice_text(domain_fields)), hash_keccak(slice_text("ChaosChain TEE")),
                                   hash_keccak(slice_text("1")) };
    const chaos_keccak type = hash_keccak(slice_text(binding_fields));
    uint8_t domain[sizeof parts + 2 * WORD_SIZE];
    uint8_t structure[WORD_SIZE + CHAOS_BINDING_SIZE];
    uint8_t message[2 + 2 * KECCAK_SIZE] = { 0x19, 0x01 };
    memcpy(domain, parts, sizeof parts);
    memcpy(domain + sizeof parts, words + BINDING_WORD(WORD_CHAIN_ID), WORD_SIZE);
    memcpy(domain + sizeof parts + WORD_SIZE, words + BINDING_WORD(WORD_REGISTRY), WORD_SIZE);
    memcpy(structure, type.bytes, WORD_SIZE);
    memcpy(structure + WORD_SIZE, words, CHAOS_BINDING_SIZE);
    const chaos_keccak separator = hash_keccak(slice(domain, sizeof domain));
    const chaos_keccak hash = hash_keccak(slice(structure, sizeof structure));
    memcpy(message + 2, separator.bytes, sizeof separator.bytes);
    memcpy(message + 2 + KECCAK_SIZE, hash.bytes, sizeof hash.bytes);
    return hash_keccak(slice(message, sizeof message));
}

/* ------------------------------------------------------------ signatures ---- */

static bool deform(k1_form form, uint8_t rsv[65])
{
    uint8_t *r = rsv;
    uint8_t *s = rsv + K1_SIZE;
    switch (form) {
    case K1_RIGHT:
        return true;
    case K1_HIGH_S:
        rsv[64] ^= 0x01;
        return k1_negate(s);
    case K1_OTHER_PARITY:
        rsv[64] ^= 0x01;
        return true;
    case K1_R_ZERO:
        memset(r, 0, K1_SIZE);
        return true;
    case K1_S_ZERO:
        memset(s, 0, K1_SIZE);
        return true;
    case K1_R_ORDER:
        memcpy(r, k1_order, K1_SIZE);
        return true;
    case K1_R_NO_POINT: /* 5^3 + 7 has no square root */
        memset(r, 0, K1_SIZE);
        r[K1_SIZE - 1] = 5;
        return true;
    case K1_ZERO:
        memset(rsv, 0, 65);
        return true;
    }
    return false;
}

/* `v_base` is 27 in Ethereum's signatures and 0 in dstack's links. */
static bool sign(const recipe *r, const k1_spec *spec, const chaos_keccak *digest, uint8_t v_base, uint8_t rsv[65])
{
    if (!k1_sign(r->agent.scalar[spec->signer], digest, rsv) || !deform(spec->form, rsv)) {
        return false;
    }
    if (spec->v != V_RIGHT) {
        rsv[64] = (uint8_t)spec->v;
    } else if (spec->form != K1_ZERO) {
        rsv[64] = (uint8_t)(rsv[64] + v_base);
    }
    return true;
}

static bool sign_binding(const recipe *r, const k1_spec *spec, chaos_signature65 *out)
{
    uint8_t words[CHAOS_BINDING_SIZE];
    memcpy(words, r->envelope.words, sizeof words);
    if (spec->other_message) {
        copy_with_other_nonce(r->envelope.words, words);
    }
    const chaos_keccak digest = words_digest(words);
    return sign(r, spec, &digest, 27, out->bytes);
}

/* ------------------------------------------------------------- KMS chain ---- */

/* keccak(PURPOSE ":" lower-case hex of the compressed key) */
static bool key_claim(const recipe *r, chaos_keccak *out)
{
    CHAOS_AUTO_BUFFER(text, MAX_MESSAGE);
    uint8_t compressed[K1_COMPRESSED_SIZE];
    char digits[2 * K1_COMPRESSED_SIZE + 1] = { 0 };
    k1_compress(&r->agent.point[r->envelope.binding.identity], compressed);
    hex_encode(slice(compressed, sizeof compressed), digits);
    if (!buffer_append_format(&text, "%s:%s", r->envelope.purpose, digits)) {
        return false;
    }
    *out = hash_keccak(buffer_slice(&text));
    return true;
}

/* keccak("dstack-kms-issued:" app id, compressed application root key) */
static bool root_claim(const recipe *r, chaos_keccak *out)
{
    CHAOS_AUTO_BUFFER(bytes, MAX_MESSAGE);
    uint8_t compressed[K1_COMPRESSED_SIZE];
    k1_compress(&r->agent.point[AGENT_APP_ROOT], compressed);
    if (!buffer_append_text(&bytes, "dstack-kms-issued:") ||
        !buffer_append(&bytes, slice(r->log.events[EVENT_APP_ID].payload, APP_ID_SIZE)) ||
        !buffer_append(&bytes, slice(compressed, sizeof compressed))) {
        return false;
    }
    *out = hash_keccak(buffer_slice(&bytes));
    return true;
}

static bool kms_chain_make(const recipe *r, chaos_buffer *json_text)
{
    const envelope_spec *e = &r->envelope;
    kms_chain chain = { .path = slice_text(e->path),
                        .purpose = slice_text(e->purpose),
                        .has_root_link = e->has_root_link };
    chaos_keccak claim;
    return key_claim(r, &claim) && sign(r, &e->key_link, &claim, 0, chain.key_link) && root_claim(r, &claim) &&
           sign(r, &e->root_link, &claim, 0, chain.root_link) && kms_chain_write(&chain, json_text) &&
           text_edit_apply(&e->kms_edit, json_text);
}

/* -------------------------------------------------------------- envelope ---- */

/* As with an edit, a place that is not there is an error. */
static bool cut_two(const char *after, chaos_buffer *text)
{
    enum {
        CUT = 2
    };
    if (after == NULL) {
        return true;
    }
    size_t length = strlen(after);
    for (size_t at = 0; at + length + CUT <= text->size; at++) {
        if (memcmp(text->data + at, after, length) == 0) {
            uint8_t *gap = text->data + at + length;
            memmove(gap, gap + CUT, text->size - at - length - CUT);
            text->size -= CUT;
            return true;
        }
    }
    return false;
}

static void add_part(const recipe *r, envelope *e, envelope_part part, chaos_slice bytes)
{
    if ((r->envelope.omitted & 1u << (unsigned)part) == 0) {
        e->parts[part] = bytes;
    }
}

bool envelope_make(const recipe *r, chaos_slice quote, chaos_slice event_log, chaos_buffer *json_text)
{
    const envelope_spec *spec = &r->envelope;
    CHAOS_AUTO_BUFFER(chain, MAX_KMS_CHAIN);
    envelope e = { .provider = slice_text("simulated"), .has_endorsement = spec->has_endorsement };
    if (!spec->makes) {
        return true;
    }
    memcpy(e.binding, spec->words, sizeof e.binding);
    if (!sign_binding(r, &spec->possession, &e.possession) ||
        (spec->has_endorsement && !sign_binding(r, &spec->endorsement, &e.endorsement)) ||
        !kms_chain_make(r, &chain)) {
        return false;
    }
    add_part(r, &e, PART_DSTACK_APP_COMPOSE, slice_text(spec->app_compose));
    add_part(r, &e, PART_DSTACK_EVENT_LOG, event_log);
    add_part(r, &e, PART_DSTACK_KMS_CHAIN, buffer_slice(&chain));
    add_part(r, &e, PART_TDX_QUOTE, quote);
    return envelope_write(&e, json_text) && text_edit_apply(&spec->edit, json_text) &&
           cut_two(spec->cut_after, json_text);
}
