/* dcap_quote.c - an Intel DCAP quote (SGX v3; SGX and TDX v4 and v5) read from its bytes, and written.
 *
 * Sources: Intel SGX ECDSA quote library reference (v3), Intel TDX DCAP quoting library reference (v4, v5). The length
 * rules are strict: every part ends exactly where its length says, because nothing but the header, the body and the
 * parts that a signature covers is protected, and bytes that nobody reads are a place to hide. */
#include "wire/internal.h"

enum {
    QUOTE_VERSION_FIRST = 3,
    QUOTE_VERSION_WITH_TEE = 4,        /* from here on the TEE word counts, and the QE report is nested */
    QUOTE_VERSION_WITH_DESCRIPTOR = 5, /* from here on a type and a size stand before the body */
    ATT_KEY_ECDSA_P256 = 2,
    CPU_SVN_SIZE = 16,
    P256_PAIR_SIZE = 2 * P256_SIZE,
    BODY_DESCRIPTOR_SIZE = 2 + 4,
    PPID_REFERENCE_TAIL = CPU_SVN_SIZE + 2 + 2
};

static const uint8_t intel_qe_vendor_id[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

typedef struct body_rule {
    uint16_t size;
    uint32_t tee_type;
    chaos_tee_kind tee;
} body_rule;

static const body_rule body_rules[] = {
    /* by quote_body_type */
    [BODY_SGX] = { SGX_REPORT_SIZE, TEE_TYPE_SGX, CHAOS_TEE_SGX },
    [BODY_TD_10] = { TD_REPORT_10_SIZE, TEE_TYPE_TDX, CHAOS_TEE_TDX },
    [BODY_TD_15] = { TD_REPORT_15_SIZE, TEE_TYPE_TDX, CHAOS_TEE_TDX },
    [BODY_TD_15EX] = { TD_REPORT_15EX_SIZE, TEE_TYPE_TDX, CHAOS_TEE_TDX },
};

/* What certification data of a type must measure; 0: any size but none. */
static const uint16_t cert_data_sizes[] = {
    [CERT_PPID_CLEAR] = 16 + PPID_REFERENCE_TAIL,
    [CERT_PPID_RSA2048] = 256 + PPID_REFERENCE_TAIL,
    [CERT_PPID_RSA3072] = 384 + PPID_REFERENCE_TAIL,
    [CERT_PCK_LEAF] = 0,
    [CERT_PCK_CHAIN] = 0,
};

/* -------------------------------------------------------------- reading ---- */

/* Gives the TEE word. */
static uint32_t read_header(reader *r, dcap_quote *out)
{
    out->version = rd_u16le(r, "version");
    rd_expect(r, out->version >= QUOTE_VERSION_FIRST && out->version <= QUOTE_VERSION_WITH_DESCRIPTOR,
              CHAOS_E_QUOTE_VERSION, "only versions 3, 4 and 5 are supported");
    uint16_t att_key_type = rd_u16le(r, "att_key_type");
    rd_expect_number(r, att_key_type, ATT_KEY_ECDSA_P256, CHAOS_E_ATT_KEY_TYPE, "only ECDSA P-256 is supported");
    uint32_t tee_type = rd_u32le(r, "tee_type");
    if (out->version < QUOTE_VERSION_WITH_TEE) {
        rd_expect_number(r, tee_type, TEE_TYPE_SGX, CHAOS_E_QUOTE_FORMAT, "version 3 is for SGX only");
    }
    rd_expect(r, tee_type == TEE_TYPE_SGX || tee_type == TEE_TYPE_TDX, CHAOS_E_QUOTE_FORMAT,
              "the TEE type is unknown");
    (void)rd_u16le(r, "qe_svn"); /* reserved from version 4 on; signed either way */
    (void)rd_u16le(r, "pce_svn");
    chaos_slice vendor = rd_take(r, "qe_vendor_id", sizeof(intel_qe_vendor_id));
    rd_expect(r, slice_equal(vendor, slice(intel_qe_vendor_id, sizeof(intel_qe_vendor_id))), CHAOS_E_QE_VENDOR,
              "not Intel's quoting enclave");
    (void)rd_take(r, "user_data", 20);
    out->header = rd_seen(r);
    return tee_type;
}

/* The body's type: as the descriptor says (v5), or as the TEE implies. Meaningless after a fault. */
static quote_body_type read_body_type(reader *r, uint16_t version, uint32_t tee_type)
{
    if (version < QUOTE_VERSION_WITH_DESCRIPTOR) {
        return tee_type == TEE_TYPE_SGX ? BODY_SGX : BODY_TD_10;
    }
    uint16_t type = rd_u16le(r, "body_type");
    bool known = type >= BODY_SGX && type <= BODY_TD_15EX;
    rd_expect(r, known, CHAOS_E_QUOTE_FORMAT, "the body type is unknown");
    if (!rd_ok(r)) {
        return BODY_SGX;
    }
    const body_rule *rule = &body_rules[type];
    rd_expect(r, rule->tee_type == tee_type, CHAOS_E_QUOTE_FORMAT, "body type and TEE type disagree");
    uint32_t size = rd_u32le(r, "body_size");
    rd_expect_number(r, size, rule->size, CHAOS_E_QUOTE_FORMAT, "not the size of this body type");
    return (quote_body_type)type;
}

/* Two 32-byte numbers: r and s, or x and y. */
static void read_pair(reader *r, const char *field, uint8_t first[P256_SIZE], uint8_t second[P256_SIZE])
{
    chaos_slice pair = rd_take(r, field, P256_PAIR_SIZE);
    if (rd_ok(r)) {
        memcpy(first, pair.data, P256_SIZE);
        memcpy(second, pair.data + P256_SIZE, P256_SIZE);
    }
}

static bool cert_data_type_is_known(uint16_t type)
{
    return type >= CERT_PPID_CLEAR && type <= CERT_PCK_CHAIN;
}

static void read_certification_data(reader *r, dcap_quote *out)
{
    out->cert_data_type = rd_u16le(r, "cert_data_type");
    rd_expect(r, cert_data_type_is_known(out->cert_data_type), CHAOS_E_CERT_DATA_TYPE,
              "only types 1 to 5 are supported");
    uint32_t size = rd_u32le(r, "cert_data_size");
    if (!rd_ok(r)) {
        return;
    }
    uint16_t fixed = cert_data_sizes[out->cert_data_type];
    if (fixed > 0) {
        rd_expect_number(r, size, fixed, CHAOS_E_CERT_DATA_SIZE, "not the size of this certification data type");
    }
    rd_expect(r, size > 0, CHAOS_E_CERT_DATA_SIZE, "the certification data is empty");
    out->cert_data = rd_take(r, "cert_data", size);
}

/* The part that is the same in all versions: it follows the attestation key in v3 and is nested later. */
static void read_qe_report(reader *r, dcap_quote *out)
{
    out->qe_report = rd_take(r, "qe_report", SGX_REPORT_SIZE);
    read_pair(r, "qe_report_signature", out->qe_report_signature.r, out->qe_report_signature.s);
    uint16_t auth_size = rd_u16le(r, "qe_auth_data_size");
    out->qe_auth_data = rd_take(r, "qe_auth_data", auth_size);
    read_certification_data(r, out);
}

static void read_signature_data(reader *r, dcap_quote *out)
{
    read_pair(r, "signature", out->signature.r, out->signature.s);
    read_pair(r, "attestation_key", out->attestation_key.x, out->attestation_key.y);
    if (out->version < QUOTE_VERSION_WITH_TEE) {
        read_qe_report(r, out);
        return;
    }
    uint16_t type = rd_u16le(r, "outer_cert_data_type");
    rd_expect_number(r, type, CERT_QE_REPORT, CHAOS_E_CERT_DATA_TYPE, "must be 6, the QE report certification data");
    uint32_t size = rd_u32le(r, "outer_cert_data_size");
    reader nested = rd_sub(r, "qe_report_certification_data", size);
    read_qe_report(&nested, out);
    rd_close(r, &nested, CHAOS_E_QUOTE_FORMAT);
}

/* Callers hand over the buffer that a driver filled, so zeros may follow. They are not signed: nothing else may. */
static void read_padding(reader *r, dcap_quote *out)
{
    out->consumed = rd_offset(r);
    chaos_slice rest = rd_take(r, "trailing", rd_left(r));
    out->trailing = rest.size;
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] != 0) {
            rd_fail(r, CHAOS_E_TRAILING_DATA, "trailing", out->consumed + i, "only zeros may follow the quote");
            return;
        }
    }
}

bool dcap_quote_read(chaos_slice raw, dcap_quote *out, fault *why)
{
    *out = (dcap_quote){ 0 };
    *why = (fault){ 0 };
    if (raw.size > CHAOS_MAX_EVIDENCE) {
        return fault_set(why, CHAOS_E_QUOTE_FORMAT, "quote", CHAOS_MAX_EVIDENCE, "larger than a quote may be");
    }
    reader r = rd_begin(raw, CHAOS_E_QUOTE_FORMAT);
    dcap_quote quote = { 0 };
    uint32_t tee_type = read_header(&r, &quote);
    quote.body_type = read_body_type(&r, quote.version, tee_type);
    quote.tee = body_rules[quote.body_type].tee;
    quote.body = rd_take(&r, "body", body_rules[quote.body_type].size);
    quote.signed_bytes = rd_seen(&r);
    uint32_t size = rd_u32le(&r, "signature_data_size");
    reader signature_data = rd_sub(&r, "signature_data", size);
    read_signature_data(&signature_data, &quote);
    rd_close(&r, &signature_data, CHAOS_E_SIGNATURE_DATA_SLACK);
    read_padding(&r, &quote);
    if (!rd_ok(&r)) {
        *why = r.why;
        return false;
    }
    *out = quote;
    return true;
}

bool pck_reference_read(uint16_t type, chaos_slice data, pck_reference *out, fault *why)
{
    *out = (pck_reference){ 0 };
    *why = (fault){ 0 };
    if (type < CERT_PPID_CLEAR || type > CERT_PPID_RSA3072) {
        return fault_set(why, CHAOS_E_CERT_DATA_TYPE, "cert_data_type", CHAOS_NO_OFFSET,
                         "not a type that holds a PPID");
    }
    reader r = rd_begin(data, CHAOS_E_CERT_DATA_SIZE);
    pck_reference reference = { 0 };
    reference.ppid = rd_take(&r, "ppid", (size_t)cert_data_sizes[type] - PPID_REFERENCE_TAIL);
    reference.cpu_svn = rd_take(&r, "cpu_svn", CPU_SVN_SIZE);
    reference.pce_svn = rd_u16le(&r, "pce_svn");
    reference.pce_id = rd_u16le(&r, "pce_id");
    if (rd_left(&r) > 0) {
        rd_fail(&r, CHAOS_E_CERT_DATA_SIZE, "cert_data", rd_offset(&r), "bytes are left over");
    }
    if (!rd_ok(&r)) {
        *why = r.why;
        return false;
    }
    *out = reference;
    return true;
}

/* -------------------------------------------------------------- writing ---- */

/* Fills room that was measured before. */
typedef struct writer {
    uint8_t *cur;
} writer;

static void put_bytes(writer *w, chaos_slice bytes)
{
    if (bytes.size > 0) {
        memcpy(w->cur, bytes.data, bytes.size);
        w->cur += bytes.size;
    }
}

static void put_u16le(writer *w, uint16_t value)
{
    uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };
    put_bytes(w, slice(bytes, sizeof(bytes)));
}

static void put_u32le(writer *w, uint32_t value)
{
    put_u16le(w, (uint16_t)value);
    put_u16le(w, (uint16_t)(value >> 16));
}

/* The QE report with what belongs to it, without the two sizes in front of the variable parts' bytes. */
static size_t qe_report_part_size(const dcap_quote *quote)
{
    return (size_t)SGX_REPORT_SIZE + P256_PAIR_SIZE + 2 + quote->qe_auth_data.size + 2 + 4 + quote->cert_data.size;
}

static void put_qe_report(writer *w, const dcap_quote *quote)
{
    put_bytes(w, quote->qe_report);
    put_bytes(w, slice(quote->qe_report_signature.r, P256_SIZE));
    put_bytes(w, slice(quote->qe_report_signature.s, P256_SIZE));
    put_u16le(w, (uint16_t)quote->qe_auth_data.size);
    put_bytes(w, quote->qe_auth_data);
    put_u16le(w, quote->cert_data_type);
    put_u32le(w, (uint32_t)quote->cert_data.size);
    put_bytes(w, quote->cert_data);
}

bool dcap_quote_write(const dcap_quote *quote, chaos_buffer *out)
{
    if (quote->header.size != QUOTE_HEADER_SIZE || quote->qe_report.size != SGX_REPORT_SIZE ||
        quote->qe_auth_data.size > UINT16_MAX || quote->body.size > UINT16_MAX ||
        quote->cert_data.size > CHAOS_MAX_EVIDENCE) {
        return false;
    }
    bool nested = quote->version >= QUOTE_VERSION_WITH_TEE;
    bool described = quote->version >= QUOTE_VERSION_WITH_DESCRIPTOR;
    size_t nested_size = qe_report_part_size(quote);
    size_t signature_size = (size_t)P256_PAIR_SIZE + P256_PAIR_SIZE + (nested ? 2u + 4u : 0u) + nested_size;
    size_t signed_size = quote->header.size + (described ? (size_t)BODY_DESCRIPTOR_SIZE : 0) + quote->body.size;
    size_t size = signed_size + 4 + signature_size;
    writer w = { buffer_reserve(out, size) };
    if (w.cur == NULL) {
        return false;
    }
    put_bytes(&w, quote->header);
    if (described) {
        put_u16le(&w, (uint16_t)quote->body_type);
        put_u32le(&w, (uint32_t)quote->body.size);
    }
    put_bytes(&w, quote->body);
    put_u32le(&w, (uint32_t)signature_size);
    put_bytes(&w, slice(quote->signature.r, P256_SIZE));
    put_bytes(&w, slice(quote->signature.s, P256_SIZE));
    put_bytes(&w, slice(quote->attestation_key.x, P256_SIZE));
    put_bytes(&w, slice(quote->attestation_key.y, P256_SIZE));
    if (nested) {
        put_u16le(&w, CERT_QE_REPORT);
        put_u32le(&w, (uint32_t)nested_size);
    }
    put_qe_report(&w, quote);
    out->size += size;
    return true;
}
