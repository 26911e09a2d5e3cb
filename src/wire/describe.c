/* describe.c - evidence as JSON for people: every field by its specification name, marked unverified. */
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_TABLE_FIELDS 48

static void write_field(json_writer *w, const wire_field *field, chaos_slice bytes)
{
    chaos_slice value = slice(bytes.data + field->offset, field->size);

    switch (field->kind) {
    case FIELD_HEX:
        json_write_hex(w, field->name, value);
        return;
    case FIELD_U8:
        json_write_unsigned(w, field->name, value.data[0]);
        return;
    case FIELD_U16:
        json_write_unsigned(w, field->name, load_u16le(value.data));
        return;
    case FIELD_U32:
        json_write_unsigned(w, field->name, load_u32le(value.data));
        return;
    case FIELD_U64:
        json_write_hex(w, field->name, value); /* may exceed what JSON numbers carry */
        return;
    }
}

/* RFC 8785 wants members in order of their names; the table is in order of offsets. */
static void write_table(json_writer *w, const char *key, const wire_table *table, chaos_slice bytes)
{
    const wire_field *sorted[MAX_TABLE_FIELDS];
    size_t count = 0;

    for (size_t i = 0; i < table->count && count < MAX_TABLE_FIELDS; i++) {
        size_t at = count++;

        while (at > 0 && strcmp(sorted[at - 1]->name, table->fields[i].name) > 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = &table->fields[i];
    }
    json_write_object(w, key);
    for (size_t i = 0; i < count; i++) {
        write_field(w, sorted[i], bytes);
    }
    json_write_object_end(w);
}

/* The leaf that a chain in the quote begins with, if it can be read at all. */
static void write_pck(json_writer *w, const dcap_quote *quote)
{
    uint8_t der[MAX_CERTIFICATE * 3];
    chaos_slice blocks[3];
    certificate leaf;
    pck_extension pck;
    fault why = { 0 };

    if (quote->cert_data_type != CERT_PCK_CHAIN ||
        pem_read(quote->cert_data, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, der, sizeof der,
                 blocks, 3, &why) == 0 ||
        !certificate_read(blocks[0], CHAOS_E_PCK_CHAIN_FORMAT, &leaf, &why) ||
        !pck_extension_read(leaf.sgx_extension, &pck, &why)) {
        json_write_null(w, "pck_certificate");
        return;
    }
    json_write_object(w, "pck_certificate");
    json_write_hex(w, "cpusvn", slice(pck.cpu_svn, sizeof pck.cpu_svn));
    json_write_hex(w, "fmspc", slice(pck.fmspc, sizeof pck.fmspc));
    json_write_time(w, "not_after", leaf.not_after);
    json_write_time(w, "not_before", leaf.not_before);
    json_write_hex(w, "pceid", slice(pck.pce_id, sizeof pck.pce_id));
    json_write_unsigned(w, "pcesvn", pck.pce_svn);
    json_write_text(w, "pck_ca", pck.has_platform_instance_id ? "platform" : "processor");
    json_write_hex(w, "ppid", slice(pck.ppid, sizeof pck.ppid));
    json_write_hex(w, "serial", leaf.serial);
    json_write_unsigned(w, "sgx_type", pck.sgx_type);
    json_write_object_end(w);
}

static void write_signature_data(json_writer *w, const dcap_quote *quote)
{
    json_write_object(w, "signature_data");
    json_write_hex(w, "attestation_key", slice(&quote->attestation_key, sizeof quote->attestation_key));
    json_write_unsigned(w, "cert_data_size", quote->cert_data.size);
    json_write_unsigned(w, "cert_data_type", quote->cert_data_type);
    write_pck(w, quote);
    json_write_hex(w, "qe_auth_data", quote->qe_auth_data);
    write_table(w, "qe_report", sgx_report_table(), quote->qe_report);
    json_write_hex(w, "qe_report_signature", slice(&quote->qe_report_signature, sizeof quote->qe_report_signature));
    json_write_hex(w, "signature", slice(&quote->signature, sizeof quote->signature));
    json_write_object_end(w);
}

/* All 64 bits, which JSON numbers do not carry. */
static void write_decimal(json_writer *w, const char *key, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    json_write_text(w, key, text);
}

#define WRITE_0X(w, key, value) json_write_0x((w), (key), slice((value).bytes, sizeof(value).bytes))

static void write_binding(json_writer *w, const chaos_evidence *evidence)
{
    const chaos_binding *binding = &evidence->binding;

    json_write_object(w, "binding");
    WRITE_0X(w, "agentId", binding->agent_id);
    WRITE_0X(w, "agentURIHash", binding->agent_uri_hash);
    write_decimal(w, "anchorBlock", binding->anchor_block);
    WRITE_0X(w, "bindingType", evidence->type);
    WRITE_0X(w, "chainId", binding->chain_id);
    write_decimal(w, "expiresAt", binding->expires_at);
    WRITE_0X(w, "identityKey", binding->identity_key);
    WRITE_0X(w, "identityRegistry", binding->identity_registry);
    write_decimal(w, "issuedAt", binding->issued_at);
    WRITE_0X(w, "nonce", binding->nonce);
    WRITE_0X(w, "policyHash", binding->policy_hash);
    WRITE_0X(w, "publicKeyHash", binding->public_key_hash);
    json_write_unsigned(w, "stage", binding->stage);
    WRITE_0X(w, "subject", binding->subject);
    WRITE_0X(w, "tlsSpkiHash", binding->tls_spki_hash);
    json_write_object_end(w);
}

static void write_envelope(json_writer *w, const chaos_evidence *evidence)
{
    const envelope *e = &evidence->envelope;

    if (!evidence->is_envelope) {
        return;
    }
    json_write_object(w, "envelope");
    write_binding(w, evidence);
    json_write_boolean(w, "collateral", e->collateral.data != NULL);
    json_write_boolean(w, "endorsement", e->has_endorsement);
    WRITE_0X(w, "evidence_hash", evidence->hash);
    json_write_array(w, "parts");
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        if (e->parts[part].data != NULL) {
            json_write_text(w, NULL, envelope_part_names[part]);
        }
    }
    json_write_array_end(w);
    json_write_bytes_as_text(w, "provider", e->provider);
    json_write_object_end(w);
}

chaos_status chaos_evidence_describe(const chaos_evidence *evidence, chaos_buffer *text, chaos_error *err)
{
    const dcap_quote *quote;
    json_writer w;

    if (evidence == NULL || text == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "evidence and json may not be NULL");
    }
    quote = &evidence->quote;
    w = json_writer_begin(text);
    json_write_object(&w, NULL);
    write_table(&w, "body", quote_body_table(quote->body_type), quote->body);
    json_write_unsigned(&w, "body_type", (uint64_t)quote->body_type);
    json_write_unsigned(&w, "bytes", quote->consumed);
    write_envelope(&w, evidence);
    write_table(&w, "header", &quote_header_table, quote->header);
    json_write_text(&w, "schema", "chaoschain/inspection/1");
    write_signature_data(&w, quote);
    json_write_text(&w, "tee", quote->tee == CHAOS_TEE_TDX ? "tdx" : "sgx");
    json_write_unsigned(&w, "trailing_zero_bytes", quote->trailing);
    json_write_boolean(&w, "unverified", true);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        return error_set(err, json_writer_status(&w), NULL, CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}
