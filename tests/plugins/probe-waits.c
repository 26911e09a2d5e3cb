/* probe-waits.c - takes no notice of its time limit. */
#include "broken.h"

static chaos_status broken_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    const sound *mock = self;
    const chaos_http_request request = { .method = "GET", .url = "http://127.0.0.1:1/", .total_timeout_ms = 9000 };
    chaos_http_reply *reply = NULL;
    const chaos_status status = mock->host->http(mock->host, &request, &reply, err);

    (void)timeout_ms;
    mock->host->http_free(mock->host, reply);
    return status;
}

BROKEN_PROVIDER("probe-waits", provider.probe = broken_probe);
