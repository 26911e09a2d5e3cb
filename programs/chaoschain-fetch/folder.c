/* folder.c - where collateral of this user is kept. */
#include "fetch_program.h"

#include <errno.h>
#include <sys/stat.h>

#define PATH_LIMIT 3072u

static chaos_status put(chaos_buffer *path, const char *text, chaos_error *err)
{
    return buffer_append_text(path, text)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "--cache", CHAOS_NO_OFFSET, "the path is longer than %u characters",
                           PATH_LIMIT);
}

static chaos_status own_folder(chaos_buffer *path, chaos_error *err)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (base != NULL && base[0] == '/') { /* the specification: a relative one is to be passed over */
        CHAOS_TRY(put(path, base, err));
    } else if (home != NULL && home[0] == '/') {
        CHAOS_TRY(put(path, home, err));
        CHAOS_TRY(put(path, "/.cache", err));
    } else {
        return error_set(err, CHAOS_E_USAGE, "--cache", CHAOS_NO_OFFSET, "HOME is not set: say where with --cache");
    }
    return put(path, "/chaoschain/collateral", err);
}

/* Makes every folder of the path that is missing, each for its owner alone. */
static chaos_status make_folders(const chaos_buffer *path, chaos_error *err)
{
    char *text = (char *)path->data;

    for (size_t i = 1; i <= path->size; i++) {
        if (text[i] != '/' && text[i] != '\0') {
            continue;
        }
        char kept = text[i];
        text[i] = '\0';
        bool made = mkdir(text, 0700) == 0 || errno == EEXIST;
        int reason = errno;
        if (!made) {
            (void)error_set(err, CHAOS_E_FILE_IO, "--cache", CHAOS_NO_OFFSET, "cannot make the folder '%s': %s",
                            shown(text).text, strerror(reason));
        }
        text[i] = kept;
        if (!made) {
            return CHAOS_E_FILE_IO;
        }
    }
    return CHAOS_OK;
}

chaos_status cache_folder(const options *given, chaos_buffer *path, chaos_error *err)
{
    const char *wanted = options_value(given, OPT_CACHE, 0);

    path->limit = PATH_LIMIT;
    CHAOS_TRY(wanted != NULL ? put(path, wanted, err) : own_folder(path, err));
    return make_folders(path, err);
}
