/* progress.c - what is going on, for a person who waits: on the terminal alone, and never among the results. */
#include "programs/common/chain/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define CLEAR_LINE "\r\033[K"

bool on_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

static void say(const char *text)
{
    if (!say_text(STDERR_FILENO, text)) {
        return; /* nobody is looking */
    }
}

void progress_blocks(void *context, uint64_t done, uint64_t head)
{
    char line[128];
    const uint64_t *first = context;
    if (!on_terminal()) {
        return;
    }
    uint64_t all = head >= *first ? head - *first + 1 : 1;
    uint64_t read = done >= *first ? done - *first + 1 : 0;
    (void)snprintf(line, sizeof line, CLEAR_LINE "reading blocks: %" PRIu64 " of %" PRIu64 " (%u %%)", done, head,
                   (unsigned)((double)read / (double)all * 100));
    say(line);
}

void progress_end(void)
{
    if (on_terminal()) {
        say(CLEAR_LINE);
    }
}

void log_line(void *context, const char *line)
{
    const chain_session *s = context;
    char text[512];
    if (on_terminal()) {
        (void)snprintf(text, sizeof text, CLEAR_LINE "%s: %s\n", s->program, line);
        say(text);
    }
}
