/* http-unbounded.c - asks with a time limit of a month. */
#include "sound.h"

static chaos_status asks(void *self, const char *method, const char *params_json, chaos_error *err)
{
    const sound *mock = self;
    const chaos_http_request request = { .method = "GET", .url = "http://127.0.0.1:1/", .total_timeout_ms = 2678400000u };
    chaos_http_reply *reply = NULL;

    (void)method;
    (void)params_json;
    (void)mock->host->http(mock->host, &request, &reply, NULL);
    mock->host->http_free(mock->host, reply);
    return chaos_provider_fail(err, CHAOS_E_USAGE, "there are no methods");
}

SOUND_PROVIDER("http-unbounded", sound_key, sound_sign, sound_attest, sound_close, asks);
