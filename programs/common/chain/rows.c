/* rows.c - what people and programs get to see of values: rows of at most 100 columns, and JSON. */
#include "programs/common/chain/chain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define VALUE_MAX 4096
#define WEI_DIGITS 18
#define GWEI_DIGITS 9
#define CUT "..."
#define SCREEN_WIDTH 100

/* ------------------------------------------------------------------ rows ---- */

/* Printable ASCII of one line, no longer than the width. */
static bool row_of(chaos_buffer *out, const char *label, const char *value, size_t whole)
{
    char size[32] = "";
    size_t length = strlen(value);
    size_t room = TEXT_WIDTH;
    if (length > room) {
        (void)snprintf(size, sizeof size, CUT " (%zu bytes)", whole);
        length = room - strlen(size);
    }
    return buffer_append_format(out, "%-*s %.*s%s\n", LABEL_WIDTH, label, (int)length, value, size);
}

bool row_text(chaos_buffer *out, const char *label, const char *format, ...)
{
    char value[VALUE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    return n >= 0 && row_of(out, label, value, (size_t)n);
}

bool row_bytes(chaos_buffer *out, const char *label, chaos_slice untrusted)
{
    char value[VALUE_MAX];
    return row_of(out, label, error_quote(value, sizeof value, untrusted), untrusted.size);
}

bool row_hash(chaos_buffer *out, const char *label, const chaos_keccak *hash)
{
    return row_text(out, label, "%s", hex_of(hash).text);
}

bool row_address(chaos_buffer *out, const char *label, const chaos_address *address)
{
    return row_text(out, label, "%s", address_of(address).text);
}

bool row_time(chaos_buffer *out, const char *label, int64_t seconds)
{
    char text[TIME_TEXT_SIZE];
    return row_text(out, label, "%s", time_format(seconds, text));
}

bool text_wrapped(chaos_buffer *out, int column, const char *text)
{
    bool ok = true, first = true;
    while (ok && text[0] != '\0') {
        size_t room = (size_t)(SCREEN_WIDTH - column), length = strlen(text);
        if (length > room) {
            length = room;
            while (length > room / 2 && text[length] != ' ') {
                length--;
            }
            length = length == room / 2 ? room : length;
        }
        ok = buffer_append_format(out, "%*s%.*s\n", first ? 0 : column, "", (int)length, text);
        text += length;
        text += strspn(text, " ");
        first = false;
    }
    return ok && (!first || buffer_append_text(out, "\n"));
}

/* ---------------------------------------------------------------- values ---- */

hex_text hex_of(const chaos_keccak *hash)
{
    hex_text h = { "0x" };
    hex_encode(slice(hash->bytes, sizeof hash->bytes), h.text + 2);
    h.text[sizeof h.text - 1] = '\0';
    return h;
}

address_text address_of(const chaos_address *address)
{
    address_text a;
    chaos_address_format(address, a.text);
    return a;
}

void json_error(json_writer *w, const char *key, const chaos_error *err)
{
    if (err->status == CHAOS_OK) {
        json_write_null(w, key);
        return;
    }
    json_write_object(w, key);
    json_write_text(w, "code", chaos_status_name(err->status));
    json_write_text(w, "expected", err->expected[0] == '\0' ? NULL : err->expected);
    json_write_text(w, "field", err->field);
    json_write_text(w, "found", err->found[0] == '\0' ? NULL : err->found);
    json_write_text(w, "text", err->text);
    json_write_object_end(w);
}

void json_address(json_writer *w, const char *key, const chaos_address *address)
{
    json_write_text(w, key, address_of(address).text);
}

void json_u256(json_writer *w, const char *key, const chaos_u256 *number)
{
    char text[CHAOS_U256_TEXT_SIZE];
    chaos_u256_format(number, text);
    json_write_text(w, key, text);
}

bool fee_of(uint64_t gas, const chaos_u256 *price, chaos_u256 *wei)
{
    chaos_u256 product = { { 0 } };
    for (size_t k = 0; k < sizeof gas; k++) { /* by the bytes of the gas, from the lowest */
        uint64_t factor = gas >> 8 * k & 0xffu;
        uint64_t carry = 0;
        for (size_t i = sizeof price->bytes; i-- > 0;) {
            size_t place = i + sizeof price->bytes - 1 - k;
            uint64_t part = factor * price->bytes[i];
            if (place < sizeof price->bytes - 1) {
                if (part + carry != 0) {
                    return false;
                }
                continue;
            }
            place -= sizeof price->bytes - 1;
            carry += part + product.bytes[place];
            product.bytes[place] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
    }
    *wei = product;
    return true;
}

/* A decimal fraction of `digits` places without the zeros at its end. */
static void fraction(const chaos_u256 *wei, size_t digits, char text[ETHER_TEXT_SIZE])
{
    char number[CHAOS_U256_TEXT_SIZE + WEI_DIGITS + 1];
    char plain[CHAOS_U256_TEXT_SIZE];
    chaos_u256_format(wei, plain);
    size_t length = strlen(plain);
    size_t pad = length <= digits ? digits + 1 - length : 0;
    memset(number, '0', pad);
    memcpy(number + pad, plain, length + 1);
    length += pad;
    size_t end = length; /* the digits behind the point, without zeros at their end */
    while (end > length - digits && number[end - 1] == '0') {
        end--;
    }
    bool whole = end == length - digits;
    (void)snprintf(text, ETHER_TEXT_SIZE, "%.*s%s%.*s", (int)(length - digits), number, whole ? "" : ".",
                   (int)(end - (length - digits)), number + length - digits);
}

const char *ether_text(const chaos_u256 *wei, char text[ETHER_TEXT_SIZE])
{
    fraction(wei, WEI_DIGITS, text);
    return text;
}

const char *gwei_text(const chaos_u256 *wei, char text[ETHER_TEXT_SIZE])
{
    fraction(wei, GWEI_DIGITS, text);
    return text;
}
