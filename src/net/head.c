/* head.c - header lines of an answer: counted and bounded, and those about the body's size and form read strictly.
 * libcurl would take the last of two lengths, read past a length that it cannot hold, and undo codings that nobody
 * asked for. */
#include <strings.h>

#include "net/internal.h"

static bool is_named(chaos_slice line, const char *name, chaos_slice *value)
{
    size_t size = strlen(name);
    if (line.size <= size || strncasecmp((const char *)line.data, name, size) != 0 || line.data[size] != ':') {
        return false;
    }
    const uint8_t *begin = line.data + size + 1, *end = line.data + line.size;
    while (begin < end && (*begin == ' ' || *begin == '\t')) {
        begin++;
    }
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n')) {
        end--;
    }
    *value = slice(begin, (size_t)(end - begin));
    return true;
}

static bool is_length(chaos_slice value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
    }
    return value.size >= 1 && value.size <= 18; /* below 2^63 */
}

static bool is_word(chaos_slice value, const char *word)
{
    return value.size == strlen(word) && strncasecmp((const char *)value.data, word, value.size) == 0;
}

static const char *judge(reply_head *head, chaos_slice line)
{
    chaos_slice value;
    if (line.size >= 5 && memcmp(line.data, "HTTP/", 5) == 0) {
        head->answers++;
        head->lengths = head->codings = 0;
        head->complete = false;
        return head->answers > 1 + MAX_INTERIM ? "the server sends one interim answer after the other" : NULL;
    }
    head->complete = head->complete || line.data[0] == '\r' || line.data[0] == '\n';
    if (is_named(line, "Content-Length", &value)) {
        head->lengths++;
        return !is_length(value) ? "the server's Content-Length is not a number of bytes" : NULL;
    }
    if (is_named(line, "Transfer-Encoding", &value)) {
        head->codings++;
        return !is_word(value, "chunked") ? "the server's answer is in a transfer coding other than chunked" : NULL;
    }
    if (is_named(line, "Content-Encoding", &value) && !is_word(value, "identity")) {
        return "the server's answer is compressed, which nobody asked for";
    }
    return NULL;
}

bool reply_head_take(reply_head *head, chaos_slice line)
{
    if (line.size > MAX_HEADERS - head->bytes) {
        head->bad = "the server's header lines are too many";
        return false;
    }
    head->bytes += line.size;
    head->bad = judge(head, line);
    if (head->bad == NULL && head->lengths + head->codings > 1) {
        head->bad = "the server says the length of its answer twice";
    }
    if (head->bad != NULL) {
        (void)error_quote(head->came, sizeof head->came, line);
    }
    return head->bad == NULL;
}
