/* address.c - Ethereum addresses as text, with the checksum of EIP-55: a letter is upper case exactly where
 * the Keccak of the
 * lower-case digits has a nibble of 8 or more. */
#include "wire/internal.h"

enum {
    DIGITS = 40,
    PREFIX = 2 /* "0x" */
};

void chaos_address_format(const chaos_address *address, char text[CHAOS_ADDRESS_TEXT_SIZE])
{
    char digits[DIGITS];
    hex_encode(slice(address->bytes, sizeof address->bytes), digits);
    chaos_keccak hash = hash_keccak(slice(digits, DIGITS));
    text[0] = '0';
    text[1] = 'x';
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned nibble = ((unsigned)hash.bytes[i / 2] >> (i % 2 == 0 ? 4u : 0u)) & 15u;
        bool upper = digits[i] >= 'a' && nibble >= 8;
        text[PREFIX + i] = (char)(upper ? digits[i] - 'a' + 'A' : digits[i]);
    }
    text[PREFIX + DIGITS] = '\0';
}

/* All digits of one case say nothing, and are taken as they are. Of hex digits, bit 6 sets letters apart and bit 5 the
 * small ones among them. */
static bool is_of_one_case(const uint8_t *digits)
{
    unsigned small = 0, capital = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned small_bit = (unsigned)digits[i] << 1;
        small |= digits[i] & small_bit;
        capital |= digits[i] & ~small_bit;
    }
    return (small & 0x40) == 0 || (capital & 0x40) == 0;
}

const char *address_from_text(chaos_slice text, chaos_address *address)
{
    chaos_address made;
    char right[CHAOS_ADDRESS_TEXT_SIZE];
    if (text.size != PREFIX + DIGITS || text.data[0] != '0' || text.data[1] != 'x' ||
        !hex_decode(slice(text.data + PREFIX, DIGITS), made.bytes, sizeof made.bytes)) {
        return "an address is 0x and 40 hex digits";
    }
    if (!is_of_one_case(text.data + PREFIX)) {
        chaos_address_format(&made, right);
        if (memcmp(text.data, right, PREFIX + DIGITS) != 0) {
            return "its capital letters are no EIP-55 checksum, so a character is wrong";
        }
    }
    *address = made;
    return NULL;
}

chaos_status chaos_address_parse(const char *text, chaos_address *address, chaos_error *err)
{
    const char *why = "an address is 0x and 40 hex digits";
    if (text != NULL && address != NULL) {
        why = address_from_text(slice(text, strnlen(text, PREFIX + DIGITS + 1)), address);
    }
    if (why == NULL) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_USAGE, "address", CHAOS_NO_OFFSET, "%s", why);
    error_expected(err, "0x and 40 hex digits");
    return CHAOS_E_USAGE;
}
