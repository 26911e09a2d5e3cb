/* bundle.c - one line of a bundle, "chaoschain/bundle/1": header, collateral, envelope, receipt or content, read and
 * written (docs/receipts.md). Which line may follow which is decided in check/. */
#include "wire/internal.h"

#define SCHEMA "chaoschain/bundle/1"
#define NAMESPACE "eip155:"

enum {
    KEY_AGENT_ID,
    KEY_AGENT_REGISTRY,
    KEY_SCHEMA,
    KEY_COLLATERAL,
    KEY_CONTENT,
    KEY_ENVELOPE,
    KEY_RECEIPT,
    KEY_COUNT
};

#define HEADER_KEYS (1u << KEY_AGENT_ID | 1u << KEY_AGENT_REGISTRY | 1u << KEY_SCHEMA)

static const member_key keys[KEY_COUNT] = {
    [KEY_AGENT_ID] = MEMBER_KEY("agent_id"),
    [KEY_AGENT_REGISTRY] = MEMBER_KEY("agent_registry"),
    [KEY_SCHEMA] = MEMBER_KEY("schema"),
    [KEY_COLLATERAL] = MEMBER_KEY("collateral"),
    [KEY_CONTENT] = MEMBER_KEY("content"),
    [KEY_ENVELOPE] = MEMBER_KEY("envelope"),
    [KEY_RECEIPT] = MEMBER_KEY("receipt"),
};

/* -------------------------------------------------------------- reading ---- */

/* eip155:CHAIN:0xREGISTRY, neither of them 0 */
static bool registry_read(chaos_slice text, chaos_u256 *chain_id, chaos_address *registry)
{
    const size_t prefix = sizeof NAMESPACE - 1;
    const size_t tail = 1 + 2 + 2 * sizeof registry->bytes; /* ":0x" and the digits */
    if (text.size <= prefix + tail || memcmp(text.data, NAMESPACE, prefix) != 0) {
        return false;
    }
    chaos_slice chain = slice(text.data + prefix, text.size - prefix - tail);
    const uint8_t *address = chain.data + chain.size;
    chaos_slice digits = slice(address + 3, 2 * sizeof registry->bytes);
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] >= 'A' && digits.data[i] <= 'F') {
            return false;
        }
    }
    return memcmp(address, ":0x", 3) == 0 && hex_decode(digits, registry->bytes, sizeof registry->bytes) &&
           decimal_read_u256(chain, chain_id) && !slice_is_zero(slice(chain_id->bytes, sizeof chain_id->bytes)) &&
           !slice_is_zero(slice(registry->bytes, sizeof registry->bytes));
}

static void read_registry(json *j, bundle_header *out)
{
    chaos_slice text = json_plain_string(j, "agent_registry");
    if (json_ok(j) && !registry_read(text, &out->chain_id, &out->agent_registry)) {
        json_bad(j, "not eip155:CHAIN:0xREGISTRY in lower case");
    }
}

static void read_schema(json *j)
{
    if (!slice_is(json_plain_string(j, "schema"), SCHEMA)) {
        json_bad(j, "not \"" SCHEMA "\"");
    }
}

static void read_collateral(json *j, chaos_buffer *storage, bundle_line *out)
{
    out->collateral = json_decoded_string(j, "collateral", storage);
    if (json_ok(j) && (out->collateral.size == 0 || out->collateral.size > CHAOS_MAX_COLLATERAL)) {
        json_bad(j, "empty, or larger than collateral may be");
    }
}

/* The bytes as they stand here: their hash is what receipts name. */
static void read_envelope(json *j, bundle_line *out)
{
    if (json_peek(j) != JSON_KIND_OBJECT) {
        json_refuse(j, "envelope", "an object is expected");
        return;
    }
    json_skip(j, "envelope", &out->envelope);
    if (json_ok(j) && out->envelope.size > CHAOS_MAX_ENVELOPE) {
        json_bad(j, "larger than an envelope may be");
    }
}

static void decode_content(json *j, chaos_slice text, chaos_buffer *storage, bundle_line *out)
{
    const size_t begin = storage->size;
    if (text.size / 4 > CHAOS_MAX_BUNDLE_CONTENT / 3 + 1) { /* spares the decoding */
        json_refuse(j, "data", "larger than a content may be");
        return;
    }
    if (buffer_reserve(storage, text.size + 1) == NULL) {
        rd_fail(&j->r, CHAOS_E_MEMORY, "data", CHAOS_NO_OFFSET, NULL);
        return;
    }
    if (!base64_decode(text, storage)) {
        json_refuse(j, "data", "not padded base64");
        return;
    }
    out->content = slice(storage->data + begin, storage->size - begin);
    if (out->content.size > CHAOS_MAX_BUNDLE_CONTENT) {
        json_refuse(j, "data", "larger than a content may be");
    }
}

static void read_content(json *j, chaos_buffer *storage, bundle_line *out)
{
    bool has_data = false, has_hash = false;
    chaos_slice key, data = { NULL, 0 };
    json_enter_object(j, "content");
    while (json_key(j, &key)) {
        if (slice_is(key, "data")) {
            has_data = true;
            data = json_plain_string(j, "data");
        } else if (slice_is(key, "hash")) {
            has_hash = true;
            json_0x(j, "hash", out->content_hash.bytes, sizeof out->content_hash.bytes);
        } else {
            json_bad(j, "unknown member");
        }
    }
    json_require(j, has_data, "data");
    json_require(j, has_hash, "hash");
    if (json_ok(j)) {
        decode_content(j, data, storage, out);
    }
}

static void read_member(json *j, size_t member, const chaos_u256 *chain_id, chaos_buffer *storage, bundle_line *out)
{
    switch (member) {
    case KEY_AGENT_ID:
        json_decimal_u256(j, "agent_id", &out->header.agent_id);
        return;
    case KEY_AGENT_REGISTRY:
        read_registry(j, &out->header);
        return;
    case KEY_SCHEMA:
        read_schema(j);
        return;
    case KEY_COLLATERAL:
        out->kind = BUNDLE_COLLATERAL;
        read_collateral(j, storage, out);
        return;
    case KEY_CONTENT:
        out->kind = BUNDLE_CONTENT;
        read_content(j, storage, out);
        return;
    case KEY_ENVELOPE:
        out->kind = BUNDLE_ENVELOPE;
        read_envelope(j, out);
        return;
    case KEY_RECEIPT:
        out->kind = BUNDLE_RECEIPT;
        j->bad_value = CHAOS_E_RECEIPT_FORMAT;
        receipt_read(j, chain_id, &out->receipt);
        j->bad_value = CHAOS_E_BUNDLE_FORMAT;
        return;
    default:
        json_bad(j, "unknown member");
        return;
    }
}

/* Is it all of a header, or one other thing? */
static bool is_one_line(unsigned seen)
{
    return seen == HEADER_KEYS || (seen != 0 && (seen & HEADER_KEYS) == 0 && (seen & (seen - 1)) == 0);
}

bool bundle_line_read(chaos_slice text, const chaos_u256 *chain_id, chaos_buffer *storage, bundle_line *out, fault *why)
{
    chaos_slice key;
    unsigned seen = 0;
    json j;

    memset(out, 0, sizeof *out);
    *why = (fault){ 0 };
    if (text.size == 0 || text.data[0] != '{' || text.data[text.size - 1] != '}') {
        return fault_set(why, CHAOS_E_BUNDLE_FORMAT, "line", 0, "a line is one JSON object and nothing else");
    }
    json_begin(&j, text, CHAOS_E_BUNDLE_FORMAT);
    json_enter_object(&j, "line");
    while (json_key(&j, &key)) {
        size_t member = member_find(keys, KEY_COUNT, key);
        read_member(&j, member, chain_id, storage, out);
        seen |= 1u << member;
    }
    json_end(&j);
    if (json_ok(&j) && !is_one_line(seen)) {
        json_refuse(&j, "line", "neither a whole header nor one envelope, collateral, receipt or content");
    }
    out->kind = seen == HEADER_KEYS ? BUNDLE_HEADER : out->kind;
    *why = j.r.why;
    return json_ok(&j);
}

/* -------------------------------------------------------------- writing ---- */

/* Ends the line, or takes all of it back. */
static chaos_status end_line(const json_writer *w, size_t before, chaos_error *err)
{
    chaos_buffer *out = w->out;
    chaos_status status = json_writer_status(w);
    if (status == CHAOS_OK && out->size - before > CHAOS_MAX_BUNDLE_LINE) {
        status = CHAOS_E_LIMIT;
    }
    if (status == CHAOS_OK && !buffer_append_text(out, "\n")) {
        status = CHAOS_E_LIMIT;
    }
    if (status == CHAOS_OK) {
        return CHAOS_OK;
    }
    out->size = before;
    if (out->data != NULL) {
        out->data[before] = 0;
    }
    return error_set(err, status, "line", CHAOS_NO_OFFSET,
                     status == CHAOS_E_LIMIT ? "the line is too long for a bundle, or for the buffer" : NULL);
}

static chaos_status missing(chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, "bundle", CHAOS_NO_OFFSET, "an argument may not be NULL");
}

chaos_status chaos_bundle_write_header(const chaos_u256 *chain_id, const chaos_address *agent_registry,
                                       const chaos_u256 *agent_id, chaos_buffer *out, chaos_error *err)
{
    char number[DECIMAL_U256_SIZE];
    char digits[2 * sizeof agent_registry->bytes + 1] = { 0 };
    CHAOS_AUTO_BUFFER(name, 256);

    if (chain_id == NULL || agent_registry == NULL || agent_id == NULL || out == NULL) {
        return missing(err);
    }
    const size_t before = out->size;
    hex_encode(slice(agent_registry->bytes, sizeof agent_registry->bytes), digits);
    if (!buffer_append_format(&name, NAMESPACE "%s:0x%s", decimal_write_u256(chain_id, number), digits)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "agent_id", decimal_write_u256(agent_id, number));
    json_write_text(&w, "agent_registry", (const char *)name.data);
    json_write_text(&w, "schema", SCHEMA);
    json_write_object_end(&w);
    return end_line(&w, before, err);
}

/* The envelope goes in byte for byte, and its hash with it. */
chaos_status chaos_bundle_write_envelope(const chaos_evidence *evidence, chaos_buffer *out, chaos_error *err)
{
    if (evidence == NULL || out == NULL) {
        return missing(err);
    }
    const chaos_slice bytes = evidence->bytes;
    if (!evidence->is_envelope || memchr(bytes.data, '\n', bytes.size) != NULL ||
        memchr(bytes.data, '\r', bytes.size) != NULL || bytes.data[0] != '{' || bytes.data[bytes.size - 1] != '}') {
        return error_set(err, CHAOS_E_USAGE, "envelope", CHAOS_NO_OFFSET,
                         "only an envelope in one line, without anything around it, fits a bundle");
    }
    const size_t before = out->size;
    if (!buffer_append_text(out, "{\"envelope\":") || !buffer_append(out, bytes) || !buffer_append_text(out, "}\n")) {
        out->size = before;
        return error_set(err, CHAOS_E_LIMIT, "envelope", CHAOS_NO_OFFSET, "the line is too long for the buffer");
    }
    return CHAOS_OK;
}

chaos_status chaos_bundle_write_collateral(chaos_slice collateral, chaos_buffer *out, chaos_error *err)
{
    if (out == NULL || collateral.data == NULL || collateral.size == 0) {
        return missing(err);
    }
    const size_t before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_bytes_as_text(&w, "collateral", collateral);
    json_write_object_end(&w);
    return end_line(&w, before, err);
}

chaos_status chaos_bundle_write_receipt(const chaos_receipt *receipt, chaos_buffer *out, chaos_error *err)
{
    if (receipt == NULL || out == NULL) {
        return missing(err);
    }
    CHAOS_TRY(chaos_action_check(&receipt->action, err));
    const size_t before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    receipt_write(&w, "receipt", receipt);
    json_write_object_end(&w);
    return end_line(&w, before, err);
}

chaos_status chaos_bundle_write_content(chaos_slice content, chaos_buffer *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_BUNDLE_LINE);
    if (out == NULL || (content.data == NULL && content.size > 0)) {
        return missing(err);
    }
    if (content.size > CHAOS_MAX_BUNDLE_CONTENT || !base64_encode(content, &text)) {
        return error_set(err, CHAOS_E_LIMIT, "content", CHAOS_NO_OFFSET, "the content is too large for a bundle");
    }
    const chaos_keccak hash = chaos_content_hash(content);
    const size_t before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_object(&w, "content");
    json_write_bytes_as_text(&w, "data", buffer_slice(&text));
    json_write_0x(&w, "hash", slice(hash.bytes, sizeof hash.bytes));
    json_write_object_end(&w);
    json_write_object_end(&w);
    return end_line(&w, before, err);
}
