/* event_log_maker.c - the guest's event log and the RTMRs that it replays to: RTMR0 to 2 as firmware and
 * kernel extend them, RTMR3 as dstack's guest agent does. */
#include "sim/recipe.h"

#define RTMR_COUNT 4
#define MAX_DIGEST_INPUT 1024
#define HEX_OF_DIGEST (2 * SHA384_SIZE)

/* Event types of the TCG PC Client Platform Firmware Profile. */
#define EV_SEPARATOR 0x00000004u
#define EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_ACTION 0x80000007u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2 0x8000000au
#define EV_EFI_HANDOFF_TABLES2 0x8000000bu

typedef struct event_row {
    uint8_t imr;
    uint32_t type;
    const char *name;
    const char *payload;   /* firmware: only in the digest */
    size_t digest_payload; /* runtime: bytes of SHA-256(payload) that are the payload; 0: the text itself */
} event_row;

static const event_row rows[] = {
    { 0, EV_EFI_HANDOFF_TABLES2, "", "TD HOB", 0 },
    { 0, EV_EFI_PLATFORM_FIRMWARE_BLOB2, "", "configuration firmware volume", 0 },
    { 0, EV_EFI_VARIABLE_DRIVER_CONFIG, "", "SecureBoot", 0 },
    { 1, EV_EFI_BOOT_SERVICES_APPLICATION, "", "kernel", 0 },
    { 0, EV_SEPARATOR, "", "separator", 0 },
    { 1, EV_EFI_ACTION, "", "Exit Boot Services Invocation", 0 },
    { 1, EV_EFI_ACTION, "", "Exit Boot Services Returned with Success", 0 },
    { 2, EV_EFI_ACTION, "", "command line", 0 },
    { 2, EV_EFI_ACTION, "", "initrd", 0 },
    { 3, EVENT_TYPE_RUNTIME, "system-preparing", "", 0 },
    { 3, EVENT_TYPE_RUNTIME, "app-id", "app", 20 },
    { 3, EVENT_TYPE_RUNTIME, "compose-hash", sim_app_compose, 32 },
    { 3, EVENT_TYPE_RUNTIME, "instance-id", "instance", 20 },
    { 3, EVENT_TYPE_RUNTIME, "boot-mr-done", "", 0 },
    { 3, EVENT_TYPE_RUNTIME, "os-image-hash", "os image", 32 },
    { 3, EVENT_TYPE_RUNTIME, "key-provider", "", 0 }, /* see set_key_provider */
    { 3, EVENT_TYPE_RUNTIME, "storage-fs", "ext4", 0 },
    { 3, EVENT_TYPE_RUNTIME, "system-ready", "", 0 },
};

/* Under a KMS: {"name":"kms","id":"hex of the SubjectPublicKeyInfo of its CA"}. */
static bool set_key_provider(recipe *r)
{
    event_spec *event = &r->log.events[EVENT_KEY_PROVIDER];
    CHAOS_AUTO_BUFFER(spki, SIM_EVENT_PAYLOAD);
    CHAOS_AUTO_BUFFER(text, SIM_EVENT_PAYLOAD);
    der_writer der = der_writer_begin(&spki);
    bool good = spki_write(&der, &r->keys.point[KEY_KMS_CA]) && der_writer_end(&der) &&
                buffer_append_text(&text, "{\"name\":\"kms\",\"id\":\"");
    uint8_t *digits = good ? buffer_reserve(&text, 2 * spki.size) : NULL;
    if (digits == NULL) {
        return false;
    }
    hex_encode(buffer_slice(&spki), (char *)digits);
    text.size += 2 * spki.size;
    if (!buffer_append_text(&text, "\"}")) {
        return false;
    }
    memcpy(event->payload, text.data, text.size);
    event->payload_size = text.size;
    return true;
}

bool event_log_defaults(recipe *r)
{
    event_log_spec *log = &r->log;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        event_spec *event = &log->events[i];
        *event = (event_spec){ .imr = rows[i].imr,
                               .type = rows[i].type,
                               .name = rows[i].name,
                               .version = 1,
                               .measured = true,
                               .written = true };
        if (rows[i].digest_payload > 0) {
            chaos_sha256 digest = hash_sha256(slice_text(rows[i].payload));
            event->payload_size = rows[i].digest_payload;
            memcpy(event->payload, digest.bytes, event->payload_size);
        } else {
            event->payload_size = strlen(rows[i].payload);
            memcpy(event->payload, rows[i].payload, event->payload_size);
        }
    }
    log->count = CHAOS_ARRAY_SIZE(rows);
    return set_key_provider(r);
}

/* ----------------------------------------------------------------- digests ---- */

/* SHA-384 of the content: of a runtime event LE32(type) ‖ ":" ‖ name ‖ ":" ‖ payload (version 1). */
static bool digest_make(const event_spec *event, uint8_t out[SHA384_SIZE])
{
    CHAOS_AUTO_BUFFER(input, MAX_DIGEST_INPUT);
    uint8_t type[4] = { (uint8_t)event->type, (uint8_t)(event->type >> 8), (uint8_t)(event->type >> 16),
                        (uint8_t)(event->type >> 24) };
    if (!buffer_append(&input, slice(type, sizeof type)) ||
        !buffer_append_format(&input, ":%s:", event->name) ||
        (event->payload_size > 0 && !buffer_append(&input, slice(event->payload, event->payload_size))) ||
        (event->digest == DIGEST_OF_OTHER_CONTENT && !buffer_append_text(&input, "!"))) {
        return false;
    }
    hash_sha384_two(buffer_slice(&input), slice_text(""), out);
    return true;
}

static bool extend(recipe *r, const event_spec *event)
{
    uint8_t digest[SHA384_SIZE];
    uint8_t *rtmr = r->quote.body + TD_RTMR + (size_t)event->imr * SHA384_SIZE;
    uint8_t next[SHA384_SIZE];
    if (!event->measured) {
        return true;
    }
    if (event->imr >= RTMR_COUNT || !digest_make(event, digest)) {
        return false;
    }
    hash_sha384_two(slice(rtmr, SHA384_SIZE), slice(digest, sizeof digest), next);
    memcpy(rtmr, next, sizeof next);
    return true;
}

/* -------------------------------------------------------------------- text ---- */

static bool append_event(const event_spec *event, chaos_buffer *out)
{
    uint8_t digest[SHA384_SIZE];
    char digest_hex[HEX_OF_DIGEST + 1] = { 0 };
    char payload_hex[2 * SIM_EVENT_PAYLOAD + 1] = { 0 };
    uint8_t payload[SIM_EVENT_PAYLOAD];
    bool is_runtime = event->type == EVENT_TYPE_RUNTIME;
    memcpy(payload, event->payload, sizeof payload);
    if (event->payload_flipped) {
        payload[0] ^= 0x01;
    }
    if (!digest_make(event, digest)) {
        return false;
    }
    if (event->digest != DIGEST_STRIPPED) {
        hex_encode(slice(digest, sizeof digest), digest_hex);
    }
    if (is_runtime) { /* firmware's payloads are stripped, as guest agents do */
        hex_encode(slice(payload, event->payload_size), payload_hex);
    }
    return buffer_append_format(out,
                                "%s{\"imr\":%u,\"event_type\":%u,\"digest\":\"%s\",\"event\":\"%s\","
                                "\"event_payload\":\"%s\"",
                                out->size == 1 ? "" : ",", event->imr, event->type, digest_hex, event->name,
                                payload_hex) &&
           (event->version == 1 || buffer_append_format(out, ",\"version\":%u", event->version)) &&
           buffer_append_text(out, "}");
}

static size_t written_order(const event_log_spec *log, size_t i)
{
    if (log->swapped == 0 || i < log->swapped || i > log->swapped + 1) {
        return i;
    }
    return i == log->swapped ? i + 1 : i - 1;
}

bool event_log_make(recipe *r, chaos_buffer *json_text)
{
    const event_log_spec *log = &r->log;
    bool good = buffer_append_text(json_text, "[");
    for (size_t i = 0; good && i < log->count; i++) {
        const event_spec *shown = &log->events[written_order(log, i)];
        good = extend(r, &log->events[i]) && (!shown->written || append_event(shown, json_text));
    }
    return good && buffer_append_text(json_text, "]") && text_edit_apply(&log->edit, json_text);
}
