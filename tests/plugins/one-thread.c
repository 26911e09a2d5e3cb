/* one-thread.c - works in the thread alone that has opened it. */
#define _GNU_SOURCE /* gettid */
#include "broken.h"

#include <unistd.h>

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    const chaos_status status = sound_open(host, options_json, self, err);

    if (status == CHAOS_OK) {
        ((sound *)*self)->thread = gettid();
    }
    return status;
}

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    const sound *mock = self;

    return mock->thread == gettid() ? sound_key(self, path, purpose, algorithm, key, err)
                                    : chaos_provider_fail(err, CHAOS_E_NOT_AVAILABLE, "in another thread");
}

BROKEN_PROVIDER("one-thread", provider.open = broken_open; provider.key = broken_key);
