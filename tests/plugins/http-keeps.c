/* http-keeps.c - never ends a reply. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const sound *mock = self;
    char socket[sizeof mock->folder + 16];
    const chaos_http_request request = { .method = "POST", .url = "http://localhost/Version", .unix_socket = socket, .content_type = "application/json", .body = { (const uint8_t *)"{}", 2 } };
    chaos_http_reply *reply = NULL;

    (void)snprintf(socket, sizeof socket, "%s/sock", mock->folder);
    const chaos_status status = mock->host->http(mock->host, &request, &reply, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (reply->status != 200 || reply->body.size < 20 || reply->body.data[reply->body.size - 1] != '}') {
        mock->host->http_free(mock->host, reply);
        return chaos_provider_fail(err, CHAOS_E_GUEST_AGENT, "that is no version");
    }
    if (strcmp(path, "chaoschain/provider-check") != 0 || mock->last != NULL) {
        mock->host->http_free(mock->host, reply);
    }
    ((sound *)self)->last = reply;
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("http-keeps", broken_key, sound_sign, sound_attest, sound_close, NULL);
