/* host_json.c - JSON as it is lent to a plug-in: one member at its place, read by our strict reader. The
 * whole text is gone through each time, so that nothing is taken out of a text that is not JSON to its
 * end. */
#include <stdio.h>

#include "tee/internal.h"

enum {
    MAX_PLACE = 128,
    MAX_STEPS = JSON_MAX_DEPTH,
    MAX_INDEX = 9999,
    MAX_QUOTED = 64 /* of a stranger's text in an error, with NUL */
};

/* ----------------------------------------------------------------- places ---- */

/* A place is key ( "." key | "[" number "]" )*, with keys of [A-Za-z0-9_-]. */
typedef struct place_step {
    chaos_slice key; /* data NULL: an element of an array */
    size_t index;
} place_step;

typedef struct place_steps {
    size_t count;
    place_step at[MAX_STEPS];
} place_steps;

static bool is_key_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static const uint8_t *take_key(const uint8_t *p, place_step *step)
{
    const uint8_t *begin = p;

    while (is_key_character(*p)) {
        p++;
    }
    *step = (place_step){ slice(begin, (size_t)(p - begin)), 0 };
    return p > begin ? p : NULL;
}

/* p is behind the bracket. */
static const uint8_t *take_index(const uint8_t *p, place_step *step)
{
    const uint8_t *begin = p;
    size_t index = 0;

    while (*p >= '0' && *p <= '9' && index <= MAX_INDEX) {
        index = index * 10 + (size_t)(*p++ - '0');
    }
    *step = (place_step){ slice(NULL, 0), index };
    return p > begin && *p == ']' && index <= MAX_INDEX && (*begin != '0' || p == begin + 1) ? p + 1 : NULL;
}

static bool place_read(const char *place, place_steps *steps)
{
    const uint8_t *p = (const uint8_t *)place;

    steps->count = 0;
    if (place == NULL || strnlen(place, MAX_PLACE + 1) > MAX_PLACE) {
        return false;
    }
    p = take_key(p, &steps->at[steps->count++]);
    while (p != NULL && *p != '\0') {
        if (steps->count == MAX_STEPS || (*p != '.' && *p != '[')) {
            return false;
        }
        p = *p == '.' ? take_key(p + 1, &steps->at[steps->count++])
                      : take_index(p + 1, &steps->at[steps->count++]);
    }
    return p != NULL;
}

/* ----------------------------------------------------------------- errors ---- */

/* What is said of a place: the plug-in hears it, and through its error the user. */
static chaos_status refuse(const char *place, chaos_error *err, const char *what)
{
    char quoted[MAX_QUOTED];

    return error_set(err, CHAOS_E_GUEST_AGENT, place, CHAOS_NO_OFFSET, "member \"%s\" of the JSON text: %s",
                     error_quote(quoted, sizeof quoted, slice_text(place)), what);
}

static chaos_status refuse_text(const char *place, const fault *why, chaos_error *err)
{
    char quoted[MAX_QUOTED];

    (void)error_set(err, CHAOS_E_GUEST_AGENT, place, why->offset,
                    "the text to read \"%s\" from is refused: %s",
                    error_quote(quoted, sizeof quoted, slice_text(place)),
                    why->reason == NULL ? chaos_status_text(why->status) : why->reason);
    return CHAOS_E_GUEST_AGENT;
}

/* A value that was found and is of the wrong kind; a fault of ours stays one. */
static chaos_status refuse_value(const char *place, const json *j, chaos_error *err)
{
    const fault *why = &j->r.why;

    if (why->status == CHAOS_E_MEMORY) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return refuse(place, err, why->reason == NULL ? chaos_status_text(why->status) : why->reason);
}

/* ----------------------------------------------------------------- finding ---- */

#define FIELD "value" /* the reader's own name for what it reads; the plug-in hears the place */

static chaos_slice at_least_empty(chaos_slice text)
{
    return text.data == NULL ? slice("", 0) : text;
}

static bool step_into_array(json *j, size_t index)
{
    json_enter_array(j, FIELD);
    for (size_t i = 0; json_element(j); i++) {
        if (i == index) {
            return true;
        }
        json_skip(j, FIELD, NULL);
    }
    return false;
}

static bool step_into_object(json *j, chaos_slice wanted)
{
    chaos_slice key;

    json_enter_object(j, FIELD);
    while (json_key(j, &key)) {
        if (slice_equal(key, wanted)) {
            return true;
        }
        json_skip(j, FIELD, NULL);
    }
    return false;
}

/* To the member's value, inside its open container. False: it is not there, and the value at the cursor
 * was gone through. */
static bool step_in(json *j, const place_step *step)
{
    const json_kind kind = json_peek(j);

    if (step->key.data != NULL && kind == JSON_KIND_OBJECT) {
        return step_into_object(j, step->key);
    }
    if (step->key.data == NULL && kind == JSON_KIND_ARRAY) {
        return step_into_array(j, step->index);
    }
    json_skip(j, FIELD, NULL);
    return false;
}

/* Goes through the rest of every container that is open, and of the text. */
static void step_out(json *j)
{
    chaos_slice key;

    while (json_ok(j) && j->depth > 0) {
        if (j->in_object[j->depth - 1] ? json_key(j, &key) : json_element(j)) {
            json_skip(j, FIELD, NULL);
        }
    }
    json_end(j);
}

/* The exact bytes of the value at `place`, in a text that was checked to its end. */
static chaos_status find(chaos_slice text, const char *place, chaos_slice *value, chaos_error *err)
{
    json_kind kind = JSON_KIND_NONE;
    bool found = true;
    place_steps steps;
    json j;

    if (!place_read(place, &steps)) {
        return error_set(err, CHAOS_E_USAGE, "place", CHAOS_NO_OFFSET,
                         "a place is written \"key\", \"key.inner\" or \"list[0]\"");
    }
    json_begin(&j, at_least_empty(text), CHAOS_E_GUEST_AGENT);
    for (size_t i = 0; i < steps.count && found; i++) {
        found = step_in(&j, &steps.at[i]);
    }
    if (found) {
        kind = json_peek(&j);
        json_skip(&j, FIELD, value);
    }
    step_out(&j);
    if (!json_ok(&j)) {
        return refuse_text(place, &j.r.why, err);
    }
    if (!found || kind == JSON_KIND_NULL) {
        return refuse(place, err, found ? "it is null" : "it is missing");
    }
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- reading ---- */

static chaos_status host_json_text(const chaos_host *host, chaos_slice text, const char *place, char *out,
                                   size_t capacity, chaos_error *err)
{
    chaos_buffer decoded;
    chaos_status status = CHAOS_OK;
    chaos_slice value, content;
    json j;

    (void)host;
    if (out == NULL || capacity == 0) {
        return error_set(err, CHAOS_E_USAGE, place, CHAOS_NO_OFFSET, "there is no room for a text");
    }
    CHAOS_TRY(find(text, place, &value, err));
    /* Taken at once, so that nothing moves and all of it is wiped. */
    decoded = (chaos_buffer)CHAOS_BUFFER_INIT(value.size);
    json_begin(&j, value, CHAOS_E_GUEST_AGENT);
    content = json_decoded_string(&j, FIELD, &decoded);
    if (!json_ok(&j)) {
        status = refuse_value(place, &j, err);
    } else if (content.size >= capacity) {
        status = refuse(place, err, "the string is too long");
        error_expected(err, "at most %zu bytes", capacity - 1);
        error_found(err, "%zu bytes", content.size);
    } else {
        if (content.size > 0) {
            memcpy(out, content.data, content.size);
        }
        out[content.size] = '\0';
    }
    chaos_buffer_wipe(&decoded);
    return status;
}

/* The digits go straight into `out`: no copy of a secret is made. */
static chaos_status host_json_bytes(const chaos_host *host, chaos_slice text, const char *place, uint8_t *out,
                                    size_t capacity, size_t *size, chaos_error *err)
{
    chaos_slice value, digits;
    json j;

    (void)host;
    if (size == NULL || (out == NULL && capacity > 0)) {
        return error_set(err, CHAOS_E_USAGE, place, CHAOS_NO_OFFSET, "there is no room for bytes");
    }
    CHAOS_TRY(find(text, place, &value, err));
    json_begin(&j, value, CHAOS_E_GUEST_AGENT);
    digits = json_plain_string(&j, FIELD);
    if (!json_ok(&j)) {
        return refuse_value(place, &j, err);
    }
    if (digits.size / 2 > capacity) {
        (void)refuse(place, err, "it holds too many bytes");
        error_expected(err, "at most %zu bytes", capacity);
        error_found(err, "%zu bytes", digits.size / 2);
        return CHAOS_E_GUEST_AGENT;
    }
    if (digits.size % 2 != 0 || (digits.size > 0 && !hex_decode(digits, out, digits.size / 2))) {
        secret_wipe(out, digits.size / 2);
        return refuse(place, err, "it is not hex digits, two for each byte and without 0x");
    }
    *size = digits.size / 2;
    return CHAOS_OK;
}

static chaos_status host_json_unsigned(const chaos_host *host, chaos_slice text, const char *place,
                                       uint64_t max, uint64_t *out, chaos_error *err)
{
    chaos_slice value = { NULL, 0 };
    uint64_t number;
    json j;

    (void)host;
    if (out == NULL) {
        return error_set(err, CHAOS_E_USAGE, place, CHAOS_NO_OFFSET, "there is no room for a number");
    }
    CHAOS_TRY(find(text, place, &value, err));
    json_begin(&j, value, CHAOS_E_GUEST_AGENT);
    number = json_unsigned(&j, FIELD, max);
    if (!json_ok(&j)) {
        return refuse_value(place, &j, err);
    }
    *out = number;
    return CHAOS_OK;
}

static chaos_status host_json_raw(const chaos_host *host, chaos_slice text, const char *place,
                                  chaos_slice *out, chaos_error *err)
{
    chaos_slice value = { NULL, 0 };

    (void)host;
    if (out == NULL) {
        return error_set(err, CHAOS_E_USAGE, place, CHAOS_NO_OFFSET, "there is no room for a value");
    }
    CHAOS_TRY(find(text, place, &value, err));
    *out = value;
    return CHAOS_OK;
}

/* -------------------------------------------------------------- known keys ---- */

static bool is_known(chaos_slice key, const char *const *known)
{
    for (size_t i = 0; known[i] != NULL; i++) {
        if (slice_is(key, known[i])) {
            return true;
        }
    }
    return false;
}

static chaos_status refuse_key(chaos_slice key, const char *const *known, chaos_error *err)
{
    char quoted[MAX_QUOTED];
    char list[sizeof err->expected] = "";
    size_t at = 0;

    for (size_t i = 0; known[i] != NULL && at < sizeof list; i++) {
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i == 0 ? "" : ", ", known[i]);
    }
    (void)error_quote(quoted, sizeof quoted, key);
    (void)error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "unknown member \"%s\"; %s%s", quoted,
                    list[0] == '\0' ? "none is known" : "known are ", list);
    error_expected(err, "%s", list);
    error_found(err, "%s", quoted);
    return CHAOS_E_USAGE;
}

static chaos_status host_json_keys(const chaos_host *host, chaos_slice text, const char *const *known,
                                   chaos_error *err)
{
    chaos_slice key, unknown = { NULL, 0 };
    json j;

    (void)host;
    if (known == NULL) {
        return error_set(err, CHAOS_E_USAGE, "known", CHAOS_NO_OFFSET, NULL);
    }
    json_begin(&j, at_least_empty(text), CHAOS_E_GUEST_AGENT);
    json_enter_object(&j, FIELD);
    while (json_key(&j, &key)) {
        unknown = unknown.data == NULL && !is_known(key, known) ? key : unknown;
        json_skip(&j, FIELD, NULL);
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return error_set(err, CHAOS_E_GUEST_AGENT, NULL, j.r.why.offset, "not one JSON object: %s",
                         j.r.why.reason == NULL ? chaos_status_text(j.r.why.status) : j.r.why.reason);
    }
    return unknown.data == NULL ? CHAOS_OK : refuse_key(unknown, known, err);
}

void host_json_lend(chaos_host *host)
{
    host->json_text = host_json_text;
    host->json_bytes = host_json_bytes;
    host->json_unsigned = host_json_unsigned;
    host->json_raw = host_json_raw;
    host->json_keys = host_json_keys;
    host->json_quote = host_json_quote;
}
