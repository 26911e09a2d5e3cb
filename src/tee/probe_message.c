/* probe_message.c - what parent and helper say to each other: one JSON object each. The helper has a
 * stranger's plug-in inside, so
 * its answer is read like a stranger's. */
#include "tee/internal.h"

/* A string into an array, with NUL; cut text is a fault. */
static void read_text(json *j, const char *field, char *out, size_t capacity)
{
    CHAOS_AUTO_BUFFER(storage, 4 * TEE_MAX_OPTIONS);
    chaos_slice text = json_decoded_string(j, field, &storage);
    if (!json_ok(j)) {
        return;
    }
    if (text.size >= capacity) {
        json_bad(j, "too long");
        return;
    }
    if (text.size > 0) {
        memcpy(out, text.data, text.size);
    }
    out[text.size] = '\0';
}

bool probe_request_write(const probe_request *request, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "name", request->name);
    json_write_text(&w, "options", request->options);
    json_write_bytes_as_text(&w, "path", slice_text(request->path));
    json_write_unsigned(&w, "timeout_ms", request->timeout_ms);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

bool probe_request_read(chaos_slice text, probe_request *out)
{
    json j;
    chaos_slice key;
    memset(out, 0, sizeof *out);
    json_begin(&j, text, CHAOS_E_INTERNAL);
    json_enter_object(&j, "request");
    while (json_key(&j, &key)) {
        if (slice_is(key, "name")) {
            read_text(&j, "name", out->name, sizeof out->name);
        } else if (slice_is(key, "options")) {
            read_text(&j, "options", out->options, sizeof out->options);
        } else if (slice_is(key, "path")) {
            read_text(&j, "path", out->path, sizeof out->path);
        } else if (slice_is(key, "timeout_ms")) {
            out->timeout_ms = (uint32_t)json_unsigned(&j, "timeout_ms", 60000);
        } else {
            json_skip(&j, "request", NULL);
        }
    }
    json_end(&j);
    return json_ok(&j) && out->path[0] != '\0' && provider_name_is_valid(out->name);
}

bool probe_result_write(const probe_result *result, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "expected", result->expected);
    json_write_text(&w, "found", result->found);
    json_write_array(&w, "log");
    for (size_t i = 0; i < result->line_count; i++) {
        json_write_object(&w, NULL);
        json_write_unsigned(&w, "level", result->lines[i].level);
        json_write_text(&w, "text", result->lines[i].text);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_unsigned(&w, "status", result->status);
    json_write_text(&w, "text", result->text);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

static void read_line(json *j, probe_result *out)
{
    chaos_slice key;
    json_enter_object(j, "log");
    while (json_key(j, &key)) {
        if (slice_is(key, "level")) {
            out->lines[out->line_count].level = (chaos_log_level)json_unsigned(j, "level", CHAOS_LOG_ERROR);
        } else if (slice_is(key, "text")) {
            read_text(j, "text", out->lines[out->line_count].text, TEE_MAX_LOG_LINE);
        } else {
            json_skip(j, "log", NULL);
        }
    }
    out->line_count++;
}

static void read_log(json *j, probe_result *out)
{
    json_enter_array(j, "log");
    while (json_element(j)) {
        if (out->line_count == PROBE_MAX_LINES) {
            json_skip(j, "log", NULL);
        } else {
            read_line(j, out);
        }
    }
}

bool probe_result_read(chaos_slice text, probe_result *out)
{
    json j;
    chaos_slice key;
    bool has_status = false;
    memset(out, 0, sizeof *out);
    json_begin(&j, text, CHAOS_E_PROVIDER);
    json_enter_object(&j, "answer");
    while (json_key(&j, &key)) {
        if (slice_is(key, "status")) {
            out->status = (chaos_status)json_unsigned(&j, "status", 0xffff);
            has_status = true;
        } else if (slice_is(key, "text")) {
            read_text(&j, "text", out->text, sizeof out->text);
        } else if (slice_is(key, "expected")) {
            read_text(&j, "expected", out->expected, sizeof out->expected);
        } else if (slice_is(key, "found")) {
            read_text(&j, "found", out->found, sizeof out->found);
        } else if (slice_is(key, "log")) {
            read_log(&j, out);
        } else {
            json_skip(&j, "answer", NULL);
        }
    }
    json_end(&j);
    return json_ok(&j) && has_status;
}
