/* envelope.c - the JSON "chaoschain/envelope/1": an agent's quote with all that speaks of the key bound in it.
 *
 * What others made travels as its original bytes in base64, under its media type; what we define is lower-case hex.
 * The hash of an envelope is of all its bytes, so none of them is passed over: unknown members and media types are
 * refused. */
#include "wire/internal.h"

#include <stdio.h>

#define SCHEMA "chaoschain/envelope/1"
#define MEDIA_TYPE_PREFIX "application/vnd.chaoschain."

enum {
    MEDIA_TYPE_SIZE = 64 /* the longest with NUL */
};

const char *const envelope_part_names[ENVELOPE_PART_COUNT] = {
    [PART_DSTACK_APP_COMPOSE] = "dstack-app-compose",
    [PART_DSTACK_ATTESTATION] = "dstack-attestation",
    [PART_DSTACK_EVENT_LOG] = "dstack-event-log",
    [PART_DSTACK_KMS_CHAIN] = "dstack-kms-chain",
    [PART_DSTACK_VM_CONFIG] = "dstack-vm-config",
    [PART_NITRO_DOCUMENT] = "nitro-document",
    [PART_SGX_QUOTE] = "sgx-quote",
    [PART_SNP_CERTIFICATES] = "snp-certificates",
    [PART_SNP_REPORT] = "snp-report",
    [PART_TDX_QUOTE] = "tdx-quote",
    [PART_X509_CHAIN] = "x509-chain",
};

/* Decoded bytes. */
static const uint32_t part_limits[ENVELOPE_PART_COUNT] = {
    [PART_DSTACK_APP_COMPOSE] = 256 * 1024,
    [PART_DSTACK_ATTESTATION] = CHAOS_MAX_EVENT_LOG, /* it holds the event log, too */
    [PART_DSTACK_EVENT_LOG] = CHAOS_MAX_EVENT_LOG,
    [PART_DSTACK_KMS_CHAIN] = MAX_KMS_CHAIN,
    [PART_DSTACK_VM_CONFIG] = 64 * 1024,
    [PART_NITRO_DOCUMENT] = 64 * 1024,
    [PART_SGX_QUOTE] = CHAOS_MAX_EVIDENCE,
    [PART_SNP_CERTIFICATES] = 64 * 1024,
    [PART_SNP_REPORT] = 4 * 1024,
    [PART_TDX_QUOTE] = CHAOS_MAX_EVIDENCE,
    [PART_X509_CHAIN] = 64 * 1024,
};

/* -------------------------------------------------------------- reading ---- */

enum {
    KEY_BINDING,
    KEY_COLLATERAL,
    KEY_ENDORSEMENT,
    KEY_EVIDENCE,
    KEY_POSSESSION,
    KEY_PROVIDER,
    KEY_SCHEMA,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_BINDING] = MEMBER_KEY("binding"),
    [KEY_COLLATERAL] = MEMBER_KEY("collateral"),
    [KEY_ENDORSEMENT] = MEMBER_KEY("endorsement"),
    [KEY_EVIDENCE] = MEMBER_KEY("evidence"),
    [KEY_POSSESSION] = MEMBER_KEY("possession"),
    [KEY_PROVIDER] = MEMBER_KEY("provider"),
    [KEY_SCHEMA] = MEMBER_KEY("schema"),
};

enum {
    PART_KEY_DATA,
    PART_KEY_MEDIA_TYPE,
    PART_KEY_COUNT
};

static const member_key part_keys[PART_KEY_COUNT] = {
    [PART_KEY_DATA] = MEMBER_KEY("data"),
    [PART_KEY_MEDIA_TYPE] = MEMBER_KEY("media_type"),
};

/* A string of the text and where it stands, for what can be judged only when its object has ended. */
typedef struct placed_text {
    chaos_slice text;
    size_t offset;
} placed_text;

static placed_text read_placed(json *j, const char *field)
{
    chaos_slice text = json_plain_string(j, field);
    return (placed_text){ text, j->r.field_offset };
}

static void read_provider(json *j, const char *field, chaos_buffer *storage, envelope *out)
{
    chaos_slice name = json_plain_string(j, field);
    bool good = name.size > 0 && name.size < MAX_PROVIDER_NAME;
    for (size_t i = 0; good && i < name.size; i++) {
        uint8_t c = name.data[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (!good) {
        json_bad(j, "a provider's name is 1 to 31 of a-z, 0-9 and -");
        return;
    }
    uint8_t *room = buffer_reserve(storage, name.size);
    rd_expect(&j->r, room != NULL, CHAOS_E_MEMORY, NULL);
    if (room != NULL) {
        memcpy(room, name.data, name.size);
        storage->size += name.size;
        out->provider = slice(room, name.size);
    }
}

static void read_collateral(json *j, const char *field, chaos_buffer *storage, envelope *out)
{
    if (json_peek(j) == JSON_KIND_NULL) {
        json_skip(j, field, NULL);
        return;
    }
    out->collateral = json_decoded_string(j, field, storage);
    if (out->collateral.size == 0) {
        json_bad(j, "no collateral is null");
    }
}

static void read_endorsement(json *j, const char *field, envelope *out)
{
    if (json_peek(j) == JSON_KIND_NULL) {
        json_skip(j, field, NULL);
        return;
    }
    out->has_endorsement = true;
    json_0x(j, field, out->endorsement.bytes, sizeof(out->endorsement.bytes));
}

/* The part that a media type names; ENVELOPE_PART_COUNT for none. */
static size_t find_part(chaos_slice media_type)
{
    const size_t prefix_size = sizeof(MEDIA_TYPE_PREFIX) - 1;
    if (media_type.size < prefix_size || memcmp(media_type.data, MEDIA_TYPE_PREFIX, prefix_size) != 0) {
        return ENVELOPE_PART_COUNT;
    }
    chaos_slice name = slice(media_type.data + prefix_size, media_type.size - prefix_size);
    size_t part = 0;
    while (part < ENVELOPE_PART_COUNT && !slice_is(name, envelope_part_names[part])) {
        part++;
    }
    return part;
}

/* The bytes of a part; its text has room in `storage`, as that holds what the whole envelope decodes to. */
static chaos_slice decode_part(json *j, const placed_text *data, uint32_t limit, chaos_buffer *storage)
{
    size_t begin = storage->size;
    if (data->text.size / 4 > limit / 3 + 1) { /* spares the decoding */
        rd_fail(&j->r, j->bad_value, "data", data->offset, "larger than this part may be");
        return slice(NULL, 0);
    }
    if (data->text.size == 0 || !base64_decode(data->text, storage)) {
        rd_fail(&j->r, j->bad_value, "data", data->offset, "not one byte or more in padded base64");
        return slice(NULL, 0);
    }
    chaos_slice bytes = slice(storage->data + begin, storage->size - begin);
    if (bytes.size > limit) {
        rd_fail(&j->r, j->bad_value, "data", data->offset, "larger than this part may be");
    }
    return bytes;
}

/* *next is the first part that may come: they are sorted, so none comes twice. */
static void take_part(json *j, const placed_text *media_type, const placed_text *data, chaos_buffer *storage,
                      envelope *out, size_t *next)
{
    size_t part = find_part(media_type->text);
    if (part == ENVELOPE_PART_COUNT) {
        rd_fail(&j->r, j->bad_value, "media_type", media_type->offset, "unknown media type");
        return;
    }
    if (part < *next) {
        rd_fail(&j->r, j->bad_value, "media_type", media_type->offset, "the parts are not sorted, or one comes twice");
        return;
    }
    out->parts[part] = decode_part(j, data, part_limits[part], storage);
    *next = part + 1;
}

static void read_part(json *j, chaos_buffer *storage, envelope *out, size_t *next)
{
    bool seen[PART_KEY_COUNT] = { false };
    placed_text texts[PART_KEY_COUNT] = { { { NULL, 0 }, 0 } };
    chaos_slice key;
    json_enter_object(j, "evidence");
    while (json_key(j, &key)) {
        size_t which = member_find(part_keys, PART_KEY_COUNT, key);
        if (which == PART_KEY_COUNT) {
            json_bad(j, "unknown member");
            continue;
        }
        seen[which] = true;
        texts[which] = read_placed(j, part_keys[which].text);
    }
    for (size_t i = 0; i < PART_KEY_COUNT; i++) {
        json_require(j, seen[i], part_keys[i].text);
    }
    if (json_ok(j)) {
        take_part(j, &texts[PART_KEY_MEDIA_TYPE], &texts[PART_KEY_DATA], storage, out, next);
    }
}

static void read_parts(json *j, const char *field, chaos_buffer *storage, envelope *out)
{
    size_t next = 0;
    json_enter_array(j, field);
    while (json_element(j)) {
        read_part(j, storage, out, &next);
    }
}

static void read_member(json *j, size_t which, chaos_buffer *storage, envelope *out)
{
    const char *field = which < KEY_COUNT ? keys[which].text : "key";
    switch (which) {
    case KEY_BINDING:
        json_0x(j, field, out->binding, sizeof(out->binding));
        break;
    case KEY_COLLATERAL:
        read_collateral(j, field, storage, out);
        break;
    case KEY_ENDORSEMENT:
        read_endorsement(j, field, out);
        break;
    case KEY_EVIDENCE:
        read_parts(j, field, storage, out);
        break;
    case KEY_POSSESSION:
        json_0x(j, field, out->possession.bytes, sizeof(out->possession.bytes));
        break;
    case KEY_PROVIDER:
        read_provider(j, field, storage, out);
        break;
    case KEY_SCHEMA:
        if (!slice_is(json_plain_string(j, field), SCHEMA)) {
            json_bad(j, "not \"" SCHEMA "\"");
        }
        break;
    default:
        json_bad(j, "unknown member");
        break;
    }
}

static void read_members(json *j, chaos_buffer *storage, envelope *out)
{
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "envelope");
    while (json_key(j, &key)) {
        size_t which = member_find(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(j, which, storage, out);
    }
    json_end(j);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        json_require(j, seen[i], keys[i].text);
    }
}

bool envelope_read(chaos_slice json_text, chaos_buffer *storage, envelope *out, fault *why)
{
    *out = (envelope){ 0 };
    *why = (fault){ 0 };
    if (json_text.size > CHAOS_MAX_ENVELOPE) {
        return fault_set(why, CHAOS_E_ENVELOPE_FORMAT, "envelope", CHAOS_MAX_ENVELOPE, "larger than it may be");
    }
    /* What is decoded is never longer than its JSON, so the block does not move while slices point into it. */
    if (buffer_reserve(storage, json_text.size) == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, "envelope", CHAOS_NO_OFFSET, "no room for the decoded parts");
    }
    envelope read = { 0 };
    size_t size_before = storage->size;
    json j;
    json_begin(&j, json_text, CHAOS_E_ENVELOPE_FORMAT);
    read_members(&j, storage, &read);
    if (!json_ok(&j)) {
        *why = j.r.why;
        storage->size = size_before;
        return false;
    }
    *out = read;
    return true;
}

/* -------------------------------------------------------------- writing ---- */

/* `text` is room for the base64. */
static bool write_part(json_writer *w, envelope_part part, chaos_slice bytes, chaos_buffer *text)
{
    char media_type[MEDIA_TYPE_SIZE];
    (void)snprintf(media_type, sizeof(media_type), "%s%s", MEDIA_TYPE_PREFIX, envelope_part_names[part]);
    text->size = 0;
    if (!base64_encode(bytes, text)) {
        return false;
    }
    json_write_object(w, NULL);
    json_write_bytes_as_text(w, "data", buffer_slice(text));
    json_write_text(w, "media_type", media_type);
    json_write_object_end(w);
    return true;
}

static bool write_parts(json_writer *w, const envelope *e)
{
    CHAOS_AUTO_BUFFER(text, 2 * CHAOS_MAX_ENVELOPE);
    json_write_array(w, "evidence");
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        if (e->parts[part].data != NULL && !write_part(w, (envelope_part)part, e->parts[part], &text)) {
            return false;
        }
    }
    json_write_array_end(w);
    return true;
}

static bool write_members(json_writer *w, const envelope *e)
{
    json_write_object(w, NULL);
    json_write_0x(w, "binding", slice(e->binding, sizeof(e->binding)));
    if (e->collateral.data != NULL) {
        json_write_bytes_as_text(w, "collateral", e->collateral);
    } else {
        json_write_null(w, "collateral");
    }
    if (e->has_endorsement) {
        json_write_0x(w, "endorsement", slice(e->endorsement.bytes, sizeof(e->endorsement.bytes)));
    } else {
        json_write_null(w, "endorsement");
    }
    if (!write_parts(w, e)) {
        return false;
    }
    json_write_0x(w, "possession", slice(e->possession.bytes, sizeof(e->possession.bytes)));
    json_write_bytes_as_text(w, "provider", e->provider);
    json_write_text(w, "schema", SCHEMA);
    json_write_object_end(w);
    return json_writer_status(w) == CHAOS_OK;
}

bool envelope_write(const envelope *e, chaos_buffer *out)
{
    size_t size_before = out->size;
    json_writer w = json_writer_begin(out);
    if (!write_members(&w, e)) {
        out->size = size_before;
        return false;
    }
    return true;
}
