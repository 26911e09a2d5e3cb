/* secret.c - memory for secrets: libsodium's guarded allocations, and wiping that the compiler keeps. */
#include "keys/keys.h"

#include <sodium.h>

/* libsodium's own initialisation is thread-safe and may be repeated: 1 means "was done before". */
static bool ready(void)
{
    return sodium_init() >= 0;
}

void secret_wipe(void *memory, size_t size)
{
    if (size > 0) {
        sodium_memzero(memory, size);
    }
}

/* sodium_malloc locks, puts guard pages around, and asks the kernel to leave the pages out of core dumps. It fills with
 * 0xdb, so that reading before writing shows. */
uint8_t *secret_alloc(size_t size)
{
    uint8_t *memory = ready() ? sodium_malloc(size) : NULL;
    if (memory != NULL) {
        sodium_memzero(memory, size);
    }
    return memory;
}

void secret_free(void *memory)
{
    sodium_free(memory); /* wipes; NULL is allowed */
}

void secret_random(void *memory, size_t size)
{
    (void)ready(); /* the first call makes it thread-safe */
    randombytes_buf(memory, size);
}
