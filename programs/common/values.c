/* values.c - the values that options take, read strictly: a slip of the finger must end here. Each gives NULL, or what
 * is wrong in words. */
#include "common.h"

#include <chaoschain/evidence.h>

#define MAX_SECONDS_DIGITS 12

static chaos_slice without_prefix(const char *text)
{
    chaos_slice digits = slice_text(text);
    if (digits.size >= 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') {
        return slice(digits.data + 2, digits.size - 2);
    }
    return digits;
}

bool value_hex(const char *text, uint8_t *out, size_t size)
{
    return hex_decode(without_prefix(text), out, size);
}

bool value_u256(chaos_slice digits, chaos_u256 *out)
{
    return decimal_read_u256(digits, out);
}

bool value_unsigned(const char *text, uint64_t max, uint64_t *out)
{
    return decimal_read(slice_text(text), max, out);
}

bool value_time(const char *text, int64_t *seconds)
{
    uint64_t number = 0;
    if (time_parse(slice_text(text), seconds)) {
        return true;
    }
    if (strlen(text) > MAX_SECONDS_DIGITS || !value_unsigned(text, INT64_MAX / 16, &number)) {
        return false;
    }
    *seconds = (int64_t)number;
    return true;
}

/* Moves what stands before the next colon from *rest to *part; without a colon that is all of it. */
static bool next_part(chaos_slice *rest, chaos_slice *part)
{
    if (rest->data == NULL) {
        return false;
    }
    const uint8_t *colon = rest->size == 0 ? NULL : memchr(rest->data, ':', rest->size);
    size_t size = colon == NULL ? rest->size : (size_t)(colon - rest->data);
    *part = slice(rest->data, size);
    *rest = colon == NULL ? slice(NULL, 0) : slice(colon + 1, rest->size - size - 1);
    return true;
}

static const char *read_address(chaos_slice part, chaos_address *out)
{
    char text[CHAOS_ADDRESS_TEXT_SIZE] = "";
    uint8_t bytes[sizeof out->bytes];
    if (part.size < sizeof text) {
        memcpy(text, part.data, part.size);
    }
    if (chaos_address_parse(text, out, NULL) == CHAOS_OK) {
        return NULL;
    }
    return text[0] == '0' && text[1] == 'x' && hex_decode(slice_text(text + 2), bytes, sizeof bytes)
               ? "its capital letters are no EIP-55 checksum, so a character is wrong"
               : "an address is 0x and 40 hex digits";
}

const char *value_agent(const char *text, agent_name *out)
{
    chaos_slice rest = slice_text(text), space, chain, registry, id;
    agent_name made = { 0 };
    if (!next_part(&rest, &space) || !slice_is(space, "eip155")) {
        return "the first part must be eip155";
    }
    if (!next_part(&rest, &chain) || !value_u256(chain, &made.chain_id)) {
        return "the chain must be a decimal number below 2^256 without leading zeros";
    }
    if (!next_part(&rest, &registry)) {
        return "the registry is missing";
    }
    const char *wrong = read_address(registry, &made.identity_registry);
    if (wrong != NULL) {
        return wrong;
    }
    made.has_id = next_part(&rest, &id);
    if (made.has_id && (!value_u256(id, &made.agent_id) || rest.data != NULL)) {
        return "the id must be a decimal number below 2^256 without leading zeros";
    }
    *out = made;
    return NULL;
}
