/* output.c - the files of one piece of evidence. */
#include "forge_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_SIZE 64
#define FILES_MAX 12

typedef struct output_file {
    const char *name;
    chaos_slice bytes;
    bool absent; /* this evidence has none: a file of that name is of an earlier run */
    char temporary[NAME_MAX_SIZE];
} output_file;

typedef struct output {
    const char *path;
    int folder;
    size_t count;
    output_file files[FILES_MAX];
} output;

static int cannot(const output *out, const char *what, const char *name)
{
    int reason = errno;
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot %s '%s' in '%s': %s", what, name,
                       shown(out->path).text, strerror(reason));
}

static int open_folder(output *out)
{
    bool made = mkdir(out->path, 0777) == 0 || errno == EEXIST;
    out->folder = made ? open(out->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (out->folder >= 0) {
        return EXIT_AFFIRMING;
    }
    int reason = errno;
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot %s the folder '%s': %s", made ? "open" : "make",
                       shown(out->path).text, strerror(reason));
}

static void remove_temporaries(const output *out)
{
    for (size_t i = 0; i < out->count; i++) {
        if (out->files[i].temporary[0] != '\0') {
            (void)unlinkat(out->folder, out->files[i].temporary, 0);
        }
    }
}

/* Complete under a name of its own. On failure nothing of it is left. */
static bool write_temporary(const output *out, output_file *file)
{
    (void)snprintf(file->temporary, sizeof file->temporary, ".%s.%ld.tmp", file->name, (long)getpid());
    int fd = openat(out->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) {
        file->temporary[0] = '\0'; /* not ours to remove */
        return false;
    }
    bool good = say_bytes(fd, file->bytes);
    int reason = errno;
    if (close(fd) != 0 && good) {
        return false;
    }
    errno = reason;
    return good;
}

static int write_temporaries(output *out)
{
    for (size_t i = 0; i < out->count; i++) {
        if (!out->files[i].absent && !write_temporary(out, &out->files[i])) {
            return cannot(out, "write", out->files[i].name);
        }
    }
    return EXIT_AFFIRMING;
}

static int name_file(const output *out, output_file *file)
{
    if (file->absent) {
        bool gone = unlinkat(out->folder, file->name, 0) == 0 || errno == ENOENT;
        return gone ? EXIT_AFFIRMING : cannot(out, "remove", file->name);
    }
    if (renameat(out->folder, file->temporary, out->folder, file->name) != 0) {
        return cannot(out, "name", file->name);
    }
    file->temporary[0] = '\0';
    return EXIT_AFFIRMING;
}

static int write_all(output *out)
{
    int code = write_temporaries(out);
    for (size_t i = 0; code == EXIT_AFFIRMING && i < out->count; i++) {
        code = name_file(out, &out->files[i]);
    }
    return code;
}

static void add_file(output *out, const char *name, chaos_slice bytes, bool absent)
{
    output_file *file = &out->files[out->count++];
    file->name = name;
    file->bytes = bytes;
    file->absent = absent;
}

/* What only a trust domain has. */
static void add_tdx_files(output *out, const forge_result *made, const char *kms_root)
{
    bool none = made->policy.size == 0;
    add_file(out, "event-log.json", buffer_slice(&made->event_log), none);
    add_file(out, "envelope.json", buffer_slice(&made->envelope), made->envelope.size == 0);
    add_file(out, "app-compose.json", buffer_slice(&made->app_compose), none);
    add_file(out, "kms-root.hex", slice_text(kms_root), none);
    add_file(out, "policy.json", buffer_slice(&made->policy), none);
}

int write_evidence(const char *folder, const forge_result *made, const forge_break *broken)
{
    char time_text[TIME_TEXT_SIZE];
    char now[TIME_TEXT_SIZE + 1];
    char expected[NAME_MAX_SIZE] = { 0 };
    char kms_root[2 * sizeof made->kms_root + 2] = { 0 };
    output out = { .path = folder, .folder = -1 };
    (void)snprintf(now, sizeof now, "%s\n", time_format(made->now, time_text));
    if (broken != NULL) {
        (void)snprintf(expected, sizeof expected, "%s\n", chaos_status_name(broken->expected));
    }
    hex_encode(slice(made->kms_root, sizeof made->kms_root), kms_root);
    kms_root[2 * sizeof made->kms_root] = '\n';
    add_file(&out, "quote.bin", buffer_slice(&made->quote), false);
    add_file(&out, "collateral.json", buffer_slice(&made->collateral), false);
    add_tdx_files(&out, made, kms_root);
    add_file(&out, "trust-root.der", buffer_slice(&made->root), false);
    add_file(&out, "foreign-root.der", buffer_slice(&made->foreign_root), false);
    add_file(&out, "now.txt", slice_text(now), false);
    add_file(&out, "expected.txt", slice_text(expected), broken == NULL);
    int code = open_folder(&out);
    if (code == EXIT_AFFIRMING) {
        code = write_all(&out);
        remove_temporaries(&out);
        (void)close(out.folder);
    }
    return code;
}
