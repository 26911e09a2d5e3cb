/* bundle_file.c - a bundle from a file, standard input or a folder, read piece by piece; and a bar on the terminal that
 * shows how far. */
#include "verify_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 30
#define REDRAW_MS 100

static chaos_status cannot_read(const char *path, const char *name, chaos_error *err)
{
    int reason = errno;
    return error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "cannot read '%s%s%s': %s", shown(path).text,
                     name == NULL ? "" : "/", name == NULL ? "" : name, strerror(reason));
}

/* -------------------------------------------------------------------- bar ---- */

static int64_t milliseconds(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void draw_bar(bundle_file *f)
{
    char bar[BAR_WIDTH + 1] = { 0 }, text[80];
    uint64_t done = f->done < f->size ? f->done : f->size;
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)(done * BAR_WIDTH / f->size));
    (void)snprintf(text, sizeof text, "\r[%s] %3u %%", bar, (unsigned)(done * 100 / f->size));
    f->shows_bar = say_text(STDERR_FILENO, text); /* a bar only */
    f->drawn = milliseconds();
}

static void step(bundle_file *f, size_t got)
{
    f->done += got;
    if (f->shows_bar && milliseconds() - f->drawn >= REDRAW_MS) {
        draw_bar(f);
    }
}

/* ------------------------------------------------------------------- files ---- */

static chaos_status open_folder(bundle_file *f, chaos_error *err)
{
    int folder = f->fd;
    f->fd = openat(folder, "bundle.jsonl", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (f->fd < 0) {
        chaos_status status = cannot_read(f->path, "bundle.jsonl", err);
        (void)close(folder); /* read only: there is nothing to lose */
        return status;
    }
    f->contents = openat(folder, "content", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    chaos_status status = f->contents < 0 && errno != ENOENT ? cannot_read(f->path, "content", err) : CHAOS_OK;
    (void)close(folder);
    return status;
}

chaos_status bundle_file_open(const char *path, bundle_file *f, chaos_error *err)
{
    struct stat about;
    f->path = path;
    f->content.limit = CHAOS_MAX_BUNDLE_CONTENT + 1; /* a byte too many is enough to refuse it */
    f->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (f->fd < 0) {
        return cannot_read(path, NULL, err);
    }
    if (f->fd != STDIN_FILENO && fstat(f->fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        CHAOS_TRY(open_folder(f, err));
    }
    if (fstat(f->fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        f->size = (uint64_t)about.st_size;
    }
    f->shows_bar = f->size > 0 && isatty(STDERR_FILENO) == 1;
    f->drawn = f->shows_bar ? milliseconds() : 0;
    return CHAOS_OK;
}

void bundle_file_close(bundle_file *f)
{
    if (f->shows_bar && !say_text(STDERR_FILENO, "\r\033[K")) {
        f->shows_bar = false;
    }
    if (f->fd > STDIN_FILENO) {
        (void)close(f->fd); /* read only: there is nothing to lose */
    }
    if (f->contents >= 0) {
        (void)close(f->contents);
    }
    chaos_buffer_free(&f->content);
}

chaos_status bundle_file_read(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    bundle_file *f = context;
    ssize_t n;
    do {
        n = read(f->fd, into, capacity);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return cannot_read(f->path, NULL, err);
    }
    *got = (size_t)n;
    step(f, *got);
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- contents ---- */

static chaos_status read_whole(bundle_file *f, int fd, const char *name, chaos_error *err)
{
    f->content.size = 0;
    uint8_t *room = buffer_reserve(&f->content, f->content.limit);
    if (room == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "PATH", CHAOS_NO_OFFSET, NULL);
    }
    while (f->content.size < f->content.limit) {
        ssize_t n = read(fd, room + f->content.size, f->content.limit - f->content.size);
        if (n < 0 && errno != EINTR) {
            return cannot_read(f->path, name, err);
        }
        if (n == 0) {
            break;
        }
        f->content.size += n > 0 ? (size_t)n : 0;
    }
    return CHAOS_OK;
}

/* Nothing but a regular file under the very name: a folder from a stranger may hold links and pipes. */
static chaos_status read_content(bundle_file *f, int fd, const char *name, chaos_error *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return error_set(err, CHAOS_E_FILE_IO, "PATH", CHAOS_NO_OFFSET, "'%s/%s' is no regular file",
                         shown(f->path).text, name);
    }
    return read_whole(f, fd, name, err);
}

chaos_status bundle_file_content(void *context, const chaos_keccak *hash, chaos_slice *content, chaos_error *err)
{
    bundle_file *f = context;
    char digits[2 * sizeof hash->bytes + 1] = { 0 };
    char name[sizeof digits + sizeof "content/"];
    hex_encode(slice(hash->bytes, sizeof hash->bytes), digits);
    (void)snprintf(name, sizeof name, "content/%s", digits);
    if (f->contents < 0) {
        return CHAOS_OK;
    }
    int fd = openat(f->contents, digits, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno == ENOENT ? CHAOS_OK : cannot_read(f->path, name, err);
    }
    chaos_status status = read_content(f, fd, name, err);
    (void)close(fd); /* read only: there is nothing to lose */
    if (status == CHAOS_OK) {
        *content = buffer_slice(&f->content);
    }
    return status;
}
