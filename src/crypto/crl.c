/* crl.c - certificate revocation lists (RFC 5280 5): complete lists of one issuer, nothing else. */
#include "crypto/internal.h"

#define TAG_EXTENSIONS 0xa0 /* [0] EXPLICIT */
#define VERSION_2 1
#define CE_CRL_NUMBER 20
#define CE_DELTA_CRL_INDICATOR 27
#define CE_ISSUING_DISTRIBUTION_POINT 28
#define CE_AUTHORITY_KEY_ID 35

static void read_dates(reader *tbs, crl *out)
{
    out->this_update = der_time(tbs, "thisUpdate");
    out->next_update = der_time(tbs, "nextUpdate"); /* RFC 5280 5.1.2.5: must be there, whatever the ASN.1 says */
    rd_expect(tbs, out->this_update <= out->next_update, tbs->status, "before thisUpdate");
}

/* The reason and dates of a revocation do not matter here: what is listed is revoked. Only a critical
 * extension may say otherwise, or that the entry is of another issuer. */
static void read_entry_extensions(reader *entry, crl *out)
{
    x509_extensions list;
    x509_extension extension;

    x509_extensions_begin(entry, "crlEntryExtensions", &list);
    while (x509_extension_next(&list, &extension)) {
        out->has_strange_critical_extension |= extension.critical;
    }
    rd_close(entry, &list.r, entry->status);
}

/* Date and extensions of an entry. Intel's lists are made at once, so that these bytes are the same in all
 * entries: what equals `*known`, the end of the entry before, was read already. */
static void read_entry_end(reader *entry, chaos_slice *known, crl *out)
{
    const chaos_slice end = slice(entry->cur, rd_left(entry));

    if (end.size > 0 && slice_equal(end, *known)) {
        (void)rd_take(entry, "revocationDate", end.size);
        return;
    }
    (void)der_time(entry, "revocationDate");
    if (rd_left(entry) > 0) {
        read_entry_extensions(entry, out);
    }
    *known = end;
}

static void read_entries(reader *tbs, crl *out)
{
    reader entries = der_enter(tbs, "revokedCertificates", DER_SEQUENCE);
    chaos_slice known_end = { NULL, 0 };

    rd_expect(tbs, rd_left(&entries) > 0, tbs->status, "empty list, which must be absent instead");
    out->entries = slice(entries.cur, rd_left(&entries));
    while (rd_ok(&entries) && rd_left(&entries) > 0) {
        rd_expect(&entries, out->entry_count < MAX_CRL_ENTRIES, entries.status, "too many entries");
        reader entry = der_enter(&entries, "revokedCertificate", DER_SEQUENCE);
        const chaos_slice serial = der_magnitude(&entry, "userCertificate");
        rd_expect(&entry, serial.size <= MAX_SERIAL, entry.status, "longer than 20 bytes");
        read_entry_end(&entry, &known_end, out);
        rd_close(&entries, &entry, entries.status);
        out->entry_count++;
    }
    rd_close(tbs, &entries, tbs->status);
}

static void read_number(reader *value, crl *out)
{
    out->number = der_magnitude(value, "cRLNumber");
    rd_expect(value, out->number.size <= MAX_SERIAL, value->status, "longer than 20 bytes");
}

static void read_extension(x509_extensions *list, x509_extension *extension, crl *out)
{
    if (x509_oid_is_ce(extension->oid, CE_CRL_NUMBER)) {
        read_number(&extension->value, out);
        rd_close(&list->r, &extension->value, list->r.status);
    } else if (x509_oid_is_ce(extension->oid, CE_AUTHORITY_KEY_ID)) {
        out->authority_key_id = x509_authority_key_id(&extension->value);
        rd_close(&list->r, &extension->value, list->r.status);
    } else if (extension->critical || x509_oid_is_ce(extension->oid, CE_DELTA_CRL_INDICATOR) ||
               x509_oid_is_ce(extension->oid, CE_ISSUING_DISTRIBUTION_POINT)) {
        out->has_strange_critical_extension = true; /* the two named ones whether marked critical or not */
    }
}

static void read_extensions(reader *tbs, crl *out)
{
    reader tagged = der_enter(tbs, "crlExtensions", TAG_EXTENSIONS);
    x509_extensions list;
    x509_extension extension;

    x509_extensions_begin(&tagged, "crlExtensions", &list);
    while (x509_extension_next(&list, &extension)) {
        read_extension(&list, &extension, out);
    }
    rd_close(&tagged, &list.r, tagged.status);
    rd_close(tbs, &tagged, tbs->status);
}

static void read_tbs(reader *outer, crl *out)
{
    const uint8_t *begin = outer->cur;
    reader tbs = der_enter(outer, "tbsCertList", DER_SEQUENCE);

    out->tbs = x509_since(outer, begin);
    rd_expect_number(&tbs, der_unsigned(&tbs, "version", DER_INTEGER, UINT64_MAX), VERSION_2, tbs.status,
                     "not version 2");
    x509_algorithm(&tbs, "tbsCertList.signature");
    out->issuer = x509_name_read(&tbs, "issuer").whole;
    read_dates(&tbs, out);
    if (der_peek(&tbs) == DER_SEQUENCE) {
        read_entries(&tbs, out);
    }
    if (rd_left(&tbs) > 0) {
        read_extensions(&tbs, out);
    }
    rd_close(outer, &tbs, outer->status);
}

bool crl_read(chaos_slice der, crl *out, fault *why)
{
    reader r = rd_begin(der, CHAOS_E_CRL_FORMAT);

    memset(out, 0, sizeof *out);
    if (der.size > MAX_CRL) {
        rd_fail(&r, r.status, "CertificateList", 0, "larger than any list of the profile");
    }
    out->der = der;
    reader outer = der_enter(&r, "CertificateList", DER_SEQUENCE);
    if (rd_left(&r) > 0) {
        rd_fail(&r, r.status, "CertificateList", rd_offset(&r), "bytes follow the list");
    }
    read_tbs(&outer, out);
    x509_algorithm(&outer, "signatureAlgorithm");
    x509_signature(&outer, &out->signature);
    rd_close(&r, &outer, r.status);
    *why = r.why;
    if (!rd_ok(&r)) {
        memset(out, 0, sizeof *out);
        return false;
    }
    return true;
}

static chaos_slice without_leading_zeros(chaos_slice number)
{
    while (number.size > 0 && number.data[0] == 0) {
        number.data++;
        number.size--;
    }
    return number;
}

bool crl_lists(const crl *list, chaos_slice serial)
{
    const chaos_slice wanted = without_leading_zeros(serial);
    reader entries = rd_begin(list->entries, CHAOS_E_CRL_FORMAT);

    while (rd_ok(&entries) && rd_left(&entries) > 0) {
        reader entry = rd_begin(der_take(&entries, "revokedCertificate", DER_SEQUENCE, NULL), CHAOS_E_CRL_FORMAT);
        if (slice_equal(without_leading_zeros(der_magnitude(&entry, "userCertificate")), wanted)) {
            return true;
        }
    }
    return false;
}
