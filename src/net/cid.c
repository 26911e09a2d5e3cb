/* cid.c - IPFS content identifiers: which hash names the bytes, and have these bytes that hash? Read are CIDv0
 * (base58 of a SHA-256 multihash) and CIDv1 in base32, base58 and base16 with SHA-256. */
#include "net/internal.h"

#define CODEC_RAW 0x55u
#define CODEC_DAG_PB 0x70u
#define HASH_SHA256 0x12u
#define MULTIHASH_SIZE 34u                /* 0x12 0x20 and the digest */
#define BINARY_SIZE (2u + MULTIHASH_SIZE) /* version 1, codec; each one byte */
#define MAX_BLOCK (2u * 1024u * 1024u)    /* what is exchanged as one block */

/* ------------------------------------------------------------------- bases ---- */

/* Each reads exactly `size` bytes. */
static bool read_base16(chaos_slice text, uint8_t *out, size_t size)
{
    return hex_decode(text, out, size);
}

/* RFC 4648 base32, lower case, no padding; the spare bits are zero. */
static bool read_base32(chaos_slice text, uint8_t *out, size_t size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        const bool letter = c >= 'a' && c <= 'z';
        if (!letter && !(c >= '2' && c <= '7')) {
            return false;
        }
        bits = bits << 5 | (uint32_t)(letter ? c - 'a' : c - '2' + 26);
        count += 5;
        if (count >= 8) {
            count -= 8;
            if (n == size) {
                return false;
            }
            out[n++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    return n == size && count < 5 && bits == 0;
}

static bool read_base58(chaos_slice text, uint8_t *out, size_t size)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    size_t zeros = 0, leading = 0;
    memset(out, 0, size);
    for (size_t i = 0; i < text.size; i++) {
        const char *digit = text.data[i] == '\0' ? NULL : strchr(alphabet, text.data[i]);
        if (digit == NULL) {
            return false;
        }
        unsigned carry = (unsigned)(digit - alphabet);
        for (size_t k = size; k-- > 0;) {
            carry += 58u * out[k];
            out[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
        zeros += zeros == i && *digit == '1' ? 1 : 0;
    }
    while (leading < size && out[leading] == 0) { /* a leading 1 is a zero byte, neither more nor fewer */
        leading++;
    }
    return leading == zeros;
}

/* -------------------------------------------------------------------- CIDs ---- */

static bool take_multihash(const uint8_t *bytes, cid *out)
{
    memcpy(out->digest.bytes, bytes + 2, sizeof out->digest.bytes);
    return bytes[0] == HASH_SHA256 && bytes[1] == sizeof out->digest.bytes;
}

static bool read_version1(chaos_slice text, cid *out)
{
    uint8_t bytes[BINARY_SIZE] = { 0 };
    const chaos_slice digits = slice(text.data + 1, text.size - 1);
    const bool read = text.data[0] == 'b'   ? read_base32(digits, bytes, sizeof bytes)
                      : text.data[0] == 'z' ? read_base58(digits, bytes, sizeof bytes)
                      : text.data[0] == 'f' ? read_base16(digits, bytes, sizeof bytes)
                                            : false;
    out->is_file = bytes[1] == CODEC_DAG_PB;
    return read && bytes[0] == 1 && (bytes[1] == CODEC_RAW || bytes[1] == CODEC_DAG_PB) &&
           take_multihash(bytes + 2, out);
}

bool cid_read(chaos_slice text, cid *out)
{
    uint8_t multihash[MULTIHASH_SIZE];
    cid made = { .is_file = true };
    if (text.size < 2 || text.size > CID_MAX_TEXT) {
        return false;
    }
    const bool version0 = text.size == 46 && text.data[0] == 'Q' && text.data[1] == 'm';
    const bool ok = version0 ? read_base58(text, multihash, sizeof multihash) && take_multihash(multihash, &made)
                             : read_version1(text, &made);
    if (ok) {
        *out = made;
    }
    return ok;
}

/* ------------------------------------------------------------------ content ---- */

static bool put_number(chaos_buffer *out, uint8_t tag, uint64_t number)
{
    uint8_t bytes[11] = { tag };
    size_t size = 1;
    do {
        bytes[size++] = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        number >>= 7;
    } while (number != 0);
    return buffer_append(out, slice(bytes, size));
}

/* The block that a file is that fits into one: dag-pb PBNode { 1: UnixFS { 1: File, 2: content, 3: size } }. */
static bool put_file_block(chaos_buffer *out, chaos_slice content)
{
    CHAOS_AUTO_BUFFER(unixfs, MAX_BLOCK + 64);
    return put_number(&unixfs, 0x08, 2) &&
           (content.size == 0 || (put_number(&unixfs, 0x12, content.size) && buffer_append(&unixfs, content))) &&
           put_number(&unixfs, 0x18, content.size) && put_number(out, 0x0a, unixfs.size) &&
           buffer_append(out, buffer_slice(&unixfs));
}

static bool has_digest(const cid *name, chaos_slice bytes)
{
    const chaos_sha256 digest = hash_sha256(bytes);
    return memcmp(digest.bytes, name->digest.bytes, sizeof digest.bytes) == 0;
}

cid_match cid_compare(const cid *name, chaos_slice content)
{
    if (!name->is_file) {
        return has_digest(name, content) ? CID_SAME : CID_OTHER;
    }
    CHAOS_AUTO_BUFFER(block, MAX_BLOCK + 128);
    if (content.size > MAX_BLOCK || !put_file_block(&block, content)) {
        return CID_UNKNOWN;
    }
    return has_digest(name, buffer_slice(&block)) ? CID_SAME : CID_UNKNOWN; /* of many blocks, or another file */
}
