/* receipt.c - one action of an agent and the signature of its session key: the EIP-712 struct AgentAction, and the JSON
 * in which a bundle carries both. */
#include "wire/internal.h"

/* keccak("AgentAction(address agentRegistry,uint256 agentId,uint64 sequence,bytes32 previous,string actionType,"
 * "bytes32 payloadHash,bytes32 inputHash,bytes32 outputHash,uint64 issuedAt,bytes32 evidenceHash)"): hashed once, as
 * a bundle has a million of them. */
static const chaos_keccak action_type_hash = { { 0xc6, 0xf8, 0x96, 0xa5, 0xb9, 0x62, 0x3e, 0xf0, 0x87, 0x5f, 0x06,
                                                 0x14, 0x64, 0xbb, 0xe1, 0x68, 0xd9, 0xa1, 0x2c, 0x3c, 0xb6, 0x7e,
                                                 0xa4, 0x88, 0x68, 0x91, 0x01, 0x21, 0xd5, 0x5e, 0xe2, 0xfc } };

enum {
    ACTION_WORDS = 11 /* the type's hash and ten members */
};

chaos_keccak action_digest_in(const chaos_keccak *separator, const chaos_action *action)
{
    uint8_t words[ACTION_WORDS * WORD_SIZE];
    uint8_t *at = words;
    const size_t type_size = strnlen(action->action_type, sizeof action->action_type);

    at = WORD_PUT(at, action_type_hash);
    at = WORD_PUT(at, action->agent_registry);
    at = WORD_PUT(at, action->agent_id);
    at = word_put_number(at, action->sequence);
    at = WORD_PUT(at, action->previous);
    at = WORD_PUT(at, hash_keccak(slice(action->action_type, type_size)));
    at = WORD_PUT(at, action->payload_hash);
    at = WORD_PUT(at, action->input_hash);
    at = WORD_PUT(at, action->output_hash);
    at = word_put_number(at, action->issued_at);
    (void)WORD_PUT(at, action->evidence_hash);
    const chaos_keccak hash = hash_keccak(slice(words, sizeof words));
    return domain_digest(separator, &hash);
}

chaos_keccak chaos_action_digest(const chaos_action *action)
{
    const chaos_keccak separator = domain_separator(&action->chain_id, &action->agent_registry);

    return action_digest_in(&separator, action);
}

chaos_keccak chaos_content_hash(chaos_slice bytes)
{
    return hash_keccak(bytes);
}

/* -------------------------------------------------------------- rules ---- */

static bool is_action_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("._/:+-", c) != NULL);
}

static bool is_action_type(chaos_slice text)
{
    bool good = text.size > 0 && text.size < CHAOS_ACTION_TYPE_SIZE;
    for (size_t i = 0; good && i < text.size; i++) {
        good = is_action_character(text.data[i]);
    }
    return good;
}

static bool is_zero(const void *bytes, size_t size)
{
    return slice_is_zero(slice(bytes, size));
}

chaos_status chaos_action_check(const chaos_action *action, chaos_error *err)
{
    if (action == NULL) {
        return error_set(err, CHAOS_E_USAGE, "action", CHAOS_NO_OFFSET, NULL);
    }
    const struct {
        bool good;
        const char *field, *why;
    } rules[] = {
        { !is_zero(&action->chain_id, sizeof action->chain_id), "chainId", "a chain id is not 0" },
        { !is_zero(&action->agent_registry, sizeof action->agent_registry), "agentRegistry", "a registry is not 0" },
        { action->sequence <= CHAOS_MAX_SEQUENCE, "sequence", "the sequence is too large" },
        { is_zero(&action->previous, sizeof action->previous) == (action->sequence == 0), "previous",
          "zero at sequence 0 and only there" },
        { is_action_type(slice(action->action_type, strnlen(action->action_type, sizeof action->action_type))),
          "actionType", "1 to 64 of A-Z a-z 0-9 . _ / : + -" },
        { action->issued_at <= CHAOS_MAX_SEQUENCE, "issuedAt", "the time is too large" },
        { !is_zero(&action->evidence_hash, sizeof action->evidence_hash), "evidenceHash",
          "the session's envelope is named" },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules); i++) {
        if (!rules[i].good) {
            return error_set(err, CHAOS_E_RECEIPT_FORMAT, rules[i].field, CHAOS_NO_OFFSET,
                             "the action cannot stand in a receipt: %s", rules[i].why);
        }
    }
    return CHAOS_OK;
}

/* -------------------------------------------------------------- reading ---- */

enum {
    KEY_ACTION_TYPE,
    KEY_AGENT_ID,
    KEY_AGENT_REGISTRY,
    KEY_EVIDENCE_HASH,
    KEY_INPUT_HASH,
    KEY_ISSUED_AT,
    KEY_OUTPUT_HASH,
    KEY_PAYLOAD_HASH,
    KEY_PREVIOUS,
    KEY_SEQUENCE,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_ACTION_TYPE] = MEMBER_KEY("actionType"),
    [KEY_AGENT_ID] = MEMBER_KEY("agentId"),
    [KEY_AGENT_REGISTRY] = MEMBER_KEY("agentRegistry"),
    [KEY_EVIDENCE_HASH] = MEMBER_KEY("evidenceHash"),
    [KEY_INPUT_HASH] = MEMBER_KEY("inputHash"),
    [KEY_ISSUED_AT] = MEMBER_KEY("issuedAt"),
    [KEY_OUTPUT_HASH] = MEMBER_KEY("outputHash"),
    [KEY_PAYLOAD_HASH] = MEMBER_KEY("payloadHash"),
    [KEY_PREVIOUS] = MEMBER_KEY("previous"),
    [KEY_SEQUENCE] = MEMBER_KEY("sequence"),
};

static void read_action_type(json *j, chaos_action *out)
{
    chaos_slice text = json_plain_string(j, "actionType");
    if (!json_ok(j)) {
        return;
    }
    if (!is_action_type(text)) {
        json_bad(j, "not 1 to 64 of A-Z a-z 0-9 . _ / : + -");
        return;
    }
    memcpy(out->action_type, text.data, text.size);
}

static void read_action_member(json *j, size_t member, chaos_action *out)
{
    const char *field = member < KEY_COUNT ? keys[member].text : "action";
    switch (member) {
    case KEY_ACTION_TYPE:
        read_action_type(j, out);
        return;
    case KEY_AGENT_ID:
        json_decimal_u256(j, field, &out->agent_id);
        return;
    case KEY_AGENT_REGISTRY:
        json_0x(j, field, out->agent_registry.bytes, sizeof out->agent_registry.bytes);
        return;
    case KEY_EVIDENCE_HASH:
        json_0x(j, field, out->evidence_hash.bytes, sizeof out->evidence_hash.bytes);
        return;
    case KEY_INPUT_HASH:
        json_0x(j, field, out->input_hash.bytes, sizeof out->input_hash.bytes);
        return;
    case KEY_ISSUED_AT:
        out->issued_at = json_decimal(j, field, CHAOS_MAX_SEQUENCE);
        return;
    case KEY_OUTPUT_HASH:
        json_0x(j, field, out->output_hash.bytes, sizeof out->output_hash.bytes);
        return;
    case KEY_PAYLOAD_HASH:
        json_0x(j, field, out->payload_hash.bytes, sizeof out->payload_hash.bytes);
        return;
    case KEY_PREVIOUS:
        json_0x(j, field, out->previous.bytes, sizeof out->previous.bytes);
        return;
    case KEY_SEQUENCE:
        out->sequence = json_decimal(j, field, CHAOS_MAX_SEQUENCE);
        return;
    default:
        json_bad(j, "unknown member");
        return;
    }
}

static void read_action(json *j, chaos_action *out)
{
    chaos_slice key;
    unsigned seen = 0;
    json_enter_object(j, "action");
    while (json_key(j, &key)) {
        size_t member = member_find(keys, KEY_COUNT, key);
        read_action_member(j, member, out);
        seen |= 1u << member;
    }
    for (size_t member = 0; member < KEY_COUNT; member++) {
        json_require(j, (seen & 1u << member) != 0, keys[member].text);
    }
}

void receipt_read(json *j, const chaos_u256 *chain_id, chaos_receipt *out)
{
    bool has_action = false, has_signature = false;
    chaos_slice key;
    *out = (chaos_receipt){ .action = { .chain_id = *chain_id } };
    json_enter_object(j, "receipt");
    while (json_key(j, &key)) {
        if (slice_is(key, "action")) {
            has_action = true;
            read_action(j, &out->action);
        } else if (slice_is(key, "signature")) {
            has_signature = true;
            json_0x(j, "signature", out->signature.bytes, sizeof out->signature.bytes);
        } else {
            json_bad(j, "unknown member");
        }
    }
    json_require(j, has_action, "action");
    json_require(j, has_signature, "signature");
}

chaos_status chaos_receipt_parse(chaos_slice json_text, const chaos_u256 *chain_id, chaos_receipt *receipt,
                                 chaos_error *err)
{
    chaos_receipt made;
    json j;

    if (chain_id == NULL || receipt == NULL || (json_text.data == NULL && json_text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "receipt", CHAOS_NO_OFFSET, NULL);
    }
    if (json_text.size > CHAOS_MAX_BUNDLE_LINE) {
        return error_set(err, CHAOS_E_RECEIPT_FORMAT, "receipt", CHAOS_NO_OFFSET, "the receipt is too long");
    }
    json_begin(&j, json_text, CHAOS_E_RECEIPT_FORMAT);
    receipt_read(&j, chain_id, &made);
    json_end(&j);
    if (!json_ok(&j)) {
        return fault_to_error(&j.r.why, err);
    }
    *receipt = made;
    return CHAOS_OK;
}

/* -------------------------------------------------------------- writing ---- */

static void write_decimal(json_writer *w, const char *key, uint64_t number)
{
    char text[DECIMAL_U256_SIZE];
    chaos_u256 wide;
    (void)word_put_number(wide.bytes, number);
    json_write_text(w, key, decimal_write_u256(&wide, text));
}

#define WRITE_0X(w, key, value) json_write_0x((w), (key), slice((value).bytes, sizeof(value).bytes))

static void write_action(json_writer *w, const chaos_action *action)
{
    char id[DECIMAL_U256_SIZE];
    json_write_object(w, "action");
    json_write_text(w, "actionType", action->action_type);
    json_write_text(w, "agentId", decimal_write_u256(&action->agent_id, id));
    WRITE_0X(w, "agentRegistry", action->agent_registry);
    WRITE_0X(w, "evidenceHash", action->evidence_hash);
    WRITE_0X(w, "inputHash", action->input_hash);
    write_decimal(w, "issuedAt", action->issued_at);
    WRITE_0X(w, "outputHash", action->output_hash);
    WRITE_0X(w, "payloadHash", action->payload_hash);
    WRITE_0X(w, "previous", action->previous);
    write_decimal(w, "sequence", action->sequence);
    json_write_object_end(w);
}

void receipt_write(json_writer *w, const char *key, const chaos_receipt *receipt)
{
    json_write_object(w, key);
    write_action(w, &receipt->action);
    WRITE_0X(w, "signature", receipt->signature);
    json_write_object_end(w);
}
