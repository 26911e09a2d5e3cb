/* chain.c - the PCK certificate chain: leaf, PCK CA, root (docs/verify-dcap.md A2, B3-B6, B9). */
#include "verify/cache.h"

#define CN_ROOT "Intel SGX Root CA"
#define CN_PLATFORM_CA "Intel SGX PCK Platform CA"
#define CN_PROCESSOR_CA "Intel SGX PCK Processor CA"
#define CN_PCK "Intel SGX PCK Certificate"

/* The place in the chain that a common name belongs to; -1: none of Intel's roles. */
static int role_of(const certificate *c)
{
    if (slice_is(c->subject_cn, CN_PCK)) {
        return 0;
    }
    if (slice_is(c->subject_cn, CN_PLATFORM_CA) || slice_is(c->subject_cn, CN_PROCESSOR_CA)) {
        return 1;
    }
    return slice_is(c->subject_cn, CN_ROOT) ? 2 : -1;
}

static bool role_is(const certificate *c, int place)
{
    return role_of(c) == place;
}

static bool role_fits(const certificate *c, int place)
{
    return role_of(c) == place || role_of(c) == -1;
}

/* The chain's text: from the quote (type 5), else from the collateral. */
static chaos_slice chain_text(const examination *x)
{
    return x->quote->cert_data_type == CERT_PCK_CHAIN ? x->quote->cert_data : x->parts->pck_certificate_chain;
}

/* Type 4 is the leaf alone. Collateral that is made for a platform family has no leaf, but the two above it. */
static bool is_leaf_below_issuers(const examination *x)
{
    return x->quote->cert_data_type == CERT_PCK_LEAF && x->parts->pck_certificate_chain.size == 0;
}

/* The very certificate that sealed collateral holds need not be read again. */
static bool read_before(const sealed_collateral *sealed, chaos_slice der, certificate *out)
{
    const certificate *known[] = { sealed != NULL ? &sealed->ca : NULL,
                                   sealed != NULL ? &sealed->tcb_signer.root : NULL };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known); i++) {
        if (known[i] != NULL && slice_equal(der, known[i]->der)) {
            *out = *known[i];
            return true;
        }
    }
    return false;
}

static const char *const place_names[PCK_CHAIN_LENGTH] = { "the leaf", "the CA", "the root" };

/* PEM of `wanted` certificates, the last of them the root. False with *why. */
static bool certificates_read(chaos_slice text, const sealed_collateral *sealed, uint8_t *room, size_t capacity,
                              certificate *const *out, size_t wanted, fault *why)
{
    chaos_slice der[PCK_CHAIN_LENGTH];
    size_t count = pem_read(text, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, room, capacity,
                            der, wanted, why);

    for (size_t i = 0; i < wanted; i++) {
        memset(out[i], 0, sizeof *out[i]);
    }
    if (count == 0) {
        return false;
    }
    if (count != wanted) {
        *why = (fault){ .status = CHAOS_E_PCK_CHAIN_LENGTH,
                        .field = "certification_data",
                        .offset = CHAOS_NO_OFFSET,
                        .reason = "certificates",
                        .expected = wanted,
                        .found = count,
                        .has_numbers = true };
        return false;
    }
    for (size_t i = 0; i < wanted; i++) {
        if (!read_before(sealed, der[i], out[i]) &&
            !certificate_read(der[i], CHAOS_E_PCK_CHAIN_FORMAT, out[i], why)) {
            why->part = place_names[PCK_CHAIN_LENGTH - wanted + i];
            return false;
        }
    }
    return true;
}

bool read_pck_certificates(examination *x, chaos_slice text, fault *why)
{
    certificate *const places[PCK_CHAIN_LENGTH] = { &x->leaf, &x->ca, &x->root_certificate };

    if (x->known != NULL) { /* the very same text has been read before */
        x->leaf = x->known->leaf;
        x->ca = x->known->ca;
        x->root_certificate = x->known->root;
        return true;
    }
    return certificates_read(text, x->collateral == NULL ? NULL : x->collateral->sealed, x->pck_der,
                             sizeof x->pck_der, places, PCK_CHAIN_LENGTH, why);
}

/* The second text that names the leaf. Chains of quote and collateral are never mixed: of it counts only whether it
 * begins with the leaf. A quote of type 4 holds that one certificate and nothing else. */
static chaos_status check_other_text(examination *x)
{
    check_run *run = &x->claims->run;
    bool is_type_4 = x->quote->cert_data_type == CERT_PCK_LEAF;
    chaos_slice text = is_type_4 ? x->quote->cert_data : x->parts->pck_certificate_chain;
    const char *field = is_type_4 ? "certification_data" : "pck_certificate_chain";
    chaos_slice der[PCK_CHAIN_LENGTH] = { { NULL, 0 } };
    fault why = { 0 };

    if (x->quote->cert_data_type < CERT_PCK_LEAF || x->parts->pck_certificate_chain.size == 0) {
        return CHAOS_OK;
    }
    size_t count = pem_read(text, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, x->scratch,
                            sizeof x->scratch, der, is_type_4 ? 1 : PCK_CHAIN_LENGTH, &why);
    why.part = field;
    CHECK_READ(run, count > 0, PCK_CHAIN, &why);
    CHECK(run, slice_equal(der[0], x->leaf.der), PCK_CHAIN, PCK_CERT_MISMATCH, field,
          v_text(is_type_4 ? "the leaf of the collateral's chain" : "the leaf of the quote's chain"), v_none());
    return CHAOS_OK;
}

/* The leaf from the quote, CA and root from the chain that comes with the PCK CRL. */
static bool read_leaf_and_issuers(examination *x, fault *why)
{
    certificate *const leaf[] = { &x->leaf };
    certificate *const issuers[] = { &x->ca, &x->root_certificate };
    const sealed_collateral *sealed = x->collateral->sealed;

    return certificates_read(x->quote->cert_data, NULL, x->pck_der, MAX_CERTIFICATE, leaf, 1, why) &&
           certificates_read(x->parts->pck_crl_issuer_chain, sealed, x->pck_der + MAX_CERTIFICATE,
                             sizeof x->pck_der - MAX_CERTIFICATE, issuers, CHAOS_ARRAY_SIZE(issuers), why);
}

static chaos_status read_chain(examination *x)
{
    check_run *run = &x->claims->run;
    chaos_slice text = chain_text(x);
    bool below_issuers = is_leaf_below_issuers(x);
    fault why = { 0 };

    CHECK(run, text.size > 0 || below_issuers, PCK_CHAIN, PCK_CHAIN_MISSING, "pck_certificate_chain",
          v_text("the chain in the collateral"), v_none());
    CHECK_READ(run, below_issuers ? read_leaf_and_issuers(x, &why) : read_pck_certificates(x, text, &why), PCK_CHAIN,
               &why);
    CHECK(run, role_fits(&x->leaf, 0) && role_fits(&x->ca, 1) && role_fits(&x->root_certificate, 2), PCK_CHAIN,
          PCK_CHAIN_ORDER, "certification_data", v_text("leaf, PCK CA, root"), v_quoted(x->leaf.subject_cn));
    CHAOS_TRY(check_other_text(x));
    CHECK(run, role_is(&x->leaf, 0), PCK_CHAIN, PCK_CERT_NAME, "subject", v_text(CN_PCK), v_quoted(x->leaf.subject_cn));
    CHECK(run, role_is(&x->ca, 1), PCK_CHAIN, INTERMEDIATE_CA_NAME, "subject", v_text(CN_PLATFORM_CA),
          v_quoted(x->ca.subject_cn));
    return CHAOS_OK;
}

static chaos_status check_root(examination *x)
{
    check_run *run = &x->claims->run;
    const certificate *root = &x->root_certificate;

    x->root = trust_find(x->trust, root);
    CHECK(run, x->root != NULL, ROOT, ROOT_UNTRUSTED, "root", v_text("a trusted subject and key"), v_hex(root->spki));
    if (x->root == NULL) {
        return CHAOS_E_INTERNAL; /* not reached: the check above returns */
    }
    CHECK(run, x->known != NULL || trust_knows(x->root, root) || signed_by(x, &root->key, root->tbs, &root->signature),
          ROOT, ROOT_UNTRUSTED, "root.signatureValue", v_text("a valid self-signature"), v_none());
    if (x->collateral->sealed != NULL && same_key(&root->key, &x->collateral->sealed->root_key)) {
        x->sealed = x->collateral->sealed;
    }
    x->claims->has_anchor = true;
    x->claims->anchor = x->root->anchor;
    x->claims->root_key_id = x->root->key_id;
    return CHAOS_OK;
}

/* An issuer's key identifier must be the one that what it issued names. */
static bool key_id_fits(const certificate *issued, const certificate *issuer)
{
    return slice_equal(issued->authority_key_id, issuer->subject_key_id);
}

/* Has the root signed this CA certificate, as far as is known from before? */
static bool ca_is_known(const examination *x)
{
    return x->known != NULL || (x->sealed != NULL && slice_equal(x->ca.der, x->sealed->ca.der));
}

static chaos_status check_intermediate(examination *x)
{
    check_run *run = &x->claims->run;
    const certificate *ca = &x->ca;
    const certificate *root = &x->root_certificate;

    CHECK(run, slice_equal(ca->issuer, root->subject), INTERMEDIATE_CA, INTERMEDIATE_CA, "issuer",
          v_text("the root's subject"), v_hex(ca->issuer));
    CHECK(run, ca_is_known(x) || signed_by(x, &root->key, ca->tbs, &ca->signature), INTERMEDIATE_CA, INTERMEDIATE_CA,
          "signatureValue", v_text("a signature of the root"), v_none());
    CHECK(run, has_profile_extensions(ca), INTERMEDIATE_CA, INTERMEDIATE_CA_EXTENSIONS, "extensions",
          v_text("AKI, SKI, keyUsage, basicConstraints, CRLDP"), v_text("one is missing"));
    CHECK(run, key_id_fits(ca, root), INTERMEDIATE_CA, INTERMEDIATE_CA, "authorityKeyIdentifier",
          v_hex(root->subject_key_id), v_hex(ca->authority_key_id));
    CHECK(run, ca->is_ca && ca->has_path_length && ca->path_length == 0, INTERMEDIATE_CA, INTERMEDIATE_CA,
          "basicConstraints", v_text("a CA with path length 0"), v_text(ca->is_ca ? "a longer path" : "no CA"));
    CHECK(run, (ca->key_usage & KEY_USAGE_CERT_SIGN) != 0, INTERMEDIATE_CA, INTERMEDIATE_CA, "keyUsage",
          v_text("keyCertSign"), v_number(ca->key_usage));
    CHECK(run, (ca->key_usage & KEY_USAGE_CRL_SIGN) != 0, INTERMEDIATE_CA, INTERMEDIATE_CA, "keyUsage",
          v_text("cRLSign"), v_number(ca->key_usage));
    return CHAOS_OK;
}

static chaos_status check_leaf(examination *x)
{
    check_run *run = &x->claims->run;
    const certificate *leaf = &x->leaf;
    const certificate *ca = &x->ca;

    CHECK(run, slice_equal(leaf->issuer, ca->subject), PCK_CERTIFICATE, PCK_CERT_ISSUER, "issuer",
          v_quoted(ca->subject_cn), v_hex(leaf->issuer));
    CHECK(run, !key_id_fits(leaf, &x->root_certificate), PCK_CERTIFICATE, PCK_CERT_ISSUER, "authorityKeyIdentifier",
          v_hex(ca->subject_key_id), v_text("the root's: it would issue PCK certificates itself"));
    CHECK(run, x->known != NULL || signed_by(x, &ca->key, leaf->tbs, &leaf->signature), PCK_CERTIFICATE,
          PCK_CERT_SIGNATURE, "signatureValue", v_text("a signature of the PCK CA"), v_none());
    CHECK(run, has_profile_extensions(leaf), PCK_CERTIFICATE, PCK_CERT, "extensions",
          v_text("AKI, SKI, keyUsage, basicConstraints, CRLDP"), v_text("one is missing"));
    CHECK(run, key_id_fits(leaf, ca), PCK_CERTIFICATE, PCK_CERT, "authorityKeyIdentifier", v_hex(ca->subject_key_id),
          v_hex(leaf->authority_key_id));
    CHECK(run, !leaf->is_ca, PCK_CERTIFICATE, PCK_CERT, "basicConstraints.cA", v_text("false"), v_text("true"));
    CHECK(run, (leaf->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0, PCK_CERTIFICATE, PCK_CERT, "keyUsage",
          v_text("digitalSignature"), v_number(leaf->key_usage));
    CHECK(run, (leaf->key_usage & KEY_USAGE_ISSUER) == 0, PCK_CERTIFICATE, PCK_CERT, "keyUsage",
          v_text("neither keyCertSign nor cRLSign"), v_number(leaf->key_usage));
    return CHAOS_OK;
}

/* Certificates of the Platform CA name the platform instance and its configuration, those of the Processor CA don't. */
static bool platform_fields_fit(const pck_extension *pck, bool platform_ca)
{
    return pck->has_platform_instance_id == platform_ca && pck->has_configuration == platform_ca;
}

static bool read_extension(const examination *x, pck_extension *pck, fault *why)
{
    if (x->known != NULL) {
        *pck = x->known->pck;
        return true;
    }
    return pck_extension_read(x->leaf.sgx_extension, pck, why);
}

static chaos_status check_extension(examination *x)
{
    check_run *run = &x->claims->run;
    pck_extension *pck = &x->claims->pck;
    fault why = { 0 };

    CHECK_READ(run, read_extension(x, pck, &why), PCK_EXTENSION, &why);
    x->claims->platform_ca = slice_is(x->ca.subject_cn, CN_PLATFORM_CA);
    CHECK(run, platform_fields_fit(pck, x->claims->platform_ca), PCK_EXTENSION, PCK_EXTENSION, "platformInstanceId",
          v_text(x->claims->platform_ca ? "instance id and configuration" : "neither instance id nor configuration"),
          v_number((uint64_t)pck->has_platform_instance_id + (uint64_t)pck->has_configuration));
    x->claims->has_pck = true;
    x->claims->pck_not_before = x->leaf.not_before;
    x->claims->pck_not_after = x->leaf.not_after;
    return CHAOS_OK;
}

/* CPUSVN "certificate <= quote", component-wise: the certificate is of the highest TCB not above the platform's. */
static bool svn_not_above(chaos_slice certified, chaos_slice raw)
{
    for (size_t i = 0; i < certified.size; i++) {
        if (certified.data[i] > raw.data[i]) {
            return false;
        }
    }
    return true;
}

/* Types 1-3: the quote names the platform instead of bringing its certificate. */
static chaos_status check_reference(examination *x)
{
    check_run *run = &x->claims->run;
    const pck_extension *pck = &x->claims->pck;
    pck_reference named;
    fault why = { 0 };

    if (x->quote->cert_data_type > CERT_PPID_RSA3072) {
        return CHAOS_OK;
    }
    if (!pck_reference_read(x->quote->cert_data_type, x->quote->cert_data, &named, &why)) {
        x->own_fault = CHAOS_E_INTERNAL; /* dcap_quote_read has seen to the size */
        return CHAOS_E_INTERNAL;
    }
    CHECK(run,
          x->quote->cert_data_type != CERT_PPID_CLEAR ||
              slice_equal(named.ppid, slice(pck->ppid, sizeof pck->ppid)),
          PCK_EXTENSION, PCK_CERT_MISMATCH, "ppid", v_hex(named.ppid),
          v_hex(slice(pck->ppid, sizeof pck->ppid)));
    CHECK(run, named.pce_id == load_u16le(pck->pce_id), PCK_EXTENSION, PCK_CERT_MISMATCH, "pceid",
          v_number(named.pce_id), v_hex(slice(pck->pce_id, sizeof pck->pce_id)));
    CHECK(run, svn_not_above(slice(pck->cpu_svn, sizeof pck->cpu_svn), named.cpu_svn), PCK_EXTENSION, PCK_CERT_MISMATCH,
          "cpusvn", v_hex(named.cpu_svn), v_hex(slice(pck->cpu_svn, sizeof pck->cpu_svn)));
    CHECK(run, pck->pce_svn <= named.pce_svn, PCK_EXTENSION, PCK_CERT_MISMATCH, "pcesvn", v_number(named.pce_svn),
          v_number(pck->pce_svn));
    return CHAOS_OK;
}

static chaos_status check_issuer_dates(examination *x)
{
    check_run *run = &x->claims->run;
    const certificate *root = &x->root_certificate;

    CHECK(run, root->not_before <= x->now, PCK_DATES, ROOT_NOT_YET_VALID, "root.notBefore", v_time(x->now),
          v_time(root->not_before));
    CHECK(run, x->now <= root->not_after, PCK_DATES, ROOT_EXPIRED, "root.notAfter", v_time(x->now),
          v_time(root->not_after));
    CHECK(run, x->ca.not_before <= x->now, PCK_DATES, PCK_CHAIN_NOT_YET_VALID, "ca.notBefore", v_time(x->now),
          v_time(x->ca.not_before));
    CHECK(run, x->now <= x->ca.not_after, PCK_DATES, PCK_CHAIN_EXPIRED, "ca.notAfter", v_time(x->now),
          v_time(x->ca.not_after));
    note_validity(x, root->not_before, root->not_after);
    note_validity(x, x->ca.not_before, x->ca.not_after);
    return CHAOS_OK;
}

static chaos_status check_leaf_dates(examination *x)
{
    check_run *run = &x->claims->run;

    CHECK(run, x->leaf.not_before <= x->now, PCK_DATES, PCK_CERT_NOT_YET_VALID, "leaf.notBefore", v_time(x->now),
          v_time(x->leaf.not_before));
    CHECK(run, x->now <= x->leaf.not_after, PCK_DATES, PCK_CERT_EXPIRED, "leaf.notAfter", v_time(x->now),
          v_time(x->leaf.not_after));
    note_validity(x, x->leaf.not_before, x->leaf.not_after);
    return CHAOS_OK;
}

chaos_status verify_pck_chain(examination *x)
{
    CHAOS_TRY(read_chain(x));
    CHAOS_TRY(check_root(x));
    CHAOS_TRY(check_intermediate(x));
    CHAOS_TRY(check_leaf(x));
    CHAOS_TRY(check_extension(x));
    return check_reference(x);
}

chaos_status verify_pck_dates(examination *x)
{
    CHAOS_TRY(check_issuer_dates(x));
    return x->quote == NULL ? CHAOS_OK : check_leaf_dates(x); /* collateral alone has no leaf */
}

/* The chain that comes with the PCK CRL: CA and root, as in every quote behind the leaf. */
static chaos_status read_issuers(examination *x)
{
    check_run *run = &x->claims->run;
    certificate *const places[] = { &x->ca, &x->root_certificate };
    fault why = { 0 };

    CHECK_READ(run,
               certificates_read(x->parts->pck_crl_issuer_chain, x->collateral->sealed, x->pck_der, sizeof x->pck_der,
                                 places, CHAOS_ARRAY_SIZE(places), &why),
               PCK_CHAIN, &why);
    CHECK(run, role_is(&x->ca, 1), PCK_CHAIN, INTERMEDIATE_CA_NAME, "subject", v_text(CN_PLATFORM_CA),
          v_quoted(x->ca.subject_cn));
    x->claims->platform_ca = slice_is(x->ca.subject_cn, CN_PLATFORM_CA);
    return CHAOS_OK;
}

chaos_status verify_issuers(examination *x)
{
    CHAOS_TRY(read_issuers(x));
    CHAOS_TRY(check_root(x));
    return check_intermediate(x);
}
