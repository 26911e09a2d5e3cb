/* guest_arguments.c - the arguments of a request: one JSON object, or a query, whose members may be missing or
 * unknown to the method, as the real agent takes them. Bytes are hex, with any number of "0x" before them. */
#include <stdio.h>

#include "sim/guest_state.h"

#define MAX_ARGUMENT (1024u * 1024u)
#define MAX_QUERY (64u * 1024u)

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
    { "with_app_info", ARGUMENT_FLAG, AT(with_app_info), 0 },
    { "usage_client_auth", ARGUMENT_FLAG, AT(usage_client_auth), 0 },
    { "not_before", ARGUMENT_NUMBER, AT(not_before), AT(has_not_before) },
    { "not_after", ARGUMENT_NUMBER, AT(not_after), AT(has_not_after) },
    { "alt_names", ARGUMENT_NAMES, AT(alt_names), 0 },
};

static bool is_hex_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* ------------------------------------------------------------------ values ---- */

static bool say(char why[200], const char *name, const char *reason)
{
    (void)snprintf(why, 200, "%s: %s", name, reason);
    return false;
}

static bool take_text(const argument_row *row, guest_arguments *a, chaos_slice text, char why[200])
{
    if (text.size > GUEST_MAX_TEXT) {
        return say(why, row->name, "too long");
    }
    memcpy((uint8_t *)a + row->offset, &text, sizeof text);
    return true;
}

static bool take_bytes(const argument_row *row, guest_arguments *a, chaos_slice digits, char why[200])
{
    while (digits.size >= 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') {
        digits = slice(digits.data + 2, digits.size - 2);
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (!is_hex_digit(digits.data[i])) {
            (void)snprintf(why, 200, "%s: Invalid character at position %zu", row->name, i);
            return false;
        }
    }
    if (digits.size % 2 != 0) {
        return say(why, row->name, "Odd number of digits");
    }
    uint8_t *bytes = buffer_reserve(&a->storage, digits.size / 2 + 1);
    if (bytes == NULL || !hex_decode(digits, bytes, digits.size / 2)) {
        return say(why, row->name, "too long");
    }
    a->storage.size += digits.size / 2;
    chaos_slice value = slice(bytes, digits.size / 2);
    memcpy((uint8_t *)a + row->offset, &value, sizeof value);
    return true;
}

static void take_flag(const argument_row *row, guest_arguments *a, bool flag)
{
    memcpy((uint8_t *)a + row->offset, &flag, sizeof flag);
}

static void take_number(const argument_row *row, guest_arguments *a, uint64_t number)
{
    bool given = true;
    memcpy((uint8_t *)a + row->offset, &number, sizeof number);
    memcpy((uint8_t *)a + row->has, &given, sizeof given);
}

static bool take_name(const argument_row *row, guest_arguments *a, chaos_slice name, char why[200])
{
    if (a->alt_name_count == CHAOS_ARRAY_SIZE(a->alt_names)) {
        return say(why, row->name, "more than 32");
    }
    a->alt_names[a->alt_name_count++] = name;
    return true;
}

/* -------------------------------------------------------------------- JSON ---- */

static bool read_names(json *j, const argument_row *row, guest_arguments *a, char why[200])
{
    json_enter_array(j, row->name);
    while (json_element(j)) {
        chaos_slice name = json_decoded_string(j, row->name, &a->storage);
        if (json_ok(j) && !take_name(row, a, name, why)) {
            return false;
        }
    }
    return true;
}

/* False with `why`; faults of the JSON are latched in the reader and said at the end. */
static bool read_argument(json *j, const argument_row *row, guest_arguments *a, char why[200])
{
    switch (row->kind) {
    case ARGUMENT_TEXT:
        return take_text(row, a, json_decoded_string(j, row->name, &a->storage), why);
    case ARGUMENT_BYTES: {
        chaos_slice digits = json_plain_string(j, row->name);
        return !json_ok(j) || take_bytes(row, a, digits, why);
    }
    case ARGUMENT_FLAG:
        take_flag(row, a, json_boolean(j, row->name));
        return true;
    case ARGUMENT_NUMBER:
        if (json_peek(j) == JSON_KIND_NULL) { /* optional ones may be null */
            json_skip(j, row->name, NULL);
        } else {
            take_number(row, a, json_unsigned(j, row->name, UINT64_MAX));
        }
        return true;
    case ARGUMENT_NAMES:
        return read_names(j, row, a, why);
    default:
        return false;
    }
}

/* Is it one of the words? */
static bool is_wanted(const char *wanted, const char *name)
{
    for (const char *word = wanted; *word != '\0';) {
        size_t length = strcspn(word, " ");
        if (slice_is(slice(word, length), name)) {
            return true;
        }
        word += length + (word[length] == ' ' ? 1 : 0);
    }
    return false;
}

static const argument_row *find(chaos_slice key, const char *wanted)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (slice_is(key, rows[i].name)) {
            return is_wanted(wanted, rows[i].name) ? &rows[i] : NULL;
        }
    }
    return NULL;
}

bool guest_arguments_read(chaos_slice body, const char *wanted, guest_arguments *out, char why[200])
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
        const argument_row *row = find(key, wanted);
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
                   j.r.why.reason == NULL ? chaos_status_text(j.r.why.status) : j.r.why.reason, j.r.why.offset);
    return false;
}

/* ------------------------------------------------------------------- query ---- */

static int digit_of(uint8_t c)
{
    return !is_hex_digit(c) ? -1 : c <= '9' ? c - '0'
                                            : (c | 0x20) - 'a' + 10;
}

/* Undoes %XX and +; false: a broken escape, or anything that is no printable ASCII, for which there is POST. */
static bool unescape(chaos_slice text, chaos_buffer *out, chaos_slice *decoded)
{
    uint8_t *place = buffer_reserve(out, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; place != NULL && i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.size ? digit_of(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? digit_of(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (uint8_t)(16 * high + low);
            i += 2;
        }
        place[size] = text.data[i] == '+' ? ' ' : c;
        if (place[size] < 0x20 || place[size] > 0x7e) {
            return false;
        }
        size++;
    }
    if (place == NULL) {
        return false;
    }
    out->size += size;
    *decoded = slice(place, size);
    return true;
}

static bool parse_number(chaos_slice digits, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        unsigned digit = digits.data[i] - (unsigned)'0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = 10 * *number + digit;
    }
    return digits.size > 0;
}

static bool take_query_value(const argument_row *row, guest_arguments *a, chaos_slice value, char why[200])
{
    uint64_t number;
    switch (row->kind) {
    case ARGUMENT_TEXT:
        return take_text(row, a, value, why);
    case ARGUMENT_BYTES:
        return take_bytes(row, a, value, why);
    case ARGUMENT_FLAG:
        if (!slice_is(value, "true") && !slice_is(value, "false")) {
            return say(why, row->name, "neither true nor false");
        }
        take_flag(row, a, slice_is(value, "true"));
        return true;
    case ARGUMENT_NUMBER:
        if (!parse_number(value, &number)) {
            return say(why, row->name, "not a number");
        }
        take_number(row, a, number);
        return true;
    case ARGUMENT_NAMES:
        return take_name(row, a, value, why);
    default:
        return false;
    }
}

bool guest_arguments_read_query(const char *query, const char *wanted, guest_arguments *out, char why[200])
{
    size_t length = strlen(query);
    *out = (guest_arguments){ .storage = CHAOS_BUFFER_INIT(2 * MAX_ARGUMENT) };
    if (length > MAX_QUERY || buffer_reserve(&out->storage, 4 * (length + 1)) == NULL) {
        return say(why, "query", "too long");
    }
    for (const char *part = query; *part != '\0';) {
        size_t size = strcspn(part, "&"), key_size = strcspn(part, "=&");
        const argument_row *row = find(slice(part, key_size), wanted);
        size_t value_at = key_size < size ? key_size + 1 : size;
        chaos_slice value;
        if (row != NULL && !unescape(slice(part + value_at, size - value_at), &out->storage, &value)) {
            return say(why, row->name, "a broken escape, or more than ASCII, which POST can say");
        }
        if (row != NULL && !take_query_value(row, out, value, why)) {
            return false;
        }
        part += size + (part[size] == '&' ? 1 : 0);
    }
    return true;
}

void guest_arguments_free(guest_arguments *arguments)
{
    chaos_buffer_wipe(&arguments->storage);
}
