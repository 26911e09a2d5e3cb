/* handles-while-open.c - has a signal handler from open to close. */
#define _GNU_SOURCE /* sigaction */
#include "broken.h"

#include <signal.h>

static void ignore(int number)
{
    (void)number;
}

static void handle(void (*handler)(int number))
{
    struct sigaction action = { .sa_handler = handler };

    (void)sigaction(SIGUSR1, &action, NULL);
}

static chaos_status broken_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    handle(ignore);
    return sound_open(host, options_json, self, err);
}

static void broken_close(void *self)
{
    handle(SIG_DFL);
    sound_close(self);
}

BROKEN_PROVIDER("handles-while-open", provider.open = broken_open; provider.close = broken_close);
