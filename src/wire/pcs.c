/* pcs.c - the answers of Intel's provisioning certification service, versions 3 and 4, and of caching services in front
 * of it, as the parts of the interchange form. Bodies are JSON with an object that was signed byte for byte; issuer
 * chains come in headers. Nothing is believed here: verify/ looks at every byte of it. */
#include "wire/internal.h"

#define MAX_CHAIN_HEADER 32768u

const char *pcs_chain_header(pcs_call call, unsigned version)
{
    switch (call) {
    case PCS_TCB_INFO:
        return version == 3 ? "SGX-TCB-Info-Issuer-Chain" : "TCB-Info-Issuer-Chain";
    case PCS_QE_IDENTITY:
        return "SGX-Enclave-Identity-Issuer-Chain";
    case PCS_PCK_CRL:
        return "SGX-PCK-CRL-Issuer-Chain";
    case PCS_PCK_CERTIFICATE:
        return "SGX-PCK-Certificate-Issuer-Chain";
    }
    return "";
}

/* ------------------------------------------------------------------ chains ---- */

/* What the escape or character at text[*at] stands for; -1 if it is no escape. */
static int unescape(chaos_slice text, size_t *at)
{
    uint8_t byte = text.data[*at];

    if (byte != '%') {
        *at += 1;
        return byte;
    }
    if (text.size - *at < 3 || !hex_decode(slice(text.data + *at + 1, 2), &byte, 1)) {
        return -1;
    }
    *at += 3;
    return byte;
}

static bool is_of_pem(int c)
{
    return c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7e);
}

bool pcs_chain_read(chaos_slice header, chaos_buffer *storage, chaos_slice *pem, fault *why)
{
    uint8_t *out;
    size_t size = 0;

    *why = (fault){ 0 };
    if (header.size == 0 || header.size > MAX_CHAIN_HEADER) {
        return fault_set(why, CHAOS_E_COLLATERAL_FORMAT, "issuer_chain", 0,
                         header.size == 0 ? "the header is missing" : "the header is too long");
    }
    out = buffer_reserve(storage, header.size);
    if (out == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, "issuer_chain", CHAOS_NO_OFFSET, "no room for the decoded chain");
    }
    for (size_t at = 0; at < header.size;) {
        size_t begin = at;
        int c = unescape(header, &at);

        if (!is_of_pem(c)) {
            return fault_set(why, CHAOS_E_COLLATERAL_FORMAT, "issuer_chain", begin,
                             c < 0 ? "an escape is malformed" : "a character has no place in PEM");
        }
        out[size++] = (uint8_t)c;
    }
    storage->size += size;
    *pem = slice(out, size);
    return true;
}

/* ------------------------------------------------------------------- bodies ---- */

bool pcs_signed_read(chaos_slice body, const char *member, chaos_slice *object, chaos_slice *signature, fault *why)
{
    bool has_object = false, has_signature = false;
    chaos_slice key;
    json j;

    *why = (fault){ 0 };
    if (body.size > CHAOS_MAX_COLLATERAL) {
        return fault_set(why, CHAOS_E_COLLATERAL_FORMAT, member, CHAOS_MAX_COLLATERAL, "larger than it may be");
    }
    json_begin(&j, body, CHAOS_E_COLLATERAL_FORMAT);
    json_enter_object(&j, "body");
    while (json_key(&j, &key)) {
        if (slice_is(key, member)) {
            bool is_object = json_peek(&j) == JSON_KIND_OBJECT;

            json_skip(&j, member, object);
            has_object = true;
            if (!is_object) {
                json_bad(&j, "an object is expected");
            }
        } else if (slice_is(key, "signature")) {
            *signature = json_plain_string(&j, "signature");
            has_signature = true;
        } else {
            json_skip(&j, "unknown member", NULL); /* Intel adds members; they are not signed and mean nothing here */
        }
    }
    json_end(&j);
    json_require(&j, has_object, member);
    json_require(&j, has_signature, "signature");
    if (!json_ok(&j)) {
        *why = j.r.why;
        return false;
    }
    return true;
}

/* A list in any of its forms, as hex digits. */
static bool list_to_hex(chaos_slice body, chaos_buffer *storage, chaos_slice *hex, fault *why)
{
    chaos_slice der;
    uint8_t *out;

    if (!collateral_crl_der(body, storage, &der, why)) {
        return false;
    }
    out = buffer_reserve(storage, 2 * der.size);
    if (out == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, "crl", CHAOS_NO_OFFSET, "no room for the list");
    }
    hex_encode(der, (char *)out);
    storage->size += 2 * der.size;
    *hex = slice(out, 2 * der.size);
    return true;
}

/* The leaf of the body and its issuers of the header, one PEM text. */
static bool join_chain(const pcs_answer *answer, chaos_buffer *storage, chaos_slice *chain, fault *why)
{
    chaos_slice issuers, leaf = answer->body;
    uint8_t *begin = buffer_reserve(storage, leaf.size + 1 + answer->issuer_chain.size);

    if (begin == NULL || !buffer_append(storage, leaf) ||
        (leaf.data[leaf.size - 1] != '\n' && !buffer_append_text(storage, "\n"))) {
        return fault_set(why, CHAOS_E_MEMORY, "pck_certificate_chain", CHAOS_NO_OFFSET, "no room for the chain");
    }
    if (!pcs_chain_read(answer->issuer_chain, storage, &issuers, why)) {
        return false;
    }
    *chain = slice(begin, (size_t)(issuers.data + issuers.size - begin));
    return true;
}

/* A list takes three times its text at most: DER again and twice that in digits, where DER came. */
static size_t room_needed(const pcs_answers *a)
{
    return 3 * (a->pck_crl.body.size + a->root_ca_crl.size) + a->tcb_info.issuer_chain.size +
           a->qe_identity.issuer_chain.size + a->pck_crl.issuer_chain.size + a->pck_certificate.body.size + 1 +
           a->pck_certificate.issuer_chain.size;
}

bool pcs_to_collateral(const pcs_answers *a, chaos_buffer *storage, collateral_parts *out, fault *why)
{
    collateral_parts parts = { 0 };
    size_t before = storage->size;

    *why = (fault){ 0 };
    if (a->pck_crl.body.size > CHAOS_MAX_COLLATERAL || a->root_ca_crl.size > CHAOS_MAX_COLLATERAL ||
        a->pck_certificate.body.size > CHAOS_MAX_COLLATERAL || buffer_reserve(storage, room_needed(a)) == NULL) {
        return fault_set(why, CHAOS_E_COLLATERAL_FORMAT, "collateral", CHAOS_NO_OFFSET, "larger than it may be");
    }
    if (!pcs_signed_read(a->tcb_info.body, "tcbInfo", &parts.tcb_info, &parts.tcb_info_signature, why) ||
        !pcs_signed_read(a->qe_identity.body, "enclaveIdentity", &parts.qe_identity, &parts.qe_identity_signature,
                         why) ||
        !pcs_chain_read(a->tcb_info.issuer_chain, storage, &parts.tcb_info_issuer_chain, why) ||
        !pcs_chain_read(a->qe_identity.issuer_chain, storage, &parts.qe_identity_issuer_chain, why) ||
        !pcs_chain_read(a->pck_crl.issuer_chain, storage, &parts.pck_crl_issuer_chain, why) ||
        !list_to_hex(a->pck_crl.body, storage, &parts.pck_crl, why) ||
        !list_to_hex(a->root_ca_crl, storage, &parts.root_ca_crl, why) ||
        (a->pck_certificate.body.size > 0 &&
         !join_chain(&a->pck_certificate, storage, &parts.pck_certificate_chain, why))) {
        storage->size = before;
        return false;
    }
    *out = parts;
    return true;
}
