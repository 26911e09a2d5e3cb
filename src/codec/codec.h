/* codec.h - generic syntaxes: hex, base64, PEM, RFC 3339, DER, JSON. Pull readers on the latched cursor; no trees,
 * no recursion, no allocation except where a chaos_buffer is given. */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/base.h"

/* ----------------------------------------------------------------- text ---- */

/* Hex without prefix, both cases. Exactly 2 * size digits into out[size]; false otherwise, out then undefined. */
CHAOS_MUST_USE bool hex_decode(chaos_slice text, uint8_t *out, size_t size);
/* 2 * bytes.size lower-case digits; no NUL is written. */
void hex_encode(chaos_slice bytes, char *out);
/* RFC 4648 section 4, padded. Decode refuses anything else than the alphabet, wrong padding and non-zero spare bits.
 * The decoded bytes are appended. false: not base64, or the buffer is full (buffer unchanged). */
CHAOS_MUST_USE bool base64_decode(chaos_slice text, chaos_buffer *out);
CHAOS_MUST_USE bool base64_encode(chaos_slice bytes, chaos_buffer *out);

/* Decimal digits, no sign, no leading zero, at most `max` (or below 2^256); nothing is written on failure. */
CHAOS_MUST_USE bool decimal_read(chaos_slice digits, uint64_t max, uint64_t *out);
CHAOS_MUST_USE bool decimal_read_u256(chaos_slice digits, chaos_u256 *out);
#define DECIMAL_U256_SIZE 79 /* 2^256 - 1 has 78 digits */
const char *decimal_write_u256(const chaos_u256 *number, char text[DECIMAL_U256_SIZE]); /* returns text */

/* PEM blocks of one label, "CERTIFICATE" for instance (RFC 7468), strictly: nothing but blocks, each line
 * ending in LF
 * or CRLF (the last may lack it), at most one NUL at the very end, base64 lines of 1..76 characters. The DER of the
 * blocks is written one after the other into `storage` (capacity bytes; text.size is always enough) and der[i] points
 * into it. Returns the number of blocks, at most max_blocks; 0 with *why set (status `status`) on any fault; more
 * blocks than max_blocks is a fault whose reason says so and whose status is `too_many`. */
size_t pem_read(chaos_slice text, const char *label, chaos_status status, chaos_status too_many, uint8_t *storage,
                size_t capacity, chaos_slice *der, size_t max_blocks, fault *why);
CHAOS_MUST_USE bool pem_write(const char *label, chaos_slice der, chaos_buffer *out);

/* "YYYY-MM-DDTHH:MM:SSZ" only, a real date of the years 1970-9999. */
CHAOS_MUST_USE bool time_parse(chaos_slice text, int64_t *seconds);
#define TIME_TEXT_SIZE 21 /* with NUL */
/* Writes the text with NUL; outside 1970-9999 it writes the number of seconds instead. Returns text. */
const char *time_format(int64_t seconds, char text[TIME_TEXT_SIZE]);
/* Days and seconds of a civil date, UTC; false when it is not a date of 1970-9999. */
CHAOS_MUST_USE bool time_from_civil(int year, int month, int day, int hour, int minute, int second, int64_t *seconds);

bool utf8_is_valid(chaos_slice text); /* RFC 3629 */

/* ------------------------------------------------------------------ DER ---- */

/* ITU-T X.690 DER: definite minimal lengths, tag numbers < 31, at most 4 length bytes. All work on a `reader`, so the
 * fault is latched with the field's label. */
enum {
    DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_OCTET_STRING = 0x04, DER_NULL = 0x05,
    DER_OID = 0x06, DER_ENUMERATED = 0x0a, DER_UTF8_STRING = 0x0c, DER_PRINTABLE_STRING = 0x13,
    DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18, DER_SEQUENCE = 0x30, DER_SET = 0x31
};
/* The tag of the next element without consuming it; 0 at the end or after a fault. */
uint8_t der_peek(const reader *r);
/* The next element must have `tag`: its content as a child reader (close it with rd_close) ... */
reader der_enter(reader *r, const char *field, uint8_t tag);
/* ... or as a slice; *whole (may be NULL) gets the element with its header. */
chaos_slice der_take(reader *r, const char *field, uint8_t tag, chaos_slice *whole);
/* INTEGER or ENUMERATED (by tag), minimal, not negative, at most max; 0 after a fault. */
uint64_t der_unsigned(reader *r, const char *field, uint8_t tag, uint64_t max);
/* INTEGER, minimal, not negative; its magnitude without the sign byte. The slice is never empty: zero, also after a
 * fault, is one 0 byte. */
chaos_slice der_magnitude(reader *r, const char *field);
bool der_boolean(reader *r, const char *field);
/* BIT STRING of whole bytes (no unused bits). */
chaos_slice der_bits(reader *r, const char *field);
/* UTCTime (RFC 5280: 1950-2049, YYMMDDHHMMSSZ) or GeneralizedTime (YYYYMMDDHHMMSSZ, from 2050 on). */
int64_t der_time(reader *r, const char *field);
static inline bool der_oid_is(chaos_slice oid, const char *bytes, size_t size)
{
    return slice_equal(oid, slice(bytes, size));
}

/* ----------------------------------------------------------------- JSON ---- */

/* RFC 8259 pull reader: UTF-8 checked, duplicate keys refused (also of unknown members), no escapes in keys,
 * depth and
 * size limited, numbers only as asked for, one value and nothing after it but white space. No BOM, no comments. */
#define JSON_MAX_DEPTH 16
#define JSON_MAX_KEYS 192 /* of all objects open at one moment */

typedef struct json {
    reader r;
    chaos_status bad_value; /* of a value of the wrong type or range; syntax errors are JSON, JSON_DEPTH, ... */
    unsigned depth;
    bool in_object[JSON_MAX_DEPTH];
    bool first[JSON_MAX_DEPTH];
    uint16_t keys_begin[JSON_MAX_DEPTH];
    uint16_t keys_count;
    chaos_slice keys[JSON_MAX_KEYS];
} json;

typedef enum json_kind {
    JSON_KIND_NONE = 0, JSON_KIND_OBJECT, JSON_KIND_ARRAY, JSON_KIND_STRING, JSON_KIND_NUMBER, JSON_KIND_TRUE,
    JSON_KIND_FALSE, JSON_KIND_NULL
} json_kind;

void json_begin(json *j, chaos_slice text, chaos_status bad_value);
static inline bool json_ok(const json *j)
{
    return rd_ok(&j->r);
}
json_kind json_peek(json *j);                      /* of the value that comes next; JSON_KIND_NONE after a fault */
void json_enter_object(json *j, const char *field); /* '{' */
bool json_key(json *j, chaos_slice *key); /* the next member's key; false at '}' (consumed) or after a fault */
void json_enter_array(json *j, const char *field);  /* '[' */
bool json_element(json *j);                         /* is there another element? false at ']' (consumed) or a fault */
/* A string without escapes, U+0000 or controls, as it stands in the text: for identifiers, hex, dates. An escape is a
 * bad value. */
chaos_slice json_plain_string(json *j, const char *field);
/* A string with its escapes undone, appended to `out` (room for the string as it stands in the text is asked for);
 * U+0000 is refused. The slice points into `out`, so it lasts until `out` is moved by growth: reserve first. Lone
 * surrogates are no Unicode text and refused everywhere. */
chaos_slice json_decoded_string(json *j, const char *field, chaos_buffer *out);
/* The same where U+0000 may stand: a text that is shown escaped and compared by length (a node's error). */
chaos_slice json_decoded_bytes(json *j, const char *field, chaos_buffer *out);
/* An integer without fraction, exponent or minus, at most max. */
uint64_t json_unsigned(json *j, const char *field, uint64_t max);
bool json_boolean(json *j, const char *field);
/* Any value, checked and passed over; *text (may be NULL) gets its exact bytes. */
void json_skip(json *j, const char *field, chaos_slice *text);
/* A plain string of exactly 2 * size hex digits. */
void json_hex(json *j, const char *field, uint8_t *out, size_t size);
void json_end(json *j); /* nothing but white space may follow */
/* Latch a fault of meaning at the value read last. */
void json_bad(json *j, const char *reason);
/* Fails with bad_value and `field` unless `present`: for members that are required. */
void json_require(json *j, bool present, const char *field);

/* RFC 8785 writer: the caller gives members in order of their keys (by UTF-16 code units; the writer fails with
 * INTERNAL if not), the writer does the rest. The first failure is latched; ask json_writer_status at the end. */
#define JSON_WRITER_KEY_SIZE 64 /* longest key with NUL */
typedef struct json_writer {
    chaos_buffer *out;
    chaos_status status;
    unsigned depth;
    bool done; /* the one value of the top level has begun */
    bool in_object[JSON_MAX_DEPTH];
    bool comma[JSON_MAX_DEPTH];
    char last_key[JSON_MAX_DEPTH][JSON_WRITER_KEY_SIZE];
} json_writer;

json_writer json_writer_begin(chaos_buffer *out);
/* The key stands inside an object; NULL in an array or at the top. */
void json_write_object(json_writer *w, const char *key_or_null);
void json_write_object_end(json_writer *w);
void json_write_array(json_writer *w, const char *key_or_null);
void json_write_array_end(json_writer *w);
void json_write_text(json_writer *w, const char *key_or_null, const char *text); /* UTF-8; NULL writes null */
/* Each byte that is no part of well-formed UTF-8 becomes U+FFFD. */
void json_write_bytes_as_text(json_writer *w, const char *key_or_null, chaos_slice utf8);
void json_write_hex(json_writer *w, const char *key_or_null, chaos_slice bytes);  /* lower case, no prefix */
void json_write_0x(json_writer *w, const char *key_or_null, chaos_slice bytes);   /* lower case, 0x */
void json_write_unsigned(json_writer *w, const char *key_or_null, uint64_t number); /* < 2^53, else INTERNAL */
void json_write_boolean(json_writer *w, const char *key_or_null, bool value);
void json_write_null(json_writer *w, const char *key_or_null);
void json_write_time(json_writer *w, const char *key_or_null, int64_t seconds);
chaos_status json_writer_status(const json_writer *w);

/* ------------------------------------------------------------------ RLP ---- */

/* Ethereum's recursive length prefix (Yellow Paper, appendix B), canonical only: shortest lengths, a byte
 * below 0x80 as
 * itself. Reading works on a `reader` like DER: an item's content as a slice or a list as a child reader. */
static inline bool rlp_is_list(const reader *r) /* of the item that comes next; false at the end */
{
    return rd_left(r) > 0 && *r->cur >= 0xc0;
}
chaos_slice rlp_take(reader *r, const char *field);                  /* a byte string */
reader rlp_enter(reader *r, const char *field);                      /* a list; close it with rd_close */
uint64_t rlp_unsigned(reader *r, const char *field, uint64_t max);   /* minimal: no leading zero byte */
void rlp_u256(reader *r, const char *field, chaos_u256 *out);        /* minimal, at most 32 bytes */
void rlp_fixed(reader *r, const char *field, uint8_t *out, size_t size); /* exactly `size` bytes */

/* Appends an item; false when the buffer is full. A list is begun, filled, and ended: its header is put in
 * front then. */
CHAOS_MUST_USE bool rlp_write(chaos_buffer *out, chaos_slice bytes);
CHAOS_MUST_USE bool rlp_write_unsigned(chaos_buffer *out, uint64_t number);
CHAOS_MUST_USE bool rlp_write_u256(chaos_buffer *out, const chaos_u256 *number);
static inline size_t rlp_begin_list(const chaos_buffer *out)
{
    return out->size;
}
CHAOS_MUST_USE bool rlp_end_list(chaos_buffer *out, size_t begin);

/* ------------------------------------------------------------------ ABI ---- */

/* The contract ABI of Solidity: words of 32 bytes, in frames with a head and a tail. Strict where value types
 * have one right
 * form (padding, range, sign), as lenient as the EVM where it is (what lies between and after the data). */
#define ABI_WORD 32
#define ABI_MAX_DEPTH 16

typedef struct abi_writer { /* the first failure is latched: ask abi_writer_end */
    chaos_buffer *out;
    bool failed;
    unsigned depth;
    struct {
        size_t begin, next, head_end; /* offsets into out */
    } frame[ABI_MAX_DEPTH];
} abi_writer;

/* `head_words`: of the outermost tuple: one for each dynamic member, the words of each static one. */
abi_writer abi_writer_begin(chaos_buffer *out, size_t head_words);
void abi_write_word(abi_writer *w, const uint8_t word[ABI_WORD]); /* uint256, int256, bytes32 */
void abi_write_unsigned(abi_writer *w, uint64_t number);
void abi_write_address(abi_writer *w, const chaos_address *address);
void abi_write_bytes(abi_writer *w, chaos_slice bytes);           /* bytes, string */
/* a dynamic tuple (also a fixed array of dynamic ones) */
void abi_open_tuple(abi_writer *w, size_t head_words);
void abi_open_array(abi_writer *w, size_t count, size_t head_words); /* head_words: of all its elements */
void abi_close(abi_writer *w);
/* every head word was written, every frame closed, nothing failed */
CHAOS_MUST_USE bool abi_writer_end(const abi_writer *w);

typedef struct abi_reader {
    reader r;             /* goes through the head; its fault is that of the whole */
    const uint8_t *frame; /* where this frame's offsets count from */
} abi_reader;

abi_reader abi_reader_begin(chaos_slice data, chaos_status status);
static inline bool abi_ok(const abi_reader *a)
{
    return rd_ok(&a->r);
}
void abi_word(abi_reader *a, const char *field, uint8_t out[ABI_WORD]);
uint64_t abi_unsigned(abi_reader *a, const char *field, uint64_t max);
bool abi_boolean(abi_reader *a, const char *field);
chaos_address abi_address(abi_reader *a, const char *field);
/* uintN, intN (sign extended) and bytesN (right padded), N in bits or bytes as usual; the word is given whole. */
void abi_uint(abi_reader *a, const char *field, unsigned bits, uint8_t out[ABI_WORD]);
void abi_int(abi_reader *a, const char *field, unsigned bits, uint8_t out[ABI_WORD]);
void abi_fixed_bytes(abi_reader *a, const char *field, unsigned size, uint8_t out[ABI_WORD]);
chaos_slice abi_bytes(abi_reader *a, const char *field); /* bytes, string: not checked for UTF-8 */
/* A dynamic tuple as a reader of its own; and an array, with the number of elements (each has at least one
 * word in the
 * data that are left, so a count cannot make a caller loop for long). End both with abi_leave. */
abi_reader abi_enter_tuple(abi_reader *a, const char *field);
abi_reader abi_enter_array(abi_reader *a, const char *field, size_t *count);
void abi_leave(abi_reader *parent, const abi_reader *child);

#endif
