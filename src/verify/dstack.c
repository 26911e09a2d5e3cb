/* dstack.c - what the system events of a replayed RTMR3 say about the application (docs/verify-envelope.md 1, 2).
 *
 * dstack's guest extends these events before it starts the application and ends them with system-ready. Anything after
 * that is the application's own, and so is every second event of a name. */
#include "verify/internal.h"

#define READY "system-ready"

typedef struct event_name {
    const char *name;
    size_t offset; /* of the slice in system_events */
} event_name;

static const event_name event_names[] = {
    { "app-id", offsetof(system_events, app_id) },
    { "compose-hash", offsetof(system_events, compose_hash) },
    { "instance-id", offsetof(system_events, instance_id) },
    { "os-image-hash", offsetof(system_events, os_image_hash) },
    { "key-provider", offsetof(system_events, key_provider) },
};

void note_system_event(system_events *events, const log_event *event)
{
    chaos_slice *wanted;

    if (events->ready) {
        return;
    }
    events->ready = slice_is(event->name, READY);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(event_names); i++) {
        wanted = (chaos_slice *)(void *)((uint8_t *)events + event_names[i].offset);
        if (slice_is(event->name, event_names[i].name) && wanted->data == NULL) {
            *wanted = event->payload_hex;
        }
    }
}

/* Decodes a payload that is there and has exactly this size. */
static bool payload_get(chaos_slice payload_hex, uint8_t *out, size_t size)
{
    return payload_hex.data != NULL && hex_decode(payload_hex, out, size);
}

/* Absent, or exactly `size` bytes. */
static bool payload_fits(chaos_slice payload_hex, size_t size)
{
    return payload_hex.data == NULL || payload_hex.size == 2 * size;
}

/* {"name":"kms","id":"..."}: the name. */
static bool key_provider_read(chaos_slice payload_hex, char *out, size_t capacity, fault *why)
{
    uint8_t text[1024];
    chaos_slice key, name = { NULL, 0 };
    json j;

    memset(out, 0, capacity);
    *why = (fault){ .status = CHAOS_E_EVENT_LOG_FORMAT,
                    .field = "key-provider",
                    .offset = CHAOS_NO_OFFSET,
                    .reason = "no JSON with a short name" };
    if (payload_hex.size > 2 * sizeof text || !hex_decode(payload_hex, text, payload_hex.size / 2)) {
        return false;
    }
    json_begin(&j, slice(text, payload_hex.size / 2), CHAOS_E_EVENT_LOG_FORMAT);
    json_enter_object(&j, "key-provider");
    while (json_key(&j, &key)) {
        if (slice_is(key, "name")) {
            name = json_plain_string(&j, "key-provider.name");
        } else {
            json_skip(&j, "key-provider", NULL);
        }
    }
    json_end(&j);
    if (!json_ok(&j) || name.size == 0 || name.size >= capacity) {
        return false;
    }
    memcpy(out, name.data, name.size);
    return true;
}

static chaos_status take_events(examination *x)
{
    check_run *run = &x->claims->run;
    const system_events *events = &x->events;
    chaos_claims *claims = x->claims;
    fault why = { 0 };

    CHECK(run, payload_fits(events->app_id, sizeof claims->app_id), EVENT_LOG, EVENT_LOG_FORMAT, "app-id",
          v_number(sizeof claims->app_id), v_number(events->app_id.size / 2));
    CHECK(run, payload_fits(events->compose_hash, sizeof claims->compose_hash), EVENT_LOG, EVENT_LOG_FORMAT,
          "compose-hash", v_number(sizeof claims->compose_hash), v_number(events->compose_hash.size / 2));
    CHECK(run, events->instance_id.size == 0 || payload_fits(events->instance_id, sizeof claims->instance_id),
          EVENT_LOG, EVENT_LOG_FORMAT, "instance-id", v_number(sizeof claims->instance_id),
          v_number(events->instance_id.size / 2));
    CHECK(run, payload_fits(events->os_image_hash, sizeof claims->os_image_hash), EVENT_LOG, EVENT_LOG_FORMAT,
          "os-image-hash", v_number(sizeof claims->os_image_hash), v_number(events->os_image_hash.size / 2));
    CHECK_READ(run,
               events->key_provider.data == NULL ||
                   key_provider_read(events->key_provider, claims->key_provider, sizeof claims->key_provider, &why),
               EVENT_LOG, &why);
    claims->has_app_id = payload_get(events->app_id, claims->app_id, sizeof claims->app_id);
    claims->has_compose_hash = payload_get(events->compose_hash, claims->compose_hash, sizeof claims->compose_hash);
    claims->has_instance_id = payload_get(events->instance_id, claims->instance_id, sizeof claims->instance_id);
    claims->has_os_image_hash = payload_get(events->os_image_hash, claims->os_image_hash, sizeof claims->os_image_hash);
    return CHAOS_OK;
}

chaos_status verify_dstack(examination *x, const chaos_evidence *evidence)
{
    check_run *run = &x->claims->run;
    chaos_claims *claims = x->claims;
    chaos_slice compose = evidence->is_envelope ? evidence->envelope.parts[PART_DSTACK_APP_COMPOSE] : slice(NULL, 0);
    chaos_sha256 digest;

    CHAOS_TRY(take_events(x));
    if (compose.data == NULL) {
        return CHAOS_OK;
    }
    digest = hash_sha256(compose);
    CHECK(run,
          claims->has_compose_hash && memcmp(digest.bytes, claims->compose_hash, sizeof digest.bytes) == 0,
          APP_COMPOSE, APP_COMPOSE, "compose-hash", v_hex(slice(claims->compose_hash, sizeof claims->compose_hash)),
          v_hex(slice(digest.bytes, sizeof digest.bytes)));
    return CHAOS_OK;
}
