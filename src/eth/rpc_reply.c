/* rpc_reply.c - what a node's answer says: the one place where JSON-RPC replies are read. */
#include <stdio.h>

#include "eth/rpc.h"

static const char reply_field[] = "reply";

typedef struct reply_parts {
    bool has_id, id_is_null, id_is_right;
    bool has_result, has_error;
    chaos_slice result, error;
} reply_parts;

static chaos_status nonsense(const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_NODE, reply_field, CHAOS_NO_OFFSET, "the node's answer makes no sense: %s", why);
}

static void read_id(json *j, uint64_t id, reply_parts *parts)
{
    parts->has_id = true;
    if (json_peek(j) == JSON_KIND_NUMBER) {
        chaos_slice text;
        char wanted[24];
        json_skip(j, "id", &text);
        (void)snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)id);
        parts->id_is_right = slice_is(text, wanted);
        return;
    }
    parts->id_is_null = json_peek(j) == JSON_KIND_NULL;
    json_skip(j, "id", NULL);
}

static bool read_parts(json *j, uint64_t id, reply_parts *parts)
{
    chaos_slice key;
    json_enter_object(j, reply_field);
    while (json_key(j, &key)) {
        if (slice_is(key, "id")) {
            read_id(j, id, parts);
        } else if (slice_is(key, "result")) {
            parts->has_result = true;
            json_skip(j, "result", &parts->result);
        } else if (slice_is(key, "error")) {
            parts->has_error = json_peek(j) != JSON_KIND_NULL;
            json_skip(j, "error", &parts->error);
        } else {
            json_skip(j, reply_field, NULL);
        }
    }
    json_end(j);
    return json_ok(j);
}

/* ------------------------------------------------------------------ error ---- */

/* -32768 and the like; what is no integer of that size is 0, which is no code that means anything. */
static int64_t read_code(json *j)
{
    chaos_slice text;
    int64_t value = 0;
    json_skip(j, "code", &text);
    size_t i = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    if (text.size == i || text.size - i > 15) {
        return 0;
    }
    for (size_t k = i; k < text.size; k++) {
        if (text.data[k] < '0' || text.data[k] > '9') {
            return 0;
        }
        value = value * 10 + (text.data[k] - '0');
    }
    return i == 1 ? -value : value;
}

static void keep_data(chaos_slice text, rpc_failure *failure)
{
    if (text.size < 2 || text.data[0] != '0' || (text.data[1] | 0x20) != 'x' || text.size % 2 != 0) {
        return;
    }
    size_t size = text.size / 2 - 1;
    size_t kept = size < sizeof failure->data ? size : sizeof failure->data;
    if (hex_decode(slice(text.data + 2, 2 * kept), failure->data, kept)) {
        failure->has_data = true;
        failure->data_size = kept;
    }
}

/* The bytes are a string, or the member "data" of an object, as some nodes nest them. */
static void read_data(json *j, rpc_failure *failure)
{
    chaos_slice key, text;
    if (json_peek(j) == JSON_KIND_STRING) {
        json_skip(j, "data", &text);
        keep_data(text.size >= 2 ? slice(text.data + 1, text.size - 2) : text, failure);
    } else if (json_peek(j) == JSON_KIND_OBJECT) {
        json_enter_object(j, "data");
        while (json_key(j, &key)) {
            bool is_data = slice_is(key, "data") && json_peek(j) == JSON_KIND_STRING;
            json_skip(j, "data", &text);
            if (is_data && text.size >= 2) {
                keep_data(slice(text.data + 1, text.size - 2), failure);
            }
        }
    } else {
        json_skip(j, "data", NULL);
    }
}

static void read_message(json *j, rpc_failure *failure)
{
    CHAOS_AUTO_BUFFER(message, NET_MAX_REPLY);
    if (json_peek(j) != JSON_KIND_STRING) {
        json_skip(j, "message", NULL);
        return;
    }
    chaos_slice text = json_decoded_bytes(j, "message", &message);
    (void)error_quote(failure->text, sizeof failure->text, text);
}

static void read_error(chaos_slice error, rpc_failure *failure)
{
    json j;
    chaos_slice key;
    failure->answered = true;
    json_begin(&j, error, CHAOS_E_NODE);
    if (json_peek(&j) != JSON_KIND_OBJECT) { /* a bare string, as some proxies send it */
        (void)error_quote(failure->text, sizeof failure->text, error);
        return;
    }
    json_enter_object(&j, "error");
    while (json_key(&j, &key)) {
        if (slice_is(key, "code")) {
            failure->code = read_code(&j);
        } else if (slice_is(key, "message")) {
            read_message(&j, failure);
        } else if (slice_is(key, "data")) {
            read_data(&j, failure);
        } else {
            json_skip(&j, "error", NULL);
        }
    }
}

chaos_status rpc_failure_error(const rpc_failure *failure, chaos_status status, chaos_error *err)
{
    (void)error_set(err, status, "error", CHAOS_NO_OFFSET, "the node says: %.160s",
                    failure->text[0] != '\0' ? failure->text : "(nothing)");
    error_found(err, "code %lld", (long long)failure->code);
    return status;
}

chaos_status rpc_reply_read(chaos_slice body, uint64_t id, chaos_slice *result, rpc_failure *failure,
                            chaos_error *err)
{
    json j;
    reply_parts parts = { 0 };
    json_begin(&j, body, CHAOS_E_NODE);
    if (!read_parts(&j, id, &parts)) {
        char start[60];
        (void)nonsense(j.r.why.reason != NULL ? j.r.why.reason : "it is not one JSON object", err);
        error_found(err, "%s", error_quote(start, sizeof start, body));
        return CHAOS_E_NODE;
    }
    if (parts.has_result == parts.has_error) {
        return nonsense(parts.has_error ? "it has both a result and an error" : "it has neither result nor error",
                        err);
    }
    /* A node that could not read the request does not know its id. */
    if (!parts.id_is_right && !(parts.has_error && parts.id_is_null)) {
        return nonsense(parts.has_id ? "it answers another request" : "it has no id", err);
    }
    if (parts.has_error) {
        read_error(parts.error, failure);
        return rpc_failure_error(failure, CHAOS_E_NODE, err);
    }
    *result = parts.result;
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- meaning ---- */

static char folded(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool rpc_says(const rpc_failure *failure, const char *part)
{
    size_t size = strlen(part);
    size_t length = strlen(failure->text);
    for (size_t i = 0; i + size <= length; i++) {
        size_t k = 0;
        while (k < size && folded(failure->text[i + k]) == part[k]) {
            k++;
        }
        if (k == size) {
            return true;
        }
    }
    return false;
}

bool rpc_is_revert(const rpc_failure *failure)
{
    return failure->answered && (failure->code == 3 || rpc_says(failure, "revert"));
}

bool rpc_is_range_limit(const rpc_failure *failure)
{
    static const char *const parts[] = { "range", "more than", "too large", "too many results", "exceed", "limit",
                                         "response size", "too many logs" };
    static const int64_t codes[] = { -32005, -32602, -32000, -32600, -32614, -32001, 413 };
    bool known = failure->http_status == 413;
    if (known || !failure->answered || rpc_says(failure, "rate") || rpc_says(failure, "too many requests")) {
        return known;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(codes); i++) {
        known = known || failure->code == codes[i];
    }
    for (size_t i = 0; known && i < CHAOS_ARRAY_SIZE(parts); i++) {
        if (rpc_says(failure, parts[i])) {
            return true;
        }
    }
    return false;
}
