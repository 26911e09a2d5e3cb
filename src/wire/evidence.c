/* evidence.c - the object that holds a piece of evidence: a quote, with or without its event log, or an envelope. */
#include <stdatomic.h>

#include "wire/internal.h"

CHAOS_CLEANUP(chaos_evidence);

void chaos_evidence_free(chaos_evidence *evidence)
{
    if (evidence != NULL && atomic_fetch_sub(&evidence->owners, 1) <= 1) {
        chaos_buffer_free(&evidence->storage);
        free(evidence);
    }
}

chaos_tee_kind chaos_evidence_tee(const chaos_evidence *evidence)
{
    return evidence->quote.tee;
}

chaos_keccak chaos_evidence_hash(const chaos_evidence *evidence)
{
    return evidence->hash;
}

chaos_slice chaos_evidence_bytes(const chaos_evidence *evidence)
{
    return evidence->bytes;
}

chaos_slice chaos_evidence_event_log(const chaos_evidence *evidence)
{
    return evidence->event_log;
}

bool chaos_evidence_binding(const chaos_evidence *evidence, chaos_binding *binding)
{
    if (evidence->is_envelope) {
        *binding = evidence->binding;
    }
    return evidence->is_envelope;
}

/* The count of owners is the one thing in it that changes. */
chaos_evidence *chaos_evidence_share(const chaos_evidence *evidence)
{
    chaos_evidence *shared = (chaos_evidence *)(uintptr_t)evidence;

    atomic_fetch_add(&shared->owners, 1);
    return shared;
}

/* ---------------------------------------------------------------- quote ---- */

static chaos_status check_size(chaos_slice bytes, unsigned limit, chaos_status status, const char *what,
                               chaos_error *err)
{
    if (bytes.size <= limit) {
        return CHAOS_OK;
    }
    (void)error_set(err, status, NULL, CHAOS_NO_OFFSET, "the %s is too large", what);
    error_expected(err, "at most %u bytes", limit);
    error_found(err, "%zu bytes", bytes.size);
    return status;
}

/* Reads `raw`; only TDX evidence has an event log. */
static bool read_quote(chaos_evidence *made, fault *why)
{
    if (!dcap_quote_read(made->raw, &made->quote, why)) {
        return false;
    }
    if (made->event_log.size > 0 && made->quote.tee != CHAOS_TEE_TDX) {
        return fault_set(why, CHAOS_E_EVENT_LOG_FORMAT, NULL, CHAOS_NO_OFFSET, "only TDX evidence has an event log");
    }
    return true;
}

chaos_status chaos_evidence_parse_with_log(chaos_slice quote, chaos_slice event_log, chaos_evidence **evidence,
                                           chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, made);
    uint8_t *bytes;
    fault why = { 0 };

    if (evidence == NULL || (quote.data == NULL && quote.size > 0) || (event_log.data == NULL && event_log.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(check_size(quote, CHAOS_MAX_EVIDENCE, CHAOS_E_QUOTE_FORMAT, "quote", err));
    CHAOS_TRY(check_size(event_log, CHAOS_MAX_EVENT_LOG, CHAOS_E_EVENT_LOG_FORMAT, "event log", err));
    made = calloc(1, sizeof *made + quote.size + event_log.size);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    bytes = (uint8_t *)(made + 1);
    if (quote.size > 0) {
        memcpy(bytes, quote.data, quote.size);
    }
    if (event_log.size > 0) {
        memcpy(bytes + quote.size, event_log.data, event_log.size);
    }
    made->owners = 1;
    made->bytes = slice(bytes, quote.size);
    made->raw = made->bytes;
    made->event_log = slice(bytes + quote.size, event_log.size);
    if (!read_quote(made, &why)) {
        return fault_to_error(&why, err);
    }
    CHAOS_GIVE(evidence, made);
    return CHAOS_OK;
}

chaos_status chaos_evidence_parse(chaos_slice quote, chaos_evidence **evidence, chaos_error *err)
{
    return chaos_evidence_parse_with_log(quote, slice(NULL, 0), evidence, err);
}

/* ------------------------------------------------------------- envelope ---- */

/* What other hardware says: nothing here reads it, so beside a quote it would be passed over. */
static bool has_other_hardware(const chaos_slice *parts)
{
    return parts[PART_NITRO_DOCUMENT].data != NULL || parts[PART_SNP_CERTIFICATES].data != NULL ||
           parts[PART_SNP_REPORT].data != NULL;
}

/* The one quote of an envelope, of the kind that its media type says, and the event log beside it. */
static bool take_quote(chaos_evidence *made, fault *why)
{
    const chaos_slice *parts = made->envelope.parts;
    const bool is_tdx = parts[PART_TDX_QUOTE].data != NULL;
    const bool is_sgx = parts[PART_SGX_QUOTE].data != NULL;

    if (is_tdx == is_sgx) {
        return fault_set(why, CHAOS_E_ENVELOPE_FORMAT, "evidence", CHAOS_NO_OFFSET,
                         "exactly one of tdx-quote and sgx-quote is needed");
    }
    if (has_other_hardware(parts)) {
        return fault_set(why, CHAOS_E_ENVELOPE_FORMAT, "evidence", CHAOS_NO_OFFSET,
                         "evidence of another TEE stands beside the quote");
    }
    made->raw = parts[is_tdx ? PART_TDX_QUOTE : PART_SGX_QUOTE];
    made->event_log = parts[PART_DSTACK_EVENT_LOG];
    if (!read_quote(made, why)) {
        return false;
    }
    if ((made->quote.tee == CHAOS_TEE_TDX) != is_tdx) {
        return fault_set(why, CHAOS_E_ENVELOPE_FORMAT, "evidence", CHAOS_NO_OFFSET,
                         "the quote is of another kind than its media type says");
    }
    return true;
}

static bool read_envelope(chaos_slice text, chaos_evidence *made, fault *why)
{
    const chaos_slice words = slice(made->envelope.binding, sizeof made->envelope.binding);

    return envelope_read(text, &made->storage, &made->envelope, why) && take_quote(made, why) &&
           binding_read(words, &made->binding, &made->type, why);
}

chaos_status chaos_envelope_parse(chaos_slice text, chaos_evidence **evidence, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, made);
    fault why = { 0 };

    if (evidence == NULL || (text.data == NULL && text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(check_size(text, CHAOS_MAX_ENVELOPE, CHAOS_E_ENVELOPE_FORMAT, "evidence envelope", err));
    made = calloc(1, sizeof *made + text.size);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (text.size > 0) {
        memcpy(made + 1, text.data, text.size);
    }
    made->owners = 1;
    made->bytes = slice(made + 1, text.size);
    made->storage.limit = text.size; /* all that is decoded goes there */
    made->is_envelope = true;
    made->hash = hash_keccak(text);
    if (!read_envelope(text, made, &why)) {
        return fault_to_error(&why, err);
    }
    CHAOS_GIVE(evidence, made);
    return CHAOS_OK;
}
