/* http-ignores.c - does not look whether anybody answered. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const sound *mock = self;
    char socket[sizeof mock->folder + 16];
    const chaos_http_request request = { .method = "POST", .url = "http://localhost/Version", .unix_socket = socket, .content_type = "application/json", .body = { (const uint8_t *)"{}", 2 } };
    chaos_http_reply *reply = NULL;

    (void)snprintf(socket, sizeof socket, "%s/sock", mock->folder);
    if (mock->host->http(mock->host, &request, &reply, err) == CHAOS_OK) {
        mock->host->http_free(mock->host, reply);
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("http-ignores", broken_key, sound_sign, sound_attest, sound_close, NULL);
