/* create.c - the address that a contract gets, known before it is made. */
#include "eth/eth.h"

static chaos_address last_twenty(const chaos_keccak *hash)
{
    chaos_address address;
    memcpy(address.bytes, hash->bytes + sizeof hash->bytes - sizeof address.bytes, sizeof address.bytes);
    return address;
}

/* RLP of [sender, nonce]: always shorter than 56 bytes, so that one byte is prefix enough everywhere. */
chaos_address chaos_contract_address(const chaos_address *sender, uint64_t nonce)
{
    uint8_t text[1 + 1 + sizeof sender->bytes + 1 + sizeof nonce];
    size_t size = 2 + sizeof sender->bytes, digits = 0;
    text[1] = (uint8_t)(0x80 + sizeof sender->bytes);
    memcpy(text + 2, sender->bytes, sizeof sender->bytes);
    for (uint64_t rest = nonce; rest > 0; rest >>= 8) {
        digits++;
    }
    if (nonce == 0 || nonce >= 0x80) {
        text[size++] = (uint8_t)(0x80 + digits);
    }
    for (; digits > 0; digits--) {
        text[size++] = (uint8_t)(nonce >> 8 * (digits - 1));
    }
    text[0] = (uint8_t)(0xc0 + size - 1);
    chaos_keccak hash = hash_keccak(slice(text, size));
    return last_twenty(&hash);
}

chaos_address chaos_contract_address_create2(const chaos_address *factory, const uint8_t salt[32],
                                             chaos_slice init_code)
{
    uint8_t text[1 + sizeof factory->bytes + 32 + KECCAK_SIZE] = { 0xff };
    chaos_keccak code = hash_keccak(init_code);
    memcpy(text + 1, factory->bytes, sizeof factory->bytes);
    memcpy(text + 1 + sizeof factory->bytes, salt, 32);
    memcpy(text + 1 + sizeof factory->bytes + 32, code.bytes, sizeof code.bytes);
    chaos_keccak hash = hash_keccak(slice(text, sizeof text));
    return last_twenty(&hash);
}
