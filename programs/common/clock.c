/* clock.c - the clock that is never set: how long something took, and until when it may. */
#include "programs/common/common.h"

#include <time.h>

int64_t now_ms(void)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
