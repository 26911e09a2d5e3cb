/* folder.c - the folder that gets what a relying party holds: one simulator's alone. */
#include "simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot(const char *what, const char *where)
{
    int reason = errno;
    (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "%s '%s': %s", what, shown(where).text, strerror(reason));
    return -1;
}

int open_folder(const char *folder)
{
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        return cannot("cannot make the folder", folder);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return cannot("cannot open the folder", folder);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        (void)say_failure(PROGRAM, EXIT_ENVIRONMENT, "another simulator has the folder '%s'", shown(folder).text);
        return -1;
    }
    return fd;
}
