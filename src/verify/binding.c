/* binding.c - the binding of a key to an authenticated quote, who holds the key, who endorses it, and where the
 * identity key comes from (docs/verify-envelope.md 3-6). */
#include "verify/internal.h"

#define SESSION_MAX_SECONDS (7 * 24 * 3600)
#define V_FIRST 27 /* Ethereum's v: 27 + recovery id 0 or 1 */
#define KMS_PURPOSE "chaoschain-agent"
#define KMS_ISSUED "dstack-kms-issued:"
#define COMPRESSED_SIZE 33

typedef struct key_points { /* recovered from signatures over the binding's digest */
    k1_point bound, identity;
} key_points;

static chaos_address bound_address(const chaos_binding *binding)
{
    chaos_address address;

    memcpy(address.bytes, binding->public_key_hash.bytes + 12, sizeof address.bytes);
    return address;
}

static bool same_address(const chaos_address *a, const chaos_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool is_zero(const void *bytes, size_t size)
{
    return slice_is_zero(slice(bytes, size));
}

static bool is_all_ones(const chaos_u256 *number)
{
    for (size_t i = 0; i < sizeof number->bytes; i++) {
        if (number->bytes[i] != 0xff) {
            return false;
        }
    }
    return true;
}

static bool stage_is(const chaos_binding *binding, chaos_binding_stage stage)
{
    return binding->stage == (uint8_t)stage;
}

/* The stages at which the identity key itself is bound. */
static bool binds_identity_key(const chaos_binding *binding)
{
    return stage_is(binding, CHAOS_STAGE_BEFORE_REGISTRATION) || stage_is(binding, CHAOS_STAGE_IDENTITY) ||
           stage_is(binding, CHAOS_STAGE_KEY_ONLY);
}

/* Which fields a stage has, and which it must leave empty. */
static chaos_status check_stage(examination *x, const chaos_binding *b)
{
    check_run *run = &x->claims->run;
    chaos_address bound = bound_address(b);
    bool key_only = stage_is(b, CHAOS_STAGE_KEY_ONLY);
    bool no_agent = key_only || stage_is(b, CHAOS_STAGE_BEFORE_REGISTRATION);
    bool bound_is_identity = same_address(&bound, &b->identity_key);

    CHECK(run, b->stage <= CHAOS_STAGE_SESSION, BINDING, BINDING_STAGE, "stage", v_text("0 to 5"), v_number(b->stage));
    CHECK(run, is_zero(&b->chain_id, sizeof b->chain_id) == key_only, BINDING, BINDING_STAGE, "chainId",
          v_text(key_only ? "0 at stage 4" : "a chain id"), v_hex(slice(b->chain_id.bytes, 32)));
    CHECK(run, is_zero(&b->identity_registry, sizeof b->identity_registry) == key_only, BINDING, BINDING_STAGE,
          "identityRegistry", v_text(key_only ? "0 at stage 4" : "a registry"),
          v_hex(slice(b->identity_registry.bytes, 20)));
    CHECK(run, is_all_ones(&b->agent_id) == no_agent, BINDING, BINDING_STAGE, "agentId",
          v_text(no_agent ? "all ones before registration" : "an agent id"), v_hex(slice(b->agent_id.bytes, 32)));
    CHECK(run, !binds_identity_key(b) || bound_is_identity, BINDING, BINDING_STAGE, "identityKey",
          v_text("the bound key at this stage"), v_hex(slice(b->identity_key.bytes, 20)));
    CHECK(run, !stage_is(b, CHAOS_STAGE_SESSION) || !bound_is_identity, BINDING, BINDING_STAGE, "identityKey",
          v_text("another key than the session's"), v_hex(slice(b->identity_key.bytes, 20)));
    CHECK(run, is_zero(&b->tls_spki_hash, sizeof b->tls_spki_hash) != stage_is(b, CHAOS_STAGE_TLS), BINDING,
          BINDING_STAGE, "tlsSpkiHash", v_text("a hash at stage 3, else 0"), v_hex(slice(b->tls_spki_hash.bytes, 32)));
    CHECK(run, is_zero(&b->subject, sizeof b->subject) != stage_is(b, CHAOS_STAGE_VALIDATION), BINDING, BINDING_STAGE,
          "subject", v_text("a request's hash at stage 2, else 0"), v_hex(slice(b->subject.bytes, 32)));
    CHECK(run, b->issued_at < b->expires_at, BINDING, BINDING_STAGE, "expiresAt", v_number(b->issued_at),
          v_number(b->expires_at));
    CHECK(run, !stage_is(b, CHAOS_STAGE_SESSION) || b->expires_at - b->issued_at <= SESSION_MAX_SECONDS, BINDING,
          BINDING_STAGE, "expiresAt", v_number(SESSION_MAX_SECONDS), v_number(b->expires_at - b->issued_at));
    return CHAOS_OK;
}

/* The key behind a signature over the binding. False: no key can have made it. */
static bool recover(examination *x, const chaos_keccak *digest, const uint8_t rs[64], unsigned recovery_id,
                    k1_point *out)
{
    k1_result result = k1_recover(digest->bytes, rs, rs + 32, recovery_id, out);

    if (result == K1_BACKEND_FAILED) {
        x->own_fault = CHAOS_E_CRYPTO;
    }
    return result == K1_GOOD;
}

static bool recover65(examination *x, const chaos_keccak *digest, const chaos_signature65 *signature, k1_point *out)
{
    unsigned v = signature->bytes[64];

    memset(out, 0, sizeof *out);
    return (v == V_FIRST || v == V_FIRST + 1) && recover(x, digest, signature->bytes, v - V_FIRST, out);
}

static bool is_key_of(const k1_point *point, const chaos_keccak *key_hash)
{
    chaos_keccak hash = k1_key_hash(point);

    return memcmp(hash.bytes, key_hash->bytes, sizeof hash.bytes) == 0;
}

static bool is_key_at(const k1_point *point, const chaos_address *address)
{
    chaos_address found = k1_address(point);

    return same_address(&found, address);
}

static chaos_status check_signatures(examination *x, const envelope *e, const chaos_binding *b, key_points *keys)
{
    check_run *run = &x->claims->run;
    chaos_keccak digest = chaos_binding_digest(b);
    chaos_address bound = bound_address(b);
    bool bound_is_identity = same_address(&bound, &b->identity_key);

    CHECK(run, recover65(x, &digest, &e->possession, &keys->bound) && is_key_of(&keys->bound, &b->public_key_hash),
          POSSESSION, POSSESSION_SIGNATURE, "possession", v_hex(slice(bound.bytes, sizeof bound.bytes)),
          v_hex(slice(k1_address(&keys->bound).bytes, 20)));
    CHECK(run, e->has_endorsement || bound_is_identity, ENDORSEMENT, ENDORSEMENT_SIGNATURE, "endorsement",
          v_text("a signature of the identity key"), v_none());
    keys->identity = keys->bound;
    if (e->has_endorsement) {
        CHECK(run,
              recover65(x, &digest, &e->endorsement, &keys->identity) &&
                  is_key_at(&keys->identity, &b->identity_key),
              ENDORSEMENT, ENDORSEMENT_SIGNATURE, "endorsement", v_hex(slice(b->identity_key.bytes, 20)),
              v_hex(slice(k1_address(&keys->identity).bytes, 20)));
    }
    return CHAOS_OK;
}

/* keccak(PURPOSE ":" lower-case hex of the compressed key) */
static chaos_keccak key_claim(const k1_point *key)
{
    static const char prefix[] = KMS_PURPOSE ":";
    uint8_t compressed[COMPRESSED_SIZE];
    char text[sizeof prefix - 1 + 2 * COMPRESSED_SIZE];

    k1_compress(key, compressed);
    memcpy(text, prefix, sizeof prefix - 1);
    hex_encode(slice(compressed, sizeof compressed), text + sizeof prefix - 1);
    return hash_keccak(slice(text, sizeof text));
}

/* keccak("dstack-kms-issued:" app_id compressed application root key) */
static chaos_keccak root_claim(const uint8_t app_id[20], const k1_point *app_root)
{
    static const char prefix[] = KMS_ISSUED;
    uint8_t bytes[sizeof prefix - 1 + 20 + COMPRESSED_SIZE];

    memcpy(bytes, prefix, sizeof prefix - 1);
    memcpy(bytes + sizeof prefix - 1, app_id, 20);
    k1_compress(app_root, bytes + sizeof prefix - 1 + 20);
    return hash_keccak(slice(bytes, sizeof bytes));
}

static chaos_status check_kms_chain(examination *x, chaos_slice text, const k1_point *identity)
{
    check_run *run = &x->claims->run;
    chaos_claims *claims = x->claims;
    chaos_keccak claim = key_claim(identity);
    k1_point app_root = { { 0 }, { 0 } };
    k1_point root = { { 0 }, { 0 } };
    kms_chain chain;
    fault why = { 0 };

    CHECK_READ(run, kms_chain_read(text, &chain, &why), KMS_CHAIN, &why);
    CHECK(run, slice_is(chain.purpose, KMS_PURPOSE), KMS_CHAIN, KMS_CHAIN, "purpose", v_text(KMS_PURPOSE),
          v_quoted(chain.purpose));
    CHECK(run, claims->has_app_id, KMS_CHAIN, KMS_CHAIN, "app-id", v_text("an app-id event in RTMR3"), v_none());
    CHECK(run, recover(x, &claim, chain.key_link, chain.key_link[64], &app_root), KMS_CHAIN, KMS_CHAIN,
          "signature_chain[0]", v_text("a signature of the application root key"), v_none());
    if (!chain.has_root_link) {
        return CHAOS_OK;
    }
    claim = root_claim(claims->app_id, &app_root);
    CHECK(run, recover(x, &claim, chain.root_link, chain.root_link[64], &root), KMS_CHAIN, KMS_CHAIN,
          "signature_chain[1]", v_text("a signature of the KMS root key"), v_none());
    claims->has_kms_root = true;
    k1_compress(&root, claims->kms_root);
    return CHAOS_OK;
}

void take_binding(chaos_claims *claims, const chaos_evidence *evidence)
{
    claims->has_binding = true;
    claims->binding = evidence->binding;
    claims->binding_hash = hash_keccak(slice(evidence->envelope.binding, CHAOS_BINDING_SIZE));
    claims->evidence_hash = evidence->hash;
    claims->has_endorsement = evidence->envelope.has_endorsement;
}

chaos_status verify_binding(examination *x, const chaos_evidence *evidence)
{
    check_run *run = &x->claims->run;
    const chaos_binding *binding = &evidence->binding;
    const envelope *e = &evidence->envelope;
    chaos_report_data expected;
    key_points keys;

    if (!evidence->is_envelope) {
        return CHAOS_OK;
    }
    CHECK(run, memcmp(evidence->type.bytes, binding_type.bytes, sizeof binding_type.bytes) == 0, BINDING, BINDING_TYPE,
          "bindingType", v_hex(slice(binding_type.bytes, 32)), v_hex(slice(evidence->type.bytes, 32)));
    CHAOS_TRY(check_stage(x, binding));
    expected = chaos_binding_report_data(binding);
    CHECK(run, slice_equal(body_field(x, "report_data"), slice(expected.bytes, sizeof expected.bytes)),
          BINDING_REPORT_DATA, BINDING_REPORT_DATA, "report_data", v_hex(slice(expected.bytes, sizeof expected.bytes)),
          v_hex(body_field(x, "report_data")));
    CHAOS_TRY(check_signatures(x, e, binding, &keys));
    if (e->parts[PART_DSTACK_KMS_CHAIN].data == NULL) {
        return CHAOS_OK;
    }
    return check_kms_chain(x, e->parts[PART_DSTACK_KMS_CHAIN], &keys.identity);
}
