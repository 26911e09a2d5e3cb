/* daemonizes.c - starts a process that is nobody's child and in nobody's group. */
#define _GNU_SOURCE /* fork, setsid */
#include "sound.h"

#include <sys/wait.h>
#include <unistd.h>

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const pid_t between = fork();

    if (between == 0) {
        (void)setsid();
        if (fork() == 0) {
            (void)sleep(300);
        }
        _exit(0);
    }
    (void)waitpid(between, NULL, 0);
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("daemonizes", broken_key, sound_sign, sound_attest, sound_close, NULL);
