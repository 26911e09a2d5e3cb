/* fuzz_guest.c - requests to the simulated guest agent: "GET /path?query", or "POST /path?query", a line's end and a body.
 * Whatever it is, there is an answer, in ASCII where it is JSON. */
#include <stdlib.h>

#include "sim/guest.h"

#define MAX_LINE 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guest *the_guest(void)
{
    static guest *g; /* made once: its keys take longer than the requests */
    const guest_options options = { .seed = "fuzz", .now = 1767225600 };
    if (g == NULL && guest_new(&options, &g, NULL) != CHAOS_OK) {
        abort();
    }
    return g;
}

static void check_reply(const guest_reply *reply)
{
    if (reply->status != 200 && reply->status != 400 && reply->status != 404) {
        abort();
    }
    for (size_t i = 0; i < reply->body.size; i++) {
        if (reply->content_type[0] == 'a' && reply->content_type[12] == 'j' && reply->body.data[i] >= 0x80) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[MAX_LINE];
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    if (length < 6 || length >= sizeof line || memchr(data, '\0', length) != NULL) {
        return 0;
    }
    memcpy(line, data, length);
    line[length] = '\0';
    bool is_get = strncmp(line, "GET ", 4) == 0;
    char *path = line + (is_get ? 4 : 5), *query = strchr(path, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    const guest_request request = {
        .api = GUEST_API_BOTH,
        .method = is_get ? "GET" : "POST",
        .path = path,
        .query = query == NULL ? "" : query,
        .content_type = "application/json",
        .body = end == NULL ? slice("", 0) : slice(end + 1, size - length - 1),
    };
    guest_reply reply;
    if (guest_handle(the_guest(), &request, &reply, NULL) != CHAOS_OK) {
        abort();
    }
    check_reply(&reply);
    guest_reply_clear(&reply);
    return 0;
}
