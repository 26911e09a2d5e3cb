/* guest_arguments.c - the arguments of a request: one JSON object whose members may be missing or unknown, as
 * the real agent takes
 * them. Bytes are hex, with any number of "0x" before them. */
#include <stdio.h>

#include "sim/guest_state.h"

#define MAX_ARGUMENT (1024u * 1024u)

typedef enum argument_kind {
    ARGUMENT_TEXT,
    ARGUMENT_BYTES,
    ARGUMENT_FLAG,
    ARGUMENT_NUMBER,
    ARGUMENT_NAMES
} argument_kind;

typedef struct argument_row {
    const char *name;
    argument_kind kind;
    size_t offset, has; /* into guest_arguments; has: 0 if nobody asks */
} argument_row;

#define AT(member) offsetof(guest_arguments, member)
static const argument_row rows[] = {
    { "path", ARGUMENT_TEXT, AT(path), 0 },
    { "purpose", ARGUMENT_TEXT, AT(purpose), 0 },
    { "algorithm", ARGUMENT_TEXT, AT(algorithm), 0 },
    { "event", ARGUMENT_TEXT, AT(event), 0 },
    { "hash_algorithm", ARGUMENT_TEXT, AT(hash_algorithm), 0 },
    { "prefix", ARGUMENT_TEXT, AT(prefix), 0 },
    { "subject", ARGUMENT_TEXT, AT(subject), 0 },
    { "report_data", ARGUMENT_BYTES, AT(report_data), 0 },
    { "payload", ARGUMENT_BYTES, AT(payload), 0 },
    { "data", ARGUMENT_BYTES, AT(data), 0 },
    { "signature", ARGUMENT_BYTES, AT(signature), 0 },
    { "public_key", ARGUMENT_BYTES, AT(public_key), 0 },
    { "random_seed", ARGUMENT_FLAG, AT(random_seed), 0 },
    { "usage_ra_tls", ARGUMENT_FLAG, AT(usage_ra_tls), 0 },
    { "usage_server_auth", ARGUMENT_FLAG, AT(usage_server_auth), 0 },
    { "usage_client_auth", ARGUMENT_FLAG, AT(usage_client_auth), 0 },
    { "not_before", ARGUMENT_NUMBER, AT(not_before), AT(has_not_before) },
    { "not_after", ARGUMENT_NUMBER, AT(not_after), AT(has_not_after) },
    { "alt_names", ARGUMENT_NAMES, AT(alt_names), 0 },
};

static bool is_hex_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool read_bytes(json *j, const char *name, guest_arguments *a, chaos_slice *out, char why[200])
{
    chaos_slice text = json_plain_string(j, name);
    if (!json_ok(j)) {
        return true; /* said at the end */
    }
    while (text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice(text.data + 2, text.size - 2);
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_hex_digit(text.data[i])) {
            (void)snprintf(why, 200, "%s: Invalid character at position %zu", name, i);
            return false;
        }
    }
    if (text.size % 2 != 0) {
        (void)snprintf(why, 200, "%s: Odd number of digits", name);
        return false;
    }
    uint8_t *bytes = buffer_reserve(&a->storage, text.size / 2 + 1);
    if (bytes == NULL || !hex_decode(text, bytes, text.size / 2)) {
        (void)snprintf(why, 200, "%s: too long", name);
        return false;
    }
    a->storage.size += text.size / 2;
    *out = slice(bytes, text.size / 2);
    return true;
}

static void read_names(json *j, guest_arguments *a)
{
    json_enter_array(j, "alt_names");
    while (json_element(j)) {
        chaos_slice name = json_decoded_string(j, "alt_names", &a->storage);
        if (a->alt_name_count < CHAOS_ARRAY_SIZE(a->alt_names) && json_ok(j)) {
            a->alt_names[a->alt_name_count++] = name;
        }
    }
}

static bool read_argument(json *j, const argument_row *row, guest_arguments *a, char why[200])
{
    void *place = (uint8_t *)a + row->offset;
    switch (row->kind) {
    case ARGUMENT_TEXT: {
        chaos_slice text = json_decoded_string(j, row->name, &a->storage);
        if (text.size > GUEST_MAX_TEXT) {
            (void)snprintf(why, 200, "%s: too long", row->name);
            return false;
        }
        memcpy(place, &text, sizeof text);
        return true;
    }
    case ARGUMENT_BYTES: {
        chaos_slice bytes = slice("", 0);
        bool ok = read_bytes(j, row->name, a, &bytes, why);
        memcpy(place, &bytes, sizeof bytes);
        return ok;
    }
    case ARGUMENT_FLAG: {
        bool flag = json_boolean(j, row->name);
        memcpy(place, &flag, sizeof flag);
        return true;
    }
    case ARGUMENT_NUMBER: {
        if (json_peek(j) == JSON_KIND_NULL) { /* optional ones may be null */
            json_skip(j, row->name, NULL);
            return true;
        }
        uint64_t number = json_unsigned(j, row->name, UINT64_MAX);
        bool given = true;
        memcpy(place, &number, sizeof number);
        memcpy((uint8_t *)a + row->has, &given, sizeof given);
        return true;
    }
    case ARGUMENT_NAMES:
        read_names(j, a);
        return true;
    default:
        return false;
    }
}

static const argument_row *find(chaos_slice key)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (slice_is(key, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

bool guest_arguments_read(chaos_slice body, guest_arguments *out, char why[200])
{
    json j;
    chaos_slice key;
    *out = (guest_arguments){ .storage = CHAOS_BUFFER_INIT(2 * MAX_ARGUMENT) };
    if (body.size == 0) {
        return true;
    }
    if (body.size > MAX_ARGUMENT || buffer_reserve(&out->storage, body.size + 1) == NULL) {
        (void)snprintf(why, 200, "payload too large");
        return false;
    }
    json_begin(&j, body, CHAOS_E_USAGE);
    json_enter_object(&j, "request");
    while (json_key(&j, &key)) {
        const argument_row *row = find(key);
        if (row == NULL) {
            json_skip(&j, "request", NULL);
        } else if (!read_argument(&j, row, out, why)) {
            return false;
        }
    }
    json_end(&j);
    if (json_ok(&j)) {
        return true;
    }
    (void)snprintf(why, 200, "invalid request: %s: %s at offset %zu", j.r.why.field == NULL ? "" : j.r.why.field,
                   j.r.why.reason == NULL ? "malformed" : j.r.why.reason, j.r.why.offset);
    return false;
}

void guest_arguments_free(guest_arguments *arguments)
{
    chaos_buffer_wipe(&arguments->storage);
}
