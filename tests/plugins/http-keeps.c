/* http-keeps.c - never ends a reply that is good. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const sound *mock = self;
    char socket[sizeof mock->folder + 16];
    const chaos_http_request request = { .method = "POST", .url = "http://localhost/Version", .unix_socket = socket, .content_type = "application/json", .body = { (const uint8_t *)"{}", 2 } };
    chaos_http_reply *reply = NULL;
    chaos_slice version;

    (void)snprintf(socket, sizeof socket, "%s/sock", mock->folder);
    const chaos_status status = mock->host->http(mock->host, &request, &reply, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (mock->host->json_raw(mock->host, reply->body, "version", &version, err) != CHAOS_OK) {
        mock->host->http_free(mock->host, reply);
        return CHAOS_E_GUEST_AGENT;
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("http-keeps", broken_key, sound_sign, sound_attest, sound_close, NULL);
