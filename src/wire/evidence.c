/* evidence.c - the object that holds a piece of evidence and, if there is one, its event log. */
#include "wire/wire.h"

CHAOS_CLEANUP(chaos_evidence);

void chaos_evidence_free(chaos_evidence *evidence)
{
    free(evidence);
}

chaos_tee_kind chaos_evidence_tee(const chaos_evidence *evidence)
{
    return evidence->quote.tee;
}

static chaos_status check_sizes(chaos_slice quote, chaos_slice event_log, chaos_error *err)
{
    if (quote.size > CHAOS_MAX_EVIDENCE) {
        (void)error_set(err, CHAOS_E_QUOTE_FORMAT, NULL, CHAOS_NO_OFFSET, "the quote is too large");
        error_expected(err, "at most %u bytes", CHAOS_MAX_EVIDENCE);
        error_found(err, "%zu bytes", quote.size);
        return CHAOS_E_QUOTE_FORMAT;
    }
    if (event_log.size > CHAOS_MAX_EVENT_LOG) {
        (void)error_set(err, CHAOS_E_EVENT_LOG_FORMAT, NULL, CHAOS_NO_OFFSET, "the event log is too large");
        error_expected(err, "at most %u bytes", CHAOS_MAX_EVENT_LOG);
        error_found(err, "%zu bytes", event_log.size);
        return CHAOS_E_EVENT_LOG_FORMAT;
    }
    return CHAOS_OK;
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
    CHAOS_TRY(check_sizes(quote, event_log, err));
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
    made->raw = slice(bytes, quote.size);
    made->event_log = slice(bytes + quote.size, event_log.size);
    if (!dcap_quote_read(made->raw, &made->quote, &why)) {
        return fault_to_error(&why, err);
    }
    if (event_log.size > 0 && made->quote.tee != CHAOS_TEE_TDX) {
        return error_set(err, CHAOS_E_EVENT_LOG_FORMAT, NULL, CHAOS_NO_OFFSET, "only TDX evidence has an event log");
    }
    CHAOS_GIVE(evidence, made);
    return CHAOS_OK;
}

chaos_status chaos_evidence_parse(chaos_slice quote, chaos_evidence **evidence, chaos_error *err)
{
    return chaos_evidence_parse_with_log(quote, slice(NULL, 0), evidence, err);
}
