/* failure.c - a plug-in's own words, made fit to be shown: its status if a plug-in may give it, its texts
 * printable. */
#include <stdio.h>

#include "tee/internal.h"

const char *text_printable(char *out, size_t capacity, const char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const char mark[] = "...";
    const size_t length = text == NULL ? 0 : strnlen(text, size);
    size_t at = 0;
    size_t cut = 0; /* the last place between two characters where the mark still fits */

    for (size_t i = 0; i < length; i++) {
        const uint8_t c = (uint8_t)text[i];
        const bool plain = c >= 0x20 && c <= 0x7e;
        const size_t width = plain ? 1 : 4;

        cut = at + sizeof mark <= capacity ? at : cut;
        if (at + width >= capacity) {
            (void)snprintf(out + cut, capacity - cut, "%s", cut + sizeof mark <= capacity ? mark : "");
            return out;
        }
        if (plain) {
            out[at] = (char)c;
        } else {
            const char escape[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
            memcpy(out + at, escape, sizeof escape);
        }
        at += width;
    }
    out[at] = '\0';
    return out;
}

static bool may_be_given(chaos_status status)
{
    static const chaos_status good[] = { CHAOS_E_USAGE, CHAOS_E_TEE_UNAVAILABLE, CHAOS_E_GUEST_AGENT,
                                         CHAOS_E_NETWORK, CHAOS_E_TIMEOUT, CHAOS_E_NOT_AVAILABLE };

    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(good); i++) {
        if (status == good[i]) {
            return true;
        }
    }
    return false;
}

/* Its text in place of itself, ended and printable. */
static void clean_text(char *text, size_t capacity)
{
    char clean[sizeof((chaos_error *)NULL)->text];
    const size_t room = capacity < sizeof clean ? capacity : sizeof clean;

    (void)text_printable(clean, room, text, capacity);
    memcpy(text, clean, strlen(clean) + 1);
}

/* `field` is dropped: it points wherever the plug-in says, and the text names what it was about. */
chaos_status plugin_failure(const char *name, chaos_status status, chaos_error *err)
{
    const bool good = may_be_given(status);
    chaos_error theirs;

    if (err == NULL) {
        return good ? status : CHAOS_E_PROVIDER;
    }
    theirs = *err;
    clean_text(theirs.text, sizeof theirs.text);
    clean_text(theirs.expected, sizeof theirs.expected);
    clean_text(theirs.found, sizeof theirs.found);
    if (good) {
        (void)error_set(err, status, NULL, CHAOS_NO_OFFSET, "%s",
                        theirs.text[0] == '\0' ? chaos_status_text(status) : theirs.text);
    } else if (status == CHAOS_E_PROVIDER && theirs.text[0] != '\0') {
        (void)error_set(err, status, NULL, CHAOS_NO_OFFSET, "%s", theirs.text);
    } else {
        (void)error_set(err, CHAOS_E_PROVIDER, NULL, CHAOS_NO_OFFSET,
                        "the provider %s failed with %s (0x%x)%s%s", name, chaos_status_name(status),
                        (unsigned)status, theirs.text[0] == '\0' ? "" : ": ", theirs.text);
    }
    error_expected(err, "%s", theirs.expected);
    error_found(err, "%s", theirs.found);
    return err->status;
}
