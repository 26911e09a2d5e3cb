/* exchange.c - what an exchange of the plug-in comes to: done, done and recorded, taken from a recording, or made to
 * fail. A recording is a folder for each rule with one file for each exchange, in their order; rules ask the same
 * questions in every run, so that a rule finds its answers again. */
#define _GNU_SOURCE /* O_NOFOLLOW */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"
#include "net/net.h"

#define MAX_FILE (24u * 1024u * 1024u)
#define MAX_RECORDED 999u
#define EXCHANGE_SCHEMA "chaoschain/exchange/1"
#define RECORDING_SCHEMA "chaoschain/recording/1"
#define MAX_PLACE (PATH_MAX + 128)

/* Scheme, host and port are those of the day. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://");
    const char *path = strchr(authority == NULL ? url : authority + 3, '/');
    return path == NULL ? "/" : path;
}

static void file_name(const kit_run *run, unsigned number, char path[MAX_PLACE])
{
    (void)snprintf(path, MAX_PLACE, "%s/%s/%03u.json", run->subject->recording, run->rule, number);
}

/* ----------------------------------------------------------------- recording ---- */

static void write_base64(json_writer *w, const char *key, chaos_slice bytes)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(MAX_FILE);
    if (base64_encode(bytes, &text)) {
        json_write_bytes_as_text(w, key, buffer_slice(&text));
    }
    chaos_buffer_wipe(&text);
}

static bool write_exchange(const chaos_http_request *request, const kit_exchange *got, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_object(&w, "answer");
    write_base64(&w, "body", buffer_slice(&got->body));
    json_write_text(&w, "content_type", got->content_type);
    json_write_text(&w, "failure", got->status == CHAOS_OK ? "" : chaos_status_name(got->status));
    json_write_unsigned(&w, "status", (uint64_t)(got->http_status < 0 ? 0 : got->http_status));
    json_write_object_end(&w);
    json_write_object(&w, "request");
    write_base64(&w, "body", request->body);
    json_write_text(&w, "method", request->method);
    json_write_text(&w, "path", path_of(request->url));
    json_write_object_end(&w);
    json_write_text(&w, "schema", EXCHANGE_SCHEMA);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

/* Answers hold keys: nobody else may read them. */
static bool record(kit_run *run, const chaos_http_request *request, const kit_exchange *got)
{
    char path[MAX_PLACE];
    chaos_buffer text = CHAOS_BUFFER_INIT(MAX_FILE);
    (void)snprintf(path, sizeof path, "%s/%s", run->subject->recording, run->rule);
    bool ok = (mkdir(path, 0700) == 0 || errno == EEXIST) && run->recorded < MAX_RECORDED;
    file_name(run, ++run->recorded, path);
    ok = ok && write_exchange(request, got, &text) &&
         output_write("--record", path, buffer_slice(&text), 0600, NULL) == CHAOS_OK;
    chaos_buffer_wipe(&text);
    return ok;
}

chaos_status kit_recording_begin(const char *folder, const kit_subject *subject, chaos_error *err)
{
    char path[MAX_PLACE];
    CHAOS_AUTO_BUFFER(text, TEE_MAX_OPTIONS * 8u);
    if (mkdir(folder, 0700) != 0) {
        return error_set(err, errno == EEXIST ? CHAOS_E_USAGE : CHAOS_E_FILE_IO, "--record", CHAOS_NO_OFFSET,
                         "the folder cannot be made: %s", strerror(errno));
    }
    json_writer w = json_writer_begin(&text);
    json_write_object(&w, NULL);
    json_write_text(&w, "options", subject->options);
    json_write_text(&w, "provider", subject->name);
    json_write_text(&w, "schema", RECORDING_SCHEMA);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    (void)snprintf(path, sizeof path, "%s/recording.json", folder);
    return output_write("--record", path, buffer_slice(&text), 0600, err);
}

/* ------------------------------------------------------------------ replaying ---- */

static bool read_file(const char *path, chaos_buffer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0;
    for (ssize_t n = 1; ok && n > 0;) {
        uint8_t bytes[8192];
        n = read(fd, bytes, sizeof bytes);
        ok = n >= 0 && buffer_append(out, slice(bytes, (size_t)(n < 0 ? 0 : n)));
        secret_wipe(bytes, sizeof bytes);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* A string of base64 digits at `place`, decoded. */
static bool read_base64(const chaos_host *host, chaos_slice text, const char *place, chaos_buffer *out)
{
    chaos_slice raw;
    if (host->json_raw(host, text, place, &raw, NULL) != CHAOS_OK || raw.size < 2 || raw.data[0] != '"') {
        return false;
    }
    return raw.size == 2 || base64_decode(slice(raw.data + 1, raw.size - 2), out);
}

static bool same_request(const chaos_host *host, chaos_slice text, const chaos_http_request *request, bool exactly)
{
    char method[8], path[NET_MAX_URL + 1];
    chaos_buffer body = CHAOS_BUFFER_INIT(NET_MAX_BODY);
    bool same = host->json_text(host, text, "request.method", method, sizeof method, NULL) == CHAOS_OK &&
                host->json_text(host, text, "request.path", path, sizeof path, NULL) == CHAOS_OK &&
                read_base64(host, text, "request.body", &body) && strcmp(method, request->method) == 0 &&
                strcmp(path, path_of(request->url)) == 0 &&
                (!exactly || slice_equal(buffer_slice(&body), request->body));
    chaos_buffer_wipe(&body);
    return same;
}

static bool read_answer(const chaos_host *host, chaos_slice text, kit_exchange *out)
{
    static const chaos_status failures[] = { CHAOS_E_NETWORK, CHAOS_E_TIMEOUT, CHAOS_E_GUEST_AGENT };
    char failure[32], schema[32];
    uint64_t status = 0;
    if (host->json_text(host, text, "schema", schema, sizeof schema, NULL) != CHAOS_OK ||
        strcmp(schema, EXCHANGE_SCHEMA) != 0 ||
        host->json_text(host, text, "answer.failure", failure, sizeof failure, NULL) != CHAOS_OK ||
        host->json_text(host, text, "answer.content_type", out->content_type, sizeof out->content_type, NULL) !=
            CHAOS_OK ||
        host->json_unsigned(host, text, "answer.status", 999, &status, NULL) != CHAOS_OK ||
        !read_base64(host, text, "answer.body", &out->body)) {
        return false;
    }
    out->http_status = (int)status;
    out->status = failure[0] == '\0' ? CHAOS_OK : CHAOS_E_NETWORK;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(failures); i++) {
        out->status = strcmp(failure, chaos_status_name(failures[i])) == 0 ? failures[i] : out->status;
    }
    return true;
}

typedef struct replay { /* one rule's, while its process lives */
    bool used[MAX_RECORDED + 1];
} replay;

/* The first exchange that was not used yet and asks the same; `exactly`: with the same body. */
static bool find_recorded(const kit_run *run, replay *state, const chaos_host *host, const chaos_http_request *request,
                          bool exactly, kit_exchange *out)
{
    char path[MAX_PLACE];
    bool found = false, there = true;
    for (unsigned number = 1; !found && there && number <= MAX_RECORDED; number++) {
        chaos_buffer text = CHAOS_BUFFER_INIT(MAX_FILE);
        file_name(run, number, path);
        there = read_file(path, &text);
        if (there && !state->used[number] && same_request(host, buffer_slice(&text), request, exactly) &&
            read_answer(host, buffer_slice(&text), out)) {
            state->used[number] = true;
            found = true;
        }
        chaos_buffer_wipe(&text);
    }
    return found;
}

static chaos_status take_recorded(kit_run *run, kit_host *host, const chaos_http_request *request, kit_exchange *out,
                                  chaos_error *err)
{
    static replay state; /* of this process, which runs one rule */
    const chaos_host *lent = &host->real.host;
    char quoted[80];
    (void)pthread_mutex_lock(&run->lock);
    bool found = find_recorded(run, &state, lent, request, true, out) ||
                 find_recorded(run, &state, lent, request, false, out);
    (void)pthread_mutex_unlock(&run->lock);
    if (!found) {
        (void)snprintf(run->missing, sizeof run->missing, "%s %s", request->method,
                       error_quote(quoted, sizeof quoted, slice_text(path_of(request->url))));
        return error_set(err, CHAOS_E_NETWORK, NULL, CHAOS_NO_OFFSET, "not in the recording");
    }
    return out->status == CHAOS_OK
               ? CHAOS_OK
               : error_set(err, out->status, NULL, CHAOS_NO_OFFSET, "%s, as it was recorded",
                           chaos_status_text(out->status));
}

chaos_status kit_recording_read(const kit_subject *subject, chaos_buffer *options_json, chaos_error *err)
{
    char path[MAX_PLACE], schema[32] = "", provider[TEE_MAX_NAME] = "", text[TEE_MAX_OPTIONS + 1];
    CHAOS_AUTO_BUFFER(file, TEE_MAX_OPTIONS * 8u);
    tee_host parser;
    tee_host_init(&parser, NULL, "provider-check");
    (void)snprintf(path, sizeof path, "%s/recording.json", subject->recording);
    CHAOS_TRY(input_read("--replay", path, TEE_MAX_OPTIONS * 8u, &file, err));
    const chaos_host *host = &parser.host;
    if (host->json_text(host, buffer_slice(&file), "schema", schema, sizeof schema, NULL) != CHAOS_OK ||
        strcmp(schema, RECORDING_SCHEMA) != 0 ||
        host->json_text(host, buffer_slice(&file), "provider", provider, sizeof provider, NULL) != CHAOS_OK ||
        host->json_text(host, buffer_slice(&file), "options", text, sizeof text, NULL) != CHAOS_OK) {
        return error_set(err, CHAOS_E_USAGE, "--replay", CHAOS_NO_OFFSET,
                         "recording.json of this folder is not of a recording (%s)", RECORDING_SCHEMA);
    }
    if (strcmp(provider, subject->name) != 0) {
        return error_set(err, CHAOS_E_USAGE, "--replay", CHAOS_NO_OFFSET, "this is a recording of the provider %s",
                         shown(provider).text);
    }
    return buffer_append_text(options_json, text) ? CHAOS_OK
                                                  : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

/* ------------------------------------------------------------------- doing ---- */

static chaos_status exchange_really(kit_host *host, const chaos_http_request *request, kit_exchange *out,
                                    chaos_error *err)
{
    const chaos_host *real = &host->real.host;
    chaos_http_reply *reply = NULL;
    chaos_error ignored;
    out->status = real->http(real, request, &reply, err == NULL ? &ignored : err);
    if (out->status != CHAOS_OK) {
        return out->status;
    }
    out->http_status = reply->status;
    memcpy(out->content_type, reply->content_type, sizeof out->content_type);
    bool ok = reply->body.size == 0 ||
              (buffer_reserve(&out->body, reply->body.size) != NULL && buffer_append(&out->body, reply->body));
    real->http_free(real, reply);
    return ok ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status source(kit_run *run, kit_host *host, const chaos_http_request *request, kit_exchange *out,
                           chaos_error *err)
{
    if (run->subject->source == KIT_REPLAY) {
        return take_recorded(run, host, request, out, err);
    }
    chaos_status status = exchange_really(host, request, out, err);
    if (run->subject->source == KIT_RECORD) {
        (void)pthread_mutex_lock(&run->lock);
        bool ok = record(run, request, out);
        (void)pthread_mutex_unlock(&run->lock);
        if (!ok) {
            kit_fail(run, "the exchange could not be recorded in %s", run->subject->recording);
        }
    }
    return status;
}

/* As a server that takes the connection and says nothing: the request's own limit ends it. */
static chaos_status stay_mute(const chaos_http_request *request, chaos_error *err)
{
    const uint32_t wait_ms = request->total_timeout_ms == 0 ? NET_TOTAL_TIMEOUT_MS : request->total_timeout_ms;
    const struct timespec wait = { .tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
    return error_set(err, CHAOS_E_TIMEOUT, NULL, CHAOS_NO_OFFSET, "no answer came in time");
}

static chaos_status give(const kit_run *run, kit_exchange *out, chaos_error *err)
{
    out->http_status = run->http_status;
    (void)snprintf(out->content_type, sizeof out->content_type, "application/json");
    return buffer_append(&out->body, run->http_body) ? CHAOS_OK
                                                     : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status kit_exchange_do(kit_run *run, kit_host *host, const chaos_http_request *request, kit_exchange *out,
                             chaos_error *err)
{
    chaos_status status = CHAOS_OK;
    switch (run->http_mode) {
    case KIT_HTTP_FORBIDDEN:
    case KIT_HTTP_DOWN:
        return error_set(err, CHAOS_E_NETWORK, NULL, CHAOS_NO_OFFSET, "the connection was refused");
    case KIT_HTTP_MUTE:
        return stay_mute(request, err);
    case KIT_HTTP_GIVEN:
        return give(run, out, err);
    case KIT_HTTP_REAL:
    case KIT_HTTP_CUT:
        break;
    }
    status = source(run, host, request, out, err);
    if (status != CHAOS_OK) {
        chaos_buffer_wipe(&out->body);
        return status;
    }
    if (run->http_mode == KIT_HTTP_CUT && out->body.size > 0) {
        secret_wipe(out->body.data + out->body.size / 2, out->body.size - out->body.size / 2);
        out->body.size /= 2;
    }
    return CHAOS_OK;
}
