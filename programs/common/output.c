/* output.c - a result in a file: complete under its name, or not there. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Complete on the disk under a name of its own, which `temporary` gets. On failure nothing of it is left. */
static bool write_temporary(const char *path, chaos_slice bytes, unsigned mode, char temporary[PATH_MAX])
{
    int n = snprintf(temporary, PATH_MAX, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || n >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return false;
    }
    bool good = say_bytes(fd, bytes) && fsync(fd) == 0;
    int reason = errno;
    good = close(fd) == 0 && good;
    if (!good) {
        (void)unlink(temporary);
        errno = reason;
    }
    return good;
}

chaos_status output_write(const char *option, const char *path, chaos_slice bytes, unsigned mode, chaos_error *err)
{
    char temporary[PATH_MAX];
    if (strcmp(path, "-") == 0) {
        return say_bytes(STDOUT_FILENO, bytes)
                   ? CHAOS_OK
                   : error_set(err, CHAOS_E_FILE_IO, option, CHAOS_NO_OFFSET, "cannot write to standard output: %s",
                               strerror(errno));
    }
    if (write_temporary(path, bytes, mode, temporary)) {
        if (rename(temporary, path) == 0) {
            return CHAOS_OK;
        }
        int reason = errno;
        (void)unlink(temporary);
        errno = reason;
    }
    return error_set(err, CHAOS_E_FILE_IO, option, CHAOS_NO_OFFSET, "cannot write '%s': %s", shown(path).text,
                     strerror(errno));
}
