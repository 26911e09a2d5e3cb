/* starts-thread.c - starts a thread that stays. */
#include "sound.h"

#include <pthread.h>
#include <unistd.h>

static void *stay(void *argument)
{
    (void)sleep(60);
    return argument;
}

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    static bool started;
    pthread_t thread;

    if (!started) {
        started = pthread_create(&thread, NULL, stay, NULL) == 0;
    }
    return sound_key(self, path, purpose, algorithm, key, err);
}

SOUND_PROVIDER("starts-thread", broken_key, sound_sign, sound_attest, sound_close, NULL);
