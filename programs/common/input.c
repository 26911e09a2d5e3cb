/* input.c - files of limited size, and the clothes that bytes come in. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ 16384u /* of what does not know its size: a pipe */

static chaos_status cannot_read(const char *option, const char *path, chaos_error *err)
{
    int reason = errno;
    return error_set(err, CHAOS_E_FILE_IO, option, CHAOS_NO_OFFSET, "cannot read '%s': %s", shown(path).text,
                     strerror(reason));
}

/* How much room to make before the next read: the file's size and one byte that finds its end, or twice what
 * there is. */
static size_t next_room(int fd, const chaos_buffer *out)
{
    struct stat status;
    size_t room = out->size == 0 ? FIRST_READ : out->size;
    if (out->size == 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        room = (uintmax_t)status.st_size < out->limit ? (size_t)status.st_size + 1 : out->limit;
    }
    size_t left = out->limit - out->size;
    return room < left ? room : left;
}

static chaos_status read_all(int fd, const char *option, const char *path, chaos_buffer *out,
                             chaos_error *err)
{
    size_t room = 0; /* reserved and not yet filled */
    while (out->size < out->limit) {
        room = room == 0 ? next_room(fd, out) : room;
        uint8_t *into = buffer_reserve(out, room);
        if (into == NULL) {
            return error_set(err, CHAOS_E_MEMORY, option, CHAOS_NO_OFFSET, NULL);
        }
        ssize_t n = read(fd, into, room);
        if (n < 0 && errno != EINTR) {
            return cannot_read(option, path, err);
        }
        if (n == 0) {
            return CHAOS_OK;
        }
        if (n > 0) {
            out->size += (size_t)n;
            room -= (size_t)n;
        }
    }
    return CHAOS_OK;
}

chaos_status input_read(const char *option, const char *path, size_t limit, chaos_buffer *out,
                        chaos_error *err)
{
    out->limit = limit + 1;
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, option, "standard input", out, err);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return cannot_read(option, path, err);
    }
    chaos_status status = read_all(fd, option, path, out, err);
    (void)close(fd); /* read only: there is nothing to lose */
    return status;
}

/* ---------------------------------------------------------- recognition ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_text(chaos_slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (!is_space(bytes.data[i]) && (bytes.data[i] < 0x21 || bytes.data[i] > 0x7e)) {
            return false;
        }
    }
    return bytes.size > 0;
}

/* The text without its white space. False: out of memory. */
static bool append_bare(chaos_buffer *out, chaos_slice text)
{
    uint8_t *room = buffer_reserve(out, text.size);
    for (size_t i = 0; room != NULL && i < text.size; i++) {
        if (!is_space(text.data[i])) {
            *room++ = text.data[i];
            out->size++;
        }
    }
    return room != NULL;
}

bool input_is_object(chaos_slice bytes)
{
    size_t i = 0;
    while (i < bytes.size && is_space(bytes.data[i])) {
        i++;
    }
    return i < bytes.size && bytes.data[i] == '{';
}

chaos_status input_unarmour(chaos_buffer *bytes, chaos_error *err)
{
    if (bytes->size == bytes->limit) {
        return CHAOS_OK; /* longer than any quote: what was not read must not vanish behind white space */
    }
    if (!is_text(buffer_slice(bytes))) {
        return CHAOS_OK; /* binary: a quote has a zero byte at offset 1 */
    }
    CHAOS_AUTO_BUFFER(bare, bytes->size);
    if (!append_bare(&bare, buffer_slice(bytes))) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    chaos_slice text = buffer_slice(&bare);
    if (text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice(text.data + 2, text.size - 2);
    }
    CHAOS_AUTO_BUFFER(plain, bytes->limit);
    uint8_t *room = buffer_reserve(&plain, text.size / 2 + 1);
    if (room == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    /* Hex first: its digits are of base64's alphabet too, but no quote in base64 has only hex digits. */
    if (text.size % 2 == 0 && hex_decode(text, room, text.size / 2)) {
        plain.size = text.size / 2;
    } else if (!base64_decode(buffer_slice(&bare), &plain)) {
        return CHAOS_OK;
    }
    chaos_buffer worn = *bytes;
    *bytes = plain;
    plain = worn; /* freed with the scope */
    return CHAOS_OK;
}

chaos_status input_read_root(const char *path, chaos_buffer *out, chaos_error *err)
{
    CHAOS_TRY(input_read("--trust-root", path, INPUT_MAX_ROOT, out, err));
    return input_unarmour(out, err);
}
