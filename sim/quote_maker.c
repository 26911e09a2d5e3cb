/* quote_maker.c - SGX v3 and TDX v4 quotes: header, body, signatures and certification data. The lengths
 * can be made to lie, and a byte can be turned after signing. */
#include "sim/recipe.h"

#define MAX_QUOTE (3 * CHAOS_MAX_EVIDENCE)
#define RSA_2048_SIZE 256
#define RSA_3072_SIZE 384

static bool append_u16(chaos_buffer *out, uint64_t number)
{
    uint8_t bytes[2] = { (uint8_t)number, (uint8_t)(number >> 8) };
    return buffer_append(out, slice(bytes, sizeof bytes));
}

static bool append_u32(chaos_buffer *out, uint64_t number)
{
    uint8_t bytes[4] = { (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                         (uint8_t)(number >> 24) };
    return buffer_append(out, slice(bytes, sizeof bytes));
}

static bool append_zeros(chaos_buffer *out, size_t count)
{
    if (count == 0) {
        return true;
    }
    uint8_t *room = buffer_reserve(out, count);
    if (room == NULL) {
        return false;
    }
    memset(room, 0, count);
    out->size += count;
    return true;
}

static uint64_t add_delta(size_t number, int64_t delta)
{
    return (uint64_t)((int64_t)number + delta);
}

/* ------------------------------------------------------------- signatures ---- */

static void reverse(uint8_t bytes[P256_SIZE])
{
    for (size_t i = 0; i < P256_SIZE / 2; i++) {
        uint8_t swap = bytes[i];
        bytes[i] = bytes[P256_SIZE - 1 - i];
        bytes[P256_SIZE - 1 - i] = swap;
    }
}

static void deform_signature(signature_form form, p256_signature *signature)
{
    if (form == FORM_FLIPPED) {
        signature->r[P256_SIZE - 1] ^= 0x01;
    } else if (form == FORM_ZERO) {
        memset(signature, 0, sizeof *signature);
    } else if (form == FORM_R_ZERO) {
        memset(signature->r, 0, P256_SIZE);
    } else if (form == FORM_S_ZERO) {
        memset(signature->s, 0, P256_SIZE);
    } else if (form == FORM_R_ORDER) {
        memcpy(signature->r, p256_order, P256_SIZE);
    } else if (form == FORM_S_ORDER) {
        memcpy(signature->s, p256_order, P256_SIZE);
    } else if (form == FORM_LITTLE_ENDIAN) {
        reverse(signature->r);
        reverse(signature->s);
    }
}

static bool sign(const recipe *r, sim_key key, chaos_slice message, signature_form form, p256_signature *out)
{
    if (!keyring_sign(&r->keys, key, message, out)) {
        return false;
    }
    deform_signature(form, out);
    return true;
}

/* ------------------------------------------------------------------ parts ---- */

typedef struct quote_parts {
    size_t body_size;
    p256_signature signature, qe_signature;
    p256_key key;
    uint8_t qe_report[SGX_REPORT_SIZE];
    chaos_buffer cert_data;
} quote_parts;

static p256_key shown_key(const recipe *r)
{
    p256_key key = r->keys.point[r->quote.attestation_key];
    if (r->quote.key_form == KEY_FORM_OFF_CURVE) {
        key.y[P256_SIZE - 1] ^= 0x01;
    } else if (r->quote.key_form == KEY_FORM_ZERO) {
        memset(&key, 0, sizeof key);
    }
    return key;
}

/* REPORTDATA of the QE = SHA-256(attestation key ‖ authentication data) ‖ what the recipe has there. */
static void bind_key(const recipe *r, quote_parts *parts)
{
    const quote_spec *spec = &r->quote;
    memcpy(parts->qe_report, spec->qe_report, SGX_REPORT_SIZE);
    if (spec->binds_nothing) {
        return;
    }
    p256_key key = spec->bound_key == spec->attestation_key ? parts->key : r->keys.point[spec->bound_key];
    size_t auth_size = spec->binds_auth_data ? spec->auth_size : 0;
    chaos_sha256 digest = hash_sha256_two(slice(&key, sizeof key), slice(spec->auth_data, auth_size));
    memcpy(parts->qe_report + SGX_REPORT_DATA, digest.bytes, sizeof digest.bytes);
}

static size_t ppid_size(uint16_t type)
{
    if (type == CERT_PPID_RSA2048) {
        return RSA_2048_SIZE;
    }
    return type == CERT_PPID_RSA3072 ? RSA_3072_SIZE : sizeof((quote_spec *)NULL)->ppid;
}

/* Types 1 to 3: which PCK certificate is meant. An encrypted PPID is opaque, so the clear one stands in
 * its first bytes. */
static bool reference_make(const quote_spec *spec, chaos_buffer *out)
{
    if (!buffer_append(out, slice(spec->ppid, sizeof spec->ppid)) ||
        !append_zeros(out, ppid_size(spec->cert_type) - sizeof spec->ppid) ||
        !buffer_append(out, slice(spec->cpu_svn, sizeof spec->cpu_svn)) || !append_u16(out, spec->pce_svn) ||
        !append_u16(out, spec->pce_id)) {
        return false;
    }
    if (spec->reference_delta < 0) {
        out->size -= (size_t)-spec->reference_delta;
        return true;
    }
    return append_zeros(out, (size_t)spec->reference_delta);
}

static bool cert_data_make(const recipe *r, chaos_buffer *out)
{
    uint16_t type = r->quote.cert_type;
    if (type >= CERT_PPID_CLEAR && type <= CERT_PPID_RSA3072) {
        return reference_make(&r->quote, out);
    }
    return chain_make(r, &r->quote_chain, out);
}

static bool parts_make(const recipe *r, quote_parts *parts)
{
    const quote_spec *spec = &r->quote;
    uint8_t covered[QUOTE_HEADER_SIZE + TD_REPORT_10_SIZE];
    parts->body_size = r->kind == FORGE_TDX4 ? TD_REPORT_10_SIZE : SGX_REPORT_SIZE;
    memcpy(covered, spec->header, QUOTE_HEADER_SIZE);
    memcpy(covered + QUOTE_HEADER_SIZE, spec->body, parts->body_size);
    parts->key = shown_key(r);
    bind_key(r, parts);
    return sign(r, spec->signer, slice(covered, QUOTE_HEADER_SIZE + parts->body_size), spec->form,
                &parts->signature) &&
           sign(r, spec->qe_signer, slice(parts->qe_report, SGX_REPORT_SIZE), spec->qe_form,
                &parts->qe_signature) &&
           cert_data_make(r, &parts->cert_data);
}

/* --------------------------------------------------------------- assembly ---- */

static bool append_flipped(const quote_spec *spec, quote_part part, chaos_slice bytes, chaos_buffer *out)
{
    size_t start = out->size;
    if (!buffer_append(out, bytes)) {
        return false;
    }
    if (spec->flip >> 16 != (uint32_t)part) {
        return true;
    }
    size_t at = spec->flip & 0xffff;
    if (at >= bytes.size) {
        return false; /* a break that changes nothing is a mistake */
    }
    out->data[start + at] ^= 0x01;
    return true;
}

/* QE report ‖ signature ‖ authentication data ‖ certification data */
static bool append_qe_part(const recipe *r, const quote_parts *parts, chaos_buffer *out)
{
    const quote_spec *spec = &r->quote;
    return append_flipped(spec, PART_QE_REPORT, slice(parts->qe_report, SGX_REPORT_SIZE), out) &&
           buffer_append(out, slice(&parts->qe_signature, sizeof parts->qe_signature)) &&
           append_u16(out, add_delta(spec->auth_size, spec->auth_size_delta)) &&
           append_flipped(spec, PART_AUTH_DATA, slice(spec->auth_data, spec->auth_size), out) &&
           append_u16(out, spec->cert_type) &&
           append_u32(out, add_delta(parts->cert_data.size, spec->inner_size_delta)) &&
           append_flipped(spec, PART_CERT_DATA, buffer_slice(&parts->cert_data), out) &&
           append_zeros(out, spec->inner_slack);
}

static bool append_signature_data(const recipe *r, const quote_parts *parts, chaos_buffer *out)
{
    const quote_spec *spec = &r->quote;
    if (!buffer_append(out, slice(&parts->signature, sizeof parts->signature)) ||
        !append_flipped(spec, PART_KEY, slice(&parts->key, sizeof parts->key), out)) {
        return false;
    }
    if (r->kind == FORGE_SGX3) {
        return append_qe_part(r, parts, out) && append_zeros(out, spec->outer_slack);
    }
    CHAOS_AUTO_BUFFER(inner, MAX_QUOTE);
    return append_qe_part(r, parts, &inner) && append_u16(out, spec->outer_type) &&
           append_u32(out, add_delta(inner.size, spec->outer_size_delta)) &&
           buffer_append(out, buffer_slice(&inner)) && append_zeros(out, spec->outer_slack);
}

static bool append_tail(const quote_spec *spec, chaos_buffer *out)
{
    if (spec->cut > out->size || !append_zeros(out, spec->trailing)) {
        return false;
    }
    if (spec->trailing > 0) {
        out->data[out->size - 1] = spec->trailing_byte;
    }
    out->size -= spec->cut;
    return true;
}

static bool assemble(const recipe *r, const quote_parts *parts, chaos_buffer *out)
{
    const quote_spec *spec = &r->quote;
    CHAOS_AUTO_BUFFER(signature_data, MAX_QUOTE);
    if (!append_signature_data(r, parts, &signature_data)) {
        return false;
    }
    uint64_t size = spec->signature_size != 0 ? spec->signature_size
                                              : add_delta(signature_data.size, spec->signature_size_delta);
    return append_flipped(spec, PART_HEADER, slice(spec->header, QUOTE_HEADER_SIZE), out) &&
           append_flipped(spec, PART_BODY, slice(spec->body, parts->body_size), out) &&
           append_u32(out, size) && buffer_append(out, buffer_slice(&signature_data)) &&
           append_tail(spec, out);
}

bool quote_make(const recipe *r, chaos_buffer *quote)
{
    quote_parts parts = { .body_size = 0, .cert_data = CHAOS_BUFFER_INIT(MAX_QUOTE) };
    bool good = parts_make(r, &parts) && assemble(r, &parts, quote);
    chaos_buffer_free(&parts.cert_data);
    return good;
}
