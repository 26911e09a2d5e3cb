/* breaks_binding.c - breaks of the binding and of the signatures over it. Whatever the words say, right or wrong, the
 * quote commits to them and the keys have signed them. */
#include "sim/recipe.h"

enum {
    WORD_TYPE = 0,
    WORD_STAGE = 1,
    WORD_REGISTRY = 3,
    WORD_PUBLIC_KEY_HASH = 5,
    WORD_IDENTITY_KEY = 6,
    WORD_ANCHOR_BLOCK = 11,
    WORD_ISSUED_AT = 12,
    WORD_EXPIRES_AT = 13,
    ADDRESS_UPPER = 11, /* of a word: the byte before its twenty */
    U64_UPPER = 23,     /* the byte before its eight */
    U8_UPPER = 30       /* the byte before its last */
};

/* ---------------------------------------------------------------- stages ---- */

static chaos_binding *values(recipe *r)
{
    return &r->envelope.binding.values;
}

/* chaos_u256, chaos_address, ...: any value of meaning. */
#define FILL(value, byte) memset((value).bytes, (byte), sizeof(value).bytes)

static void no_chain(recipe *r)
{
    FILL(values(r)->chain_id, 0);
}

static void no_registry(recipe *r)
{
    FILL(values(r)->identity_registry, 0);
}

static void no_agent(recipe *r)
{
    FILL(values(r)->agent_id, 0xff);
}

static void with_tls(recipe *r)
{
    FILL(values(r)->tls_spki_hash, 0x33);
}

static void with_subject(recipe *r)
{
    FILL(values(r)->subject, 0x22);
}

static void without_tls(recipe *r)
{
    FILL(values(r)->tls_spki_hash, 0);
}

static void without_subject(recipe *r)
{
    FILL(values(r)->subject, 0);
}

static void with_chain(recipe *r)
{
    values(r)->chain_id.bytes[31] = 1;
}

static void with_registry(recipe *r)
{
    FILL(values(r)->identity_registry, 0x11);
}

static void agent_zero(recipe *r)
{
    FILL(values(r)->agent_id, 0);
}

static void other_identity(recipe *r)
{
    r->envelope.binding.identity = AGENT_STRANGER;
}

static void identity_is_bound(recipe *r)
{
    r->envelope.binding.bound = AGENT_IDENTITY;
    r->envelope.possession.signer = AGENT_IDENTITY;
    r->envelope.has_endorsement = false;
}

static void expires_at_once(recipe *r)
{
    values(r)->expires_at = values(r)->issued_at;
}

static void expires_before(recipe *r)
{
    values(r)->expires_at = values(r)->issued_at - 1;
}

static void lives_too_long(recipe *r)
{
    values(r)->expires_at = values(r)->issued_at + 7 * SIM_DAY + 1;
}

static void lives_for_ever(recipe *r)
{
    values(r)->expires_at = UINT64_MAX;
}

static void unendorsed(recipe *r)
{
    r->envelope.has_endorsement = false;
}

/* The same thing at another stage. */
#define AT_STAGE(stage, change)                \
    static void change##_at_##stage(recipe *r) \
    {                                          \
        binding_set_stage(r, stage);           \
        change(r);                             \
    }                                          \
    struct change##_at_##stage##_semicolon

AT_STAGE(0, no_chain);
AT_STAGE(2, no_chain);
AT_STAGE(3, no_chain);
AT_STAGE(5, no_chain);
AT_STAGE(0, no_registry);
AT_STAGE(5, no_registry);
AT_STAGE(2, no_agent);
AT_STAGE(3, no_agent);
AT_STAGE(5, no_agent);
AT_STAGE(4, with_chain);
AT_STAGE(4, with_registry);
AT_STAGE(0, agent_zero);
AT_STAGE(4, agent_zero);
AT_STAGE(0, other_identity);
AT_STAGE(4, other_identity);
AT_STAGE(5, identity_is_bound);
AT_STAGE(0, with_tls);
AT_STAGE(2, with_tls);
AT_STAGE(4, with_tls);
AT_STAGE(5, with_tls);
AT_STAGE(3, without_tls);
AT_STAGE(0, with_subject);
AT_STAGE(3, with_subject);
AT_STAGE(4, with_subject);
AT_STAGE(5, with_subject);
AT_STAGE(2, without_subject);
AT_STAGE(4, expires_before);
AT_STAGE(5, expires_before);
AT_STAGE(5, lives_too_long);
AT_STAGE(5, lives_for_ever);
AT_STAGE(2, unendorsed);
AT_STAGE(3, unendorsed);
AT_STAGE(5, unendorsed);

/* ------------------------------------------------------------ signatures ---- */

static void endorsed_by(recipe *r, agent_key signer)
{
    binding_set_stage(r, CHAOS_STAGE_SESSION);
    r->envelope.endorsement.signer = signer;
}

static void endorsed_by_stranger(recipe *r)
{
    endorsed_by(r, AGENT_STRANGER);
}

static void endorsed_by_session(recipe *r)
{
    endorsed_by(r, AGENT_SESSION);
}

static void endorsed_by_app_root(recipe *r)
{
    endorsed_by(r, AGENT_APP_ROOT);
}

static void endorses_other(recipe *r)
{
    endorsed_by(r, AGENT_IDENTITY);
    r->envelope.endorsement.other_message = true;
}

static void endorsed_as(recipe *r, k1_form form)
{
    endorsed_by(r, AGENT_IDENTITY);
    r->envelope.endorsement.form = form;
}

static void endorsed_high(recipe *r)
{
    endorsed_as(r, K1_HIGH_S);
}

static void endorsed_other_parity(recipe *r)
{
    endorsed_as(r, K1_OTHER_PARITY);
}

static void endorsed_zero(recipe *r)
{
    endorsed_as(r, K1_ZERO);
}

static void endorsed_v(recipe *r, int16_t v)
{
    endorsed_by(r, AGENT_IDENTITY);
    r->envelope.endorsement.v = v;
}

static void endorsed_v_0(recipe *r)
{
    endorsed_v(r, 0);
}

static void endorsed_v_29(recipe *r)
{
    endorsed_v(r, 29);
}

static void endorsement_of_nobody(recipe *r)
{
    r->envelope.has_endorsement = true;
    r->envelope.endorsement.signer = AGENT_STRANGER;
}

static void endorsement_zero(recipe *r)
{
    r->envelope.has_endorsement = true;
    r->envelope.endorsement.form = K1_ZERO;
}

static void possessed_by_identity(recipe *r)
{
    binding_set_stage(r, CHAOS_STAGE_SESSION);
    r->envelope.possession.signer = AGENT_IDENTITY;
}

#define STAGE(name, summary, ...) ENVELOPE_BREAK("binding-" name, BINDING_STAGE, summary, __VA_ARGS__)
#define FLIPPED(name, expected, place, summary) \
    ENVELOPE_BREAK("binding-" name, expected, summary, SET(envelope.binding.flipped_word_byte, AT_BYTE(place)))
#define QUOTED(name, place, summary)                                          \
    ENVELOPE_BREAK("binding-report-data-" name, BINDING_REPORT_DATA, summary, \
                   SET(envelope.binding.flipped_report_data_byte, AT_BYTE(place)))
#define POSSESSION(name, summary, ...) \
    ENVELOPE_BREAK("possession-" name, POSSESSION_SIGNATURE, summary, __VA_ARGS__)
#define ENDORSEMENT(name, summary, ...) \
    ENVELOPE_BREAK("endorsement-" name, ENDORSEMENT_SIGNATURE, summary, __VA_ARGS__)

static const break_row rows[] = {
    /* words */
    FLIPPED("stage-word-257", BINDING_FORMAT, BINDING_WORD(WORD_STAGE) + U8_UPPER, "stage 257 in a uint8"),
    FLIPPED("stage-word-high", BINDING_FORMAT, BINDING_WORD(WORD_STAGE),
            "the stage's word is not padded with zeros"),
    FLIPPED("registry-word-high", BINDING_FORMAT, BINDING_WORD(WORD_REGISTRY) + ADDRESS_UPPER,
            "identityRegistry has more than 20 bytes"),
    FLIPPED("identity-key-word-high", BINDING_FORMAT, BINDING_WORD(WORD_IDENTITY_KEY),
            "identityKey has more than 20 bytes"),
    FLIPPED("anchor-block-word-high", BINDING_FORMAT, BINDING_WORD(WORD_ANCHOR_BLOCK) + U64_UPPER,
            "anchorBlock has more than 64 bits"),
    FLIPPED("issued-at-word-high", BINDING_FORMAT, BINDING_WORD(WORD_ISSUED_AT) + U64_UPPER,
            "issuedAt has more than 64 bits"),
    FLIPPED("expires-at-word-high", BINDING_FORMAT, BINDING_WORD(WORD_EXPIRES_AT) + U64_UPPER,
            "expiresAt has more than 64 bits"),
    ENVELOPE_BREAK("binding-type-2", BINDING_TYPE, "a binding of another version",
                   SET_TEXT(envelope.binding.type, "chaoschain/binding/2")),
    FLIPPED("type-flipped", BINDING_TYPE, BINDING_WORD(WORD_TYPE) + 31, "the last byte of the type is another"),
    /* stages */
    STAGE("stage-6", "a stage that does not exist", SET(envelope.binding.values.stage, 6)),
    STAGE("stage-255", "a stage that does not exist", SET(envelope.binding.values.stage, 255)),
    STAGE("chain-0", "stage 1 without a chain", CALL(no_chain)),
    STAGE("chain-0-at-0", "stage 0 without a chain", CALL(no_chain_at_0)),
    STAGE("chain-0-at-2", "stage 2 without a chain", CALL(no_chain_at_2)),
    STAGE("chain-0-at-3", "stage 3 without a chain", CALL(no_chain_at_3)),
    STAGE("chain-0-at-5", "stage 5 without a chain", CALL(no_chain_at_5)),
    STAGE("chain-at-4", "stage 4 with a chain", CALL(with_chain_at_4)),
    STAGE("registry-0", "stage 1 without a registry", CALL(no_registry)),
    STAGE("registry-0-at-0", "stage 0 without a registry", CALL(no_registry_at_0)),
    STAGE("registry-0-at-5", "stage 5 without a registry", CALL(no_registry_at_5)),
    STAGE("registry-at-4", "stage 4 with a registry", CALL(with_registry_at_4)),
    STAGE("agent-none", "stage 1 without an agent: all ones is no id", CALL(no_agent)),
    STAGE("agent-none-at-2", "stage 2 without an agent", CALL(no_agent_at_2)),
    STAGE("agent-none-at-3", "stage 3 without an agent", CALL(no_agent_at_3)),
    STAGE("agent-none-at-5", "stage 5 without an agent", CALL(no_agent_at_5)),
    STAGE("agent-at-0", "stage 0 with an agent: 0 is a real id", CALL(agent_zero_at_0)),
    STAGE("agent-at-4", "stage 4 with an agent", CALL(agent_zero_at_4)),
    STAGE("identity-not-bound", "stage 1 binds another key than the identity key that it names",
          CALL(other_identity)),
    STAGE("identity-not-bound-at-0", "stage 0 binds another key than the identity key",
          CALL(other_identity_at_0)),
    STAGE("identity-not-bound-at-4", "stage 4 binds another key than the identity key",
          CALL(other_identity_at_4)),
    STAGE("identity-bound-at-5", "the identity key for a session", CALL(identity_is_bound_at_5)),
    STAGE("tls-hash", "stage 1 with a TLS key", CALL(with_tls)),
    STAGE("tls-hash-at-0", "stage 0 with a TLS key", CALL(with_tls_at_0)),
    STAGE("tls-hash-at-2", "stage 2 with a TLS key", CALL(with_tls_at_2)),
    STAGE("tls-hash-at-4", "stage 4 with a TLS key", CALL(with_tls_at_4)),
    STAGE("tls-hash-at-5", "stage 5 with a TLS key", CALL(with_tls_at_5)),
    STAGE("tls-hash-missing-at-3", "stage 3 without a TLS key", CALL(without_tls_at_3)),
    STAGE("subject", "stage 1 with a validation request", CALL(with_subject)),
    STAGE("subject-at-0", "stage 0 with a validation request", CALL(with_subject_at_0)),
    STAGE("subject-at-3", "stage 3 with a validation request", CALL(with_subject_at_3)),
    STAGE("subject-at-4", "stage 4 with a validation request", CALL(with_subject_at_4)),
    STAGE("subject-at-5", "stage 5 with a validation request", CALL(with_subject_at_5)),
    STAGE("subject-missing-at-2", "stage 2 without a validation request", CALL(without_subject_at_2)),
    STAGE("expires-before-issued", "it has expired before it was issued", CALL(expires_before)),
    STAGE("expires-when-issued", "it expires in the second in which it was issued", CALL(expires_at_once)),
    STAGE("expires-before-issued-at-4", "it has expired before it was issued", CALL(expires_before_at_4)),
    STAGE("expires-before-issued-at-5",
          "it has expired before it was issued: a life of less than nothing is not a short one",
          CALL(expires_before_at_5)),
    STAGE("session-8-days", "a session of seven days and a second", CALL(lives_too_long_at_5)),
    STAGE("session-for-ever", "a session that does not end", CALL(lives_for_ever_at_5)),
    /* REPORTDATA */
    ENVELOPE_BREAK("binding-report-data-of-another", BINDING_REPORT_DATA,
                   "the quote is that of a binding with another nonce",
                   SET(envelope.binding.quotes_other, true)),
    QUOTED("address", 19, "the address in REPORTDATA is another"),
    QUOTED("hash", 20, "the hash in REPORTDATA is another"),
    QUOTED("tag", 51, "REPORTDATA does not end in CHAOSCHAIN/1"),
    QUOTED("tag-first", 52, "REPORTDATA has another tag"),
    QUOTED("tag-last", 63, "REPORTDATA ends in CHAOSCHAIN/0"),
    /* possession */
    FLIPPED("key-hash-upper", POSSESSION_SIGNATURE, BINDING_WORD(WORD_PUBLIC_KEY_HASH),
            "publicKeyHash has the key's address, but is not its hash"),
    POSSESSION("by-stranger", "another key has signed", SET(envelope.possession.signer, AGENT_STRANGER)),
    POSSESSION("by-app-root", "the application root key has signed",
               SET(envelope.possession.signer, AGENT_APP_ROOT)),
    POSSESSION("by-identity-at-5", "not the session key has signed, but the identity key",
               CALL(possessed_by_identity)),
    POSSESSION("of-another", "the signature is over another binding",
               SET(envelope.possession.other_message, true)),
    POSSESSION("high-s", "n - s: the second form of the same signature",
               SET(envelope.possession.form, K1_HIGH_S)),
    POSSESSION("other-parity", "27 for 28, or 28 for 27", SET(envelope.possession.form, K1_OTHER_PARITY)),
    POSSESSION("r-zero", "r is 0", SET(envelope.possession.form, K1_R_ZERO)),
    POSSESSION("s-zero", "s is 0", SET(envelope.possession.form, K1_S_ZERO)),
    POSSESSION("r-order", "r is n", SET(envelope.possession.form, K1_R_ORDER)),
    POSSESSION("r-no-point", "no point of the curve has this r", SET(envelope.possession.form, K1_R_NO_POINT)),
    POSSESSION("zero", "65 zero bytes", SET(envelope.possession.form, K1_ZERO)),
    POSSESSION("v-0", "v is 0", SET(envelope.possession.v, 0)),
    POSSESSION("v-1", "v is 1", SET(envelope.possession.v, 1)),
    POSSESSION("v-26", "v is 26", SET(envelope.possession.v, 26)),
    POSSESSION("v-29", "v is 29", SET(envelope.possession.v, 29)),
    POSSESSION("v-255", "v is 255", SET(envelope.possession.v, 255)),
    /* endorsement */
    ENDORSEMENT("missing-at-2", "the identity key says nothing of the session that answers",
                CALL(unendorsed_at_2)),
    ENDORSEMENT("missing-at-3", "the identity key says nothing of the session that speaks",
                CALL(unendorsed_at_3)),
    ENDORSEMENT("missing-at-5", "the identity key says nothing of the session", CALL(unendorsed_at_5)),
    ENDORSEMENT("by-stranger", "another key endorses the session", CALL(endorsed_by_stranger)),
    ENDORSEMENT("by-session", "the session key endorses itself", CALL(endorsed_by_session)),
    ENDORSEMENT("by-app-root", "the application root key endorses the session", CALL(endorsed_by_app_root)),
    ENDORSEMENT("of-another", "another session is endorsed", CALL(endorses_other)),
    ENDORSEMENT("high-s", "n - s: the second form of the same signature", CALL(endorsed_high)),
    ENDORSEMENT("other-parity", "27 for 28, or 28 for 27", CALL(endorsed_other_parity)),
    ENDORSEMENT("zero", "65 zero bytes", CALL(endorsed_zero)),
    ENDORSEMENT("v-0", "v is 0", CALL(endorsed_v_0)),
    ENDORSEMENT("v-29", "v is 29", CALL(endorsed_v_29)),
    ENDORSEMENT("not-needed-by-stranger",
                "stage 1 needs no endorsement, but it has one, and not of the identity key",
                CALL(endorsement_of_nobody)),
    ENDORSEMENT("not-needed-zero", "stage 1 needs no endorsement, but it has 65 zero bytes",
                CALL(endorsement_zero)),
};

BREAK_GROUP(breaks_binding, rows);
