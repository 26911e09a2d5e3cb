/* values.c - the values that options take, read strictly: a slip of the finger must end here. Each gives NULL, or what
 * is wrong in words. */
#include "common.h"

#include <chaoschain/evidence.h>

#define MAX_TIME 253402300799 /* 9999-12-31T23:59:59Z */

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

/* "+HH:MM" or "-HH:MM", as seconds. */
static bool read_offset(const char *text, int64_t *seconds)
{
    static const char shape[] = "+00:00"; /* 0: any digit */
    if (strlen(text) != sizeof shape - 1 || (text[0] != '+' && text[0] != '-')) {
        return false;
    }
    for (size_t i = 1; i < sizeof shape - 1; i++) {
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) {
            return false;
        }
    }
    int hours = (text[1] - '0') * 10 + (text[2] - '0');
    int minutes = (text[4] - '0') * 10 + (text[5] - '0');
    *seconds = (text[0] == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

/* RFC 3339: a date, T, a time, perhaps a fraction, and Z or an offset. The fraction is dropped, as the clock's is. */
static bool read_rfc3339(const char *text, int64_t *seconds)
{
    enum {
        SIZE = 19 /* 2026-01-01T00:00:00 */
    };
    char in_utc[SIZE + 2] = "";
    int64_t local = 0, offset = 0;
    if (strlen(text) <= SIZE) {
        return false;
    }
    memcpy(in_utc, text, SIZE);
    in_utc[SIZE] = 'Z';
    in_utc[10] = in_utc[10] == 't' ? 'T' : in_utc[10];
    text += SIZE;
    if (*text == '.') {
        size_t digits = strspn(text + 1, "0123456789");
        if (digits == 0) {
            return false;
        }
        text += 1 + digits;
    }
    if (strcmp(text, "Z") != 0 && strcmp(text, "z") != 0 && !read_offset(text, &offset)) {
        return false;
    }
    if (!time_parse(slice_text(in_utc), &local) || local - offset < 0 || local - offset > MAX_TIME) {
        return false;
    }
    *seconds = local - offset;
    return true;
}

bool value_time(const char *text, int64_t *seconds)
{
    int64_t sum = 0;
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') {
        return read_rfc3339(text, seconds);
    }
    for (const char *c = text; *c != '\0' && sum <= MAX_TIME; c++) {
        sum = sum * 10 + (*c - '0');
    }
    if (sum > MAX_TIME) {
        return false;
    }
    *seconds = sum;
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
