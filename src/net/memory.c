/* memory.c - libcurl's start: with allocators that wipe what they free, so that no reply stays behind, and after
 * libcrypto's, so that no configuration file brings in code. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "crypto/crypto.h"
#include "net/internal.h"

/* Each block knows its size: the header keeps the alignment of malloc. */
typedef union block_header {
    size_t size;
    max_align_t alignment;
} block_header;

static atomic_bool was_used; /* libcurl has taken our allocators */
static atomic_bool failed;   /* one of them had no memory */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode init_code;
static bool started; /* libcrypto; written inside `once` only */

static void *wiping_malloc(size_t size)
{
    block_header *header = size > SIZE_MAX - sizeof *header ? NULL : malloc(sizeof *header + size);
    atomic_store(&was_used, true);
    if (header == NULL) {
        atomic_store(&failed, true);
        return NULL;
    }
    header->size = size;
    return header + 1;
}

static void wiping_free(void *memory)
{
    if (memory != NULL) {
        block_header *header = (block_header *)memory - 1;
        explicit_bzero(memory, header->size);
        free(header);
    }
}

static void *wiping_calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        atomic_store(&failed, true);
        return NULL;
    }
    void *memory = wiping_malloc(count * size);
    if (memory != NULL) {
        memset(memory, 0, count * size);
    }
    return memory;
}

static void *wiping_realloc(void *memory, size_t size)
{
    void *moved = wiping_malloc(size);
    if (moved != NULL && memory != NULL) {
        size_t old = ((block_header *)memory - 1)->size;
        memcpy(moved, memory, old < size ? old : size);
        wiping_free(memory);
    }
    return moved;
}

static char *wiping_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = wiping_malloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

bool net_memory_failed(void)
{
    return atomic_load(&failed);
}

/* libcurl would have OpenSSL load openssl.cnf and what it names (providers, engines). libcrypto decides that once, and
 * crypto/ decides against. */
static void initialise(void)
{
    started = crypto_ready();
    if (!started) {
        return;
    }
    init_code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc, wiping_strdup,
                                     wiping_calloc);
    if (init_code == CURLE_OK) {
        CURL *probe = curl_easy_init(); /* makes it allocate something */
        curl_easy_cleanup(probe);
    }
}

chaos_status net_init(chaos_error *err)
{
    (void)pthread_once(&once, initialise);
    if (!started) {
        return error_set(err, CHAOS_E_CRYPTO, "libcrypto", CHAOS_NO_OFFSET, NULL);
    }
    if (init_code != CURLE_OK) {
        return error_set(err, CHAOS_E_NETWORK, "libcurl", CHAOS_NO_OFFSET, "libcurl cannot be initialised");
    }
    if (!atomic_load(&was_used)) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "libcurl", CHAOS_NO_OFFSET,
                         "this program initialised libcurl before this library did, so replies with keys would stay in "
                         "memory: open the TEE first, then call curl_global_init");
    }
    return CHAOS_OK;
}
