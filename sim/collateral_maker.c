/* collateral_maker.c - TCB info (version 3) and QE identity (version 2) as Intel's PCS serves them,
 * signed, and the interchange JSON around them. */
#include "sim/recipe.h"

#define ADVISORY "\"advisoryIDs\":[\"INTEL-SA-00999\"]"
#define MR_SIGNER_ZERO                                 \
    "000000000000000000000000000000000000000000000000" \
    "000000000000000000000000000000000000000000000000"
#define MAX_SIGNATURE_TEXT 256

/* ------------------------------------------------------------------- texts ---- */

static const uint8_t *find(chaos_slice text, chaos_slice what)
{
    for (size_t i = 0; i + what.size <= text.size; i++) {
        if (memcmp(text.data + i, what.data, what.size) == 0) {
            return text.data + i;
        }
    }
    return NULL;
}

bool text_edit_apply(const text_edit *edit, chaos_buffer *text)
{
    if (edit->from == NULL) {
        return edit->to == NULL || buffer_append_text(text, edit->to);
    }
    chaos_slice from = slice_text(edit->from);
    chaos_slice to = slice_text(edit->to);
    const uint8_t *place = text->size == 0 ? NULL : find(buffer_slice(text), from);
    if (place == NULL) {
        return false;
    }
    size_t before = (size_t)(place - text->data);
    size_t after = text->size - before - from.size;
    if (to.size > from.size && buffer_reserve(text, to.size - from.size) == NULL) {
        return false;
    }
    memmove(text->data + before + to.size, text->data + before + from.size, after);
    memcpy(text->data + before, to.data, to.size);
    text->size = before + to.size + after;
    return true;
}

static bool append_hex_upper(chaos_slice bytes, chaos_buffer *out)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (!buffer_append_format(out, "%02X", bytes.data[i])) {
            return false;
        }
    }
    return true;
}

static bool append_components(const char *name, const uint8_t svns[16], chaos_buffer *out)
{
    if (!buffer_append_format(out, "\"%s\":[", name)) {
        return false;
    }
    for (size_t i = 0; i < 16; i++) {
        if (!buffer_append_format(out, "%s{\"svn\":%u}", i == 0 ? "" : ",", svns[i])) {
            return false;
        }
    }
    return buffer_append_text(out, "]");
}

static bool append_level_tail(const level_spec *level, size_t index, chaos_buffer *out)
{
    return buffer_append_format(out, "},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"%s}", level->date,
                                level->status, index == 0 ? "" : "," ADVISORY);
}

/* ---------------------------------------------------------------- TCB info ---- */

static bool append_platform_levels(const recipe *r, chaos_buffer *out)
{
    const level_spec *levels = r->tcb_info.levels;
    bool good = buffer_append_text(out, "\"tcbLevels\":[");
    for (size_t i = 0; good && i < SIM_LEVELS; i++) {
        good = buffer_append_format(out, "%s{\"tcb\":{", i == 0 ? "" : ",") &&
               append_components("sgxtcbcomponents", levels[i].sgx, out) &&
               buffer_append_format(out, ",\"pcesvn\":%u", levels[i].svn) &&
               (r->kind != FORGE_TDX4 || (buffer_append_text(out, ",") &&
                                          append_components("tdxtcbcomponents", levels[i].tdx, out))) &&
               append_level_tail(&levels[i], i, out);
    }
    return good && buffer_append_text(out, "]");
}

static bool append_svn_levels(const level_spec *levels, chaos_buffer *out)
{
    bool good = buffer_append_text(out, "\"tcbLevels\":[");
    for (size_t i = 0; good && i < SIM_LEVELS; i++) {
        good = buffer_append_format(out, "%s{\"tcb\":{\"isvsvn\":%u", i == 0 ? "" : ",", levels[i].svn) &&
               append_level_tail(&levels[i], i, out);
    }
    return good && buffer_append_text(out, "]");
}

static bool append_module(const tcb_info_spec *spec, chaos_buffer *out)
{
    static const char identity[] = "\"mrsigner\":\"" MR_SIGNER_ZERO "\",\"attributes\":\"0000000000000000\","
                                   "\"attributesMask\":\"FFFFFFFFFFFFFFFF\"";
    return buffer_append_format(out, "\"tdxModule\":{%s},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",%s,",
                                identity, identity) &&
           append_svn_levels(spec->module_levels, out) && buffer_append_text(out, "}],");
}

bool tcb_info_make(const recipe *r, chaos_buffer *text)
{
    const tcb_info_spec *spec = &r->tcb_info;
    char issued[TIME_TEXT_SIZE];
    char next[TIME_TEXT_SIZE];
    return buffer_append_format(
               text,
               "{\"id\":\"%s\",\"version\":3,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"fmspc\":\"%s\","
               "\"pceId\":\"%s\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,",
               spec->id, time_format(spec->issue_date, issued), time_format(spec->next_update, next),
               spec->fmspc, spec->pce_id) &&
           (r->kind != FORGE_TDX4 || append_module(spec, text)) && append_platform_levels(r, text) &&
           buffer_append_text(text, "}") && text_edit_apply(&spec->text.before, text) &&
           text_edit_apply(&spec->text.before_too, text);
}

/* ------------------------------------------------------------- QE identity ---- */

bool identity_make(const recipe *r, chaos_buffer *text)
{
    const identity_spec *spec = &r->identity;
    chaos_sha256 signer = hash_sha256(slice_text("qe signer"));
    char issued[TIME_TEXT_SIZE];
    char next[TIME_TEXT_SIZE];
    return buffer_append_format(
               text,
               "{\"id\":\"%s\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
               "\"tcbEvaluationDataNumber\":18,\"miscselect\":\"00000000\",\"miscselectMask\":\"%s\","
               "\"attributes\":\"11000000000000000000000000000000\",\"attributesMask\":\"%s\","
               "\"mrsigner\":\"",
               spec->id, time_format(spec->issue_date, issued), time_format(spec->next_update, next),
               spec->misc_select_mask, spec->attributes_mask) &&
           append_hex_upper(slice(signer.bytes, sizeof signer.bytes), text) &&
           buffer_append_format(text, "\",\"isvprodid\":%d,", r->kind == FORGE_TDX4 ? 2 : 1) &&
           append_svn_levels(spec->levels, text) && buffer_append_text(text, "}") &&
           text_edit_apply(&spec->text.before, text) && text_edit_apply(&spec->text.before_too, text);
}

/* -------------------------------------------------------------- signatures ---- */

static bool append_hex(chaos_slice bytes, chaos_buffer *out)
{
    uint8_t *room = buffer_reserve(out, 2 * bytes.size);
    if (room == NULL) {
        return false;
    }
    hex_encode(bytes, (char *)room);
    out->size += 2 * bytes.size;
    return true;
}

static bool append_der_form(const p256_signature *signature, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(der, MAX_SIGNATURE_TEXT);
    return signature_write_der(signature, &der) && append_hex(buffer_slice(&der), out);
}

/* The signature of `text` by the spec's signer, in the spec's form. */
static bool signature_make(const recipe *r, const signed_text *spec, chaos_slice text, chaos_buffer *out)
{
    p256_signature raw;
    if (!keyring_sign(&r->keys, spec->signer, text, &raw)) {
        return false;
    }
    if (spec->form == FORM_EMPTY) {
        return true;
    }
    if (spec->form == FORM_DER) {
        return append_der_form(&raw, out);
    }
    if (spec->form == FORM_FLIPPED) {
        raw.s[P256_SIZE - 1] ^= 0x01;
    } else if (spec->form == FORM_ZERO) {
        memset(&raw, 0, sizeof raw);
    }
    if ((spec->form == FORM_0X && !buffer_append_text(out, "0x")) ||
        !append_hex(slice(&raw, sizeof raw), out)) {
        return false;
    }
    if (spec->form == FORM_NOT_HEX) {
        out->data[0] = 'g';
    }
    out->size -= spec->form == FORM_SHORT ? 2 : spec->form == FORM_ODD ? 1
                                                                       : 0;
    return spec->form != FORM_LONG || buffer_append_text(out, "00");
}

/* A signed text and its signature: made, signed, and then perhaps edited. */
typedef struct statement {
    chaos_buffer text, signature;
} statement;

static bool statement_finish(const recipe *r, const signed_text *spec, statement *made,
                             chaos_slice other_text)
{
    chaos_slice covered = spec->form == FORM_OF_THE_OTHER ? other_text : buffer_slice(&made->text);
    return signature_make(r, spec, covered, &made->signature) && text_edit_apply(&spec->after, &made->text);
}

static bool statements_make(const recipe *r, statement *tcb, statement *identity)
{
    return tcb_info_make(r, &tcb->text) && identity_make(r, &identity->text) &&
           statement_finish(r, &r->tcb_info.text, tcb, buffer_slice(&identity->text)) &&
           statement_finish(r, &r->identity.text, identity, buffer_slice(&tcb->text));
}

/* -------------------------------------------------------- interchange JSON ---- */

/* One member, its value as a JSON string. Our texts hold no other control character than LF (and NUL in a
 * broken one). */
static bool append_member(const char *name, chaos_slice value, chaos_buffer *out)
{
    if (!buffer_append_format(out, "%s\"%s\":\"", out->size == 0 ? "{" : ",", name)) {
        return false;
    }
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        bool good = c == '"' || c == '\\' ? buffer_append_format(out, "\\%c", c)
                    : c == '\n'           ? buffer_append_text(out, "\\n")
                    : c < 0x20            ? buffer_append_format(out, "\\u%04x", c)
                                          : buffer_append(out, slice(&value.data[i], 1));
        if (!good) {
            return false;
        }
    }
    return buffer_append_text(out, "\"");
}

static bool append_chain(const recipe *r, const char *name, const chain_spec *chain, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(pem, CHAOS_MAX_COLLATERAL);
    return chain_make(r, chain, &pem) && append_member(name, buffer_slice(&pem), out);
}

static bool append_crl(const recipe *r, const char *name, const crl_spec *spec, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(der, MAX_CRL);
    CHAOS_AUTO_BUFFER(hex, CHAOS_MAX_COLLATERAL);
    if (!crl_make(r, spec, &der) || (der.size > 0 && !append_hex(buffer_slice(&der), &hex))) {
        return false;
    }
    if (spec->flaw == CRL_NOT_TEXT) {
        hex.data[hex.size - 1] = '?';
    }
    return append_member(name, buffer_slice(&hex), out);
}

static bool append_collateral(const recipe *r, const statement *tcb, const statement *identity,
                              chaos_buffer *out)
{
    return append_chain(r, "pck_crl_issuer_chain", &r->crl_chain, out) &&
           append_crl(r, "root_ca_crl", &r->root_crl, out) && append_crl(r, "pck_crl", &r->pck_crl, out) &&
           append_chain(r, "tcb_info_issuer_chain", &r->tcb_chain, out) &&
           append_member("tcb_info", buffer_slice(&tcb->text), out) &&
           append_member("tcb_info_signature", buffer_slice(&tcb->signature), out) &&
           append_chain(r, "qe_identity_issuer_chain", &r->identity_chain, out) &&
           append_member("qe_identity", buffer_slice(&identity->text), out) &&
           append_member("qe_identity_signature", buffer_slice(&identity->signature), out) &&
           (r->collateral_chain.count == 0 ||
            append_chain(r, "pck_certificate_chain", &r->collateral_chain, out)) &&
           buffer_append_text(out, "}") && text_edit_apply(&r->collateral_edit, out);
}

bool collateral_make(const recipe *r, chaos_buffer *json_text)
{
    statement tcb = { CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL), CHAOS_BUFFER_INIT(MAX_SIGNATURE_TEXT) };
    statement identity = tcb;
    bool good = statements_make(r, &tcb, &identity) && append_collateral(r, &tcb, &identity, json_text);
    chaos_buffer_free(&tcb.text);
    chaos_buffer_free(&tcb.signature);
    chaos_buffer_free(&identity.text);
    chaos_buffer_free(&identity.signature);
    return good;
}
