/* software.c - which version this is, and which libraries it found on this machine. */
#include "doctor.h"

#include <dlfcn.h>
#include <stdio.h>

/* What a library says of its version. They are linked in; asking the loader for the function is all that differs from
 * calling it, and needs no header of theirs here. */
static const struct library {
    const char *name, *function;
    bool takes_kind; /* OpenSSL's takes a number: 0 is the version */
} libraries[] = {
    { "openssl", "OpenSSL_version", true },
    { "libcurl", "curl_version", false },
    { "sqlite", "sqlite3_libversion", false },
    { "libsodium", "sodium_version_string", false },
    { "jansson", "jansson_version_str", false },
};

static const char *version_of(const struct library *library)
{
    const char *(*plain)(void) = NULL;
    const char *(*with_kind)(int) = NULL;
    void *function = dlsym(RTLD_DEFAULT, library->function);
    if (function == NULL) {
        return NULL;
    }
    if (library->takes_kind) {
        memcpy(&with_kind, &function, sizeof with_kind);
        return with_kind(0);
    }
    memcpy(&plain, &function, sizeof plain);
    return plain();
}

void look_at_software(examination *x)
{
    char text[256] = "";
    size_t used = 0;
    found(x, "version", FOUND_OK, NULL, "chaoschain %s", chaos_version());
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(libraries); i++) {
        const char *version = version_of(&libraries[i]);
        version = version == NULL ? "" : version + strcspn(version, "0123456789"); /* "libcurl/7.88.1 ..." */
        const int n = snprintf(text + used, sizeof text - used, "%s%s %.*s", used == 0 ? "" : ", ", libraries[i].name,
                               (int)strcspn(version, " "), version);
        used += n > 0 && (size_t)n < sizeof text - used ? (size_t)n : 0;
    }
    found(x, "libraries", FOUND_OK, NULL, "%s", text);
}
