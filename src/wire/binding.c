/* binding.c - what a quote says about a key: fifteen ABI words (Solidity ABI, static types), the report data that
 * commits to them, and the EIP-712 digest that the key signs. */
#include "wire/internal.h"

_Static_assert(CHAOS_BINDING_SIZE == 15 * WORD_SIZE, "a binding has another size");

static const char key_binding_type[] =
    "KeyBinding(bytes32 bindingType,uint8 stage,uint256 chainId,address identityRegistry,uint256 agentId,"
    "bytes32 publicKeyHash,address identityKey,bytes32 agentURIHash,bytes32 tlsSpkiHash,bytes32 subject,"
    "bytes32 nonce,uint64 anchorBlock,uint64 issuedAt,uint64 expiresAt,bytes32 policyHash)";
static const char report_data_tag[] = "CHAOSCHAIN/1"; /* what follows the address and the hash */

/* keccak("chaoschain/binding/1") */
const chaos_keccak binding_type = { { 0xfb, 0xfe, 0x93, 0xc7, 0xed, 0xb4, 0x23, 0x05, 0xb4, 0x6b, 0x1a,
                                      0x3b, 0xa2, 0x94, 0xc5, 0xa7, 0x74, 0xf5, 0xcf, 0x55, 0x0a, 0xc9,
                                      0x52, 0x65, 0xbe, 0x7e, 0x50, 0xf5, 0x1a, 0x87, 0x34, 0x2d } };

/* -------------------------------------------------------------- writing ---- */

void chaos_binding_encode(const chaos_binding *binding, uint8_t words[CHAOS_BINDING_SIZE])
{
    uint8_t *at = words;

    at = WORD_PUT(at, binding_type);
    at = word_put_number(at, binding->stage);
    at = WORD_PUT(at, binding->chain_id);
    at = WORD_PUT(at, binding->identity_registry);
    at = WORD_PUT(at, binding->agent_id);
    at = WORD_PUT(at, binding->public_key_hash);
    at = WORD_PUT(at, binding->identity_key);
    at = WORD_PUT(at, binding->agent_uri_hash);
    at = WORD_PUT(at, binding->tls_spki_hash);
    at = WORD_PUT(at, binding->subject);
    at = WORD_PUT(at, binding->nonce);
    at = word_put_number(at, binding->anchor_block);
    at = word_put_number(at, binding->issued_at);
    at = word_put_number(at, binding->expires_at);
    (void)WORD_PUT(at, binding->policy_hash);
}

/* --------------------------------------------------------------- hashes ---- */

chaos_report_data chaos_binding_report_data(const chaos_binding *binding)
{
    enum {
        ADDRESS_SIZE = sizeof(chaos_address),
        TAG_SIZE = sizeof report_data_tag - 1
    };
    _Static_assert(ADDRESS_SIZE + KECCAK_SIZE + TAG_SIZE == sizeof(chaos_report_data), "not all is filled");
    uint8_t words[CHAOS_BINDING_SIZE];
    chaos_report_data data;

    chaos_binding_encode(binding, words);
    const chaos_keccak hash = hash_keccak(slice(words, sizeof words));
    memcpy(data.bytes, binding->public_key_hash.bytes + KECCAK_SIZE - ADDRESS_SIZE, ADDRESS_SIZE);
    memcpy(data.bytes + ADDRESS_SIZE, hash.bytes, KECCAK_SIZE);
    memcpy(data.bytes + ADDRESS_SIZE + KECCAK_SIZE, report_data_tag, TAG_SIZE);
    return data;
}

/* EIP-712: hashStruct of the binding. Its members are static types, so their ABI words are its encodeData. */
static chaos_keccak struct_hash(const chaos_binding *binding)
{
    uint8_t words[WORD_SIZE + CHAOS_BINDING_SIZE];

    chaos_binding_encode(binding, WORD_PUT(words, hash_keccak(slice_text(key_binding_type))));
    return hash_keccak(slice(words, sizeof words));
}

chaos_keccak chaos_binding_digest(const chaos_binding *binding)
{
    const chaos_keccak separator = domain_separator(&binding->chain_id, &binding->identity_registry);
    const chaos_keccak hash = struct_hash(binding);

    return domain_digest(&separator, &hash);
}

/* -------------------------------------------------------------- reading ---- */

/* A word whose value has `size` bytes. */
static void take_bytes(reader *r, const char *field, uint8_t *value, size_t size)
{
    const chaos_slice word = rd_take(r, field, WORD_SIZE);

    memset(value, 0, size);
    if (!rd_ok(r)) {
        return;
    }
    const bool fits = slice_is_zero(slice(word.data, WORD_SIZE - size));
    rd_expect(r, fits, r->status, "the word is not a value of its type");
    memcpy(value, word.data + WORD_SIZE - size, size);
}

/* A number of `size` bytes, at most eight. */
static uint64_t take_number(reader *r, const char *field, size_t size)
{
    uint8_t bytes[sizeof(uint64_t)] = { 0 };
    uint64_t number = 0;

    take_bytes(r, field, bytes, size);
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

#define TAKE(r, field, value) take_bytes((r), (field), (value).bytes, sizeof(value).bytes)

bool binding_read(chaos_slice words, chaos_binding *out, chaos_keccak *type, fault *why)
{
    reader r = rd_begin(words, CHAOS_E_BINDING_FORMAT);
    chaos_binding binding = { 0 };
    chaos_keccak first;

    *out = (chaos_binding){ 0 };
    *type = (chaos_keccak){ { 0 } };
    *why = (fault){ 0 };
    TAKE(&r, "bindingType", first);
    binding.stage = (uint8_t)take_number(&r, "stage", sizeof binding.stage);
    TAKE(&r, "chainId", binding.chain_id);
    TAKE(&r, "identityRegistry", binding.identity_registry);
    TAKE(&r, "agentId", binding.agent_id);
    TAKE(&r, "publicKeyHash", binding.public_key_hash);
    TAKE(&r, "identityKey", binding.identity_key);
    TAKE(&r, "agentURIHash", binding.agent_uri_hash);
    TAKE(&r, "tlsSpkiHash", binding.tls_spki_hash);
    TAKE(&r, "subject", binding.subject);
    TAKE(&r, "nonce", binding.nonce);
    binding.anchor_block = take_number(&r, "anchorBlock", sizeof binding.anchor_block);
    binding.issued_at = take_number(&r, "issuedAt", sizeof binding.issued_at);
    binding.expires_at = take_number(&r, "expiresAt", sizeof binding.expires_at);
    TAKE(&r, "policyHash", binding.policy_hash);
    if (rd_left(&r) > 0) {
        rd_fail(&r, CHAOS_E_BINDING_FORMAT, "binding", rd_offset(&r), "bytes are left over");
    }
    if (!rd_ok(&r)) {
        *why = r.why;
        return false;
    }
    *out = binding;
    *type = first;
    return true;
}
