/* normalise.c - a transcript without what differs from run to run: keys, hashes, signatures, addresses and content
 * names become labels in the order in which they appear, durations and gas become 0. */
#include "studio.h"

#define MAX_LABELS 1024
#define MIN_HEX 8 /* digits from which on a 0x... is a name of something, and no small number */

typedef struct labels {
    size_t count;
    chaos_slice seen[MAX_LABELS];
} labels;

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* How long is the name that stands at `at`; 0: none does. */
static size_t name_length(chaos_slice text, size_t at)
{
    const uint8_t *p = text.data + at;
    size_t left = text.size - at;
    size_t n;
    if (left > 2 && p[0] == '0' && p[1] == 'x') {
        for (n = 2; n < left && is_hex(p[n]);) {
            n++;
        }
        return n >= MIN_HEX + 2 ? n : 0;
    }
    if (left > 7 && memcmp(p, "ipfs://", 7) == 0) {
        for (n = 7; n < left && is_word(p[n]);) {
            n++;
        }
        return n;
    }
    return 0;
}

/* An address with the capitals of EIP-55 and the same without are one name. */
static bool same_name(chaos_slice a, chaos_slice b)
{
    bool same = a.size == b.size;
    for (size_t i = 0; same && i < a.size; i++) {
        const uint8_t x = a.data[i], y = b.data[i];
        same = x == y || ((x | 0x20) == (y | 0x20) && (x | 0x20) >= 'a' && (x | 0x20) <= 'z');
    }
    return same;
}

static size_t label_of(labels *l, chaos_slice name)
{
    for (size_t i = 0; i < l->count; i++) {
        if (same_name(l->seen[i], name)) {
            return i + 1;
        }
    }
    if (l->count == MAX_LABELS) {
        return 0;
    }
    l->seen[l->count++] = name;
    return l->count;
}

/* "ms": or "gas": - how long it is, with the digits left out. */
static size_t measure_length(chaos_slice text, size_t at)
{
    static const char *const keys[] = { "\"ms\":", "\"gas\":" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(keys); i++) {
        size_t length = strlen(keys[i]);
        if (text.size - at > length && memcmp(text.data + at, keys[i], length) == 0) {
            return length;
        }
    }
    return 0;
}

bool normalise(chaos_slice transcript, chaos_buffer *out)
{
    labels *l = calloc(1, sizeof *l);
    bool ok = l != NULL;
    size_t at = 0;
    while (ok && at < transcript.size) {
        size_t length = name_length(transcript, at);
        size_t measure = length == 0 ? measure_length(transcript, at) : 0;
        if (length > 0) {
            size_t label = label_of(l, slice(transcript.data + at, length));
            ok = label > 0 && buffer_append_format(out, "<%zu>", label);
            at += length;
        } else if (measure > 0) {
            ok = buffer_append(out, slice(transcript.data + at, measure));
            at += measure;
            bool is_number = transcript.data[at] >= '0' && transcript.data[at] <= '9';
            ok = ok && (!is_number || buffer_append_text(out, "0"));
            while (at < transcript.size && transcript.data[at] >= '0' && transcript.data[at] <= '9') {
                at++;
            }
        } else {
            ok = buffer_append(out, slice(transcript.data + at, 1));
            at++;
        }
    }
    free(l);
    return ok;
}
