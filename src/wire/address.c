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

/* All digits of one case say nothing, and are taken as they are. */
static bool is_of_one_case(const char *digits)
{
    bool upper = false, lower = false;
    for (size_t i = 0; i < DIGITS; i++) {
        upper = upper || (digits[i] >= 'A' && digits[i] <= 'F');
        lower = lower || (digits[i] >= 'a' && digits[i] <= 'f');
    }
    return !upper || !lower;
}

static chaos_status refuse(const char *why, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, "address", CHAOS_NO_OFFSET, "%s", why);
    error_expected(err, "0x and 40 hex digits");
    return CHAOS_E_USAGE;
}

chaos_status chaos_address_parse(const char *text, chaos_address *address, chaos_error *err)
{
    chaos_address made;
    char right[CHAOS_ADDRESS_TEXT_SIZE];
    if (text == NULL || address == NULL || strnlen(text, PREFIX + DIGITS + 1) != PREFIX + DIGITS || text[0] != '0' ||
        text[1] != 'x' || !hex_decode(slice(text + PREFIX, DIGITS), made.bytes, sizeof made.bytes)) {
        return refuse("an address is 0x and 40 hex digits", err);
    }
    chaos_address_format(&made, right);
    if (!is_of_one_case(text + PREFIX) && memcmp(text, right, PREFIX + DIGITS) != 0) {
        return refuse("its capital letters are no EIP-55 checksum, so a character is wrong", err);
    }
    *address = made;
    return CHAOS_OK;
}
