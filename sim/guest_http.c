/* guest_http.c - what the guest agent answers to an HTTP request: paths, JSON or not, and errors in the
 * agent's own form. */
#include <stdio.h>

#include "sim/guest_state.h"

#define JSON_TYPE "application/json"

static const char not_found_page[] =
    "<html><head><title>404 Not Found</title></head><body>404: Not Found</body></html>\n";

static bool put(guest_reply *reply, int status, const char *type, chaos_slice body)
{
    reply->status = status;
    reply->content_type = type;
    reply->body.size = 0;
    return buffer_append(&reply->body, body);
}

static chaos_status put_error(guest_reply *reply, int status, const char *text)
{
    CHAOS_AUTO_BUFFER(body, 4096);
    json_writer w = json_writer_begin(&body);
    json_write_object(&w, NULL);
    json_write_bytes_as_text(&w, "error", slice_text(text));
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && put(reply, status, JSON_TYPE, buffer_slice(&body))
               ? CHAOS_OK
               : CHAOS_E_MEMORY;
}

/* A message of one string, as the agent says errors to those who speak protobuf. */
static chaos_status put_protobuf_error(guest_reply *reply, const char *text)
{
    uint8_t message[2 + 100];
    size_t size = strlen(text) < 100 ? strlen(text) : 100;
    message[0] = 0x0a; /* field 1, a string */
    message[1] = (uint8_t)size;
    for (size_t i = 0; i < size; i++) { /* bytes of a message, not a C string */
        message[2 + i] = (uint8_t)text[i];
    }
    return put(reply, 400, "application/octet-stream", slice(message, 2 + size)) ? CHAOS_OK : CHAOS_E_MEMORY;
}

/* Everything beyond ASCII as \uXXXX: some clients count characters where the length counts bytes. */
static bool to_ascii(chaos_slice text, chaos_buffer *out)
{
    for (size_t i = 0; i < text.size;) {
        uint8_t c = text.data[i];
        if (c < 0x80) {
            size_t run = i;
            while (run < text.size && text.data[run] < 0x80) {
                run++;
            }
            if (!buffer_append(out, slice(text.data + i, run - i))) {
                return false;
            }
            i = run;
            continue;
        }
        size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3
                                                  : 2; /* the writer writes well-formed UTF-8 only */
        uint32_t code = c & (0xffu >> (length + 1));
        for (size_t k = 1; k < length && i + k < text.size; k++) {
            code = code << 6 | (text.data[i + k] & 0x3fu);
        }
        bool ok = code < 0x10000 ? buffer_append_format(out, "\\u%04x", code)
                                 : buffer_append_format(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                                                        0xdc00 + ((code - 0x10000) & 0x3ff));
        if (!ok) {
            return false;
        }
        i += length;
    }
    return true;
}

/* The method's name in the path, and whose it is; NULL: nothing is mounted there. */
static const char *method_of(const guest_request *request, guest_api *api)
{
    const char *path = request->path;
    *api = strncmp(path, "/prpc/", 6) == 0 ? GUEST_API_TAPPD : GUEST_API_DSTACK;
    if (path[0] != '/' || (request->api != GUEST_API_BOTH && request->api != *api)) {
        return NULL;
    }
    path += *api == GUEST_API_TAPPD ? 6 : 1;
    if (*api == GUEST_API_TAPPD) {
        path += strncmp(path, "Tappd.", 6) == 0 ? 6 : 0;
    } else {
        path += strncmp(path, "v0/", 3) == 0 ? 3 : 0;
    }
    return path[0] == '\0' || strchr(path, '/') != NULL ? NULL : path;
}

/* "json", "json=", "json=1", "json=true" among the parts of the query. */
static bool asks_for_json(const char *query)
{
    for (const char *part = query; *part != '\0';) {
        size_t length = strcspn(part, "&");
        chaos_slice p = slice(part, length);
        if (slice_is(p, "json") || slice_is(p, "json=") || slice_is(p, "json=1") || slice_is(p, "json=true")) {
            return true;
        }
        part += length + (part[length] == '&' ? 1 : 0);
    }
    return false;
}

static chaos_status put_unknown_method(guest_reply *reply, const char *method)
{
    char quoted[64], text[128];
    (void)snprintf(text, sizeof text, "Service not found: %s",
                   error_quote(quoted, sizeof quoted, slice(method, strnlen(method, sizeof quoted))));
    return put_error(reply, 400, text);
}

static chaos_status answer_json(guest *g, const guest_method_row *row, const guest_arguments *arguments,
                                guest_reply *reply)
{
    CHAOS_AUTO_BUFFER(body, GUEST_MAX_REPLY);
    guest_answer answer = { .w = json_writer_begin(&body) };
    (void)pthread_mutex_lock(&g->lock);
    row->call(g, arguments, &answer);
    (void)pthread_mutex_unlock(&g->lock);
    chaos_status status = CHAOS_OK;
    if (answer.error[0] != '\0') {
        status = put_error(reply, 400, answer.error);
    } else if (answer.ours != CHAOS_OK || json_writer_status(&answer.w) != CHAOS_OK ||
               !put(reply, 200, JSON_TYPE, slice("", 0)) || !to_ascii(buffer_slice(&body), &reply->body)) {
        status = CHAOS_E_INTERNAL;
    }
    chaos_buffer_wipe(&body); /* it may hold a key */
    return status;
}

/* A media type has no case, and ends before its parameters. */
static bool says_json(const char *content_type)
{
    size_t i = 0;
    for (; JSON_TYPE[i] != '\0'; i++) {
        char c = content_type[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != JSON_TYPE[i]) {
            return false;
        }
    }
    return strchr("; \t", content_type[i]) != NULL;
}

static bool asks_with_a_query(const guest_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool is_json(const guest_request *request)
{
    return asks_with_a_query(request) || asks_for_json(request->query) || says_json(request->content_type);
}

static chaos_status answer_method(guest *g, const guest_request *request, guest_api api, const char *method,
                                  guest_reply *reply)
{
    const guest_method_row *row = guest_find_method(api, method);
    guest_arguments arguments;
    char why[200] = "";
    if (row == NULL) {
        return put_unknown_method(reply, method);
    }
    bool read = asks_with_a_query(request)
                    ? guest_arguments_read_query(request->query, row->arguments, &arguments, why)
                    : guest_arguments_read(request->body, row->arguments, &arguments, why);
    chaos_status status = read ? answer_json(g, row, &arguments, reply) : put_error(reply, 400, why);
    guest_arguments_free(&arguments);
    return status;
}

chaos_status guest_handle(guest *g, const guest_request *request, guest_reply *reply, chaos_error *err)
{
    static const char too_large[] = "payload too large";
    guest_api api;
    const char *method = method_of(request, &api);
    bool too_much = request->body_too_large || request->body.size > GUEST_MAX_REQUEST;
    *reply = (guest_reply){ .body = CHAOS_BUFFER_INIT(GUEST_MAX_REPLY) };
    chaos_status status;
    if (method == NULL) {
        status = put(reply, 404, "text/html", slice_text(not_found_page)) ? CHAOS_OK : CHAOS_E_MEMORY;
    } else if (too_much && asks_for_json(request->query)) {
        status = put_error(reply, 400, too_large);
    } else if (too_much) { /* the agent has not looked at the content type yet */
        status = put_protobuf_error(reply, too_large);
    } else if (!is_json(request)) {
        status =
            put_protobuf_error(reply, "this simulator speaks JSON only: send Content-Type: application/json");
    } else {
        status = answer_method(g, request, api, method, reply);
    }
    if (status != CHAOS_OK) {
        guest_reply_clear(reply);
        return error_set(err, status, "reply", CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}

void guest_reply_clear(guest_reply *reply)
{
    chaos_buffer_wipe(&reply->body);
}
