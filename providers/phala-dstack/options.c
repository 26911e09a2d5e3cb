/* options.c - the provider's options, one JSON object: endpoint, api, connect_timeout_ms, timeout_ms. */
#include "plugin.h"

static bool has(const chaos_host *host, chaos_slice json, const char *place)
{
    chaos_slice raw;
    return host->json_raw(host, json, place, &raw, NULL) == CHAOS_OK;
}

static chaos_status read_number(const chaos_host *host, chaos_slice json, const char *place, uint64_t max,
                                uint32_t *out, chaos_error *err)
{
    uint64_t number = 0;
    if (!has(host, json, place)) {
        return CHAOS_OK;
    }
    if (host->json_unsigned(host, json, place, max, &number, NULL) != CHAOS_OK || number == 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "%s is a number of milliseconds, 1 to %llu", place,
                                   (unsigned long long)max);
    }
    *out = (uint32_t)number;
    return CHAOS_OK;
}

static chaos_status read_api(const chaos_host *host, chaos_slice json, dstack *d, bool *given, chaos_error *err)
{
    char word[16] = "";
    *given = false;
    if (!has(host, json, "api")) {
        return CHAOS_OK;
    }
    if (host->json_text(host, json, "api", word, sizeof word, NULL) != CHAOS_OK) {
        word[0] = '\0';
    }
    *given = strcmp(word, "dstack") == 0 || strcmp(word, "tappd") == 0;
    d->api = strcmp(word, "tappd") == 0 ? API_TAPPD : API_DSTACK;
    if (!*given && strcmp(word, "auto") != 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "api is \"auto\", \"dstack\" or \"tappd\"");
    }
    return CHAOS_OK;
}

chaos_status options_read(const chaos_host *host, const char *json, dstack *d, char *endpoint, size_t capacity,
                          chaos_error *err)
{
    static const char *const known[] = { "endpoint", "api", "connect_timeout_ms", "timeout_ms", NULL };
    chaos_slice text = text_slice(json);
    bool api_is_given = false;
    chaos_status status = host->json_keys(host, text, known, err);
    if (status == CHAOS_OK && has(host, text, "endpoint") &&
        host->json_text(host, text, "endpoint", endpoint, capacity, NULL) != CHAOS_OK) {
        status = chaos_provider_fail(err, CHAOS_E_USAGE, "endpoint is a socket's path or a URL, at most %zu bytes",
                                     capacity - 1);
    }
    if (status == CHAOS_OK) {
        status = read_api(host, text, d, &api_is_given, err);
    }
    if (status == CHAOS_OK) {
        status = read_number(host, text, "connect_timeout_ms", 60000, &d->connect_timeout_ms, err);
    }
    if (status == CHAOS_OK) {
        status = read_number(host, text, "timeout_ms", 600000, &d->timeout_ms, err);
    }
    return status == CHAOS_OK ? discover(d, endpoint, api_is_given, err) : status;
}
