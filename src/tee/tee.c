/* tee.c - an opened plug-in: its options, its calls one after the other, and the methods that only it has. */
#include <stdarg.h>
#include <stdio.h>

#include "tee/internal.h"

#define MAX_METHOD 64
#define MAX_PARAMS (1024u * 1024u)
#define NO_OPTIONS "{}"

/* ------------------------------------------------------------------ calls ---- */

/* With a mutex of the default kind neither call can fail. */
void tee_lock(chaos_tee *tee)
{
    (void)pthread_mutex_lock(&tee->lock);
}

void tee_unlock(chaos_tee *tee)
{
    (void)pthread_mutex_unlock(&tee->lock);
}

void call_begin(plugin_call *call, chaos_tee *tee, host_call kind)
{
    memset(call, 0, sizeof *call);
    call->tee = tee;
    call->failure.offset = CHAOS_NO_OFFSET;
    tee_host_begin(&tee->host, kind);
}

chaos_status call_end(plugin_call *call, chaos_status status, chaos_error *err)
{
    status = tee_host_end(&call->tee->host, status, &call->failure);
    if (status != CHAOS_OK && err != NULL) {
        *err = call->failure;
    }
    return status;
}

void call_clear(chaos_tee *tee)
{
    tee_host_clear(&tee->host);
}

chaos_status provider_broke(const chaos_tee *tee, const char *field, chaos_error *err, const char *format,
                            ...)
{
    char text[sizeof err->text];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(err, CHAOS_E_PROVIDER, field, CHAOS_NO_OFFSET, "the provider %s: %s",
                     tee->provider->name, text);
}

/* ------------------------------------------------------------------- JSON ---- */

static bool json_is_one(chaos_slice text, bool is_object, fault *why)
{
    json j;

    json_begin(&j, text, CHAOS_E_JSON);
    if (is_object && json_peek(&j) != JSON_KIND_OBJECT) {
        json_bad(&j, "an object is expected");
    }
    json_skip(&j, "value", NULL);
    json_end(&j);
    *why = j.r.why;
    return json_ok(&j);
}

chaos_status json_of_caller(const char *what, const char *text, size_t limit, bool is_object,
                            chaos_error *err)
{
    const size_t size = strnlen(text, limit + 1);
    fault why;

    if (size > limit) {
        (void)error_set(err, CHAOS_E_USAGE, what, CHAOS_NO_OFFSET, "%s: the JSON text is too large", what);
        error_expected(err, "at most %zu bytes", limit);
        return CHAOS_E_USAGE;
    }
    if (json_is_one(slice(text, size), is_object, &why)) {
        return CHAOS_OK;
    }
    return error_set(err, CHAOS_E_USAGE, what, why.offset, "%s: not one JSON %s: %s", what,
                     is_object ? "object" : "value",
                     why.reason == NULL ? chaos_status_text(why.status) : why.reason);
}

/* -------------------------------------------------------------------- tee ---- */

static chaos_tee *tee_new(const chaos_tee_provider *provider, const char *options)
{
    chaos_tee *tee = calloc(1, sizeof *tee);

    if (tee == NULL) {
        return NULL;
    }
    tee->provider = provider;
    tee->options = strdup(options);
    if (tee->options == NULL || pthread_mutex_init(&tee->lock, NULL) != 0) {
        free(tee->options);
        free(tee);
        return NULL;
    }
    tee_host_init(&tee->host, provider->registry, provider->name);
    return tee;
}

/* Ends what tee_new began; the plug-in is not asked. */
static void tee_delete(chaos_tee *tee)
{
    tee_host_clear(&tee->host);
    (void)pthread_mutex_destroy(&tee->lock);
    free(tee->options);
    free(tee);
}

chaos_status chaos_tee_open(const chaos_tee_provider *provider, const char *options_json, chaos_tee **tee,
                            chaos_error *err)
{
    const char *options = options_json == NULL ? NO_OPTIONS : options_json;
    plugin_call call;
    chaos_tee *made;
    chaos_status opened, status;

    if (provider == NULL || tee == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "provider and tee may not be NULL");
    }
    CHAOS_TRY(json_of_caller("options_json", options, TEE_MAX_OPTIONS, true, err));
    made = tee_new(provider, options);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    call_begin(&call, made, HOST_CALL_NONE);
    opened = provider->plugin->open(&made->host.host, made->options, &made->self, &call.failure);
    status = call_end(&call, opened, err);
    if (status == CHAOS_OK) {
        *tee = made;
        return CHAOS_OK;
    }
    if (opened == CHAOS_OK) { /* it is open, and broke a rule while it opened */
        provider->plugin->close(made->self);
    }
    tee_delete(made);
    return status;
}

void chaos_tee_free(chaos_tee *tee)
{
    if (tee != NULL) {
        tee_host_begin(&tee->host, HOST_CALL_NONE);
        tee->provider->plugin->close(tee->self);
        tee_delete(tee);
    }
}

const char *chaos_tee_name(const chaos_tee *tee)
{
    return tee->provider->name;
}

bool chaos_tee_is_available(const chaos_tee *tee, chaos_error *reason)
{
    if (tee == NULL) {
        (void)error_set(reason, CHAOS_E_USAGE, "tee", CHAOS_NO_OFFSET, NULL);
        return false;
    }
    return chaos_tee_probe(tee->provider->registry, tee->provider->name, tee->options, reason) == CHAOS_OK;
}

/* ----------------------------------------------------------------- methods ---- */

static bool is_method_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static bool is_method(const char *method)
{
    const size_t size = strnlen(method, MAX_METHOD + 1);

    for (size_t i = 0; i < size; i++) {
        if (!is_method_character(method[i])) {
            return false;
        }
    }
    return size > 0 && size <= MAX_METHOD;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Methods of the TEEs that we know which would give out the secret of a key of ours, or sign any digest
 * with one. The service before the last dot makes no difference. That a plug-in refuses them as well does
 * not make these lines superfluous. */
static bool gives_out_keys(const char *method)
{
    static const char *const refused[] = { "GetKey", "DeriveKey", "DeriveK256Key", "Sign" };
    const char *dot = strrchr(method, '.');
    const char *word = dot == NULL ? method : dot + 1;

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(refused); i++) {
        if (same_word(word, refused[i])) {
            return true;
        }
    }
    return false;
}

static chaos_status check_method(const chaos_tee *tee, const char *method, chaos_error *err)
{
    if (!is_method(method)) {
        return error_set(err, CHAOS_E_USAGE, "method", CHAOS_NO_OFFSET,
                         "a method's name is 1 to %d of A-Z, a-z, 0-9, \"_\" and \".\"", MAX_METHOD);
    }
    if (gives_out_keys(method)) {
        return error_set(
            err, CHAOS_E_USAGE, "method", CHAOS_NO_OFFSET,
            "%s would take a key out of the TEE or sign with it unseen: use generate_key and sign", method);
    }
    if (!PLUGIN_HAS(tee->provider->plugin, invoke)) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "method", CHAOS_NO_OFFSET,
                         "the provider %s has no methods of its own", tee->provider->name);
    }
    return CHAOS_OK;
}

static chaos_status invoke_locked(chaos_tee *tee, const char *method, const char *params, chaos_buffer *reply,
                                  chaos_error *err)
{
    plugin_call call;
    chaos_slice bytes;
    fault why;

    call_begin(&call, tee, HOST_CALL_INVOKE);
    CHAOS_TRY(call_end(&call, tee->provider->plugin->invoke(tee->self, method, params, &call.failure), err));
    bytes = tee_host_part(&tee->host, "reply");
    if (bytes.data == NULL) {
        return provider_broke(tee, "reply", err, "%s gave no reply", method);
    }
    if (!json_is_one(bytes, false, &why)) {
        return provider_broke(tee, "reply", err, "the reply to %s is not one JSON value: %s", method,
                              why.reason == NULL ? chaos_status_text(why.status) : why.reason);
    }
    if (!buffer_append(reply, bytes)) {
        return error_set(err, CHAOS_E_LIMIT, "reply", CHAOS_NO_OFFSET, "the reply does not fit the buffer");
    }
    return CHAOS_OK;
}

chaos_status chaos_tee_invoke(chaos_tee *tee, const char *method, const char *params_json,
                              chaos_buffer *reply, chaos_error *err)
{
    const char *params = params_json == NULL ? NO_OPTIONS : params_json;
    chaos_status status;

    if (tee == NULL || method == NULL || reply == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "tee, method and reply may not be NULL");
    }
    CHAOS_TRY(check_method(tee, method, err));
    CHAOS_TRY(json_of_caller("params_json", params, MAX_PARAMS, false, err));
    tee_lock(tee);
    status = invoke_locked(tee, method, params, reply, err);
    call_clear(tee);
    tee_unlock(tee);
    return status;
}
