/* domain.c - what our EIP-712 structs have in common: the domain {"ChaosChain TEE", "1", chain, registry}, and
 * values as ABI words (KeyBinding, AgentAction, KeyHandover). */
#include "wire/internal.h"

/* keccak("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)") */
const chaos_keccak domain_type_hash = { { 0x8b, 0x73, 0xc3, 0xc6, 0x9b, 0xb8, 0xfe, 0x3d, 0x51, 0x2e, 0xcc,
                                          0x4c, 0xf7, 0x59, 0xcc, 0x79, 0x23, 0x9f, 0x7b, 0x17, 0x9b, 0x0f,
                                          0xfa, 0xca, 0xa9, 0xa7, 0x5d, 0x52, 0x2b, 0x39, 0x40, 0x0f } };
static const char domain_name[] = "ChaosChain TEE";
static const char domain_version[] = "1";

uint8_t *word_put_bytes(uint8_t *at, const uint8_t *value, size_t size)
{
    memset(at, 0, WORD_SIZE - size);
    memcpy(at + WORD_SIZE - size, value, size);
    return at + WORD_SIZE;
}

uint8_t *word_put_number(uint8_t *at, uint64_t number)
{
    uint8_t bytes[sizeof number];

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (sizeof bytes - 1 - i));
    }
    return word_put_bytes(at, bytes, sizeof bytes);
}

chaos_keccak domain_separator(const chaos_u256 *chain_id, const chaos_address *registry)
{
    uint8_t words[5 * WORD_SIZE];
    uint8_t *at = words;

    at = WORD_PUT(at, domain_type_hash);
    at = WORD_PUT(at, hash_keccak(slice_text(domain_name)));
    at = WORD_PUT(at, hash_keccak(slice_text(domain_version)));
    at = WORD_PUT(at, *chain_id);
    (void)WORD_PUT(at, *registry);
    return hash_keccak(slice(words, sizeof words));
}

chaos_keccak domain_digest(const chaos_keccak *separator, const chaos_keccak *struct_hash)
{
    uint8_t message[2 + 2 * WORD_SIZE] = { 0x19, 0x01 };

    (void)WORD_PUT(message + 2, *separator);
    (void)WORD_PUT(message + 2 + WORD_SIZE, *struct_hash);
    return hash_keccak(slice(message, sizeof message));
}
