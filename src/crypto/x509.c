/* x509.c - the parts that certificates and CRLs share (RFC 5280 4.1 and 5.1). */
#include "crypto/internal.h"

#define TAG_KEY_IDENTIFIER 0x80 /* [0] IMPLICIT OCTET STRING */

void x509_algorithm(reader *r, const char *field)
{
    static const uint8_t ecdsa_with_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    chaos_slice whole = { NULL, 0 };

    (void)der_take(r, field, DER_SEQUENCE, &whole);
    rd_expect(r, slice_equal(whole, slice(ecdsa_with_sha256, sizeof ecdsa_with_sha256)), r->status,
              "not ecdsa-with-SHA256 without parameters");
}

/* OBJECT IDENTIFIER: not empty, and not cut inside an arc (X.690 8.19.2). */
static chaos_slice read_oid(reader *r, const char *field)
{
    const chaos_slice oid = der_take(r, field, DER_OID, NULL);

    rd_expect(r, oid.size > 0 && oid.data[oid.size - 1] < 0x80, r->status, "not an object identifier");
    return oid;
}

/* One RelativeDistinguishedName. */
static void read_name_part(reader *name, x509_name *out)
{
    reader set = der_enter(name, "RelativeDistinguishedName", DER_SET);
    reader pair = der_enter(&set, "AttributeTypeAndValue", DER_SEQUENCE);
    const chaos_slice type = read_oid(&pair, "attribute type");
    const uint8_t tag = der_peek(&pair) == DER_PRINTABLE_STRING ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
    const chaos_slice value = der_take(&pair, "attribute value", tag, NULL);
    chaos_slice *wanted = NULL;

    if (der_oid_is(type, "\x55\x04\x03", 3)) {
        wanted = &out->common_name;
    } else if (der_oid_is(type, "\x55\x04\x0a", 3)) {
        wanted = &out->organization;
    }
    if (wanted != NULL) {
        rd_expect(&pair, value.size > 0, pair.status, "empty common name or organization");
        rd_expect(&pair, wanted->size == 0, pair.status, "second common name or organization");
        *wanted = value;
    }
    rd_close(&set, &pair, set.status);
    rd_close(name, &set, name->status);
}

x509_name x509_name_read(reader *r, const char *field)
{
    x509_name out;
    const uint8_t *begin = r->cur;
    reader name = der_enter(r, field, DER_SEQUENCE);
    size_t count = 0;

    memset(&out, 0, sizeof out);
    out.whole = x509_since(r, begin);
    rd_expect(r, rd_left(&name) > 0, r->status, "empty name");
    while (rd_ok(&name) && rd_left(&name) > 0) {
        read_name_part(&name, &out);
        count++;
        rd_expect(&name, count <= MAX_NAME_PARTS, name.status, "too many parts in a name");
    }
    rd_close(r, &name, r->status);
    return out;
}

/* INTEGER of at most 256 bits to 32 bytes, big-endian. */
static void read_number(reader *r, const char *field, uint8_t out[P256_SIZE])
{
    const chaos_slice magnitude = der_magnitude(r, field);

    rd_expect(r, magnitude.size <= P256_SIZE, r->status, "more than 256 bits");
    if (rd_ok(r)) {
        memcpy(out + P256_SIZE - magnitude.size, magnitude.data, magnitude.size);
    }
}

void x509_signature(reader *r, p256_signature *out)
{
    reader bits = der_enter(r, "signatureValue", DER_BIT_STRING);

    memset(out, 0, sizeof *out);
    rd_expect_number(&bits, rd_u8(&bits, "signatureValue"), 0, bits.status, "unused bits");
    reader pair = der_enter(&bits, "Ecdsa-Sig-Value", DER_SEQUENCE);
    read_number(&pair, "r", out->r);
    read_number(&pair, "s", out->s);
    rd_close(&bits, &pair, bits.status);
    rd_close(r, &bits, r->status);
}

void x509_extensions_begin(reader *parent, const char *field, x509_extensions *list)
{
    list->r = der_enter(parent, field, DER_SEQUENCE);
    list->count = 0;
    rd_expect(parent, rd_left(&list->r) > 0, parent->status, "empty list of extensions");
}

/* Latches a fault when the OID has come before. */
static void remember_oid(x509_extensions *list, reader *extension, chaos_slice oid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal(list->seen[i], oid)) {
            rd_expect(extension, false, extension->status, "extension comes twice");
        }
    }
    if (list->count == MAX_EXTENSIONS) {
        rd_expect(extension, false, extension->status, "too many extensions");
        return;
    }
    list->seen[list->count] = oid;
    list->count++;
}

bool x509_extension_next(x509_extensions *list, x509_extension *out)
{
    if (!rd_ok(&list->r) || rd_left(&list->r) == 0) {
        return false;
    }
    reader extension = der_enter(&list->r, "Extension", DER_SEQUENCE);
    out->oid = read_oid(&extension, "extnID");
    out->critical = false;
    remember_oid(list, &extension, out->oid);
    if (der_peek(&extension) == DER_BOOLEAN) {
        out->critical = der_boolean(&extension, "critical");
        rd_expect(&extension, out->critical, extension.status, "DER leaves the default FALSE out");
    }
    out->value = der_enter(&extension, "extnValue", DER_OCTET_STRING);
    rd_close(&list->r, &extension, list->r.status);
    return rd_ok(&list->r);
}

chaos_slice x509_authority_key_id(reader *value)
{
    reader body = der_enter(value, "authorityKeyIdentifier", DER_SEQUENCE);
    const chaos_slice id = der_take(&body, "keyIdentifier", TAG_KEY_IDENTIFIER, NULL);

    rd_expect(&body, id.size > 0, body.status, "empty key identifier");
    rd_close(value, &body, value->status);
    return id;
}
