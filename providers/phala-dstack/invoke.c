/* invoke.c - the guest agent's other methods by their own names. Those that give out a key are not among them. */
#include "plugin.h"

typedef struct method {
    const char *name;
    agent_api api;
    size_t max_reply;
} method;

static const method methods[] = {
    { "GetTlsKey", API_DSTACK, MAX_QUOTE_REPLY },
    { "GetQuote", API_DSTACK, MAX_QUOTE_REPLY },
    { "Attest", API_DSTACK, MAX_QUOTE_REPLY },
    { "EmitEvent", API_DSTACK, MAX_SMALL_REPLY },
    { "Info", API_DSTACK, MAX_QUOTE_REPLY },
    { "Version", API_DSTACK, MAX_SMALL_REPLY },
    { "Verify", API_DSTACK, MAX_SMALL_REPLY },
    { "TdxQuote", API_TAPPD, MAX_QUOTE_REPLY },
    { "RawQuote", API_TAPPD, MAX_QUOTE_REPLY },
    { "Info", API_TAPPD, MAX_QUOTE_REPLY },
    { "Version", API_TAPPD, MAX_SMALL_REPLY },
};

chaos_status dstack_invoke(void *self, const char *name, const char *params_json, chaos_error *err)
{
    const dstack *d = self;
    chaos_http_reply *reply = NULL;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].api != d->api || strcmp(methods[i].name, name) != 0) {
            continue;
        }
        chaos_status status = agent_call(d, name, params_json, methods[i].max_reply, 0, &reply, err);
        if (status == CHAOS_OK) {
            status = d->host->emit(d->host, "reply", reply->body, err);
            d->host->http_free(d->host, reply);
        }
        return status;
    }
    return chaos_provider_fail(err, CHAOS_E_USAGE,
                               "the guest agent's methods here are %s; keys are made by the calls for keys",
                               d->api == API_TAPPD ? "TdxQuote, RawQuote, Info, Version"
                                                   : "GetTlsKey, GetQuote, Attest, EmitEvent, Info, Version, Verify");
}
