/* test_dcap_quote.c - the quote reader and writer: built quotes broken in one place each, and the real ones. */
#include "wire/wire.h"

#include "tests/support/tree.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* -------------------------------------------------------------- building ---- */

typedef struct kind {
    const char *name;
    uint16_t version;
    uint32_t tee_type;
    quote_body_type body_type;
    uint16_t body_size;
} kind;

static const kind kinds[] = {
    { "SGX v3", 3, TEE_TYPE_SGX, BODY_SGX, SGX_REPORT_SIZE },
    { "SGX v4", 4, TEE_TYPE_SGX, BODY_SGX, SGX_REPORT_SIZE },
    { "TDX v4", 4, TEE_TYPE_TDX, BODY_TD_10, TD_REPORT_10_SIZE },
    { "SGX v5", 5, TEE_TYPE_SGX, BODY_SGX, SGX_REPORT_SIZE },
    { "TDX v5 1.0", 5, TEE_TYPE_TDX, BODY_TD_10, TD_REPORT_10_SIZE },
    { "TDX v5 1.5", 5, TEE_TYPE_TDX, BODY_TD_15, TD_REPORT_15_SIZE },
    { "TDX v5 1.5ex", 5, TEE_TYPE_TDX, BODY_TD_15EX, TD_REPORT_15EX_SIZE },
};
enum {
    SGX3 = 0,
    TDX4 = 2,
    TDX5 = 5
}; /* into kinds */

/* What the slices of a built quote point to. */
typedef struct parts {
    uint8_t header[QUOTE_HEADER_SIZE];
    uint8_t body[TD_REPORT_15EX_SIZE];
    uint8_t qe_report[SGX_REPORT_SIZE];
    uint8_t auth[1000];
    uint8_t cert[500];
} parts;

static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

static void fill(uint8_t *bytes, size_t size, uint8_t seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(seed + 7 * i + i / 31);
    }
}

static dcap_quote make(const kind *k, parts *p, uint16_t cert_type, size_t auth_size, size_t cert_size)
{
    dcap_quote q = { 0 };
    fill(p->header, sizeof(p->header), 1);
    fill(p->body, sizeof(p->body), 2);
    fill(p->qe_report, sizeof(p->qe_report), 3);
    fill(p->auth, sizeof(p->auth), 4);
    fill(p->cert, sizeof(p->cert), 5);
    uint8_t begin[8] = { (uint8_t)k->version, 0, 2, 0, (uint8_t)k->tee_type, 0, 0, 0 };
    memcpy(p->header, begin, sizeof(begin));
    memcpy(p->header + 12, vendor, sizeof(vendor));
    q.version = k->version;
    q.tee = k->tee_type == TEE_TYPE_SGX ? CHAOS_TEE_SGX : CHAOS_TEE_TDX;
    q.body_type = k->body_type;
    q.header = slice(p->header, sizeof(p->header));
    q.body = slice(p->body, k->body_size);
    fill(q.signature.r, 32, 6);
    fill(q.signature.s, 32, 7);
    fill(q.attestation_key.x, 32, 8);
    fill(q.attestation_key.y, 32, 9);
    q.qe_report = slice(p->qe_report, sizeof(p->qe_report));
    fill(q.qe_report_signature.r, 32, 10);
    fill(q.qe_report_signature.s, 32, 11);
    q.qe_auth_data = slice(p->auth, auth_size);
    q.cert_data_type = cert_type;
    q.cert_data = slice(p->cert, cert_size);
    return q;
}

static chaos_buffer written(const dcap_quote *q)
{
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE + 1000);
    assert_true(dcap_quote_write(q, &out));
    return out;
}

static chaos_buffer built(const kind *k)
{
    parts p;
    dcap_quote q = make(k, &p, CERT_PCK_CHAIN, 32, 100);
    return written(&q);
}

/* Where the parts of a quote made by built() begin. */
typedef struct places {
    size_t signature_size, outer_type, outer_size, auth_size, cert_type, cert_size, end;
} places;

static places places_of(const kind *k)
{
    places at = { 0 };
    at.signature_size = (size_t)QUOTE_HEADER_SIZE + (k->version >= 5 ? 6 : 0) + k->body_size;
    at.outer_type = at.signature_size + 4 + 128;
    at.outer_size = at.outer_type + 2;
    at.auth_size = at.signature_size + 4 + 128 + (k->version >= 4 ? 6 : 0) + SGX_REPORT_SIZE + 64;
    at.cert_type = at.auth_size + 2 + 32;
    at.cert_size = at.cert_type + 2;
    at.end = at.cert_size + 4 + 100;
    return at;
}

/* Reads a copy that ends where its block ends, so that a sanitizer sees one byte too far. */
static chaos_status read_status(chaos_slice bytes, fault *why)
{
    uint8_t *copy = malloc(bytes.size + 1);
    assert_non_null(copy);
    uint8_t *at = copy + 1;
    if (bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
    dcap_quote q;
    static const dcap_quote nothing;
    memset(&q, 0xee, sizeof(q));
    bool ok = dcap_quote_read(slice(at, bytes.size), &q, why);
    assert_int_equal(ok, why->status == CHAOS_OK);
    if (!ok) {
        assert_non_null(why->field);
        assert_true(q.header.data == NULL && q.cert_data.data == NULL && q.version == nothing.version);
    }
    free(copy);
    return why->status;
}

static void expect(chaos_slice bytes, chaos_status status, const char *field, const char *what)
{
    fault why;
    chaos_status got = read_status(bytes, &why);
    if (got != status || (field != NULL && strcmp(why.field, field) != 0)) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(got),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
}

/* ----------------------------------------------------------------- tests ---- */

static void assert_slice(chaos_slice a, chaos_slice b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
}

static void test_round_trip_of_every_kind(void **state)
{
    static const struct {
        uint16_t type;
        size_t size;
    } certs[] = { { 1, 36 }, { 2, 276 }, { 3, 404 }, { 4, 1 }, { 4, 500 }, { 5, 1 }, { 5, 499 } };
    static const size_t auths[] = { 0, 1, 32, 1000 };
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        for (size_t c = 0; c < CHAOS_ARRAY_SIZE(certs); c++) {
            for (size_t a = 0; a < CHAOS_ARRAY_SIZE(auths); a++) {
                parts p;
                dcap_quote in = make(&kinds[k], &p, certs[c].type, auths[a], certs[c].size);
                chaos_buffer bytes = written(&in);
                dcap_quote out;
                fault why;
                assert_true(dcap_quote_read(buffer_slice(&bytes), &out, &why));
                assert_int_equal(out.version, in.version);
                assert_int_equal(out.tee, in.tee);
                assert_int_equal(out.body_type, in.body_type);
                assert_slice(out.header, in.header);
                assert_slice(out.body, in.body);
                assert_int_equal(out.signed_bytes.size, in.header.size + in.body.size + (in.version == 5 ? 6u : 0u));
                assert_ptr_equal(out.signed_bytes.data, bytes.data);
                assert_memory_equal(&out.signature, &in.signature, sizeof(in.signature));
                assert_memory_equal(&out.attestation_key, &in.attestation_key, sizeof(in.attestation_key));
                assert_slice(out.qe_report, in.qe_report);
                assert_memory_equal(&out.qe_report_signature, &in.qe_report_signature, 64);
                assert_slice(out.qe_auth_data, in.qe_auth_data);
                assert_int_equal(out.cert_data_type, in.cert_data_type);
                assert_slice(out.cert_data, in.cert_data);
                assert_int_equal(out.consumed, bytes.size);
                assert_int_equal(out.trailing, 0);
                chaos_buffer again = written(&out);
                assert_slice(buffer_slice(&again), buffer_slice(&bytes));
                chaos_buffer_free(&again);
                chaos_buffer_free(&bytes);
            }
        }
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        chaos_buffer bytes = built(&kinds[k]);
        assert_int_equal(bytes.size, places_of(&kinds[k]).end);
        for (size_t size = 0; size < bytes.size; size++) {
            fault why;
            assert_int_equal(read_status(slice(bytes.data, size), &why), CHAOS_E_QUOTE_FORMAT);
            assert_true(why.offset <= size);
            assert_true(why.has_numbers);
        }
        expect(buffer_slice(&bytes), CHAOS_OK, NULL, kinds[k].name);
        chaos_buffer_free(&bytes);
    }
}

static void test_empty_slice_without_pointer(void **state)
{
    (void)state;
    dcap_quote q;
    fault why;
    assert_false(dcap_quote_read((chaos_slice){ NULL, 0 }, &q, &why));
    assert_int_equal(why.status, CHAOS_E_QUOTE_FORMAT);
    assert_string_equal(why.field, "version");
}

static void test_padding(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        chaos_buffer bytes = built(&kinds[k]);
        size_t end = bytes.size;
        uint8_t *room = buffer_reserve(&bytes, CHAOS_MAX_EVIDENCE + 1 - end);
        assert_non_null(room);
        memset(room, 0, CHAOS_MAX_EVIDENCE + 1 - end);
        static const size_t tails[] = { 1, 2, 70, 3065 };
        for (size_t t = 0; t < CHAOS_ARRAY_SIZE(tails); t++) {
            dcap_quote q;
            fault why;
            assert_true(dcap_quote_read(slice(bytes.data, end + tails[t]), &q, &why));
            assert_int_equal(q.consumed, end);
            assert_int_equal(q.trailing, tails[t]);
        }
        for (size_t i = 0; i < 70; i++) {
            room[i] = (uint8_t)(1u << i % 8);
            fault why;
            assert_int_equal(read_status(slice(bytes.data, end + 70), &why), CHAOS_E_TRAILING_DATA);
            assert_string_equal(why.field, "trailing");
            assert_int_equal(why.offset, end + i);
            room[i] = 0;
        }
        expect(slice(bytes.data, CHAOS_MAX_EVIDENCE), CHAOS_OK, NULL, "padding to the limit");
        expect(slice(bytes.data, CHAOS_MAX_EVIDENCE + 1), CHAOS_E_QUOTE_FORMAT, "quote", "one byte beyond the limit");
        chaos_buffer_free(&bytes);
    }
}

typedef struct patch_case {
    const char *name;
    size_t kind;
    size_t offset;
    uint8_t bytes[6];
    size_t size;
    chaos_status status;
    const char *field;
} patch_case;

static void test_one_wrong_field(void **state)
{
    enum {
        SIGN3 = 432,
        SIGN4 = 632,
        DESCRIPTOR = 48
    };
    static const patch_case cases[] = {
        { "version 0", SGX3, 0, { 0, 0 }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "version 2", SGX3, 0, { 2, 0 }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "version 6", TDX4, 0, { 6, 0 }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "version 0xff05", TDX5, 0, { 5, 0xff }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "version 0x0103", SGX3, 0, { 3, 1 }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "version 0xffff", TDX4, 0, { 0xff, 0xff }, 2, CHAOS_E_QUOTE_VERSION, "version" },
        { "P-384", TDX4, 2, { 3, 0 }, 2, CHAOS_E_ATT_KEY_TYPE, "att_key_type" },
        { "EPID", SGX3, 2, { 0, 0 }, 2, CHAOS_E_ATT_KEY_TYPE, "att_key_type" },
        { "key type 0x0102", TDX5, 2, { 2, 1 }, 2, CHAOS_E_ATT_KEY_TYPE, "att_key_type" },
        { "v3 with TDX", SGX3, 4, { 0x81 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "v3 with a reserved bit", SGX3, 4, { 1 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "v3 with a high bit", SGX3, 7, { 0x80 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "TEE 0x82", TDX4, 4, { 0x82 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "TEE 0x181", TDX4, 5, { 1 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "TEE 0x82 v5", TDX5, 4, { 0x82 }, 1, CHAOS_E_QUOTE_FORMAT, "tee_type" },
        { "vendor, first byte", SGX3, 12, { 0x92 }, 1, CHAOS_E_QE_VENDOR, "qe_vendor_id" },
        { "vendor, last byte", TDX5, 27, { 0x06 }, 1, CHAOS_E_QE_VENDOR, "qe_vendor_id" },
        { "QE and PCE SVN are free", TDX4, 8, { 0xff, 0xff, 0xff, 0xff }, 4, CHAOS_OK, NULL },
        { "user data is free", TDX4, 44, { 1, 2, 3, 4 }, 4, CHAOS_OK, NULL },
        { "v5 SGX word, TD body", TDX5, 4, { 0 }, 1, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body type 0", TDX5, DESCRIPTOR, { 0, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body type 1", TDX5, DESCRIPTOR, { 1, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body type 2", TDX5, DESCRIPTOR, { 2, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body type 4", TDX5, DESCRIPTOR, { 4, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body type 5", TDX5, DESCRIPTOR, { 5, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body type 0x0103", TDX5, DESCRIPTOR, { 3, 1 }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body type 0xffff", TDX5, DESCRIPTOR, { 0xff, 0xff }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v5 body size 584", TDX5, DESCRIPTOR + 2, { 0x48, 2, 0, 0 }, 4, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body size 647", TDX5, DESCRIPTOR + 2, { 0x87, 2, 0, 0 }, 4, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body size 649", TDX5, DESCRIPTOR + 2, { 0x89, 2, 0, 0 }, 4, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body size 0x10288", TDX5, DESCRIPTOR + 2, { 0x88, 2, 1, 0 }, 4, CHAOS_E_QUOTE_FORMAT, "body_size" },
        { "v5 body size 0xffffffff",
          TDX5,
          DESCRIPTOR + 2,
          { 0xff, 0xff, 0xff, 0xff },
          4,
          CHAOS_E_QUOTE_FORMAT,
          "body_size" },
        { "v4 relabelled v5", TDX4, 0, { 5, 0 }, 2, CHAOS_E_QUOTE_FORMAT, "body_type" },
        { "v4 outer type 5", TDX4, SIGN4 + 132, { 5, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "outer_cert_data_type" },
        { "v4 outer type 7", TDX4, SIGN4 + 132, { 7, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "outer_cert_data_type" },
        { "v4 outer type 0x0106", TDX4, SIGN4 + 132, { 6, 1 }, 2, CHAOS_E_CERT_DATA_TYPE, "outer_cert_data_type" },
        { "v4 inner type 0", TDX4, SIGN4 + 620, { 0, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v4 inner type 6", TDX4, SIGN4 + 620, { 6, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v4 inner type 7", TDX4, SIGN4 + 620, { 7, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v4 inner type 0x0105", TDX4, SIGN4 + 620, { 5, 1 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v3 type 0", SGX3, SIGN3 + 614, { 0, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v3 type 6", SGX3, SIGN3 + 614, { 6, 0 }, 2, CHAOS_E_CERT_DATA_TYPE, "cert_data_type" },
        { "v3 type 1 of 100 bytes", SGX3, SIGN3 + 614, { 1, 0 }, 2, CHAOS_E_CERT_DATA_SIZE, "cert_data_size" },
        { "v3 type 2 of 100 bytes", SGX3, SIGN3 + 614, { 2, 0 }, 2, CHAOS_E_CERT_DATA_SIZE, "cert_data_size" },
        { "v3 type 3 of 100 bytes", SGX3, SIGN3 + 614, { 3, 0 }, 2, CHAOS_E_CERT_DATA_SIZE, "cert_data_size" },
        { "v3 type 4 is a chain's size", SGX3, SIGN3 + 614, { 4, 0 }, 2, CHAOS_OK, NULL },
        { "v3 certification data empty",
          SGX3,
          SIGN3 + 616,
          { 0, 0, 0, 0 },
          4,
          CHAOS_E_CERT_DATA_SIZE,
          "cert_data_size" },
        { "v4 certification data empty",
          TDX4,
          SIGN4 + 622,
          { 0, 0, 0, 0 },
          4,
          CHAOS_E_CERT_DATA_SIZE,
          "cert_data_size" },
        { "v3 certification data one short",
          SGX3,
          SIGN3 + 616,
          { 99, 0, 0, 0 },
          4,
          CHAOS_E_SIGNATURE_DATA_SLACK,
          "signature_data" },
        { "v4 certification data one short",
          TDX4,
          SIGN4 + 622,
          { 99, 0, 0, 0 },
          4,
          CHAOS_E_QUOTE_FORMAT,
          "qe_report_certification_data" },
        { "v3 certification data one long",
          SGX3,
          SIGN3 + 616,
          { 101, 0, 0, 0 },
          4,
          CHAOS_E_QUOTE_FORMAT,
          "cert_data" },
        { "v4 certification data one long",
          TDX4,
          SIGN4 + 622,
          { 101, 0, 0, 0 },
          4,
          CHAOS_E_QUOTE_FORMAT,
          "cert_data" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const patch_case *c = &cases[i];
        chaos_buffer bytes = built(&kinds[c->kind]);
        memcpy(bytes.data + c->offset, c->bytes, c->size);
        expect(buffer_slice(&bytes), c->status, c->field, c->name);
        fault why;
        if (read_status(buffer_slice(&bytes), &why) != CHAOS_OK) {
            assert_true(c->offset < why.offset + 16); /* the fault is at the field, or later where it shows */
        }
        chaos_buffer_free(&bytes);
    }
}

static void put32(uint8_t *at, uint64_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

/* Every length field with every dangerous value: only the true length is accepted. */
static void test_every_length_field(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        places at = places_of(&kinds[k]);
        const size_t fields[] = { at.signature_size, at.outer_size, at.cert_size };
        for (size_t f = 0; f < CHAOS_ARRAY_SIZE(fields); f++) {
            if (f == 1 && kinds[k].version < 4) {
                continue;
            }
            chaos_buffer bytes = built(&kinds[k]);
            uint64_t length = load_u32le(bytes.data + fields[f]);
            const uint64_t values[] = { 0, 1, length - 1, length + 1, 0x7fffffff, 0x80000000, 0xffffffff };
            for (size_t v = 0; v < CHAOS_ARRAY_SIZE(values); v++) {
                put32(bytes.data + fields[f], values[v]);
                fault why;
                assert_int_not_equal(read_status(buffer_slice(&bytes), &why), CHAOS_OK);
                assert_int_equal(chaos_status_class(why.status), CHAOS_CLASS_FORMAT);
                if (f != 2 && values[v] != length + 1) { /* a length of the frame is never anything but the frame */
                    assert_int_equal(why.status, CHAOS_E_QUOTE_FORMAT);
                }
            }
            put32(bytes.data + fields[f], length);
            expect(buffer_slice(&bytes), CHAOS_OK, NULL, kinds[k].name);
            chaos_buffer_free(&bytes);
        }
        chaos_buffer bytes = built(&kinds[k]);
        static const uint16_t auth_sizes[] = { 0, 1, 31, 33, 0x7fff, 0x8000, 0xffff };
        for (size_t v = 0; v < CHAOS_ARRAY_SIZE(auth_sizes); v++) {
            bytes.data[at.auth_size] = (uint8_t)auth_sizes[v];
            bytes.data[at.auth_size + 1] = (uint8_t)(auth_sizes[v] >> 8);
            fault why;
            assert_int_not_equal(read_status(buffer_slice(&bytes), &why), CHAOS_OK);
        }
        chaos_buffer_free(&bytes);
    }
}

static void insert_byte(chaos_buffer *bytes, size_t offset)
{
    assert_non_null(buffer_reserve(bytes, 1));
    memmove(bytes->data + offset + 1, bytes->data + offset, bytes->size - offset);
    bytes->data[offset] = 0;
    bytes->size++;
}

/* Bytes that nobody reads, inside each of the frames. */
static void test_slack(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        places at = places_of(&kinds[k]);
        chaos_buffer bytes = built(&kinds[k]);
        insert_byte(&bytes, at.end);
        expect(buffer_slice(&bytes), CHAOS_OK, NULL, "a zero after the quote");
        put32(bytes.data + at.signature_size, load_u32le(bytes.data + at.signature_size) + 1);
        expect(buffer_slice(&bytes), CHAOS_E_SIGNATURE_DATA_SLACK, "signature_data", kinds[k].name);
        fault why;
        (void)read_status(buffer_slice(&bytes), &why);
        assert_int_equal(why.offset, at.end);
        if (kinds[k].version >= 4) {
            put32(bytes.data + at.outer_size, load_u32le(bytes.data + at.outer_size) + 1);
            expect(buffer_slice(&bytes), CHAOS_E_QUOTE_FORMAT, "qe_report_certification_data", kinds[k].name);
        }
        chaos_buffer_free(&bytes);
    }
}

/* A flipped byte is either refused, or it stands in what was read: writing gives it back. */
static void test_flip_every_byte(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff };
    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        chaos_buffer bytes = built(&kinds[k]);
        for (size_t i = 0; i < bytes.size * CHAOS_ARRAY_SIZE(flips); i++) {
            uint8_t *at = &bytes.data[i / CHAOS_ARRAY_SIZE(flips)];
            *at ^= flips[i % CHAOS_ARRAY_SIZE(flips)];
            dcap_quote q;
            fault why;
            if (dcap_quote_read(buffer_slice(&bytes), &q, &why)) {
                chaos_buffer again = written(&q);
                assert_slice(buffer_slice(&again), buffer_slice(&bytes));
                chaos_buffer_free(&again);
            }
            *at ^= flips[i % CHAOS_ARRAY_SIZE(flips)];
        }
        chaos_buffer_free(&bytes);
    }
}

static void test_writer_refuses(void **state)
{
    static uint8_t large[0x10000];
    parts p;
    dcap_quote good = make(&kinds[TDX4], &p, CERT_PCK_CHAIN, 32, 100);
    (void)state;
    chaos_buffer out = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE);
    dcap_quote q = good;
    q.header.size--;
    assert_false(dcap_quote_write(&q, &out));
    q = good;
    q.qe_report.size--;
    assert_false(dcap_quote_write(&q, &out));
    q = good;
    q.qe_auth_data = slice(large, 0x10000);
    assert_false(dcap_quote_write(&q, &out));
    q = good;
    q.cert_data = slice(large, CHAOS_MAX_EVIDENCE); /* more than the buffer may hold */
    assert_false(dcap_quote_write(&q, &out));
    assert_int_equal(out.size, 0);
    assert_true(dcap_quote_write(&good, &out));
    chaos_buffer_free(&out);
    chaos_buffer tight = CHAOS_BUFFER_INIT(places_of(&kinds[TDX4]).end - 1);
    assert_false(dcap_quote_write(&good, &tight));
    assert_int_equal(tight.size, 0);
    chaos_buffer_free(&tight);
}

static void test_pck_reference(void **state)
{
    static const struct {
        uint16_t type;
        size_t ppid;
    } types[] = { { 1, 16 }, { 2, 256 }, { 3, 384 } };
    uint8_t bytes[405];
    fill(bytes, sizeof(bytes), 42);
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(types); i++) {
        size_t ppid = types[i].ppid;
        pck_reference ref;
        fault why;
        assert_true(pck_reference_read(types[i].type, slice(bytes, ppid + 20), &ref, &why));
        assert_slice(ref.ppid, slice(bytes, ppid));
        assert_slice(ref.cpu_svn, slice(bytes + ppid, 16));
        assert_int_equal(ref.pce_svn, load_u16le(bytes + ppid + 16));
        assert_int_equal(ref.pce_id, load_u16le(bytes + ppid + 18));
        for (size_t size = 0; size <= ppid + 21; size++) {
            if (size != ppid + 20) {
                assert_false(pck_reference_read(types[i].type, slice(bytes, size), &ref, &why));
                assert_int_equal(why.status, CHAOS_E_CERT_DATA_SIZE);
            }
        }
    }
    static const uint16_t others[] = { 0, 4, 5, 6, 0x0101, 0xffff };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(others); i++) {
        pck_reference ref;
        fault why;
        assert_false(pck_reference_read(others[i], slice(bytes, 36), &ref, &why));
        assert_int_equal(why.status, CHAOS_E_CERT_DATA_TYPE);
    }
}

static void check_table(const wire_table *table, size_t size)
{
    static uint8_t bytes[TD_REPORT_15EX_SIZE + 1];
    size_t end = 0;
    assert_non_null(table);
    assert_int_equal(table->size, size);
    for (size_t i = 0; i < table->count; i++) {
        const wire_field *field = &table->fields[i];
        static const uint16_t sizes[] = { [FIELD_U8] = 1, [FIELD_U16] = 2, [FIELD_U32] = 4, [FIELD_U64] = 8 };
        assert_int_equal(field->offset, end);
        end += field->size;
        assert_true(field->kind == FIELD_HEX || sizes[field->kind] == field->size);
        chaos_slice value = { NULL, 0 };
        assert_true(wire_field_get(table, slice(bytes, size), field->name, &value));
        assert_ptr_equal(value.data, bytes + field->offset); /* names differ, or an earlier field were found */
        assert_int_equal(value.size, field->size);
    }
    assert_int_equal(end, size);
    chaos_slice value = { NULL, 7 };
    assert_false(wire_field_get(table, slice(bytes, size), "no_such_field", &value));
    assert_false(wire_field_get(table, slice(bytes, size), "", &value));
    assert_false(wire_field_get(table, slice(bytes, size - 1), table->fields[0].name, &value));
    assert_false(wire_field_get(table, slice(bytes, size + 1), table->fields[0].name, &value));
    assert_int_equal(value.size, 7);
}

static void test_field_tables(void **state)
{
    (void)state;
    check_table(&quote_header_table, QUOTE_HEADER_SIZE);
    check_table(sgx_report_table(), SGX_REPORT_SIZE);
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        check_table(quote_body_table(kinds[k].body_type), kinds[k].body_size);
    }
    assert_null(quote_body_table((quote_body_type)0));
    assert_null(quote_body_table((quote_body_type)5));
}

/* --------------------------------------------------------------- vectors ---- */

static void skip_without_vectors(void)
{
    if (!vectors_present()) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
}

static void compare_field(const wire_table *table, chaos_slice bytes, const char *name, const tree *want)
{
    chaos_slice value;
    if (want == NULL) {
        return;
    }
    assert_true(wire_field_get(table, bytes, name, &value));
    if (tree_text(want) != NULL) {
        char hex[2 * 64 + 1] = { 0 };
        assert_true(value.size <= 64);
        hex_encode(value, hex);
        assert_string_equal(hex, tree_text(want));
        return;
    }
    assert_int_equal(value.size, 2);
    assert_int_equal(load_u16le(value.data), tree_number(want));
}

static void compare_quote(const dcap_quote *q, const tree *want)
{
    static const char *const names[] = {
        "tee_tcb_svn",
        "mr_seam",
        "td_attributes",
        "xfam",
        "mr_td",
        "mr_config_id",
        "report_data",
        "tee_tcb_svn_2",
        "mr_service_td",
        "mr_enclave",
        "mr_signer",
        "isv_prod_id",
        "isv_svn",
        "attributes",
        "cpu_svn",
    };
    static const char *const registers[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    const wire_table *table = quote_body_table(q->body_type);
    assert_int_equal(q->version, tree_number(tree_get(want, "version")));
    assert_string_equal(q->tee == CHAOS_TEE_SGX ? "SGX" : "TDX", tree_text(tree_get(want, "tee")));
    if (q->version == 5) {
        assert_int_equal(q->body_type, tree_number(tree_get(want, "body_type")));
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(names); i++) {
        compare_field(table, q->body, names[i], tree_get(want, names[i]));
    }
    for (size_t i = 0; i < tree_size(tree_get(want, "rtmr")); i++) {
        compare_field(table, q->body, registers[i], tree_at(tree_get(want, "rtmr"), i));
    }
    compare_field(sgx_report_table(), q->qe_report, "isv_svn", tree_get(want, "qe_isvsvn"));
    compare_field(sgx_report_table(), q->qe_report, "isv_prod_id", tree_get(want, "qe_isvprodid"));
    compare_field(sgx_report_table(), q->qe_report, "mr_signer", tree_get(want, "qe_mrsigner"));
    assert_int_equal(q->qe_auth_data.size, tree_number(tree_get(want, "qe_auth_len")));
    assert_int_equal(q->cert_data_type, tree_number(tree_get(want, "cert_data_type")));
    assert_int_equal(q->trailing, tree_number(tree_get(want, "trailing")));
    assert_int_equal(q->consumed - q->signed_bytes.size - 4, tree_number(tree_get(want, "signature_data_len")));
}

static void test_real_quotes(void **state)
{
    (void)state;
    skip_without_vectors();
    tree *expected = tree_load("dcap/expected.json");
    const tree *quotes = tree_get(expected, "quotes");
    assert_true(tree_size(quotes) >= 50);
    for (size_t i = 0; i < tree_size(quotes); i++) {
        const tree *want = tree_at(quotes, i);
        char name[512];
        (void)snprintf(name, sizeof(name), "dcap/%s", tree_text(tree_get(want, "file")));
        chaos_buffer bytes = vector_file(name);
        dcap_quote q;
        fault why;
        if (tree_number(tree_get(want, "bytes")) == 1054) { /* a sample, not a real one: a type 1 of 34 bytes */
            expect(buffer_slice(&bytes), CHAOS_E_CERT_DATA_SIZE, "cert_data_size", name);
            chaos_buffer_free(&bytes);
            continue;
        }
        if (!dcap_quote_read(buffer_slice(&bytes), &q, &why)) {
            fail_msg("%s: %s in %s", name, chaos_status_name(why.status), why.field);
        }
        compare_quote(&q, want);
        pck_reference reference;
        assert_int_equal(pck_reference_read(q.cert_data_type, q.cert_data, &reference, &why), q.cert_data_type <= 3);
        chaos_buffer again = written(&q);
        assert_slice(buffer_slice(&again), slice(bytes.data, q.consumed));
        for (size_t size = 0; size < q.consumed; size++) {
            assert_int_equal(read_status(slice(bytes.data, size), &why), CHAOS_E_QUOTE_FORMAT);
        }
        chaos_buffer_free(&again);
        chaos_buffer_free(&bytes);
    }
    tree_free(expected);
}

static void test_padded_quotes(void **state)
{
    (void)state;
    skip_without_vectors();
    tree *expected = tree_load("dcap/expected.json");
    const tree *padded = tree_get(expected, "padded");
    for (size_t i = 0; i < tree_size(padded); i++) {
        const tree *want = tree_at(padded, i);
        char name[512];
        (void)snprintf(name, sizeof(name), "dcap/%s", tree_text(tree_get(want, "quote")));
        chaos_buffer bytes = vector_file(name);
        size_t tail = (size_t)tree_number(tree_get(want, "trailing"));
        bool zeros = slice_is_zero(slice(bytes.data + bytes.size - tail, tail));
        expect(buffer_slice(&bytes), zeros ? CHAOS_OK : CHAOS_E_TRAILING_DATA, zeros ? NULL : "trailing", name);
        chaos_buffer_free(&bytes);
    }
    tree_free(expected);
}

/* Each made-up case of the vectors: what is wrong with the quote's structure is found here, all the rest passes. */
static void test_made_up_quotes(void **state)
{
    static const chaos_status structural[] = {
        CHAOS_E_QUOTE_FORMAT,
        CHAOS_E_QUOTE_VERSION,
        CHAOS_E_ATT_KEY_TYPE,
        CHAOS_E_QE_VENDOR,
        CHAOS_E_CERT_DATA_TYPE,
        CHAOS_E_CERT_DATA_SIZE,
        CHAOS_E_SIGNATURE_DATA_SLACK,
        CHAOS_E_TRAILING_DATA,
    };
    size_t refused = 0;
    (void)state;
    skip_without_vectors();
    tree *cases = tree_load("dcap/synthetic/cases.json");
    for (size_t i = 0; i < tree_size(cases); i++) {
        const char *name = tree_text(tree_get(tree_at(cases, i), "name"));
        const char *want = tree_text(tree_get(tree_at(cases, i), "strict_expect"));
        char path[512];
        (void)snprintf(path, sizeof(path), "dcap/synthetic/%s/quote.bin", name);
        chaos_buffer bytes = vector_file(path);
        chaos_status status = CHAOS_OK;
        for (size_t s = 0; s < CHAOS_ARRAY_SIZE(structural); s++) {
            char text[64];
            int length = snprintf(text, sizeof(text), "reject:%s", chaos_status_name(structural[s]));
            if (strncmp(want, text, (size_t)length) == 0) {
                status = structural[s];
                refused++;
            }
        }
        expect(buffer_slice(&bytes), status, NULL, name);
        chaos_buffer_free(&bytes);
    }
    assert_true(refused >= 10);
    tree_free(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_every_kind),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_empty_slice_without_pointer),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_one_wrong_field),
        cmocka_unit_test(test_every_length_field),
        cmocka_unit_test(test_slack),
        cmocka_unit_test(test_flip_every_byte),
        cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_pck_reference),
        cmocka_unit_test(test_field_tables),
        cmocka_unit_test(test_real_quotes),
        cmocka_unit_test(test_padded_quotes),
        cmocka_unit_test(test_made_up_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
