/* pck_extension_writer.c - the SGX extension of PCK certificates, 1.2.840.113741.1.13.1 (Intel SGX PCK
 * certificate and CRL profile). */
#include "sim/recipe.h"

#define OID_SGX "\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01"
#define MAX_OID 16

static void write_oid(der_writer *w, const char *suffix, size_t suffix_size)
{
    uint8_t oid[MAX_OID];
    memcpy(oid, OID_SGX, sizeof OID_SGX - 1);
    memcpy(oid + sizeof OID_SGX - 1, suffix, suffix_size);
    der_write(w, DER_OID, slice(oid, sizeof OID_SGX - 1 + suffix_size));
}

/* SEQUENCE { OID suffix, ... */
static void pair_open(der_writer *w, uint8_t suffix)
{
    der_open(w, DER_SEQUENCE);
    write_oid(w, (const char *)&suffix, 1);
}

static void pair_open_2(der_writer *w, uint8_t suffix, uint8_t second)
{
    const char both[2] = { (char)suffix, (char)second };
    der_open(w, DER_SEQUENCE);
    write_oid(w, both, sizeof both);
}

static void write_octets(der_writer *w, uint8_t suffix, const uint8_t *bytes, size_t size)
{
    pair_open(w, suffix);
    der_write(w, DER_OCTET_STRING, slice(bytes, size));
    der_close(w);
}

static void write_component(der_writer *w, const pck_spec *spec, size_t index)
{
    pair_open_2(w, 2, (uint8_t)(index + 1));
    der_write_unsigned(w, DER_INTEGER, spec->components[index]);
    der_close(w);
}

static void write_tcb(der_writer *w, const pck_spec *spec)
{
    pair_open(w, 2);
    der_open(w, DER_SEQUENCE);
    for (size_t i = 0; i < spec->component_count; i++) {
        write_component(w, spec, i);
    }
    if (spec->component_twice) {
        write_component(w, spec, 0);
    }
    if (!spec->no_pce_svn) {
        pair_open_2(w, 2, 17);
        der_write_unsigned(w, DER_INTEGER, spec->pce_svn);
        der_close(w);
    }
    if (!spec->no_cpu_svn) {
        pair_open_2(w, 2, 18);
        der_write(w, DER_OCTET_STRING, slice(spec->cpu_svn, spec->cpu_svn_size));
        der_close(w);
    }
    der_close(w);
    der_close(w);
}

static void write_sgx_type(der_writer *w, const pck_spec *spec)
{
    pair_open(w, 5);
    der_write_unsigned(w, DER_ENUMERATED, spec->sgx_type);
    der_close(w);
}

static void write_configuration(der_writer *w, const pck_spec *spec)
{
    pair_open(w, 7);
    der_open(w, DER_SEQUENCE);
    for (uint8_t flag = 1; flag <= 3; flag++) { /* dynamicPlatform, cachedKeys, smtEnabled */
        if (flag == 2 && spec->no_cached_keys) {
            continue;
        }
        pair_open_2(w, 7, flag);
        der_write_boolean(w, true);
        der_close(w);
    }
    der_close(w);
    der_close(w);
}

static void write_members(der_writer *w, const pck_spec *spec, unsigned members)
{
    if ((members & PCK_PPID) != 0) {
        write_octets(w, 1, spec->ppid, spec->ppid_size);
    }
    if ((members & PCK_TCB) != 0) {
        write_tcb(w, spec);
    }
    if ((members & PCK_PCE_ID) != 0) {
        write_octets(w, 3, spec->pce_id, spec->pce_id_size);
    }
    if ((members & PCK_FMSPC) != 0) {
        write_octets(w, 4, spec->fmspc, spec->fmspc_size);
    }
    if ((members & PCK_SGX_TYPE) != 0) {
        write_sgx_type(w, spec);
    }
    if ((members & PCK_INSTANCE) != 0) {
        write_octets(w, 6, spec->instance_id, spec->instance_size);
    }
    if ((members & PCK_CONFIGURATION) != 0) {
        write_configuration(w, spec);
    }
    if ((members & PCK_UNKNOWN) != 0) {
        write_octets(w, 99, spec->ppid, spec->ppid_size);
    }
}

bool pck_extension_write(der_writer *w, const pck_spec *spec)
{
    static const uint8_t zero = 0;
    der_open(w, spec->not_a_sequence ? DER_SET : DER_SEQUENCE);
    write_members(w, spec, spec->members);
    write_members(w, spec, spec->twice);
    der_close(w);
    if (spec->trailing_byte) {
        der_write_raw(w, slice(&zero, 1));
    }
    return !w->failed;
}
