/* event_log.c - the guest's event log in the JSON of dstack's guest agent: an array of events in the order in which
 * they were extended into the RTMRs. Read one by one, written one by one; nothing is believed before the replay.
 *
 * A runtime event names itself and carries a payload, and its digest follows from both, so a log may leave the
 * digest out. The other events are the firmware's: their digests cannot be made again from what the log says. */
#include "wire/internal.h"

enum {
    RUNTIME_IMR = 3, /* the register that only runtime events extend */
    DIGEST_VERSION_BYTES = 1,
    DIGEST_VERSION_JSON = 2,
    LONGEST_ESCAPE = 6, /* \u00xx for one byte */
    JSON_AROUND = 64    /* what stands around name and payload */
};

/* --------------------------------------------------------------- digest ---- */

static bool payload_decode(chaos_slice payload_hex, chaos_buffer *out)
{
    size_t size = payload_hex.size / 2;
    uint8_t *room = buffer_reserve(out, size);
    if (room == NULL || !hex_decode(payload_hex, room, size)) {
        return false;
    }
    out->size += size;
    return true;
}

/* LE32(type) ":" name ":" payload */
static bool preimage_bytes(const log_event *event, chaos_buffer *out)
{
    static const uint8_t type_and_colon[5] = { EVENT_TYPE_RUNTIME & 0xff, EVENT_TYPE_RUNTIME >> 8 & 0xff,
                                               EVENT_TYPE_RUNTIME >> 16 & 0xff, EVENT_TYPE_RUNTIME >> 24, ':' };
    return buffer_append(out, slice(type_and_colon, sizeof(type_and_colon))) && buffer_append(out, event->name) &&
           buffer_append_text(out, ":") && payload_decode(event->payload_hex, out);
}

/* {"name":...,"payload":"lower-case hex","type":134217729}, RFC 8785 */
static bool preimage_json(const log_event *event, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(payload, event->payload_hex.size / 2);
    if (!payload_decode(event->payload_hex, &payload)) {
        return false;
    }
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_bytes_as_text(&w, "name", event->name);
    json_write_hex(&w, "payload", buffer_slice(&payload));
    json_write_unsigned(&w, "type", EVENT_TYPE_RUNTIME);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

static bool preimage_write(const log_event *event, chaos_buffer *out)
{
    return event->version == DIGEST_VERSION_JSON ? preimage_json(event, out) : preimage_bytes(event, out);
}

static size_t preimage_limit(const log_event *event)
{
    return JSON_AROUND + LONGEST_ESCAPE * event->name.size + event->payload_hex.size;
}

bool event_digest(const log_event *event, uint8_t out[SHA384_SIZE])
{
    CHAOS_AUTO_BUFFER(preimage, preimage_limit(event));
    memset(out, 0, SHA384_SIZE);
    if (!preimage_write(event, &preimage)) {
        return false;
    }
    hash_sha384_two(buffer_slice(&preimage), slice("", 0), out);
    return true;
}

/* -------------------------------------------------------------- reading ---- */

enum {
    KEY_IMR,
    KEY_TYPE,
    KEY_DIGEST,
    KEY_NAME,
    KEY_PAYLOAD,
    KEY_VERSION,
    KEY_PREIMAGE,
    KEY_COUNT
};
enum {
    REQUIRED_COUNT = KEY_VERSION
}; /* those before it */

static const member_key keys[KEY_COUNT] = {
    [KEY_IMR] = MEMBER_KEY("imr"),
    [KEY_TYPE] = MEMBER_KEY("event_type"),
    [KEY_DIGEST] = MEMBER_KEY("digest"),
    [KEY_NAME] = MEMBER_KEY("event"),
    [KEY_PAYLOAD] = MEMBER_KEY("event_payload"),
    [KEY_VERSION] = MEMBER_KEY("version"),
    [KEY_PREIMAGE] = MEMBER_KEY("preimage"),
};

void event_log_begin(event_reader *events, chaos_slice text, chaos_buffer *storage)
{
    events->count = 0;
    events->storage = storage;
    json_begin(&events->j, text, CHAOS_E_EVENT_LOG_FORMAT);
    if (text.size > CHAOS_MAX_EVENT_LOG) {
        json_refuse(&events->j, "event_log", "larger than it may be");
        return;
    }
    /* What is decoded is never longer than its JSON, so the block does not move while names point into it. */
    if (buffer_reserve(storage, text.size) == NULL) {
        rd_fail(&events->j.r, CHAOS_E_MEMORY, "event_log", CHAOS_NO_OFFSET, "no room for the decoded names");
        return;
    }
    json_enter_array(&events->j, "event_log");
}

static bool is_hex(chaos_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!digit) {
            return false;
        }
    }
    return text.size % 2 == 0;
}

static void read_digest(json *j, const char *field, log_event *event)
{
    chaos_slice digits = json_plain_string(j, field);
    if (digits.size == 0) {
        return; /* stripped */
    }
    event->has_digest = hex_decode(digits, event->digest, sizeof(event->digest));
    if (!event->has_digest) {
        json_bad(j, "neither empty nor 96 hex digits");
    }
}

/* No limit of its own: applications choose payloads, and what several GPUs say of themselves is long. */
static chaos_slice read_payload(json *j, const char *field)
{
    chaos_slice digits = json_plain_string(j, field);
    if (!is_hex(digits)) {
        json_bad(j, "not hex digits");
    }
    return digits;
}

static unsigned read_version(json *j, const char *field)
{
    uint64_t version = json_unsigned(j, field, DIGEST_VERSION_JSON);
    if (version < DIGEST_VERSION_BYTES) {
        json_bad(j, "only versions 1 and 2 are known");
    }
    return (unsigned)version;
}

static void read_member(event_reader *events, size_t which, log_event *event, chaos_slice *preimage)
{
    json *j = &events->j;
    const char *field = which < KEY_COUNT ? keys[which].text : "unknown member";
    switch (which) {
    case KEY_IMR:
        event->imr = (uint8_t)json_unsigned(j, field, RUNTIME_IMR);
        break;
    case KEY_TYPE:
        event->event_type = (uint32_t)json_unsigned(j, field, UINT32_MAX);
        break;
    case KEY_DIGEST:
        read_digest(j, field, event);
        break;
    case KEY_NAME:
        event->name = json_decoded_string(j, field, events->storage);
        break;
    case KEY_PAYLOAD:
        event->payload_hex = read_payload(j, field);
        break;
    case KEY_VERSION:
        event->version = read_version(j, field);
        break;
    case KEY_PREIMAGE:
        *preimage = json_plain_string(j, field);
        break;
    default:
        json_skip(j, field, NULL);
        break;
    }
}

/* A colon would let two contents have one version 1 digest; controls would let a name forge lines of a report. */
bool event_name_is_good(chaos_slice name)
{
    if (name.size == 0 || name.size > MAX_EVENT_NAME) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool c1_control = c == 0xc2 && i + 1 < name.size && name.data[i + 1] < 0xa0; /* U+0080 to U+009F */
        if (c < 0x20 || c == 0x7f || c == ':' || c1_control) {
            return false;
        }
    }
    return true;
}

/* The preimage repeats what the log says anyway; a reader of another kind may take it instead, so it must agree. */
static void judge_preimage(json *j, const log_event *event, chaos_slice digits)
{
    if (event->event_type != EVENT_TYPE_RUNTIME || event->version != DIGEST_VERSION_JSON) {
        json_refuse(j, keys[KEY_PREIMAGE].text, "only a runtime event of version 2 has a preimage");
        return;
    }
    CHAOS_AUTO_BUFFER(ours, preimage_limit(event));
    CHAOS_AUTO_BUFFER(theirs, preimage_limit(event));
    if (!preimage_write(event, &ours)) {
        rd_fail(&j->r, CHAOS_E_MEMORY, keys[KEY_PREIMAGE].text, CHAOS_NO_OFFSET, "no room for the preimage");
        return;
    }
    if (buffer_reserve(&theirs, ours.size) == NULL) {
        rd_fail(&j->r, CHAOS_E_MEMORY, keys[KEY_PREIMAGE].text, CHAOS_NO_OFFSET, "no room for the preimage");
        return;
    }
    bool same = digits.size == 2 * ours.size && payload_decode(digits, &theirs) &&
                slice_equal(buffer_slice(&ours), buffer_slice(&theirs));
    if (!same) {
        json_refuse(j, keys[KEY_PREIMAGE].text, "not the canonical text of name, payload and type");
    }
}

/* The rules between members. */
static void judge_event(json *j, const log_event *event)
{
    bool runtime = event->event_type == EVENT_TYPE_RUNTIME;
    if (runtime != (event->imr == RUNTIME_IMR)) {
        json_refuse(j, keys[KEY_TYPE].text, "runtime events, and only they, belong to RTMR3");
    }
    if (runtime && !event_name_is_good(event->name)) {
        json_refuse(j, keys[KEY_NAME].text, "a name is 1 to 256 bytes without colon and control characters");
    }
    if (!runtime && !event->has_digest) {
        json_refuse(j, keys[KEY_DIGEST].text, "only a runtime event can do without");
    }
}

static void read_event(event_reader *events, log_event *event)
{
    json *j = &events->j;
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice preimage = { NULL, 0 };
    chaos_slice key;
    event->version = DIGEST_VERSION_BYTES;
    json_enter_object(j, "event_log");
    while (json_key(j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(events, which, event, &preimage);
    }
    for (size_t i = 0; i < REQUIRED_COUNT; i++) {
        json_require(j, seen[i], keys[i].text);
    }
    judge_event(j, event);
    if (seen[KEY_PREIMAGE] && json_ok(j)) {
        judge_preimage(j, event, preimage);
    }
}

bool event_log_next(event_reader *events, log_event *event)
{
    json *j = &events->j;
    *event = (log_event){ 0 };
    if (!json_element(j)) {
        json_end(j);
        return false;
    }
    if (events->count == MAX_EVENTS) {
        json_refuse(j, "event_log", "more events than a log may have");
        return false;
    }
    events->count++;
    read_event(events, event);
    if (!json_ok(j)) {
        *event = (log_event){ 0 };
        return false;
    }
    return true;
}

const fault *event_log_fault(const event_reader *events)
{
    return &events->j.r.why;
}

/* -------------------------------------------------------------- writing ---- */

bool event_log_write(const log_event *event, chaos_buffer *out)
{
    size_t size_before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_hex(&w, "digest", slice(event->digest, event->has_digest ? sizeof(event->digest) : 0));
    json_write_bytes_as_text(&w, "event", event->name);
    json_write_bytes_as_text(&w, "event_payload", event->payload_hex);
    json_write_unsigned(&w, "event_type", event->event_type);
    json_write_unsigned(&w, "imr", event->imr);
    if (event->version != DIGEST_VERSION_BYTES) { /* version 1 is older than the member */
        json_write_unsigned(&w, "version", event->version);
    }
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        out->size = size_before;
        return false;
    }
    return true;
}
