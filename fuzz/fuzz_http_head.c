/* fuzz_http_head.c - header lines of an answer: whatever they say, they are counted, bounded, and refused with a reason. */
#include "net/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reply_head head = { .bytes = 0 };
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const chaos_slice line = slice(data, end == NULL ? size : (size_t)(end - data) + 1);
        const size_t before = head.bytes;
        const bool going = reply_head_take(&head, line);
        require(going == (head.bad == NULL) && head.bytes <= MAX_HEADERS);
        if (!going) {
            require(head.came[0] != '\0' && strnlen(head.came, sizeof head.came) < sizeof head.came);
            return 0;
        }
        require(head.bytes == before + line.size && head.lengths + head.codings <= 1 && head.answers <= 1 + MAX_INTERIM);
        data += line.size;
        size -= line.size;
    }
    return 0;
}
