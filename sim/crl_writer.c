/* crl_writer.c - certificate revocation lists (RFC 5280 5), sound or with one flaw. */
#include "sim/recipe.h"

#define OID_CRL_NUMBER "\x55\x1d\x14"
#define OID_DELTA_CRL_INDICATOR "\x55\x1d\x1b"
#define OID_ISSUING_DISTRIBUTION_POINT "\x55\x1d\x1c"
#define OID_REASON_CODE "\x55\x1d\x15"
#define CONTEXT_0 0x80
#define CONTEXT_0_CONSTRUCTED 0xa0
#define VERSION_2 1 /* as encoded */
#define KEY_COMPROMISE 1

static const uint8_t nobody[20] = { 0x5e, 0x21, 0xa1 }; /* a serial that no certificate here has */

static void write_extension(der_writer *w, chaos_slice oid, bool critical, chaos_slice value)
{
    der_open(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid);
    if (critical) {
        der_write_boolean(w, true);
    }
    der_write(w, DER_OCTET_STRING, value);
    der_close(w);
}

static void write_entry(der_writer *w, const crl_spec *spec, chaos_slice serial)
{
    static const uint8_t reason[] = { DER_ENUMERATED, 1, KEY_COMPROMISE };
    static const uint8_t null[] = { DER_NULL, 0 };
    der_open(w, DER_SEQUENCE);
    der_write_magnitude(w, serial);
    der_write_time(w, spec->this_update, false);
    der_open(w, DER_SEQUENCE);
    write_extension(w, OID_SLICE(OID_REASON_CODE), false, slice(reason, sizeof reason));
    if (spec->flaw == CRL_UNKNOWN_CRITICAL_ENTRY_EXTENSION) {
        write_extension(w, OID_SLICE(OID_NOT_KNOWN), true, slice(null, sizeof null));
    }
    der_close(w);
    der_close(w);
}

static void write_entries(der_writer *w, const recipe *r, const crl_spec *spec)
{
    der_open(w, DER_SEQUENCE);
    write_entry(w, spec, slice(nobody, sizeof nobody));
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        if ((spec->revoked >> i & 1) != 0) {
            write_entry(w, spec, slice(r->certs[i].serial, sizeof r->certs[i].serial));
        }
    }
    der_close(w);
}

static void write_extensions(der_writer *w, const recipe *r, const crl_spec *spec)
{
    static const uint8_t number[] = { DER_INTEGER, 1, 1 };
    static const uint8_t null[] = { DER_NULL, 0 };
    static const uint8_t only_user_certificates[] = { DER_SEQUENCE, 3, 0x81, 1, 0xff };
    uint8_t key_id[4 + KEY_ID_SIZE] = { DER_SEQUENCE, 2 + KEY_ID_SIZE, CONTEXT_0, KEY_ID_SIZE };
    key_identifier(&r->keys.point[spec->authority_key_id], key_id + 4);
    if (!spec->has_number && !spec->has_authority_key_id) {
        return;
    }
    der_open(w, CONTEXT_0_CONSTRUCTED);
    der_open(w, DER_SEQUENCE);
    if (spec->has_number) {
        write_extension(w, OID_SLICE(OID_CRL_NUMBER), false, slice(number, sizeof number));
    }
    if (spec->has_authority_key_id) {
        write_extension(w, OID_SLICE(OID_AUTHORITY_KEY_ID), false, slice(key_id, sizeof key_id));
    }
    if (spec->flaw == CRL_UNKNOWN_CRITICAL_EXTENSION) {
        write_extension(w, OID_SLICE(OID_NOT_KNOWN), true, slice(null, sizeof null));
    }
    if (spec->flaw == CRL_DELTA) {
        write_extension(w, OID_SLICE(OID_DELTA_CRL_INDICATOR), true, slice(number, sizeof number));
    }
    if (spec->flaw == CRL_ISSUING_DISTRIBUTION_POINT) {
        write_extension(w, OID_SLICE(OID_ISSUING_DISTRIBUTION_POINT), true,
                        slice(only_user_certificates, sizeof only_user_certificates));
    }
    der_close(w);
    der_close(w);
}

static void write_algorithm(der_writer *w, bool other)
{
    der_open(w, DER_SEQUENCE);
    if (other) {
        der_write(w, DER_OID, OID_SLICE(OID_ECDSA_SHA384));
    } else {
        der_write(w, DER_OID, OID_SLICE(OID_ECDSA_SHA256));
    }
    der_close(w);
}

static bool write_tbs(const recipe *r, const crl_spec *spec, chaos_buffer *out)
{
    const cert_spec *issuer = &r->certs[spec->issuer];
    const char *issuer_name = spec->issuer_name != NULL ? spec->issuer_name : issuer->common_name;
    der_writer w = der_writer_begin(out);
    der_open(&w, DER_SEQUENCE);
    if (spec->flaw != CRL_VERSION_1) {
        der_write_unsigned(&w, DER_INTEGER, VERSION_2);
    }
    write_algorithm(&w, false);
    (void)name_write(&w, issuer_name, issuer->organization);
    der_write_time(&w, spec->this_update, false);
    if (spec->flaw != CRL_NO_NEXT_UPDATE) {
        der_write_time(&w, spec->next_update, false);
    }
    write_entries(&w, r, spec);
    write_extensions(&w, r, spec);
    der_close(&w);
    return der_writer_end(&w);
}

bool crl_make(const recipe *r, const crl_spec *spec, chaos_buffer *der)
{
    static const uint8_t zero = 0;
    if (spec->flaw == CRL_EMPTY) {
        return true;
    }
    CHAOS_AUTO_BUFFER(tbs, MAX_CRL);
    CHAOS_AUTO_BUFFER(signature, MAX_CERTIFICATE);
    p256_signature raw;
    if (!write_tbs(r, spec, &tbs) || !keyring_sign(&r->keys, spec->signer, buffer_slice(&tbs), &raw)) {
        return false;
    }
    if (spec->flaw == CRL_SIGNATURE_FLIPPED) {
        raw.s[P256_SIZE - 1] ^= 0x01;
    }
    if (!signature_write_der(&raw, &signature)) {
        return false;
    }
    der_writer w = der_writer_begin(der);
    der_open(&w, DER_SEQUENCE);
    der_write_raw(&w, buffer_slice(&tbs));
    write_algorithm(&w, spec->flaw == CRL_ALGORITHM_OUTSIDE);
    der_write_bits(&w, buffer_slice(&signature), 0);
    der_close(&w);
    if (spec->flaw == CRL_TRAILING_BYTE) {
        der_write_raw(&w, slice(&zero, 1));
    }
    if (!der_writer_end(&w)) {
        return false;
    }
    der->size -= spec->flaw == CRL_TRUNCATED ? 1 : 0;
    return true;
}
