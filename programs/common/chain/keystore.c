/* keystore.c - the accounts that send, from their keystore files. */
#include "programs/common/chain/chain.h"

#include <stdio.h>
#include <sys/stat.h>

#define MAX_FD 1024u

chaos_status keystore_find(const char *given, chaos_buffer *path, chaos_error *err)
{
    struct stat status;
    if (strchr(given, '/') == NULL && (stat(given, &status) != 0 || !S_ISREG(status.st_mode))) {
        CHAOS_AUTO_BUFFER(folder, 4096);
        chaos_error ignored = { 0 };
        if (keystore_folder(&folder, false, &ignored) == CHAOS_OK) {
            static const char *const suffixes[] = { "", ".json" };
            for (size_t i = 0; i < CHAOS_ARRAY_SIZE(suffixes); i++) {
                path->size = 0;
                if (!buffer_append_format(path, "%s/%s%s", (const char *)folder.data, given, suffixes[i])) {
                    return no_memory(err);
                }
                if (stat((const char *)path->data, &status) == 0) {
                    return CHAOS_OK;
                }
            }
        }
    }
    path->size = 0;
    return buffer_append_text(path, given) ? CHAOS_OK : no_memory(err);
}

/* Before its passphrase is asked for: a name alone may be of a file here, or of one in the folder of keystores. */
static chaos_status check_is_there(const char *given, const char *path, chaos_error *err)
{
    struct stat status;
    CHAOS_AUTO_BUFFER(folder, 4096);
    if (strchr(given, '/') != NULL || (stat(path, &status) == 0 && S_ISREG(status.st_mode))) {
        return CHAOS_OK; /* or what opening it says */
    }
    CHAOS_TRY(keystore_folder(&folder, false, err));
    (void)error_set(err, CHAOS_E_FILE_IO, "--keystore", CHAOS_NO_OFFSET,
                    "there is no keystore of this name; 'chaoschain account new' makes one");
    error_expected(err, "a file here, or in %s", shown((const char *)folder.data).text);
    error_found(err, "%s", shown(given).text);
    return CHAOS_E_FILE_IO;
}

/* 0, or the exit code after a message. */
int read_passphrase(const char *program, const char *fd_text, const char *keystore, bool confirm, passphrase *out)
{
    char prompt[256];
    uint64_t fd = 0;
    if (fd_text == NULL) {
        (void)snprintf(prompt, sizeof prompt, "Passphrase of %s: ", shown(keystore).text);
        return passphrase_ask(program, prompt, confirm, out);
    }
    if (!value_unsigned(fd_text, MAX_FD, &fd)) {
        return say_failure(program, EXIT_USAGE, "'%s' is no number of an open descriptor", shown(fd_text).text);
    }
    return passphrase_from_fd(program, (int)fd, out);
}

chaos_status session_keystore(chain_session *s, size_t keystore_row, size_t passphrase_row, const char *variable,
                              chaos_account **account, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(path, 4096);
    passphrase secret = { .size = 0 };
    const char *given = options_value(s->o, keystore_row, 0);
    if (given == NULL && variable != NULL) {
        given = getenv(variable);
    }
    if (given == NULL || given[0] == '\0') {
        (void)error_set(err, CHAOS_E_USAGE, "--keystore", CHAOS_NO_OFFSET, "which account sends this and pays for it?");
        error_expected(err, "--keystore FILE; 'chaoschain account new' makes one");
        return CHAOS_E_USAGE;
    }
    CHAOS_TRY(keystore_find(given, &path, err));
    CHAOS_TRY(check_is_there(given, (const char *)path.data, err));
    s->said = read_passphrase(s->program, options_value(s->o, passphrase_row, 0), given, false, &secret);
    if (s->said != 0) {
        return error_set(err, CHAOS_E_USAGE, "--passphrase-fd", CHAOS_NO_OFFSET, "no passphrase");
    }
    chaos_status status = chaos_account_open_keystore((const char *)path.data, slice(secret.bytes, secret.size),
                                                      account, err);
    passphrase_wipe(&secret);
    return status;
}
