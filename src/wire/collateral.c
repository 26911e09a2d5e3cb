/* collateral.c - the interchange JSON in which Intel's signed statements about a platform travel: an object of
 * strings.
 *
 * The names are those that collateral fetchers agree on. Nothing is interpreted here: who signed what, and what it
 * says, is for verify/. The inner JSON texts come out byte for byte as they were signed. */
#include "wire/internal.h"

#include <stddef.h>

typedef struct member {
    member_key key;
    size_t offset; /* of the slice in collateral_parts */
    bool optional;
} member;

#define REQUIRED(name)                                             \
    {                                                              \
        MEMBER_KEY(#name), offsetof(collateral_parts, name), false \
    }
#define OPTIONAL(name)                                            \
    {                                                             \
        MEMBER_KEY(#name), offsetof(collateral_parts, name), true \
    }

/* In the order in which RFC 8785 writes them. */
static const member members[] = {
    OPTIONAL(pck_certificate_chain),
    REQUIRED(pck_crl),
    REQUIRED(pck_crl_issuer_chain),
    REQUIRED(qe_identity),
    REQUIRED(qe_identity_issuer_chain),
    REQUIRED(qe_identity_signature),
    REQUIRED(root_ca_crl),
    REQUIRED(tcb_info),
    REQUIRED(tcb_info_issuer_chain),
    REQUIRED(tcb_info_signature),
};
enum {
    MEMBER_COUNT = CHAOS_ARRAY_SIZE(members)
};

static const member *find_member(chaos_slice key)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (member_find(&members[i].key, 1, key) == 0) {
            return &members[i];
        }
    }
    return NULL;
}

static chaos_slice *part_of(collateral_parts *parts, const member *m)
{
    return (void *)((uint8_t *)parts + m->offset);
}

static chaos_slice part_get(const collateral_parts *parts, const member *m)
{
    chaos_slice value;
    memcpy(&value, (const uint8_t *)parts + m->offset, sizeof(value));
    return value;
}

static void read_member(json *j, const member *m, chaos_buffer *storage, collateral_parts *parts)
{
    if (m->optional && json_peek(j) == JSON_KIND_NULL) { /* how some writers say "absent" */
        json_skip(j, m->key.text, NULL);
        return;
    }
    *part_of(parts, m) = json_decoded_string(j, m->key.text, storage);
}

static void read_members(json *j, chaos_buffer *storage, collateral_parts *parts)
{
    bool seen[MEMBER_COUNT] = { false };
    chaos_slice key;
    json_enter_object(j, "collateral");
    while (json_key(j, &key)) {
        const member *m = find_member(key);
        if (m == NULL) {
            json_skip(j, "unknown member", NULL);
            continue;
        }
        read_member(j, m, storage, parts);
        seen[m - members] = true;
    }
    json_end(j);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        json_require(j, seen[i] || members[i].optional, members[i].key.text);
    }
}

bool collateral_read(chaos_slice json_text, chaos_buffer *storage, collateral_parts *out, fault *why)
{
    *out = (collateral_parts){ 0 };
    *why = (fault){ 0 };
    if (json_text.size > CHAOS_MAX_COLLATERAL) {
        return fault_set(why, CHAOS_E_COLLATERAL_FORMAT, "collateral", CHAOS_MAX_COLLATERAL,
                         "larger than it may be");
    }
    /* What is decoded is never longer than its JSON, so the block does not move while slices point into it. */
    if (buffer_reserve(storage, json_text.size) == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, "collateral", CHAOS_NO_OFFSET, "no room for the decoded strings");
    }
    collateral_parts parts = { 0 };
    size_t size_before = storage->size;
    json j;
    json_begin(&j, json_text, CHAOS_E_COLLATERAL_FORMAT);
    read_members(&j, storage, &parts);
    if (!json_ok(&j)) {
        *why = j.r.why;
        storage->size = size_before;
        return false;
    }
    *out = parts;
    return true;
}

bool collateral_write(const collateral_parts *parts, chaos_buffer *out)
{
    size_t size_before = out->size;
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        chaos_slice value = part_get(parts, &members[i]);
        if (value.size > 0 || !members[i].optional) {
            json_write_bytes_as_text(&w, members[i].key.text, value);
        }
    }
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        out->size = size_before;
        return false;
    }
    return true;
}

/* ------------------------------------------------------ revocation lists ---- */

enum {
    DER_FIRST_BYTE = 0x30,
    PEM_FIRST_BYTE = '-'
};

static chaos_slice without_final_newline(chaos_slice text)
{
    if (text.size > 0 && text.data[text.size - 1] == '\n') {
        text.size--;
        if (text.size > 0 && text.data[text.size - 1] == '\r') {
            text.size--;
        }
    }
    return text;
}

/* Each of the three writes at most `text.size` bytes to `room` and gives how many; 0 with *why on failure. */

static size_t crl_from_der(chaos_slice text, uint8_t *room)
{
    memcpy(room, text.data, text.size);
    return text.size;
}

static size_t crl_from_pem(chaos_slice text, uint8_t *room, fault *why)
{
    chaos_slice der[1] = { { NULL, 0 } };
    size_t blocks =
        pem_read(text, "X509 CRL", CHAOS_E_CRL_FORMAT, CHAOS_E_CRL_FORMAT, room, text.size, der, 1, why);
    return blocks == 1 ? der[0].size : 0;
}

static size_t crl_from_hex(chaos_slice text, uint8_t *room, fault *why)
{
    chaos_slice digits = without_final_newline(text);
    size_t size = digits.size / 2;
    if (size == 0 || digits.size % 2 != 0 || !hex_decode(digits, room, size)) {
        fault_set(why, CHAOS_E_CRL_FORMAT, "crl", 0, "neither hex digits of DER nor PEM");
        return 0;
    }
    return size;
}

bool collateral_crl_der(chaos_slice text, chaos_buffer *storage, chaos_slice *der, fault *why)
{
    *der = (chaos_slice){ 0 };
    *why = (fault){ 0 };
    if (text.size == 0) {
        return fault_set(why, CHAOS_E_CRL_FORMAT, "crl", 0, "the revocation list is empty");
    }
    if (text.size > CHAOS_MAX_COLLATERAL) {
        return fault_set(why, CHAOS_E_CRL_FORMAT, "crl", CHAOS_MAX_COLLATERAL, "larger than it may be");
    }
    uint8_t *room = buffer_reserve(storage, text.size);
    if (room == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, "crl", CHAOS_NO_OFFSET, "no room for the decoded list");
    }
    size_t size = 0;
    switch (text.data[0]) {
    case DER_FIRST_BYTE:
        size = crl_from_der(text, room);
        break;
    case PEM_FIRST_BYTE:
        size = crl_from_pem(text, room, why);
        break;
    default:
        size = crl_from_hex(text, room, why);
        break;
    }
    if (size == 0) {
        return false;
    }
    storage->size += size;
    *der = slice(room, size);
    return true;
}
