/* progress.c - how far a batch has come: one line on the terminal, drawn over itself ten times a second at most. */
#include "verify_program.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 30
#define REDRAW_MS 100

static int64_t milliseconds(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

progress progress_begin(uint64_t size)
{
    progress p = { .size = size };
    p.shown = isatty(STDERR_FILENO) == 1;
    p.shares_terminal = p.shown && isatty(STDOUT_FILENO) == 1;
    p.begin = p.shown ? milliseconds() : 0;
    return p;
}

static void draw(progress *p, int64_t now)
{
    char text[160], bar[BAR_WIDTH + 1];
    unsigned long long lines = p->done_lines;
    unsigned long long rate = now > p->begin ? lines * 1000 / (unsigned long long)(now - p->begin) : 0;
    if (p->size > 0) {
        uint64_t done = p->done_bytes < p->size ? p->done_bytes : p->size;
        size_t filled = (size_t)(done * BAR_WIDTH / p->size);
        memset(bar, ' ', BAR_WIDTH);
        memset(bar, '=', filled);
        bar[BAR_WIDTH] = '\0';
        (void)snprintf(text, sizeof text, "\r[%s] %3u %%  %llu lines, %llu/s\033[K", bar,
                       (unsigned)(done * 100 / p->size), lines, rate);
    } else {
        (void)snprintf(text, sizeof text, "\r%llu lines, %llu/s\033[K", lines, rate);
    }
    if (!say_text(STDERR_FILENO, text)) {
        p->shown = false; /* a bar only */
    }
    p->last = now;
}

void progress_clear(progress *p)
{
    if (p->shares_terminal && p->shown && p->last != 0 && !say_text(STDERR_FILENO, "\r\033[K")) {
        p->shown = false;
    }
}

void progress_step(progress *p, uint64_t bytes)
{
    p->done_bytes += bytes;
    p->done_lines++;
    if (!p->shown) {
        return;
    }
    int64_t now = milliseconds();
    if (p->shares_terminal || now - p->last >= REDRAW_MS) {
        draw(p, now);
    }
}

void progress_end(progress *p)
{
    if (p->shown && p->done_lines > 0) {
        draw(p, milliseconds());
        p->shown = say_text(STDERR_FILENO, "\n");
    }
}
