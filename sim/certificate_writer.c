/* certificate_writer.c - X.509 v3 certificates of Intel's profile (RFC 5280 4), sound or with one flaw of
 * encoding. */
#include "sim/recipe.h"

#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_ORGANIZATION "\x55\x04\x0a"
#define OID_COUNTRY "\x55\x04\x06"
#define OID_EC_PUBLIC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_PRIME256V1 "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_SECP256K1 "\x2b\x81\x04\x00\x0a"
#define OID_SUBJECT_KEY_ID "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_CRL_DISTRIBUTION_POINTS "\x55\x1d\x1f"
#define OID_SGX_EXTENSION "\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01"

#define CONTEXT_0 0x80             /* [0] IMPLICIT, primitive */
#define CONTEXT_0_CONSTRUCTED 0xa0 /* [0] EXPLICIT */
#define CONTEXT_3_CONSTRUCTED 0xa3
#define CONTEXT_6 0x86
#define VERSION_3 2 /* as encoded */
#define CRL_URI "https://simulator.invalid/root-ca.crl"

/* ----------------------------------------------------------------- names ---- */

static void write_attribute(der_writer *w, chaos_slice oid, uint8_t tag, const char *text)
{
    der_open(w, DER_SET);
    der_open(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid);
    der_write(w, tag, slice_text(text));
    der_close(w);
    der_close(w);
}

bool name_write(der_writer *w, const char *common_name, const char *organization)
{
    der_open(w, DER_SEQUENCE);
    write_attribute(w, OID_SLICE(OID_COMMON_NAME), DER_UTF8_STRING, common_name);
    write_attribute(w, OID_SLICE(OID_ORGANIZATION), DER_UTF8_STRING, organization);
    write_attribute(w, OID_SLICE(OID_COUNTRY), DER_PRINTABLE_STRING, "US");
    der_close(w);
    return !w->failed;
}

/* ------------------------------------------------------------- extensions ---- */

static void extension_open(der_writer *w, chaos_slice oid, bool critical)
{
    der_open(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid);
    if (critical) {
        der_write_boolean(w, true);
    }
    der_open(w, DER_OCTET_STRING);
}

static void extension_close(der_writer *w)
{
    der_close(w);
    der_close(w);
}

static void write_authority_key_id(der_writer *w, const recipe *r, const cert_spec *spec)
{
    uint8_t id[KEY_ID_SIZE];
    key_identifier(&r->keys.point[spec->authority_key_id], id);
    extension_open(w, OID_SLICE(OID_AUTHORITY_KEY_ID), false);
    der_open(w, DER_SEQUENCE);
    der_write(w, CONTEXT_0, slice(id, sizeof id));
    der_close(w);
    extension_close(w);
}

static void write_crl_distribution_point(der_writer *w)
{
    extension_open(w, OID_SLICE(OID_CRL_DISTRIBUTION_POINTS), false);
    der_open(w, DER_SEQUENCE);
    der_open(w, DER_SEQUENCE);
    der_open(w, CONTEXT_0_CONSTRUCTED);
    der_open(w, CONTEXT_0_CONSTRUCTED);
    der_write(w, CONTEXT_6, slice_text(CRL_URI));
    der_close(w);
    der_close(w);
    der_close(w);
    der_close(w);
    extension_close(w);
}

static void write_subject_key_id(der_writer *w, const recipe *r, const cert_spec *spec)
{
    uint8_t id[KEY_ID_SIZE];
    key_identifier(&r->keys.point[spec->subject_key_id], id);
    extension_open(w, OID_SLICE(OID_SUBJECT_KEY_ID), false);
    der_write(w, DER_OCTET_STRING, slice(id, sizeof id));
    extension_close(w);
}

static void write_key_usage(der_writer *w, uint8_t usage)
{
    unsigned unused = 0;
    while (usage != 0 && unused < 7 && (usage >> unused & 1) == 0) {
        unused++;
    }
    extension_open(w, OID_SLICE(OID_KEY_USAGE), true);
    der_write_bits(w, slice(&usage, usage == 0 ? 0 : 1), unused);
    extension_close(w);
}

static void write_basic_constraints(der_writer *w, const cert_spec *spec)
{
    extension_open(w, OID_SLICE(OID_BASIC_CONSTRAINTS), true);
    der_open(w, DER_SEQUENCE);
    if (spec->is_ca) {
        der_write_boolean(w, true);
    }
    if (spec->has_path_length) {
        der_write_unsigned(w, DER_INTEGER, spec->path_length);
    }
    der_close(w);
    extension_close(w);
}

static void write_unknown_critical(der_writer *w)
{
    extension_open(w, OID_SLICE(OID_NOT_KNOWN), true);
    der_write(w, DER_NULL, slice(NULL, 0));
    extension_close(w);
}

static void write_extensions(der_writer *w, const recipe *r, const cert_spec *spec)
{
    der_open(w, CONTEXT_3_CONSTRUCTED);
    der_open(w, DER_SEQUENCE);
    if (spec->has_authority_key_id) {
        write_authority_key_id(w, r, spec);
    }
    if (spec->has_crl_distribution_point) {
        write_crl_distribution_point(w);
    }
    if (spec->has_subject_key_id) {
        write_subject_key_id(w, r, spec);
    }
    if (spec->flaw == CERT_DUPLICATE_EXTENSION) {
        write_subject_key_id(w, r, spec);
    }
    if (spec->has_key_usage) {
        write_key_usage(w, spec->key_usage);
    }
    if (spec->has_basic_constraints) {
        write_basic_constraints(w, spec);
    }
    if (spec->has_sgx_extension) {
        extension_open(w, OID_SLICE(OID_SGX_EXTENSION), false);
        w->failed = !pck_extension_write(w, &r->pck) || w->failed;
        extension_close(w);
    }
    if (spec->flaw == CERT_UNKNOWN_CRITICAL_EXTENSION) {
        write_unknown_critical(w);
    }
    der_close(w);
    der_close(w);
}

/* ------------------------------------------------------- key and algorithm ---- */

static void write_key(der_writer *w, const p256_key *key, cert_flaw flaw)
{
    uint8_t point[1 + 2 * P256_SIZE];
    size_t size = sizeof point;
    point[0] = 0x04;
    memcpy(point + 1, key->x, P256_SIZE);
    memcpy(point + 1 + P256_SIZE, key->y, P256_SIZE);
    if (flaw == CERT_KEY_COMPRESSED) {
        point[0] = (uint8_t)(0x02 | (key->y[P256_SIZE - 1] & 1));
        size = 1 + P256_SIZE;
    }
    if (flaw == CERT_KEY_OFF_CURVE) {
        point[2 * P256_SIZE] ^= 0x01;
    }
    der_open(w, DER_SEQUENCE);
    der_open(w, DER_SEQUENCE);
    der_write(w, DER_OID, OID_SLICE(OID_EC_PUBLIC_KEY));
    if (flaw == CERT_KEY_OTHER_CURVE) {
        der_write(w, DER_OID, OID_SLICE(OID_SECP256K1));
    } else {
        der_write(w, DER_OID, OID_SLICE(OID_PRIME256V1));
    }
    der_close(w);
    der_write_bits(w, slice(point, size), 0);
    der_close(w);
}

bool spki_write(der_writer *w, const p256_key *key)
{
    write_key(w, key, CERT_SOUND);
    return !w->failed;
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

/* -------------------------------------------------------------- certificate ---- */

static void write_version(der_writer *w)
{
    der_open(w, CONTEXT_0_CONSTRUCTED);
    der_write_unsigned(w, DER_INTEGER, VERSION_3);
    der_close(w);
}

static void write_serial(der_writer *w, const cert_spec *spec)
{
    if (spec->flaw == CERT_NEGATIVE_SERIAL) {
        uint8_t negative[sizeof spec->serial];
        memcpy(negative, spec->serial, sizeof negative);
        negative[0] |= 0x80;
        der_write(w, DER_INTEGER, slice(negative, sizeof negative));
        return;
    }
    der_write_magnitude(w, slice(spec->serial, sizeof spec->serial));
}

static bool write_tbs(const recipe *r, const cert_spec *spec, chaos_buffer *out)
{
    const cert_spec *issuer = &r->certs[spec->issuer];
    const char *issuer_name = spec->issuer_name != NULL ? spec->issuer_name : issuer->common_name;
    der_writer w = der_writer_begin(out);
    der_open(&w, DER_SEQUENCE);
    if (spec->flaw != CERT_VERSION_1) {
        write_version(&w);
    }
    write_serial(&w, spec);
    write_algorithm(&w, spec->flaw == CERT_ALGORITHM_INSIDE || spec->flaw == CERT_ALGORITHM_BOTH);
    (void)name_write(&w, issuer_name, issuer->organization);
    der_open(&w, DER_SEQUENCE);
    der_write_time(&w, spec->not_before, spec->flaw == CERT_GENERALIZED_TIME);
    der_write_time(&w, spec->not_after, false);
    der_close(&w);
    (void)name_write(&w, spec->common_name, spec->organization);
    write_key(&w, &r->keys.point[spec->key], spec->flaw);
    if (spec->flaw != CERT_VERSION_1) {
        write_extensions(&w, r, spec);
    }
    der_close(&w);
    return der_writer_end(&w);
}

/* The certificate's outer length as 83 00 xx xx instead of 82 xx xx: BER, not DER. It is not under the
 * signature. */
static bool lengthen_outer_length(chaos_buffer *der)
{
    static const uint8_t longer[] = { DER_SEQUENCE, 0x83, 0x00 };
    if (der->size < 4 || der->data[1] != 0x82 || buffer_reserve(der, 1) == NULL) {
        return false;
    }
    memmove(der->data + sizeof longer, der->data + sizeof longer - 1, der->size - (sizeof longer - 1));
    memcpy(der->data, longer, sizeof longer);
    der->size++;
    return true;
}

static bool apply_outer_flaw(cert_flaw flaw, chaos_buffer *der)
{
    static const uint8_t zero = 0;
    if (flaw == CERT_TRAILING_BYTE) {
        return buffer_append(der, slice(&zero, 1));
    }
    if (flaw == CERT_TRUNCATED) {
        der->size--;
    }
    return flaw != CERT_NON_MINIMAL_LENGTH || lengthen_outer_length(der);
}

bool certificate_make(const recipe *r, sim_cert which, chaos_buffer *der)
{
    const cert_spec *spec = &r->certs[which];
    CHAOS_AUTO_BUFFER(tbs, MAX_CERTIFICATE);
    CHAOS_AUTO_BUFFER(signature, MAX_CERTIFICATE);
    p256_signature raw;
    if (!write_tbs(r, spec, &tbs) || !keyring_sign(&r->keys, spec->signer, buffer_slice(&tbs), &raw)) {
        return false;
    }
    if (spec->flaw == CERT_SIGNATURE_FLIPPED) {
        raw.s[P256_SIZE - 1] ^= 0x01;
    }
    if (!signature_write_der(&raw, &signature)) {
        return false;
    }
    der_writer w = der_writer_begin(der);
    der_open(&w, DER_SEQUENCE);
    der_write_raw(&w, buffer_slice(&tbs));
    write_algorithm(&w, spec->flaw == CERT_ALGORITHM_OUTSIDE || spec->flaw == CERT_ALGORITHM_BOTH);
    der_write_bits(&w, buffer_slice(&signature), spec->flaw == CERT_SIGNATURE_UNUSED_BITS ? 1 : 0);
    der_close(&w);
    return der_writer_end(&w) && apply_outer_flaw(spec->flaw, der);
}

bool chain_make(const recipe *r, const chain_spec *chain, chaos_buffer *pem)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (!pem_write("CERTIFICATE", buffer_slice(&r->ders[chain->certs[i]]), pem)) {
            return false;
        }
    }
    static const uint8_t nul = 0;
    return (!chain->final_nul || buffer_append(pem, slice(&nul, 1))) && text_edit_apply(&chain->edit, pem);
}
