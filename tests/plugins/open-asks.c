/* open-asks.c - contacts somebody while it opens. */
#include "broken.h"

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_http_request request = { .method = "GET", .url = "http://127.0.0.1:1/" };
    chaos_http_reply *reply = NULL;

    if (host->http(host, &request, &reply, NULL) == CHAOS_OK) {
        host->http_free(host, reply);
    }
    return sound_open(host, options_json, self, err);
}

BROKEN_PROVIDER("open-asks", provider.open = broken_open);
