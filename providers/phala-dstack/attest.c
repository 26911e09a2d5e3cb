/* attest.c - a quote over given report data, with what belongs to it: the event log, the VM's configuration, the compose file. */
#include <stdio.h>
#include <stdlib.h>

#include "plugin.h"

#define REPORT_DATA_SIZE 64
#define MAX_COMPOSE (256u * 1024u) /* verifiers read no longer ones */
#define MAX_VM_CONFIG (64u * 1024u)
#define SMALLEST_QUOTE (48u + 584u) /* header and TD report: a quote is longer, and what is shorter is none */

static void to_hex(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* The agent repeats the report data; an answer for others is refused at once. */
static chaos_status check_report_data(const dstack *d, chaos_slice reply, const uint8_t wanted[REPORT_DATA_SIZE],
                                      chaos_error *err)
{
    chaos_slice raw;
    uint8_t said[REPORT_DATA_SIZE];
    size_t size = 0;
    if (d->host->json_raw(d->host, reply, "report_data", &raw, NULL) != CHAOS_OK) {
        return CHAOS_OK; /* tappd does not repeat them; the core reads them from the quote anyway */
    }
    chaos_status status = d->host->json_bytes(d->host, reply, "report_data", said, sizeof said, &size, err);
    if (status == CHAOS_OK && (size != sizeof said || memcmp(said, wanted, sizeof said) != 0)) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the guest agent's quote is for other report data");
    }
    return status;
}

static chaos_status emit_quote(const dstack *d, chaos_slice reply, chaos_error *err)
{
    size_t size = 0;
    uint8_t *quote = malloc(MAX_QUOTE);
    if (quote == NULL) {
        return chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory");
    }
    chaos_status status = d->host->json_bytes(d->host, reply, "quote", quote, MAX_QUOTE, &size, err);
    if (status == CHAOS_OK && size == 0) {
        status = chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE, "this platform gives no TDX quote");
    } else if (status == CHAOS_OK && size < SMALLEST_QUOTE) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "the guest agent's quote has %zu bytes, and is none", size);
    }
    if (status == CHAOS_OK) {
        chaos_slice bytes = { quote, size };
        status = d->host->emit(d->host, "tdx-quote", bytes, err);
    }
    free(quote);
    return status;
}

/* A member that is a string, its escapes undone; the caller frees it. NULL with CHAOS_OK: it is not there. */
static chaos_status read_text(const dstack *d, chaos_slice json, const char *place, char **text, chaos_error *err)
{
    chaos_slice raw;
    *text = NULL;
    if (d->host->json_raw(d->host, json, place, &raw, NULL) != CHAOS_OK) {
        return CHAOS_OK;
    }
    *text = malloc(raw.size + 1);
    return *text == NULL ? chaos_provider_fail(err, CHAOS_E_MEMORY, "out of memory")
                         : d->host->json_text(d->host, json, place, *text, raw.size + 1, err);
}

static chaos_status emit_event_log(const dstack *d, chaos_slice reply, chaos_error *err)
{
    char *text;
    chaos_status status = read_text(d, reply, "event_log", &text, err);
    if (status == CHAOS_OK && (text == NULL || text[0] == '\0')) {
        status = chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "\"event_log\" is missing or empty");
    } else if (status == CHAOS_OK) {
        status = d->host->emit(d->host, "dstack-event-log", text_slice(text), err);
    }
    free(text);
    return status;
}

/* What belongs to the evidence and can be missing: also where verifiers would refuse all of it for its size. */
static chaos_status emit_beside(const dstack *d, chaos_slice json, const char *place, const char *part, size_t max,
                                chaos_error *err)
{
    char *text, line[128];
    chaos_status status = read_text(d, json, place, &text, err);
    size_t size = status == CHAOS_OK && text != NULL ? strlen(text) : 0;
    if (size > max) {
        (void)snprintf(line, sizeof line, "%s is not carried along: it has %zu bytes, more than %zu", place, size, max);
        d->host->log(d->host, CHAOS_LOG_WARNING, line);
    } else if (size > 0) {
        status = d->host->emit(d->host, part, text_slice(text), err);
    }
    free(text);
    return status;
}

/* Info's tcb_info is JSON in a string, and the compose file a string in that. A convenience: whoever has the file compares its
 * hash with the measured one. */
static chaos_status emit_app_compose(const dstack *d, chaos_error *err)
{
    chaos_http_reply *reply = NULL;
    char *tcb_info;
    chaos_error why;
    if (agent_call(d, "Info", "{}", MAX_QUOTE_REPLY, 0, &reply, &why) != CHAOS_OK) {
        char line[sizeof why.text + 64]; /* evidence without the file is evidence, too */
        (void)snprintf(line, sizeof line, "the compose file is not carried along: %s", why.text);
        d->host->log(d->host, CHAOS_LOG_WARNING, line);
        return CHAOS_OK;
    }
    chaos_status status = CHAOS_OK;
    if (read_text(d, reply->body, "tcb_info", &tcb_info, NULL) == CHAOS_OK && tcb_info != NULL) {
        status = emit_beside(d, text_slice(tcb_info), "app_compose", "dstack-app-compose", MAX_COMPOSE, err);
    }
    free(tcb_info);
    d->host->http_free(d->host, reply);
    return status;
}

chaos_status dstack_attest(void *self, const uint8_t report_data[REPORT_DATA_SIZE], chaos_error *err)
{
    const dstack *d = self;
    chaos_http_reply *reply = NULL;
    char hex[2 * REPORT_DATA_SIZE + 1];
    char body[2 * REPORT_DATA_SIZE + 32];
    to_hex(report_data, REPORT_DATA_SIZE, hex);
    (void)snprintf(body, sizeof body, "{\"report_data\":\"%s\"}", hex);
    chaos_status status = agent_call(d, d->api == API_TAPPD ? "RawQuote" : "GetQuote", body, MAX_QUOTE_REPLY, 0, &reply, err);
    if (status != CHAOS_OK) {
        return status;
    }
    status = check_report_data(d, reply->body, report_data, err);
    if (status == CHAOS_OK) {
        status = emit_quote(d, reply->body, err);
    }
    if (status == CHAOS_OK) {
        status = emit_event_log(d, reply->body, err);
    }
    if (status == CHAOS_OK) {
        status = emit_beside(d, reply->body, "vm_config", "dstack-vm-config", MAX_VM_CONFIG, err);
    }
    d->host->http_free(d->host, reply);
    return status == CHAOS_OK ? emit_app_compose(d, err) : status;
}
