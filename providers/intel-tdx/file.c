/* file.c - attributes of configfs and sysfs, whole and once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "plugin.h"

#define FIRST_WAIT_MS 10u
#define LONGEST_WAIT_MS 100u

int64_t clock_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wait_ms(unsigned ms)
{
    const struct timespec wait = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
}

/* What the kernel says when the same call may succeed a moment later. */
static bool is_passing(int reason)
{
    return reason == EINTR || reason == EBUSY || reason == EAGAIN;
}

static int read_once(const char *path, uint8_t *out, size_t capacity, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t beyond;
    size_t used = 0;
    int reason = fd < 0 ? errno : 0;
    while (reason == 0) {
        const bool is_full = used == capacity;
        const ssize_t n = read(fd, is_full ? &beyond : out + used, is_full ? 1 : capacity - used);
        if (n <= 0) {
            reason = n < 0 ? errno : 0;
            break;
        }
        reason = is_full ? EFBIG : 0;
        used += (size_t)n;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    *size = reason == 0 ? used : 0;
    return reason;
}

/* A failed write has changed nothing; what close says is not the commit's own result, which is lost (other-tees 1.13). */
static int write_once(const char *path, const uint8_t *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno;
    }
    const ssize_t n = write(fd, bytes, size);
    int reason = n < 0 ? errno : (size_t)n == size ? 0
                                                   : EIO;
    if (close(fd) != 0 && reason == 0) {
        reason = errno;
    }
    return reason;
}

static bool wait_again(int reason, unsigned *wait, int64_t deadline_ms)
{
    if (!is_passing(reason) || clock_ms() + *wait > deadline_ms) {
        return false;
    }
    wait_ms(*wait);
    *wait = *wait * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : *wait * 2;
    return true;
}

int file_read(const char *path, uint8_t *out, size_t capacity, size_t *size, int64_t deadline_ms)
{
    unsigned wait = FIRST_WAIT_MS;
    int reason;
    do {
        reason = read_once(path, out, capacity, size);
    } while (wait_again(reason, &wait, deadline_ms));
    return reason;
}

int file_write_once(const char *path, const uint8_t *bytes, size_t size, int64_t deadline_ms)
{
    unsigned wait = FIRST_WAIT_MS;
    int reason;
    do {
        reason = write_once(path, bytes, size);
    } while (wait_again(reason, &wait, deadline_ms));
    return reason;
}

bool random_hex(char *out, size_t digits)
{
    uint8_t bytes[32];
    ssize_t n;
    do {
        n = getrandom(bytes, digits / 2, 0);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)(digits / 2)) {
        return false;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}
