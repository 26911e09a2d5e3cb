/* internal.h - what the files of crypto/ share: libcrypto's start and the parts that certificates and CRLs
 * have in common. */
#ifndef CRYPTO_INTERNAL_H
#define CRYPTO_INTERNAL_H

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

/* RFC 5280 4.1.2.2: 20 octets. The magnitude is what is counted, as Intel's serial numbers use all 160
 * bits. */
#define MAX_SERIAL 20
#define MAX_EXTENSIONS 16
#define MAX_NAME_PARTS 16

/* AlgorithmIdentifier: ecdsa-with-SHA256, parameters absent (RFC 5758 3.2). */
void x509_algorithm(reader *r, const char *field);

/* A Name whose RDNs have one attribute each, of type UTF8String or PrintableString. */
typedef struct x509_name {
    chaos_slice whole;       /* the element */
    chaos_slice common_name; /* contents; empty when absent */
    chaos_slice organization;
} x509_name;
x509_name x509_name_read(reader *r, const char *field);

/* BIT STRING that holds Ecdsa-Sig-Value (RFC 3279 2.2.3). */
void x509_signature(reader *r, p256_signature *out);

/* Extensions one by one. No OID may come twice, unknown ones included. `value` reads the OCTET STRING's
 * contents: who knows the extension closes it into list.r, who does not leaves it. */
typedef struct x509_extension {
    chaos_slice oid;
    bool critical;
    reader value;
} x509_extension;
typedef struct x509_extensions {
    reader r; /* over the contents of SEQUENCE OF Extension */
    size_t count;
    chaos_slice seen[MAX_EXTENSIONS];
} x509_extensions;
/* Enters SEQUENCE OF Extension, which may not be empty. */
void x509_extensions_begin(reader *parent, const char *field, x509_extensions *list);
/* False at the end and after a fault; *out then means nothing. */
bool x509_extension_next(x509_extensions *list, x509_extension *out);

/* 2.5.29.`number`, an extension of RFC 5280? */
static inline bool x509_oid_is_ce(chaos_slice oid, uint8_t number)
{
    return oid.size == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x1d && oid.data[2] == number;
}

/* AuthorityKeyIdentifier that is a keyIdentifier alone, as in all of Intel's; its contents. */
chaos_slice x509_authority_key_id(reader *value);

/* The bytes that `r` has consumed since `begin`, which was its cursor then. */
static inline chaos_slice x509_since(const reader *r, const uint8_t *begin)
{
    return slice(begin, (size_t)(r->cur - begin));
}

#endif
