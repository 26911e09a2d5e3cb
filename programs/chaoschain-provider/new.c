/* new.c - chaoschain provider new: the template's files under a name, all of them or none. They are written into a
 * folder beside the one that is wanted, which then takes its name; nothing that exists is touched. */
#define _GNU_SOURCE /* renameat2, nftw */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider_program.h"
#include "tee/tee.h"

#define PROGRAM "chaoschain provider new"
#define MAX_FILE (64u * 1024u)
#define TOKEN "@NAME@"
#define TOKEN_SIZE (sizeof TOKEN - 1)

enum {
    OPT_NAME,
    OPT_OUT,
    OPT_HELP
};

static const option_row rows[] = {
    [OPT_NAME] = { "NAME", "NAME", 1, false, "of the provider: [a-z0-9-]{1,31}, not beginning with '-', not auto" },
    [OPT_OUT] = { "--out", "DIR", 1, false, "the folder to write, which must not exist; ./NAME is the default" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    PROGRAM, "Usage: " PROGRAM " NAME [--out DIR]\n"
             "Writes a folder to begin a TEE provider with: it builds on its own against the installed\n"
             "header, with a test and a CI file. The calls that are yours to write say that they are\n"
             "not built.",
    rows, CHAOS_ARRAY_SIZE(rows),
    "Exit code: 0 written, 5 environment (the folder exists, a file), 64 usage, 70 internal."
};

/* ------------------------------------------------------------------- texts ---- */

/* The text with the name in place of every token. */
static bool fill_in(chaos_slice text, const char *name, chaos_buffer *out)
{
    bool ok = true;
    size_t begin = 0;
    for (size_t i = 0; ok && i + TOKEN_SIZE <= text.size; i++) {
        if (memcmp(text.data + i, TOKEN, TOKEN_SIZE) == 0) {
            ok = buffer_append(out, slice(text.data + begin, i - begin)) && buffer_append_text(out, name);
            begin = i + TOKEN_SIZE;
            i = begin - 1;
        }
    }
    return ok && buffer_append(out, slice(text.data + begin, text.size - begin));
}

/* ------------------------------------------------------------------- files ---- */

/* The folders on the way to FOLDER/PATH. */
static bool make_folders(int folder, const char *path)
{
    char part[PATH_MAX];
    bool ok = true;
    for (const char *slash = strchr(path, '/'); ok && slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        ok = mkdirat(folder, part, 0755) == 0 || errno == EEXIST;
    }
    return ok;
}

static bool write_file(int folder, const char *path, chaos_slice bytes, unsigned mode)
{
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    bool ok = fd >= 0 && say_bytes(fd, bytes) && fsync(fd) == 0;
    return (fd < 0 || close(fd) == 0) && ok;
}

static bool write_template(int folder, const char *name)
{
    bool ok = true;
    for (size_t i = 0; ok && i < template_file_count; i++) {
        const template_file *file = &template_files[i];
        CHAOS_AUTO_BUFFER(path, PATH_MAX);
        CHAOS_AUTO_BUFFER(text, MAX_FILE);
        ok = fill_in(slice(file->path, strlen(file->path) + 1), name, &path) &&
             fill_in(slice(file->bytes, file->size), name, &text) && make_folders(folder, (const char *)path.data) &&
             write_file(folder, (const char *)path.data, buffer_slice(&text), file->mode);
    }
    return ok;
}

/* Never over anything: some file systems do not know the flag, and there a rename replaces an empty folder at most. */
static bool take_name(const char *from, const char *to)
{
    struct stat status;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

/* 0, or errno. */
static int write_folder(const char *name, const char *out)
{
    char temporary[PATH_MAX];
    struct stat status;
    if (lstat(out, &status) == 0) {
        return EEXIST;
    }
    const int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", out);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        return ENAMETOOLONG;
    }
    if (mkdtemp(temporary) == NULL) {
        return errno;
    }
    int folder = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = folder >= 0 && fchmod(folder, 0755) == 0 && write_template(folder, name) && fsync(folder) == 0 &&
                    take_name(temporary, out);
    const int reason = ok ? 0 : errno == 0 ? EIO
                                           : errno;
    if (folder >= 0) {
        (void)close(folder);
    }
    if (!ok) {
        (void)nftw(temporary, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    }
    return reason;
}

/* ------------------------------------------------------------------- words ---- */

/* A path as a shell, and cmake, take it for one word and for no option. */
static bool append_word(chaos_buffer *out, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=:@%,";
    bool ok = buffer_append_text(out, path[0] == '-' ? "./" : "");
    if (path[strspn(path, plain)] == '\0') {
        return ok && buffer_append_text(out, path);
    }
    ok = ok && buffer_append_text(out, "'");
    for (; ok && *path != '\0'; path++) {
        ok = *path == '\'' ? buffer_append_text(out, "'\\''") : buffer_append(out, slice(path, 1));
    }
    return ok && buffer_append_text(out, "'");
}

/* What to type next; nothing for a path that no screen should show as it is. */
static bool append_next(chaos_buffer *out, const char *path, const char *build)
{
    for (const char *c = path; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return true;
        }
    }
    return buffer_append_text(out, "Next: cmake -S ") && append_word(out, path) && buffer_append_text(out, " -B ") &&
           append_word(out, build) && buffer_append_text(out, " && cmake --build ") && append_word(out, build) &&
           buffer_append_text(out, "\n");
}

/* Without slashes at its end: they are what completion adds, and beside them nothing can be made. */
static bool take_path(const char *given, char path[PATH_MAX], char build[PATH_MAX])
{
    size_t length = strlen(given);
    while (length > 1 && given[length - 1] == '/') {
        length--;
    }
    const int n = snprintf(path, PATH_MAX, "%.*s", (int)(length < PATH_MAX ? length : PATH_MAX), given);
    const int m = snprintf(build, PATH_MAX, "%s/build", path);
    return n < PATH_MAX && m < PATH_MAX;
}

/* ------------------------------------------------------------------- whole ---- */

static int check_name(const char *name)
{
    const chaos_tee_known *known;
    if (strcmp(name, PROVIDER_AUTO) == 0) {
        return say_failure(PROGRAM, EXIT_USAGE,
                           "'" PROVIDER_AUTO "' is what --tee-provider takes for any TEE, and no name");
    }
    if (!provider_name_is_valid(name) || name[0] == '-') {
        return say_failure(PROGRAM, EXIT_USAGE, "'%s' is no provider's name: 1 to 31 of a-z, 0-9 and '-', not first",
                           shown(name).text);
    }
    known = provider_known(name);
    if (known != NULL && known->is_built) {
        return say_failure(PROGRAM, EXIT_USAGE, "%s is a provider that comes with this version", name);
    }
    return 0;
}

int provider_new(int argc, char **argv)
{
    static char out[PATH_MAX], build[PATH_MAX];
    CHAOS_AUTO_BUFFER(text, 32768);
    options o;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0 || options_has(&o, OPT_HELP)) {
        return code != 0 ? code : options_help(&table);
    }
    const char *name = options_value(&o, OPT_NAME, 0);
    if (name == NULL) {
        return say_failure(PROGRAM, EXIT_USAGE, "which name? try '" PROGRAM " --help'");
    }
    code = check_name(name);
    if (code != 0) {
        return code;
    }
    const bool fits = take_path(options_has(&o, OPT_OUT) ? options_value(&o, OPT_OUT, 0) : name, out, build);
    const int reason = fits ? write_folder(name, out) : ENAMETOOLONG;
    if (reason != 0) {
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "'%s' is not written: %s", shown(out).text,
                           reason == EEXIST ? "it exists, and nothing is overwritten" : strerror(reason));
    }
    const bool ok = buffer_append_format(&text,
                                         "%s: a provider's folder, %zu files. Its calls say that they are not built: "
                                         "src/tee.c is yours.\n",
                                         shown(out).text, template_file_count) &&
                    append_next(&text, out, build);
    return ok ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}
