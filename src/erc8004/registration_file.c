/* registration_file.c - the registration file of ERC-8004, "registration-v1". Others' files have members of their own,
 * older spellings and placeholders: those are passed over, and what we use is read strictly. */
#include "erc8004/files.h"

#include "crypto/crypto.h"

#define TYPE "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
#define MAX_NAME 256u
#define MAX_WORD 128u /* a service's name or version, a kind of trust */
#define MAX_INTEGER (((uint64_t)1 << 53) - 1)

struct chaos_registration_file {
    chaos_registration_fields fields; /* texts in storage, arrays below */
    chaos_service services[CHAOS_MAX_REGISTRATION_SERVICES];
    chaos_registration registrations[CHAOS_MAX_REGISTRATIONS];
    const char *trust[CHAOS_MAX_SUPPORTED_TRUST];
    size_t left_out;
    chaos_keccak hash;
    chaos_buffer storage;
};

CHAOS_CLEANUP(chaos_registration_file);

enum { /* in the order in which they are written */
    KEY_ACTIVE,
    KEY_DESCRIPTION,
    KEY_ENDPOINTS, /* older than services, never written */
    KEY_IMAGE,
    KEY_NAME,
    KEY_REGISTRATIONS,
    KEY_SERVICES,
    KEY_SUPPORTED_TRUST,
    KEY_TYPE,
    KEY_X402_SUPPORT,
    KEY_X402_SUPPORT_OLD, /* never written */
    KEY_COUNT
};

static const char *const keys[KEY_COUNT] = { "active", "description", "endpoints", "image",
                                             "name", "registrations", "services", "supportedTrust",
                                             "type", "x402Support", "x402support" };

enum {
    SERVICE_ENDPOINT,
    SERVICE_NAME,
    SERVICE_VERSION,
    SERVICE_COUNT
};

static const char *const service_keys[SERVICE_COUNT] = { "endpoint", "name", "version" };

enum {
    REGISTRATION_ID,
    REGISTRATION_REGISTRY,
    REGISTRATION_COUNT
};

static const char *const registration_keys[REGISTRATION_COUNT] = { "agentId", "agentRegistry" };

/* --------------------------------------------------------------- reading ---- */

/* A text, or null for none. */
static const char *read_optional(json *j, const char *field, size_t max, chaos_buffer *storage)
{
    if (json_peek(j) == JSON_KIND_NULL) {
        json_skip(j, field, NULL);
        return NULL;
    }
    return file_text(j, field, 0, max, storage);
}

static void read_service(json *j, chaos_buffer *storage, chaos_service *out)
{
    bool seen[SERVICE_COUNT + 1] = { false };
    chaos_slice key;
    *out = (chaos_service){ "", "", NULL };
    json_enter_object(j, "services");
    while (json_key(j, &key)) {
        size_t which = file_key(service_keys, SERVICE_COUNT, key);
        seen[which] = true;
        if (which == SERVICE_ENDPOINT) {
            out->endpoint = file_text(j, "endpoint", 0, CHAOS_MAX_REGISTRATION_FILE, storage);
        } else if (which == SERVICE_NAME) {
            out->name = file_text(j, "name", 1, MAX_WORD, storage);
        } else if (which == SERVICE_VERSION && json_peek(j) == JSON_KIND_STRING) {
            out->version = file_text(j, "version", 0, MAX_WORD, storage);
        } else {
            json_skip(j, "services", NULL); /* skills, domains, capabilities, a version that is a number, ... */
        }
    }
    json_require(j, seen[SERVICE_NAME], "name");
    json_require(j, seen[SERVICE_ENDPOINT], "endpoint");
}

static void read_services(json *j, const char *field, chaos_registration_file *file)
{
    size_t count = 0;
    json_enter_array(j, field);
    while (json_element(j)) {
        if (count == CHAOS_MAX_REGISTRATION_SERVICES) {
            rd_fail(&j->r, j->bad_value, field, rd_offset(&j->r), "more services than there may be");
            return;
        }
        read_service(j, &file->storage, &file->services[count++]);
    }
    file->fields.services = file->services;
    file->fields.service_count = count;
}

/* A number below 2^53, or a decimal string; false: null, of an agent that is not registered yet. */
static bool read_agent_id(json *j, chaos_u256 *id)
{
    json_kind kind = json_peek(j);
    if (kind == JSON_KIND_NULL) {
        json_skip(j, "agentId", NULL);
        return false;
    }
    if (kind != JSON_KIND_STRING) {
        *id = chaos_u256_from(json_unsigned(j, "agentId", MAX_INTEGER));
    } else if (!decimal_u256(json_plain_string(j, "agentId"), id)) {
        json_bad(j, "not a decimal string below 2^256 without leading zeros");
    }
    return true;
}

/* false: it is of another kind of chain, or not filled in. */
static bool read_registration(json *j, chaos_buffer *storage, chaos_registration *out)
{
    bool has_id = false, has_registry = false;
    chaos_slice key;
    json_enter_object(j, "registrations");
    while (json_key(j, &key)) {
        size_t which = file_key(registration_keys, REGISTRATION_COUNT, key);
        if (which == REGISTRATION_ID) {
            has_id = read_agent_id(j, &out->agent_id);
        } else if (which == REGISTRATION_REGISTRY && json_peek(j) != JSON_KIND_NULL) {
            const char *name = file_text(j, "agentRegistry", 0, CHAOS_MAX_REGISTRATION_FILE, storage);
            has_registry = registry_name_read(slice_text(name), &out->chain_id, &out->identity_registry);
        } else {
            json_skip(j, "registrations", NULL);
        }
    }
    return has_id && has_registry && json_ok(j);
}

static void read_registrations(json *j, chaos_registration_file *file)
{
    size_t count = 0;
    json_enter_array(j, "registrations");
    while (json_element(j)) {
        if (count + file->left_out == CHAOS_MAX_REGISTRATIONS) {
            rd_fail(&j->r, j->bad_value, "registrations", rd_offset(&j->r), "more registrations than there may be");
            return;
        }
        if (read_registration(j, &file->storage, &file->registrations[count])) {
            count++;
        } else {
            file->left_out++;
        }
    }
    file->fields.registrations = file->registrations;
    file->fields.registration_count = count;
}

static void read_trust(json *j, chaos_registration_file *file)
{
    size_t count = 0;
    json_enter_array(j, "supportedTrust");
    while (json_element(j)) {
        if (count == CHAOS_MAX_SUPPORTED_TRUST) {
            rd_fail(&j->r, j->bad_value, "supportedTrust", rd_offset(&j->r), "more kinds of trust than there may be");
            return;
        }
        file->trust[count++] = file_text(j, "supportedTrust", 0, MAX_WORD, &file->storage);
    }
    file->fields.supported_trust = file->trust;
    file->fields.supported_trust_count = count;
}

static void read_texts(json *j, size_t which, chaos_registration_file *file)
{
    chaos_registration_fields *out = &file->fields;
    if (which == KEY_NAME) {
        out->name = file_text(j, "name", 1, MAX_NAME, &file->storage);
    } else if (which == KEY_DESCRIPTION) {
        out->description = read_optional(j, "description", CHAOS_MAX_REGISTRATION_FILE, &file->storage);
    } else if (which == KEY_IMAGE) {
        out->image = read_optional(j, "image", CHAOS_MAX_REGISTRATION_FILE, &file->storage);
    } else if (which == KEY_TYPE) {
        if (strcmp(file_text(j, "type", 0, CHAOS_MAX_REGISTRATION_FILE, &file->storage), TYPE) != 0) {
            json_bad(j, "not \"" TYPE "\"");
        }
    } else {
        json_skip(j, "value", NULL); /* somebody's own member */
    }
}

static void read_member(json *j, size_t which, const bool seen[KEY_COUNT + 1], chaos_registration_file *file)
{
    chaos_registration_fields *out = &file->fields;
    switch (which) {
    case KEY_ACTIVE:
        out->active = json_boolean(j, "active");
        break;
    case KEY_REGISTRATIONS:
        read_registrations(j, file);
        break;
    case KEY_SERVICES:
        read_services(j, "services", file);
        break;
    case KEY_ENDPOINTS:
        if (seen[KEY_SERVICES]) {
            json_skip(j, "endpoints", NULL);
        } else {
            read_services(j, "endpoints", file);
        }
        break;
    case KEY_SUPPORTED_TRUST:
        read_trust(j, file);
        break;
    case KEY_X402_SUPPORT:
        out->x402_support = json_boolean(j, "x402Support");
        break;
    case KEY_X402_SUPPORT_OLD: {
        bool old = json_boolean(j, "x402support");
        out->x402_support = seen[KEY_X402_SUPPORT] ? out->x402_support : old;
        break;
    }
    default:
        read_texts(j, which, file);
        break;
    }
}

static void read_members(json *j, chaos_registration_file *file)
{
    bool seen[KEY_COUNT + 1] = { false };
    chaos_slice key;
    json_enter_object(j, "registration");
    while (json_key(j, &key)) {
        size_t which = file_key(keys, KEY_COUNT, key);
        seen[which] = true;
        read_member(j, which, seen, file);
    }
    json_end(j);
    json_require(j, seen[KEY_TYPE], "type");
    json_require(j, seen[KEY_NAME], "name");
}

chaos_status chaos_registration_file_parse(chaos_slice text, chaos_registration_file **file, chaos_error *err)
{
    CHAOS_AUTO(chaos_registration_file, made);
    json j;
    if (file == NULL || (text.data == NULL && text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "registration", CHAOS_NO_OFFSET, "text and file may not be NULL");
    }
    if (text.size > CHAOS_MAX_REGISTRATION_FILE) {
        return error_set(err, CHAOS_E_REGISTRATION_FORMAT, "registration", CHAOS_MAX_REGISTRATION_FILE,
                         "larger than it may be");
    }
    made = calloc(1, sizeof *made);
    if (made == NULL || !file_storage(&made->storage, text.size)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->fields = (chaos_registration_fields)CHAOS_REGISTRATION_FIELDS_INIT;
    json_begin(&j, text, CHAOS_E_REGISTRATION_FORMAT);
    read_members(&j, made);
    if (!json_ok(&j)) {
        return fault_to_error(&j.r.why, err);
    }
    made->hash = hash_keccak(text);
    CHAOS_GIVE(file, made);
    return CHAOS_OK;
}

void chaos_registration_file_free(chaos_registration_file *file)
{
    if (file != NULL) {
        chaos_buffer_free(&file->storage);
        free(file);
    }
}

/* --------------------------------------------------------------- getters ---- */

const chaos_registration_fields *chaos_registration_file_fields(const chaos_registration_file *file)
{
    return &file->fields;
}

chaos_keccak chaos_registration_file_hash(const chaos_registration_file *file)
{
    return file->hash;
}

size_t chaos_registration_file_left_out(const chaos_registration_file *file)
{
    return file->left_out;
}

bool chaos_registration_file_names(const chaos_registration_file *file, uint64_t chain_id,
                                   const chaos_address *identity_registry, const chaos_u256 *agent_id)
{
    for (size_t i = 0; i < file->fields.registration_count; i++) {
        const chaos_registration *r = &file->registrations[i];
        if (r->chain_id == chain_id &&
            memcmp(&r->identity_registry, identity_registry, sizeof *identity_registry) == 0 &&
            memcmp(&r->agent_id, agent_id, sizeof *agent_id) == 0) {
            return true;
        }
    }
    return false;
}

const char *chaos_registration_file_endpoint(const chaos_registration_file *file, const char *service)
{
    for (size_t i = 0; i < file->fields.service_count; i++) {
        if (strcmp(file->services[i].name, service) == 0) {
            return file->services[i].endpoint;
        }
    }
    return NULL;
}

bool chaos_registration_file_trusts(const chaos_registration_file *file, const char *kind)
{
    for (size_t i = 0; i < file->fields.supported_trust_count; i++) {
        if (strcmp(file->trust[i], kind) == 0) {
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------- writing ---- */

static void write_optional(json_writer *w, const char *key, const char *text)
{
    if (text != NULL) {
        json_write_text(w, key, text);
    }
}

static void write_registration(json_writer *w, const chaos_registration *r)
{
    char registry[CHAOS_REGISTRY_NAME_SIZE];
    uint64_t id = UINT64_MAX;
    chaos_registry_name_format(r->chain_id, &r->identity_registry, registry);
    if (!chaos_u256_to(&r->agent_id, &id)) {
        id = UINT64_MAX; /* no JSON integer: the writer refuses it */
    }
    json_write_object(w, NULL);
    json_write_unsigned(w, registration_keys[REGISTRATION_ID], id);
    json_write_text(w, registration_keys[REGISTRATION_REGISTRY], registry);
    json_write_object_end(w);
}

static void write_service(json_writer *w, const chaos_service *service)
{
    json_write_object(w, NULL);
    json_write_text(w, service_keys[SERVICE_ENDPOINT], service->endpoint);
    json_write_text(w, service_keys[SERVICE_NAME], service->name);
    write_optional(w, service_keys[SERVICE_VERSION], service->version);
    json_write_object_end(w);
}

static void write_fields(json_writer *w, const chaos_registration_fields *f)
{
    json_write_object(w, NULL);
    json_write_boolean(w, keys[KEY_ACTIVE], f->active);
    write_optional(w, keys[KEY_DESCRIPTION], f->description);
    write_optional(w, keys[KEY_IMAGE], f->image);
    json_write_text(w, keys[KEY_NAME], f->name);
    json_write_array(w, keys[KEY_REGISTRATIONS]);
    for (size_t i = 0; i < f->registration_count; i++) {
        write_registration(w, &f->registrations[i]);
    }
    json_write_array_end(w);
    json_write_array(w, keys[KEY_SERVICES]);
    for (size_t i = 0; i < f->service_count; i++) {
        write_service(w, &f->services[i]);
    }
    json_write_array_end(w);
    json_write_array(w, keys[KEY_SUPPORTED_TRUST]);
    for (size_t i = 0; i < f->supported_trust_count; i++) {
        json_write_text(w, NULL, f->supported_trust[i]);
    }
    json_write_array_end(w);
    json_write_text(w, keys[KEY_TYPE], TYPE);
    json_write_boolean(w, keys[KEY_X402_SUPPORT], f->x402_support);
    json_write_object_end(w);
}

static bool same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* Bytes that are no UTF-8 would be replaced by the writer, and a chain 0 left out by the reader. */
static bool same_fields(const chaos_registration_fields *a, const chaos_registration_fields *b)
{
    bool same = same_text(a->name, b->name) && same_text(a->description, b->description) &&
                same_text(a->image, b->image) && a->registration_count == b->registration_count &&
                a->service_count == b->service_count && a->supported_trust_count == b->supported_trust_count;
    for (size_t i = 0; same && i < a->service_count; i++) {
        const chaos_service *s = &a->services[i], *t = &b->services[i];
        same = same_text(s->name, t->name) && same_text(s->endpoint, t->endpoint) && same_text(s->version, t->version);
    }
    for (size_t i = 0; same && i < a->supported_trust_count; i++) {
        same = same_text(a->supported_trust[i], b->supported_trust[i]);
    }
    return same;
}

/* What we would not read we do not write. */
static chaos_status check_written(const chaos_registration_fields *fields, chaos_slice text, chaos_error *err)
{
    CHAOS_AUTO(chaos_registration_file, again);
    chaos_status status = chaos_registration_file_parse(text, &again, err);
    if (status != CHAOS_OK) {
        return file_refused(status, err);
    }
    return again != NULL && same_fields(fields, &again->fields)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "registration", CHAOS_NO_OFFSET,
                           "a text is not UTF-8, or a registration names no chain");
}

chaos_status chaos_registration_file_write(const chaos_registration_fields *fields, chaos_buffer *text,
                                           chaos_error *err)
{
    if (fields == NULL || fields->size != sizeof *fields || text == NULL ||
        fields->service_count > CHAOS_MAX_REGISTRATION_SERVICES ||
        fields->registration_count > CHAOS_MAX_REGISTRATIONS ||
        fields->supported_trust_count > CHAOS_MAX_SUPPORTED_TRUST) {
        return error_set(err, CHAOS_E_USAGE, "registration", CHAOS_NO_OFFSET,
                         "the fields begin with their size, and no list is longer than it may be");
    }
    size_t before = text->size;
    json_writer w = json_writer_begin(text);
    write_fields(&w, fields);
    chaos_status status = file_written(&w, "registration", err);
    if (status == CHAOS_OK) {
        status = check_written(fields, slice(text->data + before, text->size - before), err);
    }
    if (status != CHAOS_OK) {
        text->size = before;
    }
    return status;
}
