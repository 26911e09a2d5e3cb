/* resign.c - see resign.h. */
#include "sim/resign.h"

#define MAX_PART (1u << 20)

const char *const resign_names[RESIGN_PARTS] = {
    [RESIGN_PCK] = "PCK certificate",
    [RESIGN_CA] = "PCK CA certificate",
    [RESIGN_TCB_SIGNER] = "TCB signing certificate",
    [RESIGN_ROOT_CRL] = "root CRL",
    [RESIGN_PCK_CRL] = "PCK CRL",
    [RESIGN_TCB_INFO] = "TCB info",
    [RESIGN_QE_IDENTITY] = "QE identity",
    [RESIGN_QE_REPORT] = "QE report",
    [RESIGN_QUOTE] = "header and body",
};

/* ------------------------------------------------------------- taking apart ---- */

static bool keep(resign_set *set, resign_part part, chaos_slice bytes)
{
    set->parts[part] = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_PART);
    return buffer_append(&set->parts[part], bytes);
}

static bool keep_chain(resign_set *set, chaos_slice pem, size_t count, const resign_part *places)
{
    uint8_t *storage = malloc(pem.size + 1);
    chaos_slice der[3];
    certificate c;
    fault why;
    bool good = storage != NULL && pem_read(pem, "CERTIFICATE", CHAOS_E_INTERNAL, CHAOS_E_INTERNAL, storage, pem.size,
                                            der, CHAOS_ARRAY_SIZE(der), &why) == count;

    for (size_t i = 0; good && i < count; i++) {
        good = certificate_read(der[i], CHAOS_E_INTERNAL, &c, &why) &&
               (places[i] == RESIGN_PARTS || keep(set, places[i], c.tbs));
    }
    if (good && set->root.size == 0) {
        set->root = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_PART);
        good = buffer_append(&set->root, der[count - 1]);
    }
    free(storage);
    return good;
}

static bool keep_list(resign_set *set, resign_part part, chaos_slice text)
{
    CHAOS_AUTO_BUFFER(storage, MAX_PART);
    chaos_slice der;
    crl list;
    fault why;

    return collateral_crl_der(text, &storage, &der, &why) && crl_read(der, &list, &why) && keep(set, part, list.tbs);
}

bool resign_begin(resign_set *set, forge_kind kind, const forge_options *options)
{
    static const resign_part quote_places[] = { RESIGN_PCK, RESIGN_CA, RESIGN_PARTS };
    static const resign_part signer_places[] = { RESIGN_TCB_SIGNER, RESIGN_PARTS };
    static const forge_options defaults;
    const forge_options *o = options == NULL ? &defaults : options;
    const char *seed = o->seed != NULL ? o->seed : "chaoschain-simulator";

    memset(set, 0, sizeof *set);
    if (forge_make(kind, o, NULL, &set->made, NULL) != CHAOS_OK ||
        chaos_evidence_parse(buffer_slice(&set->made.quote), &set->evidence, NULL) != CHAOS_OK ||
        chaos_collateral_parse(buffer_slice(&set->made.collateral), &set->collateral, NULL) != CHAOS_OK ||
        !keyring_make(seed, o->platform != NULL ? o->platform : seed, &set->keys)) {
        resign_end(set);
        return false;
    }
    const dcap_quote *quote = &set->evidence->quote;
    const collateral_parts *parts = &set->collateral->parts;
    if (keep_chain(set, quote->cert_data, CHAOS_ARRAY_SIZE(quote_places), quote_places) &&
        keep_chain(set, parts->tcb_info_issuer_chain, CHAOS_ARRAY_SIZE(signer_places), signer_places) &&
        keep_list(set, RESIGN_ROOT_CRL, parts->root_ca_crl) && keep_list(set, RESIGN_PCK_CRL, parts->pck_crl) &&
        keep(set, RESIGN_TCB_INFO, parts->tcb_info) && keep(set, RESIGN_QE_IDENTITY, parts->qe_identity) &&
        keep(set, RESIGN_QE_REPORT, quote->qe_report) && keep(set, RESIGN_QUOTE, quote->signed_bytes)) {
        return true;
    }
    resign_end(set);
    return false;
}

void resign_end(resign_set *set)
{
    forge_result_free(&set->made);
    chaos_evidence_free(set->evidence);
    chaos_collateral_free(set->collateral);
    chaos_buffer_free(&set->root);
    for (size_t i = 0; i < RESIGN_PARTS; i++) {
        chaos_buffer_free(&set->parts[i]);
    }
    memset(set, 0, sizeof *set);
}

/* --------------------------------------------------------- putting together ---- */

/* Certificate and list have one form: what is signed, the algorithm, the signature. */
static bool sign_der(const resign_set *set, resign_part part, sim_key key, const char *label, chaos_buffer *pem)
{
    static const uint8_t algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    CHAOS_AUTO_BUFFER(signature, 256);
    CHAOS_AUTO_BUFFER(der, MAX_PART);
    chaos_slice tbs = buffer_slice(&set->parts[part]);
    p256_signature raw;
    der_writer w = der_writer_begin(&der);

    if (!keyring_sign(&set->keys, key, tbs, &raw) || !signature_write_der(&raw, &signature)) {
        return false;
    }
    der_open(&w, DER_SEQUENCE);
    der_write_raw(&w, tbs);
    der_write_raw(&w, slice(algorithm, sizeof algorithm));
    der_write_bits(&w, buffer_slice(&signature), 0);
    der_close(&w);
    return der_writer_end(&w) && pem_write(label, buffer_slice(&der), pem);
}

static bool append_root(const resign_set *set, chaos_buffer *pem)
{
    return pem_write("CERTIFICATE", buffer_slice(&set->root), pem);
}

static bool sign_text(const resign_set *set, resign_part part, sim_key key, char digits[4 * P256_SIZE])
{
    p256_signature raw;

    if (!keyring_sign(&set->keys, key, buffer_slice(&set->parts[part]), &raw)) {
        return false;
    }
    hex_encode(slice(&raw, sizeof raw), digits);
    return true;
}

static bool make_collateral(const resign_set *set, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(signer_chain, MAX_PART);
    CHAOS_AUTO_BUFFER(crl_chain, MAX_PART);
    CHAOS_AUTO_BUFFER(root_crl, MAX_PART);
    CHAOS_AUTO_BUFFER(pck_crl, MAX_PART);
    char tcb_signature[4 * P256_SIZE], identity_signature[4 * P256_SIZE];

    if (!sign_der(set, RESIGN_TCB_SIGNER, KEY_ROOT, "CERTIFICATE", &signer_chain) || !append_root(set, &signer_chain) ||
        !sign_der(set, RESIGN_CA, KEY_ROOT, "CERTIFICATE", &crl_chain) || !append_root(set, &crl_chain) ||
        !sign_der(set, RESIGN_ROOT_CRL, KEY_ROOT, "X509 CRL", &root_crl) ||
        !sign_der(set, RESIGN_PCK_CRL, KEY_PCK_CA, "X509 CRL", &pck_crl) ||
        !sign_text(set, RESIGN_TCB_INFO, KEY_TCB_SIGNER, tcb_signature) ||
        !sign_text(set, RESIGN_QE_IDENTITY, KEY_TCB_SIGNER, identity_signature)) {
        return false;
    }
    const collateral_parts parts = {
        .pck_crl_issuer_chain = buffer_slice(&crl_chain),
        .root_ca_crl = buffer_slice(&root_crl),
        .pck_crl = buffer_slice(&pck_crl),
        .tcb_info_issuer_chain = buffer_slice(&signer_chain),
        .tcb_info = buffer_slice(&set->parts[RESIGN_TCB_INFO]),
        .tcb_info_signature = slice(tcb_signature, sizeof tcb_signature),
        .qe_identity_issuer_chain = buffer_slice(&signer_chain),
        .qe_identity = buffer_slice(&set->parts[RESIGN_QE_IDENTITY]),
        .qe_identity_signature = slice(identity_signature, sizeof identity_signature),
    };
    return collateral_write(&parts, out);
}

static bool make_quote(const resign_set *set, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(chain, MAX_PART);
    dcap_quote quote = set->evidence->quote;
    chaos_slice signed_bytes = buffer_slice(&set->parts[RESIGN_QUOTE]);
    chaos_slice report = buffer_slice(&set->parts[RESIGN_QE_REPORT]);

    if (signed_bytes.size != quote.signed_bytes.size || report.size != quote.qe_report.size ||
        !sign_der(set, RESIGN_PCK, KEY_PCK_CA, "CERTIFICATE", &chain) ||
        !sign_der(set, RESIGN_CA, KEY_ROOT, "CERTIFICATE", &chain) || !append_root(set, &chain) ||
        !keyring_sign(&set->keys, KEY_PCK, report, &quote.qe_report_signature) ||
        !keyring_sign(&set->keys, KEY_ATTESTATION, signed_bytes, &quote.signature)) {
        return false;
    }
    quote.header = slice(signed_bytes.data, QUOTE_HEADER_SIZE);
    quote.body = slice(signed_bytes.data + QUOTE_HEADER_SIZE, signed_bytes.size - QUOTE_HEADER_SIZE);
    quote.qe_report = report;
    quote.cert_data = buffer_slice(&chain);
    return dcap_quote_write(&quote, out);
}

bool resign_make(const resign_set *set, chaos_buffer *quote, chaos_buffer *collateral)
{
    return make_quote(set, quote) && make_collateral(set, collateral);
}
