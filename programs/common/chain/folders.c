/* folders.c - where this program keeps things of its user: the journal and the keystores (XDG base directories). */
#include "programs/common/chain/chain.h"

#include <errno.h>
#include <sys/stat.h>

#define OUR_FOLDER "/chaoschain"

/* $VARIABLE, or $HOME/rest. */
static chaos_status base_folder(const char *variable, const char *rest, const char *option, chaos_buffer *path,
                                chaos_error *err)
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    if (base != NULL && base[0] == '/') { /* the specification: a relative one is to be passed over */
        return buffer_append_text(path, base) ? CHAOS_OK : no_memory(err);
    }
    if (home == NULL || home[0] != '/') {
        return error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "HOME is not set: say where with %s", option);
    }
    return buffer_append_format(path, "%s%s", home, rest) ? CHAOS_OK : no_memory(err);
}

/* Makes every folder of the path that is missing, each for its owner alone. */
static chaos_status make_folders(const chaos_buffer *path, const char *option, chaos_error *err)
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
        text[i] = kept;
        if (!made) {
            return error_set(err, CHAOS_E_FILE_IO, option, CHAOS_NO_OFFSET, "cannot make the folder '%s': %s",
                             shown(text).text, strerror(reason));
        }
    }
    return CHAOS_OK;
}

static chaos_status find_journal(const options *o, bool make, chaos_buffer *path, chaos_error *err)
{
    const char *given = options_value(o, SEND_OPT_JOURNAL, 0);
    if (given == NULL) {
        given = getenv("CHAOS_JOURNAL");
    }
    if (given != NULL && given[0] != '\0') {
        return buffer_append_text(path, given) ? CHAOS_OK : no_memory(err);
    }
    CHAOS_TRY(base_folder("XDG_STATE_HOME", "/.local/state", "--journal", path, err));
    if (!buffer_append_text(path, OUR_FOLDER)) {
        return no_memory(err);
    }
    if (make) {
        CHAOS_TRY(make_folders(path, "--journal", err));
    }
    return buffer_append_text(path, "/journal.db") ? CHAOS_OK : no_memory(err);
}

chaos_status journal_path(const options *o, chaos_buffer *path, chaos_error *err)
{
    return find_journal(o, true, path, err);
}

chaos_status journal_where(const options *o, chaos_buffer *path, chaos_error *err)
{
    return find_journal(o, false, path, err);
}

chaos_status keystore_folder(chaos_buffer *path, bool make, chaos_error *err)
{
    CHAOS_TRY(base_folder("XDG_DATA_HOME", "/.local/share", "--keystore", path, err));
    if (!buffer_append_text(path, OUR_FOLDER "/keystore")) {
        return no_memory(err);
    }
    return make ? make_folders(path, "--keystore", err) : CHAOS_OK;
}
