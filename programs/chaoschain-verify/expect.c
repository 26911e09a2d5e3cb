/* expect.c - the values behind --expect-...: what the relying party asks of the evidence, read strictly. A slip
 * of the finger must end here, not in a verdict about somebody's agent. */
#include "verify_program.h"

#include "crypto/crypto.h"

#define ADDRESS_DIGITS 40

/* Exactly `size` bytes of hex, with 0x or without. */
static bool parse_hex(const char *text, uint8_t *out, size_t size)
{
    chaos_slice digits = slice_text(text);
    if (digits.size >= 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') {
        digits = slice(digits.data + 2, digits.size - 2);
    }
    return hex_decode(digits, out, size);
}

/* Decimal digits without sign or leading zero, below 2^256. */
static bool parse_u256(chaos_slice digits, chaos_u256 *out)
{
    chaos_u256 sum = { { 0 } };
    if (digits.size == 0 || (digits.size > 1 && digits.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        unsigned carry = digits.data[i] - (unsigned)'0';
        for (size_t k = sizeof sum.bytes; k > 0; k--) {
            carry += 10u * sum.bytes[k - 1];
            sum.bytes[k - 1] = (uint8_t)(carry & 0xffu);
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
    }
    *out = sum;
    return true;
}

/* -------------------------------------------------------------- addresses ---- */

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'F';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'f';
}

/* EIP-55: in an address of mixed case a letter is upper case exactly where the hash of the lower-case digits has
 * a nibble of 8 or more. All digits of one case say nothing, and are taken as they are. */
static bool case_is_right(chaos_slice digits)
{
    char lower[ADDRESS_DIGITS];
    bool any_upper = false, any_lower = false, fits = true;
    for (size_t i = 0; i < ADDRESS_DIGITS; i++) {
        any_upper = any_upper || is_upper(digits.data[i]);
        any_lower = any_lower || is_lower(digits.data[i]);
        lower[i] = (char)(is_upper(digits.data[i]) ? digits.data[i] | 0x20 : digits.data[i]);
    }
    chaos_keccak hash = hash_keccak(slice(lower, sizeof lower));
    for (size_t i = 0; i < ADDRESS_DIGITS; i++) {
        unsigned nibble = ((unsigned)hash.bytes[i / 2] >> (i % 2 == 0 ? 4u : 0u)) & 15u;
        bool is_letter = lower[i] >= 'a';
        fits = fits && (!is_letter || is_upper(digits.data[i]) == (nibble >= 8));
    }
    return fits || !any_upper || !any_lower;
}

/* NULL, or what is wrong with it. */
static const char *parse_address(chaos_slice text, chaos_address *out)
{
    if (text.size != 2 + ADDRESS_DIGITS || text.data[0] != '0' || text.data[1] != 'x') {
        return "an address is 0x and 40 hex digits";
    }
    chaos_slice digits = slice(text.data + 2, ADDRESS_DIGITS);
    if (!hex_decode(digits, out->bytes, sizeof out->bytes)) {
        return "an address is 0x and 40 hex digits";
    }
    return case_is_right(digits) ? NULL : "its capital letters are no EIP-55 checksum, so a character is wrong";
}

/* ---------------------------------------------------------------- options ---- */

/* Moves what stands before the next colon from *rest to *part; false: there is no colon. */
static bool split(chaos_slice *rest, chaos_slice *part)
{
    const uint8_t *colon = rest->size == 0 ? NULL : memchr(rest->data, ':', rest->size);
    if (colon == NULL) {
        return false;
    }
    size_t size = (size_t)(colon - rest->data);
    *part = slice(rest->data, size);
    *rest = slice(colon + 1, rest->size - size - 1);
    return true;
}

/* NULL, or what is wrong with it. */
static const char *parse_agent(chaos_slice rest, chaos_expectation *out)
{
    chaos_slice space = { NULL, 0 }, chain = { NULL, 0 }, registry = { NULL, 0 };
    if (!split(&rest, &space) || !split(&rest, &chain) || !split(&rest, &registry)) {
        return "it needs four parts";
    }
    if (!slice_is(space, "eip155")) {
        return "the first part must be eip155";
    }
    if (!parse_u256(chain, &out->chain_id)) {
        return "the chain must be a decimal number below 2^256 without leading zeros";
    }
    const char *wrong = parse_address(registry, &out->identity_registry);
    if (wrong == NULL && !parse_u256(rest, &out->agent_id)) {
        return "the id must be a decimal number below 2^256 without leading zeros";
    }
    return wrong;
}

chaos_status expect_report_data(const char *text, chaos_expectation *out, chaos_error *err)
{
    if (!parse_hex(text, out->report_data.bytes, sizeof out->report_data.bytes)) {
        return error_set(err, CHAOS_E_USAGE, "--expect-report-data", CHAOS_NO_OFFSET,
                         "needs exactly 128 hex digits, all 64 bytes of REPORTDATA");
    }
    out->has_report_data = true;
    return CHAOS_OK;
}

/* What was typed goes where it is cut to fit, so that the sentence stays whole. */
static chaos_status refuse(const char *option, const char *wrong, const char *form, const char *text,
                           chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "%s", wrong);
    error_expected(err, "%s", form);
    error_found(err, "%s", shown(text).text);
    return CHAOS_E_USAGE;
}

chaos_status expect_agent(const char *text, chaos_expectation *out, chaos_error *err)
{
    const char *wrong = parse_agent(slice_text(text), out);
    if (wrong != NULL) {
        return refuse("--expect-agent", wrong, "eip155:CHAIN:0xREGISTRY:ID", text, err);
    }
    out->has_agent = true;
    return CHAOS_OK;
}

chaos_status expect_identity_key(const char *text, chaos_expectation *out, chaos_error *err)
{
    const char *wrong = parse_address(slice_text(text), &out->identity_key);
    if (wrong != NULL) {
        return refuse("--expect-identity-key", wrong, "0xADDRESS", text, err);
    }
    out->has_identity_key = true;
    return CHAOS_OK;
}

chaos_status expect_nonce(const char *text, chaos_expectation *out, chaos_error *err)
{
    if (!parse_hex(text, out->nonce.bytes, sizeof out->nonce.bytes)) {
        return error_set(err, CHAOS_E_USAGE, "--expect-nonce", CHAOS_NO_OFFSET,
                         "needs exactly 64 hex digits, the 32 bytes that you chose");
    }
    out->has_nonce = true;
    return CHAOS_OK;
}
