/* request_file.c - the JSON "chaoschain/validation-request/1". Its hash is on chain, so none of its bytes is passed
 * over: unknown members are refused. */
#include "erc8004/files.h"

#include "crypto/crypto.h"

#define SCHEMA "chaoschain/validation-request/1"
#define MAX_NAME 128u
#define MAX_INTEGER (((uint64_t)1 << 53) - 1)

struct chaos_request_file {
    chaos_request_fields fields; /* texts in storage, content in `content` */
    chaos_request_content content[CHAOS_MAX_REQUEST_CONTENT];
    chaos_keccak hash;
    chaos_buffer storage;
};

CHAOS_CLEANUP(chaos_request_file);

enum {
    KEY_AGENT_ID,
    KEY_AGENT_REGISTRY,
    KEY_CONTENT,
    KEY_CREATED_AT,
    KEY_EVIDENCE_URI,
    KEY_NONCE,
    KEY_SCHEMA,
    KEY_VALIDATOR,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT] = { "agent_id", "agent_registry", "content", "created_at",
                                             "evidence_uri", "nonce", "schema", "validator" };

enum {
    CONTENT_HASH,
    CONTENT_NAME,
    CONTENT_URI,
    CONTENT_COUNT
};

static const char *const content_keys[CONTENT_COUNT] = { "hash", "name", "uri" };

/* --------------------------------------------------------------- reading ---- */

/* "0x" and lower-case digits of exactly `size` bytes. */
static void read_0x(json *j, const char *field, uint8_t *out, size_t size)
{
    chaos_slice text = json_plain_string(j, field);
    bool good = text.size == 2 + 2 * size && text.data[0] == '0' && text.data[1] == 'x';
    for (size_t i = 2; good && i < text.size; i++) {
        good = text.data[i] < 'A' || text.data[i] > 'F';
    }
    if (!good || !hex_decode(slice(text.data + 2, 2 * size), out, size)) {
        memset(out, 0, size);
        json_bad(j, "not 0x and lower-case hex digits of the right length");
    }
}

static void read_registry(json *j, const char *field, chaos_request_fields *out)
{
    char right[CHAOS_REGISTRY_NAME_SIZE];
    chaos_slice text = json_plain_string(j, field);
    if (!registry_name_read(text, &out->chain_id, &out->identity_registry)) {
        json_bad(j, "not eip155:CHAIN:0xREGISTRY");
        return;
    }
    chaos_registry_name_format(out->chain_id, &out->identity_registry, right);
    if (!slice_is(text, right)) {
        json_bad(j, "the address is not in lower case");
    }
}

static void read_content(json *j, chaos_buffer *storage, chaos_request_content *out)
{
    bool seen[CONTENT_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "content");
    while (json_key(j, &key)) {
        size_t which = file_key(content_keys, CONTENT_COUNT, key);
        seen[which] = true;
        if (which == CONTENT_HASH) {
            read_0x(j, "hash", out->hash.bytes, sizeof out->hash.bytes);
        } else if (which == CONTENT_NAME) {
            out->name = file_text(j, "name", 1, MAX_NAME, storage);
        } else if (which == CONTENT_URI) {
            out->uri = file_uri(j, "uri", 1, FILE_MAX_URI, storage);
        } else {
            json_bad(j, "unknown member");
        }
    }
    for (size_t i = 0; i < CONTENT_COUNT; i++) {
        json_require(j, seen[i], content_keys[i]);
    }
}

static void read_contents(json *j, chaos_request_file *file)
{
    size_t count = 0;
    json_enter_array(j, "content");
    while (json_element(j)) {
        if (count == CHAOS_MAX_REQUEST_CONTENT) {
            rd_fail(&j->r, j->bad_value, "content", rd_offset(&j->r), "more entries than there may be");
            return;
        }
        read_content(j, &file->storage, &file->content[count++]);
    }
    file->fields.content = file->content;
    file->fields.content_count = count;
}

static void read_member(json *j, size_t which, chaos_request_file *file)
{
    chaos_request_fields *out = &file->fields;
    switch (which) {
    case KEY_AGENT_ID:
        if (!decimal_u256(json_plain_string(j, "agent_id"), &out->agent_id)) {
            json_bad(j, "not a decimal string below 2^256 without leading zeros");
        }
        break;
    case KEY_AGENT_REGISTRY:
        read_registry(j, "agent_registry", out);
        break;
    case KEY_CONTENT:
        read_contents(j, file);
        break;
    case KEY_CREATED_AT:
        out->created_at = (int64_t)json_unsigned(j, "created_at", MAX_INTEGER);
        break;
    case KEY_EVIDENCE_URI:
        out->evidence_uri = file_uri(j, "evidence_uri", 1, FILE_MAX_URI, &file->storage);
        break;
    case KEY_NONCE:
        read_0x(j, "nonce", out->nonce.bytes, sizeof out->nonce.bytes);
        break;
    case KEY_SCHEMA:
        if (!slice_is(json_plain_string(j, "schema"), SCHEMA)) {
            json_bad(j, "not \"" SCHEMA "\"");
        }
        break;
    case KEY_VALIDATOR:
        read_0x(j, "validator", out->validator.bytes, sizeof out->validator.bytes);
        break;
    default:
        json_bad(j, "unknown member");
        break;
    }
}

static void read_members(json *j, chaos_request_file *file)
{
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "request");
    while (json_key(j, &key)) {
        size_t which = file_key(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(j, which, file);
    }
    json_end(j);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        json_require(j, seen[i], keys[i]);
    }
}

chaos_status chaos_request_file_parse(chaos_slice text, chaos_request_file **file, chaos_error *err)
{
    CHAOS_AUTO(chaos_request_file, made);
    json j;
    if (file == NULL || (text.data == NULL && text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "request", CHAOS_NO_OFFSET, "text and file may not be NULL");
    }
    if (text.size > CHAOS_MAX_REQUEST_FILE) {
        return error_set(err, CHAOS_E_REQUEST_FORMAT, "request", CHAOS_MAX_REQUEST_FILE, "larger than it may be");
    }
    made = calloc(1, sizeof *made);
    if (made == NULL || !file_storage(&made->storage, text.size)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->fields = (chaos_request_fields)CHAOS_REQUEST_FIELDS_INIT;
    json_begin(&j, text, CHAOS_E_REQUEST_FORMAT);
    read_members(&j, made);
    if (!json_ok(&j)) {
        return fault_to_error(&j.r.why, err);
    }
    made->hash = hash_keccak(text);
    CHAOS_GIVE(file, made);
    return CHAOS_OK;
}

void chaos_request_file_free(chaos_request_file *file)
{
    if (file != NULL) {
        chaos_buffer_free(&file->storage);
        free(file);
    }
}

const chaos_request_fields *chaos_request_file_fields(const chaos_request_file *file)
{
    return &file->fields;
}

chaos_keccak chaos_request_file_hash(const chaos_request_file *file)
{
    return file->hash;
}

/* --------------------------------------------------------------- writing ---- */

static void write_content(json_writer *w, const chaos_request_content *content)
{
    json_write_object(w, NULL);
    json_write_0x(w, "hash", slice(content->hash.bytes, sizeof content->hash.bytes));
    json_write_text(w, "name", content->name);
    json_write_text(w, "uri", content->uri);
    json_write_object_end(w);
}

static void write_fields(json_writer *w, const chaos_request_fields *f)
{
    char registry[CHAOS_REGISTRY_NAME_SIZE], id[CHAOS_U256_TEXT_SIZE];
    chaos_registry_name_format(f->chain_id, &f->identity_registry, registry);
    chaos_u256_format(&f->agent_id, id);
    json_write_object(w, NULL);
    json_write_text(w, keys[KEY_AGENT_ID], id);
    json_write_text(w, keys[KEY_AGENT_REGISTRY], registry);
    json_write_array(w, keys[KEY_CONTENT]);
    for (size_t i = 0; i < f->content_count; i++) {
        write_content(w, &f->content[i]);
    }
    json_write_array_end(w);
    json_write_unsigned(w, keys[KEY_CREATED_AT], (uint64_t)f->created_at);
    json_write_text(w, keys[KEY_EVIDENCE_URI], f->evidence_uri);
    json_write_0x(w, keys[KEY_NONCE], slice(f->nonce.bytes, sizeof f->nonce.bytes));
    json_write_text(w, keys[KEY_SCHEMA], SCHEMA);
    json_write_0x(w, keys[KEY_VALIDATOR], slice(f->validator.bytes, sizeof f->validator.bytes));
    json_write_object_end(w);
}

/* Bytes that are no UTF-8 would be replaced by the writer: a name must come back as it was. */
static bool same_names(const chaos_request_fields *a, const chaos_request_fields *b)
{
    for (size_t i = 0; i < a->content_count; i++) {
        if (strcmp(a->content[i].name, b->content[i].name) != 0) {
            return false;
        }
    }
    return true;
}

/* What we would not read we do not write. */
static chaos_status check_written(const chaos_request_fields *fields, chaos_slice text, chaos_error *err)
{
    CHAOS_AUTO(chaos_request_file, again);
    chaos_status status = chaos_request_file_parse(text, &again, err);
    if (status != CHAOS_OK) {
        return file_refused(status, err);
    }
    return again != NULL && same_names(fields, &again->fields)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET, "a name is not UTF-8");
}

chaos_status chaos_request_file_write(const chaos_request_fields *fields, chaos_buffer *text, chaos_error *err)
{
    if (fields == NULL || fields->size != sizeof *fields || text == NULL || fields->created_at < 0 ||
        fields->content_count > CHAOS_MAX_REQUEST_CONTENT) {
        return error_set(err, CHAOS_E_USAGE, "request", CHAOS_NO_OFFSET,
                         "the fields begin with their size, and no number is out of its range");
    }
    size_t before = text->size;
    json_writer w = json_writer_begin(text);
    write_fields(&w, fields);
    chaos_status status = file_written(&w, "request", err);
    if (status == CHAOS_OK) {
        status = check_written(fields, slice(text->data + before, text->size - before), err);
    }
    if (status != CHAOS_OK) {
        text->size = before;
    }
    return status;
}
