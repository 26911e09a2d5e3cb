/* guest_attest.c - dstack's attestation blob, format 0 (SCALE): of Attest, and in RA-TLS certificates. */
#include "sim/guest_state.h"

#define HASH_SIZE 32
#define MAX_BLOB (4u * CHAOS_MAX_EVENT_LOG)

/* ------------------------------------------------------------------- SCALE ---- */

static bool scale_length(chaos_buffer *out, size_t length)
{
    uint8_t bytes[4];
    size_t size = length < 64 ? 1 : length < 16384 ? 2
                                                   : 4;
    uint32_t mode = size == 1 ? 0 : size == 2 ? 1
                                              : 2;
    uint32_t value = (uint32_t)length << 2 | mode;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
    return length < 1u << 30 && buffer_append(out, slice(bytes, size));
}

static bool scale_bytes(chaos_buffer *out, chaos_slice bytes)
{
    return scale_length(out, bytes.size) && buffer_append(out, bytes);
}

static bool scale_u32(chaos_buffer *out, uint32_t value)
{
    const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 24) };
    return buffer_append(out, slice(bytes, sizeof bytes));
}

static bool scale_payload(chaos_buffer *out, chaos_slice hex)
{
    uint8_t bytes[CHAOS_MAX_EVENT_LOG / 64];
    size_t size = hex.size / 2;
    return size <= sizeof bytes && hex_decode(hex, bytes, size) && scale_bytes(out, slice(bytes, size));
}

/* ------------------------------------------------------------------ events ---- */

typedef enum event_view {
    VIEW_FULL,        /* every event of the log */
    VIEW_CERTIFICATE, /* RTMR3 alone, without digests */
    VIEW_RUNTIME      /* RTMR3 alone, as names and payloads */
} event_view;

static bool scale_event(const log_event *event, event_view view, chaos_buffer *out)
{
    bool has_digest = view == VIEW_FULL;
    return (view == VIEW_RUNTIME ||
            (scale_u32(out, event->imr) && scale_u32(out, event->event_type) &&
             scale_bytes(out, slice(event->digest, has_digest ? sizeof event->digest : 0)))) &&
           scale_bytes(out, event->name) && scale_payload(out, event->payload_hex);
}

static bool scale_events(const guest *g, event_view view, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    CHAOS_AUTO_BUFFER(events, 2 * CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event event;
    bool ok = true;
    size_t count = 0;
    event_log_begin(&reading, buffer_slice(&g->log), &storage);
    while (ok && event_log_next(&reading, &event)) {
        if (view == VIEW_FULL || event.imr == 3) {
            ok = scale_event(&event, view, &events);
            count++;
        }
    }
    return ok && event_log_fault(&reading)->status == CHAOS_OK && scale_length(out, count) &&
           buffer_append(out, buffer_slice(&events));
}

/* -------------------------------------------------------------------- blob ---- */

bool guest_attestation(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE], bool for_certificate,
                       chaos_buffer *blob)
{
    static const uint8_t head[2] = { 0, 0 }; /* format, variant tdx */
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
    char vm_config[GUEST_VM_CONFIG_SIZE];
    return guest_quote_locked(g, report_data, &quote) && buffer_append(blob, slice(head, sizeof head)) &&
           scale_bytes(blob, buffer_slice(&quote)) &&
           scale_events(g, for_certificate ? VIEW_CERTIFICATE : VIEW_FULL, blob) &&
           scale_events(g, VIEW_RUNTIME, blob) &&
           buffer_append(blob, slice(report_data, GUEST_REPORT_DATA_SIZE)) &&
           scale_bytes(blob, slice_text(guest_vm_config(g, vm_config)));
}

void guest_attest(guest *g, const guest_arguments *a, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(blob, MAX_BLOB);
    uint8_t report_data[GUEST_REPORT_DATA_SIZE];
    if (!guest_pad_report_data(a, report_data, answer)) {
        return;
    }
    if (!guest_attestation(g, report_data, false, &blob)) {
        guest_fault(answer);
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_hex(&answer->w, "attestation", buffer_slice(&blob));
    json_write_object_end(&answer->w);
}
