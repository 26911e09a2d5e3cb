/* dstack_kit.c - see dstack_kit.h. */
#include "tests/support/dstack_kit.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1024u * 1024u)

/* ------------------------------------------------------------------ members ---- */

const char *text_member(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    if (text == NULL) {
        fail_msg("%s is no text", key);
    }
    return text;
}

void hex_member(const json_t *row, const char *key, uint8_t *out, size_t size)
{
    if (!hex_decode(slice_text(text_member(row, key)), out, size)) {
        fail_msg("%s is not %zu bytes of hex: %s", key, size, text_member(row, key));
    }
}

void hex_member_buffer(const json_t *row, const char *key, chaos_buffer *out)
{
    const char *digits = text_member(row, key);
    size_t size = strlen(digits) / 2;
    *out = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_BYTES);
    uint8_t *room = buffer_reserve(out, size + 1);
    if (room == NULL || !hex_decode(slice_text(digits), room, size)) {
        fail_msg("%s is no hex", key);
    }
    out->size = size;
}

/* -------------------------------------------------------------------- guest ---- */

guest *guest_of_seed(const char *seed)
{
    const guest_options options = { .seed = seed, .now = 1767225600 };
    guest *g = NULL;
    chaos_error err = { 0 };
    if (guest_new(&options, &g, &err) != CHAOS_OK) {
        fail_msg("guest_new: %s", err.text);
    }
    return g;
}

guest *guest_of_application(const uint8_t app_root[K1_SIZE], const uint8_t app_id[APP_ID_SIZE])
{
    guest *g = guest_of_seed("another application");
    memcpy(g->r.agent.scalar[AGENT_APP_ROOT], app_root, K1_SIZE);
    memcpy(g->app_id, app_id, APP_ID_SIZE);
    assert_true(k1_public(app_root, &g->r.agent.point[AGENT_APP_ROOT]));
    return g;
}

json_t *call_guest(guest *g, guest_api api, const char *path, const char *body_or_null, int status)
{
    char bare[256];
    size_t length = strcspn(path, "?");
    guest_reply reply;
    chaos_error err = { 0 };
    assert_true(length < sizeof bare);
    memcpy(bare, path, length);
    bare[length] = '\0';
    const guest_request request = {
        .api = api,
        .method = body_or_null == NULL ? "GET" : "POST",
        .path = bare,
        .query = path[length] == '?' ? path + length + 1 : "",
        .content_type = body_or_null == NULL ? "" : "application/json; charset=utf-8",
        .body = slice_text(body_or_null == NULL ? "" : body_or_null),
    };
    if (guest_handle(g, &request, &reply, &err) != CHAOS_OK) {
        fail_msg("%s: %s", path, err.text);
    }
    if (reply.status != status) {
        fail_msg("%s %s: HTTP %d, expected %d: %.*s", path, body_or_null == NULL ? "" : body_or_null, reply.status,
                 status, (int)reply.body.size, (const char *)reply.body.data);
    }
    json_t *parsed = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    guest_reply_clear(&reply);
    return parsed;
}

/* -------------------------------------------------------------- attestation ---- */

/* Reads SCALE; the first fault is latched. */
typedef struct scale {
    chaos_slice rest;
    bool ok;
} scale;

static chaos_slice take(scale *s, size_t size)
{
    s->ok = s->ok && size <= s->rest.size;
    chaos_slice taken = slice(s->rest.data, s->ok ? size : 0);
    s->rest = slice(s->rest.data + taken.size, s->rest.size - taken.size);
    return taken;
}

static uint32_t little_endian(chaos_slice bytes)
{
    uint32_t number = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        number |= (uint32_t)bytes.data[i] << 8 * i;
    }
    return number;
}

/* The shortest form of each length is the only one. */
static size_t take_length(scale *s)
{
    static const uint32_t least[3] = { 0, 1u << 6, 1u << 14 };
    unsigned mode = s->rest.size > 0 ? s->rest.data[0] & 3u : 3;
    s->ok = s->ok && mode < 3;
    uint32_t length = s->ok ? little_endian(take(s, (size_t)1 << mode)) >> 2 : 0;
    s->ok = s->ok && length >= least[mode];
    return s->ok ? length : 0;
}

static chaos_slice take_bytes(scale *s)
{
    return take(s, take_length(s));
}

static void put_hex(json_t *object, const char *key, chaos_slice bytes)
{
    char *digits = calloc(1, 2 * bytes.size + 1);
    assert_non_null(digits);
    hex_encode(bytes, digits);
    assert_int_equal(json_object_set_new(object, key, json_string(digits)), 0);
    free(digits);
}

static void put_text(scale *s, json_t *object, const char *key, chaos_slice text)
{
    json_t *value = json_stringn((const char *)text.data, text.size); /* NULL when it is not UTF-8 */
    s->ok = s->ok && value != NULL;
    if (value != NULL) {
        assert_int_equal(json_object_set_new(object, key, value), 0);
    }
}

static void put_events(scale *s, json_t *object, const char *key, bool runtime)
{
    json_t *events = json_array();
    for (size_t count = take_length(s); s->ok && count > 0; count--) {
        json_t *event = json_object();
        if (!runtime) {
            (void)json_object_set_new(event, "imr", json_integer(little_endian(take(s, 4))));
            (void)json_object_set_new(event, "event_type", json_integer(little_endian(take(s, 4))));
            put_hex(event, "digest", take_bytes(s));
        }
        put_text(s, event, "event", take_bytes(s));
        put_hex(event, runtime ? "payload" : "event_payload", take_bytes(s));
        (void)json_array_append_new(events, event);
    }
    (void)json_object_set_new(object, key, events);
}

json_t *attestation_to_json(chaos_slice blob)
{
    scale s = { blob, true };
    json_t *parts = json_object();
    chaos_slice head = take(&s, 2); /* format, variant */
    s.ok = s.ok && head.data[0] == 0 && head.data[1] == 0;
    put_hex(parts, "quote", take_bytes(&s));
    put_events(&s, parts, "event_log", false);
    put_events(&s, parts, "runtime_events", true);
    put_hex(parts, "report_data", take(&s, 64));
    put_text(&s, parts, "config", take_bytes(&s));
    if (!s.ok || s.rest.size > 0) {
        json_decref(parts);
        return NULL;
    }
    return parts;
}
